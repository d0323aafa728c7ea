//! 视频识别: what a recognition platform reports of the city's cameras, with drawn pictures; some of it nothing, some of it
//! twice. It knows which, so that it can tell whether officers were right ([`Recognition::is_false`], `GET /sim/stats`).
//!
//! Things are drawn from the minute they are first seen in, and their repeats with them, so that any window is the same
//! however it is asked for. An event's id says where it comes from: minute, thing, repeat.

use crate::{
    app::App, dice::Dice, figures::VideoAiFigures, journal::Entry, server::misbehave, things::Scale, world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{BEIJING_OFFSET_MS, DetectionBox, DetectionReport, Realm, Timestamp};
use gulang_platforms::video_ai::{AiEvent, PictureAt, Said, read_verdicts, write_page};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
/// A thing is seen again for no longer; figures.toml's repeats end before.
const LONGEST_MINS: i64 = 60;
/// Whoever asks without a cursor is told the last two hours; nobody is told more than a day.
const FIRST_MINS: i64 = 120;
const MOST_MINS: i64 = 24 * 60;
const MAX_LIMIT: usize = 500;
/// The faults of this platform are set under this name.
const PLATFORM: &str = "videoai";

pub(crate) struct Recognition {
    figures: VideoAiFigures,
    rhythm: [f64; 24],
    /// Things a minute on the day's average; 0: nobody recognises anything.
    per_minute: f64,
    dice: Dice,
}

/// One event as it will be sent, and whether there is anything.
struct Sighting {
    event: AiEvent,
    is_false: bool,
}

impl Recognition {
    pub(crate) fn new(scale: Scale, world: &World) -> Self {
        let figures = world.figures.video_ai.clone();
        let has_any = scale != Scale::None && !world.pack.cameras.is_empty() && !world.pack.violations.is_empty();
        let factor = if world.realm == Realm::Exercise { figures.drill_factor.value } else { 1.0 };
        let per_minute = if has_any { figures.per_day.value * factor / 1440.0 } else { 0.0 };
        Self { figures, rhythm: world.figures.cases.rhythm.value, per_minute, dice: world.video_ai_dice() }
    }

    /// What is seen after `after` and until `until`, by time and id; at most `limit`, and whether more follows.
    fn events(&self, world: &World, after: (Timestamp, &str), until: Timestamp, limit: usize) -> (Vec<Sighting>, bool) {
        let from = after.0.max(until.plus_mins(-MOST_MINS)).0.div_euclid(MINUTE_MS);
        let last = until.0.div_euclid(MINUTE_MS);
        let mut found: Vec<Sighting> = Vec::new();
        for minute in from - LONGEST_MINS..=last {
            for k in 0..self.n_things(minute) {
                found.extend(self.thing(world, minute, k).into_iter().filter(|it| {
                    let at = it.event.report.at;
                    at <= until && (at, &*it.event.report.event) > after
                }));
            }
        }
        found.sort_by(|a, b| {
            let key = |it: &Sighting| (it.event.report.at, it.event.report.event.clone());
            key(a).cmp(&key(b))
        });
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    /// How many things are first seen in a minute.
    fn n_things(&self, minute: i64) -> u64 {
        let hour = ((minute * MINUTE_MS + BEIJING_OFFSET_MS).div_euclid(3_600_000)).rem_euclid(24) as usize;
        let mean_share = self.rhythm.iter().sum::<f64>() / 24.0;
        let mean = self.per_minute * self.rhythm.get(hour).copied().unwrap_or(mean_share) / mean_share;
        let whole = mean.floor();
        whole as u64 + u64::from(self.dice.of(1).of(minute as u64).unit() < mean - whole)
    }

    /// One thing: its first event and its repeats.
    fn thing(&self, world: &World, minute: i64, k: u64) -> Vec<Sighting> {
        let (pack, figures) = (&world.pack, &self.figures);
        let dice = self.dice.of(2).of(minute as u64).of(k);
        let n_watched = (figures.watched_cameras.value as usize).clamp(1, pack.cameras.len().max(1));
        let stride = (pack.cameras.len() / n_watched).max(1);
        let camera = pack.cameras.get(dice.of(1).below(n_watched) * stride);
        let kind = pack.violations.get(dice.of(2).below(pack.violations.len()));
        let (Some(camera), Some(kind)) = (camera, kind) else { return Vec::new() };
        let is_bad = self.dice.of_text(camera.id.as_str()).unit() < figures.bad_camera_share.value;
        let share = if is_bad { figures.bad_camera_false_share.value } else { figures.false_share.value };
        let is_false = dice.of(3).unit() < share;
        let size = (0.14 + 0.2 * dice.of(4).unit(), 0.16 + 0.2 * dice.of(5).unit());
        let at = (0.05 + (0.9 - size.0) * dice.of(6).unit(), 0.45 + (0.5 - size.1) * dice.of(7).unit());
        let within = DetectionBox { x: at.0 as f32, y: at.1 as f32, w: size.0 as f32, h: size.1 as f32 };
        let n_repeats = dice.of(8).spread(figures.repeats.value).round() as u64;
        let mut seen_at = Timestamp(minute * MINUTE_MS + (dice.of(9).unit() * 60.0) as i64 * 1000);
        let mut sightings = Vec::new();
        for repeat in 0..=n_repeats {
            let dice = dice.of(20 + repeat);
            let id = format!("{minute}-{k}-{repeat}");
            let sure = if is_false { [0.35, 0.55, 0.9] } else { [0.5, 0.82, 0.99] };
            let report = DetectionReport {
                event: id.as_str().into(),
                kind: kind.id.clone(),
                camera: camera.id.clone(),
                at: seen_at,
                place: None,
                boxes: vec![within],
                confidence: (dice.of(1).spread(sure) as f32 * 1000.0).round() / 1000.0,
                picture: None,
                model: "示例模型 1.0".into(),
            };
            let event = AiEvent { report, picture: PictureAt::Url(format!("pictures/{id}.jpg")) };
            sightings.push(Sighting { event, is_false });
            seen_at = seen_at.plus_secs((dice.of(2).spread(figures.repeat_mins.value) * 60.0) as i64);
        }
        sightings
    }

    /// The event of an id, if there ever is such a one.
    fn find(&self, world: &World, id: &str) -> Option<Sighting> {
        let mut parts = id.splitn(3, '-');
        let (minute, k) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let is_any = k < self.n_things(minute);
        let things = is_any.then(|| self.thing(world, minute, k))?;
        things.into_iter().find(|it| *it.event.report.event == *id)
    }

    /// Whether there was nothing; none for an event that never was.
    pub(crate) fn is_false(&self, world: &World, id: &str) -> Option<bool> {
        self.find(world, id).map(|it| it.is_false)
    }
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/events", get(events))
        .route("/pictures/{file}", get(picture))
        .route("/feedback", post(feedback))
}

#[derive(Deserialize)]
struct EventsRequest {
    /// `ms/id` of the last event had.
    #[serde(default)]
    cursor: String,
    #[serde(default)]
    limit: Option<usize>,
}

async fn events(State(app): State<Arc<App>>, Query(EventsRequest { cursor, limit }): Query<EventsRequest>) -> Response {
    if let Some(instead) = misbehave(&app, PLATFORM).await {
        return instead;
    }
    let made = tokio::task::spawn_blocking(move || {
        let now = app.clock.now();
        let after = cursor.split_once('/').and_then(|(ms, id)| Some((Timestamp(ms.parse().ok()?), id)));
        let after = after.unwrap_or((now.plus_mins(-FIRST_MINS), ""));
        let limit = limit.unwrap_or(100).clamp(1, MAX_LIMIT);
        let (found, more) = app.recognition.events(&app.world, after, now, limit);
        let next = match found.last().map(|it| &it.event.report) {
            Some(it) => format!("{}/{}", it.at.0, it.event),
            None => format!("{}/{}", after.0.0, after.1),
        };
        let events: Vec<AiEvent> = found.into_iter().map(|it| it.event).collect();
        write_page(&events, &next, more, true)
    });
    match made.await {
        Ok(page) => Json(page).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

async fn picture(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let drawn = tokio::task::spawn_blocking(move || {
        let id = file.strip_suffix(".jpg")?;
        let now = app.clock.now();
        let Sighting { event, is_false } =
            app.recognition.find(&app.world, id).filter(|it| it.event.report.at <= now)?;
        let report = &event.report;
        let camera = app.world.pack.cameras.iter().find(|it| it.id == report.camera)?;
        let kind = app.world.pack.violations.iter().find(|it| it.id == report.kind)?;
        let words = format!("{}  {}  仿真画面", camera.name, kind.zh);
        let within = report.boxes.first().map(|it| [it.x, it.y, it.w, it.h])?;
        let dice = app.world.video_ai_dice().of_text(camera.id.as_str());
        Some(app.painter.sighting(&words, within, is_false, report.at, dice))
    });
    match drawn.await {
        Ok(Some(jpeg)) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

/// Takes verdicts of its own realm, each once, and never forgets them.
async fn feedback(State(app): State<Arc<App>>, body: Bytes) -> Response {
    if let Some(instead) = misbehave(&app, PLATFORM).await {
        return instead;
    }
    let refusal = |status: StatusCode, why: String| (status, Json(json!({ "code": 1, "msg": why }))).into_response();
    let (verdicts, is_exercise) = match read_verdicts(&body) {
        Ok(read) => read,
        Err(why) => return refusal(StatusCode::BAD_REQUEST, why.to_string()),
    };
    if is_exercise != (app.world.realm == Realm::Exercise) {
        return refusal(StatusCode::CONFLICT, "演练与实战不能混用".into());
    }
    let kept = tokio::task::spawn_blocking(move || {
        let now = app.clock.now();
        let mut n_taken = 0;
        for it in verdicts {
            let Some(is_false) = app.recognition.is_false(&app.world, &it.event) else { continue };
            let is_right = match it.said {
                Said::Confirmed | Said::Duplicate => Some(!is_false),
                Said::FalseAlarm => Some(is_false),
                Said::Withdrawn => None,
            };
            // Of a thing, whichever of its events is meant.
            let thing = it.event.rsplit_once('-').map_or(it.event.as_str(), |it| it.0).to_owned();
            let entry = Entry::Verdict { at: now, event: thing, is_right };
            n_taken += usize::from(app.desk().journal.append_news(it.key, now, entry)?);
        }
        Ok::<usize, std::io::Error>(n_taken)
    });
    match kept.await {
        Ok(Ok(n_taken)) => Json(json!({ "code": 0, "taken": n_taken, "simulated": true })).into_response(),
        Ok(Err(why)) => refusal(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
        Err(why) => refusal(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;
    use gulang_city::{Camera, ViolationKind, WarningColor};

    fn world(realm: Realm) -> World {
        let mut pack = tiny_pack();
        let (at, district) = (pack.center, pack.districts[0].id.clone());
        let camera = |i: usize| Camera::new(format!("c{i}").as_str().into(), "路口".into(), at, district.clone());
        pack.cameras = (0..40).map(camera).collect();
        pack.violations = ["stall", "waste"]
            .map(|id| ViolationKind {
                id: id.into(),
                zh: id.into(),
                en: id.into(),
                group: "g".into(),
                color: WarningColor::Blue,
                duty: "D".into(),
                agency: "zhifa".into(),
                agencies: [].into(),
                merge_m: 30.0,
                merge_mins: 30,
                due_hours: 4,
                basis: "示例".into(),
            })
            .to_vec();
        World::new(pack, None, realm, 7)
    }

    fn noon() -> Timestamp {
        Timestamp::parse("2026-11-20 12:00:00").expect("a time")
    }

    #[test]
    fn any_paging_tells_the_same_and_a_day_has_about_what_the_city_counts() {
        let world = world(Realm::Actual);
        let it = Recognition::new(Scale::Small, &world);
        let (all, more) = it.events(&world, (noon().plus_mins(-1440), ""), noon(), 10_000);
        let n_things = all.iter().filter(|it| it.event.report.event.ends_with("-0")).count();
        assert!(!more && (100..230).contains(&n_things), "{n_things}");
        let ids = |all: &[Sighting]| all.iter().map(|it| it.event.report.event.to_string()).collect::<Vec<_>>();
        let (mut paged, mut after) = (Vec::new(), (noon().plus_mins(-1440), String::new()));
        loop {
            let (page, more) = it.events(&world, (after.0, &after.1), noon(), 7);
            if let Some(last) = page.last().map(|it| &it.event.report) {
                after = (last.at, last.event.to_string());
            }
            paged.extend(ids(&page));
            if !more {
                break;
            }
        }
        assert_eq!(paged, ids(&all));
        assert!(all.iter().any(|it| it.is_false) && all.iter().any(|it| !it.is_false));
        for sighting in &all {
            assert_eq!(it.is_false(&world, &sighting.event.report.event), Some(sighting.is_false));
            assert!(sighting.event.report.boxes.iter().all(DetectionBox::is_sane));
        }
        assert_eq!(it.is_false(&world, "1-2"), None);
    }

    #[test]
    fn a_drill_is_faster_and_a_city_without_things_sees_none() {
        let world = world(Realm::Exercise);
        let n =
            |scale| Recognition::new(scale, &world).events(&world, (noon().plus_mins(-60), ""), noon(), 10_000).0.len();
        assert!(n(Scale::Small) > 150, "{}", n(Scale::Small));
        assert_eq!(n(Scale::None), 0);
    }
}
