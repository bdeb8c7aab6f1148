//! Which cookie names are ours.
//!
//! | scheme | session | one sign-in on its way |
//! |---|---|---|
//! | https, port 443 | `__Host-vestibule` | `__Host-vestibule-signin-<16 characters>` |
//! | https, port P | `__Host-vestibule-P` | `__Host-vestibule-P-signin-<16 characters>` |
//! | http on loopback, port P | `vestibule-P` | `vestibule-P-signin-<16 characters>` |
//!
//! Session names followed by `.` and a digit hold a carried session; all other names that begin like these
//! and go on with `.` are kept free.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const SECURE_BASE: &[u8] = b"__Host-vestibule";
const PLAIN_BASE: &[u8] = b"vestibule-";
const PENDING_MARK: &str = "-signin-";

/// Bytes of SHA-256(state) in the name of a pending cookie.
const TAG_BYTES: usize = 12;

/// The cookie names of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieNames {
    session: String,
    pending_prefix: String,
    secure: bool,
}

impl CookieNames {
    pub(crate) fn https(port: u16) -> Self {
        let session = match port {
            443 => "__Host-vestibule".to_owned(),
            other => format!("__Host-vestibule-{other}"),
        };
        Self::with_session(session, true)
    }

    pub(crate) fn loopback_http(port: u16) -> Self {
        Self::with_session(format!("vestibule-{port}"), false)
    }

    fn with_session(session: String, secure: bool) -> Self {
        let pending_prefix = format!("{session}{PENDING_MARK}");
        Self {
            session,
            pending_prefix,
            secure,
        }
    }

    /// The name of the session cookie.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The name of one chunk of a carried session.
    #[must_use]
    pub fn chunk(&self, number: usize) -> String {
        format!("{}.{number}", self.session)
    }

    /// What the names of this site's pending cookies begin with.
    #[must_use]
    pub fn pending_prefix(&self) -> &str {
        &self.pending_prefix
    }

    /// The name of the pending cookie of the flow that `state` names. It is made from a hash, so
    /// that a cookie name in a log does not give the state away.
    #[must_use]
    pub fn pending(&self, state: &str) -> String {
        let digest = digest::digest(&digest::SHA256, state.as_bytes());
        let tag = digest.as_ref().get(..TAG_BYTES).unwrap_or_default();
        format!("{}{}", self.pending_prefix, URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether the cookies carry `Secure`.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.secure
    }
}

/// Whether a cookie name is one that a site of ours may use, this or another on the same host.
/// Exact bytes.
pub(super) fn is_ours(name: &[u8]) -> bool {
    let after_base = if let Some(rest) = name.strip_prefix(SECURE_BASE) {
        match rest.strip_prefix(b"-") {
            Some(port) => after_port(port).unwrap_or(rest),
            None => rest,
        }
    } else if let Some(port) = name.strip_prefix(PLAIN_BASE) {
        match after_port(port) {
            Some(rest) => rest,
            None => return false,
        }
    } else {
        return false;
    };
    after_base.is_empty()
        || after_base.starts_with(b".")
        || after_base.starts_with(PENDING_MARK.as_bytes())
}

/// What follows one to five digits.
fn after_port(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if (1..=5).contains(&digits) {
        text.get(digits..)
    } else {
        None
    }
}
