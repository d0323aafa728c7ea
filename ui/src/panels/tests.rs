//! The panels through egui_kittest: what is painted, what a press does, and that nothing panics on nothing.

use super::*;
use crate::i18n::{Lang, tr};
use egui::{Event as Input, PointerButton, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gulang_wire::ClockKind;

/// A screen under test: what it reads, what it remembers, what it asked for.
struct Screen {
    city: City,
    readings: Readings,
    clock: Clock,
    realm: Realm,
    selection: Option<Selection>,
    lang: Lang,
    is_wall: bool,
    state: PanelState,
    asked: Vec<UiCommand>,
}

const NOON: Timestamp = Timestamp::from_secs(1_690_430_400);

impl Screen {
    fn of(pack: &Pack, realm: Realm) -> Self {
        let city = City::found(pack, realm);
        let readings = Readings::for_city(&city);
        let kind = match realm {
            Realm::Actual => ClockKind::Live,
            Realm::Exercise => ClockKind::Exercise { speed: 60.0, paused: false },
        };
        Self {
            city,
            readings,
            clock: Clock { now: NOON, wall: NOON, kind },
            realm,
            selection: None,
            lang: Lang::Zh,
            is_wall: false,
            state: PanelState::default(),
            asked: Vec::new(),
        }
    }

    /// Lets something happen, through the rules.
    fn happen(&mut self, source: Source, command: Command) {
        let at = self.clock.now;
        let events = self.city.decide_from(&source, &command, at).expect("the rules admit it");
        for event in events {
            let seq = self.city.seq + 1;
            let record = Record { seq, at, source: source.clone(), event };
            assert_eq!(self.city.apply(&record), Applied::Advanced);
        }
    }

    fn flood(&mut self) {
        let judged = Command::JudgeReading {
            sensor: "flood-1".into(),
            color: Some(WarningColor::Orange),
            value: 44.0,
            at: self.clock.now,
        };
        self.happen(Source::Hub, judged);
    }

    fn show(self, width: f32, height: f32) -> Harness<'static, Self> {
        let land = LocatorLand::default();
        let seat = SeatId::from("值班长 01");
        let pictures = BTreeMap::new();
        let mut harness =
            Harness::builder().with_size(vec2(width, height)).with_step_dt(0.25).with_max_steps(4).build_ui_state(
                move |ui: &mut egui::Ui, it: &mut Self| {
                    let model = Model {
                        city: &it.city,
                        readings: &it.readings,
                        clock: it.clock,
                        realm: it.realm,
                        simulated: true,
                        connected: ConnectionState::Live,
                        pictures: &pictures,
                        selection: it.selection.as_ref(),
                        lang: it.lang,
                        locator_land: &land,
                        seat: &seat,
                    };
                    let ctx = ui.ctx().clone();
                    let asked = match it.is_wall {
                        true => wall_ui(&ctx, &model, &mut it.state),
                        false => screen_ui(&ctx, &model, &mut it.state),
                    };
                    it.asked.extend(asked);
                },
                self,
            );
        harness.run_steps(2);
        harness
    }
}

