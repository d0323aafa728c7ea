//! Files into a log: whole or not at all, whatever happens to the hub in between; and the command line's words and exits.

use gulang_city::{
    City, ImportMode, LonLat, MAX_ROWS_PER_PART, Realm, Refusal, RegisterKind, Source, Timestamp, tiny_pack,
};
use gulang_hub::{
    actor::Numberer,
    log::{Log, LogError, LogOptions, replay},
    registers::{ImportDesk, commands, doubt, into_log, look, look_again},
};
use gulang_intake::{Ask, Crs, made};
use std::{path::Path, process::Command as Process};

type Check = Result<(), Box<dyn std::error::Error>>;

const SEAT: &str = "值班长 01";
const SHELTERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../intake/tests/fixtures/shelters.xlsx");
const TEAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../intake/tests/fixtures/teams.xlsx");
const CAMERAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../intake/tests/fixtures/cameras_gbk.csv");

fn open(dir: &Path) -> Result<(Numberer, City), LogError> {
    let (log, city) = Log::open(dir, LogOptions::default(), || City::found(&tiny_pack(), Realm::Actual))?;
    Ok((Numberer::new(log), city))
}

#[test]
fn a_hub_that_dies_between_two_parts_has_imported_nothing_and_can_begin_again() -> Check {
    let dir = tempfile::tempdir()?;
    let n = MAX_ROWS_PER_PART * 2 + 5;
    let csv = made::cameras_csv(n, LonLat(118.11, 24.5));
    let all = |city: &City| {
        let held = look(city, None, "摄像头.csv", &csv, &Ask::of(RegisterKind::Cameras))?;
        assert_eq!(held.intake.preview.n_accepted, n);
        Ok::<_, gulang_intake::IntakeError>(commands(held, "k", ImportMode::Merge, "年度更新"))
    };
    let by = || Source::Seat(SEAT.into());
    let (mut numberer, mut city) = open(dir.path())?;
    let n_before = city.cameras.len();
    for command in all(&city)?.into_iter().take(2) {
        let numbered = numberer.number(&mut city, &[(by(), command)], Timestamp(5))?;
        assert!(numbered.outcomes.iter().all(Result::is_ok), "{:?}", numbered.outcomes);
    }
    // What a kill does: no seal, no snapshot.
    drop(numberer);
    let (mut numberer, mut city) = open(dir.path())?;
    assert_eq!(city.cameras.len(), n_before, "what was staged is not seen");
    assert!(city.registers.imports.is_empty());
    for command in all(&city)? {
        let numbered = numberer.number(&mut city, &[(by(), command)], Timestamp(6))?;
        assert!(numbered.outcomes.iter().all(Result::is_ok), "{:?}", numbered.outcomes);
        assert!(numbered.records.iter().all(|it| serde_json::to_vec(it).is_ok_and(|it| it.len() < 4_000_000)));
    }
    assert_eq!(city.cameras.len(), n_before + n);
    numberer.close(&city)?;
    let again = replay(dir.path())?;
    assert!(again.chain_ok, "{:?}", again.problem);
    assert_eq!(again.state_hash, city.state_hash());
    Ok(())
}

#[test]
fn a_file_is_taken_over_in_batches_of_parts_and_the_second_time_nothing_changes() -> Check {
    let dir = tempfile::tempdir()?;
    let n = MAX_ROWS_PER_PART * 9 + 1;
    let csv = made::cameras_csv(n, LonLat(118.11, 24.5));
    let (mut numberer, mut city) = open(dir.path())?;
    let n_before = city.cameras.len();
    let mut take = |city: &mut City, key: &str, reason: &str| -> Result<_, Box<dyn std::error::Error>> {
        let held = look(city, None, "摄像头.csv", &csv, &Ask::of(RegisterKind::Cameras))?;
        let commands = commands(held, key, ImportMode::Merge, reason);
        assert_eq!(commands.len(), 10);
        Ok(into_log(&mut numberer, city, &SEAT.into(), commands, Timestamp(5))?)
    };
    let refused = take(&mut city, "k0", "")?;
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "it says no reason: {refused:?}");
    assert_eq!(city.cameras.len(), n_before);
    assert_eq!(take(&mut city, "k1", "年度更新")?, Ok(19), "nine parts without their last, then ten");
    assert_eq!(city.cameras.len(), n_before + n);
    assert_eq!(take(&mut city, "k2", "年度更新")?, Err(Refusal::NoChange));
    numberer.close(&city)?;
    let again = replay(dir.path())?;
    assert!(again.chain_ok, "{:?}", again.problem);
    assert_eq!(again.state_hash, city.state_hash());
    Ok(())
}

#[test]
fn a_preview_is_kept_under_its_ticket_and_judged_again_without_its_file() -> Check {
    let (desk, city) = (ImportDesk::default(), City::found(&tiny_pack(), Realm::Actual));
    let ask = Ask::of(RegisterKind::Cameras);
    let held = look(&city, None, "cameras.csv", &std::fs::read(CAMERAS)?, &ask)?;
    assert!(doubt(&held).is_some(), "it says 高德");
    let ticket = desk.keep(held);
    let held = desk.get(&ticket).ok_or("kept")?;
    let said = look_again(&city, None, &held, &Ask { crs: Some(Crs::Gcj02), ..ask })?;
    assert_eq!(doubt(&said), None);
    assert_ne!(said.intake.rows, held.intake.rows, "converted");
    assert!(desk.take(&ticket).is_some() && desk.get(&ticket).is_none());
    Ok(())
}

fn import(args: &[&str]) -> std::io::Result<(i32, String, String)> {
    let output = Process::new(env!("CARGO_BIN_EXE_gulang-hub")).arg("import").args(args).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

#[test]
fn the_command_line_shows_imports_and_names_every_refused_row() -> Check {
    let dir = tempfile::tempdir()?;
    let data = dir.path().to_string_lossy().into_owned();
    let (code, out, err) = import(&[SHELTERS, "--as", "shelters", "--dry-run", "--map", "none=#1"])?;
    assert!(code == 1 && out.contains("—— ←"), "{out}{err}");
    let (code, out, err) = import(&[SHELTERS, "--as", "shelters", "--dry-run"])?;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("没有导入") && err.contains("shelters.xlsx:4:"), "{out}{err}");
    let asked = [SHELTERS, "--as", "shelters", "--data", &data, "--reason", "年度更新", "--json"];
    let (code, out, err) = import(&asked)?;
    assert_eq!(code, 0, "{out}{err}");
    let told: serde_json::Value = serde_json::from_str(&out)?;
    assert_eq!((told["preview"]["n_accepted"].as_u64(), told["seq"].as_u64()), (Some(2), Some(1)));
    let (code, out, _) = import(&[SHELTERS, "--as", "shelters", "--data", &data])?;
    assert!(code == 0 && out.contains("没有变化"), "{out}");
    assert!(replay(&dir.path().join("actual"))?.chain_ok);
    let (code, _, err) = import(&[CAMERAS, "--as", "cameras", "--data", &data])?;
    assert!(code == 1 && err.contains("坐标系"), "{err}");
    let (code, _, err) = import(&[TEAMS, "--as", "cats", "--data", &data])?;
    assert!(code == 1 && err.contains("cats"), "{err}");
    let (code, ..) = import(&[TEAMS])?;
    assert_eq!(code, 2, "neither a map to make nor a register");
    Ok(())
}
