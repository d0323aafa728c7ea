//! People moved, as townships and shelters count them: a district's people split over its townships, some refusing, some
//! going to shelters, which fill one after another. Where people may go home again they do, over some hours. A pure
//! function of what was received.
//!
//! Every hour a count brings a proof: the name of the sheet that was signed.

use crate::{
    agencies,
    dice::Dice,
    figures::OrderFigures,
    journal::{Allowed, Received},
};
use gulang_city::{DistrictId, EvacueeClass, Pack, Shelter, Timestamp, Township, TownshipId, inject::Inject};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// People going home are counted this often.
const COUNT_EVERY_MS: i64 = 10 * 60_000;
/// Where those going home stand in the feed among counts of one moment: after every order's.
const RETURNS_FROM: i64 = 1 << 40;
/// Of those counts, one in six has a proof.
const PROOF_EVERY: usize = 6;

/// What the outside did that moves people.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) orders: &'a [Received],
    pub(crate) returns: &'a [Allowed],
    pub(crate) injects: &'a [Inject],
}

/// A count, and where it stands in the feed.
pub(crate) struct Said {
    pub(crate) key: [i64; 3],
    pub(crate) item: Value,
}

/// Of a class's people, those without relatives to go to.
fn to_shelters(class: EvacueeClass) -> f64 {
    match class {
        EvacueeClass::UrbanVillage => 0.6,
        EvacueeClass::Visitors => 0.3,
        EvacueeClass::SeaAndSites => 0.5,
        EvacueeClass::SpecialTrades => 0.1,
        EvacueeClass::Responders => 0.0,
    }
}

/// Everything counted from `from` up to `until`, oldest first.
pub(crate) fn said(told: Told<'_>, pack: &Pack, f: &OrderFigures, dice: Dice, window: [Timestamp; 2]) -> Vec<Said> {
    let count = Count { told, pack, f, dice, map: Map::of(pack) };
    let mut said = Vec::new();
    let mut filled: BTreeMap<&str, u32> = BTreeMap::new();
    for moved in agencies::moved(told.orders, pack, f, dice, told.injects, window) {
        let (class, district) = (moved.class, &moved.district);
        let key = |sub: usize| [moved.at.0, moved.order as i64, (moved.i * 1000 + sub) as i64];
        let has_proof = (moved.i / 100).is_multiple_of(PROOF_EVERY);
        for (sub, item) in
            count.people(class, district, None, &moved.parts, moved.at, has_proof).into_iter().enumerate()
        {
            said.push(Said { key: key(sub), item });
        }
        // Shelters once a count, with the order's first class: they hold all classes.
        if !moved.i.is_multiple_of(100) {
            continue;
        }
        for (n, (shelter, inside, item)) in count.shelters(district, None, moved.at).into_iter().enumerate() {
            // Only what changed within this answer; the first count tells how it stands.
            if filled.insert(shelter, inside) != Some(inside) {
                said.push(Said { key: key(101 + n), item });
            }
        }
    }
    said.extend(count.going_home(window));
    said.sort_by_key(|it| it.key);
    said
}

/// Who counts: all that a count depends on.
struct Count<'a> {
    told: Told<'a>,
    pack: &'a Pack,
    f: &'a OrderFigures,
    dice: Dice,
    map: Map<'a>,
}

