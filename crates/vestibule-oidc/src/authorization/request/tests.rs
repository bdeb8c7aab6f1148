use std::collections::BTreeMap;

use super::*;
use crate::pkce::Verifier;

fn pairs(url: &Url) -> BTreeMap<String, String> {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "no parameter is sent twice");
    map
}

#[test]
fn the_address_says_everything_once() {
    let endpoint = Url::parse("https://idp.example/authorize?p=b2c_1_in").unwrap();
    let extra = ExtraParameters::new([("prompt".into(), "select account&x=1".into())]).unwrap();
    let (state, nonce) = (State::from_entropy([1; 32]), Nonce::from_entropy([2; 32]));
    let challenge = Verifier::from_entropy([3; 32]).challenge();
    let request = AuthorizationRequest {
        endpoint: &endpoint,
        client_id: "me",
        redirect_uri: "https://app.example/.vestibule/callback",
        scopes: &["openid".into(), "api://x/.default".into()],
        state: &state,
        nonce: &nonce,
        challenge: Some(&challenge),
        response_mode: ResponseMode::Query,
        max_age: None,
        extra: &extra,
    };
    let sent = pairs(&request.url());
    for (name, value) in [
        ("p", "b2c_1_in"),
        ("response_type", "code"),
        ("client_id", "me"),
        ("redirect_uri", "https://app.example/.vestibule/callback"),
        ("scope", "openid api://x/.default"),
        ("state", state.expose()),
        ("nonce", nonce.expose()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("prompt", "select account&x=1"),
    ] {
        assert_eq!(sent.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(sent.len(), 10);
    let more = AuthorizationRequest {
        response_mode: ResponseMode::FormPost,
        max_age: Some(Duration::from_secs(300)),
        ..request
    };
    let sent = pairs(&more.url());
    assert_eq!(sent["response_mode"], "form_post");
    assert_eq!(sent["max_age"], "300");
    let bare = AuthorizationRequest {
        challenge: None,
        ..request
    };
    let sent = pairs(&bare.url());
    assert_eq!(sent.len(), 8);
    assert!(!sent.keys().any(|name| name.starts_with("code_challenge")));
}

/// CVE-2024-23647: a provider that lost the challenge accepted any verifier; nothing here can leave
/// it out.
#[test]
fn the_configuration_cannot_replace_what_safety_rests_on() {
    for name in RESERVED {
        let error = ExtraParameters::new([((*name).into(), "x".into())]).unwrap_err();
        assert_eq!(error.name, *name);
    }
    assert!(ExtraParameters::new([("domain_hint".into(), "contoso.com".into())]).is_ok());
}
