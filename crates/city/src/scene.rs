//! What every wall shows by name (场景): the map, the metrics, or pictures. Pictures are written into the name, so that a
//! scene is one record and every wall node shows the same: `cameras:c:c00001;d:1581F5BKD…`.

use crate::{Feed, ids::*};

/// The scene of pictures.
const CAMERAS: &str = "cameras";
/// The scene of a seat's own wall.
const SEAT: &str = "seat";
/// A wall of more pictures than these shows none of them.
pub const MAX_WALL_FEEDS: usize = 16;

/// The scene that shows these pictures, in their order; `None` for calls (which end), none, too many, and ids that cannot be
/// written into a name.
pub fn cameras_scene(feeds: &[Feed]) -> Option<Text> {
    if feeds.is_empty() || feeds.len() > MAX_WALL_FEEDS {
        return None;
    }
    let part = |feed: &Feed| {
        let (kind, id) = match feed {
            Feed::Camera(id) => ("c", id.as_str()),
            Feed::Drone(id) => ("d", id.as_str()),
            Feed::Call(_) => return None,
        };
        (!id.is_empty() && !id.contains([';', ':'])).then(|| format!("{kind}:{id}"))
    };
    let parts: Option<Vec<String>> = feeds.iter().map(part).collect();
    Some(format!("{CAMERAS}:{}", parts?.join(";")).into())
}

/// The scene that shows a seat's wall as that seat changes it; `None` for a name too long for a scene.
pub fn seat_scene(seat: &SeatId) -> Option<Text> {
    let scene = format!("{SEAT}:{seat}");
    (!seat.as_str().is_empty() && scene.chars().count() <= 64).then(|| scene.into())
}

/// Whose wall a scene shows; `None` for every other scene.
pub fn scene_seat(scene: &str) -> Option<SeatId> {
    let seat = scene.strip_prefix(SEAT)?.strip_prefix(':')?;
    (!seat.is_empty()).then(|| seat.into())
}

/// The pictures a scene shows; `None` for every other scene.
pub fn scene_feeds(scene: &str) -> Option<Vec<Feed>> {
    let feeds = scene.strip_prefix(CAMERAS)?.strip_prefix(':')?.split(';').map(|it| match it.split_once(':')? {
        ("c", id) => Some(Feed::Camera(id.into())),
        ("d", id) => Some(Feed::Drone(id.into())),
        _ => None,
    });
    feeds.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_go_into_a_scene_and_come_out_in_their_order() {
        let feeds = vec![Feed::Drone("1581F".into()), Feed::Camera("c00001".into())];
        let scene = cameras_scene(&feeds).expect("a scene");
        assert_eq!(&*scene, "cameras:d:1581F;c:c00001");
        assert_eq!(scene_feeds(&scene), Some(feeds));
        for other in ["war", "metrics", "cameras", "cameras:", "cameras:x:1", "cameras:c"] {
            assert_eq!(scene_feeds(other), None, "{other}");
        }
    }

    #[test]
    fn a_seat_s_wall_is_a_scene_of_its_name() {
        let scene = seat_scene(&"值班长 01".into()).expect("a scene");
        assert_eq!((&*scene, scene_seat(&scene)), ("seat:值班长 01", Some("值班长 01".into())));
        assert_eq!(seat_scene(&"长".repeat(60).as_str().into()), None);
        assert_eq!(seat_scene(&"".into()), None);
        for other in ["seat", "seat:", "war", "cameras:c:1"] {
            assert_eq!(scene_seat(other), None, "{other}");
        }
        assert_eq!(scene_feeds(&scene), None);
    }

    #[test]
    fn calls_and_crowds_are_no_scene() {
        assert_eq!(cameras_scene(&[]), None);
        assert_eq!(cameras_scene(&[Feed::Call("1".into())]), None);
        assert_eq!(cameras_scene(&[Feed::Camera("a;b".into())]), None);
        assert_eq!(cameras_scene(&vec![Feed::Camera("c".into()); 17]), None);
    }
}
