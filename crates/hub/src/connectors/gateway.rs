//! Message, SMS and voice gateways over HTTP. No two speak alike, so what is sent and where the answer stands are templates
//! in the configuration ([`GatewayConfig`]); the simulated city's are [`GatewayConfig::simulated`].
//!
//! A [`CallDispatch`] fits only a gateway of its realm:
//!
//! ```compile_fail,E0308
//! use gulang_hub::connectors::gateway::Gateway;
//! use gulang_hub::realm::{Actual, CallDispatch, Exercise};
//! async fn leak(gateway: Gateway<Actual>, call: CallDispatch<Exercise>) {
//!     let _ = gateway.send(&call).await;
//! }
//! ```
//!
//! What became of a call is polled, or comes in through a callback; either way it must carry the key we sent.

use super::{
    http::{HttpError, exchange},
    refuse,
};
use crate::realm::{CallDispatch, Endpoints, RealmKind};
use gulang_city::{AttemptState, CallChannel, CalloutId, Command, Realm};
use gulang_platforms::value::text_of;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, marker::PhantomData, time::Duration};

/// One gateway as configured, in `[actual.gateways.sms]`. Templates are jinja: `{{ to | tojson }}` in a body,
/// `{{ key | urlencode }}` in an address. They know `key`, `to`, `name`, `text`, `purpose`, `exercise`, `cursor` (when
/// polling) and `secret.NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// Names in templates → names of environment variables. No secret stands in a file.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    pub send: RequestTemplate,
    /// The answer that means it was taken.
    pub accepted: AnswerMatch,
    #[serde(default)]
    pub poll: Option<PollTemplate>,
    #[serde(default)]
    pub callback: Option<Callback>,
    #[serde(default)]
    pub items: ItemMap,
    #[serde(default)]
    pub words: Words,
    /// What is said, by why they are called (`by_hand`, `warning`, `orders`, `test`), where the gateway wants its own wording
    /// or a registered template's: `{{ text }}`, `{{ name }}` and `{{ exercise }}` stand in it. Else the text as it is.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    /// Calls handed over a second at most; none: as fast as the gateway answers.
    #[serde(default)]
    pub max_per_s: Option<u32>,
}

/// What [`GatewayConfig::texts`] may be for.
const PURPOSES: [&str; 4] = ["by_hand", "warning", "orders", "test"];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestTemplate {
    /// `POST` or `GET`.
    #[serde(default = "post")]
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

/// Where in the answer (a JSON pointer) one of which words must stand. HTTP 200 is not success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerMatch {
    pub at: String,
    pub is: Vec<String>,
    /// Words at the same place that no second try can mend, such as a wrong number or a wrong token.
    #[serde(default)]
    pub is_final: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollTemplate {
    pub request: RequestTemplate,
    /// Where the cursor for the next question stands; empty if the gateway keeps its own.
    #[serde(default)]
    pub cursor: String,
    #[serde(default)]
    pub more: String,
}

/// Lets a gateway call us at `POST /callback/{channel}/{secret}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The environment variable that holds the secret in the address.
    pub secret: String,
}

/// Where news stand in a polled or called-back document, as JSON pointers; `items` from the root, the others from an item.
/// Without an array at `items` the whole document is one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemMap {
    pub items: String,
    pub key: String,
    pub status: String,
    pub note: String,
}

impl Default for ItemMap {
    fn default() -> Self {
        let text = str::to_owned;
        Self { items: text("/data/items"), key: text("/key"), status: text("/status"), note: text("/note") }
    }
}

/// The gateway's words for how far a call came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Words {
    pub accepted: Vec<String>,
    pub delivered: Vec<String>,
    pub answered: Vec<String>,
    pub no_answer: Vec<String>,
    pub failed: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        let one = |word: &str| vec![word.to_owned()];
        Self {
            accepted: one("accepted"),
            delivered: one("delivered"),
            answered: one("answered"),
            no_answer: one("no_answer"),
            failed: one("failed"),
        }
    }
}

