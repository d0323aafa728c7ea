//! The tools at the map's left edge: what the hand can take up, and a line on how the one in hand is used. A form follows
//! a marking that needs more than its place; only its button makes a command of it.

use super::drawer::Drawer;
use super::kit::{Kit, RealmMark, realm_mark, row_id};
use super::pages::Page;
use super::{PanelState, Selection, UiCommand};
use crate::i18n::{Tr, tr};
use crate::stage::tools::{Grip, Region, Tool};
use crate::theme::*;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};
use gulang_city::{Area, Command, MarkingKind};

/// A marking drawn and not yet put: what is still to be said of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    tool: Tool,
    region: Region,
    /// Of [`REASONS`].
    reason: usize,
    magnitude: f32,
    depth_km: f32,
}

impl Draft {
    pub fn new(tool: Tool, region: Region) -> Self {
        Self { tool, region, reason: 0, magnitude: 5.0, depth_km: 10.0 }
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    /// As the city takes it; `None` if the tool and the region do not go together.
    fn marking(&self, k: &Kit<'_>) -> Option<MarkingKind> {
        let now = k.now();
        Some(match (self.tool, &self.region) {
            (Tool::Closure, Region::Circle { center, radius_m }) => MarkingKind::Closure {
                area: Area::Circle { center: *center, radius_m: *radius_m as f32 },
                reason: k.t(REASONS[self.reason]).into(),
            },
            (Tool::Fence, Region::Ring(ring)) => {
                let n = k.m.city.markings.len() + 1;
                let name = k.m.lang.fill(tr::FENCE_NAME, &[&n.to_string()]);
                MarkingKind::Fence { name: name.into(), ring: ring.clone() }
            }
            (Tool::Quake, Region::Point(at)) => {
                MarkingKind::Quake { at: *at, magnitude: self.magnitude, depth_km: self.depth_km, origin: now }
            }
            (Tool::Fire, Region::Point(at)) => MarkingKind::Fire { at: *at, started: now },
            (Tool::Reach, Region::Point(at)) => MarkingKind::ReachFrom { places: vec![*at] },
            _ => return None,
        })
    }
}

const REASONS: [Tr; 4] = [tr::REASON_WATER, tr::REASON_TREE, tr::REASON_CRASH, tr::REASON_CONTROL];
/// A button's side.
const SIDE: f32 = 28.0;
/// From one button to the next; closer where the map is low, so that they stay in one column.
const STEP: (f32, f32) = (SIDE + 1.0, 32.0);
/// What the toolbar takes of the map's left edge.
pub(super) const TOOLBAR_W: f32 = SIDE + 12.0;

/// What a button of the toolbar does.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Take(Tool),
    Open(Drawer),
    Turn(Page),
    North,
    Back,
    Follow(bool),
}

