//! Who is sent: against greed, with closures, in words.

use super::*;
use proptest::prelude::*;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

/// A city with these teams and needs: capability, metres east and north of the centre; a need also how many.
fn city(teams: &[(usize, f64, f64)], needs: &[(usize, f64, f64, u32)]) -> City {
    let mut pack = tiny_pack();
    let frame = LocalFrame::new(pack.center);
    let kind = |it: usize| Capability::ALL[it % Capability::ALL.len()];
    pack.teams = teams
        .iter()
        .enumerate()
        .map(|(i, &(what, east, north))| Team {
            id: format!("t{i}").into(),
            name: format!("{i}队").into(),
            tier: TeamTier::Local,
            capability: kind(what),
            n_people: 10,
            home: frame.geo_from_local((east, north)),
            district: pack.districts[0].id.clone(),
            kind: UnitKind::Team,
            also: Vec::new(),
            load: "".into(),
            base: None,
        })
        .collect();
    let mut city = City::found(&pack, Realm::Actual);
    for &(what, east, north, how_many) in needs {
        let at = frame.geo_from_local((east, north));
        let why = format!("需求{}", city.needs.len() + 1).into();
        give(&mut city, &Command::RaiseNeed { what: kind(what), how_many, at, why, from_order: None });
    }
    city
}

fn give(city: &mut City, command: &Command) {
    for event in city.decide(command, T0).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}")) {
        let record = Record { seq: city.seq + 1, at: T0, source: Source::Hub, event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
}

fn all(city: &City) -> Vec<NeedId> {
    city.needs.keys().copied().collect()
}

/// Seat by seat, the cheapest team still free; what the plan must not be worse than. Tenths of a second, nobody included.
fn greedy(city: &City) -> i64 {
    greedy_over(city, &Readings::for_city(city), None)
}

fn greedy_over(city: &City, readings: &Readings, land: Option<&Land>) -> i64 {
    let wanted: Vec<&Need> = city.needs.values().collect();
    let candidates = city.candidates(readings, T0);
    let passages = Passages::new(city, readings, land, T0);
    let ways = city.ways(&wanted, &candidates, None, &passages);
    let mut used = vec![false; candidates.len()];
    let mut total = 0;
    for (need, row) in wanted.iter().zip(&ways) {
        for _ in 0..need.n_short() {
            let free = row.iter().enumerate().filter(|(i, _)| !used[*i] && candidates[*i].busy.is_none());
            match free.filter_map(|(i, it)| Some((it.as_ref()?.price()?, i))).min() {
                Some((cost, team)) => {
                    used[team] = true;
                    total += cost;
                }
                None => total += NOBODY,
            }
        }
    }
    total
}

fn cost_of(plan: &ForcePlan) -> i64 {
    let n_short: u32 = plan.shortfalls.iter().map(|it| it.n_short).sum();
    (plan.total_cost_s * PER_SEC).round() as i64 + i64::from(n_short) * NOBODY
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_team_goes_twice_and_greed_is_never_better(
        teams in proptest::collection::vec((0..4usize, -9e3..9e3f64, -9e3..9e3f64), 0..24),
        needs in proptest::collection::vec((0..4usize, -9e3..9e3f64, -9e3..9e3f64, 1..4u32), 1..8),
        out in proptest::collection::vec(0..24usize, 0..4),
    ) {
        let mut city = city(&teams, &needs);
        for i in out.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().filter(|it| *it < teams.len()) {
            give(&mut city, &Command::AssignTeam { team: format!("t{i}").into(), order: None, purpose: "巡查".into() });
        }
        let plan = city.assign(&all(&city), &Readings::for_city(&city), Ground::default(), T0);
        let mut sent = std::collections::BTreeSet::new();
        for it in &plan.assignments {
            prop_assert!(sent.insert(&it.team), "{} twice", it.team);
            prop_assert!(!city.assignments.contains_key(&it.team), "{} is out", it.team);
            prop_assert!(!it.why.is_empty());
        }
        let n_wanted: u32 = needs.iter().map(|it| it.3).sum();
        let n_short: u32 = plan.shortfalls.iter().map(|it| it.n_short).sum();
        prop_assert_eq!(plan.assignments.len() as u32 + n_short, n_wanted);
        prop_assert!(cost_of(&plan) <= greedy(&city), "{} > {}", cost_of(&plan), greedy(&city));
        // What is proposed may be commanded as it is.
        let pairs: Vec<_> = plan.assignments.iter().map(|it| (it.team.clone(), it.need)).collect();
        if !pairs.is_empty() {
            give(&mut city, &Command::AssignTeams { pairs, reason: "".into() });
            let n_out: usize = city.needs.values().map(|it| it.teams.len()).sum();
            prop_assert_eq!(n_out, plan.assignments.len());
        }
    }
}

