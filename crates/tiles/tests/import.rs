//! Layers in, tiles out: small made-up layers, and the real ones of the Xiamen pack.

use gulang_city::{LocalFrame, LonLat, gcj02_from_wgs84};
use gulang_tiles::{
    LabelKind, Paint, TileId, TileMesh,
    import::{ImportError, Place, Spec, build, tiles},
    mesh_from_mvt,
};
use proptest::prelude::*;
use std::{path::Path, sync::LazyLock};

fn frame() -> LocalFrame {
    LocalFrame::new(LonLat(118.11, 24.50))
}

fn feature(properties: &str, kind: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}", features.join(",\n"))
}

fn square([w, s, e, n]: [f64; 4]) -> String {
    format!("[[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]]")
}

/// Tiles of `files` (name and content) by `spec`.
fn tiles_of(spec: &str, files: &[(&str, String)]) -> Result<Vec<(TileId, Vec<u8>)>, ImportError> {
    let spec = Spec::from_toml("import.toml", spec)?;
    tiles(&spec, &|name| {
        let found = files.iter().find(|it| it.0 == name);
        found.map(|it| it.1.clone().into_bytes()).ok_or_else(|| "没有这个文件".to_owned())
    })
}

/// All tiles of one zoom as meshes.
fn meshes(tiles: &[(TileId, Vec<u8>)], zoom: u8) -> Vec<TileMesh> {
    let some = tiles.iter().filter(|it| it.0.z == zoom);
    some.map(|(tile, bytes)| mesh_from_mvt(*tile, bytes, &frame()).unwrap()).collect()
}

/// Square local metres of what is painted so within the tiles.
fn area_m2(meshes: &[TileMesh], paint: Paint) -> f64 {
    let mut sum = 0.0;
    for mesh in meshes {
        for corners in mesh.fill_indices.chunks(3) {
            let [a, b, c] = [0, 1, 2].map(|i| mesh.fills[corners[i] as usize]);
            if a.paint == paint.index() {
                let [a, b, c] = [a, b, c].map(|it| it.at.map(|it| f64::from(it) / 64.0));
                sum += ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])).abs() / 2.0;
            }
        }
    }
    sum
}

const ONE_LAND: &str = "name = \"t\"\nzooms = [9, 9]\n[[layer]]\nfile = \"land\"\nlayer = \"land\"\n";

#[test]
fn an_area_over_many_tiles_keeps_its_size() {
    let files = [("land", collection(&[feature("{}", "Polygon", &square([117.0, 24.0, 119.0, 25.5]))]))];
    let made = tiles_of(ONE_LAND, &files).unwrap();
    assert!(made.len() > 6);
    let (west, south) = frame().local_from_geo(LonLat(117.0, 24.0));
    let (east, north) = frame().local_from_geo(LonLat(119.0, 25.5));
    let whole = (east - west) * (north - south);
    let drawn = area_m2(&meshes(&made, 9), Paint::Land);
    // Tiles overlap by their buffers, 8 px of 512 on either side.
    assert!(drawn > whole && drawn < whole * 1.07, "{drawn} of {whole}");
    let coast: usize = meshes(&made, 9).iter().map(|it| it.lines.len()).sum();
    assert!(coast < 4 * made.len(), "the tiles' own edges are no coast");
}

#[test]
fn areas_that_merge_have_no_coast_between_them() {
    let spec = |merge| format!("{ONE_LAND}merge = {merge}\nset = {{ class = \"outside\" }}\n");
    let halves = [[118.0, 24.2, 118.1, 24.4], [118.1, 24.2, 118.2, 24.4]];
    let files = [("land", collection(&halves.map(|it| feature("{}", "Polygon", &square(it)))))];
    let coast_m = |merge: bool| {
        let made = meshes(&tiles_of(&spec(merge), &files).unwrap(), 9);
        let lines = made.iter().flat_map(|it| &it.lines);
        lines.map(|it| (f64::from(it.b[0] - it.a[0])).hypot(f64::from(it.b[1] - it.a[1])) / 64.0).sum::<f64>()
    };
    let shared = {
        let [a, b] = [24.2, 24.4].map(|lat| frame().local_from_geo(LonLat(118.1, lat)).1);
        b - a
    };
    assert!((coast_m(false) - coast_m(true) - 2.0 * shared).abs() < 200.0);
}

