//! Base64 (RFC 4648 §4), as pictures come in JSON.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes; none if it is not base64. A `data:…;base64,` before it and white space in it are passed over, padding may lack.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(',')?.1,
        None => text,
    };
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut n_bits, mut is_over) = (0_u32, 0_u32, false);
    for it in text.bytes().filter(|it| !it.is_ascii_whitespace()) {
        if it == b'=' {
            is_over = true;
            continue;
        }
        let value = match it {
            b'A'..=b'Z' => it - b'A',
            b'a'..=b'z' => it - b'a' + 26,
            b'0'..=b'9' => it - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if is_over {
            return None;
        }
        held = (held << 6 | u32::from(value)) & 0xFF_FFFF;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((held >> n_bits) as u8);
        }
    }
    // One character alone is no byte.
    (n_bits < 6).then_some(bytes)
}

pub fn encode_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let held = three.iter().fold(0_u32, |held, it| held << 8 | u32::from(*it)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let value = (held >> (18 - 6 * i)) & 63;
            text.push(if i <= three.len() { char::from(ALPHABET[value as usize]) } else { '=' });
        }
    }
    text
}
