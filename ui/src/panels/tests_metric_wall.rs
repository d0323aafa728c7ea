//! The metrics wall and its arranging: what cards say of a figure, that one of no indicator says so, and that a card
//! dragged or pushed by key is told to the city with its new place.

use super::tests::{NOON, Screen, click, painted, press};
use super::*;
use crate::i18n::{Lang, tr};
use crate::indicators::{DefinitionsTold, FiguresTold, IndicatorAsk, IndicatorNews};
use egui::vec2;
use egui_kittest::{Harness, kittest::Queryable};
use gulang_city::indicators::{Anomaly, Definitions, Engine, Figure, FigureKey, WhyNone};

const TOML: &str = include_str!("../../../assets/cities/xiamen/indicators.toml");
const WALLS: &str = include_str!("../../../assets/cities/xiamen/metric_walls.toml");

fn definitions() -> Definitions {
    Definitions::parse("indicators.toml", TOML).expect("the shipped definitions")
}

fn key(words: &str) -> FigureKey {
    words.parse().expect("a key")
}

/// A layout of four by two: `(x, y, w, h)` and the figure's key.
fn layout(cards: &[(u8, u8, u8, u8, &str)]) -> MetricWall {
    let card = |it: &(u8, u8, u8, u8, &str)| MetricCard {
        place: Cells::new(it.0, it.1, it.2, it.3),
        shows: CardShows::Figure { key: key(it.4), chart: CardChart::Own },
    };
    MetricWall { zh: "试".into(), en: "Test".into(), columns: 4, rows: 2, cards: cards.iter().map(card).collect() }
}

/// Every figure of the small city, and what the test says of some.
fn told(change: impl Fn(&mut Figure)) -> [IndicatorNews; 2] {
    let city = City::found(&tiny_pack(), Realm::Actual);
    let engine = Engine::new(definitions(), &city, &Readings::for_city(&city), NOON);
    let mut figures: Vec<Figure> = engine.figures().collect();
    figures.iter_mut().for_each(change);
    let n_figures = figures.len();
    let told = FiguresTold { epoch: 1, revision: 1, now_ms: Some(NOON.0), n_figures, faults: Vec::new(), figures };
    let definitions = DefinitionsTold { simulated: true, epoch: 1, definitions: Some(definitions()) };
    [IndicatorNews::Figures(Ok(told)), IndicatorNews::Definitions(Ok(definitions))]
}

fn screen(wall: MetricWall, change: impl Fn(&mut Figure)) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.city.metric_walls.insert("peace".into(), KeptMetricWall { wall, before: Vec::new() });
    told(change).into_iter().for_each(|it| screen.state.take_indicators(it));
    screen
}

/// The wall, with that layout cast.
fn on_wall(wall: MetricWall, change: impl Fn(&mut Figure)) -> Harness<'static, Screen> {
    let mut screen = screen(wall, change);
    (screen.is_wall, screen.city.scene) = (true, "metrics".into());
    screen.show(7680.0, 2160.0)
}

/// The desk with the layout open.
fn on_desk(wall: MetricWall) -> Harness<'static, Screen> {
    let mut harness = screen(wall, |_| {}).show(1920.0, 1080.0);
    for key in [egui::Key::F2, egui::Key::L] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    harness
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// The last command.
fn submitted(harness: &Harness<'_, Screen>) -> Option<Command> {
    harness.state().asked.iter().rev().find_map(|it| match it {
        UiCommand::Submit(command) => Some(command.clone()),
        _ => None,
    })
}

/// The last layout the city was told of.
fn put(harness: &Harness<'_, Screen>) -> Option<MetricWall> {
    harness.state().asked.iter().rev().find_map(|it| match it {
        UiCommand::Submit(Command::PutMetricWall { wall, .. }) => Some(wall.clone()),
        _ => None,
    })
}

fn places(wall: &MetricWall) -> Vec<(u8, u8, u8, u8)> {
    wall.cards.iter().map(|it| (it.place.x, it.place.y, it.place.w, it.place.h)).collect()
}

/// Takes hold at one place and lets go at another.
fn drag(harness: &mut Harness<'_, Screen>, from: egui::Pos2, to: egui::Pos2) {
    press(harness, from, true);
    harness.step();
    for part in [0.3, 0.7, 1.0] {
        harness.event(egui::Event::PointerMoved(from + (to - from) * part));
        harness.step();
    }
    press(harness, to, false);
    harness.run_steps(2);
}

