use crate::Evidence;
use crate::evidence::ProviderError;
use crate::testing::{RowCase, case, evidence};

const NAMES: &[&str] = &[
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_client",
    "invalid_grant",
    "unsupported_grant_type",
    "server_error",
    "temporarily_unavailable",
    "login_required",
    "interaction_required",
    "consent_required",
    "invalid_target",
    "invalid_token",
];

fn said(name: &str, description: Option<&str>) -> Evidence {
    evidence(|e| e.provider_error = Some(ProviderError::new(name, description)))
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    let rows = super::ROWS.iter().flat_map(|part| part.iter());
    rows.zip(NAMES)
        .map(|(row, name)| {
            case(row.code)
                .shows(said(name, None))
                .shows(said(name, Some("the provider's own words")))
                .silent(said(&format!("{name}s"), None))
                .silent(said(name, Some("AADSTS9999999: something new")))
                .silent(said(name, Some("AADB2C99999: something new")))
                .says(*name)
        })
        .collect()
}

/// Some providers send one name and mean another.
#[test]
fn the_words_beside_a_name_decide_what_it_means() {
    for (text, code, words) in [
        (
            r#"{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}"#,
            "VST-OAUTH-INVALID-CLIENT",
            "credentials",
        ),
        (
            r#"{"error":"invalid_request","error_description":"invalid_scope"}"#,
            "VST-OAUTH-INVALID-SCOPE",
            "",
        ),
        (
            "type=LOGIN_ERROR, realmId=main, clientId=portal, error=invalid_client_credentials, grant_type=x",
            "VST-OAUTH-INVALID-CLIENT",
            "",
        ),
        (
            "https://portal.example.com/cb?error=access_denied&error_description=User%20is%20not%20assigned%20to%20the%20client%20application.&state=a",
            "VST-OAUTH-ACCESS-DENIED",
            "Assign the person",
        ),
        (
            "invalid_request: Missing required parameter: code_challenge_method",
            "VST-OAUTH-INVALID-REQUEST",
            "S256",
        ),
        (
            r#"oauth2: "invalid_grant" "Code not valid""#,
            "VST-OAUTH-INVALID-GRANT",
            "about the code",
        ),
        (
            r#"{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed are incorrect."}"#,
            "VST-OAUTH-INVALID-CLIENT",
            "",
        ),
        (
            "error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired.",
            "VST-OAUTH-INVALID-GRANT",
            "about the code",
        ),
        (
            r#"{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorId":"oae"}"#,
            "VST-OAUTH-INVALID-CLIENT",
            "client_id",
        ),
    ] {
        let found = crate::diagnose(&Evidence::of_text(text));
        assert_eq!(found.first().map(|found| found.code), Some(code), "{text}");
        let all = serde_json::to_string(&found).unwrap();
        assert!(all.contains(words), "{text}: {all}");
    }
}

#[test]
fn a_name_is_told_only_where_nothing_says_more() {
    let codes = |text: &str| -> Vec<_> {
        let found = crate::diagnose(&Evidence::of_text(text));
        found.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(
        codes(r#"{"error":"invalid_grant","error_description":"Token is not active"}"#),
        ["VST-OAUTH-INVALID-GRANT"]
    );
    assert_eq!(
        codes(
            r#"{"error":"invalid_grant","error_description":"Maximum allowed refresh token reuse exceeded"}"#
        ),
        ["VST-PROVIDER-REFRESH-REUSE"]
    );
    assert_eq!(
        codes(r#"{"error":"invalid_client","error_description":"AADSTS7000215: wrong"}"#),
        ["VST-AADSTS-7000215"]
    );
}
