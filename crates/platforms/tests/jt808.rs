//! JT/T 808: published samples, both editions there and back, and bytes that are cut, doubled, reordered or none.

use gulang_city::{LonLat, Text, ThingState, Timestamp};
use gulang_platforms::{
    News,
    jt808::{
        AlarmBit, Auth, Edition, Extra, Frame, Framer, FromTerminal, Jt808Error, MAX_BODY_BYTES, MAX_FRAME_BYTES,
        MAX_PARTS, Packs, Position, Register, Registered, Status, Taken, ToTerminal, id, seal,
    },
};
use proptest::prelude::*;

/// The sample of 0x0200 in the README of SmallChi/JT808, with an escaped serial number and an escaped fuel figure.
const SMALLCHI_0200: &str =
    "7E02000026123456789012007D02000000010000000200BA7F0E07E4F11C0028003C00001810151010100104000000640202007D01137E";
/// The sample of 0x0704 in makeclan/xtream-codec (debug UI, `codec-utils.ts`): edition 2019, two positions without a fix.
const XTREAM_0704: &str = "7e0704403f01000000000139123443290000000200001c000000010000000101d907f2073d336c029a00210059241029213903001c000000010000000101d907f3073d336d03090043005a241029213903f87e";
const NOW: Timestamp = Timestamp(1_790_000_000_000);
const EDITIONS: [Edition; 2] = [Edition::V2013, Edition::V2019(1)];

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn frames_of(bytes: &[u8]) -> Vec<Result<Frame, Jt808Error>> {
    let (mut framer, mut frames) = (Framer::default(), Vec::new());
    framer.feed(bytes, |it| frames.push(it));
    frames
}

#[track_caller]
fn only_frame(bytes: &[u8]) -> Frame {
    let frames = frames_of(bytes);
    let [Ok(frame)] = &frames[..] else { panic!("{frames:?}") };
    frame.clone()
}

fn position() -> Position {
    Position {
        alarms: 0,
        status: Status(Status::ACC_ON | Status::LOCATED | Status::FULL),
        at: LonLat(118.089_123, 24.479_876),
        altitude_m: 12,
        speed_kmh: 36.5,
        heading_deg: 270,
        time: NOW,
        extras: vec![Extra::Mileage(10_234.5), Extra::Fuel(88.1), Extra::Signal(24), Extra::Satellites(11)],
    }
}

#[test]
fn the_published_position_is_read() {
    let frame = only_frame(&bytes_of(SMALLCHI_0200));
    assert_eq!((frame.id, frame.edition, &*frame.phone, frame.serial), (0x0200, Edition::V2013, "123456789012", 126));
    let Ok(FromTerminal::Position(position)) = FromTerminal::read(&frame) else { panic!("no position") };
    assert_eq!(position.at, LonLat(132.444444, 12.222222));
    assert_eq!((position.altitude_m, position.speed_kmh, position.heading_deg), (40, 6.0, 0));
    assert_eq!(position.time.to_beijing_text(), "2018-10-15 10:10:10");
    assert_eq!(position.extras, [Extra::Mileage(10.0), Extra::Fuel(12.5)]);
    assert_eq!(AlarmBit::of(position.alarms).collect::<Vec<_>>(), [AlarmBit::Emergency]);
    assert_eq!((position.place(), position.state()), (Some(position.at), ThingState::Alarm));
    let (id, body) = FromTerminal::Position(position).write(Edition::V2013).unwrap();
    assert_eq!(seal(id, Edition::V2013, "123456789012", &mut 126, &body), bytes_of(SMALLCHI_0200));
}

#[test]
fn the_published_batch_is_read_and_has_no_place_without_a_fix() {
    let frame = only_frame(&bytes_of(XTREAM_0704));
    assert_eq!((frame.edition, &*frame.phone), (Edition::V2019(1), "13912344329"));
    let Ok(FromTerminal::Batch { fills_gap, positions, n_bad }) = FromTerminal::read(&frame) else {
        panic!("no batch")
    };
    assert_eq!((fills_gap, positions.len(), n_bad), (false, 2, 0));
    assert_eq!(positions[1].at, LonLat(121.451_373, 31.000_563));
    assert_eq!((positions[0].altitude_m, positions[0].heading_deg), (666, 89));
    assert!(positions.iter().all(|it| it.place().is_none()));
}

