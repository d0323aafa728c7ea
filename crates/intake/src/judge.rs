//! Rows, one by one: into the city's own terms, or refused with what is wrong and what to do.

use crate::{
    Ask, Crs, Field, Refused, Row, fields,
    header::{self, Headed},
    tidy,
};
use gulang_city::*;
use std::collections::{HashMap, hash_map::Entry};

/// So far from the shore a place still counts as the city's, m: piers, islands, coarse boundaries.
const OFFSHORE_M: f64 = 2_000.0;
/// Without boundaries: farther than this from every district's centre is somewhere else, m.
const FAR_M: f64 = 40_000.0;
/// Things of one name nearer than this are one thing listed twice, m.
const SAME_M: f64 = 30.0;
/// Warnings of one kind are told so often, then counted.
const MAX_TOLD: usize = 5;

/// Why a row is not taken: the field concerned, why, what to do.
struct Fault {
    field: Option<Field>,
    why: String,
    todo: String,
}

fn fault(field: impl Into<Option<Field>>, why: impl Into<String>, todo: impl Into<String>) -> Fault {
    Fault { field: field.into(), why: why.into(), todo: todo.into() }
}

pub(crate) struct Judge<'a> {
    city: &'a City,
    land: Option<&'a Land>,
    headed: &'a Headed<'a>,
    ask: &'a Ask,
    crs: Crs,
    columns: HashMap<Field, usize>,
    /// Id by name in the present register; `None` where a name is several things'.
    ids_by_name: HashMap<&'a str, Option<&'a Text>>,
    /// Ids taken in this file, with the row that took them.
    taken: HashMap<Text, usize>,
    /// Rows that gave no id, by name: where each is.
    named: HashMap<String, Vec<(usize, Option<LonLat>)>>,
    /// Contacts so far, by place.
    n_ranked: HashMap<CallPlace, u8>,
    /// Distinct telling, so that a column wrong in every row is told once.
    told: HashMap<&'static str, usize>,
    n_rows: usize,
    refused: Vec<Refused>,
    warnings: Vec<String>,
    shown: Vec<usize>,
    matched: Vec<(LonLat, LonLat)>,
}

/// What was found beside the rows.
pub(crate) struct Found {
    /// Rows with anything in them.
    pub n_rows: usize,
    pub refused: Vec<Refused>,
    pub warnings: Vec<String>,
    /// Accepted, as indices into the body.
    pub shown: Vec<usize>,
    /// Known things found in the file: where they are known to be, and where the file has them, unconverted.
    pub matched: Vec<(LonLat, LonLat)>,
}

impl<'a> Judge<'a> {
    pub fn new(city: &'a City, land: Option<&'a Land>, headed: &'a Headed<'a>, ask: &'a Ask, crs: Crs) -> Self {
        let columns = headed.columns.iter().filter_map(|it| Some((it.field?, it.column))).collect();
        let mut ids_by_name: HashMap<&str, Option<&Text>> = HashMap::new();
        for (name, id) in present(city, ask) {
            ids_by_name.entry(name).and_modify(|it| *it = None).or_insert(Some(id));
        }
        Self {
            city,
            land,
            headed,
            ask,
            crs,
            columns,
            ids_by_name,
            taken: HashMap::new(),
            named: HashMap::new(),
            n_ranked: HashMap::new(),
            told: HashMap::new(),
            n_rows: 0,
            refused: Vec::new(),
            warnings: Vec::new(),
            shown: Vec::new(),
            matched: Vec::new(),
        }
    }

