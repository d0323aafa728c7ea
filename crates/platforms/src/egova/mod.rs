//! City case platforms in the shape of the eGova (数字政通) open interface: one address, an action inside, `{uid, action,
//! senderCode, data}` asked and `{code, msg, data}` answered. A code other than 0 is a failure, whatever HTTP says.
//!
//! The actions' names are of the public interface (`/work/shared/reference/PROTOCOLS.md` §7, marked [S]), as are the fields
//! of REPORT. What other actions carry, the pages of ITEM_INST_SYNC, the answers to applications among them, tokens,
//! VIDEO_CALL and everything about evacuation are our own, and documented here and nowhere else: no conformity is claimed.
//! Places are WGS-84, times Beijing's.

mod hear;
mod say;
#[cfg(test)]
mod tests;

pub use hear::{
    CallWord, CaseProcess, ProcessStep, Taken, Token, Uploaded, read_call, read_case, read_check_in, read_evacuation,
    read_notice, read_process, read_taken, read_token, read_upload,
};
pub use say::{ask_call, attachment, end_call, media_of, request, token_request, upload, wire_of};

use crate::{Refused, value::text_of};
use gulang_city::{Command, PlatformId};
use serde::Deserialize;
use serde_json::Value;

/// A picture up to this goes inside a report; a larger one is uploaded first, bytes.
pub const INLINE_BYTES: usize = 192 * 1024;
/// No larger one is sent at all, bytes.
pub const MAX_MEDIA_BYTES: usize = 8 * 1024 * 1024;

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgovaError {
    #[error("平台拒绝：{code} {msg}")]
    Code { code: i64, msg: String },
    #[error("平台的应答读不懂：{why}")]
    Garbage { why: String },
}

impl EgovaError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Code { code: 401 | 403, .. } => "检查令牌与权限；演练指令不得发往实战平台",
            Self::Code { .. } => "按错误码联系平台值守",
            Self::Garbage { .. } => "接口版本可能不符：联系平台厂商",
        }
    }

    /// Asking again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Code { code: 400 | 401 | 403 | 404, .. })
    }

    fn garbage(why: impl Into<String>) -> Self {
        Self::Garbage { why: why.into() }
    }
}

/// What a feed said since a cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub commands: Vec<Command>,
    pub cursor: String,
    pub more: bool,
}

/// `{code, msg, data}` → data.
pub fn read_reply(bytes: &[u8]) -> Result<Value, EgovaError> {
    #[derive(Deserialize)]
    struct Reply {
        code: i64,
        #[serde(default)]
        msg: String,
        #[serde(default)]
        data: Value,
    }
    let reply: Reply = serde_json::from_slice(bytes).map_err(|why| EgovaError::garbage(why.to_string()))?;
    if reply.code != 0 {
        return Err(EgovaError::Code { code: reply.code, msg: reply.msg });
    }
    Ok(reply.data)
}

/// `{items, cursor, more}`; an item that cannot be read is refused alone.
pub fn read_page(
    data: &Value,
    read: impl Fn(&Value) -> Result<Command, String>,
    platform: &PlatformId,
) -> Result<Page, EgovaError> {
    let items = data["items"].as_array().ok_or_else(|| EgovaError::garbage("没有 items"))?;
    let refused = |item: &Value, why: String| {
        let what = item.to_string().chars().filter(|it| !it.is_control()).take(200).collect();
        Refused { what, why }.into_command(platform)
    };
    let commands = items.iter().map(|item| read(item).unwrap_or_else(|why| refused(item, why))).collect();
    let cursor = text_of(&data["cursor"]).ok_or_else(|| EgovaError::garbage("没有 cursor"))?;
    Ok(Page { commands, cursor, more: data["more"].as_bool().unwrap_or(false) })
}
