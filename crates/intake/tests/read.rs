//! Whole files through the importer. The spreadsheets in `fixtures/` are LibreOffice's (`make.py` beside this), the maps are
//! made here by the formats' own crates.

use flatgeobuf::{ColumnType, FgbWriter, GeometryType, GeozeroGeometry};
use geozero::{ColumnValue, GeomProcessor, PropertyProcessor as _};
use gulang_city::*;
use gulang_intake::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};

const TEAMS: [(&str, &[u8]); 3] = [
    ("teams.xlsx", include_bytes!("fixtures/teams.xlsx")),
    ("teams.xls", include_bytes!("fixtures/teams.xls")),
    ("teams.ods", include_bytes!("fixtures/teams.ods")),
];
const SHELTERS: [(&str, &[u8]); 2] = [
    ("shelters.xlsx", include_bytes!("fixtures/shelters.xlsx")),
    ("shelters.ods", include_bytes!("fixtures/shelters.ods")),
];
const CAMERAS: &[u8] = include_bytes!("fixtures/cameras_gbk.csv");

fn city() -> City {
    City::found(&tiny_pack(), Realm::Actual)
}

fn take(name: &str, bytes: &[u8], ask: &Ask) -> Result<Intake, IntakeError> {
    preview(&city(), None, name, &read(name, bytes)?, ask)
}

fn refused_rows(preview: &Preview) -> Vec<usize> {
    preview.refused.iter().map(|it| it.row).collect()
}

#[test]
fn a_messy_workbook_gives_its_rows_and_names_those_it_does_not() {
    for (name, bytes) in TEAMS {
        let Intake { preview, rows } = take(name, bytes, &Ask::of(RegisterKind::Teams)).expect(name);
        let RegisterRows::Teams(teams) = rows else { panic!("teams") };
        let told: Vec<_> = teams.iter().map(|it| (&*it.name, it.capability, it.n_people)).collect();
        let wanted = [
            ("甲排涝队", Capability::Drainage, 20),
            ("乙救援队", Capability::Rescue, 1200),
            ("己医疗救护队", Capability::Medical, 15),
        ];
        assert_eq!(told, wanted, "{name}");
        assert_eq!((preview.header_row, preview.n_rows), (5, 9), "{name}");
        assert_eq!(refused_rows(&preview), [9, 11, 12, 14, 15, 16], "{name}: {:?}", preview.refused);
        assert_eq!(teams[0].district.as_str(), "350203");
        assert_eq!(teams[2].home, LonLat(118.1, 24.6), "degrees and minutes");
        let why: Vec<&str> = preview.refused.iter().map(|it| &*it.why).collect();
        for (why, wanted) in why.iter().zip(["人数", "看不出", "写反", "不在本市", "合计", "合计"]) {
            assert!(why.contains(wanted), "{name}: {why}");
        }
        assert!(preview.warnings.iter().any(|it| it.contains("封面")), "{:?}", preview.warnings);
        assert!(preview.warnings.iter().any(|it| it.contains("联系电话")), "{:?}", preview.warnings);
        assert_eq!(preview.diff.change.n_new, 3);
    }
}

#[test]
fn shelters_with_both_coordinates_in_one_cell() {
    for (name, bytes) in SHELTERS {
        let Intake { preview, rows } = take(name, bytes, &Ask::of(RegisterKind::Shelters)).expect(name);
        let RegisterRows::Shelters(shelters) = rows else { panic!("shelters") };
        // 一中 is in the register already, as shelter-1.
        assert_eq!(shelters[0].id.as_str(), "shelter-1");
        assert_eq!(shelters.iter().map(|it| it.capacity).collect::<Vec<_>>(), [500, 300]);
        assert_eq!(refused_rows(&preview), [4]);
        assert_eq!((preview.diff.change.n_new, preview.diff.change.n_changed), (1, 1));
    }
}

#[test]
fn a_gaode_column_is_flagged_and_only_converted_when_somebody_says_so() {
    let ask = Ask::of(RegisterKind::Cameras);
    let Intake { preview, rows } = take("cameras.csv", CAMERAS, &ask).expect("GBK");
    assert!(preview.crs_suspect.as_ref().is_some_and(|it| it.contains("GCJ-02")), "{preview:?}");
    assert_eq!(refused_rows(&preview), [4, 5], "a second id, and no name");
    let RegisterRows::Cameras(plain) = rows else { panic!("cameras") };
    assert_eq!(&*plain[1].name, "路口,二");
    let said = Ask { crs: Some(Crs::Gcj02), ..ask };
    let Intake { preview, rows } = take("cameras.csv", CAMERAS, &said).expect("GBK");
    assert_eq!(preview.crs_suspect, None);
    let RegisterRows::Cameras(turned) = rows else { panic!("cameras") };
    let off_m = turned[0].at.distance_m(plain[0].at);
    assert!((300.0..700.0).contains(&off_m), "{off_m} m");
}

