//! The fold's promises, whatever happens in whatever order.

use gulang_city::{Command as C, *};
use proptest::prelude::*;

const T0: i64 = 1_690_423_200_000;

fn at(now: i64) -> impl Strategy<Value = Timestamp> {
    prop_oneof![8 => (now - 7_200_000..=now).prop_map(Timestamp), 1 => any::<i64>().prop_map(Timestamp)]
}

fn name(names: &'static [&'static str]) -> impl Strategy<Value = Text> {
    prop::sample::select(names).prop_map(Text::from)
}

fn lon_lat() -> impl Strategy<Value = LonLat> {
    prop_oneof![
        8 => (117.9..118.4, 24.3..24.8).prop_map(|(lon, lat)| LonLat(lon, lat)),
        1 => (any::<f64>(), any::<f64>()).prop_map(|(lon, lat)| LonLat(lon, lat)),
    ]
}

fn color() -> impl Strategy<Value = WarningColor> {
    prop::sample::select(&WarningColor::ALL)
}

fn districts() -> impl Strategy<Value = DistrictId> {
    name(&["350203", "350211", "nowhere"]).prop_map(DistrictId)
}

fn seats() -> impl Strategy<Value = Vec<SeatId>> {
    prop::collection::vec(name(&["A", "B", "带班领导 02"]).prop_map(SeatId), 0..3)
}

fn rung() -> impl Strategy<Value = Rung> {
    use Rung::*;
    prop::sample::select(vec![Drafted, Sent, Delivered, Acknowledged, Accepted, Executing, Done, Rejected, Failed])
}

fn typhoon(now: i64) -> impl Strategy<Value = C> {
    let radii = || prop::array::uniform4(0.0f32..400.0).prop_map(WindRadii);
    let fix =
        (at(now), lon_lat(), 10.0f32..60.0, radii(), radii()).prop_map(|(at, center, wind, radius7, radius10)| {
            let radius12 = WindRadii::default();
            TyphoonFix {
                at,
                center,
                wind,
                pressure: 950.0,
                move_speed: 20.0,
                move_towards: 300.0,
                radius7,
                radius10,
                radius12,
            }
        });
    let point = (0..200i64, lon_lat()).prop_map(move |(hours, center)| ForecastPoint {
        at: Timestamp(now + hours * 3_600_000),
        center,
        wind: 30.0,
        pressure: 970.0,
    });
    let forecast = (name(&["中国", "日本"]), at(now), prop::collection::vec(point, 0..4))
        .prop_map(|(agency, issued_at, points)| Forecast { agency, issued_at, points });
    let parts = (any::<bool>(), prop::collection::vec(fix, 0..4), prop::collection::vec(forecast, 0..3));
    parts.prop_map(|(active, fixes, forecasts)| C::UpdateTyphoon {
        typhoon: "202305".into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active,
        fixes,
        forecasts,
    })
}

fn marking(now: i64) -> impl Strategy<Value = MarkingKind> {
    let ring = || prop::collection::vec(lon_lat(), 0..6);
    let metres = || prop_oneof![4 => 1.0f32..3000.0, 1 => any::<f32>()];
    prop_oneof![
        ring().prop_map(|ring| MarkingKind::Closure { area: Area::Ring(ring), reason: "塌方".into() }),
        (lon_lat(), metres(), name(&["塌方", ""])).prop_map(|(center, radius_m, reason)| MarkingKind::Closure {
            area: Area::Circle { center, radius_m },
            reason,
        }),
        (name(&["会展", ""]), ring()).prop_map(|(name, ring)| MarkingKind::Fence { name, ring }),
        (lon_lat(), prop_oneof![4 => 0.0f32..10.0, 1 => any::<f32>()], metres(), at(now))
            .prop_map(|(at, magnitude, depth_km, origin)| MarkingKind::Quake { at, magnitude, depth_km, origin },),
        (lon_lat(), at(now)).prop_map(|(at, started)| MarkingKind::Fire { at, started }),
        ring().prop_map(|places| MarkingKind::ReachFrom { places }),
        (lon_lat(), metres()).prop_map(|(at, error_m)| MarkingKind::Spot { at, error_m }),
    ]
}

