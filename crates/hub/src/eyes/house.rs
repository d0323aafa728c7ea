//! Every feed of a realm: who watches it, where it is on its way to a picture, whose hand is on it.
//!
//! **Invariant:** no I/O and no clock: whoever has them hands in what happened and does what comes of it ([`Act`]).

use super::{
    inbox::{Inbox, Shown},
    openers::{Has, StreamAddress, WhyNot},
    wheel::Wheel,
};
use gulang_city::{Feed, SeatId, Text, Timestamp};
use gulang_video_link::{Failure, FromEyes, Gap, Looking, Size, ToEyes};
use gulang_wire::{FeedState, FeedStatus, Motion, Picture, Wanted};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Widths pictures are made in, px; a tile gets the next one up.
pub const WIDTHS: [u16; 4] = [320, 480, 960, 1280];
/// After the last watcher left.
const CLOSED_AFTER_MS: u64 = 10_000;
/// A stalled stream is asked for anew.
const RENEWED_AFTER_MS: u64 = 8_000;
const STILL_EVERY_MS: u64 = 1_000;
/// Delays and rates are of the last so many ms.
const WINDOW_MS: u64 = 5_000;
/// A lens' clock further off than this says nothing of delay.
const BELIEVED_DELAY_MS: i64 = 20_000;
/// A feed whose last picture is no older is still kept: what broke off at the wrong moment has its past, and comes back.
const KEEPABLE_FOR_MS: u64 = 12_000;
/// Something that happens so soon after another is in that one's clip.
const BESIDE_MS: u64 = 10_000;
/// Clips of one feed at a time; what else happens is noted with the newest.
const MAX_CLIPS: usize = 3;
/// More feeds than any hall shows at once; what is over is refused, so that no screen can open a whole city.
pub const MAX_FEEDS: usize = 96;

/// The moment something happens.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Since the hub started.
    pub ms: u64,
    /// Ms since 1970, the machine's clock.
    pub wall_ms: i64,
    /// The realm's clock, and how fast it runs.
    pub at: Timestamp,
    pub speed: f32,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Act {
    /// Ask the opener; the answer carries `ask`.
    Open {
        feed: Feed,
        ask: u64,
        n_failures: u32,
    },
    /// Tell the opener that nobody watches.
    Release {
        feed: Feed,
    },
    AskStill {
        feed: Feed,
    },
    Tell(ToEyes),
    Turn {
        feed: Feed,
        motion: Motion,
    },
    /// A clip is whole.
    Kept {
        clip: u64,
        feed: Feed,
        secs: f32,
        gaps: Vec<Gap>,
    },
    NotKept {
        clip: u64,
        feed: Feed,
        why: String,
    },
}

/// What becomes of a wish to keep a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is this one.
    New(u64),
    /// This one, which is being kept already, has it too.
    Beside(u64),
}

/// One feed that somebody wants, or wanted a moment ago.
#[derive(Debug)]
struct Open {
    /// The source's number at the eyes: its streams share their past.
    number: u64,
    state: FeedState,
    since: Timestamp,
    since_ms: u64,
    why: Text,
    form: Text,
    has: Has,
    /// At the eyes.
    stream: Option<u64>,
    ask: u64,
    sizes: Vec<Size>,
    retry_at: Option<u64>,
    n_failures: u32,
    n_retries: u32,
    unwatched_since: Option<u64>,
    /// Those being kept, each with when it began.
    clips: BTreeMap<u64, u64>,
    seen_ms: Option<u64>,
    still_asked: u64,
    fps: f32,
    n_lost: u64,
    n_decoded: u64,
    n: u64,
    delays: VecDeque<(u64, u32)>,
    last: Option<Shown>,
    wheel: Wheel,
}

#[derive(Debug)]
struct Screen {
    inbox: Arc<Inbox>,
    /// `None`: it never said what it shows, and gets stills of what flies.
    wanted: Option<Vec<Wanted>>,
    /// When it last got a picture of each feed.
    sent: BTreeMap<Feed, u64>,
    needs_statuses: bool,
}

