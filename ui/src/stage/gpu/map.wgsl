// The map's pipelines: the base map's fills, lines and solids in the theme's paints; areas, lines and marks in colours of
// their own; cells of a density surface; and the city's things, placed, aged and coloured here from a few bytes each.
//
// Places are whole 64ths of a metre east and north of the city's centre; the camera's centre is subtracted as integers.

struct View {
    center: vec2<i32>,
    // What is left of the centre below one 64th.
    rest: vec2<f32>,
    // What a metre east and a metre north are on the screen, physical px right and down.
    east: vec2<f32>,
    north: vec2<f32>,
    size: vec2<f32>,
    // Physical pixels per logical pixel, times how much larger a wall draws.
    scale: f32,
    // Px up for a metre of height.
    rise: f32,
    // Physical px.
    px_per_m: f32,
    // The screen's own seconds, for what breathes.
    time: f32,
    // 0 from afar, 1 near: symbols grow between.
    near: f32,
    // 1 while unacknowledged halos breathe, 0 for reduced motion.
    pulse: f32,
    // The hub's clock, tenths of a second since the stage's epoch, and its fraction.
    now_ds: u32,
    now_rest: f32,
    // Over so many tenths a correction is blended in; so long a mover runs on without a fix.
    blend_ds: f32,
    reckon_ds: f32,
    // Sine and cosine of the tilt, and what scales metres along the look to depth.
    look: vec4<f32>,
}

struct Paint {
    color: vec4<f32>,
    // Least px, metres, px more (for casings), unused.
    width: vec4<f32>,
    // Dash on, off in px; shaded solids use nothing here.
    dash: vec4<f32>,
}

struct Style {
    // Of the body where it is filled; of outline, halo and tick.
    color: vec4<f32>,
    line: vec4<f32>,
    // Px from afar, px near, alpha when stale, unused.
    size: vec4<f32>,
    // Shape, flags, tenths until stale, tenths until lost.
    kind: vec4<u32>,
}

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var atlas: texture_2d<f32>;
@group(0) @binding(2) var atlas_sampler: sampler;
@group(0) @binding(3) var<uniform> paints: array<Paint, 64>;
@group(0) @binding(4) var<uniform> styles: array<Style, 64>;
// An online map's tile.
@group(1) @binding(0) var picture: texture_2d<f32>;

fn linear(srgb: vec3<f32>) -> vec3<f32> {
    return select(pow((srgb + 0.055) / 1.055, vec3<f32>(2.4)), srgb / 12.92, srgb <= vec3<f32>(0.04045));
}

// Metres from the camera's centre.
fn metres(at: vec2<i32>) -> vec2<f32> {
    return (vec2<f32>(at - view.center) - view.rest) / 64.0;
}

// Pixels from the view's upper left.
fn px_of(d: vec2<f32>) -> vec2<f32> {
    return d.x * view.east + d.y * view.north + view.size * 0.5;
}

fn px(at: vec2<i32>) -> vec2<f32> { return px_of(metres(at)); }

fn clip(p: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(p.x / view.size.x * 2.0 - 1.0, 1.0 - p.y / view.size.y * 2.0, 0.0, 1.0);
}

struct Flat {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
}

@vertex
fn fill_vertex(@location(0) at: vec2<i32>, @location(1) paint: u32) -> Flat {
    return Flat(clip(px(at)), paints[paint & 63u].color);
}

