//! What the hand can hold over the map: selecting an area, measuring, and putting markings there.
//!
//! A tool is a state and the places pressed so far; [`super::hands`] feeds it, [`Tools::draw`] shows it as it grows. What comes
//! out is a [`Done`]; whether anything is made of it is for the app and the rules. A tool never takes anything away: `Esc`
//! drops only what is not finished.
//!
//! Lengths are haversine, areas those of a spherical polygon (Chamberlain & Duquette, *Some Algorithms for Polygons on a
//! Sphere*, JPL 2007, eq. for small rings), both on the sphere of 6 371 008.8 m of [`LonLat::distance_m`]: true ground
//! metres wherever the map is, not the map projection's.

use super::{
    camera::StageCamera,
    palette::Palette,
    sketch::{Anchor, At, Pen, Sketch, Texts},
};
use crate::i18n::{Lang, Tr, tr};
use egui::Color32;
use gulang_city::{LocalFrame, LonLat};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tool {
    /// Selections.
    Box,
    Lasso,
    Circle,
    /// Measures.
    Length,
    Area,
    /// Markings.
    Closure,
    Fence,
    Quake,
    Fire,
    Reach,
}

/// How a tool is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// Held and drawn in one go.
    Drag,
    /// A corner a press; a double press or Enter ends it.
    Presses,
    /// One press.
    Press,
}

/// A piece of the ground, WGS-84.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    Point(LonLat),
    Circle {
        center: LonLat,
        radius_m: f64,
    },
    /// Open: the last corner is not the first.
    Ring(Vec<LonLat>),
}

/// What a tool ended in.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// What lies in here?
    Selected(Region),
    /// One of [`Tool::is_marking`] put here.
    Marked(Tool, Region),
    /// A length or an area; it stays drawn until the next tool or `Esc`.
    Measured,
}

/// A drag shorter than this is a slip of the hand, px.
const LEAST_PX: f64 = 6.0;
/// A lasso's corners lie at least this far apart, px …
const LASSO_STEP_PX: f64 = 4.0;
/// … and are at most so many.
const MAX_CORNERS: usize = 2000;
/// Mean Earth radius, as [`LonLat::distance_m`] has it.
const SPHERE_M: f64 = 6_371_008.8;

impl Tool {
    pub const ALL: [Self; 10] = [
        Self::Box,
        Self::Lasso,
        Self::Circle,
        Self::Length,
        Self::Area,
        Self::Closure,
        Self::Fence,
        Self::Quake,
        Self::Fire,
        Self::Reach,
    ];

    pub fn grip(self) -> Grip {
        match self {
            Self::Box | Self::Lasso | Self::Circle | Self::Closure => Grip::Drag,
            Self::Length | Self::Area | Self::Fence => Grip::Presses,
            Self::Quake | Self::Fire | Self::Reach => Grip::Press,
        }
    }

    pub fn is_marking(self) -> bool {
        self >= Self::Closure
    }

    pub fn name(self) -> Tr {
        match self {
            Self::Box => tr::TOOL_BOX,
            Self::Lasso => tr::TOOL_LASSO,
            Self::Circle => tr::TOOL_CIRCLE,
            Self::Length => tr::TOOL_LENGTH,
            Self::Area => tr::TOOL_AREA,
            Self::Closure => tr::TOOL_CLOSURE,
            Self::Fence => tr::TOOL_FENCE,
            Self::Quake => tr::TOOL_QUAKE,
            Self::Fire => tr::TOOL_FIRE,
            Self::Reach => tr::TOOL_REACH,
        }
    }

    /// With Shift held, it takes the tool up.
    pub fn key(self) -> egui::Key {
        match self {
            Self::Box => egui::Key::B,
            Self::Lasso => egui::Key::L,
            Self::Circle => egui::Key::C,
            Self::Length => egui::Key::D,
            Self::Area => egui::Key::A,
            Self::Closure => egui::Key::X,
            Self::Fence => egui::Key::F,
            Self::Quake => egui::Key::Q,
            Self::Fire => egui::Key::H,
            Self::Reach => egui::Key::R,
        }
    }
}

