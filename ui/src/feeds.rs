//! What this screen asks of the pictures: which it shows, told to the hub when that changes; and a hand on a camera, repeated
//! while it is held.

use gulang_city::Feed;
use gulang_wire::{Motion, Wanted};
use std::collections::BTreeMap;

/// A change of what is shown is told after so long, s: a drag or a tour's step is one change.
const SETTLE_SECS: f64 = 0.3;
/// While a hand is on a camera its motion is told so often, s.
const REPEAT_SECS: f64 = 0.25;
/// Widths are asked for in steps of so many px, so that a window being resized asks seldom.
const WIDTH_STEP: u32 = 80;
const LEAST_WIDTH: u32 = 160;
const MOST_WIDTH: u32 = 1920;

/// What was drawn, as the hub is asked for it: each feed once, at its largest, in the feeds' order. The more there are, the
/// fewer pictures a second of each: nobody follows sixteen at once, and a browser has one thread to decode them.
pub fn wanted(drawn: impl IntoIterator<Item = (Feed, f32)>) -> Vec<Wanted> {
    let mut widths: BTreeMap<Feed, u32> = BTreeMap::new();
    for (feed, width) in drawn {
        let width = (width.clamp(0.0, MOST_WIDTH as f32) as u32).next_multiple_of(WIDTH_STEP);
        let kept = widths.entry(feed).or_default();
        *kept = (*kept).max(width.clamp(LEAST_WIDTH, MOST_WIDTH));
    }
    let fps = match widths.len() {
        0..=1 => 25,
        2..=4 => 15,
        5..=9 => 10,
        _ => 6,
    };
    widths.into_iter().map(|(feed, width)| Wanted { feed, width: width as u16, fps }).collect()
}

/// What the hub was last told this screen shows.
#[derive(Debug, Default)]
pub struct Watching {
    /// Under which opening of the connection, and what.
    told: Option<(u64, Vec<Wanted>)>,
    /// What is shown instead, and since when, s.
    pending: Option<(Vec<Wanted>, f64)>,
}

impl Watching {
    /// What to tell the hub now, if anything. `opened` counts the openings of the connection, `None` while it is lost; `time`
    /// is any steadily rising count of seconds.
    pub fn step(&mut self, opened: Option<u64>, now: Vec<Wanted>, time: f64) -> Option<Vec<Wanted>> {
        let opened = opened?;
        let is_told = match &self.told {
            Some((at, told)) => *at == opened && *told == now,
            // A hub that was told nothing sends nothing.
            None => now.is_empty(),
        };
        if is_told {
            self.pending = None;
            return None;
        }
        let since = match self.pending.take() {
            Some((pending, since)) if pending == now => since,
            _ => time,
        };
        if time - since < SETTLE_SECS {
            self.pending = Some((now, since));
            return None;
        }
        self.told = Some((opened, now.clone()));
        Some(now)
    }

    /// Something waits to be told.
    pub fn is_settling(&self) -> bool {
        self.pending.is_some()
    }
}

/// A hand on a camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hand {
    held: Option<Held>,
}

#[derive(Clone, Debug, PartialEq)]
struct Held {
    feed: Feed,
    motion: Motion,
    told_at: f64,
}

/// What the hub is told of a hand.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Steer(Feed, Motion),
    LetGo(Feed),
}

pub const STILL: Motion = Motion { pan: 0.0, tilt: 0.0, zoom: 0.0 };

impl Hand {
    /// `wish` is the camera in hand and how it is to turn, `None` without a hand. What is held is told four times a second,
    /// a change at once, and its end always: a stop, and that the wheel is let go when the hand leaves.
    pub fn step(&mut self, wish: Option<(Feed, Motion)>, time: f64) -> Vec<Told> {
        let mut told = Vec::new();
        if let Some(held) = &self.held
            && wish.as_ref().is_none_or(|(feed, _)| *feed != held.feed)
        {
            if held.motion != STILL {
                told.push(Told::Steer(held.feed.clone(), STILL));
            }
            told.push(Told::LetGo(held.feed.clone()));
            self.held = None;
        }
        let Some((feed, motion)) = wish else { return told };
        match &mut self.held {
            Some(held) => {
                let is_due = motion != STILL && time - held.told_at >= REPEAT_SECS;
                if motion != held.motion || is_due {
                    (held.motion, held.told_at) = (motion, time);
                    told.push(Told::Steer(feed, motion));
                }
            }
            None => {
                // Taken hold of: the wheel is asked for before anything turns.
                self.held = Some(Held { feed: feed.clone(), motion, told_at: time });
                told.push(Told::Steer(feed, motion));
            }
        }
        told
    }

