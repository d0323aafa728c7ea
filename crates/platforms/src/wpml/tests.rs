use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};

fn route(heights: Heights) -> Wayline {
    let point = |lon: f64, lat: f64, height_m: f32| RoutePoint { place: LonLat(lon, lat), height_m };
    Wayline {
        points: vec![point(118.065, 24.445, 60.0), point(118.07, 24.45, 80.5), point(118.075, 24.447, 60.0)],
        heights,
        speed_mps: 10.0,
        takeoff_height_m: 40.0,
        aircraft: Some(Model { kind: 67, sub_kind: 0 }),
        payload: Some(Model { kind: 52, sub_kind: 0 }),
        made_at: Timestamp(0),
    }
}

/// A KMZ whose `waylines.wpml` is this text.
fn kmz_of(waylines: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("wpmz/waylines.wpml", zip::write::SimpleFileOptions::default()).expect("a part");
    archive.write_all(waylines.as_bytes()).expect("written");
    archive.finish().expect("finished").into_inner()
}

/// The sample of `30.waylines-wpml.md` (dji-sdk/Cloud-API-Doc @25753cf), whose places stand for themselves there, with places
/// of our own and without its action group.
const SAMPLE: &str = include_str!("fixtures/waylines.wpml");

#[test]
fn a_route_comes_back_as_it_was_in_either_way_of_counting_heights() {
    for heights in [Heights::AboveTakeoff, Heights::AboveEllipsoid { ground_m: 22.0 }] {
        let it = route(heights);
        let bytes = write_kmz(&it).expect("writable");
        assert_eq!(read_kmz(&bytes, Some(22.0)), Ok(it.clone()));
        let later = Wayline { made_at: Timestamp(1), ..it.clone() };
        assert_eq!(write_kmz(&it), write_kmz(&it.clone()));
        assert_ne!(write_kmz(&later).map(|it| fingerprint(&it)), Ok(fingerprint(&bytes)));
    }
    let bytes = write_kmz(&route(Heights::AboveEllipsoid { ground_m: 22.0 })).expect("writable");
    assert_eq!(read_kmz(&bytes, None), Err(WpmlError::NoGround));
}

#[test]
fn the_fingerprint_is_md5_in_small_digits() {
    // RFC 1321, A.5.
    assert_eq!(fingerprint(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
}

#[test]
fn the_pages_own_sample_is_read() {
    let it = read_kmz(&kmz_of(SAMPLE), Some(16.57)).expect("readable");
    assert_eq!(it.points.len(), 2);
    assert!((it.points[0].height_m - 100.0).abs() < 1e-3, "{:?}", it.points);
    assert_eq!((it.speed_mps, it.takeoff_height_m), (10.0, 20.0));
    assert_eq!(it.aircraft, Some(Model { kind: 67, sub_kind: 0 }));
}

#[test]
fn what_is_no_route_is_refused_with_a_remedy() {
    let short = SAMPLE.replace("<wpml:executeHeight>116.57</wpml:executeHeight>", "");
    let above_ground = SAMPLE.replace("WGS84", "realTimeFollowSurface");
    let cases: [(Vec<u8>, WpmlError); 3] = [
        (kmz_of(&short), WpmlError::Point(0)),
        (kmz_of(&above_ground), WpmlError::Heights("realTimeFollowSurface".into())),
        (vec![0; MAX_BYTES + 1], WpmlError::TooLarge(MAX_BYTES + 1)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read_kmz(&bytes, Some(0.0)), Err(expected.clone()));
        assert!(!expected.remedy().is_empty());
    }
    assert!(matches!(read_kmz(b"PK", None), Err(WpmlError::Archive(_))));
    assert!(matches!(read_kmz(&kmz_of("<kml>"), None), Err(WpmlError::Xml(..))));
    let mut one = route(Heights::AboveTakeoff);
    one.points.truncate(1);
    assert_eq!(write_kmz(&one), Err(WpmlError::Points(1)));
    let mut nowhere = route(Heights::AboveTakeoff);
    nowhere.points[1].height_m = f32::NAN;
    assert_eq!(write_kmz(&nowhere), Err(WpmlError::Point(1)));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bytes = kmz_of(&" ".repeat(MAX_PART_BYTES as usize + 10));
    assert!(bytes.len() < MAX_BYTES, "{}", bytes.len());
    assert!(matches!(read_kmz(&bytes, None), Err(WpmlError::Archive(_))));
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read_kmz(&bytes, Some(0.0)).is_err());
        let _ = read_kmz(&kmz_of(&String::from_utf8_lossy(&bytes)), Some(0.0));
    }

    /// An honest file cut, doubled, with a stretch moved, a byte changed, or its text in the wrong encoding.
    #[test]
    fn damaged_honesty_is_survived(cut in 0..SAMPLE.len(), from in 0..SAMPLE.len(), flip in any::<u8>()) {
        let text = SAMPLE.as_bytes();
        let moved = [&text[from.max(cut)..], &text[..from.min(cut)]].concat();
        let mut flipped = text.to_vec();
        flipped[cut] ^= flip;
        let doubled = [text, text].concat();
        let (gbk, _, _) = encoding_rs::GBK.encode(SAMPLE);
        for it in [&text[..cut], &moved, &flipped, &doubled, &gbk] {
            let _ = read_kmz(&kmz_of(&String::from_utf8_lossy(it)), Some(0.0));
        }
        let file = write_kmz(&route(Heights::AboveTakeoff)).expect("writable");
        let at = cut % file.len();
        let mut flipped = file.clone();
        flipped[at] ^= flip;
        let moved = [&file[at..], &file[..at]].concat();
        for it in [&file[..at], &flipped, &moved, &[&file[..], &file[..]].concat()] {
            let _ = read_kmz(it, Some(0.0));
        }
    }
}
