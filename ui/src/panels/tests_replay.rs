//! 复盘 through egui_kittest: how it is opened and left, what the cursor asks, what it tells, and that nothing is sent.

use super::tests::{NOON, Screen, click, painted, press, submitted};
use super::*;
use crate::i18n::{Lang, tr};
use crate::playback::{Bookmark, LogRow};
use egui::Modifiers;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use gulang_city::review::{
    DensityStep, LevelStory, Mark, Moment, MomentKind, MovedPoint, OrderStory, Review, WarningStory,
};

fn mark(record: u64, mins: i64) -> Mark {
    Mark { record, at: NOON.plus_mins(mins) }
}

fn moment(mins: i64, kind: MomentKind, text: &str) -> Moment {
    let at = NOON.plus_mins(mins);
    Moment { at, kind, n: 1, text: text.into(), who: "枢纽".into(), records: vec![7] }
}

fn order(id: u64, acked_mins: Option<i64>, done_mins: Option<i64>) -> OrderStory {
    let acked = acked_mins.map(|it| (Rung::Acknowledged, mark(20 + id, it), String::new()));
    let done = done_mins.map(|it| (Rung::Done, mark(30 + id, it), String::new()));
    OrderStory {
        order: OrderId(id),
        text: OrderText {
            plan: Some("typhoon".into()),
            measure: Some(format!("m-{id}").as_str().into()),
            level: Some(ResponseLevel::I),
            agency: format!("ag-{id}").as_str().into(),
            platform: "yingji".into(),
            channel: Channel::Platform,
            title: format!("措施 {id}").as_str().into(),
            body: "".into(),
            clause: "".into(),
            plan_version: "".into(),
            supporting: Vec::new(),
            group: 0,
            districts: Vec::new(),
            supersedes: None,
            ack_by: NOON.plus_mins(35),
            due_at: NOON.plus_mins(90),
        },
        agency: format!("部门 {id}"),
        drafted: mark(10 + id, 30),
        sent: None,
        n_attempts: 0,
        climbs: acked.into_iter().chain(done).collect(),
        overdue: Vec::new(),
        escalated: Vec::new(),
    }
}

/// Four hours from noon: a red warning, level Ⅰ at half past, two orders of which one is late.
fn story() -> Story {
    let review = Review {
        from: NOON,
        to: NOON.plus_mins(240),
        moments: vec![
            moment(10, MomentKind::Warning, "红色预警：台风"),
            moment(30, MomentKind::Level, "平时 → Ⅰ级"),
            moment(200, MomentKind::People, "人员转移过 50 %"),
        ],
        orders: vec![order(1, Some(33), Some(60)), order(2, Some(50), Some(150))],
        levels: vec![LevelStory {
            mark: mark(5, 30),
            from: None,
            to: Some(ResponseLevel::I),
            plan: Some("typhoon".into()),
            districts: Vec::new(),
            confirmed_by: Vec::new(),
            reason: String::new(),
        }],
        moved: vec![MovedPoint { mark: mark(40, 200), expected: 100, moved: 50 }],
        warnings: vec![WarningStory {
            mark: mark(3, 10),
            id: "w-1".into(),
            hazard: Hazard::Typhoon,
            color: WarningColor::Red,
            headline: "台风红色预警".into(),
            until: NOON.plus_mins(180),
        }],
        density: vec![DensityStep { at: NOON.plus_mins(10), n: [3, 2, 1, 1] }],
        ..Review::default()
    };
    let story = Story {
        log: "actual-1".into(),
        title: "2611 号台风".into(),
        from_ms: NOON.ms(),
        to_ms: NOON.plus_mins(240).ms(),
        n_records: 12_486,
        chain_ok: true,
        bookmarks: vec![Bookmark { at_ms: NOON.plus_mins(120).ms(), text: "这里".into(), by: String::new() }],
        review,
        ..Story::default()
    };
    story.counted(1)
}

/// The hall looks back, the clock held an hour in.
fn replayed() -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let now = NOON.plus_mins(60);
    screen.clock = Clock { now, wall: now, kind: ClockKind::Replay { speed: 60.0, paused: true } };
    screen.story = Some(story());
    screen
}

/// What was asked of the playback since the last look.
fn played(harness: &mut Harness<'_, Screen>) -> Vec<Playback> {
    let asked = std::mem::take(&mut harness.state_mut().asked);
    let of = |it: UiCommand| match it {
        UiCommand::Playback(playback) => Some(playback),
        _ => None,
    };
    asked.into_iter().filter_map(of).collect()
}

fn is_painted(harness: &Harness<'_, Screen>, word: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(word))
}

