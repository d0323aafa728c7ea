//! The one way out: what is said goes first and in order; of pictures only the newest of each stream and size waits.

use crate::lock;
use gulang_video_link::{FromEyes, Picture, line_frame, picture_frame};
use std::{
    collections::{BTreeMap, VecDeque},
    io::Write,
    sync::{Arc, Condvar, Mutex, PoisonError},
};

#[derive(Default)]
pub struct Outlet {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    said: VecDeque<Vec<u8>>,
    pictures: BTreeMap<(u64, u16), Picture>,
}

impl Outlet {
    /// Starts the writing thread. A hub that reads no more ends the process, since nobody is left to look for.
    pub fn to_stdout() -> std::io::Result<Arc<Self>> {
        let outlet = Arc::new(Self::default());
        let own = outlet.clone();
        std::thread::Builder::new().name("outlet".into()).spawn(move || {
            let mut stdout = std::io::stdout().lock();
            loop {
                let frame = own.next();
                if stdout.write_all(&frame).and_then(|()| stdout.flush()).is_err() {
                    std::process::abort();
                }
            }
        })?;
        Ok(outlet)
    }

    pub fn say(&self, said: &FromEyes) {
        lock(&self.waiting).said.push_back(line_frame(said));
        self.came.notify_one();
    }

    /// Replaces the one of this stream and size that nobody took yet.
    pub fn show(&self, picture: Picture) {
        lock(&self.waiting).pictures.insert((picture.id, picture.wanted), picture);
        self.came.notify_one();
    }

    /// Blocks until there is something.
    fn next(&self) -> Vec<u8> {
        let mut waiting = lock(&self.waiting);
        loop {
            if let Some(said) = waiting.said.pop_front() {
                return said;
            }
            if let Some((_, picture)) = waiting.pictures.pop_first() {
                drop(waiting);
                return picture_frame(&picture);
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_video_link::{Deframer, Frame};

    #[test]
    fn what_is_said_overtakes_pictures_and_of_these_the_newest_stays() {
        let outlet = Outlet::default();
        let picture = |n| Picture {
            id: 1,
            wanted: 480,
            width: 480,
            height: 270,
            n,
            captured_ms: None,
            received_ms: 0,
            jpeg: vec![1],
        };
        outlet.show(picture(1));
        outlet.show(picture(2));
        outlet.say(&FromEyes::NotKept { clip: 1, why: "x".into() });
        let mut deframer = Deframer::default();
        deframer.push(&outlet.next());
        deframer.push(&outlet.next());
        assert!(matches!(deframer.next(), Some(Ok(Frame::Line(_)))));
        assert_eq!(deframer.next(), Some(Ok(Frame::Picture(picture(2)))));
        assert!(lock(&outlet.waiting).pictures.is_empty());
    }
}
