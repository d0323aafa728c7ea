//! The city as known: registries from the pack, and what the fold made of the records so far.

use crate::{
    AlarmRules, AssistantSwitch, BriefingTemplate, Calls, CaseGroup, CaseRules, CellGrid, ClosedProposal, Contact,
    Control, DetectionRules, Detections, Evacuees, FenceRules, Flight, FlightRules, ForceRules, HeldOrder,
    KeptBriefing, KeptMetricWall, Ladder, LonLat, Marking, MetricWall, Need, Observation, OpenFeed, Outing, OwnCase,
    Pack, Proposal, Quake, QuakeRules, Registers, Roles, Roster, SeatWall, SensingKind, Showing, SigningRules,
    StopProposal, StreetCall, Telling, TellingRules, Timestamp, Township, TyphoonSources, ViolationKind, ids::*,
    model::*, plan::Plan,
};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Keeps the order of arrival, which the records fix: iteration, serialisation and hash are deterministic.
pub type Registry<K, V> = IndexMap<K, V, FxBuildHasher>;

/// The fold of one realm's records.
///
/// A registry entry's index is its dense handle in [`crate::Readings`] (sensors, teams, drones); registries never shrink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct City {
    pub realm: Realm,
    /// The last record applied; 0 before the first.
    pub seq: u64,
    /// When it was numbered.
    pub at: Timestamp,
    pub name: Text,
    /// Centre of the local metric frame.
    pub center: LonLat,

    pub districts: Registry<DistrictId, District>,
    pub agencies: Registry<AgencyId, Agency>,
    /// Teams, then the other units.
    pub teams: Registry<TeamId, Team>,
    pub depots: Registry<DepotId, Depot>,
    pub shelters: Registry<ShelterId, Shelter>,
    pub helipads: Registry<HelipadId, Helipad>,
    pub hospitals: Registry<HospitalId, Hospital>,
    pub cameras: Registry<CameraId, Camera>,
    pub docks: Registry<DockId, Dock>,
    pub drones: Registry<DroneId, Drone>,
    pub sensors: Registry<SensorId, Sensor>,
    pub flood_points: Registry<FloodPointId, FloodPoint>,
    pub plans: Registry<PlanId, Plan>,
    pub indicators: Registry<IndicatorId, Indicator>,
    /// Who may do what.
    pub roles: Roles,
    pub force_rules: ForceRules,
    pub case_rules: CaseRules,
    pub signing_rules: SigningRules,
    pub telling_rules: TellingRules,
    pub fence_rules: FenceRules,
    pub alarm_rules: AlarmRules,
    /// What the registers of sensing measure, by the pack's table.
    pub sensing_kinds: Vec<SensingKind>,
    pub townships: Registry<TownshipId, Township>,
    pub contacts: Registry<ContactId, Contact>,
    pub ladders: Registry<LadderId, Ladder>,

    pub cases: Registry<CaseId, Case>,
    /// `platform/external` → case, so that a platform's repeat is known.
    pub case_by_external: Registry<Text, CaseId>,
    /// Reports of one thing, by their lead; only where there are two or more. [`City::case_groups`] sorts them.
    pub case_groups: Registry<CaseId, CaseGroup>,
    /// Open cases of late that a new report may join, by district, kind and title.
    pub(crate) case_leads: Registry<(DistrictId, CaseKind, Text), Vec<CaseId>>,
    pub alarms: Registry<AlarmId, Alarm>,
    /// The open alarm of a sensor, or of a thing by [`crate::key_of`], if any.
    pub open_alarms: BTreeMap<SensorId, AlarmId>,
    pub warnings: Registry<WarningId, Warning>,
    pub typhoons: Registry<TyphoonId, Typhoon>,
    pub orders: Registry<OrderId, Order>,
    /// What platforms are still to be told, by the number of the record that says it.
    pub untold: BTreeMap<u64, Telling>,
    /// Summed over the rows of `evacuees`.
    pub evacuation: BTreeMap<(EvacueeClass, DistrictId), Tally>,
    pub evacuees: Evacuees,
    pub calls: Calls,
    /// The whole city's footing.
    pub footing: Footing,
    /// Per district, always one entry each.
    pub footings: BTreeMap<DistrictId, Footing>,
    /// The first order of the present war footing (or of the last one, in peace): what was ordered before does not count
    /// when measures are drafted.
    pub war_first_order: OrderId,
    pub recommendation: Option<Recommendation>,
    /// The sensors summed up, latest by kind and place (`None` is the city).
    pub observations: BTreeMap<(SensorKind, Option<DistrictId>), Observation>,
    /// Orders that wait for the group before them, or for a precondition.
    pub held: Vec<HeldOrder>,
    /// How many were ever held: the last one's number.
    pub n_held: u64,
    /// Switches one person did where two were needed, numbered from 1.
    pub overrides: Vec<Override>,
    /// A switch one seat signed, waiting for another's signature.
    pub proposal: Option<Proposal>,
    /// How many were ever proposed: the last one's number.
    pub n_proposals: u64,
    /// What became of the one before.
    pub last_proposal: Option<ClosedProposal>,
    pub assignments: BTreeMap<TeamId, (Option<OrderId>, Text)>,
    pub needs: Registry<NeedId, Need>,
    /// Of every team in `assignments`: since when it is out, and when it must speak.
    pub outings: BTreeMap<TeamId, Outing>,
    /// How often each team was sent out since the switch to war.
    pub n_outings: BTreeMap<TeamId, u32>,
    pub connectors: BTreeMap<PlatformId, ConnectorHealth>,
    pub exercise: Option<Exercise>,
    pub scene: Text,
    /// The pictures shown first in this war, each with why.
    pub feeds: Vec<OpenFeed>,
    /// What is drawn on the map, in the order it was.
    pub markings: Registry<MarkingId, Marking>,
    /// How many were ever put: the last one's number.
    pub n_markings: u64,
    /// What the city's own files brought in, and what they no longer name.
    pub registers: Registers,
    pub n_refused_messages: u64,
    /// Counts kept by the fold so that screens need not recount: cases by stage.
    pub n_cases_by_stage: [u64; 7],
    /// 作废; not in `n_cases_by_stage`.
    pub n_cases_cancelled: u64,
    pub flight_rules: FlightRules,
    /// All that drones were ever told.
    pub flights: Registry<FlightId, Flight>,
    /// Those not ended.
    pub open_flights: BTreeSet<FlightId>,
    /// Who holds which drone.
    pub controls: BTreeMap<DroneId, Control>,
    /// Emergency stops with one signature; one that expired stays until another takes its place.
    pub stop_proposals: BTreeMap<DroneId, StopProposal>,
    /// How many were ever proposed: the last one's number.
    pub n_stop_proposals: u64,
    pub quake_rules: QuakeRules,
    pub quakes: Registry<QuakeId, Quake>,
    /// Which feeds tell of each typhoon.
    pub typhoon_sources: BTreeMap<TyphoonId, TyphoonSources>,
    /// Warnings cancelled before they were heard of.
    pub cancelled_unseen: BTreeSet<WarningId>,
    /// What video recognition may find, by the pack's table.
    pub violations: Vec<ViolationKind>,
    pub detection_rules: DetectionRules,
    pub detections: Detections,
    /// Cases found here.
    pub own_cases: Registry<OwnCaseId, OwnCase>,
    /// Cells and who works in them.
    pub grid: CellGrid,
    /// Who is on duty, as the grid platform last said.
    pub roster: Option<Roster>,
    /// All one-to-one calls there ever were.
    pub street_calls: Registry<StreetCallId, StreetCall>,
    /// The last word on the language model; none was said yet.
    #[serde(default)]
    pub assistant: Option<AssistantSwitch>,
    /// 视频墙 of each seat that put one up.
    #[serde(default)]
    pub camera_walls: BTreeMap<SeatId, SeatWall>,
    /// 指标大屏: the pack's layouts, and what officers made of them.
    #[serde(default)]
    pub metric_walls: BTreeMap<MetricWallId, KeptMetricWall>,
    /// 会商简报.
    #[serde(default)]
    pub briefings: BTreeMap<BriefingId, KeptBriefing>,
    /// What a briefing can begin with, by the pack.
    #[serde(default)]
    pub briefing_templates: Vec<BriefingTemplate>,
    /// When walls began to show briefings, the last ones.
    #[serde(default)]
    pub showings: Vec<Showing>,
}

