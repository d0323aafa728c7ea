//! `[assistant]` of `gulang.toml`: which endpoint, which model, and when it may be asked. Without the section there is none.
//!
//! ```toml
//! [assistant]
//! url = "https://api.deepseek.com/v1"      # {url}/chat/completions
//! model = "deepseek-chat"
//! secrets = { key = "env:DEEPSEEK_KEY" }   # or keyring:SERVICE/USER; none where the endpoint asks for none
//! timeout_s = 30                           # for a whole exchange, however many calls it makes
//! max_tokens = 1500
//! allow_in_war = false                     # at war only while an officer switched it on
//! in_exercise = false                      # an exercise is worded by template
//! ```

use crate::secrets::SecretPlace;
use gulang_city::Text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Screens wait a little longer for an answer.
pub const MAX_TIMEOUT_S: f64 = 90.0;
/// The one secret an endpoint takes.
pub const KEY: &str = "key";

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistantConfig {
    /// Up to `/chat/completions`.
    pub url: Text,
    pub model: Text,
    /// `key`, never the key itself: `env:NAME` or `keyring:SERVICE/USER`.
    #[serde(default)]
    pub secrets: BTreeMap<Text, Text>,
    #[serde(default = "thirty")]
    pub timeout_s: f64,
    /// Of one answer of the model.
    #[serde(default = "tokens")]
    pub max_tokens: u32,
    #[serde(default)]
    pub allow_in_war: bool,
    #[serde(default)]
    pub in_exercise: bool,
}

/// A key at fault, why, and what to do.
pub type Fault = (&'static str, String, &'static str);

impl AssistantConfig {
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        match reqwest::Url::parse(&self.url) {
            Ok(url) if url.password().is_some() || url.query().is_some() => {
                faults.push(("url", "地址里有密钥或参数".into(), "密钥写进 secrets = { key = \"env:名字\" }"));
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") => {}
            _ => faults.push(("url", "不是 http 地址".into(), "写成 https://主机/v1 的样子")),
        }
        if self.model.trim().is_empty() {
            faults.push(("model", "没有写模型".into(), "写上该接口的模型名"));
        }
        if !(1.0..=MAX_TIMEOUT_S).contains(&self.timeout_s) {
            faults.push((
                "timeout_s",
                format!("{} 不在 1 到 {MAX_TIMEOUT_S} 秒之间", self.timeout_s),
                "写最多等多少秒",
            ));
        }
        if !(64..=16_384).contains(&self.max_tokens) {
            faults.push(("max_tokens", format!("{} 不在 64 到 16384 之间", self.max_tokens), "写一次作答最多多少词元"));
        }
        for (name, place) in &self.secrets {
            if &**name != KEY {
                faults.push(("secrets", format!("不认识的密钥名 {name}"), "只用 key"));
            } else if let Err(error) = SecretPlace::parse(name, place) {
                faults.push(("secrets", error.to_string(), error.remedy()));
            }
        }
        faults
    }

    pub fn host(&self) -> Option<String> {
        reqwest::Url::parse(&self.url).ok()?.host_str().map(str::to_owned)
    }
}

fn thirty() -> f64 {
    30.0
}
fn tokens() -> u32 {
    1500
}
