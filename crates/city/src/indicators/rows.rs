//! Which rows a city has.

use super::{row::RowId, table::Table};
use crate::City;

/// Every row of a table the city knows, also those not in force; large registers are not the city's.
pub(super) fn rows_of(city: &City, table: Table) -> Vec<RowId> {
    match table {
        Table::Cases => city.cases.keys().map(|it| RowId::Case(*it)).collect(),
        Table::Orders => city.orders.keys().map(|it| RowId::Order(*it)).collect(),
        Table::Sensors => city.sensors.keys().map(|it| RowId::Sensor(it.clone())).collect(),
        Table::Teams => city.teams.keys().map(|it| RowId::Team(it.clone())).collect(),
        Table::Resources => {
            let shelters = city.shelters.keys().map(|it| RowId::Shelter(it.clone()));
            let depots = city.depots.keys().map(|it| RowId::Depot(it.clone()));
            let hospitals = city.hospitals.keys().map(|it| RowId::Hospital(it.clone()));
            let cameras = city.cameras.keys().map(|it| RowId::Camera(it.clone()));
            let helipads = city.helipads.keys().map(|it| RowId::Helipad(it.clone()));
            let docks = city.docks.keys().map(|it| RowId::Dock(it.clone()));
            let drones = city.drones.keys().map(|it| RowId::Drone(it.clone()));
            shelters.chain(depots).chain(hospitals).chain(cameras).chain(helipads).chain(docks).chain(drones).collect()
        }
        Table::Evacuations => city.evacuees.rows.keys().map(|it| RowId::Evacuation(it.0, it.1.clone())).collect(),
        Table::Alarms => city.alarms.keys().map(|it| RowId::Alarm(*it)).collect(),
        Table::Detections => city.detections.waiting.iter().map(|it| RowId::Detection(*it)).collect(),
        Table::Platforms => city.connectors.keys().map(|it| RowId::Platform(it.clone())).collect(),
        Table::Registers => Vec::new(),
    }
}
