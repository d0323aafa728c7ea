//! What the officer does by hand, through egui_kittest: an order added to the sheet, a switch of one district, pictures
//! opened, a held order released, a case transferred.

use super::tests::{NOON, Screen, click, hold_for, open_sheet, painted, submitted};
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

fn write(harness: &mut Harness<'_, Screen>, line: &str, text: &str) {
    click(harness, line);
    harness.event(Input::Text(text.to_owned()));
    harness.run_steps(2);
}

/// Fills in the form all but the reason, and tries to put it on the sheet.
fn add_without_reason(harness: &mut Harness<'_, Screen>) {
    let t = |text| Lang::Zh.t(text);
    click(harness, t(tr::ADD_ORDER));
    write(harness, t(tr::PICK_AGENCY), "水利");
    click(harness, "水利局");
    write(harness, t(tr::ADDED_TITLE), "加派泵车");
    write(harness, t(tr::ADDED_BODY), "到一号下穿");
    click(harness, &Lang::Zh.fill(tr::ADDED_IN, &["思明"]));
    click(harness, t(tr::ADDED_ADD));
}

fn add(harness: &mut Harness<'_, Screen>) {
    add_without_reason(harness);
    write(harness, Lang::Zh.t(tr::ADDED_REASON), "泵车不够");
    click(harness, Lang::Zh.t(tr::ADDED_ADD));
}

#[test]
fn an_order_added_by_hand_goes_out_with_the_sheet() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    add(&mut harness);
    let texts = painted(&harness);
    assert!(texts.iter().any(|text| text == Lang::Zh.t(tr::ADDED_MARK)), "{texts:?}");
    hold_for(&mut harness, hold, 16);
    let Some(command) = submitted(&harness) else { panic!("nothing was submitted") };
    let Command::SwitchToWar { added, .. } = &command else { panic!("{command:?}") };
    let wanted = AddedOrder {
        agency: "ag-water".into(),
        title: "加派泵车".into(),
        body: "到一号下穿".into(),
        within_mins: 60,
        channel: Channel::Platform,
        districts: vec!["350203".into()],
        reason: "泵车不够".into(),
    };
    assert_eq!(added, &[wanted]);
    assert!(harness.state().city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn an_order_added_by_hand_needs_a_reason_and_can_be_removed() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    open_sheet(&mut harness, ResponseLevel::III);
    add_without_reason(&mut harness);
    assert!(says(&harness, Lang::Zh.t(tr::ADDED_NEEDS_REASON)), "{:?}", painted(&harness));
    // Esc puts the form away, not the sheet.
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(harness.state().state.is_sheet_open() && !says(&harness, Lang::Zh.t(tr::ADDED_NEEDS_REASON)));

    add(&mut harness);
    click(&mut harness, &Lang::Zh.fill(tr::ADDED_REMOVE, &["加派泵车"]));
    harness.run_steps(2);
    assert!(!says(&harness, "加派泵车"), "{:?}", painted(&harness));
}

#[test]
fn a_switch_of_one_district_shows_and_sends_only_its_own() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    assert!(says(&harness, &Lang::Zh.fill(tr::TAB_PEOPLE, &["150"])), "{:?}", painted(&harness));
    click(&mut harness, &Lang::Zh.fill(tr::SWITCH_IN, &["思明"]));
    assert!(says(&harness, &Lang::Zh.fill(tr::TAB_PEOPLE, &["100"])), "{:?}", painted(&harness));
    assert!(says(&harness, Lang::Zh.t(tr::SCREENS_DISTRICTS)));
    hold_for(&mut harness, hold, 16);
    let Some(command) = submitted(&harness) else { panic!("nothing was submitted") };
    let Command::SwitchToWar { districts, .. } = &command else { panic!("{command:?}") };
    assert_eq!(districts, &[DistrictId::from("350203")]);
    assert!(harness.state().city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn what_the_sheet_opens_is_named_with_why_and_opened_after_the_switch() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    assert!(says(&harness, "路口二 → ") && says(&harness, "镜头距此"), "{:?}", painted(&harness));
    hold_for(&mut harness, hold, 16);
    let asked = std::mem::take(&mut harness.state_mut().asked);
    let [UiCommand::Submit(switch @ Command::SwitchToWar { .. }), UiCommand::Submit(open)] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    let early = harness.state().city.decide_from(&seat(), open, NOON);
    assert!(matches!(early, Err(Refusal::Forbidden { .. })), "nothing opens where the switch was refused");
    harness.state_mut().happen(seat(), switch.clone());
    harness.state_mut().happen(seat(), open.clone());
    harness.run_steps(2);
    assert!(harness.state().city.feeds.iter().any(|it| it.feed == Feed::Camera("cam-2".into())));
}

