//! Answers to a form that met a sign-in: not kept, gone, or sent again.

use serde_json::Map;
use vestibule_gate::authenticate::SignedOut;
use vestibule_gate::decision::Challenge;

use super::{Context, Failure, answer, say, sign_in_member};
use crate::exchange::Response;
use crate::pages::Page;

/// The form was not kept: nobody is signed in, and nothing was sent.
#[must_use]
pub fn sign_in_first(failure: &Failure, context: &Context<'_>) -> Response {
    let mut response = say(401, failure, sign_in_member(), context);
    // RFC 9110 §15.5.2: a 401 has one.
    let challenge = Challenge::SignedOut(SignedOut::NoCookie).www_authenticate();
    response.head.fields.set("WWW-Authenticate", challenge);
    response
}

/// The sign-in is complete, and the form that was kept for it is gone.
#[must_use]
pub fn signed_in_but(failure: &Failure, context: &Context<'_>) -> Response {
    say(200, failure, Map::new(), context)
}

/// The page that sends the form again.
#[must_use]
pub fn send_again(page: &Page, context: &Context<'_>) -> Response {
    let mut response = answer::page(200, page, context);
    // The upstream is to see from which origin the form comes, and never this address, which may have the provider's
    // code in it.
    response.head.fields.set("Referrer-Policy", "strict-origin");
    response
}
