//! An alert from its XML, event by event: the typed readers there are wait for ever on some damaged documents.

use super::{Alert, Area, CapError, Info, MAX_ALERT_BYTES, MsgType, Status};
use gulang_city::{LonLat, Timestamp};
use std::borrow::Cow;
use xml::reader::{ParserConfig2, XmlEvent};

const CAP_1_2: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// Texts are cut to this many characters.
const MAX_TEXT: usize = 8_000;
/// An honest alert is five deep.
const MAX_DEPTH: usize = 12;
const MAX_INFOS: usize = 16;
const MAX_AREAS: usize = 256;
const MAX_CORNERS: usize = 20_000;

/// Reads one alert. UTF-8 (with or without its mark), UTF-16 with its mark, GB18030, GBK and GB2312 as declared.
pub fn read_alert(bytes: &[u8]) -> Result<Alert, CapError> {
    let text = text_of_xml(bytes)?;
    let mut alert: Option<Draft> = None;
    let mut path: Vec<String> = Vec::new();
    let mut text_here = String::new();
    for read in reader(&text) {
        match read.map_err(|why| CapError::Xml(why.to_string()))? {
            XmlEvent::StartElement { name, .. } => {
                if path.is_empty() && (name.local_name != "alert" || name.namespace.as_deref() != Some(CAP_1_2)) {
                    return Err(CapError::NotCap);
                }
                path.push(name.local_name);
                if path.len() > MAX_DEPTH {
                    return Err(CapError::Xml("层次太深".into()));
                }
                text_here.clear();
                alert.get_or_insert_with(Draft::default).open(&path)?;
            }
            XmlEvent::EndElement { .. } => {
                if let Some(alert) = &mut alert {
                    alert.leaf(&path, text_here.trim());
                }
                text_here.clear();
                path.pop();
            }
            XmlEvent::Characters(some) | XmlEvent::CData(some) => {
                // A polygon is one text; all else is cut.
                let most = if path.last().is_some_and(|it| it == "polygon") { MAX_CORNERS * 40 } else { MAX_TEXT };
                let room = most.saturating_sub(text_here.len());
                text_here.extend(some.chars().take(room));
            }
            _ => {}
        }
    }
    alert.ok_or(CapError::NotCap)?.finish()
}

/// The document as text, with no declaration the reader would stumble over.
pub(super) fn text_of_xml(bytes: &[u8]) -> Result<Cow<'_, str>, CapError> {
    if bytes.len() > MAX_ALERT_BYTES {
        return Err(CapError::TooLarge { n_bytes: bytes.len() });
    }
    let encoding = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => match declared(bytes) {
            None => encoding_rs::UTF_8,
            Some(name) => encoding_rs::Encoding::for_label(name.as_bytes()).ok_or(CapError::Encoding(name))?,
        },
    };
    let (text, used, had_errors) = encoding.decode(bytes);
    if had_errors {
        return Err(CapError::Encoding(used.name().to_owned()));
    }
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(CapError::Entities);
    }
    // What is text already has no encoding any more.
    let trimmed = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let body = match trimmed.strip_prefix("<?xml").and_then(|it| it.find("?>").map(|end| end + 7)) {
        Some(end) => trimmed.get(end..).unwrap_or_default(),
        None => trimmed,
    };
    Ok(Cow::Owned(body.to_owned()))
}

/// The encoding the declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(200))?).into_owned();
    let declaration = head.trim_start().strip_prefix("<?xml")?;
    let declaration = declaration.get(..declaration.find("?>")?)?;
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    after.get(1..)?.split(quote).next().map(str::to_owned)
}

pub(super) fn reader(text: &str) -> xml::EventReader<&[u8]> {
    let config = ParserConfig2::new()
        .max_attributes(64)
        .max_attribute_length(MAX_ALERT_BYTES)
        .max_data_length(MAX_ALERT_BYTES)
        .max_name_length(256)
        .max_entity_expansion_length(1024)
        .max_entity_expansion_depth(1);
    config.create_reader(text.as_bytes())
}

/// The alert while it is read: leaves by name, areas and infos as they open.
#[derive(Default)]
struct Draft {
    identifier: String,
    sender: String,
    sent: String,
    status: String,
    msg_type: String,
    note: String,
    references: String,
    infos: Vec<Info>,
    /// The `valueName` that waits for its `value`.
    value_name: String,
}

