//! `gulang-hub import FILE --as …`: a preview on the screen, every refused row with its number, then the import, into a log
//! nobody is using (`--data`) or through a running hub (`--hub`).

use super::{Held, api, commands, doubt, into_log, look};
use crate::{
    actor::Numberer,
    assets,
    clock::wall_now,
    log::{LOG_FILE, Log, LogOptions},
    realm::{Actual, RealmKind},
};
use gulang_city::{City, ImportMode, Realm, Refusal, SeatId, Timestamp};
use gulang_intake::{Ask, Preview};
use serde::Deserialize;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The command line, as given.
#[derive(Clone, Debug)]
pub struct Args {
    pub file: PathBuf,
    pub register: String,
    pub data: Option<PathBuf>,
    pub hub: Option<String>,
    pub token: Option<String>,
    pub map: Vec<String>,
    pub crs: Option<String>,
    pub sheet: Option<String>,
    pub layer: String,
    pub replace: bool,
    pub reason: String,
    pub seat: Option<String>,
    pub dry_run: bool,
    pub json: bool,
    pub pack_dir: PathBuf,
    pub sign_key: Option<PathBuf>,
}

type Error = Box<dyn std::error::Error>;

/// Exit 0 if something was imported or would be, or nothing had to change; 1 otherwise.
pub fn run(args: &Args) -> Result<ExitCode, Error> {
    if let Some(url) = &args.hub {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(through_hub(args, url));
    }
    let wanted = ask(args)?;
    let pack = assets::read_pack(&args.pack_dir)?;
    let land = assets::read_land(&args.pack_dir)?;
    let dir = args.data.as_ref().map(|it| it.join(Actual::FOLDER));
    let dir = dir.filter(|it| !args.dry_run || it.join(LOG_FILE).exists());
    let found = || City::found(&pack, Realm::Actual);
    let bytes = read(&args.file)?;
    let Some(dir) = dir else {
        if !args.dry_run {
            return Err("要导入到哪里：给出 --data 目录，或 --hub 地址；只看不导入用 --dry-run".into());
        }
        let held = look(&found(), land.as_ref(), &name_of(&args.file), &bytes, &wanted)?;
        return Ok(shown(args, &held.intake.preview, None));
    };
    let (mut log, mut city) = Log::open(&dir, LogOptions::default(), found)?;
    if let Some(key) = &args.sign_key {
        log.sign_with(key, city.realm, crate::evidence::SEGMENT_RECORDS).map_err(|why| why.to_string())?;
    }
    let mut numberer = Numberer::new(log);
    let taken = match look(&city, land.as_ref(), &name_of(&args.file), &bytes, &wanted) {
        Ok(held) => take_over(args, &mut numberer, &mut city, held),
        Err(why) => Err(why.into()),
    };
    numberer.close(&city)?;
    taken
}

/// Into a log nobody else is using.
fn take_over(args: &Args, numberer: &mut Numberer, city: &mut City, held: Held) -> Result<ExitCode, Error> {
    let preview = held.intake.preview.clone();
    if args.dry_run || preview.n_accepted == 0 {
        return Ok(shown(args, &preview, None));
    }
    if let Some(why) = doubt(&held) {
        let _ = shown(args, &preview, None);
        return Err(why.into());
    }
    let seat = args.seat.as_deref().map_or_else(|| city.roles.desk_seat(), SeatId::from);
    let key = format!("cli-{}", held.sm3.chars().take(24).collect::<String>());
    let now = Timestamp(wall_now().0.max(city.at.0));
    let commands = commands(held, &key, mode(args), &args.reason);
    let taken = match into_log(numberer, city, &seat, commands, now)? {
        Ok(seq) => Ok(Some(seq)),
        Err(Refusal::NoChange) => Ok(None),
        Err(refusal) => Err(refusal.to_string()),
    };
    Ok(shown(args, &preview, Some(taken)))
}

#[derive(Deserialize)]
struct Previewed {
    ticket: String,
    preview: Preview,
}

#[derive(Deserialize)]
struct Taken {
    seq: u64,
}

