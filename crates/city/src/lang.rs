//! The two languages of what is written beforehand: a pack's templates, and every word a file has that nobody wrote.

use serde::{Deserialize, Serialize};

/// The language of a page, a file or a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperLang {
    #[default]
    Zh,
    En,
}

impl PaperLang {
    pub fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Where something lies, in one of eight words; degrees from north.
pub fn compass_word(degrees: f64, lang: PaperLang) -> &'static str {
    let i = ((degrees.rem_euclid(360.0) + 22.5) / 45.0) as usize % 8;
    match lang {
        PaperLang::Zh => ["北", "东北", "东", "东南", "南", "西南", "西", "西北"][i],
        PaperLang::En => ["N", "NE", "E", "SE", "S", "SW", "W", "NW"][i],
    }
}
