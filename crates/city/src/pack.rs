//! The city pack: a folder of data that makes this program another city's.
//!
//! `city.toml` (name, centre), then one file per registry: `districts.json`, `agencies.json`, `teams.json` …, each a JSON
//! array of the [`crate::model`] types, `plans/*.json`, `indicators.json`, layouts of walls and briefings. The crate reads no files: the caller hands in
//! each file's text, and a broken one is refused with file, line, what, why and what to do.

use crate::{
    AlarmRules, BriefingTemplate, CallPlace, CallStart, CaseRules, CellGrid, Contact, DetectionRules, FenceRules,
    FlightRules, ForceRules, Ladder, LonLat, MetricWall, QuakeRules, Roles, SensingKind, SensingKinds, SigningRules,
    TellingRules, Township, ViolationKind, Violations, ids::*, model::*, parse_briefing, parse_metric_walls,
    plan::Plan, plan::lint,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::{HashMap, HashSet};

/// Everything [`crate::City::found`] needs.
#[derive(Clone, Debug, Default)]
pub struct Pack {
    pub id: Text,
    pub name: Text,
    pub center: LonLat,
    pub districts: Vec<District>,
    pub agencies: Vec<Agency>,
    pub teams: Vec<Team>,
    /// Vehicles, pumps, boats and aircraft, counted apart from the teams; a pack may have none.
    pub units: Vec<Team>,
    pub depots: Vec<Depot>,
    pub shelters: Vec<Shelter>,
    pub helipads: Vec<Helipad>,
    pub hospitals: Vec<Hospital>,
    pub cameras: Vec<Camera>,
    pub docks: Vec<Dock>,
    pub drones: Vec<Drone>,
    pub sensors: Vec<Sensor>,
    pub flood_points: Vec<FloodPoint>,
    pub plans: Vec<Plan>,
    pub indicators: Vec<Indicator>,
    pub roles: Roles,
    pub force_rules: ForceRules,
    pub case_rules: CaseRules,
    pub signing_rules: SigningRules,
    pub telling_rules: TellingRules,
    pub flight_rules: FlightRules,
    pub fence_rules: FenceRules,
    pub quake_rules: QuakeRules,
    pub alarm_rules: AlarmRules,
    /// Kinds of devices kept in registers of things; a pack may have none.
    pub sensing_kinds: Vec<SensingKind>,
    /// What video recognition may find; a pack may have none.
    pub violations: Vec<ViolationKind>,
    pub detection_rules: DetectionRules,
    pub townships: Vec<Township>,
    pub contacts: Vec<Contact>,
    pub ladders: Vec<Ladder>,
    /// Cells and who works in them; a pack may have none.
    pub grid: CellGrid,
    /// Layouts of cards for walls; a pack may have none.
    pub metric_walls: Vec<(MetricWallId, MetricWall)>,
    /// What briefings can begin with; a pack may have none.
    pub briefings: Vec<BriefingTemplate>,
}

impl Pack {
    /// Teams and the other units, in the order of [`crate::City::teams`].
    pub fn forces(&self) -> impl Iterator<Item = &Team> {
        self.teams.iter().chain(&self.units)
    }
}

/// One thing wrong with a pack: `file:line: what, why, what to do`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}, {why}, {todo}")]
pub struct PackError {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub what: String,
    pub why: String,
    pub todo: String,
}

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// From 1.
    pub line: usize,
    /// Whose, and what to write instead.
    pub why: String,
}

impl LineFault {
    pub(crate) fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }

    /// What toml could not read.
    pub(crate) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        Self::new(error.span().map_or(1, |it| line_at(text, it.start)), error.message().replace('\n', " "))
    }
}

/// The line a byte of a text is on, from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|it| *it == b'\n').count()
}