/// Through a hub at work.
async fn through_hub(args: &Args, url: &str) -> Result<ExitCode, Error> {
    let (url, token) = (url.trim_end_matches('/'), args.token.clone().unwrap_or_default());
    // Wrong words are told before 64 MB are sent.
    ask(args)?;
    let client = crate::connectors::http::client();
    let name = name_of(&args.file);
    let map = args.map.join("\n");
    let mut query = vec![("token", &*token), ("as", &*args.register), ("name", &*name), ("layer", &*args.layer)];
    query.push(("map", &*map));
    query.extend(args.crs.as_deref().map(|it| ("crs", it)));
    query.extend(args.sheet.as_deref().map(|it| ("sheet", it)));
    let asked = client.post(format!("{url}/api/import/preview")).query(&query).body(read(&args.file)?);
    let Previewed { ticket, preview } = answered(asked).await?;
    if args.dry_run || preview.n_accepted == 0 {
        return Ok(shown(args, &preview, None));
    }
    let seat = args.seat.clone().ok_or("经枢纽导入要写明席位：--seat \"值班长 01\"")?;
    let wish = json!({ "ticket": ticket, "seat": seat, "mode": mode(args), "reason": args.reason });
    let asked = client.post(format!("{url}/api/import/commit")).query(&[("token", &*token)]).body(wish.to_string());
    match answered::<Taken>(asked).await {
        Ok(Taken { seq }) => Ok(shown(args, &preview, Some(Ok(Some(seq))))),
        Err(why) => Ok(shown(args, &preview, Some(Err(why.to_string())))),
    }
}

async fn answered<T: serde::de::DeserializeOwned>(asked: reqwest::RequestBuilder) -> Result<T, Error> {
    // Without the address: it has the token in it.
    let plain = |why: reqwest::Error| why.without_url().to_string();
    let answer = asked.send().await.map_err(|why| format!("枢纽没有应答：{}", plain(why)))?;
    let is_good = answer.status().is_success();
    let body = answer.bytes().await.map_err(|why| format!("枢纽的回答没有收全：{}", plain(why)))?;
    if !is_good {
        return Err(String::from_utf8_lossy(&body).into_owned().into());
    }
    Ok(serde_json::from_slice(&body)?)
}

fn ask(args: &Args) -> Result<Ask, String> {
    Ok(Ask {
        register: api::register(&args.register)?,
        layer: args.layer.clone(),
        sheet: args.sheet.clone(),
        map: args.map.iter().map(|it| api::mapping(it)).collect::<Result<_, _>>()?,
        crs: args.crs.as_deref().map(api::crs).transpose()?,
    })
}

fn mode(args: &Args) -> ImportMode {
    if args.replace { ImportMode::Replace } else { ImportMode::Merge }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|why| format!("读不了 {}：{why}", file.display()))
}

fn name_of(file: &Path) -> String {
    file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Prints it all. `taken` is what came of it: the record's number, none where nothing had to change, or why not; none at
/// all where nothing was asked.
fn shown(args: &Args, preview: &Preview, taken: Option<Result<Option<u64>, String>>) -> ExitCode {
    let failure = taken.as_ref().and_then(|it| it.as_ref().err());
    if args.json {
        let seq = taken.as_ref().and_then(|it| it.as_ref().ok()).copied().flatten();
        println!("{}", json!({ "preview": preview, "seq": seq, "refused": failure }));
    } else {
        in_words(preview);
        match &taken {
            Some(Ok(Some(seq))) => println!("已导入，记录 {seq}"),
            Some(Ok(None)) => println!("登记与文件相同，没有变化"),
            Some(Err(_)) => {}
            None => println!("没有导入"),
        }
    }
    for it in &preview.refused {
        let cell = if it.cell.is_empty() { String::new() } else { format!("{}：", it.cell) };
        eprintln!("{}:{}: {cell}{}；{}", args.file.display(), it.row, it.why, it.todo);
    }
    if let Some(why) = failure {
        eprintln!("gulang-hub: 没有导入：{why}");
    }
    if failure.is_none() && preview.n_accepted > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn in_words(preview: &Preview) {
    let sheet = preview.sheet.as_ref().map_or(String::new(), |it| format!("「{it}」"));
    println!("{}{sheet} → {}，表头在第 {} 行", preview.file, preview.register.name_zh(), preview.header_row);
    for it in preview.columns.iter().filter(|it| !it.header.is_empty()) {
        match it.field {
            Some(field) => println!("  {} ← {}（{:.0}%）", field.name_zh(), it.header, it.confidence * 100.0),
            None => println!("  —— ← {}", it.header),
        }
    }
    for row in preview.shown.iter().take(5) {
        println!("  {}", row.join(" | "));
    }
    let change = preview.diff.change;
    println!(
        "{} 行，收 {}，拒 {}；新增 {}，变更 {}，相同 {}，文件里没有的 {}；坐标 {}",
        preview.n_rows,
        preview.n_accepted,
        preview.n_refused,
        change.n_new,
        change.n_changed,
        change.n_same,
        change.n_missing,
        preview.crs.id()
    );
    for it in preview.crs_suspect.iter().chain(&preview.warnings) {
        println!("注意：{it}");
    }
}
