use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fault::Fault;

const JSON: Option<&str> = Some("application/json; charset=utf-8");

fn ok(body: Value) -> TokenResponse {
    TokenResponse::parse(200, JSON, body.to_string().as_bytes()).unwrap()
}

fn refused(status: u16, body: Value) -> TokenError {
    TokenResponse::parse(status, JSON, body.to_string().as_bytes()).unwrap_err()
}

#[test]
fn entras_answer_is_read() {
    let tokens = ok(json!({
        "token_type": "Bearer", "scope": "openid profile", "expires_in": 3599, "ext_expires_in": 3599,
        "access_token": "at", "refresh_token": "rt", "id_token": "it", "client_info": "e30",
    }));
    assert_eq!(tokens.access_token(), Some(&Secret::from("at")));
    assert_eq!(tokens.refresh_token(), Some(&Secret::from("rt")));
    assert_eq!(tokens.id_token(), Some(&Secret::from("it")));
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(3599)));
    assert_eq!(tokens.scope(), Some("openid profile"));
    let shown = format!("{tokens:?}");
    assert!(!shown.contains("\"at\"") && !shown.contains("\"rt\"") && !shown.contains("\"it\""));
}

#[test]
fn a_lifetime_is_a_number_even_in_a_string_or_missing() {
    let with = |expires_in: Value| json!({ "token_type": "bearer", "access_token": "at", "expires_in": expires_in });
    for (value, secs) in [
        (json!(3600), 3600),
        (json!("3600"), 3600),
        (json!(0), 0),
        (json!(1.9), 1),
        (json!(1e300), MAX_EXPIRES_IN_SECS),
        (json!(u64::MAX), MAX_EXPIRES_IN_SECS),
        (json!("99999999999999999999999"), MAX_EXPIRES_IN_SECS),
    ] {
        let tokens = ok(with(value.clone()));
        assert_eq!(
            tokens.expires_in(),
            Some(Duration::from_secs(secs)),
            "{value}"
        );
    }
    for value in [
        json!(-1),
        json!("-1"),
        json!(""),
        json!("1h"),
        json!(true),
        json!([1]),
        json!("+1"),
    ] {
        assert_eq!(
            refused(200, with(value.clone())),
            TokenError::Member { name: "expires_in" },
            "{value}"
        );
    }
    assert_eq!(ok(with(Value::Null)).expires_in(), None);
    assert_eq!(
        ok(json!({ "token_type": "Bearer", "access_token": "at" })).expires_in(),
        None
    );
}

#[test]
fn a_sign_in_without_an_api_may_have_no_access_token() {
    let tokens = ok(json!({ "id_token": "it", "token_type": "Bearer", "not_before": "1" }));
    assert!(tokens.access_token().is_none() && tokens.id_token().is_some());
}

#[test]
fn what_holds_no_usable_tokens_is_refused() {
    for (body, code) in [
        (json!({}), "token_response_missing"),
        (json!({ "token_type": "Bearer" }), "token_response_missing"),
        (json!({ "access_token": "at" }), "token_response_missing"),
        (
            json!({ "access_token": "at", "token_type": "DPoP" }),
            "token_type",
        ),
        (
            json!({ "access_token": "at", "token_type": "mac" }),
            "token_type",
        ),
        (
            json!({ "access_token": "", "token_type": "Bearer" }),
            "token_response_member",
        ),
        (
            json!({ "access_token": 7, "token_type": "Bearer" }),
            "token_response_member",
        ),
        (
            json!({ "access_token": "a\r\nX: y", "token_type": "Bearer" }),
            "token_response_member",
        ),
        (
            json!({ "access_token": "ä", "token_type": "Bearer" }),
            "token_response_member",
        ),
        (
            json!({ "access_token": "at", "token_type": "Bearer", "scope": [] }),
            "token_response_member",
        ),
        (json!(["at"]), "token_response_json"),
    ] {
        assert_eq!(refused(200, body.clone()).code(), code, "{body}");
    }
    let duplicate = br#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#;
    assert_eq!(
        TokenResponse::parse(200, JSON, duplicate)
            .unwrap_err()
            .code(),
        "token_response_json"
    );
}

