//! Notifications: a red warning, an overdue order, a switch that waits for a second signature. Nothing else may interrupt
//! an officer who is looking elsewhere.

use crate::hub::Hub;
use gulang_city::{Event, Realm, Record, WarningColor};
use std::thread;
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

/// Watches the hub's records for as long as the app runs.
pub fn watch(app: &AppHandle, hub: &Hub) {
    let Some(records) = hub.records() else { return };
    let app = app.clone();
    thread::spawn(move || {
        for (realm, record) in records {
            if let Some((title, body)) = alert_for(realm, &record) {
                notify(&app, &title, &body);
            }
        }
    });
}

pub fn notify(app: &AppHandle, title: &str, body: &str) {
    if let Err(why) = app.notification().builder().title(title).body(body).show() {
        tracing::debug!(%why, "no notification could be shown");
    }
}

/// The words of an interruption, if this record deserves one. An exercise says so first.
fn alert_for(realm: Realm, record: &Record) -> Option<(String, String)> {
    let realm = match realm {
        Realm::Actual => "",
        Realm::Exercise => "【演练】",
    };
    match &record.event {
        Event::WarningIssued { warning } if warning.color == WarningColor::Red && !warning.cancelled => {
            Some((format!("{realm}红色预警"), warning.headline.to_string()))
        }
        Event::OrderOverdue { order, rung } => {
            Some((format!("{realm}指令超时"), format!("指令 {order} 停在“{}”，请叫应", rung.name_zh())))
        }
        Event::SwitchProposed { proposal } => {
            let body = format!("{}提议{}，请到本席 F9 会签", proposal.signed.seat, proposal.switch.name_zh());
            Some((format!("{realm}待会签"), body))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{OrderId, Rung, Source, Timestamp};

    fn record(event: Event) -> Record {
        Record { seq: 1, at: Timestamp(0), source: Source::Hub, event }
    }

    #[test]
    fn an_overdue_order_interrupts_and_an_exercise_says_so() {
        let overdue = record(Event::OrderOverdue { order: OrderId(3), rung: Rung::Delivered });
        let (title, body) = alert_for(Realm::Exercise, &overdue).expect("an alert");
        assert_eq!(title, "【演练】指令超时");
        assert!(body.contains("系统送达"));
        assert_eq!(alert_for(Realm::Actual, &overdue).expect("an alert").0, "指令超时");
    }

    #[test]
    fn ordinary_news_does_not_interrupt() {
        assert_eq!(alert_for(Realm::Actual, &record(Event::ExerciseEnded)), None);
    }
}
