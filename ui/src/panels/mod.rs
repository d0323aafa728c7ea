//! The panels: everything on a screen that is not the map. Pure egui: they borrow the city and return what the officer
//! asked for; they submit, select and move nothing themselves.
//!
//! ```text
//! screen_ui  desk: top bar, left and right columns, bottom strip, sheets; the map shows through PanelState::map_rect
//! wall_ui    wall: three columns, situation | place | action, or the cards of a metrics wall, at any size
//! ```
//! One file per panel; [`kit`] is what they are drawn with, [`digest`] what they would otherwise count every frame.

mod added;
mod advice;
mod alarm_load;
mod amend;
mod area;
mod ask;
mod attach;
mod board;
mod briefing;
mod callout;
mod cameras;
mod card;
mod case_more;
mod cosign;
mod desk;
mod detections;
mod digest;
mod districts;
mod drawer;
mod drill;
mod drone_view;
mod drones;
mod duties;
mod event_list;
mod events;
mod feed_tile;
mod find;
mod forces;
mod held;
mod import;
mod import_columns;
mod indicators;
mod kit;
mod land;
mod layers;
mod locator;
mod metric_wall;
mod needs;
mod opens;
mod orders;
mod pages;
mod people;
mod pick;
mod press;
mod replay;
mod review;
mod score;
mod sheet;
mod shelving;
mod signing;
mod sources;
mod stills;
mod street_call;
mod tellings;
mod today;
mod tools;
mod topbar;
mod typhoon;
mod views;
mod wall;
mod war;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_alarm_load;
#[cfg(test)]
mod tests_alarms;
#[cfg(test)]
mod tests_ask;
#[cfg(test)]
mod tests_boards;
#[cfg(test)]
mod tests_briefing;
#[cfg(test)]
mod tests_cameras;
#[cfg(test)]
mod tests_cosign;
#[cfg(test)]
mod tests_detections;
#[cfg(test)]
mod tests_drill;
#[cfg(test)]
mod tests_drones;
#[cfg(test)]
mod tests_duties;
#[cfg(test)]
mod tests_hands;
#[cfg(test)]
mod tests_import;
#[cfg(test)]
mod tests_indicators;
#[cfg(test)]
mod tests_metric_wall;
#[cfg(test)]
mod tests_replay;
#[cfg(test)]
mod tests_sheet;
#[cfg(test)]
mod tests_sources;
#[cfg(test)]
mod tests_street;
#[cfg(test)]
mod tests_tellings;
#[cfg(test)]
mod tests_weather;

pub use digest::place_of;
pub use drawer::Drawer;
pub use land::LocatorLand;
pub use layers::LayerRow;
pub use locator::LocatorTiles;

use crate::asking::{AskNews, SortAsk};
use crate::briefings::{BriefingAsk, BriefingNews};
use crate::detections::DetectionPicture;
use crate::drills::DrillNews;
use crate::duties::DutyAnswer;
use crate::feeds;
use crate::hall::Pictures;
use crate::i18n::{Lang, tr};
use crate::imports::{ImportAsk, ImportNews, ImportWish};
use crate::indicators::{IndicatorAsk, IndicatorNews};
use crate::medias::{MediaAsk, MediaNews};
use crate::playback::{LogsAnswer, Story};
use crate::processes::ProcessNews;
use crate::search::Names;
use crate::sources::SourceNews;
use crate::stage::{
    flight::Bookmarks,
    palette::Theme,
    tools::{Done, Region, Tools},
};
use digest::Digest;
use egui::{Id, LayerId, Order as LayerOrder, Pos2, Rect, Ui, UiBuilder};
use gulang_city::*;
use gulang_wire::{Adjustment, Clock, ClockKind, Drill, Motion, Playback, Wanted};
use kit::Kit;
use std::collections::{BTreeMap, BTreeSet};

