//! What the screens ask. Nothing here changes the city; lists are sorted deterministically.

use crate::{ids::*, model::*, typhoon_sources::is_national, *};

/// A team that could go.
#[derive(Clone, Debug, PartialEq)]
pub struct NearTeam<'a> {
    pub team: &'a Team,
    /// Where it was when last heard, or its station.
    pub at: LonLat,
    /// When it was last heard; 0 if it never was and `at` is its station.
    pub as_of: Timestamp,
    /// Straight line, m.
    pub distance_m: f64,
    /// An estimate, s, to be marked as one.
    pub eta_s: f64,
    /// Which kind of estimate.
    pub by: EtaBy,
    /// Why it does not go there, if so.
    pub bar: Option<Bar>,
}

/// What lies in an area, as registry indices (which are handles into [`Readings`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    pub teams: Vec<u32>,
    pub sensors: Vec<u32>,
    pub cameras: Vec<u32>,
    pub shelters: Vec<u32>,
    pub depots: Vec<u32>,
    pub helipads: Vec<u32>,
    pub hospitals: Vec<u32>,
    pub docks: Vec<u32>,
    pub flood_points: Vec<u32>,
    /// Open ones only.
    pub cases: Vec<CaseId>,
}

/// When a wind circle reaches a place, by one agency's latest forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub typhoon: TyphoonId,
    pub grade: u8,
    /// Whose forecast, as the feed names it.
    pub agency: Text,
    pub issued_at: Timestamp,
    /// To the minute. If `inside`, the time of the fix that says so.
    pub at: Timestamp,
    /// By its latest fix the circle already covers the place.
    pub inside: bool,
}

/// An indicator's figure; `None` when nothing was heard that it could be made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndicatorValue {
    pub value: Option<f64>,
    pub as_of: Timestamp,
}

/// People to move and moved, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvacuationTotals {
    pub all: Tally,
    /// In the order of [`EvacueeClass::ALL`], every class present.
    pub by_class: Vec<(EvacueeClass, Tally)>,
    /// In the order of the city's districts, every district present.
    pub by_district: Vec<(DistrictId, Tally)>,
}

