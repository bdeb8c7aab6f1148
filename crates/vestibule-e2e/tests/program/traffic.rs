//! What passes through: streams both ways, identity headers, rewritten answers, the log.

use vestibule_e2e::http::{Connection, Request};
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

#[test]
fn what_a_client_says_about_itself_never_reaches_the_upstream() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    for path in ["/app/", "/public/"] {
        let forged = Request::get(&scene.url(path))
            .with("Sec-Fetch-Site", "same-origin")
            .with("OIDC_CLAIM_upn", "root@evil.example.com")
            .with("oidc-claim-upn", "root@evil.example.com")
            .with("OIDC.CLAIM.upn", "root@evil.example.com")
            .with("OIDC_access_token", "evil")
            .with("X-Forwarded-For", "203.0.113.66")
            .with("X-Forwarded-Host", "evil.example.com")
            .with("Forwarded", "for=203.0.113.66")
            .with("Connection", "close, OIDC_CLAIM_upn");
        person.send(forged);
        let received = scene.upstream.received();
        let last = received.last().unwrap();
        for (name, value) in &last.fields {
            assert!(
                !value.contains("evil") && !value.contains("203.0.113.66"),
                "{path} {name}: {value}"
            );
        }
        let has_ours = last
            .fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        assert!(
            !has_ours,
            "{path}: our cookie went to the upstream: {last:?}"
        );
    }
}

#[test]
fn an_event_stream_arrives_event_by_event() {
    let scene = Scene::start();
    let person = scene.signed_in("ada");
    let already = scene.upstream.received().len();
    let url = scene.url("/app/events");
    let request = Request::get(&url)
        .with("Cookie", &person.jar.field(&url).unwrap())
        .with("Accept", "text/event-stream")
        .with("Sec-Fetch-Site", "same-origin")
        .with("Sec-Fetch-Mode", "cors");
    let mut connection = Connection::open(&url, None);
    connection.write(&request.bytes());
    assert_eq!(
        connection.head().status,
        200,
        "the head comes before any event"
    );
    scene.upstream.wait_for_requests(already + 1);
    for number in 1..=3 {
        scene.upstream.release();
        let mut line = String::new();
        while !line.starts_with("data:") {
            line = connection.line();
        }
        assert_eq!(line, format!("data: {number}"));
    }
}

#[test]
fn large_bodies_pass_both_ways() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let down = person.fetch(&scene.url("/app/bytes/5000000"));
    assert_eq!((down.status, down.body.len()), (200, 5_000_000));
    let up = Request::new("POST", &scene.url("/app/upload"))
        .with("Origin", &scene.proxy.url)
        .with("Sec-Fetch-Site", "same-origin")
        .body(vec![b'x'; 3_000_000]);
    assert_eq!(person.send(up).status, 200);
    assert_eq!(
        scene.upstream.received().last().unwrap().body.len(),
        3_000_000
    );
}

#[test]
fn the_body_is_asked_for_with_100_continue() {
    let scene = Scene::start();
    let url = scene.url("/public/upload");
    let mut connection = Connection::open(&url, None);
    let head = Request::new("PUT", &url)
        .with("Expect", "100-continue")
        .with("Content-Length", "5");
    connection.write(&head.bytes());
    assert_eq!(connection.head().status, 100);
    connection.write(b"12345");
    assert_eq!(connection.reply("PUT").json()["body"], "12345");
}

#[test]
fn an_unsafe_request_of_another_site_is_refused_and_not_passed_on() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let already = scene.upstream.received().len();
    for (name, value) in [
        ("Origin", "https://evil.example.com"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let forged = Request::new("POST", &scene.url("/app/pay"))
            .with(name, value)
            .body("x");
        assert_eq!(person.send(forged).status, 403, "{name}: {value}");
    }
    assert_eq!(scene.upstream.received().len(), already);
}

#[test]
fn an_answer_of_the_upstream_is_rewritten_to_the_public_side() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let reply = person.fetch(&scene.url("/app/redirect"));
    assert_eq!(reply.status, 302);
    let location = reply.field("location").unwrap();
    assert!(location.ends_with("/app/there"), "{location}");
    let cookie = reply
        .all("set-cookie")
        .find(|line| line.starts_with("own="))
        .unwrap();
    assert!(cookie.contains("Path=/app"), "{cookie}");
    // What the route gives the app's cookies.
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[test]
fn the_log_has_one_line_per_request_and_no_secret() {
    let scene = Scene::start();
    let mut person = scene.signed_in("ada");
    person.fetch(&scene.url("/app/logged?password=canary-in-a-query"));
    eventually("the request is logged", || {
        scene
            .proxy
            .log()
            .iter()
            .filter(|line| line.contains("/app/logged"))
            .count()
            == 1
    });
    let log = scene.proxy.log().join("\n");
    let mut secrets: Vec<String> = person
        .jar
        .cookies()
        .iter()
        .map(|cookie| cookie.value.clone())
        .collect();
    secrets.push(scene.provider.fact("client_secret").to_owned());
    secrets.push("eyJ".to_owned());
    secrets.push("code=".to_owned());
    for received in scene.upstream.received() {
        secrets.extend(received.field("authorization").map(str::to_owned));
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn public_routes_need_no_session() {
    let scene = Scene::start();
    let reply = Person::new().fetch(&scene.url("/public/x"));
    assert_eq!(
        (reply.status, &reply.json()["line"]),
        (200, &"GET /x HTTP/1.1".into())
    );
}
