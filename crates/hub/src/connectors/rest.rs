//! Kind `rest`: a JSON interface asked again and again, its entries told by a mapping.
//!
//! ```toml
//! url = "https://10.0.0.20/api/rain?page={{ page }}&since={{ cursor | urlencode }}"
//! [connector.options]
//! method = "GET"                                 # or POST, with body
//! headers = { Authorization = "Bearer {{ secret.token }}" }
//! pages = { first = 1, at_most = 50 }            # {{ page }} counts up until a page brings nothing, then begins again
//! cursor = "$.data.cursor"                       # {{ cursor }} of the next question; kept over restarts
//! more = "$.data.more"                           # with a cursor: ask again at once
//! next = "$.links.next"                          # or the address of the next page, on the same host
//! ```
//! Templates are jinja and know `cursor`, `page` and `secret.NAME`. A question that turns no pages carries the last answer's
//! ETag or date, and an answer "not modified" is heard without news.

use super::{
    contract::{ConnectorConfig, KindError, Parts, Secrets, Wire},
    http::{Answer, HttpError, MAX_BODY_BYTES, answer_up_to},
};
use crate::{
    clock::wall_now,
    feeds::{Also, Cursors, Feed, FeedError},
    log::{Chain, sm3},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, Text, Timestamp};
use gulang_platforms::{
    mapping::{About, Mapping},
    value::text_of,
};
use minijinja::{Environment, UndefinedBehavior, context};
use reqwest::{Method, Url, header};
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const ASK_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    method: String,
    headers: BTreeMap<String, String>,
    body: String,
    pages: Option<Pages>,
    cursor: Option<String>,
    more: Option<String>,
    next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pages {
    first: u32,
    at_most: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: "GET".into(),
            headers: BTreeMap::new(),
            body: String::new(),
            pages: None,
            cursor: None,
            more: None,
            next: None,
        }
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self { first: 1, at_most: 50 }
    }
}

#[derive(Debug, thiserror::Error)]
enum RestError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("模板 {what} 填不出来：{why}")]
    Template { what: String, why: String },
    #[error("应答不是 JSON：{0}")]
    Garbage(String),
    #[error("下一页的地址不在 {host} 上")]
    Elsewhere { host: String },
}

impl RestError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Template { .. } => "改正配置中的模板",
            Self::Garbage(_) => "用 gulang-hub connect 名字 --try 看应答；核对接口地址",
            Self::Elsewhere { .. } => "令牌不发往别的主机：联系平台厂商",
        }
    }
}

/// Opens the connector. Nothing is asked yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let method = match options.method.as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        other => return Err(fault("options.method", format!("{other:?} 不是 GET 或 POST"), "用 GET 或 POST")),
    };
    let path = |key: &str, text: &Option<String>| {
        let parsed = text.as_deref().map(JsonPath::parse).transpose();
        parsed.map_err(|why| fault(key, format!("不是 JSONPath：{}", why.message()), "写成 $.data.cursor 的样子"))
    };
    let (cursor, more, next) = (
        path("options.cursor", &options.cursor)?,
        path("options.more", &options.more)?,
        path("options.next", &options.next)?,
    );
    if [options.pages.is_some(), cursor.is_some(), next.is_some()].into_iter().filter(|it| *it).count() > 1 {
        let todo = "pages、cursor、next 只用一种";
        return Err(fault("options", "翻页的办法不止一种".into(), todo));
    }
    // Whatever a template makes of the rest, it begins so; a wrong address is not to hide behind a missing mapping.
    if !["http://", "https://", "{{"].iter().any(|it| config.url.starts_with(it)) {
        return Err(fault("url", "不是 http 地址".into(), "写成 http://主机:端口/… 的样子"));
    }
    let feed = RestFeed {
        name: config.name.clone(),
        every: Duration::from_secs_f64(config.every_s),
        http: parts.http.clone(),
        cursors: parts.cursors.clone(),
        secrets: parts.secrets.clone(),
        mapping: config.mapping_rules()?,
        url: config.url.clone(),
        method,
        headers: options.headers,
        body: options.body,
        pages: options.pages,
        cursor,
        more,
        next,
        at: Position::default(),
        asked: Position::default(),
        also: None,
        now: wall_now(),
    };
    // With made-up values: a template that cannot be filled, or makes no address, is found now.
    let url = feed.fill("url", &feed.url, &feed.at).map_err(|why| fault("url", why.to_string(), why.remedy()))?;
    if Url::parse(&url).map_or(true, |it| !matches!(it.scheme(), "http" | "https")) {
        return Err(fault("url", "不是 http 地址".into(), "写成 http://主机:端口/… 的样子"));
    }
    for (name, value) in &feed.headers {
        let key = format!("options.headers.{name}");
        let filled = feed.fill(name, value, &feed.at).map_err(|why| fault(&key, why.to_string(), why.remedy()))?;
        let is_good =
            header::HeaderName::try_from(name.as_str()).is_ok() && header::HeaderValue::try_from(filled).is_ok();
        if !is_good {
            return Err(fault(&key, "不能作请求头".into(), "名字用字母、数字和 -，值不带换行"));
        }
    }
    feed.fill("body", &feed.body, &feed.at).map_err(|why| fault("options.body", why.to_string(), why.remedy()))?;
    Ok(Wire::Asked(Box::new(feed)))
}

