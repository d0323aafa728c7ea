//! 事项清单 at the hub: the pack's `duties.json` in memory, searched at `GET /duties`; the importer and its figures.
//!
//! The index is built beside the start, not before it: until then, and where a pack has no list or a damaged one, the
//! answer says so and the rest of the hub is not touched by it.

use crate::server::App;
use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::Pack;
use gulang_duties::{AgencyName, DutyHit, DutyIndex, DutyList, ImportError, Imported};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Instant,
};

/// The list, in a pack.
pub const DUTIES_FILE: &str = "duties.json";
const DEFAULT_LIMIT: usize = 10;
const MAX_LIMIT: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum DutiesError {
    #[error("{path}：{why}")]
    File { path: PathBuf, why: std::io::Error },
    /// One line per fault.
    #[error("{0}")]
    List(String),
    #[error("事项索引建不起来：{0}")]
    Index(String),
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// The list of one pack, found when it is ready.
pub struct DutyDesk {
    /// What is wrong with it is what searches answer.
    index: OnceLock<Result<Option<DutyIndex>, String>>,
}

impl DutyDesk {
    /// Reads and indexes on a thread of its own.
    pub fn open(pack_dir: &Path, pack: &Pack) -> Arc<Self> {
        let desk = Arc::new(Self { index: OnceLock::new() });
        let (own, dir, names) = (desk.clone(), pack_dir.to_owned(), names(pack));
        let built = std::thread::Builder::new().name("duties".into()).spawn(move || {
            let built = build(&dir, &names).map_err(|why| why.to_string());
            if let Err(why) = &built {
                tracing::error!(why, "the list of duties cannot be searched");
            }
            let _ = own.index.set(built);
        });
        if let Err(why) = built {
            let _ = desk.index.set(Err(why.to_string()));
        }
        desk
    }
}

impl DutyDesk {
    /// Searches the list, or says why it cannot be searched.
    pub fn find(&self, query: &str, limit: usize) -> Result<Vec<DutyHit>, (StatusCode, String)> {
        match self.index.get() {
            None => Err((StatusCode::SERVICE_UNAVAILABLE, "事项索引正在建立，稍后再查".into())),
            Some(Ok(None)) => Err((StatusCode::NOT_FOUND, "城市数据里没有 duties.json".into())),
            Some(Err(why)) => Err((StatusCode::INTERNAL_SERVER_ERROR, why.clone())),
            // A millisecond of work; not worth another thread.
            Some(Ok(Some(index))) => {
                index.search(query, limit).map_err(|why| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))
            }
        }
    }
}

/// `None` if the pack has no list.
fn build(pack_dir: &Path, names: &[AgencyName]) -> Result<Option<DutyIndex>, DutiesError> {
    match read(pack_dir, names)? {
        None => Ok(None),
        Some(list) => DutyIndex::build(list, names).map(Some).map_err(|why| DutiesError::Index(why.to_string())),
    }
}

fn read(pack_dir: &Path, names: &[AgencyName]) -> Result<Option<DutyList>, DutiesError> {
    let path = pack_dir.join(DUTIES_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(DutiesError::File { path, why }),
    };
    DutyList::from_json(&text, names).map(Some).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|it| format!("{}:{it}", path.display())).collect();
        DutiesError::List(lines.join("\n"))
    })
}

/// For `gulang-hub check`: a list that is there must be sound.
pub fn check(pack_dir: &Path, pack: &Pack) -> Result<(), DutiesError> {
    read(pack_dir, &names(pack)).map(drop)
}

/// Makes `out` of a city's own spreadsheet. Nothing is written if no row could be used.
pub fn import(file: &Path, out: &Path, pack: &Pack) -> Result<Imported, DutiesError> {
    let failed = |path: &Path, why| DutiesError::File { path: path.to_owned(), why };
    let bytes = std::fs::read(file).map_err(|why| failed(file, why))?;
    let name = file.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let imported = gulang_duties::import(&name, &bytes, &names(pack))?;
    if imported.n_kept > 0 {
        let json = imported.list.to_json().map_err(|why| DutiesError::List(why.to_string()))?;
        crate::log::write_whole(out, &json).map_err(|why| DutiesError::List(why.to_string()))?;
    }
    Ok(imported)
}

fn names(pack: &Pack) -> Vec<AgencyName> {
    let text = |it: &gulang_city::Text| it.to_string();
    pack.agencies
        .iter()
        .map(|it| AgencyName { id: it.id.to_string(), name: text(&it.name), short: text(&it.short) })
        .collect()
}

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
}

/// 事项清单检索：说什么事，找到谁牵头
#[utoipa::path(get, path = "/duties", params(("q" = String, Query, description = "发生了什么；字、词或拼音"), ("limit" = Option<usize>, Query, description = "至多 100，默认 10")), responses((status = 200, description = "[{id, area, title, lead, lead_name, supporting, supporting_names, clause, contact, phone, respond_mins, score, snippet, is_example}]", content_type = "application/json"), (status = 404, description = "城市数据里没有事项清单"), (status = 503, description = "索引还在建立")))]
pub async fn search(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    match app.duties.find(&asked.q, limit) {
        Ok(hits) => Json(hits).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// `gulang-hub bench duties`: what the index costs, and a query.
pub fn bench(pack_dir: &Path, n: u64) -> Result<Value, crate::bench::BenchError> {
    const SAID: [&str; 8] = [
        "井盖不见了",
        "路面积水很深车过不去",
        "树倒了",
        "半夜还在打桩",
        "jgbjl",
        "煤气味",
        "有人从楼上扔东西",
        "shudaole",
    ];
    let failed = |why: String| crate::bench::BenchError::Load(why);
    let pack = crate::assets::read_pack(pack_dir).map_err(|why| failed(why.to_string()))?;
    let before = resident_mb();
    let started = Instant::now();
    let index = build(pack_dir, &names(&pack)).map_err(|why| failed(why.to_string()))?;
    let index = index.ok_or_else(|| failed(format!("{} has no {DUTIES_FILE}", pack_dir.display())))?;
    let build_ms = started.elapsed().as_secs_f64() * 1000.0;
    let after = resident_mb();
    let mut ms = Vec::new();
    for k in 0..n.max(1) as usize {
        let started = Instant::now();
        index.search(SAID[k % SAID.len()], DEFAULT_LIMIT).map_err(|why| failed(why.to_string()))?;
        ms.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    ms.sort_by(f64::total_cmp);
    Ok(json!({
        "bench": "duties",
        "load": format!("{} duties, {} queries of {} kinds", index.list().duties.len(), ms.len(), SAID.len()),
        "build_ms": build_ms, "index_mb": before.zip(after).map(|(before, after)| after - before),
        "query_ms": ms[ms.len() / 2], "query_worst_ms": ms[ms.len() - 1],
        "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
    }))
}

/// Memory this process holds, where the system tells.
pub(crate) fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kb| kb / 1024.0)
}
