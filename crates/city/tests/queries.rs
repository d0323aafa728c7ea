//! What the screens ask, on a city small enough to know the answer.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn city_after(commands: &[C], now: Timestamp) -> City {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    for command in commands {
        for event in city.decide(command, now).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}")) {
            let record = Record { seq: city.seq + 1, at: now, source: Source::Hub, event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
    }
    city
}

fn case(external: &str, color: WarningColor, stage: CaseStage, due_mins: i64) -> C {
    C::ReportCase {
        report: CaseReport {
            external: external.into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: "占道经营".into(),
            address: "".into(),
            at: LonLat(118.08, 24.46),
            district: "350203".into(),
            agency: "ag-city".into(),
            color,
            reported_at: T0,
            due_at: T0.plus_mins(due_mins),
        },
        stage,
        stage_at: T0,
    }
}

fn typhoon(center: LonLat, forecasts: &[(&str, &[(i64, LonLat)])]) -> C {
    let points_of = |points: &[(i64, LonLat)]| {
        let points = points.iter().map(|&(hours, center)| ForecastPoint {
            at: T0.plus_mins(hours * 60),
            center,
            wind: 40.0,
            pressure: 950.0,
        });
        points.collect()
    };
    C::UpdateTyphoon {
        typhoon: "202305".into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active: true,
        fixes: vec![TyphoonFix {
            at: T0,
            center,
            wind: 50.0,
            pressure: 930.0,
            move_speed: 20.0,
            move_towards: 330.0,
            radius7: WindRadii([300.0; 4]),
            radius10: WindRadii([100.0; 4]),
            radius12: WindRadii([0.0, 0.0, 0.0, 50.0]),
        }],
        forecasts: forecasts
            .iter()
            .map(|(agency, points)| Forecast { agency: (*agency).into(), issued_at: T0, points: points_of(points) })
            .collect(),
    }
}

#[test]
fn nearest_able_teams_come_first() {
    let mut city = city_after(&[], T0);
    let mut readings = Readings::for_city(&city);
    let here = LonLat(118.11, 24.50);
    let ids = |city: &City, readings: &Readings, capability| -> Vec<String> {
        city.nearest_able(here, capability, 2, readings, Ground::default(), T0)
            .iter()
            .map(|it| it.team.id.to_string())
            .collect()
    };
    assert_eq!(ids(&city, &readings, None), ["team-1", "team-2"]);
    assert_eq!(ids(&city, &readings, Some(Capability::Rescue)), ["team-1", "team-3"]);
    let fix = Fix { lon: 118.11, lat: 24.5, height: 0.0, heading: 0.0, speed: 0.0, battery: 0.0, mode: 0, at: T0 };
    assert!(readings.teams.put(2, fix));
    assert_eq!(ids(&city, &readings, None), ["team-3", "team-1"], "where it is now, not its station");
    let assign = C::AssignTeam { team: "team-1".into(), order: None, purpose: "".into() };
    city = {
        let mut city = city;
        for event in city.decide(&assign, T0).expect("admitted") {
            let _ = city.apply(&Record { seq: city.seq + 1, at: T0, source: Source::Hub, event });
        }
        city
    };
    assert_eq!(ids(&city, &readings, Some(Capability::Rescue)), ["team-3"], "one is out");
    let near =
        &city.nearest_able(LonLat(118.11, 24.509), Some(Capability::Rescue), 1, &readings, Ground::default(), T0)[0];
    assert!((near.distance_m - 1000.8).abs() < 1.0, "{}", near.distance_m);
    assert!((near.eta_s - near.distance_m * 1.4 / (30.0 / 3.6)).abs() < 1e-6);
    assert_eq!(near.as_of, T0);
}

#[test]
fn urgent_cases_come_first() {
    use {CaseStage::*, WarningColor::*};
    let city = city_after(
        &[
            case("blue", Blue, Filed, 60),
            case("red", Red, Filed, 90),
            case("late", Blue, Handled, 5),
            case("closed", Red, Closed, 5),
            case("yellow-soon", Yellow, Filed, 50),
            case("yellow", Yellow, Filed, 70),
        ],
        T0,
    );
    let order: Vec<&str> = city.open_cases_by_urgency(T0.plus_mins(10)).iter().map(|it| &*it.report.external).collect();
    assert_eq!(order, ["late", "red", "yellow-soon", "yellow", "blue"]);
}

