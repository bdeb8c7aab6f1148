//! The configuration the program was born from, run as it stands: nothing is filled in but the address of the metadata,
//! ids, secrets, ports and the closing tag.

use std::fs;
use std::process::Output;

use vestibule_e2e::http::{self, Request};
use vestibule_e2e::imported::{Imported, command};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::place;
use vestibule_e2e::program::vestibule;
use vestibule_e2e::upstream::Upstream;

const STORY: &str = r"OIDCProviderMetadataURL {metadata}
OIDCRedirectURI {url}/foo
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCCryptoPassphrase a-passphrase-of-no-worth
OIDCScope {api}

OIDCRemoteUserClaim upn
OIDCPassClaimsAs headers

ProxyPass /foo {upstream}
ProxyPassReverse /rest {upstream}

<Location /foo>
AuthType openid-connect
Require valid-user
</Location>
";

fn story(provider: &LocalProvider, upstream: &str) -> String {
    STORY
        .replace("{metadata}", provider.fact("metadata_url"))
        .replace("{client_id}", provider.fact("client_id"))
        .replace("{client_secret}", provider.fact("client_secret"))
        .replace("{api}", provider.fact("api"))
        .replace("{upstream}", upstream)
}

#[test]
fn the_story_runs_as_it_stands_and_the_api_gets_a_token_it_can_validate() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let proxy = Imported::run(&story(&provider, &upstream.url));
    let mut person = Person::new();
    let picker = person.go(&format!("{}/foo", proxy.url));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    // The redirect URI is the app's own page: sign-in comes back to it, and then it shows the app.
    assert_eq!(
        (page.status, page.url.clone()),
        (200, format!("{}/foo", proxy.url)),
        "{}",
        page.text()
    );
    assert_eq!(page.json()["line"], "GET / HTTP/1.1");
    let received = upstream.received();
    let last = received.last().unwrap();
    let token = last.field("OIDC_access_token").unwrap();
    assert_eq!(token.split('.').count(), 3, "a JWT");
    assert!(
        last.fields
            .iter()
            .any(|(name, _)| name == "OIDC_access_token"),
        "{:?}",
        last.fields
    );
    assert_eq!(last.field("OIDC_CLAIM_upn"), Some("ada@contoso.localhost"));
    assert_eq!(
        last.field("cookie"),
        None,
        "the session's cookie stays here"
    );
    let api = provider.fact("api");
    let explained = explained(token, api, &provider);
    assert_eq!(explained.status.code(), Some(0), "{explained:?}");

    let page = person.go(&format!("{}/foo/x?y=1", proxy.url));
    assert_eq!(page.json()["line"], "GET /x?y=1 HTTP/1.1");
    // Only what has a state and a code or an error is an answer of the provider.
    let page = person.go(&format!("{}/foo?code=of-the-app", proxy.url));
    assert_eq!(page.json()["line"], "GET /?code=of-the-app HTTP/1.1");
    // Its redirects are written back, which its own ProxyPassReverse would not do.
    let reply = person.visit(&format!("{}/foo/redirect", proxy.url));
    assert_eq!(reply.field("location"), Some("/foo/there"));
}

/// What `explain` says of the token for the API, with the provider's own keys for v1.0 tokens, which this API asks for.
fn explained(token: &str, api: &str, provider: &LocalProvider) -> Output {
    let keys = format!(
        "{}/{}/discovery/keys",
        provider.url(),
        provider.fact("tenant_id")
    );
    let keys = http::send(&Request::get(&keys)).text();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    vestibule(&["explain", "--audience", api])
        .arg("--file")
        .arg(file("token", token))
        .arg("--jwks")
        .arg(file("keys.json", &keys))
        .output()
        .unwrap()
}

#[test]
fn the_report_names_each_fault_of_the_story_with_its_line() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let proxy = Imported::run(&story(&provider, &upstream.url));
    let report = proxy.printed();
    for said in [
        "VST-SCOPE-NO-OPENID",
        "VST-SCOPE-NO-NAME",
        "/.default",
        "VST-REDIRECT-IS-PAGE",
        "only on request",
        "preferred_username",
        "VST-FRONT-REVERSE-PATH",
        "nothing is proxied at /rest",
        "  14  <Location /foo>",
    ] {
        assert!(report.contains(said), "{said} is missing:\n{report}");
    }
    for secret in [provider.fact("client_secret"), "a-passphrase-of-no-worth"] {
        assert!(!report.contains(secret), "{report}");
    }
}

