//! Which rows a record may have changed. A superset does no harm: a row that is as it was changes nothing.
//!
//! **Invariant:** an event that changes a row of [`super::row`] names it here; the property test of `tests/indicators.rs`
//! holds it, with commands of every kind.

use super::{row::RowId, table::Table};
use crate::{Event, RegisterKind, RegisterRows, ids::*, model::EvacueeClass};

/// What to look at again.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Touched {
    Row(RowId),
    /// People of a class in a district, wherever they were counted.
    Evacuees(EvacueeClass, DistrictId),
    /// A whole table: a register was taken over, a war began.
    Table(Table),
}

pub(super) fn touched_by(event: &Event) -> Vec<Touched> {
    use Touched::{Evacuees, Row};
    match event {
        Event::CaseReported { case, .. }
        | Event::CaseAdvanced { case, .. }
        | Event::CaseSupervised { case }
        | Event::CasePressed { case }
        | Event::CaseReturned { case, .. }
        | Event::CaseTransferred { case, .. }
        | Event::CasePostponed { case, .. }
        | Event::CaseCancelled { case, .. }
        | Event::CaseStepTaken { case, .. }
        | Event::CaseReplied { case, .. } => vec![Row(RowId::Case(*case))],
        Event::AlarmRaised { alarm, .. }
        | Event::AlarmRecoloured { alarm, .. }
        | Event::AlarmCleared { alarm, .. }
        | Event::AlarmAcknowledged { alarm, .. }
        | Event::AlarmShelved { alarm, .. }
        | Event::FenceBroken { alarm, .. }
        | Event::FenceCleared { alarm, .. } => vec![Row(RowId::Alarm(*alarm))],
        Event::OrderDrafted { order, text } => {
            [Some(*order), text.supersedes].into_iter().flatten().map(|it| Row(RowId::Order(it))).collect()
        }
        Event::OrderAttempted { order, .. }
        | Event::OrderClimbed { order, .. }
        | Event::OrderOverdue { order, .. }
        | Event::OrderEscalated { order, .. } => vec![Row(RowId::Order(*order))],
        Event::EvacuationExpected { class, district, .. } => vec![Evacuees(*class, district.clone())],
        Event::EvacuationPlaceExpected { class, place, .. } | Event::EvacuationCounted { class, place, .. } => {
            vec![Evacuees(*class, place.district.clone())]
        }
        Event::ShelterCounted { shelter, .. } => vec![Row(RowId::Shelter(shelter.clone()))],
        Event::TeamAssigned { team, .. }
        | Event::TeamReleased { team }
        | Event::TeamSent { team, .. }
        | Event::CheckedIn { team, .. }
        | Event::CheckInMissed { team, .. } => vec![Row(RowId::Team(team.clone()))],
        // From peace to war, counts of people and outings begin anew.
        Event::FootingChanged { .. } => vec![Touched::Table(Table::Evacuations), Touched::Table(Table::Teams)],
        Event::DetectionMade { detection, .. }
        | Event::DetectionRepeated { detection, .. }
        | Event::DetectionConfirmed { detection, .. }
        | Event::DetectionFiled { detection, .. }
        | Event::DetectionRejected { detection, .. }
        | Event::DetectionDuplicated { detection, .. }
        | Event::DetectionReopened { detection, .. } => vec![Row(RowId::Detection(*detection))],
        Event::DetectionsExpired { detections, .. } => detections.iter().map(|it| Row(RowId::Detection(*it))).collect(),
        Event::ConnectorChanged { health } => vec![Row(RowId::Platform(health.platform.clone()))],
        Event::RegisterImported { rows, .. } => of_register(rows),
        // The rest changes no row.
        _ => Vec::new(),
    }
}

fn of_register(rows: &RegisterRows) -> Vec<Touched> {
    match rows.kind() {
        RegisterKind::Teams => vec![Touched::Table(Table::Teams)],
        RegisterKind::Depots | RegisterKind::Shelters | RegisterKind::Cameras => {
            vec![Touched::Table(Table::Resources)]
        }
        RegisterKind::Contacts | RegisterKind::Points => Vec::new(),
    }
}