pub(super) fn tools_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect) {
    let area = Rect::from_min_max(map.min + vec2(12.0, 54.0), pos2(map.right() - 12.0, map.bottom() - 128.0));
    let mut buttons: Vec<Does> = Tool::ALL.map(Does::Take).to_vec();
    buttons.extend([Does::Open(Drawer::Find), Does::Open(Drawer::Layers), Does::Open(Drawer::Views)]);
    buttons.extend([Does::Turn(Page::Cameras), Does::Turn(Page::Sources), Does::Turn(Page::Detections)]);
    buttons.extend([Does::Turn(Page::Indicators), Does::Turn(Page::Briefings)]);
    buttons.extend([Does::Back, Does::North]);
    if k.m.view.is_following || k.m.selection.is_some_and(is_mover) {
        buttons.push(Does::Follow(!k.m.view.is_following));
    }
    let step = (area.height() / buttons.len() as f32).clamp(STEP.0, STEP.1);
    let n_rows = (area.height() / step + 0.01).floor() as usize;
    if n_rows < 4 || area.width() < 200.0 {
        return;
    }
    let mut told = None;
    for (i, does) in buttons.into_iter().enumerate() {
        let at = area.min + vec2(STEP.1 * (i / n_rows) as f32, step * (i % n_rows) as f32);
        let button = Rect::from_min_size(at, vec2(SIDE, SIDE));
        state.over_map.push(button);
        let (label, key) = words(k, does);
        let response = k.hit(button, ("tool", &label), &label);
        let is_on = match does {
            Does::Take(tool) => state.tools.active() == Some(tool),
            Does::Open(drawer) => state.drawer == Some(drawer),
            Does::Turn(page) => state.pages.shows(page),
            Does::Follow(to) => !to,
            Does::North | Does::Back => false,
        };
        k.fill(button, 3.0, if is_on { SELECTED } else { PANEL });
        k.outline(button, 3.0, 1.0, if is_on { ACCENT } else { HAIR });
        let ink = if is_on || response.hovered() { PRIMARY } else { SECONDARY };
        icon(k, button.center(), does, ink);
        if does == Does::Turn(Page::Detections) {
            badge(k, button, k.m.city.detections.waiting.len());
        }
        if response.hovered() || response.has_focus() {
            told = Some((button, label, key));
        }
        if response.clicked() {
            match does {
                Does::Take(tool) => state.tools.toggle(tool),
                Does::Open(drawer) => state.toggle_drawer(drawer),
                Does::Turn(page) => state.pages.toggle(page),
                Does::North => k.out.push(UiCommand::NorthUp),
                Does::Back => k.out.push(UiCommand::ViewBack),
                Does::Follow(on) => k.out.push(UiCommand::Follow(on)),
            }
        }
    }
    if let Some((button, label, key)) = told {
        let at = pos2(button.right() + 8.0, button.center().y);
        let width = k.width(13.0, &label) + k.width(12.0, key) + 44.0;
        let rect = Rect::from_min_size(at - vec2(0.0, 14.0), vec2(width, 28.0));
        k.fill(rect, 3.0, SELECTED);
        k.outline(rect, 3.0, 1.0, STRONG);
        let text = k.text(pos2(rect.left() + 10.0, at.y), Align2::LEFT_CENTER, 13.0, PRIMARY, &label);
        k.key(pos2(text.right() + 10.0, at.y), key);
    }
    if let Some(tool) = state.tools.active() {
        hint_ui(k, state, map, tool);
    }
}

/// How the tool in hand is used, over the legend.
fn hint_ui(k: &Kit<'_>, state: &mut PanelState, map: Rect, tool: Tool) {
    let hint = match tool.grip() {
        Grip::Drag => tr::HINT_DRAG,
        Grip::Presses => tr::HINT_PRESSES,
        Grip::Press => tr::HINT_PRESS,
    };
    let text = format!("{}　{}", k.t(tool.name()), k.t(hint));
    let width = (k.width(13.0, &text) + 24.0).min(map.width() - TOOLBAR_W - 36.0);
    let rect = Rect::from_min_size(map.left_bottom() + vec2(TOOLBAR_W + 14.0, -152.0), vec2(width, 28.0));
    k.fill(rect, 3.0, PANEL);
    k.outline(rect, 3.0, 1.0, ACCENT);
    k.fit_center(rect, 13.0, PRIMARY, &text, false);
    state.over_map.push(rect);
}

