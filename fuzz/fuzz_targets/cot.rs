#![no_main]
//! Cursor-on-Target: one event, a stream whole and cut; what is written again means the same.

use gulang_city::{LonLat, Realm, Timestamp};
use gulang_fuzz::{check, choice, pieces};
use gulang_platforms::cot::{AlertTo, Events, Known, MAX_EVENT_BYTES, Streamed, read_event};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (at, bytes) = choice(data);
    let found = Events::default().push(bytes);
    let (a, b) = pieces(at * 16, bytes);
    let mut cut = Events::default();
    let again: Vec<Streamed> = [cut.push(a), cut.push(b)].concat();
    let read = |all: &[Streamed]| {
        let events = all.iter().filter_map(|it| if let Streamed::Event(_, raw) = it { Some(raw.clone()) } else { None });
        events.collect::<Vec<_>>()
    };
    assert_eq!(read(&found), read(&again), "a cut loses no event");
    let known = Known {
        platform: "tak".into(),
        realm: Realm::Actual,
        by_uid: [("ANDROID-123456".into(), "t1".into())].into(),
        by_callsign: [("Bravo-2".into(), "t2".into())].into(),
        alerts: Some(AlertTo { agency: "yingji".into(), districts: vec![("350206".into(), LonLat(118.15, 24.5))] }),
    };
    for streamed in found {
        let (Streamed::Event(_, raw) | Streamed::Refused(_, raw)) = &streamed;
        assert!(raw.len() <= 2 * MAX_EVENT_BYTES);
        if let Streamed::Event(event, _) = streamed {
            check(&known.meaning(&event, Timestamp(1_763_807_405_000)));
        }
    }
    if let Ok(event) = read_event(bytes) {
        let text = event.to_xml();
        let read = read_event(text.as_bytes());
        assert_eq!(read.as_ref().map(|it| it.to_xml()).ok(), Some(text), "{event:?} {read:?}");
    }
});
