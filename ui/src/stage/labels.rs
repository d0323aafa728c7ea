//! Words over the map, painted by egui: placed by priority, each with a halo, none over another; road names follow their
//! roads. Alarms win over place names, and a name that would cover another gives way.

use super::{
    camera::StageCamera,
    detail::Detail,
    fixed,
    palette::Palette,
    sketch::{Anchor, Texts},
    things::Group,
};
use egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Vec2, epaint::TextShape, vec2};
use gulang_tiles::{LabelKind, RoadClass, TileLabel};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// What is written on the map this frame.
pub struct Labels<'a> {
    pub camera: StageCamera,
    pub detail: Detail,
    pub palette: &'static Palette,
    /// 1 at the desk; how much larger on a wall.
    pub scale: f32,
    /// From the tiles that are drawn.
    pub tiles: Vec<&'a TileLabel>,
    /// From overlays, alarms, tools.
    pub texts: Vec<&'a Texts>,
    /// Counts in the middle of their groups.
    pub groups: Vec<&'a Group>,
    /// The city's own name, for when it is a dot on the typhoon sea.
    pub city: &'a str,
    /// Where the map comes from, for the lower edge.
    pub note: &'a str,
}

/// Place names have this priority; an overlay's words above it win over them.
const PLACE: u8 = 10;

pub fn paint(painter: &Painter, rect: Rect, labels: &Labels) {
    let painter = &painter.with_clip_rect(rect);
    // The lower edge is the note's and the scale bar's.
    let foot_room = vec2(430.0, 30.0) * labels.scale;
    let note = Rect::from_min_size(rect.left_bottom() - vec2(0.0, foot_room.y), foot_room);
    let scale_bar = Rect::from_min_size(rect.right_bottom() - vec2(250.0, 30.0) * labels.scale, foot_room);
    let mut board = Board { painter, rect, labels, taken: vec![note, scale_bar] };
    labels.groups.iter().for_each(|group| board.group(group));
    let mut texts = labels.texts.clone();
    texts.sort_by_key(|it| std::cmp::Reverse(it.priority));
    let n_before = texts.iter().take_while(|it| it.priority >= PLACE).count();
    texts[..n_before].iter().for_each(|text| board.text(text));
    if labels.detail == Detail::Region {
        board.city();
    }
    board.places();
    board.roads();
    texts[n_before..].iter().for_each(|text| board.text(text));
    foot(painter, rect, labels);
}

/// Where a district's name looks for room, nearest first, in its own height.
const ASIDE: [(f32, f32); 13] = [
    (0.0, 0.0),
    (0.0, -1.7),
    (0.0, 1.7),
    (-3.6, 0.0),
    (3.6, 0.0),
    (-3.6, -1.7),
    (3.6, -1.7),
    (-3.6, 1.7),
    (3.6, 1.7),
    (0.0, -3.4),
    (0.0, 3.4),
    (-6.0, 0.0),
    (6.0, 0.0),
];

/// Where words already are.
struct Board<'a, 'b> {
    painter: &'a Painter,
    rect: Rect,
    labels: &'a Labels<'b>,
    taken: Vec<Rect>,
}

impl Board<'_, '_> {
    fn on_screen(&self, at: (f64, f64)) -> Pos2 {
        let (x, y) = self.labels.camera.view_from_local(at);
        self.rect.center() + vec2(x as f32, y as f32)
    }

