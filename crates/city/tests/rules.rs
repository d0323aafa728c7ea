//! The rules as data: what happened before, what is asked, what follows.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

/// A city to which commands were given, each at its minute; all must be admitted.
fn city_after(realm: Realm, history: &[(i64, C)]) -> City {
    let mut city = City::found(&tiny_pack(), realm);
    for (mins, command) in history {
        obey(&mut city, command, T0.plus_mins(*mins)).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
    }
    city
}

fn obey(city: &mut City, command: &C, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    obey_from(city, &Source::Hub, command, now)
}

fn obey_from(city: &mut City, source: &Source, command: &C, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let events = city.decide_from(source, &accepting(city, command), now)?;
    for event in &events {
        let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event: event.clone() };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(events)
}

/// A proposes at its minute and B co-signs; what the second signature gave.
fn sign_both(city: &mut City, level: ResponseLevel, struck: &[MeasureId], mins: i64) -> Vec<Event> {
    let ask = SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: struck.to_vec(), added: vec![] };
    let switch = Switch::ToWar { ask, reason: "测试".into(), reasons: Default::default(), sheet_version: None };
    let now = T0.plus_mins(mins);
    obey_from(city, &Source::Seat("A".into()), &C::ProposeSwitch { switch }, now).expect("proposed");
    let number = city.n_proposals;
    obey_from(city, &Source::Seat("B".into()), &C::CoSign { number }, now).expect("co-signed")
}

fn names(events: &[Event]) -> String {
    events.iter().map(name_of).collect::<Vec<_>>().join(" ")
}

/// A return to peace here accepts what is open; what happens when it does not is in `plans.rs`.
fn accepting(city: &City, command: &C) -> C {
    let mut command = command.clone();
    if let C::StandDown { accepted, .. } = &mut command {
        *accepted = city.still_open(&[]);
    }
    command
}

/// After `history`, `command` at `mins` gives events whose names are `expected`, or a refusal whose name is.
#[track_caller]
fn check(history: &[(i64, C)], mins: i64, command: C, expected: &str) {
    let city = city_after(Realm::Actual, history);
    check_from(&city, &Source::Hub, mins, command, expected);
}

#[track_caller]
fn check_from(city: &City, source: &Source, mins: i64, command: C, expected: &str) {
    let answer = match city.decide_from(source, &accepting(city, &command), T0.plus_mins(mins)) {
        Ok(events) => events.iter().map(name_of).collect::<Vec<_>>().join(" "),
        Err(refusal) => format!("!{}", name_of(&refusal)),
    };
    assert_eq!(answer, expected, "{command:?}");
}

