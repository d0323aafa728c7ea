//! Maps as tables: a feature is a row, its attributes are the columns, its place is its point or the middle of its box.

use crate::{Crs, IntakeError, MAX_COLUMNS, MAX_ROWS, Row, Table, tidy::tidy};
use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader, GeozeroGeometry};
use geozero::{ColumnValue, GeomProcessor, PropertyProcessor};
use gulang_city::LonLat;
use serde_json::{Map, Value};
use std::collections::HashMap;

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

pub fn read_flatgeobuf(bytes: &[u8]) -> Result<Table, IntakeError> {
    let fault = |why: String| IntakeError::FlatGeobuf(why);
    let reader = FgbReader::open(std::io::Cursor::new(bytes)).map_err(|why| fault(why.to_string()))?;
    let crs = match reader.header().crs().map_or(0, |it| it.code()) {
        0 | 4326 => Some(Crs::Wgs84),
        4490 => Some(Crs::Cgcs2000),
        code => return Err(IntakeError::Projected(format!("文件声明的是 EPSG:{code}"))),
    };
    let name = reader.header().name().map(str::to_owned);
    let mut features = reader.select_all_seq().map_err(|why| fault(why.to_string()))?;
    let mut maker = Maker::named(name);
    loop {
        let n = maker.rows.len() + 1;
        let fault = |why: String| IntakeError::FlatGeobuf(format!("第 {n} 个要素：{why}"));
        let Some(feature) = features.next().map_err(|why| fault(why.to_string()))? else { break };
        let mut bounds = Bounds::default();
        feature.process_geom(&mut bounds).map_err(|why| fault(why.to_string()))?;
        let mut properties = Properties(Map::new());
        feature.process_properties(&mut properties).map_err(|why| fault(why.to_string()))?;
        maker.push(properties.0, &bounds)?;
    }
    Ok(maker.finish(crs))
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

    fn middle(&self) -> Option<LonLat> {
        self.of.map(|[w, s, e, n]| LonLat((w + e) / 2.0, (s + n) / 2.0))
    }

    fn is_wide(&self) -> bool {
        self.of.is_some_and(|[w, s, e, n]| w < e || s < n)
    }
}

impl GeomProcessor for Bounds {
    fn xy(&mut self, x: f64, y: f64, _: usize) -> geozero::error::Result<()> {
        self.meet(x, y);
        Ok(())
    }
}

struct Properties(Map<String, Value>);

impl PropertyProcessor for Properties {
    fn property(&mut self, _: usize, name: &str, value: &ColumnValue) -> geozero::error::Result<bool> {
        let value = match *value {
            ColumnValue::Byte(it) => it.into(),
            ColumnValue::UByte(it) => it.into(),
            ColumnValue::Bool(it) => it.into(),
            ColumnValue::Short(it) => it.into(),
            ColumnValue::UShort(it) => it.into(),
            ColumnValue::Int(it) => it.into(),
            ColumnValue::UInt(it) => it.into(),
            ColumnValue::Long(it) => it.into(),
            ColumnValue::ULong(it) => it.into(),
            ColumnValue::Float(it) => f64::from(it).into(),
            ColumnValue::Double(it) => it.into(),
            ColumnValue::String(it) | ColumnValue::Json(it) | ColumnValue::DateTime(it) => it.into(),
            ColumnValue::Binary(_) => Value::Null,
        };
        self.0.insert(name.to_owned(), value);
        Ok(false)
    }
}
