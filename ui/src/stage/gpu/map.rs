//! The map's retained picture: layers of fills, lines and symbols that stay on the GPU until replaced.
//!
//! A frame writes one uniform and draws; it uploads only what changed. Within WebGL2: no storage buffers, no compute.

use super::uniform_buffer;
use bytemuck::{Pod, Zeroable};
use std::collections::{BTreeMap, BTreeSet};
use wgpu::util::DeviceExt;
use wgpu::{VertexAttribute, vertex_attr_array};

/// Layers draw in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKey {
    Sea,
    RegionLand,
    Land,
    Green,
    Water,
    DistrictEdges,
    Coast,
    RoadMinor,
    RoadMiddle,
    RoadMain,
    Rail,
    Buildings,
    TyphoonAreas,
    TyphoonLines,
    Cameras,
    Sensors,
    Shelters,
    Facilities,
    FloodPoints,
    Teams,
    Drones,
    Cases,
    Alarms,
    Typhoon,
    Selection,
}

impl LayerKey {
    pub const ALL: [Self; 25] = {
        use LayerKey::*;
        [
            Sea,
            RegionLand,
            Land,
            Green,
            Water,
            DistrictEdges,
            Coast,
            RoadMinor,
            RoadMiddle,
            RoadMain,
            Rail,
            Buildings,
            TyphoonAreas,
            TyphoonLines,
            Cameras,
            Sensors,
            Shelters,
            Facilities,
            FloodPoints,
            Teams,
            Drones,
            Cases,
            Alarms,
            Typhoon,
            Selection,
        ]
    };
}

/// One corner of a triangle. `height` leans it north, m.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct FillVertex {
    pub at: [f32; 2],
    pub color: [u8; 4],
    pub height: f32,
}

/// One straight piece. `start_m` is its distance from the line's beginning, so that dashes run through.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct LineSegment {
    pub a: [f32; 2],
    pub b: [f32; 2],
    pub color: [u8; 4],
    pub width_px: f32,
    pub start_m: f32,
    /// Dash on, off in px; `[0, 0]` is solid.
    pub dash_px: [f32; 2],
}

/// One symbol; glides from `from` to `to` in the vertex shader.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Symbol {
    pub from: [f32; 2],
    pub to: [f32; 2],
    /// When the glide starts, seconds on the view's clock.
    pub start: f32,
    pub color: [u8; 4],
    /// One of [`shape`].
    pub shape: u8,
    pub size_px: u8,
    /// Of [`flag`].
    pub flags: u8,
    /// Tenths of a second.
    pub glide: u8,
    /// Cell of the atlas; 0 is none.
    pub glyph: u16,
    /// Degrees clockwise from north; above 360 is none.
    pub heading: u16,
}

pub const NO_HEADING: u16 = u16::MAX;

pub mod shape {
    pub const DOT: u8 = 0;
    pub const SQUARE: u8 = 1;
    pub const TRIANGLE: u8 = 2;
    pub const DIAMOND: u8 = 3;
    pub const OCTAGON: u8 = 4;
    pub const CIRCLE: u8 = 5;
    pub const CROSS: u8 = 6;
    pub const HULL: u8 = 7;
}

pub mod flag {
    pub const FILLED: u8 = 1;
    pub const HALO: u8 = 2;
    pub const STALE: u8 = 4;
    pub const WHITE_GLYPH: u8 = 8;
    pub const DARK_GLYPH: u8 = 16;
    pub const DOUBLE_RING: u8 = 32;
}

/// What changed since the last frame.
pub enum Upload {
    Fills(LayerKey, Vec<FillVertex>, Vec<u32>),
    Lines(LayerKey, Vec<LineSegment>),
    Symbols(LayerKey, Vec<Symbol>),
    /// [`ATLAS_SIZE`]² coverage values.
    Atlas(Vec<u8>),
}

/// 16 × 16 cells of 64 px.
pub const ATLAS_SIZE: u32 = 1024;
pub const ATLAS_CELL: u32 = 64;

/// The camera and the clock of one frame.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct MapView {
    pub center: [f32; 2],
    pub px_per_m: f32,
    pub time: f32,
    pub size: [f32; 2],
    pub scale: f32,
    pub pulse: f32,
}

pub struct MapGpu {
    fill: wgpu::RenderPipeline,
    line: wgpu::RenderPipeline,
    symbol: wgpu::RenderPipeline,
    view: wgpu::Buffer,
    atlas: wgpu::Texture,
    group: wgpu::BindGroup,
    layers: BTreeMap<LayerKey, Layer>,
}

enum Layer {
    Fills { vertices: wgpu::Buffer, indices: wgpu::Buffer, n_indices: u32 },
    Lines(Instances),
    Symbols(Instances),
}

struct Instances {
    buffer: wgpu::Buffer,
    n: u32,
}

const FILL_ATTRIBUTES: [VertexAttribute; 3] = vertex_attr_array![0 => Float32x2, 1 => Unorm8x4, 2 => Float32];
const LINE_ATTRIBUTES: [VertexAttribute; 5] =
    vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4, 3 => Float32x2, 4 => Float32x2];
const SYMBOL_ATTRIBUTES: [VertexAttribute; 5] =
    vertex_attr_array![0 => Float32x4, 1 => Float32, 2 => Unorm8x4, 3 => Uint8x4, 4 => Uint16x2];

