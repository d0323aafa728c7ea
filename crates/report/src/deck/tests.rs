//! Decks made of a small city and read back: as text, as a zip of XML, as a workbook, as pages.

use super::*;
use crate::layout::Item;
use calamine::{Data, Reader, Xlsx};
use gulang_city::{
    Frozen, Look as MapLook, TINY_INDICATORS, Text,
    indicators::{Engine, WhyNone},
    tiny_pack,
};
use proptest::prelude::*;
use quick_xml::{Reader as XmlReader, events::Event};
use std::io::{Cursor, Read};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const FONT: &[u8] = include_bytes!("../../../../assets/fonts/NotoSansSC-Regular-gb2312.ttf");

/// A city, its one indicator by district, and what tests change of it.
struct Case {
    city: City,
    definitions: Definitions,
    figures: HashMap<FigureKey, Figure>,
    trends: HashMap<FigureKey, Vec<(Timestamp, f32)>>,
    maps: Vec<Option<Result<Vec<u8>, String>>>,
    simulated: bool,
    briefing: Briefing,
}

fn key(words: &str) -> FigureKey {
    words.parse().expect("a key")
}

fn case() -> Case {
    let text = format!("{TINY_INDICATORS}group_by = [\"district\"]\ngood = \"low\"\nbands = {{ red = 10 }}\n");
    let definitions = Definitions::parse("indicators.toml", &text).expect("good definitions");
    let city = City::found(&tiny_pack(), Realm::Actual);
    let engine = Engine::new(definitions.clone(), &city, &gulang_city::Readings::for_city(&city), NOW);
    let mut figures: HashMap<FigureKey, Figure> = engine.figures().map(|it| (it.key.clone(), it)).collect();
    for (i, it) in figures.values_mut().enumerate() {
        (it.value, it.n, it.why_none) = (Some(4.0 + i as f64), 4, None);
    }
    let grave = Some(WarningColor::Red);
    put(&mut figures, "case_n@city", |it| (it.value, it.n, it.band) = (Some(1204.0), 1204, grave));
    let points = (0..60).map(|i| (NOW.plus_mins(i * 5 - 300), (i % 17) as f32 * 1.1)).collect();
    let page = BriefingPage {
        headline: "截至 {time}，案件 {case_n}".into(),
        look: Some(MapLook {
            at: gulang_city::LonLat(118.1, 24.5),
            metres: 4e4,
            bearing: 0.0,
            tilt: 0.0,
            layers: vec![],
        }),
        figures: vec![PageFigure { key: key("case_n@city"), label: "".into(), note: "比昨日多".into() }],
        chart: Some(PageChart { key: key("case_n@city"), kind: PageChartKind::Trend, title: "".into() }),
        decision: Some(Decision {
            question: "是否转移".into(),
            consequence: "若否，{case_n} 未办".into(),
            until: "17:30".into(),
            owner: "区防指".into(),
        }),
        notes: "先说 {case_n}\n再说".into(),
    };
    Case {
        city,
        definitions,
        figures,
        trends: HashMap::from([(key("case_n@city"), points)]),
        maps: vec![Some(Ok(png()))],
        simulated: false,
        briefing: Briefing { title: "会商".into(), host: "市防指".into(), pages: vec![page], frozen: None },
    }
}

fn png() -> Vec<u8> {
    let mut pixels = Pixmap::new(210, 127).expect("a size");
    pixels.fill(resvg::tiny_skia::Color::from_rgba8(220, 230, 237, 255));
    pixels.encode_png().expect("a picture")
}

fn put(figures: &mut HashMap<FigureKey, Figure>, which: &str, change: impl FnOnce(&mut Figure)) {
    change(figures.get_mut(&key(which)).expect("a figure"));
}

impl Case {
    fn deck(&self, lang: PaperLang) -> Deck {
        let told = DeckTold {
            city: &self.city,
            definitions: &self.definitions,
            figures: &self.figures,
            trends: &self.trends,
            now: NOW,
            simulated: self.simulated,
            maps: &self.maps,
        };
        deck(&self.briefing, &told, lang, DeckTheme::Light).expect("a deck")
    }

    fn page(&mut self) -> &mut BriefingPage {
        &mut self.briefing.pages[0]
    }
}

