//! Kind `cap`: warnings in CAP 1.2, from an Atom or RSS feed, a JSON list, a folder's page, or one document at an address.
//!
//! ```toml
//! url = "https://warning.example/cap/atom.xml"
//! options = { header = "X-Token", division = "350200" }   # header carries secrets.token, to the list's own host only
//! ```
//! The alerts themselves are read by `gulang_platforms::cap`; here is only where they come from and which are new.

use super::{
    contract::{ConnectorConfig, KindError, Parts, Wire},
    http::{HttpError, exchange},
};
use crate::{
    feeds::{Also, Feed, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{City, Command, District, PlatformId, Realm, Text, Township};
use gulang_platforms::{
    Heard,
    cap::{Listed, Meaning, Zone, meaning, read_alert, read_index},
};
use reqwest::Url;
use serde::Deserialize;
use std::{collections::BTreeSet, time::Duration};

/// Alerts fetched in one poll; the rest come with the next.
const AT_ONCE: usize = 50;
const ASK_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum CapError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Decode(#[from] gulang_platforms::cap::CapError),
    #[error("预警 {identifier} 的地址 {url} 不能用")]
    Address { identifier: String, url: String },
}

impl CapError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Decode(error) => error.remedy(),
            Self::Address { .. } => "联系发布方：目录中的链接应为 http 地址",
        }
    }
}

/// The city as alerts speak of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Six digits of GB/T 2260.
    pub division: String,
    pub zones: Vec<Zone>,
}

impl Places {
    pub fn of_city(city: &City) -> Self {
        Self::of(city.districts.values(), city.townships.values())
    }

    /// A district is where its middle and its towns are; the city's code is that its districts begin with.
    pub fn of<'a>(
        districts: impl Iterator<Item = &'a District>,
        townships: impl Iterator<Item = &'a Township> + Clone,
    ) -> Self {
        let zone = |it: &District| {
            let towns = townships.clone().filter(|town| town.district == it.id).map(|town| town.center);
            Zone { district: it.id.clone(), places: std::iter::once(it.center).chain(towns).collect() }
        };
        let zones: Vec<Zone> = districts.map(zone).collect();
        let city = zones.first().and_then(|it| it.district.as_str().get(..4)).unwrap_or_default();
        let division = if city.is_empty() { String::new() } else { format!("{city}00") };
        Self { division, zones }
    }
}

/// A source of alerts, polled. Of the built-in address and of the kind alike.
pub struct CapFeed {
    pub name: Text,
    pub every: Duration,
    pub http: reqwest::Client,
    pub url: String,
    pub timeout: Duration,
    pub realm: Realm,
    pub places: Places,
    /// Name and value of a header for the list's own host.
    pub header: Option<(String, String)>,
    /// What is refused becomes a record at once, not a count of the source book.
    pub is_built_in: bool,
    pub seen: BTreeSet<String>,
    pub fetched: Vec<String>,
    pub also: Option<Also>,
}

impl CapFeed {
    /// The address of `[actual]` and of the simulated city.
    pub fn built_in(http: reqwest::Client, base: &str, timeout: Duration, realm: Realm, places: Places) -> Self {
        Self {
            name: super::names::CAP.into(),
            every: Duration::from_secs(3),
            http,
            url: format!("{}/index.json", base.trim_end_matches('/')),
            timeout,
            realm,
            places,
            header: None,
            is_built_in: true,
            seen: BTreeSet::new(),
            fetched: Vec::new(),
            also: None,
        }
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, HttpError> {
        let mut request = self.http.get(url);
        let origin = |it: &str| Url::parse(it).ok().map(|it| it.origin());
        if let Some((name, value)) = &self.header
            && origin(url) == origin(&self.url)
        {
            request = request.header(name.as_str(), value.as_str());
        }
        exchange(request, url, self.timeout).await
    }

    fn address_of(&self, listed: &Listed) -> Result<String, CapError> {
        let bad = || CapError::Address { identifier: listed.identifier.clone(), url: listed.url.clone() };
        let link = if listed.url.is_empty() { format!("{}.xml", listed.identifier) } else { listed.url.clone() };
        let url = Url::parse(&self.url).and_then(|it| it.join(&link)).map_err(|_| bad())?;
        if matches!(url.scheme(), "http" | "https") { Ok(url.to_string()) } else { Err(bad()) }
    }

    fn told(&self, bytes: &[u8], identifier: &str) -> Heard {
        match read_alert(bytes) {
            Ok(alert) => {
                let about = Meaning { realm: self.realm, division: &self.places.division, zones: &self.places.zones };
                meaning(&alert, about)
            }
            Err(why) => {
                let mut heard = Heard::default();
                heard.refuse(identifier, why);
                heard
            }
        }
    }

    /// What an alert in a list is known by: one changed in place comes again.
    fn key_of(listed: &Listed) -> String {
        format!("{}|{}", listed.identifier, listed.updated)
    }

    async fn ask(&mut self) -> Result<(Heard, Vec<u8>, bool), CapError> {
        self.fetched.clear();
        let index = self.get(&self.url).await?;
        if let Ok(alert) = read_alert(&index) {
            let key = format!("{}|", alert.identifier);
            let heard = if self.seen.contains(&key) { Heard::default() } else { self.told(&index, &alert.identifier) };
            self.fetched.push(key);
            return Ok((heard, index, false));
        }
        let listed = read_index(&index)?;
        let keys: BTreeSet<String> = listed.iter().map(Self::key_of).collect();
        self.seen.retain(|it| keys.contains(it));
        let new: Vec<Listed> = listed.into_iter().filter(|it| !self.seen.contains(&Self::key_of(it))).collect();
        let (mut heard, mut failure) = (Heard::default(), None);
        for listed in new.iter().take(AT_ONCE) {
            let address = self.address_of(listed)?;
            match self.get(&address).await {
                Ok(bytes) => {
                    heard.append(self.told(&bytes, &listed.identifier));
                    self.fetched.push(Self::key_of(listed));
                }
                // One that is not to be had now must not keep the others; it is asked for again.
                Err(why) => failure = Some(why),
            }
        }
        match failure {
            Some(why) if self.fetched.is_empty() => Err(why.into()),
            _ => Ok((heard, index, new.len() > AT_ONCE)),
        }
    }
}

#[async_trait]
impl Feed for CapFeed {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        self.also = None;
        let (mut heard, raw, more) = self.ask().await?;
        let mut commands = std::mem::take(&mut heard.commands);
        if self.is_built_in {
            let platform = PlatformId::from(&*self.name);
            commands.extend(heard.refused.into_iter().map(|it| it.into_command(&platform)));
        } else {
            self.also = Some(Also { raw, heard });
        }
        Ok((commands, more))
    }

