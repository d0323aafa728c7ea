//! Registers made to order, as files: for the bench, and for tests that need many rows.

use std::{
    fmt::Write as _,
    io::{Cursor, Write},
};

/// So many cameras around a place, as a CSV with Chinese headers.
pub fn cameras_csv(n: usize, around: gulang_city::LonLat) -> Vec<u8> {
    let mut text = String::from("设备编号,设备名称,经度,纬度\n");
    for i in 0..n {
        let (id, name, lon, lat) = camera(i, around);
        let _ = writeln!(text, "{id},{name},{lon:.6},{lat:.6}");
    }
    text.into_bytes()
}

/// The same as a workbook of one sheet, strings inline.
pub fn cameras_xlsx(n: usize, around: gulang_city::LonLat) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut sheet = String::from(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    let text = |sheet: &mut String, cell: &str, words: &str| {
        let _ = write!(sheet, r#"<c r="{cell}" t="inlineStr"><is><t>{words}</t></is></c>"#);
    };
    sheet.push_str(r#"<row r="1">"#);
    for (cell, words) in [("A1", "设备编号"), ("B1", "设备名称"), ("C1", "经度"), ("D1", "纬度")] {
        text(&mut sheet, cell, words);
    }
    sheet.push_str("</row>");
    for i in 0..n {
        let ((id, name, lon, lat), row) = (camera(i, around), i + 2);
        let _ = write!(sheet, r#"<row r="{row}">"#);
        text(&mut sheet, &format!("A{row}"), &id);
        text(&mut sheet, &format!("B{row}"), &name);
        let _ = write!(sheet, r#"<c r="C{row}"><v>{lon:.6}</v></c><c r="D{row}"><v>{lat:.6}</v></c></row>"#);
    }
    sheet.push_str("</sheetData></worksheet>");
    let parts = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
        ("xl/worksheets/sheet1.xml", &*sheet),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Spread over some kilometres, the same for the same number.
fn camera(i: usize, around: gulang_city::LonLat) -> (String, String, f64, f64) {
    let (x, y) = ((i * 7919 % 1000) as f64, (i * 104_729 % 1000) as f64);
    let (lon, lat) = (around.0 + (x - 500.0) * 4e-5, around.1 + (y - 500.0) * 4e-5);
    (format!("35020300001320{i:06}"), format!("路口监控{i}号"), lon, lat)
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="摄像头" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const WORKBOOK_RELS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