#[test]
fn areas_hold_what_lies_in_them() {
    let city = city_after(&[case("a", WarningColor::Blue, CaseStage::Filed, 60)], T0);
    let here = LonLat(118.11, 24.50);
    let near = city.inside_circle(here, 3500.0);
    assert_eq!((near.teams, near.cameras, near.flood_points), (vec![0, 1], vec![0], vec![0]));
    assert_eq!((near.sensors, near.hospitals, near.cases), (vec![0, 2, 3], vec![0], vec![]));
    let north = [LonLat(118.0, 24.55), LonLat(118.3, 24.55), LonLat(118.3, 24.7), LonLat(118.0, 24.7)];
    let inside = city.inside_polygon(&north);
    assert_eq!((inside.teams, inside.cameras, inside.flood_points), (vec![2], vec![1], vec![1]));
    let mut closed = north.to_vec();
    closed.push(north[0]);
    assert_eq!(city.inside_polygon(&closed), city.inside_polygon(&north), "a closed ring is the same");
    assert_eq!(city.inside_polygon(&[]), Inside::default());
    assert_eq!(city.inside_circle(LonLat(118.08, 24.46), 10.0).cases, [CaseId(1)]);
}

#[test]
fn circles_reach_a_place_when_the_forecast_says() {
    // Due south, five degrees of latitude (556 km) away, coming straight north 5° in 20 h: 27.8 km/h.
    let place = LonLat(118.11, 24.50);
    let south = LonLat(118.11, 19.50);
    let city = city_after(
        &[typhoon(south, &[("中国", &[(20, place)]), ("日本", &[(10, place)]), ("美国", &[(20, south)])])],
        T0,
    );
    let check = |grade: u8, agency: &str, expected_mins: f64| {
        let arrivals = city.circle_arrivals(grade, place, T0);
        let arrival = arrivals.iter().find(|it| &*it.agency == agency).expect("reaches");
        let mins = arrival.at.since_ms(T0) as f64 / 60_000.0;
        assert!((mins - expected_mins).abs() <= 2.0, "{grade}: {mins} min, expected {expected_mins}");
        assert!(!arrival.inside);
    };
    check(7, "中国", (556.0 - 300.0) / 556.0 * 1200.0);
    check(7, "日本", (556.0 - 300.0) / 556.0 * 600.0);
    check(10, "中国", (556.0 - 100.0) / 556.0 * 1200.0);
    let arrivals: Vec<String> = city.circle_arrivals(7, place, T0).iter().map(|it| it.agency.to_string()).collect();
    assert_eq!(arrivals, ["日本", "中国"], "earliest first, and who never reaches it says nothing");
    assert_eq!(&*city.circle_arrival(7, place, T0).expect("reaches").agency, "中国");
    assert_eq!(city.circle_arrival(9, place, T0), None, "no such circle");

    // Grade 12 is reported only towards the north-west: the place must lie there.
    assert_eq!(city.circle_arrival(12, LonLat(118.3, 24.50), T0), None);
    let west = LonLat(118.0, 24.51);
    let mut passing = typhoon(south, &[("中国", &[(20, LonLat(118.11, 24.5)), (30, LonLat(118.11, 27.0))])]);
    if let C::UpdateTyphoon { typhoon, .. } = &mut passing {
        *typhoon = "202306".into();
    }
    let passed = city_after(&[passing], T0);
    assert!(passed.circle_arrival(12, west, T0).is_some());

    let over = city_after(&[typhoon(LonLat(118.2, 24.4), &[])], T0);
    let arrival = over.circle_arrival(10, place, T0.plus_mins(60)).expect("is there");
    assert_eq!((arrival.inside, arrival.at), (true, T0));
}

