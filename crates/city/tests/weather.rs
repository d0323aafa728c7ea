//! Quakes by several networks, and one typhoon by several feeds.

use gulang_city::*;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

fn city(realm: Realm) -> City {
    City::found(&tiny_pack(), realm)
}

fn tell(city: &mut City, source: &str, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
    let source = Source::Platform(source.into());
    let events = city.decide_from(&source, command, now)?;
    for event in &events {
        let record = Record { seq: city.seq + 1, at: now, source: source.clone(), event: event.clone() };
        assert_eq!(city.apply(&record), Applied::Advanced);
    }
    Ok(events)
}

fn report(id: &str, revision: u32, magnitude: f32) -> QuakeReport {
    QuakeReport {
        id: id.into(),
        revision,
        source: "福建省地震局".into(),
        stage: QuakeStage::EarlyWarning,
        origin: T0,
        reported_at: T0.plus_secs(6),
        place: "漳浦海域".into(),
        at: LonLat(118.2, 23.9),
        depth_km: Some(10.0),
        magnitude,
        drill: false,
    }
}

fn quake(report: &QuakeReport) -> Command {
    Command::ReportQuake { report: report.clone() }
}

#[test]
fn every_revision_is_kept_and_the_latest_leads() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    let now = T0.plus_secs(8);
    tell(&mut city, "eew", &quake(&report("q1", 1, 5.0)), now)?;
    let later = tell(&mut city, "eew", &quake(&report("q1", 2, 6.8)), now)?;
    assert!(later.iter().any(|it| matches!(it, Event::AlarmRecoloured { .. })), "{later:?}");
    assert_eq!(tell(&mut city, "eew", &quake(&report("q1", 2, 6.8)), now), Err(Refusal::NoChange));
    assert!(matches!(tell(&mut city, "eew", &quake(&report("q1", 1, 5.0)), now), Err(Refusal::Stale { .. })));
    let quakes: Vec<&Quake> = city.quakes.values().collect();
    let [only] = quakes[..] else { panic!("{quakes:?}") };
    assert_eq!((only.reports.len(), only.lead.magnitude), (2, 6.8));
    Ok(())
}

#[test]
fn another_networks_quick_report_of_the_same_quake_joins_it_and_leads() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    let now = T0.plus_mins(10);
    tell(&mut city, "eew", &quake(&report("q1", 3, 5.9)), now)?;
    let reviewed = QuakeReport {
        source: "中国地震台网".into(),
        stage: QuakeStage::Reviewed,
        origin: T0.plus_secs(-2),
        magnitude: 5.6,
        ..report("CC.2023", 1, 5.6)
    };
    tell(&mut city, "quick", &quake(&reviewed), now)?;
    // A late revision of the early warning is kept and does not lead.
    tell(&mut city, "eew", &quake(&report("q1", 4, 6.1)), now)?;
    assert_eq!(city.quakes.len(), 1);
    assert_eq!((city.quakes[0].reports.len(), &*city.quakes[0].lead.source), (3, "中国地震台网"));
    let far = QuakeReport { at: LonLat(121.5, 24.0), ..report("q2", 1, 5.9) };
    tell(&mut city, "eew", &quake(&far), now)?;
    assert_eq!(city.quakes.len(), 2);
    Ok(())
}

#[test]
fn the_alarm_is_raised_once_and_a_cancellation_ends_it() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    let now = T0.plus_secs(10);
    let raised = tell(&mut city, "eew", &quake(&report("q1", 1, 6.5)), now)?;
    assert!(matches!(&raised[..], [Event::QuakeReported { .. }, Event::FenceBroken { .. }]), "{raised:?}");
    let cancel = Command::CancelQuake { source: "福建省地震局".into(), id: "q1".into() };
    let ended = tell(&mut city, "eew", &cancel, now)?;
    assert!(matches!(&ended[..], [Event::QuakeCancelled { .. }, Event::FenceCleared { .. }]), "{ended:?}");
    assert!(city.quakes[0].cancelled && city.open_alarms.is_empty());
    assert_eq!(tell(&mut city, "eew", &cancel, now), Err(Refusal::NoChange));
    // What cannot be felt here raises none.
    let small = tell(&mut city, "eew", &quake(&report("q9", 1, 2.0)), now)?;
    assert!(matches!(&small[..], [Event::QuakeReported { .. }]), "{small:?}");
    Ok(())
}

#[test]
fn a_drill_stays_in_its_realm_and_absurd_reports_are_refused() {
    let now = T0.plus_secs(10);
    let drill = QuakeReport { drill: true, ..report("q1", 1, 6.0) };
    let refused = |realm, report: &QuakeReport| tell(&mut city(realm), "eew", &quake(report), now).is_err();
    assert!(refused(Realm::Actual, &drill) && refused(Realm::Exercise, &report("q1", 1, 6.0)));
    assert!(!refused(Realm::Exercise, &drill));
    for bad in [
        QuakeReport { magnitude: f32::NAN, ..report("q1", 1, 6.0) },
        QuakeReport { at: LonLat(-70.0, -30.0), ..report("q1", 1, 6.0) },
        QuakeReport { depth_km: Some(9000.0), ..report("q1", 1, 6.0) },
        QuakeReport { origin: T0.plus_mins(60), ..report("q1", 1, 6.0) },
        report("", 1, 6.0),
    ] {
        assert!(refused(Realm::Actual, &bad), "{bad:?}");
    }
}

