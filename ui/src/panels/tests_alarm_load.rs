//! 告警负荷 in its drawer, what the state suppresses, and which alarm came first.

use super::tests::{NOON, Screen, click, painted, submitted};
use super::tests_alarms::{gauged, judge, says, seat, stormy, title};
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

const ZH: Lang = Lang::Zh;

fn press_key(harness: &mut Harness<'_, Screen>, key: egui::Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

/// Between noon and one nobody is asked about yellow water.
fn suppressing(mut screen: Screen) -> Screen {
    let rule = "[[suppress]]\nid = \"s\"\nwhy = \"午间排水作业\"\nkinds = [\"flood_depth\"]\nwhen = \"12:00-13:00\"\n";
    screen.city.alarm_rules = toml::from_str(rule).expect("rules are rules");
    assert_eq!(screen.city.alarm_rules.suppress_faults(), []);
    screen
}

/// Scrolls the drawer until a text is painted.
fn find(harness: &mut Harness<'_, Screen>, wanted: &str) -> bool {
    for scroll in (0..2000).step_by(120) {
        harness.state_mut().state.drawer_scroll = scroll as f32;
        harness.run_steps(2);
        if says(harness, wanted) {
            return true;
        }
    }
    false
}

#[test]
fn a_key_and_the_rate_open_the_load_and_close_it() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    assert!(!says(&harness, ZH.t(tr::LOAD_HOUR)));
    press_key(&mut harness, egui::Key::F4);
    for wanted in [tr::ALARM_LOAD, tr::LOAD_HOUR, tr::LOAD_FLOOD_SHARE, tr::LOAD_STANDING] {
        assert!(says(&harness, ZH.t(wanted)), "{:?}", painted(&harness));
    }
    assert!(says(&harness, AlarmRating::Acceptable.zh()) && !says(&harness, AlarmRating::Excessive.zh()));
    press_key(&mut harness, egui::Key::Escape);
    assert!(!says(&harness, ZH.t(tr::LOAD_HOUR)));
    click(&mut harness, ZH.t(tr::ALARM_LOAD));
    assert!(says(&harness, ZH.t(tr::LOAD_HOUR)));
    press_key(&mut harness, egui::Key::F4);
    assert!(!says(&harness, ZH.t(tr::LOAD_HOUR)));
}

#[test]
fn a_flood_says_so_and_leads_to_its_first_alarm() {
    let mut harness = stormy().show(1920.0, 1080.0);
    press_key(&mut harness, egui::Key::F4);
    assert!(says(&harness, AlarmRating::Excessive.zh()), "{:?}", painted(&harness));
    assert!(says(&harness, ZH.t(tr::IN_FLOOD)) && says(&harness, "测点0 "), "{:?}", painted(&harness));
    let subject = format!("测点0 {}", SensorKind::FloodDepth.name_zh());
    click(&mut harness, &ZH.fill(tr::FIRST_OUT_OF_FLOOD, &[&subject]));
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Alarm(AlarmId(1))))));
}

#[test]
fn figures_stand_beside_their_limits_and_bad_actors_are_named() {
    let mut screen = gauged(2);
    for _ in 0..3 {
        judge(&mut screen, 1, Some(WarningColor::Yellow));
        judge(&mut screen, 1, None);
    }
    judge(&mut screen, 0, Some(WarningColor::Orange));
    let mut harness = screen.show(1920.0, 1080.0);
    press_key(&mut harness, egui::Key::F4);
    assert!(says(&harness, "≤1・≤2") && says(&harness, "≤1%・≤5%"), "{:?}", painted(&harness));
    assert!(find(&mut harness, &ZH.fill(tr::LOAD_WORST, &["100%"])), "{:?}", painted(&harness));
    assert!(find(&mut harness, "测点1"));
    assert!(painted(&harness).iter().any(|it| it == "75%"), "{:?}", painted(&harness));
}

#[test]
fn what_is_shelved_is_listed_with_its_end() {
    let mut screen = gauged(1);
    judge(&mut screen, 0, Some(WarningColor::Yellow));
    let until = NOON.plus_mins(60);
    screen.happen(seat(), Command::ShelveAlarm { alarm: AlarmId(1), until, reason: "检修".into() });
    let mut harness = screen.show(1920.0, 1080.0);
    press_key(&mut harness, egui::Key::F4);
    assert!(find(&mut harness, &ZH.fill(tr::SHELVED_TILL, &[&until.hm()])), "{:?}", painted(&harness));
    let subject = format!("测点0 {}", SensorKind::FloodDepth.name_zh());
    assert!(find(&mut harness, &subject));
    click(&mut harness, &ZH.fill(tr::LOAD_LOOK_AT, &[&subject]));
    assert!(harness.state().asked.contains(&UiCommand::Select(Some(Selection::Alarm(AlarmId(1))))));
}

