//! Every example makes a plan, and a plan says what its file says.

use std::path::{Path, PathBuf};

use vestibule_config::{Environment, SecretError, SecretFile, SecretSource, Settings};
use vestibule_gate::answer_headers::{AnswerHeader, Beside};
use vestibule_gate::route::TokenChoice;
use vestibule_session::record::ResourceKey;
use zeroize::Zeroizing;

use super::*;

/// Has a fitting secret for every name.
struct Pretended;

impl SecretSource for Pretended {
    fn variable(&self, _name: &str) -> Result<Zeroizing<String>, SecretError> {
        Ok(Zeroizing::new(
            "c2Vzc2lvbiBzZWFsaW5nIGtleSBmb3IgdGVzdHMgISE".to_owned(),
        ))
    }

    fn file(&self, path: &Path) -> Result<SecretFile, SecretError> {
        let rcgen::CertifiedKey { signing_key, .. } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let text = match path.to_string_lossy().contains("key.pem") {
            true => signing_key.serialize_pem(),
            false => "c2Vzc2lvbiBzZWFsaW5nIGtleSBmb3IgdGVzdHMgISE".to_owned(),
        };
        Ok(SecretFile {
            content: Zeroizing::new(text.into_bytes()),
            group_can_read: false,
            others_can_read: false,
            read_only: false,
        })
    }
}

fn settings(text: &str) -> Settings {
    let environment = Environment::new(&Pretended, "/etc/vestibule", "/var/lib/vestibule");
    vestibule_config::parse(text, &environment)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .settings
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect()
}

#[test]
fn every_example_makes_sites_routes_and_providers() {
    assert!(examples().len() >= 6);
    for path in examples() {
        let mut settings = settings(&std::fs::read_to_string(&path).unwrap());
        // Certificates are files of the machine that runs it.
        settings.tls = None;
        for route in &mut settings.routes {
            route.upstream.tls = vestibule_config::UpstreamTls::System;
        }
        settings.outbound.ca_bundle = None;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        settings.session.keys.clear();
        let control = Control::new(runtime.handle().clone());
        let plan = plan(&settings, &control, &Arc::default(), None)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            plan.gate.routes().len(),
            settings.routes.len(),
            "{}",
            path.display()
        );
        assert_eq!(plan.gate.sites().len(), settings.public_urls.len());
        assert_eq!(plan.providers.len(), settings.providers.len());
    }
}

#[test]
fn a_routes_scope_is_asked_for_at_sign_in_and_its_token_passed_on() {
    let settings = settings(
        r#"
        public_url = "https://portal.example.com"
        listen     = "127.0.0.1:8080"
        [provider]
        issuer        = "https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0"
        client_id     = "portal"
        client_secret = "env:SECRET"
        [[route]]
        path         = "/foo"
        upstream     = "http://localhost:1234/base"
        access_token = { scope = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default" }
        [[route]]
        path     = "/bar"
        upstream = "http://localhost:1234/base"
        "#,
    );
    let routes = routes::plan(&settings).unwrap();
    assert_eq!(
        routes.upstreams.len(),
        1,
        "routes to one place share its connections"
    );
    let token = |at: usize| routes.routes[at].access_token.clone();
    assert_eq!(
        (token(0), token(1)),
        (TokenChoice::SignIn, TokenChoice::None)
    );
    assert_eq!(routes.routes[0].upstream_base.as_str(), "/base");
    let asked = providers::asked_for(&settings.providers[0], &settings);
    assert_eq!(
        asked.scopes.join(" "),
        "openid profile offline_access api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"
    );
    assert_eq!((asked.resource, asked.more), (None, Vec::new()));
}

#[test]
fn the_first_routes_token_comes_with_the_sign_in_and_each_other_is_named_once() {
    let settings = settings(
        r#"
        public_url = "https://portal.example.com"
        listen     = "127.0.0.1:8080"
        [provider]
        issuer    = "https://id.example.com"
        client_id = "portal"
        [[route]]
        path         = "/a"
        upstream     = "http://localhost:1234"
        access_token = { resource = "https://a.example.com", scope = "read write" }
        [[route]]
        path         = "/a/again"
        upstream     = "http://localhost:1234"
        access_token = { resource = "https://a.example.com", scope = "write read" }
        [[route]]
        path         = "/b"
        upstream     = "http://localhost:1234"
        access_token = { resource = "https://b.example.com", scope = "read", audience = "b" }
        [[route]]
        path         = "/b/again"
        upstream     = "http://localhost:1234"
        access_token = { audience = "b", resource = "https://b.example.com", scope = "read" }
        "#,
    );
    let b = ResourceKey::new(Some("https://b.example.com"), "read").with_audience(Some("b"));
    let routes = routes::plan(&settings).unwrap().routes;
    let choices: Vec<_> = routes.into_iter().map(|route| route.access_token).collect();
    assert_eq!(
        choices,
        [
            TokenChoice::SignIn,
            TokenChoice::SignIn,
            TokenChoice::Resource(b.clone()),
            TokenChoice::Resource(b.clone()),
        ]
    );
    let asked = providers::asked_for(&settings.providers[0], &settings);
    assert_eq!(asked.scopes.join(" "), "openid profile read write");
    assert_eq!(asked.resource.as_deref(), Some("https://a.example.com"));
    assert_eq!(asked.more, [b]);
}

#[test]
fn a_sealing_key_is_made_once_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/key");
    let made = sealing::make(&path).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        sealing::make(&path).unwrap(),
        made,
        "a second start uses the first one's key"
    );
    assert!(vestibule_session::seal::SealingKey::parse(made.as_bytes()).is_ok());
}

/// The file's reader says it with line and column, the gate has the last word: neither knows the other.
#[test]
fn the_file_and_the_gate_refuse_the_same_headers_of_answers() {
    let environment = Environment::new(&Pretended, "/etc/vestibule", "/var/lib/vestibule");
    let names = "alt-svc connection content-encoding content-length content-range keep-alive proxy-authenticate \
                 proxy-authentication-info proxy-connection sec-websocket-accept sec-websocket-extensions \
                 sec-websocket-protocol set-cookie te trailer transfer-encoding upgrade access-control-allow-origin \
                 a(b server x-frame-options cache-control vary content-type content-security-policy location date etag \
                 strict-transport-security www-authenticate age warning set-cookie2 sec-websocket-version";
    for name in names.split_whitespace() {
        let text = format!(
            "public_url = \"https://portal.example.com\"\nlisten = \"127.0.0.1:8480\"\n[[route]]\npath = \"/\"\n\
             upstream = \"http://localhost:1\"\nrequire = \"public\"\nanswer_headers = {{ \"{name}\" = \"=x\" }}\n"
        );
        let file = vestibule_config::parse(&text, &environment).is_ok();
        let gate = AnswerHeader::new(name, Beside::Instead, vec!["x".to_owned()]);
        assert_eq!(file, gate.is_ok(), "{name}");
    }
}
