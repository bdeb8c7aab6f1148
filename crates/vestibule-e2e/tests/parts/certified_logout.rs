//! Logouts that npm `oidc-provider`, which is certified, sends to the program.

use serde_json::json;
use vestibule_e2e::certified_provider::CertifiedProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{eventually, start_with};
use vestibule_e2e::upstream::Upstream;

struct Scene {
    provider: CertifiedProvider,
    upstream: Upstream,
    proxy: Proxy,
}

impl Scene {
    /// With a provider that says `sid` in its logout tokens, or only whose sessions end.
    fn start(by_sid: bool) -> Self {
        let reservation = Proxy::reserve("http");
        let provider = CertifiedProvider::start(
            &reservation.redirect_uri(),
            &json!({
                "backchannel_logout_uri": format!("{}/.vestibule/back-channel-logout", reservation.url),
                "backchannel_logout_session_required": by_sid,
                "post_logout_redirect_uris": [format!("{}/.vestibule/signed-out", reservation.url)],
                "revocation": true,
            }),
        );
        let upstream = Upstream::start();
        let table = format!(
            "[provider]\nissuer = \"{}\"\nclient_id = \"basic\"\nclient_secret = \"file:secret\"\n\
             scopes = [\"openid\", \"profile\", \"offline_access\"]\n\
             authorization_parameters = {{ prompt = \"consent\" }}\n",
            provider.issuer
        );
        let routes = format!(
            "[[route]]\npath = \"/app\"\nupstream = \"{}\"\nwebsocket = true\n",
            upstream.url
        );
        let secret = CertifiedProvider::client_secret("basic");
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

    fn signed_in(&self, name: &str) -> Person {
        let mut person = Person::new();
        let page = person.go(&self.url("/app/"));
        let page = CertifiedProvider::sign_in(&mut person, &page, name);
        assert_eq!(page.status, 200, "{}", page.text());
        person
    }

    /// Signs a person out at the provider itself, as another app of theirs would.
    fn sign_out_at_provider(&mut self, person: &mut Person) {
        let asked = person.go(&format!("{}/session/end", self.provider.issuer));
        let yes = asked.form_that_offers("yes");
        person.submit(&asked, yes);
        self.provider.event("told");
    }

    fn is_signed_in(&self, person: &mut Person) -> bool {
        person.fetch(&self.url("/app/")).status == 200
    }
}

#[test]
fn signing_out_at_the_provider_signs_out_both_browsers_and_closes_what_is_open() {
    let mut scene = Scene::start(false);
    let (mut one, mut other) = (scene.signed_in("ada"), scene.signed_in("ada"));
    let mut bob = scene.signed_in("bob");
    let already = scene.upstream.received().len();
    let mut socket = other.socket(&scene.url("/app/socket"));
    let mut bobs = bob.socket(&scene.url("/app/socket"));
    let accept = [("Accept", "text/event-stream")];
    let mut events = other.connect(&scene.url("/app/events"), &accept);
    assert_eq!(events.head().status, 200);
    scene.upstream.wait_for_requests(already + 3);
    scene.sign_out_at_provider(&mut one);
    assert!(socket.ends());
    assert!(events.ends());
    for person in [&mut one, &mut other] {
        assert!(!scene.is_signed_in(person), "the old cookie is nobody");
    }
    assert!(scene.is_signed_in(&mut bob));
    bobs.write(b"still");
    assert_eq!(bobs.exactly(5), b"still");
}

#[test]
fn a_provider_that_says_sid_signs_out_the_one_browser() {
    let mut scene = Scene::start(true);
    let (mut one, mut other) = (scene.signed_in("ada"), scene.signed_in("ada"));
    let mut socket = one.socket(&scene.url("/app/socket"));
    scene.sign_out_at_provider(&mut one);
    assert!(socket.ends());
    assert!(!scene.is_signed_in(&mut one));
    assert!(scene.is_signed_in(&mut other));
}

#[test]
fn signing_out_everywhere_ends_every_session_and_revokes_their_grants() {
    let mut scene = Scene::start(false);
    let (mut one, mut other) = (scene.signed_in("ada"), scene.signed_in("ada"));
    let mut socket = other.socket(&scene.url("/app/socket"));
    let asked = one.go(&scene.url("/.vestibule/sign-out"));
    let button = asked.form_that_offers("everywhere");
    one.submit(&asked, button);
    assert!(socket.ends());
    for person in [&mut one, &mut other] {
        assert!(!scene.is_signed_in(person));
    }
    // Of both browsers.
    scene.provider.event("revoked");
    scene.provider.event("revoked");
    eventually("both are counted", || scene.provider.revocations() >= 2);
}
