//! Alarms in rows, the argued level on the wall: what is listed, what a press sends, and what a storm costs.

use super::tests::{NOON, Screen, click, painted, submitted};
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

pub(super) fn seat() -> Source {
    Source::Seat("值班长 01".into())
}

pub(super) fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// A screen with so many sensors of one kind in one district.
pub(super) fn gauged(n: usize) -> Screen {
    let mut pack = tiny_pack();
    let model = pack.sensors.iter().find(|it| it.id.as_str() == "flood-1").expect("a flood gauge").clone();
    for i in 0..n {
        let (id, name) = (format!("s-{i}"), format!("测点{i}"));
        pack.sensors.push(Sensor { id: id.into(), name: name.as_str().into(), ..model.clone() });
    }
    Screen::of(&pack, Realm::Actual)
}

pub(super) fn judge(screen: &mut Screen, i: usize, color: Option<WarningColor>) {
    let at = screen.clock.now;
    screen.happen(
        Source::Hub,
        Command::JudgeReading { sensor: format!("s-{i}").as_str().into(), color, value: 44.0, at },
    );
}

/// Fourteen yellow alarms of one cause, place and quarter of an hour.
pub(super) fn stormy() -> Screen {
    let mut screen = gauged(14);
    (0..14).for_each(|i| judge(&mut screen, i, Some(WarningColor::Yellow)));
    screen
}

pub(super) fn title(screen: &Screen, n: usize) -> String {
    let sensor = &screen.city.sensors["s-0"];
    let place = &screen.city.districts[&sensor.district].name;
    format!("{place} {} {n}", sensor.kind.name_zh())
}

fn key(screen: &Screen) -> AlarmGroupKey {
    let groups = screen.city.alarm_groups(screen.clock.now);
    assert_eq!(groups.len(), 1);
    groups[0].key.clone()
}

#[test]
fn a_row_tells_its_alarms_and_opens_to_them() {
    let screen = stormy();
    let title = title(&screen, 14);
    let mut harness = screen.show(1920.0, 1080.0);
    let span = Lang::Zh.fill(tr::GROUP_SPAN, &[&NOON.hm(), &NOON.hm()]);
    assert!(says(&harness, &title) && says(&harness, &span), "{:?}", painted(&harness));
    assert!(!says(&harness, "测点3 "), "its alarms wait behind it");
    click(&mut harness, &title);
    assert!(says(&harness, "测点3 "), "{:?}", painted(&harness));
    click(&mut harness, &title);
    assert!(!says(&harness, "测点3 "));
}

#[test]
fn one_press_acknowledges_the_whole_row_and_the_rules_admit_it() {
    let screen = stormy();
    let (title, group) = (title(&screen, 14), key(&screen));
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, &Lang::Zh.fill(tr::ACKNOWLEDGE_ALL, &[&title]));
    let command = submitted(&harness).expect("the press sends it");
    assert_eq!(command, Command::AcknowledgeGroup { group });
    harness.state_mut().happen(seat(), command);
    harness.run_steps(4);
    assert!(harness.state().city.alarms.values().all(|it| it.acknowledged.is_some()));
    let label = Lang::Zh.fill(tr::ACKNOWLEDGE_ALL, &[&title]);
    assert!(harness.query_by_label(&label).is_none(), "nothing is left to acknowledge");
}

#[test]
fn the_keys_act_on_the_chosen_row() {
    let screen = stormy();
    let (title, group) = (title(&screen, 14), key(&screen));
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::A);
    harness.run_steps(2);
    assert!(submitted(&harness).is_none(), "nothing is chosen");
    click(&mut harness, &title);
    harness.key_press(egui::Key::S);
    harness.run_steps(2);
    assert!(submitted(&harness).is_none(), "the key only opens the form");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    harness.key_press(egui::Key::A);
    harness.run_steps(2);
    assert_eq!(submitted(&harness), Some(Command::AcknowledgeGroup { group }));
}

