//! 叫应 and 人员转移: the ladder's timing, and sums that hold whatever is said.

use gulang_city::{Command as C, *};
use proptest::prelude::*;

const T0: i64 = 1_690_423_200_000;

/// A city that is told things at minutes after [`T0`].
struct Story {
    city: City,
}

impl Story {
    fn new(change: impl FnOnce(&mut Pack)) -> Self {
        let mut pack = tiny_pack();
        change(&mut pack);
        Self { city: City::found(&pack, Realm::Actual) }
    }

    /// The events' names with what tells them apart, or the refusal.
    fn tell(&mut self, mins: i64, source: &Source, command: C) -> String {
        let now = Timestamp(T0).plus_mins(mins);
        let events = match self.city.decide_from(source, &command, now) {
            Ok(events) => events,
            Err(refusal) => return refusal.to_string(),
        };
        let mut words = Vec::new();
        for event in events {
            words.push(word(&event));
            let record = Record { seq: self.city.seq + 1, at: now, source: source.clone(), event };
            let json = serde_json::to_string(&record).expect("serialisable");
            assert_eq!(serde_json::from_str::<Record>(&json).expect(&json), record);
            assert_eq!(self.city.apply(&record), Applied::Advanced);
        }
        words.join(" ")
    }

    fn seat(&mut self, mins: i64, command: C) -> String {
        self.tell(mins, &Source::Seat("A".into()), command)
    }

    /// Signed by as many as it takes: A alone, or A and then B at another seat.
    fn sign(&mut self, mins: i64, switch: Switch) -> String {
        if self.city.signatures_needed(&switch) < 2 {
            return self.seat(mins, switch.by_one(&"A".into(), false));
        }
        self.seat(mins, C::ProposeSwitch { switch });
        let number = self.city.n_proposals;
        self.tell(mins, &Source::Seat("B".into()), C::CoSign { number })
    }

    fn gateway(&mut self, mins: i64, name: &str, call: u32, attempt: u32, state: AttemptState) -> String {
        let command = C::ReportCall { callout: CalloutId(1), call, attempt, state, note: "".into() };
        self.tell(mins, &Source::Platform(name.into()), command)
    }

    fn tick(&mut self, mins: i64) -> String {
        self.tell(mins, &Source::Hub, C::Tick)
    }

    fn counts(&self, mins: i64) -> [u32; 4] {
        let counts = self.city.call_board(Timestamp(T0).plus_mins(mins)).counts;
        [counts.all, counts.reached, counts.not_reached, counts.nobody]
    }
}

fn word(event: &Event) -> String {
    match event {
        Event::CallOutStarted { places, .. } => format!("start({})", places.len()),
        Event::CalledOut { call, attempt, step, contact, channel, .. } => {
            format!("call({call}.{attempt} {step} {contact} {})", channel.name_zh())
        }
        Event::CallEscalated { call, step, contact, .. } => format!("up({call} {step} {contact})"),
        Event::CallProgressed { call, attempt, state, .. } => format!("{}({call}.{attempt})", state.name_zh()),
        Event::CallAnswered { call, by, .. } => format!("answered({call} {by})"),
        Event::CallGivenUp { call, why, .. } => format!("lost({call} {why})"),
        Event::CallOutEnded { .. } => "end".into(),
        Event::EvacuationCounted { moved, refused, returned, flags, .. } => {
            let flags: Vec<&str> = flags.iter().map(|it| it.name_zh()).collect();
            format!("counted({moved} {refused} {returned} {})", flags.join(","))
        }
        other => format!("{other:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned(),
    }
}

fn start(townships: &[&str], down_to: CallDepth) -> C {
    let townships = townships.iter().map(|it| TownshipId::from(*it)).collect();
    let scope = CallScope { townships, down_to, ..CallScope::default() };
    C::StartCallOut { scope, text: "风暴潮将至".into(), ladder: "by-hand".into(), is_test: false }
}

fn war(level: ResponseLevel) -> Switch {
    let ask = SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: vec![], added: vec![] };
    Switch::ToWar { ask, reason: "测试".into(), reasons: Default::default(), sheet_version: None }
}