/// Anything anybody may ask, sensible more often than not.
fn command(now: i64) -> impl Strategy<Value = C> {
    let case = (0..8u8, lon_lat(), districts(), color(), at(now), at(now), prop::sample::select(&CaseStage::ALL))
        .prop_map(|(n, at, district, color, reported_at, stage_at, stage)| C::ReportCase {
            report: CaseReport {
                external: format!("A{n}").into(),
                platform: "yunguanfu".into(),
                kind: CaseKind::Part,
                title: "井盖".into(),
                address: "路".into(),
                at,
                district,
                agency: "ag-city".into(),
                color,
                reported_at,
                due_at: Timestamp(reported_at.0.saturating_add(3_600_000)),
            },
            stage,
            stage_at,
        });
    let judge = (name(&["flood-1", "flood-2", "rain-1", "x"]), prop::option::of(color()), 0.0f32..90.0, at(now))
        .prop_map(|(sensor, color, value, at)| C::JudgeReading { sensor: SensorId(sensor), color, value, at });
    let warn = (name(&["w1", "w2", "w3"]), color(), at(now), 0..600i64, any::<bool>()).prop_map(
        |(id, color, sent_at, mins, exercise)| C::IssueWarning {
            warning: Warning {
                id: WarningId(id),
                hazard: Hazard::Typhoon,
                color,
                headline: "预警".into(),
                sender: "台".into(),
                sent_at,
                expires_at: Timestamp(sent_at.0.saturating_add(mins * 60_000)),
                districts: vec![],
                cancelled: false,
                exercise,
            },
        },
    );
    let ask = || {
        let places = prop::collection::vec(name(&["350203", "350211"]).prop_map(DistrictId), 0..2);
        (prop::sample::select(&ResponseLevel::ALL), places, any::<bool>(), any::<bool>()).prop_map(
            |(level, districts, strikes, adds)| SheetAsk {
                plan: "typhoon".into(),
                level,
                districts,
                struck: if strikes { vec!["m-sea".into()] } else { vec![] },
                added: if adds { vec![added("ag-water")] } else { vec![] },
            },
        )
    };
    let propose = ask().prop_map(|ask| Switch::ToWar {
        ask,
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
    });
    let peace = Just(Switch::ToPeace { districts: vec![], reason: "测试".into(), accepted: vec![] });
    let proposal = || prop_oneof![4 => Just(0), 1 => 1..6u64];
    let war = (ask(), seats(), any::<bool>()).prop_map(|(ask, confirmed_by, overridden)| C::SwitchToWar {
        plan: ask.plan,
        level: ask.level,
        districts: ask.districts,
        struck: ask.struck,
        added: ask.added,
        confirmed_by,
        reason: "测试".into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden,
    });
    let order = || (1..7u64).prop_map(OrderId);
    let alarm = || (1..5u64).prop_map(AlarmId);
    let case_id = || (1..9u64).prop_map(CaseId);
    let team = || name(&["team-1", "team-2", "x"]).prop_map(TeamId);
    prop_oneof![
        4 => case,
        4 => judge,
        2 => warn,
        2 => typhoon(now),
        3 => war,
        1 => seats().prop_map(|confirmed_by| C::StandDown {
            districts: vec![], confirmed_by, reason: "测试".into(), accepted: vec![], overridden: false,
        }),
        3 => propose.prop_map(|switch| C::ProposeSwitch { switch }),
        1 => peace.prop_map(|switch| C::ProposeSwitch { switch }),
        4 => proposal().prop_map(|number| C::CoSign { number }),
        1 => (proposal(), name(&["不妥", ""])).prop_map(|(number, reason)| C::DeclineProposal { number, reason }),
        1 => proposal().prop_map(|number| C::WithdrawProposal { number, reason: "".into() }),
        1 => ask().prop_map(|ask| C::DryRun { ask }),
        1 => (1..3u64).prop_map(|number| C::Countersign { number, note: "补".into() }),
        1 => (1..4u64).prop_map(|it| C::ReleaseHeld { held: vec![it], reason: "急".into() }),
        2 => (prop::option::of(districts()), 0.0f32..90.0, at(now)).prop_map(|(district, max, as_of)| C::NoteObservations {
            observations: vec![Observation {
                kind: SensorKind::FloodDepth, district, max, mean: max / 2.0, trend: None, n_heard: 1, n_known: 2, as_of,
            }],
        }),
        6 => (order(), 0..3u32, rung()).prop_map(|(order, definition_version, rung)| C::ReportOrder {
            order, definition_version, rung, note: "好".into(),
        }),
        2 => (prop::sample::select(&EvacueeClass::ALL), districts(), 0..500u32)
            .prop_map(|(class, district, n_people)| C::ReportMoved { class, district, n_people }),
        3 => Just(C::Tick),
        1 => order().prop_map(|order| C::NoteAttempt { order }),
        1 => order().prop_map(|order| C::EscalateOrder { order }),
        2 => (order(), name(&["改派", ""]), prop_oneof![4 => 1..600u32, 1 => any::<u32>()]).prop_map(|(order, reason, within_mins)| {
            C::AmendOrder { order, title: "更正".into(), body: "照此办".into(), within_mins, reason }
        }),
        // 0 is whichever is owed first.
        4 => (prop_oneof![6 => Just(0), 1 => 1..60u64], prop::option::of(Just("忙".into())), any::<bool>())
            .prop_map(|(telling, error, is_final)| C::ReportTelling { telling, error, is_final }),
        1 => Just(C::RetryTelling { telling: 0 }),
        1 => order().prop_map(|order| C::CancelOrder { order, reason: "".into() }),
        1 => alarm().prop_map(|alarm| C::AcknowledgeAlarm { alarm }),
        1 => (alarm(), at(now)).prop_map(|(alarm, until)| C::ShelveAlarm { alarm, until, reason: "修".into() }),
        1 => case_id().prop_map(|case| C::SuperviseCase { case }),
        1 => case_id().prop_map(|case| C::PressCase { case }),
        1 => (team(), prop::option::of(order())).prop_map(|(team, order)| C::AssignTeam { team, order, purpose: "".into() }),
        1 => team().prop_map(|team| C::ReleaseTeam { team }),
        1 => name(&["w1", "w2"]).prop_map(|it| C::CancelWarning { warning: WarningId(it) }),
        1 => (any::<u64>(), at(now)).prop_map(|(seed, starts_at)| C::StartExercise {
            scenario: "s".into(), title: "t".into(), seed, starts_at,
        }),
        1 => Just(C::EndExercise),
        1 => name(&["peace", "war", "", "metrics:air", "brief:1:b1", "brief:0:b1"]).prop_map(|scene| C::ShowScene { scene }),
        1 => (name(&["cam-1", "cam-2", "x"]), any::<bool>()).prop_map(|(camera, with_drone)| C::OpenFeeds {
            feeds: [Some(Feed::Camera(CameraId(camera))), with_drone.then(|| Feed::Drone("drone-1".into()))]
                .into_iter().flatten().map(|feed| OpenFeed { feed, place: "路口".into(), why: "看".into() }).collect(),
        }),
        1 => (prop::sample::select(&[1u8, 4, 9, 16, 7]), name(&["cam-1", "cam-2", "x"]), at(now)).prop_map(|(n, camera, since)| {
            let feed = Feed::Camera(CameraId(camera));
            let tour = WallTour {
                stops: vec![TourStop { feed: feed.clone(), dwell_secs: 15 }],
                run: Some(TourRun { place: 0, stop: 0, since }),
            };
            C::PutCameraWall { wall: CameraWall { n, places: vec![WallPlace { feed: Some(feed), note: "近".into() }], alone: None, tour } }
        }),
        1 => Just(C::UndoCameraWall),
        1 => (0u8..4, 0u8..3).prop_map(|(x, y)| {
            let card = MetricCard { place: Cells::new(x, y, 1, 1), shows: CardShows::Grave };
            let wall = MetricWall { zh: "环境".into(), en: "Air".into(), columns: 3, rows: 2, cards: vec![card] };
            C::PutMetricWall { id: "air".into(), wall }
        }),
        1 => Just(C::UndoMetricWall { id: "air".into() }),
        1 => (0..3usize, name(&["在办 {case_open}", "{", "句"])).prop_map(|(n, headline)| {
            let page = BriefingPage { headline, ..BriefingPage::default() };
            let briefing = Briefing { title: "会商".into(), pages: vec![page; n], ..Briefing::default() };
            C::PutBriefing { id: "b1".into(), briefing }
        }),
        1 => Just(C::UndoBriefing { id: "b1".into() }),
        1 => Just(C::RemoveBriefing { id: "b1".into() }),
        3 => marking(now).prop_map(|kind| C::PutMarking { kind, note: "注".into() }),
        1 => (1..5u64).prop_map(|it| C::RemoveMarking { marking: MarkingId(it) }),
        1 => Just(C::RefuseMessage { platform: "p".into(), what: "w".into(), why: "y".into() }),
        1 => (0..5usize, 1..4u8).prop_map(|(gone, version)| C::AdoptPlans { plans: vec![edition(gone, version)] }),
        1 => (prop::bool::ANY, at(now)).prop_map(|(ok, since)| C::ReportHealth {
            health: ConnectorHealth {
                platform: "p".into(), name: "p".into(), since, last_error: "".into(), simulated: true,
                state: if ok { HealthState::Healthy } else { HealthState::Silent },
            },
        }),
    ]
}

