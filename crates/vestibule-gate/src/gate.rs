//! The decision on one request, in the order of its stages. The proxy and `explain` both enter here.

use std::sync::Arc;

use bytes::Bytes;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::Handle;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;

use crate::authenticate::{NotAuthenticated, authenticate};
use crate::authorize::{Authorized, authorize, authorize_nobody, authorize_public};
use crate::callback_path::CallbackPath;
use crate::credential::{self, Credential};
use crate::decision::{Challenge, Decision};
use crate::evidence::Evidence;
use crate::fields::Fields;
use crate::forwarded::PublicAddress;
use crate::kept_post::may_be_kept;
use crate::navigation::{Audience, audience};
use crate::origin::{Cors, check_anti_forgery, check_same_origin};
use crate::path::CanonicalPath;
use crate::refusal::Refusal;
use crate::request::Request;
use crate::route::{self, Matched, Route, RouteTable, RouteTableError};
use crate::rule::Requirement;
use crate::site;
use crate::trace::{Outcome, Stage, Trace};
use crate::trailers::TrailerNames;
use crate::turned_away::{SignedOutStatus, TurnedAway, WhenSignedOut};
use crate::upstream::{Scrub, UpstreamHead};

pub use crate::route::Place;

/// The most names of dropped fields in a trace.
const MOST_NAMES: usize = 8;

/// The most bytes of each.
const MOST_NAME_BYTES: usize = 64;

/// What a gate is made of.
#[derive(Debug)]
pub struct GateSettings {
    /// The public sites.
    pub sites: Vec<Site>,
    /// The routes.
    pub routes: Vec<Route>,
    /// How long sessions last.
    pub lifetimes: Lifetimes,
}

/// Why settings do not make a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// No site.
    #[error("make a gate without any public site")]
    NoSite,
    /// The routes do not go together.
    #[error("make a table of the routes")]
    Routes(#[from] RouteTableError),
    /// A route is for a host that no site has.
    #[error("reach the route {route:?}: no public site has its host")]
    UnknownHost {
        /// The route.
        route: String,
    },
}

/// The sites, routes and rules, ready to decide. Immutable; a reload makes another.
#[derive(Debug)]
pub struct Gate {
    sites: Vec<Site>,
    addresses: Vec<PublicAddress>,
    table: RouteTable,
    lifetimes: Lifetimes,
    scrub: Scrub,
    trailers: TrailerNames,
    callbacks: Vec<CallbackPath>,
}

/// A request that has been looked at, before anyone was asked about it.
#[derive(Debug)]
pub struct Examined<'g> {
    place: Result<Place<'g>, Refusal>,
    credential: Credential,
    trace: Trace,
}

impl<'g> Examined<'g> {
    /// Where the request goes.
    ///
    /// # Errors
    ///
    /// [`Refusal::HostUnknown`] and [`Refusal::RouteAmbiguous`].
    pub const fn place(&self) -> Result<&Place<'g>, Refusal> {
        match &self.place {
            Ok(place) => Ok(place),
            Err(refusal) => Err(*refusal),
        }
    }

    /// What the request brings.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The route it takes, if there is one.
    #[must_use]
    pub const fn route(&self) -> Option<&'g Route> {
        match &self.place {
            Ok(Place::Route(matched)) => Some(matched.route()),
            _ => None,
        }
    }

    /// The site it is for, if it is for one of ours.
    #[must_use]
    pub const fn site(&self) -> Option<&'g Site> {
        match &self.place {
            Ok(Place::Route(matched)) => Some(matched.site()),
            Ok(Place::Own(site) | Place::Nowhere(site)) => Some(site),
            Err(_) => None,
        }
    }

    /// The handle, for one of our own endpoints: those end sessions and make new ones. Whoever only
    /// asks the store needs [`Examined::handle`] once, for its key.
    #[must_use]
    pub fn own_handle(&self) -> Option<Handle> {
        match &self.place {
            Ok(Place::Own(_)) => self.handle().cloned(),
            _ => None,
        }
    }

    /// The handle to ask the store about, if there is anything to ask.
    #[must_use]
    pub const fn handle(&self) -> Option<&Handle> {
        match &self.credential {
            Credential::Session(handle) => Some(handle),
            _ => None,
        }
    }
}

impl Gate {
    /// A gate of these settings.
    ///
    /// # Errors
    ///
    /// See [`GateError`].
    pub fn new(settings: GateSettings) -> Result<Self, GateError> {
        let GateSettings {
            sites,
            routes,
            lifetimes,
        } = settings;
        if sites.is_empty() {
            return Err(GateError::NoSite);
        }
        for route in &routes {
            let known = route.host.as_ref().is_none_or(|host| {
                sites.iter().any(|site| {
                    site.host() == host.name().as_str()
                        && host.port().is_none_or(|port| port == site.port())
                })
            });
            if !known {
                return Err(GateError::UnknownHost {
                    route: route.name.to_string(),
                });
            }
        }
        let scrub = Scrub::of(&routes);
        let trailers = TrailerNames::beside(scrub.names());
        let table = RouteTable::new(routes)?;
        let addresses = sites.iter().map(PublicAddress::of).collect();
        Ok(Self {
            sites,
            addresses,
            table,
            lifetimes,
            scrub,
            trailers,
            callbacks: Vec::new(),
        })
    }

