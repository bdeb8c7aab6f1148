//! What shows each row of the family, and what comes close.

use serde_json::json;

use crate::Evidence;
use crate::evidence::{
    Api, AskedToken, ClaimRule, Grant, Head, Header, ProviderError, ProviderSettings,
};
use crate::testing::{
    API, CLIENT, RowCase, TENANT, case, entra_token, entra_v1_token, evidence, provider, route,
    settings, texts, with,
};

const CURE: &str =
    "access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }";

pub(in crate::family) fn all() -> Vec<RowCase> {
    [asked(), version(), consent(), people(), policy()]
        .into_iter()
        .flatten()
        .collect()
}

fn set(fill: impl FnOnce(&mut ProviderSettings)) -> Evidence {
    let known = evidence(|e| e.settings = Some(settings()));
    with(&known, |e| fill(provider(e)))
}

fn scopes(list: &[&str]) -> Evidence {
    set(|provider| provider.scopes = Some(texts(list)))
}

fn of_route(scope: &str) -> Evidence {
    with(&set(|_| ()), |e| {
        route(e).token = Some(AskedToken::Scope(scope.to_owned()))
    })
}

fn refused(evidence: &Evidence, error: &str, number: u32) -> Evidence {
    with(evidence, |e| {
        let mut error = ProviderError::new(error, None);
        error.aadsts.push(number);
        e.provider_error = Some(error);
    })
}

fn elsewhere(evidence: &Evidence) -> Evidence {
    with(evidence, |e| {
        provider(e).issuer = Some("https://id.example".to_owned())
    })
}

/// A route that asks for `/.default`, at this issuer.
fn at(issuer: &str) -> Evidence {
    with(&of_route(&format!("api://{API}/.default")), |e| {
        provider(e).issuer = Some(issuer.to_owned());
    })
}

