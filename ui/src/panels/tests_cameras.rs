//! The camera wall and its tiles: every state is said, what stopped is not shown, who may turn a camera, what the hub is
//! asked for, and what goes to the hall's wall.

use super::tests::{NOON, Screen, click, painted, submitted};
use super::*;
use crate::feeds::STILL;
use crate::hall::Shown;
use crate::i18n::{Lang, tr};
use egui_kittest::Harness;
use gulang_wire::{FeedState, FeedStatus};

fn camera(id: &str) -> Feed {
    Feed::Camera(id.into())
}

fn status(feed: &Feed, state: FeedState, secs_ago: i64) -> FeedStatus {
    FeedStatus {
        feed: feed.clone(),
        state,
        since: NOON.plus_secs(-secs_ago),
        why: "".into(),
        form: "RTSP/TCP H.264 1280×720".into(),
        fps: 24.8,
        delay_ms: [120, 240],
        n_lost: 0,
        n_retries: 2,
        n_watchers: 3,
        can_steer: false,
        wheel: None,
        is_kept: false,
    }
}

fn picture(secs_ago: i64) -> Shown {
    let image = egui::ColorImage::from_rgb([2, 1], &[9; 6]);
    let texture = egui::Context::default().load_texture("picture", image, egui::TextureOptions::LINEAR);
    Shown { at: NOON.plus_secs(-secs_ago), delay_ms: 90, simulated: true, texture }
}

/// The wall open with the tiny pack's first camera on it.
fn wall(told: FeedStatus) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.state.pages.open_camera(told.feed.clone());
    screen.pictures.status.insert(told.feed.clone(), told);
    screen
}

/// What was asked beside the wall's own record.
fn asked(harness: &Harness<'_, Screen>) -> Option<Command> {
    harness.state().asked.iter().find_map(|it| match it {
        UiCommand::Submit(Command::PutCameraWall { .. }) => None,
        UiCommand::Submit(command) => Some(command.clone()),
        _ => None,
    })
}

/// The walls the city was told of, in their order.
fn put(harness: &Harness<'_, Screen>) -> Vec<CameraWall> {
    let told = harness.state().asked.iter().filter_map(|it| match it {
        UiCommand::Submit(Command::PutCameraWall { wall }) => Some(wall.clone()),
        _ => None,
    });
    told.collect()
}

/// What the hub would do with them.
fn happens(harness: &mut Harness<'_, Screen>, command: Command) {
    let seat = harness.state().seat.clone();
    harness.state_mut().happen(Source::Seat(seat), command);
    harness.run_steps(2);
}

