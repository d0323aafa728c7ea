//! Which cameras can see a place (就近看得见): near enough, and looking that way as far as their register tells.
//!
//! Distance, height, direction and field of view are weighed where they are known. That nothing stands between is not known
//! to any register and is never claimed; a camera whose direction nobody wrote down is taken to look all round, and says so.

use crate::{City, LonLat, ids::*, model::Camera};

/// A camera that can see a place, as far as anybody knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight<'a> {
    pub camera: &'a Camera,
    pub distance_m: f64,
    /// How far it was taken to see, m, and whether its register says so.
    pub range_m: f64,
    pub is_range_known: bool,
    /// What its register does not say, and was assumed: how high it stands, and what its lens holds from side to side.
    pub is_height_known: bool,
    pub is_fov_known: bool,
    pub looks: Looks,
}

/// How a camera comes to look at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Looks {
    /// Its direction and field of view hold the place.
    There,
    /// It looks elsewhere at rest and can be turned.
    CanTurn,
    /// No register says where it looks.
    Unknown,
}

impl Looks {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::There => "朝向此处",
            Self::CanTurn => "可转向此处",
            Self::Unknown => "朝向未登记",
        }
    }
}

/// What a camera of unknown height and range is taken to see, m. Our assumption.
const UNKNOWN_RANGE_M: f64 = 800.0;
/// Under a smaller angle to the ground a picture shows roofs and no streets, degrees; it makes a height a range. Ours too.
const LEAST_ANGLE_DEG: f64 = 3.0;
/// A range made from a height lies within these, m.
const RANGES_M: (f64, f64) = (300.0, 3_000.0);
/// What a camera of known direction and unknown lens is taken to see from side to side, degrees.
const UNKNOWN_FOV_DEG: f64 = 60.0;

impl City {
    /// The nearest `n` cameras that can see `place`, nearest first, the first by id among equals.
    pub fn cameras_that_see(&self, place: LonLat, n: usize) -> Vec<Sight<'_>> {
        let mut found: Vec<Sight<'_>> = self.cameras.values().filter_map(|it| sight(it, place)).collect();
        let id = |it: &Sight<'_>| -> CameraId { it.camera.id.clone() };
        found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then_with(|| id(a).cmp(&id(b))));
        found.truncate(n);
        found
    }
}

/// `None` for a camera that stands too far away or looks elsewhere for good.
pub fn sight(camera: &Camera, place: LonLat) -> Option<Sight<'_>> {
    if !place.is_sane() || !camera.at.is_sane() {
        return None;
    }
    let distance_m = camera.at.distance_m(place);
    let told = camera.range_m.map(f64::from).filter(|it| it.is_finite() && *it > 0.0);
    let range_m = told.unwrap_or_else(|| range_by_height(camera));
    if distance_m > range_m {
        return None;
    }
    let looks = looks(camera, place, distance_m)?;
    let is_told = |it: Option<f32>| it.is_some_and(|it| it.is_finite() && it > 0.0);
    Some(Sight {
        camera,
        distance_m,
        range_m,
        is_range_known: told.is_some(),
        is_height_known: is_told(camera.height_m),
        is_fov_known: is_told(camera.fov_deg),
        looks,
    })
}

fn range_by_height(camera: &Camera) -> f64 {
    match camera.height_m.map(f64::from).filter(|it| it.is_finite() && *it > 0.0) {
        Some(height) => (height / LEAST_ANGLE_DEG.to_radians().tan()).clamp(RANGES_M.0, RANGES_M.1),
        None => UNKNOWN_RANGE_M,
    }
}

fn looks(camera: &Camera, place: LonLat, distance_m: f64) -> Option<Looks> {
    let Some(azimuth) = camera.azimuth_deg.map(f64::from).filter(|it| it.is_finite()) else {
        return Some(Looks::Unknown);
    };
    let fov = camera.fov_deg.map(f64::from).filter(|it| it.is_finite() && *it > 0.0).unwrap_or(UNKNOWN_FOV_DEG);
    let off = (camera.at.bearing_to(place) - azimuth + 180.0).rem_euclid(360.0) - 180.0;
    // At its own foot a bearing means nothing.
    if off.abs() <= fov / 2.0 || distance_m < 1.0 {
        Some(Looks::There)
    } else {
        camera.can_steer.then_some(Looks::CanTurn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Realm, tiny_pack};

    const HERE: LonLat = LonLat(118.11, 24.50);

    /// So many metres north of the place.
    fn north(id: &str, metres: f64) -> Camera {
        let at = LonLat(HERE.0, HERE.1 + metres / 111_195.0);
        Camera::new(id.into(), id.into(), at, "350203".into())
    }

    #[track_caller]
    fn check(camera: Camera, wanted: Option<Looks>) {
        assert_eq!(sight(&camera, HERE).map(|it| it.looks), wanted, "{camera:?}");
    }

    #[test]
    fn direction_field_of_view_distance_and_height_say_who_sees() {
        let far = || north("far", 700.0);
        check(far(), Some(Looks::Unknown));
        check(north("beyond", 900.0), None);
        check(Camera { range_m: Some(600.0), ..far() }, None);
        check(Camera { range_m: Some(1500.0), ..north("beyond", 900.0) }, Some(Looks::Unknown));
        // 20 m high is 382 m far, 60 m high 1145 m.
        check(Camera { height_m: Some(20.0), ..far() }, None);
        check(Camera { height_m: Some(60.0), ..far() }, Some(Looks::Unknown));
        check(Camera { azimuth_deg: Some(180.0), ..far() }, Some(Looks::There));
        check(Camera { azimuth_deg: Some(-175.0), fov_deg: Some(20.0), ..far() }, Some(Looks::There));
        check(Camera { azimuth_deg: Some(165.0), fov_deg: Some(20.0), ..far() }, None);
        check(Camera { azimuth_deg: Some(0.0), ..far() }, None);
        check(Camera { azimuth_deg: Some(0.0), can_steer: true, ..far() }, Some(Looks::CanTurn));
        check(Camera { azimuth_deg: Some(f32::NAN), ..far() }, Some(Looks::Unknown));
        check(Camera { at: LonLat(f64::NAN, 0.0), ..far() }, None);
    }

    #[test]
    fn the_nearest_nine_come_in_order_and_those_that_look_away_are_passed_over() {
        let mut pack = tiny_pack();
        pack.cameras = (0..20).map(|i| north(&format!("c-{i:02}"), 700.0 - 30.0 * f64::from(i))).collect();
        pack.cameras[19].azimuth_deg = Some(0.0);
        let city = City::found(&pack, Realm::Actual);
        let found = city.cameras_that_see(HERE, 9);
        let ids: Vec<&str> = found.iter().map(|it| it.camera.id.as_str()).collect();
        assert_eq!(ids, ["c-18", "c-17", "c-16", "c-15", "c-14", "c-13", "c-12", "c-11", "c-10"]);
        assert!(found.iter().all(|it| !it.is_range_known && it.range_m == UNKNOWN_RANGE_M));
        assert!(found.iter().all(|it| !it.is_height_known && !it.is_fov_known));
        let told =
            Camera { height_m: Some(60.0), fov_deg: Some(40.0), azimuth_deg: Some(180.0), ..north("told", 700.0) };
        let sight = sight(&told, HERE).expect("it faces the place");
        assert!(sight.is_height_known && sight.is_fov_known && !sight.is_range_known);
        assert!(city.cameras_that_see(LonLat(0.0, 0.0), 9).is_empty());
        assert!(city.cameras_that_see(LonLat(f64::NAN, 0.0), 9).is_empty());
    }
}
