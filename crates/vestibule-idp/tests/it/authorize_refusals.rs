//! What the authorization endpoint refuses, where it says so, and in which order.

use vestibule_idp::IdpSettings;

use crate::bench::{
    API, API_2, Bench, CLIENT, OTHER_TENANT, REDIRECT, STRICT_CLIENT, STRICT_REDIRECT, TENANT,
    authorize,
};

/// Changes to a good authorization request.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// Asserts an error page: no redirect, and the number on it.
#[track_caller]
fn is_page(answer: &crate::bench::Answer, number: u32) {
    assert_eq!(answer.status, 400, "{number}: {answer:?}");
    assert!(!answer.headers.contains_key("location"));
    assert!(
        answer.body.contains(&format!("AADSTS{number}</strong>")),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("Correlation ID"));
}

#[tokio::test]
async fn what_concerns_client_and_redirect_uri_stays_on_a_page() {
    let bench = Bench::start().await;
    for (number, changes) in [
        (90002, vec![("tenant", "nobody")]),
        (900_144, vec![("client_id", "")]),
        (
            700_016,
            vec![("client_id", "00000000-0000-4000-8000-000000000000")],
        ),
        (
            50194,
            vec![("client_id", STRICT_CLIENT), ("tenant", "common")],
        ),
        (
            50194,
            vec![("client_id", STRICT_CLIENT), ("tenant", "organizations")],
        ),
        (
            9_002_332,
            vec![("client_id", STRICT_CLIENT), ("tenant", "consumers")],
        ),
        (
            700_016,
            vec![("client_id", STRICT_CLIENT), ("tenant", OTHER_TENANT)],
        ),
        (
            50011,
            vec![
                ("client_id", STRICT_CLIENT),
                ("redirect_uri", "http://localhost:8080/other"),
            ],
        ),
        (50011, vec![("redirect_uri", "https://evil.example/cb")]),
        (
            50011,
            vec![("redirect_uri", "http://127.0.0.1:4711/callback")],
        ),
        (900_971, vec![("redirect_uri", "")]),
    ] {
        is_page(&bench.get(&authorize(&changes)).await, number);
    }
}