#[derive(Debug, Default)]
pub struct House {
    pub simulated: bool,
    /// Streams opened so far, each decoded once.
    pub n_opened: u64,
    feeds: BTreeMap<Feed, Open>,
    screens: BTreeMap<u64, Screen>,
    next: u64,
    changed: bool,
    acts: Vec<Act>,
}

impl House {
    pub fn take_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    // ------------------------------------------------------------ screens

    pub fn join(&mut self, inbox: Arc<Inbox>) -> u64 {
        let id = self.number();
        self.screens.insert(id, Screen { inbox, wanted: None, sent: BTreeMap::new(), needs_statuses: false });
        id
    }

    pub fn leave(&mut self, screen: u64, now: Now) {
        self.screens.remove(&screen);
        self.count_watchers(now);
    }

    /// `has` is asked of feeds that are not open yet.
    pub fn want(&mut self, screen: u64, wanted: Vec<Wanted>, has: &dyn Fn(&Feed) -> Has, now: Now) {
        let Some(it) = self.screens.get_mut(&screen) else { return };
        it.inbox.keep_only(|feed| wanted.iter().any(|it| it.feed == *feed));
        it.sent.retain(|feed, _| wanted.iter().any(|it| it.feed == *feed));
        it.needs_statuses = true;
        it.wanted = Some(wanted.clone());
        for Wanted { feed, .. } in wanted {
            if !self.feeds.contains_key(&feed) && self.feeds.len() < MAX_FEEDS {
                let open = Open::new(self.number(), has(&feed), now);
                self.feeds.insert(feed.clone(), open);
                self.begin(&feed, now);
            }
        }
        self.count_watchers(now);
        // A still of what only has stills, or of what is not well, is better at once.
        self.tick(now, &[]);
    }

    fn wanted_of(&self, feed: &Feed) -> impl Iterator<Item = &Wanted> {
        self.screens.values().flat_map(|it| it.wanted.iter().flatten()).filter(move |it| it.feed == *feed)
    }

    /// Who watches what, and in which sizes; both from the screens alone.
    fn count_watchers(&mut self, now: Now) {
        self.changed = true;
        let feeds: Vec<Feed> = self.feeds.keys().cloned().collect();
        for feed in feeds {
            let mut sizes: BTreeMap<u16, u8> = BTreeMap::new();
            for it in self.wanted_of(&feed) {
                let fps = sizes.entry(width_for(it.width)).or_default();
                *fps = (*fps).max(it.fps.clamp(1, 60));
            }
            let sizes: Vec<Size> = sizes.into_iter().map(|(width, fps)| Size { width, fps }).collect();
            let Some(open) = self.feeds.get_mut(&feed) else { continue };
            let is_watched = !sizes.is_empty();
            open.unwatched_since = (!is_watched).then(|| open.unwatched_since.unwrap_or(now.ms));
            if is_watched && open.sizes != sizes {
                open.sizes.clone_from(&sizes);
                if let Some(id) = open.stream {
                    self.acts.push(Act::Tell(ToEyes::Resize { id, sizes }));
                }
            }
        }
    }

    // ------------------------------------------------------------ on the way to a picture

    fn begin(&mut self, feed: &Feed, now: Now) {
        let ask = self.number();
        let Some(open) = self.feeds.get_mut(feed) else { return };
        open.retry_at = None;
        if !open.has.stream {
            let (state, why) = if open.has.still {
                (FeedState::Snapshot, "没有视频流，只有快照")
            } else {
                (FeedState::Failed, "没有任何连接器提供这路画面；在配置中接入视频平台或写明流地址")
            };
            open.enter(state, why.into(), now);
            self.changed = true;
            return;
        }
        open.ask = ask;
        open.on_the_way(FeedState::Calling, now);
        let n_failures = open.n_failures;
        self.acts.push(Act::Open { feed: feed.clone(), ask, n_failures });
        self.changed = true;
    }

