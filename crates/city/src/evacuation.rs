//! 人员转移: who is expected, moved, refused and back home, by class, district, township and cell; shelters; the race
//! against the wind circle.
//!
//! Figures are kept where they were said: a row is what was counted at exactly that place, without the places below it. So
//! a township's own word is never overwritten by a district's, and sums are sums. The rules are in `decide/evacuation.rs`.
//!
//! Must not know: which platform counted, or what time it is.

use crate::{City, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where people were counted: a district, or one of its townships, or a cell (网格) of that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvacuationPlace {
    pub district: DistrictId,
    #[serde(default)]
    pub township: Option<TownshipId>,
    /// The cell's own number, as its platform writes it; only with a township.
    #[serde(default)]
    pub cell: Option<Text>,
}

impl EvacuationPlace {
    pub fn district(district: DistrictId) -> Self {
        Self { district, township: None, cell: None }
    }

    pub fn township(district: DistrictId, township: TownshipId) -> Self {
        Self { district, township: Some(township), cell: None }
    }

    /// The same place, or one within it.
    pub fn contains(&self, other: &Self) -> bool {
        self.district == other.district
            && (self.township.is_none() || self.township == other.township)
            && (self.cell.is_none() || self.cell == other.cell)
    }

    /// Itself and the places above it, innermost first.
    pub fn and_above(&self) -> Vec<Self> {
        let mut places = vec![self.clone()];
        if self.cell.is_some() {
            places.push(Self { cell: None, ..self.clone() });
        }
        if self.township.is_some() {
            places.push(Self::district(self.district.clone()));
        }
        places
    }
}

/// What is odd about a figure that was kept all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TallyFlag {
    /// More moved and refused than were expected; a person corrected it and said why.
    MoreThanExpected,
    /// People went back while the district was still locked.
    ReturnedWhileLocked,
    /// Written by hand over what a platform said.
    Corrected,
}

impl TallyFlag {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::MoreThanExpected => "多于应转",
            Self::ReturnedWhileLocked => "锁定期返回",
            Self::Corrected => "人工更正",
        }
    }
}

/// 佐证: words and a picture's reference. The picture stays where it is; only its name travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub text: Text,
    /// Address or file name.
    #[serde(default)]
    pub picture: Option<Text>,
}

/// What was counted of one class at exactly one place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvacuationRow {
    /// Without the places below.
    pub tally: Tally,
    pub flags: BTreeSet<TallyFlag>,
    /// When it was last counted; 0 if only expected.
    pub as_of: Timestamp,
    /// Why it was corrected; empty if it was not.
    pub reason: Text,
    /// The newest last, at most [`MAX_PROOFS`].
    pub proofs: Vec<(Timestamp, Proof)>,
}

/// Proofs kept of one row; the log keeps all.
pub const MAX_PROOFS: usize = 8;

/// People in one shelter, as totals since the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelterCount {
    pub moved_in: u32,
    pub returned: u32,
    pub as_of: Timestamp,
}

impl ShelterCount {
    pub fn headcount(&self) -> u32 {
        self.moved_in.saturating_sub(self.returned)
    }
}

/// The fold of everything said about people moved; [`City::evacuation`] is its sum by class and district.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evacuees {
    pub rows: BTreeMap<(EvacueeClass, EvacuationPlace), EvacuationRow>,
    pub shelters: BTreeMap<ShelterId, ShelterCount>,
    /// Where people may go home: a whole district, or one township of it.
    pub returns_allowed: BTreeSet<(DistrictId, Option<TownshipId>)>,
    /// When the first were expected in this war.
    pub since: Option<Timestamp>,
}

impl Evacuees {
    /// Of one class, at a place and everything in it.
    pub fn sum(&self, class: EvacueeClass, place: &EvacuationPlace) -> Tally {
        let within = self.rows.iter().filter(|((c, p), _)| *c == class && place.contains(p));
        within.fold(Tally::default(), |sum, (_, it)| sum.plus(it.tally))
    }

