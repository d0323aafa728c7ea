//! Which coordinates a file is in: what it says, what its words hint at, what its points look like.

use gulang_city::{LonLat, gcj02_from_wgs84, wgs84_from_bd09, wgs84_from_gcj02};
use serde::{Deserialize, Serialize};

/// Geographic coordinates a file may be in; projected ones are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crs {
    Wgs84,
    /// Within a metre of WGS-84 here, and taken for it.
    Cgcs2000,
    /// 火星坐标: Gaode and Tencent.
    Gcj02,
    /// Baidu.
    Bd09,
}

impl Crs {
    pub const ALL: [Self; 4] = [Self::Wgs84, Self::Cgcs2000, Self::Gcj02, Self::Bd09];

    pub fn id(self) -> &'static str {
        match self {
            Self::Wgs84 => "wgs84",
            Self::Cgcs2000 => "cgcs2000",
            Self::Gcj02 => "gcj02",
            Self::Bd09 => "bd09",
        }
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id.to_ascii_lowercase())
    }

    pub fn to_wgs84(self, at: LonLat) -> LonLat {
        match self {
            Self::Wgs84 | Self::Cgcs2000 => at,
            Self::Gcj02 => wgs84_from_gcj02(at),
            Self::Bd09 => wgs84_from_bd09(at),
        }
    }

    /// What words in a header, a title or a cell say of coordinates.
    pub(crate) fn hinted(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let has = |any: &[&str]| any.iter().any(|it| words.contains(it));
        if has(&["高德", "火星", "gcj", "腾讯地图"]) {
            Some(Self::Gcj02)
        } else if has(&["百度", "bd09", "bd-09"]) {
            Some(Self::Bd09)
        } else if has(&["cgcs2000", "国家2000", "大地2000", "天地图"]) {
            Some(Self::Cgcs2000)
        } else if has(&["wgs84", "wgs-84", "gps坐标"]) {
            Some(Self::Wgs84)
        } else {
            None
        }
    }

    /// From a `.prj` (WKT): `Err` with the name of a projection that is not taken.
    pub(crate) fn from_wkt(wkt: &str) -> Result<Option<Self>, String> {
        let upper = wkt.trim().to_uppercase();
        if upper.starts_with("PROJCS") || upper.starts_with("PROJCRS") || upper.contains("PROJECTION[") {
            let name = wkt.split('"').nth(1).unwrap_or("投影坐标");
            return Err(format!("「{name}」是平面投影坐标（高斯—克吕格之类），换算需要本市的中央经线与转换参数"));
        }
        Ok(match () {
            () if upper.is_empty() => None,
            () if upper.contains("2000") => Some(Self::Cgcs2000),
            () if upper.contains("WGS") && upper.contains("84") => Some(Self::Wgs84),
            () => {
                let name = wkt.split('"').nth(1).unwrap_or("无名坐标系");
                return Err(format!("「{name}」不是 CGCS2000 也不是 WGS-84，相差可达上百米"));
            }
        })
    }
}

/// Points of known things are off by just what GCJ-02 is off: of `(known, in the file)`, how many of how many; none if
/// that is no pattern. One pair alone says little; three do.
pub(crate) fn looks_like_gcj02(pairs: &[(LonLat, LonLat)]) -> Option<(usize, usize)> {
    let is_off = |(known, found): &&(LonLat, LonLat)| {
        let shifted = gcj02_from_wgs84(*known);
        found.distance_m(shifted) < 60.0 && found.distance_m(*known) > 200.0
    };
    let n_off = pairs.iter().filter(is_off).count();
    (n_off >= 3 && n_off * 10 >= pairs.len() * 6).then_some((n_off, pairs.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_projection_files_are_read() {
        assert_eq!(Crs::hinted("高德经度"), Some(Crs::Gcj02));
        assert_eq!(Crs::hinted("经度"), None);
        assert_eq!(Crs::from_wkt(r#"GEOGCS["GCS_China_Geodetic_Coordinate_System_2000"]"#), Ok(Some(Crs::Cgcs2000)));
        assert_eq!(Crs::from_wkt(r#"GEOGCS["GCS_WGS_1984"]"#), Ok(Some(Crs::Wgs84)));
        let why = Crs::from_wkt(r#"PROJCS["CGCS2000_3_Degree_GK_CM_117E"]"#).expect_err("projected");
        assert!(why.contains("CM_117E"), "{why}");
        assert!(Crs::from_wkt(r#"GEOGCS["GCS_Beijing_1954"]"#).is_err());
    }

    #[test]
    fn an_offset_in_the_pattern_is_seen_and_a_plain_error_is_not() {
        let known: Vec<LonLat> = (0..5).map(|i| LonLat(118.08 + 0.01 * f64::from(i), 24.48)).collect();
        let shifted: Vec<_> = known.iter().map(|it| (*it, gcj02_from_wgs84(*it))).collect();
        assert_eq!(looks_like_gcj02(&shifted), Some((5, 5)));
        let moved: Vec<_> = known.iter().map(|it| (*it, LonLat(it.0 - 0.004, it.1))).collect();
        assert_eq!(looks_like_gcj02(&moved), None);
        assert_eq!(looks_like_gcj02(&shifted[..2]), None);
    }
}