/// Everything a frame of panels reads.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    pub city: &'a City,
    pub readings: &'a Readings,
    pub clock: Clock,
    pub realm: Realm,
    /// Everything shown comes from the simulated city.
    pub simulated: bool,
    pub connected: ConnectionState,
    pub pictures: &'a Pictures,
    pub selection: Option<&'a Selection>,
    pub lang: Lang,
    pub locator_land: &'a LocatorLand,
    /// Who sits here; signs the confirmation of the review sheet.
    pub seat: &'a SeatId,
    /// The large registers, by id.
    pub inventories: &'a BTreeMap<Text, Inventory>,
    /// The city's roads with what is closed now; without them arrival times are straight lines, and say so.
    pub roads: Option<&'a Metric>,
    /// Where a boat floats and what a helicopter is to reach; without it no boat is proposed.
    pub land: Option<&'a Land>,
    /// Layers and overlays of the big map, in the order they are listed.
    pub layers: &'a [LayerRow],
    /// Names on the map beside the city's own, for finding.
    pub names: &'a Names,
    pub view: View,
    /// The story of what is looked back at, once the hub has told it.
    pub story: Option<&'a Story>,
    /// Why it has not.
    pub story_failure: Option<&'a str>,
}

/// How the big map looks at the city just now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    /// Its middle, and how much of the city is seen across, m.
    pub at: LonLat,
    pub metres: f64,
    /// Degrees from straight down.
    pub tilt: f64,
    /// What is up, degrees clockwise from north.
    pub bearing: f64,
    /// The selected mover is kept in the middle.
    pub is_following: bool,
    pub theme: Theme,
    pub chosen: Chosen,
}

/// Of what comes again and again, which one is shown; none is the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Typhoon forecasts as of this issue time.
    pub issue: Option<Timestamp>,
    /// The rain field for this time.
    pub rain_at: Option<Timestamp>,
}

impl Model<'_> {
    /// 复盘: the city as it was. Nothing can be sent.
    pub fn is_replay(&self) -> bool {
        matches!(self.clock.kind, ClockKind::Replay { .. })
    }

    /// What ways lead over.
    pub fn ground(&self) -> Ground<'_> {
        Ground { roads: self.roads, land: self.land }
    }

    /// Where a thing is now, if anybody knows.
    pub fn place_of(&self, selection: &Selection) -> Option<LonLat> {
        match selection {
            Selection::Thing { inventory, handle } => self.inventories.get(inventory)?.place(*handle as usize),
            _ => place_of(self.city, self.readings, selection),
        }
    }
}

/// Whether the hub is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    Connecting,
    Live,
    /// Lost; the time is the hub's clock when it was last heard.
    Lost {
        since: Timestamp,
    },
}

/// The one thing the officer looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    Case(CaseId),
    Alarm(AlarmId),
    Order(OrderId),
    Team(TeamId),
    Sensor(SensorId),
    FloodPoint(FloodPointId),
    Drone(DroneId),
    Dock(DockId),
    Camera(CameraId),
    Shelter(ShelterId),
    Depot(DepotId),
    Helipad(HelipadId),
    Hospital(HospitalId),
    District(DistrictId),
    /// One of a large register's things.
    Thing {
        inventory: Text,
        handle: u32,
    },
}