fn feeds_of(wall: &CameraWall) -> Vec<&str> {
    wall.places.iter().filter_map(|it| it.feed.as_ref()).map(Feed::id).collect()
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

fn wanted(harness: &Harness<'_, Screen>) -> Vec<String> {
    harness.state().state.wanted().iter().map(|it| it.feed.id().to_owned()).collect()
}

fn steers(harness: &Harness<'_, Screen>) -> Vec<UiCommand> {
    let asked = harness.state().asked.iter();
    asked.filter(|it| matches!(it, UiCommand::Steer(..) | UiCommand::LetGo(_))).cloned().collect()
}

#[test]
fn every_state_is_said_with_how_long_it_lasts() {
    for (state, word) in [
        (FeedState::Calling, "呼叫中 00:05"),
        (FeedState::Inviting, "建立中 00:05"),
        (FeedState::FirstPacket, "首包 00:05"),
        (FeedState::Playing, "播放 00:05"),
        (FeedState::Stalled, "停滞 00:05"),
        (FeedState::Snapshot, "快照 00:05"),
        (FeedState::Failed, "失败 00:05"),
    ] {
        let mut screen = wall(status(&camera("cam-1"), state, 5));
        screen.pictures.shown.insert(camera("cam-1"), picture(1));
        let harness = screen.show(1920.0, 1080.0);
        assert!(says(&harness, word), "{state:?}: {:?}", painted(&harness));
        assert!(says(&harness, "重试 2"), "{state:?}");
        assert_eq!(says(&harness, "延迟 120 / 240 ms"), state == FeedState::Playing, "{state:?}");
    }
}

#[test]
fn a_picture_that_stopped_is_taken_away_and_its_last_still_says_what_it_is() {
    let feed = camera("cam-1");
    let mut screen = wall(FeedStatus { why: "没有数据包".into(), ..status(&feed, FeedState::Stalled, 20) });
    screen.pictures.shown.insert(feed.clone(), picture(75));
    let harness = screen.show(1920.0, 1080.0);
    let lost = Lang::Zh.fill(tr::PICTURE_LOST, &["01:15"]);
    assert!(says(&harness, &lost) && says(&harness, "没有数据包"), "{:?}", painted(&harness));
    assert!(says(&harness, "末帧快照") && says(&harness, "非实时"), "{:?}", painted(&harness));
    // One that plays and has grown old is no better.
    let mut screen = wall(status(&feed, FeedState::Playing, 20));
    screen.pictures.shown.insert(feed, picture(75));
    assert!(says(&screen.show(1920.0, 1080.0), &lost));
}

#[test]
fn what_is_drawn_is_wanted_and_nothing_else() {
    let harness = Screen::of(&tiny_pack(), Realm::Actual).show(1920.0, 1080.0);
    assert_eq!(wanted(&harness), ["drone-1"], "the strip shows the drone alone");
    let mut harness = wall(status(&camera("cam-1"), FeedState::Calling, 1)).show(1920.0, 1080.0);
    assert_eq!(wanted(&harness), ["cam-1", "drone-1"]);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(wanted(&harness), ["drone-1"]);
    // A narrow desk has no strip.
    assert!(wanted(&Screen::of(&tiny_pack(), Realm::Actual).show(1280.0, 720.0)).is_empty());
    let mut screen = wall(status(&camera("cam-1"), FeedState::Playing, 1));
    screen.clock.kind = ClockKind::Replay { speed: 1.0, paused: true };
    assert!(wanted(&screen.show(1920.0, 1080.0)).is_empty(), "a review wants no pictures of today");
}

#[test]
fn the_nearest_that_can_see_a_place_fill_the_wall() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.state.place = Some(screen.city.center);
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::WALL_NEAREST));
    assert_eq!(wanted(&harness), ["cam-1", "drone-1"], "the other camera stands eleven kilometres away");
    assert!(says(&harness, Lang::Zh.t(tr::SIGHT_UNKNOWN)), "{:?}", painted(&harness));
    assert!(says(&harness, &Lang::Zh.fill(tr::WALL_N_SEE, &["1"])), "{:?}", painted(&harness));
}