/// What the hub would do with it.
fn happens(harness: &mut Harness<'_, Screen>) {
    let Some(command) = submitted(harness) else { return };
    let seat = harness.state().seat.clone();
    harness.state_mut().happen(Source::Seat(seat), command);
    harness.state_mut().asked.clear();
    harness.run_steps(2);
}

fn name_of(id: &str) -> String {
    definitions().get(id).expect("it is shipped").zh.to_string()
}

#[test]
fn a_card_says_its_figure_its_age_and_why_there_is_none() {
    let wall = layout(&[
        (0, 0, 1, 1, "case_overdue_rate@city"),
        (1, 0, 1, 1, "case_open@city"),
        (2, 0, 1, 1, "tide_max@city"),
        (3, 0, 1, 2, "case_close_rate_today@district:350203"),
        (0, 1, 3, 1, "no_such@city"),
    ]);
    let harness = on_wall(wall, |it| {
        if it.key == key("case_overdue_rate@city") {
            (it.value, it.why_none, it.band, it.is_estimate) = (Some(42.5), None, Some(WarningColor::Red), true);
            it.anomaly = Some(Anomaly { at: NOON, value: 42.5, median: 8.0, mad: 1.0, n_days: 9, score: 23.3 });
        }
        if it.key == key("case_open@city") {
            (it.value, it.is_stale, it.stale_since) = (Some(1838.0), true, Some(NOON.plus_mins(-40)));
        }
        if it.key == key("tide_max@city") {
            (it.value, it.why_none) = (None, Some(WhyNone::NothingHeard));
        }
    });
    for words in [
        "指标大屏・试",
        "示例指标",
        "仿真",
        "≈42.5",
        Lang::Zh.t(tr::INDICATOR_UNUSUAL),
        "近 9 天同时刻中位 8，偏高",
        "1,838",
        "起过时",
        "没有收到近期数据",
        "思明区・",
        "没有指标「no_such」",
    ] {
        assert!(says(&harness, words), "{words}: {:?}", painted(&harness));
    }
    assert!(!says(&harness, Lang::Zh.t(tr::EVENTS)), "nothing else is on this wall");
    // The smallest words of a wall, as they are read from afar.
    let asked = &harness.state().asked;
    assert!(asked.iter().any(|it| matches!(it, UiCommand::AskIndicators(IndicatorAsk::Figures { .. }))));
    assert!(asked.iter().any(
        |it| matches!(it, UiCommand::AskIndicators(IndicatorAsk::Trends(keys)) if keys.contains(&key("tide_max@city")))
    ));
}

#[test]
fn no_word_of_a_wall_is_smaller_than_thirty_pixels() {
    let walls = parse_metric_walls(WALLS).expect("the shipped layouts");
    for (_, wall) in walls {
        let harness = on_wall(wall, |it| it.value = it.value.or(Some(12.0)));
        let mut smallest = (f32::INFINITY, String::new());
        let mut look = |shape: &egui::Shape| {
            let egui::Shape::Text(text) = shape else { return };
            // The top bar is not the wall's cards.
            let size = text.galley.job.sections.iter().map(|it| it.format.font_id.size).fold(f32::INFINITY, f32::min);
            if text.pos.y > 184.0 && size < smallest.0 {
                smallest = (size, text.galley.text().to_owned());
            }
        };
        harness.output().shapes.iter().for_each(|it| match &it.shape {
            egui::Shape::Vec(all) => all.iter().for_each(&mut look),
            one => look(one),
        });
        // The character in a level's mark is half as high as the mark, whose shape and colour are what is read.
        assert!(smallest.0 >= 25.0, "{smallest:?}");
        assert!(smallest.0 >= 29.5 || ["蓝", "黄", "橙", "红"].contains(&&*smallest.1), "{smallest:?}");
    }
}

