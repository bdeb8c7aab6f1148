//! The answer at the redirect URI: parameters in the query, the fragment, or a form that posts
//! itself.

use std::sync::Arc;

use url::form_urlencoded;

use super::request::{Addressed, ResponseMode, Wish, mode_of_failure};
use crate::{
    aadsts::Refusal,
    endpoints::token_response,
    faults::{Fault, IssParameter},
    grants::{CodeGrant, SignIn, Version},
    guid::Guid,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
    sessions::SignedIn,
    tokens,
};

/// Sends the code, or ID token, or both.
pub(super) fn success(
    provider: &Provider,
    addressed: &Addressed,
    wish: &Wish,
    signed_in: SignedIn,
) -> Reply {
    let now = provider.now();
    let sign_in = Arc::new(SignIn {
        account: signed_in.account,
        client: Arc::clone(&addressed.client),
        path: addressed.path.clone(),
        version: addressed.version,
        sid: signed_in.sid,
        auth_time: signed_in.auth_time,
    });
    let mut fields = Vec::new();
    let mut code = None;
    if wish.code {
        let handed_out = provider.grants.put_code(CodeGrant {
            sign_in: Arc::clone(&sign_in),
            asked: wish.asked.clone(),
            nonce: wish.nonce.clone(),
            redirect_uri: addressed.redirect_uri.clone(),
            redirect_uri_was_sent: addressed.redirect_uri_was_sent,
            redirect_kind: addressed.redirect_kind,
            challenge: wish.challenge.clone(),
            issued_at: now,
        });
        fields.push(("code".to_owned(), handed_out.clone()));
        code = Some(handed_out);
    }
    if wish.id_token {
        let token = token_response::signed_id_token(
            provider,
            &sign_in,
            &wish.asked,
            wish.nonce.as_deref(),
            code.as_deref(),
            now,
        );
        match token {
            Ok(token) => fields.push(("id_token".to_owned(), token)),
            Err(_) => return reply::text(500, "The token could not be signed.\n"),
        }
    }
    if let Some(state) = &wish.state {
        fields.push(("state".to_owned(), state_or_fault(provider, state)));
    }
    fields.push(("session_state".to_owned(), Guid::random().to_string()));
    push_iss(provider, &mut fields, addressed, Some(&sign_in));
    send(provider, &addressed.redirect_uri, wish.mode, &fields)
}

/// Sends an error.
pub(super) fn failure(
    provider: &Provider,
    addressed: &Addressed,
    parameters: &Parameters,
    refusal: Refusal,
) -> Reply {
    let report = refusal.report(provider.now());
    let mut fields = vec![
        ("error".to_owned(), report.refusal.error().to_owned()),
        ("error_description".to_owned(), report.description()),
        ("error_uri".to_owned(), report.uri(&provider.origin)),
    ];
    if report.refusal.error() == "access_denied" {
        fields.push(("error_subcode".to_owned(), "cancel".to_owned()));
    }
    if let Some(state) = parameters.value("state") {
        fields.push(("state".to_owned(), state_or_fault(provider, state)));
    }
    push_iss(provider, &mut fields, addressed, None);
    send(
        provider,
        &addressed.redirect_uri,
        mode_of_failure(parameters),
        &fields,
    )
}

fn state_or_fault(provider: &Provider, state: &str) -> String {
    if provider.faults.fires(&Fault::WrongState) {
        Guid::random().to_string()
    } else {
        state.to_owned()
    }
}

/// RFC 9207 §2, which Entra does not have: only when a fault asks for it.
fn push_iss(
    provider: &Provider,
    fields: &mut Vec<(String, String)>,
    addressed: &Addressed,
    sign_in: Option<&SignIn>,
) {
    let is = provider.faults.fire(|fault| match fault {
        Fault::IssParameter { is } => Some(*is),
        _ => None,
    });
    let iss = match is {
        None | Some(IssParameter::Missing) => return,
        Some(IssParameter::Wrong) => {
            tokens::issuer("http://127.0.0.1:9", Version::V2, "another-provider")
        }
        Some(IssParameter::Right) => {
            let tenant = sign_in.map(|sign_in| sign_in.account.tenant.as_str());
            let tenant = tenant.unwrap_or_else(|| addressed.path.in_issuer());
            tokens::issuer(&provider.origin, addressed.version, tenant)
        }
    };
    fields.push(("iss".to_owned(), iss));
}

fn send(
    provider: &Provider,
    redirect_uri: &str,
    mode: ResponseMode,
    fields: &[(String, String)],
) -> Reply {
    if mode == ResponseMode::FormPost {
        return provider.pages.form_post(redirect_uri, fields);
    }
    let fields = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    // A URI without a path gets its slash in these two modes, as at Entra; else it stays as it is,
    // byte for byte.
    let has_path = redirect_uri
        .split_once("://")
        .is_some_and(|(_, rest)| rest.contains('/') || rest.contains('?'));
    let slash = if has_path { "" } else { "/" };
    let location = match mode {
        // Entra ends every redirect in an empty fragment, so that the browser does not keep the one
        // of the page before.
        ResponseMode::Query => {
            let joint = if redirect_uri.contains('?') { '&' } else { '?' };
            format!("{redirect_uri}{slash}{joint}{fields}#")
        }
        _ => format!("{redirect_uri}{slash}#{fields}"),
    };
    reply::redirect(&location)
}
