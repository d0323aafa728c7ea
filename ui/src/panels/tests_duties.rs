//! Duties, needs and cases through egui_kittest: what is asked, what is sent, and what is greyed.

use super::tests::{NOON, Screen, click, cut, hold_for, painted, submitted};
use super::*;
use crate::duties::Duty;
use crate::i18n::{Lang, tr};
use egui::Event as Input;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

const SEAT: &str = "值班长 01";

/// The seat of the tests may do nothing but look.
fn is_leader(screen: &mut Screen) {
    let seats = vec![SeatEntry { seat: SEAT.into(), role: "leader".into(), officer: None }];
    screen.city.roles = Roles { seats, ..Roles::default() };
}

fn raise(screen: &mut Screen, what: Capability, how_many: u32) -> NeedId {
    let at = screen.city.center;
    let why = "地铁口进水".into();
    screen.happen(Source::Seat(SEAT.into()), Command::RaiseNeed { what, how_many, at, why, from_order: None });
    *screen.city.needs.keys().next_back().expect("a need")
}

fn case(screen: &mut Screen) -> CaseId {
    let report = CaseReport {
        external: "a-1".into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "道路积水".into(),
        address: "一号路".into(),
        at: screen.city.center,
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: NOON,
        due_at: NOON.plus_mins(120),
    };
    screen.happen(Source::Hub, Command::ReportCase { report, stage: CaseStage::Dispatched, stage_at: NOON });
    *screen.city.cases.keys().next_back().expect("a case")
}

fn duty(title: &str) -> Duty {
    Duty {
        id: "SZ-01".into(),
        area: "市政公用".into(),
        title: title.into(),
        lead_name: "市政园林局".into(),
        supporting_names: vec!["水务集团".into()],
        clause: "第 1 项".into(),
        contact: "值班室".into(),
        phone: "0592-555-1008".into(),
        respond_mins: Some(60),
        snippet: "先围挡警示".into(),
        is_example: true,
    }
}

/// The last query asked, with its ticket.
fn asked_for(harness: &Harness<'_, Screen>) -> Option<(u64, String)> {
    harness.state().asked.iter().rev().find_map(|it| match it {
        UiCommand::FindDuties { ticket, query } => Some((*ticket, query.clone())),
        _ => None,
    })
}

#[test]
fn one_key_looks_a_duty_up_and_only_the_latest_answer_counts() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    harness.key_press(egui::Key::D);
    harness.run_steps(3);
    harness.event(Input::Text("井盖".into()));
    harness.run_steps(4);
    let (ticket, query) = asked_for(&harness).expect("the hub is asked");
    assert_eq!(query, "井盖");
    harness.state_mut().state.take_duties(ticket - 1, Ok(vec![duty("旧的")]));
    harness.state_mut().state.take_duties(ticket, Ok(vec![duty("窨井盖缺失")]));
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let texts = painted(&harness);
    for wanted in ["窨井盖缺失", "60 分内", "0592-555-1008", "水务集团", "示例"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
    assert!(!texts.iter().any(|text| text == "旧的") && submitted(&harness).is_none());
}

#[test]
fn a_hub_that_does_not_answer_is_said_to_and_asked_again() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1366.0, 768.0);
    harness.key_press(egui::Key::D);
    harness.run_steps(3);
    let (ticket, _) = asked_for(&harness).expect("the hub is asked at once");
    harness.state_mut().state.take_duties(ticket, Err("HTTP 503".into()));
    harness.run_steps(2);
    let told = Lang::Zh.t(tr::DUTIES_BUILDING);
    assert!(painted(&harness).iter().any(|text| text.starts_with(told)));
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert_eq!(asked_for(&harness).map(|it| it.0), Some(ticket + 1));
}

#[test]
fn the_proposal_goes_out_by_a_held_button_as_changed_by_hand() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let need = raise(&mut screen, Capability::Rescue, 1);
    screen.state.toggle_drawer(Drawer::Needs);
    let mut harness = screen.show(1920.0, 1080.0);
    let texts = painted(&harness);
    let short = Lang::Zh.fill(tr::NEED_SHORT, &["1", "1"]);
    for wanted in [&*short, "team-1"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
    assert!(texts.iter().any(|text| text.starts_with("直线估算")), "straight lines say so: {texts:?}");
    click(&mut harness, &Lang::Zh.fill(tr::CHOOSE_OTHER_FOR, &["team-1"]));
    click(&mut harness, &Lang::Zh.fill(tr::SEND_INSTEAD, &["team-3"]));
    let hold = harness.get_by_label(&Lang::Zh.fill(tr::SEND_N, &["1"])).rect().center();
    hold_for(&mut harness, hold, 2); // 0.5 s
    assert_eq!(submitted(&harness), None, "half a second is not one");
    hold_for(&mut harness, hold, 12); // 3 s: one hold sends once
    let reason = Lang::Zh.fill(tr::SENT_AS_CHANGED, &["1"]).into();
    let sent = Command::AssignTeams { pairs: vec![("team-3".into(), need)], reason };
    assert_eq!(submitted(&harness), Some(sent.clone()));
    let n_sent = harness.state().asked.iter().filter(|it| matches!(it, UiCommand::Submit(_))).count();
    assert_eq!(n_sent, 1);
    assert!(harness.state().city.decide_from(&Source::Seat(SEAT.into()), &sent, NOON).is_ok());
}

