//! 地震: what networks report of one, when its strong waves reach each district, and how strong they may be there.
//!
//! One quake has many reports: early warnings by revision, then automatic and reviewed quick reports, from several networks
//! under numbers of their own. All are kept under one [`Quake`]; the most settled one leads. Arrival and intensity are 推演,
//! by [`QuakeRules`], which are data.

use crate::{City, LonLat, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

/// How settled a report is; later ones lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuakeStage {
    /// 预警: computed from the first stations while the waves travel.
    EarlyWarning,
    /// 自动速报.
    Automatic,
    /// 正式速报, by people.
    Reviewed,
}

impl QuakeStage {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::EarlyWarning => "预警",
            Self::Automatic => "自动速报",
            Self::Reviewed => "正式速报",
        }
    }
}

/// What a network says of a quake at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuakeReport {
    /// The network's own number of the quake; with `source` it is its identity outside.
    pub id: Text,
    /// Counts the reports of this number, from 1.
    pub revision: u32,
    /// Such as `福建省地震局`.
    pub source: Text,
    pub stage: QuakeStage,
    /// When it broke.
    pub origin: Timestamp,
    pub reported_at: Timestamp,
    /// In words.
    pub place: Text,
    /// The epicentre, WGS-84.
    pub at: LonLat,
    /// km; `None` where it was not told.
    pub depth_km: Option<f32>,
    pub magnitude: f32,
    /// 演练.
    pub drill: bool,
}

/// One quake as all networks tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quake {
    pub id: QuakeId,
    /// The most settled report, of those the latest to come.
    pub lead: QuakeReport,
    /// Every report, in order of arrival, the oldest dropped beyond [`MAX_REPORTS`].
    pub reports: Vec<QuakeReport>,
    /// When the first came.
    pub heard_at: Timestamp,
    /// The network took it back.
    pub cancelled: bool,
}

/// Reports kept of one quake.
pub const MAX_REPORTS: usize = 200;
/// Two networks' reports are of one quake if their origins lie within this of each other, and their epicentres too.
pub const SAME_QUAKE_MS: i64 = 60_000;
pub const SAME_QUAKE_M: f64 = 100_000.0;

/// `rules/quakes.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuakeRules {
    /// What they rest on.
    pub basis: Text,
    /// Not the city's own.
    pub is_default: bool,
    /// km/s, straight from the focus.
    pub p_km_per_s: f64,
    pub s_km_per_s: f64,
    pub intensity: IntensityRelation,
    /// Estimated intensities from which an alarm is yellow, orange, red; below the first there is none.
    pub alarm_from: [f64; 3],
}

impl Default for QuakeRules {
    /// P 5.8 km/s is that of the uppermost layer of iasp91 (Kennett and Engdahl, Geophysical Journal International 105, 1991,
    /// 429–465); S 3.5 km/s is the round figure early-warning countdowns customarily use, on the early side of iasp91's 3.36.
    /// The alarm steps are ours.
    fn default() -> Self {
        Self {
            basis: "默认：P 5.8 km/s（iasp91 上地壳），S 3.5 km/s（预警倒计时惯用值）；颜色分级为本系统默认，非规定"
                .into(),
            is_default: true,
            p_km_per_s: 5.8,
            s_km_per_s: 3.5,
            intensity: IntensityRelation::default(),
            alarm_from: [3.0, 5.0, 7.0],
        }
    }
}

/// Intensity over hypocentral distance R (km) and magnitude M, without any site's ground:
///
/// `c0 + c1·M + c2·ln √(R² + (m1 + m2·exp(M − 5))²)`, and `+ c4·ln(R / 50)` beyond 50 km.
///
/// Allen, Wald and Worden, Intensity attenuation for active crustal regions, Journal of Seismology 16 (2012) 409–433, the
/// model of hypocentral distance; modified Mercalli intensity, taken as degrees of GB/T 17742. A mean: one in three places
/// lies more than about 0.8 degrees off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntensityRelation {
    pub c0: f64,
    pub c1: f64,
    pub c2: f64,
    pub c4: f64,
    pub m1: f64,
    pub m2: f64,
}

impl Default for IntensityRelation {
    fn default() -> Self {
        Self { c0: 2.085, c1: 1.428, c2: -1.402, c4: 0.078, m1: -0.209, m2: 2.042 }
    }
}

impl IntensityRelation {
    /// Between 1 and 12.
    pub fn at(&self, magnitude: f64, hypocentral_km: f64) -> f64 {
        let r = hypocentral_km.max(1.0);
        let near = self.m1 + self.m2 * (magnitude - 5.0).exp();
        let far = if r > 50.0 { self.c4 * (r / 50.0).ln() } else { 0.0 };
        (self.c0 + self.c1 * magnitude + self.c2 * r.hypot(near).ln() + far).clamp(1.0, 12.0)
    }
}

