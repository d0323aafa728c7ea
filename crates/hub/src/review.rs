//! A review of a log: the records folded again from the founding, told by [`gulang_city::review`].
//!
//! The same for a drill's score sheet, `gulang-hub report review` and `/api/review`, so that they cannot say different things.

use crate::{
    assets::{Reference, read_scenario},
    log::{LogError, fold},
};
use gulang_city::{
    City, Record, ResponseLevel, Timestamp,
    review::{Review, spans},
    score::{self, ScoreSheet, duration_zh},
};
use serde::Serialize;
use std::path::Path;

/// A stretch of a log, told and counted.
#[derive(Debug, Serialize)]
pub struct Reviewed {
    pub review: Review,
    pub score: ScoreSheet,
    /// The city at its end.
    #[serde(skip)]
    pub city: City,
}

/// Reviews the log in `dir` from `from` to `to`; without them, all of it. Each record is checked against the chain.
/// `scenarios` is where an exercise's public timeline is looked up.
pub fn review(
    dir: &Path,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    scenarios: Option<&Path>,
) -> Result<Reviewed, LogError> {
    review_beside(dir, from, to, |city| reference_of(city, scenarios))
}

/// The public timeline of the exercise a city is in; empty in the actual city.
pub(crate) fn reference_of(city: &City, scenarios: Option<&Path>) -> Vec<Reference> {
    let named = city.exercise.as_ref().map(|it| it.scenario.clone());
    let scenario = named.and_then(|named| read_scenario(&named, scenarios).ok());
    scenario.into_iter().flat_map(|it| it.reference).collect()
}

/// The same, beside a public timeline given.
pub fn review_beside(
    dir: &Path,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    reference: impl FnOnce(&City) -> Vec<Reference>,
) -> Result<Reviewed, LogError> {
    let mut telling = Telling::new(from, to);
    let city = fold(dir, &mut |record, city| telling.note(record, city))?;
    let (review, score) = telling.end(&city, &reference(&city));
    Ok(Reviewed { review, score, city })
}

/// A review being told while a log is folded.
#[derive(Debug)]
pub struct Telling {
    from: Timestamp,
    to: Timestamp,
    review: Option<Review>,
}

impl Telling {
    /// From `from` to `to`; without them, all there is.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let (from, to) = (from.unwrap_or(Timestamp(i64::MIN)), to.unwrap_or(Timestamp(i64::MAX)));
        Self { from, to, review: None }
    }

    /// Takes one record and the city after it; `false` when nothing after it belongs to the stretch.
    pub fn note(&mut self, record: &Record, city: &City) -> bool {
        let review = self.review.get_or_insert_with(|| Review::begin(city, self.from, self.to));
        // The first thing that happened is when "all of it" began.
        if review.from == Timestamp(i64::MIN) {
            review.from = record.at;
        }
        review.note(record, city);
        record.at <= self.to
    }

    /// `city` is the one after the last record noted.
    pub fn end(self, city: &City, reference: &[Reference]) -> (Review, ScoreSheet) {
        let mut review = self.review.unwrap_or_else(|| Review::begin(city, self.from, self.to));
        if self.to == Timestamp(i64::MAX) {
            review.to = city.at;
        }
        review.end(city);
        let reference: Vec<score::Reference> = reference.iter().map(Reference::to_score).collect();
        let score = ScoreSheet::of(&review, &reference);
        (review, score)
    }
}

/// The review as a document, `pdf` or `docx`. `assets` holds `fonts/`.
pub fn document(told: &Reviewed, form: &str, assets: Option<&Path>) -> Result<Vec<u8>, String> {
    let file = assets.map(|it| it.join("fonts/NotoSansSC-Regular-gb2312.ttf"));
    let file = file.ok_or("找不到 assets/fonts；设置 GULANG_ASSETS 指明")?;
    let font = std::fs::read(&file).map_err(|why| format!("{}：{why}", file.display()))?;
    let paper = gulang_report::Paper { review: &told.review, score: &told.score, city: &told.city, font: &font };
    let made = if form == "docx" { gulang_report::docx(&paper) } else { gulang_report::pdf(&paper) };
    made.map_err(|why| why.to_string())
}

/// The score sheet for a terminal.
pub fn score_text(score: &ScoreSheet) -> String {
    let level = |it: Option<ResponseLevel>| it.map_or("平时", ResponseLevel::roman);
    let secs = |it: Option<i64>| it.map_or("—".to_owned(), duration_zh);
    let mut text = String::from("评分表（括号里是记录号）\n");
    let mut line = |it: String| {
        text.push_str("  ");
        text.push_str(&it);
        text.push('\n');
    };
    for it in &score.levels {
        line(format!(
            "{} {} → {}：研判到定级 {}，首条指令 {}，{} 条全部送达 {}（{}）",
            it.at.to_beijing_text(),
            level(it.from),
            level(it.to),
            secs(it.secs_to_level),
            secs(it.secs_to_first_order),
            it.n_orders,
            secs(it.secs_to_all_delivered),
            spans(&it.records)
        ));
    }
    for it in &score.totals {
        let value = it.value.map_or("—".to_owned(), |it| format!("{it}"));
        line(format!("{} {value} {}（{}）", it.name, it.unit, spans(&it.records)));
    }
    for it in score.agencies.iter().take(10) {
        line(format!(
            "{}：{} 条，签收 {}（按时 {}），中位 {}，最慢 {}，叫应 {}（{}）",
            it.name,
            it.n_orders,
            it.n_acknowledged,
            it.n_acknowledged_in_time,
            secs(it.ack_median_secs),
            secs(it.ack_worst_secs),
            it.n_escalations,
            spans(&it.records)
        ));
    }
    for (title, findings) in [("该做未做", &score.missed), ("不必做的", &score.unnecessary)] {
        line(format!("{title} {} 项", findings.len()));
        for it in findings {
            line(format!("  {}：{}（{}）", it.kind.name_zh(), it.text, spans(&it.records)));
        }
    }
    for it in &score.reference {
        let here = match (it.at, it.secs_later) {
            (Some(at), Some(later)) if later >= 0 => {
                format!("演练 {}，晚 {}", at.to_beijing_text(), duration_zh(later))
            }
            (Some(at), Some(later)) => format!("演练 {}，{}", at.to_beijing_text(), duration_zh(later)),
            _ => "演练中没有对应".to_owned(),
        };
        let said = &it.reference;
        line(format!("公开时间线 {} {}：{here}（{}）", said.at.to_beijing_text(), said.text, spans(&it.records)));
    }
    text
}
