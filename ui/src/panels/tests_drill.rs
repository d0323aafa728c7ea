//! The exercise sheet through egui_kittest: what is offered, how a drill is directed, and how it went.

use super::tests::{NOON, Screen, click, painted};
use super::*;
use crate::drills::{DrillScore, Reviewed};
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gulang_city::inject::{Inject, InjectKind, PlatformFault, ScenarioCard};
use gulang_city::score::{
    AgencyScore, Figure, Finding, FindingKind, LevelScore, Reference, ReferenceScore, ScoreSheet,
};
use gulang_wire::ClockKind;

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

fn open(mut screen: Screen) -> Harness<'static, Screen> {
    screen.state.take_drills(DrillNews::Scenarios(Ok(vec![card("doksuri-2023"), card("own-scenario")])));
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::F10);
    harness.run_steps(2);
    harness
}

/// One inject that is on, one to come; one public time that is over, one to come.
fn card(id: &str) -> ScenarioCard {
    let inject = |mins: i64, until: Option<i64>, fault| Inject {
        at: NOON.plus_mins(mins),
        until: until.map(|mins| NOON.plus_mins(mins)),
        what: InjectKind::Platform { platform: "yingji".into(), fault },
    };
    let public = |mins: i64, text: &str| Reference {
        at: NOON.plus_mins(mins),
        text: text.into(),
        source: "公开报道".into(),
        level: None,
        measure: None,
    };
    ScenarioCard {
        id: id.into(),
        title: format!("想定 {id}"),
        basis: "示例".into(),
        starts_at: NOON.plus_mins(-120),
        ends_at: NOON.plus_mins(45),
        seed: 77,
        injects: vec![inject(-10, Some(20), PlatformFault::Down), inject(25, None, PlatformFault::Lies)],
        reference: vec![public(-60, "升为Ⅱ级"), public(30, "升为Ⅰ级")],
    }
}

fn running() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
    let start = Command::StartExercise {
        scenario: "own-scenario".into(),
        title: "想定 own-scenario".into(),
        seed: 77,
        starts_at: NOON.plus_mins(-120),
    };
    screen.happen(Source::Hub, start);
    screen
}

fn drills(harness: &Harness<'_, Screen>) -> Vec<Drill> {
    let drill = |it: &UiCommand| match it {
        UiCommand::Drill(drill) => Some(drill.clone()),
        _ => None,
    };
    harness.state().asked.iter().filter_map(drill).collect()
}

fn told() -> DrillScore {
    let finding = |kind, text: &str, records: &[u64]| Finding { kind, text: text.into(), records: records.to_vec() };
    DrillScore {
        review: Reviewed { exercise: Some(("想定甲".into(), 77)), from: NOON.plus_mins(-120), to: NOON },
        score: ScoreSheet {
            levels: vec![LevelScore {
                from: None,
                to: Some(ResponseLevel::II),
                at: NOON,
                secs_to_level: Some(300),
                n_orders: 7,
                secs_to_first_order: Some(4),
                secs_to_all_delivered: None,
                records: vec![11, 15],
            }],
            totals: vec![Figure {
                id: "orders".into(),
                name: "下达指令".into(),
                value: Some(7.0),
                unit: "条".into(),
                records: vec![16, 17, 18],
            }],
            agencies: vec![AgencyScore {
                agency: "ag-city".into(),
                name: "市政园林局".into(),
                n_orders: 3,
                n_acknowledged: 2,
                n_acknowledged_in_time: 1,
                n_done: 1,
                n_rejected: 0,
                n_overdue: 1,
                n_escalations: 2,
                ack_median_secs: Some(125),
                ack_worst_secs: Some(400),
                records: vec![21],
            }],
            missed: vec![finding(FindingKind::NotAcknowledged, "#3 无人签收", &[31])],
            unnecessary: Vec::new(),
            reference: vec![ReferenceScore {
                reference: Reference {
                    at: NOON,
                    text: "防台风应急响应提升为Ⅰ级".into(),
                    source: "公开报道".into(),
                    level: Some(ResponseLevel::I),
                    measure: None,
                },
                at: Some(NOON.plus_mins(11)),
                secs_later: Some(660),
                records: vec![41],
            }],
        },
    }
}

#[test]
fn what_the_hub_lists_is_offered_with_its_own_seed() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual));
    assert!(harness.state().asked.contains(&UiCommand::AskScenarios));
    click(&mut harness, "想定 own-scenario");
    click(&mut harness, &Lang::Zh.fill(tr::SEED_OF_SCENARIO, &["77"]));
    click(&mut harness, &Lang::Zh.fill(tr::TIMES, &["300"]));
    click(&mut harness, Lang::Zh.t(tr::START_EXERCISE));
    let start = Drill::Start { scenario: "own-scenario".into(), seed: 77, speed: 300.0 };
    assert_eq!(drills(&harness), [start]);
    assert!(!harness.state().state.is_sheet_open());
}

