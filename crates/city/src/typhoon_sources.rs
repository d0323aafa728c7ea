//! One typhoon from several feeds: which of them leads its track, what the others saw, and where they differ.
//!
//! The first feed to tell of a typhoon leads: its fixes are the track that plans and circles go by. Another's fixes are kept
//! beside it, and lead when the first has been silent for [`LEAD_SILENT_MS`]. Forecasts of every agency and issue are one
//! list, whichever feed brought them ([`Typhoon::forecasts`]).

use crate::{City, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A feed whose last fix is older than another's by more than this no longer leads: two synoptic hours.
pub const LEAD_SILENT_MS: i64 = 12 * 3_600_000;
/// A name comes again after years; only storms this near in time are one.
const SAME_NAME_MS: i64 = 30 * 24 * 3_600_000;
/// Fixes kept of each feed that does not lead.
const MAX_SEEN: usize = 1000;

/// Who tells of one typhoon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TyphoonSources {
    pub lead: PlatformId,
    /// What the others saw, ascending in time.
    pub seen: BTreeMap<PlatformId, Vec<TyphoonFix>>,
}

/// Two feeds on one typhoon at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct FixConflict {
    pub at: Timestamp,
    /// The one that does not lead.
    pub source: PlatformId,
    /// Between their centres.
    pub apart_km: f64,
    /// Its wind less the leading one's, m/s; 0 if either told none.
    pub wind: f32,
}

/// `202305`: a number every agency uses.
pub(crate) fn is_numbered(id: &str) -> bool {
    id.len() == 6 && id.bytes().all(|it| it.is_ascii_digit())
}

impl City {
    /// The active typhoon heard of last, else the last one.
    pub fn latest_typhoon(&self) -> Option<&Typhoon> {
        let newest = |it: &&Typhoon| it.track.last().map_or(0, |fix| fix.at.0);
        let active = self.typhoons.values().filter(|it| it.active).max_by_key(newest);
        active.or_else(|| self.typhoons.values().max_by_key(newest))
    }

    /// The known typhoon a feed means, by number or, where one of the two has no number yet, by name; else `id` itself.
    pub(crate) fn typhoon_meant(&self, id: &TyphoonId, name_en: &str, fixes: &[TyphoonFix]) -> TyphoonId {
        if self.typhoons.contains_key(id) {
            return id.clone();
        }
        let is_name =
            !name_en.is_empty() && !matches!(name_en.to_ascii_uppercase().as_str(), "NAMELESS" | "UNNAMED" | "-");
        let newest = fixes.iter().map(|it| it.at).max();
        let same = self.typhoons.values().rev().find(|it| {
            let is_near = match (it.track.last(), newest) {
                (Some(last), Some(newest)) => last.at.since_ms(newest).abs() <= SAME_NAME_MS,
                _ => false,
            };
            let may_be = !is_numbered(id.as_str()) || !is_numbered(it.id.as_str());
            is_name && may_be && is_near && it.name_en.eq_ignore_ascii_case(name_en)
        });
        same.map_or_else(|| id.clone(), |it| it.id.clone())
    }

    /// Whether what `by` saw goes into the track.
    pub(crate) fn leads_typhoon(&self, typhoon: &TyphoonId, by: &PlatformId, fixes: &[TyphoonFix]) -> bool {
        let Some(sources) = self.typhoon_sources.get(typhoon) else { return true };
        let last = self.typhoons.get(typhoon).and_then(|it| it.track.last()).map_or(Timestamp(0), |it| it.at);
        let newest = fixes.iter().map(|it| it.at).max().unwrap_or_default();
        sources.lead == *by || newest.since_ms(last) > LEAD_SILENT_MS
    }