#[test]
fn of_flying_drones_the_opened_one_is_shown_first_and_says_of_what() {
    let mut pack = tiny_pack();
    pack.drones.push(Drone { id: "drone-2".into(), name: "二号机".into(), dock: "dock-1".into() });
    let mut screen = Screen::of(&pack, Realm::Actual);
    for i in 0..2 {
        let fix = Fix {
            lon: 118.11,
            lat: 24.5,
            height: 80.0,
            heading: 0.0,
            speed: 5.0,
            battery: 80.0,
            mode: 4,
            at: NOON.plus_secs(-1),
        };
        screen.readings.drones.put(i, fix);
    }
    let place: Text = "东渡码头".into();
    screen.city.feeds =
        vec![OpenFeed { feed: Feed::Drone("drone-2".into()), place: place.clone(), why: "港区".into() }];
    let harness = screen.show(1920.0, 1080.0);
    assert!(says(&harness, &place), "{:?}", painted(&harness));
    let left = |name: &str| harness.get_by_label(name).rect().left();
    assert!(left("二号机") < left("一号机"));
}

/// War at Ⅲ with the second measure waiting for the first.
fn with_held() -> Screen {
    let mut pack = tiny_pack();
    pack.plans[0].measures[1].group = 1;
    let mut screen = Screen::of(&pack, Realm::Actual);
    let switch = Command::SwitchToWar {
        plan: "typhoon".into(),
        level: ResponseLevel::III,
        districts: Vec::new(),
        struck: Vec::new(),
        added: Vec::new(),
        confirmed_by: vec![SEAT.into()],
        reason: "test".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    };
    screen.happen(seat(), switch);
    assert_eq!(screen.city.held.len(), 1);
    screen
}

#[test]
fn a_held_order_is_released_by_a_hold_and_a_reason() {
    let screen = with_held();
    let held = screen.city.held[0].clone();
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, &Lang::Zh.fill(tr::HELD_ORDERS, &["1"]));
    click(&mut harness, &Lang::Zh.fill(tr::RELEASE_CHOOSE, &[&held.title]));
    let at = harness.get_by_label(&Lang::Zh.fill(tr::RELEASE_N, &["1"])).rect().center();
    hold_for(&mut harness, at, 8);
    assert_eq!(submitted(&harness), None, "nobody said why");
    click(&mut harness, Lang::Zh.t(tr::RELEASE_URGENT));
    hold_for(&mut harness, at, 2); // 0.5 s
    assert_eq!(submitted(&harness), None);
    hold_for(&mut harness, at, 12); // 3 s: one hold sends once
    let command = Command::ReleaseHeld { held: vec![held.number], reason: Lang::Zh.t(tr::RELEASE_URGENT).into() };
    assert_eq!(harness.state().asked, [UiCommand::Submit(command.clone())]);
    harness.state_mut().happen(seat(), command);
    harness.run_steps(2);
    assert!(harness.state().state.held.is_none(), "nothing waits, the orders are back");
}

#[test]
fn who_may_not_release_sees_the_role_under_the_button() {
    let mut screen = with_held();
    let seats = vec![SeatEntry { seat: SEAT.into(), role: "leader".into(), officer: None }];
    screen.city.roles = Roles { seats, ..Roles::default() };
    let title = screen.city.held[0].title.clone();
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, &Lang::Zh.fill(tr::HELD_ORDERS, &["1"]));
    click(&mut harness, &Lang::Zh.fill(tr::RELEASE_CHOOSE, &[&title]));
    click(&mut harness, Lang::Zh.t(tr::RELEASE_URGENT));
    let at = harness.get_by_label(&Lang::Zh.fill(tr::RELEASE_N, &["1"])).rect().center();
    hold_for(&mut harness, at, 12);
    assert_eq!(submitted(&harness), None);
    assert!(says(&harness, "只读"), "{:?}", painted(&harness));
}

#[test]
fn a_case_is_transferred_to_the_agency_chosen() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
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
    let id = *screen.city.cases.keys().next().expect("a case");
    screen.selection = Some(Selection::Case(id));
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_TRANSFER));
    click(&mut harness, Lang::Zh.t(tr::TRANSFER_AREA));
    click(&mut harness, &Lang::Zh.fill(tr::CASE_CONFIRM, &[Lang::Zh.t(tr::CASE_TRANSFER)]));
    assert_eq!(submitted(&harness), None, "to whom?");
    assert!(says(&harness, Lang::Zh.t(tr::CASE_TRANSFER_WHOM)));
    click(&mut harness, "水利局");
    click(&mut harness, &Lang::Zh.fill(tr::CASE_TRANSFER_TO, &["水利局"]));
    let command = submitted(&harness).expect("the button sends it");
    let reason = Lang::Zh.t(tr::TRANSFER_AREA).into();
    assert_eq!(command, Command::TransferCase { case: id, to: "ag-water".into(), reason });
    assert!(harness.state().city.decide_from(&seat(), &command, NOON).is_ok(), "the rules admit it");
}
