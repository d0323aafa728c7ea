//! Finding anything by what an officer would type: a name or a piece of it, an id, an address, pinyin in full
//! (`lianban`, 莲坂) or by initials (`gly`, 鼓浪屿), or any mixture of these.
//!
//! The index is made once per city and holds every name as a row of characters with their readings; all readings of a
//! character count, since 厦 is both xià and shà. A search walks it from end to end and allocates one list. Cases come with
//! the records, so they are added as they come.
//!
//! Knows the city and nothing of the screen.

use crate::panels::Selection;
use gulang_city::*;
use pinyin::ToPinyinMulti;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

/// What can be found. In the order they are shown among equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    District,
    Place,
    FloodPoint,
    Team,
    Shelter,
    Depot,
    Hospital,
    Helipad,
    Dock,
    Drone,
    Agency,
    Sensor,
    Road,
    Case,
    Camera,
    /// Of a large register; found by its own id alone.
    Thing,
}

/// A name on the map that is nothing of the city's: a place, a road.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: Text,
    pub at: LonLat,
}

/// Names beside the city's registries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub places: Vec<Named>,
    pub roads: Vec<Named>,
}

/// Something found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub kind: Kind,
    pub name: String,
    /// Address, stock, number: what tells it from its namesakes.
    pub sub: String,
    /// Empty where the city does not say.
    pub district: String,
    /// A mover's is its station.
    pub at: Option<LonLat>,
    pub selection: Option<Selection>,
    /// Which characters of `name` were asked for.
    pub span: Range<usize>,
}

/// At most so many are found.
pub const MAX_HITS: usize = 50;
/// More than this of a question is not looked at, characters.
const MAX_QUERY: usize = 24;

/// How well something answers; the less the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    ExactId,
    ExactName,
    Prefix,
    IdPrefix,
    Initials,
    Pinyin,
    Inside,
    PinyinInside,
    Address,
}

/// Every name of a city, ready to be searched.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Which city this is of.
    of: Option<Key>,
    glyphs: Vec<Glyph>,
    glyph_of: HashMap<char, u16>,
    readings: Vec<&'static str>,
    /// Names and addresses, one after the other, as rows of `glyphs`.
    text: Vec<u16>,
    entries: Vec<Entry>,
    n_cases: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Key {
    realm: Realm,
    name: Text,
    sizes: [usize; 14],
}

/// A character and how it may be typed.
#[derive(Clone, Debug)]
struct Glyph {
    ch: char,
    /// Bits of the letters its readings begin with.
    initials: u32,
    readings: Range<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    /// In its registry.
    i: u32,
    /// In `text`: the name, then the address.
    from: u32,
    n_name: u16,
    n_address: u16,
}

