//! One event from its XML, element by element.

use super::{CotError, Event, MAX_EVENT_BYTES, Opex, Track};
use gulang_city::{LonLat, Timestamp};
use xml::{
    attribute::OwnedAttribute,
    reader::{ParserConfig2, XmlEvent},
};

/// What CoT writes where it does not know.
const UNKNOWN: f64 = 9_999_999.0;
/// Texts are cut to this many characters.
const MAX_TEXT: usize = 2_000;
/// Deeper details are nobody's.
const MAX_DEPTH: usize = 24;

/// Reads one event with all that is before its end.
pub fn read_event(bytes: &[u8]) -> Result<Event, CotError> {
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(CotError::TooLarge);
    }
    if bytes.first() == Some(&0xBF) {
        return Err(CotError::Protobuf);
    }
    let text = std::str::from_utf8(bytes).map_err(|why| CotError::Encoding { at: why.valid_up_to() })?;
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(CotError::Entities);
    }
    let config = ParserConfig2::new()
        .max_attributes(64)
        .max_attribute_length(MAX_EVENT_BYTES)
        .max_data_length(MAX_EVENT_BYTES)
        .max_name_length(256)
        .max_entity_expansion_length(1024)
        .max_entity_expansion_depth(1);
    let mut event = None;
    let mut path: Vec<String> = Vec::new();
    for read in config.create_reader(text.trim_start().as_bytes()) {
        match read.map_err(|why| CotError::Xml(why.to_string()))? {
            XmlEvent::StartElement { name, attributes, .. } => {
                path.push(name.local_name);
                if path.len() > MAX_DEPTH {
                    return Err(CotError::Xml("层次太深".into()));
                }
                let attributes = Attributes(&attributes);
                match (&mut event, path.as_slice()) {
                    (None, [root]) if root == "event" => event = Some(envelope(&attributes)?),
                    (None, _) => return Err(CotError::Xml("根元素不是 event".into())),
                    (Some(event), [_, rest @ ..]) => element(event, rest, &attributes),
                    (Some(_), []) => {}
                }
            }
            XmlEvent::EndElement { .. } => {
                path.pop();
            }
            XmlEvent::Characters(text) | XmlEvent::CData(text) => {
                if let (Some(event), [_, detail, remarks]) = (&mut event, path.as_slice())
                    && detail == "detail"
                    && remarks == "remarks"
                {
                    let room = MAX_TEXT.saturating_sub(event.remarks.chars().count());
                    event.remarks.extend(text.chars().filter(|it| !it.is_control()).take(room));
                }
            }
            _ => {}
        }
    }
    event.ok_or_else(|| CotError::Xml("没有 event 元素".into()))
}

struct Attributes<'a>(&'a [OwnedAttribute]);

impl Attributes<'_> {
    /// Cut, and without control characters; `None` if it is missing or empty.
    fn text(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|it| it.name.local_name == name)?;
        let text: String = found.value.trim().chars().filter(|it| !it.is_control()).take(MAX_TEXT).collect();
        Some(text).filter(|it| !it.is_empty())
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok().filter(|it: &f64| it.is_finite())
    }

    /// A measure that may be unknown.
    fn known(&self, name: &str) -> Option<f64> {
        self.number(name).filter(|it| it.abs() < UNKNOWN)
    }

    fn time(&self, name: &'static str) -> Result<Timestamp, CotError> {
        self.text(name).and_then(|it| Timestamp::parse(&it)).ok_or(CotError::Field(name))
    }
}

fn envelope(attributes: &Attributes<'_>) -> Result<Event, CotError> {
    let text = |name: &'static str| attributes.text(name).ok_or(CotError::Field(name));
    Ok(Event {
        uid: text("uid")?,
        kind: text("type")?,
        how: attributes.text("how").unwrap_or_default(),
        time: attributes.time("time")?,
        start: attributes.time("start")?,
        stale: attributes.time("stale")?,
        opex: match attributes.text("opex").and_then(|it| it.chars().next()) {
            Some('o') => Opex::Operation,
            Some('e') => Opex::Exercise,
            Some('s') => Opex::Simulation,
            _ => Opex::Unsaid,
        },
        ..Event::default()
    })
}

/// One element below `event`, by its path there.
fn element(event: &mut Event, path: &[String], attributes: &Attributes<'_>) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["point"] => {
            let place = attributes.number("lon").zip(attributes.number("lat")).map(|(lon, lat)| LonLat(lon, lat));
            event.place = place.filter(|it| it.is_sane() && *it != LonLat(0.0, 0.0));
            event.hae_m = attributes.known("hae");
            event.ce_m = attributes.known("ce");
            event.le_m = attributes.known("le");
        }
        ["detail", "contact"] => event.callsign = attributes.text("callsign"),
        ["detail", "track"] => {
            let course = attributes.number("course").map_or(f32::NAN, |it| it.rem_euclid(360.0) as f32);
            let speed = attributes.known("speed").filter(|it| *it >= 0.0).map_or(0.0, |it| it as f32);
            event.track = Some(Track { course, speed });
        }
        ["detail", "status"] => {
            event.battery = attributes.number("battery").filter(|it| (0.0..=100.0).contains(it)).map(|it| it as f32);
        }
        ["detail", "__chat"] => {
            let chat = event.chat.get_or_insert_default();
            chat.sender = attributes.text("senderCallsign").unwrap_or_default();
            chat.room = attributes.text("chatroom").unwrap_or_default();
        }
        ["detail", "__chat", "chatgrp"] => {
            event.chat.get_or_insert_default().sender_uid = attributes.text("uid0").unwrap_or_default();
        }
        ["detail", "emergency"] => {
            event.is_cancelled = attributes.text("cancel").as_deref() == Some("true");
        }
        _ => {}
    }
}
