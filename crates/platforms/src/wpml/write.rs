//! A route as its file.

use super::{Heights, MAX_POINTS, Model, Wayline, WpmlError, is_sane};
use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

const HEAD: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:wpml="http://www.dji.com/wpmz/1.0.2">"#,
    "\n<Document>\n",
);
const FOOT: &str = "</Document>\n</kml>\n";
/// Straight to each waypoint, and a stop there: nothing is cut short near houses.
const TURN: &str = "toPointAndStopWithDiscontinuityCurvature";

/// The KMZ.
pub fn write_kmz(it: &Wayline) -> Result<Vec<u8>, WpmlError> {
    if !(2..=MAX_POINTS).contains(&it.points.len()) {
        return Err(WpmlError::Points(it.points.len()));
    }
    if let Some(bad) = it.points.iter().position(|it| !is_sane(it)) {
        return Err(WpmlError::Point(bad));
    }
    let failed = |why: String| WpmlError::Archive(why);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // The same route has the same bytes, whenever it is made.
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("wpmz/template.kml", template(it)), ("wpmz/waylines.wpml", waylines(it))] {
        archive.start_file(name, options).map_err(|why| failed(why.to_string()))?;
        archive.write_all(text.as_bytes()).map_err(|why| failed(why.to_string()))?;
    }
    Ok(archive.finish().map_err(|why| failed(why.to_string()))?.into_inner())
}

/// `fingerprint` of the Cloud API: MD5 of the file's bytes, in small hexadecimal digits. It guards against damage on the
/// way, not against somebody's hand.
pub fn fingerprint(bytes: &[u8]) -> String {
    format!("{:x}", md5::compute(bytes))
}

fn template(it: &Wayline) -> String {
    let mut text = String::from(HEAD);
    let at = it.made_at.0;
    let _ = write!(
        text,
        "<wpml:author>gulang</wpml:author>\n<wpml:createTime>{at}</wpml:createTime>\n<wpml:updateTime>{at}</wpml:updateTime>\n"
    );
    mission(it, &mut text);
    let (mode, most) = match it.heights {
        Heights::AboveTakeoff => ("relativeToStartPoint", it.highest_m()),
        // A template's EGM96 would want the geoid: DJI's planners take WGS84 as well.
        Heights::AboveEllipsoid { ground_m } => ("WGS84", it.highest_m() + ground_m),
    };
    let _ = write!(
        text,
        "<Folder>\n<wpml:templateType>waypoint</wpml:templateType>\n<wpml:templateId>0</wpml:templateId>\n\
         <wpml:waylineCoordinateSysParam>\n<wpml:coordinateMode>WGS84</wpml:coordinateMode>\n\
         <wpml:heightMode>{mode}</wpml:heightMode>\n<wpml:positioningType>GPS</wpml:positioningType>\n\
         </wpml:waylineCoordinateSysParam>\n<wpml:autoFlightSpeed>{speed:.1}</wpml:autoFlightSpeed>\n\
         <wpml:gimbalPitchMode>manual</wpml:gimbalPitchMode>\n<wpml:ellipsoidHeight>{most:.2}</wpml:ellipsoidHeight>\n\
         <wpml:height>{most:.2}</wpml:height>\n<wpml:globalWaypointHeadingParam>\n\
         <wpml:waypointHeadingMode>followWayline</wpml:waypointHeadingMode>\n</wpml:globalWaypointHeadingParam>\n\
         <wpml:globalWaypointTurnMode>{TURN}</wpml:globalWaypointTurnMode>\n\
         <wpml:globalUseStraightLine>1</wpml:globalUseStraightLine>\n",
        speed = it.speed_mps,
    );
    for (i, point) in it.points.iter().enumerate() {
        let height = it.written_height_m(i);
        let _ = write!(
            text,
            "<Placemark>\n<Point><coordinates>{:.7},{:.7}</coordinates></Point>\n<wpml:index>{i}</wpml:index>\n\
             <wpml:ellipsoidHeight>{height:.2}</wpml:ellipsoidHeight>\n<wpml:height>{height:.2}</wpml:height>\n\
             <wpml:useGlobalHeight>0</wpml:useGlobalHeight>\n<wpml:useGlobalSpeed>1</wpml:useGlobalSpeed>\n\
             <wpml:useGlobalHeadingParam>1</wpml:useGlobalHeadingParam>\n\
             <wpml:useGlobalTurnParam>1</wpml:useGlobalTurnParam>\n</Placemark>\n",
            point.place.lon(),
            point.place.lat(),
        );
    }
    text + "</Folder>\n" + FOOT
}

