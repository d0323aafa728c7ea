//! 空中救援圈: which helicopters could take off now, and how much of the land they reach in the promised time.

use super::moves::Passages;
use crate::{ids::*, model::*, *};

/// A helicopter this near to a pad stands on it, m.
const ON_PAD_M: f64 = 500.0;

/// A helicopter that waits on a pad.
#[derive(Clone, Debug, PartialEq)]
pub struct AirStation {
    pub team: TeamId,
    pub name: Text,
    pub at: LonLat,
    pub pad: HelipadId,
    /// Why it could not take off now.
    pub bar: Option<Bar>,
}

/// One sample of land, and when a helicopter is over it.
#[derive(Clone, Debug, PartialEq)]
pub struct AirCell {
    pub at: LonLat,
    pub district: DistrictId,
    pub is_island: bool,
    /// From the call; infinite if no helicopter can come.
    pub secs: f64,
    /// In the promised time.
    pub is_within: bool,
}

/// Of the island or of the mainland.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AirShare {
    pub promise_mins: f64,
    pub n_cells: usize,
    pub n_within: usize,
    /// The last place reached, s.
    pub worst_s: f64,
}

impl AirShare {
    /// 0–1; none where there is no land.
    pub fn covered(&self) -> Option<f64> {
        (self.n_cells > 0).then(|| self.n_within as f64 / self.n_cells as f64)
    }
}

/// Whether the air rescue promise holds.
#[derive(Clone, Debug, PartialEq)]
pub struct AirReach {
    /// Samples are this far apart, m.
    pub cell_m: f64,
    pub cells: Vec<AirCell>,
    pub island: AirShare,
    pub mainland: AirShare,
    /// Every helicopter on a pad that is not out, those that cannot take off included.
    pub stations: Vec<AirStation>,
    /// What it was computed from, in words; says what is assumed.
    pub basis: Text,
}

impl City {
    /// Helicopters that stand on a pad and are not out: where they were last heard, else where they are stationed.
    pub fn air_stations(&self, readings: &Readings, now: Timestamp) -> Vec<AirStation> {
        let passages = Passages::new(self, readings, None, now);
        let helicopters = self.candidates(readings, now).into_iter();
        helicopters
            .filter(|it| it.team.kind == UnitKind::Helicopter && it.busy.is_none())
            .filter_map(|it| {
                let pads = self.helipads.values().map(|pad| (pad.at.distance_m(it.at), pad));
                let (_, pad) = pads.filter(|(m, _)| *m <= ON_PAD_M).min_by(|a, b| a.0.total_cmp(&b.0))?;
                let bar = passages.wind_bar_at(UnitKind::Helicopter, it.at);
                let (team, name) = (it.team.id.clone(), it.team.name.clone());
                Some(AirStation { team, name, at: it.at, pad: pad.id.clone(), bar })
            })
            .collect()
    }

    /// The air rescue circle on the land: from the nearest helicopter of [`City::air_stations`] that could take off, in a
    /// straight line. Darkness, clouds and where one may land are not in it.
    pub fn air_reach(&self, land: &Land, readings: &Readings, cell_m: f64, now: Timestamp) -> AirReach {
        let (rules, moves) = (&self.force_rules.air, &self.force_rules.moves.helicopter);
        let stations = self.air_stations(readings, now);
        let ready: Vec<LonLat> = stations.iter().filter(|it| it.bar.is_none()).map(|it| it.at).collect();
        let mut cells = Vec::new();
        let share = |promise_mins| AirShare { promise_mins, ..AirShare::default() };
        let (mut island, mut mainland) = (share(rules.island_mins), share(rules.mainland_mins));
        for (district, at) in land.samples(cell_m.max(50.0)) {
            let is_island = rules.island_districts.contains(district);
            let way_m = ready.iter().map(|it| it.distance_m(at)).fold(f64::INFINITY, f64::min);
            let secs = if way_m > moves.range_km * 1000.0 { f64::INFINITY } else { moves.secs(way_m) };
            let share = if is_island { &mut island } else { &mut mainland };
            let is_within = secs <= share.promise_mins * 60.0;
            share.n_cells += 1;
            share.n_within += usize::from(is_within);
            share.worst_s = share.worst_s.max(secs);
            cells.push(AirCell { at, district: district.clone(), is_island, secs, is_within });
        }
        let basis = format!(
            "待命直升机 {} 架，其中可起飞 {} 架；巡航 {} km/h，{} 分钟起飞（{}）；承诺：岛内 {} 分钟，岛外 {} 分钟（{}）",
            stations.len(),
            ready.len(),
            moves.speed_kmh,
            moves.ready_mins,
            moves.basis,
            rules.island_mins,
            rules.mainland_mins,
            self.force_rules.basis,
        );
        AirReach { cell_m: cell_m.max(50.0), cells, island, mainland, stations, basis: basis.into() }
    }
}
