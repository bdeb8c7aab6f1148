//! Answers somebody who is signed in and may not pass: what stands in the way, and whether another
//! account would help.

use serde_json::Map;
use vestibule_gate::authorize::NotAuthorized;
use vestibule_gate::origin::Cors;
use vestibule_gate::rule::{Judgement, Reason};
use vestibule_oidc::fault::Fault;

use super::{Context, Failure, allow, page, say};
use crate::exchange::Response;
use crate::pages::Page;
use crate::signin::path;

/// The 403.
pub(super) fn answer(why: &NotAuthorized, cors: Option<&Cors>, context: &Context<'_>) -> Response {
    let about_person = is_about_person(&why.judgement);
    let message = match why.judgement.decisive().reason {
        _ if about_person => "You are signed in, but this account may not do this.",
        Reason::NetworkDiffers | Reason::NetworkMatches => {
            "This page can't be opened from the network you are in. Your account is not the reason."
        }
        _ => "This page does not take this kind of request. Your account is not the reason.",
    };
    let mut response = if context.is_person() && about_person {
        let not_allowed = Page::NotAllowed {
            name: context.name().map(str::to_owned),
            sign_in: path::someone_else(&context.return_to()),
            code: why.code(),
            incident: context.incident,
        };
        page(403, &not_allowed, context)
    } else {
        let failure = Failure::new(why.code(), Fault::Client, message).titled("Not allowed");
        say(403, &failure, Map::new(), context)
    };
    allow(&mut response, cors);
    response
}

/// Whether another account could have passed where this one did not.
fn is_about_person(judgement: &Judgement) -> bool {
    match judgement.reason {
        Reason::NetworkDiffers
        | Reason::NetworkMatches
        | Reason::MethodDiffers
        | Reason::MethodMatches => false,
        Reason::All | Reason::Any | Reason::Not => judgement
            .parts
            .iter()
            // What a `not` holds has the opposite verdict.
            .filter(|part| judgement.reason == Reason::Not || part.verdict == judgement.verdict)
            .any(is_about_person),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
