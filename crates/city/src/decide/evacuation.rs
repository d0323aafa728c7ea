//! Rules for 人员转移: figures reconcile or are flagged, and nobody is sent home while the level is high.

use super::*;

/// More than this in one place is a slip of the pen.
const MAX_PEOPLE: u32 = 10_000_000;

impl City {
    /// A district's total, from a platform that knows no townships.
    pub(super) fn report_moved(
        &self,
        class: EvacueeClass,
        district: &DistrictId,
        n_people: u32,
    ) -> Result<Vec<Event>, Refusal> {
        let place = EvacuationPlace::district(district.clone());
        let known = self.evacuees.sum(class, &place);
        self.report_evacuation(class, &place, [n_people, known.refused, known.returned], None)
    }

    /// Totals `[moved, refused, returned]` for a place with everything in it. More than expected is refused, unless a
    /// person let more stand there before.
    pub(super) fn report_evacuation(
        &self,
        class: EvacueeClass,
        place: &EvacuationPlace,
        totals: [u32; 3],
        proof: Option<&Proof>,
    ) -> Result<Vec<Event>, Refusal> {
        self.count(class, place, totals, None, proof)
    }

    /// By hand, over what a platform said; may exceed what was expected, and is flagged then.
    pub(super) fn correct_evacuation(
        &self,
        class: EvacueeClass,
        place: &EvacuationPlace,
        totals: [u32; 3],
        reason: &Text,
        proof: Option<&Proof>,
    ) -> Result<Vec<Event>, Refusal> {
        if reason.trim().is_empty() {
            return Err(forbidden("更正人数要写明原因"));
        }
        self.count(class, place, totals, Some(reason), proof)
    }

    fn count(
        &self,
        class: EvacueeClass,
        place: &EvacuationPlace,
        [moved, refused, returned]: [u32; 3],
        correction: Option<&Text>,
        proof: Option<&Proof>,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_evacuation_place(place)?;
        let name = self.evacuation_place_name(place);
        if moved.max(refused).max(returned) > MAX_PEOPLE {
            return Err(absurd(format!("{name}的人数多得不合理")));
        }
        if returned > moved {
            return Err(absurd(format!("{name}返回 {returned} 人，多于已转移的 {moved} 人")));
        }
        let row = self.evacuees.rows.get(&(class, place.clone()));
        let known = self.evacuees.sum(class, place);
        changes(
            (known.moved, known.refused, known.returned) != (moved, refused, returned)
                || proof.is_some_and(|proof| row.is_none_or(|it| it.proofs.iter().all(|it| it.1 != *proof))),
        )?;
        let below = self.evacuees.sum_below(class, place);
        let own = (moved >= below.moved && refused >= below.refused && returned >= below.returned)
            .then(|| (moved - below.moved, returned - below.returned));
        let Some((own_moved, own_returned)) = own else {
            let why = format!("{name}下级已报转移 {}、拒转 {}、返回 {}", below.moved, below.refused, below.returned);
            return Err(stale(format!("{why}，不能少于下级之和")));
        };
        if own_returned > own_moved {
            return Err(absurd(format!("{name}本级返回 {own_returned} 人，多于本级转移的 {own_moved} 人")));
        }
        // Which levels would hold more than they expected, if this came true?
        let was_flagged = row.is_some_and(|it| it.flags.contains(&TallyFlag::MoreThanExpected));
        let mut is_over = false;
        for level in place.and_above() {
            let at = self.evacuees.sum(class, &level);
            // Of a cell nobody expects a number of its own.
            if level.cell.is_some() && at.expected == 0 {
                continue;
            }
            let after = Tally {
                moved: (at.moved - known.moved).saturating_add(moved),
                refused: (at.refused - known.refused).saturating_add(refused),
                ..at
            };
            if !after.is_over() {
                continue;
            }
            is_over = true;
            if correction.is_none() && !was_flagged && !self.evacuees.is_flagged(class, &level) {
                return Err(absurd(format!(
                    "{}{}已转移 {} 人、拒转 {} 人，应转移 {} 人；确属实情请人工更正并写明原因",
                    self.evacuation_place_name(&level),
                    class.name_zh(),
                    after.moved,
                    after.refused,
                    after.expected
                )));
            }
        }
        let mut flags = Vec::new();
        if is_over && (correction.is_some() || was_flagged) {
            flags.push(TallyFlag::MoreThanExpected);
        }
        let had_returned_locked = row.is_some_and(|it| it.flags.contains(&TallyFlag::ReturnedWhileLocked));
        if returned > 0 && (had_returned_locked || returned > known.returned && self.evacuees.is_locked(place)) {
            flags.push(TallyFlag::ReturnedWhileLocked);
        }
        if correction.is_some() {
            flags.push(TallyFlag::Corrected);
        }
        let kept = row.filter(|_| was_flagged && is_over).map_or_else(|| "".into(), |it| it.reason.clone());
        let reason = correction.map_or(kept, clipped);
        let proof = proof.map(|it| Proof { text: clipped(&it.text), picture: it.picture.as_ref().map(clipped) });
        Ok(vec![Event::EvacuationCounted {
            class,
            place: place.clone(),
            moved,
            refused,
            returned,
            flags,
            reason,
            proof,
        }])
    }

