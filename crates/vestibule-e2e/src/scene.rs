//! An ordinary set-up: the local provider, an upstream, and the program in front of it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::certificate::Certificate;
use crate::faulty_disk::FaultyDisk;
use crate::http::Reply;
use crate::local_provider::LocalProvider;
use crate::person::Person;
use crate::process::PATIENCE;
use crate::program::{Proxy, Reservation};
use crate::upstream::Upstream;

/// The three of them.
#[derive(Debug)]
pub struct Scene {
    /// The provider.
    pub provider: LocalProvider,
    /// What is behind the routes.
    pub upstream: Upstream,
    /// The program under test.
    pub proxy: Proxy,
    /// Its configuration.
    pub toml: String,
}

/// The routes of an ordinary test: `/app` for people, with the API's token, and `/public`.
const ROUTES: &str = r#"
[[route]]
path = "/app"
upstream = "{upstream}"
access_token = { scope = "{api}/.default" }
authorization = "bearer"
headers = "mod_auth_openidc"
answer_cookies = ["HttpOnly", "SameSite=Lax"]
user = ["upn", "preferred_username"]
danger_mutable_user = true

[[route]]
path = "/public"
upstream = "{upstream}"
require = "public"
"#;

/// The client id of the local provider's second API.
pub const SECOND_API: &str = "9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002";

/// A route of another API than the first.
const SECOND_ROUTE: &str = r#"
[[route]]
path = "/orders"
upstream = "{upstream}"
access_token = { scope = "api://{second_api}/orders.read" }
authorization = "bearer"

[[route]]
path = "/plain"
upstream = "{upstream}"
"#;

impl Scene {
    /// Starts everything, with sessions in a file, a route `/orders` for a second API, and `/plain` for
    /// signed-in people with no token at all.
    #[must_use]
    pub fn of_two_apis() -> Self {
        Self::of_two_apis_at(LocalProvider::start())
    }

    /// The same with a provider that is there already.
    #[must_use]
    pub fn of_two_apis_at(provider: LocalProvider) -> Self {
        let upstream = Upstream::start();
        let session = "store = \"file:{folder}/sessions\"";
        let second = SECOND_ROUTE
            .replace("{upstream}", &upstream.url)
            .replace("{second_api}", SECOND_API);
        let toml = configuration(&provider, &upstream, session, "") + &second;
        let secret = provider.fact("client_secret").to_owned();
        let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
        Self {
            provider,
            upstream,
            proxy,
            toml,
        }
    }

    /// Starts everything, with sessions in a file.
    #[must_use]
    pub fn start() -> Self {
        Self::with("store = \"file:{folder}/sessions\"", "")
    }

    /// Starts everything, with these lines in `[session]` and at the top of the configuration.
    #[must_use]
    pub fn with(session: &str, top: &str) -> Self {
        let provider = LocalProvider::start();
        let upstream = Upstream::start();
        let toml = configuration(&provider, &upstream, session, top);
        let secret = provider.fact("client_secret").to_owned();
        let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
        Self {
            provider,
            upstream,
            proxy,
            toml,
        }
    }

    /// Starts everything, with sessions in a file on this disk.
    #[must_use]
    pub fn on_disk(disk: &FaultyDisk) -> Self {
        let provider = LocalProvider::start();
        let upstream = Upstream::start();
        let session = "store = \"file:{folder}/sessions\"";
        let toml = configuration(&provider, &upstream, session, "");
        let secret = provider.fact("client_secret").to_owned();
        let reservation = Proxy::reserve("http").with_environment(disk.environment());
        let proxy = reservation.start(&toml, &[("secret", &secret)]);
        Self {
            provider,
            upstream,
            proxy,
            toml,
        }
    }

    /// The same over TLS.
    #[must_use]
    pub fn with_tls(certificate: &Certificate) -> Self {
        let reservation = Proxy::reserve("https");
        let provider = LocalProvider::with_redirect_uri(&reservation.redirect_uri());
        let upstream = Upstream::start();
        let tls = "tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }";
        let toml = configuration(&provider, &upstream, "store = \"memory\"", tls);
        let secret = provider.fact("client_secret").to_owned();
        let files = [
            ("secret", secret.as_str()),
            ("cert.pem", &certificate.pem),
            ("key.pem", &certificate.key_pem),
        ];
        let proxy = reservation.start(&toml, &files);
        Self {
            provider,
            upstream,
            proxy,
            toml,
        }
    }

    /// An address on the program.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.proxy.url)
    }

    /// Somebody who has just signed in as `account` on the way to `/app/`.
    #[must_use]
    pub fn signed_in(&self, account: &str) -> Person {
        let mut person = Person::new();
        let page = self.sign_in(&mut person, account);
        assert_eq!(page.status, 200, "{}", page.text());
        person
    }

    /// Signs a person in on the way to `/app/`; gives the page they end on.
    pub fn sign_in(&self, person: &mut Person, account: &str) -> Reply {
        self.sign_in_at(person, account, "/app/")
    }

    /// The same on the way to another page.
    pub fn sign_in_at(&self, person: &mut Person, account: &str, path: &str) -> Reply {
        let picker = person.go(&self.url(path));
        LocalProvider::sign_in(person, &picker, account)
    }

    /// Somebody who has just signed in where no token is needed, with one that has expired.
    #[must_use]
    pub fn signed_in_at_expiry(&self, account: &str) -> Person {
        self.provider
            .fault(&json!({ "kind": "short-access-token", "seconds": 0, "times": 1 }));
        let mut person = Person::new();
        let page = self.sign_in_at(&mut person, account, "/plain/");
        assert_eq!(page.status, 200, "{}", page.text());
        person
    }
}

/// The configuration for a provider and an upstream that are there already.
#[must_use]
pub fn configuration(
    provider: &LocalProvider,
    upstream: &Upstream,
    session: &str,
    top: &str,
) -> String {
    let routes = ROUTES
        .replace("{upstream}", &upstream.url)
        .replace("{api}", provider.fact("api"));
    let provider = provider.toml();
    format!(
        "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\n{top}\n\n[session]\n{session}\n\n\
         {provider}{routes}"
    )
}

/// The same for a provider whose `[provider]` table is given, with routes of the test's own.
#[must_use]
pub fn start_with(reservation: Reservation, provider: &str, routes: &str, secret: &str) -> Proxy {
    let toml = format!(
        "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\n\n[session]\nstore = \"memory\"\n\n\
         {provider}\n{routes}"
    );
    reservation.start(&toml, &[("secret", secret)])
}

/// Asks again until the answer is yes. For what another process does in its own time.
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
