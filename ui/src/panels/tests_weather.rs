//! Issue times of typhoon forecasts and times of rain fields, as chips.

use super::tests::{NOON, Screen, to_war};
use super::*;
use crate::i18n::{Lang, tr};
use egui_kittest::kittest::Queryable;

fn storm() -> Command {
    let fix = |hours: i64, lon: f64| TyphoonFix {
        at: NOON.plus_mins(hours * 60),
        center: LonLat(lon, 21.0),
        wind: 45.0,
        pressure: 945.0,
        move_speed: 15.0,
        move_towards: 315.0,
        radius7: WindRadii([300.0; 4]),
        radius10: WindRadii([120.0; 4]),
        radius12: WindRadii::default(),
    };
    let issue = |agency: &str, hours: i64, lon: f64| Forecast {
        agency: agency.into(),
        issued_at: NOON.plus_mins(hours * 60),
        points: [12, 30]
            .map(|ahead| ForecastPoint {
                at: NOON.plus_mins((hours + ahead) * 60),
                center: LonLat(lon, 23.0),
                wind: 40.0,
                pressure: 950.0,
            })
            .to_vec(),
    };
    Command::UpdateTyphoon {
        typhoon: "202305".into(),
        name: "杜苏芮".into(),
        name_en: "DOKSURI".into(),
        active: true,
        fixes: vec![fix(-6, 120.6), fix(0, 120.0)],
        forecasts: vec![issue("中国", -6, 118.8), issue("中国", 0, 118.6), issue("日本", 0, 119.4)],
    }
}

#[test]
fn an_older_issue_is_chosen_by_its_chip() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.happen(Source::Hub, storm());
    let plan = screen.city.plans.keys().next().cloned().expect("a plan");
    screen.sign(to_war(plan, ResponseLevel::IV));
    let mut harness = screen.show(1920.0, 1080.0);
    let older = NOON.plus_mins(-360);
    let label = Lang::Zh.fill(tr::ISSUE_SHOW, &[&Lang::Zh.day_hour(older)]);
    harness.get_by_label(&label).click();
    harness.run_steps(2);
    let wanted = UiCommand::Choose(Chosen { issue: Some(older), rain_at: None });
    assert!(harness.state().asked.contains(&wanted), "{:?}", harness.state().asked);
    let latest = Lang::Zh.fill(tr::ISSUE_SHOW, &[Lang::Zh.t(tr::ISSUE_LATEST)]);
    assert!(harness.query_by_label(&latest).is_some());
}
