//! `Set-Cookie` lines. A deletion has the attributes of what it deletes, or browsers keep the
//! cookie.

use std::fmt::Write as _;

use vestibule_oidc::authorization::ResponseMode;

use super::names::CookieNames;
use crate::handle::Handle;

const LONG_AGO: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

impl CookieNames {
    /// The value of a `Set-Cookie` header that gives the browser this session. Without `max_age_secs` it lasts until
    /// the browser ends; how long the session itself lasts is decided on our side.
    #[must_use]
    pub fn set_session(&self, handle: &Handle, max_age_secs: Option<u64>) -> String {
        self.line(self.session(), &handle.encoded(), max_age_secs, "Lax")
    }

    /// The value of a `Set-Cookie` header that takes the session from the browser.
    #[must_use]
    pub fn delete_session(&self) -> String {
        self.line(self.session(), "", Some(0), "Lax")
    }

    pub(crate) fn set_chunk(
        &self,
        number: usize,
        value: &str,
        max_age_secs: Option<u64>,
    ) -> String {
        self.line(&self.chunk(number), value, max_age_secs, "Lax")
    }

    /// The value of a `Set-Cookie` header that takes one chunk of a carried session from the browser.
    #[must_use]
    pub fn delete_chunk(&self, number: usize) -> String {
        self.line(&self.chunk(number), "", Some(0), "Lax")
    }

    pub(crate) fn set_pending(
        &self,
        name: &str,
        sealed: &str,
        max_age_secs: u64,
        mode: ResponseMode,
    ) -> String {
        self.line(name, sealed, Some(max_age_secs), self.same_site(mode))
    }

    pub(crate) fn delete_pending(&self, name: &str, mode: ResponseMode) -> String {
        self.line(name, "", Some(0), self.same_site(mode))
    }

    /// An answer in the query comes with a top-level navigation, for which `Lax` is enough. A form
    /// is posted across sites and needs `None`, which browsers take only with `Secure`; over plain
    /// http there is no such cookie, and only the query mode works there.
    fn same_site(&self, mode: ResponseMode) -> &'static str {
        if matches!(mode, ResponseMode::FormPost) && self.secure() {
            "None"
        } else {
            "Lax"
        }
    }

    fn line(&self, name: &str, value: &str, max_age_secs: Option<u64>, same_site: &str) -> String {
        let mut line = String::with_capacity(name.len() + value.len() + 120);
        line.push_str(name);
        line.push('=');
        line.push_str(value);
        line.push_str("; Path=/");
        if let Some(secs) = max_age_secs {
            let _ = write!(line, "; Max-Age={secs}");
            if secs == 0 {
                line.push_str("; Expires=");
                line.push_str(LONG_AGO);
            }
        }
        if self.secure() {
            line.push_str("; Secure");
        }
        line.push_str("; HttpOnly; SameSite=");
        line.push_str(same_site);
        line
    }
}
