//! The top bar: who we are, how the city stands, what is coming, what is heard, which clock.

use super::cosign;
use super::kit::{Kit, fresh, mmss, replay_chip};
use super::{ConnectionState, UiCommand};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::*;
use gulang_wire::{ClockKind, Drill};

/// `true` once the lamps were pressed: how the sources do is asked for.
pub(super) fn topbar_ui(k: &mut Kit<'_>, bar: Rect) -> bool {
    let s = bar.height() / 48.0 / k.s;
    let is_war = k.m.city.footing.posture == Posture::War;
    k.fill(bar, 0.0, PANEL);
    if is_war {
        k.fill(Rect::from_min_size(bar.left_bottom(), vec2(bar.width(), 3.0 * s * k.s)), 0.0, INVERSE_BG);
    } else {
        k.hline(bar.left(), bar.right(), bar.bottom(), HAIR);
    }
    let (right, is_pressed) = right_ui(k, bar, s);
    left_ui(k, bar, s, right);
    is_pressed
}

fn left_ui(k: &Kit<'_>, bar: Rect, s: f32, right: f32) {
    let (px, y) = (s * k.s, bar.center().y);
    let footing = &k.m.city.footing;
    let is_war = footing.posture == Posture::War;
    logo(k, pos2(bar.left() + 26.0 * px, y), px);
    let mut x =
        k.bold(pos2(bar.left() + 54.0 * px, y), Align2::LEFT_CENTER, 18.0 * s, PRIMARY, k.t(tr::PRODUCT)).right();
    let title = k.m.lang.fill(tr::CITY_TITLE, &[&k.m.city.name]);
    x = k.text(pos2(x + 12.0 * px, y), Align2::LEFT_CENTER, 14.0 * s, TERTIARY, &title).right() + 20.0 * px;
    if k.m.is_replay() {
        let chip = replay_chip(k, pos2(x, y), 16.0 * s);
        let at = pos2(chip.right() + 10.0 * px, y);
        let history = k.chip(at, 12.0 * s, k.t(tr::REPLAY_CLOCK), None, REPLAY_LINE, REPLAY_LINE);
        x = history.right() + 20.0 * px;
    }
    // Posture: inverse video, not a colour; violet in an exercise.
    let word = k.t(if is_war { tr::WARTIME } else { tr::PEACETIME });
    let word = if k.is_exercise() { format!("{}・{word}", k.t(tr::EXERCISE)) } else { word.to_owned() };
    let chip = Rect::from_min_size(pos2(x, y - 15.0 * px), vec2(k.width(16.0 * s, &word) + 30.0 * px, 30.0 * px));
    let (fill, line, ink) = match (k.is_exercise(), is_war) {
        (true, true) => (EXERCISE_LINE, EXERCISE_LINE, EXERCISE_CHIP_TEXT),
        (true, false) => (PANEL, EXERCISE_LINE, EXERCISE_LINE),
        (false, true) => (INVERSE_BG, INVERSE_BG, INVERSE_TEXT),
        (false, false) => (PANEL, SECONDARY, PRIMARY),
    };
    k.fill(chip, 3.0 * s, fill);
    k.outline(chip, 3.0 * s, 1.5 * s, line);
    k.fit_center(chip, 16.0 * s, ink, &word, true);
    x = chip.right() + 16.0 * px;
    if let Some(proposal) = &k.m.city.proposal {
        x = proposal_chip(k, pos2(x, y), s, proposal, right);
    }
    if let Some(level) = footing.level {
        let hazard = footing.plan.as_ref().and_then(|plan| k.m.city.plans.get(plan)).map(|plan| plan.hazard);
        let text = format!("{}{}", k.m.lang.hazard(hazard), k.m.lang.fill(tr::LEVEL_RESPONSE, &[level.roman()]));
        x = k.fit(pos2(x, y), Align2::LEFT_CENTER, 14.0 * s, PRIMARY, &text, right - x).right();
        let since = k.m.lang.elapsed(k.now().since_ms(footing.since) / 1000);
        let text = k.m.lang.fill(tr::FOR_SO_LONG, &[&since]);
        x = k
            .fit(pos2(x + 10.0 * px, y), Align2::LEFT_CENTER, 14.0 * s, SECONDARY, &text, right - x - 20.0 * px)
            .right()
            + 20.0 * px;
    }
    for warning in warnings_in_force(k.m.city, k.now()).into_iter().take(2) {
        if x + 120.0 * px > right {
            break;
        }
        k.level(pos2(x + 11.0 * px, y), 22.0 * s, warning.color, false);
        let room = right - x - 90.0 * px;
        let text = k.bold_fit(
            pos2(x + 30.0 * px, y),
            Align2::LEFT_CENTER,
            14.0 * s,
            PRIMARY,
            &k.m.lang.warning(warning),
            room,
        );
        let at = k.fit(
            pos2(text.right() + 8.0 * px, y),
            Align2::LEFT_CENTER,
            13.0 * s,
            TERTIARY,
            &warning.sent_at.hm(),
            right - text.right() - 8.0 * px,
        );
        x = at.right() + 18.0 * px;
    }
}

