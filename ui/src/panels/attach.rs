//! Pictures that go with a step on a case: chosen on this desk, dropped on it, or taken from the nearest camera that sees the
//! place. The hub keeps each before the step may be sent; what it refuses says why and goes with nothing.

use super::kit::Kit;
use super::{UiCommand, press};
use crate::i18n::{Lang, tr};
use crate::medias::MediaAsk;
use crate::theme::*;
use egui::Rect;
use gulang_city::{LonLat, MAX_CASE_MEDIA, Text};
use std::sync::Arc;

/// The hub takes no larger ones, and no platform would.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is attached to the step whose form is open.
#[derive(Default)]
pub(super) struct Attached {
    items: Vec<Item>,
    /// Never begins anew: an answer to a form put away finds nothing.
    n_asked: u64,
}

struct Item {
    n: u64,
    state: State,
}

enum State {
    /// Goes to the hub with the next frame.
    Chosen(Arc<Vec<u8>>),
    /// So many bytes on their way; of a snapshot none are ours.
    Sending(usize),
    Kept(Text),
    Refused(String),
}

impl Attached {
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// A file chosen or dropped.
    pub fn take_file(&mut self, bytes: Vec<u8>) {
        let state = match why_not(&bytes) {
            Some(why) => State::Refused(why.to_owned()),
            None if self.is_full() => State::Refused(Lang::Zh.t(tr::CASE_PICTURES_FULL).to_owned()),
            None => State::Chosen(Arc::new(bytes)),
        };
        self.add(state);
    }

    fn add(&mut self, state: State) -> u64 {
        self.n_asked += 1;
        // Of refusals the last is enough.
        self.items.retain(|it| !matches!(it.state, State::Refused(_)));
        self.items.push(Item { n: self.n_asked, state });
        self.n_asked
    }

    /// The hub's answer.
    pub fn take(&mut self, n: u64, kept: Result<Text, String>) {
        if let Some(item) = self.items.iter_mut().find(|it| it.n == n) {
            item.state = match kept {
                Ok(name) => State::Kept(name),
                Err(why) => State::Refused(why),
            };
        }
    }

    /// As the hub keeps them, each once.
    pub fn names(&self) -> Vec<Text> {
        let mut names: Vec<Text> = Vec::new();
        for item in &self.items {
            if let State::Kept(name) = &item.state
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        names
    }

    pub fn is_busy(&self) -> bool {
        self.items.iter().any(|it| matches!(it.state, State::Chosen(_) | State::Sending(_)))
    }

    pub fn refused(&self) -> Option<&str> {
        self.items.iter().find_map(|it| if let State::Refused(why) = &it.state { Some(why.as_str()) } else { None })
    }

    fn is_full(&self) -> bool {
        self.items.iter().filter(|it| !matches!(it.state, State::Refused(_))).count() >= MAX_CASE_MEDIA
    }

    /// How many there are, or how far they are.
    fn said(&self, lang: Lang) -> String {
        let n_kept = self.names().len().to_string();
        let n_bytes = |it: &Item| match &it.state {
            State::Chosen(bytes) => bytes.len(),
            State::Sending(n) => *n,
            State::Kept(_) | State::Refused(_) => 0,
        };
        let left: usize = self.items.iter().map(n_bytes).sum();
        match (self.is_busy(), self.items.is_empty()) {
            (true, _) => {
                let left = format!("{:.1} MB", left as f64 / 1e6);
                lang.fill(tr::CASE_PICTURES_SENDING, &[&n_kept, &self.items.len().to_string(), &left])
            }
            (false, true) => lang.t(tr::CASE_PICTURES_NONE).to_owned(),
            (false, false) => lang.fill(tr::CASE_PICTURES_KEPT, &[&n_kept]),
        }
    }
}

fn why_not(bytes: &[u8]) -> Option<&'static str> {
    let is_picture = bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    match (is_picture, bytes.len()) {
        (false, _) => Some(Lang::Zh.t(tr::CASE_PICTURE_NO_PICTURE)),
        (true, n) if n > MAX_BYTES => Some(Lang::Zh.t(tr::CASE_PICTURE_TOO_LARGE)),
        _ => None,
    }
}

/// A button to choose a file, one for a camera's snapshot of `place`, and how it stands; a press on that takes all away.
pub(super) fn attach_ui(k: &mut Kit<'_>, attached: &mut Attached, [file, camera, said]: [Rect; 3], place: LonLat) {
    for item in &mut attached.items {
        if let State::Chosen(bytes) = &item.state {
            let bytes = bytes.clone();
            item.state = State::Sending(bytes.len());
            k.out.push(UiCommand::Media(MediaAsk::Keep { n: item.n, bytes }));
        }
    }
    let is_full = attached.is_full();
    let label = k.t(tr::CASE_PICTURE_FILE);
    if press::guarded_ui(k, file, "case-picture-file", 13.0, label, is_full) {
        k.out.push(UiCommand::ChooseFile);
    }
    let nearest = k.m.city.cameras_that_see(place, 1).first().map(|it| it.camera.id.clone());
    let label = k.t(tr::CASE_PICTURE_CAMERA);
    if press::guarded_ui(k, camera, "case-picture-camera", 13.0, label, is_full || nearest.is_none())
        && let Some(camera) = nearest
    {
        let n = attached.add(State::Sending(0));
        k.out.push(UiCommand::Media(MediaAsk::Snapshot { n, camera }));
    }
    let text = attached.said(k.m.lang);
    let ink = if attached.is_busy() { STALE } else { SECONDARY };
    k.fit_center(said, 12.0, ink, &text, false);
    if !attached.items.is_empty() && k.hit(said, "case-pictures-clear", k.t(tr::CASE_PICTURES_CLEAR)).clicked() {
        attached.clear();
    }
}
