//! Names whose fault an error is; that decides its HTTP status and who is woken up.

/// Who must act for the error to go away.
///
/// Not `#[non_exhaustive]`: the one place that turns errors into HTTP must handle each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The request was wrong: the browser, the person or the caller sent something we refuse.
    Client,
    /// The provider answered wrongly, late or not at all.
    Provider,
    /// Our configuration, or our registration at the provider, does not fit.
    Operator,
    /// We are wrong.
    Internal,
}

impl Fault {
    /// The word used in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
            Self::Operator => "operator",
            Self::Internal => "internal",
        }
    }
}
