//! 叫应: people are called until somebody answers, and who was not reached is on a board.
//!
//! Contacts and ladders are data of the pack. A [`Callout`] calls one person per place; silence makes the next one be
//! called, as its [`Ladder`] says. The rules are in `decide/callout.rs`; here are the nouns, the fold and the board.
//!
//! Must not know: how a message travels (the hub's gateways), or what time it is.

use crate::{City, LonLat, Timestamp, ids::*, model::*};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Minutes to acknowledge, and to the next name: our defaults, in no document.
pub const DEFAULT_ACK_MINS: u32 = 5;
pub const DEFAULT_ESCALATE_MINS: u32 = 10;
/// Minutes after which a call-out stops calling a place: our default.
pub const DEFAULT_GIVE_UP_MINS: u32 = 60;

/// 镇街, with its villages and communities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Township {
    pub id: TownshipId,
    pub name: Text,
    pub district: DistrictId,
    /// Where it is reckoned to be when a wind circle comes.
    pub center: LonLat,
    /// Its share of a district's people to move, against its neighbours; illustrative in the shipped pack.
    pub weight: u32,
    #[serde(default)]
    pub villages: Vec<Village>,
}

/// 村居.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Village {
    pub id: VillageId,
    pub name: Text,
}

/// What a person answers for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPlace {
    Agency(AgencyId),
    District(DistrictId),
    Township(TownshipId),
    Village(VillageId),
}

/// Somebody who can be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    pub name: Text,
    /// Such as `值班员`.
    pub post: Text,
    pub place: CallPlace,
    /// 1 is called first.
    pub rank: u8,
    /// Illustrative in the shipped pack, and not a number that can be dialled.
    pub phone: Text,
    /// Where the radio desk hears them, in words; empty if they have none.
    #[serde(default)]
    pub radio: Text,
}

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallChannel {
    /// A message in the platform's own app.
    Message,
    Sms,
    Voice,
    /// By hand: the radio desk calls and writes down who answered.
    Radio,
}

impl CallChannel {
    pub const ALL: [Self; 4] = [Self::Message, Self::Sms, Self::Voice, Self::Radio];

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Message => "平台消息",
            Self::Sms => "短信",
            Self::Voice => "电话",
            Self::Radio => "电台",
        }
    }

    /// The gateway that carries it, as connectors are named; none for what is done by hand.
    pub fn gateway(self) -> Option<&'static str> {
        match self {
            Self::Message => Some("message"),
            Self::Sms => Some("sms"),
            Self::Voice => Some("voice"),
            Self::Radio => None,
        }
    }
}

/// How far down a call-out reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallDepth {
    District,
    #[default]
    Township,
    Village,
}

/// Who is called, through what, how long is waited, and who is called next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    pub id: LadderId,
    pub name: Text,
    /// Where it comes from; our own says that it is a default and not a rule.
    pub basis: Text,
    pub steps: Vec<LadderStep>,
    /// Until when, minutes from the start.
    #[serde(default = "default_give_up")]
    pub give_up_after_mins: u32,
    /// What starts it without a hand.
    #[serde(default)]
    pub starts: Vec<CallStart>,
    #[serde(default)]
    pub down_to: CallDepth,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderStep {
    pub who: Callee,
    /// Side by side.
    pub channels: Vec<CallChannel>,
    #[serde(default = "default_ack")]
    pub ack_within_mins: u32,
    /// How often the same person is called again.
    #[serde(default = "default_ack")]
    pub again_every_mins: u32,
    /// From this step to the next.
    #[serde(default = "default_escalate")]
    pub escalate_after_mins: u32,
}

/// Whom a step names, seen from the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callee {
    /// The place's own contact of this rank.
    Own(u8),
    /// That of the place above: village → township → district; a district's headquarters → its district.
    Above(u8),
}

/// What starts a call-out of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStart {
    /// A red warning comes into force.
    RedWarning,
    /// An order goes out whose measure says 协同 + 叫应.
    OrderCall,
    /// An order goes out whose measure says 协同 + 短信.
    OrderSms,
    /// 通联测试, on every `every_days`th day (counted from 1970-01-01) at this minute of the Beijing day, in peace.
    Test { every_days: u32, at_minute: u32 },
}

/// Whom a call-out by hand is for. Nothing named means the whole city.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallScope {
    pub districts: Vec<DistrictId>,
    pub townships: Vec<TownshipId>,
    pub agencies: Vec<AgencyId>,
    /// Districts' and townships' places below them down to here.
    pub down_to: CallDepth,
}

