//! Which route a request takes: exact host before any host, then the longest path prefix that ends
//! at a segment boundary.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use thiserror::Error;
use vestibule_session::record::ResourceKey;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;
use vestibule_session::store::Stored;

use crate::answer_cookies::AnswerCookies;
use crate::answer_headers::AnswerHeader;
use crate::claims::{ClaimPath, Claims};
use crate::headers::HeaderPlan;
use crate::host::{Host, HostName};
use crate::path::{CanonicalPath, PathPrefix};
use crate::refusal::Refusal;
use crate::request::Request;
use crate::rule::Requirement;
use crate::turned_away::{WhenNotAllowed, WhenSignedOut};
use crate::user::{Part, UserForm};

/// What the first segment of our own endpoints is. No route can own it.
pub const OWN_PREFIX: &str = "/.vestibule";

/// An upstream, known to the gate by number only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UpstreamId(pub usize);

/// Which access token a route passes to its upstream. Exhaustive: each must be thought of where
/// tokens are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TokenChoice {
    /// None.
    #[default]
    None,
    /// The sign-in's own access token, whatever it is.
    SignIn,
    /// One for this resource and these scopes.
    Resource(ResourceKey),
}

/// A host and path prefix with an upstream and its rules.
#[derive(Debug, Clone)]
pub struct Route {
    /// What people call it in logs and traces, by custom its host and prefix.
    pub name: Arc<str>,
    /// The host it is for; any of ours if not given. Without a port it is for all ports.
    pub host: Option<Host>,
    /// Where its paths begin.
    pub prefix: PathPrefix,
    /// Paths below the prefix that are left out: nobody gets there, and no shorter route takes them.
    /// Default none.
    pub except: Vec<PathPrefix>,
    /// Whether the prefix stays on the path that the upstream sees. Default no.
    pub keep_prefix: bool,
    /// Whether the upstream gets the host of the site as `Host`.
    pub keep_host: bool,
    /// Where requests go.
    pub upstream: UpstreamId,
    /// The path that the upstream's own URL has; put in front of what is left after the prefix.
    pub upstream_base: PathPrefix,
    /// The provider people sign in with; a session of another provider does not count here. Not
    /// given: any provider's.
    pub provider: Option<String>,
    /// Who may pass.
    pub require: Requirement,
    /// The claims that name the person, the first that is there counts. Who has none of them may not pass, but on a public
    /// route.
    pub user: Vec<ClaimPath>,
    /// What is made of it. Default nothing.
    pub user_form: UserForm,
    /// Cookies of the app's site, by name, that do not reach the upstream. Default none; ours never do.
    pub strip_cookies: Vec<String>,
    /// What the upstream is told about the person.
    pub headers: HeaderPlan,
    /// The access token the upstream gets.
    pub access_token: TokenChoice,
    /// The origins, besides our own, whose scripts may call this route with a session.
    pub allowed_origins: Vec<String>,
    /// Whether WebSocket handshakes are passed on. Where not, the request goes on as plain `GET`.
    pub websocket: bool,
    /// Whether trailers are passed on, both ways, cleaned of what only a head may say. Default no.
    pub trailers: bool,
    /// Switches the same-origin rule for unsafe methods and WebSockets off. Default no.
    pub danger_any_origin: bool,
    /// The largest request head that the upstream takes, in bytes, where somebody said so. Nothing is refused for it.
    pub upstream_max_head: Option<usize>,
    /// The field that requests with unsafe methods must have: no page of another origin can send it without being asked
    /// first, and no form at all. Default none.
    pub anti_forgery_header: Option<Box<str>>,
    /// The most bytes of a form that is kept over a sign-in and then sent again. Default none: a form
    /// that meets a sign-in is a 401.
    pub keep_post: Option<usize>,
    /// What is changed in the upstream's answers, in this order. Default nothing.
    pub answer_headers: Vec<AnswerHeader>,
    /// The attributes that the upstream's cookies get. Default none.
    pub answer_cookies: AnswerCookies,
    /// What those get who are not signed in. Default: people are sent to sign in.
    pub when_signed_out: WhenSignedOut,
    /// What those get who are signed in and may not pass. Default a 403.
    pub when_not_allowed: WhenNotAllowed,
}

