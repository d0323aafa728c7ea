//! People moved, as townships and shelters count them: a district's people split over its townships, some refusing, some
//! going to shelters, which fill one after another. A pure function of the orders received.
//!
//! Nobody goes home here: no platform tells this city that people may.

use crate::{agencies, dice::Dice, figures::OrderFigures, journal::Received};
use gulang_city::{DistrictId, EvacueeClass, Pack, Shelter, Timestamp, Township, TownshipId, inject::Inject};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
pub(crate) fn said(
    orders: &[Received],
    pack: &Pack,
    f: &OrderFigures,
    dice: Dice,
    injects: &[Inject],
    window: [Timestamp; 2],
) -> Vec<Said> {
    let map = Map::of(pack);
    let mut said = Vec::new();
    let mut filled: BTreeMap<&str, u32> = BTreeMap::new();
    for moved in agencies::moved(orders, pack, f, dice, injects, window) {
        let townships = map.townships.get(&moved.district).map_or(&[][..], Vec::as_slice);
        let at = moved.at.to_beijing_text();
        let key = |sub: usize| [moved.at.0, moved.order as i64, (moved.i * 1000 + sub) as i64];
        if townships.is_empty() {
            let item = json!({
                "class": moved.class, "districtId": moved.district, "moved": moved.moved, "at": at, "simulated": true,
            });
            said.push(Said { key: key(0), item });
            continue;
        }
        for (sub, township) in townships.iter().enumerate() {
            let [gone, refused] = map.split(township, moved.class, &moved.parts, dice);
            let item = json!({
                "class": moved.class, "districtId": moved.district, "townshipId": township.id, "moved": gone,
                "refused": refused, "returned": 0, "at": at, "simulated": true,
            });
            said.push(Said { key: key(sub), item });
        }
        // Shelters once a count, with the order's first class: they hold all classes.
        if !moved.i.is_multiple_of(100) {
            continue;
        }
        let totals = EvacueeClass::ALL.map(|class| {
            (class, agencies::moved_by(orders, pack, (f, dice, injects), class, &moved.district, moved.at))
        });
        let mut sub = 100;
        for township in townships {
            let mut left: u32 = totals
                .iter()
                .map(|(class, parts)| {
                    let [gone, _] = map.split(township, *class, parts, dice);
                    (f64::from(gone) * to_shelters(*class)) as u32
                })
                .sum();
            for shelter in map.shelters.get(&township.id).into_iter().flatten() {
                let inside = left.min(shelter.capacity);
                left -= inside;
                sub += 1;
                // Only what changed within this answer; the first count tells how it stands.
                if inside > 0 && filled.insert(shelter.id.as_str(), inside) != Some(inside) {
                    let item = json!({
                        "shelterId": shelter.id, "movedIn": inside, "returned": 0, "at": at, "simulated": true,
                    });
                    said.push(Said { key: key(sub), item });
                }
            }
        }
    }
    said.sort_by_key(|it| it.key);
    said
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
        let order = Received { at, platform: "yingji".into(), notice, times: 1, cancelled_at: None };
        let (f, end) = (Figures::shipped().orders, at.plus_mins(600));
        let all = said(std::slice::from_ref(&order), &pack, &f, Dice::new(3), &[], [at, end]);
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
        let rest = said(&[order], &pack, &f, Dice::new(3), &[], [Timestamp(half[0]), end]);
        let of_townships = |some: &[Said]| -> Vec<Value> {
            let later = some.iter().filter(|it| it.key > half && !it.item["townshipId"].is_null());
            later.map(|it| it.item.clone()).collect()
        };
        assert_eq!(of_townships(&rest), of_townships(&all));
    }
}
