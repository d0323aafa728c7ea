//! A city platform over REST, in the shape of the eGova open interface: `POST …/openapi?egova_openapi_token=T` with
//! `{uid, action, senderCode, data}`, answered by `{code, msg, data}`. HTTP 200 with a code other than 0 is a failure.

use super::{
    http::{HttpError, exchange},
    refuse,
};
use crate::realm::{Dispatch, Endpoints, NewsDispatch, RealmKind};
use gulang_city::*;
use gulang_platforms::value::{number_of, text_of, time_of};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{marker::PhantomData, time::Duration};

#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("平台拒绝：{code} {msg}")]
    Code { code: i64, msg: String },
    #[error("平台的应答读不懂：{why}")]
    Garbage { why: String },
}

impl PlatformError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Code { code: 401 | 403, .. } => "检查令牌与权限；演练指令不得发往实战平台",
            Self::Code { .. } => "按错误码联系平台值守",
            Self::Garbage { .. } => "接口版本可能不符：联系平台厂商",
        }
    }

    /// Asking again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Code { code: 400 | 401 | 403 | 404, .. })
    }
}

/// How long a platform is waited for: longer while it is late, so that one that answers in half a minute is heard at last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    least: Duration,
    limit: Duration,
}

impl Patience {
    const LONGEST: Duration = Duration::from_secs(60);

    pub fn new(least: Duration) -> Self {
        Self { least, limit: least }
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// From what an exchange came to, and how long that took.
    pub fn learn<T>(&mut self, result: &Result<T, PlatformError>, took: Duration) {
        let limit = match result {
            Err(PlatformError::Http(HttpError::TimedOut { .. })) => self.limit.max(took * 2),
            Err(PlatformError::Http(_)) => return,
            // One quick answer does not make a slow platform quick.
            Ok(_) | Err(_) => (took * 2).max(self.limit / 2),
        };
        self.limit = limit.clamp(self.least, Self::LONGEST.max(self.least));
    }
}

/// One platform of one realm.
#[derive(Clone, Debug)]
pub struct CityPlatform<R: RealmKind> {
    http: reqwest::Client,
    url: String,
    pub platform: PlatformId,
    pub timeout: Duration,
    _realm: PhantomData<R>,
}

/// What a feed said since a cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub commands: Vec<Command>,
    pub cursor: String,
    pub more: bool,
}

/// A platform's word that it has an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub receipt_id: String,
    pub duplicate: bool,
}

impl<R: RealmKind> CityPlatform<R> {
    /// `None` if the realm has no such platform configured.
    pub fn new(http: reqwest::Client, endpoints: &Endpoints<R>, platform: &str) -> Option<Self> {
        let base = endpoints.addresses.platform.as_deref()?.trim_end_matches('/');
        let token = endpoints.addresses.token.as_deref().unwrap_or("gulang");
        let url = format!("{base}/{platform}/openapi?egova_openapi_token={token}");
        Some(Self { http, url, platform: platform.into(), timeout: Duration::from_secs(5), _realm: PhantomData })
    }

    /// Puts an order on the wire. Only an order of this realm fits.
    pub async fn deliver(&self, order: &Dispatch<R>) -> Result<Receipt, PlatformError> {
        let data = json!({
            "noticeId": order.key,
            "orderId": order.order.0,
            "definitionVersion": order.definition_version,
            "unitId": &*order.unit,
            "title": &*order.title,
            "content": &*order.body,
            "clause": &*order.clause,
            "planVersion": &*order.plan_version,
            "supportUnits": order.supporting,
            "ackBy": order.ack_by.to_beijing_text(),
            "deadline": order.due_at.to_beijing_text(),
            "channel": order.channel,
            "supersedes": order.supersedes,
            "exercise": R::REALM == Realm::Exercise,
        });
        let data = self.post("NOTIFY", data).await?;
        let receipt_id =
            text_of(&data["receiptId"]).ok_or_else(|| PlatformError::Garbage { why: "没有 receiptId".into() })?;
        Ok(Receipt { receipt_id, duplicate: data["duplicate"].as_bool().unwrap_or(false) })
    }

