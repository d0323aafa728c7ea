//! `indicators.toml` into [`Definitions`]. Whatever is wrong is told at once, each with its line, its indicator and what to
//! do; a file with any fault gives no definitions at all.
//!
//! Must not know: where the file lies, or the city, but for [`Definitions::unknown_names`].

use super::{
    definition::*,
    parse_formula::formula,
    plan::{MAX_DEPTH, can_count_past, tables},
    table::Field,
    toml_tree::{Faults, Tree, Value},
    words,
};
use crate::{City, PackError, Text, WarningColor};
use std::{collections::BTreeMap, ops::Range};
use strum::VariantNames;

impl Definitions {
    /// `file` is how faults call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<PackError>> {
        let mut faults = Faults::new(file, text);
        let definitions = match Tree::parse(text) {
            Ok(tree) => read(tree.get_ref(), &tree.span(), &mut faults),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                faults.add(&span, "unreadable TOML", error.message().replace('\n', " "), "correct it");
                None
            }
        };
        match definitions {
            Some(definitions) if faults.list.is_empty() => Ok(definitions),
            _ => {
                faults.list.sort_by_key(|it| it.line);
                Err(faults.list)
            }
        }
    }

    /// Owners this city does not have, and platforms none of its agencies is on.
    pub fn unknown_names(&self, file: &str, city: &City) -> Vec<PackError> {
        let mut errors = Vec::new();
        for it in &self.all {
            let mut add = |what: String, todo: &str| {
                let why = "the city has no such".to_owned();
                let (file, line) = (file.to_owned(), it.line as usize);
                errors.push(PackError {
                    file,
                    line,
                    what: format!("indicator {}: {what}", it.id),
                    why,
                    todo: todo.into(),
                });
            };
            if !city.agencies.contains_key(&it.owner) {
                add(format!("unknown owner {}", it.owner), "use an id of agencies.json");
            }
            if let FigureSource::Platform(id) = &it.source
                && !city.agencies.values().any(|it| it.platform == *id)
            {
                add(format!("unknown source {id}"), "use hub, devices, or a platform of agencies.json");
            }
        }
        errors
    }
}

fn read(tree: &Tree<'_>, span: &Range<usize>, faults: &mut Faults<'_>) -> Option<Definitions> {
    faults.unknown_keys(tree, &["basis", "basis_en", "theme", "area", "unit", "indicator"]);
    let basis = faults.needed(tree, "basis", span).and_then(|it| faults.text(it, "basis"));
    let basis_en = tree.get("basis_en").and_then(|it| faults.text(it, "basis_en"));
    let themes: Vec<Theme> = each(tree, "theme", faults, |tree, span, faults| {
        faults.unknown_keys(tree, &["id", "zh", "en"]);
        let [id, zh, en] = ["id", "zh", "en"].map(|it| needed_text(tree, it, span, faults));
        Some(Theme { id: id?, zh: zh?, en: en? })
    });
    let areas: Vec<Area> = each(tree, "area", faults, |tree, span, faults| {
        faults.unknown_keys(tree, &["id", "zh", "en", "words"]);
        let [id, zh, en] = ["id", "zh", "en"].map(|it| needed_text(tree, it, span, faults));
        let words = faults.needed(tree, "words", span).and_then(|it| faults.texts(it, "words"));
        Some(Area { id: id?, zh: zh?, en: en?, words: words? })
    });
    let units: Vec<(Text, Text)> = each(tree, "unit", faults, |tree, span, faults| {
        faults.unknown_keys(tree, &["zh", "en"]);
        let zh = needed_text(tree, "zh", span, faults);
        // English may have no word for it.
        let en = faults.needed(tree, "en", span).and_then(|it| it.get_ref().as_str());
        Some((zh?, en?.into()))
    });
    // Spans are asked for again when names are compared, which is after all were read.
    let mut spans: BTreeMap<Text, Range<usize>> = BTreeMap::new();
    let all: Vec<Definition> = each(tree, "indicator", faults, |tree, span, faults| {
        let definition = definition(tree, span, &themes, &units, faults);
        if let Some(id) = tree.get("id")
            && let Some(name) = id.get_ref().as_str()
            && let Some(first) = spans.insert(name.into(), id.span())
        {
            let why = format!("line {} has this id", faults.line_of(&first));
            faults.add(&id.span(), format!("second {name}"), why, "give it another id");
        }
        definition
    });
    faults.entry.clear();
    let definitions = Definitions { basis_en: basis_en.or_else(|| basis.clone())?, basis: basis?, themes, areas, all };
    check_references(&definitions, &spans, faults);
    // What refers to what is not there, or to itself, has no depth and no table to ask about.
    if faults.list.is_empty() {
        check_depth(&definitions, &spans, faults);
    }
    if faults.list.is_empty() {
        check_groups(&definitions, &spans, faults);
    }
    Some(definitions)
}

