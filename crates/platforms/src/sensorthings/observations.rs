//! Observations: pages of them, and one at a time over MQTT. The path of every reading: nothing is copied that is not kept.

use super::{
    Catalog, EntityId, SensorThingsError, checked,
    scalar::{IdRef, Row, Scalar},
    time::time_of,
};
use crate::Heard;
use gulang_city::Timestamp;
use serde::Deserialize;

/// So many faults of one page are told each; the others are counted in one more.
const MAX_TOLD: usize = 20;

/// What a page said beside its readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageEnd {
    /// Where the next page is.
    pub next: Option<String>,
    /// The newest `resultTime` of the page (`phenomenonTime` where there is none): the cursor to go on from.
    pub newest: Option<Timestamp>,
    pub n_rows: usize,
    /// Observations of Datastreams nobody wants.
    pub n_left_out: usize,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(rename = "@iot.nextLink", borrow, default)]
    next: Scalar<'a>,
    #[serde(borrow)]
    value: Vec<Row<Observation<'a>>>,
}

#[derive(Deserialize)]
struct Observation<'a> {
    #[serde(rename = "phenomenonTime", borrow, default)]
    phenomenon_time: Scalar<'a>,
    #[serde(rename = "resultTime", borrow, default)]
    result_time: Scalar<'a>,
    #[serde(borrow, default)]
    result: Scalar<'a>,
    #[serde(rename = "Datastream", borrow, default)]
    stream: Option<Row<StreamRef<'a>>>,
}

#[derive(Deserialize)]
struct StreamRef<'a> {
    #[serde(rename = "@iot.id", borrow, default)]
    id: Scalar<'a>,
}

/// One page of Observations. `of` is the Datastream they are all of, where the address said so; otherwise each must name
/// its own. One that makes no sense costs only itself.
pub fn decode_observations(
    bytes: &[u8],
    of: Option<&EntityId>,
    catalog: &Catalog,
) -> Result<(Heard, PageEnd), SensorThingsError> {
    let what = "Observations";
    let page: Page<'_> = serde_json::from_slice(checked(what, bytes)?)
        .map_err(|why| SensorThingsError::Garbage { what, why: why.to_string() })?;
    let mut heard = Heard::default();
    heard.news.reserve(page.value.len());
    let mut end = PageEnd {
        next: page.next.words().filter(|it| !it.is_empty()).map(str::to_owned),
        n_rows: page.value.len(),
        ..PageEnd::default()
    };
    let mut n_untold = 0;
    for row in &page.value {
        let taken = match row {
            Row::Good(it) => take(it, of.map(EntityId::by_ref), catalog, None, &mut end.newest, &mut heard),
            Row::Bad => Err(("不是对象".to_owned(), "Observations 的条目应是对象")),
        };
        match taken {
            Ok(true) => {}
            Ok(false) => end.n_left_out += 1,
            Err((what, why)) if heard.refused.len() < MAX_TOLD => heard.refuse(&what, why),
            Err(_) => n_untold += 1,
        }
    }
    if n_untold > 0 {
        heard.refuse("Observations", format!("这一页另有 {n_untold} 条读不懂"));
    }
    Ok((heard, end))
}

/// One MQTT message. Where it does not say when, it was `received`: a server gives the present to what comes without a time.
pub fn decode_message(
    topic: &str,
    payload: &[u8],
    catalog: &Catalog,
    received: Timestamp,
) -> Result<Heard, SensorThingsError> {
    let id = stream_of_topic(topic).ok_or_else(|| SensorThingsError::Topic(topic.chars().take(120).collect()))?;
    decode_one(&id, payload, catalog, received)
}

/// An Observation known to be of Datastream `id`.
pub fn decode_one(
    id: &EntityId,
    payload: &[u8],
    catalog: &Catalog,
    received: Timestamp,
) -> Result<Heard, SensorThingsError> {
    let what = "Observation";
    let observation: Observation<'_> = serde_json::from_slice(checked(what, payload)?)
        .map_err(|why| SensorThingsError::Garbage { what, why: why.to_string() })?;
    let mut heard = Heard::default();
    if let Err((what, why)) = take(&observation, Some(id.by_ref()), catalog, Some(received), &mut None, &mut heard) {
        heard.refuse(&what, why);
    }
    Ok(heard)
}

/// `false` if nobody wants its Datastream; `Err` with what it is and why it cannot be used.
fn take(
    it: &Observation<'_>,
    of: Option<IdRef<'_>>,
    catalog: &Catalog,
    received: Option<Timestamp>,
    newest: &mut Option<Timestamp>,
    heard: &mut Heard,
) -> Result<bool, (String, &'static str)> {
    let own = match &it.stream {
        Some(Row::Good(stream)) => stream.id.id(),
        Some(Row::Bad) | None => None,
    };
    let result_at = it.result_time.words().and_then(time_of);
    let at = it.phenomenon_time.words().and_then(time_of).or(result_at).or(received);
    // The cursor moves over what is not wanted too, or it would be asked for again for ever.
    *newest = (*newest).max(result_at.or(at));
    let id = of.or(own).ok_or_else(|| (it.result.shown(), "没有说是哪个 Datastream"))?;
    let Some(target) = catalog.get(id) else { return Ok(false) };
    let at = at.ok_or_else(|| (it.phenomenon_time.shown(), "phenomenonTime 与 resultTime 都读不懂"))?;
    let news = target.news(&it.result, at).ok_or_else(|| (it.result.shown(), "result 不是数，也不在 words 里"))?;
    heard.news.push(news);
    Ok(true)
}

/// `v1.1/Datastreams(5)/Observations`, with whatever a broker puts before it and FROST's `?$select=…` after it.
fn stream_of_topic(topic: &str) -> Option<EntityId> {
    let path = topic.split('?').next()?;
    let (head, tail) = path.rsplit_once("Datastreams(")?;
    if !(head.is_empty() || head.ends_with('/')) {
        return None;
    }
    IdRef::parse(tail.strip_suffix(")/Observations")?)
}
