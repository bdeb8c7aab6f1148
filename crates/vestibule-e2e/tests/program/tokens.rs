//! The access token the upstream gets: the right one, fresh, and to nobody else.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use vestibule_e2e::jwt::claims;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::rounds;
use vestibule_e2e::scene::{SECOND_API, Scene, eventually};

#[test]
fn the_upstream_gets_the_token_of_its_own_api() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    person.fetch(&scene.url("/app/"));
    let received = scene.upstream.received();
    let last = received.last().unwrap();
    let bearer = last
        .field("authorization")
        .unwrap()
        .strip_prefix("Bearer ")
        .unwrap();
    assert_eq!(bearer.matches('.').count(), 2);
    assert_eq!(last.field("oidc_access_token"), Some(bearer));
    person.fetch(&scene.url("/public/"));
    let received = scene.upstream.received();
    let last = received.last().unwrap();
    assert_eq!(last.field("authorization"), None);
    assert!(
        !last.fields.iter().any(|(_, value)| value.contains(bearer)),
        "{last:?}"
    );
}

#[test]
fn two_routes_with_two_apis_get_each_its_own_token() {
    let scene = Scene::of_two_apis();
    let mut person = scene.signed_in("ada");
    let bearer = |person: &mut Person, path: &str| {
        let reply = person.fetch(&scene.url(path));
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let received = scene.upstream.received();
        let value = received.last().unwrap().field("authorization").unwrap();
        value.strip_prefix("Bearer ").unwrap().to_owned()
    };
    let first = bearer(&mut person, "/app/");
    assert_eq!(scene.provider.count("token.refresh_token"), 0);
    let second = bearer(&mut person, "/orders/");
    // The one has version 1 tokens, which name the API as it was asked for, the other version 2.
    assert_eq!(
        (claims(&first)["aud"].clone(), claims(&first)["ver"].clone()),
        (scene.provider.fact("api").into(), "1.0".into())
    );
    assert_eq!(
        (
            claims(&second)["aud"].clone(),
            claims(&second)["ver"].clone()
        ),
        (SECOND_API.into(), "2.0".into())
    );
    assert_eq!(claims(&second)["scp"], "orders.read");
    // Both are kept.
    assert_eq!(bearer(&mut person, "/app/"), first);
    assert_eq!(bearer(&mut person, "/orders/"), second);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
}

#[test]
fn a_token_that_has_expired_is_refreshed_once_however_many_requests_wait() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    let mut person = Person::new();
    scene
        .provider
        .fault(&json!({ "kind": "slow", "endpoint": "token", "millis": 300 }));
    let page = scene.sign_in(&mut person, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let url = scene.url("/app/");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = |_| {
            let (mut person, url) = (person.clone(), url.clone());
            scope.spawn(move || person.fetch(&url).status)
        };
        let asked: Vec<_> = (0..20).map(ask).collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(statuses, [200; 20]);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
    let tokens: Vec<String> = scene
        .upstream
        .received()
        .iter()
        .filter_map(|request| request.field("authorization").map(str::to_owned))
        .collect();
    assert!(tokens.len() > 20 && tokens.iter().all(|token| token.starts_with("Bearer ey")));
}

/// Asks for each path as often as it stands there, all at once.
fn at_once(scene: &Scene, person: &Person, paths: &[&str]) -> Vec<u16> {
    thread::scope(|scope| {
        let asked: Vec<_> = paths
            .iter()
            .map(|path| {
                let (mut person, url) = (person.clone(), scene.url(path));
                scope.spawn(move || person.fetch(&url).status)
            })
            .collect();
        let asked = asked.into_iter();
        asked.map(|thread| thread.join().unwrap()).collect()
    })
}

/// oauth2-proxy #1992 and the like: parallel requests at expiry used a refresh token twice, and the
/// provider ended the session.
#[test]
fn a_hundred_requests_at_expiry_and_a_slow_provider_that_takes_each_token_once_cost_one_grant() {
    let scene = Scene::of_two_apis_at(LocalProvider::strict_about_reuse());
    let person = scene.signed_in_at_expiry("ada");
    let slow = json!({ "kind": "slow", "endpoint": "token", "millis": 4000 });
    scene.provider.fault(&slow);
    let statuses = at_once(&scene, &person, &["/app/"; 100]);
    assert_eq!(statuses, [200; 100]);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);

    // And for two APIs at once: two grants, the second with the refresh token of the first.
    let person = scene.signed_in_at_expiry("rafael");
    let paths: Vec<&str> = ["/app/", "/orders/"].repeat(50);
    assert_eq!(at_once(&scene, &person, &paths), [200; 100]);
    assert_eq!(scene.provider.count("token.refresh_token"), 3);
}

