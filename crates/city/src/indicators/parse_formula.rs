//! A formula of `indicators.toml`: TOML tables into [`Formula`], refused where it asks what cannot be asked.
//!
//! ```toml
//! formula = { count = "cases", where = { ended_at = { passed = false } } }
//! formula.ratio = { of = "case_closed_in_time", to = "case_closed", scale = 100 }
//! ```

use super::{
    definition::{Aggregate, Condition, Empty, Formula, Function, MissingPart, Part, Window},
    table::{Field, FieldType, Table},
    toml_tree::{Faults, Tree, Value, number_of},
    words::closed_words,
};
use crate::Text;
use std::ops::Range;
use strum::{VariantArray, VariantNames};
use toml::de::DeValue;

const FUNCTIONS: [&str; 10] = ["count", "sum", "mean", "min", "max", "quantile", "ratio", "rate", "weighted", "figure"];

/// A formula, or the name of an indicator whose figure it is.
pub(super) fn formula(value: &Value<'_>, faults: &mut Faults<'_>) -> Option<Formula> {
    if value.get_ref().is_str() {
        return faults.text(value, "formula").map(|it| Formula::Figure(it.as_ref().into()));
    }
    let tree = faults.tree(value, "formula")?;
    let span = value.span();
    let asked: Vec<&str> = FUNCTIONS.into_iter().filter(|it| tree.contains_key(*it)).collect();
    let [function] = asked.as_slice() else {
        let (what, why) = match asked.as_slice() {
            [] => match tree.keys().find(|it| !KEYS.contains(&it.get_ref().as_ref())) {
                Some(key) => (format!("unknown function {}", key.get_ref()), "there is no such".to_owned()),
                None => ("no function".to_owned(), "the formula does not say what to do".to_owned()),
            },
            many => ("more than one function".to_owned(), format!("{} stand side by side", many.join(" and "))),
        };
        faults.add(&span, what, why, format!("use one of {}", FUNCTIONS.join(", ")));
        return None;
    };
    let value = tree.get(*function)?;
    match *function {
        "ratio" => ratio(tree, value, faults),
        "rate" => rate(tree, value, faults),
        "weighted" => weighted(tree, value, faults),
        "figure" => {
            faults.unknown_keys(tree, &["figure"]);
            faults.text(value, "figure").map(|it| Formula::Figure(it.as_ref().into()))
        }
        function => aggregate(function, tree, value, &span, faults).map(Formula::Over),
    }
}

/// What may stand beside a function.
const KEYS: [&str; 4] = ["where", "within", "empty", "q"];

fn ratio(tree: &Tree<'_>, value: &Value<'_>, faults: &mut Faults<'_>) -> Option<Formula> {
    faults.unknown_keys(tree, &["ratio"]);
    let (tree, span) = (faults.tree(value, "ratio")?, value.span());
    faults.unknown_keys(tree, &["of", "to", "scale"]);
    let of = faults.needed(tree, "of", &span).and_then(|it| formula(it, faults));
    let to = faults.needed(tree, "to", &span).and_then(|it| formula(it, faults));
    let scale = match tree.get("scale") {
        Some(it) => faults.number(it, "scale")?,
        None => 1.0,
    };
    Some(Formula::Ratio { of: Box::new(of?), to: Box::new(to?), scale })
}

fn rate(tree: &Tree<'_>, value: &Value<'_>, faults: &mut Faults<'_>) -> Option<Formula> {
    faults.unknown_keys(tree, &["rate"]);
    let (tree, span) = (faults.tree(value, "rate")?, value.span());
    faults.unknown_keys(tree, &["of", "per_mins"]);
    let of = faults.needed(tree, "of", &span);
    let per_mins = faults.needed(tree, "per_mins", &span).and_then(|it| faults.minutes(it, "per_mins"));
    let of_formula = formula(of?, faults)?;
    match of_formula {
        Formula::Over(of)
            if matches!(of.function, Function::Count | Function::Sum) && matches!(of.window, Window::LastMins(..)) =>
        {
            Some(Formula::Rate { of, per_mins: per_mins? })
        }
        _ => {
            let why = "only what is counted or summed within last_mins has a time to divide by";
            faults.add(&span, "bad rate", why, "count or sum, within = { last_mins = …, by = \"…\" }");
            None
        }
    }
}

