//! Against npm `oidc-provider`, which is certified and knows nothing of us.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use vestibule_e2e::certified_provider::{CertifiedProvider, JWT_RESOURCE, OPAQUE_RESOURCE};
use vestibule_e2e::http::{Reply, Request};
use vestibule_e2e::jwt::claims;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{eventually, start_with};
use vestibule_e2e::upstream::Upstream;

/// The provider, an upstream that gets a token, and the program between them.
struct Scene {
    provider: CertifiedProvider,
    upstream: Upstream,
    proxy: Proxy,
}

/// What one test wants to be different.
#[derive(Clone, Copy)]
struct Wish<'a> {
    client: &'a str,
    /// More keys of `[provider]`.
    provider: &'a str,
    access_token: &'a str,
    /// What the upstream is told, as the value of `headers`.
    headers: &'a str,
    access_token_seconds: u32,
    /// The ID token has `sub` and no more, as the certified default is.
    claims_in_user_info_only: bool,
}

const ORDINARY: Wish<'_> = Wish {
    client: "basic",
    provider: "",
    access_token: "\"sign-in\"",
    headers: "\"mod_auth_openidc\"",
    access_token_seconds: 600,
    claims_in_user_info_only: false,
};

/// A token for a resource is none for the user-info endpoint.
const NO_USER_INFO: &str = "userinfo = false";

impl Scene {
    fn start(wish: Wish<'_>) -> Self {
        let reservation = Proxy::reserve("http");
        let more = json!({
            "access_token_seconds": wish.access_token_seconds,
            "claims_in_user_info_only": wish.claims_in_user_info_only,
            "post_logout_redirect_uris": [format!("{}/.vestibule/signed-out", reservation.url)],
        });
        let provider = CertifiedProvider::start(&reservation.redirect_uri(), &more);
        let upstream = Upstream::start();
        let method = match wish.client {
            "basic" | "signed" => "client_secret = \"file:secret\"",
            "post" => {
                "client_secret = \"file:secret\"\nclient_authentication = \"client_secret_post\""
            }
            _ => "client_authentication = \"none\"",
        };
        let table = format!(
            "[provider]\nissuer = \"{}\"\nclient_id = \"{}\"\n{method}\n\
             scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\n\
             authorization_parameters = {{ prompt = \"consent\" }}\n{}\n",
            provider.issuer, wish.client, wish.provider
        );
        let routes = format!(
            "[[route]]\npath = \"/app\"\nupstream = \"{}\"\naccess_token = {}\n\
             authorization = \"bearer\"\nuser = \"sub\"\nheaders = {}\n",
            upstream.url, wish.access_token, wish.headers
        );
        let secret = CertifiedProvider::client_secret(wish.client);
        let proxy = start_with(reservation, &table, &routes, &secret);
        Self {
            provider,
            upstream,
            proxy,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.proxy.url)
    }

    fn sign_in(&self, person: &mut Person, name: &str) -> Reply {
        let page = person.go(&self.url("/app/?from=here"));
        CertifiedProvider::sign_in(person, &page, name)
    }

    /// The bearer the upstream got last.
    fn bearer(&self) -> String {
        let received = self.upstream.received();
        let value = received.last().unwrap().field("authorization").unwrap();
        value.strip_prefix("Bearer ").unwrap().to_owned()
    }
}

#[test]
fn people_sign_in_with_every_way_a_client_can_authenticate() {
    for client in ["basic", "post", "public"] {
        let scene = Scene::start(Wish { client, ..ORDINARY });
        let mut person = Person::new();
        let page = scene.sign_in(&mut person, "ada");
        assert_eq!(
            (page.status, page.url.clone()),
            (200, scene.url("/app/?from=here")),
            "{client}"
        );
        let received = scene.upstream.received();
        let claims = received.last().unwrap();
        assert_eq!(
            claims.field("oidc_claim_sub"),
            Some("ada"),
            "{client}: {claims:?}"
        );
        assert_eq!(scene.provider.grants("authorization_code"), 1, "{client}");
    }
}

#[test]
fn the_name_comes_from_user_info_where_the_id_token_has_none() {
    for client in ["basic", "signed"] {
        let scene = Scene::start(Wish {
            client,
            provider: "userinfo = true",
            claims_in_user_info_only: true,
            ..ORDINARY
        });
        scene.sign_in(&mut Person::new(), "ada");
        let received = scene.upstream.received();
        let fields = received.last().unwrap().fields.iter();
        let values: Vec<&str> = fields.map(|(_, value)| value.as_str()).collect();
        assert!(values.contains(&"ada@example.com"), "{client}: {values:?}");
    }
}

