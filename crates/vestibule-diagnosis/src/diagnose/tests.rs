use proptest::prelude::*;
use serde_json::json;
use vestibule_oidc::time::UnixTime;

use super::*;
use crate::evidence::{
    Callback, Certificate, ClaimRule, Head, Header, Keys, Metadata, Parameter, Probe, ProbeOutcome,
    ProbeTarget, ProviderError, Role, Token, TokenResponse,
};
use crate::testing::{api, jwt, object, provider, route, settings};
use crate::{Confidence, Severity};

const fn row(code: &'static str, severity: Severity, explains: &'static [&'static str]) -> Row {
    Row {
        code,
        title: "t",
        severity,
        confidence: Confidence::Observed,
        source: "s",
        symptom: "s",
        cause: "cause",
        cure: "c",
        fault: None,
        explains,
        judge: |_| Some(Case::new("seen")),
    }
}

fn codes(rows: &[Row]) -> Vec<&'static str> {
    judge(rows.iter(), &Evidence::default())
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn what_another_finding_explains_is_not_told() {
    let rows = [
        row("echo", Severity::Error, &[]),
        row("other", Severity::Error, &[]),
        row("root", Severity::Warning, &["echo"]),
    ];
    assert_eq!(codes(&rows), ["root", "other"], "the root comes first");
}

#[test]
fn the_worse_comes_before_the_better_and_equals_stay_in_order() {
    let rows = [
        row("a", Severity::Info, &[]),
        row("b", Severity::Error, &[]),
        row("c", Severity::Warning, &[]),
        row("d", Severity::Error, &[]),
    ];
    assert_eq!(codes(&rows), ["b", "d", "c", "a"]);
}

#[test]
fn two_that_explain_nothing_are_both_told() {
    let rows = [
        row("a", Severity::Error, &["absent"]),
        row("b", Severity::Error, &["a-not"]),
    ];
    assert_eq!(codes(&rows), ["a", "b"]);
}

#[test]
fn a_case_may_be_less_sure_than_its_row_and_never_surer() {
    let mut sure = row("a", Severity::Error, &[]);
    sure.judge = |_| {
        Some(
            Case::new("x")
                .confidence(Confidence::Documented)
                .because("why"),
        )
    };
    let mut less = row("b", Severity::Error, &[]);
    less.judge = |_| {
        let case = Case::new("x").confidence(Confidence::Inferred);
        Some(case.severity(Severity::Info))
    };
    let findings = judge([sure, less].iter(), &Evidence::default());
    assert_eq!(findings[0].confidence, Confidence::Observed);
    assert_eq!(findings[0].why, "why");
    assert_eq!(
        (findings[1].confidence, findings[1].severity),
        (Confidence::Inferred, Severity::Info)
    );
    assert_eq!(findings[1].why, "cause");
}

/// An evidence with `text` wherever text fits.
fn filled(text: &str, now: i64, number: u32) -> Evidence {
    let owned = || Some(text.to_owned());
    let list = || vec![text.to_owned(), "groups".to_owned()];
    let mut e = Evidence {
        settings: Some(settings()),
        ..Evidence::default()
    };
    let claims = json!({
        "iss": text, "aud": [text], "tid": text, "upn": format!("{text}#EXT#"), "ver": text,
        "groups": [text], "scp": text, "nonce": text, "nbf": now, "exp": now, "sub": text, "oid": text,
    });
    let token = jwt(json!({ "alg": text, "kid": text, "nonce": text }), claims);
    e.id_token = Some(token.clone().role(Role::Id));
    e.token = Some(if number.is_multiple_of(2) {
        token
    } else {
        Token::of(text)
    });
    let (provider, mut api) = (provider(&mut e), api());
    (provider.issuer, provider.client_id) = (owned(), owned());
    (provider.scopes, provider.tenants) = (Some(list()), Some(list()));
    (provider.response_mode, provider.introspection_url) = (owned(), owned());
    provider.authorization_parameters = vec![(text.to_owned(), text.to_owned())];
    (api.audiences, api.issuers, api.scopes, api.name) = (list(), list(), list(), owned());
    e.api = Some(api);
    let route = route(&mut e);
    (route.user_claims, route.header_names, route.path) = (list(), list(), owned());
    route.rules = vec![ClaimRule::new("groups", list())];
    let settings = e.settings.get_or_insert_default();
    (settings.redirect_uri, settings.public_urls) = (owned(), list());
    settings.session.cookie_name = owned();
    let document =
        object(json!({ "issuer": text, "token_endpoint": text, "cloud_instance_name": text }));
    e.metadata = Some(Metadata::new(text, document.clone()));
    let mut keys = Keys::read(
        json!({ "keys": [{ "kid": text, "issuer": text }] })
            .to_string()
            .as_bytes(),
    );
    (keys.url, keys.app_kids) = (owned(), Some(list()));
    keys.app_id = owned();
    e.keys = Some(keys);
    e.token_response = Some(TokenResponse::read(&document));
    let mut error = ProviderError::new(text, Some(&format!("AADSTS{number}: '{text}' {text}")));
    (error.suberror, error.claims, error.correlation_id) = (owned(), owned(), owned());
    e.provider_error = Some(error);
    e.user_info_subject = owned();
    e.callback = Some(Callback {
        url: owned(),
        parameters: vec![Parameter::new(text, number as usize)],
        cookies: list(),
        ..Callback::default()
    });
    let head = Head {
        url: owned(),
        method: owned(),
        status: u16::try_from(number % 600).ok(),
        headers: vec![
            Header::new(text, text),
            Header::new("Origin", text),
            Header::new("Location", text),
        ],
        hint: owned(),
        ..Head::default()
    };
    (e.request, e.upstream_request) = (Some(head.clone()), Some(head.clone()));
    (e.response, e.upstream_response) = (Some(head.clone()), Some(head));
    let http = ProbeOutcome::Http {
        status: 403,
        content_type: owned(),
        first_char: Some('<'),
    };
    let tls = ProbeOutcome::Tls {
        detail: text.to_owned(),
        certificate: Some(Box::new(Certificate {
            subject: text.to_owned(),
            issuer: text.to_owned(),
            from: Some(UnixTime(now)),
            until: Some(UnixTime(now / 2)),
            names: list(),
        })),
    };
    e.probes = vec![
        Probe::new(ProbeTarget::Graph, text, http.clone()),
        Probe::new(ProbeTarget::Metadata, text, http),
        Probe::new(ProbeTarget::Keys, text, tls),
        Probe::new(ProbeTarget::Token, text, ProbeOutcome::TimedOut),
    ];
    let carried = e.carried.get_or_insert_default();
    (carried.bytes, carried.parts) = (1, vec![(text.to_owned(), 1)]);
    e.text = Some(crate::text::read(text));
    (e.now, e.provider_time) = (Some(UnixTime(now)), Some(UnixTime(now / 2)));
    (
        e.counts.unknown_keys,
        e.counts.refreshes,
        e.counts.parallel_refreshes,
    ) = (number, number, number);
    e
}

#[test]
fn a_secret_in_any_place_of_the_evidence_is_in_no_finding() {
    for secret in [
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly94In0.c2lnbmF0dXJlY2FuYXJ5",
        "EwBwA8l6BAAUO9chh8cJscQLmUcanary",
        "Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678",
        "gho_16C7e42F292c6912E7710c838347Ae178B4a",
    ] {
        for text in [
            secret.to_owned(),
            format!("https://login.microsoftonline.com/{secret}/v2.0?x={secret}"),
        ] {
            for number in [50_011, 7_000_215, 65_001, 500_011, 700_016] {
                for finding in crate::diagnose(&filled(&text, 1_700_000_000, number)) {
                    let shown = serde_json::to_string(&finding).unwrap();
                    assert!(!shown.contains(&secret[8..]), "{shown}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn no_evidence_makes_it_panic(
        text in "\\PC{0,80}|https://[a-z./{}-]{0,40}",
        now in proptest::num::i64::ANY,
        number in 0_u32..10_000_000,
    ) {
        for finding in crate::diagnose(&filled(&text, now, number)) {
            prop_assert!(!finding.seen.is_empty() && !finding.change.is_empty(), "{finding}");
        }
    }
}

#[test]
fn a_token_alone_is_judged_by_the_families_of_tokens() {
    let codes = |findings: Vec<Finding>| -> Vec<_> {
        findings.iter().map(|finding| finding.code).collect()
    };
    let graph = json!({ "aud": "00000003-0000-0000-c000-000000000000" });
    let mut evidence = Evidence {
        token: Some(crate::testing::entra_v1_token(graph)),
        ..Evidence::default()
    };
    assert_eq!(codes(diagnose_token(&evidence)), ["VST-TOKEN-GRAPH"]);
    evidence.token = Some(crate::testing::entra_token(json!({})));
    assert_eq!(diagnose_token(&evidence), []);
    evidence.provider_error = Some(ProviderError::new("x", Some("AADSTS50194: x")));
    assert_eq!(diagnose_token(&evidence), []);
    assert_eq!(codes(diagnose(&evidence)), ["VST-AADSTS-50194"]);
    for name in OF_TOKENS {
        let is_it = |family: &&catalogue::Family| family.name == name;
        assert_eq!(
            catalogue::families().iter().filter(is_it).count(),
            1,
            "{name}"
        );
    }
}

/// Our own pages and logs, pasted: the code is the finding, ahead of whatever else the words suggest.
#[test]
fn a_code_of_ours_in_a_text_is_the_finding() {
    for row in catalogue::rows() {
        let text = format!(
            "AADSTS90033 finding=\"{}\" invalid signature, state missing",
            row.code
        );
        let findings = diagnose(&Evidence::of_text(&text));
        assert_eq!(
            findings.first().map(|finding| finding.code),
            Some(row.code),
            "{text}"
        );
    }
    let unknown = Evidence::of_text("VST-NO-SUCH-CODE, xVST-COOKIE-LOOPx and vst-cookie-loop");
    assert!(diagnose(&unknown).is_empty());
}

/// Whoever has Apache gets its directives, also where a row was written for our keys alone.
#[test]
fn no_cure_for_apache_names_a_key_of_ours() {
    use crate::evidence::{Origin, Settings};
    let mut keys = Vec::new();
    for case in catalogue::families()
        .iter()
        .flat_map(|family| (family.cases)())
    {
        for shown in case.evidence() {
            let mut evidence = shown.clone();
            evidence
                .settings
                .get_or_insert_with(Settings::default)
                .origin = Some(Origin::Apache);
            for finding in diagnose(&evidence) {
                let ours = finding.change.into_iter().filter(|change| {
                    change.place == crate::Place::Config && change.name.starts_with("provider.")
                });
                keys.extend(ours.map(|change| format!("{}: {}", finding.code, change.name)));
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    assert!(keys.is_empty(), "{keys:#?}");
}

/// What a text only mentions is explained, and not said to have happened.
#[test]
fn a_mentioned_code_is_explained_without_a_claim() {
    let found = diagnose(&Evidence::of_text(
        "We fixed AADSTS50011 by adding the redirect URI last week",
    ));
    let [only] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(only.code, "VST-AADSTS-50011");
    assert_eq!(only.severity, crate::Severity::Info);
    assert!(only.seen.contains("mentions `AADSTS50011`"), "{only}");
    assert!(!only.change.is_empty());
    let both = diagnose(&Evidence::of_text(
        "We fixed AADSTS50011 last week.\nAADSTS54005: OAuth2 Authorization code was already redeemed",
    ));
    let codes: Vec<_> = both
        .iter()
        .map(|finding| (finding.code, finding.severity))
        .collect();
    assert_eq!(
        codes,
        [
            ("VST-AADSTS-54005", crate::Severity::Error),
            ("VST-AADSTS-50011", crate::Severity::Info)
        ]
    );
}
