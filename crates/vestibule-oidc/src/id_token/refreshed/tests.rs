use serde_json::{Value, json};

use super::*;
use crate::testing::TestProvider;

const ISSUER: &str = "https://idp.example";
const NOW: UnixTime = UnixTime(1_800_000_000);

fn run(claims: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    let provider = TestProvider::new(ISSUER);
    let issuer = TokenIssuer::exact(ISSUER).or(TokenIssuer::exact("https://twin.example"));
    let access_token = Secret::from("at");
    let expected = RefreshExpected {
        client_id: "me",
        issuer: &issuer,
        algorithms: &Algorithm::DEFAULT,
        access_token: Some(&access_token),
        skew: Duration::from_secs(60),
        previous: Previous {
            issuer: ISSUER,
            subject: "ann",
            auth_time: Some(UnixTime(5)),
        },
    };
    let token = Secret::new(provider.sign(claims));
    verify_refreshed(&token, &provider.key_set(), &expected, NOW)
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = TestProvider::new(ISSUER).id_token_claims("me", "ann", NOW);
    claims.as_object_mut().unwrap().remove("nonce");
    claims[name] = value;
    claims
}

#[test]
fn the_same_person_and_sign_in_are_accepted() {
    for (name, value) in [
        ("auth_time", json!(5)),
        ("nonce", json!("any")),
        ("x", json!(1)),
    ] {
        assert!(run(&with(name, value)).is_ok(), "{name}");
    }
}

/// OIDC Core §12.2.
#[test]
fn what_has_to_stay_stays() {
    for (name, value) in [
        ("iss", json!("https://twin.example")),
        ("sub", json!("bob")),
        ("sub", json!("ann ")),
        ("auth_time", json!(6)),
    ] {
        let error = run(&with(name, value)).unwrap_err();
        assert_eq!(error, IdTokenError::Changed { name });
    }
    assert_eq!(
        run(&with("aud", json!("you"))).unwrap_err().code(),
        "id_token_audience"
    );
    assert_eq!(
        run(&with("exp", json!(5))).unwrap_err().code(),
        "id_token_expired"
    );
    assert_eq!(
        run(&with("iss", json!("https://x.example")))
            .unwrap_err()
            .code(),
        "issuer_mismatch"
    );
    let error = run(&with("at_hash", json!("AAAA"))).unwrap_err();
    assert_eq!(error, IdTokenError::HashMismatch { name: "at_hash" });
}
