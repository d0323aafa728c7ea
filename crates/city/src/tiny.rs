//! A city of a few of everything, for tests and examples.

use crate::{ids::*, *};

/// 小城: two districts, four agencies on two platforms (`yunguanfu`, `yingji`), one or a few of every registry, one
/// typhoon plan and every indicator there is.
///
/// Townships `t-1` (weight 3, villages `v-1`, `v-2`) and `t-2` (weight 1) of the first district and `t-3` of the second;
/// nobody answers for `v-2`. The ladder `by-hand` calls a place's first contact (message, SMS, voice), then its second by
/// voice and radio, then the place above; nothing starts it but a hand.
///
/// Cameras `cam-1` and `cam-2`; kinds of violations `stall`, `waste`, `fire_lane`.
///
/// Sensor `flood-1` (blue at 15 cm, yellow 27, orange 40, red 60) watches flood point `fp-1`; `flood-2` likewise.
pub fn tiny_pack() -> Pack {
    let [siming, jimei] = [DistrictId::from("350203"), DistrictId::from("350211")];
    let near = |dlon: f64, dlat: f64| LonLat(118.11 + dlon, 24.50 + dlat);
    Pack {
        id: "tiny".into(),
        name: "小城".into(),
        center: near(0.0, 0.0),
        districts: vec![
            District { id: siming.clone(), name: "思明区".into(), center: near(0.0, -0.03) },
            District { id: jimei.clone(), name: "集美区".into(), center: near(0.0, 0.1) },
        ],
        agencies: vec![
            agency("ag-city", "城市管理局", "城管", None, "yunguanfu"),
            agency("ag-water", "水利局", "水利", None, "yunguanfu"),
            agency("ag-emergency", "应急管理局", "应急", None, "yingji"),
            agency("ag-350203", "思明区指挥部", "思明", Some(&siming), "yunguanfu"),
        ],
        teams: vec![
            team("team-1", Capability::Rescue, near(0.01, 0.0), &siming),
            team("team-2", Capability::Drainage, near(0.03, 0.0), &siming),
            team("team-3", Capability::Rescue, near(0.0, 0.1), &jimei),
        ],
        units: Vec::new(),
        depots: vec![Depot {
            id: "depot-1".into(),
            name: "一号库".into(),
            at: near(0.02, 0.02),
            district: siming.clone(),
            stock: "水泵 4 台".into(),
        }],
        shelters: vec![Shelter {
            id: "shelter-1".into(),
            name: "一中".into(),
            at: near(-0.01, 0.0),
            district: siming.clone(),
            capacity: 300,
        }],
        helipads: vec![Helipad {
            id: "pad-1".into(),
            name: "一号起降点".into(),
            at: near(0.04, 0.0),
            district: siming.clone(),
        }],
        hospitals: vec![Hospital {
            id: "hospital-1".into(),
            name: "一院".into(),
            at: near(0.0, -0.01),
            district: siming.clone(),
            n_beds: 500,
        }],
        cameras: vec![
            Camera::new("cam-1".into(), "路口一".into(), near(0.001, 0.001), siming.clone()),
            Camera::new("cam-2".into(), "路口二".into(), near(0.002, 0.101), jimei.clone()),
        ],
        docks: vec![Dock {
            id: "dock-1".into(),
            name: "一号机场".into(),
            at: near(0.0, 0.02),
            district: siming.clone(),
        }],
        drones: vec![Drone { id: "drone-1".into(), name: "一号机".into(), dock: "dock-1".into() }],
        sensors: vec![
            sensor(
                "flood-1",
                SensorKind::FloodDepth,
                near(0.005, 0.0),
                &siming,
                &[(15.0, 10.0), (27.0, 22.0), (40.0, 35.0), (60.0, 50.0)],
            ),
            sensor(
                "flood-2",
                SensorKind::FloodDepth,
                near(0.0, 0.1),
                &jimei,
                &[(15.0, 10.0), (27.0, 22.0), (40.0, 35.0), (60.0, 50.0)],
            ),
            sensor("wind-1", SensorKind::Wind, near(0.02, -0.02), &siming, &[(17.2, 15.0), (24.5, 22.0)]),
            sensor("rain-1", SensorKind::Rain, near(0.02, 0.0), &siming, &[]),
        ],
        flood_points: vec![
            FloodPoint {
                id: "fp-1".into(),
                name: "一号下穿".into(),
                at: near(0.005, 0.0),
                district: siming.clone(),
                sensor: "flood-1".into(),
            },
            FloodPoint {
                id: "fp-2".into(),
                name: "二号下穿".into(),
                at: near(0.0, 0.1),
                district: jimei.clone(),
                sensor: "flood-2".into(),
            },
        ],
        plans: vec![typhoon_plan(&siming, &jimei)],
        indicators: indicators(),
        roles: roles(),
        force_rules: ForceRules::default(),
        case_rules: CaseRules::default(),
        signing_rules: SigningRules::default(),
        telling_rules: TellingRules::default(),
        flight_rules: FlightRules::default(),
        fence_rules: FenceRules::default(),
        quake_rules: QuakeRules::default(),
        alarm_rules: AlarmRules::default(),
        sensing_kinds: Vec::new(),
        violations: violations(&jimei),
        detection_rules: DetectionRules::default(),
        townships: townships(&siming, &jimei),
        contacts: contacts(),
        ladders: vec![ladder()],
        grid: grid(&siming),
        metric_walls: Vec::new(),
        briefings: Vec::new(),
    }
}

