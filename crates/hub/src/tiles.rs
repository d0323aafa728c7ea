//! The city's base map: `map/base.pmtiles` of the pack, served tile by tile, checked, and made by `gulang-hub import`.
//!
//! A map that is missing or damaged costs the map alone: the hub stays up and every request says what to do. The file may
//! be replaced under a running hub; it is looked at again when its time or length changed.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use gulang_city::{LocalFrame, LonLat};
use gulang_tiles::{
    TileId, TilesReport,
    import::{Built, ImportError, Spec},
};
use pmtiles::{
    AsyncBackend, AsyncPmTilesReader, BackendResponse, HashMapCache, PmtError, PmtResult, TileCoord, TileType,
};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

/// Where the base map lies in a pack.
pub const MAP_FILE: &str = "map/base.pmtiles";
/// How the base map is made, beside it.
pub const SPEC_FILE: &str = "import.toml";
/// How long a screen may show a tile without asking again, s.
const TILE_MAX_AGE_SECS: u32 = 3600;

#[derive(Debug, thiserror::Error)]
pub enum TilesError {
    #[error("底图 {path} 不能用：{why}。用 gulang-hub import 重新生成，或用 gulang-hub check 查看原因")]
    Map { path: PathBuf, why: String },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("{path}：{why}；{todo}")]
    File { path: PathBuf, why: String, todo: &'static str },
}

/// The base map of a pack, opened when first asked for.
pub struct BaseMap {
    path: PathBuf,
    open: Mutex<Option<Arc<MapFile>>>,
}

/// One state of the file.
struct MapFile {
    stamp: Stamp,
    /// Or why it cannot be read.
    reader: Result<Arc<Reader>, String>,
    metadata: Value,
}

type Reader = AsyncPmTilesReader<FileBackend, HashMapCache>;
/// The file's time and length; none where there is no file.
type Stamp = Option<(SystemTime, u64)>;

impl BaseMap {
    /// Of the pack in `dir`; nothing is opened yet.
    pub fn of_pack(dir: &Path) -> Self {
        Self { path: dir.join(MAP_FILE), open: Mutex::new(None) }
    }

    /// A tile's bytes, decompressed; none where the map has none.
    pub async fn tile(&self, tile: TileId) -> Result<Option<Bytes>, TilesError> {
        let file = self.file().await;
        let reader = file.reader.as_ref().map_err(|why| self.fault(why))?;
        let coord = TileCoord::new(tile.z, tile.x, tile.y).map_err(|why| self.fault(why))?;
        reader.get_tile_decompressed(coord).await.map_err(|why| self.fault(format!("瓦片 {tile} 读不了，{why}")))
    }

    /// What the map is, as TileJSON 3.0: zooms, bounds, attribution, layers, and the sources with their coordinate systems.
    pub async fn tile_json(&self) -> Result<Value, TilesError> {
        let file = self.file().await;
        let header = file.reader.as_ref().map_err(|why| self.fault(why))?.get_header();
        let of = |key: &str| file.metadata.get(key).cloned().unwrap_or(Value::Null);
        Ok(json!({
            "tilejson": "3.0.0",
            "tiles": ["/tiles/{z}/{x}/{y}.mvt"],
            "name": of("name"),
            "version": file.tag(),
            "minzoom": header.min_zoom,
            "maxzoom": header.max_zoom,
            "bounds": [header.min_longitude, header.min_latitude, header.max_longitude, header.max_latitude],
            "center": [header.center_longitude, header.center_latitude, header.center_zoom],
            "attribution": of("attribution"),
            "crs": of("crs"),
            "detail": of("detail"),
            "vector_layers": of("vector_layers"),
            "sources": of("sources"),
        }))
    }

    /// Every tile, decompressed, in the file's order.
    pub async fn all(&self) -> Result<Vec<(TileId, Vec<u8>)>, TilesError> {
        let file = self.file().await;
        let reader = file.reader.as_ref().map_err(|why| self.fault(why))?;
        let mut entries = reader.clone().entries();
        let mut tiles = Vec::new();
        while let Some(entry) = entries.try_next().await.map_err(|why| self.fault(why))? {
            for coord in entry.iter_coords() {
                let coord = TileCoord::from(coord);
                let (z, x, y) = (coord.z(), coord.x(), coord.y());
                let tile =
                    TileId::new(z, x, y).ok_or_else(|| self.fault(format!("目录里有不存在的瓦片 {z}/{x}/{y}")))?;
                let bytes = reader.get_tile_decompressed(coord).await;
                let bytes = bytes.map_err(|why| self.fault(format!("瓦片 {tile} 读不了，{why}")))?;
                tiles.push((tile, bytes.unwrap_or_default().to_vec()));
            }
        }
        Ok(tiles)
    }

