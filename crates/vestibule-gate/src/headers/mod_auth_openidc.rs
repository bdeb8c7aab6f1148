//! The headers Apache with mod_auth_openidc sends to a back end, as of whichever of its versions; see [`super::version`].
//!
//! No claim gets the name of a field that is not a claim's: neither those of the module itself, which speak for the
//! token, nor those that belong to HTTP or to the proxy.

use vestibule_http1::fields::is_token_byte;
use vestibule_session::claims::{Claim, ClaimsSet};

use super::block::Block;
use super::json::{self, Spacing};
use super::selection::Selection;
use super::value::{self, Encoding};
use super::{HeaderPlan, Identity, Precedence, is_reserved};
use crate::fields::{FoldedNames, fold};

/// What mod_auth_openidc would be set to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModAuthOpenidc {
    /// What the name of a claim's header begins with. `OIDCClaimPrefix`; `OIDC_CLAIM_` unless changed. Empty only with a
    /// selection of claims, for their names are then all that can be kept from clients.
    pub prefix: String,
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
    /// Whether `OIDC_userinfo_jwt` is passed, where user info came signed. `OIDCPassUserInfoAs jwt`; no unless changed.
    pub userinfo_jwt: bool,
    /// Whether `OIDC_access_token_type` is passed with the token. Since 2.4.16; yes unless changed.
    pub token_type: bool,
    /// Whether `OIDC_scope` is passed with the token. Since 2.4.17; yes unless changed.
    pub scope: bool,
    /// Whether `OIDC_refresh_token` is passed, with which whoever has it is the person for months.
    /// `OIDCPassRefreshToken`; no unless changed.
    pub danger_refresh_token: bool,
}

impl Default for ModAuthOpenidc {
    fn default() -> Self {
        Self {
            prefix: "OIDC_CLAIM_".to_owned(),
            id_token_claims: true,
            id_token_payload: false,
            id_token_serialized: false,
            userinfo_claims: true,
            userinfo_json: false,
            userinfo_jwt: false,
            token_type: true,
            scope: true,
            danger_refresh_token: false,
        }
    }
}

/// What every name but those of claims begins with. Nothing that begins so ever passes from a client.
const PREFIX: &str = "OIDC_";

/// The module's own names behind it, folded.
const OWN: [&str; 10] = [
    "oidcaccesstoken",
    "oidcaccesstokentype",
    "oidcaccesstokenexpires",
    "oidcscope",
    "oidcrefreshtoken",
    "oidcidtoken",
    "oidcidtokenpayload",
    "oidcuserinfojson",
    "oidcuserinfojwt",
    "oidcsignedjwt",
];

impl ModAuthOpenidc {
    pub(super) fn add_names(&self, selection: &Selection, names: &mut FoldedNames) {
        names.insert_prefix(PREFIX);
        names.insert_prefix(&self.prefix);
        if fold(self.prefix.as_bytes()).is_empty() {
            for claim in selection.only.iter().flatten() {
                names.insert(&self.claim_header(claim));
            }
        }
    }

    pub(super) fn write(&self, plan: &HeaderPlan, identity: &Identity<'_>, block: &mut Block) {
        let claims = identity.claims;
        let id_token = |block: &mut Block| {
            if self.id_token_claims {
                self.write_claims(plan, claims.id_token, block);
                if let Some(groups) = claims.groups.and_then(|groups| groups.list()) {
                    self.write_claim(plan, "groups", Claim::List(groups), block);
                }
            }
        };
        let userinfo = |block: &mut Block| {
            if let Some(userinfo) = claims.userinfo.filter(|_| self.userinfo_claims) {
                self.write_claims(plan, userinfo, block);
            }
        };
        match plan.precedence {
            Precedence::Userinfo => {
                id_token(block);
                userinfo(block);
            }
            Precedence::IdToken => {
                userinfo(block);
                id_token(block);
            }
        }
        let encoding = plan.writing.encoding;
        if self.id_token_payload {
            let text = json_of(&plan.selection, claims.id_token);
            put(block, "OIDC_id_token_payload", &text, encoding);
        }
        if let Some(id_token) = identity.id_token.filter(|_| self.id_token_serialized) {
            put(block, "OIDC_id_token", id_token, encoding);
        }
        if let Some(userinfo) = claims.userinfo.filter(|_| self.userinfo_json) {
            let text = json_of(&plan.selection, userinfo);
            put(block, "OIDC_userinfo_json", &text, encoding);
        }
        if let Some(token) = identity.userinfo_token.filter(|_| self.userinfo_jwt) {
            put(block, "OIDC_userinfo_jwt", token, encoding);
        }
        if let Some(token) = identity.refresh_token.filter(|_| self.danger_refresh_token) {
            put(block, "OIDC_refresh_token", token, encoding);
        }
        let Some(token) = identity.token else { return };
        put(block, "OIDC_access_token", token.value, encoding);
        if self.token_type {
            put(block, "OIDC_access_token_type", token.token_type, encoding);
        }
        if let Some(expires_at) = token.expires_at {
            let text = expires_at.to_string();
            put(block, "OIDC_access_token_expires", &text, encoding);
        }
        if let Some(scope) = token.scope.filter(|_| self.scope) {
            put(block, "OIDC_scope", scope, encoding);
        }
    }

    fn write_claims(&self, plan: &HeaderPlan, claims: &ClaimsSet, block: &mut Block) {
        for (name, claim) in claims.members().iter() {
            self.write_claim(plan, name, claim, block);
        }
    }

    fn write_claim(&self, plan: &HeaderPlan, name: &str, claim: Claim<'_>, block: &mut Block) {
        if !plan.selection.has(name) {
            return;
        }
        let header = self.claim_header(name);
        // The names of claims are the provider's choice, and with a prefix like `X-` a claim could be `X-Forwarded-For`.
        let folded = fold(header.as_bytes());
        let is_own = OWN.iter().any(|own| own.as_bytes() == folded);
        if folded.is_empty() || is_own || is_reserved(&folded) {
            return;
        }
        if let Some(text) = plan.writing.text(claim) {
            put(block, &header, &text, plan.writing.encoding);
        }
    }

    /// The header of a claim: case kept, `-` for each byte no header name can have.
    fn claim_header(&self, claim: &str) -> String {
        let mut name = self.prefix.clone();
        name.extend(claim.bytes().map(|byte| match is_token_byte(byte) {
            true => char::from(byte),
            false => '-',
        }));
        name
    }
}

fn put(block: &mut Block, name: &str, text: &str, encoding: Encoding) {
    block.set(name, value::encode(text, encoding));
}

/// The selected claims as JSON, which is compact in every version.
pub(super) fn json_of(selection: &Selection, claims: &ClaimsSet) -> String {
    let mut text = String::new();
    json::write_object(selection.of(claims), Spacing::Compact, &mut text);
    text
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
            assert_eq!(ModAuthOpenidc::default().claim_header(claim), header);
        }
    }
}
