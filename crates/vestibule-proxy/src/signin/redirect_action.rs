//! What mod_auth_openidc answers at its redirect URI, for an app that counts on it: each request there goes
//! the way that our own endpoint for it goes.
//!
//! | request | does |
//! |---|---|
//! | `logout=URL` | signs out as [`sign_out`] does, then on to the URL |
//! | `logout=get`, `logout=img`, `logout=backchannel` | ends sessions as the provider's logout addresses do; without `sid` a page of this site ends that of its browser |
//! | `iss=ISSUER` | starts a sign-in as our sign-in address does |
//! | `info=json`, `info=html` | tells what the operator lets it tell |
//! | `refresh=URL&access_token=TOKEN` | renews the token that it knows |
//! | `jwks=` | an empty key set: we have no keys of our own |
//! | the others | refused with the reason |
//!
//! The module signs out whoever follows a link, from wherever. Here only a link of this site does, or one that
//! the person typed; from another site they are asked.

use serde_json::json;
use url::form_urlencoded;
use vestibule_gate::method::Method;
use vestibule_gate::redirect_action::{NotDone, RedirectAction};
use vestibule_oidc::fault::Fault;

use super::{SignInError, Visit, back_channel, front_channel, info, path, renew, sign_out, start};
use crate::body::Body;
use crate::exchange::Response;
use crate::provider::{RedirectActions, Target, TargetError};
use crate::respond::{self, Context, Failure};

/// Answers one of these requests at the redirect path of the provider `name`.
pub(super) async fn endpoint(
    visit: &Visit<'_>,
    action: RedirectAction,
    name: &str,
    body: Body,
    context: &Context<'_>,
) -> Result<Response, SignInError> {
    let settings = visit
        .plan
        .provider_at(visit.site, name)
        .and_then(|provider| provider.plan().redirect_actions.as_ref());
    let Some(settings) = settings else {
        return Ok(respond::not_found(context));
    };
    let method = visit.request.method();
    let only = |allowed: &'static str| Ok(respond::method_not_allowed(allowed, context));
    let outcome = match (action, method) {
        (RedirectAction::SignIn, _) => return start::endpoint(visit, context).await,
        (RedirectAction::Keys, _) => Ok(respond::json(200, &json!({ "keys": [] }), context)),
        (RedirectAction::NotDone(what), _) => Err(not_done(what).into()),
        (RedirectAction::Logout, _) => logout(visit, settings, body, context).await,
        (RedirectAction::FrontChannelLogout { image }, _) => {
            return Ok(front_channel(visit, image, name, context).await);
        }
        (RedirectAction::BackChannelLogout, Method::Post) => {
            return Ok(back_channel::endpoint(visit, Some(name), body, context).await);
        }
        (RedirectAction::BackChannelLogout, _) => return only("POST"),
        (RedirectAction::Info { html }, _) => info::answer(visit, settings, html, context).await,
        (RedirectAction::Refresh, Method::Get) => renew::answer(visit, settings).await,
        (RedirectAction::Refresh, _) => return only("GET"),
    };
    Ok(outcome.unwrap_or_else(|failure| respond::failed(&failure, context)))
}

/// The parameters of such a request that are read, each once.
#[derive(Debug)]
pub(super) struct Parameters<const N: usize>([Option<String>; N]);

impl<const N: usize> Parameters<N> {
    /// Those of `names`, in their order.
    pub(super) fn read(visit: &Visit<'_>, names: [&str; N]) -> Result<Self, Box<Failure>> {
        let query = visit.request.query().map(AsRef::as_ref).unwrap_or_default();
        let mut found = [const { None }; N];
        for (name, value) in form_urlencoded::parse(query) {
            let slot = names
                .iter()
                .zip(found.iter_mut())
                .find(|(known, _)| **known == name);
            if let Some((_, slot)) = slot
                && slot.replace(value.into_owned()).is_some()
            {
                let message = "A parameter of this address comes more than once.";
                return Err(
                    Failure::new("redirect_action_repeated", Fault::Client, message).into(),
                );
            }
        }
        Ok(Self(found))
    }

    pub(super) fn into_values(self) -> [Option<String>; N] {
        self.0
    }
}

