//! Maps as tables: a feature is a row, its attributes are the columns, its place is its point or the middle of its box.

use crate::{Crs, IntakeError, MAX_COLUMNS, MAX_ROWS, Row, Table, tidy::tidy};
use flatgeobuf::{ColumnType, FallibleStreamingIterator, FgbReader, Geometry};
use gulang_city::LonLat;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Places of one shape that are looked at, and shapes within shapes.
const MAX_PLACES: usize = 1_000_000;
const MAX_DEPTH: usize = 4;

pub fn read_geojson(bytes: &[u8]) -> Result<Table, IntakeError> {
    #[derive(serde::Deserialize)]
    struct Collection {
        features: Vec<Value>,
        #[serde(default)]
        crs: Value,
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let collection: Collection = serde_json::from_slice(bytes)
        .map_err(|why| IntakeError::GeoJson(format!("第 {} 行：{why}", why.line().max(1))))?;
    let crs = declared(&collection.crs)?;
    let mut maker = Maker::default();
    for (i, value) in collection.features.into_iter().enumerate() {
        let feature: geojson::Feature =
            serde_json::from_value(value).map_err(|why| IntakeError::GeoJson(format!("第 {} 个要素：{why}", i + 1)))?;
        let mut bounds = Bounds::default();
        if let Some(geometry) = &feature.geometry {
            bounds.cover(&geometry.value);
        }
        maker.push(feature.properties.unwrap_or_default(), &bounds)?;
    }
    Ok(maker.finish(crs))
}

/// The old `crs` member. RFC 7946 has none: then it is WGS-84.
fn declared(crs: &Value) -> Result<Option<Crs>, IntakeError> {
    let Some(name) = crs["properties"]["name"].as_str() else { return Ok(Some(Crs::Wgs84)) };
    let code = name.rsplit(':').next().unwrap_or_default();
    match code {
        "CRS84" | "4326" => Ok(Some(Crs::Wgs84)),
        "4490" => Ok(Some(Crs::Cgcs2000)),
        _ => Err(IntakeError::Projected(format!("文件声明的是 {name}"))),
    }
}

/// Sizes and indices are checked here before the format's crate believes them: it allocates what a file claims, and
/// indexes by it.
pub fn read_flatgeobuf(bytes: &[u8]) -> Result<Table, IntakeError> {
    let fault = |why: String| IntakeError::FlatGeobuf(why);
    let reader = FgbReader::open(std::io::Cursor::new(bytes)).map_err(|why| fault(why.to_string()))?;
    let header = reader.header();
    let crs = match header.crs().map_or(0, |it| it.code()) {
        0 | 4326 => Some(Crs::Wgs84),
        4490 => Some(Crs::Cgcs2000),
        code => return Err(IntakeError::Projected(format!("文件声明的是 EPSG:{code}"))),
    };
    let name = header.name().map(str::to_owned);
    let columns: Vec<(String, ColumnType)> =
        header.columns().into_iter().flatten().map(|it| (it.name().to_owned(), it.type_())).collect();
    if !are_sizes_honest(bytes, header.features_count(), header.index_node_size()) {
        return Err(fault("长度对不上，文件不完整或损坏".into()));
    }
    let mut features = reader.select_all_seq().map_err(|why| fault(why.to_string()))?;
    let mut maker = Maker::named(name);
    loop {
        let n = maker.rows.len() + 1;
        let fault = |why: String| IntakeError::FlatGeobuf(format!("第 {n} 个要素：{why}"));
        let Some(feature) = features.next().map_err(|why| fault(why.to_string()))? else { break };
        let mut bounds = Bounds::default();
        if let Some(geometry) = feature.geometry() {
            bounds.cover_flat(&geometry, 0);
        }
        let cells = feature.fbs_feature().properties().map_or(Some(Map::new()), |it| attributes(it.bytes(), &columns));
        maker.push(cells.ok_or_else(|| fault("属性读不懂".into()))?, &bounds)?;
    }
    Ok(maker.finish(crs))
}

/// Whether header, index and features fill just these bytes: the header's size stands after eight bytes of magic; the index
/// is a tree of nodes of 40 bytes; each feature has its size before it.
fn are_sizes_honest(bytes: &[u8], n_features: u64, node_size: u16) -> bool {
    let size_at = |at: usize| -> Option<usize> {
        let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(u32::from_le_bytes(word) as usize)
    };
    let Some(mut at) = size_at(8).map(|it| it.saturating_add(12)) else { return false };
    if n_features > bytes.len() as u64 || node_size == 1 {
        return false;
    }
    if node_size > 0 && n_features > 0 {
        let (mut level, mut n_nodes) = (n_features, n_features);
        while level > 1 || n_nodes == n_features {
            level = level.div_ceil(u64::from(node_size));
            n_nodes += level;
        }
        at = at.saturating_add((n_nodes as usize).saturating_mul(40));
    }
    while at < bytes.len() {
        let Some(size) = size_at(at) else { return false };
        at = at.saturating_add(4).saturating_add(size);
    }
    at == bytes.len()
}

/// A feature's attributes: a column's number, then its value, as long as its type says. None if the bytes end in between.
fn attributes(mut bytes: &[u8], columns: &[(String, ColumnType)]) -> Option<Map<String, Value>> {
    fn taken<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (head, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*head)
    }
    let mut cells = Map::new();
    // Some files have a byte too many after the last.
    while bytes.len() > 1 {
        let column = u16::from_le_bytes(taken(&mut bytes)?);
        let (name, kind) = columns.get(column as usize)?;
        let value: Value = match *kind {
            ColumnType::Byte => i8::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::UByte => u8::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::Bool => (u8::from_le_bytes(taken(&mut bytes)?) != 0).into(),
            ColumnType::Short => i16::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::UShort => u16::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::Int => i32::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::UInt => u32::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::Long => i64::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::ULong => u64::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::Float => f64::from(f32::from_le_bytes(taken(&mut bytes)?)).into(),
            ColumnType::Double => f64::from_le_bytes(taken(&mut bytes)?).into(),
            ColumnType::String | ColumnType::Json | ColumnType::DateTime | ColumnType::Binary => {
                let n = u32::from_le_bytes(taken(&mut bytes)?) as usize;
                let (text, rest) = bytes.split_at_checked(n)?;
                bytes = rest;
                match *kind {
                    ColumnType::Binary => Value::Null,
                    _ => String::from_utf8_lossy(text).into_owned().into(),
                }
            }
            _ => return None,
        };
        cells.insert(name.clone(), value);
    }
    Some(cells)
}

