//! 问城 through egui_kittest: what is asked of the hub, whose words are shown as whose, and where a citation leads.

use super::tests::{NOON, Screen, click, cut, painted, submitted};
use super::*;
use crate::asking::{By, Sorted, Standing, Suggestion, Worded};
use crate::duties::Duty;
use crate::i18n::{Lang, Tr, tr};
use egui::Event as Input;
use egui_kittest::Harness;
use gulang_city::ask::{DraftKind, Fact, Link, verify::Sentence};

fn standing(is_on: bool, why: &str) -> AskNews {
    let (model, host) = (Some("小模型".to_owned()), Some("m.example".to_owned()));
    let standing = Standing { is_configured: true, is_on, model, host, why: why.to_owned(), ..Standing::default() };
    AskNews::Standing(Ok(Box::new(standing)))
}

fn open(mut screen: Screen, is_on: bool, why: &str) -> Harness<'static, Screen> {
    screen.state.toggle_drawer(Drawer::Ask);
    let mut harness = screen.show(1920.0, 1080.0);
    assert!(harness.state().asked.contains(&UiCommand::AskStanding));
    harness.state_mut().state.take_asking(standing(is_on, why));
    harness.run_steps(2);
    harness
}

fn worded(by: By, n_dropped: usize) -> Box<Worded> {
    let fact = |id: &str, text: &str, names: &[&str], link: Option<Link>| Fact {
        id: id.into(),
        text: text.into(),
        names: names.iter().map(|it| (*it).to_owned()).collect(),
        link,
        ..Fact::default()
    };
    let sentence = |text: &str, cites: &[&str]| Sentence {
        text: text.into(),
        cites: cites.iter().map(|it| (*it).to_owned()).collect(),
    };
    Box::new(Worded {
        by,
        n_dropped,
        note: "模型 1 句无据".into(),
        text: "小城情况报告".into(),
        sentences: vec![sentence("一号下穿积水上涨 30 cm。", &["F2"]), sentence("生效中的预警 1 条。", &["F1"])],
        facts: vec![
            fact("F1", "生效中的预警 1 条", &[], None),
            fact("F2", "一号下穿（思明区）60 分钟积水上涨 30 cm", &["一号下穿"], Some(Link::FloodPoint("fp-1".into()))),
        ],
        seq: 9,
        now: NOON,
        ..Worded::default()
    })
}

fn says(harness: &Harness<'_, Screen>, wanted: &str) -> bool {
    painted(harness).iter().any(|text| text.contains(wanted))
}

/// The number the last question was asked with.
fn asked_n(harness: &Harness<'_, Screen>) -> Option<u64> {
    harness.state().asked.iter().rev().find_map(|it| match it {
        UiCommand::AskCity { n, .. } | UiCommand::DraftReport { n, .. } => Some(*n),
        UiCommand::SortReport(asked) => Some(asked.n),
        _ => None,
    })
}

fn ask(harness: &mut Harness<'static, Screen>, hint: Tr, text: &str) -> u64 {
    click(harness, Lang::Zh.t(hint));
    harness.event(Input::Text(text.into()));
    harness.run_steps(2);
    click(harness, Lang::Zh.t(tr::ASK_GO));
    asked_n(harness).expect("the hub is asked")
}

#[test]
fn a_question_is_answered_in_cited_sentences_and_a_citation_leads_to_the_map() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual), true, "");
    assert!(says(&harness, "小模型（m.example）"), "{:?}", painted(&harness));
    let n = ask(&mut harness, tr::ASK_HINT, "哪里涨得最快");
    let asked = UiCommand::AskCity { n, question: "哪里涨得最快".into() };
    assert!(harness.state().asked.contains(&asked));
    assert!(says(&harness, Lang::Zh.t(tr::ASK_WAITING)));
    harness.state_mut().state.take_asking(AskNews::Answered(n - 1, Ok(worded(By::Template, 0))));
    harness.run_steps(2);
    assert!(says(&harness, Lang::Zh.t(tr::ASK_WAITING)), "an earlier answer is passed over");
    harness.state_mut().state.take_asking(AskNews::Answered(n, Ok(worded(By::Model, 2))));
    harness.run_steps(2);
    for wanted in [Lang::Zh.t(tr::ASK_BY_MODEL), "2 句无据，未显示", "记录 9", "一号下穿积水上涨 30 cm。"]
    {
        assert!(says(&harness, wanted), "{wanted}: {:?}", painted(&harness));
    }
    assert!(!says(&harness, "F2 一号下穿（思明区）"), "facts are opened at a press");
    click(&mut harness, "一号下穿积水上涨 30 cm。");
    assert!(says(&harness, "F2 一号下穿（思明区）60 分钟积水上涨 30 cm"));
    click(&mut harness, "F2 一号下穿");
    let asked = &harness.state().asked;
    assert!(asked.contains(&UiCommand::Select(Some(Selection::FloodPoint("fp-1".into())))));
    assert!(asked.iter().any(|it| matches!(it, UiCommand::FlyTo(..))) && submitted(&harness).is_none());
}

