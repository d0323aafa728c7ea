//! Files into registers through egui_kittest: what is asked of the hub, what is shown of its answer, what is greyed.

use super::tests::{NOON, Screen, click, cut, hold_for, painted};
use super::*;
use crate::i18n::{Lang, tr};
use crate::imports::{ImportColumn, ImportDone, ImportPreview, ImportRefusal, Looked};
use egui::Event as Input;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

const SEAT: &str = "值班长 01";

fn looked(ticket: &str, crs_suspect: Option<&str>) -> Box<Looked> {
    let column = |column: usize, header: &str, field: Option<&str>, confidence| ImportColumn {
        column,
        header: header.into(),
        field: field.map(Into::into),
        confidence,
        is_said: false,
    };
    let preview = ImportPreview {
        columns: vec![
            column(0, "序号", None, 0.0),
            column(1, "队伍名称", Some("name"), 0.998),
            column(2, "大概类别", Some("capability"), 0.7),
        ],
        fields: ["id", "name", "capability", "load"].map(Into::into).to_vec(),
        n_rows: 3,
        n_accepted: 2,
        n_refused: 1,
        crs: "wgs84".into(),
        crs_suspect: crs_suspect.map(Into::into),
        shown_fields: vec!["名称".into(), "类型".into()],
        shown: vec![vec!["甲排涝队".into(), "排涝".into()]],
        refused: vec![ImportRefusal {
            row: 9,
            cell: "人数「30-50」".into(),
            why: "人数不是一个数".into(),
            todo: "只写一个整数".into(),
        }],
        diff: RegisterDiff {
            change: RegisterChange { n_new: 2, n_changed: 0, n_same: 0, n_missing: 3 },
            ..RegisterDiff::default()
        },
        ..ImportPreview::default()
    };
    Box::new(Looked { ticket: ticket.into(), preview })
}

fn previews(harness: &Harness<'_, Screen>) -> Vec<ImportAsk> {
    let asked = harness.state().asked.iter();
    asked.filter_map(|it| if let UiCommand::PreviewImport(ask) = it { Some(ask.clone()) } else { None }).collect()
}

fn commits(harness: &Harness<'_, Screen>) -> Vec<ImportWish> {
    let asked = harness.state().asked.iter();
    asked.filter_map(|it| if let UiCommand::CommitImport(wish) = it { Some(wish.clone()) } else { None }).collect()
}

/// A desk on which a file of teams was dropped, and the hub's answer to it.
fn dropped(screen: Screen, crs_suspect: Option<&str>) -> Harness<'static, Screen> {
    let mut harness = screen.show(1920.0, 1080.0);
    harness.state_mut().state.take_file("2026年应急队伍.xlsx".into(), b"PK".to_vec());
    harness.run_steps(2);
    let asked = previews(&harness);
    assert_eq!(asked.len(), 1, "one look is asked for");
    assert_eq!((asked[0].register, asked[0].ticket.as_deref()), (RegisterKind::Teams, None));
    let n = asked[0].n;
    harness.state_mut().state.take_import(ImportNews::Looked(n, Ok(looked("t1", crs_suspect))));
    harness.run_steps(2);
    harness
}

fn type_reason(harness: &mut Harness<'static, Screen>) {
    click(harness, Lang::Zh.t(tr::IMPORT_REASON));
    harness.event(Input::Text("年度更新".into()));
    harness.run_steps(2);
}

fn hold_commit(harness: &mut Harness<'static, Screen>) {
    let label = Lang::Zh.fill(tr::IMPORT_COMMIT, &["2"]);
    let at = harness.get_by_label(&label).rect().center();
    hold_for(harness, at, 6);
}