fn district(id: &str) -> EvacuationPlace {
    EvacuationPlace::district(id.into())
}

fn township(district: &str, id: &str) -> EvacuationPlace {
    EvacuationPlace::township(district.into(), id.into())
}

fn report(place: EvacuationPlace, [moved, refused, returned]: [u32; 3]) -> C {
    C::ReportEvacuation { class: EvacueeClass::SeaAndSites, place, moved, refused, returned, proof: None }
}

// ---------------------------------------------------------------- the ladder

#[test]
fn silence_calls_again_then_the_next_then_the_place_above_and_ends() {
    let mut story = Story::new(|_| ());
    let check = |story: &mut Story, mins, expected: &str| assert_eq!(story.tick(mins), expected, "minute {mins}");
    let first = "call(0.1 0 t-2-1 平台消息) call(0.2 0 t-2-1 短信) call(0.3 0 t-2-1 电话)";
    assert_eq!(story.seat(0, start(&["t-2"], CallDepth::Township)), format!("start(1) {first}"));
    check(&mut story, 4, "");
    check(&mut story, 5, "call(0.4 0 t-2-1 平台消息) call(0.5 0 t-2-1 短信) call(0.6 0 t-2-1 电话)");
    check(&mut story, 9, "");
    check(&mut story, 10, "up(0 1 t-2-2) call(0.7 1 t-2-2 电话) call(0.8 1 t-2-2 电台)");
    // The radio desk is people: it is asked once.
    check(&mut story, 15, "call(0.9 1 t-2-2 电话)");
    check(&mut story, 20, "up(0 2 d-1-1) call(0.10 2 d-1-1 电话)");
    check(&mut story, 25, "call(0.11 2 d-1-1 电话)");
    check(&mut story, 30, "call(0.12 2 d-1-1 电话)");
    check(&mut story, 60, "lost(0 60 分钟内无人应答) end");
    assert_eq!(story.counts(60), [1, 0, 1, 0]);
    check(&mut story, 61, "");
    // Whoever rings back after all has been reached.
    assert_eq!(story.gateway(90, "voice", 0, 12, AttemptState::Answered), "已应答(0.12) answered(0 值班员 d-1 之 1)");
    assert_eq!(story.counts(90), [1, 1, 0, 0]);
}

#[test]
fn a_board_counts_reached_calling_and_nobody_and_names_who_is_next() {
    let mut story = Story::new(|_| ());
    story.seat(0, start(&["t-1"], CallDepth::Village));
    assert_eq!(story.counts(0), [3, 0, 2, 1]);
    assert_eq!(story.gateway(1, "sms", 0, 2, AttemptState::Delivered), "已送达(0.2)");
    assert_eq!(story.counts(1), [3, 0, 2, 1], "delivered is not answered");
    assert_eq!(story.gateway(1, "voice", 0, 2, AttemptState::Answered), "不允许：这一呼叫不归网关 voice");
    assert_eq!(story.gateway(2, "sms", 0, 2, AttemptState::Answered), "已应答(0.2) answered(0 值班员 t-1 之 1)");
    assert!(story.gateway(2, "sms", 0, 2, AttemptState::Delivered).starts_with("过时的回报"));
    let board = story.city.call_board(Timestamp(T0).plus_mins(6));
    let town = &board.districts[0].townships[0];
    let row = town.row.as_ref().expect("the township is called");
    assert_eq!((row.state, &*row.who), (CallState::Reached, "值班员 t-1 之 1"));
    let [v1, v2] = town.villages.as_slice() else { panic!("{:?}", town.villages) };
    assert_eq!((v1.state, v1.call), (CallState::Late, 1));
    let next = v1.next.as_ref().expect("somebody is next");
    assert_eq!((next.at, &*next.who), (Timestamp(T0).plus_mins(10), "负责人 v-1 之 2"));
    assert_eq!((v2.state, &v2.next), (CallState::NobodyAssigned, &None));
    let mark =
        |call, by: &str| C::MarkReached { callout: CalloutId(1), call, channel: CallChannel::Radio, by: by.into() };
    assert_eq!(story.seat(6, mark(2, " ")), "不允许：要写明是谁应答的");
    assert_eq!(story.seat(6, mark(2, "网格员")), "answered(2 网格员)");
    assert_eq!(story.counts(7), [3, 2, 1, 0]);
}

