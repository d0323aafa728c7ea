//! 风圈到达: when each wind circle reaches the place last clicked, by every agency's latest forecast.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::{local, time_text},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, Look, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: ArrivalOverlay = ArrivalOverlay;

pub struct ArrivalOverlay;

/// So many agencies are named for one circle.
const MOST_AGENCIES: usize = 5;

impl Overlay for ArrivalOverlay {
    fn id(&self) -> &'static str {
        "arrival"
    }
    fn name(&self) -> &'static str {
        "风圈到达"
    }
    fn chip(&self) -> Option<u8> {
        Some(8)
    }
    fn pace(&self) -> Pace {
        Pace::Clock
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let Some(place) = scene.place.filter(|it| it.is_sane()) else { return };
        let Some(text) = arrivals_text(scene.city, place, scene.now) else { return };
        let (at, color) = (local(&scene.frame, place), scene.palette.ink);
        sketch.mark(at, Look { shape: shape::CROSS, size: 12, color, flags: 0, glyph: "" });
        sketch.text(Texts { at, text, size: 13.0, color, anchor: Anchor::Right, boxed: true, priority: 60 });
    }
}

/// One line for each circle; `None` while no typhoon is active.
///
/// ```text
/// 风圈到达（推演）
/// 七级　已在圈内
/// 十级　中国 21:00 余 4时18分　日本 21:30
/// 十二级　未预报到达
/// ```
fn arrivals_text(city: &City, place: LonLat, now: Timestamp) -> Option<String> {
    city.typhoons.values().find(|it| it.active && !it.track.is_empty())?;
    let mut text = "风圈到达（推演）".to_owned();
    for (grade, name) in [(7, "七级"), (10, "十级"), (12, "十二级")] {
        text += &format!("\n{name}　{}", row_text(&city.circle_arrivals(grade, place, now), now));
    }
    Some(text)
}

fn row_text(arrivals: &[Arrival], now: Timestamp) -> String {
    if arrivals.iter().any(|it| it.inside) {
        return "已在圈内".to_owned();
    }
    if arrivals.is_empty() {
        return "未预报到达".to_owned();
    }
    let told = arrivals.iter().take(MOST_AGENCIES).map(|it| {
        let left_secs = it.at.since_ms(now) / 1000;
        // What was forecast for a time that has passed is not a countdown.
        let left = if left_secs > 0 { format!(" 余 {}", elapsed_text(left_secs)) } else { " 已过".to_owned() };
        format!("{} {}{left}", it.agency, time_text(it.at, now))
    });
    told.collect::<Vec<_>>().join("\n　　　")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};

    #[test]
    fn the_clicked_place_is_told_every_circle_and_agency() {
        let mut stand = Stand::quiet();
        stand.typhoon();
        assert!(draw_of(&OVERLAY, &stand).texts.is_empty());
        stand.place = Some(stand.city.center);
        let sketch = draw_of(&OVERLAY, &stand);
        let words = words(&sketch);
        assert_eq!((words.len(), sketch.marks.len()), (1, 1));
        let lines: Vec<&str> = words[0].lines().collect();
        assert!(lines[0].contains("推演") && lines[1].contains("已在圈内"), "{lines:?}");
        for agency in ["中国", "日本", "美国"] {
            let line = lines.iter().find(|it| it.contains(agency)).expect("every agency");
            assert!(line.contains("余"), "{line}");
        }
    }

    #[test]
    fn the_time_told_is_the_citys_own() {
        let mut stand = Stand::quiet();
        stand.typhoon();
        let place = stand.city.center;
        let text = arrivals_text(&stand.city, place, stand.now).expect("a typhoon");
        let arrival = stand.city.circle_arrival(10, place, stand.now).expect("it comes");
        assert!(text.contains(&format!("中国 {}", time_text(arrival.at, stand.now))), "{text}");
    }

    #[test]
    fn a_far_place_is_not_reached_and_without_a_typhoon_there_is_no_box() {
        let mut stand = Stand::quiet();
        assert_eq!(arrivals_text(&stand.city, stand.city.center, stand.now), None);
        stand.typhoon();
        let text = arrivals_text(&stand.city, LonLat(80.0, 50.0), stand.now).expect("a typhoon");
        assert_eq!(text.matches("未预报到达").count(), 3);
    }
}
