//! The city's sensors as an OGC SensorThings 1.1 service: pages of Datastreams and Observations, and MQTT topics.
//!
//! Every sensor of the pack is a Thing with two Datastreams: what it measures (flood depths in metres, where we keep
//! centimetres, so that units are put to the proof) and its battery. Observations are those of a grid of ten seconds; a page
//! is made when asked for and holds nothing older than an hour.

use crate::{app::App, world::World};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{Sensor, SensorKind, Timestamp};
use gulang_platforms::sensorthings::{EntityId, write};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Observations are made so often.
const STEP_MS: i64 = 10_000;
/// Older ones are not kept.
const KEPT_MS: i64 = 3_600_000;
/// Entities in a page, if nobody says, and at most.
const TOP: usize = 100;
const MAX_TOP: usize = 10_000;
/// A battery's Datastream has its sensor's number and this.
const BATTERY: i64 = 1_000_000;

/// `$expand` and `$orderby` are taken as given: everything is expanded, and the order is of time.
#[derive(Deserialize)]
pub(crate) struct Ask {
    #[serde(rename = "$top")]
    top: Option<usize>,
    #[serde(rename = "$skip")]
    skip: Option<usize>,
    #[serde(rename = "$filter")]
    filter: Option<String>,
}

/// `GET …/v1.1/{Datastreams|Observations}`.
pub(crate) async fn page(State(app): State<Arc<App>>, Path(entity): Path<String>, Query(ask): Query<Ask>) -> Response {
    if let Some(instead) = crate::server::misbehave(&app, "sensorthings").await {
        return instead;
    }
    let now = app.clock.now();
    let (skip, top) = (ask.skip.unwrap_or(0), ask.top.unwrap_or(TOP).clamp(1, MAX_TOP));
    let (items, n_all) = match entity.as_str() {
        "Datastreams" => streams(&app.world, skip, top),
        "Observations" => match from_of(ask.filter.as_deref(), now) {
            Some(from) => observations(&app.world, from, now, (skip, top)),
            None => {
                return (StatusCode::BAD_REQUEST, "only $filter=resultTime ge|gt TIME is known here").into_response();
            }
        },
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    // A relative address: the same seed says the same bytes, whatever the port. The window is said, so that a page does not
    // slide while it is turned.
    let next = (skip + items.len() < n_all && !items.is_empty()).then(|| {
        let filter = ask
            .filter
            .as_deref()
            .map_or(String::new(), |it| format!("&$filter={}", it.replace(' ', "%20").replace('+', "%2B")));
        format!("{entity}?$top={top}&$skip={}{filter}", skip + items.len())
    });
    let mut page = write::page(items, next);
    page["simulated"] = true.into();
    Json(page).into_response()
}

/// The latest observation of every sensor, each with its topic.
pub(crate) fn messages(world: &World, now: Timestamp) -> Vec<(String, String)> {
    let weather = world.weather(now);
    let living = (0..world.pack.sensors.len()).filter_map(|i| Some((i, world.reading(i, now, &weather)?)));
    let message = |(i, value): (usize, f64)| {
        let mut body = write::post_observation(value * scale_of(&world.pack.sensors[i]).1, now);
        body["simulated"] = true.into();
        (write::topic(&EntityId::Number(i as i64 + 1)), body.to_string())
    };
    living.map(message).collect()
}

fn streams(world: &World, skip: usize, top: usize) -> (Vec<Value>, usize) {
    let n = world.pack.sensors.len();
    let one = |k: usize| {
        let (i, is_battery) = (k % n, k >= n);
        let sensor = &world.pack.sensors[i];
        let (symbol, _) = scale_of(sensor);
        let number = i as i64 + 1;
        let observed = if is_battery { "battery" } else { sensor.kind.id() };
        write::stream(
            "/sensorthings/v1.1",
            &write::StreamText {
                id: EntityId::Number(if is_battery { BATTERY + number } else { number }),
                name: &format!("{} {}", sensor.name, if is_battery { "电量" } else { sensor.kind.name_zh() }),
                observed,
                symbol: if is_battery { "%" } else { symbol },
                thing_id: EntityId::Number(number),
                thing: &sensor.name,
                properties: json!({ "externalId": sensor.id, "district": sensor.district, "simulated": true }),
                place: sensor.at,
            },
        )
    };
    ((skip.min(2 * n)..skip.saturating_add(top).min(2 * n)).map(one).collect(), 2 * n)
}

/// Those of the grid from `from` until `now`, oldest first.
fn observations(world: &World, from: Timestamp, now: Timestamp, (skip, top): (usize, usize)) -> (Vec<Value>, usize) {
    let n = world.pack.sensors.len();
    let first = (from.0.max(now.0 - KEPT_MS) + STEP_MS - 1).div_euclid(STEP_MS);
    let n_steps = usize::try_from(now.0.div_euclid(STEP_MS) - first + 1).unwrap_or(0);
    let n_all = n_steps * n;
    let mut items = Vec::new();
    let mut weather = None;
    for k in skip.min(n_all)..skip.saturating_add(top).min(n_all) {
        let (step, i) = (first + (k / n) as i64, k % n);
        let at = Timestamp(step * STEP_MS);
        let of_step = match &weather {
            Some((known, it)) if *known == step => it,
            _ => &weather.insert((step, world.weather(at))).1,
        };
        // A dead one has a place in the page and says nothing new.
        let value = world.reading(i, at, of_step).map(|it| it * scale_of(&world.pack.sensors[i]).1);
        let number = step * n as i64 + i as i64;
        let mut item = write::observation(number, &EntityId::Number(i as i64 + 1), value.unwrap_or(0.0), at);
        if value.is_none() {
            item["result"] = Value::Null;
        }
        items.push(item);
    }
    (items, n_all)
}

/// The symbol it tells in, and what its figures are multiplied by for it.
fn scale_of(sensor: &Sensor) -> (&'static str, f64) {
    match sensor.kind {
        SensorKind::FloodDepth => ("m", 0.01),
        kind => (kind.unit(), 1.0),
    }
}

/// The instant of `resultTime ge 2026-…Z`; what is older than an hour ago where nothing is asked.
fn from_of(filter: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let Some(filter) = filter else { return Some(Timestamp(now.0 - KEPT_MS)) };
    let mut words = filter.split_whitespace();
    let (name, how, at) = (words.next()?, words.next()?, Timestamp::parse(words.next()?)?);
    match (name, how, words.next()) {
        ("resultTime" | "phenomenonTime", "ge", None) => Some(at),
        ("resultTime" | "phenomenonTime", "gt", None) => Some(at + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;
    use gulang_city::Realm;
    use gulang_platforms::sensorthings::{Catalog, StreamRules, decode_message, decode_observations, decode_streams};

    #[test]
    fn what_it_says_is_read_by_the_codec_in_our_units() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 3);
        let n = world.pack.sensors.len();
        let rules = json!({ "by": "property", "property": "externalId",
            "streams": [{ "observed": "flood_depth", "to": "sensor", "unit": "cm" }] });
        let mut catalog = Catalog::new(serde_json::from_value::<StreamRules>(rules).expect("rules"));
        let (items, n_all) = streams(&world, 0, 10_000);
        assert_eq!((items.len(), n_all), (2 * n, 2 * n));
        let read = decode_streams(write::page(items, None).to_string().as_bytes()).expect("a page");
        for it in &read.streams {
            catalog.add(it).expect("units are known");
        }
        let n_flood = world.pack.sensors.iter().filter(|it| it.kind == SensorKind::FloodDepth).count();
        assert_eq!(catalog.len(), n_flood);

        let now = Timestamp::parse("2024-06-03 09:00:00").expect("a time");
        let (items, n_all) = observations(&world, now.plus_secs(-20), now, (0, 10_000));
        assert_eq!((items.len(), n_all), (3 * n, 3 * n));
        let body = write::page(items, None).to_string();
        let (heard, end) = decode_observations(body.as_bytes(), None, &catalog).expect("a page");
        assert_eq!((heard.news.len(), heard.refused.len(), end.newest), (3 * n_flood, 0, Some(now)));
        // Pages one after the other are the whole.
        let in_pages: Vec<Value> =
            (0..3 * n).step_by(2).flat_map(|skip| observations(&world, now.plus_secs(-20), now, (skip, 2)).0).collect();
        assert_eq!(write::page(in_pages, None).to_string(), body);

        let said: usize = messages(&world, now)
            .iter()
            .map(|(topic, body)| decode_message(topic, body.as_bytes(), &catalog, now).expect("a message").news.len())
            .sum();
        assert_eq!(said, n_flood);
        assert_eq!(from_of(Some("result gt 5"), now), None);
        assert_eq!(from_of(Some("resultTime gt 2024-06-03T01:00:00Z"), now), Some(now + 1));
    }
}
