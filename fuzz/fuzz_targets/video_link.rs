#![no_main]
//! The pipe to the video process: frames whole and cut.

use gulang_fuzz::{choice, pieces};
use gulang_video_link::{Deframer, Frame, FrameError};
use libfuzzer_sys::fuzz_target;

fn frames(chunks: &[&[u8]]) -> Vec<Result<Frame, FrameError>> {
    let (mut deframer, mut found) = (Deframer::default(), Vec::new());
    for chunk in chunks {
        deframer.push(chunk);
        while let Some(frame) = deframer.next() {
            let is_over = frame.is_err();
            found.push(frame);
            // After a fault the pipe cannot be trusted any more.
            if is_over {
                return found;
            }
        }
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let (at, bytes) = choice(data);
    let (a, b) = pieces(at, bytes);
    assert_eq!(frames(&[bytes]), frames(&[a, b]), "a cut changes nothing");
});
