//! The shipped city obeys the rules every pack must.

use gulang_city::*;
use std::path::Path;

#[test]
fn xiamen_loads() {
    let root = Path::new("../../assets/cities/xiamen");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).map_err(|error| error.to_string());
    let list = |folder: &str| {
        let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
    };
    let pack = load_pack(&read, &list).unwrap_or_else(|errors| {
        let texts: Vec<String> = errors.iter().take(20).map(ToString::to_string).collect();
        panic!("{} errors:\n{}", errors.len(), texts.join("\n"))
    });
    assert_eq!(pack.districts.len(), 6);
    // The published count; other units are counted apart.
    assert_eq!((pack.teams.len(), pack.teams.iter().filter(|it| it.kind == UnitKind::Team).count()), (508, 508));
    assert!(UnitKind::ALL.iter().skip(1).all(|kind| pack.units.iter().any(|it| it.kind == *kind)));
    // The published count of kinds of sensing; every one says that its figures are invented.
    assert_eq!(pack.sensing_kinds.len(), 39);
    assert!(pack.sensing_kinds.iter().all(|it| it.basis.starts_with("示例")));
    // The published count of kinds by video; each says what of it is invented.
    assert_eq!(pack.violations.len(), 36);
    assert!(pack.violations.iter().all(|it| it.basis.contains("示例")));
    assert!(pack.detection_rules.is_default && pack.detection_rules.false_reasons.len() == 6);
    assert!(pack.alarm_rules.is_default && pack.alarm_rules.rules.len() >= 10);
    assert!(pack.indicators.len() >= 24);
    assert!(pack.plans.iter().any(|it| it.hazard == Hazard::Typhoon));
    // Every level orders somebody something, so that no switch is empty.
    let city = City::found(&pack, Realm::Exercise);
    for hazard in [Hazard::Typhoon, Hazard::Rainstorm, Hazard::ForestFire, Hazard::Earthquake, Hazard::General] {
        assert!(city.base_plans().any(|it| it.hazard == hazard), "no plan for {hazard:?}");
    }
    for plan in city.plans.values() {
        assert!(plan.basis.starts_with("示例"), "{} does not say that it is illustrative", plan.id);
    }
    for plan in city.base_plans() {
        for level in ResponseLevel::ALL {
            assert!(!city.orders_for(&plan.id, level, &[], Timestamp::from_secs(1_690_000_000)).is_empty());
        }
    }
}
