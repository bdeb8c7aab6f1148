//! Decides in what two redirect URIs differ.

use super::super::said::message_redirect_uri;
use crate::{Change, Evidence};

/// An address, taken apart as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uri<'a> {
    pub(super) scheme: &'a str,
    /// Host and port.
    pub(super) authority: &'a str,
    /// From the first slash on, query included.
    pub(super) path: &'a str,
}

impl<'a> Uri<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        (!scheme.is_empty() && !authority.is_empty()).then_some(Self {
            scheme,
            authority,
            path,
        })
    }

    /// The host without its port.
    pub(super) fn host(&self) -> &'a str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => self.authority,
        }
    }

    /// Whether Entra and browsers take it for this machine.
    pub(super) fn is_loopback(&self) -> bool {
        matches!(self.host(), "localhost" | "127.0.0.1" | "[::1]")
    }

    pub(super) fn is_plain(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("http")
    }
}

/// Whether Entra takes the one for the other: letter for letter, but for the port of `localhost`.
pub(super) fn same(one: &str, other: &str) -> bool {
    let both = || {
        let (one, other) = (Uri::of(one)?, Uri::of(other)?);
        let local = one.host() == "localhost" && other.host() == "localhost";
        Some(local && one.scheme == other.scheme && one.path == other.path)
    };
    one == other || both() == Some(true)
}

/// The redirect URI that was sent: the message knows best.
pub(super) fn sent(evidence: &Evidence) -> Option<String> {
    message_redirect_uri(evidence).or_else(|| evidence.settings.as_ref()?.redirect_uri.clone())
}

/// Whether the provider refused a redirect URI.
pub(super) fn is_refused(evidence: &Evidence) -> bool {
    evidence.has_aadsts(&[50011, 70004, 900_971]) || evidence.has_code("AADB2C90006")
}

/// What the sent address was meant to be: a registered one, or that of the settings.
fn meant(evidence: &Evidence) -> Vec<&str> {
    let settings = evidence.settings.as_ref();
    let registered = settings.and_then(|settings| settings.registered_redirect_uris.as_deref());
    let own = settings.and_then(|settings| settings.redirect_uri.as_deref());
    let registered = registered.unwrap_or_default().iter().map(String::as_str);
    registered.chain(own).collect()
}

/// The address sent, if it is known not to be registered: refused, or not in the list.
pub(super) fn unregistered(evidence: &Evidence) -> Option<String> {
    let list = evidence
        .settings
        .as_ref()
        .and_then(|settings| settings.registered_redirect_uris.as_deref());
    let refused = is_refused(evidence);
    if !refused && list.is_none() {
        return None;
    }
    let sent = sent(evidence)?;
    let missing = list.is_some_and(|list| !list.iter().any(|known| same(known, &sent)));
    (missing || refused).then_some(sent)
}

/// The address sent and the one meant, if they differ in this way alone.
pub(super) fn differs(
    evidence: &Evidence,
    way: impl Fn(Uri<'_>, Uri<'_>) -> bool,
) -> Option<(String, String)> {
    let sent = unregistered(evidence)?;
    let found = meant(evidence).into_iter().find(|meant| {
        let both = Uri::of(&sent).zip(Uri::of(meant));
        *meant != sent && both.is_some_and(|(sent, meant)| way(sent, meant))
    })?;
    let found = found.to_owned();
    Some((sent, found))
}

/// Register this address.
pub(super) fn register(uri: &str) -> Change {
    Change::portal(
        "App registrations > your sign-in app > Authentication > Platform configurations > Web > Redirect URIs",
        "Add this address, letter for letter.",
    )
    .line(uri)
}

/// The address people type, as our configuration or Apache's says it, so that the redirect URI
/// becomes this one.
pub(super) fn write_public_url(evidence: &Evidence, uri: &str, text: &str) -> Change {
    let origin = Uri::of(uri).map_or_else(
        || "https://PUBLIC-HOST".to_owned(),
        |uri| format!("{}://{}", uri.scheme, uri.authority),
    );
    crate::cure::setting(
        evidence,
        Change::config("public_url", text).line(format!("public_url = \"{origin}\"")),
        Change::apache("OIDCRedirectURI", text).line(format!("OIDCRedirectURI {uri}")),
    )
}