impl QuakeRules {
    /// What is wrong with them.
    pub fn fault(&self) -> Option<String> {
        let speeds = [self.p_km_per_s, self.s_km_per_s];
        if !speeds.iter().all(|it| (1.0..=15.0).contains(it)) || self.s_km_per_s >= self.p_km_per_s {
            return Some("p_km_per_s and s_km_per_s must be 1 to 15, S the slower".to_owned());
        }
        let it = &self.intensity;
        if ![it.c0, it.c1, it.c2, it.c4, it.m1, it.m2].iter().all(|it| it.is_finite() && it.abs() < 100.0) {
            return Some("intensity: every coefficient must be a number below 100".to_owned());
        }
        let [a, b, c] = self.alarm_from;
        (!(a < b && b < c && a >= 1.0 && c <= 12.0)).then(|| "alarm_from must ascend between 1 and 12".to_owned())
    }

    pub fn color_of(&self, intensity: f64) -> Option<WarningColor> {
        let [yellow, orange, red] = self.alarm_from;
        match intensity {
            it if it >= red => Some(WarningColor::Red),
            it if it >= orange => Some(WarningColor::Orange),
            it if it >= yellow => Some(WarningColor::Yellow),
            _ => None,
        }
    }
}

/// When the strong waves reach a district's middle, and how strong they may be there. 推演.
#[derive(Clone, Debug, PartialEq)]
pub struct QuakeArrival {
    pub district: DistrictId,
    pub epicentral_km: f64,
    pub s_at: Timestamp,
    pub intensity: f64,
}

impl QuakeReport {
    /// A depth not told is taken as 10 km, as catalogues do.
    pub fn depth_or_default_km(&self) -> f64 {
        self.depth_km.map_or(10.0, f64::from)
    }

    /// From the focus, in a straight line, km.
    pub fn hypocentral_km(&self, place: LonLat) -> f64 {
        (self.at.distance_m(place) / 1000.0).hypot(self.depth_or_default_km())
    }

    /// `福建漳浦海域 M5.6 深 10 km`.
    pub fn words(&self) -> String {
        let depth = self.depth_km.map_or(String::new(), |it| format!(" 深 {it:.0} km"));
        format!("{} M{:.1}{depth}", self.place, self.magnitude)
    }
}

impl Quake {
    /// Where its alarm stands among the open ones.
    pub fn alarm_key(id: QuakeId) -> SensorId {
        crate::key_of("quake", "", crate::Breach::Quake, &id.to_string())
    }

    pub(crate) fn is_of(&self, source: &str, id: &str) -> bool {
        self.reports.iter().any(|it| &*it.source == source && &*it.id == id)
    }

    pub(crate) fn take(&mut self, report: &QuakeReport) {
        if report.stage >= self.lead.stage {
            self.lead = report.clone();
        }
        if self.reports.len() >= MAX_REPORTS {
            self.reports.remove(0);
        }
        self.reports.push(report.clone());
        self.cancelled = false;
    }
}

impl City {
    /// For each district, the earliest first.
    pub fn quake_arrivals(&self, report: &QuakeReport) -> Vec<QuakeArrival> {
        let rules = &self.quake_rules;
        let mut arrivals: Vec<QuakeArrival> = self
            .districts
            .values()
            .map(|it| {
                let ray_km = report.hypocentral_km(it.center);
                QuakeArrival {
                    district: it.id.clone(),
                    epicentral_km: report.at.distance_m(it.center) / 1000.0,
                    s_at: report.origin + (ray_km / rules.s_km_per_s * 1000.0) as i64,
                    intensity: rules.intensity.at(f64::from(report.magnitude), ray_km),
                }
            })
            .collect();
        arrivals.sort_by_key(|it| it.s_at);
        arrivals
    }

    /// The quake a network means, by its own number or, from another network, by place and time.
    pub(crate) fn quake_of(&self, report: &QuakeReport) -> Option<&Quake> {
        let known = self.quakes.values().rev().find(|it| it.is_of(&report.source, &report.id));
        known.or_else(|| {
            self.quakes.values().rev().find(|it| {
                let apart_ms = it.lead.origin.since_ms(report.origin).abs();
                let is_others = it.reports.iter().all(|other| other.source != report.source);
                is_others
                    && it.lead.drill == report.drill
                    && apart_ms <= SAME_QUAKE_MS
                    && it.lead.at.distance_m(report.at) <= SAME_QUAKE_M
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from the paper's coefficients: M6 at 20 km and at 100 km.
    #[test]
    fn intensity_falls_with_distance_as_the_paper_has_it() {
        let relation = IntensityRelation::default();
        let near: f64 = -0.209 + 2.042 * 1f64.exp();
        let at_20 = 2.085 + 1.428 * 6.0 - 1.402 * 20f64.hypot(near).ln();
        let at_100 = 2.085 + 1.428 * 6.0 - 1.402 * 100f64.hypot(near).ln() + 0.078 * 2f64.ln();
        assert!((relation.at(6.0, 20.0) - at_20).abs() < 1e-9);
        assert!((relation.at(6.0, 100.0) - at_100).abs() < 1e-9);
        assert!((6.3..6.5).contains(&at_20) && (4.2..4.4).contains(&at_100), "{at_20} {at_100}");
    }

    #[test]
    fn rules_that_cannot_be_are_faults() {
        assert_eq!(QuakeRules::default().fault(), None);
        let slow = QuakeRules { p_km_per_s: 3.0, ..QuakeRules::default() };
        let steps = QuakeRules { alarm_from: [5.0, 3.0, 7.0], ..QuakeRules::default() };
        assert!(slow.fault().is_some() && steps.fault().is_some());
    }
}
