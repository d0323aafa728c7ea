//! WVP-GB28181-pro's REST interface: what it answers, and what it is asked.
//!
//! Source: the paths, the wrapper `{code, msg, data}` with its codes and the stream object as its controllers
//! (github.com/648540858/wvp-GB28181-pro @768d740) have them. Names of a device's and a channel's fields changed between its
//! releases; both spellings are read. No conformity to GB/T 28181 itself is claimed: WVP speaks it, not we.

use crate::value::{number_of, text_of};
use gulang_city::LonLat;
use serde_json::{Value, json};

/// A longer answer is not read.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Why an answer is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WvpError {
    #[error("WVP 返回 {code}：{msg}")]
    Code { code: i64, msg: String },
    #[error("WVP 的应答读不懂：{0}")]
    Unreadable(String),
    #[error("WVP 没有给出可用的播放地址")]
    NoAddress,
}

impl WvpError {
    /// What the operator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Code { code: 400, .. } => "核对设备编号和通道编号（20 位国标编码）",
            Self::Code { code: 401 | 403, .. } => "WVP 令牌无效或过期：更换 secrets 中的 token",
            Self::Code { code: 404, .. } => "设备或通道不在 WVP 中：核对国标编号，或在 WVP 中同步通道",
            Self::Code { code: 408, .. } => "摄像机没有按时应答：检查摄像机是否在线、网络是否通",
            Self::Code { code: 486, .. } => {
                "摄像机没有应答呼叫：可能正忙或离线，稍后会再试；长期如此请联系视频专网值守"
            }
            Self::Code { code: 500, .. } => "WVP 内部出错：查看 WVP 日志，确认流媒体服务在运行",
            Self::Code { .. } => "联系 WVP 平台值守",
            Self::Unreadable(_) => "核对地址是否指向 WVP 的接口、版本是否相符",
            Self::NoAddress => "检查 WVP 的流媒体节点是否开放 RTSP 或 HTTP-FLV",
        }
    }

    /// Asking again soon may help.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Code { code: 100 | 408 | 486 | 500, .. })
    }
}

/// What `play/start` gives: addresses of one and the same stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamInfo {
    pub app: String,
    pub stream: String,
    pub rtsp: Option<String>,
    pub rtmp: Option<String>,
    pub flv: Option<String>,
    pub ts: Option<String>,
    pub hls: Option<String>,
}

