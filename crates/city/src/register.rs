//! 登记册: teams, depots, shelters, cameras, contacts and layers of points as a city's own files bring them in.
//!
//! A file is taken over by one record, [`crate::Event::RegisterImported`]: nothing of it is in the city before, all of it
//! after. One with more rows than a record should carry is staged in parts first ([`crate::Event::ImportStaged`]), which
//! nobody sees; the last record brings them in together. Where the hub dies in between, what was staged stays unseen until
//! another import takes its place.
//!
//! **Invariant:** a registry never shrinks and never changes its order: an entry's index is its handle in
//! [`crate::Readings`] and in the screens' lists. A row with a known id takes the place of that entry, a new one is
//! appended, and one that is no longer in the file ([`ImportMode::Replace`]) is *withdrawn*: it stays where it is, for what
//! was said of it before, and is not counted, called, sent, or drawn any more. A withdrawn id that comes again is back.
//!
//! At war nothing is withdrawn: what is being used must not vanish. New and changed rows may come.
//!
//! Must not know: files, headers, coordinate systems (`gulang-intake`).

use crate::{CallPlace, City, Contact, LonLat, Registry, Timestamp, ids::*, model::*};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one record. With the limits below on words, its JSON is under 4 MB.
pub const MAX_ROWS_PER_PART: usize = 2_000;
/// Rows of one import; a city's cameras are 200,000.
pub const MAX_IMPORT_ROWS: usize = 300_000;
/// Characters of an id, a name, and any other words of a row.
pub const MAX_ID_CHARS: usize = 64;
pub const MAX_NAME_CHARS: usize = 120;
pub const MAX_WORDS_CHARS: usize = 300;
/// A place farther from the city's centre than this is not the city's, m.
pub const MAX_REGISTER_DISTANCE_M: f64 = 150_000.0;
/// Imports remembered with their file and hash; older ones are in the log.
const MAX_IMPORTS_KEPT: usize = 50;
/// Names given as examples of a difference.
const N_EXAMPLES: usize = 20;
/// A staged import that was left lying is given up for another seat's after so long, min.
const STAGED_FOR_MINS: i64 = 10;

/// What kind of things a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterKind {
    Teams,
    Depots,
    Shelters,
    Cameras,
    /// 叫应 contacts.
    Contacts,
    /// A layer of points with names, whatever they are.
    Points,
}

impl RegisterKind {
    pub const ALL: [Self; 6] = [Self::Teams, Self::Depots, Self::Shelters, Self::Cameras, Self::Contacts, Self::Points];

    /// As command lines and URLs name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::Depots => "depots",
            Self::Shelters => "shelters",
            Self::Cameras => "cameras",
            Self::Contacts => "contacts",
            Self::Points => "points",
        }
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id)
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Teams => "队伍",
            Self::Depots => "物资库",
            Self::Shelters => "避灾点",
            Self::Cameras => "摄像头",
            Self::Contacts => "叫应联系人",
            Self::Points => "点位图层",
        }
    }
}

/// A point of an imported layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapPoint {
    pub id: Text,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    /// What it is, in the file's words; may be empty.
    pub kind: Text,
    pub note: Text,
}

/// Rows of one register, checked and in our own terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisterRows {
    Teams(Vec<Team>),
    Depots(Vec<Depot>),
    Shelters(Vec<Shelter>),
    Cameras(Vec<Camera>),
    Contacts(Vec<Contact>),
    Points(Vec<MapPoint>),
}

/// Runs one expression with the rows as a `Vec` of their own type.
macro_rules! with_rows {
    ($rows:expr, $it:ident => $body:expr) => {
        match $rows {
            RegisterRows::Teams($it) => $body,
            RegisterRows::Depots($it) => $body,
            RegisterRows::Shelters($it) => $body,
            RegisterRows::Cameras($it) => $body,
            RegisterRows::Contacts($it) => $body,
            RegisterRows::Points($it) => $body,
        }
    };
}

