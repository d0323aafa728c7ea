//! Names over the map, painted by egui: alarms win over place names, and a name that would cover another gives way.

use super::{
    base::Place,
    camera::StageCamera,
    symbols::{Detail, alarm_labels},
};
use crate::theme;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, vec2};
use gulang_city::{City, LocalFrame, Realm};

pub struct Labels<'a> {
    pub city: &'a City,
    pub frame: LocalFrame,
    pub camera: StageCamera,
    pub places: &'a [Place],
    /// 1 at the desk; how much larger on a wall.
    pub scale: f32,
    /// The panels mark the realm over the map; names need not.
    pub realm: Realm,
}

/// How many alarms carry their name.
const MOST_ALARMS: usize = 14;

pub fn paint(painter: &Painter, rect: Rect, labels: &Labels) {
    let painter = &painter.with_clip_rect(rect);
    let scale = labels.scale;
    let detail = Detail::at(labels.camera.px_per_m / f64::from(scale));
    let on_screen = |at: (f64, f64)| {
        let (x, y) = labels.camera.view_from_local(at);
        rect.center() + vec2(x as f32, y as f32)
    };
    let mut taken: Vec<Rect> = Vec::new();

    for (at, text, _) in alarm_labels(labels.city).into_iter().take(MOST_ALARMS) {
        let place = on_screen(labels.frame.local_from_geo(at)) + vec2(17.0 * scale, 0.0);
        place_text(painter, &mut taken, rect, place, Align2::LEFT_CENTER, 13.0 * scale, theme::PRIMARY, &text);
    }
    let most_rank = match detail {
        Detail::Region => 0,
        Detail::City => 2,
        Detail::District => 4,
        Detail::Street => 9,
    };
    for place in labels.places.iter().filter(|it| it.rank <= most_rank || (it.is_sea && detail > Detail::Region)) {
        let (size, color) = match (place.is_sea, place.rank) {
            (true, _) => (14.0, theme::LABEL_SEA),
            (false, 1) => (15.0, theme::LABEL),
            _ => (12.0, theme::LABEL_OUTSIDE),
        };
        let name = if place.is_sea { spaced(&place.name) } else { place.name.clone() };
        place_text(painter, &mut taken, rect, on_screen(place.at), Align2::CENTER_CENTER, size * scale, color, &name);
    }
    if detail == Detail::Region {
        let at = on_screen((0.0, 0.0)) + vec2(8.0 * scale, 0.0);
        painter.circle_filled(on_screen((0.0, 0.0)), 4.0 * scale, theme::PRIMARY);
        place_text(painter, &mut taken, rect, at, Align2::LEFT_CENTER, 15.0 * scale, theme::PRIMARY, &labels.city.name);
    }
    foot(painter, rect, labels);
}

#[expect(clippy::too_many_arguments, reason = "one call per label kind; a struct would only rename them")]
fn place_text(
    painter: &Painter,
    taken: &mut Vec<Rect>,
    rect: Rect,
    at: Pos2,
    align: Align2,
    size: f32,
    color: Color32,
    text: &str,
) {
    let font = FontId::proportional(size);
    let galley = painter.layout_no_wrap(text.to_owned(), font, color);
    let area = align.anchor_size(at, galley.size()).expand(3.0);
    // Half a name is no name.
    if !rect.contains_rect(area) || taken.iter().any(|it| it.intersects(area)) {
        return;
    }
    taken.push(area);
    let halo = (size * 0.09).clamp(1.0, 6.0);
    let corner = area.min + vec2(3.0, 3.0);
    for (dx, dy) in
        [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (-0.7, -0.7), (0.7, -0.7), (-0.7, 0.7), (0.7, 0.7)]
    {
        painter.galley_with_override_text_color(corner + vec2(dx, dy) * halo, galley.clone(), theme::LABEL_HALO);
    }
    painter.galley(corner, galley, color);
}

/// Scale bar, frame of reference, source of the coast.
fn foot(painter: &Painter, rect: Rect, labels: &Labels) {
    let scale = labels.scale;
    let wanted_m = 140.0 * f64::from(scale) / labels.camera.px_per_m;
    let decade = 10f64.powf(wanted_m.log10().floor());
    let metres = [5.0, 2.0, 1.0].into_iter().map(|step| step * decade).find(|it| *it <= wanted_m).unwrap_or(decade);
    let width = (metres * labels.camera.px_per_m) as f32;
    let text = if metres >= 1000.0 { format!("{:.0} km", metres / 1000.0) } else { format!("{metres:.0} m") };
    let font = FontId::proportional(12.0 * scale);
    let note = "WGS-84・海岸线 © OpenStreetMap・界线仅为示意";
    let at = rect.left_bottom() + vec2(14.0, -16.0) * scale;
    let note = painter.text(at, Align2::LEFT_CENTER, note, font.clone(), theme::QUIET);

    let mut right = rect.right_bottom() - vec2(18.0, 16.0) * scale;
    let room_needed = width + 80.0 * scale;
    if right.x - room_needed < note.right() {
        right.y = note.top() - 12.0 * scale;
    }
    let words = painter.text(right, Align2::RIGHT_CENTER, text, font, theme::SECONDARY);
    let end = Pos2::new(words.left() - 8.0 * scale, right.y);
    let stroke = egui::Stroke::new(1.2 * scale, theme::SECONDARY);
    let start = end - vec2(width, 0.0);
    painter.line_segment([start, end], stroke);
    for at in [start, end] {
        painter.line_segment([at, at - vec2(0.0, 6.0 * scale)], stroke);
    }
}

fn spaced(name: &str) -> String {
    name.chars().flat_map(|it| [it, ' ']).collect::<String>().trim_end().to_owned()
}