impl City {
    /// Unassigned teams and other units (of one capability, if asked), soonest first, at most `n`; those that do not go there
    /// come last. Each by its own way: by road where there is an open one, else by the straight line.
    pub fn nearest_able(
        &self,
        at: LonLat,
        capability: Option<Capability>,
        n: usize,
        readings: &Readings,
        ground: Ground<'_>,
        now: Timestamp,
    ) -> Vec<NearTeam<'_>> {
        let able = self.teams.values().enumerate().filter(|(_, team)| {
            capability.is_none_or(|it| it == team.capability)
                && !self.assignments.contains_key(&team.id)
                && !self.is_withdrawn(RegisterKind::Teams, team.id.as_str())
        });
        let found: Vec<(&Team, Option<Fix>)> = able.map(|(i, team)| (team, readings.teams.get(i))).collect();
        let place = |(team, fix): &(&Team, Option<Fix>)| fix.map_or(team.home, |it| LonLat(it.lon, it.lat));
        let origins: Vec<LonLat> = found.iter().map(place).collect();
        let straight = |it: &LonLat| Eta { secs: straight_eta_s(it.distance_m(at)), by: EtaBy::StraightLine };
        let by_road: Vec<Eta> = match ground.roads {
            Some(roads) => roads.etas_to(at, &origins),
            None => origins.iter().map(straight).collect(),
        };
        let passages = Passages::new(self, readings, ground.land, now);
        let goal = passages.goal(at);
        let mut near: Vec<NearTeam<'_>> = found
            .into_iter()
            .zip(origins.into_iter().zip(by_road))
            .map(|((team, fix), (from, road))| {
                let passage = passages.of(team, from, &goal, road);
                NearTeam {
                    team,
                    at: from,
                    as_of: fix.map_or(Timestamp(0), |it| it.at),
                    distance_m: from.distance_m(at),
                    eta_s: passage.eta.secs,
                    by: passage.eta.by,
                    bar: passage.bar,
                }
            })
            .collect();
        near.sort_by(|a, b| {
            let by_time = a.eta_s.total_cmp(&b.eta_s).then_with(|| a.team.id.cmp(&b.team.id));
            a.bar.is_some().cmp(&b.bar.is_some()).then(by_time)
        });
        near.truncate(n);
        near
    }

    /// The teams, or the other units of one kind.
    pub fn of_kind(&self, kind: UnitKind) -> impl Iterator<Item = &Team> {
        self.teams_in_force().filter(move |it| it.kind == kind)
    }

    /// Open cases: overdue first, then by colour, then by due time.
    pub fn open_cases_by_urgency(&self, now: Timestamp) -> Vec<&Case> {
        let mut open: Vec<&Case> = self.cases.values().filter(|it| it.is_open()).collect();
        open.sort_by_key(|it| {
            let report = &it.report;
            (!it.is_overdue(now), std::cmp::Reverse(report.color), report.due_at, it.id)
        });
        open
    }

    /// Orders whose time to acknowledge or to finish has passed, longest overdue first.
    pub fn overdue_orders(&self, now: Timestamp) -> Vec<&Order> {
        let mut late: Vec<&Order> = self.orders.values().filter(|it| it.is_late(now)).collect();
        late.sort_by_key(|it| (it.deadline(), it.id));
        late
    }

    /// What lies within a circle; teams by their stations.
    pub fn inside_circle(&self, center: LonLat, radius_m: f64) -> Inside {
        // A degree of latitude is 111 km; most of the city is dismissed without a sine.
        let dlat = radius_m / 110_000.0;
        self.inside_where(|it| (it.1 - center.1).abs() <= dlat && it.distance_m(center) <= radius_m)
    }

    /// What lies within a polygon (even-odd; open or closed ring, not across the 180° meridian); teams by their stations.
    pub fn inside_polygon(&self, ring: &[LonLat]) -> Inside {
        self.inside_where(|it| is_in_ring(it, ring))
    }

    fn inside_where(&self, is_in: impl Fn(LonLat) -> bool) -> Inside {
        fn among(places: impl Iterator<Item = LonLat>, is_in: &impl Fn(LonLat) -> bool) -> Vec<u32> {
            (0..).zip(places).filter(|(_, at)| is_in(*at)).map(|(i, _)| i).collect()
        }
        let among_in_force = |kind, all: &mut dyn Iterator<Item = (&str, LonLat)>| -> Vec<u32> {
            let inside = (0..).zip(all).filter(|(_, (id, at))| is_in(*at) && !self.is_withdrawn(kind, id));
            inside.map(|(i, _)| i).collect()
        };
        let open_cases = self.cases.values().filter(|it| it.is_open());
        Inside {
            teams: among_in_force(RegisterKind::Teams, &mut self.teams.values().map(|it| (it.id.as_str(), it.home))),
            sensors: among(self.sensors.values().map(|it| it.at), &is_in),
            cameras: among_in_force(
                RegisterKind::Cameras,
                &mut self.cameras.values().map(|it| (it.id.as_str(), it.at)),
            ),
            shelters: among_in_force(
                RegisterKind::Shelters,
                &mut self.shelters.values().map(|it| (it.id.as_str(), it.at)),
            ),
            depots: among_in_force(RegisterKind::Depots, &mut self.depots.values().map(|it| (it.id.as_str(), it.at))),
            helipads: among(self.helipads.values().map(|it| it.at), &is_in),
            hospitals: among(self.hospitals.values().map(|it| it.at), &is_in),
            docks: among(self.docks.values().map(|it| it.at), &is_in),
            flood_points: among(self.flood_points.values().map(|it| it.at), &is_in),
            cases: open_cases.filter(|it| is_in(it.report.at)).map(|it| it.id).collect(),
        }
    }

    /// When the 7-, 10- or 12-grade circle reaches a place: by the national forecast (中国) where it says so, else by the
    /// earliest agency's.
    pub fn circle_arrival(&self, grade: u8, place: LonLat, now: Timestamp) -> Option<Arrival> {
        let arrivals = self.circle_arrivals(grade, place, now);
        arrivals.iter().find(|it| is_national(&it.agency)).or(arrivals.first()).cloned()
    }

    /// The same, by the latest forecast of every agency, earliest first.
    ///
    /// The centre moves in straight lines from the latest fix through the forecast's points; the quadrant radii of the
    /// latest fix are carried along unchanged, as the feeds forecast none.
    pub fn circle_arrivals(&self, grade: u8, place: LonLat, now: Timestamp) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for typhoon in self.typhoons.values().filter(|it| it.active) {
            let Some(fix) = typhoon.track.iter().rev().find(|it| it.at <= now.plus_mins(MAX_AHEAD_MINS)) else {
                continue;
            };
            let radii = fix.radii(grade);
            if radii.0.iter().all(|it| *it <= 0.0) {
                continue;
            }
            let arrival = |agency: &Text, issued_at, at, inside| Arrival {
                typhoon: typhoon.id.clone(),
                grade,
                agency: agency.clone(),
                issued_at,
                at,
                inside,
            };
            if radii.covers(fix.center, place) {
                arrivals.push(arrival(&NATIONAL.into(), fix.at, fix.at, true));
                continue;
            }
            for forecast in typhoon.latest_forecasts() {
                if let Some(at) = reach_time(fix, forecast, radii, place) {
                    arrivals.push(arrival(&forecast.agency, forecast.issued_at, at, false));
                }
            }
        }
        arrivals.sort_by(|a, b| (a.at, &a.agency, &a.typhoon).cmp(&(b.at, &b.agency, &b.typhoon)));
        arrivals
    }

    /// Exactly what [`Command::SwitchToWar`] would order, now or when a group's turn comes.
    pub fn orders_for(
        &self,
        plan: &PlanId,
        level: ResponseLevel,
        struck: &[MeasureId],
        now: Timestamp,
    ) -> Vec<OrderText> {
        let Some(known) = self.plans.get(plan) else { return Vec::new() };
        let ask =
            SheetAsk { plan: plan.clone(), level, districts: Vec::new(), struck: struck.to_vec(), added: Vec::new() };
        self.drafts(known, &ask, now).into_iter().map(|it| it.text).collect()
    }

    /// A figure and its as-of time: what the hub keeps itself is as of now, what platforms say as of when they were last
    /// heard, what sensors say as of the newest reading in it.
    pub fn indicator_value(&self, indicator: &Indicator, readings: &Readings, now: Timestamp) -> IndicatorValue {
        use IndicatorFormula as F;
        let own = |value: usize| IndicatorValue { value: Some(value as f64), as_of: now };
        let count_cases = |is_counted: &dyn Fn(&Case) -> bool| IndicatorValue {
            value: Some(self.cases.values().filter(|it| is_counted(it)).count() as f64),
            as_of: self.cases_as_of(readings),
        };
        let today = now.start_of_day();
        let is_today = |it: &Case| it.report.reported_at >= today;
        match &indicator.formula {
            F::CasesToday => count_cases(&is_today),
            F::CasesOpen => IndicatorValue {
                value: Some(self.n_cases_by_stage[..CaseStage::Closed as usize].iter().sum::<u64>() as f64),
                as_of: self.cases_as_of(readings),
            },
            F::CasesClosedToday => count_cases(&|it| it.stage >= CaseStage::Closed && it.stage_at >= today),
            F::CasesOverdue => count_cases(&|it| it.is_overdue(now)),
            F::CaseCloseRate => {
                let reported = count_cases(&is_today).value.unwrap_or(0.0);
                let closed = count_cases(&|it| is_today(it) && it.stage >= CaseStage::Closed).value.unwrap_or(0.0);
                let value = (reported > 0.0).then(|| closed / reported);
                IndicatorValue { value, as_of: self.cases_as_of(readings) }
            }
            F::AlarmsOpen => own(self.open_alarms.len()),
            F::AlarmsUnacknowledged => {
                let open = self.open_alarms.values().filter_map(|it| self.alarms.get(it));
                own(open.filter(|it| it.acknowledged.is_none()).count())
            }
            F::SensorsFresh(kind) => {
                let heard = self.heard_of(*kind, readings, now);
                IndicatorValue { value: Some(heard.len() as f64), as_of: newest(&heard) }
            }
            F::SensorsOverThreshold(kind) => {
                let heard = self.heard_of(*kind, readings, now);
                let over =
                    heard.iter().filter(|it| it.sensor.thresholds.first().is_some_and(|first| it.value >= first.on));
                IndicatorValue { value: (!heard.is_empty()).then(|| over.count() as f64), as_of: newest(&heard) }
            }
            F::SensorMax(kind) => {
                let heard = self.heard_of(*kind, readings, now);
                let max = heard.iter().max_by(|a, b| a.value.total_cmp(&b.value));
                IndicatorValue { value: max.map(|it| f64::from(it.value)), as_of: max.map_or(Timestamp(0), |it| it.at) }
            }
            F::SensorMean(kind) => {
                let heard = self.heard_of(*kind, readings, now);
                let sum: f64 = heard.iter().map(|it| f64::from(it.value)).sum();
                IndicatorValue { value: (!heard.is_empty()).then(|| sum / heard.len() as f64), as_of: newest(&heard) }
            }
            F::CamerasKnown => own(self.cameras_in_force().count()),
            F::TeamsKnown => own(self.of_kind(UnitKind::Team).count()),
            F::PeopleInTeams => own(self.of_kind(UnitKind::Team).map(|it| it.n_people as usize).sum()),
            F::DronesKnown => own(self.drones.len()),
            F::DronesFlying => {
                let fixes = (0..self.drones.len()).filter_map(|i| readings.drones.get(i));
                let fresh: Vec<Fix> = fixes.filter(|it| !is_lost(Budget::Position, it.at, now)).collect();
                IndicatorValue {
                    value: (!fresh.is_empty()).then(|| fresh.iter().filter(|it| it.mode != 0).count() as f64),
                    as_of: fresh.iter().map(|it| it.at).max().unwrap_or_default(),
                }
            }
            F::SheltersCapacity => own(self.shelters_in_force().map(|it| it.capacity as usize).sum()),
            F::HelipadsKnown => own(self.helipads.len()),
            F::OrdersOpen => own(self.orders.values().filter(|it| !it.rung.is_end()).count()),
            F::OrdersOverdue => own(self.orders.values().filter(|it| it.is_late(now)).count()),
            F::OrdersDone => own(self.orders.values().filter(|it| it.rung == Rung::Done).count()),
            F::EvacueesExpected => own(self.evacuation.values().map(|it| it.expected as usize).sum()),
            F::EvacueesMoved => own(self.evacuation.values().map(|it| it.moved as usize).sum()),
            F::ConnectorsHealthy => own(self.connectors.values().filter(|it| it.state == HealthState::Healthy).count()),
        }
    }

    /// When a platform that reports cases was last heard; when none was, the time of the last record.
    fn cases_as_of(&self, readings: &Readings) -> Timestamp {
        let platform = self.cases.last().map(|(_, it)| &it.report.platform);
        platform.and_then(|it| readings.heard.get(it)).copied().unwrap_or(self.at)
    }

    /// The sensors of one kind whose last reading still counts.
    fn heard_of(&self, kind: SensorKind, readings: &Readings, now: Timestamp) -> Vec<Heard<'_>> {
        let budget = kind.budget();
        let of_kind = self.sensors.values().enumerate().filter(|(_, it)| it.kind == kind);
        of_kind
            .filter_map(|(i, sensor)| {
                let (value, at) = readings.gauges.get(i)?;
                (!is_lost(budget, at, now)).then_some(Heard { sensor, value, at })
            })
            .collect()
    }

    /// Open alarms: shelved and suppressed ones last, then by colour, unacknowledged first, oldest first.
    pub fn alarms_by_priority(&self) -> Vec<&Alarm> {
        let mut open: Vec<&Alarm> = self.open_alarms.values().filter_map(|it| self.alarms.get(it)).collect();
        open.sort_by_cached_key(|it| {
            let is_shelved = it.shelved_until.is_some_and(|until| until > self.at);
            (
                is_shelved || self.suppression_of(it, self.at).is_some(),
                std::cmp::Reverse(it.color),
                it.acknowledged.is_some(),
                it.raised_at,
                it.id,
            )
        });
        open
    }

    pub fn evacuation_totals(&self) -> EvacuationTotals {
        let sum = |is_counted: &dyn Fn(&EvacueeClass, &DistrictId) -> bool| {
            let counted = self.evacuation.iter().filter(|((class, district), _)| is_counted(class, district));
            counted.fold(Tally::default(), |sum, (_, it)| sum.plus(*it))
        };
        EvacuationTotals {
            all: sum(&|_, _| true),
            by_class: EvacueeClass::ALL.map(|class| (class, sum(&|it, _| *it == class))).to_vec(),
            by_district: self.districts.keys().map(|id| (id.clone(), sum(&|_, it| it == id))).collect(),
        }
    }
}