#[test]
fn an_edge_two_areas_share_is_drawn_once() {
    let spec = "name = \"t\"\nzooms = [9, 9]\n[[layer]]\nfile = \"d\"\nlayer = \"boundary\"\n[layer.edges]\n\
        inner = { admin_level = 6 }\nouter = { admin_level = 4 }\nnot_along = [\"coast\"]\n";
    let halves = [[118.0, 24.2, 118.1, 24.4], [118.1, 24.2, 118.2, 24.4]];
    let files = [
        ("d", collection(&halves.map(|it| feature("{}", "Polygon", &square(it))))),
        ("coast", collection(&[feature("{}", "Polygon", &square(halves[1]))])),
    ];
    let made = meshes(&tiles_of(spec, &files).unwrap(), 9);
    let n = |paint| {
        let runs = made.iter().flat_map(|it| it.line_runs.iter().filter(move |it| it.paint == paint));
        runs.map(|it| it.segments.len()).sum::<usize>()
    };
    // All edges of the right half, the shared one too, lie along the coast; three of the left remain.
    assert_eq!((n(Paint::BoundaryDistrict), n(Paint::BoundaryCity)), (0, 3));
    let made = meshes(&tiles_of(&spec.replace("not_along = [\"coast\"]\n", ""), &files).unwrap(), 9);
    let n = made.iter().flat_map(|it| &it.line_runs).filter(|it| it.paint == Paint::BoundaryDistrict);
    assert_eq!(n.map(|it| it.segments.len()).sum::<usize>(), 1);
}