    /// The same gate, where the answers of providers arrive at these paths too.
    #[must_use]
    pub fn with_callback_paths(mut self, callbacks: Vec<CallbackPath>) -> Self {
        self.callbacks = callbacks;
        self
    }

    /// The public sites.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The routes, in the order they were given.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        self.table.routes()
    }

    /// Where a person of `site` goes who asked for no page: `/` if a route takes it, else the beginning of the first route
    /// that people sign in for.
    #[must_use]
    pub fn home(&self, site: &Site) -> ReturnTo {
        self.table.home(site)
    }

    /// How long sessions last.
    #[must_use]
    pub const fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// The route that whoever goes to this path of this site will take, as far as that is known before they go. It
    /// decides nothing.
    #[must_use]
    pub fn route_to(&self, site: &Site, path: &str) -> Option<&Route> {
        let path = CanonicalPath::parse(&Bytes::copy_from_slice(path.as_bytes())).ok()?;
        route::leading_to(&self.table, site, &path)
    }

    /// Finds the site, the route and the credential of a request. What it says to
    /// [`Examined::handle`] is all that anyone has to be asked about.
    #[must_use]
    pub fn examine<'g>(&'g self, request: &Request) -> Examined<'g> {
        let mut trace = Trace::new();
        note_read(&mut trace, request);
        let place = self.place(request, &mut trace);
        let credential = match &place {
            Ok(Place::Own(site)) => credential::read_session(request, site),
            Ok(Place::Route(matched)) if !matched.route().is_public() => {
                credential::read(request, matched.site())
            }
            Ok(Place::Route(_) | Place::Nowhere(_)) | Err(_) => Credential::NotNeeded,
        };
        trace.note(Stage::Credential, Outcome::from(&credential));
        Examined {
            place,
            credential,
            trace,
        }
    }

    fn place<'g>(&'g self, request: &Request, trace: &mut Trace) -> Result<Place<'g>, Refusal> {
        let found = site::serving(&self.sites, request.host())
            .ok_or(Refusal::HostUnknown)
            .and_then(
                |site| match CallbackPath::any_takes(&self.callbacks, site, request) {
                    true => Ok(Place::Own(site)),
                    false => route::place(&self.table, site, request),
                },
            );
        match &found {
            Ok(Place::Own(_)) => trace.note(Stage::Route, Outcome::Own),
            Ok(Place::Route(matched)) => {
                let name = Arc::clone(&matched.route().name);
                trace.note_about(Stage::Route, Outcome::Found, name);
            }
            Ok(Place::Nowhere(_)) => trace.note(Stage::Route, Outcome::NotFound),
            Err(refusal @ Refusal::HostUnknown) => {
                let host = request.host().to_string();
                trace.note_about(Stage::Route, Outcome::Refused(*refusal), host);
            }
            Err(refusal) => trace.note(Stage::Route, Outcome::Refused(*refusal)),
        }
        found
    }

    /// Decides, once the evidence is there.
    #[must_use]
    pub fn decide<'g>(
        &'g self,
        request: &Request,
        examined: Examined<'g>,
        evidence: Evidence,
        now: UnixTime,
    ) -> (Decision<'g>, Trace) {
        let Examined {
            place,
            credential,
            mut trace,
        } = examined;
        let decision = match place {
            Err(refusal) => Decision::Refuse(refusal),
            Ok(Place::Own(site)) => Decision::Own(site),
            Ok(Place::Nowhere(_)) => Decision::NotFound,
            Ok(Place::Route(matched)) => {
                self.decide_on_route(request, matched, &credential, evidence, now, &mut trace)
            }
        };
        trace.note(Stage::Decide, Outcome::Decided(decision.kind()));
        (decision, trace)
    }

    fn decide_on_route<'g>(
        &'g self,
        request: &Request,
        matched: Matched<'g>,
        credential: &Credential,
        evidence: Evidence,
        now: UnixTime,
        trace: &mut Trace,
    ) -> Decision<'g> {
        let matched = match authorize_public(matched) {
            Ok(authorized) => {
                trace.note(Stage::Authorize, Outcome::Public);
                return Decision::Forward(authorized);
            }
            Err(matched) => matched,
        };
        let (site, route) = (matched.site(), matched.route());
        if let Some(cors) = Cors::of_preflight(request, route) {
            trace.note(Stage::Origin, Outcome::PreflightAllowed);
            return Decision::Preflight(cors);
        }
        trace.note(Stage::Evidence, Outcome::from(&evidence));
        let for_anyone = (route.require == Requirement::Anyone).then(|| matched.clone());
        let authenticated = match authenticate(matched, credential, evidence, &self.lifetimes, now)
        {
            Ok(authenticated) => authenticated,
            Err(why) => {
                trace.note(Stage::Authenticate, Outcome::NotAuthenticated(why));
                // Whoever brings something that is wrong is not nobody.
                if let (NotAuthenticated::SignedOut(_), Some(matched)) = (why, for_anyone)
                    && let Ok(authorized) = authorize_nobody(matched)
                {
                    trace.note(Stage::Authorize, Outcome::Anyone);
                    return Decision::Forward(authorized);
                }
                return turn_away(why, request, site, route);
            }
        };
        trace.note(Stage::Authenticate, Outcome::SignedIn);
        let of_our_page = check_same_origin(request, site, route)
            .and_then(|()| check_anti_forgery(request, route));
        if let Err(why) = of_our_page {
            trace.note(Stage::Origin, Outcome::CrossOrigin(why));
            return Decision::CrossOrigin(why);
        }
        match authorize(authenticated, request) {
            Ok((authorized, None)) => {
                trace.note(Stage::Authorize, Outcome::SignedInSuffices);
                Decision::Forward(authorized)
            }
            Ok((authorized, Some(judgement))) => {
                trace.note_judged(judgement);
                Decision::Forward(authorized)
            }
            Err(why) => {
                trace.note_judged(why.judgement.clone());
                Decision::Forbid {
                    answer: TurnedAway::of(&route.when_not_allowed, &why, audience(request)),
                    why,
                }
            }
        }
    }

    /// The head for the upstream of an authorized request. What [`Authorized::identity_fields`] gives
    /// comes after its fields.
    #[must_use]
    pub fn upstream_head(&self, authorized: &Authorized<'_>, request: &Request) -> UpstreamHead {
        let site = authorized.matched().site();
        let known = self.sites.iter().position(|one| one == site);
        let address = match known.and_then(|at| self.addresses.get(at)) {
            Some(address) => address,
            // Only an authorization of another gate comes here.
            None => &PublicAddress::of(site),
        };
        authorized.head(&self.scrub, request, address)
    }

    /// What the upstream may be told of a request's trailers, on a route that passes them on.
    #[must_use]
    pub fn request_trailers(&self, trailers: Fields) -> Fields {
        self.trailers.clean(trailers)
    }

    /// What the client may be told of an answer's trailers, on a route that passes them on.
    #[must_use]
    pub fn response_trailers(&self, trailers: Fields) -> Fields {
        self.trailers.clean(trailers)
    }
}