    fn galley(&self, text: &str, size: f32, color: Color32) -> Arc<Galley> {
        self.painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), color)
    }

    /// Half a name is no name, and two over each other are none.
    fn take(&mut self, area: Rect) -> bool {
        let is_free = self.rect.contains_rect(area) && !self.taken.iter().any(|it| it.intersects(area));
        if is_free {
            self.taken.push(area);
        }
        is_free
    }

    fn group(&mut self, group: &Group) {
        let at = self.on_screen(group.at);
        let radius = 13.0 * self.labels.scale;
        if !self.rect.expand(radius).contains(at) {
            return;
        }
        self.taken.push(Rect::from_center_size(at, Vec2::splat(radius * 2.2)));
        let text = count_text(group.n);
        let size = if text.chars().count() > 3 { 10.0 } else { 12.0 };
        let galley = self.galley(&text, size * self.labels.scale, self.labels.palette.ink);
        self.painter.galley(at - galley.size() / 2.0, galley, self.labels.palette.ink);
    }

    fn text(&mut self, text: &Texts) {
        let scale = self.labels.scale;
        let galley = self.galley(&text.text, text.size * scale, text.color);
        let at = self.on_screen(text.at);
        let pad = if text.boxed { vec2(9.0, 4.0) * scale } else { vec2(3.0, 1.0) * scale };
        let gap = 16.0 * scale;
        let (align, at) = match text.anchor {
            Anchor::Center => (Align2::CENTER_CENTER, at),
            Anchor::Right => (Align2::LEFT_CENTER, at + vec2(gap, 0.0)),
            Anchor::Above => (Align2::CENTER_BOTTOM, at - vec2(0.0, gap)),
            Anchor::Below => (Align2::CENTER_TOP, at + vec2(0.0, gap)),
        };
        let area = align.anchor_size(at, galley.size()).expand2(pad);
        if !self.take(area) {
            return;
        }
        let corner = area.min + pad;
        if text.boxed {
            self.painter.rect_filled(area, 3.0 * scale, self.labels.palette.symbol_fill);
            let stroke = egui::Stroke::new(1.2 * scale, text.color);
            self.painter.rect_stroke(area, 3.0 * scale, stroke, egui::StrokeKind::Inside);
            self.painter.galley(corner, galley, text.color);
        } else {
            self.write(corner, &galley, text.color, text.size * scale);
        }
    }

    fn city(&mut self) {
        let (at, scale, ink) = (self.on_screen((0.0, 0.0)), self.labels.scale, self.labels.palette.ink);
        self.painter.circle_filled(at, 4.0 * scale, ink);
        let galley = self.galley(self.labels.city, 15.0 * scale, ink);
        let area = Align2::LEFT_CENTER.anchor_size(at + vec2(8.0 * scale, 0.0), galley.size());
        if self.take(area) {
            self.write(area.min, &galley, ink, 15.0 * scale);
        }
    }

    fn places(&mut self) {
        let labels = self.labels;
        let mut places: Vec<(&TileLabel, u8)> =
            labels.tiles.iter().filter_map(|it| Some((*it, weight(it, labels.detail)?))).collect();
        places.sort_by_key(|(it, weight)| (*weight, it.rank, it.at));
        // The same name comes once, however many tiles carry it.
        let mut written: HashSet<(&str, LabelKind)> = HashSet::new();
        for (place, _) in places {
            if !written.insert((&place.text, place.kind)) {
                continue;
            }
            let p = labels.palette;
            let (size, color, is_spaced) = match place.kind {
                LabelKind::Sea => (14.0, p.label_sea, true),
                LabelKind::District => (15.0, p.label, false),
                LabelKind::Town | LabelKind::Island => (13.0, p.label, false),
                LabelKind::Neighbour => (12.0, p.label_outside, false),
                _ => (12.0, p.label_outside, false),
            };
            let text = if is_spaced { spaced(&place.text) } else { place.text.clone() };
            let galley = self.galley(&text, size * labels.scale, color);
            // A district's name steps aside rather than vanish; lesser ones give way.
            let steps: &[(f32, f32)] = if place.kind == LabelKind::District { &ASIDE } else { &[(0.0, 0.0)] };
            let at = self.on_screen(fixed::local(place.at));
            let area = |step: &(f32, f32)| {
                let at = at + vec2(step.0, step.1) * size * labels.scale;
                Align2::CENTER_CENTER.anchor_size(at, galley.size()).expand(3.0)
            };
            match steps.iter().map(area).find(|area| self.take(*area)) {
                Some(area) => self.write(area.min + vec2(3.0, 3.0), &galley, color, size * labels.scale),
                None => {
                    written.remove(&(place.text.as_str(), place.kind));
                }
            }
        }
    }

    /// The longest piece of each road in view carries its name, once in so many pixels.
    fn roads(&mut self) {
        let labels = self.labels;
        let least = match labels.detail {
            Detail::Region => return,
            Detail::City => RoadClass::Motorway,
            Detail::District => RoadClass::Secondary,
            Detail::Street => RoadClass::Path,
        };
        let mut roads: Vec<(&TileLabel, RoadClass)> = (labels.tiles.iter())
            .filter_map(|it| match it.kind {
                LabelKind::Road { class } if class >= least => Some((*it, class)),
                _ => None,
            })
            .collect();
        roads.sort_by_key(|(it, class)| (std::cmp::Reverse(*class), std::cmp::Reverse(it.line.len()), it.at));
        let mut written: BTreeMap<&str, Vec<Pos2>> = BTreeMap::new();
        for (road, _) in roads {
            let line: Vec<Pos2> = road.line.iter().map(|at| self.on_screen(fixed::local(*at))).collect();
            let size = 11.0 * labels.scale;
            let Some(glyphs) = self.along(&line, &road.text, size) else { continue };
            let middle = glyphs[glyphs.len() / 2].0;
            let again = 420.0 * labels.scale;
            let before = written.entry(&road.text).or_default();
            if before.iter().any(|it| it.distance(middle) < again) {
                continue;
            }
            let areas: Vec<Rect> =
                glyphs.iter().map(|(at, ..)| Rect::from_center_size(*at, Vec2::splat(size * 1.15))).collect();
            let is_free = areas
                .iter()
                .all(|area| self.rect.contains_rect(*area) && !self.taken.iter().any(|it| it.intersects(*area)));
            if !is_free {
                continue;
            }
            before.push(middle);
            self.taken.extend(areas);
            for pass in [true, false] {
                for (at, angle, galley) in &glyphs {
                    self.glyph(*at, *angle, galley, size, pass);
                }
            }
        }
    }

    /// Each character's middle, turn and shape along a line, centred on it; `None` where the name does not fit or the line
    /// bends too much to be read.
    fn along(&self, line: &[Pos2], text: &str, size: f32) -> Option<Vec<(Pos2, f32, Arc<Galley>)>> {
        let color = self.labels.palette.label_outside;
        let total: f32 = line.windows(2).map(|it| it[0].distance(it[1])).sum();
        let galleys: Vec<Arc<Galley>> = text.chars().map(|it| self.galley(&it.to_string(), size, color)).collect();
        let gap = size * 0.12;
        let width: f32 = galleys.iter().map(|it| it.size().x + gap).sum();
        if galleys.is_empty() || width + size > total || !total.is_finite() {
            return None;
        }
        let line: Vec<Pos2> =
            if line.last()?.x < line.first()?.x { line.iter().rev().copied().collect() } else { line.to_vec() };
        let mut at = (total - width) / 2.0;
        let mut placed = Vec::new();
        for galley in galleys {
            let (middle, angle) = point_along(&line, at + galley.size().x / 2.0)?;
            let bends = placed.last().is_some_and(|(_, last, _): &(Pos2, f32, Arc<Galley>)| (angle - last).abs() > 0.5);
            if bends || angle.abs() > 1.75 {
                return None;
            }
            at += galley.size().x + gap;
            placed.push((middle, angle, galley));
        }
        Some(placed)
    }

    fn glyph(&self, at: Pos2, angle: f32, galley: &Arc<Galley>, size: f32, is_halo: bool) {
        let turn = |v: Vec2| vec2(v.x * angle.cos() - v.y * angle.sin(), v.x * angle.sin() + v.y * angle.cos());
        let corner = at - turn(galley.size() / 2.0);
        let p = self.labels.palette;
        let offsets: &[(f32, f32)] =
            if is_halo { &[(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)] } else { &[(0.0, 0.0)] };
        for (dx, dy) in offsets {
            let color = if is_halo { p.label_halo } else { p.label_outside };
            let mut shape = TextShape::new(corner + vec2(*dx, *dy) * (size * 0.1), galley.clone(), color);
            shape.angle = angle;
            shape.override_text_color = Some(color);
            self.painter.add(shape);
        }
    }

    /// Text with its halo.
    fn write(&self, corner: Pos2, galley: &Arc<Galley>, color: Color32, size: f32) {
        let halo = (size * 0.09).clamp(1.0, 6.0);
        for (dx, dy) in
            [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (-0.7, -0.7), (0.7, -0.7), (-0.7, 0.7), (0.7, 0.7)]
        {
            let halo_color = self.labels.palette.label_halo;
            self.painter.galley_with_override_text_color(corner + vec2(dx, dy) * halo, galley.clone(), halo_color);
        }
        self.painter.galley(corner, galley.clone(), color);
    }
}

