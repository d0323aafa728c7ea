//! The words of a briefing as fields to type into. What is typed is told once the field is left or Enter pressed, not letter by
//! letter: every change is a record.

use super::Briefings;
use crate::i18n::{Tr, tr};
use crate::panels::kit::Kit;
use crate::theme::*;
use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{FontId, Id, Key, Rect, ScrollArea, TextEdit, Ui, UiBuilder, WidgetInfo, WidgetType, vec2};
use gulang_city::{Briefing, BriefingId, BriefingPage, Text};
use std::collections::BTreeMap;

/// Something people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    Title,
    Host,
    Headline,
    /// Of the figure of this place, from 0.
    Label(usize),
    Note(usize),
    ChartTitle,
    Question,
    Consequence,
    Until,
    Owner,
    Notes,
}

impl Field {
    fn name(self, k: &Kit<'_>) -> String {
        let n = |word: Tr, i: usize| k.m.lang.fill(word, &[&(i + 1).to_string()]);
        match self {
            Self::Label(i) => n(tr::BRIEF_FIGURE_LABEL, i),
            Self::Note(i) => n(tr::BRIEF_FIGURE_NOTE, i),
            other => k.t(other.word()).to_owned(),
        }
    }

    fn word(self) -> Tr {
        match self {
            Self::Title => tr::BRIEF_TITLE,
            Self::Host => tr::BRIEF_HOST,
            Self::Headline => tr::BRIEF_HEADLINE,
            Self::Label(_) => tr::BRIEF_FIGURE_LABEL,
            Self::Note(_) => tr::BRIEF_FIGURE_NOTE,
            Self::ChartTitle => tr::BRIEF_CHART_TITLE,
            Self::Question => tr::BRIEF_QUESTION,
            Self::Consequence => tr::BRIEF_CONSEQUENCE,
            Self::Until => tr::BRIEF_UNTIL,
            Self::Owner => tr::BRIEF_OWNER,
            Self::Notes => tr::BRIEF_NOTES,
        }
    }

    /// What stands in it while it is empty.
    fn hint(self, k: &Kit<'_>) -> &'static str {
        k.t(match self {
            Self::Label(_) => tr::BRIEF_LABEL_HINT,
            Self::Note(_) => tr::BRIEF_NOTE_HINT,
            other => other.word(),
        })
    }

    /// Characters, as the rules allow.
    fn most(self) -> usize {
        match self {
            Self::Title | Self::Host | Self::Owner => 60,
            Self::Headline => 120,
            Self::Label(_) | Self::Until => 40,
            Self::Note(_) | Self::ChartTitle | Self::Question => 80,
            Self::Consequence => 160,
            Self::Notes => 2000,
        }
    }

    /// It has more lines than one.
    fn is_long(self) -> bool {
        matches!(self, Self::Headline | Self::Notes | Self::Consequence)
    }

    /// Figures may stand in it.
    pub fn takes_figures(self) -> bool {
        !matches!(self, Self::Title | Self::Host | Self::Owner)
    }

    fn id(self) -> Id {
        Id::new(("briefing-field", self))
    }

    fn read(self, briefing: &Briefing, page: usize) -> Text {
        let page = briefing.pages.get(page);
        let decision = page.and_then(|it| it.decision.as_ref());
        let found = match self {
            Self::Title => Some(&briefing.title),
            Self::Host => Some(&briefing.host),
            Self::Headline => page.map(|it| &it.headline),
            Self::Label(i) => page.and_then(|it| Some(&it.figures.get(i)?.label)),
            Self::Note(i) => page.and_then(|it| Some(&it.figures.get(i)?.note)),
            Self::ChartTitle => page.and_then(|it| Some(&it.chart.as_ref()?.title)),
            Self::Question => decision.map(|it| &it.question),
            Self::Consequence => decision.map(|it| &it.consequence),
            Self::Until => decision.map(|it| &it.until),
            Self::Owner => decision.map(|it| &it.owner),
            Self::Notes => page.map(|it| &it.notes),
        };
        found.cloned().unwrap_or_else(|| "".into())
    }

    fn write(self, briefing: &mut Briefing, page: usize, text: Text) {
        let place = match self {
            Self::Title => Some(&mut briefing.title),
            Self::Host => Some(&mut briefing.host),
            other => briefing.pages.get_mut(page).and_then(|it| other.place(it)),
        };
        if let Some(place) = place {
            *place = text;
        }
    }

    fn place(self, page: &mut BriefingPage) -> Option<&mut Text> {
        Some(match self {
            Self::Title | Self::Host => return None,
            Self::Headline => &mut page.headline,
            Self::Label(i) => &mut page.figures.get_mut(i)?.label,
            Self::Note(i) => &mut page.figures.get_mut(i)?.note,
            Self::ChartTitle => &mut page.chart.as_mut()?.title,
            Self::Question => &mut page.decision.as_mut()?.question,
            Self::Consequence => &mut page.decision.as_mut()?.consequence,
            Self::Until => &mut page.decision.as_mut()?.until,
            Self::Owner => &mut page.decision.as_mut()?.owner,
            Self::Notes => &mut page.notes,
        })
    }
}

/// What is being typed and not told yet.
#[derive(Default)]
pub(super) struct Hands {
    /// By page and field, of one briefing.
    edits: BTreeMap<(usize, Field), String>,
    of: Option<BriefingId>,
    /// What has the keyboard in this frame.
    focused: Option<(usize, Field)>,
    was_typing: bool,
    is_typing: bool,
    /// What was typed into last: figures are put in there.
    last: Option<Field>,
}

impl Hands {
    pub fn begin(&mut self) {
        self.was_typing = std::mem::take(&mut self.is_typing);
        self.focused = None;
    }