#[test]
fn the_arrows_turn_a_camera_while_its_wheel_is_in_hand() {
    let feed = camera("cam-1");
    let told = FeedStatus { can_steer: true, ..status(&feed, FeedState::Playing, 60) };
    let mut harness = wall(told).show(1920.0, 1080.0);
    harness.key_press(egui::Key::T);
    harness.run_steps(2);
    assert_eq!(steers(&harness), [UiCommand::Steer(feed.clone(), STILL)]);
    harness.state_mut().asked.clear();
    harness.key_down(egui::Key::ArrowRight);
    harness.run_steps(3);
    let right = UiCommand::Steer(feed.clone(), Motion { pan: 1.0, ..STILL });
    let told = steers(&harness);
    assert!(told.len() >= 2 && told.iter().all(|it| *it == right), "{told:?}");
    harness.state_mut().asked.clear();
    harness.key_up(egui::Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(steers(&harness), [UiCommand::Steer(feed.clone(), STILL), UiCommand::LetGo(feed)]);
    assert!(harness.state().state.pages.is_open(), "Esc lets go before it closes");
}

#[test]
fn another_s_wheel_a_fixed_camera_and_a_role_that_may_not_are_barred_with_the_reason() {
    let feed = camera("cam-1");
    let turns = FeedStatus { can_steer: true, ..status(&feed, FeedState::Playing, 60) };
    let held = FeedStatus { wheel: Some(("带班领导 02".into(), NOON.plus_secs(20))), ..turns.clone() };
    let mut roleless = wall(turns.clone());
    roleless.city.roles.seats.clear();
    roleless.city.roles.default = "leader".into();
    for (screen, why) in [
        (wall(held), "带班领导 02 正在操作"),
        (wall(status(&feed, FeedState::Playing, 60)), Lang::Zh.t(tr::STEER_CANNOT)),
        (roleless, "领导（只读）"),
    ] {
        let mut harness = screen.show(1920.0, 1080.0);
        harness.key_press(egui::Key::T);
        harness.key_down(egui::Key::ArrowRight);
        harness.run_steps(3);
        assert!(steers(&harness).is_empty(), "{why}");
        assert!(says(&harness, why), "{why}: {:?}", painted(&harness));
    }
    // A wheel let go long ago is nobody's.
    let mut harness =
        wall(FeedStatus { wheel: Some(("带班领导 02".into(), NOON.plus_secs(-1))), ..turns }).show(1920.0, 1080.0);
    harness.key_press(egui::Key::T);
    harness.run_steps(2);
    assert!(!steers(&harness).is_empty());
}

#[test]
fn v_sends_the_chosen_picture_to_the_wall_in_peace_and_at_war() {
    let told = || status(&camera("cam-1"), FeedState::Playing, 60);
    let mut harness = wall(told()).show(1920.0, 1080.0);
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert_eq!(asked(&harness), Some(Command::ShowScene { scene: "cameras:c:cam-1".into() }));
    let mut screen = wall(told());
    screen.go_to_war(ResponseLevel::III);
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    let Some(Command::OpenFeeds { feeds }) = asked(&harness) else { panic!("{:?}", harness.state().asked) };
    assert_eq!(feeds.first().map(|it| it.feed.clone()), Some(camera("cam-1")));
}

#[test]
fn a_scene_of_pictures_is_what_the_wall_shows() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.is_wall = true;
    screen.city.scene = "cameras:c:cam-1;c:cam-2".into();
    let harness = screen.show(3840.0, 1080.0);
    assert!(says(&harness, "路口一") && says(&harness, "路口二"), "{:?}", painted(&harness));
    assert_eq!(wanted(&harness), ["cam-1", "cam-2"]);
}

#[test]
fn a_wall_is_told_once_and_one_changed_elsewhere_is_taken_over() {
    let mut harness = wall(status(&camera("cam-1"), FeedState::Playing, 60)).show(1920.0, 1080.0);
    harness.run_steps(4);
    let told = put(&harness);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(feeds_of(&told[0]), ["cam-1"]);
    happens(&mut harness, Command::PutCameraWall { wall: told[0].clone() });
    assert_eq!(put(&harness).len(), 1, "what came back is no news");
    // Another desk of the seat adds one, and makes it nine.
    let place = |id: &str| WallPlace { feed: Some(camera(id)), note: "318 m".into() };
    let theirs = CameraWall { n: 9, places: vec![place("cam-1"), place("cam-2")], ..CameraWall::default() };
    happens(&mut harness, Command::PutCameraWall { wall: theirs });
    assert_eq!(wanted(&harness), ["cam-1", "cam-2", "drone-1"]);
    assert!(says(&harness, "318 m"), "{:?}", painted(&harness));
    harness.key_press(egui::Key::Z);
    harness.run_steps(2);
    assert_eq!(asked(&harness), Some(Command::UndoCameraWall));
    happens(&mut harness, Command::UndoCameraWall);
    assert_eq!(wanted(&harness), ["cam-1", "drone-1"]);
    assert_eq!(put(&harness).len(), 1, "taking over is not telling");
}

#[test]
fn a_role_that_may_not_put_up_a_wall_has_one_on_this_screen_and_is_told_so() {
    let mut screen = wall(status(&camera("cam-1"), FeedState::Playing, 60));
    screen.state.place = Some(screen.city.center);
    screen.city.roles.seats.clear();
    screen.city.roles.default = "leader".into();
    let harness = screen.show(1920.0, 1080.0);
    assert!(put(&harness).is_empty());
    assert_eq!(wanted(&harness), ["cam-1", "drone-1"]);
    let why = Lang::Zh.t(tr::WALL_OWN).split("{}").next().unwrap_or_default();
    assert!(says(&harness, why), "{:?}", painted(&harness));
}

