//! A briefing's figures as a workbook (XLSX): what each is, whence and of when; and how those went that its pages draw.
//!
//! Numbers are numbers and times are times, so that whoever opens it can go on counting. Must not know: what the pages look like.

use crate::{
    ReportError,
    deck::{AnnexTrend, Deck, plain},
    layout::simulated_words,
};
use gulang_city::Timestamp;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::collections::BTreeSet;

const TITLE_ROW: u32 = 0;
const HEADER_ROW: u32 = 1;
const FIRST_ROW: u32 = 2;
/// Characters, column by column.
const WIDTHS: [f64; 9] = [26.0, 12.0, 8.0, 44.0, 20.0, 14.0, 9.0, 14.0, 22.0];
const BEIJING_SECS: i64 = 8 * 3600;

pub(crate) fn write(deck: &Deck) -> Result<Vec<u8>, ReportError> {
    written(deck).map_err(|why| ReportError::Workbook(why.to_string()))
}

fn written(deck: &Deck) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // Not the moment it is written at: the same deck gives the same bytes.
    let made = DocProperties::new().set_title(plain(&deck.title)).set_creation_datetime(&beijing(deck.at)?);
    book.set_properties(&made);
    figures(book.add_worksheet(), deck)?;
    trends(book.add_worksheet(), deck)?;
    book.save_to_buffer()
}

fn figures(sheet: &mut Worksheet, deck: &Deck) -> Result<(), XlsxError> {
    let of = |zh: &'static str, en: &'static str| deck.lang.of(zh, en);
    sheet.set_name(of("指标", "Figures"))?;
    let header = [
        of("指标", "Indicator"),
        of("数", "Value"),
        of("单位", "Unit"),
        of("口径", "Means"),
        of("来源", "Source"),
        of("截至", "As of"),
        of("记录数", "Rows"),
        of("记录号", "Records"),
        of("状态", "State"),
    ];
    begin(sheet, deck, &header)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    // Off the number in the column before.
    let cell = Format::new().set_align(FormatAlign::Top).set_align(FormatAlign::Left).set_text_wrap().set_indent(1);
    let whole = Format::new().set_align(FormatAlign::Top).set_num_format("#,##0");
    let broken = Format::new().set_align(FormatAlign::Top).set_num_format("#,##0.0#");
    let missing = Format::new().set_align(FormatAlign::Top).set_align(FormatAlign::Right);
    for (row, it) in (FIRST_ROW..).zip(&deck.annex) {
        match it.value.filter(|it| it.is_finite()) {
            Some(value) => {
                let format = if value.fract().abs() < 1e-9 { &whole } else { &broken };
                sheet.write_number_with_format(row, 1, value, format)?;
            }
            None => {
                sheet.write_string_with_format(row, 1, "—", &missing)?;
            }
        }
        sheet.write_number_with_format(row, 6, it.n as f64, &whole)?;
        let words = [(0, &it.name), (2, &it.unit), (3, &it.means), (4, &it.source), (5, &it.as_of)];
        for (column, text) in words.into_iter().chain([(7, &it.records), (8, &it.state)]) {
            sheet.write_string_with_format(row, column, plain(text), &cell)?;
        }
    }
    Ok(())
}

/// A row for each moment of any of them, a column for each; what was not seen stays empty.
fn trends(sheet: &mut Worksheet, deck: &Deck) -> Result<(), XlsxError> {
    sheet.set_name(deck.lang.of("走势", "Trends"))?;
    let mut header = vec![deck.lang.of("时间（北京时间）", "Time (Beijing)")];
    header.extend(deck.trends.iter().map(|it| it.name.as_str()));
    begin(sheet, deck, &header)?;
    sheet.set_column_width(0, 18.0)?;
    let stamp = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let moments: BTreeSet<Timestamp> = deck.trends.iter().flat_map(|it| &it.points).map(|it| it.0).collect();
    for (row, at) in (FIRST_ROW..).zip(&moments) {
        sheet.write_datetime_with_format(row, 0, &beijing(*at)?, &stamp)?;
    }
    for (column, trend) in (1..).zip(&deck.trends) {
        sheet.set_column_width(column, 22.0)?;
        column_of(sheet, column, trend, &moments)?;
    }
    Ok(())
}

fn column_of(
    sheet: &mut Worksheet,
    column: u16,
    trend: &AnnexTrend,
    moments: &BTreeSet<Timestamp>,
) -> Result<(), XlsxError> {
    let rows: std::collections::HashMap<&Timestamp, u32> = moments.iter().zip(FIRST_ROW..).collect();
    for (at, value) in trend.points.iter().filter(|it| it.1.is_finite()) {
        if let Some(row) = rows.get(at) {
            // As it was seen: 0.1 is not 0.10000000149.
            let seen: f64 = value.to_string().parse().unwrap_or_else(|_| f64::from(*value));
            sheet.write_number(*row, column, seen)?;
        }
    }
    Ok(())
}

/// What it is of in the first row, then the heads, which stay when the rest is scrolled.
fn begin(sheet: &mut Worksheet, deck: &Deck, header: &[&str]) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(12.0);
    let title = if deck.exercise { title.set_font_color(Color::RGB(0x6B_55_9C)) } else { title };
    let simulated = deck.simulated.then(|| simulated_words(deck.lang).to_owned());
    let said = [deck.city.clone(), deck.title.clone(), deck.as_of.clone()].into_iter().chain(simulated);
    let said: Vec<String> = said.filter(|it| !it.is_empty()).collect();
    sheet.write_string_with_format(TITLE_ROW, 0, plain(&said.join("・")), &title)?;
    let head = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0xEE_F1_F4))
        .set_border_bottom(FormatBorder::Thin)
        .set_text_wrap()
        .set_indent(1)
        .set_align(FormatAlign::VerticalCenter);
    for (column, text) in (0..).zip(header) {
        sheet.write_string_with_format(HEADER_ROW, column, plain(text), &head)?;
    }
    sheet.set_row_height(TITLE_ROW, 22.0)?;
    sheet.set_freeze_panes(FIRST_ROW, 1)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(TITLE_ROW, HEADER_ROW)?;
    Ok(())
}

/// A spreadsheet's times have no zone.
fn beijing(at: Timestamp) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::from_timestamp(at.0.div_euclid(1000) + BEIJING_SECS)
}