/// What is still to be said of the marking just drawn.
pub(super) fn draft_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect) {
    let Some(mut draft) = state.draft.take() else { return };
    let width = 320.0f32.min(map.width() - TOOLBAR_W - 28.0);
    let rect = Rect::from_min_size(map.min + vec2(TOOLBAR_W + 14.0, 90.0), vec2(width, 176.0));
    state.over_map.push(rect);
    k.fill(rect, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(rect));
    let y = rect.top() + 20.0;
    let x = rect.left() + 12.0 + realm_mark(k, RealmMark::Chip(pos2(rect.left() + 12.0, y), 12.0));
    k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 15.0, PRIMARY, k.t(draft.tool.name()), rect.right() - x - 12.0);
    let note = pos2(rect.left() + 12.0, rect.top() + 42.0);
    k.fit(note, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::PUT_MARKING_SUB), width - 24.0);
    let form = Rect::from_min_max(pos2(rect.left() + 12.0, rect.top() + 56.0), rect.max - vec2(12.0, 52.0));
    match draft.tool {
        Tool::Closure => {
            let cell = vec2((form.width() - 8.0) / 2.0, 28.0);
            for (i, reason) in REASONS.into_iter().enumerate() {
                let at = form.min + vec2((cell.x + 8.0) * (i % 2) as f32, 34.0 * (i / 2) as f32);
                let chip = Rect::from_min_size(at, cell);
                if k.hit(chip, ("reason", i), k.t(reason)).clicked() {
                    draft.reason = i;
                }
                let is_on = draft.reason == i;
                k.fill(chip, 3.0, if is_on { SELECTED } else { PANEL });
                k.outline(chip, 3.0, 1.0, if is_on { ACCENT } else { STRONG });
                k.fit_center(chip, 13.0, if is_on { PRIMARY } else { SECONDARY }, k.t(reason), false);
            }
        }
        Tool::Quake => {
            let [upper, lower] = [0.0, 34.0].map(|y| form.min + vec2(0.0, y));
            let text = format!("M {:.1}", draft.magnitude);
            let by = stepper_ui(k, upper, form.width(), tr::MAGNITUDE, &text);
            draft.magnitude = (draft.magnitude + by * 0.1).clamp(3.0, 9.0);
            let text = format!("{:.0}", draft.depth_km);
            let by = stepper_ui(k, lower, form.width(), tr::DEPTH_KM, &text);
            draft.depth_km = (draft.depth_km + by * 5.0).clamp(0.0, 300.0);
        }
        _ => {
            let at = form.left_center();
            k.fit(at, Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(tr::NOTHING_TO_SET), form.width());
        }
    }
    let half = (width - 32.0) / 2.0;
    let put = Rect::from_min_size(pos2(rect.left() + 12.0, rect.bottom() - 42.0), vec2(half, 32.0));
    let drop = put.translate(vec2(half + 8.0, 0.0));
    let is_put = k.button(put, "put-marking", 14.0, k.t(tr::PUT_MARKING), true);
    let is_dropped = k.button(drop, "drop-marking", 14.0, k.t(tr::CANCEL), false);
    match (is_put, is_dropped) {
        (true, _) => {
            let command = draft.marking(k).map(|kind| Command::PutMarking { kind, note: "".into() });
            k.out.extend(command.map(UiCommand::Submit));
        }
        (false, true) => {}
        (false, false) => state.draft = Some(draft),
    }
}

/// A figure with less and more; which was pressed is returned, -1, 0 or 1.
pub(super) fn stepper_ui(k: &Kit<'_>, at: Pos2, width: f32, name: Tr, figure: &str) -> f32 {
    let name = k.t(name);
    let c = at.y + 14.0;
    k.fit(pos2(at.x, c), Align2::LEFT_CENTER, 13.0, SECONDARY, name, 96.0);
    let less = Rect::from_min_size(pos2(at.x + width - 140.0, at.y), vec2(28.0, 28.0));
    let more = Rect::from_min_size(pos2(at.x + width - 28.0, at.y), vec2(28.0, 28.0));
    k.bold(pos2((less.right() + more.left()) * 0.5, c), Align2::CENTER_CENTER, 16.0, PRIMARY, figure);
    let mut by = 0.0;
    for (button, sign, label, step) in [(less, "－", tr::LESS_OF, -1.0), (more, "＋", tr::MORE_OF, 1.0)] {
        let label = k.m.lang.fill(label, &[name]);
        if k.hit(button, row_id("step", &label), &label).clicked() {
            by = step;
        }
        k.fill(button, 3.0, RAISED);
        k.outline(button, 3.0, 1.0, STRONG);
        k.text(button.center(), Align2::CENTER_CENTER, 14.0, PRIMARY, sign);
    }
    by
}

