//! Charts, drawn once by plotters: here onto an egui painter, elsewhere onto SVG for reports.
//!
//! One y axis from zero, the reference always drawn, direct labels; the hour not yet over is lighter (DESIGN.md §10).

use crate::theme::*;
use egui::{Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use gulang_charts::Look;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;

/// plotters counts in whole pixels; four of its pixels are one of ours, so that thin bars stay even.
pub const FINE: f32 = 4.0;

/// plotters' hands, egui's brush.
pub struct PainterBackend<'a> {
    painter: &'a Painter,
    rect: Rect,
    /// Where strokes are kept instead of being painted.
    kept: Option<&'a mut Vec<Stroked>>,
}

/// A stroke of a drawing that is kept. Words are kept as words: where their letters lie in egui's atlas changes.
#[derive(Clone)]
enum Stroked {
    Shape(Shape),
    Words { at: Pos2, align: Align2, size: f32, color: Color32, text: String },
}

/// A drawing kept between frames, made anew when what it was made of changes.
#[derive(Default)]
pub struct Kept {
    made_of: Option<(Rect, u64)>,
    strokes: Vec<Stroked>,
}

impl Kept {
    /// Paints the drawing into `rect`; `draw` makes it when the place or `serial`, which stands for all it shows, is new.
    pub fn paint(
        &mut self,
        painter: &Painter,
        rect: Rect,
        serial: u64,
        draw: impl FnOnce(&DrawingArea<PainterBackend<'_>, Shift>),
    ) {
        if self.made_of != Some((rect, serial)) {
            self.made_of = Some((rect, serial));
            self.strokes.clear();
            let backend = PainterBackend { painter, rect, kept: Some(&mut self.strokes) };
            draw(&backend.into_drawing_area());
        }
        for stroke in &self.strokes {
            match stroke {
                Stroked::Shape(shape) => {
                    painter.add(shape.clone());
                }
                Stroked::Words { at, align, size, color, text } => {
                    painter.text(*at, *align, text, FontId::proportional(*size), *color);
                }
            }
        }
    }
}

/// How the charts of a review look on the screen.
pub fn screen_look() -> Look<'static> {
    let rgb = |it: Color32| RGBColor(it.r(), it.g(), it.b());
    Look {
        px: f64::from(FINE),
        font: "sans-serif",
        ink: rgb(PRIMARY),
        faint: rgb(HAIR),
        series: [rgb(SERIES_NEUTRAL), rgb(SERIES[0]), rgb(SERIES[1]), rgb(OK)],
        warn: rgb(ORANGE_FILL),
        alert: rgb(RED_STROKE),
    }
}

impl<'a> PainterBackend<'a> {
    pub fn new(painter: &'a Painter, rect: Rect) -> Self {
        Self { painter, rect, kept: None }
    }

    fn add(&mut self, shape: Shape) {
        match &mut self.kept {
            Some(kept) => kept.push(Stroked::Shape(shape)),
            None => {
                self.painter.add(shape);
            }
        }
    }

    fn at(&self, (x, y): BackendCoord) -> Pos2 {
        self.rect.min + vec2(x as f32, y as f32) / FINE
    }
}