/// What the officer asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    Submit(Command),
    Drill(Drill),
    Playback(Playback),
    /// Ask which logs may be opened; the answer comes to [`PanelState::take_logs`].
    AskLogs,
    /// Fetch the report of what is looked back at: `pdf` or `docx`.
    SaveReport(&'static str),
    /// Ask the hub's list of duties; the answer comes to [`PanelState::take_duties`] with the ticket.
    FindDuties {
        ticket: u64,
        query: String,
    },
    /// Ask for a file; it comes to [`PanelState::take_file`].
    ChooseFile,
    /// Have a register's file looked at, or taken over; the answers come to [`PanelState::take_import`].
    PreviewImport(ImportAsk),
    CommitImport(ImportWish),
    /// Ask the hub which scenarios there are, or how the last drill went; the answers come to [`PanelState::take_drills`].
    AskScenarios,
    AskScore,
    /// Ask a case's platform how it went so far; the answer comes to [`PanelState::take_process`].
    AskProcess(CaseId),
    /// Keep a picture that goes with a step, or look at one the case's platform has; the answer comes to
    /// [`PanelState::take_media`].
    Media(MediaAsk),
    Select(Option<Selection>),
    /// Move the big map: to where, metres across the view.
    FlyTo(LonLat, f64),
    /// Have it look as a page of a briefing asks, at once or in flight; its layers are asked for one by one.
    LookAs {
        look: Look,
        at_once: bool,
    },
    /// A map layer chip, 1–8; already noted in [`PanelState::layers_off`].
    ToggleLayer(u8),
    /// A layer or overlay by itself, on or off.
    ToggleLayerId(Text, bool),
    SetTheme(Theme),
    /// Show an older issue, or a rain field of another time.
    Choose(Chosen),
    /// North up, seen from straight above.
    NorthUp,
    /// To the view before, or to the one gone back from.
    ViewBack,
    ViewForth,
    /// Keep the selected mover in the middle, or no longer.
    Follow(bool),
    /// Fly to a bookmark, 1–9, or keep the present view as it.
    RecallView(u8),
    StoreView(u8),
    /// Show a picture large: a drone's page, or a camera on the camera wall. The panels' own; it never leaves them.
    OpenFeed(Feed),
    /// Turn a camera, and let it go.
    Steer(Feed, Motion),
    LetGo(Feed),
    /// Ask for another quality or lens of a picture.
    Adjust(Feed, Adjustment),
    /// Ask how every source does, or have one tried again; the answers come to [`PanelState::take_sources`].
    AskSources,
    /// Ask for figures; the answers come to [`PanelState::take_indicators`].
    AskIndicators(IndicatorAsk),
    /// Ask what is news since the last briefing, or for one as a file; the answers come to [`PanelState::take_briefings`].
    AskBriefings(BriefingAsk),
    RetrySource(String),
    /// Ask for the picture of this hash that shows a detection; it comes to [`PanelState::take_detection`].
    AskDetectionPicture(DetectionId, Text),
    /// Ask how the language model stands, the city something, whose duty a report is, or for a draft; the answers come to
    /// [`PanelState::take_asking`].
    AskStanding,
    AskCity {
        n: u64,
        question: String,
    },
    SortReport(SortAsk),
    DraftReport {
        n: u64,
        kind: gulang_city::ask::DraftKind,
    },
}

/// What the panels remember between frames. Nothing here is the city's.
pub struct PanelState {
    /// Where the big map shows through; the panels leave it empty. Set by every frame.
    pub map_rect: Rect,
    /// Layer chips 1–8 that are off; all on at first.
    pub layers_off: BTreeSet<u8>,
    /// Of everything on this screen; F7 switches it.
    pub lang: Lang,
    /// Reduced motion: the camera jumps.
    pub is_reduced: bool,
    /// The tool in the officer's hand.
    pub tools: Tools,
    pub bookmarks: Bookmarks,
    /// Where the selected thing stands on the screen, if the stage knows: the card keeps clear of it.
    pub selection_on_screen: Option<Pos2>,
    /// The place last pressed on bare ground, until something is selected: a need is raised there.
    pub place: Option<LonLat>,
    /// What lies above the map this frame: chips, cards, the locator.
    over_map: Vec<Rect>,
    sheet: Option<sheet::Sheet>,
    /// 叫应 or 人员转移 over the desk; under a sheet.
    board: Option<board::Board>,
    boards: board::Boards,
    /// The review sheet last sent, until another is opened: a refusal brings it back.
    sent: Option<Box<review::Review>>,
    /// The last proposal that was heard of: one's own opens by itself, once.
    seen_proposal: Option<(Realm, u64)>,
    drawer: Option<Drawer>,
    drawer_scroll: f32,
    area: Option<area::Area>,
    ask: ask::Ask,
    find: find::Find,
    duties: duties::Duties,
    drills: drill::Drills,
    needs: needs::Needs,
    load: alarm_load::LoadView,
    import: import::Import,
    replay: replay::Replay,
    pages: pages::Pages,
    /// 指标: what the hub told, for the page, the metrics wall and briefings.
    known: indicators::Known,
    /// The cards of the metrics wall.
    metric_wall: metric_wall::Shown,
    /// 会商简报.
    briefing: briefing::Briefings,
    /// The scene this wall window shows by its start, whatever the hall's is.
    pub own_scene: Option<Text>,
    /// The pictures drawn this frame, with their widths in px.
    drawn: Vec<(Feed, f32)>,
    /// A hand on a camera, as the hub knows it.
    hand: feeds::Hand,
    /// The held orders, in place of the orders.
    held: Option<held::Held>,
    /// What a case is about to suffer, and why.
    case_form: Option<card::CaseForm>,
    /// The pictures that go with it.
    attached: attach::Attached,
    /// What a case's platform tells of it.
    processes: case_more::Processes,
    /// What is about to take an order's place.
    amend: Option<amend::AmendForm>,
    /// A marking drawn and not yet put.
    draft: Option<tools::Draft>,
    digest: Digest,
    /// What of the event list is open and chosen.
    listing: events::Listing,
    /// War: the event list over the map.
    events_open: bool,
    locator: walkers::MapMemory,
    /// An online map for it; none is the pack's shapes alone.
    pub locator_tiles: Option<LocatorTiles>,
    locator_hidden: bool,
    notices: Vec<(f64, String)>,
    orders_scroll: f32,
    events_scroll: f32,
    /// The seat whose camera wall this wall window shows by its own key, whatever the hall's scene is.
    wall_seat: Option<SeatId>,
}

