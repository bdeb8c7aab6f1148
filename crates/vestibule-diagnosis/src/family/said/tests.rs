use super::*;

const APP: &str = "59d7f244-6541-464b-9ea4-6cdba60509b1";

#[test]
fn what_a_sentence_names_is_found_in_its_own_case() {
    let text = format!(
        "AADSTS50011: The redirect URI 'https://portal.example.com/Cb' specified in the request \
         does not match the redirect URIs configured for the application '{APP}'. Trace ID: \
         0000aaaa-11bb-cccc-dd33-eeeeee333333 Correlation ID: aaaa0000-bb11-2222-33cc-444444dddddd \
         Timestamp: 2024-01-09 02:02:12Z"
    );
    let error = crate::testing::evidence(|evidence| {
        evidence.provider_error = Some(crate::evidence::ProviderError::new(
            "invalid_request",
            Some(&text),
        ));
    });
    for evidence in [Evidence::of_text(&text), error] {
        let said = Said::of(&evidence);
        assert_eq!(said.app.as_deref(), Some(APP));
        assert_eq!(
            said.redirect_uri.as_deref(),
            Some("https://portal.example.com/Cb")
        );
        assert!(
            said.incident()
                .contains("aaaa0000-bb11-2222-33cc-444444dddddd")
        );
        assert_eq!(
            said.line("public_url = \"{REDIRECT-ORIGIN}\""),
            "public_url = \"https://portal.example.com\""
        );
    }
}

#[test]
fn scopes_resources_and_tenants_are_found() {
    let said = |text: &str| Said::of(&Evidence::of_text(text));
    let one = said(
        "AADSTS650053: The application 'Portal' asked for scope 'groups' that doesn't exist on the resource '00000003-0000-0000-c000-000000000000'.",
    );
    assert_eq!(one.scope.as_deref(), Some("groups"));
    assert_eq!(
        one.resource.as_deref(),
        Some("00000003-0000-0000-c000-000000000000")
    );
    let two = said(
        "AADSTS500011: The resource principal named api://9e59d98b-d747-4a9a-96fd-178f04d08b02 was not found in the tenant named contoso.onmicrosoft.com.",
    );
    assert_eq!(
        two.resource.as_deref(),
        Some("api://9e59d98b-d747-4a9a-96fd-178f04d08b02")
    );
    assert_eq!(two.tenant.as_deref(), Some("contoso.onmicrosoft.com"));
    assert_eq!(
        two.line("{SCOPE}"),
        "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"
    );
    assert_eq!(
        said("AADSTS70011").line("{SCOPE} {TENANT-ID} {x"),
        "api://API-ID/.default TENANT-ID {x"
    );
}

#[test]
fn an_app_named_behind_its_display_name_is_found() {
    let said = |text: &str| Said::of(&Evidence::of_text(text)).app;
    let text = format!(
        "AADSTS50105: Your administrator has configured the application Portal ('{APP}') to block \
         users. Trace ID: 0000aaaa-11bb-cccc-dd33-eeeeee333333 Correlation ID: \
         aaaa0000-bb11-2222-33cc-444444dddddd"
    );
    assert_eq!(said(&text).as_deref(), Some(APP));
    assert_eq!(
        said(&format!("{text} 9e59d98b-d747-4a9a-96fd-178f04d08b02")),
        None
    );
}

/// What is written out is of the cloud that is configured, and no URI twice over.
#[test]
fn lines_are_of_the_configured_cloud() {
    let mut evidence = Evidence::of_text(
        "AADSTS500011: The resource principal named api://api://9e59d98b-d747-4a9a-96fd-178f04d08b02 was not found",
    );
    crate::testing::provider(&mut evidence).issuer =
        Some("https://login.microsoftonline.us/contoso.com/v2.0".to_owned());
    let said = Said::of(&evidence);
    assert_eq!(
        said.line("https://login.microsoftonline.com/{TENANT-ID}/x https://login.microsoftonline.com/TENANT-ID"),
        "https://login.microsoftonline.us/contoso.com/x https://login.microsoftonline.us/TENANT-ID"
    );
    assert_eq!(
        said.line("{SCOPE}"),
        "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default"
    );
}

/// An address nobody named is not written out as the one that was sent.
#[test]
fn an_unknown_redirect_uri_is_in_no_line() {
    let lines = |text: &str| -> Vec<_> {
        let findings = crate::diagnose(&Evidence::of_text(text));
        let changes = findings.into_iter().flat_map(|finding| finding.change);
        changes.filter_map(|change| change.line).collect()
    };
    assert_eq!(lines("AADSTS50011"), [""; 0]);
    let found = lines("AADSTS50011\nOIDCRedirectURI http://localhost/foo");
    assert!(
        found.contains(&"http://localhost/foo".to_owned()),
        "{found:?}"
    );
    assert!(
        found.iter().all(|line| !line.contains(".vestibule")),
        "{found:?}"
    );
}

#[test]
fn a_missing_parameter_is_named_by_its_name_alone() {
    for (text, name) in [
        (
            "AADSTS900144: The request body must contain the following parameter: 'grant_type'. Trace ID: x",
            Some("grant_type"),
        ),
        (
            "AADSTS900144: The request body must contain the following parameter: scope",
            Some("scope"),
        ),
        (
            "AADSTS900144: The request body must contain the following parameter: '<b>'",
            None,
        ),
        (
            "AADSTS900144: The request body must contain a parameter",
            None,
        ),
    ] {
        let error = crate::testing::evidence(|evidence| {
            evidence.provider_error = Some(crate::evidence::ProviderError::new(
                "invalid_request",
                Some(text),
            ));
        });
        for evidence in [Evidence::of_text(text), error] {
            assert_eq!(Said::of(&evidence).parameter.as_deref(), name, "{text}");
            let finding = crate::diagnose(&evidence).remove(0);
            let told = serde_json::to_string(&finding).unwrap();
            assert_eq!(finding.code, "VST-AADSTS-900144", "{told}");
            let step = name.map_or("Send the parameter of the message in".to_owned(), |name| {
                format!("Send `{name}` in")
            });
            assert!(told.contains(&step), "{told}");
        }
    }
}

#[test]
fn a_token_in_a_message_is_in_no_line() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA";
    let said = Said::of(&Evidence::of_text(&format!(
        "AADSTS70011: the scope '{token}'"
    )));
    assert!(!said.line("{SCOPE}").contains("eyJ"));
    assert!(!said.sentence("{scope}").contains("eyJ"));
}
