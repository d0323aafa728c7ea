//! Rules for the walls of pictures seats put up.

use super::*;

impl City {
    pub(super) fn put_camera_wall(
        &self,
        source: &Source,
        wall: &CameraWall,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let seat = seat_of(source);
        if !WALL_SIZES.contains(&wall.n) {
            return Err(absurd("视频墙只有 1、4、9、16 路"));
        }
        if wall.places.len() > MAX_WALL_FEEDS {
            return Err(absurd(format!("一面墙最多放 {MAX_WALL_FEEDS} 路画面")));
        }
        if !self.camera_walls.contains_key(&seat) && self.camera_walls.len() >= MAX_CAMERA_WALLS {
            return Err(absurd(format!("最多记 {MAX_CAMERA_WALLS} 个席位的视频墙")));
        }
        let is_in = |place: u8| place < wall.n;
        if !wall.alone.is_none_or(is_in) || !wall.tour.run.is_none_or(|it| is_in(it.place)) {
            return Err(absurd("视频墙上没有这个位置"));
        }
        if wall.tour.stops.len() > MAX_TOUR_STOPS {
            return Err(absurd(format!("一次巡视最多 {MAX_TOUR_STOPS} 路")));
        }
        if wall.tour.stops.iter().any(|it| !(DWELLS_SECS.0..=DWELLS_SECS.1).contains(&it.dwell_secs)) {
            return Err(absurd(format!("巡视每路停 {}–{} 秒", DWELLS_SECS.0, DWELLS_SECS.1)));
        }
        if wall.tour.run.is_some_and(|it| usize::from(it.stop) >= wall.tour.stops.len()) {
            return Err(absurd("巡视里没有这一路"));
        }
        let put = wall.places.iter().filter_map(|it| it.feed.as_ref());
        for feed in put.chain(wall.tour.stops.iter().map(|it| &it.feed)) {
            if !self.knows_feed(feed) {
                return Err(unknown("画面", feed.id()));
            }
        }
        let mut wall = wall.clone();
        wall.places.iter_mut().for_each(|it| it.note = clipped(&it.note));
        // A screen's idea of now may run ahead of the hub's; a tour never begins later than its record.
        if let Some(run) = &mut wall.tour.run {
            run.since = run.since.min(now);
        }
        changes(self.camera_walls.get(&seat).is_none_or(|it| it.wall != wall))?;
        Ok(vec![Event::CameraWallPut { seat, wall }])
    }

    pub(super) fn undo_camera_wall(&self, source: &Source) -> Result<Vec<Event>, Refusal> {
        let seat = seat_of(source);
        changes(self.camera_walls.get(&seat).is_some_and(|it| !it.before.is_empty()))?;
        Ok(vec![Event::CameraWallUndone { seat }])
    }

    fn knows_feed(&self, feed: &Feed) -> bool {
        match feed {
            Feed::Camera(id) => self.cameras.contains_key(id),
            Feed::Drone(id) => self.drones.contains_key(id),
            Feed::Call(_) => self.call_of(feed).is_some(),
        }
    }
}