#[test]
fn status_and_type_are_judged_before_the_body() {
    let body = br#"{"access_token":"at","token_type":"Bearer"}"#;
    for (status, content_type, code) in [
        (200, Some("text/html"), "token_response_not_json"),
        (200, None, "token_response_not_json"),
        (302, JSON, "token_status"),
        (500, JSON, "token_status"),
        (502, Some("text/html"), "token_status"),
        (400, None, "token_status"),
    ] {
        let error = TokenResponse::parse(status, content_type, body).unwrap_err();
        assert_eq!(error.code(), code, "{status} {content_type:?}");
        assert_eq!(error.fault(), Fault::Provider);
        assert_eq!(error.is_temporary(), status >= 500);
    }
    // CVE-2026-26998: whatever is sent, no more than the cap is read.
    let huge = vec![b' '; MAX_BYTES + 1];
    assert_eq!(
        TokenResponse::parse(200, JSON, &huge).unwrap_err().code(),
        "token_response_json"
    );
    assert_eq!(
        TokenResponse::parse(503, JSON, &huge).unwrap_err().code(),
        "token_status"
    );
}

#[test]
fn entras_refusal_keeps_what_helps() {
    let error = refused(
        400,
        json!({
            "error": "invalid_grant",
            "error_description": "AADSTS50076: multi-factor.\r\nTrace ID: t",
            "error_codes": [50076],
            "timestamp": "2026-01-01 00:00:00Z",
            "trace_id": "t", "correlation_id": "c",
            "suberror": "basic_action",
            "claims": "{\"access_token\":{}}",
        }),
    );
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.error, "invalid_grant");
    assert_eq!(
        refusal.description.as_deref(),
        Some("AADSTS50076: multi-factor.  Trace ID: t")
    );
    assert_eq!(error.aadsts(), Some(50076));
    assert_eq!(refusal.suberror.as_deref(), Some("basic_action"));
    assert_eq!(refusal.claims.as_deref(), Some("{\"access_token\":{}}"));
    assert_eq!(refusal.trace_id.as_deref(), Some("t"));
    let without_codes = refused(
        401,
        json!({ "error": "invalid_client", "error_description": "AADSTS7000215: wrong secret" }),
    );
    assert_eq!(without_codes.aadsts(), Some(7_000_215));
    assert_eq!(without_codes.fault(), Fault::Operator);
}

#[test]
fn whose_fault_a_refusal_is_follows_from_its_error() {
    for (status, error, fault) in [
        (400, "invalid_grant", Fault::Client),
        (400, "interaction_required", Fault::Client),
        (400, "consent_required", Fault::Client),
        (401, "invalid_client", Fault::Operator),
        (400, "invalid_scope", Fault::Operator),
        (400, "invalid_target", Fault::Operator),
        (400, "invalid_request", Fault::Operator),
        (503, "invalid_grant", Fault::Provider),
        (400, "temporarily_unavailable", Fault::Provider),
    ] {
        let refused = refused(status, json!({ "error": error }));
        assert_eq!(refused.fault(), fault, "{status} {error}");
    }
}

#[test]
fn only_a_bare_invalid_grant_ends_the_grant() {
    for (body, ends) in [
        (json!({ "error": "invalid_grant" }), true),
        (
            json!({ "error": "invalid_grant", "suberror": "bad_token" }),
            false,
        ),
        (json!({ "error": "invalid_grant", "claims": "{}" }), false),
        (json!({ "error": "invalid_client" }), false),
        (json!({ "error": "interaction_required" }), false),
        (json!({ "error": "temporarily_unavailable" }), false),
    ] {
        assert_eq!(refused(400, body.clone()).ends_grant(), ends, "{body}");
    }
    // An error in an answer of status 200 is an error.
    assert!(
        refused(
            200,
            json!({ "error": "invalid_grant", "access_token": "at" })
        )
        .ends_grant()
    );
    assert!(refused(503, json!({ "error": "server_error" })).is_temporary());
    assert!(refused(400, json!({ "error": "temporarily_unavailable" })).is_temporary());
}

proptest! {
    #[test]
    fn never_panics(status in 100_u16..600, body in "\\PC{0,200}") {
        let _ = TokenResponse::parse(status, JSON, body.as_bytes());
    }
}
