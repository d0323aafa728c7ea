//! Warnings as CAP 1.2, with the identifiers of the Chinese 12379 profile.
//!
//! In a scenario they are the script's. Without one, a quiet day has a couple of plausible low warnings of no plan's
//! hazard, so that a screen is not empty and nothing is recommended.

use crate::{dice::Dice, scenario::Scenario};
use gulang_city::{BEIJING_OFFSET_MS, Hazard, Realm, Timestamp, WarningColor};
use std::fmt::Write;

const DAY_MS: i64 = 86_400_000;
/// How long an expired warning stays in the index.
const LINGERS_MS: i64 = 6 * 3_600_000;

/// One alert, ready to be written out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert {
    pub(crate) identifier: String,
    pub(crate) sent: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) color: WarningColor,
    pub(crate) event: &'static str,
    pub(crate) event_code: &'static str,
    pub(crate) headline: String,
}

/// What has been sent by `now` and has not long expired.
pub(crate) fn alerts(scenario: Option<&Scenario>, now: Timestamp, city: &str, dice: Dice) -> Vec<Alert> {
    let sent = match scenario {
        Some(scenario) => scenario
            .warnings
            .iter()
            .map(|w| {
                let (event, event_code) = event_of(w.hazard);
                Alert {
                    identifier: w.identifier.clone(),
                    sent: w.at,
                    expires: w.expires_at,
                    color: w.color,
                    event,
                    event_code,
                    headline: w.headline.clone(),
                }
            })
            .collect(),
        None => quiet_day(now, city, dice),
    };
    sent.into_iter().filter(|a| a.sent <= now && now - a.expires <= LINGERS_MS).collect()
}

impl Alert {
    pub(crate) fn xml(&self, realm: Realm, city: &str, center: gulang_city::LonLat) -> String {
        let status = match realm {
            Realm::Actual => "Actual",
            Realm::Exercise => "Exercise",
        };
        let severity = match self.color {
            WarningColor::Red => "Extreme",
            WarningColor::Orange => "Severe",
            WarningColor::Yellow => "Moderate",
            WarningColor::Blue => "Minor",
        };
        let color = match self.color {
            WarningColor::Red => "Red",
            WarningColor::Orange => "Orange",
            WarningColor::Yellow => "Yellow",
            WarningColor::Blue => "Blue",
        };
        let mut xml = String::with_capacity(2000);
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier>
  <sender>{city}气象台(仿真)</sender>
  <sent>{sent}</sent>
  <status>{status}</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <note>simulated</note>
  <info>
    <language>zh-CN</language>
    <category>Met</category>
    <event>{event}</event>
    <urgency>Expected</urgency>
    <severity>{severity}</severity>
    <certainty>Likely</certainty>
    <eventCode><valueName>12379</valueName><value>{event_code}</value></eventCode>
    <effective>{sent}</effective>
    <expires>{expires}</expires>
    <senderName>{city}气象台(仿真)</senderName>
    <headline>{headline}</headline>
    <description>{headline}(仿真数据，不得作为真实预警)</description>
    <parameter><valueName>severity</valueName><value>{color}</value></parameter>
    <parameter><valueName>simulated</valueName><value>true</value></parameter>
    <area>
      <areaDesc>{city}</areaDesc>
      <circle>{lat:.4},{lon:.4} 40</circle>
      <geocode><valueName>GB/T 2260</valueName><value>{zone}</value></geocode>
    </area>
  </info>
</alert>
"#,
            identifier = escaped(&self.identifier),
            city = escaped(city),
            sent = rfc3339(self.sent),
            expires = rfc3339(self.expires),
            event = self.event,
            event_code = self.event_code,
            headline = escaped(&self.headline),
            lat = center.lat(),
            lon = center.lon(),
            zone = escaped(self.identifier.get(..6).unwrap_or_default()),
        );
        xml
    }
}

/// `2023-07-26T08:00:00+08:00`, the profile's way to write a time.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    format!("{}+08:00", at.to_beijing_text().replace(' ', "T"))
}

/// `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N`, as 12379 has it: 6 zone, 3 agency, 3 unit, 2 extension,
/// then the Beijing time and a serial.
fn identifier(sent: Timestamp, serial: u8) -> String {
    format!("35020041600000_{}_{serial}", sent.beijing().strftime("%Y%m%d%H%M%S"))
}

fn quiet_day(now: Timestamp, city: &str, dice: Dice) -> Vec<Alert> {
    let today = (now.0 + BEIJING_OFFSET_MS).div_euclid(DAY_MS);
    let kinds = [
        ("11B06", "大风", WarningColor::Blue, "大风蓝色预警", 5 * 60 + 40, 13 * 60),
        ("11B14", "雷电", WarningColor::Yellow, "雷电黄色预警", 13 * 60 + 25, 5 * 60),
    ];
    // Yesterday's may still be in force after midnight.
    let days = [today - 1, today].into_iter();
    days.flat_map(|day| {
        kinds.iter().enumerate().map(move |(i, &(event_code, event, color, words, from_min, n_mins))| {
            let shift = dice.of(day as u64).of(i as u64).below(50) as i64;
            let sent = Timestamp(day * DAY_MS - BEIJING_OFFSET_MS).plus_mins(from_min + shift);
            Alert {
                identifier: identifier(sent, i as u8),
                sent,
                expires: sent.plus_mins(n_mins),
                color,
                event,
                event_code,
                headline: format!("{city}气象台发布{words}"),
            }
        })
    })
    .collect()
}

fn event_of(hazard: Hazard) -> (&'static str, &'static str) {
    match hazard {
        Hazard::Typhoon => ("台风", "11B01"),
        Hazard::Rainstorm => ("暴雨", "11B03"),
        Hazard::ForestFire => ("森林火险", "11B25"),
        // No code of its own here: the hub knows these by their words.
        Hazard::Earthquake => ("地震", "11B99"),
        Hazard::General | Hazard::Other => ("其他", "11B99"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_day_has_low_warnings_with_31_character_identifiers() {
        let noon = Timestamp::parse("2026-11-20 15:00:00").unwrap();
        let alerts = alerts(None, noon, "厦门市", Dice::new(1));
        assert!(!alerts.is_empty());
        for alert in alerts {
            assert_eq!(alert.identifier.len(), 31, "{}", alert.identifier);
            assert!(alert.color <= WarningColor::Yellow);
            assert!(alert.xml(Realm::Exercise, "厦门市", Default::default()).contains("<status>Exercise</status>"));
        }
    }
}
