//! Online raster maps (天地图 WMTS, XYZ), fetched for the screens: the city's key stays here, and a tile that was fetched once
//! is kept a while. It knows no screen; what it cannot fetch it says, and the screen falls back to the pack's own map.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use gulang_tiles::TileId;
use lru::LruCache;
use serde::{Deserialize, Serialize};
use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tiles kept, of all sources: about 30 MB at the usual 15–30 kB each.
const MOST_KEPT: NonZeroUsize = NonZeroUsize::new(1024).expect("not zero");
const KEEP: Duration = Duration::from_secs(24 * 3600);
const PATIENCE: Duration = Duration::from_secs(8);
/// A larger answer is no tile.
const MAX_TILE_BYTES: usize = 2 * 1024 * 1024;
/// After a source failed it is left alone so long, so that a dead network does not cost a timeout per tile.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The frame a source draws in. Screens place its tiles where they truly are, and say that they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RasterCrs {
    /// Also 天地图's CGCS2000, which differs by centimetres.
    #[default]
    Wgs84,
    Gcj02,
}

/// One online map, as `[[raster]]` in the configuration file. Tiles of 256 px on the Web Mercator grid, row 0 in the north.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RasterSource {
    /// In addresses: letters, digits, `-`.
    pub id: String,
    pub name: String,
    /// With `{z}`, `{x}`, `{y}`, and where needed `{s}` (one of `subdomains`) and `{key}`.
    pub url: String,
    #[serde(default)]
    pub subdomains: String,
    /// The environment variable that holds the key; the key itself is never in a file.
    pub key_env: Option<String>,
    #[serde(default)]
    pub min_zoom: u8,
    #[serde(default = "default_max_zoom")]
    pub max_zoom: u8,
    #[serde(default)]
    pub crs: RasterCrs,
    /// Its pictures carry names, so the pack's are not written over them.
    #[serde(default)]
    pub has_words: bool,
    pub attribution: String,
}

fn default_max_zoom() -> u8 {
    18
}

/// What screens are told of a source: `GET /raster.json`.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    name: &'a str,
    min_zoom: u8,
    max_zoom: u8,
    crs: RasterCrs,
    has_words: bool,
    attribution: &'a str,
}

#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    #[error("没有在线底图 {0}；见 /raster.json")]
    Unknown(String),
    #[error("在线底图 {name} 的密钥不在环境变量 {var} 里；设好后重启枢纽")]
    NoKey { name: String, var: String },
    #[error("在线底图 {name}：{why}；屏幕改用本地底图")]
    Unreachable { name: String, why: String },
}

impl RasterSource {
    /// What is wrong with it, if anything, for whoever wrote the file.
    pub fn fault(&self) -> Option<String> {
        let is_id = |it: &str| !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_id(&self.id) {
            return Some(format!("id {:?} 只能用字母、数字和 -", self.id));
        }
        if let Some(missing) = ["{z}", "{x}", "{y}"].into_iter().find(|it| !self.url.contains(it)) {
            return Some(format!("{} 的 url 里没有 {missing}", self.id));
        }
        if self.url.contains("{s}") && self.subdomains.is_empty() {
            return Some(format!("{} 的 url 里有 {{s}}，但没有 subdomains", self.id));
        }
        if self.url.contains("{key}") && self.key_env.is_none() {
            return Some(format!("{} 的 url 里有 {{key}}，但没有 key_env", self.id));
        }
        if self.min_zoom > self.max_zoom || self.max_zoom > gulang_tiles::MAX_ZOOM {
            return Some(format!("{} 的级别 {}–{} 不对", self.id, self.min_zoom, self.max_zoom));
        }
        let is_http =
            reqwest::Url::parse(&self.filled(0, 0, 0, "k")).is_ok_and(|it| matches!(it.scheme(), "http" | "https"));
        (!is_http).then(|| format!("{} 的 url {:?} 不是 http 地址", self.id, self.url))
    }