/// Every text painted in the last frame.
fn painted(harness: &Harness<'_, Screen>) -> Vec<String> {
    fn collect(shape: &egui::Shape, out: &mut Vec<String>) {
        match shape {
            egui::Shape::Text(text) => out.push(text.galley.text().to_owned()),
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    harness.output().shapes.iter().for_each(|clipped| collect(&clipped.shape, &mut out));
    out
}

fn press(harness: &mut Harness<'_, Screen>, at: Pos2, pressed: bool) {
    harness.event(Input::PointerMoved(at));
    let modifiers = egui::Modifiers::NONE;
    harness.event(Input::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers });
}

/// Holds the pointer down for so many steps of a quarter of a second.
fn hold_for(harness: &mut Harness<'_, Screen>, at: Pos2, n_steps: usize) {
    press(harness, at, true);
    harness.run_steps(n_steps);
    press(harness, at, false);
    harness.run_steps(2);
}

fn click(harness: &mut Harness<'_, Screen>, label: &str) {
    let at = harness.get_by_label(label).rect().center();
    press(harness, at, true);
    harness.step();
    press(harness, at, false);
    harness.run_steps(2);
}

#[test]
fn nothing_panics_on_an_empty_city_at_any_size() {
    for (width, height) in
        [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (1920.0, 1080.0), (3840.0, 1080.0), (7680.0, 2160.0)]
    {
        for (realm, is_wall) in
            [(Realm::Actual, false), (Realm::Exercise, false), (Realm::Actual, true), (Realm::Exercise, true)]
        {
            let mut screen = Screen::of(&Pack::default(), realm);
            screen.is_wall = is_wall;
            let mut harness = screen.show(width, height);
            if !is_wall {
                for key in [egui::Key::F9, egui::Key::Escape, egui::Key::F10, egui::Key::Escape, egui::Key::F2] {
                    harness.key_press(key);
                    harness.run_steps(2);
                }
            }
            harness.state_mut().city.footing.posture = Posture::War;
            harness.run_steps(2);
        }
    }
}

#[test]
fn a_press_on_an_event_selects_it() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.flood();
    let alarm = *screen.city.alarms.keys().next().expect("an alarm");
    let title = {
        let sensor = &screen.city.sensors["flood-1"];
        format!("{} {}", sensor.name, sensor.kind.name_zh())
    };
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, &title);
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Alarm(alarm)))));
}

#[test]
fn a_acknowledges_the_selected_alarm_and_esc_lets_go() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.flood();
    let alarm = *screen.city.alarms.keys().next().expect("an alarm");
    screen.selection = Some(Selection::Alarm(alarm));
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::A);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.state().asked.contains(&UiCommand::Submit(Command::AcknowledgeAlarm { alarm })));
    assert!(harness.state().asked.contains(&UiCommand::Select(None)));
}

/// Opens the sheet, strikes its first measure and returns the hold button's centre.
fn open_sheet(harness: &mut Harness<'_, Screen>, level: ResponseLevel) -> Pos2 {
    harness.key_press(egui::Key::F9);
    harness.run_steps(2);
    click(harness, &Lang::Zh.fill(tr::LEVEL_N, &[level.roman()]));
    let realm = if harness.state().realm == Realm::Exercise { "演练" } else { "实战" };
    let label = Lang::Zh.fill(tr::HOLD_TO_START, &[level.roman(), realm]);
    harness.get_by_label(&label).rect().center()
}

fn submitted(harness: &Harness<'_, Screen>) -> Option<Command> {
    harness.state().asked.iter().find_map(|asked| match asked {
        UiCommand::Submit(command) => Some(command.clone()),
        _ => None,
    })
}

#[test]
fn hold_to_confirm_needs_three_seconds_and_sends_what_is_ticked() {
    let screen = Screen::of(&tiny_pack(), Realm::Actual);
    let plan = screen.city.plans.keys().next().cloned().expect("a plan");
    let orders = screen.city.orders_for(&plan, ResponseLevel::III, &[], NOON);
    let first = orders.first().cloned().expect("an order");
    let mut harness = screen.show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::III);
    click(&mut harness, &Lang::Zh.fill(tr::STRIKE, &[&first.title]));

    hold_for(&mut harness, hold, 8); // 2 s
    assert_eq!(submitted(&harness), None, "two seconds are not three");

    hold_for(&mut harness, hold, 15); // 3.75 s
    let Some(Command::SwitchToWar { plan: sent, level, struck, confirmed_by, .. }) = submitted(&harness) else {
        panic!("nothing was submitted")
    };
    assert_eq!((sent, level), (plan, ResponseLevel::III));
    assert_eq!(struck, vec![first.measure.expect("a measure")]);
    assert_eq!(confirmed_by, vec![SeatId::from("值班长 01")]);
    assert!(!harness.state().state.is_sheet_open());
}

