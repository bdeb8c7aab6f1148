use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::microsoft::PERSONAL_TENANT;

const T1: &str = "11111111-1111-4111-8111-111111111111";
const T2: &str = "22222222-2222-4222-8222-222222222222";

fn tenants(ids: &[&str]) -> Vec<TenantId> {
    ids.iter().map(|id| TenantId::parse(id).unwrap()).collect()
}

/// `{1}` and `{2}` stand for the two tenants, `{tenantid}` for itself.
fn fill(text: &str) -> String {
    text.replace("{1}", T1)
        .replace("{2}", T2)
        .replace("{P}", PERSONAL_TENANT)
}

fn accept(configured: &str, found: &str) -> Result<TokenIssuer, &'static str> {
    IssuerRule::new(&fill(configured), ProviderKind::Detect, tenants(&[T1]))
        .accept(&fill(found), false)
        .map_err(|error| error.code())
}

#[test]
fn the_metadatas_issuer_is_the_configured_one_byte_for_byte() {
    assert!(accept("https://idp.example", "https://idp.example").is_ok());
    for found in [
        "https://idp.example/",
        "https://IDP.example",
        "http://idp.example",
        "https://idp.example.evil.example",
        "https://idp.exampl",
        "h",
        "",
        "https://idp.example:443",
        "https://{tenantid}.example",
    ] {
        assert_eq!(
            accept("https://idp.example", found).unwrap_err(),
            "issuer_different",
            "{found}"
        );
    }
}

#[test]
fn microsofts_named_forms_are_accepted() {
    for (configured, found) in [
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0/",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/consumers/v2.0",
            "https://login.microsoftonline.com/{P}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0",
            "https://login.microsoftonline.com/{2}/v2.0",
        ),
        (
            "https://login.windows.net/{1}/v2.0",
            "https://login.windows.net/{1}/v2.0",
        ),
        (
            "https://login.windows.net/{1}/v2.0",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.windows.net/common/v2.0",
            "https://login.windows.net/{tenantid}/v2.0",
        ),
        (
            "https://login.chinacloudapi.cn/{1}/v2.0",
            "https://login.partner.microsoftonline.cn/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.us/{1}/v2.0",
            "https://login.microsoftonline.us/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}",
            "https://sts.windows.net/{1}/",
        ),
        (
            "https://login.microsoftonline.com/common",
            "https://sts.windows.net/{tenantid}/",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0/.well-known/openid-configuration?appid=x",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://{1}.ciamlogin.com/{1}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
            "https://{2}.ciamlogin.com/{2}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://contoso.ciamlogin.com/{1}/v2.0",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/{1}/v2.0/",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/tfp/{1}/b2c_1_in/v2.0/",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration?p=b2c_1_in",
            "https://contoso.b2clogin.com/{1}/v2.0/",
        ),
    ] {
        assert!(accept(configured, found).is_ok(), "{configured} {found}");
    }
}

