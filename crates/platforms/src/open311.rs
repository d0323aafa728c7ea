//! Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), JSON: services, requests, what we report, tokens.
//!
//! A service request has two statuses, open and closed; our stages have seven. An open one that was never touched since it
//! came stands at 立案, a touched one at 处置, a closed one at 结案. It names its agency in words: the table of a connector's
//! options says whose a service is. Places are WGS-84 by the standard.

use crate::{
    Heard,
    value::{number_of, text_of},
};
use gulang_city::{
    AgencyId, CaseKind, CaseReport, CaseStage, Command, DistrictId, FoundCase, LonLat, PlatformId, Text, Timestamp,
    WarningColor,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The standard's longest span of one question, days.
pub const WINDOW_DAYS: i64 = 90;
/// Answers of one page at most; what is over is refused in one piece.
pub const MAX_REQUESTS: usize = 10_000;
/// Until when a request without an expected time is due, hours.
const DUE_HOURS: i64 = 72;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Open311Error {
    #[error("Open311 的应答读不懂：{why}")]
    Garbage { why: String },
    #[error("Open311 平台拒绝：{code} {description}")]
    Refused { code: i64, description: String },
}

impl Open311Error {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Garbage { .. } => "核对地址是否是 GeoReport v2 的根，且有 .json 接口",
            Self::Refused { .. } => "核对 api_key、jurisdiction_id 与 service_code",
        }
    }
}

/// One of `services.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub code: String,
    pub name: String,
}

/// Whose the cases of a service are, and how they are called; from a connector's options.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub agency: AgencyId,
    pub kind: CaseKind,
}

/// What a platform's requests are read with.
pub struct Reading<'a> {
    pub platform: &'a PlatformId,
    pub services: &'a BTreeMap<String, Target>,
    /// For services the table does not have.
    pub otherwise: &'a AgencyId,
    /// Where a place lies.
    pub district_of: &'a dyn Fn(LonLat) -> Option<DistrictId>,
}

/// One page of `requests.json`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    pub heard: Heard,
    /// The newest `updated_datetime` of it.
    pub newest: Option<Timestamp>,
    pub n: usize,
}

pub fn read_services(bytes: &[u8]) -> Result<Vec<Service>, Open311Error> {
    let service = |item: &Value| {
        Some(Service {
            code: text_of(&item["service_code"])?,
            name: text_of(&item["service_name"]).unwrap_or_default(),
        })
    };
    Ok(list(bytes)?.iter().filter_map(service).collect())
}

pub fn read_requests(bytes: &[u8], with: &Reading<'_>) -> Result<Requests, Open311Error> {
    let items = list(bytes)?;
    if items.len() > MAX_REQUESTS {
        return Err(Open311Error::Garbage { why: format!("一页 {} 条，超过 {MAX_REQUESTS}", items.len()) });
    }
    let mut requests = Requests { n: items.len(), ..Requests::default() };
    for item in &items {
        requests.newest = requests.newest.max(time(item, "updated_datetime"));
        match read_request(item, with) {
            Ok(command) => requests.heard.commands.push(command),
            Err(why) => requests.heard.refuse(&item.to_string(), why),
        }
    }
    Ok(requests)
}

