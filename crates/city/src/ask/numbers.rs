//! The figures a Chinese sentence states: digits of either width, thousands, 万 and 亿, 半 and 一百二十, clock times, with the
//! unit that follows. What counts without saying how many (几, 数) is a figure nothing bears out.

/// One figure of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// NaN: it counts without saying how many.
    pub value: f64,
    /// What one in its last digit is worth.
    pub step: f64,
    pub unit: Option<Unit>,
    /// It says of itself that it is rounded: 约, 左右, 万.
    pub is_rounded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Cm,
    Mm,
    M,
    Km,
    MetresPerSec,
    Mins,
    Secs,
    /// Minutes of the day.
    Clock,
    Percent,
    Db,
    People,
    /// 处, 个, 件, 条, 支 …
    Things,
}

/// As it stands after a figure; the longest first. The factor makes the unit's own of what is written.
const UNITS: &[(&str, Unit, f64)] = &[
    ("个小时", Unit::Mins, 60.0),
    ("m/s", Unit::MetresPerSec, 1.0),
    ("米/秒", Unit::MetresPerSec, 1.0),
    ("米每秒", Unit::MetresPerSec, 1.0),
    ("厘米", Unit::Cm, 1.0),
    ("公分", Unit::Cm, 1.0),
    ("毫米", Unit::Mm, 1.0),
    ("公里", Unit::Km, 1.0),
    ("千米", Unit::Km, 1.0),
    ("小时", Unit::Mins, 60.0),
    ("分钟", Unit::Mins, 1.0),
    ("分贝", Unit::Db, 1.0),
    ("km", Unit::Km, 1.0),
    ("cm", Unit::Cm, 1.0),
    ("mm", Unit::Mm, 1.0),
    ("dB", Unit::Db, 1.0),
    ("db", Unit::Db, 1.0),
    ("人次", Unit::People, 1.0),
    ("m", Unit::M, 1.0),
    ("米", Unit::M, 1.0),
    ("分", Unit::Mins, 1.0),
    ("秒", Unit::Secs, 1.0),
    ("%", Unit::Percent, 1.0),
    ("人", Unit::People, 1.0),
    ("名", Unit::People, 1.0),
    ("位", Unit::People, 1.0),
    ("处", Unit::Things, 1.0),
    ("个", Unit::Things, 1.0),
    ("件", Unit::Things, 1.0),
    ("条", Unit::Things, 1.0),
    ("支", Unit::Things, 1.0),
    ("项", Unit::Things, 1.0),
    ("起", Unit::Things, 1.0),
    ("宗", Unit::Things, 1.0),
    ("道", Unit::Things, 1.0),
    ("路", Unit::Things, 1.0),
    ("家", Unit::Things, 1.0),
    ("台", Unit::Things, 1.0),
    ("辆", Unit::Things, 1.0),
    ("架", Unit::Things, 1.0),
    ("艘", Unit::Things, 1.0),
    ("艇", Unit::Things, 1.0),
    ("队", Unit::Things, 1.0),
    ("座", Unit::Things, 1.0),
    ("则", Unit::Things, 1.0),
];

/// Words with a numeral in them that count nothing.
const IDLE: &[&str] = &[
    "一些",
    "一直",
    "一般",
    "统一",
    "进一步",
    "一旦",
    "一致",
    "万一",
    "一并",
    "一定",
    "唯一",
    "一样",
    "一律",
    "一线",
    "一方面",
    "另一",
    "之一",
    "同一",
    "一边",
    "第一时间",
    "一览",
    "四周",
];
const BEFORE_ROUNDED: &[&str] = &["约", "近似", "大约", "大概"];
const AFTER_ROUNDED: &[&str] = &["左右", "上下"];