/// The tool in hand, if any, and what it has drawn.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    active: Option<Tool>,
    /// Places pressed or dragged through, local metres. For a box its four corners, for a circle its centre and its edge.
    points: Vec<At>,
    /// Where the next press would fall.
    hover: Option<At>,
    /// A finished measure, still shown.
    measured: Option<(Tool, Vec<At>)>,
}

impl Tools {
    pub fn active(&self) -> Option<Tool> {
        self.active
    }

    /// Takes a tool up; the one in hand is put down.
    pub fn toggle(&mut self, tool: Tool) {
        let is_off = self.active == Some(tool);
        *self = Self { active: (!is_off).then_some(tool), ..Self::default() };
    }

    /// One step back: what is being drawn, then the tool, then the measure shown. `false` if there was nothing.
    pub fn escape(&mut self) -> bool {
        if !self.points.is_empty() {
            self.points.clear();
            return true;
        }
        self.active.take().is_some() || self.measured.take().is_some()
    }

    /// Takes the last corner back; `false` if there is none.
    pub fn drop_point(&mut self) -> bool {
        self.is_pressing() && self.points.pop().is_some()
    }

    /// The hand is over the map, or has left it.
    pub fn hover(&mut self, at: Option<At>) {
        self.hover = at;
    }

    pub fn is_dragged(&self) -> bool {
        self.active.is_some_and(|it| it.grip() == Grip::Drag)
    }

    fn is_pressing(&self) -> bool {
        self.active.is_some_and(|it| it.grip() == Grip::Presses)
    }

    /// The hand goes down with a tool that is dragged.
    pub fn begin(&mut self, at: At) {
        self.points = vec![at];
    }

    /// … and moves.
    pub fn drag_to(&mut self, at: At, camera: &StageCamera) {
        let (Some(tool), Some(&start)) = (self.active, self.points.first()) else { return };
        match tool {
            Tool::Box => self.points = view_box(start, at, camera),
            Tool::Lasso => {
                let is_full = self.points.len() >= MAX_CORNERS;
                if !is_full && self.points.last().is_none_or(|last| px(*last, at, camera) >= LASSO_STEP_PX) {
                    self.points.push(at);
                }
            }
            _ => self.points = vec![start, at],
        }
    }

    /// … and lets go. A slip of the hand ends in nothing, and the tool stays.
    pub fn end(&mut self, camera: &StageCamera, frame: &LocalFrame) -> Option<Done> {
        let points = std::mem::take(&mut self.points);
        let tool = self.active?;
        let span = points.iter().map(|it| px(points[0], *it, camera)).fold(0.0, f64::max);
        if span < LEAST_PX || matches!(tool, Tool::Lasso) && points.len() < 3 {
            return None;
        }
        let region = match tool {
            Tool::Circle | Tool::Closure => circle_of(&points, frame)?,
            _ => Region::Ring(ring_of(&points, frame)),
        };
        self.active = None;
        Some(if tool.is_marking() { Done::Marked(tool, region) } else { Done::Selected(region) })
    }

    /// A press with a tool that takes presses.
    pub fn press(&mut self, at: At, frame: &LocalFrame) -> Option<Done> {
        let tool = self.active?;
        match tool.grip() {
            Grip::Drag => None,
            Grip::Press => {
                self.active = None;
                Some(Done::Marked(tool, Region::Point(frame.geo_from_local(at).rounded())))
            }
            Grip::Presses => {
                if self.points.len() < MAX_CORNERS && self.points.last() != Some(&at) {
                    self.points.push(at);
                }
                None
            }
        }
    }

    /// A double press or Enter: what was pressed so far is all of it. Nothing, if it is too little.
    pub fn finish(&mut self, frame: &LocalFrame) -> Option<Done> {
        let tool = self.active.filter(|_| self.is_pressing())?;
        let least = if tool == Tool::Length { 2 } else { 3 };
        // A double press leaves its place twice, a hand's breadth apart.
        self.points.dedup_by(|a, b| (a.0 - b.0).hypot(a.1 - b.1) < 0.01);
        if self.points.len() < least {
            return None;
        }
        let points = std::mem::take(&mut self.points);
        self.active = None;
        if tool == Tool::Fence {
            return Some(Done::Marked(tool, Region::Ring(ring_of(&points, frame))));
        }
        self.measured = Some((tool, points));
        Some(Done::Measured)
    }

