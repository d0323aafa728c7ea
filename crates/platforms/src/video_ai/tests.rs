//! Honest messages, dishonest ones, and pictures that are none.

use super::*;
use gulang_city::Timestamp;
use proptest::prelude::*;

/// The smallest JPEG head with a frame of 640 × 480, and an end.
fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8];
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend([1, 1, 0x11, 0, 0xff, 0xda, 0, 2, 1, 2, 3, 4, 0xff, 0xd9]);
    bytes
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 2, 0, 0, 0, 1, 2, 3, 4]);
    bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

fn event(id: &str, picture: PictureAt) -> AiEvent {
    let report = DetectionReport {
        event: id.into(),
        kind: "zhandao_jingying".into(),
        camera: "c00001".into(),
        at: Timestamp(1_795_138_200_000),
        place: Some(LonLat(118.1, 24.5)),
        boxes: vec![DetectionBox { x: 0.125, y: 0.25, w: 0.5, h: 0.375 }],
        confidence: 0.875,
        picture: None,
        model: "示例 1.0".into(),
    };
    AiEvent { report, picture }
}

#[test]
fn a_page_is_read_as_written_and_codes_go_by_their_table() {
    let events = [
        event("1", PictureAt::Url("/p/1.jpg".into())),
        event("2", PictureAt::Bytes(jpeg(640, 480))),
        event("3", PictureAt::Nowhere),
    ];
    let written = write_page(&events, "9", true, true).to_string();
    let page = decode(written.as_bytes(), &Codes::default()).unwrap();
    assert_eq!(page, AiPage { events: events.to_vec(), refused: vec![], cursor: Some("9".into()), more: true });

    let theirs = r#"{"id": 77, "type": "0103", "cameraId": "35020001", "time": "2026-11-20 09:30:00", "confidence": "0.9",
        "boxes": [{"x": 0.1, "y": 0.1, "w": 0.2, "h": 0.2}], "model": {"name": "stall", "version": "3.1"}}"#;
    let codes = Codes {
        kinds: [("0103".to_owned(), Text::from("liudong_tanfan"))].into(),
        cameras: [("35020001".to_owned(), Text::from("c00002"))].into(),
    };
    for whole in [theirs.to_owned(), format!("[{theirs}]"), format!("{{\"events\": [{theirs}]}}")] {
        let page = decode(whole.as_bytes(), &codes).unwrap();
        let it = &page.events[0].report;
        let named = (&*it.event, &*it.kind, it.camera.as_str(), &*it.model);
        assert_eq!(named, ("77", "liudong_tanfan", "c00002", "stall 3.1"));
        assert_eq!(it.at, Timestamp(1_795_138_200_000));
    }
}

#[test]
fn one_wrong_entry_costs_only_itself() {
    let good = write_event(&event("1", PictureAt::Nowhere), false).to_string();
    let wrong = [
        r#"{"type":"a","cameraId":"c","time":1,"confidence":1}"#,
        r#"{"id":"1","type":"a","cameraId":"c","time":"soon","confidence":1}"#,
        r#"{"id":"1","type":"a","cameraId":"c","time":1}"#,
        r#"{"id":"1","type":"a","cameraId":"c","time":1,"confidence":1,"boxes":[[1,2,3]]}"#,
        r#"{"id":"1","type":"a","cameraId":"c","time":1,"confidence":1,"boxes":"all"}"#,
        "7",
    ];
    let page = decode(format!("[{},{good}]", wrong.join(",")).as_bytes(), &Codes::default()).unwrap();
    assert_eq!((page.events.len(), page.refused.len()), (1, wrong.len()));
    assert!(page.refused.iter().all(|it| !it.why.is_empty() && it.what.chars().count() <= 200));

    let many = vec![good; MAX_EVENTS + 5].join(",");
    let page = decode(format!("[{many}]").as_bytes(), &Codes::default()).unwrap();
    assert_eq!((page.events.len(), page.refused[0].what.as_str()), (MAX_EVENTS, "5 条"));
}

