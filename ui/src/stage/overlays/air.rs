//! 空中救援圈: how far each helicopter that waits on a pad gets in the promised time, and the land none of them reaches.
//!
//! The city counts ([`gulang_city::City::air_reach`]); here is only drawn. A city without helicopters has no circle.

use super::{Overlay, Pace, hash_of};
use crate::stage::{
    geometry::{local, true_circle},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::{AirShare, AirStation, UnitKind};

pub static OVERLAY: AirOverlay = AirOverlay;

pub struct AirOverlay;

/// Between samples of the land, m.
const CELL_M: f64 = 500.0;
const UNREACHED_ALPHA: f32 = 0.4;

impl Overlay for AirOverlay {
    fn id(&self) -> &'static str {
        "air"
    }
    fn name(&self) -> &'static str {
        "空中救援圈"
    }
    fn starts_on(&self) -> bool {
        false
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }
    fn basis(&self, scene: &Scene) -> Option<u64> {
        let stations = scene.city.air_stations(scene.readings, scene.now).into_iter().map(|it| {
            let place = [it.at.0, it.at.1].map(|degrees| (degrees * 1000.0).round() as i64);
            (it.team.to_string(), place, it.bar.map(|bar| bar.text()))
        });
        Some(hash_of((stations.collect::<Vec<_>>(), scene.land.is_some())))
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let Some(land) = scene.land else { return };
        if scene.city.of_kind(UnitKind::Helicopter).next().is_none() {
            return;
        }
        let palette = scene.palette;
        let reach = scene.city.air_reach(land, scene.readings, CELL_M, scene.now);
        for cell in reach.cells.iter().filter(|it| !it.is_within) {
            let (east, north) = local(&scene.frame, cell.at);
            let half = reach.cell_m / 2.0;
            sketch.cell([east - half, north - half, east + half, north + half], palette.stale, UNREACHED_ALPHA);
        }
        for station in &reach.stations {
            draw_station(station, scene, sketch);
        }
        for (name, share) in [("岛内", reach.island), ("岛外", reach.mainland)] {
            if let Some(text) = share_text(name, share) {
                sketch.legend(Sign::Dashed, palette.mobile, text);
            }
        }
        if reach.cells.iter().any(|it| !it.is_within) {
            sketch.legend(Sign::Area, palette.stale.gamma_multiply(UNREACHED_ALPHA), "时限内到不了");
        }
        sketch.legend(Sign::Dot, palette.ink_second, &*reach.basis);
    }
}

fn draw_station(station: &AirStation, scene: &Scene, sketch: &mut Sketch) {
    let (rules, palette) = (&scene.city.force_rules, scene.palette);
    let pad = scene.city.helipads.get(&station.pad).map_or("", |it| &*it.name);
    let color = if station.bar.is_none() { palette.mobile } else { palette.stale };
    let at = local(&scene.frame, station.at);
    sketch.mark(at, Look { shape: shape::CIRCLE, size: 14, color, flags: 0, glyph: "直" });
    let text = match station.bar {
        None => format!("{}・{pad}", station.name),
        Some(bar) => format!("{}・{pad}・不能起飞：{}", station.name, bar.text()),
    };
    sketch.text(Texts { at, text, size: 12.0, color, anchor: Anchor::Above, boxed: true, priority: 27 });
    if station.bar.is_some() {
        return;
    }
    for (name, minutes) in [("岛内", rules.air.island_mins), ("岛外", rules.air.mainland_mins)] {
        let ring = true_circle(&scene.frame, station.at, rules.moves.helicopter.reach_m(minutes));
        let (north, text) = (ring[0], format!("{name} {minutes:.0} 分"));
        sketch.ring(&ring, Pen::dashed(palette.mobile, 1.4, [6.0, 5.0]));
        let color = palette.mobile;
        sketch.text(Texts { at: north, text, size: 12.0, color, anchor: Anchor::Above, boxed: true, priority: 26 });
    }
}

/// Such as `岛内 30 分：覆盖 100%，最慢 18 分`; none where there is no such land.
fn share_text(name: &str, share: AirShare) -> Option<String> {
    let percent = (share.covered()? * 100.0).floor();
    let worst = match share.worst_s.is_finite() {
        true => format!("最慢 {:.0} 分", (share.worst_s / 60.0).ceil()),
        false => "有处到不了".to_owned(),
    };
    Some(format!("{name} {:.0} 分：覆盖 {percent:.0}%，{worst}", share.promise_mins))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};
    use gulang_city::{Base, Land, OrderId, Team, TeamId};

    /// A square of land about the city, and one helicopter on its pad.
    fn stand() -> Stand {
        let mut stand = Stand::quiet();
        let (id, pad) = (stand.city.districts[0].id.clone(), stand.city.helipads[0].clone());
        let text = format!(
            r#"{{"features":[{{"properties":{{"id":"{id}"}},"geometry":{{"type":"Polygon","coordinates":
            [[[118.0,24.4],[118.2,24.4],[118.2,24.6],[118.0,24.6],[118.0,24.4]]]}}}}]}}"#
        );
        stand.land = Some(Land::from_geojson(&text).expect("sound"));
        let mut helicopter: Team = stand.city.teams[0].clone();
        helicopter.id = "he-1".into();
        helicopter.kind = UnitKind::Helicopter;
        (helicopter.home, helicopter.base) = (pad.at, Some(Base::Helipad(pad.id)));
        stand.city.teams.insert("he-1".into(), helicopter);
        stand.readings.teams.resize(stand.city.teams.len());
        stand
    }

    #[test]
    fn a_helicopter_on_its_pad_draws_two_circles_and_covers_the_land() {
        let sketch = draw_of(&OVERLAY, &stand());
        assert!(words(&sketch).contains(&"岛内 30 分") && words(&sketch).contains(&"岛外 60 分"));
        assert!(sketch.areas.is_empty() && sketch.legend.iter().any(|it| it.text.contains("覆盖 100%")));
    }

    #[test]
    fn when_it_is_out_or_the_wind_is_too_strong_the_land_is_not_covered() {
        let mut out = stand();
        let before = OVERLAY.basis(&out.scene());
        out.city.assignments.insert(TeamId::from("he-1"), (None::<OrderId>, "搜救".into()));
        let sketch = draw_of(&OVERLAY, &out);
        assert!(!sketch.areas.is_empty() && sketch.lines.is_empty());
        assert_ne!(before, OVERLAY.basis(&out.scene()), "it is drawn anew");
        let mut windy = stand();
        windy.gauge("wind-1", 30.0, 0);
        let sketch = draw_of(&OVERLAY, &windy);
        assert!(!sketch.areas.is_empty());
        assert!(words(&sketch).iter().any(|it| it.contains("不能起飞")), "{:?}", words(&sketch));
    }
}
