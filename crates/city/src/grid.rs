//! 单元网格: cells, who walks them, and who is on duty now.
//!
//! Workers and officers are people: the register has a surname and a post, no full name and no telephone number, and nothing
//! more of them enters a record. Where they are is a reading ([`GRID_REGISTER`]), not part of the fold.
//!
//! Who is on duty is what the grid platform says of today ([`Roster`]); where it says nothing, or said it too long ago, the
//! shifts of the pack.

use crate::{LonLat, Timestamp, ids::*, is_in_ring};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The register of things that has the places of workers and teams, by their ids.
pub const GRID_REGISTER: &str = "grid_worker";
/// A roster older than this says nothing of today.
const ROSTER_HOURS: i64 = 18;
const DAY_MINS: u32 = 24 * 60;

/// `grid.json`; a city may have none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CellGrid {
    /// Where it comes from, as screens show it; what is invented begins with `示例`.
    pub basis: Text,
    /// Through which platform people are called; empty if they cannot be.
    pub platform: Text,
    pub cells: Vec<Cell>,
    pub people: Vec<GridPerson>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    pub id: CellId,
    pub name: Text,
    pub district: DistrictId,
    pub township: TownshipId,
    /// Its corners in WGS-84, not closed.
    pub ring: Vec<LonLat>,
}

/// Somebody who works in the street.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridPerson {
    pub id: PersonId,
    pub surname: Text,
    /// Such as `网格员`.
    pub post: Text,
    pub role: GridRole,
    /// Of an enforcement team; empty for who walks alone.
    #[serde(default)]
    pub team: Text,
    pub cells: Vec<CellId>,
    #[serde(default)]
    pub shifts: Vec<Shift>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridRole {
    /// 网格员.
    Worker,
    /// 执法队员.
    Enforcer,
}

/// Every day between two minutes of the Beijing day; past midnight if it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Minutes since midnight.
    pub from: u32,
    pub to: u32,
}

/// Who is on duty where, as the grid platform has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    pub as_of: Timestamp,
    pub duties: Vec<Duty>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Duty {
    pub cell: CellId,
    pub person: PersonId,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Somebody on duty in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnDuty<'a> {
    pub person: &'a GridPerson,
    pub until: Timestamp,
    /// The platform says so; otherwise it is only the plan.
    pub is_told: bool,
}

impl GridPerson {
    /// As screens name them: `陈・网格员`.
    pub fn shown(&self) -> String {
        format!("{}・{}", self.surname, self.post)
    }
}

impl Shift {
    /// Until when somebody on this shift works, if they do now.
    fn until(self, now: Timestamp) -> Option<Timestamp> {
        let midnight = now.start_of_day();
        let minute = now.since_ms(midnight).div_euclid(60_000) as u32;
        let (from, to) = (self.from, self.to);
        if from < to {
            return (from..to).contains(&minute).then(|| midnight.plus_mins(i64::from(to)));
        }
        if minute >= from {
            return Some(midnight.plus_mins(i64::from(to + DAY_MINS)));
        }
        (minute < to).then(|| midnight.plus_mins(i64::from(to)))
    }
}

/// A name's surname, so that no more of it is kept; titles and ranks that follow are dropped with the rest.
pub fn surname_of(name: &str) -> Text {
    const DOUBLE: [&str; 12] =
        ["欧阳", "司马", "上官", "诸葛", "东方", "尉迟", "皇甫", "司徒", "令狐", "慕容", "夏侯", "公孙"];
    let name = name.trim();
    if let Some(double) = DOUBLE.iter().find(|it| name.starts_with(**it)) {
        return (*double).into();
    }
    name.chars().next().map(String::from).unwrap_or_default().into()
}

impl CellGrid {
    /// The cell a place lies in.
    pub fn cell_at(&self, at: LonLat) -> Option<&Cell> {
        self.cells.iter().find(|it| is_in_ring(at, &it.ring))
    }

