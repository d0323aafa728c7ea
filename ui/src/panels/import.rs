//! A file taken over into a register: what its columns are taken for, what is accepted, what is refused and why, what would
//! change; then merged or replaced by a held button, with a reason. Nothing happens before that.

use super::import_columns::{Columns, SURE, columns_ui};
use super::kit::Kit;
use super::press::{self, HOLD_SEND_MS, Hold};
use super::{PanelState, UiCommand, drawer};
use crate::i18n::{Tr, tr};
use crate::imports::{ImportAsk, ImportNews, ImportPreview, ImportWish, Looked};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::{Posture, RegisterKind};
use std::sync::Arc;

/// What the import drawer remembers.
#[derive(Default)]
pub(super) struct Import {
    register: Option<RegisterKind>,
    file: Option<(String, Arc<Vec<u8>>)>,
    /// What somebody said the coordinates are.
    crs: Option<&'static str>,
    columns: Columns,
    /// A look is wanted in the next frame.
    wants_look: bool,
    /// The last number something was asked with.
    n: u64,
    is_waiting: bool,
    looked: Option<Box<Looked>>,
    failed: Option<String>,
    /// What the last import came to.
    done: Option<(u64, usize)>,
    is_replace: bool,
    reason: String,
    focus: bool,
    held_since: Option<f64>,
}

/// Registers by what files are usually called.
const BY_NAME: [(RegisterKind, &[&str]); 5] = [
    (RegisterKind::Contacts, &["联系", "通讯录", "叫应", "值班", "contact"]),
    (RegisterKind::Teams, &["队", "力量", "team"]),
    (RegisterKind::Depots, &["物资", "仓库", "depot"]),
    (RegisterKind::Shelters, &["避灾", "避难", "安置", "shelter"]),
    (RegisterKind::Cameras, &["摄像", "监控", "视频", "探头", "camera"]),
];
const REGISTERS: [(RegisterKind, Tr); 6] = [
    (RegisterKind::Teams, tr::IMPORT_TEAMS),
    (RegisterKind::Depots, tr::IMPORT_DEPOTS),
    (RegisterKind::Shelters, tr::IMPORT_SHELTERS),
    (RegisterKind::Cameras, tr::IMPORT_CAMERAS),
    (RegisterKind::Contacts, tr::IMPORT_CONTACTS),
    (RegisterKind::Points, tr::IMPORT_POINTS),
];
const COORDINATES: [(&str, Tr); 3] = [("wgs84", tr::IMPORT_AS_IS), ("gcj02", tr::IMPORT_GCJ), ("bd09", tr::IMPORT_BD)];
const PAD: f32 = 12.0;
pub(super) const CHOICE_H: f32 = 28.0;
const ROW_H: f32 = 40.0;
const SAMPLE_H: f32 = 20.0;
const FOOT_H: f32 = 148.0;
/// The button that opens the columns.
const CHANGE_W: f32 = 76.0;
/// Columns and rows of the sample: more do not fit.
const MAX_SAMPLE: (usize, usize) = (5, 4);

impl Import {
    pub fn take_file(&mut self, name: String, bytes: Vec<u8>) {
        let lower = name.to_lowercase();
        let named = BY_NAME.iter().find(|(_, words)| words.iter().any(|it| lower.contains(it))).map(|it| it.0);
        self.register = named.or(self.register);
        self.file = Some((name, Arc::new(bytes)));
        (self.crs, self.done, self.is_replace) = (None, None, false);
        self.columns = Columns::default();
        self.forget();
        self.wants_look = self.register.is_some();
    }

    pub fn take(&mut self, news: ImportNews) {
        match news {
            ImportNews::Looked(n, answer) if n == self.n => {
                self.is_waiting = false;
                match answer {
                    Ok(looked) => (self.looked, self.failed) = (Some(looked), None),
                    Err(why) => (self.looked, self.failed) = (None, Some(why)),
                }
            }
            ImportNews::Done(n, answer) if n == self.n => {
                self.is_waiting = false;
                match answer {
                    Ok(done) => {
                        self.done = Some((done.seq, done.n_rows));
                        self.file = None;
                        self.reason.clear();
                        self.forget();
                    }
                    Err(why) => self.failed = Some(why),
                }
            }
            // Of something asked before.
            ImportNews::Looked(..) | ImportNews::Done(..) => {}
        }
    }

