//! Which pictures a switch opens (将打开的画面): cameras by what they stand near, drones by reach and reserve.
//!
//! The places come from the plan at its level and from what the records and readings say of the water. Telemetry is not in
//! the fold, so what was chosen travels in [`crate::Command::OpenFeeds`] and is recorded with its reasons; every wall then
//! shows the same first. The registry has no camera's direction: that one stands near is all that is said.

use super::{Effective, Plan, Scope, SheetAsk};
use crate::{City, Freshness, LonLat, Readings, Timestamp, freshness, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// More than these nobody watches; the rest is counted.
pub const MAX_OPEN_CAMERAS: usize = 12;
pub const MAX_OPEN_DRONES: usize = 6;

/// How near a camera must stand to a spot, m; a township is seen by any within the longer one.
const SEES_SPOT_M: f64 = 300.0;
const SEES_TOWNSHIP_M: f64 = 1500.0;
/// From a drone's height places nearer together than this are one picture, m.
const DRONE_SEES_M: f64 = 1000.0;

/// Where a picture comes from (画面).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    Camera(CameraId),
    Drone(DroneId),
    /// 一对一视频: a call with somebody in the street, by the hub's own id of the call.
    Call(Text),
}

/// A picture that was chosen: of which place, and why in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFeed {
    pub feed: Feed,
    pub place: Text,
    pub why: Text,
}

/// What a switch opens, and how much it leaves closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetFeeds {
    pub cameras: Vec<OpenFeed>,
    pub drones: Vec<OpenFeed>,
    /// Further cameras that stand near a place of the plan.
    pub n_more_cameras: u32,
    /// Places no camera stands near, or whose position nobody knows.
    pub n_unseen: u32,
    /// Drones that could fly and are kept back.
    pub n_kept_drones: u32,
    /// Drones that are silent or have too little battery.
    pub n_unfit_drones: u32,
    /// The weather that kept drones from a place.
    pub grounded: Option<Text>,
}

/// A place worth a picture.
struct RiskPlace {
    name: Text,
    at: LonLat,
    district: DistrictId,
    why: String,
    /// How near a camera must stand, m.
    within_m: f64,
    /// A door is watched from the street, not from the air.
    is_door: bool,
}

/// A drone that may fly.
struct AbleDrone<'a> {
    drone: &'a Drone,
    at: LonLat,
    /// There and back with the reserve untouched, m.
    reach_m: f64,
    battery: f32,
}

impl Feed {
    pub fn id(&self) -> &str {
        match self {
            Self::Camera(id) => id.as_str(),
            Self::Drone(id) => id.as_str(),
            Self::Call(id) => id,
        }
    }
}

impl SheetFeeds {
    /// Drones first: theirs are the pictures the walls have.
    pub fn all(&self) -> Vec<OpenFeed> {
        self.drones.iter().chain(&self.cameras).cloned().collect()
    }
}

impl City {
    /// The cameras and drones a switch opens. No camera and no drone twice; the same city and readings give the same
    /// answer. Nothing for a plan that does not exist.
    pub fn feeds_for(&self, ask: &SheetAsk, readings: &Readings, now: Timestamp) -> SheetFeeds {
        let mut feeds = SheetFeeds::default();
        let Some(plan) = self.plans.get(&ask.plan) else { return feeds };
        let places = self.risk_places(plan, ask, readings, now, &mut feeds.n_unseen);
        self.choose_cameras(&places, &mut feeds);
        self.choose_drones(&places, readings, now, &mut feeds);
        feeds
    }

    // ---------------------------------------------------------------- places

