// The map's three pipelines: filled triangles, lines of constant width in pixels, and symbols.
// Positions are local metres about the city's centre, east and north.

struct View {
    center: vec2<f32>,
    px_per_m: f32,
    // Seconds on the same clock as Symbol.start.
    time: f32,
    size: vec2<f32>,
    // Physical pixels per logical pixel.
    scale: f32,
    // 1 while unacknowledged halos breathe, 0 for reduced motion.
    pulse: f32,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var atlas: texture_2d<f32>;
@group(0) @binding(2) var atlas_sampler: sampler;

fn linear(srgb: vec3<f32>) -> vec3<f32> {
    return select(pow((srgb + 0.055) / 1.055, vec3<f32>(2.4)), srgb / 12.92, srgb <= vec3<f32>(0.04045));
}

// Pixels from the view's upper left.
fn px(at: vec2<f32>) -> vec2<f32> {
    let d = (at - view.center) * view.px_per_m;
    return vec2<f32>(d.x, -d.y) + view.size * 0.5;
}

fn clip(p: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(p.x / view.size.x * 2.0 - 1.0, 1.0 - p.y / view.size.y * 2.0, 0.0, 1.0);
}

struct Flat {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
}

@vertex
fn fill_vertex(@location(0) at: vec2<f32>, @location(1) color: vec4<f32>, @location(2) height: f32) -> Flat {
    // Oblique: what stands tall leans to the north of the picture.
    return Flat(clip(px(at + vec2<f32>(0.0, height * 0.55))), vec4<f32>(linear(color.rgb), color.a));
}

@fragment
fn fill_fragment(in: Flat) -> @location(0) vec4<f32> { return in.color; }

struct Strip {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    // Along the line and across it, px; the half width; dash on and off.
    @location(1) along: f32,
    @location(2) across: f32,
    @location(3) half_width: f32,
    @location(4) dash: vec2<f32>,
}

@vertex
fn line_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) a: vec2<f32>, @location(1) b: vec2<f32>, @location(2) color: vec4<f32>,
    @location(3) width_start: vec2<f32>, @location(4) dash: vec2<f32>,
) -> Strip {
    let pa = px(a);
    let pb = px(b);
    let length_px = max(length(pb - pa), 1e-6);
    let dir = (pb - pa) / length_px;
    let normal = vec2<f32>(-dir.y, dir.x);
    let half_width = max(width_start.x * view.scale, 0.6) * 0.5;
    let side = select(-1.0, 1.0, (corner & 1u) == 1u) * (half_width + 0.75);
    let is_end = corner >= 2u;
    // Solid lines overlap at their joints; dashes must not grow.
    let overlap = select(0.0, half_width * 0.6, dash.y == 0.0);
    let along = select(-overlap, length_px + overlap, is_end);
    let at = pa + dir * along + normal * side;
    return Strip(clip(at), vec4<f32>(linear(color.rgb), color.a), width_start.y * view.px_per_m + along, side, half_width, dash * view.scale);
}

@fragment
fn line_fragment(in: Strip) -> @location(0) vec4<f32> {
    var alpha = clamp(in.half_width + 0.5 - abs(in.across), 0.0, 1.0);
    if in.dash.y > 0.0 {
        let period = in.dash.x + in.dash.y;
        let phase = in.along - floor(in.along / period) * period;
        alpha *= clamp(min(phase, in.dash.x - phase) + 0.5, 0.0, 1.0);
    }
    return vec4<f32>(in.color.rgb, in.color.a * alpha);
}

struct Mark {
    @builtin(position) clip: vec4<f32>,
    // Physical px from the symbol's centre, y down.
    @location(0) at: vec2<f32>,
    @location(1) color: vec4<f32>,
    @location(2) @interpolate(flat) radius: f32,
    @location(3) @interpolate(flat) shape: u32,
    @location(4) @interpolate(flat) flags: u32,
    @location(5) @interpolate(flat) glyph: u32,
    // The way it heads, y down; zero for none.
    @location(6) @interpolate(flat) heading: vec2<f32>,
}

@vertex
fn symbol_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) from_to: vec4<f32>, @location(1) start: f32, @location(2) color: vec4<f32>,
    @location(3) kind: vec4<u32>, @location(4) glyph_heading: vec2<u32>,
) -> Mark {
    let duration = max(f32(kind.w) * 0.1, 0.001);
    let glide = clamp((view.time - start) / duration, 0.0, 1.0);
    let center = px(mix(from_to.xy, from_to.zw, glide));
    let radius = f32(kind.y) * 0.5 * view.scale;
    // Dots need no room for ring or tick.
    let reach = select(radius * 2.0 + 2.0, radius + 1.5, kind.x == 0u);
    let offset = vec2<f32>(select(-1.0, 1.0, (corner & 1u) == 1u), select(-1.0, 1.0, corner >= 2u)) * reach;
    let degrees = f32(glyph_heading.y);
    let heading = select(vec2<f32>(sin(radians(degrees)), -cos(radians(degrees))), vec2<f32>(0.0), glyph_heading.y > 360u);
    return Mark(clip(floor(center) + 0.5 + offset), offset, vec4<f32>(linear(color.rgb), color.a), radius, kind.x, kind.z, glyph_heading.x, heading);
}

