//! The plain grid: an object, or an array of them, or one under `fields`:
//!
//! ```json
//! {"valid": "2026-09-20 12:00:00", "issued": "2026-09-20 11:54:00", "kind": "nowcast", "unit": "mm/h",
//!  "west": 117.8, "south": 24.2, "dx": 0.01, "dy": 0.01, "nx": 3, "ny": 2, "values": [0, 0.5, null, 1, 2, 3]}
//! ```
//! `values` go eastwards, row by row from the south; from the north with `"north"` in place of `"south"`. [G]: the shape is ours.

use super::{GridAbout, GridError, MAX_POINTS};
use crate::value::{number_of, small_of, time_of};
use gulang_city::{LonLat, NO_RAIN_KNOWN, RainField, RainKind};
use serde_json::{Value, json};

/// Fields of one document.
const MAX_FIELDS: usize = 64;

pub fn read_json(bytes: &[u8], about: &GridAbout) -> Result<(Vec<RainField>, Vec<String>), GridError> {
    let document: Value = serde_json::from_slice(bytes).map_err(|why| GridError::Json(why.to_string()))?;
    let list = document.get("fields").unwrap_or(&document);
    let entries: Vec<&Value> = match list {
        Value::Array(list) => list.iter().take(MAX_FIELDS).collect(),
        Value::Object(_) => vec![list],
        _ => return Err(GridError::Json("既不是对象也不是数组".into())),
    };
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    for entry in entries {
        match field(entry, about) {
            Ok(field) => fields.push(field),
            Err(why) => refused.push(why),
        }
    }
    Ok((fields, refused))
}

fn field(entry: &Value, about: &GridAbout) -> Result<RainField, String> {
    let number = |key: &str| number_of(&entry[key]).ok_or_else(|| format!("没有 {key}"));
    let count = |key: &str| {
        let n = number(key)?;
        if (2.0..=20_000.0).contains(&n) { Ok(n as u32) } else { Err(format!("{key} {n} 不合理")) }
    };
    let unit = entry["unit"].as_str().unwrap_or("mm/h");
    if !matches!(unit, "mm/h" | "mm" | "mm/1h") {
        return Err(format!("单位 {unit:?} 不是 mm/h"));
    }
    let (nx, ny) = (count("nx")?, count("ny")?);
    let (dx, dy) = (number("dx")?, number("dy")?);
    let values = entry["values"].as_array().ok_or("没有 values")?;
    let n = nx as usize * ny as usize;
    if n > MAX_POINTS || values.len() != n {
        return Err(format!("格点 {nx}×{ny} 与 {} 个数值不符", values.len()));
    }
    let value = |it: &Value| small_of(it).unwrap_or(NO_RAIN_KNOWN);
    let values: Vec<f32> = values.iter().map(value).collect();
    // Rows from the north are turned over.
    let (south, values) = match number_of(&entry["south"]) {
        Some(south) => (south, values),
        None => {
            (number("north")? - dy * f64::from(ny - 1), values.chunks(nx as usize).rev().flatten().copied().collect())
        }
    };
    let valid_at = time_of(&entry["valid"]).ok_or("没有可读的 valid")?;
    let issued_at = time_of(&entry["issued"]).unwrap_or(valid_at);
    let kind = match entry["kind"].as_str() {
        Some("observed") => RainKind::Observed,
        Some("nowcast") => RainKind::Nowcast,
        Some("forecast") => RainKind::Forecast,
        Some(other) => return Err(format!("kind {other:?} 应为 observed、nowcast 或 forecast")),
        None => about.kind.unwrap_or(super::grib2::kind_by_lead(issued_at, valid_at)),
    };
    let field = RainField {
        source: about.source.clone(),
        kind,
        valid_at,
        issued_at,
        origin: LonLat(number("west")?, south),
        step: (dx, dy),
        n: (nx, ny),
        values: values.into(),
        simulated: about.simulated || entry["simulated"].as_bool() == Some(true),
    };
    field.checked().map_err(|why| why.to_string())
}

/// Several fields as one document.
pub fn write_json(fields: &[RainField]) -> Value {
    let one = |it: &RainField| {
        let kind = match it.kind {
            RainKind::Observed => "observed",
            RainKind::Nowcast => "nowcast",
            RainKind::Forecast => "forecast",
        };
        // Tenths are what gauges tell; more digits would only be longer.
        let value = |mm: &f32| if *mm < 0.0 { Value::Null } else { json!((f64::from(*mm) * 10.0).round() / 10.0) };
        json!({
            "valid": it.valid_at.to_beijing_text(), "issued": it.issued_at.to_beijing_text(), "kind": kind, "unit": "mm/h",
            "west": it.origin.0, "south": it.origin.1, "dx": it.step.0, "dy": it.step.1, "nx": it.n.0, "ny": it.n.1,
            "values": it.values.iter().map(value).collect::<Vec<_>>(), "simulated": it.simulated,
        })
    };
    json!({ "fields": fields.iter().map(one).collect::<Vec<_>>() })
}
