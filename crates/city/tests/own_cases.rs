//! Cases found here, steps on a platform's case, its answers, one-to-one calls, the roster. As data: what happened before,
//! what is asked, what follows.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn source(of: &str) -> Source {
    match of {
        "hub" => Source::Hub,
        "yunguanfu" | "yingji" | "grid" => Source::Platform(of.into()),
        seat => Source::Seat(seat.into()),
    }
}

fn city_after(history: &[(&str, i64, C)]) -> City {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    for (of, mins, command) in history {
        let (source, now) = (source(of), T0.plus_mins(*mins));
        let events = city.decide_from(&source, command, now).unwrap_or_else(|why| panic!("{command:?}: {why}"));
        for event in events {
            let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
    }
    city
}

/// After `history` the command gives events of these names, or a refusal with these words.
#[track_caller]
fn check(history: &[(&str, i64, C)], of: &str, mins: i64, command: C, expected: &str) {
    let name = |it: &Event| format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    match city_after(history).decide_from(&source(of), &command, T0.plus_mins(mins)) {
        Ok(events) => assert_eq!(events.iter().map(name).collect::<Vec<_>>().join(" "), expected, "{command:?}"),
        Err(refusal) => {
            let words = expected.strip_prefix('!').unwrap_or_else(|| panic!("{command:?}: {refusal}"));
            assert!(refusal.to_string().contains(words), "{words} not in {refusal}");
        }
    }
}

fn open(detection: Option<u64>, title: &str) -> C {
    C::OpenOwnCase {
        detection,
        kind: CaseKind::Event,
        title: title.into(),
        address: "湖滨南路".into(),
        at: LonLat(118.11, 24.50),
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        media: Some("a1.jpg".into()),
    }
}

fn taken(own: u64, external: &str) -> C {
    C::ReportOwnCase { own: OwnCaseId(own), external: external.into(), task: "T1".into() }
}

fn case(external: &str, stage: CaseStage, mins: i64) -> C {
    C::ReportCase {
        report: CaseReport {
            external: external.into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: "占道经营".into(),
            address: "湖滨南路".into(),
            at: LonLat(118.11, 24.50),
            district: "350203".into(),
            agency: "ag-city".into(),
            color: WarningColor::Yellow,
            reported_at: T0,
            due_at: T0.plus_mins(240),
        },
        stage,
        stage_at: T0.plus_mins(mins),
    }
}

fn step(step: CaseStep, note: &str) -> C {
    C::StepCase { case: CaseId(1), step, note: note.into(), media: vec![] }
}

fn reply(ask: CaseAsk, allowed: bool, mins: i64) -> C {
    let reply = CaseReply { ask, allowed, reason: "材料不足".into(), at: T0.plus_mins(mins) };
    C::ReportCaseReply { platform: "yunguanfu".into(), external: "88".into(), reply }
}

const SEAT: &str = "值班长 01";

#[test]
fn a_case_found_here_is_owed_until_the_platform_gave_its_number() {
    let opened = (SEAT, 0, open(Some(7), "占道经营"));
    let city = city_after(std::slice::from_ref(&opened));
    let owed: Vec<_> = city.untold.values().map(|it| (it.idempotency_key(), city.telling_text(it))).collect();
    assert_eq!(owed, [("gulang-a-own-1-r1".to_owned(), "上报案件：湖滨南路 占道经营".to_owned())]);
    assert_eq!(city.own_cases_waiting().count(), 1);
    check(std::slice::from_ref(&opened), "yingji", 1, taken(1, "88"), "!不归平台");
    check(std::slice::from_ref(&opened), SEAT, 1, taken(1, "88"), "!不能代平台");
    check(std::slice::from_ref(&opened), "yunguanfu", 1, taken(2, "88"), "!没有这个自报案件");
    check(std::slice::from_ref(&opened), "yunguanfu", 1, taken(1, ""), "!案件号");
    check(std::slice::from_ref(&opened), "yunguanfu", 1, taken(1, "88"), "OwnCaseTaken PlatformTold");
    let known = [opened.clone(), ("yunguanfu", 1, taken(1, "88"))];
    check(&known, "yunguanfu", 2, taken(1, "88"), "!没有变化");
    check(&known, SEAT, 2, open(Some(7), "占道经营"), "!已经上报");
    check(&known, SEAT, 2, open(None, "占道经营"), "OwnCaseOpened");
    let back = [opened, ("yunguanfu", 1, taken(1, "88")), ("yunguanfu", 2, case("88", CaseStage::Filed, 2))];
    let city = city_after(&back);
    assert!(city.untold.is_empty());
    let own = &city.own_cases[&OwnCaseId(1)];
    let case = city.case_of_own(own).expect("it came back");
    assert_eq!((case.stage, city.own_of_case(case).map(|it| it.id)), (CaseStage::Filed, Some(OwnCaseId(1))));
}

#[test]
fn what_is_no_case_is_not_opened() {
    check(&[], SEAT, 0, open(None, " "), "!标题");
    check(&[], "观摩席", 0, open(None, "占道经营"), "!不能自报案件");
    check(&[], "yunguanfu", 0, open(None, "占道经营"), "!不能下令");
    let C::OpenOwnCase { detection, kind, title, address, district, agency, color, .. } = open(None, "占道经营")
    else {
        return;
    };
    let with = |at, media: &str| C::OpenOwnCase {
        detection,
        kind,
        title: title.clone(),
        address: address.clone(),
        at,
        district: district.clone(),
        agency: agency.clone(),
        color,
        media: Some(media.into()),
    };
    check(&[], SEAT, 0, with(LonLat(0.0, 0.0), "a.jpg"), "!不在本市");
    check(&[], SEAT, 0, with(LonLat(118.11, 24.5), "../secret"), "!图片名");
}

#[test]
fn steps_fit_the_stage_and_are_owed() {
    let at = |stage| [("yunguanfu", 0, case("88", stage, 0))];
    check(&at(CaseStage::Filed), SEAT, 1, step(CaseStep::Sign, ""), "!不能签收");
    check(&at(CaseStage::Dispatched), SEAT, 1, step(CaseStep::Sign, ""), "CaseStepTaken");
    check(&at(CaseStage::Dispatched), SEAT, 1, step(CaseStep::Dispose, ""), "!写明情况");
    check(&at(CaseStage::Handled), SEAT, 1, step(CaseStep::Dispose, "已清理"), "CaseStepTaken");
    check(&at(CaseStage::Fedback), SEAT, 1, step(CaseStep::Check { passed: false }, "仍有积水"), "CaseStepTaken");
    check(&at(CaseStage::Closed), SEAT, 1, step(CaseStep::Evaluate { score: 6 }, ""), "!1 到 5");
    check(&at(CaseStage::Closed), SEAT, 1, step(CaseStep::Evaluate { score: 4 }, ""), "CaseStepTaken");
    let signed = [("yunguanfu", 0, case("88", CaseStage::Dispatched, 0)), (SEAT, 1, step(CaseStep::Sign, ""))];
    check(&signed, SEAT, 2, step(CaseStep::Sign, ""), "!没有变化");
    let city = city_after(&signed);
    let owed: Vec<String> = city.untold.values().map(|it| city.telling_text(it)).collect();
    assert_eq!(owed, ["签收：88"]);
}

#[test]
fn what_the_platform_denies_did_not_happen() {
    let postpone = C::PostponeCase { case: CaseId(1), due_at: T0.plus_mins(600), reason: "等料".into() };
    let history = [("yunguanfu", 0, case("88", CaseStage::Handled, 0)), (SEAT, 1, postpone)];
    let mut denied = history.to_vec();
    denied.push(("yunguanfu", 2, reply(CaseAsk::Postpone, false, 2)));
    let city = city_after(&denied);
    let case_of = |city: &City| city.cases[&CaseId(1)].clone();
    assert_eq!(case_of(&city).report.due_at, T0.plus_mins(240));
    assert_eq!(case_of(&city).history.n_postponed, 0);
    assert_eq!(case_of(&city).history.replies.len(), 1);
    check(&denied, "yunguanfu", 3, reply(CaseAsk::Postpone, false, 2), "!没有变化");
    check(&denied, "yunguanfu", 3, reply(CaseAsk::Postpone, true, 1), "!更晚");
    check(&denied, "yingji", 3, reply(CaseAsk::Postpone, true, 3), "!不能代");
    check(&denied, "yunguanfu", 3, reply(CaseAsk::Postpone, true, 60), "!在未来");
    let mut allowed = history.to_vec();
    allowed.push(("yunguanfu", 2, reply(CaseAsk::Postpone, true, 2)));
    assert_eq!(case_of(&city_after(&allowed)).report.due_at, T0.plus_mins(600));

    let cancel = C::CancelCase { case: CaseId(1), reason: "重复".into() };
    let history = [
        ("yunguanfu", 0, case("88", CaseStage::Handled, 0)),
        (SEAT, 1, cancel),
        ("yunguanfu", 2, reply(CaseAsk::Cancel, false, 2)),
    ];
    let city = city_after(&history);
    assert!(case_of(&city).is_open());
    assert_eq!((city.n_cases_cancelled, city.n_cases_by_stage[CaseStage::Handled as usize]), (0, 1));
    check(&history, "yunguanfu", 3, case("88", CaseStage::Fedback, 3), "CaseAdvanced");
}

fn ask(person: &str) -> C {
    C::AskCall { person: person.into(), why: "看积水".into() }
}

fn call(state: StreetCallState) -> C {
    C::ReportVideoCall { call: StreetCallId(1), state, note: "".into() }
}

#[test]
fn a_call_rings_is_answered_and_ends_and_everything_is_a_record() {
    use StreetCallState as S;
    check(&[], SEAT, 0, ask("nobody"), "!没有这个网格人员");
    check(&[], "观摩席", 0, ask("gw-1"), "!不能发起一对一视频");
    check(&[], SEAT, 0, C::AskCall { person: "gw-1".into(), why: " ".into() }, "!事由");
    let asked = (SEAT, 0, ask("gw-1"));
    check(std::slice::from_ref(&asked), SEAT, 1, ask("gw-1"), "!先挂断");
    check(std::slice::from_ref(&asked), "yingji", 1, call(S::Ringing), "!不归平台");
    check(std::slice::from_ref(&asked), SEAT, 1, call(S::Ringing), "!不能代平台");
    let ringing = [asked.clone(), ("yunguanfu", 0, call(S::Ringing))];
    check(&ringing, "yunguanfu", 1, call(S::Ringing), "!没有变化");
    check(&ringing, "yunguanfu", 1, call(S::Answered), "StreetCallReported");
    check(&ringing, "hub", 1, C::Tick, "");
    check(&ringing, "hub", 2, C::Tick, "StreetCallReported");
    let answered = [asked.clone(), ("yunguanfu", 0, call(S::Answered))];
    check(&answered, "yunguanfu", 1, call(S::Ringing), "!回报的是振铃");
    check(&answered, "hub", 600, C::Tick, "");
    let city = city_after(&answered);
    let open = city.calls_open().next().expect("a call");
    assert_eq!((open.idempotency_key().as_str(), &*open.name), ("gulang-a-v1", "陈・网格员"));
    assert_eq!(city.call_of(&open.feed()).map(|it| it.id), Some(StreetCallId(1)));
    let hung = [asked, ("yunguanfu", 0, call(S::Answered)), (SEAT, 1, C::EndStreetCall { call: StreetCallId(1) })];
    check(&hung, SEAT, 2, C::EndStreetCall { call: StreetCallId(1) }, "!没有变化");
    check(&hung, "yunguanfu", 2, call(S::Ended), "StreetCallReported");
    check(&hung, "hub", 4, C::Tick, "StreetCallReported");
}

#[test]
fn a_call_hung_up_before_anybody_was_called_is_over() {
    let history = [(SEAT, 0, ask("gw-1")), (SEAT, 0, C::EndStreetCall { call: StreetCallId(1) })];
    let city = city_after(&history);
    assert_eq!(city.calls_open().count(), 0);
    check(&history, SEAT, 1, ask("gw-1"), "StreetCallAsked");
}

#[test]
fn a_roster_is_told_once_and_says_who_is_there() {
    let duty = |person: &str, from: i64| Duty {
        cell: "cell-1".into(),
        person: person.into(),
        from: T0.plus_mins(from),
        until: T0.plus_mins(from + 120),
    };
    let roster =
        |mins: i64, duties: Vec<Duty>| C::ReportRoster { roster: Roster { as_of: T0.plus_mins(mins), duties } };
    let told = [("grid", 0, roster(0, vec![duty("ge-1", -10), duty("stranger", -10)]))];
    check(&told, "grid", 1, roster(1, vec![duty("ge-1", -10)]), "!没有变化");
    check(&told, "grid", 1, roster(-1, vec![duty("gw-1", -10)]), "!更晚");
    check(&told, "grid", 1, roster(1, vec![duty("gw-1", -10)]), "RosterTold");
    check(&told, SEAT, 1, roster(1, vec![]), "!不能代平台");
    let city = city_after(&told);
    let on = city.grid.on_duty(&"cell-1".into(), city.roster.as_ref(), T0);
    assert_eq!(
        on.iter().map(|it| (it.person.shown(), it.is_told)).collect::<Vec<_>>(),
        [("林・执法队员".into(), true)]
    );
}
