//! The grid platform: who is on duty in which cell, and where they are. JSON of our own shape (no standard was had), read
//! loosely:
//!
//! ```json
//! {"asOf": "2026-11-22 10:00:00",
//!  "duties": [{"cellId": "350203001g1", "personId": "350203001w1", "from": "2026-11-22 08:00:00", "until": "2026-11-22 12:00:00"}],
//!  "positions": [{"personId": "350203001w1", "lon": 118.08, "lat": 24.44, "at": "2026-11-22 09:59:40"}]}
//! ```
//! Names and telephone numbers a platform sends beside are not read: they are people's.

use crate::{
    Heard, News,
    mapping::Crs,
    value::{number_of, text_of, time_of},
};
use gulang_city::{Command, Duty, GRID_REGISTER, LonLat, Roster, Text, ThingState, Timestamp};
use serde_json::{Value, json};

/// Rows of one answer at most; more are refused in one piece.
pub const MAX_ROWS: usize = 50_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    #[error("网格平台的应答读不懂：{why}")]
    Garbage { why: String },
    #[error("网格平台一次给了 {n} 行，超过 {MAX_ROWS}")]
    TooMany { n: usize },
}

impl GridError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Garbage { .. } => "用 gulang-hub connect 名字 --try 看应答；核对地址与格式",
            Self::TooMany { .. } => "请平台按区分开接口，各配一个连接器",
        }
    }
}

/// Duties become one roster, whole: a row that makes no sense is refused, and the others stand. Positions are readings.
pub fn read(bytes: &[u8], crs: Crs) -> Result<Heard, GridError> {
    let garbage = |why: String| GridError::Garbage { why };
    let whole: Value = serde_json::from_slice(bytes).map_err(|why| garbage(format!("不是 JSON：{why}")))?;
    let as_of = time_of(&whole["asOf"]).ok_or_else(|| garbage("没有 asOf".into()))?;
    let rows = |key: &str| whole[key].as_array().map_or(&[][..], Vec::as_slice);
    let (duties, positions) = (rows("duties"), rows("positions"));
    let n = duties.len() + positions.len();
    if n > MAX_ROWS {
        return Err(GridError::TooMany { n });
    }
    let mut heard = Heard::default();
    let mut roster = Roster { as_of, duties: Vec::new() };
    for row in duties {
        match duty(row) {
            Ok(it) => roster.duties.push(it),
            Err(why) => heard.refuse(&without_names(row), why),
        }
    }
    // An answer without the list says nothing of duties; an empty list says that nobody is on duty.
    if whole["duties"].is_array() {
        heard.commands.push(Command::ReportRoster { roster });
    }
    for row in positions {
        match position(row, crs) {
            Ok(it) => heard.news.push(it),
            Err(why) => heard.refuse(&without_names(row), why),
        }
    }
    Ok(heard)
}

fn duty(row: &Value) -> Result<Duty, String> {
    let text = |key: &str| text_of(&row[key]).filter(|it| !it.is_empty()).ok_or_else(|| format!("没有 {key}"));
    let time = |key: &str| time_of(&row[key]).ok_or_else(|| format!("{key} 不是时间"));
    let (from, until) = (time("from")?, time("until")?);
    if from >= until {
        return Err("班次结束不晚于开始".into());
    }
    Ok(Duty { cell: text("cellId")?.into(), person: text("personId")?.into(), from, until })
}

fn position(row: &Value, crs: Crs) -> Result<News, String> {
    let thing = text_of(&row["personId"]).filter(|it| !it.is_empty()).ok_or("没有 personId")?;
    let given = LonLat(number_of(&row["lon"]).ok_or("没有 lon")?, number_of(&row["lat"]).ok_or("没有 lat")?);
    if !given.is_sane() || given == LonLat(0.0, 0.0) {
        return Err(format!("坐标 {}, {} 不在地上", given.0, given.1));
    }
    Ok(News::Thing {
        register: GRID_REGISTER.into(),
        thing: thing.into(),
        place: Some(crs.to_wgs84(given)),
        heading: f32::NAN,
        state: ThingState::Normal,
        at: time_of(&row["at"]).ok_or("at 不是时间")?,
    })
}

/// What is kept of a refused row: whose it is, and nothing else.
fn without_names(row: &Value) -> String {
    json!({ "cellId": row["cellId"], "personId": row["personId"] }).to_string()
}

/// As the simulated city's platform tells it.
pub fn write(roster: &Roster, positions: &[(Text, LonLat, Timestamp)]) -> Value {
    let duty = |it: &Duty| json!({ "cellId": it.cell, "personId": it.person, "from": it.from.to_beijing_text(), "until": it.until.to_beijing_text() });
    let position = |(person, at, seen): &(Text, LonLat, Timestamp)| json!({ "personId": &**person, "lon": at.lon(), "lat": at.lat(), "at": seen.to_beijing_text() });
    json!({
        "asOf": roster.as_of.to_beijing_text(), "duties": roster.duties.iter().map(duty).collect::<Vec<_>>(),
        "positions": positions.iter().map(position).collect::<Vec<_>>(), "simulated": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer() -> Value {
        let at = Timestamp::parse("2026-11-22 10:00:00").expect("a time");
        let duty = Duty { cell: "c1".into(), person: "w1".into(), from: at, until: at.plus_mins(60) };
        write(&Roster { as_of: at, duties: vec![duty] }, &[("w1".into(), LonLat(118.08, 24.44), at)])
    }

    #[test]
    fn what_is_written_is_read() {
        let heard = read(answer().to_string().as_bytes(), Crs::Wgs84).expect("an answer");
        assert!(heard.refused.is_empty());
        let Some(Command::ReportRoster { roster }) = heard.commands.first() else { panic!("no roster") };
        assert_eq!((roster.duties.len(), roster.duties[0].person.as_str()), (1, "w1"));
        assert!(
            matches!(&heard.news[..], [News::Thing { thing, place: Some(LonLat(118.08, 24.44)), .. }] if &**thing == "w1")
        );
    }

    #[test]
    fn a_bad_row_is_refused_alone_and_tells_no_name() {
        let mut answer = answer();
        answer["duties"][0]["until"] = "早班".into();
        answer["duties"][0]["name"] = "陈志强".into();
        answer["positions"][0]["lon"] = 0.into();
        answer["positions"][0]["lat"] = 0.into();
        answer["positions"][0]["phone"] = "13800000000".into();
        let heard = read(answer.to_string().as_bytes(), Crs::Wgs84).expect("an answer");
        assert_eq!((heard.refused.len(), heard.news.len()), (2, 0));
        assert!(!format!("{heard:?}").contains("陈志强") && !format!("{heard:?}").contains("138"));
    }

    #[test]
    fn no_list_is_no_roster_and_an_empty_one_is() {
        let of = |text: &str| read(text.as_bytes(), Crs::Wgs84).expect("an answer").commands.len();
        assert_eq!(of(r#"{"asOf":"2026-11-22 10:00:00"}"#), 0);
        assert_eq!(of(r#"{"asOf":"2026-11-22 10:00:00","duties":[]}"#), 1);
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, Crs::Gcj02);
        }

        #[test]
        fn a_cut_answer_is_none(cut in 1usize..40) {
            let whole = answer().to_string();
            prop_assert!(read(&whole.as_bytes()[..whole.len() - cut], Crs::Wgs84).is_err());
        }
    }
}
