//! 航线文件: the route files docks fetch, each by a path that nobody can guess and that gives it once.
//!
//! Nothing is kept beyond the next fetch: a file is made again from the flight in the log whenever a dock asks, and the same
//! flight gives the same bytes. The hub listens on loopback only, so docks of a real city come through the city's own gate,
//! which passes on `/waylines/` alone; `options.files` of their connector says how they reach it.

use crate::{
    realm::{FlightDispatch, RealmKind},
    server::{App, new_token},
};
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use gulang_city::{FlightTask, Realm};
use gulang_platforms::{
    dji::RouteFile,
    wpml::{self, Heights, Model, Wayline, WpmlError},
};
use gulang_wire::Watch;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// A file nobody fetched in this time is forgotten; a dock asks again for one it missed.
const WAITS: Duration = Duration::from_secs(15 * 60);
/// More files than this wait for nobody honest: every drone of a city at once is a few dozen.
const MAX_WAITING: usize = 512;

/// What waits to be fetched, in one realm.
#[derive(Default)]
pub struct Shelf {
    /// How the hub itself is reached, such as `http://127.0.0.1:41234`.
    own: OnceLock<String>,
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

struct Waiting {
    bytes: Bytes,
    until: Instant,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its paths are secrets.
        f.debug_struct("Shelf").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Shelf {
    /// Where this hub listens.
    pub fn stand_at(&self, url: &str) {
        let _ = self.own.set(url.trim_end_matches('/').to_owned());
    }

    /// Lays a file out; the same bytes that still wait keep their path. `None`: nobody could reach it.
    pub fn lay_out(&self, bytes: Vec<u8>, base: Option<&str>) -> Option<RouteFile> {
        let base = base.map(|it| it.trim_end_matches('/')).or(self.own.get().map(String::as_str))?;
        let fingerprint = wpml::fingerprint(&bytes);
        let now = Instant::now();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, it| it.until > now);
        let same = waiting.iter().find(|(_, it)| it.bytes == bytes).map(|(token, _)| token.clone());
        if same.is_none() && waiting.len() >= MAX_WAITING {
            return None;
        }
        let token = same.unwrap_or_else(new_token);
        let url = format!("{base}/waylines/{token}.kmz");
        waiting.insert(token, Waiting { bytes: bytes.into(), until: now + WAITS });
        Some(RouteFile { url, fingerprint })
    }

    /// Gives a file away.
    fn take(&self, token: &str) -> Option<Bytes> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(token).filter(|it| it.until > Instant::now()).map(|it| it.bytes)
    }
}

/// How a link makes route files, and where its docks fetch them.
#[derive(Clone, Debug, Default)]
pub struct RouteFiles {
    pub shelf: Arc<Shelf>,
    /// The hub as the docks reach it; its own address where none is given.
    pub base: Option<String>,
    pub aircraft: Option<Model>,
    pub payload: Option<Model>,
    /// The docks know `simulate_mission` in `flighttask_prepare`.
    pub can_simulate: bool,
}

/// Why there is no file of a flight.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoFile {
    #[error("{0}；{remedy}", remedy = .0.remedy())]
    Wpml(#[from] WpmlError),
    #[error("机场取不到航线文件：在大疆连接器的 options.files 里写上机场够得到本枢纽的地址")]
    Unreachable,
    #[error("这次飞行不是航线")]
    NotARoute,
}

impl RouteFiles {
    /// Makes the file of a flight and lays it out. Heights count from the take-off place, as our routes have them, so no
    /// ellipsoid is needed.
    pub fn of<R: RealmKind>(&self, flight: &FlightDispatch<R>, return_height_m: f32) -> Result<RouteFile, NoFile> {
        let FlightTask::RunRoute { route } = &flight.task else { return Err(NoFile::NotARoute) };
        let wayline = Wayline {
            points: route.points.clone(),
            heights: Heights::AboveTakeoff,
            speed_mps: route.speed_mps,
            takeoff_height_m: return_height_m,
            aircraft: self.aircraft,
            payload: self.payload,
            made_at: flight.ordered_at,
        };
        let bytes = wpml::write_kmz(&wayline)?;
        self.shelf.lay_out(bytes, self.base.as_deref()).ok_or(NoFile::Unreachable)
    }
}

/// Outside the launch's token: the path is a secret of its own, and good once.
pub fn door() -> Router<App> {
    Router::new().route("/waylines/{file}", get(fetch))
}

async fn fetch(State(app): State<App>, Path(file): Path<String>) -> Response {
    let token = file.strip_suffix(".kmz").unwrap_or_default();
    let realms = [Realm::Actual, Realm::Exercise].map(|it| app.hall.core_for(Watch::Only(it)));
    match realms.into_iter().flatten().find_map(|core| core.waylines.take(token)) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/vnd.google-earth.kmz")], bytes).into_response(),
        None => (StatusCode::NOT_FOUND, "没有这个航线文件，或已经取走").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_of(file: &RouteFile) -> &str {
        file.url.rsplit('/').next().and_then(|it| it.strip_suffix(".kmz")).unwrap_or_default()
    }

    #[test]
    fn a_file_is_given_once_and_its_path_cannot_be_guessed() {
        let shelf = Shelf::default();
        assert_eq!(shelf.lay_out(vec![1], None), None, "nobody could reach it");
        shelf.stand_at("http://127.0.0.1:9/");
        let file = shelf.lay_out(vec![1], None).expect("laid out");
        assert!(file.url.starts_with("http://127.0.0.1:9/waylines/") && token_of(&file).len() == 64, "{}", file.url);
        assert_eq!(shelf.lay_out(vec![1], None), Some(file.clone()), "said again, it is the same");
        let other = shelf.lay_out(vec![2], Some("https://gate.example")).expect("laid out");
        assert!(other.url.starts_with("https://gate.example/waylines/") && token_of(&other) != token_of(&file));
        assert_eq!(shelf.take("x"), None);
        assert_eq!(shelf.take(token_of(&file)).as_deref(), Some(&[1u8][..]));
        assert_eq!(shelf.take(token_of(&file)), None, "only once");
        assert!(!format!("{shelf:?}").contains(token_of(&other)));
    }
}
