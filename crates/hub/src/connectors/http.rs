//! A bounded HTTP exchange: a time limit, a size limit, and an answer that may still be nonsense.

use super::contract::{KindError, Parts};
use crate::realm::RealmKind;
use bytes::BytesMut;
use std::time::Duration;

/// More than any honest answer; a body beyond it is cut off unread.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("无法连接 {url}：{why}")]
    Unreachable { url: String, why: String },
    #[error("{url} 在 {secs} 秒内没有应答")]
    TimedOut { url: String, secs: u64 },
    #[error("{url} 返回 HTTP {status}")]
    Status { url: String, status: u16 },
    #[error("{url} 的应答超过 {n_bytes} 字节")]
    TooLarge { url: String, n_bytes: usize },
}

impl HttpError {
    /// What the operator should look at.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "检查该平台是否在运行、网络是否通",
            Self::TimedOut { .. } => "平台过慢或挂起：联系平台值守，系统会继续重试",
            Self::Status { .. } => "检查接口地址和令牌",
            Self::TooLarge { .. } => "接口返回异常：联系平台厂商",
        }
    }
}

/// One client for a realm: keeps connections, follows nothing, uses no proxy.
pub fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.tcp_nodelay(true).build().unwrap_or_default()
}

/// Sends and reads the whole answer within `limit`.
pub async fn exchange(request: reqwest::RequestBuilder, url: &str, limit: Duration) -> Result<Vec<u8>, HttpError> {
    exchange_up_to(MAX_BODY_BYTES, request, url, limit).await
}

/// As [`exchange`], for the few whose honest answers are larger or smaller than most.
pub async fn exchange_up_to(
    n_bytes: usize,
    request: reqwest::RequestBuilder,
    url: &str,
    limit: Duration,
) -> Result<Vec<u8>, HttpError> {
    let answer = answer_up_to(n_bytes, request, url, limit).await?;
    if !answer.status.is_success() {
        return Err(HttpError::Status { url: url.to_owned(), status: answer.status.as_u16() });
    }
    Ok(answer.body)
}

/// An answer whose status and headers mean something too, such as "not modified".
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: reqwest::StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

/// As [`exchange_up_to`], whatever the status.
pub async fn answer_up_to(
    n_bytes: usize,
    request: reqwest::RequestBuilder,
    url: &str,
    limit: Duration,
) -> Result<Answer, HttpError> {
    let whole = async {
        let unreachable =
            |error: reqwest::Error| HttpError::Unreachable { url: url.to_owned(), why: root_cause(&error) };
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        // What an error page says is not read.
        while status.is_success()
            && let Some(chunk) = response.chunk().await.map_err(unreachable)?
        {
            if body.len() + chunk.len() > n_bytes {
                return Err(HttpError::TooLarge { url: url.to_owned(), n_bytes });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.to_vec() })
    };
    match tokio::time::timeout(limit, whole).await {
        Ok(result) => result,
        Err(_) => Err(HttpError::TimedOut { url: url.to_owned(), secs: limit.as_secs() }),
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// A connector's `url` that is asked by HTTP.
pub fn checked_url(url: &str) -> Result<String, KindError> {
    let is_http = reqwest::Url::parse(url).is_ok_and(|it| matches!(it.scheme(), "http" | "https"));
    if is_http {
        return Ok(url.to_owned());
    }
    let (why, todo) = (format!("{url:?} 不是 http 地址"), "写成 http://主机:端口/… 的样子".to_owned());
    Err(KindError { what: "url".into(), why, todo })
}

/// The header `options.header` names, with `secrets.token` as it is; none without an option.
pub fn token_header<R: RealmKind>(
    name: Option<String>,
    parts: &Parts<R>,
) -> Result<Option<(String, String)>, KindError> {
    let Some(name) = name else { return Ok(None) };
    let fault = |why: &str, todo: &str| KindError { what: "options.header".into(), why: why.into(), todo: todo.into() };
    // While a configuration is only checked its secrets are not at hand.
    let token = parts.secrets.get("token").unwrap_or_default();
    let is_good = reqwest::header::HeaderName::try_from(name.as_str()).is_ok()
        && reqwest::header::HeaderValue::try_from(token).is_ok();
    if !is_good {
        return Err(fault("不能作请求头", "名字用字母、数字和 -，令牌不带换行"));
    }
    Ok(Some((name, token.to_owned())))
}
