//! The last pictures looked at or about to be, by their hash or other name: a few, so that what is looked through may be long.

use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions, Vec2};
use gulang_city::Text;
use std::collections::{BTreeMap, VecDeque};

const MOST: usize = 16;

enum Kept {
    Asked,
    Came(ColorImage),
    Shown(TextureHandle),
    Failed(String),
}

/// What there is of a picture.
pub(super) enum Picture {
    Here(TextureId, Vec2),
    Coming,
    Failed(String),
}

#[derive(Default)]
pub(super) struct Pictures {
    kept: BTreeMap<Text, Kept>,
    /// As they were asked for.
    order: VecDeque<Text>,
}

impl Pictures {
    /// `true` where it is to be asked for: it is not here and was not asked for.
    pub fn ask(&mut self, hash: &Text) -> bool {
        if self.kept.contains_key(hash) {
            return false;
        }
        self.kept.insert(hash.clone(), Kept::Asked);
        self.order.push_back(hash.clone());
        while self.order.len() > MOST {
            if let Some(old) = self.order.pop_front() {
                self.kept.remove(&old);
            }
        }
        true
    }

    pub fn take(&mut self, hash: Text, got: Result<ColorImage, String>) {
        // One let go meanwhile is not wanted any more.
        if let Some(kept) = self.kept.get_mut(&hash) {
            *kept = match got {
                Ok(image) => Kept::Came(image),
                Err(why) => Kept::Failed(why),
            };
        }
    }

    pub fn get(&mut self, ctx: &Context, hash: &Text) -> Picture {
        let Some(kept) = self.kept.get_mut(hash) else { return Picture::Coming };
        if let Kept::Came(image) = kept {
            let image = std::mem::take(image);
            *kept = Kept::Shown(ctx.load_texture(format!("still {hash}"), image, TextureOptions::LINEAR));
        }
        match kept {
            Kept::Shown(texture) => Picture::Here(texture.id(), texture.size_vec2()),
            Kept::Failed(why) => Picture::Failed(why.clone()),
            Kept::Asked | Kept::Came(_) => Picture::Coming,
        }
    }
}
