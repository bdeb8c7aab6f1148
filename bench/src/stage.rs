//! What stands around a measurement: processes, their folder, their cores, the provider, the person.

mod cores;
mod place;
mod process;
mod provider;
mod sign_in;

pub(crate) use cores::Cores;
pub(crate) use place::Place;
pub(crate) use place::of_build;
pub(crate) use process::{Process, search_path, send as send_signal};
pub(crate) use provider::Provider;
pub(crate) use sign_in::sign_in;
