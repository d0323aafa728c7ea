//! `gulang-wall bench points`: the peers' workload, drawn off screen and timed the peers' way.
//!
//! A frame is the camera, the moved slice, the draw, the wait for the GPU and one pixel read back; then the next begins.

pub mod metrics;
pub mod scene;
pub mod workload;

use crate::stage::gpu::{
    device::{DeviceError, OwnDevice, read_pixels, target},
    points::{Points, PointsView, TooManyPoints},
};
use serde::Serialize;
use std::{path::Path, time::Instant};
use workload::{CENTER, PALETTE, Workload, mercator_turns, view_center, world_px};

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
const BACKGROUND: wgpu::Color =
    wgpu::Color { r: 0x10 as f64 / 255.0, g: 0x14 as f64 / 255.0, b: 0x18 as f64 / 255.0, a: 1.0 };
const WARM_UP_FRAMES: usize = 30;

pub struct PointsBench {
    pub n: usize,
    pub size: (u32, u32),
    pub is_live: bool,
    pub n_frames: usize,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct PointsReport {
    pub adapter: String,
    pub n: usize,
    pub size: String,
    pub mode: &'static str,
    pub frames: usize,
    pub frame_ms_median: f64,
    pub frame_ms_p95: f64,
    pub load_ms: u64,
    /// Share of pixels brighter than 96, frame 0.
    pub coverage: f64,
    pub rss_mb: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Points(#[from] TooManyPoints),
    #[error("saving the picture {path}: {source}")]
    Shot { path: String, source: image::ImageError },
}

impl PointsBench {
    pub fn run(&self, shot: Option<&Path>) -> Result<PointsReport, BenchError> {
        let started = Instant::now();
        let mut workload = Workload::generate(self.n);
        let own = crate::platform::block_on(OwnDevice::open())?;
        let (device, queue) = (&own.device, &own.queue);
        let colors = PALETTE.map(|rgb| [rgb[0], rgb[1], rgb[2], 255].map(|v| f32::from(v) / 255.0));
        let positions: Vec<_> = workload.lon_lat.iter().map(|&at| position(at)).collect();
        let mut points = Points::new(device, queue, FORMAT, &positions, &workload.class, &colors)?;
        drop(positions);
        let texture = target(device, self.size, FORMAT);
        let texture_view = texture.create_view(&Default::default());

        let mut draw = |workload: Option<&mut Workload>, frame: usize| {
            if let Some(workload) = workload {
                let range = workload.advance(frame);
                let moved: Vec<_> = workload.lon_lat[range.clone()].iter().map(|&at| position(at)).collect();
                points.write(queue, range, &moved);
            }
            let center = view_center(frame);
            let view = PointsView {
                center: position_f64(center).map(|v| v as f32),
                scale: [world_px(self.size.1) as f32; 2],
                size: self.size,
                radius_px: 3.0,
            };
            let mut encoder = device.create_command_encoder(&Default::default());
            points.prepare(device, queue, &mut encoder, &view);
            {
                let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                    color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                        view: &texture_view,
                        depth_slice: None,
                        resolve_target: None,
                        ops: wgpu::Operations { load: wgpu::LoadOp::Clear(BACKGROUND), store: wgpu::StoreOp::Store },
                    })],
                    ..Default::default()
                });
                points.draw(&mut pass);
            }
            queue.submit([encoder.finish()]);
            read_pixels(device, queue, &texture, (1, 1));
        };

        // Frame 0 is centred and unmoved: what the coverage is taken from.
        draw(None, 0);
        let load_ms = started.elapsed().as_millis() as u64;
        let pixels = read_pixels(device, queue, &texture, self.size);
        let n_bright = pixels.chunks_exact(4).filter(|rgba| rgba[..3].iter().any(|v| *v > 96)).count();
        let coverage = n_bright as f64 / f64::from(self.size.0 * self.size.1);
        if let Some(path) = shot {
            image::save_buffer(path, &pixels, self.size.0, self.size.1, image::ColorType::Rgba8)
                .map_err(|source| BenchError::Shot { path: path.display().to_string(), source })?;
        }
        let mut frame_ms = Vec::with_capacity(self.n_frames);
        for frame in 1..=WARM_UP_FRAMES + self.n_frames {
            let begun = Instant::now();
            draw(self.is_live.then_some(&mut workload), frame);
            if frame > WARM_UP_FRAMES {
                frame_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
        }
        frame_ms.sort_by(f64::total_cmp);
        let quantile = |share: f64| {
            let at = ((share * frame_ms.len() as f64) as usize).min(frame_ms.len().saturating_sub(1));
            frame_ms.get(at).map_or(0.0, |ms| (ms * 100.0).round() / 100.0)
        };
        Ok(PointsReport {
            adapter: own.adapter.clone(),
            n: self.n,
            size: format!("{}x{}", self.size.0, self.size.1),
            mode: if self.is_live { "live" } else { "static" },
            frames: frame_ms.len(),
            frame_ms_median: quantile(0.5),
            frame_ms_p95: quantile(0.95),
            load_ms,
            coverage: (coverage * 1e4).round() / 1e4,
            rss_mb: crate::platform::resident_mb(),
        })
    }
}

/// Turns of the world about the area's centre, south positive, small enough for f32.
fn position(at: [f32; 2]) -> [f32; 2] {
    position_f64((f64::from(at[0]), f64::from(at[1]))).map(|v| v as f32)
}

fn position_f64((lon, lat): (f64, f64)) -> [f64; 2] {
    [(lon - CENTER.0) / 360.0, mercator_turns(CENTER.1) - mercator_turns(lat)]
}
