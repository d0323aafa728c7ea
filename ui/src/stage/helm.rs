//! The helm of a screen: hands, camera and tools of one map, and the commands that move them. What [`crate::app`] calls once a
//! frame, and once for each command.

use super::{
    camera::StageCamera,
    flight::{Bookmark, Pilot},
    hands::{HandInput, Hands},
    palette::{Palette, Theme},
    sketch::{At, Sketch},
};
use crate::{
    i18n::{Lang, tr},
    panels::{PanelState, UiCommand, View},
};
use egui::{Context, Rect};
use gulang_city::LocalFrame;

#[derive(Debug, Default)]
pub struct Helm {
    pub pilot: Pilot,
    hands: Hands,
}

impl Helm {
    /// One frame: hands first, then whatever else moves the camera. A press that is to select something is returned, local
    /// metres. `followed` is where the selected mover is, if one is selected, local metres; `has_hands` is `false` on a wall.
    pub fn steer(
        &mut self,
        ctx: &Context,
        rect: Rect,
        panels: &mut PanelState,
        frame: &LocalFrame,
        followed: Option<At>,
        has_hands: bool,
    ) -> Option<At> {
        let mut press = None;
        let mut is_moving = false;
        if has_hands {
            let mut input = HandInput::read(ctx, rect, |at| panels.is_on_map(at), panels.has_map_keys());
            if let Some(keys) = input.keys.as_mut().filter(|_| panels.steps_by_arrows()) {
                (keys.left, keys.right) = (false, false);
            }
            let out = self.hands.step(&input, &mut self.pilot, &mut panels.tools, frame, panels.is_reduced);
            press = out.press;
            is_moving = out.is_moving;
            if let Some(done) = out.done {
                panels.take_done(done);
            }
        }
        if followed.is_none() {
            self.pilot.let_go();
        }
        let now = ctx.input(|it| it.time);
        is_moving |= self.pilot.advance(now, followed, panels.is_reduced);
        if is_moving {
            ctx.request_repaint();
        }
        press
    }

    /// Does what a command asks of the view; `false` if it asks nothing of it. `size` is the map's, px; `now` is egui's clock, s.
    pub fn obey(
        &mut self,
        command: &UiCommand,
        panels: &mut PanelState,
        frame: &LocalFrame,
        size: (f64, f64),
        now: f64,
    ) -> bool {
        let width = size.0.min(size.1);
        let is_reduced = panels.is_reduced;
        match command {
            UiCommand::FlyTo(at, metres) => {
                // As the officer has turned it.
                let StageCamera { bearing, tilt, .. } = self.pilot.target();
                let to = StageCamera::looking_at(frame.local_from_geo(*at), *metres, size);
                let to = StageCamera { bearing, tilt, ..to };
                self.pilot.fly_to(to, width, now, is_reduced);
            }
            UiCommand::LookAs { look, at_once } => {
                let seen = Bookmark {
                    name: String::new(),
                    center: look.at,
                    metres: look.metres,
                    bearing: look.bearing,
                    tilt: look.tilt,
                };
                let to = seen.camera(frame, size);
                match at_once {
                    true => self.pilot.look(to),
                    false => self.pilot.fly_to(to, width, now, is_reduced),
                }
            }
            UiCommand::NorthUp => self.pilot.north_up(width, now, is_reduced),
            UiCommand::ViewBack => self.pilot.back(width, now, is_reduced),
            UiCommand::ViewForth => self.pilot.forth(width, now, is_reduced),
            UiCommand::Follow(is_following) => self.pilot.follow(*is_following),
            UiCommand::RecallView(n) => {
                if let Some(bookmark) = bookmark(panels, *n).and_then(|it| it.as_ref()) {
                    let to = bookmark.camera(frame, size);
                    self.pilot.fly_to(to, width, now, is_reduced);
                }
            }
            UiCommand::StoreView(n) => {
                let name = panels.lang.fill(tr::VIEW_N, &[&n.to_string()]);
                let told = panels.lang.fill(tr::VIEW_STORED, &[&n.to_string()]);
                let kept = Bookmark::of(name, &self.pilot.target(), frame, size);
                if let Some(slot) = bookmark(panels, *n) {
                    *slot = Some(kept);
                    panels.notify(told);
                }
            }
            _ => return false,
        }
        true
    }

    /// What the panels are told about the view; `size` is the map's, px.
    pub fn view(&self, theme: Theme, frame: &LocalFrame, size: (f64, f64)) -> View {
        let seen = Bookmark::of(String::new(), &self.pilot.camera, frame, size);
        View {
            at: seen.center,
            metres: seen.metres,
            bearing: self.pilot.camera.bearing,
            is_following: self.pilot.is_following(),
            tilt: self.pilot.camera.tilt,
            theme,
            ..View::default()
        }
    }

    /// Tools at work, measures, the area told about: drawn over everything else, anew every frame while there is any.
    pub fn sketch(panels: &PanelState, frame: &LocalFrame, palette: &Palette, lang: Lang) -> Sketch {
        let mut sketch = Sketch::default();
        panels.tools.draw(panels.region(), frame, palette, lang, &mut sketch);
        sketch
    }
}

/// Slot 1–9.
fn bookmark(panels: &mut PanelState, n: u8) -> Option<&mut Option<Bookmark>> {
    panels.bookmarks.0.get_mut(usize::from(n).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::LonLat;

    const SIZE: (f64, f64) = (1136.0, 780.0);

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.09, 24.48))
    }

    #[test]
    fn a_view_kept_is_the_view_recalled() {
        let (mut helm, mut panels) = (Helm::default(), PanelState::default());
        panels.is_reduced = true;
        let here = StageCamera { center: (5_000.0, -3_000.0), px_per_m: 0.4, bearing: 30.0, tilt: 20.0 };
        helm.pilot.look(here);
        assert!(helm.obey(&UiCommand::StoreView(7), &mut panels, &frame(), SIZE, 0.0));
        assert!(helm.obey(&UiCommand::RecallView(1), &mut panels, &frame(), SIZE, 1.0));
        assert!(helm.pilot.camera.px_per_m < 0.1);
        helm.obey(&UiCommand::RecallView(7), &mut panels, &frame(), SIZE, 2.0);
        let again = helm.pilot.camera;
        assert!(
            (again.center.0 - 5_000.0).abs() < 0.01 && (again.px_per_m - 0.4).abs() < 1e-9 && again.bearing == 30.0
        );
        helm.obey(&UiCommand::ViewBack, &mut panels, &frame(), SIZE, 3.0);
        assert!(helm.pilot.camera.px_per_m < 0.1);
        // Slots that are free or do not exist do nothing.
        for n in [0, 9, 10, 255] {
            helm.obey(&UiCommand::RecallView(n), &mut panels, &frame(), SIZE, 4.0);
        }
        assert!(!helm.obey(&UiCommand::Select(None), &mut panels, &frame(), SIZE, 5.0));
    }

    #[test]
    fn following_ends_with_the_selection() {
        let (mut helm, mut panels) = (Helm::default(), PanelState::default());
        let ctx = Context::default();
        helm.obey(&UiCommand::Follow(true), &mut panels, &frame(), SIZE, 0.0);
        let rect = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(800.0, 600.0));
        helm.steer(&ctx, rect, &mut panels, &frame(), Some((900.0, 700.0)), true);
        assert!(helm.view(Theme::Dark, &frame(), SIZE).is_following);
        helm.steer(&ctx, rect, &mut panels, &frame(), None, true);
        assert!(!helm.view(Theme::Dark, &frame(), SIZE).is_following);
    }
}
