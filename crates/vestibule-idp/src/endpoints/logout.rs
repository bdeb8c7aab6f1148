//! The end-session endpoint: signs the person out here, and goes back to a registered address.
//!
//! The apps are told ([`tell`]): those with a front-channel logout URL in frames of the page, which then
//! goes back by itself.
//!
//! With `logout_hint` (the value of the `login_hint` claim) or a single account nobody is asked
//! which; otherwise a page asks. `id_token_hint` is not read, as at Entra.

mod tell;

use http::{Method, header};

use crate::{
    directory::Account,
    endpoints::Request,
    grants::Version,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
    sessions::SignedIn,
};

pub(super) fn answer(
    provider: &Provider,
    version: Version,
    segment: &str,
    request: &Request,
) -> Reply {
    if provider.directory.tenant_path(segment).is_none() {
        return reply::text(404, "There is no such tenant here.\n");
    }
    let parameters = match Parameters::read(&request.query, request.form()) {
        Ok(parameters) | Err((parameters, _)) => parameters,
    };
    let cookie = request.cookie(&provider.cookie_name);
    let signed_in = provider.sessions.signed_in(cookie);
    let chosen = if request.method == Method::POST && !request.is_cross_site() {
        parameters
            .value("account")
            .map(|account| Choice::Account(account.to_owned()))
    } else {
        None
    };
    let hinted = parameters
        .value("logout_hint")
        .map(|hint| Choice::Hint(hint.to_owned()));
    let choice = chosen.or(hinted);

    let leaving: Vec<&SignedIn> = match &choice {
        Some(choice) => signed_in
            .iter()
            .filter(|known| choice.means(&known.account))
            .collect(),
        None => Vec::new(),
    };
    if leaving.is_empty() && !signed_in.is_empty() {
        let v = match version {
            Version::V1 => "",
            Version::V2 => "/v2.0",
        };
        let action = format!(
            "/{segment}/oauth2{v}/logout?{}",
            parameters.without(&["account"])
        );
        let accounts: Vec<Account> = signed_in.into_iter().map(|known| known.account).collect();
        let leads_to = parameters
            .value("post_logout_redirect_uri")
            .unwrap_or_default();
        return provider.pages.sign_out(&action, leads_to, &accounts);
    }
    for known in &leaving {
        provider.sessions.sign_out(cookie, &known.account.oid);
    }
    tell::back_channel(provider, version, &leaving);
    let frames = tell::frames(provider, &leaving);
    match (way_back(provider, &parameters), frames.as_slice()) {
        (Way::To(location), []) => reply::redirect(&location),
        (Way::To(location), frames) => {
            let page = provider.pages.signed_out(None, frames);
            reply::with_header(page, header::REFRESH, &format!("2; url={location}"))
        }
        (Way::Unregistered(uri), frames) => provider.pages.signed_out(Some(&uri), frames),
        (Way::Nowhere, frames) => provider.pages.signed_out(None, frames),
    }
}

/// Where the browser goes next.
enum Way {
    Nowhere,
    Unregistered(String),
    To(String),
}

enum Choice {
    Account(String),
    Hint(String),
}

impl Choice {
    fn means(&self, account: &Account) -> bool {
        match self {
            Self::Account(name) => account.person.account == *name,
            Self::Hint(hint) => account.is_meant_by(hint),
        }
    }
}

/// The address asked for, if some app (or the one named) has registered it.
fn way_back(provider: &Provider, parameters: &Parameters) -> Way {
    let Some(uri) = parameters.value("post_logout_redirect_uri") else {
        return Way::Nowhere;
    };
    let client_id = parameters.value("client_id");
    let is_registered = provider
        .directory
        .apps()
        .iter()
        .filter(|app| client_id.is_none_or(|id| app.client_id.as_str() == id))
        .any(|app| app.redirect_kind(uri).is_some());
    if !is_registered {
        return Way::Unregistered(uri.to_owned());
    }
    Way::To(match parameters.value("state") {
        Some(state) => {
            let joint = if uri.contains('?') { '&' } else { '?' };
            let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
            format!("{uri}{joint}state={state}")
        }
        None => uri.to_owned(),
    })
}