impl Route {
    /// A route for signed-in people with nothing special about it.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, prefix: PathPrefix, upstream: UpstreamId) -> Self {
        Self {
            name: name.into(),
            host: None,
            prefix,
            except: Vec::new(),
            keep_prefix: false,
            keep_host: false,
            upstream,
            upstream_base: PathPrefix::root(),
            provider: None,
            require: Requirement::SignedIn,
            user: vec![ClaimPath::new("sub")],
            user_form: UserForm::default(),
            strip_cookies: Vec::new(),
            headers: HeaderPlan::default(),
            access_token: TokenChoice::None,
            allowed_origins: Vec::new(),
            websocket: true,
            trailers: false,
            danger_any_origin: false,
            upstream_max_head: None,
            anti_forgery_header: None,
            keep_post: None,
            answer_headers: Vec::new(),
            answer_cookies: AnswerCookies::default(),
            when_signed_out: WhenSignedOut::SignIn,
            when_not_allowed: WhenNotAllowed::Forbidden,
        }
    }

    fn leaves_out(&self, path: &CanonicalPath) -> bool {
        self.except.iter().any(|left| left.rest_of(path).is_some())
    }

    /// What the person of this session is called here.
    #[must_use]
    pub fn user_of<'s>(&self, session: &'s Stored) -> Option<Cow<'s, str>> {
        let claim = Claims::of(session).user(&self.user)?;
        self.user_form.apply(claim, session.record().issuer())
    }

    /// Whether somebody with these claims has a name here.
    #[must_use]
    pub fn knows(&self, claims: &Claims<'_>) -> bool {
        // Every ID token that was verified has a subject that is not empty, so nobody needs to look for it.
        let first = self.user.first().map(ClaimPath::as_str);
        if first == Some("sub") && self.user_form.part == Part::Whole {
            return true;
        }
        let claim = claims.user(&self.user);
        claim.is_some_and(|claim| self.user_form.takes(claim))
    }

    /// Whether all groups of a person have to be known here, and not only which of some they are in.
    #[must_use]
    pub fn needs_all_groups(&self) -> bool {
        let by_rule = match &self.require {
            Requirement::Rules(rule) => rule.looks_at_all_groups(),
            Requirement::Public | Requirement::Anyone | Requirement::SignedIn => false,
        };
        by_rule || self.headers.needs_groups()
    }

    /// Whether anybody may pass without signing in.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        matches!(self.require, Requirement::Public)
    }
}

/// Why routes do not make a table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RouteTableError {
    /// Two routes for one host and prefix.
    #[error("tell the routes {first:?} and {second:?} apart: same host and prefix")]
    Duplicate {
        /// The one named first.
        first: String,
        /// The other.
        second: String,
    },
    /// A route under our own endpoints.
    #[error("make a route {route:?} under /.vestibule, which is our own")]
    Reserved {
        /// The route.
        route: String,
    },
}

/// All routes, ready to be searched.
#[derive(Debug, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// Indices into `routes`, longest prefix first.
    by_host: HashMap<HostName, Vec<usize>>,
    any_host: Vec<usize>,
}

impl RouteTable {
    /// A table of these routes.
    ///
    /// # Errors
    ///
    /// See [`RouteTableError`].
    pub fn new(routes: Vec<Route>) -> Result<Self, RouteTableError> {
        let mut by_host: HashMap<HostName, Vec<usize>> = HashMap::new();
        let mut any_host = Vec::new();
        for (at, route) in routes.iter().enumerate() {
            if is_own(&route.prefix.to_path()) {
                return Err(RouteTableError::Reserved {
                    route: route.name.to_string(),
                });
            }
            let twin = routes.iter().take(at).find(|other| {
                other.host == route.host && other.prefix.covers_same_as(&route.prefix)
            });
            if let Some(twin) = twin {
                return Err(RouteTableError::Duplicate {
                    first: twin.name.to_string(),
                    second: route.name.to_string(),
                });
            }
            match &route.host {
                Some(host) => by_host.entry(host.name().clone()).or_default().push(at),
                None => any_host.push(at),
            }
        }
        // A route for one port comes before one for all ports of its host.
        let rank = |&at: &usize| {
            let route = routes.get(at);
            let port = route
                .and_then(|route| route.host.as_ref())
                .and_then(Host::port)
                .is_some();
            let length = route.map_or(0, |route| route.prefix.length());
            std::cmp::Reverse((port, length))
        };
        any_host.sort_by_key(rank);
        for list in by_host.values_mut() {
            list.sort_by_key(rank);
        }
        Ok(Self {
            routes,
            by_host,
            any_host,
        })
    }

    /// All routes, in the order they were given.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The route for `path` on `site`.
    #[must_use]
    fn find(&self, site: &Site, name: &HostName, path: &CanonicalPath) -> Option<(usize, &Route)> {
        let for_host = self
            .by_host
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let found = for_host.iter().chain(&self.any_host).find_map(|&at| {
            let route = self.routes.get(at)?;
            let port = route.host.as_ref().and_then(Host::port);
            let fits = port.is_none_or(|port| port == site.port());
            (fits && route.prefix.rest_of(path).is_some()).then_some((at, route))
        });
        found.filter(|(_, route)| !route.leaves_out(path))
    }