#[test]
fn everything_said_comes_back_in_both_editions() {
    let register = Register {
        province: 35,
        city: 0x0203,
        maker: "GULAN".into(),
        model: "MN-808".into(),
        terminal: "0000042".into(),
        plate_color: 2,
        plate: "闽D12345".into(),
    };
    for edition in EDITIONS {
        let auth = match edition {
            Edition::V2013 => Auth { token: "鼓浪-42".into(), ..Auth::default() },
            Edition::V2019(_) => Auth { token: "t".into(), imei: "861234567890123".into(), software: "v1.0".into() },
        };
        let said = [
            FromTerminal::Reply { serial: 7, id: id::TEXT, result: 0 },
            FromTerminal::Heartbeat,
            FromTerminal::Logout,
            FromTerminal::Register(register.clone()),
            FromTerminal::Auth(auth),
            FromTerminal::Position(Box::new(position())),
            FromTerminal::Located { serial: 9, position: Box::new(position()) },
            FromTerminal::Batch { fills_gap: true, positions: vec![position(); 3], n_bad: 0 },
        ];
        let mut serial = 65_530;
        for it in said {
            let (id, body) = it.write(edition).unwrap();
            let frame = only_frame(&seal(id, edition, "13800138000", &mut serial, &body));
            assert_eq!((frame.id, frame.edition, &*frame.phone), (id, edition, "13800138000"));
            assert_eq!(FromTerminal::read(&frame), Ok(it));
        }
        let answered = [
            ToTerminal::Reply { serial: 126, id: 0x0200, taken: Taken::Unsupported },
            ToTerminal::Registered { serial: 1, result: Registered::Yes, token: "令牌".into() },
            ToTerminal::Registered { serial: 1, result: Registered::NoVehicle, token: String::new() },
            ToTerminal::AskPosition,
            ToTerminal::Text { is_urgent: true, text: "前方积水，改走仙岳路".into() },
            ToTerminal::MediaTaken { number: 5 },
        ];
        for it in answered {
            let (id, body) = it.write(edition);
            assert_eq!(ToTerminal::read(&only_frame(&seal(id, edition, "1", &mut serial, &body))), Ok(Some(it)));
        }
    }
}

#[test]
fn southern_and_western_places_keep_their_sign_and_encrypted_ones_are_no_places() {
    let south = Position { at: LonLat(-70.5, -33.25), ..position() };
    let (id, body) = FromTerminal::Position(Box::new(south.clone())).write(Edition::V2013).unwrap();
    let frame = only_frame(&seal(id, Edition::V2013, "1", &mut 0, &body));
    let Ok(FromTerminal::Position(read)) = FromTerminal::read(&frame) else { panic!("no position") };
    assert_eq!((read.place(), read.status.is_south(), read.status.is_west()), (Some(south.at), true, true));
    let hidden = Position { status: Status(Status::LOCATED | Status::ENCRYPTED), ..position() };
    assert_eq!(hidden.place(), None);
    assert_eq!(Position { at: LonLat(0.0, 0.0), ..position() }.place(), None);
}

#[test]
fn news_name_the_register_and_the_plate() {
    let (register, plate): (Text, Text) = ("muck_truck".into(), "闽D12345".into());
    let tired = Position { alarms: AlarmBit::Fatigue.mask(), ..position() };
    let News::Thing { thing, place, heading, state, at, .. } = tired.news(&register, &plate) else {
        panic!("no thing")
    };
    assert_eq!((&thing, place, heading, state, at), (&plate, Some(tired.at), 270.0, ThingState::Attention, NOW));
    let parked = Position { speed_kmh: 0.0, ..position() };
    let News::Thing { heading, state, .. } = parked.news(&register, &plate) else { panic!("no thing") };
    assert!(heading.is_nan() && state == ThingState::Normal);
}

