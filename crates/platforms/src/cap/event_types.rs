//! 12379 event codes (事件类型) and the hazards they are here.
//!
//! [G]: the list is from memory of codes as public feeds carry them, not from GB/T 35965.1 or its annex; a code that is not
//! here is not refused, its words decide.

use gulang_city::Hazard;

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    pub code: &'static str,
    pub name: &'static str,
    pub hazard: Hazard,
}

const fn of(code: &'static str, name: &'static str, hazard: Hazard) -> EventType {
    EventType { code, name, hazard }
}

/// [G] all of them.
const TABLE: [EventType; 32] = [
    of("11B01", "台风", Hazard::Typhoon),
    of("11B03", "暴雨", Hazard::Rainstorm),
    of("11B04", "暴雪", Hazard::Other),
    of("11B05", "寒潮", Hazard::Other),
    of("11B06", "大风", Hazard::Other),
    of("11B07", "沙尘暴", Hazard::Other),
    of("11B09", "高温", Hazard::Other),
    of("11B11", "干热风", Hazard::Other),
    of("11B14", "雷电", Hazard::Other),
    of("11B15", "冰雹", Hazard::Other),
    of("11B16", "霜冻", Hazard::Other),
    of("11B17", "大雾", Hazard::Other),
    of("11B19", "霾", Hazard::Other),
    of("11B20", "雷雨大风", Hazard::Other),
    of("11B21", "道路结冰", Hazard::Other),
    of("11B22", "干旱", Hazard::Other),
    of("11B23", "海上大风", Hazard::Other),
    of("11B25", "森林火险", Hazard::ForestFire),
    of("11B26", "草原火险", Hazard::Other),
    of("11B27", "冰冻", Hazard::Other),
    of("11B29", "重污染天气", Hazard::Other),
    of("11B31", "强对流", Hazard::Other),
    of("11B34", "强降雨", Hazard::Rainstorm),
    of("11B37", "森林（草原）火险", Hazard::ForestFire),
    of("11B38", "雷暴", Hazard::Other),
    of("11A01", "洪水", Hazard::Other),
    of("11A02", "内涝", Hazard::Rainstorm),
    of("11A52", "山洪灾害", Hazard::Other),
    of("11C01", "地震", Hazard::Earthquake),
    of("11D01", "滑坡", Hazard::Other),
    of("11D02", "泥石流", Hazard::Other),
    of("11E01", "风暴潮", Hazard::Other),
];

/// The entry of a code.
pub fn event_type(code: &str) -> Option<&'static EventType> {
    TABLE.iter().find(|it| it.code == code.trim())
}
