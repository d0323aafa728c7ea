//! Flights as data: what stands against one, who may order it, what its platform may say, and the stop that takes two.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing
const FIRST: &str = "值班长 01";
const SECOND: &str = "带班领导 02";
const HOME: LonLat = LonLat(118.11, 24.52);

fn city() -> City {
    let mut pack = tiny_pack();
    pack.roles.seats = vec![
        SeatEntry { seat: FIRST.into(), role: "officer".into(), officer: Some("张三".into()) },
        SeatEntry { seat: "值班员 03".into(), role: "officer".into(), officer: Some("王五".into()) },
        SeatEntry { seat: SECOND.into(), role: "commander".into(), officer: Some("李四".into()) },
    ];
    pack.docks[0].at = HOME;
    let mut city = City::found(&pack, Realm::Actual);
    let wind = |max: f32| Observation {
        kind: SensorKind::Wind,
        district: None,
        max,
        mean: max,
        trend: None,
        n_heard: 1,
        n_known: 1,
        as_of: T0,
    };
    let rain = Observation { kind: SensorKind::Rain, ..wind(2.0) };
    give(&mut city, &Source::Hub, 0, C::NoteObservations { observations: vec![wind(5.0), rain] });
    city
}

fn seen() -> Seen {
    Seen { at: T0, place: HOME, battery_percent: Some(90.0), wind_mps: Some(4.0), ..Seen::default() }
}

/// A place so many metres north of home.
fn north(m: f64) -> LonLat {
    LocalFrame::new(HOME).geo_from_local((0.0, m))
}

fn takeoff(m: f64, height_m: f32) -> FlightTask {
    FlightTask::TakeoffTo { place: north(m), height_m }
}

fn order(task: FlightTask, seen: Seen) -> C {
    C::OrderFlight { ask: FlightAsk { drone: "drone-1".into(), task, seen, reason: "".into(), overrides: false } }
}

/// Gives the command so many seconds after; the names of what followed, or the words of the refusal.
fn give(city: &mut City, source: &Source, secs: i64, command: C) -> String {
    let now = T0.plus_secs(secs);
    match city.decide_from(source, &command, now) {
        Ok(events) => {
            for event in &events {
                let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event: event.clone() };
                let json = serde_json::to_string(&record).expect("serialisable");
                assert_eq!(serde_json::from_str::<Record>(&json).expect(&json), record);
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
            let name = |it: &Event| format!("{it:?}").split([' ', '{']).next().unwrap_or_default().to_owned();
            events.iter().map(name).collect::<Vec<_>>().join(" ")
        }
        Err(refusal) => format!("!{refusal}"),
    }
}

#[track_caller]
fn check(city: &mut City, source: &str, secs: i64, command: C, expected: &str) {
    let shown = format!("{command:?}");
    let source = match source {
        "hub" => Source::Hub,
        "dji" | "other" => Source::Platform(source.into()),
        seat => Source::Seat(seat.into()),
    };
    let answer = give(city, &source, secs, command);
    match expected.strip_prefix('!') {
        Some(words) => assert!(answer.starts_with('!') && answer.contains(words), "{shown}: {answer}"),
        None => assert_eq!(answer, expected, "{shown}"),
    }
}

fn report(flight: u64, state: FlightState) -> C {
    C::ReportFlight { flight: FlightId(flight), state, note: "".into() }
}

fn under_way(percent: u8) -> FlightState {
    FlightState::InProgress { percent, step: "飞行中".into(), waypoint: None }
}

/// What stands against a flight, and whether it can be overridden.
#[track_caller]
fn gates(task: &FlightTask, seen: &Seen, expected: &[(GateKind, bool, &str)]) {
    let city = city();
    let found = city.may_fly(&"drone-1".into(), task, seen, T0).err().unwrap_or_default();
    assert_eq!(found.len(), expected.len(), "{task:?} {seen:?}: {found:?}");
    for (gate, (kind, is_physical, words)) in found.iter().zip(expected) {
        assert_eq!((gate.kind, gate.is_physical), (*kind, *is_physical), "{gate:?}");
        assert!(gate.why.contains(words), "{gate:?}");
    }
}

