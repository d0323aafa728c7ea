//! Reading a TOML tree whose every value knows its place, so that every fault can name its line. All faults come at once.
//!
//! Must not know: what is read.

use crate::{PackError, Text};
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) type Value<'a> = Spanned<DeValue<'a>>;
pub(super) type Tree<'a> = DeTable<'a>;

/// What is wrong so far, and what is being read.
pub(super) struct Faults<'t> {
    file: &'t str,
    text: &'t str,
    /// Which entry is read, for whoever must find it: `indicator case_open`.
    pub(super) entry: String,
    pub(super) list: Vec<PackError>,
}

impl<'t> Faults<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, entry: String::new(), list: Vec::new() }
    }

    pub(super) fn line_of(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start.min(self.text.len())).unwrap_or(self.text);
        1 + before.matches('\n').count()
    }

    pub(super) fn add(
        &mut self,
        span: &Range<usize>,
        what: impl AsRef<str>,
        why: impl Into<String>,
        todo: impl Into<String>,
    ) {
        let what = match self.entry.as_str() {
            "" => what.as_ref().to_owned(),
            entry => format!("{entry}: {}", what.as_ref()),
        };
        let line = self.line_of(span);
        self.list.push(PackError { file: self.file.to_owned(), line, what, why: why.into(), todo: todo.into() });
    }

    /// Every key that is none of these.
    pub(super) fn unknown_keys(&mut self, tree: &Tree<'_>, known: &[&str]) {
        for key in tree.keys().filter(|it| !known.contains(&it.get_ref().as_ref())) {
            let todo = format!("use one of {}", known.join(", "));
            self.add(&key.span(), format!("unknown field {}", key.get_ref()), "nothing reads it", todo);
        }
    }

    pub(super) fn wrong_type(&mut self, value: &Value<'_>, what: &str, wanted: &str) {
        let why = format!("it is a {}", value.get_ref().type_str());
        self.add(&value.span(), format!("bad {what}"), why, format!("write {wanted}"));
    }

    pub(super) fn tree<'a, 'i>(&mut self, value: &'a Value<'i>, what: &str) -> Option<&'a Tree<'i>> {
        let tree = value.get_ref().as_table();
        if tree.is_none() {
            self.wrong_type(value, what, "a table { … }");
        }
        tree
    }

    pub(super) fn list<'a, 'i>(&mut self, value: &'a Value<'i>, what: &str) -> Option<Vec<&'a Value<'i>>> {
        let list = value.get_ref().as_array();
        if list.is_none() {
            self.wrong_type(value, what, "a list [ … ]");
        }
        list.map(|it| it.iter().collect())
    }

    /// What must be there, else a fault at `span`.
    pub(super) fn needed<'a, 'i>(
        &mut self,
        tree: &'a Tree<'i>,
        key: &str,
        span: &Range<usize>,
    ) -> Option<&'a Value<'i>> {
        let value = tree.get(key);
        if value.is_none() {
            self.add(span, format!("no {key}"), "it cannot do without", format!("write {key} = …"));
        }
        value
    }

    pub(super) fn text(&mut self, value: &Value<'_>, what: &str) -> Option<Text> {
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.into()),
            Some(_) => {
                self.add(&value.span(), format!("empty {what}"), "it says nothing", "write it");
                None
            }
            None => {
                self.wrong_type(value, what, "\"words\"");
                None
            }
        }
    }

    pub(super) fn texts(&mut self, value: &Value<'_>, what: &str) -> Option<Vec<Text>> {
        let list = self.list(value, what)?;
        list.into_iter().map(|it| self.text(it, what)).collect()
    }

    pub(super) fn number(&mut self, value: &Value<'_>, what: &str) -> Option<f64> {
        let number = number_of(value.get_ref());
        if number.is_none() {
            self.wrong_type(value, what, "a number");
        }
        number
    }

    /// A whole number of minutes.
    pub(super) fn minutes(&mut self, value: &Value<'_>, what: &str) -> Option<u32> {
        const MAX_MINS: f64 = 527_040.0; // A leap year.
        let minutes = self.number(value, what)?;
        if minutes.fract() == 0.0 && (1.0..=MAX_MINS).contains(&minutes) {
            return Some(minutes as u32);
        }
        let why = format!("{minutes} is not 1 to {MAX_MINS} whole minutes");
        self.add(&value.span(), format!("bad {what}"), why, "write minutes");
        None
    }

    /// One of a closed list.
    pub(super) fn word<T: std::str::FromStr>(&mut self, value: &Value<'_>, what: &str, known: &[&str]) -> Option<T> {
        let text = self.text(value, what)?;
        let word = text.parse().ok().filter(|_| known.contains(&&*text));
        if word.is_none() {
            let todo = format!("use one of {}", known.join(", "));
            self.add(&value.span(), format!("unknown {what} {text}"), "there is no such", todo);
        }
        word
    }
}

/// Finite ones only.
pub(super) fn number_of(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(it) if it.radix() == 10 => it.as_str().parse().ok(),
        DeValue::Float(it) => it.as_str().parse().ok(),
        _ => None,
    };
    number.filter(|it: &f64| it.is_finite())
}
