//! `gulang-wall bench scene`: the real screen with a real hub's city, drawn off screen frame after frame, each waited for.
//!
//! A frame is everything a screen does: hearing the hub, following it, panels, words, the stage, and the GPU's work. The hub
//! and its simulated city run beside it on the same machine; what they take is part of the picture.

use crate::{
    app,
    hall::Hall,
    net::Net,
    stage::StageFrame,
    stage::director::{Director, Port},
};
use bevy::{
    app::AppExit,
    prelude::*,
    render::renderer::{RenderAdapterInfo, RenderDevice},
};
use gulang_city::{Command, Posture, Realm, ResponseLevel};
use gulang_wire::Drill;
use serde::Serialize;
use std::time::{Duration, Instant};

/// What is to be measured.
#[derive(Clone, Debug, Resource)]
pub struct SceneBench {
    pub is_war: bool,
    pub size: (u32, u32),
    pub n_frames: usize,
    pub json: bool,
    /// What the hub's simulated city holds, for the report.
    pub scale: String,
}

#[derive(Debug, Serialize)]
struct SceneReport {
    adapter: String,
    scene: &'static str,
    scale: String,
    size: String,
    frames: usize,
    frame_ms_median: f64,
    frame_ms_p95: f64,
    n_draws: u32,
    n_instances: u64,
    n_things: usize,
    /// What a press on the map takes to find what lies under it, over 500 places; the slowest twentieth.
    pick_us_p95: f64,
    rss_mb: u64,
    /// Before the city came: the program, the adapter and its targets of this size.
    rss_before_city_mb: u64,
}

#[derive(Resource, Default)]
struct Run {
    state: State,
    frame_ms: Vec<f64>,
    last: Option<Instant>,
    since: Option<Instant>,
    rss_before_city_mb: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Arriving,
    DrillAsked,
    WarAsked,
    Settling,
    Measuring,
}

/// Where the bench sits: the shipped city's commander, who may sign alone.
pub const SEAT: &str = "带班领导 02";
/// The drill runs this fast until the typhoon is near enough for war.
const HURRY: f32 = 3600.0;
const WARM_UP: Duration = Duration::from_secs(4);

pub fn plugin(bevy_app: &mut App, bench: SceneBench) {
    bevy_app.insert_resource(bench).init_resource::<Run>().add_systems(Last, step);
}

