use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::issuer::ProviderKind;
use crate::microsoft::TenantId;

fn document() -> Value {
    json!({
        "issuer": "https://idp.example",
        "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token",
        "jwks_uri": "https://keys.example/keys",
    })
}

fn parse(document: &Value) -> Result<ProviderMetadata, MetadataError> {
    let rule = IssuerRule::new("https://idp.example", ProviderKind::Detect, vec![]);
    ProviderMetadata::parse(document.to_string().as_bytes(), &rule)
}

fn with(name: &str, value: Value) -> Value {
    let mut document = document();
    document[name] = value;
    document
}

#[test]
fn the_required_members_suffice() {
    let metadata = parse(&document()).unwrap();
    assert_eq!(metadata.issuer(), "https://idp.example");
    assert_eq!(metadata.jwks_uri().as_str(), "https://keys.example/keys");
    assert_eq!(metadata.userinfo_endpoint(), None);
    assert!(!metadata.iss_in_response() && !metadata.is_entra());
    assert_eq!(metadata.warnings(), []);
    for name in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
    ] {
        let mut document = document();
        document.as_object_mut().unwrap().remove(name);
        assert_eq!(
            parse(&document).unwrap_err(),
            MetadataError::Missing { name }
        );
    }
}

#[test]
fn a_prompt_is_taken_where_it_is_listed() {
    for (listed, takes) in [
        (json!(["none", "login"]), Some(false)),
        (json!(["select_account"]), Some(true)),
        (json!([]), Some(false)),
        (json!(null), None),
        // It is only a hint: nothing else hangs on it.
        (json!("login"), None),
    ] {
        let metadata = parse(&with("prompt_values_supported", listed.clone())).unwrap();
        assert_eq!(metadata.takes_prompt("select_account"), takes, "{listed}");
    }
    assert_eq!(parse(&document()).unwrap().takes_prompt("login"), None);
}

#[test]
fn the_issuer_is_judged_before_anything_else_is_believed() {
    let error = parse(&with("issuer", json!("https://evil.example"))).unwrap_err();
    assert_eq!(error.code(), "issuer_different");
    assert_eq!(error.fault(), Fault::Operator);
}

#[test]
fn endpoints_are_https_without_fragment_or_credentials() {
    for url in [
        "http://idp.example/authorize",
        "http://127.0.0.1/authorize",
        "https://idp.example/authorize#x",
        "https://ann:secret@idp.example/authorize",
        "javascript:alert(1)",
        "ftp://idp.example/",
        "/authorize",
        "",
    ] {
        for name in [
            "authorization_endpoint",
            "userinfo_endpoint",
            "end_session_endpoint",
        ] {
            let error = parse(&with(name, json!(url))).unwrap_err();
            assert_eq!(error.code(), "metadata_endpoint", "{name} {url}");
        }
    }
    let other_domain = with(
        "token_endpoint",
        json!("https://elsewhere.example/token?p=b2c"),
    );
    assert!(parse(&other_domain).is_ok());
}

#[test]
fn plain_endpoints_are_allowed_on_this_machine_if_the_issuer_is_there() {
    let local = |host: &str| {
        json!({
            "issuer": "http://127.0.0.1:8081/t",
            "authorization_endpoint": format!("http://{host}/authorize"),
            "token_endpoint": "http://127.0.0.1:8081/token",
            "jwks_uri": "http://127.0.0.1:8081/keys",
        })
        .to_string()
    };
    let rule = IssuerRule::new("http://127.0.0.1:8081/t", ProviderKind::Detect, vec![]);
    for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"] {
        assert!(
            ProviderMetadata::parse(local(host).as_bytes(), &rule).is_ok(),
            "{host}"
        );
    }
    for host in ["idp.example", "169.254.169.254", "10.0.0.1"] {
        assert!(
            ProviderMetadata::parse(local(host).as_bytes(), &rule).is_err(),
            "{host}"
        );
    }
}

#[test]
fn members_of_the_wrong_type_are_refused_and_null_is_absent() {
    for (name, value) in [
        ("issuer", json!(7)),
        ("token_endpoint", json!(["https://idp.example/token"])),
        ("response_types_supported", json!("code")),
        ("id_token_signing_alg_values_supported", json!([1])),
        (
            "authorization_response_iss_parameter_supported",
            json!("true"),
        ),
    ] {
        let error = parse(&with(name, value)).unwrap_err();
        assert_eq!(error.code(), "metadata_wrong_type", "{name}");
    }
    for name in [
        "userinfo_endpoint",
        "scopes_supported",
        "authorization_response_iss_parameter_supported",
    ] {
        assert!(parse(&with(name, Value::Null)).is_ok(), "{name}");
    }
}

#[test]
fn oddities_are_warnings() {
    for (name, value, code) in [
        (
            "code_challenge_methods_supported",
            json!(["plain"]),
            "metadata_pkce_s256_not_listed",
        ),
        (
            "code_challenge_methods_supported",
            json!([]),
            "metadata_pkce_s256_not_listed",
        ),
        (
            "response_types_supported",
            json!(["id_token"]),
            "metadata_code_not_listed",
        ),
        (
            "id_token_signing_alg_values_supported",
            json!(["HS256", "none"]),
            "metadata_no_known_signing_algorithm",
        ),
    ] {
        let metadata = parse(&with(name, value)).unwrap();
        let codes: Vec<_> = metadata
            .warnings()
            .iter()
            .map(MetadataWarning::code)
            .collect();
        assert_eq!(codes, [code]);
    }
    let fine = with("code_challenge_methods_supported", json!(["plain", "S256"]));
    assert_eq!(parse(&fine).unwrap().warnings(), []);
}

/// The members Entra publishes, and the ones it leaves out.
#[test]
fn entras_document_for_many_tenants_is_accepted() {
    let base = "https://login.microsoftonline.com/common";
    let document = json!({
        "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "kerberos_endpoint": format!("{base}/kerberos"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "request_uri_parameter_supported": false,
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    });
    let tenant = TenantId::parse("11111111-1111-4111-8111-111111111111").unwrap();
    let rule = IssuerRule::new(&format!("{base}/v2.0"), ProviderKind::Detect, vec![tenant]);
    let metadata = ProviderMetadata::parse(document.to_string().as_bytes(), &rule).unwrap();
    assert!(metadata.is_entra());
    assert_eq!(metadata.warnings(), []);
    assert_eq!(
        metadata.token_issuer().expected(),
        ["https://login.microsoftonline.com/{tenantid}/v2.0"]
    );
}

#[test]
fn what_is_no_metadata_is_refused() {
    for text in ["", "<html>", "[]", "{\"issuer\":\"a\",\"issuer\":\"b\"}"] {
        let rule = IssuerRule::exact("a");
        let error = ProviderMetadata::parse(text.as_bytes(), &rule).unwrap_err();
        assert_eq!(error.code(), "metadata_json", "{text}");
    }
    let huge = vec![b' '; MAX_BYTES + 1];
    assert!(ProviderMetadata::parse(&huge, &IssuerRule::exact("a")).is_err());
}

proptest! {
    #[test]
    fn never_panics(text in "\\PC{0,100}") {
        let _ = ProviderMetadata::parse(text.as_bytes(), &IssuerRule::exact("a"));
        for name in ["issuer", "token_endpoint"] {
            let _ = parse(&with(name, json!(text)));
        }
    }
}