/// Reads and checks a whole pack; all that is wrong comes at once.
///
/// `read` gives a file's text by its path in the pack (or says why it cannot), `list` the names of the files in one of its
/// folders. Map layers are the screens' own business and are not read here.
pub fn load_pack(
    read: &dyn Fn(&str) -> Result<String, String>,
    list: &dyn Fn(&str) -> Vec<String>,
) -> Result<Pack, Vec<PackError>> {
    let mut loader = Loader { read, texts: HashMap::new(), errors: Vec::new() };
    let city = loader.city_toml();
    let mut pack = Pack {
        id: city.id,
        name: city.name,
        center: city.center,
        districts: loader.registry("districts.json"),
        agencies: loader.registry("agencies.json"),
        teams: loader.registry("teams.json"),
        units: if has_file(list, "units.json") { loader.registry("units.json") } else { Vec::new() },
        depots: loader.registry("depots.json"),
        shelters: loader.registry("shelters.json"),
        helipads: loader.registry("helipads.json"),
        hospitals: loader.registry("hospitals.json"),
        cameras: loader.registry("cameras.json"),
        docks: loader.registry("docks.json"),
        drones: loader.registry("drones.json"),
        sensors: loader.registry("sensors.json"),
        flood_points: loader.registry("flood_points.json"),
        plans: Vec::new(),
        indicators: loader.registry("indicators.json"),
        roles: loader.json("roles.json").unwrap_or_default(),
        force_rules: loader.rules("rules/forces.toml", list, ForceRules::fault),
        case_rules: loader.rules("rules/cases.toml", list, CaseRules::fault),
        signing_rules: loader.rules("rules/signing.toml", list, SigningRules::fault),
        telling_rules: loader.rules("rules/tellings.toml", list, TellingRules::fault),
        flight_rules: loader.rules("rules/flights.toml", list, FlightRules::fault),
        fence_rules: loader.rules("rules/fences.toml", list, FenceRules::fault),
        quake_rules: loader.rules("rules/quakes.toml", list, QuakeRules::fault),
        alarm_rules: loader.rules("rules/alarms.toml", list, AlarmRules::fault),
        sensing_kinds: loader.rules("sensor_kinds.toml", list, SensingKinds::fault).kinds,
        violations: loader.rules("violations.toml", list, |_: &Violations| None).kinds,
        detection_rules: loader.rules("rules/detections.toml", list, DetectionRules::fault),
        townships: loader.registry("townships.json"),
        contacts: loader.registry("contacts.json"),
        ladders: loader.registry("ladders.json"),
        grid: if has_file(list, "grid.json") {
            loader.json("grid.json").unwrap_or_default()
        } else {
            CellGrid::default()
        },
        metric_walls: if has_file(list, METRIC_WALLS) { loader.metric_walls() } else { Vec::new() },
        briefings: Vec::new(),
    };
    let plan_files = files_in(list, "plans", ".json");
    for file in &plan_files {
        if let Some(plan) = loader.json(file) {
            pack.plans.push(plan);
        }
    }
    for file in files_in(list, "briefings", ".toml") {
        pack.briefings.extend(loader.briefing(&file));
    }
    // A file that could not be read makes every name in it unknown: telling those too would bury the cause.
    if loader.errors.is_empty() {
        check(&pack, &plan_files, &mut loader);
        check_violations(&pack, list, &mut loader);
    }
    let mut errors = loader.errors;
    if errors.is_empty() {
        return Ok(pack);
    }
    errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    Err(errors)
}

/// The files of one of its folders, in the order of their names, each from the pack's root.
fn files_in(list: &dyn Fn(&str) -> Vec<String>, folder: &str, ending: &str) -> Vec<String> {
    let own = list(folder).into_iter().filter(|it| it.ends_with(ending));
    let mut files: Vec<String> =
        own.map(|it| if it.starts_with(folder) { it } else { format!("{folder}/{it}") }).collect();
    files.sort();
    files
}

/// Whether the pack has a file it may leave out.
fn has_file(list: &dyn Fn(&str) -> Vec<String>, file: &str) -> bool {
    let (folder, name) = file.split_once('/').unwrap_or(("", file));
    list(folder).iter().any(|it| it == name || it == file)
}

