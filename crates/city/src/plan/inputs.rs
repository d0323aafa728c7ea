//! What a plan's expression may name, and what each name is worth at a place and a time.
//!
//! Every input says in words what it is, as of when; one that is missing or stale says so instead of being zero. Where only
//! bounds are known (sensors that fell silent with alarms still open), the expression is asked at both bounds.

use super::expression::{Expression, Part, Truth, empty_context};
use crate::{
    Budget, City, Freshness, HealthState, MAX_AHEAD_MINS, MarkingKind, PlatformId, SensorKind, Timestamp, elapsed_text,
    freshness, ids::*, model::*,
};
use cel::Context;

/// One name an expression may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputDoc {
    pub name: &'static str,
    /// The unit of its value; empty for a count or a colour.
    pub unit: &'static str,
    /// What it is, for whoever writes a plan.
    pub meaning: &'static str,
}

const fn doc(name: &'static str, unit: &'static str, meaning: &'static str) -> InputDoc {
    InputDoc { name, unit, meaning }
}

/// The inputs of every expression. Colours are 0 none, 1 blue, 2 yellow, 3 orange, 4 red, also as the words `blue` … `red`.
///
/// At a district, warnings are those that name it or no district, circles reach its centre, sensors are its own. At the
/// city, warnings are those that name no district or all of them.
pub const INPUTS: [InputDoc; 30] = [
    doc("blue", "", "蓝色"),
    doc("yellow", "", "黄色"),
    doc("orange", "", "橙色"),
    doc("red", "", "红色"),
    doc("warning.typhoon", "", "生效的台风预警最高颜色"),
    doc("warning.rainstorm", "", "生效的暴雨预警最高颜色"),
    doc("warning.forest_fire", "", "生效的森林火险预警最高颜色"),
    doc("warning.earthquake", "", "生效的地震预警最高颜色"),
    doc("warning.general", "", "生效的综合预警最高颜色"),
    doc("warning.other", "", "生效的其他预警最高颜色"),
    doc("circle.hours7", "h", "7 级风圈到达前的小时数；已覆盖为 0，预报不到为 9999"),
    doc("circle.hours10", "h", "10 级风圈到达前的小时数"),
    doc("circle.hours12", "h", "12 级风圈到达前的小时数"),
    doc("flood.n15", "", "积水 15 厘米以上的内涝点数"),
    doc("flood.n27", "", "积水 27 厘米以上的内涝点数"),
    doc("flood.n40", "", "积水 40 厘米以上的内涝点数"),
    doc("flood.n60", "", "积水 60 厘米以上的内涝点数"),
    doc("flood.max", "cm", "最深积水"),
    doc("flood.trend", "cm/h", "最深积水每小时变化"),
    doc("rain.max", "mm/h", "最大小时雨量"),
    doc("rain.mean", "mm/h", "平均小时雨量"),
    doc("rain.trend", "mm/h²", "最大小时雨量每小时变化"),
    doc("wind.max", "m/s", "最大平均风速"),
    doc("wind.trend", "m/s/h", "最大平均风速每小时变化"),
    doc("tide.max", "m", "最高潮位"),
    doc("tide.trend", "m/h", "最高潮位每小时变化"),
    doc("quake.magnitude", "", "72 小时内报告或标绘的最大震级；没有为 0"),
    doc("quake.km", "km", "该次地震震中距离；没有为 9999"),
    doc("fire.n", "", "24 小时内标绘的火点数"),
    doc("cases.red", "", "未结案的红色案件数"),
];

/// More hours than any forecast reaches; also kilometres farther than any quake matters.
const NEVER: f64 = 9999.0;
/// A typhoon's last fix older than this is stale: the feeds issue every six hours at the least, so two were missed.
const TYPHOON_STALE_HOURS: i64 = 12;
/// How long a quake on the map, and a fire, is a reason.
const QUAKE_HOURS: i64 = 72;
const FIRE_HOURS: i64 = 24;
/// The hub's names of the sources that warnings and typhoons come from, as in `City::connectors`.
const WARNINGS_FROM: &str = "cap";
const TYPHOONS_FROM: &str = "typhoon";

/// What an input is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    Known(f64),
    /// Between the mildest and the severest it can be: the source is silent, but not all of it is unknown.
    Between(f64, f64),
    Missing,
}

/// One input at a place and a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: &'static str,
    pub worth: Worth,
    /// What is known, or what is missing and since when, as the officer reads it.
    pub words: Text,
    /// As of when; 0 if it was never heard.
    pub as_of: Timestamp,
    /// What makes this the same fact as before, if its words would not.
    pub(crate) key: Text,
}

