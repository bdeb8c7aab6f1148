//! `info=json` and `info=html` at the redirect path: what the operator lets pages know of a session.
//!
//! | parameter | does |
//! |---|---|
//! | `access_token_refresh_interval=N` | renews the sign-in's own token first, if the last time is longer ago than N seconds |
//! | `extend_session=false` | asking does not keep the session from ending |
//!
//! Raw tokens are among it only by a key that begins with `danger_`.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};
use vestibule_gate::authenticate::SignedOut;
use vestibule_gate::decision::{Challenge, Decision};
use vestibule_gate::evidence::Evidence;
use vestibule_gate::turned_away::SignedOutStatus;
use vestibule_oidc::fault::Fault;
use vestibule_session::claims::Claim;
use vestibule_session::store::Stored;

use super::Visit;
use super::redirect_action::Parameters;
use crate::exchange::Response;
use crate::provider::{RedirectActions, SessionFact};
use crate::respond::{self, Context, Failure};
use crate::tokens;

/// Answers it.
pub(super) async fn answer(
    visit: &Visit<'_>,
    settings: &RedirectActions,
    html: bool,
    context: &Context<'_>,
) -> Result<Response, Box<Failure>> {
    let names = ["access_token_refresh_interval", "extend_session"];
    let [interval, extend] = Parameters::read(visit, names)?.into_values();
    if matches!(visit.evidence, Evidence::StoreUnavailable) {
        return Err(Failure::store().into());
    }
    let (Some(stored), Some(handle)) = (visit.session(), &visit.handle) else {
        let challenge = Decision::Challenge {
            why: Challenge::SignedOut(SignedOut::NoCookie),
            status: SignedOutStatus::Unauthorized,
        };
        return Ok(respond::decision(&challenge, context));
    };
    if settings.info.is_empty() {
        return Ok(respond::not_found(context));
    }
    let key = handle.store_key();
    if extend.as_deref() != Some("false")
        && visit.plan.gate.lifetimes().touch_due(stored, visit.now)
    {
        visit.shared.store.touch(&key, visit.now);
    }
    let renewed = match interval {
        Some(interval) => renewed(visit, stored, &interval).await?,
        None => None,
    };
    let stored = renewed.as_deref().unwrap_or(stored);
    let told = Value::Object(told(visit, stored, &settings.info));
    Ok(match html {
        true => respond::session_info(&told, context),
        false => respond::json(200, &told, context),
    })
}

/// The session with a newer token, if the last came too long ago and there is a way to another.
async fn renewed(
    visit: &Visit<'_>,
    stored: &Stored,
    interval: &str,
) -> Result<Option<std::sync::Arc<Stored>>, Box<Failure>> {
    let (record, now) = (stored.record(), visit.now);
    let Ok(interval) = interval.parse::<u32>() else {
        let message = "access_token_refresh_interval is a number of seconds.";
        return Err(Failure::new("info_interval", Fault::Client, message).into());
    };
    let due = now > record.refreshed_at() + Duration::from_secs(interval.into());
    let (Some(token), true) = (record.tokens().sign_in(), due) else {
        return Ok(None);
    };
    if record.refresh_token().is_none() {
        return Ok(None);
    }
    let wanted = record.tokens().sign_in_key();
    match super::renew::renewed(visit, record, wanted, token.token()).await {
        Ok(stored) => Ok(Some(stored)),
        Err(error) => Err(failure(&error).into()),
    }
}

fn failure(error: &tokens::TokensError) -> Failure {
    let mut failure = Failure::new(error.code(), error.fault(), error.public_message());
    failure.temporary = error.is_temporary();
    failure
}

fn told(visit: &Visit<'_>, stored: &Stored, facts: &[SessionFact]) -> Map<String, Value> {
    let (record, lifetimes) = (stored.record(), visit.plan.gate.lifetimes());
    let ends = record.created_at() + lifetimes.absolute();
    let token = record.tokens().sign_in();
    let mut told = Map::new();
    for fact in facts {
        let (name, value): (_, Option<Value>) = match fact {
            SessionFact::Now => ("iat", Some(visit.now.as_secs().into())),
            SessionFact::IdTokenClaims => (
                "id_token",
                Some(Claim::Object(record.claims().members()).into()),
            ),
            SessionFact::UserInfo => {
                let claims = record.userinfo();
                let object = claims.map(|claims| Claim::Object(claims.members()));
                ("userinfo", object.map(Value::from))
            }
            SessionFact::AccessTokenExpires => (
                "access_token_expires",
                token
                    .and_then(|token| token.expires_at())
                    .map(|at| at.as_secs().to_string().into()),
            ),
            SessionFact::Ends => ("exp", Some(ends.as_secs().into())),
            SessionFact::IdleEnds => {
                let idle = visit.now + lifetimes.idle();
                ("timeout", Some(idle.min(ends).as_secs().into()))
            }
            SessionFact::User => ("remote_user", user(visit, stored).map(Value::from)),
            SessionFact::AccessToken => (
                "access_token",
                token.map(|token| token.token().expose().as_str().into()),
            ),
            SessionFact::RefreshToken => (
                "refresh_token",
                record
                    .refresh_token()
                    .map(|token| token.expose().as_str().into()),
            ),
            SessionFact::IdToken => (
                "id_token_hint",
                record
                    .id_token()
                    .map(|token| token.expose().as_str().into()),
            ),
        };
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    }
    told
}

/// The name by which the first route that needs sign-in knows the person.
fn user<'s>(visit: &Visit<'_>, stored: &'s Stored) -> Option<Cow<'s, str>> {
    let mut routes = visit.plan.gate.routes().iter();
    let route = routes.find(|route| !route.is_public())?;
    route.user_of(stored)
}
