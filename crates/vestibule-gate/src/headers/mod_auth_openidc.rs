//! The headers Apache with mod_auth_openidc sends to a back end, as of its version 2.4.20.
//!
//! Claims of the ID token come first, then those of user info, which replace them. One deviation:
//! bytes beyond ASCII in the *name* of a claim become `-`; Apache lets them through, HTTP does not.

use serde_json::{Map, Value};
use vestibule_http1::fields::is_token_byte;

use super::Identity;
use super::block::Block;
use super::value::{self, Encoding};
use crate::fields::FoldedNames;

/// What mod_auth_openidc would be set to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModAuthOpenidc {
    /// How text beyond ASCII travels. `OIDCPassClaimsAs`, second word; Latin-1 unless changed.
    pub encoding: Encoding,
    /// What the elements of a list are joined with. `OIDCClaimDelimiter`; a comma unless changed.
    pub delimiter: String,
    /// Whether the ID token's claims are passed. `OIDCPassIDTokenAs claims`; yes unless changed.
    pub id_token_claims: bool,
    /// Whether `OIDC_id_token_payload` is passed. `OIDCPassIDTokenAs payload`; no unless changed.
    pub id_token_payload: bool,
    /// Whether `OIDC_id_token` is passed. `OIDCPassIDTokenAs serialized`; no unless changed.
    pub id_token_serialized: bool,
    /// Whether user info's claims are passed. `OIDCPassUserInfoAs claims`; yes unless changed.
    pub userinfo_claims: bool,
    /// Whether `OIDC_userinfo_json` is passed. `OIDCPassUserInfoAs json`; no unless changed.
    pub userinfo_json: bool,
}

impl Default for ModAuthOpenidc {
    fn default() -> Self {
        Self {
            encoding: Encoding::Latin1,
            delimiter: ",".to_owned(),
            id_token_claims: true,
            id_token_payload: false,
            id_token_serialized: false,
            userinfo_claims: true,
            userinfo_json: false,
        }
    }
}

/// What every name begins with. Nothing that begins so ever passes from a client.
const PREFIX: &str = "OIDC_";

impl ModAuthOpenidc {
    pub(super) fn add_names(&self, names: &mut FoldedNames) {
        names.insert_prefix(PREFIX);
    }

    pub(super) fn write(&self, identity: &Identity<'_>, block: &mut Block) {
        let claims = identity.claims;
        if self.id_token_claims {
            self.write_claims(claims.id_token, block);
            if let Some(text) = claims
                .groups
                .and_then(|groups| value::text(groups.list()?, &self.delimiter))
            {
                self.put(block, "OIDC_CLAIM_groups", &text);
            }
        }
        if self.userinfo_claims
            && let Some(userinfo) = claims.userinfo
        {
            self.write_claims(userinfo, block);
        }
        if self.id_token_payload {
            self.put(block, "OIDC_id_token_payload", &json(claims.id_token));
        }
        if self.id_token_serialized
            && let Some(id_token) = identity.id_token
        {
            self.put(block, "OIDC_id_token", id_token);
        }
        if self.userinfo_json
            && let Some(userinfo) = claims.userinfo
        {
            self.put(block, "OIDC_userinfo_json", &json(userinfo));
        }
        let Some(token) = identity.token else { return };
        self.put(block, "OIDC_access_token", token.value);
        self.put(block, "OIDC_access_token_type", token.token_type);
        if let Some(expires_at) = token.expires_at {
            self.put(block, "OIDC_access_token_expires", &expires_at.to_string());
        }
        if let Some(scope) = token.scope {
            self.put(block, "OIDC_scope", scope);
        }
    }

    fn write_claims(&self, claims: &Map<String, Value>, block: &mut Block) {
        for (name, claim) in claims {
            if let Some(text) = value::text(claim, &self.delimiter) {
                self.put(block, &claim_header(name), &text);
            }
        }
    }

    fn put(&self, block: &mut Block, name: &str, text: &str) {
        block.set(name, value::encode(text, self.encoding));
    }
}

fn json(claims: &Map<String, Value>) -> String {
    serde_json::to_string(claims).unwrap_or_default()
}

/// The header of a claim: case kept, `-` for each byte no header name can have.
fn claim_header(claim: &str) -> String {
    let mut name = String::with_capacity(PREFIX.len() + 6 + claim.len());
    name.push_str(PREFIX);
    name.push_str("CLAIM_");
    for byte in claim.bytes() {
        name.push(if is_token_byte(byte) {
            char::from(byte)
        } else {
            '-'
        });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_claims_keep_their_case_and_lose_what_http_forbids() {
        for (claim, header) in [
            ("upn", "OIDC_CLAIM_upn"),
            (
                "http://schemas.x/role name",
                "OIDC_CLAIM_http---schemas.x-role-name",
            ),
            ("a_b.C", "OIDC_CLAIM_a_b.C"),
            ("x\r\nEvil: 1", "OIDC_CLAIM_x--Evil--1"),
            ("gr\u{fc}n", "OIDC_CLAIM_gr--n"),
        ] {
            assert_eq!(claim_header(claim), header);
        }
    }
}
