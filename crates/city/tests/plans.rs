//! Plans at work: groups and preconditions, layers, who signs, the sheet, the argument for a level, peace again.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn seat(id: &str) -> Source {
    Source::Seat(id.into())
}

fn city_of(change: impl FnOnce(&mut Pack)) -> City {
    let mut pack = tiny_pack();
    change(&mut pack);
    City::found(&pack, Realm::Actual)
}

/// Gives the command at its minute; the names of what followed, or of the refusal.
fn give(city: &mut City, source: &Source, mins: i64, command: C) -> String {
    let now = T0.plus_mins(mins);
    match city.decide_from(source, &command, now) {
        Ok(events) => {
            for event in &events {
                let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event: event.clone() };
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
            events.iter().map(name_of).collect::<Vec<_>>().join(" ")
        }
        Err(refusal) => format!("!{}", name_of(&refusal)),
    }
}

/// The same command, only asked: the words of its refusal.
fn refused(city: &City, source: &Source, command: &C) -> String {
    city.decide_from(source, command, T0).expect_err("refused").to_string()
}

#[track_caller]
fn check(city: &mut City, source: &str, mins: i64, command: C, expected: &str) {
    let shown = format!("{command:?}");
    let source = if source == "hub" { Source::Hub } else { seat(source) };
    assert_eq!(give(city, &source, mins, command), expected, "{shown}");
}

/// Proposed at one seat and co-signed at another: what the second signature gave beside the proposal's own end, or why one
/// of them was refused.
#[track_caller]
fn check_two(city: &mut City, seats: [&str; 2], mins: i64, command: C, expected: &str) {
    let shown = format!("{command:?}");
    let C::SwitchToWar { plan, level, districts, struck, added, reason, reasons, sheet_version, .. } = command else {
        panic!("not a switch: {shown}")
    };
    let ask = SheetAsk { plan, level, districts, struck, added };
    let switch = Switch::ToWar { ask, reason, reasons, sheet_version };
    let mut answer = give(city, &seat(seats[0]), mins, C::ProposeSwitch { switch });
    if answer == "SwitchProposed" {
        let number = city.n_proposals;
        answer = give(city, &seat(seats[1]), mins, C::CoSign { number });
    }
    assert_eq!(answer.strip_prefix("ProposalClosed ").unwrap_or(&answer), expected, "{shown}");
}

fn name_of(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn to_war(level: ResponseLevel, seats: &[&str]) -> C {
    switch(level, seats, |_| {})
}

/// What a switch may carry besides plan, level and seats.
struct Extras {
    districts: Vec<DistrictId>,
    struck: Vec<MeasureId>,
    added: Vec<AddedOrder>,
    reason: Text,
    sheet_version: Option<Text>,
    overridden: bool,
}

fn switch(level: ResponseLevel, seats: &[&str], change: impl FnOnce(&mut Extras)) -> C {
    let mut it = Extras {
        districts: vec![],
        struck: vec![],
        added: vec![],
        reason: "测试".into(),
        sheet_version: None,
        overridden: false,
    };
    change(&mut it);
    C::SwitchToWar {
        plan: "typhoon".into(),
        level,
        districts: it.districts,
        struck: it.struck,
        added: it.added,
        confirmed_by: seats.iter().map(|it| SeatId::from(*it)).collect(),
        reason: it.reason,
        reasons: Default::default(),
        sheet_version: it.sheet_version,
        overridden: it.overridden,
    }
}

fn answer(order: u64, rung: Rung) -> C {
    C::ReportOrder { order: OrderId(order), definition_version: 1, rung, note: "".into() }
}

fn ask(level: ResponseLevel) -> SheetAsk {
    SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: vec![], added: vec![] }
}

fn warning(id: &str, color: WarningColor, districts: &[&str]) -> C {
    C::IssueWarning {
        warning: Warning {
            id: id.into(),
            hazard: Hazard::Typhoon,
            color,
            headline: "台风预警".into(),
            sender: "台".into(),
            sent_at: T0,
            expires_at: T0.plus_mins(600),
            districts: districts.iter().map(|it| DistrictId::from(*it)).collect(),
            cancelled: false,
            exercise: false,
        },
    }
}

