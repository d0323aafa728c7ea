//! `gulang-wall bench metrics`: a metrics wall of 40 cards, every chart among them, drawn frame after frame without a
//! window: what it costs the CPU while nothing changes, while every figure changes once a second, and while every
//! figure and line changes in every frame.
//!
//! A frame is the panels and the triangles egui makes of them; what a GPU then does with these is `bench scene`'s. City
//! and figures are made up here, the same each time.

use crate::{
    app,
    hall::Pictures,
    i18n::Lang,
    indicators::{DefinitionsTold, FiguresTold, IndicatorNews},
    panels::{ConnectionState, LocatorLand, Model, PanelState, UiCommand, View, wall_ui},
    search::Names,
    theme,
};
use gulang_city::{
    Alarm, AlarmId, CardChart, CardShows, Case, CaseId, CaseKind, CaseReport, CaseStage, Cells, City, District, LonLat,
    MetricCard, MetricWall, MetricWallId, Readings, Realm, SeatId, TINY_INDICATORS, Timestamp, WarningColor,
    indicators::{Definition, Definitions, Draw, Field, Figure, FigureKey, Good, Group},
    tiny_pack,
};
use gulang_wire::{Clock, ClockKind};
use serde::Serialize;
use std::{collections::BTreeMap, time::Instant};

const COLUMNS: u8 = 10;
const ROWS: u8 = 4;
const N_DISTRICTS: usize = 6;
const N_CASES: u64 = 2000;
const N_ALARMS: u64 = 300;
const N_POINTS: usize = 288;
const N_HOURS: usize = 360;
const FRAMES_PER_SEC: usize = 60;
/// Letters are laid out, charts drawn and textures made before anything is measured.
const N_WARM_UP: usize = 30;
/// 2026-09-21 10:00 in Beijing.
const START: Timestamp = Timestamp(1_789_956_000_000);

pub struct MetricsBench {
    pub size: (u32, u32),
    pub n_frames: usize,
}

#[derive(Debug, Serialize)]
pub struct MetricsReport {
    pub size: String,
    pub cards: usize,
    pub figures: usize,
    pub frames: usize,
    /// Nothing changes but the clock.
    pub idle: Frames,
    /// Every figure, once in 60 frames.
    pub each_second: Frames,
    /// Every figure and every line, in every frame.
    pub each_frame: Frames,
    /// Mean frame, against the idle one.
    pub ratio_each_second: f64,
    pub ratio_each_frame: f64,
    pub rss_mb: u64,
}

/// What frames took of one thread.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Frames {
    /// The panels alone.
    pub panels_ms_median: f64,
    pub panels_ms_p95: f64,
    /// With the triangles.
    pub frame_ms_median: f64,
    pub frame_ms_p95: f64,
    pub frame_ms_mean: f64,
    pub n_triangles: usize,
}

/// What the hub tells between two frames.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    Idle,
    EachSecond,
    EachFrame,
}

impl MetricsBench {
    pub fn run(&self) -> MetricsReport {
        let mut stage = Stage::new(self.size);
        let mut measure = |load| {
            for frame in 0..N_WARM_UP {
                stage.step(load, frame);
            }
            Frames::of((0..self.n_frames.max(1)).map(|frame| stage.step(load, frame)).collect())
        };
        let (idle, each_second, each_frame) =
            (measure(Load::Idle), measure(Load::EachSecond), measure(Load::EachFrame));
        let ratio = |it: &Frames| round(it.frame_ms_mean / idle.frame_ms_mean.max(1e-6));
        MetricsReport {
            size: format!("{}x{}", self.size.0, self.size.1),
            cards: stage.n_cards,
            figures: stage.n_figures,
            frames: self.n_frames.max(1),
            ratio_each_second: ratio(&each_second),
            ratio_each_frame: ratio(&each_frame),
            idle,
            each_second,
            each_frame,
            rss_mb: crate::platform::resident_mb(),
        }
    }
}

