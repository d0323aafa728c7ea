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
    let wanted: Vec<&Need> = city.needs.values().collect();
    let readings = Readings::for_city(city);
    let candidates = city.candidates(&readings, T0);
    let passages = Passages::new(city, &readings, None, T0);
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