impl RegisterRows {
    pub fn kind(&self) -> RegisterKind {
        match self {
            Self::Teams(_) => RegisterKind::Teams,
            Self::Depots(_) => RegisterKind::Depots,
            Self::Shelters(_) => RegisterKind::Shelters,
            Self::Cameras(_) => RegisterKind::Cameras,
            Self::Contacts(_) => RegisterKind::Contacts,
            Self::Points(_) => RegisterKind::Points,
        }
    }

    pub fn len(&self) -> usize {
        with_rows!(self, it => it.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same rows in parts a record can carry, in their order; no part is empty, and no rows make no part.
    pub fn into_parts(self) -> Vec<Self> {
        // Each part is moved into room of its own: split off, it would keep the room of all that followed it.
        fn cut<T>(rows: Vec<T>, of: fn(Vec<T>) -> RegisterRows) -> Vec<RegisterRows> {
            let n_parts = rows.len().div_ceil(MAX_ROWS_PER_PART);
            let mut rows = rows.into_iter();
            (0..n_parts).map(|_| of(rows.by_ref().take(MAX_ROWS_PER_PART).collect())).collect()
        }
        match self {
            Self::Teams(it) => cut(it, Self::Teams),
            Self::Depots(it) => cut(it, Self::Depots),
            Self::Shelters(it) => cut(it, Self::Shelters),
            Self::Cameras(it) => cut(it, Self::Cameras),
            Self::Contacts(it) => cut(it, Self::Contacts),
            Self::Points(it) => cut(it, Self::Points),
        }
    }

    pub fn ids(&self) -> Vec<&Text> {
        with_rows!(self, it => it.iter().map(Entry::id).collect())
    }

    /// What is wrong with the first row that is wrong, for rows that did not come through the importer.
    pub(crate) fn fault(&self, city: &City) -> Option<String> {
        with_rows!(self, it => it.iter().find_map(|row| fault_of(row, city)))
    }
}

/// What becomes of entries the file does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportMode {
    /// They stay.
    #[default]
    Merge,
    /// They are withdrawn.
    Replace,
}

/// Which file is taken over, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterImport {
    /// What its parts were staged under.
    pub key: Text,
    pub register: RegisterKind,
    /// The layer's name, of points; else empty.
    #[serde(default)]
    pub layer: Text,
    /// The file's name, without its folder.
    pub file: Text,
    /// SM3 of the file's bytes, hexadecimal.
    pub sm3: Text,
    /// What its coordinates were: `wgs84`, `cgcs2000`, `gcj02`, `bd09`; the rows are WGS-84 whatever it says.
    #[serde(default)]
    pub crs: Text,
    pub mode: ImportMode,
    /// Parts staged before this one.
    pub n_staged: u32,
    /// In all parts.
    pub n_rows: u32,
    pub reason: Text,
}

/// An import that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastImport {
    pub import: RegisterImport,
    pub by: SeatId,
    pub at: Timestamp,
    pub change: RegisterChange,
}

/// What an import changes in the present register, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterChange {
    /// Appended, or back after being withdrawn.
    pub n_new: u32,
    pub n_changed: u32,
    pub n_same: u32,
    /// In the register and not in the file.
    pub n_missing: u32,
}

/// [`RegisterChange`] with names, the first of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDiff {
    pub change: RegisterChange,
    pub new: Vec<Text>,
    pub changed: Vec<Text>,
    pub missing: Vec<Text>,
}

/// Parts of an import that nobody sees yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StagedImport {
    pub key: Text,
    pub by: SeatId,
    pub since: Timestamp,
    pub parts: Vec<RegisterRows>,
}

/// What files did to the city's registers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Registers {
    /// Ids in a registry that are no longer in force.
    pub withdrawn: BTreeMap<RegisterKind, BTreeSet<Text>>,
    /// Layers of points by name; a withdrawn point is really gone, as nothing refers to it.
    pub points: BTreeMap<Text, Registry<Text, MapPoint>>,
    /// The latest imports, oldest first.
    pub imports: Vec<PastImport>,
    pub staged: Option<StagedImport>,
}

