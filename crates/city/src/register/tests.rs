use super::*;
use crate::{Command, Event, Readings, Record, Refusal, Source, tiny_pack};

const SEAT: &str = "值班长 01";

fn city() -> City {
    City::found(&tiny_pack(), Realm::Actual)
}

fn team(id: &str, name: &str) -> Team {
    Team { id: id.into(), name: name.into(), ..tiny_pack().teams.remove(0) }
}

fn camera(n: usize) -> Camera {
    let at = LonLat(118.1 + n as f64 * 1e-6, 24.5).rounded();
    Camera::new(format!("v{n}").into(), format!("路口 {n}").into(), at, "350203".into())
}

fn import(rows: &RegisterRows, mode: ImportMode) -> RegisterImport {
    RegisterImport {
        key: "k1".into(),
        register: rows.kind(),
        layer: if rows.kind() == RegisterKind::Points { "公厕".into() } else { "".into() },
        file: "队伍.xlsx".into(),
        sm3: "00".into(),
        crs: "wgs84".into(),
        mode,
        n_staged: 0,
        n_rows: rows.len() as u32,
        reason: "换防后更新".into(),
    }
}

/// Decides and applies; the number of records.
fn happen(city: &mut City, command: &Command) -> Result<usize, Refusal> {
    let source = Source::Seat(SEAT.into());
    let events = city.decide_from(&source, command, Timestamp(1_690_423_200_000))?;
    let n = events.len();
    for event in events {
        let record = Record { seq: city.seq + 1, at: Timestamp(1_690_423_200_000), source: source.clone(), event };
        // As the log does: through JSON.
        let text = serde_json::to_string(&record).expect("JSON");
        let record: Record = serde_json::from_str(&text).expect("the same");
        assert_eq!(city.apply(&record), crate::Applied::Advanced);
    }
    Ok(n)
}

fn take(city: &mut City, rows: RegisterRows, mode: ImportMode) -> Result<usize, Refusal> {
    happen(city, &Command::ImportRegister { import: import(&rows, mode), rows })
}

#[test]
fn known_rows_keep_their_handles_new_ones_are_appended_and_the_columns_grow() {
    let mut city = city();
    let mut readings = Readings::for_city(&city);
    let rows = RegisterRows::Teams(vec![team("team-9", "新队"), team("team-2", "二队改名")]);
    let diff = city.register_diff("", &rows);
    assert_eq!((diff.change.n_new, diff.change.n_changed, diff.change.n_missing), (1, 1, 2));
    take(&mut city, rows.clone(), ImportMode::Merge).expect("taken");
    assert_eq!(city.teams.get_index_of("team-2"), Some(1));
    assert_eq!(city.teams.get_index_of("team-9"), Some(3));
    assert_eq!(&*city.teams["team-2"].name, "二队改名");
    readings.grow_to(&city);
    assert_eq!(readings.teams.at.len(), 4);
    assert_eq!(take(&mut city, rows, ImportMode::Merge), Err(Refusal::NoChange));
    assert_eq!(city.registers.imports.len(), 1);
}

#[test]
fn what_the_file_no_longer_names_is_withdrawn_in_its_place_and_may_come_back() {
    let mut city = city();
    take(&mut city, RegisterRows::Teams(vec![team("team-3", "三队")]), ImportMode::Replace).expect("taken");
    assert_eq!(city.teams.len(), 3);
    assert_eq!(city.teams_in_force().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["team-3"]);
    let order = Command::AssignTeam { team: "team-1".into(), order: None, purpose: "巡查".into() };
    assert!(matches!(happen(&mut city, &order), Err(Refusal::Forbidden { .. })));
    let near = city.nearest_able(city.center, None, 9, &Readings::for_city(&city), Default::default(), Timestamp(1));
    assert_eq!(near.iter().map(|it| it.team.id.as_str()).collect::<Vec<_>>(), ["team-3"]);
    take(&mut city, RegisterRows::Teams(vec![team("team-1", "一队")]), ImportMode::Merge).expect("taken");
    assert!(!city.is_withdrawn(RegisterKind::Teams, "team-1"));
    let bytes = city.to_bytes().expect("bytes");
    assert_eq!(City::from_bytes(&bytes).expect("a city"), city);
}

#[test]
fn nothing_in_use_is_withdrawn_and_nothing_at_all_at_war() {
    let mut city = city();
    let out = Command::AssignTeam { team: "team-1".into(), order: None, purpose: "巡查".into() };
    happen(&mut city, &out).expect("sent");
    let rows = RegisterRows::Teams(vec![team("team-3", "三队")]);
    let why = take(&mut city, rows.clone(), ImportMode::Replace).expect_err("it is out").to_string();
    assert!(why.contains("team-1"), "{why}");
    happen(&mut city, &Command::ReleaseTeam { team: "team-1".into() }).expect("home");
    city.footing.posture = Posture::War;
    let why = take(&mut city, rows.clone(), ImportMode::Replace).expect_err("war").to_string();
    assert!(why.contains("战时"), "{why}");
    take(&mut city, rows, ImportMode::Merge).expect("merging is allowed at war");
}

