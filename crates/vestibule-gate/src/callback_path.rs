//! Which requests are a provider's answer, at a path the operator chose for it.
//!
//! Such a path may be a page of the app as well: what is no answer, and none of the requests of
//! [`RedirectAction`] where those are taken, goes on to its route.

use vestibule_session::site::Site;

use crate::host::HostName;
use crate::method::Method;
use crate::path::CanonicalPath;
use crate::redirect_action::RedirectAction;
use crate::refusal::Refusal;
use crate::request::Request;

/// A path to which a provider sends its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackPath {
    path: CanonicalPath,
    /// Empty: every host.
    hosts: Vec<HostName>,
    posted: bool,
    acts: bool,
}

impl CallbackPath {
    /// The path `path`. With `posted` the answer is a form (Form Post Response Mode), and every
    /// `POST` to the path is one.
    ///
    /// # Errors
    ///
    /// What [`CanonicalPath::parse`] refuses.
    pub fn new(path: &str, posted: bool) -> Result<Self, Refusal> {
        Ok(Self {
            path: CanonicalPath::parse(&bytes::Bytes::copy_from_slice(path.as_bytes()))?,
            hosts: Vec::new(),
            posted,
            acts: false,
        })
    }

    /// The same path, where the requests of [`RedirectAction`] are taken too. Default no.
    #[must_use]
    pub const fn with_actions(mut self) -> Self {
        self.acts = true;
        self
    }

    /// The same path at these hosts alone; elsewhere it is like any other. None: at every host, which is the default.
    #[must_use]
    pub fn at_hosts(mut self, hosts: Vec<HostName>) -> Self {
        self.hosts = hosts;
        self
    }

    /// Whether the request, which is for this site, is an answer for one of these.
    pub(crate) fn any_takes(paths: &[Self], site: &Site, request: &Request) -> bool {
        paths.iter().any(|path| path.takes(site, request))
    }

    fn takes(&self, site: &Site, request: &Request) -> bool {
        if self.path != *request.path() || !HostName::any_is_of(&self.hosts, site) {
            return false;
        }
        if self.acts && RedirectAction::of(request).is_some() {
            return true;
        }
        match request.method() {
            Method::Post => self.posted,
            Method::Get | Method::Head => request.query().is_some_and(|query| is_answer(query)),
            _ => false,
        }
    }
}

/// Whether these are the parameters of RFC 6749 §4.1.2 or §4.1.2.1: `state` and one of `code` and `error`.
pub(crate) fn is_answer(query: &[u8]) -> bool {
    let has = |name: &[u8]| {
        query
            .split(|&byte| byte == b'&')
            .any(|pair| pair.split(|&byte| byte == b'=').next() == Some(name))
    };
    has(b"state") && (has(b"code") || has(b"error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_state_and_a_code_or_an_error() {
        for (query, answer) in [
            ("code=a&state=b", true),
            ("state=b&session_state=x&code=a", true),
            ("error=access_denied&error_description=no&state=b", true),
            ("code&state", true),
            ("code=a", false),
            ("state=b", false),
            ("error=1", false),
            ("mycode=a&mystate=b", false),
            ("q=code=a&r=state=b", false),
            ("", false),
        ] {
            assert_eq!(is_answer(query.as_bytes()), answer, "{query}");
        }
    }
}
