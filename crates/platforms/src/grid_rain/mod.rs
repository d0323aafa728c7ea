//! Rain fields: GRIB2 as weather services send it, and a plain JSON grid. Read into [`RainField`], and written for the
//! simulated city and tests.

mod grib2;
mod json;
#[cfg(test)]
mod tests;
mod write;

pub use grib2::read_grib2;
pub use json::{read_json, write_json};
pub use write::write_grib2;

use gulang_city::{RainFault, RainField, RainKind, Text};

/// Larger documents are refused unread: a national grid of 0.01° is some 10 MB packed.
pub const MAX_GRID_BYTES: usize = 64 * 1024 * 1024;
/// Points of one grid, at most: 0.01° over a province and its sea is one million.
pub const MAX_POINTS: usize = 8_000_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    #[error("文件 {n_bytes} 字节，超过 {MAX_GRID_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("不是 JSON 格点：{0}")]
    Json(String),
    #[error("不是 GRIB2：{0}")]
    Grib(String),
    /// Which packing, grid or product, by its template.
    #[error("不支持的 {what} 模板 {template}")]
    Unsupported { what: &'static str, template: u16 },
    #[error(transparent)]
    Field(#[from] RainFault),
}

impl GridError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "请数据方按本市范围裁剪",
            Self::Json(_) | Self::Grib(_) => "用 gulang-hub connect 名字 --try 看应答；核对接口地址与 form",
            Self::Unsupported { .. } => "请数据方改用经纬度网格（3.0）与简单或复杂打包（5.0、5.2、5.3）",
            Self::Field(_) => "联系数据方：格点自相矛盾",
        }
    }
}

/// What a document does not say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridAbout {
    pub source: Text,
    /// Where neither the document nor its times tell.
    pub kind: Option<RainKind>,
    pub simulated: bool,
}

/// The fields of a document of either form, and what of it could not be used.
pub fn read(bytes: &[u8], about: &GridAbout) -> Result<(Vec<RainField>, Vec<String>), GridError> {
    if bytes.len() > MAX_GRID_BYTES {
        return Err(GridError::TooLarge { n_bytes: bytes.len() });
    }
    if bytes.starts_with(b"GRIB") { read_grib2(bytes, about) } else { read_json(bytes, about) }
}
