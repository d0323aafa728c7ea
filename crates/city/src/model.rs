//! The things a city is made of. Registries come from the city pack; the rest is made by the fold.

use crate::{LonLat, Timestamp, ids::*};
use serde::{Deserialize, Serialize};

/// 平时 or 战时.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posture {
    #[default]
    Peace,
    War,
}

/// 实战 or 演练. A city, its log, its connectors and its orders all belong to exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    #[default]
    Actual,
    Exercise,
}

/// 应急响应 Ⅳ–Ⅰ. `Ord`: a higher response is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ResponseLevel {
    IV,
    III,
    II,
    I,
}

impl ResponseLevel {
    pub const ALL: [Self; 4] = [Self::IV, Self::III, Self::II, Self::I];
    /// `Ⅳ`–`Ⅰ`.
    pub fn roman(self) -> &'static str {
        match self {
            Self::IV => "Ⅳ",
            Self::III => "Ⅲ",
            Self::II => "Ⅱ",
            Self::I => "Ⅰ",
        }
    }
}

/// 蓝黄橙红. `Ord`: red is greatest. Also the four levels of alarms and events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningColor {
    Blue,
    Yellow,
    Orange,
    Red,
}

impl WarningColor {
    pub const ALL: [Self; 4] = [Self::Blue, Self::Yellow, Self::Orange, Self::Red];
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Blue => "蓝",
            Self::Yellow => "黄",
            Self::Orange => "橙",
            Self::Red => "红",
        }
    }
}

/// What a plan or a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hazard {
    Typhoon,
    Rainstorm,
    ForestFire,
    Earthquake,
    /// 综合: what no plan of its own covers.
    General,
    /// A warning of a hazard no plan is about.
    Other,
}

impl Hazard {
    pub const ALL: [Self; 6] =
        [Self::Typhoon, Self::Rainstorm, Self::ForestFire, Self::Earthquake, Self::General, Self::Other];
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Typhoon => "台风",
            Self::Rainstorm => "暴雨",
            Self::ForestFire => "森林火险",
            Self::Earthquake => "地震",
            Self::General => "综合",
            Self::Other => "其他",
        }
    }
}

// ---------------------------------------------------------------- registries

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct District {
    pub id: DistrictId,
    pub name: Text,
    /// Where its label stands.
    pub center: LonLat,
}

/// A department or district headquarters that leads measures and receives orders.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agency {
    pub id: AgencyId,
    pub name: Text,
    /// At most four characters, for dense lists.
    pub short: Text,
    /// Set for the six district headquarters.
    pub district: Option<DistrictId>,
    /// Duty telephone shown when a channel degrades; illustrative in the shipped pack.
    pub phone: Text,
    /// The platform that carries its orders.
    pub platform: PlatformId,
}

/// What a team can do; its map character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    Rescue,
    Fire,
    Water,
    Drainage,
    Power,
    Medical,
    City,
    /// 侦察: to go and look, from the air.
    Look,
}

impl Capability {
    pub const ALL: [Self; 8] =
        [Self::Rescue, Self::Fire, Self::Water, Self::Drainage, Self::Power, Self::Medical, Self::City, Self::Look];
    /// One character, drawn inside the map symbol (DESIGN.md §9).
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Rescue => "救",
            Self::Fire => "消",
            Self::Water => "水",
            Self::Drainage => "排",
            Self::Power => "电",
            Self::Medical => "医",
            Self::City => "城",
            Self::Look => "察",
        }
    }
}

/// What kind of force it is, and so how it moves: teams, vehicles and pumps by road, boats over water, the others through
/// the air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    #[default]
    Team,
    Vehicle,
    /// A large pump truck.
    Pump,
    Boat,
    Helicopter,
    /// Flown by a crew that brings it; those in docks are [`Drone`]s.
    Drone,
}

impl UnitKind {
    pub const ALL: [Self; 6] = [Self::Team, Self::Vehicle, Self::Pump, Self::Boat, Self::Helicopter, Self::Drone];
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Team => "队伍",
            Self::Vehicle => "车辆",
            Self::Pump => "泵车",
            Self::Boat => "冲锋舟",
            Self::Helicopter => "直升机",
            Self::Drone => "无人机",
        }
    }
}