fn flood_seen(district: Option<&str>, mins: i64) -> C {
    C::NoteObservations {
        observations: vec![Observation {
            kind: SensorKind::FloodDepth,
            district: district.map(DistrictId::from),
            max: 3.0,
            mean: 1.0,
            trend: None,
            n_heard: 2,
            n_known: 2,
            as_of: T0.plus_mins(mins),
        }],
    }
}

#[test]
fn a_later_group_waits_for_every_answer_of_the_earlier() {
    use ResponseLevel::*;
    // m-patrol and m-sea in group 0, m-gates in 1, m-stop in 2.
    let grouped = || {
        city_of(|pack| {
            pack.plans[0].measures[2].group = 1;
            pack.plans[0].measures[3].group = 2;
        })
    };
    let expected = "FootingChanged OrderDrafted OrderDrafted OrdersHeld EvacuationExpected EvacuationExpected";
    let mut city = grouped();
    let sheet = city.sheet(&ask(I), T0).expect("a sheet");
    assert_eq!((sheet.n_orders, sheet.n_held), (4, 2));
    check_two(&mut city, ["A", "B"], 0, to_war(I, &[]), expected);
    check_two(&mut city, ["A", "B"], 0, to_war(I, &[]), "!NoChange");
    check(&mut city, "hub", 1, answer(1, Rung::Acknowledged), "OrderClimbed");
    check(&mut city, "hub", 1, C::Tick, "");
    check(&mut city, "hub", 2, answer(2, Rung::Rejected), "OrderClimbed");
    check(&mut city, "hub", 2, C::Tick, "OrdersReleased OrderDrafted");
    assert_eq!((city.orders[2].text.group, city.orders[2].text.ack_by), (1, T0.plus_mins(7)));
    check(&mut city, "hub", 3, C::Tick, "");
    // One that cannot be sent holds the rest until somebody decides.
    check(&mut city, "hub", 3, answer(3, Rung::Failed), "OrderClimbed");
    check(&mut city, "hub", 4, C::Tick, "");
    check(&mut city, "A", 4, C::ReleaseHeld { held: vec![2], reason: " ".into() }, "!Forbidden");
    check(
        &mut city,
        "A",
        4,
        C::ReleaseHeld { held: vec![2], reason: "电话已通知".into() },
        "OrdersReleased OrderDrafted",
    );
    assert!(city.held.is_empty());

    // A lower level no longer wants what waits for the higher.
    let mut city = grouped();
    check_two(&mut city, ["A", "B"], 0, to_war(I, &[]), expected);
    check_two(&mut city, ["A", "B"], 1, to_war(II, &[]), "FootingChanged");
    assert_eq!(city.held.iter().map(|it| &*it.title).collect::<Vec<_>>(), ["水库预泄"]);
}

#[test]
fn a_precondition_holds_an_order_back() {
    let mut city = city_of(|pack| pack.plans[0].measures[0].precondition = Some("flood.n27 >= 1".into()));
    let sheet = city.sheet(&ask(ResponseLevel::IV), T0).expect("a sheet");
    assert_eq!(sheet.agencies[0].orders[0].held.as_deref(), Some("前提无法判断"));
    check(&mut city, "A", 0, to_war(ResponseLevel::IV, &[]), "FootingChanged OrdersHeld");
    check(&mut city, "hub", 1, flood_seen(None, 1), "ObservationsNoted");
    check(&mut city, "hub", 1, C::Tick, "");
    let flood = C::JudgeReading {
        sensor: "flood-1".into(),
        color: Some(WarningColor::Yellow),
        value: 28.0,
        at: T0.plus_mins(2),
    };
    check(&mut city, "hub", 2, flood, "AlarmRaised");
    check(&mut city, "hub", 2, C::Tick, "OrdersReleased OrderDrafted");
    assert!(city.held.is_empty());
}