    /// It turns: frames are wanted to repeat it.
    pub fn is_turning(&self) -> bool {
        self.held.as_ref().is_some_and(|it| it.motion != STILL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(id: &str) -> Feed {
        Feed::Camera(id.into())
    }

    #[test]
    fn each_feed_is_wanted_once_at_its_largest() {
        let set = wanted([(camera("b"), 300.0), (camera("a"), 900.0), (camera("b"), 410.0), (camera("c"), f32::NAN)]);
        let told: Vec<(&str, u16, u8)> = set.iter().map(|it| (it.feed.id(), it.width, it.fps)).collect();
        assert_eq!(told, [("a", 960, 15), ("b", 480, 15), ("c", 160, 15)]);
        let many = wanted((0..16).map(|i| (camera(&format!("c{i:02}")), 4000.0)));
        assert!(many.iter().all(|it| it.fps == 6 && it.width == 1920));
        assert_eq!(wanted([(camera("a"), 10.0)])[0].fps, 25);
    }

    #[test]
    fn a_change_is_told_once_it_settled_and_again_to_a_hub_that_came_back() {
        let mut watching = Watching::default();
        let (one, two) = (wanted([(camera("a"), 400.0)]), wanted([(camera("a"), 400.0), (camera("b"), 400.0)]));
        assert_eq!(watching.step(Some(1), Vec::new(), 0.0), None);
        assert_eq!(watching.step(Some(1), one.clone(), 0.1), None);
        // Another change begins the wait anew.
        assert_eq!(watching.step(Some(1), two.clone(), 0.3), None);
        assert_eq!(watching.step(Some(1), two.clone(), 0.5), None);
        assert!(watching.is_settling());
        assert_eq!(watching.step(Some(1), two.clone(), 0.7), Some(two.clone()));
        assert_eq!(watching.step(Some(1), two.clone(), 9.0), None);
        // Gone and back within the wait is no change.
        assert_eq!(watching.step(Some(1), one.clone(), 9.1), None);
        assert_eq!(watching.step(Some(1), two.clone(), 9.2), None);
        assert!(!watching.is_settling());
        // Hidden: none.
        assert_eq!(watching.step(Some(1), Vec::new(), 10.0), None);
        assert_eq!(watching.step(Some(1), Vec::new(), 10.4), Some(Vec::new()));
        // Lost, then opened anew.
        assert_eq!(watching.step(None, one.clone(), 11.0), None);
        assert_eq!(watching.step(Some(2), one.clone(), 12.0), None);
        assert_eq!(watching.step(Some(2), one.clone(), 12.4), Some(one));
    }

    #[test]
    fn a_held_hand_repeats_stops_when_still_and_lets_go_when_it_leaves() {
        let mut hand = Hand::default();
        let left = Motion { pan: -1.0, ..STILL };
        let steer = |motion| Told::Steer(camera("a"), motion);
        assert_eq!(hand.step(Some((camera("a"), STILL)), 0.0), [steer(STILL)]);
        assert!(hand.step(Some((camera("a"), STILL)), 5.0).is_empty());
        assert_eq!(hand.step(Some((camera("a"), left)), 5.1), [steer(left)]);
        assert!(hand.step(Some((camera("a"), left)), 5.2).is_empty());
        assert!(hand.is_turning());
        assert_eq!(hand.step(Some((camera("a"), left)), 5.4), [steer(left)]);
        assert_eq!(hand.step(Some((camera("a"), STILL)), 5.45), [steer(STILL)]);
        hand.step(Some((camera("a"), left)), 6.0);
        // Another camera: the first is stopped and let go before the second is taken.
        let told = hand.step(Some((camera("b"), STILL)), 6.1);
        assert_eq!(told, [steer(STILL), Told::LetGo(camera("a")), Told::Steer(camera("b"), STILL)]);
        assert_eq!(hand.step(None, 6.2), [Told::LetGo(camera("b"))]);
        assert!(hand.step(None, 6.3).is_empty());
    }
}