/// Every entry of a list of tables; faults name each by its id.
fn each<T>(
    tree: &Tree<'_>,
    key: &str,
    faults: &mut Faults<'_>,
    mut read: impl FnMut(&Tree<'_>, &Range<usize>, &mut Faults<'_>) -> Option<T>,
) -> Vec<T> {
    let Some(value) = tree.get(key) else { return Vec::new() };
    let Some(list) = faults.list(value, key) else { return Vec::new() };
    let mut all = Vec::new();
    for (value, n) in list.into_iter().zip(1..) {
        let Some(tree) = faults.tree(value, key) else { continue };
        let id = tree.get("id").and_then(|it| it.get_ref().as_str());
        faults.entry = id.map_or_else(|| format!("{key} {n}"), |it| format!("{key} {it}"));
        all.extend(read(tree, &value.span(), faults));
        faults.entry.clear();
    }
    all
}

fn needed_text(tree: &Tree<'_>, key: &str, span: &Range<usize>, faults: &mut Faults<'_>) -> Option<Text> {
    let value = faults.needed(tree, key, span)?;
    faults.text(value, key)
}

const KEYS: [&str; 17] = [
    "id",
    "zh",
    "en",
    "unit",
    "means",
    "theme",
    "source",
    "owner",
    "fresh_mins",
    "formula",
    "group_by",
    "compare",
    "good",
    "target",
    "bands",
    "anomaly_floor",
    "draw",
];

fn definition(
    tree: &Tree<'_>,
    span: &Range<usize>,
    themes: &[Theme],
    units: &[(Text, Text)],
    faults: &mut Faults<'_>,
) -> Option<Definition> {
    faults.unknown_keys(tree, &KEYS);
    let [id, zh, en] = ["id", "zh", "en"].map(|it| needed_text(tree, it, span, faults));
    let [theme, source, owner] = ["theme", "source", "owner"].map(|it| needed_text(tree, it, span, faults));
    if let (Some(name), Some(value)) = (&theme, tree.get("theme"))
        && !themes.iter().any(|it| it.id == *name)
    {
        let known: Vec<&str> = themes.iter().map(|it| &*it.id).collect();
        let todo = format!("use one of {}", known.join(", "));
        faults.add(&value.span(), format!("unknown theme {name}"), "no [[theme]] has this id", todo);
    }
    let unit: Text = tree.get("unit").and_then(|it| it.get_ref().as_str()).unwrap_or_default().into();
    let unit_en = units.iter().find(|it| it.0 == unit).map_or_else(|| unit.clone(), |it| it.1.clone());
    let means = faults.needed(tree, "means", span).and_then(|value| {
        let tree = faults.tree(value, "means")?;
        faults.unknown_keys(tree, &["zh", "en"]);
        let [zh, en] = ["zh", "en"].map(|it| needed_text(tree, it, &value.span(), faults));
        zh.zip(en)
    });
    let fresh_mins = faults.needed(tree, "fresh_mins", span).and_then(|it| faults.minutes(it, "fresh_mins"));
    let formula = faults.needed(tree, "formula", span).and_then(|it| formula(it, faults));
    let draw = faults.needed(tree, "draw", span).and_then(|it| faults.word(it, "draw", Draw::VARIANTS));
    let group_by = words_of(tree, "group_by", &GROUPS, faults);
    let compare = words_of(tree, "compare", Compare::VARIANTS, faults);
    let good: Option<Good> = tree.get("good").and_then(|it| faults.word(it, "good", Good::VARIANTS));
    let target = tree.get("target").and_then(|it| faults.number(it, "target"));
    let bands = tree.get("bands").map(|it| bands(it, good, faults));
    let anomaly_floor = tree.get("anomaly_floor").and_then(|value| {
        let floor = faults.number(value, "anomaly_floor")?;
        if floor <= 0.0 {
            let why = "every deviation of a quiet figure would be endless";
            faults.add(&value.span(), "bad anomaly_floor", why, "write the smallest deviation worth a look");
        }
        Some(floor)
    });
    let source = match &*source? {
        "hub" => FigureSource::Hub,
        "devices" => FigureSource::Devices,
        platform => FigureSource::Platform(platform.into()),
    };
    let (means_zh, means_en) = means?;
    Some(Definition {
        id: id?.as_ref().into(),
        zh: zh?,
        en: en?,
        unit,
        unit_en,
        means_zh,
        means_en,
        theme: theme?,
        source,
        owner: owner?.as_ref().into(),
        fresh_mins: fresh_mins?,
        formula: formula?,
        group_by: group_by?,
        compare: compare?,
        good,
        target,
        bands: bands.unwrap_or_default(),
        anomaly_floor,
        draw: draw?,
        line: faults.line_of(span) as u32,
    })
}