#[test]
fn a_shelved_row_is_folded_away_with_its_end_and_comes_back_then() {
    let screen = stormy();
    let (title, group) = (title(&screen, 14), key(&screen));
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, &title);
    harness.key_press(egui::Key::S);
    harness.run_steps(2);
    click(&mut harness, &Lang::Zh.fill(tr::N_HOURS, &["1"]));
    click(&mut harness, Lang::Zh.t(tr::SHELVE_WORKS));
    let until = NOON.plus_mins(60);
    click(&mut harness, &Lang::Zh.fill(tr::SHELVE_UNTIL, &[&until.hm()]));
    let command = submitted(&harness).expect("the button sends it");
    let reason = Lang::Zh.t(tr::SHELVE_WORKS).into();
    assert_eq!(command, Command::ShelveGroup { group, until, reason });
    harness.state_mut().happen(seat(), command);
    harness.run_steps(4);
    assert!(harness.query_by_label(&title).is_none(), "it is out of the list");
    click(&mut harness, &Lang::Zh.fill(tr::SHELVED_N, &["14"]));
    let told = Lang::Zh.fill(tr::SHELVED_TILL, &[&until.hm()]);
    assert!(says(&harness, &title) && says(&harness, &told), "{:?}", painted(&harness));

    // Nothing happens but that time passes.
    harness.state_mut().clock.now = until.plus_secs(1);
    harness.run_steps(4);
    assert!(!says(&harness, &told) && says(&harness, &title), "{:?}", painted(&harness));
}

#[test]
fn red_is_never_shelved() {
    let mut screen = gauged(1);
    judge(&mut screen, 0, Some(WarningColor::Red));
    screen.selection = Some(Selection::Alarm(AlarmId(1)));
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::S);
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::NEVER_SHELVE_RED));
    assert!(submitted(&harness).is_none());
}

#[test]
fn what_is_over_is_unseen_for_a_watch_and_then_gone() {
    let mut screen = stormy();
    (0..14).for_each(|i| judge(&mut screen, i, None));
    let mut harness = screen.show(1920.0, 1080.0);
    let fold = Lang::Zh.fill(tr::UNSEEN_N, &["14"]);
    click(&mut harness, &fold);
    let is_member = |text: &String| text == Lang::Zh.t(tr::CLEARED_UNSEEN);
    assert!(painted(&harness).iter().any(is_member), "{:?}", painted(&harness));
    harness.state_mut().clock.now = NOON.plus_mins(30 * 24 * 60);
    harness.run_steps(4);
    assert!(!says(&harness, "已消未确认"), "{:?}", painted(&harness));
}

#[test]
fn a_storm_is_fifty_rows_at_most_counted_once_and_every_alarm_is_in_one() {
    let mut screen = gauged(3000);
    for i in 0..3000 {
        // A day and an hour: far more quarters of an hour than rows.
        screen.clock.now = screen.clock.now.plus_secs(30);
        judge(&mut screen, i, Some(WarningColor::ALL[i % 3]));
    }
    let mut harness = screen.show(1920.0, 1080.0);
    let listed = |harness: &Harness<'_, Screen>| -> usize {
        let rows = &harness.state().state.digest.events;
        assert!(rows.len() <= MAX_ALARM_ROWS);
        // An alarm alone is its own row, without members.
        rows.iter().map(|it| it.members.len().max(1)).sum()
    };
    assert_eq!(listed(&harness), 3000);
    let members = |harness: &Harness<'_, Screen>| harness.state().state.digest.alarms.rows[0].members.as_ptr();
    let before = members(&harness);
    let state = harness.state_mut();
    state.clock.now = state.clock.now.plus_secs(30);
    harness.run_steps(4);
    assert_eq!(members(&harness), before, "time alone makes no row anew");
    judge(harness.state_mut(), 0, None);
    harness.run_steps(4);
    assert_eq!(listed(&harness), 2999);
}

#[test]
fn a_wall_reads_the_rows_and_opens_none() {
    let mut screen = stormy();
    let title = title(&screen, 14);
    screen.is_wall = true;
    let mut harness = screen.show(3840.0, 1080.0);
    let span = Lang::Zh.fill(tr::GROUP_SPAN, &[&NOON.hm(), &NOON.hm()]);
    assert!(says(&harness, &title) && says(&harness, &span), "{:?}", painted(&harness));
    click(&mut harness, &title);
    assert!(!says(&harness, "测点3 ") && submitted(&harness).is_none());
    assert!(harness.query_by_label(&Lang::Zh.fill(tr::ACKNOWLEDGE_ALL, &[&title])).is_none());
}

// ---------------------------------------------------------------- the argued level on the wall