#[test]
fn without_the_metadata_url_or_the_closing_tag_nothing_runs() {
    let provider = LocalProvider::start();
    let whole = story(&provider, "http://127.0.0.1:1").replace("{url}", "http://localhost");
    let without_url: String = whole
        .lines()
        .skip(1)
        .map(|line| format!("{line}\n"))
        .collect();
    let without_tag = whole.replace("</Location>\n", "");
    for (text, said) in [
        (without_url, "OIDCProviderMetadataURL"),
        (without_tag, "closing tag is missing"),
    ] {
        for arguments in [
            &["run", "--apache"][..],
            &["check", "--apache"],
            &["import", "apache"],
        ] {
            let output = command(arguments, &text);
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {printed}");
            assert!(printed.contains(said), "{arguments:?}: {printed}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
        }
    }
    let output = command(&["import", "apache"], &whole);
    assert_eq!(output.status.code(), Some(0));
    // However the keys are aligned.
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = printed.split_whitespace().collect();
    assert!(
        words.join(" ").contains("redirect_path = \"/foo\""),
        "{printed}"
    );
    let output = command(&["explain", "--request", "GET /foo/x", "--apache"], &whole);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("sign"), "{printed}");
}

/// Two virtual hosts with a provider each; `{a}` and `{b}` are their addresses.
const TWO_PROVIDERS: &str = "OIDCCryptoPassphrase a-passphrase-of-no-worth
OIDCRemoteUserClaim sub
<VirtualHost *>
ServerName localhost
OIDCProviderMetadataURL {metadata_a}
OIDCClientID {client_a}
OIDCClientSecret {secret_a}
OIDCRedirectURI {a}/secure/redirect_uri
ProxyPass / {upstream}/a/
<Location />
AuthType openid-connect
Require valid-user
</Location>
</VirtualHost>
<VirtualHost *>
ServerName b.localhost
OIDCProviderMetadataURL {metadata_b}
OIDCClientID {client_b}
OIDCClientSecret {secret_b}
OIDCRedirectURI {b}/secure/redirect_uri
ProxyPass / {upstream}/b/
<Location />
AuthType openid-connect
Require valid-user
</Location>
</VirtualHost>
";

#[test]
fn each_virtual_host_has_people_sign_in_with_its_own_provider_alone() {
    let port = place::free_port();
    let [a, b] = ["localhost", "b.localhost"].map(|host| format!("http://{host}:{port}"));
    let [of_a, of_b] = [&a, &b].map(|url| format!("{url}/secure/redirect_uri"));
    // The first would take people of the other host too.
    let ours = LocalProvider::with_redirect_uris(&[&of_a, &of_b]);
    let theirs = LocalProvider::with_redirect_uris(&[&of_b]);
    let upstream = Upstream::start();
    let mut text = TWO_PROVIDERS.replace("{upstream}", &upstream.url);
    for (name, provider, url) in [("a", &ours, &a), ("b", &theirs, &b)] {
        for (fact, key) in [
            ("metadata", "metadata_url"),
            ("client", "client_id"),
            ("secret", "client_secret"),
        ] {
            text = text.replace(&format!("{{{fact}_{name}}}"), provider.fact(key));
        }
        text = text.replace(&format!("{{{name}}}"), url);
    }
    let proxy = Imported::run_at(port, &text);
    for (url, provider, line) in [(&a, &ours, "GET /a/x "), (&b, &theirs, "GET /b/x ")] {
        let mut person = Person::new();
        let picker = person.go(&format!("{url}/x"));
        assert!(picker.url.starts_with(&provider.url()), "{}", picker.url);
        let page = LocalProvider::sign_in(&mut person, &picker, "ada");
        assert_eq!(page.status, 200, "{}\n{}", page.text(), proxy.printed());
        let got = page.json()["line"].to_string();
        assert!(got.contains(line), "{got}");
    }
    // Nobody is sent to the one at the other host, and no answer of the one is taken there.
    let before = upstream.received().len();
    let page = Person::new().go(&format!(
        "{b}/.vestibule/sign-in?provider=localhost&return_to=/x"
    ));
    assert_eq!(page.status, 400, "{}", page.url);
    let mut person = Person::new();
    let picker = person.go(&format!("{a}/x"));
    LocalProvider::sign_in(&mut person, &picker, "ada");
    let answer = person.trail.iter().find(|step| step.starts_with(&of_a));
    let answer = answer.unwrap().replace(&of_a, &of_b);
    let page = person.go(&answer);
    assert_eq!(page.status, 400, "{}", page.text());
    assert_eq!(upstream.received().len(), before + 1);
}
