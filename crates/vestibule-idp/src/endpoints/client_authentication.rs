//! Which client calls the token endpoint, and whether it proved it.
//!
//! `client_secret_basic` and `client_secret_post` work. `private_key_jwt` is advertised, as Entra
//! does, and refused, since no app here has a certificate.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use url::form_urlencoded;

use crate::{
    aadsts::{self, Refusal},
    directory::App,
    endpoints::Request,
    journal::Details,
    parameters::Parameters,
    provider::Provider,
};

/// The client that calls, before its proof is looked at.
pub(super) struct Claimed {
    pub(super) client: Arc<App>,
    secret: Option<String>,
    has_assertion: bool,
}

/// Whether the client proved itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// With its secret, or it is a public client and has none.
    Given,
    /// A confidential client sent nothing. Good only for a browser that redeems the code of a
    /// redirect URI of type SPA.
    Missing,
}

/// Reads who calls.
///
/// # Errors
///
/// 7000110, 900144, 700016.
pub(super) fn claimed(
    provider: &Provider,
    request: &Request,
    parameters: &Parameters,
    details: &mut Details,
) -> Result<Claimed, Refusal> {
    let basic = request.header(header::AUTHORIZATION).and_then(read_basic);
    let body_id = parameters.value("client_id");
    let body_secret = parameters.value("client_secret");
    details.client_authentication = Some(match (&basic, body_secret) {
        (Some(_), _) => "basic",
        (None, Some(_)) => "post",
        (None, None) => "none",
    });
    let (id, secret) = match basic {
        Some((id, _)) if body_secret.is_some() || body_id.is_some_and(|body| body != id) => {
            return Err(Refusal::new(aadsts::SEVERAL_CREDENTIALS, id));
        }
        Some((id, secret)) => (id, Some(secret)),
        None => (
            body_id
                .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "client_id"))?
                .to_owned(),
            body_secret.map(str::to_owned),
        ),
    };
    let client = provider
        .directory
        .app(&id)
        .ok_or_else(|| Refusal::new(aadsts::APP_NOT_FOUND, &id))?;
    details.client_id = Some(client.client_id.to_string());
    Ok(Claimed {
        client,
        secret,
        has_assertion: parameters.value("client_assertion").is_some(),
    })
}

impl Claimed {
    /// Looks at the proof.
    ///
    /// # Errors
    ///
    /// 700025, 700027, 7000215, 7000222.
    pub(super) fn prove(&self) -> Result<Proof, Refusal> {
        match (&self.client.client_secret, &self.secret) {
            (None, Some(_)) => Err(aadsts::PUBLIC_CLIENT_WITH_SECRET.into()),
            (None, None) if self.has_assertion => Err(aadsts::PUBLIC_CLIENT_WITH_SECRET.into()),
            (None, None) => Ok(Proof::Given),
            (Some(_), None) if self.has_assertion => Err(aadsts::ASSERTION_UNKNOWN.into()),
            (Some(_), None) => Ok(Proof::Missing),
            // Every byte counts: Entra trims neither blanks nor quotes nor the end of a line.
            (Some(known), Some(sent)) if known != sent => Err(aadsts::SECRET_WRONG.into()),
            (Some(_), Some(_)) if self.client.secret_expired => Err(aadsts::SECRET_EXPIRED.into()),
            (Some(_), Some(_)) => Ok(Proof::Given),
        }
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn read_basic(value: &str) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    // `&` and `=` stand for themselves here, so they are hidden from the form parser.
    let hidden = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(hidden.as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_decoded() {
        let value = format!("Basic {}", STANDARD.encode("id:a%2Bb%3A+c=&d"));
        assert_eq!(
            read_basic(&value),
            Some(("id".to_owned(), "a+b: c=&d".to_owned()))
        );
        assert_eq!(read_basic("Bearer abc"), None);
        assert_eq!(read_basic("Basic !!"), None);
    }
}
