//! A document as DOCX. Word shows no SVG, so the same drawings are pictures here, at twice their size.

use crate::{Block, Document, ReportError};
use docx_rs::{
    AlignmentType, Docx, Footer, Header, PageMargin, Paragraph, Pic, Run, RunFonts, Shading, ShdType, Table, TableCell,
    TableLayoutType, TableRow, WidthType,
};
use resvg::{tiny_skia, usvg};
use std::{io::Cursor, sync::Arc};

/// Twentieths of a point between the margins of A4: 210 − 2 × 18 mm.
const PAGE_TWIPS: usize = 9864;
const EMU_PER_PX: u32 = 9525;
const SCALE: f32 = 2.0;

pub(crate) fn write(document: &Document, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    // The readers' own Chinese font; theirs is complete, the pack's is a subset.
    let fonts = RunFonts::new().ascii("Noto Sans SC").hi_ansi("Noto Sans SC").east_asia("微软雅黑");
    let color = if document.exercise { "C83A2B" } else { "222B36" };
    let run = |text: &str, half_points: usize| Run::new().add_text(text).size(half_points);
    let mark = if document.exercise {
        format!("{}    {}", document.exercise_words(), document.title)
    } else {
        document.title.clone()
    };
    let mut docx = Docx::new()
        .default_fonts(fonts)
        .default_size(18)
        .page_size(11906, 16838)
        .page_margin(PageMargin::new().left(1020).right(1020).top(1134).bottom(1020))
        .header(Header::new().add_paragraph(Paragraph::new().add_run(run(&mark, 15).color(color))))
        .footer(Footer::new().add_paragraph(Paragraph::new().add_run(run(&document.footer, 14).color("7F8894"))))
        .add_paragraph(Paragraph::new().add_run(run(&document.title, 34).color(color)))
        .add_paragraph(Paragraph::new().add_run(run(&document.subtitle, 19)));
    for block in &document.blocks {
        docx = match block {
            Block::Heading { text } => {
                docx.add_paragraph(Paragraph::new().outline_lvl(0).keep_next(true).add_run(run(text, 25).bold()))
            }
            Block::Text { text } => docx.add_paragraph(Paragraph::new().add_run(run(text, 18))),
            Block::Table { widths, header, rows } => {
                docx.add_table(table(widths, header, rows)).add_paragraph(Paragraph::new())
            }
            Block::Chart { caption, svg, width, height, .. } => {
                let (png, w, h) = picture(svg, font, SCALE)?;
                let pic = Pic::new_with_dimensions(png, w, h).size(emu(*width), emu(*height));
                docx.add_paragraph(Paragraph::new().keep_next(true).add_run(run(caption, 16)))
                    .add_paragraph(Paragraph::new().align(AlignmentType::Left).add_run(Run::new().add_image(pic)))
            }
            Block::Picture { caption, png, width, height, .. } => {
                let pic = Pic::new_with_dimensions(png.clone(), *width, *height).size(emu(*width), emu(*height));
                let under = Paragraph::new().add_run(run(caption, 16));
                let docx = docx.add_paragraph(Paragraph::new().add_run(Run::new().add_image(pic)));
                if caption.is_empty() { docx } else { docx.add_paragraph(under) }
            }
        };
    }
    let mut bytes = Cursor::new(Vec::new());
    docx.build().pack(&mut bytes).map_err(|why| ReportError::Word(why.to_string()))?;
    Ok(bytes.into_inner())
}

fn table(widths: &[u32], header: &[String], rows: &[Vec<String>]) -> Table {
    let all: u32 = widths.iter().sum::<u32>().max(1);
    let grid: Vec<usize> = widths.iter().map(|it| PAGE_TWIPS * *it as usize / all as usize).collect();
    let cell = |i: usize, text: &str, is_header: bool| {
        let run = Run::new().add_text(text).size(14);
        let run = if is_header { run.color("5A6470") } else { run };
        let cell = TableCell::new()
            .width(grid.get(i).copied().unwrap_or_default(), WidthType::Dxa)
            .add_paragraph(Paragraph::new().add_run(run));
        if is_header { cell.shading(Shading::new().shd_type(ShdType::Clear).fill("EEF1F4")) } else { cell }
    };
    let row = |cells: &[String], is_header| {
        TableRow::new(cells.iter().enumerate().map(|(i, text)| cell(i, text, is_header)).collect())
    };
    let rows = std::iter::once(row(header, true)).chain(rows.iter().map(|it| row(it, false)));
    Table::new(rows.collect()).set_grid(grid.clone()).layout(TableLayoutType::Fixed)
}

/// A picture's nominal pixels on the page.
fn emu(px: u32) -> u32 {
    (f64::from(px) * f64::from(EMU_PER_PX) * 1.26) as u32
}

/// A drawing as PNG, so many times its size, with its size in pixels.
pub(crate) fn picture(svg: &str, font: &[u8], scale: f32) -> Result<(Vec<u8>, u32, u32), ReportError> {
    let failed = |why: String| ReportError::Chart { name: "png".into(), why };
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(font.to_vec());
    let options = usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|why| failed(why.to_string()))?;
    let size = tree.size().to_int_size();
    let (w, h) = ((size.width() as f32 * scale) as u32, (size.height() as f32 * scale) as u32);
    let mut pixels = tiny_skia::Pixmap::new(w, h).ok_or_else(|| failed("图没有大小".to_owned()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    let png = pixels.encode_png().map_err(|why| failed(why.to_string()))?;
    Ok((png, w, h))
}
