//! 中央气象台台风网 (NMC): JSONP of arrays, `list_{year}` and `view_{dbid}`, as PROTOCOLS.md §6 cites it [S]. Times in Beijing,
//! wind circles by quadrant in km, five agencies under their WMO letters.

use super::{TyphoonError, direction, numbered};
use crate::value::{number_of, small_of, text_of};
use gulang_city::{Command, Forecast, ForecastPoint, LonLat, Text, Timestamp, TyphoonFix, TyphoonId, WindRadii};
use serde_json::Value;

/// WMO letters of centres, and what other feeds call them.
const AGENCIES: [(&str, &str); 6] = [
    ("BABJ", "中国"),
    ("RJTD", "日本"),
    ("PGTW", "美国"),
    ("VHHH", "中国香港"),
    ("RCTP", "中国台湾"),
    ("RKSL", "韩国"),
];

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What `view_{dbid}` asks by.
    pub dbid: String,
    pub active: bool,
}

/// The typhoons of a list page, in its order.
pub fn decode_list(bytes: &[u8]) -> Result<Vec<Row>, TyphoonError> {
    let value = unwrapped(bytes)?;
    let list = value.get("typhoonList").unwrap_or(&value);
    let rows = list.as_array().ok_or_else(|| TyphoonError("没有 typhoonList".into()))?;
    let row = |it: &Value| {
        let dbid = text_of(&it[0]).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Row { dbid, active: is_active(it) })
    };
    Ok(rows.iter().filter_map(row).collect())
}

/// One typhoon whole. Points that make no sense are left out; a typhoon without any is refused.
pub fn decode_view(bytes: &[u8]) -> Result<Command, TyphoonError> {
    let value = unwrapped(bytes)?;
    let typhoon = value.get("typhoon").unwrap_or(&value);
    let dbid = text_of(&typhoon[0]).filter(|it| !it.is_empty()).ok_or_else(|| TyphoonError("没有编号".into()))?;
    // Some pages have the number one place on.
    let number = [3, 4].iter().find_map(|at| numbered(&text_of(&typhoon[*at])?));
    let points = typhoon[8].as_array().ok_or_else(|| TyphoonError("没有路径点".into()))?;
    let mut fixes: Vec<TyphoonFix> = Vec::new();
    let mut forecasts: Vec<Forecast> = Vec::new();
    for point in points {
        let Some(fix) = fix(point) else { continue };
        let issued_at = fix.at;
        if fixes.last().is_none_or(|last| last.at < fix.at) {
            fixes.push(fix);
        }
        for (letters, list) in point[11].as_object().into_iter().flatten() {
            let points: Vec<ForecastPoint> =
                list.as_array().into_iter().flatten().filter_map(|it| forecast_point(it, issued_at)).collect();
            if !points.is_empty() {
                let agency = AGENCIES.iter().find(|it| it.0 == letters).map_or(letters.as_str(), |it| it.1);
                // The list says when it was made; without it, with the fix.
                let base = list.get(0).and_then(|it| compact_time(&it[1])).filter(|it| *it <= issued_at);
                forecasts.push(Forecast { agency: agency.into(), issued_at: base.unwrap_or(issued_at), points });
            }
        }
    }
    if fixes.is_empty() {
        return Err(TyphoonError("没有一个可用的定位".into()));
    }
    let name = |at: usize| -> Text {
        let text = text_of(&typhoon[at]).unwrap_or_default();
        if text.eq_ignore_ascii_case("nameless") { "".into() } else { text.into() }
    };
    Ok(Command::UpdateTyphoon {
        typhoon: TyphoonId::from(number.unwrap_or_else(|| format!("nmc-{dbid}"))),
        name: name(2),
        name_en: name(1),
        active: is_active(typhoon),
        fixes,
        forecasts,
    })
}

/// JSON, with or without a callback about it.
fn unwrapped(bytes: &[u8]) -> Result<Value, TyphoonError> {
    let text = std::str::from_utf8(bytes).map_err(|why| TyphoonError(why.to_string()))?;
    let text = text.trim().trim_end_matches(';').trim_end();
    let json = match (text.find('('), text.strip_suffix(')')) {
        (Some(open), Some(inner)) if !text.starts_with(['{', '[']) => {
            // `name(({…}))` is written too.
            inner.get(open + 1..).unwrap_or_default().trim().trim_start_matches('(').trim_end_matches(')')
        }
        _ => text,
    };
    serde_json::from_str(json).map_err(|why| TyphoonError(why.to_string()))
}

fn is_active(row: &Value) -> bool {
    matches!(row[7].as_str(), Some("start" | "active"))
}

fn fix(point: &Value) -> Option<TyphoonFix> {
    let number = |at: usize| small_of(&point[at]).unwrap_or(0.0);
    let radii = |knots: &str| {
        let of = |it: &&Value| it[0].as_str().is_some_and(|name| name.eq_ignore_ascii_case(knots));
        let row = point[10].as_array().into_iter().flatten().find(of);
        // NE, SE, SW, NW.
        let km =
            |at: usize| row.and_then(|it| number_of(&it[at])).filter(|km| (0.0..3000.0).contains(km)).unwrap_or(0.0);
        WindRadii([1, 2, 3, 4].map(|at| km(at) as f32))
    };
    Some(TyphoonFix {
        at: compact_time(&point[1])?,
        center: place(&point[4], &point[5])?,
        pressure: number(6),
        wind: number(7),
        move_towards: direction(&text_of(&point[8]).unwrap_or_default()),
        move_speed: number(9),
        radius7: radii("30KTS"),
        radius10: radii("50KTS"),
        radius12: radii("64KTS"),
    })
}

/// `[lead h, base, lon, lat, hPa, m/s, …, grade]`.
fn forecast_point(point: &Value, issued_at: Timestamp) -> Option<ForecastPoint> {
    let lead_h = number_of(&point[0]).filter(|it| (0.0..=400.0).contains(it))?;
    let base = compact_time(&point[1]).unwrap_or(issued_at);
    let number = |at: usize| small_of(&point[at]).unwrap_or(0.0);
    Some(ForecastPoint {
        at: base.plus_mins((lead_h * 60.0) as i64),
        center: place(&point[2], &point[3])?,
        pressure: number(4),
        wind: number(5),
    })
}

fn place(lon: &Value, lat: &Value) -> Option<LonLat> {
    let at = LonLat(number_of(lon)?, number_of(lat)?);
    (at.is_sane() && at != LonLat(0.0, 0.0)).then_some(at)
}

/// `YYYYMMDDHHmm`, Beijing.
fn compact_time(value: &Value) -> Option<Timestamp> {
    let text = text_of(value)?;
    if text.len() != 12 || !text.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let at = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    Timestamp::parse(&format!("{}-{}-{} {}:{}", at(0, 4), at(4, 6), at(6, 8), at(8, 10), at(10, 12)))
}
