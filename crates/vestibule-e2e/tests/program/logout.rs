//! The local provider signs people out: in a frame, as Entra does, and server to server.

use serde_json::{Value, json};
use vestibule_e2e::http::{Reply, Request, send};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{configuration, eventually};
use vestibule_e2e::upstream::Upstream;

struct Scene {
    provider: LocalProvider,
    proxy: Proxy,
    _upstream: Upstream,
}

impl Scene {
    /// The portal's registration has this key, with our address behind it.
    fn start(key: &str, path: &str) -> Self {
        let reservation = Proxy::reserve("http");
        let lines = format!("{key} = \"{}{path}\"", reservation.url);
        let provider = LocalProvider::with_logout(&lines);
        let upstream = Upstream::start();
        let store = "store = \"file:{folder}/sessions\"";
        let toml = configuration(&provider, &upstream, store, "");
        let secret = provider.fact("client_secret").to_owned();
        let proxy = reservation.start(&toml, &[("secret", &secret)]);
        Self {
            provider,
            proxy,
            _upstream: upstream,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.proxy.url)
    }

    fn signed_in(&self, account: &str) -> Person {
        let mut person = Person::new();
        let picker = person.go(&self.url("/app/"));
        LocalProvider::sign_in(&mut person, &picker, account);
        assert!(self.is_signed_in(&mut person));
        person
    }

    fn is_signed_in(&self, person: &mut Person) -> bool {
        person.fetch(&self.url("/app/")).status == 200
    }

    /// Signs out at the provider, as from another app.
    fn sign_out_at_provider(&self, person: &mut Person, account: &str) -> Reply {
        let tenant = self.provider.fact("tenant_id");
        let url = format!("{}/{tenant}/oauth2/v2.0/logout", self.provider.url());
        let asked = person.go(&url);
        let form = asked.form_that_offers(account);
        person.submit(&asked, form)
    }

    fn refusals(&self) -> usize {
        let log = self.proxy.log();
        let refused = |line: &&String| {
            line.contains("/.vestibule/back-channel-logout") && line.contains("status=400")
        };
        log.iter().filter(refused).count()
    }
}

/// The addresses of the frames of a page.
fn frames(page: &Reply) -> Vec<String> {
    let parts = page.page();
    let parts = parts.split("<iframe src=\"").skip(1);
    parts
        .map(|part| part.split('"').next().unwrap_or_default())
        .map(|address| address.replace("&#x2f;", "/").replace("&amp;", "&"))
        .collect()
}

#[test]
fn a_frame_of_the_provider_ends_the_session_of_its_sid_alone() {
    let path = "/.vestibule/front-channel-logout";
    let scene = Scene::start("front_channel_logout_url", path);
    let (mut one, mut other) = (scene.signed_in("ada"), scene.signed_in("ada"));
    let page = scene.sign_out_at_provider(&mut one, "ada");
    let frames = frames(&page);
    assert_eq!(frames.len(), 1, "{}", page.page());
    // No cookie goes into a frame of another site.
    let framed = send(&Request::get(&frames[0]).with("Sec-Fetch-Dest", "iframe"));
    assert_eq!(framed.status, 200, "{framed:?}");
    let policy = framed.field("content-security-policy").unwrap();
    let ancestors = format!("frame-ancestors {}", scene.provider.url());
    assert!(policy.contains(&ancestors), "{policy}");
    assert!(!scene.is_signed_in(&mut one));
    assert!(scene.is_signed_in(&mut other));
}

#[test]
fn a_logout_token_of_the_provider_ends_the_session_also_after_a_kill() {
    let path = "/.vestibule/back-channel-logout";
    let mut scene = Scene::start("back_channel_logout_url", path);
    let (mut one, mut other) = (scene.signed_in("ada"), scene.signed_in("ada"));
    scene.proxy.kill_and_restart();
    assert!(scene.is_signed_in(&mut one));
    scene.sign_out_at_provider(&mut one, "ada");
    eventually("she is signed out", || !scene.is_signed_in(&mut one));
    assert!(scene.is_signed_in(&mut other));
}

#[test]
fn a_logout_token_that_is_wrong_ends_nothing() {
    let path = "/.vestibule/back-channel-logout";
    let scene = Scene::start("back_channel_logout_url", path);
    let event = json!({ "http://schemas.openid.net/event/backchannel-logout": null });
    let claim = |kind: &str, claim: &str, value: Value| json!({ "kind": kind, "token": "logout-token", "claim": claim, "value": value, "times": 1 });
    let without = |claim: &str| json!({ "kind": "missing-claim", "token": "logout-token", "claim": claim, "times": 1 });
    let plain = |kind: &str| json!({ "kind": kind, "token": "logout-token", "times": 1 });
    let faults = [
        plain("bad-signature"),
        plain("alg-none"),
        plain("hmac-with-public-key"),
        plain("unpublished-key"),
        plain("wrong-issuer"),
        plain("wrong-audience"),
        plain("expired"),
        plain("not-yet-valid"),
        without("jti"),
        without("iat"),
        without("events"),
        claim("replace-claim", "nonce", json!("n")),
        claim("replace-claim", "events", event),
    ];
    for (before, fault) in faults.iter().enumerate() {
        let mut ada = scene.signed_in("ada");
        scene.provider.fault(fault);
        scene.sign_out_at_provider(&mut ada, "ada");
        eventually(&fault.to_string(), || scene.refusals() == before + 1);
        assert!(scene.is_signed_in(&mut ada), "{fault}");
    }
    let mut ada = scene.signed_in("ada");
    scene.sign_out_at_provider(&mut ada, "ada");
    eventually("she is signed out", || !scene.is_signed_in(&mut ada));
}

#[test]
fn signing_out_revokes_the_refresh_token_at_the_provider() {
    let scene = Scene::start("front_channel_logout_url", "/unused");
    let mut ada = scene.signed_in("ada");
    let asked = ada.go(&scene.url("/.vestibule/sign-out"));
    ada.submit(&asked, asked.form());
    eventually("the provider was asked", || {
        scene.provider.count("revocation") >= 1
    });
    assert!(!scene.is_signed_in(&mut ada));
}

/// Browsers send `Basic` by themselves where somebody once signed in with that.
#[test]
fn signing_out_beside_authorization_or_with_two_sessions_leaves_no_session_behind() {
    let scene = Scene::start("front_channel_logout_url", "/unused");
    let (mut ada, mut bob) = (scene.signed_in("ada"), scene.signed_in("mina"));
    let cookie = |person: &Person| person.jar.field(&scene.url("/app/")).unwrap();
    let sign_out = |cookies: &str| {
        let ask = Request::new("POST", &scene.url("/.vestibule/sign-out"))
            .with("Sec-Fetch-Site", "same-origin")
            .with("Cookie", cookies);
        send(&ask.with("Authorization", "Basic eDp5")).status
    };
    assert_eq!(sign_out(&cookie(&ada)), 303);
    assert!(!scene.is_signed_in(&mut ada));
    assert!(scene.is_signed_in(&mut bob));
    let mut eve = scene.signed_in("ada");
    assert_eq!(
        sign_out(&format!("{}; {}", cookie(&bob), cookie(&eve))),
        303
    );
    assert!(!scene.is_signed_in(&mut bob));
    assert!(!scene.is_signed_in(&mut eve));
}
