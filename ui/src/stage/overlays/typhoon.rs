//! 台风: the track as observed, every agency's latest forecast dashed, the wind circles by quadrant as they are reported, how
//! far the forecasts lie apart, and when the 10-grade circle reaches the city.
//!
//! The spread says where the agencies' forecasts of the last day lie, of all agencies and issue times. It is no probability:
//! nobody gave one, and the legend says so. The circles are carried along the forecast unchanged, for the feeds forecast
//! none; what follows from that is marked 推演.

use super::{Overlay, Pace, hash_of};
use crate::stage::{
    detail::Detail,
    fields::Grid,
    geometry::{Polygon, between, day_text, hull, local, nearest_turn, path, stepped_circle, time_text, union},
    gpu::map::{flag, shape},
    scene::Scene,
    sketch::{Anchor, At, Look, Pen, Sign, Sketch, Texts},
};
use egui::Color32;
use gulang_city::*;

pub static OVERLAY: TyphoonOverlay = TyphoonOverlay;

pub struct TyphoonOverlay;

const HOUR_MS: i64 = 3_600_000;
/// The spread takes in what was issued in so long before the newest issue.
const SPREAD_ISSUES_MS: i64 = 24 * HOUR_MS;
/// No agency forecasts further.
const FARTHEST_AHEAD_H: i64 = 120;
/// Arrival lines are drawn so far from the city's centre, m.
const ARRIVALS_WITHIN_M: f64 = 40_000.0;
/// More arrival lines than these would be a hatching; then every second, third, sixth hour is drawn.
const MOST_ARRIVAL_LINES: i64 = 6;

impl Overlay for TyphoonOverlay {
    fn id(&self) -> &'static str {
        "typhoon"
    }
    fn name(&self) -> &'static str {
        "台风"
    }
    fn chip(&self) -> Option<u8> {
        Some(8)
    }
    fn pace(&self) -> Pace {
        Pace::Records
    }
    fn basis(&self, scene: &Scene) -> Option<u64> {
        let active = scene.city.typhoons.values().filter(|it| it.active);
        let known = active
            .map(|it| (&it.id, observed(it, scene.now).last().map(|fix| fix.at), it.track.len(), it.forecasts.len()));
        // Times of another day say so.
        let is_wide = scene.detail == Detail::Region;
        Some(hash_of((known.collect::<Vec<_>>(), scene.now.start_of_day(), is_wide, scene.chosen.issue)))
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let n_texts = sketch.texts.len();
        for typhoon in scene.city.typhoons.values().filter(|it| it.active) {
            draw_typhoon(typhoon, scene, sketch);
        }
        if sketch.texts.len() > n_texts {
            legend(scene, sketch);
        }
    }
}

fn draw_typhoon(typhoon: &Typhoon, scene: &Scene, sketch: &mut Sketch) {
    let (frame, palette) = (&scene.frame, scene.palette);
    let track = observed(typhoon, scene.now);
    let Some(&last) = track.last() else { return };
    let forecasts: Vec<Vec<Step>> =
        typhoon.forecasts_as_of(scene.chosen.issue).into_iter().map(|it| steps_ahead(last, it)).collect();

    // What is broad first, so that the tracks lie over it.
    // Over the city alone it would only be a veil.
    let is_wide = scene.detail == Detail::Region;
    for polygon in spread(typhoon, last, frame, scene.chosen.issue).into_iter().filter(|_| is_wide) {
        let [r, g, b, _] = palette.cone.to_srgba_unmultiplied();
        let edge = Color32::from_rgba_unmultiplied(r, g, b, 89);
        sketch.area(&polygon, palette.cone, 0.07);
        polygon.iter().for_each(|ring| sketch.ring(ring, Pen::dashed(edge, 1.0, [4.0, 4.0])));
    }
    let circles = [
        (last.radius7, palette.wind7, 0.05),
        (last.radius10, palette.wind10, 0.08),
        (last.radius12, palette.wind12, 0.12),
    ];
    for (radii, color, alpha) in circles {
        let Some(outline) = stepped_circle(frame, last.center, radii) else { continue };
        sketch.ring(&outline, Pen::solid(color, 1.4));
        sketch.area(&[outline], color, alpha);
    }

    for (forecast, steps) in typhoon.forecasts_as_of(scene.chosen.issue).into_iter().zip(&forecasts) {
        draw_forecast(forecast, steps, scene, sketch);
    }
    sketch.line(&path(frame, track.iter().map(|it| it.center)), Pen::solid(palette.track, 2.0));
    // A long track seen whole needs no mark at every fix.
    let every = track.len().div_ceil(300);
    for fix in track.iter().rev().step_by(every) {
        sketch.mark(local(frame, fix.center), dot(palette.typhoon(fix.wind), shape::DOT, 9));
    }
    if scene.detail > Detail::Region {
        draw_arrivals(typhoon, last, scene, sketch);
    }
    let eye = local(frame, last.center);
    sketch.mark(eye, Look { flags: flag::DOUBLE_RING, ..dot(palette.typhoon(last.wind), shape::CIRCLE, 18) });
    let wind = if last.wind > 0.0 && last.wind < 200.0 { format!(" {:.0} m/s", last.wind) } else { String::new() };
    let text = format!("{} {}{wind}", typhoon.name, grade_name(last.wind));
    sketch.text(Texts {
        at: eye,
        text,
        size: 14.0,
        color: palette.ink,
        anchor: Anchor::Above,
        boxed: false,
        priority: 45,
    });
}

