//! 雨量格点: rain over a grid of longitudes and latitudes at one time, as radars and models give it. Kept beside the
//! readings ([`crate::Readings::rain`]), never in the log.

use crate::{LonLat, Readings, Timestamp, ids::Text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What stands where a grid knows nothing.
pub const NO_RAIN_KNOWN: f32 = -1.0;
/// Values of a grid as screens get it, at most.
pub const MAX_RAIN_VALUES: usize = 65_536;
/// Fields kept of one source and kind: the last few, or the next few hours.
const MAX_FIELDS: usize = 12;
/// More rain in an hour was never measured, mm.
const MAX_MM_PER_H: f32 = 500.0;
/// A field for further from its own issue is one whose date is wrong; it would stand as the newest for ever.
const MAX_LEAD_MS: i64 = 60 * 24 * 3_600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RainKind {
    /// 实况.
    Observed,
    /// 临近预报.
    Nowcast,
    /// 预报.
    Forecast,
}

impl RainKind {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Observed => "实况",
            Self::Nowcast => "临近",
            Self::Forecast => "预报",
        }
    }
}

/// Rain at one time, mm/h.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RainField {
    pub source: Text,
    pub kind: RainKind,
    pub valid_at: Timestamp,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The south-western value's place, WGS-84.
    pub origin: LonLat,
    /// Degrees from value to value, eastwards and northwards.
    pub step: (f64, f64),
    /// Values to the east, rows to the north.
    pub n: (u32, u32),
    /// mm/h, row by row from the south-west; [`NO_RAIN_KNOWN`] where there is none.
    pub values: Arc<[f32]>,
    pub simulated: bool,
}

/// Why values make no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RainFault {
    #[error("格点 {nx}×{ny} 与 {n_values} 个数值不符")]
    Count { nx: u32, ny: u32, n_values: usize },
    #[error("格点的起点或间距不合理")]
    Place,
    #[error("格点有 {0} 个数值，太多")]
    TooMany(usize),
    #[error("时间不合理")]
    Time,
}

impl RainField {
    /// Whether it can be used; values no rain can have become [`NO_RAIN_KNOWN`].
    pub fn checked(mut self) -> Result<Self, RainFault> {
        let (nx, ny) = self.n;
        let n_values = self.values.len();
        if (nx as usize).checked_mul(ny as usize) != Some(n_values) || nx < 2 || ny < 2 {
            return Err(RainFault::Count { nx, ny, n_values });
        }
        let (dx, dy) = self.step;
        let is_step = |it: f64| it > 0.0 && it <= 5.0;
        let far = LonLat(self.origin.0 + dx * f64::from(nx - 1), self.origin.1 + dy * f64::from(ny - 1));
        if !is_step(dx) || !is_step(dy) || !self.origin.is_sane() || !far.is_sane() {
            return Err(RainFault::Place);
        }
        if self.valid_at.0 <= 0 || self.issued_at.0 <= 0 || self.valid_at.since_ms(self.issued_at).abs() > MAX_LEAD_MS {
            return Err(RainFault::Time);
        }
        self.values =
            self.values.iter().map(|it| if (0.0..=MAX_MM_PER_H).contains(it) { *it } else { NO_RAIN_KNOWN }).collect();
        Ok(self)
    }

    /// The part within `half_deg` of a place, and of that every so many values that [`MAX_RAIN_VALUES`] hold it; `None` if it
    /// has nothing there.
    pub fn about(&self, center: LonLat, half_deg: f64) -> Option<Self> {
        let (nx, ny) = self.n;
        let range = |from: f64, step: f64, n: u32, middle: f64| {
            let first = ((middle - half_deg - from) / step).ceil().clamp(0.0, f64::from(n)) as u32;
            let end = (((middle + half_deg - from) / step).floor() + 1.0).clamp(0.0, f64::from(n)) as u32;
            (end >= first + 2).then_some(first..end)
        };
        let columns = range(self.origin.0, self.step.0, nx, center.0)?;
        let rows = range(self.origin.1, self.step.1, ny, center.1)?;
        let count = |it: &std::ops::Range<u32>, every: u32| (it.end - it.start).div_ceil(every);
        let every =
            (1..64).find(|every| (count(&columns, *every) * count(&rows, *every)) as usize <= MAX_RAIN_VALUES)?;
        let n = (count(&columns, every), count(&rows, every));
        if n.0 < 2 || n.1 < 2 {
            return None;
        }
        let origin = LonLat(
            self.origin.0 + self.step.0 * f64::from(columns.start),
            self.origin.1 + self.step.1 * f64::from(rows.start),
        );
        let at =
            |row: u32, column: u32| self.values.get((row * nx + column) as usize).copied().unwrap_or(NO_RAIN_KNOWN);
        let values = rows
            .step_by(every as usize)
            .flat_map(|row| columns.clone().step_by(every as usize).map(move |column| (row, column)))
            .map(|(row, column)| at(row, column))
            .collect();
        let step = (self.step.0 * f64::from(every), self.step.1 * f64::from(every));
        Some(Self { origin, step, n, values, ..self.clone() })
    }

