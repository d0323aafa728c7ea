//! The map's retained picture: tiles, overlays and the city's things stay on the GPU until replaced; a frame writes two
//! small uniforms and draws what the frame's list names.
//!
//! Within WebGL2: no storage buffers, no compute. A device that is lost ends the picture: a wall starts itself again, and the
//! shell loads a page again.

use super::uniform_buffer;
use crate::stage::{paint::PaintRow, sketch::Sketch};
use bytemuck::{Pod, Zeroable};
use gulang_tiles::{FillVertex, LineSegment, SolidVertex, TileId, TileMesh};
use std::{collections::HashMap, ops::Range, sync::Arc};
use wgpu::util::DeviceExt;
use wgpu::{VertexAttribute, vertex_attr_array};

/// A layer of things by its stable number.
pub type LayerId = u16;

/// One corner of an area in a colour of its own, sRGB.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ColorVertex {
    pub at: [i32; 2],
    pub color: [u8; 4],
}

/// One straight piece. `start_m` is its distance from the line's beginning, so that dashes run through.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ColorLine {
    pub a: [i32; 2],
    pub b: [i32; 2],
    pub color: [u8; 4],
    pub width_px: f32,
    pub start_m: f32,
    /// Dash on, off in px; `[0, 0]` is solid.
    pub dash_px: [f32; 2],
}

/// An overlay's symbol in a colour of its own.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct ColorMark {
    pub at: [i32; 2],
    pub color: [u8; 4],
    /// One of [`shape`].
    pub shape: u8,
    pub size_px: u8,
    /// Of [`flag`].
    pub flags: u8,
    /// Cell of the atlas; 0 is none.
    pub glyph: u8,
}

/// One of the city's things in 28 bytes. Where it is now, how old its fix is, and how it looks because of that is worked out
/// in the vertex shader, so nothing is uploaded merely because time passes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Mark {
    /// Where its last fix put it.
    pub at: [i32; 2],
    /// How it moves on from there, 64ths of a metre per second.
    pub pace: [i16; 2],
    /// Where it was shown when that fix came, less where the fix says it is: quarter metres, blended out.
    pub slip: [i16; 2],
    /// When it was last heard, tenths of a second since the stage's epoch; or [`AGELESS`], [`NEVER`].
    pub fix_ds: u32,
    /// When that reached the screen, on the same clock.
    pub seen_ds: u32,
    /// Row of the style table.
    pub style: u8,
    /// Of [`flag`]; added to the style's own.
    pub flags: u8,
    /// Steps of 1.5 degrees clockwise from north; 255 is none.
    pub heading: u8,
    /// Cell of the atlas; 0 is none.
    pub glyph: u8,
}

/// Of [`Mark::fix_ds`]: does not age (a building, a record's place).
pub const AGELESS: u32 = u32::MAX;
/// Of [`Mark::fix_ds`]: never heard.
pub const NEVER: u32 = 0;
/// Of [`Mark::heading`]: no tick means no heading, not north.
pub const NO_HEADING: u8 = 255;

/// One square of a density surface: its south-west corner, its side in 64ths of a metre.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Cell {
    pub at: [i32; 2],
    pub side: u32,
    pub color: [u8; 4],
}

/// A corner of an online map's tile.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct RasterCorner {
    pub at: [i32; 2],
    pub uv: [f32; 2],
}

/// An online map's tile: its picture, sRGB without premultiplication, and where it lies.
pub struct RasterTile {
    pub size: [u32; 2],
    /// `size[0] * size[1]` pixels of four bytes.
    pub rgba: Vec<u8>,
    /// North-west, north-east, south-west, south-east.
    pub corners: [RasterCorner; 4],
}