    /// The opener's answer; that to an older question is passed over.
    pub fn opened(&mut self, feed: &Feed, ask: u64, answer: Result<StreamAddress, WhyNot>, now: Now) {
        let id = self.number();
        let Some(open) = self.feeds.get_mut(feed).filter(|it| it.ask == ask && it.stream.is_none()) else { return };
        match answer {
            Ok(StreamAddress { url, user, password, transport }) => {
                open.stream = Some(id);
                open.on_the_way(FeedState::Inviting, now);
                let (sizes, number) = (open.sizes.clone(), open.number);
                self.n_opened += 1;
                self.acts.push(Act::Tell(ToEyes::Open { id, feed: number, url, user, password, transport, sizes }));
            }
            Err(why) => {
                let wait = if why.may_pass { 1 } else { 6 };
                self.fail(feed, &why.to_string(), wait, now);
            }
        }
        self.changed = true;
    }

    fn fail(&mut self, feed: &Feed, why: &str, times_longer: u64, now: Now) {
        let Some(open) = self.feeds.get_mut(feed) else { return };
        open.n_failures += 1;
        open.stream = None;
        let wait_ms = wait_ms(open.n_failures) * times_longer;
        open.retry_at = Some(now.ms + wait_ms);
        let why = format!("{why}（{} 秒后再试）", wait_ms.div_ceil(1000));
        let state = if open.has.still { FeedState::Snapshot } else { FeedState::Failed };
        open.enter(state, why.into(), now);
        self.changed = true;
    }

    /// The eyes are gone, or cannot be started: every stream went with them.
    pub fn eyes_gone(&mut self, why: &str, now: Now) {
        let open: Vec<Feed> =
            self.feeds.iter().filter(|(_, it)| it.stream.is_some()).map(|(it, _)| it.clone()).collect();
        for feed in open {
            self.fail(&feed, why, 1, now);
        }
        // What they were writing is lost with them, of whichever feed.
        for (feed, open) in &mut self.feeds {
            open.seen_ms = None;
            for clip in std::mem::take(&mut open.clips).into_keys() {
                self.acts.push(Act::NotKept { clip, feed: feed.clone(), why: why.to_owned() });
            }
        }
    }

    fn feed_at(&self, stream: u64) -> Option<Feed> {
        self.feeds.iter().find(|(_, it)| it.stream == Some(stream)).map(|(feed, _)| feed.clone())
    }

    pub fn heard(&mut self, said: FromEyes, now: Now) {
        match said {
            FromEyes::Ready { .. } => {}
            FromEyes::State { id, looking } => {
                if let Some(feed) = self.feed_at(id) {
                    self.looked(&feed, looking, now);
                }
            }
            FromEyes::Stats { id, fps, n_lost, n_decoded, .. } => {
                let Some(open) = self.feeds.values_mut().find(|it| it.stream == Some(id)) else { return };
                (open.fps, open.n_lost, open.n_decoded) = (fps, n_lost, n_decoded);
                self.changed = true;
            }
            FromEyes::Kept { clip, secs, gaps, .. } => {
                if let Some(feed) = self.clip_ended(clip) {
                    self.acts.push(Act::Kept { clip, feed, secs, gaps });
                }
            }
            FromEyes::NotKept { clip, why } => {
                if let Some(feed) = self.clip_ended(clip) {
                    self.acts.push(Act::NotKept { clip, feed, why });
                }
            }
        }
    }