#[test]
fn the_cards_that_show_no_indicator_count_the_city_s_own() {
    let shows =
        [CardShows::StageFunnel, CardShows::CaseFlow, CardShows::AlarmTimeline, CardShows::AlarmLoad, CardShows::Grave];
    let card = |(x, shows)| MetricCard { place: Cells::new(x, 0, 1, 2), shows };
    let cards = (0..).zip(shows).map(card).collect();
    let wall = MetricWall { zh: "试".into(), en: "Test".into(), columns: 5, rows: 2, cards };
    let mut screen = screen(wall, |it| {
        if it.key == key("case_overdue@city") {
            (it.value, it.why_none, it.band) = (Some(309.0), None, Some(WarningColor::Red));
        }
    });
    screen.flood();
    (screen.is_wall, screen.city.scene) = (true, "metrics".into());
    let harness = screen.show(7680.0, 2160.0);
    for words in [
        Lang::Zh.t(tr::METRIC_FUNNEL_NONE),
        Lang::Zh.t(tr::METRIC_FLOW_NONE),
        SensorKind::FloodDepth.name_zh(),
        Lang::Zh.t(tr::METRIC_LOAD_10MIN),
        "1 / 1",
        &name_of("case_overdue"),
        "309",
    ] {
        assert!(says(&harness, words), "{words}: {:?}", painted(&harness));
    }
}

#[test]
fn a_review_shows_no_figures_of_now() {
    let mut harness = on_wall(layout(&[(0, 0, 1, 1, "case_open@city")]), |it| it.value = Some(77.0));
    harness.state_mut().clock.kind = gulang_wire::ClockKind::Replay { speed: 1.0, paused: false };
    harness.state_mut().asked.clear();
    harness.run_steps(8);
    assert!(says(&harness, Lang::Zh.t(tr::INDICATORS_NOT_PAST)), "{:?}", painted(&harness));
    assert!(!says(&harness, "77"));
    assert!(!harness.state().asked.iter().any(|it| matches!(it, UiCommand::AskIndicators(_))));
}

#[test]
fn a_card_dragged_is_told_with_its_new_place_and_where_there_is_no_room_it_is_not() {
    let wall = layout(&[(0, 0, 1, 1, "case_open@city"), (2, 0, 2, 2, "case_overdue@city")]);
    let mut harness = on_desk(wall);
    let card = harness.get_by_label(&name_of("case_open")).rect();
    let step = vec2(card.width(), card.height());
    drag(&mut harness, card.center(), card.center() + step * vec2(0.0, 1.0));
    assert_eq!(put(&harness).map(|it| places(&it)), Some(vec![(0, 1, 1, 1), (2, 0, 2, 2)]));
    happens(&mut harness);
    // Onto the large one: refused, and nothing is told.
    let card = harness.get_by_label(&name_of("case_open")).rect();
    drag(&mut harness, card.center(), card.center() + step * vec2(2.2, 0.0));
    assert_eq!(put(&harness), None);
    // Its corner.
    let card = harness.get_by_label(&name_of("case_open")).rect();
    let corner = card.max - vec2(5.0, 5.0);
    drag(&mut harness, corner, corner + step * vec2(1.0, 0.0));
    assert_eq!(put(&harness).map(|it| places(&it)), Some(vec![(0, 1, 2, 1), (2, 0, 2, 2)]));
}

#[test]
fn a_card_is_moved_resized_redrawn_and_removed_by_keyboard_alone() {
    let wall = layout(&[(0, 0, 1, 1, "case_overdue_rate@city"), (1, 0, 1, 1, "case_open@city")]);
    let mut harness = on_desk(wall);
    let chosen = name_of("case_overdue_rate");
    click(&mut harness, &chosen);
    let mut after = |key: egui::Key, modifiers: egui::Modifiers| {
        harness.key_press_modifiers(modifiers, key);
        harness.run_steps(2);
        let told = put(&harness);
        happens(&mut harness);
        told
    };
    let none = egui::Modifiers::NONE;
    assert_eq!(after(egui::Key::ArrowDown, none).map(|it| places(&it)), Some(vec![(0, 1, 1, 1), (1, 0, 1, 1)]));
    assert_eq!(after(egui::Key::ArrowLeft, none), None, "out of the wall");
    let wide = after(egui::Key::ArrowRight, egui::Modifiers::SHIFT);
    assert_eq!(wide.map(|it| places(&it)), Some(vec![(0, 1, 2, 1), (1, 0, 1, 1)]));
    let redrawn = after(egui::Key::C, none).map(|it| it.cards[0].shows.clone());
    let expected = CardShows::Figure { key: key("case_overdue_rate@city"), chart: CardChart::Number };
    assert_eq!(redrawn, Some(expected));
    assert_eq!(after(egui::Key::Delete, none).map(|it| places(&it)), Some(vec![(1, 0, 1, 1)]));
}

