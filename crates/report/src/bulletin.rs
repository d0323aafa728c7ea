//! 快报: what a duty officer hands on (值班快报) and its like, from a template that is data and the figures as they are.
//!
//! The words are the template's, the figures the indicator engine's: each with source, age and how many records it is made
//! of; one that is missing says why. Nothing is reckoned here but the difference from the issue before. Must not know whence
//! figures come, or when an issue is due.

use crate::{
    Block, Document, ReportError,
    content::chart,
    figures::{as_of_words, bars_of, figure_in_words, level_words, number, source_words, with_unit_behind},
    layout, typhoon,
};
use gulang_charts::{self as charts, Look};
use gulang_city::{
    City, IndicatorId, PaperLang, Posture, Realm, TIME_WORD, Text, Timestamp, WarningColor, figure_named, figures_in,
    filled,
    indicators::{Definition, Definitions, Figure, FigureKey, Group},
};
use plotters::style::RGBColor;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A template: `bulletins/*.toml` of a city pack.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Names the issues' files.
    pub id: Text,
    pub title: Text,
    /// Of its words, and of those nobody wrote.
    #[serde(default)]
    pub lang: PaperLang,
    /// When issues are due, Beijing time: `07:30`.
    #[serde(default)]
    pub at: Vec<String>,
    /// Due only on this footing; none: on either.
    pub footing: Option<Posture>,
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
}

/// A part of it. Words first, then a table, then a chart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub title: Text,
    /// Paragraphs; `{case_open}` is a figure with its unit, `{case_open@district:350203}` one of a group, `{time}` the time.
    #[serde(default)]
    pub text: Vec<String>,
    /// A table of these.
    #[serde(default)]
    pub indicators: Vec<IndicatorId>,
    /// A table of a whole theme.
    pub theme: Option<Text>,
    /// A table of what is beyond its limits or unusual.
    #[serde(default)]
    pub grave: bool,
    /// A chart of this one's groups, by the first field it has groups of.
    pub chart: Option<IndicatorId>,
    /// Where the typhoon is, where it will be, and which warnings are in force.
    #[serde(default)]
    pub typhoon: bool,
}

/// Of one issue, what the next is held against.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    pub at: Timestamp,
    /// The last record it knew.
    pub seq: u64,
    pub values: Vec<(FigureKey, f64)>,
}

/// What an issue is made of.
pub struct Told<'a> {
    pub city: &'a City,
    pub definitions: &'a Definitions,
    pub figures: &'a HashMap<FigureKey, Figure>,
    pub now: Timestamp,
    /// The figures come from the simulated city.
    pub simulated: bool,
    pub last: Option<&'a Issue>,
}

impl Template {
    /// `file` is how faults call it. Every fault at once, each with its line.
    pub fn parse(file: &str, text: &str, definitions: &Definitions) -> Result<Self, Vec<String>> {
        let template: Self = toml::from_str(text).map_err(|why| vec![format!("{file}：{why}")])?;
        let line = |written: &str| text.lines().position(|it| it.contains(written)).map(|i| i + 1);
        let mut faults = Vec::new();
        // Words stand in the file in quotes, in braces, or among others.
        let mut fault = |words: &str, why: &str, todo: &str| {
            let found = line(&format!("\"{words}\"")).or_else(|| line(&format!("{{{words}}}"))).or_else(|| line(words));
            faults.push(format!("{file} 第 {} 行：{why}「{words}」；{todo}", found.unwrap_or(0)));
        };
        const UNKNOWN: &str = "没有这个指标";
        const TODO: &str = "指标号见 indicators.toml";
        for at in template.at.iter().filter(|it| minute_of_day(it).is_none()) {
            fault(at, "不是一天里的时刻", "写作 07:30");
        }
        for section in &template.sections {
            for paragraph in &section.text {
                match figures_in(paragraph) {
                    Ok(all) => {
                        for words in all.into_iter().filter(|it| *it != TIME_WORD) {
                            let key = figure_named(words);
                            if key.is_none_or(|it| definitions.get(it.indicator.as_str()).is_none()) {
                                fault(words, UNKNOWN, TODO);
                            }
                        }
                    }
                    Err(_) => fault(paragraph, "花括号不成对", "改成 {指标号}"),
                }
            }
            for id in section.indicators.iter().chain(&section.chart) {
                if definitions.get(id.as_str()).is_none() {
                    fault(id.as_str(), UNKNOWN, TODO);
                }
            }
            if let Some(theme) = section.theme.as_ref().filter(|it| !definitions.themes.iter().any(|at| at.id == **it))
            {
                fault(theme, "没有这个专题", "专题号见 indicators.toml");
            }
        }
        if faults.is_empty() { Ok(template) } else { Err(faults) }
    }