impl City {
    /// Its file no longer names it: it is there for what was said of it before, and for nothing else.
    pub fn is_withdrawn(&self, kind: RegisterKind, id: &str) -> bool {
        self.registers.withdrawn.get(&kind).is_some_and(|it| it.contains(id))
    }

    pub fn teams_in_force(&self) -> impl Iterator<Item = &Team> {
        self.teams.values().filter(|it| !self.is_withdrawn(RegisterKind::Teams, it.id.as_str()))
    }

    pub fn depots_in_force(&self) -> impl Iterator<Item = &Depot> {
        self.depots.values().filter(|it| !self.is_withdrawn(RegisterKind::Depots, it.id.as_str()))
    }

    pub fn shelters_in_force(&self) -> impl Iterator<Item = &Shelter> {
        self.shelters.values().filter(|it| !self.is_withdrawn(RegisterKind::Shelters, it.id.as_str()))
    }

    pub fn cameras_in_force(&self) -> impl Iterator<Item = &Camera> {
        self.cameras.values().filter(|it| !self.is_withdrawn(RegisterKind::Cameras, it.id.as_str()))
    }

    pub fn contacts_in_force(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values().filter(|it| !self.is_withdrawn(RegisterKind::Contacts, it.id.as_str()))
    }

    /// What taking these rows over would change. `layer` counts for points only.
    pub fn register_diff(&self, layer: &str, rows: &RegisterRows) -> RegisterDiff {
        self.diff_of(layer, &[rows])
    }

    pub(crate) fn diff_of(&self, layer: &str, parts: &[&RegisterRows]) -> RegisterDiff {
        let mut diff = RegisterDiff::default();
        let mut named: FxHashSet<&str> = FxHashSet::default();
        for part in parts {
            with_rows!(part, it => it.iter().for_each(|row| diff.meet(self, layer, row)));
            named.extend(part.ids().into_iter().map(|it| &**it));
        }
        if let Some(part) = parts.first() {
            let missing = self.missing(part.kind(), layer, &named);
            diff.change.n_missing = missing.len() as u32;
            diff.missing = missing.into_iter().take(N_EXAMPLES).map(|(_, name)| name.clone()).collect();
        }
        diff
    }

    /// Id and name of what is in force and not named.
    pub(crate) fn missing(&self, kind: RegisterKind, layer: &str, named: &FxHashSet<&str>) -> Vec<(&Text, &Text)> {
        fn of<'a, T: Entry + 'a>(
            all: impl Iterator<Item = &'a T>,
            named: &FxHashSet<&str>,
        ) -> Vec<(&'a Text, &'a Text)> {
            all.filter(|it| !named.contains(&**it.id())).map(|it| (it.id(), it.name())).collect()
        }
        match kind {
            RegisterKind::Teams => of(self.teams_in_force(), named),
            RegisterKind::Depots => of(self.depots_in_force(), named),
            RegisterKind::Shelters => of(self.shelters_in_force(), named),
            RegisterKind::Cameras => of(self.cameras_in_force(), named),
            RegisterKind::Contacts => of(self.contacts_in_force(), named),
            RegisterKind::Points => of(self.registers.points.get(layer).into_iter().flat_map(|it| it.values()), named),
        }
    }

    pub(crate) fn stage_import(&mut self, key: &Text, by: &SeatId, part: u32, rows: &RegisterRows, now: Timestamp) {
        if part == 0 {
            let (key, by) = (key.clone(), by.clone());
            self.registers.staged = Some(StagedImport { key, by, since: now, parts: Vec::new() });
        }
        if let Some(staged) = self.registers.staged.as_mut().filter(|it| it.key == *key) {
            staged.parts.push(rows.clone());
        }
    }

