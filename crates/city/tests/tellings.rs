//! What platforms are owed beside their orders, and orders that take another's place. As data: what happened before, what
//! is asked, what follows.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn obey(city: &mut City, source: &Source, command: &C, mins: i64) {
    let now = T0.plus_mins(mins);
    let events = city.decide_from(source, command, now).unwrap_or_else(|why| panic!("{command:?}: {why}"));
    for event in events {
        let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
}

fn city_after(history: &[C]) -> City {
    let mut pack = tiny_pack();
    pack.telling_rules.max_attempts = 3;
    let mut city = City::found(&pack, Realm::Exercise);
    for command in history {
        obey(&mut city, &Source::Hub, command, 0);
    }
    city
}

/// After `history`, `command` of `source` gives events of these names, or a refusal with these words.
#[track_caller]
fn check_from(history: &[C], source: &Source, command: C, expected: &str) {
    let name = |it: &Event| format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    match city_after(history).decide_from(source, &command, T0.plus_mins(1)) {
        Ok(events) => assert_eq!(events.iter().map(name).collect::<Vec<_>>().join(" "), expected, "{command:?}"),
        Err(refusal) => {
            let words = expected.strip_prefix('!').unwrap_or_else(|| panic!("{command:?}: {refusal}"));
            assert!(refusal.to_string().contains(words), "{words} not in {refusal}");
        }
    }
}

#[track_caller]
fn check(history: &[C], command: C, expected: &str) {
    check_from(history, &Source::Hub, command, expected);
}

/// What is owed, in the order it is told: key and words.
fn owed(city: &City) -> Vec<(String, String)> {
    city.untold.values().map(|it| (it.idempotency_key(), city.telling_text(it))).collect()
}

fn war() -> C {
    C::SwitchToWar {
        plan: "typhoon".into(),
        level: ResponseLevel::IV,
        districts: vec![],
        struck: vec![],
        added: vec![],
        confirmed_by: vec!["A".into()],
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    }
}

fn try_it(order: u64) -> C {
    C::NoteAttempt { order: OrderId(order) }
}

fn amend(order: u64, reason: &str) -> C {
    let (title, body) = ("更正后的标题".into(), "更正后的内容".into());
    C::AmendOrder { order: OrderId(order), title, body, within_mins: 30, reason: reason.into() }
}

fn cancel(order: u64) -> C {
    C::CancelOrder { order: OrderId(order), reason: "误发".into() }
}

fn answer(order: u64, definition_version: u32, rung: Rung) -> C {
    C::ReportOrder { order: OrderId(order), definition_version, rung, note: "".into() }
}

fn told(telling: u64) -> C {
    C::ReportTelling { telling, error: None, is_final: false }
}

fn failed(telling: u64, is_final: bool) -> C {
    C::ReportTelling { telling, error: Some("忙".into()), is_final }
}

fn assign(team: &str) -> C {
    C::AssignTeam { team: team.into(), order: None, purpose: "待命".into() }
}

fn release(team: &str) -> C {
    C::ReleaseTeam { team: team.into() }
}

fn platform(id: &str) -> Source {
    Source::Platform(id.into())
}

// ---------------------------------------------------------------- 更正

#[test]
fn an_order_is_amended_with_a_reason_while_it_is_open() {
    check(&[war()], amend(1, "期限改早"), "OrderClimbed OrderDrafted");
    check(&[war(), try_it(1)], amend(1, "期限改早"), "OrderClimbed OrderDrafted");
    check(&[war()], amend(1, " "), "!原因");
    check(&[war()], amend(9, "期限改早"), "!没有这个指令");
    check(&[war(), answer(1, 1, Rung::Done)], amend(1, "期限改早"), "!完成");
    check(&[war(), cancel(1)], amend(1, "期限改早"), "!已撤销");
    check(&[war(), amend(1, "期限改早")], amend(1, "再改"), "!已替代");
    let C::AmendOrder { order, title, body, reason, .. } = amend(1, "期限改早") else { unreachable!() };
    let with = |title: &Text, body: &Text, within_mins| C::AmendOrder {
        order,
        title: title.clone(),
        body: body.clone(),
        within_mins,
        reason: reason.clone(),
    };
    check(&[war()], with(&"".into(), &body, 30), "!标题");
    check(&[war()], with(&title, &"".into(), 30), "!内容");
    check(&[war()], with(&title, &body, 0), "!时限");
    check_from(&[war()], &platform("yunguanfu"), amend(1, "期限改早"), "!平台");
}