#[test]
fn points_off_by_gcj02_are_noticed_where_their_names_are_known() {
    let mut city = city();
    let known = |i: usize| LonLat(118.08 + 0.01 * i as f64, 24.48).rounded();
    for i in 0..4 {
        let id = CameraId::from(format!("k{i}"));
        let camera = Camera::new(id.clone(), format!("已知{i}").into(), known(i), "350203".into());
        city.cameras.insert(id, camera);
    }
    let mut text = String::from("名称,经度,纬度\n");
    for i in 0..4 {
        let at = gcj02_from_wgs84(known(i));
        text.push_str(&format!("已知{i},{},{}\n", at.0, at.1));
    }
    let tables = read("c.csv", text.as_bytes()).expect("a CSV");
    let ask = Ask::of(RegisterKind::Cameras);
    let found = preview(&city, None, "c.csv", &tables, &ask).expect("a preview").preview;
    assert!(found.crs_suspect.is_some_and(|it| it.contains("4 个已有名称")));
    let ask = Ask { crs: Some(Crs::Gcj02), ..ask };
    let found = preview(&city, None, "c.csv", &tables, &ask).expect("a preview").preview;
    assert_eq!(found.crs_suspect, None);
}

#[test]
fn contacts_answer_for_the_narrowest_place_named_and_their_numbers_are_masked() {
    let text = "姓名,手机号码,单位,街道,社区,职务\n\
        张三,138 0000 0001,,t-1 街道,,值班员\n李四,１３８００００００02,城市管理局,,,负责人\n\
        王五,1.38E+10,,t-2 街道,,\n赵六,13800000004,没有的局,,,\n钱七,13800000005,,,,\n孙八,13800000006,,t-1 街道,v-2 社区,\n";
    let Intake { preview, rows } = take("c.csv", text.as_bytes(), &Ask::of(RegisterKind::Contacts)).expect("a CSV");
    let RegisterRows::Contacts(contacts) = rows else { panic!("contacts") };
    let places: Vec<&CallPlace> = contacts.iter().map(|it| &it.place).collect();
    let wanted =
        [CallPlace::Township("t-1".into()), CallPlace::Agency("ag-city".into()), CallPlace::Village("v-2".into())];
    assert_eq!(places, wanted.iter().collect::<Vec<_>>());
    assert_eq!(&*contacts[0].phone, "13800000001");
    assert_eq!(refused_rows(&preview), [4, 5, 6]);
    let told = serde_json::to_string(&preview).expect("JSON");
    assert!(!told.contains("13800000001") && told.contains("138"), "{told}");
    assert!(preview.warnings.iter().any(|it| it.contains("同一顺位")), "{:?}", preview.warnings);
}

#[test]
fn a_column_may_be_said_instead_of_guessed_and_one_that_is_not_there_is_refused() {
    let text = "甲,乙,丙\n一号库,118.1,24.5\n二号库,118.2,24.6\n";
    let said = |map: &[(Field, &str)]| Ask {
        map: map.iter().map(|(field, header)| (Some(*field), (*header).to_owned())).collect(),
        ..Ask::of(RegisterKind::Depots)
    };
    assert!(matches!(take("d.csv", text.as_bytes(), &said(&[])), Err(IntakeError::NoHeader { .. })));
    let found = take("d.csv", text.as_bytes(), &said(&[(Field::Name, "甲")])).expect("a header");
    assert_eq!(found.preview.n_accepted, 2, "the coordinates are seen from the cells");
    let none = take("d.csv", text.as_bytes(), &said(&[(Field::Name, "甲"), (Field::Stock, "丁")]));
    assert!(matches!(none, Err(IntakeError::NoColumn(_))));
}

