//! 按状态抑制: alarms a state of the city makes pointless, as data (`[[suppress]]` of `rules/alarms.toml`).
//!
//! ISA-18.2's suppression by design. It is a question asked of the present, not a record: a suppressed alarm is raised,
//! recorded and counted like any other, and the moment the state is over it is back in the list. It only asks for nobody
//! meanwhile: no row among the urgent, no sound, no notice. Red is never suppressed.

use crate::{
    AlarmRules, AlarmSubject, Breach, City, Footing, Posture, ResponseLevel, SensorKind, Text, Timestamp,
    judge::AlarmRule, model::*,
};
use serde::{Deserialize, Serialize};

/// More than these are a mistake.
pub const MAX_SUPPRESSIONS: usize = 100;
const DAY_MINS: u16 = 24 * 60;

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    pub id: Text,
    /// As screens show it beside what it keeps back: `昼间施工噪声允许`.
    pub why: Text,
    /// Of sensors ([`SensorKind::id`]) or of what things did ([`Breach::id`]).
    pub kinds: Vec<Text>,
    /// Only alarms these rules lead ([`AlarmRule::id`]); none is all, the sensors' own thresholds too.
    #[serde(default)]
    pub rules: Vec<Text>,
    /// The worst colour it keeps back; never red.
    #[serde(default = "yellow")]
    pub up_to: WarningColor,
    pub when: SuppressWhen,
}

/// The state it holds in: all that is said of it must be so. In `rules/alarms.toml` a text of terms joined by `and`:
///
/// ```text
/// peace, war            the footing of the alarm's district
/// level III             that district is at Ⅲ or graver
/// 07:00-19:00           these hours in Beijing; 22:00-06:00 is over midnight
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SuppressWhen {
    pub posture: Option<Posture>,
    pub at_least: Option<ResponseLevel>,
    /// Minutes of the day: from, and until before.
    pub hours: Option<(u16, u16)>,
}

fn yellow() -> WarningColor {
    WarningColor::Yellow
}

impl SuppressWhen {
    /// Whether a district on this footing is in the state.
    pub fn holds(&self, footing: &Footing, at: Timestamp) -> bool {
        self.posture.is_none_or(|it| it == footing.posture)
            && self.at_least.is_none_or(|it| footing.level >= Some(it))
            && self.hours.is_none_or(|(from, until)| {
                let minute = minute_of_day(at);
                if from <= until { (from..until).contains(&minute) } else { minute >= from || minute < until }
            })
    }
}

impl TryFrom<String> for SuppressWhen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut when = Self::default();
        for term in text.split(" and ").map(str::trim) {
            let is_first = match term.split_once(' ').map_or((term, ""), |(word, rest)| (word, rest.trim())) {
                ("peace", "") => when.posture.replace(Posture::Peace).is_none(),
                ("war", "") => when.posture.replace(Posture::War).is_none(),
                ("level", level) => when.at_least.replace(level_of(level)?).is_none(),
                (hours, "") if hours.contains('-') => when.hours.replace(hours_of(hours)?).is_none(),
                _ => return Err(format!("“{term}”看不懂：写 peace、war、level III 或 07:00-19:00，用 and 连接")),
            };
            if !is_first {
                return Err(format!("“{text}”里同一种条件写了两次"));
            }
        }
        Ok(when)
    }
}

impl From<SuppressWhen> for String {
    fn from(it: SuppressWhen) -> Self {
        let posture = it.posture.map(|it| if it == Posture::War { "war".to_owned() } else { "peace".to_owned() });
        let level = it.at_least.map(|it| format!("level {it:?}"));
        let hm = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let hours = it.hours.map(|(from, until)| format!("{}-{}", hm(from), hm(until)));
        posture.into_iter().chain(level).chain(hours).collect::<Vec<_>>().join(" and ")
    }
}

fn level_of(text: &str) -> Result<ResponseLevel, String> {
    let is_named = |it: &&ResponseLevel| it.roman() == text || format!("{it:?}") == text;
    ResponseLevel::ALL
        .iter()
        .find(is_named)
        .copied()
        .ok_or_else(|| format!("“{text}”不是响应级别：写 IV、III、II 或 I"))
}