    fn filled(&self, z: u8, x: u32, y: u32, key: &str) -> String {
        let hosts: Vec<char> = self.subdomains.chars().collect();
        // The same tile from the same host, so that caches on the way hold it once.
        let host = hosts.get((x as usize + y as usize) % hosts.len().max(1)).map(char::to_string).unwrap_or_default();
        let all = [
            ("{z}", z.to_string()),
            ("{x}", x.to_string()),
            ("{y}", y.to_string()),
            ("{s}", host),
            ("{key}", key.to_owned()),
        ];
        all.iter().fold(self.url.clone(), |url, (mark, value)| url.replace(mark, value))
    }
}

/// The sources of this hub, with what was fetched of them.
pub struct Rasters {
    sources: Vec<RasterSource>,
    client: reqwest::Client,
    kept: Mutex<LruCache<(usize, TileId), (Instant, Bytes)>>,
    /// When a source last failed, and how.
    failed: Mutex<Vec<Option<(Instant, String)>>>,
}

impl Rasters {
    pub fn new(sources: Vec<RasterSource>) -> Self {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap_or_default();
        let failed = Mutex::new(vec![None; sources.len()]);
        Self { sources, client, kept: Mutex::new(LruCache::new(MOST_KEPT)), failed }
    }

    /// A tile's picture (PNG or JPEG bytes), fetched or kept.
    pub async fn tile(&self, id: &str, tile: TileId) -> Result<Bytes, RasterError> {
        let index =
            self.sources.iter().position(|it| it.id == id).ok_or_else(|| RasterError::Unknown(id.to_owned()))?;
        let source = &self.sources[index];
        let fresh = lock(&self.kept).get(&(index, tile)).filter(|it| it.0.elapsed() < KEEP).map(|it| it.1.clone());
        if let Some(bytes) = fresh {
            return Ok(bytes);
        }
        let unreachable = |why: String| RasterError::Unreachable { name: source.name.clone(), why };
        if let Some((at, why)) = &lock(&self.failed)[index]
            && at.elapsed() < REST_AFTER_FAILURE
        {
            return Err(unreachable(why.clone()));
        }
        let key = match &source.key_env {
            None => String::new(),
            Some(var) => {
                std::env::var(var).map_err(|_| RasterError::NoKey { name: source.name.clone(), var: var.clone() })?
            }
        };
        match self.fetch(&source.filled(tile.z, tile.x, tile.y, &key)).await {
            Ok(bytes) => {
                lock(&self.failed)[index] = None;
                lock(&self.kept).put((index, tile), (Instant::now(), bytes.clone()));
                Ok(bytes)
            }
            Err(why) => {
                tracing::warn!(source = source.id, %tile, why, "an online map's tile could not be fetched");
                lock(&self.failed)[index] = Some((Instant::now(), why.clone()));
                Err(unreachable(why))
            }
        }
    }

    /// The address with its key is in no message.
    async fn fetch(&self, url: &str) -> Result<Bytes, String> {
        let said = |error: reqwest::Error| {
            let error = error.without_url();
            let mut words = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(it) = cause {
                words = it.to_string();
                cause = it.source();
            }
            words
        };
        let mut answer = self.client.get(url).send().await.map_err(said)?;
        if !answer.status().is_success() {
            return Err(format!("回答 HTTP {}", answer.status().as_u16()));
        }
        // An answer need not say how long it is, nor keep to it.
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(said)? {
            if bytes.len() + chunk.len() > MAX_TILE_BYTES {
                return Err("回答太大，不是瓦片".into());
            }
            bytes.extend_from_slice(&chunk);
        }
        // A portal's login page is an answer too.
        if kind_of(&bytes).is_none() {
            return Err("回答的不是 PNG 或 JPEG".into());
        }
        Ok(bytes.into())
    }
}

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        _ => None,
    }
}

fn lock<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

// ---------------------------------------------------------------- over HTTP

/// Answers `GET /raster.json`: an array, empty when no online map is configured.
pub fn serve_sources(rasters: &Rasters) -> Response {
    let told = |it| {
        let RasterSource { id, name, min_zoom, max_zoom, crs, has_words, attribution, .. }: &RasterSource = it;
        Told { id, name, min_zoom: *min_zoom, max_zoom: *max_zoom, crs: *crs, has_words: *has_words, attribution }
    };
    let all: Vec<Told<'_>> = rasters.sources.iter().map(told).collect();
    ([(header::CACHE_CONTROL, "no-cache")], axum::Json(all)).into_response()
}

