use super::*;
use gulang_city::{
    CaseAsk, CaseKind, CaseStep, FoundCase, LonLat, News, OwnCaseId, StreetCallState, Text, Timestamp, WarningColor,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn platform() -> PlatformId {
    "yunguanfu".into()
}

fn case() -> Value {
    json!({"recId": 7, "title": "积水", "districtId": "350203", "unitId": "csgl", "coordinatex": "118.1",
        "coordinatey": 24.5, "level": 2, "stage": "3", "createTime": "2023-07-26 08:00:00", "recType": "part"})
}

#[test]
fn an_error_code_under_http_200_is_a_failure() {
    let error = read_reply(br#"{"code":500,"msg":"busy","data":{}}"#);
    assert!(matches!(error, Err(EgovaError::Code { code: 500, .. })));
    assert!(read_reply(br#"{"msg":"no code"}"#).is_err());
    assert!(read_reply(br#"{"code":"0"}"#).is_err());
}

#[test]
fn a_bad_item_is_refused_alone() {
    let mut absurd = case();
    absurd["coordinatex"] = json!(900.0);
    let data = json!({"items": [case(), absurd, 3], "cursor": 12, "more": true});
    let page = read_page(&data, |it| read_case(it, &platform()), &platform()).expect("a page");
    let [Command::ReportCase { report, stage, .. }, Command::RefuseMessage { .. }, Command::RefuseMessage { .. }] =
        &page.commands[..]
    else {
        panic!("{:?}", page.commands);
    };
    assert_eq!((&*report.external, *stage), ("7", gulang_city::CaseStage::Dispatched));
    assert_eq!((page.cursor.as_str(), page.more), ("12", true));
}

#[test]
fn answers_to_applications_come_among_the_cases() {
    let item = json!({"action": "REPLY_POSTPONE", "recId": "7", "allowed": false, "reason": "材料不足",
        "actTime": "2023-07-26 09:00:00"});
    let Ok(Command::ReportCaseReply { external, reply, .. }) = read_case(&item, &platform()) else {
        panic!("no reply");
    };
    assert_eq!((&*external, reply.ask, reply.allowed), ("7", CaseAsk::Postpone, false));
    for (key, value) in [("allowed", Value::Null), ("actTime", json!("昨天")), ("recId", Value::Null)] {
        let mut item = item.clone();
        item[key] = value;
        assert!(read_case(&item, &platform()).is_err(), "{key}");
    }
}

#[test]
fn a_notice_that_contradicts_itself_or_is_not_ours_is_refused() {
    let item = json!({"noticeId": "gulang-a-3-1", "orderId": 3, "definitionVersion": "1", "status": "signed"});
    assert!(read_notice(&item, "gulang-a-").is_ok());
    assert!(read_notice(&item, "gulang-x-").is_err());
    for (key, value) in [("orderId", json!(900_000_003)), ("definitionVersion", json!(0))] {
        let mut item = item.clone();
        item[key] = value;
        let why = read_notice(&item, "gulang-a-").err().unwrap_or_default();
        assert!(why.contains(key), "{why}");
    }
}

#[test]
fn a_token_is_read_and_never_shown() {
    let token = read_token(br#"{"access_token":"hunter2","expires_in":7200}"#).expect("a token");
    assert_eq!((token.value.as_str(), token.lives_s), ("hunter2", 7200));
    assert!(!format!("{token:?}").contains("hunter2"));
    let inside = read_token(br#"{"code":0,"data":{"token":"hunter2"}}"#).expect("a token");
    assert_eq!((inside.value.as_str(), inside.lives_s), ("hunter2", 600));
    assert!(matches!(read_token(br#"{"code":401,"msg":"no"}"#), Err(EgovaError::Code { code: 401, .. })));
    let error = read_token(br#"{"acces_token":"hunter2"}"#).expect_err("misspelt");
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn a_case_found_here_is_reported_with_its_place_and_picture() {
    let found = FoundCase {
        detection: Some(3),
        kind: CaseKind::Event,
        title: "占道经营".into(),
        address: "湖滨南路".into(),
        at: LonLat(118.1, 24.5),
        district: "350203".into(),
        agency: "csgl".into(),
        color: WarningColor::Yellow,
        media: vec!["a.jpg".into()],
    };
    let at = Timestamp::parse("2026-11-22 10:00:00").expect("a time");
    let news = News::CaseFound { own: OwnCaseId(5), found: Box::new(found), at };
    let (action, data) = wire_of(&news);
    assert_eq!((action, data["caseId"].as_str(), data["level"].as_i64()), ("REPORT", Some("5"), Some(3)));
    assert_eq!(data["registerTime"], "2026-11-22 10:00:00");
    assert_eq!(media_of(&news), ("上报", &[Text::from("a.jpg")][..]));
    assert_eq!(read_taken(&json!({"recId": 88, "taskNum": "T1"})).map(|it| it.rec_id), Ok("88".to_owned()));
    assert!(read_taken(&json!({"recId": ""})).is_err());
    let step = News::CaseStepped {
        external: "7".into(),
        step: CaseStep::Check { passed: false },
        note: "仍有".into(),
        media: vec![],
    };
    let (action, data) = wire_of(&step);
    assert_eq!((action, data["passed"].as_bool(), data["recId"].as_str()), ("CHECK_FEEDBACK", Some(false), Some("7")));
}

#[test]
fn small_pictures_go_inside_and_large_ones_are_uploaded() {
    assert_eq!(attachment("a.jpg", "上报", b"abc", None)["content"], "YWJj");
    let by_path = attachment("a.jpg", "上报", b"abc", Some("/m/1"));
    assert_eq!((by_path["mediaPath"].as_str(), by_path.get("content")), (Some("/m/1"), None));
    assert!(upload("a", "上报", &vec![0; INLINE_BYTES]).is_none());
    assert!(upload("a", "上报", &vec![0; INLINE_BYTES + 1]).is_some());
    assert!(upload("a", "上报", &vec![0; MAX_MEDIA_BYTES + 1]).is_none());
}

#[test]
fn a_process_is_told_in_steps() {
    let info = json!({"medias": [{"mediaPath": "/m/1.jpg"}, {}]});
    let process = json!({"steps": [{"actName": "派遣", "actTime": "2026-11-22 10:00:00", "unitName": "市执法局"}]});
    let told = read_process(&info, &process).expect("a process");
    assert_eq!((told.steps.len(), told.steps[0].what.as_str(), told.media.len()), (1, "派遣", 1));
    assert!(read_process(&info, &json!({})).is_err());
}

#[test]
fn a_call_is_told_with_its_stream() {
    let word = read_call(&json!({"state": "answered", "stream": {"url": "rtsp://h/1"}})).expect("a word");
    assert_eq!((word.state, word.stream.as_deref()), (StreetCallState::Answered, Some("rtsp://h/1")));
    assert_eq!(read_call(&json!({"state": "ringing", "stream": {"url": "x"}})).map(|it| it.stream), Ok(None));
    assert!(read_call(&json!({"state": "dancing"})).is_err());
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_token(&bytes);
        if let Ok(data) = read_reply(&bytes) {
            let _ = read_page(&data, read_evacuation, &platform());
        }
    }

    /// Honest bytes cut, doubled, in another order, in another encoding: an error or the same cases, never others.
    #[test]
    fn damaged_pages_tell_no_other_cases(cut in 0usize..400, doubled in any::<bool>(), swapped in any::<bool>(), gbk in any::<bool>()) {
        let mut items = vec![case(), case()];
        items[1]["recId"] = json!(8);
        if swapped {
            items.reverse();
        }
        let text = json!({"code": 0, "msg": "ok", "data": {"items": items, "cursor": "c", "more": false}}).to_string();
        let mut bytes = if gbk { encoding_rs::GBK.encode(&text).0.into_owned() } else { text.into_bytes() };
        let n = bytes.len();
        bytes.truncate(n - cut.min(n));
        if doubled {
            bytes.extend_from_slice(&bytes.clone());
        }
        let page = read_reply(&bytes).and_then(|data| read_page(&data, |it| read_case(it, &platform()), &platform()));
        if let Ok(page) = page {
            for command in &page.commands {
                let Command::ReportCase { report, .. } = command else { continue };
                prop_assert!(["7", "8"].contains(&&*report.external));
                prop_assert!(&*report.title == "积水");
            }
        }
    }
}
