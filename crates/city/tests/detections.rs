//! The queue of video recognition: what is one thing, what an officer may say of it, what a flood does, what is fed back.

use gulang_city::*;
use proptest::prelude::*;

const SEAT: &str = "值班长 01";

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-17 12:00:00").unwrap()
}

fn platform() -> Source {
    Source::Platform("videoai".into())
}

fn seat() -> Source {
    Source::Seat(SEAT.into())
}

fn city() -> City {
    City::found(&tiny_pack(), Realm::Actual)
}

fn report(event: &str, kind: &str, at: Timestamp) -> DetectionReport {
    DetectionReport {
        event: event.into(),
        kind: kind.into(),
        camera: "cam-1".into(),
        at,
        place: None,
        boxes: vec![DetectionBox { x: 0.1, y: 0.2, w: 0.3, h: 0.4 }],
        confidence: 0.8,
        picture: Some("ab".into()),
        model: "示例模型 1".into(),
    }
}

/// So many metres east of the first camera.
fn east(metres: f64) -> LonLat {
    let at = tiny_pack().cameras[0].at;
    LonLat(at.0 + metres / (111_320.0 * at.1.to_radians().cos()), at.1)
}

fn happen(city: &mut City, source: &Source, command: Command, at: Timestamp) -> Result<Vec<Event>, Refusal> {
    let events = city.decide_from(source, &command, at)?;
    for event in &events {
        let record = Record { seq: city.seq + 1, at, source: source.clone(), event: event.clone() };
        // As the log has it.
        let record: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(events)
}

fn see(city: &mut City, report: DetectionReport, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    happen(city, &platform(), Command::ReportDetection { report }, now)
}

/// A platform's case where the first camera stands.
fn platform_case(city: &mut City, external: &str, title: &str, stage: CaseStage, now: Timestamp) -> CaseId {
    let report = CaseReport {
        external: external.into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: title.into(),
        address: "路口一".into(),
        at: east(0.0),
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: now,
        due_at: now.plus_mins(240),
    };
    let news = Command::ReportCase { report, stage, stage_at: now };
    happen(city, &Source::Platform("yunguanfu".into()), news, now).unwrap();
    city.case_by_external[&*format!("yunguanfu/{external}")]
}

/// The grace is over, the platform takes the last case found here and tells of it.
fn file(city: &mut City, external: &str, now: Timestamp) -> CaseId {
    happen(city, &Source::Hub, Command::Tick, now.plus_secs(5)).unwrap();
    let own = OwnCaseId(city.own_cases.len() as u64);
    let taken = Command::ReportOwnCase { own, external: external.into(), task: "".into() };
    happen(city, &Source::Platform("yunguanfu".into()), taken, now.plus_secs(6)).unwrap();
    platform_case(city, external, "流动摊贩", CaseStage::Collected, now.plus_secs(6))
}

/// The one seen; its number is the first's.
fn one_waiting(city: &mut City) -> DetectionId {
    see(city, report("e1", "stall", noon()), noon()).unwrap();
    DetectionId(1)
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let mut city = city();
    let base = || report("e1", "stall", noon());
    let wrong = [
        (DetectionReport { kind: "tea".into(), ..base() }, "识别种类"),
        (DetectionReport { camera: "cam-9".into(), ..base() }, "摄像头"),
        (DetectionReport { at: noon().plus_mins(6), ..base() }, "在未来"),
        (DetectionReport { at: noon().plus_mins(-25 * 60), ..base() }, "太早"),
        (DetectionReport { confidence: f32::NAN, ..base() }, "可信度"),
        (DetectionReport { confidence: 87.0, ..base() }, "可信度"),
        (DetectionReport { event: "".into(), ..base() }, "事件号"),
        (DetectionReport { place: Some(LonLat(0.0, 0.0)), ..base() }, "附近"),
        (DetectionReport { boxes: vec![DetectionBox { x: 0.9, y: 0.0, w: 0.3, h: 0.1 }], ..base() }, "识别框"),
        (DetectionReport { boxes: vec![DetectionBox { x: 0.1, y: 0.1, w: 0.1, h: 0.1 }; 33], ..base() }, "识别框"),
    ];
    for (report, why) in wrong {
        let refusal = see(&mut city, report, noon()).unwrap_err().to_string();
        assert!(refusal.contains(why), "{refusal} should name {why}");
    }
    assert_eq!(city.detections.n_made, 0);
    see(&mut city, base(), noon()).unwrap();
    assert_eq!(see(&mut city, base(), noon()), Err(Refusal::NoChange), "the same message again");
    assert!(happen(&mut city, &seat(), Command::ReportDetection { report: base() }, noon()).is_err());
}

#[test]
fn one_thing_is_one_row_and_another_place_time_or_kind_is_another() {
    let mut city = city();
    let at = |event: &str, kind: &str, mins: i64, metres: f64, confidence: f32| DetectionReport {
        place: Some(east(metres)),
        confidence,
        ..report(event, kind, noon().plus_mins(mins))
    };
    let now = noon().plus_mins(90);
    for it in [at("a", "stall", 0, 0.0, 0.6), at("b", "stall", 20, 40.0, 0.9), at("c", "stall", 45, 10.0, 0.7)] {
        see(&mut city, it, now).unwrap();
    }
    let known = &city.detections.known[&DetectionId(1)];
    assert_eq!((known.n, known.first_at, known.last_at), (3, noon(), noon().plus_mins(45)));
    assert_eq!(&*known.best.event, "b");
    // 80 m from the first, though 40 m from the second: a chain does not creep.
    see(&mut city, at("d", "stall", 20, 80.0, 0.5), now).unwrap();
    see(&mut city, at("e", "waste", 20, 0.0, 0.5), now).unwrap();
    // 31 minutes after the last.
    see(&mut city, at("f", "stall", 76, 0.0, 0.5), now).unwrap();
    assert_eq!(city.detections.known.values().map(|it| it.n).collect::<Vec<_>>(), [3, 1, 1, 1]);
}

#[test]
fn one_press_makes_a_case_for_the_right_agency_and_the_next_takes_it_back_unsent() {
    let mut city = city();
    let id = one_waiting(&mut city);
    let now = noon().plus_mins(2);
    let confirm = || Command::ConfirmDetection { detection: id, agency: None };
    happen(&mut city, &seat(), confirm(), now).unwrap();
    assert_eq!(city.detections.median_wait_s(), Some(120));
    let again = happen(&mut city, &seat(), confirm(), now);
    assert!(again.unwrap_err().to_string().contains("已由值班长 01判定"));
    happen(&mut city, &seat(), Command::ReopenDetection { detection: id }, now.plus_secs(4)).unwrap();
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_secs(60)).unwrap();
    assert!(city.own_cases.is_empty() && city.untold.is_empty() && city.detections.waiting.contains(&id));
    assert_eq!(city.detection_rate(&"cam-1".into(), &"stall".into()).n_judged(), 0);

    let now = now.plus_mins(2);
    happen(&mut city, &seat(), confirm(), now).unwrap();
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_secs(4)).unwrap();
    assert!(city.own_cases.is_empty());
    // Killed between the word and the filing: what the log says goes on.
    let mut city = City::from_bytes(&city.to_bytes().unwrap()).unwrap();
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_secs(5)).unwrap();
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_secs(6)).unwrap();
    assert_eq!(city.own_cases.len(), 1, "filed once");
    let found = &city.own_cases[&OwnCaseId(1)].found;
    assert_eq!((&*found.title, found.agency.as_str(), &*found.address), ("流动摊贩", "ag-city", "路口一"));
    assert_eq!((found.detection, found.media.len()), (Some(1), 1));
    assert!(city.untold.values().any(|it| matches!(it.news, News::CaseFound { .. })), "its platform is owed it");

    // The other district's headquarters, by the table; and whoever the officer names.
    let elsewhere = DetectionReport { camera: "cam-2".into(), ..report("e2", "stall", now) };
    see(&mut city, elsewhere, now).unwrap();
    see(&mut city, report("e3", "waste", now), now).unwrap();
    let draft = city.draft_of(&city.detections.known[&DetectionId(2)]).unwrap();
    assert_eq!(draft.agency.as_str(), "ag-350203");
    for n in [2, 3] {
        let named = Command::ConfirmDetection { detection: DetectionId(n), agency: Some("ag-water".into()) };
        happen(&mut city, &seat(), named, now).unwrap();
    }
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_secs(9)).unwrap();
    assert_eq!(city.own_cases.len(), 3, "two in one tick are two");
    assert!(city.own_cases.values().skip(1).all(|it| it.found.agency.as_str() == "ag-water"));
    see(&mut city, report("e4", "fire_lane", now), now).unwrap();
    let nobody = Command::ConfirmDetection { detection: DetectionId(4), agency: Some("nobody".into()) };
    assert!(happen(&mut city, &seat(), nobody, now).is_err());
}