impl Default for PanelState {
    fn default() -> Self {
        Self {
            map_rect: Rect::NOTHING,
            layers_off: BTreeSet::new(),
            lang: Lang::default(),
            is_reduced: false,
            tools: Tools::default(),
            bookmarks: Bookmarks::default(),
            selection_on_screen: None,
            place: None,
            over_map: Vec::new(),
            sheet: None,
            board: None,
            boards: board::Boards::default(),
            sent: None,
            seen_proposal: None,
            drawer: None,
            drawer_scroll: 0.0,
            area: None,
            ask: ask::Ask::default(),
            find: find::Find::default(),
            duties: duties::Duties::default(),
            drills: drill::Drills::default(),
            needs: needs::Needs::default(),
            load: alarm_load::LoadView::default(),
            import: import::Import::default(),
            replay: replay::Replay::default(),
            pages: pages::Pages::default(),
            known: indicators::Known::default(),
            metric_wall: metric_wall::Shown::default(),
            briefing: briefing::Briefings::default(),
            own_scene: None,
            drawn: Vec::new(),
            hand: feeds::Hand::default(),
            held: None,
            case_form: None,
            attached: attach::Attached::default(),
            processes: case_more::Processes::default(),
            amend: None,
            draft: None,
            digest: Digest::default(),
            listing: events::Listing::default(),
            events_open: false,
            locator: walkers::MapMemory::default(),
            locator_tiles: None,
            locator_hidden: false,
            notices: Vec::new(),
            orders_scroll: 0.0,
            events_scroll: 0.0,
            wall_seat: None,
        }
    }
}

impl PanelState {
    /// `true` where a press belongs to the map: inside [`PanelState::map_rect`], and no sheet, card or chip above it.
    pub fn is_on_map(&self, at: Pos2) -> bool {
        self.has_map_keys() && self.map_rect.contains(at) && !self.over_map.iter().any(|rect| rect.contains(at))
    }

    /// Takes what a tool ended in: an area is told about, a marking asks for what is missing.
    pub fn take_done(&mut self, done: Done) {
        match done {
            Done::Selected(region) => {
                self.set_drawer(Some(Drawer::Area));
                self.area = Some(area::Area::new(region));
            }
            Done::Marked(tool, region) => {
                self.set_drawer(None);
                self.draft = Some(tools::Draft::new(tool, region));
            }
            Done::Measured => {}
        }
    }

    /// The area told about or the marking not yet put: the stage outlines it.
    pub fn region(&self) -> Option<&Region> {
        self.draft.as_ref().map(tools::Draft::region).or(self.area.as_ref().map(|it| &it.region))
    }

    /// The layer panel is open and wants its rows, or a page of a briefing does.
    pub fn shows_layers(&self) -> bool {
        self.drawer == Some(Drawer::Layers) || self.briefing.wants_layers()
    }

