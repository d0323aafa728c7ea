//! What a platform says.

use super::EgovaError;
use crate::value::{number_of, text_of, time_of};
use gulang_city::{
    CaseAsk, CaseKind, CaseReply, CaseReport, CaseStage, Command, DistrictId, EvacuationPlace, LonLat, OrderId,
    PlatformId, Proof, Rung, StreetCallState, Text, WarningColor,
};
use serde_json::Value;

/// Steps of one case's process at most; more are cut.
const MAX_STEPS: usize = 200;
/// A token lives at most so long without being asked for anew, s.
const LONGEST_TOKEN_S: u64 = 24 * 3600;

/// A token, and how long it is good, s.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub value: String,
    pub lives_s: u64,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(*** for {} s)", self.lives_s)
    }
}

/// `{access_token, expires_in}`, itself or as the `data` of the usual answer.
pub fn read_token(bytes: &[u8]) -> Result<Token, EgovaError> {
    // What the answer says must not be repeated: it may be the token.
    let unreadable = || EgovaError::Garbage { why: "令牌的应答里没有 access_token".into() };
    let whole: Value = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
    if let Some(code) = whole["code"].as_i64().filter(|it| *it != 0) {
        let msg = text_of(&whole["msg"]).unwrap_or_default();
        return Err(EgovaError::Code { code, msg: msg.chars().take(200).collect() });
    }
    let data = if whole["data"].is_object() { &whole["data"] } else { &whole };
    let value = ["access_token", "token"].iter().find_map(|it| text_of(&data[*it])).filter(|it| !it.is_empty());
    let lives_s = number_of(&data["expires_in"]).filter(|it| *it > 0.0).map_or(600, |it| it as u64);
    Ok(Token { value: value.ok_or_else(unreadable)?, lives_s: lives_s.min(LONGEST_TOKEN_S) })
}

/// What the platform made of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub rec_id: String,
    pub task: String,
}

pub fn read_taken(data: &Value) -> Result<Taken, EgovaError> {
    let rec_id = text_of(&data["recId"]).filter(|it| (1..=128).contains(&it.chars().count()));
    let rec_id = rec_id.ok_or_else(|| EgovaError::Garbage { why: "上报的应答里没有 recId".into() })?;
    Ok(Taken { rec_id, task: text_of(&data["taskNum"]).unwrap_or_default() })
}

/// Where an uploaded picture lies.
pub type Uploaded = String;

pub fn read_upload(data: &Value) -> Result<Uploaded, EgovaError> {
    text_of(&data["mediaPath"])
        .filter(|it| !it.is_empty())
        .ok_or_else(|| EgovaError::Garbage { why: "上传的应答里没有 mediaPath".into() })
}

/// One case as its platform tells it, asked on demand.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CaseProcess {
    pub steps: Vec<ProcessStep>,
    /// Pictures of the case, by their paths at the platform.
    pub media: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProcessStep {
    /// Beijing text, as the platform wrote it.
    pub at: String,
    pub what: String,
    pub by: String,
    pub note: String,
}

/// From GET_REC_INFO (the pictures) and GET_REC_PROCESS_INFO (the steps).
pub fn read_process(info: &Value, process: &Value) -> Result<CaseProcess, EgovaError> {
    let steps = process["steps"].as_array().ok_or_else(|| EgovaError::Garbage { why: "没有 steps".into() })?;
    let text = |item: &Value, key: &str| text_of(&item[key]).unwrap_or_default().chars().take(500).collect();
    let step = |item: &Value| ProcessStep {
        at: text(item, "actTime"),
        what: text(item, "actName"),
        by: text(item, "unitName"),
        note: text(item, "note"),
    };
    let media = info["medias"].as_array().map_or(&[][..], Vec::as_slice);
    let media = media.iter().filter_map(|it| text_of(&it["mediaPath"])).take(MAX_STEPS).collect();
    Ok(CaseProcess { steps: steps.iter().take(MAX_STEPS).map(step).collect(), media })
}

/// A platform's word about a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallWord {
    pub state: StreetCallState,
    pub note: Text,
    /// Where its picture is, once it is answered.
    pub stream: Option<String>,
}

pub fn read_call(data: &Value) -> Result<CallWord, EgovaError> {
    let state = match data["state"].as_str().unwrap_or_default() {
        "ringing" => StreetCallState::Ringing,
        "answered" => StreetCallState::Answered,
        "ended" => StreetCallState::Ended,
        "refused" => StreetCallState::Refused,
        "no_answer" => StreetCallState::NoAnswer,
        "failed" => StreetCallState::Failed,
        other => return Err(EgovaError::Garbage { why: format!("不认识的通话状态 {other:?}") }),
    };
    let stream = text_of(&data["stream"]["url"]).filter(|it| it.contains("://"));
    Ok(CallWord { state, note: text_of(&data["note"]).unwrap_or_default().into(), stream })
}

