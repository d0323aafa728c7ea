// Points as discs in two steps, so that a point costs one cell and not a quad.
//
// 1. splat: every point leaves its rank and sub-pixel centre in the one cell it falls in; the highest rank stays.
// 2. resolve: every pixel looks at the 7 x 7 cells around it and takes the highest-ranked disc that covers its centre.
//
// The cells travel from buffer to texture between the steps: buffers have atomics, but software rasterisers gather from
// textures many times faster. Packed cell: rank + 1 (22 bits), sub-pixel x (5), sub-pixel y (5); 0 is empty.

struct View {
    // The view's centre in the points' unit; pixels per unit; pixels.
    center: vec2<f32>,
    scale: vec2<f32>,
    size: vec2<f32>,
    radius: f32,
    n_points: u32,
    // Cells: the view and an apron, so that discs reach in from outside; and tiles of 8 x 8 cells.
    grid: vec2<u32>,
    n_tiles_x: u32,
    row_points: u32,
}

const APRON: i32 = 4;
const TILE: u32 = 8u;

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> positions: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> cells: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> tiles: array<u32>;

@compute @workgroup_size(64)
fn splat(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * view.row_points + id.x;
    if i >= view.n_points { return; }
    let at = (positions[i] - view.center) * view.scale + view.size * 0.5 + vec2<f32>(f32(APRON));
    let cell = vec2<i32>(floor(at));
    let grid = vec2<i32>(view.grid);
    if cell.x < 0 || cell.y < 0 || cell.x >= grid.x || cell.y >= grid.y { return; }
    let sub = vec2<u32>((at - floor(at)) * 32.0);
    let packed = ((i + 1u) << 10u) | (min(sub.x, 31u) << 5u) | min(sub.y, 31u);
    let c = vec2<u32>(cell);
    if atomicMax(&cells[c.y * view.grid.x + c.x], packed) == 0u {
        // Marks every tile the disc may reach. Racing stores of the same value.
        let first = (max(c, vec2<u32>(3u)) - 3u) / TILE;
        let last = (c + 3u) / TILE;
        tiles[first.y * view.n_tiles_x + first.x] = 1u;
        tiles[first.y * view.n_tiles_x + last.x] = 1u;
        tiles[last.y * view.n_tiles_x + first.x] = 1u;
        tiles[last.y * view.n_tiles_x + last.x] = 1u;
    }
}

@group(0) @binding(0) var<uniform> r_view: View;
@group(0) @binding(1) var r_cells: texture_2d<u32>;
@group(0) @binding(2) var r_tiles: texture_2d<u32>;
@group(0) @binding(3) var r_classes: texture_2d<u32>;
@group(0) @binding(4) var<uniform> r_palette: array<vec4<f32>, 16>;

@vertex
fn full_screen(@builtin(vertex_index) i: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn resolve(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let p = vec2<i32>(at.xy) + vec2<i32>(APRON);
    let near = textureLoad(r_tiles, p / i32(TILE), 0).x;
    let n_rows = select(0, 7, near != 0u);
    let radius2 = r_view.radius * r_view.radius * 1024.0;
    var best = 0u;
    for (var row = 0; row < n_rows; row += 1) {
        // 32nds of a pixel from this pixel's centre to the corner of the cell.
        let oy = (f32(row) - 3.5) * 32.0 + 0.5;
        for (var column = 0; column < 7; column += 1) {
            let cell = textureLoad(r_cells, p + vec2<i32>(column - 3, row - 3), 0).x;
            let dx = (f32(column) - 3.5) * 32.0 + 0.5 + f32(i32((cell >> 5u) & 31u));
            let dy = oy + f32(i32(cell & 31u));
            best = max(best, select(0u, cell, dx * dx + dy * dy <= radius2));
        }
    }
    if best < 1024u { discard; }
    let i = (best >> 10u) - 1u;
    let kind = textureLoad(r_classes, vec2<i32>(i32(i & 2047u), i32(i >> 11u)), 0).x;
    return r_palette[kind & 15u];
}