fn draw_forecast(forecast: &Forecast, steps: &[Step], scene: &Scene, sketch: &mut Sketch) {
    let palette = scene.palette;
    let is_national = forecast.is_national();
    let places = path(&scene.frame, steps.iter().map(|it| it.center));
    let width = if is_national { 2.0 } else { 1.0 };
    sketch.line(&places, Pen::dashed(palette.track, width, [6.0, 5.0]));
    for (step, &at) in steps.iter().zip(&places).skip(1) {
        sketch.mark(at, dot(palette.typhoon(step.wind), shape::CIRCLE, if is_national { 9 } else { 7 }));
        if is_national {
            sketch.text(Texts {
                at,
                text: day_text(step.at),
                size: 12.0,
                color: palette.ink_second,
                anchor: Anchor::Right,
                boxed: false,
                priority: 20,
            });
        }
    }
    if let (Some(&at), true) = (places.last(), places.len() > 1) {
        sketch.text(Texts {
            at,
            text: forecast.agency.to_string(),
            size: 12.0,
            color: palette.ink_second,
            anchor: Anchor::Below,
            boxed: false,
            priority: 22,
        });
    }
}

/// Lines of equal arrival of the 10-grade circle by the national forecast, else by the first agency's that has one.
fn draw_arrivals(typhoon: &Typhoon, last: &TyphoonFix, scene: &Scene, sketch: &mut Sketch) {
    let forecasts = typhoon.forecasts_as_of(scene.chosen.issue);
    let national = forecasts.iter().find(|it| it.is_national());
    let Some(forecast) = national.or(forecasts.first()) else { return };
    let Some(hours) = arrival_hours(last, &steps_ahead(last, forecast), &scene.frame) else { return };
    let color = scene.palette.wind10;
    for (at, lines) in arrival_lines(&hours, last.at) {
        for line in &lines {
            sketch.line(line, Pen::dashed(color, 1.4, [8.0, 5.0]));
        }
        let places = lines.iter().flatten();
        let nearest = places.min_by(|a, b| a.0.hypot(a.1).total_cmp(&b.0.hypot(b.1)));
        if let Some(&place) = nearest {
            let text = format!("十级风 {}", time_text(at, scene.now));
            let anchor = Anchor::Center;
            sketch.text(Texts { at: place, text, size: 13.0, color, anchor, boxed: true, priority: 44 });
        }
    }
}

fn legend(scene: &Scene, sketch: &mut Sketch) {
    let p = scene.palette;
    sketch.legend(Sign::Line, p.track, "实况路径，点色为强度");
    let issue =
        scene.chosen.issue.map_or(String::new(), |it| format!("（截至 {} 的发布时次）", time_text(it, scene.now)));
    sketch.legend(Sign::Dashed, p.track, format!("各机构预报路径{issue}"));
    for (color, name) in [(p.wind7, "七级风圈"), (p.wind10, "十级风圈"), (p.wind12, "十二级风圈")] {
        sketch.legend(Sign::Line, color, name);
    }
    sketch.legend(Sign::Area, p.cone, "各机构各时次预报散布（近 24 小时），不表示概率");
    sketch.legend(Sign::Dashed, p.wind10, "十级风圈到达（推演）");
}

// ---------------------------------------------------------------- what is known, and what follows from it

/// A place on a forecast path.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    at: Timestamp,
    center: LonLat,
    wind: f32,
}

