//! 队伍轨迹: where the selected team came from, as far back as this screen heard of it.

use super::{Overlay, Pace};
use crate::panels::Selection;
use crate::stage::{
    geometry::local,
    scene::Scene,
    sketch::{At, Pen, Sign, Sketch},
};
use gulang_city::*;

pub static OVERLAY: TrailsOverlay = TrailsOverlay;

pub struct TrailsOverlay;

/// Between two fixes this far apart nobody knows the way, m.
const LONGEST_GAP_M: f64 = 3_000.0;

impl Overlay for TrailsOverlay {
    fn id(&self) -> &'static str {
        "trails"
    }
    fn name(&self) -> &'static str {
        "队伍轨迹"
    }
    fn chip(&self) -> Option<u8> {
        Some(2)
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let Some(Selection::Team(id)) = scene.selection else { return };
        let Some(team) = scene.city.teams.get_index_of(id) else { return };
        let fixes = scene.history.team(team).filter(|(_, lon, lat)| LonLat(*lon, *lat).is_sane());
        let trail: Vec<(Timestamp, At)> =
            fixes.map(|(at, lon, lat)| (at, local(&scene.frame, LonLat(lon, lat)))).collect();
        let pen = Pen::solid(scene.palette.team, 2.0);
        for pair in trail.windows(2) {
            let [(_, from), (_, to)] = [pair[0], pair[1]];
            if (to.0 - from.0).hypot(to.1 - from.1) <= LONGEST_GAP_M {
                sketch.line(&[from, to], pen);
            }
        }
        if let Some((first, _)) = trail.first().filter(|_| trail.len() > 1) {
            sketch.legend(Sign::Line, scene.palette.team, format!("队伍轨迹，自 {}", first.hm()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{overlays, testing::Stand};

    #[test]
    fn the_selected_team_alone_leaves_a_trail_without_jumps() {
        let mut stand = Stand::quiet();
        let (id, home) = {
            let team = stand.city.teams.values().next().expect("the tiny pack has a team");
            (team.id.clone(), team.home)
        };
        for (minute, lon) in [(0, 0.0), (1, 0.001), (2, 0.002), (3, 0.9)] {
            let fix = Fix {
                lon: home.0 + lon,
                lat: home.1,
                height: 0.0,
                heading: 90.0,
                speed: 2.0,
                battery: f32::NAN,
                mode: 0,
                at: stand.now.plus_mins(minute - 5),
            };
            assert!(stand.readings.teams.put(0, fix));
            stand.history.take(&stand.city, &stand.readings);
        }
        assert!(overlays::draw(&OVERLAY, &stand.scene()).lines.is_empty());
        stand.selection = Some(Selection::Team(id));
        assert_eq!(overlays::draw(&OVERLAY, &stand.scene()).lines.len(), 2);
    }
}