/// Where a unit is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    Depot(DepotId),
    Helipad(HelipadId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamTier {
    National,
    Trade,
    Social,
    Local,
}

/// A team, or another unit that is sent as one: a vehicle, a pump, a boat, an aircraft with its crew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub id: TeamId,
    pub name: Text,
    pub tier: TeamTier,
    pub capability: Capability,
    pub n_people: u32,
    /// Where it is stationed; live positions are readings.
    pub home: LonLat,
    pub district: DistrictId,
    #[serde(default)]
    pub kind: UnitKind,
    /// What it is equipped for beside `capability`.
    #[serde(default)]
    pub also: Vec<Capability>,
    /// What it carries or moves, in words, such as `排水 3000 m³/h`; empty says nothing.
    #[serde(default)]
    pub load: Text,
    #[serde(default)]
    pub base: Option<Base>,
}

impl Team {
    /// The map character: what a team does, what another unit is.
    pub fn glyph(&self) -> &'static str {
        match self.kind {
            UnitKind::Team => self.capability.glyph(),
            UnitKind::Vehicle => "车",
            UnitKind::Pump => "泵",
            UnitKind::Boat => "艇",
            UnitKind::Helicopter => "直",
            UnitKind::Drone => "翼",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Depot {
    pub id: DepotId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    /** What it holds, in words. */
    pub stock: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelter {
    pub id: ShelterId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    /** People. */
    pub capacity: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Helipad {
    pub id: HelipadId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hospital {
    pub id: HospitalId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    pub n_beds: u32,
}

/// A camera as its register tells of it; what the register does not tell is `None`, and is not guessed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    pub id: CameraId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    /// Of the lens over the ground about it, m.
    #[serde(default)]
    pub height_m: Option<f32>,
    /// Where it looks, or where it looks at rest if it turns: degrees clockwise from north.
    #[serde(default)]
    pub azimuth_deg: Option<f32>,
    /// What it sees from side to side, degrees.
    #[serde(default)]
    pub fov_deg: Option<f32>,
    /// As far as its pictures tell anything, m.
    #[serde(default)]
    pub range_m: Option<f32>,
    /// It has a turning head.
    #[serde(default)]
    pub can_steer: bool,
}

impl Camera {
    /// One of which only the place is known.
    pub fn new(id: CameraId, name: Text, at: LonLat, district: DistrictId) -> Self {
        let (height_m, azimuth_deg, fov_deg, range_m) = (None, None, None, None);
        Self { id, name, at, district, height_m, azimuth_deg, fov_deg, range_m, can_steer: false }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dock {
    pub id: DockId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drone {
    pub id: DroneId,
    pub name: Text,
    pub dock: DockId,
}

/// What a sensor measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    /// Standing water on a road, cm.
    FloodDepth,
    /// Tide gauge, m.
    Tide,
    /// Rain in the last hour, mm.
    Rain,
    /// Mean wind, m/s.
    Wind,
    /// Construction noise, dB(A).
    Noise,
    /// Billboard tilt, degrees.
    Tilt,
    /// Air quality index.
    Air,
    /// Surface or sea water quality class index, 1–6.
    WaterQuality,
    /// Environmental sound, dB(A).
    Sound,
    /// Vehicle exhaust, opacity %.
    Exhaust,
}

impl SensorKind {
    pub const ALL: [Self; 10] = [
        Self::FloodDepth,
        Self::Tide,
        Self::Rain,
        Self::Wind,
        Self::Noise,
        Self::Tilt,
        Self::Air,
        Self::WaterQuality,
        Self::Sound,
        Self::Exhaust,
    ];
    /// As packs, topics and rules name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::FloodDepth => "flood_depth",
            Self::Tide => "tide",
            Self::Rain => "rain",
            Self::Wind => "wind",
            Self::Noise => "noise",
            Self::Tilt => "tilt",
            Self::Air => "air",
            Self::WaterQuality => "water_quality",
            Self::Sound => "sound",
            Self::Exhaust => "exhaust",
        }
    }
    pub fn unit(self) -> &'static str {
        match self {
            Self::FloodDepth => "cm",
            Self::Tide => "m",
            Self::Rain => "mm",
            Self::Wind => "m/s",
            Self::Noise | Self::Sound => "dB",
            Self::Tilt => "°",
            Self::Air => "",
            Self::WaterQuality => "类",
            Self::Exhaust => "%",
        }
    }
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::FloodDepth => "积水",
            Self::Tide => "潮位",
            Self::Rain => "雨量",
            Self::Wind => "风速",
            Self::Noise => "工地噪声",
            Self::Tilt => "广告倾角",
            Self::Air => "空气",
            Self::WaterQuality => "水质",
            Self::Sound => "声环境",
            Self::Exhaust => "尾气",
        }
    }
}

/// Turns readings into alarms: on at or above `on`, off only below `off` (hysteresis, so `off < on`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    pub color: WarningColor,
    pub on: f32,
    pub off: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    pub id: SensorId,
    pub name: Text,
    pub kind: SensorKind,
    pub at: LonLat,
    pub district: DistrictId,
    /// Ascending by `on`; empty means it never alarms.
    pub thresholds: Vec<Threshold>,
}

