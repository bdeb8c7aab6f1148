//! Signing out at the provider.

use reqwest::header::COOKIE;

use crate::bench::{Answer, Bench, STRICT_REDIRECT, TENANT, authorize, claims, encoded};

async fn logout(bench: &Bench, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let url = bench.url(&format!("/{TENANT}/oauth2/v2.0/logout?{}", encoded(fields)));
    bench.send(bench.http.get(url).header(COOKIE, cookie)).await
}

async fn is_signed_in(bench: &Bench, cookie: &str) -> bool {
    let answer = bench.authorize_with(cookie, &[("prompt", "none")]).await;
    answer.sent_back().contains_key("code")
}

#[tokio::test]
async fn a_logout_hint_spares_the_question_and_leads_back() {
    let bench = Bench::start().await;
    let signed_in = bench.sign_in("ada", &[]).await;
    let cookie = signed_in.cookie();
    let code = signed_in.sent_back()["code"].clone();
    let fields = crate::bench::redemption(&code, &[]);
    let tokens = bench
        .post(&crate::bench::token_path(TENANT), &fields)
        .await
        .json();
    let hint = claims(&tokens["id_token"])["login_hint"]
        .as_str()
        .unwrap()
        .to_owned();
    let back = "http://localhost:4711/signed-out";
    let fields = [
        ("logout_hint", hint.as_str()),
        ("post_logout_redirect_uri", back),
        ("state", "s"),
    ];
    let answer = logout(&bench, &cookie, &fields).await;
    assert_eq!(
        answer.headers["location"],
        "http://localhost:4711/signed-out?state=s"
    );
    assert!(!is_signed_in(&bench, &cookie).await);
}

#[tokio::test]
async fn without_a_hint_a_page_asks_which_account() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("ada", &[]).await.cookie();
    let page = logout(
        &bench,
        &cookie,
        &[("post_logout_redirect_uri", STRICT_REDIRECT)],
    )
    .await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains(r#"name="account" value="ada""#),
        "{}",
        page.body
    );
    assert!(
        is_signed_in(&bench, &cookie).await,
        "asking is not signing out"
    );
    let url = bench.url(&format!(
        "/{TENANT}/oauth2/v2.0/logout?{}",
        encoded(&[("post_logout_redirect_uri", STRICT_REDIRECT)])
    ));
    let cross = bench
        .form(&url, &[("account", "ada")])
        .header("sec-fetch-site", "cross-site");
    assert_eq!(bench.send(cross.header(COOKIE, &cookie)).await.status, 200);
    assert!(
        is_signed_in(&bench, &cookie).await,
        "a form of another site is not heard"
    );
    let answer = bench
        .send(
            bench
                .form(&url, &[("account", "ada")])
                .header(COOKIE, &cookie),
        )
        .await;
    assert_eq!(answer.headers["location"], STRICT_REDIRECT);
    assert!(!is_signed_in(&bench, &cookie).await);
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_not_gone_to() {
    let bench = Bench::start().await;
    let answer = logout(
        &bench,
        "",
        &[("post_logout_redirect_uri", "https://evil.example/")],
    )
    .await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("You are signed out"));
    assert!(!answer.headers.contains_key("location"));
}

#[tokio::test]
async fn one_of_two_accounts_can_leave() {
    let bench = Bench::start().await;
    let first = bench.sign_in("ada", &[]).await.cookie();
    let url = bench.url(&authorize(&[("prompt", "login")]));
    let request = bench
        .form(&url, &[("account", "rafael")])
        .header(COOKIE, &first);
    let cookie = bench.send(request).await.cookie();
    logout(
        &bench,
        &cookie,
        &[("logout_hint", "rafael@contoso.localhost")],
    )
    .await;
    assert!(is_signed_in(&bench, &cookie).await, "ada is left alone");
}

/// An app that waits to be told.
async fn told_app() -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/bye", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        while !heard.contains("logout_token=") {
            let mut buffer = [0; 8192];
            let read = stream.read(&mut buffer).await.unwrap();
            heard.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        heard
    });
    (url, heard)
}

#[tokio::test]
async fn the_apps_are_told_that_somebody_signed_out() {
    let (url, heard) = told_app().await;
    let mut settings = vestibule_idp::IdpSettings::built_in();
    settings.apps[0].front_channel_logout_url = Some("http://localhost:4711/front?a=1".to_owned());
    settings.apps[0].back_channel_logout_url = Some(url);
    let bench = Bench::start_with(settings).await;
    let signed_in = bench.sign_in("ada", &[]).await;
    let cookie = signed_in.cookie();
    let code = signed_in.sent_back()["code"].clone();
    let fields = crate::bench::redemption(&code, &[]);
    let tokens = bench
        .post(&crate::bench::token_path(TENANT), &fields)
        .await
        .json();
    let id_token = claims(&tokens["id_token"]);
    let sid = id_token["sid"].as_str().unwrap();
    let back = "http://localhost:4711/signed-out";
    let fields = [
        ("logout_hint", id_token["login_hint"].as_str().unwrap()),
        ("post_logout_redirect_uri", back),
    ];
    let page = logout(&bench, &cookie, &fields).await;
    assert_eq!(page.status, 200);
    let frame = format!("http://localhost:4711/front?a=1&amp;sid={sid}");
    let body = page.body.replace("&#x2f;", "/");
    assert!(body.contains(&format!("<iframe src=\"{frame}\"")), "{body}");
    assert_eq!(page.headers["refresh"], format!("2; url={back}"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.ends_with("; frame-src http://localhost:4711"),
        "{policy}"
    );
    let heard = heard.await.unwrap();
    let (head, form) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /bye HTTP/1.1\r\n"), "{head}");
    let token = form.strip_prefix("logout_token=").unwrap();
    let told = claims(&token.into());
    for name in ["iss", "aud", "sub", "sid"] {
        assert_eq!(told[name], id_token[name], "{name}");
    }
    assert!(told.get("nonce").is_none() && told["jti"].is_string());
    assert!(told["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
}

#[tokio::test]
async fn a_revoked_refresh_token_and_all_of_its_sign_in_is_over() {
    let mut settings = vestibule_idp::IdpSettings::built_in();
    settings.tokens.revocation = true;
    let bench = Bench::start_with(settings).await;
    let tokens = bench
        .tokens("ada", &[("scope", "openid offline_access")])
        .await;
    let token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let (id, secret) = ("2b7e1f64-90ac-4d3e-8f15-6a0c9be4c11e", "local-demo-secret");
    let revoke = async |token: &str, secret: &str| {
        let fields = [
            ("token", token),
            ("client_id", id),
            ("client_secret", secret),
        ];
        let answer = bench.post("/beyond-entra/revoke", &fields).await;
        answer.status
    };
    assert_eq!(revoke(&token, "wrong").await, 401);
    assert_eq!(
        revoke(tokens["access_token"].as_str().unwrap(), secret).await,
        400
    );
    assert_eq!(revoke("unknown", secret).await, 200);
    assert_eq!(revoke(&token, secret).await, 200);
    assert_eq!(bench.refresh(&token, &[]).await.status, 400);
}