#[test]
fn an_api_without_consent_sends_the_person_to_agree_once_and_tells_programs_why() {
    let scene = Scene::of_two_apis();
    let mut person = scene.signed_in("ada");
    scene
        .provider
        .fault(&json!({ "kind": "no-consent", "api": SECOND_API }));
    let told = person.fetch(&scene.url("/orders/"));
    assert_eq!(told.status, 401);
    let finding = &told.json()["findings"][0]["code"];
    assert_eq!(finding, "VST-SCOPE-CONSENT", "{}", told.text());
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);

    let page = person.go(&scene.url("/orders/list?of=today"));
    assert!(page.url.starts_with(&scene.provider.url()), "{page:?}");
    let agree = page.form_that_offers("accept");
    let page = person.submit(&page, agree);
    assert_eq!(
        (page.status, page.url.clone()),
        (200, scene.url("/orders/list?of=today")),
        "{}",
        page.text()
    );
    let received = scene.upstream.received();
    let bearer = received.last().unwrap().field("authorization").unwrap();
    assert_eq!(
        claims(bearer.strip_prefix("Bearer ").unwrap())["aud"],
        SECOND_API
    );
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
}

/// Where a process that is killed in the middle of a refresh leaves people: signed in, or at the
/// provider, and never on an error page.
#[test]
fn whoever_is_refreshed_by_a_process_that_is_killed_is_signed_in_or_signs_in() {
    let mut scene = Scene::of_two_apis_at(LocalProvider::strict_about_reuse());
    let slow = json!({ "kind": "slow", "endpoint": "token", "millis": 60 });
    scene.provider.fault(&slow);
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut signed_in_again = 0;
    let rounds = rounds::of(6, 50);
    for round in 0..rounds {
        let mut person = scene.signed_in_at_expiry("ada");
        let asking: Vec<_> = ["/app/", "/orders/", "/app/", "/orders/"]
            .map(|path| {
                let (mut person, url) = (person.clone(), scene.url(path));
                // Whoever is cut off has nothing to say.
                thread::spawn(move || drop(person.fetch(&url)))
            })
            .into();
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let moment = Instant::now() + Duration::from_millis(seed % 200);
        while Instant::now() < moment {
            thread::yield_now();
        }
        scene.proxy.kill_and_restart();
        for thread in asking {
            let _ = thread.join();
        }
        for path in ["/app/", "/orders/"] {
            let page = person.go(&scene.url(path));
            let is_picker = page.url.starts_with(&scene.provider.url());
            let is_there = page.url == scene.url(path);
            assert!(
                page.status == 200 && (is_picker || is_there),
                "round {round}, killed after {} ms: {page:?}",
                seed % 200
            );
            let went_by = |trail: &String| trail.starts_with(&scene.provider.url());
            signed_in_again += usize::from(person.trail.iter().any(went_by));
        }
    }
    println!("{rounds} kills, {signed_in_again} times by way of the provider");
}

#[test]
fn a_grant_that_was_revoked_ends_the_session_and_the_person_signs_in_again() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    scene.provider.fault(
        &json!({ "kind": "token-error", "grant_type": "refresh_token",
        "error": "invalid_grant", "aadsts": 70008 }),
    );
    // The first session has no token and gets none; the provider still knows the person, so that the
    // second is there without a question.
    let page = scene.sign_in(&mut Person::new(), "ada");
    assert_eq!(
        (page.status, page.url.clone()),
        (200, scene.url("/app/")),
        "{}",
        page.text()
    );
    assert_eq!(scene.provider.count("token.authorization_code"), 2);
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
}

#[test]
fn a_provider_that_is_down_at_refresh_does_not_end_the_session() {
    let scene = Scene::start();
    scene
        .provider
        .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
    scene.provider.fault(
        &json!({ "kind": "token-error", "grant_type": "refresh_token",
        "error": "temporarily_unavailable", "aadsts": 90033, "times": 1 }),
    );
    let mut person = Person::new();
    scene.sign_in(&mut person, "ada");
    let first = person.fetch(&scene.url("/app/"));
    assert!(first.status == 200 || first.status >= 500, "{first:?}");
    assert!(
        first.all("set-cookie").next().is_none(),
        "the cookie stays: {first:?}"
    );
    eventually("the refresh works", || {
        person.fetch(&scene.url("/app/")).status == 200
    });
}

/// The provider takes each refresh token once, and ends all when one comes again: the new one of an
/// answer of which nothing else is believed must not be lost.
#[test]
fn an_answer_whose_id_token_proves_nothing_is_used_for_its_refresh_token_alone() {
    let scene = Scene::of_two_apis_at(LocalProvider::strict_about_reuse());
    let mut person = scene.signed_in_at_expiry("ada");
    let spoilt = json!({ "kind": "bad-signature", "token": "id-token", "times": 2 });
    scene.provider.fault(&spoilt);
    let url = scene.url("/app/");
    let before = scene.upstream.received().len();
    let refused = person.fetch(&url);
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(refused.all("set-cookie").next().is_none(), "{refused:?}");
    assert_eq!(scene.upstream.received().len(), before);
    eventually("an answer in order is used", || {
        person.fetch(&url).status == 200
    });
    assert_eq!(scene.provider.count("token.refresh_token"), 3);
    assert_eq!(scene.upstream.received().len(), before + 1);
}
