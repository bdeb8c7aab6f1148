//! Our own endpoints below `/.vestibule/`: sign-in, callback, sign-out, who am I.
//!
//! | endpoint | method | does |
//! |---|---|---|
//! | `sign-in` | GET | sends the person to the provider, or shows the choice of providers |
//! | `callback`, `callback/NAME`, or the provider's `redirect_path` | GET, POST | takes the provider's answer; makes the session |
//! | `sign-out` | GET, POST | GET asks; POST from our own page signs out, here and at the provider, or everywhere |
//! | `signed-out` | GET | says so |
//! | `back-channel-logout`, with `/NAME` | POST | a provider ends sessions, server to server |
//! | `front-channel-logout`, with `/NAME` | GET | a provider's page ends sessions, in a frame |
//! | `me` | GET, POST | who is signed in and until when, as JSON, never a token; POST is a use of the session |
//! | `events` | GET | a stream that says when the session is about to end, and that it ended |
//! | the provider's `redirect_path` with `logout=` and the like | GET, POST | what mod_auth_openidc does there, where `redirect_actions` says so |
//!
//! Anything else below the prefix is a 404. Work on the network or in the store is handed to the
//! control runtime; the core that asked waits.

mod back_channel;
mod callback;
mod choose;
mod errand;
mod error;
mod events;
mod everywhere;
mod front_channel;
mod info;
mod kept;
mod loops;
mod me;
pub mod own;
pub mod path;
mod query;
mod redeem;
mod redirect_action;
mod renew;
#[cfg(test)]
pub(crate) mod rig;
mod sign_out;
mod start;
mod used;
mod user_info;
mod witness;

use std::sync::Arc;

use vestibule_gate::evidence::Evidence;
use vestibule_gate::method::Method;
use vestibule_gate::request::Request;
use vestibule_gate::route::Place;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::Handle;
use vestibule_session::lifetime::Liveness;
use vestibule_session::record::Record;
use vestibule_session::return_to::ReturnTo;
use vestibule_session::site::Site;
use vestibule_session::store::Stored;

use crate::body::Body;
use crate::exchange::Response;
use crate::finding::{self, log_finding};
use crate::plan::Plan;
use crate::provider::Provider;
use crate::respond::{self, Context};
use crate::shared::Shared;
use crate::tokens::TokensError;

pub(crate) use crate::error_chain::chain;
pub use back_channel::{BackChannel, BackChannelError};
pub use error::SignInError;
pub use events::EventStreams;
pub use kept::KeptPosts;
pub use used::UsedStates;
pub(crate) use user_info::ask_user_info;
pub(crate) use witness::refreshed_id_token;

use errand::Errand;
use kept::{NotKept, Posted};
use own::{Addresses, NotServed};
use path::OwnEndpoint;
use start::{Account, Start};
use witness::Scene;

/// One visit to an endpoint of ours.
#[derive(Debug)]
pub struct Visit<'v> {
    /// What all cores share.
    pub shared: &'v Arc<Shared>,
    /// The plan this request works by.
    pub plan: &'v Plan,
    /// The request.
    pub request: &'v Request,
    /// The site it is for.
    pub site: &'v Site,
    /// The session handle it brought, if it brought one and no other.
    pub handle: Option<Handle>,
    /// What the store said about that.
    pub evidence: Evidence,
    /// The time.
    pub now: UnixTime,
}

impl Visit<'_> {
    /// The live session of whoever sent this, if there is one.
    fn session(&self) -> Option<&Arc<Stored>> {
        self.live(&self.evidence)
    }

    /// The live session of this site in this evidence.
    fn live<'e>(&self, evidence: &'e Evidence) -> Option<&'e Arc<Stored>> {
        let Evidence::Session(stored) = evidence else {
            return None;
        };
        let live = self.plan.gate.lifetimes().judge(stored, self.now) == Liveness::Live;
        (live && stored.record().is_of(self.site)).then_some(stored)
    }

    /// The session handles it brought, at most `most`.
    fn handles(&self, most: usize) -> Vec<Handle> {
        self.site.cookies().all_handles(self.cookies(), most)
    }

    /// Where a person goes who asked for no page.
    fn home(&self) -> ReturnTo {
        self.plan.gate.home(self.site)
    }

    /// Whether our own page sent it. `Sec-Fetch-Site` decides where it is there: our pages send no
    /// referrer, and then browsers say `Origin: null` even to ourselves.
    fn is_same_origin(&self) -> bool {
        let fields = self.request.fields();
        match fields.first("sec-fetch-site") {
            Some(site) => site == b"same-origin",
            None => fields
                .first("origin")
                .is_some_and(|origin| origin == self.site.origin().as_bytes()),
        }
    }

    /// The provider of this site that a path names: by the name behind it, or the only one.
    fn named_provider(&self, name: Option<&str>) -> Option<&Arc<Provider>> {
        match name {
            Some(name) => self.plan.provider_at(self.site, name),
            None => self.plan.only_provider_at(self.site),
        }
    }

    /// The values of the `Cookie` fields.
    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        cookies(self.request)
    }
}

/// Whether the body says that it is a form.
fn is_form(request: &Request) -> bool {
    request.fields().first("content-type").is_some_and(|value| {
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
        essence
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    })
}

fn cookies(request: &Request) -> impl Iterator<Item = &[u8]> {
    request.fields().all("cookie")
}