fn weighted(tree: &Tree<'_>, value: &Value<'_>, faults: &mut Faults<'_>) -> Option<Formula> {
    faults.unknown_keys(tree, &["weighted", "missing"]);
    let missing = match tree.get("missing") {
        Some(it) => faults.word(it, "missing", MissingPart::VARIANTS)?,
        None => MissingPart::None,
    };
    let mut parts = Vec::new();
    let list = faults.list(value, "weighted")?;
    let n_listed = list.len();
    if n_listed == 0 {
        faults.add(&value.span(), "empty weighted", "a sum of nothing", "list parts { of = …, weight = … }");
    }
    for value in list {
        let (Some(tree), span) = (faults.tree(value, "part"), value.span()) else { continue };
        faults.unknown_keys(tree, &["of", "weight", "zero", "full"]);
        let of = faults.needed(tree, "of", &span).and_then(|it| formula(it, faults));
        let weight = faults.needed(tree, "weight", &span).and_then(|it| faults.number(it, "weight"));
        let zero = tree.get("zero").and_then(|it| faults.number(it, "zero"));
        let full = tree.get("full").and_then(|it| faults.number(it, "full"));
        if zero.is_some() != full.is_some() || zero.is_some() && zero == full {
            let why = "a score needs what counts as 0 and what as 100, and they must differ";
            faults.add(&span, "bad score", why, "write both zero and full, or neither");
        }
        if let (Some(of), Some(weight)) = (of, weight) {
            parts.push(Part { of, weight, score: zero.zip(full) });
        }
    }
    (n_listed > 0 && parts.len() == n_listed).then_some(Formula::Weighted { parts, missing })
}

fn aggregate(
    function: &str,
    tree: &Tree<'_>,
    value: &Value<'_>,
    span: &Range<usize>,
    faults: &mut Faults<'_>,
) -> Option<Aggregate> {
    let mut keys = vec![function, "where", "within", "empty"];
    if function == "quantile" {
        keys.push("q");
    }
    faults.unknown_keys(tree, &keys);
    let of = faults.text(value, function)?;
    let (table_name, field_name) = of.split_once('.').map_or((&*of, None), |(table, field)| (table, Some(field)));
    let Ok(table) = table_name.parse::<Table>() else {
        let names: Vec<&str> = Table::VARIANTS.iter().map(|it| it.name()).collect();
        let todo = format!("use one of {}", names.join(", "));
        faults.add(&value.span(), format!("unknown table {table_name}"), "there is no such", todo);
        return None;
    };
    let field = match (function, field_name) {
        ("count", None) => None,
        ("count", Some(_)) => {
            faults.add(&value.span(), "bad count", "rows are counted, not a field", format!("write {table_name}"));
            return None;
        }
        (_, None) => {
            let todo = format!("write {table_name}.field");
            faults.add(&value.span(), format!("bad {function}"), "it does not say of which field", todo);
            return None;
        }
        (_, Some(name)) => Some(known_field(name, table, FieldType::Number, &value.span(), faults)?),
    };
    let function = match function {
        "count" => Function::Count,
        "sum" => Function::Sum,
        "mean" => Function::Mean,
        "min" => Function::Min,
        "max" => Function::Max,
        _ => Function::Quantile(quantile(tree, span, faults)?),
    };
    let filters = match tree.get("where") {
        Some(it) => conditions(it, table, faults)?,
        None => Vec::new(),
    };
    let window = match tree.get("within") {
        Some(it) => window(it, table, faults)?,
        None => Window::Always,
    };
    let empty = match tree.get("empty") {
        Some(it) => faults.word(it, "empty", Empty::VARIANTS)?,
        None => Empty::Zero,
    };
    Some(Aggregate { function, table, field, filters, window, empty })
}

fn quantile(tree: &Tree<'_>, span: &Range<usize>, faults: &mut Faults<'_>) -> Option<f64> {
    let value = faults.needed(tree, "q", span)?;
    let q = faults.number(value, "q")?;
    if (0.0..=1.0).contains(&q) {
        return Some(q);
    }
    faults.add(&value.span(), "bad q", format!("{q} is not 0 to 1"), "write 0.5 for the median");
    None
}

/// A field the table has, of the type that is wanted.
fn known_field(
    name: &str,
    table: Table,
    wanted: FieldType,
    span: &Range<usize>,
    faults: &mut Faults<'_>,
) -> Option<Field> {
    let field = field_of(name, table, span, faults)?;
    if field.field_type() == wanted {
        return Some(field);
    }
    let why = format!("it is {}, not {}", field.field_type().name_en(), wanted.name_en());
    let fit = table.fields().iter().filter(|it| it.field_type() == wanted).map(|it| it.name());
    let todo = format!("use one of {}", fit.collect::<Vec<_>>().join(", "));
    faults.add(span, format!("bad field {name}"), why, todo);
    None
}

fn field_of(name: &str, table: Table, span: &Range<usize>, faults: &mut Faults<'_>) -> Option<Field> {
    let field = name.parse::<Field>().ok().filter(|it| table.fields().contains(it));
    if field.is_none() {
        let names: Vec<&str> = table.fields().iter().map(|it| it.name()).collect();
        let why = format!("{} have no such field", table.name());
        faults.add(span, format!("unknown field {name}"), why, format!("use one of {}", names.join(", ")));
    }
    field
}

fn conditions(value: &Value<'_>, table: Table, faults: &mut Faults<'_>) -> Option<Vec<(Field, Condition)>> {
    let tree = faults.tree(value, "where")?;
    let read = tree.iter().map(|(key, value)| {
        let field = field_of(key.get_ref(), table, &key.span(), faults)?;
        Some((field, condition(field, value, table, faults)?))
    });
    // Every fault, not only the first.
    read.collect::<Vec<_>>().into_iter().collect()
}