/// The address that a request wants people sent to.
pub(super) fn target(
    visit: &Visit<'_>,
    settings: &RedirectActions,
    text: &str,
) -> Result<Target, Box<Failure>> {
    let refuse = |error: TargetError| {
        let failure = Failure::new(error.code(), Fault::Client, error.public_message());
        Box::new(failure.titled("Not a way on"))
    };
    Target::parse(text, visit.site, &settings.return_urls).map_err(refuse)
}

async fn logout(
    visit: &Visit<'_>,
    settings: &RedirectActions,
    body: Body,
    context: &Context<'_>,
) -> Result<Response, Box<Failure>> {
    let [next] = Parameters::read(visit, ["logout"])?.into_values();
    let next = next.filter(|next| !next.is_empty());
    let target = match &next {
        Some(next) => Some(target(visit, settings, next)?),
        None => settings.signed_out.clone(),
    };
    let wanted = match visit.request.method() {
        Method::Get => is_of_this_site(visit),
        Method::Post => visit.is_same_origin(),
        _ => false,
    };
    if wanted {
        return Ok(sign_out::leave(visit, body, target.as_ref(), context).await);
    }
    let again = path::logout_at(
        visit.request.path().as_str(),
        next.as_deref().unwrap_or_default(),
    );
    let from = visit.request.fields().first("sec-fetch-site");
    let cross_site = from.is_some_and(|from| from == b"cross-site");
    let page = sign_out::question(visit, again, cross_site);
    Ok(respond::page(200, &page, context))
}

/// By `sid` whoever brings it, as a page of the provider does; without one it is about this browser's session, which
/// a page of this site may end.
async fn front_channel(
    visit: &Visit<'_>,
    image: bool,
    name: &str,
    context: &Context<'_>,
) -> Response {
    let query = visit.request.query().map(AsRef::as_ref).unwrap_or_default();
    let has_sid = form_urlencoded::parse(query).any(|(name, _)| name == "sid");
    if !has_sid && *visit.request.method() == Method::Get && is_of_this_site(visit) {
        let answer = match image {
            true => respond::logged_out_as_image(),
            false => respond::logged_out_in_frame(&[visit.site.origin().to_owned()]),
        };
        let forgotten = sign_out::forget(visit, answer).await;
        return forgotten.unwrap_or_else(|failure| respond::failed(&failure, context));
    }
    let answer = front_channel::endpoint(visit, Some(name), context).await;
    match image && answer.head.status == 200 {
        true => respond::logged_out_as_image(),
        false => answer,
    }
}

/// Whether a link of this site was followed, or none at all: one that was typed or kept. Of a browser that says
/// nothing of it in `Sec-Fetch-Site`, its `Referer` may. What is fetched ahead of any wish is neither.
fn is_of_this_site(visit: &Visit<'_>) -> bool {
    let fields = visit.request.fields();
    let ahead = |name| {
        fields
            .first(name)
            .is_some_and(|value| value.starts_with(b"prefetch"))
    };
    if ahead("sec-purpose") || ahead("purpose") {
        return false;
    }
    match fields.first("sec-fetch-site") {
        Some(from) => matches!(from, b"same-origin" | b"none"),
        None => fields.first("referer").is_some_and(|from| {
            let rest = from.strip_prefix(visit.site.origin().as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        }),
    }
}

/// Why a request of the module's is not answered.
const fn not_done(what: NotDone) -> Failure {
    let message = match what {
        NotDone::Session => {
            "Sessions at the provider are not watched in frames here (session=): browsers send no cookies there any more. A page may ask /.vestibule/me who is signed in."
        }
        NotDone::RequestUri => "No request objects are handed out here (request_uri=).",
        NotDone::RemoveAtCache => {
            "No tokens of callers are kept here, so there is none to forget (remove_at_cache=)."
        }
        NotDone::RevokeSession => {
            "No session is ended by its id here (revoke_session=), because whoever knows an id could. The provider ends sessions by back-channel logout."
        }
        NotDone::Dpop => "No proofs of possession are made here (dpop=).",
    };
    Failure::new("redirect_action_not_done", Fault::Client, message).titled("Not done here")
}
