//! Places as the GPU keeps them: local metres in whole 64ths, east and north.
//!
//! The camera's centre is subtracted from them as integers in the shader, so nothing jitters, at a street corner of the
//! city or a thousand kilometres from it. 64ths of a metre span 33 000 km either way.

use super::camera::StageCamera;

pub const PER_M: f64 = 64.0;

/// Local metres to the GPU's whole 64ths; what is not a number lies at the city's centre, what is too far at the edge.
pub fn fixed((east, north): (f64, f64)) -> [i32; 2] {
    [east, north].map(|m| (m * PER_M).round() as i32)
}

/// Back to local metres.
pub fn local(at: [i32; 2]) -> (f64, f64) {
    (f64::from(at[0]) / PER_M, f64::from(at[1]) / PER_M)
}

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

    #[test]
    fn nonsense_has_a_place_too() {
        assert_eq!(fixed((f64::NAN, f64::INFINITY)), [0, i32::MAX]);
    }
}
