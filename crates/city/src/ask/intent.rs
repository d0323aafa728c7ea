//! An officer's question without any model: which queries it means, by its words. What it does not understand it says.

use super::*;
use crate::City;

/// Queries made of one question at most.
const MAX_QUERIES: usize = 3;

/// What may be asked, for whoever asked something else.
pub const EXAMPLES: [&str; 8] = [
    "最近一小时哪些内涝点涨得最快",
    "哪些部门还没有签收",
    "哪些指令超期",
    "未确认的红色告警",
    "思明区超期的案件",
    "离筼筜最近的排涝队伍",
    "转移了多少人",
    "哪些数据源失联",
];

const KINDS: &[(SensorKind, &[&str])] = &[
    (SensorKind::Rain, &["雨量", "下雨", "降雨", "雨多大"]),
    (SensorKind::Wind, &["风速", "风力", "刮风", "风多大"]),
    (SensorKind::Tide, &["潮位", "潮水", "海平面"]),
    (SensorKind::Noise, &["噪声", "噪音"]),
    (SensorKind::Air, &["空气"]),
    (SensorKind::WaterQuality, &["水质"]),
    (SensorKind::FloodDepth, &["积水", "内涝", "水深", "被淹", "淹水"]),
];
const CAPABILITIES: &[(Capability, &[&str])] = &[
    (Capability::Drainage, &["排涝", "排水", "抽水", "泵"]),
    (Capability::Fire, &["消防", "灭火"]),
    (Capability::Water, &["水上", "冲锋舟", "潜水"]),
    (Capability::Power, &["电力", "抢电", "供电"]),
    (Capability::Medical, &["医疗", "救护", "急救"]),
    (Capability::City, &["市政", "城管", "环卫"]),
    (Capability::Look, &["侦察", "侦查", "无人机"]),
    (Capability::Rescue, &["救援", "抢险"]),
];
const COLORS: &[(WarningColor, &str)] = &[
    (WarningColor::Red, "红"),
    (WarningColor::Orange, "橙"),
    (WarningColor::Yellow, "黄"),
    (WarningColor::Blue, "蓝"),
];

/// What the question asks, the first sense first; nothing if its words mean nothing here.
pub fn queries_of(city: &City, question: &str) -> Vec<Query> {
    let said = |words: &[&str]| words.iter().any(|it| question.contains(it));
    let district = district_in(city, question);
    let window_mins = window_in(question);
    let mut found = Vec::new();
    if said(&["签收", "没签", "未签", "没收到指令"]) {
        let agency = agency_in(city, question);
        found.push(Query::Orders(OrdersAsked { which: WhichOrders::Unsigned, agency, limit: None }));
    } else if said(&["指令", "任务单"]) {
        let which = if said(&["超期", "逾期", "超时", "拖"]) { WhichOrders::Overdue } else { WhichOrders::Open };
        found.push(Query::Orders(OrdersAsked { which, agency: agency_in(city, question), limit: None }));
    }
    if said(&["案件", "工单", "投诉", "事件", "受理"]) {
        let which = if said(&["超期", "逾期", "超时"]) {
            WhichCases::Overdue
        } else if said(&["今天", "今日"]) {
            WhichCases::Today
        } else {
            WhichCases::Open
        };
        let (district, word) = (district.clone(), quoted_in(question));
        found.push(Query::Cases(CasesAsked { which, district, word, limit: None }));
    }
    if said(&["告警", "报警"]) {
        let kind = KINDS.iter().find(|(_, words)| said(words)).map(|it| it.0);
        let at_least = COLORS.iter().find(|(_, word)| question.contains(word)).map(|it| it.0);
        let only_unacknowledged = said(&["未确认", "没确认", "没有确认"]);
        let district = district.clone();
        found.push(Query::Alarms(AlarmsAsked { kind, at_least, district, only_unacknowledged, limit: None }));
    } else if said(&["预警"]) {
        found.push(Query::Warnings);
    }
    if said(&["队伍", "最近的队", "就近", "派谁", "谁能去", "支援", "力量", "救援队"]) {
        let capability = CAPABILITIES.iter().find(|(_, words)| said(words)).map(|it| it.0);
        if let Some(near) = place_in(city, question) {
            found.push(Query::TeamsNear(TeamsAsked { near, capability, limit: None }));
        }
    }
    if said(&["转移", "撤离", "安置", "避险"]) {
        found.push(Query::Evacuation(PlaceAsked { district: district.clone() }));
    }
    if said(&["数据源", "接口", "失联", "断线", "断了", "看不见", "看不到"]) {
        found.push(Query::Sources);
    }
    let is_of_other = !found.is_empty();
    if !is_of_other && said(&["内涝", "积水", "水位", "水深", "淹"]) {
        found.push(Query::FloodRising(FloodAsked { window_mins, district, limit: None }));
    } else if let Some((kind, _)) = KINDS.iter().find(|(_, words)| said(words)).filter(|_| !is_of_other) {
        let kind = Some(*kind);
        found.push(Query::Readings(ReadingsAsked { sensor: None, kind, district, window_mins, limit: None }));
    } else if let Some(sensor) = sensor_in(city, question).filter(|_| !is_of_other) {
        found.push(Query::Readings(ReadingsAsked { sensor: Some(sensor), window_mins, ..ReadingsAsked::default() }));
    }
    found.truncate(MAX_QUERIES);
    found
}