/// All inputs at one place, ready to be asked.
pub struct Inputs {
    all: Vec<Input>,
    mild: Context<'static, 'static>,
    severe: Context<'static, 'static>,
}

impl Inputs {
    pub fn get(&self, name: &str) -> Option<&Input> {
        self.all.iter().find(|it| it.name == name)
    }
    pub fn iter(&self) -> impl Iterator<Item = &Input> {
        self.all.iter()
    }

    pub fn truth(&self, expression: &Expression) -> Truth {
        agreed(expression.truth(&self.mild), expression.truth(&self.severe))
    }
    pub(crate) fn truth_of_part(&self, part: &Part) -> Truth {
        agreed(part.truth(&self.mild), part.truth(&self.severe))
    }

    fn of(all: Vec<Input>) -> Self {
        let (mut mild, mut severe) = (empty_context(), empty_context());
        add_colors(&mut mild);
        add_colors(&mut severe);
        for input in &all {
            let (a, b) = match input.worth {
                Worth::Known(value) => (value, value),
                Worth::Between(a, b) => (a, b),
                Worth::Missing => continue,
            };
            mild.add_variable_from_value(input.name, a);
            severe.add_variable_from_value(input.name, b);
        }
        Self { all, mild, severe }
    }

    /// Every input with some value, to see whether an expression is a condition at all.
    pub(crate) fn specimen(value: f64) -> Context<'static, 'static> {
        let mut context = empty_context();
        for it in INPUTS {
            context.add_variable_from_value(it.name, value);
        }
        add_colors(&mut context);
        context
    }
}

/// The colours' words.
pub(crate) fn add_colors(context: &mut Context<'_, '_>) {
    for (i, color) in WarningColor::ALL.into_iter().enumerate() {
        let name = match color {
            WarningColor::Blue => "blue",
            WarningColor::Yellow => "yellow",
            WarningColor::Orange => "orange",
            WarningColor::Red => "red",
        };
        context.add_variable_from_value(name, (i + 1) as f64);
    }
}

/// Bounds that disagree tell nothing.
fn agreed(a: Truth, b: Truth) -> Truth {
    if a == b { a } else { Truth::CannotTell }
}

impl SensorKind {
    /// How long its readings count.
    pub fn budget(self) -> Budget {
        match self {
            Self::FloodDepth | Self::Tide => Budget::Water,
            Self::Rain | Self::Wind => Budget::Weather,
            _ => Budget::Default,
        }
    }
}

impl City {
    /// All inputs at a district, or at the city.
    pub fn inputs(&self, place: Option<&DistrictId>, now: Timestamp) -> Inputs {
        let mut all = Vec::with_capacity(INPUTS.len());
        for (name, hazard) in [
            ("warning.typhoon", Hazard::Typhoon),
            ("warning.rainstorm", Hazard::Rainstorm),
            ("warning.forest_fire", Hazard::ForestFire),
            ("warning.earthquake", Hazard::Earthquake),
            ("warning.general", Hazard::General),
            ("warning.other", Hazard::Other),
        ] {
            all.push(self.warning_input(name, hazard, place, now));
        }
        for (name, grade) in [("circle.hours7", 7), ("circle.hours10", 10), ("circle.hours12", 12)] {
            all.push(self.circle_input(name, grade, place, now));
        }
        for (name, cm) in [("flood.n15", 15), ("flood.n27", 27), ("flood.n40", 40), ("flood.n60", 60)] {
            all.push(self.flood_input(name, cm, place, now));
        }
        use SensorKind::{FloodDepth, Rain, Tide, Wind};
        for (kind, max, mean, trend) in [
            (FloodDepth, "flood.max", None, "flood.trend"),
            (Rain, "rain.max", Some("rain.mean"), "rain.trend"),
            (Wind, "wind.max", None, "wind.trend"),
            (Tide, "tide.max", None, "tide.trend"),
        ] {
            self.sensed_inputs(&mut all, kind, [Some(max), mean, Some(trend)], place, now);
        }
        self.drawn_inputs(&mut all, place, now);
        Inputs::of(all)
    }

