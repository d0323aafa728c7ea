//! What a review's report says: headline, timeline, orders, agencies, plan against actual, score sheet, platforms.

use crate::{Block, Document, Paper, ReportError};
use gulang_charts::{self as charts, Deviations, Look};
use gulang_city::{
    HealthState, PaperLang, Realm, ResponseLevel, Rung, Timestamp,
    compare::{AnswerLimits, PlanRow, PlanRowKind, answers, plan_rows},
    review::{Mark, OrderStory, spans, state_zh},
    score::duration_zh,
};

/// Page width in a chart's nominal pixels.
const WIDTH: u32 = 520;
/// Orders drawn against their deadlines; the table has all.
const N_DRAWN: usize = 24;
/// Measures drawn against their time.
const N_COMPARED: usize = 14;

pub(crate) fn document(paper: &Paper<'_>) -> Result<Document, ReportError> {
    let Paper { review, score, city, .. } = paper;
    let exercise = review.realm == Realm::Exercise;
    let mut blocks = Vec::new();
    headline(paper, &mut blocks);

    heading(&mut blocks, "一、等级与首令");
    let rows = score.levels.iter().map(|it| {
        vec![
            stamp(it.at),
            format!("{} → {}", level(it.from), level(it.to)),
            secs(it.secs_to_level),
            secs(it.secs_to_first_order),
            format!("{} 条 / {}", it.n_orders, secs(it.secs_to_all_delivered)),
            spans(&it.records),
        ]
    });
    table(
        &mut blocks,
        &[18, 14, 16, 16, 20, 16],
        &["时间", "等级", "研判到定级", "定级到首令", "指令 / 全部送达", "记录号"],
        rows,
    );
    if !score.reference.is_empty() {
        text(&mut blocks, "与公开时间线对照（参照，不是标准）：");
        let rows = score.reference.iter().map(|it| {
            let here = it.at.map_or("没有对应".to_owned(), stamp);
            let later = it
                .secs_later
                .map_or("—".to_owned(), |it| if it > 0 { format!("晚 {}", duration_zh(it)) } else { duration_zh(it) });
            vec![
                stamp(it.reference.at),
                it.reference.text.clone(),
                here,
                later,
                it.reference.source.clone(),
                spans(&it.records),
            ]
        });
        table(&mut blocks, &[16, 30, 16, 14, 14, 10], &["公开时间", "公开报道", "本次", "差", "来源", "记录号"], rows);
    }

    heading(&mut blocks, "二、谁在何时知道");
    let rows = review.moments.iter().map(|it| {
        vec![stamp(it.at), it.kind.name_zh().to_owned(), it.text.clone(), it.who.clone(), spans(&it.records)]
    });
    table(&mut blocks, &[16, 8, 44, 16, 16], &["时间", "类别", "事", "知道者", "记录号"], rows);

    heading(&mut blocks, "三、指令与时限");
    if review.orders.is_empty() {
        text(&mut blocks, "这段时间没有下达指令。");
    } else {
        chart(&mut blocks, "climb", "指令逐级攀升（竖线为等级变化）", 190, |area| {
            charts::climb(area, review, Look::PAPER)
        })?;
        let n = review.orders.len().min(N_DRAWN);
        let height = (n as u32 * 15).max(60);
        let caption = format!("最紧的 {n} 条指令：灰为待签收，绿为办理，红为逾期或未签收，竖线为完成时限");
        chart(&mut blocks, "deadlines", &caption, height, |area| charts::deadlines(area, review, Look::PAPER, n))?;
        let rows = review.orders.iter().map(order_row);
        table(
            &mut blocks,
            &[5, 27, 11, 10, 11, 11, 8, 17],
            &["号", "指令", "下达", "签收", "完成", "时限", "状态", "记录号"],
            rows,
        );
    }

    heading(&mut blocks, "四、部门");
    let answers = answers(review);
    if !answers.is_empty() {
        let limits = AnswerLimits::of(review, city);
        let height = (answers.len() as u32 * 18).max(60) + 28;
        let caption = format!(
            "签收用时：点为单条，竖线为中位，空心为未签收；虚线为 {} 转叫应、{} 升级",
            duration_zh(limits.call_secs),
            duration_zh(limits.escalate_secs)
        );
        chart(&mut blocks, "agencies", &caption, height, |area| {
            charts::responses(area, &answers, limits, Look::PAPER)
        })?;
    }
    let rows = score.agencies.iter().map(|it| {
        vec![
            it.name.clone(),
            it.n_orders.to_string(),
            format!("{} / {}", it.n_acknowledged, it.n_acknowledged_in_time),
            secs(it.ack_median_secs),
            secs(it.ack_worst_secs),
            it.n_done.to_string(),
            format!("{} / {} / {}", it.n_rejected, it.n_overdue, it.n_escalations),
            spans(&it.records),
        ]
    });
    table(
        &mut blocks,
        &[20, 7, 12, 13, 13, 7, 14, 14],
        &["部门", "指令", "签收 / 按时", "中位", "最慢", "完成", "退回 / 逾期 / 叫应", "记录号"],
        rows,
    );

    heading(&mut blocks, "五、预案与实际");
    // The table has all; drawn are those that were furthest from their time.
    let mut rows: Vec<PlanRow> = plan_rows(review, &score.reference);
    rows.retain(|it| it.kind != PlanRowKind::NeverOrdered);
    rows.sort_by_key(|it| std::cmp::Reverse(it.late_secs.abs()));
    rows.truncate(N_COMPARED);
    rows.sort_by_key(|it| it.planned);
    if !rows.is_empty() {
        // Smaller than on a screen, to stand on one page with the people moved.
        let look = Look { px: 0.65, ..Look::PAPER };
        let height = Deviations::height_of(rows.len(), look.px) as u32 + 4;
        chart(
            &mut blocks,
            "plan",
            "计划与实际：横条自计划时刻起，左早右晚，空心为未完成",
            height,
            |area| charts::deviations(area, &rows, look),
        )?;
    }
    if !review.moved.is_empty() {
        chart(&mut blocks, "people", "人员转移：应转移与已转移", 170, |area| {
            charts::people(area, review, Look::PAPER)
        })?;
    }
    plan_against_actual(paper, &mut blocks);

    heading(&mut blocks, "六、评分表");
    text(&mut blocks, "只计数、只对照，不打分。");
    let rows = score.totals.iter().map(|it| {
        let value = it.value.map_or("—".to_owned(), |it| format!("{it}"));
        vec![it.name.clone(), format!("{value} {}", it.unit), spans(&it.records)]
    });
    table(&mut blocks, &[30, 30, 40], &["项目", "数", "记录号"], rows);
    for (title, findings) in [("该做未做", &score.missed), ("不必做的", &score.unnecessary)] {
        text(&mut blocks, &format!("{title} {} 项", findings.len()));
        let rows = findings.iter().map(|it| vec![it.kind.name_zh().to_owned(), it.text.clone(), spans(&it.records)]);
        table(&mut blocks, &[18, 62, 20], &["类别", "内容", "记录号"], rows);
    }

    heading(&mut blocks, "七、平台健康");
    let rows = review.platforms.iter().map(|it| {
        let n_bad = it.changes.iter().filter(|(_, state, _)| *state == HealthState::Silent).count();
        let last = it.changes.last();
        let records: Vec<u64> = it.changes.iter().map(|(mark, ..)| mark.record).collect();
        vec![
            it.name.clone(),
            last.map_or("—".to_owned(), |(_, state, _)| state_zh(*state).to_owned()),
            n_bad.to_string(),
            duration_zh(it.bad_ms(review.to) / 1000),
            last.map(|(_, _, why)| why.clone()).unwrap_or_default(),
            it.refused.len().to_string(),
            spans(&records),
        ]
    });
    table(
        &mut blocks,
        &[18, 10, 8, 14, 26, 8, 16],
        &["平台", "期末", "失联", "不正常", "最后的错", "拒收", "记录号"],
        rows,
    );

    let span = format!("{} 至 {}", stamp(review.from), stamp(review.to));
    let (first, last) = (review.first_record, review.last_record);
    Ok(Document {
        lang: PaperLang::Zh,
        title: format!("{}{}复盘报告", if exercise { "【演练】" } else { "" }, review.city),
        subtitle: match &review.exercise {
            Some((title, seed)) => format!("{title} · 种子 {seed} · {span}"),
            None => span,
        },
        exercise,
        footer: format!("依据第 {first}–{last} 条记录生成；记录号可用 gulang-hub verify 与 /api/records 核对"),
        blocks,
    })
}

