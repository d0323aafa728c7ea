//! A briefing as slides (PPTX, ECMA-376): real text in text boxes, rules and bars as shapes, map and charts as pictures, and the
//! speaker's words as notes.
//!
//! The parts are written plainly: one master, one layout with a title, one theme. The same deck gives the same bytes. Must not
//! know: what stands where, which is [`layout`]'s.

use crate::{
    ReportError,
    deck::{Deck, DeckPage, plain},
    layout::{self, Align, Area, Item, LINE, Run, Sheet},
    word::picture,
};
use quick_xml::escape::escape;
use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The reader's own: complete, where the pack's is a subset.
const FONT: &str = "微软雅黑";
/// For figures: where the other is missing they would be written in a much wider one.
const LATIN: &str = "Arial";
const EMU_PER_POINT: f32 = 12_700.0;
/// Charts against their size on the page, so that they stand being thrown on a wall.
const SCALE: f32 = 4.0;
const SPACES: &str = r#"xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main""#;
const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PART: &str = "application/vnd.openxmlformats-officedocument.presentationml";
const NO_GROUP: &str = r#"<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>"#;
const COLOR_MAP: &str = r#"<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>"#;

pub(crate) fn write(deck: &Deck, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    let mut package = Package::new();
    let pages: Vec<(&DeckPage, Sheet)> = deck.pages.iter().zip(layout::sheets(deck)).collect();
    for (i, (page, sheet)) in (1..).zip(&pages) {
        slide(&mut package, i, page, sheet, font)?;
        package.part(&format!("ppt/notesSlides/notesSlide{i}.xml"), &notes(&page.notes))?;
        let master = "../notesMasters/notesMaster1.xml".to_owned();
        let to_both = [(1, "notesMaster", master), (2, "slide", format!("../slides/slide{i}.xml"))];
        package.relations(&format!("ppt/notesSlides/_rels/notesSlide{i}.xml.rels"), &to_both)?;
    }
    frame(&mut package, deck)?;
    package.end()
}

/// What every presentation has: its list of slides, its master and theme, what it is called.
fn frame(package: &mut Package, deck: &Deck) -> Result<(), ReportError> {
    let n = deck.pages.len();
    package.part("[Content_Types].xml", &content_types(n))?;
    let roots = [(1, "officeDocument", "ppt/presentation.xml"), (3, "extended-properties", "docProps/app.xml")];
    let mut relations = relations_of(&roots);
    // The only one that is not the office documents' own.
    let core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
    relations = relations.replace(
        "</Relationships>",
        &format!("<Relationship Id=\"rId2\" Type=\"{core}\" Target=\"docProps/core.xml\"/></Relationships>"),
    );
    package.part("_rels/.rels", &relations)?;
    let made = deck.at.plus_secs(-8 * 3600).beijing().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    package.part(
        "docProps/core.xml",
        &format!(
            r#"<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{}</dc:title><dc:creator>{}</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">{made}</dcterms:created></cp:coreProperties>"#,
            xml(&deck.title),
            xml(&deck.host)
        ),
    )?;
    package.part(
        "docProps/app.xml",
        &format!(
            r#"<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Slides>{n}</Slides><Notes>{n}</Notes></Properties>"#
        ),
    )?;
    presentation(package, n)?;
    let background = r#"<p:bg><p:bgRef idx="1001"><a:schemeClr val="bg1"/></p:bgRef></p:bg>"#;
    let title = placeholder(2, "title", None);
    package.part(
        "ppt/slideMasters/slideMaster1.xml",
        &format!(
            r#"<p:sldMaster {SPACES}><p:cSld>{background}<p:spTree>{NO_GROUP}{title}</p:spTree></p:cSld>{COLOR_MAP}<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst><p:txStyles><p:titleStyle><a:lvl1pPr algn="l"><a:defRPr sz="2400" b="1"/></a:lvl1pPr></p:titleStyle><p:bodyStyle><a:lvl1pPr><a:defRPr sz="1200"/></a:lvl1pPr></p:bodyStyle><p:otherStyle><a:lvl1pPr><a:defRPr sz="1200"/></a:lvl1pPr></p:otherStyle></p:txStyles></p:sldMaster>"#
        ),
    )?;
    let of_master = [(1, "slideLayout", "../slideLayouts/slideLayout1.xml"), (2, "theme", "../theme/theme1.xml")];
    package.relations("ppt/slideMasters/_rels/slideMaster1.xml.rels", &of_master)?;
    package.part(
        "ppt/slideLayouts/slideLayout1.xml",
        &format!(
            r#"<p:sldLayout {SPACES} type="titleOnly" preserve="1"><p:cSld name="简报页"><p:spTree>{NO_GROUP}{title}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"#
        ),
    )?;
    let of_layout = [(1, "slideMaster", "../slideMasters/slideMaster1.xml")];
    package.relations("ppt/slideLayouts/_rels/slideLayout1.xml.rels", &of_layout)?;
    let (image, body) = (placeholder(2, "sldImg", None), placeholder(3, "body", Some("")));
    package.part(
        "ppt/notesMasters/notesMaster1.xml",
        &format!(
            r#"<p:notesMaster {SPACES}><p:cSld>{background}<p:spTree>{NO_GROUP}{image}{body}</p:spTree></p:cSld>{COLOR_MAP}</p:notesMaster>"#
        ),
    )?;
    let of_notes = [(1, "theme", "../theme/theme2.xml")];
    package.relations("ppt/notesMasters/_rels/notesMaster1.xml.rels", &of_notes)?;
    // A master shares its theme with no other.
    package.part("ppt/theme/theme1.xml", &theme())?;
    package.part("ppt/theme/theme2.xml", &theme())
}