#[test]
fn layers_add_and_tighten_and_go_with_their_base() {
    let mut city = city_of(|pack| {
        let mut layer = pack.plans[0].clone();
        layer.id = "layer".into();
        layer.title = "思明分层".into();
        (layer.extends, layer.district) = (Some("typhoon".into()), Some("350203".into()));
        layer.triggers = vec![Trigger { level: ResponseLevel::III, when: "circle.hours7 <= 48".into() }];
        layer.measures.retain(|it| it.id.as_str() == "m-stop" || it.id.as_str() == "m-patrol");
        // m-stop is led by the district's headquarters, m-patrol by the city's bureau: only the first may be tightened.
        for it in &mut layer.measures {
            it.within_mins = 60;
        }
        let mut own = layer.measures[0].clone();
        (own.id, own.agency) = ("own".into(), "ag-350203".into());
        layer.measures.push(own);
        pack.plans.push(layer);
    });
    let measures = city.effective_measures(&city.plans["typhoon"]);
    let mins: Vec<(&str, u32)> = measures.iter().map(|it| (it.measure.id.as_str(), it.measure.within_mins)).collect();
    assert_eq!(mins, [("m-patrol", 120), ("m-sea", 120), ("m-gates", 120), ("m-stop", 60), ("own", 60)]);
    let texts = city.orders_for(&"typhoon".into(), ResponseLevel::I, &[], T0);
    assert_eq!((&*texts[3].clause, &*texts[4].plan_version), ("7.1；思明分层7.1", "1（思明分层 1）"));
    let layer = SheetAsk { plan: "layer".into(), ..ask(ResponseLevel::IV) };
    assert!(city.sheet(&layer, T0).expect_err("refused").to_string().contains("分层预案"));
    check(&mut city, "A", 0, to_war(ResponseLevel::IV, &[]), "FootingChanged OrderDrafted OrderDrafted");
}

#[test]
fn a_loose_layer_is_named_by_line() {
    let pack = tiny_pack();
    let mut layer = pack.plans[0].clone();
    (layer.id, layer.extends, layer.district) = ("layer".into(), Some("typhoon".into()), Some("350203".into()));
    layer.triggers.clear();
    layer.measures.retain(|it| it.id.as_str() == "m-stop");
    let faults = |change: &dyn Fn(&mut Plan)| {
        let mut layer = layer.clone();
        change(&mut layer);
        let text = |it: serde_json::Result<String>| it.expect("serialisable");
        let files = [
            ("city.toml", "id = \"x\"\nname = \"x\"\ncenter = [118.11, 24.50]\n".to_owned()),
            ("districts.json", text(serde_json::to_string(&pack.districts))),
            ("agencies.json", text(serde_json::to_string(&pack.agencies))),
            ("roles.json", text(serde_json::to_string(&pack.roles))),
            ("plans/a.json", text(serde_json::to_string(&pack.plans[0]))),
            ("plans/b.json", text(serde_json::to_string_pretty(&layer))),
        ];
        let read =
            |path: &str| Ok(files.iter().find(|it| it.0 == path).map_or_else(|| "[]".to_owned(), |it| it.1.clone()));
        let result = load_pack(&read, &|_| vec!["a.json".to_owned(), "b.json".to_owned()]);
        result.err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(faults(&|_| {}), Vec::<String>::new());
    let looser = faults(&|it| it.measures[0].within_mins = 500);
    assert!(looser[0].contains("layer loosens measure m-stop, 500 min, the base says 120"), "{looser:?}");
    assert!(!looser[0].starts_with("plans/b.json:1:"), "{looser:?}");
    let other = faults(&|it| it.district = Some("350211".into()));
    assert!(other[0].contains("bad layer of measure m-stop, it is not of this layer's district"), "{other:?}");
    let lost = faults(&|it| it.extends = Some("nothing".into()));
    assert!(lost[0].contains("there is no plan nothing to extend"), "{lost:?}");
    let same =
        faults(&|it| it.triggers = vec![Trigger { level: ResponseLevel::I, when: "warning.typhoon >= blue".into() }]);
    assert!(same[0].contains("unreachable trigger Ⅰ, trigger Ⅳ has the same"), "{same:?}");
}

#[test]
fn two_officers_with_two_sheets_are_not_both_obeyed() {
    use ResponseLevel::*;
    let mut city = city_of(|_| {});
    let shown = city.sheet(&ask(III), T0).expect("a sheet");
    assert_eq!(
        shown.version,
        city.sheet(&ask(III), T0.plus_mins(9)).expect("a sheet").version,
        "time changes no version"
    );
    assert_eq!((shown.n_orders, shown.n_people, shown.n_seats, shown.skips_levels), (2, 150, 1, true));
    let with = |it: &Sheet| {
        let version = it.version.clone();
        switch(III, &[], move |it| it.sheet_version = Some(version))
    };
    let orders = "FootingChanged OrderDrafted OrderDrafted EvacuationExpected EvacuationExpected";
    check(&mut city, "A", 0, with(&shown), orders);
    let words = refused(&city, &seat("B"), &with(&shown));
    assert!(words.contains("响应级别已经变动；要发的指令由 2 变为 0；要转移的人数由 150 变为 0"), "{words}");
    let again = city.sheet(&ask(III), T0).expect("a sheet");
    check(&mut city, "B", 1, with(&again), "!NoChange");
}

#[test]
fn the_sheet_takes_strikes_and_additions_with_reasons() {
    let added = |agency: &str, reason: &str| AddedOrder {
        agency: agency.into(),
        title: "加派泵车".into(),
        body: "到一号下穿".into(),
        within_mins: 30,
        channel: Channel::PlatformAndCall,
        districts: vec![],
        reason: reason.into(),
    };
    let mut city = city_of(|_| {});
    let level = ResponseLevel::IV;
    let strike = |reason: &'static str| {
        switch(level, &[], move |it| {
            it.struck = vec!["m-patrol".into()];
            it.reason = reason.into();
        })
    };
    let add = |agency: &'static str, reason: &'static str| {
        switch(level, &[], move |it| it.added = vec![added(agency, reason)])
    };
    check(&mut city, "A", 0, strike(""), "!Forbidden");
    check(&mut city, "A", 0, add("ag-water", ""), "!Forbidden");
    check(&mut city, "A", 0, add("nobody", "急"), "!Unknown");
    let sheet = city.sheet(&SheetAsk { added: vec![added("ag-water", "急")], ..ask(level) }, T0).expect("a sheet");
    assert_eq!((sheet.n_orders, sheet.calls.len()), (2, 1));
    check(&mut city, "A", 0, C::DryRun { ask: ask(level) }, "DryRunMade");
    assert_eq!((city.orders.len(), city.footing.posture), (0, Posture::Peace));
    check(&mut city, "A", 0, add("ag-water", "泵车不够"), "FootingChanged OrderDrafted OrderDrafted");
    assert_eq!(&*city.orders[1].text.clause, "审阅时增列：泵车不够");
}