struct Picture {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn raster_vertex(@location(0) at: vec2<i32>, @location(1) uv: vec2<f32>) -> Picture {
    return Picture(clip(px(at)), uv);
}

// A bright map is dimmed by the theme, and half greyed, so that what happens stands out from where it happens.
@fragment
fn raster_fragment(in: Picture) -> @location(0) vec4<f32> {
    let seen = textureSample(picture, atlas_sampler, in.uv);
    let tint = paints[61u].color;
    let grey = vec3<f32>(dot(seen.rgb, vec3<f32>(0.2126, 0.7152, 0.0722)));
    return vec4<f32>(mix(seen.rgb, grey, tint.a) * tint.rgb, seen.a);
}

@vertex
fn area_vertex(@location(0) at: vec2<i32>, @location(1) color: vec4<f32>) -> Flat {
    return Flat(clip(px(at)), vec4<f32>(linear(color.rgb), color.a));
}

@vertex
fn solid_vertex(@location(0) at: vec2<i32>, @location(1) height_cm: u32, @location(2) paint_shade: u32) -> Flat {
    let d = metres(at);
    let ground = px_of(d);
    let height = f32(height_cm) * 0.01;
    let away = (view.size.y * 0.5 - ground.y) / max(view.px_per_m * view.look.y, 1e-6);
    var corner = clip(ground - vec2<f32>(0.0, height * view.rise));
    corner.z = clamp(0.5 + (away * view.look.x - height * view.look.y) * view.look.z, 0.0, 1.0);
    let shade = f32((paint_shade >> 8u) & 255u) / 128.0;
    let color = paints[paint_shade & 63u].color;
    return Flat(corner, vec4<f32>(color.rgb * shade, color.a));
}

// One square of a density surface.
@vertex
fn cell_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) at: vec2<i32>, @location(1) side: u32, @location(2) color: vec4<f32>,
) -> Flat {
    let step = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * f32(side) / 64.0;
    return Flat(clip(px_of(metres(at) + step)), vec4<f32>(linear(color.rgb), color.a));
}

@fragment
fn flat_fragment(in: Flat) -> @location(0) vec4<f32> { return in.color; }

struct Strip {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    // Along the line and across it, px; the half width; dash on and off.
    @location(1) along: f32,
    @location(2) across: f32,
    @location(3) half_width: f32,
    @location(4) dash: vec2<f32>,
}

fn strip(corner: u32, a: vec2<i32>, b: vec2<i32>, color: vec4<f32>, width: f32, start_m: f32, dash: vec2<f32>) -> Strip {
    let pa = px(a);
    let pb = px(b);
    let length_px = max(length(pb - pa), 1e-6);
    let dir = (pb - pa) / length_px;
    let normal = vec2<f32>(-dir.y, dir.x);
    let half_width = max(width, 0.6) * 0.5;
    let side = select(-1.0, 1.0, (corner & 1u) == 1u) * (half_width + 0.75);
    let is_end = corner >= 2u;
    // Solid lines overlap at their joints; dashes must not grow.
    let overlap = select(0.0, half_width * 0.6, dash.y == 0.0);
    let along = select(-overlap, length_px + overlap, is_end);
    let at = pa + dir * along + normal * side;
    // A hairline thinner than a pixel is drawn a pixel wide and fainter.
    let faint = vec4<f32>(color.rgb, color.a * clamp(width / 0.6, 0.0, 1.0));
    return Strip(clip(at), faint, start_m * view.px_per_m + along, side, half_width, dash * view.scale);
}

@vertex
fn line_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) a: vec2<i32>, @location(1) b: vec2<i32>, @location(2) paint: u32, @location(3) start_m: f32,
) -> Strip {
    let it = paints[paint & 63u];
    let width = max(it.width.x * view.scale, it.width.y * view.px_per_m) + it.width.z * view.scale;
    return strip(corner, a, b, it.color, width, start_m, it.dash.xy);
}

@vertex
fn pen_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) a: vec2<i32>, @location(1) b: vec2<i32>, @location(2) color: vec4<f32>,
    @location(3) width_start: vec2<f32>, @location(4) dash: vec2<f32>,
) -> Strip {
    let mixed = vec4<f32>(linear(color.rgb), color.a);
    return strip(corner, a, b, mixed, width_start.x * view.scale, width_start.y, dash);
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
    // Shape, flags, glyph.
    @location(3) @interpolate(flat) kind: vec3<u32>,
    // The way it heads, y down; zero for none.
    @location(4) @interpolate(flat) heading: vec2<f32>,
    @location(5) @interpolate(flat) line: vec3<f32>,
}

