//! The version of HTTP a message came in.

/// The version of HTTP a message came in. Exhaustive: the rules differ by version everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
    /// Anything else, refused with 505.
    Unsupported,
}
