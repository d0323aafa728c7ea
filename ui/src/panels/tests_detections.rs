//! The queue of video recognition: a key says it and goes on, a key takes it back, and no key means anything elsewhere.

use super::tests::{NOON, Screen, click, painted};
use super::*;
use crate::i18n::{Lang, tr};
use egui::Key;
use egui_kittest::Harness;

fn report(event: &str, kind: &str, camera: &str) -> DetectionReport {
    DetectionReport {
        event: event.into(),
        kind: kind.into(),
        camera: camera.into(),
        at: NOON.plus_mins(-3),
        place: None,
        boxes: vec![DetectionBox { x: 0.2, y: 0.2, w: 0.4, h: 0.4 }],
        confidence: 0.87,
        picture: Some(event.into()),
        model: "示例模型 1".into(),
    }
}

fn see(screen: &mut Screen, event: &str, kind: &str, camera: &str) {
    let report = report(event, kind, camera);
    screen.happen(Source::Platform("videoai".into()), Command::ReportDetection { report });
}

/// A stall, a heap of waste and a blocked fire lane wait; the last is the worst.
fn screen() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    see(&mut screen, "e1", "stall", "cam-1");
    see(&mut screen, "e2", "waste", "cam-2");
    see(&mut screen, "e3", "fire_lane", "cam-1");
    screen
}

fn open(screen: Screen, width: f32, height: f32) -> Harness<'static, Screen> {
    let mut harness = screen.show(width, height);
    press_key(&mut harness, Key::Y);
    harness
}

