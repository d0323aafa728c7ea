//! What an alert means for a city of a realm.

use super::{Alert, Area, Identifier, Info, MsgType, Status, event_type};
use crate::Heard;
use gulang_city::{Command, DistrictId, Hazard, LonLat, Realm, Text, Warning, WarningColor, WarningId, is_in_ring};

/// An alert that names no end is in force for a day.
const DEFAULT_MINS: i64 = 24 * 60;

/// A district, by places that stand for it: its middle, its towns'.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    pub district: DistrictId,
    pub places: Vec<LonLat>,
}

/// For whom an alert is read.
#[derive(Clone, Copy, Debug)]
pub struct Meaning<'a> {
    pub realm: Realm,
    /// The city's six-digit code (GB/T 2260), such as `350200`; empty if it is not known.
    pub division: &'a str,
    pub zones: &'a [Zone],
}

/// Commands of one alert, or why there are none. An alert of the other realm, a test, a draft, an acknowledgement is told as
/// refused: nothing goes by unseen.
pub fn meaning(alert: &Alert, about: Meaning<'_>) -> Heard {
    let mut heard = Heard::default();
    match commands(alert, about) {
        Ok(commands) => heard.commands = commands,
        Err(why) => heard.refuse(&alert.identifier, why),
    }
    heard
}

fn commands(alert: &Alert, about: Meaning<'_>) -> Result<Vec<Command>, String> {
    let exercise = match (alert.status, about.realm) {
        (Status::Actual, Realm::Actual) => false,
        (Status::Exercise, Realm::Exercise) => true,
        (Status::Actual, Realm::Exercise) => return Err("实战预警，不进入演练".into()),
        (Status::Exercise, Realm::Actual) => return Err("演练预警（status=Exercise），不进入实战".into()),
        (Status::Test, _) => return Err("测试报文（status=Test），不采用".into()),
        (Status::System, _) => return Err("系统报文（status=System），不采用".into()),
        (Status::Draft, _) => return Err("草稿（status=Draft），不采用".into()),
    };
    let cancel = |id: &String| Command::CancelWarning { warning: WarningId::from(id.as_str()) };
    match alert.msg_type {
        MsgType::Ack => return Err("回执（msgType=Ack），不是预警".into()),
        MsgType::Error => return Err(format!("发布方报错（msgType=Error）：{}", alert.note)),
        MsgType::Cancel if alert.references.is_empty() => return Err("解除没有指明哪一条（references）".into()),
        MsgType::Cancel => return Ok(alert.references.iter().map(cancel).collect()),
        MsgType::Alert | MsgType::Update => {}
    }
    let info = alert.info().ok_or("没有 info")?;
    let districts = districts_of(info, about).ok_or("发布范围不含本市")?;
    let headline = if info.headline.is_empty() { &info.event } else { &info.headline };
    let sender = if info.sender_name.is_empty() { &alert.sender } else { &info.sender_name };
    let warning = Warning {
        id: alert.identifier.as_str().into(),
        hazard: hazard_of(info),
        color: color_of(info).ok_or("看不出颜色")?,
        headline: Text::from(headline.as_str()),
        sender: Text::from(sender.as_str()),
        sent_at: alert.sent,
        expires_at: info.expires.unwrap_or(alert.sent.plus_mins(DEFAULT_MINS)),
        districts,
        cancelled: false,
        exercise,
    };
    let mut commands = vec![Command::IssueWarning { warning }];
    // What it updates is in force no longer; the new one first, so that no moment is without.
    if alert.msg_type == MsgType::Update {
        commands.extend(alert.references.iter().filter(|it| **it != alert.identifier).map(cancel));
    }
    Ok(commands)
}

fn hazard_of(info: &Info) -> Hazard {
    if let Some(known) = info.event_codes.iter().find_map(|it| event_type(it)) {
        return known.hazard;
    }
    let is_in = |word: &str| info.event.contains(word) || info.headline.contains(word);
    let by_word = [
        ("台风", Hazard::Typhoon),
        ("暴雨", Hazard::Rainstorm),
        ("强降雨", Hazard::Rainstorm),
        ("森林火险", Hazard::ForestFire),
        ("地震", Hazard::Earthquake),
    ];
    by_word.iter().find(|(word, _)| is_in(word)).map_or(Hazard::Other, |it| it.1)
}

/// The headline's own word first, then the profile's parameter [G], then the standard's severity.
fn color_of(info: &Info) -> Option<WarningColor> {
    let words = [&info.headline, &info.event];
    let named = |text: &str| WarningColor::ALL.into_iter().rev().find(|it| text.contains(&format!("{}色", it.glyph())));
    let severities = || {
        let own = info.parameters.iter().filter(|(name, _)| name.eq_ignore_ascii_case("severity"));
        own.map(|it| it.1.as_str()).chain([info.severity.as_str()])
    };
    let of_severity = |it: &str| match it.to_ascii_lowercase().as_str() {
        "red" | "extreme" => Some(WarningColor::Red),
        "orange" | "severe" => Some(WarningColor::Orange),
        "yellow" | "moderate" => Some(WarningColor::Yellow),
        "blue" | "minor" => Some(WarningColor::Blue),
        _ => None,
    };
    words.into_iter().find_map(|it| named(it)).or_else(|| severities().find_map(of_severity))
}

/// The districts it speaks of: empty for the whole city, `None` if it speaks of other places only.
fn districts_of(info: &Info, about: Meaning<'_>) -> Option<Vec<DistrictId>> {
    let areas = &info.areas;
    let is_bare = |it: &Area| it.polygons.is_empty() && it.circles.is_empty() && it.geocodes.is_empty();
    if areas.iter().all(is_bare) {
        return Some(Vec::new());
    }
    let codes = || areas.iter().flat_map(|it| &it.geocodes).map(|it| it.1.trim());
    if codes().any(|code| is_about_city(code, about)) {
        return Some(Vec::new());
    }
    let covers = |place: LonLat| {
        areas.iter().any(|area| {
            area.polygons.iter().any(|ring| is_in_ring(place, ring))
                || area.circles.iter().any(|(center, km)| center.distance_m(place) <= km * 1000.0)
        })
    };
    let is_meant = |zone: &&Zone| {
        let by_code = codes().any(|code| code.get(..6) == Some(zone.district.as_str()));
        by_code || zone.places.iter().any(|it| covers(*it))
    };
    let meant: Vec<DistrictId> = about.zones.iter().filter(is_meant).map(|it| it.district.clone()).collect();
    if meant.is_empty() {
        return None;
    }
    // All of them are the city.
    Some(if meant.len() == about.zones.len() { Vec::new() } else { meant })
}

/// A code of the whole city, its province, or the country.
fn is_about_city(code: &str, about: Meaning<'_>) -> bool {
    let Some(code) = code.get(..6).filter(|it| it.bytes().all(|byte| byte.is_ascii_digit())) else { return false };
    let (province, city) = (about.division.get(..2), about.division.get(..4));
    code == "000000"
        || code == "100000"
        || (code.ends_with("0000") && code.get(..2) == province)
        || (code.ends_with("00") && !code.ends_with("0000") && code.get(..4) == city)
}

impl Alert {
    /// The division its identifier names, if it is of the Chinese profile.
    pub fn division(&self) -> Option<String> {
        Identifier::parse(&self.identifier).ok().map(|it| it.division)
    }
}
