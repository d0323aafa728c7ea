//! Kind `webhook`: the platform calls `POST /hook/{name}` of the hub, and a mapping tells what it says.
//!
//! ```toml
//! secrets = { token = "env:HOOK_TOKEN" }
//! options = { header = "X-Token" }                       # carries secrets.token as it is
//! # or signed: the header carries HMAC-SHA-256 of the body under secrets.token
//! options = { header = "X-Signature", hmac = "hex", prefix = "sha256=" }
//! ```
//! The hub listens on loopback; a gateway of the city's own brings requests from outside to it.

use super::contract::{ConnectorConfig, Ear, KindError, Knock, KnockRefusal, Listener, Parts, Secrets, Wire};
use crate::{feeds::FeedError, realm::RealmKind, server::is_same};
use async_trait::async_trait;
use gulang_city::Text;
use gulang_platforms::mapping::{About, Mapping};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

/// How a pushed message proves itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardOptions {
    /// Where the proof is.
    pub header: String,
    /// None: the token as it is.
    #[serde(default)]
    pub hmac: Option<Form>,
    #[serde(default)]
    pub prefix: String,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    Hex,
}

/// Whoever stands at a door, with the token at hand.
pub struct Guard {
    header: String,
    hmac: Option<Form>,
    prefix: String,
    token: String,
}

impl Guard {
    /// Without a token anybody could push: refused.
    pub fn of(options: GuardOptions, secrets: &Secrets) -> Result<Self, KindError> {
        let GuardOptions { header, hmac, prefix } = options;
        let Some(token) = secrets.get("token").filter(|it| !it.is_empty()) else {
            return Err(KindError {
                what: "secrets".into(),
                why: "没有 token：谁都能推".into(),
                todo: r#"写 secrets = { token = "env:名字" }"#.into(),
            });
        };
        Ok(Self { header: header.to_lowercase(), hmac, prefix, token: token.to_owned() })
    }

    pub fn admits(&self, knock: &Knock) -> bool {
        let Some(given) = knock.headers.get(&self.header).and_then(|it| it.strip_prefix(&self.prefix)) else {
            return false;
        };
        match self.hmac {
            None => is_same(given.as_bytes(), self.token.as_bytes()),
            Some(Form::Hex) => {
                let expected = signature(self.token.as_bytes(), &knock.body);
                is_same(given.to_lowercase().as_bytes(), expected.as_bytes())
            }
        }
    }
}

/// Opens the connector. Its door is the hub's.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let guard = Guard::of(config.options_as()?, &parts.secrets)?;
    if !config.url.is_empty() {
        let todo = "删去 url；平台推到 POST /hook/名字".into();
        return Err(KindError { what: "url".into(), why: "webhook 不去连接谁".into(), todo });
    }
    Ok(Wire::Speaks(Box::new(Webhook { name: config.name.clone(), guard, mapping: config.mapping_rules()? })))
}

struct Webhook {
    name: Text,
    guard: Guard,
    mapping: Mapping,
}

/// HMAC-SHA-256 in hex.
pub fn signature(key: &[u8], body: &[u8]) -> String {
    // A key may be of any length, so there is always one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(body);
    crate::log::hex(mac.finalize().into_bytes().as_slice())
}

#[async_trait]
impl Listener for Webhook {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let closed = FeedError { what: "枢纽没有为它开门".into(), remedy: "重启枢纽" };
        let door = ear.door().ok_or(closed)?;
        let mut knocks = door.lock().await;
        while let Some(knock) = knocks.recv().await {
            let answer = if self.guard.admits(&knock) {
                let about = About { platform: &self.name, topic: "", received: ear.now() };
                let heard = self.mapping.apply_bytes(&knock.body, about);
                ear.take_knock(&knock.body, heard).await
            } else {
                Err(KnockRefusal::Unauthorized)
            };
            // Whoever asked may be gone.
            let _ = knock.answer.send(answer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        assert_eq!(
            signature(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
