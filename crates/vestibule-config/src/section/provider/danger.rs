//! What weakens the sign-in at one provider, and is warned about wherever it is read.

use super::{ClientAuthentication, Discovery};
use crate::read::Reader;

/// Without a secret PKCE alone ties a code to who asked for it (RFC 9700 §2.1.1).
pub(super) fn no_pkce(reader: &Reader<'_>, authentication: ClientAuthentication) -> bool {
    let Some(item) = set(reader, "danger_no_pkce") else {
        return false;
    };
    if authentication == ClientAuthentication::None {
        item.error(
            "without `client_secret` nothing but PKCE keeps whoever gets hold of a code from signing in with it",
            "take this out, or add client_secret = \"env:NAME\"",
        );
        return false;
    }
    item.warning(
        "sign-in goes without PKCE: a code that somebody else gets hold of is protected by the client secret and the nonce alone",
        "take it out unless this provider refuses sign-ins with PKCE; one that does not know it ignores it",
    );
    true
}

/// Only https shows a certificate.
pub(super) fn provider_insecure(reader: &Reader<'_>, discovery: Option<&Discovery>) -> bool {
    let Some(item) = set(reader, "danger_provider_insecure") else {
        return false;
    };
    let address = match discovery {
        Some(Discovery::Issuer(issuer)) => issuer.as_str(),
        Some(Discovery::MetadataUrl { url, .. }) => url.as_str(),
        None => return false,
    };
    if !address.starts_with("https:") {
        item.error(
            "only an https provider shows a certificate",
            "take this out",
        );
        return false;
    }
    item.warning(
        "any certificate of this provider is believed: whoever stands in between gets the client secret, and signs in as anybody",
        "for a CA of your own write ca_bundle = \"PATH\" under [outbound] instead; keep this for a lab",
    );
    true
}

/// The key, if it is there and says yes.
fn set<'c>(reader: &Reader<'c>, name: &str) -> Option<crate::read::Item<'c>> {
    let item = reader.item(name)?;
    item.flag().filter(|flag| *flag)?;
    Some(item)
}