fn polygon(p: vec2<f32>, n: f32, turn: f32) -> f32 {
    // Distance to a regular polygon of circumradius 1.
    let step = 6.2831853 / n;
    let angle = atan2(p.y, p.x) + turn;
    let nearest = floor(angle / step + 0.5) * step;
    return cos(nearest - angle) * length(p) - cos(step * 0.5);
}

// Signed distance in radii; negative inside.
fn shape_distance(shape: u32, p: vec2<f32>) -> f32 {
    switch shape {
        case 1u: { let d = abs(p) - vec2<f32>(0.86); return max(d.x, d.y); }
        case 2u: { return polygon(p - vec2<f32>(0.0, 0.12), 3.0, 0.5235988) * 0.9; }
        case 3u: { return (abs(p.x) + abs(p.y) - 1.05) * 0.7071; }
        case 4u: { return polygon(p, 8.0, 0.3926991); }
        case 6u: { let q = abs(p); return min(max(q.x - 0.62, q.y - 0.1), max(q.x - 0.1, q.y - 0.62)); }
        case 7u: { let q = vec2<f32>(abs(p.x), p.y); return max(max(q.y - 0.6, -q.y - 0.5), q.x * 0.85 + q.y * 0.4 - 0.72); }
        default: { return length(p) - 0.95; }
    }
}

const FILLED: u32 = 1u;
const HALO: u32 = 2u;
const STALE: u32 = 4u;
const WHITE_GLYPH: u32 = 8u;
const DARK_GLYPH: u32 = 16u;
const DOUBLE_RING: u32 = 32u;

fn over(top: vec4<f32>, under: vec4<f32>) -> vec4<f32> {
    let a = top.a + under.a * (1.0 - top.a);
    return vec4<f32>((top.rgb * top.a + under.rgb * under.a * (1.0 - top.a)) / max(a, 1e-4), a);
}

@fragment
fn symbol_fragment(in: Mark) -> @location(0) vec4<f32> {
    let p = in.at / in.radius;
    let d = shape_distance(in.shape, p) * in.radius;
    let dim = select(1.0, 0.45, (in.flags & STALE) != 0u) * in.color.a;
    if in.shape == 0u || in.shape == 6u {
        let alpha = clamp(0.5 - d, 0.0, 1.0) * dim;
        if alpha <= 0.0 { discard; }
        return vec4<f32>(in.color.rgb, alpha);
    }
    let stroke = max(1.6 * view.scale, in.radius * 0.11);
    let inside = clamp(0.5 - d, 0.0, 1.0);
    let edge = clamp(0.5 - (abs(d + stroke * 0.5) - stroke * 0.5), 0.0, 1.0);
    let body = linear(vec3<f32>(0.063, 0.094, 0.122));
    var out = vec4<f32>(0.0);
    if (in.flags & HALO) != 0u {
        let ring = abs(length(in.at) - in.radius * 1.65) - stroke * 0.5;
        let breath = 1.0 - 0.65 * view.pulse * (0.5 - 0.5 * cos(view.time * 5.2359878));
        out = vec4<f32>(in.color.rgb, clamp(0.5 - ring, 0.0, 1.0) * breath);
    }
    if (in.flags & DOUBLE_RING) != 0u {
        let ring = abs(length(in.at) - in.radius * 1.25) - stroke * 0.35;
        out = vec4<f32>(in.color.rgb, clamp(0.5 - ring, 0.0, 1.0) * 0.8);
    }
    if (in.flags & FILLED) != 0u {
        out = over(vec4<f32>(in.color.rgb, inside), out);
    } else {
        out = over(vec4<f32>(body, inside * 0.92), out);
        out = over(vec4<f32>(in.color.rgb, edge * dim), out);
    }
    // The heading tick starts outside the symbol.
    if dot(in.heading, in.heading) > 0.5 {
        let t = dot(in.at, in.heading) / in.radius;
        let side = abs(dot(in.at, vec2<f32>(-in.heading.y, in.heading.x))) - stroke * 0.5;
        let tick = max(side, max(1.15 - t, t - 1.9) * in.radius);
        out = over(vec4<f32>(in.color.rgb, clamp(0.5 - tick, 0.0, 1.0) * dim), out);
    }
    if in.glyph > 0u {
        // A glyph's cell spans 1.24 radii; triangles carry it lower.
        let low = select(0.0, 0.16, in.shape == 2u);
        let small = select(0.62, 0.5, in.shape == 2u || in.shape == 3u);
        let uv = (p - vec2<f32>(0.0, low)) / (small * 2.0) + 0.5;
        if all(uv > vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0)) {
            let cell = vec2<f32>(f32(in.glyph % 16u), f32(in.glyph / 16u));
            let ink = textureSampleLevel(atlas, atlas_sampler, (cell + uv) / 16.0, 0.0).r;
            var color = in.color.rgb;
            if (in.flags & WHITE_GLYPH) != 0u { color = vec3<f32>(1.0); }
            if (in.flags & DARK_GLYPH) != 0u { color = linear(vec3<f32>(0.043, 0.067, 0.09)); }
            out = over(vec4<f32>(color, ink * dim), out);
        }
    }
    if out.a <= 0.003 { discard; }
    return out;
}
