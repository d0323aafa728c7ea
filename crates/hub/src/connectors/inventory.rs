//! Registers of many things: `{inventory}` lists them (JSON), `{inventory}/{id}` is one (postcard of
//! [`Inventory`]), `{inventory}/{id}/changes?since=MS` what changed after an instant of the platform's clock.

use super::http::{HttpError, exchange, exchange_up_to};
use gulang_city::{Inventory, Text, ThingsChange, ThingsError, Timestamp};
use serde::Deserialize;
use std::time::Duration;

/// Four times what the city's largest register takes.
const MAX_REGISTER_BYTES: usize = 32 * 1024 * 1024;
/// A platform that makes a register when first asked for it takes a while.
const REGISTER_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("部件名录读不懂：{0}")]
    List(String),
    #[error("部件 {id} 读不懂：{why}")]
    Garbage { id: Text, why: ThingsError },
    #[error("问的是 {asked}，答的是 {answered}")]
    Another { asked: Text, answered: Text },
    #[error("部件 {id} 的时间 {as_of} 在未来", as_of = .as_of.to_beijing_text())]
    FromTheFuture { id: Text, as_of: Timestamp },
}

impl InventoryError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::List(_) | Self::Garbage { .. } | Self::Another { .. } => "接口返回异常：核对平台与枢纽的版本",
            Self::FromTheFuture { .. } => "平台的时钟不对：请平台校时",
        }
    }
}

/// A register as the platform lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    pub id: Text,
    #[serde(default)]
    pub moving: bool,
    /// Another version: handles mean other things, fetch it again.
    #[serde(default)]
    pub version: u64,
}

#[derive(Clone, Debug)]
pub struct InventorySource {
    pub http: reqwest::Client,
    pub base: String,
    pub timeout: Duration,
}

impl InventorySource {
    pub async fn list(&self) -> Result<Vec<Listed>, InventoryError> {
        let url = self.base().to_owned();
        decode_list(&exchange(self.http.get(&url), &url, self.timeout).await?)
    }

    /// The register, and how many of its places were absurd.
    pub async fn fetch(&self, id: &Text) -> Result<(Inventory, usize), InventoryError> {
        let url = format!("{}/{id}", self.base());
        let bytes = exchange_up_to(MAX_REGISTER_BYTES, self.http.get(&url), &url, REGISTER_LIMIT).await?;
        let asked = id.clone();
        // Millions of numbers: not on the threads that keep the screens.
        let read = tokio::task::spawn_blocking(move || decode_register(&asked, &bytes)).await;
        read.map_err(|why| InventoryError::List(why.to_string()))?
    }

    pub async fn changes(&self, id: &Text, since: Timestamp) -> Result<ThingsChange, InventoryError> {
        let url = format!("{}/{id}/changes?since={}", self.base(), since.0);
        decode_change(id, &exchange(self.http.get(&url), &url, self.timeout).await?)
    }

    fn base(&self) -> &str {
        self.base.trim_end_matches('/')
    }
}

/// Names that would not be one path segment are left out.
pub fn decode_list(bytes: &[u8]) -> Result<Vec<Listed>, InventoryError> {
    #[derive(Deserialize)]
    struct List {
        inventories: Vec<Listed>,
    }
    let list: List = serde_json::from_slice(bytes).map_err(|why| InventoryError::List(why.to_string()))?;
    let is_name = |id: &str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
    };
    Ok(list.inventories.into_iter().filter(|it| is_name(&it.id)).take(64).collect())
}

pub fn decode_register(asked: &Text, bytes: &[u8]) -> Result<(Inventory, usize), InventoryError> {
    let (register, n_absurd) =
        Inventory::from_bytes(bytes).map_err(|why| InventoryError::Garbage { id: asked.clone(), why })?;
    if register.id != *asked {
        return Err(InventoryError::Another { asked: asked.clone(), answered: register.id });
    }
    Ok((register, n_absurd))
}

pub fn decode_change(asked: &Text, bytes: &[u8]) -> Result<ThingsChange, InventoryError> {
    let change = ThingsChange::from_bytes(bytes).map_err(|why| InventoryError::Garbage { id: asked.clone(), why })?;
    if change.inventory != *asked {
        return Err(InventoryError::Another { asked: asked.clone(), answered: change.inventory });
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_list_is_read_and_names_that_lead_elsewhere_are_left_out() {
        let text = r#"{"inventories":[{"id":"bike","n":9,"moving":true,"version":18446744073709551615},{"id":"../x"},{"id":""},{"id":"a/b"}],"simulated":true}"#;
        let list = decode_list(text.as_bytes()).unwrap_or_default();
        assert_eq!(list, [Listed { id: "bike".into(), moving: true, version: u64::MAX }]);
        assert!(decode_list(b"[]").is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_list(&bytes);
            prop_assert!(decode_register(&"bike".into(), &bytes).is_err());
            prop_assert!(decode_change(&"bike".into(), &bytes).is_err());
        }
    }
}
