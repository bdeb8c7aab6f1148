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