    /// Somebody typed in the last frame: Esc leaves the field and nothing more.
    pub fn was_typing(&self) -> bool {
        self.was_typing
    }

    /// Where a figure is to be put in.
    pub fn last(&self) -> Field {
        self.last.filter(|it| it.takes_figures()).unwrap_or(Field::Headline)
    }
}

impl Briefings {
    /// A field of the page in hand.
    pub(super) fn field_ui(&mut self, k: &Kit<'_>, id: &BriefingId, briefing: &Briefing, field: Field, rect: Rect) {
        let key = (self.page, field);
        let kept = field.read(briefing, self.page);
        let is_mine = self.hands.of.as_ref() == Some(id);
        let edited = self.hands.edits.get(&key).filter(|_| is_mine).cloned();
        let mut text = edited.unwrap_or_else(|| kept.to_string());
        k.fill(rect, 3.0, APP);
        let builder = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))).layer_id(k.ui.layer_id());
        let mut ui = Ui::new(k.ui.ctx().clone(), k.ui.id().with(field.id()), builder);
        let edit = match field.is_long() {
            true => TextEdit::multiline(&mut text),
            false => TextEdit::singleline(&mut text),
        };
        let edit = edit
            .id(field.id())
            .frame(egui::Frame::NONE)
            .font(FontId::proportional(14.0))
            .hint_text(field.hint(k))
            .char_limit(field.most())
            .desired_rows(1)
            .desired_width((rect.width() - 16.0).max(1.0));
        let edit = if field == Field::Notes { edit } else { edit.return_key(None) };
        let response = match field.is_long() {
            true => ScrollArea::vertical().id_salt(field.id()).show(&mut ui, |ui| ui.add(edit)).inner,
            false => ui.add(edit),
        };
        response.widget_info(|| WidgetInfo::labeled(WidgetType::TextEdit, true, field.name(k)));
        k.outline(rect, 3.0, 1.0, if response.has_focus() { ACCENT } else { STRONG });
        if response.has_focus() {
            if !is_mine {
                // What another briefing's fields still hold was told when they were left.
                self.hands.edits.clear();
                self.hands.of = Some(id.clone());
            }
            self.hands.edits.insert(key, text);
            (self.hands.last, self.hands.is_typing) = (Some(field), true);
            let is_entered = field != Field::Notes && k.ui.input(|input| input.key_pressed(Key::Enter));
            if is_entered {
                response.surrender_focus();
            } else {
                self.hands.focused = Some(key);
            }
        } else if response.lost_focus() && is_mine {
            self.hands.edits.insert(key, text);
        }
    }

    /// Tells what was typed into fields that were left; all of them in one change.
    pub(super) fn commit(&mut self, k: &mut Kit<'_>) {
        let focused = self.hands.focused;
        if self.hands.edits.keys().all(|it| Some(*it) == focused) {
            return;
        }
        let Some(id) = self.hands.of.clone() else { return self.hands.edits.clear() };
        let edits = std::mem::take(&mut self.hands.edits);
        let Some(mut briefing) = self.of(k.m.city, &id).cloned() else { return };
        for ((page, field), text) in edits {
            if Some((page, field)) == focused {
                self.hands.edits.insert((page, field), text);
                continue;
            }
            field.write(&mut briefing, page, text.trim().into());
        }
        self.put(k, &id, briefing);
    }

    /// Puts `{indicator}` where the cursor last was in the field typed into last.
    pub(super) fn insert(&mut self, k: &mut Kit<'_>, id: &BriefingId, word: &str) {
        let field = self.hands.last();
        let Some(mut briefing) = self.of(k.m.city, id).cloned() else { return };
        let text = field.read(&briefing, self.page);
        let chars: Vec<char> = text.chars().collect();
        let state = TextEditState::load(k.ui.ctx(), field.id());
        let cursor = state.as_ref().and_then(|it| it.cursor.char_range()).map(|it| usize::from(it.primary.index));
        let at = cursor.unwrap_or(chars.len()).min(chars.len());
        let (before, after) = chars.split_at(at);
        let with: String = before.iter().copied().chain(word.chars()).chain(after.iter().copied()).collect();
        if with.chars().count() > field.most() {
            self.note = Some(k.m.lang.fill(tr::BRIEF_TOO_LONG, &[&field.most().to_string()]));
            return;
        }
        if let Some(mut state) = state {
            let end = CCursor::new(at + word.chars().count());
            state.cursor.set_char_range(Some(CCursorRange::one(end)));
            state.store(k.ui.ctx(), field.id());
        }
        field.write(&mut briefing, self.page, with.into());
        self.put(k, id, briefing);
    }
}
