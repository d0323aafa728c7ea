//! What an event means for the city.
//!
//! Who is known is a team's position; who is not is a thing of the register `cot`. An emergency (`b-a-o-…`) of a person in
//! the street becomes a case of the highest level, the one command that a platform may give and that shows a place in every
//! list until somebody dealt with it; taken back, the case is closed. A chat line of a team that is out is its word. What is
//! drawn on others' maps stays theirs.

use super::{Event, Opex};
use crate::{Heard, News};
use gulang_city::{
    AgencyId, CaseKind, CaseReport, CaseStage, Command, DistrictId, Fix, LonLat, PlatformId, Realm, Text, ThingState,
    Timestamp, WarningColor,
};
use std::collections::BTreeMap;

/// The register of what nobody here knows.
const REGISTER: &str = "cot";
/// A clock of theirs may be ahead so much; what is further is refused, ms.
const MAX_AHEAD_MS: i64 = 5 * 60_000;
/// An emergency is to be dealt with within, minutes. Our assumption.
const ALERT_DUE_MINS: i64 = 60;

/// Who is who, and where what goes.
#[derive(Clone, Debug)]
pub struct Known {
    pub platform: PlatformId,
    /// An event of the other realm is refused.
    pub realm: Realm,
    /// Team ids by uid, and by callsign: the team's name.
    pub by_uid: BTreeMap<Text, Text>,
    pub by_callsign: BTreeMap<Text, Text>,
    /// Where emergencies go; refused where there is nobody.
    pub alerts: Option<AlertTo>,
}

/// Who deals with emergencies, and the districts by their centres.
#[derive(Clone, Debug)]
pub struct AlertTo {
    pub agency: AgencyId,
    pub districts: Vec<(DistrictId, LonLat)>,
}

impl Known {
    /// Pings mean nothing; whoever has the wire answers them.
    pub fn meaning(&self, event: &Event, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        let what = format!("{} {}", event.kind, event.uid);
        if let Some(why) = self.foreign(event.opex) {
            heard.refuse(&what, why);
        } else if event.time.since_ms(now) > MAX_AHEAD_MS {
            heard.refuse(&what, "时间在五分钟以后，终端的时钟不对");
        } else if event.kind.starts_with("a-") {
            heard.news.extend(self.sighting(event, now));
        } else if event.kind.starts_with("b-a-") {
            match self.alert(event, now) {
                Ok(command) => heard.commands.push(command),
                Err(why) => heard.refuse(&what, why),
            }
        } else if event.kind.starts_with(super::kinds::CHAT) {
            heard.commands.extend(self.word(event));
        }
        heard
    }

    /// Why an event is not for this realm.
    fn foreign(&self, opex: Opex) -> Option<&'static str> {
        match (self.realm, opex) {
            (Realm::Actual, Opex::Exercise | Opex::Simulation) => Some("演练或仿真的事件（opex），不进实战"),
            (Realm::Exercise, Opex::Operation) => Some("实战的事件（opex），不进演练"),
            _ => None,
        }
    }

    fn team(&self, uid: &str, callsign: Option<&str>) -> Option<&Text> {
        self.by_uid.get(uid).or_else(|| self.by_callsign.get(callsign?))
    }

    fn sighting(&self, event: &Event, now: Timestamp) -> Option<News> {
        let place = event.place?;
        // A telephone's clock a little ahead must not make its next fix look older.
        let at = event.time.min(now);
        let (heading, speed) = event.track.map_or((f32::NAN, 0.0), |it| (it.course, it.speed));
        let Some(team) = self.team(&event.uid, event.callsign.as_deref()) else {
            let state = if event.stale < now { ThingState::Offline } else { ThingState::Normal };
            let (register, thing) = (REGISTER.into(), event.uid.as_str().into());
            return Some(News::Thing { register, thing, place: Some(place), heading, state, at });
        };
        // `hae` is above the ellipsoid; without the geoid it is no height above ground.
        let battery = event.battery.unwrap_or(f32::NAN);
        let fix = Fix { lon: place.lon(), lat: place.lat(), height: 0.0, heading, speed, battery, mode: 0, at };
        Some(News::Team { team: team.clone(), fix })
    }

    fn alert(&self, event: &Event, now: Timestamp) -> Result<Command, &'static str> {
        let to = self.alerts.as_ref().ok_or("求助没有人收：在 options.alert_agency 里写明交给哪个部门")?;
        let at = event.place.ok_or("求助没有位置")?;
        let nearest = to.districts.iter().min_by(|a, b| a.1.distance_m(at).total_cmp(&b.1.distance_m(at)));
        let (district, _) = nearest.ok_or("求助的地点不在任何区")?;
        let who = event.callsign.as_deref().unwrap_or(&event.uid);
        let is_over = event.is_cancelled || event.kind == super::kinds::ALERT_CANCELLED;
        let reported_at = event.time.min(now);
        let report = CaseReport {
            external: event.uid.as_str().into(),
            platform: self.platform.clone(),
            kind: CaseKind::Event,
            title: format!("现场求助：{who}").into(),
            address: if event.remarks.is_empty() {
                "以地图位置为准".into()
            } else {
                event.remarks.as_str().into()
            },
            at,
            district: district.clone(),
            agency: to.agency.clone(),
            color: WarningColor::Red,
            reported_at,
            due_at: reported_at.plus_mins(ALERT_DUE_MINS),
        };
        let stage = if is_over { CaseStage::Closed } else { CaseStage::Filed };
        Ok(Command::ReportCase { report, stage, stage_at: reported_at })
    }

    fn word(&self, event: &Event) -> Option<Command> {
        let chat = event.chat.as_ref()?;
        let team = self.team(&chat.sender_uid, Some(&chat.sender))?;
        Some(Command::CheckIn { team: (&**team).into(), note: event.remarks.as_str().into() })
    }
}