/// In words, on the wall too: what waits for its second signature, who proposed it, how long it still waits.
fn proposal_chip(k: &Kit<'_>, at: egui::Pos2, s: f32, proposal: &Proposal, right: f32) -> f32 {
    let px = s * k.s;
    let left = mmss(proposal.expires_at.since_ms(k.now()).max(0));
    let what = cosign::what(k, &proposal.switch);
    let text = k.m.lang.fill(tr::CO_SIGN_CHIP, &[&what, proposal.signed.seat.as_str(), &left]);
    let width = (k.width(14.0 * s, &text) + 24.0 * px).min(right - at.x - 8.0 * px);
    if width < 72.0 * px {
        return at.x;
    }
    let chip = Rect::from_min_size(pos2(at.x, at.y - 15.0 * px), vec2(width, 30.0 * px));
    k.fill(chip, 3.0 * s, SELECTED);
    k.outline(chip, 3.0 * s, 2.0 * s, LATE);
    k.fit_center(chip, 14.0 * s, PRIMARY, &text, true);
    chip.right() + 16.0 * px
}

const PROPOSAL_BANNER_H: f32 = 48.0;

/// Over the desk while a switch waits for its second signature: who proposes what, why, and how long it waits. The height
/// used is returned, and whether the sheet was asked for.
pub(super) fn proposal_banner_ui(k: &Kit<'_>, body: Rect) -> (f32, bool) {
    let Some(proposal) = &k.m.city.proposal else { return (0.0, false) };
    let is_own = proposal.signed.seat == *k.m.seat;
    let why_not = k.m.city.why_not_second(k.m.seat, proposal).err().filter(|_| !is_own);
    // Inverse where this seat is the one that is waited for.
    let is_loud = !is_own && why_not.is_none();
    let rect = Rect::from_min_max(body.min, pos2(body.right(), body.top() + PROPOSAL_BANNER_H));
    let (fill, ink) = if is_loud { (INVERSE_BG, INVERSE_TEXT) } else { (SELECTED, PRIMARY) };
    k.fill(rect, 4.0, fill);
    k.outline(rect, 4.0, 2.0, LATE);
    let y = rect.center().y;
    let word = k.t(if is_own { tr::WAITS_FOR_SECOND } else { tr::CO_SIGN_WAITS });
    let word = k.bold(pos2(rect.left() + 16.0, y), Align2::LEFT_CENTER, 18.0, ink, word);
    let label = k.t(if is_loud { tr::OPEN_CO_SIGN } else { tr::LOOK_AT_PROPOSAL });
    let button = Rect::from_min_max(
        pos2(rect.right() - k.width(14.0, label) - 34.0, y - 16.0),
        pos2(rect.right() - 10.0, y + 16.0),
    );
    let is_opened = k.button(button, "open-co-sign", 14.0, label, is_loud);
    let left = mmss(proposal.expires_at.since_ms(k.now()).max(0));
    let left = k.m.lang.fill(tr::PROPOSAL_LEFT, &[&left]);
    let mut right = k.bold(pos2(button.left() - 14.0, y), Align2::RIGHT_CENTER, 18.0, ink, &left).left() - 14.0;
    if let Some(why) = why_not {
        let room = rect.width() * 0.3;
        right = k.fit(pos2(right, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &why.to_string(), room).left() - 12.0;
    }
    let text = format!(
        "{}・{}",
        cosign::proposed_by(k, proposal),
        k.m.lang.fill(tr::PROPOSAL_REASON, &[proposal.switch.reason()])
    );
    k.fit(pos2(word.right() + 14.0, y), Align2::LEFT_CENTER, 14.0, ink, &text, right - word.right() - 14.0);
    (PROPOSAL_BANNER_H, is_opened)
}

/// Lamps and clock, from the right; the left edge is returned, and whether the lamps were pressed.
fn right_ui(k: &Kit<'_>, bar: Rect, s: f32) -> (f32, bool) {
    let (px, y) = (s * k.s, bar.center().y);
    let now = k.now();
    let is_wall = k.s * s != 1.0;
    let clock = if is_wall { now.hm() } else { now.hms() };
    let replay = k.m.is_replay();
    let ink = if replay { REPLAY_LINE } else { PRIMARY };
    let mut x =
        k.bold(pos2(bar.right() - 16.0 * px, y), Align2::RIGHT_CENTER, 26.0 * s, ink, &clock).left() - 10.0 * px;
    let which = match k.m.clock.kind {
        ClockKind::Live => k.m.seat.as_str().to_owned(),
        ClockKind::Exercise { speed, paused: false } => k.m.lang.fill(tr::SCENARIO_TIME, &[&format!("{speed:.0}")]),
        ClockKind::Exercise { paused: true, .. } => k.t(tr::SCENARIO_PAUSED).to_owned(),
        ClockKind::Replay { .. } => k.t(tr::REPLAY_MOMENT).to_owned(),
    };
    let ink = if replay { REPLAY_LINE } else { TERTIARY };
    let date = k.text(pos2(x, y - 8.0 * px), Align2::RIGHT_CENTER, 12.0 * s, ink, &k.m.lang.date(now));
    let which = k.text(pos2(x, y + 9.0 * px), Align2::RIGHT_CENTER, 12.0 * s, ink, &which);
    x = date.left().min(which.left()) - 12.0 * px;
    k.painter().vline(x, (y - 12.0 * px)..=(y + 12.0 * px), Stroke::new(px.max(1.0), HAIR));
    x -= 14.0 * px;
    match k.m.connected {
        ConnectionState::Live => {}
        ConnectionState::Connecting => {
            x = k.text(pos2(x, y), Align2::RIGHT_CENTER, 13.0 * s, STALE, k.t(tr::CONNECTING)).left() - 14.0 * px;
        }
        ConnectionState::Lost { since } => {
            let text = k.m.lang.fill(tr::HUB_LOST, &[&since.hms()]);
            x = k.text(pos2(x, y), Align2::RIGHT_CENTER, 13.0 * s, RED_STROKE, &text).left() - 14.0 * px;
        }
    }
    // Each by name where all have room; never some of them, or a silent one might be among those left out.
    let connectors = || k.m.city.connectors.values().rev();
    let room = x - bar.left() - bar.width() * if bar.width() < 1600.0 { 0.62 } else { 0.46 };
    let edge = x;
    let needed: f32 = connectors().map(|it| lamp_width(k, s, it) + 16.0 * px).sum();
    if is_wall || needed > room {
        x = lamps_ui(k, pos2(x, y), s) - 16.0 * px;
    } else {
        for health in connectors() {
            x = lamp_ui(k, pos2(x, y), s, health) - 16.0 * px;
        }
    }
    let lamps = Rect::from_min_max(pos2(x, y - 15.0 * px), pos2(edge, y + 15.0 * px));
    let is_pressed = !is_wall && lamps.is_positive() && k.hit(lamps, "lamps", k.t(tr::SOURCES_OPEN)).clicked();
    if k.m.simulated {
        let text = k.t(tr::SIMULATED_DATA);
        let width = k.width(12.0 * s, text) + 12.0 * px;
        k.chip(pos2(x - width, y), 12.0 * s, text, None, STRONG, SECONDARY);
        x -= width + 14.0 * px;
    }
    (x, is_pressed)
}

/// All connectors in one figure; the silent ones by name.
fn lamps_ui(k: &Kit<'_>, mut at: egui::Pos2, s: f32) -> f32 {
    let connectors = &k.m.city.connectors;
    let bad = connectors.values().filter(|it| matches!(it.state, HealthState::Degraded | HealthState::Silent));
    for health in bad.take(2) {
        at.x = lamp_ui(k, at, s, health) - 14.0 * s * k.s;
    }
    let healthy = connectors.values().filter(|it| it.state == HealthState::Healthy).count();
    let text = k.m.lang.fill(tr::CONNECTORS_OF, &[&healthy.to_string(), &connectors.len().to_string()]);
    let text = k.text(at, Align2::RIGHT_CENTER, 13.0 * s, SECONDARY, &text);
    let lamp = pos2(text.left() - 10.0 * s * k.s, at.y);
    k.lamp(
        lamp,
        3.8 * s,
        if healthy == connectors.len() { Freshness::Fresh } else { Freshness::Stale { age_secs: 0 } },
    );
    lamp.x - 4.0 * s * k.s
}

/// How fresh a connector is, and its age in words and ink.
fn lamp_words(k: &Kit<'_>, health: &ConnectorHealth) -> (Freshness, String, Color32) {
    let heard = k.m.readings.heard.get(&health.platform).copied().unwrap_or(health.since);
    let age = (k.now().since_ms(heard) / 1000).max(0);
    let freshness = match health.state {
        HealthState::Silent => Freshness::Lost { age_secs: age },
        HealthState::Degraded => Freshness::Stale { age_secs: age },
        HealthState::Unknown => Freshness::NeverHeard,
        HealthState::Healthy => fresh(k.m, Budget::Default, heard),
    };
    // Looked back at, an age says nothing: the time does.
    let elapsed = |secs: i64| match k.m.is_replay() {
        true => k.m.lang.day_time(heard, k.now()),
        false => k.m.lang.elapsed(secs),
    };
    let (age, ink) = match freshness {
        Freshness::Fresh if k.m.is_replay() => (elapsed(age), TERTIARY),
        Freshness::Fresh if k.is_exercise() => (k.t(tr::SIMULATED).to_owned(), TERTIARY),
        Freshness::Fresh => (elapsed(age), TERTIARY),
        Freshness::Stale { age_secs } => (elapsed(age_secs), STALE),
        Freshness::Lost { age_secs } => (elapsed(age_secs), OFFLINE),
        Freshness::NeverHeard => ("—".to_owned(), OFFLINE),
    };
    (freshness, age, ink)
}

/// What [`lamp_ui`] takes up.
fn lamp_width(k: &Kit<'_>, s: f32, health: &ConnectorHealth) -> f32 {
    let (_, age, _) = lamp_words(k, health);
    k.width(13.0 * s, &age) + k.width(13.0 * s, &health.name) + 20.0 * s * k.s
}

/// One connector: lamp, name, age; right-aligned.
fn lamp_ui(k: &Kit<'_>, at: egui::Pos2, s: f32, health: &ConnectorHealth) -> f32 {
    let px = s * k.s;
    let (freshness, age, ink) = lamp_words(k, health);
    let age = k.text(at, Align2::RIGHT_CENTER, 13.0 * s, ink, &age);
    let name_ink = if ink == STALE { STALE } else { SECONDARY };
    let name = k.text(pos2(age.left() - 6.0 * px, at.y), Align2::RIGHT_CENTER, 13.0 * s, name_ink, &health.name);
    let lamp = pos2(name.left() - 10.0 * px, at.y);
    k.lamp(lamp, 3.8 * s, freshness);
    lamp.x - 4.0 * px
}

/// The exercise banner: scenario, both clocks, speed, and what a drill's officer may turn.
pub(super) fn banner_ui(k: &mut Kit<'_>, rect: Rect, size: f32) {
    k.fill(rect, 0.0, EXERCISE_BG);
    k.outline(rect, 0.0, 1.0, EXERCISE_LINE);
    let (px, y) = (k.s, rect.center().y);
    let word = k.bold(pos2(rect.left() + size * px, y), Align2::LEFT_CENTER, size, EXERCISE_LINE, k.t(tr::EXERCISE));
    let title = k.m.city.exercise.as_ref().map_or("", |exercise| &exercise.title);
    let text = k.m.lang.fill(if k.m.is_replay() { tr::EXERCISE_REPLAYED } else { tr::EXERCISE_BANNER }, &[title]);
    let text = k.bold(rect.center(), Align2::CENTER_CENTER, size, EXERCISE_BANNER_TEXT, &text);
    let (speed, paused) = match k.m.clock.kind {
        ClockKind::Exercise { speed, paused } => (speed, paused),
        // A drill looked back at has no officer and one clock, which the bar shows.
        ClockKind::Replay { .. } => return,
        ClockKind::Live => (1.0, false),
    };
    let clocks = k.m.lang.fill(tr::EXERCISE_CLOCKS, &[&k.now().hm(), &k.m.clock.wall.hm(), &format!("{speed:.0}")]);
    let clocks = k.text(pos2(rect.right() - size * px, y), Align2::RIGHT_CENTER, size * 0.9, EXERCISE_LINE, &clocks);
    if k.s != 1.0 || size > 20.0 {
        return;
    }
    let mut x = word.right() + 20.0;
    let mut act = |k: &mut Kit<'_>, label: &str, command: Drill| {
        let width = k.width(13.0, label) + 16.0;
        let at = Rect::from_min_size(pos2(x, y - 13.0), vec2(width, 26.0));
        x = at.right() + 8.0;
        if at.right() < text.left() && at.right() < clocks.left() && k.button(at, ("drill", label), 13.0, label, false)
        {
            k.out.push(UiCommand::Drill(command));
        }
    };
    let pause = k.t(if paused { tr::RESUME } else { tr::PAUSE });
    act(k, pause, Drill::SetSpeed { speed, paused: !paused });
    for speed in [1.0f32, 60.0, 300.0] {
        act(k, &format!("{speed:.0}×"), Drill::SetSpeed { speed, paused: false });
    }
    let end = k.t(tr::END_EXERCISE);
    act(k, end, Drill::End);
}

/// Warnings not cancelled and not expired, worst first.
pub(super) fn warnings_in_force(city: &City, now: Timestamp) -> Vec<&Warning> {
    let in_force = |it: &&Warning| !it.cancelled && it.sent_at <= now && now < it.expires_at;
    let mut warnings: Vec<&Warning> = city.warnings.values().filter(in_force).collect();
    warnings.sort_by_key(|it| (std::cmp::Reverse(it.color), it.sent_at));
    warnings.dedup_by_key(|it| it.hazard);
    warnings
}

/// Two waves.
pub(super) fn logo(k: &Kit<'_>, center: egui::Pos2, px: f32) {
    waves(k, center, px, PRIMARY);
}

/// The same on another ground.
pub(super) fn waves(k: &Kit<'_>, center: egui::Pos2, px: f32, ink: Color32) {
    for dy in [-3.0f32, 3.0] {
        let wave = (0..=24).map(|i| {
            let t = i as f32 / 24.0;
            center
                + vec2((t - 0.5) * 24.0, dy - (t * std::f32::consts::TAU).sin() * 4.0 * (1.0 - 0.3 * dy.signum())) * px
        });
        k.painter().add(Shape::line(wave.collect(), Stroke::new(2.0 * px, ink)));
    }
}