#[test]
fn level_one_needs_two_seats_before_the_hold() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Exercise).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::I);
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "nobody confirmed");

    for seat in ["值班长 01", "带班领导 02"] {
        click(&mut harness, &Lang::Zh.fill(tr::CONFIRM_AS, &[seat]));
    }
    hold_for(&mut harness, hold, 16);
    let Some(Command::SwitchToWar { confirmed_by, .. }) = submitted(&harness) else { panic!("nothing was submitted") };
    assert_eq!(confirmed_by.len(), 2);
}

#[test]
fn two_seats_stand_down_what_two_seats_started() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
    let switch = Command::SwitchToWar {
        plan: screen.city.plans.keys().next().cloned().expect("a plan"),
        level: ResponseLevel::I,
        struck: Vec::new(),
        confirmed_by: vec!["值班长 01".into(), "带班领导 02".into()],
        reason: "test".into(),
    };
    screen.happen(Source::Seat("值班长 01".into()), switch);
    screen.state.sheet = Some(sheet::Sheet::stand_down());
    let mut harness = screen.show(1920.0, 1080.0);
    let label = Lang::Zh.fill(tr::HOLD_TO_STAND_DOWN, &["演练"]);
    let hold = harness.get_by_label(&label).rect().center();
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "nobody confirmed");

    for seat in ["值班长 01", "带班领导 02"] {
        click(&mut harness, &Lang::Zh.fill(tr::CONFIRM_AS, &[seat]));
    }
    hold_for(&mut harness, hold, 16);
    let Some(command @ Command::StandDown { .. }) = submitted(&harness) else { panic!("nothing was submitted") };
    let city = &harness.state().city;
    assert!(city.decide_from(&Source::Seat("值班长 01".into()), &command, NOON).is_ok(), "the rules admit it");
}

#[test]
fn an_exercise_says_so_on_every_panel() {
    for is_wall in [false, true] {
        let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
        screen.is_wall = is_wall;
        let marks = painted(&screen.show(1920.0, 1080.0)).iter().filter(|text| text.contains("演练")).count();
        assert!(marks >= 6, "only {marks} marks");
        let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
        screen.is_wall = is_wall;
        let marks = painted(&screen.show(1920.0, 1080.0)).iter().filter(|text| text.contains("演练进行中")).count();
        assert_eq!(marks, 0, "the actual realm claims to be a drill");
    }
}

#[test]
fn a_stale_value_says_how_old_it_is_and_a_lost_one_is_not_shown() {
    let read = |age_secs: i64| {
        let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
        screen.readings.gauges.put(0, 33.25, NOON.plus_secs(-age_secs));
        screen.selection = Some(Selection::Sensor("flood-1".into()));
        painted(&screen.show(1920.0, 1080.0))
    };
    let has = |texts: &[String], word: &str| texts.iter().any(|text| text == word);
    let fresh = read(30);
    assert!(has(&fresh, "33.2 cm") && has(&fresh, "30秒"), "{fresh:?}");
    let stale = read(660);
    assert!(has(&stale, "33.2 cm") && has(&stale, "11分"));
    let lost = read(4000);
    assert!(!has(&lost, "33.2 cm") && has(&lost, "—") && has(&lost, "1时06分"));
}

#[test]
fn a_dead_camera_shows_no_picture() {
    let screen = Screen::of(&tiny_pack(), Realm::Actual);
    let texts = painted(&screen.show(1920.0, 1080.0));
    assert!(texts.iter().any(|text| text == Lang::Zh.t(tr::NO_PICTURE)));
}