/// It tells nobody else, and what comes as plain JSON it does not make one of.
#[test]
fn an_upstream_gets_user_info_as_the_provider_signed_it() {
    for client in ["signed", "basic"] {
        let scene = Scene::start(Wish {
            client,
            provider: "userinfo = true",
            headers: r#"{ preset = "mod_auth_openidc", userinfo = ["claims", "jwt"], X-Info = "@userinfo_jwt" }"#,
            claims_in_user_info_only: true,
            ..ORDINARY
        });
        let mut person = Person::new();
        let forged = Request::new("GET", &scene.url("/app/")).with("OIDC_userinfo_jwt", "forged");
        scene.sign_in(&mut person, "ada");
        person.send(forged.with("X-Info", "forged"));
        let received = scene.upstream.received();
        assert_eq!(received.len(), 2);
        for request in &received {
            let token = request.field("OIDC_userinfo_jwt");
            assert_eq!(request.field("X-Info"), token);
            assert_eq!(request.field("OIDC_CLAIM_email"), Some("ada@example.com"));
            assert_eq!(token.is_some(), client == "signed");
            let Some(token) = token else { continue };
            let said = claims(token);
            assert_eq!(said["iss"], scene.provider.issuer.as_str());
            assert_eq!(said["aud"], "signed");
            assert_eq!(said["email"], "ada@example.com");
            let me = person.go(&scene.url("/.vestibule/me"));
            let told = [me.text(), scene.proxy.log().concat()].concat();
            assert!(!told.contains(token), "{told}");
        }
        let log = scene.proxy.log().concat();
        let is_missed = log.contains("user info came as plain JSON");
        assert_eq!(is_missed, client == "basic", "{log}");
    }
}

#[test]
fn a_resource_of_jwts_gives_the_upstream_a_jwt_for_it() {
    let wish = format!("{{ resource = \"{JWT_RESOURCE}\", scope = \"read\" }}");
    let scene = Scene::start(Wish {
        access_token: &wish,
        provider: NO_USER_INFO,
        ..ORDINARY
    });
    let page = scene.sign_in(&mut Person::new(), "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let claims = claims(&scene.bearer());
    assert_eq!(
        (&claims["aud"], &claims["scope"]),
        (&JWT_RESOURCE.into(), &"read".into()),
        "{claims}"
    );
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&scene.provider.issuer.as_str().into(), &"ada".into())
    );
}