    fn warning_input(&self, name: &'static str, hazard: Hazard, place: Option<&DistrictId>, now: Timestamp) -> Input {
        let is_here = |it: &Warning| {
            it.districts.is_empty()
                || match place {
                    Some(place) => it.districts.contains(place),
                    None => self.districts.keys().all(|district| it.districts.contains(district)),
                }
        };
        let in_force = self
            .warnings
            .values()
            .filter(|it| !it.cancelled && it.expires_at > now && it.hazard == hazard && is_here(it));
        let top = in_force.max_by_key(|it| (it.color, it.sent_at));
        let color = top.map_or(0.0, |it| f64::from(it.color as u8 + 1));
        let (words, as_of, key) = match top {
            Some(it) => (format!("{}色预警生效：{}", it.color.glyph(), it.headline), it.sent_at, it.id.0.clone()),
            None => (format!("没有生效的{}预警", hazard.name_zh()), now, "".into()),
        };
        match self.silent_since(WARNINGS_FROM) {
            Some(since) => {
                let words = format!("预警来源失联 {}；失联前{words}", age(since, now));
                Input { name, worth: Worth::Between(color, 4.0), words: words.into(), as_of: since, key }
            }
            None => Input { name, worth: Worth::Known(color), words: words.into(), as_of, key },
        }
    }

    fn circle_input(&self, name: &'static str, grade: u8, place: Option<&DistrictId>, now: Timestamp) -> Input {
        let district = place.and_then(|it| self.districts.get(it));
        let (at, place_name) = district.map_or((self.center, "市中心".into()), |it| (it.center, it.name.clone()));
        let input = |worth, words: String, as_of, key: Text| Input { name, worth, words: words.into(), as_of, key };
        let active = self.typhoons.values().rev().find(|it| it.active);
        let Some(typhoon) = active else {
            return match self.silent_since(TYPHOONS_FROM) {
                Some(since) => {
                    let words = format!("台风来源失联 {}", age(since, now));
                    input(Worth::Between(NEVER, 0.0), words, since, "".into())
                }
                None => input(Worth::Known(NEVER), "没有活动台风".to_owned(), now, "".into()),
            };
        };
        let fix = typhoon.track.iter().rev().find(|it| it.at <= now.plus_mins(MAX_AHEAD_MINS));
        let Some(fix) = fix else {
            return input(Worth::Missing, format!("台风“{}”没有定位", typhoon.name), Timestamp(0), "".into());
        };
        if now.since_ms(fix.at) > TYPHOON_STALE_HOURS * 3_600_000 {
            let words = format!("台风“{}”定位已过时，{}前", typhoon.name, age(fix.at, now));
            return input(Worth::Missing, words, fix.at, "".into());
        }
        match self.circle_arrival(grade, at, now) {
            Some(it) if it.inside => {
                input(Worth::Known(0.0), format!("{grade} 级风圈已覆盖{place_name}"), it.at, "inside".into())
            }
            Some(it) => {
                let hours = (it.at.since_ms(now) as f64 / 3_600_000.0).max(0.0);
                let when = it.at.beijing().strftime("%m-%d %H:%M");
                let words = format!("{}预报：{grade} 级风圈 {when} 前后到{place_name}", it.agency);
                let key = format!("{}{}", it.agency, it.at.0 / 3_600_000);
                input(Worth::Known(hours), words, it.issued_at, key.into())
            }
            None => input(Worth::Known(NEVER), format!("预报 {grade} 级风圈不到{place_name}"), fix.at, "".into()),
        }
    }

    /// Open alarms are facts; that there are no more of them is one only while the sensors are heard.
    fn flood_input(&self, name: &'static str, cm: u32, place: Option<&DistrictId>, now: Timestamp) -> Input {
        let cm_f32 = cm as f32;
        let (mut n, mut n_points, mut as_of) = (0u32, 0u32, Timestamp(0));
        for point in self.flood_points.values().filter(|it| place.is_none_or(|place| it.district == *place)) {
            n_points += 1;
            let Some(alarm) = self.open_alarms.get(&point.sensor).and_then(|it| self.alarms.get(it)) else { continue };
            let reached = self
                .sensors
                .get(&point.sensor)
                .and_then(|it| it.thresholds.iter().find(|it| it.color == alarm.color))
                .is_some_and(|it| it.on >= cm_f32);
            if reached || alarm.value >= cm_f32 {
                n += 1;
                as_of = as_of.max(alarm.raised_at);
            }
        }
        let words = format!("积水 ≥ {cm} cm 的内涝点 {n} 处");
        let key: Text = "".into();
        match self.heard(SensorKind::FloodDepth, place, now) {
            Ok(at) => {
                let as_of = as_of.max(at);
                Input { name, worth: Worth::Known(f64::from(n)), words: words.into(), as_of, key }
            }
            Err((at, why)) => {
                let worth = Worth::Between(f64::from(n), f64::from(n_points));
                let words = if n == 0 { why } else { format!("{words}；{why}") };
                Input { name, worth, words: words.into(), as_of: as_of.max(at), key }
            }
        }
    }

