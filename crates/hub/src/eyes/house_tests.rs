use super::*;
use gulang_video_link::{Secret, Transport};

const STREAM: Has = Has { stream: true, still: false, wheel: true };

fn at(ms: u64) -> Now {
    Now { ms, wall_ms: 1_790_000_000_000 + ms as i64, at: Timestamp(1_690_000_000_000 + ms as i64), speed: 1.0 }
}

fn camera() -> Feed {
    Feed::Camera("c1".into())
}

fn wanted(width: u16, fps: u8) -> Vec<Wanted> {
    vec![Wanted { feed: camera(), width, fps }]
}

fn address() -> StreamAddress {
    let (url, user, password) = ("rtsp://h/c1".to_owned(), String::new(), Secret::default());
    StreamAddress { url, user, password, transport: Transport::Tcp }
}

fn watched(house: &mut House, has: Has, ms: u64) -> (u64, Arc<Inbox>) {
    let inbox = Arc::new(Inbox::default());
    let screen = house.join(inbox.clone());
    house.want(screen, wanted(480, 10), &|_| has, at(ms));
    (screen, inbox)
}

fn asked(house: &mut House) -> Option<u64> {
    house.take_acts().into_iter().find_map(|it| match it {
        Act::Open { ask, .. } => Some(ask),
        _ => None,
    })
}

/// Up to playing; the stream's number at the eyes.
fn play(house: &mut House, ms: u64) -> u64 {
    let ask = asked(house).expect("the opener is asked");
    house.opened(&camera(), ask, Ok(address()), at(ms));
    let id = house.take_acts().into_iter().find_map(|it| match it {
        Act::Tell(ToEyes::Open { id, .. }) => Some(id),
        _ => None,
    });
    let id = id.expect("the eyes are told");
    let (codec, transport) = ("H.264".to_owned(), "RTSP/TCP".to_owned());
    let looking = Looking::Playing { codec, width: 1280, height: 720, transport };
    house.heard(FromEyes::State { id, looking }, at(ms));
    id
}

fn state(house: &House) -> Option<FeedState> {
    house.statuses().first().map(|it| it.state)
}

fn seen(id: u64, captured_ms: Option<i64>, received_ms: i64) -> gulang_video_link::Picture {
    let jpeg = vec![0xff, 0xd8];
    gulang_video_link::Picture { id, wanted: 480, width: 480, height: 270, n: 1, captured_ms, received_ms, jpeg }
}

#[test]
fn one_feed_is_opened_once_for_every_screen_and_closed_a_while_after_the_last() {
    let mut house = House::default();
    let (first, _) = watched(&mut house, STREAM, 0);
    let id = play(&mut house, 100);
    let (second, _) = watched(&mut house, STREAM, 200);
    let acts = house.take_acts();
    assert!(acts.iter().all(|it| !matches!(it, Act::Open { .. } | Act::Tell(ToEyes::Open { .. }))), "{acts:?}");
    assert_eq!(house.statuses()[0].n_watchers, 2);
    house.leave(first, at(300));
    house.leave(second, at(400));
    house.tick(at(10_000), &[]);
    assert_eq!(state(&house), Some(FeedState::Playing), "somebody may come back");
    house.take_acts();
    house.tick(at(10_500), &[]);
    assert!(house.statuses().is_empty());
    let acts = house.take_acts();
    assert!(acts.iter().any(|it| matches!(it, Act::Tell(ToEyes::Close { id: of }) if *of == id)));
    assert!(acts.iter().any(|it| matches!(it, Act::Release { .. })));
}

#[test]
fn sizes_follow_the_screens() {
    let mut house = House::default();
    let (first, _) = watched(&mut house, STREAM, 0);
    play(&mut house, 0);
    house.want(first, wanted(700, 25), &|_| STREAM, at(1));
    let (_, _) = watched(&mut house, STREAM, 2);
    let last = house.take_acts().into_iter().rev().find_map(|it| match it {
        Act::Tell(ToEyes::Resize { sizes, .. }) => Some(sizes),
        _ => None,
    });
    assert_eq!(last, Some(vec![Size { width: 480, fps: 10 }, Size { width: 960, fps: 25 }]));
    assert_eq!((width_for(1), width_for(321), width_for(5000)), (320, 480, 1280));
}

#[test]
fn a_refusal_says_why_and_is_tried_again_ever_later() {
    let mut house = House::default();
    let _screen = watched(&mut house, STREAM, 0);
    let mut now = 0;
    for n in 1..4u32 {
        let ask = asked(&mut house).expect("asked");
        house.opened(&camera(), ask, Err(WhyNot::passing("WVP 返回 486", "稍后会再试")), at(now));
        let status = house.statuses().remove(0);
        assert_eq!((status.state, status.n_retries), (FeedState::Failed, n - 1));
        assert!(status.why.contains("486") && status.why.contains("秒后再试"), "{}", status.why);
        house.tick(at(now + wait_ms(n) - 1), &[]);
        assert_eq!(asked(&mut house), None, "not yet");
        now += wait_ms(n);
        house.tick(at(now), &[]);
    }
    let ask = asked(&mut house).expect("asked");
    house.opened(&camera(), ask - 1, Ok(address()), at(now));
    assert_eq!(state(&house), Some(FeedState::Calling), "an answer to an older question is none");
}

