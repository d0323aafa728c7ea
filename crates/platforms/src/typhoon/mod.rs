//! Typhoon feeds, each in its own shape ([`zhejiang`], [`nmc`], [`jma`]), read into one [`Command::UpdateTyphoon`].
//!
//! A typhoon is `YYYYNN` whoever tells of it, so that feeds meet in one; one without a number keeps the feed's own name for
//! it, and the city knows it again by its English name. Every forecast keeps its agency and issue time.

pub mod jma;
pub mod nmc;
#[cfg(test)]
mod tests;
pub mod zhejiang;

/// A page that is not what its feed sends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("台风数据读不懂：{0}")]
pub struct TyphoonError(pub String);

impl TyphoonError {
    pub fn remedy(&self) -> &'static str {
        "源的格式可能变了：改用备用源并报告"
    }
}

/// `2305` in a year of this century is `202305`; anything else, and `2300`, is no number.
pub(crate) fn numbered(yynn: &str) -> Option<String> {
    let yynn = yynn.trim();
    let is_number = yynn.len() == 4 && yynn.bytes().all(|it| it.is_ascii_digit()) && !yynn.ends_with("00");
    is_number.then(|| format!("20{yynn}"))
}

/// Degrees from north; the feed says it in Chinese, in letters or in degrees.
pub(crate) fn direction(text: &str) -> f32 {
    const NAMES: [(&str, &str); 16] = [
        ("北", "N"),
        ("北东北", "NNE"),
        ("东北", "NE"),
        ("东东北", "ENE"),
        ("东", "E"),
        ("东东南", "ESE"),
        ("东南", "SE"),
        ("南东南", "SSE"),
        ("南", "S"),
        ("南西南", "SSW"),
        ("西南", "SW"),
        ("西西南", "WSW"),
        ("西", "W"),
        ("西西北", "WNW"),
        ("西北", "NW"),
        ("北西北", "NNW"),
    ];
    let text = text.trim();
    let index = NAMES.iter().position(|(zh, en)| text == *zh || text.eq_ignore_ascii_case(en)).or(match text {
        "北偏东" | "北北东" => Some(1),
        "东偏北" => Some(3),
        "东偏南" => Some(5),
        "南偏东" | "南南东" => Some(7),
        "南偏西" | "南南西" => Some(9),
        "西偏南" => Some(11),
        "西偏北" | "西北偏西" => Some(13),
        "北偏西" | "北西北偏" | "西北偏北" => Some(15),
        _ => None,
    });
    index.map(|it| it as f32 * 22.5).or_else(|| text.parse().ok().filter(|it: &f32| it.is_finite())).unwrap_or(0.0)
}
