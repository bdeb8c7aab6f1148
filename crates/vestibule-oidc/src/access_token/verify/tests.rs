use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::TestProvider;

const ISSUER: &str = "https://idp.example";
const NOW: UnixTime = UnixTime(1_800_000_000);

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "api://x", "sub": "ann", "azp": "web", "scp": "read write",
        "roles": ["Reader"], "ver": "2.0",
        "iat": NOW.as_secs(), "nbf": NOW.as_secs(), "exp": NOW.as_secs() + 3600,
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => {
            claims.as_object_mut().unwrap().remove(name);
        }
        value => claims[name] = value,
    }
    claims
}

fn run(token: &str, audiences: &[String]) -> Result<VerifiedAccessToken, AccessTokenError> {
    let expected = AccessTokenExpected {
        issuer: &TokenIssuer::exact(ISSUER),
        audiences,
        algorithms: &Algorithm::DEFAULT,
        skew: Duration::from_secs(60),
    };
    verify(token, &TestProvider::new(ISSUER).key_set(), &expected, NOW)
}

fn judge(claims: &Value) -> Result<VerifiedAccessToken, &'static str> {
    let audiences = ["x".to_owned(), "api://x".to_owned()];
    run(&TestProvider::new(ISSUER).sign(claims), &audiences).map_err(|error| error.code())
}

#[test]
fn an_access_token_for_this_api_is_verified() {
    let verified = judge(&claims()).unwrap();
    assert_eq!(verified.issuer(), ISSUER);
    assert_eq!(verified.audiences(), ["api://x"]);
    assert_eq!(verified.subject(), Some("ann"));
    assert_eq!(verified.client_id(), Some("web"));
    assert_eq!(verified.scopes(), ["read", "write"]);
    assert_eq!(verified.roles(), ["Reader"]);
    assert_eq!(verified.version(), Some("2.0"));
    assert_eq!(verified.expires_at(), NOW + Duration::from_secs(3600));
    assert!(
        judge(&with("sub", Value::Null)).is_ok(),
        "an application's token may have none"
    );
}

#[test]
fn each_wrong_claim_is_refused() {
    for (name, value, code) in [
        ("iss", json!("https://idp.example/"), "issuer_mismatch"),
        ("iss", Value::Null, "claim_missing"),
        ("aud", json!("api://y"), "access_token_audience"),
        ("aud", json!("api://x/"), "access_token_audience"),
        ("aud", Value::Null, "claim_missing"),
        ("exp", Value::Null, "claim_missing"),
        ("exp", json!("9999999999"), "claim_wrong_type"),
        ("exp", json!(NOW.as_secs() - 60), "access_token_expired"),
        (
            "nbf",
            json!(NOW.as_secs() + 61),
            "access_token_not_yet_valid",
        ),
        (
            "iat",
            json!(NOW.as_secs() + 61),
            "access_token_not_yet_valid",
        ),
        ("iat", json!(1e300), "claim_out_of_range"),
        ("sub", json!(""), "claim_length"),
    ] {
        assert_eq!(
            judge(&with(name, value.clone())).err(),
            Some(code),
            "{name} {value}"
        );
    }
    assert!(judge(&with("aud", json!(["api://y", "x"]))).is_ok());
}

/// mod_auth_openidc and APISIX checked the signature alone.
#[test]
fn ghsa_wcvh_g65p_v576_without_an_audience_every_token_is_refused() {
    let token = TestProvider::new(ISSUER).sign(&claims());
    assert_eq!(
        run(&token, &[]).unwrap_err().code(),
        "access_token_audience"
    );
}

/// A token with the Graph's header `nonce`: the signature is over other bytes than those sent.
#[test]
fn a_graph_token_fails_on_its_signature() {
    let provider = TestProvider::new(ISSUER);
    let header =
        |nonce: &str| json!({ "alg": "EdDSA", "kid": "test", "typ": "JWT", "nonce": nonce });
    let signed = provider.sign_with_header(&header("hashed"), &claims());
    let (_, rest) = signed.split_once('.').unwrap();
    let sent = provider.sign_with_header(&header("sent"), &claims());
    let (sent_header, _) = sent.split_once('.').unwrap();
    let error = run(&format!("{sent_header}.{rest}"), &["api://x".to_owned()]).unwrap_err();
    assert_eq!(error.code(), "bad_signature");
}

#[test]
fn tokens_of_other_kinds_are_refused() {
    let id_token = {
        let mut claims = with("scp", Value::Null);
        claims.as_object_mut().unwrap().remove("roles");
        claims["nonce"] = json!("n");
        claims
    };
    assert_eq!(judge(&id_token).err(), Some("access_token_another_kind"));
    assert_eq!(
        judge(&with("token_use", json!("id"))).err(),
        Some("access_token_another_kind")
    );
    assert_eq!(
        judge(&with("typ", json!("ID"))).err(),
        Some("access_token_another_kind")
    );
    assert_eq!(
        judge(&with("events", json!({}))).err(),
        Some("access_token_another_kind")
    );
    let provider = TestProvider::new(ISSUER);
    for (typ, ok) in [
        ("at+jwt", true),
        ("JWT", true),
        ("logout+jwt", false),
        ("dpop+jwt", false),
        ("id_token+jwt", false),
        ("x+jwt", false),
    ] {
        let header = json!({ "alg": "EdDSA", "kid": "test", "typ": typ });
        let token = provider.sign_with_header(&header, &claims());
        assert_eq!(run(&token, &["api://x".to_owned()]).is_ok(), ok, "{typ}");
    }
}

#[test]
fn a_version_1_token_beside_version_2_keys_is_accepted_where_both_are() {
    let tenant = "11111111-1111-4111-8111-111111111111";
    let v1 = format!("https://sts.windows.net/{tenant}/");
    let v2 = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let provider = TestProvider::new(&v1);
    let mut jwks = provider.jwks();
    jwks["keys"][0]["issuer"] = json!("https://login.microsoftonline.com/{tenantid}/v2.0");
    let keys = KeySet::parse(jwks.to_string().as_bytes()).unwrap();
    let mut claims = with("iss", json!(v1));
    claims["tid"] = json!(tenant);
    let token = provider.sign(&claims);
    let audiences = ["api://x".to_owned()];
    let run = |issuer: &TokenIssuer| {
        let expected = AccessTokenExpected {
            issuer,
            audiences: &audiences,
            algorithms: &Algorithm::DEFAULT,
            skew: Duration::from_secs(60),
        };
        verify(&token, &keys, &expected, NOW)
            .map(|_| ())
            .map_err(|error| error.code())
    };
    let (only_v1, only_v2) = (TokenIssuer::entra_exact(&v1), TokenIssuer::entra_exact(&v2));
    assert_eq!(run(&only_v1.clone().or(only_v2.clone())), Ok(()));
    assert_eq!(run(&only_v1), Err("key_of_another_issuer"));
    assert_eq!(run(&only_v2), Err("issuer_mismatch"));
}

/// CVE-2024-28180: strangers send these, so the cap is lower than for ID tokens.
#[test]
fn cve_2024_28180_an_oversized_access_token_is_refused_before_any_cryptography() {
    let token = TestProvider::new(ISSUER).sign(&with("x", json!("x".repeat(MAX_BYTES))));
    assert_eq!(
        run(&token, &["api://x".to_owned()]).unwrap_err().code(),
        "token_too_long"
    );
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,100}|[A-Za-z0-9_.-]{0,100}") {
        prop_assert!(run(&text, &["api://x".to_owned()]).is_err());
    }
}
