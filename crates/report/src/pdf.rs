//! A document or a briefing as PDF, typeset by typst: a world of one template, what it says as JSON, its pictures and one font.
//!
//! Nothing is read from the disk or the network, and no clock: the same document gives the same bytes.

use crate::{
    Block, Document, ReportError,
    deck::Deck,
    layout::{self, Sheet},
};
use serde::Serialize;
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;

/// How something looks on paper: its file, its text and what it reads its content from.
struct Template {
    name: &'static str,
    text: &'static str,
    content: &'static str,
}

const DOCUMENT: Template = Template { name: "review.typ", text: include_str!("review.typ"), content: "document.json" };
const DECK: Template = Template { name: "deck.typ", text: include_str!("deck.typ"), content: "deck.json" };

struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    files: Vec<(FileId, Bytes)>,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }
    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }
    fn main(&self) -> FileId {
        self.main.id()
    }
    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::NotSource) }
    }
    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let known = self.files.iter().find(|(it, _)| *it == id);
        known.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }
    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

pub(crate) fn write(document: &Document, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    let picture = |block: &Block| match block {
        Block::Chart { name, svg, .. } => Some((name.clone(), svg.clone().into_bytes())),
        Block::Picture { name, png, .. } => Some((name.clone(), png.clone())),
        _ => None,
    };
    #[derive(Serialize)]
    struct Said<'a> {
        #[serde(flatten)]
        document: &'a Document,
        exercise_words: &'a str,
    }
    let said = Said { document, exercise_words: document.exercise_words() };
    typeset(&DOCUMENT, &said, document.blocks.iter().filter_map(picture), font)
}

pub(crate) fn write_deck(deck: &Deck, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    #[derive(Serialize)]
    struct Placed<'a> {
        title: &'a str,
        lang: &'a str,
        sheets: Vec<Sheet>,
    }
    let placed = Placed { title: &deck.title, lang: deck.lang.of("zh", "en"), sheets: layout::sheets(deck) };
    let maps = deck.pages.iter().zip(1..).filter_map(|(page, i)| {
        let drawn = page.map.as_ref()?.drawn.as_ref().ok()?;
        Some((layout::map_name(i), drawn.png.clone()))
    });
    let charts = deck.pages.iter().zip(1..).filter_map(|(page, i)| {
        let drawn = page.chart.as_ref()?.drawn.as_ref().ok()?;
        Some((layout::chart_name(i), drawn.clone().into_bytes()))
    });
    typeset(&DECK, &placed, maps.chain(charts), font)
}

fn typeset(
    template: &Template,
    content: &impl Serialize,
    pictures: impl Iterator<Item = (String, Vec<u8>)>,
    font: &[u8],
) -> Result<Vec<u8>, ReportError> {
    let id = |name: &str| -> Result<FileId, ReportError> {
        let path = VirtualPath::new(name).map_err(|why| ReportError::Typeset(format!("{name}: {why:?}")))?;
        Ok(RootedPath::new(VirtualRoot::Project, path).intern())
    };
    let fonts: Vec<Font> = Font::iter(Bytes::new(font.to_vec())).collect();
    if fonts.is_empty() {
        return Err(ReportError::Font);
    }
    let json = serde_json::to_vec(content).map_err(|why| ReportError::Typeset(why.to_string()))?;
    let mut files = vec![(id(template.content)?, Bytes::new(json))];
    for (name, bytes) in pictures {
        files.push((id(&name)?, Bytes::new(bytes)));
    }
    let desk = Desk {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        main: Source::new(id(template.name)?, template.text.to_owned()),
        files,
    };
    let words = |errors: &[typst::diag::SourceDiagnostic]| {
        errors.iter().map(|it| it.message.to_string()).collect::<Vec<_>>().join("；")
    };
    let typeset = typst::compile::<PagedDocument>(&desk).output;
    let paged = typeset.map_err(|errors| ReportError::Typeset(words(&errors)))?;
    typst_pdf::pdf(&paged, &typst_pdf::PdfOptions::default()).map_err(|errors| ReportError::Typeset(words(&errors)))
}