    /// Whether an issue is due between two moments; after a longer gap only the last one is.
    pub fn is_due(&self, after: Timestamp, until: Timestamp) -> bool {
        let minute = |it: Timestamp| it.0.div_euclid(60_000);
        let of_day = |minute: i64| (minute + 8 * 60).rem_euclid(24 * 60);
        let due: Vec<i64> = self.at.iter().filter_map(|it| minute_of_day(it)).collect();
        let from = (minute(after) + 1).max(minute(until) - 24 * 60 + 1);
        (from..=minute(until)).any(|it| due.contains(&of_day(it)))
    }
}

/// `07:30` as minutes.
fn minute_of_day(words: &str) -> Option<i64> {
    let (hour, minute) = words.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
}

/// What the next issue is held against.
pub fn issue(told: &Told<'_>) -> Issue {
    let value = |it: &Figure| Some((it.key.clone(), it.value?));
    let mut values: Vec<_> = told.figures.values().filter_map(value).collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    Issue { at: told.now, seq: told.city.seq, values }
}

/// An issue. The same figures give the same document.
pub fn document(template: &Template, told: &Told<'_>) -> Result<Document, ReportError> {
    let last: HashMap<&FigureKey, f64> =
        told.last.map(|it| it.values.iter().map(|(key, value)| (key, *value)).collect()).unwrap_or_default();
    let lang = template.lang;
    let page = Page { told, last, lang };
    let mut blocks = Vec::new();
    for (i, section) in template.sections.iter().enumerate() {
        blocks.push(Block::Heading { text: section.title.to_string() });
        for paragraph in &section.text {
            blocks.push(Block::Text { text: page.filled(paragraph) });
        }
        if section.typhoon {
            blocks.extend(typhoon::blocks(told.city, told.now, template.lang));
        }
        page.table_of(section, &mut blocks);
        if let Some(definition) = section.chart.as_ref().and_then(|it| told.definitions.get(it.as_str())) {
            page.chart_of(definition, &format!("groups-{i}"), &mut blocks)?;
        }
    }
    let dot = lang.of("・", " · ");
    let when = format!("{} {}", lang.of("截至", "As of"), told.now.to_beijing_text());
    let simulated = told.simulated.then(|| layout::simulated_words(lang).to_owned());
    let last = told.last.map(|it| format!("{} {}", lang.of("上期", "last issue"), it.at.to_beijing_text()));
    let subtitle: Vec<String> = std::iter::once(when).chain(simulated).chain(last).collect();
    let first = told.last.map_or(1, |it| it.seq + 1);
    let records = format!("{} {first}–{}", lang.of("依据记录", "records"), told.city.seq);
    Ok(Document {
        lang,
        // In Chinese the city's name is part of it.
        title: match lang {
            PaperLang::Zh => format!("{}{}", told.city.name, template.title),
            PaperLang::En => template.title.to_string(),
        },
        subtitle: subtitle.join(dot),
        exercise: told.city.realm == Realm::Exercise,
        footer: format!("{}{dot}{records}", told.definitions.basis_in(lang)),
        blocks,
    })
}

struct Page<'a> {
    told: &'a Told<'a>,
    last: HashMap<&'a FigureKey, f64>,
    lang: PaperLang,
}

