//! 标绘: what officers draw on the map for the whole hall, and the roads it closes.
//!
//! A marking is a fact of its realm, put and removed by commands like any other; an exercise's markings live and end with
//! the exercise. The rules are in `decide`; here are the nouns, and [`City::closed_links`].

use crate::{freshness::*, ids::*, *};
use serde::{Deserialize, Serialize};

/// One thing drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marking {
    pub id: MarkingId,
    pub kind: MarkingKind,
    /// Whose seat drew it.
    pub by: SeatId,
    pub at: Timestamp,
    pub note: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkingKind {
    /// 交通管制: no vehicle passes. Closes the links in it.
    Closure { area: Area, reason: Text },
    /// 电子围栏: a named area to watch.
    Fence { name: Text, ring: Vec<LonLat> },
    /// An earthquake as reported. `origin` is when it broke.
    Quake { at: LonLat, magnitude: f32, depth_km: f32, origin: Timestamp },
    /// A fire's seat.
    Fire { at: LonLat, started: Timestamp },
    /// Show what is reached when from these places.
    ReachFrom { places: Vec<LonLat> },
    /// 标点: something seen there; the marking's note says what. It lies within `error_m` of `at`, m.
    Spot { at: LonLat, error_m: f32 },
}

/// A part of the map. Rings are open (the last corner is not the first again) and even-odd; WGS-84.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Ring(Vec<LonLat>),
    Circle { center: LonLat, radius_m: f32 },
}

/// Water this deep on a road closes it, cm. Beijing's traffic police paint their red line at 27 cm and close the road above
/// it (新京报, 2013-05-31, 「积水超27厘米 交警将封路」). Fire engines and high vehicles could go deeper; that they are held
/// to the same line is our assumption, on the safe side.
pub const FLOODED_CM: f32 = 27.0;
/// A flood point stands for the roads within this distance of it, m. Our assumption.
pub const FLOOD_REACH_M: f64 = 30.0;

impl MarkingKind {
    pub fn name_zh(&self) -> &'static str {
        match self {
            Self::Closure { .. } => "交通管制",
            Self::Fence { .. } => "电子围栏",
            Self::Quake { .. } => "地震",
            Self::Fire { .. } => "火情",
            Self::ReachFrom { .. } => "到达圈",
            Self::Spot { .. } => "标点",
        }
    }

    /// The places it is drawn from: corners, centre or seat.
    pub fn places(&self) -> &[LonLat] {
        match self {
            Self::Closure { area: Area::Ring(ring), .. } | Self::Fence { ring, .. } => ring,
            Self::Closure { area: Area::Circle { center: at, .. }, .. }
            | Self::Quake { at, .. }
            | Self::Fire { at, .. }
            | Self::Spot { at, .. } => std::slice::from_ref(at),
            Self::ReachFrom { places } => places,
        }
    }
}

impl Area {
    /// Links that lie in it or cross its edge, ascending.
    pub fn links(&self, net: &RoadNet) -> Vec<LinkId> {
        match self {
            Self::Ring(ring) => net.links_in(ring),
            Self::Circle { center, radius_m } => net.links_near(*center, f64::from(*radius_m)),
        }
    }
}

impl City {
    /// The links that may not be used now: those in closures, and those under water.
    ///
    /// A link is under water when a flood point within [`FLOOD_REACH_M`] of it reads [`FLOODED_CM`] or more; bridges stay
    /// dry. A reading counts until it is lost ([`Budget::Water`]): a gauge that has just gone quiet does not open its road.
    pub fn closed_links(&self, net: &RoadNet, readings: &Readings, now: Timestamp) -> Closures {
        let mut closed = Closures::default();
        for marking in self.markings.values() {
            if let MarkingKind::Closure { area, .. } = &marking.kind {
                closed.extend(area.links(net));
            }
        }
        for point in self.flood_points.values() {
            let reading = self.sensors.get_index_of(&point.sensor).and_then(|it| readings.gauges.get(it));
            let is_flooded = reading.is_some_and(|(cm, at)| {
                cm >= FLOODED_CM
                    && matches!(freshness(Budget::Water, at, now), Freshness::Fresh | Freshness::Stale { .. })
            });
            if is_flooded {
                let is_dry = |it: &LinkId| net.link(*it).is_some_and(|it| it.structure == Some(Structure::Bridge));
                closed.extend(net.links_near(point.at, FLOOD_REACH_M).into_iter().filter(|it| !is_dry(it)));
            }
        }
        closed
    }
}
