//! 巡视: cameras one after the other in one place of the wall, each for its own time, and said to be a tour while it runs.

use super::{Slot, Wall};
use crate::i18n::tr;
use crate::panels::kit::Kit;
use gulang_city::Feed;
use std::time::Duration;

/// Seconds at each, at first and at least and most.
pub(super) const DWELL_SECS: u32 = 15;
const DWELLS_SECS: (u32, u32) = (5, 300);
/// A tour longer than this nobody watches to its end.
pub(super) const MOST_STOPS: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stop {
    pub feed: Feed,
    pub dwell_secs: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tour {
    pub stops: Vec<Stop>,
    running: Option<Running>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Running {
    /// Which place of the wall it is in.
    slot: usize,
    at: usize,
    /// On egui's clock, s.
    since: f64,
}

impl Tour {
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The stop that is shown now.
    pub fn at(&self) -> Option<usize> {
        self.running.map(|it| it.at)
    }

    pub fn add(&mut self, feed: Feed) {
        if self.stops.len() < MOST_STOPS {
            self.stops.push(Stop { feed, dwell_secs: DWELL_SECS });
        }
    }

    /// Takes a stop out; a tour that stood at it stands at the next.
    pub fn remove(&mut self, i: usize) {
        if i >= self.stops.len() {
            return;
        }
        self.stops.remove(i);
        match &mut self.running {
            Some(_) if self.stops.is_empty() => self.running = None,
            Some(running) => {
                let n = self.stops.len();
                running.at = if running.at > i { running.at - 1 } else { running.at % n };
            }
            None => {}
        }
    }

    /// Longer or shorter at a stop, by so many seconds.
    pub fn lengthen(&mut self, i: usize, by_secs: i32) {
        if let Some(stop) = self.stops.get_mut(i) {
            stop.dwell_secs = stop.dwell_secs.saturating_add_signed(by_secs).clamp(DWELLS_SECS.0, DWELLS_SECS.1);
        }
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    /// `巡视 3/12 余 8秒`, in the place it runs in.
    pub fn words(&self, k: &Kit<'_>, slot: usize) -> Option<String> {
        let running = self.running.filter(|it| it.slot == slot)?;
        let stop = self.stops.get(running.at)?;
        let time = k.ui.input(|input| input.time);
        let left = (f64::from(stop.dwell_secs) - (time - running.since)).max(0.0).ceil();
        let words = [(running.at + 1).to_string(), self.stops.len().to_string(), format!("{left:.0}")];
        Some(k.m.lang.fill(tr::TOUR_AT, &words.each_ref().map(String::as_str)))
    }

    /// The stop after this one, from `time` on.
    fn go(&mut self, to: usize, time: f64) {
        if let Some(running) = &mut self.running
            && !self.stops.is_empty()
        {
            (running.at, running.since) = (to % self.stops.len(), time);
        }
    }
}

/// Starts in the chosen place.
pub(super) fn start(wall: &mut Wall, time: f64) {
    if !wall.tour.stops.is_empty() {
        wall.tour.running = Some(Running { slot: wall.chosen, at: 0, since: time });
        show(wall);
    }
}

pub(super) fn next(wall: &mut Wall, time: f64) {
    if let Some(at) = wall.tour.at() {
        wall.tour.go(at + 1, time);
        show(wall);
    }
}

/// Goes on when a stop's time is over; ends where somebody put another picture into its place.
pub(super) fn step(k: &Kit<'_>, wall: &mut Wall) {
    let Some(running) = wall.tour.running else { return };
    let stop = wall.tour.stops.get(running.at);
    let shown = wall.layout.slots.get(running.slot).and_then(|it| it.feed.as_ref());
    let is_its_own = stop.is_some_and(|it| shown == Some(&it.feed));
    if !is_its_own || running.slot >= wall.layout.n {
        wall.tour.stop();
        return;
    }
    let time = k.ui.input(|input| input.time);
    if stop.is_some_and(|it| time - running.since >= f64::from(it.dwell_secs)) {
        next(wall, time);
    }
    k.ui.ctx().request_repaint_after(Duration::from_millis(250));
}

fn show(wall: &mut Wall) {
    let Some(running) = wall.tour.running else { return };
    let Some(feed) = wall.tour.stops.get(running.at).map(|it| it.feed.clone()) else { return };
    if let Some(slot) = wall.layout.slots.get_mut(running.slot) {
        *slot = Slot { feed: Some(feed), note: String::new() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(n: usize) -> Wall {
        let mut wall = Wall::default();
        for i in 0..n {
            wall.tour.add(Feed::Camera(format!("c{i}").into()));
        }
        wall
    }

    #[test]
    fn a_tour_goes_round_in_one_place() {
        let mut wall = wall(2);
        wall.choose(1);
        start(&mut wall, 10.0);
        assert_eq!(wall.layout.slots[1].feed, Some(Feed::Camera("c0".into())));
        next(&mut wall, 20.0);
        next(&mut wall, 30.0);
        assert_eq!((wall.tour.at(), wall.layout.slots[1].feed.clone()), (Some(0), Some(Feed::Camera("c0".into()))));
        assert_eq!(wall.layout.slots[0].feed, None);
    }

    #[test]
    fn an_empty_tour_does_not_start_and_one_emptied_stops() {
        let mut wall = wall(0);
        start(&mut wall, 0.0);
        assert!(!wall.tour.is_running());
        wall.tour.add(Feed::Camera("c".into()));
        start(&mut wall, 0.0);
        wall.tour.remove(7);
        assert!(wall.tour.is_running());
        wall.tour.remove(0);
        assert!(!wall.tour.is_running());
    }

    #[test]
    fn a_stop_taken_out_leaves_the_others_in_their_order() {
        let mut wall = wall(3);
        start(&mut wall, 0.0);
        next(&mut wall, 1.0);
        next(&mut wall, 2.0);
        wall.tour.remove(0);
        assert_eq!(wall.tour.at(), Some(1));
        wall.tour.remove(1);
        assert_eq!(wall.tour.at(), Some(0));
        wall.tour.lengthen(0, -100);
        assert_eq!(wall.tour.stops[0].dwell_secs, DWELLS_SECS.0);
        wall.tour.lengthen(9, 5);
    }
}
