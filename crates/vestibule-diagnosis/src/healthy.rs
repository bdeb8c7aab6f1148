//! Set-ups that work, as whole as they can be seen: nothing in them is worth a warning.
//!
//! | file | set-ups |
//! |---|---|
//! | `entra` | Microsoft Entra ID: tenants, versions, clouds, accounts |
//! | `product` | other providers |
//! | `site` | sites, sessions, browsers, proxies in front, upstreams |

mod entra;
mod product;
mod site;

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_oidc::time::UnixTime;

use crate::evidence::{
    Api, AskedToken, Callback, Cookie, Grant, Head, Header, Keys, Metadata, Parameter, Pending,
    Probe, ProbeOutcome, ProbeTarget, Product, SameSite, SecretShape, Store, Token, TokenResponse,
};
use crate::testing::{
    API, TENANT, api, entra_id_token, entra_token, jwt, object, provider, route, settings, texts,
};
use crate::{Evidence, Severity, diagnose};

/// As many as it takes to be believed.
const FEWEST: usize = 60;
const NOW: UnixTime = UnixTime(1_700_000_100);

/// A set-up: what it is, and everything that can be seen of it.
type SetUp = (&'static str, Evidence);

/// One set-up, made from another.
fn but(base: &Evidence, name: &'static str, change: impl FnOnce(&mut Evidence)) -> SetUp {
    let mut evidence = base.clone();
    change(&mut evidence);
    (name, evidence)
}

/// Everything that is seen while somebody signs in with Entra, on a site as in the README.
fn whole() -> Evidence {
    let authority = format!("https://login.microsoftonline.com/{TENANT}");
    let mut e = Evidence {
        settings: Some(settings()),
        ..Evidence::default()
    };
    (e.now, e.provider_time, e.route) = (Some(NOW), Some(NOW), Some("/foo".to_owned()));
    let settings = e.settings.get_or_insert_default();
    settings.registered_redirect_uris = Some(texts(&[
        "https://portal.example.com/.vestibule/callback",
        "https://portal.example.com/.vestibule/signed-out",
    ]));
    settings.listener.address = Some("0.0.0.0:443".to_owned());
    (settings.listener.tls, settings.listener.replicas) = (Some(true), Some(1));
    settings.listener.trusted_proxies = Some(Vec::new());
    let session = &mut settings.session;
    session.store = Some(Store::File);
    session.cookie_name = Some("__Host-vestibule".to_owned());
    (session.cookie_path, session.secure) = (Some("/".to_owned()), Some(true));
    (session.same_site, session.pending_same_site) = (Some(SameSite::Lax), Some(SameSite::Lax));
    (session.one_pending_cookie, session.ends_with_id_token) = (Some(false), Some(false));
    (session.shared_keys, session.sign_out_at_provider) = (Some(true), Some(true));
    session.lifetime = Some(Duration::from_secs(12 * 3600));
    session.idle = Some(Duration::from_secs(3600));
    let provider = provider(&mut e);
    provider.secret = Some(SecretShape::of("Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678"));
    provider.credential_expires_at = Some(UnixTime(NOW.as_secs() + 200 * 86_400));
    provider.authentication_methods = texts(&["client_secret_basic"]);
    (provider.response_mode, provider.response_type) =
        (Some("query".to_owned()), Some("code".to_owned()));
    let api = Api {
        issuers: vec![format!("{authority}/v2.0")],
        version: Some("2.0".to_owned()),
        algorithms: texts(&["RS256"]),
        scopes: texts(&["access_as_user"]),
        ..api()
    };
    e.api = Some(api);
    e.metadata = Some(Metadata::new(
        format!("{authority}/v2.0/.well-known/openid-configuration"),
        object(json!({
            "issuer": format!("{authority}/v2.0"), "token_endpoint": format!("{authority}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("{authority}/oauth2/v2.0/authorize"),
            "jwks_uri": format!("{authority}/discovery/v2.0/keys"),
            "end_session_endpoint": format!("{authority}/oauth2/v2.0/logout"),
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "cloud_instance_name": "microsoftonline.com", "tenant_region_scope": "EU",
        })),
    ));
    let keys = json!({ "keys": [
        { "kty": "RSA", "use": "sig", "kid": "k1", "x5t": "k1", "issuer": format!("{authority}/v2.0") },
        { "kty": "RSA", "use": "sig", "kid": "k2", "x5t": "k2", "issuer": format!("{authority}/v2.0") },
    ] });
    e.keys = Some(Keys {
        url: Some(format!("{authority}/discovery/v2.0/keys")),
        ..keys_of(keys)
    });
    (e.token, e.id_token) = (
        Some(entra_token(json!({})).verified(Ok(()))),
        Some(entra_id_token(json!({})).verified(Ok(()))),
    );
    e.token_response = Some(answer(json!(4500), &format!("api://{API}/access_as_user")));
    e.callback = Some(callback("https://portal.example.com/.vestibule/callback"));
    e.request = Some(browser("https://portal.example.com/foo/"));
    e.response = Some(Head {
        status: Some(200),
        headers: vec![Header::new("Content-Type", "text/html")],
        ..Head::default()
    });
    e.upstream_request = Some(Head {
        method: Some("GET".to_owned()),
        headers: vec![
            Header::sized("Authorization", 1700),
            Header::new("X-Forwarded-Proto", "https"),
            Header::new("X-Forwarded-Host", "portal.example.com"),
        ],
        ..Head::default()
    });
    e.upstream_response = e.response.clone();
    e.probes = vec![
        Probe::new(
            ProbeTarget::Metadata,
            format!("{authority}/v2.0/.well-known/openid-configuration"),
            found(),
        ),
        Probe::new(
            ProbeTarget::Keys,
            format!("{authority}/discovery/v2.0/keys"),
            found(),
        ),
    ];
    e
}

/// A browser that opens a page.
fn browser(url: &str) -> Head {
    Head {
        method: Some("GET".to_owned()),
        url: Some(url.to_owned()),
        headers: vec![
            Header::new("Accept", "text/html,application/xhtml+xml"),
            Header::new("Sec-Fetch-Mode", "navigate"),
            Header::new("Sec-Fetch-Dest", "document"),
            Header::new("Sec-Fetch-Site", "none"),
            Header::sized("Cookie", 80),
        ],
        cookies: vec![Cookie::new("__Host-vestibule", 62, true)],
        ..Head::default()
    }
}

fn callback(url: &str) -> Callback {
    Callback {
        method: Some("GET".to_owned()),
        url: Some(url.to_owned()),
        parameters: vec![
            Parameter::new("code", 900),
            Parameter::new("state", 43),
            Parameter::new("session_state", 36),
        ],
        cookies: texts(&["__Host-vestibule-pending-1"]),
        pending: Some(Pending::Fits),
        age: Some(Duration::from_secs(20)),
        max_age: Some(Duration::from_secs(600)),
        nonce_fits: Some(true),
        ..Callback::default()
    }
}

fn answer(expires_in: Value, scope: &str) -> TokenResponse {
    let mut answer = TokenResponse::read(&object(json!({
        "token_type": "Bearer", "expires_in": expires_in, "scope": scope, "access_token": "x", "refresh_token": "x",
        "id_token": "x",
    })));
    answer.asked.grant = Some(Grant::Code);
    answer
}

fn keys_of(keys: Value) -> Keys {
    let mut keys = Keys::read(keys.to_string().as_bytes());
    (keys.fetched_at, keys.status) = (Some(UnixTime(NOW.as_secs() - 600)), Some(200));
    keys.content_type = Some("application/json; charset=utf-8".to_owned());
    keys
}

const fn found() -> ProbeOutcome {
    ProbeOutcome::Http {
        status: 200,
        content_type: None,
        first_char: Some('{'),
    }
}

/// Another provider than Entra: its issuer, its token and ID token, and the scope of the route's token.
fn other(
    product: Product,
    issuer: &str,
    token: Token,
    id_claims: Value,
    scope: Option<&str>,
) -> Evidence {
    let mut e = whole();
    let audience = token
        .audiences()
        .first()
        .map_or("api", |audience| *audience)
        .to_owned();
    let provider = provider(&mut e);
    (provider.issuer, provider.product) = (Some(issuer.to_owned()), Some(product));
    provider.client_id = Some("portal".to_owned());
    provider.secret = Some(SecretShape::of("q3hV9dKfWm2xTz7LbNs5RcYp"));
    route(&mut e).token = Some(scope.map_or(AskedToken::SignIn, |scope| {
        AskedToken::Scope(scope.to_owned())
    }));
    route(&mut e).user_claims = texts(&["sub"]);
    e.api = Some(Api {
        name: Some(audience.clone()),
        audiences: vec![audience],
        issuers: vec![issuer.to_owned()],
        ..Api::default()
    });
    let base = issuer.trim_end_matches('/');
    e.metadata = Some(Metadata::new(
        format!("{base}/.well-known/openid-configuration"),
        object(json!({
            "issuer": issuer, "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"), "userinfo_endpoint": format!("{base}/userinfo"),
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "response_types_supported": ["code"], "scopes_supported": ["openid", "profile", "offline_access", "api"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        })),
    ));
    let keys = keys_of(json!({ "keys": [{ "kty": "RSA", "use": "sig", "kid": "k1" }] }));
    e.keys = Some(Keys {
        url: Some(format!("{base}/keys")),
        ..keys
    });
    let mut id = json!({
        "iss": issuer, "sub": "u-17", "aud": "portal", "nonce": "n-0S6", "name": "Ada Lovelace",
        "iat": 1_700_000_000, "exp": 1_700_003_600,
    });
    if let (Some(claims), Value::Object(more)) = (id.as_object_mut(), id_claims) {
        claims.extend(more);
    }
    e.id_token = Some(
        jwt(rs256(), id)
            .role(crate::evidence::Role::Id)
            .verified(Ok(())),
    );
    e.token = Some(token);
    e.token_response = Some(answer(json!(3600), "openid profile offline_access"));
    e.probes = Vec::new();
    e
}

fn rs256() -> Value {
    json!({ "typ": "JWT", "alg": "RS256", "kid": "k1" })
}

/// An access token of another provider, with these claims beside the usual.
fn access(issuer: &str, audience: &str, more: Value) -> Token {
    let mut claims = json!({
        "iss": issuer, "aud": audience, "sub": "u-17", "iat": 1_700_000_000, "exp": 1_700_003_600, "scope": "api",
    });
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    jwt(rs256(), claims).verified(Ok(()))
}

#[test]
fn what_works_is_not_warned_about() {
    let set_ups: Vec<SetUp> = [entra::all(), product::all(), site::all()]
        .into_iter()
        .flatten()
        .collect();
    assert!(set_ups.len() >= FEWEST, "{}", set_ups.len());
    let mut wolves = Vec::new();
    for (name, evidence) in &set_ups {
        let findings = diagnose(evidence);
        let bad = findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info);
        wolves.extend(bad.map(|finding| format!("{name}: {finding}")));
    }
    assert!(wolves.is_empty(), "\n{}", wolves.join("\n"));
}

#[test]
fn each_set_up_is_another() {
    let set_ups: Vec<SetUp> = [entra::all(), product::all(), site::all()]
        .into_iter()
        .flatten()
        .collect();
    for (at, (name, evidence)) in set_ups.iter().enumerate() {
        for (other, same) in &set_ups[..at] {
            assert!(name != other && evidence != same, "{name} and {other}");
        }
    }
}