    pub fn cell(&self, id: &CellId) -> Option<&Cell> {
        self.cells.iter().find(|it| it.id == *id)
    }

    pub fn person(&self, id: &PersonId) -> Option<&GridPerson> {
        self.people.iter().find(|it| it.id == *id)
    }

    /// Who is on duty in a cell: workers first, then by id.
    pub fn on_duty<'a>(&'a self, cell: &CellId, roster: Option<&Roster>, now: Timestamp) -> Vec<OnDuty<'a>> {
        let told = roster.filter(|it| now.since_ms(it.as_of).abs() <= ROSTER_HOURS * 3_600_000);
        let told_of_cell = told.is_some_and(|it| it.duties.iter().any(|it| it.cell == *cell));
        let mut on: Vec<OnDuty<'a>> = match told.filter(|_| told_of_cell) {
            Some(roster) => {
                let here = roster.duties.iter().filter(|it| it.cell == *cell && it.from <= now && now < it.until);
                here.filter_map(|it| Some(OnDuty { person: self.person(&it.person)?, until: it.until, is_told: true }))
                    .collect()
            }
            None => {
                let here = self.people.iter().filter(|it| it.cells.contains(cell));
                here.filter_map(|person| {
                    let until = person.shifts.iter().find_map(|it| it.until(now))?;
                    Some(OnDuty { person, until, is_told: false })
                })
                .collect()
            }
        };
        on.sort_by(|a, b| (a.person.role, &a.person.id).cmp(&(b.person.role, &b.person.id)));
        on.dedup_by(|a, b| a.person.id == b.person.id);
        on
    }

    /// What is wrong with it: the name concerned, and why.
    pub(crate) fn faults(&self, districts: &BTreeSet<&str>, townships: &BTreeSet<&str>) -> Vec<(Text, String)> {
        let mut faults = Vec::new();
        let mut cells = BTreeSet::new();
        for it in &self.cells {
            let id = &it.id.0;
            if id.is_empty() || !cells.insert(id.clone()) {
                faults.push((id.clone(), format!("cell {id:?} has no id of its own")));
            }
            if it.ring.len() < 3 || it.ring.iter().any(|at| !at.is_sane()) {
                faults.push((id.clone(), format!("cell {id} is no area: give at least three [lon, lat]")));
            }
            if !districts.contains(it.district.as_str()) || !townships.contains(it.township.as_str()) {
                faults.push((id.clone(), format!("cell {id} is in no known district and township")));
            }
        }
        let mut people = BTreeSet::new();
        for it in &self.people {
            let id = &it.id.0;
            if id.is_empty() || !people.insert(id.clone()) {
                faults.push((id.clone(), format!("person {id:?} has no id of its own")));
            }
            if it.surname.is_empty() || it.surname.chars().count() > 2 {
                faults.push((id.clone(), format!("person {id}: only the surname belongs here")));
            }
            if let Some(cell) = it.cells.iter().find(|cell| !cells.contains(&cell.0)) {
                faults.push((id.clone(), format!("person {id}: there is no cell {cell}")));
            }
            if it.shifts.iter().any(|it| it.from >= DAY_MINS || it.to > DAY_MINS || it.from == it.to) {
                faults.push((id.clone(), format!("person {id}: a shift is minutes of a day, from 0 to 1440")));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: Timestamp = Timestamp(1_690_387_200_000); // 2023-07-27 00:00 Beijing

    fn grid() -> CellGrid {
        let person = |id: &str, role, shifts: &[(u32, u32)]| GridPerson {
            id: id.into(),
            surname: "陈".into(),
            post: "网格员".into(),
            role,
            team: "".into(),
            cells: vec!["c1".into()],
            shifts: shifts.iter().map(|&(from, to)| Shift { from, to }).collect(),
        };
        let ring = vec![LonLat(118.0, 24.0), LonLat(118.1, 24.0), LonLat(118.1, 24.1), LonLat(118.0, 24.1)];
        let cell = |id: &str, ring: Vec<LonLat>| Cell {
            id: id.into(),
            name: id.into(),
            district: "350203".into(),
            township: "t-1".into(),
            ring,
        };
        CellGrid {
            basis: "示例".into(),
            platform: "yunguanfu".into(),
            cells: vec![cell("c1", ring.clone()), cell("c2", ring.iter().map(|it| LonLat(it.0 + 1.0, it.1)).collect())],
            people: vec![
                person("night", GridRole::Enforcer, &[(20 * 60, 8 * 60)]),
                person("day", GridRole::Worker, &[(8 * 60, 20 * 60)]),
                person("long", GridRole::Worker, &[(6 * 60, 22 * 60)]),
            ],
        }
    }

    fn who(grid: &CellGrid, roster: Option<&Roster>, mins: i64) -> Vec<String> {
        let on = grid.on_duty(&"c1".into(), roster, MIDNIGHT.plus_mins(mins));
        on.iter().map(|it| format!("{} {}", it.person.id, it.until.hm())).collect()
    }

    #[test]
    fn a_place_is_in_one_cell_or_none() {
        let grid = grid();
        assert_eq!(grid.cell_at(LonLat(118.05, 24.05)).map(|it| it.id.as_str()), Some("c1"));
        assert_eq!(grid.cell_at(LonLat(119.05, 24.05)).map(|it| it.id.as_str()), Some("c2"));
        assert_eq!(grid.cell_at(LonLat(117.0, 24.05)), None);
    }

    #[test]
    fn shifts_run_over_midnight_and_end_when_they_end() {
        let grid = grid();
        assert_eq!(who(&grid, None, 7 * 60), ["long 22:00", "night 08:00"]);
        assert_eq!(who(&grid, None, 8 * 60), ["day 20:00", "long 22:00"]);
        assert_eq!(who(&grid, None, 23 * 60), ["night 08:00"]);
    }

    #[test]
    fn the_platforms_word_goes_before_the_plan_until_it_is_old() {
        let grid = grid();
        let duty = |person: &str, from: i64, until: i64| Duty {
            cell: "c1".into(),
            person: person.into(),
            from: MIDNIGHT.plus_mins(from),
            until: MIDNIGHT.plus_mins(until),
        };
        let duties = vec![duty("night", 9 * 60, 11 * 60), duty("stranger", 0, 1440)];
        let roster = Roster { as_of: MIDNIGHT.plus_mins(8 * 60), duties };
        assert_eq!(who(&grid, Some(&roster), 10 * 60), ["night 11:00"]);
        assert_eq!(who(&grid, Some(&roster), 12 * 60), Vec::<String>::new(), "told, and nobody is there");
        assert_eq!(who(&grid, Some(&roster), 32 * 60), ["day 20:00", "long 22:00"], "too old: the plan");
    }

    #[test]
    fn of_a_name_only_the_surname_is_kept() {
        for (name, surname) in [("陈志强", "陈"), (" 欧阳小明", "欧阳"), ("", ""), ("李", "李")] {
            assert_eq!(&*surname_of(name), surname);
        }
    }

    #[test]
    fn a_bad_register_is_named() {
        let mut grid = grid();
        let (districts, townships) = (BTreeSet::from(["350203"]), BTreeSet::from(["t-1"]));
        assert_eq!(grid.faults(&districts, &townships), []);
        grid.people[0].surname = "陈志强".into();
        grid.people[1].cells = vec!["nowhere".into()];
        grid.cells[1].id = "c1".into();
        let names: Vec<Text> = grid.faults(&districts, &townships).into_iter().map(|it| it.0).collect();
        assert_eq!(names.iter().map(|it| &**it).collect::<Vec<_>>(), ["c1", "night", "day"]);
    }
}
