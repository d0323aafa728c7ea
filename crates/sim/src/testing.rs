//! A town small enough to read whole, for this crate's tests.

use gulang_city::*;

pub(crate) fn tiny_pack() -> Pack {
    let (west, east): (DistrictId, DistrictId) = ("350203".into(), "350206".into());
    let at = |i: usize| LonLat(118.08 + 0.004 * i as f64, 24.45 + 0.003 * i as f64);
    let kinds = [SensorKind::FloodDepth, SensorKind::Tide, SensorKind::Rain, SensorKind::Wind, SensorKind::Noise];
    let need = EvacuationNeed { class: EvacueeClass::Visitors, district: west.clone(), n_people: 1200 };
    let measure = Measure {
        id: "m1".into(),
        title: "转移外来游客".into(),
        clause: "7.5".into(),
        from_level: ResponseLevel::III,
        agency: "wenlv".into(),
        supporting: vec![],
        scope: Scope::City,
        channel: Channel::Platform,
        within_mins: 240,
        template: "{agency}：{level}级响应，{due}前完成".into(),
        precondition: None,
        group: 0,
        evacuees: vec![need],
        forces: vec![],
    };
    Pack {
        id: "tiny".into(),
        name: "小城市".into(),
        center: LonLat(118.11, 24.50),
        districts: vec![
            District { id: west.clone(), name: "西区".into(), center: at(0) },
            District { id: east.clone(), name: "东区".into(), center: at(9) },
        ],
        agencies: [
            ("zhifa", "市执法局", None),
            ("wenlv", "市文旅局", None),
            ("xiqu", "西区指挥部", Some(west.clone())),
        ]
        .into_iter()
        .map(|(id, name, district)| Agency {
            id: id.into(),
            name: name.into(),
            short: name.into(),
            district,
            phone: "000".into(),
            platform: "yunguanfu".into(),
        })
        .collect(),
        teams: (0..12)
            .map(|i| Team {
                id: format!("t{i}").into(),
                name: format!("{i}队").into(),
                tier: TeamTier::Local,
                capability: Capability::Rescue,
                n_people: 20,
                home: at(i),
                district: if i < 6 { west.clone() } else { east.clone() },
                kind: UnitKind::Team,
                also: Vec::new(),
                load: "".into(),
                base: None,
            })
            .collect(),
        shelters: (0..8)
            .map(|i| Shelter {
                id: format!("s{i}").into(),
                name: format!("{i}号避灾点").into(),
                at: at(i),
                district: west.clone(),
                capacity: 300,
            })
            .collect(),
        docks: (0..2)
            .map(|i| Dock { id: format!("DOCK{i}").into(), name: "机场".into(), at: at(i), district: west.clone() })
            .collect(),
        drones: (0..2)
            .map(|i| Drone {
                id: format!("DRONE{i}").into(),
                name: format!("鹭{i}").into(),
                dock: format!("DOCK{i}").into(),
            })
            .collect(),
        sensors: (0..20)
            .map(|i| Sensor {
                id: format!("g{i}").into(),
                name: format!("{i}").into(),
                kind: kinds[i % kinds.len()],
                at: at(i % 10),
                district: west.clone(),
                thresholds: Vec::new(),
            })
            .collect(),
        plans: vec![Plan {
            id: "typhoon".into(),
            title: "台风".into(),
            hazard: Hazard::Typhoon,
            version: "1".into(),
            basis: "示例".into(),
            extends: None,
            district: None,
            township: None,
            ack_within_mins: 5,
            escalate_after_mins: 10,
            ladder: Vec::new(),
            triggers: Vec::new(),
            measures: vec![measure],
        }],
        ..Pack::default()
    }
}
