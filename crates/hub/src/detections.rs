//! Pictures of video recognition: kept by the SM3 of their bytes in the realm's `detections/`, for as many days as the pack
//! says, and served by the number of what they show.
//!
//! They are no part of the log: it names them by their hash, so that a picture that is shown is the one that was judged.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{
    core::Core,
    log::{hex, sm3},
    server::App,
};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{DetectionId, Realm, Text};
use gulang_platforms::video_ai::{PictureError, look_at};
use gulang_wire::Watch;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

/// All pictures of a realm together; over it the oldest go before their days are over.
const MAX_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// Where a realm's pictures lie.
#[derive(Clone, Debug)]
pub struct PictureStore {
    dir: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error("图片写不进 {path}：{source}")]
    Io { path: PathBuf, source: io::Error },
}

impl PictureStore {
    pub fn of(realm_dir: &Path) -> Self {
        Self { dir: realm_dir.join("detections") }
    }

    /// Keeps a picture, if it is one; its name from now on.
    pub fn keep(&self, bytes: &[u8]) -> Result<Text, KeepError> {
        look_at(bytes)?;
        let name = hex(&sm3(&[bytes]));
        let path = self.dir.join(&name);
        let failed = |source| KeepError::Io { path: path.clone(), source };
        if let Ok(file) = fs::File::options().append(true).open(&path) {
            // The same again: its days begin anew.
            let _ = file.set_modified(SystemTime::now());
            return Ok(name.into());
        }
        fs::create_dir_all(&self.dir).map_err(failed)?;
        let new = self.dir.join(format!("{name}.new"));
        fs::write(&new, bytes).and_then(|()| fs::rename(&new, &path)).map_err(failed)?;
        Ok(name.into())
    }

    /// A picture as it came, with what it is; none if it is gone or no more what it was.
    pub fn read(&self, name: &str) -> Option<(Vec<u8>, &'static str)> {
        let is_name = name.len() == 64 && name.bytes().all(|it| it.is_ascii_hexdigit());
        let bytes = is_name.then(|| fs::read(self.dir.join(name)).ok()).flatten()?;
        if hex(&sm3(&[&bytes])) != name {
            tracing::error!(name, "a kept picture is no more what it was");
            return None;
        }
        let kind = look_at(&bytes).ok()?.kind;
        Some((bytes, kind.mime()))
    }

    /// Lets go of pictures older than so many days, and of the oldest over the limit; those in `needed` stay. How many went.
    pub fn sweep(&self, keep_days: u32, needed: &BTreeSet<Text>, now: SystemTime) -> usize {
        let kept = Duration::from_secs(u64::from(keep_days) * 86_400);
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let is_needed = entry.file_name().to_str().is_some_and(|it| needed.contains(it));
            if let (Ok(about), false) = (entry.metadata(), is_needed) {
                files.push((about.modified().unwrap_or(now), about.len(), entry.path()));
            }
        }
        files.sort();
        let mut n_bytes: u64 = files.iter().map(|it| it.1).sum();
        let mut n_gone = 0;
        for (modified, size, path) in files {
            let is_old = now.duration_since(modified).is_ok_and(|age| age > kept);
            if !is_old && n_bytes <= MAX_BYTES {
                break;
            }
            match fs::remove_file(&path) {
                Ok(()) => {
                    n_bytes = n_bytes.saturating_sub(size);
                    n_gone += 1;
                }
                Err(why) => tracing::warn!(%why, path = %path.display(), "an old picture could not be removed"),
            }
        }
        n_gone
    }
}

/// Lets go of a realm's old pictures; those that wait for an officer stay.
pub fn sweep(core: &Core) -> usize {
    let (days, needed) = {
        let city = core.city();
        let waiting = city.detections.waiting.iter().filter_map(|id| city.detections.known.get(id));
        (city.detection_rules.keep_days, waiting.filter_map(|it| it.best.picture.clone()).collect())
    };
    PictureStore::of(&core.dir).sweep(days, &needed, SystemTime::now())
}

// ---------------------------------------------------------------- REST

pub fn routes() -> Router<App> {
    Router::new().route("/api/detections", get(list)).route("/api/detections/{file}", get(picture))
}

