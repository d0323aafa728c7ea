//! 案件热力: how densely open cases lie, in bands. Off at first.

use super::{Overlay, Pace, hash_of};
use crate::stage::{
    fields::{band_alpha, density, shade},
    geometry::local,
    scene::Scene,
    sketch::{Sign, Sketch},
};

pub static OVERLAY: HeatOverlay = HeatOverlay;

pub struct HeatOverlay;

/// How far a case is smeared, m: about a neighbourhood.
const WIDTH_M: f64 = 600.0;
const MOST_VALUES: usize = 160;
/// A case entered with a wrong place must not stretch the grid over the sea.
const WITHIN_M: f64 = 60_000.0;

impl Overlay for HeatOverlay {
    fn id(&self) -> &'static str {
        "heat"
    }
    fn name(&self) -> &'static str {
        "案件热力"
    }
    fn chip(&self) -> Option<u8> {
        Some(1)
    }
    fn starts_on(&self) -> bool {
        false
    }
    fn pace(&self) -> Pace {
        Pace::Records
    }
    fn basis(&self, scene: &Scene) -> Option<u64> {
        Some(hash_of((scene.city.n_cases_by_stage, scene.city.cases.len())))
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let open = scene.city.cases.values().filter(|it| it.is_open() && it.report.at.is_sane());
        let places: Vec<_> = open.map(|it| local(&scene.frame, it.report.at)).collect();
        let near: Vec<_> = places.into_iter().filter(|it| it.0.hypot(it.1) < WITHIN_M).collect();
        let Some(grid) = density(&near, WIDTH_M, MOST_VALUES) else { return };
        let from = steps_below(grid.values.iter().copied().fold(0.0, f64::max));
        let bands = grid.bands(&from);
        shade(sketch, scene, &bands, &from);
        sketch.legend(Sign::Area, scene.palette.field, format!("未结案件密度，{} 件", near.len()));
        for value in &from {
            let color = scene.palette.field.gamma_multiply(band_alpha(&from, *value));
            sketch.legend(Sign::Area, color, format!("≥ {value} 件/km²"));
        }
    }
}

/// Four of the steps 1, 2, 5, 10 … that lie below the highest density.
fn steps_below(peak: f64) -> Vec<f64> {
    let decades = (-2..=6).flat_map(|exponent| [1.0, 2.0, 5.0].map(|it| it * 10f64.powi(exponent)));
    let below: Vec<f64> = decades.filter(|it| *it < peak).map(|it| (it * 100.0).round() / 100.0).collect();
    below[below.len().saturating_sub(4)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of};
    use gulang_city::*;

    fn stand(n: u64) -> Stand {
        let mut stand = Stand::quiet();
        for i in 0..n {
            let (center, agency) = (stand.city.center, stand.city.agencies[0].id.clone());
            let report = CaseReport {
                external: format!("{i}").into(),
                platform: "yunguanfu".into(),
                kind: CaseKind::Event,
                title: "占道".into(),
                address: "".into(),
                at: LonLat(center.0 + 0.0001 * i as f64, center.1),
                district: stand.city.districts[0].id.clone(),
                agency,
                color: WarningColor::Blue,
                reported_at: stand.now,
                due_at: stand.now,
            };
            let case = Case {
                id: CaseId(i),
                report,
                stage: CaseStage::Filed,
                stage_at: stand.now,
                n_supervised: 0,
                n_pressed: 0,
                history: CaseHistory::default(),
            };
            stand.city.cases.insert(CaseId(i), case);
        }
        stand
    }

    #[test]
    fn open_cases_are_shaded_in_bands_and_closed_ones_are_not() {
        let mut stand = stand(40);
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(!sketch.areas.is_empty());
        assert_eq!(sketch.legend.len(), 5);
        stand.city.cases.values_mut().for_each(|it| it.stage = CaseStage::Closed);
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
    }

    #[test]
    fn a_case_on_the_far_side_of_the_earth_does_not_stretch_the_grid() {
        let mut stand = stand(5);
        let near = draw_of(&OVERLAY, &stand);
        stand.city.cases[0].report.at = LonLat(-60.0, -30.0);
        stand.city.cases[1].report.at = LonLat(f64::NAN, 0.0);
        let far = draw_of(&OVERLAY, &stand);
        assert!(far.areas.iter().all(|it| it.at[0].abs() < 64 * 60_000) && !near.areas.is_empty());
    }

    #[test]
    fn steps_are_round_and_lie_below_the_peak() {
        assert_eq!(steps_below(37.0), [2.0, 5.0, 10.0, 20.0]);
        assert_eq!(steps_below(0.0), [0.0; 0]);
    }
}
