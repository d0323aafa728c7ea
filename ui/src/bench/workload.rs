//! The peers' workload, made here bit for bit: numpy's PCG64 behind its `SeedSequence`, then the same city-like cloud.
//!
//! The sha256 of the bytes is tested against the figures the peer harness prints, so that every renderer draws the same
//! points.

use std::f64::consts::PI;

const LON: (f64, f64) = (117.87, 118.47);
const LAT: (f64, f64) = (24.38, 24.92);
pub const CENTER: (f64, f64) = ((LON.0 + LON.1) / 2.0, (LAT.0 + LAT.1) / 2.0);
pub const PALETTE: [[u8; 3]; 16] = [
    [230, 25, 75],
    [60, 180, 75],
    [255, 225, 25],
    [0, 130, 200],
    [245, 130, 48],
    [145, 30, 180],
    [70, 240, 240],
    [240, 50, 230],
    [210, 245, 60],
    [250, 190, 212],
    [0, 160, 160],
    [220, 190, 255],
    [170, 110, 40],
    [255, 250, 200],
    [170, 255, 195],
    [255, 215, 180],
];

/// `lon, lat` in degrees and a class 0–15 for each point.
pub struct Workload {
    pub lon_lat: Vec<[f32; 2]>,
    pub class: Vec<u8>,
}

impl Workload {
    /// `gen.py`'s `points(n)`. Draws happen in its order; each array is drawn whole before the next.
    pub fn generate(n: usize) -> Self {
        let mut rng = Pcg64::seeded(20_240_607);
        let m_lat = 1.0 / 110_800.0;
        let m_lon = 1.0 / (111_320.0 * CENTER.1.to_radians().cos());
        let (span_x, span_y) = ((LON.1 - LON.0) / m_lon, (LAT.1 - LAT.0) / m_lat);

        let dx = rng.map(48, |u| u * span_x);
        let dy = rng.map(48, |u| u * span_y);
        let dsize = rng.map(48, |u| 1000.0 + u * 3500.0);
        let dang = rng.map(48, |u| u * PI / 2.0);
        let dblock = rng.map(48, |u| 120.0 + u * 180.0);
        let hx = rng.map(400, |u| u * span_x);
        let hy = rng.map(400, |u| u * span_y);
        let hsize = rng.map(400, |u| 60.0 + u * 500.0);

        let kind = rng.map(n, |u| u);
        let d = rng.map(n, |u| ((u.powf(1.5) * 48.0) as usize).min(47));
        let mut a = rng.normal(n);
        let mut b = rng.normal(n);
        let jitter = rng.normal(n);
        for i in 0..n {
            a[i] *= dsize[d[i]];
            b[i] = (b[i] * dsize[d[i]] / dblock[d[i]]).round_ties_even() * dblock[d[i]] + jitter[i] * 4.0;
        }
        drop(jitter);
        let swap = rng.map(n, |u| u < 0.5);
        let (mut x, mut y) = (vec![0.0; n], vec![0.0; n]);
        for i in 0..n {
            let (along, across) = if swap[i] { (b[i], a[i]) } else { (a[i], b[i]) };
            let (sin, cos) = (dang[d[i]].sin(), dang[d[i]].cos());
            x[i] = dx[d[i]] + along * cos - across * sin;
            y[i] = dy[d[i]] + along * sin + across * cos;
        }
        drop((a, b, swap));
        let h = rng.map(n, |u| ((u * u * 400.0) as usize).min(399));
        let is_hot = |i: usize| kind[i] >= 0.6 && kind[i] < 0.9;
        for (coordinate, hot_center) in [(&mut x, &hx), (&mut y, &hy)] {
            let spread = rng.normal(n);
            for i in (0..n).filter(|&i| is_hot(i)) {
                coordinate[i] = hot_center[h[i]] + spread[i] * hsize[h[i]];
            }
        }
        for (coordinate, span) in [(&mut x, span_x), (&mut y, span_y)] {
            let uniform = rng.map(n, |u| u * span);
            for i in 0..n {
                if kind[i] >= 0.9 {
                    coordinate[i] = uniform[i];
                }
                // Fold what fell outside back in.
                coordinate[i] = span - (coordinate[i].rem_euclid(2.0 * span) - span).abs();
            }
        }
        let lon_lat = (0..n).map(|i| [(LON.0 + x[i] * m_lon) as f32, (LAT.0 + y[i] * m_lat) as f32]).collect();
        let mut at = 0;
        let class = rng.map(n, |u| {
            at += 1;
            ((d[at - 1] + (u * 4.0) as usize) % 16) as u8
        });
        Self { lon_lat, class }
    }

