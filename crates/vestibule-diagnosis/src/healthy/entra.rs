//! Microsoft Entra ID: tenants, versions, clouds, accounts.

use serde_json::json;
use vestibule_oidc::time::UnixTime;

use super::{SetUp, answer, but, keys_of, whole};
use crate::Evidence;
use crate::evidence::{AskedToken, ClaimRule, Keys, Metadata, Product};
use crate::testing::{
    API, CLIENT, TENANT, entra_id_token, entra_token, entra_v1_token, object, provider, route,
    texts,
};

const OTHER_TENANT: &str = "6babcaad-604b-40ac-a9d7-9fd97c0b779f";
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The same set-up in another place: issuer, metadata and keys moved there.
fn moved(e: &mut Evidence, issuer: &str, cloud: &str) {
    provider(e).issuer = Some(issuer.to_owned());
    let claims = json!({ "iss": issuer });
    e.token = Some(entra_token(claims.clone()).verified(Ok(())));
    e.id_token = Some(entra_id_token(claims).verified(Ok(())));
    if let Some(api) = &mut e.api {
        api.issuers = vec![issuer.to_owned()];
    }
    documents(e, issuer, issuer, cloud);
}

/// Metadata and keys as of this address, with this issuer in them.
fn documents(e: &mut Evidence, address: &str, issuer: &str, cloud: &str) {
    let base = address.trim_end_matches('/').trim_end_matches("/v2.0");
    let url = format!(
        "{}/.well-known/openid-configuration",
        address.trim_end_matches('/')
    );
    let mut members = object(json!({
        "issuer": issuer, "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"), "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    }));
    if !cloud.is_empty() {
        members.insert("cloud_instance_name".to_owned(), cloud.into());
    }
    e.metadata = Some(Metadata::new(url, members));
    let keys = keys_of(
        json!({ "keys": [{ "kty": "RSA", "use": "sig", "kid": "k1", "x5t": "k1", "issuer": issuer }] }),
    );
    e.keys = Some(Keys {
        url: Some(format!("{base}/discovery/v2.0/keys")),
        ..keys
    });
    e.probes = Vec::new();
}

pub(super) fn all() -> Vec<SetUp> {
    let base = whole();
    let v1 = format!("https://sts.windows.net/{TENANT}/");
    let common = |e: &mut Evidence, path: &str, tenants: &[&str]| {
        let address = format!("https://login.microsoftonline.com/{path}/v2.0");
        provider(e).issuer = Some(address.clone());
        provider(e).tenants = Some(texts(tenants));
        let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
        documents(e, &address, template, "microsoftonline.com");
    };
    vec![
        ("one tenant, v2.0", base.clone()),
        but(&base, "several tenants of a list", |e| {
            common(e, "organizations", &[TENANT, OTHER_TENANT])
        }),
        but(&base, "a person of the list's other tenant", |e| {
            common(e, "common", &[TENANT, OTHER_TENANT]);
            let iss = format!("https://login.microsoftonline.com/{OTHER_TENANT}/v2.0");
            let claims = json!({ "iss": iss, "tid": OTHER_TENANT });
            e.token = Some(entra_token(claims.clone()).verified(Ok(())));
            e.id_token = Some(entra_id_token(claims).verified(Ok(())));
            e.api.as_mut().unwrap().issuers = vec![iss];
        }),
        but(&base, "an API that takes v1.0 tokens as v1.0", |e| {
            e.token = Some(entra_v1_token(json!({})).verified(Ok(())));
            let api = e.api.as_mut().unwrap();
            (api.issuers, api.audiences) = (vec![v1.clone()], vec![format!("api://{API}")]);
            api.version = Some("1.0".to_owned());
        }),
        but(&base, "an API that takes both versions", |e| {
            e.token = Some(entra_v1_token(json!({})).verified(Ok(())));
            let api = e.api.as_mut().unwrap();
            api.issuers = vec![
                v1.clone(),
                format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            ];
            (api.audiences, api.version) = (vec![format!("api://{API}"), API.to_owned()], None);
        }),
        but(&base, "the US government's cloud", |e| {
            moved(
                e,
                &format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
                "microsoftonline.us",
            );
        }),
        but(&base, "China's cloud", |e| {
            moved(
                e,
                &format!("https://login.partner.microsoftonline.cn/{TENANT}/v2.0"),
                "partner.microsoftonline.cn",
            );
        }),
        but(&base, "External ID", |e| {
            moved(
                e,
                &format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"),
                "microsoftonline.com",
            );
            provider(e).product = Some(Product::ExternalId);
            provider(e).issuer = Some(format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0"));
        }),
        but(&base, "B2C with an API's scope", |e| {
            let issuer = format!("https://contoso.b2clogin.com/{TENANT}/v2.0/");
            moved(e, &issuer, "");
            let address = format!("https://contoso.b2clogin.com/{TENANT}/b2c_1_signin/v2.0");
            documents(e, &address, &issuer, "");
            provider(e).product = Some(Product::B2c);
            provider(e).metadata_url = Some(format!("{address}/.well-known/openid-configuration"));
            let scope = "https://contoso.onmicrosoft.com/api/access_as_user";
            provider(e).scopes = Some(texts(&["openid", "offline_access", scope]));
            route(e).token = Some(AskedToken::SignIn);
            let claims = json!({ "iss": issuer, "tfp": "B2C_1_signin", "tid": null, "preferred_username": null });
            e.token = Some(entra_token(claims.clone()).verified(Ok(())));
            e.id_token = Some(entra_id_token(claims).verified(Ok(())));
            e.token_response = Some(answer(json!(3600), scope));
            let keys = keys_of(json!({ "keys": [{ "kty": "RSA", "use": "sig", "kid": "k1" }] }));
            e.keys = Some(Keys {
                url: Some(format!("{address}/discovery/keys")),
                ..keys
            });
        }),
        but(&base, "personal accounts at an API with v2.0 tokens", |e| {
            common(e, "consumers", &[PERSONAL]);
            let iss = format!("https://login.microsoftonline.com/{PERSONAL}/v2.0");
            let claims = json!({ "iss": iss, "tid": PERSONAL });
            e.token = Some(entra_token(claims.clone()).verified(Ok(())));
            e.id_token = Some(entra_id_token(claims).verified(Ok(())));
            documents(e, &iss, &iss, "microsoftonline.com");
            e.api.as_mut().unwrap().issuers = vec![iss];
        }),
        but(&base, "a guest", |e| {
            let claims = json!({ "idp": format!("https://sts.windows.net/{OTHER_TENANT}/"), "preferred_username": "gus@fabrikam.com" });
            e.token = Some(entra_token(claims.clone()).verified(Ok(())));
            e.id_token = Some(entra_id_token(claims).verified(Ok(())));
        }),
        but(&base, "an audience that is the Application ID URI", |e| {
            e.token = Some(entra_token(json!({ "aud": format!("api://{API}") })).verified(Ok(())));
            e.api.as_mut().unwrap().audiences = vec![format!("api://{API}"), API.to_owned()];
        }),
        but(&base, "one scope by its name", |e| {
            route(e).token = Some(AskedToken::Scope(format!("api://{API}/access_as_user")));
        }),
        but(&base, "scopes with email", |e| {
            provider(e).scopes = Some(texts(&["openid", "profile", "email", "offline_access"]));
        }),
        but(&base, "app roles", |e| {
            let claims = json!({ "roles": ["Reader"] });
            e.id_token = Some(entra_id_token(claims.clone()).verified(Ok(())));
            e.token = Some(entra_token(claims).verified(Ok(())));
            route(e).rules = vec![ClaimRule::new("roles", texts(&["Reader", "Writer"]))];
        }),
        but(&base, "groups that fit into the token", |e| {
            let group = "7c9f4e1a-1b7d-4b1c-9d0e-3e0d5a6b7c81";
            e.id_token = Some(entra_id_token(json!({ "groups": [group] })).verified(Ok(())));
            route(e).rules = vec![ClaimRule::new("groups", texts(&[group]))];
        }),
        but(&base, "a daemon's token at the API", |e| {
            let claims = json!({ "scp": null, "roles": ["Jobs.Run"], "idtyp": "app", "name": null, "preferred_username": null, "azpacr": "2" });
            e.token = Some(entra_token(claims).verified(Ok(())));
            (e.id_token, e.token_response, e.callback) = (None, None, None);
            let api = e.api.as_mut().unwrap();
            (api.scopes, api.roles) = (Vec::new(), texts(&["Jobs.Run"]));
        }),
        but(&base, "a certificate in place of a secret", |e| {
            let provider = provider(e);
            (provider.secret, provider.certificate) = (None, Some(true));
            provider.authentication_methods = texts(&["private_key_jwt"]);
        }),
        but(&base, "a federated token in place of a secret", |e| {
            let provider = provider(e);
            (
                provider.secret,
                provider.federated,
                provider.credential_expires_at,
            ) = (None, Some(true), None);
            provider.authentication_methods = texts(&["private_key_jwt"]);
        }),
        but(&base, "the secret in the body", |e| {
            provider(e).authentication_methods = texts(&["client_secret_post"]);
        }),
        but(&base, "no API: people only", |e| {
            route(e).token = Some(AskedToken::None);
            provider(e).scopes = Some(texts(&["openid", "profile"]));
            (e.token, e.api) = (None, None);
            e.token_response = Some(answer(json!(4500), "openid profile email"));
        }),
        but(&base, "Graph's own token for Graph", |e| {
            e.token = Some(entra_v1_token(
                json!({ "aud": "00000003-0000-0000-c000-000000000000", "scp": "User.Read" }),
            ));
            e.api = Some(crate::evidence::Api {
                audiences: texts(&[
                    "00000003-0000-0000-c000-000000000000",
                    "https://graph.microsoft.com",
                ]),
                takes_opaque: Some(true),
                ..crate::evidence::Api::default()
            });
            route(e).upstream = Some("https://graph.microsoft.com".to_owned());
            route(e).token = Some(AskedToken::Scope(
                "https://graph.microsoft.com/User.Read".to_owned(),
            ));
        }),
        but(&base, "the user's name from upn, which is there", |e| {
            route(e).user_claims = texts(&["upn", "preferred_username"]);
            e.id_token = Some(entra_id_token(json!({ "upn": "ada@contoso.com" })).verified(Ok(())));
        }),
        but(&base, "a key that was fetched again after a roll", |e| {
            e.keys.as_mut().unwrap().fetched_again = Some(true);
        }),
        but(&base, "clocks that differ by seconds", |e| {
            e.provider_time = Some(UnixTime(super::NOW.as_secs() + 4));
        }),
        but(&base, "a token issued this second", |e| {
            e.now = Some(UnixTime(1_699_999_999));
            e.provider_time = Some(UnixTime(1_700_000_000));
            e.keys.as_mut().unwrap().fetched_at = Some(UnixTime(1_699_999_000));
        }),
        but(&base, "a lifetime that comes as text", |e| {
            e.token_response = Some(answer(
                json!("4500"),
                &format!("api://{API}/access_as_user"),
            ));
        }),
        but(&base, "form_post over https", |e| {
            provider(e).response_mode = Some("form_post".to_owned());
            let settings = e.settings.as_mut().unwrap();
            settings.session.pending_same_site = Some(crate::evidence::SameSite::None);
            let callback = e.callback.as_mut().unwrap();
            callback.method = Some("POST".to_owned());
        }),
        but(&base, "a hint about the domain", |e| {
            provider(e).authorization_parameters =
                vec![("domain_hint".to_owned(), "contoso.com".to_owned())];
        }),
        but(&base, "settings alone, nobody signed in yet", |e| {
            *e = Evidence {
                settings: e.settings.clone(),
                ..Evidence::default()
            };
        }),
        but(&base, "a token alone", |e| {
            *e = Evidence {
                token: Some(entra_token(json!({}))),
                ..Evidence::default()
            };
        }),
        but(&base, "an ID token alone", |e| {
            *e = Evidence {
                token: Some(entra_id_token(json!({})).role(crate::evidence::Role::Unknown)),
                ..Evidence::default()
            };
        }),
        but(
            &base,
            "the client's own API behind the same registration",
            |e| {
                e.token = Some(entra_token(json!({ "aud": CLIENT })).verified(Ok(())));
                let api = e.api.as_mut().unwrap();
                (api.name, api.audiences) = (Some(CLIENT.to_owned()), texts(&[CLIENT]));
                route(e).token = Some(AskedToken::Scope(format!("api://{CLIENT}/.default")));
            },
        ),
    ]
}