const METRIC_WALLS: &str = "metric_walls.toml";

/// Farther than this from the city's centre, a place in the pack is a slip of the pen.
const MAX_PLACE_DISTANCE_M: f64 = 300_000.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CityToml {
    id: Text,
    name: Text,
    center: LonLat,
}

struct Loader<'a> {
    read: &'a dyn Fn(&str) -> Result<String, String>,
    texts: HashMap<String, String>,
    errors: Vec<PackError>,
}

impl Loader<'_> {
    fn city_toml(&mut self) -> CityToml {
        let none = CityToml { id: "".into(), name: "".into(), center: LonLat::default() };
        let file = "city.toml";
        let Some(text) = self.text(file) else { return none };
        match toml::from_str::<CityToml>(&text) {
            Ok(city) => {
                for (key, is_wrong) in [("id", city.id.is_empty()), ("name", city.name.is_empty())] {
                    if is_wrong {
                        self.error(file, line_of(&text, key), format!("empty {key}"), "a city needs one", "name it");
                    }
                }
                if !city.center.is_sane() || city.center == LonLat::default() {
                    let why = format!("{}, {} is not a place on land", city.center.0, city.center.1);
                    let todo = "give [longitude, latitude] in WGS-84 degrees";
                    self.error(file, line_of(&text, "center"), "bad center", why, todo);
                }
                city
            }
            Err(error) => {
                let LineFault { line, why } = LineFault::of_toml(&text, &error);
                self.error(file, line, "unreadable city.toml", why, "write id, name and center = [lon, lat]");
                none
            }
        }
    }

    fn registry<T: DeserializeOwned>(&mut self, file: &str) -> Vec<T> {
        self.json(file).unwrap_or_default()
    }

    /// Rules a city may leave out: then they are the defaults, and say so.
    fn rules<T: DeserializeOwned + Default>(
        &mut self,
        file: &str,
        list: &dyn Fn(&str) -> Vec<String>,
        fault: fn(&T) -> Option<String>,
    ) -> T {
        if !has_file(list, file) {
            return T::default();
        }
        let Some(text) = self.text(file) else { return T::default() };
        match toml::from_str::<T>(&text) {
            Ok(rules) => {
                if let Some(why) = fault(&rules) {
                    self.error(file, 1, "absurd rules", why, "correct it, or take the file away for the defaults");
                }
                rules
            }
            Err(error) => {
                let LineFault { line, why } = LineFault::of_toml(&text, &error);
                self.error(file, line, "unreadable rules", why, "correct it, or take the file away for the defaults");
                T::default()
            }
        }
    }

    fn metric_walls(&mut self) -> Vec<(MetricWallId, MetricWall)> {
        let Some(text) = self.text(METRIC_WALLS) else { return Vec::new() };
        match parse_metric_walls(&text) {
            Ok(walls) => walls,
            Err(faults) => {
                for LineFault { line, why } in faults {
                    self.error(METRIC_WALLS, line, "unreadable layout", why, "correct it, or take the file away");
                }
                Vec::new()
            }
        }
    }

    fn briefing(&mut self, file: &str) -> Option<BriefingTemplate> {
        let text = self.text(file)?;
        let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".toml");
        match parse_briefing(name, &text) {
            Ok(template) => Some(template),
            Err(LineFault { line, why }) => {
                self.error(file, line, "unreadable briefing", why, "correct it, or take the file away");
                None
            }
        }
    }

    fn json<T: DeserializeOwned>(&mut self, file: &str) -> Option<T> {
        let text = self.text(file)?;
        match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                let full = error.to_string();
                let why = full.split(" at line ").next().unwrap_or(&full).to_owned();
                let todo = format!("correct it (column {})", error.column());
                self.error(file, error.line(), "unreadable JSON", why, todo);
                None
            }
        }
    }

    fn text(&mut self, file: &str) -> Option<String> {
        match (self.read)(file) {
            Ok(text) if text.trim().is_empty() => {
                self.error(file, 1, "empty file", "it holds nothing", "write [] if the city has none of these");
                None
            }
            Ok(text) => {
                self.texts.insert(file.to_owned(), text.clone());
                Some(text)
            }
            Err(why) => {
                self.error(file, 1, "cannot read the file", why, "add it to the pack, with [] if the city has none");
                None
            }
        }
    }

    fn error(
        &mut self,
        file: &str,
        line: usize,
        what: impl Into<String>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) {
        let (what, why, todo) = (what.into(), why.into(), todo.into());
        self.errors.push(PackError { file: file.to_owned(), line: line.max(1), what, why, todo });
    }

    /// An error about the entry with this id.
    fn entry_error(&mut self, file: &str, id: &str, what: String, why: impl Into<String>, todo: &str) {
        let line = self.texts.get(file).map_or(1, |it| line_of_id(it, id, 0));
        self.error(file, line, what, why, todo);
    }
}

