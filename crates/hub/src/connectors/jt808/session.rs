//! One terminal's conversation, without its socket: bytes in; news, commands and answers out.

use super::Desk;
use crate::things::made::told;
use gulang_city::{LonLat, Text, Timestamp};
use gulang_platforms::{
    Heard,
    jt808::{
        AlarmBit, Auth, Edition, Frame, Framer, FromTerminal, Jt808Error, Packs, Position, Register, Registered, Taken,
        ToTerminal, seal,
    },
};

/// So many frames in a row that could not be read: it is no terminal.
const MAX_FAULTS: u32 = 20;
/// A longer plate is none, characters.
const MAX_PLATE_CHARS: usize = 24;

/// What is known of who speaks.
#[derive(Debug, Default)]
pub(super) struct Session {
    framer: Framer,
    packs: Packs,
    who: Option<Who>,
    /// Of our own messages.
    serial: u16,
    n_faults: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Who {
    phone: Text,
    /// What it is called in its register: its plate, or its phone number where it never told one.
    thing: Text,
    register: Text,
    /// It may report.
    is_in: bool,
}

/// What some bytes came to.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) heard: Heard,
    /// To be sent once what was heard is recorded.
    pub(super) answers: Vec<u8>,
    pub(super) n_frames: u32,
    /// Hang up after that.
    pub(super) is_over: bool,
}

impl Session {
    pub(super) fn hear(&mut self, desk: &Desk, bytes: &[u8]) -> Turn {
        let mut turn = Turn::default();
        let mut frames = Vec::new();
        self.framer.feed(bytes, |it| frames.push(it));
        for frame in frames {
            turn.n_frames += 1;
            let read = frame.and_then(|it| self.packs.take(it));
            match read {
                Ok(Some(frame)) => {
                    self.n_faults = 0;
                    self.take(desk, &frame, &mut turn);
                }
                Ok(None) => self.n_faults = 0,
                Err(fault) => self.fault(&fault, "", &mut turn),
            }
            if turn.is_over {
                break;
            }
        }
        turn
    }

    fn take(&mut self, desk: &Desk, frame: &Frame, turn: &mut Turn) {
        // One connection is one terminal: another number starts anew.
        if self.who.as_ref().is_some_and(|it| it.phone != frame.phone) {
            self.who = None;
        }
        let said = match FromTerminal::read(frame) {
            Ok(said) => said,
            Err(fault) => {
                self.fault(&fault, &frame.phone, turn);
                return self.reply(frame, Taken::Wrong, turn);
            }
        };
        match said {
            FromTerminal::Register(register) => self.register(desk, frame, &register, turn),
            FromTerminal::Auth(auth) => self.authenticate(desk, frame, &auth, turn),
            FromTerminal::Logout => {
                desk.forget(&frame.phone);
                self.who = None;
                self.reply(frame, Taken::Yes, turn);
            }
            FromTerminal::Reply { .. } => {}
            FromTerminal::Heartbeat => {
                let taken = if self.is_in(desk, &frame.phone) { Taken::Yes } else { Taken::Failed };
                self.reply(frame, taken, turn);
            }
            FromTerminal::Position(position) => {
                let taken = self.positions(desk, &frame.phone, std::slice::from_ref(&*position), turn);
                self.reply(frame, taken, turn);
            }
            FromTerminal::Located { position, .. } => {
                // The answer to our question; it is not answered again.
                self.positions(desk, &frame.phone, std::slice::from_ref(&*position), turn);
            }
            FromTerminal::Batch { positions, n_bad, .. } => {
                if n_bad > 0 {
                    turn.heard.refuse(&format!("{} 的批量定位", frame.phone), format!("{n_bad} 条读不懂"));
                }
                let taken = self.positions(desk, &frame.phone, &positions, turn);
                self.reply(frame, taken, turn);
            }
            FromTerminal::Media { number, n_bytes } => {
                tracing::debug!(phone = &*frame.phone, number, n_bytes, "a picture of a terminal was noted");
                self.say(frame.edition, &frame.phone, &ToTerminal::MediaTaken { number }, turn);
            }
            FromTerminal::Other { .. } => self.reply(frame, Taken::Unsupported, turn),
        }
    }

    fn register(&mut self, desk: &Desk, frame: &Frame, register: &Register, turn: &mut Turn) {
        let plate = register.plate.trim();
        let is_plate = !plate.is_empty() && plate.chars().count() <= MAX_PLATE_CHARS && !plate.contains('|');
        let result = match is_plate {
            true => desk.admits(plate, &register.terminal),
            // A vehicle without a plate goes by its number.
            false if desk.is_open() => Registered::Yes,
            false => Registered::NoVehicle,
        };
        let plate = if is_plate { plate } else { &frame.phone };
        let token = if result == Registered::Yes { desk.token(&frame.phone, plate) } else { String::new() };
        if result != Registered::Yes {
            turn.heard.refuse(&format!("终端 {} 车牌 {plate} 注册", frame.phone), "不在配置的车辆名单里");
        }
        self.say(frame.edition, &frame.phone, &ToTerminal::Registered { serial: frame.serial, result, token }, turn);
    }