fn hours_of(text: &str) -> Result<(u16, u16), String> {
    let bad = || format!("“{text}”不是时段：写 07:00-19:00");
    let minute = |text: &str| -> Option<u16> {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
        (minute < 60 && hour * 60 + minute <= DAY_MINS).then_some(hour * 60 + minute)
    };
    let (from, until) = text.split_once('-').ok_or_else(bad)?;
    let (from, until) = minute(from).zip(minute(until)).ok_or_else(bad)?;
    if from % DAY_MINS == until % DAY_MINS {
        return Err(format!("“{text}”是全天：要一直抑制，不如去掉那条告警规则"));
    }
    Ok((from % DAY_MINS, until))
}

/// In Beijing.
fn minute_of_day(at: Timestamp) -> u16 {
    u16::try_from(at.since_ms(at.start_of_day()) / 60_000).unwrap_or_default()
}

impl AlarmRules {
    /// What is absurd in the suppressions, each with the id of the one it is about.
    pub fn suppress_faults(&self) -> Vec<(Text, String)> {
        let mut faults = Vec::new();
        if self.suppress.len() > MAX_SUPPRESSIONS {
            faults.push((Text::default(), format!("{} 条抑制规则，多于 {MAX_SUPPRESSIONS}", self.suppress.len())));
        }
        for (i, it) in self.suppress.iter().take(MAX_SUPPRESSIONS).enumerate() {
            let mut say = |why: String| faults.push((it.id.clone(), why));
            if it.id.trim().is_empty() || it.why.trim().is_empty() {
                say("抑制规则要有 id 和 why".into());
            }
            if self.suppress.iter().take(i).any(|other| other.id == it.id) {
                say(format!("第二条抑制规则 {}", it.id));
            }
            if it.kinds.is_empty() {
                say(format!("抑制规则 {} 没有 kinds：不写明类别，就会抑制一切", it.id));
            }
            if let Some(kind) = it.kinds.iter().find(|it| !is_kind(it)) {
                say(format!(
                    "抑制规则 {} 的 {kind} 不是会发告警的类别：写 flood_depth 这样的传感器类别，或 entered 这样的行为（大登记表的物的状态不是告警）",
                    it.id
                ));
            }
            if it.when == SuppressWhen::default() {
                say(format!("抑制规则 {} 没有条件", it.id));
            }
            if it.up_to == WarningColor::Red {
                say(format!("抑制规则 {} 到红色为止：红色告警从不抑制，处置它，或改它的级别", it.id));
            }
            for rule in &it.rules {
                match self.get(rule) {
                    None => say(format!("抑制规则 {} 的告警规则 {rule} 没有", it.id)),
                    Some(AlarmRule { color: WarningColor::Red, name, .. }) => {
                        say(format!("抑制规则 {} 的告警规则“{name}”是红色：红色告警从不抑制", it.id));
                    }
                    Some(_) => {}
                }
            }
        }
        faults
    }
}

fn is_kind(id: &str) -> bool {
    SensorKind::ALL.iter().any(|it| it.id() == id) || Breach::ALL.iter().any(|it| it.id() == id)
}

impl City {
    /// The rule that keeps an alarm back now, if one does: the first that fits. Red is never kept back, whatever a rule says.
    ///
    /// An alarm that is over is asked about as of its end: it does not come back as unseen when the hours are over. What the
    /// footing was then is not remembered; the present one is asked.
    pub fn suppression_of(&self, alarm: &Alarm, now: Timestamp) -> Option<&Suppression> {
        if self.alarm_rules.suppress.is_empty() || alarm.color == WarningColor::Red {
            return None;
        }
        self.suppression_by_subject(alarm, &self.subject_of(alarm)?, now)
    }

