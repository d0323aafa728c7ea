use super::{
    messages::{
        BATTERY_STATUS_DATA, COMMAND_ACK_DATA, GLOBAL_POSITION_INT_DATA, HEARTBEAT_DATA, MISSION_ACK_DATA,
        MISSION_REQUEST_INT_DATA, MavAutopilot, MavCmd, MavMessage, MavMissionResult, MavModeFlag, MavResult, MavState,
        MavType,
    },
    *,
};
use gulang_city::{LonLat, Timestamp};
use proptest::prelude::*;

/// A PX4 HEARTBEAT as pymavlink 2.4.50 packs it: `MAVLink('', 1, 1).heartbeat_encode(2, 12, 209, 0x05040000, 4, 3)`.
const PYMAVLINK_HEARTBEAT: &str = include_str!("fixtures/heartbeat.hex");
/// The same with MAVLink 1.
const PYMAVLINK_V1: &str = include_str!("fixtures/heartbeat_v1.hex");
/// GLOBAL_POSITION_INT, by the same.
const PYMAVLINK_POSITION: &str = include_str!("fixtures/position.hex");

const NOW: Timestamp = Timestamp(1_690_000_000_000);

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|it| it.to_digit(16)).collect();
    digits.chunks_exact(2).map(|it| (it[0] * 16 + it[1]) as u8).collect()
}

fn packet(message: MavMessage) -> Packet {
    let bytes = encode(1, 1, 7, &message);
    match Frames::default().push(&bytes).pop() {
        Some(Framed::Packet(packet)) => *packet,
        other => panic!("{other:?}"),
    }
}

fn beat(is_armed: bool, custom_mode: u32) -> MavMessage {
    let armed = if is_armed { MavModeFlag::MAV_MODE_FLAG_SAFETY_ARMED } else { MavModeFlag::empty() };
    MavMessage::HEARTBEAT(HEARTBEAT_DATA {
        custom_mode,
        mavtype: MavType::MAV_TYPE_QUADROTOR,
        autopilot: MavAutopilot::MAV_AUTOPILOT_PX4,
        base_mode: armed,
        system_status: MavState::MAV_STATE_ACTIVE,
        mavlink_version: 3,
    })
}

fn position(at: LonLat, height_m: f32) -> MavMessage {
    MavMessage::GLOBAL_POSITION_INT(GLOBAL_POSITION_INT_DATA {
        time_boot_ms: 5,
        lat: (at.lat() * 1e7).round() as i32,
        lon: (at.lon() * 1e7).round() as i32,
        alt: ((height_m + 12.0) * 1000.0) as i32,
        relative_alt: (height_m * 1000.0) as i32,
        vx: 0,
        vy: 500,
        vz: 0,
        hdg: u16::MAX,
    })
}

fn ack(command: MavCmd, result: MavResult) -> Packet {
    packet(MavMessage::COMMAND_ACK(COMMAND_ACK_DATA { command, result }))
}

const HERE: LonLat = LonLat(118.1, 24.48);

fn vehicle(is_armed: bool) -> Vehicle {
    let mut vehicle = Vehicle::new(1);
    vehicle.hear(&packet(beat(is_armed, 0)), NOW);
    vehicle.hear(&packet(position(HERE, 0.0)), NOW);
    vehicle
}

