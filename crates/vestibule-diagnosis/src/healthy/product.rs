//! Other providers.

use serde_json::json;

use super::{SetUp, access, answer, but, other};
use crate::evidence::{Api, AskedToken, Product, Token};
use crate::testing::{provider, route, texts};

const API: &str = "https://api.example.com";

pub(super) fn all() -> Vec<SetUp> {
    let auth0 = "https://contoso.eu.auth0.com/";
    let okta = "https://contoso.okta.com/oauth2/default";
    let keycloak = "https://id.example.com/realms/main";
    let google = "https://accounts.google.com";
    let cognito = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123";
    let gitlab = "https://gitlab.com";
    let adfs = "https://fs.example.com/adfs";
    let ping = "https://auth.pingone.eu/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/as";
    let zitadel = "https://zitadel.example.com";

    let of_auth0 = other(
        Product::Auth0,
        auth0,
        access(
            auth0,
            API,
            json!({ "azp": "portal", "scope": "openid profile offline_access read:things" }),
        ),
        json!({ "nickname": "ada" }),
        None,
    );
    let of_auth0 = but(&of_auth0, "", |e| {
        provider(e).authorization_parameters = vec![("audience".to_owned(), API.to_owned())];
    })
    .1;
    let of_okta = other(
        Product::Okta,
        okta,
        access(
            okta,
            "api://default",
            json!({ "cid": "portal", "scp": ["openid", "api"], "uid": "00u1", "scope": null }),
        ),
        json!({ "preferred_username": "ada@example.com" }),
        None,
    );
    let of_keycloak = other(
        Product::Keycloak,
        keycloak,
        access(
            keycloak,
            "api",
            json!({ "azp": "portal", "typ": "Bearer", "realm_access": { "roles": ["user"] } }),
        ),
        json!({ "preferred_username": "ada", "typ": "ID" }),
        None,
    );
    let of_google = other(
        Product::Google,
        google,
        Token::of("none"),
        json!({ "aud": "1-a.apps.googleusercontent.com", "email": "ada@example.com", "email_verified": true, "hd": "example.com" }),
        None,
    );
    let of_google = but(&of_google, "", |e| {
        provider(e).client_id = Some("1-a.apps.googleusercontent.com".to_owned());
        provider(e).scopes = Some(texts(&["openid", "email", "profile"]));
        route(e).token = Some(AskedToken::IdToken);
        (e.token, e.api) = (None, None);
        let settings = e.settings.as_mut().unwrap();
        settings.session.sign_out_at_provider = Some(false);
    })
    .1;
    let of_cognito = other(
        Product::Cognito,
        cognito,
        access(
            cognito,
            API,
            json!({ "token_use": "access", "client_id": "portal", "scope": "openid api/read", "username": "ada", "version": 2 }),
        ),
        json!({ "token_use": "id", "cognito:username": "ada", "email": "ada@example.com" }),
        None,
    );
    let of_gitlab = other(
        Product::GitLab,
        gitlab,
        Token::of("none"),
        json!({ "nickname": "ada", "email": "ada@example.com", "email_verified": true }),
        None,
    );
    let of_gitlab = but(&of_gitlab, "", |e| {
        route(e).token = Some(AskedToken::None);
        provider(e).scopes = Some(texts(&["openid", "profile", "email"]));
        (e.token, e.api) = (None, None);
    })
    .1;
    let of_adfs = other(
        Product::AdFs,
        adfs,
        access(
            adfs,
            "microsoft:identityserver:api",
            json!({ "apptype": "Confidential", "appid": "portal", "scp": "openid api", "scope": null, "ver": "1.0" }),
        ),
        json!({ "upn": "ada@corp.example.com", "unique_name": "CORP\\ada" }),
        None,
    );
    let of_ping = other(
        Product::Ping,
        ping,
        access(
            ping,
            API,
            json!({ "client_id": "portal", "scope": "openid api" }),
        ),
        json!({ "preferred_username": "ada" }),
        None,
    );
    let of_zitadel = other(
        Product::Keycloak,
        zitadel,
        access(zitadel, "api", json!({ "client_id": "portal" })),
        json!({ "preferred_username": "ada" }),
        None,
    );
    let of_zitadel = but(&of_zitadel, "", |e| provider(e).product = None).1;
    vec![
        ("Auth0 with an audience", of_auth0.clone()),
        but(&of_auth0, "Auth0 with a list of audiences", |e| {
            e.token = Some(access(
                auth0,
                API,
                json!({ "aud": [API, "https://contoso.eu.auth0.com/userinfo"], "azp": "portal" }),
            ));
        }),
        but(&of_auth0, "Auth0 behind a domain of one's own", |e| {
            let issuer = "https://login.example.com/";
            e.token = Some(access(issuer, API, json!({ "azp": "portal" })));
            provider(e).issuer = Some(issuer.to_owned());
            e.api.as_mut().unwrap().issuers = texts(&[issuer]);
            let metadata = e.metadata.as_mut().unwrap();
            metadata.url =
                Some("https://login.example.com/.well-known/openid-configuration".to_owned());
            metadata.members.insert("issuer".to_owned(), issuer.into());
            e.id_token = None;
        }),
        ("Okta's default authorization server", of_okta.clone()),
        but(&of_okta, "Okta with no API", |e| {
            route(e).token = Some(AskedToken::None);
            (e.token, e.api) = (None, None);
        }),
        ("Keycloak with an audience mapper", of_keycloak.clone()),
        but(&of_keycloak, "Keycloak with several audiences", |e| {
            e.token = Some(access(
                keycloak,
                "api",
                json!({ "aud": ["api", "account"], "azp": "portal", "typ": "Bearer" }),
            ));
        }),
        ("Google's ID token", of_google.clone()),
        but(&of_google, "Google with offline access asked for", |e| {
            provider(e).authorization_parameters = vec![
                ("access_type".to_owned(), "offline".to_owned()),
                ("prompt".to_owned(), "consent".to_owned()),
            ];
        }),
        but(
            &of_google,
            "Google's opaque token at an API that introspects",
            |e| {
                route(e).token = Some(AskedToken::SignIn);
                e.token = Some(
                    Token::of("ya29.a0AfH6SMBx0x0x0x0x0x0x0x0x0x0x0x0x")
                        .role(crate::evidence::Role::Access),
                );
                e.api = Some(Api {
                    takes_opaque: Some(true),
                    ..Api::default()
                });
            },
        ),
        ("Cognito with resource servers", of_cognito),
        ("GitLab, people only", of_gitlab),
        ("AD FS with a web API", of_adfs),
        ("PingOne", of_ping),
        ("a provider nobody has a name for", of_zitadel.clone()),
        but(&of_zitadel, "an opaque token that is introspected", |e| {
            e.token = Some(Token::of("mF_9.B5f-4.1JqM").role(crate::evidence::Role::Access));
            e.api = Some(Api {
                takes_opaque: Some(true),
                ..Api::default()
            });
        }),
        but(
            &of_zitadel,
            "an answer that says no lifetime in a scope",
            |e| {
                e.token_response = Some(answer(json!(300), "openid"));
            },
        ),
        but(&of_zitadel, "a public client with PKCE", |e| {
            let provider = provider(e);
            (provider.secret, provider.credential_expires_at) = (None, None);
            provider.authentication_methods = texts(&["none"]);
        }),
    ]
}