/// A unit is none of the teams, and is kept where there is a depot or a pad.
fn check_units(pack: &Pack, loader: &mut Loader<'_>) {
    for it in &pack.units {
        let id = it.id.as_str();
        if it.kind == UnitKind::Team {
            let todo = "name its kind, or move it to teams.json";
            loader.entry_error("units.json", id, format!("unit {id} is a team"), "teams are counted apart", todo);
        }
        if pack.teams.iter().any(|team| team.id == it.id) {
            let why = "a team of teams.json has this id";
            loader.entry_error("units.json", id, format!("second {id}"), why, "give it another id");
        }
    }
    for (it, file) in
        pack.teams.iter().map(|it| (it, "teams.json")).chain(pack.units.iter().map(|it| (it, "units.json")))
    {
        let (is_known, base) = match &it.base {
            None => continue,
            Some(Base::Depot(id)) => (pack.depots.iter().any(|it| it.id == *id), id.as_str()),
            Some(Base::Helipad(id)) => (pack.helipads.iter().any(|it| it.id == *id), id.as_str()),
        };
        if !is_known {
            let (what, why) = (format!("bad base of {}", it.id), format!("there is no {base}"));
            loader.entry_error(file, it.id.as_str(), what, why, "use an id of depots.json or helipads.json");
        }
    }
}

/// What JSON cannot say: names that must exist, places that must lie here, thresholds in order.
/// Contacts answer for places there are; ladders have steps, and steps have channels.
fn check_people(pack: &Pack, loader: &mut Loader<'_>) {
    let villages: HashSet<&str> = pack.townships.iter().flat_map(|it| &it.villages).map(|it| it.id.as_str()).collect();
    check_unique(loader, "townships.json", pack.townships.iter().flat_map(|it| &it.villages).map(|it| it.id.as_str()));
    for it in &pack.contacts {
        let (is_known, place) = match &it.place {
            CallPlace::Agency(id) => (pack.agencies.iter().any(|it| it.id == *id), id.as_str()),
            CallPlace::District(id) => (pack.districts.iter().any(|it| it.id == *id), id.as_str()),
            CallPlace::Township(id) => (pack.townships.iter().any(|it| it.id == *id), id.as_str()),
            CallPlace::Village(id) => (villages.contains(id.as_str()), id.as_str()),
        };
        if !is_known {
            let (what, why) = (format!("bad place of {}", it.id), format!("there is no {place}"));
            let todo = "use an id of agencies.json, districts.json or townships.json";
            loader.entry_error("contacts.json", it.id.as_str(), what, why, todo);
        }
        if it.phone.trim().is_empty() || it.rank == 0 {
            let what = format!("nobody can call {}", it.id);
            let why = "its phone is empty or its rank is 0";
            loader.entry_error("contacts.json", it.id.as_str(), what, why, "give a phone, and rank 1 to who is first");
        }
    }
    for it in &pack.ladders {
        let id = it.id.as_str();
        if it.steps.is_empty() || it.steps.len() > 20 || it.steps.iter().any(|it| it.channels.is_empty()) {
            let why = "it has no step, too many, or a step without a channel";
            loader.entry_error("ladders.json", id, format!("ladder {id} calls nobody"), why, "give each step channels");
        }
        for step in it.steps.iter().filter(|it| it.ack_within_mins > it.escalate_after_mins) {
            let why =
                format!("{} minutes to answer, the next after {}", step.ack_within_mins, step.escalate_after_mins);
            let todo = "let ack_within_mins be at most escalate_after_mins";
            loader.entry_error("ladders.json", id, format!("ladder {id} calls on before it is late"), why, todo);
        }
        for start in &it.starts {
            if let CallStart::Test { every_days, at_minute } = start
                && (*every_days == 0 || *at_minute >= 24 * 60)
            {
                let why = format!("every {every_days} days at minute {at_minute}");
                let todo = "every_days from 1, at_minute below 1440";
                loader.entry_error("ladders.json", id, format!("ladder {id} is never tested"), why, todo);
            }
        }
    }
}