/// One cell about the centre with a worker by day and an officer by night, called through `yunguanfu`.
fn grid(district: &DistrictId) -> CellGrid {
    let corner = |dlon: f64, dlat: f64| LonLat(118.11 + dlon, 24.50 + dlat);
    let person = |id: &str, surname: &str, post: &str, role, shift: Shift| GridPerson {
        id: id.into(),
        surname: surname.into(),
        post: post.into(),
        role,
        team: "".into(),
        cells: vec!["cell-1".into()],
        shifts: vec![shift],
    };
    CellGrid {
        basis: "示例".into(),
        platform: "yunguanfu".into(),
        cells: vec![Cell {
            id: "cell-1".into(),
            name: "一号网格".into(),
            district: district.clone(),
            township: "t-1".into(),
            ring: vec![corner(-0.02, -0.02), corner(0.02, -0.02), corner(0.02, 0.02), corner(-0.02, 0.02)],
        }],
        people: vec![
            person("gw-1", "陈", "网格员", GridRole::Worker, Shift { from: 8 * 60, to: 20 * 60 }),
            person("ge-1", "林", "执法队员", GridRole::Enforcer, Shift { from: 20 * 60, to: 8 * 60 }),
        ],
    }
}

/// A stall, a heap of waste and a blocked fire lane; in 集美 the first is the district headquarters' of 思明 to handle.
fn violations(jimei: &DistrictId) -> Vec<ViolationKind> {
    let kind = |id: &str, zh: &str, color, agency: &str, merge_m, merge_mins| ViolationKind {
        id: id.into(),
        zh: zh.into(),
        en: id.into(),
        group: "街面秩序".into(),
        color,
        duty: "JM-01".into(),
        agency: agency.into(),
        agencies: [].into(),
        merge_m,
        merge_mins,
        due_hours: 4,
        basis: "测试用".into(),
    };
    let mut stall = kind("stall", "流动摊贩", WarningColor::Yellow, "ag-city", 60.0, 30);
    stall.agencies.insert(jimei.clone(), "ag-350203".into());
    vec![
        stall,
        kind("waste", "垃圾满溢", WarningColor::Blue, "ag-city", 25.0, 120),
        kind("fire_lane", "消防通道堵塞", WarningColor::Red, "ag-emergency", 30.0, 60),
    ]
}

