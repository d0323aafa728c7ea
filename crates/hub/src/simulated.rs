//! The connectors a hub opens by itself at a simulated city, so that a fresh start shows a lamp for each kind of link: they are
//! opened, counted and shown like those of `[[connector]]`, and say that they are simulated. A file's connector of the same
//! name goes before.

use crate::{
    connectors::{
        contract::{ConnectorConfig, SourceCrs},
        cot, mavlink, open311,
    },
    realm::Addresses,
};
use gulang_city::{Pack, Realm};

/// The simulated city's one MAVLink vehicle.
const SYSTEM: &str = "1";
const FRESHNESS_S: f64 = 60.0;

/// Of a simulated city's addresses, those that are spoken to as connectors.
pub(crate) fn connectors(addresses: &Addresses, pack: &Pack, realm: Realm) -> Vec<ConnectorConfig> {
    let connector = |kind: &str, title: &str, url: &str, options: toml::Table| ConnectorConfig {
        name: kind.into(),
        title: title.into(),
        kind: kind.into(),
        realm,
        url: url.into(),
        every_s: 10.0,
        freshness_s: FRESHNESS_S,
        max_per_s: None,
        crs: SourceCrs::Wgs84,
        secrets: Default::default(),
        options,
        mapping: toml::Table::new(),
        simulated: true,
    };
    let mut all = Vec::new();
    // The last of more drones than docks hangs on MAVLink; the others hang on their docks.
    let drone = pack.drones.last().filter(|_| pack.drones.len() > pack.docks.len());
    if let (Some(url), Some(drone)) = (&addresses.mavlink, drone) {
        let vehicles = toml::Table::from_iter([(SYSTEM.to_owned(), drone.id.as_str().into())]);
        let options = toml::Table::from_iter([("vehicles".to_owned(), toml::Value::Table(vehicles))]);
        all.push(connector(mavlink::KIND, "MAVLink 无人机（模拟）", url, options));
    }
    if let Some(url) = &addresses.cot {
        all.push(connector(cot::KIND, "外勤终端（模拟）", url, toml::Table::new()));
    }
    // An exercise counts its cases: the same ones once more by another way are none of its script.
    if let (Realm::Actual, Some(url), Some(agency)) = (realm, &addresses.open311, pack.agencies.first()) {
        let options = toml::Table::from_iter([("agency".to_owned(), agency.id.as_str().into())]);
        all.push(connector(open311::KIND, "Open311 诉求（模拟）", url, options));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connectors::contract::{Parts, kinds},
        realm::{Actual, Exercise, RealmKind},
    };
    use gulang_city::tiny_pack;
    use std::sync::Arc;

    fn opened<R: RealmKind>(
        addresses: &Addresses,
        pack: &Arc<Pack>,
    ) -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let parts = Parts::<R>::apart(pack.clone());
        let mut names = Vec::new();
        for config in connectors(addresses, pack, R::REALM) {
            let kind = kinds::<R>().into_iter().find(|it| *it.name == *config.kind).ok_or("no such kind")?;
            (kind.open)(&config, &parts)?;
            assert!(config.simulated && config.realm == R::REALM);
            names.push(config.name.to_string());
        }
        Ok(names)
    }

    #[test]
    fn each_link_of_the_simulated_city_can_be_opened() -> Result<(), Box<dyn std::error::Error>> {
        let mut pack = tiny_pack();
        pack.docks.truncate(pack.drones.len().saturating_sub(1));
        let pack = Arc::new(pack);
        let addresses = Addresses {
            mavlink: Some("udp-call://127.0.0.1:1".into()),
            cot: Some("tcp://127.0.0.1:1".into()),
            open311: Some("http://127.0.0.1:1/open311".into()),
            ..Addresses::default()
        };
        assert_eq!(opened::<Actual>(&addresses, &pack)?, ["mavlink", "cot", "open311"]);
        assert_eq!(opened::<Exercise>(&addresses, &pack)?, ["mavlink", "cot"]);
        assert!(opened::<Actual>(&Addresses::default(), &pack)?.is_empty());
        Ok(())
    }
}
