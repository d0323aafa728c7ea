//! Pictures of cases, beside the socket: those that go with a step are kept by the hub before the command that names them is
//! sent; those a case's platform has are fetched to be looked at.

use crate::{detections, net::Address, platform};
use egui::ColorImage;
use gulang_city::{CameraId, CaseId, Realm, Text};
use serde::Deserialize;
use std::sync::{Arc, Mutex, mpsc};

/// What is asked of the hub; the answer carries the same number.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaAsk {
    /// Keep these bytes, `POST /api/media`.
    Keep { n: u64, bytes: Arc<Vec<u8>> },
    /// Keep what a camera sees now, `POST /api/media/snapshot`.
    Snapshot { n: u64, camera: CameraId },
    /// The nth picture a case's platform has, from 0.
    Look { case: CaseId, nth: usize },
}

/// What came of it, or why nothing did.
pub enum MediaNews {
    /// The name commands give it from now on.
    Kept {
        n: u64,
        name: Result<Text, String>,
    },
    Seen {
        case: CaseId,
        nth: usize,
        picture: Result<ColorImage, String>,
    },
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What was asked of the hub and has not been looked at yet.
pub struct MediaMail {
    sender: mpsc::Sender<MediaNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<MediaNews>>,
}

impl Default for MediaMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl MediaMail {
    pub fn ask(&self, address: &Address, realm: Realm, asked: MediaAsk) {
        match asked {
            MediaAsk::Keep { n, bytes } => self.keep(n, address.media_url(realm), bytes.to_vec()),
            MediaAsk::Snapshot { n, camera } => self.keep(n, address.media_snapshot_url(realm, &camera), Vec::new()),
            MediaAsk::Look { case, nth } => {
                let sender = self.sender.clone();
                platform::fetch(address.case_picture_url(realm, case, nth), move |got| {
                    let picture = got.and_then(|bytes| detections::read(&bytes));
                    // The app is gone if nobody listens.
                    let _ = sender.send(MediaNews::Seen { case, nth, picture });
                });
            }
        }
    }

    fn keep(&self, n: u64, url: String, body: Vec<u8>) {
        let sender = self.sender.clone();
        platform::post(url, body, move |got| {
            let _ = sender.send(MediaNews::Kept { n, name: got.and_then(|bytes| read_name(&bytes)) });
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<MediaNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

fn read_name(bytes: &[u8]) -> Result<Text, String> {
    let named: Named = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(named.name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_the_hub_keeps_a_picture_under_is_read() {
        assert_eq!(read_name(br#"{"name":"ab12.jpg"}"#).as_deref(), Ok("ab12.jpg"));
        assert!(read_name(b"<html>").is_err());
    }
}
