//! The pack's ready mappings read their samples whole: nothing refused, every figure of a kind the table knows.

use gulang_city::{SensingKinds, Timestamp};
use gulang_platforms::{
    News,
    mapping::{About, Crs, Mapping},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

const FOLDER: &str = "../../assets/cities/xiamen";
/// 2026-11-20 09:31 in Beijing, a little after every sample.
const RECEIVED: Timestamp = Timestamp(1_795_138_260_000);

/// What each sample must come to: things, figures.
const EXPECTED: [(&str, usize, usize); 13] = [
    ("bike_fences", 2, 0),
    ("billboards", 2, 2),
    ("environment", 2, 2),
    ("fire_cameras", 2, 0),
    ("gas_points", 2, 2),
    ("manholes", 2, 2),
    ("muck_trucks", 2, 0),
    ("quake_stations", 2, 2),
    ("quake_terminals", 2, 0),
    ("shared_bikes", 2, 0),
    ("site_noise", 2, 2),
    ("stalls", 2, 0),
    ("tunnels", 6, 6),
];

struct Layer {
    name: String,
    config: toml::Table,
    sample: Value,
}

fn layers() -> Vec<Layer> {
    let folder = Path::new(FOLDER).join("mappings");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|it| it.ok()?.file_name().into_string().ok()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    let read = |file: String| std::fs::read_to_string(folder.join(&file)).unwrap_or_else(|why| panic!("{file}: {why}"));
    let layer = |name: String| {
        let whole: toml::Table = toml::from_str(&read(format!("{name}.toml"))).expect(&name);
        let config = whole["connector"].as_array().and_then(|it| it.first()?.as_table()).expect(&name).clone();
        let sample = serde_json::from_str(&read(format!("{name}.sample.json"))).expect(&name);
        Layer { name, config, sample }
    };
    names.into_iter().map(layer).collect()
}

impl Layer {
    fn mapping(&self) -> Mapping {
        let crs = match self.config.get("crs").and_then(toml::Value::as_str) {
            Some("gcj02") => Crs::Gcj02,
            None => Crs::Wgs84,
            other => panic!("{}: {other:?}", self.name),
        };
        let table = self.config["mapping"].as_table().expect("a mapping");
        Mapping::parse(table, crs).unwrap_or_else(|why| panic!("{}: {why}", self.name))
    }

    /// The entries of the sample, wherever its envelope keeps them.
    fn rows(sample: &mut Value) -> &mut Vec<Value> {
        let at = ["/data/list", "/rows", "/result/records", ""]
            .into_iter()
            .find(|at| sample.pointer(at).is_some_and(Value::is_array));
        sample.pointer_mut(at.expect("a list")).and_then(Value::as_array_mut).expect("a list")
    }

    /// Documents as they come, each with its topic: over MQTT an entry is a message of its own.
    fn documents(&self, mut sample: Value) -> Vec<(String, Value)> {
        let rules = self.config["mapping"]["rule"].as_array().expect("rules");
        match rules[0].get("topic").and_then(toml::Value::as_str) {
            Some(topic) => Self::rows(&mut sample).iter().map(|it| (topic.replace('+', "x"), it.clone())).collect(),
            None => vec![(String::new(), sample)],
        }
    }
}

#[test]
fn every_sample_is_mapped_whole() {
    let text = std::fs::read_to_string(Path::new(FOLDER).join("sensor_kinds.toml")).expect("the table is there");
    let kinds = toml::from_str::<SensingKinds>(&text).expect("the table is a table").kinds;
    let mut found = Vec::new();
    for layer in layers() {
        let mapping = layer.mapping();
        let mut news = Vec::new();
        for (topic, document) in layer.documents(layer.sample.clone()) {
            let heard = mapping.apply(&document, About { platform: "layer", topic: &topic, received: RECEIVED });
            assert_eq!(heard.refused, [], "{}", layer.name);
            news.extend(heard.news);
        }
        let (mut n_things, mut n_figures) = (0, 0);
        let mut known = BTreeSet::new();
        for it in &news {
            match it {
                News::Thing { register, thing, place, at, .. } => {
                    n_things += 1;
                    let place = place.expect("it has a place");
                    assert!((117.9..118.5).contains(&place.lon()) && (24.4..24.9).contains(&place.lat()), "{place:?}");
                    assert!(*at < RECEIVED && *at > RECEIVED.plus_secs(-7200), "{}: {at:?}", layer.name);
                    known.insert((register, thing));
                }
                News::Measured { register, thing, value, .. } => {
                    n_figures += 1;
                    let kind = kinds.iter().find(|it| it.id == *register);
                    let kind = kind.unwrap_or_else(|| panic!("{}: no kind {register}", layer.name));
                    assert!((kind.low..=kind.high).contains(value), "{}: {value}", layer.name);
                    // Where a thing is comes before what it measures.
                    assert!(known.contains(&(register, thing)), "{}: {thing}", layer.name);
                }
                other => panic!("{}: {other:?}", layer.name),
            }
        }
        found.push((layer.name.clone(), n_things, n_figures));
    }
    let found: Vec<(&str, usize, usize)> = found.iter().map(|(name, things, n)| (name.as_str(), *things, *n)).collect();
    assert_eq!(found, EXPECTED);
}

#[test]
fn an_entry_without_its_fields_is_refused() {
    for layer in layers() {
        let mapping = layer.mapping();
        let mut sample = layer.sample.clone();
        for row in Layer::rows(&mut sample) {
            *row = json!({ "simulated": true });
        }
        for (topic, document) in layer.documents(sample) {
            let heard = mapping.apply(&document, About { platform: "layer", topic: &topic, received: RECEIVED });
            assert!(heard.news.is_empty() && !heard.refused.is_empty(), "{}", layer.name);
        }
    }
}
