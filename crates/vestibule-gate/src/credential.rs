//! What a request brings to prove who sent it: read, not yet believed.
//!
//! | in the request | credential |
//! |---|---|
//! | nothing, or session cookies that are no handle, or several handles | `Absent` |
//! | one session handle of this site | `Session` |
//! | `Authorization`, whatever else there is | `Bearer`, `OtherScheme` or `Malformed` |
//!
//! An `Authorization` field never falls through to the cookie beside it. Our own endpoints take none: there it
//! means nothing, and a sign-out ends the session of the cookie whatever else a client sends along.

use vestibule_session::cookie::SessionCookie;
use vestibule_session::handle::Handle;
use vestibule_session::site::Site;

use crate::fields::{Known, is_token};
use crate::request::Request;

/// What a request brings. Exhaustive, so that a new kind can't be taken for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Nothing was looked for: the route is public.
    NotNeeded,
    /// Nothing to prove anything with.
    Absent(AbsentCookie),
    /// A credential nobody can read.
    Malformed(MalformedCredential),
    /// A session handle.
    Session(Handle),
    /// An `Authorization` field with the `Bearer` scheme.
    Bearer,
    /// An `Authorization` field with another scheme.
    OtherScheme,
}

/// In which way no session came along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AbsentCookie {
    /// No session cookie of this site.
    None,
    /// Session cookies, none of which is a handle.
    Malformed,
    /// Several handles, between which nobody can choose.
    Ambiguous,
}

/// Why a credential can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedCredential {
    /// More than one `Authorization` field.
    AuthorizationRepeated,
    /// Not a scheme followed by something (RFC 9110 §11.4), or a bearer token that is no `b64token`
    /// (RFC 6750 §2.1).
    AuthorizationSyntax,
}

impl MalformedCredential {
    /// The stable code, for the trace.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::AuthorizationSyntax => "authorization_malformed",
        }
    }
}

/// Reads the credential of a request for a route of `site`.
#[must_use]
pub fn read(request: &Request, site: &Site) -> Credential {
    let fields = request.fields();
    if let Some(value) = fields.first_known(Known::Authorization) {
        if fields.is_repeated(Known::Authorization) {
            return Credential::Malformed(MalformedCredential::AuthorizationRepeated);
        }
        return read_authorization(value);
    }
    read_session(request, site)
}

/// Reads the session's handle of a request for one of our own endpoints.
#[must_use]
pub fn read_session(request: &Request, site: &Site) -> Credential {
    let cookies = request.fields().all_known(Known::Cookie);
    match site.cookies().find_session(cookies) {
        SessionCookie::Absent => Credential::Absent(AbsentCookie::None),
        SessionCookie::Malformed => Credential::Absent(AbsentCookie::Malformed),
        SessionCookie::Ambiguous => Credential::Absent(AbsentCookie::Ambiguous),
        SessionCookie::Handle(handle) => Credential::Session(handle),
    }
}

fn read_authorization(value: &[u8]) -> Credential {
    const SYNTAX: Credential = Credential::Malformed(MalformedCredential::AuthorizationSyntax);
    let (scheme, rest) = match memchr::memchr(b' ', value) {
        Some(at) => value.split_at(at),
        None => (value, &[][..]),
    };
    let credentials = rest.trim_ascii_start();
    if !is_token(scheme) {
        return SYNTAX;
    }
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Credential::OtherScheme;
    }
    let body = credentials
        .iter()
        .rposition(|&byte| byte != b'=')
        .map_or(0, |at| at + 1);
    let token = credentials.get(..body).unwrap_or_default();
    let well_formed = !token.is_empty()
        && token.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        });
    if well_formed {
        Credential::Bearer
    } else {
        SYNTAX
    }
}
