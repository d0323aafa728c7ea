//! Lists of alerts: Atom, RSS, JSON, or a folder's page with links to `.xml` files.

use super::{CapError, read};
use serde_json::Value;
use xml::reader::XmlEvent;

/// More entries are not looked at.
const MAX_ENTRIES: usize = 2_000;

/// An entry of a source's list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The alert's own identifier or the entry's; what tells it from the others.
    pub identifier: String,
    /// As written: whole, from the host, or from the list's own folder.
    pub url: String,
    /// When the entry last changed, as written; an alert changed in place has the same identifier.
    pub updated: String,
}

/// What stands behind a source's address.
pub fn read_index(bytes: &[u8]) -> Result<Vec<Listed>, CapError> {
    let head = bytes.iter().find(|it| !it.is_ascii_whitespace() && !matches!(it, 0xEF | 0xBB | 0xBF));
    let mut listed = match head {
        Some(b'{' | b'[') => json(bytes)?,
        Some(b'<') => markup(bytes)?,
        _ => return Err(CapError::Index("既不是 XML 也不是 JSON".into())),
    };
    listed.retain(|it| !it.identifier.is_empty());
    listed.truncate(MAX_ENTRIES);
    Ok(listed)
}

/// An array, or one under `alerts`, `items`, `data` or `entries`; each a text or an object.
fn json(bytes: &[u8]) -> Result<Vec<Listed>, CapError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|why| CapError::Index(why.to_string()))?;
    let list = value.as_array().or_else(|| {
        ["alerts", "items", "data", "entries"].iter().find_map(|key| value.get(key).and_then(Value::as_array))
    });
    let list = list.ok_or_else(|| CapError::Index("JSON 里没有 alerts、items、data 或 entries 数组".into()))?;
    let text = |it: &Value, keys: &[&str]| {
        let found = keys.iter().find_map(|key| it.get(key).and_then(Value::as_str));
        found.unwrap_or_default().trim().to_owned()
    };
    let entry = |it: &Value| match it {
        Value::String(name) => of_link(name),
        _ => {
            let url = text(it, &["url", "link", "href", "file"]);
            let identifier = text(it, &["identifier", "id", "guid"]);
            let identifier = if identifier.is_empty() { of_link(&url).identifier } else { identifier };
            Listed { identifier, url, updated: text(it, &["updated", "sent", "time"]) }
        }
    };
    Ok(list.iter().map(entry).collect())
}

/// A name or an address: its last part without `.xml` tells it.
fn of_link(link: &str) -> Listed {
    let path = link.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let identifier = name.strip_suffix(".xml").or(name.strip_suffix(".XML")).unwrap_or(name).to_owned();
    Listed { identifier, url: link.to_owned(), updated: String::new() }
}

fn markup(bytes: &[u8]) -> Result<Vec<Listed>, CapError> {
    let text = match read::text_of_xml(bytes) {
        Ok(text) => text,
        // A folder's page is HTML, with its own DOCTYPE.
        Err(CapError::Entities) => return Ok(links(&String::from_utf8_lossy(bytes))),
        Err(why) => return Err(why),
    };
    match feed(&text)? {
        Some(listed) => Ok(listed),
        None => Ok(links(&text)),
    }
}

/// Atom's `entry` or RSS's `item`; `None` if it is neither.
fn feed(text: &str) -> Result<Option<Vec<Listed>>, CapError> {
    let mut listed: Vec<Listed> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut here = String::new();
    for event in read::reader(text) {
        let event = match event {
            Ok(event) => event,
            // HTML is often no XML.
            Err(_) if path.first().is_none_or(|it| it == "html") => return Ok(None),
            Err(why) => return Err(CapError::Index(why.to_string())),
        };
        match event {
            XmlEvent::StartElement { name, attributes, .. } => {
                if path.is_empty() && !matches!(name.local_name.as_str(), "feed" | "rss" | "RDF") {
                    return Ok(None);
                }
                path.push(name.local_name);
                if path.len() > 32 {
                    return Err(CapError::Index("层次太深".into()));
                }
                here.clear();
                match path.last().map(String::as_str) {
                    Some("entry" | "item") => listed.push(Listed::default()),
                    Some("link") if is_within_entry(&path) => {
                        let attribute = |name: &str| attributes.iter().find(|it| it.name.local_name == name);
                        let is_cap = attribute("type").is_some_and(|it| it.value.contains("cap"));
                        if let (Some(entry), Some(href)) = (listed.last_mut(), attribute("href"))
                            && (entry.url.is_empty() || is_cap)
                        {
                            entry.url.clone_from(&href.value);
                        }
                    }
                    _ => {}
                }
            }
            XmlEvent::EndElement { .. } => {
                if let Some(entry) = listed.last_mut().filter(|_| is_within_entry(&path)) {
                    match path.last().map(String::as_str) {
                        Some("id" | "guid" | "identifier") => here.trim().clone_into(&mut entry.identifier),
                        Some("link") if entry.url.is_empty() => here.trim().clone_into(&mut entry.url),
                        Some("updated" | "pubDate") => here.trim().clone_into(&mut entry.updated),
                        _ => {}
                    }
                }
                here.clear();
                path.pop();
            }
            XmlEvent::Characters(some) | XmlEvent::CData(some) => {
                let room = 2_000usize.saturating_sub(here.len());
                here.extend(some.chars().take(room));
            }
            _ => {}
        }
    }
    for entry in &mut listed {
        if entry.identifier.is_empty() {
            entry.identifier.clone_from(&entry.url);
        }
        if entry.url.is_empty() {
            entry.url.clone_from(&entry.identifier);
        }
    }
    Ok(Some(listed))
}

/// The last element is a child of an entry.
fn is_within_entry(path: &[String]) -> bool {
    path.len() >= 2 && path.get(path.len() - 2).is_some_and(|it| it == "entry" || it == "item")
}

/// Every `href` to an `.xml` file.
fn links(text: &str) -> Vec<Listed> {
    let after = text.split("href=").skip(1);
    let quoted = after.filter_map(|it| {
        let quote = it.chars().next().filter(|it| matches!(it, '"' | '\''))?;
        it.get(1..)?.split(quote).next()
    });
    let is_xml = |it: &&str| it.split(['?', '#']).next().is_some_and(|it| it.to_ascii_lowercase().ends_with(".xml"));
    quoted.filter(is_xml).map(of_link).collect()
}
