//! The typhoon card: a small map painted from the feed, and what matters about it. Observed solid, forecast dashed.

use super::kit::{Kit, RealmMark, fresh, fresh_value, realm_mark};
use super::{Chosen, UiCommand};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::*;

pub(super) fn typhoon_ui(k: &mut Kit<'_>, rect: Rect) {
    let Some(typhoon) = k.m.city.latest_typhoon() else {
        let body = k.panel(rect, k.t(tr::TYPHOON), "");
        k.fit_center(body, 14.0, TERTIARY, k.t(tr::NO_TYPHOON), false);
        return;
    };
    let last = typhoon.track.last();
    let grade = last.map_or("", |fix| k.m.lang.typhoon_grade(fix.wind));
    let body = k.panel(rect, &title(k, typhoon), grade);
    let as_of = heard(k, typhoon);
    k.header_fresh(rect, 32.0, 12.0, Budget::Weather, as_of);
    let facts_h = 112.0f32.min(body.height() * 0.4);
    let map = Rect::from_min_max(body.min, pos2(body.right(), body.bottom() - facts_h));
    map_ui(k, map, typhoon, 1.0);
    issues_ui(k, map, typhoon);
    let facts = facts(k, typhoon);
    let row = (facts_h - 28.0) / 3.0;
    for (i, (label, value)) in facts.iter().enumerate() {
        let half = body.width() * 0.5;
        let left = body.left() + 12.0 + (half - 4.0) * (i % 2) as f32;
        let y = map.bottom() + 2.0 + row * ((i / 2) as f32 + 0.5);
        k.text(pos2(left, y), Align2::LEFT_CENTER, 13.0, TERTIARY, label);
        let (value, ink) = fresh_value(fresh(k.m, Budget::Weather, as_of), value.clone(), PRIMARY);
        k.bold(pos2(left + half - 22.0, y), Align2::RIGHT_CENTER, 13.0, ink, &value);
    }
    let mut x = body.left() + 12.0;
    let y = body.bottom() - 14.0;
    for (word, color) in [(tr::WIND7, WIND7), (tr::WIND10, WIND10), (tr::WIND12, WIND12)] {
        k.hline(x, x + 12.0, y, color);
        x = k.text(pos2(x + 16.0, y), Align2::LEFT_CENTER, 12.0, color, k.t(word)).right() + 14.0;
    }
    k.fit(pos2(x, y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::FORECAST_DASHED), body.right() - x - 12.0);
}

/// 按发布时次: the latest issue times as chips over the small map, and under them how far the agencies lie apart a day ahead
/// and where another feed sees it elsewhere.
fn issues_ui(k: &mut Kit<'_>, map: Rect, typhoon: &Typhoon) {
    const MOST: usize = 4;
    let chosen = k.m.view.chosen;
    let issues = typhoon.issues();
    let choices = std::iter::once(None).chain(issues.iter().copied().take(MOST).map(Some));
    let (mut x, y) = (map.left() + 8.0, map.top() + 14.0);
    for issue in choices.filter(|_| !issues.is_empty()) {
        let text = issue.map_or_else(|| k.t(tr::ISSUE_LATEST).to_owned(), |at| k.m.lang.day_hour(at));
        let is_on = issue == chosen.issue;
        let right = x + k.width(12.0, &text) + 12.0 * k.s;
        if right > map.right() - 8.0 {
            break;
        }
        let ink = if is_on { PRIMARY } else { TERTIARY };
        let rect = k.chip(pos2(x, y), 12.0, &text, Some(PANEL), if is_on { ACCENT } else { STRONG }, ink);
        let label = k.m.lang.fill(tr::ISSUE_SHOW, &[&text]);
        if k.hit(rect, ("typhoon-issue", issue.map_or(0, |at| at.0)), &label).clicked() {
            k.out.push(UiCommand::Choose(Chosen { issue, ..chosen }));
        }
        x = rect.right() + 6.0;
    }
    let mut y = map.bottom() - 12.0;
    let mut line = |k: &Kit<'_>, text: &str| {
        k.fit(pos2(map.left() + 8.0, y), Align2::LEFT_CENTER, 12.0, SECONDARY, text, map.width() - 16.0);
        y -= 16.0;
    };
    if let Some(it) = k.m.city.typhoon_conflicts(&typhoon.id).first() {
        let source = k.m.city.connectors.get(&it.source).map_or(it.source.as_str(), |it| &it.name);
        let apart = format!("{:.0}", it.apart_km);
        line(k, &k.m.lang.fill(tr::FIX_CONFLICT, &[source, &k.m.lang.day_hour(it.at), &apart]));
    }
    let from = typhoon.track.last().map(|it| it.at);
    if let Some((km, n)) = from.and_then(|from| typhoon.agency_spread_km(chosen.issue, from, 24)) {
        line(k, &k.m.lang.fill(tr::AGENCY_SPREAD, &[&n.to_string(), &format!("{km:.0}")]));
    }
}

