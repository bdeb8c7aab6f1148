//! User info that is signed (OIDC Core §5.3.2): whether the provider said it, to us, and about this person.

use std::time::Duration;

use super::{MAX_BYTES, UserInfo, UserInfoError, about};
use crate::claims;
use crate::issuer::TokenIssuer;
use crate::jose::{Algorithm, CompactJws, KeySet};
use crate::time::UnixTime;

/// What is expected of signed user info.
#[derive(Debug, Clone, Copy)]
pub struct SignedExpected<'a> {
    /// Our client id.
    pub client_id: &'a str,
    /// The issuers accepted: those of ID tokens.
    pub issuer: &'a TokenIssuer,
    /// The algorithms accepted.
    pub algorithms: &'a [Algorithm],
    /// How far clocks may differ.
    pub skew: Duration,
}

/// Whether a `Content-Type` says that the answer is signed: `application/jwt`.
#[must_use]
pub fn is_signed(content_type: Option<&str>) -> bool {
    let media_type = content_type.unwrap_or_default().split(';').next();
    let media_type = media_type.unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/jwt")
}

/// Verifies an answer about `subject`, the `sub` of the verified ID token. `iss` and `aud`, which OIDC Core §5.3.2 only
/// advises, have to be there: without them what was signed for another client would do.
///
/// # Errors
/// Any [`UserInfoError`]. [`UserInfoError::newer_keys_may_help`] tells when one more fetch of the keys is worth it.
pub fn verify(
    body: &[u8],
    keys: &KeySet,
    expected: &SignedExpected<'_>,
    subject: &str,
    now: UnixTime,
) -> Result<UserInfo, UserInfoError> {
    let text = String::from_utf8_lossy(body);
    let token = text.trim_ascii();
    let jws = CompactJws::parse(token, MAX_BYTES)?;
    if let Some(typ) = jws.typ().filter(|typ| typ.ends_with("+jwt")) {
        let typ = typ.chars().take(64).collect();
        return Err(UserInfoError::AnotherKind { typ });
    }
    let claims = jws.claims()?;
    let issuer = claims::required(claims::string(&claims, "iss")?, "iss")?;
    expected.issuer.judge(issuer, &claims)?;
    let audiences = claims::audiences(&claims)?;
    if !audiences.contains(&expected.client_id) {
        return Err(UserInfoError::Audience {
            expected: expected.client_id.to_owned(),
            found: audiences.into_iter().map(str::to_owned).collect(),
        });
    }
    let key = keys.verify(&jws, expected.algorithms)?;
    expected.issuer.judge_key(issuer, &claims, key.origin())?;
    let late = |name, at| Err(UserInfoError::Time { name, at, now });
    if let Some(at) = claims::time(&claims, "exp")?
        && now >= at + expected.skew
    {
        return late("exp", at);
    }
    for name in ["nbf", "iat"] {
        if let Some(at) = claims::time(&claims, name)?
            && at > now + expected.skew
        {
            return late(name, at);
        }
    }
    about(claims, Some(token), subject)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::TestProvider;

    const ISSUER: &str = "https://idp.example";
    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn claims() -> Value {
        json!({ "iss": ISSUER, "aud": "me", "sub": "ann", "groups": ["members"] })
    }

    fn run(body: &str, provider: &TestProvider) -> Result<UserInfo, &'static str> {
        let expected = SignedExpected {
            client_id: "me",
            issuer: &TokenIssuer::exact(ISSUER),
            algorithms: &Algorithm::DEFAULT,
            skew: Duration::from_secs(60),
        };
        let found = verify(body.as_bytes(), &provider.key_set(), &expected, "ann", NOW);
        found.map_err(|error| error.code())
    }

    #[test]
    fn what_the_provider_signed_for_us_about_this_person_is_believed() {
        let provider = TestProvider::new(ISSUER);
        let found = run(&provider.sign(&claims()), &provider).unwrap();
        assert_eq!(found.claims()["groups"], json!(["members"]));
        let signed = provider.sign(&claims());
        let found = run(&format!("{signed}\n"), &provider).unwrap();
        let token = found.token().map(|token| token.expose().as_str());
        assert_eq!(token, Some(signed.as_str()), "to the letter");
        assert!(found.without_token().token().is_none());
        for yes in ["application/jwt", "Application/JWT; charset=utf-8"] {
            assert!(is_signed(Some(yes)), "{yes}");
        }
        for no in [
            None,
            Some("application/json"),
            Some("application/jwtx"),
            Some("text/html"),
        ] {
            assert!(!is_signed(no), "{no:?}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let provider = TestProvider::new(ISSUER);
        let now = NOW.as_secs();
        for (name, value, code) in [
            ("iss", json!("https://evil.example"), "userinfo_issuer"),
            ("iss", Value::Null, "userinfo_subject"),
            ("aud", json!("another"), "userinfo_audience"),
            ("aud", json!(["another", "third"]), "userinfo_audience"),
            ("aud", Value::Null, "userinfo_subject"),
            ("sub", json!("bob"), "userinfo_another_subject"),
            ("sub", Value::Null, "userinfo_subject"),
            ("exp", json!(now - 61), "userinfo_time"),
            ("nbf", json!(now + 61), "userinfo_time"),
            ("iat", json!(now + 61), "userinfo_time"),
        ] {
            let mut claims = claims();
            match value {
                Value::Null => {
                    claims.as_object_mut().unwrap().remove(name);
                }
                ref value => claims[name] = value.clone(),
            }
            let refused = run(&provider.sign(&claims), &provider);
            assert_eq!(refused.err(), Some(code), "{name} {value}");
        }
        let signed = crate::test_keys::sign(Algorithm::Es256, None, &claims());
        let forged = run(&signed, &provider).err();
        assert_eq!(forged, Some("userinfo_signature"), "another key");
        let signed = provider.sign(&claims());
        let (head, signature) = signed.rsplit_once('.').unwrap();
        let unsigned = run(
            &format!("eyJhbGciOiJub25lIn0.{}.", head.split('.').nth(1).unwrap()),
            &provider,
        );
        assert_eq!(unsigned.err(), Some("token_unsigned"));
        let encrypted = run(&format!("{signed}.x.y"), &provider);
        assert_eq!(encrypted.err(), Some("token_parts"));
        assert!(run(&format!("{head}x.{signature}"), &provider).is_err());
        assert!(run(r#"{"sub":"ann"}"#, &provider).is_err());
    }
}
