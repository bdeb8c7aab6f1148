//! HTTP/2 towards browsers and towards an upstream.

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::http::Request;
use vestibule_e2e::http2;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::Scene;

#[test]
fn many_requests_of_one_connection_are_answered_each_for_itself() {
    let certificate = Certificate::new();
    let scene = Scene::with_tls(&certificate);
    let mut person = Person {
        trust: Some(certificate.clone()),
        ..Person::new()
    };
    assert_eq!(scene.sign_in(&mut person, "ada").status, 200);
    let cookie = person.jar.field(&scene.url("/app/")).unwrap();
    let already = scene.upstream.received().len();
    let mut requests = Vec::new();
    for number in 0..10 {
        let url = scene.url(&format!("/app/{number}"));
        let asked = Request::get(&url).with("sec-fetch-site", "same-origin");
        // A browser may send its cookies in several fields (RFC 9113 §8.2.3).
        requests.push(asked.clone().with("cookie", "a=1").with("cookie", &cookie));
        requests.push(asked.with("sec-fetch-mode", "cors"));
        requests.push(Request::get(&scene.url(&format!("/public/{number}"))));
    }
    for (number, replies) in http2::send(&requests, &certificate).chunks(3).enumerate() {
        let [signed_in, stranger, public] = replies else {
            panic!("three each: {replies:?}");
        };
        assert_eq!(stranger.status, 401, "{stranger:?}");
        for reply in [signed_in, public] {
            assert_eq!(reply.status, 200, "{reply:?}");
            assert_eq!(reply.json()["line"], format!("GET /{number} HTTP/1.1"));
        }
        let public = public.json()["fields"].to_string().to_lowercase();
        assert!(!public.contains("oidc_claim"), "{public}");
    }
    assert_eq!(scene.upstream.received().len(), already + 20);
}

#[test]
fn what_a_client_says_about_itself_never_reaches_the_upstream_over_http_2_either() {
    let certificate = Certificate::new();
    let scene = Scene::with_tls(&certificate);
    let forged = Request::new("POST", &scene.url("/public/"))
        .with("oidc_claim_upn", "evil")
        .with("oidc-access-token", "evil")
        .with("x-forwarded-for", "evil")
        .with("forwarded", "for=evil")
        .body("x");
    let elsewhere = Request::get("https://evil.example.com/public/");
    let replies = http2::send(&[forged, elsewhere], &certificate);
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 421]);
    let received = scene.upstream.received();
    let [received] = received.as_slice() else {
        panic!("one request: {received:?}");
    };
    assert_eq!(received.body, b"x");
    for (name, value) in &received.fields {
        assert!(!value.contains("evil"), "{name}: {value}");
    }
}

#[test]
fn an_upstream_may_speak_http_2_in_clear() {
    let scene = Scene::start();
    let upstream = http2::Upstream::start();
    let route = format!(
        "\n[[route]]\npath = \"/two\"\nupstream = \"{}\"\nupstream_protocol = \"h2c\"\n\
         headers = {{ \"X-Person\" = \"name\" }}\n",
        upstream.url
    );
    scene
        .proxy
        .reload(&(scene.toml.clone() + &route), "reloaded");
    let mut person = scene.signed_in("ada");
    let reply = person.fetch(&scene.url("/two/a?b=1"));
    assert_eq!(
        (reply.status, &reply.json()["line"]),
        (200, &"GET /a?b=1 HTTP/2.0".into())
    );
    let post = Request::new("POST", &scene.url("/two/up"))
        .with("Origin", &scene.proxy.url)
        .with("Sec-Fetch-Site", "same-origin")
        .with("Connection", "close, x-gone")
        .with("X-Gone", "1")
        .with("x_person", "evil")
        .body(vec![b'x'; 100_000]);
    let reply = person.send(post);
    assert_eq!(
        (reply.status, &reply.json()["line"]),
        (200, &"POST /up HTTP/2.0".into())
    );
    let received = upstream.received();
    let last = received.last().unwrap();
    assert_eq!(last.body.len(), 100_000);
    assert_eq!(last.all("x-person").collect::<Vec<_>>(), ["Ada Lindqvist"]);
    for gone in [
        "connection",
        "x-gone",
        "x_person",
        "cookie",
        "transfer-encoding",
    ] {
        assert_eq!(last.field(gone), None, "{gone}: {last:?}");
    }
}
