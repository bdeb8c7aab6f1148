//! The check of the form: a signed JWT, whole and for us to read.

use vestibule_diagnosis::evidence::{Failure, Token};
use vestibule_oidc::access_token::TokenShape;

use super::audience::asked;
use super::{Check, passes};
use crate::explain::expected::Expected;

pub(super) fn form(token: &Token, api: &Expected) -> Check {
    let check = passes("form").expected("a signed JWT");
    let found = match &token.shape {
        TokenShape::Jwt { .. } if token.missing_signature().is_some() => {
            "a JWT whose signature was cut off"
        }
        TokenShape::Jwt { .. } if token.demands_extension() => {
            return check
                .found("a JWT whose header demands an extension (`crit`)")
                .fails(
                    Failure::Format,
                    "what makes the token: no API here knows the extension",
                );
        }
        TokenShape::Jwt { .. } => return check.found("a signed JWT"),
        TokenShape::UnsignedJwt { .. } => "a JWT without a signature",
        TokenShape::TruncatedJwt { .. } => "a JWT that was cut off",
        TokenShape::Jwe { .. } => "an encrypted token",
        TokenShape::DamagedJwt { .. } => "a JWT of which parts can't be read",
        TokenShape::LowerCaseJwt => "a JWT in small letters alone",
        TokenShape::EntraClientSecret => "a client secret",
        TokenShape::Saml => "a SAML assertion or response",
        TokenShape::TooLong { .. } => "a text longer than any access token",
        TokenShape::TokenResponse => "a whole answer of a token endpoint",
        TokenShape::EntraCodeOrRefreshToken | TokenShape::PersonalCodeOrRefreshToken => {
            "a code or a refresh token"
        }
        TokenShape::Empty => "nothing",
        _ => "an opaque token",
    };
    let setting = match &token.shape {
        TokenShape::Jwt { .. }
        | TokenShape::TruncatedJwt { .. }
        | TokenShape::LowerCaseJwt
        | TokenShape::DamagedJwt { .. } => {
            "how it is copied, or what handles it on the way to the API: it arrived changed"
        }
        TokenShape::UnsignedJwt { .. } | TokenShape::Saml | TokenShape::TooLong { .. } => {
            "what makes the token: no provider issues such a one as access token"
        }
        TokenShape::TokenResponse
        | TokenShape::EntraClientSecret
        | TokenShape::PersonalCodeOrRefreshToken
        | TokenShape::EntraCodeOrRefreshToken => {
            "what is passed on: the `access_token` of the token endpoint's answer"
        }
        _ => asked(token, api),
    };
    check.found(found).fails(Failure::Format, setting)
}