/// What every sheet of a deck says, in the order it stands there.
fn said(deck: &Deck) -> String {
    let words = |item: Item| match item {
        Item::Words { runs, .. } => runs.iter().map(|it| it.text.as_str()).collect::<String>() + "\n",
        Item::Block { .. } | Item::Picture { .. } => String::new(),
    };
    layout::sheets(deck).into_iter().flat_map(|it| it.items).map(words).collect()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Case), lang: PaperLang, wanted: &[&str], unwanted: &[&str]) {
    let mut case = case();
    change(&mut case);
    let text = said(&case.deck(lang));
    for words in wanted {
        assert!(text.contains(words), "{words}: {text}");
    }
    for words in unwanted {
        assert!(!text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_page_says_its_figures_their_source_and_the_decision() {
    let wanted = [
        "截至 9月21日 22:13，案件 1,204 件",
        "市防指・会商",
        "第 1 / 1 页",
        "数据截至 9月21日 22:13",
        "比昨日多",
        "来源 本系统记录・截至 22:13・记录 1–0 中 1,204 行",
        "红色线",
        "最低 0・最高 17.6・最后 8.80 件・红色线 10",
        "请在 17:30 前决定",
        "责任单位 区防指",
        "依据记录 1–0",
        "若否，1,204 件 未办",
    ];
    check(|_| (), PaperLang::Zh, &wanted, &["演练", "仿真", "先说", "过时"]);
    let wanted = ["Cases", "Page 1 of 1", "Data as of 21 Sep 22:13", "Decide by 17:30", "red limit", "records 1–0"];
    check(|_| (), PaperLang::En, &wanted, &["来源", "页", "数据截至"]);
}

#[test]
fn what_is_missing_stale_or_estimated_is_said_so() {
    let missing = |it: &mut Figure| (it.value, it.why_none, it.band) = (None, Some(WhyNone::NothingHeard), None);
    let change = |case: &mut Case| put(&mut case.figures, "case_n@city", missing);
    check(change, PaperLang::Zh, &["案件 —（没有收到近期数据）", "没有收到近期数据・比昨日多"], &["1,204 件"]);
    let change = |case: &mut Case| put(&mut case.figures, "case_n@city", missing);
    check(change, PaperLang::En, &["no recent data"], &["没有收到"]);
    let stale = |case: &mut Case| put(&mut case.figures, "case_n@city", |it| it.is_stale = true);
    check(stale, PaperLang::Zh, &["案件 1,204 件（过时）", "（过时）・"], &[]);
    let estimate = |case: &mut Case| put(&mut case.figures, "case_n@city", |it| it.is_estimate = true);
    check(estimate, PaperLang::Zh, &["案件 ≈1,204 件", "≈1,204 件\n"], &[]);
    let unknown = |case: &mut Case| case.page().headline = "{nothing} 件".into();
    check(unknown, PaperLang::Zh, &["—（没有这个数） 件"], &[]);
    let silent = |case: &mut Case| case.trends.clear();
    check(silent, PaperLang::Zh, &["还没有走势"], &["最低"]);
    let no_map = |case: &mut Case| case.maps = vec![Some(Err("程序不在".into()))];
    check(no_map, PaperLang::Zh, &["地图没有画出：程序不在"], &[]);
    let torn = |case: &mut Case| case.maps = vec![Some(Ok(png()[..80].to_vec()))];
    check(torn, PaperLang::Zh, &["图片读不了"], &[]);
}

#[test]
fn an_exercise_and_a_simulated_city_say_so_on_every_page() {
    let mut case = case();
    case.city.realm = Realm::Exercise;
    case.simulated = true;
    case.briefing.pages = vec![case.briefing.pages[0].clone(), case.briefing.pages[0].clone()];
    let deck = case.deck(PaperLang::Zh);
    let text = said(&deck);
    assert!(deck.title.starts_with("【演练】"));
    for words in ["演练　·　演练", "【演练】会商", "仿真数据，非实况"] {
        assert_eq!(text.matches(words).count(), 2, "{words}: {text}");
    }
    assert!(as_text(&deck).subtitle.contains("仿真数据"));
}

#[test]
fn a_frozen_briefing_tells_what_was_and_when() {
    let mut case = case();
    let then = Timestamp(NOW.0).plus_mins(-600);
    let mut figure = case.figures[&key("case_n@city")].clone();
    figure.value = Some(7.0);
    let trends = vec![(key("case_n@city"), vec![(then.plus_mins(-5), 3.0), (then, 7.0)])];
    case.briefing.frozen = Some(Frozen { at: then, seq: 812, figures: vec![figure], trends });
    let deck = case.deck(PaperLang::Zh);
    let text = said(&deck);
    for words in ["数据定格于 9月21日 12:13", "案件 7 件", "1–812", "最高 7", "地图为 9月21日 22:13 的"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("1,204 件"), "{text}");
    assert_eq!((deck.annex.len(), deck.annex[0].value), (1, Some(7.0)));
    assert_eq!(deck.trends[0].points.len(), 2);
}

#[test]
fn groups_are_bars_and_stand_in_the_annex() {
    let mut case = case();
    case.page().chart =
        Some(PageChart { key: key("case_n@city"), kind: PageChartKind::Groups, title: "各区".into() });
    let deck = case.deck(PaperLang::Zh);
    let svg = deck.pages[0].chart.as_ref().and_then(|it| it.drawn.clone().ok()).expect("bars");
    let n_groups = case.figures.len() - 1;
    assert!(n_groups > 0 && svg.matches("<rect").count() > n_groups, "{svg}");
    assert_eq!(deck.annex.len(), n_groups + 1);
}

// ---------------------------------------------------------------- files

/// Every part of a package that is XML, by name.
fn parts(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let names: Vec<String> = archive.file_names().map(|it| it.expect("a name").into_owned()).collect();
    let mut parts = Vec::new();
    for name in names.into_iter().filter(|it| it.ends_with(".xml") || it.ends_with(".rels")) {
        let mut text = String::new();
        archive.by_name(&name).expect("a part").read_to_string(&mut text).expect("UTF-8");
        parts.push((name, text));
    }
    parts
}

/// The words of a part; fails if it is not well-formed.
fn words_of(name: &str, text: &str) -> String {
    let mut reader = XmlReader::from_str(text);
    let (mut words, mut depth) = (String::new(), 0i32);
    loop {
        match reader.read_event().unwrap_or_else(|why| panic!("{name}: {why}: {text}")) {
            Event::Start(it) => {
                it.attributes().for_each(|it| drop(it.expect("an attribute")));
                depth += 1;
            }
            Event::Empty(it) => it.attributes().for_each(|it| drop(it.expect("an attribute"))),
            Event::End(_) => depth -= 1,
            Event::Text(it) => words += &it.xml10_content(),
            Event::GeneralRef(it) => {
                let known = quick_xml::escape::resolve_predefined_entity(&it).expect("a known entity");
                words += known;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{name} does not end");
    words
}

fn n_of(parts: &[(String, String)], folder: &str) -> usize {
    parts.iter().filter(|it| it.0.starts_with(folder) && !it.0.contains("_rels")).count()
}

#[test]
fn slides_are_a_package_whose_parts_parse_and_are_all_listed() {
    let mut case = case();
    case.page().headline = "A & B <转移> \"三\" '村' {case_n}\u{1}".into();
    case.maps = vec![Some(Ok(png())), Some(Err("没有".into()))];
    case.briefing.pages.push(case.briefing.pages[0].clone());
    let bytes = written_deck(&case.deck(PaperLang::Zh), DeckForm::Pptx, FONT).expect("slides");
    let parts = parts(&bytes);
    assert_eq!((n_of(&parts, "ppt/slides/"), n_of(&parts, "ppt/notesSlides/")), (2, 2));
    let of = |name: &str| {
        let part = parts.iter().find(|it| it.0 == name).unwrap_or_else(|| panic!("{name}"));
        words_of(name, &part.1)
    };
    for (name, text) in &parts {
        words_of(name, text);
    }
    let slide = of("ppt/slides/slide1.xml");
    for words in ["A & B <转移> \"三\" '村' 1,204 件", "1,204", "是否转移", "来源 本系统记录"] {
        assert!(slide.contains(words), "{words}: {slide}");
    }
    assert!(!slide.contains("先说"), "notes are for whoever speaks");
    assert!(of("ppt/notesSlides/notesSlide1.xml").contains("先说 1,204 件再说"));
    let types = &parts.iter().find(|it| it.0 == "[Content_Types].xml").expect("types").1;
    for (name, _) in parts.iter().filter(|it| it.0.ends_with(".xml") && !it.0.starts_with('[')) {
        assert!(types.contains(&format!("\"/{name}\"")), "{name} is not listed");
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes[..])).expect("a zip");
    for (name, text) in parts.iter().filter(|it| it.0.contains("/_rels/")) {
        let folder = name.split_once("/_rels/").map_or("", |it| it.0);
        for target in text.split("Target=\"").skip(1).filter_map(|it| it.split_once('"')) {
            let path = match target.0.strip_prefix("../") {
                Some(rest) => format!("ppt/{rest}"),
                None => format!("{folder}/{}", target.0),
            };
            assert!(archive.by_name(&path).is_ok(), "{name} points to {path}");
        }
    }
}

#[test]
fn the_annex_is_numbers_under_heads() {
    let mut case = case();
    case.city.realm = Realm::Exercise;
    case.simulated = true;
    case.page().headline = "{case_n} <&> {case_n@district:350203}".into();
    let deck = case.deck(PaperLang::Zh);
    let bytes = written_deck(&deck, DeckForm::Xlsx, FONT).expect("a workbook");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("an xlsx");
    assert_eq!(book.sheet_names(), ["指标", "走势"]);
    let sheet = book.worksheet_range("指标").expect("a sheet");
    let cell = |row, column| sheet.get((row, column)).cloned().unwrap_or_default();
    let title = cell(0, 0).to_string();
    for words in [&*case.city.name, "【演练】会商", "数据截至", "仿真数据，非实况"] {
        assert!(title.contains(words), "{words}: {title}");
    }
    assert_eq!((cell(1, 0), cell(1, 1)), (Data::String("指标".into()), Data::String("数".into())));
    assert_eq!((cell(2, 1), cell(2, 6)), (Data::Float(1204.0), Data::Float(1204.0)));
    assert!(cell(2, 8).to_string().contains("红色线"), "{:?}", cell(2, 8));
    let trends = book.worksheet_range("走势").expect("a sheet");
    assert_eq!(trends.height(), 2 + deck.trends[0].points.len());
    assert_eq!(trends.get((3, 1)), Some(&Data::Float(1.1)), "as it was seen");
    assert!(matches!(trends.get((2, 0)), Some(Data::DateTime(_))), "{:?}", trends.get((2, 0)));
}

#[test]
fn a_text_has_pages_pictures_and_the_annex_and_no_notes() {
    let deck = case().deck(PaperLang::Zh);
    let document = as_text(&deck);
    let text = format!("{document:?}");
    for words in ["截至 9月21日", "请在 17:30 前决定", "数据来源与口径", "全部案件"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("先说"));
    let is_picture = |it: &&Block| matches!(it, Block::Picture { .. } | Block::Chart { .. });
    assert_eq!(document.blocks.iter().filter(is_picture).count(), 2);
    let bytes = written_deck(&deck, DeckForm::Docx, FONT).expect("a text");
    let parts = parts(&bytes);
    let body = parts.iter().find(|it| it.0 == "word/document.xml").expect("a body");
    assert!(words_of(&body.0, &body.1).contains("1,204"));
}

#[test]
fn as_many_pages_are_printed_as_there_are() {
    let mut case = case();
    case.page().headline = "#panic() $x$ *A* \\ {case_n}".into();
    for n in [1, 20] {
        case.briefing.pages = vec![case.briefing.pages[0].clone(); n];
        case.maps = vec![Some(Ok(png())); n];
        let deck = case.deck(PaperLang::Zh);
        let pdf = written_deck(&deck, DeckForm::Pdf, FONT).expect("a pdf");
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains(&format!("/Count {n}")), "{n} pages");
        assert_eq!(pdf, written_deck(&deck, DeckForm::Pdf, FONT).expect("a pdf"), "the same deck, the same bytes");
        let slides = written_deck(&deck, DeckForm::Pptx, FONT).expect("slides");
        assert_eq!(n_of(&parts(&slides), "ppt/slides/"), n);
    }
}

#[test]
fn no_page_is_so_full_that_words_leave_it() {
    let mut case = case();
    let long = |n: usize| -> Text {
        "翔安沿海三个村组实施强制转移".chars().cycle().take(n).collect::<String>().into()
    };
    let page = case.page();
    page.headline = long(120);
    page.figures = vec![PageFigure { key: key("case_n@city"), label: long(40), note: long(80) }; 3];
    page.decision = Some(Decision { question: long(80), consequence: long(160), until: long(40), owner: long(60) });
    for sheet in layout::sheets(&case.deck(PaperLang::Zh)) {
        for item in sheet.items {
            let Item::Words { at, runs, .. } = item else { continue };
            let ems: f32 = runs.iter().map(|it| layout::ems(&it.text) * it.size).sum();
            let size = runs.iter().fold(0.0f32, |most, it| most.max(it.size));
            let lines = (ems / at.width).ceil();
            let text: String = runs.iter().map(|it| it.text.as_str()).collect();
            assert!(lines * size * layout::LINE <= at.height + 8.0 || lines <= 1.0, "{lines} lines: {text}");
            assert!(at.x >= 0.0 && at.x + at.width <= 960.0 && at.y + at.height <= 540.0, "{at:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Not by way of a briefing, which would have cleaned them.
    #[test]
    fn any_words_give_xml_that_parses(words in any::<String>(), more in "[\u{0}-\u{20}<>&'\"\u{fffe}A]{0,20}") {
        let mut deck = case().deck(PaperLang::Zh);
        let all = format!("{words}{more}");
        (deck.title, deck.host, deck.footer) = (all.clone(), all.clone(), all.clone());
        let page = &mut deck.pages[0];
        (page.headline, page.notes, page.chart) = (all.clone(), all.clone(), None);
        page.figures = vec![DeckFigure { value: all.clone(), label: all.clone(), unit: all, ..DeckFigure::default() }];
        let bytes = written_deck(&deck, DeckForm::Pptx, FONT).expect("slides");
        for (name, text) in parts(&bytes) {
            words_of(&name, &text);
            let is_xml =
                |it: char| matches!(it, '\t' | '\n' | '\r') || (it >= ' ' && !matches!(it, '\u{fffe}' | '\u{ffff}'));
            let is_all = text.chars().all(is_xml);
            prop_assert!(is_all, "{}: {:?}", name, text);
        }
    }
}
