//! What this screen knows: the city as the hub's frames made it, and how fresh the connection is.

use crate::{
    inventories::{Inventories, ThingsNews},
    net::{Net, News},
    panels::{Chosen, ConnectionState, LocatorLand, Selection, place_of},
};
use bevy::prelude::Resource;
use gulang_city::*;
use gulang_wire::{Body, Clock, ClockKind, Columns, FeedStatus, Picture, ToScreen};
use std::collections::BTreeMap;

#[derive(Resource)]
pub struct Hall {
    pub city: Option<City>,
    pub readings: Readings,
    pub inventories: Inventories,
    /// What of them the stage has not looked at yet.
    pub things_news: Vec<ThingsNews>,
    pub realm: Realm,
    pub simulated: bool,
    pub connected: ConnectionState,
    pub seat: SeatId,
    pub selection: Option<Selection>,
    /// Which issue and which rain field this screen shows.
    pub chosen: Chosen,
    pub locator_land: LocatorLand,
    /// The last clock heard, and when on the app's own clock (s).
    clock: Clock,
    clock_heard: f64,
    /// Set by what changed since the stage last looked.
    pub changes: Changes,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Another city altogether: everything is drawn anew.
    pub city: bool,
    pub records: bool,
    pub readings: bool,
}

/// What a frame asks of the app beyond the hall's own state.
pub enum Errand {
    Picture(Picture),
    Feeds(Vec<FeedStatus>),
    Notice(String),
    /// The city refused what this screen asked.
    Refused(Refusal),
}

impl Hall {
    pub fn new(seat: SeatId) -> Self {
        Self {
            city: None,
            readings: Readings::default(),
            inventories: Inventories::default(),
            things_news: Vec::new(),
            realm: Realm::Actual,
            simulated: false,
            connected: ConnectionState::Connecting,
            seat,
            selection: None,
            chosen: Chosen::default(),
            locator_land: LocatorLand::default(),
            clock: Clock { now: Timestamp(0), wall: Timestamp(0), kind: ClockKind::Live },
            clock_heard: 0.0,
            changes: Changes::default(),
        }
    }

    /// The hub's clock now, run on from when it was last heard.
    pub fn clock(&self, time: f64) -> Clock {
        let since_ms = (time - self.clock_heard).max(0.0) * 1000.0;
        // A lost hub's clock stands still after a few seconds: its ages are counted from then on by the lamp alone.
        let since_ms = if self.connected == ConnectionState::Live { since_ms.min(5000.0) } else { 0.0 };
        let speed = match self.clock.kind {
            ClockKind::Live => 1.0,
            ClockKind::Exercise { paused: true, .. } | ClockKind::Replay { paused: true, .. } => 0.0,
            ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => f64::from(speed),
        };
        let now = self.clock.now + (since_ms * speed) as i64;
        Clock { now, wall: self.clock.wall + since_ms as i64, kind: self.clock.kind }
    }

    /// Takes in everything the hub said.
    pub fn hear(&mut self, net: &mut Net, time: f64) -> Vec<Errand> {
        let mut errands = Vec::new();
        for news in net.poll(time) {
            match news {
                News::Opened => {}
                News::Frame(frame) => self.take(*frame, net, time, &mut errands),
                News::Lost { why } => {
                    tracing::warn!("the hub is not heard: {why}");
                    if self.connected == ConnectionState::Live {
                        self.connected = ConnectionState::Lost { since: self.clock(time).now };
                    }
                }
            }
        }
        self.things_news.extend(self.inventories.poll(net.address()));
        errands
    }

    /// Where the selected or another thing is, if anybody knows.
    pub fn place_of(&self, selection: &Selection) -> Option<LonLat> {
        match selection {
            Selection::Thing { inventory, handle } => self.inventories.held().get(inventory)?.place(*handle as usize),
            _ => place_of(self.city.as_ref()?, &self.readings, selection),
        }
    }