#[test]
fn a_verdict_is_not_taken_back_late_nor_once_somebody_took_the_case_up() {
    let mut city = city();
    let id = one_waiting(&mut city);
    happen(&mut city, &seat(), Command::ConfirmDetection { detection: id, agency: None }, noon()).unwrap();
    let reopen = Command::ReopenDetection { detection: id };
    assert!(city.decide_from(&seat(), &reopen, noon().plus_mins(11)).is_err());
    happen(&mut city, &Source::Hub, Command::Tick, noon().plus_secs(5)).unwrap();
    let why = city.decide_from(&seat(), &reopen, noon().plus_secs(6)).unwrap_err().to_string();
    assert!(why.contains("正在上报"), "{why}");
    let case = file(&mut city, "77", noon());
    let events = city.decide_from(&seat(), &reopen, noon().plus_secs(20)).unwrap();
    assert!(
        matches!(events[..], [Event::CaseCancelled { case: it, .. }, Event::DetectionReopened { .. }] if it == case)
    );
    platform_case(&mut city, "77", "流动摊贩", CaseStage::Filed, noon().plus_secs(30));
    let why = city.decide_from(&seat(), &reopen, noon().plus_mins(1)).unwrap_err().to_string();
    assert!(why.contains("立案"), "{why}");
}

