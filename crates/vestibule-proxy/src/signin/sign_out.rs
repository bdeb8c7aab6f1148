//! Signs a person out: the session here, or all they have here, then the browser at the provider
//! (OIDC RP-Initiated Logout §2). Their tokens are revoked in the background, where that is offered.
//!
//! Every session ends whose handle came along: a cookie set for another path, or planted, can't keep one alive.
//!
//! The cookie goes whatever else fails: a store that can't be asked keeps trying by itself, and a
//! provider that does not answer is told about on the page. Where nothing could be ended, or not all of it, nobody is
//! told that they are signed out.

use std::sync::Arc;

use url::form_urlencoded;
use vestibule_gate::authenticate::SignedOut;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::origin::CrossOrigin;
use vestibule_oidc::fault::Fault;
use vestibule_oidc::logout::EndSessionRequest;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::record::Record;
use vestibule_session::store::Stored;

use super::loops::Loops;
use super::{Visit, display_name, everywhere, is_form, path};
use crate::body::Body;
use crate::endings::EndReason;
use crate::evidence;
use crate::exchange::Response;
use crate::issuer;
use crate::pages::{Link, Page};
use crate::provider::{Provider, Target};
use crate::respond::{self, Context, Failure};
use crate::revocation;

/// Sessions that one sign-out ends. A browser has one.
const MOST_ENDED: usize = 16;

/// The longest form that is read.
const FORM_MAX_BYTES: usize = 1024;

/// The name of the button that signs out everywhere.
const EVERYWHERE: &str = "everywhere";

/// Answers GET: nothing is changed by a link, so the person is asked.
pub(super) fn ask(visit: &Visit<'_>, cross_site: bool, context: &Context<'_>) -> Response {
    let status = if cross_site { 403 } else { 200 };
    let page = question(visit, path::SIGN_OUT.to_owned(), cross_site);
    let response = respond::page(status, &page, context);
    match cross_site {
        true => response.because(CrossOrigin::SiteNotSame.code()),
        false => response,
    }
}

/// The page that asks. What it sends goes to `action`.
pub(super) fn question(visit: &Visit<'_>, action: String, cross_site: bool) -> Page {
    let session = visit.session();
    let provider = session.and_then(|stored| visit.plan.provider(stored.record().provider()));
    let asks_provider = provider.filter(|provider| {
        provider
            .known_metadata()
            .is_some_and(|known| known.end_session_endpoint().is_some())
    });
    Page::SignOut {
        name: session
            .and_then(|stored| display_name(stored.record()))
            .map(str::to_owned),
        at_provider: asks_provider.map(|provider| provider.plan().label.clone()),
        action,
        everywhere: everywhere_offered(visit)
            .then(|| session.map(|_| EVERYWHERE.to_owned()))
            .flatten(),
        back: visit.home().as_str().to_owned(),
        cross_site,
        plain_http: !visit.site.is_secure(),
    }
}

/// Answers POST.
pub(super) async fn endpoint(visit: &Visit<'_>, body: Body, context: &Context<'_>) -> Response {
    if !visit.is_same_origin() {
        return ask(visit, true, context);
    }
    leave(visit, body, None, context).await
}