/// Each command some minutes after the one before, by a seat where only seats may give it, else by the hub.
fn history() -> impl Strategy<Value = Vec<(Timestamp, Source, C)>> {
    let seat = || name(&["A", "B", "带班领导 02", "观摩席"]).prop_map(|it| Source::Seat(SeatId(it)));
    let step = (0..20i64, seat()).prop_flat_map(|(mins, seat)| (Just(mins), Just(seat), command(T0)));
    prop::collection::vec(step, 0..80).prop_map(|steps| {
        let mut now = T0;
        let timed = steps.into_iter().map(|(mins, seat, command)| {
            now += mins * 60_000;
            let is_signed = matches!(
                command,
                C::ProposeSwitch { .. } | C::CoSign { .. } | C::DeclineProposal { .. } | C::WithdrawProposal { .. }
            );
            (Timestamp(now), if is_signed { seat } else { Source::Hub }, command)
        });
        timed.collect()
    })
}

fn realm() -> impl Strategy<Value = Realm> {
    prop::sample::select(vec![Realm::Actual, Realm::Exercise])
}

/// The tiny city with a later group, a precondition and a layer.
fn pack() -> Pack {
    let mut pack = tiny_pack();
    let plan = &mut pack.plans[0];
    plan.measures[1].group = 1;
    plan.measures[2].group = 2;
    plan.measures[3].precondition = Some("flood.n27 >= 1 || flood.max >= 40".into());
    let mut layer = plan.clone();
    (layer.id, layer.extends, layer.district) = ("layer".into(), Some("typhoon".into()), Some("350203".into()));
    layer.triggers.clear();
    layer.measures.truncate(1);
    layer.measures[0].id = "l-1".into();
    pack.plans.push(layer);
    pack
}

