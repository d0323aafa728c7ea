//! 浙江省水利厅: every number a string, `"0"` or `""` for missing, four quadrants with bars between. The shape is that of
//! `Api/TyhoonActivity` and `Api/TyphoonInfo/{tfid}` as PROTOCOLS.md §6 cites it.

use super::{TyphoonError, direction};
use crate::value::{number_of, small_of, text_of};
use gulang_city::{Command, Forecast, ForecastPoint, LonLat, Text, Timestamp, TyphoonFix, TyphoonId, WindRadii};
use serde_json::Value;

/// The `tfid`s the source calls active.
pub fn decode_activity(bytes: &[u8]) -> Result<Vec<String>, TyphoonError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError(why.to_string()))?;
    let list = value.as_array().ok_or_else(|| TyphoonError("不是数组".into()))?;
    let is_tfid = |it: &String| (6..=8).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_digit());
    Ok(list.iter().filter_map(|it| text_of(&it["tfid"])).filter(is_tfid).collect())
}

/// One typhoon whole. Points that make no sense are left out; a typhoon without any is refused.
pub fn decode_info(bytes: &[u8]) -> Result<Command, TyphoonError> {
    let garbage = |why: &str| TyphoonError(why.to_owned());
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError(why.to_string()))?;
    // Some mirrors wrap it in a list of one.
    let info = value.get(0).unwrap_or(&value);
    let typhoon =
        TyphoonId::from(text_of(&info["tfid"]).filter(|it| !it.is_empty()).ok_or_else(|| garbage("没有 tfid"))?);
    let text = |key: &str| Text::from(text_of(&info[key]).unwrap_or_default());
    let points = info["points"].as_array().ok_or_else(|| garbage("没有 points"))?;
    let mut fixes: Vec<TyphoonFix> = Vec::new();
    let mut forecasts = Vec::new();
    for point in points {
        let Some(fix) = decode_point(point) else { continue };
        let issued_at = fix.at;
        if fixes.last().is_none_or(|last| last.at < fix.at) {
            fixes.push(fix);
        }
        for forecast in point["forecast"].as_array().into_iter().flatten() {
            let points: Vec<_> =
                forecast["forecastpoints"].as_array().into_iter().flatten().filter_map(decode_forecast_point).collect();
            if let (Some(agency), false) = (text_of(&forecast["tm"]), points.is_empty()) {
                forecasts.push(Forecast { agency: agency.into(), issued_at, points });
            }
        }
    }
    if fixes.is_empty() {
        return Err(garbage("没有一个可用的定位"));
    }
    let active = text_of(&info["isactive"]).as_deref() == Some("1");
    Ok(Command::UpdateTyphoon { typhoon, name: text("name"), name_en: text("enname"), active, fixes, forecasts })
}

fn decode_point(point: &Value) -> Option<TyphoonFix> {
    let number = |key: &str| small_of(&point[key]).unwrap_or(0.0);
    let radii = |key: &str| {
        let text = text_of(&point[key]).unwrap_or_default();
        let mut quadrants = [0.0; 4];
        for (slot, word) in quadrants.iter_mut().zip(text.split('|')) {
            *slot = word.trim().parse::<f32>().ok().filter(|it| (0.0..3000.0).contains(it)).unwrap_or(0.0);
        }
        WindRadii(quadrants)
    };
    Some(TyphoonFix {
        at: feed_time(&point["time"])?,
        center: place(point)?,
        wind: number("speed"),
        pressure: number("pressure"),
        move_speed: number("movespeed"),
        move_towards: direction(&text_of(&point["movedirection"]).unwrap_or_default()),
        radius7: radii("radius7"),
        radius10: radii("radius10"),
        radius12: radii("radius12"),
    })
}

fn decode_forecast_point(point: &Value) -> Option<ForecastPoint> {
    let number = |key: &str| small_of(&point[key]).unwrap_or(0.0);
    Some(ForecastPoint {
        at: feed_time(&point["time"])?,
        center: place(point)?,
        wind: number("speed"),
        pressure: number("pressure"),
    })
}

fn place(point: &Value) -> Option<LonLat> {
    let at = LonLat(number_of(&point["lng"])?, number_of(&point["lat"])?);
    (at.is_sane() && at != LonLat(0.0, 0.0)).then_some(at)
}

/// `2023-07-26 08:00:00`, and the feed's older `2023/7/26 8:00:00`.
fn feed_time(value: &Value) -> Option<Timestamp> {
    let text = text_of(value)?;
    Timestamp::parse(&text).or_else(|| {
        let (date, time) = text.trim().split_once(' ')?;
        let date: Vec<u32> = date.split('/').map(str::parse).collect::<Result<_, _>>().ok()?;
        let time: Vec<u32> = time.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [year, month, day] = date[..] else { return None };
        let (hour, minute) = (time.first()?, time.get(1)?);
        Timestamp::parse(&format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:00"))
    })
}
