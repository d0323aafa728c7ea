use super::*;
use crate::Heard;
use gulang_city::{Command, DistrictId, Hazard, Realm, WarningColor};
use proptest::prelude::*;

/// Made for this test after the example of OASIS CAP-V1.2 appendix A, with the names of the Chinese profile.
const ALERT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>35020041600000_20230727100000_1</identifier><sender>xm.qx@12379.cn</sender>
  <sent>2023-07-27T10:00:00+08:00</sent><status>Exercise</status><msgType>Update</msgType><scope>Public</scope>
  <references>xm.qx@12379.cn,35020041600000_20230727080000_1,2023-07-27T08:00:00+08:00</references>
  <info><language>en-US</language><event>Typhoon</event><severity>Minor</severity><headline>Typhoon</headline></info>
  <info><language>zh-CN</language><category>Met</category><event>台风</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Observed</certainty>
    <eventCode><valueName>12379</valueName><value>11B01</value></eventCode>
    <effective>2023-07-27T10:00:00+08:00</effective><expires>2023-07-28T10:00:00+08:00</expires>
    <senderName>厦门市气象台</senderName><headline>厦门市气象台发布台风红色预警信号</headline>
    <parameter><valueName>severity</valueName><value>Red</value></parameter>
    <resource><resourceDesc>图</resourceDesc><mimeType>image/png</mimeType><uri>http://example.invalid/a.png</uri></resource>
    <area><areaDesc>思明区</areaDesc><polygon>24.40,118.05 24.40,118.15 24.50,118.15 24.50,118.05 24.40,118.05</polygon></area>
    <area><areaDesc>海域</areaDesc><circle>24.30,118.40 5</circle>
      <geocode><valueName>GB/T 2260</valueName><value>350211000000</value></geocode></area>
  </info>
</alert>"#;

fn zones() -> Vec<Zone> {
    let zone = |id: &str, lon, lat| Zone { district: id.into(), places: vec![LonLat(lon, lat)] };
    vec![zone("350203", 118.10, 24.45), zone("350211", 118.10, 24.60), zone("350212", 118.20, 24.75)]
}

fn told(text: &str, realm: Realm) -> Heard {
    let zones = zones();
    let about = Meaning { realm, division: "350200", zones: &zones };
    meaning(&read_alert(text.as_bytes()).expect("an alert"), about)
}