#[test]
fn every_shipped_scenario_is_offered_before_the_hub_has_answered() {
    let mut shipped: Vec<String> = std::fs::read_dir("../assets/scenarios")
        .expect("the source tree's scenarios")
        .filter_map(|it| Some(it.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|it| it == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    shipped.sort_unstable();
    let titles = [tr::SCENARIO_DOKSURI, tr::SCENARIO_INJECTS, tr::SCENARIO_QUAKE, tr::SCENARIO_RAINSTORM];
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    for title in titles {
        harness.key_press(egui::Key::F10);
        harness.run_steps(2);
        click(&mut harness, Lang::Zh.t(title));
        click(&mut harness, Lang::Zh.t(tr::START_EXERCISE));
    }
    let started = drills(&harness).into_iter().filter_map(|it| match it {
        Drill::Start { scenario, .. } => Some(scenario),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), shipped);
}

#[test]
fn the_director_sees_what_is_done_and_to_come_and_jumps_only_ahead() {
    let mut harness = open(running());
    for wanted in ["平台 yingji 停机", "平台 yingji 返回 200 而报错", "升为Ⅱ级", "升为Ⅰ级"] {
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
    let in_25 = Lang::Zh.fill(tr::MARK_IN, &["25分"]);
    assert!(says(&harness, &in_25) && says(&harness, Lang::Zh.t(tr::MARK_ON)), "{:?}", painted(&harness));
    let jumps = [(tr::JUMP_10, 10), (tr::JUMP_INJECT, 25), (tr::JUMP_PUBLIC, 30)];
    for (words, mins) in jumps {
        click(&mut harness, &Lang::Zh.fill(words, &[&NOON.plus_mins(mins).hm()]));
    }
    assert_eq!(drills(&harness), jumps.map(|(_, mins)| Drill::Jump { to: NOON.plus_mins(mins) }));
    // An hour on the scenario is over.
    click(&mut harness, &Lang::Zh.fill(tr::JUMP_60, &[Lang::Zh.t(tr::JUMP_NONE)]));
    assert_eq!(drills(&harness).len(), jumps.len(), "the grey button is dead");
}

#[test]
fn a_drill_is_paused_and_hurried_from_the_sheet() {
    let mut harness = open(running());
    click(&mut harness, Lang::Zh.t(tr::DRILL_PAUSE));
    click(&mut harness, &Lang::Zh.fill(tr::TIMES, &["300"]));
    let pause = Drill::SetSpeed { speed: 60.0, paused: true };
    assert_eq!(drills(&harness), [pause, Drill::SetSpeed { speed: 300.0, paused: false }]);
    harness.state_mut().clock.kind = ClockKind::Exercise { speed: 60.0, paused: true };
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::DRILL_RESUME));
    assert_eq!(drills(&harness).last(), Some(&Drill::SetSpeed { speed: 60.0, paused: false }));
}

#[test]
fn a_seat_that_may_not_neither_starts_nor_turns_anything() {
    let mut screen = running();
    screen.city.roles.seats.clear();
    screen.city.roles.default = "leader".into();
    let mut harness = open(screen);
    click(&mut harness, Lang::Zh.t(tr::DRILL_PAUSE));
    click(&mut harness, &Lang::Zh.fill(tr::JUMP_10, &[&NOON.plus_mins(10).hm()]));
    assert!(drills(&harness).is_empty());
    assert!(says(&harness, "领导（只读）"), "{:?}", painted(&harness));
}

#[test]
fn when_it_ends_the_sheet_asks_how_it_went_and_shows_it() {
    let mut harness = open(running());
    click(&mut harness, Lang::Zh.t(tr::END_AND_SCORE));
    assert_eq!(drills(&harness), [Drill::End]);
    assert!(!harness.state().asked.contains(&UiCommand::AskScore), "not before it has ended");
    // The hub turns to the actual city.
    let state = harness.state_mut();
    state.city = City::found(&tiny_pack(), Realm::Actual);
    (state.realm, state.clock.kind) = (Realm::Actual, ClockKind::Live);
    harness.run_steps(2);
    assert!(harness.state().asked.contains(&UiCommand::AskScore));
    assert!(says(&harness, Lang::Zh.t(tr::SCORE_AWAITED)));

    harness.state_mut().state.take_drills(DrillNews::Score(Ok(Box::new(told()))));
    harness.run_steps(2);
    let wanted = [
        "演练・想定甲",
        "平时 → Ⅱ级",
        "5分",
        "4秒",
        "下达指令",
        "7 条",
        "市政园林局",
        "2（1）",
        "6分",
        "始终未签收",
        "#3 无人签收",
        "防台风应急响应提升为Ⅰ级",
        "晚 11分",
    ];
    for wanted in wanted {
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
    assert!(says(&harness, Lang::Zh.t(tr::SCORE_NOTHING)), "nothing unnecessary, and it says so");
}

#[test]
fn a_figure_says_which_records_it_comes_from() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual));
    click(&mut harness, Lang::Zh.t(tr::SCORE));
    harness.state_mut().state.take_drills(DrillNews::Score(Ok(Box::new(told()))));
    harness.run_steps(2);
    assert!(!says(&harness, "记录 16"));
    let at = harness.get_by_label("下达指令 7 条").rect().center();
    harness.event(egui::Event::PointerMoved(at));
    harness.run_steps(2);
    assert!(says(&harness, "记录 16–18"), "{:?}", painted(&harness));
}

#[test]
fn no_drill_yet_and_a_silent_hub_are_told_apart() {
    for (why, wanted) in [("HTTP 404", Lang::Zh.t(tr::SCORE_NONE)), ("HTTP 500", "HTTP 500")] {
        let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual));
        click(&mut harness, Lang::Zh.t(tr::SCORE));
        harness.state_mut().state.take_drills(DrillNews::Score(Err(why.to_owned())));
        harness.run_steps(2);
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
}
