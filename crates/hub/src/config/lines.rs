//! A TOML document with the place of every key, so that each fault is named by its line, and one fault hides no other.

use super::Faults;
use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

pub(super) struct Lines<'a> {
    text: &'a str,
    root: DeTable<'a>,
}

impl<'a> Lines<'a> {
    /// The line and the words of the first fault, if it is no TOML at all.
    pub(super) fn parse(text: &'a str) -> Result<Self, (usize, String)> {
        let root = DeTable::parse(text).map_err(|why| (crate::assets::line_of(text, &why), words_of(&why)))?;
        Ok(Self { text, root: root.into_inner() })
    }

    /// The sections and where they begin.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.root.keys().map(|key| (&**key.get_ref(), self.line_at(key.span().start)))
    }

    /// A section, or entry `i` of it; what is wrong with it goes to the faults.
    pub(super) fn read<T: DeserializeOwned>(&self, key: &str, i: Option<usize>, faults: &mut Faults<'_>) -> Option<T> {
        let mut value = self.root.iter().find(|(it, _)| it.get_ref() == key)?.1;
        if let Some(i) = i {
            value = value.get_ref().as_array()?.get(i)?;
        }
        match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(read) => Some(read),
            Err(why) => {
                let line = why.span().map_or(self.line_at(value.span().start), |it| self.line_at(it.start));
                faults.add(line, format!("[{key}] 有误"), words_of(&why), "改正该行；样子见 docs 与 README");
                None
            }
        }
    }

    /// Every entry of `[[key]]` that can be read, with its place among them.
    pub(super) fn read_each<T: DeserializeOwned>(&self, key: &str, faults: &mut Faults<'_>) -> Vec<(usize, T)> {
        let Some((_, value)) = self.root.iter().find(|(it, _)| it.get_ref() == key) else { return Vec::new() };
        let Some(entries) = value.get_ref().as_array() else {
            let line = self.line_at(value.span().start);
            faults.add(line, format!("{key} 有误"), "不是表的数组", format!("写成 [[{key}]]"));
            return Vec::new();
        };
        (0..entries.len()).filter_map(|i| Some((i, self.read(key, Some(i), faults)?))).collect()
    }

    /// The line of the last key of a path that there is; numbers are places in arrays.
    pub(super) fn line_of(&self, path: &[&str]) -> usize {
        let mut line = 1;
        let mut table = Some(&self.root);
        let mut array = None;
        for step in path {
            let found: Option<(usize, &Spanned<DeValue<'a>>)> = match (table, array) {
                (Some(table), _) => {
                    let found = table.iter().find(|(key, _)| key.get_ref() == step);
                    found.map(|(key, value)| (key.span().start, value))
                }
                (None, Some(entries)) => {
                    let entries: &toml::de::DeArray<'a> = entries;
                    let entry = step.parse().ok().and_then(|i: usize| entries.get(i));
                    entry.map(|value| (value.span().start, value))
                }
                (None, None) => None,
            };
            let Some((start, value)) = found else { break };
            line = self.line_at(start);
            (table, array) = (value.get_ref().as_table(), value.get_ref().as_array());
        }
        line
    }

    fn line_at(&self, start: usize) -> usize {
        let before = self.text.as_bytes().iter().take(start);
        before.filter(|it| **it == b'\n').count() + 1
    }
}

fn words_of(error: &toml::de::Error) -> String {
    error.message().replace('\n', " ")
}
