use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, advance, sleep};

use super::fake::{FakeProvider, ISSUER, TestKey, plan};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn token_request(provider: &Provider) -> TokenHttpRequest {
    let metadata = provider.known_metadata().unwrap();
    TokenHttpRequest {
        url: metadata.token_endpoint().clone(),
        authorization: None,
        form_body: Secret::from("grant_type=refresh_token"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_at_start_is_used_as_soon_as_it_answers() {
    let fake = FakeProvider::new();
    fake.knobs().down = true;
    let provider = fake.start();
    let asked = Instant::now();
    let error = provider.metadata().await.unwrap_err();
    assert!(error.is_outage(), "{error}");
    assert!(asked.elapsed() < SECOND);
    assert!(provider.is_down(), "nobody waits for it from here on");

    fake.knobs().down = false;
    sleep(2 * SECOND).await;
    assert!(!provider.is_down());
    assert_eq!(provider.metadata().await.unwrap().issuer(), ISSUER);
    assert_eq!(provider.keys().await.unwrap().keys().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_hangs_is_noticed_within_five_seconds_of_its_recovery() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.metadata().await.unwrap();
    fake.knobs().delay = HOUR;
    for _ in 0..2 {
        let asked = Instant::now();
        let error = provider.token(token_request(&provider)).await.unwrap_err();
        assert!(error.is_outage());
        assert_eq!(
            asked.elapsed(),
            10 * SECOND,
            "no call takes longer than ten seconds"
        );
    }
    assert!(provider.is_down());
    let asked = Instant::now();
    assert_eq!(
        provider.token(token_request(&provider)).await.unwrap_err(),
        ProviderError::Down
    );
    assert_eq!(
        asked.elapsed(),
        Duration::ZERO,
        "an open circuit refuses at once"
    );

    // Long enough for every probe to hang.
    sleep(60 * SECOND).await;
    assert!(provider.is_down());
    fake.knobs().delay = Duration::ZERO;
    sleep(5 * SECOND).await;
    assert!(!provider.is_down());
    assert!(provider.token(token_request(&provider)).await.is_ok());
    // The probes that still hung when it recovered must not open the circuit again.
    sleep(15 * SECOND).await;
    assert!(!provider.is_down());
}

#[tokio::test(start_paused = true)]
async fn a_slow_provider_is_slow_and_not_down() {
    let fake = FakeProvider::new();
    fake.knobs().delay = 4 * SECOND;
    let provider = fake.start();
    // The document and the keys, one after the other.
    sleep(9 * SECOND).await;
    provider.metadata().await.unwrap();
    provider.keys().await.unwrap();
    assert!(provider.token(token_request(&provider)).await.is_ok());
    assert!(!provider.is_down());
}

#[tokio::test(start_paused = true)]
async fn repeated_server_errors_open_the_circuit_and_client_errors_do_not() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.metadata().await.unwrap();
    for _ in 0..5 {
        assert_eq!(
            provider
                .token(token_request(&provider))
                .await
                .unwrap()
                .status,
            400
        );
    }
    assert!(!provider.is_down());
    fake.knobs().token = Box::new(|_| Ok((503, "<html>".to_owned())));
    for _ in 0..2 {
        let error = provider.token(token_request(&provider)).await.unwrap_err();
        assert!(error.is_outage());
        assert_eq!(error.code(), "provider_unavailable");
    }
    assert!(provider.is_down());
}

#[tokio::test(start_paused = true)]
async fn metadata_are_renewed_hourly_and_a_new_endpoint_is_adopted() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    let first = provider.metadata().await.unwrap();
    assert_eq!(first.token_endpoint().path(), "/token");
    fake.knobs()
        .metadata
        .insert("token_endpoint", json!(format!("{ISSUER}/token2")));
    sleep(HOUR - SECOND).await;
    assert_eq!(fake.count("/.well-known/openid-configuration"), 1);
    sleep(2 * SECOND).await;
    assert_eq!(
        provider.metadata().await.unwrap().token_endpoint().path(),
        "/token2"
    );
}

#[tokio::test(start_paused = true)]
async fn a_changed_issuer_is_refused_and_the_old_one_kept() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.metadata().await.unwrap();
    fake.knobs().issuer = "https://evil.example.com".to_owned();
    fake.knobs()
        .metadata
        .insert("token_endpoint", json!("https://evil.example.com/token"));
    sleep(HOUR + SECOND).await;
    let held = provider.metadata().await.unwrap();
    assert_eq!(held.issuer(), ISSUER);
    assert_eq!(held.token_endpoint().path(), "/token");
    assert!(!provider.is_down(), "it answers, if wrongly");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_on_this_machine_is_not_called_for_a_provider_elsewhere() {
    for endpoint in ["https://127.0.0.1/keys", "https://169.254.169.254/keys"] {
        let fake = FakeProvider::new();
        fake.knobs().metadata.insert("jwks_uri", json!(endpoint));
        let provider = fake.start();
        assert!(provider.keys().await.is_err(), "{endpoint}");
        assert_eq!(fake.count("/keys"), 0, "{endpoint}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_looked_for_once_even_right_after_start() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.metadata().await.unwrap();
    let seen = provider.keys().await.unwrap();
    assert_eq!(fake.count("/keys"), 1);
    fake.knobs().keys = vec![TestKey::new("k2")];
    let asked = Instant::now();
    let newer = provider.newer_keys(&seen).await.unwrap();
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(newer.keys()[0].kid(), Some("k2"));
    assert_eq!(fake.count("/keys"), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_rolled_over_twice_in_a_row_are_found_after_the_interval() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    let seen = provider.keys().await.unwrap();
    let second = provider.newer_keys(&seen).await.unwrap();
    fake.knobs().keys.push(TestKey::new("k3"));
    let asked = Instant::now();
    let third = provider.newer_keys(&second).await.unwrap();
    assert_eq!(third.keys().len(), 2);
    assert!(asked.elapsed() >= 9 * SECOND && asked.elapsed() <= 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn mod_auth_openidc_2026_08_12_a_thousand_unknown_keys_cost_one_fetch_per_interval() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    let seen = provider.keys().await.unwrap();
    let before = fake.count("/keys");
    let asked = Instant::now();
    let mut askers = Vec::new();
    for _ in 0..1000 {
        let (provider, seen) = (Arc::clone(&provider), Arc::clone(&seen));
        askers.push(tokio::spawn(async move {
            provider.newer_keys(&seen).await.is_ok()
        }));
    }
    for asker in askers {
        assert!(asker.await.unwrap());
    }
    assert_eq!(fake.count("/keys") - before, 1);
    // The same with a key endpoint that fails: the throttle does not fail open.
    fake.knobs().jwks = Some(Ok((500, "{}".to_owned())));
    let mut seen = provider.keys().await.unwrap();
    for _ in 0..3 {
        if let Ok(newer) = provider.newer_keys(&seen).await {
            seen = newer;
        }
    }
    let windows = asked.elapsed().as_secs() / 10 + 1;
    assert!(
        (fake.count("/keys") - before) as u64 <= windows,
        "{windows}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_good_keys_are_kept_for_a_day_when_newer_ones_cannot_be_had() {
    for broken in [
        Ok((500, "{}".to_owned())),
        Ok((200, "<html></html>".to_owned())),
        Ok((200, "{\"keys\": []}".to_owned())),
        Ok((200, "{\"keys\": [{\"kty\"".to_owned())),
        Ok((200, String::new())),
        Err(CallError::TooLarge { limit: 1 }),
    ] {
        let fake = FakeProvider::new();
        let provider = fake.start();
        let good = provider.keys().await.unwrap();
        fake.knobs().jwks = Some(broken.clone());
        sleep(23 * HOUR).await;
        let kept = provider.keys().await.unwrap();
        assert!(Arc::ptr_eq(&good, &kept), "{broken:?}");
        sleep(2 * HOUR).await;
        assert!(provider.keys().await.is_err(), "{broken:?}");
        fake.knobs().jwks = None;
        sleep(2 * HOUR).await;
        assert!(provider.keys().await.is_ok(), "{broken:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_taken_out_of_the_set_is_gone_after_the_next_renewal() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.keys().await.unwrap();
    fake.knobs().keys = vec![TestKey::new("k2")];
    sleep(HOUR + SECOND).await;
    let keys = provider.keys().await.unwrap();
    assert_eq!(
        keys.keys().iter().map(|key| key.kid()).collect::<Vec<_>>(),
        [Some("k2")]
    );
}

/// RUSTSEC-2026-0035: a cache whose key left out the host answered one with what was kept for another.
#[tokio::test(start_paused = true)]
async fn what_was_learnt_survives_a_reload_unless_the_provider_is_another() {
    let fake = FakeProvider::new();
    let before = fake.start();
    before.metadata().await.unwrap();
    fake.knobs().down = true;
    let control = Control::new(tokio::runtime::Handle::current());
    let again = Provider::start(
        plan("main"),
        Arc::new(fake.clone()),
        &control,
        &Arc::default(),
        Some(before.as_ref()),
    );
    assert!(again.known_metadata().is_some());
    let mut other = plan("main");
    other.metadata_url = Url::parse("https://other.example.com/m").unwrap();
    let other = Provider::start(
        other,
        Arc::new(fake.clone()),
        &control,
        &Arc::default(),
        Some(before.as_ref()),
    );
    assert!(other.known_metadata().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_keeper_ends_with_its_provider() {
    let fake = FakeProvider::new();
    let provider = fake.start();
    provider.metadata().await.unwrap();
    drop(provider);
    advance(3 * HOUR).await;
    assert_eq!(fake.count("/.well-known/openid-configuration"), 1);
}

/// Anybody may begin a sign-in, as often as they like.
#[tokio::test(start_paused = true)]
async fn however_many_want_to_sign_in_the_provider_is_asked_once_whether_it_is_there() {
    const METADATA: &str = "/.well-known/openid-configuration";
    for (delay, down, expected) in [
        (SECOND, false, true),
        (HOUR, false, true),
        (SECOND, true, false),
    ] {
        let fake = FakeProvider::new();
        let provider = fake.start();
        provider.metadata().await.unwrap();
        sleep(LATELY + SECOND).await;
        fake.knobs().delay = delay;
        fake.knobs().down = down;
        let (before, asked) = (fake.count(METADATA), Instant::now());
        // They come one after the other, in less time than it takes to hear.
        let crowd = (0..500).map(|number| {
            let provider = &provider;
            async move {
                sleep(number * Duration::from_millis(1)).await;
                provider.is_reachable().await
            }
        });
        let answers = futures_util::future::join_all(crowd).await;
        assert!(answers.iter().all(|answer| *answer == expected));
        assert!(asked.elapsed() <= REACHED_WITHIN + SECOND);
        // The keeper probes one that is down.
        let most = 1 + usize::from(down);
        let count = || fake.count(METADATA) - before;
        assert!(
            (1..=most).contains(&count()),
            "{delay:?} {down}: {}",
            count()
        );
        if !down {
            // What was heard is over: the next one asks anew.
            assert!(provider.is_reachable().await);
            assert_eq!(count(), 2);
        }
    }
}
