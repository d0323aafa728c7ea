//! The panels through egui_kittest: what is painted, what a press does, and that nothing panics on nothing.

use super::*;
use crate::i18n::{Lang, tr};
use egui::{Event as Input, PointerButton, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gulang_wire::ClockKind;

/// A screen under test: what it reads, what it remembers, what it asked for.
pub(super) struct Screen {
    pub(super) city: City,
    pub(super) readings: Readings,
    pub(super) clock: Clock,
    pub(super) realm: Realm,
    pub(super) selection: Option<Selection>,
    /// Whose screen it is.
    pub(super) seat: SeatId,
    pub(super) lang: Lang,
    pub(super) is_wall: bool,
    pub(super) state: PanelState,
    pub(super) layers: Vec<LayerRow>,
    pub(super) names: Names,
    pub(super) view: View,
    pub(super) asked: Vec<UiCommand>,
    pub(super) story: Option<Story>,
    pub(super) pictures: crate::hall::Pictures,
}

pub(super) const NOON: Timestamp = Timestamp::from_secs(1_690_430_400);

impl Screen {
    pub(super) fn of(pack: &Pack, realm: Realm) -> Self {
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
            seat: "值班长 01".into(),
            lang: Lang::Zh,
            is_wall: false,
            state: PanelState::default(),
            layers: Vec::new(),
            names: Names::default(),
            view: View::default(),
            asked: Vec::new(),
            story: None,
            pictures: crate::hall::Pictures::default(),
        }
    }

    /// Lets something happen, through the rules.
    pub(super) fn happen(&mut self, source: Source, command: Command) {
        let at = self.clock.now;
        let events = self.city.decide_from(&source, &command, at).expect("the rules admit it");
        for event in events {
            let seq = self.city.seq + 1;
            let record = Record { seq, at, source: source.clone(), event };
            assert_eq!(self.city.apply(&record), Applied::Advanced);
        }
    }

    /// A switch signed at as many seats as it takes.
    pub(super) fn sign(&mut self, switch: Switch) {
        let first = Source::Seat("值班长 01".into());
        if self.city.signatures_needed(&switch) < 2 {
            return self.happen(first, switch.by_one(&"值班长 01".into(), false));
        }
        self.happen(first, Command::ProposeSwitch { switch });
        let number = self.city.n_proposals;
        self.happen(Source::Seat("带班领导 02".into()), Command::CoSign { number });
    }

    /// The whole city at war, every measure of its first plan.
    pub(super) fn go_to_war(&mut self, level: ResponseLevel) {
        let plan = self.city.plans.keys().next().cloned().expect("a plan");
        self.sign(to_war(plan, level));
    }

    pub fn flood(&mut self) {
        let judged = Command::JudgeReading {
            sensor: "flood-1".into(),
            color: Some(WarningColor::Orange),
            value: 44.0,
            at: self.clock.now,
        };
        self.happen(Source::Hub, judged);
    }

    pub(super) fn show(self, width: f32, height: f32) -> Harness<'static, Self> {
        let land = LocatorLand::default();
        let inventories = BTreeMap::new();
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
                        pictures: &it.pictures,
                        selection: it.selection.as_ref(),
                        lang: it.lang,
                        locator_land: &land,
                        seat: &it.seat,
                        layers: &it.layers,
                        names: &it.names,
                        view: it.view,
                        inventories: &inventories,
                        roads: None,
                        story: it.story.as_ref(),
                        story_failure: None,
                        land: None,
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

/// Nothing struck, nothing added.
pub(super) fn to_war(plan: PlanId, level: ResponseLevel) -> Switch {
    let ask = SheetAsk { plan, level, districts: Vec::new(), struck: Vec::new(), added: Vec::new() };
    Switch::ToWar { ask, reason: "test".into(), reasons: BTreeMap::new(), sheet_version: None }
}

/// Every text painted in the last frame.
pub(super) fn painted(harness: &Harness<'_, Screen>) -> Vec<String> {
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

pub(super) fn press(harness: &mut Harness<'_, Screen>, at: Pos2, pressed: bool) {
    harness.event(Input::PointerMoved(at));
    let modifiers = egui::Modifiers::NONE;
    harness.event(Input::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers });
}

/// Holds the pointer down for so many steps of a quarter of a second.
pub(super) fn hold_for(harness: &mut Harness<'_, Screen>, at: Pos2, n_steps: usize) {
    press(harness, at, true);
    harness.run_steps(n_steps);
    press(harness, at, false);
    harness.run_steps(2);
}

pub(super) fn click(harness: &mut Harness<'_, Screen>, label: &str) {
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

/// Opens the sheet at a level, says why where levels are skipped, and returns the hold button's centre.
pub(super) fn open_sheet(harness: &mut Harness<'_, Screen>, level: ResponseLevel) -> Pos2 {
    harness.key_press(egui::Key::F9);
    harness.run_steps(2);
    click(harness, &Lang::Zh.fill(tr::LEVEL_N, &[level.roman()]));
    if harness.query_by_label(Lang::Zh.t(tr::REASON_FORECAST)).is_some() {
        click(harness, Lang::Zh.t(tr::REASON_FORECAST));
    }
    let realm = if harness.state().realm == Realm::Exercise { "演练" } else { "实战" };
    let words = if level >= ResponseLevel::II { tr::HOLD_TO_PROPOSE } else { tr::HOLD_TO_START };
    harness.get_by_label(&Lang::Zh.fill(words, &[level.roman(), realm])).rect().center()
}

pub(super) fn submitted(harness: &Harness<'_, Screen>) -> Option<Command> {
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
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "nobody said why it was struck");
    click(&mut harness, Lang::Zh.t(tr::STRIKE_DONE));

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
fn the_hold_at_level_one_is_the_first_of_two_signatures() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Exercise).show(1920.0, 1080.0);
    let hold = open_sheet(&mut harness, ResponseLevel::I);
    hold_for(&mut harness, hold, 16);
    let Some(command @ Command::ProposeSwitch { .. }) = submitted(&harness) else { panic!("nothing was proposed") };
    let city = &harness.state().city;
    let events = city.decide_from(&Source::Seat("值班长 01".into()), &command, NOON).expect("the rules admit it");
    assert!(matches!(events.as_slice(), [Event::SwitchProposed { .. }]), "{events:?}");
}

