mod back_channel;
mod claims;
mod events;
mod findings;
mod form_post;
mod front_channel;
mod gone_providers;
mod hosts;
mod kept_post;
mod lost;
mod me;
mod model;
mod nameless;
mod persistent;
mod redirect_actions;
mod signed_out;

use std::time::Duration;

use serde_json::json;
use url::Url;

use super::rig::{Ask, Browser, ORIGIN, Rig, get, post};
use crate::provider::fake::{ISSUER, TestKey, plan};

fn query(address: &str) -> std::collections::HashMap<String, String> {
    Url::parse(address)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

fn same_origin(ask: Ask) -> Ask {
    ask.with("Sec-Fetch-Site", "same-origin")
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_leads_back_to_the_page_that_was_asked_for() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app/page?a=1&b=%26").await;
    assert!(
        start
            .location()
            .starts_with(&format!("{ISSUER}/authorize?"))
    );
    assert_eq!(browser.pending(), 1);
    let callback = rig.at_provider(&start);
    let done = browser.go(&rig, &callback).await;
    assert_eq!(done.location(), "/app/page?a=1&b=%26");
    assert_eq!(browser.pending(), 0, "a pending sign-in is used once");
    let page = browser.go(&rig, "/app/page").await;
    assert_eq!((page.status, page.body.as_str()), (200, "access-token-1"));
}

#[tokio::test(start_paused = true)]
async fn cve_2024_39315_who_am_i_says_who_and_never_a_token() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let nobody = browser.go(&rig, "/.vestibule/me").await;
    assert_eq!(nobody.json(), json!({ "signed_in": false }));
    browser.sign_in(&rig, "/app").await;
    let handle = browser.session().unwrap().clone();
    let before = rig.log().len();
    let me = browser.go(&rig, "/.vestibule/me").await;
    let said = me.json();
    assert_eq!(said["signed_in"], true);
    assert_eq!(said["subject"], "ann");
    assert_eq!(said["issuer"], ISSUER);
    assert_eq!(said["expires_at"], rig.now().as_secs() + 7200);
    // The rig looks for tokens in every answer; the cookie and the ID token are left to look for.
    assert!(!me.body.contains("eyJ") && !me.body.contains(&handle));
    assert!(
        !rig.log()[before..].contains(&"touch".to_owned()),
        "asking keeps no session alive"
    );
}

/// CVE-2024-21492, CVE-2025-64101 and GHSA-93m4, and lua-resty-openidc before 1.8: the host of an address
/// we give out came from a forwarding header, and so did the account behind it.
#[tokio::test(start_paused = true)]
async fn cve_2024_21492_the_redirect_uri_comes_from_the_configuration() {
    let rig = Rig::new();
    let ask = get("/app")
        .navigating()
        .with("X-Forwarded-Host", "evil.example.com")
        .with("X-Forwarded-Proto", "http")
        .with("Forwarded", "host=evil.example.com;proto=http");
    let start = Browser::default().send(&rig, ask).await;
    assert_eq!(
        query(start.location())["redirect_uri"],
        format!("{ORIGIN}/.vestibule/callback")
    );
}

/// Envoy #24097: cookies that scripts could read. The rig holds every `Set-Cookie` of every test to
/// this; here are the lines themselves.
#[tokio::test(start_paused = true)]
async fn envoy_24097_every_cookie_is_out_of_reach_of_scripts_and_plain_http() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    let callback = rig.at_provider(&start);
    let done = browser.go(&rig, &callback).await;
    let out = browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    let lines: Vec<&str> = [&start, &done, &out]
        .into_iter()
        .flat_map(|reply| reply.set_cookies())
        .collect();
    assert_eq!(lines.len(), 6, "{lines:?}");
    for line in lines {
        let (cookie, attributes) = line.split_once("; ").unwrap();
        assert!(cookie.starts_with("__Host-"), "{line}");
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(
                attributes.split("; ").any(|one| one == attribute),
                "{attribute}: {line}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_sign_in_has_its_own_state_nonce_and_verifier() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let first = query(browser.go(&rig, "/app").await.location());
    let second = query(browser.go(&rig, "/app").await.location());
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(first[name], second[name], "{name}");
        assert_eq!(first[name].len(), 43, "{name}");
    }
    assert_eq!(first["response_type"], "code");
    assert_eq!(first["scope"], "openid offline_access");
}

