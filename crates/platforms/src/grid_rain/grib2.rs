//! GRIB2 (WMO Manual on Codes, FM 92): rain on a grid of longitudes and latitudes.
//!
//! The sections are taken apart here, within their bounds, so that what they claim is known before anything is made room
//! for; the packed values are unpacked by the crate `grib` (templates 5.0, 5.2 and 5.3, and 5.200), which is not proof
//! against every damage and so is caught where it falls.

use super::{GridAbout, GridError, MAX_POINTS};
use gulang_city::{LonLat, NO_RAIN_KNOWN, RainField, RainKind, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Messages of one file, at most.
const MAX_MESSAGES: usize = 256;
/// What is valid so soon after it was made is a nowcast, not a forecast.
const NOWCAST_MS: i64 = 3 * 3_600_000;

/// Every rain field of a file; products that are no rain are told in one line.
pub fn read_grib2(bytes: &[u8], about: &GridAbout) -> Result<(Vec<RainField>, Vec<String>), GridError> {
    let (mut fields, mut refused) = (Vec::new(), Vec::new());
    let mut n_others = 0usize;
    let mut rest = bytes;
    for _ in 0..MAX_MESSAGES {
        if rest.is_empty() {
            break;
        }
        let message = match Message::split(rest) {
            Ok((message, after)) => {
                rest = after;
                message
            }
            // What came before a cut is whole.
            Err(why) if !fields.is_empty() || !refused.is_empty() || n_others > 0 => {
                refused.push(why.to_string());
                break;
            }
            Err(why) => return Err(why),
        };
        for part in message.parts() {
            match part.field(&message, about) {
                Ok(Some(field)) => fields.push(field),
                Ok(None) => n_others += 1,
                Err(why) => refused.push(why.to_string()),
            }
        }
    }
    if n_others > 0 {
        refused.push(format!("{n_others} 个产品不是降水，未采用"));
    }
    Ok((fields, refused))
}

pub(super) fn kind_by_lead(issued_at: Timestamp, valid_at: Timestamp) -> RainKind {
    match valid_at.since_ms(issued_at) {
        lead if lead <= 0 => RainKind::Observed,
        lead if lead <= NOWCAST_MS => RainKind::Nowcast,
        _ => RainKind::Forecast,
    }
}

fn fault(why: impl Into<String>) -> GridError {
    GridError::Grib(why.into())
}

/// One message's sections, whole with their heads.
struct Message<'a> {
    discipline: u8,
    sections: Vec<(u8, &'a [u8])>,
}

/// What belongs to one field: grid, product, representation, bit map, data.
struct Part<'a> {
    grid: &'a [u8],
    product: &'a [u8],
    representation: &'a [u8],
    bitmap: &'a [u8],
    data: &'a [u8],
}

impl<'a> Message<'a> {
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), GridError> {
        let head = bytes.get(..16).filter(|it| it.starts_with(b"GRIB")).ok_or_else(|| fault("没有 GRIB 开头"))?;
        if head[7] != 2 {
            return Err(fault(format!("是第 {} 版，不是第 2 版", head[7])));
        }
        let length = u64_at(head, 8)?;
        let length = usize::try_from(length).map_err(|_| fault("长度不合理"))?;
        let message = bytes.get(..length).filter(|it| it.len() >= 20).ok_or_else(|| fault("文件不全"))?;
        let body = message.get(16..length - 4).unwrap_or_default();
        if !message.ends_with(b"7777") {
            return Err(fault("没有 7777 结尾"));
        }
        let mut sections = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            let length = u32_at(rest, 0)? as usize;
            let section = rest.get(..length).filter(|it| it.len() >= 5).ok_or_else(|| fault("段的长度不合理"))?;
            sections.push((section[4], section));
            rest = rest.get(length..).unwrap_or_default();
            if sections.len() > 4096 {
                return Err(fault("段太多"));
            }
        }
        Ok((Self { discipline: head[6], sections }, bytes.get(length..).unwrap_or_default()))
    }

    /// Sections may be left out where they repeat.
    fn parts(&self) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let (mut grid, mut product, mut representation, mut bitmap) = (None, None, None, None);
        for (number, section) in &self.sections {
            match number {
                3 => grid = Some(*section),
                4 => product = Some(*section),
                5 => representation = Some(*section),
                6 => bitmap = Some(*section),
                7 => {
                    if let (Some(grid), Some(product), Some(representation), Some(bitmap)) =
                        (grid, product, representation, bitmap)
                    {
                        parts.push(Part { grid, product, representation, bitmap, data: section });
                    }
                }
                _ => {}
            }
        }
        parts
    }

    /// The reference time; UTC.
    fn reference(&self) -> Result<Timestamp, GridError> {
        let section = self.sections.iter().find(|it| it.0 == 1).map(|it| it.1).ok_or_else(|| fault("没有第 1 段"))?;
        time_at(section, 12)
    }
}

