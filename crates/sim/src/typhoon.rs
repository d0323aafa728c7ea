//! The typhoon: its real track, the forecasts five agencies might have made of it, and the feed that tells of both.
//!
//! The feed has the shape of 浙江省水利厅's `TyphoonInfo`: numbers are strings, `"0"` means missing. The forecasts are
//! **simulated**: the true future, seen through an error that grows with lead time and is drawn once per agency and issue.

use crate::{dice::Dice, scenario::Storm};
use gulang_city::{Forecast, ForecastPoint, LonLat, Timestamp, TyphoonFix, WindRadii};
use serde_json::{Value, json};

/// As the feed names them, with how good each is: kilometres of error at 24 h.
const AGENCIES: [(&str, f64); 5] =
    [("中国", 62.0), ("日本", 66.0), ("美国", 64.0), ("中国台湾", 72.0), ("中国香港", 70.0)];
const LEADS_H: [i64; 8] = [6, 12, 24, 36, 48, 72, 96, 120];
const HOUR_MS: i64 = 3_600_000;
/// The feed carries the forecasts of this many hours; a client keeps the older ones itself.
const FORECASTS_KEPT_MS: i64 = 24 * HOUR_MS;

impl Storm {
    /// Where the storm was or will be, between its fixes; `None` before it formed and after it was gone.
    pub(crate) fn fix_at(&self, at: Timestamp) -> Option<TyphoonFix> {
        let after = self.track.partition_point(|fix| fix.at <= at);
        let a = self.track[..after].last()?;
        let Some(b) = self.track.get(after) else { return (a.at == at).then(|| a.clone()) };
        let f = (at - a.at) as f64 / (b.at - a.at) as f64;
        let mix = |a: f32, b: f32| a + (b - a) * f as f32;
        let radii = |a: WindRadii, b: WindRadii| WindRadii(std::array::from_fn(|i| mix(a.0[i], b.0[i])));
        Some(TyphoonFix {
            at,
            center: LonLat(a.center.0 + (b.center.0 - a.center.0) * f, a.center.1 + (b.center.1 - a.center.1) * f),
            wind: mix(a.wind, b.wind),
            pressure: if a.pressure > 0.0 && b.pressure > 0.0 { mix(a.pressure, b.pressure) } else { a.pressure },
            radius7: radii(a.radius7, b.radius7),
            radius10: radii(a.radius10, b.radius10),
            radius12: radii(a.radius12, b.radius12),
            ..a.clone()
        })
    }

    /// What each agency said at `issued_at`, a fix of the track at a six-hourly hour; none otherwise.
    pub(crate) fn forecasts_issued(&self, issued_at: Timestamp, dice: Dice) -> Vec<Forecast> {
        if issued_at.0.rem_euclid(6 * HOUR_MS) != 0 {
            return Vec::new();
        }
        let Some(now) = self.fix_at(issued_at) else { return Vec::new() };
        let forecast = |(i, &(agency, error_24h_km)): (usize, &(&str, f64))| {
            let dice = dice.of(issued_at.0 as u64).of(i as u64);
            // The error has a direction of its own that turns slowly with lead time, and a little luck.
            let (bias, luck) = (dice.of(1).unit() * std::f64::consts::TAU, 0.35 + 0.95 * dice.of(2).unit());
            let points = LEADS_H.iter().filter_map(|&lead_h| {
                let truth = self.fix_at(issued_at + lead_h * HOUR_MS)?;
                let days = lead_h as f64 / 24.0;
                let error_km = error_24h_km * luck * days.powf(0.92);
                let towards = bias + 0.5 * dice.of(3).normal() * days;
                let wind_error = 1.0 + 0.06 * dice.of(4).normal() * days.sqrt();
                let center = shifted(truth.center, error_km * towards.sin(), error_km * towards.cos());
                let wind = (f64::from(truth.wind) * wind_error).clamp(8.0, 75.0).round() as f32;
                let pressure = if truth.pressure > 0.0 { (truth.pressure + now.wind - wind).round() } else { 0.0 };
                Some(ForecastPoint { at: truth.at, center, wind, pressure })
            });
            Forecast { agency: agency.into(), issued_at, points: points.collect() }
        };
        AGENCIES.iter().enumerate().map(forecast).filter(|f| !f.points.is_empty()).collect()
    }