/// draft-ietf-oauth-security-topics-update-02: a person's browser finished a sign-in that somebody else began.
#[tokio::test(start_paused = true)]
async fn oauth_security_topics_an_answer_is_taken_only_by_the_browser_that_asked() {
    let rig = Rig::new();
    let mut attacker = Browser::default();
    let callback = rig.at_provider(&attacker.go(&rig, "/app").await);
    let mut victim = Browser::default();
    let refused = victim.go(&rig, &callback).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("sign_in_not_started_here"));
    assert!(
        refused.body.contains("/.vestibule/sign-in"),
        "the page offers to start again"
    );
    assert!(victim.session().is_none());
    assert_eq!(rig.grants().redeemed, 0, "no token request was made");
}

#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_12_a_duplicated_parameter_is_refused_and_other_sign_ins_live() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app").await);
    for bad in [
        format!("{callback}&state=x"),
        format!("{callback}&code=x"),
        format!("{callback}&iss=x"),
        format!("{callback}&error=access_denied"),
        "/.vestibule/callback?state=x".to_owned(),
        "/.vestibule/callback?code=%zz&state=x".to_owned(),
        "/.vestibule/callback?code=abc".to_owned(),
        format!("/.vestibule/callback?code=abc&state={}", "x".repeat(600)),
        format!("/.vestibule/callback?code={}&state=x", "x".repeat(3000)),
    ] {
        let refused = browser.go(&rig, &bad).await;
        assert_eq!(refused.status, 400, "{bad}: {}", refused.body);
        assert!(refused.body.contains("Incident"), "{bad}");
    }
    assert_eq!(rig.grants().redeemed, 0);
    assert_eq!(browser.go(&rig, &callback).await.location(), "/app");
}