#[test]
fn a_wrong_number_does_not_wait_for_the_clock() {
    let mut story = Story::new(|_| ());
    story.seat(0, start(&["t-2"], CallDepth::Township));
    for (attempt, gateway) in [(1, "message"), (2, "sms"), (3, "voice")] {
        assert_eq!(story.tick(1), "", "before attempt {attempt} failed");
        story.gateway(1, gateway, 0, attempt, AttemptState::Failed);
    }
    assert!(story.tick(1).starts_with("up(0 1 t-2-2)"));
}

#[test]
fn a_red_warning_calls_townships_once_and_a_test_runs_in_peace_on_its_day() {
    // T0 is 2023-07-27 10:00 in Beijing.
    let at_minute = 10 * 60 + 5;
    let starts = vec![CallStart::RedWarning, CallStart::Test { every_days: 1, at_minute }];
    let mut story = Story::new(|pack| pack.ladders[0].starts = starts);
    let warning = |id: &str| Warning {
        id: id.into(),
        hazard: Hazard::Typhoon,
        color: WarningColor::Red,
        headline: "台风红色预警".into(),
        sender: "台".into(),
        sent_at: Timestamp(T0),
        expires_at: Timestamp(T0).plus_mins(900),
        districts: vec![],
        cancelled: false,
        exercise: false,
    };
    let scheduled = |story: &mut Story, mins| story.tick(mins).contains("start(5)");
    assert!(!scheduled(&mut story, 4));
    assert!(scheduled(&mut story, 5), "districts and townships");
    assert!(!scheduled(&mut story, 6));
    let results = story.city.call_test_results(Timestamp(T0).plus_mins(6));
    assert_eq!((results.len(), results[0].counts.all, results[0].counts.nobody), (1, 5, 1));
    assert_eq!(story.counts(6), [0, 0, 0, 0], "tests are not on the board");
    story.tell(6, &Source::Hub, C::IssueWarning { warning: warning("w1") });
    assert!(story.tick(7).contains("start(3)"));
    story.tell(8, &Source::Hub, C::IssueWarning { warning: warning("w2") });
    assert!(!story.tick(9).contains("start"), "the same hazard again within hours");
    assert_eq!(story.counts(9), [3, 0, 3, 0]);
}

#[test]
fn an_order_that_says_so_has_its_agency_called_until_it_signs() {
    let mut story = Story::new(|pack| {
        pack.ladders[0].starts = vec![CallStart::OrderCall];
        pack.plans[0].measures[0].channel = Channel::PlatformAndCall;
    });
    story.sign(0, war(ResponseLevel::IV));
    assert!(
        story.tick(1).ends_with("start(1) call(0.1 0 a-1-1 平台消息) call(0.2 0 a-1-1 短信) call(0.3 0 a-1-1 电话)")
    );
    assert!(!story.tick(2).contains("start"));
    let signed = C::ReportOrder { order: OrderId(1), definition_version: 1, rung: Rung::Acknowledged, note: "".into() };
    story.tell(3, &Source::Platform("yunguanfu".into()), signed);
    assert_eq!(story.tick(3), "answered(0 协同平台签收) end");
}

// ---------------------------------------------------------------- people moved

