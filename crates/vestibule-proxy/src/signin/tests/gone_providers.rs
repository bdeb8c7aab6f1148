//! Sessions of a provider that the configuration has no more, or that is another by now.

use std::time::Duration;

use vestibule_oidc::issuer::{IssuerRule, ProviderKind};

use super::super::rig::{Browser, Rig, post};
use super::query;
use crate::provider::ProviderPlan;
use crate::provider::fake::{ISSUER, plan};

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(rig, "/app").await;
    assert_eq!(browser.go(rig, "/app").await.status, 200);
    browser
}

/// The provider `main` with this issuer, whose metadata are elsewhere.
fn main_at(issuer: IssuerRule) -> ProviderPlan {
    let mut main = plan("main");
    main.metadata_url = "https://elsewhere.example/metadata".parse().unwrap();
    main.issuer = issuer;
    main
}

#[tokio::test(start_paused = true)]
async fn a_session_does_not_count_when_its_provider_is_in_the_configuration_no_more() {
    let rig = Rig::with(vec![plan("partner")]);
    let mut browser = signed_in(&rig).await;
    let had = browser.session().unwrap().clone();
    for others in [vec![plan("corp")], vec![plan("corp"), plan("default")]] {
        rig.reload(others);
        for target in ["/app", "/plain"] {
            let start = browser.go(&rig, target).await;
            assert_eq!(start.status, 303, "{target}: {}", start.body);
        }
        assert_eq!(browser.go(&rig, "/members/x").await.status, 303);
        assert_eq!(
            browser.go(&rig, "/.vestibule/me").await.json()["signed_in"],
            false
        );
    }
    // It was a mistake: nobody was signed out for good.
    assert_eq!(browser.session(), Some(&had));
    rig.reload(vec![plan("corp"), plan("partner")]);
    assert_eq!(browser.go(&rig, "/app").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn who_signed_in_with_a_provider_that_is_gone_can_still_sign_out() {
    let rig = Rig::with(vec![plan("partner")]);
    let mut browser = signed_in(&rig).await;
    let mut stolen = browser.clone();
    rig.reload(vec![plan("corp")]);
    let out = browser
        .send(&rig, super::same_origin(post("/.vestibule/sign-out")))
        .await;
    assert_eq!(out.status, 303);
    rig.reload(vec![plan("partner")]);
    assert_eq!(stolen.go(&rig, "/app").await.status, 303);
}

#[tokio::test(start_paused = true)]
async fn a_name_given_to_another_issuer_has_no_sessions_of_the_old_one_even_while_the_new_one_is_away()
 {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    rig.fake.knobs().down = true;
    for issuer in [
        IssuerRule::exact("https://other.example"),
        IssuerRule::new("https://other.example", ProviderKind::Detect, Vec::new()),
        IssuerRule::new(
            "https://login.microsoftonline.com/contoso.com/v2.0",
            ProviderKind::Detect,
            Vec::new(),
        ),
    ] {
        rig.reload(vec![main_at(issuer)]);
        for target in ["/app", "/plain"] {
            let refused = browser.go(&rig, target).await;
            // There is nobody to send them to.
            assert_eq!(refused.status, 503, "{target}: {}", refused.body);
        }
        assert_eq!(
            browser.go(&rig, "/.vestibule/me").await.json()["signed_in"],
            false
        );
    }
    rig.reload(vec![plan("main")]);
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);
}

/// An ordinary restart: nothing is known of the provider, and it may be away just then.
#[tokio::test(start_paused = true)]
async fn sessions_of_the_configured_issuer_count_while_it_is_away() {
    let rig = Rig::new();
    let mut browser = signed_in(&rig).await;
    rig.fake.knobs().down = true;
    for _ in 0..2 {
        rig.reload(vec![plan("main")]);
        assert_eq!(browser.go(&rig, "/app").await.status, 200);
    }
}

/// A tenant that is configured by its domain: its issuer is known from the metadata alone.
#[tokio::test(start_paused = true)]
async fn where_only_metadata_tell_a_session_waits_for_them_and_counts_when_they_say_so() {
    const TENANT: &str =
        "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0";
    const OTHER: &str =
        "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0";
    let by_domain = || {
        let mut main = plan("main");
        let domain = "https://login.microsoftonline.com/contoso.com/v2.0";
        main.issuer = IssuerRule::new(domain, ProviderKind::Detect, Vec::new());
        main
    };
    let rig = Rig::with(vec![by_domain()]);
    rig.fake.knobs().issuer = TENANT.to_owned();
    rig.grants().claims.insert("iss", TENANT.into());
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/plain").await;
    let callback = rig.at_provider(&start);
    let callback = callback.replace(&format!("iss={ISSUER}"), &format!("iss={TENANT}"));
    let done = browser.go(&rig, &callback).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);

    // They come, slowly: nobody is sent to sign in meanwhile.
    rig.fake.knobs().delay = Duration::from_secs(1);
    rig.reload(vec![by_domain()]);
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);

    // They do not come: nobody is taken for anybody.
    rig.fake.knobs().down = true;
    rig.reload(vec![by_domain()]);
    assert_eq!(browser.go(&rig, "/plain").await.status, 503);
    rig.fake.knobs().down = false;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(browser.go(&rig, "/plain").await.status, 200);

    // They name another tenant than they did.
    rig.fake.knobs().issuer = OTHER.to_owned();
    rig.reload(vec![by_domain()]);
    let start = browser.go(&rig, "/plain").await;
    assert_eq!(query(start.location())["client_id"], "client");
}
