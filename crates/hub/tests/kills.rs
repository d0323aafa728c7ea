//! `kill -9` at many instants of a fan-out: no order lost, none executed twice. The judge is the simulated platform's journal.
//!
//! Three kills by default; `GULANG_KILLS=200` for as many as the budget asks.

mod common {
    pub mod process;
}

use common::process::{Error, Running, sim_program};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

fn assets() -> PathBuf {
    PathBuf::from("../../assets")
}

fn hub(data: &Path, config: &Path) -> Result<Running, Error> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gulang-hub"));
    command
        .env("GULANG_ASSETS", assets())
        .args(["serve", "--stdin-guard", "--data"])
        .arg(data)
        .arg("--config")
        .arg(config);
    Running::start(&mut command)
}

async fn get(hub: &Running, path: &str) -> Result<Value, Error> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer = http.get(format!("{}{path}", hub.text("url"))).bearer_auth(hub.text("token")).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

async fn command(url: &str, token: &str, seat: &str, command: Value) -> Result<Value, Error> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let body = json!({ "seat": seat, "command": command });
    Ok(http.post(format!("{url}/api/command")).bearer_auth(token).json(&body).send().await?.json().await?)
}

/// Proposed by one seat and co-signed by another. A refusal is left for the city to show.
async fn sign(url: String, token: String, switch: Value) -> Result<(), Error> {
    command(&url, &token, "值班长 01", json!({ "propose_switch": { "switch": switch } })).await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let waiting = http.get(format!("{url}/api/proposal")).bearer_auth(&token).send().await?;
    let waiting: Value = waiting.error_for_status()?.json().await?;
    command(&url, &token, "带班领导 02", json!({ "co_sign": { "number": waiting["proposal"]["number"] } })).await?;
    Ok(())
}

/// How often each order was executed: its lines in the journal that are no repeats.
fn executed(journal: &Path) -> Result<BTreeMap<String, usize>, Error> {
    let mut n = BTreeMap::new();
    for line in std::fs::read_to_string(journal)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line["kind"] == "order" {
            *n.entry(line["notice"]["noticeId"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(n)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_instant_of_a_fan_out_loses_an_order_or_executes_one_twice() -> Result<(), Error> {
    let n_kills: u64 = std::env::var("GULANG_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(3);
    let dir = tempfile::tempdir()?;
    let sim = Running::start(
        Command::new(sim_program())
            .arg("--pack")
            .arg(assets().join("cities/xiamen"))
            .args(["--realm", "actual", "--seed", "1", "--speed", "live", "--scale", "none", "--state"])
            .arg(dir.path().join("city")),
    )?;
    let (data, config) = (dir.path().join("data"), dir.path().join("hub.toml"));
    std::fs::write(&config, format!("[actual]\nplatform = {:?}\ntoken = \"test\"\n", sim.text("platform")))?;
    let journal = dir.path().join("city/journal.jsonl");
    let war = json!({ "to_war": { "ask": { "plan": "typhoon", "level": "I" }, "reason": "测试" } });
    let mut instant = 0x2545_f491_4f6c_dd1d_u64;
    let (mut n_hit, mut n_orders) = (0, 0);
    for round in 0..n_kills {
        let n_before = executed(&journal).map_or(0, |it| it.len());
        let running = hub(&data, &config)?;
        let asked = sign(running.text("url").to_owned(), running.text("token").to_owned(), war.clone());
        let asked = tokio::spawn(asked);
        instant = instant.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // From before the command is in the log to after the last receipt, on a slow machine.
        tokio::time::sleep(Duration::from_millis((instant >> 33) % 1500)).await;
        drop(running);
        let _ = asked.await;

        let running = hub(&data, &config)?;
        if get(&running, "/api/city").await?["footing"]["posture"] != "war" {
            // Killed before it was in the log: the officer had no answer, and nothing may have been sent.
            assert_eq!(executed(&journal).map_or(0, |it| it.len()), n_before, "round {round}");
            continue;
        }
        n_hit += 1;
        let mut orders = Value::Null;
        for _ in 0..600 {
            orders = get(&running, "/api/orders").await?;
            let rungs =
                orders["orders"].as_array().into_iter().flatten().map(|it| it["rung"].as_str().unwrap_or_default());
            if rungs.clone().all(|it| !matches!(it, "drafted" | "sent")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let executed = executed(&journal)?;
        let key = |order: &Value| format!("gulang-a-{}-{}", order["id"], order["definition_version"]);
        let orders = orders["orders"].as_array().cloned().unwrap_or_default();
        for order in &orders {
            let n = executed.get(&key(order)).copied().unwrap_or_default();
            // A later group's order may have been withdrawn by 战转平 before it was ever sent.
            let is_withdrawn = matches!(order["rung"].as_str(), Some("cancelled" | "superseded"));
            assert!(
                n == 1 || (n == 0 && is_withdrawn),
                "round {round}: {} is {} and was executed {n} times",
                key(order),
                order["rung"]
            );
        }
        // Later groups are drafted meanwhile: what was executed is in the log that is asked afterwards.
        let now = get(&running, "/api/orders").await?;
        let known: Vec<String> = now["orders"].as_array().into_iter().flatten().map(key).collect();
        let unknown: Vec<&String> = executed.keys().filter(|it| !known.contains(it)).collect();
        assert!(unknown.is_empty(), "round {round}: orders nobody recorded: {unknown:?}");
        n_orders = orders.len();
        let mut is_peace = false;
        for _ in 0..20 {
            let open = get(&running, "/api/open").await?;
            let peace = json!({ "to_peace": { "reason": "测试", "accepted": open["items"] } });
            sign(running.text("url").to_owned(), running.text("token").to_owned(), peace).await?;
            is_peace = get(&running, "/api/city").await?["footing"]["posture"] == "peace";
            if is_peace {
                break;
            }
            // Something opened between the question and the command.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(is_peace, "round {round}: no peace");
    }
    println!("{n_kills} kills, {n_hit} with orders in the log, {n_orders} orders in all");
    Ok(())
}