pub mod shape {
    pub const DOT: u8 = 0;
    pub const SQUARE: u8 = 1;
    pub const TRIANGLE: u8 = 2;
    pub const DIAMOND: u8 = 3;
    pub const OCTAGON: u8 = 4;
    pub const CIRCLE: u8 = 5;
    pub const CROSS: u8 = 6;
    pub const HULL: u8 = 7;
    /// A bold ×: closed.
    pub const CLOSED: u8 = 8;
}

pub mod flag {
    pub const FILLED: u8 = 1;
    pub const HALO: u8 = 2;
    pub const STALE: u8 = 4;
    pub const WHITE_GLYPH: u8 = 8;
    pub const DARK_GLYPH: u8 = 16;
    pub const DOUBLE_RING: u8 = 32;
    pub const LOST: u8 = 64;
}

/// How a kind of thing looks, one row of the style table.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct StyleRow {
    /// Of the body where it is filled; linear.
    pub color: [f32; 4],
    /// Of outline, halo and tick; linear.
    pub line: [f32; 4],
    /// Logical px from afar and near; two unused.
    pub size: [f32; 4],
    /// Shape, flags, tenths of a second until stale and until lost.
    pub kind: [u32; 4],
}

pub const N_STYLES: usize = 64;
pub const N_PAINTS: usize = 64;

/// What changed since the last frame.
pub enum Upload {
    /// [`ATLAS_SIZE`]² coverage values.
    Atlas(Vec<u8>),
    /// The theme: both tables whole.
    Theme(Box<([PaintRow; N_PAINTS], [StyleRow; N_STYLES])>),
    Tile(TileId, Arc<TileMesh>),
    DropTile(TileId),
    Raster(TileId, Box<RasterTile>),
    DropRaster(TileId),
    /// An overlay's drawing; an empty one takes it away.
    Sketch(&'static str, Box<Sketch>),
    /// A layer's marks, whole.
    Marks(LayerId, Vec<Mark>),
    /// Marks from one slot on; slots beyond the layer's end are left out.
    MarkRange(LayerId, u32, Vec<Mark>),
    Cells(LayerId, Vec<Cell>),
}

/// 16 × 16 cells of 64 px.
pub const ATLAS_SIZE: u32 = 1024;
pub const ATLAS_CELL: u32 = 64;

/// The camera and the clocks of one frame; as `View` in `map.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct MapView {
    pub center: [i32; 2],
    pub rest: [f32; 2],
    pub east: [f32; 2],
    pub north: [f32; 2],
    pub size: [f32; 2],
    pub scale: f32,
    pub rise: f32,
    pub px_per_m: f32,
    pub time: f32,
    pub near: f32,
    pub pulse: f32,
    pub now_ds: u32,
    pub now_rest: f32,
    pub blend_ds: f32,
    pub reckon_ds: f32,
    pub look: [f32; 4],
}

/// What one frame draws, bottom to top within each list.
#[derive(Clone, Debug, Default)]
pub struct DrawList {
    /// Coarser first.
    pub tiles: Vec<TileId>,
    /// An online map's, over those; coarser first.
    pub rasters: Vec<TileId>,
    pub sketches: Vec<&'static str>,
    pub things: Vec<ThingsDraw>,
    /// Sketches over the things: what is selected, measured, drawn by hand.
    pub top_sketches: Vec<&'static str>,
    /// Buildings stand up: worth a depth buffer.
    pub has_solids: bool,
}

/// A layer's part of a frame: instance ranges of its cells and of its marks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThingsDraw {
    pub layer: LayerId,
    pub cells: Vec<Range<u32>>,
    pub marks: Vec<Range<u32>>,
}

/// What a frame cost the GPU's front end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrawStats {
    pub n_draws: u32,
    pub n_instances: u64,
}

pub struct MapGpu {
    pipelines: Pipelines,
    view: wgpu::Buffer,
    paints: wgpu::Buffer,
    styles: wgpu::Buffer,
    atlas: wgpu::Texture,
    group: wgpu::BindGroup,
    tiles: HashMap<TileId, TileGpu>,
    rasters: HashMap<TileId, RasterGpu>,
    raster_layout: wgpu::BindGroupLayout,
    sketches: HashMap<&'static str, SketchGpu>,
    marks: HashMap<LayerId, Instances>,
    cells: HashMap<LayerId, Instances>,
    depth: Option<wgpu::Texture>,
}

