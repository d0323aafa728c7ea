#![no_main]
//! Video-AI events and verdicts, pictures' heads, base64.

use gulang_platforms::video_ai::{
    Codes, MAX_EVENTS, MAX_SIDE, decode, decode_base64, encode_base64, look_at, read_verdicts, write_page, write_verdicts,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(page) = decode(data, &Codes::default()) {
        assert!(page.events.len() <= MAX_EVENTS && page.refused.iter().all(|it| !it.why.is_empty()));
        let text = write_page(&page.events, "c", false, false).to_string();
        let again = decode(text.as_bytes(), &Codes::default());
        assert_eq!(again.map(|it| it.events.len()).ok(), Some(page.events.len()), "{text}");
    }
    if let Ok((verdicts, is_exercise)) = read_verdicts(data) {
        let text = write_verdicts(&verdicts, is_exercise).to_string();
        assert_eq!(read_verdicts(text.as_bytes()), Ok((verdicts, is_exercise)), "{text}");
    }
    if let Ok(size) = look_at(data) {
        assert!(size.width <= MAX_SIDE && size.height <= MAX_SIDE);
    }
    assert_eq!(decode_base64(&encode_base64(data)).as_deref(), Some(data));
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(bytes) = decode_base64(text)
    {
        assert!(bytes.len() <= text.len());
    }
});