impl StreamInfo {
    /// The one with the least delay that the eyes can open.
    pub fn best(&self) -> Option<&str> {
        let by_delay = [&self.rtsp, &self.rtmp, &self.flv, &self.ts, &self.hls];
        by_delay.into_iter().find_map(|it| it.as_deref())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: String,
    pub name: String,
    pub online: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub device: String,
    pub id: String,
    pub name: String,
    pub online: bool,
    /// A dome or a remote-controlled one.
    pub can_turn: bool,
    /// As WVP has it; its frame of reference is the city's to know.
    pub at: Option<LonLat>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub total: u64,
    pub list: Vec<T>,
    /// Entries that could not be used.
    pub n_unreadable: usize,
}

/// The wrapper's inside.
fn opened(bytes: &[u8]) -> Result<Value, WvpError> {
    if bytes.len() > MAX_BYTES {
        return Err(WvpError::Unreadable(format!("{} 字节", bytes.len())));
    }
    let mut value: Value = serde_json::from_slice(bytes).map_err(|why| WvpError::Unreadable(why.to_string()))?;
    let code = value.get("code").and_then(number_of).ok_or_else(|| WvpError::Unreadable("没有 code".into()))?;
    if code != 0.0 {
        let msg = value.get("msg").and_then(text_of).unwrap_or_default();
        return Err(WvpError::Code { code: code as i64, msg: msg.chars().take(200).collect() });
    }
    Ok(value.get_mut("data").map(Value::take).unwrap_or_default())
}

/// The answer to `play/start`.
pub fn read_stream(bytes: &[u8]) -> Result<StreamInfo, WvpError> {
    let data = opened(bytes)?;
    let text = |key: &str| data.get(key).and_then(text_of).filter(|it| !it.is_empty());
    let begins =
        |key: &str, schemes: &[&str]| text(key).filter(|it| schemes.iter().any(|scheme| it.starts_with(scheme)));
    let web = ["http://", "https://"];
    let info = StreamInfo {
        app: text("app").unwrap_or_default(),
        stream: text("stream").unwrap_or_default(),
        rtsp: begins("rtsp", &["rtsp://", "rtsps://"]),
        rtmp: begins("rtmp", &["rtmp://"]),
        flv: begins("flv", &web),
        ts: begins("ts", &web),
        hls: begins("hls", &web),
    };
    if info.best().is_none() {
        return Err(WvpError::NoAddress);
    }
    Ok(info)
}

/// An answer whose only news is whether it went well.
pub fn read_done(bytes: &[u8]) -> Result<(), WvpError> {
    opened(bytes).map(drop)
}

pub fn read_devices(bytes: &[u8]) -> Result<Page<Device>, WvpError> {
    page(&opened(bytes)?, |it| {
        Some(Device {
            id: text(it, &["deviceId"])?,
            name: text(it, &["customName", "name"]).unwrap_or_default(),
            online: is_on(it, &["online", "onLine"]),
        })
    })
}

/// The channels of `device`.
pub fn read_channels(bytes: &[u8], device: &str) -> Result<Page<Channel>, WvpError> {
    page(&opened(bytes)?, |it| {
        let degrees =
            |keys: &[&str]| keys.iter().find_map(|key| it.get(*key).and_then(number_of)).filter(|it| *it != 0.0);
        let at = degrees(&["gbLongitude", "longitude"]).zip(degrees(&["gbLatitude", "latitude"]));
        let kind = ["ptzType", "PTZType", "gbPtzType"].iter().find_map(|key| it.get(*key).and_then(number_of));
        Some(Channel {
            device: device.to_owned(),
            // Older releases call it channelId and have the device's in deviceId; newer ones the other way about.
            id: text(it, &["channelId", "gbDeviceId"]).or_else(|| text(it, &["deviceId"]).filter(|id| id != device))?,
            name: text(it, &["gbName", "name"]).unwrap_or_default(),
            online: is_on(it, &["gbStatus", "status"]),
            // 1 dome, 2 half dome, 3 fixed, 4 remote-controlled (GB/T 28181 annex, by WVP's own comment).
            can_turn: kind.is_some_and(|it| it == 1.0 || it == 2.0 || it == 4.0),
            at: at.map(|(lon, lat)| LonLat(lon, lat)).filter(|it| it.0.abs() <= 180.0 && it.1.abs() <= 90.0),
        })
    })
}

fn page<T>(data: &Value, read: impl Fn(&Value) -> Option<T>) -> Result<Page<T>, WvpError> {
    let list = data.get("list").or(Some(data)).and_then(Value::as_array);
    let list = list.ok_or_else(|| WvpError::Unreadable("没有 list".into()))?;
    let read: Vec<T> = list.iter().filter_map(read).collect();
    let total = data.get("total").and_then(number_of).map_or(list.len() as u64, |it| it as u64);
    Ok(Page { total, n_unreadable: list.len() - read.len(), list: read })
}

fn text(it: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| it.get(*key).and_then(text_of).filter(|it| !it.is_empty()))
}

fn is_on(it: &Value, keys: &[&str]) -> bool {
    keys.iter().find_map(|key| it.get(*key)).is_some_and(|it| match it {
        Value::Bool(on) => *on,
        Value::String(text) => matches!(text.to_ascii_uppercase().as_str(), "ON" | "OK" | "TRUE" | "1"),
        other => number_of(other).is_some_and(|it| it != 0.0),
    })
}

// ---------------------------------------------------------------- what it is asked

/// 20 digits in the standard; what some devices have instead is letters, digits, `-` and `_`. Nothing else may be in a path.
pub fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}

pub fn play_path(device: &str, channel: &str) -> String {
    format!("/api/play/start/{device}/{channel}")
}

pub fn stop_path(device: &str, channel: &str) -> String {
    format!("/api/play/stop/{device}/{channel}")
}

pub fn snap_path(device: &str, channel: &str) -> String {
    format!("/api/device/query/snap/{device}/{channel}")
}

pub fn devices_path(page: u32, count: u32) -> String {
    format!("/api/device/query/devices?page={page}&count={count}")
}

pub fn channels_path(device: &str, page: u32, count: u32) -> String {
    format!("/api/device/query/devices/{device}/channels?page={page}&count={count}")
}

/// A hand on a camera, each axis −1 … 1 (right, up and in are positive), as WVP's command; all still is `stop`.
///
/// GB/T 28181 knows eight directions with two speeds, and zoom; of a motion in both ways the directions are sent, since one
/// command has one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ptz {
    pub command: &'static str,
    /// 0 … 255.
    pub horizon: u8,
    /// 0 … 255.
    pub vertical: u8,
    /// 0 … 15.
    pub zoom: u8,
}

