//! Indicators as data: what the file refuses, what figures say beside their number, and that keeping them record by record
//! gives what counting anew gives.

use gulang_city::{Command as C, indicators::*, *};
use proptest::prelude::*;
use std::{collections::BTreeMap, path::Path};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing
const DAY_MINS: i64 = 24 * 60;

/// A city, its readings and its figures, driven as a hub drives them.
struct Hall {
    city: City,
    readings: Readings,
    engine: Engine,
}

impl Hall {
    fn open(definitions: Definitions, now: Timestamp) -> Self {
        let city = City::found(&tiny_pack(), Realm::Actual);
        let readings = Readings::for_city(&city);
        let engine = Engine::new(definitions, &city, &readings, now);
        Self { city, readings, engine }
    }

    /// What is refused happens to nobody.
    fn obey(&mut self, source: &Source, command: &C, now: Timestamp) {
        for event in self.city.decide_from(source, command, now).unwrap_or_default() {
            let record = Record { seq: self.city.seq + 1, at: now, source: source.clone(), event };
            assert_eq!(self.city.apply(&record), Applied::Advanced);
            assert_eq!(self.engine.apply(&record, &self.city, &self.readings), Applied::Advanced);
        }
    }

    fn read(&mut self, sensor: &str, value: f32, at: Timestamp, now: Timestamp) {
        let handle = self.city.sensors.get_index_of(sensor).expect("a sensor of the tiny city") as u32;
        self.readings.gauges.put(handle, value, at);
        self.engine.apply_readings(&self.city, &self.readings, &[handle], now);
    }

    fn figure(&self, key: &str) -> Figure {
        let key = key_of_text(key);
        self.engine.figure(&key).unwrap_or_else(|| panic!("no {key}"))
    }
}

/// `id`, or `id@field:group`.
fn key_of_text(text: &str) -> FigureKey {
    let (indicator, group) = text.split_once('@').unwrap_or((text, ""));
    let group = match group.split_once(':') {
        Some((by, id)) => Group::Of { by: by.parse().expect("a field"), id: id.into() },
        None => Group::City,
    };
    FigureKey { indicator: indicator.into(), group }
}

/// The least an indicator needs, around a formula and whatever else is said of it. The formula is on line 13.
fn file(id: &str, formula: &str, more: &str) -> String {
    format!(
        "basis = \"示例\"\n[[theme]]\nid = \"t\"\nzh = \"题\"\nen = \"T\"\n[[indicator]]\nid = \"{id}\"\nzh = \"标\"\nen = \"I\"\n\
         means = {{ zh = \"口径\", en = \"meaning\" }}\ntheme = \"t\"\nowner = \"ag-city\"\nformula = {formula}\n{more}\n"
    )
}

const PLAIN: &str = "source = \"hub\"\nfresh_mins = 30\ndraw = \"number\"";
const OF_PLATFORM: &str =
    "source = \"yunguanfu\"\nfresh_mins = 30\ndraw = \"number\"\ngroup_by = [\"district\", \"agency\"]";
const OF_DEVICES: &str = "source = \"devices\"\nfresh_mins = 15\ndraw = \"number\"\ngroup_by = [\"district\"]";