#[test]
fn a_large_file_is_seen_whole_or_not_at_all() {
    let mut city = city();
    let n_before = city.cameras.len();
    let all: Vec<Camera> = (0..MAX_ROWS_PER_PART * 2 + 7).map(camera).collect();
    let n_rows = all.len();
    let mut parts = RegisterRows::Cameras(all).into_parts();
    assert_eq!(parts.iter().map(RegisterRows::len).collect::<Vec<_>>(), [MAX_ROWS_PER_PART, MAX_ROWS_PER_PART, 7]);
    let last = parts.pop().expect("a last part");
    let commit = Command::ImportRegister {
        import: RegisterImport { n_staged: 2, n_rows: n_rows as u32, ..import(&last, ImportMode::Merge) },
        rows: last,
    };
    for (part, rows) in parts.iter().enumerate() {
        assert!(matches!(happen(&mut city, &commit), Err(Refusal::Stale { .. })), "not yet whole");
        let stage = Command::StageImport { key: "k1".into(), part: part as u32, rows: rows.clone() };
        happen(&mut city, &stage).expect("staged");
        assert_eq!(city.cameras.len(), n_before, "staged rows are not seen");
        let json = serde_json::to_vec(&stage).expect("JSON");
        assert!(json.len() < 4_000_000);
    }
    happen(&mut city, &commit).expect("whole");
    assert_eq!(city.cameras.len(), n_before + n_rows);
    assert_eq!(city.registers.staged, None);
}

#[test]
fn a_part_left_lying_is_begun_anew_and_one_out_of_order_is_refused() {
    let mut city = city();
    let stage = |part: u32, key: &str| Command::StageImport {
        key: key.into(),
        part,
        rows: RegisterRows::Cameras(vec![camera(part as usize)]),
    };
    happen(&mut city, &stage(0, "dead")).expect("staged");
    happen(&mut city, &stage(1, "dead")).expect("staged");
    assert!(matches!(happen(&mut city, &stage(3, "dead")), Err(Refusal::Stale { .. })));
    happen(&mut city, &stage(0, "new")).expect("it takes the place of the other");
    assert_eq!(city.registers.staged.as_ref().map(|it| (&*it.key, it.parts.len())), Some(("new", 1)));
    let other = Source::Seat("带班领导 02".into());
    let soon = Timestamp(1_690_423_200_000).plus_mins(1);
    assert!(city.decide_from(&other, &stage(0, "x"), soon).is_err(), "another seat is at it");
    assert!(city.decide_from(&other, &stage(0, "x"), soon.plus_mins(20)).is_ok());
}

#[test]
fn rows_that_did_not_come_through_the_importer_are_judged_too() {
    let city = city();
    let source = Source::Seat(SEAT.into());
    let far = Team { home: LonLat(121.5, 31.2), ..team("x", "上海队") };
    let nameless = team("x", " ");
    let nowhere = Team { district: "999999".into(), ..team("x", "队") };
    let unbased = Team { base: Some(Base::Depot("no".into())), ..team("x", "队") };
    for bad in [far, nameless, nowhere, unbased] {
        let rows = RegisterRows::Teams(vec![bad]);
        let command = Command::ImportRegister { import: import(&rows, ImportMode::Merge), rows };
        let refused = city.decide_from(&source, &command, Timestamp(1)).expect_err("refused");
        assert!(matches!(refused, Refusal::Absurd { .. }), "{refused}");
    }
    let twice = RegisterRows::Teams(vec![team("x", "甲"), team("x", "乙")]);
    let command = Command::ImportRegister { import: import(&twice, ImportMode::Merge), rows: twice };
    assert!(city.decide_from(&source, &command, Timestamp(1)).is_err());
    let platform = Source::Platform("yunguanfu".into());
    assert!(city.decide_from(&platform, &command, Timestamp(1)).is_err(), "a platform imports nothing");
}

#[test]
fn points_have_layers_of_their_own_and_replaced_ones_are_gone() {
    let mut city = city();
    let point = |id: &str| MapPoint {
        id: id.into(),
        name: id.into(),
        at: LonLat(118.1, 24.5),
        district: "350203".into(),
        kind: "公厕".into(),
        note: "".into(),
    };
    take(&mut city, RegisterRows::Points(vec![point("a"), point("b")]), ImportMode::Merge).expect("taken");
    take(&mut city, RegisterRows::Points(vec![point("b"), point("c")]), ImportMode::Replace).expect("taken");
    let layer: Vec<&str> = city.registers.points["公厕"].keys().map(|it| &**it).collect();
    assert_eq!(layer, ["b", "c"]);
    let event = Event::ImportStaged { key: "k".into(), by: SEAT.into(), part: 4, rows: RegisterRows::Depots(vec![]) };
    let record = Record { seq: city.seq + 1, at: Timestamp(1), source: Source::Hub, event };
    assert_eq!(city.apply(&record), crate::Applied::Advanced, "the fold is total");
}