    /// `TyphoonInfo/{tfid}` as it stood at `now`. Forecasts are those of the last day.
    pub(crate) fn info(&self, now: Timestamp, dice: Dice) -> Value {
        let points: Vec<Value> = self
            .track
            .iter()
            .filter(|fix| fix.at <= now)
            .map(|fix| {
                let recent = now - fix.at <= FORECASTS_KEPT_MS;
                let forecasts = if recent { self.forecasts_issued(fix.at, dice) } else { Vec::new() };
                json!({
                    "time": fix.at.to_beijing_text(),
                    "lng": format!("{:.2}", fix.center.lon()), "lat": format!("{:.2}", fix.center.lat()),
                    "strong": grade_name(fix.wind), "power": beaufort(fix.wind).to_string(),
                    "speed": number(fix.wind), "pressure": number(fix.pressure),
                    "movespeed": number(fix.move_speed), "movedirection": direction_name(fix.move_towards),
                    "radius7": radii(fix.radius7), "radius10": radii(fix.radius10), "radius12": radii(fix.radius12),
                    "forecast": forecasts.iter().map(forecast_json).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({
            "tfid": self.id, "name": self.name, "enname": self.name_en,
            "isactive": if self.fix_at(now).is_some() { "1" } else { "0" },
            "points": points, "land": [], "simulated": true,
        })
    }

    /// The storm's line in `TyhoonActivity` (the feed's own spelling), while it lives.
    pub(crate) fn activity(&self, now: Timestamp) -> Option<Value> {
        self.fix_at(now)?;
        let fix = self.track.iter().rev().find(|fix| fix.at <= now)?;
        Some(json!({
            "tfid": self.id, "name": self.name, "enname": self.name_en, "isactive": "1",
            "time": fix.at.to_beijing_text(),
            "lng": format!("{:.2}", fix.center.lon()), "lat": format!("{:.2}", fix.center.lat()),
            "strong": grade_name(fix.wind), "power": beaufort(fix.wind).to_string(),
            "speed": number(fix.wind), "pressure": number(fix.pressure),
            "movespeed": number(fix.move_speed), "movedirection": direction_name(fix.move_towards),
            "radius7": radii(fix.radius7), "radius10": radii(fix.radius10), "simulated": true,
        }))
    }
}

fn forecast_json(forecast: &Forecast) -> Value {
    let points: Vec<Value> = forecast
        .points
        .iter()
        .map(|p| {
            json!({
                "time": p.at.to_beijing_text(),
                "lng": format!("{:.2}", p.center.lon()), "lat": format!("{:.2}", p.center.lat()),
                "strong": grade_name(p.wind), "speed": number(p.wind), "pressure": number(p.pressure),
                "ybsj": forecast.issued_at.to_beijing_text(),
            })
        })
        .collect();
    json!({ "tm": &*forecast.agency, "forecastpoints": points })
}

/// A point so many kilometres east and north of `from`.
pub(crate) fn shifted(from: LonLat, east_km: f64, north_km: f64) -> LonLat {
    const KM_PER_DEG: f64 = 111.195;
    LonLat(from.0 + east_km / (KM_PER_DEG * from.1.to_radians().cos()), from.1 + north_km / KM_PER_DEG)
}

fn number(v: f32) -> String {
    if v > 0.0 { format!("{v:.0}") } else { "0".to_owned() }
}

fn radii(WindRadii(r): WindRadii) -> String {
    if r.iter().all(|&km| km <= 0.0) {
        return "0".to_owned();
    }
    r.map(number).join("|")
}

/// GB/T 19201-2006 by mean wind at the centre.
fn grade_name(wind: f32) -> &'static str {
    match wind {
        w if w >= 51.0 => "超强台风(SuperTY)",
        w if w >= 41.5 => "强台风(STY)",
        w if w >= 32.7 => "台风(TY)",
        w if w >= 24.5 => "强热带风暴(STS)",
        w if w >= 17.2 => "热带风暴(TS)",
        _ => "热带低压(TD)",
    }
}

/// Wind force, lower bounds in m/s of grades 1 to 17.
fn beaufort(wind: f32) -> usize {
    const FROM: [f32; 17] =
        [0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7, 37.0, 41.5, 46.2, 51.0, 56.1];
    FROM.partition_point(|&from| from <= wind)
}

fn direction_name(towards_deg: f32) -> &'static str {
    const NAMES: [&str; 16] = [
        "北",
        "北东北",
        "东北",
        "东东北",
        "东",
        "东东南",
        "东南",
        "南东南",
        "南",
        "南西南",
        "西南",
        "西西南",
        "西",
        "西西北",
        "西北",
        "北西北",
    ];
    NAMES[((towards_deg.rem_euclid(360.0) / 22.5).round() as usize) % 16]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storm() -> Storm {
        let track = (0..60)
            .map(|i| TyphoonFix {
                at: Timestamp(1_690_156_800_000 + i * 3 * HOUR_MS),
                center: LonLat(126.0 - 0.12 * i as f64, 15.0 + 0.18 * i as f64),
                wind: 45.0,
                pressure: 950.0,
                move_speed: 15.0,
                move_towards: 315.0,
                radius7: WindRadii([300.0, 280.0, 250.0, 280.0]),
                radius10: WindRadii([120.0; 4]),
                radius12: WindRadii::default(),
            })
            .collect();
        Storm { id: "202305".into(), name: "杜苏芮".into(), name_en: "DOKSURI".into(), track }
    }

    #[test]
    fn forecast_error_grows_with_lead_and_is_drawn_once() {
        let storm = storm();
        let issued = Timestamp(1_690_156_800_000 + 24 * HOUR_MS);
        let forecasts = storm.forecasts_issued(issued, Dice::new(3));
        assert_eq!(forecasts.len(), 5);
        assert_eq!(forecasts, storm.forecasts_issued(issued, Dice::new(3)));
        for f in &forecasts {
            let errors: Vec<f64> =
                f.points.iter().map(|p| p.center.distance_m(storm.fix_at(p.at).unwrap().center)).collect();
            assert!(errors.windows(2).all(|w| w[0] < w[1]), "{errors:?}");
            assert!(errors[2] < 120_000.0, "{errors:?}");
        }
    }

    #[test]
    fn the_feed_has_the_shape_of_the_real_one() {
        let info = storm().info(Timestamp(1_690_156_800_000 + 30 * HOUR_MS + 1), Dice::new(3));
        let points = info["points"].as_array().unwrap();
        assert_eq!(points.len(), 11);
        assert_eq!(points[0]["radius7"], "300|280|250|280");
        assert_eq!(points[0]["radius12"], "0");
        assert_eq!(points[0]["movedirection"], "西北");
        assert_eq!(points[8]["forecast"][0]["tm"], "中国");
        assert_eq!(points[0]["time"], "2023-07-24 08:00:00");
    }
}