fn definitions(text: &str) -> Definitions {
    Definitions::parse("indicators.toml", text).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn report(external: &str, reported: Timestamp, due_mins: i64) -> CaseReport {
    CaseReport {
        external: external.into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "道路积水".into(),
        address: "".into(),
        at: LonLat(118.08, 24.46),
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: reported,
        due_at: reported.plus_mins(due_mins),
    }
}

fn case(external: &str, mins: i64, stage: CaseStage, stage_mins: i64) -> C {
    C::ReportCase { report: report(external, T0.plus_mins(mins), 120), stage, stage_at: T0.plus_mins(stage_mins) }
}

fn platform() -> Source {
    Source::Platform("yunguanfu".into())
}

// ---------------------------------------------------------------- what the file refuses

/// The file is refused, at this line, with these words in what, why or what to do.
#[track_caller]
fn refused(text: &str, line: usize, words: &str) {
    let errors = Definitions::parse("indicators.toml", text).expect_err(text);
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let start = format!("indicators.toml:{line}: ");
    assert!(texts.iter().any(|it| it.starts_with(&start) && it.contains(words)), "{line}: {words} not in {texts:#?}");
    assert!(errors.iter().all(|it| !it.why.is_empty() && !it.todo.is_empty()));
}

#[test]
fn every_fault_names_its_line_and_its_indicator() {
    let with = |formula: &str| file("a", formula, PLAIN);
    let beside = |more: &str| file("a", "{ count = \"cases\" }", &format!("{PLAIN}\n{more}"));
    refused("basis = \"示例\"\n[[indicator]]\nid = ", 3, "unreadable TOML");
    refused("[[indicator]]\nid = \"a\"", 1, "indicator a: no zh");
    refused(&beside("colour = 1"), 17, "indicator a: unknown field colour");
    refused(&with("{ counts = \"cases\" }"), 13, "indicator a: unknown function counts");
    refused(&with("{ where = {} }"), 13, "no function");
    refused(&with("{ count = \"cases\", sum = \"cases.value\" }"), 13, "more than one function");
    refused(&with("{ count = \"caes\" }"), 13, "unknown table caes");
    refused(&with("{ count = \"cases.stage\" }"), 13, "rows are counted, not a field");
    refused(&with("{ sum = \"cases\" }"), 13, "does not say of which field");
    refused(&with("{ sum = \"cases.value\" }"), 13, "unknown field value");
    refused(&with("{ sum = \"cases.stage\" }"), 13, "it is words, not a number");
    refused(&with("{ count = \"cases\", where = { stag = \"closed\" } }"), 13, "unknown field stag");
    refused(&with("{ count = \"cases\", where = { stage = \"shut\" } }"), 13, "unknown stage shut");
    refused(&with("{ count = \"cases\", where = { stage = 3 } }"), 13, "bad condition on stage");
    refused(&with("{ count = \"cases\", where = { due_at = true } }"), 13, "bad condition on due_at");
    refused(&with("{ count = \"cases\", where = { n_returns = { from = 3, to = 1 } } }"), 13, "from is above to");
    refused(&with("{ count = \"cases\", within = { today = \"stage\" } }"), 13, "it is words, not a time");
    refused(&with("{ count = \"cases\", within = { last_mins = 60 } }"), 13, "bad within");
    refused(&with("{ count = \"cases\", within = { last_mins = 0, by = \"due_at\" } }"), 13, "bad last_mins");
    refused(&with("{ count = \"cases\", empty = \"nil\" }"), 13, "unknown empty nil");
    refused(&with("{ quantile = \"cases.closing_mins\" }"), 13, "no q");
    refused(&with("{ quantile = \"cases.closing_mins\", q = 50 }"), 13, "bad q");
    refused(&with("{ ratio = { of = \"a\" } }"), 13, "no to");
    refused(&with("{ rate = { of = { count = \"cases\" }, per_mins = 60 } }"), 13, "bad rate");
    refused(&with("{ weighted = [] }"), 13, "empty weighted");
    refused(&with("{ weighted = [{ of = { count = \"cases\" }, weight = 1, zero = 5 }] }"), 13, "bad score");
    refused(&with("\"b\""), 7, "unknown indicator b");
    refused(&with("\"a\""), 7, "a circle");
    refused(&with("{ count = \"sensors\" }"), 7, "bad source");
    refused(&beside("theme = \"x\""), 17, "unreadable TOML");
    refused(&beside("bands = { red = 1 }"), 17, "bands without good");
    refused(&beside("good = \"low\"\nbands = { blue = 5, red = 5 }"), 18, "bad band order at red");
    refused(&beside("good = \"high\"\nbands = { blue = 5, red = 6 }"), 18, "6 is not below 5");
    refused(&beside("good = \"fast\""), 17, "unknown good fast");
    refused(&beside("group_by = [\"capability\"]"), 7, "cases have no such groups");
    refused(&beside("group_by = [\"title\"]"), 17, "unknown group_by title");
    refused(&beside("anomaly_floor = 0"), 17, "bad anomaly_floor");
    refused(&beside("fresh_mins = 1.5").replacen("fresh_mins = 30\n", "", 1), 16, "bad fresh_mins");
    refused(&beside("").replace("draw = \"number\"", "draw = \"pie\""), 16, "unknown draw pie");
    refused(&beside("").replace("theme = \"t\"\n", "theme = \"u\"\n"), 11, "no [[theme]] has this id");
    let of_teams = file("a", "{ count = \"teams\" }", &format!("{PLAIN}\ncompare = [\"last_year\"]"));
    refused(&of_teams, 7, "cannot compare with last_year");
    // A group of one table in the whole of another.
    let mixed = "{ ratio = { of = { count = \"cases\" }, to = { count = \"teams\" } } }";
    refused(&file("a", mixed, &format!("{PLAIN}\ngroup_by = [\"agency\"]")), 7, "teams have no such groups");
    // A chain too long, and one that doubles at every link.
    let chain = |n: usize, link: &dyn Fn(usize) -> String| {
        let first = file("i0", "{ count = \"cases\" }", PLAIN);
        let rest = (1..n).map(|it| file(&format!("i{it}"), &link(it - 1), PLAIN));
        rest.fold(first, |all, it| format!("{all}[[indicator]]{}", it.split_once("[[indicator]]").expect("an entry").1))
    };
    let single = |n: usize| format!("\"i{n}\"");
    let double = |n: usize| format!("{{ ratio = {{ of = \"i{n}\", to = \"i{n}\" }} }}");
    assert!(
        Definitions::parse("f", &chain(20, &single)).is_ok() && Definitions::parse("f", &chain(9, &double)).is_ok()
    );
    refused(&chain(40, &single), 7 + 11 * 39, "indicator i39: a formula too large");
    refused(&chain(20, &double), 7 + 11 * 19, "indicator i19: a formula too large");
    // Two of one name; a circle of three, told of each.
    let first = file("a", "\"b\"", PLAIN);
    let entry = |id: &str, formula: &str| {
        let text = file(id, formula, PLAIN);
        text.split_once("[[indicator]]").map(|it| format!("[[indicator]]{}", it.1)).expect("an entry")
    };
    refused(&format!("{first}{}{}", entry("b", "\"c\""), entry("c", "\"a\"")), 7, "a → b → c → a");
    refused(&format!("{first}{}{}", entry("b", "\"c\""), entry("c", "\"a\"")), 18, "indicator b: a circle");
    refused(&format!("{first}{}", entry("a", "{ count = \"cases\" }")), 18, "line 7 has this id");
    // All at once, in the order of lines.
    let many = with("{ count = \"caes\" }").replace("theme = \"t\"\n", "theme = \"u\"\n");
    let lines: Vec<usize> = Definitions::parse("f", &many).expect_err("two faults").iter().map(|it| it.line).collect();
    assert_eq!(lines, [11, 13]);
}

// ---------------------------------------------------------------- what figures say

/// The city's own time in minutes after T0, and what happens then.
enum Step {
    Platform(i64, C),
    Seat(i64, C),
    /// Sensor, value, when it was read.
    Reads(i64, &'static str, f32, i64),
    At(i64),
}
use Step::{At, Platform, Reads, Seat};

/// After the steps a figure reads so: value or `!why`, then whatever else is to be seen, each by a word.
#[track_caller]
fn check(text: &str, steps: Vec<Step>, key: &str, expected: &str) {
    let mut hall = Hall::open(definitions(text), T0);
    for step in steps {
        match step {
            Platform(mins, command) => hall.obey(&platform(), &command, T0.plus_mins(mins)),
            Seat(mins, command) => hall.obey(&Source::Seat("A".into()), &command, T0.plus_mins(mins)),
            Reads(mins, sensor, value, read) => hall.read(sensor, value, T0.plus_mins(read), T0.plus_mins(mins)),
            At(mins) => hall.engine.advance(T0.plus_mins(mins)),
        }
    }
    let it = hall.figure(key);
    assert_eq!(it.value.is_none(), it.why_none.is_some(), "{it:?}");
    let mut words = vec![match (&it.value, &it.why_none) {
        (Some(value), _) => format!("{value}"),
        (None, Some(why)) => format!("!{why:?}"),
        (None, None) => "?".into(),
    }];
    words.push(format!("n{}", it.n));
    words.extend(it.numerator.zip(it.denominator).map(|(a, b)| format!("{a}/{b}")));
    words.extend(it.is_stale.then(|| "stale".into()));
    words.extend(it.stale_since.map(|at| format!("since{}", at.since_ms(T0) / 60_000)));
    words.extend(it.is_estimate.then(|| "estimate".into()));
    words.extend(it.band.map(|it| it.glyph().into()));
    words.extend(it.meets_target.map(|it| if it { "met".to_owned() } else { "unmet".to_owned() }));
    words.extend(it.corrected_at.map(|at| format!("corrected{}", at.since_ms(T0) / 60_000)));
    for past in &it.comparisons {
        let value = past.value.map_or("-".into(), |it| format!("{it}"));
        let kept = past.kept_at.map_or(String::new(), |at| format!("kept{}", at.since_ms(T0) / 60_000));
        let corrected = past.corrected_at.map_or(String::new(), |at| format!("corrected{}", at.since_ms(T0) / 60_000));
        words.push(format!("{:?}={value}{kept}{corrected}", past.with));
    }
    assert_eq!(words.join(" "), expected, "{key}");
    assert_same(&hall);
}

#[test]
fn cases_are_counted_by_their_times() {
    use CaseStage::{Closed, Collected, Evaluated};
    let open = file("x", "{ count = \"cases\", where = { ended_at = { passed = false } } }", OF_PLATFORM);
    // Nobody spoke yet: none is not nought.
    check(&open, vec![], "x", "!NothingHeard n0 stale");
    check(&open, vec![Platform(0, case("a", 0, Collected, 0))], "x", "1 n1");
    check(&open, vec![Platform(0, case("a", 0, Collected, 0)), Platform(9, case("a", 0, Closed, 9))], "x", "0 n0");
    check(&open, vec![Platform(0, case("a", 0, Collected, 0))], "x@district:350211", "0 n0");
    check(&open, vec![Platform(0, case("a", 0, Collected, 0))], "x@agency:ag-city", "1 n1");
    // Handed to another, it is another's.
    let transfer = C::TransferCase { case: CaseId(1), to: "ag-water".into(), reason: "不归我们".into() };
    let handed = || vec![Platform(0, case("a", 0, Collected, 0)), Seat(1, transfer.clone())];
    check(&open, handed(), "x@agency:ag-city", "0 n0");
    check(&open, handed(), "x@agency:ag-water", "1 n1");
    // The platform dies; half an hour later so do its figures.
    check(&open, vec![Platform(0, case("a", 0, Collected, 0)), At(29)], "x", "1 n1");
    check(&open, vec![Platform(0, case("a", 0, Collected, 0)), At(45)], "x", "1 n1 stale since30");
    let late = "{ count = \"cases\", where = { ended_at = { passed = false }, due_at = { passed = true } } }";
    let late = file("x", late, OF_PLATFORM);
    check(&late, vec![Platform(0, case("a", 0, Collected, 0)), At(119)], "x", "0 n0 stale since30");
    check(&late, vec![Platform(0, case("a", 0, Collected, 0)), At(120)], "x", "1 n1 stale since30");
    let postpone = C::PostponeCase { case: CaseId(1), due_at: T0.plus_mins(600), reason: "等水退".into() };
    let postponed = vec![Platform(0, case("a", 0, Collected, 0)), Seat(10, postpone), At(20), At(120)];
    check(&late, postponed, "x", "0 n0 stale since30");
    // Of today until midnight, fourteen hours on.
    let today = file("x", "{ count = \"cases\", within = { today = \"reported_at\" } }", OF_PLATFORM);
    check(&today, vec![Platform(0, case("a", 0, Collected, 0)), At(839)], "x", "1 n1 stale since30");
    check(&today, vec![Platform(0, case("a", 0, Collected, 0)), At(840)], "x", "0 n0 stale since30");
    // The last hour, and as a rate of each minute.
    let hour = "{ count = \"cases\", within = { last_mins = 60, by = \"reported_at\" } }";
    let rate = file("x", &format!("{{ rate = {{ of = {hour}, per_mins = 1 }} }}"), PLAIN);
    check(
        &rate,
        vec![Platform(0, case("a", 0, Collected, 0)), Platform(1, case("b", -50, Collected, -50))],
        "x",
        "0.03333333333333333 n2",
    );
    check(
        &rate,
        vec![Platform(0, case("a", 0, Collected, 0)), Platform(1, case("b", -50, Collected, -50)), At(30)],
        "x",
        "0.016666666666666666 n1",
    );
    // When a case was closed is reckoned once it was evaluated.
    let mean = file("x", "{ mean = \"cases.closing_mins\" }", PLAIN);
    check(&mean, vec![], "x", "!NoRows n0");
    check(&mean, vec![Platform(9, case("a", 0, Closed, 9)), Platform(19, case("b", 0, Closed, 19))], "x", "14 n2");
    check(&mean, vec![Platform(9, case("a", 0, Evaluated, 9))], "x", "9 n1 estimate");
    for (q, expected) in [("0.5", "19 n3"), ("0.9", "60 n3"), ("0", "9 n3")] {
        let text = file("x", &format!("{{ quantile = \"cases.closing_mins\", q = {q} }}"), PLAIN);
        let closed = |name, mins| Platform(mins, case(name, 0, Closed, mins));
        check(&text, vec![closed("a", 9), closed("b", 19), closed("c", 60)], "x", expected);
    }
}

#[test]
fn shares_have_parts_and_reasons() {
    use CaseStage::{Closed, Collected};
    let closed = "{ count = \"cases\", where = { closed_at = { passed = true } } }";
    let ratio = format!("{{ ratio = {{ of = {closed}, to = {{ count = \"cases\" }}, scale = 100 }} }}");
    let more = format!("{PLAIN}\ngood = \"high\"\ntarget = 90\nbands = {{ blue = 90, yellow = 60, red = 20 }}");
    let text = file("x", &ratio, &more);
    check(&text, vec![], "x", "!NothingToDivideBy n0 0/0");
    let one = || Platform(0, case("a", 0, Closed, 0));
    check(&text, vec![one()], "x", "100 n1 1/1 met");
    check(&text, vec![one(), Platform(1, case("b", 0, Collected, 0))], "x", "50 n2 1/2 黄 unmet");
    check(&text, vec![Platform(1, case("b", 0, Collected, 0))], "x", "0 n1 0/1 红 unmet");
    // A weighted sum: none without a part, or the others weigh more.
    let parts = format!(
        "[{{ of = {ratio}, weight = 0.5, zero = 50, full = 100 }}, {{ of = {{ count = \"orders\", empty = \"missing\" }}, weight = 0.5 }}]"
    );
    let strict = file("x", &format!("{{ weighted = {parts} }}"), PLAIN);
    check(&strict, vec![one()], "x", "!PartMissing(2) n1");
    let spread = file("x", &format!("{{ weighted = {parts}, missing = \"spread\" }}"), PLAIN);
    check(&spread, vec![one()], "x", "100 n1 estimate");
    check(&spread, vec![], "x", "!PartMissing(1) n0");
}

#[test]
fn devices_are_heard_one_by_one() {
    let within = "within = { last_mins = 15, by = \"read_at\" }";
    let over = format!("{{ count = \"sensors\", where = {{ kind = \"flood_depth\", is_over = true }}, {within} }}");
    let over = file("x", &over, &format!("{OF_DEVICES}\ngood = \"low\"\nbands = {{ blue = 1, red = 2 }}"));
    // Two stations, one in each district.
    check(&over, vec![], "x", "!NothingHeard n0 stale");
    check(&over, vec![Reads(1, "flood-1", 3.0, 1)], "x", "0 n0");
    check(&over, vec![Reads(1, "flood-1", 3.0, 1)], "x@district:350211", "!NothingHeard n0 stale");
    check(&over, vec![Reads(1, "flood-1", 30.0, 1), Reads(2, "flood-2", 30.0, 2)], "x", "2 n2 红");
    check(&over, vec![Reads(1, "flood-1", 30.0, 1), Reads(2, "flood-2", 30.0, 2), At(16)], "x", "1 n1 蓝");
    // One district's only station dies: its figure says since when, the city's goes on.
    let died = || vec![Reads(1, "flood-1", 3.0, 1), Reads(9, "flood-2", 30.0, 9), At(16)];
    check(&over, died(), "x@district:350203", "!NothingHeard n0 stale since16");
    check(&over, died(), "x", "1 n1 蓝");
    // No tide gauge anywhere.
    let tide =
        file("x", &format!("{{ max = \"sensors.value\", where = {{ kind = \"tide\" }}, {within} }}"), OF_DEVICES);
    check(&tide, vec![], "x", "!NothingThere n0");
    let max = file(
        "x",
        &format!("{{ max = \"sensors.value\", where = {{ kind = \"flood_depth\" }}, {within} }}"),
        OF_DEVICES,
    );
    check(&max, vec![Reads(1, "flood-1", 30.5, 1), Reads(2, "flood-2", 12.25, 2)], "x", "30.5 n2");
    check(&max, vec![Reads(1, "flood-1", 30.5, 1), Reads(2, "flood-2", 12.25, 2), At(16)], "x", "12.25 n1");
    check(&max, vec![Reads(1, "flood-1", f32::NAN, 1)], "x", "!NothingHeard n0 stale");
    // A clock hours ahead is not believed, nor does it hide that nobody else speaks.
    check(&max, vec![Reads(1, "flood-1", 30.5, 600)], "x", "!NothingHeard n0 stale");
    check(&max, vec![Reads(1, "flood-1", 30.5, 600), At(599)], "x", "30.5 n1");
    check(&max, vec![Reads(1, "flood-1", 30.5, 5)], "x", "30.5 n1");
}

#[test]
fn the_past_is_counted_or_was_kept() {
    use CaseStage::{Closed, Collected};
    let more = format!("{PLAIN}\ncompare = [\"yesterday\", \"last_week\", \"last_year\"]");
    let open = file("x", "{ count = \"cases\", where = { ended_at = { passed = false } } }", &more);
    // Before the first day there is nothing to compare with, and no nought either.
    let none = "Yesterday=- LastWeek=- LastYear=-";
    check(&open, vec![Platform(0, case("a", 0, Collected, 0))], "x", &format!("1 n1 {none}"));
    // Open a day ago, closed since.
    let closed = || vec![Platform(0, case("a", 0, Collected, 0)), Platform(60, case("a", 0, Closed, 60))];
    let after = |mins| closed().into_iter().chain([At(mins)]).collect::<Vec<_>>();
    check(&open, after(DAY_MINS + 30), "x", "0 n0 Yesterday=1 LastWeek=- LastYear=-");
    check(&open, after(DAY_MINS + 61), "x", "0 n0 Yesterday=0 LastWeek=- LastYear=-");
    check(&open, after(7 * DAY_MINS + 30), "x", "0 n0 Yesterday=0 LastWeek=1 LastYear=-");
    // 2024-07-27, over the 29th of February.
    check(&open, after(366 * DAY_MINS + 30), "x", "0 n0 Yesterday=0 LastWeek=0 LastYear=1");
    check(&open, after(365 * DAY_MINS + 30), "x", "0 n0 Yesterday=0 LastWeek=0 LastYear=-");
    // A report of yesterday that comes today changes what yesterday was, and says so until midnight.
    let late = || vec![At(DAY_MINS), Platform(DAY_MINS + 1, case("a", 0, Collected, 0))];
    check(&open, late(), "x", "1 n1 Yesterday=1corrected1441 LastWeek=- LastYear=-");
    let midnight = || late().into_iter().chain([At(DAY_MINS + 900)]).collect();
    check(&open, midnight(), "x", "1 n1 Yesterday=1 LastWeek=- LastYear=-");
    let yesterday = file("x", "{ count = \"cases\", within = { yesterday = \"reported_at\" } }", PLAIN);
    check(&yesterday, late(), "x", "1 n1 corrected1441");
    check(&yesterday, midnight(), "x", "0 n0");
    check(&yesterday, vec![Platform(0, case("a", 0, Collected, 0)), At(DAY_MINS)], "x", "1 n1");
    // What a team did yesterday no row says: it was kept at the full hour.
    let out = file(
        "x",
        "{ count = \"teams\", where = { is_assigned = true } }",
        &format!("{PLAIN}\ncompare = [\"yesterday\"]"),
    );
    let assign = C::AssignTeam { team: "team-1".into(), order: None, purpose: "巡堤".into() };
    let steps = |mins: i64| {
        let hours = (0..mins / 60).map(|it| At(it * 60 + 61));
        [Seat(30, assign.clone())].into_iter().chain(hours).chain([At(mins)]).collect::<Vec<_>>()
    };
    check(&out, steps(90), "x", "1 n1 Yesterday=-");
    check(&out, steps(DAY_MINS + 90), "x", "1 n1 Yesterday=1kept60");
}

#[test]
fn a_figure_unlike_other_days_says_so() {
    let text =
        file("x", "{ count = \"teams\", where = { is_assigned = true } }", &format!("{PLAIN}\nanomaly_floor = 0.5"));
    let mut hall = Hall::open(definitions(&text), T0);
    let run =
        |hall: &mut Hall, from: i64, to: i64| (from..=to).for_each(|it| hall.engine.advance(T0.plus_mins(it * 60)));
    run(&mut hall, 1, 6 * 24);
    assert_eq!(hall.figure("x").anomaly, None);
    for team in ["team-1", "team-2", "team-3"] {
        let assign = C::AssignTeam { team: team.into(), order: None, purpose: "巡堤".into() };
        hall.obey(&Source::Seat("A".into()), &assign, T0.plus_mins(6 * DAY_MINS + 10));
    }
    // Judged at the full hour, not before.
    assert_eq!((hall.figure("x").value, hall.figure("x").anomaly), (Some(3.0), None));
    run(&mut hall, 6 * 24 + 1, 6 * 24 + 1);
    let anomaly = hall.figure("x").anomaly.expect("three teams where there never was one");
    assert_eq!((anomaly.value, anomaly.median, anomaly.n_days), (3.0, 0.0, 6));
    assert_eq!(anomaly.words(PaperLang::Zh), "11:00 为 3，前 6 天同一时刻中位数 0（偏差中位数 0），偏高");
    assert_same(&hall);
    // What was kept survives a restart.
    let kept = serde_json::to_string(hall.engine.history()).expect("a history as JSON");
    let history = serde_json::from_str(&kept).expect("and back");
    let (definitions, now) = (hall.engine.definitions().clone(), hall.engine.now());
    let again = Engine::with_history(definitions, &hall.city, &hall.readings, now, history);
    assert_eq!(again.figure(&key_of_text("x")), Some(hall.figure("x")));
}

#[test]
fn changes_and_rows_beneath_are_told() {
    let open = file("x", "{ count = \"cases\", where = { ended_at = { passed = false } } }", OF_PLATFORM);
    let mut hall = Hall::open(definitions(&open), T0);
    let (first, all) = hall.engine.changed_since(0);
    assert_eq!(all.len(), hall.engine.n_figures());
    hall.obey(&platform(), &case("a", 0, CaseStage::Collected, 0), T0);
    hall.obey(&platform(), &case("b", 0, CaseStage::Collected, 0), T0);
    let (second, changed) = hall.engine.changed_since(first);
    // Hearing of the platform made the others known, so they changed too; hearing of it again is no news.
    assert_eq!(changed.len(), hall.engine.n_figures());
    hall.engine.note_heard(&"yunguanfu".into(), T0.plus_mins(5));
    assert_eq!(hall.engine.changed_since(second), (second, vec![]));
    hall.obey(&platform(), &case("a", 0, CaseStage::Closed, 6), T0.plus_mins(6));
    let keys = |it: Vec<Figure>| it.into_iter().map(|it| it.key.to_string()).collect::<Vec<_>>();
    let changed = keys(hall.engine.changed_since(second).1);
    assert_eq!(changed, ["x@city", "x@district:350203", "x@agency:ag-city"]);
    assert_eq!(hall.engine.beneath(&key_of_text("x")), [RowId::Case(CaseId(2))]);
    assert_eq!(hall.engine.beneath(&key_of_text("x@district:350211")), []);
    assert_eq!(hall.figure("x").as_of, T0.plus_mins(6));
    // A record that is missing is not guessed.
    let gap = Record { seq: hall.city.seq + 2, at: T0, source: Source::Hub, event: Event::ExerciseEnded };
    assert_eq!(hall.engine.apply(&gap, &hall.city, &hall.readings), Applied::Gap { after: hall.city.seq });
}

#[test]
fn registers_are_counted_by_state() {
    let online = "{ sum = \"registers.amount\", where = { register = \"bike\", state = [\"normal\", \"alarm\"] } }";
    let text = file("x", online, &OF_DEVICES.replace("group_by = [\"district\"]", "group_by = [\"state\"]"));
    let mut hall = Hall::open(definitions(&text), T0);
    assert_eq!(hall.figure("x").why_none, Some(WhyNone::NothingThere));
    hall.engine.note_register(&"bike".into(), [10, 1, 2, 4, 0], T0, T0);
    hall.engine.note_register(&"bike".into(), [11, 0, 2, 4, 0], T0.plus_mins(1), T0.plus_mins(1));
    assert_eq!((hall.figure("x").value, hall.figure("x@state:alarm").value), (Some(13.0), Some(2.0)));
    assert_same(&hall);
}

#[test]
fn a_clock_that_steps_back_is_waited_out_or_believed() {
    let hour = "{ count = \"cases\", within = { last_mins = 60, by = \"reported_at\" } }";
    let mut hall = Hall::open(definitions(&file("x", hour, PLAIN)), T0);
    hall.obey(&platform(), &case("a", 0, CaseStage::Collected, 0), T0);
    hall.engine.advance(T0.plus_mins(61));
    assert_eq!(hall.figure("x").value, Some(0.0));
    hall.engine.advance(T0.plus_mins(58));
    assert_eq!((hall.figure("x").value, hall.engine.now()), (Some(0.0), T0.plus_mins(61)));
    hall.engine.advance(T0.plus_mins(30));
    assert_eq!((hall.figure("x").value, hall.engine.now()), (Some(1.0), T0.plus_mins(30)));
    hall.engine.advance(T0.plus_mins(60));
    assert_eq!(hall.figure("x").value, Some(0.0));
    assert_same(&hall);
}

/// So many that every core counts a part of them.
#[test]
fn many_rows_counted_in_parts_are_those_counted_one_by_one() {
    let (_, definitions) = xiamen_definitions();
    let mut hall = Hall::open(definitions, T0);
    for i in 0..9000 {
        let stage = if i % 3 == 0 { CaseStage::Closed } else { CaseStage::Collected };
        hall.obey(&platform(), &case(&i.to_string(), i - 9000, stage, i - 8990), T0);
    }
    assert_same(&hall);
    // Believed: every row is added up again as of then.
    hall.engine.advance(T0.plus_mins(-600));
    assert_same(&hall);
}

// ---------------------------------------------------------------- the shipped city

fn xiamen() -> (Pack, Definitions) {
    let root = Path::new("../../assets/cities/xiamen");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).map_err(|error| error.to_string());
    let list = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
    };
    let pack = load_pack(&read, &list).expect("the shipped city");
    let text = read("indicators.toml").expect("its indicators");
    (pack, definitions(&text))
}