    fn forget(&mut self) {
        (self.looked, self.failed, self.held_since) = (None, None, None);
    }

    /// Asks for a look: the hub keeps the file of the one before, under its ticket.
    fn ask(&mut self) -> Option<ImportAsk> {
        let (register, (name, bytes)) = (self.register?, self.file.clone()?);
        let ticket = self.looked.take().map(|it| it.ticket).filter(|it| !it.is_empty());
        self.n += 1;
        (self.wants_look, self.is_waiting, self.failed) = (false, true, None);
        Some(ImportAsk { n: self.n, register, name, bytes, ticket, crs: self.crs, map: self.columns.said() })
    }

    /// Why it may not be imported now.
    fn why_not(&self, k: &Kit<'_>) -> Option<String> {
        let said = |text: Tr| Some(k.t(text).to_owned());
        if let Some(why) = press::barred(k, "import_register") {
            return Some(why);
        }
        let Some(looked) = &self.looked else { return said(tr::IMPORT_DROP_HERE) };
        let preview = &looked.preview;
        if self.is_waiting {
            said(tr::IMPORT_READING)
        } else if preview.n_accepted == 0 {
            said(tr::IMPORT_NO_ROWS)
        } else if preview.crs_suspect.is_some() {
            said(tr::IMPORT_SAY_CRS)
        } else if self.is_replace && preview.diff.change.n_missing > 0 && is_war(k) {
            said(tr::IMPORT_NO_WITHDRAWAL)
        } else if self.reason.trim().is_empty() {
            said(tr::IMPORT_SAY_WHY)
        } else {
            None
        }
    }
}

fn is_war(k: &Kit<'_>) -> bool {
    let districts = k.m.city.footings.values();
    std::iter::once(&k.m.city.footing).chain(districts).any(|it| it.posture == Posture::War)
}

pub(super) fn import_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::IMPORT), k.t(tr::IMPORT_SUB)) else { return };
    let mut import = std::mem::take(&mut state.import);
    body_ui(k, state, &mut import, body);
    if import.wants_look
        && let Some(ask) = import.ask()
    {
        k.out.push(UiCommand::PreviewImport(ask));
    }
    state.import = import;
}

fn body_ui(k: &mut Kit<'_>, state: &mut PanelState, import: &mut Import, body: Rect) {
    let body = body.shrink2(vec2(PAD, 10.0));
    let mut y = body.top();
    for (i, (kind, name)) in REGISTERS.into_iter().enumerate() {
        let rect = cell(body, y, i, REGISTERS.len());
        if press::choice_ui(k, rect, ("import-register", i), k.t(name), import.register == Some(kind)) {
            import.wants_look = import.register != Some(kind) && import.file.is_some();
            if import.register != Some(kind) {
                import.columns = Columns::default();
            }
            import.register = Some(kind);
        }
    }
    y += CHOICE_H + 10.0;
    let choose = Rect::from_min_size(pos2(body.left(), y), vec2(110.0, CHOICE_H));
    if k.button(choose, "import-choose", 13.0, k.t(tr::IMPORT_CHOOSE), false) {
        k.out.push(UiCommand::ChooseFile);
    }
    let beside = pos2(choose.right() + 10.0, choose.center().y);
    let (text, ink) = match &import.file {
        Some((name, _)) => (name.as_str(), PRIMARY),
        None => (k.t(tr::IMPORT_DROP), TERTIARY),
    };
    k.fit(beside, Align2::LEFT_CENTER, 13.0, ink, text, body.right() - beside.x);
    y += CHOICE_H + 10.0;
    let told = Rect::from_min_max(pos2(body.left(), y), pos2(body.right(), body.bottom() - FOOT_H));
    if let Some(why) = &import.failed {
        k.wrap(told, 13.0, LATE, &k.m.lang.fill(tr::IMPORT_FAILED, &[why]));
    } else if import.is_waiting {
        k.text(told.min, Align2::LEFT_TOP, 13.0, TERTIARY, k.t(tr::IMPORT_READING));
    } else if let Some((seq, n)) = import.done.filter(|_| import.file.is_none()) {
        let text = k.m.lang.fill(tr::IMPORT_DONE, &[&n.to_string(), &seq.to_string()]);
        k.bold(told.min, Align2::LEFT_TOP, 14.0, PRIMARY, &text);
    } else if import.file.is_some() && import.register.is_none() {
        k.text(told.min, Align2::LEFT_TOP, 13.0, TERTIARY, k.t(tr::IMPORT_WHICH));
    }
    if import.is_waiting || import.failed.is_some() && import.looked.is_none() {
        return;
    }
    let Some(looked) = import.looked.take() else { return };
    looked_ui(k, state, &looked.preview, import, told);
    let n_missing = looked.preview.diff.change.n_missing;
    let n_accepted = looked.preview.n_accepted;
    import.looked = Some(looked);
    let foot = Rect::from_min_max(pos2(body.left(), body.bottom() - FOOT_H), body.max);
    foot_ui(k, import, foot, n_accepted, n_missing);
}

