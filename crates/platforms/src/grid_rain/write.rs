//! A rain field as one GRIB2 message: template 3.0, product 4.0 (precipitation rate), simple packing in 24 bits.

use gulang_city::{RainField, Timestamp};

/// Steps of a millionth of kg m⁻² s⁻¹, which is 0.0036 mm/h.
const DECIMAL_SCALE: i16 = 6;
const BITS: u8 = 24;

/// Scanned as most services do: eastwards, from the north.
pub fn write_grib2(field: &RainField) -> Vec<u8> {
    let (nx, ny) = field.n;
    let mut body = Vec::new();
    section(&mut body, 1, |it| {
        // Centre 255 is missing: nobody's. Master tables of 2011, no local ones, reference time is the analysis's.
        it.extend([0xFF, 0xFF, 0, 0, 8, 0, 0]);
        time(it, field.issued_at);
        // Operational, or a test product where it is simulated; forecast products.
        it.extend([u8::from(field.simulated), 1]);
    });
    section(&mut body, 3, |it| {
        let [west, south, east, north] = field.bounds();
        it.push(0);
        it.extend((nx * ny).to_be_bytes());
        it.extend([0, 0, 0, 0]);
        // A sphere of 6 371 229 m, its other measures missing.
        it.push(6);
        it.extend([0xFF; 15]);
        it.extend(nx.to_be_bytes());
        it.extend(ny.to_be_bytes());
        it.extend([0; 4]);
        it.extend([0xFF; 4]);
        microdegrees(it, north);
        microdegrees(it, west.rem_euclid(360.0));
        it.push(0x30);
        microdegrees(it, south);
        microdegrees(it, east.rem_euclid(360.0));
        microdegrees(it, field.step.0);
        microdegrees(it, field.step.1);
        it.push(0);
    });
    section(&mut body, 4, |it| {
        let lead_s = field.valid_at.since_ms(field.issued_at) / 1000;
        it.extend([0, 0, 0, 0]);
        // Moisture, precipitation rate; a forecast of an unnamed process; no cut-off.
        it.extend([1, 7, 2, 0xFF, 0xFF, 0, 0, 0]);
        it.push(13);
        signed(it, lead_s);
        // At the ground; no second surface.
        it.extend([1, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0]);
    });
    // From the north: our rows turned over.
    let rows: Vec<f32> = field.values.chunks(nx.max(1) as usize).rev().flatten().copied().collect();
    let known: Vec<u32> = rows.iter().filter(|it| **it >= 0.0).map(|it| packed(*it)).collect();
    section(&mut body, 5, |it| {
        it.extend((known.len() as u32).to_be_bytes());
        it.extend([0, 0]);
        it.extend(0f32.to_be_bytes());
        it.extend([0, 0]);
        it.extend(DECIMAL_SCALE.to_be_bytes());
        it.extend([BITS, 0]);
    });
    section(&mut body, 6, |it| {
        if known.len() == rows.len() {
            it.push(255);
            return;
        }
        it.push(0);
        for eight in rows.chunks(8) {
            let bits = eight.iter().enumerate().map(|(i, value)| u8::from(*value >= 0.0) << (7 - i));
            it.push(bits.fold(0, |all, bit| all | bit));
        }
    });
    section(&mut body, 7, |it| it.extend(known.iter().flat_map(|value| value.to_be_bytes().into_iter().skip(1))));
    let length = 16 + body.len() as u64 + 4;
    let mut message = b"GRIB\0\0\0\x02".to_vec();
    message.extend(length.to_be_bytes());
    message.extend(body);
    message.extend(b"7777");
    message
}

fn packed(mm_per_h: f32) -> u32 {
    let steps = f64::from(mm_per_h) / 3600.0 * 10f64.powi(i32::from(DECIMAL_SCALE));
    (steps.round() as u32).min((1 << BITS) - 1)
}

fn section(body: &mut Vec<u8>, number: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    fill(&mut inner);
    body.extend((inner.len() as u32 + 5).to_be_bytes());
    body.push(number);
    body.extend(inner);
}

fn microdegrees(out: &mut Vec<u8>, degrees: f64) {
    signed(out, (degrees * 1e6).round() as i64);
}

/// The first bit is the sign, the others the size.
fn signed(out: &mut Vec<u8>, value: i64) {
    let size = u32::try_from(value.unsigned_abs()).unwrap_or(u32::MAX) & 0x7FFF_FFFF;
    out.extend(if value < 0 { size | 0x8000_0000 } else { size }.to_be_bytes());
}

/// UTC.
fn time(out: &mut Vec<u8>, at: Timestamp) {
    let utc = Timestamp(at.0 - gulang_city::BEIJING_OFFSET_MS).beijing();
    out.extend(u16::try_from(utc.year()).unwrap_or_default().to_be_bytes());
    let parts = [utc.month(), utc.day(), utc.hour(), utc.minute(), utc.second()];
    out.extend(parts.map(|it| u8::try_from(it).unwrap_or_default()));
}
