//! Rules for 标绘: what officers draw for the whole hall.

use super::*;

impl City {
    pub(super) fn put_marking(
        &self,
        source: &Source,
        kind: &MarkingKind,
        note: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let kind = self.checked_marking(kind, now)?;
        changes(self.markings.values().all(|it| it.kind != kind))?;
        if self.markings.len() >= MAX_MARKINGS {
            return Err(forbidden(format!("标绘已有 {MAX_MARKINGS} 处，先清除不用的")));
        }
        let id = MarkingId(self.n_markings.saturating_add(1));
        let marking = Marking { id, kind, by: seat_of(source), at: now, note: clipped(note) };
        Ok(vec![Event::MarkingPut { marking }])
    }

    /// The marking as it is kept: places rounded, rings open, words cut.
    pub(super) fn checked_marking(&self, kind: &MarkingKind, now: Timestamp) -> Result<MarkingKind, Refusal> {
        let near = |it: LonLat| self.place_within(it, MAX_CASE_DISTANCE_M);
        Ok(match kind {
            MarkingKind::Closure { area, reason } => {
                if reason.trim().is_empty() {
                    return Err(forbidden("交通管制要写明原因"));
                }
                let area = match area {
                    Area::Ring(ring) => Area::Ring(self.checked_ring(ring)?),
                    Area::Circle { center, radius_m } => {
                        if !(1.0..=MAX_CLOSURE_RADIUS_M).contains(radius_m) {
                            return Err(absurd("管制半径要在 1 米到 20 公里之间"));
                        }
                        Area::Circle { center: near(*center)?, radius_m: *radius_m }
                    }
                };
                MarkingKind::Closure { area, reason: clipped(reason) }
            }
            MarkingKind::Fence { name, ring } => {
                if name.trim().is_empty() || name.chars().count() > 64 {
                    return Err(absurd("围栏名要有 1–64 个字"));
                }
                MarkingKind::Fence { name: name.clone(), ring: self.checked_ring(ring)? }
            }
            MarkingKind::Quake { at, magnitude, depth_km, origin } => {
                if !(0.0..=10.0).contains(magnitude) {
                    return Err(absurd("震级要在 0–10 之间"));
                }
                if !(0.0..=MAX_QUAKE_DEPTH_KM).contains(depth_km) {
                    return Err(absurd("震源深度要在 0–800 公里之间"));
                }
                check_past(*origin, now, "发震时间")?;
                let at = self.place_within(*at, MAX_QUAKE_DISTANCE_M)?;
                MarkingKind::Quake { at, magnitude: *magnitude, depth_km: *depth_km, origin: *origin }
            }
            MarkingKind::Fire { at, started } => {
                check_past(*started, now, "起火时间")?;
                MarkingKind::Fire { at: near(*at)?, started: *started }
            }
            MarkingKind::ReachFrom { places } => {
                if places.is_empty() || places.len() > MAX_REACH_PLACES {
                    return Err(absurd(format!("到达圈要有 1–{MAX_REACH_PLACES} 个起点")));
                }
                MarkingKind::ReachFrom { places: places.iter().map(|it| near(*it)).collect::<Result<_, _>>()? }
            }
            MarkingKind::Spot { at, error_m } => {
                if !(0.0..=MAX_SPOT_ERROR_M).contains(error_m) {
                    return Err(absurd("标点误差要在 0 到 2 公里之间"));
                }
                MarkingKind::Spot { at: near(*at)?, error_m: *error_m }
            }
        })
    }

    /// The corners rounded, each once, the first not repeated at the end.
    pub(super) fn checked_ring(&self, ring: &[LonLat]) -> Result<Vec<LonLat>, Refusal> {
        if ring.len() > MAX_CORNERS {
            return Err(absurd(format!("标绘的面不能多于 {MAX_CORNERS} 个角点")));
        }
        let mut corners =
            ring.iter().map(|it| self.place_within(*it, MAX_CASE_DISTANCE_M)).collect::<Result<Vec<_>, _>>()?;
        corners.dedup();
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        if corners.len() < 3 {
            return Err(absurd("标绘的面至少要有 3 个不同的角点"));
        }
        Ok(corners)
    }

    /// The place as records keep it, if it is within this distance of the city's centre.
    pub(super) fn place_within(&self, place: LonLat, distance_m: f64) -> Result<LonLat, Refusal> {
        if !place.is_sane() || place.distance_m(self.center) > distance_m {
            return Err(absurd(format!("标绘坐标 {}, {} 不在本市一带", place.0, place.1)));
        }
        Ok(place.rounded())
    }
}
