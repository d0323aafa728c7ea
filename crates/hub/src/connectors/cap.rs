//! Warnings in CAP 1.2 with the Chinese 12379 habits: 31-character identifiers, Beijing time, colours in the headline.

use super::http::{HttpError, exchange};
use gulang_city::{Command, DistrictId, Hazard, Realm, Timestamp, Warning, WarningColor, WarningId};
use oasiscap::v1dot2::{Alert, Info, MessageType, Severity, Status};
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum CapError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("预警目录读不懂：{0}")]
    Index(String),
    #[error("预警 {identifier} 读不懂：{why}")]
    Alert { identifier: String, why: String },
    #[error("预警 {identifier} 是{what}，不进入本界")]
    WrongRealm { identifier: String, what: &'static str },
}

impl CapError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Index(_) | Self::Alert { .. } => "源的格式有误：对照 CAP 1.2 联系发布方",
            Self::WrongRealm { .. } => "检查预警源的配置：演练与实战各用各的源",
        }
    }
}

/// An entry of the source's list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    pub identifier: String,
    #[serde(default)]
    pub url: String,
}

#[derive(Clone, Debug)]
pub struct CapSource {
    pub http: reqwest::Client,
    pub base: String,
    pub timeout: Duration,
}

impl CapSource {
    pub async fn list(&self) -> Result<Vec<Listed>, CapError> {
        let url = format!("{}/index.json", self.base.trim_end_matches('/'));
        decode_index(&exchange(self.http.get(&url), &url, self.timeout).await?)
    }

    pub async fn fetch(&self, listed: &Listed) -> Result<Vec<u8>, CapError> {
        // The list may carry whole addresses or only names.
        let url = if listed.url.starts_with("http") {
            listed.url.clone()
        } else {
            format!("{}/{}.xml", self.base.trim_end_matches('/'), listed.identifier)
        };
        Ok(exchange(self.http.get(&url), &url, self.timeout).await?)
    }
}

pub fn decode_index(bytes: &[u8]) -> Result<Vec<Listed>, CapError> {
    #[derive(Deserialize)]
    struct Index {
        alerts: Vec<Listed>,
    }
    serde_json::from_slice::<Index>(bytes).map(|it| it.alerts).map_err(|why| CapError::Index(why.to_string()))
}

/// One alert, for a city of a realm: only `Actual` enters the actual city, only `Exercise` an exercise.
pub fn decode_alert(
    bytes: &[u8],
    identifier: &str,
    realm: Realm,
    districts: &[DistrictId],
) -> Result<Command, CapError> {
    let bad = |why: String| CapError::Alert { identifier: identifier.to_owned(), why };
    let text = std::str::from_utf8(bytes).map_err(|why| bad(why.to_string()))?;
    well_formed(text).map_err(bad)?;
    let alert: oasiscap::Alert = text.parse().map_err(|why| bad(format!("{why:?}")))?;
    let alert: Alert = match alert {
        oasiscap::Alert::V1dot2(alert) => alert,
        _ => return Err(bad("不是 CAP 1.2".into())),
    };
    let exercise = match alert.status {
        Status::Actual => false,
        Status::Exercise => true,
        _ => return Err(bad("状态既不是 Actual 也不是 Exercise".into())),
    };
    if exercise != (realm == Realm::Exercise) {
        let what = if exercise { "演练预警" } else { "实战预警" };
        return Err(CapError::WrongRealm { identifier: identifier.to_owned(), what });
    }
    let id = |it: &dyn std::fmt::Display| WarningId::from(it.to_string());
    if alert.message_type == MessageType::Cancel {
        let target = alert.references.as_ref().and_then(|it| it.iter().next()).map(|it| id(&it.identifier));
        return Ok(Command::CancelWarning {
            warning: target.ok_or_else(|| bad("解除没有指明哪一条".into()))?
        });
    }
    let info = alert.info.first().ok_or_else(|| bad("没有 info".into()))?;
    let sent_at = instant(&alert.sent).ok_or_else(|| bad("sent 不是时间".into()))?;
    let headline = info.headline.clone().unwrap_or_else(|| info.event.clone());
    Ok(Command::IssueWarning {
        warning: Warning {
            id: id(&alert.identifier),
            hazard: hazard_of(info),
            color: color_of(info, &headline).ok_or_else(|| bad("看不出颜色".into()))?,
            headline: headline.into(),
            sender: info.sender_name.clone().unwrap_or_else(|| alert.sender.to_string()).into(),
            sent_at,
            expires_at: info.expires.as_ref().and_then(instant).unwrap_or(sent_at.plus_mins(24 * 60)),
            districts: districts_of(info, districts),
            cancelled: false,
            exercise,
        },
    })
}

