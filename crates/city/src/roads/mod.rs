//! Roads that know time: the city's drivable network, closures, and how long the way takes.
//!
//! A [`RoadNet`] is read once from the pack's `roads.json`. [`RoadNet::with_closures`] gives a [`Metric`], which answers:
//! how long from many places to one ([`Metric::etas_to`]), from one to many, by which way ([`Metric::route`]), and what is
//! reached when ([`Metric::reach`]). Underneath is a customizable contraction hierarchy (`hierarchy`): the order of nodes
//! is found once and knows nothing of time, so that a closed road costs only a pass over the shortcuts.
//!
//! Times are those of free running at the class speeds below, without turns, lights or the day's traffic; they are
//! estimates and screens must say so. Closures bind every vehicle.
//!
//! **Invariant:** no I/O, no clock, no threads, as everywhere in this crate; the page runs it too.

mod hierarchy;
mod metric;
mod net;
mod reach;
#[cfg(test)]
mod tests;

pub use metric::*;
pub use net::*;
pub use reach::*;