    /// The same, of a subject already known.
    pub(crate) fn suppression_by_subject(
        &self,
        alarm: &Alarm,
        subject: &AlarmSubject<'_>,
        now: Timestamp,
    ) -> Option<&Suppression> {
        if alarm.color == WarningColor::Red {
            return None;
        }
        let kind = match subject {
            AlarmSubject::Sensor(it) => it.kind.id(),
            AlarmSubject::Thing(it) => it.breach.id(),
        };
        let footing = self.footings.get(subject.district()).unwrap_or(&self.footing);
        let at = alarm.cleared_at.map_or(now, |it| it.min(now));
        self.alarm_rules.suppress.iter().find(|it| {
            alarm.color <= it.up_to
                && it.kinds.iter().any(|it| **it == *kind)
                && (it.rules.is_empty() || it.rules.contains(&alarm.rule))
                && it.when.holds(footing, at)
        })
    }

    /// When the hours of some suppression begin or end next: until then only records change what is kept back.
    pub fn next_suppression_change(&self, now: Timestamp) -> Option<Timestamp> {
        let day = now.start_of_day();
        let edges = self.alarm_rules.suppress.iter().filter_map(|it| it.when.hours);
        let next = |minute: u16| {
            let today = day.plus_mins(minute.into());
            if today > now { today } else { today.plus_mins(DAY_MINS.into()) }
        };
        edges.flat_map(|(from, until)| [next(from), next(until)]).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Realm, ids::AlarmId, tiny_pack};

    /// 2023-07-27 10:00 in Beijing.
    const T0: Timestamp = Timestamp(1_690_423_200_000);

    fn rules(text: &str) -> AlarmRules {
        toml::from_str(text).expect("rules are rules")
    }

    fn flood(color: WarningColor) -> Alarm {
        Alarm {
            id: AlarmId(1),
            sensor: "flood-1".into(),
            color,
            value: 1.0,
            raised_at: T0,
            acknowledged: None,
            cleared_at: None,
            shelved_until: None,
            thing: None,
            rule: Text::default(),
            why: Text::default(),
        }
    }

    /// Whether a yellow alarm of `flood-1` is kept back under this `when`, at so many minutes after ten.
    #[track_caller]
    fn check(when: &str, footing: Footing, mins: i64, expected: bool) {
        let text = format!("[[suppress]]\nid = \"s\"\nwhy = \"x\"\nkinds = [\"flood_depth\"]\nwhen = \"{when}\"\n");
        let rules = rules(&text);
        assert_eq!(rules.suppress_faults(), []);
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        city.alarm_rules = rules;
        for it in city.footings.values_mut() {
            *it = footing.clone();
        }
        let is_kept_back = |alarm: &Alarm| city.suppression_of(alarm, T0.plus_mins(mins)).is_some();
        assert_eq!(is_kept_back(&flood(WarningColor::Yellow)), expected, "{when}");
        assert!(!is_kept_back(&flood(WarningColor::Orange)), "worse than it may keep back");
        assert!(!is_kept_back(&flood(WarningColor::Red)), "red is never kept back");
    }

    fn war(level: ResponseLevel) -> Footing {
        Footing { posture: Posture::War, level: Some(level), ..Footing::default() }
    }

    #[test]
    fn a_state_is_all_that_is_said_of_it() {
        check("peace", Footing::default(), 0, true);
        check("war", Footing::default(), 0, false);
        check("war", war(ResponseLevel::IV), 0, true);
        check("level III", war(ResponseLevel::IV), 0, false);
        check("level Ⅲ", war(ResponseLevel::III), 0, true);
        check("level III", war(ResponseLevel::I), 0, true);
        check("level IV", Footing::default(), 0, false);
        check("10:00-19:00", Footing::default(), 0, true);
        check("10:00-19:00", Footing::default(), -1, false);
        check("10:00-19:00", Footing::default(), 9 * 60, false);
        check("22:00-06:00", Footing::default(), 13 * 60, true);
        check("22:00-06:00", Footing::default(), 0, false);
        check("07:00-24:00", Footing::default(), 13 * 60, true);
        check("peace and 07:00-19:00", war(ResponseLevel::IV), 0, false);
    }

