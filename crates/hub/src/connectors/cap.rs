//! Warnings in CAP 1.2 with the Chinese 12379 habits: 31-character identifiers, Beijing time, colours in the headline.

use super::http::{HttpError, exchange};
use gulang_city::{Command, DistrictId, Hazard, Realm, Timestamp, Warning, WarningColor, WarningId};
use serde::Deserialize;
use std::time::Duration;
use xml::reader::XmlEvent;

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
    let alert = read_cap(text).map_err(bad)?;
    let exercise = match alert.text("status") {
        "Actual" => false,
        "Exercise" => true,
        _ => return Err(bad("状态既不是 Actual 也不是 Exercise".into())),
    };
    if exercise != (realm == Realm::Exercise) {
        let what = if exercise { "演练预警" } else { "实战预警" };
        return Err(CapError::WrongRealm { identifier: identifier.to_owned(), what });
    }
    if alert.text("msgType") == "Cancel" {
        // `sender,identifier,sent`, several with blanks between.
        let target = alert.text("references").split_whitespace().next().and_then(|it| it.split(',').nth(1));
        return Ok(Command::CancelWarning {
            warning: target.ok_or_else(|| bad("解除没有指明哪一条".into()))?.into()
        });
    }
    let id = Some(alert.text("identifier")).filter(|it| !it.is_empty()).ok_or_else(|| bad("没有 identifier".into()))?;
    let sent_at = Timestamp::parse(alert.text("sent")).ok_or_else(|| bad("sent 不是时间".into()))?;
    let event = alert.text("info/event");
    let headline = Some(alert.text("info/headline")).filter(|it| !it.is_empty()).unwrap_or(event);
    let sender = Some(alert.text("info/senderName")).filter(|it| !it.is_empty()).unwrap_or(alert.text("sender"));
    let codes: String = alert.all("info/eventCode/value").collect();
    Ok(Command::IssueWarning {
        warning: Warning {
            id: WarningId::from(id),
            hazard: hazard_of(&format!("{event}{codes}{headline}")),
            color: color_of(alert.text("info/severity"), headline).ok_or_else(|| bad("看不出颜色".into()))?,
            headline: headline.into(),
            sender: sender.into(),
            sent_at,
            expires_at: Timestamp::parse(alert.text("info/expires")).unwrap_or(sent_at.plus_mins(24 * 60)),
            districts: districts_of(&alert, districts),
            cancelled: false,
            exercise,
        },
    })
}

/// An alert as its leaves, by path below `alert`. Of several `info` blocks (languages) only the first is kept.
///
/// Read event by event: the typed readers there are wait for ever on some damaged documents.
struct Leaves(Vec<(String, String)>);

impl Leaves {
    /// Trimmed; empty if it is not there.
    fn text<'a>(&'a self, path: &'a str) -> &'a str {
        self.all(path).next().unwrap_or_default()
    }

    fn all<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| it == path).map(|(_, text)| text.trim())
    }
}

fn read_cap(text: &str) -> Result<Leaves, String> {
    const CAP_1_2: &str = "urn:oasis:names:tc:emergency:cap:1.2";
    let mut leaves: Vec<(String, String)> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut n_infos = 0;
    for event in xml::reader::EventReader::from_str(text) {
        match event.map_err(|why| why.to_string())? {
            XmlEvent::StartElement { name, .. } => {
                if path.is_empty() && (name.local_name != "alert" || name.namespace.as_deref() != Some(CAP_1_2)) {
                    return Err("不是 CAP 1.2".into());
                }
                path.push(name.local_name);
                n_infos += u32::from(path.len() == 2 && path[1] == "info");
                if n_infos <= 1 || path.get(1).is_some_and(|it| it != "info") {
                    leaves.push((path[1..].join("/"), String::new()));
                }
            }
            XmlEvent::EndElement { .. } => {
                path.pop();
            }
            XmlEvent::Characters(some) | XmlEvent::CData(some) => {
                let here = path.get(1..).unwrap_or_default().join("/");
                if let Some((_, text)) = leaves.last_mut().filter(|(it, _)| *it == here) {
                    text.push_str(&some);
                }
            }
            _ => {}
        }
    }
    Ok(Leaves(leaves))
}

fn hazard_of(words: &str) -> Hazard {
    if words.contains("11B01") || words.contains("台风") {
        Hazard::Typhoon
    } else if words.contains("11B03") || words.contains("暴雨") {
        Hazard::Rainstorm
    } else if words.contains("11B25") || words.contains("森林火险") {
        Hazard::ForestFire
    } else if words.contains("地震") {
        Hazard::Earthquake
    } else {
        Hazard::Other
    }
}

fn color_of(severity: &str, headline: &str) -> Option<WarningColor> {
    let in_headline = WarningColor::ALL.into_iter().rev().find(|it| headline.contains(&format!("{}色", it.glyph())));
    in_headline.or(match severity {
        "Extreme" => Some(WarningColor::Red),
        "Severe" => Some(WarningColor::Orange),
        "Moderate" => Some(WarningColor::Yellow),
        "Minor" => Some(WarningColor::Blue),
        _ => None,
    })
}

/// Districts named by a geocode; none known means the whole city.
fn districts_of(alert: &Leaves, districts: &[DistrictId]) -> Vec<DistrictId> {
    let is_named =
        |id: &&DistrictId| alert.all("info/area/geocode/value").any(|code| code.get(..6) == Some(id.as_str()));
    districts.iter().filter(is_named).cloned().collect()
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

    #[test]
    fn a_reader_of_the_standard_agrees() -> Result<(), Box<dyn std::error::Error>> {
        let theirs: oasiscap::v1dot2::Alert = ALERT.parse().map_err(|why| format!("{why:?}"))?;
        let ours = read_cap(ALERT)?;
        assert_eq!(theirs.identifier.as_str(), ours.text("identifier"));
        assert_eq!(theirs.info[0].headline.as_deref(), Some(ours.text("info/headline")));
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
