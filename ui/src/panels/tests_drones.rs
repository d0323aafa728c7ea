//! A drone's page: what it says of itself, what it may be told and what stands against it, and a press on its picture.

use super::tests::{NOON, Screen, click, hold_for, painted, press, submitted};
use super::*;
use crate::hall::Shown;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

/// Its name among the tiny pack's.
const NAME: &str = "一号机";

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// In the air over the centre, looking straight down, with a warning.
fn flying() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let at = NOON.plus_secs(-1);
    let center = screen.city.center;
    let fix = Fix { lon: center.0, lat: center.1, height: 100.0, heading: 0.0, speed: 5.0, battery: 80.0, mode: 5, at };
    screen.readings.drones.put(0, fix);
    screen.readings.telemetry[0] = Telemetry {
        at,
        mode: Some("航线飞行".into()),
        is_flying: Some(true),
        wind_mps: Some(6.5),
        wind_from_deg: Some(90.0),
        home_m: Some(1234.0),
        remaining_s: Some(900),
        gimbal: Some(Gimbal { pitch_deg: -90.0, yaw_deg: 0.0, zoom: None }),
        alarms: vec![DroneAlarm {
            code: "0x16100083".into(),
            level: 2,
            words: "电机堵转".into(),
            since: NOON.plus_mins(-1),
            over_at: None,
        }],
        ..Telemetry::default()
    };
    screen
}

/// The page alone: so small a desk has no strip, and lends it all its room.
fn open(mut screen: Screen) -> Harness<'static, Screen> {
    screen.state.pages.open_drone("drone-1".into());
    screen.show(1280.0, 800.0)
}

fn with_picture(mut screen: Screen) -> Screen {
    let image = egui::ColorImage::from_rgb([16, 9], &[60; 16 * 9 * 3]);
    let texture = egui::Context::default().load_texture("picture", image, egui::TextureOptions::LINEAR);
    let shown = Shown { at: NOON.plus_secs(-1), delay_ms: 90, simulated: true, texture };
    screen.pictures.shown.insert(Feed::Drone("drone-1".into()), shown);
    screen
}

#[test]
fn what_it_says_of_itself_is_told_and_grows_old() {
    let harness = open(flying());
    for wanted in ["100 m", "5.0 m/s", "80 %", "15分", "6.5 m/s 东", "1234 m", "航线飞行", "电机堵转", "-90° / 000°"]
    {
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
    let mut screen = flying();
    screen.clock.now = NOON.plus_mins(20);
    let harness = open(screen);
    assert!(!says(&harness, "航线飞行") && !says(&harness, "1234 m"), "{:?}", painted(&harness));
}

#[test]
fn home_is_ordered_by_a_hold_and_hovering_at_a_press() {
    let mut harness = open(flying());
    click(&mut harness, Lang::Zh.t(tr::FLY_HOVER));
    let Some(Command::OrderFlight { ask }) = submitted(&harness) else { panic!("{:?}", harness.state().asked) };
    assert_eq!(ask.task, FlightTask::Hover);
    harness.state_mut().asked.clear();
    click(&mut harness, Lang::Zh.t(tr::FLY_HOME));
    assert!(submitted(&harness).is_none(), "the button opens the form");
    let label = Lang::Zh.fill(tr::FLY_HOLD, &[Lang::Zh.t(tr::FLY_HOME)]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 8);
    let command = submitted(&harness).expect("the hold sends it");
    assert!(matches!(&command, Command::OrderFlight { ask } if ask.task == FlightTask::ReturnHome), "{command:?}");
    let seat = Source::Seat("值班长 01".into());
    assert!(harness.state().city.decide_from(&seat, &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn a_new_target_names_the_gates_and_wants_a_reason() {
    let mut screen = flying();
    screen.state.place = Some(LonLat(screen.city.center.0 + 0.01, screen.city.center.1));
    let mut harness = open(screen);
    click(&mut harness, Lang::Zh.t(tr::FLY_TO));
    // Nobody observed the wind at that place of late; the drone's own says 6.5.
    let seen = Seen::of(&harness.state().readings, 0);
    let place = harness.state().state.place.expect("a place");
    let height_m = harness.state().city.flight_rules.return_height_m;
    let task = FlightTask::FlyTo { place, height_m };
    let gates = harness.state().city.may_fly(&"drone-1".into(), &task, &seen, NOON).err().unwrap_or_default();
    for gate in &gates {
        assert!(says(&harness, &gate.why), "{}: {:?}", gate.why, painted(&harness));
    }
    let label = Lang::Zh.fill(tr::FLY_HOLD, &[Lang::Zh.t(tr::FLY_TO)]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 8);
    assert_eq!(submitted(&harness).is_some(), gates.is_empty(), "{gates:?}");
}

#[test]
fn a_stop_wants_words_and_another_s_drone_is_grey() {
    let mut harness = open(flying());
    click(&mut harness, Lang::Zh.t(tr::FLY_STOP));
    let label = Lang::Zh.fill(tr::FLY_HOLD, &[Lang::Zh.t(tr::FLY_STOP)]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 16);
    assert!(submitted(&harness).is_none(), "nobody said why");
    assert!(says(&harness, "急停要写明原因"), "{:?}", painted(&harness));

    let mut screen = flying();
    let take = Command::TakeControl { drone: "drone-1".into(), reason: "".into() };
    screen.happen(Source::Seat("带班领导 02".into()), take);
    let mut harness = open(screen);
    click(&mut harness, Lang::Zh.t(tr::FLY_HOVER));
    assert!(submitted(&harness).is_none());
    assert!(says(&harness, "带班领导 02"), "{:?}", painted(&harness));
}

#[test]
fn a_press_on_the_picture_marks_the_ground_with_its_error() {
    let mut harness = open(with_picture(flying()));
    let rect = harness.get_by_label(NAME).rect();
    // The label under the picture is two lines high.
    let at = rect.center() - egui::vec2(0.0, 24.0);
    press(&mut harness, at, true);
    harness.step();
    press(&mut harness, at, false);
    harness.run_steps(2);
    assert!(says(&harness, " ±5 m"), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::SPOT_PUT));
    let command = submitted(&harness).expect("the button sends it");
    let Command::PutMarking { kind: MarkingKind::Spot { at, error_m }, note } = &command else { panic!("{command:?}") };
    let center = harness.state().city.center;
    assert!(at.distance_m(center) < 3.0 && *error_m == 5.0, "{at:?} {error_m}");
    assert!(note.contains("平地估算"));
    assert!(harness.state().city.decide_from(&Source::Seat("值班长 01".into()), &command, NOON).is_ok());
}

#[test]
fn without_a_gimbal_nothing_is_placed() {
    let mut screen = with_picture(flying());
    screen.readings.telemetry[0].gimbal = None;
    let mut harness = open(screen);
    let at = harness.get_by_label(NAME).rect().center();
    press(&mut harness, at, true);
    harness.step();
    press(&mut harness, at, false);
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::SPOT_NO_GIMBAL)), "{:?}", painted(&harness));
}

