//! Pages of Datastreams, with the Thing and the property each observes.

use super::{
    SensorThingsError, checked,
    scalar::{EntityId, IdRef},
};
use gulang_city::{LonLat, Text};
use serde_json::Value;
use std::collections::BTreeMap;

/// One Datastream: whose figures they are, of what, in which unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub id: EntityId,
    pub name: Text,
    /// `unitOfMeasurement.symbol`, empty if there is none.
    pub symbol: Text,
    /// `ObservedProperty.name`, empty if it was not expanded.
    pub observed: Text,
    pub thing_id: Option<EntityId>,
    /// `Thing.name`, empty if it was not expanded.
    pub thing: Text,
    /// `Thing.properties` over the Datastream's own, plain values only.
    pub properties: BTreeMap<Text, Text>,
    /// Of the Thing's first location that is a point, WGS-84 as GeoJSON has it.
    pub place: Option<LonLat>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamsPage {
    pub streams: Vec<Stream>,
    /// Where the next page is.
    pub next: Option<String>,
    /// Entries without an id.
    pub n_bad: usize,
}

/// One page of Datastreams. An entry that is none costs only itself.
pub fn decode_streams(bytes: &[u8]) -> Result<StreamsPage, SensorThingsError> {
    let what = "Datastreams";
    let garbage = |why: String| SensorThingsError::Garbage { what, why };
    let mut page: Value = serde_json::from_slice(checked(what, bytes)?).map_err(|why| garbage(why.to_string()))?;
    let Some(Value::Array(items)) = page.get_mut("value").map(Value::take) else {
        return Err(garbage("没有 value 列表".to_owned()));
    };
    let mut read = StreamsPage { next: page["@iot.nextLink"].as_str().map(str::to_owned), ..StreamsPage::default() };
    for item in &items {
        match stream_of(item) {
            Some(stream) => read.streams.push(stream),
            None => read.n_bad += 1,
        }
    }
    Ok(read)
}

fn stream_of(item: &Value) -> Option<Stream> {
    let text = |value: &Value| -> Text { value.as_str().unwrap_or_default().into() };
    let thing = &item["Thing"];
    let mut properties = BTreeMap::new();
    for map in [&item["properties"], &thing["properties"]].into_iter().filter_map(Value::as_object) {
        let plain = map.iter().filter_map(|(key, it)| Some((key.as_str().into(), crate::value::text_of(it)?.into())));
        properties.extend(plain);
    }
    let place = thing["Locations"].as_array().into_iter().flatten().find_map(|it| place_of(&it["location"]));
    Some(Stream {
        id: id_of(&item["@iot.id"])?,
        name: text(&item["name"]),
        symbol: text(&item["unitOfMeasurement"]["symbol"]),
        observed: text(&item["ObservedProperty"]["name"]),
        thing_id: id_of(&thing["@iot.id"]),
        thing: text(&thing["name"]),
        properties,
        place,
    })
}

fn id_of(value: &Value) -> Option<EntityId> {
    match value {
        Value::Number(number) => number.as_i64().map(EntityId::Number),
        Value::String(words) if !words.is_empty() => Some(IdRef::Words(words).to_owned()),
        _ => None,
    }
}

/// A GeoJSON point, or a Feature of one.
fn place_of(location: &Value) -> Option<LonLat> {
    let point = if location["type"] == "Feature" { &location["geometry"] } else { location };
    let at = point["coordinates"].as_array().filter(|_| point["type"] == "Point")?;
    let place = LonLat(at.first()?.as_f64()?, at.get(1)?.as_f64()?);
    place.is_sane().then_some(place)
}
