//! The typhoon feed of 浙江省水利厅: every number a string, `"0"` or `""` for missing, four quadrants with bars between.

use super::http::{HttpError, exchange};
use gulang_city::{Command, Forecast, ForecastPoint, LonLat, Text, Timestamp, TyphoonFix, TyphoonId, WindRadii};
use gulang_platforms::value::{number_of, text_of};
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum TyphoonError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("台风数据读不懂：{0}")]
    Garbage(String),
}

impl TyphoonError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Garbage(_) => "源的格式可能变了：改用备用源并报告",
        }
    }
}

#[derive(Clone, Debug)]
pub struct TyphoonSource {
    pub http: reqwest::Client,
    pub base: String,
    pub timeout: Duration,
}

impl TyphoonSource {
    /// The `tfid`s the source calls active.
    pub async fn active(&self) -> Result<Vec<String>, TyphoonError> {
        decode_activity(&self.get("Api/TyhoonActivity").await?)
    }

    pub async fn info(&self, tfid: &str) -> Result<Vec<u8>, TyphoonError> {
        self.get(&format!("Api/TyphoonInfo/{tfid}")).await
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, TyphoonError> {
        let base = self.base.trim_end_matches('/');
        let url = format!("{base}/{path}");
        Ok(exchange(self.http.get(&url).header("Referer", format!("{base}/")), &url, self.timeout).await?)
    }
}

pub fn decode_activity(bytes: &[u8]) -> Result<Vec<String>, TyphoonError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError::Garbage(why.to_string()))?;
    let list = value.as_array().ok_or_else(|| TyphoonError::Garbage("不是数组".into()))?;
    let is_tfid = |it: &String| (6..=8).contains(&it.len()) && it.bytes().all(|byte| byte.is_ascii_digit());
    Ok(list.iter().filter_map(|it| text_of(&it["tfid"])).filter(is_tfid).collect())
}

/// One typhoon whole. Points that make no sense are left out; a typhoon without any is refused.
pub fn decode_info(bytes: &[u8]) -> Result<Command, TyphoonError> {
    let garbage = |why: &str| TyphoonError::Garbage(why.to_owned());
    let value: Value = serde_json::from_slice(bytes).map_err(|why| TyphoonError::Garbage(why.to_string()))?;
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
    let number = |key: &str| number_of(&point[key]).unwrap_or(0.0) as f32;
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
    let number = |key: &str| number_of(&point[key]).unwrap_or(0.0) as f32;
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

/// Degrees from north; the feed says it in Chinese, in letters or in degrees.
fn direction(text: &str) -> f32 {
    const NAMES: [(&str, &str); 16] = [
        ("北", "N"),
        ("北东北", "NNE"),
        ("东北", "NE"),
        ("东东北", "ENE"),
        ("东", "E"),
        ("东东南", "ESE"),
        ("东南", "SE"),
        ("南东南", "SSE"),
        ("南", "S"),
        ("南西南", "SSW"),
        ("西南", "SW"),
        ("西西南", "WSW"),
        ("西", "W"),
        ("西西北", "WNW"),
        ("西北", "NW"),
        ("北西北", "NNW"),
    ];
    let text = text.trim();
    let index = NAMES.iter().position(|(zh, en)| text == *zh || text.eq_ignore_ascii_case(en)).or(match text {
        "北偏东" | "北北东" => Some(1),
        "东偏北" => Some(3),
        "东偏南" => Some(5),
        "南偏东" | "南南东" => Some(7),
        "南偏西" | "南南西" => Some(9),
        "西偏南" => Some(11),
        "西偏北" | "西北偏西" => Some(13),
        "北偏西" | "北西北偏" | "西北偏北" => Some(15),
        _ => None,
    });
    index.map(|it| it as f32 * 22.5).or_else(|| text.parse().ok().filter(|it: &f32| it.is_finite())).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn strings_zeros_and_quadrants() -> Result<(), TyphoonError> {
        let text = r#"{"tfid":"202305","name":"杜苏芮","enname":"DOKSURI","isactive":"1","points":[
            {"time":"2023/7/26 8:00:00","lng":"119.9","lat":"19.5","speed":"50","pressure":"940","movespeed":"20","movedirection":"西北",
             "radius7":"400|350|300|380","radius10":"0","radius12":"",
             "forecast":[{"tm":"中国","forecastpoints":[{"time":"2023-07-26 20:00:00","lng":"119.0","lat":"21","speed":"52","pressure":"0"}]}]},
            {"time":"nonsense","lng":"1","lat":"2"}, {"time":"2023-07-26 09:00:00","lng":"999","lat":"2"}]}"#;
        let Command::UpdateTyphoon { fixes, forecasts, active, .. } = decode_info(text.as_bytes())? else {
            return Err(TyphoonError::Garbage("another command".into()));
        };
        assert!(active);
        assert_eq!(fixes.len(), 1);
        assert_eq!(
            (fixes[0].radius7, fixes[0].radius10),
            (WindRadii([400.0, 350.0, 300.0, 380.0]), WindRadii([0.0; 4]))
        );
        assert_eq!(fixes[0].move_towards, 315.0);
        assert_eq!(fixes[0].at.to_beijing_text(), "2023-07-26 08:00:00");
        assert_eq!(forecasts[0].points[0].pressure, 0.0);
        Ok(())
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_info(&bytes);
            let _ = decode_activity(&bytes);
        }
    }
}