fn note_read(trace: &mut Trace, request: &Request) {
    if request.dropped().is_empty() {
        trace.note(Stage::Read, Outcome::Read);
        return;
    }
    let names = some_names(request.dropped());
    trace.note_about(Stage::Read, Outcome::FieldsDropped, names);
}

/// The beginnings of the first few names, and how many more there are: a client chooses how many
/// fields it sends and what they are called, but not how long the lines of the access log are.
fn some_names(names: &[Bytes]) -> String {
    let mut text = String::new();
    for name in names.iter().take(MOST_NAMES) {
        let shown = name.get(..MOST_NAME_BYTES).unwrap_or(name);
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&String::from_utf8_lossy(shown));
        if shown.len() < name.len() {
            text.push('…');
        }
    }
    match names.len().saturating_sub(MOST_NAMES) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn turn_away<'g>(
    why: NotAuthenticated,
    request: &Request,
    site: &Site,
    route: &Route,
) -> Decision<'g> {
    match why {
        NotAuthenticated::SignedOut(why) => match (route.when_signed_out, audience(request)) {
            (WhenSignedOut::Status(status), _) => Decision::Challenge {
                why: Challenge::SignedOut(why),
                status,
            },
            (WhenSignedOut::SignIn, Audience::Person) => Decision::SignIn(why),
            (WhenSignedOut::SignIn, Audience::Program) if may_be_kept(request, site, route) => {
                Decision::KeepPost(why)
            }
            (WhenSignedOut::SignIn, Audience::Program) => Decision::Challenge {
                why: Challenge::SignedOut(why),
                status: SignedOutStatus::Unauthorized,
            },
        },
        NotAuthenticated::AuthorizationNotAccepted => Decision::Challenge {
            why: Challenge::AuthorizationNotAccepted,
            status: SignedOutStatus::Unauthorized,
        },
        NotAuthenticated::Malformed(why) => Decision::BadCredential(why),
        NotAuthenticated::StoreUnavailable => Decision::Unavailable,
    }
}

#[cfg(test)]
mod tests;
