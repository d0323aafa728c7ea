//! ZLMediaKit's HTTP interface: is a stream there, and one still of it.
//!
//! Source: the names of its calls as in `server/WebApi.cpp` (github.com/ZLMediaKit/ZLMediaKit @fdaec26). A still is answered
//! as JPEG; what is none is its JSON refusal.

use crate::value::{number_of, text_of};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZlmError {
    #[error("ZLMediaKit 返回 {code}：{msg}")]
    Code { code: i64, msg: String },
    #[error("ZLMediaKit 的应答读不懂：{0}")]
    Unreadable(String),
    #[error("ZLMediaKit 给的不是 JPEG 图片")]
    NoPicture,
}

impl ZlmError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Code { code: -100, .. } => "核对 secrets 中的 secret 与 ZLMediaKit 配置 [api] secret 是否一致",
            Self::Code { code: -300, .. } => "核对 app 与 stream 的写法",
            Self::Code { .. } => "查看 ZLMediaKit 日志",
            Self::Unreadable(_) => "核对地址是否指向 ZLMediaKit 的 HTTP 端口",
            Self::NoPicture => "确认该流在线，且 ZLMediaKit 能运行 ffmpeg 截图",
        }
    }
}

/// Which stream on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub app: String,
    pub stream: String,
}

/// What a query asks `isMediaOnline`; the values still have to be escaped.
pub fn online_query<'a>(secret: &'a str, it: &'a Named) -> [(&'static str, &'a str); 5] {
    [("secret", secret), ("schema", "rtsp"), ("vhost", "__defaultVhost__"), ("app", &it.app), ("stream", &it.stream)]
}

/// What a query asks `getSnap`: the stream's own address, seconds to wait, seconds an older still may be.
pub fn snap_query<'a>(secret: &'a str, url: &'a str) -> [(&'static str, &'a str); 4] {
    [("secret", secret), ("url", url), ("timeout_sec", "8"), ("expire_sec", "2")]
}

/// What a query asks `getMediaList`.
pub fn list_query(secret: &str) -> [(&'static str, &str); 1] {
    [("secret", secret)]
}

fn opened(bytes: &[u8]) -> Result<Value, ZlmError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| ZlmError::Unreadable(why.to_string()))?;
    let code = value.get("code").and_then(number_of).ok_or_else(|| ZlmError::Unreadable("没有 code".into()))?;
    if code != 0.0 {
        let msg = value.get("msg").and_then(text_of).unwrap_or_default().chars().take(200).collect();
        return Err(ZlmError::Code { code: code as i64, msg });
    }
    Ok(value)
}

/// The answer to `isMediaOnline`.
pub fn read_online(bytes: &[u8]) -> Result<bool, ZlmError> {
    opened(bytes)?.get("online").and_then(Value::as_bool).ok_or_else(|| ZlmError::Unreadable("没有 online".into()))
}

/// The answer to `getMediaList`, each stream once however many schemas it is there in; entries without a name are left out.
pub fn read_list(bytes: &[u8]) -> Result<Vec<Named>, ZlmError> {
    let value = opened(bytes)?;
    // A server without streams leaves the list out.
    let entries = value.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut all: Vec<Named> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for entry in entries {
        let text = |key: &str| entry.get(key).and_then(text_of).map(|it| it.chars().take(200).collect::<String>());
        if let (Some(app), Some(stream)) = (text("app"), text("stream"))
            && known.insert((app.clone(), stream.clone()))
        {
            all.push(Named { app, stream });
        }
    }
    Ok(all)
}

/// The answer to `getSnap`: the JPEG as it came.
pub fn read_snap(bytes: &[u8]) -> Result<&[u8], ZlmError> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Ok(bytes);
    }
    match opened(bytes) {
        Err(refused @ ZlmError::Code { .. }) => Err(refused),
        _ => Err(ZlmError::NoPicture),
    }
}

pub fn write_online(online: bool) -> Value {
    json!({ "code": 0, "online": online })
}

pub fn write_list(list: &[Named]) -> Value {
    let entry = |it: &Named| json!({ "schema": "rtsp", "vhost": "__defaultVhost__", "app": it.app, "stream": it.stream, "totalReaderCount": 0 });
    json!({ "code": 0, "data": list.iter().map(entry).collect::<Vec<_>>() })
}

pub fn write_code(code: i64, msg: &str) -> Value {
    json!({ "code": code, "msg": msg })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn answers_are_read_as_written() {
        for online in [true, false] {
            assert_eq!(read_online(write_online(online).to_string().as_bytes()), Ok(online));
        }
        let named = |stream: &str| Named { app: "live".into(), stream: stream.into() };
        let list = [named("c1"), named("c2"), named("c1")];
        assert_eq!(read_list(write_list(&list).to_string().as_bytes()), Ok(vec![named("c1"), named("c2")]));
        assert_eq!(read_list(br#"{"code":0}"#), Ok(Vec::new()));
        let refused = write_code(-100, "Incorrect secret").to_string();
        let error = ZlmError::Code { code: -100, msg: "Incorrect secret".into() };
        assert!(error.remedy().contains("secret"));
        assert_eq!(read_snap(refused.as_bytes()), Err(error.clone()));
        assert_eq!(read_online(refused.as_bytes()), Err(error));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 1];
        assert_eq!(read_snap(&jpeg), Ok(&jpeg[..]));
        assert_eq!(read_snap(b"<html>"), Err(ZlmError::NoPicture));
    }

    proptest! {
        #[test]
        fn garbage_is_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read_online(&bytes).is_err());
            prop_assert!(read_list(&bytes).is_err());
            prop_assert!(read_snap(&bytes).is_err() || bytes.starts_with(&[0xff, 0xd8, 0xff]));
        }

        #[test]
        fn honest_bytes_in_disorder(cut in 0usize..30, wrong: u8, at in 0usize..30) {
            let mut bytes = write_online(true).to_string().into_bytes();
            let n = bytes.len();
            bytes[at % n] = wrong;
            bytes.truncate(n - cut % n);
            let _ = (read_online(&bytes), read_snap(&bytes), read_list(&bytes));
        }
    }
}
