//! 指标 on this screen, asked of the hub beside the socket while something shows them: definitions once, then what changed, how
//! figures went, what lies beneath one.

use crate::{net::Address, platform};
use gulang_city::{
    PaperLang, Realm, Text,
    indicators::{Definitions, Figure, FigureKey, RowId},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    sync::{Mutex, mpsc},
};

/// `GET /api/indicators`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DefinitionsTold {
    pub simulated: bool,
    pub epoch: u64,
    /// None before the hub's first count.
    pub definitions: Option<Definitions>,
}

/// `GET /api/indicators/figures`: what changed since a revision of an epoch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FiguresTold {
    pub epoch: u64,
    pub revision: u64,
    /// The clock they are at; none before the first count.
    pub now_ms: Option<i64>,
    pub n_figures: usize,
    /// What is wrong with the definitions in the file, or with the engine; the figures are then of those before.
    pub faults: Vec<String>,
    pub figures: Vec<Figure>,
}

/// `GET /api/indicators/beneath`: the first rows of those a figure is made of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BeneathTold {
    pub key: FigureKey,
    pub n: usize,
    pub rows: Vec<BeneathRow>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BeneathRow {
    pub id: RowId,
    pub kind: Text,
    pub number: Text,
    pub name: Text,
    pub words: Text,
    /// When it was last said; none if nobody says when.
    pub at_ms: Option<i64>,
}

/// One of `GET /api/bulletins`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BulletinRow {
    pub id: Text,
    pub title: Text,
    /// Of its words.
    #[serde(default)]
    pub lang: PaperLang,
    /// What is wrong with it; it is then not written.
    pub fault: String,
}

/// By figure, as its key is written: times in ms and values, ascending.
pub type TrendsTold = BTreeMap<String, Vec<(i64, f32)>>;
/// The same of full hours.
pub type HoursTold = BTreeMap<String, Vec<(i64, f64)>>;

/// What a screen asks.
#[derive(Clone, Debug, PartialEq)]
pub enum IndicatorAsk {
    Definitions,
    /// What changed since the revision of the epoch.
    Figures {
        epoch: u64,
        since: u64,
    },
    /// The last day, every five minutes.
    Trends(Vec<FigureKey>),
    /// The last two weeks, by full hours.
    Hours(Vec<FigureKey>),
    Beneath(FigureKey),
    /// All rows beneath, as a file for a spreadsheet.
    /// `csv` or `parquet`.
    Save(FigureKey, &'static str),
    /// Which bulletins there are.
    Bulletins,
    /// 快报 as of now: a template's id with `.pdf` or `.docx`.
    Bulletin(String),
}

/// An answer of the hub, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum IndicatorNews {
    Definitions(Result<DefinitionsTold, String>),
    Figures(Result<FiguresTold, String>),
    Trends(Result<TrendsTold, String>),
    Hours(Result<HoursTold, String>),
    Beneath(Result<BeneathTold, String>),
    Bulletins(Result<Vec<BulletinRow>, String>),
    /// Where the file lies.
    Saved(Result<String, String>),
}

/// What was asked of the hub and has not been looked at yet.
pub struct IndicatorMail {
    sender: mpsc::Sender<IndicatorNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<IndicatorNews>>,
    /// Whose figures were asked for last.
    realm: Option<Realm>,
}

impl Default for IndicatorMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver), realm: None }
    }
}

impl IndicatorMail {
    /// Asks. What another realm's hub still has to answer is not heard any more: its figures would pass for this one's.
    pub fn ask(&mut self, address: &Address, realm: Realm, ask: &IndicatorAsk) {
        use IndicatorNews::{Beneath, Bulletins, Definitions, Figures, Hours, Trends};
        if self.realm.is_some_and(|it| it != realm) {
            *self = Self::default();
        }
        self.realm = Some(realm);
        let url = |path: &str, with: &str| address.indicators_url(realm, path, with);
        match ask {
            IndicatorAsk::Definitions => self.fetch(url("", ""), Definitions),
            IndicatorAsk::Figures { epoch, since } => {
                self.fetch(url("/figures", &format!("epoch={epoch}&since={since}")), Figures);
            }
            IndicatorAsk::Trends(keys) => self.fetch(url("/trends", &keys_query(keys)), Trends),
            IndicatorAsk::Hours(keys) => self.fetch(url("/hours", &keys_query(keys)), Hours),
            IndicatorAsk::Beneath(key) => self.fetch(url("/beneath", &key_query(key)), Beneath),
            IndicatorAsk::Save(key, form) => {
                let name = format!("{key}.{form}").replace(['@', ':', '/', '\\'], "-");
                self.save(url(&format!("/beneath.{form}"), &key_query(key)), name);
            }
            IndicatorAsk::Bulletins => self.fetch(address.bulletins_url(realm), Bulletins),
            IndicatorAsk::Bulletin(file) => self.save(address.bulletin_url(realm, file), file.clone()),
        }
    }

    fn save(&self, url: String, name: String) {
        let sender = self.sender.clone();
        platform::save(url, name, move |saved| {
            // The app is gone if nobody listens.
            let _ = sender.send(IndicatorNews::Saved(saved));
        });
    }

    fn fetch<T: DeserializeOwned + 'static>(&self, url: String, news: fn(Result<T, String>) -> IndicatorNews) {
        let sender = self.sender.clone();
        platform::fetch(url, move |got| {
            let read = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            let _ = sender.send(news(read));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<IndicatorNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

fn key_query(key: &FigureKey) -> String {
    format!("key={}", crate::net::escaped(&key.to_string()))
}

fn keys_query(keys: &[FigureKey]) -> String {
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    format!("keys={}", crate::net::escaped(&keys.join(",")))
}