fn presentation(package: &mut Package, n: usize) -> Result<(), ReportError> {
    let (width, height) = (emu(layout::PAGE.0), emu(layout::PAGE.1));
    // Master and notes' master come first; slides' numbers begin at 256.
    let slides: String = (0..n).map(|i| format!(r#"<p:sldId id="{}" r:id="rId{}"/>"#, 256 + i, 3 + i)).collect();
    package.part(
        "ppt/presentation.xml",
        &format!(
            r#"<p:presentation {SPACES} saveSubsetFonts="1"><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:notesMasterIdLst><p:notesMasterId r:id="rId2"/></p:notesMasterIdLst><p:sldIdLst>{slides}</p:sldIdLst><p:sldSz cx="{width}" cy="{height}"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>"#
        ),
    )?;
    let mut relations = vec![
        (1, "slideMaster", "slideMasters/slideMaster1.xml".to_owned()),
        (2, "notesMaster", "notesMasters/notesMaster1.xml".to_owned()),
    ];
    relations.extend((0..n).map(|i| (3 + i, "slide", format!("slides/slide{}.xml", i + 1))));
    relations.push((3 + n, "theme", "theme/theme1.xml".to_owned()));
    package.relations("ppt/_rels/presentation.xml.rels", &relations)
}

fn content_types(n: usize) -> String {
    let mut parts = vec![
        ("/ppt/presentation.xml".to_owned(), format!("{PART}.presentation.main+xml")),
        ("/ppt/slideMasters/slideMaster1.xml".to_owned(), format!("{PART}.slideMaster+xml")),
        ("/ppt/slideLayouts/slideLayout1.xml".to_owned(), format!("{PART}.slideLayout+xml")),
        ("/ppt/notesMasters/notesMaster1.xml".to_owned(), format!("{PART}.notesMaster+xml")),
        ("/docProps/core.xml".to_owned(), "application/vnd.openxmlformats-package.core-properties+xml".to_owned()),
    ];
    let office = "application/vnd.openxmlformats-officedocument";
    parts.push(("/docProps/app.xml".to_owned(), format!("{office}.extended-properties+xml")));
    for i in 1..=2 {
        parts.push((format!("/ppt/theme/theme{i}.xml"), format!("{office}.theme+xml")));
    }
    for i in 1..=n {
        parts.push((format!("/ppt/slides/slide{i}.xml"), format!("{PART}.slide+xml")));
        parts.push((format!("/ppt/notesSlides/notesSlide{i}.xml"), format!("{PART}.notesSlide+xml")));
    }
    let parts: String =
        parts.iter().map(|(name, kind)| format!(r#"<Override PartName="{name}" ContentType="{kind}"/>"#)).collect();
    format!(
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>{parts}</Types>"#
    )
}

// ---------------------------------------------------------------- a slide

/// Slide `i`, from 1, and its pictures.
fn slide(package: &mut Package, i: usize, page: &DeckPage, sheet: &Sheet, font: &[u8]) -> Result<(), ReportError> {
    let mut relations = vec![
        (1, "slideLayout", "../slideLayouts/slideLayout1.xml".to_owned()),
        (2, "notesSlide", format!("../notesSlides/notesSlide{i}.xml")),
    ];
    let mut shapes = String::new();
    // The tree itself is 1.
    for (id, item) in (2..).zip(&sheet.items) {
        match item {
            Item::Block { at, fill, radius } => block(&mut shapes, id, *at, fill, *radius),
            Item::Words { at, runs, align, is_line, is_title } => {
                words(&mut shapes, id, *at, runs, (*align, *is_line), *is_title);
            }
            Item::Picture { at, name, alt } => {
                let Some((png, width, height)) = png_of(page, name, i, font)? else { continue };
                let file = format!("{}.png", name.trim_end_matches(".png").trim_end_matches(".svg"));
                let relation = relations.len() + 1;
                relations.push((relation, "image", format!("../media/{file}")));
                package.picture(&format!("ppt/media/{file}"), &png)?;
                picture_shape(&mut shapes, id, *at, (relation, alt), (width, height));
            }
        }
    }
    let ground = color(sheet.ground);
    package.part(
        &format!("ppt/slides/slide{i}.xml"),
        &format!(
            r#"<p:sld {SPACES}><p:cSld><p:bg><p:bgPr>{ground}<a:effectLst/></p:bgPr></p:bg><p:spTree>{NO_GROUP}{shapes}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>"#
        ),
    )?;
    package.relations(&format!("ppt/slides/_rels/slide{i}.xml.rels"), &relations)
}

/// The page's map as it is, or its chart as a picture, with its size in pixels.
fn png_of(page: &DeckPage, name: &str, i: usize, font: &[u8]) -> Result<Option<(Vec<u8>, u32, u32)>, ReportError> {
    if name == layout::map_name(i) {
        let map = page.map.as_ref().and_then(|it| it.drawn.as_ref().ok());
        return Ok(map.map(|it| (it.png.clone(), it.width, it.height)));
    }
    let chart = page.chart.as_ref().and_then(|it| it.drawn.as_ref().ok());
    chart.map(|svg| picture(svg, font, SCALE)).transpose()
}

fn block(to: &mut String, id: usize, at: Area, fill: &str, radius: f32) {
    let (place, fill) = (place(at), color(fill));
    let shape = if radius > 0.0 {
        // A share of the shorter side.
        let round = (radius / at.width.min(at.height).max(0.1) * 100_000.0) as i64;
        format!(r#"<a:prstGeom prst="roundRect"><a:avLst><a:gd name="adj" fmla="val {round}"/></a:avLst></a:prstGeom>"#)
    } else {
        RECTANGLE.to_owned()
    };
    let _ = write!(
        to,
        r#"<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="形状 {id}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr>{place}{shape}{fill}<a:ln><a:noFill/></a:ln></p:spPr><p:txBody><a:bodyPr/><a:lstStyle/><a:p><a:endParaRPr lang="zh-CN"/></a:p></p:txBody></p:sp>"#
    );
}

const RECTANGLE: &str = r#"<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>"#;

fn words(to: &mut String, id: usize, at: Area, runs: &[Run], stand: (Align, bool), is_title: bool) {
    let (name, kind, holder) = if is_title {
        ("标题", r#"<p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>"#, r#"<p:nvPr><p:ph type="title"/></p:nvPr>"#)
    } else {
        ("文字", r#"<p:cNvSpPr txBox="1"/>"#, "<p:nvPr/>")
    };
    let align = match stand.0 {
        Align::Left => "l",
        Align::Center => "ctr",
        Align::Right => "r",
    };
    // Where the font is wider than ours, one line stays one.
    let wrap = if stand.1 { "none" } else { "square" };
    let (place, largest) = (place(at), runs.iter().fold(1.0f32, |most, it| most.max(it.size)));
    // Fonts do not agree how high a line is.
    let line = (largest * LINE * 100.0).round();
    let runs: String = runs.iter().map(run).collect();
    let _ = write!(
        to,
        r#"<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="{name} {id}"/>{kind}{holder}</p:nvSpPr><p:spPr>{place}{RECTANGLE}<a:noFill/></p:spPr><p:txBody><a:bodyPr wrap="{wrap}" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"><a:noAutofit/></a:bodyPr><a:lstStyle/><a:p><a:pPr algn="{align}"><a:lnSpc><a:spcPts val="{line}"/></a:lnSpc><a:spcBef><a:spcPts val="0"/></a:spcBef></a:pPr>{runs}</a:p></p:txBody></p:sp>"#
    );
}

fn run(it: &Run) -> String {
    let (size, bold, fill) = ((it.size * 100.0).round().max(100.0), u8::from(it.bold), color(it.color));
    let line = |text: &str| {
        let text = xml(text);
        format!(
            r#"<a:r><a:rPr lang="zh-CN" altLang="en-US" sz="{size}" b="{bold}">{fill}<a:latin typeface="{LATIN}"/><a:ea typeface="{FONT}"/></a:rPr><a:t>{text}</a:t></a:r>"#
        )
    };
    it.text
        .split('\n')
        .map(line)
        .collect::<Vec<_>>()
        .join(&format!(r#"<a:br><a:rPr lang="zh-CN" sz="{size}"/></a:br>"#))
}

/// As large as its area holds it, uncut, in its middle.
fn picture_shape(to: &mut String, id: usize, at: Area, of: (usize, &str), size: (u32, u32)) {
    let (width, height) = (size.0.max(1) as f32, size.1.max(1) as f32);
    let scale = (at.width / width).min(at.height / height);
    let (width, height) = (width * scale, height * scale);
    let (x, y) = (at.x + (at.width - width) / 2.0, at.y + (at.height - height) / 2.0);
    let (relation, alt, place) = (of.0, xml(of.1), place(Area { x, y, width, height }));
    let _ = write!(
        to,
        r#"<p:pic><p:nvPicPr><p:cNvPr id="{id}" name="图片 {id}" descr="{alt}"/><p:cNvPicPr><a:picLocks noChangeAspect="1"/></p:cNvPicPr><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="rId{relation}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr>{place}{RECTANGLE}</p:spPr></p:pic>"#
    );
}

/// What the speaker has before them.
fn notes(text: &str) -> String {
    let (image, body) = (placeholder(2, "sldImg", None), placeholder(3, "body", Some(text)));
    format!(
        r#"<p:notes {SPACES}><p:cSld><p:spTree>{NO_GROUP}{image}{body}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:notes>"#
    )
}

/// Where a title, a slide's picture or notes go. Words come line by line.
fn placeholder(id: usize, kind: &str, text: Option<&str>) -> String {
    let (at, words) = match kind {
        "title" => (Area { x: 32.0, y: 42.0, width: 896.0, height: 70.0 }, Some(text.unwrap_or_default())),
        "sldImg" => (Area { x: 54.0, y: 54.0, width: 432.0, height: 243.0 }, None),
        _ => (Area { x: 54.0, y: 324.0, width: 432.0, height: 342.0 }, Some(text.unwrap_or_default())),
    };
    let index = if kind == "body" { r#" idx="1""# } else { "" };
    let body = words.map(|it| {
        let line = |it: &str| format!(r#"<a:p><a:r><a:rPr lang="zh-CN" sz="1200"/><a:t>{}</a:t></a:r></a:p>"#, xml(it));
        let lines: String = it.lines().map(line).collect();
        let lines = if lines.is_empty() { r#"<a:p><a:endParaRPr lang="zh-CN"/></a:p>"#.to_owned() } else { lines };
        format!("<p:txBody><a:bodyPr/><a:lstStyle/>{lines}</p:txBody>")
    });
    format!(
        r#"<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="{kind} {id}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="{kind}"{index}/></p:nvPr></p:nvSpPr><p:spPr>{}{RECTANGLE}</p:spPr>{}</p:sp>"#,
        place(at),
        body.unwrap_or_default()
    )
}

fn place(at: Area) -> String {
    let (x, y, width, height) = (emu(at.x), emu(at.y), emu(at.width.max(0.1)), emu(at.height.max(0.1)));
    format!(r#"<a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>"#)
}

fn color(hex: &str) -> String {
    format!(r#"<a:solidFill><a:srgbClr val="{}"/></a:solidFill>"#, hex.trim_start_matches('#'))
}

fn emu(points: f32) -> i64 {
    (points * EMU_PER_POINT).round() as i64
}

/// Words as XML has them.
fn xml(words: &str) -> String {
    escape(plain(words)).into_owned()
}

/// Quiet colours and the reader's Chinese font, for whoever goes on writing.
fn theme() -> String {
    let colors = [
        ("dk1", "16202A"),
        ("lt1", "FFFFFF"),
        ("dk2", "46535F"),
        ("lt2", "F6F5F0"),
        ("accent1", "1D5C86"),
        ("accent2", "66727D"),
        ("accent3", "A85200"),
        ("accent4", "B3261E"),
        ("accent5", "7A5B12"),
        ("accent6", "1F5FBF"),
        ("hlink", "1D5C86"),
        ("folHlink", "66727D"),
    ];
    let colors: String =
        colors.iter().map(|(name, hex)| format!(r#"<a:{name}><a:srgbClr val="{hex}"/></a:{name}>"#)).collect();
    let fonts = format!(r#"<a:latin typeface="{LATIN}"/><a:ea typeface="{FONT}"/><a:cs typeface=""/>"#);
    let fill = r#"<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>"#;
    let line = format!(r#"<a:ln w="9525">{fill}</a:ln>"#);
    let effect = "<a:effectStyle><a:effectLst/></a:effectStyle>";
    let (fills, lines, effects) = (fill.repeat(3), line.repeat(3), effect.repeat(3));
    format!(
        r#"<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="鼓浪"><a:themeElements><a:clrScheme name="鼓浪">{colors}</a:clrScheme><a:fontScheme name="鼓浪"><a:majorFont>{fonts}</a:majorFont><a:minorFont>{fonts}</a:minorFont></a:fontScheme><a:fmtScheme name="鼓浪"><a:fillStyleLst>{fills}</a:fillStyleLst><a:lnStyleLst>{lines}</a:lnStyleLst><a:effectStyleLst>{effects}</a:effectStyleLst><a:bgFillStyleLst>{fills}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"#
    )
}

// ---------------------------------------------------------------- the package

/// Parts in a zip.
struct Package {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Package {
    fn new() -> Self {
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())) }
    }

    fn part(&mut self, name: &str, xml: &str) -> Result<(), ReportError> {
        let head = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
        self.file(name, format!("{head}\n{xml}").as_bytes(), CompressionMethod::Deflated)
    }

    /// Pictures are packed already.
    fn picture(&mut self, name: &str, png: &[u8]) -> Result<(), ReportError> {
        self.file(name, png, CompressionMethod::Stored)
    }

    fn relations(&mut self, name: &str, all: &[(usize, &str, impl AsRef<str>)]) -> Result<(), ReportError> {
        self.part(name, &relations_of(all))
    }

    fn file(&mut self, name: &str, bytes: &[u8], method: CompressionMethod) -> Result<(), ReportError> {
        let options = SimpleFileOptions::default().compression_method(method);
        let failed = |why: &dyn std::fmt::Display| ReportError::Slides(why.to_string());
        self.zip.start_file(name, options).map_err(|why| failed(&why))?;
        self.zip.write_all(bytes).map_err(|why| failed(&why))
    }

    fn end(self) -> Result<Vec<u8>, ReportError> {
        let bytes = self.zip.finish().map_err(|why| ReportError::Slides(why.to_string()))?;
        Ok(bytes.into_inner())
    }
}

fn relations_of(all: &[(usize, &str, impl AsRef<str>)]) -> String {
    let mut text =
        String::from(r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#);
    for it in all {
        let (id, kind, target) = (it.0, it.1, it.2.as_ref());
        let _ = write!(text, r#"<Relationship Id="rId{id}" Type="{REL}/{kind}" Target="{target}"/>"#);
    }
    text + "</Relationships>"
}
