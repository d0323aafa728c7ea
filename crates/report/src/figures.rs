//! How figures are said on paper: the same words, sources and bars in bulletins and in briefings.
//!
//! Must not know: on what page they stand.

use gulang_charts::Bar;
use gulang_city::{
    City, PaperLang, Timestamp, WarningColor,
    indicators::{Definition, Figure, FigureSource, Group, number_text},
};
use plotters::style::RGBColor;

/// Groups in a chart at most.
const MAX_BARS: usize = 16;

/// `%` stands at its figure, other units a little off.
pub(crate) fn is_joined(unit: &str) -> bool {
    matches!(unit, "%" | "‰" | "％")
}

/// `12 件`, `93%`, or `—（没有收到近期数据）`.
pub(crate) fn figure_in_words(definition: Option<&Definition>, figure: Option<&Figure>, lang: PaperLang) -> String {
    let Some(figure) = figure else { return lang.of("—（没有这个数）", "— (no such figure)").to_owned() };
    match &figure.why_none {
        Some(why) => match lang {
            PaperLang::Zh => format!("—（{}）", why.words(lang)),
            PaperLang::En => format!("— ({})", why.words(lang)),
        },
        None => {
            let unit = match definition.map_or("", |it| it.unit_in(lang)) {
                "" => String::new(),
                unit if is_joined(unit) => unit.to_owned(),
                unit => format!(" {unit}"),
            };
            let stale = if figure.is_stale { lang.of("（过时）", " (out of date)") } else { "" };
            format!("{}{unit}{stale}", value_text(figure))
        }
    }
}

/// `1,204`, `≈96.4`; `—` for none.
pub(crate) fn value_text(figure: &Figure) -> String {
    match figure.value {
        Some(value) if figure.is_estimate => format!("≈{}", number(value)),
        Some(value) => number(value),
        None => "—".to_owned(),
    }
}

/// As [`number_text`], whole ones in groups of three.
pub(crate) fn number(value: f64) -> String {
    let text = number_text(value);
    let digits = text.trim_start_matches('-');
    if digits.len() < 4 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return text;
    }
    let mut grouped: String = text.strip_prefix('-').map(|_| '-').into_iter().collect();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `在办案件（件）`, `Open cases (min)`; the name alone where nothing is counted in.
pub(crate) fn with_unit_behind(name: &str, unit: &str, lang: PaperLang) -> String {
    match (unit, lang) {
        ("", _) => name.to_owned(),
        (_, PaperLang::Zh) => format!("{name}（{unit}）"),
        (_, PaperLang::En) => format!("{name} ({unit})"),
    }
}

/// `红色线`, `red limit`.
pub(crate) fn level_words(color: WarningColor, lang: PaperLang) -> String {
    match lang {
        PaperLang::Zh => format!("{}色线", color.glyph()),
        PaperLang::En => format!("{color:?} limit").to_lowercase(),
    }
}

/// Whose figures they are.
pub(crate) fn source_words(definition: &Definition, city: &City, lang: PaperLang) -> String {
    match &definition.source {
        FigureSource::Hub => lang.of("本系统记录", "own records").to_owned(),
        FigureSource::Devices => lang.of("各设备", "devices").to_owned(),
        FigureSource::Platform(it) => city.connectors.get(it).map_or_else(|| it.to_string(), |it| it.name.to_string()),
    }
}

/// When its source was last heard; `now` for what is counted from the hub's own records.
pub(crate) fn as_of_words(definition: &Definition, figure: &Figure, now: Timestamp) -> String {
    match (&definition.source, figure.as_of) {
        (FigureSource::Hub, _) => now.hm(),
        (_, Timestamp(0)) => "—".to_owned(),
        (_, at) => at.beijing().strftime("%m-%d %H:%M").to_string(),
    }
}

/// The groups of an indicator by the first field it has groups of, side by side; empty if there are none but zeros.
pub(crate) fn bars_of<'a>(
    definition: &Definition,
    figures: impl Iterator<Item = &'a Figure>,
    city: &City,
    color: impl Fn(WarningColor) -> RGBColor,
) -> Vec<Bar> {
    let Some(field) = definition.group_by.first().copied() else { return Vec::new() };
    let of = |it: &&Figure| {
        it.key.indicator == definition.id && matches!(&it.key.group, Group::Of { by, .. } if *by == field)
    };
    let mut figures: Vec<&Figure> = figures.filter(of).collect();
    figures.sort_by(|a, b| a.key.cmp(&b.key));
    figures.truncate(MAX_BARS);
    if figures.iter().all(|it| it.value.unwrap_or(0.0) == 0.0) {
        return Vec::new();
    }
    let bar = |it: &&Figure| Bar {
        name: it.key.group.zh(city).to_string(),
        value: it.value,
        words: value_text(it),
        color: it.band.map(&color),
    };
    figures.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stand_in_groups_of_three() {
        let said = [0.0, 999.0, 1204.0, -64_400.0, 1_234_567.0, 1204.5, f64::NAN].map(number);
        assert_eq!(said, ["0", "999", "1,204", "-64,400", "1,234,567", "1204.5", "—"]);
    }
}