    /// What is drawn, with its figures, and the outline of `selected`, the area the panel tells about.
    pub fn draw(
        &self,
        selected: Option<&Region>,
        frame: &LocalFrame,
        palette: &Palette,
        lang: Lang,
        sketch: &mut Sketch,
    ) {
        let ink = Drawing { frame, lang, color: palette.selection };
        if let Some(region) = selected {
            ink.region(region, sketch);
        }
        if let Some((tool, points)) = &self.measured {
            ink.measure(*tool, points, sketch);
        }
        let Some(tool) = self.active else { return };
        let mut points = self.points.clone();
        if tool.grip() == Grip::Presses && !points.is_empty() {
            points.extend(self.hover);
        }
        match tool {
            Tool::Circle | Tool::Closure => {
                if let Some(region) = circle_of(&points, frame) {
                    ink.region(&region, sketch);
                    sketch.line(&points, Pen::dashed(ink.color, 1.0, [4.0, 4.0]));
                }
            }
            Tool::Length | Tool::Area => ink.measure(tool, &points, sketch),
            _ => {
                ink.ring(&points, sketch);
            }
        }
    }
}

impl Region {
    pub fn holds(&self, at: LonLat) -> bool {
        match self {
            Self::Point(_) => false,
            Self::Circle { center, radius_m } => center.distance_m(at) <= *radius_m,
            Self::Ring(ring) => gulang_city::is_in_ring(at, ring),
        }
    }

    pub fn area_m2(&self) -> f64 {
        match self {
            Self::Point(_) => 0.0,
            // A spherical cap.
            Self::Circle { radius_m, .. } => {
                std::f64::consts::TAU * SPHERE_M * SPHERE_M * (1.0 - (radius_m / SPHERE_M).cos())
            }
            Self::Ring(ring) => ring_area_m2(ring),
        }
    }

    /// Amid it.
    pub fn middle(&self) -> LonLat {
        match self {
            Self::Point(at) | Self::Circle { center: at, .. } => *at,
            Self::Ring(ring) => {
                let n = ring.len().max(1) as f64;
                let sum = ring.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
                LonLat(sum.0 / n, sum.1 / n)
            }
        }
    }

    /// Its outline; a circle has 72 corners.
    pub fn outline(&self) -> Vec<LonLat> {
        match self {
            Self::Point(_) => Vec::new(),
            Self::Circle { center, radius_m } => circle_outline(*center, *radius_m),
            Self::Ring(ring) => ring.clone(),
        }
    }
}

/// Along the ground, m.
pub fn length_m(line: &[LonLat]) -> f64 {
    line.windows(2).map(|pair| pair[0].distance_m(pair[1])).sum()
}

/// Inside a ring, m²; a ring that crosses itself gets the difference of its parts.
pub fn ring_area_m2(ring: &[LonLat]) -> f64 {
    let Some(mut a) = ring.last().copied() else { return 0.0 };
    let mut sum = 0.0;
    for &b in ring {
        let dlon = (b.0 - a.0 + 540.0).rem_euclid(360.0) - 180.0;
        sum += dlon.to_radians() * (2.0 + a.1.to_radians().sin() + b.1.to_radians().sin());
        a = b;
    }
    (sum / 2.0).abs() * SPHERE_M * SPHERE_M
}

/// `842 m`, `2.35 km`, `124 km`.
pub fn length_text(m: f64) -> String {
    match m {
        m if !m.is_finite() => "—".into(),
        m if m < 1_000.0 => format!("{m:.0} m"),
        m if m < 100_000.0 => format!("{:.2} km", m / 1_000.0),
        m => format!("{:.0} km", m / 1_000.0),
    }
}

/// `8200 m²`, `1.24 km²`.
pub fn area_text(m2: f64) -> String {
    match m2 {
        m2 if !m2.is_finite() => "—".into(),
        m2 if m2 < 100_000.0 => format!("{m2:.0} m²"),
        m2 if m2 < 100e6 => format!("{:.2} km²", m2 / 1e6),
        m2 => format!("{:.0} km²", m2 / 1e6),
    }
}

