//! Fences: what breaks one and what does not, in which hours, and that each is said once.

use gulang_city::*;
use proptest::prelude::*;

const TRUCK: &str = "muck_truck";
/// Some 2 km either way, about the tiny pack's centre.
const HALF: f64 = 0.02;

/// A Tuesday in Beijing.
fn noon() -> Timestamp {
    Timestamp::parse("2026-11-17 12:00:00").unwrap()
}

fn center() -> LonLat {
    tiny_pack().center
}

fn at(east: f64, north: f64) -> LonLat {
    LonLat(center().0 + east * HALF, center().1 + north * HALF)
}

fn rules(rule: FenceRule, hours: &[(&str, &str, &[u8])]) -> FenceRules {
    let minute = |it: &str| Minute::try_from(it.to_owned()).unwrap();
    let hours: Vec<Hours> = hours
        .iter()
        .map(|(from, to, days)| Hours { from: minute(from), to: minute(to), days: days.to_vec() })
        .collect();
    let fence = Fence {
        id: "f".into(),
        name: "示例围栏".into(),
        rule,
        registers: vec![TRUCK.into()],
        color: WarningColor::Orange,
        limit_kmh: 40.0,
        hours: hours.clone(),
        ring: vec![at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0)],
    };
    let offline = Offline {
        id: "o".into(),
        name: "离线".into(),
        registers: vec![TRUCK.into()],
        color: WarningColor::Yellow,
        after_mins: 10,
        hours,
    };
    FenceRules { basis: "".into(), is_default: false, fences: vec![fence], offlines: vec![offline] }
}

/// What is said of one truck on its way: when (s), how, on or over. `None` in a step: no place.
fn told(rules: &FenceRules, start: Timestamp, way: &[(i64, Option<LonLat>)]) -> Vec<(i64, Breach, bool)> {
    let mut judge = FenceJudge::new(rules, center());
    let mut told = Vec::new();
    for &(secs, place) in way {
        for command in judge.feed(&TRUCK.into(), &"闽D1".into(), place, start.plus_secs(secs)) {
            let Command::ReportFence { report } = command else { panic!("{command:?}") };
            told.push((secs, report.breach, report.is_on));
        }
    }
    told
}

#[test]
fn two_fixes_in_a_row_are_believed_and_one_is_not() {
    let (out, inn) = (Some(at(3.0, 0.0)), Some(at(0.0, 0.0)));
    let forbid = rules(FenceRule::Forbid, &[]);
    assert_eq!(told(&forbid, noon(), &[(0, out), (10, inn), (20, out), (30, inn), (40, out)]), []);
    let way = [(0, out), (10, inn), (20, inn), (30, inn), (40, out), (50, out), (60, out)];
    assert_eq!(told(&forbid, noon(), &way), [(20, Breach::Entered, true), (50, Breach::Entered, false)]);
    assert_eq!(
        told(&rules(FenceRule::KeepIn, &[]), noon(), &[(0, inn), (10, out), (20, out), (30, inn), (40, inn)]),
        [(20, Breach::Left, true), (40, Breach::Left, false)]
    );
}

#[test]
fn on_the_line_nothing_changes() {
    // A metre in, a metre out: within the margin.
    let metre = 1.0 / 111_000.0 / HALF;
    let line = |by: f64| Some(at(1.0 + by * metre, 0.0));
    let way = [(0, line(-1.0)), (10, line(1.0)), (20, line(-1.0)), (30, line(-1.0)), (40, line(-1.0))];
    assert_eq!(told(&rules(FenceRule::Forbid, &[]), noon(), &way), []);
    let way = [(0, line(-100.0)), (10, line(-100.0)), (20, line(1.0)), (30, line(1.0)), (40, line(-1.0))];
    assert_eq!(told(&rules(FenceRule::Forbid, &[]), noon(), &way), [(10, Breach::Entered, true)]);
}

