//! What shows each row of the family, and what comes close.

use serde_json::json;
use vestibule_oidc::time::UnixTime;

use crate::Evidence;
use crate::evidence::{Token, TokenResponse};
use crate::testing::{
    RowCase, case, entra_token, evidence, jwt, object, provider, settings, texts, with,
};

/// When the tokens of the tests were issued.
const ISSUED: i64 = 1_700_000_000;
/// When they end.
const END: i64 = 1_700_004_500;

fn at(now: i64, theirs: i64) -> Evidence {
    evidence(|e| {
        e.now = Some(UnixTime(now));
        e.provider_time = Some(UnixTime(theirs));
    })
}

fn token_at(now: i64) -> Evidence {
    evidence(|e| {
        e.now = Some(UnixTime(now));
        e.token = Some(entra_token(json!({})));
    })
}

fn assertion(nbf: i64, exp: i64) -> Option<Token> {
    Some(jwt(
        json!({ "alg": "PS256" }),
        json!({ "nbf": nbf, "exp": exp }),
    ))
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    let text = evidence(|e| {
        let answer = json!({ "access_token": "x", "expires_in": "3599", "refresh_token": "x" });
        e.token_response = Some(TokenResponse::read(&object(answer)));
        e.counts.refreshes = 5;
    });
    let race = evidence(|e| {
        provider(e).issuer = Some("https://id.example".to_owned());
        e.counts.parallel_refreshes = 2;
    });
    vec![
        case("VST-TIME-CLOCK")
            .shows(at(ISSUED + 600, ISSUED))
            .shows(at(ISSUED, ISSUED + 90))
            .shows(with(&at(ISSUED - 600, ISSUED), |e| {
                e.token = Some(entra_token(json!({})))
            }))
            .silent(at(ISSUED + 60, ISSUED))
            .silent(at(ISSUED, ISSUED + 5))
            .says("the provider's"),
        case("VST-TIME-MILLISECONDS")
            .shows(with(&token_at(ISSUED), |e| {
                let times = json!({ "iat": ISSUED * 1000, "nbf": ISSUED * 1000, "exp": END * 1000 });
                e.token = Some(entra_token(times));
            }))
            .shows(with(&token_at(ISSUED), |e| {
                e.token = Some(entra_token(json!({ "exp": END * 1000 })));
            }))
            .silent(token_at(ISSUED))
            .says("milliseconds"),
        case("VST-TIME-NO-END")
            .shows(with(&token_at(ISSUED), |e| e.token = Some(entra_token(json!({ "exp": null })))))
            .shows(with(&token_at(ISSUED), |e| {
                e.token = Some(entra_token(json!({ "exp": "1700004500" })));
            }))
            .shows(Evidence::of_text(
                "WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token has no expiration\"",
            ))
            .silent(token_at(ISSUED))
            .silent(Evidence::of_text("The audience 'x' is invalid")),
        case("VST-TIME-EXPIRED")
            .shows(Evidence::of_text(
                "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '11/20/2026 7:11:12 AM', \
                 Current time (UTC): '11/20/2026 8:11:12 AM'.",
            ))
            .shows(Evidence::of_text("jwt.exceptions.ExpiredSignatureError: Signature has expired"))
            .shows(Evidence::of_text(
                "Bearer error=\"invalid_token\", error_description=\"The token expired at '11/20/2026 07:11:12'\"",
            ))
            .silent(Evidence::of_text("the token is good for an hour")),
        case("VST-TIME-NOT-YET")
            .shows(Evidence::of_text("IDX10222: Lifetime validation failed. The token is not yet valid."))
            .silent(Evidence::of_text("IDX10221: something"))
            .line("timedatectl set-ntp true"),
        case("VST-TIME-NOT-YET")
            .shows(token_at(ISSUED - 61))
            .silent(token_at(ISSUED - 60))
            .silent(token_at(ISSUED + 60))
            .says("61 seconds from now"),
        case("VST-TIME-EXPIRED")
            .shows(token_at(END))
            .shows(with(&token_at(END + 7200), |e| {
                e.settings = Some(settings())
            }))
            .silent(token_at(END - 1))
            .says("ended"),
        case("VST-TIME-EXPIRED")
            .shows(with(&token_at(END), |e| {
                provider(e).scopes = Some(texts(&["openid"]))
            }))
            .silent(token_at(ISSUED))
            .line("scopes = [\"openid\", \"offline_access\"]"),
        case("VST-TIME-ASSERTION")
            .shows(with(&at(ISSUED + 50, ISSUED), |e| {
                e.client_assertion = assertion(ISSUED + 40, ISSUED + 340);
            }))
            .silent(with(&at(ISSUED + 50, ISSUED), |e| {
                e.client_assertion = assertion(ISSUED - 10, ISSUED + 340);
            }))
            .silent(with(&at(ISSUED + 50, ISSUED), |e| {
                e.client_assertion = assertion(ISSUED - 900, ISSUED - 600);
            })),
        case("VST-TIME-EXPIRES-IN")
            .shows(text.clone())
            .silent(with(&text, |e| e.counts.refreshes = 1))
            .silent(with(&text, |e| {
                e.token_response.as_mut().unwrap().expires_in = Some(json!(3599));
            }))
            .says("is text"),
        case("VST-TIME-REFRESH-RACE")
            .shows(race.clone())
            .silent(with(&race, |e| e.counts.parallel_refreshes = 1)),
    ]
}

#[test]
fn a_clock_a_little_off_is_a_warning_and_far_off_an_error() {
    let severity = |ahead| crate::diagnose(&at(ISSUED + ahead, ISSUED))[0].severity;
    assert_eq!(severity(90), crate::Severity::Warning);
    assert_eq!(severity(120), crate::Severity::Error);
    assert_eq!(severity(-3600), crate::Severity::Error);
}

/// An hour over is no clock.
#[test]
fn a_clock_is_blamed_only_where_it_may_be_one() {
    let names = |minutes: i64| {
        let found = crate::diagnose(&Evidence::of_text(&format!(
            "IDX10223: ValidTo (UTC): '11/20/2026 7:00:00 AM', Current time (UTC): '11/20/2026 7:{minutes:02}:00 AM'."
        )));
        let names = found[0].change.iter().map(|change| change.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(59), ["token cache"]);
    assert_eq!(names(6), ["token cache", "NTP"]);
}
