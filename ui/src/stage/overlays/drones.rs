//! 无人机作业: where each flying drone was, and what its camera sees of the ground now.
//!
//! A drone that tells height and heading and not where its camera looks is supposed to look straight down with the field of
//! view below, and that is marked 估算; where one tells more, `drone_view` draws it.

use super::{Overlay, Pace};
use crate::panels::Selection;
use crate::stage::{
    detail::Detail,
    geometry::local,
    scene::Scene,
    sketch::{At, Pen, Sign, Sketch},
};
use egui::Color32;
use gulang_city::*;

pub static OVERLAY: DronesOverlay = DronesOverlay;

pub struct DronesOverlay;

/// Field of view across and along the heading, degrees. An assumption, about that of the wide camera of drones that live in
/// docks.
const VIEW_DEG: (f64, f64) = (70.0, 45.0);
/// The selected drone's trail is whole, of others so much is drawn.
const TRAIL_MS: i64 = 10 * 60_000;
/// Between two fixes this far apart nobody knows the way, m.
const LONGEST_GAP_M: f64 = 3_000.0;

impl Overlay for DronesOverlay {
    fn id(&self) -> &'static str {
        "drone_views"
    }
    fn name(&self) -> &'static str {
        "无人机作业"
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
        let mut n_views = 0;
        for (i, id) in scene.city.drones.keys().enumerate() {
            let Some(fix) = scene.readings.drones.get(i) else { continue };
            let freshness = freshness(Budget::Position, fix.at, scene.now);
            let is_flying = fix.mode != 0 && LonLat(fix.lon, fix.lat).is_sane();
            if !is_flying || matches!(freshness, Freshness::Lost { .. } | Freshness::NeverHeard) {
                continue;
            }
            let is_selected = scene.selection == Some(&Selection::Drone(id.clone()));
            let color = if freshness == Freshness::Fresh { scene.palette.mobile } else { scene.palette.stale };
            draw_trail(i, color, is_selected, scene, sketch);
            let at = local(&scene.frame, LonLat(fix.lon, fix.lat));
            // One that tells where its camera looks is drawn so, by `drone_view`.
            let is_told = AirView::of(scene.readings, i).is_some();
            let supposed = footprint(at, fix.height, fix.heading).filter(|_| freshness == Freshness::Fresh && !is_told);
            if let Some(view) = supposed {
                n_views += 1;
                sketch.ring(&view, Pen::dashed(color, if is_selected { 1.6 } else { 1.0 }, [6.0, 5.0]));
                sketch.area(&[view], color, if is_selected { 0.12 } else { 0.06 });
            }
        }
        if n_views > 0 {
            let text = format!("无人机视域（估算：垂直向下，{:.0}°×{:.0}°）", VIEW_DEG.0, VIEW_DEG.1);
            sketch.legend(Sign::Dashed, scene.palette.mobile, text);
        }
    }
}

/// Where it was, the fainter the longer ago.
fn draw_trail(drone: usize, color: Color32, is_selected: bool, scene: &Scene, sketch: &mut Sketch) {
    let reach_ms = if is_selected { i64::MAX } else { TRAIL_MS };
    let trail: Vec<(i64, At)> = scene
        .history
        .drone(drone)
        .filter(|(_, lon, lat)| LonLat(*lon, *lat).is_sane())
        .map(|(at, lon, lat)| (scene.now.since_ms(at).max(0), local(&scene.frame, LonLat(lon, lat))))
        .filter(|(age_ms, _)| *age_ms <= reach_ms)
        .collect();
    let oldest = trail.first().map_or(1, |it| it.0.max(1)) as f32;
    let [r, g, b, _] = color.to_srgba_unmultiplied();
    for pair in trail.windows(2) {
        let [(_, from), (age_ms, to)] = [pair[0], pair[1]];
        if (to.0 - from.0).hypot(to.1 - from.1) > LONGEST_GAP_M {
            continue;
        }
        let alpha = 60.0 + 170.0 * (1.0 - age_ms as f32 / oldest);
        let color = Color32::from_rgba_unmultiplied(r, g, b, alpha as u8);
        sketch.line(&[from, to], Pen::solid(color, if is_selected { 2.0 } else { 1.2 }));
    }
}