/// A mover has somewhere to be followed to.
pub(super) fn is_mover(selection: &Selection) -> bool {
    matches!(selection, Selection::Team(_) | Selection::Drone(_) | Selection::Thing { .. })
}

/// What a button is called, and its key.
fn words(k: &Kit<'_>, does: Does) -> (String, &'static str) {
    let (name, key) = match does {
        Does::Take(tool) => (
            tool.name(),
            match tool {
                Tool::Box => "Shift B",
                Tool::Lasso => "Shift L",
                Tool::Circle => "Shift C",
                Tool::Length => "Shift D",
                Tool::Area => "Shift A",
                Tool::Closure => "Shift X",
                Tool::Fence => "Shift F",
                Tool::Quake => "Shift Q",
                Tool::Fire => "Shift H",
                Tool::Reach => "Shift R",
            },
        ),
        Does::Open(Drawer::Find) => (tr::FIND, "/"),
        Does::Open(Drawer::Layers) => (tr::LAYERS_PANEL, "L"),
        Does::Open(Drawer::Views) => (tr::VIEWS, "Shift V"),
        Does::Open(Drawer::Area) => (tr::AREA, ""),
        Does::Open(Drawer::Duties) => (tr::DUTIES, "D"),
        Does::Open(Drawer::Needs) => (tr::NEEDS, "Shift N"),
        Does::Turn(page) => (page.name(), page.key_name()),
        Does::Open(Drawer::Import) => (tr::IMPORT, "I"),
        Does::Open(Drawer::Ask) => (tr::ASK_CITY, "Q"),
        Does::Open(Drawer::AlarmLoad) => (tr::ALARM_LOAD, "F4"),
        Does::North => (tr::NORTH_UP, "N"),
        Does::Back => (tr::VIEW_BACK, "Alt ←"),
        Does::Follow(true) => (tr::FOLLOW, "F"),
        Does::Follow(false) => (tr::FOLLOWING, "F"),
    };
    (k.t(name).to_owned(), key)
}

/// How many wait, at a button's corner.
fn badge(k: &Kit<'_>, button: Rect, n: usize) {
    if n == 0 {
        return;
    }
    let text = if n > 99 { "99+".to_owned() } else { n.to_string() };
    let width = k.width(10.0, &text) + 6.0;
    let rect = Rect::from_min_size(pos2(button.right() - width + 5.0, button.top() - 4.0), vec2(width, 13.0));
    k.fill(rect, 6.0, level_fill(gulang_city::WarningColor::Orange));
    k.text(rect.center(), Align2::CENTER_CENTER, 10.0, level_on_fill(gulang_city::WarningColor::Orange), &text);
}

