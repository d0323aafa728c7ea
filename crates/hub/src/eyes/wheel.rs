//! Whose hand is on a camera: the first to turn it holds it until he lets go or is still for half a minute.

use super::house::Now;
use gulang_city::{SeatId, Timestamp};
use gulang_wire::Motion;

const HELD_FOR_MS: u64 = 30_000;
/// A hand that is not heard of for longer has let the stick go, or its screen is gone.
const STOPPED_AFTER_MS: u64 = 1_500;

pub const STILL: Motion = Motion { pan: 0.0, tilt: 0.0, zoom: 0.0 };

#[derive(Debug, Default)]
pub struct Wheel(Option<Held>);

#[derive(Debug)]
struct Held {
    by: SeatId,
    /// The hub's clock, and the realm's, for the screen.
    until_ms: u64,
    until: Timestamp,
    heard_ms: u64,
    motion: Motion,
}

impl Wheel {
    pub fn holder(&self) -> Option<(SeatId, Timestamp)> {
        self.0.as_ref().map(|it| (it.by.clone(), it.until))
    }

    pub fn is_held_by(&self, seat: &SeatId) -> bool {
        self.0.as_ref().is_some_and(|it| it.by == *seat)
    }

    /// What the camera is to be told, if it is something new; `Err`: who holds it.
    pub fn steer(&mut self, seat: &SeatId, motion: Motion, now: Now) -> Result<Option<Motion>, String> {
        if let Some(held) = self.0.as_ref().filter(|it| it.by != *seat && now.ms < it.until_ms) {
            let secs = (held.until_ms - now.ms).div_ceil(1000);
            return Err(format!("云台由「{}」控制；其放手或 {secs} 秒不动后可用", held.by));
        }
        let axis = |it: f32| if it.is_finite() { it.clamp(-1.0, 1.0) } else { 0.0 };
        let motion = Motion { pan: axis(motion.pan), tilt: axis(motion.tilt), zoom: axis(motion.zoom) };
        let before = self.0.as_ref().map_or(STILL, |it| it.motion);
        self.0 = Some(Held {
            by: seat.clone(),
            until_ms: now.ms + HELD_FOR_MS,
            until: now.at + (HELD_FOR_MS as f64 * f64::from(now.speed)) as i64,
            heard_ms: now.ms,
            motion,
        });
        Ok((motion != before).then_some(motion))
    }

    /// Stops a camera whose hand fell silent; frees it when it was still for long.
    pub fn tick(&mut self, ms: u64) -> Option<Motion> {
        let held = self.0.as_mut()?;
        if held.motion != STILL && held.heard_ms + STOPPED_AFTER_MS <= ms {
            held.motion = STILL;
            return Some(STILL);
        }
        if held.until_ms <= ms {
            return self.free();
        }
        None
    }

    /// Lets go; a camera that moves is to be stopped.
    pub fn free(&mut self) -> Option<Motion> {
        let held = self.0.take()?;
        (held.motion != STILL).then_some(STILL)
    }
}