    /// The map's keys are free: no sheet and no board is open.
    pub fn has_map_keys(&self) -> bool {
        // A sheet or board left open comes back after a review, and lies over nothing meanwhile.
        let lends_map = self.pages.shows(pages::Page::Briefings) && self.briefing.lends_map();
        let is_covered = self.sheet.is_some() || self.board.is_some() || self.pages.cover_map() && !lends_map;
        !self.replay.is_picking() && (self.replay.is_on || !is_covered)
    }

    /// ← and → go from event to event instead of moving the map.
    pub fn steps_by_arrows(&self) -> bool {
        self.replay.is_on
    }

    fn set_drawer(&mut self, drawer: Option<Drawer>) {
        self.drawer = drawer;
        self.drawer_scroll = 0.0;
        self.area = None;
        self.find.wants_focus = drawer == Some(Drawer::Find);
        if drawer == Some(Drawer::Duties) {
            self.duties.begin();
        }
        if drawer == Some(Drawer::Ask) {
            self.ask.begin();
        }
    }

    fn toggle_drawer(&mut self, drawer: Drawer) {
        self.set_drawer((self.drawer != Some(drawer)).then_some(drawer));
    }

    fn close_drawer(&mut self) {
        self.set_drawer(None);
    }

    /// `true` while a sheet covers the screen.
    pub fn is_sheet_open(&self) -> bool {
        self.sheet.is_some()
    }

    /// The hub's answer to [`UiCommand::FindDuties`].
    pub fn take_duties(&mut self, ticket: u64, answer: DutyAnswer) {
        self.duties.take(ticket, answer);
    }

    /// A file somebody chose or dropped on the window: it goes with the step whose form is open; else it is looked at,
    /// nothing more.
    pub fn take_file(&mut self, name: String, bytes: Vec<u8>) {
        if self.case_form.as_ref().is_some_and(card::CaseForm::takes_pictures) {
            self.attached.take_file(bytes);
            return;
        }
        if self.drawer != Some(Drawer::Import) {
            self.set_drawer(Some(Drawer::Import));
        }
        self.import.take_file(name, bytes);
    }

    /// The hub's answers to [`UiCommand::PreviewImport`] and [`UiCommand::CommitImport`].
    pub fn take_import(&mut self, news: ImportNews) {
        self.import.take(news);
    }

    /// The hub's answers to [`UiCommand::AskScenarios`] and [`UiCommand::AskScore`].
    pub fn take_drills(&mut self, news: DrillNews) {
        self.drills.take(news);
    }

    /// The hub's answer to [`UiCommand::AskProcess`].
    pub fn take_process(&mut self, news: ProcessNews) {
        self.processes.take(news);
    }

    /// The hub's answer to [`UiCommand::Media`].
    pub fn take_media(&mut self, news: MediaNews) {
        match news {
            MediaNews::Kept { n, name } => self.attached.take(n, name),
            MediaNews::Seen { case, nth, picture } => self.processes.take_picture(case, nth, picture),
        }
    }

    /// The hub's answers to [`UiCommand::AskSources`] and [`UiCommand::RetrySource`].
    pub fn take_sources(&mut self, news: SourceNews) {
        if let Some(notice) = self.pages.sources.take(news, self.lang) {
            self.notify(notice);
        }
    }

    /// The hub's answers to [`UiCommand::AskIndicators`].
    pub fn take_indicators(&mut self, news: IndicatorNews) {
        let of_page = self.known.take(news);
        if let Some(notice) = of_page.and_then(|it| self.pages.indicators.take(it, self.lang)) {
            self.notify(notice);
        }
    }

    /// The colours of a briefing's pages on this screen.
    pub fn set_page_theme(&mut self, theme: Theme) {
        self.briefing.set_theme(theme);
    }

    /// The hub's answers to [`UiCommand::AskBriefings`].
    pub fn take_briefings(&mut self, news: BriefingNews) {
        if let Some(notice) = self.briefing.take(news, self.lang) {
            self.notify(notice);
        }
    }

    /// A layout of the metrics wall or a page of a briefing is shown, with all its figures.
    pub fn shows_figures(&self) -> bool {
        (self.metric_wall.is_on() || self.briefing.is_on_wall()) && self.known.is_complete()
    }