/// Fields that groups can be made by.
const GROUPS: [&str; 12] = [
    "district",
    "township",
    "agency",
    "kind",
    "area",
    "class",
    "stage",
    "color",
    "rung",
    "tier",
    "capability",
    "state",
];

fn words_of<T: std::str::FromStr>(
    tree: &Tree<'_>,
    key: &str,
    known: &[&str],
    faults: &mut Faults<'_>,
) -> Option<Vec<T>> {
    let Some(value) = tree.get(key) else { return Some(Vec::new()) };
    let list = faults.list(value, key)?;
    list.into_iter().map(|it| faults.word(it, key, known)).collect()
}

/// Colours in the order of their gravity, each edge beyond the one before.
fn bands(value: &Value<'_>, good: Option<Good>, faults: &mut Faults<'_>) -> Vec<(WarningColor, f64)> {
    let colors = [
        ("blue", WarningColor::Blue),
        ("yellow", WarningColor::Yellow),
        ("orange", WarningColor::Orange),
        ("red", WarningColor::Red),
    ];
    let Some(tree) = faults.tree(value, "bands") else { return Vec::new() };
    faults.unknown_keys(tree, &colors.map(|it| it.0));
    let Some(good) = good else {
        let why = "without good nobody knows which way is bad";
        faults.add(&value.span(), "bands without good", why, "write good = \"high\" or good = \"low\"");
        return Vec::new();
    };
    let mut bands: Vec<(WarningColor, f64)> = Vec::new();
    for (name, color) in colors {
        let Some(value) = tree.get(name) else { continue };
        let Some(edge) = faults.number(value, name) else { continue };
        if let Some((milder, before)) = bands.last() {
            let (is_beyond, way) = match good {
                Good::High => (edge < *before, "below"),
                Good::Low => (edge > *before, "above"),
            };
            if !is_beyond {
                let why = format!("good is {good:?}, and {edge} is not {way} {before} of {}", milder.glyph());
                let todo = format!("let each graver band lie {way} the one before");
                faults.add(&value.span(), format!("bad band order at {name}"), why.to_lowercase(), todo);
            }
        }
        bands.push((color, edge));
    }
    bands
}

/// Every name is somebody's, and nobody is made of himself.
fn check_references(definitions: &Definitions, spans: &BTreeMap<Text, Range<usize>>, faults: &mut Faults<'_>) {
    for it in &definitions.all {
        let span = spans.get(it.id.as_str()).cloned().unwrap_or(0..0);
        faults.entry = format!("indicator {}", it.id);
        for name in it.formula.references() {
            if !spans.contains_key(name.as_str()) {
                let todo = "name an indicator of this file, or write a formula";
                faults.add(&span, format!("unknown indicator {name}"), "its formula names it", todo);
            }
        }
        if let Some(way) = circle(definitions, it) {
            let why = format!("its formula comes back to itself: {}", way.join(" → "));
            faults.add(&span, "a circle", why, "break it: one of them must be counted from rows");
        }
    }
    faults.entry.clear();
}

