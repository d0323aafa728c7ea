//! Where a page has the stage look, what it has it show beside the usual, and in which colours; and all of it back once no page
//! is shown any more.
//!
//! Everything is asked by commands: the stage is told where to look once the map has its place, and again when the place, the
//! page or what it shows is another.

use crate::panels::UiCommand;
use crate::panels::kit::Kit;
use crate::stage::{overlays, palette::Theme};
use egui::{Rect, Vec2};
use gulang_city::{Look, Text};
use std::collections::BTreeSet;

/// The city's own layers, on unless an officer switched them off; registers and online maps are off until asked for.
const OWN_LAYERS: [&str; 9] =
    ["cameras", "sensors", "flood_points", "shelters", "facilities", "teams", "drones", "cases", "alarms"];

#[derive(Default)]
pub(super) struct Eye {
    /// The map as it was when it was last seen without a page.
    home: Option<(Look, Theme)>,
    /// A page has the map, or had it until now.
    is_open: bool,
    /// Where the stage was told to look, and in what size.
    asked: Option<(Look, Vec2)>,
    /// Where the map was in the last frame.
    last: Option<Rect>,
    /// What pages had switched on.
    lit: BTreeSet<Text>,
    /// Something else was shown before: the map is flown, not put, to the first page.
    was_elsewhere: bool,
}

impl Eye {
    /// Pages have the map, or had it until now.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// A page is shown, its map in `map`; without a look the map stays as it is.
    pub fn see(&mut self, k: &mut Kit<'_>, map: Rect, look: Option<&Look>, theme: Theme) {
        self.is_open = true;
        let is_still = self.settle(map);
        let mut asks = Vec::new();
        if k.m.view.theme != theme {
            asks.push(UiCommand::SetTheme(theme));
        }
        let wanted = look.map_or(&[][..], |it| &it.layers);
        for row in k.m.layers {
            let is_wanted = wanted.contains(&row.id);
            if is_wanted && !row.on {
                self.lit.insert(row.id.clone());
                asks.push(UiCommand::ToggleLayerId(row.id.clone(), true));
            } else if !is_wanted && self.lit.remove(&row.id) && row.on {
                asks.push(UiCommand::ToggleLayerId(row.id.clone(), false));
            }
        }
        let bare = look.map(|it| Look { layers: Vec::new(), ..it.clone() });
        if let Some(look) = bare.filter(|_| is_still && map.is_positive()) {
            let ask = (look.clone(), map.size());
            if self.asked.as_ref() != Some(&ask) {
                self.asked = Some(ask);
                asks.push(UiCommand::LookAs { look, at_once: !self.was_elsewhere });
                self.was_elsewhere = true;
            }
        }
        k.out.extend(asks);
    }

    /// What the map showed before the first page, if it was seen.
    pub fn home(&self) -> Option<Look> {
        self.home.as_ref().map(|it| it.0.clone())
    }

    /// Nothing of a page is shown now, but the pages are not over.
    pub fn blink(&mut self) {
        (self.asked, self.last) = (None, None);
    }

    /// No page is shown: the map of the screen is in `map`, and goes back to where it was.
    pub fn rest(&mut self, k: &mut Kit<'_>, map: Rect) {
        self.was_elsewhere = true;
        let is_still = self.settle(map);
        if !self.is_open {
            if is_still && map.is_positive() {
                self.home = Some((here(k, Vec::new()), k.m.view.theme));
            }
            return;
        }
        self.asked = None;
        let theme = self.home.as_ref().map_or(Theme::Dark, |it| it.1);
        if k.m.view.theme != theme {
            k.out.push(UiCommand::SetTheme(theme));
        }
        let lit = std::mem::take(&mut self.lit);
        k.out.extend(lit.into_iter().map(|id| UiCommand::ToggleLayerId(id, false)));
        if is_still && map.is_positive() {
            self.is_open = false;
            if let Some((look, _)) = self.home.clone().filter(|it| it.0.metres > 0.0) {
                k.out.push(UiCommand::LookAs { look, at_once: false });
            }
        }
    }

    /// Whether the map lies where it lay in the last frame: only then its size is the stage's too.
    fn settle(&mut self, map: Rect) -> bool {
        self.last.replace(map) == Some(map)
    }
}

/// What the map shows now.
pub(super) fn here(k: &Kit<'_>, layers: Vec<Text>) -> Look {
    let view = &k.m.view;
    Look { at: view.at, metres: view.metres, bearing: view.bearing, tilt: view.tilt, layers }
}

/// Layers and overlays that are shown only where somebody asks for them, in the order they are listed: id and name.
pub(super) fn unusual<'a>(k: &Kit<'a>) -> impl Iterator<Item = (&'a Text, &'a Text)> {
    let is_usual = |id: &str| {
        let overlay = overlays::all().iter().find(|it| it.id() == id);
        overlay.map_or(OWN_LAYERS.contains(&id), |it| it.starts_on())
    };
    k.m.layers.iter().filter(move |it| !is_usual(&it.id)).map(|it| (&it.id, &it.name))
}
