//! Video recognition's events: JSON, one, a list, or a page of them; and the verdicts told back.
//!
//! Recognition platforms have no standard between them. This shape is our own (示例, no conformity claimed), near to what
//! such platforms commonly send; a table turns a platform's codes into our kinds.
//!
//! ```json
//! { "events": [ { "id": "7", "type": "0103", "cameraId": "c00001", "time": "2026-11-20 09:00:00", "confidence": 0.87,
//!     "boxes": [[0.1, 0.2, 0.3, 0.4]], "lon": 118.1, "lat": 24.5,
//!     "pictureUrl": "/videoai/pictures/7.jpg", "model": { "name": "stall", "version": "3.1" } } ],
//!   "cursor": "…", "more": false }
//! ```
//! `time` is Beijing wording, ISO 8601 or milliseconds; a box is `[x, y, w, h]` or `{x, y, w, h}` in shares of the picture;
//! coordinates are WGS-84; in place of `pictureUrl` there may be `pictureBase64`.

mod base64;
mod picture;
#[cfg(test)]
mod tests;
mod verdict;
mod write;

pub use base64::{decode_base64, encode_base64};
pub use picture::{MAX_PICTURE_BYTES, MAX_PIXELS, MAX_SIDE, PictureError, PictureKind, PictureSize, look_at};
pub use verdict::{Said, Verdict, read_verdicts, write_verdicts};
pub use write::{write_event, write_page};

use crate::{
    Refused,
    heard::cut,
    value::{number_of, small_of, text_of, time_of},
};
use gulang_city::{CameraId, DetectionBox, DetectionReport, LonLat, MAX_BOXES, Text};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Events of one message; what is over is refused by count.
pub const MAX_EVENTS: usize = 1000;

/// Where an event's picture is.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureAt {
    Nowhere,
    /// As the platform wrote it, perhaps relative.
    Url(String),
    /// In the message itself.
    Bytes(Vec<u8>),
    /// It was in the message and could not be read.
    Unreadable(String),
}

/// One event: the report without its picture, and where that is.
#[derive(Clone, Debug, PartialEq)]
pub struct AiEvent {
    pub report: DetectionReport,
    pub picture: PictureAt,
}

/// What one message brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AiPage {
    pub events: Vec<AiEvent>,
    /// Entries that make no sense, each with why.
    pub refused: Vec<Refused>,
    /// Where the next page begins; none if the message says nothing of it.
    pub cursor: Option<String>,
    pub more: bool,
}

/// A platform's names for ours; what is in no table stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    pub kinds: BTreeMap<String, Text>,
    pub cameras: BTreeMap<String, Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VideoAiError {
    #[error("不是 UTF-8 文本")]
    Encoding,
    #[error("读不懂：{0}")]
    Unreadable(String),
    #[error("平台返回 {code}：{msg}")]
    Code { code: i64, msg: String },
}

impl VideoAiError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Encoding => "请平台厂商改用 UTF-8（现在可能是 GBK）",
            Self::Unreadable(_) => "用 gulang-hub connect 名字 --try 看原文，核对接口地址和版本",
            Self::Code { .. } => "核对令牌和接口权限",
        }
    }
}

/// Reads a message of any of the three forms.
pub fn decode(bytes: &[u8], codes: &Codes) -> Result<AiPage, VideoAiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| VideoAiError::Encoding)?;
    let document: Value = serde_json::from_str(text).map_err(|why| VideoAiError::Unreadable(why.to_string()))?;
    let mut page = AiPage::default();
    let entries = match &document {
        Value::Array(entries) => entries.as_slice(),
        Value::Object(whole) => match whole.get("events") {
            Some(Value::Array(entries)) => {
                page.cursor = whole.get("cursor").and_then(text_of);
                page.more = whole.get("more").and_then(Value::as_bool).unwrap_or(false);
                entries.as_slice()
            }
            Some(_) => return Err(VideoAiError::Unreadable("events 不是数组".into())),
            None => match whole.get("code").and_then(number_of) {
                Some(code) if code != 0.0 => {
                    let msg = whole.get("msg").and_then(text_of).unwrap_or_default().chars().take(200).collect();
                    return Err(VideoAiError::Code { code: code as i64, msg });
                }
                _ => std::slice::from_ref(&document),
            },
        },
        _ => return Err(VideoAiError::Unreadable("既不是对象也不是数组".into())),
    };
    for entry in entries.iter().take(MAX_EVENTS) {
        match event_of(entry, codes) {
            Ok(event) => page.events.push(event),
            Err(why) => page.refused.push(Refused { what: cut(&entry.to_string()), why }),
        }
    }
    let n_over = entries.len().saturating_sub(MAX_EVENTS);
    if n_over > 0 {
        page.refused.push(Refused { what: format!("{n_over} 条"), why: format!("一次最多 {MAX_EVENTS} 条") });
    }
    Ok(page)
}