/// Another edition of its plan, without one of the measures and with one of its own.
fn edition(gone: usize, version: u8) -> Plan {
    let mut plan = pack().plans.swap_remove(0);
    let mut own = plan.measures[0].clone();
    own.id = format!("m-of-{version}").into();
    plan.version = format!("{version}").into();
    if gone < plan.measures.len() {
        plan.measures.remove(gone);
    }
    plan.measures.push(own);
    plan
}

fn added(agency: &str) -> AddedOrder {
    AddedOrder {
        agency: agency.into(),
        title: "增列".into(),
        body: "做".into(),
        within_mins: 30,
        channel: Channel::Platform,
        districts: vec![],
        reason: "现场要求".into(),
    }
}

/// The records the hub would write.
fn records_of(realm: Realm, history: &[(Timestamp, Source, C)]) -> (City, Vec<Record>) {
    let mut city = City::found(&pack(), realm);
    let mut records = Vec::new();
    for (now, source, command) in history {
        let mut command = command.clone();
        match &mut command {
            C::StandDown { accepted, .. } | C::ProposeSwitch { switch: Switch::ToPeace { accepted, .. } } => {
                *accepted = city.still_open(&[]);
            }
            C::ReportTelling { telling, .. } | C::RetryTelling { telling } if *telling == 0 => {
                *telling = city.untold.keys().next().copied().unwrap_or(0);
            }
            // 0 is whichever waits.
            C::CoSign { number } | C::DeclineProposal { number, .. } | C::WithdrawProposal { number, .. }
                if *number == 0 =>
            {
                *number = city.n_proposals;
            }
            _ => {}
        }
        let Ok(events) = city.decide_from(source, &command, *now) else { continue };
        if command == C::Tick {
            let expired = events.iter().any(|it| matches!(it, Event::ProposalClosed { how: ProposalEnd::Expired, .. }));
            assert_eq!(expired, city.proposal.as_ref().is_some_and(|it| it.expires_at <= *now));
        }
        assert!(!events.is_empty() || command == C::Tick, "{command:?} gave nothing");
        for event in events {
            let record = Record { seq: city.seq + 1, at: *now, source: source.clone(), event };
            assert_eq!(city.apply(&record), Applied::Advanced);
            records.push(record);
        }
    }
    (city, records)
}