/// The published count is over 600; ours are made of few definitions by their groups.
#[test]
fn xiamen_has_more_than_600_indicators() {
    let (pack, definitions) = xiamen();
    let city = City::found(&pack, Realm::Actual);
    assert_eq!(definitions.unknown_names("indicators.toml", &city), []);
    assert!(definitions.basis.starts_with("示例"));
    assert!((80..=140).contains(&definitions.all.len()), "{}", definitions.all.len());
    assert_eq!(definitions.themes.iter().filter(|it| it.zh.starts_with("安全专题")).count(), 12);
    assert_eq!(definitions.areas.len(), 9);
    let themes = definitions.themes.iter().map(|it| &it.id);
    assert!(themes.into_iter().all(|id| definitions.all.iter().any(|it| it.theme == *id)));
    let mut readings = Readings::for_city(&city);
    for handle in 0..city.sensors.len() as u32 {
        readings.gauges.put(handle, (handle % 50) as f32, T0);
    }
    for it in &definitions.all {
        assert!(it.unit_in(PaperLang::En).is_ascii() || &*it.unit == "°", "{}: {} has no English", it.id, it.unit);
    }
    let engine = Engine::new(definitions.clone(), &city, &readings, T0);
    assert!(engine.n_figures() >= 600, "{}", engine.n_figures());
    println!("{} definitions, {} indicators", definitions.all.len(), engine.n_figures());
    // 125 environment points, as published.
    let key = key_of_text("env_points");
    assert_eq!(engine.figure(&key).and_then(|it| it.value), Some(125.0));
    assert_eq!(engine.beneath(&key).len(), 125);
    let heard = engine.figures().filter(|it| it.value.is_some()).count();
    assert!(heard >= 300, "{heard} figures of a city that only sensors speak of");
    // The file is the definitions: nothing is lost on the way to a screen.
    let text = serde_json::to_string(&definitions).expect("definitions as JSON");
    assert_eq!(serde_json::from_str::<Definitions>(&text).expect("and back"), definitions);
}