#[test]
fn fences_hold_in_their_hours_only() {
    let (out, inn) = (Some(at(3.0, 0.0)), Some(at(0.0, 0.0)));
    let way = [(0, out), (10, inn), (20, inn)];
    #[track_caller]
    fn check(hours: &[(&str, &str, &[u8])], way: &[(i64, Option<LonLat>)], holds: bool) {
        let n = told(&rules(FenceRule::Forbid, hours), noon(), way).len();
        assert_eq!(n, usize::from(holds), "{hours:?}");
    }
    check(&[("07:00", "19:00", &[])], &way, true);
    check(&[("07:00", "09:00", &[])], &way, false);
    check(&[("22:00", "06:00", &[])], &way, false);
    check(&[("22:00", "13:00", &[])], &way, true);
    check(&[("00:00", "24:00", &[2])], &way, true);
    check(&[("00:00", "24:00", &[1, 3])], &way, false);
    // Of Monday's night, which runs into Tuesday.
    check(&[("22:00", "13:00", &[1])], &way, true);
    check(&[("22:00", "13:00", &[2])], &way, false);
    // When its hours end, so does the breach.
    let way = [(0, inn), (10, inn), (4000, inn), (4010, inn)];
    assert_eq!(
        told(&rules(FenceRule::Forbid, &[("11:00", "13:00", &[])]), noon(), &way),
        [(10, Breach::Entered, true), (4010, Breach::Entered, false)]
    );
}

#[test]
fn speed_is_what_lies_between_two_fixes() {
    // So many km/h eastward, ten seconds a step.
    let way = |speeds: &[f64]| {
        let mut east = -0.9;
        let mut way = vec![(0, Some(at(east, 0.0)))];
        for (i, kmh) in speeds.iter().enumerate() {
            east += kmh / 360.0 * 1000.0 / 10.0 * 10.0 / (111_195.0 * HALF * center().1.to_radians().cos()) / 1.0;
            way.push(((i as i64 + 1) * 10, Some(at(east, 0.0))));
        }
        way
    };
    let slow = rules(FenceRule::Speed, &[]);
    assert_eq!(told(&slow, noon(), &way(&[35.0, 38.0, 39.0])), []);
    assert_eq!(
        told(&slow, noon(), &way(&[50.0, 50.0, 39.0, 38.0, 30.0, 30.0])),
        [(20, Breach::Speeding, true), (60, Breach::Speeding, false)]
    );
    // A fix that jumps is no speed, and fixes a quarter of a second or an hour apart say nothing.
    assert_eq!(told(&slow, noon(), &way(&[500.0, 500.0, 500.0])), []);
    let hasty = [(0, Some(at(0.0, 0.0))), (3, Some(at(0.04, 0.0))), (6, Some(at(0.08, 0.0)))];
    assert_eq!(told(&slow, noon(), &hasty), []);
}

#[test]
fn silence_counts_in_working_hours_and_ends_with_a_fix() {
    let mut judge = FenceJudge::new(&rules(FenceRule::Forbid, &[("08:00", "18:00", &[])]), center());
    let (register, truck): (Text, Text) = (TRUCK.into(), "闽D1".into());
    let out = Some(at(3.0, 0.0));
    let evening = Timestamp::parse("2026-11-17 17:58:00").unwrap();
    assert_eq!(judge.feed(&register, &truck, out, evening), []);
    // Night: nobody asks; in the morning it has ten minutes.
    assert_eq!(judge.silent(evening.plus_mins(60)), []);
    let morning = Timestamp::parse("2026-11-18 08:00:00").unwrap();
    assert_eq!(judge.silent(morning.plus_mins(10)), []);
    let said = judge.silent(morning.plus_mins(11));
    let [Command::ReportFence { report }] = &said[..] else { panic!("{said:?}") };
    assert_eq!((report.breach, report.is_on, &*report.rule), (Breach::Silent, true, "o"));
    assert_eq!(judge.silent(morning.plus_mins(30)), [], "once");
    // A fix without a place is a sign of life.
    let said = judge.feed(&register, &truck, None, morning.plus_mins(31));
    assert!(matches!(&said[..], [Command::ReportFence { report }] if !report.is_on && report.place == at(3.0, 0.0)));
    assert_eq!(judge.silent(morning.plus_mins(40)), []);
}

/// The tiny city with these rules, and its fold.
fn city(rules: FenceRules) -> City {
    City::found(&Pack { fence_rules: rules, ..tiny_pack() }, Realm::Actual)
}

