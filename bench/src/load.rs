//! The load: clients and the application behind the proxy, in one thread on one core.
//!
//! In one thread, so that what is left of the machine belongs to the proxy, and so that the load's own
//! cost is small and the same for every case. Nothing here allocates per request.

mod answer;
mod client;
mod engine;
mod outgoing;
mod pace;
mod sample;
mod served;
mod transport;

pub(crate) use engine::{Engine, Target, Upstream};
pub(crate) use pace::Stop;
pub(crate) use sample::Sample;