// ---------------------------------------------------------------- record by record, and anew

/// Every figure is what counting anew gives; only who counted along knows what was corrected.
#[track_caller]
fn assert_same(hall: &Hall) {
    let anew = hall.engine.recompute(&hall.city, &hall.readings);
    let plain = |mut it: Figure| {
        it.corrected_at = None;
        it.comparisons.iter_mut().for_each(|it| it.corrected_at = None);
        it
    };
    let pairs = hall.engine.figures().map(plain).zip(anew.figures().map(plain));
    for (kept, counted) in pairs {
        assert_eq!(kept, counted, "kept, then counted anew, at {}", hall.engine.now().to_beijing_text());
    }
    assert_eq!(hall.engine.n_figures(), anew.n_figures());
}

#[derive(Clone, Debug)]
enum Act {
    Command(bool, C),
    Read(u32, f32, i64),
    Register([usize; 5]),
    Heard,
    Wait,
}

fn act() -> impl Strategy<Value = Act> {
    let case_id = || (1..7u64).prop_map(CaseId);
    let order = || (1..7u64).prop_map(OrderId);
    let team = || prop::sample::select(vec!["team-1", "team-2", "team-3"]).prop_map(TeamId::from);
    let agency = || prop::sample::select(vec!["ag-city", "ag-water", "ag-350203"]).prop_map(AgencyId::from);
    let district = || prop::sample::select(vec!["350203", "350211"]).prop_map(DistrictId::from);
    let title = prop::sample::select(vec!["道路积水", "占道经营", "垃圾满溢", "窨井盖异常移位", "说不清"]);
    let reported = prop_oneof![6 => -200..5i64, 2 => -3000..0i64, 1 => -600_000..600_000i64];
    let stage = prop::sample::select(&CaseStage::ALL);
    let news =
        (0..6u8, title, agency(), district(), reported, 0..300i64, stage, prop::sample::select(&WarningColor::ALL))
            .prop_map(|(n, title, agency, district, mins, stage_mins, stage, color)| C::ReportCase {
                report: CaseReport {
                    external: format!("A{n}").into(),
                    title: title.into(),
                    agency,
                    district,
                    color,
                    kind: if n % 2 == 0 { CaseKind::Event } else { CaseKind::Part },
                    ..report("", T0.plus_mins(mins), 90)
                },
                stage,
                stage_at: T0.plus_mins(mins + stage_mins),
            });
    let reason = || Just(Text::from("测试"));
    let war = prop::sample::select(&ResponseLevel::ALL).prop_map(|level| C::SwitchToWar {
        plan: "typhoon".into(),
        level,
        districts: vec![],
        struck: vec![],
        added: vec![],
        confirmed_by: vec!["带班领导 02".into()],
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: true,
    });
    let peace = Just(C::StandDown {
        districts: vec![],
        confirmed_by: vec!["带班领导 02".into()],
        reason: "测试".into(),
        accepted: vec![],
        overridden: false,
    });
    let judge = (
        prop::sample::select(vec!["flood-1", "flood-2", "wind-1"]),
        prop::option::of(prop::sample::select(&WarningColor::ALL)),
    )
        .prop_map(|(sensor, color)| C::JudgeReading { sensor: sensor.into(), color, value: 30.0, at: T0 });
    let rung =
        prop::sample::select(vec![Rung::Delivered, Rung::Acknowledged, Rung::Accepted, Rung::Done, Rung::Rejected]);
    let health =
        prop::sample::select(vec![HealthState::Healthy, HealthState::Silent]).prop_map(|state| C::ReportHealth {
            health: ConnectorHealth {
                platform: "yunguanfu".into(),
                name: "运管服".into(),
                since: T0,
                last_error: "".into(),
                simulated: true,
                state,
            },
        });
    let of_platform = prop_oneof![
        8 => news,
        3 => (order(), 0..2u32, rung).prop_map(|(order, definition_version, rung)| C::ReportOrder {
            order, definition_version, rung, note: "好".into(),
        }),
        2 => (prop::sample::select(&EvacueeClass::ALL), district(), 0..500u32)
            .prop_map(|(class, district, n_people)| C::ReportMoved { class, district, n_people }),
        3 => (0..9u32, prop::sample::select(vec!["stall", "waste"])).prop_map(|(n, kind)| C::ReportDetection {
            report: DetectionReport {
                event: format!("D{n}").into(),
                kind: kind.into(),
                camera: if n % 2 == 0 { "cam-1".into() } else { "cam-2".into() },
                at: T0,
                place: None,
                boxes: vec![],
                confidence: 0.8,
                picture: None,
                model: "示例".into(),
            },
        }),
    ];
    let of_hub = prop_oneof![
        3 => judge,
        2 => Just(C::Tick),
        1 => health,
        1 => order().prop_map(|order| C::EscalateOrder { order }),
    ];
    let of_seat = prop_oneof![
        1 => case_id().prop_map(|case| C::SuperviseCase { case }),
        1 => case_id().prop_map(|case| C::PressCase { case }),
        2 => (case_id(), agency(), reason()).prop_map(|(case, to, reason)| C::TransferCase { case, to, reason }),
        2 => (case_id(), reason()).prop_map(|(case, reason)| C::ReturnCase { case, to: None, reason }),
        1 => (case_id(), 100..9000i64, reason())
            .prop_map(|(case, mins, reason)| C::PostponeCase { case, due_at: T0.plus_mins(mins), reason }),
        1 => (case_id(), reason()).prop_map(|(case, reason)| C::CancelCase { case, reason }),
        1 => (1..4u64).prop_map(|it| C::AcknowledgeAlarm { alarm: AlarmId(it) }),
        2 => (team(), prop::option::of(order()))
            .prop_map(|(team, order)| C::AssignTeam { team, order, purpose: "巡".into() }),
        1 => team().prop_map(|team| C::ReleaseTeam { team }),
        2 => war,
        1 => peace,
        1 => (1..5u64).prop_map(|it| C::RejectDetection {
            detection: DetectionId(it), reason: "light".into(), note: "".into(),
        }),
        1 => order().prop_map(|order| C::CancelOrder { order, reason: "不用了".into() }),
        1 => order().prop_map(|order| C::AmendOrder {
            order, title: "更正".into(), body: "照此办".into(), within_mins: 60, reason: "改派".into(),
        }),
    ];
    let value = prop_oneof![8 => -5.0f32..90.0, 1 => Just(f32::NAN), 1 => any::<f32>()];
    prop_oneof![
        6 => of_platform.prop_map(|it| Act::Command(true, it)),
        3 => of_hub.prop_map(|it| Act::Command(false, it)),
        5 => of_seat.prop_map(|it| Act::Command(false, it)),
        5 => (0..4u32, value, -30..30i64).prop_map(|(handle, value, ago)| Act::Read(handle, value, ago)),
        1 => prop::array::uniform5(0..20usize).prop_map(Act::Register),
        1 => Just(Act::Heard),
        3 => Just(Act::Wait),
    ]
}