#[test]
fn indicators_know_their_age() {
    let city = city_after(
        &[
            case("a", WarningColor::Blue, CaseStage::Filed, 60),
            case("b", WarningColor::Blue, CaseStage::Closed, 60),
            C::JudgeReading { sensor: "flood-1".into(), color: Some(WarningColor::Blue), value: 16.0, at: T0 },
            C::SwitchToWar {
                plan: "typhoon".into(),
                level: ResponseLevel::III,
                districts: vec![],
                struck: vec![],
                added: vec![],
                confirmed_by: vec!["A".into()],
                reason: "测试".into(),
                reasons: Default::default(),
                sheet_version: None,
                overridden: false,
            },
        ],
        T0,
    );
    let mut readings = Readings::for_city(&city);
    assert!(readings.gauges.put(0, 20.0, T0));
    assert!(readings.gauges.put(2, 12.0, T0.plus_mins(-120)));
    readings.heard.insert("yunguanfu".into(), T0.plus_mins(-1));
    let now = T0.plus_mins(10);
    let value = |formula: IndicatorFormula| {
        let indicator = city.indicators.values().find(|it| it.formula == formula).expect("in the pack");
        let IndicatorValue { value, as_of } = city.indicator_value(indicator, &readings, now);
        (value, as_of.since_ms(T0) / 60_000)
    };
    use IndicatorFormula::*;
    assert_eq!(value(CasesToday), (Some(2.0), -1));
    assert_eq!(value(CasesOpen), (Some(1.0), -1));
    assert_eq!(value(CaseCloseRate), (Some(0.5), -1));
    assert_eq!(value(AlarmsUnacknowledged), (Some(1.0), 10));
    assert_eq!(value(SensorsFresh(SensorKind::FloodDepth)), (Some(1.0), 0));
    assert_eq!(value(SensorsOverThreshold(SensorKind::FloodDepth)), (Some(1.0), 0));
    assert_eq!(value(SensorMax(SensorKind::Wind)).0, None, "two hours old is lost");
    assert_eq!(value(OrdersOpen), (Some(2.0), 10));
    assert_eq!(value(OrdersOverdue), (Some(2.0), 10));
    assert_eq!(value(EvacueesExpected), (Some(150.0), 10));
    assert_eq!(value(DronesFlying).0, None);
    assert_eq!(value(PeopleInTeams), (Some(60.0), 10));
}

#[test]
fn alarms_and_evacuation_add_up() {
    use WarningColor::*;
    let judge =
        |sensor: &str, color| C::JudgeReading { sensor: sensor.into(), color: Some(color), value: 50.0, at: T0 };
    let city = city_after(
        &[
            judge("flood-1", Orange),
            judge("wind-1", Blue),
            judge("flood-2", Orange),
            C::AcknowledgeAlarm { alarm: AlarmId(1) },
        ],
        T0,
    );
    let order: Vec<u64> = city.alarms_by_priority().iter().map(|it| it.id.0).collect();
    assert_eq!(order, [3, 1, 2]);
    let totals = city.evacuation_totals();
    assert_eq!((totals.all, totals.by_class.len(), totals.by_district.len()), (Tally::default(), 5, 2));
}

#[test]
fn days_begin_at_midnight_in_beijing() {
    let check = |now: &str, expected: &str| {
        assert_eq!(Timestamp::parse(now).expect("a time").start_of_day().to_beijing_text(), expected);
    };
    check("2023-07-27 10:00:00", "2023-07-27 00:00:00");
    check("2023-07-27 00:00:00", "2023-07-27 00:00:00");
    check("2023-07-26 23:59:59", "2023-07-26 00:00:00");
    check("1969-12-31 12:00:00", "1969-12-31 00:00:00");
}

/// Known pairs: WGS-84 → GCJ-02 are the published test vectors of googollee/eviltransform (Shanghai, Shenzhen, Beijing) and
/// wandergis/coordtransform (Tiananmen); GCJ-02 ↔ BD-09 those of wandergis/coordtransform.
#[test]
fn coordinates_agree_with_known_pairs() {
    #[track_caller]
    fn check(of: fn(LonLat) -> LonLat, from: (f64, f64), to: (f64, f64), within_deg: f64) {
        let got = of(LonLat(from.0, from.1));
        assert!((got.0 - to.0).abs() < within_deg && (got.1 - to.1).abs() < within_deg, "{got:?}, expected {to:?}");
    }
    let wgs_gcj = [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
    ];
    for (wgs, gcj) in wgs_gcj {
        check(gcj02_from_wgs84, wgs, gcj, 1e-9);
        check(wgs84_from_gcj02, gcj, wgs, 1e-9);
        check(|p| wgs84_from_bd09(bd09_from_wgs84(p)), wgs, wgs, 2e-5);
    }
    check(bd09_from_gcj02, (116.404, 39.915), (116.41036949371029, 39.92133699351021), 1e-9);
    check(gcj02_from_bd09, (116.404, 39.915), (116.39762729119315, 39.90865673957631), 1e-9);
    check(gcj02_from_wgs84, (-104.9903, 39.7392), (-104.9903, 39.7392), 1e-12);
    let xiamen = LonLat(118.11, 24.50);
    let offset_m = xiamen.distance_m(gcj02_from_wgs84(xiamen));
    assert!((300.0..700.0).contains(&offset_m), "{offset_m} m");
}