/// Answers a request for one of our own endpoints.
pub async fn own_endpoint(visit: Visit<'_>, body: Body, context: &Context<'_>) -> Response {
    let providers = visit.plan.providers.iter();
    let providers: Vec<_> = providers
        .map(|provider| Addresses::of(provider.plan(), visit.site))
        .collect();
    let carried = visit.shared.carried.is_some();
    let endpoint = match own::endpoint(visit.request, &providers, carried) {
        Ok(endpoint) => endpoint,
        Err(NotServed::OtherMethod(allowed)) => {
            return respond::method_not_allowed(allowed, context);
        }
        Err(NotServed::NotFound) => return respond::not_found(context),
        Err(why @ NotServed::SessionsCarried) => {
            return Response {
                error: Some(why.code()),
                ..respond::not_found(context)
            };
        }
    };
    let posts = *visit.request.method() == Method::Post;
    let outcome = match endpoint {
        OwnEndpoint::SignIn => start::endpoint(&visit, context).await,
        OwnEndpoint::Callback(name) => {
            callback::endpoint(&visit, name.as_deref(), body, context).await
        }
        OwnEndpoint::SignOut if posts => Ok(sign_out::endpoint(&visit, body, context).await),
        OwnEndpoint::SignOut => Ok(sign_out::ask(&visit, false, context)),
        OwnEndpoint::BackChannelLogout(name) => {
            Ok(back_channel::endpoint(&visit, name.as_deref(), body, context).await)
        }
        OwnEndpoint::FrontChannelLogout(name) => {
            Ok(front_channel::endpoint(&visit, name.as_deref(), context).await)
        }
        OwnEndpoint::RedirectAction(action, name) => {
            redirect_action::endpoint(&visit, action, &name, body, context).await
        }
        OwnEndpoint::SignedOut => Ok(sign_out::done(&visit, context)),
        OwnEndpoint::Me if posts => Ok(me::touch(&visit, context)),
        OwnEndpoint::Me => Ok(me::endpoint(&visit, context)),
        OwnEndpoint::Events => Ok(events::endpoint(&visit, context)),
    };
    outcome.unwrap_or_else(|error| {
        if error.is_store() {
            visit.shared.telemetry.metrics.store_error("insert");
        }
        let scene = Scene {
            plan: visit.plan,
            request: visit.request,
            site: Some(visit.site),
            now: visit.now,
        };
        failed(&error, &scene, context)
    })
}

/// What a sign-in is for, besides the page that was asked for.
#[derive(Debug, Default)]
pub struct Occasion<'o> {
    /// Why the route's token is missing, if that is all that is.
    pub lacking: Option<&'o TokensError>,
    /// The form that was sent, where it may be kept ([`may_be_kept`]).
    ///
    /// [`may_be_kept`]: vestibule_gate::kept_post::may_be_kept
    pub posted: Option<Body>,
}

/// Sends a person to sign in who asked for a route.
pub async fn begin(
    shared: &Arc<Shared>,
    plan: &Plan,
    request: &Request,
    context: &Context<'_>,
    now: UnixTime,
    occasion: Occasion<'_>,
) -> Response {
    let examined = plan.gate.examine(request);
    let mut scene = Scene {
        plan,
        request,
        site: None,
        now,
    };
    let Ok(Place::Route(matched)) = examined.place() else {
        return failed(&SignInError::NoRoute, &scene, context);
    };
    let site = matched.site();
    scene.site = Some(site);
    let provider = match (&matched.route().provider, plan.only_provider_at(site)) {
        (Some(name), _) => plan.provider_at(site, name),
        (None, Some(only)) => Some(only),
        (None, None) if occasion.posted.is_none() => {
            return respond::redirect(&path::sign_in(None, Some(&context.return_to())));
        }
        // The form would have to wait for a choice, too. The settings allow no such route.
        (None, None) => return kept::not_kept(NotKept::Target, context),
    };
    let Some(provider) = provider else {
        return failed(&SignInError::UnknownProvider, &scene, context);
    };
    let kept_post = match (occasion.posted, matched.route().keep_post) {
        (Some(body), Some(limit_bytes)) => {
            let posted = Posted {
                shared,
                plan,
                site: matched.site(),
                request,
                limit_bytes,
                now,
            };
            match kept::keep(&posted, body, context).await {
                Ok(id) => Some(id),
                Err(why) => return kept::not_kept(why, context),
            }
        }
        _ => None,
    };
    let start = Start {
        shared,
        plan,
        site: matched.site(),
        request,
        provider,
        return_to: context.return_to(),
        account: Account::Any,
        errand: occasion
            .lacking
            .and_then(|error| Errand::of(error, matched.route(), provider)),
        kept_post,
        handle: examined.handle(),
        now,
    };
    match start.go().await {
        Ok(response) => response,
        Err(error) => failed(&error.about(provider), &scene, context),
    }
}

/// Logs the failure with its causes and its finding, and answers it with what a stranger may read.
fn failed(error: &SignInError, scene: &Scene<'_>, context: &Context<'_>) -> Response {
    let (findings, provider) = scene.findings(error);
    log_finding!(
        warn,
        &findings,
        {
            incident = %context.incident(),
            code = error.code(),
            fault = error.fault().as_str(),
            error = %chain(error),
            provider_said = error.provider_said(),
        },
        "a sign-in failed"
    );
    let shown = finding::for_strangers(&findings, provider.as_ref());
    respond::sign_in_failed(error, shown, context)
}

/// The name a person would recognise themselves by. For people to read, never to decide by.
pub(crate) fn display_name(record: &Record) -> Option<&str> {
    ["name", "preferred_username", "upn", "email"]
        .iter()
        .find_map(|claim| record.claims().get(claim)?.as_str())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