/// Why people are called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallCause {
    ByHand,
    RedWarning(WarningId),
    Orders(Vec<OrderId>),
    /// 通联测试; `scheduled` if the city data asked for it.
    Test {
        scheduled: bool,
    },
}

/// How far one message or call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// In the log, not yet at the gateway; for the radio: the desk has to call.
    Recorded,
    Accepted,
    Delivered,
    NoAnswer,
    /// It cannot reach this person: wrong number, gateway says no.
    Failed,
    Answered,
}

impl AttemptState {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Recorded => "待发",
            Self::Accepted => "网关已受理",
            Self::Delivered => "已送达",
            Self::NoAnswer => "无人应答",
            Self::Failed => "不通",
            Self::Answered => "已应答",
        }
    }
}

/// One message or call to one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallAttempt {
    /// From 1 within the call.
    pub n: u32,
    pub step: u8,
    pub contact: ContactId,
    pub channel: CallChannel,
    pub at: Timestamp,
    pub state: AttemptState,
    pub state_at: Timestamp,
    pub note: Text,
}

/// How a place's call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    Reached {
        at: Timestamp,
        by: Text,
        channel: CallChannel,
    },
    /// The place has no contact.
    NobodyAssigned,
    GivenUp {
        at: Timestamp,
        why: Text,
    },
}

/// The calling of one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub place: CallPlace,
    pub step: u8,
    pub step_since: Timestamp,
    /// Who is being called; none before the first attempt.
    pub contact: Option<ContactId>,
    pub attempts: Vec<CallAttempt>,
    pub end: Option<CallEnd>,
}

impl Call {
    pub fn is_reached(&self) -> bool {
        matches!(self.end, Some(CallEnd::Reached { .. }))
    }
}

/// A call-out: one call per place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Callout {
    pub id: CalloutId,
    pub realm: Realm,
    pub ladder: LadderId,
    pub cause: CallCause,
    /// What everybody is told.
    pub text: Text,
    pub by: SeatId,
    pub started_at: Timestamp,
    pub calls: Vec<Call>,
    pub ended_at: Option<Timestamp>,
}

impl Callout {
    pub fn is_test(&self) -> bool {
        matches!(self.cause, CallCause::Test { .. })
    }

    /// Stable across restarts and retries: a gateway that honours it calls nobody twice for one attempt.
    pub fn idempotency_key(&self, call: u32, attempt: u32) -> String {
        let realm = match self.realm {
            Realm::Actual => "a",
            Realm::Exercise => "x",
        };
        format!("gulang-{realm}-c{}-{call}-{attempt}", self.id)
    }
}

/// Every call-out of this city.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calls {
    pub callouts: IndexMap<CalloutId, Callout, rustc_hash::FxBuildHasher>,
    pub open: BTreeSet<CalloutId>,
    /// Orders up to this one were looked at by the rule that calls about orders.
    pub orders_called: OrderId,
}

impl Calls {
    pub(crate) fn start(&mut self, callout: Callout) {
        if let CallCause::Orders(orders) = &callout.cause {
            self.orders_called = orders.iter().copied().fold(self.orders_called, OrderId::max);
        }
        self.open.insert(callout.id);
        self.callouts.insert(callout.id, callout);
    }

    pub(crate) fn call_mut(&mut self, callout: CalloutId, call: u32) -> Option<&mut Call> {
        self.callouts.get_mut(&callout)?.calls.get_mut(call as usize)
    }

    pub(crate) fn attempt(&mut self, callout: CalloutId, call: u32, attempt: CallAttempt) {
        if let Some(it) = self.call_mut(callout, call) {
            if it.contact.is_none() {
                it.step_since = attempt.at;
            }
            it.step = attempt.step;
            it.contact = Some(attempt.contact.clone());
            it.attempts.push(attempt);
        }
    }

    pub(crate) fn escalate(&mut self, callout: CalloutId, call: u32, step: u8, contact: &ContactId, now: Timestamp) {
        if let Some(it) = self.call_mut(callout, call) {
            (it.step, it.step_since, it.contact) = (step, now, Some(contact.clone()));
        }
    }