impl Index {
    /// Makes the index what `city` and `names` say; quick when it is already.
    pub fn refresh(&mut self, city: &City, names: &Names) {
        let key = Key::of(city, names);
        if self.of.as_ref() != Some(&key) || city.cases.len() < self.n_cases {
            *self = Self::build(city, names);
            self.of = Some(key);
        }
        for (i, case) in city.cases.values().enumerate().skip(self.n_cases) {
            self.add(Kind::Case, i, &case.report.title, &case.report.address);
        }
        self.n_cases = city.cases.len();
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn build(city: &City, names: &Names) -> Self {
        let mut index = Self::default();
        macro_rules! add {
            ($registry:ident, $kind:ident, $address:expr) => {
                for (i, it) in city.$registry.values().enumerate() {
                    #[allow(clippy::redundant_closure_call, reason = "names the row's type once")]
                    index.add(Kind::$kind, i, &it.name, $address(it));
                }
            };
        }
        add!(districts, District, |_| "");
        add!(flood_points, FloodPoint, |_| "");
        add!(teams, Team, |_| "");
        add!(shelters, Shelter, |_| "");
        add!(hospitals, Hospital, |_| "");
        add!(helipads, Helipad, |_| "");
        add!(docks, Dock, |_| "");
        add!(drones, Drone, |_| "");
        add!(cameras, Camera, |_| "");
        for (i, depot) in city.depots.values().enumerate() {
            index.add(Kind::Depot, i, &depot.name, &depot.stock);
        }
        for (i, agency) in city.agencies.values().enumerate() {
            index.add(Kind::Agency, i, &agency.name, "");
            index.add(Kind::Agency, i, &agency.short, "");
        }
        for (i, sensor) in city.sensors.values().enumerate() {
            index.add(Kind::Sensor, i, &sensor_name(sensor), "");
        }
        let mut seen: HashMap<&str, Vec<LonLat>> = HashMap::new();
        for (kind, names) in [(Kind::Place, &names.places), (Kind::Road, &names.roads)] {
            for (i, named) in names.iter().enumerate() {
                // A town and its island may share a name and a place: one is enough.
                let there = seen.entry(&named.name).or_default();
                if !there.iter().any(|at| at.distance_m(named.at) < 500.0) {
                    there.push(named.at);
                    index.add(kind, i, &named.name, "");
                }
            }
        }
        index
    }

    fn add(&mut self, kind: Kind, i: usize, name: &str, address: &str) {
        let from = self.text.len() as u32;
        let n_name = self.push_text(name);
        let n_address = self.push_text(address);
        self.entries.push(Entry { kind, i: i as u32, from, n_name, n_address });
    }

    fn push_text(&mut self, text: &str) -> u16 {
        let n = text.chars().take(usize::from(u16::MAX)).map(|ch| self.push_char(ch)).count();
        n as u16
    }

    fn push_char(&mut self, ch: char) {
        let ch = lower(ch);
        let n_glyphs = self.glyphs.len();
        let id = *self.glyph_of.entry(ch).or_insert(n_glyphs.min(usize::from(u16::MAX)) as u16);
        if usize::from(id) == n_glyphs {
            let from = self.readings.len();
            for reading in ch.to_pinyin_multi().into_iter().flatten() {
                let reading = reading.plain();
                // Tones apart, many readings are the same.
                if !self.readings[from..].contains(&reading) {
                    self.readings.push(reading);
                }
            }
            let initials = self.readings[from..].iter().fold(0, |bits, it| bits | letter_bit(it.chars().next()));
            self.glyphs.push(Glyph { ch, initials, readings: from as u32..self.readings.len() as u32 });
        }
        self.text.push(id);
    }

    /// What `query` may mean, best first, at most [`MAX_HITS`]. `city` and `names` are those of the last
    /// [`Index::refresh`]; what is no longer there is left out.
    pub fn search(&self, query: &str, city: &City, names: &Names) -> Vec<Hit> {
        let query: Vec<char> = query.chars().filter(|it| !it.is_whitespace()).map(lower).take(MAX_QUERY).collect();
        if query.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<(Found, usize)> = Vec::new();
        for (i, entry) in self.entries.iter().enumerate() {
            if let Some(it) = self.judge(entry, &query, city) {
                found.push((it, i));
            }
        }
        // One thing may be found by two of its names.
        let spare = MAX_HITS * 2;
        if found.len() > spare {
            found.select_nth_unstable(spare);
            found.truncate(spare);
        }
        found.sort_unstable();
        let mut seen = HashSet::new();
        let fresh = found.into_iter().filter(|(_, i)| seen.insert((self.entries[*i].kind, self.entries[*i].i)));
        fresh
            .filter_map(|(it, i)| self.hit(&self.entries[i], it.from as usize..it.until as usize, city, names))
            .take(MAX_HITS)
            .collect()
    }

    fn judge(&self, entry: &Entry, query: &[char], city: &City) -> Option<Found> {
        let (name, address) = self.texts(entry);
        let rank = |rank: Rank, is_whole: bool, span: Range<usize>| {
            Some(Found {
                rank,
                is_part: !is_whole,
                kind: entry.kind,
                n_name: entry.n_name,
                from: span.start as u16,
                until: span.end as u16,
            })
        };
        let by_id = id_rank(city, entry, query);
        if by_id == Some(Rank::ExactId) {
            return rank(Rank::ExactId, true, 0..0);
        }
        let mut best: Option<(Rank, Range<usize>)> = by_id.map(|it| (it, 0..0));
        for start in 0..name.len() {
            if !self.may_begin(name[start], query[0]) {
                continue;
            }
            let Some((n, way)) = self.follow(&name[start..], query, Way::Literal) else { continue };
            let is_whole = start == 0 && n == name.len();
            let it = match (start == 0, way) {
                (true, Way::Literal) if is_whole => Rank::ExactName,
                (true, Way::Literal) => Rank::Prefix,
                (true, Way::Initials) => Rank::Initials,
                (true, Way::Pinyin) => Rank::Pinyin,
                (false, Way::Literal) => Rank::Inside,
                (false, _) => Rank::PinyinInside,
            };
            if best.as_ref().is_none_or(|(rank, _)| it < *rank) {
                best = Some((it, start..start + n));
            }
            if start == 0 && it <= Rank::Prefix {
                break;
            }
        }
        if let Some((it, span)) = best {
            let is_whole = span.start == 0 && span.end == name.len();
            return rank(it, is_whole, span);
        }
        let is_in_address = (0..address.len()).any(|start| {
            let rest = address[start..].iter().map(|it| self.glyphs[usize::from(*it)].ch).filter(|it| *it != ' ');
            rest.take(query.len()).eq(query.iter().copied())
        });
        if is_in_address { rank(Rank::Address, false, 0..0) } else { None }
    }

    fn texts(&self, entry: &Entry) -> (&[u16], &[u16]) {
        let from = entry.from as usize;
        let middle = from + usize::from(entry.n_name);
        (&self.text[from..middle], &self.text[middle..middle + usize::from(entry.n_address)])
    }

    fn may_begin(&self, glyph: u16, first: char) -> bool {
        let glyph = &self.glyphs[usize::from(glyph)];
        glyph.ch == first || glyph.initials & letter_bit(Some(first)) != 0
    }

    /// How many of `text`'s characters `query` goes through from its beginning, and how.
    fn follow(&self, text: &[u16], query: &[char], way: Way) -> Option<(usize, Way)> {
        let Some(&first) = query.first() else { return Some((0, way)) };
        let (glyph, rest) = text.split_first()?;
        let glyph = &self.glyphs[usize::from(*glyph)];
        let one_more = |(n, way): (usize, Way)| (n + 1, way);
        if glyph.ch == ' ' {
            return self.follow(rest, query, way).map(one_more);
        }
        if glyph.ch == first
            && let Some(found) = self.follow(rest, &query[1..], way)
        {
            return Some(one_more(found));
        }
        if glyph.initials & letter_bit(Some(first)) == 0 {
            return None;
        }
        let readings = &self.readings[glyph.readings.start as usize..glyph.readings.end as usize];
        for reading in readings {
            let n_same = reading.chars().zip(query).take_while(|(a, b)| a == *b).count();
            let is_all = n_same == reading.len();
            // A whole reading, or the beginning of one where the question ends.
            if n_same > 1
                && (is_all || n_same == query.len())
                && let Some(found) = self.follow(rest, &query[n_same..], way.with(Way::Pinyin))
            {
                return Some(one_more(found));
            }
        }
        // zh, ch and sh are typed as one initial or as two letters.
        let is_h = |reading: &&str| reading.starts_with(first) && reading.as_bytes().get(1) == Some(&b'h');
        if query.get(1) == Some(&'h')
            && readings.iter().any(is_h)
            && let Some(found) = self.follow(rest, &query[2..], way.with(Way::Initials))
        {
            return Some(one_more(found));
        }
        self.follow(rest, &query[1..], way.with(Way::Initials)).map(one_more)
    }

    fn hit(&self, entry: &Entry, span: Range<usize>, city: &City, names: &Names) -> Option<Hit> {
        let i = entry.i as usize;
        let district = |id: &DistrictId| city.districts.get(id).map_or(String::new(), |it| it.name.to_string());
        let hit = |name: &str, sub: String, district: String, at: Option<LonLat>, selection: Option<Selection>| Hit {
            kind: entry.kind,
            name: name.to_owned(),
            sub,
            district,
            at,
            selection,
            span,
        };
        macro_rules! of {
            ($registry:ident, $kind:ident, $sub:expr) => {{
                let (id, it) = city.$registry.get_index(i)?;
                hit(&it.name, $sub(it), district(&it.district), Some(it.at), Some(Selection::$kind(id.clone())))
            }};
        }
        Some(match entry.kind {
            Kind::FloodPoint => of!(flood_points, FloodPoint, |it: &FloodPoint| it.id.to_string()),
            Kind::Shelter => of!(shelters, Shelter, |it: &Shelter| format!("{} 人", it.capacity)),
            Kind::Depot => of!(depots, Depot, |it: &Depot| it.stock.to_string()),
            Kind::Hospital => of!(hospitals, Hospital, |it: &Hospital| format!("{} 床", it.n_beds)),
            Kind::Helipad => of!(helipads, Helipad, |it: &Helipad| it.id.to_string()),
            Kind::Dock => of!(docks, Dock, |it: &Dock| it.id.to_string()),
            Kind::Camera => of!(cameras, Camera, |it: &Camera| it.id.to_string()),
            Kind::District => {
                let (id, it) = city.districts.get_index(i)?;
                hit(&it.name, id.to_string(), String::new(), Some(it.center), Some(Selection::District(id.clone())))
            }
            Kind::Team => {
                let (id, it) = city.teams.get_index(i)?;
                let sub = format!("{} {} 人", it.glyph(), it.n_people);
                hit(&it.name, sub, district(&it.district), Some(it.home), Some(Selection::Team(id.clone())))
            }
            Kind::Drone => {
                let (id, it) = city.drones.get_index(i)?;
                let dock = city.docks.get(&it.dock);
                let where_ = dock.map_or(String::new(), |it| district(&it.district));
                hit(&it.name, id.to_string(), where_, dock.map(|it| it.at), Some(Selection::Drone(id.clone())))
            }
            Kind::Sensor => {
                let (id, it) = city.sensors.get_index(i)?;
                let selection = Some(Selection::Sensor(id.clone()));
                hit(&sensor_name(it), id.to_string(), district(&it.district), Some(it.at), selection)
            }
            Kind::Agency => {
                let (_, it) = city.agencies.get_index(i)?;
                let home = it.district.as_ref().and_then(|id| city.districts.get(id));
                let where_ = home.map_or(String::new(), |it| it.name.to_string());
                // Two names lead here; only the long one is shown, and it need not hold what was typed.
                let mut hit = hit(&it.name, it.phone.to_string(), where_, home.map(|it| it.center), None);
                if usize::from(entry.n_name) != it.name.chars().count() {
                    hit.span = 0..0;
                }
                hit
            }
            Kind::Case => {
                let (id, it) = city.cases.get_index(i)?;
                let sub = format!("{}・{}", it.report.external, it.report.address);
                let selection = Some(Selection::Case(*id));
                hit(&it.report.title, sub, district(&it.report.district), Some(it.report.at), selection)
            }
            Kind::Thing => return None,
            Kind::Place | Kind::Road => {
                let names = if entry.kind == Kind::Place { &names.places } else { &names.roads };
                let it = names.get(i)?;
                hit(&it.name, String::new(), String::new(), Some(it.at), None)
            }
        })
    }
}

/// The thing of a large register whose own id is `id`: there are too many to index, and they have no other name.
pub fn thing_by_id(id: &str, inventories: &BTreeMap<Text, Inventory>) -> Option<Hit> {
    let id = id.trim();
    let upper = id.to_uppercase();
    inventories.iter().find_map(|(key, inventory)| {
        let handle = inventory.handle_of(id).or_else(|| inventory.handle_of(&upper))?;
        Some(Hit {
            kind: Kind::Thing,
            name: inventory.id_of(handle),
            sub: inventory.name.to_string(),
            district: String::new(),
            at: inventory.place(handle),
            selection: Some(Selection::Thing { inventory: key.clone(), handle: handle as u32 }),
            span: 0..0,
        })
    })
}

/// What is compared when hits are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    rank: Rank,
    /// Not the whole name.
    is_part: bool,
    kind: Kind,
    n_name: u16,
    from: u16,
    until: u16,
}