#[test]
fn peace_after_level_one_is_proposed_too() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
    screen.go_to_war(ResponseLevel::I);
    screen.state.sheet = Some(sheet::Sheet::stand_down());
    let mut harness = screen.show(1920.0, 1080.0);
    let label = Lang::Zh.fill(tr::HOLD_TO_PROPOSE_PEACE, &["演练"]);
    let hold = harness.get_by_label(&label).rect().center();
    click(&mut harness, Lang::Zh.t(tr::ACCEPT_ALL));
    hold_for(&mut harness, hold, 16);
    assert_eq!(submitted(&harness), None, "nobody said why");

    click(&mut harness, Lang::Zh.t(tr::REASON_PASSED));
    hold_for(&mut harness, hold, 16);
    let Some(command @ Command::ProposeSwitch { .. }) = submitted(&harness) else { panic!("nothing was proposed") };
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
    screen.go_to_war(ResponseLevel::III);
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
    assert_eq!(beaufort(50.0), 15);
}

// ---------------------------------------------------------------- over the map: tools, drawer, forms

use crate::stage::{
    palette::Theme,
    sketch::{Legend, Sign},
    tools::{Done, Region, Tool},
};

fn layer_rows() -> Vec<LayerRow> {
    let row = |id: &str, name: &str, chip, is_overlay| LayerRow {
        id: id.into(),
        name: name.into(),
        chip,
        is_overlay,
        on: true,
        n_total: 20_000,
        n_in_view: 12_345,
        n_shown_single: 400,
        n_in_clusters: 11_000,
        n_hidden: 945,
        as_of: NOON.plus_secs(-30),
        budget: Some(Budget::Position),
        simulated: true,
        legend: vec![Legend { color: egui::Color32::WHITE, sign: Sign::Dashed, text: "预报".into() }],
    };
    vec![
        row("cameras", "摄像头", Some(6), false),
        row("teams", "队伍", Some(2), false),
        row("typhoon", "台风", Some(8), true),
    ]
}