    /// Standing and rising water first; then the plan's places, people, doors and known low spots in turn.
    fn risk_places(
        &self,
        plan: &Plan,
        ask: &SheetAsk,
        readings: &Readings,
        now: Timestamp,
        n_unplaced: &mut u32,
    ) -> Vec<RiskPlace> {
        let is_here = |id: &DistrictId| ask.districts.is_empty() || ask.districts.contains(id);
        let measures = self.effective_measures(plan).into_iter();
        let measures: Vec<Effective<'_>> = measures
            .filter(|it| it.measure.from_level <= ask.level && !ask.struck.contains(&it.measure.id))
            .filter(|it| ask.districts.is_empty() || ask.districts.iter().any(|id| self.is_in(it, id, false)))
            .collect();
        let (mut places, quiet) = self.water_places(plan, &is_here, readings, now);
        let mut people: BTreeMap<&DistrictId, u32> = BTreeMap::new();
        for need in measures.iter().flat_map(|it| &it.measure.evacuees).filter(|it| is_here(&it.district)) {
            // By the city's own id: a tightened measure is a copy that ends here.
            if let Some(district) = self.districts.get(&need.district) {
                let n = people.entry(&district.id).or_default();
                *n = n.saturating_add(need.n_people);
            }
        }
        places.extend(in_turn(vec![
            self.named_places(&measures, &is_here, n_unplaced),
            force_places(&measures, &is_here),
            self.township_places(&people),
            self.shelter_doors(&people),
            quiet,
        ]));
        places
    }

    /// Flood points with water or near it, worst first; and the dry ones, where the plan is about water.
    fn water_places(
        &self,
        plan: &Plan,
        is_here: &dyn Fn(&DistrictId) -> bool,
        readings: &Readings,
        now: Timestamp,
    ) -> (Vec<RiskPlace>, Vec<RiskPlace>) {
        let (mut alarmed, mut rising, mut quiet) = (Vec::new(), Vec::new(), Vec::new());
        for point in self.flood_points.values().filter(|it| is_here(&it.district)) {
            let place = |why: String| RiskPlace {
                name: point.name.clone(),
                at: point.at,
                district: point.district.clone(),
                why,
                within_m: SEES_SPOT_M,
                is_door: false,
            };
            if let Some(alarm) = self.open_alarms.get(&point.sensor).and_then(|it| self.alarms.get(it)) {
                let why = format!("积水{}色告警，读数 {:.0} 厘米", alarm.color.glyph(), alarm.value);
                alarmed.push((alarm.color, alarm.value, place(why)));
                continue;
            }
            let known = self.sensors.get_full(&point.sensor);
            let limit = known.and_then(|(_, _, it)| it.thresholds.first()).map(|it| it.on).filter(|it| *it > 0.0);
            let read = known.and_then(|(i, _, it)| Some((readings.gauges.get(i)?, it.kind.budget())));
            let fresh = read.filter(|((_, at), budget)| {
                matches!(freshness(*budget, *at, now), Freshness::Fresh | Freshness::Stale { .. })
            });
            let share = fresh.zip(limit).map(|(((value, _), _), limit)| (value / limit, value));
            match share.filter(|(share, _)| *share >= 0.5) {
                Some((share, value)) => {
                    rising.push((share, place(format!("水位 {value:.0} 厘米，已过首级限值一半"))));
                }
                None => quiet.push(place("登记的内涝点".to_owned())),
            }
        }
        // The sorts are stable: equals keep the registry's order.
        alarmed.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        rising.sort_by(|a, b| b.0.total_cmp(&a.0));
        if !matches!(plan.hazard, Hazard::Typhoon | Hazard::Rainstorm) {
            quiet.clear();
        }
        let wet = alarmed.into_iter().map(|it| it.2).chain(rising.into_iter().map(|it| it.1)).collect();
        (wet, quiet)
    }