/// The fixes known at `now` that lie on Earth and in time.
fn observed(typhoon: &Typhoon, now: Timestamp) -> Vec<&TyphoonFix> {
    typhoon.track.iter().filter(|it| it.at.0 > 0 && it.at <= now && it.center.is_sane()).collect()
}

/// What a forecast says after the latest fix, beginning at that fix.
fn steps_ahead(last: &TyphoonFix, forecast: &Forecast) -> Vec<Step> {
    let mut steps = vec![Step { at: last.at, center: last.center, wind: last.wind }];
    let until = last.at + 2 * FARTHEST_AHEAD_H * HOUR_MS;
    for point in forecast.points.iter().filter(|it| it.at <= until) {
        if point.center.is_sane() && point.at > steps[steps.len() - 1].at {
            steps.push(Step { at: point.at, center: point.center, wind: point.wind });
        }
    }
    steps
}

/// Where a path is at a time, `None` beyond its end.
fn place_at(steps: &[Step], at: Timestamp) -> Option<LonLat> {
    let after = steps.partition_point(|it| it.at <= at);
    let a = steps[..after].last()?;
    let Some(b) = steps.get(after) else { return (a.at == at).then_some(a.center) };
    Some(between(a.center, b.center, at.since_ms(a.at) as f64 / b.at.since_ms(a.at).max(1) as f64))
}

/// Where the forecasts of the last day have the centre: hour by hour (after a day every third) the hull of all that speak of
/// that hour and the next.
fn spread(typhoon: &Typhoon, last: &TyphoonFix, frame: &LocalFrame, issue: Option<Timestamp>) -> Vec<Polygon> {
    let is_out = |it: &&Forecast| issue.is_none_or(|until| it.issued_at <= until);
    let Some(newest) = typhoon.forecasts.iter().filter(is_out).map(|it| it.issued_at).max() else {
        return Vec::new();
    };
    let recent = typhoon
        .forecasts
        .iter()
        .rev()
        .filter(is_out)
        .filter(|it| it.issued_at.0 >= newest.0.saturating_sub(SPREAD_ISSUES_MS));
    // Five agencies every three hours for a day; a feed that repeats itself must not cost more.
    let paths: Vec<Vec<Step>> = recent.take(64).map(|it| steps_ahead(last, it)).filter(|it| it.len() > 1).collect();
    if paths.len() < 2 {
        return Vec::new();
    }
    let places_at = |hour: i64| -> Vec<At> {
        let places = paths.iter().filter_map(|it| place_at(it, last.at + hour * HOUR_MS));
        places.map(|it| frame.local_from_geo(LonLat(nearest_turn(it.0, frame.center().0), it.1))).collect()
    };
    let mut before = places_at(0);
    let mut hulls = Vec::new();
    // Later the forecasts' own points lie half a day apart.
    for hour in (1..=24).chain((27..=FARTHEST_AHEAD_H).step_by(3)) {
        let places = places_at(hour);
        if places.len() < 2 {
            break;
        }
        hulls.push(hull(&[before, places.clone()].concat()));
        before = places;
    }
    union(&hulls)
}

/// Hours from the latest fix until the 10-grade circle covers each place about the city; infinite where it never does.
/// `None` if no such circle is reported or it reaches nothing.
fn arrival_hours(last: &TyphoonFix, steps: &[Step], frame: &LocalFrame) -> Option<Grid> {
    const MOST_VALUES: usize = 41;
    // As the city's own arrival times; the minute is found by halving.
    const STEP_MS: i64 = 30 * 60_000;
    let radii = last.radius10;
    let reach_m = radii.0.iter().filter(|it| it.is_finite()).fold(0.0f32, |max, it| max.max(*it));
    // No circle is a thousand kilometres wide; a feed that says so is not believed.
    if !(reach_m > 0.0 && reach_m < 1000.0) || steps.len() < 2 {
        return None;
    }
    let reach_m = f64::from(reach_m) * 1000.0;
    let least_m = f64::from(radii.0.iter().fold(f32::INFINITY, |min, it| min.min(*it))) * 1000.0;
    let corner_m = ARRIVALS_WITHIN_M * std::f64::consts::SQRT_2;
    let until = steps[steps.len() - 1].at.0.min(last.at.0 + FARTHEST_AHEAD_H * HOUR_MS);
    let mut centers: Vec<(f64, LonLat)> = (last.at.0..=until)
        .step_by(STEP_MS as usize)
        .filter_map(|ms| Some(((ms - last.at.0) as f64 / HOUR_MS as f64, place_at(steps, Timestamp(ms))?)))
        .filter(|(_, center)| center.distance_m(frame.center()) < reach_m + 2.0 * corner_m)
        .collect();
    // Once it covers every corner nothing arrives any more.
    if let Some(all) =
        centers.iter().position(|(_, center)| center.distance_m(frame.center()) + 1.1 * corner_m < least_m)
    {
        centers.truncate(all + 1);
    }
    if centers.is_empty() {
        return None;
    }
    let r = ARRIVALS_WITHIN_M;
    let grid = Grid::over([-r, -r, r, r], MOST_VALUES, |at| {
        let place = frame.geo_from_local(at);
        let first = centers.iter().position(|(_, center)| radii.covers(*center, place));
        let Some(first) = first else { return f64::INFINITY };
        let hours = centers[first].0;
        if first == 0 {
            hours
        } else {
            midway(centers[first - 1], centers[first], |center| radii.covers(center, place))
        }
    })?;
    grid.values.iter().any(|it| it.is_finite()).then_some(grid)
}