/// A line of ITEM_INST_SYNC: a case and its stage, or an answer to what was applied for (`action` REPLY_…).
pub fn read_case(item: &Value, platform: &PlatformId) -> Result<Command, String> {
    let text = |key: &str| text_of(&item[key]).ok_or_else(|| format!("没有 {key}"));
    if let Some(ask) = reply_of(item["action"].as_str().unwrap_or_default()) {
        let at = time_of(&item["actTime"]).ok_or("actTime 不是时间")?;
        let allowed = item["allowed"].as_bool().ok_or("没有 allowed")?;
        let reason = text_of(&item["reason"]).unwrap_or_default().into();
        let reply = CaseReply { ask, allowed, reason, at };
        return Ok(Command::ReportCaseReply { platform: platform.clone(), external: text("recId")?.into(), reply });
    }
    let at = LonLat(
        number_of(&item["coordinatex"]).ok_or("没有 coordinatex")?,
        number_of(&item["coordinatey"]).ok_or("没有 coordinatey")?,
    );
    if !at.is_sane() {
        return Err(format!("坐标 {},{} 不在地球上", at.0, at.1));
    }
    let nth = |key: &str, max: usize| -> Result<usize, String> {
        let n = number_of(&item[key]).ok_or_else(|| format!("没有 {key}"))? as usize;
        if (1..=max).contains(&n) { Ok(n - 1) } else { Err(format!("{key} 应在 1–{max}，是 {n}")) }
    };
    let color = match nth("level", 4)? {
        0 => WarningColor::Red,
        1 => WarningColor::Orange,
        2 => WarningColor::Yellow,
        _ => WarningColor::Blue,
    };
    let reported_at = time_of(&item["createTime"]).ok_or("createTime 不是时间")?;
    let stage = CaseStage::ALL.get(nth("stage", 7)?).copied().ok_or("stage 不在 1–7")?;
    Ok(Command::ReportCase {
        report: CaseReport {
            external: text("recId")?.into(),
            platform: platform.clone(),
            kind: if item["recType"] == "part" { CaseKind::Part } else { CaseKind::Event },
            title: text("title")?.into(),
            address: text("address").unwrap_or_default().into(),
            at,
            district: text("districtId")?.into(),
            agency: text("unitId")?.into(),
            color,
            reported_at,
            due_at: time_of(&item["deadline"]).unwrap_or(reported_at.plus_mins(24 * 60)),
        },
        stage,
        stage_at: time_of(&item["actTime"]).unwrap_or(reported_at),
    })
}

fn reply_of(action: &str) -> Option<CaseAsk> {
    match action {
        "REPLY_ROLLBACK" => Some(CaseAsk::Rollback),
        "REPLY_POSTPONE" => Some(CaseAsk::Postpone),
        "REPLY_CANCEL" => Some(CaseAsk::Cancel),
        _ => None,
    }
}

/// A line of GET_NOTICE_INFO. `prefix` is how the realm's keys begin.
pub fn read_notice(item: &Value, prefix: &str) -> Result<Command, String> {
    let key = text_of(&item["noticeId"]).ok_or("没有 noticeId")?;
    let numbers = key.strip_prefix(prefix).ok_or_else(|| format!("{key} 不是本界的指令"))?;
    let (order, version) = numbers.split_once('-').ok_or_else(|| format!("{key} 不是我们的编号"))?;
    let order = OrderId(order.parse().map_err(|_| format!("{key} 不是我们的编号"))?);
    let definition_version: u32 = version.parse().map_err(|_| format!("{key} 不是我们的编号"))?;
    // Said twice, it must be the same both times: otherwise nobody knows which order is answered.
    for (name, own) in [("orderId", order.0), ("definitionVersion", u64::from(definition_version))] {
        if let Some(said) = number_of(&item[name]).filter(|it| *it != own as f64) {
            return Err(format!("{key} 的 {name} 却是 {said}"));
        }
    }
    let rung = match item["status"].as_str().unwrap_or_default() {
        "delivered" => Rung::Delivered,
        "signed" => Rung::Acknowledged,
        "accepted" => Rung::Accepted,
        "executing" => Rung::Executing,
        "done" => Rung::Done,
        "rejected" => Rung::Rejected,
        other => return Err(format!("不认识的状态 {other}")),
    };
    Ok(Command::ReportOrder {
        order,
        definition_version,
        rung,
        note: text_of(&item["note"]).unwrap_or_default().into(),
    })
}

/// A line of GET_UNIT_INFO: a unit that is out spoke.
pub fn read_check_in(item: &Value) -> Result<Command, String> {
    let team = text_of(&item["unitId"]).ok_or("没有 unitId")?;
    Ok(Command::CheckIn { team: team.into(), note: text_of(&item["note"]).unwrap_or_default().into() })
}

/// A line of GET_EVACUATION_INFO.
pub fn read_evacuation(item: &Value) -> Result<Command, String> {
    let number = |key: &str| {
        let n = number_of(&item[key]).ok_or_else(|| format!("没有 {key}"))?;
        if (0.0..=50_000_000.0).contains(&n) { Ok(n as u32) } else { Err(format!("{key} {n} 不合理")) }
    };
    if let Some(shelter) = text_of(&item["shelterId"]) {
        let (moved_in, returned) = (number("movedIn")?, number("returned")?);
        return Ok(Command::ReportShelter { shelter: shelter.into(), moved_in, returned });
    }
    let class = serde_json::from_value(item["class"].clone()).map_err(|why| format!("class：{why}"))?;
    let district: DistrictId = text_of(&item["districtId"]).ok_or("没有 districtId")?.into();
    let moved = number("moved")?;
    let Some(township) = text_of(&item["townshipId"]) else {
        return Ok(Command::ReportMoved { class, district, n_people: moved });
    };
    let optional = |key: &str| if item[key].is_null() { Ok(0) } else { number(key) };
    let (refused, returned) = (optional("refused")?, optional("returned")?);
    let cell = text_of(&item["cellId"]).map(Text::from);
    let place = EvacuationPlace { district, township: Some(township.into()), cell };
    let proof = text_of(&item["proof"]["text"])
        .map(|text| Proof { text: text.into(), picture: text_of(&item["proof"]["picture"]).map(Text::from) });
    Ok(Command::ReportEvacuation { class, place, moved, refused, returned, proof })
}
