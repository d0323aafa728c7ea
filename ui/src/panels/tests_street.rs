//! Calls into the street, the cell of a place, steps on a case and its process, through egui_kittest.

use super::tests::{Screen, click, painted, submitted};
use super::*;
use crate::medias::{MediaAsk, MediaNews};
use crate::processes::{Process, ProcessStep};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn seat() -> Source {
    Source::Seat("值班长 01".into())
}

fn says(harness: &Harness<'_, Screen>, words: &str) -> bool {
    painted(harness).iter().any(|it| it.contains(words))
}

fn report(stage: CaseStage, at: Timestamp) -> Command {
    Command::ReportCase {
        report: CaseReport {
            external: "88".into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: "占道经营".into(),
            address: "湖滨南路".into(),
            at: LonLat(118.11, 24.50),
            district: "350203".into(),
            agency: "ag-city".into(),
            color: WarningColor::Yellow,
            reported_at: at,
            due_at: at.plus_mins(240),
        },
        stage,
        stage_at: at,
    }
}

fn with_case(stage: CaseStage) -> Screen {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    let at = screen.clock.now;
    screen.happen(Source::Platform("yunguanfu".into()), report(stage, at));
    screen.selection = Some(Selection::Case(CaseId(1)));
    screen
}

#[test]
fn a_case_shows_its_cell_and_calls_who_is_on_duty_there() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    assert!(says(&harness, "一号网格"), "{:?}", painted(&harness));
    assert!(says(&harness, "陈・网格员"));
    click(&mut harness, Lang::Zh.t(tr::STREET_CALL));
    let command = submitted(&harness).expect("the button asks");
    assert!(matches!(&command, Command::AskCall { person, why } if person.as_str() == "gw-1" && !why.is_empty()));
    harness.state_mut().happen(seat(), command);
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::CALL_ASKED)), "{:?}", painted(&harness));
}

#[test]
fn a_call_is_hung_up_and_a_refusal_is_seen() {
    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.happen(seat(), Command::AskCall { person: "gw-1".into(), why: "看积水".into() });
    let ringing = Command::ReportVideoCall { call: StreetCallId(1), state: StreetCallState::Ringing, note: "".into() };
    screen.happen(Source::Platform("yunguanfu".into()), ringing);
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(says(&harness, Lang::Zh.t(tr::CALL_RINGING)) && says(&harness, "看积水"), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::CALL_HANG_UP));
    assert_eq!(submitted(&harness), Some(Command::EndStreetCall { call: StreetCallId(1) }));
    let refused =
        Command::ReportVideoCall { call: StreetCallId(1), state: StreetCallState::Refused, note: "忙".into() };
    harness.state_mut().happen(Source::Platform("yunguanfu".into()), refused);
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::CALL_REFUSED)), "{:?}", painted(&harness));
    assert!(harness.query_by_label(Lang::Zh.t(tr::CALL_HANG_UP)).is_none(), "it is over");
    harness.state_mut().clock.now = harness.state().clock.now.plus_mins(1);
    harness.run_steps(2);
    assert!(!says(&harness, Lang::Zh.t(tr::CALL_REFUSED)), "and put away");
}

#[test]
fn who_only_reads_calls_nobody() {
    let mut screen = with_case(CaseStage::Dispatched);
    screen.seat = "观摩席".into();
    let mut harness = screen.show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::STREET_CALL));
    assert_eq!(submitted(&harness), None);
}

#[test]
fn a_case_is_signed_for_where_that_makes_sense() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_SIGN));
    let command = submitted(&harness).expect("the button signs");
    assert!(matches!(command, Command::StepCase { step: CaseStep::Sign, .. }));
    let harness = with_case(CaseStage::Fedback).show(1920.0, 1080.0);
    assert!(harness.query_by_label(Lang::Zh.t(tr::CASE_SIGN)).is_none());
}