impl Frames {
    fn of(mut all: Vec<(f64, f64, usize)>) -> Self {
        let n_triangles = all.last().map_or(0, |it| it.2);
        let mean = all.iter().map(|it| it.1).sum::<f64>() / all.len().max(1) as f64;
        let mut quantiles = |of: fn(&(f64, f64, usize)) -> f64| {
            all.sort_by(|a, b| of(a).total_cmp(&of(b)));
            let at = |share: f64| ((share * all.len() as f64) as usize).min(all.len().saturating_sub(1));
            [0.5, 0.95].map(|share| all.get(at(share)).map_or(0.0, |it| round(of(it))))
        };
        let [panels_ms_median, panels_ms_p95] = quantiles(|it| it.0);
        let [frame_ms_median, frame_ms_p95] = quantiles(|it| it.1);
        let frame_ms_mean = round(mean);
        Self { panels_ms_median, panels_ms_p95, frame_ms_median, frame_ms_p95, frame_ms_mean, n_triangles }
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The wall, without a window.
struct Stage {
    ctx: egui::Context,
    size: (u32, u32),
    city: City,
    readings: Readings,
    state: PanelState,
    seat: SeatId,
    definitions: Definitions,
    keys: Vec<FigureKey>,
    n_cards: usize,
    n_figures: usize,
    /// Frames so far, for the clocks.
    n_steps: u64,
    /// Figures told so far.
    revision: u64,
}

impl Stage {
    fn new(size: (u32, u32)) -> Self {
        let ctx = egui::Context::default();
        theme::install_fonts(&ctx, app::FONT.to_vec());
        theme::apply(&ctx);
        let definitions = definitions(usize::from(COLUMNS) * usize::from(ROWS) - 5);
        let mut city = city();
        let wall = wall(&definitions);
        let n_cards = wall.cards.len();
        city.metric_walls.entry(MetricWallId::from("peace")).or_default().wall = wall;
        city.scene = "metrics".into();
        let keys: Vec<FigureKey> = definitions.all.iter().flat_map(|it| keys_of(it, &city)).collect();
        let readings = Readings::for_city(&city);
        let mut stage = Self {
            ctx,
            size,
            city,
            readings,
            state: PanelState::default(),
            seat: app::WALL_SEAT.into(),
            n_figures: keys.len(),
            definitions,
            keys,
            n_cards,
            n_steps: 0,
            revision: 0,
        };
        stage.tell_figures();
        let told = DefinitionsTold { simulated: true, epoch: 1, definitions: Some(stage.definitions.clone()) };
        stage.state.take_indicators(IndicatorNews::Definitions(Ok(told)));
        stage.tell_past();
        stage
    }

    /// One frame, after what the hub told: ms of the panels, of all of it, and the triangles.
    fn step(&mut self, load: Load, frame: usize) -> (f64, f64, usize) {
        match load {
            Load::Idle => {}
            Load::EachSecond if frame.is_multiple_of(FRAMES_PER_SEC) => self.tell_figures(),
            Load::EachSecond => {}
            Load::EachFrame => {
                self.tell_figures();
                self.tell_past();
            }
        }
        self.n_steps += 1;
        let secs = self.n_steps as f64 / FRAMES_PER_SEC as f64;
        let now = Timestamp(START.0 + (secs * 1000.0) as i64);
        let size = egui::vec2(self.size.0 as f32, self.size.1 as f32);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(secs),
            ..Default::default()
        };
        let (land, inventories, pictures, names) =
            (LocatorLand::default(), BTreeMap::new(), Pictures::default(), Names::default());
        let begun = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| {
            let model = Model {
                city: &self.city,
                readings: &self.readings,
                clock: Clock { now, wall: now, kind: ClockKind::Live },
                realm: Realm::Actual,
                simulated: true,
                connected: ConnectionState::Live,
                pictures: &pictures,
                selection: None,
                lang: Lang::Zh,
                locator_land: &land,
                seat: &self.seat,
                inventories: &inventories,
                roads: None,
                land: None,
                layers: &[],
                names: &names,
                view: View::default(),
                story: None,
                story_failure: None,
            };
            let ctx = ui.ctx().clone();
            // What it asks of the hub is answered by the load.
            let _: Vec<UiCommand> = wall_ui(&ctx, &model, &mut self.state);
        });
        // A GPU would take the letters' picture; here is none.
        output.textures_delta.clear();
        let panels_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let meshes = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let frame_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let n_triangles = meshes
            .iter()
            .map(|it| match &it.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len() / 3,
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
        (panels_ms, frame_ms, n_triangles)
    }

    /// Every figure, each another than before.
    fn tell_figures(&mut self) {
        self.revision += 1;
        let figures: Vec<Figure> = self.keys.iter().enumerate().map(|(i, key)| self.figure(i, key)).collect();
        let told = FiguresTold {
            epoch: 1,
            revision: self.revision,
            now_ms: Some(START.0),
            n_figures: figures.len(),
            faults: Vec::new(),
            figures,
        };
        self.state.take_indicators(IndicatorNews::Figures(Ok(told)));
    }

    fn figure(&self, i: usize, key: &FigureKey) -> Figure {
        let value = (wave(i as u64 * 31 + self.revision * 7) * 1000.0).round() / 10.0;
        let definition = self.definitions.get(key.indicator.as_str());
        Figure {
            key: key.clone(),
            value: Some(value),
            why_none: None,
            as_of: START,
            is_stale: i.is_multiple_of(17),
            stale_since: i.is_multiple_of(17).then_some(START),
            is_estimate: i.is_multiple_of(5),
            n: 100,
            numerator: None,
            denominator: None,
            comparisons: Vec::new(),
            band: definition.and_then(|it| it.band_of(value)),
            meets_target: definition.and_then(|it| it.meets_target(value)),
            anomaly: None,
            corrected_at: None,
        }
    }

    /// The day of every figure, and the fortnight, each another than before.
    fn tell_past(&mut self) {
        let shift = self.revision * 13;
        let at = |i: usize, step_ms: i64, n: usize| START.0 - step_ms * (n - i) as i64;
        let trend = |k: usize| {
            let value = move |i: usize| (wave((i + k * 50) as u64 / 3 + shift) * 100.0) as f32;
            (0..N_POINTS).map(|i| (at(i, 300_000, N_POINTS), value(i))).collect()
        };
        let told = self.keys.iter().enumerate().map(|(k, key)| (key.to_string(), trend(k))).collect();
        self.state.take_indicators(IndicatorNews::Trends(Ok(told)));
        let hours = |k: usize| {
            let value = move |i: usize| wave((i % 24 + k * 9) as u64 + shift) * 100.0;
            (0..N_HOURS).map(|i| (at(i, 3_600_000, N_HOURS), value(i))).collect()
        };
        let told = self.keys.iter().enumerate().map(|(k, key)| (key.to_string(), hours(k))).collect();
        self.state.take_indicators(IndicatorNews::Hours(Ok(told)));
    }
}

/// 0–1, without a pattern one sees.
fn wave(i: u64) -> f64 {
    ((i.wrapping_mul(2_654_435_761) % 4096) as f64 / 4096.0 + (i as f64 * 0.11).sin() * 0.5 + 0.5) * 0.5
}

/// So many indicators of six districts, drawn in every way there is.
fn definitions(n: usize) -> Definitions {
    let mut all = Definitions::parse("bench.toml", TINY_INDICATORS).unwrap_or_default();
    let Some(first) = all.all.first().cloned() else { return all };
    all.all = (0..n)
        .map(|i| Definition {
            id: format!("bench_{i}").into(),
            zh: format!("第 {i} 项指标").into(),
            en: format!("Indicator {i}").into(),
            unit: if i.is_multiple_of(3) { "%".into() } else { "件".into() },
            unit_en: if i.is_multiple_of(3) { "%".into() } else { "".into() },
            group_by: vec![Field::District],
            good: Some(Good::Low),
            target: Some(50.0),
            bands: vec![(WarningColor::Yellow, 80.0), (WarningColor::Red, 95.0)],
            draw: Draw::Line,
            line: i as u32,
            ..first.clone()
        })
        .collect();
    all
}

fn keys_of(definition: &Definition, city: &City) -> Vec<FigureKey> {
    let key = |group| FigureKey { indicator: definition.id.clone(), group };
    let districts = city.districts.keys().map(|it| key(Group::Of { by: Field::District, id: it.0.clone() }));
    std::iter::once(key(Group::City)).chain(districts).collect()
}

/// Every cell taken: indicators in turn through every chart, then each of the cards that show something else.
fn wall(definitions: &Definitions) -> MetricWall {
    const CHARTS: [CardChart; 7] = [
        CardChart::Trend,
        CardChart::Bars,
        CardChart::Ranking,
        CardChart::Multiples,
        CardChart::Calendar,
        CardChart::Gauge,
        CardChart::Number,
    ];
    let figures = definitions.all.iter().zip(CHARTS.iter().cycle()).map(|(it, chart)| CardShows::Figure {
        key: FigureKey { indicator: it.id.clone(), group: Group::City },
        chart: *chart,
    });
    let others =
        [CardShows::StageFunnel, CardShows::CaseFlow, CardShows::AlarmTimeline, CardShows::AlarmLoad, CardShows::Grave];
    let cells = (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| Cells::new(x, y, 1, 1)));
    let cards = cells.zip(figures.chain(others)).map(|(place, shows)| MetricCard { place, shows }).collect();
    MetricWall { zh: "台架".into(), en: "Bench".into(), columns: COLUMNS, rows: ROWS, cards }
}

