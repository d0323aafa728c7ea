//! A zipped shapefile: `.shp` for places, `.dbf` for attributes, `.cpg` for their encoding, `.prj` for the coordinates.
//!
//! Read by the two published formats (ESRI white paper J-7855; dBASE III). Lengths are believed only as far as the bytes
//! reach.

use crate::{
    Crs, IntakeError, MAX_UNPACKED_BYTES, Table,
    features::{Bounds, Maker},
};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

/// One part of a shapefile may unpack to so much, bytes.
const MAX_PART_BYTES: u64 = 256 * 1024 * 1024;
/// More files in an archive are not looked at.
const MAX_FILES: usize = 1_000;

pub fn read_zip(bytes: &[u8]) -> Result<Vec<Table>, IntakeError> {
    let parts = unpack(bytes)?;
    let mut tables = Vec::new();
    for (name, shp) in parts.iter().filter(|(name, _)| name.ends_with(".shp")) {
        let stem = name.trim_end_matches(".shp");
        let part = |ending: &str| parts.get(&format!("{stem}.{ending}")).map(Vec::as_slice);
        let text = |ending: &str| part(ending).map(|it| String::from_utf8_lossy(it).trim().to_owned());
        let crs = Crs::from_wkt(text("prj").unwrap_or_default().as_str()).map_err(IntakeError::Projected)?;
        let rows = part("dbf").map_or(Ok(Vec::new()), |it| attributes(it, text("cpg").as_deref()))?;
        let mut rows = rows.into_iter();
        let mut maker = Maker::named(Some(stem.rsplit('/').next().unwrap_or(stem).to_owned()));
        for bounds in shapes(shp)? {
            maker.push(rows.next().unwrap_or_default(), &bounds)?;
        }
        let mut table = maker.finish(crs);
        if crs.is_none() {
            table.notes.push("没有 .prj，坐标系未声明".to_owned());
        }
        if part("dbf").is_none() {
            table.notes.push("没有 .dbf，要素没有属性".to_owned());
        }
        tables.push(table);
    }
    if tables.is_empty() {
        return Err(IntakeError::Archive("里面没有 .shp".into()));
    }
    Ok(tables)
}

/// The parts that count, by their names in lower case.
fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, IntakeError> {
    let failed = |why: String| IntakeError::Archive(why);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|why| failed(why.to_string()))?;
    let (mut parts, mut n_bytes) = (BTreeMap::new(), 0u64);
    for i in 0..archive.len().min(MAX_FILES) {
        let file = archive.by_index(i).map_err(|why| failed(why.to_string()))?;
        let name = file.name().map_err(|why| failed(why.to_string()))?.to_lowercase();
        if ![".shp", ".dbf", ".cpg", ".prj"].iter().any(|it| name.ends_with(it)) || name.contains("__macosx") {
            continue;
        }
        let mut part = Vec::new();
        file.take(MAX_PART_BYTES + 1).read_to_end(&mut part).map_err(|why| failed(why.to_string()))?;
        n_bytes += part.len() as u64;
        if part.len() as u64 > MAX_PART_BYTES || n_bytes > MAX_UNPACKED_BYTES {
            return Err(IntakeError::Bomb);
        }
        parts.insert(name, part);
    }
    Ok(parts)
}

