use serde_json::json;
use vestibule_oidc::authorization::CallbackParams;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::token::TokenResponse;

use super::*;
use crate::error_chain::chain;
use crate::signin::rig::{Browser, Rig};

fn declined(error: &str, description: &str) -> SignInError {
    SignInError::Declined(AuthorizationError {
        error: error.to_owned(),
        description: Some(description.to_owned()),
        subcode: None,
    })
}

fn token(error: &str, description: &str) -> SignInError {
    let body = json!({"error": error, "error_description": description}).to_string();
    let answer = TokenResponse::parse(400, Some("application/json"), body.as_bytes());
    SignInError::Token(answer.unwrap_err())
}

fn tenant_not_allowed() -> SignInError {
    let found = TenantId::parse("11111111-1111-4111-8111-111111111111").unwrap();
    SignInError::IdToken(IssuerMismatch::TenantNotAllowed { found }.into())
}

#[test]
fn a_refused_account_is_offered_another_one() {
    let target = ReturnTo::parse(b"/foo/").unwrap();
    let (other, again) = ("Sign in as someone else", "Start again");
    for (error, labels) in [
        (tenant_not_allowed(), &[other][..]),
        (declined("access_denied", "No."), &[other, again]),
        (declined("access_denied", "AADSTS50105: no role"), &[other]),
        (declined("interaction_required", "AADSTS50105: x"), &[other]),
        (token("invalid_grant", "AADSTS50020: unknown"), &[other]),
        (token("invalid_grant", "AADSTS70008: expired"), &[again]),
        (declined("server_error", "Oh."), &[again]),
        (SignInError::Used, &[again]),
    ] {
        let failure = error
            .with_start_again(&target)
            .and_delete("cookie".to_owned())
            .failure(Vec::new());
        let offered: Vec<&str> = failure.actions.iter().map(|link| &*link.label).collect();
        assert_eq!(offered, labels);
        for link in &failure.actions {
            assert!(link.href.ends_with("return_to=%2Ffoo%2F"), "{}", link.href);
            let asks = link.href.contains("prompt=select_account");
            assert_eq!(asks, link.label == other, "{}", link.href);
        }
    }
}

#[test]
fn a_request_the_provider_finds_wrong_is_no_failure_of_this_site() {
    let refused = declined("invalid_request", "unsupported prompt value requested");
    assert_eq!(refused.fault(), Fault::Provider);
    assert_eq!(refused.code(), "sign_in_refused");
    for own in ["unauthorized_client", "invalid_scope"] {
        assert_eq!(declined(own, "No.").fault(), Fault::Operator);
    }
}

#[test]
fn what_entra_says_will_pass_is_told_as_that_whatever_word_it_uses() {
    for error in [
        token(
            "invalid_request",
            "AADSTS90033: the directory is not available",
        ),
        declined("invalid_request", "AADSTS90055: too many requests"),
    ] {
        let failure = error
            .with_start_again(&ReturnTo::root())
            .failure(Vec::new());
        assert_eq!((failure.fault, failure.temporary), (Fault::Provider, true));
        assert!(
            failure.message.contains("Try again in a minute"),
            "{}",
            failure.message
        );
    }
    let lasting = token("invalid_request", "AADSTS900144: no client_id");
    assert_eq!(
        (lasting.fault(), lasting.is_temporary()),
        (Fault::Operator, false)
    );
}

#[test]
fn a_failure_and_its_causes_are_each_said_once() {
    let callback = CallbackParams::parse(b"state=a&state=b").err().unwrap();
    for error in [
        tenant_not_allowed(),
        declined("access_denied", "No."),
        token("invalid_grant", "AADSTS50020: unknown"),
        SignInError::Callback(callback),
        SignInError::UserInfo(
            vestibule_oidc::userinfo::parse(200, Some("application/json"), b"[", "ann")
                .unwrap_err(),
        ),
    ] {
        let plain = chain(&error);
        let answered = chain(&error.with_start_again(&ReturnTo::root()));
        assert_eq!(answered, plain);
        let mut parts: Vec<&str> = plain.split(": ").collect();
        let all = parts.len();
        parts.sort_unstable();
        parts.dedup();
        assert_eq!(parts.len(), all, "{plain}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_the_store_does_not_take_is_counted() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    let callback = rig.at_provider(&start);
    rig.store.set_down(true);
    assert_eq!(browser.go(&rig, &callback).await.status, 503);
    let metrics = rig.shared.telemetry.metrics.render();
    let line = r#"vestibule_store_errors_total{operation="insert"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
}
