//! Cells as people type them, into what they mean: full width, units, thousands, serial dates, degrees and minutes.

use crate::MAX_CELL_CHARS;

/// Half width, one space where there were many, none at the ends; control characters go, line ends become spaces.
pub fn tidy(text: &str) -> String {
    if text.len() <= MAX_CELL_CHARS && !needs_work(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for it in text.chars().take(MAX_CELL_CHARS).map(half_width) {
        match is_blank(it) {
            true if out.is_empty() || out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(it),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

fn needs_work(text: &str) -> bool {
    text.starts_with(' ')
        || text.ends_with(' ')
        || text.contains("  ")
        || match text.is_ascii() {
            true => text.bytes().any(|it| it < 0x20 || it == 0x7f),
            false => text.chars().any(|it| it != ' ' && (is_blank(it) || half_width(it) != it)),
        }
}

fn is_blank(it: char) -> bool {
    it.is_whitespace() || it.is_control() || it == '\u{feff}' || it == '\u{200b}'
}

fn half_width(it: char) -> char {
    match it {
        '\u{3000}' => ' ',
        '！'..='～' => char::from_u32(it as u32 - 0xfee0).unwrap_or(it),
        '〇' => '0',
        other => other,
    }
}

/// A number with what people put around it: `1,200`, `约 50 人`, `50人左右`; nothing if there is none, or two that differ.
pub fn number(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|it| !it.is_whitespace() && *it != ',').collect();
    if let Ok(number) = plain.parse::<f64>() {
        return Some(number).filter(|it| it.is_finite());
    }
    let mut found: Option<f64> = None;
    for part in plain.split(|it: char| !it.is_ascii_digit() && it != '.') {
        let Ok(number) = part.trim_matches('.').parse::<f64>() else { continue };
        if found.is_some_and(|it| it != number) {
            return None;
        }
        found = Some(number);
    }
    found.filter(|_| !plain.contains("万"))
}

/// A count: a [`number`] that is whole.
pub fn count(text: &str) -> Option<u32> {
    number(text).filter(|it| it.fract() == 0.0 && (0.0..=10_000_000.0).contains(it)).map(|it| it as u32)
}

/// Degrees: `118.1`, `118.1°E`, `118°05′30″`, `118度5分30秒`.
pub fn degrees(text: &str) -> Option<f64> {
    let plain: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let plain = plain.trim_matches(|it: char| "EeNn东经北纬".contains(it));
    if let Ok(number) = plain.parse::<f64>() {
        return Some(number).filter(|it| it.is_finite());
    }
    let marks: &[char] = &['°', '度', '′', '\'', '分', '″', '"', '秒', '’', '”'];
    if !plain.contains(marks) {
        return None;
    }
    let parts: Vec<f64> =
        plain.split(marks).filter(|it| !it.is_empty()).map(|it| it.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [d] => Some(d),
        [d, m] if (0.0..60.0).contains(&m) => Some(d + m / 60.0),
        [d, m, s] if (0.0..60.0).contains(&m) && (0.0..60.0).contains(&s) => Some(d + m / 60.0 + s / 3600.0),
        _ => None,
    }
    .filter(|it| it.is_finite())
}

/// Two degrees in one cell: `118.1,24.5`, `118.1 24.5`, `(118.1;24.5)`, `POINT(118.1 24.5)`.
pub fn pair(text: &str) -> Option<(f64, f64)> {
    let plain = text.trim_start_matches("POINT").trim_start_matches("Point").trim();
    let plain = plain.trim_matches(|it: char| "()[]{}".contains(it));
    let mut parts = plain.split([',', ';', ' ', '、', '/', '|']).filter(|it| !it.trim().is_empty());
    let pair = (degrees(parts.next()?)?, degrees(parts.next()?)?);
    parts.next().is_none().then_some(pair)
}

/// A telephone number as it is kept: digits, `-` and `+`; nothing if it cannot be one.
pub fn phone(text: &str) -> Option<String> {
    let kept: String = text.chars().filter(|it| it.is_ascii_digit() || "-+".contains(*it)).collect();
    let n_digits = kept.chars().filter(char::is_ascii_digit).count();
    let is_scientific = text.contains(['e', 'E']);
    ((3..=20).contains(&n_digits) && !is_scientific).then_some(kept)
}

/// `138****1234`: enough to know it again.
pub fn masked(phone: &str) -> String {
    let n = phone.chars().count();
    let (head, tail) = if n >= 9 { (3, 4) } else { (1, 1) };
    phone.chars().enumerate().map(|(i, it)| if i < head || i + tail >= n { it } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_people_type_them() {
        assert_eq!(tidy("　１２３，ＡＢＣ\n 乙  "), "123,ABC 乙");
        assert_eq!(tidy("plain"), "plain");
        assert_eq!(number("约 1,200 人"), Some(1200.0));
        assert_eq!(number("30-50人"), None, "a range is no number");
        assert_eq!(number("1.2万"), None);
        assert_eq!(count("50.0"), Some(50));
        assert_eq!(count("-3"), None);
        assert_eq!(degrees("118°30′"), Some(118.5));
        assert_eq!(degrees("东经118.25度"), Some(118.25));
        assert_eq!(degrees("NaN"), None);
        assert_eq!(pair("118.1, 24.5"), Some((118.1, 24.5)));
        assert_eq!(pair("POINT(118.1 24.5)"), Some((118.1, 24.5)));
        assert_eq!(pair("118.1,24.5,3"), None);
        assert_eq!(phone("(0592) 555-1008").as_deref(), Some("0592555-1008"));
        assert_eq!(phone("1.38E+10"), None);
        assert_eq!(masked("13812345678"), "138****5678");
    }
}