/// Every seat is an officer's, but for a commander's, a leader's and one that two seats share.
fn roles() -> Roles {
    let seat = |seat: &str, role: &str, officer: Option<&str>| SeatEntry {
        seat: seat.into(),
        role: role.into(),
        officer: officer.map(Text::from),
    };
    let seats = vec![
        seat("带班领导 02", "commander", None),
        seat("观摩席", "leader", None),
        seat("值班长 01", "officer", Some("张三")),
        seat("值班长 01 副屏", "officer", Some("张三")),
    ];
    Roles { seats, ..Roles::default() }
}

fn agency(id: &str, name: &str, short: &str, district: Option<&DistrictId>, platform: &str) -> Agency {
    Agency {
        id: id.into(),
        name: name.into(),
        short: short.into(),
        district: district.cloned(),
        phone: "0592-0000000".into(),
        platform: platform.into(),
    }
}

fn team(id: &str, capability: Capability, home: LonLat, district: &DistrictId) -> Team {
    Team {
        id: id.into(),
        name: id.into(),
        tier: TeamTier::Local,
        capability,
        n_people: 20,
        home,
        district: district.clone(),
        kind: UnitKind::Team,
        also: Vec::new(),
        load: "".into(),
        base: None,
    }
}

fn sensor(id: &str, kind: SensorKind, at: LonLat, district: &DistrictId, on_off: &[(f32, f32)]) -> Sensor {
    let thresholds =
        WarningColor::ALL.iter().zip(on_off).map(|(color, &(on, off))| Threshold { color: *color, on, off }).collect();
    Sensor { id: id.into(), name: id.into(), kind, at, district: district.clone(), thresholds }
}

fn typhoon_plan(siming: &DistrictId, jimei: &DistrictId) -> Plan {
    use ResponseLevel::*;
    let measure = |id: &str, title: &str, from_level, agency: &str, evacuees: Vec<EvacuationNeed>| Measure {
        id: id.into(),
        title: title.into(),
        clause: "7.1".into(),
        from_level,
        agency: agency.into(),
        supporting: vec![],
        scope: Scope::City,
        channel: Channel::Platform,
        within_mins: 120,
        template: "{typhoon}逼近，{level} 级响应：请{agency}于 {due} 前完成。".into(),
        precondition: None,
        group: 0,
        evacuees,
        forces: vec![],
    };
    let move_people = |district: &DistrictId, n_people| EvacuationNeed {
        class: EvacueeClass::SeaAndSites,
        district: district.clone(),
        n_people,
    };
    Plan {
        id: "typhoon".into(),
        title: "防台风预案（示意）".into(),
        hazard: Hazard::Typhoon,
        version: "1".into(),
        basis: "测试用".into(),
        extends: None,
        district: None,
        township: None,
        ack_within_mins: 5,
        escalate_after_mins: 10,
        ladder: vec!["值班员".into(), "分管领导".into()],
        triggers: vec![
            Trigger { level: IV, when: "warning.typhoon >= blue".into() },
            Trigger { level: III, when: "warning.typhoon >= yellow || flood.n27 >= 2".into() },
            Trigger { level: II, when: "warning.typhoon >= orange || circle.hours7 <= 24".into() },
            Trigger { level: I, when: "warning.typhoon >= red || circle.hours10 <= 12".into() },
        ],
        measures: vec![
            measure("m-patrol", "巡查广告牌", IV, "ag-city", vec![]),
            measure(
                "m-sea",
                "海上人员上岸",
                III,
                "ag-emergency",
                vec![move_people(siming, 100), move_people(jimei, 50)],
            ),
            measure("m-gates", "水库预泄", II, "ag-water", vec![]),
            measure("m-stop", "三停一休", I, "ag-350203", vec![move_people(siming, 400)]),
        ],
    }
}