/// The need each team goes to, and whether `word` is in the sentence of the first assignment.
#[track_caller]
fn check(city: &City, readings: &Readings, metric: Option<&Metric>, expected: &[(u64, &str)], word: &str) {
    let ground = Ground { roads: metric, land: None };
    let plan = city.assign(&all(city), readings, ground, T0);
    let got: Vec<(u64, &str)> = plan.assignments.iter().map(|it| (it.need.0, it.team.as_str())).collect();
    assert_eq!(got, expected, "{plan:#?}");
    if let Some(first) = plan.assignments.first() {
        assert!(first.why.contains(word), "{} not in {}", word, first.why);
    }
}

#[test]
fn the_whole_city_waits_least_and_the_sentence_says_so() {
    // Team 0 is nearest to both needs; greed would send it to the first and someone far to the second.
    let between = city(&[(0, 0.0, 0.0), (0, -3000.0, 0.0)], &[(0, -1000.0, 0.0, 1), (0, 900.0, 0.0, 1)]);
    check(
        &between,
        &Readings::for_city(&between),
        None,
        &[(1, "t1"), (2, "t0")],
        "更近的0队（2分）派往「需求2」，合计更省",
    );
}

#[test]
fn who_is_out_stays_out_and_is_named() {
    let mut it = city(&[(0, 100.0, 0.0), (0, 3000.0, 0.0)], &[(0, 0.0, 0.0, 1)]);
    give(&mut it, &Command::AssignTeam { team: "t0".into(), order: None, purpose: "值守下穿".into() });
    check(&it, &Readings::for_city(&it), None, &[(1, "t1")], "更近的0队（17秒）已有任务「值守下穿」");
}

#[test]
fn the_right_capability_and_a_fresh_position_outweigh_a_short_way() {
    // Fire 500 m away can rescue; rescue 2 km away is made for it.
    let kinds = city(&[(1, 500.0, 0.0), (0, 2000.0, 0.0)], &[(0, 0.0, 0.0, 1)]);
    check(&kinds, &Readings::for_city(&kinds), None, &[(1, "t1")], "是消防队，只是可代");
    // Medicine has no stand-in.
    let alone = city(&[(0, 0.0, 0.0), (1, 0.0, 0.0)], &[(5, 0.0, 0.0, 1)]);
    let plan = alone.assign(&all(&alone), &Readings::for_city(&alone), Ground::default(), T0);
    assert_eq!(&*plan.shortfalls[0].why, "全市没有能做医疗救护的队伍");
    // Both in reach; only the farther one was heard.
    let heard = city(&[(0, 500.0, 0.0), (0, 2000.0, 0.0)], &[(0, 0.0, 0.0, 1)]);
    let mut readings = Readings::for_city(&heard);
    let LonLat(lon, lat) = heard.teams[1].home;
    let fix = Fix { lon, lat, height: 0.0, heading: 0.0, speed: 0.0, battery: 0.0, mode: 0, at: T0 };
    readings.teams.put(1, fix);
    check(&heard, &readings, None, &[(1, "t1")], "没有定位，折算后更慢");
}

#[test]
fn a_closed_road_sends_another_team() {
    // Two streets from west and east meet at the need; the western team is nearer until its street is closed.
    let roads = r#"{"names": [], "nodes": [[118.09, 24.50], [118.11, 24.50], [118.14, 24.50]], "links": [
        {"from": 0, "to": 1, "class": "primary"}, {"from": 1, "to": 2, "class": "primary"}]}"#;
    let net = RoadNet::from_json(roads).expect("sound");
    let mut pack = tiny_pack();
    pack.teams.truncate(2);
    pack.teams[1].capability = Capability::Rescue;
    (pack.teams[0].home, pack.teams[1].home) = (LonLat(118.0905, 24.50), LonLat(118.1395, 24.50));
    let mut city = City::found(&pack, Realm::Actual);
    let at = LonLat(118.11, 24.50);
    give(
        &mut city,
        &Command::RaiseNeed { what: Capability::Rescue, how_many: 1, at, why: "塌方".into(), from_order: None },
    );
    let readings = Readings::for_city(&city);
    let open = net.with_closures(&Closures::default());
    check(&city, &readings, Some(&open), &[(1, "team-1")], "道路");
    let area = Area::Circle { center: LonLat(118.10, 24.50), radius_m: 100.0 };
    let kind = MarkingKind::Closure { area, reason: "塌方".into() };
    give(&mut city, &Command::PutMarking { kind, note: "".into() });
    let closed = net.with_closures(&city.closed_links(&net, &readings, T0));
    check(&city, &readings, Some(&closed), &[(1, "team-2")], "道路");
}

