//! Rules for the pictures every wall shows first.

use super::*;

impl City {
    pub(super) fn open_feeds(&self, feeds: &[OpenFeed]) -> Result<Vec<Event>, Refusal> {
        if !self.is_any_war() {
            return Err(forbidden("画面随平转战打开，现在是平时"));
        }
        if feeds.len() > MAX_OPEN_CAMERAS + MAX_OPEN_DRONES {
            return Err(absurd(format!("一次最多点 {} 路画面", MAX_OPEN_CAMERAS + MAX_OPEN_DRONES)));
        }
        let mut seen = BTreeSet::new();
        for it in feeds {
            let is_known = match &it.feed {
                Feed::Camera(id) => self.cameras.contains_key(id),
                Feed::Drone(id) => self.drones.contains_key(id),
                // A call ends; a wall does not wait for one.
                Feed::Call(_) => false,
            };
            if !is_known {
                return Err(unknown("画面", it.feed.id()));
            }
            if !seen.insert(&it.feed) {
                return Err(absurd(format!("画面 {} 点了两次", it.feed.id())));
            }
        }
        let clip = |it: &OpenFeed| OpenFeed { feed: it.feed.clone(), place: clipped(&it.place), why: clipped(&it.why) };
        let feeds: Vec<OpenFeed> = feeds.iter().map(clip).collect();
        changes(self.feeds != feeds)?;
        Ok(vec![Event::FeedsOpened { feeds }])
    }

    /// A wall of pictures: known ones, each once, not too many.
    pub(super) fn check_wall(&self, feeds: &[Feed]) -> Result<(), Refusal> {
        if feeds.len() > MAX_WALL_FEEDS {
            return Err(absurd(format!("一面墙最多放 {MAX_WALL_FEEDS} 路画面")));
        }
        for (i, feed) in feeds.iter().enumerate() {
            let is_known = match feed {
                Feed::Camera(id) => self.cameras.contains_key(id),
                Feed::Drone(id) => self.drones.contains_key(id),
                Feed::Call(_) => false,
            };
            if !is_known {
                return Err(unknown("画面", feed.id()));
            }
            if feeds[..i].contains(feed) {
                return Err(absurd(format!("画面 {} 点了两次", feed.id())));
            }
        }
        Ok(())
    }
}
