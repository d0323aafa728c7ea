//! Passwords and tokens of connectors. The configuration names where each is kept, `env:NAME` or `keyring:SERVICE/USER`,
//! and never holds one; what is shown or logged goes through [`Secrets::redact`] first.

use crate::connectors::contract::Secrets;
use gulang_city::Text;
use std::{collections::BTreeMap, fmt::Write};

/// A shorter beginning of a secret at a cut gives nothing away.
const SHORTEST_START: usize = 4;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    Environment(String),
    Keyring { service: String, user: String },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The text is not repeated: whoever wrote the secret itself here must not find it in a log.
    #[error("secrets.{name} 写的不是 env:名字，也不是 keyring:服务/用户")]
    Form { name: Text },
    #[error("secrets.{name}：没有环境变量 {variable}")]
    Unset { name: Text, variable: String },
    #[error("secrets.{name}：系统钥匙串里取不到 {service}/{user}：{why}")]
    Keyring { name: Text, service: String, user: String, why: String },
}

impl SecretError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Form { .. } => "密钥不写进配置：放进环境变量并写 env:名字，或放进系统钥匙串并写 keyring:服务/用户",
            Self::Unset { .. } => "在枢纽的环境里设置它，再点重试或重启枢纽",
            Self::Keyring { .. } => "用系统的钥匙串工具存入它；没有桌面会话的机器改用 env:名字",
        }
    }
}

impl SecretPlace {
    pub fn parse(name: &Text, text: &str) -> Result<Self, SecretError> {
        let bad = || SecretError::Form { name: name.clone() };
        let is_variable = |it: &str| {
            !it.is_empty()
                && !it.starts_with(|it: char| it.is_ascii_digit())
                && it.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
        };
        match text.split_once(':') {
            Some(("env", variable)) if is_variable(variable) => Ok(Self::Environment(variable.to_owned())),
            Some(("keyring", place)) => match place.split_once('/') {
                Some((service, user)) if !service.is_empty() && !user.is_empty() => {
                    Ok(Self::Keyring { service: service.to_owned(), user: user.to_owned() })
                }
                _ => Err(bad()),
            },
            _ => Err(bad()),
        }
    }

    /// May wait for the desktop's keyring: call it off the async threads.
    fn fetch(&self, name: &Text) -> Result<String, SecretError> {
        match self {
            Self::Environment(variable) => std::env::var(variable)
                .ok()
                .filter(|it| !it.is_empty())
                .ok_or_else(|| SecretError::Unset { name: name.clone(), variable: variable.clone() }),
            Self::Keyring { service, user } => from_keyring(service, user).map_err(|why| SecretError::Keyring {
                name: name.clone(),
                service: service.clone(),
                user: user.clone(),
                why,
            }),
        }
    }
}

/// All of a connector's secrets, or the first that cannot be had. May block.
pub fn resolve(places: &BTreeMap<Text, Text>) -> Result<Secrets, SecretError> {
    let one = |(name, place): (&Text, &Text)| Ok((name.clone(), SecretPlace::parse(name, place)?.fetch(name)?));
    Ok(Secrets(places.iter().map(one).collect::<Result<_, SecretError>>()?))
}

/// Made-up values under the same names, for trying templates without any secret at hand.
pub fn made_up(places: &BTreeMap<Text, Text>) -> Secrets {
    Secrets(places.keys().map(|it| (it.clone(), "made-up".to_owned())).collect())
}

#[cfg(feature = "keyring")]
fn from_keyring(service: &str, user: &str) -> Result<String, String> {
    let entry = keyring::Entry::new(service, user).map_err(|why| why.to_string())?;
    entry.get_password().map_err(|why| why.to_string())
}

#[cfg(not(feature = "keyring"))]
fn from_keyring(_: &str, _: &str) -> Result<String, String> {
    Err("这个枢纽没有编入钥匙串支持，请改用 env:名字".into())
}

impl Secrets {
    /// `text` with every secret in it struck out, also where it was quoted for JSON or for an address, and the beginning of
    /// one where the text was cut.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut values: Vec<&String> = self.0.values().filter(|it| !it.is_empty()).collect();
        // One secret may contain another.
        values.sort_by_key(|it| std::cmp::Reverse(it.len()));
        for value in values {
            let quoted = serde_json::to_string(value).unwrap_or_default();
            for form in [value.as_str(), quoted.trim_matches('"'), &percent_encoded(value)] {
                if text.contains(form) {
                    text = text.replace(form, "***");
                }
                let starts = form.char_indices().map(|(end, _)| &form[..end]).rev();
                if let Some(start) = starts.take_while(|it| it.len() >= SHORTEST_START).find(|it| text.ends_with(*it)) {
                    text.truncate(text.len() - start.len());
                    text.push_str("***");
                }
            }
        }
        text
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets(value: &str) -> Secrets {
        Secrets([("token".into(), value.to_owned())].into())
    }

    #[test]
    fn places_are_named_and_secrets_are_not() {
        let name: Text = "token".into();
        assert_eq!(SecretPlace::parse(&name, "env:A_B"), Ok(SecretPlace::Environment("A_B".into())));
        assert!(matches!(SecretPlace::parse(&name, "keyring:gulang/case"), Ok(SecretPlace::Keyring { .. })));
        for bad in ["", "env:", "env:1A", "env:a b", "keyring:x", "keyring:/x", "hunter2:hunter2", "hunter2"] {
            let error = SecretPlace::parse(&name, bad).expect_err(bad);
            assert!(!format!("{error} {error:?} {}", error.remedy()).contains("hunter2"));
        }
        let unset: BTreeMap<Text, Text> = [("token".into(), "env:GULANG_TEST_UNSET".into())].into();
        assert!(matches!(resolve(&unset), Err(SecretError::Unset { .. })));
        assert_eq!(format!("{:?}", secrets("hunter2")), r#"{"token"}"#);
    }

    proptest! {
        #[test]
        fn a_cut_shows_no_part_of_a_secret(secret in "[a-z]{8,30}", cut in 4usize..30) {
            let cut = cut.min(secret.len() - 1);
            let shown = secrets(&secret).redact(&format!("token={}", &secret[..cut]));
            prop_assert_eq!(shown, "token=***");
        }

        #[test]
        fn no_form_of_a_secret_is_left(secret in "[ -~]{6,20}", before in "[a-z ]{0,9}") {
            let secrets = secrets(&secret);
            let quoted = serde_json::to_string(&secret).unwrap_or_default();
            let text = format!("{before}{secret} {quoted} {}", percent_encoded(&secret));
            prop_assert!(!secrets.redact(&text).contains(&secret));
            prop_assert!(!secrets.redact(&text).contains(&percent_encoded(&secret)));
        }
    }
}
