//! The layouts of a pack's metrics walls and its templates of briefings, held against its definitions.
//!
//! That the files can be read, and that no card covers another, was seen to when the pack was read.

use super::Faults;
use gulang_city::{
    BriefingTemplate, CardShows, MetricWall, MetricWallId, Pack,
    indicators::{Definition, Definitions, FigureKey, Group},
};
use std::path::Path;

const FILE: &str = "metric_walls.toml";

/// Every card and every word of a briefing that shows what no definition makes, each with its line.
pub(super) fn check(pack_dir: &Path, pack: &Pack, definitions: &Definitions) -> Result<(), Faults> {
    // Read already; without them lines cannot be told.
    let text = |file: &str| std::fs::read_to_string(pack_dir.join(file)).unwrap_or_default();
    let mut faults = match pack.metric_walls.as_slice() {
        [] => Vec::new(),
        walls => faults(&text(FILE), walls, definitions),
    };
    for it in &pack.briefings {
        let file = format!("briefings/{}.toml", it.id);
        faults.extend(briefing_faults(&file, &text(&file), it, definitions));
    }
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

fn faults(text: &str, walls: &[(MetricWallId, MetricWall)], definitions: &Definitions) -> Vec<String> {
    let mut faults = Vec::new();
    // What stands twice is told once for each time, in the order of the file.
    let mut lines = text.lines().zip(1..).filter_map(|(line, n)| Some((figure_in(line)?, n)));
    for (id, wall) in walls {
        for key in wall.cards.iter().filter_map(|it| CardShows::key(&it.shows)) {
            let n = lines.find(|(said, _)| is_key(said, key)).map_or(1, |it| it.1);
            if let Some(why) = why_not(key, definitions.get(key.indicator.as_str())) {
                faults.push(format!("{FILE}:{n}: 大屏「{id}」{why}"));
            }
        }
    }
    faults
}

fn briefing_faults(file: &str, text: &str, it: &BriefingTemplate, definitions: &Definitions) -> Vec<String> {
    let fault = |key: FigureKey| {
        let why = why_not(&key, definitions.get(key.indicator.as_str()))?;
        let words = key.to_string();
        let word = words.strip_suffix("@city").unwrap_or(&words);
        // In the words of a page, or as a figure of its own.
        let said = [format!("{{{word}}}"), format!("\"{word}\"")];
        let n = text.lines().zip(1..).find(|(line, _)| said.iter().any(|it| line.contains(it))).map_or(1, |it| it.1);
        Some(format!("{file}:{n}: {why}"))
    };
    it.briefing.keys().into_iter().filter_map(fault).collect()
}

/// What a line `figure = "…"` says.
fn figure_in(line: &str) -> Option<&str> {
    let said = line.trim().strip_prefix("figure")?.trim_start().strip_prefix('=')?.trim();
    said.split(['"', '\'']).nth(1)
}

fn is_key(said: &str, key: &FigureKey) -> bool {
    let words = key.to_string();
    said == words || words.strip_suffix("@city") == Some(said)
}

fn why_not(key: &FigureKey, definition: Option<&Definition>) -> Option<String> {
    let Some(definition) = definition else {
        return Some(format!("没有指标「{}」；indicators.toml 里有的才能放", key.indicator));
    };
    let Group::Of { by, .. } = &key.group else { return None };
    (!definition.group_by.contains(by))
        .then(|| format!("指标「{}」不按 {} 分组；给它的 group_by 添上，或换一组", key.indicator, by.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{TINY_INDICATORS, parse_briefing, parse_metric_walls};

    #[test]
    fn a_card_of_an_indicator_that_is_not_there_is_told_with_its_line() {
        let head = "[[wall]]\nid = \"a\"\nzh = \"甲\"\nen = \"A\"\ncolumns = 3\nrows = 1\n";
        let card = |x: u8, figure: &str| format!("[[wall.card]]\nx = {x}\ny = 0\nfigure = \"{figure}\"\n");
        let text = format!("{head}{}{}{}", card(0, "case_n"), card(1, "casks"), card(2, "case_n@district:350203"));
        let walls = parse_metric_walls(&text).expect("it can be read");
        let definitions = Definitions::parse("indicators.toml", TINY_INDICATORS).expect("good definitions");
        let faults = faults(&text, &walls, &definitions);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("metric_walls.toml:14: 大屏「a」") && faults[0].contains("casks"), "{faults:?}");
        assert!(faults[1].starts_with("metric_walls.toml:18:") && faults[1].contains("district"), "{faults:?}");
    }

    #[test]
    fn a_briefing_that_names_no_indicator_is_told_with_its_line() {
        let text = "title = \"t\"\n[[page]]\nheadline = \"{case_n}，{casks}\"\n[[page.figure]]\nfigure = \"cask\"\n";
        let it = parse_briefing("a", text).expect("it can be read");
        let definitions = Definitions::parse("indicators.toml", TINY_INDICATORS).expect("good definitions");
        let faults = briefing_faults("briefings/a.toml", text, &it, &definitions);
        let lines: Vec<&str> = faults.iter().filter_map(|it| it.split(' ').next()).collect();
        assert_eq!(lines, ["briefings/a.toml:5:", "briefings/a.toml:3:"], "{faults:?}");
    }
}
