//! The application and the client alone: what the load itself costs.

use super::{Case, Passes, Running};
use crate::problem::Outcome;
use crate::stage::Place;

pub(super) fn start(place: &Place, _: &Case) -> Outcome<Running> {
    Ok(Running {
        processes: Vec::new(),
        url: format!("http://localhost:{}", place.upstream.port),
        passes: Passes::Request,
    })
}
