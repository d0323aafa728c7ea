//! Briefings: that a page says its figures and why one is missing, that what is frozen stays, that writing tells the city once
//! what was written, and that whoever shows one turns the walls' pages and no other screen's letters.

use super::tests::{NOON, Screen, click, painted};
use super::*;
use crate::briefings::{SinceLine, SinceSum, SinceTold};
use crate::i18n::tr;
use crate::indicators::{DefinitionsTold, FiguresTold, IndicatorNews};
use egui::Key;
use egui_kittest::{Harness, kittest::Queryable};
use gulang_city::indicators::{Definitions, Engine, Figure, FigureKey, WhyNone};

const TOML: &str = include_str!("../../../assets/cities/xiamen/indicators.toml");
const TYPHOON: &str = include_str!("../../../assets/cities/xiamen/briefings/typhoon.toml");
const DAILY: &str = include_str!("../../../assets/cities/xiamen/briefings/daily.toml");
const TYPHOON_EN: &str = include_str!("../../../assets/cities/xiamen/briefings/typhoon_en.toml");
const DAILY_EN: &str = include_str!("../../../assets/cities/xiamen/briefings/daily_en.toml");

fn definitions() -> Definitions {
    Definitions::parse("indicators.toml", TOML).expect("the shipped definitions")
}

fn key(words: &str) -> FigureKey {
    words.parse().expect("a key")
}

fn page(headline: &str) -> BriefingPage {
    BriefingPage { headline: headline.into(), ..BriefingPage::default() }
}

/// Two pages: figures, a chart and a decision beside the map; a sentence alone.
fn briefing() -> Briefing {
    let figure = |words: &str| PageFigure { key: key(words), label: "".into(), note: "".into() };
    let first = BriefingPage {
        look: Some(Look {
            at: LonLat(118.1, 24.5),
            metres: 20_000.0,
            bearing: 0.0,
            tilt: 0.0,
            layers: vec!["rain".into()],
        }),
        figures: vec![figure("case_overdue_rate@city"), figure("tide_max@city")],
        chart: Some(PageChart {
            key: key("case_open@city"), kind: PageChartKind::Groups, title: "各区在办".into()
        }),
        decision: Some(Decision { question: "是否转移".into(), until: "17:30".into(), ..Decision::default() }),
        notes: "先说超期".into(),
        ..page("超期 {case_overdue_rate}，潮位 {tide_max}")
    };
    Briefing {
        title: "台风会商".into(), host: "市防指".into(), pages: vec![first, page("第二句")], frozen: None
    }
}

fn screen(kept: Option<Briefing>) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    if let Some(briefing) = kept {
        let put = Command::PutBriefing { id: "b1".into(), briefing };
        screen.happen(Source::Seat(screen.seat.clone()), put);
    }
    tell(&mut screen.state, 42.5);
    screen
}

/// Every figure of the small city, the rate of overdue cases as the test says; nobody measures the tide.
fn tell(state: &mut PanelState, rate: f64) {
    let city = City::found(&tiny_pack(), Realm::Actual);
    let engine = Engine::new(definitions(), &city, &Readings::for_city(&city), NOON);
    let mut figures: Vec<Figure> = engine.figures().collect();
    for it in &mut figures {
        if it.key == key("case_overdue_rate@city") {
            (it.value, it.why_none, it.is_stale) = (Some(rate), None, false);
        }
        if it.key == key("tide_max@city") {
            (it.value, it.why_none) = (None, Some(WhyNone::NothingHeard));
        }
    }
    let n_figures = figures.len();
    let told = FiguresTold { epoch: 1, revision: 1, now_ms: Some(NOON.0), n_figures, faults: Vec::new(), figures };
    let definitions = DefinitionsTold { simulated: true, epoch: 1, definitions: Some(definitions()) };
    state.take_indicators(IndicatorNews::Figures(Ok(told)));
    state.take_indicators(IndicatorNews::Definitions(Ok(definitions)));
}