#[test]
fn repeats_of_what_was_judged_do_not_come_back_before_their_time() {
    let mut city = city();
    let id = one_waiting(&mut city);
    happen(&mut city, &seat(), Command::ConfirmDetection { detection: id, agency: None }, noon()).unwrap();
    see(&mut city, report("r0", "stall", noon().plus_secs(2)), noon().plus_secs(2)).unwrap();
    let case = file(&mut city, "77", noon());
    see(&mut city, report("r1", "stall", noon().plus_mins(10)), noon().plus_mins(10)).unwrap();
    assert_eq!((city.detections.n_made, city.detections.known[&id].n), (1, 3));
    let cancel = Command::CancelCase { case, reason: "误立".into() };
    happen(&mut city, &seat(), cancel, noon().plus_mins(11)).unwrap();
    see(&mut city, report("r2", "stall", noon().plus_mins(12)), noon().plus_mins(12)).unwrap();
    assert_eq!(city.detections.n_made, 2, "its case is no more");

    let reject = Command::RejectDetection { detection: DetectionId(2), reason: "light".into(), note: "".into() };
    happen(&mut city, &seat(), reject, noon().plus_mins(13)).unwrap();
    see(&mut city, report("r3", "stall", noon().plus_mins(40)), noon().plus_mins(40)).unwrap();
    assert_eq!(city.detections.n_made, 2);
    see(&mut city, report("r4", "stall", noon().plus_mins(60)), noon().plus_mins(60)).unwrap();
    assert_eq!(city.detections.n_made, 3, "half an hour after the verdict it is looked at again");
}

#[test]
fn false_alarms_are_counted_by_camera_and_kind_until_muting_is_suggested() {
    let mut city = city();
    let (camera, kind) = (CameraId::from("cam-1"), Text::from("stall"));
    for i in 0..10 {
        let now = noon().plus_mins(i * 90);
        see(&mut city, report(&format!("e{i}"), "stall", now), now).unwrap();
        let detection = DetectionId(city.detections.n_made);
        assert_eq!(city.should_mute(&camera, &kind), i >= 8, "after {i}");
        let said = match i {
            0 => Command::ConfirmDetection { detection, agency: None },
            _ => Command::RejectDetection { detection, reason: "light".into(), note: "".into() },
        };
        happen(&mut city, &seat(), said, now).unwrap();
        if i == 0 {
            // A case that is over takes nothing in.
            let case = file(&mut city, "77", now);
            let cancel = Command::CancelCase { case, reason: "已处置".into() };
            happen(&mut city, &seat(), cancel, now.plus_mins(1)).unwrap();
        }
    }
    assert_eq!(city.detection_rate(&camera, &kind).false_rate(), Some(0.9));
    let now = noon().plus_mins(1000);
    let mute = |until, reason: &str| Command::MuteDetections {
        camera: camera.clone(),
        kind: kind.clone(),
        until,
        reason: reason.into(),
    };
    assert!(happen(&mut city, &seat(), mute(now, "误报多"), now).is_err());
    assert!(happen(&mut city, &seat(), mute(now.plus_mins(60), " "), now).is_err());
    assert!(happen(&mut city, &seat(), mute(now.plus_mins(60 * 24 * 8), "误报多"), now).is_err());
    happen(&mut city, &seat(), mute(now.plus_mins(60), "误报多"), now).unwrap();
    see(&mut city, report("m1", "stall", now), now).unwrap();
    see(&mut city, report("m2", "waste", now), now).unwrap();
    assert_eq!((city.detections.n_made, city.detection_rate(&camera, &kind).n_muted), (11, 1));
    happen(&mut city, &Source::Hub, Command::Tick, now.plus_mins(61)).unwrap();
    assert!(city.detections.mutes.is_empty());
}

