//! Takes tokens out of a text: what is left may be searched, and what a token was for is told by the words before it.

use vestibule_oidc::access_token::{TokenShape, classify};

use super::steps::looked_at;
use super::value::keep_guid;
use super::{Found, MAX_TOKENS};
use crate::evidence::{Role, Token};
use crate::shown::{behind_tail, is_secret};

/// What is shorter is no code of Entra's, where nothing before it says that it is one.
const SHORTEST_CODE_BYTES: usize = 40;

/// Goes over the runs of token characters: keeps GUIDs and tokens, and returns the text in lower
/// case with what is secret taken out.
pub(super) fn runs(text: &str, tokens_too: bool, found: &mut Found) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_run_char) {
        let (before, from) = rest.split_at(start);
        lower.push_str(&before.to_ascii_lowercase());
        let end = from.find(|char| !is_run_char(char)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        looked_at(before.len() + run.len());
        rest = after;
        keep_guid(run, &mut found.guids);
        if run.len() >= 16 && is_secret(run) {
            if tokens_too && found.tokens.len() < MAX_TOKENS && is_token(run) {
                // A code and a refresh token are where they belong: they are nobody's access token.
                // What is only alike a token's beginning is one where a token belongs.
                let token = Token::of(run);
                let alike = matches!(&token.shape, TokenShape::EntraCodeOrRefreshToken)
                    // As `…Handler`1.HandleRequestAsync` in a trace of calls.
                    && run.len() < SHORTEST_CODE_BYTES
                    || matches!(&token.shape, TokenShape::TruncatedJwt { header } if header.is_empty())
                    || matches!(
                        token.shape,
                        TokenShape::DamagedJwt { .. }
                            | TokenShape::LowerCaseJwt
                            | TokenShape::EntraClientSecret
                    );
                if let Some(role) = role_behind(&lower)
                    && !(alike && role == Role::Unknown)
                {
                    found.tokens.push(token.role(role));
                }
            }
            lower.push_str("(secret)");
            rest = behind_tail(rest);
        } else {
            lower.push_str(&run.to_ascii_lowercase());
        }
    }
    lower.push_str(&rest.to_ascii_lowercase());
    lower
}

/// What a token is used as, by the words before it; `None` for what is no access and no ID token.
fn role_behind(before: &str) -> Option<Role> {
    let before = before.trim_end_matches(['"', '\'', ' ', ':', '=']);
    // Only in an address or a form is a bare `code` a parameter.
    let name = before
        .rsplit(|char: char| !char.is_ascii_alphanumeric() && !matches!(char, '_' | '-'))
        .next()
        .unwrap_or_default();
    match name {
        "code" | "refresh_token" | "refreshtoken" | "state" | "session_state" | "client_info"
        | "claims" | "client_assertion" | "client_secret" => None,
        "id_token" | "id_token_hint" | "oidc_id_token" => Some(Role::Id),
        "bearer"
        | "access_token"
        | "oidc_access_token"
        | "x-forwarded-access-token"
        | "x-auth-request-access-token"
        | "x-ms-token-aad-access-token" => Some(Role::Access),
        _ => Some(Role::Unknown),
    }
}

fn is_token(run: &str) -> bool {
    !matches!(classify(run), TokenShape::Empty | TokenShape::Opaque { .. })
}

pub(super) const fn is_run_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '~')
}