/// Columns in the order features first name them.
#[derive(Default)]
pub(crate) struct Maker {
    name: Option<String>,
    header: Vec<String>,
    columns: HashMap<String, usize>,
    rows: Vec<Row>,
    n_areas: usize,
}

impl Maker {
    pub fn named(name: Option<String>) -> Self {
        Self { name, ..Self::default() }
    }

    pub fn push(&mut self, attributes: Map<String, Value>, bounds: &Bounds) -> Result<(), IntakeError> {
        if self.rows.len() == MAX_ROWS {
            return Err(IntakeError::TooManyRows);
        }
        let mut cells = vec![String::new(); self.header.len()];
        for (name, value) in attributes {
            let text = match value {
                Value::Null => continue,
                Value::String(it) => tidy(&it),
                Value::Bool(it) => if it { "是" } else { "否" }.to_owned(),
                Value::Number(it) => match it.as_f64() {
                    Some(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
                    _ => it.to_string(),
                },
                nested => tidy(&nested.to_string()),
            };
            let column = match self.columns.get(&name) {
                Some(column) => *column,
                None if self.header.len() >= MAX_COLUMNS => continue,
                None => {
                    self.header.push(tidy(&name));
                    self.columns.insert(name, self.header.len() - 1);
                    cells.push(String::new());
                    self.header.len() - 1
                }
            };
            cells[column] = text;
        }
        self.n_areas += usize::from(bounds.is_wide());
        self.rows.push(Row { number: self.rows.len() + 1, cells, at: bounds.middle() });
        Ok(())
    }

    pub fn finish(self, crs: Option<Crs>) -> Table {
        let areas = (self.n_areas > 0).then(|| format!("{} 个要素是线或面，取外包框中心", self.n_areas));
        let notes = areas.into_iter().collect();
        Table { sheet: self.name, header: Some(self.header), rows: self.rows, crs, notes }
    }
}

/// The box around a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    /// West, south, east, north.
    of: Option<[f64; 4]>,
}

impl Bounds {
    pub fn meet(&mut self, x: f64, y: f64) {
        let [w, s, e, n] = self.of.unwrap_or([x, y, x, y]);
        self.of = Some([w.min(x), s.min(y), e.max(x), n.max(y)]);
    }

    fn cover(&mut self, value: &geojson::GeometryValue) {
        use geojson::GeometryValue as V;
        let mut meet = |it: &geojson::Position| {
            if let [x, y, ..] = it.as_slice() {
                self.meet(*x, *y);
            }
        };
        match value {
            V::Point { coordinates } => meet(coordinates),
            V::MultiPoint { coordinates } | V::LineString { coordinates } => coordinates.iter().for_each(meet),
            V::MultiLineString { coordinates } | V::Polygon { coordinates } => {
                coordinates.iter().flatten().for_each(meet);
            }
            V::MultiPolygon { coordinates } => coordinates.iter().flatten().flatten().for_each(meet),
            V::GeometryCollection { geometries } => geometries.iter().for_each(|it| self.cover(&it.value)),
        }
    }

    /// Every place of a shape and of its parts.
    fn cover_flat(&mut self, geometry: &Geometry<'_>, depth: usize) {
        let numbers: Vec<f64> = geometry.xy().into_iter().flatten().take(2 * MAX_PLACES).collect();
        for pair in numbers.chunks_exact(2) {
            self.meet(pair[0], pair[1]);
        }
        for part in geometry.parts().into_iter().flatten().filter(|_| depth < MAX_DEPTH) {
            self.cover_flat(&part, depth + 1);
        }
    }

    fn middle(&self) -> Option<LonLat> {
        self.of.map(|[w, s, e, n]| LonLat((w + e) / 2.0, (s + n) / 2.0))
    }

    fn is_wide(&self) -> bool {
        self.of.is_some_and(|[w, s, e, n]| w < e || s < n)
    }
}
