//! The second signature through egui_kittest: one screen at the seat that proposed, others at the seats that are asked.

use super::tests::{NOON, Screen, click, hold_for, open_sheet, painted, submitted, to_war};
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

const FIRST: &str = "值班长 01";
const SECOND: &str = "带班领导 02";

fn says(harness: &Harness<'_, Screen>, word: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(word))
}

/// What the first seat proposes: Ⅰ with one measure struck and one order added.
fn proposal(city: &City) -> Switch {
    let plan = city.plans.keys().next().cloned().expect("a plan");
    let mut switch = to_war(plan, ResponseLevel::I);
    if let Switch::ToWar { ask, reasons, reason, .. } = &mut switch {
        ask.struck = vec!["m-sea".into()];
        reasons.insert("m-sea".into(), "渔船已回港".into());
        *reason = "预报提前".into();
        ask.added = vec![AddedOrder {
            agency: "ag-water".into(),
            title: "加派泵车".into(),
            body: "到一号下穿".into(),
            within_mins: 30,
            channel: Channel::Platform,
            reason: "低洼处多".into(),
            districts: Vec::new(),
        }];
    }
    switch
}

/// A screen at a seat, in a city where the first seat has proposed.
fn proposed(seat: &str) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.seat = seat.into();
    let switch = proposal(&screen.city);
    screen.happen(Source::Seat(FIRST.into()), Command::ProposeSwitch { switch });
    screen
}

fn co_sign_label() -> String {
    let what = format!("{}{}", Lang::Zh.hazard(Some(Hazard::Typhoon)), Lang::Zh.fill(tr::LEVEL_RESPONSE, &["Ⅰ"]));
    Lang::Zh.fill(tr::HOLD_TO_CO_SIGN, &[&what, "实战"])
}

#[test]
fn after_the_first_hold_the_sheet_waits_and_can_be_withdrawn() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::I);
    hold_for(&mut harness, hold, 16);
    let command = submitted(&harness).expect("a proposal");
    assert!(!harness.state().state.is_sheet_open(), "nothing waits before the city has it");
    harness.state_mut().happen(Source::Seat(FIRST.into()), command);
    harness.run_steps(3);
    assert!(harness.state().state.is_sheet_open());
    assert!(says(&harness, "等待第二席会签・余 10:00"), "{:?}", painted(&harness));
    harness.state_mut().clock.now = NOON.plus_secs(90);
    harness.run_steps(2);
    assert!(says(&harness, "等待第二席会签・余 08:30"));
    assert_eq!(harness.state().city.footing.posture, Posture::Peace);

    harness.state_mut().asked.clear();
    click(&mut harness, Lang::Zh.t(tr::WITHDRAW));
    assert_eq!(submitted(&harness), Some(Command::WithdrawProposal { number: 1, reason: "".into() }));
}

#[test]
fn every_other_desk_hears_of_it_and_f9_opens_it_with_strikes_and_additions() {
    let mut harness = proposed(SECOND).show(1920.0, 1080.0);
    assert!(!harness.state().state.is_sheet_open(), "nobody's work is covered");
    assert!(
        says(&harness, Lang::Zh.t(tr::CO_SIGN_WAITS)) && says(&harness, "值班长 01（张三） 于 12:00 提议"),
        "{:?}",
        painted(&harness)
    );
    harness.key_press(egui::Key::F9);
    harness.run_steps(3);
    for word in ["已划去：渔船已回港", "加派泵车", "增列：低洼处多", "原因：预报提前", "余 10:00"]
    {
        assert!(says(&harness, word), "{word}: {:?}", painted(&harness));
    }
    let hold = harness.get_by_label(&co_sign_label()).rect().center();
    hold_for(&mut harness, hold, 8); // 2 s
    assert_eq!(submitted(&harness), None, "two seconds are not three");
    hold_for(&mut harness, hold, 15);
    let command = submitted(&harness).expect("the hold signs");
    assert_eq!(command, Command::CoSign { number: 1 });
    harness.state_mut().happen(Source::Seat(SECOND.into()), command);
    harness.run_steps(3);
    assert_eq!(harness.state().city.footing.level, Some(ResponseLevel::I));
    assert!(!harness.state().state.is_sheet_open() && !says(&harness, Lang::Zh.t(tr::CO_SIGN_WAITS)));
}

