//! What 平转战 must survive, as far as rules go: two officers at once, a plan edited under a level in force, a district without
//! teams, a clock that goes back, a storm of alarms.

use gulang_city::{Command as C, *};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn seat(id: &str) -> Source {
    Source::Seat(id.into())
}

/// The events, or the refusal in words.
fn give(city: &mut City, source: &Source, mins: i64, command: C) -> Result<Vec<Event>, String> {
    let at = T0.plus_mins(mins);
    let events = city.decide_from(source, &command, at).map_err(|it| it.to_string())?;
    for event in &events {
        let record = Record { seq: city.seq + 1, at, source: source.clone(), event: event.clone() };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(events)
}

fn to_war(ask: &SheetAsk, sheet_version: Option<Text>) -> Switch {
    Switch::ToWar { ask: ask.clone(), reasons: BTreeMap::new(), reason: "测试".into(), sheet_version }
}

fn to_peace(accepted: Vec<OpenItem>) -> Switch {
    Switch::ToPeace { districts: vec![], reason: "解除".into(), accepted }
}

/// Signed by as many as it takes: one seat alone, or that seat and then another.
fn sign(city: &mut City, by: &str, mins: i64, switch: Switch) -> Result<Vec<Event>, String> {
    if city.signatures_needed(&switch) < 2 {
        return give(city, &seat(by), mins, switch.by_one(&by.into(), false));
    }
    give(city, &seat(by), mins, C::ProposeSwitch { switch })?;
    let number = city.n_proposals;
    give(city, &seat(if by == "A" { "B" } else { "A" }), mins, C::CoSign { number })
}

fn answer(order: u64, rung: Rung) -> C {
    C::ReportOrder { order: OrderId(order), definition_version: 1, rung, note: "".into() }
}

fn ask(level: ResponseLevel) -> SheetAsk {
    SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: vec![], added: vec![] }
}

/// Measure, edition and clause of every order.
fn ordered(city: &City) -> Vec<(&str, &str, &str)> {
    let texts = city.orders.values().map(|it| &it.text);
    texts.map(|it| (name(it.measure.as_ref()), &*it.plan_version, &*it.clause)).collect()
}

fn name(measure: Option<&MeasureId>) -> &str {
    measure.map_or("", MeasureId::as_str)
}

// ---------------------------------------------------------------- two officers