fn headline(paper: &Paper<'_>, blocks: &mut Vec<Block>) {
    let Paper { review, score, .. } = paper;
    let highest = review.levels.iter().filter_map(|it| Some((it.to?, it.mark))).max_by_key(|it| it.0);
    let figure = |id: &str| score.totals.iter().find(|it| it.id == id).and_then(|it| it.value);
    let mut words = match highest {
        Some((level, mark)) => format!("最高到{}级响应（{}，#{}）。", level.roman(), stamp(mark.at), mark.record),
        None => "没有启动响应。".to_owned(),
    };
    let n = |id: &str| figure(id).unwrap_or_default();
    words += &format!(
        "下达指令 {} 条，送达 {}，签收 {}，完成 {}。",
        n("orders"),
        n("delivered"),
        n("acknowledged"),
        n("done")
    );
    if let (Some(last), Some(share)) = (review.moved.last(), figure("moved_share")) {
        words += &format!("转移 {} / {} 人（{share} %，#{}）。", last.moved, last.expected, last.mark.record);
    }
    words += &format!("该做未做 {} 项，不必做的 {} 项。", score.missed.len(), score.unnecessary.len());
    text(blocks, &words);
}

fn order_row(it: &OrderStory) -> Vec<String> {
    let at = |mark: Option<Mark>| mark.map_or("—".to_owned(), |mark| hm(mark.at));
    let mut records = vec![it.drafted.record];
    records.extend(it.climbs.iter().map(|(_, mark, _)| mark.record));
    records.extend(it.overdue.iter().chain(&[]).map(|(_, mark)| mark.record));
    vec![
        it.order.to_string(),
        format!("{} · {}", it.agency, it.text.title),
        hm(it.drafted.at),
        at(it.reached(Rung::Acknowledged)),
        at(it.ended_as(Rung::Done)),
        hm(it.text.due_at),
        it.rung().name_zh().to_owned(),
        spans(&records),
    ]
}

