//! A small city to draw over, for the overlays' tests.

use super::{
    camera::StageCamera,
    detail::Detail,
    overlays::{self, Overlay},
    palette::Theme,
    scene::{Areas, Scene},
    sketch::{At, Pen, Sketch},
};
use crate::{
    history::History,
    panels::{Chosen, Selection},
};
use gulang_city::*;
use std::collections::{BTreeMap, BTreeSet};

/// Everything a [`Scene`] borrows.
pub struct Stand {
    pub city: City,
    pub readings: Readings,
    pub history: History,
    pub areas: Areas,
    pub land: Option<Land>,
    pub inventories: BTreeMap<Text, Inventory>,
    pub shown_registers: BTreeSet<String>,
    pub roads: Option<Metric>,
    pub now: Timestamp,
    pub camera: StageCamera,
    pub theme: Theme,
    pub selection: Option<Selection>,
    pub place: Option<LonLat>,
    pub chosen: Chosen,
}

impl Stand {
    /// The tiny pack's city at 16:42 on a day in August, seen whole.
    pub fn quiet() -> Self {
        let city = City::found(&tiny_pack(), Realm::Actual);
        let readings = Readings::for_city(&city);
        Self {
            city,
            readings,
            history: History::default(),
            areas: Areas::default(),
            land: None,
            inventories: BTreeMap::new(),
            shown_registers: BTreeSet::new(),
            roads: None,
            now: Timestamp::parse("2026-08-19 16:42:00").expect("a time"),
            camera: StageCamera { px_per_m: 0.03, ..StageCamera::default() },
            theme: Theme::Dark,
            selection: None,
            place: None,
            chosen: Chosen::default(),
        }
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene {
            city: &self.city,
            readings: &self.readings,
            history: &self.history,
            areas: &self.areas,
            land: self.land.as_ref(),
            inventories: &self.inventories,
            shown_registers: &self.shown_registers,
            roads: self.roads.as_ref(),
            frame: LocalFrame::new(self.city.center),
            now: self.now,
            camera: self.camera,
            detail: Detail::at(self.camera.px_per_m),
            palette: self.theme.palette(),
            selection: self.selection.as_ref(),
            place: self.place,
            chosen: self.chosen,
        }
    }

    /// A gauge reads `value`, `age_secs` ago.
    pub fn gauge(&mut self, id: &str, value: f32, age_secs: i64) {
        let handle = self.city.sensors.get_index_of(id).expect("a sensor of the city");
        self.readings.gauges.put(handle as u32, value, self.now.plus_secs(-age_secs));
        self.history.take(&self.city, &self.readings);
    }

    /// One more sensor of a kind, `east` and `north` of the centre in degrees, reading `value` now.
    pub fn sensor(&mut self, id: &str, kind: SensorKind, (east, north): (f64, f64), value: f32) {
        let at = LonLat(self.city.center.0 + east, self.city.center.1 + north);
        let district = self.city.districts[0].id.clone();
        let sensor = Sensor { id: id.into(), name: id.into(), kind, at, district, thresholds: Vec::new() };
        self.city.sensors.insert(id.into(), sensor);
        self.readings.gauges.resize(self.city.sensors.len());
        self.gauge(id, value, 0);
    }

    /// Draws a marking, a minute ago.
    pub fn marking(&mut self, kind: MarkingKind) {
        let id = MarkingId(self.city.markings.len() as u64 + 1);
        let (by, at) = ("seat-1".into(), self.now.plus_mins(-1));
        self.city.markings.insert(id, Marking { id, kind, by, at, note: "".into() });
    }

    /// A square of two-way streets of 1 km about the centre, with what `city` says is closed on it.
    pub fn with_roads(mut self) -> Self {
        let (lon, lat) = (self.city.center.0, self.city.center.1);
        let corners = [(-0.005, -0.005), (0.005, -0.005), (0.005, 0.005), (-0.005, 0.005)];
        let nodes = corners.map(|(east, north)| format!("[{:.7}, {:.7}]", lon + east, lat + north)).join(",\n");
        let links = [(0, 1), (1, 2), (2, 3), (3, 0)];
        let links = links.map(|(a, b)| format!(r#"{{"from": {a}, "to": {b}, "class": "primary"}}"#)).join(",\n");
        let json = format!("{{\"names\": [],\n\"nodes\": [\n{nodes}\n],\n\"links\": [\n{links}\n]}}");
        let net = RoadNet::from_json(&json).expect("a square of roads");
        let closures = self.city.closed_links(&net, &self.readings, self.now);
        self.roads = Some(net.with_closures(&closures));
        self
    }

    /// A typhoon from the south-east, its centre over the city in about twelve hours by three agencies' forecasts.
    pub fn typhoon(&mut self) -> &mut Typhoon {
        let fix = |hours: i64, lon: f64, lat: f64| TyphoonFix {
            at: self.now.plus_mins(-42 + hours * 60),
            center: LonLat(lon, lat),
            wind: 45.0,
            pressure: 945.0,
            move_speed: 20.0,
            move_towards: 315.0,
            radius7: WindRadii([300.0, 280.0, 260.0, 280.0]),
            radius10: WindRadii([150.0, 120.0, 100.0, 120.0]),
            radius12: WindRadii([60.0; 4]),
        };
        let track = vec![fix(-12, 121.4, 21.2), fix(-6, 120.7, 22.0), fix(0, 120.0, 22.8)];
        let now = self.now.plus_mins(-42);
        let forecast = |agency: &str, issued: i64, shift: f64| Forecast {
            agency: agency.into(),
            issued_at: now.plus_mins(issued * 60),
            points: (1..=6)
                .map(|i| ForecastPoint {
                    at: now.plus_mins((issued + i * 6) * 60),
                    center: LonLat(
                        120.0 - 0.95 * (i as f64 + issued as f64 / 6.0) + shift * i as f64,
                        22.8 + 0.85 * i as f64,
                    ),
                    wind: 40.0 - 3.0 * i as f32,
                    pressure: 950.0,
                })
                .collect(),
        };
        let forecasts = vec![
            forecast("日本", 0, 0.1),
            forecast("中国", -6, 0.0),
            forecast("中国", 0, 0.05),
            forecast("美国", 0, -0.12),
        ];
        let id = TyphoonId::from("202611");
        let typhoon =
            Typhoon { id: id.clone(), name: "银鹭".into(), name_en: "YINLU".into(), active: true, track, forecasts };
        self.city.typhoons.insert(id.clone(), typhoon);
        &mut self.city.typhoons[&id]
    }
}

/// An overlay's drawing over a stand.
pub fn draw_of(overlay: &dyn Overlay, stand: &Stand) -> Sketch {
    overlays::draw(overlay, &stand.scene())
}

/// The words of a drawing, in the order they came.
pub fn words(sketch: &Sketch) -> Vec<&str> {
    sketch.texts.iter().map(|it| it.text.as_str()).collect()
}

/// Lines drawn as `pen` draws.
pub fn n_lines(sketch: &Sketch, pen: Pen) -> usize {
    let color = pen.color.to_srgba_unmultiplied();
    sketch.lines.iter().filter(|it| it.color == color && it.width_px == pen.width && it.dash_px == pen.dash).count()
}

/// The places of the marks, local metres.
pub fn marked(sketch: &Sketch) -> Vec<At> {
    sketch.marks.iter().map(|it| super::fixed::local(it.at)).collect()
}
