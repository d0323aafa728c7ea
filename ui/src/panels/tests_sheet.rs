//! The review sheet, the stand-down sheet, the argued level and the countersignature, through egui_kittest.

use super::tests::{NOON, Screen, click, hold_for, open_sheet, painted, submitted};
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn seat() -> Source {
    Source::Seat("值班长 01".into())
}

fn has(harness: &Harness<'_, Screen>, word: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(word))
}

/// A level switched to by the seat that gives it, or by the commander alone for two.
fn switch(level: ResponseLevel, overridden: bool) -> Command {
    Command::SwitchToWar {
        plan: "typhoon".into(),
        level,
        districts: Vec::new(),
        struck: Vec::new(),
        added: Vec::new(),
        confirmed_by: Vec::new(),
        reason: "test".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden,
    }
}

#[test]
fn what_is_sent_is_the_sheet_that_was_seen_and_the_rules_admit_it() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    hold_for(&mut harness, hold, 16);
    let Some(command) = submitted(&harness) else { panic!("nothing was submitted") };
    let Command::SwitchToWar { sheet_version, reason, level, .. } = &command else { panic!("{command:?}") };
    let city = &harness.state().city;
    let ask = SheetAsk {
        plan: "typhoon".into(),
        level: *level,
        districts: Vec::new(),
        struck: Vec::new(),
        added: Vec::new(),
    };
    let sheet = city.sheet(&ask, NOON).expect("a sheet");
    assert_eq!(sheet_version.as_ref(), Some(&sheet.version));
    assert_eq!(&**reason, Lang::Zh.t(tr::REASON_FORECAST), "two levels up is a skip, and says why");
    assert!(city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn a_refused_sheet_comes_back_with_what_changed_and_must_be_seen() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    hold_for(&mut harness, hold, 16);
    harness.state_mut().asked.clear();
    assert!(!harness.state().state.is_sheet_open());

    // Somebody else was quicker.
    harness.state_mut().happen(Source::Seat("值班长 01".into()), switch(ResponseLevel::IV, false));
    let refusal = Refusal::SheetChanged { what: "响应级别已经变动".into() };
    harness.state_mut().state.refused(&refusal);
    harness.run_steps(3);
    assert!(harness.state().state.is_sheet_open());
    assert!(has(&harness, Lang::Zh.t(tr::SHEET_CHANGED)) && has(&harness, Lang::Zh.t(tr::CHANGED_FOOTING)));
    let start = Lang::Zh.fill(tr::HOLD_TO_START, &["Ⅲ", "实战"]);
    let hold = harness.get_by_label(&start).rect().center();
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "not before it was looked at");

    click(&mut harness, Lang::Zh.t(tr::SEEN_AGAIN));
    hold_for(&mut harness, hold, 16);
    assert!(matches!(submitted(&harness), Some(Command::SwitchToWar { .. })));
}

#[test]
fn a_dry_run_asks_what_was_shown_and_sends_nothing_else() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    open_sheet(&mut harness, ResponseLevel::I);
    click(&mut harness, Lang::Zh.t(tr::DRY_RUN));
    let label = Lang::Zh.fill(tr::HOLD_TO_START, &["Ⅰ", Lang::Zh.t(tr::DRY_RUN)]);
    let hold = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, hold, 14);
    let asked = &harness.state().asked;
    assert!(matches!(asked.as_slice(), [UiCommand::Submit(Command::DryRun { ask })] if ask.level == ResponseLevel::I));
    assert!(harness.state().state.is_sheet_open() && has(&harness, "试运行：本会发出"));
}

#[test]
fn a_leader_reads_the_sheet_and_cannot_hold_it() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    // Whoever sits at this seat only reads.
    screen.city.roles.default = "leader".into();
    screen.city.roles.seats.retain(|it| it.seat.as_str() != "值班长 01");
    let mut harness = screen.show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    let why = harness.state().city.may(&seat(), "switch_to_war").expect_err("a leader may not").to_string();
    // The reason stands under the button, cut where the button ends.
    let told = painted(&harness).into_iter().any(|it| it.starts_with(&why.chars().take(8).collect::<String>()));
    assert!(told, "{why}");
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None);
}

#[test]
fn peace_names_what_stays_open_as_accepted() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.happen(seat(), switch(ResponseLevel::III, false));
    let open = screen.city.still_open(&[]);
    assert!(!open.is_empty(), "orders are open");
    screen.state.sheet = Some(sheet::Sheet::stand_down());
    let mut harness = screen.show(1280.0, 720.0);
    click(&mut harness, Lang::Zh.t(tr::REASON_PASSED));
    let hold = harness.get_by_label(&Lang::Zh.fill(tr::HOLD_TO_STAND_DOWN, &["实战"])).rect().center();
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "nothing was accepted");
    click(&mut harness, Lang::Zh.t(tr::ACCEPT_ALL));
    hold_for(&mut harness, hold, 16);
    let Some(command) = submitted(&harness) else { panic!("nothing was submitted") };
    assert!(matches!(&command, Command::StandDown { accepted, .. } if *accepted == open));
    assert!(harness.state().city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn an_override_waits_over_the_desk_for_another_persons_signature() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.happen(Source::Seat("带班领导 02".into()), switch(ResponseLevel::I, true));
    let number = screen.city.overrides[0].number;
    let mut harness = screen.show(1280.0, 720.0);
    assert!(has(&harness, Lang::Zh.t(tr::COUNTERSIGN_WAITS)));
    click(&mut harness, Lang::Zh.t(tr::COUNTERSIGN));
    let note = Lang::Zh.t(tr::COUNTERSIGN_NOTE).into();
    let sign = Command::Countersign { number, note };
    assert_eq!(submitted(&harness), Some(sign.clone()));
    harness.state_mut().happen(seat(), sign);
    harness.run_steps(2);
    assert!(!has(&harness, Lang::Zh.t(tr::COUNTERSIGN_WAITS)));
}

#[test]
fn the_advice_says_what_speaks_for_it() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let advice = Advice {
        hazard: Hazard::Typhoon,
        plan: "typhoon".into(),
        district: None,
        level: Some(ResponseLevel::III),
        triggers: Vec::new(),
        evidence: vec![Evidence {
            text: "台风黄色预警生效".into(),
            as_of: NOON.plus_mins(-7),
            condition: "".into(),
            key: "".into(),
        }],
        against: Vec::new(),
        missing: vec![Missing { input: "flood.n27".into(), text: "内涝点没有读数".into(), as_of: Timestamp(0) }],
    };
    screen.city.recommendation = Some(Recommendation {
        plan: "typhoon".into(),
        level: ResponseLevel::III,
        evidence: advice.evidence.clone(),
        made_at: NOON,
        advices: vec![advice],
    });
    let texts = painted(&screen.show(1920.0, 1080.0));
    for wanted in ["台风 建议Ⅲ级", "台风黄色预警生效", "7分", "内涝点没有读数"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
}