    /// What is known below a place, without its own row.
    pub(crate) fn sum_below(&self, class: EvacueeClass, place: &EvacuationPlace) -> Tally {
        let below = self.rows.iter().filter(|((c, p), _)| *c == class && place.contains(p) && p != place);
        below.fold(Tally::default(), |sum, (_, it)| sum.plus(it.tally))
    }

    /// Whether a figure at the place or in it was let through although it exceeds what was expected.
    pub fn is_flagged(&self, class: EvacueeClass, place: &EvacuationPlace) -> bool {
        self.rows
            .iter()
            .any(|((c, p), it)| *c == class && place.contains(p) && it.flags.contains(&TallyFlag::MoreThanExpected))
    }

    /// Whether people may not go back there yet.
    pub fn is_locked(&self, place: &EvacuationPlace) -> bool {
        let allowed = |it| self.returns_allowed.contains(&(place.district.clone(), it));
        !(allowed(None) || place.township.is_some() && allowed(place.township.clone()))
    }
}

impl Tally {
    pub fn plus(self, more: Self) -> Self {
        Self {
            expected: self.expected.saturating_add(more.expected),
            moved: self.moved.saturating_add(more.moved),
            refused: self.refused.saturating_add(more.refused),
            returned: self.returned.saturating_add(more.returned),
        }
    }

    /// Neither moved nor refusing.
    pub fn remaining(self) -> u32 {
        self.expected.saturating_sub(self.moved.saturating_add(self.refused))
    }

    /// Moved, and not back home.
    pub fn away(self) -> u32 {
        self.moved.saturating_sub(self.returned)
    }

    pub(crate) fn is_over(self) -> bool {
        self.moved.saturating_add(self.refused) > self.expected
    }
}