#[test]
fn an_update_replaces_and_speaks_of_the_districts_its_shapes_and_codes_cover() {
    let heard = told(ALERT, Realm::Exercise);
    let [Command::IssueWarning { warning }, Command::CancelWarning { warning: old }] = &heard.commands[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((warning.color, warning.hazard, warning.exercise), (WarningColor::Red, Hazard::Typhoon, true));
    assert_eq!(&*warning.headline, "厦门市气象台发布台风红色预警信号");
    assert_eq!(warning.sent_at.to_beijing_text(), "2023-07-27 10:00:00");
    assert_eq!(warning.expires_at.to_beijing_text(), "2023-07-28 10:00:00");
    assert_eq!(warning.districts, ["350203", "350211"].map(DistrictId::from));
    assert_eq!(old.as_str(), "35020041600000_20230727080000_1");
}

#[test]
fn realm_test_draft_and_acknowledgement_are_refused_with_their_reason() {
    let refused = |text: &str, realm, word: &str| {
        let heard = told(text, realm);
        assert!(heard.commands.is_empty() && heard.refused.len() == 1, "{heard:?}");
        assert!(heard.refused[0].why.contains(word), "{heard:?}");
    };
    refused(ALERT, Realm::Actual, "演练");
    refused(&ALERT.replace(">Exercise<", ">Actual<"), Realm::Exercise, "实战");
    for (status, word) in [("Test", "测试"), ("System", "系统"), ("Draft", "草稿")] {
        refused(&ALERT.replace(">Exercise<", &format!(">{status}<")), Realm::Exercise, word);
    }
    refused(&ALERT.replace(">Update<", ">Ack<"), Realm::Exercise, "回执");
    refused(&ALERT.replace(">Update<", ">Error<"), Realm::Exercise, "报错");
    refused(
        &ALERT
            .replace("350211000000", "350500000000")
            .replace("24.40,118.05", "20.40,118.05")
            .replace("24.50,118.15", "20.1,118.2")
            .replace("24.50,118.05", "20.2,118.05")
            .replace("24.40,118.15", "20.4,118.2"),
        Realm::Exercise,
        "本市",
    );
}

#[test]
fn a_cancel_names_what_it_cancels() {
    let cancel = ALERT.replace(">Update<", ">Cancel<");
    assert!(matches!(&told(&cancel, Realm::Exercise).commands[..], [Command::CancelWarning { .. }]));
    let blind = cancel.replace("xm.qx@12379.cn,35020041600000_20230727080000_1,2023-07-27T08:00:00+08:00", "");
    assert_eq!(told(&blind, Realm::Exercise).refused.len(), 1);
}

#[test]
fn a_code_of_the_city_or_the_province_means_all_of_it() {
    for code in ["350200000000", "350000"] {
        let heard = told(&ALERT.replace("350211000000", code), Realm::Exercise);
        assert!(
            matches!(&heard.commands[0], Command::IssueWarning { warning } if warning.districts.is_empty()),
            "{code}"
        );
    }
}

#[test]
fn the_identifier_is_taken_apart_or_its_fault_named() {
    let it = Identifier::parse("35020041600100_20230726090000_1").expect("an identifier");
    assert_eq!((it.division.as_str(), it.agency.as_str(), it.serial), ("350200", "416", 1));
    assert_eq!(it.sent.to_beijing_text(), "2023-07-26 09:00:00");
    for (bad, fault) in [
        ("3502004160010_20230726090000_1", IdentifierFault::Length(30)),
        ("35020041600100_20231326090000_1", IdentifierFault::Time("20231326090000".into())),
        ("35020041600100-20230726090000-1", IdentifierFault::Separators),
        ("3502A041600100_20230726090000_1", IdentifierFault::Digits("区划")),
    ] {
        assert_eq!(Identifier::parse(bad), Err(fault), "{bad}");
    }
}

#[test]
fn gb18030_documents_are_read_and_a_wrong_declaration_is_told() {
    let text = ALERT.replace("UTF-8", "GB18030");
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let alert = read_alert(&bytes).expect("an alert");
    assert_eq!(alert.info().map(|it| it.event.as_str()), Some("台风"));
    // Says UTF-8, is not.
    let (bytes, _, _) = encoding_rs::GB18030.encode(ALERT);
    assert!(matches!(read_alert(&bytes), Err(CapError::Encoding(_))));
}

#[test]
fn a_bomb_is_not_lit() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY a "&lol;&lol;&lol;">]>
        <alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&a;</identifier></alert>"#;
    assert_eq!(read_alert(bomb.as_bytes()), Err(CapError::Entities));
    let deep = format!(r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{}"#, "<info>".repeat(10_000));
    assert!(read_alert(deep.as_bytes()).is_err());
    assert!(matches!(read_alert(&vec![b' '; MAX_ALERT_BYTES + 1]), Err(CapError::TooLarge { .. })));
}

#[test]
fn lists_of_every_form_name_their_alerts() {
    let ids = |text: &str| {
        let listed = read_index(text.as_bytes()).expect("a list");
        listed.iter().map(|it| format!("{} {}", it.identifier, it.url)).collect::<Vec<_>>()
    };
    assert_eq!(ids(r#"{"alerts":[{"identifier":"a","url":"/cap/a.xml"}]}"#), ["a /cap/a.xml"]);
    assert_eq!(ids(r#"["b.xml"]"#), ["b b.xml"]);
    let atom = r#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><entry><id>c</id>
        <link href="http://x/c.html"/><link type="application/cap+xml" href="http://x/c.xml"/><updated>u</updated></entry></feed>"#;
    assert_eq!(ids(atom), ["c http://x/c.xml"]);
    let rss = "<rss><channel><title>t</title><item><guid>d</guid><link>http://x/d.xml</link></item></channel></rss>";
    assert_eq!(ids(rss), ["d http://x/d.xml"]);
    let folder = r#"<!DOCTYPE html><html><body><a href="../">..</a><br><a href="e.xml">e</a></body></html>"#;
    assert_eq!(ids(folder), ["e e.xml"]);
    assert!(read_index(b"hello").is_err() && read_index(br#"{"x":1}"#).is_err());
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_alert(&bytes);
        let _ = read_index(&bytes);
    }

    /// Cut, with a byte flipped, doubled, in another encoding: an alert or an error, and of the right realm if one.
    #[test]
    fn damage_is_survived(at in 0..ALERT.len(), byte in any::<u8>(), cut in 0..ALERT.len(), twice in any::<bool>()) {
        let mut bytes = ALERT.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = read_index(&bytes);
        if twice {
            bytes.extend_from_slice(ALERT.as_bytes());
        }
        for bytes in [&bytes[..], &bytes[..cut], &encoding_rs::GBK.encode(ALERT).0[..]] {
            if let Ok(alert) = read_alert(bytes) {
                let zones = zones();
                let heard = meaning(&alert, Meaning { realm: Realm::Actual, division: "350200", zones: &zones });
                // Only the damage itself can have made it an actual one.
                prop_assert!(heard.commands.is_empty() || alert.status == Status::Actual);
            }
        }
    }
}