    fn sensed_inputs(
        &self,
        all: &mut Vec<Input>,
        kind: SensorKind,
        [max, mean, trend]: [Option<&'static str>; 3],
        place: Option<&DistrictId>,
        now: Timestamp,
    ) {
        let heard = self.heard(kind, place, now);
        let seen = self.observations.get(&(kind, place.cloned())).filter(|_| heard.is_ok());
        let (word, unit) = (kind.name_zh(), kind.unit());
        let figures = [
            (max, seen.map(|it| it.max), "最大", ""),
            (mean, seen.map(|it| it.mean), "平均", ""),
            (trend, seen.and_then(|it| it.trend), "最大值变化", "/h"),
        ];
        for (name, value, which, per) in figures {
            let Some(name) = name else { continue };
            let (worth, words, as_of) = match (value, &heard) {
                (Some(value), Ok(at)) => {
                    (Worth::Known(f64::from(value)), format!("{word}{which} {value:.1} {unit}{per}"), *at)
                }
                (_, Err((at, why))) => (Worth::Missing, why.clone(), *at),
                (None, Ok(at)) => (Worth::Missing, format!("{word}{which}还没有两次观测"), *at),
            };
            all.push(Input { name, worth, words: words.into(), as_of, key: "".into() });
        }
    }

    fn drawn_inputs(&self, all: &mut Vec<Input>, place: Option<&DistrictId>, now: Timestamp) {
        let at = place.and_then(|it| self.districts.get(it)).map_or(self.center, |it| it.center);
        let known = |name, value: f64, words: String, as_of| Input {
            name,
            worth: Worth::Known(value),
            words: words.into(),
            as_of,
            key: "".into(),
        };
        let since = |hours: i64| now.plus_mins(-hours * 60);
        let quakes = self.markings.values().filter_map(|it| match &it.kind {
            MarkingKind::Quake { at: epicentre, magnitude, origin, .. } if *origin >= since(QUAKE_HOURS) => {
                Some((*magnitude, epicentre.distance_m(at) / 1000.0, it.at))
            }
            _ => None,
        });
        let reported = self
            .quakes
            .values()
            .filter(|it| !it.cancelled && it.lead.origin >= since(QUAKE_HOURS))
            .map(|it| (it.lead.magnitude, it.lead.at.distance_m(at) / 1000.0, it.heard_at));
        let (magnitude, km, as_of, words) = match quakes.chain(reported).max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((magnitude, km, as_of)) => {
                (f64::from(magnitude), km, as_of, format!("{magnitude:.1} 级地震，震中距 {km:.0} km"))
            }
            None => (0.0, NEVER, now, format!("{QUAKE_HOURS} 小时内没有地震报告或标绘")),
        };
        all.push(known("quake.magnitude", magnitude, words.clone(), as_of));
        all.push(known("quake.km", km, words, as_of));
        let fires = self
            .markings
            .values()
            .filter(|it| matches!(&it.kind, MarkingKind::Fire { started, .. } if *started >= since(FIRE_HOURS)));
        let n = fires.count();
        all.push(known("fire.n", n as f64, format!("{FIRE_HOURS} 小时内标绘火点 {n} 处"), now));
        let red = self.cases.values().filter(|it| {
            it.is_open()
                && it.report.color == WarningColor::Red
                && place.is_none_or(|place| it.report.district == *place)
        });
        let n = red.count();
        all.push(known("cases.red", n as f64, format!("未结案的红色案件 {n} 件"), now));
    }

    /// When a kind of sensor was last summed up here, or since when not, in words.
    fn heard(
        &self,
        kind: SensorKind,
        place: Option<&DistrictId>,
        now: Timestamp,
    ) -> Result<Timestamp, (Timestamp, String)> {
        let at = self.observations.get(&(kind, place.cloned())).map_or(Timestamp(0), |it| it.as_of);
        let word = kind.name_zh();
        match freshness(kind.budget(), at, now) {
            Freshness::Fresh | Freshness::Stale { .. } => Ok(at),
            Freshness::Lost { age_secs } => Err((at, format!("{word}监测已 {} 没有更新", elapsed_text(age_secs)))),
            Freshness::NeverHeard => Err((at, format!("{word}监测没有收到"))),
        }
    }

    fn silent_since(&self, platform: &str) -> Option<Timestamp> {
        let health = self.connectors.get(&PlatformId::from(platform))?;
        (health.state == HealthState::Silent).then_some(health.since)
    }
}

fn age(since: Timestamp, now: Timestamp) -> String {
    elapsed_text(now.since_ms(since) / 1000)
}