proptest! {

    #[test]
    fn what_is_decided_is_applied_and_once_is_enough(realm in realm(), history in history()) {
        let (city, records) = records_of(realm, &history);
        let mut again = City::found(&pack(), realm);
        for record in &records {
            prop_assert_eq!(again.apply(record), Applied::Advanced);
            prop_assert_eq!(again.apply(record), Applied::Duplicate);
        }
        prop_assert_eq!(&again, &city);
        prop_assert_eq!(again.state_hash(), city.state_hash());
        for record in &records {
            prop_assert_eq!(again.apply(record), Applied::Duplicate);
        }
        prop_assert_eq!(again.state_hash(), city.state_hash());
    }

    #[test]
    fn the_highest_levels_are_two_peoples_or_an_override(realm in realm(), history in history()) {
        let (_, records) = records_of(realm, &history);
        let mut city = City::found(&pack(), realm);
        for record in &records {
            if let Event::FootingChanged { level, districts, confirmed_by, overridden, .. } = &record.event {
                let of_districts = city.footings.iter().filter(|it| districts.is_empty() || districts.contains(it.0));
                let of_city = districts.is_empty().then_some(city.footing.level).flatten();
                let before = of_districts.map(|it| it.1.level).chain([of_city]).max().flatten();
                let takes_two = before.max(*level) >= Some(ResponseLevel::II);
                prop_assert_eq!(confirmed_by.len(), if takes_two && !overridden { 2 } else { 1 });
                let officers = confirmed_by.iter().map(|it| city.roles.officer_at(it)).collect::<std::collections::BTreeSet<_>>();
                prop_assert_eq!(officers.len(), confirmed_by.len());
            }
            prop_assert_eq!(city.apply(record), Applied::Advanced);
        }
    }

    #[test]
    fn a_gap_is_seen(realm in realm(), history in history(), cut in any::<prop::sample::Index>()) {
        let (_, records) = records_of(realm, &history);
        prop_assume!(records.len() >= 2);
        let cut = cut.index(records.len() - 1);
        let mut city = City::found(&pack(), realm);
        for record in &records[..cut] {
            prop_assert_eq!(city.apply(record), Applied::Advanced);
        }
        let before = city.clone();
        prop_assert_eq!(city.apply(&records[cut + 1]), Applied::Gap { after: cut as u64 });
        prop_assert_eq!(city, before);
    }

    #[test]
    fn a_snapshot_is_the_same_city(realm in realm(), history in history()) {
        let (city, _) = records_of(realm, &history);
        let bytes = city.to_bytes().expect("serialisable");
        let back = City::from_bytes(&bytes).expect("readable");
        prop_assert_eq!(back.to_bytes().expect("serialisable"), bytes);
        prop_assert_eq!(back.state_hash(), city.state_hash());
        prop_assert_eq!(back, city);
    }

    #[test]
    fn records_survive_the_log(realm in realm(), history in history()) {
        let (_, records) = records_of(realm, &history);
        for record in records {
            let json = serde_json::to_string(&record).expect("serialisable");
            prop_assert_eq!(&serde_json::from_str::<Record>(&json).expect(&json), &record);
        }
    }

    #[test]
    fn the_counts_are_right(realm in realm(), history in history()) {
        let (city, _) = records_of(realm, &history);
        let counted = CaseStage::ALL.map(|stage| city.cases.values().filter(|it| it.stage == stage).count() as u64);
        prop_assert_eq!(city.n_cases_by_stage, counted);
        let open = city.alarms.values().filter(|it| it.cleared_at.is_none()).count();
        prop_assert_eq!(city.open_alarms.len(), open);
        prop_assert!(city.evacuation.values().all(|it| it.moved <= it.expected));
        prop_assert!(city.markings.len() as u64 <= city.n_markings);
        for (id, marking) in &city.markings {
            prop_assert_eq!(*id, marking.id);
            prop_assert!(id.0 <= city.n_markings);
            prop_assert!(marking.kind.places().iter().all(|it| it.is_sane() && *it == it.rounded()));
        }
        let closed = city.last_proposal.as_ref().map_or(0, |it| it.number);
        let waits = city.proposal.as_ref().map_or(closed, |it| it.number);
        prop_assert_eq!(waits.max(closed), city.n_proposals, "one waits or all are closed");
        prop_assert!(city.proposal.as_ref().is_none_or(|it| it.number > closed && it.expires_at > it.signed.at));
        prop_assert!(city.held.iter().all(|it| it.number <= city.n_held));
        prop_assert!(city.held.is_empty() || city.is_any_war());
        // Once per war and district: a measure is ordered or waits, never twice. No districts are all of them.
        let is_over = |it: &Order| matches!(it.rung, Rung::Failed | Rung::Superseded);
        let of_this_war = city.orders.values().filter(|it| it.id >= city.war_first_order && !is_over(it));
        let given = of_this_war.filter_map(|it| Some((it.text.measure.as_ref()?, &it.text.districts)));
        let held = city.held.iter().filter_map(|it| Some((it.measure.as_ref()?, &it.districts)));
        let given: Vec<(&MeasureId, &Vec<DistrictId>)> = given.chain(held).collect();
        for (i, (measure, districts)) in given.iter().enumerate() {
            for (_, others) in given[..i].iter().filter(|it| it.0 == *measure) {
                prop_assert!(!districts.is_empty() && !others.is_empty(), "{measure} is ordered for all and again");
                prop_assert!(!others.iter().any(|it| districts.contains(it)), "{measure} is ordered twice");
            }
        }
        for order in city.orders.values() {
            prop_assert_eq!(order.rung == Rung::Superseded, order.superseded_by.is_some());
            let next = order.superseded_by.and_then(|it| city.orders.get(&it));
            let follows = |it: &Order| {
                it.definition_version == order.definition_version + 1 && it.text.supersedes == Some(order.id)
            };
            prop_assert!(order.superseded_by.is_none() || next.is_some_and(follows));
        }
        for (number, telling) in &city.untold {
            prop_assert!(*number == telling.number && *number <= city.seq && telling.realm == realm);
            prop_assert!(!telling.given_up || !telling.last_error.is_empty());
        }
        prop_assert!(city.exercise.is_none() || realm == Realm::Exercise);
        prop_assert!(city.orders.values().all(|it| it.realm == realm));
    }

    /// Every record that owes a platform news makes one telling, which ends only with a receipt (or, of a team's, with newer
    /// news of that team after it was given up).
    #[test]
    fn what_is_owed_is_told_or_still_owed(realm in realm(), history in history()) {
        let (city, records) = records_of(realm, &history);
        let mut again = City::found(&pack(), realm);
        let mut owed = std::collections::BTreeMap::new();
        for record in &records {
            let before = again.untold.clone();
            let _ = again.apply(record);
            if let Some(new) = again.untold.get(&record.seq) {
                prop_assert!(owed.insert(new.idempotency_key(), record.seq).is_none(), "one key, one telling");
            }
            for (number, telling) in before.iter().filter(|(number, _)| !again.untold.contains_key(*number)) {
                let is_told = matches!(record.event, Event::PlatformTold { telling } if telling == *number);
                let is_overtaken = telling.given_up
                    && again.untold.get(&record.seq).is_some_and(|it| it.news.subject() == telling.news.subject());
                prop_assert!(is_told || is_overtaken, "{:?} was lost by {:?}", telling, record.event);
            }
        }
        prop_assert_eq!(again.untold, city.untold);
    }

    #[test]
    fn bytes_that_are_no_snapshot_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = City::from_bytes(&bytes);
    }
}