#[test]
fn a_key_lists_the_logs_enter_opens_one_and_a_refusal_is_said_loudly() {
    let mut harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    harness.key_press(egui::Key::F8);
    harness.run_steps(2);
    assert!(harness.state().asked.contains(&UiCommand::AskLogs));
    let log = |id: &str, day: i64| LogRow {
        id: id.into(),
        title: format!("第 {day} 夜"),
        from_ms: NOON.ms(),
        to_ms: NOON.ms() + day * 86_400_000,
        n_records: 12,
        ..LogRow::default()
    };
    harness.state_mut().state.take_logs(Ok(vec![log("old", 1), log("new", 2)]));
    harness.run_steps(2);
    assert!(is_painted(&harness, "第 1 夜") && is_painted(&harness, "第 2 夜"));
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    let open = Playback::Open { log: "new".into(), from: None, to: None };
    assert_eq!(played(&mut harness), [open], "the newest first, and asked once");
    harness.state_mut().state.refused(&Refusal::Forbidden { why: "演练正在进行".into() });
    harness.run_steps(2);
    assert!(is_painted(&harness, "打不开") && is_painted(&harness, "演练正在进行"));
    click(&mut harness, &Lang::Zh.fill(tr::REPLAY_THIS, &["第 1 夜"]));
    assert_eq!(played(&mut harness), [Playback::Open { log: "old".into(), from: None, to: None }]);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(played(&mut harness).is_empty() && !is_painted(&harness, "第 1 夜"));
}

#[test]
fn the_screen_says_it_is_not_now_and_esc_leaves() {
    let mut harness = replayed().show(1920.0, 1080.0);
    for word in ["复盘", "历史数据 非实时", "12,486", "校验通过", "2611 号台风", "时刻状态", "转叫应"]
    {
        assert!(is_painted(&harness, word), "{word}: {:?}", painted(&harness));
    }
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(played(&mut harness), [Playback::Close]);
}

#[test]
fn a_broken_chain_is_said() {
    let mut screen = replayed();
    screen.story = screen.story.map(|it| Story { chain_ok: false, ..it });
    assert!(is_painted(&screen.show(1366.0, 768.0), "校验不通过"));
}

#[test]
fn keys_and_buttons_go_from_event_to_event() {
    let mut harness = replayed().show(1920.0, 1080.0);
    let seek = |mins: i64| Playback::Seek { to: NOON.plus_mins(mins) };
    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    assert_eq!(played(&mut harness), [Playback::SetSpeed { speed: 60.0, paused: false }]);
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(played(&mut harness), [seek(120)], "the bookmark is next");
    // The hub has not answered: the next step goes on from where the cursor was sent.
    harness.key_press(egui::Key::CloseBracket);
    harness.run_steps(2);
    assert_eq!(played(&mut harness), [seek(200)]);
    click(&mut harness, Lang::Zh.t(tr::EVENT_BEFORE));
    assert_eq!(played(&mut harness), [seek(120)]);
    harness.key_press_modifiers(Modifiers::SHIFT, egui::Key::ArrowLeft);
    harness.run_steps(2);
    assert_eq!(played(&mut harness), [seek(0)], "ten events back is the start");
    click(&mut harness, "×300");
    assert_eq!(played(&mut harness), [Playback::SetSpeed { speed: 300.0, paused: true }]);
}

#[test]
fn dragging_the_cursor_seeks() {
    let mut harness = replayed().show(1920.0, 1080.0);
    let lane = harness.get_by_label(Lang::Zh.t(tr::TIMELINE)).rect();
    let at = |part: f32| egui::pos2(lane.left() + lane.width() * part, lane.top() + 12.0);
    press(&mut harness, at(0.25), true);
    harness.step();
    harness.event(egui::Event::PointerMoved(at(0.5)));
    harness.run_steps(3);
    press(&mut harness, at(0.75), false);
    harness.run_steps(2);
    let sought: Vec<i64> = played(&mut harness)
        .into_iter()
        .filter_map(|it| match it {
            Playback::Seek { to } => Some(to.since_ms(NOON) / 60_000),
            _ => None,
        })
        .collect();
    assert!(sought.len() >= 2, "{sought:?}");
    assert!((50..=70).contains(&sought[0]) && sought.iter().any(|it| (115..=125).contains(it)), "{sought:?}");
}