    /// The file as it is now.
    async fn file(&self) -> Arc<MapFile> {
        let stamp = stamp(&self.path);
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|it| it.stamp == stamp) {
            return known;
        }
        let opened = Arc::new(MapFile::open(&self.path, stamp).await);
        if let Err(why) = &opened.reader {
            tracing::warn!(path = %self.path.display(), why, "the base map cannot be used");
        }
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        opened
    }

    fn fault(&self, why: impl ToString) -> TilesError {
        TilesError::Map { path: self.path.clone(), why: why.to_string() }
    }
}

impl MapFile {
    async fn open(path: &Path, stamp: Stamp) -> Self {
        match Self::read(path).await {
            Ok((reader, metadata)) => Self { stamp, reader: Ok(Arc::new(reader)), metadata },
            Err(why) => Self { stamp, reader: Err(why), metadata: Value::Null },
        }
    }

    async fn read(path: &Path) -> Result<(Reader, Value), String> {
        let backend = FileBackend::open(path).map_err(|why| why.to_string())?;
        let reader = Reader::try_from_cached_source(backend, HashMapCache::default()).await;
        let reader = reader.map_err(|why| format!("不是可读的 PMTiles，{why}"))?;
        if reader.get_header().tile_type != TileType::Mvt {
            return Err("里面不是矢量瓦片".into());
        }
        let metadata = reader.get_metadata().await.map_err(|why| format!("元数据读不了，{why}"))?;
        let metadata = serde_json::from_str(&metadata).map_err(|why| format!("元数据不是 JSON，{why}"))?;
        Ok((reader, metadata))
    }

    /// Changes with the file.
    fn tag(&self) -> String {
        let (time, len) = self.stamp.unwrap_or((UNIX_EPOCH, 0));
        let nanos = time.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_nanos());
        format!("{nanos:x}-{len:x}")
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

/// Reads from the file itself: a mapped file that is cut short under us would end the process.
struct FileBackend {
    file: Arc<Mutex<File>>,
    len: u64,
}

impl FileBackend {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self { file: Arc::new(Mutex::new(file)), len })
    }

    async fn read_at(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        // Lengths are the file's own claims: nothing is set aside for more than there is.
        if offset.checked_add(length as u64).is_none_or(|end| end > self.len) {
            return Err(PmtError::Reading(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let file = self.file.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut bytes = vec![0; length];
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut bytes)?;
            Ok::<_, std::io::Error>(bytes)
        });
        let bytes = read.await.map_err(|why| PmtError::Reading(std::io::Error::other(why)))??;
        Ok(BackendResponse::new(bytes.into()))
    }
}

impl AsyncBackend for FileBackend {
    async fn read_exact(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        self.read_at(offset, length).await
    }

    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let left = self.len.saturating_sub(offset).min(length as u64);
        self.read_at(offset, left as usize).await
    }
}

// ---------------------------------------------------------------- over HTTP

