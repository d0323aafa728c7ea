//! JMA bosai: `targetTc.json` and `{TC}/specifications.json` (PROTOCOLS.md §6 [S]; the parts beside the cited ones [G], from
//! public readers of the feed). One agency, one issue a page, no past track: the analysis is the fix.
//!
//! Radii are of 50 kt (暴風域, 25 m/s) and 30 kt (強風域, 15 m/s) winds, taken as the circles of 10 and 7 grades, as other
//! feeds do.

use super::{TyphoonError, direction, numbered};
use crate::value::{number_of, small_of, text_of};
use gulang_city::{Command, Forecast, ForecastPoint, LonLat, Timestamp, TyphoonFix, TyphoonId, WindRadii};
use serde_json::Value;

/// As the other feeds name it.
const AGENCY: &str = "日本";

/// The `TC…` of every cyclone it tells of now.
pub fn decode_targets(bytes: &[u8]) -> Result<Vec<String>, TyphoonError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError(why.to_string()))?;
    let list = value.as_array().ok_or_else(|| TyphoonError("不是数组".into()))?;
    let is_name = |it: &String| {
        (3..=12).contains(&it.len()) && it.starts_with("TC") && it.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    Ok(list.iter().filter_map(|it| text_of(&it["tropicalCyclone"])).filter(is_name).collect())
}

/// One cyclone as of one issue; `active` says whether it is still among the targets.
pub fn decode_specifications(bytes: &[u8], name: &str, active: bool) -> Result<Command, TyphoonError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError(why.to_string()))?;
    let parts = value.as_array().ok_or_else(|| TyphoonError("不是数组".into()))?;
    let title = parts.iter().find(|it| it["part"].as_str() == Some("title"));
    let analysis = parts.iter().find(|it| number_of(&it["advancedHours"]) == Some(0.0));
    let analysis = analysis.ok_or_else(|| TyphoonError("没有实况（advancedHours 0）".into()))?;
    let fix = fix(analysis).ok_or_else(|| TyphoonError("实况没有时间或位置".into()))?;
    let ahead = |it: &&Value| number_of(&it["advancedHours"]).is_some_and(|hours| hours > 0.0);
    let points: Vec<ForecastPoint> = parts.iter().filter(ahead).filter_map(forecast_point).collect();
    let issued_at = title.and_then(|it| Timestamp::parse(it["issue"]["UTC"].as_str()?));
    let number = title.and_then(|it| numbered(&text_of(&it["typhoonNumber"])?));
    let english = title.and_then(|it| text_of(&it["name"]["en"])).unwrap_or_default();
    let forecast = Forecast { agency: AGENCY.into(), issued_at: issued_at.unwrap_or(fix.at), points };
    Ok(Command::UpdateTyphoon {
        typhoon: TyphoonId::from(number.unwrap_or_else(|| format!("jma-{name}"))),
        // Katakana helps nobody here; the Chinese name comes with another feed.
        name: english.as_str().into(),
        name_en: english.to_uppercase().into(),
        active,
        fixes: vec![fix],
        forecasts: if forecast.points.is_empty() { Vec::new() } else { vec![forecast] },
    })
}

fn fix(part: &Value) -> Option<TyphoonFix> {
    Some(TyphoonFix {
        at: Timestamp::parse(part["validtime"]["UTC"].as_str()?)?,
        center: place(part)?,
        wind: wind(part),
        pressure: small_of(&part["pressure"]).unwrap_or(0.0),
        move_speed: small_of(&part["speed"]["km/h"]).unwrap_or(0.0),
        move_towards: course(part["course"].as_str().unwrap_or_default()),
        radius7: radii(&part["galeWarning"]),
        radius10: radii(&part["stormWarning"]),
        radius12: WindRadii::default(),
    })
}

fn forecast_point(part: &Value) -> Option<ForecastPoint> {
    Some(ForecastPoint {
        at: Timestamp::parse(part["validtime"]["UTC"].as_str()?)?,
        center: place(part)?,
        wind: wind(part),
        pressure: small_of(&part["pressure"]).unwrap_or(0.0),
    })
}

fn wind(part: &Value) -> f32 {
    small_of(&part["maximumWind"]["sustained"]["m/s"]).unwrap_or(0.0)
}

/// Latitude first.
fn place(part: &Value) -> Option<LonLat> {
    let deg = &part["position"]["deg"];
    Some(LonLat(number_of(&deg[1])?, number_of(&deg[0])?)).filter(|it| it.is_sane())
}

/// One circle, or a half-circle each for two opposite sides; a quadrant takes what the side nearest to its middle says.
fn radii(areas: &Value) -> WindRadii {
    let areas: Vec<(Option<f64>, f32)> = areas
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| {
            let km = number_of(&it["range"]["km"]).filter(|km| (0.0..3000.0).contains(km))? as f32;
            let side = it["area"]["jp"].as_str().or_else(|| it["area"].as_str()).unwrap_or_default();
            Some((towards(side), km))
        })
        .collect();
    // NE, SE, SW, NW.
    WindRadii([45.0, 135.0, 225.0, 315.0].map(|middle| {
        let off = |side: Option<f64>| side.map_or(0.0, |it| ((it - middle + 540.0).rem_euclid(360.0) - 180.0).abs());
        let nearest = areas.iter().min_by(|a, b| off(a.0).total_cmp(&off(b.0)));
        nearest.map_or(0.0, |it| it.1)
    }))
}

/// Of eight Japanese compass words, degrees from north; `None` for the whole.
fn towards(side: &str) -> Option<f64> {
    const SIDES: [&str; 8] = ["北", "北東", "東", "南東", "南", "南西", "西", "北西"];
    let bare = side.trim_end_matches('側');
    SIDES.iter().position(|it| *it == bare).map(|i| i as f64 * 45.0)
}

/// Of sixteen Japanese compass words; one that stands still goes nowhere.
fn course(text: &str) -> f32 {
    const WORDS: [&str; 16] = [
        "北",
        "北北東",
        "北東",
        "東北東",
        "東",
        "東南東",
        "南東",
        "南南東",
        "南",
        "南南西",
        "南西",
        "西南西",
        "西",
        "西北西",
        "北西",
        "北北西",
    ];
    match WORDS.iter().position(|it| *it == text.trim()) {
        Some(i) => i as f32 * 22.5,
        None => direction(text),
    }
}