/// Before any metadata are known, as after a start while the provider is away.
#[test]
fn whose_a_tokens_issuer_is_the_configuration_decides_alone_where_it_names_the_tenant() {
    use ProviderKind::{Detect, Entra, Other};
    let home = "https://login.microsoftonline.com";
    for (kind, configured, issuer, expected) in [
        (
            Detect,
            "https://idp.example",
            "https://idp.example",
            Some(true),
        ),
        (
            Detect,
            "https://idp.example",
            "https://old.example",
            Some(false),
        ),
        (
            Detect,
            "https://idp.example",
            "https://idp.example/",
            Some(false),
        ),
        (
            Detect,
            "https://idp.example/realms/new",
            "https://idp.example/realms/old",
            Some(false),
        ),
        (
            Other,
            "https://idp.example/{1}/v2.0",
            "https://idp.example/{2}/v2.0",
            Some(false),
        ),
        (
            Other,
            "{home}/contoso.com/v2.0",
            "{home}/{1}/v2.0",
            Some(false),
        ),
        (Detect, "{home}/{1}/v2.0", "{home}/{1}/v2.0", Some(true)),
        (Detect, "{home}/{1}/v2.0", "{home}/{2}/v2.0", Some(false)),
        (Detect, "{home}/{1}/v2.0/", "{home}/{1}/v2.0", Some(true)),
        (
            Detect,
            "https://login.windows.net/{1}/v2.0",
            "{home}/{1}/v2.0",
            Some(true),
        ),
        (
            Detect,
            "{home}/{1}",
            "https://sts.windows.net/{1}/",
            Some(true),
        ),
        (
            Detect,
            "{home}/{1}",
            "https://sts.windows.net/{2}/",
            Some(false),
        ),
        (
            Detect,
            "{home}/{1}/v2.0",
            "https://login.microsoftonline.us/{1}/v2.0",
            Some(false),
        ),
        (Detect, "{home}/common/v2.0", "{home}/{1}/v2.0", Some(true)),
        (Detect, "{home}/common/v2.0", "{home}/{2}/v2.0", Some(false)),
        (
            Detect,
            "{home}/organizations/v2.0",
            "https://evil.example/{1}/v2.0",
            Some(false),
        ),
        (
            Detect,
            "{home}/consumers/v2.0",
            "{home}/{P}/v2.0",
            Some(true),
        ),
        (
            Detect,
            "{home}/consumers/v2.0",
            "{home}/{1}/v2.0",
            Some(false),
        ),
        // Whose domain it is, only Microsoft knows.
        (Detect, "{home}/contoso.com/v2.0", "{home}/{2}/v2.0", None),
        (
            Detect,
            "{home}/contoso.com/v2.0",
            "https://idp.example/{2}/v2.0",
            Some(false),
        ),
        (
            Detect,
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://{1}.ciamlogin.com/{1}/v2.0",
            Some(true),
        ),
        (
            Detect,
            "https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
            "https://{2}.ciamlogin.com/{2}/v2.0",
            None,
        ),
        (
            Detect,
            "https://contoso.b2clogin.com/contoso.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/{1}/v2.0/",
            None,
        ),
        (
            Detect,
            "https://contoso.b2clogin.com/{1}/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/{1}/v2.0/",
            None,
        ),
        (
            Detect,
            "https://fabrikam.b2clogin.com/contoso.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/{1}/v2.0/",
            Some(false),
        ),
        // Whether an own host serves Entra, its metadata tell, or the configuration.
        (
            Detect,
            "https://login.contoso.com/{1}",
            "https://login.contoso.com/{1}/",
            None,
        ),
        (
            Entra,
            "https://login.contoso.com/{1}",
            "https://login.contoso.com/{1}/",
            Some(true),
        ),
        (
            Entra,
            "https://login.contoso.com/{1}/v2.0",
            "https://login.contoso.com/{2}/v2.0",
            Some(false),
        ),
        (
            Entra,
            "https://login.contoso.com/common/v2.0",
            "https://login.contoso.com/{1}/v2.0",
            Some(true),
        ),
        (
            Detect,
            "https://login.contoso.com/common/v2.0",
            "https://login.contoso.com/{1}/v2.0",
            None,
        ),
    ] {
        let fill = |text: &str| fill(&text.replace("{home}", home));
        let rule = IssuerRule::new(&fill(configured), kind, tenants(&[T1]));
        assert_eq!(
            rule.speaks_for(&fill(issuer)),
            expected,
            "{kind:?} {configured} {issuer}"
        );
    }
}