impl Case {
    /// Neither closed nor cancelled.
    pub fn is_open(&self) -> bool {
        self.stage < CaseStage::Closed && !self.is_cancelled()
    }

    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && now > self.report.due_at
    }
}

impl TyphoonFix {
    /// The radii of the 7-, 10- or 12-grade circle; none for any other grade.
    pub fn radii(&self, grade: u8) -> WindRadii {
        match grade {
            7 => self.radius7,
            10 => self.radius10,
            12 => self.radius12,
            _ => WindRadii::default(),
        }
    }
}

impl WindRadii {
    /// Towards a bearing in degrees from north, km.
    pub fn towards_km(&self, bearing: f64) -> f32 {
        let quadrant = (bearing.rem_euclid(360.0) / 90.0) as usize;
        self.0[quadrant.min(3)]
    }

    /// Whether a circle about `center` covers `place`.
    pub fn covers(&self, center: LonLat, place: LonLat) -> bool {
        center.distance_m(place) <= f64::from(self.towards_km(center.bearing_to(place))) * 1000.0
    }
}

impl Typhoon {
    /// Each agency's latest issue, in the order the agencies first spoke; what screens draw.
    pub fn latest_forecasts(&self) -> Vec<&Forecast> {
        let mut latest: Vec<&Forecast> = Vec::new();
        for forecast in &self.forecasts {
            match latest.iter_mut().find(|it| it.agency == forecast.agency) {
                Some(it) if it.issued_at <= forecast.issued_at => *it = forecast,
                Some(_) => {}
                None => latest.push(forecast),
            }
        }
        latest
    }
}