/// The variant's name.
fn name_of(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn case(external: &str, stage: CaseStage) -> C {
    C::ReportCase { report: report(external), stage, stage_at: T0 }
}

fn report(external: &str) -> CaseReport {
    CaseReport {
        external: external.into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "占道经营".into(),
        address: "中山路 1 号".into(),
        at: LonLat(118.08, 24.46),
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: T0,
        due_at: T0.plus_mins(120),
    }
}

fn judge(sensor: &str, color: Option<WarningColor>, value: f32, mins: i64) -> C {
    C::JudgeReading { sensor: sensor.into(), color, value, at: T0.plus_mins(mins) }
}

fn warning(id: &str, color: WarningColor, sent: i64, expires: i64) -> Warning {
    Warning {
        id: id.into(),
        hazard: Hazard::Typhoon,
        color,
        headline: "台风预警".into(),
        sender: "厦门市气象台".into(),
        sent_at: T0.plus_mins(sent),
        expires_at: T0.plus_mins(expires),
        districts: vec![],
        cancelled: false,
        exercise: false,
    }
}

fn warn(id: &str, color: WarningColor, sent: i64, expires: i64) -> C {
    C::IssueWarning { warning: warning(id, color, sent, expires) }
}

fn to_war(level: ResponseLevel, seats: &[&str]) -> C {
    C::SwitchToWar {
        plan: "typhoon".into(),
        level,
        districts: vec![],
        struck: vec![],
        added: vec![],
        confirmed_by: seats.iter().map(|it| SeatId::from(*it)).collect(),
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    }
}

fn answer(order: u64, definition_version: u32, rung: Rung) -> C {
    C::ReportOrder { order: OrderId(order), definition_version, rung, note: "".into() }
}

fn moved(n_people: u32) -> C {
    C::ReportMoved { class: EvacueeClass::SeaAndSites, district: "350203".into(), n_people }
}

fn stand_down(seats: &[&str]) -> C {
    C::StandDown {
        districts: vec![],
        confirmed_by: seats.iter().map(|it| SeatId::from(*it)).collect(),
        reason: "测试".into(),
        accepted: vec![],
        overridden: false,
    }
}

/// A typhoon south-east of the city that a forecast brings over it.
fn typhoon(fix_mins: i64) -> C {
    C::UpdateTyphoon {
        typhoon: "202305".into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active: true,
        fixes: vec![fix(fix_mins, LonLat(120.0, 21.0))],
        forecasts: vec![Forecast {
            agency: "中国".into(),
            issued_at: T0.plus_mins(fix_mins),
            points: vec![ForecastPoint {
                at: T0.plus_mins(fix_mins + 24 * 60),
                center: LonLat(118.11, 24.50),
                wind: 45.0,
                pressure: 940.0,
            }],
        }],
    }
}

fn fix(mins: i64, center: LonLat) -> TyphoonFix {
    TyphoonFix {
        at: T0.plus_mins(mins),
        center,
        wind: 50.0,
        pressure: 930.0,
        move_speed: 20.0,
        move_towards: 330.0,
        radius7: WindRadii([300.0, 300.0, 200.0, 250.0]),
        radius10: WindRadii([120.0, 120.0, 80.0, 100.0]),
        radius12: WindRadii([60.0, 60.0, 40.0, 50.0]),
    }
}

#[test]
fn cases_climb_their_stages_once() {
    use CaseStage::*;
    let known = [(0, case("A1", Dispatched))];
    check(&[], 0, case("A1", Collected), "CaseReported");
    check(&[], 0, case("A1", Handled), "CaseReported CaseAdvanced");
    check(&known, 1, case("A1", Dispatched), "!NoChange");
    check(&known, 1, case("A1", Filed), "!Stale");
    check(&known, 1, case("A1", Closed), "CaseAdvanced");
    check(&known, 1, case("A2", Collected), "CaseReported");
    check(&known, 1, C::SuperviseCase { case: CaseId(1) }, "CaseSupervised");
    check(&known, 1, C::PressCase { case: CaseId(2) }, "!Unknown");
    check(&[(0, case("A1", Closed))], 1, C::PressCase { case: CaseId(1) }, "!Forbidden");
}

#[test]
fn a_case_that_cannot_be_is_refused() {
    let with = |change: &dyn Fn(&mut CaseReport)| {
        let mut report = report("A1");
        change(&mut report);
        C::ReportCase { report, stage: CaseStage::Collected, stage_at: T0 }
    };
    check(&[], 0, with(&|it| it.at = LonLat(0.0, 0.0)), "!Absurd");
    check(&[], 0, with(&|it| it.at = LonLat(f64::NAN, 24.0)), "!Absurd");
    check(&[], 0, with(&|it| it.at = LonLat(24.46, 118.08)), "!Absurd");
    check(&[], 0, with(&|it| it.external = "".into()), "!Absurd");
    check(&[], 0, with(&|it| it.district = "999999".into()), "!Unknown");
    check(&[], 0, with(&|it| it.agency = "nobody".into()), "!Unknown");
    check(&[], 0, with(&|it| it.reported_at = T0.plus_mins(6)), "!Absurd");
    check(&[], 0, with(&|it| it.reported_at = T0.plus_mins(4)), "CaseReported");
    check(&[], 0, with(&|it| it.reported_at = Timestamp(i64::MIN)), "!Absurd");
    check(&[], 0, with(&|it| it.due_at = Timestamp(i64::MAX)), "!Absurd");
}

#[test]
fn one_open_alarm_per_sensor() {
    use WarningColor::*;
    let open = [(0, judge("flood-1", Some(Blue), 16.0, 0))];
    check(&[], 0, judge("flood-1", Some(Blue), 16.0, 0), "AlarmRaised");
    check(&[], 0, judge("flood-1", None, 1.0, 0), "!NoChange");
    check(&[], 0, judge("flood-9", Some(Blue), 16.0, 0), "!Unknown");
    check(&[], 0, judge("wind-1", Some(Red), 60.0, 0), "!Absurd");
    check(&[], 0, judge("flood-1", Some(Blue), f32::NAN, 0), "!Absurd");
    check(&[], 0, judge("flood-1", Some(Blue), 16.0, 6), "!Absurd");
    check(&open, 1, judge("flood-1", Some(Blue), 18.0, 1), "!NoChange");
    check(&open, 1, judge("flood-1", Some(Red), 70.0, 1), "AlarmRecoloured");
    check(&open, 1, judge("flood-1", None, 3.0, 1), "AlarmCleared");
    check(&open, 1, judge("flood-1", None, 3.0, -1), "!Stale");
    check(&open, 1, C::AcknowledgeAlarm { alarm: AlarmId(1) }, "AlarmAcknowledged");
    check(&open, 1, C::AcknowledgeAlarm { alarm: AlarmId(2) }, "!Unknown");
    let shelve =
        |mins, reason: &str| C::ShelveAlarm { alarm: AlarmId(1), until: T0.plus_mins(mins), reason: reason.into() };
    check(&open, 1, shelve(60, "施工"), "AlarmShelved");
    check(&open, 1, shelve(60, " "), "!Forbidden");
    check(&open, 1, shelve(0, "施工"), "!Absurd");
    check(&open, 1, shelve(122, "施工"), "!Absurd");
    let red = [open[0].clone(), (1, judge("flood-1", Some(Red), 70.0, 1))];
    check(&red, 1, shelve(60, "施工"), "!Forbidden");
}

#[test]
fn the_judge_has_hysteresis_and_survives_a_restart() {
    let mut city = City::found(&tiny_pack(), Realm::Actual);
    let mut judge = Judge::for_city(&city);
    let mut colors = Vec::new();
    for (mins, value) in
        [(1, 5.0), (2, 15.0), (3, 12.0), (4, 28.0), (5, 23.0), (6, 70.0), (7, 9.0), (8, f32::NAN), (6, 99.0)]
    {
        if let Some(command) = judge.feed(0, value, T0.plus_mins(mins)) {
            let C::JudgeReading { color, .. } = &command else { panic!("{command:?}") };
            colors.push(color.map(WarningColor::glyph));
            obey(&mut city, &command, T0.plus_mins(mins)).expect("admitted");
        }
        if mins == 4 {
            judge = Judge::for_city(&city);
        }
    }
    assert_eq!(colors, [Some("蓝"), Some("黄"), Some("红"), None]);
    assert_eq!((city.alarms.len(), city.open_alarms.len()), (1, 0));
    assert_eq!(judge.feed(99, 1.0, T0), None);
}

#[test]
fn warnings_are_versioned_and_expire() {
    use WarningColor::*;
    let known = [(0, warn("w1", Blue, 0, 60))];
    check(&[], 0, warn("w1", Blue, 0, 60), "WarningIssued");
    check(&[], 0, warn("w1", Blue, 6, 60), "!Absurd");
    check(&[], 0, warn("w1", Blue, 0, 0), "!Absurd");
    check(&[], 90, warn("w1", Blue, 0, 60), "!Stale");
    check(&known, 1, warn("w1", Blue, 0, 60), "!NoChange");
    check(&known, 1, warn("w1", Red, -5, 60), "!Stale");
    check(&known, 1, warn("w1", Red, 1, 60), "WarningIssued");
    check(&known, 1, C::CancelWarning { warning: "w1".into() }, "WarningCancelled");
    // Kept, so that what comes after its own cancellation stays cancelled, and told.
    let early = C::CancelWarning { warning: "w2".into() };
    check(&known, 1, early.clone(), "WarningCancelled MessageRefused");
    check(&[(0, early.clone())], 1, early, "!NoChange");
    check(&[(0, C::CancelWarning { warning: "w1".into() })], 1, known[0].1.clone(), "!Stale");
    check(&known, 59, C::Tick, "LevelRecommended");
    check(&known, 60, C::Tick, "WarningCancelled");
    let ended = [(0, warn("w1", Blue, 0, 60)), (60, C::Tick)];
    check(&ended, 61, warn("w1", Blue, 0, 60), "!NoChange");
    check(&ended, 61, C::CancelWarning { warning: "w1".into() }, "!NoChange");
    let drill = C::IssueWarning { warning: Warning { exercise: true, ..warning("w9", Red, 0, 60) } };
    check(&[], 0, drill.clone(), "!Forbidden");
    check_from(&city_after(Realm::Exercise, &[]), &Source::Hub, 0, drill, "WarningIssued");
}

#[test]
fn a_feed_that_repeats_itself_changes_nothing() {
    check(&[], 0, typhoon(0), "TyphoonUpdated");
    check(&[(0, typhoon(0))], 1, typhoon(0), "!NoChange");
    check(&[(0, typhoon(0))], 1, typhoon(10), "!Absurd");
    check(&[(0, typhoon(0))], 60, typhoon(60), "TyphoonUpdated");
    let mut bad = typhoon(0);
    if let C::UpdateTyphoon { fixes, .. } = &mut bad {
        fixes[0].center = LonLat(500.0, 21.0);
    }
    check(&[], 0, bad, "!Absurd");
}

#[test]
fn time_alone_recommends_and_withdraws() {
    use ResponseLevel::*;
    let level_of = |history: &[(i64, C)]| city_after(Realm::Actual, history).recommendation.map(|it| it.level);
    assert_eq!(level_of(&[(0, warn("w1", WarningColor::Yellow, 0, 60)), (0, C::Tick)]), Some(III));
    assert_eq!(
        level_of(&[(0, warn("w1", WarningColor::Yellow, 0, 60)), (0, C::Tick), (60, C::Tick), (61, C::Tick)]),
        None
    );
    let flood = |id: &str| (0, judge(id, Some(WarningColor::Yellow), 28.0, 0));
    assert_eq!(level_of(&[flood("flood-1"), (0, C::Tick)]), None);
    assert_eq!(level_of(&[flood("flood-1"), flood("flood-2"), (0, C::Tick)]), Some(III));
    assert_eq!(level_of(&[(0, typhoon(0)), (0, C::Tick)]), Some(II), "grade 7 within 24 h");
    assert_eq!(level_of(&[(0, typhoon(0)), (10 * 60, C::Tick)]), Some(I), "grade 10 within 12 h");

    let stands = [(0, typhoon(0)), (0, C::Tick)];
    check(&stands, 1, C::Tick, "");
    let city = city_after(Realm::Actual, &stands);
    let evidence = &city.recommendation.as_ref().expect("one").evidence;
    assert!(evidence[0].text.contains("7 级风圈"), "{evidence:?}");
    assert_eq!(evidence[0].as_of, T0);
}

#[test]
fn high_levels_need_two_seats() {
    use ResponseLevel::*;
    let a = Source::Seat("A".into());
    let peace = city_after(Realm::Actual, &[]);
    check_from(&peace, &a, 0, to_war(IV, &[]), "FootingChanged OrderDrafted");
    check_from(&peace, &a, 0, to_war(II, &["A", "A", " "]), "!NeedsTwoSeats");
    // Names in one command are no signatures.
    check_from(&peace, &a, 0, to_war(II, &["A", "B"]), "!NeedsTwoSeats");
    check_from(&peace, &a, 0, to_war(III, &["A", "B"]), "!Forbidden");
    check_from(&peace, &Source::Hub, 0, to_war(I, &["A", "B"]), "!NeedsTwoSeats");
    check_from(&peace, &Source::Hub, 0, to_war(IV, &[]), "!Forbidden");
    let mut war = peace.clone();
    let all = "ProposalClosed FootingChanged OrderDrafted OrderDrafted OrderDrafted OrderDrafted EvacuationExpected EvacuationExpected";
    assert_eq!(names(&sign_both(&mut war, I, &[], 0)), all);
    check_from(&peace, &Source::Platform("yingji".into()), 0, to_war(I, &["A", "B"]), "!Forbidden");
    check_from(&war, &a, 1, stand_down(&[]), "!NeedsTwoSeats");
}

#[test]
fn raising_the_level_drafts_only_what_is_not_yet_ordered() {
    use ResponseLevel::*;
    let at_iii = [(0, to_war(III, &["A"]))];
    check(&at_iii, 1, to_war(III, &["A"]), "!NoChange");
    check(&at_iii, 1, to_war(IV, &["A"]), "FootingChanged");
    let raised = |level| {
        let mut city = city_after(Realm::Actual, &at_iii);
        let events = names(&sign_both(&mut city, level, &[], 1));
        (city, events)
    };
    assert_eq!(raised(II).1, "ProposalClosed FootingChanged OrderDrafted");
    let (city, events) = raised(I);
    assert_eq!(events, "ProposalClosed FootingChanged OrderDrafted OrderDrafted EvacuationExpected");
    let measures: Vec<String> = city.orders.values().map(|it| format!("{:?}", it.text.measure)).collect();
    assert_eq!(measures, ["Some(m-patrol)", "Some(m-sea)", "Some(m-gates)", "Some(m-stop)"]);
    let tally = city.evacuation[&(EvacueeClass::SeaAndSites, "350203".into())];
    assert_eq!(tally, Tally { expected: 500, ..Tally::default() });
    assert!(city.footings.values().all(|it| it.level == Some(I) && it.posture == Posture::War));

    // A second war orders everything anew and counts its people anew.
    let again = [(0, to_war(III, &["A"])), (1, answer(1, 1, Rung::Done)), (2, moved(10)), (3, stand_down(&["A"]))];
    check(
        &again,
        9,
        to_war(III, &["A"]),
        "FootingChanged OrderDrafted OrderDrafted EvacuationExpected EvacuationExpected",
    );
    let mut city = city_after(Realm::Actual, &again);
    assert_eq!(city.footing.posture, Posture::Peace);
    assert_eq!(city.orders[&OrderId(1)].rung, Rung::Done);
    assert_eq!(city.orders[&OrderId(2)].rung, Rung::Cancelled);
    obey(&mut city, &to_war(III, &["A"]), T0.plus_mins(9)).expect("admitted");
    assert_eq!(city.evacuation_totals().all, Tally { expected: 150, ..Tally::default() });
}

#[test]
fn the_sheet_shows_what_the_switch_drafts() {
    let mut city = city_after(Realm::Exercise, &[(0, typhoon(0))]);
    let struck: Vec<MeasureId> = vec!["m-gates".into()];
    let sheet = city.orders_for(&"typhoon".into(), ResponseLevel::I, &struck, T0);
    sign_both(&mut city, ResponseLevel::I, &struck, 0);
    let drafted: Vec<OrderText> = city.orders.values().map(|it| it.text.clone()).collect();
    assert_eq!(sheet, drafted);
    assert_eq!(&*sheet[0].body, "【演练】台风“杜苏芮”逼近，Ⅰ 级响应：请城市管理局于 07月27日 12:00 前完成。");
    assert_eq!(sheet[0].ack_by, T0.plus_mins(5));
    assert!(city.orders.values().all(|it| it.idempotency_key().starts_with("gulang-x-")));
    assert_eq!(city.orders_for(&"typhoon".into(), ResponseLevel::I, &[], T0).len(), 1, "only the struck one is left");
}

#[test]
fn answers_climb_and_never_descend() {
    use Rung::*;
    let war = || (0, to_war(ResponseLevel::IV, &["A"]));
    check(&[war()], 1, answer(1, 1, Sent), "OrderClimbed");
    check(&[war()], 1, answer(1, 1, Executing), "OrderClimbed");
    check(&[war()], 1, answer(1, 1, Rejected), "OrderClimbed");
    check(&[war()], 1, answer(1, 1, Cancelled), "!Forbidden");
    check(&[war()], 1, answer(1, 1, Drafted), "!Forbidden");
    check(&[war()], 1, answer(9, 1, Sent), "!Unknown");
    check(&[war()], 1, answer(1, 0, Sent), "!Stale");
    check(&[war()], 1, answer(1, 2, Sent), "!Absurd");
    check(&[war(), (1, answer(1, 1, Accepted))], 2, answer(1, 1, Accepted), "!NoChange");
    check(&[war(), (1, answer(1, 1, Accepted))], 2, answer(1, 1, Delivered), "!Stale");
    check(&[war(), (1, answer(1, 1, Done))], 2, answer(1, 1, Rejected), "!Stale");
    let cancel = C::CancelOrder { order: OrderId(1), reason: "误发".into() };
    check(&[war()], 1, cancel.clone(), "OrderClimbed");
    check(&[war(), (1, cancel.clone())], 2, answer(1, 1, Done), "!Stale");
    check(&[war(), (1, cancel.clone())], 2, cancel, "!Forbidden");
    check(&[war()], 1, C::NoteAttempt { order: OrderId(1) }, "OrderAttempted");
    check(&[war(), (1, answer(1, 1, Delivered))], 2, C::NoteAttempt { order: OrderId(1) }, "!NoChange");

    let city = city_after(Realm::Actual, &[war()]);
    check_from(&city, &Source::Platform("yunguanfu".into()), 1, answer(1, 1, Sent), "OrderClimbed");
    check_from(&city, &Source::Platform("yingji".into()), 1, answer(1, 1, Sent), "!Forbidden");
    check_from(&city, &Source::Seat("A".into()), 1, answer(1, 1, Sent), "!Forbidden");
    check_from(&city, &Source::Seat("A".into()), 1, C::Tick, "!Forbidden");
}

#[test]
fn silence_turns_overdue_and_climbs_the_ladder() {
    let war = || (0, to_war(ResponseLevel::IV, &["A"]));
    check(&[war()], 5, C::Tick, "");
    check(&[war()], 6, C::Tick, "OrderOverdue");
    check(&[war(), (6, C::Tick)], 15, C::Tick, "");
    check(&[war(), (6, C::Tick)], 16, C::Tick, "OrderEscalated");
    check(&[war(), (6, C::Tick), (16, C::Tick)], 26, C::Tick, "OrderEscalated");
    check(&[war(), (6, C::Tick), (16, C::Tick), (26, C::Tick)], 99, C::Tick, "");
    check(&[war(), (6, C::Tick)], 7, C::EscalateOrder { order: OrderId(1) }, "OrderEscalated");
    let signed = || [war(), (6, C::Tick), (7, answer(1, 1, Rung::Acknowledged))];
    check(&signed(), 100, C::Tick, "");
    check(&signed(), 121, C::Tick, "OrderOverdue");
    let city = city_after(Realm::Actual, &signed());
    assert_eq!(city.orders[&OrderId(1)].overdue_since, None);
    assert_eq!(city.overdue_orders(T0.plus_mins(121)).len(), 1);
}

#[test]
fn never_more_people_moved_than_expected() {
    let war = || (0, to_war(ResponseLevel::III, &["A"]));
    check(&[], 0, moved(1), "!Absurd");
    check(&[war()], 1, moved(100), "EvacuationCounted");
    check(&[war()], 1, moved(101), "!Absurd");
    check(&[war(), (1, moved(60))], 2, moved(60), "!NoChange");
    check(
        &[war()],
        1,
        C::ReportMoved { class: EvacueeClass::Visitors, district: "000000".into(), n_people: 0 },
        "!Unknown",
    );
}

#[test]
fn a_team_has_one_task() {
    let war = || (0, to_war(ResponseLevel::IV, &["A"]));
    let assign = |team: &str, order| C::AssignTeam { team: team.into(), order, purpose: "排水".into() };
    let out = || (1, assign("team-2", Some(OrderId(1))));
    check(&[], 0, assign("team-1", None), "TeamAssigned");
    check(&[], 0, assign("team-9", None), "!Unknown");
    check(&[], 0, assign("team-1", Some(OrderId(1))), "!Unknown");
    check(&[war(), out()], 2, assign("team-2", Some(OrderId(1))), "!NoChange");
    check(&[war(), out()], 2, assign("team-2", None), "!Forbidden");
    check(&[war(), out()], 2, C::ReleaseTeam { team: "team-2".into() }, "TeamReleased");
    check(&[war(), out()], 2, stand_down(&["A"]), "FootingChanged OrderClimbed TeamReleased");
    check(&[war()], 2, C::ReleaseTeam { team: "team-2".into() }, "!NoChange");
}

#[test]
fn an_exercise_starts_only_in_its_realm() {
    let start = || C::StartExercise { scenario: "s".into(), title: "t".into(), seed: 1, starts_at: T0 };
    check(&[], 0, start(), "!Forbidden");
    check(&[], 0, C::EndExercise, "!NoChange");
    let running = city_after(Realm::Exercise, &[(0, start())]);
    check_from(&running, &Source::Hub, 1, start(), "!Forbidden");
    check_from(&running, &Source::Hub, 1, C::EndExercise, "ExerciseEnded");
}

#[test]
fn only_changes_of_health_and_scene_are_records() {
    let health = |state, since| C::ReportHealth {
        health: ConnectorHealth {
            platform: "yingji".into(),
            name: "应急".into(),
            state,
            since: T0.plus_mins(since),
            last_error: "".into(),
            simulated: true,
        },
    };
    check(&[], 0, health(HealthState::Healthy, 0), "ConnectorChanged");
    check(&[(0, health(HealthState::Healthy, 0))], 5, health(HealthState::Healthy, 5), "!NoChange");
    check(&[(0, health(HealthState::Healthy, 0))], 5, health(HealthState::Silent, 5), "ConnectorChanged");
    check(&[], 0, C::ShowScene { scene: "war".into() }, "SceneChanged");
    check(&[], 0, C::ShowScene { scene: "peace".into() }, "!NoChange");
    check(&[], 0, C::ShowScene { scene: "cameras:c:cam-1;d:drone-1".into() }, "SceneChanged");
    check(&[], 0, C::ShowScene { scene: "cameras:c:cam-1;c:cam-1".into() }, "!Absurd");
    check(&[], 0, C::ShowScene { scene: "cameras:c:nowhere".into() }, "!Unknown");
    check(&[], 0, C::ShowScene { scene: "seat:值班长 01".into() }, "!Unknown");
    check(&[], 0, C::RefuseMessage { platform: "x".into(), what: "a".into(), why: "b".into() }, "MessageRefused");
}

fn wall_of(feeds: &[&str]) -> CameraWall {
    let place = |id: &&str| WallPlace { feed: Some(Feed::Camera((*id).into())), note: Text::default() };
    CameraWall { places: feeds.iter().map(place).collect(), ..CameraWall::default() }
}

fn toured(place: u8, stop: u8, dwell_secs: u32) -> CameraWall {
    let stops = vec![TourStop { feed: Feed::Camera("cam-1".into()), dwell_secs }];
    let run = Some(TourRun { place, stop, since: T0 });
    CameraWall { tour: WallTour { stops, run }, ..wall_of(&["cam-2"]) }
}

#[test]
fn only_a_sane_wall_of_known_pictures_is_put_up() {
    let put = |wall| C::PutCameraWall { wall };
    check(&[], 0, put(wall_of(&["cam-1", "cam-2"])), "CameraWallPut");
    check(&[(0, put(wall_of(&["cam-1"])))], 1, put(wall_of(&["cam-1"])), "!NoChange");
    check(&[], 0, put(wall_of(&["nowhere"])), "!Unknown");
    check(&[], 0, put(wall_of(&["cam-1"; 17])), "!Absurd");
    for n in [0, 5, 25, 255] {
        check(&[], 0, put(CameraWall { n, ..wall_of(&[]) }), "!Absurd");
    }
    check(&[], 0, put(CameraWall { alone: Some(3), ..wall_of(&["cam-1"]) }), "CameraWallPut");
    check(&[], 0, put(CameraWall { alone: Some(4), ..wall_of(&["cam-1"]) }), "!Absurd");
    check(&[], 0, put(toured(0, 0, 15)), "CameraWallPut");
    for absurd in [toured(4, 0, 15), toured(0, 1, 15), toured(0, 0, 4), toured(0, 0, 301)] {
        check(&[], 0, put(absurd), "!Absurd");
    }
    let long = CameraWall {
        tour: WallTour { stops: vec![toured(0, 0, 9).tour.stops[0].clone(); 61], run: None },
        ..wall_of(&[])
    };
    check(&[], 0, put(long), "!Absurd");
    let call = WallPlace { feed: Some(Feed::Call("7".into())), note: Text::default() };
    check(&[], 0, put(CameraWall { places: vec![call], ..wall_of(&[]) }), "!Unknown");
}

#[test]
fn a_wall_is_taken_back_step_by_step_and_no_further() {
    let put = |feeds: &[&str]| C::PutCameraWall { wall: wall_of(feeds) };
    check(&[], 0, C::UndoCameraWall, "!NoChange");
    let city = city_after(Realm::Actual, &[(0, put(&["cam-1"])), (1, put(&["cam-2"])), (2, C::UndoCameraWall)]);
    let walls: Vec<&SeatWall> = city.camera_walls.values().collect();
    assert_eq!(walls.iter().map(|it| &it.wall).collect::<Vec<_>>(), [&wall_of(&["cam-1"])]);
    assert_eq!(walls[0].before, [CameraWall::default()]);
    let steps: Vec<(i64, C)> = (0..40).map(|i| (i, put(&["cam-1", "cam-2"][..1 + i as usize % 2]))).collect();
    let city = city_after(Realm::Actual, &steps);
    assert!(city.camera_walls.values().all(|it| it.before.len() == MAX_WALL_UNDO));
    // The wall in the hall follows the seat from then on.
    let seat = city.camera_walls.keys().next().expect("a seat").clone();
    let scene = seat_scene(&seat).expect("a scene");
    check(&steps, 50, C::ShowScene { scene }, "SceneChanged");
}

#[test]
fn a_tour_never_begins_after_its_record() {
    let mut wall = toured(0, 0, 15);
    if let Some(run) = &mut wall.tour.run {
        run.since = T0.plus_mins(60);
    }
    let city = city_after(Realm::Actual, &[(1, C::PutCameraWall { wall })]);
    let since: Vec<_> = city.camera_walls.values().filter_map(|it| it.wall.tour.run).map(|it| it.since).collect();
    assert_eq!(since, [T0.plus_mins(1)]);
}

fn cards(places: &[(u8, u8)]) -> MetricWall {
    let card = |it: &(u8, u8)| MetricCard { place: Cells::new(it.0, it.1, 1, 1), shows: CardShows::Grave };
    MetricWall { zh: "环境".into(), en: "Air".into(), columns: 4, rows: 2, cards: places.iter().map(card).collect() }
}

#[test]
fn a_layout_is_put_shown_and_taken_back() {
    let put = |places: &[(u8, u8)]| C::PutMetricWall { id: "air".into(), wall: cards(places) };
    let show = |scene: &str| C::ShowScene { scene: scene.into() };
    check(&[], 0, put(&[(0, 0), (3, 1)]), "MetricWallPut");
    check(&[], 0, put(&[(4, 0)]), "!Absurd");
    check(&[], 0, put(&[(1, 1), (1, 1)]), "!Absurd");
    check(&[], 0, C::PutMetricWall { id: "长".repeat(41).as_str().into(), wall: cards(&[]) }, "!Absurd");
    check(&[(0, put(&[(0, 0)]))], 1, put(&[(0, 0)]), "!NoChange");
    check(&[], 0, C::UndoMetricWall { id: "air".into() }, "!Unknown");
    check(&[(0, put(&[]))], 1, C::UndoMetricWall { id: "air".into() }, "!NoChange");
    check(&[], 0, show("metrics:air"), "!Unknown");
    check(&[(0, put(&[]))], 1, show("metrics:air"), "SceneChanged");
    check(&[], 0, show("metrics"), "SceneChanged");
    let undo = C::UndoMetricWall { id: "air".into() };
    let city = city_after(Realm::Actual, &[(0, put(&[(0, 0)])), (1, put(&[(1, 0)])), (2, undo)]);
    assert_eq!(city.metric_walls["air"].wall, cards(&[(0, 0)]));
    let steps: Vec<(i64, C)> = (0..40).map(|i| (i, put(&[(i as u8 % 4, 0)]))).collect();
    assert_eq!(city_after(Realm::Actual, &steps).metric_walls["air"].before.len(), MAX_WALL_UNDO);
}

fn told(headline: &str, pages: usize) -> C {
    let page = BriefingPage { headline: headline.into(), ..BriefingPage::default() };
    let briefing = Briefing { title: "会商".into(), pages: vec![page; pages], ..Briefing::default() };
    C::PutBriefing { id: "b1".into(), briefing }
}

#[test]
fn a_briefing_is_written_shown_page_by_page_and_remembered() {
    let page = |n: usize| C::ShowScene { scene: briefing_scene(&"b1".into(), n).expect("a scene") };
    let remove = || C::RemoveBriefing { id: "b1".into() };
    check(&[], 0, told("在办 {case_open}", 2), "BriefingPut");
    check(&[], 0, told("在办 {case_open", 2), "!Absurd");
    check(&[], 0, told("", 2), "!Absurd");
    check(&[], 0, told("句", 0), "!Absurd");
    check(&[], 0, told("句", MAX_PAGES + 1), "!Absurd");
    check(&[(0, told("句", 2))], 1, told("句", 2), "!NoChange");
    check(&[], 0, page(1), "!Unknown");
    check(&[(0, told("句", 2))], 1, page(3), "!Unknown");
    check(&[(0, told("句", 2)), (1, page(2))], 2, remove(), "!Forbidden");
    check(
        &[(0, told("句", 2)), (1, page(2)), (2, C::ShowScene { scene: "peace".into() })],
        3,
        remove(),
        "BriefingRemoved",
    );
    check(&[(0, told("句", 2))], 1, C::UndoBriefing { id: "b1".into() }, "!NoChange");
    // Turning pages and going black is one showing; coming back later is another.
    let away = C::ShowScene { scene: "war".into() };
    let steps = [(0, told("句", 2)), (1, page(1)), (2, page(2)), (3, page(0)), (4, away), (5, page(1))];
    let city = city_after(Realm::Actual, &steps);
    let showings: Vec<(u64, i64)> = city.showings.iter().map(|it| (it.seq, it.at.since_ms(T0) / 60_000)).collect();
    assert_eq!(showings, [(2, 1), (6, 5)]);
    let undone = [(0, told("甲", 1)), (1, told("乙", 1)), (2, C::UndoBriefing { id: "b1".into() })];
    let city = city_after(Realm::Actual, &undone);
    assert_eq!(&*city.briefings["b1"].briefing.pages[0].headline, "甲");
}

fn ring(corners: &[(f64, f64)]) -> Vec<LonLat> {
    corners.iter().map(|it| LonLat(118.10 + it.0, 24.50 + it.1)).collect()
}

fn put(kind: MarkingKind) -> C {
    C::PutMarking { kind, note: "注".into() }
}

fn fence(name: &str, ring: Vec<LonLat>) -> C {
    put(MarkingKind::Fence { name: name.into(), ring })
}

fn circle(center: LonLat, radius_m: f32, reason: &str) -> C {
    put(MarkingKind::Closure { area: Area::Circle { center, radius_m }, reason: reason.into() })
}

fn quake(at: LonLat, magnitude: f32, depth_km: f32, mins: i64) -> C {
    put(MarkingKind::Quake { at, magnitude, depth_km, origin: T0.plus_mins(mins) })
}

const TRIANGLE: [(f64, f64); 3] = [(0.0, 0.0), (0.01, 0.0), (0.0, 0.01)];

#[test]
fn only_sane_markings_are_drawn() {
    let here = LonLat(118.10, 24.50);
    let good = || ring(&TRIANGLE);
    check(&[], 0, fence("会展", good()), "MarkingPut");
    check(&[], 0, fence("  ", good()), "!Absurd");
    check(&[], 0, fence(&"长".repeat(65), good()), "!Absurd");
    check(&[], 0, fence("面", ring(&TRIANGLE[..2])), "!Absurd");
    check(&[], 0, fence("面", ring(&[(0.0, 0.0), (0.01, 0.0), (0.0, 0.0)])), "!Absurd");
    check(&[], 0, fence("面", ring(&[(0.0, 0.0), (0.01, 0.0), (f64::NAN, 0.0)])), "!Absurd");
    check(&[], 0, fence("面", ring(&[(0.0, 0.0), (0.01, 0.0), (30.0, 0.0)])), "!Absurd");
    let corners = |n: usize| ring(&(0..n).map(|i| (i as f64 * 1e-4, (i % 2) as f64 * 1e-3)).collect::<Vec<_>>());
    check(&[], 0, fence("面", corners(500)), "MarkingPut");
    check(&[], 0, fence("面", corners(501)), "!Absurd");
    let closed_ring = |reason: &str| put(MarkingKind::Closure { area: Area::Ring(good()), reason: reason.into() });
    check(&[], 0, closed_ring("塌方"), "MarkingPut");
    check(&[], 0, closed_ring(""), "!Forbidden");
    check(&[], 0, circle(here, 50.0, "塌方"), "MarkingPut");
    for radius_m in [0.0, -5.0, f32::NAN, f32::INFINITY, 20_001.0] {
        check(&[], 0, circle(here, radius_m, "塌方"), "!Absurd");
    }
    check(&[], 0, circle(LonLat(0.0, 0.0), 50.0, "塌方"), "!Absurd");
    check(&[], 0, quake(LonLat(121.6, 23.8), 7.3, 12.0, -2), "MarkingPut");
    check(&[], 0, quake(LonLat(142.0, 38.0), 7.3, 12.0, -2), "!Absurd");
    for magnitude in [-0.1, 10.1, f32::NAN] {
        check(&[], 0, quake(here, magnitude, 12.0, -2), "!Absurd");
    }
    for depth_km in [-1.0, 801.0, f32::NAN] {
        check(&[], 0, quake(here, 5.0, depth_km, -2), "!Absurd");
    }
    check(&[], 0, quake(here, 5.0, 12.0, 6), "!Absurd");
    check(&[], 0, put(MarkingKind::Fire { at: here, started: T0 }), "MarkingPut");
    check(&[], 0, put(MarkingKind::Fire { at: here, started: Timestamp(0) }), "!Absurd");
    check(&[], 0, put(MarkingKind::Spot { at: here, error_m: 12.0 }), "MarkingPut");
    check(&[], 0, put(MarkingKind::Spot { at: here, error_m: f32::NAN }), "!Absurd");
    check(&[], 0, put(MarkingKind::Spot { at: here, error_m: 2_001.0 }), "!Absurd");
    check(&[], 0, put(MarkingKind::ReachFrom { places: vec![here] }), "MarkingPut");
    check(&[], 0, put(MarkingKind::ReachFrom { places: vec![] }), "!Absurd");
    check(&[], 0, put(MarkingKind::ReachFrom { places: vec![here; 21] }), "!Absurd");
}

#[test]
fn markings_come_and_go_and_keep_their_numbers() {
    let first = || (0, fence("一", ring(&TRIANGLE)));
    let second = || (1, fence("二", ring(&TRIANGLE)));
    let remove = |id| C::RemoveMarking { marking: MarkingId(id) };
    check(&[first()], 1, fence("一", ring(&TRIANGLE)), "!NoChange");
    // The same ring, closed by hand: no other marking.
    let closed: Vec<(f64, f64)> = TRIANGLE.into_iter().chain([TRIANGLE[0]]).collect();
    check(&[first()], 1, fence("一", ring(&closed)), "!NoChange");
    check(&[first()], 1, remove(1), "MarkingRemoved");
    check(&[first()], 1, remove(2), "!Unknown");
    check(&[first(), (1, remove(1))], 2, remove(1), "!Unknown");
    let city = city_after(Realm::Exercise, &[first(), second(), (2, remove(2)), (3, second().1), (4, remove(1))]);
    assert_eq!(city.markings.keys().map(|it| it.0).collect::<Vec<_>>(), [3], "a number is used once");
    let many: Vec<(i64, C)> = (0..MAX_MARKINGS as i64).map(|i| (0, fence(&i.to_string(), ring(&TRIANGLE)))).collect();
    check(&many, 1, fence("又一", ring(&TRIANGLE)), "!Forbidden");
}

#[test]
fn a_marking_is_signed_by_its_seat() {
    let mut city = city_after(Realm::Actual, &[]);
    let command = fence("会展", ring(&TRIANGLE));
    check_from(&city, &Source::Platform("yingji".into()), 0, command.clone(), "!Forbidden");
    let source = Source::Seat("值班长 01".into());
    for event in city.decide_from(&source, &command, T0).expect("admitted") {
        assert_eq!(city.apply(&Record { seq: 1, at: T0, source: source.clone(), event }), Applied::Advanced);
    }
    let marking = &city.markings[0];
    assert_eq!((marking.by.as_str(), marking.at, &*marking.note), ("值班长 01", T0, "注"));
}
