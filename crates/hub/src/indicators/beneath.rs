//! What a row beneath a figure is, in words.

use gulang_city::{City, Readings, SensorId, Text, ThingState, indicators::RowId};
use serde::Serialize;

/// One thing that a figure is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beneath {
    pub id: RowId,
    /// What kind of thing it is.
    pub kind: &'static str,
    /// As its platform numbers it.
    pub number: String,
    pub name: Text,
    /// How it stands.
    pub words: String,
    /// When it was last said, ms; none if nobody says when.
    pub at_ms: Option<i64>,
}

/// A row that is gone meanwhile says so.
pub fn describe(city: &City, readings: &Readings, id: RowId) -> Beneath {
    let told = |kind, number: String, name: &Text, words: String, at_ms| {
        let name = name.clone();
        Beneath { id: id.clone(), kind, number, name, words, at_ms }
    };
    let district = |id| city.districts.get(id).map(|it| it.name.to_string()).unwrap_or_default();
    let place = |kind, number: String, name: &Text, at| told(kind, number, name, district(at), None);
    let found = match &id {
        RowId::Case(case) => city.cases.get(case).map(|it| {
            let words = format!("{}・{}・{}", district(&it.report.district), it.report.address, it.stage.name_zh());
            told("案件", case.to_string(), &it.report.title, words, Some(it.stage_at.0))
        }),
        RowId::Order(order) => city.orders.get(order).map(|it| {
            let agency = city.agencies.get(&it.text.agency).map(|it| it.short.to_string()).unwrap_or_default();
            let words = format!("{agency}・{}", it.rung.name_zh());
            told("指令", order.to_string(), &it.text.title, words, Some(it.rung_at.0))
        }),
        RowId::Sensor(sensor) => city.sensors.get(sensor).map(|it| {
            let (words, at) = reading(city, readings, sensor);
            told("传感", sensor.to_string(), &it.name, format!("{}・{words}", district(&it.district)), at)
        }),
        RowId::Team(it) => city.teams.get(it).map(|it| place("力量", it.id.to_string(), &it.name, &it.district)),
        RowId::Shelter(it) => {
            city.shelters.get(it).map(|it| place("避灾点", it.id.to_string(), &it.name, &it.district))
        }
        RowId::Depot(it) => city.depots.get(it).map(|it| place("物资库", it.id.to_string(), &it.name, &it.district)),
        RowId::Hospital(it) => {
            city.hospitals.get(it).map(|it| place("医院", it.id.to_string(), &it.name, &it.district))
        }
        RowId::Camera(it) => city.cameras.get(it).map(|it| place("摄像头", it.id.to_string(), &it.name, &it.district)),
        RowId::Helipad(it) => {
            city.helipads.get(it).map(|it| place("停机坪", it.id.to_string(), &it.name, &it.district))
        }
        RowId::Dock(it) => city.docks.get(it).map(|it| place("机巢", it.id.to_string(), &it.name, &it.district)),
        RowId::Drone(it) => {
            city.drones.get(it).map(|it| told("无人机", it.id.to_string(), &it.name, it.dock.to_string(), None))
        }
        RowId::Evacuation(class, at) => {
            let township = at.township.as_ref().and_then(|it| city.townships.get(it)).map(|it| it.name.clone());
            let name = township.unwrap_or_else(|| district(&at.district).into());
            Some(told("转移", at.district.to_string(), &name, class.name_zh().to_owned(), None))
        }
        RowId::Alarm(alarm) => city.alarms.get(alarm).map(|it| {
            let name = city.sensors.get(&it.sensor).map_or_else(|| it.sensor.0.clone(), |it| it.name.clone());
            let state = if it.cleared_at.is_some() { "已解除" } else { "未解除" };
            let words = format!("{}・{state}・{}", it.color.glyph(), it.why);
            told("告警", alarm.to_string(), &name, words, Some(it.raised_at.0))
        }),
        RowId::Detection(detection) => city.detections.known.get(detection).map(|it| {
            let camera = city.cameras.get(&it.camera).map_or_else(|| it.camera.0.clone(), |it| it.name.clone());
            told("视频识别", detection.to_string(), &it.kind, camera.to_string(), Some(it.last_at.0))
        }),
        RowId::Platform(platform) => city.connectors.get(platform).map(|it| {
            let at = readings.heard.get(platform).map(|it| it.0);
            told("数据源", platform.to_string(), &it.name, it.last_error.to_string(), at)
        }),
        RowId::Register(register, state) => {
            let state = ThingState::from_number(*state).name_zh();
            Some(told("登记册", register.to_string(), register, state.to_owned(), None))
        }
    };
    found.unwrap_or_else(|| told("", String::new(), &"".into(), "已不在册".to_owned(), None))
}

fn reading(city: &City, readings: &Readings, sensor: &SensorId) -> (String, Option<i64>) {
    let heard = city.sensors.get_index_of(sensor).and_then(|i| {
        let at = readings.gauges.at.get(i).filter(|it| it.0 > 0)?;
        Some((readings.gauges.value.get(i)?, at.0))
    });
    match heard {
        Some((value, at)) => (format!("{value:.2}"), Some(at)),
        None => ("从未收到".to_owned(), None),
    }
}
