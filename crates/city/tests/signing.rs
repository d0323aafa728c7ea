//! 会签 as data: who proposes, who may be the second, and what a proposal comes to.

use gulang_city::{Command as C, *};

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing
const FIRST: &str = "值班长 01";
const SECOND: &str = "带班领导 02";

fn seat(id: &str) -> Source {
    Source::Seat(id.into())
}

fn city() -> City {
    City::found(&tiny_pack(), Realm::Actual)
}

/// Gives the command at its minute; the names of what followed, or the words of the refusal.
fn give(city: &mut City, source: &Source, mins: i64, command: C) -> String {
    let now = T0.plus_mins(mins);
    match city.decide_from(source, &command, now) {
        Ok(events) => {
            for event in &events {
                let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event: event.clone() };
                let json = serde_json::to_string(&record).expect("serialisable");
                assert_eq!(serde_json::from_str::<Record>(&json).expect(&json), record);
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
            events.iter().map(name_of).collect::<Vec<_>>().join(" ")
        }
        Err(refusal) => format!("!{refusal}"),
    }
}

/// What follows, or a refusal in which these words stand (`!words`).
#[track_caller]
fn check(city: &mut City, source: &str, mins: i64, command: C, expected: &str) {
    let shown = format!("{command:?}");
    let source = if source == "hub" { Source::Hub } else { seat(source) };
    let answer = give(city, &source, mins, command);
    match expected.strip_prefix('!') {
        Some(words) => assert!(answer.starts_with('!') && answer.contains(words), "{shown}: {answer}"),
        None => assert_eq!(answer, expected, "{shown}"),
    }
}

fn name_of(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn ask(level: ResponseLevel) -> SheetAsk {
    SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: vec![], added: vec![] }
}

fn to_war(level: ResponseLevel) -> Switch {
    Switch::ToWar { ask: ask(level), reason: "现场要求".into(), reasons: Default::default(), sheet_version: None }
}

fn propose(level: ResponseLevel) -> C {
    C::ProposeSwitch { switch: to_war(level) }
}

fn co_sign(number: u64) -> C {
    C::CoSign { number }
}

fn decline(number: u64, reason: &str) -> C {
    C::DeclineProposal { number, reason: reason.into() }
}

fn withdraw(number: u64) -> C {
    C::WithdrawProposal { number, reason: "".into() }
}

/// Ⅰ is proposed at minute 0.
fn proposed() -> City {
    let mut city = city();
    check(&mut city, FIRST, 0, propose(ResponseLevel::I), "SwitchProposed");
    city
}

#[test]
fn war_begins_with_the_second_signature_and_makes_the_same_records() {
    let mut city = proposed();
    assert_eq!((city.footing.posture, city.orders.len()), (Posture::Peace, 0), "one signature sends nothing");
    let expires_at = city.proposal.as_ref().map(|it| it.expires_at);
    assert_eq!(expires_at, Some(T0.plus_mins(SigningRules::default().proposal_mins.into())));

    let alone = to_war(ResponseLevel::I).by_one(&SECOND.into(), true);
    let mut alone = city.decide_from(&seat(SECOND), &alone, T0.plus_mins(3)).expect("an override");
    let both = city.decide_from(&seat(SECOND), &co_sign(1), T0.plus_mins(3)).expect("co-signed");
    let Some(Event::ProposalClosed { number: 1, how: ProposalEnd::CoSigned, by: Some(by), .. }) = both.first() else {
        panic!("{both:?}")
    };
    assert_eq!((by.seat.as_str(), by.at), (SECOND, T0.plus_mins(3)));
    for event in &mut alone {
        if let Event::FootingChanged { confirmed_by, overridden, .. } = event {
            (*confirmed_by, *overridden) = (vec![FIRST.into(), SECOND.into()], false);
        }
    }
    // Both begin by closing the proposal, each in its way; then they are the same.
    assert_eq!(both[1..], alone[1..]);
    check(&mut city, SECOND, 3, co_sign(1), &both.iter().map(name_of).collect::<Vec<_>>().join(" "));
    assert_eq!((city.footing.level, city.overrides.len()), (Some(ResponseLevel::I), 0));
    assert!(city.proposal.is_none());
    check(&mut city, SECOND, 4, co_sign(1), "!第 1 号提议已会签");
}