/// When between two steps something begins to hold, to the minute.
fn midway(mut from: (f64, LonLat), mut until: (f64, LonLat), holds: impl Fn(LonLat) -> bool) -> f64 {
    while until.0 - from.0 > 1.0 / 60.0 {
        let middle = ((from.0 + until.0) / 2.0, between(from.1, until.1, 0.5));
        if holds(middle.1) { until = middle } else { from = middle }
    }
    until.0
}

/// A line for each whole hour of the clock in which the circle crosses the city's surroundings.
fn arrival_lines(hours: &Grid, from: Timestamp) -> Vec<(Timestamp, Vec<Vec<At>>)> {
    let known = || hours.values.iter().copied().filter(|it| it.is_finite());
    let first = known().fold(f64::INFINITY, f64::min);
    let last = known().fold(0.0, f64::max);
    let clock_h = from.0 as f64 / HOUR_MS as f64;
    let (first, last) = ((clock_h + first).ceil() as i64, (clock_h + last).floor() as i64);
    let every = [1, 2, 3, 6, 12].into_iter().find(|it| (last - first) / it < MOST_ARRIVAL_LINES).unwrap_or(24);
    // Whole hours of Beijing, so that every sixth is 02, 08, 14, 20 as the issues are.
    let is_drawn = |hour: &i64| (hour + 8 - 2).rem_euclid(every) == 0;
    let lines =
        (first..=last).filter(is_drawn).map(|hour| (Timestamp(hour * HOUR_MS), hours.lines(hour as f64 - clock_h)));
    lines.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// GB/T 19201-2006, by the greatest mean wind near the centre, m/s.
fn grade_name(wind: f32) -> &'static str {
    match wind {
        w if w >= 51.0 => "超强台风",
        w if w >= 41.5 => "强台风",
        w if w >= 32.7 => "台风",
        w if w >= 24.5 => "强热带风暴",
        w if w >= 17.2 => "热带风暴",
        _ => "热带低压",
    }
}

