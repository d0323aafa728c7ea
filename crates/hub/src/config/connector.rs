//! What can be wrong with a `[[connector]]` before it is ever opened. Its kind has the last word: it is opened with made-up
//! secrets, which sends nothing.

use super::{Faults, lines::Lines};
use crate::{
    connectors::{
        contract::{ConnectorConfig, KindError, Parts, kinds},
        names,
    },
    realm::{Actual, Addresses, Exercise, RealmKind},
    secrets::{self, SecretPlace},
};
use gulang_city::{Pack, Realm};
use std::{collections::BTreeSet, sync::Arc};

pub(super) fn check(
    connectors: &[(usize, ConnectorConfig)],
    actual: Option<&Addresses>,
    pack: &Arc<Pack>,
    lines: &Lines<'_>,
    faults: &mut Faults<'_>,
) {
    let mut names = BTreeSet::new();
    for (i, config) in connectors {
        let i = i.to_string();
        let mut fault = |key: &str, why: String, todo: String| {
            let path: Vec<&str> = ["connector", i.as_str()].into_iter().chain(key.split('.')).collect();
            faults.add(lines.line_of(&path), format!("连接器 {} 的 {key} 有误", config.name), why, todo);
        };
        if !is_name(&config.name) {
            let todo = "用小写字母、数字和 -，字母开头，至多 40 个".to_owned();
            fault("name", format!("{:?} 不能作名字", config.name), todo);
        } else if !names.insert(&config.name) {
            fault("name", format!("{} 出现了两次", config.name), "每个连接器一个名字".into());
        } else if is_built_in(&config.name, actual) {
            fault("name", format!("{} 与内置的来源重名", config.name), "换一个名字".into());
        }
        if !(0.1..=86_400.0).contains(&config.every_s) {
            fault("every_s", format!("{} 不在 0.1 到 86400 秒之间", config.every_s), "写多少秒问一次".into());
        }
        if !(1.0..=604_800.0).contains(&config.freshness_s) {
            let todo = "写多少秒没有消息就算断了".to_owned();
            fault("freshness_s", format!("{} 不在 1 到 604800 秒之间", config.freshness_s), todo);
        }
        if config.max_per_s == Some(0) {
            fault("max_per_s", "为 0：一条也收不到".into(), "写每秒至多几条，或不写".into());
        }
        for (name, place) in &config.secrets {
            if let Err(error) = SecretPlace::parse(name, place) {
                fault(&format!("secrets.{name}"), error.to_string(), error.remedy().to_owned());
            }
        }
        if reqwest::Url::parse(&config.url).is_ok_and(|url| url.password().is_some()) {
            fault("url", "地址里有密钥".into(), "密钥写进 secrets，用 env:名字 或 keyring:服务/用户".into());
            continue;
        }
        let opened = match config.realm {
            Realm::Actual => try_open::<Actual>(config, pack),
            Realm::Exercise => try_open::<Exercise>(config, pack),
        };
        if let Err(KindError { what, why, todo }) = opened {
            fault(&what, why, todo);
        }
    }
}

fn try_open<R: RealmKind>(config: &ConnectorConfig, pack: &Arc<Pack>) -> Result<(), KindError> {
    let all = kinds::<R>();
    let Some(kind) = all.iter().find(|it| *it.name == *config.kind) else {
        let known: Vec<&str> = all.iter().map(|it| it.name).collect();
        return Err(KindError {
            what: "kind".into(),
            why: format!("没有 {:?} 这一种", config.kind),
            todo: format!("用 {}；说明见 gulang-hub connect --kinds", known.join("、")),
        });
    };
    let parts = Parts::<R> { secrets: secrets::made_up(&config.secrets), ..Parts::apart(pack.clone()) };
    (kind.open)(config, &parts).map(drop)
}

fn is_name(name: &str) -> bool {
    let is_good = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    (1..=40).contains(&name.len()) && name.starts_with(|it: char| it.is_ascii_lowercase()) && name.chars().all(is_good)
}

/// Lamps the hub lights itself, where their address is given: in `[actual]`, or by the simulated city if there is none.
fn is_built_in(name: &str, actual: Option<&Addresses>) -> bool {
    let Some(actual) = actual else { return names::title_zh(name) != name };
    let has = |address: &Option<String>| address.is_some();
    match name {
        names::SENSORS | names::TEAMS | names::DRONES => has(&actual.mqtt),
        names::CAP => has(&actual.cap),
        names::QUAKE => has(&actual.quake),
        names::RAIN => has(&actual.rain),
        names::VIDEO => has(&actual.wvp),
        names::VIDEO_AI => has(&actual.video_ai),
        names::TYPHOON => has(&actual.typhoon),
        names::THINGS => has(&actual.inventory),
        names::CASES | names::EMERGENCY => has(&actual.platform),
        names::GRID => has(&actual.grid),
        names::ASSISTANT => true,
        names::MESSAGE | names::SMS | names::VOICE => has(&actual.gateway) || actual.gateways.contains_key(name),
        _ => false,
    }
}