fn check(pack: &Pack, plan_files: &[String], loader: &mut Loader<'_>) {
    if pack.districts.is_empty() {
        loader.error("districts.json", 1, "no district", "everything lies in one", "add at least one");
    }
    if pack.agencies.is_empty() {
        loader.error("agencies.json", 1, "no agency", "orders go to agencies", "add at least one");
    }
    if plan_files.is_empty() {
        let todo = "add plans/typhoon.json";
        loader.error("plans", 1, "no plan", "without one the city cannot switch to war", todo);
    }
    macro_rules! unique {
        ($($field:ident in $file:literal),* $(,)?) => {$(
            check_unique(loader, $file, pack.$field.iter().map(|it| it.id.as_str()));
        )*};
    }
    unique!(
        districts in "districts.json", agencies in "agencies.json", teams in "teams.json", depots in "depots.json",
        shelters in "shelters.json", helipads in "helipads.json", hospitals in "hospitals.json",
        cameras in "cameras.json", docks in "docks.json", drones in "drones.json", sensors in "sensors.json",
        flood_points in "flood_points.json", indicators in "indicators.json", units in "units.json",
        townships in "townships.json", contacts in "contacts.json", ladders in "ladders.json",
    );
    let districts: HashSet<&str> = pack.districts.iter().map(|it| it.id.as_str()).collect();
    let mut check_place = |file: &str, id: &str, at: LonLat, district: &DistrictId| {
        if !at.is_sane() || at.distance_m(pack.center) > MAX_PLACE_DISTANCE_M {
            let why = format!("{}, {} is not near the city", at.0, at.1);
            loader.entry_error(
                file,
                id,
                format!("bad place of {id}"),
                why,
                "give [longitude, latitude] in WGS-84 degrees",
            );
        }
        if !districts.contains(district.as_str()) {
            let why = format!("there is no district {district}");
            loader.entry_error(file, id, format!("bad district of {id}"), why, "use an id of districts.json");
        }
    };
    for it in &pack.districts {
        check_place("districts.json", it.id.as_str(), it.center, &it.id);
    }
    for it in &pack.townships {
        check_place("townships.json", it.id.as_str(), it.center, &it.district);
    }
    for it in &pack.teams {
        check_place("teams.json", it.id.as_str(), it.home, &it.district);
    }
    for it in &pack.units {
        check_place("units.json", it.id.as_str(), it.home, &it.district);
    }
    macro_rules! places {
        ($($field:ident in $file:literal),* $(,)?) => {$(
            for it in &pack.$field {
                check_place($file, it.id.as_str(), it.at, &it.district);
            }
        )*};
    }
    places!(
        depots in "depots.json", shelters in "shelters.json", helipads in "helipads.json",
        hospitals in "hospitals.json", cameras in "cameras.json", docks in "docks.json", sensors in "sensors.json",
        flood_points in "flood_points.json",
    );
    for it in pack.agencies.iter() {
        if let Some(district) = &it.district
            && !districts.contains(district.as_str())
        {
            let why = format!("there is no district {district}");
            let what = format!("bad district of {}", it.id);
            loader.entry_error("agencies.json", it.id.as_str(), what, why, "use an id of districts.json");
        }
        if it.platform.as_str().is_empty() {
            let what = format!("no platform for {}", it.id);
            loader.entry_error("agencies.json", it.id.as_str(), what, "its orders need a carrier", "name a platform");
        }
    }
    let docks: HashSet<&str> = pack.docks.iter().map(|it| it.id.as_str()).collect();
    for it in pack.drones.iter().filter(|it| !docks.contains(it.dock.as_str())) {
        let (what, why) = (format!("bad dock of {}", it.id), format!("there is no dock {}", it.dock));
        loader.entry_error("drones.json", it.id.as_str(), what, why, "use an id of docks.json");
    }
    let sensors: HashSet<&str> = pack.sensors.iter().map(|it| it.id.as_str()).collect();
    for it in pack.flood_points.iter().filter(|it| !sensors.contains(it.sensor.as_str())) {
        let (what, why) = (format!("bad sensor of {}", it.id), format!("there is no sensor {}", it.sensor));
        loader.entry_error("flood_points.json", it.id.as_str(), what, why, "use an id of sensors.json");
    }
    for it in &pack.sensors {
        if let Some(why) = wrong_thresholds(&it.thresholds) {
            let what = format!("bad thresholds of {}", it.id);
            let todo = "write them ascending, each with off below on";
            loader.entry_error("sensors.json", it.id.as_str(), what, why, todo);
        }
    }
    for name in pack.alarm_rules.unknown_names(&sensors, &pack.sensing_kinds) {
        let text = loader.texts.get("rules/alarms.toml").map_or("", String::as_str);
        let line = line_of_words(text, name);
        let todo = "use an id of sensors.json or sensor_kinds.toml, or a kind of sensor such as flood_depth";
        loader.error("rules/alarms.toml", line, format!("unknown {name}"), "no sensor or kind has this name", todo);
    }
    for (id, why) in pack.alarm_rules.suppress_faults() {
        let text = loader.texts.get("rules/alarms.toml").map_or("", String::as_str);
        let (before, after) = text.split_at(text.find("[[suppress]]").unwrap_or(0));
        let line = line_of_words(after, &id) + before.matches('\n').count();
        loader.error("rules/alarms.toml", line, "absurd suppression", why, "correct it, or take it away");
    }
    check_units(pack, loader);
    check_people(pack, loader);
    let mut plans = HashSet::new();
    for (plan, file) in pack.plans.iter().zip(plan_files) {
        if !plans.insert(plan.id.as_str()) {
            let what = format!("second plan {}", plan.id);
            loader.entry_error(file, plan.id.as_str(), what, "an earlier file has this id", "give it another");
        }
        check_unique(loader, file, plan.measures.iter().map(|it| it.id.as_str()));
        for (at, what, why, todo) in lint::faults(pack, plan) {
            match at {
                lint::At::File => loader.error(file, 1, what, why, todo),
                lint::At::Id(id) => loader.entry_error(file, id, what, why, todo),
                lint::At::Words(words) => {
                    let line = loader.texts.get(file).map_or(1, |it| line_of_words(it, words));
                    loader.error(file, line, what, why, todo);
                }
            }
        }
    }
    let (known, townships) = (
        pack.districts.iter().map(|it| it.id.as_str()).collect(),
        pack.townships.iter().map(|it| it.id.as_str()).collect(),
    );
    for (name, why) in pack.grid.faults(&known, &townships) {
        let todo = "correct the entry of this id, or run grid.py again";
        loader.entry_error("grid.json", &name, format!("bad entry {name}"), why, todo);
    }
    for (name, why) in pack.roles.faults() {
        let is_role = pack.roles.roles.iter().any(|it| it.id == name);
        let text = loader.texts.get("roles.json").map_or("", String::as_str);
        let line = if is_role { line_of_id(text, &name, 0) } else { line_of_words(text, &name) };
        let todo = "name a role of this file, and commands as they are in JSON";
        loader.error("roles.json", line, format!("bad role or seat {name}"), why, todo);
    }
}