#[test]
fn a_long_message_goes_in_parts_and_comes_back_in_any_order() {
    let said = FromTerminal::Batch { fills_gap: true, positions: vec![position(); 60], n_bad: 0 };
    let (id, body) = said.write(Edition::V2019(1)).unwrap();
    assert!(body.len() > 2 * MAX_BODY_BYTES);
    let mut serial = 65_534;
    let bytes = seal(id, Edition::V2019(1), "13912344329", &mut serial, &body);
    let mut frames: Vec<Frame> = frames_of(&bytes).into_iter().map(Result::unwrap).collect();
    assert_eq!(serial, 65_534u16.wrapping_add(frames.len() as u16));
    frames.reverse();
    frames.insert(1, frames[0].clone());
    let mut packs = Packs::default();
    let whole: Vec<Frame> = frames.into_iter().filter_map(|it| packs.take(it).unwrap()).collect();
    assert_eq!(whole.len(), 1);
    assert_eq!((whole[0].serial, FromTerminal::read(&whole[0])), (65_534, Ok(said)));
    assert_eq!(packs.n_bytes(), 0);
}

#[test]
fn parts_without_an_end_cost_no_more_than_the_limit() {
    let mut packs = Packs::default();
    let part = |serial: u16, index, total| Frame {
        id: id::MEDIA,
        edition: Edition::V2013,
        phone: "1".into(),
        serial,
        part: Some((index, total)),
        body: vec![0; MAX_BODY_BYTES],
    };
    for message in 0..50u16 {
        for index in 1..MAX_PARTS {
            assert_eq!(packs.take(part(message.wrapping_mul(1000).wrapping_add(index), index, MAX_PARTS)), Ok(None));
        }
    }
    assert!(packs.n_bytes() <= 2 * usize::from(MAX_PARTS) * MAX_BODY_BYTES, "{}", packs.n_bytes());
    for (index, total) in [(0, 2), (3, 2), (1, MAX_PARTS + 1)] {
        assert_eq!(packs.take(part(9, index, total)), Err(Jt808Error::Parts { index, total }));
    }
}

#[test]
fn faults_are_told_apart_and_the_next_frame_is_read() {
    #[track_caller]
    fn check(spoil: impl Fn(&mut Vec<u8>), expected: impl Fn(&Jt808Error) -> bool) {
        let good = bytes_of(SMALLCHI_0200);
        let mut bytes = good.clone();
        spoil(&mut bytes);
        bytes.extend_from_slice(&good);
        let frames = frames_of(&bytes);
        let faults: Vec<_> = frames.iter().filter_map(|it| it.as_ref().err()).collect();
        assert!(faults.len() == 1 && expected(faults[0]), "{faults:?}");
        assert!(frames.last().unwrap().is_ok(), "{frames:?}");
        assert!(!faults[0].remedy().is_empty());
    }
    check(|it| it[10] ^= 1, |it| matches!(it, Jt808Error::Checksum { .. }));
    check(|it| drop(it.splice(1..3, [0x7d, 0x05])), |it| *it == Jt808Error::Escape(5));
    check(
        |it| *it = [&[0x7e][..], &[1; MAX_FRAME_BYTES + 1][..], &[0x7e][..]].concat(),
        |it| *it == Jt808Error::TooLong,
    );
    check(|it| *it = vec![0x7e, 2, 2, 0x7e], |it| matches!(it, Jt808Error::Short(_)));
    // A header's byte and the checksum, which stands last but one, changed together.
    let both = |it: &mut Vec<u8>, i: usize, by: u8| {
        let sum = it.len() - 2;
        it[i] ^= by;
        it[sum] ^= by;
    };
    check(|it| both(it, 3, 0x04), |it| *it == Jt808Error::Encrypted(1));
    check(|it| both(it, 4, 0x01), |it| matches!(it, Jt808Error::Length { .. }));
    check(|it| both(it, 5, 0xf0), |it| *it == Jt808Error::Phone);
}

#[test]
fn a_flood_without_a_delimiter_is_dropped_to_the_next_frame() {
    let (mut framer, mut n) = (Framer::default(), 0);
    let junk = vec![0x55; 64 * 1024];
    for _ in 0..1600 {
        framer.feed(&junk, |_| n += 1);
    }
    assert_eq!(n, 0);
    let mut got = Vec::new();
    framer.feed(&bytes_of(SMALLCHI_0200), |it| got.push(it));
    assert!(matches!(&got[..], [Err(Jt808Error::TooLong), Ok(_)]), "{got:?}");
}

