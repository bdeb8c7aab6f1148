//! The ID token as a record keeps it: its payload says what the claims say, and is kept once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vestibule_oidc::secret::Secret;

use crate::claims::ClaimsSet;

/// An ID token, or what is left of it without its payload. Nothing at all, if it was left out of a cookie.
#[derive(Clone)]
pub(super) struct KeptIdToken {
    text: Secret,
    /// Where the payload goes, if it is the claims as compact JSON, which is how most providers write it.
    payload_at: Option<usize>,
}

impl KeptIdToken {
    pub(super) fn of(token: &Secret, claims: &ClaimsSet) -> Self {
        let (text, payload) = (token.expose(), payload(claims));
        let around = text.find('.').and_then(|dot| {
            let (before, rest) = text.split_at_checked(dot + 1)?;
            let after = rest.strip_prefix(payload.as_str())?;
            after.starts_with('.').then_some((before, after))
        });
        match around {
            Some((before, after)) => Self {
                text: Secret::new([before, after].concat()),
                payload_at: Some(before.len()),
            },
            None => Self {
                text: token.clone(),
                payload_at: None,
            },
        }
    }

    pub(super) fn left_out() -> Self {
        Self {
            text: Secret::from(""),
            payload_at: None,
        }
    }

    /// The token, to the letter. The claims are those that it was kept with.
    pub(super) fn whole(&self, claims: &ClaimsSet) -> Option<Secret> {
        let text = self.text.expose();
        let around = self.payload_at.and_then(|at| text.split_at_checked(at));
        match around {
            Some((before, after)) => {
                let payload = payload(claims);
                Some(Secret::new([before, &payload, after].concat()))
            }
            None => Some(self.text.clone()).filter(|_| !text.is_empty()),
        }
    }

    /// What is kept, in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.expose().len()
    }
}

fn payload(claims: &ClaimsSet) -> String {
    URL_SAFE_NO_PAD.encode(claims.members().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn claims(claims: Value) -> ClaimsSet {
        ClaimsSet::of(claims.as_object().unwrap())
    }

    #[test]
    fn an_id_token_comes_back_to_the_letter_and_its_payload_is_kept_once() {
        let said = json!({ "sub": "ann", "name": "Zoë \"Z\"", "n": [1, 1.5, true, null], "exp": 1_800_000_000 });
        let token = |payload: &str| {
            let payload = URL_SAFE_NO_PAD.encode(payload);
            Secret::new(format!("eyJhbGciOiJSUzI1NiJ9.{payload}.c2lnbmF0dXJl"))
        };
        let compact = said.to_string();
        let spaced = compact.replace("\":", "\": ");
        let escaped = compact.replace('ë', "\\u00eb");
        let reals = compact.replace("1800000000", "1.8e9");
        let short = "eyJhbGciOiJSUzI1NiJ9..c2lnbmF0dXJl".len();
        for (token, is_kept_once) in [
            (token(&compact), true),
            (token(&spaced), false),
            (token(&escaped), false),
            (token(&reals), false),
            (
                Secret::new(token(&compact).expose().replace('.', "..")),
                false,
            ),
            (
                Secret::new(format!("{}.more", token(&compact).expose())),
                true,
            ),
            (Secret::from("no.jwt"), false),
            (Secret::from("a.b.c"), false),
        ] {
            let kept = KeptIdToken::of(&token, &claims(said.clone()));
            let whole = kept.whole(&claims(said.clone())).unwrap();
            assert_eq!(whole.expose(), token.expose());
            let is_shorter = kept.len() < token.expose().len();
            assert_eq!(is_shorter, is_kept_once, "{}", token.expose());
            if is_kept_once {
                assert!(kept.len() <= short + 5);
            }
        }
    }

    #[test]
    fn one_that_was_left_out_is_none() {
        let claims = claims(json!({}));
        assert!(KeptIdToken::left_out().whole(&claims).is_none());
        let nothing = KeptIdToken::of(&Secret::from(""), &claims);
        assert!(nothing.whole(&claims).is_none());
    }
}