#[test]
fn the_new_order_counts_its_versions_on_and_goes_the_usual_way() {
    let city = city_after(&[war(), try_it(1), amend(1, "期限改早"), amend(2, "再改")]);
    let of = |id: u64| &city.orders[&OrderId(id)];
    let state = |id: u64| (of(id).rung, of(id).definition_version, of(id).text.supersedes, of(id).superseded_by);
    assert_eq!(state(1), (Rung::Superseded, 1, None, Some(OrderId(2))));
    assert_eq!(state(2), (Rung::Superseded, 2, Some(OrderId(1)), Some(OrderId(3))));
    assert_eq!(state(3), (Rung::Drafted, 3, Some(OrderId(2)), None));
    assert_eq!(&*of(1).note, "期限改早");
    let (old, new) = (&of(1).text, &of(3).text);
    assert_eq!((&new.agency, &new.measure, &new.platform), (&old.agency, &old.measure, &old.platform));
    assert_eq!((&*new.title, &*new.body), ("更正后的标题", "【演练】更正后的内容"));
    assert_eq!(new.due_at, T0.plus_mins(30));
    assert_eq!(of(3).idempotency_key(), "gulang-x-3-3");
    // Only what was on the wire is taken back.
    let told: Vec<_> = city.untold.values().map(|it| &it.news).collect();
    let withdrawn = News::OrderWithdrawn {
        order: OrderId(1),
        key: "gulang-x-1-1".into(),
        by: Some("gulang-x-2-2".into()),
        reason: "期限改早".into(),
    };
    assert_eq!(told, [&withdrawn]);
}

#[test]
fn who_answers_the_old_words_is_refused_and_the_new_ones_climb() {
    let amended = [war(), try_it(1), amend(1, "期限改早")];
    check(&amended, answer(1, 1, Rung::Acknowledged), "!已由指令 2 更正");
    check(&amended, answer(2, 1, Rung::Acknowledged), "!过时");
    check(&amended, answer(2, 2, Rung::Acknowledged), "OrderClimbed");
}

#[test]
fn teams_and_needs_stay_with_the_order_that_took_its_place() {
    let need = C::RaiseNeed {
        what: Capability::Rescue,
        how_many: 1,
        at: LonLat(118.10, 24.50),
        why: "塌方".into(),
        from_order: Some(OrderId(1)),
    };
    let send = C::AssignTeams { pairs: vec![("team-1".into(), NeedId(1))], reason: "".into() };
    let city = city_after(&[war(), need, send, amend(1, "换个地方")]);
    assert_eq!(city.assignments["team-1"].0, Some(OrderId(2)));
    assert_eq!(city.needs[&NeedId(1)].from_order, Some(OrderId(2)));
    let home = city.decide(&cancel(2), T0.plus_mins(1)).expect("obeyed");
    assert!(home.iter().any(|it| matches!(it, Event::TeamReleased { .. })), "{home:?}");
}

// ---------------------------------------------------------------- 告知

#[test]
fn a_cancelled_order_is_taken_back_only_from_who_may_have_it() {
    assert_eq!(owed(&city_after(&[war(), cancel(1)])), []);
    let city = city_after(&[war(), try_it(1), cancel(1)]);
    let number = city.seq;
    let title = &city.orders[&OrderId(1)].text.title;
    assert_eq!(owed(&city), [(format!("gulang-x-order-1-r{number}"), format!("撤销指令：{title}"))]);
}

#[test]
fn what_is_done_to_a_case_is_owed_to_its_platform_unless_the_platform_said_it() {
    let report = |agency: &str| CaseReport {
        external: "A1".into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "积水".into(),
        address: "".into(),
        at: LonLat(118.10, 24.50),
        district: "350203".into(),
        agency: agency.into(),
        color: WarningColor::Yellow,
        reported_at: T0,
        due_at: T0.plus_mins(120),
    };
    let case = CaseId(1);
    let reason: Text = "不实".into();
    let reported = C::ReportCase { report: report("ag-city"), stage: CaseStage::Dispatched, stage_at: T0 };
    let mut city = city_after(&[
        reported,
        C::SuperviseCase { case },
        C::PressCase { case },
        C::ReturnCase { case, to: Some("ag-water".into()), reason: reason.clone() },
        C::PostponeCase { case, due_at: T0.plus_mins(180), reason: reason.clone() },
    ]);
    let moved = C::ReportCase { report: report("ag-city"), stage: CaseStage::Handled, stage_at: T0.plus_mins(3) };
    obey(&mut city, &platform("yunguanfu"), &moved, 3);
    assert_eq!(city.cases[&case].report.agency.as_str(), "ag-city", "the platform handed it on");
    obey(&mut city, &Source::Hub, &C::CancelCase { case, reason }, 4);
    let words: Vec<String> = owed(&city).into_iter().map(|(_, words)| words).collect();
    let expected = ["督办", "催办", "退回案件", "转派案件", "案件延期", "作废案件"];
    assert_eq!(words, expected.map(|it| format!("{it}：A1")));
    assert!(city.untold.values().all(|it| it.platform.as_str() == "yunguanfu"));
}