fn condition(field: Field, value: &Value<'_>, table: Table, faults: &mut Faults<'_>) -> Option<Condition> {
    let span = value.span();
    let flag = |tree: &Tree<'_>, key: &str| tree.get(key).and_then(|it| it.get_ref().as_bool());
    let number = |tree: &Tree<'_>, key: &str| tree.get(key).and_then(|it| number_of(it.get_ref()));
    let condition = match (field.field_type(), value.get_ref()) {
        (_, DeValue::Table(tree)) if tree.contains_key("known") => {
            faults.unknown_keys(tree, &["known"]);
            flag(tree, "known").map(Condition::Known)
        }
        (FieldType::Bool, DeValue::Boolean(it)) => Some(Condition::Is(*it)),
        (FieldType::Text, DeValue::String(_)) => Some(Condition::OneOf(vec![faults.text(value, field.name())?])),
        (FieldType::Text, DeValue::Array(_)) => Some(Condition::OneOf(faults.texts(value, field.name())?)),
        (FieldType::Text, DeValue::Table(tree)) => {
            faults.unknown_keys(tree, &["not", "known"]);
            let not = tree.get("not");
            let one = not.filter(|it| it.get_ref().is_str());
            match (one, not) {
                (Some(one), _) => faults.text(one, field.name()).map(|it| vec![it]),
                (None, Some(many)) => faults.texts(many, field.name()),
                (None, None) => None,
            }
            .map(Condition::NoneOf)
        }
        (FieldType::Number, DeValue::Table(tree)) => {
            faults.unknown_keys(tree, &["from", "to", "known"]);
            let (from, to) = (number(tree, "from"), number(tree, "to"));
            if from.zip(to).is_some_and(|(from, to)| from > to) {
                faults.add(&span, format!("bad range of {}", field.name()), "from is above to", "swap them");
                return None;
            }
            (from.is_some() || to.is_some()).then_some(Condition::Range { from, to })
        }
        (FieldType::Number, it) => number_of(it).map(|it| Condition::Range { from: Some(it), to: Some(it) }),
        (FieldType::Time, DeValue::Table(tree)) => {
            faults.unknown_keys(tree, &["passed", "known"]);
            flag(tree, "passed").map(Condition::Passed)
        }
        _ => None,
    };
    if condition.is_none() {
        let todo = match field.field_type() {
            FieldType::Text => "write \"a\", [\"a\", \"b\"], { not = \"a\" } or { known = true }",
            FieldType::Number => "write a number, { from = 1, to = 2 } or { known = true }",
            FieldType::Bool => "write true or false",
            FieldType::Time => "write { passed = true } or { known = true }",
        };
        let why = format!("{} holds {}", field.name(), field.field_type().name_en());
        faults.add(&span, format!("bad condition on {}", field.name()), why, todo);
    }
    let condition = condition?;
    check_words(field, &condition, table, &span, faults).then_some(condition)
}

/// Words of a closed list are spelt as it has them.
fn check_words(
    field: Field,
    condition: &Condition,
    table: Table,
    span: &Range<usize>,
    faults: &mut Faults<'_>,
) -> bool {
    let (Condition::OneOf(words) | Condition::NoneOf(words)) = condition else { return true };
    let Some(closed) = closed_words(table, field) else { return true };
    let wrong = words.iter().find(|word: &&Text| !closed.contains(&&***word));
    if let Some(wrong) = wrong {
        let todo = format!("use one of {}", closed.join(", "));
        faults.add(span, format!("unknown {} {wrong}", field.name()), "there is no such", todo);
    }
    wrong.is_none()
}

fn window(value: &Value<'_>, table: Table, faults: &mut Faults<'_>) -> Option<Window> {
    let (tree, span) = (faults.tree(value, "within")?, value.span());
    faults.unknown_keys(tree, &["today", "yesterday", "last_mins", "by"]);
    let time = |value: &Value<'_>, faults: &mut Faults<'_>| {
        let name = faults.text(value, "within")?;
        known_field(&name, table, FieldType::Time, &value.span(), faults)
    };
    match (tree.get("today"), tree.get("yesterday"), tree.get("last_mins"), tree.get("by")) {
        (Some(it), None, None, None) => time(it, faults).map(Window::Today),
        (None, Some(it), None, None) => time(it, faults).map(Window::Yesterday),
        (None, None, Some(mins), Some(by)) => {
            let (mins, by) = (faults.minutes(mins, "last_mins"), time(by, faults));
            mins.zip(by).map(|(mins, by)| Window::LastMins(mins, by))
        }
        _ => {
            let todo = "write { today = \"field\" }, { yesterday = \"field\" } or { last_mins = 60, by = \"field\" }";
            faults.add(&span, "bad within", "it is no one window", todo);
            None
        }
    }
}
