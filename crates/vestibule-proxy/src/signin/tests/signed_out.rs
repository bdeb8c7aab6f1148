//! What signing out takes along: the person's other sessions, the tokens at the provider.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::provider::call::CallError;

type Forms = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

/// A provider that revokes tokens, and what it was asked for.
fn revoking(rig: &Rig) -> Forms {
    let forms = Forms::default();
    let mut knobs = rig.fake.knobs();
    let endpoint = format!("{ISSUER}/revoke");
    knobs
        .metadata
        .insert("revocation_endpoint", json!(endpoint));
    let asked = Arc::clone(&forms);
    knobs.revoke = Box::new(move |form| {
        asked.lock().unwrap().push(form.clone());
        Ok((200, String::new()))
    });
    forms
}

fn kinds(forms: &Forms) -> Vec<String> {
    let forms = forms.lock().unwrap();
    forms
        .iter()
        .map(|form| form["token_type_hint"].clone())
        .collect()
}

async fn done(rig: &Rig) {
    assert!(
        rig.shared
            .revocations
            .all_done(Duration::from_secs(60))
            .await
    );
}

fn everywhere() -> Ask {
    same_origin(post("/.vestibule/sign-out"))
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body("everywhere=yes")
}

fn counts(rig: &Rig, line: &str) -> bool {
    rig.shared.telemetry.metrics.render().contains(line)
}