/// Minutes between acts: mostly few, now and then days, now and then back.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![10 => 0..25i64, 3 => 25..200i64, 1 => 1000..12_000i64, 1 => -4..0i64, 1 => -3000..-6i64]
}

fn source_of(is_platform: bool, command: &C) -> Source {
    match command {
        _ if is_platform => platform(),
        C::JudgeReading { .. }
        | C::Tick
        | C::ReportHealth { .. }
        | C::EscalateOrder { .. }
        | C::SwitchToWar { .. }
        | C::StandDown { .. } => Source::Hub,
        _ => Source::Seat("A".into()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn keeping_count_is_counting_anew(acts in prop::collection::vec((pause(), act()), 1..50)) {
        let (_, definitions) = xiamen_definitions();
        let mut hall = Hall::open(definitions, T0);
        let mut now = T0;
        let (mut revision, all) = hall.engine.changed_since(0);
        let mut mirror: BTreeMap<FigureKey, Figure> = all.into_iter().map(|it| (it.key.clone(), it)).collect();
        for (n, (mins, act)) in acts.into_iter().enumerate() {
            now = now.plus_mins(mins);
            match act {
                Act::Command(is_platform, command) => {
                    let source = source_of(is_platform, &command);
                    hall.obey(&source, &command, now);
                }
                Act::Read(handle, value, ago) => {
                    hall.readings.gauges.put(handle, value, now.plus_mins(-ago));
                    hall.engine.apply_readings(&hall.city, &hall.readings, &[handle], now);
                }
                Act::Register(n_by_state) => hall.engine.note_register(&"bike".into(), n_by_state, now, now),
                Act::Heard => hall.engine.note_heard(&"yunguanfu".into(), now),
                Act::Wait => hall.engine.advance(now),
            }
            // Who follows only the changes sees the same.
            let (next, changed) = hall.engine.changed_since(revision);
            revision = next;
            mirror.extend(changed.into_iter().map(|it| (it.key.clone(), it)));
            if n % 8 == 0 {
                assert_same(&hall);
            }
        }
        assert_same(&hall);
        for figure in hall.engine.figures() {
            let timeless = |it: &Figure| Figure { as_of: Timestamp(0), ..it.clone() };
            prop_assert_eq!(mirror.get(&figure.key).map(timeless), Some(timeless(&figure)));
            let is_count = figure.numerator.is_none() && figure.denominator.is_none();
            let definition = hall.engine.definitions().get(figure.key.indicator.as_str());
            if is_count && definition.is_some_and(|it| matches!(it.formula, Formula::Over(_))) {
                prop_assert_eq!(hall.engine.beneath(&figure.key).len() as u64, figure.n);
            }
        }
    }
}

proptest! {
    /// Whatever a hand does to the file, it is read or refused, and every fault is on a line of it.
    #[test]
    fn a_spoilt_file_is_refused_and_no_more(at in 0..60_000usize, n in 0..40usize, junk in "[\\[\\]{}=\",.a-z0-9\n-]{0,6}") {
        let text = std::fs::read_to_string("../../assets/cities/xiamen/indicators.toml").expect("the shipped indicators");
        let near = |at: usize| (at.min(text.len())..=text.len()).find(|it| text.is_char_boundary(*it)).unwrap_or(0);
        let spoilt = format!("{}{junk}{}", &text[..near(at)], &text[near(at + n)..]);
        if let Err(errors) = Definitions::parse("f", &spoilt) {
            let n_lines = spoilt.lines().count() + 1;
            prop_assert!(!errors.is_empty() && errors.iter().all(|it| (1..=n_lines).contains(&it.line)));
        }
    }
}

/// The histories do what they are for: every event that changes a row comes up in some of them.
#[test]
fn the_histories_reach_every_row() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let acts = prop::collection::vec((pause(), act()), 50).new_tree(&mut runner).expect("a history").current();
        let (mut city, mut now) = (City::found(&tiny_pack(), Realm::Actual), T0);
        for (mins, act) in acts {
            now = now.plus_mins(mins);
            let Act::Command(is_platform, command) = act else { continue };
            let source = source_of(is_platform, &command);
            for event in city.decide_from(&source, &command, now).unwrap_or_default() {
                seen.insert(format!("{event:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned());
                let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event };
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
        }
    }
    let wanted = "CaseReported CaseAdvanced CaseSupervised CasePressed CaseReturned CaseTransferred CasePostponed \
        CaseCancelled AlarmRaised AlarmRecoloured AlarmCleared AlarmAcknowledged FootingChanged OrderDrafted OrderClimbed \
        OrderOverdue OrderEscalated EvacuationExpected EvacuationCounted TeamAssigned TeamReleased ConnectorChanged \
        DetectionMade DetectionRepeated DetectionRejected CheckInMissed";
    let missing: Vec<&str> = wanted.split_whitespace().filter(|it| !seen.contains(*it)).collect();
    assert!(missing.is_empty(), "{missing:?} never came up");
}

/// A register's file takes a team away and brings one.
#[test]
fn a_register_taken_over_is_counted_again() {
    let text = file("x", "{ sum = \"teams.people\" }", &format!("{PLAIN}\ngroup_by = [\"capability\", \"district\"]"));
    let mut hall = Hall::open(definitions(&text), T0);
    let before = hall.figure("x").value.expect("people");
    let team = hall.city.teams.get("team-1").cloned().expect("a team");
    let new = Team { id: "team-9".into(), n_people: 7, capability: Capability::Medical, ..team };
    let rows = RegisterRows::Teams(vec![new]);
    let import = RegisterImport {
        key: "k".into(),
        register: RegisterKind::Teams,
        layer: "".into(),
        file: "teams.csv".into(),
        sm3: "".into(),
        crs: "".into(),
        mode: ImportMode::Replace,
        n_staged: 0,
        n_rows: 1,
        reason: "更新".into(),
    };
    let event = Event::RegisterImported { import, by: "A".into(), change: RegisterChange::default(), rows };
    let record = Record { seq: hall.city.seq + 1, at: T0, source: Source::Seat("A".into()), event };
    assert_eq!(hall.city.apply(&record), Applied::Advanced);
    assert_eq!(hall.engine.apply(&record, &hall.city, &hall.readings), Applied::Advanced);
    assert!(before > 7.0);
    assert_eq!((hall.figure("x").value, hall.figure("x@capability:medical").value), (Some(7.0), Some(7.0)));
    assert_same(&hall);
}

/// Read once: the property test wants them often.
fn xiamen_definitions() -> (&'static str, Definitions) {
    static TEXT: std::sync::OnceLock<(String, Definitions)> = std::sync::OnceLock::new();
    let (text, all) = TEXT.get_or_init(|| {
        let path = "../../assets/cities/xiamen/indicators.toml";
        let text = std::fs::read_to_string(path).expect("the shipped indicators");
        let all = definitions(&text);
        (text, all)
    });
    (text, all.clone())
}
