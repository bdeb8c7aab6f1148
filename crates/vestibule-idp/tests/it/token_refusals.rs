//! What the token endpoint refuses, in which order, in which shape.

use vestibule_idp::{Fault, IdpSettings};

use crate::bench::{
    API, API_2, Bench, CLIENT, SECRET, STRICT_CLIENT, STRICT_SECRET, TENANT, redemption, token_path,
};

#[tokio::test]
async fn the_earlier_fault_is_the_one_that_is_named() {
    let bench = Bench::start().await;
    let challenge = "x".repeat(43);
    let changes = [
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "plain"),
    ];
    let code = bench.code("ada", &changes).await;
    let two = format!("{API}/read {API_2}/orders.read");
    let path = token_path(TENANT);

    // Each line repairs the fault that the line before was refused for; everything that is checked
    // later is wrong in all of them.
    let wrong = [
        ("client_id", "nobody"),
        ("client_secret", "wrong"),
        ("redirect_uri", "http://localhost:1/other"),
        ("code_verifier", "wrong"),
        ("scope", two.as_str()),
    ];
    let fields = redemption(&code, &wrong);
    let answer = bench.post(&token_path("nobody"), &fields).await;
    assert_eq!((answer.status, answer.number()), (400, 90002));

    let mut fields = wrong.to_vec();
    fields.push(("grant_type", ""));
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        900_144
    );
    fields.retain(|(name, _)| *name != "grant_type");
    fields.push(("grant_type", "password"));
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        70003
    );
    fields.retain(|(name, _)| *name != "grant_type");
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        700_016
    );
    fields.retain(|(name, _)| *name != "client_id");
    let other_path = token_path("common");
    assert_eq!(
        bench
            .post(&other_path, &redemption(&code, &fields))
            .await
            .number(),
        700_005
    );
    let answer = bench.post(&path, &redemption(&code, &fields)).await;
    assert_eq!((answer.status, answer.number()), (401, 7_000_215));
    assert_eq!(answer.json()["error"], "invalid_client");
    fields.retain(|(name, _)| *name != "client_secret");
    let with_origin = bench
        .form(&bench.url(&path), &redemption(&code, &fields))
        .header("origin", "http://localhost:1");
    assert_eq!(bench.send(with_origin).await.number(), 9_002_326);
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        500_112
    );
    fields.retain(|(name, _)| *name != "redirect_uri");
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        501_481
    );
    fields.retain(|(name, _)| *name != "code_verifier");
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        501_481
    );
    fields.push(("code_verifier", challenge.as_str()));
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        28000
    );
    fields.retain(|(name, _)| *name != "scope");
    assert_eq!(
        bench.post(&path, &redemption(&code, &fields)).await.status,
        200
    );
    assert_eq!(
        bench
            .post(&path, &redemption(&code, &fields))
            .await
            .number(),
        54005
    );
}

