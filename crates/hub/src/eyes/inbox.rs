//! What waits for one screen: of each feed the newest picture, of the statuses the newest list. A slow screen sees fewer
//! pictures and waits for none.

use gulang_city::Feed;
use gulang_wire::{Body, FeedStatus, Picture};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

#[derive(Debug, Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    statuses: Option<Vec<FeedStatus>>,
    pictures: BTreeMap<Feed, Shown>,
    /// Whose turn it is, so that one lively feed starves no other.
    turns: VecDeque<Feed>,
}

/// A picture on its way to screens.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Without its JPEG and delay.
    pub picture: Picture,
    pub jpeg: Arc<[u8]>,
    /// When it left the lens or came, ms since 1970 by this machine's clock.
    pub basis_ms: i64,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the one that nobody took yet.
    pub fn show(&self, shown: Shown) {
        let mut waiting = self.lock();
        let feed = shown.picture.feed.clone();
        if waiting.pictures.insert(feed.clone(), shown).is_none() {
            waiting.turns.push_back(feed);
        }
        drop(waiting);
        self.came.notify_one();
    }

    pub fn tell(&self, statuses: Vec<FeedStatus>) {
        self.lock().statuses = Some(statuses);
        self.came.notify_one();
    }

    /// Pictures of feeds that are not wanted any more are not sent any more.
    pub fn keep_only(&self, is_wanted: impl Fn(&Feed) -> bool) {
        let mut waiting = self.lock();
        waiting.pictures.retain(|it, _| is_wanted(it));
        waiting.turns.retain(|it| is_wanted(it));
    }

    fn take(&self, wall_ms: i64) -> Option<Body> {
        let mut waiting = self.lock();
        if let Some(statuses) = waiting.statuses.take() {
            return Some(Body::Feeds(statuses));
        }
        let feed = waiting.turns.pop_front()?;
        let Shown { picture, jpeg, basis_ms } = waiting.pictures.remove(&feed)?;
        drop(waiting);
        let delay_ms = u32::try_from((wall_ms - basis_ms).max(0)).unwrap_or(u32::MAX);
        Some(Body::Picture(Picture { delay_ms, jpeg: jpeg.to_vec(), ..picture }))
    }

    /// Waits for the next; safe to give up at any time.
    pub async fn next(&self) -> Body {
        loop {
            let came = self.came.notified();
            if let Some(body) = self.take(crate::clock::wall_now().0) {
                return body;
            }
            came.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::Timestamp;

    fn shown(feed: &str, n: u64) -> Shown {
        let picture = Picture {
            feed: Feed::Camera(feed.into()),
            n,
            at: Timestamp(0),
            delay_ms: 0,
            simulated: true,
            width: 480,
            height: 270,
            jpeg: Vec::new(),
        };
        Shown { picture, jpeg: vec![0xff].into(), basis_ms: 1000 }
    }

    #[test]
    fn the_newest_of_each_feed_goes_in_turn_and_delay_is_counted_to_the_end() {
        let inbox = Inbox::default();
        inbox.show(shown("a", 1));
        inbox.show(shown("b", 1));
        inbox.show(shown("a", 2));
        inbox.tell(Vec::new());
        assert_eq!(inbox.take(1200), Some(Body::Feeds(Vec::new())));
        let next = || match inbox.take(1200) {
            Some(Body::Picture(it)) => Some((it.feed, it.n, it.delay_ms)),
            _ => None,
        };
        assert_eq!(next(), Some((Feed::Camera("a".into()), 2, 200)));
        assert_eq!(next(), Some((Feed::Camera("b".into()), 1, 200)));
        assert_eq!(next(), None);
    }
}
