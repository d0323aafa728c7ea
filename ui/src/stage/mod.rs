//! The stage: the big live map. The main world decides what is drawn and where the camera looks ([`director`]); our own
//! pipelines in the render world keep the picture and draw it under egui.

pub mod atlas;
pub mod camera;
pub mod city_layers;
pub mod detail;
pub mod director;
pub mod fields;
pub mod fixed;
pub mod flight;
pub mod geometry;
pub mod gpu;
pub mod hands;
pub mod helm;
pub mod labels;
pub mod overlays;
pub mod paint;
pub mod palette;
pub mod pyramid;
pub mod raster;
pub mod scene;
pub mod sketch;
pub mod streamed;
pub mod style;
#[cfg(test)]
pub mod testing;
pub mod things;
pub mod tiles;
pub mod tools;

use bevy::{
    core_pipeline::{Core2d, Core2dSystems},
    prelude::*,
    render::{
        ExtractSchedule, MainWorld, RenderApp,
        renderer::{RenderContext, RenderQueue, ViewQuery},
        view::ViewTarget,
    },
};
use gpu::map::{DrawList, DrawStats, MapGpu, MapView, Upload};

pub fn plugin(app: &mut App) {
    app.init_resource::<StageFrame>();
    if let Some(render_app) = app.get_sub_app_mut(RenderApp) {
        render_app
            .init_resource::<RenderStage>()
            .add_systems(ExtractSchedule, take_frame)
            .add_systems(Core2d, draw_stage.in_set(Core2dSystems::MainPass));
    }
}

/// This frame's picture, handed to the render world.
#[derive(Resource, Default)]
pub struct StageFrame {
    pub view: MapView,
    /// Left, top, width, height in physical px; `None` draws no map.
    pub rect: Option<[u32; 4]>,
    pub list: DrawList,
    /// Taken by the render world; kept until it does.
    pub uploads: Vec<Upload>,
    /// What the last drawn frame cost.
    pub stats: DrawStats,
}

#[derive(Resource, Default)]
struct RenderStage {
    view: MapView,
    rect: Option<[u32; 4]>,
    list: DrawList,
    uploads: Vec<Upload>,
    stats: DrawStats,
    gpu: Option<MapGpu>,
}

fn take_frame(mut main: ResMut<MainWorld>, mut stage: ResMut<RenderStage>) {
    let mut frame = main.resource_mut::<StageFrame>();
    frame.stats = stage.stats;
    stage.uploads.append(&mut frame.uploads);
    stage.view = frame.view;
    stage.rect = frame.rect;
    stage.list.clone_from(&frame.list);
}

fn draw_stage(
    view: ViewQuery<&ViewTarget>,
    mut stage: ResMut<RenderStage>,
    queue: Res<RenderQueue>,
    mut context: RenderContext,
) {
    let target = view.into_inner();
    let device = context.render_device().wgpu_device().clone();
    let RenderStage { view, rect, list, uploads, stats, gpu } = &mut *stage;
    let gpu = gpu.get_or_insert_with(|| MapGpu::new(&device, target.main_texture_format()));
    for upload in uploads.drain(..) {
        gpu.upload(&device, &queue, upload);
    }
    let Some([left, top, width, height]) = *rect else { return };
    let size = target.main_texture().size();
    let (width, height) = (width.min(size.width.saturating_sub(left)), height.min(size.height.saturating_sub(top)));
    if width == 0 || height == 0 {
        return;
    }
    gpu.set_view(&queue, view);
    let attachment = || target.get_unsampled_color_attachment();
    let rect = [left, top, width, height];
    *stats = gpu.draw(&device, context.command_encoder(), attachment, (size.width, size.height), rect, list);
}