impl GatewayConfig {
    /// The simulated city's gateway for a channel.
    pub fn simulated(base: &str, gateway: &str) -> Self {
        let base = base.trim_end_matches('/');
        let request = |path: &str, body: &str| RequestTemplate {
            method: post(),
            url: format!("{base}/{gateway}/{path}"),
            headers: BTreeMap::new(),
            body: body.to_owned(),
        };
        let body = r#"{"key":{{key|tojson}},"to":{{to|tojson}},"text":{{text|tojson}},"exercise":{{exercise|tojson}}}"#;
        Self {
            secrets: BTreeMap::new(),
            send: request("send", body),
            accepted: AnswerMatch {
                at: "/code".into(),
                is: vec!["0".into()],
                is_final: ["400", "401", "403", "404"].map(Into::into).to_vec(),
            },
            poll: Some(PollTemplate {
                request: request("status", r#"{"cursor":{{cursor|tojson}},"limit":500}"#),
                cursor: "/data/cursor".into(),
                more: "/data/more".into(),
            }),
            callback: None,
            items: ItemMap::default(),
            words: Words::default(),
            texts: BTreeMap::new(),
            max_per_s: None,
        }
    }

    /// Tries every template with made-up values; what is wrong in words.
    pub fn check(&self) -> Result<(), String> {
        let secrets: BTreeMap<String, String> = self.secrets.keys().map(|it| (it.clone(), "x".to_owned())).collect();
        let values = context! {
            key => "gulang-a-c1-0-1", to => "0592-0000000", name => "示例", text => "示例", exercise => false,
            cursor => "", purpose => "test", secret => secrets,
        };
        if self.max_per_s == Some(0) {
            return Err("max_per_s 为 0：一个也发不出去".into());
        }
        for (purpose, template) in &self.texts {
            if !PURPOSES.contains(&purpose.as_str()) {
                return Err(format!("texts.{purpose} 不是 {}", PURPOSES.join("、")));
            }
            worded(template, "示例", "示例", false).map_err(|why| why.to_string())?;
        }
        let requests = [Some(&self.send), self.poll.as_ref().map(|it| &it.request)];
        for request in requests.into_iter().flatten() {
            let rendered = render(request, &values).map_err(|why| why.to_string())?;
            if reqwest::Url::parse(&rendered.url).map_or(true, |url| !matches!(url.scheme(), "http" | "https")) {
                return Err(format!("{:?} 不是 http 地址", request.url));
            }
            if !matches!(request.method.as_str(), "GET" | "POST") {
                return Err(format!("method {:?} 不是 GET 或 POST", request.method));
            }
        }
        if self.accepted.is.is_empty() {
            return Err("accepted.is 为空：没有一种应答算受理".into());
        }
        Ok(())
    }
}

fn post() -> String {
    "POST".into()
}

#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("网关拒绝：{word}")]
    Refused { word: String, is_final: bool },
    #[error("网关的应答读不懂：{why}")]
    Garbage { why: String },
    #[error("网关模板有误：{why}")]
    Template { why: String },
    #[error("没有环境变量 {name}")]
    NoSecret { name: String },
}

impl GatewayError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Refused { .. } => "按网关的错误码联系运营方；演练呼叫不得发往实战网关",
            Self::Garbage { .. } => "核对配置中 accepted 与 items 的位置",
            Self::Template { .. } => "改正配置中的模板",
            Self::NoSecret { .. } => "在枢纽的环境里设置它，再启动",
        }
    }

    /// Sending again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { is_final: true, .. } | Self::Template { .. })
    }
}

/// One gateway of one realm.
#[derive(Clone, Debug)]
pub struct Gateway<R: RealmKind> {
    http: reqwest::Client,
    config: GatewayConfig,
    secrets: BTreeMap<String, String>,
    callback_secret: Option<String>,
    pub channel: CallChannel,
    /// As connectors are named.
    pub name: &'static str,
    pub timeout: Duration,
    _realm: PhantomData<R>,
}

/// What a poll brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallNews {
    pub commands: Vec<Command>,
    pub cursor: String,
    pub more: bool,
}