impl Page<'_> {
    fn filled(&self, paragraph: &str) -> String {
        filled(paragraph, &self.told.now.to_beijing_text(), |key| self.in_words(key))
    }

    fn in_words(&self, key: &FigureKey) -> String {
        let Told { definitions, figures, .. } = self.told;
        figure_in_words(definitions.get(key.indicator.as_str()), figures.get(key), self.lang)
    }

    fn table_of(&self, section: &Section, blocks: &mut Vec<Block>) {
        let is_grave = |it: &&Definition| {
            section.grave && self.of_city(it).is_some_and(|it| it.band.is_some() || it.anomaly.is_some())
        };
        let all = &self.told.definitions.all;
        let named = section.indicators.iter().filter_map(|it| self.told.definitions.get(it.as_str()));
        let of_theme = all.iter().filter(|it| section.theme.as_ref() == Some(&it.theme));
        let mut grave: Vec<&Definition> = all.iter().filter(is_grave).collect();
        grave.sort_by_key(|it| std::cmp::Reverse(self.of_city(it).and_then(|it| it.band)));
        let rows: Vec<Vec<String>> =
            named.chain(of_theme).chain(grave).filter_map(|it| Some(self.row(it, self.of_city(it)?))).collect();
        if rows.is_empty() {
            if section.grave {
                let text = self.lang.of("没有越线或异常的指标。", "Nothing is beyond its limits or unusual.");
                blocks.push(Block::Text { text: text.into() });
            }
            return;
        }
        let header = match self.lang {
            PaperLang::Zh => ["指标", "数", "较上期", "目标・预警", "来源", "截至", "记录数"],
            PaperLang::En => ["Indicator", "Value", "Change", "Target, limits", "Source", "As of", "Rows"],
        };
        let header = header.map(str::to_owned).to_vec();
        blocks.push(Block::Table { widths: vec![24, 14, 11, 17, 14, 12, 8], header, rows });
    }

    fn of_city(&self, definition: &Definition) -> Option<&Figure> {
        self.told.figures.get(&FigureKey { indicator: definition.id.clone(), group: Group::City })
    }

    fn row(&self, definition: &Definition, figure: &Figure) -> Vec<String> {
        let change = figure.value.zip(self.last.get(&figure.key)).map(|(now, last)| now - last);
        let lang = self.lang;
        let band = figure.band.map(|it| level_words(it, lang));
        let unusual = figure.anomaly.as_ref().map(|_| lang.of("异常", "unusual").to_owned());
        let target = definition.target.map(|it| format!("{} {}", lang.of("目标", "target"), number(it)));
        let held: Vec<String> = target.into_iter().chain(band).chain(unusual).collect();
        let stale = if figure.is_stale { lang.of("（过时）", " (out of date)") } else { "" };
        let steady = || lang.of("持平", "same").to_owned();
        vec![
            definition.name_in(lang).to_owned(),
            self.in_words(&figure.key),
            change.map_or("—".to_owned(), |it| signed(it).unwrap_or_else(steady)),
            if held.is_empty() { "—".to_owned() } else { held.join(lang.of("・", " · ")) },
            source_words(definition, self.told.city, lang),
            format!("{}{stale}", as_of_words(definition, figure, self.told.now)),
            figure.n.to_string(),
        ]
    }

    fn chart_of(&self, definition: &Definition, name: &str, blocks: &mut Vec<Block>) -> Result<(), ReportError> {
        let bars = bars_of(definition, self.told.figures.values(), self.told.city, paper_color);
        if bars.is_empty() {
            return Ok(());
        }
        let caption = with_unit_behind(definition.name_in(self.lang), definition.unit_in(self.lang), self.lang);
        chart(blocks, name, &caption, 110, |area| charts::bars(area, &bars, Look::PAPER))
    }
}

fn paper_color(color: WarningColor) -> RGBColor {
    match color {
        WarningColor::Blue => Look::PAPER.series[1],
        WarningColor::Yellow => RGBColor(0xc9, 0xa2, 0x27),
        WarningColor::Orange => Look::PAPER.warn,
        WarningColor::Red => Look::PAPER.alert,
    }
}