#[test]
fn two_people_sign_or_one_is_countersigned() {
    use ResponseLevel::*;
    let mut city = city_of(|_| {});
    // A name in a command is no signature.
    check(&mut city, "值班长 01", 0, to_war(II, &["带班领导 02"]), "!NeedsTwoSeats");
    check(&mut city, "值班长 01", 0, to_war(III, &["带班领导 02"]), "!Forbidden");
    let alone = |reason: &'static str| {
        switch(II, &[], move |it| {
            it.overridden = true;
            it.reason = reason.into();
        })
    };
    check(&mut city, "值班长 01", 0, alone("通信中断"), "!Forbidden");
    check(&mut city, "带班领导 02", 0, alone(""), "!Forbidden");
    let orders = "FootingChanged OrderDrafted OrderDrafted OrderDrafted EvacuationExpected EvacuationExpected";
    check(&mut city, "带班领导 02", 0, alone("通信中断"), orders);
    assert_eq!(city.overrides.len(), 1);
    check(&mut city, "hub", COUNTERSIGN_WITHIN_MINS - 1, answer(1, Rung::Done), "OrderClimbed");
    for order in 2..=3 {
        check(&mut city, "hub", COUNTERSIGN_WITHIN_MINS - 1, answer(order, Rung::Done), "OrderClimbed");
    }
    check(&mut city, "hub", COUNTERSIGN_WITHIN_MINS, C::Tick, "CountersignOverdue");
    check(&mut city, "hub", COUNTERSIGN_WITHIN_MINS + 1, C::Tick, "");
    let sign = || C::Countersign { number: 1, note: "同意".into() };
    check(&mut city, "带班领导 02", 40, sign(), "!Forbidden");
    check(&mut city, "观摩席", 40, sign(), "!Forbidden");
    check(&mut city, "值班长 01", 40, sign(), "FootingCountersigned");
    check(&mut city, "值班长 01", 41, sign(), "!NoChange");
    // Who overrides signs for nobody else.
    let mut city = city_of(|_| {});
    check(&mut city, "带班领导 02", 0, switch(II, &["值班长 01"], |it| it.overridden = true), "!Forbidden");
}