#[test]
fn off_is_told_with_why_and_switching_takes_a_reason_and_a_role() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual), false, "战时停用大模型");
    assert!(says(&harness, "按模板：战时停用大模型"));
    click(&mut harness, Lang::Zh.t(tr::ASK_SWITCH_ON));
    assert_eq!(submitted(&harness), None, "no reason yet");
    click(&mut harness, Lang::Zh.t(tr::ASK_REASON));
    harness.event(Input::Text("写简报".into()));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::ASK_SWITCH_ON));
    let sent = submitted(&harness);
    let is_on = |it: &Command| matches!(it, Command::SwitchAssistant { on: true, until: Some(_), reason } if &**reason == "写简报");
    assert!(sent.as_ref().is_some_and(is_on), "{sent:?}");

    let mut screen = Screen::of(&tiny_pack(), Realm::Actual);
    screen.seat = "观摩席".into();
    let mut harness = open(screen, false, "战时停用大模型");
    click(&mut harness, Lang::Zh.t(tr::ASK_REASON));
    harness.event(Input::Text("看看".into()));
    harness.run_steps(2);
    click(&mut harness, Lang::Zh.t(tr::ASK_SWITCH_OFF));
    assert!(submitted(&harness).is_none() && says(&harness, "只读"), "{:?}", painted(&harness));
}

#[test]
fn a_report_gets_the_list_s_answer_first_and_the_model_only_points() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual), true, "");
    click(&mut harness, Lang::Zh.t(tr::ASK_SORT));
    let n = ask(&mut harness, tr::ASK_SORT_HINT, "路口井盖不见了");
    let hits = vec![
        Duty {
            id: "A".into(), title: "窨井盖缺失".into(), lead_name: "市政园林局".into(), ..Duty::default()
        },
        Duty { id: "B".into(), title: "路面破损".into(), lead_name: "交通局".into(), ..Duty::default() },
    ];
    let sorted = |suggestion| Box::new(Sorted { hits: hits.clone(), suggestion, note: String::new() });
    harness.state_mut().state.take_asking(AskNews::Sorted(n, Ok(sorted(None))));
    harness.run_steps(2);
    assert!(says(&harness, "1  窨井盖缺失") && !says(&harness, "模型建议"));
    let asked = harness.state().asked.iter().rev().find_map(|it| match it {
        UiCommand::SortReport(asked) => Some(asked.clone()),
        _ => None,
    });
    let asked = asked.expect("the model is asked after the list");
    assert!(asked.model && asked.n == n + 1);
    let suggestion = Suggestion { id: "B".into(), model: "小模型".into(), quote: "路口".into() };
    harness.state_mut().state.take_asking(AskNews::Sorted(n + 1, Ok(sorted(Some(suggestion)))));
    harness.run_steps(2);
    assert!(says(&harness, "模型建议（小模型），因为说到「路口」") && says(&harness, "1  窨井盖缺失"));
    let n_asked = harness.state().asked.iter().filter(|it| matches!(it, UiCommand::SortReport(_))).count();
    assert_eq!(n_asked, 2, "it is asked once");
}

#[test]
fn a_draft_is_edited_and_copied_and_sent_nowhere() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Exercise), false, "没有配置");
    click(&mut harness, Lang::Zh.t(tr::ASK_DRAFT));
    click(&mut harness, Lang::Zh.t(tr::ASK_FLOOD));
    let n = asked_n(&harness).expect("a draft is asked for");
    assert!(harness.state().asked.contains(&UiCommand::DraftReport { n, kind: DraftKind::Flood }));
    harness.state_mut().state.take_asking(AskNews::Drafted(n, Ok(worded(By::Template, 0))));
    harness.run_steps(2);
    assert!(says(&harness, "小城情况报告") && says(&harness, Lang::Zh.t(tr::ASK_BY_TEMPLATE)));
    click(&mut harness, Lang::Zh.t(tr::ASK_COPY));
    assert!(submitted(&harness).is_none());
}

#[test]
fn a_hub_that_does_not_answer_is_said_to() {
    let mut harness = open(Screen::of(&tiny_pack(), Realm::Actual), false, "没有配置");
    let n = ask(&mut harness, tr::ASK_HINT, "转移了多少人");
    harness.state_mut().state.take_asking(AskNews::Answered(n, Err("问得太快".into())));
    harness.run_steps(2);
    assert!(says(&harness, &Lang::Zh.fill(tr::ASK_FAILED, &["问得太快"])));
}

#[test]
fn the_drawer_stays_on_the_map_and_opens_with_a_key() {
    for (width, height) in [(1280.0, 720.0), (1920.0, 1080.0)] {
        let mut harness = Screen::of(&tiny_pack(), Realm::Exercise).show(width, height);
        harness.key_press(egui::Key::Q);
        harness.run_steps(2);
        harness.state_mut().state.take_asking(standing(true, ""));
        harness.run_steps(2);
        let map = harness.state().state.map_rect;
        let rect = drawer::rect_on(&harness.state().state, map).expect("there is room for the drawer");
        assert!(map.contains_rect(rect), "it leaves the map at {width}");
        // The reason a button is grey may be cut where the map is narrow; its words are the rules', not ours to shorten.
        let lost: Vec<String> = cut(&harness, rect).into_iter().filter(|it| !it.contains("原因")).collect();
        assert_eq!(lost, Vec::<String>::new(), "at {width}");
    }
}