/// The box of each shape; a null shape has none.
fn shapes(shp: &[u8]) -> Result<Vec<Bounds>, IntakeError> {
    let broken = |n: usize| IntakeError::Archive(format!(".shp 的第 {} 个要素不完整", n + 1));
    if word(shp, 0).map(u32::from_be_bytes) != Some(9994) {
        return Err(IntakeError::Archive(".shp 不是 shapefile".into()));
    }
    let (mut shapes, mut at) = (Vec::new(), 100);
    while at < shp.len() {
        let n = shapes.len();
        let n_words = word(shp, at + 4).map(u32::from_be_bytes).ok_or_else(|| broken(n))? as usize;
        let end = (at + 8).saturating_add(n_words.saturating_mul(2));
        let content = shp.get(at + 8..end).ok_or_else(|| broken(n))?;
        let mut bounds = Bounds::default();
        match word(content, 0).map(u32::from_le_bytes) {
            Some(0) => {}
            // Point, PointZ, PointM.
            Some(1 | 11 | 21) => {
                let (x, y) = double(content, 4).zip(double(content, 12)).ok_or_else(|| broken(n))?;
                bounds.meet(x, y);
            }
            // Lines, areas and sets of points begin with their box.
            Some(3 | 5 | 8 | 13 | 15 | 18 | 23 | 25 | 28 | 31) => {
                for i in [4, 20] {
                    let (x, y) = double(content, i).zip(double(content, i + 8)).ok_or_else(|| broken(n))?;
                    bounds.meet(x, y);
                }
            }
            _ => return Err(broken(n)),
        }
        shapes.push(bounds);
        at = end;
    }
    Ok(shapes)
}

fn word(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok()
}

fn double(bytes: &[u8], at: usize) -> Option<f64> {
    let bytes: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(f64::from_le_bytes(bytes)).filter(|it| it.is_finite())
}

/// The records of a `.dbf`, one per shape, deleted ones too.
fn attributes(dbf: &[u8], encoding: Option<&str>) -> Result<Vec<Map<String, Value>>, IntakeError> {
    let broken = || IntakeError::Archive(".dbf 的头读不懂".into());
    let short = |at: usize| Some(u16::from_le_bytes(dbf.get(at..at + 2)?.try_into().ok()?) as usize);
    let n_records = word(dbf, 4).map(u32::from_le_bytes).ok_or_else(broken)? as usize;
    let (header_size, record_size) = short(8).zip(short(10)).ok_or_else(broken)?;
    let encoding = encoding_of(dbf, encoding);
    let mut fields: Vec<(String, std::ops::Range<usize>)> = Vec::new();
    // The first byte of a record says whether it is deleted.
    let mut at = 1;
    for entry in dbf.get(32..header_size).ok_or_else(broken)?.chunks_exact(32) {
        if entry.first() == Some(&0x0d) {
            break;
        }
        let name = entry.iter().take(11).take_while(|it| **it != 0).copied().collect::<Vec<u8>>();
        let len = entry.get(16).copied().unwrap_or(0) as usize;
        fields.push((encoding.decode_without_bom_handling(&name).0.into_owned(), at..at + len));
        at += len;
    }
    if record_size == 0 || at > record_size {
        return Err(broken());
    }
    let records = dbf.get(header_size..).unwrap_or_default().chunks_exact(record_size).take(n_records);
    let read = |record: &[u8]| {
        let value = |(name, range): &(String, std::ops::Range<usize>)| {
            let cell = record.get(range.clone()).unwrap_or_default();
            let text = encoding.decode_without_bom_handling(cell).0;
            (name.clone(), Value::from(text.trim_matches([' ', '\0'])))
        };
        fields.iter().map(value).collect()
    };
    Ok(records.map(read).collect())
}

/// What `.cpg` says; else UTF-8 if all of it is, else GB 18030, which reads all GBK.
fn encoding_of(dbf: &[u8], said: Option<&str>) -> &'static encoding_rs::Encoding {
    let label = said.map(|it| it.trim().to_lowercase());
    let named = label.as_deref().and_then(|it| match it {
        "936" | "cp936" | "ansi 936" | "oem 936" => Some(encoding_rs::GB18030),
        "65001" | "utf8" => Some(encoding_rs::UTF_8),
        other => encoding_rs::Encoding::for_label(other.as_bytes()),
    });
    let guess = if std::str::from_utf8(dbf.get(32..).unwrap_or_default()).is_ok() {
        encoding_rs::UTF_8
    } else {
        encoding_rs::GB18030
    };
    named.unwrap_or(guess)
}