impl Ptz {
    pub fn of(pan: f32, tilt: f32, zoom: f32) -> Self {
        /// A hand at rest is never quite still.
        const STILL: f32 = 0.05;
        let way = |it: f32| if !it.is_finite() || it.abs() < STILL { 0 } else { it.signum() as i8 };
        let command = match (way(pan), way(tilt), way(zoom)) {
            (0, 0, 0) => "stop",
            (0, 0, 1..) => "zoomin",
            (0, 0, _) => "zoomout",
            (0, 1.., _) => "up",
            (0, _, _) => "down",
            (1.., 0, _) => "right",
            (1.., 1.., _) => "upright",
            (1.., _, _) => "downright",
            (_, 0, _) => "left",
            (_, 1.., _) => "upleft",
            (_, _, _) => "downleft",
        };
        let speed = |it: f32, most: f32| if way(it) == 0 { 0 } else { (it.abs().min(1.0) * most).round() as u8 };
        Self { command, horizon: speed(pan, 255.0), vertical: speed(tilt, 255.0), zoom: speed(zoom, 15.0) }
    }

    pub fn path(&self, device: &str, channel: &str) -> String {
        let Self { command, horizon, vertical, zoom } = self;
        format!(
            "/api/front-end/ptz/{device}/{channel}?command={command}&horizonSpeed={horizon}&verticalSpeed={vertical}&zoomSpeed={zoom}"
        )
    }

    /// The motion a command means, for whoever plays WVP.
    pub fn motion(command: &str, horizon: u8, vertical: u8, zoom: u8) -> Option<(f32, f32, f32)> {
        let (h, v, z) = (f32::from(horizon) / 255.0, f32::from(vertical) / 255.0, f32::from(zoom.min(15)) / 15.0);
        Some(match command {
            "stop" => (0.0, 0.0, 0.0),
            "left" => (-h, 0.0, 0.0),
            "right" => (h, 0.0, 0.0),
            "up" => (0.0, v, 0.0),
            "down" => (0.0, -v, 0.0),
            "upleft" => (-h, v, 0.0),
            "upright" => (h, v, 0.0),
            "downleft" => (-h, -v, 0.0),
            "downright" => (h, -v, 0.0),
            "zoomin" => (0.0, 0.0, z),
            "zoomout" => (0.0, 0.0, -z),
            _ => return None,
        })
    }
}

// ---------------------------------------------------------------- what it answers, written

pub fn write_code(code: i64, msg: &str) -> Value {
    json!({ "code": code, "msg": msg, "data": null })
}

pub fn write_stream(info: &StreamInfo) -> Value {
    let StreamInfo { app, stream, rtsp, rtmp, flv, ts, hls } = info;
    json!({ "code": 0, "msg": "成功", "data": {
        "app": app, "stream": stream, "rtsp": rtsp, "rtmp": rtmp, "flv": flv, "ts": ts, "hls": hls, "mediaServerId": "simulated",
    } })
}

pub fn write_devices(total: usize, list: &[Device]) -> Value {
    let list: Vec<Value> =
        list.iter().map(|it| json!({ "deviceId": it.id, "name": it.name, "onLine": it.online })).collect();
    json!({ "code": 0, "msg": "成功", "data": { "total": total, "list": list } })
}

