//! Rules for fences: what broke one becomes an alarm, once, and is over once.

use super::*;

/// A thing's id is kept up to this length; longer is a mistake.
const MAX_ID_CHARS: usize = 64;

impl City {
    pub(super) fn report_fence(&self, report: &FenceReport, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let FenceReport { register, thing, rule, breach, is_on, value, place, at } = report;
        check_past(*at, now, "围栏告警时间")?;
        let is_id = |id: &Text| !id.is_empty() && id.chars().count() <= MAX_ID_CHARS && !id.contains('|');
        if !is_id(register) || !is_id(thing) {
            return Err(absurd("名录号和编号要有 1–64 个字，不含 |"));
        }
        if !value.is_finite() {
            return Err(absurd("围栏告警的数值不是数"));
        }
        let open = self.open_alarms.get(&key_of(register, rule, *breach, thing)).and_then(|it| self.alarms.get(it));
        match (open, is_on) {
            (None, false) | (Some(_), true) => Err(Refusal::NoChange),
            (Some(alarm), false) => {
                // What a battery brought late must not end what began after it.
                if *at < alarm.raised_at {
                    return Err(stale("回报早于告警".into()));
                }
                Ok(vec![Event::FenceCleared { alarm: alarm.id, at: *at }])
            }
            (None, true) => {
                let (rule_name, color) = self.rule_broken(rule, *breach)?;
                if !place.is_sane() || place.distance_m(self.center) > MAX_CASE_DISTANCE_M {
                    return Err(absurd(format!("{thing} 的坐标 {}, {} 不在本市一带", place.0, place.1)));
                }
                let district = self.district_near(*place).ok_or_else(|| absurd("本市没有区"))?;
                let thing = AlarmThing {
                    register: register.clone(),
                    thing: thing.clone(),
                    rule: rule.clone(),
                    rule_name,
                    breach: *breach,
                    place: place.rounded(),
                    district,
                };
                let alarm = AlarmId(self.alarms.len() as u64 + 1);
                Ok(vec![Event::FenceBroken { alarm, thing, color, value: *value, at: *at }])
            }
        }
    }

    fn rule_broken(&self, rule: &Text, breach: Breach) -> Result<(Text, WarningColor), Refusal> {
        if rule.is_empty() {
            return if breach.is_told() {
                Ok(("".into(), breach.color()))
            } else {
                Err(absurd(format!("{}没有说是哪一条规则", breach.name_zh())))
            };
        }
        let (name, color, expected) = self.fence_rules.rule(rule).ok_or_else(|| unknown("围栏", rule))?;
        if expected != breach {
            return Err(absurd(format!("{name}不管{}", breach.name_zh())));
        }
        Ok((name.clone(), color))
    }
}
