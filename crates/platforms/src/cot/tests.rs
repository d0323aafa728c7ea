use super::*;
use crate::News;
use gulang_city::{CaseStage, Command, Fix, LonLat, Realm, ThingState, Timestamp, WarningColor};
use proptest::prelude::*;

/// After the position event in OmniTAK Mobile's `CoTMessaging.md` (github.com/Romeo-Designs/omniTAKmobile), with a place in
/// this city and the `track` and `status` details ATAK adds.
const TEAM: &[u8] = include_bytes!("fixtures/team.xml");
/// In the shape of ATAK's 911 alert and GeoChat, by the element and attribute names OpenTAKServer's `EudHandler` reads.
const ALERT: &[u8] = include_bytes!("fixtures/alert.xml");
const CHAT: &[u8] = include_bytes!("fixtures/chat.xml");

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn known(realm: Realm) -> Known {
    Known {
        platform: "tak".into(),
        realm,
        by_uid: [("ANDROID-123456".into(), "t1".into())].into(),
        by_callsign: [("Bravo-2".into(), "t2".into())].into(),
        alerts: Some(AlertTo {
            agency: "yingji".into(),
            districts: vec![("350206".into(), LonLat(118.15, 24.5)), ("350203".into(), LonLat(118.08, 24.46))],
        }),
    }
}

#[test]
fn a_known_telephone_is_its_team_and_an_unknown_one_is_a_thing() {
    let event = read_event(TEAM).unwrap();
    assert_eq!((event.hae_m, event.ce_m, event.battery), (Some(10.0), None, Some(76.0)));
    let now = at("2025-11-22T10:30:05Z");
    let heard = known(Realm::Actual).meaning(&event, now);
    let fix = Fix {
        lon: 118.0894,
        lat: 24.4798,
        height: 0.0,
        heading: 271.5,
        speed: 1.4,
        battery: 76.0,
        mode: 0,
        at: at("2025-11-22T10:30:00Z"),
    };
    assert_eq!(heard.news, [News::Team { team: "t1".into(), fix }]);
    let by_name = Event { uid: "x".into(), callsign: Some("Bravo-2".into()), ..event.clone() };
    let heard = known(Realm::Actual).meaning(&by_name, now);
    assert!(matches!(heard.news.as_slice(), [News::Team { team, .. }] if &**team == "t2"));
    let stranger = Event { uid: "x".into(), stale: now + -1, ..event };
    let heard = known(Realm::Actual).meaning(&stranger, now);
    let [News::Thing { register, thing, state, .. }] = heard.news.as_slice() else { panic!("{heard:?}") };
    assert_eq!((&**register, &**thing, *state), ("cot", "x", ThingState::Offline));
}

#[test]
fn an_emergency_is_a_case_until_it_is_taken_back_and_a_chat_is_a_word() {
    let now = at("2025-11-22T10:33:00Z");
    let alert = read_event(ALERT).unwrap();
    let heard = known(Realm::Actual).meaning(&alert, now);
    let [Command::ReportCase { report, stage, .. }] = heard.commands.as_slice() else { panic!("{heard:?}") };
    assert_eq!((report.color, *stage, report.district.as_str()), (WarningColor::Red, CaseStage::Filed, "350203"));
    assert_eq!(report.at, LonLat(118.089, 24.4801));
    let over = Event { kind: kinds::ALERT_CANCELLED.into(), ..alert.clone() };
    let heard = known(Realm::Actual).meaning(&over, now);
    assert!(matches!(heard.commands.as_slice(), [Command::ReportCase { stage: CaseStage::Closed, .. }]));
    let nobody = Known { alerts: None, ..known(Realm::Actual) };
    assert_eq!(nobody.meaning(&alert, now).refused.len(), 1, "said, not dropped");
    let heard = known(Realm::Actual).meaning(&read_event(CHAT).unwrap(), now);
    let [Command::CheckIn { team, note }] = heard.commands.as_slice() else { panic!("{heard:?}") };
    assert_eq!((team.as_str(), &**note), ("t1", "已到莲前，水深及膝"));
}

#[test]
fn an_exercise_does_not_enter_the_actual_city_nor_the_other_way() {
    let now = at("2025-11-22T10:30:05Z");
    let event = read_event(TEAM).unwrap();
    for (realm, opex, is_refused) in [
        (Realm::Actual, Opex::Exercise, true),
        (Realm::Actual, Opex::Simulation, true),
        (Realm::Actual, Opex::Operation, false),
        (Realm::Exercise, Opex::Operation, true),
        (Realm::Exercise, Opex::Exercise, false),
        (Realm::Exercise, Opex::Unsaid, false),
    ] {
        let written = Event { opex, ..event.clone() }.to_xml();
        let heard = known(realm).meaning(&read_event(written.as_bytes()).unwrap(), now);
        assert_eq!((heard.refused.len() == 1, heard.news.is_empty()), (is_refused, is_refused), "{realm:?} {opex:?}");
    }
    let ahead = known(Realm::Actual).meaning(&event, at("2025-11-22T10:20:00Z"));
    assert_eq!((ahead.refused.len(), ahead.news.len()), (1, 0), "from the future");
}

