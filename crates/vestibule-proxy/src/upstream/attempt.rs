//! Holds what one attempt to send a request starts with, and what a failed one leaves for another.

use super::error::UpstreamError;
use super::http1::Upload;
use crate::body::Body;

/// What is to be sent.
pub(super) enum Payload {
    /// A body; its head comes first.
    Body(Body),
    /// Head and body as they were made for another HTTP/1.1 connection, which took nothing of them.
    Unsent(Upload),
}

/// Why there is no response head.
pub(super) struct Failure {
    pub(super) error: UpstreamError,
    pub(super) second: Second,
}

/// What a second attempt may be.
pub(super) enum Second {
    /// None.
    No,
    /// This one, exactly: nothing of it was written.
    Unsent(Box<Payload>),
    /// The connection ended without a byte of an answer. Whether the upstream acted on the request nobody knows.
    Lost,
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        Self {
            error,
            second: Second::No,
        }
    }
}