    /// How many a place is to move, by hand: the plan's split by weights is only a beginning.
    pub(super) fn set_expected(
        &self,
        class: EvacueeClass,
        place: &EvacuationPlace,
        n_people: u32,
        reason: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_evacuation_place(place)?;
        let name = self.evacuation_place_name(place);
        if self.footing.posture != Posture::War && self.footings.values().all(|it| it.posture != Posture::War) {
            return Err(forbidden("平时没有转移任务"));
        }
        if reason.trim().is_empty() {
            return Err(forbidden("改应转人数要写明原因"));
        }
        if n_people > MAX_PEOPLE {
            return Err(absurd(format!("{name}的人数多得不合理")));
        }
        let known = self.evacuees.sum(class, place);
        changes(known.expected != n_people)?;
        let below = self.evacuees.sum_below(class, place).expected;
        if n_people < below {
            return Err(stale(format!("{name}下级应转合计 {below} 人，不能更少")));
        }
        for level in place.and_above() {
            let at = self.evacuees.sum(class, &level);
            let after = Tally { expected: (at.expected - known.expected).saturating_add(n_people), ..at };
            let has_figure = level.cell.is_none() || after.expected > 0;
            if has_figure && after.is_over() && !at.is_over() {
                return Err(absurd(format!(
                    "{}已转移和拒转 {} 人，应转不能少于此数",
                    self.evacuation_place_name(&level),
                    at.moved.saturating_add(at.refused)
                )));
            }
            // A cell's first figure must hold what was counted there.
            if level.cell.is_some() && at.expected == 0 && after.is_over() {
                return Err(absurd(format!("{name}已转移和拒转 {} 人，应转不能少于此数", at.moved + at.refused)));
            }
        }
        Ok(vec![Event::EvacuationPlaceExpected { class, place: place.clone(), n_people, reason: clipped(reason) }])
    }

    /// Totals since the first. More than there is room for is a fact worth knowing, and no reason to refuse.
    pub(super) fn report_shelter(
        &self,
        shelter: &ShelterId,
        moved_in: u32,
        returned: u32,
    ) -> Result<Vec<Event>, Refusal> {
        let known = self.shelters.get(shelter).ok_or_else(|| unknown("避灾点", shelter))?;
        if moved_in > MAX_PEOPLE {
            return Err(absurd(format!("{}的人数多得不合理", known.name)));
        }
        if returned > moved_in {
            return Err(absurd(format!("{}离开 {returned} 人，多于进入的 {moved_in} 人", known.name)));
        }
        let count = self.evacuees.shelters.get(shelter).copied().unwrap_or_default();
        changes((count.moved_in, count.returned) != (moved_in, returned))?;
        Ok(vec![Event::ShelterCounted { shelter: shelter.clone(), moved_in, returned }])
    }

    /// 放行返回.
    pub(super) fn allow_return(
        &self,
        district: &DistrictId,
        township: Option<&TownshipId>,
        reason: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let place = EvacuationPlace { district: district.clone(), township: township.cloned(), cell: None };
        self.check_evacuation_place(&place)?;
        let footing = self.footings.get(district).unwrap_or(&self.footing);
        if footing.posture == Posture::War
            && let Some(level) = footing.level.filter(|it| *it >= ResponseLevel::II)
        {
            let name = self.evacuation_place_name(&EvacuationPlace::district(district.clone()));
            let why = format!("{name}仍为 {} 级响应，返回锁定；降到 Ⅲ 级或转平时后再放行", level.roman());
            return Err(forbidden(why));
        }
        if reason.trim().is_empty() {
            return Err(forbidden("放行返回要写明依据"));
        }
        changes(self.evacuees.is_locked(&place))?;
        Ok(vec![Event::ReturnAllowed {
            district: district.clone(),
            township: township.cloned(),
            reason: clipped(reason),
        }])
    }

    fn check_evacuation_place(&self, place: &EvacuationPlace) -> Result<(), Refusal> {
        if !self.districts.contains_key(&place.district) {
            return Err(unknown("区", &place.district));
        }
        if let Some(id) = &place.township {
            let township = self.townships.get(id).ok_or_else(|| unknown("镇街", id))?;
            if township.district != place.district {
                return Err(absurd(format!("{}不在这个区", township.name)));
            }
        }
        match &place.cell {
            Some(_) if place.township.is_none() => Err(absurd("网格要写明镇街")),
            Some(cell) if cell.is_empty() || cell.chars().count() > 64 => Err(absurd("网格号要有 1–64 个字")),
            _ => Ok(()),
        }
    }

    fn evacuation_place_name(&self, place: &EvacuationPlace) -> String {
        let mut name = match &place.township {
            Some(id) => self.townships.get(id).map_or_else(|| id.to_string(), |it| it.name.to_string()),
            None => {
                self.districts.get(&place.district).map_or_else(|| place.district.to_string(), |it| it.name.to_string())
            }
        };
        if let Some(cell) = &place.cell {
            name.push_str("网格 ");
            name.push_str(cell);
        }
        name
    }
}
