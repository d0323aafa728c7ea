//! Events into bytes.

use super::{Event, Opex};
use gulang_city::Timestamp;
use std::fmt::Write;

impl Event {
    /// One event as TAK servers take it: no declaration, one line.
    pub fn to_xml(&self) -> String {
        let mut xml = String::with_capacity(600);
        let [time, start, stale] = [self.time, self.start, self.stale].map(iso);
        // Writing to a String cannot fail.
        let _ = write!(
            xml,
            r#"<event version="2.0" uid="{}" type="{}" how="{}" time="{time}" start="{start}" stale="{stale}""#,
            escaped(&self.uid),
            escaped(&self.kind),
            escaped(if self.how.is_empty() { "m-g" } else { &self.how }),
        );
        xml.push_str(match self.opex {
            Opex::Unsaid => "",
            Opex::Operation => r#" opex="o""#,
            Opex::Exercise => r#" opex="e""#,
            Opex::Simulation => r#" opex="s""#,
        });
        let place = self.place.unwrap_or_default();
        let known = |it: Option<f64>| it.filter(|it| it.is_finite()).unwrap_or(9_999_999.0);
        let _ = write!(
            xml,
            r#"><point lat="{:.7}" lon="{:.7}" hae="{:.1}" ce="{:.1}" le="{:.1}"/><detail>"#,
            place.lat(),
            place.lon(),
            known(self.hae_m),
            known(self.ce_m),
            known(self.le_m),
        );
        if let Some(callsign) = &self.callsign {
            let _ = write!(xml, r#"<contact callsign="{}"/>"#, escaped(callsign));
        }
        if let Some(track) = self.track.filter(|it| it.course.is_finite() && it.speed.is_finite()) {
            let _ = write!(xml, r#"<track course="{:.1}" speed="{:.2}"/>"#, track.course, track.speed);
        }
        if let Some(battery) = self.battery.filter(|it| it.is_finite()) {
            let _ = write!(xml, r#"<status battery="{battery:.0}"/>"#);
        }
        if let Some(chat) = &self.chat {
            let (sender, room, uid) = (escaped(&chat.sender), escaped(&chat.room), escaped(&chat.sender_uid));
            let _ =
                write!(xml, r#"<__chat senderCallsign="{sender}" chatroom="{room}"><chatgrp uid0="{uid}"/></__chat>"#);
        }
        if self.is_cancelled {
            xml.push_str(r#"<emergency cancel="true"/>"#);
        }
        if !self.remarks.is_empty() {
            let _ = write!(xml, "<remarks>{}</remarks>", escaped(&self.remarks));
        }
        xml.push_str("</detail></event>");
        xml
    }

    /// The answer to a ping.
    pub fn pong(now: Timestamp) -> Self {
        Self {
            uid: "takPong".into(),
            kind: super::kinds::PONG.into(),
            how: "m-g".into(),
            time: now,
            start: now,
            stale: now.plus_secs(20),
            ..Self::default()
        }
    }

    /// What keeps a connection open.
    pub fn ping(uid: &str, now: Timestamp) -> Self {
        let kind = super::kinds::PING.into();
        Self {
            uid: uid.into(),
            kind,
            how: "m-g".into(),
            time: now,
            start: now,
            stale: now.plus_secs(20),
            ..Self::default()
        }
    }
}

/// `2023-07-27T02:00:00.000Z`.
fn iso(at: Timestamp) -> String {
    // Outside jiff's years there is no calendar.
    let instant = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// For attributes and text; what XML 1.0 does not allow is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            it if it.is_control() || matches!(it, '\u{FFFE}' | '\u{FFFF}') => {}
            it => out.push(it),
        }
    }
    out
}