#[test]
fn a_stall_is_told_and_the_stream_asked_for_anew() {
    let mut house = House::default();
    let _screen = watched(&mut house, STREAM, 0);
    let id = play(&mut house, 0);
    house.heard(FromEyes::State { id, looking: Looking::Stalled { secs: 3 } }, at(5_000));
    assert_eq!(state(&house), Some(FeedState::Stalled));
    house.tick(at(5_000 + RENEWED_AFTER_MS), &[]);
    let acts = house.take_acts();
    assert!(acts.iter().any(|it| matches!(it, Act::Tell(ToEyes::Close { .. }))));
    assert!(acts.iter().any(|it| matches!(it, Act::Open { .. })));
    house.heard(FromEyes::State { id, looking: Looking::Stalled { secs: 9 } }, at(20_000));
    assert_eq!(state(&house), Some(FeedState::Calling), "what is said of a closed stream is passed over");
}

#[test]
fn eyes_that_die_take_their_streams_with_them_and_stills_stand_in() {
    let mut house = House::default();
    let both = Has { still: true, ..STREAM };
    let (_, inbox) = watched(&mut house, both, 5_000);
    play(&mut house, 5_000);
    house.eyes_gone("视频程序退出了", at(6_000));
    assert_eq!(state(&house), Some(FeedState::Snapshot));
    house.tick(at(6_100), &[]);
    assert!(house.take_acts().iter().any(|it| matches!(it, Act::AskStill { .. })));
    house.still(&camera(), vec![0xff, 0xd8, 0xff, 0xd9], at(6_200));
    let shown = futures_util::FutureExt::now_or_never(inbox.next());
    assert!(matches!(shown, Some(gulang_wire::Body::Picture(_))), "{shown:?}");
}

#[test]
fn delay_is_the_lens_own_where_it_can_be_believed() {
    let mut house = House::default();
    let (_, _inbox) = watched(&mut house, STREAM, 0);
    let id = play(&mut house, 0);
    let now = at(1_000);
    house.picture(seen(id, Some(now.wall_ms - 150), now.wall_ms - 40), now);
    assert_eq!(house.statuses()[0].delay_ms, [150, 150]);
    assert_eq!(house.last(&camera()).map(|it| it.picture.at), Some(now.at + -150));
    for wrong in [now.wall_ms + 5_000, now.wall_ms - 3_600_000] {
        let mut house = House::default();
        let (_, _inbox) = watched(&mut house, STREAM, 0);
        let id = play(&mut house, 0);
        house.picture(seen(id, Some(wrong), now.wall_ms - 40), now);
        assert_eq!(house.statuses()[0].delay_ms, [40, 40], "a clock that is wrong says nothing of delay");
    }
}

#[test]
fn a_feed_nobody_gives_says_so_and_a_drone_in_the_air_is_shown_to_who_never_asked() {
    let mut house = House::default();
    let _screen = watched(&mut house, Has::default(), 0);
    assert_eq!(state(&house), Some(FeedState::Failed));
    assert!(house.statuses()[0].why.contains("连接器"));
    house.take_acts();
    house.refresh(&|_| STREAM, at(500));
    assert!(asked(&mut house).is_some(), "a catalogue that came later has it");
    house.refresh(&|_| STREAM, at(600));
    assert!(house.take_acts().is_empty(), "and is no news the second time");
    let drone = Feed::Drone("SN".into());
    let inbox = Arc::new(Inbox::default());
    house.join(inbox.clone());
    house.tick(at(1_000), std::slice::from_ref(&drone));
    assert!(house.take_acts().iter().any(|it| matches!(it, Act::AskStill { feed } if *feed == drone)));
    house.still(&drone, vec![0xff, 0xd8], at(1_100));
    assert!(futures_util::FutureExt::now_or_never(inbox.next()).is_some());
}

#[test]
fn the_first_hand_holds_the_wheel_until_it_is_still_or_lets_go() {
    let mut house = House::default();
    let _screen = watched(&mut house, STREAM, 0);
    play(&mut house, 0);
    let left = Motion { pan: -1.0, tilt: 0.0, zoom: 0.0 };
    let (a, b): (SeatId, SeatId) = ("甲".into(), "乙".into());
    assert_eq!(house.steer(&a, &camera(), left, at(0)), Ok(()));
    let refused = house.steer(&b, &camera(), left, at(100)).expect_err("the wheel is held");
    assert!(refused.contains("甲") && refused.contains("30 秒"), "{refused}");
    assert_eq!(house.statuses()[0].wheel.as_ref().map(|it| it.0.clone()), Some(a.clone()));
    let turns = |house: &mut House| -> Vec<Motion> {
        let acts = house.take_acts().into_iter();
        acts.filter_map(|it| if let Act::Turn { motion, .. } = it { Some(motion) } else { None }).collect()
    };
    assert_eq!(turns(&mut house), [left]);
    house.steer(&a, &camera(), left, at(900)).expect("his own");
    assert!(turns(&mut house).is_empty(), "the same again is no news");
    house.tick(at(2_500), &[]);
    assert_eq!(turns(&mut house), [super::super::wheel::STILL], "a hand that is not heard of is off the stick");
    assert_eq!(house.steer(&b, &camera(), left, at(40_000)), Ok(()), "still for half a minute");
    turns(&mut house);
    house.let_go(&a, &camera());
    assert!(turns(&mut house).is_empty(), "only who holds it lets go");
    house.let_go(&b, &camera());
    assert_eq!(turns(&mut house), [super::super::wheel::STILL]);
    assert_eq!(house.statuses()[0].wheel, None);
    let nobody = Feed::Camera("other".into());
    assert!(house.steer(&a, &nobody, left, at(0)).is_err());
}