/// Signs out a person who wants that, and sends them to `next`, else to our page that says so.
pub(super) async fn leave(
    visit: &Visit<'_>,
    body: Body,
    next: Option<&Target>,
    context: &Context<'_>,
) -> Response {
    let everywhere = everywhere_offered(visit) && wants_everywhere(visit, body).await;
    let brought = match Brought::of(visit).await {
        Ok(brought) => brought,
        Err(failure) => return respond::failed(&failure, &context.for_person()),
    };
    let session = brought.live(visit).next();
    let at_provider = session.and_then(|stored| {
        let record = stored.record();
        end_session_address(visit, visit.plan.provider(record.provider())?, record, next)
    });
    let elsewhere = match everywhere {
        true => brought.end_everywhere(visit).await,
        false => Ok(()),
    };
    let is_done = everywhere && elsewhere.is_ok();
    if let Err(failure) = brought.end_here(visit, !is_done).await {
        return respond::failed(&failure, &context.for_person());
    }
    if let Some(provider) =
        session.and_then(|stored| visit.plan.provider(stored.record().provider()))
    {
        let way = if everywhere { "everywhere" } else { "sign_out" };
        let result = if elsewhere.is_ok() { "ended" } else { "failed" };
        let metrics = &visit.shared.telemetry.metrics;
        metrics.logout(provider.name(), way, result);
    }
    let mut response = match elsewhere {
        Ok(()) => {
            let here = || match next {
                Some(next) => next.location().to_owned(),
                None => path::signed_out(session.is_some()),
            };
            respond::redirect(&at_provider.unwrap_or_else(here))
        }
        Err(failure) => respond::failed(&failure, &context.for_person()),
    };
    let fields = &mut response.head.fields;
    fields.push("Set-Cookie", visit.site.cookies().delete_session());
    fields.push("Set-Cookie", Loops::delete_cookie(visit.site));
    response
}

/// Ends the sessions this browser came with and takes its cookie, as `answer`: the provider is not asked for
/// anything.
///
/// # Errors
/// What to say instead: not all of them were ended.
pub(super) async fn forget(visit: &Visit<'_>, mut answer: Response) -> Result<Response, Failure> {
    Brought::of(visit).await?.end_here(visit, false).await?;
    let fields = &mut answer.head.fields;
    fields.push("Set-Cookie", visit.site.cookies().delete_session());
    fields.push("Set-Cookie", Loops::delete_cookie(visit.site));
    Ok(answer)
}

/// The sessions a browser came with: one, unless its cookies name several.
struct Brought(Vec<(StoreKey, Evidence)>);

impl Brought {
    async fn of(visit: &Visit<'_>) -> Result<Self, Failure> {
        let keys = visit.handles(MOST_ENDED + 1);
        let keys: Vec<_> = keys.iter().map(Handle::store_key).collect();
        if keys.len() > MOST_ENDED {
            return Err(too_many());
        }
        // Of a single one, it was asked already.
        let asked = visit.handle.as_ref().map(Handle::store_key);
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let evidence = match Some(key) == asked {
                true => visit.evidence.clone(),
                false => {
                    let evidence = evidence::look_up(visit.shared, Some(key)).await;
                    issuer::settled(visit.shared, visit.plan, evidence).await
                }
            };
            found.push((key, evidence));
        }
        Ok(Self(found))
    }

    fn live(&self, visit: &Visit<'_>) -> impl Iterator<Item = &Arc<Stored>> {
        self.0
            .iter()
            .filter_map(|(_, evidence)| visit.live(evidence))
    }

    /// Ends all sessions of whose these are. What was promised and could not be kept, they are told.
    async fn end_everywhere(&self, visit: &Visit<'_>) -> Result<(), Failure> {
        let mut ended = Ok(());
        for stored in self.live(visit) {
            ended = end_everywhere(visit, stored.record()).await.and(ended);
        }
        // Whose these are can't be asked, so neither can the others be found.
        let unasked =
            |(_, evidence): &(_, Evidence)| matches!(evidence, Evidence::StoreUnavailable);
        match self.0.iter().any(unasked) {
            true => Err(not_everywhere()),
            false => ended,
        }
    }

    /// Ends these, and begins to revoke their tokens if that is wanted. What the store could not remove yet, it
    /// keeps trying to: the cookie goes all the same.
    async fn end_here(&self, visit: &Visit<'_>, revoke: bool) -> Result<(), Failure> {
        for (key, evidence) in &self.0 {
            let revoked = visit.live(evidence).filter(|_| revoke).cloned();
            let (key, shared) = (*key, Arc::clone(visit.shared));
            let ended = async move {
                match revoked {
                    Some(stored) => {
                        revocation::sign_out(&shared, &key, &stored, EndReason::SignedOut).await
                    }
                    None => shared.end_session_because(&key, EndReason::SignedOut).await,
                }
            };
            match visit.shared.control.run(ended).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    visit.shared.telemetry.metrics.store_error("remove");
                    tracing::error!(code = error.code(), %error, "a session that was signed out could not be removed yet");
                }
                Err(_stopping) => return Err(Failure::store()),
            }
        }
        Ok(())
    }
}

