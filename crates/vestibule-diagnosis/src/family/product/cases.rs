//! What shows each row of the family, and what comes close.

use serde_json::{Value, json};

use crate::Evidence;
use crate::evidence::{
    AskedToken, Failure, Grant, Metadata, Probe, ProbeOutcome, ProbeTarget, ProviderError, Role,
    Token, TokenResponse,
};
use crate::testing::{
    RowCase, api, case, evidence, jwt, object, provider, route, settings, texts, with,
};

const AUTH0: &str = "https://contoso.eu.auth0.com/";
const OKTA: &str = "https://contoso.okta.com";
const GOOGLE: &str = "https://accounts.google.com";
const KEYCLOAK: &str = "https://id.example.com/realms/main";
const COGNITO: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x";
const ADFS: &str = "https://fs.example.com/adfs";
const GITLAB: &str = "https://gitlab.com";

/// Settings for a provider: its scopes, no token for the route.
fn at(issuer: &str) -> Evidence {
    evidence(|e| {
        e.settings = Some(settings());
        provider(e).issuer = Some(issuer.to_owned());
        provider(e).scopes = Some(texts(&["openid", "profile"]));
        route(e).token = None;
        route(e).user_claims = texts(&["sub"]);
    })
}

fn opaque(issuer: &str) -> Evidence {
    with(&at(issuer), |e| {
        e.token = Some(Token::of("k3bX9qLw2mZr7TyP").role(Role::Access))
    })
}

/// An access token with these claims, and the API of the tests.
fn token(claims: Value) -> Evidence {
    evidence(|e| {
        e.token = Some(jwt(json!({ "alg": "RS256", "kid": "k1" }), claims));
        e.api = Some(api());
    })
}

fn answered(target: ProbeTarget, url: &str, status: u16) -> Probe {
    let outcome = ProbeOutcome::Http {
        status,
        content_type: None,
        first_char: None,
    };
    Probe::new(target, url, outcome)
}

fn introspects(evidence: &Evidence) -> Evidence {
    with(evidence, |e| {
        let mut api = api();
        api.takes_opaque = Some(true);
        e.api = Some(api);
    })
}