    fn authenticate(&mut self, desk: &Desk, frame: &Frame, auth: &Auth, turn: &mut Turn) {
        let plate = desk.plate_of(&frame.phone, &auth.token);
        let Some(plate) = plate.or_else(|| desk.is_open().then(|| frame.phone.clone())) else {
            turn.heard.refuse(&format!("终端 {} 鉴权", frame.phone), "鉴权码不对，要重新注册");
            return self.reply(frame, Taken::Failed, turn);
        };
        self.who =
            Some(Who { register: desk.register_of(&plate), thing: plate, phone: frame.phone.clone(), is_in: true });
        self.reply(frame, Taken::Yes, turn);
        // Where it is now, before its own interval comes round.
        self.say(frame.edition, &frame.phone, &ToTerminal::AskPosition, turn);
    }

    /// Whether it may report; where the desk is open, also one that never authenticated.
    fn is_in(&mut self, desk: &Desk, phone: &Text) -> bool {
        if self.who.is_none() && desk.is_open() {
            let who =
                Who { phone: phone.clone(), thing: phone.clone(), register: desk.register_of(phone), is_in: true };
            self.who = Some(who);
        }
        self.who.as_ref().is_some_and(|it| it.is_in)
    }

    fn positions(&mut self, desk: &Desk, phone: &Text, positions: &[Position], turn: &mut Turn) -> Taken {
        if !self.is_in(desk, phone) {
            return Taken::Failed;
        }
        let Some(who) = &self.who else { return Taken::Failed };
        for position in positions {
            turn.heard.news.push(position.news(&who.register, &who.thing));
            let (changed, place) = desk.changed_alarms(phone, position);
            for bit in AlarmBit::of(changed) {
                let Some(breach) = bit.breach() else { continue };
                let is_on = position.alarms & bit.mask() != 0;
                match place {
                    Some(place) => {
                        turn.heard.commands.push(told(&who.register, &who.thing, breach, is_on, place, position.time));
                    }
                    None if is_on => {
                        let what = format!("{} {}", who.thing, bit.name_zh());
                        turn.heard.refuse(&what, "终端没有定位，不知道在哪里：用电话联系驾驶员");
                    }
                    None => {}
                }
            }
        }
        Taken::Yes
    }

    fn fault(&mut self, fault: &Jt808Error, phone: &str, turn: &mut Turn) {
        self.n_faults += 1;
        let who = self.who.as_ref().map_or(phone, |it| &it.thing);
        // The first tells what is wrong; a stream of garbage must not fill the log.
        if self.n_faults == 1 {
            turn.heard.refuse(&format!("终端 {who} 的报文"), format!("{fault}；{}", fault.remedy()));
        }
        turn.is_over |= self.n_faults >= MAX_FAULTS;
    }

    fn reply(&mut self, frame: &Frame, taken: Taken, turn: &mut Turn) {
        let reply = ToTerminal::Reply { serial: frame.serial, id: frame.id, taken };
        self.say(frame.edition, &frame.phone, &reply, turn);
    }

    fn say(&mut self, edition: Edition, phone: &str, said: &ToTerminal, turn: &mut Turn) {
        let (id, body) = said.write(edition);
        turn.answers.extend(seal(id, edition, phone, &mut self.serial, &body));
    }
}

/// What a terminal last told of itself, kept from connection to connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) alarms: u32,
    pub(super) at: Timestamp,
    pub(super) place: Option<LonLat>,
}

#[cfg(test)]
mod tests {
    use super::super::{Admission, Desk};
    use super::*;
    use gulang_city::{Breach, Command, ThingState};
    use gulang_platforms::{News, jt808::Status};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const PHONE: &str = "13900000001";

    fn position(alarms: u32, secs: i64) -> FromTerminal {
        FromTerminal::Position(Box::new(Position {
            alarms,
            status: Status(Status::ACC_ON | Status::LOCATED),
            at: LonLat(118.1, 24.5),
            altitude_m: 10,
            speed_kmh: 30.0,
            heading_deg: 90,
            time: NOW.plus_secs(secs),
            extras: Vec::new(),
        }))
    }

    fn bytes_of(said: &FromTerminal, edition: Edition) -> Vec<u8> {
        let (id, body) = said.write(edition).expect("it can be said");
        seal(id, edition, PHONE, &mut 7, &body)
    }

    fn answers(turn: &Turn) -> Vec<ToTerminal> {
        let (mut framer, mut answers) = (Framer::default(), Vec::new());
        framer.feed(&turn.answers, |it| {
            let frame = it.expect("our own frames are whole");
            answers.extend(ToTerminal::read(&frame).expect("our own messages are whole"));
        });
        answers
    }