const FILLED: u32 = 1u;
const HALO: u32 = 2u;
const STALE: u32 = 4u;
const WHITE_GLYPH: u32 = 8u;
const DARK_GLYPH: u32 = 16u;
const DOUBLE_RING: u32 = 32u;
const LOST: u32 = 64u;
const NO_HEADING: u32 = 255u;
// Of `fix`: a thing that does not age, and one never heard.
const AGELESS: u32 = 0xffffffffu;
const NEVER: u32 = 0u;

fn quad(
    corner: u32, center: vec2<f32>, color: vec4<f32>, line: vec3<f32>, size: f32, kind: vec3<u32>, heading: vec2<f32>,
) -> Mark {
    let radius = size * 0.5 * view.scale;
    // Dots need no room for ring or tick.
    let reach = select(radius * 2.0 + 2.0, radius + 1.5, kind.x == 0u);
    let offset = vec2<f32>(select(-1.0, 1.0, (corner & 1u) == 1u), select(-1.0, 1.0, corner >= 2u)) * reach;
    return Mark(clip(floor(center) + 0.5 + offset), offset, color, radius, kind, heading, line);
}

// An overlay's own symbol.
@vertex
fn look_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) at: vec2<i32>, @location(1) color: vec4<f32>, @location(2) kind: vec4<u32>,
) -> Mark {
    let mixed = vec4<f32>(linear(color.rgb), color.a);
    return quad(corner, px(at), mixed, mixed.rgb, f32(kind.y), vec3<u32>(kind.x, kind.z, kind.w), vec2<f32>(0.0));
}

// One of the city's things: where it is now, how old that is, and how it looks because of it.
@vertex
fn mark_vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) at: vec2<i32>, @location(1) pace_slip: vec4<i32>, @location(2) times: vec2<u32>,
    // Style, flags, heading in steps of 1.5 degrees, glyph.
    @location(3) look: vec4<u32>,
) -> Mark {
    let style = styles[look.x & 63u];
    let does_age = times.x != AGELESS && times.x != NEVER;
    let age_ds = select(0.0, max(f32(i32(view.now_ds - times.x)) + view.now_rest, 0.0), does_age);
    // Runs on at its last pace until the next fix is overdue; then it stands.
    let run = vec2<f32>(pace_slip.xy) / 64.0 * min(age_ds, view.reckon_ds) * 0.1;
    // What the last fix corrected is blended in, not jumped.
    let shown_ds = max(f32(i32(view.now_ds - times.y)) + view.now_rest, 0.0);
    let left = 1.0 - smoothstep(0.0, 1.0, clamp(shown_ds / max(view.blend_ds, 1e-3), 0.0, 1.0));
    let slip = vec2<f32>(pace_slip.zw) / 4.0 * select(0.0, left, does_age);
    let center = px_of(metres(at) + run + slip);
    var flags = style.kind.y | look.y;
    if does_age && age_ds > f32(style.kind.z) { flags |= STALE; }
    if times.x == NEVER || (does_age && age_ds > f32(style.kind.w)) { flags |= STALE | LOST; }
    let size = mix(style.size.x, style.size.y, view.near);
    // Too small for its character: a plain mark of its shape.
    let glyph = select(0u, look.w, size >= 11.0);
    let bearing = radians(f32(look.z) * 1.5);
    let ahead = sin(bearing) * view.east + cos(bearing) * view.north;
    let turned = ahead / max(length(ahead), 1e-9);
    let heading = select(turned, vec2<f32>(0.0), look.z == NO_HEADING || size < 11.0);
    return quad(corner, center, style.color, style.line.rgb, size, vec3<u32>(style.kind.x, flags, glyph), heading);
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
        // A bold × on a closed crossing.
        case 8u: {
            let q = abs(vec2<f32>(p.x + p.y, p.x - p.y) * 0.7071);
            return min(max(q.x - 0.9, q.y - 0.16), max(q.x - 0.16, q.y - 0.9));
        }
        default: { return length(p) - 0.95; }
    }
}

fn over(top: vec4<f32>, under: vec4<f32>) -> vec4<f32> {
    let a = top.a + under.a * (1.0 - top.a);
    return vec4<f32>((top.rgb * top.a + under.rgb * under.a * (1.0 - top.a)) / max(a, 1e-4), a);
}