/// Texts that were cut with … inside `rect`.
pub(super) fn cut(harness: &Harness<'_, Screen>, rect: egui::Rect) -> Vec<String> {
    fn collect(shape: &egui::Shape, rect: egui::Rect, out: &mut Vec<String>) {
        match shape {
            egui::Shape::Text(text) if text.galley.elided && rect.contains(text.pos) => {
                out.push(text.galley.text().to_owned());
            }
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, rect, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    harness.output().shapes.iter().for_each(|clipped| collect(&clipped.shape, rect, &mut out));
    out
}

fn around_the_city(city: &City) -> Region {
    Region::Circle { center: city.center, radius_m: 60_000.0 }
}

#[test]
fn nothing_over_the_map_is_cut_or_leaves_it_on_the_usual_desks() {
    for (width, height) in [(1366.0, 768.0), (1920.0, 1080.0)] {
        for realm in [Realm::Actual, Realm::Exercise] {
            for drawer in [Drawer::Find, Drawer::Layers, Drawer::Area, Drawer::Views] {
                let mut screen = Screen::of(&tiny_pack(), realm);
                screen.layers = layer_rows();
                if drawer == Drawer::Area {
                    let region = around_the_city(&screen.city);
                    screen.state.take_done(Done::Selected(region));
                } else {
                    screen.state.toggle_drawer(drawer);
                }
                let harness = screen.show(width, height);
                let map = harness.state().state.map_rect;
                let rect = drawer::rect_on(&harness.state().state, map).expect("there is room for the drawer");
                assert!(map.contains_rect(rect), "{drawer:?} leaves the map");
                assert_eq!(cut(&harness, rect), Vec::<String>::new(), "{drawer:?} at {width}");
                assert!(!harness.state().state.is_on_map(rect.center()), "presses on {drawer:?} are not the map's");
            }
        }
        for tool in [Tool::Closure, Tool::Quake, Tool::Fire, Tool::Fence] {
            let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
            let region = around_the_city(&screen.city);
            screen.state.take_done(Done::Marked(tool, region));
            screen.state.tools.toggle(Tool::Fence);
            let harness = screen.show(width, height);
            let map = harness.state().state.map_rect;
            let left = egui::Rect::from_min_size(map.min + vec2(0.0, 50.0), vec2(400.0, 220.0));
            assert_eq!(cut(&harness, left), Vec::<String>::new(), "{tool:?} at {width}");
        }
    }
}

#[test]
fn a_tool_is_taken_up_by_press_and_by_key_and_put_down_by_esc() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1366.0, 768.0);
    click(&mut harness, Lang::Zh.t(tr::TOOL_LENGTH));
    assert_eq!(harness.state().state.tools.active(), Some(Tool::Length));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(harness.state().state.tools.active(), None);
    for tool in Tool::ALL {
        harness.key_press_modifiers(egui::Modifiers::SHIFT, tool.key());
        harness.run_steps(2);
        assert_eq!(harness.state().state.tools.active(), Some(tool));
    }
    assert!(harness.state().asked.is_empty(), "no key of a tool sends anything: {:?}", harness.state().asked);
}

#[test]
fn toolbar_buttons_are_large_enough_and_the_maps_edge_is_theirs() {
    let harness = Screen::of(&tiny_pack(), Realm::Actual).show(1366.0, 768.0);
    for tool in Tool::ALL {
        let rect = harness.get_by_label(Lang::Zh.t(tool.name())).rect();
        assert!(rect.width() >= 28.0 && rect.height() >= 28.0, "{tool:?} is {rect:?}");
        assert!(!harness.state().state.is_on_map(rect.center()));
    }
}