#[test]
fn a_dropped_file_is_looked_at_and_only_a_held_button_with_a_reason_imports_it() {
    let mut harness = dropped(Screen::of(&tiny_pack(), Realm::Actual), None);
    let texts = painted(&harness);
    for wanted in ["3 行，收 2，拒 1", "名称←队伍名称  类型←大概类别?", "甲排涝队", "人数不是一个数；只写一个整数"]
    {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
    hold_commit(&mut harness);
    assert_eq!(commits(&harness), [], "no reason yet");
    type_reason(&mut harness);
    hold_commit(&mut harness);
    let wishes = commits(&harness);
    assert_eq!(wishes.len(), 1);
    assert_eq!((&*wishes[0].ticket, wishes[0].is_replace, &*wishes[0].reason), ("t1", false, "年度更新"));
    let done = ImportNews::Done(wishes[0].n, Ok(ImportDone { seq: 7, n_rows: 2 }));
    harness.state_mut().state.take_import(done);
    harness.run_steps(2);
    let told = Lang::Zh.fill(tr::IMPORT_DONE, &["2", "7"]);
    assert!(painted(&harness).contains(&told));
}

#[test]
fn coordinates_in_doubt_are_settled_before_anything_is_imported() {
    let mut harness = dropped(Screen::of(&tiny_pack(), Realm::Actual), Some("像是火星坐标"));
    type_reason(&mut harness);
    hold_commit(&mut harness);
    assert_eq!(commits(&harness), []);
    assert!(painted(&harness).iter().any(|text| text == Lang::Zh.t(tr::IMPORT_SAY_CRS)));
    click(&mut harness, Lang::Zh.t(tr::IMPORT_GCJ));
    let asked = previews(&harness);
    let last = asked.last().expect("a second look");
    assert_eq!((last.crs, last.ticket.as_deref()), (Some("gcj02"), Some("t1")), "of the same file, said otherwise");
}

#[test]
fn a_column_is_said_to_be_another_field_or_none_and_the_preview_follows() {
    let mut harness = dropped(Screen::of(&tiny_pack(), Realm::Actual), None);
    click(&mut harness, Lang::Zh.t(tr::IMPORT_COLUMNS));
    assert!(painted(&harness).iter().any(|text| text == "类型?"), "{:?}", painted(&harness));
    click(&mut harness, "大概类别");
    click(&mut harness, Lang::Zh.t(tr::FIELD_LOAD));
    let asked = previews(&harness);
    let last = asked.last().expect("a second look");
    assert_eq!((&*last.map, last.ticket.as_deref()), ("load=#3", Some("t1")), "of the same file");
    let mut answer = looked("t2", None);
    answer.preview.columns[2] = ImportColumn {
        field: Some("load".into()),
        confidence: 1.0,
        is_said: true,
        ..answer.preview.columns[2].clone()
    };
    answer.preview.shown_fields[1] = "装备".into();
    harness.state_mut().state.take_import(ImportNews::Looked(last.n, Ok(answer)));
    harness.run_steps(2);
    let texts = painted(&harness);
    assert!(texts.iter().any(|text| text == "名称←队伍名称  装备←大概类别"), "{texts:?}");
    click(&mut harness, "队伍名称");
    click(&mut harness, Lang::Zh.t(tr::IMPORT_LEFT_OUT));
    let asked = previews(&harness);
    let last = asked.last().expect("a third look");
    assert_eq!((&*last.map, last.ticket.as_deref()), ("none=#2\nload=#3", Some("t2")));
    harness.state_mut().state.take_file("2026年应急队伍.xlsx".into(), b"PK".to_vec());
    harness.run_steps(2);
    assert_eq!(previews(&harness).last().expect("a look").map, "", "another file is guessed anew");
}

#[test]
fn an_answer_to_an_earlier_file_is_passed_over() {
    let mut harness = dropped(Screen::of(&tiny_pack(), Realm::Actual), None);
    harness.state_mut().state.take_file("避灾点.csv".into(), b"x".to_vec());
    harness.run_steps(2);
    let n = previews(&harness).last().expect("asked").n;
    harness.state_mut().state.take_import(ImportNews::Looked(n - 1, Ok(looked("old", None))));
    harness.state_mut().state.take_import(ImportNews::Looked(n, Err("没有找到表头".into())));
    harness.run_steps(2);
    let texts = painted(&harness);
    assert!(texts.iter().any(|text| text.contains("没有找到表头")) && !texts.iter().any(|text| text == "甲排涝队"));
}

#[test]
fn nothing_is_withdrawn_at_war_and_a_leader_imports_nothing() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.city.footing.posture = Posture::War;
    let mut harness = dropped(screen, None);
    type_reason(&mut harness);
    click(&mut harness, &Lang::Zh.fill(tr::IMPORT_REPLACE, &["3"]));
    hold_commit(&mut harness);
    assert_eq!(commits(&harness), []);
    assert!(painted(&harness).iter().any(|text| text == Lang::Zh.t(tr::IMPORT_NO_WITHDRAWAL)));

    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let seats = vec![SeatEntry { seat: SEAT.into(), role: "leader".into(), officer: None }];
    screen.city.roles = Roles { seats, ..Roles::default() };
    let mut harness = dropped(screen, None);
    type_reason(&mut harness);
    hold_commit(&mut harness);
    assert_eq!(commits(&harness), []);
    assert!(painted(&harness).iter().any(|text| text.contains("只读")));
}

#[test]
fn the_import_drawer_stays_on_the_map_and_opens_with_a_key() {
    for (width, height) in [(1280.0, 720.0), (1920.0, 1080.0)] {
        let mut harness = Screen::of(&tiny_pack(), Realm::Exercise).show(width, height);
        harness.state_mut().clock.now = NOON;
        harness.key_press(egui::Key::I);
        harness.run_steps(2);
        let map = harness.state().state.map_rect;
        let rect = drawer::rect_on(&harness.state().state, map).expect("there is room for the drawer");
        assert!(map.contains_rect(rect), "it leaves the map at {width}");
        assert_eq!(cut(&harness, rect), Vec::<String>::new(), "at {width}");
        click(&mut harness, Lang::Zh.t(tr::IMPORT_CHOOSE));
        assert!(harness.state().asked.contains(&UiCommand::ChooseFile));
    }
}