/// What is written at this scale, and in which order; `None` is not written.
fn weight(label: &TileLabel, detail: Detail) -> Option<u8> {
    use LabelKind::*;
    let (order, from) = match label.kind {
        District => (0, Detail::City),
        Sea => (1, if label.rank <= 2 { Detail::Region } else { Detail::City }),
        Island => (2, if label.rank <= 2 { Detail::City } else { Detail::District }),
        Neighbour => (3, if label.rank <= 3 { Detail::Region } else { Detail::City }),
        Landmark => (4, if label.rank <= 2 { Detail::City } else { Detail::District }),
        Town => (5, Detail::District),
        Station => (6, Detail::Street),
        Village => (7, Detail::Street),
        Road { .. } => return None,
    };
    let is_near_sea = label.kind == Sea && label.rank <= 2 && detail == Detail::Street;
    (detail >= from && !is_near_sea).then_some(order)
}

fn point_along(line: &[Pos2], at: f32) -> Option<(Pos2, f32)> {
    let mut left = at;
    for pair in line.windows(2) {
        let length = pair[0].distance(pair[1]);
        if left <= length && length > 0.0 {
            let along = (pair[1] - pair[0]) / length;
            return Some((pair[0] + along * left, along.angle()));
        }
        left -= length;
    }
    None
}

