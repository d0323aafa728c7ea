//! 积水: an upright column of the water's depth on every flood point that stands above its first threshold or rises fast,
//! with the rate it rises at and when it would reach the next threshold.
//!
//! The colour is the level's (DESIGN.md §1: only alarms are coloured); a reading past its budget is grey and says how old
//! it is, a lost one is a dash. The time to the next threshold goes on as the last half hour went: 估算.

use super::{Overlay, Pace};
use crate::stage::{
    detail::Detail,
    geometry::local,
    palette::Palette,
    scene::Scene,
    sketch::{Anchor, Column, Sign, Sketch, Texts},
};
use egui::Color32;
use gulang_city::*;

pub static OVERLAY: FloodsOverlay = FloodsOverlay;

pub struct FloodsOverlay;

/// Below its first threshold a point is shown when it rises faster than this, cm/h. An assumption: it would pass the first
/// threshold of the reference city's points (10 cm) within half an hour.
const FAST_CM_PER_H: f32 = 20.0;
/// Not told further ahead, minutes: the rate of half an hour says nothing of tomorrow.
const FARTHEST_AHEAD_MINS: f32 = 180.0;
/// Px for one cm, and the tallest column.
const PX_PER_CM: f32 = 0.8;
const TALLEST_PX: f32 = 72.0;

impl Overlay for FloodsOverlay {
    fn id(&self) -> &'static str {
        "floods"
    }
    fn name(&self) -> &'static str {
        "积水深度"
    }
    fn chip(&self) -> Option<u8> {
        Some(5)
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }
    fn follows_camera(&self) -> bool {
        true
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        if scene.detail == Detail::Region {
            return;
        }
        let waters: Vec<Water> = scene.city.flood_points.values().filter_map(|it| water(it, scene)).collect();
        for water in &waters {
            draw_water(water, scene, sketch);
        }
        if !waters.is_empty() {
            let text = "积水柱：高为水深，色为等级，横线为下一阈值；到达时间按近半小时涨率估算";
            sketch.legend(Sign::Area, scene.palette.ink_second, text);
        }
    }
}

fn draw_water(water: &Water, scene: &Scene, sketch: &mut Sketch) {
    let palette = scene.palette;
    let px = |cm: f32| (cm * PX_PER_CM).clamp(3.0, TALLEST_PX);
    let highest = water.thresholds.last().map_or(water.depth_cm, |it| it.on);
    let column = Column {
        height_px: if water.is_lost() { 0.0 } else { px(water.depth_cm) },
        width_px: 6.0,
        color: water.color(palette),
        frame_px: px(highest),
        frame: palette.label_halo,
        tick_px: water.next().filter(|_| water.is_fresh()).map(|it| px(it.on)),
    };
    let top = sketch.column(local(&scene.frame, water.point.at), &scene.camera, column);
    let level = water.color_level().map_or(0, |it| it as u8);
    sketch.text(Texts {
        at: top,
        text: water.text(scene.detail >= Detail::District),
        size: 12.0,
        color: if water.is_fresh() { palette.ink } else { palette.stale },
        anchor: Anchor::Above,
        boxed: false,
        priority: 30 + 4 * level,
    });
}

/// A flood point worth showing.
struct Water<'a> {
    point: &'a FloodPoint,
    thresholds: &'a [Threshold],
    depth_cm: f32,
    freshness: Freshness,
    rise_cm_per_h: Option<f32>,
}

fn water<'a>(point: &'a FloodPoint, scene: &Scene<'a>) -> Option<Water<'a>> {
    let (handle, _, sensor) = scene.city.sensors.get_full(&point.sensor)?;
    let (depth_cm, at) = scene.readings.gauges.get(handle)?;
    let first = sensor.thresholds.first()?;
    if !depth_cm.is_finite() || !point.at.is_sane() {
        return None;
    }
    let rise_cm_per_h = scene.history.rise_per_hour(handle).filter(|it| it.is_finite());
    let freshness = freshness(Budget::Water, at, scene.now);
    let rises_fast = freshness == Freshness::Fresh && rise_cm_per_h.is_some_and(|it| it >= FAST_CM_PER_H);
    (depth_cm >= first.on || rises_fast).then_some(Water {
        point,
        thresholds: &sensor.thresholds,
        depth_cm,
        freshness,
        rise_cm_per_h,
    })
}

