//! 无人机视锥: what the camera of each drone that tells where it looks sees of the ground now; and of the selected one the
//! edges of its view, where it is going and where home is.
//!
//! The lens is an assumption ([`AIR_LENS_DEG`]) and the ground is taken to be flat; the legend says so.

use super::{Overlay, Pace};
use crate::panels::Selection;
use crate::stage::{
    detail::Detail,
    geometry::local,
    scene::Scene,
    sketch::{Anchor, At, Pen, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: DroneViewOverlay = DroneViewOverlay;

pub struct DroneViewOverlay;

impl Overlay for DroneViewOverlay {
    fn id(&self) -> &'static str {
        "drone_frustums"
    }
    fn name(&self) -> &'static str {
        "无人机视锥"
    }
    fn chip(&self) -> Option<u8> {
        Some(3)
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        if scene.detail == Detail::Region {
            return;
        }
        let color = scene.palette.mobile;
        let mut n_views = 0;
        for (i, id) in scene.city.drones.keys().enumerate() {
            let Some(fix) = scene.readings.drones.get(i) else { continue };
            let place = LonLat(fix.lon, fix.lat);
            let is_fresh = freshness(Budget::Position, fix.at, scene.now) == Freshness::Fresh;
            if fix.mode == 0 || !is_fresh || !place.is_sane() {
                continue;
            }
            let is_selected = scene.selection == Some(&Selection::Drone(id.clone()));
            let at = local(&scene.frame, place);
            draw_route(scene, sketch, id, is_selected);
            if is_selected {
                draw_way(scene, sketch, id, at);
            }
            let Some(seen) = AirView::of(scene.readings, i).and_then(|it| it.footprint()) else { continue };
            n_views += 1;
            let around = LocalFrame::new(place);
            let ring: Vec<At> = seen.ring.iter().map(|it| local(&scene.frame, around.geo_from_local(*it))).collect();
            let pen = Pen::solid(color, if is_selected { 1.6 } else { 1.0 });
            // Cut at the horizon: its far edge is no edge of what is seen.
            sketch.ring(&ring, if seen.is_cut { Pen { dash: [6.0, 5.0], ..pen } } else { pen });
            if is_selected {
                // Far left is first, far right the last before the two near ones.
                for corner in [Some(0), ring.len().checked_sub(3)].into_iter().flatten().filter_map(|it| ring.get(it)) {
                    sketch.line(&[at, *corner], Pen::solid(color, 1.0));
                }
            }
            sketch.area(&[ring], color, if is_selected { 0.14 } else { 0.07 });
        }
        if n_views > 0 {
            let text =
                format!("无人机视锥（按云台角；镜头取 {:.0}°×{:.0}°，地面作平面）", AIR_LENS_DEG.0, AIR_LENS_DEG.1);
            sketch.legend(Sign::Area, color, text);
        }
    }
}

/// Points of a route that a flight has reached.
fn n_reached(flight: &Flight) -> usize {
    match flight.state {
        FlightState::InProgress { waypoint: Some(it), .. } => usize::from(it) + 1,
        _ => 0,
    }
}

/// The route a drone flies, of every drone that flies one: what is behind it solid, the rest broken, a ring at each point.
fn draw_route(scene: &Scene, sketch: &mut Sketch, drone: &DroneId, is_selected: bool) {
    let Some(flight) = scene.city.flight_of(drone).filter(|it| !it.state.is_end()) else { return };
    let FlightTask::RunRoute { route } = &flight.task else { return };
    let color = scene.palette.mobile;
    let n_behind = n_reached(flight);
    let places: Vec<At> =
        route.points.iter().filter(|it| it.place.is_sane()).map(|it| local(&scene.frame, it.place)).collect();
    for (i, ends) in places.windows(2).enumerate() {
        let [from, to] = [ends[0], ends[1]];
        let is_behind = i + 1 < n_behind;
        // The way ahead of the selected one is drawn from where it is.
        if is_behind {
            sketch.line(&[from, to], Pen::solid(color, 1.6));
        } else if !is_selected {
            sketch.line(&[from, to], Pen::dashed(color, 1.2, [8.0, 5.0]));
        }
    }
    for (i, at) in places.iter().enumerate() {
        let is_behind = i < n_behind;
        let text = (i + 1).to_string();
        let ink = if is_behind { color } else { scene.palette.ink_second };
        sketch.text(Texts { at: *at, text, size: 11.0, color: ink, anchor: Anchor::Above, boxed: false, priority: 33 });
    }
}