pub(super) fn title(k: &Kit<'_>, typhoon: &Typhoon) -> String {
    k.m.lang.fill(tr::TYPHOON_TITLE, &[typhoon.number(), &typhoon.name, &typhoon.name_en])
}

/// When the feed last gave a fix, or was last heard.
pub(super) fn heard(k: &Kit<'_>, typhoon: &Typhoon) -> Timestamp {
    let fix = typhoon.track.last().map_or(Timestamp(0), |fix| fix.at);
    let feed = k.m.city.connectors.keys().find(|it| it.as_str().contains("typhoon"));
    feed.and_then(|it| k.m.readings.heard.get(it)).copied().unwrap_or(fix)
}

/// Label and value: wind, pressure, distance, movement, circles.
pub(super) fn facts(k: &Kit<'_>, typhoon: &Typhoon) -> Vec<(String, String)> {
    let Some(last) = typhoon.track.last() else { return Vec::new() };
    let center = k.m.city.center;
    let from_city = k.m.lang.bearing(center.bearing_to(last.center));
    let pressure = if last.pressure > 0.0 { format!("{:.0} hPa", last.pressure) } else { "—".into() };
    let wind = k.m.lang.fill(tr::WIND_GRADE, &[&beaufort(last.wind).to_string(), &format!("{:.0}", last.wind)]);
    let arrival = |grade| match k.m.city.circle_arrival(grade, center, k.now()) {
        Some(it) if it.inside => k.t(tr::CIRCLE_HERE).to_owned(),
        Some(it) => k.m.lang.fill(tr::ABOUT, &[&k.m.lang.day_time(it.at, k.now())]),
        None => "—".to_owned(),
    };
    vec![
        (k.t(tr::CENTER_WIND).into(), wind),
        (k.t(tr::CENTER_PRESSURE).into(), pressure),
        (
            k.m.lang.fill(tr::FROM_CITY, &[short_city(k)]),
            format!("{from_city} {:.0} km", center.distance_m(last.center) / 1000.0),
        ),
        (
            k.t(tr::MOVING).into(),
            format!("{} {:.0} km/h", k.m.lang.bearing(f64::from(last.move_towards)), last.move_speed),
        ),
        (k.t(tr::CIRCLE7).into(), arrival(7)),
        (k.t(tr::CIRCLE10).into(), arrival(10)),
    ]
}

pub(super) fn short_city<'a>(k: &Kit<'a>) -> &'a str {
    k.m.city.name.trim_end_matches('市')
}

/// Land, track, circles, the latest forecast of each agency, the city.
pub(super) fn map_ui(k: &Kit<'_>, rect: Rect, typhoon: &Typhoon, u: f32) {
    let px = u * k.s;
    let painter = k.painter().with_clip_rect(rect.intersect(k.ui.clip_rect()));
    painter.rect_filled(rect, 0.0, SEA);
    let city = k.m.city.center;
    let Some(last) = typhoon.track.last() else { return };
    let view = View::around(rect, city, last);
    for degree in (0..180).step_by(5) {
        let (a, b) = (view.at(LonLat(f64::from(degree), 0.0)), view.at(LonLat(100.0, f64::from(degree.min(60)))));
        painter.vline(a.x, rect.y_range(), Stroke::new(1.0, GRATICULE));
        painter.hline(rect.x_range(), b.y, Stroke::new(1.0, GRATICULE));
    }
    for shape in &k.m.locator_land.region {
        shape.paint(&painter, &|at| view.at(at), LAND_OUTSIDE, Stroke::new(0.8 * px, COAST));
    }
    for shape in &k.m.locator_land.districts {
        shape.paint(&painter, &|at| view.at(at), BOUNDARY_CITY, Stroke::NONE);
    }
    for (radii, line, alpha) in
        [(last.radius7, WIND7, 0.05), (last.radius10, WIND10, 0.08), (last.radius12, WIND12, 0.12)]
    {
        circle_ui(&painter, &view, last.center, radii, line, alpha, px);
    }
    forecasts_ui(k, &painter, &view, typhoon, px);
    let track: Vec<Pos2> = typhoon.track.iter().map(|fix| view.at(fix.center)).collect();
    painter.add(Shape::line(track, Stroke::new(2.0 * px, TRACK)));
    for fix in typhoon.track.iter().rev().skip(1).step_by(2) {
        painter.circle_filled(view.at(fix.center), 3.4 * px, typhoon_color(fix.wind));
    }
    eye_ui(&painter, view.at(last.center), typhoon_color(last.wind), px);
    let at = view.at(city);
    painter.circle(at, 3.0 * px, PRIMARY, Stroke::new(1.0 * px, LABEL_HALO));
    label(&painter, at - vec2(6.0, 0.0) * px, Align2::RIGHT_CENTER, short_city(k), 14.0 * px, PRIMARY);
    realm_mark(k, RealmMark::Watermark(rect));
}

/// Simple Mercator, fitted to the city and the eye.
struct View {
    rect: Rect,
    center: LonLat,
    /// Pixels per degree of longitude.
    scale: f64,
}

