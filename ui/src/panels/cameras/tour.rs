//! 巡视: cameras one after the other in one place of the wall, each for its own time, and said to be a tour while it runs.
//!
//! Which stop is shown is counted from the hub's clock ([`WallTour::at`]), so that desk and wall change together. A tour that
//! is changed while it runs begins the stop it is at anew.

use super::Wall;
use crate::i18n::tr;
use crate::panels::feed_tile::speed;
use crate::panels::kit::Kit;
use gulang_city::{DWELLS_SECS, Feed, MAX_TOUR_STOPS, Timestamp, TourRun, TourStop, WallTour};

/// Seconds at each, at first.
const DWELL_SECS: u32 = 15;

/// An instant as tours count it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub at: Timestamp,
    /// How fast the realm's clock runs.
    pub speed: f32,
}

impl Now {
    pub fn of(k: &Kit<'_>) -> Self {
        Self { at: k.now(), speed: speed(k.m) }
    }
}

/// The stop that is shown now.
pub(super) fn stop_at(tour: &WallTour, now: Now) -> Option<usize> {
    tour.at(now.at, now.speed).map(|it| it.stop)
}

/// `巡视 3/12 余 8 秒`, and the place it runs in.
pub(super) fn words(k: &Kit<'_>, tour: &WallTour) -> Option<(usize, String)> {
    let at = tour.at(k.now(), speed(k.m))?;
    let words = [(at.stop + 1).to_string(), tour.stops.len().to_string(), at.left_secs.to_string()];
    Some((at.place, k.m.lang.fill(tr::TOUR_AT, &words.each_ref().map(String::as_str))))
}

pub(super) fn add(tour: &mut WallTour, feed: Feed, now: Now) {
    if tour.stops.len() < MAX_TOUR_STOPS {
        let stop = stop_at(tour, now);
        tour.stops.push(TourStop { feed, dwell_secs: DWELL_SECS });
        go(tour, stop, now);
    }
}

/// Takes a stop out; a tour that stood at it stands at the next.
pub(super) fn remove(tour: &mut WallTour, i: usize, now: Now) {
    if i >= tour.stops.len() {
        return;
    }
    let stop = stop_at(tour, now);
    tour.stops.remove(i);
    if tour.stops.is_empty() {
        tour.run = None;
    }
    go(tour, stop.map(|it| if it > i { it - 1 } else { it }), now);
}

/// Longer or shorter at a stop, by so many seconds.
pub(super) fn lengthen(tour: &mut WallTour, i: usize, by_secs: i32, now: Now) {
    let at = stop_at(tour, now);
    if let Some(stop) = tour.stops.get_mut(i) {
        stop.dwell_secs = stop.dwell_secs.saturating_add_signed(by_secs).clamp(DWELLS_SECS.0, DWELLS_SECS.1);
        go(tour, at, now);
    }
}

/// Starts in the chosen place.
pub(super) fn start(wall: &mut Wall, now: Now) {
    if !wall.layout.tour.stops.is_empty() {
        let place = u8::try_from(wall.chosen).unwrap_or(0);
        wall.layout.tour.run = Some(TourRun { place, stop: 0, since: now.at });
    }
}

pub(super) fn next(wall: &mut Wall, now: Now) {
    let stop = stop_at(&wall.layout.tour, now);
    go(&mut wall.layout.tour, stop.map(|it| it + 1), now);
}

/// Stands at this stop from now on, if it runs.
fn go(tour: &mut WallTour, to: Option<usize>, now: Now) {
    let n = tour.stops.len();
    if let (Some(run), Some(to)) = (&mut tour.run, to.and_then(|it| it.checked_rem(n))) {
        (run.stop, run.since) = (u8::try_from(to).unwrap_or(0), now.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(secs: i64) -> Now {
        Now { at: Timestamp(secs * 1000), speed: 1.0 }
    }

    fn wall(n: usize) -> Wall {
        let mut wall = Wall::default();
        for i in 0..n {
            add(&mut wall.layout.tour, Feed::Camera(format!("c{i}").into()), now(0));
        }
        wall
    }

    fn at(wall: &Wall, secs: i64) -> Option<(usize, usize)> {
        wall.layout.tour.at(now(secs).at, 1.0).map(|it| (it.place, it.stop))
    }

    #[test]
    fn a_tour_goes_round_in_one_place() {
        let mut wall = wall(2);
        wall.choose(1);
        start(&mut wall, now(10));
        assert_eq!(at(&wall, 10), Some((1, 0)));
        next(&mut wall, now(12));
        assert_eq!(at(&wall, 13), Some((1, 1)));
        next(&mut wall, now(14));
        assert_eq!((at(&wall, 15), at(&wall, 29)), (Some((1, 0)), Some((1, 1))), "and on by itself");
        assert!(wall.layout.places.iter().all(|it| it.feed.is_none()), "what is in its place stays beneath it");
    }

    #[test]
    fn an_empty_tour_does_not_start_and_one_emptied_stops() {
        let mut wall = wall(0);
        start(&mut wall, now(0));
        assert_eq!(wall.layout.tour.run, None);
        add(&mut wall.layout.tour, Feed::Camera("c".into()), now(0));
        start(&mut wall, now(0));
        remove(&mut wall.layout.tour, 7, now(0));
        assert!(wall.layout.tour.run.is_some());
        remove(&mut wall.layout.tour, 0, now(0));
        assert_eq!(wall.layout.tour.run, None);
    }

    #[test]
    fn a_tour_changed_under_way_stays_where_it_is() {
        let mut wall = wall(3);
        start(&mut wall, now(0));
        next(&mut wall, now(1));
        next(&mut wall, now(2));
        remove(&mut wall.layout.tour, 0, now(3));
        assert_eq!(at(&wall, 3), Some((0, 1)));
        remove(&mut wall.layout.tour, 1, now(4));
        assert_eq!(at(&wall, 4), Some((0, 0)));
        lengthen(&mut wall.layout.tour, 0, -100, now(5));
        assert_eq!(wall.layout.tour.stops[0].dwell_secs, DWELLS_SECS.0);
        lengthen(&mut wall.layout.tour, 9, 5, now(5));
    }
}