#[test]
fn a_layout_is_sent_saved_under_another_name_and_added_to() {
    let mut harness = on_desk(layout(&[(0, 0, 1, 1, "case_open@city")]));
    click(&mut harness, Lang::Zh.t(tr::METRIC_SEND));
    let scene: Text = "metrics:peace".into();
    assert_eq!(submitted(&harness), Some(Command::ShowScene { scene }));
    click(&mut harness, "＋ 要紧指标");
    let with = put(&harness).expect("it was told");
    assert_eq!((places(&with)[1], &with.cards[1].shows), ((1, 0, 1, 2), &CardShows::Grave));
    click(&mut harness, Lang::Zh.t(tr::METRIC_SAVE_AS));
    harness.event(egui::Event::Text("防汛值守".to_owned()));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::METRIC_NAME_OK));
    let told = submitted(&harness);
    let is_new = |it: &Command| match it {
        Command::PutMetricWall { id, wall } => id.as_str() == "防汛值守" && &*wall.zh == "防汛值守",
        _ => false,
    };
    assert!(told.as_ref().is_some_and(is_new), "{told:?}");
}

#[test]
fn an_indicator_in_full_is_put_on_the_wall_in_hand() {
    let mut harness = screen(layout(&[(0, 0, 4, 1, "case_open@city")]), |it| {
        if it.key == key("case_overdue_rate@city") {
            (it.value, it.why_none, it.band) = (Some(42.5), None, Some(WarningColor::Red));
        }
    })
    .show(1920.0, 1080.0);
    harness.key_press(egui::Key::F2);
    harness.run_steps(2);
    click(&mut harness, &name_of("case_overdue_rate"));
    click(&mut harness, Lang::Zh.t(tr::METRIC_PUT));
    let with = put(&harness).expect("it was told");
    assert_eq!((places(&with)[1], with.cards[1].shows.key()), ((0, 1, 1, 1), Some(&key("case_overdue_rate@city"))));
}

#[test]
fn who_may_not_arrange_sees_why_and_tells_nothing() {
    let mut screen = screen(layout(&[(0, 0, 1, 1, "case_open@city")]), |_| {});
    // A seat that looks on.
    screen.seat = "观摩席".into();
    let why = screen.city.may(&Source::Seat(screen.seat.clone()), "put_metric_wall").err().map(|it| it.to_string());
    let mut harness = screen.show(1920.0, 1080.0);
    for key in [egui::Key::F2, egui::Key::L] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    assert!(why.is_some_and(|why| says(&harness, &why)), "{:?}", painted(&harness));
    let card = harness.get_by_label(&name_of("case_open")).rect();
    drag(&mut harness, card.center(), card.center() + vec2(0.0, card.height()));
    assert_eq!(put(&harness), None);
}

#[test]
fn the_shipped_layouts_show_only_indicators_there_are() {
    let walls = parse_metric_walls(WALLS).expect("they can be read");
    let definitions = definitions();
    assert_eq!(walls.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["peace", "war"]);
    for (id, wall) in &walls {
        assert!(wall.cards.len() >= 30, "{id}");
        for key in wall.cards.iter().filter_map(|it| it.shows.key()) {
            let definition = definitions.get(key.indicator.as_str());
            assert!(definition.is_some(), "{id}: {key}");
            if let gulang_city::indicators::Group::Of { by, .. } = &key.group {
                assert!(definition.is_some_and(|it| it.group_by.contains(by)), "{id}: {key}");
            }
        }
    }
}

#[test]
fn nothing_panics_on_any_layout_at_any_size() {
    for (width, height) in [(320.0, 200.0), (1280.0, 720.0), (3840.0, 1080.0)] {
        for (columns, rows) in [(1, 1), (24, 12), (2, 12), (24, 1)] {
            let mut wall = MetricWall { zh: "试".into(), en: "".into(), columns, rows, cards: Vec::new() };
            for it in definitions().all.iter().take(20) {
                wall = wall.with(CardShows::figure(&it.id), 1, 1).unwrap_or(wall);
            }
            for shows in [CardShows::StageFunnel, CardShows::CaseFlow, CardShows::AlarmLoad, CardShows::Grave] {
                wall = wall.with(shows, 1, 1).unwrap_or(wall);
            }
            for is_wall in [true, false] {
                let mut screen = screen(wall.clone(), |it| it.value = Some(1e12));
                (screen.is_wall, screen.city.scene) = (is_wall, "metrics".into());
                let mut harness = screen.show(width, height);
                for key in [egui::Key::F2, egui::Key::L, egui::Key::ArrowDown, egui::Key::C] {
                    harness.key_press(key);
                    harness.run_steps(2);
                }
            }
        }
    }
}
