//! Needs, teams and check-ins; what officers do to cases; which reports are of one thing. As data: what happened before,
//! what is asked, what follows.

use gulang_city::{Command as C, *};
use proptest::prelude::*;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn obey(city: &mut City, source: &Source, command: &C, now: Timestamp) -> Result<(), Refusal> {
    for event in city.decide_from(source, command, now)? {
        let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(())
}

fn city_after(history: &[(i64, C)]) -> City {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    for (mins, command) in history {
        obey(&mut city, &Source::Hub, command, T0.plus_mins(*mins))
            .unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
    }
    city
}

/// After `history`, `command` at `mins` gives events of these names, or a refusal with these words.
#[track_caller]
fn check(history: &[(i64, C)], mins: i64, command: C, expected: &str) {
    let name = |it: &Event| format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    match city_after(history).decide(&command, T0.plus_mins(mins)) {
        Ok(events) => assert_eq!(events.iter().map(name).collect::<Vec<_>>().join(" "), expected, "{command:?}"),
        Err(refusal) => {
            let words = expected.strip_prefix('!').unwrap_or_else(|| panic!("{command:?}: {refusal}"));
            assert!(refusal.to_string().contains(words), "{words} not in {refusal}");
        }
    }
}

fn need(how_many: u32) -> C {
    let at = LonLat(118.10, 24.50);
    C::RaiseNeed { what: Capability::Rescue, how_many, at, why: "塌方".into(), from_order: None }
}

fn send(pairs: &[(&str, u64)], reason: &str) -> C {
    let pairs = pairs.iter().map(|(team, need)| (TeamId::from(*team), NeedId(*need))).collect();
    C::AssignTeams { pairs, reason: reason.into() }
}

fn check_in(team: &str) -> C {
    C::CheckIn { team: team.into(), note: "到了".into() }
}

fn close(need: u64, reason: &str) -> C {
    C::CloseNeed { need: NeedId(need), reason: reason.into() }
}

fn report(external: &str, mins: i64, east: f64) -> CaseReport {
    CaseReport {
        external: external.into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "道路积水".into(),
        address: "".into(),
        at: LonLat(118.08 + east / 101_200.0, 24.46),
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: T0.plus_mins(mins),
        due_at: T0.plus_mins(120),
    }
}

fn case(external: &str, stage: CaseStage) -> C {
    C::ReportCase { report: report(external, 0, 0.0), stage, stage_at: T0 }
}

/// The platform's news that case `a` is at `stage`, with `agency`, as of `mins`.
fn news(agency: &str, stage: CaseStage, mins: i64) -> C {
    let report = CaseReport { agency: agency.into(), ..report("a", 0, 0.0) };
    C::ReportCase { report, stage, stage_at: T0.plus_mins(mins) }
}

fn transfer(to: &str) -> C {
    C::TransferCase { case: CaseId(1), to: to.into(), reason: "不归我们".into() }
}

fn give_back(to: Option<&str>, reason: &str) -> C {
    C::ReturnCase { case: CaseId(1), to: to.map(Into::into), reason: reason.into() }
}

fn postpone(mins: i64) -> C {
    C::PostponeCase { case: CaseId(1), due_at: T0.plus_mins(mins), reason: "等水退".into() }
}

fn cancel(reason: &str) -> C {
    C::CancelCase { case: CaseId(1), reason: reason.into() }
}

#[test]
fn teams_are_sent_all_or_none() {
    let two = [(0, need(2))];
    check(&two, 1, send(&[("team-1", 1), ("team-3", 1)], ""), "TeamSent TeamSent NeedMet");
    check(&two, 1, send(&[("team-1", 1)], ""), "TeamSent");
    check(
        &two,
        1,
        send(&[("team-1", 1), ("team-1", 1)], ""),
        "!第 2 条（team-1 → 需求 1）：team-1在单上出现两次，整单未派",
    );
    check(&two, 1, send(&[("team-1", 1), ("team-9", 1)], ""), "!没有这支队伍");
    check(&two, 1, send(&[("team-1", 7)], ""), "!没有这处需求");
    check(&[(0, need(1))], 1, send(&[("team-1", 1), ("team-3", 1)], ""), "!只缺 1 队");
    // A drainage team does not rescue, unless somebody says why it should.
    check(&two, 1, send(&[("team-2", 1)], ""), "!坚持要派请写明理由");
    check(&two, 1, send(&[("team-2", 1)], "就在旁边"), "TeamSent");
    let out = C::AssignTeam { team: "team-1".into(), order: None, purpose: "巡堤".into() };
    check(&[(0, need(1)), (0, out)], 1, send(&[("team-1", 1)], ""), "!已有任务「巡堤」");
    check(&[], 0, need(0), "!1–50 支");
    let far = C::RaiseNeed {
        what: Capability::Fire,
        how_many: 1,
        at: LonLat(10.0, 50.0),
        why: "火".into(),
        from_order: None,
    };
    check(&[], 0, far, "!不在本市一带");
}

#[test]
fn a_need_remembers_who_comes_and_goes() {
    let sent = [(0, need(1)), (1, send(&[("team-1", 1)], ""))];
    assert_eq!(city_after(&sent).needs[0].met_at, Some(T0.plus_mins(1)));
    let mut left = sent.to_vec();
    left.push((2, C::ReleaseTeam { team: "team-1".into() }));
    let city = city_after(&left);
    assert_eq!((city.needs[0].n_short(), city.needs[0].met_at, city.outings.len()), (1, None, 0));
    assert_eq!(city.n_outings[&TeamId::from("team-1")], 1);
    check(&sent, 3, close(1, "排完了"), "TeamReleased NeedClosed");
    check(&sent, 3, close(1, " "), "!写明原因");
    let mut closed = sent.to_vec();
    closed.push((3, close(1, "排完了")));
    let city = city_after(&closed);
    assert!(city.assignments.is_empty() && city.open_needs().is_empty());
    check(&closed, 4, close(1, "再来"), "!已经了结");
    check(&closed, 4, send(&[("team-3", 1)], ""), "!需求已了结");
}

#[test]
fn those_out_must_speak() {
    let sent = [(0, need(1)), (0, send(&[("team-1", 1)], ""))];
    check(&sent, 30, C::Tick, "");
    check(&sent, 31, C::Tick, "CheckInMissed");
    check(&sent, 10, check_in("team-1"), "CheckedIn");
    check(&sent, 10, check_in("team-3"), "!没有外出任务");
    check(&sent, 10, check_in("nobody"), "!没有这个队伍");
    let mut silent = sent.to_vec();
    silent.push((31, C::Tick));
    // Once per interval, not at every tick.
    check(&silent, 32, C::Tick, "");
    check(&silent, 62, C::Tick, "CheckInMissed");
    silent.push((62, C::Tick));
    let city = city_after(&silent);
    let out = city.silent_teams(T0.plus_mins(63));
    assert_eq!((out.len(), out[0].1.n_missed), (1, 2));
    silent.push((63, check_in("team-1")));
    assert!(city_after(&silent).silent_teams(T0.plus_mins(64)).is_empty());
}

#[test]
fn a_cancelled_order_takes_its_needs_along() {
    let to_war = C::SwitchToWar {
        plan: "typhoon".into(),
        level: ResponseLevel::IV,
        districts: vec![],
        struck: vec![],
        added: vec![],
        confirmed_by: vec!["01".into()],
        reason: "".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    };
    let at = LonLat(118.1, 24.5);
    let from_order = Some(OrderId(1));
    let raised = C::RaiseNeed { what: Capability::Rescue, how_many: 1, at, why: "广告牌".into(), from_order };
    let sent = [(0, to_war), (1, raised), (2, send(&[("team-1", 1)], ""))];
    let cancel = C::CancelOrder { order: OrderId(1), reason: "".into() };
    check(&sent, 3, cancel, "OrderClimbed TeamReleased NeedClosed");
}

#[test]
fn a_case_is_returned_postponed_cancelled() {
    let handled = [(0, case("a", CaseStage::Handled))];
    check(&handled, 5, give_back(None, "没修好"), "CaseReturned");
    check(&handled, 5, give_back(Some("ag-water"), "归水利"), "CaseReturned CaseTransferred");
    check(&handled, 5, give_back(Some("nobody"), "归谁"), "!没有这个部门");
    check(&handled, 5, give_back(None, ""), "!退回要写明原因");
    check(&[(0, case("a", CaseStage::Filed))], 5, give_back(None, "没修好"), "!没有派遣");
    check(&handled, 5, postpone(600), "CasePostponed");
    check(&handled, 5, postpone(100), "!新期限要晚于");
    check(&handled, 5, postpone(60 * 24 * 30), "!最迟延到");
    let often = [handled[0].clone(), (1, postpone(200)), (2, postpone(300))];
    check(&often, 5, postpone(400), "!已延期 2 次");
    assert_eq!(city_after(&often).cases[0].history.first_due_at, Some(T0.plus_mins(120)));
    assert_eq!(city_after(&often).cases[0].report.due_at, T0.plus_mins(300));
    check(&handled, 5, cancel("重复报"), "CaseCancelled");
    let gone = [handled[0].clone(), (1, cancel("重复报"))];
    check(&gone, 5, cancel("重复报"), "!已经作废");
    check(&gone, 5, C::PressCase { case: CaseId(1) }, "!已经作废");
    check(&gone, 5, news("ag-city", CaseStage::Closed, 5), "!已作废");
    let city = city_after(&gone);
    assert_eq!((city.n_cases_by_stage.iter().sum::<u64>(), city.n_cases_cancelled), (0, 1));
    assert!(city.open_cases_by_urgency(T0).is_empty());
}

#[test]
fn a_case_handed_round_is_flagged() {
    let bounces = |history: &[(i64, C)]| city_after(history).bouncing_cases().len();
    let start = (0, case("a", CaseStage::Dispatched));
    assert_eq!(bounces(&[start.clone(), (1, transfer("ag-water"))]), 0);
    // Back to one who had it.
    assert_eq!(bounces(&[start.clone(), (1, transfer("ag-water")), (2, transfer("ag-city"))]), 1);
    // Three different ones.
    let on = [start.clone(), (1, transfer("ag-water")), (2, transfer("ag-emergency")), (3, transfer("ag-350203"))];
    assert_eq!((bounces(&on[..3]), bounces(&on)), (0, 1));
    // The platform passes it on too; an old page told again does not.
    check(std::slice::from_ref(&start), 9, news("ag-water", CaseStage::Dispatched, 8), "CaseTransferred");
    check(std::slice::from_ref(&start), 9, news("ag-water", CaseStage::Handled, 8), "CaseTransferred CaseAdvanced");
    check(&[start.clone(), (5, transfer("ag-water"))], 9, news("ag-city", CaseStage::Dispatched, 3), "!没有变化");
    check(&[start], 9, transfer("ag-city"), "!没有变化");
}

#[test]
fn a_stage_has_its_time() {
    let city = city_after(&[(0, case("a", CaseStage::Dispatched))]);
    // Events have four hours in 派遣 by the defaults.
    assert!(city.late_in_stage(T0.plus_mins(240)).is_empty());
    let late = city.late_in_stage(T0.plus_mins(241));
    assert_eq!((late.len(), &*late[0].class), (1, "事件"));
}

/// Cases reported so many minutes after and metres east of the first; the sizes of the groups that come of it.
#[track_caller]
fn check_groups(reports: &[(i64, f64)], sizes: &[usize]) {
    let history: Vec<(i64, C)> = reports
        .iter()
        .enumerate()
        .map(|(i, (mins, east))| {
            let report = report(&format!("n{i}"), *mins, *east);
            (*mins, C::ReportCase { stage_at: report.reported_at, report, stage: CaseStage::Collected })
        })
        .collect();
    let city = city_after(&history);
    let got: Vec<usize> = city.case_groups().iter().map(|it| it.cases.len()).collect();
    assert_eq!(got, sizes);
}

#[test]
fn reports_of_one_thing_are_grouped_about_their_first() {
    check_groups(&[(0, 0.0), (1, 50.0), (59, 90.0)], &[3]);
    // Too far, too late.
    check_groups(&[(0, 0.0), (1, 150.0), (61, 0.0)], &[]);
    // A chain does not creep: the third is near the second, not near the first.
    check_groups(&[(0, 0.0), (1, 90.0), (2, 180.0)], &[2]);
    check_groups(&[(0, 0.0), (1, 1000.0), (2, 10.0), (3, 990.0), (4, 5.0)], &[3, 2]);
    let closed = [(0, case("a", CaseStage::Closed)), (1, case("b", CaseStage::Collected))];
    assert!(city_after(&closed).case_groups().is_empty(), "a closed thing may happen again");
    let mut other = report("b", 0, 0.0);
    other.title = "路灯不亮".into();
    let kinds = [
        (0, case("a", CaseStage::Collected)),
        (1, C::ReportCase { stage_at: T0, report: other, stage: CaseStage::Collected }),
    ];
    assert!(city_after(&kinds).case_groups().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn groups_and_the_cases_alone_sum_to_all(
        reports in proptest::collection::vec((0..200i64, 0.0..600.0f64, 0..3usize), 1..80),
        cancelled in proptest::collection::vec(0..80u64, 0..6),
    ) {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        let mut reports = reports;
        reports.sort_by_key(|it| it.0);
        for (i, (mins, east, title)) in reports.iter().enumerate() {
            let mut report = report(&format!("n{i}"), *mins, *east);
            report.title = ["道路积水", "树倒", "井盖"][*title].into();
            let command = C::ReportCase { stage_at: report.reported_at, report, stage: CaseStage::Collected };
            prop_assert!(obey(&mut city, &Source::Hub, &command, T0.plus_mins(*mins)).is_ok());
            for id in cancelled.iter().filter(|it| **it == i as u64) {
                let command = C::CancelCase { case: CaseId(id + 1), reason: "误报".into() };
                prop_assert!(obey(&mut city, &Source::Hub, &command, T0.plus_mins(*mins)).is_ok() || *id > i as u64 || cancelled.len() > 1);
            }
        }
        let grouped: usize = city.case_groups.values().map(|it| it.cases.len()).sum();
        let alone = city.cases.values().filter(|it| it.history.group.is_none()).count();
        prop_assert_eq!(grouped + alone, city.cases.len());
        let counted = city.n_cases_by_stage.iter().sum::<u64>() + city.n_cases_cancelled;
        prop_assert_eq!(counted, city.cases.len() as u64);
        for group in city.case_groups.values() {
            let lead = &city.cases[&group.lead].report;
            prop_assert_eq!(group.cases[0], group.lead);
            for id in &group.cases {
                let it = &city.cases[id];
                prop_assert_eq!(it.history.group, Some(group.lead));
                prop_assert!(it.report.at.distance_m(lead.at) <= 100.0 && it.report.title == lead.title);
                prop_assert!((it.report.reported_at - lead.reported_at).abs() <= 60 * 60_000);
            }
        }
        // The same bytes back: what the fold keeps for grouping is part of a snapshot.
        let again = City::from_bytes(&city.to_bytes().expect("bytes")).expect("city");
        prop_assert_eq!(again, city);
    }
}