/// None if it did not change.
fn signed(change: f64) -> Option<String> {
    match change {
        it if it > 0.0 => Some(format!("+{}", number(it))),
        it if it < 0.0 => Some(format!("-{}", number(-it))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Readings, TINY_INDICATORS, indicators::Engine, tiny_pack};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const TEMPLATE: &str = r#"
id = "duty"
title = "值班快报"
at = ["07:30", "19:30"]
[[section]]
title = "一、总体"
text = ["截至 {time}，案件 {case_n}，思明区 {case_n@district:350203}。"]
grave = true
chart = "case_n"
"#;

    fn definitions() -> Definitions {
        let grouped = format!("{TINY_INDICATORS}group_by = [\"district\"]\ngood = \"low\"\nbands = {{ blue = 0 }}\n");
        let grouped = format!("{grouped}[[unit]]\nzh = \"件\"\nen = \"\"\n");
        Definitions::parse("indicators.toml", &grouped).expect("good definitions")
    }

    #[track_caller]
    fn check_fault(before: &str, after: &str, wanted: &[&str]) {
        let text = TEMPLATE.replace(before, after);
        let faults = Template::parse("duty.toml", &text, &definitions()).expect_err(after).join("\n");
        for words in wanted {
            assert!(faults.contains(words), "{words}: {faults}");
        }
    }

    #[test]
    fn a_fault_of_a_template_is_told_with_its_line() {
        check_fault("{case_n}", "{case_m}", &["第 7 行", "case_m", "没有这个指标"]);
        check_fault("{case_n}", "{case_n", &["花括号", "第 7 行"]);
        check_fault("chart = \"case_n\"", "chart = \"x\"", &["第 9 行"]);
        check_fault("grave = true", "theme = \"no\"", &["没有这个专题"]);
        check_fault("grave", "graver", &["graver", "line 8"]);
        check_fault("07:30", "7:99", &["7:99", "第 4 行"]);
    }

    #[test]
    fn an_issue_says_its_figures_and_what_changed_since_the_last() -> Result<(), ReportError> {
        let template = Template::parse("duty.toml", TEMPLATE, &definitions()).expect("a good template");
        let city = City::found(&tiny_pack(), Realm::Exercise);
        let engine = Engine::new(definitions(), &city, &Readings::for_city(&city), NOW);
        let figures: HashMap<FigureKey, Figure> = engine.figures().map(|it| (it.key.clone(), it)).collect();
        let definitions = definitions();
        let told =
            Told { city: &city, definitions: &definitions, figures: &figures, now: NOW, simulated: true, last: None };
        let first = issue(&told);
        let last = Issue { values: vec![(first.values[0].0.clone(), 3.0)], ..first };
        let document = document(&template, &Told { last: Some(&last), ..told })?;
        let text = format!("{document:?}");
        for words in ["值班快报", "仿真", "案件 0 件", "-3", "蓝色线", "本系统记录", "依据记录 1–0"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        let has_chart = document.blocks.iter().any(|it| matches!(it, Block::Chart { .. }));
        assert!(document.exercise && !has_chart, "bars of nothing are left out");
        Ok(())
    }

    #[test]
    fn an_english_issue_has_no_chinese_but_names() -> Result<(), ReportError> {
        let english = TEMPLATE.replace("title = \"值班快报\"", "title = \"Duty bulletin\"\nlang = \"en\"");
        let english =
            english.replace("一、总体", "In short").replace("截至 {time}，案件 {case_n}，思明区", "{time}: {case_n},");
        let template = Template::parse("duty_en.toml", &english, &definitions()).expect("a good template");
        let city = City::found(&tiny_pack(), Realm::Exercise);
        let engine = Engine::new(definitions(), &city, &Readings::for_city(&city), NOW);
        let figures: HashMap<FigureKey, Figure> = engine.figures().map(|it| (it.key.clone(), it)).collect();
        let definitions = Definitions { basis_en: "examples".into(), ..definitions() };
        let told =
            Told { city: &city, definitions: &definitions, figures: &figures, now: NOW, simulated: true, last: None };
        let last = issue(&told);
        let told = Told { last: Some(&last), ..told };
        let document = document(&template, &told)?;
        let text = format!("{document:?} {}", document.exercise_words());
        for words in ["Duty bulletin", "As of", "last issue", "Simulated", "same", "blue limit", "records", "EXERCISE"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        let is_chinese = |it: &char| ('\u{4e00}'..='\u{9fff}').contains(it);
        assert_eq!(text.chars().filter(is_chinese).collect::<String>(), "演练演练", "{text}");
        Ok(())
    }

    #[test]
    fn an_issue_is_due_once_at_its_minute() {
        let template = Template::parse("duty.toml", TEMPLATE, &definitions()).expect("a good template");
        let at = |words: &str| Timestamp::parse(words).expect("a time");
        let is_due = |after: &str, until: &str| template.is_due(at(after), at(until));
        assert!(is_due("2026-07-27 07:29:58", "2026-07-27 07:30:01"));
        assert!(!is_due("2026-07-27 07:30:01", "2026-07-27 07:30:31"));
        assert!(!is_due("2026-07-27 07:31:00", "2026-07-27 19:29:59"));
        assert!(is_due("2026-07-20 00:00:00", "2026-07-27 03:00:00"), "missed while the hub was down");
    }
}
