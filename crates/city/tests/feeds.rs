//! Which cameras and drones a switch opens, and the rule that opens them.

use gulang_city::{Command as C, *};
use std::collections::BTreeSet;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn seat() -> Source {
    Source::Seat("A".into())
}

fn give(city: &mut City, command: &C) -> Result<(), Refusal> {
    let source =
        if matches!(command, C::JudgeReading { .. } | C::NoteObservations { .. }) { Source::Hub } else { seat() };
    for event in city.decide_from(&source, command, T0)? {
        let record = Record { seq: city.seq + 1, at: T0, source: source.clone(), event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(())
}

fn ask(level: ResponseLevel, districts: &[&str]) -> SheetAsk {
    let districts = districts.iter().map(|it| DistrictId::from(*it)).collect();
    SheetAsk { plan: "typhoon".into(), level, districts, struck: vec![], added: vec![] }
}

fn to_war(level: ResponseLevel, districts: &[&str]) -> C {
    let ask = ask(level, districts);
    C::SwitchToWar {
        plan: ask.plan,
        level,
        districts: ask.districts,
        struck: vec![],
        added: vec![],
        confirmed_by: vec![],
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    }
}

fn flood(sensor: &str) -> C {
    C::JudgeReading { sensor: sensor.into(), color: Some(WarningColor::Orange), value: 44.0, at: T0 }
}

fn fix(battery: f32) -> Fix {
    Fix { lon: 118.11, lat: 24.52, height: 0.0, heading: f32::NAN, speed: 0.0, battery, mode: 0, at: T0 }
}

fn ids(feeds: &[OpenFeed]) -> Vec<&str> {
    feeds.iter().map(|it| it.feed.id()).collect()
}

/// A camera some degrees from the city's centre.
fn camera(id: &str, dlon: f64, dlat: f64, district: &str) -> Camera {
    Camera::new(id.into(), id.into(), LonLat(118.11 + dlon, 24.50 + dlat), district.into())
}

#[test]
fn standing_water_is_seen_first_by_the_camera_nearest_to_it() {
    let mut pack = tiny_pack();
    pack.cameras.push(camera("cam-near", 0.0051, 0.0, "350203"));
    pack.cameras.push(camera("cam-nearly", 0.0060, 0.0, "350203"));
    let mut city = City::found(&pack, Realm::Actual);
    give(&mut city, &flood("flood-2")).expect("an alarm");
    let feeds = city.feeds_for(&ask(ResponseLevel::III, &[]), &Readings::for_city(&city), T0);
    // flood-2 is alarmed and 224 m from cam-2; flood-1 is dry, and cam-near stands ten metres away.
    assert_eq!(feeds.cameras[0].feed.id(), "cam-2");
    assert!(feeds.cameras[0].why.contains("橙色告警") && feeds.cameras[0].why.contains('米'), "{:?}", feeds.cameras[0]);
    assert!(ids(&feeds.cameras).contains(&"cam-near") && !ids(&feeds.cameras).contains(&"cam-nearly"));
    assert_eq!(feeds, city.feeds_for(&ask(ResponseLevel::III, &[]), &Readings::for_city(&city), T0));
}

#[test]
fn a_district_without_cameras_is_counted_and_borrows_none_from_afar() {
    let mut pack = tiny_pack();
    pack.cameras.retain(|it| it.district.as_str() == "350203");
    let city = City::found(&pack, Realm::Actual);
    let feeds = city.feeds_for(&ask(ResponseLevel::III, &["350211"]), &Readings::for_city(&city), T0);
    assert_eq!(feeds.cameras, []);
    // Its dry flood point and its township.
    assert_eq!((feeds.n_unseen, feeds.n_more_cameras), (2, 0));
}

#[test]
fn no_picture_is_opened_twice_and_the_rest_is_counted() {
    let mut pack = tiny_pack();
    for i in 0..40 {
        let (dlat, id) = (0.01 + 0.004 * f64::from(i), format!("f{i}"));
        let at = LonLat(118.2, 24.50 + dlat);
        let mut point = pack.flood_points[0].clone();
        (point.id, point.name, point.at) = (id.as_str().into(), id.as_str().into(), at);
        pack.flood_points.push(point);
        pack.cameras.push(camera(&format!("c{i}"), 0.09, dlat, "350203"));
    }
    let mut twin = pack.flood_points[3].clone();
    twin.id = "twin".into();
    pack.flood_points.push(twin);
    let city = City::found(&pack, Realm::Actual);
    let feeds = city.feeds_for(&ask(ResponseLevel::III, &[]), &Readings::for_city(&city), T0);
    assert_eq!(feeds.cameras.len(), MAX_OPEN_CAMERAS);
    assert!(feeds.n_more_cameras >= 28, "{feeds:?}");
    let all = feeds.all();
    let once: BTreeSet<&Feed> = all.iter().map(|it| &it.feed).collect();
    assert_eq!(once.len(), all.len());
}

#[test]
fn drones_go_by_reach_battery_weather_and_reserve() {
    let mut pack = tiny_pack();
    for i in 2..=3 {
        pack.drones.push(Drone {
            id: format!("drone-{i}").into(),
            name: format!("{i} 号机").into(),
            dock: "dock-1".into(),
        });
    }
    let mut city = City::found(&pack, Realm::Actual);
    let mut readings = Readings::for_city(&city);
    let asked = ask(ResponseLevel::III, &[]);
    let silent = city.feeds_for(&asked, &readings, T0);
    assert_eq!((silent.drones.len(), silent.n_unfit_drones), (0, 3), "nobody heard of them");

    readings.drones.put(0, fix(20.0));
    readings.drones.put(1, fix(90.0));
    readings.drones.put(2, fix(f32::NAN));
    let feeds = city.feeds_for(&asked, &readings, T0);
    assert_eq!((ids(&feeds.drones), feeds.n_unfit_drones), (vec!["drone-2"], 2));
    assert!(feeds.drones[0].why.contains("电量 90%"), "{:?}", feeds.drones);

    for i in 0..3 {
        readings.drones.put(i, Fix { at: T0.plus_mins(1), ..fix(90.0) });
    }
    let feeds = city.feeds_for(&asked, &readings, T0.plus_mins(1));
    assert_eq!((feeds.drones.len(), feeds.n_kept_drones), (2, 1), "one in three relieves them");

    // Too far for what the battery has left.
    for i in 0..3 {
        readings.drones.put(i, Fix { lat: 25.5, at: T0.plus_mins(2), ..fix(90.0) });
    }
    assert_eq!(city.feeds_for(&asked, &readings, T0.plus_mins(2)).drones, []);

    let wind = Observation {
        kind: SensorKind::Wind,
        district: None,
        max: 20.0,
        mean: 10.0,
        trend: None,
        n_heard: 1,
        n_known: 1,
        as_of: T0,
    };
    give(&mut city, &C::NoteObservations { observations: vec![wind] }).expect("noted");
    for i in 0..3 {
        readings.drones.put(i, Fix { at: T0.plus_mins(3), ..fix(90.0) });
    }
    let feeds = city.feeds_for(&asked, &readings, T0.plus_mins(3));
    assert_eq!(feeds.drones, []);
    assert!(feeds.grounded.as_ref().is_some_and(|it| it.contains("20 米/秒")), "{feeds:?}");
}

#[test]
fn what_is_opened_is_known_at_war_only_and_gone_with_it() {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    let open = |id: &str| OpenFeed { feed: Feed::Camera(id.into()), place: "路口".into(), why: "看".into() };
    let command = |all: &[&str]| C::OpenFeeds { feeds: all.iter().map(|it| open(it)).collect() };
    assert!(matches!(give(&mut city, &command(&["cam-1"])), Err(Refusal::Forbidden { .. })));
    give(&mut city, &to_war(ResponseLevel::IV, &[])).expect("war");
    assert!(matches!(give(&mut city, &command(&["nothing"])), Err(Refusal::Unknown { .. })));
    assert!(matches!(give(&mut city, &command(&["cam-1", "cam-1"])), Err(Refusal::Absurd { .. })));
    give(&mut city, &command(&["cam-2", "cam-1"])).expect("opened");
    assert_eq!(ids(&city.feeds), ["cam-2", "cam-1"]);
    assert_eq!(give(&mut city, &command(&["cam-2", "cam-1"])), Err(Refusal::NoChange));
    let accepted = city.still_open(&[]);
    let peace =
        C::StandDown { districts: vec![], confirmed_by: vec![], reason: "过了".into(), accepted, overridden: false };
    give(&mut city, &peace).expect("peace");
    assert_eq!(city.feeds, []);
}

#[test]
fn a_district_alone_moves_its_own_and_the_rest_follows_later() {
    let city = City::found(&tiny_pack(), Realm::Actual);
    let people = |city: &City, districts: &[&str]| {
        let sheet = city.sheet(&ask(ResponseLevel::III, districts), T0).expect("a sheet");
        let of = |it: &SheetPeople| (it.district.to_string(), it.n_people);
        sheet.people.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(people(&city, &["350203"]), [("350203".to_owned(), 100)]);
    let mut city = city;
    give(&mut city, &to_war(ResponseLevel::III, &["350203"])).expect("a district's war");
    let order = &city.orders[0];
    assert_eq!(order.text.districts, ["350203".into()]);
    assert!(order.text.body.ends_with("（范围：思明区）"), "{}", order.text.body);
    // Nothing of it twice, and nobody forgotten.
    assert!(city.sheet(&ask(ResponseLevel::III, &["350203"]), T0).expect("a sheet").agencies.is_empty());
    assert_eq!(people(&city, &[]), [("350211".to_owned(), 50)]);
    give(&mut city, &to_war(ResponseLevel::III, &[])).expect("the whole city's");
    assert!(city.sheet(&ask(ResponseLevel::III, &[]), T0).expect("a sheet").agencies.is_empty());
    assert_eq!(city.evacuation_totals().all.expected, 150);
}
