//! Forces: what is needed where, which teams and other units should go, who is out and when they were last heard. How each
//! kind moves is in `moves`, how far helicopters reach in `air`.
//!
//! [`City::assign`] proposes; nobody moves before a seat gives [`crate::Command::AssignTeams`]. The rules of the commands are
//! in `decide/forces`. Knows nothing of orders' texts, screens or platforms; times are estimates and screens must say so.

mod air;
mod land;
mod moves;

pub use air::*;
pub use land::*;
pub use moves::*;

use crate::{freshness::*, ids::*, model::*, *};
use pathfinding::{kuhn_munkres::kuhn_munkres_min, matrix::Matrix};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that needs teams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    pub id: NeedId,
    pub what: Capability,
    /// Teams wanted.
    pub how_many: u32,
    pub at: LonLat,
    pub why: Text,
    pub from_order: Option<OrderId>,
    /// Whose seat raised it.
    pub by: SeatId,
    pub raised_at: Timestamp,
    /// Who is out for it, in the order they were sent.
    pub teams: Vec<TeamId>,
    /// When it had enough; none again once a team left it short.
    pub met_at: Option<Timestamp>,
    pub closed: Option<(Timestamp, Text)>,
}

impl Need {
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Teams it still wants; 0 once closed.
    pub fn n_short(&self) -> u32 {
        if self.is_open() { self.how_many.saturating_sub(self.teams.len() as u32) } else { 0 }
    }
}

/// A team on its way or at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outing {
    pub need: Option<NeedId>,
    pub since: Timestamp,
    /// The last word from it and when; none before the first.
    pub last_word: Option<(Timestamp, Text)>,
    /// It should have spoken by then.
    pub check_in_by: Timestamp,
    /// Missed since it last spoke.
    pub n_missed: u32,
}

/// What a city decides for itself about its forces (`rules/forces.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForceRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// Those out speak this often, minutes.
    pub check_in_mins: u32,
    /// Minutes added in the comparison of teams; arrival times shown stay what they are.
    pub penalty: Penalties,
    pub moves: Moves,
    pub air: AirRules,
}

/// What makes a team less welcome, as minutes of way. Our assumptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Penalties {
    /// It can do the work but was made for other.
    pub stand_in_mins: u32,
    /// Its position is stale, or lost or never heard (then it counts as at its station).
    pub stale_mins: u32,
    pub lost_mins: u32,
    /// For each time it was out since the switch to war, up to six.
    pub outing_mins: u32,
}

/// 空中救援圈. The promise is published (municipal congress, 2025: 岛内 30 分钟、岛外 1 小时).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AirRules {
    /// 岛内.
    pub island_districts: Vec<DistrictId>,
    pub island_mins: f64,
    pub mainland_mins: f64,
}

impl Default for ForceRules {
    fn default() -> Self {
        Self {
            basis: "默认值，非规定".into(),
            is_default: true,
            check_in_mins: 30,
            penalty: Penalties::default(),
            moves: Moves::default(),
            air: AirRules::default(),
        }
    }
}

impl Default for Penalties {
    fn default() -> Self {
        Self { stand_in_mins: 10, stale_mins: 2, lost_mins: 10, outing_mins: 5 }
    }
}

impl Default for AirRules {
    fn default() -> Self {
        Self { island_districts: Vec::new(), island_mins: 30.0, mainland_mins: 60.0 }
    }
}

impl ForceRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        let air = &self.air;
        if !(1..=24 * 60).contains(&self.check_in_mins) {
            return Some(format!("check_in_mins {} is not 1 to 1440", self.check_in_mins));
        }
        let penalty = &self.penalty;
        if [penalty.stand_in_mins, penalty.stale_mins, penalty.lost_mins, penalty.outing_mins]
            .iter()
            .any(|it| *it > 600)
        {
            return Some("a penalty is over 600 minutes".into());
        }
        let positive = |it: f64| it.is_finite() && it > 0.0;
        if !positive(air.island_mins) || !positive(air.mainland_mins) {
            return Some("air promises must be above 0".into());
        }
        self.moves.fault()
    }
}

/// How well a team fits a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Made for it.
    Exact,
    /// Can do it.
    Able,
}