impl Water<'_> {
    fn is_fresh(&self) -> bool {
        self.freshness == Freshness::Fresh
    }

    fn is_lost(&self) -> bool {
        matches!(self.freshness, Freshness::Lost { .. } | Freshness::NeverHeard)
    }

    /// Of the highest threshold it stands above.
    fn color_level(&self) -> Option<WarningColor> {
        self.thresholds.iter().rev().find(|it| self.depth_cm >= it.on).map(|it| it.color)
    }

    fn color(&self, palette: &Palette) -> Color32 {
        match self.color_level() {
            Some(level) if self.is_fresh() => palette.level_line(level),
            Some(_) => palette.stale,
            None => palette.ink_second,
        }
    }

    fn next(&self) -> Option<&Threshold> {
        self.thresholds.iter().find(|it| it.on > self.depth_cm)
    }

    /// Minutes to the next threshold and its depth, if it rises there within [`FARTHEST_AHEAD_MINS`].
    fn next_in_mins(&self) -> Option<(f32, f32)> {
        let (next, rise) = (self.next()?, self.rise_cm_per_h.filter(|it| *it > 0.0)?);
        let minutes = (next.on - self.depth_cm) / rise * 60.0;
        (minutes <= FARTHEST_AHEAD_MINS).then_some((minutes, next.on))
    }

    /// `18 cm +6 cm/h`, near by with a second line `约 25 分到 50 cm（估算）`.
    fn text(&self, is_near: bool) -> String {
        match self.freshness {
            Freshness::Fresh => {}
            Freshness::Stale { age_secs } => return format!("{:.0} cm {}前", self.depth_cm, elapsed_text(age_secs)),
            Freshness::Lost { age_secs } => return format!("— {}前", elapsed_text(age_secs)),
            Freshness::NeverHeard => return "—".to_owned(),
        }
        let mut text = format!("{:.0} cm", self.depth_cm);
        // A change under the last digit is not told.
        if let Some(rise) = self.rise_cm_per_h.filter(|it| it.abs() >= 0.5) {
            text += &format!(" {rise:+.0} cm/h");
        }
        if let Some((minutes, depth)) = self.next_in_mins().filter(|_| is_near) {
            text += &format!("\n约 {:.0} 分到 {depth:.0} cm（估算）", minutes.max(1.0));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        camera::StageCamera,
        testing::{Stand, draw_of, words},
    };

    /// `flood-1` at 18 cm after it rose 6 cm in the last hour, seen from near.
    fn rising() -> Stand {
        let mut stand = Stand::quiet();
        stand.camera = StageCamera { px_per_m: 0.1, ..StageCamera::default() };
        for minute in (0..=60).rev() {
            stand.gauge("flood-1", 18.0 - minute as f32 * 0.1, minute * 60);
        }
        stand
    }

    #[test]
    fn a_rising_point_tells_depth_rate_and_when_it_reaches_the_next_threshold() {
        let stand = rising();
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["18 cm +6 cm/h\n约 90 分到 27 cm（估算）"]);
        let blue = stand.theme.palette().level_line(WarningColor::Blue).to_srgba_unmultiplied();
        assert!(sketch.lines.iter().any(|it| it.color == blue));
        assert_eq!(sketch.lines.len(), 3);
    }

    #[test]
    fn a_dry_point_is_not_shown_unless_it_rises_fast() {
        let mut stand = Stand::quiet();
        stand.gauge("flood-1", 9.0, 0);
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
        let mut stand = Stand::quiet();
        for minute in (0..=20).rev() {
            stand.gauge("flood-1", 10.0 - minute as f32 * 0.5, minute * 60);
        }
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["10 cm +30 cm/h"]);
    }

    #[test]
    fn what_is_past_its_budget_is_grey_and_says_its_age() {
        let mut stand = rising();
        stand.now = stand.now.plus_mins(8);
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["18 cm 8分前"]);
        let stale = stand.theme.palette().stale;
        assert!(sketch.texts.iter().all(|it| it.color == stale));
        stand.now = stand.now.plus_mins(30);
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["— 38分前"]);
    }

    #[test]
    fn from_afar_there_are_no_columns() {
        let mut stand = rising();
        stand.camera = StageCamera { px_per_m: 0.001, ..StageCamera::default() };
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
    }

    #[test]
    fn a_reading_that_is_no_number_is_left_out() {
        let mut stand = Stand::quiet();
        stand.gauge("flood-1", f32::NAN, 0);
        stand.gauge("flood-2", f32::INFINITY, 0);
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
    }
}