#[test]
fn a_need_is_raised_where_the_map_was_pressed_and_a_leader_may_not() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let at = LonLat(screen.city.center.0 + 0.01, screen.city.center.1);
    screen.state.place = Some(at);
    screen.state.toggle_drawer(Drawer::Needs);
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::RAISE_NEED));
    click(&mut harness, Lang::Zh.t(tr::CAP_POWER));
    click(&mut harness, Lang::Zh.t(tr::PUT_NEED));
    let why = Lang::Zh.t(tr::WHY_POWER).into();
    let raised = Command::RaiseNeed { what: Capability::Power, how_many: 1, at, why, from_order: None };
    assert_eq!(submitted(&harness), Some(raised));

    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    raise(&mut screen, Capability::Rescue, 1);
    is_leader(&mut screen);
    screen.state.toggle_drawer(Drawer::Needs);
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::RAISE_NEED));
    let hold = harness.get_by_label(&Lang::Zh.fill(tr::SEND_N, &["1"])).rect().center();
    hold_for(&mut harness, hold, 8);
    assert_eq!(submitted(&harness), None);
    let said = |text: &String| text.contains("只读");
    assert!(painted(&harness).iter().any(said), "the reason is written: {:?}", painted(&harness));
}

#[test]
fn a_silent_team_comes_first_in_words_and_is_heard_by_hand() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
    let need = raise(&mut screen, Capability::Rescue, 1);
    let send = Command::AssignTeams { pairs: vec![("team-1".into(), need)], reason: "".into() };
    screen.happen(Source::Seat(SEAT.into()), send);
    screen.clock.now = NOON.plus_mins(31);
    screen.state.toggle_drawer(Drawer::Needs);
    let mut harness = screen.show(1366.0, 768.0);
    let texts = painted(&harness);
    for wanted in [Lang::Zh.fill(tr::SILENT_FOR, &["31:00"]), Lang::Zh.fill(tr::SILENT_N, &["1"])] {
        assert!(texts.contains(&wanted), "{wanted}: {texts:?}");
    }
    click(&mut harness, Lang::Zh.t(tr::CHECK_IN));
    let note = Lang::Zh.t(tr::CHECKED_BY_HAND).into();
    assert_eq!(submitted(&harness), Some(Command::CheckIn { team: "team-1".into(), note }));
}

#[test]
fn a_case_is_postponed_with_a_reason_and_a_new_due_and_a_leader_sees_why_not() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let id = case(&mut screen);
    screen.selection = Some(Selection::Case(id));
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_POSTPONE));
    assert_eq!(submitted(&harness), None, "the first press opens the form");
    click(&mut harness, Lang::Zh.t(tr::POSTPONE_PARTS));
    click(&mut harness, &Lang::Zh.fill(tr::PLUS_DAYS, &["1"]));
    let due_at = NOON.plus_mins(120 + 24 * 60);
    let due = Lang::Zh.fill(tr::CASE_NEW_DUE, &[&Lang::Zh.day_time(due_at, NOON)]);
    let confirm = Lang::Zh.fill(tr::CASE_CONFIRM, &[Lang::Zh.t(tr::CASE_POSTPONE)]);
    click(&mut harness, &format!("{confirm}・{due}"));
    let reason = Lang::Zh.t(tr::POSTPONE_PARTS).into();
    assert_eq!(submitted(&harness), Some(Command::PostponeCase { case: id, due_at, reason }));

    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let id = case(&mut screen);
    is_leader(&mut screen);
    screen.selection = Some(Selection::Case(id));
    let mut harness = screen.show(1920.0, 1080.0);
    for act in [tr::SUPERVISE, tr::PRESS, tr::CASE_RETURN, tr::CASE_CANCEL] {
        click(&mut harness, Lang::Zh.t(act));
    }
    assert_eq!(submitted(&harness), None);
    assert!(painted(&harness).iter().any(|text| text.contains("只读")));
}

#[test]
fn the_new_drawers_stay_on_the_map_and_lose_no_word_of_what_is_fixed() {
    for (width, height) in [(1280.0, 720.0), (1920.0, 1080.0)] {
        for drawer in [Drawer::Duties, Drawer::Needs] {
            let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
            screen.state.toggle_drawer(drawer);
            let harness = screen.show(width, height);
            let map = harness.state().state.map_rect;
            let rect = drawer::rect_on(&harness.state().state, map).expect("there is room for the drawer");
            assert!(map.contains_rect(rect), "{drawer:?} leaves the map at {width}");
            assert_eq!(cut(&harness, rect), Vec::<String>::new(), "{drawer:?} at {width}");
        }
    }
}
