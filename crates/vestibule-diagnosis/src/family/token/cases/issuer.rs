use serde_json::json;

use crate::Evidence;
use crate::evidence::{Metadata, Origin, Role, Token};
use crate::testing::{
    API, CLIENT, RowCase, TENANT, api, case, entra_id_token, entra_token, entra_v1_token, evidence,
    jwt, object, provider, route, settings, texts, with,
};

const OTHER: &str = "11111111-2222-4333-8444-555555555555";

fn given(token: Token, issuers: &[&str]) -> Evidence {
    evidence(|e| {
        e.token = Some(token);
        let mut api = api();
        api.audiences.push(format!("api://{API}"));
        api.issuers = texts(issuers);
        e.api = Some(api);
    })
}

fn metadata(url: &str, issuer: &str) -> Option<Metadata> {
    Some(Metadata::new(url, object(json!({ "issuer": issuer }))))
}

pub(super) fn all() -> Vec<RowCase> {
    let v1 = format!("https://sts.windows.net/{TENANT}/");
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let us = format!("https://login.microsoftonline.us/{TENANT}/v2.0");
    let china = format!("https://login.partner.microsoftonline.cn/{TENANT}/v2.0");
    let china_v1 = format!("https://sts.chinacloudapi.cn/{TENANT}/");
    let of_other = format!("https://login.microsoftonline.com/{OTHER}/v2.0");
    let common = evidence(|e| {
        provider(e).issuer = Some("https://login.microsoftonline.com/common/v2.0".to_owned());
    });
    let b2c = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0";
    let plain = format!("https://contoso.b2clogin.com/{TENANT}/v2.0/");
    let tfp = format!("https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1_in/v2.0/");
    let b2c_token = |issuer: &str| {
        entra_token(json!({ "iss": issuer, "tid": null, "tfp": "B2C_1_in", "ver": "1.0" }))
    };
    let ciam = "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0";
    let ciam_issuer = format!("https://{TENANT}.ciamlogin.com/{TENANT}/v2.0");
    let differ = |configured: &str, found: &str| {
        evidence(|e| {
            provider(e).issuer = Some(configured.to_owned());
            e.settings.as_mut().unwrap().origin = Some(Origin::Apache);
            e.metadata = metadata(
                &format!("{configured}/.well-known/openid-configuration"),
                found,
            );
        })
    };
    vec![
        case("VST-TOKEN-VERSION")
            .shows(given(entra_v1_token(json!({})), &[&v2]))
            .shows(with(&given(entra_v1_token(json!({})), &[]), |e| {
                e.api.as_mut().unwrap().version = Some("2.0".to_owned());
            }))
            .shows(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: '{v1}'. Did not match: \
                 validationParameters.ValidIssuer: '{v2}'"
            )))
            .silent(given(entra_v1_token(json!({})), &[&v2, &v1]))
            .silent(given(entra_token(json!({})), &[&v2]))
            .silent(given(entra_v1_token(json!({})), &[&of_other]))
            .line("\"requestedAccessTokenVersion\": 2"),
        case("VST-TOKEN-VERSION")
            .shows(given(entra_token(json!({})), &[&v1]))
            .silent(given(entra_v1_token(json!({})), &[&v1]))
            .says("is of version 2.0"),
        case("VST-TOKEN-CLOUD")
            .shows(given(entra_token(json!({ "iss": us })), &[&v2, &v1]))
            .shows(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: '{us}'. Did not match: validationParameters.ValidIssuer: '{v2}'"
            )))
            .silent(given(entra_token(json!({ "iss": us })), &[&us, &v1]))
            .silent(given(entra_token(json!({ "iss": us })), &[]))
            .silent(given(entra_token(json!({})), &[&v2]))
            .line(format!("{us}/.well-known/openid-configuration"))
            .line(format!("{v2}/.well-known/openid-configuration"))
            .says("the US Government cloud"),
        // Version 1.0 has one host for the global cloud and that of the US government, and China's has its own.
        case("VST-TOKEN-CLOUD")
            .shows(given(entra_v1_token(json!({ "iss": china_v1 })), &[&v2, &v1]))
            .silent(given(entra_v1_token(json!({ "iss": china_v1 })), &[&china, &china_v1]))
            .silent(given(entra_v1_token(json!({})), &[&us, &v1]))
            .line(format!("{china}/.well-known/openid-configuration"))
            .says("the China cloud"),
        case("VST-TOKEN-CLOUD")
            .shows(given(entra_token(json!({})), &[&us, &v1]))
            .line(format!("{v2}/.well-known/openid-configuration"))
            .silent(given(entra_token(json!({})), &[&v1]))
            .says("is of the global cloud"),
        case("VST-TOKEN-CLOUD")
            .shows(evidence(|e| {
                provider(e).issuer = Some(v2.clone());
                e.id_token = Some(entra_id_token(json!({ "iss": china })));
            }))
            .silent(evidence(|e| {
                provider(e).issuer = Some(china.clone());
                e.id_token = Some(entra_id_token(json!({ "iss": china })));
            }))
            .line(format!("issuer = \"{china}\"")),
        // No API decides over an ID token.
        case("VST-TOKEN-VERSION")
            .shows(Evidence::of_text(&format!(
                "oidc_proto_validate_iss_exp: provided issuer in id_token/JWT ({v2}) does not match the configured issuer \
                 ({v1}) [auth_openidc:error]"
            )))
            .shows(Evidence::of_text(&format!(
                "[auth_openidc:error] requested issuer ({v2}) does not match the \"iss\" value in the id_token ({v1})"
            )))
            .silent(Evidence::of_text(&format!("the \"iss\" value in the id_token ({v1})")))
            .line(format!("OIDCProviderMetadataURL {v2}/.well-known/openid-configuration"))
            .says("decides the version of an ID token"),
        case("VST-TOKEN-VERSION")
            .shows(Evidence::of_text(&format!(
                "oidc: id token issued by a different provider, expected \"{v1}\" got \"{v2}\""
            )))
            .shows(evidence(|e| {
                provider(e).issuer = Some(v1.clone());
                e.token = Some(entra_id_token(json!({})));
            }))
            .beside(&["VST-SCOPE-V1"])
            .silent(evidence(|e| {
                provider(e).issuer = Some(v2.clone());
                e.token = Some(entra_id_token(json!({})));
            }))
            .line(format!("issuer = \"{v2}\"")),
        // The direction is that of what is expected and what came.
        case("VST-TOKEN-VERSION")
            .shows(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: '{v2}'. Did not match: validationParameters.ValidIssuer: '{v1}'"
            )))
            .silent(given(
                entra_v1_token(json!({ "iss": format!("https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1_si/v2.0/") })),
                &[&format!("https://contoso.b2clogin.com/{TENANT}/v2.0/")],
            ))
            .says("set up for version 1"),
        case("VST-TOKEN-TEMPLATE")
            .shows(given(
                entra_token(json!({})),
                &["https://login.microsoftonline.com/{tenantid}/v2.0"],
            ))
            .shows(Evidence::of_text(
                "issuer did not match: expected https://login.microsoftonline.com/{tenantid}/v2.0",
            ))
            .silent(given(entra_token(json!({})), &[&v2]))
            .silent(Evidence::of_text("https://login.microsoftonline.com/{tenantid}/v2.0")),
        case("VST-TOKEN-TENANT-ID")
            .shows(Evidence::of_text("IDX40003: neither `tid` nor a tenant in the issuer"))
            .silent(Evidence::of_text("IDX40004: something"))
            .says("no `tid`"),
        case("VST-TOKEN-ISSUER")
            .shows(Evidence::of_text("JWTClaimValidationFailed: unexpected \"iss\" claim value"))
            .shows(Evidence::of_text("IDX10205: Issuer validation failed."))
            .shows(Evidence::of_text("The issuer 'https://id.example/' is invalid"))
            .silent(Evidence::of_text("the issuer is https://id.example/"))
            .says("issuer"),
        case("VST-TOKEN-ISSUER")
            .shows(evidence(|e| {
                provider(e).issuer = Some("https://id.example".to_owned());
                e.token = Some(
                    jwt(json!({}), json!({ "iss": "https://other.example", "aud": CLIENT, "nonce": "n" })).role(Role::Id),
                );
            }))
            .silent(evidence(|e| {
                provider(e).issuer = Some("https://login.microsoftonline.com/common/v2.0".to_owned());
                e.token = Some(entra_id_token(json!({})));
            }))
            .says("https://id.example"),
        // Nothing asked of the own provider makes a stranger's token one for this API.
        case("VST-TOKEN-ISSUER")
            .shows(given(
                jwt(
                    json!({ "alg": "RS256" }),
                    json!({ "iss": "https://x.supabase.co/auth/v1", "aud": "authenticated" }),
                ),
                &[&v2],
            ))
            .silent(given(entra_token(json!({})), &[&v2]))
            .says("https://x.supabase.co/auth/v1")
            .says("No scope and no setting"),
        case("VST-TOKEN-ISSUER")
            .shows(given(
                jwt(
                    json!({ "alg": "RS256", "kid": "k" }),
                    json!({
                        "iss": "https://token.actions.githubusercontent.com", "aud": "api://AzureADTokenExchange",
                        "sub": "repo:a/b",
                    }),
                ),
                &[&v2, &v1],
            ))
            .silent(given(entra_token(json!({ "aud": "api://another" })), &[&v2]))
            .says("one of GitHub, and the API takes those of Microsoft Entra ID"),
        // The ID token of another provider, under settings that have an API too.
        case("VST-TOKEN-ISSUER")
            .shows(evidence(|e| {
                e.settings = Some(settings());
                e.token = Some(
                    entra_id_token(json!({
                        "iss": "https://accounts.google.com", "aud": "c.apps.googleusercontent.com",
                    }))
                    .role(Role::Id),
                );
            }))
            .silent(evidence(|e| {
                e.settings = Some(settings());
                e.token = Some(entra_id_token(json!({})).role(Role::Id));
            }))
            .says("people sign in here with Microsoft Entra ID"),
        case("VST-TOKEN-ALGORITHM")
            .shows(Evidence::of_text("IDX10696: Algorithm validation failed."))
            .silent(Evidence::of_text("IDX10697: something")),
        case("VST-TOKEN-TENANT")
            .shows(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: '{of_other}'. Did not match: \
                 validationParameters.ValidIssuer: '{v2}'"
            )))
            .silent(Evidence::of_text(&format!(
                "IDX10205: Issuer validation failed. Issuer: '{of_other}'."
            )))
            .says(OTHER),
        case("VST-TOKEN-TENANT")
            .shows(given(entra_token(json!({})), &[&of_other]))
            .shows(evidence(|e| {
                provider(e).tenants = Some(texts(&[OTHER]));
                e.id_token = Some(entra_id_token(json!({})));
            }))
            .silent(evidence(|e| {
                provider(e).tenants = Some(texts(&[OTHER, TENANT]));
                e.id_token = Some(entra_id_token(json!({})));
            }))
            .silent(given(entra_token(json!({})), &["https://id.example"]))
            .says(OTHER),
        case("VST-TOKEN-ISSUER")
            .shows(given(
                jwt(json!({ "alg": "RS256" }), json!({ "iss": "https://id.example/", "aud": API })),
                &["https://id.example"],
            ))
            .silent(given(
                jwt(json!({ "alg": "RS256" }), json!({ "iss": "https://id.example", "aud": API })),
                &["https://id.example"],
            ))
            .says("slash"),
        case("VST-TOKEN-ANY-TENANT")
            .shows(common.clone())
            .shows(with(&common, |e| route(e).user_claims = texts(&["upn"])))
            .beside(&["VST-TOKEN-OPTIONAL-CLAIM"])
            .shows(evidence(|e| {
                provider(e).issuer =
                    Some("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0".to_owned());
            }))
            .silent(with(&common, |e| provider(e).tenants = Some(texts(&[TENANT]))))
            .silent(evidence(|e| e.settings = Some(settings())))
            .line("tenants = [\"<tenant id>\"]"),
        case("VST-TOKEN-B2C-TFP")
            .shows(Evidence::of_text(&format!(
                "IDW10304: IssuerValidation: https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1_in/v2.0/"
            )))
            .silent(Evidence::of_text(&format!(
                "IDW10304: https://contoso.b2clogin.com/{TENANT}/v2.0/"
            ))),
        case("VST-TOKEN-B2C-FORM")
            .shows(given(b2c_token(&tfp), &[&plain]))
            .shows(given(b2c_token(&plain), &[&tfp]))
            .silent(given(b2c_token(&plain), &[&plain]))
            .silent(given(b2c_token(&plain.replace(TENANT, OTHER)), &[&tfp]))
            .says("the API expects"),
        case("VST-TOKEN-B2C-ISSUER")
            .shows(differ(b2c, &format!("https://contoso.b2clogin.com/{TENANT}/v2.0/")))
            .silent(differ(b2c, b2c))
            .line(format!("OIDCProviderIssuer https://contoso.b2clogin.com/{TENANT}/v2.0/")),
        case("VST-TOKEN-CIAM-ISSUER")
            .shows(differ(ciam, &ciam_issuer))
            .silent(differ(&ciam_issuer, &ciam_issuer))
            .silent(with(&differ(ciam, &ciam_issuer), |e| {
                e.settings.as_mut().unwrap().origin = Some(Origin::Toml);
            })),
        case("VST-TOKEN-TENANT-ID")
            .shows(given(entra_token(json!({ "tid": null })), &[]))
            .shows(given(entra_token(json!({ "tid": "contoso.com" })), &[]))
            .shows(given(entra_token(json!({ "tid": OTHER })), &[]))
            .shows(given(entra_token(json!({ "TID": OTHER })), &[]))
            .silent(given(entra_token(json!({ "tid": TENANT.to_uppercase() })), &[]))
            .says("by its issuer one of Entra's"),
        case("VST-TOKEN-LONG-LIVED")
            .shows(given(entra_token(json!({ "exp": 1_700_000_000 + 86_400 })), &[]))
            .silent(given(entra_token(json!({ "exp": 1_700_000_000 + 5_400 })), &[]))
            .says("lives 24 hours"),
        case("VST-TOKEN-LONG-LIVED")
            .shows(given(
                entra_token(json!({ "exp": 1_700_000_000 + 86_400, "xms_cc": ["cp1"] })),
                &[],
            ))
            .silent(given(entra_token(json!({ "exp": 1_700_086_400_000_i64, "iat": 1_700_000_000_000_i64 })), &[]))
            .says("`xms_cc` is `cp1`"),
        case("VST-TOKEN-ALGORITHM")
            .shows(given(jwt(json!({ "alg": "HS256" }), json!({ "aud": API, "iss": v2, "tid": TENANT })), &[]))
            .shows(evidence(|e| {
                e.token = Some(jwt(json!({ "alg": "HS256" }), json!({ "aud": API })));
                e.metadata = Some(Metadata::new(
                    "https://id.example/x",
                    object(json!({ "id_token_signing_alg_values_supported": ["ES256"] })),
                ));
            }))
            .silent(given(jwt(json!({ "alg": "HS256" }), json!({ "aud": API })), &[]))
            .silent(given(entra_token(json!({})), &[])),
    ]
}