/// The tiny city with six districts, as many cases as a busy morning leaves open, and the alarms of a windy one.
fn city() -> City {
    let mut pack = tiny_pack();
    for i in pack.districts.len()..N_DISTRICTS {
        let center = LonLat(118.0 + i as f64 * 0.05, 24.5);
        pack.districts.push(District { id: format!("35029{i}").into(), name: format!("第{i}区").into(), center });
    }
    let mut city = City::found(&pack, Realm::Actual);
    let titles = ["窨井盖异常移位", "道路积水", "占道经营", "垃圾满溢", "工地夜间噪声", "行道树倒伏"];
    let districts: Vec<_> = city.districts.keys().cloned().collect();
    let agencies: Vec<_> = city.agencies.keys().cloned().collect();
    for n in 0..N_CASES {
        let pick = |len: usize| (wave(n) * len as f64) as usize % len.max(1);
        let (Some(title), Some(district), Some(agency)) =
            (titles.get(pick(titles.len())), districts.get(pick(districts.len())), agencies.get(pick(agencies.len())))
        else {
            break;
        };
        let reported_at = Timestamp(START.0 - n as i64 * 20_000);
        let report = CaseReport {
            external: format!("B{n}").into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: (*title).into(),
            address: "".into(),
            at: LonLat(118.1, 24.5),
            district: district.clone(),
            agency: agency.clone(),
            color: WarningColor::Blue,
            reported_at,
            due_at: reported_at.plus_mins(240),
        };
        let stage = CaseStage::ALL.get(n as usize % 5).copied().unwrap_or(CaseStage::Filed);
        let case = Case {
            id: CaseId(n),
            report,
            stage,
            stage_at: reported_at,
            n_supervised: 0,
            n_pressed: 0,
            history: Default::default(),
        };
        city.cases.insert(CaseId(n), case);
    }
    let sensors: Vec<_> = city.sensors.keys().cloned().collect();
    for (n, sensor) in (0..N_ALARMS).zip(sensors.iter().cycle()) {
        let raised_at = Timestamp(START.0 - (N_ALARMS - n) as i64 * 150_000);
        let alarm = Alarm {
            id: AlarmId(n),
            sensor: sensor.clone(),
            color: WarningColor::ALL.get(n as usize % 3).copied().unwrap_or(WarningColor::Blue),
            value: 1.0,
            raised_at,
            acknowledged: None,
            cleared_at: (!n.is_multiple_of(9)).then(|| raised_at.plus_mins(20)),
            shelved_until: None,
            thing: None,
            rule: "".into(),
            why: "".into(),
        };
        city.alarms.insert(AlarmId(n), alarm);
    }
    city
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_drawn_and_nothing_new_makes_nothing_new() {
        let mut stage = Stage::new((1920, 540));
        assert_eq!((stage.n_cards, stage.n_figures), (40, 35 * (1 + N_DISTRICTS)));
        for frame in 0..3 {
            stage.step(Load::Idle, frame);
        }
        let before = stage.step(Load::Idle, 3).2;
        assert_eq!(stage.step(Load::Idle, 4).2, before, "the same triangles while nothing changes");
        assert!(before > 10_000, "{before} triangles are no 40 cards");
    }
}