#[test]
fn figures_reconcile_or_are_flagged() {
    let mut story = Story::new(|_| ());
    story.sign(0, war(ResponseLevel::II));
    let sum = |story: &Story, place: &EvacuationPlace| {
        let tally = story.city.evacuees.sum(EvacueeClass::SeaAndSites, place);
        [tally.expected, tally.moved, tally.refused, tally.returned]
    };
    let (whole, t1, t2) = (district("350203"), township("350203", "t-1"), township("350203", "t-2"));
    assert_eq!(sum(&story, &t1)[0] + sum(&story, &t2)[0], 100);
    assert_eq!(sum(&story, &t1), [75, 0, 0, 0]);
    let platform = Source::Platform("yingji".into());
    let mut says = |place: &EvacuationPlace, totals| story.tell(10, &platform, report(place.clone(), totals));
    assert_eq!(says(&t1, [60, 5, 0]), "counted(60 5 0 )");
    assert!(says(&t1, [71, 5, 0]).contains("t-1 街道海上及在建工地已转移 71 人、拒转 5 人，应转移 75 人"));
    assert!(says(&t1, [60, 5, 61]).contains("返回 61 人"));
    assert!(says(&township("350211", "t-1"), [1, 0, 0]).contains("不在这个区"));
    assert!(says(&whole, [50, 5, 0]).contains("下级已报转移 60"));
    assert_eq!(says(&t1, [60, 5, 3]), "counted(60 5 3 锁定期返回)");
    let correct = C::CorrectEvacuation {
        class: EvacueeClass::SeaAndSites,
        place: t1.clone(),
        moved: 90,
        refused: 5,
        returned: 3,
        reason: "临时工棚漏登".into(),
        proof: Some(Proof { text: "现场清点".into(), picture: Some("p/1.jpg".into()) }),
    };
    assert_eq!(story.seat(11, correct), "counted(90 5 3 多于应转,锁定期返回,人工更正)");
    assert_eq!(sum(&story, &whole), [100, 90, 5, 3]);
    // The neighbour is not punished for it.
    assert_eq!(story.tell(12, &platform, report(t2.clone(), [25, 0, 0])), "counted(25 0 0 )");
    assert_eq!(story.city.evacuation_totals().all.moved, 115);
    let line = &story.city.evacuation_board(Timestamp(T0).plus_mins(12)).districts[0].townships[0];
    assert_eq!((line.tally.moved, line.remaining, line.flags.len()), (90, 0, 3));
}

#[test]
fn nobody_goes_home_while_the_level_is_high() {
    let mut story = Story::new(|_| ());
    let allow = |reason: &str| C::AllowReturn { district: "350203".into(), township: None, reason: reason.into() };
    let is_locked = |story: &Story| story.city.evacuees.is_locked(&township("350203", "t-1"));
    story.sign(0, war(ResponseLevel::II));
    assert!(story.seat(1, allow("风已停")).contains("仍为 Ⅱ 级响应，返回锁定"));
    story.sign(2, war(ResponseLevel::III));
    assert!(story.seat(3, allow(" ")).contains("写明依据"));
    assert_eq!(story.seat(3, allow("风已停")), "ReturnAllowed");
    assert!(!is_locked(&story));
    assert_eq!(story.tell(4, &Source::Hub, report(township("350203", "t-1"), [10, 0, 4])), "counted(10 0 4 )");
    let away = |story: &Story| {
        let open = story.city.still_open(&[]);
        let people = open.iter().filter(|it| matches!(it, OpenItem::People(..)));
        people.map(|it| story.city.open_item_text(it)).collect::<Vec<_>>()
    };
    assert!(away(&story).iter().any(|it| it.contains(" 6 人未返回")), "{:?}", away(&story));
    assert_eq!(story.tell(4, &Source::Hub, report(township("350203", "t-1"), [10, 0, 10])), "counted(10 0 10 )");
    assert_eq!(away(&story), Vec::<String>::new(), "all are home");
    story.sign(5, war(ResponseLevel::I));
    assert!(is_locked(&story), "a higher level locks it again");
}

