//! What shows each row of the family, and what comes close.

mod document;
mod signature;

use serde_json::json;

use crate::Evidence;
use crate::evidence::{Metadata, Origin, Probe, ProbeOutcome, ProbeTarget};
use crate::testing::{
    RowCase, case, entra_id_token, entra_token, evidence, object, provider, settings, with,
};

pub(in crate::family) fn all() -> Vec<RowCase> {
    let mut all = document::all();
    all.extend(signature::all());
    all.extend(endpoints());
    all
}

fn probe(target: ProbeTarget, url: &str, status: u16) -> Probe {
    let outcome = ProbeOutcome::Http {
        status,
        content_type: None,
        first_char: None,
    };
    Probe::new(target, url, outcome)
}

/// What the token endpoint answered.
fn at_token(outcome: ProbeOutcome) -> Evidence {
    evidence(|e| {
        e.probes = vec![Probe::new(
            ProbeTarget::Token,
            "https://id.example/token",
            outcome.clone(),
        )];
    })
}

fn http(status: u16, content_type: Option<&str>) -> ProbeOutcome {
    ProbeOutcome::Http {
        status,
        content_type: content_type.map(str::to_owned),
        first_char: None,
    }
}

fn endpoints() -> Vec<RowCase> {
    let introspects = evidence(|e| {
        provider(e).introspection_url = Some("https://login.example/token".to_owned());
    });
    let info = evidence(|e| {
        e.settings = Some(settings());
        e.token = Some(entra_token(json!({})));
        e.probes = vec![probe(
            ProbeTarget::UserInfo,
            "https://graph.microsoft.com/oidc/userinfo",
            401,
        )];
    });
    let subject = evidence(|e| {
        e.id_token = Some(entra_id_token(json!({})));
        e.user_info_subject = Some("somebody else".to_owned());
    });
    let no_pkce = evidence(|e| {
        provider(e).pkce_only_if_advertised = Some(true);
        e.metadata = Some(Metadata::default());
    });
    vec![
        case("VST-KEYS-INTROSPECTION")
            .shows(introspects.clone())
            .shows(with(&introspects, |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
                e.metadata = Some(Metadata::new(
                    "https://id.example/x",
                    object(json!({
                        "issuer": "https://id.example",
                        "token_endpoint": "https://login.example/token",
                    })),
                ));
            }))
            .shows(with(&introspects, |e| {
                e.settings.as_mut().unwrap().origin = Some(Origin::Apache);
            }))
            .shows(Evidence::of_text(
                "introspection failed: AADSTS900144: The request body must contain the following \
                 parameter: 'grant_type'.",
            ))
            .silent(with(&introspects, |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
            }))
            .silent(Evidence::of_text(
                "AADSTS900144: 'grant_type' at the token endpoint",
            )),
        case("VST-KEYS-USERINFO")
            .shows(info.clone())
            .silent(with(&info, |e| {
                e.probes[0] = probe(ProbeTarget::UserInfo, "https://graph.microsoft.com/x", 200);
            }))
            .silent(with(&info, |e| {
                provider(e).issuer = Some("https://id.example".to_owned());
                e.token = None;
            }))
            .line("userinfo = false"),
        case("VST-KEYS-USERINFO-SUBJECT")
            .shows(subject.clone())
            .silent(with(&subject, |e| {
                e.user_info_subject = Some("pairwise-for-the-client".to_owned());
            })),
        case("VST-KEYS-PKCE")
            .shows(no_pkce.clone())
            .silent(with(&no_pkce, |e| {
                let methods = json!({ "code_challenge_methods_supported": ["S256"] });
                e.metadata.as_mut().unwrap().members = object(methods);
            }))
            .silent(with(&no_pkce, |e| {
                provider(e).pkce_only_if_advertised = Some(false)
            })),
        case("VST-KEYS-TOKEN-ENDPOINT")
            .shows(at_token(http(503, None)))
            .shows(at_token(http(302, None)))
            .shows(at_token(http(200, Some("text/html"))))
            .shows(at_token(ProbeOutcome::Failed {
                detail: "find `access_token` in the token response".to_owned(),
            }))
            .says("https://id.example/token")
            .silent(at_token(http(400, Some("application/json"))))
            .silent(at_token(http(200, None)))
            .silent(evidence(|e| {
                e.probes = vec![Probe::new(
                    ProbeTarget::UserInfo,
                    "https://id.example/userinfo",
                    http(503, None),
                )];
            })),
        case("VST-KEYS-LIBRARY")
            .shows(Evidence::of_text("IDX10208: Unable to validate audience."))
            .shows(Evidence::of_text("IDX10211: Unable to validate issuer."))
            .silent(Evidence::of_text("IDX99999: something else"))
            .silent(Evidence::of_text("idx, of 10208"))
            .silent(Evidence::of_text(
                "IDX10214: Audience validation failed. Audiences: 'a'. Did not match: 'b'.",
            ))
            .says("The library says IDX1"),
        case("VST-KEYS-NOT-FETCHED")
            .shows(Evidence::of_text(
                "IDX20803: Unable to obtain configuration from: \
                 'https://login.example.com/x/.well-known/openid-configuration'.",
            ))
            .shows(Evidence::of_text("IDX10500: Signature validation failed. No security keys were provided"))
            .silent(Evidence::of_text("IDX20801: fetching the configuration"))
            .silent(Evidence::of_text(
                "IDX20804: Unable to retrieve document from: \
                 'https://login.microsoftonline.com/x/.well-known/openid-configuration': connection refused",
            )),
        case("VST-KEYS-CLOUD")
            .shows(Evidence::of_text("IDX40012: the key's cloud is another"))
            .silent(Evidence::of_text("IDX40013: something")),
        case("VST-KEYS-FOREIGN-ISSUER")
            .shows(Evidence::of_text("IDX40005: the key's issuer is another"))
            .silent(Evidence::of_text("IDX40004: something")),
    ]
}