/// A kind of violation goes to an agency there is, in a district there is, by a duty of the list where the pack has one.
fn check_violations(pack: &Pack, list: &dyn Fn(&str) -> Vec<String>, loader: &mut Loader<'_>) {
    #[derive(Deserialize)]
    struct Listed {
        id: String,
    }
    #[derive(Deserialize)]
    struct DutyFile {
        duties: Vec<Listed>,
    }
    const FILE: &str = "violations.toml";
    if pack.violations.is_empty() {
        return;
    }
    // What is wrong with the list of duties itself is told by who reads it whole.
    let duties: Option<HashSet<String>> = has_file(list, "duties.json")
        .then(|| (loader.read)("duties.json").ok())
        .flatten()
        .and_then(|text| serde_json::from_str::<DutyFile>(&text).ok())
        .map(|it| it.duties.into_iter().map(|it| it.id).collect());
    let faults = Violations::faults(
        &pack.violations,
        &|id| pack.agencies.iter().any(|it| it.id.as_str() == id),
        &|id| pack.districts.iter().any(|it| it.id.as_str() == id),
        &|id| duties.as_ref().is_none_or(|it| it.contains(id)),
    );
    for (kind, why) in faults {
        let line = loader.texts.get(FILE).map_or(1, |it| line_of_words(it, &kind));
        let todo = "correct it; use ids of agencies.json, districts.json and duties.json";
        loader.error(FILE, line, format!("bad kind {kind}"), why, todo);
    }
}