fn icon(k: &Kit<'_>, c: Pos2, does: Does, ink: Color32) {
    let p = k.painter();
    let stroke = Stroke::new(1.4, ink);
    let line = |from: (f32, f32), to: (f32, f32)| {
        p.line_segment([c + vec2(from.0, from.1), c + vec2(to.0, to.1)], stroke);
    };
    let path = |points: &[(f32, f32)], is_closed: bool| {
        let points = points.iter().map(|it| c + vec2(it.0, it.1)).collect();
        p.add(if is_closed { Shape::closed_line(points, stroke) } else { Shape::line(points, stroke) });
    };
    let glyph = |text: &str| {
        k.text(c, Align2::CENTER_CENTER, 14.0, ink, text);
    };
    match does {
        Does::Take(Tool::Box) => {
            p.rect_stroke(Rect::from_center_size(c, vec2(15.0, 12.0)), 0.0, stroke, StrokeKind::Middle);
        }
        Does::Take(Tool::Lasso) => {
            path(&[(-7.0, 1.0), (-4.0, -6.0), (3.0, -7.0), (8.0, -2.0), (5.0, 4.0), (-2.0, 5.0), (-5.0, 8.0)], false)
        }
        Does::Take(Tool::Circle) => {
            p.circle_stroke(c, 7.0, stroke);
        }
        Does::Take(Tool::Length) => {
            path(&[(-8.0, 4.0), (-8.0, -3.0), (8.0, -3.0), (8.0, 4.0)], false);
            for x in [-4.0, 0.0, 4.0] {
                line((x, -3.0), (x, 1.0));
            }
        }
        Does::Take(Tool::Area) => {
            path(&[(-7.0, 6.0), (-5.0, -5.0), (4.0, -7.0), (7.0, 5.0)], true);
            line((-4.0, 3.0), (2.0, -4.0));
            line((-1.0, 4.5), (4.0, -1.5));
        }
        Does::Take(Tool::Closure) => {
            p.circle_stroke(c, 7.0, stroke);
            line((-4.0, -4.0), (4.0, 4.0));
            line((-4.0, 4.0), (4.0, -4.0));
        }
        Does::Take(Tool::Fence) => glyph("栏"),
        Does::Take(Tool::Quake) => {
            path(&[(-8.0, 0.0), (-4.0, 0.0), (-2.0, -7.0), (1.0, 7.0), (4.0, 0.0), (8.0, 0.0)], false)
        }
        Does::Take(Tool::Fire) => glyph("火"),
        Does::Take(Tool::Reach) => {
            p.circle_filled(c, 2.0, ink);
            p.circle_stroke(c, 4.5, stroke);
            p.circle_stroke(c, 8.0, stroke);
        }
        Does::Open(Drawer::Find) => {
            p.circle_stroke(c - vec2(1.5, 1.5), 5.0, stroke);
            line((2.2, 2.2), (7.0, 7.0));
        }
        Does::Open(Drawer::Layers) => {
            path(&[(0.0, -7.0), (8.0, -2.5), (0.0, 2.0), (-8.0, -2.5)], true);
            path(&[(-8.0, 2.5), (0.0, 7.0), (8.0, 2.5)], false);
        }
        Does::Open(Drawer::Views) => path(&[(-5.0, -7.0), (5.0, -7.0), (5.0, 7.0), (0.0, 2.5), (-5.0, 7.0)], true),
        Does::Open(Drawer::Area) => glyph("区"),
        Does::Open(Drawer::Duties) => glyph("事"),
        Does::Open(Drawer::Needs) => glyph("需"),
        Does::Turn(Page::Cameras) => {
            for (x, y) in [(-4.0, -3.5), (4.0, -3.5), (-4.0, 3.5), (4.0, 3.5)] {
                let cell = Rect::from_center_size(c + vec2(x, y), vec2(6.5, 5.5));
                p.rect_stroke(cell, 0.0, stroke, StrokeKind::Middle);
            }
        }
        Does::Turn(Page::Drone) => glyph("机"),
        Does::Turn(Page::Sources) => glyph("源"),
        Does::Turn(Page::Detections) => glyph("识"),
        Does::Turn(Page::Indicators) => glyph("指"),
        Does::Turn(Page::Briefings) => glyph("报"),
        Does::Open(Drawer::Import) => glyph("入"),
        Does::Open(Drawer::Ask) => glyph("问"),
        Does::Open(Drawer::AlarmLoad) => glyph("荷"),
        Does::Back => glyph("←"),
        Does::North => {
            // The needle points where north is on the screen.
            let (sin, cos) = (-k.m.view.bearing.to_radians() as f32).sin_cos();
            let turn = |x: f32, y: f32| c + vec2(x * cos - y * sin, x * sin + y * cos);
            let needle = vec![turn(0.0, -9.0), turn(4.0, 0.0), turn(-4.0, 0.0)];
            p.add(Shape::convex_polygon(needle, ink, Stroke::NONE));
            p.add(Shape::closed_line(vec![turn(0.0, 9.0), turn(4.0, 0.0), turn(-4.0, 0.0)], stroke));
        }
        Does::Follow(_) => {
            p.circle_stroke(c, 5.0, stroke);
            for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                line((x * 3.0, y * 3.0), (x * 9.0, y * 9.0));
            }
        }
    }
}
