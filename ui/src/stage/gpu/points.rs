//! Very many points: one pixel written per point, then one look around per pixel.
//!
//! A disc drawn as a quad costs a software rasteriser (and the binning hardware of a phone) far more than its pixels.
//! Here a point leaves its rank and sub-pixel centre in one cell of a grid, and a full-screen pass resolves the topmost
//! disc that covers each pixel. Cost: points + pixels, not points × pixels of a disc.
//!
//! **Limits:** 4 194 303 points; radius up to 3 px; of two points in one pixel only the upper leaves a disc (they differ
//! by less than a pixel). It needs compute and storage buffers, so WebGL2 draws [`super::symbols`] instead.

use super::uniform_buffer;
use std::ops::Range;
use wgpu::util::DeviceExt;

/// Room for the rank in a cell's 22 bits.
pub const MAX_POINTS: usize = (1 << 22) - 1;
const APRON: u32 = 4;
const TILE: u32 = 8;
/// Classes live in a texture so many points wide.
const CLASS_ROW: u32 = 2048;
/// Points per row of the dispatch: 64 × 1024.
const ROW_POINTS: u32 = 65_536;

/// Retained points. Positions are pixels-independent: any unit, relative to an origin near them.
pub struct Points {
    n_points: u32,
    positions: wgpu::Buffer,
    view: wgpu::Buffer,
    cells: wgpu::Buffer,
    tiles: wgpu::Buffer,
    classes: wgpu::TextureView,
    /// What the resolve gathers from: the cells and the tiles.
    textures: Option<[wgpu::Texture; 2]>,
    palette: wgpu::Buffer,
    splat: wgpu::ComputePipeline,
    resolve: wgpu::RenderPipeline,
    groups: Option<[wgpu::BindGroup; 2]>,
    size: (u32, u32),
}

/// Where the view looks: its centre and scale in the points' unit.
pub struct PointsView {
    pub center: [f32; 2],
    /// Pixels per unit, east and south.
    pub scale: [f32; 2],
    pub size: (u32, u32),
    pub radius_px: f32,
}