fn command_of(message: &MavMessage) -> (MavCmd, u8) {
    match message {
        MavMessage::COMMAND_LONG(it) => (it.command, it.confirmation),
        MavMessage::COMMAND_INT(it) => (it.command, 0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_pymavlink_says_is_understood_and_mavlink_1_is_refused_by_name() {
    let mut vehicle = Vehicle::new(1);
    let found = Frames::default().push(&bytes_of(PYMAVLINK_HEARTBEAT));
    let [Framed::Packet(beat)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(vehicle.hear(beat, NOW), None);
    assert_eq!((vehicle.autopilot, vehicle.is_armed, vehicle.mode()), (Autopilot::Px4, true, 9));
    let found = read_datagram(&bytes_of(PYMAVLINK_POSITION));
    let [Framed::Packet(position)] = found.as_slice() else { panic!("{found:?}") };
    let fix = vehicle.hear(position, NOW).unwrap();
    assert_eq!((fix.lon, fix.lat, fix.height, fix.heading), (118.1, 24.48, 55.5, 90.0));
    assert_eq!((fix.speed, fix.at, fix.mode), (5.0, NOW, 9));
    let old = read_datagram(&bytes_of(PYMAVLINK_V1));
    assert_eq!(old, [Framed::Refused(MavlinkError::Version1 { system: 1 })]);
    assert_eq!(read_datagram(b"hello"), [Framed::Refused(MavlinkError::Noise { n_bytes: 5 })]);
}

#[test]
fn an_unknown_battery_and_an_unknown_place_stay_unknown() {
    let mut vehicle = Vehicle::new(1);
    let unknown = BATTERY_STATUS_DATA { battery_remaining: -1, ..Default::default() };
    vehicle.hear(&packet(MavMessage::BATTERY_STATUS(unknown)), NOW);
    assert_eq!(vehicle.battery, None);
    assert_eq!(vehicle.hear(&packet(position(LonLat(0.0, 0.0), 0.0)), NOW), None);
    let order = Order::FlyTo { place: HERE, height_m: 50.0 };
    assert!(matches!(Dialogue::begin(&order, &vehicle, NOW), Err(MavlinkError::NoPosition { .. })));
    let fix = vehicle.hear(&packet(position(HERE, 3.0)), NOW).unwrap();
    assert!(fix.battery.is_nan());
    assert_eq!(fix.heading, 90.0, "no heading of its own, but it moves east");
}

#[test]
fn an_order_is_repeated_with_a_growing_confirmation_and_then_given_up() {
    let vehicle = vehicle(true);
    let (mut dialogue, turn) = Dialogue::begin(&Order::ReturnHome, &vehicle, NOW).unwrap();
    assert_eq!(command_of(&turn.send[0]), (MavCmd::MAV_CMD_NAV_RETURN_TO_LAUNCH, 0));
    assert_eq!(dialogue.tick(&vehicle, NOW + 1_000), Turn::default());
    let mut now = NOW;
    for n in 1..6 {
        now = now + 1_500;
        let turn = dialogue.tick(&vehicle, now);
        assert_eq!(command_of(&turn.send[0]), (MavCmd::MAV_CMD_NAV_RETURN_TO_LAUNCH, n));
    }
    let turn = dialogue.tick(&vehicle, now + 1_500);
    assert!(matches!(turn.words.as_slice(), [Word::TimedOut { .. }]) && turn.send.is_empty());
    assert!(dialogue.is_over());
}

#[test]
fn a_takeoff_arms_climbs_flies_there_and_is_done_when_it_is_there() {
    let mut vehicle = vehicle(false);
    let place = LonLat(118.11, 24.48);
    let order = Order::TakeoffTo { place, height_m: 60.0 };
    let (mut dialogue, turn) = Dialogue::begin(&order, &vehicle, NOW).unwrap();
    assert_eq!(command_of(&turn.send[0]).0, MavCmd::MAV_CMD_COMPONENT_ARM_DISARM);
    // Somebody else's acknowledgement, and the arming's twice.
    let turn = dialogue.hear(&ack(MavCmd::MAV_CMD_NAV_LAND, MavResult::MAV_RESULT_FAILED), &vehicle, NOW);
    assert_eq!(turn, Turn::default());
    let armed = ack(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, MavResult::MAV_RESULT_ACCEPTED);
    let turn = dialogue.hear(&armed, &vehicle, NOW);
    assert_eq!(turn.words, [Word::Accepted]);
    let MavMessage::COMMAND_LONG(takeoff) = &turn.send[0] else { panic!("{turn:?}") };
    assert_eq!((takeoff.command, takeoff.param7), (MavCmd::MAV_CMD_NAV_TAKEOFF, 72.0), "PX4 wants it above the sea");
    assert_eq!(dialogue.hear(&armed, &vehicle, NOW), Turn::default());
    let working = ack(MavCmd::MAV_CMD_NAV_TAKEOFF, MavResult::MAV_RESULT_IN_PROGRESS);
    assert!(matches!(dialogue.hear(&working, &vehicle, NOW).words.as_slice(), [Word::UnderWay { .. }]));
    assert_eq!(dialogue.tick(&vehicle, NOW + 3_600_000), Turn::default(), "no final timeout under way");
    dialogue.hear(&ack(MavCmd::MAV_CMD_NAV_TAKEOFF, MavResult::MAV_RESULT_ACCEPTED), &vehicle, NOW);
    vehicle.hear(&packet(beat(true, 0x0202_0000)), NOW);
    let step = |vehicle: &mut Vehicle, dialogue: &mut Dialogue, at, height_m| {
        let packet = packet(position(at, height_m));
        vehicle.hear(&packet, NOW);
        dialogue.hear(&packet, vehicle, NOW)
    };
    assert!(step(&mut vehicle, &mut dialogue, HERE, 30.0).send.is_empty());
    let turn = step(&mut vehicle, &mut dialogue, HERE, 58.0);
    let MavMessage::COMMAND_INT(fly) = &turn.send[0] else { panic!("{turn:?}") };
    assert_eq!((fly.command, fly.x, fly.y), (MavCmd::MAV_CMD_DO_REPOSITION, 244_800_000, 1_181_100_000));
    dialogue.hear(&ack(MavCmd::MAV_CMD_DO_REPOSITION, MavResult::MAV_RESULT_ACCEPTED), &vehicle, NOW);
    let turn = step(&mut vehicle, &mut dialogue, LonLat(118.105, 24.48), 60.0);
    assert!(matches!(turn.words.as_slice(), [Word::UnderWay { percent: 45..=55, .. }]), "{turn:?}");
    assert_eq!(step(&mut vehicle, &mut dialogue, place, 60.0).words, [Word::Done]);
    assert!(dialogue.is_over());
}

#[test]
fn a_refusal_is_said_with_its_reason_and_a_temporary_one_is_asked_again() {
    let vehicle = vehicle(true);
    let (mut dialogue, _) = Dialogue::begin(&Order::Land, &vehicle, NOW).unwrap();
    let not_now = ack(MavCmd::MAV_CMD_NAV_LAND, MavResult::MAV_RESULT_TEMPORARILY_REJECTED);
    assert_eq!(dialogue.hear(&not_now, &vehicle, NOW), Turn::default());
    assert_eq!(dialogue.tick(&vehicle, NOW + 1_500).send.len(), 1);
    let turn = dialogue.hear(&ack(MavCmd::MAV_CMD_NAV_LAND, MavResult::MAV_RESULT_DENIED), &vehicle, NOW);
    assert!(
        matches!(turn.words.as_slice(), [Word::Failed { why }] if why.contains("就地降落") && why.contains("拒绝"))
    );
    assert!(dialogue.is_over());
}

#[test]
fn a_mission_is_handed_over_item_by_item_and_a_lost_item_is_sent_again() {
    let vehicle = vehicle(false);
    let points = [0.001, 0.002].map(|it| Waypoint { place: LonLat(118.1 + it, 24.48), height_m: 80.0 });
    let order = Order::Mission { points: points.to_vec(), speed_mps: 8.0 };
    let (mut dialogue, turn) = Dialogue::begin(&order, &vehicle, NOW).unwrap();
    let MavMessage::MISSION_COUNT(count) = &turn.send[0] else { panic!("{turn:?}") };
    assert_eq!(count.count, 4, "take-off, speed, two places");
    let ask = |seq| {
        let target_component = OUR_COMPONENT;
        packet(MavMessage::MISSION_REQUEST_INT(MISSION_REQUEST_INT_DATA {
            seq,
            target_system: OUR_SYSTEM,
            target_component,
        }))
    };
    let mut commands = Vec::new();
    for seq in 0..4 {
        let turn = dialogue.hear(&ask(seq), &vehicle, NOW);
        let MavMessage::MISSION_ITEM_INT(item) = &turn.send[0] else { panic!("{turn:?}") };
        assert_eq!(item.seq, seq);
        commands.push(item.command as u32);
    }
    assert_eq!(commands, [22, 178, 16, 16]);
    let again = dialogue.tick(&vehicle, NOW + 1_500);
    assert!(matches!(again.send.as_slice(), [MavMessage::MISSION_ITEM_INT(it)] if it.seq == 3));
    let taken = MISSION_ACK_DATA {
        target_system: OUR_SYSTEM,
        target_component: OUR_COMPONENT,
        mavtype: MavMissionResult::MAV_MISSION_ACCEPTED,
    };
    let turn = dialogue.hear(&packet(MavMessage::MISSION_ACK(taken)), &vehicle, NOW);
    assert_eq!(command_of(&turn.send[0]).0, MavCmd::MAV_CMD_COMPONENT_ARM_DISARM);
    let (mut other, _) = Dialogue::begin(&order, &vehicle, NOW).unwrap();
    assert!(matches!(other.hear(&ask(9), &vehicle, NOW).words.as_slice(), [Word::Failed { .. }]));
}

#[test]
fn video_is_streamed_by_2502_and_2503_and_the_heartbeat_is_a_ground_stations() {
    let vehicle = vehicle(false);
    for (order, number) in [(Order::StartVideo { stream: 0 }, 2502), (Order::StopVideo { stream: 0 }, 2503)] {
        let (_, turn) = Dialogue::begin(&order, &vehicle, NOW).unwrap();
        assert_eq!(command_of(&turn.send[0]).0 as u32, number);
    }
    let ours = packet(heartbeat());
    let mut vehicle = Vehicle::new(1);
    vehicle.hear(&ours, NOW);
    assert!(!vehicle.is_armed && vehicle.autopilot == Autopilot::Other);
}

/// A day's honest packets.
fn honest() -> Vec<Vec<u8>> {
    (0..20)
        .map(|n| {
            let message =
                if n % 3 == 0 { beat(true, n) } else { position(LonLat(118.1 + f64::from(n) * 1e-4, 24.48), 60.0) };
            encode(1, 1, n as u8, &message)
        })
        .collect()
}

fn sequences(found: &[Framed]) -> Vec<u8> {
    found.iter().filter_map(|it| if let Framed::Packet(it) = it { Some(it.sequence) } else { None }).collect()
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn signer() -> Signer {
    Signer::new(SigningKey::parse(KEY).expect("a key"), 1)
}

fn framed(bytes: &[u8]) -> Packet {
    match read_datagram(bytes).pop() {
        Some(Framed::Packet(packet)) => *packet,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_signed_is_believed_once_and_nothing_else() {
    let (mut ours, mut theirs) = (signer(), signer());
    let first = framed(&ours.encode((1, 1), 0, &beat(true, 0), NOW));
    let second = framed(&ours.encode((1, 1), 1, &beat(true, 0), NOW));
    assert!(first.is_signed);
    assert_eq!(first.message, beat(true, 0));
    assert_eq!(theirs.check(&first, NOW), Ok(()));
    assert_eq!(theirs.check(&second, NOW), Ok(()), "the clock stands still, the signature's time goes on");
    assert_eq!(theirs.check(&first, NOW), Err(MavlinkError::Replayed { system: 1 }));
    assert_eq!(theirs.check(&packet(beat(true, 0)), NOW), Err(MavlinkError::Unsigned { system: 1 }));
    let mut other = Signer::new(SigningKey::parse(&KEY.replace("00", "ff")).expect("a key"), 1);
    let forged = framed(&other.encode((1, 1), 2, &beat(true, 0), NOW));
    assert_eq!(theirs.check(&forged, NOW), Err(MavlinkError::Forged { system: 1 }));
    // A stream nobody heard before, signed two minutes ago.
    let old = framed(&signer().encode((2, 1), 0, &beat(true, 0), Timestamp(NOW.0 - 120_000)));
    assert_eq!(theirs.check(&old, NOW), Err(MavlinkError::Replayed { system: 2 }));
}

#[test]
fn a_key_is_32_bytes_and_is_never_shown() {
    for wrong in ["", "00", &KEY[1..], &KEY.replace('0', "g"), "密钥"] {
        assert_eq!(SigningKey::parse(wrong), Err(KeyError), "{wrong}");
    }
    assert!(!format!("{:?}", signer()).contains("31"), "{:?}", signer());
}

#[test]
fn cameras_and_gimbals_are_told_by_their_numbers() {
    let mut known = vehicle(true);
    let told = |order: Order, known: &Vehicle| match Dialogue::begin(&order, known, NOW).expect("sayable").1.send.pop()
    {
        Some(MavMessage::COMMAND_LONG(it)) => (it.command as u32, it.target_component, it.param1, it.param2),
        other => panic!("{other:?}"),
    };
    known.camera_component = Some(100);
    assert_eq!(told(Order::TakePhoto, &known), (2000, 100, 0.0, 0.0));
    assert_eq!(told(Order::StartRecording, &known).0, 2500);
    assert_eq!(told(Order::StopRecording, &known).0, 2501);
    assert_eq!(told(Order::StartVideo { stream: 1 }, &known), (2502, 100, 1.0, 0.0));
    assert_eq!(told(Order::StopVideo { stream: 1 }, &known).0, 2503);
    assert_eq!(told(Order::Zoom { rate: -3.0 }, &known), (531, 100, 1.0, -1.0));
    let (command, component, pitch, _) = told(Order::TurnGimbal { pitch_deg_s: 5.0, yaw_deg_s: 0.0 }, &known);
    assert!((command, component) == (1000, AUTOPILOT) && pitch.is_nan());
}

#[test]
fn a_missions_points_are_told_and_an_earlier_missions_are_not_its_own() {
    let reached = |seq| packet(MavMessage::MISSION_ITEM_REACHED(messages::MISSION_ITEM_REACHED_DATA { seq }));
    let mut known = vehicle(true);
    // Flown before.
    known.hear(&reached(9), NOW);
    let points = vec![Waypoint { place: HERE, height_m: 60.0 }; 3];
    let (mut talk, turn) = Dialogue::begin(&Order::Mission { points, speed_mps: 10.0 }, &known, NOW).expect("sayable");
    let Some(MavMessage::MISSION_COUNT(count)) = turn.send.first() else { panic!("{turn:?}") };
    let mut words = Vec::new();
    for seq in 0..count.count {
        let ask = MISSION_REQUEST_INT_DATA { seq, target_system: OUR_SYSTEM, target_component: OUR_COMPONENT };
        words.extend(talk.hear(&packet(MavMessage::MISSION_REQUEST_INT(ask)), &known, NOW).words);
    }
    let taken = MISSION_ACK_DATA {
        target_system: OUR_SYSTEM,
        target_component: OUR_COMPONENT,
        mavtype: MavMissionResult::MAV_MISSION_ACCEPTED,
    };
    let mut turn = talk.hear(&packet(MavMessage::MISSION_ACK(taken)), &known, NOW);
    while let Some(message) = turn.send.pop() {
        turn = talk.hear(&ack(command_of(&message).0, MavResult::MAV_RESULT_ACCEPTED), &known, NOW);
        words.extend(turn.words.clone());
    }
    assert!(!talk.is_over(), "{words:?}");
    words.clear();
    for seq in count.count - 3..count.count {
        words.extend(talk.hear(&reached(seq), &known, NOW).words);
    }
    let at: Vec<Option<u16>> = words
        .iter()
        .filter_map(|it| match it {
            Word::UnderWay { waypoint, .. } => Some(*waypoint),
            _ => None,
        })
        .collect();
    assert_eq!((at, words.last()), (vec![Some(0), Some(1)], Some(&Word::Done)), "{words:?}");
}

proptest! {
    #[test]
    fn garbage_is_no_packet_and_never_feared(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut frames = Frames::default();
        let mut vehicle = Vehicle::new(1);
        for framed in frames.push(&bytes).into_iter().chain(read_datagram(&bytes)) {
            if let Framed::Packet(packet) = framed {
                vehicle.hear(&packet, NOW);
            }
        }
    }

    /// Markers and lengths as they are, so that most bytes are looked at as packets.
    #[test]
    fn garbage_behind_a_marker_is_checked(id in 0..600_u32, payload in proptest::collection::vec(any::<u8>(), 0..255)) {
        let Some(extra) = Some(<MavMessage as ::mavlink::Message>::extra_crc(id)).filter(|it| *it != 0) else {
            return Ok(());
        };
        let [a, b, c, _] = id.to_le_bytes();
        let mut frame = vec![0xFD, payload.len() as u8, 0, 0, 3, 1, 1, a, b, c];
        frame.extend(&payload);
        frame.extend(::mavlink::calculate_crc(&frame[1..], extra).to_le_bytes());
        let found = Frames::default().push(&frame);
        prop_assert_eq!(found.len(), 1);
        if let Framed::Packet(packet) = &found[0] {
            let mut vehicle = Vehicle::new(1);
            vehicle.hear(packet, NOW);
            for order in [Order::ReturnHome, Order::TakeoffTo { place: HERE, height_m: 50.0 }] {
                if let Ok((mut dialogue, _)) = Dialogue::begin(&order, &vehicle, NOW) {
                    dialogue.hear(packet, &vehicle, NOW);
                }
            }
        }
    }

    #[test]
    fn a_stream_cut_anywhere_says_the_same(cuts in proptest::collection::vec(1..60_usize, 1..200)) {
        let whole: Vec<u8> = honest().concat();
        let (mut frames, mut rest, mut heard) = (Frames::default(), whole.as_slice(), Vec::new());
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            heard.extend(frames.push(now));
            rest = later;
        }
        heard.extend(frames.push(rest));
        prop_assert_eq!(sequences(&heard), (0..20).collect::<Vec<u8>>());
    }

    #[test]
    fn what_is_lost_doubled_or_spoilt_costs_only_itself(
        spoilt in 0..20_usize, at in 0..30_usize, bit in 0..8_u8, doubled in 0..20_usize, noise in proptest::collection::vec(0..0xFD_u8, 0..50),
    ) {
        let mut packets = honest();
        let n = packets[spoilt].len();
        packets[spoilt][at % n] ^= 1 << bit;
        let twice = packets[doubled].clone();
        packets.insert(doubled, twice);
        packets.insert(0, noise);
        // A spoilt length may swallow what follows; by then it is known to be wrong.
        packets.push(vec![0; 300]);
        let heard = sequences(&Frames::default().push(&packets.concat()));
        for n in (0..20).filter(|it| *it != spoilt) {
            prop_assert!(heard.contains(&(n as u8)), "{} of {:?}", n, heard);
        }
    }

    #[test]
    fn acknowledgements_in_any_order_end_an_order_at_most_once(
        answers in proptest::collection::vec((0..6_usize, 0..7_usize, 0..3_000_i64), 0..60),
    ) {
        let commands = [
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, MavCmd::MAV_CMD_NAV_TAKEOFF, MavCmd::MAV_CMD_DO_REPOSITION,
            MavCmd::MAV_CMD_NAV_LAND, MavCmd::MAV_CMD_MISSION_START, MavCmd::MAV_CMD_DO_SET_MODE,
        ];
        let results = [
            MavResult::MAV_RESULT_ACCEPTED, MavResult::MAV_RESULT_TEMPORARILY_REJECTED, MavResult::MAV_RESULT_DENIED,
            MavResult::MAV_RESULT_UNSUPPORTED, MavResult::MAV_RESULT_FAILED, MavResult::MAV_RESULT_IN_PROGRESS,
            MavResult::MAV_RESULT_CANCELLED,
        ];
        let vehicle = vehicle(false);
        let order = Order::TakeoffTo { place: LonLat(118.11, 24.48), height_m: 60.0 };
        let (mut dialogue, first) = Dialogue::begin(&order, &vehicle, NOW).unwrap();
        let (mut words, mut now) = (first.words, NOW);
        for (command, result, ms) in answers {
            now = now + ms;
            words.extend(dialogue.tick(&vehicle, now).words);
            words.extend(dialogue.hear(&ack(commands[command], results[result]), &vehicle, now).words);
        }
        let n_ends = words.iter().filter(|it| matches!(it, Word::Done | Word::Failed { .. } | Word::TimedOut { .. })).count();
        prop_assert!(n_ends <= 1);
        prop_assert_eq!(n_ends == 1, dialogue.is_over());
        prop_assert!(words.iter().filter(|it| **it == Word::Accepted).count() <= 1);
    }

    /// A signed packet with a byte changed, cut or doubled is never believed as another.
    #[test]
    fn damaged_signatures_are_not_believed(at in 0usize..60, flip in 1u8.., cut in 0usize..60) {
        let bytes = signer().encode((1, 1), 0, &beat(true, 0), NOW);
        let mut flipped = bytes.clone();
        let n = bytes.len();
        flipped[at % n] ^= flip;
        let doubled = [&bytes[..], &bytes[..]].concat();
        let mut theirs = signer();
        for it in read_datagram(&flipped).into_iter().chain(read_datagram(&bytes[..cut % n])) {
            if let Framed::Packet(packet) = it {
                prop_assert!(theirs.check(&packet, NOW).is_err());
            }
        }
        let believed = read_datagram(&doubled).into_iter().filter(|it| {
            matches!(it, Framed::Packet(packet) if theirs.check(packet, NOW).is_ok())
        });
        prop_assert_eq!(believed.count(), 1);
    }
}
