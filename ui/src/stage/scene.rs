//! What a drawing of the map may look at: the city as it is known now, where the camera looks, what the officer points at.

use super::{camera::StageCamera, detail::Detail, palette::Palette};
use crate::{
    history::History,
    panels::{Chosen, Selection},
};
use gulang_city::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Areas of the pack: each a list of polygons, each polygon its outline and holes in WGS-84.
#[derive(Clone, Debug, Default)]
pub struct Areas {
    pub districts: Vec<(DistrictId, Vec<Vec<Vec<LonLat>>>)>,
}

impl Areas {
    /// From the pack's `map/districts.geojson`; what cannot be read is left out.
    pub fn from_geojson(text: &str) -> Self {
        let Ok(root) = serde_json::from_str::<Value>(text) else { return Self::default() };
        let point = |it: &Value| Some(LonLat(it.get(0)?.as_f64()?, it.get(1)?.as_f64()?)).filter(|it| it.is_sane());
        let ring = |it: &Value| it.as_array().into_iter().flatten().filter_map(point).collect::<Vec<_>>();
        let rings = |it: &Value| it.as_array().into_iter().flatten().map(ring).collect::<Vec<_>>();
        let district = |feature: &Value| {
            let id = feature.pointer("/properties/id")?.as_str()?;
            let coordinates = feature.pointer("/geometry/coordinates")?;
            let polygons = match feature.pointer("/geometry/type")?.as_str()? {
                "Polygon" => vec![rings(coordinates)],
                "MultiPolygon" => coordinates.as_array()?.iter().map(rings).collect(),
                _ => return None,
            };
            Some((DistrictId::from(id), polygons))
        };
        let features = root.get("features").and_then(Value::as_array);
        Self { districts: features.into_iter().flatten().filter_map(district).collect() }
    }
}

#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub city: &'a City,
    pub readings: &'a Readings,
    /// What readings and fixes were before: rise rates and trails.
    pub history: &'a History,
    pub areas: &'a Areas,
    /// The same areas and the coast, as the city counts land.
    pub land: Option<&'a Land>,
    /// The registers of many things, as far as they are held here.
    pub inventories: &'a BTreeMap<Text, Inventory>,
    /// The registers whose layers are on.
    pub shown_registers: &'a BTreeSet<String>,
    /// The city's roads with what is closed now; `None` for a pack without roads.
    pub roads: Option<&'a Metric>,
    pub frame: LocalFrame,
    /// The hub's clock.
    pub now: Timestamp,
    pub camera: StageCamera,
    pub detail: Detail,
    pub palette: &'static Palette,
    pub selection: Option<&'a Selection>,
    /// The place last clicked on bare ground: arrival clocks and the like are told for it.
    pub place: Option<LonLat>,
    /// Which issue of forecasts and which rain field is looked at.
    pub chosen: Chosen,
}
