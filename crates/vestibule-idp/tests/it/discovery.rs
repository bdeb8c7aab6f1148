//! The metadata documents and key sets.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use crate::bench::{Bench, PERSONAL_TENANT, TENANT};

fn names(document: &Value) -> BTreeSet<&str> {
    document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn the_v2_document_of_common_has_entras_fields_and_values_and_no_others() {
    let bench = Bench::start().await;
    let answer = bench
        .get("/common/v2.0/.well-known/openid-configuration")
        .await;
    let o = bench.idp.origin();
    let expected = json!({
        "issuer": format!("{o}/{{tenantid}}/v2.0"),
        "authorization_endpoint": format!("{o}/common/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{o}/common/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{o}/common/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{o}/common/oauth2/v2.0/logout"),
        "jwks_uri": format!("{o}/common/discovery/v2.0/keys"),
        "userinfo_endpoint": format!("{o}/graph/oidc/userinfo"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "request_uri_parameter_supported": false,
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
            "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"
        ],
        "kerberos_endpoint": format!("{o}/common/kerberos"),
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    });
    let document = answer.json();
    assert_eq!(names(&document), names(&expected));
    assert_eq!(document, expected);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn the_v1_document_of_common_has_entras_fields_and_values_and_no_others() {
    let bench = Bench::start().await;
    let o = bench.idp.origin();
    let expected = json!({
        "issuer": format!("{o}/sts/{{tenantid}}/"),
        "authorization_endpoint": format!("{o}/common/oauth2/authorize"),
        "token_endpoint": format!("{o}/common/oauth2/token"),
        "device_authorization_endpoint": format!("{o}/common/oauth2/devicecode"),
        "end_session_endpoint": format!("{o}/common/oauth2/logout"),
        "jwks_uri": format!("{o}/common/discovery/keys"),
        "userinfo_endpoint": format!("{o}/common/openid/userinfo"),
        "check_session_iframe": format!("{o}/common/oauth2/checksession"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported":
            ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "microsoft_multi_refresh_token": true,
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
            "amr", "nonce", "email", "given_name", "family_name", "nickname"
        ],
        "kerberos_endpoint": format!("{o}/common/kerberos"),
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    });
    let document = bench
        .get("/common/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(names(&document), names(&expected));
    assert_eq!(document, expected);
}

#[tokio::test]
async fn each_tenant_path_has_its_issuer_and_keeps_its_name() {
    let bench = Bench::start().await;
    let o = bench.idp.origin();
    for (segment, tenant, base) in [
        ("organizations", "{tenantid}", "organizations"),
        ("consumers", PERSONAL_TENANT, "consumers"),
        (TENANT, TENANT, TENANT),
        ("contoso.localhost", TENANT, TENANT),
    ] {
        let document = bench
            .get(&format!("/{segment}/v2.0/.well-known/openid-configuration"))
            .await
            .json();
        assert_eq!(
            document["issuer"],
            format!("{o}/{tenant}/v2.0"),
            "{segment}"
        );
        assert_eq!(
            document["token_endpoint"],
            format!("{o}/{base}/oauth2/v2.0/token")
        );
    }
    let alias = bench
        .get(&format!("/sts/{TENANT}/.well-known/openid-configuration"))
        .await
        .json();
    assert_eq!(alias["issuer"], format!("{o}/sts/{TENANT}/"));
}

#[tokio::test]
async fn an_unknown_tenant_is_refused_in_entras_shape() {
    let bench = Bench::start().await;
    for path in [
        "/nobody/v2.0/.well-known/openid-configuration",
        "/nobody/.well-known/openid-configuration",
        "/nobody/discovery/v2.0/keys",
    ] {
        let answer = bench.get(path).await;
        assert_eq!((answer.status, answer.number()), (400, 90002), "{path}");
    }
}

#[tokio::test]
async fn keys_are_named_by_their_certificate_and_carry_an_issuer_in_v2_only() {
    let bench = Bench::start().await;
    for (path, has_issuer, count) in [
        ("/common/discovery/v2.0/keys", true, 4),
        ("/common/discovery/keys", false, 3),
    ] {
        let keys = bench.get(path).await.json();
        let keys = keys["keys"].as_array().unwrap();
        assert_eq!(keys.len(), count, "{path}");
        for key in keys {
            assert_eq!(key["kty"], "RSA");
            assert_eq!(key["use"], "sig");
            assert_eq!(key["e"], "AQAB");
            assert!(key.get("alg").is_none());
            assert_eq!(key["kid"], key["x5t"]);
            let certificate = STANDARD.decode(key["x5c"][0].as_str().unwrap()).unwrap();
            let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
            assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(thumbprint));
            assert_eq!(key.get("issuer").is_some(), has_issuer);
        }
    }
}

#[tokio::test]
async fn a_key_of_personal_accounts_and_one_of_another_cloud_are_mixed_in() {
    let bench = Bench::start().await;
    let o = bench.idp.origin();
    let keys = bench.get("/common/discovery/v2.0/keys").await.json();
    let of_issuer = |issuer: &str| {
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| key["issuer"] == *issuer)
            .count()
    };
    assert_eq!(of_issuer(&format!("{o}/{PERSONAL_TENANT}/v2.0")), 1);
    assert_eq!(of_issuer(&format!("{o}/{{tenantid}}/v2.0")), 3);
    assert_eq!(
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| key["cloud_instance_name"] == "microsoftonline.us")
            .count(),
        1
    );
    let own = bench
        .get(&format!("/{TENANT}/discovery/v2.0/keys"))
        .await
        .json();
    for key in own["keys"].as_array().unwrap() {
        assert_eq!(key["issuer"], format!("{o}/{TENANT}/v2.0"));
    }
}

#[tokio::test]
async fn what_entra_does_not_have_is_not_there() {
    let bench = Bench::start().await;
    for path in ["introspect", "revoke", "par", "register"] {
        let answer = bench
            .post(&format!("/{TENANT}/oauth2/v2.0/{path}"), &[])
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