#[test]
fn w_shows_the_seat_s_wall_in_the_hall_with_its_tour_and_takes_it_down_again() {
    let mut harness = wall(status(&camera("cam-1"), FeedState::Playing, 60)).show(1920.0, 1080.0);
    harness.key_press(egui::Key::W);
    harness.run_steps(2);
    assert_eq!(asked(&harness), None, "it is no record yet");
    let stop = |id: &str| TourStop { feed: camera(id), dwell_secs: 10 };
    let run = Some(TourRun { place: 1, stop: 0, since: NOON.plus_secs(-15) });
    let tour = WallTour { stops: vec![stop("cam-1"), stop("cam-2")], run };
    let told = CameraWall { tour, ..put(&harness).remove(0) };
    happens(&mut harness, Command::PutCameraWall { wall: told });
    harness.key_press(egui::Key::W);
    harness.run_steps(2);
    let shown = Command::ShowScene { scene: "seat:值班长 01".into() };
    assert_eq!(asked(&harness), Some(shown.clone()));
    happens(&mut harness, shown);
    let city = harness.state().city.clone();
    harness.state_mut().asked.clear();
    harness.key_press(egui::Key::W);
    harness.run_steps(2);
    assert_eq!(asked(&harness), Some(Command::ShowScene { scene: "peace".into() }));
    let mut hall = Screen::of(&tiny_pack(), Realm::Actual);
    (hall.is_wall, hall.city, hall.seat) = (true, city, "大屏".into());
    let hall = hall.show(7680.0, 2160.0);
    assert_eq!(wanted(&hall), ["cam-1", "cam-2"], "the place and the tour's second stop");
    assert!(says(&hall, &Lang::Zh.fill(tr::TOUR_AT, &["2", "2", "5"])), "{:?}", painted(&hall));
}

#[test]
fn a_wall_window_pages_through_the_seats_walls_by_its_own_key() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.is_wall = true;
    let place = WallPlace { feed: Some(camera("cam-2")), note: "".into() };
    let put = Command::PutCameraWall { wall: CameraWall { n: 1, places: vec![place], ..CameraWall::default() } };
    screen.happen(Source::Seat("值班长 01".into()), put);
    let mut harness = screen.show(3840.0, 1080.0);
    assert!(wanted(&harness).is_empty());
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert_eq!(wanted(&harness), ["cam-2"]);
    assert!(says(&harness, Lang::Zh.t(tr::WALL_PICKED_HERE)), "{:?}", painted(&harness));
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    assert!(wanted(&harness).is_empty(), "and back to the hall's scene");
}

#[test]
fn what_a_register_does_not_say_is_said_beside_a_camera_that_sees() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.state.place = Some(screen.city.center);
    let mut harness = screen.show(1920.0, 1080.0);
    harness.key_press(egui::Key::V);
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::WALL_NEAREST));
    let notes: Vec<String> =
        put(&harness).last().into_iter().flat_map(|it| &it.places).map(|it| it.note.to_string()).collect();
    assert!(notes[0].contains("朝向未登记") && notes[0].contains("高度、可视距离未登记"), "{notes:?}");
}