    pub fn take_all(mut self) -> (RegisterRows, Found) {
        let rows = match self.ask.register {
            RegisterKind::Teams => RegisterRows::Teams(self.each(Self::team)),
            RegisterKind::Depots => RegisterRows::Depots(self.each(Self::depot)),
            RegisterKind::Shelters => RegisterRows::Shelters(self.each(Self::shelter)),
            RegisterKind::Cameras => RegisterRows::Cameras(self.each(Self::camera)),
            RegisterKind::Contacts => RegisterRows::Contacts(self.each(Self::contact)),
            RegisterKind::Points => RegisterRows::Points(self.each(Self::point)),
        };
        let mut rest: Vec<(&'static str, usize)> = self.told.iter().map(|(kind, n)| (*kind, *n)).collect();
        rest.sort_unstable();
        for (kind, n) in rest.into_iter().filter(|it| it.1 > MAX_TOLD) {
            self.warnings.push(format!("{kind}：另有 {} 行", n - MAX_TOLD));
        }
        let Self { n_rows, refused, warnings, shown, matched, .. } = self;
        (rows, Found { n_rows, refused, warnings, shown, matched })
    }

    fn each<T>(&mut self, read: fn(&mut Self, &'a Row) -> Result<T, Fault>) -> Vec<T> {
        let mut rows = Vec::with_capacity(self.headed.body.len());
        for (i, row) in self.headed.body.iter().enumerate() {
            let filled: Vec<&str> = row.cells.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
            if filled.is_empty() && row.at.is_none() || header::is_header_again(self.headed, row) {
                continue;
            }
            self.n_rows += 1;
            let read = match is_aside(&filled) && row.at.is_none() {
                true => Err(fault(None::<Field>, "合计、说明或签名行，不是登记", "不用处理")),
                false => read(self, row),
            };
            match read {
                Ok(it) => {
                    rows.push(it);
                    self.shown.push(i);
                }
                Err(Fault { field, why, todo }) => {
                    let cell = field.map_or(String::new(), |it| self.said(row, it));
                    self.refused.push(Refused { row: row.number, cell, why, todo });
                }
            }
        }
        rows
    }

    // ---------------------------------------------------------------- the registers

    fn team(&mut self, row: &'a Row) -> Result<Team, Fault> {
        let name = self.name(row)?;
        let known = self.known(row, &name).and_then(|it| self.city.teams.get(it)).cloned();
        let words = self.text(row, Field::Capability);
        let said = if words.is_empty() { None } else { fields::capability(words) };
        if said.is_none() && !words.is_empty() {
            self.warn("类型读不懂，按名称判断", row, words);
        }
        let capability = said.or(known.as_ref().map(|it| it.capability)).or_else(|| fields::capability(&name));
        let capability = capability.ok_or_else(|| {
            fault(
                Field::Capability,
                "看不出是什么队伍",
                "在「类型」列写：救援、消防、水上、排涝、供电、医疗、城管、侦察",
            )
        })?;
        let n_people = self.counted(row, Field::People)?.or(known.as_ref().map(|it| it.n_people));
        let place = self.place(row, known.as_ref().map(|it| (it.home, it.district.clone())))?;
        let id = self.id(row, &name, Some(place.0))?;
        let load = self.text(row, Field::Load);
        Ok(Team {
            id: TeamId(id),
            tier: fields::tier(self.text(row, Field::Tier))
                .or(known.as_ref().map(|it| it.tier))
                .unwrap_or(TeamTier::Local),
            capability,
            n_people: n_people.unwrap_or(0),
            home: place.0,
            district: place.1,
            kind: fields::unit(self.text(row, Field::Unit)).or(known.as_ref().map(|it| it.kind)).unwrap_or_default(),
            also: known.as_ref().map(|it| it.also.clone()).unwrap_or_default(),
            load: self.words(row, Field::Load, load, known.as_ref().map(|it| &it.load)),
            base: known.and_then(|it| it.base),
            name: name.into(),
        })
    }

    fn depot(&mut self, row: &'a Row) -> Result<Depot, Fault> {
        let name = self.name(row)?;
        let known = self.known(row, &name).and_then(|it| self.city.depots.get(it)).cloned();
        let (at, district) = self.place(row, known.as_ref().map(|it| (it.at, it.district.clone())))?;
        let id = DepotId(self.id(row, &name, Some(at))?);
        let stock = self.text(row, Field::Stock);
        let stock = self.words(row, Field::Stock, stock, known.as_ref().map(|it| &it.stock));
        Ok(Depot { id, name: name.into(), at, district, stock })
    }

    fn shelter(&mut self, row: &'a Row) -> Result<Shelter, Fault> {
        let name = self.name(row)?;
        let known = self.known(row, &name).and_then(|it| self.city.shelters.get(it)).cloned();
        let capacity = self.counted(row, Field::Capacity)?.or(known.as_ref().map(|it| it.capacity));
        let capacity = capacity.ok_or_else(|| fault(Field::Capacity, "没有容量", "填写可容纳人数"))?;
        let (at, district) = self.place(row, known.map(|it| (it.at, it.district)))?;
        let id = ShelterId(self.id(row, &name, Some(at))?);
        Ok(Shelter { id, name: name.into(), at, district, capacity })
    }

    fn camera(&mut self, row: &'a Row) -> Result<Camera, Fault> {
        let name = self.name(row)?;
        let known = self.known(row, &name).and_then(|it| self.city.cameras.get(it)).cloned();
        let (at, district) = self.place(row, known.as_ref().map(|it| (it.at, it.district.clone())))?;
        let id = CameraId(self.id(row, &name, Some(at))?);
        let camera = Camera::new(id, name.into(), at, district);
        // A file of names and places takes nothing away that is known of the lens.
        Ok(match known {
            Some(it) => Camera { id: camera.id, name: camera.name, at: camera.at, district: camera.district, ..it },
            None => camera,
        })
    }

    fn point(&mut self, row: &'a Row) -> Result<MapPoint, Fault> {
        let name = self.name(row)?;
        let (at, district) = self.place(row, None)?;
        let id = self.id(row, &name, Some(at))?;
        let [kind, note] = [Field::Kind, Field::Note].map(|it| self.text(row, it));
        let (kind, note) = (self.words(row, Field::Kind, kind, None), self.words(row, Field::Note, note, None));
        Ok(MapPoint { id, name: name.into(), at, district, kind, note })
    }

    fn contact(&mut self, row: &'a Row) -> Result<Contact, Fault> {
        let name = self.name(row)?;
        let written = self.text(row, Field::Phone);
        let phone = tidy::phone(written).ok_or_else(|| match written.is_empty() {
            true => fault(Field::Phone, "没有电话", "填写能拨通的号码"),
            false => fault(Field::Phone, "电话读不懂", "把这一列设为文本格式，写完整号码"),
        })?;
        let place = self.call_place(row)?;
        let known = self.known(row, &name).and_then(|it| self.city.contacts.get(it)).cloned();
        let known = known.filter(|it| it.place == place || !self.text(row, Field::Id).is_empty());
        let post = self.text(row, Field::Post);
        let rank = match self.counted(row, Field::Rank)? {
            Some(rank @ 1..=200) => rank as u8,
            Some(_) => return Err(fault(Field::Rank, "顺位要在 1–200 之间", "1 是先叫的人")),
            None => {
                let n = self.n_ranked.entry(place.clone()).or_default();
                *n = n.saturating_add(1);
                known.as_ref().map_or(*n, |it| it.rank)
            }
        };
        // One name at two places is two people, or one with two posts: the place is part of who it is.
        let id = match &known {
            Some(it) => self.claim(row, it.id.0.clone())?,
            None if self.text(row, Field::Id).is_empty() => {
                let id = made_id(self.ask.register, &format!("{name}|{}", place_words(&place)));
                self.claim(row, id)?
            }
            None => self.id(row, &name, None)?,
        };
        let holder = self.city.contact_of(&place, rank).filter(|it| it.id.0 != id);
        if let Some(holder) = holder {
            let words = format!("{}第 {rank} 顺位现在是{}", place_words(&place), holder.name);
            self.warn("合并后同一顺位有两个人，先叫原来的", row, &words);
        }
        let radio = self.text(row, Field::Radio);
        Ok(Contact {
            id: ContactId(id),
            name: name.into(),
            post: self.words(row, Field::Post, post, known.as_ref().map(|it| &it.post)),
            place,
            rank,
            phone: phone.into(),
            radio: self.words(row, Field::Radio, radio, known.as_ref().map(|it| &it.radio)),
        })
    }

    // ---------------------------------------------------------------- cells

    fn text(&self, row: &'a Row, field: Field) -> &'a str {
        self.columns.get(&field).and_then(|it| row.cells.get(*it)).map_or("", String::as_str)
    }

    /// The header and what stands under it, for whoever looks it up.
    fn said(&self, row: &'a Row, field: Field) -> String {
        let header = self.columns.get(&field).and_then(|it| self.headed.header.get(*it));
        let text = self.text(row, field);
        let text = if field == Field::Phone { tidy::masked(text) } else { text.to_owned() };
        format!("{}「{text}」", header.map_or(field.name_zh(), String::as_str))
    }

    fn name(&self, row: &'a Row) -> Result<String, Fault> {
        let field = if self.ask.register == RegisterKind::Contacts { Field::Person } else { Field::Name };
        match self.text(row, field) {
            "" => {
                let todo = format!("填写{0}，或用 --map {1}=列名 指定", field.name_zh(), field.id());
                Err(fault(field, format!("没有{}", field.name_zh()), todo))
            }
            name if name.chars().count() > MAX_NAME_CHARS => {
                Err(fault(field, format!("名称超过 {MAX_NAME_CHARS} 字"), "缩短名称，其余写进备注"))
            }
            name => Ok(name.to_owned()),
        }
    }

    /// A whole number; none if the column or the cell is empty.
    fn counted(&self, row: &'a Row, field: Field) -> Result<Option<u32>, Fault> {
        match self.text(row, field) {
            "" | "-" | "/" | "无" => Ok(None),
            text => match tidy::count(text) {
                Some(n) => Ok(Some(n)),
                None => Err(fault(field, format!("{}不是一个数", field.name_zh()), "只写一个整数")),
            },
        }
    }

    /// Words as they are kept; those known before where the file has no such column or an empty cell.
    fn words(&mut self, row: &'a Row, field: Field, text: &str, known: Option<&Text>) -> Text {
        if text.is_empty() {
            return known.cloned().unwrap_or_else(|| "".into());
        }
        if text.chars().count() <= MAX_WORDS_CHARS {
            return text.into();
        }
        self.warn("文字过长，截到 300 字", row, field.name_zh());
        text.chars().take(MAX_WORDS_CHARS).collect::<String>().into()
    }

    fn warn(&mut self, kind: &'static str, row: &Row, words: &str) {
        let n = self.told.entry(kind).or_default();
        *n += 1;
        if *n <= MAX_TOLD {
            self.warnings.push(format!("第 {} 行：{kind}（{words}）", row.number));
        }
    }

    // ---------------------------------------------------------------- who it is

    /// The id of the entry this row is about, if the register has one: by id, else by its name.
    fn known(&self, row: &'a Row, name: &str) -> Option<&'a str> {
        match self.text(row, Field::Id) {
            "" => self.ids_by_name.get(name).copied().flatten().map(|it| &**it),
            id => Some(id),
        }
    }

    fn id(&mut self, row: &'a Row, name: &str, at: Option<LonLat>) -> Result<Text, Fault> {
        let written = self.text(row, Field::Id);
        if !written.is_empty() {
            if written.chars().count() > MAX_ID_CHARS {
                return Err(fault(Field::Id, format!("编号超过 {MAX_ID_CHARS} 字"), "检查这一列是不是编号"));
            }
            return self.claim(row, written.into());
        }
        let near = |other: &Option<LonLat>| match (at, other) {
            (Some(a), Some(b)) => a.distance_m(*b) < SAME_M,
            _ => true,
        };
        let same = self.named.entry(name.to_owned()).or_default();
        if let Some((earlier, _)) = same.iter().find(|it| near(&it.1)) {
            let why = format!("与第 {earlier} 行重复：同名，位置也相同");
            return Err(fault(Field::Name, why, "留一行；确是两处就写出各自的编号或坐标"));
        }
        same.push((row.number, at));
        let n_same = same.len();
        match self.ids_by_name.get(name).copied().flatten().cloned() {
            Some(id) if n_same == 1 => self.claim(row, id),
            _ => self.claim(row, made_id(self.ask.register, &format!("{name}|{n_same}"))),
        }
    }

    fn claim(&mut self, row: &'a Row, id: Text) -> Result<Text, Fault> {
        let field = if self.text(row, Field::Id).is_empty() { Field::Name } else { Field::Id };
        match self.taken.entry(id.clone()) {
            Entry::Occupied(it) => Err(fault(field, format!("与第 {} 行重复", it.get()), "留一行，或给它另一个编号")),
            Entry::Vacant(it) => {
                it.insert(row.number);
                Ok(id)
            }
        }
    }

    // ---------------------------------------------------------------- where it is

    fn place(&mut self, row: &'a Row, known: Option<(LonLat, DistrictId)>) -> Result<(LonLat, DistrictId), Fault> {
        let Some((field, found)) = self.found_place(row)? else {
            return known
                .ok_or_else(|| fault(None::<Field>, "没有坐标", "填写经度、纬度，或「坐标」一列写成 118.1,24.5"));
        };
        if let Some((was, _)) = &known {
            self.matched.push((*was, found));
        }
        let at = self.crs.to_wgs84(found).rounded();
        let district = self.district(row, field, at)?;
        Ok((at, district))
    }

    /// As the file has it; none if its cells are empty.
    fn found_place(&self, row: &'a Row) -> Result<Option<(Option<Field>, LonLat)>, Fault> {
        let (field, lon, lat) = match row.at {
            Some(at) => (None, at.0, at.1),
            None => {
                let [lon, lat, both] = [Field::Lon, Field::Lat, Field::Coordinates].map(|it| self.text(row, it));
                match (lon, lat, both) {
                    ("", "", "") => return Ok(None),
                    ("", "", both) => {
                        let pair = tidy::pair(both);
                        let todo = "写成 118.1,24.5：先经度后纬度";
                        let (lon, lat) = pair.ok_or_else(|| fault(Field::Coordinates, "坐标读不懂", todo))?;
                        (Some(Field::Coordinates), lon, lat)
                    }
                    (lon, lat, _) => {
                        let todo = "写成十进制度数，如 118.1";
                        let read = |text, field| tidy::degrees(text).ok_or_else(|| fault(field, "坐标读不懂", todo));
                        (Some(Field::Lon), read(lon, Field::Lon)?, read(lat, Field::Lat)?)
                    }
                }
            }
        };
        if lon == 0.0 && lat == 0.0 {
            return Ok(None);
        }
        if lon.abs() > 1000.0 || lat.abs() > 1000.0 {
            let todo = "先转为 CGCS2000 或 WGS-84 经纬度";
            return Err(fault(field, format!("{lon}, {lat} 像是平面直角坐标（高斯—克吕格），不是度数"), todo));
        }
        let here = self.city.center;
        let is_swapped = (lon - here.1).abs() < 3.0 && (lat - here.0).abs() < 3.0;
        if is_swapped {
            return Err(fault(field, format!("{lon}, {lat} 经度与纬度写反了"), "对调两列，或用 --map 指定 lon 与 lat"));
        }
        Ok(Some((field, LonLat(lon, lat))))
    }

    fn district(&mut self, row: &'a Row, field: Option<Field>, at: LonLat) -> Result<DistrictId, Fault> {
        let outside = |m: f64| {
            let why = format!("坐标 {:.5}, {:.5} 不在本市，离市中心 {:.0} 公里", at.0, at.1, m / 1000.0);
            fault(field, why, "核对坐标；若是别的坐标系，用 --crs 说明")
        };
        let from_center = at.distance_m(self.city.center);
        if !at.is_sane() || from_center > MAX_REGISTER_DISTANCE_M {
            return Err(outside(from_center));
        }
        let found = match self.land {
            Some(land) => land.district_of(at, OFFSHORE_M).cloned(),
            None => {
                let all = self.city.districts.values().map(|it| (it.center.distance_m(at), &it.id));
                let nearest = all.min_by(|a, b| a.0.total_cmp(&b.0));
                nearest.filter(|it| it.0 < FAR_M).map(|it| it.1.clone())
            }
        };
        let found = found.filter(|it| self.city.districts.contains_key(it)).ok_or_else(|| outside(from_center))?;
        let written = self.text(row, Field::District);
        if let Some(said) = self.district_named(written).filter(|it| *it != found) {
            let name = |id: &DistrictId| self.city.districts.get(id).map_or(id.to_string(), |it| it.name.to_string());
            let words = format!("写的是{}，坐标在{}", name(&said), name(&found));
            // Without boundaries the nearest centre is a worse witness than whoever wrote it.
            if self.land.is_none() {
                return Ok(said);
            }
            self.warn("区与坐标不一致，按坐标", row, &words);
        }
        Ok(found)
    }

    fn district_named(&self, words: &str) -> Option<DistrictId> {
        if words.is_empty() {
            return None;
        }
        let bare = |name: &str| name.trim_end_matches(['区', '县', '市']).to_owned();
        let fits = |it: &&District| it.id.as_str() == words || *it.name == *words || bare(&it.name) == bare(words);
        self.city.districts.values().find(fits).map(|it| it.id.clone())
    }

    /// Whom a contact answers for: the narrowest place the row names.
    fn call_place(&self, row: &'a Row) -> Result<CallPlace, Fault> {
        let [village, township, district, agency] =
            [Field::Village, Field::Township, Field::District, Field::Agency].map(|it| self.text(row, it));
        let within = self.district_named(district);
        for (field, words) in [
            (Field::Village, village),
            (Field::Township, township),
            (Field::Agency, agency),
            (Field::District, district),
        ] {
            if words.is_empty() {
                continue;
            }
            let found = self.place_named(words, within.as_ref());
            let todo = "写成城市数据里的全名，或它的编号";
            return found.ok_or_else(|| fault(field, format!("没有登记「{words}」"), todo));
        }
        Err(fault(None::<Field>, "没有写明是哪个单位、区、镇街或村居的", "加一列「单位」，或区、镇街、村居"))
    }

    fn place_named(&self, words: &str, within: Option<&DistrictId>) -> Option<CallPlace> {
        let city = self.city;
        let bare = |it: &str| it.trim_start_matches("厦门市").trim_start_matches('市').to_owned();
        let same = |name: &str| name == words || bare(name) == bare(words);
        let agency = city.agencies.values().find(|it| it.id.as_str() == words || same(&it.name) || *it.short == *words);
        if let Some(it) = agency {
            return Some(CallPlace::Agency(it.id.clone()));
        }
        let in_district = |it: &&Township| within.is_none_or(|id| it.district == *id);
        let stem = |it: &str| it.trim_end_matches(['道', '街', '镇', '乡']).to_owned();
        let township = city
            .townships
            .values()
            .filter(in_district)
            .find(|it| it.id.as_str() == words || *it.name == *words || stem(&it.name) == stem(words));
        if let Some(it) = township {
            return Some(CallPlace::Township(it.id.clone()));
        }
        let ends = ["社区", "村", "居委会", "社区居委会", "村委会"];
        let stem = |it: &str| ends.iter().find_map(|end| it.strip_suffix(end)).unwrap_or(it).to_owned();
        let villages = city.townships.values().filter(in_district).flat_map(|it| &it.villages);
        let fits: Vec<&Village> = villages
            .filter(|it| it.id.as_str() == words || *it.name == *words || stem(&it.name) == stem(words))
            .collect();
        if let [only] = fits[..] {
            return Some(CallPlace::Village(only.id.clone()));
        }
        self.district_named(words).map(CallPlace::District)
    }
}

/// Name and id of what the register has, withdrawn things too: they may come back.
fn present<'a>(city: &'a City, ask: &Ask) -> Vec<(&'a str, &'a Text)> {
    match ask.register {
        RegisterKind::Teams => city.teams.values().map(|it| (&*it.name, &it.id.0)).collect(),
        RegisterKind::Depots => city.depots.values().map(|it| (&*it.name, &it.id.0)).collect(),
        RegisterKind::Shelters => city.shelters.values().map(|it| (&*it.name, &it.id.0)).collect(),
        RegisterKind::Cameras => city.cameras.values().map(|it| (&*it.name, &it.id.0)).collect(),
        RegisterKind::Contacts => city.contacts.values().map(|it| (&*it.name, &it.id.0)).collect(),
        RegisterKind::Points => {
            let layer = city.registers.points.get(ask.layer.trim());
            layer.into_iter().flat_map(|it| it.values()).map(|it| (&*it.name, &it.id)).collect()
        }
    }
}

fn place_words(place: &CallPlace) -> String {
    match place {
        CallPlace::Agency(id) => format!("单位 {id}"),
        CallPlace::District(id) => format!("区 {id}"),
        CallPlace::Township(id) => format!("镇街 {id}"),
        CallPlace::Village(id) => format!("村居 {id}"),
    }
}

/// Totals, notes and signatures below a table.
fn is_aside(filled: &[&str]) -> bool {
    let Some(first) = filled.first() else { return false };
    let first: String = first.chars().filter(|it| !it.is_whitespace()).map(|it| it.to_ascii_lowercase()).collect();
    let begins = |any: &[&str]| any.iter().any(|it| first.starts_with(it));
    let is_sum = ["合计", "总计", "小计", "共计", "total"].contains(&&*first);
    is_sum
        || filled.len() <= 3
            && begins(&["合计", "总计", "注:", "注", "备注", "说明", "填表", "制表", "审核", "联系人:"])
}

/// The same for the same words, so that a file imported twice changes nothing the second time (FNV-1a, 64 bits).
fn made_id(register: RegisterKind, words: &str) -> Text {
    let hash =
        words.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, it| (hash ^ u64::from(it)).wrapping_mul(0x0100_0000_01b3));
    format!("im-{}-{hash:016x}", register.id()).into()
}
