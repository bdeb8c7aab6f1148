//! Says why the access token of a route is of no use to the API behind it.
//!
//! One file per family of causes: `graph`, `opaque`, `audience`. [`judge`] asks each; they do not
//! overlap.

mod audience;
mod cure;
mod evidence;
mod graph;
mod opaque;

pub use evidence::TokenEvidence;

use crate::Finding;

/// Everything there is to say about a token, the likeliest cause first. Nothing, for a token the
/// API can use as far as anybody can tell.
pub fn judge(evidence: &TokenEvidence) -> Vec<Finding> {
    [
        graph::judge(evidence),
        opaque::judge(evidence),
        audience::judge(evidence),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