    pub(crate) fn import_register(
        &mut self,
        import: &RegisterImport,
        by: &SeatId,
        change: RegisterChange,
        rows: &RegisterRows,
        now: Timestamp,
    ) {
        let staged = self.registers.staged.take_if(|it| it.key == import.key).map_or(Vec::new(), |it| it.parts);
        if import.mode == ImportMode::Replace {
            let parts: Vec<&RegisterRows> = staged.iter().chain([rows]).collect();
            self.withdraw_missing(import, &parts);
        }
        for part in staged.into_iter().chain([rows.clone()]) {
            if let Some(withdrawn) = self.registers.withdrawn.get_mut(&import.register) {
                for id in part.ids() {
                    withdrawn.remove(id);
                }
            }
            with_rows!(part, it => it.into_iter().for_each(|row| row.put(self, &import.layer)));
        }
        self.registers.withdrawn.retain(|_, it| !it.is_empty());
        let imports = &mut self.registers.imports;
        imports.push(PastImport { import: import.clone(), by: by.clone(), at: now, change });
        let excess = imports.len().saturating_sub(MAX_IMPORTS_KEPT);
        imports.drain(..excess);
    }

    fn withdraw_missing(&mut self, import: &RegisterImport, parts: &[&RegisterRows]) {
        let named: FxHashSet<&str> = parts.iter().flat_map(|it| it.ids()).map(|it| &**it).collect();
        let missing: Vec<Text> =
            self.missing(import.register, &import.layer, &named).into_iter().map(|(id, _)| id.clone()).collect();
        match import.register {
            RegisterKind::Points => {
                if let Some(layer) = self.registers.points.get_mut(&import.layer) {
                    layer.retain(|id, _| named.contains(&**id));
                }
            }
            kind => self.registers.withdrawn.entry(kind).or_default().extend(missing),
        }
    }

    /// Another seat's staged import that is still going on.
    pub(crate) fn staged_elsewhere(&self, seat: &SeatId, now: Timestamp) -> Option<&StagedImport> {
        let is_fresh = |it: &&StagedImport| now.since_ms(it.since) < STAGED_FOR_MINS * 60_000;
        self.registers.staged.as_ref().filter(|it| it.by != *seat).filter(is_fresh)
    }
}

impl RegisterDiff {
    fn meet<T: Entry>(&mut self, city: &City, layer: &str, row: &T) {
        let (count, examples) = match T::known(city, layer, row.id()) {
            Some(known) if city.is_withdrawn(T::KIND, known.id()) => (&mut self.change.n_new, Some(&mut self.new)),
            Some(known) if known == row => (&mut self.change.n_same, None),
            Some(_) => (&mut self.change.n_changed, Some(&mut self.changed)),
            None => (&mut self.change.n_new, Some(&mut self.new)),
        };
        *count += 1;
        if let Some(examples) = examples.filter(|it| it.len() < N_EXAMPLES) {
            examples.push(row.name().clone());
        }
    }
}

/// A row of a register.
trait Entry: Clone + PartialEq {
    const KIND: RegisterKind;
    fn id(&self) -> &Text;
    fn name(&self) -> &Text;
    /// Where it is, if it is somewhere.
    fn place(&self) -> Option<(LonLat, &DistrictId)>;
    /// Its other words.
    fn words(&self) -> Vec<&Text>;
    /// What else may be wrong.
    fn fault(&self, _city: &City) -> Option<&'static str> {
        None
    }
    fn known<'a>(city: &'a City, layer: &str, id: &str) -> Option<&'a Self>;
    fn put(self, city: &mut City, layer: &Text);
}

fn fault_of<T: Entry>(row: &T, city: &City) -> Option<String> {
    let (id, name) = (row.id(), row.name());
    let is_long = |text: &Text, n: usize| text.len() > n && text.chars().count() > n;
    let why = if id.trim().is_empty() || is_long(id, MAX_ID_CHARS) {
        "编号为空或过长".to_owned()
    } else if name.trim().is_empty() || is_long(name, MAX_NAME_CHARS) {
        "名称为空或过长".to_owned()
    } else if row.words().into_iter().any(|it| is_long(it, MAX_WORDS_CHARS)) {
        format!("文字超过 {MAX_WORDS_CHARS} 字")
    } else if let Some((at, district)) = row.place() {
        if !at.is_sane() || at.distance_m(city.center) > MAX_REGISTER_DISTANCE_M {
            format!("坐标 {}, {} 不在本市一带", at.0, at.1)
        } else if at != at.rounded() {
            "坐标位数过多，未取整".to_owned()
        } else if !city.districts.contains_key(district) {
            format!("没有区划 {district}")
        } else {
            row.fault(city)?.to_owned()
        }
    } else {
        row.fault(city)?.to_owned()
    };
    Some(format!("「{name}」（{id}）{why}"))
}

