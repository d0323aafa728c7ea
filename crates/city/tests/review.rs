//! The review and the score sheet told from a small night; injects refused by their line; alarms in rows.

use gulang_city::{
    compare::{AnswerLimits, PlanRowKind, answers, plan_rows, quantile},
    inject::{InjectKind, parse_injects},
    review::{Review, spans},
    score::{FindingKind, Reference, ScoreSheet},
    *,
};

use std::collections::BTreeMap;

type Error = Box<dyn std::error::Error>;

fn seat(name: &str) -> Source {
    Source::Seat(name.into())
}

/// A city with its log so far.
struct Night {
    city: City,
    records: Vec<(Record, City)>,
    start: Timestamp,
}

impl Night {
    fn new(pack: &Pack) -> Self {
        let start = Timestamp::parse("2023-07-27 08:00:00").unwrap_or_default();
        Self { city: City::found(pack, Realm::Exercise), records: Vec::new(), start }
    }

    /// Decides at so many seconds after the start; the number of the first record.
    fn does(&mut self, secs: i64, source: Source, command: Command) -> Result<u64, Refusal> {
        let at = self.start.plus_secs(secs);
        let first = self.city.seq + 1;
        for event in self.city.decide_from(&source, &command, at)? {
            let record = Record { seq: self.city.seq + 1, at, source: source.clone(), event };
            assert_eq!(self.city.apply(&record), Applied::Advanced);
            self.records.push((record, self.city.clone()));
        }
        Ok(first)
    }

    /// 值班长 01 proposes, 带班领导 02 co-signs; the number of the record that changes the level.
    fn signs(&mut self, secs: i64, level: ResponseLevel, struck: &[&str]) -> Result<u64, Refusal> {
        let struck = struck.iter().map(|it| MeasureId::from(*it)).collect();
        let ask = SheetAsk { plan: "typhoon".into(), level, districts: Vec::new(), struck, added: Vec::new() };
        let switch = Switch::ToWar { ask, reason: "演练".into(), reasons: BTreeMap::new(), sheet_version: None };
        self.does(secs, seat("值班长 01"), Command::ProposeSwitch { switch })?;
        let number = self.city.n_proposals;
        let closed = self.does(secs, seat("带班领导 02"), Command::CoSign { number })?;
        Ok(closed + 1)
    }

    fn reports(&mut self, secs: i64, order: u64, rung: Rung) -> Result<u64, Refusal> {
        let platform = self.city.orders[&OrderId(order)].text.platform.clone();
        let note = "".into();
        let report = Command::ReportOrder { order: OrderId(order), definition_version: 1, rung, note };
        self.does(secs, Source::Platform(platform), report)
    }

    fn review(&self) -> Review {
        let mut review = Review::begin(&self.city, self.start, self.city.at);
        for (record, city) in &self.records {
            review.note(record, city);
        }
        review.end(&self.city);
        review
    }
}

fn warning(color: WarningColor, night: &Night) -> Command {
    Command::IssueWarning {
        warning: Warning {
            id: format!("w-{color:?}").as_str().into(),
            hazard: Hazard::Typhoon,
            color,
            headline: "台风预警".into(),
            sender: "气象台".into(),
            sent_at: night.start,
            expires_at: night.start.plus_mins(600),
            districts: Vec::new(),
            cancelled: false,
            exercise: true,
        },
    }
}