#[test]
fn another_encoding_and_a_refusal_say_what_they_are() {
    let (gbk, _, _) = encoding_rs::GBK.encode(r#"{"id": "占道"}"#);
    assert_eq!(decode(&gbk, &Codes::default()), Err(VideoAiError::Encoding));
    let refused = decode(r#"{"code": 401, "msg": "令牌过期"}"#.as_bytes(), &Codes::default()).unwrap_err();
    assert_eq!(refused, VideoAiError::Code { code: 401, msg: "令牌过期".into() });
    assert!(refused.remedy().contains("令牌"));
}

#[test]
fn a_picture_is_whole_and_of_a_size_or_none() {
    assert_eq!(look_at(&jpeg(640, 480)), Ok(PictureSize { kind: PictureKind::Jpeg, width: 640, height: 480 }));
    assert_eq!(look_at(&png(640, 480)), Ok(PictureSize { kind: PictureKind::Png, width: 640, height: 480 }));
    let (mut cut, whole) = (jpeg(640, 480), png(640, 480));
    cut.truncate(cut.len() - 2);
    assert_eq!(look_at(&cut), Err(PictureError::Cut));
    assert_eq!(look_at(&whole[..whole.len() - 1]), Err(PictureError::Cut));
    assert_eq!(look_at(b"<html>504</html>"), Err(PictureError::NoPicture));
    for bomb in [jpeg(65_000, 2), jpeg(0, 480), png(100_000, 1), png(8000, 8000)] {
        assert!(matches!(look_at(&bomb), Err(PictureError::Size { .. })));
    }
    let mut large = jpeg(640, 480);
    large.resize(MAX_PICTURE_BYTES + 1, 0);
    assert!(matches!(look_at(&large), Err(PictureError::TooLarge { .. })));
    // 100 MB in the message itself.
    let entry = format!(
        r#"{{"id":"1","type":"a","cameraId":"c","time":1,"confidence":1,"pictureBase64":"{}"}}"#,
        "A".repeat(3_000_000)
    );
    let page = decode(entry.as_bytes(), &Codes::default()).unwrap();
    assert!(matches!(&page.events[0].picture, PictureAt::Unreadable(why) if why.contains("超过")));
}

#[test]
fn verdicts_are_read_as_written() {
    let verdict = |said, reason: &str| Verdict {
        key: "gulang-x-detection-1-v2".into(),
        event: "7".into(),
        said,
        reason: reason.into(),
        at: Timestamp(5),
        kind: "a".into(),
        camera: "c".into(),
        n_judged: 10,
        n_false: 9,
    };
    let all = vec![verdict(Said::FalseAlarm, "light"), verdict(Said::Withdrawn, ""), verdict(Said::Confirmed, "")];
    let written = write_verdicts(&all, true).to_string();
    assert_eq!(read_verdicts(written.as_bytes()), Ok((all, true)));
    assert!(read_verdicts(br#"{"verdicts": []}"#).is_err(), "whose realm it is must be said");
}

proptest! {
    #[test]
    fn base64_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = encode_base64(&bytes);
        prop_assert_eq!(decode_base64(&text), Some(bytes.clone()));
        prop_assert_eq!(decode_base64(&format!("data:image/jpeg;base64,{text}\n")), Some(bytes));
    }

    #[test]
    fn garbage_is_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), text in ".{0,80}") {
        let _ = (decode(&bytes, &Codes::default()), look_at(&bytes), read_verdicts(&bytes), decode_base64(&text));
        for head in [&[0xff, 0xd8, 0xff][..], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"] {
            let _ = look_at(&[head, &bytes[..], &[0xff, 0xd9]].concat());
        }
    }

    #[test]
    fn honest_bytes_in_disorder(cut in 0usize..600, wrong: u8, at in 0usize..600, is_doubled: bool) {
        let mut bytes = write_page(&[event("1", PictureAt::Bytes(jpeg(64, 48)))], "2", false, true).to_string().into_bytes();
        let n = bytes.len();
        bytes[at % n] = wrong;
        bytes.truncate(n - cut % n);
        if is_doubled {
            let again = bytes.clone();
            bytes.extend(again);
        }
        if let Ok(page) = decode(&bytes, &Codes::default()) {
            prop_assert!(page.events.len() + page.refused.len() <= 2);
        }
    }
}