/// What a person is told whose browser sends more sessions than are ended at once.
fn too_many() -> Failure {
    let message = "Your browser sends more sessions of this site than can be ended at once: you are not signed out. Delete the cookies of this site.";
    Failure::new(SignedOut::CookieAmbiguous.code(), Fault::Client, message)
}

/// Ends all sessions of this person. What was promised and could not be kept, they are told.
async fn end_everywhere(visit: &Visit<'_>, record: &Record) -> Result<(), Failure> {
    let (shared, record) = (Arc::clone(visit.shared), record.clone());
    let ended = everywhere::end(shared, record, visit.now);
    let ended = visit.shared.control.run(ended);
    match ended.await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => {
            visit.shared.telemetry.metrics.store_error("logout");
            tracing::error!(code = error.code(), %error, "the sessions of a person could not all be ended");
        }
        Err(_stopping) => {}
    }
    Err(not_everywhere())
}

/// What a person is told whose other sessions may live on.
fn not_everywhere() -> Failure {
    let message = "You are signed out here. Your other sessions could not be ended at the moment: sign in again and sign out everywhere once more.";
    let mut failure = Failure::new("sign_out_elsewhere", Fault::Operator, message).temporary();
    failure.actions = vec![Link {
        label: "Sign in".to_owned(),
        href: path::SIGN_IN.to_owned(),
    }];
    failure
}

/// Sessions that browsers carry are known to nobody else: those elsewhere can't be ended.
fn everywhere_offered(visit: &Visit<'_>) -> bool {
    visit.shared.carried.is_none()
}

/// Which of the two buttons it was. A form that can't be read is the plain one: to sign out works
/// whatever else does not.
async fn wants_everywhere(visit: &Visit<'_>, body: Body) -> bool {
    if !is_form(visit.request) {
        return false;
    }
    let form = body.collect(FORM_MAX_BYTES).await.unwrap_or_default();
    form_urlencoded::parse(&form).any(|(name, _)| name == EVERYWHERE)
}

/// Answers `signed-out`.
pub(super) fn done(visit: &Visit<'_>, context: &Context<'_>) -> Response {
    let query = visit.request.query().map(AsRef::as_ref);
    let page = Page::SignedOut {
        sign_in: path::SIGN_IN.to_owned(),
        provider_session_may_live: query == Some(b"here=only"),
    };
    respond::page(200, &page, context)
}

/// Where the provider ends its own session and sends the browser back.
fn end_session_address(
    visit: &Visit<'_>,
    provider: &Provider,
    record: &Record,
    next: Option<&Target>,
) -> Option<String> {
    let metadata = provider.known_metadata()?;
    let endpoint = metadata.end_session_endpoint()?;
    let back = match next {
        Some(next) => next.address(visit.site),
        None => format!("{}{}", visit.site.origin(), path::SIGNED_OUT),
    };
    let login_hint = record
        .claims()
        .get("login_hint")
        .and_then(|hint| hint.as_str());
    let id_token = record.id_token();
    let request = EndSessionRequest {
        endpoint,
        client_id: &provider.plan().client_id,
        // Entra knows the person by `logout_hint`, and has no use for the token.
        id_token_hint: id_token.as_ref().filter(|_| !metadata.is_entra()),
        logout_hint: login_hint.filter(|_| metadata.is_entra()),
        post_logout_redirect_uri: Some(&back),
        state: None,
    };
    Some(request.url().into())
}