/// How a name was gone through; the least sure way counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Literal,
    Initials,
    Pinyin,
}

impl Way {
    fn with(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Key {
    fn of(city: &City, names: &Names) -> Self {
        let sizes = [
            city.districts.len(),
            city.flood_points.len(),
            city.teams.len(),
            city.shelters.len(),
            city.depots.len(),
            city.hospitals.len(),
            city.helipads.len(),
            city.docks.len(),
            city.drones.len(),
            city.agencies.len(),
            city.sensors.len(),
            city.cameras.len(),
            names.places.len(),
            names.roads.len(),
        ];
        Self { realm: city.realm, name: city.name.clone(), sizes }
    }
}

/// The named features of a map layer (GeoJSON points and lines, WGS-84), one for each name: a road is met as many pieces,
/// and is found amid the longest. What has no name or cannot be read is left out.
pub fn named_from_layer(text: &str) -> Vec<Named> {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let features = root.get("features").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut order: Vec<Named> = Vec::new();
    let mut longest: HashMap<&str, (usize, usize)> = HashMap::new();
    for feature in features {
        let name = feature.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default().trim();
        let Some(coordinates) = feature.pointer("/geometry/coordinates").filter(|_| !name.is_empty()) else { continue };
        let line = points_of(coordinates);
        let Some(&at) = line.get(line.len() / 2).filter(|it| it.is_sane()) else { continue };
        // Points of one name are different places; lines are one road.
        let is_point = line.len() == 1;
        match longest.get_mut(name).filter(|_| !is_point) {
            Some((i, n)) if *n < line.len() => {
                order[*i].at = at;
                *n = line.len();
            }
            Some(_) => {}
            None => {
                longest.insert(name, (order.len(), line.len()));
                order.push(Named { name: name.into(), at });
            }
        }
    }
    order
}

/// A point, a line, or the first of many lines.
fn points_of(coordinates: &Value) -> Vec<LonLat> {
    let point = |it: &Value| Some(LonLat(it.get(0)?.as_f64()?, it.get(1)?.as_f64()?));
    match (point(coordinates), coordinates.as_array()) {
        (Some(at), _) => vec![at],
        (None, Some(list)) => {
            let line: Vec<LonLat> = list.iter().filter_map(point).collect();
            if line.is_empty() { list.first().map(points_of).unwrap_or_default() } else { line }
        }
        _ => Vec::new(),
    }
}

fn sensor_name(sensor: &Sensor) -> String {
    format!("{} {}", sensor.name, sensor.kind.name_zh())
}

fn id_rank(city: &City, entry: &Entry, query: &[char]) -> Option<Rank> {
    let i = entry.i as usize;
    let rank = |id: &str| {
        let mut id = id.chars().map(lower);
        let is_prefix = query.iter().all(|ch| id.next() == Some(*ch));
        match (is_prefix, id.next()) {
            (false, _) => None,
            (true, None) => Some(Rank::ExactId),
            // A letter or two begin too many ids.
            (true, Some(_)) => (query.len() > 2).then_some(Rank::IdPrefix),
        }
    };
    match entry.kind {
        Kind::District => rank(city.districts.get_index(i)?.0.as_str()),
        Kind::FloodPoint => rank(city.flood_points.get_index(i)?.0.as_str()),
        Kind::Team => rank(city.teams.get_index(i)?.0.as_str()),
        Kind::Shelter => rank(city.shelters.get_index(i)?.0.as_str()),
        Kind::Depot => rank(city.depots.get_index(i)?.0.as_str()),
        Kind::Hospital => rank(city.hospitals.get_index(i)?.0.as_str()),
        Kind::Helipad => rank(city.helipads.get_index(i)?.0.as_str()),
        Kind::Dock => rank(city.docks.get_index(i)?.0.as_str()),
        Kind::Drone => rank(city.drones.get_index(i)?.0.as_str()),
        Kind::Agency => rank(city.agencies.get_index(i)?.0.as_str()),
        Kind::Sensor => rank(city.sensors.get_index(i)?.0.as_str()),
        Kind::Camera => rank(city.cameras.get_index(i)?.0.as_str()),
        Kind::Case => {
            let (id, case) = city.cases.get_index(i)?;
            let number = query.iter().collect::<String>().trim_start_matches('#').parse::<u64>();
            if number == Ok(id.0) { Some(Rank::ExactId) } else { rank(&case.report.external) }
        }
        Kind::Place | Kind::Road | Kind::Thing => None,
    }
}

fn letter_bit(letter: Option<char>) -> u32 {
    match letter {
        Some(ch @ 'a'..='z') => 1 << (ch as u32 - 'a' as u32),
        _ => 0,
    }
}

/// One lower-case character for one; full-width letters and digits as half-width ones, as input methods leave them.
fn lower(ch: char) -> char {
    let ch = match ch {
        '！'..='～' => char::from_u32(ch as u32 - 0xFEE0).unwrap_or(ch),
        '　' => ' ',
        'ü' => 'v',
        ch => ch,
    };
    ch.to_lowercase().next().unwrap_or(ch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{path::Path, sync::LazyLock};

    static XIAMEN: LazyLock<(City, Names, Index)> = LazyLock::new(|| {
        let root = Path::new("../assets/cities/xiamen");
        let read = |path: &str| std::fs::read_to_string(root.join(path)).map_err(|error| error.to_string());
        let list = |folder: &str| {
            let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
            entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
        };
        let pack = load_pack(&read, &list).unwrap_or_else(|errors| panic!("{errors:?}"));
        let city = City::found(&pack, Realm::Actual);
        let layer = |file: &str| named_from_layer(&read(file).expect("a shipped layer"));
        let mut places = layer("map/places.geojson");
        places.extend(layer("map/stations.geojson"));
        let names = Names { places, roads: layer("map/roads.geojson") };
        let mut index = Index::default();
        index.refresh(&city, &names);
        (city, names, index)
    });

    fn found(query: &str) -> Vec<Hit> {
        let (city, names, index) = &*XIAMEN;
        index.search(query, city, names)
    }

    /// The first hit's name is `name`.
    #[track_caller]
    fn check(query: &str, name: &str) {
        let hits = found(query);
        let first = hits.first().map(|it| it.name.as_str());
        assert_eq!(first, Some(name), "{query}: {:?}", hits.iter().take(5).map(|it| &it.name).collect::<Vec<_>>());
    }

    /// Something of this name is among the hits.
    #[track_caller]
    fn check_among(query: &str, name: &str) {
        let hits = found(query);
        assert!(
            hits.iter().any(|it| it.name.contains(name)),
            "{query}: {:?}",
            hits.iter().map(|it| &it.name).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_shipped_city_is_found_by_name_pinyin_and_initials() {
        check("鼓浪屿", "鼓浪屿");
        check("gly", "鼓浪屿");
        check("gulangyu", "鼓浪屿");
        check("GuLangYu", "鼓浪屿");
        check("gulang", "鼓浪屿");
        check("鼓ly", "鼓浪屿");
        check("smq", "思明区");
        check("siming", "思明区");
        check("思明", "思明区");
        check_among("lianban", "莲坂");
        check_among("湖滨东路", "湖滨东路");
        check_among("hbdl", "湖滨东路");
        check_among("gynl", "积水");
    }

    #[test]
    fn ids_find_exactly_one_first() {
        for (id, kind) in
            [("c00001", Kind::Camera), ("FD001", Kind::Sensor), ("hp01", Kind::Helipad), ("GLUAV0003", Kind::Drone)]
        {
            let hits = found(id);
            assert_eq!(hits[0].kind, kind, "{id}");
        }
        assert!(found("gldock").iter().all(|it| it.kind == Kind::Dock) && found("gldock").len() > 3);
    }

    #[test]
    fn all_readings_of_a_character_count() {
        // 厦 is xià in 厦门 and shà by the dictionary; 长 is cháng and zhǎng.
        check_among("xiamen", "厦门");
        check_among("xiagang", "厦港");
    }

    #[test]
    fn the_better_answer_comes_first() {
        let hits = found("鼓浪屿");
        assert_eq!(hits[0].kind, Kind::Place);
        assert!(hits.len() <= MAX_HITS);
        let first_camera = hits.iter().position(|it| it.kind == Kind::Camera);
        let last_other = hits.iter().rposition(|it| it.kind != Kind::Camera && it.name.starts_with("鼓浪屿"));
        assert!(first_camera.is_none_or(|camera| last_other.is_none_or(|other| other < camera)));
        // The town and the island of one name and place are one.
        assert_eq!(hits.iter().filter(|it| it.kind == Kind::Place && it.name == "鼓浪屿").count(), 1);
    }

    #[test]
    fn the_span_is_what_was_asked_for() {
        let hit = found("gly").remove(0);
        assert_eq!(hit.span, 0..3);
        let hit = found("湖滨东").into_iter().find(|it| !it.name.starts_with('湖'));
        if let Some(hit) = hit {
            let asked: String = hit.name.chars().skip(hit.span.start).take(hit.span.len()).collect();
            assert_eq!(asked, "湖滨东");
        }
    }

    #[test]
    fn nonsense_and_nothing_find_nothing() {
        for query in ["", "   ", "zzzzqqqq", "𠮷𠮷", "！！", "\u{0}"] {
            assert!(found(query).is_empty(), "{query:?}");
        }
        // Long, and full of ways to read it.
        found(&"aoeiu".repeat(400));
        found(&"长".repeat(400));
    }

    #[test]
    fn cases_are_found_as_they_come_and_a_new_city_is_read_anew() {
        let names = Names::default();
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        let mut index = Index::default();
        index.refresh(&city, &names);
        let n = index.len();
        let district = city.districts.keys().next().expect("a district").clone();
        let agency = city.agencies.keys().next().expect("an agency").clone();
        let report = CaseReport {
            external: "YGF-20260807-0042".into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Part,
            title: "窨井盖异常移位".into(),
            address: "湖滨南路 334 号".into(),
            at: city.center,
            district,
            agency,
            color: WarningColor::Blue,
            reported_at: Timestamp(1),
            due_at: Timestamp(2),
        };
        let case = Case {
            id: CaseId(7),
            report,
            stage: CaseStage::Filed,
            stage_at: Timestamp(1),
            n_supervised: 0,
            n_pressed: 0,
            history: CaseHistory::default(),
        };
        city.cases.insert(CaseId(7), case);
        index.refresh(&city, &names);
        assert_eq!(index.len(), n + 1);
        for query in ["窨井盖", "yjg", "yinjinggai", "湖滨南路334", "YGF-20260807-0042", "ygf-2026", "7", "#7"] {
            let hits = index.search(query, &city, &names);
            assert!(hits.iter().any(|it| it.selection == Some(Selection::Case(CaseId(7)))), "{query}");
        }
        let mut drill = City::found(&tiny_pack(), Realm::Exercise);
        index.refresh(&drill, &names);
        assert_eq!(index.len(), n);
        drill.cases.clear();
        assert!(index.search("窨井盖", &drill, &names).is_empty());
    }

    #[test]
    fn layers_that_cannot_be_read_have_no_names() {
        assert!(named_from_layer("not json").is_empty());
        let text = r#"{"features":[{"properties":{"name":null},"geometry":{"coordinates":[1,2]}},{"properties":{"name":"甲"}},
            {"properties":{"name":"乙"},"geometry":{"coordinates":[[118,24],[118.1,24],[118.2,24]]}},
            {"properties":{"name":"乙"},"geometry":{"coordinates":[[119,24],[119.1,24]]}},
            {"properties":{"name":"丙"},"geometry":{"coordinates":["x"]}}]}"#;
        assert_eq!(named_from_layer(text), [Named { name: "乙".into(), at: LonLat(118.1, 24.0) }]);
    }
}