#[test]
fn what_stands_for_a_day_is_listed_with_its_age() {
    let mut screen = gauged(1);
    judge(&mut screen, 0, Some(WarningColor::Yellow));
    screen.clock.now = NOON.plus_mins(25 * 60);
    let mut harness = screen.show(1920.0, 1080.0);
    press_key(&mut harness, egui::Key::F4);
    assert!(find(&mut harness, &ZH.fill(tr::LOAD_STANDING_N, &["1"])), "{:?}", painted(&harness));
    assert!(find(&mut harness, &ZH.fill(tr::LOAD_OPEN_FOR, &[&ZH.elapsed(25 * 3600)])), "{:?}", painted(&harness));
}

#[test]
fn what_the_state_suppresses_is_folded_away_and_comes_back_with_the_hour() {
    let screen = suppressing(stormy());
    let title = title(&screen, 14);
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(harness.query_by_label(&title).is_none(), "it is out of the list");
    assert!(says(&harness, &ZH.fill(tr::UNACKNOWLEDGED_N, &["0"])), "{:?}", painted(&harness));
    assert!(says(&harness, &ZH.fill(tr::RATE_10MIN, &["14"])), "it counts all the same");
    let fold = ZH.fill(tr::SUPPRESSED_N, &["14"]);
    click(&mut harness, &fold);
    assert!(painted(&harness).iter().any(|it| it == ZH.t(tr::SUPPRESSED)), "{:?}", painted(&harness));
    press_key(&mut harness, egui::Key::F4);
    assert!(find(&mut harness, "午间排水作业"), "{:?}", painted(&harness));
    press_key(&mut harness, egui::Key::F4);

    // Nothing happens but that the hour is over.
    harness.state_mut().clock.now = NOON.plus_mins(60);
    harness.run_steps(4);
    assert!(harness.query_by_label(&fold).is_none());
    assert!(says(&harness, &title), "{:?}", painted(&harness));
}

#[test]
fn red_is_never_suppressed_and_a_row_acknowledges_only_what_it_shows() {
    let mut screen = suppressing(gauged(3));
    judge(&mut screen, 0, Some(WarningColor::Yellow));
    judge(&mut screen, 1, Some(WarningColor::Red));
    judge(&mut screen, 2, Some(WarningColor::Red));
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(says(&harness, &ZH.fill(tr::SUPPRESSED_N, &["1"])), "{:?}", painted(&harness));
    let title = title(harness.state(), 2);
    click(&mut harness, &ZH.fill(tr::ACKNOWLEDGE_ALL, &[&title]));
    let command = submitted(&harness).expect("the press sends it");
    harness.state_mut().happen(seat(), command);
    let acknowledged: Vec<bool> = harness.state().city.alarms.values().map(|it| it.acknowledged.is_some()).collect();
    assert_eq!(acknowledged, [false, true, true], "nobody saw the first");
}

#[test]
fn a_row_tells_which_alarm_came_first_and_marks_it_among_its_alarms() {
    let mut screen = gauged(3);
    for i in [2, 0, 1] {
        judge(&mut screen, i, Some(WarningColor::Yellow));
        screen.clock.now = screen.clock.now.plus_secs(30);
    }
    let title = title(&screen, 3);
    let mut harness = screen.show(1920.0, 1080.0);
    let n_chips =
        |harness: &Harness<'_, Screen>| painted(harness).iter().filter(|it| *it == ZH.t(tr::FIRST_OUT)).count();
    assert_eq!(n_chips(&harness), 1, "{:?}", painted(&harness));
    assert!(painted(&harness).iter().any(|it| it == "测点2"), "{:?}", painted(&harness));
    click(&mut harness, &title);
    assert_eq!(n_chips(&harness), 2, "the row and its first alarm: {:?}", painted(&harness));
}

#[test]
fn the_load_fits_small_windows_and_both_languages() {
    for (lang, width, height) in [(Lang::En, 1920.0, 1080.0), (Lang::Zh, 1024.0, 640.0), (Lang::En, 420.0, 300.0)] {
        let mut screen = suppressing(stormy());
        screen.lang = lang;
        screen.state.toggle_drawer(Drawer::AlarmLoad);
        let harness = screen.show(width, height);
        assert!(!painted(&harness).is_empty());
    }
}