#[test]
fn the_board_races_the_circle() {
    let mut story = Story::new(|_| ());
    story.sign(0, war(ResponseLevel::III));
    story.tell(0, &Source::Hub, report(township("350203", "t-1"), [60, 0, 0]));
    let point = |hours: i64, lon| ForecastPoint {
        at: Timestamp(T0).plus_mins(hours * 60),
        center: LonLat(lon, 24.5),
        wind: 40.0,
        pressure: 950.0,
    };
    let fix = TyphoonFix {
        at: Timestamp(T0),
        center: LonLat(122.0, 24.5),
        wind: 40.0,
        pressure: 950.0,
        move_speed: 20.0,
        move_towards: 270.0,
        radius7: WindRadii([200.0; 4]),
        radius10: WindRadii([100.0; 4]),
        radius12: WindRadii::default(),
    };
    let forecast =
        Forecast {
            agency: "中国".into(), issued_at: Timestamp(T0), points: vec![point(12, 120.0), point(24, 118.0)]
        };
    let update = C::UpdateTyphoon {
        typhoon: "202305".into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active: true,
        fixes: vec![fix],
        forecasts: vec![forecast],
    };
    story.tell(0, &Source::Hub, update);
    let board = story.city.evacuation_board(Timestamp(T0).plus_mins(60));
    let town = &board.districts[0].townships[0];
    let [seven, ten] = town.arrivals.as_slice() else { panic!("{:?}", town.arrivals) };
    assert!(seven.mins_left > 300 && seven.mins_left < ten.mins_left, "{seven:?} {ten:?}");
    assert_eq!((town.remaining, town.is_behind), (15, Some(false)), "{town:?}");
    let other = &board.districts[0].townships[1];
    assert_eq!((other.remaining, other.pace_so_far, other.is_behind), (25, Some(0.0), Some(true)));
    assert_eq!((board.shelters.capacity, board.shelters.headroom), (300, 300));
}

// ---------------------------------------------------------------- whatever is said

fn place() -> impl Strategy<Value = EvacuationPlace> {
    let cell = |cell: &str| EvacuationPlace { cell: Some(cell.into()), ..township("350203", "t-1") };
    prop::sample::select(vec![
        district("350203"),
        township("350203", "t-1"),
        township("350203", "t-2"),
        township("350211", "t-3"),
        cell("01"),
        cell("02"),
        township("350211", "t-1"),
    ])
}

fn command() -> impl Strategy<Value = C> {
    let class = || prop::sample::select(vec![EvacueeClass::SeaAndSites, EvacueeClass::Visitors]);
    let some = || prop::array::uniform3(0..130u32);
    let level = prop::sample::select(&ResponseLevel::ALL);
    let state = prop::sample::select(vec![
        AttemptState::Accepted,
        AttemptState::Delivered,
        AttemptState::NoAnswer,
        AttemptState::Failed,
        AttemptState::Answered,
    ]);
    let proof = Proof { text: "t".into(), picture: None };
    let call = || (1..4u64, 0..4u32);
    let scope = prop::sample::select(vec![vec!["t-1"], vec!["t-1", "t-3"], vec![]]);
    prop_oneof![
        2 => level.prop_map(|level| C::ProposeSwitch { switch: war(level) }),
        1 => Just(C::ProposeSwitch { switch: Switch::ToPeace { districts: vec![], reason: "".into(), accepted: vec![] } }),
        6 => (class(), place(), some()).prop_map(|(class, place, [moved, refused, returned])| C::ReportEvacuation {
            class, place, moved, refused: refused / 8, returned: returned / 4, proof: None,
        }),
        2 => (class(), place(), some()).prop_map(move |(class, place, [moved, refused, returned])| {
            let proof = Some(proof.clone());
            C::CorrectEvacuation { class, place, moved, refused, returned: returned / 4, reason: "实数".into(), proof }
        }),
        2 => (class(), place(), 0..200u32).prop_map(|(class, place, n_people)| C::SetExpected {
            class, place, n_people, reason: "核实".into(),
        }),
        2 => (0..400u32, 0..400u32).prop_map(|(moved_in, returned)| C::ReportShelter {
            shelter: "shelter-1".into(), moved_in, returned,
        }),
        1 => Just(C::AllowReturn { district: "350203".into(), township: None, reason: "降级".into() }),
        2 => (scope, any::<bool>()).prop_map(|(townships, is_test)| {
            let C::StartCallOut { scope, text, ladder, .. } = start(&townships, CallDepth::Village) else {
                unreachable!("a start")
            };
            C::StartCallOut { scope, text, ladder, is_test }
        }),
        4 => (call(), 1..6u32, state).prop_map(|((callout, call), attempt, state)| C::ReportCall {
            callout: CalloutId(callout), call, attempt, state, note: "".into(),
        }),
        1 => call().prop_map(|(callout, call)| C::MarkReached {
            callout: CalloutId(callout), call, channel: CallChannel::Radio, by: "对讲".into(),
        }),
        1 => call().prop_map(|(callout, _)| C::EndCallOut { callout: CalloutId(callout), reason: "解除".into() }),
        4 => Just(C::Tick),
    ]
}