/// The way from an indicator back to itself, if there is one.
fn circle(definitions: &Definitions, start: &Definition) -> Option<Vec<String>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut ways = vec![vec![start.id.to_string()]];
    while let Some(way) = ways.pop() {
        let Some(at) = way.last().and_then(|it| definitions.get(it)) else { continue };
        for next in at.formula.references() {
            let mut longer = way.clone();
            longer.push(next.to_string());
            if *next == start.id {
                return Some(longer);
            }
            if seen.insert(next.to_string()) {
                ways.push(longer);
            }
        }
    }
    None
}

/// Written out, a formula stays of a size that can be counted: no chain too long, no doubling upon doubling.
fn check_depth(definitions: &Definitions, spans: &BTreeMap<Text, Range<usize>>, faults: &mut Faults<'_>) {
    const MAX_PARTS: u64 = 1000;
    /// Parts when written out, and how many names deep.
    type Size = (u64, u32);
    let mut sizes: BTreeMap<&str, Size> = BTreeMap::new();
    // Each round writes out one name more.
    for _ in 0..=MAX_DEPTH {
        let before = sizes.clone();
        for it in &definitions.all {
            let own: Size = (it.formula.aggregates().len() as u64, 0);
            let named =
                it.formula.references().into_iter().map(|id| before.get(id.as_str()).copied().unwrap_or((1, 0)));
            let size = named.fold(own, |sum, it| (sum.0.saturating_add(it.0), sum.1.max(it.1 + 1)));
            sizes.insert(it.id.as_str(), size);
        }
        if sizes == before {
            break;
        }
    }
    let is_too_large = |size: &Size| size.0 > MAX_PARTS || size.1 >= MAX_DEPTH;
    for it in definitions.all.iter().filter(|it| sizes.get(it.id.as_str()).is_some_and(is_too_large)) {
        faults.entry = format!("indicator {}", it.id);
        let span = spans.get(it.id.as_str()).cloned().unwrap_or(0..0);
        let why = format!("written out it has more than {MAX_PARTS} parts, or is {MAX_DEPTH} names deep");
        faults.add(&span, "a formula too large", why, "name fewer indicators that name others");
    }
    faults.entry.clear();
}

/// What it is grouped by its table can be grouped by; its past can be had.
fn check_groups(definitions: &Definitions, spans: &BTreeMap<Text, Range<usize>>, faults: &mut Faults<'_>) {
    for it in &definitions.all {
        let span = spans.get(it.id.as_str()).cloned().unwrap_or(0..0);
        faults.entry = format!("indicator {}", it.id);
        // A share of a group of one table in the whole of another would mean nothing.
        for table in tables(&it.formula, definitions, 0) {
            for by in it.group_by.iter().filter(|by| !words::can_group(table, **by)) {
                let can = table.fields().iter().filter(|field| words::can_group(table, **field));
                let names: Vec<&str> = can.map(|it: &Field| it.name()).collect();
                let why = format!("{} have no such groups", table.name());
                let todo = format!("use some of {}", names.join(", "));
                faults.add(&span, format!("cannot group by {}", by.name()), why, todo);
            }
        }
        for aggregate in it.formula.aggregates() {
            let is_right = aggregate.table.is_heard_by_row() == (it.source == FigureSource::Devices);
            if !is_right {
                let why = format!(
                    "{} come from {}",
                    aggregate.table.name(),
                    if aggregate.table.is_heard_by_row() {
                        "devices, each heard for itself"
                    } else {
                        "the hub or a platform"
                    }
                );
                faults.add(&span, "bad source", why, "name the source the rows come from");
            }
        }
        if it.compare.contains(&Compare::LastYear) && !can_count_past(&it.formula, definitions, 0) {
            let why = "a year ago is known only where rows keep all their times";
            faults.add(&span, "cannot compare with last_year", why, "take last_year out of compare");
        }
    }
    faults.entry.clear();
}
