//! Takes the provider's answer: reads it, finds the sign-in of this browser that it belongs to, and
//! only then has the code redeemed.
//!
//! | step | on failure |
//! |---|---|
//! | read the parameters | page; other sign-ins stay |
//! | find the pending cookie of `state` | page with "start again", or the provider's `lost_sign_in_page`; a live session goes to its page |
//! | the provider, the issuer (RFC 9207 §2.4), first use | page; the pending cookie goes |
//! | redeem, verify, store | page; the pending cookie goes |
//!
//! Then the browser goes back to its page, or gets the form that was kept for it.
//!
//! A form is posted by the provider's page, from another site: of our cookies only the pending one,
//! which is `SameSite=None` for that, comes with it. What the others would tell is sealed into it at
//! the start; where there is none, the browser is sent round once more by `GET`, which brings them.

use std::sync::Arc;

use bytes::Bytes;
use vestibule_gate::method::Method;
use vestibule_oidc::authorization::{Callback, CallbackError, CallbackExpected, CallbackParams};
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::pending::{self, Pending, PendingError};
use vestibule_session::return_to::ReturnTo;

use super::loops::Loops;
use super::redeem::Redeem;
use super::{SignInError, Visit, is_form, kept, path, witness};
use crate::body::Body;
use crate::exchange::Response;
use crate::provider::Provider;
use crate::respond::{self, Context};

/// The longest form that is read.
const FORM_MAX_BYTES: usize = 16 * 1024;

/// Sessions that one sign-in takes the place of. A browser has one.
const MOST_REPLACED: usize = 16;

/// Answers `callback`.
pub(super) async fn endpoint(
    visit: &Visit<'_>,
    name: Option<&str>,
    body: Body,
    context: &Context<'_>,
) -> Result<Response, SignInError> {
    let Some(provider) = visit.named_provider(name) else {
        return Ok(respond::not_found(context));
    };
    let mode = provider.plan().response_mode;
    let posted = *visit.request.method() == Method::Post;
    let answer = match posted {
        true => form(visit, body).await?,
        false => visit.request.query().cloned().unwrap_or_default(),
    };
    let seen = |error: SignInError| {
        let callback = witness::callback(visit.request, visit.site, &answer, posted);
        error
            .about(provider)
            .noting(|seen| seen.callback = Some(callback))
    };
    let lost_page = provider.plan().lost_sign_in_page.as_ref();
    let start = lost_page.cloned().unwrap_or_else(|| visit.home());
    let params = match CallbackParams::parse(&answer) {
        // A bookmark, or the way back out of the provider: nobody asked for anything.
        Err(CallbackError::Empty) if !posted && is_bare(&answer) => {
            return Ok(respond::redirect(start.as_str()));
        }
        read => read.map_err(|error| seen(error.into()))?,
    };
    let state = params.state().to_owned();
    let pending = match Pending::find(
        visit.cookies(),
        visit.site,
        &visit.plan.keys,
        &state,
        visit.now,
    ) {
        Ok(pending) => pending,
        // An evicted sign-in of somebody who is signed in by now is no failure.
        Err(PendingError::Absent | PendingError::Lapsed) if visit.session().is_some() => {
            return Ok(respond::redirect(start.as_str()));
        }
        // Whether they are signed in, a posted form can't tell.
        Err(PendingError::Absent | PendingError::Lapsed) if posted && visit.handle.is_none() => {
            let path = visit.request.path().as_str();
            return Ok(respond::redirect(&path::posted_in_vain(path, &state)));
        }
        Err(error) => {
            let spent = (error != PendingError::Absent)
                .then(|| pending::delete_cookie(visit.site, &state, mode));
            // Without any cookie they may be refused, and the page would send the person here again.
            if let (Some(page), true) = (lost_page, visit.cookies().next().is_some()) {
                return Ok(lost(visit, page, spent).because(error.code()));
            }
            let mut failure = seen(error.into()).with_start_again(&start);
            if let Some(spent) = spent {
                failure = failure.and_delete(spent);
            }
            return Err(failure);
        }
    };
    let return_to = pending.return_to.clone();
    let outcome = finish(visit, provider, params, pending, posted, context).await;
    let spent = pending::delete_cookie(visit.site, &state, mode);
    let result = match &outcome {
        Ok(_) => "signed_in",
        Err(error) => error.code(),
    };
    visit
        .shared
        .telemetry
        .metrics
        .sign_in(provider.name(), result);
    match outcome {
        Ok(mut response) => {
            response.head.fields.push("Set-Cookie", spent);
            Ok(response)
        }
        Err(error) => Err(seen(error).with_start_again(&return_to).and_delete(spent)),
    }
}