/// 内涝点: a place that floods, watched by a sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloodPoint {
    pub id: FloodPointId,
    pub name: Text,
    pub at: LonLat,
    pub district: DistrictId,
    pub sensor: SensorId,
}

/// How an indicator is computed from the city and the readings; the thin set of the spine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndicatorFormula {
    CasesToday,
    CasesOpen,
    CasesClosedToday,
    CasesOverdue,
    /// Share of today's cases already closed, 0–1.
    CaseCloseRate,
    AlarmsOpen,
    AlarmsUnacknowledged,
    SensorsFresh(SensorKind),
    SensorsOverThreshold(SensorKind),
    SensorMax(SensorKind),
    SensorMean(SensorKind),
    CamerasKnown,
    TeamsKnown,
    PeopleInTeams,
    DronesFlying,
    DronesKnown,
    SheltersCapacity,
    HelipadsKnown,
    OrdersOpen,
    OrdersOverdue,
    OrdersDone,
    EvacueesExpected,
    EvacueesMoved,
    ConnectorsHealthy,
}

/// 指标: a figure on the wall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Indicator {
    pub id: IndicatorId,
    pub name: Text,
    pub unit: Text,
    pub group: Text,
    pub source: Text,
    pub formula: IndicatorFormula,
    /// A published yardstick with its source and year, if the city's documents give one.
    pub reference: Option<Text>,
}

// ---------------------------------------------------------------- what the fold makes

/// 案件七阶段.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStage {
    Collected,
    Filed,
    Dispatched,
    Handled,
    Fedback,
    Closed,
    Evaluated,
}

impl CaseStage {
    pub const ALL: [Self; 7] =
        [Self::Collected, Self::Filed, Self::Dispatched, Self::Handled, Self::Fedback, Self::Closed, Self::Evaluated];
    /// 采集 立案 派遣 处置 反馈 结案 评价.
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Collected => "采集",
            Self::Filed => "立案",
            Self::Dispatched => "派遣",
            Self::Handled => "处置",
            Self::Fedback => "反馈",
            Self::Closed => "结案",
            Self::Evaluated => "评价",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    Event,
    Part,
}

/// What a platform says when it reports a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseReport {
    /// The platform's own number; with `platform` it is the case's identity outside.
    pub external: Text,
    pub platform: PlatformId,
    pub kind: CaseKind,
    /// Such as `窨井盖异常移位`.
    pub title: Text,
    pub address: Text,
    pub at: LonLat,
    pub district: DistrictId,
    pub agency: AgencyId,
    pub color: WarningColor,
    pub reported_at: Timestamp,
    /// When the platform expects it closed.
    pub due_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub report: CaseReport,
    pub stage: CaseStage,
    /// When it entered `stage`.
    pub stage_at: Timestamp,
    /// 督办 / 催办 so far.
    pub n_supervised: u32,
    pub n_pressed: u32,
    /// Transfers, postponements, cancellation, its group.
    #[serde(default)]
    pub history: crate::CaseHistory,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub id: AlarmId,
    /// Ask [`crate::City::subject_of`] what it is about.
    pub sensor: SensorId,
    pub color: WarningColor,
    /// The reading that raised it, in the unit of its [`crate::AlarmSubject`].
    pub value: f32,
    pub raised_at: Timestamp,
    pub acknowledged: Option<(SeatId, Timestamp)>,
    pub cleared_at: Option<Timestamp>,
    pub shelved_until: Option<Timestamp>,
    /// What it is about where that is no sensor; `sensor` is then [`crate::key_of`].
    #[serde(default)]
    pub thing: Option<crate::AlarmThing>,
    /// The rule of [`crate::AlarmRules`] that leads it; empty: the sensor's own thresholds.
    #[serde(default)]
    pub rule: Text,
    /// Why, in words: `30 分钟涨 42 cm`.
    #[serde(default)]
    pub why: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    pub id: WarningId,
    pub hazard: Hazard,
    pub color: WarningColor,
    pub headline: Text,
    pub sender: Text,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    /// Empty means the whole city.
    pub districts: Vec<DistrictId>,
    pub cancelled: bool,
    /// CAP `status`; `false` unless the sender marked it Exercise.
    pub exercise: bool,
}