pub(in crate::family) fn all() -> Vec<RowCase> {
    [
        auth0_and_okta(),
        google_and_keycloak(),
        cognito_and_adfs(),
        hubs(),
        any(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn auth0_and_okta() -> Vec<RowCase> {
    let passes = with(&at(AUTH0), |e| route(e).token = Some(AskedToken::SignIn));
    let two = token(
        json!({ "iss": AUTH0, "aud": ["https://api.example.com", "https://contoso.eu.auth0.com/userinfo"], "scope": "read" }),
    );
    let failed = |evidence: &Evidence| {
        with(evidence, |e| {
            e.api = None;
            e.token = e
                .token
                .take()
                .map(|token| token.verified(Err(Failure::Audience)));
        })
    };
    let org = token(json!({ "iss": OKTA, "aud": OKTA, "scp": ["openid"], "cid": "x" }));
    let custom = "https://contoso.okta.com/oauth2/default";
    let default =
        token(json!({ "iss": custom, "aud": "api://default", "scp": ["read"], "cid": "x" }));
    vec![
        case("VST-GOOGLE-OPAQUE")
            .shows(evidence(|e| {
                provider(e).issuer = Some("https://accounts.google.com".to_owned());
                provider(e).scopes = Some(texts(&["openid", "email"]));
                route(e).token = Some(AskedToken::SignIn);
            }))
            .beside(&["VST-CLIENT-ID", "VST-SETTINGS-NO-RENEWAL"])
            .silent(evidence(|e| {
                provider(e).issuer = Some("https://accounts.google.com".to_owned());
                provider(e).scopes = Some(texts(&["openid", "email"]));
                route(e).token = Some(AskedToken::IdToken);
            })),
        case("VST-PROVIDER-REDIRECT-URI")
            .shows(Evidence::of_text("We are sorry... Invalid parameter: redirect_uri"))
            .shows(Evidence::of_text(
                "Access blocked: This app’s request is invalid. Error 400: redirect_uri_mismatch",
            ))
            .shows(Evidence::of_text(
                "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
            ))
            .shows(Evidence::of_text(
                "Your request resulted in an error. The 'redirect_uri' parameter must be a Login redirect URI in the \
                 client app settings",
            ))
            .shows(Evidence::of_text("An error has occurred. The redirect URI included is not valid."))
            .shows(Evidence::of_text(
                "https://login.example.com/error?error=redirect_uri_mismatch&error_description=\
                 redirect_uri+must+match+configuration&state=x",
            ))
            .shows(Evidence::of_text("MSIS9224: Received invalid OAuth authorization request."))
            .silent(Evidence::of_text("redirect_uri=https://portal.example.com/callback"))
            .silent(Evidence::of_text("AADSTS900971: No reply address. Invalid redirect_uri.")),
        case("VST-AUTH0-NO-AUDIENCE")
            .shows(opaque(AUTH0))
            .shows(passes.clone())
            .silent(introspects(&opaque(AUTH0)))
            .silent(with(&passes, |e| {
                provider(e).authorization_parameters =
                    vec![("audience".to_owned(), "https://api.example.com".to_owned())];
            }))
            .line("authorization_parameters = { audience = \"API-IDENTIFIER\" }"),
        case("VST-AUTH0-UNKNOWN-API")
            .shows(Evidence::of_text(
                r#"{"error":"access_denied","error_description":"Service not found: https://api.example.com"}"#,
            ))
            .shows(Evidence::of_text("access_denied (Service not found: https://api.example.com)"))
            .silent(Evidence::of_text("Service not found: https://api.example.com"))
            .silent(Evidence::of_text("access_denied: the person said no"))
            .says("`https://api.example.com`")
            .line("https://api.example.com")
            .line("authorization_parameters = { audience = \"https://api.example.com/\" }"),
        case("VST-AUTH0-NOT-GRANTED")
            .shows(Evidence::of_text(
                r#"{"error":"access_denied","error_description":"Client is not authorized to access \"https://api.example.com\". You need to create a \"client-grant\" associated to this API."}"#,
            ))
            .silent(Evidence::of_text("the person is not authorized to access this page"))
            .says("`https://api.example.com`"),
        case("VST-AUTH0-TWO-AUDIENCES")
            .shows(failed(&two))
            .silent(with(&two, |e| {
                e.api.as_mut().unwrap().audiences = texts(&["https://api.example.com"])
            }))
            .says("/userinfo"),
        case("VST-OKTA-ORG-SERVER")
            .shows(org.clone())
            .shows(with(&at(OKTA), |e| {
                route(e).token = Some(AskedToken::SignIn)
            }))
            .silent(at(OKTA))
            .silent(with(&at(custom), |e| {
                route(e).token = Some(AskedToken::SignIn)
            }))
            .silent(with(&org, |e| e.token.as_mut().unwrap().role = Role::Id))
            .line("issuer = \"https://contoso.okta.com/oauth2/default\""),
        case("VST-OKTA-SCOPE")
            .shows(Evidence::of_text(
                "400 Bad Request. The requested scope is invalid, unknown, or malformed. One or more scopes are not configured \
                 for the authorization server resource.",
            ))
            .shows(Evidence::of_text(
                r#"{"error":"invalid_scope","error_description":"One or more scopes are not configured for the authorization server resource."}"#,
            ))
            .silent(Evidence::of_text("The requested scope is invalid, unknown, or malformed."))
            .says("none of the authorization server's"),
        case("VST-OKTA-POLICY")
            .shows(Evidence::of_text(
                r#"{"error":"access_denied","error_description":"Policy evaluation failed for this request, please check the policy configurations."}"#,
            ))
            .silent(Evidence::of_text(r#"{"error":"access_denied","error_description":"the policy said no"}"#))
            .says("no policy"),
        case("VST-OKTA-AUDIENCE")
            .shows(default.clone())
            .silent(with(&default, |e| {
                e.api.as_mut().unwrap().audiences = texts(&["api://default"])
            })),
    ]
}

fn google_and_keycloak() -> Vec<RowCase> {
    let answer = |e: &mut Evidence| {
        e.token_response = Some(TokenResponse::read(&object(
            json!({ "access_token": "x", "id_token": "x", "expires_in": 3599 }),
        )));
    };
    let lacks = with(&at(GOOGLE), answer);
    let account = token(
        json!({ "iss": KEYCLOAK, "aud": "account", "azp": "portal", "scope": "openid", "typ": "Bearer" }),
    );
    let named = |configured: &str, found: &str| {
        with(&at(configured), |e| {
            let url = format!("{configured}/.well-known/openid-configuration");
            e.metadata = Some(Metadata::new(url, object(json!({ "issuer": found }))));
        })
    };
    let metadata = |url: &str, status| {
        evidence(|e| e.probes = vec![answered(ProbeTarget::Metadata, url, status)])
    };
    let well_known = format!("{KEYCLOAK}/.well-known/openid-configuration");
    vec![
        case("VST-GOOGLE-OPAQUE")
            .shows(Evidence::of_token("ya29.a0AfH6SMBx7Qw2LkZr9TyPm3bXk5"))
            .shows(opaque(GOOGLE))
            .silent(introspects(&opaque(GOOGLE)))
            .silent(opaque("https://id.example.com")),
        case("VST-GOOGLE-INTERNAL")
            .shows(Evidence::of_text("Access blocked: Portal can only be used within its organization. Error 403: org_internal"))
            .shows(Evidence::of_text("https://portal.example.com/cb?error=org_internal&state=abc"))
            .silent(Evidence::of_text("the organization uses it internally"))
            .says("of none or of another"),
        case("VST-GOOGLE-CLIENT")
            .shows(Evidence::of_text("Access blocked: Authorization Error. The OAuth client was deleted. Error 401: deleted_client"))
            .shows(Evidence::of_text("The OAuth client was not found. Error 401: invalid_client"))
            .silent(Evidence::of_text("Error 401: the client was not there"))
            .says("client"),
        case("VST-GOOGLE-POLICY")
            .shows(Evidence::of_text("Error 400: admin_policy_enforced"))
            .shows(Evidence::of_text("Error 403: disallowed_useragent"))
            .shows(Evidence::of_text(
                "Error 400: invalid_request\nYou can't sign in to this app because it doesn't comply with Google's OAuth 2.0 \
                 policy for keeping apps secure.",
            ))
            .silent(Evidence::of_text("We comply with the policy for keeping apps secure."))
            .says("Google says"),
        case("VST-GOOGLE-NO-REFRESH")
            .shows(lacks.clone())
            .shows(with(&at(GOOGLE), |e| {
                provider(e).scopes = Some(texts(&["openid", "offline_access"]))
            }))
            .silent(at(GOOGLE))
            .silent(with(&lacks, |e| {
                e.token_response
                    .as_mut()
                    .unwrap()
                    .members
                    .push("refresh_token".to_owned())
            }))
            .line("authorization_parameters = { access_type = \"offline\", prompt = \"consent\" }"),
        case("VST-KEYCLOAK-AUDIENCE")
            .shows(account.clone())
            .silent(with(&account, |e| {
                e.api.as_mut().unwrap().audiences = texts(&["account"])
            }))
            .says("`portal` asked"),
        case("VST-KEYCLOAK-HOST")
            .shows(named(KEYCLOAK, "http://keycloak:8080/realms/main"))
            .silent(named(KEYCLOAK, KEYCLOAK))
            .silent(named(KEYCLOAK, "https://id.example.com/realms/other")),
        case("VST-KEYCLOAK-AUTH-PATH")
            .shows(metadata(&well_known, 404))
            .silent(metadata(&well_known, 200))
            .silent(metadata(
                "https://id.example.com/.well-known/openid-configuration",
                404,
            ))
            .line("issuer = \"https://id.example.com/auth/realms/main\""),
    ]
}

fn cognito_and_adfs() -> Vec<RowCase> {
    let access = token(
        json!({ "iss": COGNITO, "token_use": "access", "client_id": "7x", "scope": "openid" }),
    );
    let user_info =
        |url: &str| evidence(|e| e.probes = vec![answered(ProbeTarget::UserInfo, url, 401)]);
    let default = token(
        json!({ "iss": "http://fs.example.com/adfs/services/trust", "aud": "urn:microsoft:userinfo", "scp": "openid" }),
    );
    let id_token = |claims: Value| {
        with(&at(ADFS), |e| {
            route(e).user_claims = texts(&["upn"]);
            e.id_token = Some(jwt(json!({ "alg": "RS256", "kid": "k1" }), claims).role(Role::Id));
        })
    };
    let lacks = id_token(json!({ "iss": ADFS, "sub": "x" }));
    vec![
        case("VST-COGNITO-NO-AUDIENCE")
            .shows(access.clone())
            .silent(with(&access, |e| e.api = None))
            .silent(token(json!({ "iss": COGNITO, "token_use": "id", "aud": crate::testing::API })))
            .says("`client_id` is `7x`"),
        case("VST-ADFS-DEFAULT-RESOURCE")
            .shows(default)
            .silent(token(json!({ "iss": "http://fs.example.com/adfs/services/trust", "aud": crate::testing::API, "scp": "openid" }))),
        case("VST-ADFS-USERINFO")
            .shows(Evidence::of_text("MSIS9921: Received invalid UserInfo request. Audience does not match identifier of the UserInfo relying party trust."))
            .shows(user_info("https://fs.example.com/adfs/userinfo"))
            .silent(user_info("https://id.example.com/userinfo"))
            .line("userinfo = false"),
        case("VST-ADFS-CLAIMS")
            .shows(lacks.clone())
            .silent(id_token(json!({ "iss": ADFS, "sub": "x", "upn": "ada@example.com" })))
            .silent(with(&lacks, |e| {
                route(e).user_claims = texts(&["sub"]);
            }))
            .line("scopes = [\"openid\", \"profile\", \"allatclaims\"]"),
        case("VST-ADFS-AUTH-TIME")
            .shows(id_token(json!({ "iss": ADFS, "upn": "a", "auth_time": "2023-01-02T03:04:05Z" })))
            .silent(id_token(json!({ "iss": ADFS, "upn": "a", "auth_time": 1_700_000_000 }))),
    ]
}

fn hubs() -> Vec<RowCase> {
    let id_token = with(&at(GITLAB), |e| {
        route(e).user_claims = texts(&["email"]);
        e.id_token = Some(
            jwt(
                json!({ "alg": "RS256", "kid": "k1" }),
                json!({ "iss": GITLAB, "sub": "7" }),
            )
            .role(Role::Id),
        );
    });
    vec![
        case("VST-GITHUB-NO-OIDC")
            .shows(Evidence::of_token(
                "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            ))
            .shows(at("https://github.com"))
            .silent(at("https://token.actions.githubusercontent.com"))
            .silent(introspects(&Evidence::of_token(
                "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            ))),
        case("VST-GITLAB-OPAQUE")
            .shows(opaque(GITLAB))
            .silent(introspects(&opaque(GITLAB))),
        case("VST-GITLAB-USERINFO")
            .shows(id_token.clone())
            .silent(with(&id_token, |e| provider(e).user_info = Some(true)))
            .silent(with(&id_token, |e| route(e).user_claims = texts(&["sub"])))
            .line("userinfo = true"),
        case("VST-SALESFORCE-OPAQUE")
            .shows(opaque("https://contoso.my.salesforce.com"))
            .silent(at("https://contoso.my.salesforce.com")),
        case("VST-PING-REFERENCE")
            .shows(opaque("https://auth.pingone.com/x/as"))
            .silent(introspects(&opaque("https://auth.pingone.com/x/as"))),
    ]
}

fn any() -> Vec<RowCase> {
    let base = "https://id.example.com/.well-known";
    let found = |status| {
        evidence(|e| {
            e.probes = vec![
                answered(
                    ProbeTarget::Metadata,
                    &format!("{base}/openid-configuration"),
                    404,
                ),
                answered(
                    ProbeTarget::Metadata,
                    &format!("{base}/oauth-authorization-server"),
                    status,
                ),
            ];
        })
    };
    let reuse = with(&at("https://id.example.com"), |e| {
        let mut error = ProviderError::new("invalid_grant", None);
        error.grant = Some(Grant::Refresh);
        e.provider_error = Some(error);
        e.counts.parallel_refreshes = 2;
    });
    let post = with(&at("https://id.example.com"), |e| {
        e.metadata = Some(Metadata::new(
            format!("{base}/openid-configuration"),
            object(json!({ "issuer": "https://id.example.com" })),
        ));
        provider(e).authentication_methods = texts(&["client_secret_post"]);
        e.provider_error = Some(ProviderError::new("invalid_client", None));
    });
    let text = Evidence::of_text;
    vec![
        case("VST-PROVIDER-OTHER-WELL-KNOWN")
            .shows(found(200))
            .silent(found(404)),
        case("VST-PROVIDER-REFRESH-REUSE")
            .shows(reuse.clone())
            .shows(text(
                "Refresh token grant: Maximum allowed refresh token reuse exceeded",
            ))
            .silent(with(&reuse, |e| e.counts.parallel_refreshes = 1)),
        case("VST-PROVIDER-CLIENT-AUTHENTICATION")
            .shows(post.clone())
            .silent(with(&post, |e| {
                provider(e).authentication_methods = texts(&["client_secret_basic"])
            }))
            .silent(with(&post, |e| e.provider_error = None))
            .line("client_authentication = \"client_secret_basic\""),
        case("VST-PROVIDER-EMAIL-UNVERIFIED")
            .shows(text("email in id_token (ada@example.com) isn't verified"))
            .silent(text("email in id_token (ada@example.com) is verified")),
        case("VST-PROVIDER-NO-NAME")
            .shows(text("neither the id_token nor the profileURL set an email"))
            .silent(text("the profileURL set an email"))
            .line("user = \"sub\""),
    ]
}
