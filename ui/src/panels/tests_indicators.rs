//! The page of indicators: the grave first, what is missing says why, one in full down to its records, and nothing of now in a
//! review.

use super::tests::{NOON, Screen, click, painted};
use super::*;
use crate::i18n::{Lang, tr};
use crate::indicators::{
    BeneathRow, BeneathTold, BulletinRow, DefinitionsTold, FiguresTold, IndicatorAsk, IndicatorNews,
};
use egui_kittest::Harness;
use gulang_city::indicators::{Comparison, Definitions, Engine, Figure, FigureKey, RowId, WhyNone};

const TOML: &str = include_str!("../../../assets/cities/xiamen/indicators.toml");

fn definitions() -> Definitions {
    Definitions::parse("indicators.toml", TOML).expect("the shipped definitions")
}

fn key(words: &str) -> FigureKey {
    words.parse().expect("a key")
}

/// Every figure of the small city, and what the test says of some.
fn figures(change: impl Fn(&mut Figure)) -> FiguresTold {
    let city = City::found(&tiny_pack(), Realm::Actual);
    let engine = Engine::new(definitions(), &city, &Readings::for_city(&city), NOON);
    let mut figures: Vec<Figure> = engine.figures().collect();
    figures.iter_mut().for_each(change);
    let n_figures = figures.len();
    FiguresTold { epoch: 1, revision: 1, now_ms: Some(NOON.0), n_figures, faults: Vec::new(), figures }
}

fn open(told: FiguresTold, width: f32, height: f32) -> Harness<'static, Screen> {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.state.take_indicators(IndicatorNews::Figures(Ok(told)));
    let definitions = DefinitionsTold { simulated: true, epoch: 1, definitions: Some(definitions()) };
    screen.state.take_indicators(IndicatorNews::Definitions(Ok(definitions)));
    let mut harness = screen.show(width, height);
    harness.key_press(egui::Key::F2);
    harness.run_steps(2);
    harness
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// 在办超期率 is far beyond its limits, with what it was yesterday.
fn grave(it: &mut Figure) {
    if it.key == key("case_overdue_rate@city") {
        let with = gulang_city::indicators::Compare::Yesterday;
        let yesterday = Comparison { with, value: Some(30.0), change: Some(12.5), kept_at: None, corrected_at: None };
        (it.value, it.why_none, it.band) = (Some(42.5), None, Some(WarningColor::Red));
        (it.numerator, it.denominator, it.comparisons) = (Some(17.0), Some(40.0), vec![yesterday]);
    }
}

#[test]
fn the_grave_comes_first_with_what_it_is_held_against() {
    for (width, height) in [(1920.0, 1080.0), (3840.0, 1080.0), (1280.0, 720.0)] {
        let harness = open(figures(grave), width, height);
        for words in ["42.5", "比昨日此时 +12.5", "示例指标", "仿真"] {
            assert!(says(&harness, words), "{words} at {width}: {:?}", painted(&harness));
        }
        let asked = &harness.state().asked;
        assert!(asked.iter().any(|it| matches!(it, UiCommand::AskIndicators(IndicatorAsk::Figures { .. }))));
    }
}

#[test]
fn a_theme_shows_its_cards_and_a_figure_that_is_missing_says_why() {
    let mut harness = open(figures(|_| {}), 1920.0, 1080.0);
    assert!(says(&harness, Lang::Zh.t(tr::INDICATORS_NONE_GRAVE)), "{:?}", painted(&harness));
    click(&mut harness, "事部件");
    assert!(says(&harness, "在办案件") || says(&harness, "今日上报"), "{:?}", painted(&harness));
    assert!(
        says(&harness, &WhyNone::NothingToDivideBy.words(PaperLang::Zh))
            || says(&harness, &WhyNone::NothingHeard.words(PaperLang::Zh))
    );
}

#[test]
fn one_in_full_tells_its_parts_and_its_records_which_open_on_the_map() {
    let mut harness = open(figures(grave), 1920.0, 1080.0);
    let name = definitions().get("case_overdue_rate").expect("it is shipped").zh.to_string();
    click(&mut harness, &name);
    let asked = harness.state().asked.clone();
    assert!(asked.contains(&UiCommand::AskIndicators(IndicatorAsk::Beneath(key("case_overdue_rate@city")))));
    let row = BeneathRow {
        id: RowId::Case(CaseId(7)),
        kind: "案件".into(),
        number: "7".into(),
        name: "占道堆物".into(),
        words: "思明区・处置".into(),
        at_ms: Some(NOON.plus_mins(-30).0),
    };
    let told = BeneathTold { key: key("case_overdue_rate@city"), n: 17, rows: vec![row] };
    harness.state_mut().state.take_indicators(IndicatorNews::Beneath(Ok(told)));
    harness.run_steps(2);
    for words in ["17 / 40", "由 17 条记录而来", "占道堆物", "按区"] {
        assert!(says(&harness, words), "{words}: {:?}", painted(&harness));
    }
    click(&mut harness, &Lang::Zh.fill(tr::INDICATOR_SAVE, &["Parquet"]));
    let save = UiCommand::AskIndicators(IndicatorAsk::Save(key("case_overdue_rate@city"), "parquet"));
    assert!(harness.state().asked.contains(&save));
    click(&mut harness, "案件 占道堆物");
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Case(CaseId(7))))));
    assert!(!says(&harness, Lang::Zh.t(tr::INDICATORS)) || !says(&harness, "17 / 40"), "the page made way for the map");
}

#[test]
fn a_hub_that_does_not_answer_and_faulty_definitions_are_told_in_the_header() {
    let mut harness = open(figures(|_| {}), 1920.0, 1080.0);
    harness.state_mut().state.take_indicators(IndicatorNews::Figures(Err("HTTP 502".to_owned())));
    harness.run_steps(2);
    assert!(says(&harness, "枢纽未答：HTTP 502"));
    let faulty = FiguresTold { faults: vec!["indicators.toml:15: casks".to_owned()], ..figures(|_| {}) };
    harness.state_mut().state.take_indicators(IndicatorNews::Figures(Ok(faulty)));
    harness.run_steps(2);
    assert!(says(&harness, "indicators.toml:15"), "{:?}", painted(&harness));
}

#[test]
fn the_bulletins_of_the_pack_are_saved_at_a_press_and_a_faulty_one_is_named_too() {
    let mut harness = open(figures(|_| {}), 1920.0, 1080.0);
    assert!(harness.state().asked.contains(&UiCommand::AskIndicators(IndicatorAsk::Bulletins)));
    let row = |id: &str, title: &str, fault: &str| BulletinRow {
        id: id.into(),
        title: title.into(),
        lang: PaperLang::Zh,
        fault: fault.into(),
    };
    let told = vec![row("duty", "值班快报", ""), row("flood", "防汛专报", "没有这个指标")];
    harness.state_mut().state.take_indicators(IndicatorNews::Bulletins(Ok(told)));
    harness.run_steps(2);
    assert!(says(&harness, "防汛专报"));
    click(&mut harness, "值班快报 DOCX");
    let saved = UiCommand::AskIndicators(IndicatorAsk::Bulletin("duty.docx".to_owned()));
    assert!(harness.state().asked.contains(&saved), "{:?}", harness.state().asked);
}
