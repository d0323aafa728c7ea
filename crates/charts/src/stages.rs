//! 漏斗: how many came how far, stage after stage, with the share of the stage before.

use super::{Area, Drawn, Look, named};
use plotters::{prelude::*, style::text_anchor::HPos};

const LABEL: f64 = 10.0;
/// Narrower than this a funnel lies on its side: bars from top to bottom, names at the left.
const STANDING: f64 = 1.6;

/// One stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    pub name: String,
    pub n: f64,
    /// As it is to be read.
    pub words: String,
}

/// Centred bars, each as long as its stage is many; between them the share that went on.
pub fn funnel<DB: DrawingBackend>(area: &Area<DB>, stages: &[Stage], look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let (w, h) = (width as i32, height as i32);
    let top = stages.iter().map(|it| it.n).filter(|it| it.is_finite()).fold(0f64, f64::max).max(1e-9);
    let part = |n: f64| if n.is_finite() { (n / top).clamp(0.0, 1.0) } else { 0.0 };
    let n = stages.len().max(1) as f64;
    let px = |nominal: f64| look.size(nominal) as i32;
    let is_standing = f64::from(width) > f64::from(height) * STANDING;
    let (step, head, foot) = match is_standing {
        true => (f64::from(width) / n, px(14.0), px(14.0)),
        false => (f64::from(height) / n, px(64.0), px(58.0)),
    };
    let room = if is_standing { h - head - foot } else { w - head - foot };
    if room < 4 || step < 4.0 {
        return area.present();
    }
    let mut before: Option<f64> = None;
    for (i, stage) in stages.iter().enumerate() {
        let middle = (step * (i as f64 + 0.5)) as i32;
        let half = (step * 0.3) as i32;
        let long = ((f64::from(room) * part(stage.n) * 0.5) as i32).max(1);
        let centre = head + room / 2;
        let bar = match is_standing {
            true => [(middle - half, centre - long), (middle + half, centre + long)],
            false => [(centre - long, middle - half), (centre + long, middle + half)],
        };
        area.draw(&Rectangle::new(bar, look.series[1].filled()))?;
        let went_on = before.filter(|it| *it > 0.0 && stage.n.is_finite());
        let share = went_on.map(|it| format!("{:.0}%", 100.0 * stage.n / it));
        before = Some(stage.n);
        if is_standing {
            area.draw(&look.words(stage.words.clone(), (middle, head / 2), LABEL, look.ink, HPos::Center))?;
            let name = named(&stage.name, step / (LABEL * look.px));
            area.draw(&look.words(name, (middle, h - foot / 2), LABEL, look.ink, HPos::Center))?;
            if let Some(share) = share.filter(|_| step > f64::from(px(44.0))) {
                let at = ((step * i as f64) as i32, centre);
                area.draw(&look.words(share, at, LABEL * 0.8, look.ink, HPos::Center))?;
            }
        } else {
            area.draw(&look.words(stage.name.clone(), (head - px(6.0), middle), LABEL, look.ink, HPos::Right))?;
            let words = share.map_or_else(|| stage.words.clone(), |it| format!("{}・{it}", stage.words));
            area.draw(&look.words(words, (w - foot + px(4.0), middle), LABEL, look.ink, HPos::Left))?;
        }
    }
    area.present()
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;

    #[test]
    fn each_stage_says_what_share_came_so_far() {
        let stage = |name: &str, n: f64| Stage { name: name.into(), n, words: format!("{n}") };
        let stages = [stage("上报", 80.0), stage("受理", 60.0), stage("结案", 0.0), stage("归档", f64::NAN)];
        for size in [(600, 120), (200, 300)] {
            let svg = to_svg(size, |area| funnel(area, &stages, Look::PAPER)).expect("an svg");
            assert!(["上报", "60", "75%", "0%", "归档"].iter().all(|it| svg.contains(it)), "{svg}");
            assert!(!svg.contains("NaN%") && !svg.contains("inf"), "{svg}");
        }
        for size in [(1, 1), (3, 900)] {
            assert!(to_svg(size, |area| funnel(area, &stages, Look::PAPER)).is_ok());
            assert!(to_svg(size, |area| funnel(area, &[], Look::PAPER)).is_ok());
        }
    }
}