#[test]
fn skipping_a_level_needs_a_reason_unless_it_is_advised() {
    use ResponseLevel::*;
    let mute = |level| switch(level, &[], |it| it.reason = "".into());
    let mut city = city_of(|_| {});
    check(&mut city, "A", 0, mute(III), "!Forbidden");
    check(&mut city, "A", 0, mute(IV), "FootingChanged OrderDrafted");
    let up = "FootingChanged OrderDrafted EvacuationExpected EvacuationExpected";
    check(&mut city, "A", 1, mute(III), up);
    check_two(&mut city, ["A", "B"], 2, mute(I), "!Forbidden");
    check(&mut city, "hub", 2, warning("w", WarningColor::Red, &[]), "WarningIssued");
    check(&mut city, "hub", 2, C::Tick, "LevelRecommended");
    check_two(&mut city, ["A", "B"], 2, mute(I), "FootingChanged OrderDrafted OrderDrafted EvacuationExpected");
    check_two(&mut city, ["A", "B"], 3, mute(IV), "!Forbidden");
    check(&mut city, "A", 3, switch(III, &[], |_| {}), "!NeedsTwoSeats");
    check_two(&mut city, ["A", "B"], 3, mute(II), "FootingChanged");
}

#[test]
fn peace_names_what_it_leaves_open() {
    let mut city = city_of(|_| {});
    give(&mut city, &seat("A"), 0, to_war(ResponseLevel::III, &[]));
    give(&mut city, &seat("A"), 0, C::AssignTeam { team: "team-2".into(), order: None, purpose: "排水".into() });
    let moved = C::ReportMoved { class: EvacueeClass::SeaAndSites, district: "350203".into(), n_people: 40 };
    check(&mut city, "hub", 1, moved, "EvacuationCounted");
    let down = |accepted: Vec<OpenItem>, reason: &str| C::StandDown {
        districts: vec![],
        confirmed_by: vec![],
        reason: reason.into(),
        accepted,
        overridden: false,
    };
    let open = city.still_open(&[]);
    assert_eq!(open.len(), 4, "{open:?}");
    let words = refused(&city, &seat("A"), &down(open[..2].to_vec(), "解除"));
    assert!(words.contains("还有 2 件未了结") && words.contains("思明区海上及在建工地 40 人未返回"), "{words}");
    check(&mut city, "A", 2, down(open.clone(), ""), "!Forbidden");
    check(&mut city, "A", 2, down(open, "解除"), "FootingChanged OrderClimbed OrderClimbed");
}

#[test]
fn a_role_does_what_its_role_may() {
    let city = city_of(|_| {});
    let grey = |seat_id: &str, kind: &str| city.may(&seat(seat_id), kind).err().map(|it| it.to_string());
    assert_eq!(
        grey("观摩席", "switch_to_war").as_deref(),
        Some("不允许：席位「观摩席」的角色是「领导（只读）」，不能平转战")
    );
    assert_eq!(grey("谁也不是", "switch_to_war"), None);
    assert_eq!(to_war(ResponseLevel::IV, &[]).kind(), "switch_to_war");
    let refusal = city.decide_from(&seat("观摩席"), &C::ShowScene { scene: "war".into() }, T0);
    assert_eq!(name_of(&refusal.expect_err("refused")), "Forbidden");
    let may = |role: &Role| Command::kinds().iter().filter(|it| role.may(it)).count();
    let n: Vec<usize> = Roles::default().roles.iter().map(may).collect();
    let all = Command::kinds().len();
    assert_eq!(n, [8, all, all, 0, 3], "席位, 值班员, 指挥长, 领导, 管理员");
}

