//! The base map through a running hub, whole, missing and damaged; and the shipped one against its layers.

use gulang_hub::{
    HubConfig, HubHandle,
    realm::Addresses,
    sim_host::{RunningSim, SimHost, SimRequest, SimScale},
    start,
    tiles::{self, BaseMap, MAP_FILE},
};
use gulang_tiles::{TileId, import::Spec, mesh_from_mvt};
use reqwest::{StatusCode, header};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

fn pack() -> PathBuf {
    PathBuf::from("../../assets/cities/xiamen")
}

/// A copy of the pack with `map` as its base map, or with none.
fn pack_with(dir: &Path, map: Option<&[u8]>) -> Result<PathBuf, Error> {
    let copy = dir.join("pack");
    for folder in ["", "plans", "map"] {
        std::fs::create_dir_all(copy.join(folder))?;
        for entry in std::fs::read_dir(pack().join(folder))? {
            let from = entry?.path();
            if from.is_file() && folder != "map" {
                std::fs::copy(&from, copy.join(folder).join(from.file_name().unwrap_or_default()))?;
            }
        }
    }
    if let Some(map) = map {
        std::fs::write(copy.join(MAP_FILE), map)?;
    }
    Ok(copy)
}

struct NoSim;

impl SimHost for NoSim {
    fn start(&self, _: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        Err("nothing is simulated here".into())
    }
}

struct Hub {
    hub: HubHandle,
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
}

impl Hub {
    fn open(data: &Path, pack_dir: PathBuf) -> Result<Self, Error> {
        let hub = start(HubConfig {
            data: data.join("data"),
            pack_dir,
            scenarios_dir: None,
            listen: ([127, 0, 0, 1], 0).into(),
            page_dir: None,
            sim: Arc::new(NoSim),
            actual: Some(Addresses::default()),
            rasters: Vec::new(),
            seed: 1,
            scale: SimScale::None,
            sign_key: None,
            config_file: None,
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { hub, runtime, http: reqwest::Client::builder().no_proxy().build()? })
    }

    /// Status, headers and body.
    fn get(&self, path: &str, with: &[(header::HeaderName, &str)]) -> Result<Answer, Error> {
        self.runtime.block_on(async {
            let mut request = self.http.get(format!("{}{path}", self.hub.url)).bearer_auth(&self.hub.token);
            for (name, value) in with {
                request = request.header(name, *value);
            }
            let response = request.send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
        })
    }
}

struct Answer {
    status: StatusCode,
    headers: header::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

/// Over Xiamen island.
const TILE: TileId = TileId { z: 12, x: 3391, y: 1756 };

#[test]
fn tiles_are_served_as_screens_like_them() -> Check {
    let dir = tempfile::tempdir()?;
    let hub = Hub::open(dir.path(), pack())?;
    let about = hub.get("/tiles.json", &[])?;
    let about: serde_json::Value = serde_json::from_slice(&about.body)?;
    assert_eq!((&about["minzoom"], &about["maxzoom"]), (&0.into(), &14.into()));
    assert!(about["attribution"].as_str().is_some_and(|it| it.contains("OpenStreetMap")), "{about}");
    assert!(about["sources"].as_array().is_some_and(|it| it.iter().all(|it| it["crs"] == "EPSG:4326")), "{about}");

    let path = format!("/tiles/{TILE}.mvt");
    let tile = hub.get(&path, &[])?;
    assert_eq!(
        (tile.status, tile.header(header::CONTENT_TYPE)),
        (StatusCode::OK, "application/vnd.mapbox-vector-tile")
    );
    assert!(tile.header(header::CACHE_CONTROL).contains("max-age"));
    let frame = gulang_city::LocalFrame::new(gulang_city::LonLat(118.11, 24.50));
    assert!(!mesh_from_mvt(TILE, &tile.body, &frame)?.is_empty());
    let again = hub.get(&path, &[(header::IF_NONE_MATCH, tile.header(header::ETAG))])?;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));

