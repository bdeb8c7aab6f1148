//! Answers somebody who is signed in and may not pass: what stands in the way, and whether another
//! account would help.

use serde_json::Map;
use vestibule_diagnosis::Finding;
use vestibule_diagnosis::evidence::Token;
use vestibule_gate::authorize::NotAuthorized;
use vestibule_gate::claims::Claims;
use vestibule_gate::rule::Reason;
use vestibule_gate::turned_away::TurnedAway;
use vestibule_oidc::fault::Fault;
use vestibule_session::record::GroupsUnknown;

use super::{Context, Failure, page, redirect, say};
use crate::exchange::Response;
use crate::finding;
use crate::pages::{Link, Page};
use crate::signin::path;

/// The 403, or what the route has instead.
pub(super) fn answer(
    why: &NotAuthorized,
    instead: TurnedAway<'_>,
    context: &Context<'_>,
) -> Response {
    let mut response = match instead {
        TurnedAway::SignIn => redirect(&path::someone_else(&context.return_to())),
        TurnedAway::Elsewhere(address) => redirect(address),
        TurnedAway::GroupsUnknown(reason) => groups_unknown(why, reason, instead.status(), context),
        TurnedAway::Forbidden | TurnedAway::Unauthorized => {
            not_allowed(why, instead.status(), context)
        }
    };
    if instead == TurnedAway::Unauthorized {
        // RFC 9110 §15.5.2.
        let reason = format!("Vestibule error=\"{}\"", why.code());
        response.head.fields.set("WWW-Authenticate", reason);
    }
    response.because(why.code())
}

/// Something stands in the way of this person.
fn not_allowed(why: &NotAuthorized, status: u16, context: &Context<'_>) -> Response {
    let about_person = why.is_about_person();
    let message = match why.judgement.decisive().reason {
        _ if about_person => "You are signed in, but this account may not do this.",
        Reason::NetworkDiffers | Reason::NetworkMatches => {
            "This page can't be opened from the network you are in. Your account is not the reason."
        }
        _ => "This page does not take this kind of request. Your account is not the reason.",
    };
    let lacking = lacking(why, context);
    if let Reason::Nameless(_) = why.judgement.decisive().reason {
        nameless(why, status, context)
    } else if !lacking.is_empty() {
        let mut failure = Failure::new(why.code(), Fault::Client, message).titled("Not allowed");
        failure.findings = lacking;
        someone_else(&mut failure, context);
        say(status, &failure, Map::new(), context)
    } else if context.is_person() && about_person {
        let not_allowed = Page::NotAllowed {
            name: context.name().map(str::to_owned),
            sign_in: path::someone_else(&context.return_to()),
            code: why.code(),
            incident: context.incident,
        };
        page(status, &not_allowed, context)
    } else {
        let failure = Failure::new(why.code(), Fault::Client, message).titled("Not allowed");
        say(status, &failure, Map::new(), context)
    }
}

/// What it shows that this person has nowhere the claim that the rule reads. Nothing if that is not the reason.
fn lacking(why: &NotAuthorized, context: &Context<'_>) -> Vec<Finding> {
    let Reason::ClaimMissing(claim) = &why.judgement.decisive().reason else {
        return Vec::new();
    };
    let gate = &context.plan.gate;
    let route = context
        .request
        .and_then(|request| gate.examine(request).route());
    let (Some(session), Some(route), Some(provider)) =
        (context.session.as_ref(), route, context.provider())
    else {
        return Vec::new();
    };
    let claims = Claims::of(session);
    let findings = finding::of_missing(claim, route, context.plan, provider, &claims);
    finding::for_strangers(&findings, Some(provider))
}

/// Another account may have what this one lacks.
fn someone_else(failure: &mut Failure, context: &Context<'_>) {
    if context.is_person() {
        failure.actions = vec![Link {
            label: "Sign in as someone else".to_owned(),
            href: path::someone_else(&context.return_to()),
        }];
    }
}

/// This person has nothing by which the route knows people.
fn nameless(why: &NotAuthorized, status: u16, context: &Context<'_>) -> Response {
    let message =
        "You are signed in, but your account has nothing by which this page knows people.";
    let mut failure = Failure::new(why.code(), Fault::Client, message).titled("Not allowed");
    let record = context.session.as_ref().map(|session| session.record());
    let gate = &context.plan.gate;
    let route = context
        .request
        .and_then(|request| gate.examine(request).route());
    if let (Some(record), Some(route), Some(provider)) = (record, route, context.provider()) {
        let id_token = record.id_token().map(|token| Token::of(token.expose()));
        let findings = finding::of_nameless(&route.name, context.plan, provider, id_token);
        failure.findings = finding::for_strangers(&findings, Some(provider));
    }
    someone_else(&mut failure, context);
    say(status, &failure, Map::new(), context)
}

/// Nobody knows whether this person may pass: their groups could not be asked for.
fn groups_unknown(
    why: &NotAuthorized,
    reason: GroupsUnknown,
    status: u16,
    context: &Context<'_>,
) -> Response {
    let record = context.session.as_ref().map(|session| session.record());
    let message = "You are signed in, but which groups you are in could not be found out, and this page depends on it.";
    let mut failure =
        Failure::new(why.code(), Fault::Provider, message).titled("Your groups are not known");
    failure.temporary = reason.is_temporary();
    if let (Some(record), Some(provider)) = (record, context.provider()) {
        let id_token = record.id_token();
        let findings = finding::of_groups(reason, context.plan, provider, id_token.as_ref());
        failure.findings = finding::for_strangers(&findings, Some(provider));
    }
    let (again, someone_else) = (
        context.return_to(),
        path::someone_else(&context.return_to()),
    );
    let link = |label: &str, href: &str| Link {
        label: label.to_owned(),
        href: href.to_owned(),
    };
    failure.actions = vec![
        link("Try again", again.as_str()),
        link("Sign in again", &someone_else),
    ];
    say(status, &failure, Map::new(), context)
}

#[cfg(test)]
mod tests;
