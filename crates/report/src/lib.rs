//! Reports: the morning-after file (复盘报告), the duty officers' bulletins ([`bulletin`]) and briefings ([`deck`]).
//!
//! The first two are one [`Document`] of headings, tables and charts, written as PDF or DOCX: what a review says is in
//! [`content`], once for both forms; how it looks is in `review.typ` and [`word`]. A briefing is a [`deck::Deck`] of pages,
//! written as PDF, PPTX, DOCX or XLSX. Every figure carries the numbers of its records. An exercise says so on every page. It
//! must not know where a review comes from.

mod annex;
pub mod bulletin;
mod content;
pub mod deck;
mod figures;
mod layout;
mod pdf;
mod slides;
mod typhoon;
mod word;

use gulang_city::{City, PaperLang, review::Review, score::ScoreSheet};
use serde::Serialize;

/// What a report is made of. `font` is the city pack's: TrueType, with the Chinese it needs.
#[derive(Clone, Copy)]
pub struct Paper<'a> {
    pub review: &'a Review,
    pub score: &'a ScoreSheet,
    pub city: &'a City,
    pub font: &'a [u8],
}

/// A report before it has a form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    /// Of every word nobody wrote.
    pub lang: PaperLang,
    pub title: String,
    pub subtitle: String,
    /// 演练: on every page.
    pub exercise: bool,
    pub footer: String,
    pub blocks: Vec<Block>,
}

impl Document {
    /// What stands at the head of an exercise's pages.
    pub(crate) fn exercise_words(&self) -> &'static str {
        self.lang.of("演练 · 演练 · 演练", "EXERCISE 演练 · EXERCISE 演练")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    Heading {
        text: String,
    },
    Text {
        text: String,
    },
    /// Widths are shares of the page.
    Table {
        widths: Vec<u32>,
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    /// `svg` in nominal pixels of this size; 520 are the page's width.
    Chart {
        caption: String,
        name: String,
        #[serde(skip)]
        svg: String,
        width: u32,
        height: u32,
    },
    /// A picture of this size in the same nominal pixels.
    Picture {
        caption: String,
        name: String,
        #[serde(skip)]
        png: Vec<u8>,
        width: u32,
        height: u32,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("画不出图“{name}”：{why}")]
    Chart { name: String, why: String },
    #[error("字体读不了；assets/fonts 里要有 NotoSansSC-Regular-gb2312.ttf")]
    Font,
    #[error("排版失败：{0}")]
    Typeset(String),
    #[error("写不成 Word 文件：{0}")]
    Word(String),
    #[error("写不成演示文稿：{0}")]
    Slides(String),
    #[error("写不成表格文件：{0}")]
    Workbook(String),
}

/// The report's content.
pub fn document(paper: &Paper<'_>) -> Result<Document, ReportError> {
    content::document(paper)
}

/// Any document as PDF or, with `docx`, for Word and WPS.
pub fn written(document: &Document, form: &str, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    if form == "docx" { word::write(document, font) } else { pdf::write(document, font) }
}

/// As PDF. The same review gives the same bytes.
pub fn pdf(paper: &Paper<'_>) -> Result<Vec<u8>, ReportError> {
    pdf::write(&content::document(paper)?, paper.font)
}

/// As DOCX, for Word and WPS.
pub fn docx(paper: &Paper<'_>) -> Result<Vec<u8>, ReportError> {
    word::write(&content::document(paper)?, paper.font)
}