pub fn write_channels(total: usize, list: &[Channel]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|it| {
            json!({
                "deviceId": it.device, "channelId": it.id, "name": it.name, "status": if it.online { "ON" } else { "OFF" },
                "ptzType": if it.can_turn { 1 } else { 3 }, "longitude": it.at.map(|at| at.0), "latitude": it.at.map(|at| at.1),
            })
        })
        .collect();
    json!({ "code": 0, "msg": "成功", "data": { "total": total, "list": list } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn info() -> StreamInfo {
        StreamInfo {
            app: "rtp".into(),
            stream: "34020000001320000001_34020000001320000001".into(),
            rtsp: Some("rtsp://10.0.0.5:554/rtp/34020000001320000001".into()),
            flv: Some("http://10.0.0.5:80/rtp/34020000001320000001.live.flv".into()),
            ..StreamInfo::default()
        }
    }

    fn channel() -> Channel {
        Channel {
            device: "34020000001110000001".into(),
            id: "34020000001320000001".into(),
            name: "湖滨南路".into(),
            online: true,
            can_turn: true,
            at: Some(LonLat(118.09, 24.47)),
        }
    }

    #[test]
    fn a_stream_is_read_as_written_and_the_quickest_address_chosen() {
        let read = read_stream(write_stream(&info()).to_string().as_bytes());
        assert_eq!(read, Ok(info()));
        assert_eq!(info().best(), info().rtsp.as_deref());
        let web = StreamInfo { rtsp: None, ..info() };
        assert_eq!(web.best(), web.flv.as_deref());
        let none = StreamInfo { flv: None, ..web };
        assert_eq!(read_stream(write_stream(&none).to_string().as_bytes()), Err(WvpError::NoAddress));
        let hostile = StreamInfo { rtsp: Some("file:///etc/passwd".into()), ..none };
        assert_eq!(read_stream(write_stream(&hostile).to_string().as_bytes()), Err(WvpError::NoAddress));
    }

    #[track_caller]
    fn check_code(code: i64, remedy: &str) {
        let error = read_stream(write_code(code, "失败").to_string().as_bytes()).expect_err("a refusal");
        assert!(error.remedy().contains(remedy), "{code}: {}", error.remedy());
    }

    #[test]
    fn every_code_has_its_remedy() {
        check_code(486, "没有应答呼叫");
        check_code(408, "没有按时应答");
        check_code(404, "不在 WVP 中");
        check_code(401, "令牌");
        check_code(500, "内部出错");
        check_code(100, "值守");
        assert!(WvpError::Code { code: 486, msg: String::new() }.may_pass());
        assert!(!WvpError::Code { code: 401, msg: String::new() }.may_pass());
    }

    #[test]
    fn lists_are_read_in_both_spellings() {
        let devices = vec![Device { id: "34020000001110000001".into(), name: "球机".into(), online: true }];
        let page = read_devices(write_devices(30, &devices).to_string().as_bytes()).expect("a page");
        assert_eq!((page.total, page.list, page.n_unreadable), (30, devices, 0));
        let page = read_channels(write_channels(1, &[channel()]).to_string().as_bytes(), &channel().device);
        assert_eq!(page.expect("a page").list, [channel()]);
        let newer = r#"{"code":0,"data":{"total":2,"list":[{"gbDeviceId":"34020000001320000001","gbName":"湖滨南路",
            "gbStatus":"ON","gbPtzType":"1","gbLongitude":118.09,"gbLatitude":24.47},{"gbName":"没有编号"}]}}"#;
        let page = read_channels(newer.as_bytes(), &channel().device).expect("a page");
        assert_eq!((page.list, page.n_unreadable), (vec![channel()], 1));
    }

    #[test]
    fn a_hand_becomes_a_command_and_back() {
        assert_eq!(Ptz::of(0.0, 0.0, 0.0).command, "stop");
        assert_eq!(Ptz::of(f32::NAN, 0.01, -0.02).command, "stop");
        let left = Ptz::of(-1.0, 0.0, 0.0);
        assert_eq!((left.command, left.horizon, left.vertical), ("left", 255, 0));
        assert_eq!(Ptz::of(0.5, -2.0, 1.0).command, "downright");
        assert_eq!(Ptz::of(0.0, 0.0, -1.0), Ptz { command: "zoomout", horizon: 0, vertical: 0, zoom: 15 });
        let back = Ptz::of(0.4, 0.8, 0.0);
        let (pan, tilt, zoom) = Ptz::motion(back.command, back.horizon, back.vertical, back.zoom).expect("known");
        assert!((pan - 0.4).abs() < 0.01 && (tilt - 0.8).abs() < 0.01 && zoom == 0.0);
        assert!(left.path("d", "c").contains("command=left&horizonSpeed=255"));
        assert!(is_id("34020000001320000001") && !is_id("../x") && !is_id(""));
    }

    proptest! {
        #[test]
        fn garbage_is_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read_stream(&bytes).is_err());
            let _ = (read_devices(&bytes), read_channels(&bytes, "d"), read_done(&bytes));
        }

        #[test]
        fn honest_bytes_in_disorder(cut in 0usize..400, twice in 0usize..400, wrong: u8, at in 0usize..400) {
            let honest = write_channels(1, &[channel()]).to_string().into_bytes();
            let mut bytes: Vec<u8> = honest.iter().enumerate().flat_map(|(i, it)| std::iter::repeat_n(*it, 1 + usize::from(i == twice))).collect();
            let n = bytes.len();
            bytes[at % n] = wrong;
            bytes.truncate(n.saturating_sub(cut % 3 * 40));
            let (encoded, _, _) = encoding_rs::GBK.encode("{\"code\":486,\"msg\":\"没有应答\"}");
            let _ = (read_channels(&bytes, "d"), read_done(&encoded));
        }
    }
}