#[test]
fn a_column_is_named_by_its_number_too_and_may_be_left_out() {
    let text = "名称,经度,纬度,备注,备注\n新来的库,118.1,24.5,沙袋,水泵\n";
    let take = |map: Vec<(Option<Field>, String)>| {
        let found = take("d.csv", text.as_bytes(), &Ask { map, ..Ask::of(RegisterKind::Depots) });
        found.map(|it| match it.rows {
            RegisterRows::Depots(rows) => (it.preview, rows),
            other => panic!("{other:?}"),
        })
    };
    let (preview, rows) = take(vec![(Some(Field::Stock), "#5".into())]).expect("a header");
    assert_eq!(&*rows[0].stock, "水泵", "the second of one name");
    assert_eq!(preview.columns.iter().map(|it| it.is_said).collect::<Vec<_>>(), [false, false, false, false, true]);
    assert!(preview.fields.contains(&Field::Stock) && !preview.fields.contains(&Field::Phone));
    let (preview, rows) = take(vec![(None, "经度".into()), (None, "#3".into())]).expect("a header");
    assert!(rows.is_empty(), "no place is left: {rows:?}");
    assert!(preview.columns[1..3].iter().all(|it| it.field.is_none() && it.is_said), "{:?}", preview.columns);
    for name in ["#0", "#6", "#", "容量"] {
        let none = take(vec![(None, name.into())]);
        assert!(matches!(none, Err(IntakeError::NoColumn(_))), "{name}");
    }
}

#[test]
fn the_same_file_twice_changes_nothing_the_second_time() {
    let mut city = city();
    for (_, bytes) in &TEAMS[..1] {
        let tables = read("teams.xlsx", bytes).expect("a workbook");
        let found = preview(&city, None, "teams.xlsx", &tables, &Ask::of(RegisterKind::Teams)).expect("a preview");
        let RegisterRows::Teams(teams) = found.rows else { panic!("teams") };
        teams.into_iter().for_each(|it| drop(city.teams.insert(it.id.clone(), it)));
        let again = preview(&city, None, "teams.xlsx", &tables, &Ask::of(RegisterKind::Teams)).expect("a preview");
        let change = again.preview.diff.change;
        assert_eq!((change.n_new, change.n_changed, change.n_same), (0, 0, 3));
    }
}

// ---------------------------------------------------------------- maps

const GEOJSON: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"名称":"一号公厕","类型":"公厕","n":3},"geometry":{"type":"Point","coordinates":[118.11,24.47]}},
    {"type":"Feature","properties":{"名称":"二号公厕"},"geometry":{"type":"Polygon","coordinates":[[[118.1,24.5],[118.2,24.5],[118.2,24.6],[118.1,24.5]]]}},
    {"type":"Feature","properties":{"名称":"没有地方"},"geometry":null}]}"#;

#[test]
fn geojson_features_are_rows() {
    let Intake { preview, rows } =
        take("公厕.geojson", GEOJSON.as_bytes(), &Ask::of(RegisterKind::Points)).expect("it");
    let RegisterRows::Points(points) = rows else { panic!("points") };
    assert_eq!(
        points.iter().map(|it| (&*it.name, &*it.kind)).collect::<Vec<_>>(),
        [("一号公厕", "公厕"), ("二号公厕", "")]
    );
    assert_eq!(points[1].at, LonLat(118.15, 24.55), "the middle of its box");
    assert_eq!((&*preview.layer, refused_rows(&preview)), ("公厕", vec![3]));
    let projected =
        GEOJSON.replacen('{', r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4548"}},"#, 1);
    let refused = take("x.geojson", projected.as_bytes(), &Ask::of(RegisterKind::Points));
    assert!(matches!(refused, Err(IntakeError::Projected(_))));
}

struct At(f64, f64);

impl GeozeroGeometry for At {
    fn process_geom<P: GeomProcessor>(&self, processor: &mut P) -> geozero::error::Result<()> {
        processor.point_begin(0)?;
        processor.xy(self.0, self.1, 0)?;
        processor.point_end(0)
    }
}

fn flatgeobuf() -> Vec<u8> {
    let mut fgb = FgbWriter::create("hydrants", GeometryType::Point).expect("a writer");
    fgb.add_column("名称", ColumnType::String, |_, _| {});
    for (i, (lon, lat)) in [(118.1, 24.5), (118.12, 24.48)].into_iter().enumerate() {
        fgb.add_feature_geom(At(lon, lat), |feature| {
            let _ = feature.property(0, "名称", &ColumnValue::String(&format!("消火栓{i}")));
        })
        .expect("a feature");
    }
    let mut bytes = Vec::new();
    fgb.write(&mut bytes).expect("bytes");
    bytes
}

#[test]
fn flatgeobuf_features_are_rows() {
    let found = take("h.fgb", &flatgeobuf(), &Ask::of(RegisterKind::Points)).expect("it");
    let RegisterRows::Points(points) = found.rows else { panic!("points") };
    let mut names: Vec<&str> = points.iter().map(|it| &*it.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["消火栓0", "消火栓1"]);
}

/// A dBASE table of one column of text, in GBK.
fn dbf(names: &[&str]) -> Vec<u8> {
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    let mut bytes = vec![3, 126, 11, 22];
    bytes.extend((names.len() as u32).to_le_bytes());
    bytes.extend((32u16 + 32 + 1).to_le_bytes());
    bytes.extend((1u16 + 40).to_le_bytes());
    bytes.resize(32, 0);
    let mut field = gbk("名称");
    field.resize(11, 0);
    field.push(b'C');
    field.resize(16, 0);
    field.push(40);
    field.resize(32, 0);
    bytes.extend(field);
    bytes.push(0x0d);
    for name in names {
        let mut cell = gbk(name);
        cell.resize(40, b' ');
        bytes.push(b' ');
        bytes.extend(cell);
    }
    bytes
}

fn shp() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let writer = shapefile::ShapeWriter::new(&mut bytes);
    let points = [shapefile::Point::new(118.1, 24.5), shapefile::Point::new(118.12, 24.48)];
    writer.write_shapes(&points).expect("shapes");
    bytes.into_inner()
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a file");
        archive.write_all(bytes).expect("bytes");
    }
    archive.finish().expect("an archive").into_inner()
}