    fn looked(&mut self, feed: &Feed, looking: Looking, now: Now) {
        let Some(open) = self.feeds.get_mut(feed) else { return };
        self.changed = true;
        match looking {
            Looking::Inviting => open.on_the_way(FeedState::Inviting, now),
            Looking::FirstPacket => open.on_the_way(FeedState::FirstPacket, now),
            Looking::Playing { codec, width, height, transport } => {
                open.n_failures = 0;
                open.form = format!("{transport} {codec} {width}×{height}").into();
                open.enter(FeedState::Playing, "".into(), now);
            }
            Looking::Stalled { secs } => {
                open.fps = 0.0;
                open.enter(FeedState::Stalled, format!("{secs} 秒没有画面；正在重新建立").into(), now);
            }
            Looking::Failed { kind, why } => {
                let (words, times_longer) = failure_zh(kind);
                self.fail(feed, &format!("{words}（{why}）"), times_longer, now);
            }
            Looking::Ended => self.fail(feed, "对方结束了这路视频", 1, now),
        }
    }

    /// Catalogues are read after screens have asked, and change: what had nobody may have somebody now.
    pub fn refresh(&mut self, has: &dyn Fn(&Feed) -> Has, now: Now) {
        let feeds: Vec<Feed> = self.feeds.keys().cloned().collect();
        for feed in feeds {
            let has = has(&feed);
            let Some(open) = self.feeds.get_mut(&feed).filter(|it| it.has != has) else { continue };
            let is_new = has.stream && !open.has.stream || has.still && !open.has.still && open.stream.is_none();
            open.has = has;
            self.changed = true;
            if is_new {
                self.begin(&feed, now);
            }
        }
    }

    // ------------------------------------------------------------ pictures

    pub fn picture(&mut self, seen: gulang_video_link::Picture, now: Now) {
        let Some(feed) = self.feed_at(seen.id) else { return };
        let Some(open) = self.feeds.get_mut(&feed) else { return };
        let believed = seen.captured_ms.filter(|it| (0..BELIEVED_DELAY_MS).contains(&(now.wall_ms - it)));
        let basis_ms = believed.unwrap_or(seen.received_ms);
        let delay_ms = (now.wall_ms - basis_ms).max(0);
        open.n += 1;
        open.seen_ms = Some(now.ms);
        open.delays.push_back((now.ms, u32::try_from(delay_ms).unwrap_or(u32::MAX)));
        while open.delays.front().is_some_and(|(at, _)| at + WINDOW_MS < now.ms) {
            open.delays.pop_front();
        }
        let shown = shown(&feed, open.n, (seen.width, seen.height), seen.jpeg, basis_ms, self.simulated, now);
        if open.last.as_ref().is_none_or(|it| it.picture.width <= seen.width || it.basis_ms + 2000 < basis_ms) {
            open.last = Some(shown.clone());
        }
        self.show(&feed, Some(seen.wanted), &shown, now);
    }

    /// A still, to everybody who watches the feed, and of a drone in flight to who never said what he watches.
    pub fn still(&mut self, feed: &Feed, jpeg: Vec<u8>, now: Now) {
        let size = jpeg_size(&jpeg).unwrap_or((0, 0));
        let mut n = 0;
        if let Some(open) = self.feeds.get_mut(feed) {
            if open.state == FeedState::Playing {
                return;
            }
            open.n += 1;
            n = open.n;
        }
        let shown = shown(feed, n, size, jpeg, now.wall_ms, self.simulated, now);
        if let Some(open) = self.feeds.get_mut(feed) {
            open.last = Some(shown.clone());
        }
        self.show(feed, None, &shown, now);
    }

    fn show(&mut self, feed: &Feed, width: Option<u16>, shown: &Shown, now: Now) {
        for screen in self.screens.values_mut() {
            let wanted = screen.wanted.as_ref().map(|all| all.iter().find(|it| it.feed == *feed));
            let every_ms = match (wanted, width) {
                (Some(Some(it)), Some(width)) if width_for(it.width) == width => 1000 / u64::from(it.fps.clamp(1, 60)),
                (Some(Some(_)) | None, None) => 0,
                (None, Some(_)) if matches!(feed, Feed::Drone(_)) => 1000,
                _ => continue,
            };
            // Two screens may want one size at different rates; the faster one's is made.
            let is_early = screen.sent.get(feed).is_some_and(|sent| now.ms < sent + every_ms * 3 / 4);
            if !is_early {
                screen.sent.insert(feed.clone(), now.ms);
                screen.inbox.show(shown.clone());
            }
        }
    }