/// Reads the document to its end once. The reader behind `oasiscap` waits for ever for the end of one cut short.
fn well_formed(text: &str) -> Result<(), String> {
    for event in xml::reader::EventReader::from_str(text) {
        event.map_err(|why| why.to_string())?;
    }
    Ok(())
}

fn instant(time: &oasiscap::DateTime) -> Option<Timestamp> {
    Timestamp::parse(&time.to_string())
}

fn hazard_of(info: &Info) -> Hazard {
    let code = (&info.event_codes).into_iter().map(|(_, value)| value.to_string()).collect::<String>();
    let words = format!("{}{code}{}", info.event, info.headline.as_deref().unwrap_or_default());
    if words.contains("11B01") || words.contains("台风") {
        Hazard::Typhoon
    } else if words.contains("11B03") || words.contains("暴雨") {
        Hazard::Rainstorm
    } else {
        Hazard::Other
    }
}

fn color_of(info: &Info, headline: &str) -> Option<WarningColor> {
    let in_headline = WarningColor::ALL.into_iter().rev().find(|it| headline.contains(&format!("{}色", it.glyph())));
    in_headline.or(match info.severity {
        Severity::Extreme => Some(WarningColor::Red),
        Severity::Severe => Some(WarningColor::Orange),
        Severity::Moderate => Some(WarningColor::Yellow),
        Severity::Minor => Some(WarningColor::Blue),
        Severity::Unknown => None,
    })
}

/// Districts named by a geocode; none known means the whole city.
fn districts_of(info: &Info, districts: &[DistrictId]) -> Vec<DistrictId> {
    let codes: Vec<String> =
        info.areas.iter().flat_map(|area| &area.geocode).map(|(_, value)| value.to_string()).collect();
    districts.iter().filter(|id| codes.iter().any(|code| code.get(..6) == Some(id.as_str()))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALERT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>35020041600000_20230727100000_1</identifier><sender>xm.qx@12379.cn</sender>
  <sent>2023-07-27T10:00:00+08:00</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>zh-CN</language><category>Met</category><event>台风</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Observed</certainty><expires>2023-07-28T10:00:00+08:00</expires>
    <senderName>厦门市气象台</senderName><headline>厦门市气象台发布台风红色预警信号</headline>
    <area><areaDesc>思明区</areaDesc><geocode><valueName>GB/T 2260</valueName><value>350203000000</value></geocode></area>
  </info>
</alert>"#;

    #[test]
    fn an_alert_is_read_in_its_own_realm_only() -> Result<(), CapError> {
        let districts = [DistrictId::from("350203"), DistrictId::from("350211")];
        let command = decode_alert(ALERT.as_bytes(), "x", Realm::Exercise, &districts)?;
        let Command::IssueWarning { warning } = command else { return Err(CapError::Index("another command".into())) };
        // The headline's colour wins over the severity.
        assert_eq!((warning.color, warning.hazard, warning.exercise), (WarningColor::Red, Hazard::Typhoon, true));
        assert_eq!(warning.sent_at.to_beijing_text(), "2023-07-27 10:00:00");
        assert_eq!(warning.districts, vec![districts[0].clone()]);
        let other = decode_alert(ALERT.as_bytes(), "x", Realm::Actual, &districts);
        assert!(matches!(other, Err(CapError::WrongRealm { .. })));
        Ok(())
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(at in 0..ALERT.len(), byte in any::<u8>(), cut in 0..ALERT.len()) {
            let mut bytes = ALERT.as_bytes().to_vec();
            bytes[at] = byte;
            let _ = decode_alert(&bytes, "x", Realm::Exercise, &[]);
            let _ = decode_alert(&bytes[..cut], "x", Realm::Exercise, &[]);
            let _ = decode_index(&bytes);
        }
    }
}