#[test]
fn teams_sent_and_called_home_are_told_to_the_emergency_platform() {
    let need = C::RaiseNeed {
        what: Capability::Rescue,
        how_many: 1,
        at: LonLat(118.10, 24.50),
        why: "塌方".into(),
        from_order: None,
    };
    let send = C::AssignTeams { pairs: vec![("team-1".into(), NeedId(1))], reason: "".into() };
    let city = city_after(&[need, send, C::CloseNeed { need: NeedId(1), reason: "已处置".into() }]);
    let told: Vec<&News> = city.untold.values().map(|it| &it.news).collect();
    let (team, to): (TeamId, _) = ("team-1".into(), Some(LonLat(118.10, 24.50)));
    let sent = News::TeamSent { team: team.clone(), to, need: Some(NeedId(1)), purpose: "塌方".into() };
    assert_eq!(told, [&sent, &News::TeamRecalled { team }]);
    assert!(city.untold.values().all(|it| it.platform.as_str() == "yingji" && it.news.subject() == "team-team-1"));
}

#[test]
fn a_receipt_ends_it_and_failures_end_in_a_persons_hands() {
    let sent = [assign("team-1")];
    check(&sent, told(1), "PlatformTold");
    check(&sent, told(7), "!没有这个告知");
    check(&[assign("team-1"), told(1)], told(1), "!没有变化");
    check(&sent, failed(1, false), "TellingFailed");
    check(&sent, C::RetryTelling { telling: 1 }, "!没有变化");
    check_from(&sent, &platform("yunguanfu"), told(1), "!不归平台");
    check_from(&sent, &platform("yingji"), told(1), "PlatformTold");
    // Told by telephone.
    let seat = Source::Seat("A".into());
    check_from(&sent, &seat, told(1), "PlatformTold");
    check_from(&sent, &seat, failed(1, false), "!席位");

    let state = |history: &[C]| city_after(history).untold.get(&1).map(|it| (it.n_attempts, it.given_up));
    let tried = |n: usize| -> Vec<C> {
        std::iter::once(assign("team-1")).chain(std::iter::repeat_n(failed(1, false), n)).collect()
    };
    assert_eq!(state(&tried(2)), Some((2, false)));
    assert_eq!(state(&tried(3)), Some((3, true)), "three is this pack's limit");
    assert_eq!(state(&[assign("team-1"), failed(1, true)]), Some((1, true)), "a final no is not asked again");
    check(&tried(3), failed(1, false), "!没有变化");
    check(&tried(3), C::RetryTelling { telling: 1 }, "TellingRetried");
    let again: Vec<C> = tried(3).into_iter().chain([C::RetryTelling { telling: 1 }]).collect();
    assert_eq!(state(&again), Some((0, false)));
    check(&again, told(1), "PlatformTold");
}

#[test]
fn what_could_not_be_told_of_a_team_is_overtaken_by_what_it_does_now() {
    let given_up = [assign("team-1"), failed(1, true)];
    let numbers = |history: &[C]| city_after(history).untold.keys().copied().collect::<Vec<_>>();
    assert_eq!(numbers(&given_up), [1]);
    let [sent, no] = given_up;
    assert_eq!(numbers(&[sent.clone(), no, release("team-1")]), [3], "home again: it must not be sent after that");
    assert_eq!(numbers(&[sent, release("team-1")]), [1, 2], "not given up: told in order");
}

#[test]
fn a_platform_that_does_not_know_of_the_recall_yet_is_only_late() {
    let check_in = || C::CheckIn { team: "team-1".into(), note: "到了".into() };
    let yingji = platform("yingji");
    check_from(&[assign("team-1")], &yingji, check_in(), "CheckedIn");
    check_from(&[assign("team-1"), release("team-1")], &yingji, check_in(), "!过时");
    check_from(&[], &Source::Seat("A".into()), check_in(), "!没有外出任务");
}

#[test]
fn nobody_may_say_that_nothing_is_ever_told() {
    let rules = |max_attempts, emergency: &str| TellingRules {
        max_attempts,
        emergency: emergency.into(),
        ..TellingRules::default()
    };
    assert!(TellingRules::default().fault().is_none());
    assert!(rules(0, "yingji").fault().is_some() && rules(9, " ").fault().is_some());
}