    pub(crate) fn progress(
        &mut self,
        callout: CalloutId,
        call: u32,
        attempt: u32,
        state: AttemptState,
        note: &Text,
        now: Timestamp,
    ) {
        let call = self.call_mut(callout, call);
        if let Some(it) = call.and_then(|it| it.attempts.iter_mut().find(|it| it.n == attempt)) {
            (it.state, it.state_at, it.note) = (state, now, note.clone());
        }
    }

    pub(crate) fn end_call(&mut self, callout: CalloutId, call: u32, end: CallEnd) {
        if let Some(it) = self.call_mut(callout, call)
            && !it.is_reached()
        {
            it.end = Some(end);
        }
    }

    pub(crate) fn end(&mut self, callout: CalloutId, now: Timestamp) {
        self.open.remove(&callout);
        if let Some(it) = self.callouts.get_mut(&callout) {
            it.ended_at = Some(now);
        }
    }
}

// ---------------------------------------------------------------- the board

/// How many places; `reached + not_reached + nobody == all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounts {
    pub all: u32,
    pub reached: u32,
    /// Being called, or given up.
    pub not_reached: u32,
    /// 无人负责.
    pub nobody: u32,
}

/// A place on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    Reached,
    Calling,
    /// Calling, and past the time to acknowledge.
    Late,
    GivenUp,
    NobodyAssigned,
}