    fn registration() -> FromTerminal {
        FromTerminal::Register(Register { terminal: "T1".into(), plate: "闽D12345".into(), ..Register::default() })
    }

    fn listed(plate: &str, terminal: &str) -> Desk {
        let table = [(plate.into(), terminal.into())].into_iter().collect();
        Desk::new("muck_truck".into(), vec![("应急".into(), "emergency_vehicle".into())], Admission::Listed(table), "k")
    }

    #[test]
    fn a_terminal_registers_authenticates_and_is_followed_under_its_plate() {
        for edition in [Edition::V2013, Edition::V2019(1)] {
            let (desk, mut session) = (listed("闽D12345", "T1"), Session::default());
            // Before it is known it is not believed.
            let turn = session.hear(&desk, &bytes_of(&position(0, 0), edition));
            assert!(turn.heard.news.is_empty());
            assert!(matches!(answers(&turn)[..], [ToTerminal::Reply { taken: Taken::Failed, serial: 7, .. }]));
            let turn = session.hear(&desk, &bytes_of(&registration(), edition));
            let [ToTerminal::Registered { result: Registered::Yes, token, .. }] = &answers(&turn)[..] else {
                panic!("{:?}", answers(&turn))
            };
            let auth = FromTerminal::Auth(Auth { token: token.clone(), ..Auth::default() });
            let turn = session.hear(&desk, &bytes_of(&auth, edition));
            let [ToTerminal::Reply { taken: Taken::Yes, .. }, ToTerminal::AskPosition] = answers(&turn)[..] else {
                panic!("{:?}", answers(&turn))
            };
            let turn = session.hear(&desk, &bytes_of(&position(0, 10), edition));
            let [News::Thing { register, thing, state, .. }] = &turn.heard.news[..] else { panic!("{turn:?}") };
            assert_eq!((&**register, &**thing, *state), ("muck_truck", "闽D12345", ThingState::Normal));
            // Its token is good on another connection, and for no other phone.
            assert_eq!(desk.plate_of(&PHONE.into(), token), Some("闽D12345".into()));
            assert_eq!(desk.plate_of(&"13900000002".into(), token), None);
        }
    }

    #[test]
    fn who_is_not_listed_stays_out() {
        let mut session = Session::default();
        for (desk, expected) in
            [(listed("闽D99999", "T1"), Registered::NoVehicle), (listed("闽D12345", "T2"), Registered::NoTerminal)]
        {
            let turn = session.hear(&desk, &bytes_of(&registration(), Edition::V2013));
            assert!(
                matches!(&answers(&turn)[..], [ToTerminal::Registered { result, token, .. }] if *result == expected && token.is_empty())
            );
            assert_eq!(turn.heard.refused.len(), 1);
            let auth = FromTerminal::Auth(Auth { token: "闽D12345|0".into(), ..Auth::default() });
            let turn = session.hear(&desk, &bytes_of(&auth, Edition::V2013));
            assert!(matches!(answers(&turn)[..], [ToTerminal::Reply { taken: Taken::Failed, .. }]));
        }
    }

    #[test]
    fn the_button_is_an_alarm_once_and_over_once_whatever_the_connection() {
        let desk = Desk::new("muck_truck".into(), Vec::new(), Admission::Any, "k");
        let emergency = AlarmBit::Emergency.mask();
        let steps =
            [(0, 0, None), (emergency, 10, Some(true)), (emergency, 20, None), (0, 30, Some(false)), (0, 40, None)];
        for (alarms, secs, expected) in steps {
            let turn = Session::default().hear(&desk, &bytes_of(&position(alarms, secs), Edition::V2013));
            let told: Vec<(Breach, bool)> = turn
                .heard
                .commands
                .iter()
                .map(|it| match it {
                    Command::ReportFence { report } => (report.breach, report.is_on),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(told, expected.map(|is_on| (Breach::Emergency, is_on)).into_iter().collect::<Vec<_>>());
        }
        // What a battery brought late changes nothing.
        let turn = Session::default().hear(&desk, &bytes_of(&position(emergency, 5), Edition::V2013));
        assert!(turn.heard.commands.is_empty());
    }

    #[test]
    fn garbage_is_hung_up_on_and_told_once() {
        let (desk, mut session) = (listed("x", "y"), Session::default());
        let turn = session.hear(&desk, &[0x7e, 1, 2, 3, 0x7e].repeat(100));
        assert!(turn.is_over && turn.heard.refused.len() == 1, "{turn:?}");
    }

    #[test]
    fn plates_choose_their_register() {
        let desk = listed("x", "y");
        assert_eq!(&*desk.register_of("闽D1234应急"), "emergency_vehicle");
        assert_eq!(&*desk.register_of("闽D12345"), "muck_truck");
    }
}