/// Where the selected one goes, and where it comes home to.
fn draw_way(scene: &Scene, sketch: &mut Sketch, drone: &DroneId, at: At) {
    let color = scene.palette.mobile;
    let goes = scene.city.flight_of(drone).filter(|it| !it.state.is_end());
    let mut from = at;
    // What is behind it on a route is drawn as flown.
    let n_behind = goes.map_or(0, n_reached);
    for target in goes.map(|it| it.task.targets()).unwrap_or_default().into_iter().skip(n_behind) {
        if !target.place.is_sane() {
            continue;
        }
        let to = local(&scene.frame, target.place);
        sketch.line(&[from, to], Pen::dashed(color, 1.6, [8.0, 5.0]));
        let text = format!("{:.0} m", target.height_m);
        if target.height_m.is_finite() {
            sketch.text(Texts { at: to, text, size: 12.0, color, anchor: Anchor::Right, boxed: false, priority: 34 });
        }
        from = to;
    }
    if let Some(home) = scene.city.home_of(drone).filter(|it| it.is_sane()) {
        sketch.line(&[at, local(&scene.frame, home)], Pen::dashed(scene.palette.ink_second, 1.0, [2.0, 6.0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        camera::StageCamera,
        testing::{Stand, draw_of},
    };

    fn flying(pitch_deg: f32) -> Stand {
        let mut stand = Stand::quiet();
        stand.camera = StageCamera { px_per_m: 0.3, ..StageCamera::default() };
        let fix = Fix {
            lon: stand.city.center.0,
            lat: stand.city.center.1,
            height: 100.0,
            heading: 90.0,
            speed: 10.0,
            battery: 80.0,
            mode: 5,
            at: stand.now,
        };
        stand.readings.drones.put(0, fix);
        stand.readings.telemetry[0].gimbal = Some(Gimbal { pitch_deg, yaw_deg: 0.0, zoom: None });
        stand
    }

    #[test]
    fn the_view_lies_where_the_gimbal_looks() {
        let sketch = draw_of(&OVERLAY, &flying(-45.0));
        assert_eq!((sketch.areas.len(), sketch.lines.len()), (4, 4));
        assert!(sketch.legend[0].text.contains("地面作平面"));
        // Looking north: nothing of it lies south of the drone.
        assert!(sketch.areas.iter().all(|it| it.at[1] > 0), "{:?}", sketch.areas);
        let cut = draw_of(&OVERLAY, &flying(-10.0));
        assert!(cut.lines.iter().all(|it| it.dash_px == [6.0, 5.0]) && cut.areas.len() > 4);
        assert!(draw_of(&OVERLAY, &flying(20.0)).areas.is_empty());
    }

    #[test]
    fn the_selected_one_shows_its_edges_and_its_way_home() {
        let mut stand = flying(-45.0);
        stand.selection = Some(Selection::Drone("drone-1".into()));
        assert_eq!(draw_of(&OVERLAY, &stand).lines.len(), 4 + 2 + 1);
    }

    #[test]
    fn every_drones_route_shows_what_is_behind_it() {
        let mut stand = flying(-45.0);
        let center = stand.city.center;
        let point = |i: i32| RoutePoint { place: LonLat(center.0 + 0.004 * f64::from(i), center.1), height_m: 60.0 };
        let route = FlightRoute { name: "巡查".into(), speed_mps: 10.0, points: (0..4).map(point).collect() };
        let seen = Seen { at: stand.now, place: center, battery_percent: Some(90.0), ..Seen::default() };
        let ask = FlightAsk {
            drone: "drone-1".into(),
            task: FlightTask::RunRoute { route },
            seen,
            reason: "巡查".into(),
            overrides: true,
        };
        let now = stand.now;
        let happen = |stand: &mut Stand, source: Source, command: Command| {
            let events = stand.city.decide_from(&source, &command, now).expect("admitted");
            for event in events {
                let record = Record { seq: stand.city.seq + 1, at: now, source: source.clone(), event };
                let _ = stand.city.apply(&record);
            }
        };
        happen(&mut stand, Source::Seat("值班长 01".into()), Command::OrderFlight { ask });
        let n_broken = |stand: &Stand| {
            let lines = draw_of(&OVERLAY, stand).lines;
            lines.iter().filter(|it| it.dash_px == [8.0, 5.0]).count()
        };
        assert_eq!(n_broken(&stand), 3, "none is behind it");
        let state = FlightState::InProgress { percent: 50, step: "航线飞行".into(), waypoint: Some(1) };
        let report = Command::ReportFlight { flight: FlightId(1), state, note: "".into() };
        happen(&mut stand, Source::Hub, report);
        assert_eq!(n_broken(&stand), 2);
    }

    #[test]
    fn silent_on_the_ground_or_without_a_gimbal_there_is_no_view() {
        let mut stand = flying(-45.0);
        stand.readings.telemetry[0].gimbal = None;
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
        let mut stand = flying(-45.0);
        stand.now = stand.now.plus_mins(2);
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
    }
}
