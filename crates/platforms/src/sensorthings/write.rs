//! SensorThings entities written: what the simulated city answers, and the bodies a client posts.

use super::EntityId;
use gulang_city::{LonLat, Timestamp};
use serde_json::{Value, json};

/// What a Datastream is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamText<'a> {
    pub id: EntityId,
    pub name: &'a str,
    /// What is observed, and its unit's symbol.
    pub observed: &'a str,
    pub symbol: &'a str,
    pub thing_id: EntityId,
    pub thing: &'a str,
    /// `Thing.properties`.
    pub properties: Value,
    pub place: LonLat,
}

/// A Datastream as `$expand=Thing($expand=Locations),ObservedProperty` shows it. `base` ends in `/v1.1`.
pub fn stream(base: &str, it: &StreamText<'_>) -> Value {
    let LonLat(lon, lat) = it.place;
    json!({
        "@iot.id": id(&it.id),
        "@iot.selfLink": format!("{base}/Datastreams({})", it.id),
        "name": it.name,
        "description": it.name,
        "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        "unitOfMeasurement": { "name": it.symbol, "symbol": it.symbol, "definition": "" },
        "ObservedProperty": { "name": it.observed, "definition": "", "description": it.observed },
        "Thing": {
            "@iot.id": id(&it.thing_id), "name": it.thing, "description": it.thing, "properties": it.properties,
            "Locations": [{ "encodingType": "application/geo+json", "location": { "type": "Point", "coordinates": [lon, lat] } }],
        },
        "Observations@iot.navigationLink": format!("{base}/Datastreams({})/Observations", it.id),
    })
}

/// An Observation with its Datastream's id, as `$expand=Datastream($select=id)` shows it.
pub fn observation(number: i64, of: &EntityId, result: f64, at: Timestamp) -> Value {
    let mut it = post_observation(result, at);
    it["@iot.id"] = number.into();
    it["Datastream"] = json!({ "@iot.id": id(of) });
    it
}

/// The body of `POST …/Datastreams(ID)/Observations`, and of an MQTT message.
pub fn post_observation(result: f64, at: Timestamp) -> Value {
    json!({ "phenomenonTime": instant(at), "resultTime": instant(at), "result": result })
}

/// A page, and where the next one is.
pub fn page(items: Vec<Value>, next: Option<String>) -> Value {
    let mut page = json!({ "value": items });
    if let Some(next) = next {
        page["@iot.nextLink"] = next.into();
    }
    page
}

/// The standard's topic of a Datastream's Observations.
pub fn topic(of: &EntityId) -> String {
    format!("v1.1/Datastreams({of})/Observations")
}

/// ISO 8601 in UTC with milliseconds.
pub fn instant(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn id(it: &EntityId) -> Value {
    match it {
        EntityId::Number(number) => (*number).into(),
        EntityId::Words(words) => (&**words).into(),
    }
}