    /// Tells news beside the orders. Like an order, it must be of this realm; its key makes a repeat harmless.
    pub async fn tell(&self, news: &NewsDispatch<R>) -> Result<(), PlatformError> {
        let (action, mut data) = wire_of(&news.telling.news);
        data["newsId"] = news.key.as_str().into();
        data["exercise"] = (R::REALM == Realm::Exercise).into();
        self.post(action, data).await.map(drop)
    }

    pub async fn cases(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        let data = self.post("ITEM_INST_SYNC", json!({ "cursor": cursor, "limit": limit })).await?;
        decode_page(&data, |item| decode_case(item, &self.platform), self.platform.as_str())
    }

    pub async fn notices(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        let data = self.post("GET_NOTICE_INFO", json!({ "cursor": cursor, "limit": limit })).await?;
        decode_page(&data, decode_notice::<R>, self.platform.as_str())
    }

    /// What units that are out said (报到).
    pub async fn units(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        let data = self.post("GET_UNIT_INFO", json!({ "cursor": cursor, "limit": limit })).await?;
        decode_page(&data, decode_check_in, self.platform.as_str())
    }

    pub async fn evacuation(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        let data = self.post("GET_EVACUATION_INFO", json!({ "cursor": cursor, "limit": limit })).await?;
        decode_page(&data, decode_evacuation, self.platform.as_str())
    }

    async fn post(&self, action: &str, data: Value) -> Result<Value, PlatformError> {
        let body = json!({ "uid": "gulang", "action": action, "senderCode": "gulang-hub", "data": data });
        let bytes = exchange(self.http.post(&self.url).json(&body), &self.url, self.timeout).await?;
        decode_reply(&bytes)
    }
}

/// An action and what goes with it. Places are WGS-84, as those of the platforms' own cases.
fn wire_of(news: &News) -> (&'static str, Value) {
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
    }
}

/// `{code, msg, data}` → data.
pub fn decode_reply(bytes: &[u8]) -> Result<Value, PlatformError> {
    #[derive(Deserialize)]
    struct Reply {
        code: i64,
        #[serde(default)]
        msg: String,
        #[serde(default)]
        data: Value,
    }
    let reply: Reply = serde_json::from_slice(bytes).map_err(|why| PlatformError::Garbage { why: why.to_string() })?;
    if reply.code != 0 {
        return Err(PlatformError::Code { code: reply.code, msg: reply.msg });
    }
    Ok(reply.data)
}

/// `{items, cursor, more}`; an item that cannot be read is refused alone.
pub fn decode_page(
    data: &Value,
    decode: impl Fn(&Value) -> Result<Command, String>,
    platform: &str,
) -> Result<Page, PlatformError> {
    let garbage = |why: &str| PlatformError::Garbage { why: why.to_owned() };
    let items = data["items"].as_array().ok_or_else(|| garbage("没有 items"))?;
    let commands =
        items.iter().map(|item| decode(item).unwrap_or_else(|why| refuse(platform, &item.to_string(), why))).collect();
    let cursor = text_of(&data["cursor"]).ok_or_else(|| garbage("没有 cursor"))?;
    Ok(Page { commands, cursor, more: data["more"].as_bool().unwrap_or(false) })
}

fn decode_case(item: &Value, platform: &PlatformId) -> Result<Command, String> {
    let text = |key: &str| text_of(&item[key]).ok_or_else(|| format!("没有 {key}"));
    let at = LonLat(
        number_of(&item["coordinatex"]).ok_or("没有 coordinatex")?,
        number_of(&item["coordinatey"]).ok_or("没有 coordinatey")?,
    );
    if !at.is_sane() {
        return Err(format!("坐标 {},{} 不在地球上", at.0, at.1));
    }
    let index = |key: &str, max: usize| -> Result<usize, String> {
        let n = number_of(&item[key]).ok_or_else(|| format!("没有 {key}"))? as usize;
        if (1..=max).contains(&n) { Ok(n - 1) } else { Err(format!("{key} 应在 1–{max}，是 {n}")) }
    };
    let color = [WarningColor::Red, WarningColor::Orange, WarningColor::Yellow, WarningColor::Blue][index("level", 4)?];
    let reported_at = time_of(&item["createTime"]).ok_or("createTime 不是时间")?;
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
        stage: CaseStage::ALL[index("stage", 7)?],
        stage_at: time_of(&item["actTime"]).unwrap_or(reported_at),
    })
}

