//! What could not be told, and an order that takes another's place, through egui_kittest.

use super::tests::{Screen, click, painted, submitted};
use super::*;
use crate::i18n::{Lang, tr};
use egui::Event as Input;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

const SEAT: &str = "值班长 01";

fn seat() -> Source {
    Source::Seat(SEAT.into())
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

fn as_leader(screen: &mut Screen) {
    let seats = vec![SeatEntry { seat: SEAT.into(), role: "leader".into(), officer: None }];
    screen.city.roles = Roles { seats, ..Roles::default() };
}

/// At war, with the first order sent and withdrawn; its platform said no for good.
fn with_failure() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.go_to_war(ResponseLevel::IV);
    let order = OrderId(1);
    screen.happen(Source::Hub, Command::NoteAttempt { order });
    screen.happen(seat(), Command::CancelOrder { order, reason: "误发".into() });
    let telling = screen.city.seq;
    let no = Command::ReportTelling { telling, error: Some("平台拒绝：403".into()), is_final: true };
    screen.happen(Source::Hub, no);
    screen
}

/// At war, with the first order's card open.
fn with_order() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.go_to_war(ResponseLevel::IV);
    screen.selection = Some(Selection::Order(OrderId(1)));
    screen
}

#[test]
fn a_telling_given_up_is_named_with_a_telephone_and_told_again() {
    let screen = with_failure();
    let (number, telling) = screen.city.untold.iter().next().map(|(n, it)| (*n, it.clone())).expect("one is owed");
    let agency = screen.city.telling_phone(&telling).cloned().expect("somebody to ring");
    let words = screen.city.telling_text(&telling);
    let mut harness = screen.show(1920.0, 1080.0);
    harness.run_steps(2);
    assert!(says(&harness, &words) && says(&harness, &agency.phone), "{:?}", painted(&harness));
    assert!(says(&harness, &Lang::Zh.fill(tr::NEEDS_PERSON_N, &["1"])), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::TELLING_RETRY));
    let command = submitted(&harness).expect("the button sends it");
    assert_eq!(command, Command::RetryTelling { telling: number });
    harness.state_mut().happen(seat(), command);
    harness.run_steps(2);
    assert!(says(&harness, &words), "still owed");
    assert!(harness.query_by_label(Lang::Zh.t(tr::TELLING_RETRY)).is_none(), "it is tried already");
}

#[test]
fn what_was_told_by_telephone_is_owed_no_more() {
    let screen = with_failure();
    let words = screen.city.untold.values().next().map(|it| screen.city.telling_text(it)).expect("one is owed");
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::TELLING_BY_PHONE));
    let command = submitted(&harness).expect("the button sends it");
    harness.state_mut().happen(seat(), command);
    harness.run_steps(2);
    assert!(!says(&harness, &words), "{:?}", painted(&harness));
}

#[test]
fn who_may_not_sees_the_role_beside_what_was_not_told() {
    let mut screen = with_failure();
    as_leader(&mut screen);
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::TELLING_RETRY));
    assert_eq!(submitted(&harness), None);
    assert!(says(&harness, "只读"), "{:?}", painted(&harness));
}

#[test]
fn an_order_is_amended_with_a_reason() {
    let mut harness = with_order().show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::AMEND_ORDER));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::AMEND_CONFIRM));
    assert_eq!(submitted(&harness), None, "nobody said why");
    assert!(says(&harness, "原因"), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::AMEND_REASON));
    harness.event(Input::Text("期限改早".to_owned()));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::AMEND_CONFIRM));
    let command = submitted(&harness).expect("the button sends it");
    let Command::AmendOrder { order, title, reason, within_mins, .. } = &command else { panic!("{command:?}") };
    assert_eq!((*order, &**reason), (OrderId(1), "期限改早"));
    assert_eq!(*title, harness.state().city.orders[&OrderId(1)].text.title, "it begins with the old words");
    assert!(*within_mins > 0);
    harness.state_mut().happen(seat(), command);
    assert_eq!(harness.state().city.orders[&OrderId(1)].superseded_by, Some(OrderId(2)));
    harness.run_steps(2);
    assert!(says(&harness, &Lang::Zh.fill(tr::ORDER_AMENDED_BY, &["2"])), "{:?}", painted(&harness));
}

#[test]
fn who_may_not_amend_has_a_grey_button() {
    let mut screen = with_order();
    as_leader(&mut screen);
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::AMEND_ORDER));
    harness.run_steps(2);
    assert!(harness.query_by_label(Lang::Zh.t(tr::AMEND_CONFIRM)).is_none());
    assert!(says(&harness, "只读"), "{:?}", painted(&harness));
}
