//! The programs' contract: exact forms and exit codes that other checks rely on.

mod common;

use common::{assets, hub_command, json_of, run, scenario};
use serde_json::Value;
use std::{fs, path::Path, process::Output};

fn drill(seed: &str, data: &Path) -> Value {
    let mut command = hub_command(&["drill", "run"]);
    command.arg(scenario()).args(["--seed", seed, "--speed", "max", "--json", "--data"]).arg(data);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    json_of(&output)
}

fn replay(data: &Path) -> (Output, Value) {
    let mut command = hub_command(&["replay"]);
    let output = run(command.arg(data).arg("--json"));
    let json = json_of(&output);
    (output, json)
}

/// One seed, two runs, one city; the log alone makes the same city; one flipped byte is named.
#[test]
fn a_drill_is_a_function_of_its_seed_and_its_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let (a, b) = (drill("7", &first), drill("7", &second));
    assert_eq!(a["state_hash"], b["state_hash"], "same seed, same scenario");
    assert_eq!(a["records"], b["records"]);

    for field in ["records", "wall_secs"] {
        assert!(a[field].as_f64().is_some_and(|n| n > 0.0), "{field} in {a}");
    }
    for field in ["issued", "delivered", "acknowledged", "accepted", "done", "rejected", "overdue"] {
        assert!(a["orders"][field].is_u64(), "orders.{field} in {a}");
    }
    for field in ["expected", "moved"] {
        assert!(a["evacuees"][field].is_u64(), "evacuees.{field} in {a}");
    }
    assert!(a["orders"]["issued"].as_u64() > Some(0), "{a}");
    let levels = a["levels"].as_array().expect("levels");
    assert!(!levels.is_empty(), "the officer follows the recommendation: {a}");
    for change in levels {
        assert!(change.get("at").is_some() && change.get("from").is_some() && change.get("to").is_some(), "{change}");
    }

    let (output, replayed) = replay(&first);
    assert!(output.status.success());
    assert_eq!(replayed["state_hash"], a["state_hash"], "the log says all there is to say");
    assert_eq!(replayed["records"], a["records"]);
    assert_eq!(replayed["chain_ok"], true);

    flip_a_byte(&first);
    let (output, broken) = replay(&first);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(broken["chain_ok"], false, "{broken}");
    let said = format!("{broken}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.chars().any(|c| c.is_ascii_digit()), "the record is named: {said}");
}

/// Inside the text of some record in the middle of the log.
fn flip_a_byte(data: &Path) {
    let log = find_log(data).expect("a log");
    let mut bytes = fs::read(&log).expect("the log");
    let records: Vec<usize> =
        bytes.windows(6).enumerate().filter(|(_, w)| w == b"\"seq\":").map(|(at, _)| at).collect();
    let middle = records[records.len() / 2];
    // A letter of the key stays JSON-like and changes what was said.
    bytes[middle + 1] ^= 0x01;
    fs::write(&log, bytes).expect("to write it back");
}

fn find_log(data: &Path) -> Option<std::path::PathBuf> {
    ["", "exercise", "actual"].iter().map(|folder| data.join(folder).join("log.sqlite")).find(|path| path.is_file())
}

#[test]
fn a_good_pack_passes_the_check() {
    let output = run(hub_command(&["check"]).arg(assets().join("cities/xiamen")));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_broken_pack_is_refused_with_file_and_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let pack = dir.path().join("xiamen");
    copy_folder(&assets().join("cities/xiamen"), &pack);
    let teams = pack.join("teams.json");
    let text = fs::read_to_string(&teams).expect("teams");
    fs::write(&teams, text.replacen("118.", "518.", 1)).expect("to write");

    let output = run(hub_command(&["check"]).arg(&pack));
    assert_eq!(output.status.code(), Some(1));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line =
        said.lines().find(|line| line.contains("teams.json:")).unwrap_or_else(|| panic!("no file:line in {said}"));
    let number = line.split("teams.json:").nth(1).and_then(|rest| rest.split(':').next());
    assert!(number.is_some_and(|n| n.trim().parse::<u32>().is_ok()), "{line}");
}

#[test]
fn wrong_usage_is_told_from_failure() {
    assert_eq!(run(&mut hub_command(&["no-such-thing"])).status.code(), Some(2));
    assert_eq!(run(&mut hub_command(&["check", "/no/such/place"])).status.code(), Some(1));
}

#[test]
fn every_program_teaches_with_help() {
    for name in ["gulang", "gulang-hub", "gulang-sim", "gulang-wall"] {
        let output = run(std::process::Command::new(common::program(name)).arg("--help"));
        assert_eq!(output.status.code(), Some(0), "{name} --help");
        assert!(output.stdout.len() > 100, "{name} --help says hardly anything");
    }
}

#[test]
fn a_wall_whose_gpu_is_lost_draws_again() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = common::Hub::serve(data.path(), &[]);
    let shot = data.path().join("wall.png");
    let mut wall = std::process::Command::new(common::program("gulang-wall"));
    wall.args(["--headless", "--size", "640x360", "--lose-device-after", "1", "--hub", hub.process.text("url")])
        .args(["--token", hub.process.text("token"), "--shot"])
        .arg(&shot);
    let output = run(&mut wall);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("starting again"), "the device was not lost: {said}");
    assert!(output.status.success() && shot.is_file(), "{}: {said}", output.status);
    assert!(!said.contains(hub.process.text("token")), "the token is in the log");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
