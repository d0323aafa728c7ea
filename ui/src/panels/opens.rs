//! Part 5 of the review sheet: which drones and cameras a switch opens, of what and why, and what the screens do.

use super::feed_tile::name_of;
use super::kit::Kit;
use super::review::first_row;
use super::{UiCommand, press};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2};
use gulang_city::*;

const WORDS_H: f32 = 24.0;
const FEED_H: f32 = 40.0;

enum Row<'a> {
    Words(String, Color32),
    Feed(&'a OpenFeed),
}

pub(super) fn opens_ui(
    k: &Kit<'_>,
    list: Rect,
    scroll: &mut f32,
    sheet: &Sheet,
    feeds: &SheetFeeds,
    barred: Option<&str>,
) {
    let lang = k.m.lang;
    let n = |it: u32| it.to_string();
    let screens = match (sheet.ask.districts.is_empty(), k.m.city.footing.posture) {
        (true, Posture::Peace) => tr::SCREENS_CHANGE,
        (true, Posture::War) => tr::SCREENS_STAY,
        (false, _) => tr::SCREENS_DISTRICTS,
    };
    let mut rows = vec![Row::Words(k.t(screens).to_owned(), SECONDARY)];
    rows.extend(barred.map(|why| Row::Words(why.to_owned(), LATE)));
    let drones = [feeds.drones.len().to_string(), n(feeds.n_kept_drones), n(feeds.n_unfit_drones)];
    rows.push(Row::Words(lang.fill(tr::OPENS_DRONES, &[&drones[0], &drones[1], &drones[2]]), PRIMARY));
    rows.extend(feeds.grounded.iter().map(|why| Row::Words(why.to_string(), LATE)));
    rows.extend(feeds.drones.iter().map(Row::Feed));
    let cameras = [feeds.cameras.len().to_string(), n(feeds.n_more_cameras), n(feeds.n_unseen)];
    rows.push(Row::Words(lang.fill(tr::OPENS_CAMERAS, &[&cameras[0], &cameras[1], &cameras[2]]), PRIMARY));
    rows.extend(feeds.cameras.iter().map(Row::Feed));

    let height = |row: &Row<'_>| if matches!(row, Row::Words(..)) { WORDS_H } else { FEED_H };
    let heights: Vec<f32> = rows.iter().map(height).collect();
    let first = first_row(k, scroll, list, &heights);
    let mut y = list.top();
    for (row, height) in rows.iter().zip(&heights).skip(first) {
        if y + height > list.bottom() + 0.5 {
            break;
        }
        match row {
            Row::Words(words, ink) => {
                let at = pos2(list.left(), y + WORDS_H * 0.5);
                k.fit(at, Align2::LEFT_CENTER, 13.0, *ink, words, list.width());
            }
            Row::Feed(it) => {
                let name = name_of(k.m.city, &it.feed);
                let words = format!("{name} → {}", it.place);
                let at = pos2(list.left() + 8.0, y + 12.0);
                k.bold_fit(at, Align2::LEFT_CENTER, 13.0, PRIMARY, &words, list.width() - 8.0);
                let at = pos2(list.left() + 8.0, y + 29.0);
                k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &it.why, list.width() - 8.0);
            }
        }
        y += height;
        k.hline(list.left(), list.right(), y, ROW);
    }
}

/// Opens pictures with a switch: after it and only at war, so refused with it, if it is.
pub(super) fn open(k: &mut Kit<'_>, feeds: Vec<OpenFeed>) {
    if !feeds.is_empty() && feeds != k.m.city.feeds && press::barred(k, "open_feeds").is_none() {
        k.out.push(UiCommand::Submit(Command::OpenFeeds { feeds }));
    }
}