fn asked() -> Vec<RowCase> {
    let own = format!("api://{API}");
    let slashed = |scope: &str| {
        with(&of_route(scope), |e| {
            e.api = Some(Api {
                name: Some("https://contoso.com/".to_owned()),
                ..Api::default()
            });
        })
    };
    vec![
        case("VST-SCOPE-FOREIGN-API")
            .shows(of_route("https://graph.microsoft.com/User.Read"))
            .shows(of_route("User.Read"))
            .shows(of_route("https://management.azure.com/.default"))
            .silent(of_route(&format!("{own}/.default")))
            .silent(with(&of_route("https://graph.microsoft.com/User.Read"), |e| {
                route(e).upstream = Some("https://graph.microsoft.com/v1.0".to_owned());
            }))
            .silent(elsewhere(&of_route("read"))),
        case("VST-SCOPE-DOUBLED")
            .shows(of_route(&format!("api://{own}/.default")))
            .silent(of_route(&format!("{own}/.default")))
            .line(CURE),
        case("VST-SCOPE-SLASHES")
            .shows(of_route(&format!("{}/.default", own.replace("://", ":/"))))
            .shows(of_route(&format!("{}/.default", own.replace("://", ":///"))))
            .shows(of_route(&format!("{}/.default", own.replace("://", "//"))))
            .silent(of_route(&format!("{own}/.default")))
            .silent(of_route("https://api.example.com/.default"))
            .line(CURE),
        case("VST-SCOPE-DEFAULT-CASE")
            .shows(of_route(&format!("{own}/.Default")))
            .shows(of_route(&format!("{own}/.DEFAULT")))
            .shows(of_route(&format!("{own}/default")))
            .silent(of_route(&format!("{own}/.default")))
            .silent(of_route(&format!("{own}/defaults")))
            .line(CURE),
        case("VST-SCOPE-OPENID-IN-ROUTE")
            .shows(of_route(&format!("openid {own}/.default")))
            .silent(of_route(&format!("{own}/.default")))
            .says("`openid`")
            .line(CURE),
        case("VST-SCOPE-DEFAULT-MIXED")
            .shows(set(|provider| {
                let asked = ["openid", &format!("{own}/.default"), &format!("{own}/read")];
                provider.scopes = Some(texts(&asked));
                provider.own_scopes = Some(texts(&asked));
            }))
            .shows(set(|provider| {
                provider.scopes =
                    Some(texts(&["openid", &format!("{own}/read"), &format!("{own}/.default")]));
                provider.own_scopes = Some(texts(&["openid", &format!("{own}/read")]));
            }))
            .beside(&["VST-SETTINGS-NO-RENEWAL"])
            .silent(set(|_| ()))
            .line("scopes = [\"openid\"]"),
        case("VST-SCOPE-OWN-CLIENT")
            .shows(of_route(&format!("api://{CLIENT}/.default")))
            .shows(of_route(&format!("{CLIENT}/.default")))
            .silent(of_route(&format!("api://{CLIENT}/access_as_user")))
            .silent(of_route(&format!("{own}/.default"))),
        case("VST-SCOPE-COMMAS")
            .shows(scopes(&["openid,profile,offline_access"]))
            .line("scopes = [\"openid\", \"profile\", \"offline_access\"]")
            .silent(scopes(&["openid", "profile"])),
        case("VST-SCOPE-NO-OPENID")
            .shows(scopes(&["profile", "offline_access"]))
            .line("scopes = [\"profile\", \"offline_access\", \"openid\"]")
            .silent(scopes(&["openid"]))
            .silent(scopes(&["openid profile"])),
        case("VST-SCOPE-TWO-APIS")
            .beside(&["VST-SETTINGS-NO-RENEWAL"])
            .shows(scopes(&["openid", "User.Read", &format!("{own}/access")]))
            .shows(of_route(&format!("{own}/access api://other/read")))
            .shows(refused(
                &of_route(&format!("{own}/a api://other/b")),
                "invalid_request",
                28000,
            ))
            .silent(of_route(&format!("{own}/access {own}/write")))
            .silent(scopes(&["openid", "profile", "User.Read", "Mail.Read"]))
            .silent(elsewhere(&scopes(&[
                "openid",
                "read",
                &format!("{own}/access"),
            ]))),
        case("VST-SCOPE-DEFAULT-MIXED")
            .shows(of_route(&format!("{own}/.default {own}/access")))
            .line(CURE)
            .silent(of_route(&format!("{own}/.default")))
            .silent(of_route(&format!("{own}/.default openid"))),
        case("VST-SCOPE-DEFAULT-ELSEWHERE")
            .shows(at("https://dev-1.okta.com/oauth2/default"))
            .shows(at("https://contoso.eu.auth0.com/"))
            .shows(at("https://id.example.com/realms/main"))
            .shows(at("https://accounts.google.com"))
            .silent(at("https://login.microsoftonline.us/common/v2.0"))
            .silent(at(&format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0")))
            .silent(at("https://id.example.com"))
            .silent(with(&at("https://accounts.google.com"), |e| route(e).token = None))
            .beside(&["VST-GOOGLE-NO-REFRESH"])
            .says("`/.default` is Microsoft Entra ID's."),
        case("VST-SCOPE-NO-NAME")
            .shows(of_route(&own))
            .shows(of_route(&format!("{own}/")))
            .shows(of_route(API))
            .shows(Evidence::of_text(&format!(
                "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope {own} is not valid."
            )))
            .line(CURE)
            .silent(of_route(&format!("{own}/access")))
            .silent(elsewhere(&of_route(API))),
        case("VST-SCOPE-DOUBLE-SLASH")
            .shows(slashed("https://contoso.com/.default"))
            .line("access_token = { scope = \"https://contoso.com//.default\" }")
            .silent(slashed("https://contoso.com//.default")),
    ]
}

fn version() -> Vec<RowCase> {
    let resource = set(|provider| {
        provider.authorization_parameters = vec![("resource".to_owned(), format!("api://{API}"))];
    });
    let v1 = |resource: bool| {
        with(&set(|_| ()), |e| {
            let provider = provider(e);
            provider.issuer =
                Some("https://sts.windows.net/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/".to_owned());
            if resource {
                provider.authorization_parameters =
                    vec![("resource".to_owned(), "api://x".to_owned())];
            }
        })
    };
    vec![
        case("VST-SCOPE-RESOURCE")
            .shows(resource.clone())
            .shows(refused(&resource, "invalid_request", 901_002))
            .line(CURE)
            .silent(v1(true))
            .silent(elsewhere(&resource)),
        case("VST-SCOPE-V1")
            .shows(v1(false))
            .line("issuer = \"https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/v2.0\"")
            .silent(v1(true))
            .silent(set(|_| ())),
        case("VST-SCOPE-UNSUPPORTED")
            .beside(&["VST-SETTINGS-NO-RENEWAL"])
            .shows(scopes(&["openid", "address"]))
            .line("scopes = [\"openid\"]")
            .silent(scopes(&["openid", "email"]))
            .silent(elsewhere(&scopes(&["openid", "address"]))),
    ]
}

fn consent() -> Vec<RowCase> {
    let asks = |prompt: &str| {
        set(|provider| {
            provider.authorization_parameters = vec![("prompt".to_owned(), prompt.to_owned())]
        })
    };
    vec![
        case("VST-SCOPE-CONSENT")
            .shows(refused(&set(|_| ()), "invalid_grant", 65001))
            .shows(with(&set(|_| ()), |e| {
                e.provider_error = Some(ProviderError::new("consent_required", None));
            }))
            .line(format!(
                "https://login.microsoftonline.com/5fdb1a1a-3a44-4f4c-9b5e-6d5b1a0f2c11/adminconsent?client_id={CLIENT}"
            ))
            .silent(Evidence::of_text("AADSTS65001: nothing else is known"))
            .silent(with(&set(|_| ()), |e| {
                e.provider_error = Some(ProviderError::new("access_denied", None));
            })),
        case("VST-SCOPE-ADMIN-APPROVAL")
            .shows(Evidence::of_text("Need admin approval. Portal needs permission to access resources in your organization that only an admin can grant."))
            .shows(refused(&set(|_| ()), "consent_required", 90094))
            .silent(Evidence::of_text("the admin approved it"))
            .silent(Evidence::of_text("AADSTS90094: nothing else is known")),
        case("VST-SCOPE-PROMPT-CONSENT")
            .shows(asks("consent"))
            .shows(refused(&asks("select_account consent"), "consent_required", 90094))
            .silent(asks("select_account")),
        case("VST-SCOPE-ASSIGNMENT")
            .shows(refused(&set(|_| ()), "interaction_required", 50105))
            .shows(Evidence::of_text(&format!(
                "AADSTS50105: Your administrator has configured the application Portal ('{CLIENT}') to block users. Application '{CLIENT}'"
            )))
            .silent(Evidence::of_text("AADSTS50105: nothing else is known"))
            .silent(set(|_| ())),
    ]
}

fn people() -> Vec<RowCase> {
    let open = set(|provider| {
        provider.issuer = Some("https://login.microsoftonline.com/organizations/v2.0".to_owned());
        provider.tenants = Some(texts(&[TENANT]));
    });
    vec![
        case("VST-SCOPE-GUEST-TENANT")
            .shows(refused(&open, "invalid_request", 50020))
            .shows(refused(
                &with(&open, |e| provider(e).tenants = None),
                "invalid_request",
                16000,
            ))
            .silent(refused(&set(|_| ()), "invalid_request", 50020))
            .silent(open.clone()),
        case("VST-SCOPE-WRONG-ACCOUNT")
            .shows(Evidence::of_text(
                "I am always signed in with the wrong account and can't choose",
            ))
            .silent(Evidence::of_text("the wrong account was billed"))
            .silent(Evidence::of_text("I can't sign in")),
    ]
}

fn policy() -> Vec<RowCase> {
    let renewal = |suberror: Option<&str>, grant| {
        let mut e = refused(&set(|_| ()), "invalid_grant", 50076);
        let error = e.provider_error.as_mut().unwrap();
        error.suberror = suberror.map(str::to_owned);
        error.grant = Some(grant);
        e
    };
    let answers = |status, challenge: &str| {
        evidence(|e| {
            e.upstream_response = Some(Head {
                status: Some(status),
                headers: vec![Header::new("www-authenticate", challenge)],
                ..Head::default()
            });
        })
    };
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"";
    let wants = |claim: &str, claims: Option<&str>| {
        let mut e = set(|provider| {
            if let Some(claims) = claims {
                provider.authorization_parameters = vec![("claims".to_owned(), claims.to_owned())];
            }
        });
        e.api = Some(Api {
            claims: texts(&[claim]),
            ..Api::default()
        });
        e
    };
    let blocked = |incident: &str| {
        Evidence::of_text(&format!(
            "AADSTS53003: Access has been blocked by Conditional Access. {incident}"
        ))
    };
    let reads_amr = with(&set(|_| ()), |e| {
        route(e).rules = vec![ClaimRule::new("amr", texts(&["mfa"]))];
    });
    let needs_amr = |token| {
        evidence(|e| {
            e.token = Some(token);
            e.api = Some(Api {
                claims: texts(&["amr"]),
                ..Api::default()
            });
        })
    };
    vec![
        case("VST-SCOPE-INTERACTION")
            .shows(renewal(Some("basic_action"), Grant::Refresh))
            .shows(renewal(None, Grant::Refresh))
            .silent(renewal(None, Grant::Code))
            .silent(with(&renewal(Some("bad_token"), Grant::Refresh), |e| {
                e.provider_error.as_mut().unwrap().aadsts = vec![70000];
            })),
        case("VST-SCOPE-UI-REQUIRED")
            .shows(Evidence::of_text(
                "IDW10502: An MsalUiRequiredException was thrown due to a challenge for the user.",
            ))
            .shows(Evidence::of_text("InteractionRequiredAuthError: interaction_required"))
            .silent(Evidence::of_text("MsalUiRequiredException: AADSTS65001: nobody has consented"))
            .silent(Evidence::of_text("MsalServiceException: the service is busy")),
        case("VST-SCOPE-BLOCKED")
            .shows(blocked("Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd Timestamp: 2024-01-09 02:02:12Z"))
            .says("aaaa0000-bb11-2222-33cc-444444dddddd")
            .silent(blocked("")),
        case("VST-SCOPE-CLAIMS-CHALLENGE")
            .shows(Evidence::of_text(
                "WWW-Authenticate: Bearer realm=\"\", error=\"insufficient_claims\", \
                 claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWV9fX0=\"",
            ))
            .silent(Evidence::of_text(
                "Bearer error=\"invalid_token\", error_description=\"The signature is invalid\"",
            )),
        case("VST-SCOPE-CLAIMS-CHALLENGE")
            .shows(answers(401, challenge))
            .silent(answers(403, challenge))
            .silent(answers(401, "Bearer error=\"invalid_token\"")),
        case("VST-SCOPE-NO-CAPABILITY")
            .shows(wants("xms_cc", None))
            .silent(wants("xms_cc", Some("{\"access_token\":{\"xms_cc\":{\"values\":[\"cp1\"]}}}")))
            .silent(wants("oid", None)),
        case("VST-SCOPE-NO-AMR")
            .shows(reads_amr.clone())
            .shows(needs_amr(entra_token(json!({}))))
            .silent(needs_amr(entra_v1_token(json!({ "amr": ["pwd", "mfa"] }))))
            .silent(with(&reads_amr, |e| {
                route(e).rules = vec![ClaimRule::new("acrs", texts(&["c1"]))];
            })),
    ]
}

/// What has to be agreed to is what the API in the middle asks for, so the cures are at that API.
#[test]
fn consent_on_behalf_of_somebody_is_the_middle_apis() {
    let middle = format!(
        "MsalUiRequiredException: AADSTS65001: The user or administrator has not consented to use the application with \
         ID '{API}' named 'Orders'. at OnBehalfOfRequest.FetchNewAccessTokenAsync"
    );
    for (text, code) in [
        (middle.as_str(), "VST-SCOPE-CONSENT"),
        (
            "AADSTS65001 of the on-behalf-of request",
            "VST-AADSTS-65001",
        ),
    ] {
        let found = crate::diagnose(&Evidence::of_text(text)).remove(0);
        assert_eq!(found.code, code);
        let told = serde_json::to_string(&found).unwrap();
        assert!(
            told.contains("App registrations > the API that asks"),
            "{told}"
        );
        assert!(
            !told.contains("App registrations > your sign-in app"),
            "{told}"
        );
        assert_eq!(told.contains(API), text == middle, "{told}");
    }
    let direct = middle.replace("at OnBehalfOfRequest.FetchNewAccessTokenAsync", "");
    let found = crate::diagnose(&Evidence::of_text(&direct)).remove(0);
    let told = serde_json::to_string(&found).unwrap();
    assert!(
        told.contains("App registrations > your sign-in app"),
        "{told}"
    );
}

/// Each provider is told of in its own words.
#[test]
fn what_is_default_elsewhere_is_cured_in_the_providers_own_way() {
    for (issuer, says) in [
        (
            "https://dev-1.okta.com/oauth2/default",
            "Authorization Servers",
        ),
        ("https://contoso.eu.auth0.com/", "`audience`"),
        ("https://id.example.com/realms/main", "audience mapper"),
        ("https://accounts.google.com", "Google's own APIs"),
    ] {
        let found = crate::diagnose(&at(issuer)).remove(0);
        assert!(found.why.contains(says), "{found}");
        assert!(
            found.change.iter().all(|change| {
                !change
                    .line
                    .as_deref()
                    .unwrap_or_default()
                    .contains(".default")
            }),
            "{found}"
        );
    }
    let sign_in = with(&scopes(&["openid", "api://x/.default"]), |e| {
        provider(e).issuer = Some("https://dev-1.okta.com/oauth2/default".to_owned());
    });
    let found = crate::diagnose(&sign_in).remove(0);
    assert_eq!(
        found.change[0].line.as_deref(),
        Some("scopes = [\"openid\"]"),
        "{found}"
    );
}