    /// Where the app of `site` begins: the root if a route takes it, else the first route there that people sign in for.
    pub(crate) fn home(&self, site: &Site) -> ReturnTo {
        let on_site = |route: &&Route| {
            route.host.as_ref().is_none_or(|host| {
                let port = host.port();
                host.name().as_str() == site.host() && port.is_none_or(|port| port == site.port())
            })
        };
        let mut routes = self.routes.iter().filter(on_site);
        if routes.clone().any(|route| route.prefix.is_root()) {
            return ReturnTo::root();
        }
        routes
            .find(|route| !route.is_public())
            // With a slash at its end, relative links on the page lead into the app.
            .map(|route| format!("{}/", route.prefix.as_str().trim_end_matches('/')))
            .and_then(|path| ReturnTo::parse(path.as_bytes()).ok())
            .unwrap_or_else(ReturnTo::root)
    }
}

/// Where a request goes, before anyone asks who sent it. Exhaustive: each needs its own answer.
#[derive(Debug, Clone)]
pub enum Place<'g> {
    /// One of our own endpoints.
    Own(&'g Site),
    /// A route.
    Route(Matched<'g>),
    /// No route.
    Nowhere(&'g Site),
}

/// A request that has found its site, its route and its path at the upstream.
#[derive(Debug, Clone)]
pub struct Matched<'g> {
    site: &'g Site,
    route: &'g Route,
    upstream_path: CanonicalPath,
}

impl<'g> Matched<'g> {
    /// The site the request is for.
    #[must_use]
    pub const fn site(&self) -> &'g Site {
        self.site
    }

    /// The route it takes.
    #[must_use]
    pub const fn route(&self) -> &'g Route {
        self.route
    }

    /// The path the upstream will see.
    #[must_use]
    pub const fn upstream_path(&self) -> &CanonicalPath {
        &self.upstream_path
    }
}

/// The route that a path of this site leads to, whatever else the request for it will say.
pub(crate) fn leading_to<'g>(
    table: &'g RouteTable,
    site: &Site,
    path: &CanonicalPath,
) -> Option<&'g Route> {
    let name = HostName::parse(site.host().as_bytes()).ok()?;
    let found = table.find(site, &name, path).filter(|_| !is_own(path));
    found.map(|(_, route)| route)
}

/// Finds the place of a request.
///
/// # Errors
///
/// [`Refusal::RouteAmbiguous`] if an upstream that cuts `;` parameters off would see a path of
/// another route than one that does not: `/admin;x/y` must not slip past the rules of `/admin`.
pub(crate) fn place<'g>(
    table: &'g RouteTable,
    site: &'g Site,
    request: &Request,
) -> Result<Place<'g>, Refusal> {
    let name = request.host().name();
    let path = request.path();
    let own = is_own(path);
    let found = table.find(site, name, path);
    if path.has_parameters() {
        let cut = path.without_parameters();
        let other = table.find(site, name, &cut);
        if is_own(&cut) != own || other.map(|(at, _)| at) != found.map(|(at, _)| at) {
            return Err(Refusal::RouteAmbiguous);
        }
    }
    if own {
        return Ok(Place::Own(site));
    }
    let Some((_, route)) = found else {
        return Ok(Place::Nowhere(site));
    };
    let upstream_path = upstream_path(route, path)?;
    Ok(Place::Route(Matched {
        site,
        route,
        upstream_path,
    }))
}

/// Removes the prefix and puts the upstream's own path in front. The result is read again from
/// scratch, so that no rewriting can make a path that was never judged.
fn upstream_path(route: &Route, path: &CanonicalPath) -> Result<CanonicalPath, Refusal> {
    let kept = if route.keep_prefix {
        path.clone()
    } else {
        route.prefix.remove_from(path)?
    };
    if route.upstream_base.is_root() {
        return Ok(kept);
    }
    let base = route.upstream_base.as_str().as_bytes();
    // `/foo` alone is the upstream's base itself, not the directory below it.
    let exact = !route.keep_prefix && route.prefix.rest_of(path).is_some_and(<[u8]>::is_empty);
    if exact {
        return CanonicalPath::parse(&Bytes::copy_from_slice(base));
    }
    let mut joined = BytesMut::with_capacity(base.len() + kept.as_bytes().len());
    joined.extend_from_slice(base);
    joined.extend_from_slice(kept.as_bytes());
    CanonicalPath::parse(&joined.freeze())
}

fn is_own(path: &CanonicalPath) -> bool {
    path.as_bytes()
        .strip_prefix(OWN_PREFIX.as_bytes())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests;