fn event_of(entry: &Value, codes: &Codes) -> Result<AiEvent, String> {
    let entry = entry.as_object().ok_or("不是对象")?;
    let named = |key: &str, table: &BTreeMap<String, Text>| -> Result<Text, String> {
        let name = text(entry, key)?;
        Ok(table.get(&name).cloned().unwrap_or_else(|| name.into()))
    };
    let at = entry.get("time").and_then(time_of).ok_or("time 缺失或读不懂")?;
    let confidence = entry.get("confidence").and_then(small_of).ok_or("confidence 缺失或不是数")?;
    let boxes = match entry.get("boxes") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(boxes)) if boxes.len() <= MAX_BOXES => {
            boxes.iter().map(box_of).collect::<Option<Vec<_>>>().ok_or("boxes 读不懂，要写成 [x, y, w, h]")?
        }
        Some(_) => return Err(format!("boxes 不是数组，或多于 {MAX_BOXES} 个")),
    };
    let number = |key: &str| entry.get(key).and_then(number_of);
    let report = DetectionReport {
        event: text(entry, "id")?.into(),
        kind: named("type", &codes.kinds)?,
        camera: CameraId(named("cameraId", &codes.cameras)?),
        at,
        place: number("lon").zip(number("lat")).map(|(lon, lat)| LonLat(lon, lat)),
        boxes,
        confidence,
        picture: None,
        model: model_of(entry.get("model")).into(),
    };
    Ok(AiEvent { report, picture: picture_of(entry) })
}

fn text(entry: &Map<String, Value>, key: &str) -> Result<String, String> {
    let text = entry.get(key).and_then(text_of).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    text.ok_or_else(|| format!("{key} 缺失"))
}

fn box_of(value: &Value) -> Option<DetectionBox> {
    let numbers: Vec<f32> = match value {
        Value::Array(sides) => sides.iter().map(small_of).collect::<Option<_>>()?,
        Value::Object(sides) => {
            ["x", "y", "w", "h"].iter().map(|key| small_of(sides.get(*key)?)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let [x, y, w, h] = numbers[..] else { return None };
    Some(DetectionBox { x, y, w, h })
}

/// `stall 3.1`.
fn model_of(model: Option<&Value>) -> String {
    let part = |key: &str| model.and_then(|it| it.get(key)).and_then(text_of).unwrap_or_default();
    let whole = match model {
        Some(Value::String(name)) => name.clone(),
        _ => format!("{} {}", part("name"), part("version")),
    };
    whole.trim().chars().take(100).collect()
}

fn picture_of(entry: &Map<String, Value>) -> PictureAt {
    if let Some(coded) = entry.get("pictureBase64").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        // Three bytes of four characters.
        if coded.len() / 4 * 3 > MAX_PICTURE_BYTES + 3 {
            return PictureAt::Unreadable(PictureError::TooLarge { n_bytes: coded.len() / 4 * 3 }.to_string());
        }
        return match decode_base64(coded) {
            Some(bytes) => PictureAt::Bytes(bytes),
            None => PictureAt::Unreadable("图片不是 base64".into()),
        };
    }
    match entry.get("pictureUrl").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        Some(url) if url.len() <= 2000 => PictureAt::Url(url.to_owned()),
        Some(_) => PictureAt::Unreadable("图片地址太长".into()),
        None => PictureAt::Nowhere,
    }
}