#[test]
fn finding_by_pinyin_goes_there_by_keys_alone() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let (id, team) = screen.city.teams.get_index(0).map(|(id, team)| (id.clone(), team.clone())).expect("a team");
    screen.names.places = vec![crate::search::Named { name: "鼓浪屿".into(), at: LonLat(118.064, 24.447) }];
    let mut harness = screen.show(1366.0, 768.0);
    harness.key_press(egui::Key::Slash);
    harness.run_steps(3);
    harness.event(Input::Text("gly".into()));
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let flew = |asked: &[UiCommand], to: LonLat| {
        asked.iter().any(|it| matches!(it, UiCommand::FlyTo(at, _) if at.distance_m(to) < 1.0))
    };
    assert!(flew(&harness.state().asked, LonLat(118.064, 24.447)), "{:?}", harness.state().asked);
    for _ in 0..3 {
        harness.key_press(egui::Key::Backspace);
    }
    harness.event(Input::Text(team.id.to_string()));
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Team(id)))));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert_eq!(harness.state().state.drawer, None);
}

#[test]
fn letters_typed_into_the_line_are_no_keys() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.flood();
    let alarm = *screen.city.alarms.keys().next().expect("an alarm");
    screen.selection = Some(Selection::Alarm(alarm));
    let mut harness = screen.show(1366.0, 768.0);
    harness.key_press(egui::Key::Slash);
    harness.run_steps(3);
    for key in [egui::Key::A, egui::Key::S, egui::Key::L, egui::Key::M, egui::Key::Num1, egui::Key::G] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    assert!(submitted(&harness).is_none() && harness.state().state.layers_off.is_empty());
    assert_eq!(harness.state().state.drawer, Some(Drawer::Find));
}

#[test]
fn a_layer_is_switched_by_itself_and_the_theme_by_its_row() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.layers = layer_rows();
    let mut harness = screen.show(1366.0, 768.0);
    harness.key_press(egui::Key::L);
    harness.run_steps(2);
    click(&mut harness, "图层 台风");
    assert!(harness.state().asked.contains(&UiCommand::ToggleLayerId("typhoon".into(), false)));
    click(&mut harness, Lang::Zh.t(tr::THEME_LIGHT));
    assert!(harness.state().asked.contains(&UiCommand::SetTheme(Theme::Light)));
    let texts = painted(&harness);
    for wanted in ["12,345 / 20,000", "单个 400 聚合 11,000 隐去 945", "预报"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
}

#[test]
fn an_area_counts_teams_where_they_are_and_says_which() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let far = LonLat(screen.city.center.0 + 2.0, screen.city.center.1);
    let n = screen.city.teams.len();
    assert!(n >= 2, "the tiny pack has teams enough");
    // The first has driven far away; the others are at home and silent.
    let fix = Fix { lon: far.0, lat: far.1, height: 0.0, heading: 0.0, speed: 0.0, battery: 50.0, mode: 0, at: NOON };
    screen.readings.teams.put(0, fix);
    let region = around_the_city(&screen.city);
    screen.state.take_done(Done::Selected(region));
    let people: u32 = screen.city.teams.values().skip(1).map(|it| it.n_people).sum();
    let sums = [n - 1, people as usize, 0, n - 1].map(|it| kit::exact(it as i64));
    let wanted = Lang::Zh.fill(tr::AREA_TEAMS_SUM, &[&sums[0], &sums[1], &sums[2], &sums[3]]);
    let second = screen.city.teams[1].clone();
    let mut harness = screen.show(1920.0, 1080.0);
    let texts = painted(&harness);
    assert!(texts.contains(&wanted), "{wanted}: {texts:?}");
    click(&mut harness, &second.name);
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Team(second.id)))));
    assert!(harness.state().state.region().is_some());
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.state().state.region().is_none() && harness.state().state.drawer.is_none());
}