/// `total` split by weights into whole numbers that sum to it, the largest remainders rounded up. Nothing if all weights
/// are 0.
pub fn apportion(total: u32, weights: &[u32]) -> Vec<u32> {
    let whole: u64 = weights.iter().map(|it| u64::from(*it)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let quota = |weight: u32| u64::from(total) * u64::from(weight);
    let mut shares: Vec<u32> = weights.iter().map(|it| (quota(*it) / whole) as u32).collect();
    let mut by_rest: Vec<usize> = (0..weights.len()).collect();
    by_rest.sort_by_key(|&i| (std::cmp::Reverse(quota(weights[i]) % whole), i));
    let left = total - shares.iter().sum::<u32>();
    for i in by_rest.into_iter().take(left as usize) {
        shares[i] += 1;
    }
    shares
}

// ---------------------------------------------------------------- what each record does

impl City {
    /// A plan expects so many in a whole district. What is new is split over its townships by their weights; what was set
    /// by hand stays.
    pub(crate) fn expect_in_district(
        &mut self,
        class: EvacueeClass,
        district: &DistrictId,
        n_people: u32,
        now: Timestamp,
    ) {
        let whole = EvacuationPlace::district(district.clone());
        self.evacuees.since.get_or_insert(now);
        let before = self.evacuees.sum(class, &whole).expected;
        let townships: Vec<(TownshipId, u32)> = self
            .townships
            .values()
            .filter(|it| it.district == *district)
            .map(|it| (it.id.clone(), it.weight))
            .collect();
        let more = n_people.saturating_sub(before);
        let weights: Vec<u32> = townships.iter().map(|it| it.1).collect();
        let shares = apportion(more, &weights);
        // Without weights nobody can say where; the district keeps them.
        let unshared = more - shares.iter().sum::<u32>();
        let mut add = |place: EvacuationPlace, n: u32| {
            let row = self.evacuees.rows.entry((class, place)).or_default();
            row.tally.expected = row.tally.expected.saturating_add(n);
        };
        for ((township, _), share) in townships.iter().zip(shares).filter(|(_, share)| *share > 0) {
            add(EvacuationPlace::township(district.clone(), township.clone()), share);
        }
        add(whole.clone(), unshared);
        // Fewer than before: only those nobody has counted yet can be taken back.
        let mut fewer = before.saturating_sub(n_people);
        let places: Vec<EvacuationPlace> = self
            .evacuees
            .rows
            .keys()
            .filter(|(c, p)| *c == class && whole.contains(p))
            .map(|it| it.1.clone())
            .collect();
        for place in places {
            let sums = place.and_above().into_iter().map(|it| self.evacuees.sum(class, &it));
            let spare = sums.map(Tally::remaining).min().unwrap_or(0);
            if let Some(row) = self.evacuees.rows.get_mut(&(class, place)) {
                let cut = fewer.min(spare).min(row.tally.expected);
                row.tally.expected -= cut;
                fewer -= cut;
            }
        }
        self.sum_evacuation(class, district);
    }

    /// Set by hand for one place with what is below it. What it gains comes out of the place above where that has people
    /// it had not placed more exactly.
    pub(crate) fn expect_at(&mut self, class: EvacueeClass, place: &EvacuationPlace, n_people: u32, now: Timestamp) {
        self.evacuees.since.get_or_insert(now);
        let below = self.evacuees.sum_below(class, place).expected;
        let row = self.evacuees.rows.entry((class, place.clone())).or_default();
        let own = n_people.saturating_sub(below);
        let more = own.saturating_sub(row.tally.expected);
        row.tally.expected = own;
        if let Some(above) = place.and_above().get(1)
            && let Some(row) = self.evacuees.rows.get_mut(&(class, above.clone()))
        {
            row.tally.expected = row.tally.expected.saturating_sub(more);
        }
        self.sum_evacuation(class, &place.district);
    }

    /// Totals for the place with everything in it.
    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(crate) fn count_evacuees(
        &mut self,
        class: EvacueeClass,
        place: &EvacuationPlace,
        [moved, refused, returned]: [u32; 3],
        flags: &[TallyFlag],
        reason: &Text,
        proof: Option<&Proof>,
        now: Timestamp,
    ) {
        let below = self.evacuees.sum_below(class, place);
        let row = self.evacuees.rows.entry((class, place.clone())).or_default();
        row.tally.moved = moved.saturating_sub(below.moved);
        row.tally.refused = refused.saturating_sub(below.refused);
        row.tally.returned = returned.saturating_sub(below.returned);
        row.flags = flags.iter().copied().collect();
        row.as_of = now;
        row.reason = reason.clone();
        if let Some(proof) = proof {
            row.proofs.push((now, proof.clone()));
            let n_old = row.proofs.len().saturating_sub(MAX_PROOFS);
            row.proofs.drain(..n_old);
        }
        self.sum_evacuation(class, &place.district);
    }

    /// From peace to war a new count begins; whoever is in a shelter is still there.
    pub(crate) fn begin_evacuation(&mut self) {
        self.evacuation.clear();
        self.evacuees.rows.clear();
        self.evacuees.returns_allowed.clear();
        self.evacuees.since = None;
    }

    /// A district that rises to Ⅱ or Ⅰ is locked again.
    pub(crate) fn relock_returns(&mut self) {
        let footings = &self.footings;
        let is_high = |it: &DistrictId| {
            footings.get(it).is_some_and(|it| it.posture == Posture::War && it.level >= Some(ResponseLevel::II))
        };
        self.evacuees.returns_allowed.retain(|(district, _)| !is_high(district));
    }

    fn sum_evacuation(&mut self, class: EvacueeClass, district: &DistrictId) {
        let sum = self.evacuees.sum(class, &EvacuationPlace::district(district.clone()));
        self.evacuation.insert((class, district.clone()), sum);
    }
}

// ---------------------------------------------------------------- the board

/// Shelters of a place. `headroom` is below 0 where more are in than there is room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelterSum {
    pub n_shelters: u32,
    pub capacity: u32,
    pub headcount: u32,
    pub headroom: i64,
    /// How many shelters hold more than they have room for.
    pub n_overfull: u32,
}