#[test]
fn who_may_not_be_the_second_is_told_why() {
    for (second, words) in [
        (FIRST, "!这是提议的席位"),
        ("值班长 01 副屏", "!两个席位都是「张三」"),
        ("观摩席", "!领导（只读）"),
        ("hub", "!要在席位上做"),
        (" ", "!要在席位上做"),
    ] {
        let mut city = proposed();
        check(&mut city, second, 1, co_sign(1), words);
        check(&mut city, second, 1, decline(1, "不妥"), words);
        let greyed = city.proposal.as_ref().map(|it| city.why_not_second(&second.into(), it));
        assert_eq!(greyed.is_some_and(|it| it.is_ok()), second == "hub" || second == " ", "{second}");
    }
    // A role that may anything but the switch itself signs for it neither first nor second.
    let mut pack = tiny_pack();
    pack.roles.roles[2].may_not = vec!["switch_to_war".into()];
    let mut city = City::found(&pack, Realm::Actual);
    check(&mut city, SECOND, 0, propose(ResponseLevel::I), "!不能平转战");
    check(&mut city, FIRST, 0, propose(ResponseLevel::I), "SwitchProposed");
    check(&mut city, SECOND, 1, co_sign(1), "!不能平转战");
    // A role that signs up to Ⅲ.
    let mut pack = tiny_pack();
    pack.roles.roles[2].signs_up_to = Some(ResponseLevel::III);
    let mut city = City::found(&pack, Realm::Actual);
    check(&mut city, FIRST, 0, propose(ResponseLevel::II), "SwitchProposed");
    check(&mut city, SECOND, 1, co_sign(1), "!不能签Ⅱ级响应");
    check(
        &mut city,
        "A",
        1,
        co_sign(1),
        "ProposalClosed FootingChanged OrderDrafted OrderDrafted OrderDrafted EvacuationExpected EvacuationExpected",
    );
}

#[test]
fn a_proposal_is_checked_as_the_switch_is() {
    let mut city = city();
    check(&mut city, "hub", 0, propose(ResponseLevel::I), "!要在席位上做");
    check(&mut city, "观摩席", 0, propose(ResponseLevel::I), "!不能提请会签");
    check(&mut city, FIRST, 0, propose(ResponseLevel::III), "!一席签名即可");
    let changed = |change: &dyn Fn(&mut SheetAsk, &mut Text)| {
        let mut switch = to_war(ResponseLevel::I);
        if let Switch::ToWar { ask, reason, .. } = &mut switch {
            change(ask, reason);
        }
        C::ProposeSwitch { switch }
    };
    check(&mut city, FIRST, 0, changed(&|ask, _| ask.plan = "none".into()), "!没有这个预案");
    check(&mut city, FIRST, 0, changed(&|_, reason| *reason = "".into()), "!越级调整响应要写明原因");
    check(&mut city, FIRST, 0, changed(&|ask, _| ask.districts = vec!["x".into()]), "!没有这个区");
    let peace = Switch::ToPeace { districts: vec![], reason: "解除".into(), accepted: vec![] };
    check(&mut city, FIRST, 0, C::ProposeSwitch { switch: peace }, "!没有变化");
    assert_eq!((city.n_proposals, city.seq), (0, 0));
}

#[test]
fn it_is_declined_with_a_reason_withdrawn_by_its_proposer_or_expires() {
    let ended = |city: &City| city.last_proposal.as_ref().map(|it| (it.how, it.reason.to_string()));
    let mut city = proposed();
    check(&mut city, SECOND, 1, decline(1, " "), "!不同意要写明原因");
    check(&mut city, SECOND, 1, decline(2, "不妥"), "!没有这个提议");
    check(&mut city, SECOND, 1, decline(1, "先核实"), "ProposalClosed");
    assert_eq!(ended(&city), Some((ProposalEnd::Declined, "先核实".into())));
    check(&mut city, "A", 2, co_sign(1), "!第 1 号提议不同意");

    let mut city = proposed();
    check(&mut city, SECOND, 1, withdraw(1), "!撤回要由提议的席位「值班长 01」来做");
    check(&mut city, "值班长 01 副屏", 1, withdraw(1), "ProposalClosed");
    assert_eq!(ended(&city), Some((ProposalEnd::Withdrawn, String::new())));

    let mut city = proposed();
    check(&mut city, "hub", 9, C::Tick, "");
    // The clock, not the tick, decides.
    check(&mut city.clone(), SECOND, 10, co_sign(1), "!提议已经过期");
    check(&mut city, "hub", 10, C::Tick, "ProposalClosed");
    assert_eq!(ended(&city).map(|it| it.0), Some(ProposalEnd::Expired));
    check(&mut city, "hub", 11, C::Tick, "");
    check(&mut city, SECOND, 11, co_sign(1), "!第 1 号提议已过期");
    assert_eq!(city.footing.posture, Posture::Peace);
}

#[test]
fn a_newer_proposal_takes_the_place_and_a_changed_footing_too() {
    let mut city = proposed();
    check(&mut city, "A", 1, propose(ResponseLevel::II), "ProposalClosed SwitchProposed");
    check(&mut city, SECOND, 2, co_sign(1), "!现在等会签的是第 2 号");
    assert_eq!(city.proposal.as_ref().and_then(|it| it.switch.level()), Some(ResponseLevel::II));
    // One person's switch at Ⅳ makes it another city.
    let alone = to_war(ResponseLevel::IV).by_one(&"B".into(), false);
    check(&mut city, "B", 2, alone, "ProposalClosed FootingChanged OrderDrafted");
    assert!(city.proposal.is_none());
    check(&mut city, SECOND, 3, co_sign(2), "!第 2 号提议已被取代");
}