/// Where in the platform's news it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Position {
    /// Pages after the first.
    page: u32,
    next: Option<String>,
    cursor: Option<String>,
    etag: Option<String>,
    modified: Option<String>,
    /// The last whole answer, for platforms that know no ETag.
    answer: Option<Chain>,
}

struct RestFeed {
    name: Text,
    every: Duration,
    http: reqwest::Client,
    cursors: Arc<Cursors>,
    secrets: Secrets,
    mapping: Mapping,
    /// Templates, as configured.
    url: Text,
    method: Method,
    headers: BTreeMap<String, String>,
    body: String,
    pages: Option<Pages>,
    cursor: Option<JsonPath>,
    more: Option<JsonPath>,
    next: Option<JsonPath>,
    /// What is recorded, and what the last question came to.
    at: Position,
    asked: Position,
    also: Option<Also>,
    now: Timestamp,
}

impl RestFeed {
    fn cursor_name(&self) -> String {
        format!("connector/{}", self.name)
    }

    fn fill(&self, what: &str, template: &str, at: &Position) -> Result<String, RestError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let page = self.pages.map_or(1, |it| it.first).saturating_add(at.page);
        let secret: BTreeMap<&str, &str> = self.secrets.0.iter().map(|(name, it)| (&**name, it.as_str())).collect();
        let cursor = at.cursor.clone().unwrap_or_default();
        let filled = environment.render_str(template, context! { cursor, page, secret });
        // The engine quotes what it was given; that may hold a secret.
        filled.map_err(|why| RestError::Template { what: what.to_owned(), why: self.secrets.redact(&why.to_string()) })
    }

    async fn ask(&self, at: &Position) -> Result<Answer, RestError> {
        let first = self.fill("url", &self.url, at)?;
        let url = at.next.clone().unwrap_or(first);
        let mut request = self.http.request(self.method.clone(), &url);
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), self.fill(name, value, at)?);
        }
        if !self.body.is_empty() {
            let has_type = self.headers.keys().any(|it| it.eq_ignore_ascii_case("content-type"));
            if !has_type {
                request = request.header(header::CONTENT_TYPE, "application/json");
            }
            request = request.body(self.fill("body", &self.body, at)?);
        }
        if let Some(etag) = &at.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(modified) = &at.modified {
            request = request.header(header::IF_MODIFIED_SINCE, modified);
        }
        // Errors name the template, not the address made of it.
        let answer = answer_up_to(MAX_BODY_BYTES, request, &self.url, ASK_LIMIT).await?;
        let is_good = answer.status.is_success() || answer.status == reqwest::StatusCode::NOT_MODIFIED;
        if !is_good {
            return Err(HttpError::Status { url: self.url.to_string(), status: answer.status.as_u16() }.into());
        }
        Ok(answer)
    }

    /// Where the next question begins, and whether it should be asked at once.
    fn advance(
        &self,
        at: &Position,
        answer: &Answer,
        document: &Value,
        n_entries: usize,
    ) -> Result<(Position, bool), RestError> {
        if let Some(pages) = self.pages {
            let goes_on = n_entries > 0 && at.page.saturating_add(1) < pages.at_most;
            let page = if goes_on { at.page + 1 } else { 0 };
            return Ok((Position { page, ..Position::default() }, goes_on));
        }
        if let Some(path) = &self.cursor {
            let cursor = path.query(document).first().and_then(text_of).or_else(|| at.cursor.clone());
            let more = self.more.as_ref().and_then(|it| it.query(document).first()).is_some_and(is_true);
            // A platform that always has more but brings nothing would keep us forever.
            let more = more && n_entries > 0 && cursor != at.cursor;
            return Ok((Position { cursor, ..Position::default() }, more));
        }
        if let Some(path) = &self.next {
            let Some(next) = path.query(document).first().and_then(Value::as_str).filter(|it| !it.is_empty()) else {
                return Ok((Position::default(), false));
            };
            let first = self.fill("url", &self.url, &Position::default())?;
            let next = same_host(&first, next)?;
            let more = n_entries > 0;
            return Ok((Position { next: more.then_some(next), ..Position::default() }, more));
        }
        let text = |name: header::HeaderName| answer.headers.get(name)?.to_str().ok().map(str::to_owned);
        let (etag, modified) = (text(header::ETAG), text(header::LAST_MODIFIED));
        let hash = Some(sm3(&[&answer.body]));
        Ok((Position { etag, modified, answer: hash, ..Position::default() }, false))
    }
}

