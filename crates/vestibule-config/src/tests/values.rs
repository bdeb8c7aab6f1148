//! What a file comes to mean: defaults, forms, and what is carried over as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{environment, files, read, with_route};
use crate::*;

fn named(folder: &str, name: &str) -> Settings {
    let (_, text) = files(folder)
        .into_iter()
        .find(|(known, _)| known == name)
        .unwrap();
    read(&text).unwrap().settings
}

#[test]
fn where_nobody_signs_in_no_file_is_asked_for() {
    let session = named("testdata/config/good", "public-only").session;
    assert_eq!(session.store, StoreSettings::Memory);
    assert!(session.keys.is_empty());
}

#[test]
fn the_least_file_has_safe_defaults() {
    let settings = named("testdata/config/good", "minimal");
    assert_eq!(
        settings.limits,
        Limits {
            max_head_bytes: 32 * 1024,
            max_fields: 100,
            max_url_bytes: 8 * 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_min_rate: 240,
            max_connections: None,
            drain_timeout: Duration::from_secs(30),
        }
    );
    assert!(settings.trusted_proxies.is_empty());
    assert!(settings.admin.is_none() && settings.tls.is_none() && settings.threads.is_none());
    assert_eq!(settings.log.format, LogFormat::Text);
    assert_eq!(
        (settings.log.level, settings.log.level.as_str()),
        (LogLevel::Info, "info")
    );
    assert!(settings.log.access);

    let session = &settings.session;
    assert_eq!(
        session.store,
        StoreSettings::File(PathBuf::from("/var/lib/vestibule/sessions"))
    );
    assert_eq!(session.idle_timeout, Duration::from_secs(3600));
    assert_eq!(session.absolute_timeout, Duration::from_secs(8 * 3600));
    assert!(matches!(
        session.keys.as_slice(),
        [SealingKeySource::File { path, content: Some(_) }] if path == Path::new("/var/lib/vestibule/key")
    ));

    let provider = &settings.providers[0];
    assert_eq!(provider.name, None);
    assert_eq!(provider.display_name, "id.example.com");
    assert_eq!(
        provider.discovery,
        Discovery::Issuer("https://id.example.com".to_owned())
    );
    assert_eq!(provider.kind, ProviderKind::Detect);
    assert_eq!(provider.client_authentication, ClientAuthentication::None);
    assert_eq!(provider.scopes, ["openid", "profile"]);
    assert_eq!(provider.response_mode, ResponseMode::Query);
    assert_eq!(provider.userinfo, UserInfo::WhenAdvertised);
    assert_eq!(
        provider.id_token_algorithms,
        ["RS256", "ES256", "PS256", "EdDSA"]
    );
    assert_eq!(provider.clock_skew, Duration::from_secs(60));

    let route = &settings.routes[0];
    assert_eq!(route.require, Require::SignedIn);
    assert_eq!((route.host.as_deref(), route.path.as_str()), (None, "/"));
    assert_eq!(route.access_token, None);
    assert_eq!(route.user, ["sub"]);
    assert_eq!(route.headers, HeaderSettings::default());
    assert!(!route.bearer && !route.keep_prefix && !route.websocket && !route.trailers);
    assert_eq!(route.upstream.tls, UpstreamTls::System);
    assert_eq!(route.upstream.protocol, UpstreamProtocol::Auto);
    assert_eq!(route.upstream.base_path, "/");
    assert_eq!(route.upstream.connect_timeout, Duration::from_secs(5));
}

#[test]
fn a_new_machine_gets_its_key_made() {
    let settings = read(
        "public_url = \"http://localhost\"\nlisten = \"127.0.0.1:80\"\n\
         [session]\nstore = \"file:/new/sessions\"\n\
         [[route]]\npath = \"/\"\nupstream = \"http://localhost:1\"\nrequire = \"public\"",
    )
    .unwrap()
    .settings;
    assert!(matches!(
        settings.session.keys.as_slice(),
        [SealingKeySource::File { path, content: None }] if path == Path::new("/new/key")
    ));
}