impl Part<'_> {
    /// `None` if it is no rain.
    fn field(&self, message: &Message<'_>, about: &GridAbout) -> Result<Option<RainField>, GridError> {
        let issued_at = message.reference()?;
        let Some((per_hour, valid_at)) = self.rain(message.discipline, issued_at)? else { return Ok(None) };
        let grid = Grid::of(self.grid)?;
        let values = self.values(grid.n_points())?;
        let field = RainField {
            source: about.source.clone(),
            kind: about.kind.unwrap_or(kind_by_lead(issued_at, valid_at)),
            valid_at,
            issued_at,
            origin: grid.origin,
            step: grid.step,
            n: grid.n,
            values: grid.south_west_first(&values, per_hour).into(),
            simulated: about.simulated,
        };
        Ok(Some(field.checked()?))
    }

    /// What makes a value mm/h, and when it is for.
    ///
    /// Code table 4.2, discipline 0, category 1: 7, 52 and 65 are rates in kg m⁻² s⁻¹; 8 and 49 are sums in kg m⁻² over the
    /// interval of template 4.8.
    fn rain(&self, discipline: u8, issued_at: Timestamp) -> Result<Option<(f32, Timestamp)>, GridError> {
        let product = self.product;
        let template = u16_at(product, 7)?;
        let (category, number) = (byte_at(product, 9)?, byte_at(product, 10)?);
        if discipline != 0 || category != 1 || !matches!(number, 7 | 8 | 49 | 52 | 65) {
            return Ok(None);
        }
        let lead = span_ms(byte_at(product, 17)?, signed_at(product, 18)?)?;
        let is_sum = matches!(number, 8 | 49);
        match (template, is_sum) {
            (0, false) => Ok(Some((3600.0, issued_at + lead))),
            (8, _) => {
                let valid_at = time_at(product, 34)?;
                let interval = span_ms(byte_at(product, 48)?, i64::from(u32_at(product, 49)?))?;
                if interval <= 0 {
                    return Err(fault("累计时段不合理"));
                }
                let per_hour = if is_sum { 3_600_000.0 / interval as f32 } else { 3600.0 };
                Ok(Some((per_hour, valid_at)))
            }
            (0, true) => Err(fault("累计降水没有说累计时段（应用模板 4.8）")),
            _ => Err(GridError::Unsupported { what: "产品", template }),
        }
    }

    fn values(&self, n_points: usize) -> Result<Vec<f32>, GridError> {
        let template = u16_at(self.representation, 9)?;
        if !matches!(template, 0 | 2 | 3 | 200) {
            return Err(GridError::Unsupported { what: "打包", template });
        }
        if u32_at(self.representation, 5)? as usize > n_points {
            return Err(fault("打包的点数多于格点"));
        }
        // What the bit map says beyond the grid would be read past its end.
        let bitmap = match byte_at(self.bitmap, 5)? {
            0 if self.bitmap.len() >= 6 + n_points.div_ceil(8) => self.bitmap,
            255 => self.bitmap,
            _ => return Err(fault("位图不合理")),
        };
        let decode = || {
            let decoder = grib::Grib2SubmessageDecoder::new(
                n_points,
                self.representation.to_vec(),
                bitmap.to_vec(),
                self.data.to_vec(),
            )?;
            Ok::<Vec<f32>, grib::GribError>(decoder.dispatch()?.take(n_points).collect())
        };
        let values = catch_unwind(AssertUnwindSafe(decode)).map_err(|_| fault("打包的数据不合理"))?;
        let values = values.map_err(|why| fault(why.to_string()))?;
        if values.len() != n_points {
            return Err(fault(format!("有 {} 个数值，应为 {n_points} 个", values.len())));
        }
        Ok(values)
    }
}

/// Template 3.0: longitudes and latitudes.
struct Grid {
    n: (u32, u32),
    origin: LonLat,
    step: (f64, f64),
    /// Scans westwards; northwards.
    is_west: bool,
    is_north: bool,
}

