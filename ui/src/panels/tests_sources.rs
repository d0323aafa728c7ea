//! The page of sources: what is not seen is told first, the table is sorted at a press, and one is tried again by its button.

use super::tests::{NOON, Screen, click, painted, submitted};
use super::*;
use crate::i18n::{Lang, tr};
use crate::sources::{Sample, SourceRow, SourceState, SourceTable};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn row(name: &str, title: &str, state: SourceState) -> SourceRow {
    SourceRow {
        name: name.to_owned(),
        title: title.to_owned(),
        state,
        since: NOON.plus_mins(-12),
        last_heard: NOON.plus_secs(-5),
        per_s: 3.5,
        bytes_per_s: 2048.0,
        ..SourceRow::default()
    }
}

/// Two sources that are well, and one that fell silent twelve minutes ago.
fn told() -> Vec<SourceRow> {
    let silent = SourceRow {
        blind: "台风路径".to_owned(),
        weakens: "转移时限".to_owned(),
        last_error: "连接被拒绝".to_owned(),
        remedy: "检查地址与网络".to_owned(),
        sample: Some(Sample { raw: "{\"tfid\":1}".to_owned(), mapped: "台风 1".to_owned(), ..Sample::default() }),
        n_dropped: 4,
        ..row("typhoon", "浙江台风", SourceState::Silent)
    };
    vec![row("mqtt", "物联传感", SourceState::Healthy), silent, row("cap", "气象预警", SourceState::Healthy)]
}

fn open(rows: Vec<SourceRow>, width: f32, height: f32) -> Harness<'static, Screen> {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.state.take_sources(SourceNews::All(Ok(SourceTable { sources: rows, fault: String::new() })));
    let mut harness = screen.show(width, height);
    harness.key_press(egui::Key::J);
    harness.run_steps(2);
    harness
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

#[test]
fn a_silent_source_is_told_first_with_what_is_not_seen_and_since_when() {
    for (width, height) in [(1920.0, 1080.0), (3840.0, 1080.0)] {
        let harness = open(told(), width, height);
        let since = NOON.plus_mins(-12).hm();
        assert!(says(&harness, &format!("看不见 台风路径・自 {since} 起 12分")), "{:?}", painted(&harness));
        assert!(says(&harness, "影响 转移时限") && says(&harness, "连接被拒绝") && says(&harness, "失联 12分"));
        // The worst is chosen: its remedy and its sample are told.
        assert!(says(&harness, "检查地址与网络") && says(&harness, "台风 1"), "{:?}", painted(&harness));
        assert!(harness.state().asked.contains(&UiCommand::AskSources));
    }
}

#[test]
fn one_that_pushes_says_how_far_it_is() {
    let standing = "案件：还没有推完过一批，没有待发的\n上次应答：收下".to_owned();
    let province = SourceRow { standing, ..row("province", "省平台", SourceState::Silent) };
    let harness = open(vec![province], 1920.0, 1080.0);
    assert!(
        says(&harness, Lang::Zh.t(tr::SOURCE_STANDING)) && says(&harness, "还没有推完过一批"),
        "{:?}",
        painted(&harness)
    );
}

#[test]
fn all_well_is_said_too_and_an_answer_that_does_not_come_is_named() {
    let mut harness = open(vec![row("cap", "气象预警", SourceState::Healthy)], 1920.0, 1080.0);
    assert!(says(&harness, Lang::Zh.t(tr::SOURCES_ALL_SEEN)));
    harness.state_mut().state.take_sources(SourceNews::All(Err("HTTP 502".to_owned())));
    harness.run_steps(2);
    assert!(says(&harness, &Lang::Zh.fill(tr::SOURCES_FAILED, &["HTTP 502"])), "{:?}", painted(&harness));
    assert!(says(&harness, "气象预警"), "the last good answer stays");
}

#[test]
fn a_press_tries_the_chosen_source_again() {
    let mut harness = open(told(), 1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::SOURCE_RETRY));
    assert!(harness.state().asked.contains(&UiCommand::RetrySource("typhoon".to_owned())));
    assert!(submitted(&harness).is_none());
    harness.state_mut().state.take_sources(SourceNews::Retried("typhoon".to_owned(), Err("HTTP 404".to_owned())));
    harness.run_steps(2);
    assert!(says(&harness, &Lang::Zh.fill(tr::SOURCE_RETRY_FAILED, &["typhoon", "HTTP 404"])));
}

#[test]
fn a_column_s_head_sorts_by_it_and_again_backwards() {
    let mut harness = open(told(), 1920.0, 1080.0);
    let top = |harness: &Harness<'_, Screen>| {
        let y = |label: &str| harness.get_by_label(label).rect().top();
        y("浙江台风") < y("气象预警")
    };
    assert!(top(&harness), "the silent one is first");
    let by_name = Lang::Zh.fill(tr::SOURCE_SORT, &[Lang::Zh.t(tr::SOURCE_NAME)]);
    click(&mut harness, &by_name);
    assert!(!top(&harness), "cap comes before typhoon");
    click(&mut harness, &by_name);
    assert!(top(&harness));
}

#[test]
fn the_lamps_open_it_and_before_an_answer_the_records_stand_in() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let health = ConnectorHealth {
        platform: "yunguanfu".into(),
        name: "运管服".into(),
        state: HealthState::Silent,
        since: NOON.plus_mins(-3),
        last_error: "超时".into(),
        simulated: true,
    };
    screen.city.connectors.insert(health.platform.clone(), health);
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::SOURCES_OPEN));
    assert!(harness.state().state.pages.is_open());
    assert!(
        says(&harness, "看不见 运管服") && says(&harness, Lang::Zh.t(tr::SOURCES_BY_RECORDS)),
        "{:?}",
        painted(&harness)
    );
}