fn color_from_backend(color: BackendColor) -> Color32 {
    let (r, g, b) = color.rgb;
    Color32::from_rgba_unmultiplied(r, g, b, (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8)
}

fn stroke_from_style<S: BackendStyle>(style: &S) -> Stroke {
    Stroke::new(style.stroke_width() as f32 / FINE, color_from_backend(style.color()))
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for PainterBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        ((self.rect.width() * FINE).max(1.0) as u32, (self.rect.height() * FINE).max(1.0) as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let side = vec2(1.0, 1.0) / FINE;
        self.add(Shape::rect_filled(Rect::from_min_size(self.at(point), side), 0.0, color_from_backend(color)));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.add(Shape::line_segment([self.at(from), self.at(to)], stroke_from_style(style)));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
        let rect = Rect::from_two_pos(self.at(a), self.at(b));
        if fill {
            self.add(Shape::rect_filled(rect, 0.0, color_from_backend(style.color())));
        } else {
            self.add(Shape::rect_stroke(rect, 0.0, stroke_from_style(style), egui::StrokeKind::Middle));
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let points: Vec<Pos2> = path.into_iter().map(|point| self.at(point)).collect();
        self.add(Shape::line(points, stroke_from_style(style)));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let (center, radius) = (self.at(center), radius as f32 / FINE);
        if fill {
            self.add(Shape::circle_filled(center, radius, color_from_backend(style.color())));
        } else {
            self.add(Shape::circle_stroke(center, radius, stroke_from_style(style)));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        let points: Vec<Pos2> = vert.into_iter().map(|point| self.at(point)).collect();
        // Without soft edges: a ribbon is made of pieces, and where soft ones meet there is a seam.
        let (mut mesh, color) = (Mesh::default(), color_from_backend(style.color()));
        points.iter().for_each(|it| mesh.colored_vertex(*it, color));
        for i in 2..points.len() as u32 {
            mesh.add_triangle(0, i - 1, i);
        }
        self.add(Shape::mesh(mesh));
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, pos: BackendCoord) -> Drawn {
        let anchor = style.anchor();
        let x = match anchor.h_pos {
            HPos::Left => egui::Align::Min,
            HPos::Center => egui::Align::Center,
            HPos::Right => egui::Align::Max,
        };
        let y = match anchor.v_pos {
            VPos::Top => egui::Align::Min,
            VPos::Center => egui::Align::Center,
            VPos::Bottom => egui::Align::Max,
        };
        let (at, size, align) = (self.at(pos), style.size() as f32 / FINE, Align2([x, y]));
        let color = color_from_backend(style.color());
        match &mut self.kept {
            Some(kept) => kept.push(Stroked::Words { at, align, size, color, text: text.to_owned() }),
            None => {
                self.painter.text(at, align, text, FontId::proportional(size), color);
            }
        }
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let font = FontId::proportional(style.size() as f32 / FINE);
        let size = self.painter.layout_no_wrap(text.to_owned(), font, Color32::WHITE).size() * FINE;
        Ok((size.x as u32, size.y as u32))
    }
}

fn area(painter: &Painter, rect: Rect) -> DrawingArea<PainterBackend<'_>, Shift> {
    PainterBackend::new(painter, rect).into_drawing_area()
}

fn rgba(color: Color32, alpha: f64) -> RGBAColor {
    RGBAColor(color.r(), color.g(), color.b(), alpha)
}

/// A thickness in our pixels, as plotters counts.
fn fine(px: f32) -> u32 {
    (px * FINE).round().max(1.0) as u32
}

/// A day's counts by hour as bars, with a typical day as a dash over each hour.
pub fn hours_ui(painter: &Painter, rect: Rect, counts: &[u32; 24], typical: &[f32; 24], hour_now: usize, px: f32) {
    let top = counts.iter().map(|n| *n as f32).chain(typical.iter().copied()).fold(1.0, f32::max) * 1.08;
    let area = area(painter, rect);
    let Ok(mut chart) = ChartBuilder::on(&area).build_cartesian_2d(0f32..24f32, 0f32..top) else { return };
    let bars = counts.iter().enumerate().take(hour_now + 1).map(|(hour, n)| {
        let alpha = if hour == hour_now { 0.5 } else { 1.0 };
        let (left, right) = (hour as f32 + 0.1, hour as f32 + 0.9);
        let height = (*n as f32).max(if *n > 0 { top * 0.02 } else { 0.0 });
        Rectangle::new([(left, 0.0), (right, height)], rgba(SERIES[0], alpha).filled())
    });
    let dashes = typical.iter().enumerate().map(|(hour, n)| {
        let style = ShapeStyle::from(rgba(SERIES_REFERENCE, 1.0)).stroke_width(fine(1.4 * px));
        PathElement::new(vec![(hour as f32 + 0.1, *n), (hour as f32 + 0.9, *n)], style)
    });
    // Painting cannot fail: the backend's error has no values.
    let _ = chart.draw_series(bars);
    let _ = chart.draw_series(dashes);
}

/// A small line of a few dozen points with its last one marked; `limit` is drawn dashed.
pub fn spark_ui(painter: &Painter, rect: Rect, values: &[f32], limit: Option<f32>, color: Color32, px: f32) {
    let finite = || values.iter().copied().chain(limit).filter(|v| v.is_finite());
    let (low, high) = finite().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if values.len() < 2 || !low.is_finite() {
        return;
    }
    let pad = ((high - low) * 0.12).max(high.abs() * 0.01).max(1e-3);
    let area = area(painter, rect);
    let last = (values.len() - 1) as f32;
    let Ok(mut chart) = ChartBuilder::on(&area).build_cartesian_2d(0f32..last, (low - pad)..(high + pad)) else {
        return;
    };
    let style = ShapeStyle::from(rgba(color, 1.0)).stroke_width(fine(1.3 * px));
    let mut points = values.iter().enumerate().filter(|(_, v)| v.is_finite()).map(|(i, v)| (i as f32, *v));
    let _ = chart.draw_series(LineSeries::new(points.clone(), style));
    if let Some(end) = points.next_back() {
        let _ = chart.draw_series([Circle::new(end, fine(2.0 * px), rgba(color, 1.0).filled())]);
    }
    if let Some(limit) = limit {
        let y = egui::remap(limit, (low - pad)..=(high + pad), rect.bottom()..=rect.top());
        let stroke = Stroke::new(px, SERIES_REFERENCE.gamma_multiply(0.7));
        painter.extend(Shape::dashed_line(&[pos2(rect.left(), y), pos2(rect.right(), y)], stroke, 2.0 * px, 3.0 * px));
    }
}