#[expect(clippy::too_many_arguments, reason = "a bevy system names what it touches")]
fn step(
    mut run: ResMut<Run>,
    bench: Res<SceneBench>,
    hall: Res<Hall>,
    fetches: Res<app::Fetches>,
    director: Res<Director>,
    frame: Res<StageFrame>,
    mut net: NonSendMut<Net>,
    device: Res<RenderDevice>,
    (adapter, time): (Res<RenderAdapterInfo>, Res<Time<Real>>),
    mut exit: MessageWriter<AppExit>,
) {
    let now = Instant::now();
    let Some(city) = &hall.city else {
        run.rss_before_city_mb = crate::platform::resident_mb();
        return;
    };
    let since = *run.since.get_or_insert(now);
    match run.state {
        State::Arriving if app::is_settled(&hall, &fetches, &director, None) => {
            run.state = if bench.is_war { State::DrillAsked } else { State::Settling };
            run.since = Some(now);
            if bench.is_war {
                net.drill(Drill::Start { scenario: "doksuri-2023".to_owned(), seed: 7, speed: HURRY });
            }
        }
        State::DrillAsked => {
            let is_near = city.typhoons.values().any(|it| it.track.last().is_some_and(|fix| fix.radius7.0[0] > 0.0));
            if city.realm == Realm::Exercise && is_near && now - since > Duration::from_secs(40) {
                net.drill(Drill::SetSpeed { speed: 60.0, paused: false });
                let plan = city.base_plans().find(|it| it.hazard == gulang_city::Hazard::Typhoon);
                if let Some(plan) = plan {
                    net.submit(Command::SwitchToWar {
                        plan: plan.id.clone(),
                        level: ResponseLevel::I,
                        districts: Vec::new(),
                        struck: Vec::new(),
                        added: Vec::new(),
                        confirmed_by: vec![SEAT.into()],
                        reason: "台架测量".into(),
                        reasons: Default::default(),
                        sheet_version: None,
                        // The bench is one window: nobody co-signs, in a drill of its own.
                        overridden: true,
                    });
                }
                run.state = State::WarAsked;
                run.since = Some(now);
            }
        }
        State::WarAsked if city.footing.posture == Posture::War => {
            run.state = State::Settling;
            run.since = Some(now);
        }
        State::Settling if now - since > WARM_UP && app::is_settled(&hall, &fetches, &director, None) => {
            run.state = State::Measuring;
        }
        State::Measuring => {
            // The GPU's part of the frame before counts as that frame's.
            if device.wgpu_device().poll(wgpu::PollType::wait_indefinitely()).is_err() {
                exit.write(AppExit::error());
            }
            let now = Instant::now();
            if let Some(last) = run.last.replace(now) {
                run.frame_ms.push((now - last).as_secs_f64() * 1000.0);
            }
            if run.frame_ms.len() >= bench.n_frames {
                let pick_us_p95 = pick_us(&director, &hall, &bench, &time);
                report(&mut run, &bench, &director, &frame, &adapter, pick_us_p95);
                exit.write(AppExit::Success);
            }
        }
        _ => {}
    }
}

/// Microseconds of [`Director::pick`], the slowest twentieth of presses spread over the view.
fn pick_us(director: &Director, hall: &Hall, bench: &SceneBench, time: &Time<Real>) -> f64 {
    const N_PRESSES: u32 = 500;
    let (width, height) = (f64::from(bench.size.0), f64::from(bench.size.1));
    let port = Port { rect: [0.0, 0.0, width, height], ppp: 1.0, scale: (height / 540.0).max(1.0) };
    let mut took: Vec<f64> = (0..N_PRESSES)
        .map(|i| {
            // Weyl's sequence: even without a pattern.
            let share = |step: f64| (f64::from(i) * step).fract() - 0.5;
            let at = director.camera.local_from_view((share(0.754_877_666) * width, share(0.569_840_291) * height));
            let begun = Instant::now();
            std::hint::black_box(director.pick(hall, time.elapsed_secs_f64(), at, &port));
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[took.len() * 95 / 100].round()
}

fn report(
    run: &mut Run,
    bench: &SceneBench,
    director: &Director,
    frame: &StageFrame,
    adapter: &RenderAdapterInfo,
    pick_us_p95: f64,
) {
    run.frame_ms.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        let at = ((share * run.frame_ms.len() as f64) as usize).min(run.frame_ms.len().saturating_sub(1));
        run.frame_ms.get(at).map_or(0.0, |ms| (ms * 100.0).round() / 100.0)
    };
    let report = SceneReport {
        adapter: format!("{} ({}, {})", adapter.name, adapter.driver_info, adapter.backend),
        scene: if bench.is_war { "war" } else { "peace" },
        scale: bench.scale.clone(),
        size: format!("{}x{}", bench.size.0, bench.size.1),
        frames: run.frame_ms.len(),
        frame_ms_median: quantile(0.5),
        frame_ms_p95: quantile(0.95),
        n_draws: frame.stats.n_draws,
        n_instances: frame.stats.n_instances,
        n_things: director.layers().map(|it| it.1.n_total).sum(),
        pick_us_p95,
        rss_mb: crate::platform::resident_mb(),
        rss_before_city_mb: run.rss_before_city_mb,
    };
    if bench.json {
        println!("{}", serde_json::to_string(&report).unwrap_or_default());
    } else {
        println!("{report:#?}");
    }
}