/// What a file says already is no cure, nor is what the file would be refused for.
#[test]
fn a_token_of_another_tenant_is_not_cured_by_the_line_that_is_there() {
    let own = |issuer: String, tid: &str| {
        let theirs = issuer.replace(TENANT, tid);
        let mut given = given(
            entra_token(json!({ "iss": theirs, "tid": tid })),
            &[&issuer],
        );
        provider(&mut given).issuer = Some(issuer);
        crate::diagnose(&given).remove(0)
    };
    for tid in [OTHER, "9188040d-6c67-4c5b-b112-36a304b66dad"] {
        let finding = own(
            format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            tid,
        );
        assert_eq!(finding.code, "VST-TOKEN-TENANT");
        let lines: Vec<_> = finding
            .change
            .iter()
            .filter_map(|change| change.line.as_deref())
            .collect();
        assert!(
            !lines
                .iter()
                .any(|line| line.contains(&format!("{TENANT}/v2.0"))),
            "{lines:?}"
        );
        // A list of tenants goes only with an address that stands for many.
        assert!(
            lines[0].contains("/organizations/") || lines[0].contains("/common/"),
            "{lines:?}"
        );
    }
    let finding = own(
        format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
        OTHER,
    );
    assert_eq!(finding.code, "VST-TOKEN-TENANT");
    assert!(
        finding
            .change
            .iter()
            .filter_map(|change| change.line.as_deref())
            .all(|line| !line.contains(".com/")),
        "{finding:?}"
    );
}