/// In its dock, full, with two flood points around.
fn docked() -> Screen {
    let mut pack = tiny_pack();
    let home = pack.docks[0].at;
    let flood = pack.flood_points[0].clone();
    let north = |m: f64| LocalFrame::new(home).geo_from_local((0.0, m));
    pack.flood_points = [300.0, 600.0]
        .iter()
        .enumerate()
        .map(|(i, m)| FloodPoint { id: format!("fp{i}").as_str().into(), at: north(*m), ..flood.clone() })
        .collect();
    let points = [200.0, 400.0, 700.0].map(|m| RoutePoint { place: north(m), height_m: 60.0 }).to_vec();
    let docks = vec![pack.docks[0].id.clone()];
    let route = NamedRoute { name: "海岸巡查".into(), docks, speed_mps: None, points, basis: "".into() };
    pack.flight_rules.routes = vec![route];
    let mut screen = Screen::of(&pack, Realm::Actual);
    let fix = Fix {
        lon: home.0,
        lat: home.1,
        height: 0.0,
        heading: 0.0,
        speed: 0.0,
        battery: 95.0,
        mode: 0,
        at: NOON.plus_secs(-1),
    };
    screen.readings.drones.put(0, fix);
    screen.readings.telemetry[0] =
        Telemetry { at: NOON.plus_secs(-1), is_flying: Some(false), wind_mps: Some(4.0), ..Telemetry::default() };
    screen
}

#[test]
fn a_route_is_chosen_with_its_gates_and_sent_by_a_hold() {
    let mut harness = open(docked());
    click(&mut harness, Lang::Zh.t(tr::FLY_ROUTE));
    assert!(says(&harness, "海岸巡查・3 个航点"), "{:?}", painted(&harness));
    let route = harness.state().city.routes_of(&"drone-1".into()).remove(0);
    let seen = Seen::of(&harness.state().readings, 0);
    let task = FlightTask::RunRoute { route };
    let gates = harness.state().city.may_fly(&"drone-1".into(), &task, &seen, NOON).err().unwrap_or_default();
    for gate in &gates {
        assert!(says(&harness, &gate.why), "{}: {:?}", gate.why, painted(&harness));
    }
    let label = Lang::Zh.fill(tr::FLY_HOLD, &[Lang::Zh.t(tr::FLY_ROUTE)]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 8);
    match submitted(&harness) {
        Some(Command::OrderFlight { ask }) => assert_eq!(ask.task, task),
        None => assert!(!gates.is_empty(), "nothing stood against it"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_routes_progress_names_its_waypoint() {
    let mut screen = docked();
    let task = FlightTask::RunRoute { route: screen.city.routes_of(&"drone-1".into()).remove(0) };
    let seen = Seen::of(&screen.readings, 0);
    let ask = FlightAsk { drone: "drone-1".into(), task, seen, reason: "巡查".into(), overrides: true };
    screen.happen(Source::Seat("值班长 01".into()), Command::OrderFlight { ask });
    let state = FlightState::InProgress { percent: 60, step: "航线飞行".into(), waypoint: Some(1) };
    screen.happen(Source::Hub, Command::ReportFlight { flight: FlightId(1), state, note: "".into() });
    let harness = open(screen);
    assert!(says(&harness, "「海岸巡查」"), "{:?}", painted(&harness));
    assert!(says(&harness, "航线飞行 2/3"), "{:?}", painted(&harness));
}

#[test]
fn lens_and_quality_are_asked_for_over_a_picture_that_lives() {
    let mut screen = with_picture(flying());
    screen.readings.telemetry[0].cameras = vec![DroneCamera {
        index: "52-0-0".into(),
        video: "normal-0".into(),
        lens: "wide".into(),
        lenses: vec!["wide".into(), "ir".into()],
    }];
    let mut harness = open(screen);
    click(&mut harness, "红外");
    click(&mut harness, "高清");
    let feed = || Feed::Drone("drone-1".into());
    let lens = UiCommand::Adjust(feed(), gulang_wire::Adjustment::Lens("ir".into()));
    let quality = UiCommand::Adjust(feed(), gulang_wire::Adjustment::Quality(LiveQuality::High));
    let asked = &harness.state().asked;
    assert!(asked.contains(&lens) && asked.contains(&quality), "{asked:?}");
    let harness = open(flying());
    assert!(!says(&harness, "红外"), "no picture, nothing to adjust");
}