#[test]
fn other_issuers_from_microsofts_hosts_are_refused() {
    for (configured, found) in [
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://login.microsoftonline.com/{2}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://login.microsoftonline.us/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://evil.example/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "https://sts.windows.net/{1}/",
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            "http://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.windows.net/{1}/v2.0",
            "http://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.windows.net/{1}/v2.0",
            "https://login.microsoftonline.com:8443/{1}/v2.0",
        ),
        (
            "https://login.windows.net/{1}/v2.0",
            "https://login.microsoftonline.com@evil.example/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/consumers/v2.0",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://login.microsoftonline.com/contoso.com/v2.0",
            "https://login.microsoftonline.com/contoso.com/v2.0/x",
        ),
        (
            "https://login.chinacloudapi.cn/{1}/v2.0",
            "https://login.microsoftonline.com/{1}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://{2}.ciamlogin.com/{2}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://{2}.ciamlogin.com/{1}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://fabrikam.ciamlogin.com/{1}/v2.0",
        ),
        (
            "https://contoso.ciamlogin.com/{1}/v2.0",
            "https://{1}.ciamlogin.com.evil.example/{1}/v2.0",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/tfp/{1}/B2C_1_other/v2.0/",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "https://fabrikam.b2clogin.com/{1}/v2.0/",
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "https://contoso.b2clogin.com/contoso/v2.0/",
        ),
    ] {
        assert_eq!(
            accept(configured, found).unwrap_err(),
            "issuer_different",
            "{configured} {found}"
        );
    }
}

#[test]
fn many_tenants_need_a_list() {
    let common = "https://login.microsoftonline.com/common/v2.0";
    let rule = IssuerRule::new(common, ProviderKind::Detect, vec![]);
    assert!(rule.needs_tenants());
    let template = "https://login.microsoftonline.com/{tenantid}/v2.0";
    assert_eq!(
        rule.accept(template, true).unwrap_err().code(),
        "issuer_tenants_missing"
    );
    for one in [
        "https://login.microsoftonline.com/contoso.com/v2.0",
        "https://idp.example/common",
    ] {
        assert!(
            !IssuerRule::new(one, ProviderKind::Detect, vec![]).needs_tenants(),
            "{one}"
        );
    }
    assert!(IssuerRule::new(template, ProviderKind::Detect, vec![]).needs_tenants());
}

#[test]
fn an_own_host_that_serves_entra_is_known_by_kind_or_by_its_metadata() {
    let configured = "http://127.0.0.1:8081/common/v2.0";
    let found = "http://127.0.0.1:8081/{tenantid}/v2.0";
    for (kind, entra_metadata, accepted) in [
        (ProviderKind::Detect, false, false),
        (ProviderKind::Detect, true, true),
        (ProviderKind::Entra, false, true),
        (ProviderKind::Other, true, false),
    ] {
        let rule = IssuerRule::new(configured, kind, tenants(&[T1]));
        assert_eq!(
            rule.accept(found, entra_metadata).is_ok(),
            accepted,
            "{kind:?}"
        );
    }
    let rule = IssuerRule::new(configured, ProviderKind::Entra, tenants(&[T1]));
    for other in [
        "http://127.0.0.1:8082/{tenantid}/v2.0",
        "http://localhost:8081/{tenantid}/v2.0",
    ] {
        assert!(rule.accept(other, true).is_err(), "{other}");
    }
}

#[test]
fn the_metadata_url_and_loopback_follow_from_the_configured_issuer() {
    let rule = IssuerRule::exact("https://idp.example/a/");
    assert_eq!(
        rule.metadata_url(),
        "https://idp.example/a/.well-known/openid-configuration"
    );
    for (issuer, loopback) in [
        ("http://127.0.0.1:8081/x", true),
        ("http://[::1]:8081/x", true),
        ("http://localhost:8081/x", true),
        ("http://idp.localhost/x", true),
        ("http://localhost.example/x", false),
        ("https://idp.example", false),
        ("http://10.0.0.1/x", false),
        ("", false),
    ] {
        assert_eq!(
            IssuerRule::exact(issuer).is_loopback(),
            loopback,
            "{issuer}"
        );
    }
}

fn claims(tid: Value) -> Map<String, Value> {
    match tid {
        Value::Null => Map::new(),
        tid => json!({ "tid": tid }).as_object().unwrap().clone(),
    }
}

fn multi_tenant() -> TokenIssuer {
    accept(
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/{tenantid}/v2.0",
    )
    .unwrap()
}

/// PyJWT compared `iss` by substring.
#[test]
fn cve_2024_53861_a_part_of_the_issuer_is_not_the_issuer() {
    let issuer = TokenIssuer::exact("https://idp.example/a");
    assert_eq!(issuer.judge("https://idp.example/a", &Map::new()), Ok(()));
    for iss in [
        "",
        "h",
        "https://idp.example",
        "https://idp.example/a/",
        "https://idp.example/ab",
    ] {
        assert_eq!(
            issuer.judge(iss, &Map::new()).unwrap_err().code(),
            "issuer_mismatch",
            "{iss}"
        );
    }
}