#[test]
fn orders_that_need_a_person_come_first_with_their_time() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let plan = screen.city.plans.keys().next().cloned().expect("a plan");
    let switch = Command::SwitchToWar {
        plan,
        level: ResponseLevel::III,
        struck: Vec::new(),
        confirmed_by: vec!["值班长 01".into()],
        reason: "test".into(),
    };
    screen.happen(Source::Seat("值班长 01".into()), switch);
    screen.clock.now = NOON.plus_mins(40);
    screen.happen(Source::Hub, Command::Tick);
    assert!(screen.city.orders.values().any(orders::needs_person), "silence is overdue");
    let texts = painted(&screen.show(1920.0, 1080.0));
    assert!(texts.iter().any(|text| text.starts_with("超时 ")), "{texts:?}");
}

#[test]
fn in_war_the_event_list_is_one_press_away() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.flood();
    screen.city.footing.posture = Posture::War;
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(!painted(&harness).iter().any(|text| text == Lang::Zh.t(tr::EVENTS_SUB)));
    click(&mut harness, "事件 未确认 1");
    assert!(painted(&harness).iter().any(|text| text == Lang::Zh.t(tr::EVENTS_SUB)));
}

#[test]
fn a_silent_connector_is_named_on_the_narrowest_desk() {
    for width in [1024.0, 1280.0, 1920.0] {
        let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
        for n in 0..12 {
            let health = ConnectorHealth {
                platform: format!("p{n}").as_str().into(),
                name: format!("第{n}个很长的接口").into(),
                state: if n == 11 { HealthState::Silent } else { HealthState::Healthy },
                since: NOON,
                last_error: "".into(),
                simulated: false,
            };
            screen.happen(Source::Hub, Command::ReportHealth { health });
        }
        let texts = painted(&screen.show(width, 720.0));
        assert!(texts.iter().any(|text| text == "第11个很长的接口"), "{width}: {texts:?}");
    }
}

#[test]
fn the_drill_sheet_starts_doksuri_at_sixty() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    harness.key_press(egui::Key::F10);
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::START_EXERCISE));
    let start = Drill::Start { scenario: "doksuri-2023".into(), seed: 1, speed: 60.0 };
    assert!(harness.state().asked.contains(&UiCommand::Drill(start)));
}

#[test]
fn the_drill_sheet_offers_what_is_shipped() {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/scenarios");
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    for (title, id) in [(tr::SCENARIO_DOKSURI, "doksuri-2023"), (tr::SCENARIO_RAINSTORM, "rainstorm-demo")] {
        assert!(shipped.join(id).with_extension("toml").is_file(), "{id} is not shipped");
        harness.key_press(egui::Key::F10);
        harness.run_steps(2);
        click(&mut harness, Lang::Zh.t(title));
        click(&mut harness, Lang::Zh.t(tr::START_EXERCISE));
        let started =
            |asked: &UiCommand| matches!(asked, UiCommand::Drill(Drill::Start { scenario, .. }) if scenario == id);
        assert!(harness.state().asked.iter().any(started), "{id} does not start");
    }
}

#[test]
fn presses_over_chips_and_sheets_are_not_the_maps() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    let center = harness.state().state.map_rect.center();
    let chip = harness.state().state.map_rect.min + vec2(30.0, 28.0);
    assert!(harness.state().state.is_on_map(center) && !harness.state().state.is_on_map(chip));
    harness.key_press(egui::Key::F9);
    harness.run_steps(2);
    assert!(!harness.state().state.is_on_map(center));
}

#[test]
fn english_and_chinese_both_draw() {
    for lang in [Lang::Zh, Lang::En] {
        let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
        screen.lang = lang;
        let texts = painted(&screen.show(1920.0, 1080.0));
        assert!(texts.iter().any(|text| text == lang.t(tr::EVENTS)));
    }
}

#[test]
fn figures_read_as_the_rules_say() {
    assert_eq!(kit::exact(2126), "2,126");
    assert_eq!(kit::count(Lang::Zh, 69_300.0), "6.93万");
    assert_eq!(kit::mmss(205_000), "03:25");
    assert_eq!(kit::percent(999.0, 1000.0), "99%");
    assert_eq!(kit::percent(0.0, 0.0), "—");
    assert_eq!(typhoon::beaufort(50.0), 15);
}