#[derive(Deserialize)]
struct Which {
    realm: Option<Realm>,
}

impl Which {
    fn core(&self, app: &App) -> Result<Arc<Core>, Response> {
        let watch = self.realm.map_or(Watch::Follow, Watch::Only);
        app.hall.core_for(watch).ok_or_else(|| not_found("没有进行中的演练"))
    }
}

fn not_found(why: &str) -> Response {
    (StatusCode::NOT_FOUND, why.to_owned()).into_response()
}

/// 视频识别：等人看的、各摄像头各种类的误报率、静音
async fn list(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app)?;
    let city = core.city();
    let all = &city.detections;
    let rates = all.rates.iter().map(|((camera, kind), it)| {
        json!({ "camera": camera, "kind": kind, "rate": it, "false_rate": it.false_rate(),
            "suggest_mute": city.should_mute(camera, kind) })
    });
    let mutes = all.mutes.iter().map(|((camera, kind), it)| json!({ "camera": camera, "kind": kind, "mute": it }));
    Ok(Json(json!({
        "realm": core.realm, "simulated": core.simulated, "now_ms": core.clock.now().0,
        "waiting": city.detection_queue(), "median_wait_s": all.median_wait_s(),
        "hour": all.hour(core.clock.now()), "n_made": all.n_made,
        "rates": rates.collect::<Vec<_>>(), "mutes": mutes.collect::<Vec<_>>(),
    })))
}

/// 一件识别事件最可信的那张图，`编号.jpg`
async fn picture(
    State(app): State<App>,
    UrlPath(file): UrlPath<String>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let core = which.core(&app)?;
    let id = file.strip_suffix(".jpg").and_then(|it| it.parse().ok()).map(DetectionId);
    let id = id.ok_or_else(|| not_found("写成 编号.jpg"))?;
    let known = core.city().detections.known.get(&id).map(|it| it.best.picture.clone());
    let name = match known {
        Some(Some(name)) => name,
        Some(None) => return Err(not_found("这件识别事件没有图片")),
        None => return Err(not_found("没有这件识别事件")),
    };
    let store = PictureStore::of(&core.dir);
    let read = tokio::task::spawn_blocking(move || store.read(&name)).await;
    let (bytes, mime) = read.ok().flatten().ok_or_else(|| not_found("图片已过保留期"))?;
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(mark: u8) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0, 0xff, 0xda, 0, 2];
        bytes.extend([mark, 0xff, 0xd9]);
        bytes
    }

    #[test]
    fn a_picture_is_kept_once_by_its_hash_and_one_that_changed_is_not_shown() -> Result<(), Box<dyn std::error::Error>>
    {
        let dir = tempfile::tempdir()?;
        let store = PictureStore::of(dir.path());
        let name = store.keep(&jpeg(1))?;
        assert_eq!(store.keep(&jpeg(1))?, name);
        assert_eq!(store.read(&name), Some((jpeg(1), "image/jpeg")));
        assert_eq!(fs::read_dir(&store.dir)?.count(), 1);
        assert!(store.keep(b"<html>").is_err() && store.keep(&jpeg(1)[..20]).is_err());
        for wrong in ["../cursors.json", "", "zz"] {
            assert_eq!(store.read(wrong), None, "{wrong}");
        }
        fs::write(store.dir.join(&*name), jpeg(2))?;
        assert_eq!(store.read(&name), None);
        Ok(())
    }

    #[test]
    fn old_pictures_go_unless_somebody_waits_for_them() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let store = PictureStore::of(dir.path());
        let names = [store.keep(&jpeg(1))?, store.keep(&jpeg(2))?, store.keep(&jpeg(3))?];
        let day = Duration::from_secs(86_400);
        let old = SystemTime::now() - day * 31;
        for name in &names[..2] {
            fs::File::options().append(true).open(store.dir.join(&**name))?.set_modified(old)?;
        }
        let needed = [names[0].clone()].into();
        assert_eq!(store.sweep(30, &needed, SystemTime::now()), 1);
        assert!(store.read(&names[0]).is_some() && store.read(&names[1]).is_none() && store.read(&names[2]).is_some());
        Ok(())
    }
}