/// The wall, with a page cast.
fn on_wall(briefing: Briefing, page: usize) -> Harness<'static, Screen> {
    let mut screen = screen(Some(briefing));
    let scene = briefing_scene(&"b1".into(), page).expect("a scene");
    screen.happen(Source::Seat(screen.seat.clone()), Command::ShowScene { scene });
    screen.is_wall = true;
    screen.show(3840.0, 1080.0)
}

/// The desk with the briefing open to be written.
fn on_desk(briefing: Briefing) -> Harness<'static, Screen> {
    let mut harness = screen(Some(briefing)).show(1920.0, 1080.0);
    hit(&mut harness, Key::F6);
    click(&mut harness, &Lang::Zh.fill(tr::BRIEF_OPEN, &["台风会商"]));
    harness
}

fn hit(harness: &mut Harness<'_, Screen>, key: Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// The commands since the last look.
fn submitted(harness: &mut Harness<'_, Screen>) -> Vec<Command> {
    let asked = std::mem::take(&mut harness.state_mut().asked);
    asked.into_iter().filter_map(|it| if let UiCommand::Submit(command) = it { Some(command) } else { None }).collect()
}

/// The one command since the last look; the hub does it.
#[track_caller]
fn happens(harness: &mut Harness<'_, Screen>) -> Command {
    let mut all = submitted(harness);
    assert_eq!(all.len(), 1, "{all:?}");
    let command = all.remove(0);
    let seat = harness.state().seat.clone();
    harness.state_mut().happen(Source::Seat(seat), command.clone());
    harness.run_steps(2);
    command
}

/// The briefing it was told, which the hub took.
#[track_caller]
fn put(harness: &mut Harness<'_, Screen>) -> Briefing {
    match happens(harness) {
        Command::PutBriefing { briefing, .. } => briefing,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_says_its_figures_and_why_one_is_missing() {
    let harness = on_wall(briefing(), 1);
    let wanted = ["42.5", "台风会商", "第 1 页，共 2 页", "各区在办", "是否转移", "17:30 前", "仿真数据"];
    for words in wanted {
        assert!(says(&harness, words), "{words}: {:?}", painted(&harness));
    }
    let why = WhyNone::NothingHeard.words(PaperLang::Zh);
    assert!(says(&harness, &format!("潮位 —（{why}）")), "{:?}", painted(&harness));
    assert!(!says(&harness, "先说超期"), "notes are not for the hall");
    assert!(harness.state().state.map_rect.is_positive());
    let asked = &harness.state().asked;
    assert!(
        asked.iter().any(|it| matches!(it, UiCommand::LookAs { look, .. } if look.metres == 20_000.0)),
        "{asked:?}"
    );
    assert!(asked.contains(&UiCommand::SetTheme(Theme::Light)));
}

#[test]
fn a_page_without_a_map_leaves_none_and_black_says_nothing_but_the_time() {
    let harness = on_wall(briefing(), 2);
    assert!(says(&harness, "第二句") && !harness.state().state.map_rect.is_positive());
    let harness = on_wall(briefing(), 0);
    assert_eq!(painted(&harness), [NOON.hm()]);
}

#[test]
fn what_is_frozen_stays_as_it_was_and_says_when() {
    let mut harness = on_desk(briefing());
    click(&mut harness, tr::BRIEF_FREEZE.zh);
    let briefing = put(&mut harness);
    let frozen = briefing.frozen.as_ref().expect("it is frozen");
    assert!(frozen.figures.iter().any(|it| it.key == key("case_overdue_rate@city") && it.value == Some(42.5)));
    assert!(frozen.figures.iter().any(|it| it.key.indicator.as_str() == "case_open"), "the groups under the chart too");
    assert_eq!(frozen.at, NOON);
    let mut harness = on_wall(briefing, 1);
    tell(&mut harness.state_mut().state, 77.0);
    harness.run_steps(2);
    assert!(says(&harness, "42.5") && !says(&harness, "77"), "{:?}", painted(&harness));
    assert!(says(&harness, "数据冻结于"));
}

#[test]
fn one_begins_with_a_template_of_the_city_and_it_is_whole() {
    let mut start = screen(None);
    let shipped = [("typhoon", TYPHOON), ("daily", DAILY), ("typhoon_en", TYPHOON_EN), ("daily_en", DAILY_EN)];
    for (id, text) in shipped {
        let template = parse_briefing(id, text).expect("a shipped template");
        let definitions = definitions();
        let unknown: Vec<String> = template
            .briefing
            .keys()
            .iter()
            .filter(|it| definitions.get(it.indicator.as_str()).is_none())
            .map(ToString::to_string)
            .collect();
        assert!(unknown.is_empty(), "{id}: {unknown:?}");
        start.city.briefing_templates.push(template);
    }
    let mut harness = start.show(1920.0, 1080.0);
    hit(&mut harness, Key::F6);
    assert!(says(&harness, tr::BRIEF_NONE.zh));
    let in_english = Lang::En.fill(tr::BRIEF_FROM, &["Typhoon briefing"]);
    harness.state_mut().lang = Lang::En;
    harness.run_steps(2);
    assert!(says(&harness, &in_english), "{:?}", painted(&harness));
    harness.state_mut().lang = Lang::Zh;
    harness.run_steps(2);
    assert!(!says(&harness, "Typhoon briefing"), "a template speaks one language");
    click(&mut harness, &Lang::Zh.fill(tr::BRIEF_FROM, &["台风会商"]));
    let begun = put(&mut harness);
    assert_eq!(begun.pages.len(), 5);
    assert!(says(&harness, tr::BRIEF_INSERT.zh), "it is in hand");
}

#[test]
fn what_is_typed_is_told_once_and_can_be_taken_back() {
    let mut harness = on_desk(briefing());
    submitted(&mut harness);
    harness.get_by_label(tr::BRIEF_HEADLINE.zh).focus();
    harness.run_steps(2);
    harness.get_by_label(tr::BRIEF_HEADLINE.zh).type_text("新");
    harness.run_steps(3);
    assert!(submitted(&mut harness).is_empty(), "not letter by letter");
    hit(&mut harness, Key::Enter);
    assert!(put(&mut harness).pages[0].headline.contains('新'));
    click(&mut harness, tr::BRIEF_UNDO.zh);
    assert_eq!(happens(&mut harness), Command::UndoBriefing { id: "b1".into() });
    assert_eq!(harness.state().city.briefings["b1"].briefing, briefing());
}

#[test]
fn pages_are_added_carried_and_removed() {
    let mut harness = on_desk(briefing());
    submitted(&mut harness);
    click(&mut harness, tr::BRIEF_PAGE_NEW.zh);
    assert_eq!(put(&mut harness).pages.len(), 3);
    harness.key_press_modifiers(egui::Modifiers::SHIFT, Key::PageUp);
    harness.run_steps(2);
    assert_eq!(&*put(&mut harness).pages[0].headline, tr::BRIEF_FIRST_HEADLINE.zh);
    click(&mut harness, tr::BRIEF_PAGE_REMOVE.zh);
    assert_eq!(put(&mut harness), briefing());
}

#[test]
fn a_figure_is_picked_and_the_view_is_kept() {
    let mut start = screen(Some(briefing()));
    start.view = View { at: LonLat(118.2, 24.6), metres: 5000.0, bearing: 30.0, ..View::default() };
    let mut harness = start.show(1920.0, 1080.0);
    hit(&mut harness, Key::F6);
    click(&mut harness, &Lang::Zh.fill(tr::BRIEF_OPEN, &["台风会商"]));
    submitted(&mut harness);
    click(&mut harness, tr::BRIEF_MAP_TAKE.zh);
    let look = put(&mut harness).pages[0].look.clone().expect("it has a map");
    assert_eq!((look.at, look.metres, look.bearing), (LonLat(118.2, 24.6), 5000.0, 30.0));
    assert_eq!(look.layers, ["rain".into()], "its layers stay");
    click(&mut harness, tr::BRIEF_INSERT.zh);
    let name = definitions().get("case_open").expect("shipped").zh.to_string();
    harness.get_by_label(tr::BRIEF_PICK.zh).type_text(&name);
    harness.run_steps(3);
    click(&mut harness, &name);
    assert!(put(&mut harness).pages[0].headline.ends_with("{case_open}"));
}

#[test]
fn what_is_news_becomes_a_page() {
    let mut harness = on_desk(briefing());
    click(&mut harness, tr::BRIEF_PAGE_SINCE.zh);
    assert!(harness.state().asked.contains(&UiCommand::AskBriefings(BriefingAsk::Since)));
    submitted(&mut harness);
    let line = SinceLine { kind: "告警".into(), text: "积水".into(), ..SinceLine::default() };
    let sums = vec![SinceSum { kind: "告警".into(), n: 7 }];
    let told = SinceTold { since_ms: NOON.0, shown: "早会".into(), sums, lines: vec![line], ..SinceTold::default() };
    harness.state_mut().state.take_briefings(BriefingNews::Since(Ok(told)));
    harness.run_steps(2);
    let page = &put(&mut harness).pages[1];
    assert!(page.headline.contains("告警 7") && page.notes.contains("积水"), "{page:?}");
}

#[test]
fn whoever_shows_it_turns_the_walls_pages_and_ends_it() {
    let mut harness = on_desk(briefing());
    submitted(&mut harness);
    hit(&mut harness, Key::F5);
    let scene = |harness: &mut Harness<'_, Screen>| match happens(harness) {
        Command::ShowScene { scene } => scene.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(scene(&mut harness), "brief:1:b1");
    assert!(says(&harness, "先说超期"), "notes are for whoever speaks");
    // Letters of the desk are none here.
    for key in [Key::M, Key::C, Key::P, Key::V, Key::J] {
        hit(&mut harness, key);
    }
    assert!(submitted(&mut harness).is_empty() && says(&harness, "先说超期"));
    hit(&mut harness, Key::ArrowRight);
    assert_eq!(scene(&mut harness), "brief:2:b1");
    hit(&mut harness, Key::ArrowRight);
    assert!(submitted(&mut harness).is_empty(), "there is no third page");
    hit(&mut harness, Key::B);
    assert_eq!(scene(&mut harness), "brief:0:b1");
    hit(&mut harness, Key::B);
    assert_eq!(scene(&mut harness), "brief:2:b1");
    hit(&mut harness, Key::Escape);
    assert_eq!(scene(&mut harness), "peace");
    assert!(says(&harness, tr::BRIEF_INSERT.zh), "back where it is written");
}

#[test]
fn it_is_deleted_at_the_second_press_alone() {
    let mut harness = on_desk(briefing());
    submitted(&mut harness);
    click(&mut harness, tr::BRIEF_REMOVE.zh);
    assert!(submitted(&mut harness).is_empty());
    click(&mut harness, tr::BRIEF_REMOVE_SURE.zh);
    assert_eq!(happens(&mut harness), Command::RemoveBriefing { id: "b1".into() });
    assert!(says(&harness, tr::BRIEF_NONE.zh));
}

#[test]
fn any_page_is_drawn_at_any_size_in_both_languages() {
    let mut long = briefing();
    long.pages[0].headline = "长".repeat(120).into();
    long.pages[0]
        .figures
        .push(PageFigure { key: key("no_such@city"), label: "长".repeat(40).into(), note: "".into() });
    for (width, height) in [(320.0, 200.0), (1280.0, 720.0), (3840.0, 1080.0)] {
        for lang in [Lang::Zh, Lang::En] {
            for is_wall in [true, false] {
                let mut start = screen(Some(long.clone()));
                let scene = briefing_scene(&"b1".into(), 1).expect("a scene");
                start.happen(Source::Seat(start.seat.clone()), Command::ShowScene { scene });
                (start.is_wall, start.lang) = (is_wall, lang);
                let mut harness = start.show(width, height);
                hit(&mut harness, if is_wall { Key::D } else { Key::F6 });
            }
        }
    }
}

#[test]
fn f7_is_the_other_language() {
    let mut harness = screen(None).show(1280.0, 720.0);
    hit(&mut harness, Key::F7);
    assert_eq!(harness.state().state.lang, Lang::En);
}