/// The places at one distance from a centre, by the great circles from it.
fn circle_outline(center: LonLat, radius_m: f64) -> Vec<LonLat> {
    let d = radius_m / SPHERE_M;
    let lat = center.1.to_radians();
    let corner = |i: i32| {
        let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 72.0).sin_cos();
        let lat2 = (lat.sin() * d.cos() + lat.cos() * d.sin() * cos).clamp(-1.0, 1.0).asin();
        let dlon = (sin * d.sin() * lat.cos()).atan2(d.cos() - lat.sin() * lat2.sin());
        LonLat(center.0 + dlon.to_degrees(), lat2.to_degrees())
    };
    (0..72).map(corner).collect()
}

/// The ground under an upright box of the view.
fn view_box(start: At, at: At, camera: &StageCamera) -> Vec<At> {
    let (a, b) = (camera.view_from_local(start), camera.view_from_local(at));
    [a, (b.0, a.1), b, (a.0, b.1)].map(|it| camera.local_from_view(it)).to_vec()
}

fn circle_of(points: &[At], frame: &LocalFrame) -> Option<Region> {
    let [center, .., edge] = points else { return None };
    let center = frame.geo_from_local(*center).rounded();
    let radius_m = center.distance_m(frame.geo_from_local(*edge));
    (radius_m.is_finite() && radius_m > 0.0).then_some(Region::Circle { center, radius_m })
}

fn ring_of(points: &[At], frame: &LocalFrame) -> Vec<LonLat> {
    points.iter().map(|it| frame.geo_from_local(*it).rounded()).collect()
}

fn px(a: At, b: At, camera: &StageCamera) -> f64 {
    let (a, b) = (camera.view_from_local(a), camera.view_from_local(b));
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// How a tool's work looks.
struct Drawing<'a> {
    frame: &'a LocalFrame,
    lang: Lang,
    color: Color32,
}