#[test]
fn the_second_declines_with_a_reason_and_the_first_reads_it() {
    let mut harness = proposed(SECOND).show(1920.0, 1080.0);
    harness.key_press(egui::Key::F9);
    harness.run_steps(3);
    click(&mut harness, Lang::Zh.t(tr::DECLINE));
    assert_eq!(submitted(&harness), None, "nobody said why");
    click(&mut harness, Lang::Zh.t(tr::DECLINE_LEVEL));
    click(&mut harness, Lang::Zh.t(tr::DECLINE));
    let reason = Text::from(Lang::Zh.t(tr::DECLINE_LEVEL));
    let command = submitted(&harness).expect("declined");
    assert_eq!(command, Command::DeclineProposal { number: 1, reason });

    let mut first = proposed(FIRST).show(1920.0, 1080.0);
    assert!(first.state().state.is_sheet_open(), "one's own proposal waits before one's eyes");
    first.state_mut().happen(Source::Seat(SECOND.into()), command);
    first.run_steps(3);
    assert!(says(&first, "第 1 号提议不同意") && says(&first, "级别不妥"), "{:?}", painted(&first));
    click(&mut first, Lang::Zh.t(tr::DRAW_ANOTHER));
    assert!(first.state().state.is_sheet_open() && says(&first, Lang::Zh.t(tr::REVIEW_SHEET)));
}

#[test]
fn who_may_not_be_the_second_reads_it_and_sees_why() {
    for (seat, words) in [("观摩席", "领导（只读）"), ("值班长 01 副屏", "两个席位都是「张三」")]
    {
        let mut harness = proposed(seat).show(1920.0, 1080.0);
        assert!(says(&harness, words), "on the banner: {:?}", painted(&harness));
        harness.key_press(egui::Key::F9);
        harness.run_steps(3);
        let hold = harness.get_by_label(&co_sign_label()).rect().center();
        hold_for(&mut harness, hold, 16);
        click(&mut harness, Lang::Zh.t(tr::DECLINE_LEVEL));
        click(&mut harness, Lang::Zh.t(tr::DECLINE));
        assert_eq!(submitted(&harness), None, "{seat}");
    }
}

#[test]
fn what_changed_since_is_told_and_cannot_be_signed() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.seat = SECOND.into();
    let plan = screen.city.plans.keys().next().cloned().expect("a plan");
    let mut switch = to_war(plan.clone(), ResponseLevel::I);
    if let Switch::ToWar { ask, sheet_version, .. } = &mut switch {
        *sheet_version = Some(screen.city.sheet(ask, NOON).expect("a sheet").version);
    }
    screen.happen(Source::Seat(FIRST.into()), Command::ProposeSwitch { switch });
    // The plan is another edition by the time the second reads it.
    screen.city.plans[&plan].version = "2".into();
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::F9);
    harness.run_steps(3);
    assert!(
        says(&harness, Lang::Zh.t(tr::PROPOSAL_IS_OTHER)) && says(&harness, "预案已经更换"),
        "{:?}",
        painted(&harness)
    );
    let hold = harness.get_by_label(&co_sign_label()).rect().center();
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None);
}

#[test]
fn walls_say_it_in_words() {
    let mut screen = proposed(SECOND);
    screen.is_wall = true;
    let texts = painted(&screen.show(7680.0, 2160.0));
    assert!(texts.iter().any(|it| it.starts_with("待会签") && it.contains(FIRST)), "{texts:?}");
}

#[test]
fn a_proposal_is_drawn_at_any_size() {
    for (width, height) in [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (3840.0, 1080.0)] {
        for seat in [FIRST, SECOND] {
            let mut harness = proposed(seat).show(width, height);
            harness.key_press(egui::Key::F9);
            harness.run_steps(2);
            assert!(submitted(&harness).is_none());
        }
    }
}