#[test]
fn another_crs_lands_in_the_same_place() {
    let spec =
        |crs| format!("name = \"t\"\nzooms = [14, 14]\n[[layer]]\nfile = \"p\"\nlayer = \"place\"\ncrs = \"{crs}\"\n");
    let at = LonLat(118.09, 24.45);
    let place = |at: LonLat| {
        let point = format!("[{},{}]", at.0, at.1);
        [("p", collection(&[feature(r#"{"name":"鼓浪屿","kind":"island","rank":1}"#, "Point", &point)]))]
    };
    let label = |crs, at| {
        let made = meshes(&tiles_of(&spec(crs), &place(at)).unwrap(), 14);
        made[0].labels[0].clone()
    };
    let (true_place, shifted) = (label("wgs84", at), label("gcj02", gcj02_from_wgs84(at)));
    assert_eq!(true_place, shifted);
    assert_eq!((true_place.kind, true_place.rank), (LabelKind::Island, 1));
    assert_ne!(label("wgs84", gcj02_from_wgs84(at)).at, true_place.at);
}

#[test]
fn classes_and_attributes_begin_at_their_zoom() {
    let spec = "name = \"t\"\nzooms = [8, 12]\n[[layer]]\nfile = \"r\"\nlayer = \"transportation\"\n\
        keep = { class = \"type\", name = \"name\" }\nkeep_from = { name = 11 }\nonly.type = [\"trunk\", \"minor\"]\n\
        min_zoom_by.type = { minor = 10 }\n";
    let road = |kind: &str| {
        feature(&format!(r#"{{"type":"{kind}","name":"路"}}"#), "LineString", "[[118.0,24.4],[118.1,24.5]]")
    };
    let files = [("r", collection(&["trunk", "minor", "ditch"].map(road)))];
    let made = tiles_of(spec, &files).unwrap();
    for zoom in 8..=12 {
        let some = meshes(&made, zoom);
        let has = |paint| some.iter().flat_map(|it| &it.line_runs).any(|it| it.paint == paint);
        assert_eq!((has(Paint::Trunk), has(Paint::Minor)), (true, zoom >= 10), "zoom {zoom}");
        assert_eq!(some.iter().any(|it| !it.labels.is_empty()), zoom >= 11, "zoom {zoom}");
    }
}

/// What an unusable input says.
fn check_fault(spec: &str, file: &str, expected: Place, word: &str) {
    let error = tiles_of(spec, &[("land", file.to_owned())]).unwrap_err();
    assert_eq!(error.place, expected, "{error}");
    assert!(error.to_string().contains(word), "{error}");
}

#[test]
fn bad_input_is_named() {
    let good = feature("{}", "Polygon", &square([118.0, 24.2, 118.1, 24.4]));
    let with = |bad: &str| collection(&[good.clone(), bad.to_owned()]);
    check_fault(ONE_LAND, "{\n\"features\": [\n{,}", Place::Line(3), "GeoJSON");
    check_fault(ONE_LAND, "{}", Place::Line(1), "features");
    check_fault(ONE_LAND, &with(&feature("{}", "Polygon", "[[[\"x\"]]]")), Place::Feature(2), "要素读不了");
    check_fault(ONE_LAND, &with(&feature("{}", "Point", "[1180.0,24.0]")), Place::Feature(2), "不在地球上");
    check_fault(ONE_LAND, &with(&feature("{}", "Point", "[24.5,118.0]")), Place::Feature(2), "经度、纬度");
    check_fault(&ONE_LAND.replace("[9, 9]", "[9, 99]"), "", Place::Whole, "zooms");
    check_fault(&ONE_LAND.replace("layer = \"land\"", "lair = \"land\""), "", Place::Line(5), "lair");
    check_fault(&ONE_LAND.replace("\"land\"\nlayer", "\"sea\"\nlayer"), "", Place::Whole, "没有这个文件");
    check_fault("name = \"t\"", "", Place::Whole, "没有任何");
    let flatgeobuf = ONE_LAND.replace("\"land\"\nlayer", "\"land.fgb\"\nlayer");
    let error = tiles_of(&flatgeobuf, &[("land.fgb", "fgb".to_owned())]).unwrap_err();
    assert!(error.what.contains("FlatGeobuf"), "{error}");
}

#[test]
fn odd_geometry_is_harmless() {
    let odd = [
        feature("{}", "Polygon", "[]"),
        feature("{}", "Polygon", "[[[118,24],[118,24],[118,24],[118,24]]]"),
        feature("{}", "Polygon", "[[[118,24],[118.1,24.1],[118.1,24],[118,24.1],[118,24]]]"),
        feature("{}", "Polygon", "[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]"),
        feature("{}", "LineString", "[[118,24]]"),
        feature("{}", "MultiPoint", "[]"),
        r#"{"type":"Feature","properties":null,"geometry":null}"#.to_owned(),
    ];
    let spec = ONE_LAND.replace("[9, 9]", "[0, 3]");
    let made = tiles_of(&spec, &[("land", collection(&odd))]).unwrap();
    for (tile, bytes) in &made {
        mesh_from_mvt(*tile, bytes, &frame()).unwrap();
    }
    assert_eq!(made.iter().filter(|it| it.0.z == 3).count(), 64, "the whole world is land");
}

// ---------------------------------------------------------------- the real layers

fn pack_map() -> &'static Path {
    Path::new("../../assets/cities/xiamen/map")
}

fn read_pack(name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(pack_map().join(name)).map_err(|why| why.to_string())
}

/// The city's spec, down to a zoom that is quickly cut.
fn real_spec() -> Spec {
    let text = String::from_utf8(read_pack("import.toml").unwrap()).unwrap();
    let mut spec = Spec::from_toml("import.toml", &text).unwrap();
    spec.zooms = [0, 11];
    spec
}

static REAL: LazyLock<Vec<(TileId, Vec<u8>)>> = LazyLock::new(|| tiles(&real_spec(), &read_pack).unwrap());

#[test]
fn the_same_layers_make_the_same_file() {
    let mut spec = real_spec();
    spec.zooms = [0, 9];
    let [a, b] = [0, 1].map(|_| build(&spec, &read_pack).unwrap());
    assert!(a.bytes == b.bytes);
    assert_eq!(a.summary, b.summary);
    assert_eq!(&a.bytes[..7], b"PMTiles");
}

#[test]
fn the_city_is_on_the_map() {
    let city = meshes(&REAL, 11);
    for paint in [Paint::LandOutside, Paint::Land, Paint::Green, Paint::Water] {
        assert!(area_m2(&city, paint) > 0.0, "{paint:?}");
    }
    for paint in [Paint::Coast, Paint::BoundaryDistrict, Paint::BoundaryCity, Paint::Trunk, Paint::Metro, Paint::Runway]
    {
        assert!(city.iter().flat_map(|it| &it.line_runs).any(|it| it.paint == paint), "{paint:?}");
    }
    let names: Vec<&str> = city.iter().flat_map(|it| &it.labels).map(|it| it.text.as_str()).collect();
    assert!(names.contains(&"鼓浪屿") && names.contains(&"思明区"), "{names:?}");
    // The six districts have 1,700 km² of land.
    let km2 = area_m2(&city, Paint::Land) / 1e6;
    assert!((1500.0..1950.0).contains(&km2), "{km2} km²");
    let wide = meshes(&REAL, 4);
    assert!(area_m2(&wide, Paint::Depth3000) > 1e12 && area_m2(&wide, Paint::LandOutside) > 1e12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn damaged_tiles_are_an_error_or_a_mesh(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let (tile, bytes) = &REAL[which.index(REAL.len())];
        let mut bytes = bytes.clone();
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut.index(3) == 0 {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(mesh) = mesh_from_mvt(*tile, &bytes, &frame()) {
            prop_assert!(mesh.fill_indices.iter().all(|it| (*it as usize) < mesh.fills.len()));
            prop_assert!(mesh.solid_indices.iter().all(|it| (*it as usize) < mesh.solids.len()));
            prop_assert!(mesh.lines.iter().all(|it| it.start_m.is_finite()));
        }
    }
}