impl Capability {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Rescue => "抢险救援",
            Self::Fire => "消防",
            Self::Water => "水上救援",
            Self::Drainage => "排涝",
            Self::Power => "供电抢修",
            Self::Medical => "医疗救护",
            Self::City => "市政抢修",
            Self::Look => "侦察",
        }
    }

    /// Whether a team of this capability may be sent for `wanted`. Who stands in for whom is our assumption: fire brigades
    /// rescue on land and on water, municipal crews and drainage crews help each other; power and medicine stand alone.
    pub fn fit(self, wanted: Self) -> Option<Fit> {
        match (self, wanted) {
            (have, wanted) if have == wanted => Some(Fit::Exact),
            (Self::Fire, Self::Rescue | Self::Water)
            | (Self::Rescue, Self::Drainage)
            | (Self::City, Self::Drainage)
            | (Self::Drainage, Self::City) => Some(Fit::Able),
            _ => None,
        }
    }
}

impl Team {
    /// Whether it may be sent for `wanted`. Crews stand in for each other; a machine does what it is equipped for.
    pub fn fit(&self, wanted: Capability) -> Option<Fit> {
        let stands_in = self.kind == UnitKind::Team && self.capability.fit(wanted).is_some();
        match self.capability == wanted {
            true => Some(Fit::Exact),
            false => (stands_in || self.also.contains(&wanted)).then_some(Fit::Able),
        }
    }

    /// Such as `排涝队` or `直升机（水上救援）`.
    pub(crate) fn what_zh(&self) -> String {
        match self.kind {
            UnitKind::Team => format!("{}队", self.capability.name_zh()),
            kind => format!("{}（{}）", kind.name_zh(), self.capability.name_zh()),
        }
    }
}

/// One team proposed for one need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    pub need: NeedId,
    pub team: TeamId,
    pub fit: Fit,
    /// An estimate, s, and which kind.
    pub eta_s: f64,
    pub by: EtaBy,
    /// Straight line, m.
    pub distance_m: f64,
    /// When it was last heard; 0 if never, and it counts as at its station.
    pub as_of: Timestamp,
    /// `eta_s` and the penalties: what was compared, s.
    pub cost_s: f64,
    /// One sentence: why this team, and who was nearer but not chosen.
    pub why: Text,
}

/// A need that stays short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    pub need: NeedId,
    pub n_short: u32,
    pub why: Text,
}

/// Who should go where, all needs weighed together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ForcePlan {
    /// By need, soonest first.
    pub assignments: Vec<Assignment>,
    pub shortfalls: Vec<Shortfall>,
    /// Sum over the assignments, s.
    pub total_cost_s: f64,
}

/// Teams wanted in one plan at most; more is no plan but a mobilisation.
pub const MAX_PLANNED: usize = 800;
/// Costs are compared in tenths of a second.
const PER_SEC: f64 = 10.0;
/// Sending nobody: dearer than any way, so that as many as possible are sent.
const NOBODY: i64 = 10_000_000;
/// Sending whom one may not: dearer than sending nobody.
const UNABLE: i64 = 1_000_000_000;
const MAX_COUNTED_OUTINGS: u32 = 6;

/// A team as the plan sees it.
pub(crate) struct Candidate<'a> {
    pub(crate) team: &'a Team,
    pub(crate) at: LonLat,
    as_of: Timestamp,
    freshness: Freshness,
    /// What it is out for.
    pub(crate) busy: Option<&'a Text>,
    n_outings: u32,
}

/// A team on its way to a need.
struct Way<'a> {
    candidate: &'a Candidate<'a>,
    fit: Fit,
    passage: Passage,
    eta: Eta,
    cost: i64,
}

impl Way<'_> {
    /// What sending it costs; none if it does not go.
    fn price(&self) -> Option<i64> {
        self.passage.bar.is_none().then_some(self.cost)
    }
}