fn read_request(item: &Value, with: &Reading<'_>) -> Result<Command, String> {
    // A request still on its way has a token instead.
    let external = text_of(&item["service_request_id"]).filter(|it| !it.is_empty()).ok_or("没有 service_request_id")?;
    let requested = time(item, "requested_datetime").ok_or("requested_datetime 不是时间")?;
    let updated = time(item, "updated_datetime").unwrap_or(requested);
    let at = LonLat(number_of(&item["long"]).ok_or("没有 long")?, number_of(&item["lat"]).ok_or("没有 lat")?);
    if !at.is_sane() {
        return Err(format!("坐标 {},{} 不在地球上", at.0, at.1));
    }
    let stage = match item["status"].as_str().map(str::to_lowercase).as_deref() {
        Some("open") if updated > requested => CaseStage::Handled,
        Some("open") => CaseStage::Filed,
        Some("closed") => CaseStage::Closed,
        other => return Err(format!("status 应是 open 或 closed，是 {other:?}")),
    };
    let code = text_of(&item["service_code"]).unwrap_or_default();
    let target = with.services.get(&code);
    let title = text_of(&item["service_name"]).filter(|it| !it.is_empty());
    let title = title.or_else(|| text_of(&item["description"])).ok_or("没有 service_name")?;
    let address = text_of(&item["address"]).unwrap_or_default();
    Ok(Command::ReportCase {
        report: CaseReport {
            external: external.into(),
            platform: with.platform.clone(),
            kind: target.map_or(CaseKind::Event, |it| it.kind),
            title: title.into(),
            address: address.into(),
            at,
            district: (with.district_of)(at).ok_or("坐标不在本市各区")?,
            agency: target.map_or(with.otherwise, |it| &it.agency).clone(),
            color: WarningColor::Blue,
            reported_at: requested,
            due_at: time(item, "expected_datetime").unwrap_or(requested.plus_mins(DUE_HOURS * 60)),
        },
        stage,
        stage_at: updated,
    })
}

/// The span to ask for next: from the cursor, or so many days back, and never longer than the standard allows.
pub fn window(cursor: Option<Timestamp>, now: Timestamp, first_days: i64) -> (Timestamp, Timestamp) {
    let day_ms = 24 * 3_600_000;
    let from = cursor.unwrap_or(now + -(first_days.clamp(1, WINDOW_DAYS) * day_ms)).min(now);
    (from, (from + WINDOW_DAYS * day_ms).min(now))
}