#[test]
fn every_gate_says_its_figures() {
    let near = takeoff(1000.0, 100.0);
    gates(&near, &seen(), &[]);
    gates(&near, &Seen::default(), &[(GateKind::Telemetry, true, "从未")]);
    gates(&near, &Seen { at: Timestamp(T0.0 - 61_000), ..seen() }, &[(GateKind::Telemetry, false, "61 秒前")]);
    gates(&near, &Seen { wind_mps: Some(12.1), ..seen() }, &[(GateKind::Wind, false, "12.1 米/秒，超过 12.0")]);
    gates(&near, &Seen { dock_rain: Some(3), ..seen() }, &[(GateKind::Rain, false, "机场雨量 3 级")]);
    gates(&near, &Seen { battery_percent: Some(30.0), ..seen() }, &[(GateKind::Reserve, false, "30%")]);
    gates(&near, &Seen { battery_percent: None, ..seen() }, &[(GateKind::Reserve, false, "不明")]);
    gates(&near, &Seen { is_flying: true, ..seen() }, &[(GateKind::Place, true, "空中")]);
    gates(&near, &Seen { is_dock_stopped: true, ..seen() }, &[(GateKind::Health, true, "急停按钮")]);
    gates(&near, &Seen { warning: Some("电机堵转".into()), ..seen() }, &[(GateKind::Health, false, "电机堵转")]);
    // 7 km at 100 %, 3.5 km at 65 %, and nothing kept back at 5 km with 50 %.
    let at = |percent| Seen { battery_percent: Some(percent), ..seen() };
    gates(&takeoff(6900.0, 100.0), &at(100.0), &[]);
    gates(&takeoff(3600.0, 100.0), &at(65.0), &[(GateKind::Reach, false, "7.2 公里")]);
    gates(&takeoff(5100.0, 100.0), &at(50.0), &[(GateKind::Reach, true, "回不来")]);
    for (height_m, is_physical) in [(1.0, true), (19.0, false), (121.0, false), (1501.0, true)] {
        gates(&takeoff(500.0, height_m), &seen(), &[(GateKind::Height, is_physical, "离地高")]);
    }
    let fly = FlightTask::FlyTo { place: north(500.0), height_m: 60.0 };
    gates(&fly, &seen(), &[(GateKind::Place, true, "还没有起飞")]);
    gates(&fly, &Seen { is_flying: true, ..seen() }, &[]);
    for task in [FlightTask::ReturnHome, FlightTask::Land, FlightTask::Pause, FlightTask::Hover] {
        gates(&task, &Seen::default(), &[]);
    }
}

#[test]
fn weather_nobody_observed_and_named_zones_stand_against_it_too() {
    let mut city = city();
    let drone = "drone-1".into();
    let near = takeoff(1000.0, 100.0);
    let calm = Seen { wind_mps: None, at: T0.plus_mins(31), ..seen() };
    let found = city.may_fly(&drone, &near, &calm, T0.plus_mins(31)).expect_err("nobody knows the wind");
    assert_eq!(found[0].kind, GateKind::Weather);
    city.flight_rules.no_fly = vec![NoFly {
        name: "机场净空".into(),
        area: Area::Ring(vec![north(900.0), LonLat(118.12, 24.53), LonLat(118.10, 24.54)]),
        basis: "测试".into(),
    }];
    let zone = LonLat(118.11, 24.532);
    let into = FlightTask::TakeoffTo { place: zone, height_m: 100.0 };
    let found = city.may_fly(&drone, &into, &seen(), T0).expect_err("a zone");
    assert!(found[0].kind == GateKind::NoFly && found[0].why.contains("机场净空"), "{found:?}");
    assert!(
        city.may_fly(&drone, &near, &seen(), T0).is_ok() || !city.flight_rules.no_fly[0].area.contains(north(500.0))
    );
}

