//! A route out of its file, as an aircraft reads it: `waylines.wpml`, and of that the first wayline.

use super::{Heights, MAX_BYTES, MAX_PART_BYTES, MAX_POINTS, Model, Wayline, WpmlError, is_sane};
use gulang_city::{LonLat, RoutePoint, Timestamp};
use std::io::{Cursor, Read};
use xml::reader::{ParserConfig2, XmlEvent};

const WAYLINES: &str = "wpmz/waylines.wpml";
const MAX_DEPTH: usize = 16;
const MAX_TEXT: usize = 512;

/// Reads a KMZ. `ground_ellipsoid_m` is the take-off place's own height above the ellipsoid, which a file in that mode needs.
pub fn read_kmz(bytes: &[u8], ground_ellipsoid_m: Option<f64>) -> Result<Wayline, WpmlError> {
    if bytes.len() > MAX_BYTES {
        return Err(WpmlError::TooLarge(bytes.len()));
    }
    let failed = |why: String| WpmlError::Archive(why);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|why| failed(why.to_string()))?;
    let part = archive.by_name(WAYLINES).map_err(|why| failed(format!("{WAYLINES}：{why}")))?;
    let mut text = Vec::new();
    part.take(MAX_PART_BYTES + 1).read_to_end(&mut text).map_err(|why| failed(why.to_string()))?;
    if text.len() as u64 > MAX_PART_BYTES {
        return Err(failed(format!("{WAYLINES} 展开后超过 16 MiB")));
    }
    read_waylines(&text)?.finish(ground_ellipsoid_m)
}

/// The wayline while it is read.
#[derive(Default)]
struct Draft {
    n_folders: usize,
    mode: String,
    speed_mps: Option<f32>,
    takeoff_height_m: Option<f32>,
    aircraft: (Option<u16>, u16),
    payload: (Option<u16>, u16),
    points: Vec<Placed>,
}

#[derive(Clone, Copy, Default)]
struct Placed {
    index: Option<usize>,
    place: Option<LonLat>,
    /// As the file counts it, m.
    height_m: Option<f64>,
}

fn read_waylines(bytes: &[u8]) -> Result<Draft, WpmlError> {
    let bad = |why: String| WpmlError::Xml("waylines.wpml", why);
    let config = ParserConfig2::new()
        .max_attributes(32)
        .max_name_length(256)
        .max_entity_expansion_length(1024)
        .max_entity_expansion_depth(1);
    let mut draft = Draft::default();
    let mut path: Vec<String> = Vec::new();
    let mut here = String::new();
    for read in config.create_reader(bytes) {
        match read.map_err(|why| bad(why.to_string()))? {
            XmlEvent::StartElement { name, .. } => {
                path.push(name.local_name);
                if path.len() > MAX_DEPTH {
                    return Err(bad("层次太深".into()));
                }
                here.clear();
                draft.open(&path)?;
            }
            XmlEvent::EndElement { .. } => {
                draft.leaf(&path, here.trim());
                here.clear();
                path.pop();
            }
            XmlEvent::Characters(some) | XmlEvent::CData(some) => {
                let room = MAX_TEXT.saturating_sub(here.len());
                here.extend(some.chars().take(room));
            }
            _ => {}
        }
    }
    Ok(draft)
}

impl Draft {
    fn open(&mut self, path: &[String]) -> Result<(), WpmlError> {
        match ends(path) {
            [_, "Folder"] => self.n_folders += 1,
            ["Folder", "Placemark"] if self.n_folders == 1 => {
                if self.points.len() >= MAX_POINTS {
                    return Err(WpmlError::Points(self.points.len() + 1));
                }
                self.points.push(Placed::default());
            }
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, path: &[String], text: &str) {
        let number = || text.parse::<f64>().ok().filter(|it| it.is_finite());
        let small = || text.parse::<u16>().ok();
        match ends(path) {
            ["missionConfig", "takeOffSecurityHeight"] => self.takeoff_height_m = number().map(|it| it as f32),
            ["droneInfo", "droneEnumValue"] => self.aircraft.0 = small(),
            ["droneInfo", "droneSubEnumValue"] => self.aircraft.1 = small().unwrap_or(0),
            ["payloadInfo", "payloadEnumValue"] => self.payload.0 = small(),
            ["payloadInfo", "payloadSubEnumValue"] => self.payload.1 = small().unwrap_or(0),
            // Others than the first are flights of their own.
            _ if self.n_folders > 1 => {}
            ["Folder", "executeHeightMode"] => self.mode = text.to_owned(),
            ["Folder", "autoFlightSpeed"] => self.speed_mps = number().map(|it| it as f32),
            [parent, leaf] => {
                let Some(point) = self.points.last_mut() else { return };
                match (parent, leaf) {
                    ("Point", "coordinates") => point.place = place(text),
                    ("Placemark", "index") => point.index = text.parse().ok(),
                    ("Placemark", "executeHeight") => point.height_m = number(),
                    _ => {}
                }
            }
        }
    }

    fn finish(mut self, ground_ellipsoid_m: Option<f64>) -> Result<Wayline, WpmlError> {
        let (heights, ground_m) = match (&*self.mode, ground_ellipsoid_m) {
            ("relativeToStartPoint", _) => (Heights::AboveTakeoff, 0.0),
            ("WGS84", Some(ground_m)) => (Heights::AboveEllipsoid { ground_m }, ground_m),
            ("WGS84", None) => return Err(WpmlError::NoGround),
            (other, _) => return Err(WpmlError::Heights(other.chars().take(40).collect())),
        };
        if !(2..=MAX_POINTS).contains(&self.points.len()) {
            return Err(WpmlError::Points(self.points.len()));
        }
        // An index says the order; the file's own where one is missing.
        if self.points.iter().all(|it| it.index.is_some()) {
            self.points.sort_by_key(|it| it.index);
        }
        let mut points = Vec::with_capacity(self.points.len());
        for (i, it) in self.points.iter().enumerate() {
            let point = it
                .place
                .zip(it.height_m)
                .map(|(place, height_m)| RoutePoint { place, height_m: (height_m - ground_m) as f32 });
            points.push(point.filter(is_sane).ok_or(WpmlError::Point(i))?);
        }
        let speed_mps = self.speed_mps.filter(|it| *it > 0.0);
        let model = |(kind, sub_kind): (Option<u16>, u16)| kind.map(|kind| Model { kind, sub_kind });
        Ok(Wayline {
            points,
            heights,
            speed_mps: speed_mps.ok_or_else(|| WpmlError::Xml("waylines.wpml", "没有航线速度".into()))?,
            // What the page gives as its default.
            takeoff_height_m: self.takeoff_height_m.unwrap_or(1.5),
            aircraft: model(self.aircraft),
            payload: model(self.payload),
            made_at: Timestamp(0),
        })
    }
}

/// The last two of a path; the first is empty at the top.
fn ends(path: &[String]) -> [&str; 2] {
    match path {
        [.., a, b] => [a, b],
        [b] => ["", b],
        [] => ["", ""],
    }
}

/// `longitude,latitude`, and perhaps a height that counts for nothing.
fn place(text: &str) -> Option<LonLat> {
    let mut parts = text.split(',').map(|it| it.trim().parse::<f64>().ok());
    let at = LonLat(parts.next()??, parts.next()??);
    at.is_sane().then_some(at)
}