fn townships(siming: &DistrictId, jimei: &DistrictId) -> Vec<Township> {
    let village = |id: &str| Village { id: id.into(), name: format!("{id} 社区").into() };
    let township = |id: &str, district: &DistrictId, center, weight, villages| Township {
        id: id.into(),
        name: format!("{id} 街道").into(),
        district: district.clone(),
        center,
        weight,
        villages,
    };
    vec![
        township("t-1", siming, LonLat(118.10, 24.50), 3, vec![village("v-1"), village("v-2")]),
        township("t-2", siming, LonLat(118.13, 24.47), 1, vec![]),
        township("t-3", jimei, LonLat(118.11, 24.60), 1, vec![]),
    ]
}

fn contacts() -> Vec<Contact> {
    let places = [
        ("d-1", CallPlace::District("350203".into())),
        ("t-1", CallPlace::Township("t-1".into())),
        ("t-2", CallPlace::Township("t-2".into())),
        ("t-3", CallPlace::Township("t-3".into())),
        ("v-1", CallPlace::Village("v-1".into())),
        ("a-1", CallPlace::Agency("ag-city".into())),
    ];
    let both = places.iter().flat_map(|(id, place)| [(id, place, 1u8), (id, place, 2)]);
    both.enumerate()
        .map(|(i, (id, place, rank))| Contact {
            id: format!("{id}-{rank}").into(),
            name: format!("{id} 之 {rank}").into(),
            post: if rank == 1 { "值班员".into() } else { "负责人".into() },
            place: place.clone(),
            rank,
            phone: format!("0592-0000{i:03}").into(),
            radio: if rank == 2 { "3 号频道".into() } else { "".into() },
        })
        .collect()
}

fn ladder() -> Ladder {
    use CallChannel::*;
    let step = |who, channels: &[CallChannel]| LadderStep {
        who,
        channels: channels.to_vec(),
        ack_within_mins: DEFAULT_ACK_MINS,
        again_every_mins: DEFAULT_ACK_MINS,
        escalate_after_mins: DEFAULT_ESCALATE_MINS,
    };
    Ladder {
        id: "by-hand".into(),
        name: "人工叫应".into(),
        basis: "测试用".into(),
        steps: vec![
            step(Callee::Own(1), &[Message, Sms, Voice]),
            step(Callee::Own(2), &[Voice, Radio]),
            step(Callee::Above(1), &[Voice]),
        ],
        give_up_after_mins: DEFAULT_GIVE_UP_MINS,
        starts: Vec::new(),
        down_to: CallDepth::Township,
    }
}

fn indicators() -> Vec<Indicator> {
    use IndicatorFormula::*;
    let formulas = [
        CasesToday,
        CasesOpen,
        CasesClosedToday,
        CasesOverdue,
        CaseCloseRate,
        AlarmsOpen,
        AlarmsUnacknowledged,
        SensorsFresh(SensorKind::FloodDepth),
        SensorsOverThreshold(SensorKind::FloodDepth),
        SensorMax(SensorKind::Wind),
        SensorMean(SensorKind::Rain),
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
    ];
    let named = formulas.into_iter().enumerate();
    named
        .map(|(i, formula)| Indicator {
            id: format!("ind-{i}").into(),
            name: format!("{formula:?}").into(),
            unit: "".into(),
            group: "城市".into(),
            source: "测试用".into(),
            formula,
            reference: None,
        })
        .collect()
}

/// `indicators.toml` of the smallest kind, for tests that need one: every case there is.
pub const TINY_INDICATORS: &str = r#"basis = "示例"

[[theme]]
id = "cases"
zh = "事部件"
en = "Cases"

[[indicator]]
id = "case_n"
zh = "案件"
en = "Cases"
unit = "件"
theme = "cases"
means = { zh = "全部案件", en = "All cases" }
source = "hub"
owner = "zf"
fresh_mins = 5
formula = { count = "cases" }
draw = "number"
"#;