#[test]
fn a_duplicate_names_an_open_case_and_what_nobody_looked_at_goes_in_one_record() {
    let mut city = city();
    let id = one_waiting(&mut city);
    let of = |case| Command::DuplicateDetection { detection: id, case: CaseId(case) };
    assert!(happen(&mut city, &seat(), of(1), noon()).is_err());
    see(&mut city, report("w1", "waste", noon()), noon()).unwrap();
    let confirm = Command::ConfirmDetection { detection: DetectionId(2), agency: None };
    happen(&mut city, &seat(), confirm, noon()).unwrap();
    platform_case(&mut city, "9", "流动摊贩", CaseStage::Collected, noon());
    assert_eq!(city.cases_like(&city.detections.known[&id], 3).len(), 1);
    happen(&mut city, &seat(), of(1), noon()).unwrap();
    see(&mut city, report("f1", "fire_lane", noon()), noon()).unwrap();
    let later = noon().plus_mins(721);
    let events = happen(&mut city, &Source::Hub, Command::Tick, later).unwrap();
    let expired = Event::DetectionsExpired { detections: vec![DetectionId(3)], why: ExpiryWhy::Age };
    assert!(events.contains(&expired), "{events:?}");
    let verdicts: Vec<u64> = city.verdicts_after(&"videoai".into(), 0, 10).iter().map(|it| it.id.0).collect();
    assert_eq!(verdicts, [2, 1], "in the order they were judged; what expired is no verdict");
}

#[test]
fn a_flood_of_ten_thousand_keeps_the_queue_short_and_loses_nothing_unsaid() {
    let mut city = city();
    let (mut n_expired, mut n_records) = (0, 0);
    for i in 0..10_000_u32 {
        // Each at a place of its own, on a grid of 70 m.
        let (x, y) = (i % 50, i / 50 % 50);
        let at = east(70.0 * f64::from(x));
        let place = Some(LonLat(at.0, at.1 - 0.00065 * f64::from(y % 30)));
        let it = DetectionReport {
            place,
            confidence: if i % 3 == 0 { 0.3 } else { 0.9 },
            ..report(&format!("e{i}"), ["stall", "waste"][(i / 5000) as usize], noon())
        };
        // Beyond the camera's reach it is refused; that is counted elsewhere.
        let Ok(events) = see(&mut city, it, noon().plus_secs(i64::from(i) / 100)) else { continue };
        for event in events {
            if let Event::DetectionsExpired { detections, why } = event {
                assert_eq!(why, ExpiryWhy::Flood);
                (n_expired, n_records) = (n_expired + detections.len(), n_records + 1);
            }
        }
        assert!(city.detections.waiting.len() <= 500);
    }
    let all: u32 = city.detections.rates.values().map(|it| it.n_shown).sum();
    assert_eq!(all as usize, city.detections.waiting.len() + n_expired);
    assert!(n_expired > 500 && n_records <= n_expired / 25 + 1, "{n_expired} in {n_records} records");
    let n_low = city.detections.waiting.iter().filter(|it| city.detections.known[*it].best.confidence < 0.5).count();
    assert!(n_low < city.detections.waiting.len() / 5, "the unsure ones went first: {n_low}");
    assert_eq!(city.to_bytes().map(|it| City::from_bytes(&it)), Ok(Ok(city)));
}