impl CallState {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Reached => "已叫应",
            Self::Calling => "叫应中",
            Self::Late => "超时未应",
            Self::GivenUp => "未叫应",
            Self::NobodyAssigned => "无人负责",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    pub callout: CalloutId,
    /// The call's number within its call-out; with `callout` what [`crate::Command::MarkReached`] wants.
    pub call: u32,
    pub place: CallPlace,
    pub name: Text,
    pub state: CallState,
    /// Reached at, or called without an answer since.
    pub since: Timestamp,
    /// Who is being called, or who answered.
    pub who: Text,
    pub phone: Text,
    /// The radio desk has to call; in words, empty if not.
    pub radio: Text,
    /// The ladder's step, from 1.
    pub step: u32,
    pub n_attempts: u32,
    /// The last attempts in words, such as `短信 已送达 · 电话 无人应答`.
    pub channels: Text,
    /// Who is called next and when; none if nobody is.
    pub next: Option<NextCall>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextCall {
    pub at: Timestamp,
    pub who: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallBoard {
    /// The call-outs on it, newest last.
    pub callouts: Vec<CalloutId>,
    pub counts: CallCounts,
    pub agencies: Vec<CallRow>,
    pub districts: Vec<CallDistrict>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallDistrict {
    pub id: DistrictId,
    pub name: Text,
    /// Of the district and everything in it.
    pub counts: CallCounts,
    /// None if the district itself is not called.
    pub row: Option<CallRow>,
    pub townships: Vec<CallTownship>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallTownship {
    pub id: TownshipId,
    pub name: Text,
    pub counts: CallCounts,
    pub row: Option<CallRow>,
    pub villages: Vec<CallRow>,
}

/// What a 通联测试 found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallTestResult {
    pub callout: CalloutId,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub scheduled: bool,
    pub counts: CallCounts,
    /// Of all places, 0–1.
    pub reached_share: f64,
    /// Seconds until half of those reached had answered.
    pub median_secs: Option<i64>,
    /// Slowest first, at most ten: the place and its seconds.
    pub slowest: Vec<(Text, i64)>,
}

impl CallCounts {
    fn count(&mut self, row: &CallRow) {
        self.all += 1;
        match row.state {
            CallState::Reached => self.reached += 1,
            CallState::NobodyAssigned => self.nobody += 1,
            CallState::Calling | CallState::Late | CallState::GivenUp => self.not_reached += 1,
        }
    }

    fn add(&mut self, more: Self) {
        self.all += more.all;
        self.reached += more.reached;
        self.not_reached += more.not_reached;
        self.nobody += more.nobody;
    }
}

impl City {
    /// Whoever answers for a place at this rank.
    pub fn contact_of(&self, place: &CallPlace, rank: u8) -> Option<&Contact> {
        self.contacts_in_force().find(|it| it.place == *place && it.rank == rank)
    }

    /// The township a village belongs to.
    pub fn township_of(&self, village: &VillageId) -> Option<&Township> {
        self.townships.values().find(|it| it.villages.iter().any(|it| it.id == *village))
    }

    /// The place that answers for this one.
    pub fn place_above(&self, place: &CallPlace) -> Option<CallPlace> {
        match place {
            CallPlace::Village(id) => Some(CallPlace::Township(self.township_of(id)?.id.clone())),
            CallPlace::Township(id) => Some(CallPlace::District(self.townships.get(id)?.district.clone())),
            CallPlace::Agency(id) => Some(CallPlace::District(self.agencies.get(id)?.district.clone()?)),
            CallPlace::District(_) => None,
        }
    }

    pub fn place_name(&self, place: &CallPlace) -> Text {
        let name = match place {
            CallPlace::Agency(id) => self.agencies.get(id).map(|it| &it.name),
            CallPlace::District(id) => self.districts.get(id).map(|it| &it.name),
            CallPlace::Township(id) => self.townships.get(id).map(|it| &it.name),
            CallPlace::Village(id) => {
                self.township_of(id).and_then(|it| it.villages.iter().find(|it| it.id == *id)).map(|it| &it.name)
            }
        };
        name.cloned().unwrap_or_else(|| "（名册里没有）".into())
    }

    /// The district a place lies in; none for a bureau of the city.
    pub fn district_of_place(&self, place: &CallPlace) -> Option<DistrictId> {
        match place {
            CallPlace::District(id) => Some(id.clone()),
            CallPlace::Township(id) => self.townships.get(id).map(|it| it.district.clone()),
            CallPlace::Village(id) => self.township_of(id).map(|it| it.district.clone()),
            CallPlace::Agency(_) => None,
        }
    }

    pub(crate) fn callee(&self, place: &CallPlace, who: Callee) -> Option<&Contact> {
        match who {
            Callee::Own(rank) => self.contact_of(place, rank),
            Callee::Above(rank) => self.contact_of(&self.place_above(place)?, rank),
        }
    }

    /// The first step from `from` on that has somebody to call.
    pub(crate) fn step_from<'a>(
        &'a self,
        ladder: &'a Ladder,
        place: &CallPlace,
        from: usize,
    ) -> Option<(u8, &'a LadderStep, &'a Contact)> {
        let steps = ladder.steps.iter().enumerate().skip(from);
        steps.filter_map(|(i, step)| Some((i as u8, step, self.callee(place, step.who)?))).next()
    }

    /// Where everybody is who is being called: each place once, by the newest call-out that calls it. If none is
    /// running, the last one. Tests are not on it. For a table redrawn every frame, ask when records change.
    pub fn call_board(&self, now: Timestamp) -> CallBoard {
        let real = || self.calls.callouts.values().filter(|it| !it.is_test());
        let mut on_it: Vec<&Callout> = real().filter(|it| it.ended_at.is_none()).collect();
        if on_it.is_empty() {
            on_it.extend(real().next_back());
        }
        self.board_of(&on_it, now)
    }

    /// The same for one call-out, tests included.
    pub fn callout_board(&self, callout: CalloutId, now: Timestamp) -> Option<CallBoard> {
        Some(self.board_of(&[self.calls.callouts.get(&callout)?], now))
    }

    /// Every 通联测试, newest first.
    pub fn call_test_results(&self, now: Timestamp) -> Vec<CallTestResult> {
        let tests = self.calls.callouts.values().rev().filter(|it| it.is_test());
        tests
            .map(|it| {
                let counts = self.board_of(&[it], now).counts;
                let mut taken: Vec<(Text, i64)> = Vec::new();
                for call in &it.calls {
                    if let Some(CallEnd::Reached { at, .. }) = &call.end {
                        taken.push((self.place_name(&call.place), at.since_ms(it.started_at) / 1000));
                    }
                }
                taken.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
                CallTestResult {
                    callout: it.id,
                    started_at: it.started_at,
                    ended_at: it.ended_at,
                    scheduled: matches!(it.cause, CallCause::Test { scheduled: true }),
                    counts,
                    reached_share: f64::from(counts.reached) / f64::from(counts.all.max(1)),
                    median_secs: taken.get(taken.len() / 2).map(|it| it.1),
                    slowest: taken.into_iter().take(10).collect(),
                }
            })
            .collect()
    }

    fn board_of(&self, callouts: &[&Callout], now: Timestamp) -> CallBoard {
        let mut rows: BTreeMap<&CallPlace, CallRow> = BTreeMap::new();
        for callout in callouts {
            for (n, call) in (0..).zip(&callout.calls) {
                rows.insert(&call.place, self.call_row(callout, n, call, now));
            }
        }
        let mut board = CallBoard { callouts: callouts.iter().map(|it| it.id).collect(), ..CallBoard::default() };
        for district in self.districts.values() {
            let mut counts = CallCounts::default();
            let row = rows.remove(&CallPlace::District(district.id.clone()));
            row.iter().for_each(|it| counts.count(it));
            let mut townships = Vec::new();
            for township in self.townships.values().filter(|it| it.district == district.id) {
                let mut own = CallCounts::default();
                let row = rows.remove(&CallPlace::Township(township.id.clone()));
                let villages = township.villages.iter();
                let villages: Vec<CallRow> =
                    villages.filter_map(|it| rows.remove(&CallPlace::Village(it.id.clone()))).collect();
                row.iter().chain(&villages).for_each(|it| own.count(it));
                if own.all > 0 {
                    counts.add(own);
                    let (id, name) = (township.id.clone(), township.name.clone());
                    townships.push(CallTownship { id, name, counts: own, row, villages });
                }
            }
            if counts.all > 0 {
                board.counts.add(counts);
                let (id, name) = (district.id.clone(), district.name.clone());
                board.districts.push(CallDistrict { id, name, counts, row, townships });
            }
        }
        // Bureaus; and whatever the registers no longer hold, which must not vanish from the counts.
        board.agencies = rows.into_values().collect();
        for row in &board.agencies {
            board.counts.count(row);
        }
        board
    }

    fn call_row(&self, callout: &Callout, n: u32, call: &Call, now: Timestamp) -> CallRow {
        let ladder = self.ladders.get(&callout.ladder);
        let step = ladder.and_then(|it| it.steps.get(call.step as usize));
        let contact = call.contact.as_ref().and_then(|it| self.contacts.get(it));
        let said = |it: &Contact| -> Text { format!("{} {}", it.post, it.name).into() };
        let (state, since, who) = match &call.end {
            Some(CallEnd::Reached { at, by, .. }) => (CallState::Reached, *at, by.clone()),
            Some(CallEnd::NobodyAssigned) => (CallState::NobodyAssigned, callout.started_at, "".into()),
            Some(CallEnd::GivenUp { .. }) => {
                (CallState::GivenUp, callout.started_at, contact.map(said).unwrap_or_default())
            }
            None => {
                let ack_by = step.map(|it| call.step_since.plus_mins(i64::from(it.ack_within_mins)));
                let is_late = call.step > 0 || ack_by.is_some_and(|it| now > it);
                let state = if is_late { CallState::Late } else { CallState::Calling };
                (state, callout.started_at, contact.map(said).unwrap_or_default())
            }
        };
        let next = match (&call.end, ladder, step) {
            (None, Some(ladder), Some(step)) => match self.step_from(ladder, &call.place, call.step as usize + 1) {
                Some((_, _, next)) => {
                    let at = call.step_since.plus_mins(i64::from(step.escalate_after_mins));
                    Some(NextCall { at, who: said(next) })
                }
                None => call.attempts.last().map(|last| NextCall {
                    at: last.at.plus_mins(i64::from(step.again_every_mins.max(1))),
                    who: contact.map(said).unwrap_or_default(),
                }),
            },
            _ => None,
        };
        let mut latest: BTreeMap<CallChannel, &CallAttempt> = BTreeMap::new();
        for attempt in &call.attempts {
            latest.insert(attempt.channel, attempt);
        }
        let channels: Vec<String> =
            latest.values().map(|it| format!("{} {}", it.channel.name_zh(), it.state.name_zh())).collect();
        let wants_radio = call.end.is_none() && latest.contains_key(&CallChannel::Radio);
        CallRow {
            callout: callout.id,
            call: n,
            place: call.place.clone(),
            name: self.place_name(&call.place),
            state,
            since,
            who,
            phone: contact.map_or_else(|| "".into(), |it| it.phone.clone()),
            radio: contact.filter(|_| wants_radio).map_or_else(|| "".into(), |it| it.radio.clone()),
            step: u32::from(call.step) + 1,
            n_attempts: call.attempts.len() as u32,
            channels: channels.join(" · ").into(),
            next,
        }
    }
}

fn default_ack() -> u32 {
    DEFAULT_ACK_MINS
}

fn default_escalate() -> u32 {
    DEFAULT_ESCALATE_MINS
}

fn default_give_up() -> u32 {
    DEFAULT_GIVE_UP_MINS
}