#[test]
fn entra_is_known_by_its_host_and_has_its_own_defaults() {
    let settings = named("examples", "entra-one-app");
    let provider = &settings.providers[0];
    assert_eq!(provider.kind, ProviderKind::Entra);
    assert_eq!(provider.scopes, ["openid", "profile", "offline_access"]);
    assert_eq!(provider.userinfo, UserInfo::Off);
    assert_eq!(
        provider.client_authentication,
        ClientAuthentication::FromMetadata
    );
    assert_eq!(
        provider.client_secret.as_ref().unwrap().expose(),
        "not-a-real-secret-value"
    );
}

#[test]
fn every_key_of_the_file_is_carried_over() {
    let settings = named("testdata/config/good", "everything");
    assert_eq!(settings.public_urls[1].authority(), "api.example.com:8443");
    assert_eq!(
        settings.public_urls[0].to_string(),
        "https://portal.example.com"
    );
    assert_eq!(settings.public_urls[0].port(), 443);
    assert_eq!(settings.listen.len(), 2);
    assert_eq!(settings.trusted_proxies[1].to_string(), "192.0.2.1/32");
    assert_eq!(settings.threads.unwrap().get(), 4);
    let tls = settings.tls.unwrap();
    assert_eq!(tls.certificate, Path::new("/etc/vestibule/cert.pem"));
    assert!(matches!(tls.key, TlsKey::File(path) if path == Path::new("/etc/vestibule/key.pem")));
    assert_eq!(settings.limits.drain_timeout, Duration::ZERO);
    assert_eq!(settings.limits.max_connections, Some(20_000));

    let [staff, guests] = settings.providers.as_slice() else {
        panic!()
    };
    assert_eq!(staff.name.as_deref(), Some("staff"));
    let Discovery::MetadataUrl { url, issuer } = &staff.discovery else {
        panic!()
    };
    assert!(url.query().is_some() && issuer.is_some());
    assert_eq!(staff.tenants, ["8f0a3c52-6d1b-4e7a-9c25-1b7e54d0a2f6"]);
    assert_eq!(staff.client_authentication, ClientAuthentication::Post);
    assert_eq!(staff.response_mode, ResponseMode::FormPost);
    assert_eq!(
        staff.authorization_parameters,
        [
            ("domain_hint".to_owned(), "example.com".to_owned()),
            ("prompt".to_owned(), "select_account".to_owned()),
        ]
    );
    assert_eq!(staff.id_token_algorithms, ["RS256"]);
    assert_eq!(guests.max_age, Some(Duration::from_secs(12 * 3600)));
    assert_eq!(guests.kind, ProviderKind::Oidc);
    assert_eq!(guests.userinfo, UserInfo::On);
    let actions = guests.redirect_actions.clone().unwrap();
    assert_eq!(
        actions.return_urls[0].as_str(),
        "https://www.example.com/hr"
    );
    assert_eq!(actions.signed_out_url.as_deref(), Some("/bye"));
    assert_eq!(
        actions.info,
        [
            SessionFact::IdTokenClaims,
            SessionFact::Ends,
            SessionFact::AccessToken
        ]
    );
    assert_eq!(guests.display_name, "guests");

    assert_eq!(settings.session.keys.len(), 2);
    let [foo, api, old] = settings.routes.as_slice() else {
        panic!()
    };
    assert_eq!(foo.upstream.protocol, UpstreamProtocol::H2);
    assert_eq!(
        foo.upstream.tls,
        UpstreamTls::Ca(PathBuf::from("/etc/vestibule/ca.pem"))
    );
    assert_eq!(foo.upstream.connect_timeout, Duration::from_millis(500));
    let Some(AccessToken::Resource {
        scopes,
        resource: None,
        audience: None,
    }) = &foo.access_token
    else {
        panic!()
    };
    assert_eq!(scopes.len(), 2);
    assert_eq!(foo.keep_post, Some(256 << 10));
    assert_eq!(foo.upstream_max_head, Some(32 << 10));
    assert_eq!(settings.session.front_buffer_bytes, Some(16 << 10));
    assert_eq!(old.anti_forgery_header.as_deref(), Some("X-CSRF"));
    assert_eq!((api.keep_post, old.keep_post), (Some(64 << 10), None));
    assert!(foo.bearer && foo.keep_prefix && foo.keep_host && foo.websocket && foo.trailers);
    assert_eq!(foo.upstream.base_path, "/v1");
    assert_eq!(foo.headers.preset, Some(HeaderPreset::ModAuthOpenidc));
    let sources: Vec<&HeaderSource> = foo.headers.own.iter().map(|own| &own.source).collect();
    assert_eq!(
        sources,
        [
            &HeaderSource::Claim("name".to_owned()),
            &HeaderSource::User,
            &HeaderSource::AccessToken,
            &HeaderSource::IdToken,
            &HeaderSource::Constant("the front".to_owned()),
            &HeaderSource::Nothing,
        ]
    );
    let headers = &foo.headers;
    assert_eq!(
        headers.version.map(|version| version.parts()),
        Some([2, 4, 12, 3])
    );
    assert_eq!(headers.encoding, Some(HeaderEncoding::Latin1));
    assert_eq!(headers.delimiter.as_deref(), Some(";"));
    assert!(headers.danger_plain_lists);
    assert_eq!(headers.prefix.as_deref(), Some("X-Claim-"));
    let forms = [
        IdTokenForm::Claims,
        IdTokenForm::Payload,
        IdTokenForm::Serialized,
    ];
    assert_eq!(headers.id_token.as_deref(), Some(&forms[..]));
    assert_eq!(headers.userinfo.as_deref(), Some(&[][..]));
    let forms = [UserinfoForm::Json, UserinfoForm::Jwt];
    assert_eq!(api.headers.userinfo.as_deref(), Some(&forms[..]));
    let sources: Vec<&HeaderSource> = api.headers.own.iter().map(|own| &own.source).collect();
    assert_eq!(
        sources,
        [&HeaderSource::Userinfo, &HeaderSource::UserinfoJwt]
    );
    assert_eq!(headers.only_claims.as_ref().unwrap(), &["sub", "name"]);
    assert_eq!(headers.without_claims, ["nonce"]);
    assert_eq!(
        foo.allowed_origins,
        ["https://spa.example.com", "http://localhost:5173"]
    );
    assert_eq!(api.host.as_deref(), Some("api.example.com"));
    assert_eq!(
        api.access_token,
        Some(AccessToken::Resource {
            scopes: vec!["orders".to_owned()],
            resource: Some("https://api.example.com/orders".to_owned()),
            audience: None,
        })
    );
    assert_eq!(
        api.require,
        Require::Rule(RuleSettings::All(vec![
            RuleSettings::Claim {
                name: "department".to_owned(),
                any_of: vec![
                    ClaimValue::Text("sales".to_owned()),
                    ClaimValue::Integer(7),
                    ClaimValue::Boolean(true),
                ],
            },
            RuleSettings::Methods(vec!["GET".to_owned()]),
        ]))
    );
    assert_eq!(api.upstream.url.path(), "/run/app.sock");
    assert_eq!(api.when_signed_out, WhenSignedOut::Gone);
    let changed = api.answer_headers.iter();
    let changed: Vec<(&str, BesideAnswer, &[String])> = changed
        .map(|one| (one.name.as_str(), one.beside, &*one.values))
        .collect();
    let texts = |list: &[&str]| list.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        changed,
        [
            ("X-Frame-Options", BesideAnswer::Instead, &*texts(&["DENY"])),
            ("Link", BesideAnswer::Behind, &texts(&["</a>; rel=preload"])),
            ("Vary", BesideAnswer::Instead, &texts(&["Accept", "Cookie"]),),
            ("Server", BesideAnswer::Instead, &[]),
            (
                "Referrer-Policy",
                BesideAnswer::Missing,
                &texts(&["no-referrer"])
            ),
        ]
    );
    let elsewhere = "https://www.example.com/no".to_owned();
    assert_eq!(api.when_not_allowed, WhenNotAllowed::Elsewhere(elsewhere));
    assert!(old.danger_any_origin);
    assert_eq!(old.strip_cookies, ["theme"]);
    assert_eq!(old.user, ["email", "upn"]);
    let form = UserForm {
        before: None,
        without: Some("@example.com".to_owned()),
        with_issuer: true,
    };
    assert_eq!(old.user_form, form);
    assert_eq!(old.require, Require::Anyone);
    assert_eq!(old.headers.preset, Some(HeaderPreset::Oauth2Proxy));
    assert_eq!(old.upstream.tls, UpstreamTls::Insecure);
    assert_eq!(settings.log.format, LogFormat::Json);
    let admin = settings.admin.unwrap();
    assert!(admin.secret.is_some() && admin.sessions_secret.is_some());
    assert_eq!(admin.hosts, ["metrics.example.com"]);
    assert_eq!(
        settings.outbound.proxy.unwrap().expose(),
        "http://proxy.example.com:3128"
    );
    assert_eq!(
        settings.pages.templates,
        Some(PathBuf::from("/etc/vestibule/pages"))
    );
}