/// Sends somebody whose sign-in is not known to the page for that. Whoever comes back from there at once counts as
/// signing in again and again, and is stopped like them.
fn lost(visit: &Visit<'_>, page: &ReturnTo, spent: Option<String>) -> Response {
    let loops = Loops::read(visit.cookies(), visit.site, visit.now).complete(visit.now);
    let mut response = respond::redirect(page.as_str());
    let fields = &mut response.head.fields;
    for cookie in spent.into_iter().chain([loops.set_cookie(visit.site)]) {
        fields.push("Set-Cookie", cookie);
    }
    response
}

async fn finish(
    visit: &Visit<'_>,
    provider: &Arc<Provider>,
    params: CallbackParams,
    pending: Pending,
    posted: bool,
    context: &Context<'_>,
) -> Result<Response, SignInError> {
    if pending.provider != provider.plan().name {
        return Err(SignInError::OtherProvider);
    }
    let control = &visit.shared.control;
    let metadata = match provider.known_metadata() {
        Some(metadata) => metadata,
        None => {
            let provider = Arc::clone(provider);
            control
                .run(async move { provider.metadata().await })
                .await??
        }
    };
    let answer = params.check(&CallbackExpected {
        state: &pending.state,
        issuer: metadata.token_issuer(),
        metadata_issuer: metadata.issuer(),
        iss_required: metadata.iss_in_response(),
    })?;
    if !visit
        .shared
        .used_states
        .claim(pending.state.expose(), visit.now)
    {
        // The page was loaded again. Whoever is signed in by now goes where they wanted; so does who
        // may be, and anybody else is asked to sign in there.
        return match visit.session().is_some() || (posted && visit.handle.is_none()) {
            true => Ok(respond::redirect(pending.return_to.as_str())),
            false => Err(SignInError::Used),
        };
    }
    let code = match answer {
        Callback::Code(code) => code,
        Callback::Error(error) => return Err(SignInError::Declined(error)),
        _ => return Err(SignInError::Callback(CallbackError::Empty)),
    };
    let several = visit.plan.providers.len() > 1;
    let redeem = Redeem {
        provider: Arc::clone(provider),
        shared: Arc::clone(visit.shared),
        site: visit.site.clone(),
        redirect_uri: format!(
            "{}{}",
            visit.site.origin(),
            path::redirect_path(provider.plan(), several)
        ),
        return_to: pending.return_to.clone(),
        code,
        nonce: pending.nonce,
        verifier: pending.verifier,
        max_age: pending.max_age,
        asked_for: pending.asked_for,
        wanted: pending.wanted,
        replaces: replaced(&visit.handles(MOST_REPLACED), pending.replaces),
        started_at: pending.started_at,
        now: visit.now,
    };
    let redeemed = control.run(redeem.run()).await??;
    let return_to = &pending.return_to;
    let mut response = match &pending.kept_post {
        Some(id) => kept::send_again(visit, id, &redeemed.person, return_to, context),
        None => respond::redirect(return_to.as_str()),
    };
    let fields = &mut response.head.fields;
    for cookie in redeemed.cookies {
        fields.push("Set-Cookie", cookie);
    }
    let loops = Loops::read(visit.cookies(), visit.site, visit.now)
        .or_of_flow(pending.returns)
        .complete(visit.now);
    fields.push("Set-Cookie", loops.set_cookie(visit.site));
    Ok(response)
}

/// The session the browser has now and the one it had when it started: other tabs may have signed
/// in meanwhile. Of several that it has now, all.
fn replaced(now: &[Handle], at_start: Option<StoreKey>) -> Vec<StoreKey> {
    let mut keys: Vec<_> = now.iter().map(Handle::store_key).collect();
    keys.extend(at_start.filter(|key| !keys.contains(key)));
    keys
}

/// The form of `response_mode=form_post`.
async fn form(visit: &Visit<'_>, body: Body) -> Result<Bytes, SignInError> {
    if !is_form(visit.request) {
        return Err(SignInError::NotAForm);
    }
    Ok(body.collect(FORM_MAX_BYTES).await?)
}

/// Whether an answer without code and error has no state either.
fn is_bare(answer: &[u8]) -> bool {
    !answer.split(|byte| *byte == b'&').any(|pair| {
        pair.starts_with(b"state=") || pair.starts_with(b"code") || pair.starts_with(b"error")
    })
}