    assert_eq!(hub.get("/tiles/12/0/0.mvt", &[])?.status, StatusCode::NO_CONTENT);
    for bad in ["/tiles/3/8/0.mvt", "/tiles/3/0/0.png", "/tiles/3/0/x.mvt", "/tiles/99/0/0.mvt"] {
        assert_eq!(hub.get(bad, &[])?.status, StatusCode::NOT_FOUND, "{bad}");
    }
    assert!(hub.get("/tiles/x/0/0.mvt", &[])?.status.is_client_error());
    let unknown = hub.runtime.block_on(hub.http.get(format!("{}{path}", hub.hub.url)).send())?;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

/// A hub with this map answers 503 and stays up, and the check names the file.
fn check_unusable(map: Option<&[u8]>) -> Check {
    let dir = tempfile::tempdir()?;
    let pack = pack_with(dir.path(), map)?;
    let hub = Hub::open(dir.path(), pack.clone())?;
    // At least one of the tiles of a damaged file is out of reach; all of a missing one.
    let paths = ["/tiles.json".to_owned(), format!("/tiles/{TILE}.mvt"), "/tiles/14/13567/7026.mvt".to_owned()];
    let answers = paths.iter().map(|it| hub.get(it, &[])).collect::<Result<Vec<_>, _>>()?;
    let refused = answers.iter().find(|it| it.status == StatusCode::SERVICE_UNAVAILABLE).ok_or("all were served")?;
    let why = String::from_utf8_lossy(&refused.body);
    assert!(why.contains("底图") && why.contains("gulang-hub import"), "{why}");
    assert_eq!(hub.get("/healthz", &[])?.status, StatusCode::OK);
    let fault = tiles::check(&pack).err().ok_or("the check found nothing")?;
    assert!(fault.contains("base.pmtiles") && fault.contains("重新生成"), "{fault}");

    // Put right under the running hub, it is served.
    std::fs::copy(self::pack().join(MAP_FILE), pack.join(MAP_FILE))?;
    assert_eq!(hub.get(&paths[1], &[])?.status, StatusCode::OK);
    Ok(())
}

#[test]
fn a_missing_map_costs_only_the_map() -> Check {
    check_unusable(None)
}

#[test]
fn a_truncated_map_costs_only_the_map() -> Check {
    let whole = std::fs::read(pack().join(MAP_FILE))?;
    for len in [0, 60, 127, 20_000, whole.len() / 2] {
        check_unusable(Some(&whole[..len]))?;
    }
    Ok(())
}

#[test]
fn a_damaged_map_costs_only_the_map() -> Check {
    let whole = std::fs::read(pack().join(MAP_FILE))?;
    let mut no_map = whole.clone();
    no_map[..7].copy_from_slice(b"nothing");
    let mut wrong_numbers = whole.clone();
    wrong_numbers[8..96].fill(0xFF);
    let mut wrong_directory = whole.clone();
    wrong_directory[127..400].fill(0x5A);
    let mut wrong_tiles = whole;
    let n = wrong_tiles.len();
    wrong_tiles[17_500..n].fill(0);
    for damaged in [no_map, wrong_numbers, wrong_directory, wrong_tiles] {
        check_unusable(Some(&damaged))?;
    }
    Ok(())
}

/// The shipped map is what its layers make. Tile by tile: how the container packs them is another crate's to change.
#[test]
fn the_shipped_map_is_what_its_layers_make() -> Check {
    let folder = pack().join("map");
    let text = std::fs::read_to_string(folder.join("import.toml"))?;
    let spec = Spec::from_toml("import.toml", &text)?;
    let mut made =
        gulang_tiles::import::tiles(&spec, &|name| std::fs::read(folder.join(name)).map_err(|why| why.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut shipped = runtime.block_on(BaseMap::of_pack(&pack()).all())?;
    made.sort();
    shipped.sort();
    let numbers = |tiles: &[(TileId, Vec<u8>)]| tiles.iter().map(|it| it.0).collect::<Vec<_>>();
    assert!(numbers(&made) == numbers(&shipped), "{} tiles made, {} shipped", made.len(), shipped.len());
    let differing: Vec<String> =
        made.iter().zip(&shipped).filter(|(a, b)| a.1 != b.1).map(|(a, _)| a.0.to_string()).collect();
    assert!(differing.is_empty(), "make the map again (manifest.toml says how); {differing:?} differ");
    Ok(())
}
