//! The platform's side: events as they are sent.

use super::{AiEvent, PictureAt, encode_base64};
use serde_json::{Value, json};

pub fn write_event(event: &AiEvent, is_simulated: bool) -> Value {
    let it = &event.report;
    let boxes: Vec<[f32; 4]> = it.boxes.iter().map(|it| [it.x, it.y, it.w, it.h]).collect();
    let mut entry = json!({ "id": &*it.event, "type": &*it.kind, "cameraId": it.camera.as_str(), "time": it.at.0,
        "confidence": it.confidence, "boxes": boxes, "model": &*it.model });
    if let Some(place) = it.place {
        entry["lon"] = place.lon().into();
        entry["lat"] = place.lat().into();
    }
    match &event.picture {
        PictureAt::Url(url) => entry["pictureUrl"] = url.as_str().into(),
        PictureAt::Bytes(bytes) => entry["pictureBase64"] = encode_base64(bytes).into(),
        PictureAt::Nowhere | PictureAt::Unreadable(_) => {}
    }
    if is_simulated {
        entry["simulated"] = true.into();
    }
    entry
}

pub fn write_page(events: &[AiEvent], cursor: &str, more: bool, is_simulated: bool) -> Value {
    let events: Vec<Value> = events.iter().map(|it| write_event(it, is_simulated)).collect();
    json!({ "code": 0, "events": events, "cursor": cursor, "more": more, "simulated": is_simulated })
}