fn dot(color: Color32, shape: u8, size: u8) -> Look {
    Look { shape, size, color, flags: 0, glyph: "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        geometry::{area, is_inside},
        testing::{Stand, draw_of, n_lines, words},
    };

    fn frame() -> LocalFrame {
        LocalFrame::new(Stand::quiet().city.center)
    }

    #[test]
    fn every_agency_has_its_line_and_its_name_and_the_national_one_is_bold() {
        let mut stand = Stand::quiet();
        stand.typhoon();
        let sketch = draw_of(&OVERLAY, &stand);
        let track = stand.theme.palette().track;
        assert_eq!(n_lines(&sketch, Pen::solid(track, 2.0)), 2);
        assert_eq!(n_lines(&sketch, Pen::dashed(track, 2.0, [6.0, 5.0])), 6);
        assert_eq!(n_lines(&sketch, Pen::dashed(track, 1.0, [6.0, 5.0])), 12);
        let words = words(&sketch);
        for wanted in ["中国", "日本", "美国", "19日 22时", "20日 16时", "银鹭 强台风 45 m/s"] {
            assert!(words.contains(&wanted), "{wanted} is not among {words:?}");
        }
        assert!(sketch.legend.iter().any(|it| it.text.contains("各机构各时次预报散布")));
    }

    #[test]
    fn without_an_active_typhoon_nothing_is_drawn() {
        let mut stand = Stand::quiet();
        stand.typhoon().active = false;
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(sketch.lines.is_empty() && sketch.areas.is_empty() && sketch.legend.is_empty());
    }

    #[test]
    fn what_is_not_yet_observed_is_not_drawn() {
        let mut stand = Stand::quiet();
        let far = TyphoonFix { at: Timestamp(i64::MAX), ..stand.typhoon().track[0].clone() };
        let before = draw_of(&OVERLAY, &stand).marks.len();
        stand.typhoon().track.push(far);
        assert_eq!(draw_of(&OVERLAY, &stand).marks.len(), before);
    }

    #[test]
    fn the_spread_holds_every_forecast_and_opens_from_the_eye() {
        let mut stand = Stand::quiet();
        let typhoon = stand.typhoon().clone();
        let last = typhoon.track.last().expect("a fix");
        let spread = spread(&typhoon, last, &frame(), None);
        let covers = |it: LonLat| {
            let at = local(&frame(), it);
            // A little towards the middle: the outermost lie on the edge itself.
            spread
                .iter()
                .any(|polygon| is_inside((at.0 + 1.0, at.1), polygon) || is_inside((at.0 - 1.0, at.1), polygon))
        };
        for forecast in typhoon.latest_forecasts() {
            assert!(forecast.points.iter().all(|it| covers(it.center)), "{}", forecast.agency);
        }
        assert_eq!(spread.len(), 1);
        assert!(area(&spread[0][0]) > 1e9);
    }

    #[test]
    fn an_older_issue_is_drawn_as_it_was_and_the_legend_says_so() {
        let mut stand = Stand::quiet();
        let older = stand.typhoon().forecasts.iter().map(|it| it.issued_at).min();
        stand.chosen.issue = older;
        let sketch = draw_of(&OVERLAY, &stand);
        let words = words(&sketch);
        assert!(words.contains(&"中国") && !words.contains(&"日本"), "{words:?}");
        assert!(sketch.legend.iter().any(|it| it.text.contains("发布时次")));
    }

    #[test]
    fn one_agency_alone_has_no_spread() {
        let mut stand = Stand::quiet();
        let mut typhoon = stand.typhoon().clone();
        typhoon.forecasts.truncate(1);
        assert!(spread(&typhoon, &typhoon.track[2], &frame(), None).is_empty());
    }

    #[test]
    fn the_line_of_an_hour_lies_where_the_city_says_the_circle_arrives_then() {
        let mut stand = Stand::quiet();
        let typhoon = stand.typhoon().clone();
        let (last, forecasts) = (typhoon.track.last().expect("a fix"), typhoon.latest_forecasts());
        let forecast = forecasts.iter().find(|it| it.is_national()).expect("the national forecast");
        let hours = arrival_hours(last, &steps_ahead(last, forecast), &frame()).expect("it comes over the city");
        let lines = arrival_lines(&hours, last.at);
        assert!((2..=MOST_ARRIVAL_LINES as usize).contains(&lines.len()), "{}", lines.len());
        for (at, lines) in &lines {
            for place in lines.iter().flatten().step_by(5) {
                let arrivals = stand.city.circle_arrivals(10, frame().geo_from_local(*place), stand.now);
                let national = arrivals.iter().find(|it| &*it.agency == "中国").expect("an arrival");
                // A grid of 2 km, a typhoon of 5 km in a quarter of an hour; at the steps between quadrants it jumps.
                assert!((national.at.since_ms(*at)).abs() <= 20 * 60_000, "{} is not {}", national.at.hm(), at.hm());
            }
        }
        assert!(words(&draw_of(&OVERLAY, &stand)).iter().any(|it| it.starts_with("十级风 ")));
    }

    #[test]
    fn across_the_date_line_the_forecast_stays_whole() {
        let mut stand = Stand::quiet();
        let typhoon = stand.typhoon();
        for (fix, lon) in typhoon.track.iter_mut().zip([-178.0, -179.0, 179.9]) {
            fix.center = LonLat(lon, 20.0);
        }
        for point in typhoon.forecasts.iter_mut().flat_map(|it| &mut it.points) {
            point.center = LonLat(179.0, 21.0);
        }
        let sketch = draw_of(&OVERLAY, &stand);
        let length = |it: &crate::stage::gpu::map::ColorLine| f64::from((it.b[0] - it.a[0]).abs()) / 64.0;
        assert!(sketch.lines.iter().all(|it| length(it) < 5e5));
        assert!(!sketch.lines.is_empty());
    }
}
