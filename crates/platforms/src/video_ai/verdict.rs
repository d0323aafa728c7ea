//! What officers said of a platform's events, told back so that its models learn which cameras and kinds mislead.

use super::VideoAiError;
use crate::value::{number_of, text_of, time_of};
use gulang_city::{City, Detection, DetectionState, Timestamp};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Confirmed,
    FalseAlarm,
    Duplicate,
    /// What was said before is withdrawn.
    Withdrawn,
}

impl Said {
    const ALL: [Self; 4] = [Self::Confirmed, Self::FalseAlarm, Self::Duplicate, Self::Withdrawn];

    fn code(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::FalseAlarm => "false_alarm",
            Self::Duplicate => "duplicate",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// One verdict, with the rate of its camera and kind as it then was.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The same however often it is sent: realm, detection, number of the verdict.
    pub key: String,
    /// The platform's own number.
    pub event: String,
    pub said: Said,
    /// Why it is false, by the city's table; empty else.
    pub reason: String,
    pub at: Timestamp,
    pub kind: String,
    pub camera: String,
    pub n_judged: u32,
    pub n_false: u32,
}

impl Verdict {
    /// What a detection's platform is told of it; none if nobody judged it.
    pub fn of(city: &City, detection: &Detection) -> Option<Self> {
        let (said, reason) = match &detection.state {
            _ if detection.verdict_no == 0 => return None,
            DetectionState::Confirmed { .. } => (Said::Confirmed, String::new()),
            DetectionState::FalseAlarm { reason, .. } => (Said::FalseAlarm, reason.to_string()),
            DetectionState::Duplicate { .. } => (Said::Duplicate, String::new()),
            // Waiting again, or expired after that: nothing holds any more.
            DetectionState::Waiting | DetectionState::Ignored { .. } => (Said::Withdrawn, String::new()),
        };
        let realm = match city.realm {
            gulang_city::Realm::Actual => "a",
            gulang_city::Realm::Exercise => "x",
        };
        let rate = city.detection_rate(&detection.camera, &detection.kind);
        Some(Self {
            key: format!("gulang-{realm}-detection-{}-v{}", detection.id, detection.verdict_no),
            event: detection.best.event.to_string(),
            said,
            reason,
            at: detection.state_at,
            kind: detection.kind.to_string(),
            camera: detection.camera.to_string(),
            n_judged: rate.n_judged(),
            n_false: rate.n_false,
        })
    }
}

pub fn write_verdicts(verdicts: &[Verdict], is_exercise: bool) -> Value {
    let one = |it: &Verdict| {
        json!({ "key": it.key, "eventId": it.event, "verdict": it.said.code(), "reason": it.reason, "time": it.at.0,
            "type": it.kind, "cameraId": it.camera, "judged": it.n_judged, "falseAlarms": it.n_false })
    };
    json!({ "verdicts": verdicts.iter().map(one).collect::<Vec<_>>(), "exercise": is_exercise })
}

/// The other end's reading: the verdicts, and whether they are of an exercise.
pub fn read_verdicts(bytes: &[u8]) -> Result<(Vec<Verdict>, bool), VideoAiError> {
    let unreadable = |why: &str| VideoAiError::Unreadable(why.to_owned());
    let whole: Value = serde_json::from_slice(bytes).map_err(|why| VideoAiError::Unreadable(why.to_string()))?;
    let is_exercise = whole.get("exercise").and_then(Value::as_bool).ok_or_else(|| unreadable("没有 exercise"))?;
    let listed = whole.get("verdicts").and_then(Value::as_array).ok_or_else(|| unreadable("没有 verdicts"))?;
    let one = |it: &Value| -> Option<Verdict> {
        let text = |key: &str| it.get(key).and_then(text_of);
        let count = |key: &str| it.get(key).and_then(number_of).map(|it| it as u32);
        let code = text("verdict")?;
        Some(Verdict {
            key: text("key")?,
            event: text("eventId")?,
            said: Said::ALL.into_iter().find(|it| it.code() == code)?,
            reason: text("reason").unwrap_or_default(),
            at: it.get("time").and_then(time_of)?,
            kind: text("type")?,
            camera: text("cameraId")?,
            n_judged: count("judged")?,
            n_false: count("falseAlarms")?,
        })
    };
    let verdicts = listed.iter().map(one).collect::<Option<Vec<_>>>().ok_or_else(|| unreadable("有一条缺字段"))?;
    Ok((verdicts, is_exercise))
}