/// One of `n` side by side.
pub(super) fn cell(body: Rect, y: f32, i: usize, n: usize) -> Rect {
    let width = (body.width() - 6.0 * (n - 1) as f32) / n as f32;
    Rect::from_min_size(pos2(body.left() + (width + 6.0) * i as f32, y), vec2(width, CHOICE_H))
}

/// The look itself. Coordinates and columns can be said otherwise: then another look is wanted.
fn looked_ui(k: &Kit<'_>, state: &mut PanelState, preview: &ImportPreview, import: &mut Import, rect: Rect) {
    let n = |it: usize| it.to_string();
    let mut y = rect.top();
    let counts = [n(preview.n_rows), n(preview.n_accepted), n(preview.n_refused)];
    let text = k.m.lang.fill(tr::IMPORT_ROWS, &[&counts[0], &counts[1], &counts[2]]);
    let head = if import.failed.is_some() { rect.translate(vec2(0.0, 26.0)) } else { rect };
    y += head.top() - rect.top();
    k.bold_fit(pos2(rect.left(), y), Align2::LEFT_TOP, 14.0, PRIMARY, &text, rect.width());
    let change = preview.diff.change;
    let counts = [change.n_new, change.n_changed, change.n_same, change.n_missing].map(|it| it.to_string());
    let text = k.m.lang.fill(tr::IMPORT_CHANGES, &[&counts[0], &counts[1], &counts[2], &counts[3]]);
    k.fit(pos2(rect.left(), y + 20.0), Align2::LEFT_TOP, 12.0, SECONDARY, &text, rect.width());
    y += 42.0;
    let change = Rect::from_min_size(pos2(rect.right() - CHANGE_W, y), vec2(CHANGE_W, CHOICE_H));
    let label = if import.columns.is_open { tr::IMPORT_COLUMNS_DONE } else { tr::IMPORT_COLUMNS };
    if k.button(change, "import-columns", 13.0, k.t(label), false) {
        import.columns.is_open = !import.columns.is_open;
        state.drawer_scroll = 0.0;
    }
    let lines = Rect::from_min_max(pos2(rect.left(), y), pos2(change.left() - 10.0, y + 37.0));
    y += k.wrap(lines, 12.0, SECONDARY, &columns(preview)).max(CHOICE_H) + 4.0;
    if let Some(why) = &preview.crs_suspect {
        let lines = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), y + 37.0));
        y += k.wrap(lines, 12.0, LATE, why) + 4.0;
    }
    let is_said = preview.crs_suspect.is_none();
    for (i, (id, name)) in COORDINATES.into_iter().enumerate() {
        let is_on = is_said && (preview.crs == id || id == "wgs84" && preview.crs == "cgcs2000");
        if press::choice_ui(k, cell(rect, y, i, COORDINATES.len()), ("import-crs", i), k.t(name), is_on) && !is_on {
            import.crs = Some(id);
            import.wants_look = true;
        }
    }
    y += CHOICE_H + 8.0;
    if import.columns.is_open {
        let list = Rect::from_min_max(pos2(rect.left(), y), rect.max);
        import.wants_look |= columns_ui(k, state, preview, &mut import.columns, list);
        return;
    }
    y = sample_ui(k, preview, rect, y);
    for text in preview.warnings.iter().take(2) {
        k.fit(pos2(rect.left(), y), Align2::LEFT_TOP, 12.0, TERTIARY, text, rect.width());
        y += 18.0;
    }
    refused_ui(k, state, preview, Rect::from_min_max(pos2(rect.left(), y + 4.0), rect.max));
}

