use serde_json::json;

use crate::Evidence;
use crate::evidence::{ClaimRule, Role, Token};
use crate::testing::{
    RowCase, api, case, entra_id_token, entra_token, evidence, jwt, route, texts, with,
};

fn given(token: Token, scopes: &[&str]) -> Evidence {
    evidence(|e| {
        e.token = Some(token);
        let mut api = api();
        api.scopes = texts(scopes);
        e.api = Some(api);
    })
}

pub(super) fn all() -> Vec<RowCase> {
    let app =
        json!({ "scp": null, "name": null, "preferred_username": null, "roles": ["Read.All"] });
    let mut api_with_roles = given(entra_token(json!({})), &[]);
    api_with_roles.api.as_mut().unwrap().roles = texts(&["admin"]);
    vec![
        case("VST-TOKEN-APP-ONLY")
            .shows(given(entra_token(app.clone()), &["access_as_user"]))
            .shows(given(
                entra_token(json!({ "scp": null, "idtyp": "app", "roles": ["x"] })),
                &["access_as_user"],
            ))
            .silent(given(entra_token(app), &[]))
            .silent(given(entra_token(json!({})), &["access_as_user"]))
            .says("an app's own"),
        case("VST-TOKEN-NO-PERMISSIONS")
            .shows(given(entra_token(json!({ "scp": null })), &[]))
            .shows(Evidence::of_text(
                "System.UnauthorizedAccessException: IDW10201: Neither scope nor roles claim was found",
            ))
            .silent(given(entra_token(json!({ "scp": null })).role(Role::Unknown), &[]))
            .silent(given(entra_token(json!({ "scp": null, "roles": ["x"] })), &[])),
        case("VST-TOKEN-NO-PERMISSIONS")
            .shows(given(entra_token(json!({ "scp": null })), &[]))
            .silent(given(entra_token(json!({})), &[]))
            .says("The token is a person's."),
        case("VST-TOKEN-SCOPE")
            .shows(given(entra_token(json!({})), &["files.read"]))
            .shows(given(entra_token(json!({})), &["api://x/access_as_user"]))
            .shows(Evidence::of_text(
                "IDW10203: The 'scope' or 'scp' claim does not contain scopes 'read'",
            ))
            .silent(given(entra_token(json!({})), &["other", "access_as_user"]))
            .silent(given(jwt(json!({ "alg": "RS256" }), json!({ "aud": crate::testing::API })), &["x"])),
        case("VST-TOKEN-NOT-ALLOWED")
            .shows(Evidence::of_text(
                "[authz_core:error] [pid 99] [client 1.2.3.4:5] AH01631: user ada: authorization failure for \"/foo/\":",
            ))
            .shows(Evidence::of_text("oidc_authz_worker24: could not match require claim expression 'groups:x'"))
            .shows(Evidence::of_text("[AuthFailure] Invalid authentication via OAuth2: unauthorized"))
            .silent(Evidence::of_text("HTTP/1.1 403 Forbidden\n\nRBAC: access denied"))
            .shows(Evidence::of_text("org.springframework.security.access.AccessDeniedException: Access Denied"))
            .silent(Evidence::of_text("AH01630: client denied by server configuration: /var/www/html/foo"))
            .silent(Evidence::of_text(
                "Authorization failed. These requirements were not met: RolesAuthorizationRequirement:User.IsInRole must be true",
            )),
        case("VST-TOKEN-NO-ROLES")
            .shows(api_with_roles.clone())
            .shows(evidence(|e| {
                route(e).rules = vec![ClaimRule::new("roles", texts(&["admin"]))];
                e.id_token = Some(entra_id_token(json!({})));
            }))
            .silent(with(&api_with_roles, |e| {
                e.token = Some(entra_token(json!({ "roles": ["reader"] })));
            }))
            .silent(evidence(|e| {
                route(e).rules = vec![ClaimRule::new("groups_", texts(&["admin"]))];
                e.id_token = Some(entra_id_token(json!({})));
            })),
    ]
}

#[test]
fn a_scope_written_with_the_apis_uri_is_told_apart_from_one_not_granted() {
    let finding = &crate::diagnose(&given(entra_token(json!({})), &["api://x/access_as_user"]))[0];
    assert!(
        finding
            .why
            .starts_with("The scope is there by its short name.")
    );
}

/// Most people have no role, and are refused as they are meant to be.
#[test]
fn somebody_without_a_role_is_not_told_of_as_a_mistake_of_the_configuration() {
    let refused = evidence(|e| {
        route(e).rules = vec![ClaimRule::new("roles", texts(&["admin"]))];
        e.id_token = Some(entra_id_token(json!({})));
    });
    let finding = crate::diagnose(&refused).remove(0);
    assert_eq!(finding.severity, crate::Severity::Warning);
    assert!(
        finding
            .why
            .starts_with("Either this person has no role in the app"),
        "{finding}"
    );
    assert!(
        finding.change[0]
            .text
            .starts_with("If the person is to come in"),
        "{finding}"
    );
}

#[test]
fn what_apache_does_not_allow_is_told_in_its_own_words() {
    let log = "[authz_core:error] [pid 99] AH01631: user ada: authorization failure for \"/foo/\":";
    let finding = crate::diagnose(&Evidence::of_text(log)).remove(0);
    assert_eq!(finding.code, "VST-TOKEN-NOT-ALLOWED");
    assert!(
        finding.change.iter().any(|change| change.name == "Require"),
        "{finding}"
    );
}