/// Honest bytes of `n` positions in one edition.
fn stream(n: usize, edition: Edition) -> Vec<u8> {
    let mut serial = 0;
    let mut bytes = Vec::new();
    for i in 0..n {
        let at = LonLat(118.0 + i as f64 * 1e-3, 24.5);
        let said = FromTerminal::Position(Box::new(Position { at, time: NOW.plus_secs(i as i64), ..position() }));
        let (id, body) = said.write(edition).unwrap();
        bytes.extend(seal(id, edition, "13912344329", &mut serial, &body));
    }
    bytes
}

proptest! {
    #[test]
    fn a_stream_means_the_same_however_it_is_cut(
        n in 1..8usize, is_2019 in any::<bool>(), cuts in prop::collection::vec(1..40usize, 1..60),
    ) {
        let bytes = stream(n, EDITIONS[usize::from(is_2019)]);
        let (mut framer, mut frames, mut rest) = (Framer::default(), Vec::new(), &bytes[..]);
        for cut in cuts.iter().cycle() {
            let (some, after) = rest.split_at((*cut).min(rest.len()));
            framer.feed(some, |it| frames.push(it));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(frames.len(), n);
        prop_assert_eq!(frames, frames_of(&bytes));
    }

    #[test]
    fn any_body_comes_back(
        id in any::<u16>(), is_2019 in any::<bool>(), serial in any::<u16>(),
        body in prop::collection::vec(prop_oneof![Just(0x7eu8), Just(0x7du8), any::<u8>()], 0..=MAX_BODY_BYTES),
    ) {
        let bytes = seal(id, EDITIONS[usize::from(is_2019)], "13912344329", &mut serial.clone(), &body);
        prop_assert!(!bytes[1..bytes.len() - 1].contains(&0x7e));
        let frame = only_frame(&bytes);
        prop_assert_eq!((frame.id, frame.serial, frame.body), (id, serial, body));
    }

    #[test]
    fn honest_bytes_that_were_spoiled_are_read_or_refused(
        n in 1..5usize, is_2019 in any::<bool>(),
        spoil in prop::collection::vec((any::<prop::sample::Index>(), 0..5u8, any::<u8>()), 1..6),
    ) {
        let mut bytes = stream(n, EDITIONS[usize::from(is_2019)]);
        for (at, how, byte) in spoil {
            let i = at.index(bytes.len());
            match how {
                0 => bytes.truncate(i.max(1)),
                1 => bytes.extend_from_within(..i),
                2 => bytes.rotate_left(i),
                3 => bytes[i] = byte,
                // As one would who took the bytes for Latin-1 text and wrote them as UTF-8.
                _ => bytes = bytes.iter().flat_map(|it| char::from(*it).to_string().into_bytes()).collect(),
            }
        }
        let mut packs = Packs::default();
        for frame in frames_of(&bytes).into_iter().flatten() {
            prop_assert!(frame.body.len() <= MAX_BODY_BYTES);
            if let Ok(Some(frame)) = packs.take(frame) {
                let _ = FromTerminal::read(&frame);
            }
        }
    }

    #[test]
    fn garbage_is_refused_not_feared(
        id in prop_oneof![
            Just(id::TERMINAL_REPLY), Just(id::REGISTER), Just(id::AUTH), Just(id::POSITION), Just(id::LOCATED),
            Just(id::BATCH), Just(id::MEDIA), Just(id::REGISTERED), Just(id::PLATFORM_REPLY), Just(id::TEXT), any::<u16>(),
        ],
        body in prop::collection::vec(any::<u8>(), 0..300), is_2019 in any::<bool>(),
        junk in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let edition = EDITIONS[usize::from(is_2019)];
        let frame = Frame { id, edition, phone: "1".into(), serial: 0, part: None, body };
        let _ = FromTerminal::read(&frame);
        let _ = ToTerminal::read(&frame);
        let _ = frames_of(&junk);
    }
}