/// Every text painted, where, and whether it was cut.
fn texts(harness: &Harness<'_, Screen>) -> Vec<(String, egui::Rect, bool)> {
    fn collect(shape: &egui::Shape, out: &mut Vec<(String, egui::Rect, bool)>) {
        match shape {
            egui::Shape::Text(text) => {
                let at = text.galley.rect.translate(text.pos.to_vec2());
                out.push((text.galley.text().to_owned(), at, text.galley.elided));
            }
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    harness.output().shapes.iter().for_each(|clipped| collect(&clipped.shape, &mut out));
    out
}

/// Sixteen cameras `c00` … and the wall of them.
fn sixteen() -> (Pack, CameraWall) {
    let mut pack = tiny_pack();
    let Some(first) = pack.cameras.first().cloned() else { panic!("no camera") };
    let named = |i: usize| Camera { id: format!("c{i:02}").into(), name: format!("画{i:02}").into(), ..first.clone() };
    pack.cameras = (0..16).map(named).collect();
    let place = |i: usize| WallPlace { feed: Some(camera(&format!("c{i:02}"))), note: "".into() };
    (pack, CameraWall { n: 16, places: (0..16).map(place).collect(), ..CameraWall::default() })
}

#[test]
fn at_sixteen_every_state_finds_its_words_room_on_desk_and_wall() {
    use egui_kittest::kittest::Queryable;
    let (pack, layout) = sixteen();
    for (state, word) in [
        (FeedState::Calling, "呼叫中"),
        (FeedState::Inviting, "建立中"),
        (FeedState::FirstPacket, "首包"),
        (FeedState::Playing, "120 "),
        (FeedState::Stalled, "停滞"),
        (FeedState::Snapshot, "快照"),
        (FeedState::Failed, "失败"),
    ] {
        for (width, height, is_wall) in [(1920.0, 1080.0, false), (3840.0, 2160.0, false), (7680.0, 2160.0, true)] {
            let mut screen = Screen::of(&pack, Realm::Actual);
            screen.is_wall = is_wall;
            let seat = screen.seat.clone();
            screen.happen(Source::Seat(seat), Command::PutCameraWall { wall: layout.clone() });
            screen.city.scene = "seat:值班长 01".into();
            let secs_ago = if state == FeedState::Stalled { 75 } else { 1 };
            for i in 0..16 {
                let feed = camera(&format!("c{i:02}"));
                let why = if state == FeedState::Playing { "" } else { "3 秒没有画面；正在重新建立" };
                screen.pictures.status.insert(feed.clone(), FeedStatus { why: why.into(), ..status(&feed, state, 5) });
                screen.pictures.shown.insert(feed, picture(secs_ago));
            }
            let mut harness = screen.show(width, height);
            if !is_wall {
                harness.key_press(egui::Key::V);
                harness.run_steps(2);
            }
            // What the page covers was painted before it.
            let texts = texts(&harness);
            let page = texts.iter().rposition(|it| it.0 == Lang::Zh.t(tr::CAMERA_WALL)).unwrap_or_default();
            let texts = &texts[page..];
            for i in 0..16 {
                let tile = harness.get_by_label(&format!("画{i:02}")).rect();
                let own: Vec<_> = texts.iter().filter(|it| tile.contains(it.1.center())).collect();
                let shown = own.iter().any(|it| it.0.contains(word) && !it.2);
                assert!(shown, "{state:?} at {width} × {height}, tile {tile:?}: {own:?}");
                for (n, (text, at, _)) in own.iter().enumerate() {
                    assert!(tile.expand(1.5).contains_rect(*at), "{text} leaves {tile:?}: {at:?}");
                    let over =
                        own.iter().take(n).find(|it| it.0 != *text && it.1.shrink(2.0).intersects(at.shrink(2.0)));
                    assert!(over.is_none(), "{state:?} at {width} × {height}: {text} {at:?} lies over {over:?}");
                }
            }
        }
    }
}

#[test]
fn an_exercise_says_so_on_every_tile() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Exercise);
    screen.state.pages.open_camera(camera("cam-1"));
    let texts = painted(&screen.show(1920.0, 1080.0));
    let n_before = painted(&Screen::of(&tiny_pack(), Realm::Exercise).show(1920.0, 1080.0));
    let n = |texts: &[String]| texts.iter().filter(|it| *it == Lang::Zh.t(tr::EXERCISE)).count();
    assert!(n(&texts) > n(&n_before));
}

#[test]
fn the_pages_are_drawn_on_nothing_at_any_size() {
    for (width, height) in [(320.0, 200.0), (800.0, 600.0), (1280.0, 720.0), (1920.0, 1080.0), (3840.0, 1080.0)] {
        for realm in [Realm::Actual, Realm::Exercise] {
            for key in [egui::Key::V, egui::Key::U, egui::Key::J] {
                let mut harness = Screen::of(&Pack::default(), realm).show(width, height);
                harness.key_press(key);
                harness.run_steps(2);
                assert!(submitted(&harness).is_none());
                harness.key_press(egui::Key::Escape);
                harness.run_steps(2);
                assert!(!harness.state().state.pages.is_open(), "{key:?} at {width} × {height}");
            }
        }
    }
}