/// One district about the centre, water east of 118.2 and west of 118.0, but for an island at 117.9.
fn land() -> Land {
    let feature = |id: &str, w: f64, e: f64| {
        let ring = format!("[[[{w},24.4],[{e},24.4],[{e},24.6],[{w},24.6],[{w},24.4]]]");
        format!(r#"{{"properties":{{"id":"{id}"}},"geometry":{{"type":"Polygon","coordinates":{ring}}}}}"#)
    };
    let text = format!(r#"{{"features":[{},{}]}}"#, feature("350203", 118.0, 118.2), feature("350211", 117.89, 117.91));
    Land::from_geojson(&text).expect("sound")
}

/// A city of one unit of a kind, made for water rescue, and one such need.
fn one(kind: UnitKind, from: LonLat, to: LonLat) -> City {
    let mut pack = tiny_pack();
    pack.teams.truncate(1);
    let unit = &mut pack.teams[0];
    (unit.kind, unit.capability, unit.home) = (kind, Capability::Water, from);
    let mut city = City::found(&pack, Realm::Actual);
    let (what, why) = (Capability::Water, "落水".into());
    give(&mut city, &Command::RaiseNeed { what, how_many: 1, at: to, why, from_order: None });
    city
}

/// Who goes, with how and why; or why nobody does.
fn words(city: &City, readings: &Readings, land: Option<&Land>) -> Result<String, String> {
    let plan = city.assign(&all(city), readings, Ground { roads: None, land }, T0);
    match plan.assignments.first() {
        Some(it) => Ok(it.why.to_string()),
        None => Err(plan.shortfalls[0].why.to_string()),
    }
}

fn wind(city: &City, mps: f32) -> Readings {
    let mut readings = Readings::for_city(city);
    let handle = city.sensors.get_index_of("wind-1").expect("a gauge") as u32;
    assert!(readings.gauges.put(handle, mps, T0));
    readings
}

#[test]
fn aircraft_fly_straight_and_stay_in_too_much_wind_or_out_of_range() {
    let at = LonLat(118.11, 24.50);
    let near = one(UnitKind::Helicopter, LonLat(118.16, 24.50), at);
    let said = words(&near, &wind(&near, 8.0), None).expect("it flies");
    assert!(
        said.starts_with("飞行11分（直线 5.1 km，含出动10分），风 8.0 m/s 未超 20.7，直升机（水上救援）"),
        "{said}"
    );
    let unknown = words(&near, &Readings::for_city(&near), None).expect("it flies");
    assert!(unknown.contains("附近无风速读数，行前核实"), "{unknown}");
    let refused = words(&near, &wind(&near, 25.0), None).expect_err("too windy");
    assert!(refused.contains("风 25.0 m/s 超过限值 20.7"), "{refused}");
    let far = one(UnitKind::Drone, LonLat(118.21, 24.50), at);
    let refused = words(&far, &Readings::for_city(&far), None).expect_err("too far");
    assert!(refused.contains("超出活动半径 8 km"), "{refused}");
}

#[test]
fn boats_go_where_water_is_and_not_over_land() {
    let land = land();
    let readings = |it: &City| Readings::for_city(it);
    let said = |from: f64, to: f64| {
        let city = one(UnitKind::Boat, LonLat(from, 24.50), LonLat(to, 24.50));
        words(&city, &readings(&city), Some(&land))
    };
    let sea = said(118.2005, 118.25).expect("open water");
    assert!(sea.starts_with("航行18分（直线 5.0 km，含出动8分）"), "{sea}");
    // 200 m inside the eastern shore.
    assert!(said(118.2005, 118.198).is_ok());
    assert!(said(118.2005, 118.11).expect_err("inland").contains("不靠水"));
    assert!(said(118.2005, 117.99).expect_err("across").contains("被陆地隔断"));
    assert!(said(117.93, 117.88).expect_err("an island between").contains("被陆地隔断"));
    let city = one(UnitKind::Boat, LonLat(118.2005, 24.50), LonLat(118.25, 24.50));
    assert!(words(&city, &readings(&city), None).expect_err("no coast").contains("没有岸线数据"));
}

#[test]
fn vehicles_wait_to_turn_out_and_a_machine_does_only_what_it_is_equipped_for() {
    let at = LonLat(118.11, 24.50);
    let secs = |kind| {
        let city = one(kind, LonLat(118.13, 24.50), at);
        city.assign(&all(&city), &Readings::for_city(&city), Ground::default(), T0).assignments[0].eta_s
    };
    let team = secs(UnitKind::Team);
    assert_eq!(secs(UnitKind::Vehicle), team + 300.0);
    assert!((secs(UnitKind::Pump) - (team * 1.3 + 600.0)).abs() < 1e-6);
    let mut unit = tiny_pack().teams[0].clone();
    unit.capability = Capability::Fire;
    assert_eq!(unit.fit(Capability::Rescue), Some(Fit::Able));
    unit.kind = UnitKind::Vehicle;
    assert_eq!(unit.fit(Capability::Rescue), None);
    unit.also = vec![Capability::Rescue];
    assert_eq!((unit.fit(Capability::Rescue), unit.fit(Capability::Fire)), (Some(Fit::Able), Some(Fit::Exact)));
}

#[test]
fn a_closed_road_is_nothing_to_a_helicopter() {
    let roads = r#"{"names": [], "nodes": [[118.09, 24.50], [118.11, 24.50]], "links": [
        {"from": 0, "to": 1, "class": "primary"}, {"from": 1, "to": 0, "class": "primary"}]}"#;
    let net = RoadNet::from_json(roads).expect("sound");
    let closed = net.with_closures(&net.links_near(LonLat(118.10, 24.50), 100.0).into_iter().collect());
    let open = net.with_closures(&Closures::default());
    for (kind, is_same) in [(UnitKind::Helicopter, true), (UnitKind::Vehicle, false)] {
        let city = one(kind, LonLat(118.0905, 24.50), LonLat(118.1095, 24.50));
        let [before, after] = [&open, &closed].map(|metric| {
            city.assign(&all(&city), &Readings::for_city(&city), Ground::from(metric), T0).assignments[0].eta_s
        });
        assert_eq!(before == after, is_same, "{kind:?}: {before} {after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn with_units_of_every_kind_greed_is_never_better_and_nobody_barred_is_sent(
        units in proptest::collection::vec((0..6usize, 0..3usize, -9e3..9e3f64, -9e3..9e3f64), 0..20),
        needs in proptest::collection::vec((0..3usize, -9e3..9e3f64, -9e3..9e3f64, 1..3u32), 1..7),
        mps in 0.0..30.0f32,
    ) {
        let teams: Vec<(usize, f64, f64)> = units.iter().map(|it| (it.1, it.2, it.3)).collect();
        let mut city = city(&teams, &needs);
        for (i, it) in units.iter().enumerate() {
            city.teams[i].kind = UnitKind::ALL[it.0];
        }
        let (readings, land) = (wind(&city, mps), land());
        let ground = Ground { roads: None, land: Some(&land) };
        let plan = city.assign(&all(&city), &readings, ground, T0);
        for it in &plan.assignments {
            let near = city.nearest_able(city.needs[&it.need].at, None, units.len(), &readings, ground, T0);
            let way = near.iter().find(|near| near.team.id == it.team).expect("it is known");
            prop_assert_eq!(way.bar, None);
            prop_assert!((way.eta_s - it.eta_s).abs() < 1e-6 && way.by == it.by);
        }
        prop_assert!(cost_of(&plan) <= greedy_over(&city, &readings, Some(&land)));
    }
}

/// A district of one degree fifth and another far in the east; a helicopter on the tiny city's pad.
fn air_city() -> (City, Land) {
    let feature = |id: &str, w: f64, e: f64| {
        let ring = format!("[[[{w},24.4],[{e},24.4],[{e},24.6],[{w},24.6],[{w},24.4]]]");
        format!(r#"{{"properties":{{"id":"{id}"}},"geometry":{{"type":"Polygon","coordinates":{ring}}}}}"#)
    };
    let text = format!(r#"{{"features":[{},{}]}}"#, feature("350203", 118.1, 118.2), feature("350211", 119.7, 119.9));
    let mut pack = tiny_pack();
    pack.force_rules.air.island_districts = vec!["350203".into()];
    let mut helicopter = pack.teams[0].clone();
    (helicopter.id, helicopter.kind, helicopter.home) = ("he".into(), UnitKind::Helicopter, pack.helipads[0].at);
    pack.units = vec![helicopter];
    (City::found(&pack, Realm::Actual), Land::from_geojson(&text).expect("sound"))
}

#[test]
fn the_air_promise_is_counted_from_where_a_helicopter_stands() {
    // Ten minutes to take off and 200 km/h: 30 minutes reach 66.7 km, an hour 166.7 km.
    let (mut city, land) = air_city();
    let reach = city.air_reach(&land, &Readings::for_city(&city), 1000.0, T0);
    assert_eq!((reach.island.covered(), reach.stations.len()), (Some(1.0), 1));
    assert!(reach.island.worst_s > 600.0 && reach.island.worst_s < 1800.0, "{}", reach.island.worst_s);
    // 1.55 to 1.75 degrees east of the pad, 157 to 177 km: about half of it is too far.
    assert!((0.3..0.7).contains(&reach.mainland.covered().expect("land")), "{:?}", reach.mainland);
    assert_eq!(reach.cells.len(), reach.island.n_cells + reach.mainland.n_cells);
    assert!(Land::from_geojson("{}").is_err());

    let windy = city.air_reach(&land, &wind(&city, 25.0), 1000.0, T0);
    assert_eq!((windy.island.covered(), windy.stations.len()), (Some(0.0), 1));
    assert!(windy.stations[0].bar.is_some_and(|it| it.text().contains("25.0")));

    // In the air far from any pad it does not wait.
    let mut flying = Readings::for_city(&city);
    let handle = city.teams.get_index_of("he").expect("known") as u32;
    let fix = Fix { lon: 118.0, lat: 24.4, height: 300.0, heading: 0.0, speed: 55.0, battery: 0.0, mode: 0, at: T0 };
    assert!(flying.teams.put(handle, fix));
    assert!(city.air_stations(&flying, T0).is_empty());

    give(&mut city, &Command::AssignTeam { team: "he".into(), order: None, purpose: "搜救".into() });
    let out = city.air_reach(&land, &Readings::for_city(&city), 1000.0, T0);
    assert_eq!((out.island.covered(), out.stations.len()), (Some(0.0), 0));
}

#[test]
fn the_shipped_city_keeps_its_air_promise_as_assumed() {
    let path = "../../assets/cities/xiamen/";
    let read = |name: &str| std::fs::read_to_string(format!("{path}{name}")).expect("shipped");
    let land = Land::from_geojson(&read("map/districts.geojson")).expect("sound");
    let land = land.with_coast(&read("map/land.geojson")).expect("sound");
    let mut pack = tiny_pack();
    pack.helipads = serde_json::from_str(&read("helipads.json")).expect("sound");
    pack.units = serde_json::from_str(&read("units.json")).expect("sound");
    pack.force_rules = toml::from_str(&read("rules/forces.toml")).expect("sound");
    assert_eq!(pack.force_rules.fault(), None);
    let city = City::found(&pack, Realm::Actual);
    let reach = city.air_reach(&land, &Readings::for_city(&city), 1000.0, T0);
    assert_eq!(reach.stations.len(), city.of_kind(UnitKind::Helicopter).count(), "all stand on a pad");
    assert!(reach.island.n_cells > 100 && reach.mainland.n_cells > 1000, "{:?} {:?}", reach.island, reach.mainland);
    assert_eq!((reach.island.covered(), reach.mainland.covered()), (Some(1.0), Some(1.0)));
    for boat in city.of_kind(UnitKind::Boat) {
        assert!(land.is_afloat(boat.home), "{} lies on dry land", boat.name);
    }
    for unit in &pack.units {
        assert!(unit.name.ends_with("（示例）"), "{} does not say that it is illustrative", unit.name);
    }
}
