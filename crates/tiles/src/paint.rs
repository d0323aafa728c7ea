//! What a piece of the map is painted as: an index into whatever palette the screen has.

/// One row of a theme's palette. Colours, widths and dashes belong to the theme; only the meaning is fixed here.
///
/// The order is the order of painting: fills from the bottom up, then lines from the bottom up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Paint {
    /// Where no tile says otherwise; clear the picture with it.
    Sea,
    /// Sea bed deeper than 200 m, 1000 m, 3000 m.
    Depth200,
    Depth1000,
    Depth3000,
    /// Land of the neighbours.
    LandOutside,
    /// The city's own land.
    Land,
    /// Parks, woods, gardens.
    Green,
    /// Lakes and reservoirs.
    Water,
    /// Aprons and aerodrome grounds given as areas.
    AirportGround,
    /// Walls and roofs of buildings; [`crate::SolidVertex`] alone uses it.
    Building,

    /// Rivers given as lines.
    Waterway,
    BoundaryDistrict,
    BoundaryCity,
    Coast,
    Taxiway,
    Runway,

    /// Tunnels lie under everything else that is a road; themes dash them.
    TunnelPath,
    TunnelMinor,
    TunnelSecondary,
    TunnelPrimary,
    TunnelTrunk,
    TunnelMotorway,

    PathCasing,
    Path,
    MinorCasing,
    Minor,
    SecondaryCasing,
    Secondary,
    PrimaryCasing,
    Primary,
    TrunkCasing,
    Trunk,
    MotorwayCasing,
    Motorway,

    /// The edge of a bridge; its core is the class's own paint, drawn again above the other roads.
    BridgePathCasing,
    BridgeMinorCasing,
    BridgeSecondaryCasing,
    BridgePrimaryCasing,
    BridgeTrunkCasing,
    BridgeMotorwayCasing,

    Rail,
    RailConstruction,
    Metro,
    MetroConstruction,
}

impl Paint {
    pub const COUNT: usize = Self::ALL.len();
    pub const ALL: [Self; 44] = [
        Self::Sea,
        Self::Depth200,
        Self::Depth1000,
        Self::Depth3000,
        Self::LandOutside,
        Self::Land,
        Self::Green,
        Self::Water,
        Self::AirportGround,
        Self::Building,
        Self::Waterway,
        Self::BoundaryDistrict,
        Self::BoundaryCity,
        Self::Coast,
        Self::Taxiway,
        Self::Runway,
        Self::TunnelPath,
        Self::TunnelMinor,
        Self::TunnelSecondary,
        Self::TunnelPrimary,
        Self::TunnelTrunk,
        Self::TunnelMotorway,
        Self::PathCasing,
        Self::Path,
        Self::MinorCasing,
        Self::Minor,
        Self::SecondaryCasing,
        Self::Secondary,
        Self::PrimaryCasing,
        Self::Primary,
        Self::TrunkCasing,
        Self::Trunk,
        Self::MotorwayCasing,
        Self::Motorway,
        Self::BridgePathCasing,
        Self::BridgeMinorCasing,
        Self::BridgeSecondaryCasing,
        Self::BridgePrimaryCasing,
        Self::BridgeTrunkCasing,
        Self::BridgeMotorwayCasing,
        Self::Rail,
        Self::RailConstruction,
        Self::Metro,
        Self::MetroConstruction,
    ];

    pub fn index(self) -> u32 {
        u32::from(self as u8)
    }

    pub fn from_index(index: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(index).ok()?).copied()
    }
}

/// How important a road is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RoadClass {
    Path,
    Minor,
    Secondary,
    Primary,
    Trunk,
    Motorway,
}

impl RoadClass {
    pub const ALL: [Self; 6] = [Self::Path, Self::Minor, Self::Secondary, Self::Primary, Self::Trunk, Self::Motorway];

    /// The class OpenMapTiles (and OpenStreetMap's `highway`) calls so; what is not known is a minor road.
    pub fn from_name(class: &str) -> Self {
        let class = class.strip_suffix("_link").unwrap_or(class);
        match class {
            "motorway" => Self::Motorway,
            "trunk" => Self::Trunk,
            "primary" => Self::Primary,
            "secondary" | "tertiary" => Self::Secondary,
            "path" | "footway" | "pedestrian" | "steps" | "cycleway" | "track" | "bridleway" => Self::Path,
            _ => Self::Minor,
        }
    }

    pub fn core(self) -> Paint {
        [Paint::Path, Paint::Minor, Paint::Secondary, Paint::Primary, Paint::Trunk, Paint::Motorway][self as usize]
    }

    pub fn casing(self) -> Paint {
        [
            Paint::PathCasing,
            Paint::MinorCasing,
            Paint::SecondaryCasing,
            Paint::PrimaryCasing,
            Paint::TrunkCasing,
            Paint::MotorwayCasing,
        ][self as usize]
    }

    pub fn tunnel(self) -> Paint {
        [
            Paint::TunnelPath,
            Paint::TunnelMinor,
            Paint::TunnelSecondary,
            Paint::TunnelPrimary,
            Paint::TunnelTrunk,
            Paint::TunnelMotorway,
        ][self as usize]
    }

    pub fn bridge_casing(self) -> Paint {
        [
            Paint::BridgePathCasing,
            Paint::BridgeMinorCasing,
            Paint::BridgeSecondaryCasing,
            Paint::BridgePrimaryCasing,
            Paint::BridgeTrunkCasing,
            Paint::BridgeMotorwayCasing,
        ][self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paint_is_where_its_index_says() {
        for (i, paint) in Paint::ALL.into_iter().enumerate() {
            assert_eq!((paint.index() as usize, Paint::from_index(i as u32)), (i, Some(paint)));
        }
        assert!(Paint::COUNT <= 64 && Paint::from_index(Paint::COUNT as u32).is_none());
    }

    #[test]
    fn a_casing_is_painted_before_its_core() {
        for class in RoadClass::ALL {
            assert!(class.tunnel() < class.casing() && class.casing() < class.core(), "{class:?}");
            assert!(class.core() < class.bridge_casing(), "{class:?}");
        }
    }
}
