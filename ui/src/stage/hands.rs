//! The officer's hands on the map: pointer, fingers and keys as one state machine.
//!
//! What came in is a plain [`HandInput`], so nothing here needs a window; [`HandInput::read`] takes it from egui. What goes out
//! is the camera moved ([`Pilot`]), a tool drawn ([`Tools`]), and a [`HandOut`]. A gesture that began on a panel is the
//! panel's until it ends, and one that began on the map is the map's wherever it goes.
//!
//! ```text
//! drag                    the ground goes with the hand     wheel, pinch        zoom to the cursor
//! right or Ctrl drag      turn and tilt about the press     double press        one step in
//! middle drag             the ground, whatever tool is up   press               selects, or is the tool's
//! two fingers             move, zoom and turn               arrows, + -, N      the same by keys
//! ```

use super::{
    flight::Pilot,
    sketch::At,
    tools::{Done, Tools},
};
use egui::Key;
use gulang_city::LocalFrame;

/// Px from the middle of the map: right, down.
pub type Px = (f64, f64);

/// What the hands did since the last frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandInput {
    /// s.
    pub time: f64,
    /// The map's width and height, px.
    pub size: Px,
    /// `None` when there is no pointer, or it has left the window.
    pub pointer: Option<Px>,
    /// The pointer is on bare map: no panel, chip, card or sheet above it.
    pub is_on_map: bool,
    pub primary: Button,
    pub secondary: Button,
    pub middle: Button,
    /// A second press close on the first has just been let go.
    pub is_double: bool,
    pub ctrl: bool,
    /// Wheel or touch pad, px; positive zooms in.
    pub wheel: f64,
    /// Zoom by a pinch on a touch pad, or Ctrl and the wheel; 1 is none.
    pub pinch: f64,
    pub fingers: Option<Fingers>,
    /// Keys held; `None` while somebody types or a sheet is open.
    pub keys: Option<Keys>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Button {
    pub pressed: bool,
    pub down: bool,
    pub released: bool,
}

/// Two fingers or more, since the last frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fingers {
    pub center: Px,
    pub moved: Px,
    /// 1 is none.
    pub zoom: f64,
    /// Degrees clockwise.
    pub turn: f64,
}

/// Keys that are down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    pub left: bool,
    pub right: bool,
    pub up: bool,
    pub down: bool,
    pub plus: bool,
    pub minus: bool,
    pub shift: bool,
    /// North up.
    pub north: bool,
    /// Backspace or Alt+←: takes a corner back, else the view before.
    pub back: bool,
    /// Shift+Backspace or Alt+→.
    pub forth: bool,
    /// Enter: finishes a shape.
    pub finish: bool,
}

/// What the hands asked for beyond moving the camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HandOut {
    /// A press on bare map, local metres: select what is there.
    pub press: Option<At>,
    pub done: Option<Done>,
    /// Something moves: draw another frame.
    pub is_moving: bool,
}

/// Who has what in hand.
#[derive(Clone, Debug, Default)]
pub struct Hands {
    gesture: Gesture,
    /// The last wheel, pinch or key, s: a series of them is one gesture.
    rolled_at: Option<f64>,
    held: Keys,
    time: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Gesture {
    #[default]
    Free,
    /// Down, and not yet moved enough to say what it will be.
    Press {
        at: Px,
        which: Which,
    },
    Pan {
        which: Which,
        last: Px,
    },
    Turn {
        which: Which,
        about: Px,
        last: Px,
    },
    Draw,
    Touch,
    /// Began elsewhere, or is over; nothing more until all is let go.
    Spent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Primary,
    Secondary,
    Middle,
}

/// A hand that moves less than this presses, px.
const SLACK_PX: f64 = 4.0;
/// A wheel that rests this long has ended its gesture, s.
const REST_SECS: f64 = 0.4;
/// Wheel px for a doubling.
const WHEEL_PX: f64 = 240.0;
/// A turning drag: degrees per px.
const TURN_PER_PX: f64 = 0.4;
const TILT_PER_PX: f64 = 0.25;
/// A key held: px, doublings and degrees per second; a tap is worth [`TAP_SECS`] of holding.
const PAN_PX_S: f64 = 700.0;
const ZOOM_S: f64 = 1.6;
const TURN_S: f64 = 60.0;
const TAP_SECS: f64 = 0.12;

impl Hands {
    /// One frame of hands. `is_reduced`: no flights, only jumps.
    pub fn step(
        &mut self,
        input: &HandInput,
        pilot: &mut Pilot,
        tools: &mut Tools,
        frame: &LocalFrame,
        is_reduced: bool,
    ) -> HandOut {
        let secs = (input.time - self.time.replace(input.time).unwrap_or(input.time)).clamp(0.0, 0.1);
        let mut out = HandOut::default();
        tools.hover(input.pointer.filter(|_| input.is_on_map).map(|it| pilot.camera.local_from_view(it)));
        self.fingers(input, pilot);
        if self.gesture != Gesture::Touch {
            self.pointer(input, pilot, tools, frame, is_reduced, &mut out);
        }
        self.wheel(input, pilot);
        self.keys(input, secs, pilot, tools, frame, is_reduced, &mut out);
        if self.rolled_at.is_some_and(|at| input.time - at > REST_SECS) {
            self.rolled_at = None;
            pilot.note();
        }
        out.is_moving = self.rolled_at.is_some() || self.held != Keys::default();
        out
    }