/// Who told the fix that covers a place already; as the national feed names itself.
const NATIONAL: &str = "中国";

/// Roads are longer than the straight line, and a loaded team drives at 30 km/h.
pub fn straight_eta_s(distance_m: f64) -> f64 {
    const DETOUR: f64 = 1.4;
    const SPEED_MPS: f64 = 30.0 / 3.6;
    distance_m * DETOUR / SPEED_MPS
}

/// A sensor with a reading that still counts.
struct Heard<'a> {
    sensor: &'a Sensor,
    value: f32,
    at: Timestamp,
}

fn newest(heard: &[Heard<'_>]) -> Timestamp {
    heard.iter().map(|it| it.at).max().unwrap_or_default()
}

fn is_lost(budget: Budget, at: Timestamp, now: Timestamp) -> bool {
    matches!(freshness(budget, at, now), Freshness::Lost { .. } | Freshness::NeverHeard)
}

/// Whether a place lies in a ring: even-odd, open or closed, not across the 180° meridian.
pub fn is_in_ring(p: LonLat, ring: &[LonLat]) -> bool {
    let mut is_in = false;
    let Some(mut a) = ring.last().copied() else { return false };
    for &b in ring {
        if (a.1 > p.1) != (b.1 > p.1) && p.0 < (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) + a.0 {
            is_in = !is_in;
        }
        a = b;
    }
    is_in
}

/// When the circle first covers `place` on the way from `fix` along `forecast`; sampled each half hour (a typhoon moves at
/// most some tens of km in it), then halved down to the minute.
fn reach_time(fix: &TyphoonFix, forecast: &Forecast, radii: WindRadii, place: LonLat) -> Option<Timestamp> {
    const STEP_MS: i64 = 30 * 60_000;
    let reach_m = radii.0.iter().fold(0.0f32, |max, it| max.max(*it));
    let reach_m = f64::from(reach_m) * 1000.0;
    let (mut from_at, mut from) = (fix.at, fix.center);
    for point in forecast.points.iter().filter(|it| it.at > fix.at) {
        let span_ms = point.at.since_ms(from_at);
        let is_near = from.distance_m(place) <= reach_m + from.distance_m(point.center);
        if span_ms > 0 && is_near {
            let covers_at = |ms: i64| {
                let t = ms as f64 / span_ms as f64;
                let dlon = (point.center.0 - from.0 + 540.0).rem_euclid(360.0) - 180.0;
                radii.covers(LonLat(from.0 + dlon * t, from.1 + (point.center.1 - from.1) * t), place)
            };
            let n_steps = (span_ms / STEP_MS).clamp(1, 2000);
            let mut before = 0;
            for step in 1..=n_steps {
                let mut until = span_ms * step / n_steps;
                if covers_at(until) {
                    while until - before > 60_000 {
                        let middle = before + (until - before) / 2;
                        if covers_at(middle) { until = middle } else { before = middle }
                    }
                    return Some(Timestamp((from_at + until).0 / 60_000 * 60_000));
                }
                before = until;
            }
        }
        (from_at, from) = (point.at, point.center);
    }
    None
}