impl<'a> Count<'a> {
    /// Of a class in the townships of a district, or in one of them; of the district where it has none.
    fn people(
        &self,
        class: EvacueeClass,
        district: &DistrictId,
        only: Option<&TownshipId>,
        parts: &[u32],
        at: Timestamp,
        has_proof: bool,
    ) -> Vec<Value> {
        let (text, seen) = (at.to_beijing_text(), only);
        let proved = |mut item: Value, place: &str| {
            if has_proof {
                let name = format!("转移签字表-{place}-{}-{}.jpg", class.name_zh(), text.replace([' ', ':'], "-"));
                item["proof"] = json!({ "text": "转移签字表（仿真）", "picture": name });
            }
            item
        };
        let townships = self.map.townships.get(district).map_or(&[][..], Vec::as_slice);
        if townships.is_empty() {
            let moved: u32 = parts.iter().sum();
            let returned = self.home(moved, district, None, at);
            let item = json!({
                "class": class, "districtId": district, "moved": moved, "returned": returned, "at": text,
                "simulated": true,
            });
            return vec![proved(item, district.as_str())];
        }
        let asked = townships.iter().filter(|it| seen.is_none_or(|id| it.id == *id));
        let item = |township: &&'a Township| {
            let [gone, refused] = self.map.split(township, class, parts, self.dice);
            let returned = self.home(gone, district, Some(&township.id), at);
            let item = json!({
                "class": class, "districtId": district, "townshipId": township.id, "moved": gone,
                "refused": refused, "returned": returned, "at": text, "simulated": true,
            });
            proved(item, &township.name)
        };
        asked.map(item).collect()
    }

    /// Shelters people went to, with how many went in all, and what is told of them.
    fn shelters(&self, district: &DistrictId, only: Option<&TownshipId>, at: Timestamp) -> Vec<(&'a str, u32, Value)> {
        let totals = EvacueeClass::ALL.map(|class| (class, self.parts(class, district, at)));
        let townships = self.map.townships.get(district).into_iter().flatten();
        let mut found = Vec::new();
        for township in townships.filter(|it| only.is_none_or(|id| it.id == *id)) {
            let mut left: u32 = totals
                .iter()
                .map(|(class, parts)| {
                    let [gone, _] = self.map.split(township, *class, parts, self.dice);
                    (f64::from(gone) * to_shelters(*class)) as u32
                })
                .sum();
            for shelter in self.map.shelters.get(&township.id).into_iter().flatten() {
                let inside = left.min(shelter.capacity);
                left -= inside;
                if inside > 0 {
                    let returned = self.home(inside, district, Some(&township.id), at);
                    let item = json!({
                        "shelterId": shelter.id, "movedIn": inside, "returned": returned,
                        "at": at.to_beijing_text(), "simulated": true,
                    });
                    found.push((shelter.id.as_str(), inside, item));
                }
            }
        }
        found
    }

    /// What is counted while people go home: of every class, and of the shelters.
    fn going_home(&self, [from, until]: [Timestamp; 2]) -> Vec<Said> {
        let mut said = Vec::new();
        let n_counts = (self.f.return_hours.value * 3_600_000.0 / COUNT_EVERY_MS as f64).ceil() as i64;
        for (n, allowed) in self.told.returns.iter().enumerate() {
            let (district, only) = (&allowed.district, allowed.township.as_ref());
            for tick in 1..=n_counts {
                let at = allowed.at + tick * COUNT_EVERY_MS;
                if at < from || at > until {
                    continue;
                }
                let has_proof = tick == n_counts || tick % PROOF_EVERY as i64 == 0;
                let people = EvacueeClass::ALL.into_iter().flat_map(|class| {
                    let parts = self.parts(class, district, at);
                    let is_any = parts.iter().sum::<u32>() > 0;
                    let counted = is_any.then(|| self.people(class, district, only, &parts, at, has_proof));
                    counted.unwrap_or_default()
                });
                let sheltered = self.shelters(district, only, at).into_iter().map(|(_, _, item)| item);
                let items = people.chain(sheltered).enumerate();
                said.extend(items.map(|(i, item)| Said { key: [at.0, RETURNS_FROM + n as i64, i as i64], item }));
            }
        }
        said
    }

    fn parts(&self, class: EvacueeClass, district: &DistrictId, at: Timestamp) -> Vec<u32> {
        let Told { orders, injects, .. } = self.told;
        agencies::moved_by(orders, self.pack, (self.f, self.dice, injects), class, district, at)
    }

    /// Of so many moved, those back home: slow to begin, slow to end.
    fn home(&self, moved: u32, district: &DistrictId, township: Option<&TownshipId>, at: Timestamp) -> u32 {
        let covers = |it: &&Allowed| {
            it.district == *district && (it.township.is_none() || it.township.as_ref() == township) && it.at <= at
        };
        let Some(since) = self.told.returns.iter().filter(covers).map(|it| it.at).min() else { return 0 };
        let hours = (at - since) as f64 / 3_600_000.0;
        let f = (hours / self.f.return_hours.value.max(0.1)).clamp(0.0, 1.0);
        (f64::from(moved) * f * f * (3.0 - 2.0 * f)).floor() as u32
    }
}

/// Townships of each district, shelters of each township (the nearest centre's), by id.
struct Map<'a> {
    townships: BTreeMap<&'a DistrictId, Vec<&'a Township>>,
    weights: BTreeMap<&'a DistrictId, u64>,
    shelters: BTreeMap<&'a TownshipId, Vec<&'a Shelter>>,
}

impl<'a> Map<'a> {
    fn of(pack: &'a Pack) -> Self {
        let mut townships: BTreeMap<&DistrictId, Vec<&Township>> = BTreeMap::new();
        let mut weights: BTreeMap<&DistrictId, u64> = BTreeMap::new();
        for it in pack.townships.iter().filter(|it| it.weight > 0) {
            townships.entry(&it.district).or_default().push(it);
            *weights.entry(&it.district).or_default() += u64::from(it.weight);
        }
        let mut shelters: BTreeMap<&TownshipId, Vec<&Shelter>> = BTreeMap::new();
        for shelter in &pack.shelters {
            let nearest = townships.get(&shelter.district).into_iter().flatten();
            let nearest =
                nearest.min_by(|a, b| shelter.at.distance_m(a.center).total_cmp(&shelter.at.distance_m(b.center)));
            if let Some(township) = nearest {
                shelters.entry(&township.id).or_default().push(shelter);
            }
        }
        Self { townships, weights, shelters }
    }