struct Pipelines {
    fill: wgpu::RenderPipeline,
    raster: wgpu::RenderPipeline,
    area: wgpu::RenderPipeline,
    solid: wgpu::RenderPipeline,
    cell: wgpu::RenderPipeline,
    line: wgpu::RenderPipeline,
    pen: wgpu::RenderPipeline,
    look: wgpu::RenderPipeline,
    mark: wgpu::RenderPipeline,
}

struct TileGpu {
    fills: Option<Triangles>,
    solids: Option<Triangles>,
    lines: Option<Instances>,
}

struct RasterGpu {
    picture: wgpu::BindGroup,
    corners: Instances,
}

struct SketchGpu {
    areas: Option<Triangles>,
    lines: Option<Instances>,
    marks: Option<Instances>,
}

struct Triangles {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    n_indices: u32,
}

struct Instances {
    buffer: wgpu::Buffer,
    n: u32,
}

const FILL: [VertexAttribute; 2] = vertex_attr_array![0 => Sint32x2, 1 => Uint32];
const RASTER: [VertexAttribute; 2] = vertex_attr_array![0 => Sint32x2, 1 => Float32x2];
const AREA: [VertexAttribute; 2] = vertex_attr_array![0 => Sint32x2, 1 => Unorm8x4];
const SOLID: [VertexAttribute; 3] = vertex_attr_array![0 => Sint32x2, 1 => Uint32, 2 => Uint32];
const CELL: [VertexAttribute; 3] = vertex_attr_array![0 => Sint32x2, 1 => Uint32, 2 => Unorm8x4];
const LINE: [VertexAttribute; 4] = vertex_attr_array![0 => Sint32x2, 1 => Sint32x2, 2 => Uint32, 3 => Float32];
const PEN: [VertexAttribute; 5] =
    vertex_attr_array![0 => Sint32x2, 1 => Sint32x2, 2 => Unorm8x4, 3 => Float32x2, 4 => Float32x2];
const LOOK: [VertexAttribute; 3] = vertex_attr_array![0 => Sint32x2, 1 => Unorm8x4, 2 => Uint8x4];
const MARK: [VertexAttribute; 4] = vertex_attr_array![0 => Sint32x2, 1 => Sint16x4, 2 => Uint32x2, 3 => Uint8x4];

const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