#[test]
fn a_night_is_scored_and_every_figure_names_its_records() -> Result<(), Error> {
    let mut night = Night::new(&tiny_pack());
    let orange = warning(WarningColor::Orange, &night);
    night.does(0, Source::Platform("cap".into()), orange)?;
    let advised = night.does(60, Source::Hub, Command::Tick)?;
    // Two minutes later Ⅱ is signed with one measure struck: orders 1 (patrol, ag-city) and 2 (gates, ag-water).
    let signed = night.signs(180, ResponseLevel::II, &["m-sea"])?;
    assert_eq!(night.city.orders.len(), 2);
    let sent = night.does(190, Source::Hub, Command::NoteAttempt { order: OrderId(1) })?;
    night.does(195, Source::Hub, Command::NoteAttempt { order: OrderId(2) })?;
    night.reports(200, 1, Rung::Delivered)?;
    let delivered = night.reports(220, 2, Rung::Delivered)?;
    let acked = night.reports(270, 1, Rung::Acknowledged)?;
    // Order 2 stays silent; Ⅰ is signed though nobody advised it.
    let overdue = night.does(600, Source::Hub, Command::Tick)?;
    let rash = night.signs(700, ResponseLevel::I, &["m-sea"])?;
    night.reports(4000, 1, Rung::Done)?;

    let review = night.review();
    let score = ScoreSheet::of(
        &review,
        &[Reference {
            at: night.start.plus_secs(480),
            text: "Ⅱ级".into(),
            source: "公开".into(),
            level: Some(ResponseLevel::II),
            measure: None,
        }],
    );
    let level = &score.levels[0];
    assert_eq!((level.to, level.secs_to_level, level.n_orders), (Some(ResponseLevel::II), Some(120), 2));
    assert_eq!((level.secs_to_first_order, level.secs_to_all_delivered), (Some(10), Some(40)));
    assert_eq!(level.records, [advised, signed, sent, delivered]);

    let city = score.agencies.iter().find(|it| it.agency.as_str() == "ag-city").ok_or("no ag-city")?;
    assert_eq!((city.n_acknowledged_in_time, city.ack_median_secs, city.n_done), (1, Some(90), 1));
    assert!(city.records.contains(&acked));
    let water = score.agencies.iter().find(|it| it.agency.as_str() == "ag-water").ok_or("no ag-water")?;
    assert_eq!((water.n_acknowledged, water.n_overdue), (0, 1));
    assert!(water.records.contains(&overdue));

    let missed: Vec<FindingKind> = score.missed.iter().map(|it| it.kind).collect();
    assert_eq!(missed, [FindingKind::MeasureNotOrdered, FindingKind::NotAcknowledged, FindingKind::NotAcknowledged]);
    assert_eq!(score.unnecessary.len(), 1, "{:?}", score.unnecessary);
    assert_eq!((score.unnecessary[0].kind, score.unnecessary[0].records[0]), (FindingKind::LevelWithoutAdvice, rash));
    assert_eq!((score.reference[0].secs_later, &score.reference[0].records[..]), (Some(-300), &[signed][..]));

    // What the charts draw of it.
    let rows = answers(&review);
    let answer = |id: u64| rows.iter().flat_map(|it| &it.answers).find(|it| it.order == OrderId(id));
    let first = answer(1).ok_or("no answer to order 1")?;
    assert_eq!((first.secs, first.is_acknowledged), (90, true));
    assert!(first.records.contains(&acked));
    let silent = answer(2).ok_or("no row for order 2")?;
    assert_eq!((silent.is_acknowledged, silent.n_overdue), (false, 1));
    assert_eq!(quantile(rows.iter().flat_map(|it| &it.answers), 0.0), Some(90), "the silent one is no answer");
    let limits = AnswerLimits::of(&review, &night.city);
    assert!(limits.call_secs > 0 && limits.escalate_secs > limits.call_secs);
    let plan = plan_rows(&review, &score.reference);
    let never = plan.iter().find(|it| it.kind == PlanRowKind::NeverOrdered).ok_or("all were ordered")?;
    assert!(never.is_deviation() && !never.records.is_empty());
    let public = plan.last().ok_or("no rows")?;
    assert_eq!((public.kind, public.late_secs, public.is_deviation()), (PlanRowKind::Reference, -300, false));
    assert_eq!((review.warnings.len(), review.warnings[0].color), (1, WarningColor::Orange));
    assert_eq!(review.density.iter().map(|it| it.n[WarningColor::Orange as usize]).sum::<u32>(), 1);

    // No figure without a source: each number counted from records that exist.
    let known = 1..=night.city.seq;
    let figures = score.totals.iter().filter(|it| it.value.is_some_and(|value| value > 0.0));
    for figure in figures {
        assert!(!figure.records.is_empty() && figure.records.iter().all(|it| known.contains(it)), "{figure:?}");
    }
    Ok(())
}

#[test]
fn record_numbers_read_as_spans() {
    assert_eq!(spans(&[3, 1, 2, 7, 2]), "1–3、7");
    assert_eq!(spans(&[]), "");
    assert_eq!(spans(&[1, 3, 5, 7, 9]), "1、…、9（共 5 条）");
}

#[test]
fn a_wrong_inject_is_refused_by_its_line() {
    let check = |text: &str, line: usize, words: &str| {
        let errors = parse_injects(text, &tiny_pack()).expect_err(text);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].line == line && errors[0].what.contains(words), "{text}: {}", errors[0]);
    };
    let good = "title = \"x\"\n[[inject]]\nat = \"2023-07-27 10:00\"\nkind = \"sensor_dies\"\nsensor = \"flood-1\"\n";
    let injects = parse_injects(good, &tiny_pack()).unwrap_or_default();
    assert!(matches!(&injects[0].what, InjectKind::SensorDies { sensor } if sensor.as_str() == "flood-1"));
    check(&good.replace("flood-1", "flood-9"), 5, "flood-9");
    check(&good.replace("10:00", "25:00"), 3, "不是时间");
    check(&good.replace("sensor_dies", "meteor"), 4, "meteor");
    check(&good.replace("sensor =", "sensr ="), 5, "sensr");
    check(&good.replace("sensor = \"flood-1\"\n", ""), 2, "sensor");
    let platform = "[[inject]]\nat = \"2023-07-27 10:00\"\nuntil = \"2023-07-27 09:00\"\nkind = \"platform\"\nplatform = \"yingji\"\nmode = \"down\"\n";
    check(platform, 3, "until");
    check(&platform.replace("09:00", "11:00").replace("down", "asleep"), 6, "asleep");
}