    fn take(&mut self, frame: ToScreen, net: &mut Net, time: f64, errands: &mut Vec<Errand>) {
        self.realm = frame.realm;
        self.clock = frame.clock;
        self.clock_heard = time;
        match frame.body {
            Body::Welcome { version, simulated, .. } => {
                self.simulated = simulated;
                if version != gulang_wire::VERSION {
                    errands.push(Errand::Notice(format!("中枢的版本是 {version}，本机是 {}", gulang_wire::VERSION)));
                }
            }
            Body::Snapshot { city, readings } => match City::from_bytes(&city) {
                Ok(city) => {
                    self.readings = gulang_wire::decode(&readings).unwrap_or_else(|_| Readings::for_city(&city));
                    self.readings.grow_to(&city);
                    self.realm = city.realm;
                    // Told no seat, the hub sits us at the city's own choice.
                    if net.address().seat.as_str().is_empty() {
                        self.seat = city.roles.desk_seat();
                    }
                    self.city = Some(city);
                    self.connected = ConnectionState::Live;
                    self.changes = Changes { city: true, records: true, readings: true };
                    self.inventories.restart(self.realm);
                    self.things_news.clear();
                }
                Err(error) => {
                    tracing::error!("an unreadable snapshot: {error}");
                    errands.push(Errand::Notice("读不懂中枢发来的城市，版本可能不同".to_owned()));
                }
            },
            Body::Records(records) => {
                self.connected = ConnectionState::Live;
                let Some(city) = &mut self.city else { return };
                for record in &records {
                    if let Applied::Gap { after } = city.apply(record) {
                        tracing::warn!("records are missing after {after}; asking for the city again");
                        net.resync();
                        return;
                    }
                }
                self.changes.records = true;
                if records.iter().any(|it| matches!(it.event, gulang_city::Event::RegisterImported { .. })) {
                    self.readings.grow_to(city);
                    // Layers, names and columns are made anew: things came, changed and were withdrawn.
                    self.changes.city = true;
                }
            }
            Body::Columns(columns) => self.take_columns(&columns),
            Body::Things(change) => self.things_news.extend(self.inventories.take(change)),
            Body::ThingsStale { inventory } => self.inventories.stale(inventory),
            Body::Telemetry(changed) => self.take_telemetry(changed),
            Body::Rain(field) => self.changes.readings |= self.readings.put_rain(field),
            Body::Picture(picture) => errands.push(Errand::Picture(picture)),
            Body::Feeds(feeds) => errands.push(Errand::Feeds(feeds)),
            Body::Answer { result: Err(refusal), .. } => errands.push(Errand::Refused(refusal)),
            Body::Answer { .. } | Body::Beat => {}
        }
        if self.city.is_some() {
            self.connected = ConnectionState::Live;
        }
    }

    fn take_telemetry(&mut self, changed: Vec<(u32, Telemetry)>) {
        for (handle, telemetry) in changed {
            if let Some(known) = self.readings.telemetry.get_mut(handle as usize) {
                *known = telemetry;
            }
        }
        self.changes.readings = true;
    }

    fn take_columns(&mut self, columns: &Columns) {
        let gauges = columns.gauge_handles.iter().zip(&columns.gauge_values).zip(&columns.gauge_at);
        for ((&handle, &value), &at) in gauges {
            self.readings.gauges.put(handle, value, at);
        }
        for &(handle, fix) in &columns.teams {
            self.readings.teams.put(handle, fix);
        }
        for &(handle, fix) in &columns.drones {
            self.readings.drones.put(handle, fix);
        }
        for (platform, at) in &columns.heard {
            self.readings.heard.insert(platform.clone(), *at);
        }
        self.readings.n_dropped = columns.n_dropped;
        self.changes.readings = true;
    }
}

/// The latest picture of each feed, and how each does.
#[derive(Default)]
pub struct Pictures {
    pub shown: BTreeMap<Feed, Shown>,
    pub status: BTreeMap<Feed, FeedStatus>,
}

/// A picture as it came.
pub struct Shown {
    /// When it was taken, the hub's clock.
    pub at: Timestamp,
    /// On its way until it left the hub, ms.
    pub delay_ms: u32,
    pub simulated: bool,
    pub texture: egui::TextureHandle,
}

impl Pictures {
    /// Takes a still in; one that is no image is dropped, and the picture before it stays with its age.
    pub fn take(&mut self, ctx: &egui::Context, picture: Picture) {
        let Ok(image) = image::load_from_memory(&picture.jpeg) else { return };
        let image = image.to_rgb8();
        let pixels = egui::ColorImage::from_rgb([image.width() as usize, image.height() as usize], image.as_raw());
        let (at, delay_ms, simulated) = (picture.at, picture.delay_ms, picture.simulated);
        if let Some(shown) = self.shown.get_mut(&picture.feed) {
            shown.texture.set(pixels, egui::TextureOptions::LINEAR);
            (shown.at, shown.delay_ms, shown.simulated) = (at, delay_ms, simulated);
            return;
        }
        let texture = ctx.load_texture(format!("feed {}", picture.feed.id()), pixels, egui::TextureOptions::LINEAR);
        self.shown.insert(picture.feed, Shown { at, delay_ms, simulated, texture });
    }
}
