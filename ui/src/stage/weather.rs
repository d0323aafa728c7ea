//! The typhoon on the stage: the track as observed, each agency's forecast dashed, the wind circles by quadrant as they
//! are reported, and the spread between the agencies.

use super::{
    base::{Fills, Lines},
    gpu::map::{LayerKey, NO_HEADING, Symbol, Upload, flag, shape},
};
use crate::theme;
use egui::Color32;
use gulang_city::{City, LocalFrame, Timestamp, Typhoon, WindRadii};

/// Replaces the typhoon's three layers.
pub fn uploads_from_typhoons(city: &City, frame: &LocalFrame, now: Timestamp) -> Vec<Upload> {
    let (mut areas, mut lines, mut marks) = (Fills::default(), Lines::default(), Vec::new());
    for typhoon in city.typhoons.values().filter(|it| it.active) {
        draw(typhoon, frame, now, &mut areas, &mut lines, &mut marks);
    }
    vec![
        Upload::Fills(LayerKey::TyphoonAreas, areas.vertices, areas.indices),
        Upload::Lines(LayerKey::TyphoonLines, lines.segments),
        Upload::Symbols(LayerKey::Typhoon, marks),
    ]
}

fn draw(
    typhoon: &Typhoon,
    frame: &LocalFrame,
    now: Timestamp,
    areas: &mut Fills,
    lines: &mut Lines,
    marks: &mut Vec<Symbol>,
) {
    let track: Vec<_> = typhoon.track.iter().filter(|fix| fix.at <= now).collect();
    let path: Vec<_> = track.iter().map(|fix| frame.local_from_geo(fix.center)).collect();
    lines.add(&path, theme::TRACK, 2.0, [0.0, 0.0]);
    for (fix, &at) in track.iter().zip(&path) {
        marks.push(mark(at, theme::typhoon_color(fix.wind), shape::DOT, 9, 0));
    }
    let Some((last, &eye)) = track.last().zip(path.last()) else { return };

    let forecasts = typhoon.latest_forecasts();
    // The spread: at each hour, how far the agencies lie apart; drawn as a band about their mean.
    let paths: Vec<Vec<(f64, f64)>> = forecasts
        .iter()
        .map(|forecast| {
            let points = forecast.points.iter().filter(|point| point.at > last.at);
            std::iter::once(eye).chain(points.map(|point| frame.local_from_geo(point.center))).collect()
        })
        .collect();
    let n_steps = paths.iter().map(Vec::len).min().unwrap_or(0);
    if paths.len() >= 2 && n_steps >= 2 {
        let mean: Vec<(f64, f64)> = (0..n_steps)
            .map(|i| {
                let sum = paths.iter().fold((0.0, 0.0), |sum, path| (sum.0 + path[i].0, sum.1 + path[i].1));
                (sum.0 / paths.len() as f64, sum.1 / paths.len() as f64)
            })
            .collect();
        let half_width = |i: usize| {
            paths.iter().map(|path| (path[i].0 - mean[i].0).hypot(path[i].1 - mean[i].1)).fold(0.0, f64::max)
        };
        let side = |sign: f64| -> Vec<(f64, f64)> {
            (0..n_steps)
                .map(|i: usize| {
                    let (a, b) = (mean[i.saturating_sub(1)], mean[(i + 1).min(n_steps - 1)]);
                    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                    let length = dx.hypot(dy).max(1.0);
                    let width = half_width(i) * sign;
                    (mean[i].0 - dy / length * width, mean[i].1 + dx / length * width)
                })
                .collect()
        };
        let (left, right) = (side(1.0), side(-1.0));
        let edge = Color32::from_rgba_unmultiplied(255, 255, 255, 90);
        lines.add(&left, edge, 1.0, [4.0, 4.0]);
        lines.add(&right, edge, 1.0, [4.0, 4.0]);
        let outline: Vec<_> = left.into_iter().chain(right.into_iter().rev()).collect();
        areas.add(&[outline], [255, 255, 255, 2], 0.0);
    }
    for (forecast, path) in forecasts.iter().zip(&paths) {
        lines.add(path, theme::TRACK, if &*forecast.agency == "中国" { 2.0 } else { 1.0 }, [6.0, 5.0]);
        for (point, &at) in forecast.points.iter().filter(|point| point.at > last.at).zip(path.iter().skip(1)) {
            marks.push(mark(at, theme::typhoon_color(point.wind), shape::CIRCLE, 9, 0));
        }
    }
    // Alphas are small because the target blends linear light: 2 of 255 over the dark sea looks like the token's 5 % of sRGB.
    let circles =
        [(last.radius7, theme::WIND7, 2), (last.radius10, theme::WIND10, 3), (last.radius12, theme::WIND12, 5)];
    for (radii, color, alpha) in circles {
        let Some(outline) = stepped_circle(eye, radii) else { continue };
        let [r, g, b, _] = color.to_array();
        areas.add(std::slice::from_ref(&outline), [r, g, b, alpha], 0.0);
        lines.add(&outline, color, 1.4, [0.0, 0.0]);
    }
    marks.push(mark(eye, theme::typhoon_color(last.wind), shape::CIRCLE, 18, flag::DOUBLE_RING));
}

/// Four quarter arcs with steps between them, NE, SE, SW, NW; `None` if nothing is reported.
fn stepped_circle(eye: (f64, f64), radii: WindRadii) -> Option<Vec<(f64, f64)>> {
    const STEPS: u32 = 24;
    if radii.0.iter().all(|km| *km <= 0.0) {
        return None;
    }
    let mut outline = Vec::new();
    for (quadrant, km) in radii.0.into_iter().enumerate() {
        for step in 0..=STEPS {
            let bearing = (quadrant as f64 * 90.0 + f64::from(step) * 90.0 / f64::from(STEPS)).to_radians();
            let radius = f64::from(km.max(0.0)) * 1000.0;
            outline.push((eye.0 + radius * bearing.sin(), eye.1 + radius * bearing.cos()));
        }
    }
    outline.push(outline[0]);
    Some(outline)
}

fn mark(at: (f64, f64), color: Color32, shape: u8, size_px: u8, flags: u8) -> Symbol {
    let at = [at.0 as f32, at.1 as f32];
    let color = color.to_array();
    Symbol { from: at, to: at, start: 0.0, color, shape, size_px, flags, glide: 0, glyph: 0, heading: NO_HEADING }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrants_are_stepped_and_start_in_the_north_east() {
        let outline = stepped_circle((0.0, 0.0), WindRadii([100.0, 200.0, 0.0, 50.0])).expect("some radius");
        let (east, north) = outline[12];
        assert!(east > 0.0 && north > 0.0 && (east.hypot(north) - 100_000.0).abs() < 1.0);
        let (east, north) = outline[25 + 12];
        assert!(east > 0.0 && north < 0.0 && (east.hypot(north) - 200_000.0).abs() < 1.0);
        assert_eq!(stepped_circle((0.0, 0.0), WindRadii::default()), None);
    }
}
