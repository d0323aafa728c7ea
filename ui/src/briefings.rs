//! What a screen asks the hub of 会商简报 beside the socket: what is news since the last one, and a briefing as a file.

use crate::{i18n::Lang, net::Address, platform, stage::palette::Theme};
use gulang_city::{BriefingId, Realm};
use serde::Deserialize;
use std::sync::{Mutex, mpsc};

/// What a briefing can be saved as, and what the button says.
pub const FORMS: [(&str, &str); 4] = [("pdf", "PDF"), ("pptx", "PPTX"), ("docx", "DOCX"), ("xlsx", "XLSX")];

/// `GET /api/briefings/since`: what was recorded after a briefing began on the walls.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SinceTold {
    /// The record they come after, and when it was.
    pub since_seq: u64,
    pub since_ms: i64,
    /// The briefing that was shown then; empty for a record somebody named.
    pub shown: String,
    /// How many of each kind, all of them.
    pub sums: Vec<SinceSum>,
    /// The latest, in the order they happened.
    pub lines: Vec<SinceLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SinceSum {
    pub kind: String,
    pub n: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SinceLine {
    pub at_ms: i64,
    pub kind: String,
    pub text: String,
    pub who: String,
    /// Their numbers in the log.
    pub records: Vec<u64>,
}

/// What a screen asks.
#[derive(Clone, Debug, PartialEq)]
pub enum BriefingAsk {
    /// What came since the last one that is over.
    Since,
    /// One as a file, with its maps.
    Save { id: BriefingId, form: &'static str, lang: Lang, theme: Theme },
}

/// An answer of the hub, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum BriefingNews {
    Since(Result<SinceTold, String>),
    /// Where the file lies.
    Saved(Result<String, String>),
}

/// What was asked of the hub and has not been looked at yet.
pub struct BriefingMail {
    sender: mpsc::Sender<BriefingNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<BriefingNews>>,
    /// Whose news were asked for last.
    realm: Option<Realm>,
}

impl Default for BriefingMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver), realm: None }
    }
}

impl BriefingMail {
    /// Asks. What another realm's hub still has to answer is not heard any more.
    pub fn ask(&mut self, address: &Address, realm: Realm, ask: &BriefingAsk) {
        if self.realm.is_some_and(|it| it != realm) {
            *self = Self::default();
        }
        self.realm = Some(realm);
        let sender = self.sender.clone();
        match ask {
            BriefingAsk::Since => platform::fetch(address.briefings_url(realm, "since", ""), move |got| {
                let read = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
                // The app is gone if nobody listens.
                let _ = sender.send(BriefingNews::Since(read));
            }),
            BriefingAsk::Save { id, form, lang, theme } => {
                let lang = if *lang == Lang::En { "en" } else { "zh" };
                let theme = if *theme == Theme::Light { "light" } else { "dark" };
                let file = format!("{id}.{form}");
                let url = address.briefings_url(realm, &file, &format!("&lang={lang}&theme={theme}&maps=yes"));
                let name = file.replace(['@', ':', '/', '\\'], "-");
                platform::save_slow(url, name, move |saved| {
                    let _ = sender.send(BriefingNews::Saved(saved));
                });
            }
        }
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<BriefingNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hub_s_news_are_read_and_what_is_left_out_is_empty() {
        let json = r#"{"since_seq":9,"since_ms":1690430400000,"shown":"台风会商","seq":13,"sums":[{"kind":"告警","n":2}],
            "lines":[{"at_ms":1690430400000,"kind":"告警","text":"积水","who":"席","records":[10,11]}]}"#;
        let told: SinceTold = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!((told.shown.as_str(), told.sums[0].n, told.lines[0].records.len()), ("台风会商", 2, 2));
        assert_eq!(serde_json::from_str::<SinceTold>("{}").expect("nothing new"), SinceTold::default());
    }
}