impl<R: RealmKind> Gateway<R> {
    /// Every gateway the realm has; one that cannot be used is told of and left out.
    pub fn all(http: &reqwest::Client, endpoints: &Endpoints<R>) -> Vec<Self> {
        let mut gateways = Vec::new();
        for channel in CallChannel::ALL {
            match Self::new(http.clone(), endpoints, channel, |name| std::env::var(name).ok()) {
                Ok(gateway) => gateways.extend(gateway),
                Err(error) => {
                    tracing::error!(channel = channel.name_zh(), %error, "no gateway; {}", error.remedy());
                }
            }
        }
        gateways
    }

    /// `None` if the realm has none for this channel. `variable` gives an environment variable.
    pub fn new(
        http: reqwest::Client,
        endpoints: &Endpoints<R>,
        channel: CallChannel,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, GatewayError> {
        let Some(name) = channel.gateway() else { return Ok(None) };
        let addresses = &endpoints.addresses;
        let simulated = || addresses.gateway.as_deref().map(|base| GatewayConfig::simulated(base, name));
        let Some(config) = addresses.gateways.get(name).cloned().or_else(simulated) else { return Ok(None) };
        let secret = |name: &String| variable(name).ok_or_else(|| GatewayError::NoSecret { name: name.clone() });
        let mut secrets = BTreeMap::new();
        for (key, name) in &config.secrets {
            secrets.insert(key.clone(), secret(name)?);
        }
        let callback_secret = config.callback.as_ref().map(|it| secret(&it.secret)).transpose()?;
        let timeout = Duration::from_secs(5);
        Ok(Some(Self { http, config, secrets, callback_secret, channel, name, timeout, _realm: PhantomData }))
    }

    /// How long `n` calls keep the gateway to its rate.
    pub fn pace(&self, n: usize) -> Duration {
        self.config
            .max_per_s
            .map_or(Duration::ZERO, |per_s| Duration::from_secs_f64(n as f64 / f64::from(per_s.max(1))))
    }

    /// Calls that may go at once.
    pub fn at_once(&self) -> usize {
        self.config.max_per_s.map_or(usize::MAX, |it| it.max(1) as usize)
    }

    pub fn is_polled(&self) -> bool {
        self.config.poll.is_some()
    }

    /// What must stand in a callback's address; none if callbacks are not taken.
    pub fn callback_secret(&self) -> Option<&str> {
        self.callback_secret.as_deref().filter(|it| !it.is_empty())
    }

    /// Hands a call to the gateway. Only a call of this realm fits.
    pub async fn send(&self, call: &CallDispatch<R>) -> Result<(), GatewayError> {
        let exercise = R::REALM == Realm::Exercise;
        let text = match self.config.texts.get(call.purpose) {
            Some(template) => worded(template, &call.text, &call.name, exercise)?,
            None => call.text.to_string(),
        };
        let values = context! {
            key => call.key, to => &*call.to, name => &*call.name, text, exercise, cursor => "",
            purpose => call.purpose, secret => self.secrets,
        };
        let answer = self.ask(&self.config.send, &values).await?;
        let accepted = &self.config.accepted;
        let word = answer.pointer(&accepted.at).and_then(word_of);
        let word = word.ok_or_else(|| GatewayError::Garbage { why: format!("{} 处没有应答码", accepted.at) })?;
        if accepted.is.contains(&word) {
            return Ok(());
        }
        let is_final = accepted.is_final.contains(&word);
        Err(GatewayError::Refused { word, is_final })
    }

    /// What became of calls since a cursor.
    pub async fn news(&self, cursor: &str) -> Result<CallNews, GatewayError> {
        let Some(poll) = &self.config.poll else { return Ok(CallNews::default()) };
        let values = context! {
            key => "", to => "", name => "", text => "", purpose => "", exercise => R::REALM == Realm::Exercise, cursor => cursor,
            secret => self.secrets,
        };
        let answer = self.ask(&poll.request, &values).await?;
        let accepted = &self.config.accepted;
        if let Some(word) = answer.pointer(&accepted.at).and_then(word_of)
            && !accepted.is.contains(&word)
        {
            return Err(GatewayError::Refused { word, is_final: false });
        }
        let next = if poll.cursor.is_empty() { None } else { answer.pointer(&poll.cursor).and_then(text_of) };
        Ok(CallNews {
            commands: self.decode(&answer),
            cursor: next.unwrap_or_else(|| cursor.to_owned()),
            more: !poll.more.is_empty() && answer.pointer(&poll.more) == Some(&Value::Bool(true)),
        })
    }

    /// A called-back document, if the secret is right.
    pub fn called_back(&self, secret: &str, body: &[u8]) -> Option<Vec<Command>> {
        let ours = self.callback_secret()?;
        if !crate::server::is_same(secret.as_bytes(), ours.as_bytes()) {
            return None;
        }
        Some(match serde_json::from_slice(body) {
            Ok(document) => self.decode(&document),
            Err(why) => vec![refuse(self.name, &String::from_utf8_lossy(body), why)],
        })
    }

    /// An item that cannot be read is refused alone.
    fn decode(&self, document: &Value) -> Vec<Command> {
        let items = &self.config.items;
        let found = document.pointer(&items.items).and_then(Value::as_array);
        let some: &[Value] = found.map_or(std::slice::from_ref(document), Vec::as_slice);
        let decoded = some.iter().map(|item| self.decode_item(item));
        decoded.zip(some).map(|(it, item)| it.unwrap_or_else(|why| refuse(self.name, &item.to_string(), why))).collect()
    }

    fn decode_item(&self, item: &Value) -> Result<Command, String> {
        let items = &self.config.items;
        let text = |at: &str| item.pointer(at).and_then(text_of);
        let key = text(&items.key).ok_or_else(|| format!("没有 {}", items.key))?;
        let (callout, call, attempt) = parse_key::<R>(&key)?;
        let word = text(&items.status).ok_or_else(|| format!("没有 {}", items.status))?;
        let words = &self.config.words;
        let known = [
            (&words.accepted, AttemptState::Accepted),
            (&words.delivered, AttemptState::Delivered),
            (&words.answered, AttemptState::Answered),
            (&words.no_answer, AttemptState::NoAnswer),
            (&words.failed, AttemptState::Failed),
        ];
        let state = known.into_iter().find(|(words, _)| words.contains(&word)).map(|it| it.1);
        let state = state.ok_or_else(|| format!("不认识的状态 {word}"))?;
        let note = text(&items.note).unwrap_or_default().into();
        Ok(Command::ReportCall { callout, call, attempt, state, note })
    }

    async fn ask(&self, template: &RequestTemplate, values: &minijinja::Value) -> Result<Value, GatewayError> {
        let RequestTemplate { method, url, headers, body } = render(template, values)?;
        let mut request = if method == "GET" { self.http.get(&url) } else { self.http.post(&url) };
        if !headers.keys().any(|it| it.eq_ignore_ascii_case("content-type")) && !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        // Addresses may hold a token: what is told of a failure is the template's.
        let bytes = exchange(request.body(body), &template.url, self.timeout).await?;
        serde_json::from_slice(&bytes).map_err(|why| GatewayError::Garbage { why: why.to_string() })
    }
}

/// What is said, by its template.
fn worded(template: &str, text: &str, name: &str, exercise: bool) -> Result<String, GatewayError> {
    let mut jinja = Environment::new();
    jinja.set_undefined_behavior(UndefinedBehavior::Strict);
    let said = jinja.render_str(template, context! { text, name, exercise });
    said.map_err(|why| GatewayError::Template { why: format!("{template}：{why}") })
}

fn render(template: &RequestTemplate, values: &minijinja::Value) -> Result<RequestTemplate, GatewayError> {
    let mut jinja = Environment::new();
    jinja.set_undefined_behavior(UndefinedBehavior::Strict);
    let filled = |text: &str| {
        jinja.render_str(text, values).map_err(|why| GatewayError::Template { why: format!("{text}：{why}") })
    };
    let mut headers = BTreeMap::new();
    for (name, value) in &template.headers {
        headers.insert(name.clone(), filled(value)?);
    }
    let method = template.method.clone();
    Ok(RequestTemplate { method, url: filled(&template.url)?, headers, body: filled(&template.body)? })
}

/// `gulang-x-c3-12-4` → call-out 3, call 12, attempt 4; of this realm only.
fn parse_key<R: RealmKind>(key: &str) -> Result<(CalloutId, u32, u32), String> {
    let of_realm = key.strip_prefix(R::KEY_PREFIX).ok_or_else(|| format!("{key} 不是本界的呼叫"))?;
    let not_ours = || format!("{key} 不是我们的编号");
    let numbers = of_realm.strip_prefix('c').ok_or_else(not_ours)?;
    let mut parts = numbers.split('-');
    let callout = parts.next().and_then(|it| it.parse().ok());
    let call = parts.next().and_then(|it| it.parse().ok());
    let attempt = parts.next().and_then(|it| it.parse().ok());
    match (callout, call, attempt, parts.next()) {
        (Some(callout), Some(call), Some(attempt), None) => Ok((CalloutId(callout), call, attempt)),
        _ => Err(not_ours()),
    }
}

/// Gateways answer `true`, `0` or `"OK"`.
fn word_of(value: &Value) -> Option<String> {
    text_of(value).or_else(|| value.as_bool().map(|it| it.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::{Actual, Addresses, Exercise};

    fn gateway(config: &str) -> Gateway<Actual> {
        let config: GatewayConfig = toml::from_str(config).expect("a configuration");
        config.check().expect("good templates");
        let gateways = BTreeMap::from([("sms".to_owned(), config)]);
        let endpoints = Endpoints::new(Addresses { gateways, ..Addresses::default() }, false);
        let made = Gateway::new(reqwest::Client::new(), &endpoints, CallChannel::Sms, |it| Some(format!("env-{it}")));
        made.expect("its secrets").expect("a gateway")
    }

    const REAL: &str = r#"
        secrets = { token = "SMS_TOKEN" }
        [send]
        url = "https://sms.example/send?uid={{ key | urlencode }}"
        headers = { Authorization = "Bearer {{ secret.token }}" }
        body = '{"mobile": {{ to | tojson }}, "content": {{ text | tojson }}}'
        [accepted]
        at = "/result"
        is = ["true"]
        [callback]
        secret = "SMS_CALLBACK"
        [items]
        items = "/reports"
        key = "/uid"
        status = "/stat"
        [words]
        delivered = ["DELIVRD"]
        failed = ["UNDELIV", "EXPIRED"]
        answered = ["REPLY"]
    "#;

    #[test]
    fn templates_quote_what_people_write_and_secrets_come_from_the_environment() {
        let gateway = gateway(REAL);
        let values = context! { key => "a b", to => "1", text => "“撤\"离\n", secret => gateway.secrets };
        let sent = render(&gateway.config.send, &values).expect("rendered");
        assert_eq!(sent.url, "https://sms.example/send?uid=a%20b");
        assert_eq!(sent.headers["Authorization"], "Bearer env-SMS_TOKEN");
        let body: Value = serde_json::from_str(&sent.body).expect("JSON");
        assert_eq!(body["content"], "“撤\"离\n");
        let mut wrong = gateway.config.clone();
        wrong.send.body = "{{ phone }}".into();
        assert!(wrong.check().expect_err("an unknown field").contains("phone"));
    }

    #[test]
    fn a_callback_needs_its_secret_and_its_realm() {
        let gateway = gateway(REAL);
        let body =
            br#"{"reports": [{"uid": "gulang-a-c2-3-1", "stat": "REPLY"}, {"uid": "gulang-x-c2-3-1", "stat": "REPLY"},
            {"uid": "gulang-a-c2-3-2", "stat": "?"}]}"#;
        assert_eq!(gateway.called_back("wrong", body), None);
        let commands = gateway.called_back("env-SMS_CALLBACK", body).expect("let in");
        let answered = Command::ReportCall {
            callout: CalloutId(2),
            call: 3,
            attempt: 1,
            state: AttemptState::Answered,
            note: "".into(),
        };
        assert_eq!(commands[0], answered);
        assert!(commands[1..].iter().all(|it| matches!(it, Command::RefuseMessage { .. })), "{commands:?}");
        assert!(parse_key::<Exercise>("gulang-x-c2-3-1").is_ok() && parse_key::<Exercise>("gulang-x-3-1").is_err());
    }
}