impl View {
    fn around(rect: Rect, city: LonLat, last: &TyphoonFix) -> Self {
        let center = LonLat((city.0 + last.center.0) * 0.5, (city.1 + last.center.1) * 0.5);
        let reach = f64::from(last.radius10.0.iter().copied().fold(60.0f32, f32::max)) / 111.0;
        let width = ((city.0 - last.center.0).abs() + reach * 2.0).max(4.5);
        let height = ((city.1 - last.center.1).abs() + reach * 2.0).max(4.5);
        let scale = (f64::from(rect.width()) / width).min(f64::from(rect.height()) / height / 1.08) * 0.92;
        Self { rect, center, scale }
    }

    fn at(&self, p: LonLat) -> Pos2 {
        let merc = |lat: f64| {
            (std::f64::consts::FRAC_PI_4 + lat.clamp(-80.0, 80.0).to_radians() * 0.5).tan().ln().to_degrees()
        };
        let dx = (p.0 - self.center.0) * self.scale;
        let dy = (merc(p.1) - merc(self.center.1)) * self.scale;
        self.rect.center() + vec2(dx as f32, -dy as f32)
    }

    fn km(&self, km: f32, lat: f64) -> f32 {
        (f64::from(km) / 111.2 * self.scale / lat.to_radians().cos().max(0.2)) as f32
    }
}

/// Quadrant radii as they are reported: stepped, not smoothed.
fn circle_ui(painter: &Painter, view: &View, center: LonLat, radii: WindRadii, line: Color32, alpha: f32, px: f32) {
    if radii.0.iter().all(|km| *km <= 0.0) {
        return;
    }
    let c = view.at(center);
    let mut outline = Vec::new();
    for (quadrant, km) in radii.0.iter().enumerate() {
        let r = view.km(*km, center.1);
        let arc: Vec<Pos2> = (0..=16)
            .map(|i| (quadrant as f32 + i as f32 / 16.0) * std::f32::consts::FRAC_PI_2)
            .map(|angle| c + vec2(angle.sin(), -angle.cos()) * r)
            .collect();
        let mut wedge = vec![c];
        wedge.extend(&arc);
        painter.add(Shape::convex_polygon(wedge, line.gamma_multiply(alpha), Stroke::NONE));
        outline.extend(arc);
    }
    painter.add(Shape::closed_line(outline, Stroke::new(1.5 * px, line)));
}

/// The latest issue of each agency, dashed; the national one brightest, with times.
fn forecasts_ui(k: &Kit<'_>, painter: &Painter, view: &View, typhoon: &Typhoon, px: f32) {
    let latest: std::collections::BTreeMap<&str, &Forecast> =
        typhoon.forecasts_as_of(k.m.view.chosen.issue).into_iter().map(|it| (&*it.agency, it)).collect();
    let from = typhoon.track.last().map(|fix| view.at(fix.center));
    for forecast in latest.into_values() {
        let national = forecast.is_national();
        let color = if national { TRACK } else { TRACK.gamma_multiply(0.35) };
        let points: Vec<Pos2> = from.into_iter().chain(forecast.points.iter().map(|p| view.at(p.center))).collect();
        painter.extend(Shape::dashed_line(
            &points,
            Stroke::new(if national { 2.0 } else { 1.0 } * px, color),
            6.0 * px,
            5.0 * px,
        ));
        if !national {
            continue;
        }
        let mut free = f32::INFINITY;
        for point in &forecast.points {
            let at = view.at(point.center);
            painter.circle(at, 3.4 * px, PANEL, Stroke::new(1.6 * px, typhoon_color(point.wind)));
            if (free - at.y).abs() > 22.0 * px && view.rect.shrink(20.0 * px).contains(at) {
                let text = k.m.lang.day_hour(point.at);
                label(painter, at + vec2(8.0, 0.0) * px, Align2::LEFT_CENTER, &text, 12.0 * px, SECONDARY);
                free = at.y;
            }
        }
    }
}

fn eye_ui(painter: &Painter, at: Pos2, color: Color32, px: f32) {
    painter.circle(at, 8.0 * px, PANEL, Stroke::new(2.4 * px, color));
    painter.circle_filled(at, 3.0 * px, color);
    for from in [0.3f32, 0.3 + std::f32::consts::PI] {
        let arm = (0..=8).map(|i| from + 0.16 * i as f32).map(|angle| {
            let r = (8.0 + (angle - from) * 4.0) * px;
            at + vec2(angle.cos(), -angle.sin()) * r
        });
        painter.add(Shape::line(arm.collect(), Stroke::new(2.4 * px, color)));
    }
}

/// Text with a dark halo.
fn label(painter: &Painter, at: Pos2, align: Align2, text: &str, size: f32, color: Color32) {
    let font = FontId::proportional(size);
    for d in [vec2(-1.0, 0.0), vec2(1.0, 0.0), vec2(0.0, -1.0), vec2(0.0, 1.0)] {
        painter.text(at + d * (size / 10.0), align, text, font.clone(), LABEL_HALO);
    }
    painter.text(at, align, text, font, color);
}