    /// The hub's answer to [`UiCommand::AskDetectionPicture`].
    pub fn take_detection(&mut self, picture: DetectionPicture) {
        self.pages.detections.take_picture(picture);
    }

    /// The hub's answers to [`UiCommand::AskCity`] and its like.
    pub fn take_asking(&mut self, news: AskNews) {
        self.ask.take(news);
    }

    /// The pictures the last frame showed, as they are wanted of the hub; none in a review.
    pub fn wanted(&self) -> Vec<Wanted> {
        feeds::wanted(self.drawn.iter().cloned())
    }

    /// Looks at a picture large.
    fn open_feed(&mut self, feed: Feed) {
        match feed {
            Feed::Drone(id) => self.pages.open_drone(id),
            feed => self.pages.open_camera(feed),
        }
    }

    /// The hub's answer to [`UiCommand::AskLogs`].
    pub fn take_logs(&mut self, answer: LogsAnswer) {
        self.replay.take_logs(answer);
    }

    /// A line shown to the officer for ten seconds: a refusal, a failure.
    pub fn notify(&mut self, text: String) {
        self.notices.push((f64::NAN, text));
        let excess = self.notices.len().saturating_sub(4);
        self.notices.drain(..excess);
    }

    /// The city refused a command. A sheet that was no longer the one seen comes back, with what changed.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.notify(refusal.to_string());
        self.replay.refused(refusal);
        if matches!(refusal, Refusal::SheetChanged { .. })
            && self.sheet.is_none()
            && let Some(review) = self.sent.take()
        {
            self.sheet = Some(sheet::Sheet::Review(Box::new(review.refused(refusal.to_string()))));
        }
    }

    /// Opens the 平转战 review sheet as F9 does, for hosts with menus of their own.
    pub fn open_review(&mut self, model: &Model<'_>) {
        self.sheet = Some(sheet::Sheet::review(model));
    }

    /// Opens the drill sheet as F10 does.
    pub fn open_drill(&mut self) {
        self.sheet = Some(sheet::Sheet::drill());
    }
}

/// The desk: peace or war by the city's footing, 复盘 while the hub plays a log back.
pub fn screen_ui(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState) -> Vec<UiCommand> {
    let rect = ctx.content_rect();
    let ui = layer_ui(ctx, "gulang-desk", LayerOrder::Background, rect);
    let mut kit = Kit::new(&ui, model, 1.0);
    state.begin(ctx, model);
    cosign::follow(model, state);
    state.boards.refresh(model, ctx.input(|input| input.time), state.board.as_ref());
    match model.is_replay() {
        true => replay::replay_ui(&mut kit, state, rect),
        false => desk::desk_ui(&mut kit, state, rect),
    }
    let Kit { mut out, wanted, .. } = kit;
    state.drawn = wanted;
    if state.replay.is_picking() {
        let ui = layer_ui(ctx, "gulang-sheet", LayerOrder::Foreground, rect);
        let mut kit = Kit::new(&ui, model, 1.0);
        replay::picker_ui(&mut kit, state, rect);
        out.append(&mut kit.out);
    } else if model.is_replay() {
        // A sheet or board waits until the review is over.
    } else if state.sheet.is_some() {
        let ui = layer_ui(ctx, "gulang-sheet", LayerOrder::Foreground, rect);
        let mut kit = Kit::new(&ui, model, 1.0);
        sheet::sheet_ui(&mut kit, state, rect);
        out.append(&mut kit.out);
    } else if state.board.is_some() {
        let ui = layer_ui(ctx, "gulang-board", LayerOrder::Foreground, rect);
        let mut kit = Kit::new(&ui, model, 1.0);
        board::board_ui(&mut kit, state, rect);
        out.append(&mut kit.out);
    } else if state.pages.is_open() {
        let ui = layer_ui(ctx, "gulang-page", LayerOrder::Foreground, rect);
        let mut kit = Kit::new(&ui, model, 1.0);
        pages::page_ui(&mut kit, state, rect);
        out.append(&mut kit.out);
        state.drawn.append(&mut kit.wanted);
    }
    state.lang_key(ctx);
    match state.replay.is_picking() || model.is_replay() {
        true => replay::keys(ctx, model, state, &mut out),
        false => desk::keys(ctx, model, state, &mut out),
    }
    state.keep_own(&mut out);
    turn(ctx, model, state, &mut out);
    withhold(model, state, &mut out);
    ctx.request_repaint_after(std::time::Duration::from_millis(500));
    out
}

