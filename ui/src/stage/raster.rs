//! An online map laid over the pack's own: pictures the hub fetched, placed where they truly are. Where one is missing the
//! pack's map shows, so a dead network never leaves a blank.

use super::{
    camera::StageCamera,
    fixed,
    gpu::map::{RasterCorner, RasterTile, Upload},
    streamed::Streamed,
    tiles::TileUrls,
};
use gulang_city::{LocalFrame, LonLat, Text, gcj02_from_wgs84, wgs84_from_gcj02};
use gulang_tiles::{TileId, cover, zoom_for};
use serde::Deserialize;

/// An online map as the hub tells it (`/raster.json`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RasterSource {
    pub id: Text,
    pub name: Text,
    pub min_zoom: u8,
    pub max_zoom: u8,
    pub crs: RasterCrs,
    /// Names are in the picture: the pack's are not written over it.
    pub has_words: bool,
    pub attribution: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RasterCrs {
    Wgs84,
    Gcj02,
}

/// Before an online map's id in the layer panel and on the command line.
pub const RASTER_PREFIX: &str = "raster:";
/// A source's picture is 256 px a side, half of what a vector tile is shown at: one zoom deeper is as sharp.
const ZOOM_DEEPER: u8 = 1;
/// A larger picture is no tile.
const MAX_SIDE: u32 = 1024;

impl RasterSource {
    /// Of its row in the layer panel.
    pub fn layer_id(&self) -> String {
        format!("{RASTER_PREFIX}{}", self.id)
    }

    /// What the map says of it: whose it is, in which frame, and whether that was converted.
    pub fn note(&self) -> String {
        match self.crs {
            RasterCrs::Wgs84 => format!("WGS-84・底图 {}", self.attribution),
            RasterCrs::Gcj02 => format!("WGS-84・底图 {}（原为 GCJ-02，已换算）", self.attribution),
        }
    }

    fn geo_from_source(&self, at: LonLat) -> LonLat {
        match self.crs {
            RasterCrs::Wgs84 => at,
            RasterCrs::Gcj02 => wgs84_from_gcj02(at),
        }
    }

    fn source_from_geo(&self, at: LonLat) -> LonLat {
        match self.crs {
            RasterCrs::Wgs84 => at,
            RasterCrs::Gcj02 => gcj02_from_wgs84(at),
        }
    }

    /// The tiles a view (corners in local metres) touches, in the source's own frame.
    fn cover(&self, view: [(f64, f64); 4], zoom: u8, frame: &LocalFrame) -> Vec<TileId> {
        let shifted = view.map(|it| frame.local_from_geo(self.source_from_geo(frame.geo_from_local(it))));
        cover(shifted, zoom, frame)
    }

    /// A tile's corners as the GPU has them: north-west, north-east, south-west, south-east. Over one tile the frames' difference
    /// is as good as straight.
    fn corners(&self, tile: TileId, frame: &LocalFrame) -> [RasterCorner; 4] {
        let [west, south, east, north] = tile.bounds();
        let corner = |lon, lat, uv| {
            let at = frame.local_from_geo(self.geo_from_source(LonLat(lon, lat)));
            RasterCorner { at: fixed::fixed(at), uv }
        };
        [
            corner(west, north, [0.0, 0.0]),
            corner(east, north, [1.0, 0.0]),
            corner(west, south, [0.0, 1.0]),
            corner(east, south, [1.0, 1.0]),
        ]
    }
}

/// The online map that is on, if one is.
#[derive(Default)]
pub struct Raster {
    source: Option<RasterSource>,
    streamed: Streamed<()>,
}

impl Raster {
    pub fn source(&self) -> Option<&RasterSource> {
        self.source.as_ref()
    }

    /// Another source, or none.
    pub fn choose(&mut self, source: Option<RasterSource>, uploads: &mut Vec<Upload>) {
        if self.source != source {
            self.streamed.clear(Upload::DropRaster, uploads);
            self.source = source;
        }
    }

    /// Takes in what came, asks for what the view wants, and decides what is drawn.
    pub fn update(
        &mut self,
        camera: &StageCamera,
        (size, scale): ((f64, f64), f64),
        frame: LocalFrame,
        urls: &dyn TileUrls,
        now: f64,
    ) -> Vec<Upload> {
        let mut uploads = Vec::new();
        self.streamed.take(now, &mut uploads);
        let Some(source) = &self.source else { return uploads };
        let zoom = zoom_for(camera.px_per_m / scale, frame.center().1) + ZOOM_DEEPER;
        let wanted = source.cover(camera.ground(size), zoom.clamp(source.min_zoom, source.max_zoom), &frame);
        for &id in &wanted {
            let corners = source.corners(id, &frame);
            let make = move |bytes: &[u8]| Ok(((), Upload::Raster(id, Box::new(picture(bytes, corners)?))));
            self.streamed.want(id, now, || urls.raster(&source.id, id), make);
        }
        self.streamed.choose(&wanted, source.min_zoom);
        self.streamed.let_go(Upload::DropRaster, &mut uploads);
        uploads
    }

    pub fn draws(&self) -> &[TileId] {
        self.streamed.draws()
    }

    /// Why its tiles do not come, if they do not.
    pub fn failed(&self) -> Option<&str> {
        self.streamed.failed()
    }

    pub fn is_settled(&self) -> bool {
        self.streamed.is_settled()
    }
}

fn picture(bytes: &[u8], corners: [RasterCorner; 4]) -> Result<RasterTile, String> {
    let mut reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| error.to_string())?.into_rgba8();
    Ok(RasterTile { size: [image.width(), image.height()], rgba: image.into_raw(), corners })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn source(crs: RasterCrs) -> RasterSource {
        let (id, name, attribution) = ("a".into(), "影像".into(), "示例".into());
        RasterSource { id, name, min_zoom: 0, max_zoom: 18, crs, has_words: false, attribution }
    }

    #[test]
    fn a_shifted_map_lies_where_it_is() {
        let frame = LocalFrame::new(LonLat(118.11, 24.50));
        let tile = TileId::new(15, 27_134, 14_070).expect("a tile");
        let plain = source(RasterCrs::Wgs84).corners(tile, &frame)[0].at;
        let shifted = source(RasterCrs::Gcj02).corners(tile, &frame)[0].at;
        let metres = |it: [i32; 2]| (f64::from(it[0]) / fixed::PER_M, f64::from(it[1]) / fixed::PER_M);
        let ((ax, ay), (bx, by)) = (metres(plain), metres(shifted));
        let offset = (ax - bx).hypot(ay - by);
        assert!((300.0..700.0).contains(&offset), "GCJ-02 is off by some 500 m here, not {offset}");
        // What is looked at is asked for: the middle of the shifted tile lies in its own cover.
        let [west, south, east, north] = tile.bounds();
        let middle = wgs84_from_gcj02(LonLat((west + east) / 2.0, (south + north) / 2.0));
        let (x, y) = frame.local_from_geo(middle);
        let view = [(x - 1.0, y - 1.0), (x + 1.0, y - 1.0), (x + 1.0, y + 1.0), (x - 1.0, y + 1.0)];
        assert_eq!(source(RasterCrs::Gcj02).cover(view, 15, &frame), [tile]);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..400), is_png in any::<bool>()) {
            let mut all = if is_png { vec![0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A] } else { vec![0xFF, 0xD8, 0xFF] };
            all.extend(bytes);
            let corners = [RasterCorner { at: [0, 0], uv: [0.0, 0.0] }; 4];
            prop_assert!(picture(&all, corners).is_err());
        }
    }
}