#[test]
fn the_process_is_asked_for_and_shown_or_why_not() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_PROCESS));
    assert!(harness.state().asked.contains(&UiCommand::AskProcess(CaseId(1))));
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::PROCESS_ASKING)), "{:?}", painted(&harness));
    let step = ProcessStep { at: "10:00".into(), what: "派遣".into(), by: "城市管理局".into(), note: "".into() };
    let process = Process { steps: vec![step], n_pictures: 2 };
    harness.state_mut().state.take_process((CaseId(1), Ok(process)));
    harness.run_steps(2);
    assert!(says(&harness, "派遣・城市管理局"), "{:?}", painted(&harness));
    harness.state_mut().state.take_process((CaseId(1), Err("没有应答".into())));
    harness.run_steps(2);
    assert!(says(&harness, "没有应答"), "{:?}", painted(&harness));
}

#[test]
fn a_picture_goes_with_a_step_once_the_hub_keeps_it() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_DISPOSE));
    harness.run_steps(3);
    assert!(says(&harness, Lang::Zh.t(tr::CASE_PICTURES_NONE)), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::CASE_PICTURE_FILE));
    assert!(harness.state().asked.contains(&UiCommand::ChooseFile));

    harness.state_mut().state.take_file("现场.jpg".into(), vec![0xff, 0xd8, 0xff, 0xe0]);
    harness.run_steps(2);
    let n = harness.state().asked.iter().find_map(|it| match it {
        UiCommand::Media(MediaAsk::Keep { n, bytes }) if bytes.len() == 4 => Some(*n),
        _ => None,
    });
    let n = n.expect("the hub is given it");
    let confirm = Lang::Zh.fill(tr::CASE_CONFIRM, &[Lang::Zh.t(tr::CASE_DISPOSE)]);
    assert!(says(&harness, Lang::Zh.t(tr::CASE_PICTURES_WAIT)), "{:?}", painted(&harness));
    click(&mut harness, &confirm);
    assert_eq!(submitted(&harness), None, "not before it is kept");

    let name = format!("{}.jpg", "ab".repeat(32));
    harness.state_mut().state.take_media(MediaNews::Kept { n, name: Ok(name.as_str().into()) });
    harness.run_steps(2);
    click(&mut harness, &confirm);
    let sent = submitted(&harness).expect("the step");
    assert!(matches!(&sent, Command::StepCase { media, .. } if media.len() == 1 && *media[0] == *name), "{sent:?}");
}

#[test]
fn what_is_no_picture_is_refused_with_its_reason_and_the_step_goes_without_it() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_DISPOSE));
    harness.run_steps(3);
    harness.state_mut().state.take_file("名单.txt".into(), b"hello".to_vec());
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::CASE_PICTURE_NO_PICTURE)), "{:?}", painted(&harness));
    assert!(!harness.state().asked.iter().any(|it| matches!(it, UiCommand::Media(_))));
    click(&mut harness, &Lang::Zh.fill(tr::CASE_CONFIRM, &[Lang::Zh.t(tr::CASE_DISPOSE)]));
    assert!(matches!(submitted(&harness), Some(Command::StepCase { media, .. }) if media.is_empty()));
}

#[test]
fn the_platforms_pictures_are_looked_at_one_after_the_other() {
    let mut harness = with_case(CaseStage::Dispatched).show(1920.0, 1080.0);
    click(&mut harness, Lang::Zh.t(tr::CASE_PROCESS));
    let process = Process { steps: Vec::new(), n_pictures: 2 };
    harness.state_mut().state.take_process((CaseId(1), Ok(process)));
    harness.run_steps(2);
    let look = |nth| UiCommand::Media(MediaAsk::Look { case: CaseId(1), nth });
    assert!(harness.state().asked.contains(&look(0)) && says(&harness, "1/2"), "{:?}", painted(&harness));
    let failed = MediaNews::Seen { case: CaseId(1), nth: 0, picture: Err("HTTP 502".into()) };
    harness.state_mut().state.take_media(failed);
    harness.run_steps(2);
    assert!(says(&harness, "HTTP 502"), "{:?}", painted(&harness));
    click(&mut harness, Lang::Zh.t(tr::PROCESS_NEXT_PICTURE));
    harness.run_steps(2);
    assert!(harness.state().asked.contains(&look(1)) && says(&harness, "2/2"));
}