@fragment
fn mark_fragment(in: Mark) -> @location(0) vec4<f32> {
    let shape = in.kind.x;
    let flags = in.kind.y;
    let p = in.at / in.radius;
    let d = shape_distance(shape, p) * in.radius;
    let is_stale = (flags & STALE) != 0u;
    // The grey of the theme's paint 63: what is past its budget loses its colour before it loses its strength.
    let ink = select(in.line, paints[63].color.rgb, is_stale);
    let dim = select(1.0, 0.55, is_stale) * in.color.a;
    if shape == 0u || shape == 6u || shape == 8u {
        var alpha = clamp(0.5 - d, 0.0, 1.0) * dim;
        // Lost: hollow.
        if (flags & LOST) != 0u && in.radius > 2.5 { alpha *= clamp(d + in.radius * 0.4 + 0.5, 0.0, 1.0); }
        if alpha <= 0.0 { discard; }
        return vec4<f32>(ink, alpha);
    }
    let stroke = max(1.6 * view.scale, in.radius * 0.11);
    let inside = clamp(0.5 - d, 0.0, 1.0);
    let edge = clamp(0.5 - (abs(d + stroke * 0.5) - stroke * 0.5), 0.0, 1.0);
    let body = paints[62].color.rgb;
    var out = vec4<f32>(0.0);
    if (flags & HALO) != 0u {
        let ring = abs(length(in.at) - in.radius * 1.65) - stroke * 0.5;
        // All together: one clock, no phase of its own.
        let breath = 1.0 - 0.65 * view.pulse * (0.5 - 0.5 * cos(view.time * 5.2359878));
        out = vec4<f32>(in.line, clamp(0.5 - ring, 0.0, 1.0) * breath);
    }
    if (flags & DOUBLE_RING) != 0u {
        let ring = abs(length(in.at) - in.radius * 1.25) - stroke * 0.35;
        out = vec4<f32>(in.line, clamp(0.5 - ring, 0.0, 1.0) * 0.8);
    }
    if (flags & FILLED) != 0u && !is_stale {
        out = over(vec4<f32>(in.color.rgb, inside), out);
    } else {
        let opaque = select(0.92, 0.0, (flags & LOST) != 0u);
        out = over(vec4<f32>(body, inside * opaque), out);
        out = over(vec4<f32>(ink, edge * dim), out);
    }
    // The heading tick starts outside the symbol.
    if dot(in.heading, in.heading) > 0.5 {
        let t = dot(in.at, in.heading) / in.radius;
        let side = abs(dot(in.at, vec2<f32>(-in.heading.y, in.heading.x))) - stroke * 0.5;
        let tick = max(side, max(1.15 - t, t - 1.9) * in.radius);
        out = over(vec4<f32>(ink, clamp(0.5 - tick, 0.0, 1.0) * dim), out);
    }
    if in.kind.z > 0u {
        // A glyph's cell spans 1.24 radii; triangles carry it lower.
        let low = select(0.0, 0.16, shape == 2u);
        let small = select(0.62, 0.5, shape == 2u || shape == 3u);
        let uv = (p - vec2<f32>(0.0, low)) / (small * 2.0) + 0.5;
        if all(uv > vec2<f32>(0.0)) && all(uv < vec2<f32>(1.0)) {
            let cell = vec2<f32>(f32(in.kind.z % 16u), f32(in.kind.z / 16u));
            let strength = textureSampleLevel(atlas, atlas_sampler, (cell + uv) / 16.0, 0.0).r;
            var color = ink;
            if !is_stale && (flags & WHITE_GLYPH) != 0u { color = vec3<f32>(1.0); }
            if !is_stale && (flags & DARK_GLYPH) != 0u { color = linear(vec3<f32>(0.043, 0.067, 0.09)); }
            out = over(vec4<f32>(color, strength * dim), out);
        }
    }
    if out.a <= 0.003 { discard; }
    return out;
}
