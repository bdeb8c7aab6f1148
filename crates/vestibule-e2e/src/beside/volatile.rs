//! What is different in every run: times, random values, signatures. It is replaced by its shape.

use crate::jwt;

/// Claims, parameters and header endings whose value is of one sign-in only.
const OF_ONE_SIGN_IN: [&str; 19] = [
    "aio",
    "at_hash",
    "auth_time",
    "c_hash",
    "code",
    "code_challenge",
    "code_verifier",
    "exp",
    "iat",
    "jti",
    "login_hint",
    "nbf",
    "nonce",
    "rh",
    "s_hash",
    "sid",
    "state",
    "uti",
    "xms_ftd",
];

/// Header fields that hold a token or a time, whatever they look like.
const OF_ONE_TOKEN: [&str; 5] = [
    "OIDC_access_token",
    "OIDC_access_token_expires",
    "OIDC_refresh_token",
    "traceparent",
    "X-Request-Id",
];

/// The value of a header field as it can be compared.
#[must_use]
pub fn field(name: &str, value: &str) -> String {
    // Behind whatever prefix.
    let is_claim = |claim: &str| {
        let prefix = name.strip_suffix(claim);
        prefix.is_some_and(|prefix| prefix.is_empty() || prefix.ends_with(['_', '-']))
    };
    if OF_ONE_SIGN_IN.iter().any(|claim| is_claim(claim)) {
        return shape(value);
    }
    if is_jwt(value) {
        return token(value);
    }
    if let Some(bearer) = value.strip_prefix("Bearer ") {
        return match is_jwt(bearer) {
            true => format!("Bearer {}", token(bearer)),
            false => format!("Bearer {}", shape(bearer)),
        };
    }
    if OF_ONE_TOKEN.contains(&name) {
        return shape(value);
    }
    if value.starts_with('{') {
        return json(value);
    }
    // A token that is encoded once more.
    if value.starts_with("ZXlK") && is_jwt(&jwt::part(value, 0)) {
        return format!("base64url {}", token(&jwt::part(value, 0)));
    }
    if value.starts_with("eyJ") {
        return format!("base64url {}", json(&jwt::part(value, 0)));
    }
    value.to_owned()
}

/// A member of what `info=json` tells, as it can be compared.
#[must_use]
pub fn member(name: &str, value: &str) -> String {
    match name {
        "access_token" | "access_token_expires" | "refresh_token" | "session" | "timeout" => {
            shape(value)
        }
        _ => field(name, value),
    }
}

/// The value of a query parameter as it can be compared.
#[must_use]
pub fn parameter(name: &str, value: &str) -> String {
    if is_jwt(value) {
        token(value)
    } else if OF_ONE_SIGN_IN.contains(&name) {
        "<of this sign-in>".to_owned()
    } else {
        value.to_owned()
    }
}

/// Digits or text, and how much of it: enough to see that a time is a time and a token a token.
fn shape(value: &str) -> String {
    let kind = match value.bytes().all(|byte| byte.is_ascii_digit()) {
        true if value.is_empty() => return "<nothing>".to_owned(),
        true => "digits",
        false => "characters",
    };
    format!("<{} {kind}>", value.chars().count())
}

fn is_jwt(value: &str) -> bool {
    value.starts_with("eyJ") && value.split('.').count() == 3 && !value.contains([' ', ','])
}

fn token(value: &str) -> String {
    let (header, claims) = (jwt::part(value, 0), jwt::part(value, 1));
    format!("JWT {} {}", json(&header), json(&claims))
}

/// JSON as it is written, with the members of one sign-in replaced; a parser would lose order and spelling.
fn json(text: &str) -> String {
    let mut text = text.to_owned();
    for name in OF_ONE_SIGN_IN {
        let key = format!("\"{name}\":");
        let mut done = 0;
        while let Some(found) = text[done..].find(&key) {
            let start = done + found + key.len();
            let rest = &text[start..];
            let blank = rest.len() - rest.trim_start().len();
            let value = &rest[blank..];
            let length = match value.strip_prefix('"') {
                Some(inside) => inside.find('"').map_or(value.len(), |end| end + 2),
                None => value.find([',', '}', ']']).unwrap_or(value.len()),
            };
            text.replace_range(start + blank..start + blank + length, "<>");
            done = start;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_order_and_spelling() {
        assert_eq!(
            json(r#"{"sub":"a","iat": 17,"nonce":"x","n":1.50}"#),
            r#"{"sub":"a","iat": <>,"nonce":<>,"n":1.50}"#
        );
    }

    #[test]
    fn tokens_are_told_by_what_is_in_them() {
        // Two of one payload but for their times and signatures.
        for (name, one, other) in [
            (
                "OIDC_userinfo_jwt",
                "eyJhIjoxfQ.eyJzdWIiOiJhIiwiaWF0IjoxfQ.AAAA",
                "eyJhIjoxfQ.eyJzdWIiOiJhIiwiaWF0IjoyfQ.BBBB",
            ),
            (
                "OIDC_userinfo_jwt",
                "ZXlKaElqb3hmUS5leUp6ZFdJaU9pSmhJaXdpYVdGMElqb3hmUS5BQUFB",
                "ZXlKaElqb3hmUS5leUp6ZFdJaU9pSmhJaXdpYVdGMElqb3lmUS5CQkJC",
            ),
        ] {
            assert_eq!(field(name, one), field(name, other));
            assert!(
                field(name, one).contains(r#""sub":"a""#),
                "{}",
                field(name, one)
            );
        }
    }

    #[test]
    fn a_time_keeps_its_shape() {
        assert_eq!(field("OIDC_CLAIM_exp", "1700000000"), "<10 digits>");
        assert_eq!(field("OIDC_access_token", "abc"), "<3 characters>");
        assert_eq!(field("X-Claim-exp", "1700000000"), "<10 digits>");
        assert_eq!(field("OIDC_CLAIM_sub", "17"), "17");
    }
}