#[test]
fn a_marking_is_put_only_by_its_button_and_the_rules_admit_it() {
    let city = City::found(&tiny_pack(), Realm::Actual);
    let at = city.center;
    let ring = vec![at, LonLat(at.0 + 0.01, at.1), LonLat(at.0, at.1 + 0.01)];
    for (tool, region) in [
        (Tool::Closure, Region::Circle { center: at, radius_m: 300.0 }),
        (Tool::Fence, Region::Ring(ring)),
        (Tool::Quake, Region::Point(at)),
        (Tool::Fire, Region::Point(at)),
        (Tool::Reach, Region::Point(at)),
    ] {
        let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
        screen.state.take_done(Done::Marked(tool, region.clone()));
        let mut harness = screen.show(1366.0, 768.0);
        harness.key_press(egui::Key::Escape);
        harness.run_steps(2);
        assert!(submitted(&harness).is_none() && harness.state().state.region().is_none(), "Esc sends nothing");
        harness.state_mut().state.take_done(Done::Marked(tool, region));
        harness.run_steps(2);
        click(&mut harness, Lang::Zh.t(tr::PUT_MARKING));
        let command = submitted(&harness).expect("the button sends it");
        let seat = Source::Seat("值班长 01".into());
        let decided = harness.state().city.decide_from(&seat, &command, NOON);
        assert!(decided.is_ok(), "{tool:?}: {decided:?}");
        assert!(harness.state().state.region().is_none());
    }
}

#[test]
fn views_are_kept_and_recalled_by_digits_and_chips_stay_on_them() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1366.0, 768.0);
    harness.key_press_modifiers(egui::Modifiers::CTRL, egui::Key::Num5);
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::Num3);
    harness.run_steps(2);
    assert_eq!(harness.state().asked, [UiCommand::StoreView(5), UiCommand::RecallView(3)]);
    assert!(harness.state().state.layers_off.is_empty());
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::V);
    harness.run_steps(2);
    click(&mut harness, "鼓浪屿");
    assert_eq!(harness.state().asked.last(), Some(&UiCommand::RecallView(3)));
}

#[test]
fn a_marking_is_taken_away_from_the_layer_panel() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let at = screen.city.center;
    let kind = MarkingKind::Fire { at, started: NOON };
    screen.happen(Source::Seat("值班长 01".into()), Command::PutMarking { kind, note: "".into() });
    let Some(&marking) = screen.city.markings.keys().next() else { panic!("a marking") };
    let mut harness = screen.show(1366.0, 768.0);
    harness.key_press(egui::Key::L);
    harness.run_steps(2);
    assert!(painted(&harness).iter().any(|text| text.starts_with("火情・值班长 01")));
    click(&mut harness, &Lang::Zh.fill(tr::REMOVE_MARKING, &[&marking.to_string()]));
    assert!(harness.state().asked.contains(&UiCommand::Submit(Command::RemoveMarking { marking })));
}

#[test]
fn a_wall_counts_no_machine_among_the_teams() {
    let mut pack = tiny_pack();
    let boat = Team { kind: UnitKind::Boat, ..pack.teams[0].clone() };
    pack.units.extend((0..4000).map(|i| Team { id: format!("boat-{i}").as_str().into(), ..boat.clone() }));
    let mut screen = Screen::of(&pack, Realm::Actual);
    screen.is_wall = true;
    let n_all = screen.city.teams.len();
    assert!(n_all > 4000);
    let harness = screen.show(1920.0, 1080.0);
    assert!(painted(&harness).iter().any(|it| it == Lang::Zh.t(tr::FORCES)), "{:?}", painted(&harness));
    let all = super::kit::exact(n_all as i64);
    assert!(!painted(&harness).contains(&all), "{all} of all kinds: {:?}", painted(&harness));
}