fn check_unique<'a>(loader: &mut Loader<'_>, file: &str, ids: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for id in ids {
        if id.is_empty() {
            let line = loader.texts.get(file).map_or(1, |it| line_of_id(it, id, 0));
            loader.error(file, line, "empty id", "every entry is named", "give it an id");
        } else if !seen.insert(id) {
            let line = loader.texts.get(file).map_or(1, |it| line_of_id(it, id, 1));
            loader.error(file, line, format!("second {id}"), "an id names one entry", "give it another id");
        }
    }
}

/// What is wrong with the order of thresholds, if anything.
pub(crate) fn wrong_thresholds(thresholds: &[Threshold]) -> Option<String> {
    for it in thresholds {
        if !it.on.is_finite() || !it.off.is_finite() || it.off >= it.on {
            return Some(format!("{}: off {} is not below on {}", it.color.glyph(), it.off, it.on));
        }
    }
    for pair in thresholds.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if a.on >= b.on || a.off > b.off || a.color >= b.color {
            return Some(format!("{} does not come before {}", a.color.glyph(), b.color.glyph()));
        }
    }
    None
}

/// The line on which a key first stands.
fn line_of(text: &str, key: &str) -> usize {
    text.lines().position(|it| it.trim_start().starts_with(key)).map_or(1, |i| i + 1)
}

/// The line of the `nth` entry with this id, counted from 0: where the id stands after an `"id":`.
fn line_of_id(text: &str, id: &str, nth: usize) -> usize {
    let quoted = serde_json::Value::from(id).to_string();
    let entries = text
        .match_indices(&quoted)
        .filter(|(i, _)| text[..*i].trim_end().strip_suffix(':').is_some_and(|it| it.trim_end().ends_with("\"id\"")));
    let found = entries.map(|(i, _)| 1 + text[..i].matches('\n').count());
    found.clone().nth(nth).or_else(|| found.last()).unwrap_or(1)
}

/// The line on which these words first stand as a JSON string.
fn line_of_words(text: &str, words: &str) -> usize {
    let quoted = serde_json::Value::from(words).to_string();
    text.find(&quoted).map_or(1, |i| 1 + text[..i].matches('\n').count())
}
