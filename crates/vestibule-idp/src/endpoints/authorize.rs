//! The authorization endpoint: checks the request in Entra's order, finds out who the person is,
//! asks what must be asked, and sends the answer back to the client.
//!
//! | the request | leads to |
//! |---|---|
//! | tenant, client or redirect URI wrong | a page; the client is never told |
//! | anything else wrong | an error at the redirect URI |
//! | nobody clearly signed in, or `prompt` wants a choice | the account picker, which posts back here |
//! | permission missing | the consent page, which posts back here |
//! | otherwise | the answer at the redirect URI |

mod request;
mod response;
mod who;

use http::header;

use crate::{
    aadsts::Refusal,
    endpoints::Request,
    grants::Version,
    journal::Details,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
};
use request::Addressed;
pub(super) use request::client_fits_path;

/// How a request can stop short.
enum Stop {
    /// An error page.
    Page(Refusal),
    /// An error at the redirect URI.
    Return(Refusal),
    /// A page that asks something.
    Ask(Box<Reply>),
}

/// The names the provider's own forms post beside the client's parameters.
const OWN_FIELDS: [&str; 8] = [
    "account",
    "decision",
    "for_everyone",
    "new_name",
    "new_username",
    "new_kind",
    "new_groups",
    "new_roles",
];

pub(super) fn answer(
    provider: &Provider,
    version: Version,
    tenant: &str,
    request: &Request,
    details: &mut Details,
) -> Reply {
    let (parameters, twice) = match Parameters::read(&request.query, request.form()) {
        Ok(parameters) => (parameters, None),
        Err((parameters, name)) => (parameters, Some(name)),
    };
    details.scope = parameters
        .value("scope")
        .map(|scope| scope.chars().take(500).collect());
    let addressed = match request::addressed(provider, version, tenant, &parameters) {
        Ok(addressed) => addressed,
        Err(refusal) => return page(provider, refusal, details),
    };
    details.client_id = Some(addressed.client.client_id.to_string());

    let mut cookie = None;
    let outcome = request::wish(provider, &addressed, &parameters, twice).and_then(|wish| {
        let person = who::signed_in(provider, &addressed, &wish, &parameters, request)?;
        cookie = person.new_cookie.clone();
        who::may_go_on(provider, &addressed, &wish, &parameters, &person)?;
        Ok((wish, person))
    });
    let reply = match outcome {
        Ok((wish, person)) => response::success(provider, &addressed, &wish, person.signed_in),
        Err(Stop::Ask(page)) => *page,
        Err(Stop::Page(refusal)) => page(provider, refusal, details),
        Err(Stop::Return(refusal)) => {
            details.aadsts = Some(refusal.number());
            response::failure(provider, &addressed, &parameters, refusal)
        }
    };
    match cookie {
        Some(value) => {
            let set_cookie = format!(
                "{}={value}; Path=/; HttpOnly; SameSite=Lax",
                provider.cookie_name
            );
            reply::with_header(reply, header::SET_COOKIE, &set_cookie)
        }
        None => reply,
    }
}

fn page(provider: &Provider, refusal: Refusal, details: &mut Details) -> Reply {
    details.aadsts = Some(refusal.number());
    provider.pages.refused(&refusal.report(provider.now()))
}

/// The address the provider's own forms post to: this endpoint with the client's parameters.
fn own_action(addressed: &Addressed, parameters: &Parameters) -> String {
    let v = match addressed.version {
        Version::V1 => "",
        Version::V2 => "/v2.0",
    };
    format!(
        "/{}/oauth2{v}/authorize?{}",
        addressed.segment,
        parameters.without(&OWN_FIELDS)
    )
}