#[tokio::test(start_paused = true)]
async fn everywhere_ends_every_session_of_the_person_and_leads_to_the_provider() {
    let rig = Rig::new();
    let forms = revoking(&rig);
    let mut browsers: Vec<Browser> = vec![Browser::default(); 3];
    for browser in &mut browsers {
        browser.sign_in(&rig, "/app").await;
    }
    rig.grants().subject = "bob".to_owned();
    let mut bob = Browser::default();
    bob.sign_in(&rig, "/app").await;
    let page = browsers[0].go(&rig, "/.vestibule/sign-out").await;
    assert!(page.body.contains(r#"name="everywhere""#), "{}", page.body);
    let mut copy = browsers[0].clone();
    let out = browsers[0].send(&rig, everywhere()).await;
    assert!(out.location().starts_with(&format!("{ISSUER}/logout?")));
    assert_eq!(browsers[0].session(), None);
    browsers.push(std::mem::take(&mut copy));
    for browser in &mut browsers {
        assert_eq!(
            browser.go(&rig, "/app").await.status,
            303,
            "an old cookie is nobody"
        );
    }
    assert_eq!(bob.go(&rig, "/app").await.status, 200);
    done(&rig).await;
    assert_eq!(kinds(&forms).len(), 6, "three sessions, two tokens each");
}

#[tokio::test(start_paused = true)]
async fn another_site_cannot_sign_anybody_out_everywhere() {
    let rig = Rig::new();
    let (mut one, mut other) = (Browser::default(), Browser::default());
    one.sign_in(&rig, "/app").await;
    other.sign_in(&rig, "/app").await;
    let ask = post("/.vestibule/sign-out")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body("everywhere=yes");
    assert_eq!(one.send(&rig, ask).await.status, 403);
    one.send(
        &rig,
        same_origin(get("/.vestibule/sign-out?everywhere=yes")),
    )
    .await;
    assert_eq!(one.go(&rig, "/app").await.status, 200);
    assert_eq!(other.go(&rig, "/app").await.status, 200);
    // The plain button, or a form of something else, is about this browser alone.
    one.send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    assert_eq!(other.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn what_everywhere_could_not_keep_is_told() {
    let rig = Rig::new();
    let (mut one, mut other) = (Browser::default(), Browser::default());
    one.sign_in(&rig, "/app").await;
    other.sign_in(&rig, "/app").await;
    rig.store.fail_finds(true);
    let told = one.send(&rig, everywhere()).await;
    assert_eq!(told.status, 503);
    assert!(told.body.contains("sign_out_elsewhere"), "{}", told.body);
    assert_eq!(one.session(), None);
    rig.store.fail_finds(false);
    assert_eq!(other.go(&rig, "/app").await.status, 200);
}

/// Without the store it is not even known whose sessions are meant.
#[tokio::test(start_paused = true)]
async fn everywhere_without_the_store_is_told_not_to_have_been_kept() {
    let rig = Rig::new();
    let (mut one, mut other) = (Browser::default(), Browser::default());
    one.sign_in(&rig, "/app").await;
    other.sign_in(&rig, "/app").await;
    rig.store.set_down(true);
    let told = one.send(&rig, everywhere()).await;
    assert_eq!(told.status, 503);
    assert!(told.body.contains("sign_out_elsewhere"), "{}", told.body);
    assert_eq!(one.session(), None);
    rig.store.set_down(false);
    assert_eq!(other.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn signing_out_revokes_the_refresh_token_and_the_access_tokens() {
    let rig = Rig::new();
    let forms = revoking(&rig);
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    done(&rig).await;
    assert_eq!(kinds(&forms), ["refresh_token", "access_token"]);
    let forms = forms.lock().unwrap();
    assert_eq!(forms[0]["token"], "refresh-token-1");
    assert_eq!(forms[1]["token"], "access-token-1");
    // As at the token endpoint.
    assert!(!forms[0].contains_key("client_secret"));
    let authorization = rig.fake.knobs().authorizations.last().cloned().flatten();
    assert!(authorization.unwrap().starts_with("Basic "));
    assert!(counts(
        &rig,
        r#"vestibule_revocations_total{provider="main",result="revoked"} 2"#
    ));
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_revocation_is_not_asked() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let before = rig.fake.knobs().calls.len();
    browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    done(&rig).await;
    assert_eq!(rig.fake.knobs().calls.len(), before);
}

/// Whatever the provider does with it, the person is signed out at once.
#[tokio::test(start_paused = true)]
async fn a_revocation_never_delays_or_fails_a_sign_out() {
    for (answer, result, asked) in [
        (Err(CallError::TimedOut), "failed", 3),
        (Ok((503, String::new())), "failed", 3),
        (
            Ok((400, r#"{"error":"invalid_request"}"#.to_owned())),
            "refused",
            2,
        ),
        (
            Ok((400, r#"{"error":"unsupported_token_type"}"#.to_owned())),
            "unsupported",
            2,
        ),
    ] {
        let rig = Rig::new();
        revoking(&rig);
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        rig.fake
            .knobs()
            .delays
            .insert("/revoke", Duration::from_secs(4));
        rig.fake.knobs().revoke = Box::new(move |_| answer.clone());
        let began = tokio::time::Instant::now();
        let out = browser
            .send(&rig, same_origin(post("/.vestibule/sign-out")))
            .await;
        assert_eq!((out.status, began.elapsed()), (303, Duration::ZERO));
        assert!(
            !rig.shared
                .revocations
                .all_done(Duration::from_secs(1))
                .await
        );
        done(&rig).await;
        assert_eq!(rig.fake.count("/revoke"), asked, "{result}");
        let line = format!(r#"vestibule_revocations_total{{provider="main",result="{result}"}}"#);
        assert!(counts(&rig, &line), "{result}");
    }
}

/// A name in the configuration may stand for another provider by now.
#[tokio::test(start_paused = true)]
async fn tokens_go_only_to_the_provider_they_came_from() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let forms = revoking(&rig);
    rig.fake.knobs().issuer = "https://other.example".to_owned();
    let mut other = plan("main");
    other.issuer = vestibule_oidc::issuer::IssuerRule::exact("https://other.example");
    rig.reload(vec![other]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    done(&rig).await;
    assert!(kinds(&forms).is_empty());
}

/// What is known of the provider is gone after a restart, and it may be away just then.
#[tokio::test(start_paused = true)]
async fn a_provider_that_is_not_known_yet_is_asked_again_before_its_tokens_are_given_up() {
    for (away, result) in [(4, "revoked"), (3600, "failed")] {
        let rig = Rig::new();
        let forms = revoking(&rig);
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        rig.fake.knobs().down = true;
        rig.reload(vec![plan("main")]);
        let (out, ()) = tokio::join!(
            browser.send(&rig, same_origin(post("/.vestibule/sign-out"))),
            async {
                tokio::time::sleep(Duration::from_secs(away)).await;
                rig.fake.knobs().down = false;
            }
        );
        assert_eq!(out.status, 303);
        done(&rig).await;
        let revoked = kinds(&forms);
        assert_eq!(revoked.len(), if result == "revoked" { 2 } else { 0 });
        let line = format!(r#"vestibule_revocations_total{{provider="main",result="{result}"}}"#);
        assert!(counts(&rig, &line), "{result}");
    }
}

/// The refresh is at the provider when the person signs out, here or everywhere.
#[tokio::test(start_paused = true)]
async fn what_a_refresh_brings_to_who_has_signed_out_is_revoked() {
    for ask in [same_origin(post("/.vestibule/sign-out")), everywhere()] {
        let rig = Rig::new();
        let forms = revoking(&rig);
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        tokio::time::sleep(Duration::from_secs(3601)).await;
        rig.fake
            .knobs()
            .delays
            .insert("/token", Duration::from_secs(2));
        let mut other = browser.clone();
        let (refreshed, out) = tokio::join!(other.go(&rig, "/app"), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            browser.send(&rig, ask).await
        });
        assert_eq!((refreshed.status, out.status), (303, 303));
        assert!(rig.shared.flights.all_landed(Duration::from_secs(9)).await);
        done(&rig).await;
        let tokens: Vec<String> = forms
            .lock()
            .unwrap()
            .iter()
            .map(|form| form["token"].clone())
            .collect();
        for token in ["refresh-token-1", "refresh-token-2", "access-token-2"] {
            assert!(tokens.iter().any(|one| one == token), "{token}: {tokens:?}");
        }
    }
}

/// The store would not take what a refresh brought, and then the person signs out.
#[tokio::test(start_paused = true)]
async fn tokens_that_are_held_for_the_store_are_revoked_too() {
    let rig = Rig::new();
    let forms = revoking(&rig);
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    tokio::time::sleep(Duration::from_secs(3601)).await;
    rig.store.fail_replaces(u32::MAX);
    assert_eq!(browser.go(&rig, "/app").await.status, 503);
    browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    done(&rig).await;
    let forms = forms.lock().unwrap();
    assert!(forms.iter().any(|form| form["token"] == "refresh-token-2"));
}

#[tokio::test(start_paused = true)]
async fn whoever_asked_for_no_page_goes_to_where_the_app_begins() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/plain").await;
    let question = browser.go(&rig, "/.vestibule/sign-out").await;
    assert!(
        question.body.contains("href=\"/app/\""),
        "{}",
        question.body
    );
    browser
        .send(&rig, same_origin(post("/.vestibule/sign-out")))
        .await;
    let back = browser.sign_in(&rig, "/.vestibule/sign-in").await;
    assert_eq!(back.location(), "/app/");
}

/// What nobody asked for with the session: a browser sends `Basic` by itself where it once signed in with that.
const AUTHORIZATIONS: [&str; 4] = ["Basic eDp5", "Bearer abc.def", "Bearer ==", ""];

/// It answered that they were signed out, and took the cookie; the session lived on.
#[tokio::test(start_paused = true)]
async fn a_sign_out_ends_the_session_whatever_authorization_comes_along() {
    for rig in [Rig::new(), Rig::carrying()] {
        for value in AUTHORIZATIONS {
            let mut browser = Browser::default();
            browser.sign_in(&rig, "/app").await;
            assert_eq!(browser.go(&rig, "/app").await.status, 200);
            let mut copy = browser.clone();
            let ask = get("/.vestibule/me").with("Authorization", value);
            assert_eq!(browser.send(&rig, ask).await.json()["signed_in"], true);
            let ask = same_origin(post("/.vestibule/sign-out")).with("Authorization", value);
            let out = browser.send(&rig, ask).await;
            assert!(out.location().starts_with(&format!("{ISSUER}/logout?")));
            assert_eq!(copy.go(&rig, "/app").await.status, 303, "{value}");
        }
    }
}

/// Cookies that name these sessions, one after the other.
fn cookies_of<'a>(browsers: impl IntoIterator<Item = &'a Browser>) -> String {
    let cookies = browsers.into_iter().map(|browser| {
        let session = browser.session().unwrap();
        format!("__Host-vestibule={session}")
    });
    cookies.collect::<Vec<_>>().join("; ")
}

/// An app on the same host may have set a second one, or somebody planted it.
#[tokio::test(start_paused = true)]
async fn a_sign_out_ends_every_session_whose_cookie_came_along() {
    let rig = Rig::new();
    let forms = revoking(&rig);
    let mut browsers: Vec<Browser> = vec![Browser::default(); 3];
    for browser in &mut browsers {
        browser.sign_in(&rig, "/app").await;
    }
    let both = cookies_of(&browsers[..2]);
    let me = get("/.vestibule/me").with("Cookie", &both);
    assert_eq!(rig.send(me).await.json()["signed_in"], false, "who is it?");
    let ask = same_origin(post("/.vestibule/sign-out")).with("Cookie", &both);
    let out = rig.send(ask).await;
    assert!(out.location().starts_with(&format!("{ISSUER}/logout?")));
    let status = async |browser: &mut Browser| browser.go(&rig, "/app").await.status;
    assert_eq!(status(&mut browsers[0]).await, 303);
    assert_eq!(status(&mut browsers[1]).await, 303);
    assert_eq!(status(&mut browsers[2]).await, 200);
    done(&rig).await;
    assert_eq!(kinds(&forms).len(), 4, "two sessions, two tokens each");
}

#[tokio::test(start_paused = true)]
async fn everywhere_is_meant_for_every_session_whose_cookie_came_along() {
    let rig = Rig::new();
    let mut browsers: Vec<Browser> = vec![Browser::default(); 4];
    for (browser, subject) in browsers.iter_mut().zip(["ann", "bob", "ann", "bob"]) {
        rig.grants().subject = subject.to_owned();
        browser.sign_in(&rig, "/app").await;
    }
    let ask = everywhere().with("Cookie", &cookies_of(&browsers[..2]));
    assert_eq!(rig.send(ask).await.status, 303);
    for browser in &mut browsers {
        assert_eq!(browser.go(&rig, "/app").await.status, 303);
    }
}

/// A bound, so that one request is not a thousand removals; and it is told, for nothing was ended.
#[tokio::test(start_paused = true)]
async fn a_sign_out_with_more_sessions_than_it_ends_says_so_and_keeps_the_cookie() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    let cookies = |count: u8| {
        let planted = (1..count).map(|number| {
            let handle = vestibule_session::handle::Handle::from_entropy([number; 32]);
            format!("; __Host-vestibule={}", handle.encoded().as_str())
        });
        cookies_of([&browser]) + &planted.collect::<String>()
    };
    let (few, many) = (cookies(16), cookies(17));
    let told = rig
        .send(same_origin(post("/.vestibule/sign-out")).with("Cookie", &many))
        .await;
    assert_eq!(told.status, 400);
    assert!(
        told.body.contains("session_cookie_ambiguous"),
        "{}",
        told.body
    );
    assert!(told.set_cookies().is_empty());
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
    let out = rig
        .send(same_origin(post("/.vestibule/sign-out")).with("Cookie", &few))
        .await;
    assert_eq!(out.status, 303);
    assert_eq!(browser.go(&rig, "/app").await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_what_it_replaces_also_beside_authorization_or_a_second_cookie() {
    let rig = Rig::new();
    for value in AUTHORIZATIONS {
        let mut browser = Browser::default();
        browser.sign_in(&rig, "/app").await;
        let mut old = browser.clone();
        let ask = get("/.vestibule/sign-in?return_to=%2Fapp").navigating();
        let start = browser.send(&rig, ask.with("Authorization", value)).await;
        let callback = get(&rig.at_provider(&start)).navigating();
        let done = browser
            .send(&rig, callback.with("Authorization", value))
            .await;
        assert_eq!(done.location(), "/app", "{value}");
        assert_eq!(browser.go(&rig, "/app").await.status, 200);
        assert_eq!(old.go(&rig, "/app").await.status, 303, "{value}");
    }
    let mut old: Vec<Browser> = vec![Browser::default(); 2];
    for browser in &mut old {
        browser.sign_in(&rig, "/app").await;
    }
    let both = cookies_of(&old);
    let mut new = Browser::default();
    let start = new.go(&rig, "/app").await;
    let callback = get(&rig.at_provider(&start)).navigating();
    let flow = new
        .jar
        .iter()
        .map(|(name, value)| format!("; {name}={value}"));
    let cookies = both + &flow.collect::<String>();
    let done = rig.send(callback.with("Cookie", &cookies)).await;
    assert_eq!(done.location(), "/app");
    for browser in &mut old {
        assert_eq!(browser.go(&rig, "/app").await.status, 303);
    }
}
