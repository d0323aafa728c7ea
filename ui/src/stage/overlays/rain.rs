//! 雨量场: a grid of a radar or model where one is had ([`gulang_city::RainField`]), of the time chosen; else what the rain
//! gauges read in the last hour, as bands between them. Off at first.

use super::{Overlay, Pace};
use crate::stage::{
    fields::{Band, FEWEST_GAUGES, Grid, band_alpha, bands_of_gauges, fresh_gauges, shade},
    geometry::{local, time_text},
    scene::Scene,
    sketch::{Sign, Sketch},
};
use gulang_city::{Budget, Freshness, LonLat, RainField, SensorKind, freshness};

pub static OVERLAY: RainOverlay = RainOverlay;

pub struct RainOverlay;

/// Lower bounds in mm of one hour and their names. GB/T 28592-2012 classes rain of 12 and 24 hours only; these are the
/// hourly bounds customarily shown beside it, and 50 mm, above which no class speaks.
const CLASSES: [(f64, &str); 5] =
    [(0.1, "小雨"), (2.6, "中雨"), (8.1, "大雨"), (16.0, "暴雨"), (50.0, "极端短时强降水")];

impl Overlay for RainOverlay {
    fn id(&self) -> &'static str {
        "rain"
    }
    fn name(&self) -> &'static str {
        "雨量场"
    }
    fn starts_on(&self) -> bool {
        false
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        if let Some(field) = scene.readings.rain_at(scene.chosen.rain_at, scene.now) {
            return draw_field(field, scene, sketch);
        }
        let gauges = fresh_gauges(scene, SensorKind::Rain);
        let from = CLASSES.map(|it| it.0);
        let color = scene.palette.field;
        let Some(bands) = bands_of_gauges(&gauges, &from) else {
            let text = format!("雨量场：读数不足（{} 站有效，至少 {FEWEST_GAUGES} 站）", gauges.len());
            sketch.legend(Sign::Area, scene.palette.stale, text);
            return;
        };
        shade(sketch, scene, &bands, &from);
        sketch.legend(Sign::Area, color, format!("近 1 小时雨量，{} 站间插值（估算）", gauges.len()));
        classes(&bands, &from, scene, sketch);
    }
}

/// A grid's bands, and in the legend whose it is, for when, how long ago it was made.
fn draw_field(field: &RainField, scene: &Scene, sketch: &mut Sketch) {
    const MOST_VALUES: usize = 96;
    let from = CLASSES.map(|it| it.0);
    let [west, south, east, north] = field.bounds();
    let (a, b) = (local(&scene.frame, LonLat(west, south)), local(&scene.frame, LonLat(east, north)));
    let grid = Grid::over([a.0, a.1, b.0, b.1], MOST_VALUES, |at| {
        field.at(scene.frame.geo_from_local(at)).map_or(f64::INFINITY, f64::from)
    });
    let bands = grid.map(|it| it.bands(&from)).unwrap_or_default();
    shade(sketch, scene, &bands, &from);
    let mins = scene.now.since_ms(field.issued_at).max(0) / 60_000;
    let simulated = if field.simulated { "，仿真" } else { "" };
    let text = format!(
        "{} {} {}（{mins} 分钟前制作{simulated}）",
        field.source,
        field.kind.name_zh(),
        time_text(field.valid_at, scene.now)
    );
    let is_fresh = freshness(Budget::Weather, field.issued_at, scene.now) == Freshness::Fresh;
    sketch.legend(Sign::Area, if is_fresh { scene.palette.field } else { scene.palette.stale }, text);
    classes(&bands, &from, scene, sketch);
}

fn classes(bands: &[Band], from: &[f64], scene: &Scene, sketch: &mut Sketch) {
    let present = CLASSES.iter().enumerate().filter(|(_, it)| bands.iter().any(|band| band.from == it.0));
    for (i, (from_mm, name)) in present {
        let until = CLASSES.get(i + 1).map_or(String::new(), |it| format!("–{}", it.0));
        let alpha = band_alpha(from, *from_mm);
        sketch.legend(Sign::Area, scene.palette.field.gamma_multiply(alpha), format!("{name} {from_mm}{until} mm"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of};

    fn stand(values: &[f32]) -> Stand {
        let mut stand = Stand::quiet();
        for (i, value) in values.iter().enumerate() {
            let place = (0.1 * (i % 2) as f64, 0.1 * (i / 2) as f64);
            stand.sensor(&format!("rain-of-{i}"), SensorKind::Rain, place, *value);
        }
        stand
    }

    #[test]
    fn three_gauges_make_no_field_and_the_legend_says_so() {
        let sketch = draw_of(&OVERLAY, &stand(&[1.0, 2.0, 30.0]));
        assert!(sketch.areas.is_empty());
        assert!(sketch.legend.len() == 1 && sketch.legend[0].text.contains("读数不足"));
    }

    #[test]
    fn four_gauges_make_bands_up_to_their_class() {
        let sketch = draw_of(&OVERLAY, &stand(&[1.0, 2.0, 5.0, 20.0]));
        assert!(!sketch.areas.is_empty());
        let legend: Vec<&str> = sketch.legend.iter().map(|it| it.text.as_str()).collect();
        assert!(legend.iter().any(|it| it.contains("暴雨 16–50 mm")), "{legend:?}");
        assert!(!legend.iter().any(|it| it.contains("极端")), "{legend:?}");
    }

    #[test]
    fn old_readings_do_not_count() {
        let mut stand = stand(&[1.0, 2.0, 5.0, 20.0]);
        stand.now = stand.now.plus_mins(11);
        assert!(draw_of(&OVERLAY, &stand).areas.is_empty());
    }

    fn field(stand: &Stand, lead_mins: i64, values: &[f32]) -> RainField {
        RainField {
            source: "雷达".into(),
            kind: gulang_city::RainKind::Nowcast,
            valid_at: stand.now.plus_mins(lead_mins),
            issued_at: stand.now.plus_mins(-3),
            origin: LonLat(stand.city.center.0 - 0.1, stand.city.center.1 - 0.1),
            step: (0.1, 0.1),
            n: (3, 3),
            values: values.into(),
            simulated: true,
        }
    }

    #[test]
    fn a_grid_goes_before_the_gauges_and_says_whose_and_when() {
        let mut stand = stand(&[1.0, 2.0, 5.0, 20.0]);
        let (now, ahead) = (field(&stand, 0, &[20.0; 9]), field(&stand, 30, &[0.0; 9]));
        stand.readings.put_rain(now);
        stand.readings.put_rain(ahead.clone());
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(!sketch.areas.is_empty());
        assert!(sketch.legend[0].text.contains("雷达 临近 16:42（3 分钟前制作，仿真）"), "{}", sketch.legend[0].text);
        stand.chosen.rain_at = Some(ahead.valid_at);
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(sketch.areas.is_empty() && sketch.legend[0].text.contains("17:12"));
    }

    #[test]
    fn where_it_is_dry_nothing_is_shaded() {
        assert!(draw_of(&OVERLAY, &stand(&[0.0; 4])).areas.is_empty());
    }
}