    pub fn last(&self, feed: &Feed) -> Option<&Shown> {
        self.feeds.get(feed)?.last.as_ref()
    }

    // ------------------------------------------------------------ time

    /// A few times a second. `flying`: drones in the air.
    pub fn tick(&mut self, now: Now, flying: &[Feed]) {
        let due: Vec<Feed> = self.feeds.iter().filter(|(_, it)| it.is_due(now.ms)).map(|(it, _)| it.clone()).collect();
        for feed in due {
            if let Some(open) = self.feeds.get_mut(&feed) {
                open.n_retries += 1;
            }
            self.end_stream(&feed);
            self.begin(&feed, now);
        }
        let gone: Vec<Feed> =
            self.feeds.iter().filter(|(_, it)| it.is_idle(now.ms)).map(|(it, _)| it.clone()).collect();
        for feed in gone {
            self.end_stream(&feed);
            if let Some(motion) = self.feeds.get_mut(&feed).and_then(|it| it.wheel.free()) {
                self.acts.push(Act::Turn { feed: feed.clone(), motion });
            }
            self.feeds.remove(&feed);
            self.acts.push(Act::Release { feed });
            self.changed = true;
        }
        for (feed, open) in &mut self.feeds {
            if let Some(motion) = open.wheel.tick(now.ms) {
                self.acts.push(Act::Turn { feed: feed.clone(), motion });
                self.changed = true;
            }
            let needs_still = open.has.still && open.state != FeedState::Playing && open.unwatched_since.is_none();
            if needs_still && open.still_asked + STILL_EVERY_MS <= now.ms {
                open.still_asked = now.ms;
                self.acts.push(Act::AskStill { feed: feed.clone() });
            }
        }
        let somebody_never_said = self.screens.values().any(|it| it.wanted.is_none());
        if somebody_never_said {
            let unopened = flying.iter().filter(|it| !self.feeds.contains_key(*it));
            self.acts.extend(unopened.map(|it| Act::AskStill { feed: it.clone() }));
        }
    }

    fn end_stream(&mut self, feed: &Feed) {
        if let Some(id) = self.feeds.get_mut(feed).and_then(|it| it.stream.take()) {
            self.acts.push(Act::Tell(ToEyes::Close { id }));
        }
    }

    // ------------------------------------------------------------ hands

    /// The first to turn a camera holds its wheel; whoever else turns is told who does.
    pub fn steer(&mut self, seat: &SeatId, feed: &Feed, motion: Motion, now: Now) -> Result<(), String> {
        let open = self.feeds.get_mut(feed).ok_or("先打开这路画面再转动")?;
        if !open.has.wheel {
            return Err("这路画面没有云台".into());
        }
        let turn = open.wheel.steer(seat, motion, now)?;
        self.changed = true;
        if let Some(motion) = turn {
            self.acts.push(Act::Turn { feed: feed.clone(), motion });
        }
        Ok(())
    }

    pub fn let_go(&mut self, seat: &SeatId, feed: &Feed) {
        let freed = self.feeds.get_mut(feed).filter(|it| it.wheel.is_held_by(seat)).and_then(|it| it.wheel.free());
        if let Some(motion) = freed {
            self.acts.push(Act::Turn { feed: feed.clone(), motion });
        }
        self.changed = true;
    }

    /// Words beside a feed that goes on as it is.
    pub fn note(&mut self, feed: &Feed, why: &str) {
        if let Some(open) = self.feeds.get_mut(feed) {
            open.why = why.into();
            self.changed = true;
        }
    }

    // ------------------------------------------------------------ clips

