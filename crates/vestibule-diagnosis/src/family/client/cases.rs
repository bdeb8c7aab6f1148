//! What shows each row of the family, and what comes close.

use serde_json::json;
use vestibule_oidc::time::UnixTime;

use crate::Evidence;
use crate::evidence::{Api, Origin, ProviderError, ProviderSettings, SecretShape};
use crate::testing::{
    CLIENT, RowCase, TENANT, api, case, entra_token, evidence, jwt, provider, route, settings,
    texts, with,
};

pub(in crate::family) fn all() -> Vec<RowCase> {
    [
        secret(),
        more_of_secrets(),
        assertion(),
        place(),
        consumers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn set(fill: impl FnOnce(&mut ProviderSettings)) -> Evidence {
    let known = evidence(|e| e.settings = Some(settings()));
    with(&known, |e| fill(provider(e)))
}

fn refused(evidence: &Evidence, number: u32) -> Evidence {
    with(evidence, |e| {
        let mut error = ProviderError::new("invalid_client", None);
        error.aadsts.push(number);
        e.provider_error = Some(error);
    })
}

fn consumers() -> Vec<RowCase> {
    vec![
        case("VST-CLIENT-CONSUMERS")
            .shows(Evidence::of_text(
                "We're unable to complete your request. unauthorized_client: The client does not exist or is not enabled for \
                 consumers. If you are the application developer, configure a new application through the App Registrations in \
                 the Azure Portal.",
            ))
            .silent(Evidence::of_text("unauthorized_client: The client does not exist."))
            .says("personal accounts")
            .line("issuer = \"https://login.microsoftonline.com/TENANT-ID/v2.0\""),
    ]
}

fn secret() -> Vec<RowCase> {
    let shape = |secret: &str| set(|provider| provider.secret = Some(SecretShape::of(secret)));
    let guid = shape("0b6f9e6e-5a4f-4f0e-8a45-0d8a6a1b7c22");
    let spaced = shape("s3cret \n");
    let ends = |left: i64| {
        let mut e = set(|provider| {
            provider.credential_expires_at = Some(UnixTime::from_secs(1_700_000_000 + left))
        });
        e.now = Some(UnixTime::from_secs(1_700_000_000));
        e
    };
    vec![
        case("VST-CLIENT-SECRET-ID")
            .shows(guid.clone())
            .shows(refused(&guid, 7_000_215))
            .silent(shape("Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678"))
            .silent(with(&guid, |e| {
                provider(e).issuer = Some("https://id.example".to_owned())
            })),
        case("VST-CLIENT-SECRET-PLACEHOLDER")
            .shows(shape("<your secret>"))
            .shows(shape("\"<your secret>\""))
            .shows(shape("changeme"))
            .shows(shape("YOUR_CLIENT_SECRET"))
            .shows(shape("xxxxxxxx"))
            .shows(refused(&shape("{client-secret}"), 7_000_215))
            .silent(shape("Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678"))
            .silent(shape("my-secret-is-long-enough-and-my-own")),
        case("VST-CLIENT-SECRET-SPACE")
            .shows(shape("\"s3cret\""))
            .shows(refused(&spaced, 7_000_215))
            .shows(with(&spaced, |e| {
                e.settings.as_mut().unwrap().origin = Some(Origin::OAuth2Proxy)
            }))
            .silent(spaced.clone())
            .silent(shape("s3cret")),
        case("VST-CLIENT-SECRET-EXPIRED")
            .shows(ends(-1))
            .shows(ends(3 * 24 * 3600))
            .shows(refused(&set(|_| ()), 7_000_222))
            .shows(Evidence::of_text(&format!(
                "AADSTS7000222: The provided client secret keys for app '{CLIENT}' are expired."
            )))
            .silent(ends(300 * 24 * 3600))
            .silent(Evidence::of_text("AADSTS7000222: no app is named")),
    ]
}

fn more_of_secrets() -> Vec<RowCase> {
    let with_secret = set(|provider| provider.secret = Some(SecretShape::of("s3cret")));
    let asks = |types: &str| {
        set(|provider| {
            provider.response_type = Some(types.to_owned());
            provider.response_mode = Some("form_post".to_owned());
        })
    };
    let methods = |list: &[&str]| set(|provider| provider.authentication_methods = texts(list));
    vec![
        case("VST-CLIENT-PUBLIC")
            .shows(refused(&with_secret, 700_025))
            .silent(with_secret.clone())
            .silent(Evidence::of_text("AADSTS700025: nothing else is known")),
        case("VST-CLIENT-NO-SECRET")
            .shows(refused(&set(|_| ()), 7_000_218))
            .line("client_secret = \"env:PORTAL_CLIENT_SECRET\"")
            .silent(refused(&with_secret, 7_000_218))
            .silent(set(|_| ())),
        case("VST-CLIENT-NO-SECRET")
            .shows(refused(
                &set(|provider| provider.secret_from = Some("file:/run/secret".to_owned())),
                7_000_218,
            ))
            .line("client_secret = \"file:/run/secret\"")
            .silent(set(|_| ())),
        case("VST-CLIENT-TWICE")
            .shows(methods(&["client_secret_basic", "client_secret_post"]))
            .shows(refused(
                &methods(&["client_secret_basic", "client_secret_post"]),
                7_000_110,
            ))
            .line("client_authentication = \"client_secret_basic\"")
            .silent(methods(&["client_secret_basic"])),
        case("VST-CLIENT-HYBRID")
            .shows(refused(&asks("code id_token"), 700_054))
            .silent(asks("code id_token"))
            .silent(refused(&asks("code"), 700_054)),
    ]
}

fn assertion() -> Vec<RowCase> {
    let own = |header| {
        let mut e = set(|provider| provider.certificate = Some(true));
        e.client_assertion = Some(jwt(
            header,
            json!({ "iss": CLIENT, "sub": CLIENT, "aud": "x" }),
        ));
        e
    };
    let bare = own(json!({ "alg": "RS256", "kid": "k1" }));
    let workload = |number: Option<u32>, exp: i64| {
        let mut e = set(|provider| provider.federated = Some(true));
        e.now = Some(UnixTime::from_secs(1_700_000_000));
        e.client_assertion = Some(jwt(
            json!({ "alg": "RS256", "kid": "k1" }),
            json!({
                "iss": "https://oidc.cluster.example/", "sub": "system:serviceaccount:web:Portal",
                "aud": ["api://AzureADTokenExchange"], "exp": exp,
            }),
        ));
        match number {
            Some(number) => refused(&e, number),
            None => e,
        }
    };
    vec![
        case("VST-CLIENT-THUMBPRINT")
            .shows(bare.clone())
            .shows(refused(&bare, 700_027))
            .says("`k1`")
            .silent(own(json!({ "alg": "RS256", "x5t": "abc" })))
            .silent(own(json!({ "alg": "PS256", "x5t#S256": "abc" })))
            .silent(workload(None, 1_700_003_600)),
        case("VST-CLIENT-FEDERATED")
            .shows(workload(Some(700_213), 1_700_003_600))
            .shows(workload(Some(7_002_138), 1_700_003_600))
            .shows(Evidence::of_text(
                "AADSTS700213: No matching federated identity record found for presented assertion \
                 subject 'system:serviceaccount:web:Portal'. Check your federated identity credential.",
            ))
            .says("`system:serviceaccount:web:Portal`")
            .silent(workload(None, 1_700_003_600))
            .silent(Evidence::of_text("AADSTS700213: nothing else is known")),
        case("VST-CLIENT-FEDERATED-STALE")
            .shows(workload(None, 1_699_999_000))
            .shows(workload(Some(700_024), 1_699_999_000))
            .silent(workload(None, 1_700_003_600)),
    ]
}

fn place() -> Vec<RowCase> {
    let at = |issuer: &str| {
        let mut at = set(|provider| provider.issuer = Some(issuer.to_owned()));
        route(&mut at).token = None;
        at
    };
    let common = at("https://login.microsoftonline.com/common/v2.0");
    let listed = with(&common, |e| provider(e).tenants = Some(texts(&[TENANT])));
    let of_api = |issuer: &str| {
        evidence(|e| {
            e.token = Some(entra_token(json!({})));
            e.api = Some(Api {
                issuers: vec![issuer.to_owned()],
                ..api()
            });
        })
    };
    let named = at("https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0");
    vec![
        case("VST-CLIENT-ID")
            .shows(refused(&set(|_| ()), 700_016))
            .shows(Evidence::of_text(&format!(
                "AADSTS700016: Application with identifier '{CLIENT}' was not found in the directory 'Contoso'."
            )))
            .shows(set(|provider| provider.client_id = Some("portal".to_owned())))
            .silent(set(|_| ()))
            .silent(Evidence::of_text("AADSTS700016: nothing is named")),
        case("VST-CLIENT-ID")
            .shows(set(|provider| provider.client_id = Some(TENANT.to_owned())))
            .silent(set(|_| ()))
            .says("the id of the tenant"),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize")))
            .shows(at(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/authorize")))
            .shows(at(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")))
            .shows(at(&format!("https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys")))
            .shows(at(&format!(
                "https://login.microsoftonline.com/{TENANT}/v2.0/.well-known/openid-configuration"
            )))
            .silent(at(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")))
            .line(format!("issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"")),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at("https://id.example/realms/main/protocol/openid-connect/auth"))
            .silent(at("https://id.example/realms/main"))
            .line("issuer = \"https://id.example/realms/main\""),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at("https://contoso.okta.com/oauth2/default/v1/authorize"))
            .silent(at("https://contoso.okta.com/oauth2/default"))
            .line("issuer = \"https://contoso.okta.com/oauth2/default\""),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at("https://contoso.okta.com/oauth2/v1/authorize"))
            .silent(at("https://contoso.okta.com"))
            .line("issuer = \"https://contoso.okta.com\""),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at("https://contoso.eu.auth0.com/authorize"))
            .silent(at("https://contoso.eu.auth0.com/"))
            .beside(&["VST-AUTH0-NO-AUDIENCE"])
            .line("issuer = \"https://contoso.eu.auth0.com/\""),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(at("https://accounts.google.com/o/oauth2/v2/auth"))
            .silent(at("https://accounts.google.com"))
            .beside(&["VST-GOOGLE-NO-REFRESH", "VST-GOOGLE-OPAQUE"])
            .line("issuer = \"https://accounts.google.com\""),
        case("VST-CLIENT-ISSUER-ENDPOINT")
            .shows(Evidence::of_text(&format!(
                "IDX20803: Unable to obtain configuration from: \
                 'https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize/.well-known/openid-configuration'."
            )))
            .silent(Evidence::of_text(&format!(
                "https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize"
            ))),
        case("VST-CLIENT-ISSUER-SLASH")
            .shows(at(&format!("https://login.microsoftonline.com/{TENANT}/v2.0/")))
            .silent(at("https://contoso.b2clogin.com/x/v2.0/"))
            .silent(at(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")))
            .line(format!("issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"")),
        case("VST-CLIENT-ISSUER-SLASH")
            .shows(at("https://id.example/realms/main/"))
            .silent(at("https://id.example/realms/main"))
            .line("issuer = \"https://id.example/realms/main\""),
        case("VST-CLIENT-ISSUER-SLASH")
            .shows(at("https://contoso.eu.auth0.com"))
            .silent(at("https://contoso.eu.auth0.com/"))
            .beside(&["VST-AUTH0-NO-AUDIENCE"])
            .line("issuer = \"https://contoso.eu.auth0.com/\""),
        case("VST-CLIENT-ISSUER-SLASH")
            .shows(at("https://contoso.okta.com/oauth2/default/"))
            .silent(at("https://contoso.okta.com/oauth2/default"))
            .line("issuer = \"https://contoso.okta.com/oauth2/default\""),
        case("VST-CLIENT-ISSUER-COMMON")
            .shows(Evidence::of_text(&format!(
                "oauthproxy.go: oidc: id token issued by a different provider, expected \
                 \"https://login.microsoftonline.com/common/v2.0\" got \
                 \"https://login.microsoftonline.com/{TENANT}/v2.0\""
            )))
            .shows(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: 'https://sts.windows.net/{TENANT}/'. Did not match: \
                 validationParameters.ValidIssuer: 'https://login.microsoftonline.com/organizations/v2.0'"
            )))
            .silent(Evidence::of_text(&format!(
                "oidc: id token issued by a different provider, expected \
                 \"https://login.microsoftonline.us/{TENANT}/v2.0\" got \
                 \"https://login.microsoftonline.com/{TENANT}/v2.0\""
            )))
            .line(format!(
                "issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\""
            )),
        case("VST-CLIENT-ISSUER-COMMON")
            .shows(Evidence::of_text(&format!(
                "[auth_openidc:error] [pid 1] oidc_proto_validate_iss: requested issuer \
                 (https://login.microsoftonline.com/common/v2.0) does not match received \"iss\" value in id_token \
                 (https://login.microsoftonline.com/{TENANT}/v2.0)"
            )))
            .silent(Evidence::of_text("https://login.microsoftonline.com/common/v2.0"))
            .line(format!(
                "OIDCProviderMetadataURL https://login.microsoftonline.com/{TENANT}/v2.0/.well-known/openid-configuration"
            )),
        // What `explain --audience --issuer` knows: an API of somebody's, and no file of ours.
        case("VST-CLIENT-ISSUER-COMMON")
            .shows(of_api("https://login.microsoftonline.com/common/v2.0"))
            .silent(of_api(&format!(
                "https://login.microsoftonline.com/{TENANT}/v2.0"
            )))
            .line(format!("https://login.microsoftonline.com/{TENANT}/v2.0")),
        case("VST-CLIENT-ISSUER-NAME")
            .shows(named.clone())
            .says("`contoso.onmicrosoft.com`")
            .silent(set(|_| ()))
            .silent(common.clone()),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://contoso.ciamlogin.com/v2.0"))
            .shows(at("https://contoso.ciamlogin.com"))
            .silent(at(&format!("https://contoso.ciamlogin.com/{TENANT}/v2.0")))
            .silent(at("https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0"))
            .line("issuer = \"https://contoso.ciamlogin.com/TENANT-ID/v2.0\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://contoso-admin.okta.com/oauth2/default"))
            .silent(at("https://contoso.okta.com/oauth2/default"))
            .silent(at("https://admin.okta.com/oauth2/default"))
            .line("issuer = \"https://contoso.okta.com/oauth2/default\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://manage.auth0.com/dashboard/eu/contoso/applications"))
            .silent(at("https://contoso.eu.auth0.com/"))
            .beside(&["VST-AUTH0-NO-AUDIENCE"])
            .line("issuer = \"https://contoso.eu.auth0.com/\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://id.example/auth/admin/main/console"))
            .shows(at("https://id.example/auth/realms/main/account/"))
            .silent(at("https://id.example/auth/realms/main"))
            .silent(at("https://id.example/admin/"))
            .line("issuer = \"https://id.example/auth/realms/main\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://portal.azure.com/contoso.onmicrosoft.com"))
            .shows(at("https://contoso.onmicrosoft.com"))
            .silent(at("https://portal.example.com"))
            .line("issuer = \"https://login.microsoftonline.com/TENANT-ID/v2.0\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://contoso.auth.eu-west-1.amazoncognito.com"))
            .silent(at("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"))
            .line("issuer = \"https://cognito-idp.eu-west-1.amazonaws.com/USER-POOL-ID\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at("https://google.com"))
            .silent(at("https://accounts.google.com"))
            .line("issuer = \"https://accounts.google.com\""),
        case("VST-CLIENT-ISSUER-HOST")
            .shows(at(&format!("https://login.windows.net/{TENANT}/v2.0")))
            .silent(at(&format!("https://login.microsoftonline.com/{TENANT}/v2.0")))
            .silent(at(&format!("https://login.microsoftonline.us/{TENANT}/v2.0")))
            .silent(at(&format!("https://sts.windows.net/{TENANT}/")))
            .line(format!("issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"")),
        case("VST-CLIENT-COMMON")
            .shows(refused(&common, 50194))
            .shows(refused(&listed, 50194))
            .silent(common.clone())
            .silent(refused(&set(|_| ()), 50194)),
        case("VST-CLIENT-CLOUD")
            .shows(refused(&set(|_| ()), 900_439))
            .line("issuer = \"https://login.microsoftonline.us/TENANT-ID/v2.0\"")
            .silent(Evidence::of_text("AADSTS900439: nothing else is known"))
            .silent(at(&format!("https://login.microsoftonline.us/{TENANT}/v2.0"))),
    ]
}