#[test]
fn a_jpeg_tells_its_size() {
    let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 2, 0xd0, 5, 0, 3];
    assert_eq!(jpeg_size(&jpeg), Some((1280, 720)));
    for n in 0..14 {
        assert_eq!(jpeg_size(&jpeg[..n]), None);
    }
}

fn keep(house: &mut House, ms: u64) -> Option<Keeping> {
    house.keep(&camera(), |clip| format!("{clip}.mp4").into(), (15, 30), at(ms))
}

fn kept_of(house: &mut House) -> Vec<(u64, u64)> {
    let acts = house.take_acts().into_iter();
    let of = |it| if let Act::Tell(ToEyes::Keep { feed, clip, .. }) = it { Some((feed, clip)) } else { None };
    acts.filter_map(of).collect()
}

#[test]
fn a_clip_outlives_the_stream_and_its_watchers_and_says_where_it_has_gaps() {
    let mut house = House::default();
    let (screen, _inbox) = watched(&mut house, STREAM, 0);
    let id = play(&mut house, 0);
    assert_eq!(keep(&mut House::default(), 0), None);
    let Some(Keeping::New(clip)) = keep(&mut house, 1_000) else { panic!("it plays") };
    let told = kept_of(&mut house);
    house.leave(screen, at(2_000));
    let (kind, why) = (Failure::Unreachable, "reset".to_owned());
    house.heard(FromEyes::State { id, looking: Looking::Failed { kind, why } }, at(3_000));
    house.tick(at(20_000), &[]);
    let ask = asked(&mut house).expect("asked for anew, though nobody watches");
    house.opened(&camera(), ask, Ok(address()), at(20_000));
    let opened: Vec<u64> = house
        .take_acts()
        .into_iter()
        .filter_map(|it| if let Act::Tell(ToEyes::Open { feed, .. }) = it { Some(feed) } else { None })
        .collect();
    assert_eq!(told, [(opened[0], clip)], "the same source goes on");
    let gaps = vec![Gap { at_s: 12.0, secs: 17.0 }];
    house.heard(FromEyes::Kept { clip, file: "x.mp4".into(), secs: 45.0, gaps: gaps.clone() }, at(32_000));
    let acts = house.take_acts();
    assert!(acts.iter().any(|it| matches!(it, Act::Kept { gaps: of, .. } if *of == gaps)), "{acts:?}");
    house.tick(at(40_000), &[]);
    assert!(house.statuses().is_empty(), "then it is closed");
}

#[test]
fn what_happens_soon_after_is_in_the_clip_before_and_later_has_its_own() {
    let mut house = House::default();
    let _screen = watched(&mut house, STREAM, 0);
    let id = play(&mut house, 0);
    let Some(Keeping::New(first)) = keep(&mut house, 0) else { panic!("it plays") };
    assert_eq!(keep(&mut house, BESIDE_MS - 1), Some(Keeping::Beside(first)));
    let Some(Keeping::New(second)) = keep(&mut house, BESIDE_MS) else { panic!("a clip of its own") };
    let Some(Keeping::New(third)) = keep(&mut house, 2 * BESIDE_MS) else { panic!("a clip of its own") };
    assert_eq!(keep(&mut house, 3 * BESIDE_MS), Some(Keeping::Beside(third)), "no more at a time");
    house.take_acts();
    // A stall of a moment ago is kept; one of long ago has nothing to keep.
    house.picture(seen(id, None, at(40_000).wall_ms), at(40_000));
    house.heard(FromEyes::State { id, looking: Looking::Stalled { secs: 3 } }, at(43_000));
    assert_eq!(house.keepable(at(44_000)), [camera()]);
    assert!(house.keepable(at(40_000 + KEEPABLE_FOR_MS)).is_empty());
    house.eyes_gone("视频程序退出了", at(45_000));
    let lost: Vec<u64> = house
        .take_acts()
        .into_iter()
        .filter_map(|it| if let Act::NotKept { clip, .. } = it { Some(clip) } else { None })
        .collect();
    assert_eq!(lost, [first, second, third]);
    assert!(house.keepable(at(45_000)).is_empty());
}