fn decode_notice<R: RealmKind>(item: &Value) -> Result<Command, String> {
    let key = text_of(&item["noticeId"]).ok_or("没有 noticeId")?;
    let numbers = key.strip_prefix(R::KEY_PREFIX).ok_or_else(|| format!("{key} 不是本界的指令"))?;
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

fn decode_check_in(item: &Value) -> Result<Command, String> {
    let team = text_of(&item["unitId"]).ok_or("没有 unitId")?;
    Ok(Command::CheckIn { team: team.into(), note: text_of(&item["note"]).unwrap_or_default().into() })
}

fn decode_evacuation(item: &Value) -> Result<Command, String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::{Actual, Exercise};
    use proptest::prelude::*;

    #[test]
    fn an_error_code_under_http_200_is_a_failure() {
        let error = decode_reply(br#"{"code":500,"msg":"busy","data":{}}"#);
        assert!(matches!(error, Err(PlatformError::Code { code: 500, .. })));
        assert!(decode_reply(br#"{"msg":"no code"}"#).is_err());
        assert!(decode_reply(br#"{"code":"0"}"#).is_err());
    }

    #[test]
    fn a_bad_item_is_refused_alone() -> Result<(), PlatformError> {
        let item = json!({"recId": 7, "title": "积水", "districtId": "350203", "unitId": "csgl", "coordinatex": "118.1",
            "coordinatey": 24.5, "level": 2, "stage": "3", "createTime": "2023-07-26 08:00:00", "recType": "part"});
        let mut absurd = item.clone();
        absurd["coordinatex"] = json!(900.0);
        let data = json!({"items": [item, absurd, 3], "cursor": 12, "more": true});
        let page = decode_page(&data, |it| decode_case(it, &"yunguanfu".into()), "yunguanfu")?;
        assert!(
            matches!(&page.commands[0], Command::ReportCase { report, stage: CaseStage::Dispatched, .. } if &*report.external == "7")
        );
        assert!(matches!(&page.commands[1], Command::RefuseMessage { .. }));
        assert!(matches!(&page.commands[2], Command::RefuseMessage { .. }));
        assert_eq!((page.cursor.as_str(), page.more), ("12", true));
        Ok(())
    }

    #[test]
    fn a_notice_that_contradicts_itself_is_refused() {
        let item = json!({"noticeId": "gulang-a-3-1", "orderId": 3, "definitionVersion": "1", "status": "signed"});
        assert!(decode_notice::<Actual>(&item).is_ok());
        for (key, value) in [("orderId", json!(900_000_003)), ("definitionVersion", json!(0))] {
            let mut item = item.clone();
            item[key] = value;
            let why = decode_notice::<Actual>(&item).err().unwrap_or_default();
            assert!(why.contains(key), "{why}");
        }
    }

    #[test]
    fn a_slow_platform_is_waited_for_longer_and_a_quick_one_no_longer_than_need_be() {
        let secs = Duration::from_secs;
        let late = || Err::<(), _>(PlatformError::from(HttpError::TimedOut { url: String::new(), secs: 5 }));
        let down = Err::<(), _>(PlatformError::from(HttpError::Status { url: String::new(), status: 503 }));
        let mut patience = Patience::new(secs(5));
        // Several given up in one batch had the same time, and lengthen it once.
        for took in [5, 5, 5, 10, 20] {
            patience.learn(&late(), secs(took));
        }
        assert_eq!(patience.limit(), secs(40));
        patience.learn(&Ok::<_, PlatformError>(()), secs(30));
        assert_eq!(patience.limit(), secs(60), "thirty seconds, twice over");
        patience.learn(&late(), secs(60));
        assert_eq!(patience.limit(), secs(60), "no longer than that");
        patience.learn(&down, secs(0));
        assert_eq!(patience.limit(), secs(60), "an answer that is none teaches nothing");
        for _ in 0..5 {
            patience.learn(&Ok::<_, PlatformError>(()), secs(1));
        }
        assert_eq!(patience.limit(), secs(5));
    }

    #[test]
    fn a_notice_of_the_other_realm_is_not_ours() {
        let item = json!({"noticeId": "gulang-x-3-1", "status": "signed"});
        assert!(decode_notice::<Exercise>(&item).is_ok());
        assert!(decode_notice::<Actual>(&item).is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(data) = decode_reply(&bytes) {
                let _ = decode_page(&data, decode_evacuation, "yingji");
            }
        }
    }
}