fn district_in(city: &City, question: &str) -> Option<DistrictId> {
    let is_named = |it: &&crate::District| question.contains(it.name.trim_end_matches(['区', '市', '县']));
    // 思明东路 is a street: a district is meant where its whole name stands, or else no place is named.
    let whole = city.districts.values().find(|it| question.contains(&*it.name));
    let short = || city.districts.values().find(is_named).filter(|_| place_in(city, question).is_none());
    whole.or_else(short).map(|it| it.id.clone())
}

fn agency_in(city: &City, question: &str) -> Option<AgencyId> {
    let is_named = |it: &&crate::Agency| {
        let plain = it.name.trim_start_matches('市');
        question.contains(plain) || !it.short.is_empty() && question.contains(&*it.short)
    };
    city.agencies.values().find(is_named).map(|it| it.id.clone())
}

/// The place with the longest name in the question; a crossing also by one of its roads.
fn place_in(city: &City, question: &str) -> Option<String> {
    let places = city.places();
    let parts = places.iter().flat_map(|(_, name, _)| {
        let roads = name.split(['—', '-', '与']).map(|it| it.trim_end_matches("路口"));
        roads.filter(|it| it.chars().count() > 2).chain([*name]).map(move |part| (part, *name))
    });
    let named = parts.filter(|(part, _)| part.chars().count() > 1 && question.contains(part));
    named.max_by_key(|(part, name)| (part.len(), std::cmp::Reverse(*name))).map(|(_, name)| name.to_owned())
}

fn sensor_in(city: &City, question: &str) -> Option<String> {
    let named = city.sensors.values().filter(|it| it.name.chars().count() > 1 && question.contains(&*it.name));
    named.max_by_key(|it| it.name.len()).map(|it| it.id.to_string())
}

/// `近 30 分钟`, `最近两小时`.
fn window_in(question: &str) -> Option<u32> {
    let said = numbers::numbers(question).into_iter();
    let mut windows = said.filter(|it| it.unit == Some(numbers::Unit::Mins) && it.value.is_finite());
    windows.next().map(|it| it.value.clamp(10.0, 120.0) as u32)
}

/// What stands in quotation marks.
fn quoted_in(question: &str) -> Option<String> {
    let after = question.split_once(['「', '“', '"'])?.1;
    let inside = after.split_once(['」', '”', '"'])?.0.trim();
    (!inside.is_empty()).then(|| inside.to_owned())
}
