//! Entra's refusals: the AADSTS numbers this provider uses, the OAuth error each goes with, and
//! the members of an error answer.
//!
//! The sentences are our own; the numbers, the error codes and the shape are what tools read.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::{clock, guid::Guid};

/// One entry of the table below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) number: u32,
    error: &'static str,
    text: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal, $error:literal, $text:literal;)*) => {
        $(pub(crate) const $name: Code = Code { number: $number, error: $error, text: $text };)*
    };
}

codes! {
    TENANT_NOT_FOUND = 90002, "invalid_request", "There is no such tenant here.";
    PARAMETER_MISSING = 900_144, "invalid_request", "A required parameter is missing.";
    PARAMETER_DUPLICATED = 9_000_411, "invalid_request", "A parameter is there twice.";
    PARAMETER_VALUE = 90023, "invalid_request", "A parameter has a value that is not supported.";
    APP_NOT_FOUND = 700_016, "unauthorized_client", "The app is not registered in this tenant.";
    APP_IS_SINGLE_TENANT = 50194, "invalid_request",
        "The app is registered for one tenant and can't be used through /common or a like path.";
    APP_NOT_FOR_PERSONAL_ACCOUNTS = 9_002_332, "invalid_request",
        "The app is not registered for personal accounts.";
    REDIRECT_URI_NOT_REGISTERED = 50011, "invalid_request",
        "The redirect URI of the request is not one the app has registered.";
    REDIRECT_URI_MISSING = 900_971, "invalid_request",
        "The request has no redirect URI and the app has registered none.";
    RESPONSE_TYPE_UNSUPPORTED = 70005, "unsupported_response_type",
        "This response type is not supported.";
    ID_TOKEN_NOT_ENABLED = 700_054, "unsupported_response_type",
        "ID tokens from the authorization endpoint are not enabled for the app.";
    RESPONSE_MODE_UNSUPPORTED = 70007, "invalid_request",
        "This response mode is not supported for the response type.";
    SCOPE_INVALID = 70011, "invalid_scope", "The scope is not valid.";
    SCOPE_UNKNOWN = 650_053, "invalid_client", "The resource has no scope of that name.";
    RESOURCE_NOT_FOUND = 500_011, "invalid_resource", "No API of that name is in this tenant.";
    RESOURCE_MISMATCH = 9_010_010, "invalid_target",
        "The parameter `resource` disagrees with the scopes.";
    SEVERAL_RESOURCES = 28000, "invalid_request",
        "The scopes of a token request name more than one resource.";
    SCOPE_EMPTY = 28003, "invalid_request", "The scope of a token request is empty.";
    CHALLENGE_SIZE = 50147, "invalid_request", "The code challenge has a wrong size.";
    CHALLENGE_METHOD = 501_491, "invalid_request", "The code challenge method is not supported.";
    VERIFIER_MISMATCH = 501_481, "invalid_grant",
        "The code verifier doesn't match the code challenge.";
    NO_SESSION = 50058, "login_required", "Silent sign-in was asked for and nobody is signed in.";
    ACCOUNT_CHOICE_NEEDED = 16000, "interaction_required",
        "Silent sign-in was asked for and the account is not clear.";
    CONSENT_REQUIRED = 65001, "invalid_grant",
        "The person has not agreed that the app uses this resource.";
    CONSENT_REQUIRED_SILENT = 65001, "consent_required",
        "The person has not agreed that the app uses this resource.";
    CONSENT_DECLINED = 65004, "access_denied", "The person declined.";
    ADMIN_CONSENT_REQUIRED = 90094, "consent_required", "Only an administrator can agree to this.";
    NOT_ASSIGNED = 50105, "interaction_required",
        "The app requires assignment and the person is not assigned to it.";
    ACCOUNT_NOT_IN_TENANT = 50020, "invalid_request",
        "The account does not exist in this tenant and can't sign in to the app.";
    ACCOUNT_DISABLED = 50057, "invalid_grant", "The account is disabled.";
    PERSONAL_ACCOUNT_ON_V1 = 500_201, "invalid_request",
        "The v1.0 endpoint can't issue a token for a personal account.";
    TOKEN_NEEDS_POST = 900_561, "invalid_request", "The token endpoint takes POST only.";
    GRANT_TYPE_UNSUPPORTED = 70003, "unsupported_grant_type", "This grant type is not supported.";
    CODE_OF_ANOTHER_TENANT = 700_005, "invalid_grant",
        "The code was issued through another tenant's path.";
    CREDENTIAL_MISSING = 7_000_218, "invalid_client",
        "The request must have a client_secret or a client_assertion.";
    SECRET_WRONG = 7_000_215, "invalid_client",
        "The client secret is wrong. It is the secret's value that is sent, not its ID.";
    SECRET_EXPIRED = 7_000_222, "invalid_client", "The client secret is out of date.";
    PUBLIC_CLIENT_WITH_SECRET = 700_025, "invalid_client",
        "The app is a public client, so neither secret nor assertion may be sent.";
    SEVERAL_CREDENTIALS = 7_000_110, "invalid_request",
        "The request identifies the client in more than one way.";
    ASSERTION_UNKNOWN = 700_027, "invalid_client",
        "The client assertion is not signed with a certificate of the app.";
    CROSS_ORIGIN_NOT_SPA = 9_002_326, "invalid_request",
        "Redeeming from a browser (with an Origin header) is for redirect URIs of type SPA.";
    SPA_NOT_CROSS_ORIGIN = 9_002_327, "invalid_request",
        "A code for a redirect URI of type SPA is redeemed by a browser (with an Origin header).";
    PKCE_REQUIRED = 9_002_325, "invalid_request",
        "A redirect URI of type SPA needs a code challenge.";
    SPA_REFRESH_ENDED = 700_084, "invalid_grant",
        "The refresh token of a browser ends 24 hours after sign-in.";
    REDIRECT_URI_DIFFERS = 500_112, "invalid_client",
        "The redirect URI is not the one of the authorization request.";
    CODE_REDEEMED = 54005, "invalid_grant", "The code has been redeemed before.";
    CODE_EXPIRED = 70008, "invalid_grant", "The code or refresh token is too old.";
    CODE_MALFORMED = 9_002_313, "invalid_grant", "The code or refresh token is not one of ours.";
    GRANT_OF_ANOTHER_CLIENT = 70000, "invalid_grant", "The grant belongs to another app.";
    REFRESH_TOKEN_EXPIRED = 700_082, "invalid_grant",
        "The refresh token has not been used for too long.";
    GRANT_REVOKED = 50173, "invalid_grant", "The grant has been revoked. Sign in again.";
    NOT_SUPPORTED = 90010, "invalid_request", "This is not supported.";
    APP_ONLY_SCOPE = 1_002_012, "invalid_scope",
        "Client credentials take the scope <App ID URI>/.default and no other.";
    COMMON_HAS_NO_APP_TOKENS = 9_001_023, "invalid_request",
        "Client credentials need the path of one tenant.";
}

