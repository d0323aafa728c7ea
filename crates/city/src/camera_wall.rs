//! 视频墙: the pictures a seat put up, in their places, and the tour that changes one of them.
//!
//! A wall is a record, so that a desk opened elsewhere, a second desk of the seat and the hall's wall show the same; a tour
//! is a start and the dwells, so that every screen counts the same stop from the hub's clock and no record is made of a step.

use crate::{Feed, Timestamp, ids::*};
use serde::{Deserialize, Serialize};

/// How many pictures a wall may have.
pub const WALL_SIZES: [u8; 4] = [1, 4, 9, 16];
/// Seconds at a stop of a tour, at least and most.
pub const DWELLS_SECS: (u32, u32) = (5, 300);
/// A tour longer than this nobody watches to its end.
pub const MAX_TOUR_STOPS: usize = 60;
/// So many changes of a wall can be taken back.
pub const MAX_WALL_UNDO: usize = 16;
/// A hall has fewer seats; more are not remembered.
pub const MAX_CAMERA_WALLS: usize = 256;

/// The pictures of one wall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraWall {
    /// Of [`WALL_SIZES`].
    pub n: u8,
    /// Row by row; places beyond `n` are kept for a larger layout, missing ones are empty.
    pub places: Vec<WallPlace>,
    /// The place shown alone and large, over the others.
    #[serde(default)]
    pub alone: Option<u8>,
    #[serde(default)]
    pub tour: WallTour,
}

/// One place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallPlace {
    pub feed: Option<Feed>,
    /// Why it is here: how far it stands from what is looked at.
    #[serde(default)]
    pub note: Text,
}

/// 巡视: pictures one after the other in one place, each for its own time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallTour {
    pub stops: Vec<TourStop>,
    #[serde(default)]
    pub run: Option<TourRun>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TourStop {
    pub feed: Feed,
    /// Within [`DWELLS_SECS`], seconds of the hall's own day.
    pub dwell_secs: u32,
}

/// A tour under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TourRun {
    /// The place of the wall it is in.
    pub place: u8,
    /// The stop it began with, and when.
    pub stop: u8,
    pub since: Timestamp,
}

/// Where a tour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TourAt<'a> {
    pub place: usize,
    /// Index of the stop shown.
    pub stop: usize,
    pub feed: &'a Feed,
    /// Until the next one, seconds of the hall's own day.
    pub left_secs: u32,
}

/// A seat's wall, and what it was before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatWall {
    pub wall: CameraWall,
    /// What can be taken back to, the last one last; at most [`MAX_WALL_UNDO`].
    #[serde(default)]
    pub before: Vec<CameraWall>,
}

impl Default for CameraWall {
    fn default() -> Self {
        Self { n: 4, places: Vec::new(), alone: None, tour: WallTour::default() }
    }
}

impl CameraWall {
    /// The pictures in their places at an instant, the tour's stop among them; `speed` is how fast the realm's clock runs.
    /// One alone is all there is.
    pub fn shown(&self, now: Timestamp, speed: f32) -> Vec<WallPlace> {
        let mut places: Vec<WallPlace> =
            (0..usize::from(self.n)).map(|i| self.places.get(i).cloned().unwrap_or_default()).collect();
        if let Some(at) = self.tour.at(now, speed)
            && let Some(place) = places.get_mut(at.place)
        {
            *place = WallPlace { feed: Some(at.feed.clone()), note: Text::default() };
        }
        match self.alone.and_then(|it| places.get(usize::from(it)).cloned()) {
            Some(place) => vec![place],
            None => places,
        }
    }
}

impl WallTour {
    /// The stop shown at an instant, of a tour under way.
    pub fn at(&self, now: Timestamp, speed: f32) -> Option<TourAt<'_>> {
        let run = self.run?;
        let n = self.stops.len();
        let round_ms: i64 = self.stops.iter().map(|it| i64::from(it.dwell_secs) * 1000).sum();
        if n == 0 || round_ms == 0 {
            return None;
        }
        let speed = if speed.is_finite() && speed > 0.0 { f64::from(speed) } else { 1.0 };
        let mut left_ms = (now.since_ms(run.since).max(0) as f64 / speed) as i64 % round_ms;
        for i in (0..n).map(|i| (usize::from(run.stop) + i) % n) {
            let Some(stop) = self.stops.get(i) else { break };
            let dwell_ms = i64::from(stop.dwell_secs) * 1000;
            if left_ms < dwell_ms {
                let left_secs = u32::try_from((dwell_ms - left_ms + 999) / 1000).unwrap_or(0);
                return Some(TourAt { place: usize::from(run.place), stop: i, feed: &stop.feed, left_secs });
            }
            left_ms -= dwell_ms;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(id: &str) -> Feed {
        Feed::Camera(id.into())
    }

    fn tour(dwells: &[u32]) -> WallTour {
        let stop = |(i, dwell): (usize, &u32)| TourStop { feed: camera(&format!("c{i}")), dwell_secs: *dwell };
        let run = Some(TourRun { place: 1, stop: 0, since: Timestamp(1_000) });
        WallTour { stops: dwells.iter().enumerate().map(stop).collect(), run }
    }

    #[test]
    fn a_tour_is_counted_from_its_start_alike_by_everybody() {
        let tour = tour(&[5, 10, 15]);
        let at = |secs: i64, speed| tour.at(Timestamp(1_000 + secs * 1000), speed).map(|it| (it.stop, it.left_secs));
        assert_eq!(at(0, 1.0), Some((0, 5)));
        assert_eq!(at(5, 1.0), Some((1, 10)));
        assert_eq!(at(29, 1.0), Some((2, 1)));
        assert_eq!(at(30, 1.0), Some((0, 5)), "round again");
        assert_eq!(at(-60, 1.0), Some((0, 5)), "a clock a little behind shows the first");
        assert_eq!(at(300, 60.0), Some((1, 10)), "a minute of an exercise is a second of the hall");
        assert_eq!(at(5, f32::NAN), Some((1, 10)));
        let later = WallTour { run: Some(TourRun { place: 0, stop: 2, since: Timestamp(0) }), ..tour.clone() };
        assert_eq!(later.at(Timestamp(16_000), 1.0).map(|it| it.stop), Some(0));
        assert_eq!(WallTour { run: None, ..tour }.at(Timestamp(0), 1.0), None);
    }

    #[test]
    fn what_is_shown_has_the_stop_in_its_place_and_one_alone_is_all() {
        let place = |id: &str| WallPlace { feed: Some(camera(id)), note: "318 m".into() };
        let wall = CameraWall { n: 4, places: vec![place("a"), place("b")], alone: None, tour: tour(&[5, 5]) };
        let ids = |wall: &CameraWall| -> Vec<Option<String>> {
            let shown = wall.shown(Timestamp(7_000), 1.0).into_iter();
            shown.map(|it| it.feed.map(|it| it.id().to_owned())).collect()
        };
        assert_eq!(ids(&wall), [Some("a".into()), Some("c1".into()), None, None]);
        assert_eq!(ids(&CameraWall { alone: Some(1), ..wall.clone() }), [Some("c1".to_owned())]);
        assert_eq!(ids(&CameraWall { alone: Some(9), ..wall }).len(), 4, "a place that is not there is not alone");
        assert!(CameraWall::default().shown(Timestamp(0), 1.0).iter().all(|it| it.feed.is_none()));
    }
}