impl MapGpu {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let view = uniform_buffer(device, "map view", size_of::<MapView>());
        let paints = uniform_buffer(device, "map paints", size_of::<[PaintRow; N_PAINTS]>());
        let styles = uniform_buffer(device, "map styles", size_of::<[StyleRow; N_STYLES]>());
        let atlas = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("map glyphs"),
            size: wgpu::Extent3d { width: ATLAS_SIZE, height: ATLAS_SIZE, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::R8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let layout = group_layout(device);
        let raster_layout = raster_layout(device);
        let atlas_view = atlas.create_view(&Default::default());
        let resources = [
            view.as_entire_binding(),
            wgpu::BindingResource::TextureView(&atlas_view),
            wgpu::BindingResource::Sampler(&sampler),
            paints.as_entire_binding(),
            styles.as_entire_binding(),
        ];
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("map"),
            layout: &layout,
            entries: &entries,
        });
        Self {
            pipelines: Pipelines::new(device, [&layout, &raster_layout], format),
            view,
            paints,
            styles,
            atlas,
            group,
            tiles: HashMap::new(),
            rasters: HashMap::new(),
            raster_layout,
            sketches: HashMap::new(),
            marks: HashMap::new(),
            cells: HashMap::new(),
            depth: None,
        }
    }

    pub fn upload(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, upload: Upload) {
        match upload {
            Upload::Atlas(coverage) => {
                let layout =
                    wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(ATLAS_SIZE), rows_per_image: None };
                queue.write_texture(self.atlas.as_image_copy(), &coverage, layout, self.atlas.size());
            }
            Upload::Theme(tables) => {
                queue.write_buffer(&self.paints, 0, bytemuck::cast_slice(&tables.0));
                queue.write_buffer(&self.styles, 0, bytemuck::cast_slice(&tables.1));
            }
            Upload::Tile(id, mesh) => {
                let tile = TileGpu {
                    fills: triangles(device, bytemuck::cast_slice(&mesh.fills), &mesh.fill_indices),
                    solids: triangles(device, bytemuck::cast_slice(&mesh.solids), &mesh.solid_indices),
                    lines: fixed_instances(device, &mesh.lines),
                };
                self.tiles.insert(id, tile);
            }
            Upload::DropTile(id) => {
                self.tiles.remove(&id);
            }
            Upload::Raster(id, tile) => {
                self.rasters.insert(id, raster_tile(device, queue, &self.raster_layout, &tile));
            }
            Upload::DropRaster(id) => {
                self.rasters.remove(&id);
            }
            Upload::Sketch(id, sketch) => {
                let drawn = SketchGpu {
                    areas: triangles(device, bytemuck::cast_slice(&sketch.areas), &sketch.area_indices),
                    lines: fixed_instances(device, &sketch.lines),
                    marks: fixed_instances(device, &sketch.marks),
                };
                self.sketches.insert(id, drawn);
            }
            Upload::Marks(layer, marks) => replace(&mut self.marks, device, queue, layer, &marks),
            Upload::MarkRange(layer, first, marks) => {
                if let Some(there) = self.marks.get(&layer) {
                    let n = (there.n.saturating_sub(first) as usize).min(marks.len());
                    let offset = u64::from(first) * size_of::<Mark>() as u64;
                    queue.write_buffer(&there.buffer, offset, bytemuck::cast_slice(&marks[..n]));
                }
            }
            Upload::Cells(layer, cells) => replace(&mut self.cells, device, queue, layer, &cells),
        }
    }

    pub fn set_view(&self, queue: &wgpu::Queue, view: &MapView) {
        queue.write_buffer(&self.view, 0, bytemuck::bytes_of(view));
    }

    /// Encodes the frame into `target`, a whole view of `size` px of which `rect` (left, top, width, height) is the map's.
    pub fn draw<'a>(
        &mut self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        mut target: impl FnMut() -> wgpu::RenderPassColorAttachment<'a>,
        size: (u32, u32),
        rect: [u32; 4],
        list: &DrawList,
    ) -> DrawStats {
        let mut stats = DrawStats::default();
        let pipelines = &self.pipelines;
        {
            let mut pass = Pass::begin(encoder, "map ground", target(), None, rect, &self.group, &mut stats);
            // A finer tile hides what is under it, its lines too; overlays' areas lie under the finest lines.
            let by_zoom: Vec<&[TileId]> = list.tiles.chunk_by(|a, b| a.z == b.z).collect();
            let areas = || list.sketches.iter().filter_map(|id| self.sketches.get(id)?.areas.as_ref());
            let has_pictures = !list.rasters.is_empty();
            for (i, ids) in by_zoom.iter().enumerate() {
                let tiles = || ids.iter().filter_map(|id| self.tiles.get(id));
                tiles().for_each(|it| pass.triangles(&pipelines.fill, it.fills.as_ref()));
                if i + 1 == by_zoom.len() && !has_pictures {
                    areas().for_each(|it| pass.triangles(&pipelines.area, Some(it)));
                }
                tiles().for_each(|it| pass.instances(&pipelines.line, it.lines.as_ref()));
            }
            for tile in list.rasters.iter().filter_map(|id| self.rasters.get(id)) {
                pass.picture(&pipelines.raster, tile);
            }
            if by_zoom.is_empty() || has_pictures {
                areas().for_each(|it| pass.triangles(&pipelines.area, Some(it)));
            }
        }
        if list.has_solids {
            let depth = self.depth.take().filter(|it| (it.width(), it.height()) == size);
            let depth = depth.unwrap_or_else(|| depth_texture(device, size));
            let view = depth.create_view(&Default::default());
            self.depth = Some(depth);
            let mut pass = Pass::begin(encoder, "map solids", target(), Some(&view), rect, &self.group, &mut stats);
            for tile in list.tiles.iter().filter_map(|id| self.tiles.get(id)) {
                pass.triangles(&pipelines.solid, tile.solids.as_ref());
            }
        }
        let mut pass = Pass::begin(encoder, "map things", target(), None, rect, &self.group, &mut stats);
        let lines_and_marks = |pass: &mut Pass<'_>, ids: &[&'static str]| {
            let sketches = || ids.iter().filter_map(|id| self.sketches.get(id));
            sketches().for_each(|it| pass.instances(&pipelines.pen, it.lines.as_ref()));
            sketches().for_each(|it| pass.instances(&pipelines.look, it.marks.as_ref()));
        };
        lines_and_marks(&mut pass, &list.sketches);
        for things in &list.things {
            pass.ranges(&pipelines.cell, self.cells.get(&things.layer), &things.cells);
            pass.ranges(&pipelines.mark, self.marks.get(&things.layer), &things.marks);
        }
        for sketch in list.top_sketches.iter().filter_map(|id| self.sketches.get(id)) {
            pass.triangles(&pipelines.area, sketch.areas.as_ref());
        }
        lines_and_marks(&mut pass, &list.top_sketches);
        drop(pass);
        stats
    }
}