    /// Places a measure names. The city keeps no gazetteer: a camera, flood point or shelter called after the place says
    /// where it is.
    fn named_places(
        &self,
        measures: &[Effective<'_>],
        is_here: &dyn Fn(&DistrictId) -> bool,
        n_unplaced: &mut u32,
    ) -> Vec<RiskPlace> {
        let mut places: Vec<RiskPlace> = Vec::new();
        let mut names: BTreeSet<&Text> = BTreeSet::new();
        for it in measures {
            let Scope::Places(all) = &it.measure.scope else { continue };
            for name in all.iter().filter(|name| names.insert(*name)) {
                let cameras = self.cameras.values().map(|it| (&it.name, it.at, &it.district));
                let points = self.flood_points.values().map(|it| (&it.name, it.at, &it.district));
                let shelters = self.shelters.values().map(|it| (&it.name, it.at, &it.district));
                let mut called = cameras.chain(points).chain(shelters).filter(|it| it.0.contains(&**name));
                match called.find(|it| is_here(it.2)) {
                    Some((_, at, district)) => places.push(RiskPlace {
                        name: name.clone(),
                        at,
                        district: district.clone(),
                        why: format!("「{}」点名的地方", it.measure.title),
                        within_m: SEES_SPOT_M,
                        is_door: false,
                    }),
                    None => *n_unplaced += 1,
                }
            }
        }
        places
    }

    /// Where most people are to leave.
    fn township_places(&self, people: &BTreeMap<&DistrictId, u32>) -> Vec<RiskPlace> {
        let mut found: Vec<(u32, RiskPlace)> = Vec::new();
        for (district, n_people) in people {
            let of_district = || self.townships.values().filter(|it| it.district == **district);
            let all: u64 = of_district().map(|it| u64::from(it.weight)).sum();
            for it in of_district().filter(|it| it.weight > 0) {
                let n = (u64::from(*n_people) * u64::from(it.weight) / all.max(1)) as u32;
                let place = RiskPlace {
                    name: it.name.clone(),
                    at: it.center,
                    district: it.district.clone(),
                    why: format!("约 {n} 人要转移"),
                    within_m: SEES_TOWNSHIP_M,
                    is_door: false,
                };
                found.push((n, place));
            }
        }
        found.sort_by_key(|it| Reverse(it.0));
        found.into_iter().map(|it| it.1).collect()
    }

    /// The largest shelters of districts whose people move.
    fn shelter_doors(&self, people: &BTreeMap<&DistrictId, u32>) -> Vec<RiskPlace> {
        let mut shelters: Vec<&Shelter> =
            self.shelters.values().filter(|it| people.contains_key(&it.district)).collect();
        shelters.sort_by_key(|it| Reverse(it.capacity));
        let door = |it: &Shelter| RiskPlace {
            name: it.name.clone(),
            at: it.at,
            district: it.district.clone(),
            why: format!("避灾点门口，可容 {} 人", it.capacity),
            within_m: SEES_SPOT_M,
            is_door: true,
        };
        shelters.into_iter().map(door).collect()
    }

    // ---------------------------------------------------------------- who sees them

    /// The nearest camera of each place; a place whose nearest is already chosen is seen with it.
    fn choose_cameras(&self, places: &[RiskPlace], feeds: &mut SheetFeeds) {
        let mut by_lat: Vec<&Camera> = self.cameras.values().collect();
        by_lat.sort_by(|a, b| a.at.1.total_cmp(&b.at.1));
        let mut seen: BTreeSet<&CameraId> = BTreeSet::new();
        for place in places {
            let Some((camera, distance_m)) = nearest_camera(&by_lat, place) else {
                feeds.n_unseen += 1;
                continue;
            };
            if !seen.insert(&camera.id) {
                continue;
            }
            if feeds.cameras.len() == MAX_OPEN_CAMERAS {
                feeds.n_more_cameras += 1;
                continue;
            }
            feeds.cameras.push(OpenFeed {
                feed: Feed::Camera(camera.id.clone()),
                place: place.name.clone(),
                why: format!("{}；镜头距此 {distance_m:.0} 米", place.why).into(),
            });
        }
    }

    /// The nearest able drone for each place not seen by another, one in three kept to relieve them.
    fn choose_drones(&self, places: &[RiskPlace], readings: &Readings, now: Timestamp, feeds: &mut SheetFeeds) {
        let mut able = self.able_drones(readings, now);
        feeds.n_unfit_drones = (self.drones.len() - able.len()) as u32;
        let n_most = (able.len() - able.len() / 3).min(MAX_OPEN_DRONES);
        let mut flown_to: Vec<LonLat> = Vec::new();
        for place in places.iter().filter(|it| !it.is_door) {
            if feeds.drones.len() == n_most {
                break;
            }
            if flown_to.iter().any(|it| it.distance_m(place.at) < DRONE_SEES_M) {
                continue;
            }
            let ways = able.iter().enumerate().map(|(i, it)| (i, it.at.distance_m(place.at), it));
            let nearest = ways
                .filter(|(_, distance_m, it)| *distance_m <= it.reach_m)
                .min_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.2.drone.id.cmp(&b.2.drone.id)));
            let Some((i, distance_m, _)) = nearest else { continue };
            let wind = match self.weather_at(&place.district, now) {
                Ok(wind) => wind,
                Err(why) => {
                    feeds.grounded.get_or_insert(why);
                    continue;
                }
            };
            let AbleDrone { drone, battery, .. } = able.remove(i);
            flown_to.push(place.at);
            feeds.drones.push(OpenFeed {
                feed: Feed::Drone(drone.id.clone()),
                place: place.name.clone(),
                why: format!("{}；相距 {:.1} 公里，电量 {battery:.0}%，{wind}", place.why, distance_m / 1000.0).into(),
            });
        }
        feeds.n_kept_drones = able.len() as u32;
    }

    /// Drones heard of late, with more battery than they must land with.
    fn able_drones(&self, readings: &Readings, now: Timestamp) -> Vec<AbleDrone<'_>> {
        let rules = &self.flight_rules;
        let able = self.drones.values().enumerate().filter_map(|(i, drone)| {
            let fix = readings.drones.get(i).filter(|it| now < it.at.plus_mins(rules.feeds_too_old_mins))?;
            // Unknown is NaN, and not more than anything.
            (fix.battery > rules.reserve_percent).then(|| AbleDrone {
                drone,
                at: LonLat(fix.lon, fix.lat),
                reach_m: rules.reach_with(fix.battery),
                battery: fix.battery,
            })
        });
        able.collect()
    }

    /// The wind in words where a drone may fly, else why not; by the district's own observation, or the city's.
    fn weather_at(&self, district: &DistrictId, now: Timestamp) -> Result<String, Text> {
        let of = |kind| self.fresh_weather(kind, Some(district), now);
        let (max_wind, max_rain) = (self.flight_rules.max_wind_mps, self.flight_rules.max_rain_mm);
        let name = self.districts.get(district).map_or(district.as_str(), |it| &it.name);
        let wind = of(SensorKind::Wind);
        if let Some(wind) = wind.filter(|it| *it > max_wind) {
            return Err(format!("{name}风速 {wind:.0} 米/秒，超过 {max_wind:.0}，不起飞").into());
        }
        if let Some(rain) = of(SensorKind::Rain).filter(|it| *it > max_rain) {
            return Err(format!("{name}雨强 {rain:.0} 毫米/时，超过 {max_rain:.0}，不起飞").into());
        }
        Ok(wind.map_or("风速没有观测".to_owned(), |it| format!("风速 {it:.0} 米/秒")))
    }
}