/// `名称←队伍名称`; what was guessed without being sure has a `?`.
fn columns(preview: &ImportPreview) -> String {
    let taken = preview.columns.iter().filter(|it| it.field.is_some()).zip(&preview.shown_fields);
    let words = taken.map(|(it, field)| {
        let mark = if it.confidence < SURE { "?" } else { "" };
        format!("{field}←{}{mark}", it.header)
    });
    words.collect::<Vec<_>>().join("  ")
}

fn sample_ui(k: &Kit<'_>, preview: &ImportPreview, rect: Rect, mut y: f32) -> f32 {
    let (n_columns, n_rows) = MAX_SAMPLE;
    let n = preview.shown_fields.len().min(n_columns);
    if n == 0 || preview.shown.is_empty() {
        return y;
    }
    let width = rect.width() / n as f32;
    let line = |cells: &[String], y: f32, ink| {
        for (i, text) in cells.iter().take(n).enumerate() {
            let at = pos2(rect.left() + width * i as f32, y + SAMPLE_H * 0.5);
            k.fit(at, Align2::LEFT_CENTER, 12.0, ink, text, width - 8.0);
        }
    };
    line(&preview.shown_fields, y, TERTIARY);
    y += SAMPLE_H;
    k.hline(rect.left(), rect.right(), y, HAIR);
    for row in preview.shown.iter().take(n_rows) {
        line(row, y, PRIMARY);
        y += SAMPLE_H;
    }
    y + 6.0
}

fn refused_ui(k: &Kit<'_>, state: &mut PanelState, preview: &ImportPreview, list: Rect) {
    if list.height() < ROW_H {
        return;
    }
    let first = drawer::scroll(k, state, list, preview.refused.iter().map(|_| ROW_H));
    let mut y = list.top();
    for it in preview.refused.iter().skip(first) {
        if y + ROW_H > list.bottom() + 0.5 {
            break;
        }
        let head = k.m.lang.fill(tr::IMPORT_REFUSED_ROW, &[&it.row.to_string(), &it.cell]);
        k.fit(pos2(list.left(), y + 11.0), Align2::LEFT_CENTER, 12.0, LATE, &head, list.width());
        let why = format!("{}；{}", it.why, it.todo);
        k.fit(pos2(list.left(), y + 29.0), Align2::LEFT_CENTER, 12.0, SECONDARY, &why, list.width());
        y += ROW_H;
        k.hline(list.left(), list.right(), y, ROW);
    }
}

/// Merge or replace, why, and the button to be held.
fn foot_ui(k: &mut Kit<'_>, import: &mut Import, rect: Rect, n_accepted: usize, n_missing: u32) {
    let y = rect.top() + 4.0;
    if press::choice_ui(k, cell(rect, y, 0, 2), "import-merge", k.t(tr::IMPORT_MERGE), !import.is_replace) {
        import.is_replace = false;
    }
    let replace = k.m.lang.fill(tr::IMPORT_REPLACE, &[&n_missing.to_string()]);
    if press::choice_ui(k, cell(rect, y, 1, 2), "import-replace", &replace, import.is_replace) {
        import.is_replace = true;
    }
    let line = Rect::from_min_size(pos2(rect.left(), y + CHOICE_H + 8.0), vec2(rect.width(), 30.0));
    let (name, hint) = (tr::IMPORT_REASON, tr::IMPORT_REASON_HINT);
    press::line_ui(k, line, "import-reason", &mut import.reason, name, hint, &mut import.focus);
    let why_not = import.why_not(k);
    let label = k.m.lang.fill(tr::IMPORT_COMMIT, &[&n_accepted.to_string()]);
    let button = Rect::from_min_max(pos2(rect.left(), line.bottom() + 8.0), rect.max);
    let (why_not, ms) = (why_not.as_deref(), HOLD_SEND_MS);
    let hold = Hold { id: "import-hold", label: &label, why_not, ms, is_default: false };
    let mut since = import.held_since;
    if press::hold_ui(k, button, &hold, &mut since)
        && let Some(looked) = &import.looked
    {
        import.n += 1;
        let (ticket, reason) = (looked.ticket.clone(), import.reason.trim().to_owned());
        let wish = ImportWish { n: import.n, ticket, is_replace: import.is_replace, reason };
        k.out.push(UiCommand::CommitImport(wish));
        import.is_waiting = true;
        import.failed = None;
    }
    import.held_since = since;
}
