//! Pictures of what video recognition saw, asked of the hub beside the socket and made small enough to show.

use crate::{net::Address, platform};
use egui::ColorImage;
use gulang_city::{DetectionId, Realm, Text};
use std::sync::{Mutex, mpsc};

/// Nothing is shown larger, px.
const MOST_SIDE: u32 = 1280;

/// A picture by its hash, or why there is none.
pub type DetectionPicture = (Text, Result<ColorImage, String>);

/// What was asked of the hub and has not been looked at yet.
pub struct DetectionMail {
    sender: mpsc::Sender<DetectionPicture>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<DetectionPicture>>,
}

impl Default for DetectionMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl DetectionMail {
    /// Asks for the picture `hash` of a detection.
    pub fn ask(&self, address: &Address, realm: Realm, detection: DetectionId, hash: Text) {
        let sender = self.sender.clone();
        platform::fetch(address.detection_url(detection, realm), move |got| {
            // The app is gone if nobody listens.
            let _ = sender.send((hash, got.and_then(|bytes| read(&bytes))));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<DetectionPicture> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

/// Made small enough to be shown.
pub(crate) fn read(bytes: &[u8]) -> Result<ColorImage, String> {
    let image = image::load_from_memory(bytes).map_err(|why| why.to_string())?;
    let image = match image.width().max(image.height()) > MOST_SIDE {
        true => image.thumbnail(MOST_SIDE, MOST_SIDE).to_rgb8(),
        false => image.to_rgb8(),
    };
    Ok(ColorImage::from_rgb([image.width() as usize, image.height() as usize], image.as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_made_small_and_what_is_none_says_so() -> Result<(), Box<dyn std::error::Error>> {
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(2560, 10).write_to(&mut png, image::ImageFormat::Png)?;
        assert_eq!(read(png.get_ref())?.size, [1280, 5]);
        assert!(read(b"<html>").is_err());
        Ok(())
    }
}