#[test]
fn what_we_write_we_read_and_nothing_of_it_is_markup() {
    let event = Event {
        uid: "gulang-x-team-t1".into(),
        kind: kinds::TEAM.into(),
        how: "m-g".into(),
        time: at("2025-11-22T10:30:00.125Z"),
        start: at("2025-11-22T10:30:00.125Z"),
        stale: at("2025-11-22T10:32:00Z"),
        opex: Opex::Exercise,
        place: Some(LonLat(118.1, 24.5)),
        callsign: Some("鹭江 <1> & \"2\"".into()),
        track: Some(Track { course: 90.0, speed: 1.5 }),
        remarks: "【演练】</remarks></event>".into(),
        ..Event::default()
    };
    assert_eq!(read_event(event.to_xml().as_bytes()), Ok(event));
    let now = at("2025-11-22T10:30:00Z");
    assert_eq!(read_event(Event::pong(now).to_xml().as_bytes()).unwrap().kind, kinds::PONG);
}

#[test]
fn bombs_entities_protobuf_and_other_encodings_are_refused() {
    let bomb = br#"<?xml version="1.0"?><!DOCTYPE e [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><event uid="&b;"/>"#;
    assert_eq!(read_event(bomb), Err(CotError::Entities));
    assert!(matches!(Events::default().push(bomb).as_slice(), [Streamed::Refused(CotError::Entities, _)]));
    let unknown = br#"<event version="2.0" uid="&boom;" type="a"/>"#;
    assert!(matches!(read_event(unknown), Err(CotError::Xml(_))));
    let mut gbk = TEAM.to_vec();
    let i = gbk.windows(7).position(|it| it == b"Alpha-1").unwrap();
    gbk[i..i + 4].copy_from_slice(&[0xC2, 0xB9, 0xBD, 0xAD]);
    assert!(matches!(read_event(&gbk), Err(CotError::Encoding { .. })));
    assert_eq!(read_event(&[0xBF, 1, 0xBF, 10]), Err(CotError::Protobuf));
    assert!(matches!(
        Events::default().push(&[0xBF, 1, 0xBF, 10]).as_slice(),
        [Streamed::Refused(CotError::Protobuf, _)]
    ));
    let no_stale = String::from_utf8_lossy(TEAM).replace("stale=", "steal=");
    assert_eq!(read_event(no_stale.as_bytes()), Err(CotError::Field("stale")));
}

#[test]
fn an_event_of_100_mb_is_refused_once_costs_little_and_the_next_is_read() {
    let mut events = Events::default();
    let mut found = events.push(br#"<event version="2.0" uid=""#);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        found.extend(events.push(&piece));
    }
    found.extend(events.push(b"\"/></event>"));
    found.extend(events.push(TEAM));
    assert!(matches!(
        found.as_slice(),
        [Streamed::Refused(CotError::TooLarge, sample), Streamed::Event(event, _)]
            if sample.len() <= 200 && event.uid == "ANDROID-123456"
    ));
    let mut idle = Events::default();
    let n_refused: usize = (0..100).map(|_| idle.push(&piece).len()).sum();
    assert!(n_refused > 0, "bytes that are no CoT at all are said");
}

fn uids(found: &[Streamed]) -> Vec<&str> {
    let events = found.iter().filter_map(|it| match it {
        Streamed::Event(event, _) => Some(event.uid.as_str()),
        Streamed::Refused(..) => None,
    });
    events.collect()
}

const EMPTY: &[u8] = br#"<event version="2.0" uid="short" type="a-f-G" time="2025-11-22T10:30:00Z" start="2025-11-22T10:30:00Z" stale="2025-11-22T10:31:00Z" how="m>g"/>"#;

const PIECES: [&[u8]; 12] = [
    b"<event ",
    b"</event>",
    b"uid='",
    b"\">",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"&#",
    b"/>",
    b"<point lat='",
    b"1e999'",
    b"\xff",
];

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let _ = read_event(&bytes);
        Events::default().push(&bytes);
    }

    #[test]
    fn nearly_events_are_refused_not_feared(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let bytes = pieces.into_iter().map(|it| PIECES[it]).collect::<Vec<_>>().concat();
        let _ = read_event(&bytes);
        Events::default().push(&bytes);
    }

    #[test]
    fn a_stream_cut_anywhere_says_the_same(cuts in proptest::collection::vec(1..400_usize, 1..40)) {
        let whole = [TEAM, ALERT, b"\n", EMPTY, EMPTY, CHAT].concat();
        let (mut events, mut rest, mut found) = (Events::default(), whole.as_slice(), Vec::new());
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            found.extend(events.push(now));
            rest = later;
        }
        found.extend(events.push(rest));
        let chat = "GeoChat.ANDROID-123456.All Chat Rooms.1";
        prop_assert_eq!(uids(&found), ["ANDROID-123456", "ANDROID-123456-9-1-1", "short", "short", chat]);
    }

    #[test]
    fn one_spoilt_byte_costs_an_event_or_two_and_doubling_costs_none(at in 0..5000_usize, to in any::<u8>()) {
        let mut spoilt = [ALERT, CHAT].concat();
        let n = spoilt.len();
        spoilt[at % n] = to;
        let whole = [TEAM, TEAM, &spoilt, TEAM, EMPTY, TEAM].concat();
        let found = Events::default().push(&whole);
        prop_assert!(uids(&found).iter().filter(|it| **it == "ANDROID-123456").count() >= 3, "{:?}", found);
    }
}