/// Answers `GET /tiles/{z}/{x}/{y}.mvt`; `name` is the last part. No content where the map has no such tile.
pub async fn serve_tile(map: &BaseMap, (z, x, name): (u8, u32, &str), headers: &HeaderMap) -> Response {
    let y = name.strip_suffix(".mvt").and_then(|it| it.parse().ok());
    let Some(tile) = y.and_then(|y| TileId::new(z, x, y)) else {
        return (StatusCode::NOT_FOUND, "没有这样的瓦片；地址为 /tiles/{z}/{x}/{y}.mvt").into_response();
    };
    let file = map.file().await;
    let tag = format!("\"{}-{tile}\"", file.tag());
    let is_known =
        headers.get(header::IF_NONE_MATCH).and_then(|it| it.to_str().ok()).is_some_and(|it| it.contains(&tag));
    let cached = |response: Response| {
        let mut response = response;
        let lasts = format!("private, max-age={TILE_MAX_AGE_SECS}");
        for (name, value) in [(header::CACHE_CONTROL, lasts), (header::ETAG, tag.clone())] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    };
    if is_known && file.reader.is_ok() {
        return cached(StatusCode::NOT_MODIFIED.into_response());
    }
    match map.tile(tile).await {
        Ok(Some(bytes)) => {
            let kind = [
                (header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            cached((kind, bytes).into_response())
        }
        Ok(None) => cached(StatusCode::NO_CONTENT.into_response()),
        Err(error) => unavailable(&error),
    }
}

/// Answers `GET /tiles.json`.
pub async fn serve_tile_json(map: &BaseMap) -> Response {
    match map.tile_json().await {
        Ok(value) => ([(header::CACHE_CONTROL, "no-cache")], axum::Json(value)).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &TilesError) -> Response {
    tracing::debug!(%error, "a tile was asked for");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], error.to_string()).into_response()
}

// ---------------------------------------------------------------- checking, making, measuring

/// Goes through the whole base map of the pack in `dir`, every tile read and made into a mesh. The error is one line,
/// `file: what, why, what to do`.
pub fn check(dir: &Path) -> Result<(), String> {
    let map = BaseMap::of_pack(dir);
    let fault = |why: String| {
        let todo = "用 gulang-hub import 重新生成";
        format!("{}: 底图不能用, {why}, {todo}", map.path.display())
    };
    if !map.path.is_file() {
        return Err(fault("没有这个文件".into()));
    }
    let tiles = blocking(map.all()).and_then(|it| it).map_err(|error| match error {
        TilesError::Map { why, .. } => fault(why),
        other => fault(other.to_string()),
    })?;
    let frame = LocalFrame::new(LonLat(0.0, 0.0));
    for (tile, bytes) in &tiles {
        gulang_tiles::mesh_from_mvt(*tile, bytes, &frame).map_err(|why| fault(why.to_string()))?;
    }
    Ok(())
}

/// Makes a base map. `inputs` are layer files, or folders of them; without `spec` a folder's own `import.toml` is taken, and
/// without any, each file becomes a layer of its own name.
pub fn import(inputs: &[PathBuf], spec: Option<&Path>, out: &Path) -> Result<Built, TilesError> {
    let fault = |path: &Path, why: String, todo| TilesError::File { path: path.to_owned(), why, todo };
    let own = inputs.iter().map(|it| it.join(SPEC_FILE)).find(|it| it.is_file());
    let spec_path = spec.map(Path::to_owned).or(own);
    let spec = match &spec_path {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|why| fault(path, format!("读不到导入说明，{why}"), "检查 --spec 的路径"))?;
            Spec::from_toml(&path.display().to_string(), &text)?
        }
        None => Spec::of_files("map", &layer_files(inputs)?),
    };
    let beside = spec_path.as_deref().and_then(Path::parent);
    let built = gulang_tiles::import::build(&spec, &|name| {
        let places = inputs.iter().map(PathBuf::as_path).chain(beside);
        // An input is a folder the name lies in, or the file itself.
        let mut paths = places.flat_map(|it| [it.join(name), it.to_owned()]);
        let found = paths.find(|it| it.is_file() && (it.ends_with(name) || it.as_os_str() == name));
        match found {
            Some(path) => std::fs::read(&path).map_err(|why| why.to_string()),
            None => Err("给出的输入里没有它".into()),
        }
    })?;
    write_whole(out, &built.bytes).map_err(|why| fault(out, why.to_string(), "检查 --out 的路径和权限"))?;
    Ok(built)
}

/// The layer files among `inputs`, those of a folder by name.
fn layer_files(inputs: &[PathBuf]) -> Result<Vec<String>, TilesError> {
    let is_layer = |path: &Path| {
        path.extension().and_then(|it| it.to_str()).is_some_and(|it| matches!(it, "geojson" | "json" | "fgb"))
    };
    let mut files = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let entries = std::fs::read_dir(input).into_iter().flatten().flatten().map(|it| it.path());
            let mut layers: Vec<PathBuf> = entries.filter(|it| is_layer(it)).collect();
            layers.sort();
            files.extend(layers);
        } else if input.is_file() {
            files.push(input.clone());
        } else {
            let (path, todo) = (input.clone(), "给出 GeoJSON、FlatGeobuf 文件，或放它们的目录");
            return Err(TilesError::File { path, why: "没有这个文件".into(), todo });
        }
    }
    Ok(files.into_iter().map(|it| it.display().to_string()).collect())
}

/// Beside its place first, so that a hub never sees half a map.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("pmtiles.new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// Decoding and meshing of the pack's whole base map, and zoom by zoom.
pub fn bench(dir: &Path, center: LonLat) -> Result<Value, Box<dyn std::error::Error>> {
    let map = BaseMap::of_pack(dir);
    let tiles = blocking(map.all())??;
    let frame = LocalFrame::new(center);
    let all = gulang_tiles::bench(&tiles, &frame)?;
    let mut by_zoom: Vec<Value> = Vec::new();
    for zoom in 0..=gulang_tiles::MAX_ZOOM {
        let some: Vec<_> = tiles.iter().filter(|it| it.0.z == zoom).cloned().collect();
        if some.is_empty() {
            continue;
        }
        let report: TilesReport = gulang_tiles::bench(&some, &frame)?;
        by_zoom.push(json!({ "zoom": zoom, "report": report }));
    }
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let load = "every tile of map/base.pmtiles, decompressed before; one thread";
    Ok(json!({ "bench": "tiles", "load": load, "all": all, "by_zoom": by_zoom, "profile": profile }))
}

fn blocking<T>(work: impl Future<Output = T>) -> Result<T, TilesError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let fault =
        |why: std::io::Error| TilesError::File { path: PathBuf::new(), why: why.to_string(), todo: "再试一次" };
    Ok(runtime.map_err(fault)?.block_on(work))
}