impl City {
    /// Which teams should go to these needs, so that the whole city waits least: a minimum-cost assignment (Kuhn and
    /// Munkres) over arrival times, each by its own way, and [`Penalties`]. No team goes twice, none that is out goes at all,
    /// none where wind, range or water forbid it.
    ///
    /// `ground` is the road network with its closures ([`City::closed_links`]) and the land. Closed and unknown needs are left
    /// out.
    pub fn assign(&self, needs: &[NeedId], readings: &Readings, ground: Ground<'_>, now: Timestamp) -> ForcePlan {
        let mut wanted: Vec<&Need> = needs.iter().filter_map(|id| self.needs.get(id)).collect();
        wanted.sort_by_key(|it| it.id);
        wanted.dedup_by_key(|it| it.id);
        wanted.retain(|it| it.n_short() > 0);
        let candidates = self.candidates(readings, now);
        let passages = Passages::new(self, readings, ground.land, now);
        let ways = self.ways(&wanted, &candidates, ground.roads, &passages);

        let seats = wanted.iter().enumerate().flat_map(|(i, need)| (0..need.n_short()).map(move |_| i));
        let seats: Vec<usize> = seats.take(MAX_PLANNED).collect();
        let free: Vec<usize> = (0..candidates.len()).filter(|i| candidates[*i].busy.is_none()).collect();
        let chosen = cheapest(&seats, &free, |need, team| ways[need][team].as_ref().and_then(Way::price));

        let mut goes_to: BTreeMap<usize, usize> = BTreeMap::new();
        for (seat, team) in chosen.iter().enumerate().filter_map(|(seat, team)| Some((seat, (*team)?))) {
            goes_to.insert(team, seats[seat]);
        }
        let mut plan = ForcePlan::default();
        for (i, need) in wanted.iter().enumerate() {
            let mut sent: Vec<&Way<'_>> =
                goes_to.iter().filter(|(_, to)| **to == i).filter_map(|(team, _)| ways[i][*team].as_ref()).collect();
            sent.sort_by(|a, b| {
                a.eta.secs.total_cmp(&b.eta.secs).then_with(|| a.candidate.team.id.cmp(&b.candidate.team.id))
            });
            for way in &sent {
                plan.total_cost_s += way.cost as f64 / PER_SEC;
                plan.assignments.push(Assignment {
                    need: need.id,
                    team: way.candidate.team.id.clone(),
                    fit: way.fit,
                    eta_s: way.eta.secs,
                    by: way.eta.by,
                    distance_m: way.candidate.at.distance_m(need.at),
                    as_of: way.candidate.as_of,
                    cost_s: way.cost as f64 / PER_SEC,
                    why: self.why(way, need, &ways[i], &goes_to, i, &wanted).into(),
                });
            }
            let n_short = need.n_short() - sent.len() as u32;
            if n_short > 0 {
                plan.shortfalls.push(Shortfall { need: need.id, n_short, why: why_short(need, &ways[i]).into() });
            }
        }
        plan
    }

    /// Open needs still short of teams, the oldest first.
    pub fn open_needs(&self) -> Vec<&Need> {
        self.needs.values().filter(|it| it.n_short() > 0).collect()
    }

    /// Those out who have not spoken in time, longest silent first.
    pub fn silent_teams(&self, now: Timestamp) -> Vec<(&Team, &Outing)> {
        let mut silent: Vec<(&Team, &Outing)> = self
            .outings
            .iter()
            .filter(|(_, it)| it.n_missed > 0 || now > it.check_in_by)
            .filter_map(|(id, it)| Some((self.teams.get(id)?, it)))
            .collect();
        silent.sort_by_key(|(team, it)| (it.last_word.as_ref().map_or(it.since, |(at, _)| *at), &team.id));
        silent
    }

    pub(crate) fn candidates<'a>(&'a self, readings: &Readings, now: Timestamp) -> Vec<Candidate<'a>> {
        let candidate = |(i, team): (usize, &'a Team)| {
            let fix = readings.teams.get(i);
            let as_of = fix.map_or(Timestamp(0), |it| it.at);
            let freshness = freshness(Budget::Position, as_of, now);
            // Where it was ten minutes ago and more says little: it counts as at its station.
            let is_known = matches!(freshness, Freshness::Fresh | Freshness::Stale { .. });
            let at = fix.filter(|_| is_known).map_or(team.home, |it| LonLat(it.lon, it.lat));
            let busy = self.assignments.get(&team.id).map(|(_, purpose)| purpose);
            let n_outings = self.n_outings.get(&team.id).copied().unwrap_or(0);
            Candidate { team, at, as_of, freshness, busy, n_outings }
        };
        let is_in_force = |(_, it): &(usize, &Team)| !self.is_withdrawn(RegisterKind::Teams, it.id.as_str());
        self.teams.values().enumerate().filter(is_in_force).map(candidate).collect()
    }

    /// By need, then by candidate; none where it may not be sent.
    fn ways<'a>(
        &self,
        needs: &[&Need],
        candidates: &'a [Candidate<'a>],
        roads: Option<&Metric>,
        passages: &Passages<'_>,
    ) -> Vec<Vec<Option<Way<'a>>>> {
        let origins: Vec<LonLat> = candidates.iter().map(|it| it.at).collect();
        let places: Vec<LonLat> = needs.iter().map(|it| it.at).collect();
        let by_road = roads.map(|it| it.etas_between(&origins, &places));
        let road = |need: usize, team: usize| match &by_road {
            Some(etas) => etas[need][team],
            None => {
                let secs = crate::query::straight_eta_s(origins[team].distance_m(places[need]));
                Eta { secs, by: EtaBy::StraightLine }
            }
        };
        let goals: Vec<Goal> = places.iter().map(|it| passages.goal(*it)).collect();
        let way = |need: usize, team: usize| {
            let candidate = &candidates[team];
            let fit = candidate.team.fit(needs[need].what)?;
            let passage = passages.of(candidate.team, candidate.at, &goals[need], road(need, team));
            let eta = passage.eta;
            let cost = ((eta.secs + self.penalty_s(candidate, fit)) * PER_SEC).round() as i64;
            Some(Way { candidate, fit, passage, eta, cost: cost.clamp(0, NOBODY - 1) })
        };
        (0..needs.len()).map(|need| (0..candidates.len()).map(|team| way(need, team)).collect()).collect()
    }

    fn penalty_s(&self, candidate: &Candidate<'_>, fit: Fit) -> f64 {
        let rules = &self.force_rules.penalty;
        let unheard_mins = match candidate.freshness {
            Freshness::Fresh => 0,
            Freshness::Stale { .. } => rules.stale_mins,
            Freshness::Lost { .. } | Freshness::NeverHeard => rules.lost_mins,
        };
        let stand_in_mins = if fit == Fit::Able { rules.stand_in_mins } else { 0 };
        let tired_mins = rules.outing_mins * candidate.n_outings.min(MAX_COUNTED_OUTINGS);
        f64::from(unheard_mins + stand_in_mins + tired_mins) * 60.0
    }
}