/// Each cloud has a Microsoft Graph of its own, which tells them apart where the issuer does not.
#[test]
fn a_token_for_another_clouds_graph_is_of_that_cloud() {
    let of = |audience: &str| {
        let mut given = given(entra_v1_token(json!({ "aud": audience })), &[]);
        provider(&mut given).issuer =
            Some(format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
        crate::diagnose(&given)
    };
    for audience in [
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us/",
    ] {
        let found = of(audience);
        let cloud = found
            .iter()
            .find(|finding| finding.code == "VST-TOKEN-CLOUD")
            .unwrap();
        assert!(
            cloud.seen.contains("US Government cloud: its audience is"),
            "{cloud}"
        );
    }
    for audience in [
        "https://graph.microsoft.com",
        "00000003-0000-0000-c000-000000000000",
    ] {
        assert!(
            of(audience)
                .iter()
                .all(|finding| finding.code != "VST-TOKEN-CLOUD"),
            "{audience}"
        );
    }
}

#[test]
fn metadata_of_the_other_version_are_one_finding() {
    let log = format!(
        "java.lang.IllegalArgumentException: The Issuer \"https://sts.windows.net/{TENANT}/\" provided in the configuration \
         metadata did not match the requested issuer \"https://login.microsoftonline.com/{TENANT}/v2.0\""
    );
    let findings = crate::diagnose(&Evidence::of_text(&log));
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["VST-KEYS-ISSUER"]);
}