proptest! {
    #[test]
    fn the_sums_hold(steps in prop::collection::vec((0..15i64, command()), 0..60)) {
        let mut story = Story::new(|_| ());
        let mut mins = 0;
        for (more, command) in steps {
            mins += more;
            match command {
                C::ProposeSwitch { switch } => story.sign(mins, switch),
                command => story.tell(mins, &Source::Hub, command),
            };
            let city = &story.city;
            let sum = city.call_board(Timestamp(T0).plus_mins(mins)).counts;
            prop_assert_eq!(sum.reached + sum.not_reached + sum.nobody, sum.all);
            for callout in city.calls.callouts.values() {
                let board = city.callout_board(callout.id, Timestamp(T0).plus_mins(mins)).expect("it exists");
                let it = board.counts;
                prop_assert_eq!(it.all as usize, callout.calls.len());
                prop_assert_eq!(it.reached + it.not_reached + it.nobody, it.all);
                prop_assert_eq!(callout.calls.iter().filter(|it| it.is_reached()).count() as u32, it.reached);
                prop_assert_eq!(city.calls.open.contains(&callout.id), callout.ended_at.is_none());
            }
            for class in EvacueeClass::ALL {
                for place in ["350203", "350211"].map(district).into_iter().chain(
                    [township("350203", "t-1"), township("350203", "t-2"), township("350211", "t-3")]
                ) {
                    let tally = city.evacuees.sum(class, &place);
                    let is_flagged = city.evacuees.is_flagged(class, &place);
                    prop_assert!(tally.moved + tally.refused <= tally.expected || is_flagged, "{place:?} {tally:?}");
                    prop_assert!(tally.returned <= tally.moved, "{place:?} {tally:?}");
                    if place.township.is_none() {
                        let known = city.evacuation.get(&(class, place.district.clone())).copied();
                        prop_assert_eq!(known.unwrap_or_default(), tally);
                    }
                }
            }
            for count in city.evacuees.shelters.values() {
                prop_assert!(count.returned <= count.moved_in);
                prop_assert_eq!(count.headcount(), count.moved_in - count.returned);
            }
            let board = city.evacuation_board(Timestamp(T0).plus_mins(mins));
            prop_assert_eq!(board.total, city.evacuation_totals().all);
            for it in &board.districts {
                let parts = it.townships.iter().fold(it.elsewhere, |sum, it| sum.plus(it.tally));
                prop_assert_eq!(parts, it.line.tally);
            }
        }
        let bytes = story.city.to_bytes().expect("serialisable");
        prop_assert_eq!(City::from_bytes(&bytes).expect("readable"), story.city);
    }

    #[test]
    fn shares_sum_and_are_fair(total in 0..100_000u32, weights in prop::collection::vec(0..500u32, 1..12)) {
        let shares = apportion(total, &weights);
        let whole: u32 = weights.iter().sum();
        prop_assert_eq!(shares.iter().sum::<u32>(), if whole == 0 { 0 } else { total });
        for (share, weight) in shares.iter().zip(&weights) {
            let quota = f64::from(total) * f64::from(*weight) / f64::from(whole.max(1));
            prop_assert!((f64::from(*share) - quota).abs() < 1.0);
        }
    }
}