fn waylines(it: &Wayline) -> String {
    let mut text = String::from(HEAD);
    mission(it, &mut text);
    let mode = match it.heights {
        Heights::AboveTakeoff => "relativeToStartPoint",
        Heights::AboveEllipsoid { .. } => "WGS84",
    };
    let speed = it.speed_mps;
    let _ = write!(
        text,
        "<Folder>\n<wpml:templateId>0</wpml:templateId>\n<wpml:executeHeightMode>{mode}</wpml:executeHeightMode>\n\
         <wpml:waylineId>0</wpml:waylineId>\n<wpml:autoFlightSpeed>{speed:.1}</wpml:autoFlightSpeed>\n"
    );
    for (i, point) in it.points.iter().enumerate() {
        let _ = write!(
            text,
            "<Placemark>\n<Point><coordinates>{:.7},{:.7}</coordinates></Point>\n<wpml:index>{i}</wpml:index>\n\
             <wpml:executeHeight>{:.2}</wpml:executeHeight>\n<wpml:waypointSpeed>{speed:.1}</wpml:waypointSpeed>\n\
             <wpml:waypointHeadingParam>\n<wpml:waypointHeadingMode>followWayline</wpml:waypointHeadingMode>\n\
             </wpml:waypointHeadingParam>\n<wpml:waypointTurnParam>\n\
             <wpml:waypointTurnMode>{TURN}</wpml:waypointTurnMode>\n\
             <wpml:waypointTurnDampingDist>0</wpml:waypointTurnDampingDist>\n</wpml:waypointTurnParam>\n</Placemark>\n",
            point.place.lon(),
            point.place.lat(),
            it.written_height_m(i),
        );
    }
    text + "</Folder>\n" + FOOT
}

/// What both parts begin with: home at its end, and home when nobody reaches it any more.
fn mission(it: &Wayline, text: &mut String) {
    let _ = write!(
        text,
        "<wpml:missionConfig>\n<wpml:flyToWaylineMode>safely</wpml:flyToWaylineMode>\n\
         <wpml:finishAction>goHome</wpml:finishAction>\n<wpml:exitOnRCLost>executeLostAction</wpml:exitOnRCLost>\n\
         <wpml:executeRCLostAction>goBack</wpml:executeRCLostAction>\n\
         <wpml:takeOffSecurityHeight>{:.1}</wpml:takeOffSecurityHeight>\n\
         <wpml:globalTransitionalSpeed>{:.1}</wpml:globalTransitionalSpeed>\n",
        it.takeoff_height_m.clamp(1.5, 1500.0),
        it.speed_mps,
    );
    if let Some(Model { kind, sub_kind }) = it.aircraft {
        let _ = write!(
            text,
            "<wpml:droneInfo>\n<wpml:droneEnumValue>{kind}</wpml:droneEnumValue>\n\
             <wpml:droneSubEnumValue>{sub_kind}</wpml:droneSubEnumValue>\n</wpml:droneInfo>\n"
        );
    }
    if let Some(Model { kind, sub_kind }) = it.payload {
        let _ = write!(
            text,
            "<wpml:payloadInfo>\n<wpml:payloadEnumValue>{kind}</wpml:payloadEnumValue>\n\
             <wpml:payloadSubEnumValue>{sub_kind}</wpml:payloadSubEnumValue>\n\
             <wpml:payloadPositionIndex>0</wpml:payloadPositionIndex>\n</wpml:payloadInfo>\n"
        );
    }
    *text += "</wpml:missionConfig>\n";
}

impl Wayline {
    fn highest_m(&self) -> f64 {
        self.points.iter().map(|it| f64::from(it.height_m)).fold(0.0, f64::max)
    }

    /// As [`Wayline::heights`] counts it.
    fn written_height_m(&self, i: usize) -> f64 {
        let above_takeoff = self.points.get(i).map_or(0.0, |it| f64::from(it.height_m));
        match self.heights {
            Heights::AboveTakeoff => above_takeoff,
            Heights::AboveEllipsoid { ground_m } => above_takeoff + ground_m,
        }
    }
}
