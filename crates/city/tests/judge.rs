//! The alarm rules: tables of readings and what they raise, and what holds whatever comes.

use gulang_city::{Command as C, *};
use proptest::prelude::*;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn rules(text: &str) -> AlarmRules {
    let rules: AlarmRules = toml::from_str(text).expect("rules are rules");
    assert_eq!(rules.fault(), None);
    rules
}

fn city(text: &str) -> City {
    let pack = Pack { alarm_rules: rules(text), ..tiny_pack() };
    City::found(&pack, Realm::Actual)
}

/// One line for what a reading raised.
fn words(command: &C) -> String {
    match command {
        C::JudgeReading { color, .. } => color.map_or("解除".to_owned(), |it| it.glyph().to_owned()),
        C::JudgeByRule { color, rule, why, .. } => format!("{} {rule} {why}", color.glyph()),
        other => panic!("{other:?}"),
    }
}

fn obey(city: &mut City, command: &C, now: Timestamp) {
    for event in city.decide(command, now).unwrap_or_else(|why| panic!("{command:?}: {why}")) {
        let record = Record { seq: city.seq + 1, at: now, source: Source::Hub, event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
}

/// `flood-1` reads each figure at its minute; what is raised, with its minute. Every command is admitted.
#[track_caller]
fn check(text: &str, readings: &[(i64, f32)], expected: &[(i64, &str)]) {
    let mut city = city(text);
    let mut judge = Judge::for_city(&city);
    let mut raised = Vec::new();
    for &(mins, value) in readings {
        let at = T0.plus_mins(mins);
        if let Some(command) = judge.feed(0, value, at) {
            obey(&mut city, &command, at);
            raised.push((mins, words(&command)));
        }
    }
    let raised: Vec<(i64, &str)> = raised.iter().map(|(mins, it)| (*mins, it.as_str())).collect();
    assert_eq!(raised, expected);
}

const RISE: &str = r#"
[[rules]]
id = "rise"
name = "涨得快"
kinds = ["flood_depth"]
color = "red"
test = { rise = { on = 30, off = 10, over_mins = 30 } }
"#;

#[test]
fn a_fast_rise_is_an_alarm_with_its_words() {
    // Blue from the sensor's own thresholds first, then the rule, which leads until the water stands.
    check(
        RISE,
        &[(0, 2.0), (10, 10.0), (20, 20.0), (25, 44.0), (40, 45.0), (60, 44.0), (70, 44.0), (80, 3.0)],
        &[(20, "蓝"), (25, "红 rise 30 分钟涨 42 cm"), (60, "橙"), (80, "解除")],
    );
    // Slowly is no alarm of this rule.
    check(RISE, &[(0, 0.0), (60, 7.0), (120, 14.0)], &[]);
}

#[test]
fn a_fall_an_impossible_figure_and_one_that_lasts() {
    let text = r#"
[[rules]]
id = "fall"
name = "降得快"
kinds = ["flood_depth"]
color = "yellow"
test = { fall = { on = 5, off = 2, over_mins = 60 } }

[[rules]]
id = "range"
name = "读数不可信"
kinds = ["flood_depth"]
color = "blue"
test = { outside = { low = -5, high = 300 } }
"#;
    check(
        text,
        &[(0, 14.0), (10, 13.0), (20, 8.5), (30, 9999.0), (40, 8.5), (100, 8.5), (130, 8.5)],
        &[(20, "黄 fall 1 小时降 5.50 cm"), (130, "解除")],
    );
    // 9999 is no flood: it is judged by the range alone.
    check(
        text,
        &[(0, 0.0), (1, 9999.0), (2, 0.0)],
        &[(1, "蓝 range 9999 cm 不在 -5 cm 到 300 cm 之间，读数不可信"), (2, "解除")],
    );

    let text = r#"
[[rules]]
id = "long"
name = "久积不退"
kinds = ["flood_depth"]
color = "red"
test = { above = { on = 5, off = 3, hold_s = 600 } }

[[rules]]
id = "low"
name = "电量低"
only = ["wind-1"]
color = "blue"
test = { below = { on = 1, off = 2 } }
"#;
    check(
        text,
        &[(0, 6.0), (5, 4.0), (6, 6.0), (15, 6.0), (16, 6.0), (20, 4.0), (21, 2.0)],
        &[(16, "红 long 不低于 5 cm，已持续 10 分钟"), (21, "解除")],
    );
}

#[test]
fn a_stuck_gauge_is_told_from_a_still_sea() {
    let text = r#"
[[rules]]
id = "stuck"
name = "不动"
kinds = ["flood_depth"]
color = "blue"
test = { stuck = { for_mins = 60, others = 1, above = 2 } }
"#;
    let city = city(text);
    let mut judge = Judge::for_city(&city);
    let mut raised = Vec::new();
    for mins in 0..=180 {
        let at = T0.plus_mins(mins);
        // flood-1 stands at 5 all the time and moves at last; flood-2 begins to move at 90.
        let first = if mins == 180 { 6.0 } else { 5.0 };
        let second = if mins < 90 { 3.0 } else { 3.0 + mins as f32 * 0.01 };
        raised.extend(judge.feed(1, second, at).map(|it| (mins, words(&it))));
        raised.extend(judge.feed(0, first, at).map(|it| (mins, words(&it))));
    }
    assert_eq!(raised, [(90, "蓝 stuck 1 小时 30 分钟没有变化，同类在变".to_owned()), (180, "解除".to_owned())]);
    // A dry gauge is dry.
    let mut judge = Judge::for_city(&city);
    for mins in 0..=180 {
        assert_eq!(judge.feed(1, mins as f32 * 0.01, T0.plus_mins(mins)), None);
        assert_eq!(judge.feed(0, 0.0, T0.plus_mins(mins)), None);
    }
}

#[test]
fn silence_is_told_unless_all_are_silent() {
    let text = r#"
[[rules]]
id = "silent"
name = "没有读数"
kinds = ["flood_depth"]
color = "blue"
test = { silence = { for_mins = 30 } }
"#;
    let mut city = city(text);
    let mut judge = Judge::for_city(&city);
    assert_eq!(judge.unheard(T0), []);
    let mut raised = Vec::new();
    for mins in 0..=70 {
        let now = T0.plus_mins(mins);
        let mut commands: Vec<C> = judge.feed(1, 1.0, now).into_iter().collect();
        if mins == 60 {
            // Delayed on its way: read before the alarm was raised.
            commands.extend(judge.feed(0, 1.0, T0.plus_mins(20)));
        }
        commands.extend(judge.unheard(now));
        for it in commands {
            obey(&mut city, &it, now);
            raised.push((mins, words(&it)));
        }
    }
    // The delayed reading clears it; being older than half an hour itself, it is late again at once.
    let silent = || "蓝 silent 30 分钟没有读数".to_owned();
    assert_eq!(raised, [(30, silent()), (60, "解除".to_owned()), (60, silent())]);
    // Nobody speaks: the connector's lamp tells that.
    let mut judge = Judge::for_city(&City::found(&Pack { alarm_rules: rules(text), ..tiny_pack() }, Realm::Actual));
    for mins in 0..=70 {
        assert_eq!(judge.unheard(T0.plus_mins(mins)), []);
    }
    assert_eq!(judge.unheard(T0.plus_mins(-100)), [], "the clock was set back");
}

#[test]
fn a_deadband_keeps_noise_out_and_a_rule_may_take_anothers_place() {
    let text = r#"
[deadband]
flood_depth = 2.0

[[rules]]
id = "deep"
name = "深"
kinds = ["flood_depth"]
color = "red"
test = { above = { on = 10, off = 5 } }

[[rules]]
id = "deep-1"
name = "深（一号点）"
only = ["flood-1"]
instead_of = "deep"
color = "orange"
test = { above = { on = 12, off = 5 } }
"#;
    check(text, &[(0, 10.5), (1, 12.0), (2, 12.6), (3, 4.9)], &[(2, "橙 deep-1 不低于 12 cm"), (3, "解除")]);
    let city = city(text);
    let mut judge = Judge::for_city(&city);
    let said = judge.feed(1, 10.0, T0).map(|it| words(&it));
    assert_eq!(said.as_deref(), Some("红 deep 不低于 10 cm"));
}

#[test]
fn an_alarm_of_a_rule_survives_a_restart() {
    let mut city = city(RISE);
    let mut judge = Judge::for_city(&city);
    let mut raised = Vec::new();
    for (mins, value) in [(0, 0.0), (10, 14.0), (20, 35.0), (30, 36.0), (31, 36.0), (50, 36.0), (60, 14.0), (61, 2.0)] {
        let at = T0.plus_mins(mins);
        if mins == 30 {
            judge = Judge::for_city(&city);
        }
        if let Some(command) = judge.feed(0, value, at) {
            obey(&mut city, &command, at);
            raised.push((mins, words(&command)));
        }
    }
    // Led by the rule until half a window is known again; then the thresholds' yellow leads, and then nothing.
    assert_eq!(
        raised,
        [
            (20, "红 rise 30 分钟涨 35 cm".to_owned()),
            (50, "黄".to_owned()),
            (60, "蓝".to_owned()),
            (61, "解除".to_owned())
        ]
    );
    assert_eq!(city.alarms.len(), 1);
}

#[test]
fn a_rules_alarm_is_refused_where_the_rule_does_not_hold() {
    let city = city(RISE);
    let by = |sensor: &str, rule: &str, color| C::JudgeByRule {
        sensor: sensor.into(),
        rule: rule.into(),
        color,
        value: 1.0,
        at: T0,
        why: "".into(),
    };
    let refused = |command: C| city.decide(&command, T0).expect_err("refused").to_string();
    assert!(refused(by("nowhere", "rise", WarningColor::Orange)).contains("nowhere"));
    assert!(refused(by("flood-1", "fall", WarningColor::Red)).contains("fall"));
    assert!(refused(by("flood-1", "rise", WarningColor::Orange)).contains("涨得快"));
    assert!(refused(by("wind-1", "rise", WarningColor::Red)).contains("wind-1"));
    let events = city.decide(&by("flood-1", "rise", WarningColor::Red), T0).expect("admitted");
    assert!(matches!(&events[..], [Event::AlarmRaised { rule, .. }] if &**rule == "rise"));
    // A seat may not speak for a sensor.
    assert!(city.decide_from(&Source::Seat("A".into()), &by("flood-1", "rise", WarningColor::Red), T0).is_err());
}

#[test]
fn absurd_rules_are_found() {
    let fault = |test: &str| {
        let text = format!("[[rules]]\nid = \"a\"\nname = \"a\"\nkinds = [\"rain\"]\ncolor = \"red\"\ntest = {test}\n");
        toml::from_str::<AlarmRules>(&text).map_err(|it| it.to_string()).map(|it| it.fault().is_some())
    };
    for test in [
        "{ above = { on = 1, off = 1 } }",
        "{ below = { on = 1, off = 0 } }",
        "{ rise = { on = 0, off = 0, over_mins = 30 } }",
        "{ fall = { on = 3, off = 1, over_mins = 0 } }",
        "{ stuck = { for_mins = 60, others = 9 } }",
        "{ outside = { low = 3, high = 3 } }",
        "{ silence = { for_mins = 0 } }",
    ] {
        assert_eq!(fault(test), Ok(true), "{test}");
    }
    assert_eq!(fault("{ silence = { for_mins = 1 } }"), Ok(false));
    assert!(fault("{ whim = { } }").is_err());
    assert!(
        toml::from_str::<AlarmRules>(
            "[[rules]]\nid = \"a\"\nname = \"a\"\ncolor = \"red\"\ntest = { silence = { for_mins = 1 } }\n"
        )
        .is_ok_and(|it| it.fault().is_some())
    );
}

#[test]
fn an_old_alarm_record_is_still_read() {
    let old = r#"{"alarm_raised":{"alarm":1,"sensor":"flood-1","color":"blue","value":16.0,"at":1690423200000}}"#;
    let event: Event = serde_json::from_str(old).expect("as before");
    assert!(matches!(event, Event::AlarmRaised { rule, why, .. } if rule.is_empty() && why.is_empty()));
}

fn kind() -> SensingKind {
    SensingKind {
        id: "gas_methane".into(),
        zh: "燃气浓度".into(),
        en: "Methane".into(),
        unit: "%LEL".into(),
        low: 0.0,
        high: 100.0,
        freshness_mins: 10,
        group: "燃气".into(),
        thresholds: vec![
            Threshold { color: WarningColor::Yellow, on: 10.0, off: 8.0 },
            Threshold { color: WarningColor::Red, on: 20.0, off: 16.0 },
        ],
        basis: "示例".into(),
    }
}

#[test]
fn the_things_of_a_register_take_their_state_from_the_same_rules() {
    let rules = rules(
        "[[rules]]\nid = \"r\"\nname = \"r\"\nkinds = [\"gas_methane\"]\ncolor = \"orange\"\ntest = { rise = { on = 5, off = 1, over_mins = 6 } }\n",
    );
    let mut judge = ThingJudge::new(kind(), &rules);
    let states: Vec<ThingState> = [(0, 1.0), (1, 11.0), (6, 9.0), (7, 21.0), (28, 3.0), (31, 3.0)]
        .map(|(mins, value)| judge.feed(7, "RQ-7", value, T0.plus_mins(mins)))
        .to_vec();
    use ThingState::*;
    assert_eq!(states, [Normal, Alarm, Attention, Alarm, Alarm, Normal]);
    assert!(judge.is_possible(100.0) && !judge.is_possible(101.0) && !judge.is_possible(f32::NAN));
    assert_eq!(judge.feed(u32::MAX, "RQ-?", 1.0, T0), Unknown);
}

const ALL: &str = r#"
[deadband]
flood_depth = 0.1

[[rules]]
id = "rise"
name = "a"
kinds = ["flood_depth"]
color = "orange"
test = { rise = { on = 20, off = 5, over_mins = 30 } }
[[rules]]
id = "stuck"
name = "b"
kinds = ["flood_depth"]
color = "blue"
test = { stuck = { for_mins = 20, others = 1 } }
[[rules]]
id = "range"
name = "c"
kinds = ["flood_depth"]
color = "yellow"
test = { outside = { low = 0, high = 90 } }
[[rules]]
id = "silent"
name = "d"
kinds = ["flood_depth"]
color = "blue"
test = { silence = { for_mins = 15 } }
[[rules]]
id = "long"
name = "e"
kinds = ["flood_depth"]
color = "red"
test = { above = { on = 60, off = 40, hold_s = 120 } }
"#;

/// Who reads, minutes after the reading before (or before it), what; `None`: the timer.
fn happenings() -> impl Strategy<Value = Vec<(u32, i64, Option<f32>)>> {
    let value = prop_oneof![4 => (0..100i32).prop_map(|it| it as f32), 1 => Just(f32::NAN), 1 => any::<f32>()];
    prop::collection::vec((0..3u32, -40i64..60, prop::option::weighted(0.9, value)), 0..80)
}

proptest! {
    /// Whatever comes in whatever order: every command is admitted, none raises what is raised, one alarm is open at most.
    #[test]
    fn no_alarm_comes_twice(happenings in happenings(), restart in any::<prop::sample::Index>()) {
        let mut city = city(ALL);
        let mut judge = Judge::for_city(&city);
        let (mut clock, mut newest) = (T0, T0);
        let restart = restart.index(happenings.len() + 1);
        for (i, (handle, mins, value)) in happenings.into_iter().enumerate() {
            if i == restart {
                judge = Judge::for_city(&city);
            }
            clock = clock.plus_mins(mins);
            newest = newest.max(clock);
            let commands = match value {
                Some(value) => judge.feed(handle, value, clock).into_iter().collect(),
                None => judge.unheard(newest),
            };
            for it in commands {
                let events = city.decide(&it, newest);
                prop_assert!(events.is_ok(), "{:?}: {:?}", it, events);
                obey(&mut city, &it, newest);
            }
        }
        let open: Vec<_> = city.alarms.values().filter(|it| it.cleared_at.is_none()).map(|it| &it.sensor).collect();
        let mut once = open.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(open.len(), once.len());
    }

    /// The same readings give the same commands, and a reading told again gives none.
    #[test]
    fn a_repeat_says_nothing(happenings in happenings()) {
        let city = city(ALL);
        let (mut once, mut twice) = (Judge::for_city(&city), Judge::for_city(&city));
        let mut clock = T0;
        for (handle, mins, value) in happenings {
            clock = clock.plus_mins(mins);
            let value = value.unwrap_or(1.0);
            prop_assert_eq!(once.feed(handle, value, clock), twice.feed(handle, value, clock));
            prop_assert_eq!(twice.feed(handle, value, clock), None);
        }
    }

    /// Between `off` and `on` nothing changes.
    #[test]
    fn between_off_and_on_nothing_changes(values in prop::collection::vec(10.0f32..14.9, 1..40), was_on in any::<bool>()) {
        let city = City::found(&tiny_pack(), Realm::Actual);
        let mut judge = Judge::for_city(&city);
        if was_on {
            prop_assert!(judge.feed(0, 16.0, T0).is_some());
        }
        for (i, value) in values.into_iter().enumerate() {
            prop_assert_eq!(judge.feed(0, value, T0.plus_mins(1 + i as i64)), None);
        }
    }
}
