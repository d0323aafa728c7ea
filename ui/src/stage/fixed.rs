//! Places as the GPU keeps them: local metres in whole 64ths, east and north.
//!
//! The camera's centre is subtracted from them as integers in the shader, so nothing jitters, at a street corner of the
//! city or a thousand kilometres from it. 64ths of a metre span 33 000 km either way.

use super::camera::StageCamera;

pub use gulang_tiles::{FIXED_PER_M as PER_M, fixed_from_metres as fixed, metres_from_fixed as local};

/// The camera's centre: its whole 64ths, and what is left of it (below one 64th).
pub fn center(camera: &StageCamera) -> ([i32; 2], [f32; 2]) {
    let scaled = [camera.center.0 * PER_M, camera.center.1 * PER_M];
    (scaled.map(|it| it.floor() as i32), scaled.map(|it| (it - it.floor()) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_its_centimetre_a_thousand_kilometres_off() {
        let at = (1_234_567.891, -987_654.321);
        let (east, north) = local(fixed(at));
        assert!((east - at.0).abs() < 0.01 && (north - at.1).abs() < 0.01);
    }
}