/// A refusal on its way to a page, a redirect or a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    number: u32,
    error: Cow<'static, str>,
    text: String,
    suberror: Option<String>,
    claims: Option<String>,
}

impl Refusal {
    /// A refusal of the table with what was seen.
    pub(crate) fn new(code: Code, seen: impl AsRef<str>) -> Self {
        let seen = seen.as_ref();
        let text = if seen.is_empty() {
            code.text.to_owned()
        } else {
            format!("{} ({seen})", code.text)
        };
        Self {
            number: code.number,
            error: code.error.into(),
            text,
            suberror: None,
            claims: None,
        }
    }

    /// A refusal made up by a fault.
    pub(crate) fn faked(error: String, number: u32) -> Self {
        Self {
            number,
            error: error.into(),
            text: "The provider was told to refuse.".to_owned(),
            suberror: None,
            claims: None,
        }
    }

    pub(crate) fn with_suberror(mut self, suberror: impl Into<String>) -> Self {
        self.suberror = Some(suberror.into());
        self
    }

    pub(crate) fn with_claims(mut self, claims: Option<String>) -> Self {
        self.claims = claims;
        self
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The OAuth error code.
    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// 401 for a client that didn't prove itself, else 400.
    pub(crate) fn status(&self) -> u16 {
        if self.error == "invalid_client" {
            401
        } else {
            400
        }
    }

    /// The refusal with the identifiers and the time of this one occurrence.
    pub(crate) fn report(self, now: i64) -> Report {
        Report {
            refusal: self,
            trace_id: Guid::random(),
            correlation_id: Guid::random(),
            timestamp: clock::timestamp(now),
        }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

/// One occurrence of a refusal.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) refusal: Refusal,
    pub(crate) trace_id: Guid,
    pub(crate) correlation_id: Guid,
    pub(crate) timestamp: String,
}

impl Report {
    /// `error_description`.
    pub(crate) fn description(&self) -> String {
        format!(
            "AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            self.refusal.number,
            self.refusal.text,
            self.trace_id,
            self.correlation_id,
            self.timestamp
        )
    }

    /// The body of a token error.
    pub(crate) fn to_json(&self, origin: &str) -> Value {
        let mut body = Map::new();
        body.insert("error".into(), self.refusal.error.as_ref().into());
        body.insert("error_description".into(), self.description().into());
        body.insert("error_codes".into(), json!([self.refusal.number]));
        body.insert("timestamp".into(), self.timestamp.as_str().into());
        body.insert("trace_id".into(), self.trace_id.as_str().into());
        body.insert("correlation_id".into(), self.correlation_id.as_str().into());
        body.insert("error_uri".into(), self.uri(origin).into());
        if let Some(suberror) = &self.refusal.suberror {
            body.insert("suberror".into(), suberror.as_str().into());
        }
        if let Some(claims) = &self.refusal.claims {
            body.insert("claims".into(), claims.as_str().into());
        }
        Value::Object(body)
    }

    /// `error_uri`: the page that explains the number.
    pub(crate) fn uri(&self, origin: &str) -> String {
        format!("{origin}/error?code={}", self.refusal.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_has_the_members_of_entra_in_its_shape() {
        let report = Refusal::from(SECRET_WRONG).report(0);
        let body = report.to_json("http://127.0.0.1:1");
        let members: Vec<&str> = body
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            members,
            [
                "error",
                "error_description",
                "error_codes",
                "timestamp",
                "trace_id",
                "correlation_id",
                "error_uri"
            ]
        );
        let description = body["error_description"].as_str().unwrap();
        let lines: Vec<&str> = description.split("\r\n").collect();
        assert!(lines[0].starts_with("AADSTS7000215: "));
        assert!(lines[1].starts_with("Trace ID: "));
        assert!(lines[2].starts_with("Correlation ID: "));
        assert_eq!(lines[3], "Timestamp: 1970-01-01 00:00:00Z");
    }
}