#[test]
fn the_nearest_district_is_reached_first() {
    let city = city(Realm::Actual);
    let arrivals = city.quake_arrivals(&report("q1", 1, 6.0));
    assert_eq!(arrivals.len(), city.districts.len());
    let first = &arrivals[0];
    let expected_s = first.epicentral_km.hypot(10.0) / 3.5;
    assert!((first.s_at.since_ms(T0) as f64 / 1000.0 - expected_s).abs() < 0.01);
    assert!(arrivals.windows(2).all(|it| it[0].s_at <= it[1].s_at && it[0].intensity >= it[1].intensity));
}

fn fix(hours: i64, lon: f64) -> TyphoonFix {
    TyphoonFix {
        at: T0.plus_mins(hours * 60),
        center: LonLat(lon, 20.0),
        wind: 40.0,
        pressure: 960.0,
        move_speed: 15.0,
        move_towards: 315.0,
        radius7: WindRadii([200.0; 4]),
        radius10: WindRadii([80.0; 4]),
        radius12: WindRadii::default(),
    }
}

fn storm(id: &str, active: bool, fixes: &[TyphoonFix], issues: &[(&str, i64, f64)]) -> Command {
    let forecast = |&(agency, hours, lon): &(&str, i64, f64)| Forecast {
        agency: agency.into(),
        issued_at: T0.plus_mins(hours * 60),
        points: [12, 24]
            .map(|it| ForecastPoint {
                at: T0.plus_mins((hours + it) * 60),
                center: LonLat(lon, 22.0),
                wind: 40.0,
                pressure: 960.0,
            })
            .to_vec(),
    };
    Command::UpdateTyphoon {
        typhoon: id.into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active,
        fixes: fixes.to_vec(),
        forecasts: issues.iter().map(forecast).collect(),
    }
}

#[test]
fn the_first_feed_leads_and_what_others_saw_is_kept_beside_it() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    let now = T0.plus_mins(7 * 60);
    tell(&mut city, "zj", &storm("202305", true, &[fix(0, 120.0), fix(3, 119.5)], &[("中国", 0, 119.0)]), now)?;
    // Japan's own name for it before it had a number.
    let other = storm(
        "jma-TC2306",
        false,
        &[fix(0, 120.5), fix(3, 119.6), fix(6, 119.0)],
        &[("日本", 0, 118.0), ("中国", 0, 119.0)],
    );
    let events = tell(&mut city, "jma", &other, now)?;
    assert!(matches!(&events[..], [Event::TyphoonUpdated { .. }, Event::TyphoonSighted { .. }]), "{events:?}");
    assert_eq!(tell(&mut city, "jma", &other, now), Err(Refusal::NoChange));
    assert_eq!(city.typhoons.len(), 1);
    let typhoon = &city.typhoons[0];
    assert_eq!((typhoon.track.len(), typhoon.forecasts.len(), typhoon.active), (2, 2, true));
    let conflicts = city.typhoon_conflicts(&typhoon.id);
    let [only] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert!(only.at == T0 && (50.0..55.0).contains(&only.apart_km), "{only:?}");
    Ok(())
}

#[test]
fn another_feed_leads_when_the_first_falls_silent() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    tell(&mut city, "zj", &storm("202305", true, &[fix(0, 120.0)], &[]), T0)?;
    let now = T0.plus_mins(20 * 60);
    tell(&mut city, "nmc", &storm("202305", true, &[fix(6, 119.5)], &[]), now)?;
    assert_eq!(city.typhoons[0].track.len(), 1);
    tell(&mut city, "nmc", &storm("202305", true, &[fix(18, 118.5)], &[]), now)?;
    assert_eq!(city.typhoons[0].track.len(), 2);
    tell(&mut city, "zj", &storm("202305", true, &[fix(20, 118.0)], &[]), now)?;
    assert_eq!((city.typhoons[0].track.len(), city.typhoon_sources.len()), (2, 1));
    Ok(())
}

#[test]
fn every_issue_can_be_looked_at_again() -> Result<(), Refusal> {
    let mut city = city(Realm::Actual);
    let issues = [("中国", 0, 119.0), ("日本", 0, 118.0), ("中国", 6, 118.5)];
    tell(&mut city, "zj", &storm("202305", true, &[fix(0, 120.0), fix(6, 119.0)], &issues), T0.plus_mins(400))?;
    let typhoon = &city.typhoons[0];
    assert_eq!(typhoon.issues(), [T0.plus_mins(360), T0]);
    let lon = |issue| typhoon.forecasts_as_of(issue).iter().map(|it| it.points[0].center.0).collect::<Vec<_>>();
    assert_eq!((lon(None), lon(Some(T0))), (vec![118.5, 118.0], vec![119.0, 118.0]));
    let (km, n) = typhoon.agency_spread_km(Some(T0), T0, 24).expect("two agencies");
    assert!(n == 2 && (100.0..106.0).contains(&km), "{km}");
    assert_eq!(typhoon.agency_spread_km(None, T0, 200), None);
    Ok(())
}