/// Every figure, in the order they stand.
pub fn numbers(text: &str) -> Vec<Number> {
    let mut text: String = text.chars().map(half_width).collect();
    for word in IDLE {
        text = text.replace(word, "，");
    }
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(&ch) = chars.get(i) {
        let read = if ch.is_ascii_digit() {
            clock_at(&chars, i).or_else(|| digits_at(&chars, i))
        } else if is_numeral(ch) {
            numeral_at(&chars, i)
        } else {
            None
        };
        let Some((mut number, mut end)) = read else {
            i += 1;
            continue;
        };
        let (rest, before) = (rest_at(&chars, end), before_at(&chars, i));
        let mut after = rest.as_str();
        if number.unit.is_none() {
            let known = UNITS.iter().find(|(name, ..)| after.starts_with(name));
            if let Some((name, unit, factor)) = known {
                number =
                    Number { unit: Some(*unit), value: number.value * factor, step: number.step * factor, ..number };
                after = after.strip_prefix(name).unwrap_or(after);
                // 千米 begins with a numeral that counts nothing more.
                end += name.chars().count();
            }
        }
        // 十几人, 百余处: more than it says, and nobody knows by how much.
        if after.starts_with(['余', '多', '几']) || rest.starts_with(['余', '多', '几']) {
            number.value = f64::NAN;
        }
        number.is_rounded |= BEFORE_ROUNDED.iter().any(|it| before.ends_with(it))
            || AFTER_ROUNDED.iter().any(|it| after.trim_start().starts_with(it));
        found.push(number);
        i = end.max(i + 1);
    }
    found
}

/// Whether a stated figure is this one, or an honest rounding of it.
pub fn bears_out(stated: &Number, value: f64) -> bool {
    let off = (stated.value - value).abs();
    if off <= 1e-6 * value.abs().max(1.0) {
        return true;
    }
    stated.is_rounded && off <= (stated.step / 2.0 + 1e-9).max(value.abs() * 0.05)
}

fn clock_at(chars: &[char], i: usize) -> Option<(Number, usize)> {
    let two = |at: usize| -> Option<(u32, usize)> {
        let n = chars.get(at..)?.iter().take(3).take_while(|it| it.is_ascii_digit()).count();
        let digits: String = chars.get(at..at + n)?.iter().collect();
        (1..=2).contains(&n).then_some(())?;
        Some((digits.parse().ok()?, at + n))
    };
    let (hour, colon) = two(i)?;
    if chars.get(colon) != Some(&':') {
        return None;
    }
    let (minute, end) = two(colon + 1)?;
    let is_time = hour < 25 && minute < 60 && end - colon == 3;
    let value = f64::from(hour * 60 + minute);
    is_time.then_some((Number { value, step: 1.0, unit: Some(Unit::Clock), is_rounded: false }, end))
}

fn digits_at(chars: &[char], i: usize) -> Option<(Number, usize)> {
    let is_digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let (mut text, mut at) = (String::new(), i);
    loop {
        match chars.get(at) {
            Some(it) if it.is_ascii_digit() => text.push(*it),
            // 1,234: three digits and no more.
            Some(',') if (1..=3).all(|k| is_digit(at + k)) && !is_digit(at + 4) && !text.contains('.') => {}
            Some('.') if is_digit(at + 1) && !text.contains('.') => text.push('.'),
            _ => break,
        }
        at += 1;
    }
    let value: f64 = text.parse().ok()?;
    let n_decimals = text.split_once('.').map_or(0, |it| it.1.len() as i32);
    let (scale, n) = match (chars.get(at), chars.get(at + 1)) {
        (Some('万'), Some('亿')) => (1e12, 2),
        (Some('亿'), _) => (1e8, 1),
        (Some('万'), _) => (1e4, 1),
        (Some('千'), next) if next != Some(&'米') => (1e3, 1),
        (Some('百'), _) => (1e2, 1),
        _ => (1.0, 0),
    };
    let step = scale * 10f64.powi(-n_decimals);
    Some((Number { value: value * scale, step, unit: None, is_rounded: scale > 1.0 }, at + n))
}

fn numeral_at(chars: &[char], i: usize) -> Option<(Number, usize)> {
    let run: Vec<char> = chars.get(i..)?.iter().copied().take_while(|it| is_numeral(*it)).collect();
    let end = i + run.len();
    let number = |value: f64| Some((Number { value, step: 1.0, unit: None, is_rounded: false }, end));
    if run.contains(&'几') || run.contains(&'数') && run.len() > 1 {
        return number(f64::NAN);
    }
    match run.as_slice() {
        // 数据, 人数: a word, not a figure.
        ['数'] => None,
        ['半'] => number(0.5),
        _ if run.contains(&'半') || run.contains(&'数') => number(f64::NAN),
        // 七百 alone may be a name; a digit row (二〇二三) is read as one.
        _ if run.iter().all(|it| digit(*it).is_some()) => {
            number(run.iter().filter_map(|it| digit(*it)).fold(0.0, |sum, it| sum * 10.0 + it))
        }
        _ => number(composed(&run)),
    }
}

