//! One OpenAI-compatible endpoint: a turn of a chat, bounded in time and size. What comes back is only read, never believed.

use super::config::{AssistantConfig, KEY};
use crate::connectors::{
    contract::Secrets,
    http::{HttpError, exchange_up_to},
};
use gulang_city::Text;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// More than any honest turn.
const MAX_ANSWER_BYTES: usize = 512 * 1024;
/// Of a turn's words, kept.
const MAX_CONTENT_CHARS: usize = 20_000;
/// Calls of one turn that are run.
const MAX_CALLS: usize = 6;
const MAX_ARGS_CHARS: usize = 2000;

#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("应答读不懂：{0}")]
    Unreadable(String),
    #[error("一直在调用查询，没有作答")]
    Loops,
}

impl EndpointError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(HttpError::Status { status: 401 | 403, .. }) => "检查 [assistant] 的密钥",
            Self::Http(HttpError::Status { status: 404, .. }) => "检查 [assistant] 的 url 与 model",
            Self::Http(HttpError::Status { status: 429, .. }) => "接口限流：稍后再问，或换一个额度",
            Self::Http(error) => error.remedy(),
            Self::Unreadable(_) => "接口不是 OpenAI 兼容的，或换了版本：检查 url",
            Self::Loops => "换一个会用工具的模型，或把问题拆开问",
        }
    }
}

/// What a model said in one turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    pub content: String,
    pub calls: Vec<Call>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub id: String,
    pub tool: String,
    /// JSON, as the model wrote it.
    pub args: String,
}

pub struct Endpoint {
    http: reqwest::Client,
    url: String,
    pub model: Text,
    pub host: String,
    key: Option<String>,
    max_tokens: u32,
}

impl Endpoint {
    pub fn new(http: reqwest::Client, config: &AssistantConfig, secrets: &Secrets) -> Self {
        Self {
            http,
            url: format!("{}/chat/completions", config.url.trim_end_matches('/')),
            model: config.model.clone(),
            host: config.host().unwrap_or_default(),
            key: secrets.get(KEY).map(str::to_owned),
            max_tokens: config.max_tokens,
        }
    }

    /// One turn. Without tools the model can only speak.
    pub async fn say(&self, messages: &[Value], tools: &[Value], limit: Duration) -> Result<Turn, EndpointError> {
        let mut body = json!({
            "model": self.model, "messages": messages, "max_tokens": self.max_tokens, "temperature": 0, "stream": false,
        });
        if !tools.is_empty()
            && let Some(body) = body.as_object_mut()
        {
            body.insert("tools".into(), json!(tools));
            body.insert("tool_choice".into(), json!("auto"));
        }
        let mut request = self.http.post(&self.url).json(&body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let bytes = exchange_up_to(MAX_ANSWER_BYTES, request, &self.url, limit).await?;
        read_turn(&bytes)
    }
}

/// A chat completion's first choice.
pub fn read_turn(bytes: &[u8]) -> Result<Turn, EndpointError> {
    #[derive(Deserialize)]
    struct Completion {
        choices: Vec<Choice>,
    }
    #[derive(Deserialize)]
    struct Choice {
        message: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        #[serde(default)]
        content: Option<String>,
        #[serde(default)]
        tool_calls: Option<Vec<Asked>>,
    }
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        id: String,
        function: Function,
    }
    #[derive(Deserialize)]
    struct Function {
        name: String,
        #[serde(default)]
        arguments: Value,
    }
    let unreadable = |why: String| EndpointError::Unreadable(why.chars().take(120).collect());
    let read: Completion = serde_json::from_slice(bytes).map_err(|why| unreadable(why.to_string()))?;
    let message = read.choices.into_iter().next().ok_or_else(|| unreadable("没有 choices".into()))?.message;
    let cut = |text: String, n: usize| -> String { text.chars().take(n).collect() };
    let calls = message.tool_calls.unwrap_or_default().into_iter().take(MAX_CALLS).map(|it| {
        // Some write the arguments as JSON, some as JSON in a text.
        let args = match it.function.arguments {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        Call { id: cut(it.id, 100), tool: cut(it.function.name, 60), args: cut(args, MAX_ARGS_CHARS) }
    });
    let calls = calls.collect();
    Ok(Turn { content: cut(message.content.unwrap_or_default(), MAX_CONTENT_CHARS), calls })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// After the request and response examples of the public chat-completions reference (function calling), shortened.
    const CALLS: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",
        "content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"alarms",
        "arguments":"{\"at_least\":\"red\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"total_tokens":99}}"#;

    #[test]
    fn a_turn_is_read_whichever_way_its_arguments_are_written() {
        let turn = read_turn(CALLS.as_bytes()).expect("a turn");
        let call = Call { id: "call_1".into(), tool: "alarms".into(), args: r#"{"at_least":"red"}"#.into() };
        assert_eq!(turn, Turn { content: String::new(), calls: vec![call.clone()] });
        let plain = CALLS.replace(r#""{\"at_least\":\"red\"}""#, r#"{"at_least":"red"}"#);
        assert_eq!(read_turn(plain.as_bytes()).expect("a turn").calls, [call]);
        assert!(read_turn(br#"{"choices":[]}"#).is_err() && read_turn(b"<html>").is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_turn(&bytes);
        }

        #[test]
        fn an_honest_turn_cut_or_doubled_is_read_or_refused(cut in 0usize..400, doubled in any::<bool>()) {
            let mut bytes = CALLS.as_bytes().get(..cut).unwrap_or(CALLS.as_bytes()).to_vec();
            if doubled {
                bytes.extend_from_slice(CALLS.as_bytes());
            }
            if let Ok(turn) = read_turn(&bytes) {
                prop_assert!(turn.calls.len() <= MAX_CALLS);
            }
        }
    }
}