#[test]
fn a_level_is_argued_for_and_against_with_what_is_missing() {
    use ResponseLevel::*;
    let mut city = city_of(|_| {});
    let of = |city: &City, district: Option<&str>, mins: i64| {
        let all = city.advices(T0.plus_mins(mins));
        all.into_iter().find(|it| it.district.as_ref().map(DistrictId::as_str) == district).expect("every place")
    };
    let quiet = of(&city, None, 0);
    assert_eq!((quiet.level, quiet.possible()), (None, Some(III)));
    let missing: Vec<(&str, &str)> = quiet.missing.iter().map(|it| (&*it.input, &*it.text)).collect();
    assert_eq!(missing, [("flood.n27", "积水监测没有收到")]);

    check(&mut city, "hub", 0, flood_seen(None, 0), "ObservationsNoted");
    assert_eq!(of(&city, None, 1).possible(), None, "all is heard");
    assert_eq!(&*of(&city, None, 40).missing[0].text, "积水监测已 40分 没有更新");

    // A warning for one district is that district's.
    check(&mut city, "hub", 1, warning("w", WarningColor::Orange, &["350211"]), "WarningIssued");
    assert_eq!(of(&city, Some("350211"), 1).level, Some(II));
    assert_eq!(of(&city, Some("350203"), 1).level, None);
    assert_eq!(of(&city, None, 1).level, None);
    check(&mut city, "hub", 1, C::Tick, "");

    check(&mut city, "hub", 2, warning("w2", WarningColor::Orange, &["350203", "350211"]), "WarningIssued");
    check(&mut city, "hub", 2, C::Tick, "LevelRecommended");
    check(&mut city, "hub", 3, C::Tick, "");
    let advice = of(&city, None, 3);
    assert_eq!(advice.level, Some(II));
    assert_eq!(&*advice.evidence[0].text, "橙色预警生效：台风预警");
    let against: Vec<&str> = advice.against.iter().map(|it| &*it.text).collect();
    assert_eq!(against, ["橙色预警生效：台风预警", "没有活动台风"], "what Ⅰ asks for and is not so");
    let recorded = city.recommendation.as_ref().expect("one");
    assert_eq!(recorded.advices.len(), 3, "the city and both districts");
    // A source that fell silent leaves the level open upwards, and does not take it away.
    let health = ConnectorHealth {
        platform: "cap".into(),
        name: "预警".into(),
        state: HealthState::Silent,
        since: T0.plus_mins(4),
        last_error: "".into(),
        simulated: true,
    };
    check(&mut city, "hub", 4, C::ReportHealth { health }, "ConnectorChanged");
    let advice = of(&city, None, 10);
    assert_eq!((advice.level, advice.possible()), (Some(II), Some(I)));
    assert!(advice.missing[0].text.starts_with("预警来源失联 6分"), "{:?}", advice.missing);
}

#[test]
fn one_district_may_go_to_war_alone() {
    let mut city = city_of(|_| {});
    let alone = |level, seats: &[&str]| switch(level, seats, |it| it.districts = vec!["350203".into()]);
    // What moves or is led in the district: m-sea (people there) and, at Ⅰ, m-stop.
    check(&mut city, "A", 0, alone(ResponseLevel::III, &[]), "FootingChanged OrderDrafted EvacuationExpected");
    assert_eq!(city.footing.posture, Posture::Peace);
    assert!(city.is_any_war());
    assert_eq!(city.footings["350203"].level, Some(ResponseLevel::III));
    assert_eq!(city.footings["350211"].level, None);
    // The whole city joins: what the district has is not ordered twice.
    let expected = "FootingChanged OrderDrafted OrderDrafted EvacuationExpected";
    check(&mut city, "A", 1, to_war(ResponseLevel::III, &[]), expected);
    assert_eq!(city.orders[1].text.measure, Some("m-patrol".into()));
    // m-sea goes out again, for the people of the other district.
    assert_eq!(city.orders[2].text.districts, ["350211".into()]);
}

#[test]
fn a_new_edition_is_told_in_words() {
    let old = tiny_pack().plans.remove(0);
    let mut new = old.clone();
    assert_eq!(plan_diff(&old, &new), Vec::<String>::new());
    new.version = "2".into();
    new.triggers[0].when = "warning.typhoon >= yellow".into();
    new.measures[0].within_mins = 60;
    new.measures.remove(2);
    let mut own = old.measures[0].clone();
    own.id = "m-new".into();
    new.measures.push(own);
    assert_eq!(
        plan_diff(&old, &new),
        [
            "版本：1 → 2",
            "Ⅳ级启动条件：warning.typhoon >= blue → warning.typhoon >= yellow",
            "改动措施 m-patrol 巡查广告牌：时限 「120 分」 → 「60 分」",
            "删去措施 m-gates 水库预泄（Ⅱ级，ag-water）",
            "新增措施 m-new 巡查广告牌（Ⅳ级，ag-city，120 分，7.1）",
        ]
    );
}
