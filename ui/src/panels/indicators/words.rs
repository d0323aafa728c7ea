//! How figures are said on a screen: the same words on the page, the metrics wall and in briefings.

use crate::i18n::{Lang, Tr, tr};
use crate::panels::kit::{Kit, count, exact};
use crate::theme::*;
use egui::Color32;
use gulang_city::{
    CaseStage, EvacueeClass, Freshness, Timestamp, WarningColor,
    indicators::{
        Anomaly, Area, Compare, Definition, Definitions, Field, Figure, FigureSource, Good, Group, number_text,
    },
};
use serde::de::DeserializeOwned;

/// What a figure says, as it is read: `1,204`, `≈96.4`; `—` for none.
pub(in crate::panels) fn value_text(k: &Kit<'_>, figure: &Figure) -> String {
    match figure.value {
        Some(value) if figure.is_estimate => format!("≈{}", number(k, value)),
        Some(value) => number(k, value),
        None => "—".to_owned(),
    }
}

pub(in crate::panels) fn number(k: &Kit<'_>, value: f64) -> String {
    match value {
        it if it.abs() >= 10_000.0 && it.is_finite() => count(k.m.lang, it),
        it if it.abs() >= 1000.0 && it.fract() == 0.0 => exact(it as i64),
        it => number_text(it),
    }
}

/// `+12`, `-3.5`, `±0`.
fn signed(k: &Kit<'_>, change: f64) -> String {
    match change {
        it if it > 0.0 => format!("+{}", number(k, it)),
        it if it < 0.0 => format!("-{}", number(k, -it)),
        _ => "±0".to_owned(),
    }
}

/// As people call the group: a district's name, an agency's short one, a class in words.
pub(in crate::panels) fn group_name(k: &Kit<'_>, definitions: Option<&Definitions>, group: &Group) -> String {
    if let Some(name) = group.name(k.m.city) {
        return name.to_string();
    }
    let Group::Of { by, id } = group else { return k.t(tr::WHOLE_CITY).to_owned() };
    let lang = k.m.lang;
    let said = match by {
        Field::Class => word::<EvacueeClass>(id).map(|it| lang.class(it).to_owned()),
        Field::Stage => word::<CaseStage>(id).map(|it| lang.stage(it).to_owned()),
        Field::Color => word::<WarningColor>(id).map(|it| it.glyph().to_owned()),
        Field::Area => {
            let area = definitions.and_then(|all| all.areas.iter().find(|it| it.id == *id));
            area.map(|it: &Area| lang.pick(&it.zh, &it.en).to_owned())
        }
        _ => None,
    };
    said.unwrap_or_else(|| id.to_string())
}

/// One of a closed list's words, as records write it.
fn word<T: DeserializeOwned>(id: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::from(id)).ok()
}

/// What it is held against: target, yesterday, last week.
pub(in crate::panels) fn beside(k: &Kit<'_>, definition: &Definition, figure: &Figure) -> Vec<(String, Color32)> {
    let mut lines = Vec::new();
    if let (Some(target), Some(meets)) = (definition.target, figure.meets_target) {
        let text = k.m.lang.fill(tr::INDICATOR_TARGET, &[&number(k, target)]);
        lines.push((text, if meets { OK } else { STALE }));
    }
    for it in &figure.comparisons {
        let Some(change) = it.change else { continue };
        let is_worse = match definition.good {
            Some(Good::High) => change < 0.0,
            Some(Good::Low) => change > 0.0,
            None => false,
        };
        let text = format!("{} {}", k.t(compare_word(it.with)), signed(k, change));
        lines.push((text, if is_worse { STALE } else { SECONDARY }));
    }
    lines
}

fn compare_word(with: Compare) -> Tr {
    match with {
        Compare::Yesterday => tr::INDICATOR_YESTERDAY,
        Compare::LastWeek => tr::INDICATOR_LAST_WEEK,
        Compare::LastYear => tr::INDICATOR_LAST_YEAR,
    }
}

/// Why it is unusual, in one line of a card.
pub(in crate::panels) fn anomaly_line(k: &Kit<'_>, anomaly: &Anomaly) -> String {
    let way = k.t(if anomaly.score > 0.0 { tr::ANOMALY_HIGH } else { tr::ANOMALY_LOW });
    let n_days = anomaly.n_days.to_string();
    let (value, median) = (number(k, anomaly.value), number(k, anomaly.median));
    k.m.lang.fill(tr::ANOMALY_LINE, &[&anomaly.at.hm(), &value, &n_days, &median, way])
}

pub(in crate::panels) fn ink_of(figure: &Figure) -> Color32 {
    match figure.value {
        Some(_) if figure.is_stale => TERTIARY,
        Some(_) => PRIMARY,
        None => QUIET,
    }
}

pub(in crate::panels) fn freshness(figure: &Figure) -> Freshness {
    match (figure.as_of, figure.is_stale) {
        (Timestamp(0), true) => Freshness::NeverHeard,
        (_, true) => Freshness::Stale { age_secs: 0 },
        (_, false) => Freshness::Fresh,
    }
}

pub(in crate::panels) fn source_name(k: &Kit<'_>, definition: &Definition) -> String {
    match &definition.source {
        FigureSource::Hub => k.t(tr::INDICATOR_OF_HUB).to_owned(),
        FigureSource::Devices => k.t(tr::INDICATOR_OF_DEVICES).to_owned(),
        FigureSource::Platform(platform) => {
            k.m.city.connectors.get(platform).map_or_else(|| platform.to_string(), |it| it.name.to_string())
        }
    }
}

/// `截至 14:05`; of what is stale since when; of the hub's own records nothing is older than now.
pub(in crate::panels) fn as_of(k: &Kit<'_>, definition: &Definition, figure: &Figure) -> String {
    let when = |at| k.m.lang.day_time(at, k.now());
    match (&definition.source, figure.stale_since) {
        (_, Some(since)) => k.m.lang.fill(tr::INDICATOR_STALE, &[&when(since)]),
        (FigureSource::Hub, None) => k.t(tr::INDICATOR_NOW).to_owned(),
        (_, None) if figure.as_of.0 == 0 => k.t(tr::NO_WORD).to_owned(),
        (_, None) => k.m.lang.fill(tr::INDICATOR_AS_OF, &[&when(figure.as_of)]),
    }
}

/// A level's colour, as charts take it.
pub(in crate::panels) fn level_ink(color: WarningColor) -> plotters::style::RGBColor {
    let it = level_fill(color);
    plotters::style::RGBColor(it.r(), it.g(), it.b())
}

/// Target and bands, as lines of a chart.
pub(in crate::panels) fn limits(definition: &Definition) -> Vec<(f64, plotters::style::RGBColor)> {
    let target = definition.target.map(|it| (it, crate::charts::screen_look().series[2]));
    target.into_iter().chain(definition.bands.iter().map(|(color, edge)| (*edge, level_ink(*color)))).collect()
}

/// The indicator in the language of the screen.
pub(in crate::panels) fn indicator_name(lang: Lang, definition: &Definition) -> &str {
    lang.pick(&definition.zh, &definition.en)
}