impl Draft {
    fn open(&mut self, path: &[String]) -> Result<(), CapError> {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names[..] {
            [_, "info"] => {
                if self.infos.len() >= MAX_INFOS {
                    return Err(CapError::Field("info 太多"));
                }
                self.infos.push(Info::default());
            }
            [_, "info", "area"] => {
                if let Some(info) = self.infos.last_mut() {
                    if info.areas.len() >= MAX_AREAS {
                        return Err(CapError::Field("area 太多"));
                    }
                    info.areas.push(Area::default());
                }
            }
            [_, "info", "eventCode" | "parameter"] | [_, "info", "area", "geocode"] => self.value_name.clear(),
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, path: &[String], text: &str) {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names[..] {
            [_, name] => {
                let field = match name {
                    "identifier" => &mut self.identifier,
                    "sender" => &mut self.sender,
                    "sent" => &mut self.sent,
                    "status" => &mut self.status,
                    "msgType" => &mut self.msg_type,
                    "note" => &mut self.note,
                    "references" => &mut self.references,
                    _ => return,
                };
                text.clone_into(field);
            }
            [_, "info", "eventCode" | "parameter", "valueName"] | [_, "info", "area", "geocode", "valueName"] => {
                text.clone_into(&mut self.value_name);
            }
            [_, "info", ref rest @ ..] => {
                let name = std::mem::take(&mut self.value_name);
                let Some(info) = self.infos.last_mut() else { return };
                // Only the value belonging to the name uses it up.
                if rest.last() != Some(&"value") {
                    self.value_name = name.clone();
                }
                leaf_of_info(info, rest, text, name);
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<Alert, CapError> {
        let status = match self.status.as_str() {
            "Actual" => Status::Actual,
            "Exercise" => Status::Exercise,
            "System" => Status::System,
            "Test" => Status::Test,
            "Draft" => Status::Draft,
            _ => return Err(CapError::Field("status")),
        };
        let msg_type = match self.msg_type.as_str() {
            "Alert" => MsgType::Alert,
            "Update" => MsgType::Update,
            "Cancel" => MsgType::Cancel,
            "Ack" => MsgType::Ack,
            "Error" => MsgType::Error,
            _ => return Err(CapError::Field("msgType")),
        };
        if self.identifier.is_empty() {
            return Err(CapError::Field("identifier"));
        }
        let referred = |it: &str| it.split(',').nth(1).filter(|id| !id.is_empty()).map(str::to_owned);
        Ok(Alert {
            sent: Timestamp::parse(&self.sent).ok_or(CapError::Field("sent"))?,
            references: self.references.split_whitespace().filter_map(referred).collect(),
            identifier: self.identifier,
            sender: self.sender,
            status,
            msg_type,
            note: self.note,
            infos: self.infos,
        })
    }
}

fn leaf_of_info(info: &mut Info, rest: &[&str], text: &str, value_name: String) {
    let own = || text.to_owned();
    match rest {
        ["language"] => info.language = own(),
        ["event"] => info.event = own(),
        ["eventCode", "value"] => info.event_codes.push(own()),
        ["severity"] => info.severity = own(),
        ["effective"] => info.effective = Timestamp::parse(text),
        ["onset"] => info.onset = Timestamp::parse(text),
        ["expires"] => info.expires = Timestamp::parse(text),
        ["senderName"] => info.sender_name = own(),
        ["headline"] => info.headline = own(),
        ["description"] => info.description = own(),
        ["instruction"] => info.instruction = own(),
        ["parameter", "value"] => info.parameters.push((value_name, own())),
        ["area", rest @ ..] => {
            let Some(area) = info.areas.last_mut() else { return };
            match rest {
                ["areaDesc"] => area.description = own(),
                ["polygon"] => area.polygons.extend(polygon(text)),
                ["circle"] => area.circles.extend(circle(text)),
                ["geocode", "value"] => area.geocodes.push((value_name, own())),
                _ => {}
            }
        }
        _ => {}
    }
}

/// `lat,lon lat,lon …`, closed. One corner that is none makes it no polygon.
fn polygon(text: &str) -> Option<Vec<LonLat>> {
    let mut corners: Vec<LonLat> = text.split_whitespace().map(place).collect::<Option<_>>()?;
    if corners.first() == corners.last() {
        corners.pop();
    }
    (corners.len() >= 3 && corners.len() <= MAX_CORNERS).then_some(corners)
}

/// `lat,lon radius`, km.
fn circle(text: &str) -> Option<(LonLat, f64)> {
    let (center, radius) = text.split_once(char::is_whitespace)?;
    let radius: f64 = radius.trim().parse().ok().filter(|it| (0.0..=20_100.0).contains(it))?;
    Some((place(center)?, radius))
}

/// `lat,lon`.
fn place(text: &str) -> Option<LonLat> {
    let (lat, lon) = text.split_once(',')?;
    Some(LonLat(lon.trim().parse().ok()?, lat.trim().parse().ok()?)).filter(|it| it.is_sane())
}