    /// Moves slice `frame % 20` by about 10 m, out on even turns and back on odd ones; returns the slice.
    pub fn advance(&mut self, frame: usize) -> std::ops::Range<usize> {
        let (k, n) = (frame % 20, self.lon_lat.len());
        let range = k * n / 20..(k + 1) * n / 20;
        let sign = if (frame / 20) % 2 == 1 { -1.0 } else { 1.0 };
        let steps: Vec<[f64; 2]> = (0..256)
            .map(|a| {
                let angle = f64::from(a) * PI / 128.0;
                [f64::from((9.88e-5 * angle.cos()) as f32), f64::from((9.03e-5 * angle.sin()) as f32)]
            })
            .collect();
        for i in range.clone() {
            let step = steps[i & 255];
            let [lon, lat] = &mut self.lon_lat[i];
            *lon = (f64::from(*lon) + sign * step[0]) as f32;
            *lat = (f64::from(*lat) + sign * step[1]) as f32;
        }
        range
    }

    /// `gen.py`'s file: interleaved positions, then classes, little endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.lon_lat.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        bytes.extend_from_slice(&self.class);
        bytes
    }
}

/// Web-Mercator northing in turns of the world (`0.5` from the equator to the square's edge).
pub fn mercator_turns(lat: f64) -> f64 {
    (PI / 4.0 + lat.to_radians() / 2.0).tan().ln() / (2.0 * PI)
}

/// Pixels per turn of the world: the area fills 90 % of the height.
pub fn world_px(height: u32) -> f64 {
    0.9 * f64::from(height) / (mercator_turns(LAT.1) - mercator_turns(LAT.0))
}

/// Where frame `frame` looks, degrees.
pub fn view_center(frame: usize) -> (f64, f64) {
    let f = frame as f64;
    (CENTER.0 + 0.05 * (f * 0.05).sin(), CENTER.1 + 0.02 * (f * 0.03).sin())
}

/// numpy's `PCG64` (XSL-RR 128/64), seeded as `np.random.PCG64(seed)` does it.
struct Pcg64 {
    state: u128,
    increment: u128,
}

impl Pcg64 {
    fn seeded(seed: u32) -> Self {
        let words = seed_sequence(seed);
        let wide = |i: usize| (u128::from(words[i]) << 64) | u128::from(words[i + 1]);
        let mut rng = Self { state: 0, increment: (wide(2) << 1) | 1 };
        rng.step();
        rng.state = rng.state.wrapping_add(wide(0));
        rng.step();
        rng
    }

    fn step(&mut self) {
        const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// Uniform in [0, 1), 53 bits.
    fn uniform(&mut self) -> f64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        (folded.rotate_right((self.state >> 122) as u32) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn map<T>(&mut self, n: usize, mut f: impl FnMut(f64) -> T) -> Vec<T> {
        (0..n).map(|_| f(self.uniform())).collect()
    }

    /// `gen.py`'s Box–Muller: all the radii first, then all the angles.
    fn normal(&mut self, n: usize) -> Vec<f64> {
        let mut values = self.map(n, |u| (-2.0 * (-u).ln_1p()).sqrt());
        for value in &mut values {
            *value *= (2.0 * PI * self.uniform()).cos();
        }
        values
    }
}

/// `np.random.SeedSequence(seed).generate_state(4, uint64)`.
fn seed_sequence(seed: u32) -> [u64; 4] {
    fn hashed(value: u32, constant: &mut u32, multiplier: u32) -> u32 {
        let value = value ^ *constant;
        *constant = constant.wrapping_mul(multiplier);
        let value = value.wrapping_mul(*constant);
        value ^ (value >> 16)
    }
    let mut constant = 0x43b0_d7e5;
    let mut pool = [seed, 0, 0, 0].map(|entropy| hashed(entropy, &mut constant, 0x931e_8875));
    for from in 0..4 {
        for to in (0..4).filter(|&to| to != from) {
            let mixed = hashed(pool[from], &mut constant, 0x931e_8875);
            let value = 0xca01_f9dd_u32.wrapping_mul(pool[to]).wrapping_sub(0x4973_f715_u32.wrapping_mul(mixed));
            pool[to] = value ^ (value >> 16);
        }
    }
    let mut constant = 0x8b51_f9dd;
    let mut words = [0u32; 8];
    for (i, word) in words.iter_mut().enumerate() {
        *word = hashed(pool[i % 4], &mut constant, 0x58f3_8ded);
    }
    std::array::from_fn(|i| u64::from(words[2 * i]) | (u64::from(words[2 * i + 1]) << 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a 64 of the bytes whose sha256 begins 32a1365f… (100 000 points) and b8661a2a… (1 000 000), taken once
    /// with both sums over the same file.
    #[test]
    fn the_cloud_is_the_peers_cloud() {
        for (n, sum) in [(100_000, FNV_100K), (1_000_000, FNV_1M)] {
            let fnv = Workload::generate(n)
                .to_bytes()
                .iter()
                .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
            assert_eq!(fnv, sum, "n = {n}");
        }
    }

    const FNV_100K: u64 = 0x9356_cab4_60f8_cce7;
    const FNV_1M: u64 = 0xb3b7_5501_b969_7b79;
}