/// For each seat, which of `teams` takes it, so that the sum is least; none where nobody can. `cost` is of a need and a team.
fn cheapest(seats: &[usize], teams: &[usize], cost: impl Fn(usize, usize) -> Option<i64>) -> Vec<Option<usize>> {
    let able: Vec<usize> =
        teams.iter().copied().filter(|team| seats.iter().any(|need| cost(*need, *team).is_some())).collect();
    if seats.is_empty() || able.is_empty() {
        return vec![None; seats.len()];
    }
    // Beside the teams, as many nobodies as there are seats: then every seat is taken by someone.
    let costs = Matrix::from_fn(seats.len(), able.len() + seats.len(), |(seat, column)| match able.get(column) {
        Some(team) => cost(seats[seat], *team).unwrap_or(UNABLE),
        None => NOBODY,
    });
    let (_, taken) = kuhn_munkres_min(&costs);
    taken.into_iter().map(|column| able.get(column).copied()).collect()
}

impl City {
    /// Such as `道路12分（8.3 km），排涝队，位置新；更近的湖里排涝1队（9分）派往「仙岳路积水」更省`.
    fn why(
        &self,
        way: &Way<'_>,
        need: &Need,
        ways: &[Option<Way<'_>>],
        goes_to: &BTreeMap<usize, usize>,
        here: usize,
        needs: &[&Need],
    ) -> String {
        let candidate = way.candidate;
        let team = candidate.team;
        let mut text = self.how(way, need.at);
        text.push_str(&format!("，{}", team.what_zh()));
        if way.fit == Fit::Able {
            text.push_str(&format!("可代{}", need.what.name_zh()));
        }
        if !team.load.is_empty() {
            text.push_str(&format!("，{}", team.load));
        }
        text.push_str(&match candidate.freshness {
            Freshness::Fresh => "，位置新".to_owned(),
            Freshness::Stale { age_secs } => format!("，位置{}前", elapsed_text(age_secs)),
            Freshness::Lost { age_secs } => format!("，位置失联{}，按驻地算", elapsed_text(age_secs)),
            Freshness::NeverHeard => "，无定位，按驻地算".to_owned(),
        });
        if candidate.n_outings > 0 {
            text.push_str(&format!("，已出动{}次", candidate.n_outings));
        }
        let nearer = ways
            .iter()
            .enumerate()
            .filter_map(|(i, it)| Some((i, it.as_ref()?)))
            .filter(|(i, it)| it.eta.secs < way.eta.secs && goes_to.get(i) != Some(&here))
            // Where a boat can never float, that it lies near explains nothing.
            .filter(|(_, it)| it.passage.bar.is_none_or(Bar::passes));
        let nearest = nearer.min_by(|(_, a), (_, b)| {
            a.eta.secs.total_cmp(&b.eta.secs).then_with(|| a.candidate.team.id.cmp(&b.candidate.team.id))
        });
        match nearest {
            None => text.push_str("；没有更近的"),
            Some((i, other)) => {
                let other_why = match (other.candidate.busy, goes_to.get(&i), other.passage.bar) {
                    (Some(purpose), ..) => format!("已有任务「{}」", short(purpose)),
                    (None, _, Some(bar)) => format!("不能去：{}", bar.text()),
                    (None, Some(to), None) => format!("派往「{}」，合计更省", short(&needs[*to].why)),
                    (None, None, None) => passed_over(other),
                };
                let eta = elapsed_text(other.eta.secs.round() as i64);
                text.push_str(&format!("；更近的{}（{eta}）{other_why}", other.candidate.team.name));
            }
        }
        text
    }

    /// The way itself, such as `道路12分（8.3 km）` or `飞行14分（直线 18.0 km，含出动10分），风 8.0 m/s 未超 20.0`.
    fn how(&self, way: &Way<'_>, to: LonLat) -> String {
        let team = way.candidate.team;
        let by = match way.eta.by {
            EtaBy::Road => "道路",
            EtaBy::StraightLine => "直线估算",
            EtaBy::Water => "航行",
            EtaBy::Air => "飞行",
        };
        let km = way.candidate.at.distance_m(to) / 1000.0;
        let line = if matches!(way.eta.by, EtaBy::Water | EtaBy::Air) { "直线 " } else { "" };
        let ready = match self.force_rules.moves.ready_mins(team.kind) {
            mins if mins > 0.0 => format!("，含出动{mins:.0}分"),
            _ => String::new(),
        };
        let mut text = format!("{by}{}（{line}{km:.1} km{ready}）", elapsed_text(way.eta.secs.round() as i64));
        if let Some(straight) = self.force_rules.moves.straight(team.kind) {
            text.push_str(&match way.passage.wind_mps {
                Some(mps) => format!("，风 {mps:.1} m/s 未超 {:.1}", straight.max_wind_mps),
                None => "，附近无风速读数，行前核实".to_owned(),
            });
        }
        text
    }
}

/// Why a nearer, free team lost the comparison.
fn passed_over(other: &Way<'_>) -> String {
    let mut reasons = Vec::new();
    if other.fit == Fit::Able {
        reasons.push(format!("是{}，只是可代", other.candidate.team.what_zh()));
    }
    match other.candidate.freshness {
        Freshness::Lost { age_secs } => reasons.push(format!("位置失联{}", elapsed_text(age_secs))),
        Freshness::NeverHeard => reasons.push("没有定位".into()),
        Freshness::Stale { age_secs } => reasons.push(format!("位置是{}前的", elapsed_text(age_secs))),
        Freshness::Fresh => {}
    }
    if other.candidate.n_outings > 0 {
        reasons.push(format!("已出动{}次", other.candidate.n_outings));
    }
    if reasons.is_empty() {
        "留给别处，合计更省".into()
    } else {
        format!("{}，折算后更慢", reasons.join("、"))
    }
}

fn why_short(need: &Need, ways: &[Option<Way<'_>>]) -> String {
    let what = need.what.name_zh();
    let able: Vec<&Way<'_>> = ways.iter().flatten().collect();
    let n_busy = able.iter().filter(|it| it.candidate.busy.is_some()).count();
    let barred: Vec<(&Way<'_>, Bar)> =
        able.iter().filter(|it| it.candidate.busy.is_none()).filter_map(|it| Some((*it, it.passage.bar?))).collect();
    // What the weather forbids says more than that boats float.
    let told = barred.iter().find(|(_, bar)| bar.passes()).or(barred.first());
    let cannot = told.map_or_else(String::new, |(way, bar)| {
        format!("，{} 支不能去（{}：{}）", barred.len(), way.candidate.team.name, bar.text())
    });
    match able.len() {
        0 => format!("全市没有能做{what}的队伍"),
        n if n == n_busy => format!("能做{what}的 {n} 支队伍都已出动"),
        n if n == n_busy + barred.len() => format!("能做{what}的 {n} 支力量中 {n_busy} 支已出动{cannot}"),
        n => format!("能做{what}的 {n} 支队伍中 {n_busy} 支已出动{cannot}，其余已派往别的需求"),
    }
}

/// At most twelve characters of it.
fn short(text: &str) -> String {
    if text.chars().count() <= 12 { text.to_owned() } else { text.chars().take(11).chain(['…']).collect() }
}

#[cfg(test)]
mod tests;