impl Drawing<'_> {
    fn region(&self, region: &Region, sketch: &mut Sketch) {
        let outline: Vec<At> = region.outline().into_iter().map(|it| self.frame.local_from_geo(it)).collect();
        self.ring(&outline, sketch);
        if let Region::Circle { center, radius_m } = region {
            let radius = self.lang.fill(tr::RADIUS_OF, &[&length_text(*radius_m), &area_text(region.area_m2())]);
            self.text(self.frame.local_from_geo(*center), Anchor::Above, radius, sketch);
        }
    }

    fn ring(&self, points: &[At], sketch: &mut Sketch) {
        if points.len() > 2 {
            sketch.area(&[points.to_vec()], self.color, 0.10);
        }
        sketch.ring(points, Pen::solid(self.color, 1.5));
    }

    fn measure(&self, tool: Tool, points: &[At], sketch: &mut Sketch) {
        let line: Vec<LonLat> = points.iter().map(|it| self.frame.geo_from_local(*it)).collect();
        if tool == Tool::Area {
            self.ring(points, sketch);
            if line.len() > 2 {
                let middle = self.frame.local_from_geo(Region::Ring(line.clone()).middle());
                let mut around = line.clone();
                around.extend(line.first());
                let texts = [area_text(ring_area_m2(&line)), length_text(length_m(&around))];
                let text = self.lang.fill(tr::AREA_OF, &[&texts[0], &texts[1]]);
                self.text(middle, Anchor::Center, text, sketch);
            }
            return;
        }
        sketch.line(points, Pen::solid(self.color, 2.0));
        let Some((&last, &end)) = points.last().zip(line.last()) else { return };
        if line.len() < 2 {
            return;
        }
        let mut total = 0.0;
        for (pair, at) in line.windows(2).zip(&points[1..]) {
            total += pair[0].distance_m(pair[1]);
            if *at != last {
                self.text(*at, Anchor::Right, length_text(total), sketch);
            }
        }
        let bearing = line[line.len() - 2].bearing_to(end);
        let text = self.lang.fill(tr::LENGTH_OF, &[&length_text(total), &format!("{bearing:03.0}°")]);
        self.text(last, Anchor::Right, text, sketch);
    }

    fn text(&self, at: At, anchor: Anchor, text: String, sketch: &mut Sketch) {
        sketch.text(Texts { at, text, size: 13.0, color: self.color, anchor, boxed: true, priority: 250 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XIAMEN: LonLat = LonLat(118.09, 24.48);

    fn frame() -> LocalFrame {
        LocalFrame::new(XIAMEN)
    }

    fn camera() -> StageCamera {
        StageCamera { px_per_m: 0.1, ..StageCamera::default() }
    }

    /// Drags a tool through `points` (local metres) and lets go.
    fn dragged(tool: Tool, points: &[At], camera: &StageCamera) -> (Tools, Option<Done>) {
        let mut tools = Tools::default();
        tools.toggle(tool);
        tools.begin(points[0]);
        for at in &points[1..] {
            tools.drag_to(*at, camera);
        }
        let done = tools.end(camera, &frame());
        (tools, done)
    }

    fn geo(at: At) -> LonLat {
        frame().geo_from_local(at)
    }

    #[test]
    fn a_box_holds_what_was_dragged_over_and_nothing_else() {
        let (tools, done) = dragged(Tool::Box, &[(0.0, 0.0), (500.0, 100.0), (1_000.0, -800.0)], &camera());
        let Some(Done::Selected(region)) = done else { panic!("no region") };
        assert!(region.holds(geo((900.0, -700.0))) && region.holds(geo((10.0, -10.0))));
        assert!(!region.holds(geo((900.0, 50.0))) && !region.holds(geo((1_100.0, -100.0))));
        assert_eq!(tools.active(), None, "one area, and the hand is free again");
    }

    #[test]
    fn a_box_is_upright_on_a_turned_screen() {
        let turned = StageCamera { bearing: 45.0, ..camera() };
        let (_, done) = dragged(Tool::Box, &[(0.0, 0.0), (1_000.0, 0.0)], &turned);
        // East on a map turned by 45° runs to the lower right: the box's corners are north-east and south-east of its start.
        let Some(Done::Selected(region)) = done else { panic!("no region") };
        assert!(region.holds(geo((500.0, 300.0))) && region.holds(geo((500.0, -300.0))));
    }

    #[test]
    fn circles_and_lassos_hold_what_they_go_round() {
        let (_, done) = dragged(Tool::Circle, &[(0.0, 0.0), (1_000.0, 0.0)], &camera());
        let Some(Done::Selected(region @ Region::Circle { radius_m, .. })) = done else { panic!("no circle") };
        assert!((radius_m - 1_000.0).abs() < 5.0, "{radius_m}");
        assert!(region.holds(geo((700.0, 700.0))) && !region.holds(geo((750.0, 750.0))));
        let around: Vec<At> =
            (0..40).map(|i| f64::from(i) * 0.157).map(|a| (900.0 * a.cos(), 500.0 * a.sin())).collect();
        let (_, done) = dragged(Tool::Lasso, &around, &camera());
        let Some(Done::Selected(region)) = done else { panic!("no ring") };
        assert!(region.holds(geo((800.0, 0.0))) && !region.holds(geo((0.0, 800.0))));
    }

    #[test]
    fn a_slip_of_the_hand_selects_nothing_and_keeps_the_tool() {
        for tool in [Tool::Box, Tool::Lasso, Tool::Circle, Tool::Closure] {
            let (tools, done) = dragged(tool, &[(0.0, 0.0), (20.0, 0.0)], &camera());
            assert_eq!((done, tools.active()), (None, Some(tool)));
        }
    }

    #[test]
    fn lengths_and_areas_are_the_grounds_own_anywhere() {
        // A degree of a meridian on this sphere.
        assert!((length_m(&[LonLat(120.0, 10.0), LonLat(120.0, 11.0)]) - 111_195.0).abs() < 1.0);
        // A cell of a degree at the equator and at 60°, by the exact area between two parallels.
        for lat in [0.0_f64, 24.0, 60.0] {
            let ring = [LonLat(118.0, lat), LonLat(119.0, lat), LonLat(119.0, lat + 1.0), LonLat(118.0, lat + 1.0)];
            let zone = (lat + 1.0).to_radians().sin() - lat.to_radians().sin();
            let exact = SPHERE_M * SPHERE_M * 1f64.to_radians() * zone;
            assert!((ring_area_m2(&ring) / exact - 1.0).abs() < 1e-9, "{lat}");
            let reversed: Vec<LonLat> = ring.into_iter().rev().collect();
            assert!((ring_area_m2(&reversed) / exact - 1.0).abs() < 1e-9);
        }
        for center in [XIAMEN, LonLat(140.0, 45.0)] {
            let circle = Region::Circle { center, radius_m: 2_000.0 };
            assert!((ring_area_m2(&circle.outline()) / circle.area_m2() - 1.0).abs() < 0.002);
            assert!(circle.outline().iter().all(|it| (it.distance_m(center) - 2_000.0).abs() < 0.5));
        }
    }

    #[test]
    fn figures_read_well() {
        assert_eq!([length_text(842.4), length_text(2_350.0), length_text(215_400.0)], ["842 m", "2.35 km", "215 km"]);
        assert_eq!([area_text(8_200.0), area_text(1.24e6), area_text(1.7e9)], ["8200 m²", "1.24 km²", "1700 km²"]);
        assert_eq!([length_text(f64::NAN), area_text(f64::INFINITY)], ["—", "—"]);
    }

    #[test]
    fn a_length_grows_by_presses_and_stays_to_be_read() {
        let mut tools = Tools::default();
        tools.toggle(Tool::Length);
        for at in [(0.0, 0.0), (1_000.0, 0.0), (1_000.0, 500.0), (1_000.0, 500.0)] {
            assert_eq!(tools.press(at, &frame()), None);
        }
        assert!(tools.drop_point());
        tools.hover(Some((1_000.0, 2_000.0)));
        let texts = |tools: &Tools| {
            let mut sketch = Sketch::default();
            tools.draw(None, &frame(), super::super::palette::Theme::Dark.palette(), Lang::Zh, &mut sketch);
            sketch.texts.into_iter().map(|it| it.text).collect::<Vec<_>>()
        };
        assert!(texts(&tools).iter().any(|it| it.contains("3.0") || it.contains("2.99")), "{:?}", texts(&tools));
        tools.hover(None);
        assert_eq!(tools.finish(&frame()), Some(Done::Measured));
        assert!(tools.active().is_none() && texts(&tools).iter().any(|it| it.contains("km") || it.contains(" m")));
        assert!(tools.escape() && texts(&tools).is_empty() && !tools.escape());
    }

    #[test]
    fn too_few_corners_finish_nothing() {
        for (tool, n) in [(Tool::Length, 1), (Tool::Area, 2), (Tool::Fence, 2)] {
            let mut tools = Tools::default();
            tools.toggle(tool);
            for i in 0..n {
                tools.press((f64::from(i) * 100.0, 0.0), &frame());
            }
            assert_eq!((tools.finish(&frame()), tools.active()), (None, Some(tool)));
        }
    }

    #[test]
    fn escape_goes_back_one_step_at_a_time() {
        let mut tools = Tools::default();
        tools.toggle(Tool::Fence);
        tools.press((0.0, 0.0), &frame());
        assert!(tools.escape() && tools.active() == Some(Tool::Fence));
        assert!(tools.escape() && tools.active().is_none());
        assert!(!tools.escape());
    }

    #[test]
    fn markings_come_out_as_what_they_are() {
        let mut tools = Tools::default();
        tools.toggle(Tool::Quake);
        let Some(Done::Marked(Tool::Quake, Region::Point(at))) = tools.press((0.0, 0.0), &frame()) else {
            panic!("no quake")
        };
        assert!(at.distance_m(XIAMEN) < 0.1);
        tools.toggle(Tool::Fence);
        for at in [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)] {
            tools.press(at, &frame());
        }
        assert!(
            matches!(tools.finish(&frame()), Some(Done::Marked(Tool::Fence, Region::Ring(ring))) if ring.len() == 3)
        );
        let (_, done) = dragged(Tool::Closure, &[(0.0, 0.0), (300.0, 0.0)], &camera());
        assert!(matches!(done, Some(Done::Marked(Tool::Closure, Region::Circle { .. }))));
    }

    #[test]
    fn every_tool_has_its_own_key() {
        let keys: std::collections::BTreeSet<_> = Tool::ALL.into_iter().map(Tool::key).collect();
        assert_eq!(keys.len(), Tool::ALL.len());
    }
}
