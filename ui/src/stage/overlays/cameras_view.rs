//! 视频视域: which way the cameras near the middle of the view look, at street detail, and the selected one from any.
//!
//! Only registers that tell where a camera looks are drawn; the pack's own cameras have no direction. How wide and how far a
//! camera sees is no register's word: the sectors suppose it, and the legend says 示意.

use super::{Overlay, Pace};
use crate::{
    panels::Selection,
    stage::{
        detail::Detail,
        geometry::local,
        scene::Scene,
        sketch::{Pen, Sign, Sketch, sector},
    },
};
use gulang_city::*;

pub static OVERLAY: CamerasViewOverlay = CamerasViewOverlay;

pub struct CamerasViewOverlay;

/// Registers whose things are cameras have names that begin so.
const REGISTERS: &str = "camera";
/// Our assumptions, about those of a fixed street camera: half of what it sees across, and how far faces of vehicles tell.
const HALF_ANGLE_DEG: f64 = 30.0;
const REACH_M: f64 = 60.0;
/// More sectors than these are a thicket: the nearest to the middle of the view are drawn.
const MOST: usize = 120;
const WITHIN_M: f64 = 800.0;

impl Overlay for CamerasViewOverlay {
    fn id(&self) -> &'static str {
        "cameras_view"
    }
    fn name(&self) -> &'static str {
        "视频视域"
    }
    fn chip(&self) -> Option<u8> {
        Some(6)
    }
    fn pace(&self) -> Pace {
        // The camera moves on without any news; once a second is soon enough.
        Pace::Clock
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let palette = scene.palette;
        let mut views = if scene.detail == Detail::Street { views_near(scene) } else { Vec::new() };
        views.truncate(MOST);
        for view in &views {
            let outline = sector(view.at, view.looks_deg, HALF_ANGLE_DEG, REACH_M);
            sketch.area(&[outline], palette.facility, 0.10);
        }
        let selected = selected_view(scene);
        if let Some(view) = &selected {
            let outline = sector(view.at, view.looks_deg, HALF_ANGLE_DEG, REACH_M);
            sketch.ring(&outline, Pen::solid(palette.selection, 1.5));
            sketch.area(&[outline], palette.selection, 0.15);
        }
        if !views.is_empty() || selected.is_some() {
            sketch.legend(Sign::Area, palette.facility, "视频视域（示意：朝向为登记值）");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct View {
    at: (f64, f64),
    looks_deg: f64,
}

/// The cameras that work about the middle of the view, nearest first.
fn views_near(scene: &Scene) -> Vec<View> {
    let center = scene.camera.center;
    // Most of a register is dismissed by its degrees, without a logarithm.
    let middle = scene.frame.geo_from_local(center);
    let (lat, lon) = (WITHIN_M / 110_000.0, WITHIN_M / 110_000.0 / middle.1.to_radians().cos().max(0.1));
    let is_near = |it: LonLat| (it.1 - middle.1).abs() <= lat && (it.0 - middle.0).abs() <= lon;
    let away = |it: &View| (it.at.0 - center.0).hypot(it.at.1 - center.1);
    let mut views: Vec<View> = Vec::new();
    for register in scene.inventories.values().filter(|it| it.id.starts_with(REGISTERS)) {
        let near = (0..register.len()).filter(|it| register.place(*it).is_some_and(is_near));
        views.extend(near.filter_map(|it| view(register, it, scene)).filter(|it| away(it) <= WITHIN_M));
    }
    views.sort_by(|a, b| away(a).total_cmp(&away(b)));
    views
}

fn selected_view(scene: &Scene) -> Option<View> {
    let Some(Selection::Thing { inventory, handle }) = scene.selection else { return None };
    let register = scene.inventories.get(inventory).filter(|it| it.id.starts_with(REGISTERS))?;
    view(register, *handle as usize, scene)
}

/// `None` for one that is off, or tells no direction.
fn view(register: &Inventory, handle: usize, scene: &Scene) -> Option<View> {
    if handle >= register.len() || register.state_of(handle) == ThingState::Offline {
        return None;
    }
    let looks_deg = f64::from(register.heading_of(handle)?);
    Some(View { at: local(&scene.frame, register.place(handle)?), looks_deg })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        camera::StageCamera,
        testing::{Stand, draw_of},
    };

    /// A register of cameras in a row to the east, 50 m apart, all looking east; the second is off, the third tells nothing.
    fn stand(n: usize) -> Stand {
        let mut stand = Stand::quiet();
        stand.camera = StageCamera { px_per_m: 1.0, ..StageCamera::default() };
        let mut state = vec![ThingState::Normal as u8; n];
        let mut heading = vec![heading_of_degrees(90.0); n];
        (state[1], heading[2]) = (ThingState::Offline as u8, NO_HEADING);
        let register = Inventory {
            id: "camera_city".into(),
            name: "城市视频".into(),
            platform: "yunguanfu".into(),
            simulated: true,
            moving: false,
            budget: Budget::Video,
            prefix: "".into(),
            names: Vec::new(),
            as_of: stand.now,
            origin: stand.city.center,
            at: (0..n as i32).map(|i| [i * 494, 0]).collect(),
            heading,
            state,
            value: Vec::new(),
            unit: "".into(),
            seen_from: stand.now,
            seen: Vec::new(),
        };
        stand.inventories.insert("camera_city".into(), register);
        stand
    }

    #[test]
    fn near_by_every_working_camera_has_its_sector() {
        let stand = stand(6);
        let near = views_near(&stand.scene());
        assert_eq!(near.len(), 4);
        assert!(near.iter().all(|it| it.looks_deg == 90.0) && near[0].at.0.abs() < 1.0);
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(!sketch.areas.is_empty() && sketch.lines.is_empty());
        assert!(sketch.areas.iter().all(|it| it.at[0] >= -64));
    }

    #[test]
    fn far_ones_and_a_thicket_are_left_out() {
        let stand = stand(1000);
        let near = views_near(&stand.scene());
        assert!(near.len() < 20 && near.iter().all(|it| it.at.0 <= WITHIN_M), "{}", near.len());
    }

    #[test]
    fn from_afar_only_the_selected_one_is_drawn() {
        let mut stand = stand(6);
        stand.camera.px_per_m = 0.05;
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
        let select = |handle| Some(Selection::Thing { inventory: "camera_city".into(), handle });
        stand.selection = select(4);
        assert!(!draw_of(&OVERLAY, &stand).lines.is_empty());
        for off in [1, 2, 99] {
            stand.selection = select(off);
            assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
        }
    }
}