fn submit(city: &mut City, command: &Command, now: Timestamp) -> Result<usize, Refusal> {
    let events = city.decide_from(&Source::Platform("jt808".into()), command, now)?;
    let n = events.len();
    for event in events {
        let record = Record { seq: city.seq + 1, at: now, source: Source::Hub, event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(n)
}

fn report(is_on: bool, secs: i64) -> FenceReport {
    FenceReport {
        register: TRUCK.into(),
        thing: "闽D1".into(),
        rule: "f".into(),
        breach: Breach::Entered,
        is_on,
        value: 0.0,
        place: at(0.0, 0.0),
        at: noon().plus_secs(secs),
    }
}

fn fenced(report: FenceReport) -> Command {
    Command::ReportFence { report }
}

#[test]
fn a_broken_fence_is_an_alarm_like_any_other() {
    let mut city = city(rules(FenceRule::Forbid, &[]));
    let now = noon().plus_secs(60);
    assert_eq!(submit(&mut city, &fenced(report(true, 0)), now), Ok(1));
    assert_eq!(submit(&mut city, &fenced(report(true, 5)), now), Err(Refusal::NoChange));
    let groups = city.alarm_groups(now);
    let [group] = &groups[..] else { panic!("{groups:?}") };
    assert_eq!((group.n, group.worst, group.key.kind.breach()), (1, WarningColor::Orange, Some(Breach::Entered)));
    assert_eq!(group.key.kind.kind(), None);
    let id = group.alarms[0];
    let alarm = city.alarms[&id].clone();
    let Some(subject) = city.subject_of(&alarm) else { panic!("no subject") };
    assert_eq!((subject.name(), subject.place()), ("闽D1 示例围栏".to_owned(), at(0.0, 0.0).rounded()));

    let seat = Source::Seat("一席".into());
    let command = Command::AcknowledgeGroup { group: group.key.clone() };
    for event in city.decide_from(&seat, &command, now).unwrap() {
        let record = Record { seq: city.seq + 1, at: now, source: seat.clone(), event };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    assert!(city.alarms[&id].acknowledged.is_some());
    // What a terminal sends late from before it began does not end it.
    assert!(matches!(submit(&mut city, &fenced(report(false, -30)), now), Err(Refusal::Stale { .. })));
    assert_eq!(submit(&mut city, &fenced(report(false, 30)), now), Ok(1));
    assert_eq!((city.open_alarms.len(), city.alarms[&id].cleared_at), (0, Some(noon().plus_secs(30))));
    assert_eq!(submit(&mut city, &fenced(report(false, 40)), now), Err(Refusal::NoChange));
    // A seat does not report for a truck.
    assert!(city.decide_from(&seat, &fenced(report(true, 50)), now).is_err());
    let bytes = city.to_bytes().unwrap();
    assert_eq!(City::from_bytes(&bytes).unwrap(), city);
}

#[test]
fn absurd_reports_are_refused() {
    let mut city = city(rules(FenceRule::Forbid, &[]));
    let now = noon().plus_secs(60);
    let mut check = |spoil: &dyn Fn(&mut FenceReport)| {
        let mut it = report(true, 0);
        spoil(&mut it);
        let refused = submit(&mut city, &fenced(it.clone()), now);
        assert!(refused.is_err(), "{it:?}");
    };
    check(&|it| it.rule = "nowhere".into());
    check(&|it| it.rule = "".into());
    check(&|it| it.breach = Breach::Silent);
    check(&|it| it.thing = "".into());
    check(&|it| it.thing = "a|b".into());
    check(&|it| it.place = LonLat(0.0, 0.0));
    check(&|it| it.place = LonLat(f64::NAN, 0.0));
    check(&|it| it.value = f32::NAN);
    check(&|it| it.at = noon().plus_mins(30));
    // The button needs no rule.
    let emergency = FenceReport { rule: "".into(), breach: Breach::Emergency, ..report(true, 0) };
    assert_eq!(submit(&mut city, &fenced(emergency), now), Ok(1));
    assert_eq!(city.alarms_by_priority()[0].color, WarningColor::Red);
}

#[test]
fn a_restarted_judge_neither_repeats_nor_forgets() {
    let mut city = city(rules(FenceRule::Forbid, &[]));
    let now = noon().plus_secs(60);
    assert_eq!(submit(&mut city, &fenced(report(true, 0)), now), Ok(1));
    let mut judge = FenceJudge::for_city(&city);
    let (register, truck): (Text, Text) = (TRUCK.into(), "闽D1".into());
    for secs in 10..14 {
        assert_eq!(judge.feed(&register, &truck, Some(at(0.0, 0.0)), noon().plus_secs(secs)), []);
    }
    let mut said = Vec::new();
    for secs in 20..23 {
        said.extend(judge.feed(&register, &truck, Some(at(3.0, 0.0)), noon().plus_secs(secs)));
    }
    let [command] = &said[..] else { panic!("{said:?}") };
    assert_eq!(submit(&mut city, command, now), Ok(1));
    assert!(city.open_alarms.is_empty());
}

#[test]
fn the_shipped_rules_are_read_and_say_that_they_are_examples() {
    let text = std::fs::read_to_string("../../assets/cities/xiamen/rules/fences.toml").unwrap();
    let rules: FenceRules = toml::from_str(&text).unwrap();
    assert_eq!(rules.fault(), None);
    assert!(rules.is_default && rules.fences.len() >= 4 && rules.offlines.len() == 2);
    assert!(
        rules
            .fences
            .iter()
            .map(|it| &it.name)
            .chain(rules.offlines.iter().map(|it| &it.name))
            .all(|it| it.contains("示例"))
    );
    let bytes = postcard::to_stdvec(&rules).unwrap();
    assert_eq!(postcard::from_bytes::<FenceRules>(&bytes).unwrap(), rules);
    for wrong in [
        "[[fence]]\nid = \"a\"\nname = \"\"\nrule = \"forbid\"\nregisters = [\"x\"]\ncolor = \"red\"\nring = [[1, 1], [2, 2]]",
        "[[fence]]\nid = \"a\"\nname = \"\"\nrule = \"speed\"\nregisters = [\"x\"]\ncolor = \"red\"\nring = [[1, 1], [2, 2], [1, 2]]",
        "[[offline]]\nid = \"a\"\nname = \"\"\nregisters = []\ncolor = \"red\"\nafter_mins = 5",
    ] {
        assert!(toml::from_str::<FenceRules>(wrong).unwrap().fault().is_some(), "{wrong}");
    }
    assert!(toml::from_str::<FenceRules>("[[offline]]\nid = \"a\"\nname = \"\"\nregisters = [\"x\"]\ncolor = \"red\"\nafter_mins = 5\nhours = [{ from = \"25:00\", to = \"07:00\" }]").is_err());
}

proptest! {
    /// Whatever the way, on and over come in turn, on first, and the city takes each.
    #[test]
    fn on_and_over_take_turns(
        way in prop::collection::vec((0..400i64, -20..20i32, -20..20i32, any::<bool>()), 0..120), rule in 0..3u8,
    ) {
        let rule = [FenceRule::Forbid, FenceRule::KeepIn, FenceRule::Speed][usize::from(rule)];
        let rules = rules(rule, &[("11:00", "15:00", &[])]);
        let mut judge = FenceJudge::new(&rules, center());
        let mut city = city(rules);
        let mut now = noon();
        let mut is_on = std::collections::BTreeMap::new();
        for (step, east, north, has_place) in way {
            // Also back in time, and twice at once.
            let then = now.plus_secs(step - 100);
            now = now.max(then);
            let place = has_place.then(|| at(f64::from(east) / 10.0, f64::from(north) / 10.0));
            let mut said = judge.feed(&TRUCK.into(), &"闽D1".into(), place, then);
            said.extend(judge.silent(now));
            for command in said {
                let Command::ReportFence { report } = &command else { panic!("{command:?}") };
                let was = is_on.insert(report.breach, report.is_on).unwrap_or(false);
                prop_assert_ne!(was, report.is_on);
                prop_assert_eq!(submit(&mut city, &command, now), Ok(1), "{:?}", command);
            }
        }
        let n_on = is_on.values().filter(|it| **it).count();
        prop_assert_eq!(city.open_alarms.len(), n_on);
    }
}