/// `58`, `1.2千`, `13万`: what fits into a ring. The exact figure is in the layer panel.
fn count_text(n: usize) -> String {
    match n {
        0..1000 => n.to_string(),
        1000..10_000 => format!("{:.1}千", n as f64 / 1000.0),
        10_000..100_000 => format!("{:.1}万", n as f64 / 10_000.0),
        _ => format!("{:.0}万", n as f64 / 10_000.0),
    }
}

/// Scale bar, frame of reference, source of the map.
fn foot(painter: &Painter, rect: Rect, labels: &Labels) {
    let (scale, p) = (labels.scale, labels.palette);
    let wanted_m = 140.0 * f64::from(scale) / labels.camera.px_per_m;
    let decade = 10f64.powf(wanted_m.log10().floor());
    let metres = [5.0, 2.0, 1.0].into_iter().map(|step| step * decade).find(|it| *it <= wanted_m).unwrap_or(decade);
    let width = (metres * labels.camera.px_per_m) as f32;
    let text = if metres >= 1000.0 { format!("{:.0} km", metres / 1000.0) } else { format!("{metres:.0} m") };
    let font = FontId::proportional(12.0 * scale);
    let at = rect.left_bottom() + vec2(14.0, -16.0) * scale;
    let note = painter.text(at, Align2::LEFT_CENTER, labels.note, font.clone(), p.label_outside);

    let mut right = rect.right_bottom() - vec2(18.0, 16.0) * scale;
    let room_needed = width + 80.0 * scale;
    if right.x - room_needed < note.right() {
        right.y = note.top() - 12.0 * scale;
    }
    let words = painter.text(right, Align2::RIGHT_CENTER, text, font, p.ink_second);
    let end = Pos2::new(words.left() - 8.0 * scale, right.y);
    let stroke = egui::Stroke::new(1.2 * scale, p.ink_second);
    let start = end - vec2(width, 0.0);
    painter.line_segment([start, end], stroke);
    for at in [start, end] {
        painter.line_segment([at, at - vec2(0.0, 6.0 * scale)], stroke);
    }
    if labels.camera.bearing != 0.0 || labels.camera.tilt != 0.0 {
        north_arrow(painter, rect, labels);
    }
}

/// Where north is, once it is not up.
fn north_arrow(painter: &Painter, rect: Rect, labels: &Labels) {
    let scale = labels.scale;
    let at = rect.right_bottom() - vec2(30.0, 56.0) * scale;
    let (_, (x, y)) = labels.camera.axes();
    let north = vec2(x as f32, y as f32).normalized() * 14.0 * scale;
    let side = vec2(-north.y, north.x) * 0.38;
    let tip = vec![at + north, at - north * 0.7 + side, at - north * 0.7 - side];
    painter.add(egui::Shape::convex_polygon(tip, labels.palette.ink_second, egui::Stroke::NONE));
    painter.text(
        at + north * 1.6,
        Align2::CENTER_CENTER,
        "北",
        FontId::proportional(11.0 * scale),
        labels.palette.ink_second,
    );
}

fn spaced(name: &str) -> String {
    name.chars().flat_map(|it| [it, ' ']).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fit_their_ring() {
        for (n, text) in [(7, "7"), (999, "999"), (1234, "1.2千"), (61_234, "6.1万"), (1_350_000, "135万")] {
            assert_eq!(count_text(n), text);
        }
    }

    #[test]
    fn a_place_along_a_line_turns_with_it() {
        let line = [Pos2::new(0.0, 0.0), Pos2::new(10.0, 0.0), Pos2::new(10.0, 10.0)];
        assert_eq!(point_along(&line, 5.0), Some((Pos2::new(5.0, 0.0), 0.0)));
        let (at, angle) = point_along(&line, 15.0).expect("on the line");
        assert!(at.distance(Pos2::new(10.0, 5.0)) < 1e-3 && (angle - std::f32::consts::FRAC_PI_2).abs() < 1e-3);
        assert_eq!(point_along(&line, 25.0), None);
    }
}
