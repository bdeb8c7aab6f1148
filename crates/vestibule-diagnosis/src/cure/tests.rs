use serde_json::json;

use crate::Finding;
use crate::evidence::AskedToken;
use crate::testing::{API, entra_token, entra_v1_token, evidence, provider, route, texts};
use crate::{Evidence, diagnose};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

fn asked(token: AskedToken, scopes: &[&str]) -> Evidence {
    evidence(|e| {
        provider(e).scopes = Some(texts(scopes));
        route(e).token = Some(token);
        e.token = Some(entra_v1_token(json!({ "aud": GRAPH })));
        e.api = Some(crate::evidence::Api {
            name: Some(format!("api://{API}")),
            audiences: vec![format!("api://{API}"), API.to_owned()],
            ..crate::evidence::Api::default()
        });
    })
}

fn first(evidence: &Evidence) -> Finding {
    diagnose(evidence).remove(0)
}

#[test]
fn what_is_set_already_is_not_told_as_the_cure() {
    let scope = format!("api://{API}/.default");
    for right in [
        asked(AskedToken::Scope(scope.clone()), &["openid"]),
        asked(
            AskedToken::Scope(format!("openid api://{API}/read")),
            &["openid"],
        ),
        asked(AskedToken::SignIn, &["openid", &scope]),
    ] {
        let old = first(&right);
        assert_eq!(old.code, "VST-TOKEN-GRAPH");
        assert!(old.change[0].text.contains("sign in again"), "{old}");
        assert!(
            old.change.iter().all(|change| change.line.is_none()),
            "{old}"
        );
        // With these settings the provider gave it a moment ago: to sign in again changes nothing.
        let mut new = right.clone();
        new.token = new.token.map(crate::evidence::Token::just_issued);
        let new = first(&new);
        assert!(new.change[0].name.contains("Expose an API"), "{new}");
    }
    for wrong in [
        asked(AskedToken::SignIn, &["openid"]),
        asked(AskedToken::Scope("User.Read".to_owned()), &["openid"]),
        asked(
            AskedToken::Scope(format!("api://{API}x/.default")),
            &["openid"],
        ),
        asked(
            AskedToken::Scope("api://another/.default".to_owned()),
            &["openid", &scope],
        ),
    ] {
        let line = format!("access_token = {{ scope = \"{scope}\" }}");
        let found = first(&wrong);
        assert_eq!(found.change[0].line, Some(line), "{found}");
    }
}

#[test]
fn a_token_for_the_api_is_not_to_be_asked_for_again() {
    let scope = format!("api://{API}/.default");
    let mut right = asked(AskedToken::Scope(scope), &["openid"]);
    right.token =
        Some(entra_token(json!({ "scp": null, "aud": API })).role(crate::evidence::Role::Access));
    let found = first(&right);
    assert_eq!(found.code, "VST-TOKEN-NO-PERMISSIONS");
    assert!(
        found.change.iter().all(|change| change.line.is_none()),
        "{found}"
    );
}