    /// `[moved, refused]` of one township. Rounded down by each measure, so that it is never more than the hub expects.
    fn split(&self, township: &Township, class: EvacueeClass, parts: &[u32], dice: Dice) -> [u32; 2] {
        let whole = self.weights.get(&township.district).copied().unwrap_or(1).max(1);
        let share = |part: &u32| (u64::from(*part) * u64::from(township.weight) / whole) as u32;
        let found: u32 = parts.iter().map(share).sum();
        let unwilling = dice.of_text(township.id.as_str()).of(class as u64).spread([0.0, 0.006, 0.03]);
        let refused = (f64::from(found) * unwilling) as u32;
        [found - refused, refused]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::Figures, journal::Notice, testing::tiny_pack};
    use gulang_city::{LonLat, apportion};

    #[test]
    fn townships_never_count_more_than_their_share_and_pages_agree() {
        let mut pack = tiny_pack();
        for (i, weight) in [5, 3, 1].into_iter().enumerate() {
            pack.townships.push(Township {
                id: format!("t{i}").into(),
                name: format!("{i}镇").into(),
                district: "350203".into(),
                center: LonLat(118.08 + 0.01 * i as f64, 24.45),
                weight,
                villages: Vec::new(),
            });
        }
        let notice = Notice {
            notice_id: "gulang-x-1-1".into(),
            order_id: 1.into(),
            definition_version: 1,
            unit_id: "wenlv".into(),
            title: "转移外来游客".into(),
            content: String::new(),
            ack_by: json!(null),
            deadline: json!("2023-07-27 14:00:00"),
            channel: json!("platform"),
            exercise: true,
        };
        let at = Timestamp::parse("2023-07-27 10:00:00").unwrap();
        let order =
            Received { at, platform: "yingji".into(), notice, times: 1, cancelled_at: None, superseded_by: None };
        let (f, end) = (Figures::shipped().orders, at.plus_mins(600));
        let orders = std::slice::from_ref(&order);
        let told = Told { orders, returns: &[], injects: &[] };
        let all = said(told, &pack, &f, Dice::new(3), [at, end]);
        let expected = apportion(1200, &[5, 3, 1]);
        let n = |item: &Value, key: &str| item[key].as_u64().unwrap_or(0) as u32;
        let mut last = [0; 3];
        let mut sheltered = 0;
        for it in &all {
            match it.item["townshipId"].as_str() {
                Some(id) => {
                    let i: usize = id[1..].parse().unwrap();
                    let sum = n(&it.item, "moved") + n(&it.item, "refused");
                    assert!(sum <= expected[i] && sum >= last[i], "{:?}", it.item);
                    last[i] = sum;
                }
                None => sheltered = sheltered.max(n(&it.item, "movedIn")),
            }
        }
        assert!(last.iter().sum::<u32>() > 1130, "{last:?}");
        assert!((1..=300).contains(&sheltered), "a shelter takes people in, and no more than it holds: {sheltered}");
        let half = all[all.len() / 2].key;
        let rest = said(told, &pack, &f, Dice::new(3), [Timestamp(half[0]), end]);
        let of_townships = |some: &[Said]| -> Vec<Value> {
            let later = some.iter().filter(|it| it.key > half && !it.item["townshipId"].is_null());
            later.map(|it| it.item.clone()).collect()
        };
        assert_eq!(of_townships(&rest), of_townships(&all));
        assert!(all.iter().all(|it| n(&it.item, "returned") == 0), "nobody was let home");
        assert!(all.iter().any(|it| it.item["proof"]["picture"].is_string()));

        // One township is let home, then the whole district.
        let returns = [
            Allowed { at: at.plus_mins(420), district: "350203".into(), township: Some("t1".into()) },
            Allowed { at: at.plus_mins(600), district: "350203".into(), township: None },
        ];
        let told = Told { orders, returns: &returns, injects: &[] };
        let back = said(told, &pack, &f, Dice::new(3), [at, at.plus_mins(2000)]);
        assert!(back.windows(2).all(|it| it[0].key <= it[1].key));
        let mut home = BTreeMap::new();
        for it in &back {
            let (moved, returned) = (n(&it.item, "moved").max(n(&it.item, "movedIn")), n(&it.item, "returned"));
            let place = it.item["townshipId"].as_str().or(it.item["shelterId"].as_str()).unwrap_or_default().to_owned();
            assert!(
                returned <= moved && returned >= home.get(&place).map_or(0, |it: &(u32, u32)| it.1),
                "{:?}",
                it.item
            );
            if it.key[0] < at.plus_mins(600).0 && it.item["townshipId"] != "t1" && it.item["shelterId"].is_null() {
                assert_eq!(returned, 0, "{:?}", it.item);
            }
            home.insert(place, (moved, returned));
        }
        assert!(home.values().all(|(moved, returned)| moved == returned), "{home:?}");
        assert!(["t0", "t1", "t2"].iter().all(|it| home.contains_key(*it)), "{home:?}");
    }
}
