//! Injects (导调): what a drill's director throws in, as a scenario file says it: `[[inject]]` tables.
//!
//! Both the simulated city, which plays them, and `gulang-hub check`, which only reads, refuse a wrong one by its line. It must
//! not know how an inject is played.

use crate::{
    LonLat, Pack, Timestamp,
    ids::*,
    model::*,
    score::{Reference, duration_zh},
};
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// One thing thrown in, from `at` until `until` (for ever without).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inject {
    pub at: Timestamp,
    pub until: Option<Timestamp>,
    pub what: InjectKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InjectKind {
    /// The sensor says nothing.
    SensorDies {
        sensor: SensorId,
    },
    /// Orders that reach the agency are turned down with this reason.
    Refuses {
        agency: AgencyId,
        reason: Text,
    },
    Platform {
        platform: PlatformId,
        fault: PlatformFault,
    },
    /// A second incident: a case reported like any other.
    Incident {
        title: Text,
        address: Text,
        place: LonLat,
        district: DistrictId,
        agency: AgencyId,
        color: WarningColor,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformFault {
    /// Answers HTTP 503.
    Down,
    /// Does what it was asked, then answers so many milliseconds late.
    Slow { ms: u64 },
    /// HTTP 200 with a code that says no.
    Lies,
    /// Tells every answer about an order twice.
    Twice,
    /// Also answers about orders nobody gave, and about versions that never were.
    Confused,
}

impl Inject {
    pub fn is_on(&self, now: Timestamp) -> bool {
        now >= self.at && self.until.is_none_or(|until| now < until)
    }

    /// For the director's list.
    pub fn words(&self) -> String {
        let what = match &self.what {
            InjectKind::SensorDies { sensor } => format!("感知设备 {sensor} 断线"),
            InjectKind::Refuses { agency, reason } => format!("部门 {agency} 退回指令：{reason}"),
            InjectKind::Platform { platform, fault } => format!(
                "平台 {platform} {}",
                match fault {
                    PlatformFault::Down => "停机".to_owned(),
                    PlatformFault::Slow { ms } => format!("慢 {ms} 毫秒"),
                    PlatformFault::Lies => "返回 200 而报错".to_owned(),
                    PlatformFault::Twice => "重复回报".to_owned(),
                    PlatformFault::Confused => "回报不存在的指令".to_owned(),
                }
            ),
            InjectKind::Incident { title, address, .. } => format!("另一起事件：{title}，{address}"),
        };
        match self.until {
            Some(until) => format!("{what}，{}", duration_zh(until.since_ms(self.at) / 1000)),
            None => what,
        }
    }
}

/// A scenario as a drill's director sees it: what is thrown in when, and what publicly happened when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioCard {
    /// Its file's name without `.toml`; what [`crate::Command::StartExercise`] names.
    pub id: String,
    pub title: String,
    /// What of it is real.
    #[serde(default)]
    pub basis: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The one its makers tried it with.
    pub seed: u64,
    /// By time.
    pub injects: Vec<Inject>,
    pub reference: Vec<Reference>,
}

/// One moment of a [`ScenarioCard`].
#[derive(Clone, Debug, PartialEq)]
pub struct DirectorMark {
    pub at: Timestamp,
    /// Of an inject that ends.
    pub until: Option<Timestamp>,
    pub is_inject: bool,
    pub words: String,
}

impl ScenarioCard {
    /// Injects and the public timeline, by time; what is thrown in before what happened in the same moment.
    pub fn marks(&self) -> Vec<DirectorMark> {
        let injects = self.injects.iter().map(|it| DirectorMark {
            at: it.at,
            until: it.until,
            is_inject: true,
            words: it.words(),
        });
        let public = self.reference.iter().map(|it| DirectorMark {
            at: it.at,
            until: None,
            is_inject: false,
            words: it.text.clone(),
        });
        let mut marks: Vec<DirectorMark> = injects.chain(public).collect();
        marks.sort_by_key(|it| (it.at, !it.is_inject));
        marks
    }
}

/// A fault of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {what}, {todo}")]
pub struct InjectError {
    /// From 1.
    pub line: usize,
    pub what: String,
    pub todo: &'static str,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    inject: Vec<Spanned<InjectFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InjectFile {
    at: Spanned<String>,
    until: Option<Spanned<String>>,
    kind: Spanned<String>,
    sensor: Option<Spanned<String>>,
    agency: Option<Spanned<String>>,
    reason: Option<String>,
    platform: Option<Spanned<String>>,
    mode: Option<Spanned<String>>,
    ms: Option<u64>,
    title: Option<String>,
    address: Option<String>,
    place: Option<Spanned<[f64; 2]>>,
    district: Option<Spanned<String>>,
    color: Option<WarningColor>,
    /// For whoever reads the file.
    #[serde(default)]
    #[expect(dead_code, reason = "only for readers of the file")]
    note: Option<String>,
}

/// Reads the injects of a scenario, each name checked against the pack; every fault with its line.
pub fn parse_injects(text: &str, pack: &Pack) -> Result<Vec<Inject>, Vec<InjectError>> {
    let line_at = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|why| {
        let line = why.span().map_or(1, |span| line_at(span.start));
        vec![InjectError { line, what: why.message().to_owned(), todo: "改正该行" }]
    })?;
    let mut injects = Vec::new();
    let mut errors = Vec::new();
    for table in file.inject {
        let line = line_at(table.span().start);
        match one(table.into_inner(), line, pack, &line_at) {
            Ok(inject) => injects.push(inject),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    injects.sort_by_key(|it| it.at);
    Ok(injects)
}

fn one(
    file: InjectFile,
    table_line: usize,
    pack: &Pack,
    line_at: &dyn Fn(usize) -> usize,
) -> Result<Inject, InjectError> {
    let fault = |line, what: String, todo| InjectError { line, what, todo };
    let missing = |field: &str| fault(table_line, format!("导调缺少 {field}"), "补上这一项");
    let time = |it: &Spanned<String>| {
        Timestamp::parse(it.get_ref()).ok_or_else(|| {
            let what = format!("{:?} 不是时间", it.get_ref());
            fault(line_at(it.span().start), what, "写成 2023-07-27 10:00:00")
        })
    };
    let known = |it: Option<Spanned<String>>, field: &str, what: &str, is: &dyn Fn(&str) -> bool| {
        let it = it.ok_or_else(|| missing(field))?;
        if is(it.get_ref()) {
            return Ok(it.into_inner());
        }
        let words = format!("城市数据里没有这个{what}：{}", it.get_ref());
        Err(fault(line_at(it.span().start), words, "改成城市数据里有的"))
    };
    let agency = |it| {
        let is = |id: &str| pack.agencies.iter().any(|agency| agency.id.as_str() == id);
        known(it, "agency", "部门", &is).map(AgencyId::from)
    };
    let at = time(&file.at)?;
    let until = file.until.as_ref().map(time).transpose()?;
    if let (Some(until), Some(words)) = (until, &file.until)
        && until <= at
    {
        return Err(fault(line_at(words.span().start), "until 不晚于 at".into(), "改晚一些"));
    }
    let kind_line = line_at(file.kind.span().start);
    let what = match file.kind.get_ref().as_str() {
        "sensor_dies" => {
            let is = |id: &str| pack.sensors.iter().any(|it| it.id.as_str() == id);
            InjectKind::SensorDies { sensor: known(file.sensor, "sensor", "感知设备", &is)?.into() }
        }
        "refuses" => InjectKind::Refuses {
            agency: agency(file.agency)?,
            reason: file.reason.unwrap_or_else(|| "力量不足，无法执行".into()).into(),
        },
        "platform" => {
            let is = |id: &str| {
                ["cap", "typhoon", "inventory"].contains(&id)
                    || pack.agencies.iter().any(|it| it.platform.as_str() == id)
            };
            let platform = known(file.platform, "platform", "平台", &is)?.into();
            let mode = file.mode.ok_or_else(|| missing("mode"))?;
            let fault = match mode.get_ref().as_str() {
                "down" => PlatformFault::Down,
                "slow" => PlatformFault::Slow { ms: file.ms.unwrap_or(1000).min(60_000) },
                "lies" => PlatformFault::Lies,
                "twice" => PlatformFault::Twice,
                "confused" => PlatformFault::Confused,
                other => {
                    let what = format!("没有这种平台故障：{other}");
                    return Err(fault(line_at(mode.span().start), what, "用 down、slow、lies、twice 或 confused"));
                }
            };
            InjectKind::Platform { platform, fault }
        }
        "incident" => {
            let is = |id: &str| pack.districts.iter().any(|it| it.id.as_str() == id);
            let place = file.place.ok_or_else(|| missing("place"))?;
            let [lon, lat] = *place.get_ref();
            if !LonLat(lon, lat).is_sane() || LonLat(lon, lat).distance_m(pack.center) > crate::MAX_CASE_DISTANCE_M {
                let what = format!("坐标 {lon}, {lat} 不在本市一带");
                return Err(fault(line_at(place.span().start), what, "写成 [经度, 纬度]"));
            }
            InjectKind::Incident {
                title: file.title.ok_or_else(|| missing("title"))?.into(),
                address: file.address.unwrap_or_default().into(),
                place: LonLat(lon, lat),
                district: known(file.district, "district", "区", &is)?.into(),
                agency: agency(file.agency)?,
                color: file.color.unwrap_or(WarningColor::Red),
            }
        }
        other => {
            let what = format!("没有这种导调：{other}");
            return Err(fault(kind_line, what, "用 sensor_dies、refuses、platform 或 incident"));
        }
    };
    Ok(Inject { at, until, what })
}