/// A render pass that counts, and changes pipelines only when it must.
struct Pass<'e> {
    pass: wgpu::RenderPass<'e>,
    pipeline: Option<*const wgpu::RenderPipeline>,
    stats: &'e mut DrawStats,
}

impl<'e> Pass<'e> {
    fn begin(
        encoder: &'e mut wgpu::CommandEncoder,
        label: &str,
        target: wgpu::RenderPassColorAttachment<'_>,
        depth: Option<&wgpu::TextureView>,
        [left, top, width, height]: [u32; 4],
        group: &wgpu::BindGroup,
        stats: &'e mut DrawStats,
    ) -> Self {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some(label),
            color_attachments: &[Some(target)],
            depth_stencil_attachment: depth.map(|view| wgpu::RenderPassDepthStencilAttachment {
                view,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                stencil_ops: None,
            }),
            ..Default::default()
        });
        pass.set_viewport(left as f32, top as f32, width as f32, height as f32, 0.0, 1.0);
        pass.set_scissor_rect(left, top, width, height);
        pass.set_bind_group(0, group, &[]);
        Self { pass, pipeline: None, stats }
    }

    fn use_pipeline(&mut self, pipeline: &wgpu::RenderPipeline) {
        if self.pipeline != Some(std::ptr::from_ref(pipeline)) {
            self.pipeline = Some(std::ptr::from_ref(pipeline));
            self.pass.set_pipeline(pipeline);
        }
    }

    fn triangles(&mut self, pipeline: &wgpu::RenderPipeline, triangles: Option<&Triangles>) {
        let Some(Triangles { vertices, indices, n_indices }) = triangles else { return };
        self.use_pipeline(pipeline);
        self.pass.set_vertex_buffer(0, vertices.slice(..));
        self.pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
        self.pass.draw_indexed(0..*n_indices, 0, 0..1);
        self.stats.n_draws += 1;
        self.stats.n_instances += u64::from(*n_indices / 3);
    }

    fn picture(&mut self, pipeline: &wgpu::RenderPipeline, tile: &RasterGpu) {
        self.use_pipeline(pipeline);
        self.pass.set_bind_group(1, &tile.picture, &[]);
        self.pass.set_vertex_buffer(0, tile.corners.buffer.slice(..));
        self.pass.draw(0..tile.corners.n, 0..1);
        self.stats.n_draws += 1;
        self.stats.n_instances += 1;
    }

    fn instances(&mut self, pipeline: &wgpu::RenderPipeline, instances: Option<&Instances>) {
        if let Some(it) = instances {
            self.ranges(pipeline, Some(it), std::slice::from_ref(&(0..it.n)));
        }
    }

    fn ranges(&mut self, pipeline: &wgpu::RenderPipeline, instances: Option<&Instances>, ranges: &[Range<u32>]) {
        let Some(Instances { buffer, n }) = instances else { return };
        let mut is_bound = false;
        for range in ranges {
            let range = range.start.min(*n)..range.end.min(*n);
            if range.is_empty() {
                continue;
            }
            if !is_bound {
                is_bound = true;
                self.use_pipeline(pipeline);
                self.pass.set_vertex_buffer(0, buffer.slice(..));
            }
            self.stats.n_draws += 1;
            self.stats.n_instances += u64::from(range.end - range.start);
            self.pass.draw(0..4, range);
        }
    }
}