#[test]
fn a_zipped_shapefile_is_read_in_its_encoding_and_a_projected_one_is_refused() {
    let (shp, dbf) = (shp(), dbf(&["消防站一", "消防站二"]));
    let cgcs = br#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000"]"#;
    let parts = |prj: &'static [u8]| -> Vec<u8> {
        zipped(&[("站/消防站.shp", &shp), ("站/消防站.dbf", &dbf), ("站/消防站.cpg", b"936"), ("站/消防站.prj", prj)])
    };
    let found = take("消防站.zip", &parts(cgcs), &Ask::of(RegisterKind::Points)).expect("it");
    let RegisterRows::Points(points) = &found.rows else { panic!("points") };
    assert_eq!(points.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["消防站一", "消防站二"]);
    assert_eq!((points[1].at, found.preview.crs), (LonLat(118.12, 24.48), Crs::Cgcs2000));
    let projected = br#"PROJCS["CGCS2000_3_Degree_GK_CM_117E",GEOGCS["x"],PROJECTION["Gauss_Kruger"]]"#;
    let refused = take("消防站.zip", &parts(projected), &Ask::of(RegisterKind::Points)).expect_err("projected");
    assert!(refused.to_string().contains("CM_117E"), "{refused}");
}

#[test]
fn an_archive_that_unpacks_to_far_more_than_it_is_is_refused() {
    let part = vec![0u8; 257 * 1024 * 1024];
    let bomb = zipped(&[("a.shp", &part)]);
    assert!(bomb.len() < 1_000_000);
    assert!(matches!(read("a.zip", &bomb), Err(IntakeError::Bomb)));
}

#[test]
fn what_is_no_file_of_ours_is_refused_in_words() {
    for (name, bytes) in
        [("a.exe", &b"MZ"[..]), ("a.xlsx", b"PK"), ("a.xlsx", b""), ("a.geojson", b"[]"), ("a.csv", b"")]
    {
        let why = read(name, bytes).expect_err(name).to_string();
        assert!(!why.is_ascii(), "{why}");
    }
}

// ---------------------------------------------------------------- damage

fn asks() -> impl Iterator<Item = Ask> {
    RegisterKind::ALL.into_iter().map(Ask::of)
}

/// Whatever it says of damaged bytes, it says; and what it accepts the city's own rules accept.
fn check(name: &str, bytes: &[u8]) {
    let Ok(tables) = read(name, bytes) else { return };
    let city = city();
    for ask in asks() {
        let Ok(Intake { preview, rows }) = gulang_intake::preview(&city, None, name, &tables, &ask) else { continue };
        assert_eq!(preview.n_accepted, rows.len());
        assert_eq!(preview.n_rows, preview.n_accepted + preview.n_refused);
        for part in rows.into_parts() {
            let stage = Command::StageImport { key: "k".into(), part: 0, rows: part };
            city.decide_from(&Source::Seat("值班长 01".into()), &stage, Timestamp(1))
                .expect("what is accepted is good");
        }
    }
}

const NAMES: [&str; 6] = ["a.xlsx", "a.csv", "a.geojson", "a.fgb", "a.zip", "a.xls"];

