//! What field teams are shown of the city: who is out and where, what is needed, what is closed, what burns, red alarms.
//!
//! An exercise says so three times: `opex="e"` (Event schema, clarification of 26 Feb 07), a remark that begins 【演练】, and
//! uids that begin `gulang-x-`. CoT's affiliation letters have exercise forms only for enemies, so types stay as they are.
//! A simulated city says `opex="s"`.

use crate::{connectors::outlook::Outlook, realm::RealmKind};
use gulang_city::{City, Fix, LonLat, MarkingKind, Readings, Realm, Text, Timestamp, WarningColor};
use gulang_platforms::cot::{Event, Opex, Track, kinds};
use std::collections::BTreeSet;

/// A position older than this is not passed on, ms.
const TOO_OLD_MS: i64 = 10 * 60_000;

/// Everything to be shown now. `theirs` are teams who speak by this very wire and need not be told where they are.
pub fn picture<R: RealmKind>(
    outlook: &Outlook<R>,
    theirs: &BTreeSet<Text>,
    now: Timestamp,
    stale_s: i64,
) -> Vec<Event> {
    let brush = Brush {
        prefix: R::KEY_PREFIX,
        opex: match (R::REALM, outlook.is_simulated()) {
            (Realm::Exercise, _) => Opex::Exercise,
            (Realm::Actual, true) => Opex::Simulation,
            (Realm::Actual, false) => Opex::Operation,
        },
        is_drill: R::REALM == Realm::Exercise,
        now,
        stale_s,
    };
    outlook.look(|city, readings| brush.all(city, readings, theirs))
}

struct Brush {
    prefix: &'static str,
    opex: Opex,
    is_drill: bool,
    now: Timestamp,
    stale_s: i64,
}

impl Brush {
    fn all(&self, city: &City, readings: &Readings, theirs: &BTreeSet<Text>) -> Vec<Event> {
        let mut events = Vec::new();
        for id in city.outings.keys().filter(|it| !theirs.contains(&it.0)) {
            let fix = city.teams.get_index_of(id).and_then(|it| readings.teams.get(it));
            if let (Some(team), Some(fix)) = (city.teams.get(id), fix.filter(|it| self.is_young(it))) {
                events.push(self.mover("team", id.as_str(), kinds::TEAM, &team.name, &fix));
            }
        }
        for (i, drone) in city.drones.values().enumerate() {
            if let Some(fix) = readings.drones.get(i).filter(|it| it.mode != 0 && self.is_young(it)) {
                events.push(self.mover("drone", drone.id.as_str(), kinds::DRONE, &drone.name, &fix));
            }
        }
        for need in city.needs.values().filter(|it| it.is_open()) {
            let words =
                format!("需要{}队 {} 支，还缺 {}：{}", need.what.glyph(), need.how_many, need.n_short(), need.why);
            let name = format!("需求 {}", need.id);
            events.push(self.spot("need", need.id, kinds::SPOT, name, words, need.at));
        }
        for marking in city.markings.values() {
            let name = marking.kind.name_zh();
            let reason = match &marking.kind {
                MarkingKind::Closure { reason, .. } => reason,
                MarkingKind::Fire { .. } | MarkingKind::Quake { .. } | MarkingKind::Spot { .. } => &marking.note,
                // Where something is watched or reached is the hall's own concern.
                MarkingKind::Fence { .. } | MarkingKind::ReachFrom { .. } => continue,
            };
            if let Some(at) = middle(marking.kind.places()) {
                let words = format!("{name}：{reason}（范围以指挥部地图为准）");
                events.push(self.spot("marking", marking.id, kinds::SPOT, name.to_owned(), words, at));
            }
        }
        let open = city.open_alarms.values().filter_map(|it| city.alarms.get(it));
        for alarm in open.filter(|it| it.color == WarningColor::Red && it.shelved_until.is_none()) {
            if let Some(sensor) = city.sensors.get(&alarm.sensor) {
                let words = format!("{}{} {}{}", sensor.name, sensor.kind.name_zh(), alarm.value, sensor.kind.unit());
                let name = sensor.name.to_string();
                events.push(self.spot("alarm", alarm.id, kinds::ALERT, name, words, sensor.at));
            }
        }
        events
    }

    fn is_young(&self, fix: &Fix) -> bool {
        self.now.since_ms(fix.at) < TOO_OLD_MS
    }

    fn mover(&self, what: &str, id: &str, kind: &str, name: &str, fix: &Fix) -> Event {
        Event {
            time: fix.at,
            start: fix.at,
            how: "m-g".into(),
            track: fix.heading.is_finite().then_some(Track { course: fix.heading, speed: fix.speed }),
            battery: Some(fix.battery).filter(|it| it.is_finite()),
            ..self.event(what, id, kind, name.to_owned(), LonLat(fix.lon, fix.lat))
        }
    }

    fn spot(
        &self,
        what: &str,
        id: impl std::fmt::Display,
        kind: &str,
        name: String,
        words: String,
        at: LonLat,
    ) -> Event {
        let event = self.event(what, &id.to_string(), kind, name, at);
        let remarks = format!("{}{words}", event.remarks);
        Event { remarks, ..event }
    }

    fn event(&self, what: &str, id: &str, kind: &str, name: String, at: LonLat) -> Event {
        Event {
            uid: format!("{}{what}-{id}", self.prefix),
            kind: kind.into(),
            how: "h-e".into(),
            time: self.now,
            start: self.now,
            stale: self.now.plus_secs(self.stale_s),
            opex: self.opex,
            place: Some(at),
            callsign: Some(name),
            remarks: if self.is_drill { "【演练】".into() } else { String::new() },
            ..Event::default()
        }
    }
}

/// Of corners, their mean: only where to look.
fn middle(places: &[LonLat]) -> Option<LonLat> {
    let n = places.len() as f64;
    let (lon, lat) = places.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    (!places.is_empty()).then(|| LonLat(lon / n, lat / n))
}