#[test]
fn a_rule_with_one_condition_is_that_condition() {
    let require = |text: &str| {
        with_route(&format!("require = {text}"))
            .unwrap()
            .settings
            .routes
            .remove(0)
            .require
    };
    assert_eq!(require("\"public\""), Require::Public);
    assert_eq!(
        require("{ roles = \"Admin\" }"),
        Require::Rule(RuleSettings::Roles(vec!["Admin".to_owned()]))
    );
    assert_eq!(
        require(r#"{ claim = "email", matches = "@example\\.com$" }"#),
        Require::Rule(RuleSettings::Matches {
            name: "email".to_owned(),
            pattern: r"@example\.com$".to_owned(),
        })
    );
    assert_eq!(
        require("{ not = { scopes = [\"a\"] } }"),
        Require::Rule(RuleSettings::Not(Box::new(RuleSettings::Scopes(vec![
            "a".to_owned()
        ]))))
    );
    assert_eq!(
        require("{ any = [{ networks = \"10.1.2.3\" }, { groups = \"g\" }] }"),
        Require::Rule(RuleSettings::Any(vec![
            RuleSettings::Networks(vec!["10.1.2.3/32".parse().unwrap()]),
            RuleSettings::Groups(vec!["g".to_owned()]),
        ]))
    );
}

#[test]
fn settings_show_no_secret() {
    let settings = named("testdata/config/good", "everything");
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("not-a-real-secret") && !shown.contains(super::KEY),
        "{shown}"
    );
}

#[test]
fn a_file_is_loaded_from_its_path_and_named_in_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    assert!(matches!(
        load(&path, &environment()),
        Err(LoadError::Read { .. })
    ));

    std::fs::write(&path, "listen = 1").unwrap();
    let Err(LoadError::Invalid(problems)) = load(&path, &environment()) else {
        panic!()
    };
    assert!(problems.to_string().contains("my.toml:1:10"), "{problems}");

    std::fs::write(&path, b"listen = \"\xff\"").unwrap();
    let Err(LoadError::Invalid(problems)) = load(&path, &environment()) else {
        panic!()
    };
    assert!(problems.to_string().contains("my.toml:1:11"), "{problems}");

    std::fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    let Err(LoadError::Invalid(problems)) = load(&path, &environment()) else {
        panic!()
    };
    assert!(problems.to_string().contains("too large"), "{problems}");

    let (_, text) = files("testdata/config/good").remove(0);
    std::fs::write(&path, text).unwrap();
    assert!(load(&path, &environment()).is_ok());
}