/// Answers `GET /raster/{id}/{z}/{x}/{y}`.
pub async fn serve_tile(rasters: &Rasters, id: &str, (z, x, y): (u8, u32, u32)) -> Response {
    let Some(tile) = TileId::new(z, x, y) else {
        return (StatusCode::NOT_FOUND, "没有这样的瓦片；地址为 /raster/{id}/{z}/{x}/{y}").into_response();
    };
    match rasters.tile(id, tile).await {
        Ok(bytes) => {
            let kind = kind_of(&bytes).unwrap_or("application/octet-stream");
            let head = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "private, max-age=3600"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (head, bytes).into_response()
        }
        Err(error) => {
            let status = match error {
                RasterError::Unknown(_) => StatusCode::NOT_FOUND,
                RasterError::NoKey { .. } => StatusCode::SERVICE_UNAVAILABLE,
                RasterError::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            };
            (status, [(header::CACHE_CONTROL, "no-store")], error.to_string()).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &str) -> RasterSource {
        let text =
            format!("id = \"a\"\nname = \"影像\"\nurl = \"{url}\"\nattribution = \"示例\"\nsubdomains = \"012\"\n");
        toml::from_str(&text).expect("a source")
    }

    #[test]
    fn addresses_are_filled_and_faults_named() {
        let fault = |url: &str| source(url).fault().unwrap_or_default();
        assert_eq!(fault("https://t{s}.example/{z}/{x}/{y}.png"), "");
        assert!(fault("https://t.example/{z}/{x}.png").contains("{y}"));
        assert!(fault("https://t.example/{z}/{x}/{y}?tk={key}").contains("key_env"));
        assert!(fault("ftp://t.example/{z}/{x}/{y}").contains("不是 http"));
        assert_eq!(source("http://t{s}.e/{z}/{x}/{y}").filled(3, 4, 3, ""), "http://t1.e/3/4/3");
    }

    #[tokio::test]
    async fn a_tile_is_fetched_once_and_what_is_no_picture_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let picture: &[u8] = &[0x89, b'P', b'N', b'G', 1, 2, 3];
        let app = axum::Router::new()
            .route(
                "/good/{z}/{x}/{y}",
                axum::routing::get(move || async move {
                    ASKED.fetch_add(1, Ordering::SeqCst);
                    picture
                }),
            )
            .route(
                "/huge/{z}/{x}/{y}",
                axum::routing::get(|| async {
                    let parts = std::iter::repeat_n(Ok::<_, std::convert::Infallible>(vec![0xFF_u8; 256 * 1024]), 12);
                    axum::body::Body::from_stream(futures_util::stream::iter(parts))
                }),
            )
            .route("/portal/{z}/{x}/{y}", axum::routing::get(|| async { "<html>请登录" }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let host = listener.local_addr()?;
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        let named = |id: &str, path: &str| RasterSource {
            id: id.into(),
            ..source(&format!("http://{host}/{path}/{{z}}/{{x}}/{{y}}"))
        };
        let keyed = RasterSource { key_env: Some("GULANG_NO_SUCH_KEY".into()), ..named("keyed", "good") };
        let rasters =
            Rasters::new(vec![named("good", "good"), named("portal", "portal"), named("huge", "huge"), keyed]);
        let tile = TileId::new(3, 4, 3).ok_or("a tile")?;
        for _ in 0..2 {
            assert_eq!(&rasters.tile("good", tile).await?[..], picture);
        }
        assert_eq!(ASKED.load(Ordering::SeqCst), 1, "the second time it was kept");
        for (id, says) in
            [("huge", "太大"), ("portal", "不是 PNG"), ("keyed", "GULANG_NO_SUCH_KEY"), ("none", "没有在线底图")]
        {
            let refusal = rasters.tile(id, tile).await.err().ok_or("refused")?.to_string();
            assert!(refusal.contains(says), "{id}: {refusal}");
        }
        server.abort();
        Ok(())
    }
}
