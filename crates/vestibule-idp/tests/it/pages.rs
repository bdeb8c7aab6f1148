//! What holds for every page.

use crate::bench::{Answer, Bench, TENANT, authorize};

async fn every_page(bench: &Bench) -> Vec<(&'static str, Answer)> {
    let logout = format!("/{TENANT}/oauth2/v2.0/logout");
    let strict = [
        ("client_id", crate::bench::STRICT_CLIENT),
        ("redirect_uri", crate::bench::STRICT_REDIRECT),
    ];
    let cookie = bench.sign_in("ada", &[]).await.cookie();
    let sign_out = bench.http.get(bench.url(&logout)).header("cookie", cookie);
    vec![
        ("index", bench.get("/").await),
        ("about errors", bench.get("/error?code=50011").await),
        ("picker", bench.get(&authorize(&[])).await),
        ("consent", bench.sign_in("ada", &strict).await),
        ("refused", bench.get(&authorize(&[("client_id", "")])).await),
        (
            "form_post",
            bench
                .sign_in("ada", &[("response_mode", "form_post")])
                .await,
        ),
        ("sign out", bench.send(sign_out).await),
        ("signed out", bench.get(&logout).await),
    ]
}

#[tokio::test]
async fn every_page_says_what_it_is_and_can_be_neither_stored_nor_framed_nor_scripted() {
    let bench = Bench::start().await;
    for (name, page) in every_page(&bench).await {
        assert!(
            page.body.contains("for laptops and tests"),
            "{name}: {}",
            page.body
        );
        assert!(
            page.body.contains("<h1>") && page.body.contains("<html lang=\"en\">"),
            "{name}"
        );
        assert_eq!(
            page.headers["content-type"], "text/html; charset=utf-8",
            "{name}"
        );
        assert_eq!(page.headers["x-frame-options"], "DENY", "{name}");
        assert!(
            page.headers["cache-control"]
                .to_str()
                .unwrap()
                .contains("no-store"),
            "{name}"
        );
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{name}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{name}");
        assert!(!policy.contains("unsafe"), "{name}");
        if name != "form_post" {
            assert!(policy.contains("script-src 'none'"), "{name}");
            assert!(!page.body.contains("<script"), "{name}");
        }
        assert!(page.body.contains("prefers-color-scheme: dark"), "{name}");
    }
}

#[tokio::test]
async fn what_a_request_says_is_escaped() {
    let bench = Bench::start().await;
    let state = [("state", "\"><script>alert(1)</script>")];
    let page = bench.get(&authorize(&state)).await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let page = bench
        .sign_in("ada", &[state[0], ("response_mode", "form_post")])
        .await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let client = [("client_id", "<script>alert(1)</script>")];
    let page = bench.get(&authorize(&client)).await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
}
