#![no_main]
//! JT/T 808: framing whole and cut, parts, both directions; what is written again means the same.

use gulang_fuzz::{choice, pieces};
use gulang_platforms::jt808::{Frame, Framer, FromTerminal, Jt808Error, MAX_PARTS, MAX_FRAME_BYTES, Packs, ToTerminal, seal};
use libfuzzer_sys::fuzz_target;

fn frames(chunks: &[&[u8]]) -> Vec<Result<Frame, Jt808Error>> {
    let (mut framer, mut found) = (Framer::default(), Vec::new());
    chunks.iter().for_each(|it| framer.feed(it, |frame| found.push(frame)));
    found
}

fuzz_target!(|data: &[u8]| {
    let (at, bytes) = choice(data);
    let found = frames(&[bytes]);
    let (a, b) = pieces(at, bytes);
    assert_eq!(found, frames(&[a, b]), "a cut changes nothing");
    let mut packs = Packs::default();
    for frame in found.into_iter().flatten() {
        assert!(frame.body.len() <= MAX_FRAME_BYTES);
        if frame.part.is_none() {
            let mut serial = frame.serial;
            let again = frames(&[&seal(frame.id, frame.edition, &frame.phone, &mut serial, &frame.body)]);
            assert_eq!(again.first().and_then(|it| it.as_ref().ok()), Some(&frame));
        }
        let whole = packs.take(frame);
        assert!(packs.n_bytes() <= 3 * usize::from(MAX_PARTS) * MAX_FRAME_BYTES);
        let Ok(Some(frame)) = whole else { continue };
        if let Ok(said) = FromTerminal::read(&frame)
            && let Some((id, body)) = said.write(frame.edition)
        {
            let again = FromTerminal::read(&Frame { id, body, ..frame.clone() });
            // What cannot be told is left out the first time, and nothing more the second.
            let written = again.as_ref().ok().and_then(|it| it.write(frame.edition));
            assert_eq!(written, said.write(frame.edition), "{said:?} {again:?}");
        }
        if let Ok(Some(said)) = ToTerminal::read(&frame) {
            let (id, body) = said.write(frame.edition);
            assert_eq!(ToTerminal::read(&Frame { id, body, ..frame }), Ok(Some(said)));
        }
    }
});