#[test]
fn a_gate_gives_way_to_a_reason_unless_it_is_physical() {
    let mut city = city();
    let windy = Seen { wind_mps: Some(13.0), ..seen() };
    check(&mut city, FIRST, 0, order(takeoff(1000.0, 100.0), windy.clone()), "!13.0 米/秒");
    let forced = |reason: &str, seen: Seen| C::OrderFlight {
        ask: FlightAsk {
            drone: "drone-1".into(),
            task: takeoff(1000.0, 100.0),
            seen,
            reason: reason.into(),
            overrides: true,
        },
    };
    check(&mut city, FIRST, 0, forced(" ", windy.clone()), "!写明原因");
    check(&mut city, FIRST, 0, forced("有人被困", Seen::default()), "!从未");
    check(&mut city, FIRST, 0, forced("有人被困", windy), "FlightOrdered");
    let flight = &city.flights[&FlightId(1)];
    assert_eq!((flight.overridden.len(), &*flight.reason), (1, "有人被困"));
}

#[test]
fn a_flight_climbs_and_never_back() {
    let mut city = city();
    check(&mut city, FIRST, 0, order(takeoff(1000.0, 100.0), seen()), "FlightOrdered");
    check(&mut city, FIRST, 0, order(takeoff(900.0, 100.0), seen()), "!第 1 号飞行");
    check(&mut city, "dji", 1, C::NoteFlightAttempt { flight: FlightId(1) }, "!不能下令");
    check(&mut city, "hub", 1, C::NoteFlightAttempt { flight: FlightId(1) }, "FlightAttempted");
    check(&mut city, "other", 2, report(1, FlightState::Accepted), "!不归平台");
    check(&mut city, FIRST, 2, report(1, FlightState::Accepted), "!不能代平台");
    check(&mut city, "dji", 2, report(1, FlightState::Accepted), "FlightReported");
    check(&mut city, "hub", 2, C::NoteFlightAttempt { flight: FlightId(1) }, "!没有变化");
    check(&mut city, "dji", 3, report(1, under_way(5)), "FlightReported");
    check(&mut city, "dji", 4, report(1, under_way(9)), "!没有变化");
    check(&mut city, "dji", 4, report(1, FlightState::Accepted), "!过时");
    check(&mut city, "dji", 5, report(1, under_way(40)), "FlightReported");
    check(&mut city, FIRST, 6, C::CancelFlight { flight: FlightId(1), reason: "撤".into() }, "!返航");
    check(&mut city, "dji", 6, report(1, FlightState::Done), "FlightReported");
    check(&mut city, "dji", 7, report(1, under_way(60)), "!没有变化");
    assert!(city.open_flights.is_empty());
    // In the air: another target, which ends the one before when the platform takes it.
    let flying = Seen { is_flying: true, ..seen() };
    let fly = |m| FlightTask::FlyTo { place: north(m), height_m: 60.0 };
    check(&mut city, FIRST, 8, order(fly(500.0), flying.clone()), "FlightOrdered");
    check(&mut city, "dji", 8, report(2, under_way(10)), "FlightReported");
    check(&mut city, FIRST, 9, order(fly(700.0), flying), "FlightOrdered");
    assert_eq!(city.flight_of(&"drone-1".into()).map(|it| it.id), Some(FlightId(3)));
    check(&mut city, "dji", 9, report(3, FlightState::Accepted), "FlightReported FlightReported");
    assert!(matches!(&city.flights[&FlightId(2)].state, FlightState::Cancelled { why } if why.contains("第 3 号")));
    check(&mut city, FIRST, 10, C::CancelFlight { flight: FlightId(3), reason: "撤".into() }, "FlightCancelAsked");
    let refused = C::ReportFlightCancel { flight: FlightId(3), error: Some("不在飞行".into()) };
    check(&mut city, "dji", 10, refused, "FlightCancelRefused");
    check(&mut city, FIRST, 10, C::CancelFlight { flight: FlightId(3), reason: "撤".into() }, "FlightCancelAsked");
    check(&mut city, "dji", 11, C::ReportFlightCancel { flight: FlightId(3), error: None }, "FlightReported");
    assert_eq!(city.flights[&FlightId(3)].state.name_zh(), "已撤销");
}

