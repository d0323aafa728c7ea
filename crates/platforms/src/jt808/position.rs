//! 0x0200: where a vehicle is, how it is, and what else its terminal tells.

use super::{AlarmBit, Fields, Jt808Error, Status, id};
use crate::News;
use gulang_city::{LonLat, Text, ThingState, Timestamp};

/// Positions in one 0x0704 at most; a terminal that was out of reach sends several.
pub const MAX_BATCH: usize = 500;
/// Additional items kept of one position at most.
const MAX_EXTRAS: usize = 64;

/// One position report.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// The alarm word; [`AlarmBit::of`] names its bits.
    pub alarms: u32,
    pub status: Status,
    /// WGS-84 degrees as sent, hemispheres applied. [`Position::place`] is what may be believed.
    pub at: LonLat,
    /// m above sea level.
    pub altitude_m: u16,
    /// km/h.
    pub speed_kmh: f32,
    /// Degrees clockwise from north.
    pub heading_deg: u16,
    /// By the terminal's clock, in Beijing time [G].
    pub time: Timestamp,
    pub extras: Vec<Extra>,
}

/// An additional item.
#[derive(Clone, Debug, PartialEq)]
pub enum Extra {
    /// 0x01, km.
    Mileage(f64),
    /// 0x02, litres.
    Fuel(f32),
    /// 0x03, by the driving recorder, km/h.
    RecorderSpeed(f32),
    /// 0x30, bars of the mobile network.
    Signal(u8),
    /// 0x31.
    Satellites(u8),
    /// What has no meaning here, kept as it came: video alarms (0x14 and after), makers' own.
    Other { id: u8, bytes: Vec<u8> },
}

impl Position {
    /// Where it is; `None` without a fix, with encrypted coordinates, or nowhere on Earth.
    pub fn place(&self) -> Option<LonLat> {
        let is_known = self.status.is_located() && !self.status.is_encrypted();
        (is_known && self.at.is_sane() && self.at != LonLat(0.0, 0.0)).then_some(self.at)
    }

    pub fn state(&self) -> ThingState {
        if AlarmBit::of(self.alarms).any(|it| it.breach().is_some()) {
            ThingState::Alarm
        } else if self.alarms != 0 || self.status.is_out_of_service() {
            ThingState::Attention
        } else {
            ThingState::Normal
        }
    }

    /// As news of one vehicle of a register.
    pub fn news(&self, register: &Text, thing: &Text) -> News {
        News::Thing {
            register: register.clone(),
            thing: thing.clone(),
            place: self.place(),
            heading: if self.speed_kmh > 1.0 { f32::from(self.heading_deg) } else { f32::NAN },
            state: self.state(),
            at: self.time,
        }
    }

    pub(super) fn read(id: u16, body: &[u8]) -> Result<Self, Jt808Error> {
        let mut fields = Fields::of(id, body);
        let (alarms, status) = (fields.u32()?, Status(fields.u32()?));
        let (lat, lon) = (f64::from(fields.u32()?) / 1e6, f64::from(fields.u32()?) / 1e6);
        let at = LonLat(if status.is_west() { -lon } else { lon }, if status.is_south() { -lat } else { lat });
        let altitude_m = fields.u16()?;
        let speed_kmh = f32::from(fields.u16()?) / 10.0;
        let heading_deg = fields.u16()?;
        if heading_deg > 360 {
            return Err(Jt808Error::Absurd { id, what: "方向" });
        }
        let time = time_of(fields.array()?).ok_or(Jt808Error::Absurd { id, what: "时间" })?;
        let mut extras = Vec::new();
        // Makers' items are often cut short: what is whole is kept, the position stands without the rest.
        while fields.left() >= 2 && extras.len() < MAX_EXTRAS {
            let (kind, n) = (fields.u8()?, fields.u8()?);
            let Ok(bytes) = fields.take(n.into()) else { break };
            extras.push(Extra::read(kind, bytes));
        }
        Ok(Self { alarms, status, at, altitude_m, speed_kmh, heading_deg: heading_deg % 360, time, extras })
    }

    /// Its hemispheres are put into the status word.
    pub(super) fn put(&self, to: &mut Vec<u8>) {
        let mut status = self.status.0 & !(Status::SOUTH | Status::WEST);
        if self.at.1 < 0.0 {
            status |= Status::SOUTH;
        }
        if self.at.0 < 0.0 {
            status |= Status::WEST;
        }
        let micro = |degrees: f64| (degrees.abs() * 1e6).round() as u32;
        to.extend_from_slice(&self.alarms.to_be_bytes());
        to.extend_from_slice(&status.to_be_bytes());
        to.extend_from_slice(&micro(self.at.1).to_be_bytes());
        to.extend_from_slice(&micro(self.at.0).to_be_bytes());
        to.extend_from_slice(&self.altitude_m.to_be_bytes());
        to.extend_from_slice(&((self.speed_kmh * 10.0).round() as u16).to_be_bytes());
        to.extend_from_slice(&(self.heading_deg % 360).to_be_bytes());
        to.extend_from_slice(&bcd_of(self.time));
        for extra in &self.extras {
            extra.put(to);
        }
    }
}