    fn recorded(&mut self) {
        self.seen.extend(self.fetched.drain(..));
    }

    fn also(&mut self) -> Option<Also> {
        self.also.take()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    header: Option<String>,
    division: Option<String>,
}

/// Opens the connector. Nothing is asked yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let mut places = Places::of(parts.pack.districts.iter(), parts.pack.townships.iter());
    if let Some(division) = options.division {
        if division.len() != 6 || !division.bytes().all(|it| it.is_ascii_digit()) {
            let why = format!("{division:?} 不是六位区划代码");
            return Err(KindError { what: "options.division".into(), why, todo: "写成 350200 的样子".into() });
        }
        places.division = division;
    }
    Ok(Wire::Asked(Box::new(CapFeed {
        name: config.name.clone(),
        every: Duration::from_secs_f64(config.every_s),
        http: parts.http.clone(),
        url: super::http::checked_url(&config.url)?,
        timeout: ASK_LIMIT,
        realm: R::REALM,
        places,
        header: super::http::token_header(options.header, parts)?,
        is_built_in: false,
        seen: BTreeSet::new(),
        fetched: Vec::new(),
        also: None,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for this test after the example of OASIS CAP-V1.2 appendix A.
    const ALERT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>35020041600000_20230727100000_1</identifier><sender>xm.qx@12379.cn</sender>
  <sent>2023-07-27T10:00:00+08:00</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>
  <info><language>zh-CN</language><category>Met</category><event>台风</event><urgency>Immediate</urgency>
    <severity>Severe</severity><certainty>Observed</certainty><expires>2023-07-28T10:00:00+08:00</expires>
    <senderName>厦门市气象台</senderName><headline>厦门市气象台发布台风红色预警信号</headline>
    <area><areaDesc>思明区</areaDesc><geocode><valueName>GB/T 2260</valueName><value>350203000000</value></geocode></area>
  </info>
</alert>"#;

    #[test]
    fn a_reader_of_the_standard_agrees() -> Result<(), Box<dyn std::error::Error>> {
        let theirs: oasiscap::v1dot2::Alert = ALERT.parse().map_err(|why| format!("{why:?}"))?;
        let ours = read_alert(ALERT.as_bytes())?;
        assert_eq!(theirs.identifier.as_str(), ours.identifier);
        assert_eq!(theirs.info[0].headline.as_deref(), ours.info().map(|it| it.headline.as_str()));
        Ok(())
    }

    #[test]
    fn links_are_followed_from_the_list_and_nowhere_odd() {
        let base = "http://127.0.0.1:9/cap";
        let feed = CapFeed::built_in(reqwest::Client::new(), base, ASK_LIMIT, Realm::Actual, Places::default());
        let of = |url: &str| {
            let listed = Listed { identifier: "a".into(), url: url.into(), updated: String::new() };
            feed.address_of(&listed).ok()
        };
        assert_eq!(of("").as_deref(), Some("http://127.0.0.1:9/cap/a.xml"));
        assert_eq!(of("/cap/b.xml").as_deref(), Some("http://127.0.0.1:9/cap/b.xml"));
        assert_eq!(of("https://other.example/c.xml").as_deref(), Some("https://other.example/c.xml"));
        assert_eq!(of("file:///etc/passwd"), None);
    }

    #[test]
    fn a_city_is_called_by_what_its_districts_begin_with() {
        let pack = gulang_city::tiny_pack();
        let places = Places::of(pack.districts.iter(), pack.townships.iter());
        assert_eq!(places.division, "350200");
        assert_eq!(places.zones.len(), pack.districts.len());
        assert!(places.zones.iter().all(|it| !it.places.is_empty()));
    }
}