/// `一百二十` and the like.
fn composed(run: &[char]) -> f64 {
    let (mut total, mut section, mut last) = (0.0, 0.0, None::<f64>);
    for ch in run {
        match (digit(*ch), *ch) {
            (Some(it), _) => last = Some(it),
            (None, '万' | '亿') => {
                let scale = if *ch == '万' { 1e4 } else { 1e8 };
                total = (total + section + last.take().unwrap_or(0.0)) * scale;
                section = 0.0;
            }
            (None, it) => {
                let scale = if it == '十' {
                    10.0
                } else if it == '百' {
                    100.0
                } else {
                    1000.0
                };
                section += last.take().unwrap_or(1.0) * scale;
            }
        }
    }
    total + section + last.unwrap_or(0.0)
}

fn digit(ch: char) -> Option<f64> {
    let digits = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let at = digits.iter().position(|it| *it == ch);
    match ch {
        '〇' => Some(0.0),
        '两' => Some(2.0),
        _ => at.map(|it| it as f64),
    }
}

fn is_numeral(ch: char) -> bool {
    digit(ch).is_some() || "十百千万亿半几数".contains(ch)
}

/// What follows a figure, spaces passed over, as far as a unit goes.
fn rest_at(chars: &[char], at: usize) -> String {
    chars.get(at..).unwrap_or_default().iter().skip_while(|it| **it == ' ').take(6).collect()
}

fn before_at(chars: &[char], at: usize) -> String {
    let from = at.saturating_sub(4);
    let before: String = chars.get(from..at).unwrap_or_default().iter().collect();
    before.trim_end().to_owned()
}

fn half_width(ch: char) -> char {
    match ch {
        '\u{3000}' => ' ',
        // The full-width comma is a pause, not a thousands' mark.
        '，' => '，',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(ch as u32 - 0xfee0).unwrap_or(ch),
        _ => ch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_are_read_as_people_write_them() {
        let check = |text: &str, wanted: &[(f64, Option<Unit>)]| {
            let found: Vec<(f64, Option<Unit>)> = numbers(text).iter().map(|it| (it.value, it.unit)).collect();
            assert_eq!(found, wanted, "{text}");
        };
        check("积水 42.5 cm，１０：０５ 读", &[(42.5, Some(Unit::Cm)), (605.0, Some(Unit::Clock))]);
        check("应转移 1,234 人、5人", &[(1234.0, Some(Unit::People)), (5.0, Some(Unit::People))]);
        check("最近一小时涨三十厘米", &[(60.0, Some(Unit::Mins)), (30.0, Some(Unit::Cm))]);
        check("半小时内一百二十件", &[(30.0, Some(Unit::Mins)), (120.0, Some(Unit::Things))]);
        check("7.2万人", &[(72_000.0, Some(Unit::People))]);
        check("二〇二三年", &[(2023.0, None)]);
        check("统一部署，进一步核查数据", &[]);
        check("12千米", &[(12.0, Some(Unit::Km))]);
        check("两处", &[(2.0, Some(Unit::Things))]);
        for vague in ["几处", "数十人", "十几人", "30多处", "一半以上"] {
            assert!(numbers(vague).iter().any(|it| it.value.is_nan()), "{vague}: {:?}", numbers(vague));
        }
    }

    #[test]
    fn only_what_says_that_it_is_rounded_may_be() {
        let stated = |text: &str| numbers(text).first().copied().expect(text);
        assert!(bears_out(&stated("42 cm"), 42.0) && !bears_out(&stated("42 cm"), 42.4));
        assert!(bears_out(&stated("约 42 cm"), 42.4) && !bears_out(&stated("约 50 cm"), 42.4));
        assert!(bears_out(&stated("7.2万人"), 72_013.0) && !bears_out(&stated("7.2万人"), 80_000.0));
        assert!(!bears_out(&stated("几处"), 3.0));
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in "\\PC{0,60}") {
            let _ = numbers(&text);
        }

        #[test]
        fn what_is_written_is_read(n in 0u32..1_000_000) {
            let found = numbers(&format!("共 {n} 件"));
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].value, f64::from(n));
        }
    }
}