#[test]
fn the_local_frame_is_true_near_its_centre() {
    let center = LonLat(118.11, 24.50);
    let frame = LocalFrame::new(center);
    for p in [center, LonLat(118.2, 24.6), LonLat(117.9, 24.4)] {
        let (east, north) = frame.local_from_geo(p);
        let back = frame.geo_from_local((east, north));
        assert!(back.distance_m(p) < 1e-3);
        let straight = p.distance_m(center);
        assert!((east.hypot(north) - straight).abs() <= straight * 0.005, "{east} {north} {straight}");
    }
}

/// One street from west to east past flood point `fp-1` (118.115, 24.5), and a bridge over it.
fn street() -> RoadNet {
    let text = r#"{"names": [], "nodes": [[118.10, 24.5], [118.115, 24.5], [118.13, 24.5], [118.115, 24.49], [118.115, 24.51]],
        "links": [
            {"from": 0, "to": 1, "class": "primary"}, {"from": 1, "to": 2, "class": "primary"},
            {"from": 3, "to": 4, "class": "trunk", "structure": "bridge"}
        ]}"#;
    RoadNet::from_json(text).expect("sound")
}

fn closed(city: &City, readings: &Readings, now: Timestamp) -> Vec<u32> {
    city.closed_links(&street(), readings, now).iter().map(|it| it.0).collect()
}

#[test]
fn deep_water_closes_its_road_while_it_is_heard_of() {
    let city = city_after(&[], T0);
    let mut readings = Readings::for_city(&city);
    assert_eq!(closed(&city, &readings, T0), [0; 0]);
    assert!(readings.gauges.put(0, 26.9, T0));
    assert_eq!(closed(&city, &readings, T0), [0; 0], "cars still pass");
    assert!(readings.gauges.put(0, FLOODED_CM, T0.plus_secs(1)));
    assert_eq!(closed(&city, &readings, T0.plus_mins(1)), [0, 1], "both sides, the bridge stays dry");
    assert_eq!(closed(&city, &readings, T0.plus_mins(10)), [0, 1], "stale is not dry");
    assert_eq!(closed(&city, &readings, T0.plus_mins(21)), [0; 0], "lost says nothing");
}

#[test]
fn a_closure_on_the_map_closes_its_roads() {
    let put = |area| C::PutMarking { kind: MarkingKind::Closure { area, reason: "塌方".into() }, note: "".into() };
    let circle = put(Area::Circle { center: LonLat(118.12, 24.5), radius_m: 100.0 });
    let ring = put(Area::Ring(vec![LonLat(118.114, 24.504), LonLat(118.116, 24.504), LonLat(118.115, 24.506)]));
    let city = city_after(&[circle, ring], T0);
    assert_eq!(closed(&city, &Readings::for_city(&city), T0), [1, 2]);
    let fence = C::PutMarking {
        kind: MarkingKind::Fence {
            name: "会展".into(),
            ring: vec![LonLat(118.0, 24.0), LonLat(118.3, 24.0), LonLat(118.0, 25.0)],
        },
        note: "".into(),
    };
    let city = city_after(&[fence], T0);
    assert_eq!(closed(&city, &Readings::for_city(&city), T0), [0; 0], "a fence stops nobody");
}

#[test]
fn the_nearest_team_is_the_soonest_by_road() {
    let city = city_after(&[], T0);
    let mut readings = Readings::for_city(&city);
    let fix = |lon| Fix { lon, lat: 24.5, height: 0.0, heading: 0.0, speed: 0.0, battery: 0.0, mode: 0, at: T0 };
    assert!(readings.teams.put(0, fix(118.102)) && readings.teams.put(1, fix(118.129)));
    let here = LonLat(118.114, 24.5);
    let near = |closures: &[u32]| -> Vec<(String, EtaBy)> {
        let metric = street().with_closures(&closures.iter().map(|it| LinkId(*it)).collect());
        let near = city.nearest_able(here, None, 9, &readings, Ground::from(&metric), T0);
        assert!(near.windows(2).all(|it| it[0].eta_s <= it[1].eta_s));
        near.iter().map(|it| (it.team.id.to_string(), it.by)).collect()
    };
    let say = |rows: &[(&str, EtaBy)]| rows.iter().map(|it| (it.0.to_owned(), it.1)).collect::<Vec<_>>();
    use EtaBy::{Road, StraightLine};
    assert_eq!(near(&[]), say(&[("team-1", Road), ("team-2", Road), ("team-3", StraightLine)]));
    // Now the first has no open road near: a straight line, which says so, and another comes sooner.
    assert_eq!(near(&[0]), say(&[("team-2", Road), ("team-1", StraightLine), ("team-3", StraightLine)]));
    assert_eq!(near(&[0, 1]), say(&[("team-1", StraightLine), ("team-2", StraightLine), ("team-3", StraightLine)]));
}