/// Quadrant radii in km: NE, SE, SW, NW; 0 means none reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindRadii(pub [f32; 4]);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TyphoonFix {
    pub at: Timestamp,
    pub center: LonLat,
    /// Maximum wind, m/s.
    pub wind: f32,
    /// hPa; 0 means not reported.
    pub pressure: f32,
    /// Moving speed km/h, and towards degrees from north.
    pub move_speed: f32,
    pub move_towards: f32,
    pub radius7: WindRadii,
    pub radius10: WindRadii,
    pub radius12: WindRadii,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastPoint {
    pub at: Timestamp,
    pub center: LonLat,
    pub wind: f32,
    pub pressure: f32,
}

/// One agency's forecast of one issue time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /** 中国, 日本, 美国 … as the feed names it. */
    pub agency: Text,
    pub issued_at: Timestamp,
    pub points: Vec<ForecastPoint>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typhoon {
    pub id: TyphoonId,
    pub name: Text,
    pub name_en: Text,
    pub active: bool,
    /// Ascending in time.
    pub track: Vec<TyphoonFix>,
    /// Every issue kept, in order of arrival; the latest per agency is what screens draw.
    pub forecasts: Vec<Forecast>,
}

/// 指令阶梯. `Ord` follows the climb; the four ends come after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    Drafted,
    Sent,
    Delivered,
    Acknowledged,
    Accepted,
    Executing,
    Done,
    Rejected,
    Failed,
    Cancelled,
    Superseded,
}

impl Rung {
    /// Nothing climbs on from here.
    pub fn is_end(self) -> bool {
        self >= Self::Done
    }
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Drafted => "待发",
            Self::Sent => "未送达",
            Self::Delivered => "系统送达",
            Self::Acknowledged => "已签收",
            Self::Accepted => "已领受",
            Self::Executing => "执行中",
            Self::Done => "完成",
            Self::Rejected => "退回",
            Self::Failed => "发送失败",
            Self::Cancelled => "已撤销",
            Self::Superseded => "已替代",
        }
    }
}

/// How an order travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Platform,
    PlatformAndCall,
    PlatformAndSms,
}

impl Channel {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Platform => "协同",
            Self::PlatformAndCall => "协同 + 叫应",
            Self::PlatformAndSms => "协同 + 短信",
        }
    }
}

/// What an order says. Fixed when drafted; a change is a new `definition_version`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderText {
    pub plan: Option<PlanId>,
    pub measure: Option<MeasureId>,
    pub level: Option<ResponseLevel>,
    pub agency: AgencyId,
    pub platform: PlatformId,
    pub channel: Channel,
    pub title: Text,
    pub body: Text,
    /// The clause it comes from, and the edition of the plan.
    #[serde(default)]
    pub clause: Text,
    #[serde(default)]
    pub plan_version: Text,
    /// 配合部门.
    #[serde(default)]
    pub supporting: Vec<AgencyId>,
    /// Its group; later ones wait for its acknowledgement.
    #[serde(default)]
    pub group: u8,
    /// The districts it is limited to; empty is wherever it applies.
    #[serde(default)]
    pub districts: Vec<DistrictId>,
    /// The order whose place it takes (更正).
    #[serde(default)]
    pub supersedes: Option<OrderId>,
    /// Acknowledge by, then finish by.
    pub ack_by: Timestamp,
    pub due_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub realm: Realm,
    pub text: OrderText,
    pub rung: Rung,
    pub rung_at: Timestamp,
    pub drafted_at: Timestamp,
    /// Counts changes of the text; a status for an older definition is refused.
    pub definition_version: u32,
    /// Counts steps on the ladder; an update carrying one not newer is stale and refused.
    pub status_version: u32,
    /// The rung it was overdue at, since when; cleared when it climbs.
    pub overdue_since: Option<Timestamp>,
    /// How many times silence escalated it.
    pub n_escalations: u32,
    /// Free words of the platform's last answer (a refusal's reason, an error code).
    pub note: Text,
    /// Delivery attempts so far.
    pub n_attempts: u32,
    /// The order that took its place, once it is [`Rung::Superseded`].
    pub superseded_by: Option<OrderId>,
}

