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

/// Where the selected one goes, and where it comes home to.
fn draw_way(scene: &Scene, sketch: &mut Sketch, drone: &DroneId, at: At) {
    let color = scene.palette.mobile;
    let goes = scene.city.flight_of(drone).filter(|it| !it.state.is_end());
    let mut from = at;
    for target in goes.map(|it| it.task.targets()).unwrap_or_default() {
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
    fn silent_on_the_ground_or_without_a_gimbal_there_is_no_view() {
        let mut stand = flying(-45.0);
        stand.readings.telemetry[0].gimbal = None;
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
        let mut stand = flying(-45.0);
        stand.now = stand.now.plus_mins(2);
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
    }
}