#[derive(Debug, thiserror::Error)]
#[error("{n} points are more than the {MAX_POINTS} one layer can rank; split them into layers")]
pub struct TooManyPoints {
    n: usize,
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct ViewUniform {
    center: [f32; 2],
    scale: [f32; 2],
    size: [f32; 2],
    radius: f32,
    n_points: u32,
    grid: [u32; 2],
    n_tiles_x: u32,
    row_points: u32,
}

impl Points {
    /// `classes[i]` chooses one of 16 linear colours for point `i`; a later point lies on top of an earlier one.
    pub fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        format: wgpu::TextureFormat,
        positions: &[[f32; 2]],
        classes: &[u8],
        palette: &[[f32; 4]; 16],
    ) -> Result<Self, TooManyPoints> {
        let n = positions.len();
        if n > MAX_POINTS {
            return Err(TooManyPoints { n });
        }
        let storage = |label, contents: &[u8]| {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
        };
        let mut class_bytes = classes.to_vec();
        let n_class_rows = (n as u32).div_ceil(CLASS_ROW).max(1);
        class_bytes.resize((n_class_rows * CLASS_ROW) as usize, 0);
        let class_texture = device.create_texture_with_data(
            queue,
            &texture_descriptor("points classes", (CLASS_ROW, n_class_rows), wgpu::TextureFormat::R8Uint),
            wgpu::util::TextureDataOrder::LayerMajor,
            &class_bytes,
        );
        let no_point = [[0.0f32; 2]];
        let shader = device.create_shader_module(wgpu::include_wgsl!("points.wgsl"));
        let splat = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("points splat"),
            layout: None,
            module: &shader,
            entry_point: Some("splat"),
            compilation_options: Default::default(),
            cache: None,
        });
        let resolve = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("points resolve"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &shader,
                entry_point: Some("full_screen"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: Default::default(),
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(wgpu::FragmentState {
                module: &shader,
                entry_point: Some("resolve"),
                compilation_options: Default::default(),
                targets: &[Some(format.into())],
            }),
            multiview_mask: None,
            cache: None,
        });
        Ok(Self {
            n_points: n as u32,
            positions: storage("points", bytemuck::cast_slice(if n == 0 { &no_point } else { positions })),
            view: uniform_buffer(device, "points view", size_of::<ViewUniform>()),
            cells: storage("points cells", &[0; 4]),
            tiles: storage("points tiles", &[0; 4]),
            classes: class_texture.create_view(&Default::default()),
            textures: None,
            palette: device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("points palette"),
                contents: bytemuck::cast_slice(palette),
                usage: wgpu::BufferUsages::UNIFORM,
            }),
            splat,
            resolve,
            groups: None,
            size: (0, 0),
        })
    }

    /// Replaces the positions of `range`.
    pub fn write(&self, queue: &wgpu::Queue, range: Range<usize>, positions: &[[f32; 2]]) {
        queue.write_buffer(&self.positions, (range.start * 8) as u64, bytemuck::cast_slice(positions));
    }

    /// Encodes the splat of this view; call before the pass that [`Points::draw`] goes into.
    pub fn prepare(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        view: &PointsView,
    ) {
        // Copies to textures want rows of 64 words.
        let grid = [(view.size.0 + 2 * APRON).next_multiple_of(64), view.size.1 + 2 * APRON];
        let n_tiles = [(grid[0] / TILE + 1).next_multiple_of(64), grid[1] / TILE + 2];
        if self.size != view.size {
            self.size = view.size;
            let storage = |label, n_words: u32| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some(label),
                    size: u64::from(n_words) * 4,
                    usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
                    mapped_at_creation: false,
                })
            };
            self.cells = storage("points cells", grid[0] * grid[1]);
            self.tiles = storage("points tiles", n_tiles[0] * n_tiles[1]);
            let words = |size: [u32; 2]| {
                let format = wgpu::TextureFormat::R32Uint;
                device.create_texture(&texture_descriptor("points cells", (size[0], size[1]), format))
            };
            self.textures = Some([words(grid), words(n_tiles)]);
            self.groups = None;
        }
        let uniform = ViewUniform {
            center: view.center,
            scale: view.scale,
            size: [view.size.0 as f32, view.size.1 as f32],
            radius: view.radius_px,
            n_points: self.n_points,
            grid,
            n_tiles_x: n_tiles[0],
            row_points: ROW_POINTS,
        };
        queue.write_buffer(&self.view, 0, bytemuck::bytes_of(&uniform));
        let Some([cell_texture, tile_texture]) = &self.textures else { return };
        let [splat_group, _] = self.groups.get_or_insert_with(|| {
            let group = |label, layout: &wgpu::BindGroupLayout, resources: Vec<wgpu::BindingResource>| {
                let entries: Vec<_> = (0..)
                    .zip(resources)
                    .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
                    .collect();
                device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries: &entries })
            };
            let [cell_view, tile_view] =
                [cell_texture, tile_texture].map(|texture| texture.create_view(&Default::default()));
            let textures = [&cell_view, &tile_view, &self.classes].map(wgpu::BindingResource::TextureView);
            let view = self.view.as_entire_binding();
            let buffers = [&self.positions, &self.cells, &self.tiles].map(|buffer| buffer.as_entire_binding());
            let splat = [view.clone()].into_iter().chain(buffers).collect();
            let resolve = [view].into_iter().chain(textures).chain([self.palette.as_entire_binding()]).collect();
            [
                group("points splat", &self.splat.get_bind_group_layout(0), splat),
                group("points resolve", &self.resolve.get_bind_group_layout(0), resolve),
            ]
        });
        encoder.clear_buffer(&self.cells, 0, None);
        encoder.clear_buffer(&self.tiles, 0, None);
        if self.n_points > 0 {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&self.splat);
            pass.set_bind_group(0, &*splat_group, &[]);
            pass.dispatch_workgroups(self.n_points.min(ROW_POINTS).div_ceil(64), self.n_points.div_ceil(ROW_POINTS), 1);
        }
        for (buffer, texture) in [(&self.cells, cell_texture), (&self.tiles, tile_texture)] {
            let layout = wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(texture.width() * 4),
                rows_per_image: None,
            };
            let from = wgpu::TexelCopyBufferInfo { buffer, layout };
            encoder.copy_buffer_to_texture(from, texture.as_image_copy(), texture.size());
        }
    }

    /// Draws what [`Points::prepare`] left; pixels without a point keep what is under them.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        let Some([_, resolve_group]) = &self.groups else { return };
        pass.set_pipeline(&self.resolve);
        pass.set_bind_group(0, resolve_group, &[]);
        pass.draw(0..3, 0..1);
    }
}

fn texture_descriptor(
    label: &'static str,
    (width, height): (u32, u32),
    format: wgpu::TextureFormat,
) -> wgpu::TextureDescriptor<'static> {
    wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    }
}