fn press_key(harness: &mut Harness<'_, Screen>, key: Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

fn said(harness: &Harness<'_, Screen>) -> Vec<Command> {
    let asked = harness.state().asked.iter();
    asked
        .filter_map(|it| match it {
            UiCommand::Submit(command) => Some(command.clone()),
            _ => None,
        })
        .collect()
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// What was said happens.
fn happen(harness: &mut Harness<'_, Screen>) {
    let seat = Source::Seat(harness.state().seat.clone());
    for command in said(harness) {
        harness.state_mut().happen(seat.clone(), command);
    }
    harness.state_mut().asked.clear();
    harness.run_steps(2);
}

#[test]
fn the_queue_is_worked_by_keys_alone() {
    let mut harness = open(screen(), 1920.0, 1080.0);
    assert!(says(&harness, "消防通道堵塞") && says(&harness, "应急管理局"), "{:?}", painted(&harness));
    press_key(&mut harness, Key::Enter);
    assert_eq!(said(&harness), [Command::ConfirmDetection { detection: DetectionId(3), agency: None }]);
    happen(&mut harness);

    // The next one is shown already: a false alarm, by the third reason.
    assert!(says(&harness, "流动摊贩"));
    press_key(&mut harness, Key::Num2);
    assert!(says(&harness, "3 已获许可") && said(&harness).is_empty());
    press_key(&mut harness, Key::Num3);
    let rejected = Command::RejectDetection { detection: DetectionId(1), reason: "permitted".into(), note: "".into() };
    assert_eq!(said(&harness), [rejected]);
    happen(&mut harness);
    press_key(&mut harness, Key::U);
    assert_eq!(said(&harness), [Command::ReopenDetection { detection: DetectionId(1) }]);
    happen(&mut harness);

    // The one taken back is shown again; down is the last, and there is none further down.
    assert!(says(&harness, "流动摊贩") && harness.state().city.detections.waiting.len() == 2);
    press_key(&mut harness, Key::J);
    press_key(&mut harness, Key::ArrowDown);
    press_key(&mut harness, Key::Num1);
    assert_eq!(said(&harness), [Command::ConfirmDetection { detection: DetectionId(2), agency: None }]);
    happen(&mut harness);
    assert_eq!(harness.state().city.detections.unfiled.len(), 2);
}

#[test]
fn what_was_sent_leaves_the_queue_at_once_so_that_two_presses_are_two_things() {
    let mut harness = open(screen(), 1920.0, 1080.0);
    press_key(&mut harness, Key::Num1);
    press_key(&mut harness, Key::Num1);
    let confirm = |n| Command::ConfirmDetection { detection: DetectionId(n), agency: None };
    assert_eq!(said(&harness), [confirm(3), confirm(1)]);
}

#[test]
fn no_key_says_anything_outside_the_page_or_while_somebody_types() {
    let keys = [Key::Enter, Key::Num1, Key::Num2, Key::Num3, Key::J, Key::J, Key::K, Key::U, Key::U];
    let mut harness = screen().show(1920.0, 1080.0);
    for key in keys {
        press_key(&mut harness, key);
    }
    assert!(said(&harness).is_empty(), "{:?}", said(&harness));

    let mut harness = open(screen(), 1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::DETECTION_ELSEWHERE));
    for key in keys {
        press_key(&mut harness, key);
    }
    assert!(said(&harness).is_empty(), "{:?}", said(&harness));
}

#[test]
fn the_same_as_a_case_needs_one_near_and_open() {
    let mut harness = open(screen(), 1920.0, 1080.0);
    press_key(&mut harness, Key::Num3);
    assert!(said(&harness).is_empty() && says(&harness, "没有在办的案件可并入"), "{:?}", painted(&harness));
    let city = &harness.state().city;
    let camera = city.cameras["cam-1"].clone();
    let report = CaseReport {
        external: "9".into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "消防通道堵塞".into(),
        address: camera.name.clone(),
        at: camera.at,
        district: camera.district.clone(),
        agency: "ag-city".into(),
        color: WarningColor::Red,
        reported_at: NOON,
        due_at: NOON.plus_mins(60),
    };
    let told = Command::ReportCase { report, stage: CaseStage::Collected, stage_at: NOON };
    harness.state_mut().happen(Source::Platform("yunguanfu".into()), told);
    harness.run_steps(2);
    press_key(&mut harness, Key::Num3);
    let duplicate = Command::DuplicateDetection { detection: DetectionId(3), case: CaseId(1) };
    assert_eq!(said(&harness), [duplicate]);
}

#[test]
fn pictures_are_asked_for_ahead_once_and_a_missing_one_says_why() {
    let mut harness = open(screen(), 1920.0, 1080.0);
    harness.run_steps(4);
    let asked: Vec<String> = harness
        .state()
        .asked
        .iter()
        .filter_map(|it| match it {
            UiCommand::AskDetectionPicture(_, hash) => Some(hash.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(asked, ["e3", "e1", "e2"]);
    harness.state_mut().state.take_detection(("e3".into(), Err("HTTP 404".to_owned())));
    harness.run_steps(2);
    assert!(says(&harness, "图片取不来：HTTP 404"));
    let image = egui::ColorImage::from_rgb([4, 2], &[90; 24]);
    harness.state_mut().state.take_detection(("e1".into(), Ok(image)));
    press_key(&mut harness, Key::J);
    assert!(says(&harness, "仿真画面") && says(&harness, "87%"), "{:?}", painted(&harness));
}

#[test]
fn a_leader_reads_and_a_misleading_camera_is_muted_by_its_button() {
    let mut screen = screen();
    for i in 0..8 {
        screen.clock.now = NOON.plus_mins(40 + 40 * i);
        let report = DetectionReport { at: screen.clock.now, ..report(&format!("f{i}"), "stall", "cam-2") };
        screen.happen(Source::Platform("videoai".into()), Command::ReportDetection { report });
        let detection = DetectionId(screen.city.detections.n_made);
        let reject = Command::RejectDetection { detection, reason: "light".into(), note: "".into() };
        screen.happen(Source::Seat("值班长 01".into()), reject);
    }
    screen.clock.now = NOON.plus_mins(400);
    let again = DetectionReport { at: screen.clock.now, ..report("f9", "stall", "cam-2") };
    screen.happen(Source::Platform("videoai".into()), Command::ReportDetection { report: again });
    let mut harness = open(screen, 1920.0, 1080.0);
    press_key(&mut harness, Key::J);
    press_key(&mut harness, Key::J);
    assert!(says(&harness, "100%，建议静音"), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::DETECTION_MUTE));
    let until = NOON.plus_mins(400 + 24 * 60);
    let reason = "误报率 100%（8/8）".into();
    let mute = Command::MuteDetections { camera: "cam-2".into(), kind: "stall".into(), until, reason };
    assert_eq!(said(&harness), [mute]);
    happen(&mut harness);
    assert!(says(&harness, "静音中 1"));

    harness.state_mut().seat = "观摩席".into();
    for key in [Key::Num1, Key::Enter] {
        press_key(&mut harness, key);
    }
    assert!(says(&harness, "领导"), "{:?}", painted(&harness));
    press_key(&mut harness, Key::U);
    assert!(said(&harness).is_empty());
}

#[test]
fn nothing_panics_on_a_long_queue_or_a_small_window() {
    for (width, height) in [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (3840.0, 1080.0)] {
        let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
        for i in 0..60 {
            screen.clock.now = NOON.plus_mins(i * 130);
            let report = DetectionReport { at: screen.clock.now, ..report(&format!("e{i}"), "waste", "cam-1") };
            screen.happen(Source::Platform("videoai".into()), Command::ReportDetection { report });
        }
        let mut harness = open(screen, width, height);
        for key in [Key::J, Key::K, Key::K, Key::Num2, Key::Escape, Key::U, Key::Y] {
            press_key(&mut harness, key);
        }
    }
}