/// What a camera that looks straight down sees of the ground, its upper edge towards the heading; `None` without a heading
/// or near the ground.
fn footprint(at: At, height_m: f32, heading_deg: f32) -> Option<Vec<At>> {
    if !(heading_deg.is_finite() && (5.0..=1000.0).contains(&height_m)) {
        return None;
    }
    let half = |degrees: f64| f64::from(height_m) * (degrees / 2.0).to_radians().tan();
    let (across, along) = (half(VIEW_DEG.0), half(VIEW_DEG.1));
    let (sin, cos) = f64::from(heading_deg).to_radians().sin_cos();
    let corner = |right: f64, ahead: f64| (at.0 + right * cos + ahead * sin, at.1 - right * sin + ahead * cos);
    Some(vec![corner(-across, along), corner(across, along), corner(across, -along), corner(-across, -along)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        camera::StageCamera,
        geometry::area,
        testing::{Stand, draw_of},
    };

    fn flown(minutes: i64, mode: u8) -> Stand {
        let mut stand = Stand::quiet();
        stand.camera = StageCamera { px_per_m: 0.3, ..StageCamera::default() };
        for minute in (0..=minutes).rev() {
            let fix = Fix {
                lon: stand.city.center.0 - 0.001 * minute as f64,
                lat: stand.city.center.1,
                height: 100.0,
                heading: 90.0,
                speed: 10.0,
                battery: 80.0,
                mode,
                at: stand.now.plus_mins(-minute),
            };
            stand.readings.drones.put(0, fix);
            stand.history.take(&stand.city, &stand.readings);
        }
        stand
    }

    #[test]
    fn a_flying_drone_has_a_trail_and_a_view_of_the_ground() {
        let sketch = draw_of(&OVERLAY, &flown(5, 5));
        let solid = sketch.lines.iter().filter(|it| it.dash_px == [0.0, 0.0]);
        assert_eq!(solid.count(), 5);
        assert_eq!(sketch.areas.len(), 4);
        assert!(sketch.legend[0].text.contains("估算"));
    }

    #[test]
    fn the_selected_drones_trail_is_whole() {
        let mut stand = flown(30, 5);
        let n_of = |stand: &Stand| draw_of(&OVERLAY, stand).lines.len();
        assert_eq!(n_of(&stand), 10 + 4);
        stand.selection = Some(Selection::Drone("drone-1".into()));
        assert_eq!(n_of(&stand), 30 + 4);
    }

    #[test]
    fn on_its_dock_or_lost_it_has_neither() {
        assert!(draw_of(&OVERLAY, &flown(5, 0)).lines.is_empty());
        let mut stand = flown(5, 5);
        stand.now = stand.now.plus_mins(11);
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
    }

    #[test]
    fn the_footprint_turns_with_the_heading_and_grows_with_height() {
        let view = footprint((0.0, 0.0), 100.0, 90.0).expect("a view");
        // Flying east, the wide side lies north and south.
        assert!((view[0].1 - 70.02).abs() < 0.01 && (view[0].0 - 41.42).abs() < 0.01, "{view:?}");
        let larger = footprint((0.0, 0.0), 200.0, 10.0).expect("a view");
        assert!((area(&larger) / area(&view) - 4.0).abs() < 1e-6);
        assert_eq!(footprint((0.0, 0.0), 100.0, f32::NAN), None);
        assert_eq!(footprint((0.0, 0.0), f32::NAN, 0.0), None);
        assert_eq!(footprint((0.0, 0.0), 1.0, 0.0), None);
    }
}
