//! The call-out board and the people board: who was not reached has a row, a press sends exactly its command, and what
//! may not be asked for is grey and says why.

use super::tests::*;
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn seat() -> Source {
    Source::Seat("值班长 01".into())
}

/// A hand calls the whole tiny city.
fn calling() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let start = Command::StartCallOut {
        scope: CallScope::default(),
        text: "请到岗".into(),
        ladder: "by-hand".into(),
        is_test: false,
    };
    screen.happen(seat(), start);
    screen
}

/// War at a level, with the typhoon plan's people to move.
fn at_war(level: ResponseLevel) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.go_to_war(level);
    screen
}

fn open(screen: Screen, key: egui::Key, width: f32, height: f32) -> Harness<'static, Screen> {
    let mut harness = screen.show(width, height);
    harness.key_press(key);
    harness.run_steps(3);
    harness
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

#[test]
fn the_unreached_have_rows_with_who_and_when_and_the_counts_sum() {
    let screen = calling();
    let counts = screen.city.call_board(NOON).counts;
    assert_eq!(counts.reached + counts.not_reached + counts.nobody, counts.all);
    assert!(counts.not_reached > 0);
    let harness = open(screen, egui::Key::C, 1280.0, 720.0);
    for wanted in ["t-1 街道", "t-2 街道", "t-3 街道"] {
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
    assert!(says(&harness, &Lang::Zh.fill(tr::TIME_LEFT, &["10:00"])), "{:?}", painted(&harness));
    assert!(says(&harness, "再叫 负责人 t-1 之 2"), "{:?}", painted(&harness));
    let texts = painted(&harness);
    for n in [counts.not_reached, counts.nobody, counts.reached, counts.all] {
        assert!(texts.contains(&kit::exact(n.into())), "{n}: {texts:?}");
    }
    assert!(submitted(&harness).is_none(), "the letter that opens the board sends nothing");
}

#[test]
fn a_press_marks_the_chosen_township_reached_by_that_channel() {
    let screen = calling();
    let board = screen.city.call_board(NOON);
    let mut townships = board.districts.iter().flat_map(|it| &it.townships);
    let row = townships.find_map(|it| it.row.clone().filter(|_| it.id.as_str() == "t-2")).expect("t-2 is called");
    let mut harness = open(screen, egui::Key::C, 1920.0, 1080.0);
    click(&mut harness, "t-2 街道");
    click(&mut harness, &Lang::Zh.fill(tr::CALLS_REACHED_BY, &[Lang::Zh.call_channel(CallChannel::Voice)]));
    let command = submitted(&harness).expect("the button sends it");
    let (callout, call, channel) = (row.callout, row.call, CallChannel::Voice);
    assert_eq!(command, Command::MarkReached { callout, call, channel, by: row.who });
    assert!(harness.state().city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn a_seat_that_may_not_sees_it_grey_with_the_reason() {
    let mut screen = calling();
    screen.city.roles.seats.clear();
    screen.city.roles.default = "leader".into();
    let mut harness = open(screen, egui::Key::C, 1920.0, 1080.0);
    click(&mut harness, &Lang::Zh.fill(tr::CALLS_REACHED_BY, &[Lang::Zh.call_channel(CallChannel::Voice)]));
    click(&mut harness, Lang::Zh.t(tr::CALLS_START));
    assert!(submitted(&harness).is_none());
    assert!(says(&harness, "领导（只读）"), "{:?}", painted(&harness));
}

#[test]
fn a_communication_test_wants_a_hold_and_esc_goes_back_one_step_at_a_time() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual), egui::Key::C, 1280.0, 720.0);
    click(&mut harness, Lang::Zh.t(tr::CALLS_TEST));
    let city = &harness.state().city;
    let n = (city.districts.len() + city.townships.len()).to_string();
    let label = Lang::Zh.fill(tr::CALLS_HOLD_TEST, &[&n]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 8);
    assert!(submitted(&harness).is_none(), "two seconds are not three");
    hold_for(&mut harness, at, 16);
    let Some(Command::StartCallOut { is_test: true, scope, ladder, .. }) = submitted(&harness) else {
        panic!("nothing was submitted")
    };
    assert_eq!((scope, ladder.as_str()), (CallScope::default(), "by-hand"));

    click(&mut harness, Lang::Zh.t(tr::CALLS_START));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.state().state.board.as_ref().is_some_and(|it| it.form.is_none()));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.state().state.board.is_none());
}

#[test]
fn who_is_left_is_exact_and_nobody_goes_home_while_it_is_locked() {
    let screen = at_war(ResponseLevel::II);
    let board = screen.city.evacuation_board(NOON);
    assert!(board.remaining > 0);
    let mut harness = open(screen, egui::Key::P, 1920.0, 1080.0);
    assert!(painted(&harness).contains(&kit::exact(board.remaining.into())), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::PEOPLE_RETURN));
    assert!(says(&harness, "返回锁定；降到 Ⅲ 级"), "{:?}", painted(&harness));
    assert!(harness.state().state.board.as_ref().is_some_and(|it| it.form.is_none()), "the grey button is dead");
}

#[test]
fn return_is_allowed_by_a_hold_once_the_level_has_fallen() {
    let screen = at_war(ResponseLevel::III);
    let district = screen.city.districts[0].clone();
    let mut harness = open(screen, egui::Key::P, 1920.0, 1080.0);
    click(&mut harness, &district.name);
    click(&mut harness, Lang::Zh.t(tr::PEOPLE_RETURN));
    let label = Lang::Zh.fill(tr::PEOPLE_HOLD_RETURN, &[&district.name]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, at, 16);
    let command = submitted(&harness).expect("the hold sends it");
    let reason = Lang::Zh.t(tr::PEOPLE_RETURN_TEXT).into();
    assert_eq!(command, Command::AllowReturn { district: district.id, township: None, reason });
}

#[test]
fn the_key_that_closes_a_board_means_nothing_else() {
    let mut screen = calling();
    screen.selection = Some(Selection::Case(CaseId(1)));
    let mut harness = open(screen, egui::Key::P, 1920.0, 1080.0);
    for is_open in [true, false] {
        harness.key_press(egui::Key::C);
        harness.run_steps(2);
        assert_eq!(harness.state().state.board.is_some(), is_open);
        assert!(submitted(&harness).is_none());
    }
}

#[test]
fn an_empty_city_draws_both_boards_at_any_size() {
    for (width, height) in [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (3840.0, 1080.0)] {
        for realm in [Realm::Actual, Realm::Exercise] {
            for key in [egui::Key::C, egui::Key::P] {
                let mut harness = open(Screen::of(&Pack::default(), realm), key, width, height);
                harness.key_press(egui::Key::ArrowDown);
                harness.run_steps(2);
                assert!(submitted(&harness).is_none());
            }
        }
    }
}
