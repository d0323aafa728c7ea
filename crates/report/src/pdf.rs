//! A document as PDF, typeset by typst: a world of one template, the document as JSON, its charts and one font.
//!
//! Nothing is read from the disk or the network, and no clock: the same document gives the same bytes.

use crate::{Block, Document, ReportError};
use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;

const TEMPLATE: &str = include_str!("review.typ");

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
    let typeset = |why: &dyn std::fmt::Display| ReportError::Typeset(why.to_string());
    let id = |name: &str| -> Result<FileId, ReportError> {
        let path = VirtualPath::new(name).map_err(|why| ReportError::Typeset(format!("{name}: {why:?}")))?;
        Ok(RootedPath::new(VirtualRoot::Project, path).intern())
    };
    let fonts: Vec<Font> = Font::iter(Bytes::new(font.to_vec())).collect();
    if fonts.is_empty() {
        return Err(ReportError::Font);
    }
    let json = serde_json::to_vec(document).map_err(|why| typeset(&why))?;
    let mut files = vec![(id("document.json")?, Bytes::new(json))];
    for block in &document.blocks {
        if let Block::Chart { name, svg, .. } = block {
            files.push((id(name)?, Bytes::new(svg.clone().into_bytes())));
        }
    }
    let desk = Desk {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        main: Source::new(id("review.typ")?, TEMPLATE.to_owned()),
        files,
    };
    let words = |errors: &[typst::diag::SourceDiagnostic]| {
        errors.iter().map(|it| it.message.to_string()).collect::<Vec<_>>().join("；")
    };
    let typeset = typst::compile::<PagedDocument>(&desk).output;
    let paged = typeset.map_err(|errors| ReportError::Typeset(words(&errors)))?;
    typst_pdf::pdf(&paged, &typst_pdf::PdfOptions::default()).map_err(|errors| ReportError::Typeset(words(&errors)))
}
