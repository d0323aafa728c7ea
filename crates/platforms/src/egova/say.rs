//! What is said to a platform.

use super::{INLINE_BYTES, MAX_MEDIA_BYTES};
use base64::{Engine, engine::general_purpose::STANDARD};
use gulang_city::{CaseKind, CaseStep, FoundCase, News, Text, Timestamp, WarningColor};
use serde_json::{Value, json};

/// The whole body of a request.
pub fn request(action: &str, data: Value) -> Value {
    json!({ "uid": "gulang", "action": action, "senderCode": "gulang-hub", "data": data })
}

/// Asks for a token by id and secret, as OAuth 2's client credentials in JSON [G].
pub fn token_request(id: &str, secret: &str) -> Value {
    json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret })
}

/// An action and what goes with it; its pictures ([`media_of`]) go under `medias`.
pub fn wire_of(news: &News) -> (&'static str, Value) {
    match news {
        News::CaseSupervised { external } => ("SUPERVISE", json!({ "recId": &**external })),
        News::CasePressed { external } => ("PRESS", json!({ "recId": &**external })),
        // Back to 派遣, to `unitId` if another agency is to do it.
        News::CaseReturned { external, to, reason } => {
            ("APPLY_ROLLBACK", json!({ "recId": &**external, "unitId": to, "reason": &**reason }))
        }
        News::CasePostponed { external, due_at, reason } => {
            let deadline = due_at.to_beijing_text();
            ("APPLY_POSTPONE", json!({ "recId": &**external, "deadline": deadline, "reason": &**reason }))
        }
        // Of a `recId`; of a `noticeId` it withdraws an order.
        News::CaseCancelled { external, reason } => {
            ("APPLY_CANCEL", json!({ "recId": &**external, "reason": &**reason }))
        }
        News::OrderWithdrawn { key, by, reason, .. } => {
            ("APPLY_CANCEL", json!({ "noticeId": &**key, "supersededBy": by.as_deref(), "reason": &**reason }))
        }
        News::ReturnAllowed { district, township, reason } => {
            ("ALLOW_RETURN", json!({ "districtId": district, "townshipId": township, "reason": &**reason }))
        }
        News::TeamSent { team, to, need, purpose } => {
            let (x, y) = (to.map(|it| it.lon()), to.map(|it| it.lat()));
            let data = json!({
                "unitId": team, "coordinatex": x, "coordinatey": y, "crs": "WGS84", "needId": need, "purpose": &**purpose,
            });
            ("DISPATCH", data)
        }
        News::TeamRecalled { team } => ("RECALL", json!({ "unitId": team })),
        News::CaseFound { own, found, at } => ("REPORT", report(own.0, found, *at)),
        News::CaseStepped { external, step, note, .. } => stepped(external, *step, note),
    }
}

fn report(own: u64, found: &FoundCase, at: Timestamp) -> Value {
    let level = match found.color {
        WarningColor::Red => 1,
        WarningColor::Orange => 2,
        WarningColor::Yellow => 3,
        WarningColor::Blue => 4,
    };
    json!({
        "caseId": own.to_string(),
        "registerTime": at.to_beijing_text(),
        "eventDesc": &*found.title,
        "title": &*found.title,
        "recTypeName": if found.kind == CaseKind::Part { "部件" } else { "事件" },
        "recType": if found.kind == CaseKind::Part { "part" } else { "event" },
        "eventSrcName": if found.detection.is_some() { "视频智能分析" } else { "指挥中心上报" },
        "address": &*found.address,
        "districtId": found.district,
        "unitId": found.agency,
        "level": level,
        "coordinatex": found.at.lon(),
        "coordinatey": found.at.lat(),
        "crs": "WGS84",
    })
}

fn stepped(external: &Text, step: CaseStep, note: &Text) -> (&'static str, Value) {
    let data = |more: &[(&str, Value)]| {
        let mut data = json!({ "recId": &**external, "note": &**note });
        for (key, value) in more {
            data[*key] = value.clone();
        }
        data
    };
    match step {
        CaseStep::Sign => ("SIGN", data(&[])),
        CaseStep::Dispose => ("DISPOSE_FEEDBACK", data(&[])),
        CaseStep::Check { passed } => ("CHECK_FEEDBACK", data(&[("passed", passed.into())])),
        CaseStep::Evaluate { score } => ("EVALUATE", data(&[("score", score.into())])),
    }
}

/// The pictures of what is told, by the names the hub keeps them under, and what they show (`mediaUsage`).
pub fn media_of(news: &News) -> (&'static str, &[Text]) {
    match news {
        News::CaseFound { found, .. } => ("上报", &found.media),
        News::CaseStepped { step: CaseStep::Check { .. }, media, .. } => ("核查", media),
        News::CaseStepped { media, .. } => ("处置", media),
        _ => ("", &[]),
    }
}

/// One entry of `medias`: inside where it is small, by its path where it was uploaded.
pub fn attachment(name: &str, usage: &str, bytes: &[u8], path: Option<&str>) -> Value {
    let mut entry = json!({ "mediaName": name, "mediaUsage": usage, "mediaTypeId": "image" });
    match path {
        Some(path) => entry["mediaPath"] = path.into(),
        None => entry["content"] = STANDARD.encode(bytes).into(),
    }
    entry
}

/// UPLOAD_MEDIA of a picture too large to go inside; `None` where it may, or is too large for any.
pub fn upload(name: &str, usage: &str, bytes: &[u8]) -> Option<Value> {
    (INLINE_BYTES + 1..=MAX_MEDIA_BYTES).contains(&bytes.len()).then(|| attachment(name, usage, bytes, None))
}

/// VIDEO_CALL [G]: rings a person, and asked again with the same key tells how it stands.
pub fn ask_call(key: &str, person: &str, why: &str) -> (&'static str, Value) {
    ("VIDEO_CALL", json!({ "callId": key, "personId": person, "reason": why }))
}

/// VIDEO_CALL_END [G].
pub fn end_call(key: &str) -> (&'static str, Value) {
    ("VIDEO_CALL_END", json!({ "callId": key }))
}