/// The wall: peace or war by the city's footing, scaled to the screen. It shows; it takes no orders.
pub fn wall_ui(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState) -> Vec<UiCommand> {
    let rect = ctx.content_rect();
    let ui = layer_ui(ctx, "gulang-wall", LayerOrder::Background, rect);
    state.begin(ctx, model);
    if ctx.input(|input| input.key_pressed(egui::Key::V) && !input.modifiers.any()) {
        wall::next_seat(model, state);
    }
    state.lang_key(ctx);
    let mut kit = Kit::new(&ui, model, wall::scale(rect));
    wall::wall_ui(&mut kit, state, rect);
    let Kit { mut out, wanted, .. } = kit;
    state.drawn = wanted;
    state.keep_own(&mut out);
    withhold(model, state, &mut out);
    ctx.request_repaint_after(std::time::Duration::from_millis(500));
    out
}

/// What the hub is told of the hand on a camera; a hand whose page was closed or covered lets go.
fn turn(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    let wish = state.pages.wish.take().filter(|_| !model.is_replay());
    let told = state.hand.step(wish, ctx.input(|input| input.time));
    out.extend(told.into_iter().map(|it| match it {
        feeds::Told::Steer(feed, motion) => UiCommand::Steer(feed, motion),
        feeds::Told::LetGo(feed) => UiCommand::LetGo(feed),
    }));
    if state.hand.is_turning() {
        ctx.request_repaint_after(std::time::Duration::from_millis(100));
    }
}

/// In a review nothing can be sent: whatever a control or key asked of the city is dropped here, and the officer is told.
fn withhold(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    if !model.is_replay() {
        return;
    }
    let n_asked = out.len();
    out.retain(|it| {
        let asks = matches!(
            it,
            UiCommand::Submit(_)
                | UiCommand::Drill(_)
                | UiCommand::Steer(..)
                | UiCommand::Adjust(..)
                | UiCommand::CommitImport(_)
                | UiCommand::Media(MediaAsk::Keep { .. } | MediaAsk::Snapshot { .. })
        );
        !asks
    });
    if out.len() < n_asked {
        state.notify(model.lang.t(tr::REPLAY_NO_ORDERS).to_owned());
    }
}

impl PanelState {
    /// Takes out what a panel asked of another panel.
    fn keep_own(&mut self, out: &mut Vec<UiCommand>) {
        let mut opened = None;
        out.retain(|it| match it {
            UiCommand::OpenFeed(feed) => {
                opened = Some(feed.clone());
                false
            }
            _ => true,
        });
        if let Some(feed) = opened {
            self.open_feed(feed);
        }
    }

    /// F7: the other language, from the next frame on.
    fn lang_key(&mut self, ctx: &egui::Context) {
        if ctx.input(|input| input.key_pressed(egui::Key::F7) && !input.modifiers.any()) {
            self.lang = self.lang.other();
        }
    }

    fn begin(&mut self, ctx: &egui::Context, model: &Model<'_>) {
        let time = ctx.input(|input| input.time);
        self.over_map.clear();
        self.known.follow(model.realm);
        self.replay.begin(model);
        self.digest.refresh(model, time);
        self.listing.keep(model, &self.digest.events);
        for notice in &mut self.notices {
            if notice.0.is_nan() {
                notice.0 = time;
            }
        }
        self.notices.retain(|(since, _)| time - since < 10.0);
    }
}

fn layer_ui(ctx: &egui::Context, name: &str, order: LayerOrder, rect: Rect) -> Ui {
    let id = Id::new(name);
    Ui::new(ctx.clone(), id, UiBuilder::new().max_rect(rect).layer_id(LayerId::new(order, id)))
}