impl Pipelines {
    fn new(device: &wgpu::Device, groups: [&wgpu::BindGroupLayout; 2], format: wgpu::TextureFormat) -> Self {
        let shader = device.create_shader_module(wgpu::include_wgsl!("map.wgsl"));
        let layout_of = |groups: &[Option<&wgpu::BindGroupLayout>]| {
            device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("map"),
                bind_group_layouts: groups,
                immediate_size: 0,
            })
        };
        let layout = layout_of(&[Some(groups[0])]);
        let picture_layout = layout_of(&groups.map(Some));
        let pipeline = |entries: [&str; 2], stride: usize, attributes: &[VertexAttribute], kind: Kind| {
            let (step_mode, topology) = match kind {
                Kind::Instanced => (wgpu::VertexStepMode::Instance, wgpu::PrimitiveTopology::TriangleStrip),
                Kind::Picture => (wgpu::VertexStepMode::Vertex, wgpu::PrimitiveTopology::TriangleStrip),
                Kind::Triangles | Kind::Solid => (wgpu::VertexStepMode::Vertex, wgpu::PrimitiveTopology::TriangleList),
            };
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(entries[0]),
                layout: Some(if kind == Kind::Picture { &picture_layout } else { &layout }),
                vertex: wgpu::VertexState {
                    module: &shader,
                    entry_point: Some(entries[0]),
                    compilation_options: Default::default(),
                    buffers: &[wgpu::VertexBufferLayout { array_stride: stride as u64, step_mode, attributes }],
                },
                primitive: wgpu::PrimitiveState { topology, ..Default::default() },
                depth_stencil: (kind == Kind::Solid).then(|| wgpu::DepthStencilState {
                    format: DEPTH,
                    depth_write_enabled: Some(true),
                    depth_compare: Some(wgpu::CompareFunction::LessEqual),
                    stencil: Default::default(),
                    bias: Default::default(),
                }),
                multisample: Default::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &shader,
                    entry_point: Some(entries[1]),
                    compilation_options: Default::default(),
                    targets: &[Some(wgpu::ColorTargetState {
                        format,
                        blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                        write_mask: wgpu::ColorWrites::ALL,
                    })],
                }),
                multiview_mask: None,
                cache: None,
            })
        };
        use Kind::*;
        Self {
            fill: pipeline(["fill_vertex", "flat_fragment"], size_of::<FillVertex>(), &FILL, Triangles),
            raster: pipeline(["raster_vertex", "raster_fragment"], size_of::<RasterCorner>(), &RASTER, Picture),
            area: pipeline(["area_vertex", "flat_fragment"], size_of::<ColorVertex>(), &AREA, Triangles),
            solid: pipeline(["solid_vertex", "flat_fragment"], size_of::<SolidVertex>(), &SOLID, Solid),
            cell: pipeline(["cell_vertex", "flat_fragment"], size_of::<Cell>(), &CELL, Instanced),
            line: pipeline(["line_vertex", "line_fragment"], size_of::<LineSegment>(), &LINE, Instanced),
            pen: pipeline(["pen_vertex", "line_fragment"], size_of::<ColorLine>(), &PEN, Instanced),
            look: pipeline(["look_vertex", "mark_fragment"], size_of::<ColorMark>(), &LOOK, Instanced),
            mark: pipeline(["mark_vertex", "mark_fragment"], size_of::<Mark>(), &MARK, Instanced),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Triangles,
    Solid,
    Instanced,
    Picture,
}