#[test]
fn a_damaged_xls_is_refused_where_its_reader_would_fall() {
    let mut bytes = TEAMS[1].1.to_vec();
    let i = bytes.len() * 21_618 / 100_000;
    for damage in i.saturating_sub(40)..i + 40 {
        let was = std::mem::replace(&mut bytes[damage], 128);
        check("a.xls", &bytes);
        bytes[damage] = was;
    }
}

/// Refused before its reader allocates what it claims, which would end the process.
#[test]
fn an_xls_that_claims_more_than_it_can_hold_is_refused() {
    const DIMENSIONS: &[u8] = &[0x00, 0x02, 14, 0, 0, 0, 0, 0];
    const LABEL_SST: &[u8] = &[0xFD, 0x00, 10, 0];
    for (record, claim, why) in [
        (DIMENSIONS, &u32::MAX.to_le_bytes()[..], "大小不可能"),
        (LABEL_SST, &[0xFF, 0xFF, 0xFF, 0x00], "范围太大"),
        (LABEL_SST, &[0xFF, 0xFF, 0xFF, 0xFF], "列号不可能"),
    ] {
        let mut bytes = TEAMS[1].1.to_vec();
        let at = bytes.windows(record.len()).rposition(|it| it == record).expect("the record") + record.len();
        bytes[at..at + claim.len()].copy_from_slice(claim);
        let refused = read("a.xls", &bytes).expect_err(why).to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_is_never_worse_than_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000), kind in 0..NAMES.len()) {
        check(NAMES[kind], &bytes);
    }

    #[test]
    fn honest_files_cut_doubled_or_damaged_are_never_worse_than_refused(
        which in 0..7usize, cut in 0.0..1.0f64, at in 0.0..1.0f64, byte: u8, doubled: bool,
    ) {
        let shapes = zipped(&[("a.shp", &shp()), ("a.dbf", &dbf(&["甲", "乙"]))]);
        let (name, mut bytes) = match which {
            0 => ("a.xlsx", TEAMS[0].1.to_vec()),
            1 => ("a.xls", TEAMS[1].1.to_vec()),
            2 => ("a.ods", TEAMS[2].1.to_vec()),
            3 => ("a.csv", CAMERAS.to_vec()),
            4 => ("a.geojson", GEOJSON.as_bytes().to_vec()),
            5 => ("a.fgb", flatgeobuf()),
            _ => ("a.zip", shapes),
        };
        let place = |part: f64, n: usize| ((n as f64 * part) as usize).min(n.saturating_sub(1));
        let i = place(at, bytes.len());
        bytes[i] = byte;
        if doubled {
            let again = bytes.clone();
            bytes.extend(again);
        }
        check(name, &bytes);
        bytes.truncate(place(cut, bytes.len()));
        check(name, &bytes);
    }

    #[test]
    fn a_damaged_shapefile_in_a_sound_archive_is_never_worse_than_refused(
        at in 0.0..1.0f64, byte: u8, cut in 0.0..1.0f64, in_dbf: bool,
    ) {
        let (mut shp, mut dbf) = (shp(), dbf(&["甲", "乙"]));
        let part = if in_dbf { &mut dbf } else { &mut shp };
        let i = ((part.len() as f64 * at) as usize).min(part.len() - 1);
        part[i] = byte;
        let n = (part.len() as f64 * cut) as usize;
        check("a.zip", &zipped(&[("a.shp", &shp), ("a.dbf", &dbf)]));
        let part = if in_dbf { &mut dbf } else { &mut shp };
        part.truncate(n);
        check("a.zip", &zipped(&[("a.shp", &shp), ("a.dbf", &dbf)]));
    }

    #[test]
    fn rows_in_another_order_are_the_same_rows(order in Just((0..3usize).collect::<Vec<_>>()).prop_shuffle()) {
        let rows = ["甲库,118.11,24.47,水泵", "乙库,118.12,24.48,沙袋", "丙库,118.10,24.60,"];
        let text: String = order.iter().map(|i| format!("{}\n", rows[*i])).collect();
        let found = take("d.csv", format!("名称,经度,纬度,物资\n{text}").as_bytes(), &Ask::of(RegisterKind::Depots)).expect("it");
        let mut ids: Vec<String> = found.rows.ids().into_iter().map(|it| it.to_string()).collect();
        ids.sort();
        let straight = take("d.csv", format!("名称,经度,纬度,物资\n{}", rows.join("\n")).as_bytes(), &Ask::of(RegisterKind::Depots)).expect("it");
        let mut wanted: Vec<String> = straight.rows.ids().into_iter().map(|it| it.to_string()).collect();
        wanted.sort();
        prop_assert_eq!(ids, wanted);
    }
}