impl MapGpu {
    pub fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let shader = device.create_shader_module(wgpu::include_wgsl!("map.wgsl"));
        let view = uniform_buffer(device, "map view", size_of::<MapView>());
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
        let entry = |binding, visibility, ty| wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("map"),
            entries: &[
                entry(
                    0,
                    wgpu::ShaderStages::VERTEX_FRAGMENT,
                    wgpu::BindingType::Buffer {
                        ty: wgpu::BufferBindingType::Uniform,
                        has_dynamic_offset: false,
                        min_binding_size: None,
                    },
                ),
                entry(
                    1,
                    wgpu::ShaderStages::FRAGMENT,
                    wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Float { filterable: true },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                ),
                entry(2, wgpu::ShaderStages::FRAGMENT, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
            ],
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("map"),
            layout: &layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: view.as_entire_binding() },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(&atlas.create_view(&Default::default())),
                },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(&sampler) },
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("map"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = |vertex, fragment, stride: usize, attributes: &[VertexAttribute], is_instanced: bool| {
            let (step_mode, topology) = if is_instanced {
                (wgpu::VertexStepMode::Instance, wgpu::PrimitiveTopology::TriangleStrip)
            } else {
                (wgpu::VertexStepMode::Vertex, wgpu::PrimitiveTopology::TriangleList)
            };
            device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                label: Some(vertex),
                layout: Some(&pipeline_layout),
                vertex: wgpu::VertexState {
                    module: &shader,
                    entry_point: Some(vertex),
                    compilation_options: Default::default(),
                    buffers: &[wgpu::VertexBufferLayout { array_stride: stride as u64, step_mode, attributes }],
                },
                primitive: wgpu::PrimitiveState { topology, ..Default::default() },
                depth_stencil: None,
                multisample: Default::default(),
                fragment: Some(wgpu::FragmentState {
                    module: &shader,
                    entry_point: Some(fragment),
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
        Self {
            fill: pipeline("fill_vertex", "fill_fragment", size_of::<FillVertex>(), &FILL_ATTRIBUTES, false),
            line: pipeline("line_vertex", "line_fragment", size_of::<LineSegment>(), &LINE_ATTRIBUTES, true),
            symbol: pipeline("symbol_vertex", "symbol_fragment", size_of::<Symbol>(), &SYMBOL_ATTRIBUTES, true),
            view,
            atlas,
            group,
            layers: BTreeMap::new(),
        }
    }

    pub fn upload(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, upload: Upload) {
        match upload {
            Upload::Fills(key, vertices, indices) => {
                if indices.is_empty() {
                    self.layers.remove(&key);
                    return;
                }
                let buffer = |label, contents: &[u8], usage| {
                    device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
                };
                let layer = Layer::Fills {
                    vertices: buffer("fills", bytemuck::cast_slice(&vertices), wgpu::BufferUsages::VERTEX),
                    indices: buffer("fill indices", bytemuck::cast_slice(&indices), wgpu::BufferUsages::INDEX),
                    n_indices: indices.len() as u32,
                };
                self.layers.insert(key, layer);
            }
            Upload::Lines(key, lines) => {
                let layer = self.instances(device, queue, key, bytemuck::cast_slice(&lines), lines.len());
                self.layers.insert(key, Layer::Lines(layer));
            }
            Upload::Symbols(key, symbols) => {
                let layer = self.instances(device, queue, key, bytemuck::cast_slice(&symbols), symbols.len());
                self.layers.insert(key, Layer::Symbols(layer));
            }
            Upload::Atlas(coverage) => {
                let layout =
                    wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(ATLAS_SIZE), rows_per_image: None };
                queue.write_texture(self.atlas.as_image_copy(), &coverage, layout, self.atlas.size());
            }
        }
    }

    /// Reuses the layer's buffer while it is large enough.
    fn instances(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        key: LayerKey,
        bytes: &[u8],
        n: usize,
    ) -> Instances {
        if let Some(Layer::Lines(old) | Layer::Symbols(old)) = self.layers.remove(&key)
            && old.buffer.size() >= bytes.len() as u64
        {
            queue.write_buffer(&old.buffer, 0, bytes);
            return Instances { n: n as u32, ..old };
        }
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("instances"),
            size: (bytes.len() as u64 * 5 / 4).next_multiple_of(16).max(64),
            usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        queue.write_buffer(&buffer, 0, bytes);
        Instances { buffer, n: n as u32 }
    }

    pub fn set_view(&self, queue: &wgpu::Queue, view: &MapView) {
        queue.write_buffer(&self.view, 0, bytemuck::bytes_of(view));
    }

    /// Draws every layer not in `hidden`; the caller has set viewport and scissor.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, hidden: &BTreeSet<LayerKey>) {
        pass.set_bind_group(0, &self.group, &[]);
        for (_, layer) in self.layers.iter().filter(|(key, _)| !hidden.contains(key)) {
            match layer {
                Layer::Fills { vertices, indices, n_indices } => {
                    pass.set_pipeline(&self.fill);
                    pass.set_vertex_buffer(0, vertices.slice(..));
                    pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
                    pass.draw_indexed(0..*n_indices, 0, 0..1);
                }
                Layer::Lines(Instances { n: 0, .. }) | Layer::Symbols(Instances { n: 0, .. }) => {}
                Layer::Lines(lines) => {
                    pass.set_pipeline(&self.line);
                    pass.set_vertex_buffer(0, lines.buffer.slice(..));
                    pass.draw(0..4, 0..lines.n);
                }
                Layer::Symbols(symbols) => {
                    pass.set_pipeline(&self.symbol);
                    pass.set_vertex_buffer(0, symbols.buffer.slice(..));
                    pass.draw(0..4, 0..symbols.n);
                }
            }
        }
    }
}
