//! The identifier of the Chinese profile: `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N`, 31 characters (PROTOCOLS.md §5 [S]).

use gulang_city::Timestamp;

/// Taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// 区划, six digits of GB/T 2260.
    pub division: String,
    /// 机构, three digits of GB/T 4657.
    pub agency: String,
    /// 单位.
    pub unit: String,
    /// 扩展.
    pub extension: String,
    pub sent: Timestamp,
    pub serial: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierFault {
    #[error("有 {0} 个字符，应为 31 个")]
    Length(usize),
    #[error("第 15 和第 30 个字符应为下划线")]
    Separators,
    #[error("{0}应全为数字")]
    Digits(&'static str),
    #[error("{0} 不是时间")]
    Time(String),
}

impl Identifier {
    /// # Errors
    /// What is not as the profile has it, the first found.
    pub fn parse(text: &str) -> Result<Self, IdentifierFault> {
        if text.chars().count() != 31 {
            return Err(IdentifierFault::Length(text.chars().count()));
        }
        let parts: Vec<&str> = text.split('_').collect();
        let [code, time, serial] = parts[..] else { return Err(IdentifierFault::Separators) };
        if code.len() != 14 || time.len() != 14 || serial.len() != 1 {
            return Err(IdentifierFault::Separators);
        }
        let is_digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
        let cut = |from: usize, to: usize| code.get(from..to).unwrap_or_default();
        for (what, it) in
            [("区划", cut(0, 6)), ("机构", cut(6, 9)), ("单位", cut(9, 12)), ("时间", time), ("序号", serial)]
        {
            if it.is_empty() || !is_digits(it) {
                return Err(IdentifierFault::Digits(what));
            }
        }
        let at = |from: usize, to: usize| time.get(from..to).unwrap_or_default();
        let words = format!("{}-{}-{} {}:{}:{}", at(0, 4), at(4, 6), at(6, 8), at(8, 10), at(10, 12), at(12, 14));
        Ok(Self {
            division: cut(0, 6).to_owned(),
            agency: cut(6, 9).to_owned(),
            unit: cut(9, 12).to_owned(),
            extension: cut(12, 14).to_owned(),
            sent: Timestamp::parse(&words).ok_or_else(|| IdentifierFault::Time(time.to_owned()))?,
            serial: serial.parse().map_err(|_| IdentifierFault::Digits("序号"))?,
        })
    }
}