#[test]
fn a_multi_tenant_token_names_a_listed_tenant_twice() {
    let issuer = multi_tenant();
    for (iss, tid, outcome) in [
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            json!(T1),
            Ok(()),
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            json!(T1.to_uppercase()),
            Ok(()),
        ),
        (
            "https://login.microsoftonline.com/{2}/v2.0",
            json!(T2),
            Err("tenant_not_allowed"),
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            json!(T2),
            Err("tenant_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{2}/v2.0",
            json!(T1),
            Err("tenant_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            Value::Null,
            Err("tenant_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            json!("contoso"),
            Err("tenant_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{1}/v2.0",
            json!([T1]),
            Err("tenant_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            json!(T1),
            Err("issuer_mismatch"),
        ),
        (
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            json!("{tenantid}"),
            Err("issuer_mismatch"),
        ),
        (
            "https://sts.windows.net/{1}/",
            json!(T1),
            Err("issuer_mismatch"),
        ),
        (
            "https://evil.example/{1}/v2.0",
            json!(T1),
            Err("issuer_mismatch"),
        ),
    ] {
        let judged = issuer.judge(&fill(iss), &claims(tid.clone()));
        assert_eq!(judged.map_err(|error| error.code()), outcome, "{iss} {tid}");
    }
}

#[test]
fn a_single_tenants_token_may_leave_the_tenant_out_but_not_name_another() {
    let iss = fill("https://login.microsoftonline.com/{1}/v2.0");
    let issuer = accept(&iss, &iss).unwrap();
    for (tid, outcome) in [
        (json!(T1), Ok(())),
        (Value::Null, Ok(())),
        (json!(T2), Err("tenant_mismatch")),
        (json!("x"), Err("tenant_mismatch")),
    ] {
        let judged = issuer.judge(&iss, &claims(tid.clone()));
        assert_eq!(judged.map_err(|error| error.code()), outcome, "{tid}");
    }
    // A provider that is not Entra may mean anything by `tid`.
    let other = TokenIssuer::exact("https://idp.example");
    assert_eq!(
        other.judge("https://idp.example", &claims(json!("x"))),
        Ok(())
    );
}

#[test]
fn two_tenants_in_one_token_are_refused() {
    let two = json!({ "tid": T1, "TID": T2 }).as_object().unwrap().clone();
    let iss = fill("https://login.microsoftonline.com/{1}/v2.0");
    assert_eq!(
        multi_tenant().judge(&iss, &two),
        Err(IssuerMismatch::DuplicateTenant)
    );
}

#[test]
fn tokens_from_an_aliass_document_name_the_issuing_host() {
    let issuer = accept(
        "https://login.windows.net/{1}/v2.0",
        "https://login.windows.net/{1}/v2.0",
    )
    .unwrap();
    for iss in [
        "https://login.windows.net/{1}/v2.0",
        "https://login.microsoftonline.com/{1}/v2.0",
    ] {
        assert_eq!(
            issuer.judge(&fill(iss), &claims(json!(T1))),
            Ok(()),
            "{iss}"
        );
    }
    let iss = fill("https://login.microsoftonline.us/{1}/v2.0");
    assert!(issuer.judge(&iss, &claims(json!(T1))).is_err());
}

/// The public cloud's list holds keys of the US Government cloud and of personal accounts.
#[test]
fn a_key_signs_only_for_its_own_issuer() {
    let v2 = fill("https://login.microsoftonline.com/{1}/v2.0");
    let v1 = fill("https://sts.windows.net/{1}/");
    let both = multi_tenant().or(TokenIssuer::entra_tenants(
        "https://sts.windows.net/{tenantid}/",
        tenants(&[T1]),
    ));
    for (issuer, iss, key, fits) in [
        (multi_tenant(), &v2, None, true),
        (
            multi_tenant(),
            &v2,
            Some("https://login.microsoftonline.com/{tenantid}/v2.0"),
            true,
        ),
        (
            multi_tenant(),
            &v2,
            Some("https://login.microsoftonline.com/{1}/v2.0"),
            true,
        ),
        (
            multi_tenant(),
            &v2,
            Some("https://login.microsoftonline.com/{P}/v2.0"),
            false,
        ),
        (
            multi_tenant(),
            &v2,
            Some("https://login.microsoftonline.com/{2}/v2.0"),
            false,
        ),
        (
            multi_tenant(),
            &v2,
            Some("https://login.microsoftonline.us/{tenantid}/v2.0"),
            false,
        ),
        (multi_tenant(), &v2, Some(""), false),
        // A v1.0 access token with a key of the v2.0 list.
        (
            both.clone(),
            &v1,
            Some("https://login.microsoftonline.com/{tenantid}/v2.0"),
            true,
        ),
        (
            both,
            &v1,
            Some("https://login.microsoftonline.us/{tenantid}/v2.0"),
            false,
        ),
    ] {
        let key = key.map(fill);
        let judged = issuer.judge_key(iss, &claims(json!(T1)), key_of(key.as_deref()));
        assert_eq!(judged.is_ok(), fits, "{iss} {key:?}");
    }
    // Without `tid` the tenant in `iss` fills the key's template.
    let key = Some("https://login.microsoftonline.com/{tenantid}/v2.0");
    let single = TokenIssuer::entra_exact(&v2);
    assert_eq!(single.judge_key(&v2, &Map::new(), key_of(key)), Ok(()));
    // Two exact issuers do not vouch for each other's keys.
    let two = TokenIssuer::exact("https://a.example").or(TokenIssuer::exact("https://b.example"));
    assert!(
        two.judge_key(
            "https://a.example",
            &Map::new(),
            key_of(Some("https://b.example"))
        )
        .is_err()
    );
}

fn key_of(issuer: Option<&str>) -> KeyOrigin<'_> {
    KeyOrigin {
        issuer,
        cloud: None,
    }
}

/// The issuer on another cloud's key may read like the public cloud's, or be missing.
#[test]
fn a_key_signs_only_for_its_own_cloud() {
    let iss = fill("https://login.microsoftonline.com/{1}/v2.0");
    let public = multi_tenant().in_cloud("microsoftonline.com");
    let v1 = TokenIssuer::entra_exact("https://sts.windows.net/");
    for (issuer, cloud, fits) in [
        (public.clone(), Some("microsoftonline.com"), true),
        (public.clone(), Some("microsoftonline.us"), false),
        (public.clone(), Some(""), false),
        (public.clone(), None, true),
        (multi_tenant(), Some("microsoftonline.us"), true),
        (
            public.clone().or(v1.clone()),
            Some("microsoftonline.us"),
            false,
        ),
        (v1.or(public), Some("microsoftonline.us"), false),
    ] {
        for key_issuer in [
            None,
            Some("https://login.microsoftonline.com/{tenantid}/v2.0"),
        ] {
            let key = KeyOrigin {
                issuer: key_issuer,
                cloud,
            };
            let judged = issuer.judge_key(&iss, &claims(json!(T1)), key);
            assert_eq!(judged.is_ok(), fits, "{key:?}");
            if let Err(error) = judged {
                assert_eq!(error.code(), "key_of_another_cloud");
            }
        }
    }
}

#[test]
fn an_issuer_outside_a_token_is_held_against_the_same_list() {
    let issuer = multi_tenant();
    for (iss, permitted) in [
        ("https://login.microsoftonline.com/{1}/v2.0", true),
        ("https://login.microsoftonline.com/{2}/v2.0", false),
        ("https://login.microsoftonline.com/{tenantid}/v2.0", true),
        ("", false),
    ] {
        assert_eq!(issuer.permits(&fill(iss)), permitted, "{iss}");
    }
}

proptest! {
    #[test]
    fn an_exact_issuer_accepts_one_string(other in "\\PC{0,40}") {
        let issuer = TokenIssuer::exact("https://idp.example");
        prop_assert_eq!(issuer.judge(&other, &Map::new()).is_ok(), other == "https://idp.example");
    }

    #[test]
    fn no_other_host_than_microsofts_is_ever_accepted(host in "[a-z0-9.@:%\\[\\]-]{1,30}", tail in "[a-z0-9./]{0,10}") {
        let found = format!("https://{host}/{T1}/v2.0{tail}");
        if accept("https://login.windows.net/{1}/v2.0", &found).is_ok() {
            let named = [
                "https://login.windows.net/{1}/v2.0",
                "https://login.microsoftonline.com/{1}/v2.0",
                "https://{1}.ciamlogin.com/{1}/v2.0",
            ];
            prop_assert!(named.into_iter().any(|form| fill(form) == found), "{}", found);
        }
    }
}

#[test]
fn the_version_1_issuer_of_a_tenant_is_the_clouds_own() {
    let tenant = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
    for (host, v1_host) in [
        ("login.microsoftonline.com", Some("sts.windows.net")),
        ("login.microsoftonline.us", Some("sts.windows.net")),
        (
            "login.partner.microsoftonline.cn",
            Some("sts.chinacloudapi.cn"),
        ),
        ("login.sovcloud-identity.fr", None),
        ("idp.example.com", None),
    ] {
        let v2 = format!("https://{host}/{tenant}/v2.0");
        let issuers = TokenIssuer::entra_exact(&v2).with_version_1().expected();
        let v1 = v1_host.map(|host| format!("https://{host}/{tenant}/"));
        let expected: Vec<String> = [Some(v2.clone()), v1].into_iter().flatten().collect();
        assert_eq!(issuers, expected, "{host}");
        let other = TokenIssuer::exact(&v2).with_version_1();
        assert_eq!(other.expected(), [v2], "not Entra's");
    }
}

proptest! {
    /// What is decided without the metadata is what they say, whichever form they name.
    #[test]
    fn no_metadata_contradict_what_was_decided_without_them(
        host in prop::sample::select(vec![
            "login.microsoftonline.com", "login.windows.net", "sts.windows.net", "contoso.ciamlogin.com",
            "contoso.b2clogin.com", "login.contoso.com", "login.microsoftonline.us",
        ]),
        configured in prop::sample::select(vec![
            "/{1}/v2.0", "/{2}/v2.0", "/{1}", "/common/v2.0", "/common", "/consumers/v2.0", "/contoso.com/v2.0",
            "/contoso.com/B2C_1_in/v2.0",
        ]),
        named in prop::sample::select(vec!["{1}", "{2}", "{P}", "{tenantid}"]),
        form in prop::sample::select(vec!["https://HOST/T/v2.0", "https://sts.windows.net/T/", "https://T.ciamlogin.com/T/v2.0",
            "https://HOST/T/v2.0/", "https://login.microsoftonline.com/T/v2.0", "https://HOST/tfp/T/B2C_1_in/v2.0/"]),
        kind in prop::sample::select(vec![ProviderKind::Detect, ProviderKind::Entra, ProviderKind::Other]),
        entra_metadata: bool,
        of in prop::sample::select(vec!["{1}", "{2}", "{P}"]),
    ) {
        let rule = IssuerRule::new(&fill(&format!("https://{host}{configured}")), kind, tenants(&[T1]));
        let found = fill(&form.replace("HOST", host).replace('T', named));
        let Ok(accepted) = rule.accept(&found, entra_metadata) else { return Ok(()); };
        for issuer in accepted.issuers() {
            prop_assert_ne!(rule.speaks_for(&issuer), Some(false), "{} {}", rule.configured(), issuer);
        }
        // Another tenant's tokens are never taken for those of the one that is configured.
        let issuer = fill(&form.replace("HOST", host).replace('T', of));
        if named != "{tenantid}" && named != of && issuer != rule.configured() {
            prop_assert!(!accepted.permits(&issuer));
            prop_assert_ne!(rule.speaks_for(&issuer), Some(true), "{} {}", rule.configured(), issuer);
        }
    }
}