#[test]
fn a_sheet_that_changed_since_is_refused_with_what_changed() {
    let mut pack = tiny_pack();
    pack.plans[0].measures[0].precondition = Some("flood.n27 >= 1".into());
    let mut city = City::found(&pack, Realm::Actual);
    check(&mut city, FIRST, 0, propose(ResponseLevel::I), "SwitchProposed");
    let seen = |n_known| C::NoteObservations {
        observations: vec![Observation {
            kind: SensorKind::FloodDepth,
            district: None,
            max: 40.0,
            mean: 1.0,
            trend: None,
            n_heard: n_known,
            n_known,
            as_of: T0.plus_mins(1),
        }],
    };
    check(&mut city, "hub", 1, seen(2), "ObservationsNoted");
    let flood = C::JudgeReading {
        sensor: "flood-1".into(),
        color: Some(WarningColor::Yellow),
        value: 28.0,
        at: T0.plus_mins(1),
    };
    check(&mut city, "hub", 1, flood, "AlarmRaised");
    // What was held back would go out at once now: that is another sheet than the one that was signed.
    check(&mut city, SECOND, 2, co_sign(1), "!要发的指令有变");
    assert!(city.proposal.is_some(), "it can still be declined or withdrawn");
    check(&mut city, FIRST, 2, propose(ResponseLevel::I), "ProposalClosed SwitchProposed");
    let number = city.n_proposals;
    assert!(give(&mut city, &seat(SECOND), 3, co_sign(number)).starts_with("ProposalClosed FootingChanged"));
}

#[test]
fn peace_after_the_highest_levels_takes_two_as_well() {
    let mut city = proposed();
    give(&mut city, &seat(SECOND), 0, co_sign(1));
    let accepted = city.still_open(&[]);
    let peace = |accepted: Vec<OpenItem>| Switch::ToPeace { districts: vec![], reason: "解除".into(), accepted };
    check(&mut city, FIRST, 1, peace(accepted.clone()).by_one(&FIRST.into(), false), "!要两个人在两个席位上先后签名");
    check(&mut city, FIRST, 1, C::ProposeSwitch { switch: peace(vec![]) }, "!还有 4 件未了结");
    check(&mut city, FIRST, 1, C::ProposeSwitch { switch: peace(accepted.clone()) }, "SwitchProposed");
    // What opened since was not accepted by the first.
    let out = C::AssignTeam { team: "team-2".into(), order: None, purpose: "排水".into() };
    check(&mut city, "A", 1, out, "TeamAssigned");
    check(&mut city, SECOND, 2, co_sign(2), "!还有 1 件未了结");
    check(&mut city, "A", 2, C::ReleaseTeam { team: "team-2".into() }, "TeamReleased");
    let closes = "ProposalClosed FootingChanged OrderClimbed OrderClimbed OrderClimbed OrderClimbed";
    check(&mut city, SECOND, 2, co_sign(2), closes);
    assert_eq!(city.footing.posture, Posture::Peace);
}

#[test]
fn what_waits_is_in_the_snapshot_and_the_hash() {
    let (quiet, waiting) = (city(), proposed());
    assert_ne!(quiet.state_hash(), waiting.state_hash());
    let back = City::from_bytes(&waiting.to_bytes().expect("serialisable")).expect("readable");
    assert_eq!(back, waiting);
    let mut exercise = City::found(&tiny_pack(), Realm::Exercise);
    give(&mut exercise, &seat(FIRST), 0, propose(ResponseLevel::I));
    let mins = SigningRules::default().exercise_proposal_mins;
    assert_eq!(exercise.proposal.map(|it| it.expires_at), Some(T0.plus_mins(mins.into())), "by the drill's clock");
}

#[test]
fn rules_that_leave_no_time_are_refused() {
    let rules = |text: &str| {
        let read = |path: &str| Ok(if path == "rules/signing.toml" { text.to_owned() } else { "[]".to_owned() });
        let list = |folder: &str| if folder == "rules" { vec!["signing.toml".to_owned()] } else { Vec::new() };
        let errors = load_pack(&read, &list).err().unwrap_or_default();
        let of_signing = errors.iter().filter(|it| it.file == "rules/signing.toml");
        of_signing.map(ToString::to_string).collect::<Vec<_>>().join(";")
    };
    assert_eq!(rules("proposal_mins = 15"), "");
    assert!(rules("proposal_mins = 0").contains("proposal_mins is not 1 to 1440"));
    assert!(rules("exercise_proposal_mins = 20000").contains("exercise_proposal_mins is not"));
    assert!(rules("proposal_minutes = 5").contains("proposal_minutes"));
}
