//! A configuration of Apache's gets its own directives as cure.

use super::*;

const SITE: &str = r#"
OIDCProviderMetadataURL https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0/.well-known/openid-configuration
OIDCClientID 59d7f244-6541-464b-9ea4-6cdba60509b1
OIDCClientSecret something-long-enough-for-a-secret
OIDCRedirectURI https://portal.example.com/foo/redirect_uri
OIDCCryptoPassphrase something-long-enough-for-a-secret
OIDCScope "openid email"
<Location /foo>
AuthType openid-connect
Require valid-user
ProxyPass http://localhost:1234/foo
</Location>
"#;

fn site(scope: &str) -> Stage {
    let stage = Stage::new();
    stage.file("site.conf", &SITE.replace("openid email", scope));
    stage
}

const APACHE: [&str; 2] = ["--apache", "{}/site.conf"];

#[test]
fn the_cure_is_the_directive_with_its_new_line() {
    let mut claims = entra("1.0", "00000003-0000-0000-c000-000000000000");
    claims["scp"] = "openid email".into();
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "k1", "nonce": "n" });
    let report = site("openid email").token(&token(header, claims), &APACHE);
    assert_eq!(codes(&report), ["VST-TOKEN-GRAPH"]);
    let changes = &report.findings[0].change;
    assert_eq!(changes[0].name, "OIDCScope");
    assert_eq!(
        changes[0].line.as_deref(),
        Some(
            "OIDCScope \"openid profile offline_access email api://<the API's application id>/.default\""
        )
    );
    let all = page(&report);
    assert!(!all.contains("in vestibule.toml"), "{all}");
}

#[test]
fn a_text_beside_a_configuration_of_apaches_gets_its_directives() {
    let report = site("openid email").report(&[
        "AADSTS7000222: The provided client secret keys for app are expired.",
        "--apache",
        "{}/site.conf",
    ]);
    let all = page(&report);
    assert!(
        all.contains("OIDCClientSecret") && !all.contains("in vestibule.toml"),
        "{all}"
    );
}

#[test]
fn no_verdict_says_accepted_where_the_audience_was_not_compared() {
    let other = token(
        header(),
        entra("2.0", "77777777-2222-4333-8444-555555555555"),
    );
    let open = site("openid email").token(&other, &APACHE);
    let verdict = open.subject.verdict();
    assert!(verdict.contains("is open"), "{verdict}");
    let mut old = entra("2.0", API);
    old["exp"] = (NOW - 1000).into();
    let old = site("openid email").token(&token(header(), old), &APACHE);
    let verdict = old.subject.verdict();
    assert!(!verdict.contains("would accept"), "{verdict}");
}

/// The sign-in's own token is for the API whose scope the sign-in asks for.
#[test]
fn the_audience_follows_from_the_scope_of_the_sign_in() {
    let scope = format!("openid offline_access api://{API}/.default");
    let other = token(
        header(),
        entra("2.0", "77777777-2222-4333-8444-555555555555"),
    );
    let refused = site(&scope).token(&other, &APACHE);
    assert_eq!(codes(&refused), ["VST-TOKEN-AUDIENCE"]);
    assert!(refused.subject.verdict().contains("refuses it"));
    let own = site(&scope).token(&token(header(), entra("2.0", API)), &APACHE);
    assert!(
        own.subject.verdict().contains("accepts it"),
        "{}",
        page(&own)
    );
}

/// What becomes of a request is told of Apache's file, too.
#[test]
fn the_findings_of_a_request_are_about_apaches_directives() {
    let report =
        site("openid email").report(&["--request", "GET /foo/x", "--apache", "{}/site.conf"]);
    assert!(!report.findings.is_empty());
    let all = page(&report);
    assert!(!all.contains("in vestibule.toml"), "{all}");
    assert!(!codes(&report).contains(&"VST-SETTINGS-NO-TLS"), "{all}");
}

#[test]
fn what_can_not_be_imported_is_told_as_the_import_tells_it() {
    let stage = Stage::new();
    stage.file("site.conf", &format!("{SITE}OIDCNope x\n"));
    let failed = stage.explain(&["--request", "GET /foo/x", "--apache", "{}/site.conf"]);
    let Err(failure @ Failure::Import(_)) = failed else {
        panic!("it was explained");
    };
    assert_eq!(failure.print(true), Exit::Wrong);
    let Failure::Import(imported) = &failure else {
        return;
    };
    let told: serde_json::Value = serde_json::from_str(&imported.to_json()).unwrap();
    assert_eq!(told["stopped"], true);
}