fn plan_against_actual(paper: &Paper<'_>, blocks: &mut Vec<Block>) {
    let Paper { review, city, .. } = paper;
    let plan = review.levels.iter().rev().find_map(|it| city.plans.get(it.plan.as_ref()?));
    let Some(plan) = plan else {
        text(blocks, "没有启动预案。");
        return;
    };
    text(blocks, &format!("{}。{}", plan.title, plan.basis));
    let highest = review.levels.iter().filter_map(|it| it.to).max();
    let measures = plan.measures.iter().filter(|it| Some(it.from_level) <= highest);
    let rows = measures.map(|measure| {
        let order = review.orders.iter().rev().find(|it| it.text.measure.as_ref() == Some(&measure.id));
        let took = order.and_then(|it| Some(it.ended_as(Rung::Done)?.at.since_ms(it.drafted.at) / 1000));
        let actual = match (order, took) {
            (None, _) => "未下达".to_owned(),
            (Some(_), Some(took)) => duration_zh(took),
            (Some(order), None) => order.rung().name_zh().to_owned(),
        };
        vec![
            format!("{}级起", measure.from_level.roman()),
            measure.title.to_string(),
            measure.clause.to_string(),
            duration_zh(i64::from(measure.within_mins) * 60),
            actual,
            order.map_or("—".to_owned(), |it| it.drafted.record.to_string()),
        ]
    });
    table(blocks, &[9, 33, 20, 14, 14, 10], &["等级", "措施", "条款", "预案时限", "实际", "记录号"], rows);
}

fn heading(blocks: &mut Vec<Block>, text: &str) {
    blocks.push(Block::Heading { text: text.to_owned() });
}

fn text(blocks: &mut Vec<Block>, text: &str) {
    blocks.push(Block::Text { text: text.to_owned() });
}

fn table(blocks: &mut Vec<Block>, widths: &[u32], header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let header = header.iter().map(|it| (*it).to_owned()).collect();
    blocks.push(Block::Table { widths: widths.to_vec(), header, rows });
}

pub(crate) fn chart(
    blocks: &mut Vec<Block>,
    name: &str,
    caption: &str,
    height: u32,
    draw: impl FnOnce(
        &plotters::drawing::DrawingArea<plotters::prelude::SVGBackend<'_>, plotters::coord::Shift>,
    ) -> Result<(), plotters::drawing::DrawingAreaErrorKind<std::io::Error>>,
) -> Result<(), ReportError> {
    let svg = charts::to_svg((WIDTH, height), draw).map_err(|why| ReportError::Chart { name: name.to_owned(), why })?;
    blocks.push(Block::Chart { caption: caption.to_owned(), name: format!("{name}.svg"), svg, width: WIDTH, height });
    Ok(())
}

fn level(it: Option<ResponseLevel>) -> &'static str {
    it.map_or("平时", ResponseLevel::roman)
}

fn secs(it: Option<i64>) -> String {
    it.map_or("—".to_owned(), duration_zh)
}

fn stamp(at: Timestamp) -> String {
    at.beijing().strftime("%m-%d %H:%M:%S").to_string()
}

fn hm(at: Timestamp) -> String {
    at.beijing().strftime("%d日 %H:%M").to_string()
}