#[test]
fn a_dot_tells_its_orders_climb_and_what_was_known() {
    let mut harness = replayed().show(1920.0, 1080.0);
    click(&mut harness, &Lang::Zh.fill(tr::ORDER_OF, &["2", "部门 2"]));
    for word in ["谁何时知道", "#2 措施 2", "红色预警：台风", "平时 → Ⅰ级", "记录号 7"] {
        assert!(is_painted(&harness, word), "{word}: {:?}", painted(&harness));
    }
    assert!(!painted(&harness).iter().any(|it| it == "人员转移过 50 %"), "nobody knew that yet");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(played(&mut harness).is_empty() && is_painted(&harness, "计划与实际"), "Esc goes back one step at a time");
}

#[test]
fn a_bookmark_is_put_with_a_word_at_the_cursor() {
    let mut harness = replayed().show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::ADD_BOOKMARK));
    harness.run_steps(2);
    harness.event(egui::Event::Text("转折".into()));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::KEEP_BOOKMARK));
    assert_eq!(played(&mut harness), [Playback::Bookmark { at: NOON.plus_mins(60), text: "转折".into() }]);
}

#[test]
fn a_bookmark_without_words_is_taken_away() {
    let mut harness = replayed().show(1920.0, 1080.0);
    click(&mut harness, "这里");
    harness.run_steps(2);
    for _ in 0.."这里".chars().count() {
        harness.key_press(egui::Key::Backspace);
        harness.run_steps(1);
    }
    played(&mut harness);
    click(&mut harness, Lang::Zh.t(tr::DROP_BOOKMARK));
    assert_eq!(played(&mut harness), [Playback::Bookmark { at: NOON.plus_mins(120), text: String::new() }]);
}

#[test]
fn nothing_can_be_sent_while_looking_back() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.flood();
    let alarm = *screen.city.alarms.keys().next().expect("an alarm");
    screen.selection = Some(Selection::Alarm(alarm));
    screen.clock = replayed().clock;
    screen.story = Some(story());
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(is_painted(&harness, Lang::Zh.t(tr::REPLAY_NO_ORDERS)), "the card says why it is grey");
    click(&mut harness, Lang::Zh.t(tr::ACKNOWLEDGE));
    for key in [egui::Key::A, egui::Key::S, egui::Key::E, egui::Key::C, egui::Key::F9, egui::Key::F10, egui::Key::F11] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    assert_eq!(submitted(&harness), None);
    assert!(!harness.state().state.is_sheet_open());
}

#[test]
fn what_a_control_asks_of_the_city_all_the_same_is_dropped_and_said() {
    let screen = replayed();
    let (land, inventories) = (LocatorLand::default(), BTreeMap::new());
    let pictures = crate::hall::Pictures::default();
    let seat = SeatId::from("值班长 01");
    let model = Model {
        city: &screen.city,
        readings: &screen.readings,
        clock: screen.clock,
        realm: screen.realm,
        simulated: true,
        connected: ConnectionState::Live,
        pictures: &pictures,
        selection: None,
        lang: Lang::Zh,
        locator_land: &land,
        seat: &seat,
        inventories: &inventories,
        roads: None,
        land: None,
        layers: &[],
        names: &screen.names,
        view: View::default(),
        story: None,
        story_failure: None,
    };
    let mut state = PanelState::default();
    let kept = UiCommand::Playback(Playback::Close);
    let mut out = vec![UiCommand::Submit(Command::EndExercise), UiCommand::Drill(Drill::End), kept.clone()];
    withhold(&model, &mut state, &mut out);
    assert_eq!(out, std::slice::from_ref(&kept));
    assert_eq!(state.notices.len(), 1);
    let live = Model { clock: Clock { kind: ClockKind::Live, ..screen.clock }, ..model };
    let mut out = vec![UiCommand::Submit(Command::EndExercise)];
    withhold(&live, &mut state, &mut out);
    assert_eq!(out.len(), 1, "a live hall sends");
}

#[test]
fn nothing_panics_on_an_empty_story_at_any_size() {
    for (width, height) in [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (1920.0, 1080.0), (3840.0, 1080.0)] {
        for (is_wall, told) in [(false, false), (false, true), (true, true)] {
            let mut screen = replayed();
            screen.is_wall = is_wall;
            screen.story = told.then(|| Story::default().counted(2));
            screen.show(width, height);
            let mut screen = replayed();
            screen.is_wall = is_wall;
            screen.realm = Realm::Exercise;
            screen.show(width, height);
        }
    }
}

#[test]
fn the_wall_shows_the_chip_and_times_in_place_of_ages() {
    let mut screen = replayed();
    screen.is_wall = true;
    let harness = screen.show(3840.0, 1080.0);
    for word in ["复盘", "历史数据 非实时", "回放时刻"] {
        assert!(is_painted(&harness, word), "{word}");
    }
}
