//! DJI Cloud API over MQTT: aircraft `osd` and the docks' topology. A dock's `requests` are answered (without an answer it
//! waits forty seconds before take-off), and events are acknowledged when they say `need_reply`.

use super::{News, mqtt::Decoded, names};
use gulang_city::{Fix, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    tid: String,
    #[serde(default)]
    bid: String,
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    method: String,
    #[serde(default)]
    need_reply: u8,
    #[serde(default)]
    data: Value,
}

/// `thing|sys/product/{sn}/{kind}`; `is_reply` for the longer topics that are answers to us or ours.
pub fn decode(sn: &str, kind: &str, is_deeper: bool, payload: &[u8]) -> Result<Decoded, String> {
    let mut decoded = Decoded { platform: names::DRONES, ..Decoded::default() };
    if is_deeper || !matches!(kind, "osd" | "requests" | "events" | "status") {
        return Ok(Decoded::default());
    }
    let envelope: Envelope = serde_json::from_slice(payload).map_err(|why| why.to_string())?;
    match kind {
        "osd" => {
            if let Some(fix) = osd(&envelope)? {
                decoded.news.push(News::Drone { drone: sn.into(), fix });
            }
        }
        "requests" => decoded.replies.push((format!("thing/product/{sn}/requests_reply"), reply(&envelope))),
        "events" if envelope.need_reply == 1 => {
            decoded.replies.push((format!("thing/product/{sn}/events_reply"), reply(&envelope)))
        }
        "status" => decoded.replies.push((format!("sys/product/{sn}/status_reply"), reply(&envelope))),
        _ => {}
    }
    Ok(decoded)
}

/// An aircraft's fix; `None` for a dock's osd, which has no battery of its own.
fn osd(envelope: &Envelope) -> Result<Option<Fix>, String> {
    let data = &envelope.data;
    if data.get("cover_state").is_some() || data.get("drone_in_dock").is_some() {
        return Ok(None);
    }
    let number = |key: &str| data[key].as_f64();
    let (Some(lon), Some(lat)) = (number("longitude"), number("latitude")) else {
        return Err("没有经纬度".into());
    };
    Ok(Some(Fix {
        lon,
        lat,
        // Above the take-off point; `height` is above the ellipsoid and would read wrong by the geoid.
        height: number("elevation").or(number("height")).unwrap_or(0.0) as f32,
        heading: number("attitude_head").map_or(f32::NAN, |it| it.rem_euclid(360.0) as f32),
        speed: number("horizontal_speed").unwrap_or(0.0) as f32,
        battery: data["battery"]["capacity_percent"].as_f64().map_or(f32::NAN, |it| it as f32),
        mode: data["mode_code"].as_u64().and_then(|it| u8::try_from(it).ok()).unwrap_or(0),
        at: Timestamp(envelope.timestamp),
    }))
}

fn reply(envelope: &Envelope) -> String {
    let output = if envelope.method == "flight_areas_get" { json!({ "files": [] }) } else { json!({}) };
    json!({
        "tid": envelope.tid, "bid": envelope.bid, "timestamp": envelope.timestamp, "method": envelope.method,
        "data": { "result": 0, "output": output },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn osd_becomes_a_fix_and_requests_are_answered() -> Result<(), String> {
        let osd = br#"{"tid":"t","bid":"b","timestamp":1690000000000,"gateway":"G","data":{"mode_code":5,"longitude":118.1,"latitude":24.5,
            "height":120.5,"elevation":100.0,"attitude_head":-90,"horizontal_speed":12.5,"battery":{"capacity_percent":77}}}"#;
        let decoded = decode("SN1", "osd", false, osd)?;
        assert!(
            matches!(&decoded.news[..], [News::Drone { fix, .. }] if fix.heading == 270.0 && fix.battery == 77.0 && fix.mode == 5)
        );
        let decoded = decode(
            "D1",
            "requests",
            false,
            br#"{"tid":"t9","bid":"b","method":"flight_areas_get","timestamp":3,"data":{}}"#,
        )?;
        assert_eq!(decoded.replies[0].0, "thing/product/D1/requests_reply");
        assert!(decoded.replies[0].1.contains("\"result\":0") && decoded.replies[0].1.contains("t9"));
        let quiet = decode("D1", "events", false, br#"{"need_reply":0,"data":{}}"#)?;
        assert!(quiet.replies.is_empty());
        Ok(())
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode("SN1", "osd", false, &bytes);
        }
    }
}