/// Where forces are wanted, if it is known more closely than by district.
fn force_places(measures: &[Effective<'_>], is_here: &dyn Fn(&DistrictId) -> bool) -> Vec<RiskPlace> {
    let needs = measures.iter().flat_map(|it| &it.measure.forces).filter(|it| is_here(&it.district));
    needs
        .filter_map(|it| {
            Some(RiskPlace {
                name: it.place.clone(),
                at: it.at?,
                district: it.district.clone(),
                why: format!("预置 {} 支{}字队伍的地方", it.n_teams, it.capability.glyph()),
                within_m: SEES_SPOT_M,
                is_door: false,
            })
        })
        .collect()
}

/// Of cameras from south to north; of those equally near the first by id.
fn nearest_camera<'a>(by_lat: &[&'a Camera], place: &RiskPlace) -> Option<(&'a Camera, f64)> {
    let at = place.at;
    let dlat = place.within_m / 110_000.0;
    let dlon = dlat / at.1.to_radians().cos().max(0.05);
    let first = by_lat.partition_point(|it| it.at.1 < at.1 - dlat);
    by_lat[first..]
        .iter()
        .take_while(|it| it.at.1 <= at.1 + dlat)
        .filter(|it| (it.at.0 - at.0).abs() <= dlon)
        .map(|it| (*it, it.at.distance_m(at)))
        .filter(|it| it.1 <= place.within_m)
        .min_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.id.cmp(&b.0.id)))
}

/// One of each list, then the next of each.
fn in_turn<T>(lists: Vec<Vec<T>>) -> Vec<T> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    loop {
        let n_before = all.len();
        all.extend(lists.iter_mut().filter_map(Iterator::next));
        if all.len() == n_before {
            return all;
        }
    }
}