    /// mm/h between the four values about a place; `None` outside, or where one of them is unknown.
    pub fn at(&self, place: LonLat) -> Option<f32> {
        let (x, y) = ((place.0 - self.origin.0) / self.step.0, (place.1 - self.origin.1) / self.step.1);
        let (nx, ny) = self.n;
        if !(x >= 0.0 && y >= 0.0 && x <= f64::from(nx - 1) && y <= f64::from(ny - 1)) {
            return None;
        }
        let (column, row) = ((x as u32).min(nx - 2), (y as u32).min(ny - 2));
        let (fx, fy) = ((x - f64::from(column)) as f32, (y - f64::from(row)) as f32);
        let value =
            |row: u32, column: u32| self.values.get((row * nx + column) as usize).copied().filter(|it| *it >= 0.0);
        let south = value(row, column)? * (1.0 - fx) + value(row, column + 1)? * fx;
        let north = value(row + 1, column)? * (1.0 - fx) + value(row + 1, column + 1)? * fx;
        Some(south * (1.0 - fy) + north * fy)
    }

    /// West, south, east, north of its outermost values, degrees.
    pub fn bounds(&self) -> [f64; 4] {
        let (nx, ny) = self.n;
        let east = self.origin.0 + self.step.0 * f64::from(nx.saturating_sub(1));
        let north = self.origin.1 + self.step.1 * f64::from(ny.saturating_sub(1));
        [self.origin.0, self.origin.1, east, north]
    }
}

impl Readings {
    /// Keeps a field; `false` if one made later for the same time is there, or this one itself.
    pub fn put_rain(&mut self, field: RainField) -> bool {
        let is_same =
            |it: &RainField| it.source == field.source && it.kind == field.kind && it.valid_at == field.valid_at;
        if let Some(known) = self.rain.iter_mut().find(|it| is_same(it)) {
            let is_newer = known.issued_at < field.issued_at;
            if is_newer {
                *known = field;
            }
            return is_newer;
        }
        let is_of = |it: &RainField| it.source == field.source && it.kind == field.kind;
        let n = self.rain.iter().filter(|it| is_of(it)).count();
        let oldest = self.rain.iter().filter(|it| is_of(it)).map(|it| it.valid_at).min();
        if let Some(oldest) = oldest.filter(|_| n >= MAX_FIELDS) {
            if oldest > field.valid_at {
                return false;
            }
            self.rain.retain(|it| !(is_of(it) && it.valid_at == oldest));
        }
        self.rain.push(field);
        self.rain.sort_by_key(|it| it.valid_at);
        true
    }

    /// The field for a chosen time, or the newest not after `now`; where none is that old, the first to come.
    pub fn rain_at(&self, chosen: Option<Timestamp>, now: Timestamp) -> Option<&RainField> {
        let chosen = chosen.and_then(|at| self.rain.iter().rev().find(|it| it.valid_at == at));
        chosen.or_else(|| self.rain.iter().rev().find(|it| it.valid_at <= now)).or_else(|| self.rain.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(valid_at: i64, values: &[f32]) -> RainField {
        RainField {
            source: "radar".into(),
            kind: RainKind::Observed,
            valid_at: Timestamp(valid_at),
            issued_at: Timestamp(valid_at),
            origin: LonLat(118.0, 24.0),
            step: (0.5, 0.5),
            n: (3, (values.len() / 3) as u32),
            values: values.into(),
            simulated: false,
        }
    }

    #[test]
    fn between_values_it_is_between_and_outside_it_is_not() {
        let field = field(1, &[0.0, 10.0, 20.0, 0.0, 10.0, -1.0]);
        assert_eq!(field.at(LonLat(118.25, 24.25)), Some(5.0));
        assert_eq!(field.at(LonLat(118.75, 24.25)), None, "one of the four is unknown");
        assert_eq!(field.at(LonLat(117.9, 24.25)), None);
    }

    #[test]
    fn what_no_rain_can_be_is_unknown_and_a_wrong_count_is_a_fault() {
        let checked = field(1, &[0.0, 1.0, 9999.0, f32::NAN, -3.0, 2.0]).checked().expect("a field");
        assert_eq!(&checked.values[..], &[0.0, 1.0, -1.0, -1.0, -1.0, 2.0]);
        let short = RainField { n: (3, 3), ..field(1, &[0.0; 6]) };
        assert!(matches!(short.checked(), Err(RainFault::Count { .. })));
    }

    #[test]
    fn a_part_of_it_says_the_same() {
        let values: Vec<f32> = (0..9).map(|it| it as f32).collect();
        let whole = field(1, &values);
        let part = whole.about(LonLat(118.75, 24.75), 0.3).expect("a part");
        assert_eq!((part.origin, part.n), (LonLat(118.5, 24.5), (2, 2)));
        assert_eq!(part.at(LonLat(118.75, 24.75)), whole.at(LonLat(118.75, 24.75)));
        assert_eq!(whole.about(LonLat(100.0, 24.75), 0.3), None);
    }

    #[test]
    fn the_last_fields_are_kept_and_the_right_one_is_shown() {
        let mut readings = Readings::default();
        for at in 1..=20 {
            assert!(readings.put_rain(field(at, &[0.0; 6])));
        }
        assert!(!readings.put_rain(field(20, &[0.0; 6])), "a repeat");
        assert!(!readings.put_rain(field(2, &[0.0; 6])), "older than all that are kept");
        assert_eq!(readings.rain.len(), 12);
        let at =
            |chosen: Option<i64>, now| readings.rain_at(chosen.map(Timestamp), Timestamp(now)).map(|it| it.valid_at.0);
        assert_eq!(
            (at(None, 15), at(Some(12), 15), at(None, 3), at(Some(99), 15)),
            (Some(15), Some(12), Some(9), Some(15))
        );
    }
}