    /// Feeds that play, or did a moment ago: of these a clip can be kept.
    pub fn keepable(&self, now: Now) -> Vec<Feed> {
        self.feeds.iter().filter(|(_, it)| it.is_keepable(now.ms)).map(|(it, _)| it.clone()).collect()
    }

    /// `None`: there is nothing to keep.
    pub fn keep(
        &mut self,
        feed: &Feed,
        file: impl FnOnce(u64) -> std::path::PathBuf,
        (back_s, ahead_s): (u32, u32),
        now: Now,
    ) -> Option<Keeping> {
        let clip = self.number();
        let open = self.feeds.get_mut(feed).filter(|it| it.is_keepable(now.ms))?;
        if let Some((newest, began_ms)) = open.clips.last_key_value()
            && (now.ms < began_ms + BESIDE_MS || open.clips.len() >= MAX_CLIPS)
        {
            return Some(Keeping::Beside(*newest));
        }
        open.clips.insert(clip, now.ms);
        self.acts.push(Act::Tell(ToEyes::Keep { feed: open.number, clip, back_s, ahead_s, file: file(clip) }));
        self.changed = true;
        Some(Keeping::New(clip))
    }

    fn clip_ended(&mut self, clip: u64) -> Option<Feed> {
        let (feed, open) = self.feeds.iter_mut().find(|(_, it)| it.clips.contains_key(&clip))?;
        open.clips.remove(&clip);
        self.changed = true;
        Some(feed.clone())
    }

    // ------------------------------------------------------------ what is told

    pub fn statuses(&self) -> Vec<FeedStatus> {
        self.feeds.iter().map(|(feed, open)| self.status(feed, open)).collect()
    }

    /// Pictures decoded of a feed since its stream was opened, for the bench: watchers do not multiply them.
    pub fn n_decoded(&self, feed: &Feed) -> Option<u64> {
        self.feeds.get(feed).map(|it| it.n_decoded)
    }

    fn status(&self, feed: &Feed, open: &Open) -> FeedStatus {
        let mut delays: Vec<u32> = open.delays.iter().map(|(_, it)| *it).collect();
        delays.sort_unstable();
        let part = |hundredths: usize| delays.get(delays.len() * hundredths / 100).copied().unwrap_or(0);
        let n_watchers =
            self.screens.values().filter(|it| it.wanted.iter().flatten().any(|it| it.feed == *feed)).count();
        FeedStatus {
            feed: feed.clone(),
            state: open.state,
            since: open.since,
            why: open.why.clone(),
            form: open.form.clone(),
            fps: open.fps,
            delay_ms: [part(50), part(95)],
            n_lost: open.n_lost,
            n_retries: open.n_retries,
            n_watchers: u32::try_from(n_watchers).unwrap_or(u32::MAX),
            can_steer: open.has.wheel,
            wheel: open.wheel.holder(),
            is_kept: !open.clips.is_empty(),
        }
    }

    /// Tells every screen that has said what it watches, if anything changed.
    pub fn tell_changes(&mut self) {
        let all_need = std::mem::take(&mut self.changed);
        if !all_need && !self.screens.values().any(|it| it.needs_statuses) {
            return;
        }
        let statuses = self.statuses();
        for screen in self.screens.values_mut().filter(|it| it.wanted.is_some()) {
            if std::mem::take(&mut screen.needs_statuses) || all_need {
                screen.inbox.tell(statuses.clone());
            }
        }
    }
}

impl Open {
    fn new(number: u64, has: Has, now: Now) -> Self {
        Self {
            number,
            state: FeedState::Closed,
            since: now.at,
            since_ms: now.ms,
            why: "".into(),
            form: "".into(),
            has,
            stream: None,
            ask: 0,
            sizes: Vec::new(),
            retry_at: None,
            n_failures: 0,
            n_retries: 0,
            unwatched_since: None,
            clips: BTreeMap::new(),
            seen_ms: None,
            still_asked: 0,
            fps: 0.0,
            n_lost: 0,
            n_decoded: 0,
            n: 0,
            delays: VecDeque::new(),
            last: None,
            wheel: Wheel::default(),
        }
    }

