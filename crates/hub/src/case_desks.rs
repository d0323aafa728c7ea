//! One case as its platform tells it now: its process and its pictures, asked when somebody looks, kept for a moment.
//!
//! Nothing of it is a record: it is the platform's own book, shown beside ours.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{connectors::city_platform::PlatformError, core::Core, media, server::App};
use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{CaseId, PlatformId, Realm, Text};
use gulang_platforms::egova::CaseProcess;
use gulang_wire::Watch;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Asked again no sooner, however many look.
const KEPT_FOR: Duration = Duration::from_secs(20);
/// Cases kept at once.
const MAX_KEPT: usize = 200;
const ASK_LIMIT: Duration = Duration::from_secs(15);

/// A platform that tells one case on demand.
#[async_trait]
pub trait CaseDesk: Send + Sync {
    async fn process(&self, external: &str) -> Result<CaseProcess, PlatformError>;
    /// One of its pictures, by the path it gave.
    async fn picture(&self, path: &str) -> Result<Vec<u8>, PlatformError>;
}

/// A realm's desks by platform.
#[derive(Default)]
pub struct CaseDesks {
    desks: Mutex<BTreeMap<PlatformId, Arc<dyn CaseDesk>>>,
    kept: Mutex<BTreeMap<(PlatformId, Text), (Instant, CaseProcess)>>,
}

impl fmt::Debug for CaseDesks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(lock(&self.desks).keys()).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CaseDesks {
    /// One opened again takes its older self's place.
    pub fn put(&self, platform: PlatformId, desk: Arc<dyn CaseDesk>) {
        lock(&self.desks).insert(platform, desk);
    }

    pub fn remove(&self, platform: &PlatformId) {
        lock(&self.desks).remove(platform);
    }

    pub fn has(&self, platform: &PlatformId) -> bool {
        lock(&self.desks).contains_key(platform)
    }

    fn desk(&self, platform: &PlatformId) -> Option<Arc<dyn CaseDesk>> {
        lock(&self.desks).get(platform).cloned()
    }

    /// A case's process and how long ago it was asked; `None` if nobody can be asked.
    pub async fn process(
        &self,
        platform: &PlatformId,
        external: &Text,
    ) -> Option<Result<(CaseProcess, Duration), PlatformError>> {
        let key = (platform.clone(), external.clone());
        let known = lock(&self.kept).get(&key).cloned();
        if let Some((asked, process)) = known.filter(|it| it.0.elapsed() < KEPT_FOR) {
            return Some(Ok((process, asked.elapsed())));
        }
        let desk = self.desk(platform)?;
        Some(match desk.process(external).await {
            Ok(process) => {
                let mut kept = lock(&self.kept);
                kept.retain(|_, it| it.0.elapsed() < KEPT_FOR);
                if kept.len() < MAX_KEPT {
                    kept.insert(key, (Instant::now(), process.clone()));
                }
                Ok((process, Duration::ZERO))
            }
            Err(why) => Err(why),
        })
    }
}

pub fn routes() -> Router<App> {
    Router::new().route("/api/cases/{id}/process", get(process)).route("/api/cases/{id}/pictures/{n}", get(picture))
}

#[derive(Deserialize)]
struct Which {
    realm: Option<Realm>,
}

fn not_found(why: &str) -> Response {
    (StatusCode::NOT_FOUND, why.to_owned()).into_response()
}

/// The realm asked for, and what its platform calls the case.
fn find(app: &App, which: &Which, id: u64) -> Result<(Arc<Core>, PlatformId, Text), Response> {
    let core = app.hall.core_for(which.realm.map_or(Watch::Follow, Watch::Only));
    let core = core.ok_or_else(|| not_found("没有进行中的演练"))?;
    let known = core.city().cases.get(&CaseId(id)).map(|it| (it.report.platform.clone(), it.report.external.clone()));
    let (platform, external) = known.ok_or_else(|| not_found("没有这个案件"))?;
    Ok((core, platform, external))
}

async fn ask(core: &Core, platform: &PlatformId, external: &Text) -> Result<(CaseProcess, Duration), Response> {
    let asked = tokio::time::timeout(ASK_LIMIT, core.desks.process(platform, external)).await;
    let asked = asked.map_err(|_| (StatusCode::GATEWAY_TIMEOUT, "案件平台没有按时应答").into_response())?;
    let told = asked.ok_or_else(|| not_found(&format!("平台 {platform} 不能按案件查询办理过程")))?;
    told.map_err(|why| (StatusCode::BAD_GATEWAY, format!("{why}；{}", why.remedy())).into_response())
}

/// 一个案件在其平台上的办理过程：各步、单位、时间、图片张数；现问现答，20 秒内不重复问
async fn process(
    State(app): State<App>,
    Path(id): Path<u64>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, Response> {
    let (core, platform, external) = find(&app, &which, id)?;
    let (process, age) = ask(&core, &platform, &external).await?;
    Ok(Json(json!({
        "case": id, "platform": platform, "external": &*external, "simulated": core.simulated,
        "age_ms": age.as_millis() as u64, "steps": process.steps, "n_pictures": process.media.len(),
    })))
}

/// 其中一张图片，从 0 数起
async fn picture(
    State(app): State<App>,
    Path((id, n)): Path<(u64, usize)>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let (core, platform, external) = find(&app, &which, id)?;
    let (process, _) = ask(&core, &platform, &external).await?;
    let path = process.media.get(n).ok_or_else(|| not_found("没有这张图片"))?;
    let desk = core.desks.desk(&platform).ok_or_else(|| not_found("平台的连接器不在了"))?;
    let fetched = tokio::time::timeout(ASK_LIMIT, desk.picture(path)).await;
    let fetched = fetched.map_err(|_| (StatusCode::GATEWAY_TIMEOUT, "案件平台没有按时应答").into_response())?;
    let bytes = fetched.map_err(|why| (StatusCode::BAD_GATEWAY, why.to_string()).into_response())?;
    if media::kind_of(&bytes).is_none() {
        return Err((StatusCode::BAD_GATEWAY, "平台给的不是 JPEG 或 PNG 图片").into_response());
    }
    Ok(media::answer(bytes))
}