    /// Where feeds differ on a typhoon, the newest first: at least 20 km or 5 m/s apart, which is more than rounding.
    pub fn typhoon_conflicts(&self, typhoon: &TyphoonId) -> Vec<FixConflict> {
        let (Some(known), Some(sources)) = (self.typhoons.get(typhoon), self.typhoon_sources.get(typhoon)) else {
            return Vec::new();
        };
        let pairs = sources.seen.iter().flat_map(|(source, fixes)| fixes.iter().map(move |it| (source, it)));
        let mut conflicts: Vec<FixConflict> = pairs
            .filter_map(|(source, seen)| {
                let i = known.track.binary_search_by_key(&seen.at, |it| it.at).ok()?;
                let led = known.track.get(i)?;
                let apart_km = led.center.distance_m(seen.center) / 1000.0;
                let wind = if led.wind > 0.0 && seen.wind > 0.0 { seen.wind - led.wind } else { 0.0 };
                let differs = apart_km >= 20.0 || wind.abs() >= 5.0;
                differs.then(|| FixConflict { at: seen.at, source: source.clone(), apart_km, wind })
            })
            .collect();
        conflicts.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.source.cmp(&b.source)));
        conflicts
    }

    pub(crate) fn lead_typhoon(&mut self, typhoon: &TyphoonId, lead: PlatformId) {
        let sources = self.typhoon_sources.entry(typhoon.clone());
        let sources = sources.or_insert_with(|| TyphoonSources { lead: lead.clone(), seen: BTreeMap::new() });
        sources.lead = lead;
    }

    pub(crate) fn see_typhoon(&mut self, typhoon: &TyphoonId, source: &PlatformId, fixes: &[TyphoonFix]) {
        let Some(sources) = self.typhoon_sources.get_mut(typhoon) else { return };
        let seen = sources.seen.entry(source.clone()).or_default();
        for fix in fixes {
            if seen.last().is_none_or(|last| last.at < fix.at) {
                seen.push(fix.clone());
            }
        }
        let n_over = seen.len().saturating_sub(MAX_SEEN);
        seen.drain(..n_over);
    }
}

/// The Beaufort number to 17 of a wind in m/s, by the table of GB/T 28591-2012.
pub fn beaufort(wind: f32) -> u8 {
    const FROM: [f32; 17] =
        [0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0, 56.1];
    FROM.iter().filter(|from| wind >= **from).count() as u8
}

impl Forecast {
    /// Of the agency whose forecast the city's own plans go by: the China Meteorological Administration, as feeds name it.
    pub fn is_national(&self) -> bool {
        is_national(&self.agency)
    }
}

pub(crate) fn is_national(agency: &str) -> bool {
    agency == "CMA" || agency.contains("中国") && !agency.contains("台湾") && !agency.contains("香港")
}

impl Typhoon {
    /// The number by which agencies call it: `2305` of `202305`.
    pub fn number(&self) -> &str {
        let id = self.id.as_str();
        if is_numbered(id) { &id[2..] } else { id }
    }

    /// Every issue time there is a forecast of, the newest first.
    pub fn issues(&self) -> Vec<Timestamp> {
        let mut issues: Vec<Timestamp> = self.forecasts.iter().map(|it| it.issued_at).collect();
        issues.sort_unstable_by(|a, b| b.cmp(a));
        issues.dedup();
        issues
    }

    /// Each agency's latest issue not after `issue`, in the order the agencies first spoke; all of them without one.
    pub fn forecasts_as_of(&self, issue: Option<Timestamp>) -> Vec<&Forecast> {
        let mut latest: Vec<&Forecast> = Vec::new();
        for forecast in self.forecasts.iter().filter(|it| issue.is_none_or(|until| it.issued_at <= until)) {
            match latest.iter_mut().find(|it| it.agency == forecast.agency) {
                Some(it) if it.issued_at <= forecast.issued_at => *it = forecast,
                Some(_) => {}
                None => latest.push(forecast),
            }
        }
        latest
    }

    /// The farthest two agencies' centres lie apart `hours` after `from`, km, and how many speak of it; `None` for fewer than
    /// two. What each says between its own points is taken on the straight way.
    pub fn agency_spread_km(&self, issue: Option<Timestamp>, from: Timestamp, hours: i64) -> Option<(f64, usize)> {
        let at = from.plus_mins(hours * 60);
        let centers: Vec<_> = self
            .forecasts_as_of(issue)
            .into_iter()
            .filter_map(|it| {
                let after = it.points.iter().find(|point| point.at >= at)?;
                let before = it.points.iter().rev().find(|point| point.at <= at)?;
                let span = after.at.since_ms(before.at);
                let f = if span > 0 { at.since_ms(before.at) as f64 / span as f64 } else { 0.0 };
                let (a, b) = (before.center, after.center);
                let east = (b.0 - a.0 + 540.0).rem_euclid(360.0) - 180.0;
                Some(crate::LonLat(a.0 + east * f, a.1 + (b.1 - a.1) * f))
            })
            .collect();
        if centers.len() < 2 {
            return None;
        }
        let apart = centers.iter().enumerate().flat_map(|(i, a)| centers[i + 1..].iter().map(|b| a.distance_m(*b)));
        Some((apart.fold(0.0, f64::max) / 1000.0, centers.len()))
    }
}