#[async_trait]
impl Feed for RestFeed {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    fn tell_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let mut at = self.at.clone();
        if self.cursor.is_some() && at.cursor.is_none() {
            at.cursor = Some(self.cursors.get(&self.cursor_name())).filter(|it| !it.is_empty());
        }
        let polled = self.poll_at(&at).await;
        polled.map_err(|error| FeedError { what: self.secrets.redact(&error.to_string()), remedy: error.remedy() })
    }

    fn recorded(&mut self) {
        self.at = std::mem::take(&mut self.asked);
        if let Some(cursor) = &self.at.cursor {
            self.cursors.set(&self.cursor_name(), cursor);
        }
    }

    fn also(&mut self) -> Option<Also> {
        self.also.take()
    }
}

impl RestFeed {
    async fn poll_at(&mut self, at: &Position) -> Result<(Vec<Command>, bool), RestError> {
        self.also = None;
        let answer = self.ask(at).await?;
        let is_known = at.answer.is_some() && at.answer == Some(sm3(&[&answer.body]));
        if answer.status == reqwest::StatusCode::NOT_MODIFIED || is_known {
            self.asked = at.clone();
            return Ok((Vec::new(), false));
        }
        let document: Value =
            serde_json::from_slice(&answer.body).map_err(|why| RestError::Garbage(why.to_string()))?;
        let about = About { platform: &self.name, topic: "", received: self.now };
        let mut heard = self.mapping.apply(&document, about);
        let n_entries = heard.news.len() + heard.commands.len() + heard.refused.len();
        let (next, more) = self.advance(at, &answer, &document, n_entries)?;
        self.asked = next;
        let commands = std::mem::take(&mut heard.commands);
        self.also = Some(Also { raw: answer.body, heard });
        Ok((commands, more))
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_some_and(|it| it > 0.0),
        Value::String(text) => !matches!(text.as_str(), "" | "0" | "false" | "N"),
        _ => false,
    }
}

/// The next page's address, relative or whole; our headers carry tokens, so never another host's.
fn same_host(first: &str, next: &str) -> Result<String, RestError> {
    let elsewhere = |host: &str| RestError::Elsewhere { host: host.to_owned() };
    let first = Url::parse(first).map_err(|_| elsewhere("?"))?;
    let host = first.host_str().unwrap_or("?");
    let next = first.join(next).map_err(|_| elsewhere(host))?;
    if next.origin() != first.origin() {
        return Err(elsewhere(host));
    }
    Ok(next.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_on_the_same_host() {
        let first = "https://a.example/rain?page=1";
        assert_eq!(same_host(first, "?page=2").ok().as_deref(), Some("https://a.example/rain?page=2"));
        assert_eq!(same_host(first, "https://a.example/b").ok().as_deref(), Some("https://a.example/b"));
        for elsewhere in ["https://b.example/rain", "http://a.example/rain", "//b.example/", "https://a.example:8443/"]
        {
            assert!(same_host(first, elsewhere).is_err(), "{elsewhere}");
        }
    }
}