#[tokio::test(start_paused = true)]
async fn the_callback_opened_without_parameters_leads_to_the_start_page() {
    let rig = Rig::new();
    for target in [
        "/.vestibule/callback",
        "/.vestibule/callback?",
        "/.vestibule/callback?utm=x",
    ] {
        assert_eq!(
            Browser::default().go(&rig, target).await.location(),
            "/app/",
            "{target}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2025_3891_and_cve_2026_49443_an_empty_post_is_a_clean_refusal_everywhere() {
    let mut form_post = plan("main");
    form_post.response_mode = vestibule_oidc::authorization::ResponseMode::FormPost;
    for rig in [Rig::new(), Rig::with(vec![form_post])] {
        for target in [
            "callback",
            "sign-in",
            "sign-out",
            "signed-out",
            "me",
            "nothing",
            "callback/main",
        ] {
            let reply = rig.send(post(&format!("/.vestibule/{target}"))).await;
            assert!(
                (400..500).contains(&reply.status),
                "{target}: {}",
                reply.status
            );
            let typed = post(&format!("/.vestibule/{target}"))
                .with("Content-Type", "application/x-www-form-urlencoded");
            let reply = rig.send(typed).await;
            assert!(
                (400..500).contains(&reply.status),
                "{target}: {}",
                reply.status
            );
        }
        let reply = rig.send(post("/app")).await;
        assert_eq!(reply.status, 401);
        assert_eq!(rig.grants().redeemed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2025_31492_a_refusal_is_ours_alone_and_says_so_to_programs() {
    let rig = Rig::new();
    let reply = rig
        .send(post("/app/x").with("Origin", "https://spa.example.com"))
        .await;
    assert_eq!(reply.status, 401);
    let said = reply.json();
    assert_eq!(said["error"], "no_session");
    assert_eq!(said["sign_in"], "/.vestibule/sign-in");
    assert!(said["incident"].is_string() && said["message"].is_string());
    assert_eq!(said.as_object().unwrap().len(), 4, "nothing else is in it");
    assert!(
        reply
            .field("www-authenticate")
            .unwrap()
            .contains("no_session")
    );
}

#[tokio::test(start_paused = true)]
async fn cve_2026_33525_what_the_provider_says_is_text_on_our_page() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let start = query(browser.go(&rig, "/app").await.location());
    let evil = "%3Cscript%3Ealert(1)%3C/script%3E";
    let answer = format!(
        "/.vestibule/callback?error=access_denied&error_description={evil}&state={}&iss={ISSUER}",
        start["state"]
    );
    let page = browser.go(&rig, &answer).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("sign_in_cancelled"));
    assert!(page.body.contains("&lt;script&gt;") && !page.body.contains("<script"));
    assert!(
        page.field("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert!(page.field("location").is_none(), "no automatic retry");
    assert_eq!(browser.pending(), 0, "a refused sign-in is over");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_used_once_even_by_who_kept_the_cookie() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app").await);
    let mut copy = browser.clone();
    browser.go(&rig, &callback).await;
    let refused = copy.go(&rig, &callback).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("callback_used_before"));
    assert_eq!(rig.grants().redeemed, 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_issuer_or_of_none_is_refused() {
    for iss in ["&iss=https://evil.example.com", "", "&iss="] {
        let rig = Rig::new();
        let mut browser = Browser::default();
        let callback = rig.at_provider(&browser.go(&rig, "/app").await);
        let answer = callback.replace(&format!("&iss={ISSUER}"), iss);
        let refused = browser.go(&rig, &answer).await;
        assert!(refused.status >= 400, "{iss}");
        assert!(
            refused.body.contains("callback_issuer_"),
            "{iss}: {}",
            refused.body
        );
        assert_eq!(rig.grants().redeemed, 0, "{iss}");
    }
}

#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_the_session_is_new_at_every_sign_in_and_the_old_one_dead() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let old = browser.clone();
    let again = browser.go(&rig, "/.vestibule/sign-in?return_to=/app").await;
    browser.go(&rig, &rig.at_provider(&again)).await;
    assert_ne!(browser.session(), old.session());
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    let mut old = old;
    assert_eq!(
        old.go(&rig, "/app").await.status,
        303,
        "the old handle is nobody"
    );
}

/// CVE-2026-34454: a sign-in page that left an existing session usable for the next person. Here the
/// session of before lives until the new sign-in succeeds, and not a moment longer.
#[tokio::test(start_paused = true)]
async fn cve_2026_34454_a_live_session_is_replaced_when_the_new_sign_in_succeeds() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let before = browser.clone();
    let start = browser
        .go(&rig, "/.vestibule/sign-in?prompt=select_account")
        .await;
    assert_eq!(query(start.location())["prompt"], "login");
    assert_eq!(
        browser.go(&rig, "/app").await.status,
        200,
        "not signed out by starting"
    );
    rig.grants().subject = "bob".to_owned();
    let callback = rig.at_provider(&start);
    browser.go(&rig, &callback).await;
    assert_eq!(
        browser.go(&rig, "/.vestibule/me").await.json()["subject"],
        "bob"
    );
    let mut before = before;
    assert_eq!(
        before.go(&rig, "/.vestibule/me").await.json()["signed_in"],
        false
    );
}

/// A provider that does not know a `prompt` refuses the whole sign-in.
#[tokio::test(start_paused = true)]
async fn another_account_is_asked_for_in_words_the_provider_knows() {
    for (listed, sent) in [
        (json!(null), Some("login")),
        (json!(["none", "login", "consent"]), Some("login")),
        (json!(["login", "select_account"]), Some("select_account")),
        (json!(["none", "consent"]), None),
    ] {
        let rig = Rig::new();
        rig.fake
            .knobs()
            .metadata
            .insert("prompt_values_supported", listed.clone());
        let start = Browser::default()
            .go(&rig, "/.vestibule/sign-in?prompt=select_account")
            .await;
        let query = query(start.location());
        assert_eq!(query.get("prompt").map(String::as_str), sent, "{listed}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_tabs_sign_in_at_once_and_an_evicted_one_falls_back_to_the_session() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let mut callbacks = Vec::new();
    for tab in 0..7 {
        let start = browser.go(&rig, &format!("/app/{tab}")).await;
        callbacks.push(rig.at_provider(&start));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(browser.pending(), 5);
    for (tab, callback) in callbacks.iter().enumerate().rev().take(5) {
        assert_eq!(
            browser.go(&rig, callback).await.location(),
            format!("/app/{tab}")
        );
    }
    for callback in callbacks.iter().take(2) {
        assert_eq!(browser.go(&rig, callback).await.location(), "/app/");
    }
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

/// GHSA-qqxw, GHSA-j7px and GHSA-5m6c; RUSTSEC-2022-0072: a path that begins with two slashes is a host
/// to a browser.
#[tokio::test(start_paused = true)]
async fn ghsa_qqxw_no_target_leads_to_another_site() {
    let rig = Rig::new();
    for payload in [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "/%5cevil.com",
        "/%09/evil.example.com",
        "/%2f%2fevil.example.com",
        "\\\\evil.example.com",
        "/./\\evil.com",
        "/..//evil.example.com",
        "javascript:alert(1)",
        "/\t/evil.example.com",
        "evil.example.com",
        "https:evil.example.com",
        "///evil.example.com",
        "/%0d%0aLocation:x",
        "@evil.example.com",
        "https://portal.example.com@evil.example.com/",
        "https://portal.example.com.evil.com/",
        "/.vestibule/sign-in",
        "http://portal.example.com/",
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        for parameter in ["return_to", "target_link_uri"] {
            let address = format!("/.vestibule/sign-in?{parameter}={encoded}");
            let reply = Browser::default().go(&rig, &address).await;
            assert_eq!(reply.status, 400, "{parameter} {payload}");
            assert!(
                reply.body.contains("return_to_refused"),
                "{parameter} {payload}"
            );
        }
    }
    let own = format!("/.vestibule/sign-in?target_link_uri={ORIGIN}/app?x=1");
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, &own).await);
    assert_eq!(browser.go(&rig, &callback).await.location(), "/app?x=1");
}

#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_05_22_an_issuer_that_is_none_of_ours_is_refused() {
    let rig = Rig::new();
    for iss in [
        "",
        "/",
        "%00",
        "https://idp.example.co",
        "https://idp.example.com/",
        "x",
    ] {
        let reply = Browser::default()
            .go(&rig, &format!("/.vestibule/sign-in?iss={iss}"))
            .await;
        assert_eq!(reply.status, 400, "{iss}");
        assert!(reply.body.contains("sign_in_unknown_issuer"), "{iss}");
    }
}

#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_11_another_site_can_neither_add_parameters_nor_start_unasked() {
    let rig = Rig::new();
    let extra = "scope=evil&acr_values=evil&login_hint=evil&claims=evil&redirect_uri=evil";
    let start = Browser::default()
        .go(&rig, &format!("/.vestibule/sign-in?{extra}"))
        .await;
    assert!(!start.location().contains("evil"), "{}", start.location());
    let from_elsewhere = get("/.vestibule/sign-in")
        .navigating()
        .with("Sec-Fetch-Site", "cross-site");
    let by_issuer = get(&format!("/.vestibule/sign-in?iss={ISSUER}")).navigating();
    for ask in [from_elsewhere, by_issuer] {
        let reply = rig.send(ask).await;
        assert_eq!(reply.status, 200, "the person is asked");
        assert!(reply.body.contains("/.vestibule/sign-in?provider=main"));
    }
    for prompt in ["none", "login", "consent", "select_account%20consent"] {
        let reply = Browser::default()
            .go(&rig, &format!("/.vestibule/sign-in?prompt={prompt}"))
            .await;
        assert_eq!(reply.status, 400, "{prompt}");
    }
}

#[tokio::test(start_paused = true)]
async fn envoy_38919_a_browser_that_keeps_no_session_gets_a_page_and_not_an_endless_redirect() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let mut rounds = 0;
    let page = loop {
        let start = browser.go(&rig, "/app").await;
        if start.status != 303 {
            break start;
        }
        let callback = rig.at_provider(&start);
        browser.go(&rig, &callback).await;
        browser.jar.remove("__Host-vestibule");
        rounds += 1;
        assert!(rounds < 10);
        tokio::time::advance(Duration::from_secs(1)).await;
    };
    assert_eq!((rounds, page.status), (5, 500));
    assert!(page.body.contains("sign_in_loop"));
    assert_eq!(
        browser.go(&rig, "/app").await.status,
        303,
        "the next attempt counts from nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_rolled_over_just_before_the_sign_in_are_found() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let signing = rig.fake.knobs().keys[0].clone();
    rig.fake.knobs().keys = vec![TestKey::new("old")];
    // What is held are keys of before the roll-over.
    browser.go(&rig, "/app").await;
    rig.fake.knobs().keys = vec![TestKey::new("old"), signing];
    let before = rig.fake.count("/keys");
    assert_eq!(browser.sign_in(&rig, "/app").await.location(), "/app");
    assert_eq!(rig.fake.count("/keys") - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_gives_a_page_at_once_and_sign_in_works_again_soon() {
    let rig = Rig::new();
    rig.fake.knobs().down = true;
    let mut browser = Browser::default();
    let page = browser.go(&rig, "/app/x").await;
    assert_eq!(page.status, 503);
    assert_eq!(page.field("retry-after"), Some("5"));
    assert!(page.body.contains("provider_unavailable") && page.body.contains("/app/x"));
    assert_eq!(browser.pending(), 0);
    rig.fake.knobs().down = false;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(browser.sign_in(&rig, "/app/x").await.location(), "/app/x");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_sent_to_a_provider_that_went_away_after_it_was_known() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
    rig.fake.knobs().down = true;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let page = browser.go(&rig, "/app").await;
    assert_eq!(page.status, 503);
    assert!(page.field("retry-after").is_some());
    rig.fake.knobs().down = false;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn an_id_token_of_another_sign_in_makes_no_session() {
    for (claim, value) in [
        ("nonce", json!("another")),
        ("aud", json!("another")),
        ("iss", json!("https://evil.example.com")),
        ("exp", json!(1)),
        ("sub", json!("")),
    ] {
        let rig = Rig::new();
        rig.grants().claims.insert(claim, value);
        let mut browser = Browser::default();
        let page = browser.sign_in(&rig, "/app").await;
        assert!(page.status >= 400, "{claim}");
        assert!(
            browser.session().is_none() && browser.pending() == 0,
            "{claim}"
        );
        assert!(!rig.log().contains(&"insert".to_owned()), "{claim}");
        assert!(
            page.body.contains("return_to=%2Fapp"),
            "the target is not lost: {}",
            page.body
        );
    }
}

#[tokio::test(start_paused = true)]
async fn user_info_nobody_insists_on_costs_its_claims_and_not_the_sign_in() {
    for (use_of_it, signed_in) in [
        (crate::provider::UserInfoUse::WhenAdvertised, true),
        (crate::provider::UserInfoUse::Always, false),
    ] {
        let mut settings = plan("main");
        settings.user_info = use_of_it;
        let rig = Rig::with(vec![settings]);
        // The fake has no claims for anybody: its endpoint answers with an error.
        rig.fake.knobs().user_info = None;
        let mut browser = Browser::default();
        let page = browser.go(&rig, "/app").await;
        let callback = rig.at_provider(&page);
        browser.go(&rig, &callback).await;
        let me = browser.go(&rig, "/.vestibule/me").await.json();
        assert_eq!(me["signed_in"], signed_in, "{use_of_it:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn user_info_about_somebody_else_makes_no_session() {
    let mut with_user_info = plan("main");
    with_user_info.user_info = crate::provider::UserInfoUse::Always;
    let rig = Rig::with(vec![with_user_info]);
    rig.fake.knobs().user_info = Some(json!({ "sub": "bob" }));
    let mut browser = Browser::default();
    let page = browser.sign_in(&rig, "/app").await;
    assert_eq!(page.status, 502);
    assert!(browser.session().is_none());
    rig.fake.knobs().user_info = Some(json!({ "sub": "ann", "groups": ["members"] }));
    browser.sign_in(&rig, "/app").await;
    assert_eq!(browser.go(&rig, "/members").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_ends_no_session_and_deletes_no_session_cookie() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let handle = browser.session().cloned();
    rig.store.set_down(true);
    for target in ["/app", "/.vestibule/me"] {
        let reply = browser.go(&rig, target).await;
        assert_eq!(reply.status, 503, "{target}");
        assert!(reply.field("retry-after").is_some(), "{target}");
        assert!(reply.set_cookies().is_empty(), "{target}");
    }
    let start = browser.go(&rig, "/.vestibule/sign-in").await;
    let callback = rig.at_provider(&start);
    assert_eq!(browser.go(&rig, &callback).await.status, 503);
    assert_eq!(browser.session().cloned(), handle);
    rig.store.set_down(false);
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn sign_out_ends_the_session_here_and_leads_to_the_provider() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let asked = browser.go(&rig, "/.vestibule/sign-out").await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.contains("method=\"post\"") && asked.body.contains("&lt;b&gt;Example"));
    assert!(browser.session().is_some(), "a link signs nobody out");
    let mut copy = browser.clone();
    let done = browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    let address = query(done.location());
    assert!(done.location().starts_with(&format!("{ISSUER}/logout?")));
    assert!(address["id_token_hint"].starts_with("eyJ"));
    assert_eq!(
        address["post_logout_redirect_uri"],
        format!("{ORIGIN}/.vestibule/signed-out")
    );
    assert_eq!(browser.session(), None);
    assert_eq!(
        copy.go(&rig, "/app").await.status,
        303,
        "the old cookie is nobody"
    );
    let page = browser.go(&rig, "/.vestibule/signed-out").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("signed out"));
}

#[tokio::test(start_paused = true)]
async fn another_site_cannot_sign_anybody_out() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    for ask in [
        post("/.vestibule/sign-out").with("Sec-Fetch-Site", "cross-site"),
        post("/.vestibule/sign-out")
            .with("Sec-Fetch-Site", "same-site")
            .with("Origin", ORIGIN),
        post("/.vestibule/sign-out").with("Origin", "https://evil.example.com"),
        post("/.vestibule/sign-out").with("Origin", "null"),
        post("/.vestibule/sign-out"),
    ] {
        assert_eq!(browser.send(&rig, ask).await.status, 403);
        assert_eq!(browser.go(&rig, "/app").await.status, 200);
    }
    let ask = post("/.vestibule/sign-out").with("Origin", ORIGIN);
    assert_eq!(browser.send(&rig, ask).await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn sign_out_takes_the_cookie_even_when_store_and_provider_are_down() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    rig.store.set_down(true);
    rig.fake.knobs().down = true;
    let done = browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    assert_eq!(done.status, 303);
    assert_eq!(browser.session(), None);
}

#[tokio::test(start_paused = true)]
async fn entra_is_told_who_signs_out_by_logout_hint() {
    let mut entra = plan("main");
    entra.issuer = vestibule_oidc::issuer::IssuerRule::new(
        ISSUER,
        vestibule_oidc::issuer::ProviderKind::Entra,
        Vec::new(),
    );
    let rig = Rig::with(vec![entra]);
    rig.grants()
        .claims
        .insert("login_hint", json!("opaque-hint"));
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let done = browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    let address = query(done.location());
    assert_eq!(address["logout_hint"], "opaque-hint");
    assert!(!address.contains_key("id_token_hint"));
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_another_account_gets_the_picker_of_the_provider_they_choose() {
    let rig = Rig::with(vec![plan("one"), plan("two")]);
    let mut browser = Browser::default();
    let target = "/.vestibule/sign-in?prompt=select_account&return_to=%2Fapp";
    let page = browser.go(&rig, target).await;
    let link = "/.vestibule/sign-in?provider=two&amp;prompt=select_account&amp;return_to=%2Fapp";
    assert!(page.body.contains(link), "{}", page.body);
    let page = browser.go(&rig, &link.replace("&amp;", "&")).await;
    assert!(page.location().starts_with(ISSUER));
    assert_eq!(query(page.location())["prompt"], "login");
}

#[tokio::test(start_paused = true)]
async fn somebody_signed_in_and_not_allowed_may_sign_in_as_someone_else() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let page = browser.sign_in(&rig, "/members/x").await;
    assert_eq!(page.location(), "/members/x");
    let page = browser.go(&rig, "/members/x").await;
    assert_eq!(page.status, 403);
    assert!(
        page.body
            .contains("prompt=select_account&amp;return_to=%2Fmembers%2Fx"),
        "{}",
        page.body
    );
    let program = browser
        .send(&rig, get("/members/x").with("Sec-Fetch-Mode", "cors"))
        .await;
    assert_eq!(program.status, 403);
    assert!(program.json()["error"].is_string());
}

/// draft-ietf-oauth-security-topics-update-02: one provider's answer was taken for another's.
#[tokio::test(start_paused = true)]
async fn oauth_security_topics_an_answer_at_another_providers_callback_is_refused() {
    let rig = Rig::with(vec![plan("one"), plan("two")]);
    let mut browser = Browser::default();
    let choice = browser.go(&rig, "/app/x").await;
    assert_eq!(
        choice.location(),
        "/.vestibule/sign-in?return_to=%2Fapp%2Fx"
    );
    let choice = browser
        .go(&rig, "/.vestibule/sign-in?return_to=%2Fapp%2Fx")
        .await;
    assert_eq!(choice.status, 200);
    for name in ["one", "two"] {
        let link = format!("/.vestibule/sign-in?provider={name}&amp;return_to=%2Fapp%2Fx");
        assert!(choice.body.contains(&link), "{}", choice.body);
    }
    let start = browser
        .go(
            &rig,
            "/.vestibule/sign-in?provider=one&return_to=%2Fapp%2Fx",
        )
        .await;
    let callback = rig.at_provider(&start);
    assert!(callback.starts_with("/.vestibule/callback/one?"));
    let elsewhere = callback.replace("/one?", "/two?");
    let mut copy = browser.clone();
    let refused = copy.go(&rig, &elsewhere).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("callback_of_other_provider"));
    assert_eq!(rig.grants().redeemed, 0);
    assert_eq!(browser.go(&rig, &callback).await.location(), "/app/x");
    assert_eq!(browser.go(&rig, "/.vestibule/callback").await.status, 404);
    assert_eq!(
        browser.go(&rig, "/.vestibule/callback/three").await.status,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_posted_as_a_form_is_taken_where_that_is_configured() {
    let mut form_post = plan("main");
    form_post.response_mode = vestibule_oidc::authorization::ResponseMode::FormPost;
    let rig = Rig::with(vec![form_post]);
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    assert_eq!(query(start.location())["response_mode"], "form_post");
    let pending = start
        .set_cookies()
        .into_iter()
        .find(|line| line.contains("-signin-"))
        .unwrap();
    assert!(pending.contains("SameSite=None"), "{pending}");
    let callback = rig.at_provider(&start);
    let form = callback.split_once('?').unwrap().1;
    let json = post("/.vestibule/callback")
        .with("Content-Type", "application/json")
        .body(form);
    assert_eq!(browser.send(&rig, json).await.status, 400);
    let huge = "x".repeat(20_000);
    let form_of = |body: &str| {
        post("/.vestibule/callback")
            .with(
                "Content-Type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .body(body)
    };
    assert_eq!(browser.send(&rig, form_of(&huge)).await.status, 400);
    let done = browser.send(&rig, form_of(form)).await;
    assert_eq!(done.location(), "/app");
    let session = done
        .set_cookies()
        .into_iter()
        .find(|line| line.starts_with("__Host-vestibule="))
        .unwrap();
    assert!(session.contains("SameSite=Lax"), "{session}");
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_took_too_long_offers_to_start_again_towards_the_same_site() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    let callback = rig.at_provider(&browser.go(&rig, "/app").await);
    tokio::time::sleep(Duration::from_secs(601)).await;
    let page = browser.go(&rig, &callback).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("sign_in_took_too_long"));
    assert!(page.body.contains("Start again"));
    assert_eq!(browser.pending(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_request_gets_the_head_of_the_page_alone() {
    let rig = Rig::new();
    let page = get("/.vestibule/signed-out").navigating();
    let whole = rig.send(page.clone()).await;
    let head = rig.send(page.method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.field("content-type"), whole.field("content-type"));
}