/// When the wind comes to a place, by the forecast the city goes by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CircleCountdown {
    /// 7 or 10.
    pub grade: u8,
    pub at: Timestamp,
    /// Minutes left; 0 if it is there.
    pub mins_left: i64,
    pub inside: bool,
    /// Whose forecast, issued when.
    pub agency: Text,
    pub issued_at: Timestamp,
}

/// One line of the board: a district, or one of its townships.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvacuationLine {
    pub place: EvacuationPlace,
    pub name: Text,
    /// All five classes.
    pub tally: Tally,
    /// In the order of [`EvacueeClass::ALL`].
    pub by_class: Vec<(EvacueeClass, Tally)>,
    pub remaining: u32,
    pub shelters: ShelterSum,
    /// The 7-grade circle, then the 10-grade one, each if it is forecast to come.
    pub arrivals: Vec<CircleCountdown>,
    /// People an hour from now on, to be done when the 7-grade circle comes; none if none is forecast or it is there.
    pub pace_needed: Option<f64>,
    /// People an hour since they were first expected.
    pub pace_so_far: Option<f64>,
    /// None if nothing is forecast to race against.
    pub is_behind: Option<bool>,
    /// Nobody may go back yet.
    pub is_locked: bool,
    pub flags: BTreeSet<TallyFlag>,
    /// The oldest of the figures counted here; 0 if none was.
    pub as_of: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvacuationDistrict {
    pub line: EvacuationLine,
    /// Every township of the district, expected or not.
    pub townships: Vec<EvacuationLine>,
    /// Counted by the district and in no township.
    pub elsewhere: Tally,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvacuationBoard {
    pub total: Tally,
    pub remaining: u32,
    pub shelters: ShelterSum,
    /// Districts whose pace is too slow.
    pub n_behind: u32,
    pub n_flagged: u32,
    pub districts: Vec<EvacuationDistrict>,
}

impl City {
    /// Who is where against which wind. Forecasts are followed for each township: ask when records change or once a
    /// second, not each frame.
    pub fn evacuation_board(&self, now: Timestamp) -> EvacuationBoard {
        let mut board = EvacuationBoard::default();
        let by_township = self.shelters_by_township();
        for district in self.districts.values() {
            let mut shelters = ShelterSum::default();
            let mut townships = Vec::new();
            for township in self.townships.values().filter(|it| it.district == district.id) {
                let own = by_township.get(&Some(&township.id)).copied().unwrap_or_default();
                shelters = shelters.plus(own);
                let place = EvacuationPlace::township(district.id.clone(), township.id.clone());
                townships.push(self.evacuation_line(place, &township.name, township.center, own, now));
            }
            if townships.is_empty() {
                let own = self.shelters_in_force().filter(|it| it.district == district.id);
                shelters = own.fold(shelters, |sum, it| sum.plus(self.shelter_sum(it)));
            }
            let place = EvacuationPlace::district(district.id.clone());
            let line = self.evacuation_line(place.clone(), &district.name, district.center, shelters, now);
            let own = EvacueeClass::ALL.iter().filter_map(|it| self.evacuees.rows.get(&(*it, place.clone())));
            let elsewhere = own.fold(Tally::default(), |sum, it| sum.plus(it.tally));
            board.total = board.total.plus(line.tally);
            board.remaining = board.remaining.saturating_add(line.remaining);
            board.shelters = board.shelters.plus(shelters);
            board.n_behind += u32::from(line.is_behind == Some(true));
            board.n_flagged += u32::from(!line.flags.is_empty());
            board.districts.push(EvacuationDistrict { line, townships, elsewhere });
        }
        board
    }

    fn evacuation_line(
        &self,
        place: EvacuationPlace,
        name: &Text,
        center: crate::LonLat,
        shelters: ShelterSum,
        now: Timestamp,
    ) -> EvacuationLine {
        let by_class: Vec<(EvacueeClass, Tally)> =
            EvacueeClass::ALL.iter().map(|class| (*class, self.evacuees.sum(*class, &place))).collect();
        let tally = by_class.iter().fold(Tally::default(), |sum, it| sum.plus(it.1));
        let remaining = by_class.iter().map(|it| it.1.remaining()).fold(0, u32::saturating_add);
        let within = self.evacuees.rows.iter().filter(|((_, p), _)| place.contains(p)).map(|it| it.1);
        let flags = within.clone().flat_map(|it| it.flags.iter().copied()).collect();
        let as_of = within.map(|it| it.as_of).filter(|it| it.0 > 0).min().unwrap_or_default();
        let countdown = |grade| {
            let arrival = self.circle_arrival(grade, center, now)?;
            let mins_left = if arrival.inside { 0 } else { arrival.at.since_ms(now).max(0) / 60_000 };
            let (at, inside, agency, issued_at) = (arrival.at, arrival.inside, arrival.agency, arrival.issued_at);
            Some(CircleCountdown { grade, at, mins_left, inside, agency, issued_at })
        };
        let arrivals: Vec<CircleCountdown> = [7, 10].into_iter().filter_map(countdown).collect();
        let hours_past = self.evacuees.since.map(|it| now.since_ms(it) as f64 / 3_600_000.0).filter(|it| *it > 0.0);
        let pace_so_far = hours_past.map(|it| f64::from(tally.moved) / it).filter(|_| tally.expected > 0);
        let seven = arrivals.iter().find(|it| it.grade == 7);
        let pace_needed = seven
            .filter(|it| it.mins_left > 0 && tally.expected > 0)
            .map(|it| f64::from(remaining) * 60.0 / it.mins_left as f64);
        let is_behind = seven
            .filter(|_| tally.expected > 0)
            .map(|it| remaining > 0 && (it.mins_left == 0 || pace_so_far.unwrap_or(0.0) < pace_needed.unwrap_or(0.0)));
        let is_locked = self.evacuees.is_locked(&place);
        let name = name.clone();
        EvacuationLine {
            place,
            name,
            tally,
            by_class,
            remaining,
            shelters,
            arrivals,
            pace_needed,
            pace_so_far,
            is_behind,
            is_locked,
            flags,
            as_of,
        }
    }

    /// A shelter belongs to the nearest township centre of its district: the pack says no more.
    fn shelters_by_township(&self) -> BTreeMap<Option<&TownshipId>, ShelterSum> {
        let mut sums: BTreeMap<Option<&TownshipId>, ShelterSum> = BTreeMap::new();
        for shelter in self.shelters_in_force() {
            let of_district = self.townships.values().filter(|it| it.district == shelter.district);
            let nearest = of_district
                .min_by(|a, b| shelter.at.distance_m(a.center).total_cmp(&shelter.at.distance_m(b.center)))
                .map(|it| &it.id);
            let sum = sums.entry(nearest).or_default();
            *sum = sum.plus(self.shelter_sum(shelter));
        }
        sums
    }

    fn shelter_sum(&self, shelter: &Shelter) -> ShelterSum {
        let headcount = self.evacuees.shelters.get(&shelter.id).map_or(0, ShelterCount::headcount);
        ShelterSum {
            n_shelters: 1,
            capacity: shelter.capacity,
            headcount,
            headroom: i64::from(shelter.capacity) - i64::from(headcount),
            n_overfull: u32::from(headcount > shelter.capacity),
        }
    }
}

impl ShelterSum {
    fn plus(self, more: Self) -> Self {
        Self {
            n_shelters: self.n_shelters + more.n_shelters,
            capacity: self.capacity.saturating_add(more.capacity),
            headcount: self.headcount.saturating_add(more.headcount),
            headroom: self.headroom + more.headroom,
            n_overfull: self.n_overfull + more.n_overfull,
        }
    }
}
