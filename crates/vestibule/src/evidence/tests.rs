//! What a file says is what the diagnosis is told.

use vestibule_config::{Environment, FixedSecrets};
use vestibule_diagnosis::evidence::{AskedToken, Product, SameSite};
use vestibule_diagnosis::{Evidence, Severity, diagnose};

use super::*;

fn read(text: &str) -> Settings {
    let secrets =
        FixedSecrets::new().variable("SECRET", "v4lue~of.the-portal_0123456789abcdefghij");
    let environment = Environment::new(&secrets, "/etc/vestibule", "/var/lib/vestibule");
    vestibule_config::parse(text, &environment)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .settings
}

const ENTRA: &str = r#"
    public_url = "https://portal.example.com"
    listen     = "127.0.0.1:8080"
    trusted_proxies = ["127.0.0.1"]
    [session]
    store = "memory"
    [provider]
    issuer        = "https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0"
    client_id     = "59d7f244-6541-464b-9ea4-6cdba60509b1"
    client_secret = "env:SECRET"
    response_mode = "form_post"
    [[route]]
    path         = "/foo"
    upstream     = "http://localhost:1234"
    access_token = { scope = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default" }
    headers      = "mod_auth_openidc"
    user         = "oid"
    require      = { groups = ["0f0e0d0c-0b0a-4908-8706-050403020100"] }
"#;

#[test]
fn a_files_settings_are_told_with_the_secret_as_its_shape() {
    let all = read(ENTRA);
    let found = settings(&all, all.providers.first(), Secrets::Needed);
    assert!(!format!("{found:?}").contains("v4lue"));
    let provider = found.provider.as_ref().unwrap();
    assert_eq!(
        provider.secret.map(|shape| (shape.is_guid, shape.length)),
        Some((false, 40))
    );
    assert_eq!(
        provider.scopes.as_ref().unwrap().last().map(String::as_str),
        Some("api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default")
    );
    assert_eq!(
        found.redirect_uri.as_deref(),
        Some("https://portal.example.com/.vestibule/callback")
    );
    assert_eq!(found.session.pending_same_site, Some(SameSite::None));
    assert_eq!(
        found.session.cookie_name.as_deref(),
        Some("__Host-vestibule")
    );
    let route = found.routes.first().unwrap();
    assert_eq!(
        route.token,
        Some(AskedToken::Scope(
            "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default".to_owned()
        ))
    );
    assert_eq!(
        route.rules.first().map(|rule| rule.claim.as_str()),
        Some("groups")
    );
    assert_eq!(route.token_header.as_deref(), Some("OIDC_access_token"));
    let absent = settings(&all, all.providers.first(), Secrets::Absent);
    assert_eq!(
        absent.provider.unwrap().secret,
        None,
        "what stands in for a secret is not judged"
    );
}

#[test]
fn an_api_has_the_names_and_issuers_of_both_versions() {
    let all = read(ENTRA);
    let route = all.routes.first().unwrap();
    let found = api(route, provider_of(&all, route));
    assert_eq!(
        found.audiences,
        [
            "api://9e59d98b-d747-4a9a-96fd-178f04d08b02",
            "9e59d98b-d747-4a9a-96fd-178f04d08b02"
        ]
    );
    assert_eq!(
        found.issuers,
        [
            "https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0",
            "https://sts.windows.net/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/",
        ]
    );
}

#[test]
fn the_local_provider_has_both_versions_on_one_host() {
    const TENANT: &str = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
    let both = [
        format!("http://127.0.0.1:8081/{TENANT}/v2.0"),
        format!("http://127.0.0.1:8081/sts/{TENANT}/"),
    ];
    let local = "http://127.0.0.1:8081";
    for line in [
        format!("issuer = \"{local}/{TENANT}/v2.0\""),
        format!("issuer = \"{local}/sts/{TENANT}/\""),
        format!("metadata_url = \"{local}/{TENANT}/v2.0/.well-known/openid-configuration\""),
        format!(
            "issuer = \"{local}/organizations/v2.0\"\ntenants = [\"{TENANT}\"]\nkind = \"entra\""
        ),
    ] {
        let entra = "issuer        = \"https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0\"";
        assert!(ENTRA.contains(entra));
        let all = read(&ENTRA.replace(entra, &line));
        let mut found = issuers(all.providers.first().unwrap());
        // ID tokens carry the configured one.
        assert_eq!(found[0].contains("/sts/"), line.contains("/sts/"));
        found.sort();
        assert_eq!(found, both, "{line}");
    }
    for issuer in &both {
        assert_eq!(both_versions(issuer), both);
    }
    assert!(both_versions("http://127.0.0.1:8081/realms/x").is_empty());
}

#[test]
fn every_example_is_evidence_without_an_error() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "toml") {
            continue;
        }
        seen += 1;
        let (all, _) = crate::load::file(&path, Secrets::Absent).unwrap();
        for provider in &all.providers {
            let mut evidence = Evidence::default();
            let found = settings(&all, Some(provider), Secrets::Absent);
            assert!(!found.routes.is_empty(), "{}", path.display());
            evidence.settings = Some(found);
            let entra = provider.discovery.configured().contains("microsoftonline");
            assert_eq!(
                evidence.product() == Some(Product::Entra),
                entra,
                "{}",
                path.display()
            );
            let errors: Vec<_> = diagnose(&evidence)
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error)
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
    }
    assert!(seen >= 6);
}

const TWO_PROVIDERS: &str = r#"
    public_url = ["https://a.example.com", "https://b.example.com"]
    listen     = "127.0.0.1:8080"
    trusted_proxies = ["127.0.0.1"]
    [provider.one]
    issuer        = "https://one.example.com"
    client_id     = "portal"
    client_secret = "env:SECRET"
    [provider.two]
    issuer        = "https://two.example.com"
    client_id     = "portal"
    client_secret = "env:SECRET"
    [[route]]
    host     = "a.example.com"
    path     = "/"
    upstream = "http://localhost:1234"
    provider = "one"
    [[route]]
    host     = "b.example.com"
    path     = "/"
    upstream = "http://localhost:1234"
    provider = "two"
    [[route]]
    path     = "/open"
    upstream = "http://localhost:1234"
    require  = "public"
"#;

/// A redirect URI that nobody is ever sent to need not be registered.
#[test]
fn a_provider_is_asked_only_about_the_addresses_where_its_people_are_taken() {
    let addresses = |text: &str| -> Vec<String> {
        let all = read(text);
        let of = |set| public_urls(&all, Some(set)).map(|url| url.host().to_string());
        let mut sets = all.providers.iter();
        let pairs = sets
            .by_ref()
            .map(|set| of(set).collect::<Vec<_>>().join(" "));
        pairs.collect()
    };
    assert_eq!(addresses(TWO_PROVIDERS), ["a.example.com", "b.example.com"]);
    let everywhere = TWO_PROVIDERS.replace("host     = \"b.example.com\"", "");
    assert_eq!(
        addresses(&everywhere),
        ["a.example.com", "a.example.com b.example.com"]
    );
    let chosen = TWO_PROVIDERS.replace("provider = \"two\"", "");
    assert_eq!(
        addresses(&chosen),
        ["a.example.com b.example.com", "b.example.com"]
    );
    let unused = TWO_PROVIDERS.replace("provider = \"two\"", "require = \"public\"");
    assert_eq!(
        addresses(&unused),
        ["a.example.com", "a.example.com b.example.com"]
    );
}