fn reports() -> impl Strategy<Value = Vec<DetectionReport>> {
    let one = (0..30u32, 0..3usize, -20..20i64, 0.0..200.0f64, 0.0..=1.0f32, any::<bool>());
    let one = one.prop_map(|(n, kind, mins, metres, confidence, has_picture)| DetectionReport {
        place: Some(east(metres)),
        confidence,
        picture: has_picture.then(|| "ab".into()),
        ..report(&format!("e{n}"), ["stall", "waste", "fire_lane"][kind], noon().plus_mins(mins))
    });
    prop::collection::vec(one, 1..40)
}

proptest! {
    #[test]
    fn sightings_of_one_thing_merge_whatever_their_order(
        sightings in prop::collection::vec((0..30i64, 0.0..25.0f64, 0.0..=1.0f32), 1..12)
            .prop_flat_map(|it| Just(it).prop_shuffle()),
    ) {
        let mut city = city();
        for (i, (mins, metres, confidence)) in sightings.iter().enumerate() {
            let it = DetectionReport {
                place: Some(east(*metres)),
                confidence: *confidence,
                ..report(&format!("e{i}"), "stall", noon().plus_mins(*mins))
            };
            see(&mut city, it, noon().plus_mins(40)).unwrap();
        }
        prop_assert_eq!(city.detections.known.len(), 1);
        let it = &city.detections.known[&DetectionId(1)];
        let times = sightings.iter().map(|it| noon().plus_mins(it.0));
        prop_assert_eq!((Some(it.first_at), Some(it.last_at)), (times.clone().min(), times.max()));
        prop_assert_eq!(it.n as usize, sightings.len());
        let best = sightings.iter().map(|it| it.2).fold(0.0, f32::max);
        prop_assert_eq!(it.best.confidence, best);
    }

    #[test]
    fn every_message_is_counted_once_and_the_sums_hold(reports in reports(), said in prop::collection::vec((1..20u64, 0..5u8), 0..30)) {
        let mut city = city();
        platform_case(&mut city, "1", "流动摊贩", CaseStage::Collected, noon());
        let mut n_taken = 0;
        let mut said = said.into_iter();
        for (i, it) in reports.into_iter().enumerate() {
            let now = noon().plus_mins(30).plus_secs(i as i64);
            n_taken += usize::from(see(&mut city, it, now).is_ok());
            let Some((n, how)) = said.next() else { continue };
            let detection = DetectionId(n);
            let command = match how {
                0 => Command::ConfirmDetection { detection, agency: None },
                1 => Command::RejectDetection { detection, reason: "light".into(), note: "".into() },
                2 => Command::DuplicateDetection { detection, case: CaseId(1) },
                3 => Command::ReopenDetection { detection },
                _ => Command::MuteDetections {
                    camera: "cam-1".into(), kind: "waste".into(), until: now.plus_mins(1), reason: "多".into(),
                },
            };
            let _ = happen(&mut city, &seat(), command, now);
        }
        let all = &city.detections;
        let n_muted: u32 = all.rates.values().map(|it| it.n_muted).sum();
        let n_seen: u32 = all.known.values().map(|it| it.n).sum();
        prop_assert_eq!(n_taken, (n_muted + n_seen) as usize);
        let waiting = all.known.values().filter(|it| it.is_waiting()).map(|it| it.id).collect();
        prop_assert_eq!(&all.waiting, &waiting);
        for ((camera, kind), rate) in &all.rates {
            let theirs = || all.known.values().filter(|it| it.best.camera == *camera && it.kind == *kind);
            let n = |of: fn(&DetectionState) -> bool| theirs().filter(|it| of(&it.state)).count() as u32;
            prop_assert_eq!(rate.n_shown, theirs().count() as u32);
            prop_assert_eq!(rate.n_confirmed, n(|it| matches!(it, DetectionState::Confirmed { .. })));
            prop_assert_eq!(rate.n_false, n(|it| matches!(it, DetectionState::FalseAlarm { .. })));
            prop_assert_eq!(rate.n_duplicate, n(|it| matches!(it, DetectionState::Duplicate { .. })));
        }
        prop_assert_eq!(City::from_bytes(&city.to_bytes().unwrap()).unwrap().state_hash(), city.state_hash());
    }
}
