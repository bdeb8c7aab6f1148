//! From which page a request was sent, and what pages of other origins may do.
//!
//! A session cookie comes along whoever wrote the page, so unsafe methods and WebSockets on a
//! session need proof that the page is ours or one the route allows: `Sec-Fetch-Site`, which no page
//! can forge, and `Origin`. Without either there is no proof. Both must agree where both are there.

use bytes::Bytes;
use vestibule_session::site::Site;

use crate::fields::{Fields, Known, KnownSet};
use crate::method::Method;
use crate::request::{Request, Upgrade};
use crate::route::Route;

/// Why a request on a session was taken for another page's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CrossOrigin {
    /// `Origin` is neither ours nor allowed by the route.
    OriginNotAllowed,
    /// `Sec-Fetch-Site` says another site, and no allowed `Origin` speaks for it.
    SiteNotSame,
    /// Neither field is there.
    NoProof,
    /// The field that the route asks for is not there.
    HeaderMissing,
}

impl CrossOrigin {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::SiteNotSame => "fetch_site_not_same",
            Self::NoProof => "origin_missing",
            Self::HeaderMissing => "anti_forgery_header_missing",
        }
    }
}

/// Refuses what another origin's page may have sent on this session.
///
/// # Errors
///
/// See [`CrossOrigin`].
pub fn check_same_origin(request: &Request, site: &Site, route: &Route) -> Result<(), CrossOrigin> {
    let unsafe_here = !request.method().is_safe() || request.upgrade() == Some(Upgrade::WebSocket);
    if !unsafe_here || route.danger_any_origin {
        return Ok(());
    }
    let fetch_site = request.fields().first_known(Known::SecFetchSite);
    // A page that hides its address (`Referrer-Policy: no-referrer`) sends `null` even to itself. No
    // page can forge that the browser calls it same-origin.
    let hidden = |origin: &[u8]| origin == b"null" && fetch_site == Some(b"same-origin");
    let origin = request
        .fields()
        .first_known(Known::Origin)
        .filter(|origin| !hidden(origin));
    if let Some(origin) = origin {
        if allows(route, origin) {
            return Ok(());
        }
        if origin != site.origin().as_bytes() {
            return Err(CrossOrigin::OriginNotAllowed);
        }
    }
    match fetch_site {
        // `none` is the person's own doing: a bookmark, the address bar, a form sent again.
        Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(CrossOrigin::SiteNotSame),
        None if origin.is_some() => Ok(()),
        None => Err(CrossOrigin::NoProof),
    }
}

/// Refuses an unsafe method without the field that the route asks for. What is in it makes no difference: a page of another
/// origin can't send it, unless the route allows that origin. WebSocket handshakes, to which no page can add fields, are
/// judged by their origin alone.
///
/// # Errors
///
/// [`CrossOrigin::HeaderMissing`].
pub fn check_anti_forgery(request: &Request, route: &Route) -> Result<(), CrossOrigin> {
    let Some(name) = &route.anti_forgery_header else {
        return Ok(());
    };
    let there = || {
        let value = request.fields().first(name);
        value.is_some_and(|value| !value.is_empty())
    };
    match request.method().is_safe() || there() {
        true => Ok(()),
        false => Err(CrossOrigin::HeaderMissing),
    }
}

/// Whether the route allows scripts of this origin. `null`, which any sandboxed frame can send, is
/// never allowed.
fn allows(route: &Route, origin: &[u8]) -> bool {
    origin != b"null"
        && route
            .allowed_origins
            .iter()
            .any(|one| one.as_bytes() == origin)
}

/// The leave for a script of another origin to read an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    origin: Bytes,
    preflight: Option<Preflight>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Preflight {
    method: Bytes,
    headers: Option<Bytes>,
}

/// For how long a browser may remember a preflight's answer.
const PREFLIGHT_MAX_AGE_SECS: &str = "600";

impl Cors {
    /// The leave this route gives to the request's origin, if it does.
    #[must_use]
    pub fn of(request: &Request, route: &Route) -> Option<Self> {
        if route.allowed_origins.is_empty() {
            return None;
        }
        let origin = request.fields().first_known(Known::Origin)?;
        allows(route, origin).then(|| Self {
            origin: Bytes::copy_from_slice(origin),
            preflight: None,
        })
    }

    /// Whether `request` is a CORS preflight, and the leave the route gives to it.
    ///
    /// A preflight carries no cookies, so it can't be let through as the person it is for; it is
    /// answered here for the origins a route names, and has no special standing otherwise.
    #[must_use]
    pub fn of_preflight(request: &Request, route: &Route) -> Option<Self> {
        let method = request
            .fields()
            .first_known(Known::AccessControlRequestMethod)?;
        if *request.method() != Method::Options {
            return None;
        }
        let headers = request
            .fields()
            .first_known(Known::AccessControlRequestHeaders)
            .map(Bytes::copy_from_slice);
        let preflight = Some(Preflight {
            method: Bytes::copy_from_slice(method),
            headers,
        });
        Some(Self {
            preflight,
            ..Self::of(request, route)?
        })
    }

    /// The origin that gets the leave.
    #[must_use]
    pub const fn origin(&self) -> &Bytes {
        &self.origin
    }

    /// The fields of the answer to a preflight, which is a 204. To any other request they are the leave alone.
    #[must_use]
    pub fn fields(&self) -> Fields {
        let mut fields = Fields::with_capacity(6);
        let Some(preflight) = &self.preflight else {
            self.complete(&mut fields);
            return fields;
        };
        fields.push("Access-Control-Allow-Origin", &self.origin);
        fields.push("Access-Control-Allow-Credentials", "true");
        fields.push("Access-Control-Allow-Methods", &preflight.method);
        if let Some(headers) = &preflight.headers {
            fields.push("Access-Control-Allow-Headers", headers);
        }
        fields.push("Access-Control-Max-Age", PREFLIGHT_MAX_AGE_SECS);
        fields.push(
            "Vary",
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        );
        fields
    }

    /// Adds the leave to an answer that has none of its own: ours, and those of an upstream that may know nothing of
    /// other origins, as the preflights of its route are answered here.
    pub fn complete(&self, response: &mut Fields) {
        if response.has(KnownSet::of([Known::AccessControlAllowOrigin])) {
            return;
        }
        response.push("Access-Control-Allow-Origin", &self.origin);
        response.set("Access-Control-Allow-Credentials", "true");
        // Why somebody is turned away, a script can't read otherwise.
        if response.contains("www-authenticate")
            && !response.contains("access-control-expose-headers")
        {
            response.push("Access-Control-Expose-Headers", "WWW-Authenticate");
        }
        response.push("Vary", "Origin");
    }
}

#[cfg(test)]
mod tests;