    fn fingers(&mut self, input: &HandInput, pilot: &mut Pilot) {
        match (input.fingers, self.gesture) {
            (Some(fingers), Gesture::Touch) => touch(pilot, fingers),
            // What one finger had begun is not meant.
            (Some(fingers), Gesture::Free | Gesture::Press { .. } | Gesture::Pan { .. } | Gesture::Turn { .. })
                if input.is_on_map || self.gesture != Gesture::Free =>
            {
                self.gesture = Gesture::Touch;
                touch(pilot, fingers);
            }
            (None, Gesture::Touch) => {
                self.gesture = Gesture::Spent;
                pilot.note();
            }
            _ => {}
        }
    }

    fn pointer(
        &mut self,
        input: &HandInput,
        pilot: &mut Pilot,
        tools: &mut Tools,
        frame: &LocalFrame,
        is_reduced: bool,
        out: &mut HandOut,
    ) {
        let any_pressed = [input.primary, input.secondary, input.middle].iter().any(|it| it.pressed);
        let any_down = [input.primary, input.secondary, input.middle].iter().any(|it| it.down);
        if self.gesture == Gesture::Spent && !any_down {
            self.gesture = Gesture::Free;
        }
        if self.gesture == Gesture::Free && any_pressed {
            self.gesture = match input.pointer.filter(|_| input.is_on_map) {
                Some(at) if input.primary.pressed && !input.ctrl && tools.is_dragged() => {
                    tools.begin(pilot.camera.local_from_view(at));
                    Gesture::Draw
                }
                Some(at) => {
                    let which = match () {
                        () if input.primary.pressed => Which::Primary,
                        () if input.secondary.pressed => Which::Secondary,
                        () => Which::Middle,
                    };
                    Gesture::Press { at, which }
                }
                None => Gesture::Spent,
            };
        }
        let button = |which| match which {
            Which::Primary => input.primary,
            Which::Secondary => input.secondary,
            Which::Middle => input.middle,
        };
        // Out of the window the last place stays the hand's.
        let now_at = |last: Px| input.pointer.unwrap_or(last);
        if let Gesture::Press { at, which } = self.gesture
            && (now_at(at).0 - at.0).hypot(now_at(at).1 - at.1) > SLACK_PX
        {
            // What moved before it counted is made up for, so that the ground stays under the hand.
            let turns = which == Which::Secondary || which == Which::Primary && input.ctrl;
            self.gesture =
                if turns { Gesture::Turn { which, about: at, last: at } } else { Gesture::Pan { which, last: at } };
        }
        match self.gesture {
            Gesture::Press { at, which } => {
                let it = button(which);
                if !it.down || it.released {
                    self.gesture = Gesture::Free;
                    if it.released && which == Which::Primary && !input.ctrl {
                        press(at, input, pilot, tools, frame, is_reduced, out);
                    }
                }
            }
            Gesture::Pan { which, last } => {
                let at = now_at(last);
                pilot.taken();
                pilot.let_go();
                pilot.camera.pan((at.0 - last.0, at.1 - last.1));
                self.gesture = Gesture::Pan { which, last: at };
                self.end_when_up(button(which), pilot);
            }
            Gesture::Turn { which, about, last } => {
                let at = now_at(last);
                pilot.taken();
                pilot.camera.turn_at(about, (at.0 - last.0) * TURN_PER_PX, (last.1 - at.1) * TILT_PER_PX);
                self.gesture = Gesture::Turn { which, about, last: at };
                self.end_when_up(button(which), pilot);
            }
            Gesture::Draw => {
                if let Some(at) = input.pointer {
                    tools.drag_to(pilot.camera.local_from_view(at), &pilot.camera);
                }
                if !input.primary.down || input.primary.released {
                    self.gesture = Gesture::Free;
                    out.done = tools.end(&pilot.camera, frame);
                }
            }
            Gesture::Free | Gesture::Spent | Gesture::Touch => {}
        }
    }