#[test]
fn silence_is_said_to_be_silence_and_a_late_word_still_counts() {
    let mut city = city();
    check(&mut city, FIRST, 0, order(takeoff(1000.0, 100.0), seen()), "FlightOrdered");
    check(&mut city, "hub", 90, C::Tick, "");
    let after = give(&mut city, &Source::Hub, 91, C::Tick);
    assert!(after.contains("FlightReported"), "{after}");
    assert_eq!(city.flights[&FlightId(1)].state.name_zh(), "无回音");
    check(&mut city, "dji", 95, report(1, under_way(30)), "FlightReported");
    assert_eq!(city.open_flights.len(), 1);
    check(&mut city, "dji", 99, report(1, FlightState::Done), "FlightReported");
}

#[test]
fn whoever_holds_a_drone_orders_it_and_a_higher_role_takes_over() {
    let mut city = city();
    let take = |reason: &str| C::TakeControl { drone: "drone-1".into(), reason: reason.into() };
    check(&mut city, FIRST, 0, take(""), "ControlTaken FlightOrdered");
    check(&mut city, "值班员 03", 1, order(FlightTask::ReturnHome, seen()), "!控制权在「值班长 01」");
    check(&mut city, "值班员 03", 1, take("我来"), "!控制权在");
    check(&mut city, FIRST, 1, order(FlightTask::ReturnHome, seen()), "FlightOrdered");
    check(&mut city, SECOND, 2, order(FlightTask::Hover, seen()), "FlightOrdered");
    check(&mut city, SECOND, 2, take(""), "!写明原因");
    check(&mut city, SECOND, 2, take("现场指挥"), "ControlTaken FlightOrdered");
    assert_eq!(city.control_of(&"drone-1".into()).map(|it| it.seat.as_str()), Some(SECOND));
    check(&mut city, FIRST, 3, order(FlightTask::ReturnHome, seen()), "!由更高角色");
    check(&mut city, FIRST, 3, C::GiveControl { drone: "drone-1".into() }, "!控制权在");
    check(&mut city, SECOND, 3, C::GiveControl { drone: "drone-1".into() }, "ControlGiven");
    check(&mut city, FIRST, 4, order(FlightTask::ReturnHome, seen()), "FlightOrdered");
}

#[test]
fn an_emergency_stop_takes_two_people_in_time() {
    let mut city = city();
    let propose = || C::ProposeEmergencyStop { drone: "drone-1".into(), reason: "冲向人群".into() };
    let sign = |number| C::CoSignEmergencyStop { number };
    check(&mut city, FIRST, 0, order(FlightTask::EmergencyStop, seen()), "!两个人");
    check(&mut city, FIRST, 0, propose(), "EmergencyStopProposed");
    check(&mut city, FIRST, 1, sign(1), "!另一个席位");
    check(&mut city, SECOND, 31, sign(1), "!过时");
    check(&mut city, SECOND, 31, propose(), "EmergencyStopProposed");
    check(&mut city, FIRST, 32, propose(), "!已经提议");
    check(&mut city, FIRST, 32, sign(1), "!没有这个");
    check(&mut city, FIRST, 33, sign(2), "EmergencyStopCoSigned FlightOrdered");
    let flight = city.flights.values().next_back().expect("ordered");
    assert_eq!(flight.task, FlightTask::EmergencyStop);
    assert_eq!((flight.by.as_str(), flight.co_signed_by.as_ref().map(SeatId::as_str)), (SECOND, Some(FIRST)));
    check(&mut city, FIRST, 34, sign(2), "!没有这个");
}

#[test]
fn heights_above_the_ellipsoid_come_down_by_the_geoid() {
    let text = std::fs::read_to_string("../../assets/cities/xiamen/rules/flights.toml").expect("shipped");
    let rules: FlightRules = toml::from_str(&text).expect("readable");
    assert_eq!(rules.fault(), None);
    assert!(rules.is_default && rules.basis.contains("非规定"));
    assert!((rules.geoid.at(LonLat(118.0, 24.5)) - 9.73).abs() < 1e-6);
    // Half way between four points.
    let middle = (9.73 + 10.90 + 9.38 + 10.43) / 4.0;
    assert!((rules.geoid.at(LonLat(118.125, 24.625)) - middle).abs() < 1e-6);
    // Outside the table, its edge.
    assert!((rules.geoid.at(LonLat(117.0, 24.0)) - 8.72).abs() < 1e-6);
    assert_eq!(Geoid::default().at(LonLat(118.0, 24.5)), 0.0);
}

