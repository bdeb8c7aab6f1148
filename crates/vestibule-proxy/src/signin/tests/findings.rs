//! What the page, the 401 and the log say about the cause, and what of it a stranger does not get to read.

use std::time::Duration;

use serde_json::json;
use vestibule_oidc::issuer::IssuerRule;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::time::UnixTime;

use crate::finding::{self, for_strangers};
use crate::provider::call::CallError;
use crate::provider::fake::{ISSUER, plan};
use crate::provider::{Endpoint, ProviderError};
use crate::signin::rig::{Browser, Rig, get};
use crate::tokens::TokensError;

/// Signs in over and over, as a browser that follows redirects does; `keep` says what it keeps of its cookies.
async fn loop_page(rig: &Rig, keep: fn(&str) -> bool) -> String {
    let mut browser = Browser::default();
    for _ in 0..8 {
        let start = browser.go(rig, "/app").await;
        if start.status != 303 {
            return start.body;
        }
        let callback = rig.at_provider(&start);
        browser.go(rig, &callback).await;
        browser.jar.retain(|name, _| keep(name));
    }
    panic!("nothing stops the loop");
}

#[tokio::test(start_paused = true)]
async fn a_loop_ends_with_the_cause_that_was_seen() {
    let rig = Rig::new();
    let page = loop_page(&rig, |name| name != "__Host-vestibule").await;
    assert!(page.contains("VST-COOKIE-LOOP"), "{page}");
    assert!(page.contains("does not send the session"), "{page}");
    // Cookies of other apps of the host, and sign-ins that nobody finished.
    let mut browser = Browser::default();
    for at in 0..8 {
        browser
            .jar
            .insert(format!("mod_auth_openidc_state_{at}"), "x".to_owned());
    }
    for _ in 0..6 {
        let start = browser.go(&rig, "/app").await;
        if start.status != 303 {
            assert!(start.body.contains("VST-COOKIE-PILE-UP"), "{}", start.body);
            return;
        }
        let callback = rig.at_provider(&start);
        browser.go(&rig, &callback).await;
        browser.jar.remove("__Host-vestibule");
    }
    panic!("nothing stops the loop");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_time_is_told_by_the_clocks_and_not_by_the_token() {
    // How far the ID token's times and the provider's `Date` are ahead of this machine's clock.
    for (token, date, code) in [
        (600, Some(600), "VST-TIME-CLOCK"),
        (-7200, Some(-7200), "VST-TIME-CLOCK"),
        (600, Some(0), "VST-TIME-NOT-YET"),
        (600, None, "VST-TIME-NOT-YET"),
        (-7200, Some(0), "VST-TIME-EXPIRED"),
    ] {
        let rig = Rig::new();
        let now = rig.now().as_secs();
        for (name, secs) in [("iat", token), ("exp", token + 3600)] {
            rig.grants().claims.insert(name, json!(now + secs));
        }
        rig.fake.knobs().date = date.map(|date| UnixTime(now + date));
        let mut browser = Browser::default();
        let start = browser.go(&rig, "/app").await;
        let page = browser.go(&rig, &rig.at_provider(&start)).await;
        assert!(page.body.contains(code), "{token} {date:?}: {}", page.body);
        assert_eq!(page.body.matches("This finding is").count(), 1);
    }
    // What has nothing to do with time is no matter of clocks.
    let rig = Rig::new();
    rig.grants().claims.insert("aud", json!("another"));
    rig.fake.knobs().date = Some(UnixTime(0));
    let mut browser = Browser::default();
    let start = browser.go(&rig, "/app").await;
    let page = browser.go(&rig, &rig.at_provider(&start)).await;
    assert!(page.body.contains("VST-TOKEN-AUDIENCE"), "{}", page.body);
    assert!(!page.body.contains("VST-TIME"), "{}", page.body);
}

#[tokio::test(start_paused = true)]
async fn what_only_the_settings_show_is_not_on_a_page_about_something_else() {
    let mut main = plan("main");
    // By itself a finding: a token of the sign-in's own, asked for without any API.
    main.issuer = IssuerRule::new(
        ISSUER,
        vestibule_oidc::issuer::ProviderKind::Entra,
        Vec::<TenantId>::new(),
    );
    let rig = Rig::with(vec![main]);
    let plan = rig.shared.plan.load_full();
    let provider = plan.providers.first();
    let known = finding::known(&plan, None, provider);
    assert!(!vestibule_diagnosis::diagnose(&known).is_empty());
    let page = Browser::default()
        .go(&rig, "/.vestibule/callback?code=abc&state=unknown")
        .await;
    assert_eq!(page.status, 400);
    assert!(
        page.body.contains("VST-COOKIE-STATE-MISSING"),
        "{}",
        page.body
    );
    assert_eq!(
        page.body.matches("This finding is").count(),
        1,
        "{}",
        page.body
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_that_only_this_machine_calls_is_in_the_log_and_not_on_the_page() {
    let mut main = plan("main");
    main.metadata_url = "https://keycloak.internal:8443/realms/x/.well-known/openid-configuration"
        .parse()
        .unwrap();
    let rig = Rig::with(vec![main]);
    let plan = rig.shared.plan.load_full();
    let provider = plan.providers.first();
    let error = TokensError::Provider(ProviderError::Call {
        endpoint: Endpoint::Metadata,
        source: CallError::TimedOut,
    });
    let findings = finding::of_refresh(&error, &plan, provider);
    let all = format!("{findings:?}");
    assert!(
        all.contains("VST-KEYS-UNREACHABLE") && all.contains("keycloak.internal"),
        "{all}"
    );
    let shown = format!("{:?}", for_strangers(&findings, provider));
    assert!(shown.contains("VST-KEYS-UNREACHABLE"), "{shown}");
    assert!(!shown.contains("keycloak"), "{shown}");
}

/// Browsers are sent there: that it does not answer is no news about what is behind the door.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_named_is_on_the_page_before_its_metadata_was_had() {
    let rig = Rig::with(vec![plan("main")]);
    let plan = rig.shared.plan.load_full();
    let provider = plan.providers.first();
    let error = TokensError::Provider(ProviderError::Call {
        endpoint: Endpoint::Metadata,
        source: CallError::TimedOut,
    });
    let findings = finding::of_refresh(&error, &plan, provider);
    let shown = format!("{:?}", for_strangers(&findings, provider));
    let host = provider.unwrap().plan().metadata_url.host_str().unwrap();
    assert!(shown.contains(host), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn without_an_issuer_no_page_names_where_the_metadata_should_be() {
    let metadata = "http://127.0.0.1:8614/internal/.well-known/openid-configuration";
    for (issuer, error) in [
        (metadata, CallError::TimedOut),
        (metadata, CallError::Redirected { status: 302 }),
        ("https://id.example.com/realms/x", CallError::TimedOut),
    ] {
        let mut main = plan("main");
        main.issuer_is_named = issuer != metadata;
        main.metadata_url = metadata.parse().unwrap();
        main.issuer = IssuerRule::new(
            issuer,
            vestibule_oidc::issuer::ProviderKind::Other,
            Vec::new(),
        );
        let rig = Rig::with(vec![main]);
        let plan = rig.shared.plan.load_full();
        let provider = plan.providers.first();
        let error = TokensError::Provider(ProviderError::Call {
            endpoint: Endpoint::Metadata,
            source: error,
        });
        let findings = finding::of_refresh(&error, &plan, provider);
        assert!(format!("{findings:?}").contains("127.0.0.1:8614/internal"));
        let shown = format!("{:?}", for_strangers(&findings, provider));
        for hidden in ["127.0.0.1", "8614", "internal", "well-known"] {
            assert!(!shown.contains(hidden), "{hidden}: {shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_refused_tells_programs_why_in_a_field_that_ends_where_it_should() {
    let rig = Rig::new();
    let mut browser = Browser::default();
    browser.sign_in(&rig, "/app").await;
    rig.grants().refuse_refresh = Some((
        400,
        json!({
            "error": "invalid_grant",
            "error_description": "AADSTS50173: \"The\" \\ provided\r\nX-Evil: 1 grant has expired due to it being revoked.",
        }),
    ));
    tokio::time::sleep(Duration::from_secs(3601)).await;
    let reply = browser
        .send(&rig, get("/app").with("Accept", "application/json"))
        .await;
    assert_eq!(reply.status, 401, "{reply:?}");
    let said = reply.json();
    assert_eq!(said["findings"][0]["code"], "VST-AADSTS-50173", "{said}");
    let field = reply.field("www-authenticate").unwrap();
    assert!(
        field.contains("error_description=\"VST-AADSTS-50173: "),
        "{field}"
    );
    assert_eq!(field.matches('"').count(), 6, "{field}");
    assert!(!field.contains(['\\', '\r', '\n']), "{field}");
}

#[tokio::test(start_paused = true)]
async fn every_token_that_no_upstream_can_use_is_counted_on_each_route_that_gets_it() {
    let mut main = plan("main");
    main.scopes
        .push("api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default".to_owned());
    let rig = Rig::with(vec![main]);
    for _ in 0..2 {
        Browser::default().sign_in(&rig, "/app").await;
    }
    let metrics = rig.shared.telemetry.metrics.render();
    for route in ["app", "members"] {
        let line =
            format!("vestibule_findings_total{{route=\"{route}\",code=\"VST-TOKEN-OPAQUE\"}} 2");
        assert!(metrics.contains(&line), "{metrics}");
    }
    let public = "vestibule_findings_total{route=\"public\"";
    assert!(!metrics.contains(public), "{metrics}");
}