#[test]
fn ten_thousand_alarms_in_a_minute_are_a_few_rows_and_none_is_lost() -> Result<(), Error> {
    let mut pack = tiny_pack();
    let model = pack.sensors[0].clone();
    for i in 0..10_000 {
        let kind = SensorKind::ALL[i % SensorKind::ALL.len()];
        let district = pack.districts[i % 2].id.clone();
        pack.sensors.push(Sensor { id: format!("s-{i}").into(), kind, district, ..model.clone() });
    }
    let mut city = City::found(&pack, Realm::Actual);
    let start = Timestamp::parse("2023-07-27 08:00:00").unwrap_or_default();
    let take = |city: &mut City, command: Command, source: Source, at: Timestamp| -> Result<usize, Refusal> {
        let events = city.decide_from(&source, &command, at)?;
        for event in events.iter().cloned() {
            let record = Record { seq: city.seq + 1, at, source: source.clone(), event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
        Ok(events.len())
    };
    let judge = |i: usize, color, at| Command::JudgeReading { sensor: format!("s-{i}").into(), color, value: 30.0, at };
    let platform = Source::Platform("sensors".into());
    // One of last month, long cleared, must not come back.
    let old = Timestamp(start.0 - 30 * 86_400_000);
    take(&mut city, judge(0, Some(WarningColor::Red), old), platform.clone(), old)?;
    take(&mut city, judge(0, None, old.plus_mins(5)), platform.clone(), old.plus_mins(5))?;
    for i in 0..10_000 {
        let at = start + (i as i64 * 6);
        take(&mut city, judge(i, Some(WarningColor::ALL[i % 4]), at), platform.clone(), at)?;
    }
    let now = start.plus_mins(1);
    let check = |city: &City, now| {
        let groups = city.alarm_groups(now);
        let mut seen: Vec<AlarmId> = groups.iter().flat_map(|it| it.alarms.iter().copied()).collect();
        assert!(groups.len() <= MAX_ALARM_ROWS, "{} rows", groups.len());
        assert!(groups.iter().all(|it| it.n as usize == it.alarms.len()));
        let first = |it: &AlarmGroup| it.alarms.iter().map(|id| (city.alarms[id].raised_at, *id)).min();
        assert!(groups.iter().all(|it| first(it) == Some((it.first_at, it.first))));
        seen.sort_unstable();
        let mut open: Vec<AlarmId> = city.open_alarms.values().copied().collect();
        open.sort_unstable();
        assert_eq!(seen, open, "each open alarm in exactly one row");
        groups
    };
    let groups = check(&city, now);
    assert_eq!(city.open_alarms.len(), 10_000);

    let duty = Source::Seat("值班长 01".into());
    let row = groups[0].clone();
    let acknowledge = Command::AcknowledgeGroup { group: row.key.clone() };
    assert_eq!(take(&mut city, acknowledge.clone(), duty.clone(), now)?, row.n as usize);
    assert_eq!(take(&mut city, acknowledge, duty.clone(), now), Err(Refusal::NoChange));
    let until = now.plus_mins(30);
    let shelve = |until, reason: &str| Command::ShelveGroup { group: row.key.clone(), until, reason: reason.into() };
    assert!(
        take(&mut city, shelve(until, "已派人"), duty.clone(), now).is_err(),
        "a row with red in it is not shelved"
    );
    // Whatever of it was red has fallen to orange.
    for i in 0..10_000 {
        if WarningColor::ALL[i % 4] == WarningColor::Red {
            take(&mut city, judge(i, Some(WarningColor::Orange), now), platform.clone(), now)?;
        }
    }
    assert!(take(&mut city, shelve(until, ""), duty.clone(), now).is_err());
    assert_eq!(take(&mut city, shelve(until, "已派人"), duty, now)?, row.n as usize);
    let shelved = |city: &City, now| -> u32 { city.alarm_groups(now).iter().map(|it| it.n_shelved).sum() };
    assert_eq!((shelved(&city, now), shelved(&city, until.plus_secs(1))), (row.n, 0), "shelving ends");
    // A second wave hours later widens the windows instead of the list.
    for i in 0..4_000 {
        let at = start.plus_mins(180) + (i as i64 * 15 * 60_000 / 4);
        take(&mut city, judge(i, None, at), platform.clone(), at)?;
        take(&mut city, judge(i, Some(WarningColor::Red), at), platform.clone(), at)?;
    }
    check(&city, city.at);
    Ok(())
}