fn route(points_m: &[f64], height_m: f32) -> FlightTask {
    let points = points_m.iter().map(|it| RoutePoint { place: north(*it), height_m }).collect();
    FlightTask::RunRoute { route: FlightRoute { name: "巡查".into(), speed_mps: 10.0, points } }
}

#[test]
fn a_route_is_flown_from_the_ground_and_its_points_are_told_once_each() {
    let mut city = city();
    let up = Seen { is_flying: true, ..seen() };
    check(&mut city, FIRST, 1, order(route(&[300.0, 600.0], 80.0), up), "!已经在空中");
    check(&mut city, FIRST, 1, order(route(&[300.0], 80.0), seen()), "!2 到");
    check(&mut city, FIRST, 1, order(route(&[300.0, 40_000.0], 80.0), seen()), "!回不来");
    check(&mut city, FIRST, 1, order(route(&[300.0, 600.0], 80.0), seen()), "FlightOrdered");
    check(&mut city, "dji", 2, report(1, FlightState::Accepted), "FlightReported");
    let at = |percent: u8, waypoint: Option<u16>| {
        report(1, FlightState::InProgress { percent, step: "航线飞行".into(), waypoint })
    };
    check(&mut city, "dji", 3, at(10, None), "FlightReported");
    check(&mut city, "dji", 4, at(11, None), "!");
    check(&mut city, "dji", 5, at(12, Some(0)), "FlightReported");
    check(&mut city, "dji", 6, at(13, Some(0)), "!");
    check(&mut city, "dji", 7, at(13, Some(1)), "FlightReported");
    let flight = city.flight_of(&"drone-1".into()).expect("a flight");
    assert!(matches!(flight.state, FlightState::InProgress { waypoint: Some(1), .. }), "{:?}", flight.state);
    // As a hub before this one wrote it.
    let old = r#"{"in_progress":{"percent":5,"step":"飞行中"}}"#;
    let state: FlightState = serde_json::from_str(old).expect("readable");
    assert_eq!(state, FlightState::InProgress { percent: 5, step: "飞行中".into(), waypoint: None });
}

#[test]
fn a_drones_routes_are_its_docks_and_a_round_of_the_flood_points_around() {
    let mut pack = tiny_pack();
    pack.docks[0].at = HOME;
    let flood = pack.flood_points[0].clone();
    pack.flood_points = [700.0, 200.0, 1_200.0, 9_000.0]
        .iter()
        .enumerate()
        .map(|(i, m)| FloodPoint { id: format!("fp{i}").as_str().into(), at: north(*m), ..flood.clone() })
        .collect();
    let named = |name: &str, docks: Vec<DockId>, m: f64| NamedRoute {
        name: name.into(),
        docks,
        speed_mps: Some(8.0),
        points: [m, m + 500.0].map(|it| RoutePoint { place: north(it), height_m: 80.0 }).to_vec(),
        basis: "".into(),
    };
    let own = pack.docks[0].id.clone();
    pack.flight_rules.routes = vec![
        named("远方", Vec::new(), 60_000.0),
        named("谁都能飞", Vec::new(), 100.0),
        named("别家", vec!["elsewhere".into()], 100.0),
        named("自家", vec![own], 100.0),
    ];
    assert_eq!(pack.flight_rules.fault(), None);
    let city = City::found(&pack, Realm::Actual);
    let routes = city.routes_of(&"drone-1".into());
    let names: Vec<&str> = routes.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["自家", "谁都能飞", "积水点巡查"]);
    let round: Vec<f64> = routes[2].points.iter().map(|it| it.place.distance_m(HOME)).collect();
    // A sphere and a flat frame differ by a metre over so much.
    let is_near = round.iter().zip([200.0, 700.0, 1200.0]).all(|(is, m)| (is - m).abs() < 2.0);
    assert!(round.len() == 3 && is_near, "the nearest first, and none beyond three kilometres: {round:?}");
    assert!((routes[2].way_m(HOME) - 2400.0).abs() < 10.0);
    assert!(city.routes_of(&"nobody".into()).is_empty());
    pack.flight_rules.routes[0].points.truncate(1);
    assert!(pack.flight_rules.fault().is_some_and(|it| it.contains("远方")));
}