#[test]
fn a_resource_of_opaque_tokens_gives_the_upstream_an_opaque_one() {
    let wish = format!("{{ resource = \"{OPAQUE_RESOURCE}\", scope = \"read\" }}");
    let scene = Scene::start(Wish {
        access_token: &wish,
        provider: NO_USER_INFO,
        ..ORDINARY
    });
    let page = scene.sign_in(&mut Person::new(), "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(!scene.bearer().contains('.'), "{}", scene.bearer());
}

#[test]
fn tokens_are_refreshed_and_refresh_tokens_rotated() {
    let wish = format!("{{ resource = \"{JWT_RESOURCE}\", scope = \"read\" }}");
    // So short that every request finds them over half of their life soon.
    let scene = Scene::start(Wish {
        access_token: &wish,
        provider: NO_USER_INFO,
        access_token_seconds: 2,
        ..ORDINARY
    });
    let mut person = Person::new();
    scene.sign_in(&mut person, "ada");
    let first = scene.bearer();
    // A rotated refresh token that were used twice would end the grant, and so would show.
    eventually("three refreshes", || {
        let reply = person.fetch(&scene.url("/app/"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        scene.provider.grants("refresh_token") >= 3
    });
    assert_ne!(scene.bearer(), first);
    assert_eq!(claims(&scene.bearer())["aud"], JWT_RESOURCE);
}

/// Routes for both resources, and one for signed-in people with no token at all.
fn of_two_resources(access_token_seconds: u32, refresh_delay_millis: u32) -> Scene {
    let reservation = Proxy::reserve("http");
    let more = json!({
        "access_token_seconds": access_token_seconds,
        "refresh_delay_millis": refresh_delay_millis,
    });
    let provider = CertifiedProvider::start(&reservation.redirect_uri(), &more);
    let upstream = Upstream::start();
    let table = format!(
        "[provider]\nissuer = \"{}\"\nclient_id = \"basic\"\nclient_secret = \"file:secret\"\n\
         scopes = [\"openid\", \"offline_access\"]\n\
         authorization_parameters = {{ prompt = \"consent\" }}\n{NO_USER_INFO}\n",
        provider.issuer
    );
    let mut routes = format!(
        "[[route]]\npath = \"/plain\"\nupstream = \"{}\"\n",
        upstream.url
    );
    for (path, resource) in [("/app", JWT_RESOURCE), ("/opaque", OPAQUE_RESOURCE)] {
        routes.push_str(&format!(
            "[[route]]\npath = \"{path}\"\nupstream = \"{}\"\nauthorization = \"bearer\"\n\
             access_token = {{ resource = \"{resource}\", scope = \"read\" }}\n",
            upstream.url
        ));
    }
    let secret = CertifiedProvider::client_secret("basic");
    let proxy = start_with(reservation, &table, &routes, &secret);
    Scene {
        provider,
        upstream,
        proxy,
    }
}

/// RFC 8707 §2.2: a refresh narrows what the sign-in named.
#[test]
fn two_routes_get_each_the_token_of_its_own_resource() {
    let scene = of_two_resources(600, 0);
    let mut person = Person::new();
    let page = scene.sign_in(&mut person, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let first = scene.bearer();
    assert_eq!(claims(&first)["aud"], JWT_RESOURCE);
    assert_eq!(person.fetch(&scene.url("/opaque/")).status, 200);
    assert!(!scene.bearer().contains('.'), "{}", scene.bearer());
    assert_eq!(scene.provider.grants("refresh_token"), 1);
    assert_eq!(person.fetch(&scene.url("/app/")).status, 200);
    assert_eq!(scene.bearer(), first);
    assert_eq!(scene.provider.grants("refresh_token"), 1);
}

/// Its refresh tokens work once; a second use ends the grant.
#[test]
fn a_hundred_requests_at_expiry_cost_one_grant() {
    let scene = of_two_resources(1, 4000);
    let mut person = Person::new();
    let page = person.go(&scene.url("/plain/"));
    let page = CertifiedProvider::sign_in(&mut person, &page, "ada");
    assert_eq!(page.status, 200, "{}", page.text());
    let began = Instant::now();
    eventually("the token expires", || {
        began.elapsed() > Duration::from_secs(2)
    });
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = |_| {
            let (mut person, url) = (person.clone(), scene.url("/app/"));
            scope.spawn(move || person.fetch(&url).status)
        };
        let asked: Vec<_> = (0..100).map(ask).collect();
        let asked = asked.into_iter();
        asked.map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 100]);
    assert_eq!(scene.provider.grants("refresh_token"), 1);
    // Had one been used twice, nothing would come any more.
    assert_eq!(person.fetch(&scene.url("/opaque/")).status, 200);
}

#[test]
fn signing_out_ends_the_session_here_and_there() {
    let mut scene = Scene::start(ORDINARY);
    let mut person = Person::new();
    scene.sign_in(&mut person, "ada");
    let asked = person.go(&scene.url("/.vestibule/sign-out"));
    let mut page = person.submit(&asked, asked.form());
    // The certified provider asks whether the person means it.
    if page.url.starts_with(&scene.provider.issuer) {
        let yes = page.form_that_offers("yes");
        page = person.submit(&page, yes);
    }
    scene.provider.event("signed_out");
    assert_eq!(
        page.url,
        scene.url("/.vestibule/signed-out"),
        "{}",
        page.text()
    );
    assert_eq!(person.fetch(&scene.url("/app/")).status, 401);
    let again = person.go(&scene.url("/app/"));
    assert!(
        again.form().has("login"),
        "the provider asks who it is again: {}",
        again.text()
    );
}

#[test]
fn a_person_who_says_no_gets_a_page() {
    let scene = Scene::start(ORDINARY);
    let mut person = Person::new();
    let asked = person.go(&scene.url("/app/"));
    let page = CertifiedProvider::sign_in(&mut person, &asked, "");
    assert!((400..500).contains(&page.status), "{page:?}");
    assert!(page.text().contains("Incident"), "{}", page.text());
    assert_eq!(
        scene.sign_in(&mut person, "ada").status,
        200,
        "and can try again"
    );
}