impl Order {
    /// Stable across restarts and retries; what makes a resend harmless.
    pub fn idempotency_key(&self) -> String {
        Self::key_of(self.realm, self.id, self.definition_version)
    }

    pub(crate) fn key_of(realm: Realm, id: OrderId, definition_version: u32) -> String {
        let realm = match realm {
            Realm::Actual => "a",
            Realm::Exercise => "x",
        };
        format!("gulang-{realm}-{id}-{definition_version}")
    }
}

/// 人员转移五类 (CITY.md, from document 000).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvacueeClass {
    UrbanVillage,
    Visitors,
    SeaAndSites,
    SpecialTrades,
    Responders,
}

impl EvacueeClass {
    pub const ALL: [Self; 5] =
        [Self::UrbanVillage, Self::Visitors, Self::SeaAndSites, Self::SpecialTrades, Self::Responders];
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::UrbanVillage => "城中村人员",
            Self::Visitors => "外来游客和车辆",
            Self::SeaAndSites => "海上及在建工地",
            Self::SpecialTrades => "特定行业人员",
            Self::Responders => "救援人员撤收",
        }
    }
}

/// People of one class in one district.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub expected: u32,
    /// In all, those since back home included.
    pub moved: u32,
    /// 拒绝转移.
    #[serde(default)]
    pub refused: u32,
    /// Of those moved, back home.
    #[serde(default)]
    pub returned: u32,
}

/// Why a level is advised: what was seen, how strong, as of when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub text: Text,
    pub as_of: Timestamp,
    /// The part of the plan's expression it speaks to.
    #[serde(default)]
    pub condition: Text,
    /// The same while the fact is; for comparing, not for reading.
    #[serde(default)]
    pub key: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    pub plan: PlanId,
    pub level: ResponseLevel,
    pub evidence: Vec<Evidence>,
    pub made_at: Timestamp,
    /// Every plan's advice for the city and its districts, where it advises a level.
    #[serde(default)]
    pub advices: Vec<crate::Advice>,
}

/// A change of footing that one person signed where two are needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Override {
    /// From 1.
    pub number: u64,
    pub by: SeatId,
    pub at: Timestamp,
    /// The level switched to; `None` is the return to peace.
    pub level: Option<ResponseLevel>,
    pub reason: Text,
    pub countersigned: Option<(SeatId, Timestamp)>,
    /// It was told that nobody countersigned in time.
    pub is_overdue: bool,
}

/// Something a return to peace leaves unfinished.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenItem {
    Order(OrderId),
    /// An order still held back, by its number.
    Held(u64),
    /// A team that is out.
    Team(TeamId),
    /// People of a class moved from a district and not back.
    People(EvacueeClass, DistrictId),
    Closure(MarkingId),
    /// An override nobody countersigned, by its number.
    Countersignature(u64),
}

/// Posture and response of the whole city or one district.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Footing {
    pub posture: Posture,
    pub level: Option<ResponseLevel>,
    pub plan: Option<PlanId>,
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    Unknown,
    Healthy,
    Degraded,
    Silent,
}

/// Only changes are records; last-heard times travel with the readings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectorHealth {
    pub platform: PlatformId,
    pub name: Text,
    pub state: HealthState,
    pub since: Timestamp,
    pub last_error: Text,
    pub simulated: bool,
}
