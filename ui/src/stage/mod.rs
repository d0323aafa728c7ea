//! The stage: the big live map. The main world decides what is drawn and where the camera looks; our own pipelines in the
//! render world keep the picture and draw it under egui.

pub mod atlas;
pub mod base;
pub mod camera;
pub mod gpu;
pub mod labels;
pub mod symbols;
pub mod weather;

use bevy::{
    core_pipeline::{Core2d, Core2dSystems},
    prelude::*,
    render::{
        ExtractSchedule, MainWorld, RenderApp,
        renderer::{RenderContext, RenderQueue, ViewQuery},
        view::ViewTarget,
    },
};
use gpu::map::{LayerKey, MapGpu, MapView, Upload};
use std::collections::BTreeSet;

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
    pub hidden: BTreeSet<LayerKey>,
    /// Taken by the render world; kept until it does.
    pub uploads: Vec<Upload>,
}

#[derive(Resource, Default)]
struct RenderStage {
    frame: StageFrame,
    gpu: Option<MapGpu>,
}

fn take_frame(mut main: ResMut<MainWorld>, mut stage: ResMut<RenderStage>) {
    let mut frame = main.resource_mut::<StageFrame>();
    let uploads = std::mem::take(&mut frame.uploads);
    stage.frame.uploads.extend(uploads);
    stage.frame.view = frame.view;
    stage.frame.rect = frame.rect;
    stage.frame.hidden.clone_from(&frame.hidden);
}

fn draw_stage(
    view: ViewQuery<&ViewTarget>,
    mut stage: ResMut<RenderStage>,
    queue: Res<RenderQueue>,
    mut context: RenderContext,
) {
    let target = view.into_inner();
    let device = context.render_device().wgpu_device().clone();
    let RenderStage { frame, gpu } = &mut *stage;
    let gpu = gpu.get_or_insert_with(|| MapGpu::new(&device, target.main_texture_format()));
    for upload in frame.uploads.drain(..) {
        gpu.upload(&device, &queue, upload);
    }
    let Some([left, top, width, height]) = frame.rect else { return };
    let size = target.main_texture().size();
    let (width, height) = (width.min(size.width.saturating_sub(left)), height.min(size.height.saturating_sub(top)));
    if width == 0 || height == 0 {
        return;
    }
    gpu.set_view(&queue, &frame.view);
    let mut pass = context.command_encoder().begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("stage"),
        color_attachments: &[Some(target.get_unsampled_color_attachment())],
        ..Default::default()
    });
    pass.set_viewport(left as f32, top as f32, width as f32, height as f32, 0.0, 1.0);
    pass.set_scissor_rect(left, top, width, height);
    gpu.draw(&mut pass, &frame.hidden);
}
