//! What weather and earthquake services say: quakes of the script, rain over a grid, the storm in NMC's and JMA's shapes,
//! and the warnings as an Atom feed.
//!
//! Rain over the grid is the city's rain of that moment, uneven as showers are and drifting with the wind; the nowcast is the
//! true future of it. All of it is simulated and says so.

use crate::{app::App, cap, dice::Dice, scenario::Storm, server::misbehave, world::World};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use gulang_city::{Forecast, LonLat, QuakeStage, RainField, RainKind, Realm, Timestamp, TyphoonFix};
use gulang_platforms::grid_rain;
use serde_json::{Value, json};
use std::sync::Arc;

/// Degrees about the city's middle, and between values.
const HALF_DEG: f64 = 0.8;
const STEP_DEG: f64 = 0.02;
/// A new field every six minutes, as radars scan.
const SCAN_MS: i64 = 6 * 60_000;
/// How far ahead the nowcasts are for.
const LEADS_MS: [i64; 4] = [0, 30 * 60_000, 60 * 60_000, 120 * 60_000];
const HOUR_MS: i64 = 3_600_000;

// ---------------------------------------------------------------- quakes

pub(crate) async fn quakes(State(app): State<Arc<App>>) -> Response {
    match misbehave(&app, "quake").await {
        Some(instead) => instead,
        None => Json(app.world.quakes(app.clock.now())).into_response(),
    }
}

impl World {
    /// Every report of the script that is out by `now`, each quake in its latest.
    pub(crate) fn quakes(&self, now: Timestamp) -> Value {
        let reports = self.scenario.as_ref().map_or(&[][..], |it| &it.quakes);
        let mut latest: Vec<&crate::scenario::ScriptedQuake> = Vec::new();
        for report in reports.iter().filter(|it| it.at <= now) {
            match latest.iter_mut().find(|it| it.id == report.id) {
                Some(it) => *it = report,
                None => latest.push(report),
            }
        }
        let entry = |it: &&crate::scenario::ScriptedQuake| {
            let stage = match it.stage {
                QuakeStage::EarlyWarning => "early_warning",
                QuakeStage::Automatic => "automatic",
                QuakeStage::Reviewed => "reviewed",
            };
            json!({
                "id": it.id, "revision": it.revision, "origin": it.origin.to_beijing_text(),
                "reported": it.at.to_beijing_text(), "place": format!("{}(仿真)", it.place),
                "lon": it.epicentre.lon(), "lat": it.epicentre.lat(), "depth_km": it.depth_km, "magnitude": it.magnitude,
                "stage": stage, "cancelled": it.cancelled, "drill": self.realm == Realm::Exercise, "simulated": true,
            })
        };
        json!({ "quakes": latest.iter().map(entry).collect::<Vec<_>>(), "simulated": true })
    }

    // ------------------------------------------------------------ rain

    /// The fields made at the last scan before `now`: as it is, and ahead.
    pub(crate) fn rain_fields(&self, now: Timestamp) -> Vec<RainField> {
        let issued_at = Timestamp(now.0 - now.0.rem_euclid(SCAN_MS));
        LEADS_MS.iter().map(|lead| self.rain_field(issued_at, issued_at + *lead)).collect()
    }

    fn rain_field(&self, issued_at: Timestamp, valid_at: Timestamp) -> RainField {
        let weather = self.weather(valid_at);
        let center = self.pack.center;
        let n = (2.0 * HALF_DEG / STEP_DEG).round() as u32 + 1;
        let origin = LonLat(center.0 - HALF_DEG, center.1 - HALF_DEG);
        let dice = self.rain_dice();
        // Showers drift with the wind: so many degrees since midnight, eastwards and northwards.
        let towards = (weather.wind_from + 180.0).to_radians();
        let drift = weather.wind * 0.6 * (valid_at.0.rem_euclid(24 * HOUR_MS) as f64 / 1000.0) / 111_000.0;
        let value = |row: u32, column: u32| {
            let east = f64::from(column) * STEP_DEG - drift * towards.sin();
            let north = f64::from(row) * STEP_DEG - drift * towards.cos();
            (weather.rain * shower(dice, east, north)) as f32
        };
        let values: Vec<f32> =
            (0..n).flat_map(|row| (0..n).map(move |column| (row, column))).map(|(r, c)| value(r, c)).collect();
        RainField {
            source: "仿真雷达".into(),
            kind: if valid_at > issued_at { RainKind::Nowcast } else { RainKind::Observed },
            valid_at,
            issued_at,
            origin,
            step: (STEP_DEG, STEP_DEG),
            n: (n, n),
            values: values.into(),
            simulated: true,
        }
    }
}