fn group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: true },
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    };
    let sampler = wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
    let entries: Vec<_> = (0..)
        .zip([uniform, texture, sampler, uniform, uniform])
        .map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty,
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("map"), entries: &entries })
}

fn raster_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("map picture"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: true },
                view_dimension: wgpu::TextureViewDimension::D2,
                multisampled: false,
            },
            count: None,
        }],
    })
}

fn raster_tile(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    layout: &wgpu::BindGroupLayout,
    tile: &RasterTile,
) -> RasterGpu {
    let [width, height] = tile.size;
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("map picture"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8UnormSrgb,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None };
    queue.write_texture(texture.as_image_copy(), &tile.rgba, rows, texture.size());
    let view = texture.create_view(&Default::default());
    let picture = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("map picture"),
        layout,
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }],
    });
    let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: Some("map picture corners"),
        contents: bytemuck::cast_slice(&tile.corners),
        usage: wgpu::BufferUsages::VERTEX,
    });
    RasterGpu { picture, corners: Instances { buffer, n: 4 } }
}

fn depth_texture(device: &wgpu::Device, size: (u32, u32)) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("map depth"),
        size: wgpu::Extent3d { width: size.0, height: size.1, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: DEPTH,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    })
}

/// Nothing where there is nothing to draw.
fn triangles(device: &wgpu::Device, vertices: &[u8], indices: &[u32]) -> Option<Triangles> {
    if indices.is_empty() {
        return None;
    }
    let buffer = |label, contents: &[u8], usage| {
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
    };
    Some(Triangles {
        vertices: buffer("map corners", vertices, wgpu::BufferUsages::VERTEX),
        indices: buffer("map triangles", bytemuck::cast_slice(indices), wgpu::BufferUsages::INDEX),
        n_indices: indices.len() as u32,
    })
}

fn fixed_instances<T: Pod>(device: &wgpu::Device, instances: &[T]) -> Option<Instances> {
    let usage = wgpu::BufferUsages::VERTEX;
    let descriptor = wgpu::util::BufferInitDescriptor {
        label: Some("map instances"),
        contents: bytemuck::cast_slice(instances),
        usage,
    };
    (!instances.is_empty())
        .then(|| Instances { buffer: device.create_buffer_init(&descriptor), n: instances.len() as u32 })
}

/// Replaces a layer whole; reuses its buffer while it is large enough and not absurdly large.
fn replace<T: Pod>(
    layers: &mut HashMap<LayerId, Instances>,
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    layer: LayerId,
    instances: &[T],
) {
    let bytes: &[u8] = bytemuck::cast_slice(instances);
    let n_bytes = bytes.len() as u64;
    let fits = |it: &Instances| (n_bytes..=(n_bytes * 4).max(65_536)).contains(&it.buffer.size());
    let buffer = layers.remove(&layer).filter(fits).map_or_else(
        || {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("map instances"),
                size: (n_bytes * 9 / 8).next_multiple_of(16).max(64),
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        },
        |it| it.buffer,
    );
    queue.write_buffer(&buffer, 0, bytes);
    layers.insert(layer, Instances { buffer, n: instances.len() as u32 });
}