#[tokio::test]
async fn the_earlier_fault_is_the_one_that_is_named() {
    let bench = Bench::start().await;
    // Each line repairs the fault that the line before was refused for.
    let steps: [(u32, Changes<'_>); 5] = [
        (
            90002,
            &[
                ("tenant", "nobody"),
                ("client_id", ""),
                ("redirect_uri", "http://evil.example/"),
            ],
        ),
        (
            900_144,
            &[("client_id", ""), ("redirect_uri", "http://evil.example/")],
        ),
        (
            700_016,
            &[("client_id", "x"), ("redirect_uri", "http://evil.example/")],
        ),
        (
            50194,
            &[
                ("client_id", STRICT_CLIENT),
                ("tenant", "common"),
                ("redirect_uri", "http://evil.example/"),
            ],
        ),
        (
            50011,
            &[
                ("redirect_uri", "http://evil.example/"),
                ("response_type", "nonsense"),
            ],
        ),
    ];
    for (number, changes) in steps {
        is_page(&bench.get(&authorize(changes)).await, number);
    }
    // From here on the client is told; `prompt=none` is wrong in every one, and named last.
    let api_and_default = format!("{API}/.default User.Read");
    let short = "x".repeat(42);
    let long = "x".repeat(43);
    let steps: [(u32, &str, Changes<'_>); 8] = [
        (
            70005,
            "unsupported_response_type",
            &[
                ("response_type", "nonsense"),
                ("response_mode", "x"),
                ("scope", "groups"),
            ],
        ),
        (
            700_054,
            "unsupported_response_type",
            &[
                ("response_type", "code id_token"),
                ("response_mode", "query"),
                ("scope", "groups"),
            ],
        ),
        (
            70007,
            "invalid_request",
            &[("response_mode", "x"), ("scope", "groups")],
        ),
        (
            650_053,
            "invalid_client",
            &[("scope", "openid groups"), ("code_challenge", &short)],
        ),
        (
            70011,
            "invalid_scope",
            &[("scope", &api_and_default), ("code_challenge", &short)],
        ),
        (
            9_010_010,
            "invalid_target",
            &[("resource", API), ("code_challenge", &short)],
        ),
        (
            50147,
            "invalid_request",
            &[
                ("code_challenge", &short),
                ("code_challenge_method", "S256"),
            ],
        ),
        (
            50058,
            "login_required",
            &[("code_challenge", &long), ("code_challenge_method", "S256")],
        ),
    ];
    for (number, error, changes) in steps {
        let mut changes = changes.to_vec();
        changes.push(("prompt", "none"));
        let answer = bench.get(&authorize(&changes)).await;
        assert_eq!(answer.status, 302, "{number}: {answer:?}");
        assert!(answer.location().as_str().starts_with(REDIRECT));
        let sent = answer.sent_back();
        assert_eq!(sent["error"], error, "{number}");
        assert!(
            sent["error_description"].starts_with(&format!("AADSTS{number}: ")),
            "{sent:?}"
        );
        assert!(sent["error_description"].contains("\r\nTrace ID: "));
        assert_eq!(sent["state"], "the state");
    }
}

#[tokio::test]
async fn further_faults_of_the_request_reach_the_client() {
    let bench = Bench::start().await;
    let wrong_resource = format!("{API}/nothing");
    let ok = "x".repeat(43);
    for (number, changes) in [
        (900_144, vec![("response_type", "")]),
        (900_144, vec![("scope", "")]),
        (70005, vec![("response_type", "token")]),
        (500_011, vec![("scope", "openid api://nobody/.default")]),
        (650_053, vec![("scope", &wrong_resource)]),
        (
            501_491,
            vec![("code_challenge", &ok), ("code_challenge_method", "S512")],
        ),
        (900_144, vec![("code_challenge_method", "S256")]),
        (90023, vec![("prompt", "sometimes")]),
    ] {
        let sent = bench.get(&authorize(&changes)).await.sent_back();
        let start = format!("AADSTS{number}: ");
        assert!(
            sent["error_description"].starts_with(&start),
            "{number}: {sent:?}"
        );
    }
    let twice = format!("{}&scope=openid", authorize(&[]));
    let sent = bench.get(&twice).await.sent_back();
    assert!(
        sent["error_description"].starts_with("AADSTS9000411"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn several_resources_may_be_named_at_the_authorization_endpoint() {
    let bench = Bench::start().await;
    let scope = format!("openid {API}/read {API_2}/orders.read");
    assert!(
        bench
            .sign_in("ada", &[("scope", &scope)])
            .await
            .sent_back()
            .contains_key("code")
    );
}

#[tokio::test]
async fn an_id_token_from_here_needs_openid_and_a_nonce() {
    let mut settings = IdpSettings::built_in();
    settings.apps[0].id_tokens_from_authorize = true;
    let bench = Bench::start_with(settings).await;
    for (number, changes) in [
        (
            70011,
            vec![("response_type", "id_token"), ("scope", "profile")],
        ),
        (900_144, vec![("response_type", "id_token"), ("nonce", "")]),
        (
            70007,
            vec![("response_type", "id_token"), ("response_mode", "query")],
        ),
    ] {
        let location = bench.get(&authorize(&changes)).await.location();
        let fragment = location.fragment().unwrap();
        assert!(
            fragment.contains(&format!("AADSTS{number}")),
            "{number}: {fragment}"
        );
    }
}

#[tokio::test]
async fn accounts_that_may_not_sign_in_stay_on_a_page() {
    let mut settings = IdpSettings::built_in();
    settings.apps[0].assigned = Some(vec!["ada".to_owned()]);
    settings.people[3].disabled = true;
    let bench = Bench::start_with(settings).await;
    is_page(&bench.sign_in("mina", &[]).await, 50105);
    is_page(&bench.sign_in("rafael", &[]).await, 50057);
    is_page(
        &bench.sign_in("pia", &[("tenant", "organizations")]).await,
        50020,
    );
    is_page(
        &bench.sign_in("ada", &[("tenant", OTHER_TENANT)]).await,
        50020,
    );
    let cookie = bench.sign_in("mina", &[]).await.cookie();
    let answer = bench.authorize_with(&cookie, &[("prompt", "none")]).await;
    assert_eq!(answer.sent_back()["error"], "interaction_required");
    assert!(
        bench
            .sign_in("ada", &[])
            .await
            .sent_back()
            .contains_key("code")
    );
}

#[tokio::test]
async fn a_redirect_uri_left_out_is_the_registered_one() {
    let bench = Bench::start().await;
    let changes = [
        ("client_id", STRICT_CLIENT),
        ("redirect_uri", ""),
        ("prompt", "none"),
    ];
    let location = bench.get(&authorize(&changes)).await.location();
    assert!(location.as_str().starts_with(STRICT_REDIRECT));
    let page = bench
        .get(&authorize(&[("client_id", CLIENT), ("tenant", TENANT)]))
        .await;
    assert_eq!(page.status, 200);
}
