//! Chance that can be asked again: a number drawn from a name, not from a stream.
//!
//! Everything in the simulated city is a pure function of the seed and the moment, so that a window of time can be made
//! without its history and a restarted sim goes on as if it had never stopped. A stream generator cannot do that; a hash
//! of what is being drawn can. SplitMix64's finaliser mixes; its constants will not change under us.

/// A point in the space of things that can be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x9e37_79b9_7f4a_7c15))
    }

    /// The dice for a numbered part of this one: `seed.of(CASES).of(slot)`.
    pub(crate) fn of(self, part: u64) -> Self {
        Self(mix(self.0.rotate_left(17) ^ part.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub(crate) fn of_text(self, part: &str) -> Self {
        // FNV-1a: short ids, no adversary.
        self.of(part.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// Uniform in `[0, 1)`.
    pub(crate) fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Roughly normal, mean 0, deviation 1, never beyond ±3.5 (four uniforms).
    pub(crate) fn normal(self) -> f64 {
        ((0..4).map(|i| self.of(i).unit()).sum::<f64>() - 2.0) * 3.0_f64.sqrt()
    }

    pub(crate) fn below(self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Skewed between `low` and `high` with most of the weight near `typical`, as human delays are.
    pub(crate) fn spread(self, [low, typical, high]: [f64; 3]) -> f64 {
        let u = self.unit();
        match u < 0.5 {
            true => low + (typical - low) * (2.0 * u).sqrt(),
            false => typical + (high - typical) * (2.0 * u - 1.0).powi(3),
        }
    }

    /// Smooth noise in `[-1, 1]` that turns about once every `period_ms`.
    pub(crate) fn wave(self, at_ms: i64, period_ms: i64) -> f64 {
        let (k, f) = (at_ms.div_euclid(period_ms), at_ms.rem_euclid(period_ms) as f64 / period_ms as f64);
        let [a, b] = [k, k + 1].map(|k| self.of(k as u64).unit() * 2.0 - 1.0);
        a + (b - a) * f * f * (3.0 - 2.0 * f)
    }
}

fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_bounded() {
        let n = 20_000;
        let mean = (0..n).map(|i| Dice::new(7).of(i).unit()).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let deviation = ((0..n).map(|i| Dice::new(7).of(i).normal().powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!((deviation - 1.0).abs() < 0.05, "{deviation}");
        for i in 0..n {
            assert!((1.0..=100.0).contains(&Dice::new(1).of(i).spread([1.0, 5.0, 100.0])));
            assert!((-1.0..=1.0).contains(&Dice::new(1).wave(i as i64 * 977, 60_000)));
        }
    }
}