/// How much of the city's mean falls at a place, 0 to about 2: two waves across each other.
fn shower(dice: Dice, east_deg: f64, north_deg: f64) -> f64 {
    let wave =
        |part: u64, at_deg: f64, period_deg: f64| dice.of(part).wave((at_deg * 1e6) as i64, (period_deg * 1e6) as i64);
    let slant = wave(1, east_deg + 0.6 * north_deg, 0.35) + wave(2, north_deg - 0.4 * east_deg, 0.22);
    (1.0 + 0.5 * slant).max(0.0)
}

/// `grid.json` or `grid.grib2`.
pub(crate) async fn rain(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    if let Some(instead) = misbehave(&app, "rain").await {
        return instead;
    }
    let fields = app.world.rain_fields(app.clock.now());
    match file.as_str() {
        "grid.json" => Json(grid_rain::write_json(&fields)).into_response(),
        "grid.grib2" => {
            let bytes: Vec<u8> = fields.iter().flat_map(grid_rain::write_grib2).collect();
            ([(header::CONTENT_TYPE, "application/wmo-GRIB2")], bytes).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

// ---------------------------------------------------------------- the storm as others tell it

/// `list_{year}` and `view_{dbid}`; the number stands for NMC's own.
pub(crate) async fn nmc(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    if let Some(instead) = misbehave(&app, "typhoon").await {
        return instead;
    }
    let (world, now) = (&app.world, app.clock.now());
    let storm = world.scenario.as_ref().and_then(|it| it.storm.as_ref());
    let body = if file.starts_with("list_") {
        let rows: Vec<Value> =
            storm.filter(|it| it.fix_at(now).is_some()).map(|it| row(it, "start")).into_iter().collect();
        json!({ "typhoonList": rows, "simulated": true })
    } else {
        let Some(storm) = storm.filter(|it| file == format!("view_{}", it.id)) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let mut whole = row(storm, if storm.fix_at(now).is_some() { "start" } else { "stop" });
        let points: Vec<Value> = storm
            .track
            .iter()
            .filter(|it| it.at <= now)
            .map(|fix| point(storm, fix, now, world.forecast_dice()))
            .collect();
        if let Some(whole) = whole.as_array_mut() {
            whole.push(Value::Array(points));
        }
        json!({ "typhoon": whole, "simulated": true })
    };
    ([(header::CONTENT_TYPE, "application/javascript; charset=utf-8")], format!("typhoon_jsons_{file}({body})"))
        .into_response()
}

fn row(storm: &Storm, state: &str) -> Value {
    let number = storm.id.get(2..).unwrap_or_default();
    json!([storm.id, storm.name_en, storm.name, number, number, null, "仿真", state])
}

fn compact(at: Timestamp) -> String {
    at.beijing().strftime("%Y%m%d%H%M").to_string()
}

fn point(storm: &Storm, fix: &TyphoonFix, now: Timestamp, dice: Dice) -> Value {
    let forecasts = if now - fix.at <= 24 * HOUR_MS { storm.forecasts_issued(fix.at, dice) } else { Vec::new() };
    let letters = |agency: &str| match agency {
        "中国" => "BABJ",
        "日本" => "RJTD",
        "美国" => "PGTW",
        "中国香港" => "VHHH",
        _ => "RCTP",
    };
    let ahead = |it: &Forecast| -> Value {
        let points = it.points.iter().map(|p| {
            let lead_h = p.at.since_ms(it.issued_at) / HOUR_MS;
            json!([lead_h, compact(it.issued_at), p.center.0, p.center.1, p.pressure, p.wind, letters(&it.agency), ""])
        });
        Value::Array(points.collect())
    };
    let agencies: serde_json::Map<String, Value> =
        forecasts.iter().map(|it| (letters(&it.agency).to_owned(), ahead(it))).collect();
    let circles = [("30KTS", fix.radius7), ("50KTS", fix.radius10), ("64KTS", fix.radius12)];
    let circles = circles.map(|(knots, radii)| json!([knots, radii.0[0], radii.0[1], radii.0[2], radii.0[3]]));
    json!([
        fix.at.0 / 1000,
        compact(fix.at),
        fix.at.0,
        "",
        fix.center.0,
        fix.center.1,
        fix.pressure,
        fix.wind,
        fix.move_towards.to_string(),
        fix.move_speed,
        circles,
        agencies
    ])
}

/// `targetTc.json`, and the cyclone's own page.
pub(crate) async fn jma_targets(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = misbehave(&app, "typhoon").await {
        return instead;
    }
    let now = app.clock.now();
    let storm = app.world.scenario.as_ref().and_then(|it| it.storm.as_ref());
    let alive = storm.filter(|it| it.fix_at(now).is_some());
    Json(json!(
        alive.map(|it| json!({ "tropicalCyclone": cyclone(it), "simulated": true })).into_iter().collect::<Vec<_>>()
    ))
    .into_response()
}

fn cyclone(storm: &Storm) -> String {
    format!("TC{}", storm.id.get(2..).unwrap_or_default())
}

pub(crate) async fn jma_page(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let (world, now) = (&app.world, app.clock.now());
    let storm = world.scenario.as_ref().and_then(|it| it.storm.as_ref()).filter(|it| cyclone(it) == name);
    let Some((storm, _)) = storm.and_then(|it| Some((it, it.fix_at(now)?))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The last six-hourly fix: only then forecasts are issued.
    let is_issue = |it: &&TyphoonFix| it.at <= now && it.at.0.rem_euclid(6 * HOUR_MS) == 0;
    let Some(fix) = storm.track.iter().rev().find(is_issue) else { return StatusCode::NOT_FOUND.into_response() };
    let utc = |at: Timestamp| {
        let beijing = Timestamp(at.0 - gulang_city::BEIJING_OFFSET_MS).to_beijing_text();
        json!({ "UTC": format!("{}Z", beijing.replace(' ', "T")) })
    };
    let part = |hours: i64, at: Timestamp, center: LonLat, wind: f32, pressure: f32| {
        json!({
            "advancedHours": hours, "validtime": utc(at), "position": { "deg": [center.1, center.0] },
            "pressure": pressure.to_string(), "maximumWind": { "sustained": { "m/s": wind.to_string() } },
        })
    };
    let whole = |km: f32| json!([{ "area": { "jp": "全域", "en": "ALL" }, "range": { "km": km.to_string() } }]);
    let widest = |radii: gulang_city::WindRadii| radii.0.into_iter().fold(0.0f32, f32::max);
    let mut analysis = part(0, fix.at, fix.center, fix.wind, fix.pressure);
    analysis["galeWarning"] = whole(widest(fix.radius7));
    analysis["stormWarning"] = whole(widest(fix.radius10));
    analysis["speed"] = json!({ "km/h": fix.move_speed.to_string() });
    analysis["course"] = json!(fix.move_towards.to_string());
    let number = storm.id.get(2..).unwrap_or_default();
    let title = json!({
        "part": "title", "issue": utc(fix.at), "typhoonNumber": number, "name": { "en": storm.name_en }, "simulated": true,
    });
    let forecasts = storm.forecasts_issued(fix.at, world.forecast_dice());
    let ours = forecasts.iter().find(|it| &*it.agency == "日本");
    let ahead = ours.into_iter().flat_map(|it| &it.points);
    let ahead = ahead.map(|p| part(p.at.since_ms(fix.at) / HOUR_MS, p.at, p.center, p.wind, p.pressure));
    Json(Value::Array([title, analysis].into_iter().chain(ahead).collect())).into_response()
}

// ---------------------------------------------------------------- warnings

/// The same alerts as the JSON list, as Atom.
pub(crate) async fn cap_atom(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = misbehave(&app, "cap").await {
        return instead;
    }
    let entries: String = app
        .world
        .alerts(app.clock.now())
        .iter()
        .map(|it| {
            let (id, sent) = (&it.identifier, cap::rfc3339(it.sent));
            format!(r#"<entry><id>{id}</id><updated>{sent}</updated><link type="application/cap+xml" href="/cap/{id}.xml"/></entry>"#)
        })
        .collect();
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>simulated</title>{entries}</feed>"#
    );
    ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], xml).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn showers_are_uneven_and_never_less_than_nothing() {
        let values: Vec<f64> =
            (0..400).map(|i| shower(Dice::new(1), f64::from(i % 20) * 0.05, f64::from(i / 20) * 0.05)).collect();
        assert!(values.iter().all(|it| (0.0..=2.0).contains(it)));
        assert!(values.iter().any(|it| *it < 0.7) && values.iter().any(|it| *it > 1.3));
    }
}