#[tokio::test]
async fn only_a_posted_form_is_read() {
    let bench = Bench::start().await;
    let path = token_path(TENANT);
    let answer = bench.get(&path).await;
    assert_eq!((answer.status, answer.number()), (400, 900_561));
    let json = bench
        .http
        .post(bench.url(&path))
        .header("content-type", "application/json")
        .body(r#"{"grant_type":"authorization_code"}"#);
    assert_eq!(bench.send(json).await.number(), 900_144);
    let in_query = format!("{path}?grant_type=authorization_code");
    assert_eq!(bench.post(&in_query, &[]).await.number(), 900_144);
    let twice = [
        ("grant_type", "refresh_token"),
        ("grant_type", "refresh_token"),
    ];
    assert_eq!(bench.post(&path, &twice).await.number(), 9_000_411);
}

#[tokio::test]
async fn every_byte_of_the_secret_counts_and_one_method_is_enough() {
    let mut settings = IdpSettings::built_in();
    settings.apps[1].secret_expired = true;
    let mut public = settings.apps[0].clone();
    public.name = "Public".to_owned();
    public.client_id = vestibule_idp::Guid::parse("11111111-1111-4111-8111-111111111111").unwrap();
    public.client_secret = None;
    settings.apps.push(public);
    let bench = Bench::start_with(settings).await;
    let path = token_path(TENANT);
    let with_newline = format!("{SECRET}\n");
    let quoted = format!("\"{SECRET}\"");
    for (number, client, secret) in [
        (7_000_215, CLIENT, with_newline.as_str()),
        (7_000_215, CLIENT, quoted.as_str()),
        (7_000_218, CLIENT, ""),
        (7_000_222, STRICT_CLIENT, STRICT_SECRET),
        (700_025, "11111111-1111-4111-8111-111111111111", SECRET),
    ] {
        let changes = [("client_id", client), ("client_secret", secret)];
        let answer = bench.post(&path, &redemption("x", &changes)).await;
        assert_eq!((answer.status, answer.number()), (401, number));
    }
    let both = bench
        .form(&bench.url(&path), &redemption("x", &[]))
        .basic_auth(CLIENT, Some(SECRET));
    assert_eq!(bench.send(both).await.number(), 7_000_110);
    let assertion = redemption("x", &[("client_secret", ""), ("client_assertion", "x.y.z")]);
    assert_eq!(bench.post(&path, &assertion).await.number(), 700_027);
}

#[tokio::test]
async fn codes_are_checked_for_being_ours_for_age_and_for_their_client() {
    let bench = Bench::start().await;
    let path = token_path(TENANT);
    assert_eq!(
        bench.post(&path, &redemption("x.y.z", &[])).await.number(),
        9_002_313
    );
    assert_eq!(
        bench.post(&path, &redemption("", &[])).await.number(),
        900_144
    );
    let code = bench.code("ada", &[]).await;
    let other = [
        ("client_id", STRICT_CLIENT),
        ("client_secret", STRICT_SECRET),
    ];
    assert_eq!(
        bench.post(&path, &redemption(&code, &other)).await.number(),
        70000
    );
    let without = redemption(&code, &[("redirect_uri", "")]);
    assert_eq!(bench.post(&path, &without).await.number(), 900_144);
    let unasked = redemption(&code, &[("code_verifier", "x")]);
    assert_eq!(bench.post(&path, &unasked).await.number(), 501_481);
    bench.idp.arm([Fault::ClockOffset { seconds: 601 }]);
    assert_eq!(
        bench.post(&path, &redemption(&code, &[])).await.number(),
        70008
    );
}

#[tokio::test]
async fn scopes_of_a_token_request_name_one_resource_that_exists() {
    let bench = Bench::start().await;
    let code = bench.code("ada", &[]).await;
    let path = token_path(TENANT);
    let form = |scope: &str| {
        let body = crate::bench::encoded(&redemption(&code, &[]));
        format!("{body}&scope={}", scope.replace(' ', "+"))
    };
    for (number, error, scope) in [
        (28003, "invalid_request", String::new()),
        (
            28000,
            "invalid_request",
            format!("{API}/read {API_2}/orders.read"),
        ),
        (
            500_011,
            "invalid_resource",
            "api://nobody/.default".to_owned(),
        ),
        (650_053, "invalid_client", "groups".to_owned()),
        (70011, "invalid_scope", format!("{API}/.default {API}/read")),
    ] {
        let request = bench
            .http
            .post(bench.url(&path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&scope));
        let answer = bench.send(request).await;
        assert_eq!(answer.number(), number, "{scope}");
        assert_eq!(answer.json()["error"], error, "{scope}");
    }
}

#[tokio::test]
async fn an_error_has_every_member_of_entras() {
    let bench = Bench::start().await;
    let body = bench.post(&token_path(TENANT), &[]).await.json();
    for member in [
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    ] {
        assert!(body.get(member).is_some(), "{member}");
    }
    assert!(
        body["error_uri"]
            .as_str()
            .unwrap()
            .ends_with("/error?code=900144")
    );
    assert_eq!(bench.get("/error?code=900144").await.status, 200);
}

#[tokio::test]
async fn a_redirect_uri_of_type_spa_is_for_browsers() {
    let mut settings = IdpSettings::built_in();
    settings.apps[0].spa_redirect_uris = vec!["http://localhost/spa".to_owned()];
    let bench = Bench::start_with(settings).await;
    let path = token_path(TENANT);
    let verifier = "y".repeat(43);
    let spa = "http://localhost:5/spa";
    let changes = [("redirect_uri", spa), ("code_challenge", verifier.as_str())];
    let code = bench.code("ada", &changes).await;
    let fields = redemption(
        &code,
        &[("redirect_uri", spa), ("code_verifier", &verifier)],
    );
    assert_eq!(bench.post(&path, &fields).await.number(), 9_002_327);

    let fields = redemption(
        &code,
        &[
            ("redirect_uri", spa),
            ("code_verifier", &verifier),
            ("client_secret", ""),
        ],
    );
    let request = bench
        .form(&bench.url(&path), &fields)
        .header("origin", "http://localhost:5");
    let answer = bench.send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "http://localhost:5"
    );

    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    bench.idp.arm([Fault::ClockOffset { seconds: 86_500 }]);
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", &refresh),
    ];
    let request = bench
        .form(&bench.url(&path), &fields)
        .header("origin", "http://localhost:5");
    assert_eq!(bench.send(request).await.number(), 700_084);

    let code = bench.code("ada", &[("redirect_uri", spa)]).await;
    let fields = redemption(&code, &[("redirect_uri", spa), ("client_secret", "")]);
    let request = bench
        .form(&bench.url(&path), &fields)
        .header("origin", "http://localhost:5");
    assert_eq!(bench.send(request).await.number(), 9_002_325);
}

#[tokio::test]
async fn client_credentials_give_a_token_without_scp_and_without_refresh() {
    let bench = Bench::start().await;
    let scope = format!("{API}/.default");
    let fields = |scope| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("scope", scope),
        ]
    };
    let tokens = bench
        .post(&token_path(TENANT), &fields(&scope))
        .await
        .json();
    let claims = crate::bench::claims(&tokens["access_token"]);
    assert_eq!(claims["aud"], API);
    assert!(claims.get("scp").is_none() && claims.get("roles").is_none());
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let named = format!("{API}/read");
    assert_eq!(
        bench
            .post(&token_path(TENANT), &fields(&named))
            .await
            .number(),
        1_002_012
    );
    assert_eq!(
        bench
            .post(&token_path("common"), &fields(&scope))
            .await
            .number(),
        9_001_023
    );
}