/// What every registry of the city itself has in common.
macro_rules! registry_entry {
    ($type:ty, $kind:ident, $field:ident) => {
        const KIND: RegisterKind = RegisterKind::$kind;
        fn id(&self) -> &Text {
            &self.id.0
        }
        fn name(&self) -> &Text {
            &self.name
        }
        fn known<'a>(city: &'a City, _layer: &str, id: &str) -> Option<&'a Self> {
            city.$field.get(id)
        }
        fn put(self, city: &mut City, _layer: &Text) {
            city.$field.insert(self.id.clone(), self);
        }
    };
}

impl Entry for Team {
    registry_entry!(Team, Teams, teams);
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        Some((self.home, &self.district))
    }
    fn words(&self) -> Vec<&Text> {
        vec![&self.load]
    }
    fn fault(&self, city: &City) -> Option<&'static str> {
        let is_known = match &self.base {
            None => true,
            Some(Base::Depot(id)) => city.depots.contains_key(id),
            Some(Base::Helipad(id)) => city.helipads.contains_key(id),
        };
        (!is_known).then_some("驻地不是登记过的物资库或起降点")
    }
}

impl Entry for Depot {
    registry_entry!(Depot, Depots, depots);
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        Some((self.at, &self.district))
    }
    fn words(&self) -> Vec<&Text> {
        vec![&self.stock]
    }
}

impl Entry for Shelter {
    registry_entry!(Shelter, Shelters, shelters);
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        Some((self.at, &self.district))
    }
    fn words(&self) -> Vec<&Text> {
        Vec::new()
    }
}

impl Entry for Camera {
    registry_entry!(Camera, Cameras, cameras);
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        Some((self.at, &self.district))
    }
    fn words(&self) -> Vec<&Text> {
        Vec::new()
    }
}

impl Entry for Contact {
    registry_entry!(Contact, Contacts, contacts);
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        None
    }
    fn words(&self) -> Vec<&Text> {
        vec![&self.post, &self.phone, &self.radio]
    }
    fn fault(&self, city: &City) -> Option<&'static str> {
        let is_known = match &self.place {
            CallPlace::Agency(id) => city.agencies.contains_key(id),
            CallPlace::District(id) => city.districts.contains_key(id),
            CallPlace::Township(id) => city.townships.contains_key(id),
            CallPlace::Village(id) => city.township_of(id).is_some(),
        };
        match is_known {
            false => Some("所属的单位、区、镇街或村居没有登记"),
            true if self.phone.trim().is_empty() || self.rank == 0 => Some("没有电话，或顺位是 0"),
            true => None,
        }
    }
}

impl Entry for MapPoint {
    const KIND: RegisterKind = RegisterKind::Points;
    fn id(&self) -> &Text {
        &self.id
    }
    fn name(&self) -> &Text {
        &self.name
    }
    fn place(&self) -> Option<(LonLat, &DistrictId)> {
        Some((self.at, &self.district))
    }
    fn words(&self) -> Vec<&Text> {
        vec![&self.kind, &self.note]
    }
    fn known<'a>(city: &'a City, layer: &str, id: &str) -> Option<&'a Self> {
        city.registers.points.get(layer)?.get(id)
    }
    fn put(self, city: &mut City, layer: &Text) {
        city.registers.points.entry(layer.clone()).or_default().insert(self.id.clone(), self);
    }
}

#[cfg(test)]
mod tests;