impl Extra {
    fn read(kind: u8, bytes: &[u8]) -> Self {
        match (kind, bytes) {
            (0x01, &[a, b, c, d]) => Self::Mileage(f64::from(u32::from_be_bytes([a, b, c, d])) / 10.0),
            (0x02, &[a, b]) => Self::Fuel(f32::from(u16::from_be_bytes([a, b])) / 10.0),
            (0x03, &[a, b]) => Self::RecorderSpeed(f32::from(u16::from_be_bytes([a, b])) / 10.0),
            (0x30, &[bars]) => Self::Signal(bars),
            (0x31, &[n]) => Self::Satellites(n),
            (id, bytes) => Self::Other { id, bytes: bytes.to_vec() },
        }
    }

    fn put(&self, to: &mut Vec<u8>) {
        let tenths = |it: f32| ((it * 10.0).round() as u16).to_be_bytes();
        match self {
            Self::Mileage(km) => {
                to.extend_from_slice(&[0x01, 4]);
                to.extend_from_slice(&((km * 10.0).round() as u32).to_be_bytes());
            }
            Self::Fuel(litres) => {
                to.extend_from_slice(&[0x02, 2]);
                to.extend_from_slice(&tenths(*litres));
            }
            Self::RecorderSpeed(kmh) => {
                to.extend_from_slice(&[0x03, 2]);
                to.extend_from_slice(&tenths(*kmh));
            }
            Self::Signal(bars) => to.extend_from_slice(&[0x30, 1, *bars]),
            Self::Satellites(n) => to.extend_from_slice(&[0x31, 1, *n]),
            Self::Other { id, bytes } => {
                let bytes = bytes.get(..bytes.len().min(255)).unwrap_or_default();
                to.extend_from_slice(&[*id, bytes.len() as u8]);
                to.extend_from_slice(bytes);
            }
        }
    }
}

/// 0x0704: whether it fills a gap, the positions that make sense, and how many do not.
pub(super) fn read_batch(body: &[u8]) -> Result<(bool, Vec<Position>, usize), Jt808Error> {
    let mut fields = Fields::of(id::BATCH, body);
    let (n, kind) = (usize::from(fields.u16()?), fields.u8()?);
    if n > MAX_BATCH {
        return Err(Jt808Error::Absurd { id: id::BATCH, what: "条数" });
    }
    let (mut positions, mut n_bad) = (Vec::new(), 0);
    for _ in 0..n {
        let n_bytes = fields.u16()?;
        match Position::read(id::BATCH, fields.take(n_bytes.into())?) {
            Ok(position) => positions.push(position),
            Err(_) => n_bad += 1,
        }
    }
    Ok((kind == 1, positions, n_bad))
}

pub(super) fn put_batch(to: &mut Vec<u8>, fills_gap: bool, positions: &[Position]) {
    let positions = positions.get(..positions.len().min(MAX_BATCH)).unwrap_or_default();
    to.extend_from_slice(&(positions.len() as u16).to_be_bytes());
    to.push(u8::from(fills_gap));
    for position in positions {
        let mut one = Vec::with_capacity(40);
        position.put(&mut one);
        to.extend_from_slice(&(one.len() as u16).to_be_bytes());
        to.append(&mut one);
    }
}

/// `YY MM DD hh mm ss` in BCD, Beijing time, of this century.
fn time_of(bcd: [u8; 6]) -> Option<Timestamp> {
    let [year, month, day, hour, minute, second] =
        bcd.map(|it| (it >> 4 < 10 && it & 0xf < 10).then(|| i8::try_from((it >> 4) * 10 + (it & 0xf)).unwrap_or(-1)));
    let civil = jiff::civil::DateTime::new(2000 + i16::from(year?), month?, day?, hour?, minute?, second?, 0).ok()?;
    let instant = civil.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).ok()?.timestamp();
    Some(Timestamp(instant.as_millisecond()))
}

/// Whole seconds; a year outside this century wraps into it.
fn bcd_of(time: Timestamp) -> [u8; 6] {
    let at = time.beijing();
    let bcd = |it: i16| (((it / 10 % 10) << 4) | (it % 10)) as u8;
    let year = at.year().rem_euclid(100);
    [
        bcd(year),
        bcd(at.month().into()),
        bcd(at.day().into()),
        bcd(at.hour().into()),
        bcd(at.minute().into()),
        bcd(at.second().into()),
    ]
}