    fn enter(&mut self, state: FeedState, why: Text, now: Now) {
        if self.state != state {
            (self.state, self.since, self.since_ms) = (state, now.at, now.ms);
        }
        if state != FeedState::Playing {
            self.fps = 0.0;
            self.delays.clear();
        }
        self.why = why;
    }

    /// A feed that shows stills goes on doing so while its stream is tried again.
    fn on_the_way(&mut self, state: FeedState, now: Now) {
        if self.state != FeedState::Snapshot {
            self.enter(state, "".into(), now);
        }
    }

    fn is_idle(&self, ms: u64) -> bool {
        self.clips.is_empty() && self.unwatched_since.is_some_and(|since| since + CLOSED_AFTER_MS <= ms)
    }

    fn is_keepable(&self, ms: u64) -> bool {
        self.state == FeedState::Playing || self.seen_ms.is_some_and(|seen| ms < seen + KEEPABLE_FOR_MS)
    }

    /// A clip being kept wants the pictures that are still to come, watched or not.
    fn is_due(&self, ms: u64) -> bool {
        if self.unwatched_since.is_some() && self.clips.is_empty() {
            return false;
        }
        let is_old_stall = self.state == FeedState::Stalled && self.since_ms + RENEWED_AFTER_MS <= ms;
        is_old_stall || self.retry_at.is_some_and(|it| it <= ms)
    }
}

fn shown(
    feed: &Feed,
    n: u64,
    (width, height): (u16, u16),
    jpeg: Vec<u8>,
    basis_ms: i64,
    simulated: bool,
    now: Now,
) -> Shown {
    let ago = (now.wall_ms - basis_ms).max(0) as f64 * f64::from(now.speed);
    let at = now.at + -(ago as i64);
    let picture = Picture { feed: feed.clone(), n, at, delay_ms: 0, simulated, width, height, jpeg: Vec::new() };
    Shown { picture, jpeg: jpeg.into(), basis_ms }
}

/// The next size up, the largest for what is larger.
pub fn width_for(wanted: u16) -> u16 {
    let [.., largest] = WIDTHS;
    WIDTHS.into_iter().find(|it| *it >= wanted).unwrap_or(largest)
}

/// Doubling from one second to a minute.
fn wait_ms(n_failures: u32) -> u64 {
    (500u64 << n_failures.min(7)).min(60_000)
}

/// In words, and how many times longer than usual to wait before trying again: a wrong password does not mend itself, and a
/// camera locks out who tries it too often.
fn failure_zh(kind: Failure) -> (&'static str, u64) {
    match kind {
        Failure::Unauthorized => ("摄像机拒绝登录：核对用户名和密码", 10),
        Failure::NotFound => ("没有这路视频：核对流地址", 4),
        Failure::Unreachable => ("连不上视频服务：检查网络和摄像机电源", 1),
        Failure::Unsupported => ("这种视频无法解码：把摄像机改为 H.264 或 H.265，或安装 gstreamer1.0-libav", 6),
        Failure::Garbled => ("收到的数据不是可用的视频：检查摄像机编码设置", 2),
    }
}

/// Width and height as a JPEG's frame header has them (ITU-T T.81 §B.2.2).
pub fn jpeg_size(jpeg: &[u8]) -> Option<(u16, u16)> {
    let mut rest = jpeg.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, kind, high, low, after @ ..] = rest else { return None };
        let n = usize::from(u16::from_be_bytes([*high, *low]));
        if matches!(*kind, 0xc0..=0xcf) && !matches!(*kind, 0xc4 | 0xc8 | 0xcc) {
            let [_, h1, h0, w1, w0, ..] = after else { return None };
            return Some((u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0])));
        }
        rest = after.get(n.checked_sub(2)?..)?;
    }
}

#[cfg(test)]
#[path = "house_tests.rs"]
mod tests;