/// Much speaks for Ⅲ, one thing against Ⅱ, one is missing.
fn argued() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let said = |text: &str, mins: i64| Evidence {
        text: text.into(),
        as_of: NOON.plus_mins(-mins),
        condition: "".into(),
        key: text.into(),
    };
    let evidence: Vec<Evidence> = (1..=9).map(|n| said(&format!("第{n}条依据"), n)).collect();
    let advice = Advice {
        hazard: Hazard::Typhoon,
        plan: "typhoon".into(),
        district: None,
        level: Some(ResponseLevel::III),
        triggers: Vec::new(),
        evidence: evidence.clone(),
        against: vec![said("红色预警未发布", 3)],
        missing: vec![Missing { input: "flood.n27".into(), text: "内涝点没有读数".into(), as_of: Timestamp(0) }],
    };
    screen.city.recommendation = Some(Recommendation {
        plan: "typhoon".into(),
        level: ResponseLevel::III,
        evidence,
        made_at: NOON,
        advices: vec![advice],
    });
    screen.is_wall = true;
    screen
}

#[test]
fn the_wall_argues_the_level_and_hides_nothing_behind_much_that_is_for_it() {
    for posture in [Posture::Peace, Posture::War] {
        let mut screen = argued();
        screen.city.footing.posture = posture;
        let harness = screen.show(7680.0, 2160.0);
        for wanted in ["台风 建议Ⅲ级", "第1条依据", "1分", "红色预警未发布", "3分", "内涝点没有读数"]
        {
            assert!(
                painted(&harness).iter().any(|text| text == wanted),
                "{posture:?} {wanted}: {:?}",
                painted(&harness)
            );
        }
        assert!(says(&harness, "还有 "), "the rest is counted");
    }
}

#[test]
fn what_the_wall_argues_is_large_enough_for_the_last_row() {
    let harness = argued().show(7680.0, 2160.0);
    let sizes: Vec<f32> = harness
        .output()
        .shapes
        .iter()
        .filter_map(|it| match &it.shape {
            egui::Shape::Text(text) if text.galley.text().contains("未发布") || text.galley.text() == "缺数" => {
                text.galley.job.sections.first().map(|it| it.format.font_id.size)
            }
            _ => None,
        })
        .collect();
    assert!(sizes.len() >= 2 && sizes.iter().all(|size| *size >= 48.0), "{sizes:?}");
}

#[test]
fn a_level_in_force_is_argued_no_more() {
    let mut screen = argued();
    screen.city.footing.posture = Posture::War;
    screen.city.footing.level = Some(ResponseLevel::III);
    let harness = screen.show(7680.0, 2160.0);
    assert!(!says(&harness, "第1条依据"), "{:?}", painted(&harness));
}

#[test]
fn a_vehicle_that_broke_a_fence_is_listed_and_acknowledged_like_a_sensor() {
    let mut pack = tiny_pack();
    let (lon, lat) = (pack.center.0, pack.center.1);
    pack.fence_rules.fences.push(Fence {
        id: "f".into(),
        name: "学校周边".into(),
        rule: FenceRule::Forbid,
        registers: vec!["muck_truck".into()],
        color: WarningColor::Orange,
        limit_kmh: 0.0,
        hours: Vec::new(),
        ring: vec![LonLat(lon - 0.01, lat - 0.01), LonLat(lon + 0.01, lat - 0.01), LonLat(lon, lat + 0.01)],
    });
    let mut screen = Screen::of(&pack, Realm::Actual);
    let report = FenceReport {
        register: "muck_truck".into(),
        thing: "闽D12345".into(),
        rule: "f".into(),
        breach: Breach::Entered,
        is_on: true,
        value: 0.0,
        place: pack.center,
        at: screen.clock.now,
    };
    screen.happen(Source::Hub, Command::ReportFence { report });
    let alarm = *screen.city.alarms.keys().next().expect("an alarm");
    let mut harness = screen.show(1920.0, 1080.0);
    let title = format!("闽D12345 学校周边 {}", Breach::Entered.name_zh());
    assert!(says(&harness, &title), "{:?}", painted(&harness));
    harness.state_mut().selection = Some(Selection::Alarm(alarm));
    harness.run_steps(2);
    harness.key_press(egui::Key::A);
    harness.run_steps(2);
    assert_eq!(submitted(&harness), Some(Command::AcknowledgeAlarm { alarm }));
}