    #[test]
    fn a_state_reads_as_it_is_written() {
        for text in ["peace", "war and level II", "peace and 22:00-06:00", "level I and 00:30-24:00"] {
            let when = SuppressWhen::try_from(text.to_owned()).expect(text);
            assert_eq!(String::from(when), text);
        }
    }

    #[test]
    fn what_is_not_a_state_is_told() {
        for (text, why) in [
            ("", "看不懂"),
            ("holiday", "看不懂"),
            ("level V", "不是响应级别"),
            ("25:00-26:00", "不是时段"),
            ("07:60-08:00", "不是时段"),
            ("99999:00-08:00", "不是时段"),
            ("00:00-24:00", "全天"),
            ("07:00-07:00", "全天"),
            ("peace and war", "两次"),
        ] {
            let told = SuppressWhen::try_from(text.to_owned()).expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }

    #[test]
    fn red_is_refused_and_so_is_what_would_keep_back_everything() {
        let text = r#"
            [[rules]]
            id = "gas"
            name = "燃气"
            kinds = ["flood_depth"]
            color = "red"
            test = { above = { on = 8, off = 2 } }
            [[suppress]]
            id = "a"
            why = "x"
            kinds = ["flood_depth"]
            up_to = "red"
            when = "peace"
            [[suppress]]
            id = "b"
            why = "x"
            kinds = ["flood_depth"]
            rules = ["gas"]
            when = "peace"
            [[suppress]]
            id = "c"
            why = "x"
            kinds = []
            when = "peace"
            [[suppress]]
            id = "d"
            why = "x"
            kinds = ["site_noise"]
            rules = ["none"]
            when = "peace"
            [[suppress]]
            id = "d"
            why = ""
            kinds = ["noise", "silent"]
            when = "peace"
        "#;
        let faults = rules(text).suppress_faults();
        let told: Vec<(&str, bool)> =
            faults.iter().map(|(id, why)| (&**id, why.contains("红色告警从不抑制"))).collect();
        assert_eq!(
            told,
            [("a", true), ("b", true), ("c", false), ("d", false), ("d", false), ("d", false), ("d", false)],
            "{faults:?}"
        );
    }

    #[test]
    fn what_is_over_is_asked_about_as_of_its_end() {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        city.alarm_rules =
            rules("[[suppress]]\nid = \"s\"\nwhy = \"x\"\nkinds = [\"flood_depth\"]\nwhen = \"07:00-19:00\"\n");
        let evening = T0.plus_mins(10 * 60);
        let mut alarm = flood(WarningColor::Yellow);
        assert!(city.suppression_of(&alarm, evening).is_none(), "it is back");
        alarm.cleared_at = Some(T0.plus_mins(5));
        assert!(city.suppression_of(&alarm, evening).is_some(), "it was over before");
    }

    #[test]
    fn the_next_change_is_the_next_edge_of_any_hours() {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        assert_eq!(city.next_suppression_change(T0), None);
        city.alarm_rules = rules(
            "[[suppress]]\nid = \"s\"\nwhy = \"x\"\nkinds = [\"noise\"]\nwhen = \"10:00-24:00\"\n\
             [[suppress]]\nid = \"t\"\nwhy = \"x\"\nkinds = [\"noise\"]\nwhen = \"06:00-09:00\"\n",
        );
        assert_eq!(city.next_suppression_change(T0), Some(T0.plus_mins(14 * 60)), "at ten it has begun already");
        assert_eq!(city.next_suppression_change(T0.plus_mins(-1)), Some(T0));
        assert_eq!(city.next_suppression_change(T0.plus_mins(14 * 60)), Some(T0.plus_mins(20 * 60)));
    }

    #[test]
    fn rules_go_through_a_snapshot() {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        city.alarm_rules =
            rules("[[suppress]]\nid = \"s\"\nwhy = \"x\"\nkinds = [\"noise\"]\nwhen = \"peace and 10:00-24:00\"\n");
        let bytes = city.to_bytes().expect("bytes");
        assert_eq!(City::from_bytes(&bytes).expect("a city").alarm_rules, city.alarm_rules);
    }
}