/// As the standard writes times (W3C), in UTC.
pub fn w3c(at: Timestamp) -> String {
    let utc = at.plus_mins(-8 * 60);
    utc.beijing().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `POST requests.json`, as the form's pairs; the key is not among them.
pub fn report(found: &FoundCase, service_code: &str, key: &str) -> Vec<(&'static str, String)> {
    vec![
        ("service_code", service_code.to_owned()),
        ("lat", format!("{:.6}", found.at.lat())),
        ("long", format!("{:.6}", found.at.lon())),
        ("address_string", found.address.to_string()),
        ("description", format!("{}（{key}）", found.title)),
    ]
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    Id(String),
    /// Its number comes later, by `GET tokens/{token}.json`.
    Token(String),
}

/// The answer to a report, or to a token: then without a number it is the token still.
pub fn read_reported(bytes: &[u8]) -> Result<Reported, Open311Error> {
    let items = list(bytes)?;
    let first = items.first().ok_or_else(|| Open311Error::Garbage { why: "应答是空的".into() })?;
    let text = |key: &str| text_of(&first[key]).filter(|it| !it.is_empty());
    let id = text("service_request_id").map(Reported::Id);
    id.or_else(|| text("token").map(Reported::Token))
        .ok_or_else(|| Open311Error::Garbage { why: "既没有 service_request_id 也没有 token".into() })
}

/// The number of the request whose description carries a key: so that what was sent and not answered is not sent again.
pub fn find_key(bytes: &[u8], key: &str) -> Result<Option<String>, Open311Error> {
    let words = format!("（{key}）");
    let is_it = |item: &&Value| item["description"].as_str().is_some_and(|it| it.contains(&words));
    Ok(list(bytes)?.iter().find(is_it).and_then(|it| text_of(&it["service_request_id"])))
}

/// A list of entries, or the standard's list of errors.
fn list(bytes: &[u8]) -> Result<Vec<Value>, Open311Error> {
    let whole: Value =
        serde_json::from_slice(bytes).map_err(|why| Open311Error::Garbage { why: format!("不是 JSON：{why}") })?;
    let Value::Array(items) = whole else { return Err(Open311Error::Garbage { why: "不是数组".into() }) };
    if let Some(first) = items.first()
        && let (Some(code), Some(description)) = (number_of(&first["code"]), text_of(&first["description"]))
        && first.get("service_request_id").is_none()
        && first.get("service_code").is_none()
    {
        let description = description.chars().take(200).collect();
        return Err(Open311Error::Refused { code: code as i64, description });
    }
    Ok(items)
}

fn time(item: &Value, key: &str) -> Option<Timestamp> {
    item[key].as_str().and_then(Timestamp::parse).filter(|it| it.0 > 0)
}

/// A request as a server of the standard tells it, for the simulated city. `key` goes into its description.
pub fn write_request(id: &str, service: &Service, report: &CaseReport, stage: CaseStage, note: &str) -> Value {
    let is_closed = stage >= CaseStage::Closed;
    serde_json::json!({
        "service_request_id": id, "status": if is_closed { "closed" } else { "open" }, "status_notes": note,
        "service_code": service.code, "service_name": service.name, "description": &*report.title,
        "agency_responsible": report.agency, "service_notice": Value::Null,
        "requested_datetime": w3c(report.reported_at), "updated_datetime": w3c(report.reported_at),
        "expected_datetime": w3c(report.due_at), "address": &*report.address, "address_id": Value::Null,
        "zipcode": Value::Null, "lat": report.at.lat(), "long": report.at.lon(), "media_url": Value::Null,
    })
}

/// How a case found here finds its service: the first whose name has the title in it or is in the title, else the first of
/// all.
pub fn service_for<'a>(services: &'a [Service], title: &Text) -> Option<&'a Service> {
    let fits = |it: &&Service| !it.name.is_empty() && (it.name.contains(&**title) || title.contains(&it.name));
    services.iter().find(fits).or_else(|| services.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// wiki.open311.org/GeoReport_v2, "GET Service Requests", JSON; its `"service_code":006`, which is no JSON, is quoted
    /// here, and the second request's times are left as printed.
    const SAMPLE: &str = r#"[
        {"service_request_id":638344,"status":"closed","status_notes":"Duplicate request.",
         "service_name":"Sidewalk and Curb Issues","service_code":"006","description":null,"agency_responsible":null,
         "service_notice":null,"requested_datetime":"2010-04-14T06:37:38-08:00",
         "updated_datetime":"2010-04-14T06:37:38-08:00","expected_datetime":"2010-04-15T06:37:38-08:00",
         "address":"8TH AVE and JUDAH ST","address_id":545483,"zipcode":94122,"lat":37.762221815,"long":-122.4651145,
         "media_url":"http://city.gov.s3.amazonaws.com/requests/media/638344.jpg"},
        {"service_request_id":638349,"status":"open","status_notes":null,"service_name":"Sidewalk and Curb Issues",
         "service_code":"006","description":null,"agency_responsible":null,"service_notice":null,
         "requested_datetime":"2010-04-19T06:37:38-08:00","updated_datetime":"2010-04-19T06:37:38-08:00",
         "expected_datetime":"2010-04-19T06:37:38-08:00","address":"8TH AVE and JUDAH ST","address_id":545483,
         "zipcode":94122,"lat":37.762221815,"long":-122.4651145,
         "media_url":"http://city.gov.s3.amazonaws.com/requests/media/638349.jpg"}]"#;

    fn read(bytes: &[u8]) -> Result<Requests, Open311Error> {
        let target = Target { agency: "ag-part".into(), kind: CaseKind::Part };
        let services = BTreeMap::from([("006".to_owned(), target)]);
        let with = Reading {
            platform: &"o311".into(),
            services: &services,
            otherwise: &"ag-city".into(),
            district_of: &|_| Some("350203".into()),
        };
        read_requests(bytes, &with)
    }

    #[test]
    fn the_documents_own_sample_is_read() {
        let requests = read(SAMPLE.as_bytes()).expect("the sample");
        assert_eq!((requests.n, requests.heard.refused.len()), (2, 0));
        assert_eq!(requests.newest, Timestamp::parse("2010-04-19T06:37:38-08:00"));
        let Some(Command::ReportCase { report, stage, stage_at }) = requests.heard.commands.first() else {
            panic!("no case");
        };
        assert_eq!((&*report.external, *stage), ("638344", CaseStage::Closed));
        assert_eq!((report.agency.as_str(), report.kind), ("ag-part", CaseKind::Part));
        assert_eq!(Some(*stage_at), Timestamp::parse("2010-04-14T06:37:38-08:00"));
        assert_eq!(report.at, LonLat(-122.4651145, 37.762221815));
        let Some(Command::ReportCase { stage, .. }) = requests.heard.commands.get(1) else { panic!("no case") };
        assert_eq!(*stage, CaseStage::Filed);
    }

    #[test]
    fn a_bad_request_is_refused_alone_and_an_error_whole() {
        let mut items: Vec<Value> = serde_json::from_str(SAMPLE).expect("the sample");
        items[0]["status"] = "waiting".into();
        let requests = read(Value::Array(items).to_string().as_bytes()).expect("a list");
        assert_eq!((requests.heard.commands.len(), requests.heard.refused.len()), (1, 1));
        let error = read(br#"[{"code":403,"description":"Missing or invalid API Key"}]"#);
        assert!(matches!(error, Err(Open311Error::Refused { code: 403, .. })));
        assert!(read(b"{}").is_err() && read(b"[1, null, \"x\"]").is_ok_and(|it| it.heard.refused.len() == 3));
    }

    #[test]
    fn a_report_has_a_number_or_a_token() {
        assert_eq!(read_reported(br#"[{"service_request_id":293944}]"#), Ok(Reported::Id("293944".into())));
        let token = br#"[{"service_notice":"x","token":"12345"}]"#;
        assert_eq!(read_reported(token), Ok(Reported::Token("12345".into())));
        let both = br#"[{"service_request_id":638344,"token":12345}]"#;
        assert_eq!(read_reported(both), Ok(Reported::Id("638344".into())));
        assert!(read_reported(b"[]").is_err());
        let mine = r#"[{"service_request_id":5,"description":"积水（gulang-a-own-1-r9）"}]"#.as_bytes();
        assert_eq!(find_key(mine, "gulang-a-own-1-r9"), Ok(Some("5".into())));
        assert_eq!(find_key(mine, "gulang-a-own-1-r"), Ok(None));
    }

    #[test]
    fn spans_are_no_longer_than_ninety_days() {
        let now = Timestamp::parse("2026-11-22 12:00:00").expect("a time");
        let days = |(from, to): (Timestamp, Timestamp)| to.since_ms(from) / 86_400_000;
        assert_eq!(days(window(None, now, 30)), 30);
        assert_eq!(days(window(None, now, 9000)), 90);
        let old = Timestamp::parse("2025-01-01 00:00:00");
        assert_eq!(days(window(old, now, 30)), 90);
        assert_eq!(window(Some(now.plus_mins(9)), now, 30), (now, now));
        assert_eq!(w3c(now), "2026-11-22T04:00:00Z");
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (read(&bytes), read_services(&bytes), read_reported(&bytes), find_key(&bytes, "k"));
        }

        #[test]
        fn cut_or_doubled_answers_never_panic_nor_invent(cut in 0usize..SAMPLE.len(), twice in any::<bool>()) {
            let mut bytes = SAMPLE.as_bytes()[..cut].to_vec();
            if twice {
                bytes.extend_from_slice(SAMPLE.as_bytes());
            }
            // A cut list is no list; doubled it is none either.
            prop_assert!(read(&bytes).is_err() || (twice && cut == 0) || bytes.is_empty());
        }
    }
}