    fn end_when_up(&mut self, button: Button, pilot: &mut Pilot) {
        if !button.down || button.released {
            self.gesture = Gesture::Free;
            pilot.note();
        }
    }

    fn wheel(&mut self, input: &HandInput, pilot: &mut Pilot) {
        let factor = (input.wheel / WHEEL_PX).exp2() * input.pinch;
        let Some(at) = input.pointer.filter(|_| input.is_on_map && factor != 1.0 && input.fingers.is_none()) else {
            return;
        };
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        pilot.taken();
        // What is followed stays in the middle.
        pilot.camera.zoom_at(if pilot.is_following() { (0.0, 0.0) } else { at }, factor);
        self.rolled_at = Some(input.time);
    }

    #[expect(clippy::too_many_arguments, reason = "what a key may touch")]
    fn keys(
        &mut self,
        input: &HandInput,
        secs: f64,
        pilot: &mut Pilot,
        tools: &mut Tools,
        frame: &LocalFrame,
        is_reduced: bool,
        out: &mut HandOut,
    ) {
        let keys = input.keys.unwrap_or_default();
        let was = std::mem::replace(&mut self.held, keys);
        let width = input.size.0.min(input.size.1);
        // How long each key counts this frame: the time it was down, and a tap's worth when it went down.
        let held = |now: bool, before: bool| match (now, before) {
            (false, _) => 0.0,
            (true, true) => secs,
            (true, false) => TAP_SECS,
        };
        let across = held(keys.right, was.right) - held(keys.left, was.left);
        let along = held(keys.down, was.down) - held(keys.up, was.up);
        let zoom = held(keys.plus, was.plus) - held(keys.minus, was.minus);
        if across != 0.0 || along != 0.0 {
            pilot.taken();
            if keys.shift {
                pilot.camera.turn_at((0.0, 0.0), across * TURN_S, -along * TURN_S);
            } else {
                pilot.let_go();
                pilot.camera.pan((-across * PAN_PX_S, -along * PAN_PX_S));
            }
            self.rolled_at = Some(input.time);
        }
        if zoom != 0.0 {
            pilot.taken();
            pilot.camera.zoom_at((0.0, 0.0), (zoom * ZOOM_S).exp2());
            self.rolled_at = Some(input.time);
        }
        if keys.north && !was.north {
            pilot.north_up(width, input.time, is_reduced);
        }
        if keys.back && !was.back && !tools.drop_point() {
            pilot.back(width, input.time, is_reduced);
        }
        if keys.forth && !was.forth {
            pilot.forth(width, input.time, is_reduced);
        }
        if keys.finish && !was.finish {
            out.done = out.done.take().or_else(|| tools.finish(frame));
        }
    }
}

fn touch(pilot: &mut Pilot, fingers: Fingers) {
    pilot.taken();
    if fingers.moved != (0.0, 0.0) {
        pilot.let_go();
    }
    pilot.camera.pan(fingers.moved);
    if fingers.zoom.is_finite() && fingers.zoom > 0.0 {
        pilot.camera.zoom_at(fingers.center, fingers.zoom);
    }
    // The ground turns with the fingers: what is up turns the other way.
    pilot.camera.turn_at(fingers.center, -fingers.turn, 0.0);
}

/// A press that did not become a drag.
fn press(
    at: Px,
    input: &HandInput,
    pilot: &mut Pilot,
    tools: &mut Tools,
    frame: &LocalFrame,
    is_reduced: bool,
    out: &mut HandOut,
) {
    let place = pilot.camera.local_from_view(at);
    match (tools.active().is_some(), input.is_double) {
        (true, false) => out.done = tools.press(place, frame),
        (true, true) => out.done = tools.finish(frame),
        (false, false) => out.press = Some(place),
        (false, true) => {
            let mut closer = pilot.target();
            closer.zoom_at(at, 2.0);
            pilot.fly_to(closer, input.size.0.min(input.size.1), input.time, is_reduced);
        }
    }
}

impl HandInput {
    /// What egui heard this frame. `rect` is the map's; `is_on_map` says whether a place of it is bare;
    /// `has_keys` is `false` while a sheet is open.
    pub fn read(ctx: &egui::Context, rect: egui::Rect, is_on_map: impl Fn(egui::Pos2) -> bool, has_keys: bool) -> Self {
        let is_typing = ctx.text_edit_focused();
        // A button that has the focus keeps Enter and the arrows.
        let is_focused = ctx.memory(|it| it.focused().is_some());
        let fingers = ctx.multi_touch();
        ctx.input(|input| {
            let from_center = |at: egui::Pos2| {
                let d = at - rect.center();
                (f64::from(d.x), f64::from(d.y))
            };
            let at = fingers.map(|it| it.center_pos).or_else(|| input.pointer.latest_pos());
            let button = |which| Button {
                pressed: input.pointer.button_pressed(which),
                down: input.pointer.button_down(which),
                released: input.pointer.button_released(which),
            };
            let modifiers = input.modifiers;
            let down = |key| input.key_down(key);
            let plain = !modifiers.command && !modifiers.ctrl && !modifiers.alt;
            let keys = Keys {
                left: plain && down(Key::ArrowLeft),
                right: plain && down(Key::ArrowRight),
                up: plain && down(Key::ArrowUp),
                down: plain && down(Key::ArrowDown),
                plus: plain && (down(Key::Plus) || down(Key::Equals)),
                minus: plain && down(Key::Minus),
                shift: modifiers.shift,
                north: plain && !modifiers.shift && down(Key::N),
                back: plain && !modifiers.shift && down(Key::Backspace) || modifiers.alt && down(Key::ArrowLeft),
                forth: plain && modifiers.shift && down(Key::Backspace) || modifiers.alt && down(Key::ArrowRight),
                finish: plain && !is_focused && down(Key::Enter),
            };
            Self {
                time: input.time,
                size: (f64::from(rect.width()), f64::from(rect.height())),
                pointer: at.map(from_center),
                is_on_map: at.is_some_and(&is_on_map),
                primary: button(egui::PointerButton::Primary),
                secondary: button(egui::PointerButton::Secondary),
                middle: button(egui::PointerButton::Middle),
                is_double: input.pointer.button_double_clicked(egui::PointerButton::Primary),
                ctrl: modifiers.ctrl || modifiers.command,
                wheel: f64::from(input.smooth_scroll_delta().y),
                pinch: if fingers.is_some() { 1.0 } else { f64::from(input.zoom_delta()) },
                fingers: fingers.map(|it| Fingers {
                    center: from_center(it.center_pos),
                    moved: (f64::from(it.translation_delta.x), f64::from(it.translation_delta.y)),
                    zoom: f64::from(it.zoom_delta),
                    turn: f64::from(it.rotation_delta.to_degrees()),
                }),
                keys: (has_keys && !is_typing).then_some(keys),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        camera::StageCamera,
        tools::{Region, Tool},
    };
    use gulang_city::LonLat;

    /// Hands, camera and tools together, sixty frames a second.
    struct Bench {
        hands: Hands,
        pilot: Pilot,
        tools: Tools,
        input: HandInput,
        pressed: Vec<At>,
        done: Vec<Done>,
    }

    impl Bench {
        fn new() -> Self {
            let mut pilot = Pilot::default();
            pilot.look(StageCamera { px_per_m: 0.1, ..StageCamera::default() });
            let input = HandInput { size: (800.0, 600.0), is_on_map: true, pinch: 1.0, ..HandInput::default() };
            let (pressed, done) = (Vec::new(), Vec::new());
            Self { hands: Hands::default(), pilot, tools: Tools::default(), input, pressed, done }
        }

        fn frame(&mut self) {
            self.input.time += 1.0 / 60.0;
            let local = LocalFrame::new(LonLat(118.09, 24.48));
            let out = self.hands.step(&self.input, &mut self.pilot, &mut self.tools, &local, false);
            self.pilot.advance(self.input.time, None, false);
            self.pressed.extend(out.press);
            self.done.extend(out.done);
            for button in [&mut self.input.primary, &mut self.input.secondary, &mut self.input.middle] {
                *button = Button { down: button.down, ..Button::default() };
            }
            (self.input.is_double, self.input.wheel, self.input.pinch) = (false, 0.0, 1.0);
        }

        fn frames(&mut self, n: usize) {
            (0..n).for_each(|_| self.frame());
        }

        fn down(&mut self, which: Which, at: Px) {
            self.input.pointer = Some(at);
            *self.button(which) = Button { pressed: true, down: true, released: false };
            self.frame();
        }

        fn up(&mut self, which: Which) {
            *self.button(which) = Button { pressed: false, down: false, released: true };
            self.frame();
            self.frame();
        }

        fn button(&mut self, which: Which) -> &mut Button {
            match which {
                Which::Primary => &mut self.input.primary,
                Which::Secondary => &mut self.input.secondary,
                Which::Middle => &mut self.input.middle,
            }
        }

        fn drag(&mut self, which: Which, from: Px, to: Px) {
            self.down(which, from);
            for i in 1..=8 {
                let t = f64::from(i) / 8.0;
                self.input.pointer = Some((from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t));
                self.frame();
            }
            self.up(which);
        }

        fn click(&mut self, at: Px) {
            self.down(Which::Primary, at);
            self.up(Which::Primary);
        }
    }

    fn is_near(a: (f64, f64), b: (f64, f64)) -> bool {
        (a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6
    }

    #[test]
    fn the_ground_stays_under_the_dragging_hand() {
        let mut bench = Bench::new();
        let held = bench.pilot.camera.local_from_view((100.0, 50.0));
        bench.drag(Which::Primary, (100.0, 50.0), (-140.0, 220.0));
        assert!(is_near(bench.pilot.camera.local_from_view((-140.0, 220.0)), held));
        assert!(bench.pressed.is_empty(), "a drag is no press");
    }

    #[test]
    fn a_press_selects_where_it_fell() {
        let mut bench = Bench::new();
        bench.click((100.0, -50.0));
        assert!(is_near(bench.pressed[0], (1_000.0, 500.0)) && bench.pressed.len() == 1);
        assert_eq!(bench.pilot.camera.center, (0.0, 0.0));
    }

    #[test]
    fn what_begins_on_a_panel_is_the_panels() {
        let mut bench = Bench::new();
        bench.input.is_on_map = false;
        bench.down(Which::Primary, (0.0, 0.0));
        bench.input.is_on_map = true;
        bench.input.pointer = Some((200.0, 0.0));
        bench.frames(3);
        bench.up(Which::Primary);
        assert!(bench.pilot.camera.center == (0.0, 0.0) && bench.pressed.is_empty());
        // And the other way about: a drag goes on over a panel.
        bench.down(Which::Primary, (0.0, 0.0));
        bench.input.is_on_map = false;
        bench.input.pointer = Some((200.0, 0.0));
        bench.frame();
        assert!(is_near(bench.pilot.camera.center, (-2_000.0, 0.0)));
        // The wheel over a panel is the panel's.
        bench.input.wheel = 120.0;
        bench.frame();
        assert_eq!(bench.pilot.camera.px_per_m, 0.1);
    }

    #[test]
    fn the_wheel_zooms_to_the_cursor_and_is_one_step() {
        let mut bench = Bench::new();
        bench.input.pointer = Some((150.0, 80.0));
        let under = bench.pilot.camera.local_from_view((150.0, 80.0));
        for _ in 0..10 {
            bench.input.wheel = 48.0;
            bench.frame();
        }
        assert!(is_near(bench.pilot.camera.local_from_view((150.0, 80.0)), under));
        assert!((bench.pilot.camera.px_per_m - 0.4).abs() < 1e-9);
        bench.frames(40);
        bench.input.keys = Some(Keys { back: true, ..Keys::default() });
        bench.frame();
        bench.input.keys = Some(Keys::default());
        bench.frames(200);
        assert!((bench.pilot.camera.px_per_m - 0.1).abs() < 1e-9, "one step back undoes the whole roll");
    }

    #[test]
    fn a_double_press_zooms_in_there() {
        let mut bench = Bench::new();
        bench.down(Which::Primary, (100.0, 0.0));
        bench.input.is_double = true;
        bench.up(Which::Primary);
        bench.frames(200);
        assert!((bench.pilot.camera.px_per_m - 0.2).abs() < 1e-9);
        assert!(is_near(bench.pilot.camera.local_from_view((100.0, 0.0)), (1_000.0, 0.0)));
    }

    #[test]
    fn right_and_ctrl_drags_turn_about_the_press() {
        for which in [Which::Secondary, Which::Primary] {
            let mut bench = Bench::new();
            bench.input.ctrl = which == Which::Primary;
            let under = bench.pilot.camera.local_from_view((60.0, 40.0));
            bench.drag(which, (60.0, 40.0), (110.0, -40.0));
            let camera = bench.pilot.camera;
            assert!((camera.bearing - 20.0).abs() < 1e-9 && (camera.tilt - 20.0).abs() < 1e-9, "{camera:?}");
            assert!(is_near(camera.local_from_view((60.0, 40.0)), under));
        }
    }

    #[test]
    fn two_fingers_move_zoom_and_turn_and_the_first_ones_press_is_not_meant() {
        let mut bench = Bench::new();
        bench.down(Which::Primary, (0.0, 0.0));
        bench.input.fingers = Some(Fingers { center: (50.0, 0.0), moved: (10.0, 0.0), zoom: 1.1, turn: 3.0 });
        bench.frames(5);
        bench.input.fingers = None;
        bench.up(Which::Primary);
        let camera = bench.pilot.camera;
        assert!((camera.px_per_m - 0.1 * 1.1f64.powi(5)).abs() < 1e-9);
        assert!((camera.bearing - 345.0).abs() < 1e-9, "{}", camera.bearing);
        assert!(bench.pressed.is_empty());
        bench.click((0.0, 0.0));
        assert_eq!(bench.pressed.len(), 1, "one finger presses again afterwards");
    }

    #[test]
    fn keys_move_turn_and_zoom_and_none_while_typing() {
        let held = |keys: Option<Keys>| {
            let mut bench = Bench::new();
            bench.input.keys = keys;
            bench.frames(30);
            bench.pilot.camera
        };
        assert!(held(Some(Keys { right: true, ..Keys::default() })).center.0 > 1_000.0);
        assert!(held(Some(Keys { up: true, ..Keys::default() })).center.1 > 1_000.0);
        assert!(held(Some(Keys { plus: true, ..Keys::default() })).px_per_m > 0.15);
        assert!(held(Some(Keys { right: true, shift: true, ..Keys::default() })).bearing > 20.0);
        assert!(held(Some(Keys { up: true, shift: true, ..Keys::default() })).tilt > 20.0);
        assert_eq!(held(None), held(Some(Keys::default())));
    }

    #[test]
    fn n_turns_north_up() {
        let mut bench = Bench::new();
        bench.drag(Which::Secondary, (60.0, 40.0), (110.0, -40.0));
        bench.input.keys = Some(Keys { north: true, ..Keys::default() });
        bench.frames(200);
        assert!(bench.pilot.camera.bearing == 0.0 && bench.pilot.camera.tilt == 0.0);
    }

    #[test]
    fn with_a_tool_the_hand_draws_and_the_middle_button_still_pans() {
        let mut bench = Bench::new();
        bench.tools.toggle(Tool::Circle);
        bench.drag(Which::Middle, (0.0, 0.0), (100.0, 0.0));
        assert!(is_near(bench.pilot.camera.center, (-1_000.0, 0.0)));
        bench.drag(Which::Primary, (0.0, 0.0), (100.0, 0.0));
        assert!(is_near(bench.pilot.camera.center, (-1_000.0, 0.0)), "drawing moves nothing");
        let [Done::Selected(Region::Circle { radius_m, .. })] = &bench.done[..] else { panic!("{:?}", bench.done) };
        assert!((radius_m - 1_000.0).abs() < 5.0);
        assert!(bench.pressed.is_empty());
    }

    #[test]
    fn a_fence_is_pressed_corner_by_corner_and_ended_by_a_double_press() {
        let mut bench = Bench::new();
        bench.tools.toggle(Tool::Fence);
        for at in [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)] {
            bench.click(at);
        }
        // Dragging between presses still moves the ground.
        bench.drag(Which::Primary, (0.0, 0.0), (30.0, 0.0));
        bench.down(Which::Primary, (130.0, 100.0));
        bench.input.is_double = true;
        bench.up(Which::Primary);
        assert!(matches!(&bench.done[..], [Done::Marked(Tool::Fence, Region::Ring(ring))] if ring.len() == 3));
        assert!(bench.pressed.is_empty(), "presses were the tool's");
    }
}