impl Grid {
    fn of(section: &[u8]) -> Result<Self, GridError> {
        let template = u16_at(section, 12)?;
        if template != 0 {
            return Err(GridError::Unsupported { what: "网格", template });
        }
        let n = (u32_at(section, 30)?, u32_at(section, 34)?);
        let n_points = u32_at(section, 6)? as usize;
        if (n.0 as usize).checked_mul(n.1 as usize) != Some(n_points) || n_points > MAX_POINTS || n.0 < 2 || n.1 < 2 {
            return Err(fault(format!("格点 {}×{} 与 {n_points} 点不符，或太多", n.0, n.1)));
        }
        let (angle, parts) = (u32_at(section, 38)?, u32_at(section, 42)?);
        if angle != 0 && !(angle == u32::MAX && parts == u32::MAX) {
            return Err(fault("基本角不是微度"));
        }
        let scan = byte_at(section, 71)?;
        if scan & 0b0011_0000 != 0 {
            return Err(GridError::Unsupported { what: "扫描方式", template: u16::from(scan) });
        }
        let degrees = |at: usize| signed_at(section, at).map(|it| it as f64 / 1e6);
        let (lat1, lon1, lat2, lon2) = (degrees(46)?, degrees(50)?, degrees(55)?, degrees(59)?);
        let (is_west, is_north) = (scan & 0x80 != 0, scan & 0x40 != 0);
        let (west, east) = if is_west { (lon2, lon1) } else { (lon1, lon2) };
        let (south, north) = if is_north { (lat1, lat2) } else { (lat2, lat1) };
        let width = (east - west).rem_euclid(360.0);
        let step = (width / f64::from(n.0 - 1), (north - south) / f64::from(n.1 - 1));
        let west = if west > 180.0 { west - 360.0 } else { west };
        Ok(Self { n, origin: LonLat(west, south), step, is_west, is_north })
    }

    fn n_points(&self) -> usize {
        self.n.0 as usize * self.n.1 as usize
    }

    fn south_west_first(&self, values: &[f32], per_hour: f32) -> Vec<f32> {
        let (nx, ny) = (self.n.0 as usize, self.n.1 as usize);
        let value = |row: usize, column: usize| {
            let row = if self.is_north { row } else { ny - 1 - row };
            let column = if self.is_west { nx - 1 - column } else { column };
            let value = values.get(row * nx + column).copied().unwrap_or(f32::NAN);
            // A little below nothing is packing's rounding.
            if value.is_finite() { (value * per_hour).max(0.0) } else { NO_RAIN_KNOWN }
        };
        (0..ny)
            .flat_map(|row| (0..nx).map(move |column| (row, column)))
            .map(|(row, column)| value(row, column))
            .collect()
    }
}

fn bytes_at<const N: usize>(section: &[u8], at: usize) -> Result<[u8; N], GridError> {
    let bytes = section.get(at..at.saturating_add(N)).ok_or_else(|| fault("段太短"))?;
    bytes.try_into().map_err(|_| fault("段太短"))
}

fn byte_at(section: &[u8], at: usize) -> Result<u8, GridError> {
    bytes_at::<1>(section, at).map(|it| it[0])
}

fn u16_at(section: &[u8], at: usize) -> Result<u16, GridError> {
    bytes_at(section, at).map(u16::from_be_bytes)
}

fn u32_at(section: &[u8], at: usize) -> Result<u32, GridError> {
    bytes_at(section, at).map(u32::from_be_bytes)
}

fn u64_at(section: &[u8], at: usize) -> Result<u64, GridError> {
    bytes_at(section, at).map(u64::from_be_bytes)
}

/// The first bit is the sign, the others the size.
fn signed_at(section: &[u8], at: usize) -> Result<i64, GridError> {
    let raw = u32_at(section, at)?;
    let size = i64::from(raw & 0x7FFF_FFFF);
    Ok(if raw & 0x8000_0000 != 0 { -size } else { size })
}

/// Year, month, day, hour, minute, second; UTC.
fn time_at(section: &[u8], at: usize) -> Result<Timestamp, GridError> {
    let year = u16_at(section, at)?;
    let [month, day, hour, minute, second] = bytes_at::<5>(section, at + 2)?;
    let words = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    Timestamp::parse(&words).ok_or_else(|| fault(format!("{words} 不是时间")))
}

/// Code table 4.4.
fn span_ms(unit: u8, n: i64) -> Result<i64, GridError> {
    const MINUTE: i64 = 60_000;
    let one = match unit {
        0 => MINUTE,
        1 => 60 * MINUTE,
        2 => 24 * 60 * MINUTE,
        10 => 3 * 60 * MINUTE,
        11 => 6 * 60 * MINUTE,
        12 => 12 * 60 * MINUTE,
        13 => 1000,
        _ => return Err(fault(format!("时间单位 {unit} 不认识"))),
    };
    let span = one.checked_mul(n).filter(|it| it.abs() <= 60 * 24 * 60 * MINUTE);
    span.ok_or_else(|| fault("预报时效不合理"))
}