#[test]
fn of_two_different_sheets_confirmed_at_once_the_second_is_told_what_changed() {
    use ResponseLevel::*;
    let struck = SheetAsk { struck: vec!["m-patrol".into()], ..ask(III) };
    for (first, second) in [(ask(III), ask(II)), (ask(II), struck.clone()), (struck, ask(III))] {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        let shown = |it: &SheetAsk| city.sheet(it, T0).expect("a sheet").version;
        let (a, b) = (to_war(&first, Some(shown(&first))), to_war(&second, Some(shown(&second))));
        sign(&mut city, "A", 0, a).expect("the first is obeyed");
        let before = city.clone();
        let words = sign(&mut city, "B", 0, b).expect_err("the second saw another city");
        assert!(words.contains("响应级别已经变动"), "{words}");
        assert_eq!(city, before, "a refusal leaves nothing behind");
        // Looked at again, it stands: on top of what the first ordered, never a second time.
        let again = city.sheet(&second, T0).expect("a sheet");
        sign(&mut city, "B", 1, to_war(&second, Some(again.version))).expect("the second, seen anew");
        let ids: Vec<&MeasureId> = city.orders.values().filter_map(|it| it.text.measure.as_ref()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no measure twice: {ids:?}");
        assert_eq!(city.footing.level, Some(second.level));
    }
}

// ---------------------------------------------------------------- a plan edited while its level is active

/// Edition 2: a shorter deadline, `m-gates` gone, `m-new` added.
fn second_edition() -> Plan {
    let mut plan = tiny_pack().plans.remove(0);
    plan.version = "2".into();
    plan.ack_within_mins = 3;
    plan.measures.retain(|it| it.id.as_str() != "m-gates");
    for measure in &mut plan.measures {
        measure.clause = "8.1".into();
        measure.within_mins = 30;
    }
    let own = Measure { id: "m-new".into(), title: "地铁停运".into(), ..plan.measures[0].clone() };
    plan.measures.push(own);
    plan
}

fn adopt(plan: Plan) -> C {
    C::AdoptPlans { plans: vec![plan] }
}

#[test]
fn a_plan_edited_under_a_level_in_force_changes_no_order_that_was_given() {
    use ResponseLevel::*;
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    let shown = city.sheet(&ask(II), T0).expect("a sheet").version;
    sign(&mut city, "A", 0, to_war(&ask(III), None)).expect("war");
    let orders = city.orders.clone();
    let open = city.still_open(&[]);
    let footing = city.footing.clone();

    let events = give(&mut city, &Source::Hub, 10, adopt(second_edition())).expect("adopted");
    assert!(matches!(&events[..], [Event::PlansAdopted { withdrawn, .. }] if withdrawn.is_empty()));
    assert_eq!((&city.orders, &city.footing), (&orders, &footing));
    assert_eq!(city.still_open(&[]), open, "what is open is named as before");
    assert!(give(&mut city, &Source::Hub, 11, adopt(second_edition())).is_err(), "once is enough");
    let words = sign(&mut city, "B", 11, to_war(&ask(II), Some(shown))).expect_err("a sheet of the old edition");
    assert!(words.contains("预案已经更换"), "{words}");

    // Silence is still told of the old orders, and their answers are taken.
    let events = give(&mut city, &Source::Hub, 11, C::Tick).expect("time");
    assert_eq!(events.iter().filter(|it| matches!(it, Event::OrderOverdue { .. })).count(), 2);
    give(&mut city, &Source::Hub, 12, answer(1, Rung::Acknowledged)).expect("answered");

    // The next level is drafted by the new edition: what was ordered is not ordered again, what is gone is not ordered.
    sign(&mut city, "A", 13, to_war(&ask(II), None)).expect("higher");
    assert_eq!(ordered(&city), [("m-patrol", "1", "7.1"), ("m-sea", "1", "7.1"), ("m-new", "2", "8.1")]);
    assert_eq!(city.orders[&OrderId(3)].text.due_at, T0.plus_mins(13 + 30));

    // Peace names all that is open, whatever edition it is of.
    let words = sign(&mut city, "A", 20, to_peace(vec![])).expect_err("something is open");
    assert!(words.contains("还有 3 件未了结"), "{words}");
    let open = city.still_open(&[]);
    sign(&mut city, "A", 20, to_peace(open)).expect("peace");
    assert!(city.orders.values().all(|it| it.rung == Rung::Cancelled));
    let editions: Vec<&str> = city.orders.values().map(|it| &*it.text.plan_version).collect();
    assert_eq!(editions, ["1", "1", "2"]);
}

#[test]
fn what_waits_for_its_turn_goes_by_the_new_edition_or_is_withdrawn_by_name() {
    use ResponseLevel::*;
    let mut pack = tiny_pack();
    pack.plans[0].measures[1].group = 1;
    pack.plans[0].measures[2].group = 2;
    let mut city = City::found(&pack, Realm::Actual);
    sign(&mut city, "A", 0, to_war(&ask(II), None)).expect("war");
    let waits: Vec<(u64, &str)> = city.held.iter().map(|it| (it.number, name(it.measure.as_ref()))).collect();
    assert_eq!(waits, [(1, "m-sea"), (2, "m-gates")]);

    let mut edition = second_edition();
    edition.measures[1].group = 1;
    let events = give(&mut city, &Source::Hub, 1, adopt(edition)).expect("adopted");
    assert!(matches!(&events[..], [Event::PlansAdopted { withdrawn, .. }] if *withdrawn == [2]), "{events:?}");
    assert_eq!(city.held.len(), 1);

    give(&mut city, &Source::Hub, 2, answer(1, Rung::Acknowledged)).expect("answered");
    give(&mut city, &Source::Hub, 2, C::Tick).expect("time");
    assert_eq!(ordered(&city), [("m-patrol", "1", "7.1"), ("m-sea", "2", "8.1")]);
    assert!(city.held.is_empty());
}

#[test]
fn an_edition_that_orders_nobody_known_is_refused_whole_and_only_the_hub_may_bring_one() {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    let mut stranger = second_edition();
    stranger.measures[0].agency = "nobody".into();
    let words = give(&mut city, &Source::Hub, 0, adopt(stranger)).expect_err("refused");
    assert!(words.contains("nobody"), "{words}");
    let mut nowhere = second_edition();
    nowhere.measures[1].evacuees[0].district = "000000".into();
    assert!(give(&mut city, &Source::Hub, 0, adopt(nowhere)).is_err());
    for source in [seat("带班领导 02"), Source::Platform("yingji".into())] {
        assert!(give(&mut city, &source, 0, adopt(second_edition())).is_err(), "{source:?}");
    }
    assert_eq!(&*city.plans[0].version, "1");
}

// ---------------------------------------------------------------- a district with no teams

#[test]
fn a_district_without_teams_goes_to_war_and_is_told_what_it_lacks() {
    use ResponseLevel::*;
    let wants = ForceNeed {
        capability: Capability::Drainage,
        n_teams: 2,
        place: "二号下穿".into(),
        district: "350211".into(),
        at: None,
    };
    for teams in [vec!["team-1"], vec![]] {
        let mut pack = tiny_pack();
        pack.teams.retain(|it| teams.contains(&it.id.as_str()));
        pack.plans[0].measures[1].forces = vec![wants.clone()];
        let mut city = City::found(&pack, Realm::Actual);
        let there = SheetAsk { districts: vec!["350211".into()], ..ask(III) };
        let sheet = city.sheet(&there, T0).expect("a sheet");
        assert_eq!((sheet.forces.len(), sheet.n_orders), (1, 1));
        sign(&mut city, "A", 0, to_war(&there, Some(sheet.version))).expect("war");
        assert_eq!(city.footings["350211"].posture, Posture::War);

        let at = city.districts["350211"].center;
        for what in [Capability::Drainage, Capability::Medical] {
            let need = C::RaiseNeed { what, how_many: 2, at, why: "积水".into(), from_order: Some(OrderId(1)) };
            give(&mut city, &seat("A"), 1, need).expect("a need");
        }
        let readings = Readings::for_city(&city);
        let needs: Vec<NeedId> = city.needs.keys().copied().collect();
        let plan = city.assign(&needs, &readings, Ground::default(), T0.plus_mins(1));
        // The rescue team stands in for one of two; nobody is a doctor.
        assert_eq!(plan.assignments.len(), teams.len());
        let short: Vec<(u64, u32)> = plan.shortfalls.iter().map(|it| (it.need.0, it.n_short)).collect();
        assert_eq!(short, [(1, 2 - teams.len() as u32), (2, 2)]);
        assert!(plan.shortfalls.iter().all(|it| !it.why.is_empty()));
        assert_eq!(city.nearest_able(at, None, 20, &readings, Ground::default(), T0).len(), teams.len());
        for indicator in city.indicators.values() {
            let value = city.indicator_value(indicator, &readings, T0.plus_mins(1)).value;
            assert!(value.is_none_or(f64::is_finite), "{}: {value:?}", indicator.name);
        }
        give(&mut city, &Source::Hub, 2, C::Tick).expect("time passes");
        let open = city.still_open(&[]);
        sign(&mut city, "A", 3, to_peace(open)).expect("peace");
    }
}

// ---------------------------------------------------------------- a clock that goes back

#[test]
fn time_that_goes_back_undoes_nothing_and_what_is_due_is_told_once() {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    let count = |events: &[Event]| events.iter().filter(|it| matches!(it, Event::OrderOverdue { .. })).count();
    sign(&mut city, "A", 0, to_war(&ask(ResponseLevel::III), None)).expect("war");
    assert_eq!(count(&give(&mut city, &Source::Hub, 6, C::Tick).expect("late")), 2);
    let since = city.orders[&OrderId(1)].overdue_since;
    for mins in [3, -60, -24 * 60] {
        assert_eq!(give(&mut city, &Source::Hub, mins, C::Tick), Ok(vec![]), "{mins}");
    }
    assert_eq!(city.orders[&OrderId(1)].overdue_since, since);
    give(&mut city, &Source::Hub, -60, answer(1, Rung::Acknowledged)).expect("an answer is an answer");
    assert_eq!(city.orders[&OrderId(1)].rung, Rung::Acknowledged);
    // On again: the other is escalated when its time has come, and is not told to be late a second time.
    let events = give(&mut city, &Source::Hub, 16, C::Tick).expect("time");
    assert!(matches!(&events[..], [Event::OrderEscalated { order: OrderId(2), .. }]), "{events:?}");
}

proptest! {
    #[test]
    fn a_clock_that_jumps_about_loses_no_order_and_gives_none_twice(
        steps in prop::collection::vec((-240..240i64, 0..6u8, 1..5u64), 0..60),
    ) {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        let mut given: Vec<(OrderId, OrderText)> = Vec::new();
        let mut mins = 0;
        for (step, what, order) in steps {
            mins += step;
            let level = ResponseLevel::ALL[order as usize - 1];
            let _ = match what {
                0 => sign(&mut city, "A", mins, to_war(&ask(level), None)),
                1 => give(&mut city, &Source::Hub, mins, answer(order, Rung::Acknowledged)),
                2 => give(&mut city, &Source::Hub, mins, answer(order, Rung::Done)),
                3 => give(&mut city, &Source::Hub, mins, C::NoteAttempt { order: OrderId(order) }),
                _ => give(&mut city, &Source::Hub, mins, C::Tick),
            };
            let now: Vec<_> = city.orders.values().map(|it| (it.id, it.text.clone())).collect();
            prop_assert!(now.starts_with(&given), "an order is gone or says something else");
            given = now;
        }
        let ids: BTreeSet<_> = given.iter().filter_map(|(_, it)| it.measure.clone()).collect();
        prop_assert_eq!(ids.len(), given.len(), "in one war no measure is ordered twice");
    }
}

// ---------------------------------------------------------------- a storm of alarms

/// Sensors of every kind in twelve districts.
fn many_sensors(n: usize) -> Pack {
    let mut pack = tiny_pack();
    let (model, district) = (pack.sensors[0].clone(), pack.districts[0].clone());
    pack.districts = (0..12).map(|i| District { id: format!("{i}").into(), ..district.clone() }).collect();
    pack.sensors = (0..n)
        .map(|i| Sensor {
            id: format!("s-{i}").into(),
            kind: SensorKind::ALL[i % SensorKind::ALL.len()],
            district: format!("{}", i * 7 % 12).into(),
            ..model.clone()
        })
        .collect();
    pack
}

fn judge(i: usize, color: Option<WarningColor>, at: Timestamp) -> C {
    C::JudgeReading { sensor: format!("s-{i}").into(), color, value: 30.0, at }
}

/// The rows, having seen that each open alarm is in exactly one, under a key that names it.
fn rows(city: &City, now: Timestamp) -> Vec<AlarmGroup> {
    let groups = city.alarm_groups(now);
    assert!(groups.len() <= MAX_ALARM_ROWS, "{} rows", groups.len());
    let mut seen: Vec<AlarmId> = groups.iter().flat_map(|it| it.alarms.iter().copied()).collect();
    seen.sort_unstable();
    let mut open: Vec<AlarmId> = city.open_alarms.values().copied().collect();
    open.sort_unstable();
    assert_eq!(seen, open);
    for group in &groups {
        let all = || group.alarms.iter().map(|it| &city.alarms[it]);
        assert_eq!(group.n as usize, all().count());
        assert_eq!(group.n_unacknowledged as usize, all().filter(|it| it.acknowledged.is_none()).count());
        assert_eq!(group.n_shelved as usize, all().filter(|it| it.shelved_until > Some(now)).count());
        assert_eq!(Some(group.worst), all().map(|it| it.color).max());
        for alarm in all() {
            let sensor = &city.sensors[&alarm.sensor];
            assert_eq!(Some(sensor.kind), group.key.kind.kind());
            assert!(group.key.district.as_ref().is_none_or(|it| *it == sensor.district));
            assert!((group.first_at..=group.last_at).contains(&alarm.raised_at));
            assert!((group.key.from..group.key.until).contains(&alarm.raised_at));
        }
    }
    groups
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Alarms days apart, in any district, some cleared, seen from before, among and after them.
    #[test]
    fn rows_part_the_open_alarms_whatever_they_are_and_whenever_one_looks(
        alarms in prop::collection::vec((0..400usize, 0..40_000i64, 0..4usize, 0..5u8), 0..400),
        seen_from in prop_oneof![Just(-100_000i64), -50_000..50_000i64, Just(100_000)],
    ) {
        let mut city = City::found(&many_sensors(400), Realm::Actual);
        for (sensor, mins, color, fate) in alarms {
            let at = T0.plus_mins(mins);
            let color = (fate > 0).then_some(WarningColor::ALL[color]);
            let _ = give(&mut city, &Source::Hub, 50_000, judge(sensor, color, at));
        }
        let now = T0.plus_mins(50_000 + seen_from);
        let groups = rows(&city, now);
        // One row taken in hand takes what it shows, and no other.
        if let Some(row) = groups.first() {
            let events = give(&mut city, &seat("A"), 50_000, C::AcknowledgeGroup { group: row.key.clone() });
            let named: Vec<AlarmId> = events.unwrap_or_default().iter().filter_map(|it| match it {
                Event::AlarmAcknowledged { alarm, .. } => Some(*alarm),
                _ => None,
            }).collect();
            prop_assert_eq!(&named, &row.alarms);
            let n: u32 = rows(&city, now).iter().map(|it| it.n_unacknowledged).sum();
            prop_assert_eq!(n as usize, city.open_alarms.len() - named.len());
        }
    }
}

#[test]
fn ten_thousand_alarms_in_a_minute_leave_no_ghost_of_last_month() {
    let mut city = City::found(&many_sensors(10_000), Realm::Actual);
    let month_ago = -30 * 24 * 60;
    let say = |city: &mut City, i: usize, color, mins: i64| {
        give(city, &Source::Hub, mins, judge(i, color, T0.plus_mins(mins))).map(|it| it.len())
    };
    // Last month's storm: acknowledged, shelved, cleared.
    for i in 0..500 {
        say(&mut city, i, Some(WarningColor::Orange), month_ago).expect("raised");
    }
    let old = rows(&city, T0.plus_mins(month_ago));
    for row in &old {
        let group = row.key.clone();
        let until = T0.plus_mins(month_ago + 60);
        give(&mut city, &seat("A"), month_ago, C::AcknowledgeGroup { group: group.clone() }).expect("acknowledged");
        give(&mut city, &seat("A"), month_ago, C::ShelveGroup { group, until, reason: "检修".into() })
            .expect("shelved");
    }
    for i in 0..500 {
        say(&mut city, i, None, month_ago + 30).expect("cleared");
    }
    assert!(rows(&city, T0).is_empty());

    for i in 0..10_000 {
        give(&mut city, &Source::Hub, 1, judge(i, Some(WarningColor::ALL[i % 4]), T0 + 6 * i as i64)).expect("raised");
    }
    let groups = rows(&city, T0.plus_mins(1));
    let sum = |of: fn(&AlarmGroup) -> u32| groups.iter().map(of).sum::<u32>();
    assert_eq!((sum(|it| it.n), sum(|it| it.n_unacknowledged), sum(|it| it.n_shelved)), (10_000, 10_000, 0));
    assert!(groups.iter().all(|it| it.first_at >= T0), "nothing of last month");
    // Seen by a reader whose clock has gone back a day, it is the same storm in as few rows.
    assert_eq!(rows(&city, T0.plus_mins(-24 * 60)).len(), groups.len());
    // The last month's row, pressed again, touches nothing of today.
    let stale = C::AcknowledgeGroup { group: old[0].key.clone() };
    assert!(give(&mut city, &seat("A"), 2, stale).is_err());
}