/// The drill this city is in; only ever some in [`Realm::Exercise`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exercise {
    pub scenario: Text,
    pub title: Text,
    pub seed: u64,
    pub starts_at: Timestamp,
    pub ended: bool,
}

/// What [`City::apply`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    Advanced,
    /// Already applied; nothing changed.
    Duplicate,
    /// Records are missing after `after`; nothing changed. The caller asks the hub for a snapshot.
    Gap {
        after: u64,
    },
}

impl City {
    /// The city before its first record.
    pub fn found(pack: &Pack, realm: Realm) -> Self {
        let by = FxBuildHasher;
        macro_rules! registry {
            ($field:ident) => {
                pack.$field.iter().map(|it| (it.id.clone(), it.clone())).collect()
            };
        }
        Self {
            realm,
            seq: 0,
            at: Timestamp(0),
            name: pack.name.clone(),
            center: pack.center,
            districts: registry!(districts),
            agencies: registry!(agencies),
            teams: pack.forces().map(|it| (it.id.clone(), it.clone())).collect(),
            depots: registry!(depots),
            shelters: registry!(shelters),
            helipads: registry!(helipads),
            hospitals: registry!(hospitals),
            cameras: registry!(cameras),
            docks: registry!(docks),
            drones: registry!(drones),
            sensors: registry!(sensors),
            flood_points: registry!(flood_points),
            plans: registry!(plans),
            indicators: registry!(indicators),
            roles: pack.roles.clone(),
            force_rules: pack.force_rules.clone(),
            case_rules: pack.case_rules.clone(),
            signing_rules: pack.signing_rules.clone(),
            telling_rules: pack.telling_rules.clone(),
            fence_rules: pack.fence_rules.clone(),
            alarm_rules: pack.alarm_rules.clone(),
            sensing_kinds: pack.sensing_kinds.clone(),
            townships: registry!(townships),
            contacts: registry!(contacts),
            ladders: registry!(ladders),
            cases: IndexMap::with_hasher(by),
            case_by_external: IndexMap::with_hasher(by),
            case_groups: IndexMap::with_hasher(by),
            case_leads: IndexMap::with_hasher(by),
            alarms: IndexMap::with_hasher(by),
            open_alarms: BTreeMap::new(),
            warnings: IndexMap::with_hasher(by),
            typhoons: IndexMap::with_hasher(by),
            orders: IndexMap::with_hasher(by),
            untold: BTreeMap::new(),
            evacuation: BTreeMap::new(),
            evacuees: Evacuees::default(),
            calls: Calls::default(),
            footing: Footing::default(),
            footings: pack.districts.iter().map(|it| (it.id.clone(), Footing::default())).collect(),
            war_first_order: OrderId(1),
            recommendation: None,
            observations: BTreeMap::new(),
            held: Vec::new(),
            n_held: 0,
            overrides: Vec::new(),
            proposal: None,
            n_proposals: 0,
            last_proposal: None,
            assignments: BTreeMap::new(),
            needs: IndexMap::with_hasher(by),
            outings: BTreeMap::new(),
            n_outings: BTreeMap::new(),
            connectors: BTreeMap::new(),
            exercise: None,
            scene: "peace".into(),
            feeds: Vec::new(),
            markings: IndexMap::with_hasher(by),
            n_markings: 0,
            registers: Registers::default(),
            n_refused_messages: 0,
            n_cases_by_stage: [0; 7],
            n_cases_cancelled: 0,
            flight_rules: pack.flight_rules.clone(),
            flights: IndexMap::with_hasher(by),
            open_flights: BTreeSet::new(),
            controls: BTreeMap::new(),
            stop_proposals: BTreeMap::new(),
            n_stop_proposals: 0,
            quake_rules: pack.quake_rules.clone(),
            quakes: IndexMap::with_hasher(by),
            typhoon_sources: BTreeMap::new(),
            cancelled_unseen: BTreeSet::new(),
            violations: pack.violations.clone(),
            detection_rules: pack.detection_rules.clone(),
            detections: Detections::default(),
            own_cases: IndexMap::with_hasher(by),
            grid: pack.grid.clone(),
            roster: None,
            street_calls: IndexMap::with_hasher(by),
            assistant: None,
            camera_walls: BTreeMap::new(),
            metric_walls: pack.metric_walls.iter().map(|(id, wall)| (id.clone(), kept_wall(wall))).collect(),
            briefings: BTreeMap::new(),
            briefing_templates: pack.briefings.clone(),
            showings: Vec::new(),
        }
    }

    /// The city as bytes: snapshots, and what [`City::state_hash`] hashes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }

    /// SM3 over [`City::to_bytes`], hexadecimal.
    pub fn state_hash(&self) -> String {
        use sm3::Digest;
        let bytes = self.to_bytes().unwrap_or_default();
        sm3::Sm3::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn kept_wall(wall: &MetricWall) -> KeptMetricWall {
    KeptMetricWall { wall: wall.clone(), before: Vec::new() }
}
