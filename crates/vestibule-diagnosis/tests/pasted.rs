//! What people paste: log lines, consoles, error pages. Each sample in `testdata/pasted` has its finding, and
//! no other.

use std::collections::BTreeSet;
use std::path::Path;

use vestibule_diagnosis::{Evidence, diagnose};

const SAMPLES: &[(&str, &str)] = &[
    ("adfs-msis9921", "VST-ADFS-USERINFO"),
    ("aspnet-correlation-failed", "VST-COOKIE-STATE-MISSING"),
    ("aspnet-key-ring", "VST-COOKIE-KEYS"),
    ("aspnet-samesite-none", "VST-COOKIE-NONE-INSECURE"),
    ("aspnet-unprotect-state", "VST-COOKIE-KEYS"),
    ("browser-cors", "VST-BROWSER-FETCH"),
    ("browser-frame", "VST-COOKIE-FRAMED-SIGN-IN"),
    ("browser-preflight", "VST-BROWSER-PREFLIGHT"),
    ("browser-too-many-redirects", "VST-COOKIE-LOOP"),
    ("entra-callback-declined", "VST-AADSTS-65004"),
    ("entra-callback-unsupported", "VST-AADSTS-700054"),
    ("entra-page-admin-approval", "VST-SCOPE-ADMIN-APPROVAL"),
    ("entra-page-assignment", "VST-SCOPE-ASSIGNMENT"),
    ("entra-page-guest", "VST-AADSTS-50020"),
    ("entra-page-loop", "VST-AADSTS-50196"),
    ("entra-page-redirect-uri", "VST-REDIRECT-UNREGISTERED"),
    ("entra-page-unknown-app", "VST-CLIENT-ID"),
    ("entra-token-consent", "VST-SCOPE-CONSENT"),
    ("entra-token-missing-parameter", "VST-AADSTS-900144"),
    ("entra-token-no-secret", "VST-AADSTS-7000218"),
    ("entra-token-secret-expired", "VST-CLIENT-SECRET-EXPIRED"),
    ("entra-token-spa", "VST-AADSTS-9002327"),
    ("entra-token-two-resources", "VST-AADSTS-28000"),
    ("entra-token-unknown-resource", "VST-AADSTS-500011"),
    ("go-jose-signature", "VST-KEYS-SIGNATURE"),
    ("go-oidc-expired", "VST-TIME-EXPIRED"),
    ("golang-jwt-segments", "VST-TOKEN-NOT-JWT"),
    ("identity-web-audience", "VST-TOKEN-AUDIENCE"),
    ("identity-web-expired", "VST-TIME-EXPIRED"),
    ("identity-web-issuer", "VST-TOKEN-VERSION"),
    ("identity-web-kid", "VST-KEYS-KID-MISSING"),
    ("identity-web-no-scope", "VST-TOKEN-NO-PERMISSIONS"),
    ("identity-web-nonce", "VST-COOKIE-NONCE"),
    ("identity-web-opaque", "VST-TOKEN-NOT-JWT"),
    ("identity-web-signature", "VST-KEYS-SIGNATURE"),
    ("jose4j-audience", "VST-TOKEN-GRAPH"),
    ("jose4j-parts", "VST-TOKEN-NOT-JWT"),
    ("keycloak-refresh-reuse", "VST-PROVIDER-REFRESH-REUSE"),
    ("kong-oidc-discovery", "VST-KEYS-UNREACHABLE"),
    ("kong-oidc-state", "VST-COOKIE-STATE-MISSING"),
    ("lua-resty-openidc-audience", "VST-TOKEN-AUDIENCE"),
    ("lua-resty-openidc-no-session", "VST-COOKIE-STATE-MISSING"),
    ("mod-auth-openidc-at-hash", "VST-TOKEN-HASH"),
    ("mod-auth-openidc-audience", "VST-TOKEN-AUDIENCE"),
    ("mod-auth-openidc-cannot-resolve", "VST-KEYS-UNREACHABLE"),
    ("mod-auth-openidc-cookie-length", "VST-COOKIE-TOO-LARGE"),
    ("mod-auth-openidc-issued-in-future", "VST-TIME-NOT-YET"),
    ("mod-auth-openidc-issuer-v1-v2", "VST-TOKEN-VERSION"),
    ("mod-auth-openidc-no-at-hash", "VST-TOKEN-NO-HASH"),
    ("mod-auth-openidc-no-key", "VST-KEYS-KID-MISSING"),
    ("mod-auth-openidc-nonce", "VST-COOKIE-NONCE"),
    ("mod-auth-openidc-remote-user", "VST-PROVIDER-NO-NAME"),
    ("mod-auth-openidc-secret-wrong", "VST-AADSTS-7000215"),
    ("mod-auth-openidc-state-cookie", "VST-COOKIE-STATE-MISSING"),
    ("mod-auth-openidc-state-expired", "VST-COOKIE-SIGN-IN-OLD"),
    ("mod-auth-openidc-tls-inspection", "VST-KEYS-TLS"),
    (
        "mod-auth-openidc-too-many-state-cookies",
        "VST-COOKIE-PILE-UP",
    ),
    (
        "msal-interaction-in-progress",
        "VST-BROWSER-SIGN-IN-UNDER-WAY",
    ),
    ("msal-interaction-required", "VST-AADSTS-50076"),
    ("msal-popup-blocked", "VST-BROWSER-POPUP"),
    ("nginx-big-header", "VST-HEADER-FRONT-BUFFER"),
    ("nginx-header-too-large", "VST-HEADER-TOO-LARGE"),
    ("nginx-underscore", "VST-HEADER-UNDERSCORE"),
    ("nimbus-expired", "VST-TIME-EXPIRED"),
    ("nimbus-no-key", "VST-KEYS-KID-MISSING"),
    ("node-jose-issuer", "VST-TOKEN-ISSUER"),
    ("node-jsonwebtoken-audience", "VST-TOKEN-AUDIENCE"),
    ("node-jsonwebtoken-malformed", "VST-TOKEN-NOT-JWT"),
    ("oauth2-proxy-cookie-signature", "VST-COOKIE-KEYS"),
    ("oauth2-proxy-csrf-mismatch", "VST-COOKIE-STATE-MISSING"),
    ("oauth2-proxy-csrf-missing", "VST-COOKIE-STATE-MISSING"),
    (
        "oauth2-proxy-email-unverified",
        "VST-PROVIDER-EMAIL-UNVERIFIED",
    ),
    ("oauth2-proxy-keycloak-audience", "VST-KEYCLOAK-AUDIENCE"),
    ("oauth2-proxy-multiple-cookies", "VST-COOKIE-TOO-LARGE"),
    ("oauth2-proxy-no-email", "VST-PROVIDER-NO-NAME"),
    ("oauth2-proxy-other-issuer", "VST-KEYS-ISSUER"),
    ("oauth2-proxy-secret-wrong", "VST-AADSTS-7000215"),
    ("oauth2-proxy-unreachable", "VST-KEYS-UNREACHABLE"),
    ("pyjwt-audience", "VST-TOKEN-AUDIENCE"),
    ("pyjwt-kid", "VST-KEYS-KID-MISSING"),
    ("pyjwt-segments", "VST-TOKEN-NOT-JWT"),
    ("pyjwt-signature", "VST-KEYS-SIGNATURE"),
    ("rust-jsonwebtoken-signature", "VST-KEYS-SIGNATURE"),
    ("spring-issuer", "VST-TOKEN-ISSUER"),
];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pasted")
}

#[test]
fn each_sample_has_its_finding_and_no_other() {
    let mut problems = Vec::new();
    for (name, code) in SAMPLES {
        let text = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
        let findings = diagnose(&Evidence::of_text(&text));
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        if codes != [*code] {
            problems.push(format!("{name}: {codes:?}, not {code}"));
        }
        if findings.iter().any(|finding| finding.change.is_empty()) {
            problems.push(format!("{name}: nothing to change"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// What programs of many makers write, each on a line of `testdata/lines.txt`: its finding and no other, or none where
/// nobody can know.
#[test]
fn each_line_has_its_finding_and_no_other() {
    let lines = include_str!("../testdata/lines.txt");
    let lines = lines
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut problems = Vec::new();
    let mut count = 0;
    for line in lines {
        count += 1;
        let (code, text) = line.split_once(' ').unwrap();
        let text = text
            .replace("\\\\", "\u{1}")
            .replace("\\n", "\n")
            .replace('\u{1}', "\\");
        let findings = diagnose(&Evidence::of_text(&text));
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        let expected: &[&str] = match code {
            "-" => &[],
            code => &[code],
        };
        if codes != expected {
            problems.push(format!("{codes:?}, not {code}: {text}"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert!(count >= 80, "{count}");
}

#[test]
fn each_sample_is_in_the_table() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    let listed: BTreeSet<String> = SAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
}

/// A log of Apache's module gets its directives, and a log of others our keys.
#[test]
fn the_cure_is_for_the_program_that_wrote_the_log() {
    for (name, place) in [
        ("mod-auth-openidc-cookie-length", "apache"),
        ("oauth2-proxy-multiple-cookies", "config"),
    ] {
        let text = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
        let findings = diagnose(&Evidence::of_text(&text));
        let found = serde_json::to_value(&findings[0].change[0]).unwrap();
        assert_eq!(found["place"], place, "{name}");
    }
}

/// What stands in the logs of set-ups that work: each line of `testdata/healthy`, and each log as a whole.
#[test]
fn healthy_lines_give_no_finding() {
    let mut lines = 0;
    for entry in std::fs::read_dir(folder().with_file_name("healthy")).unwrap() {
        let path = entry.unwrap().path();
        let log = std::fs::read_to_string(&path).unwrap();
        lines += log.lines().count();
        for text in log.lines().chain([log.as_str()]) {
            let findings = diagnose(&Evidence::of_text(text));
            assert_eq!(findings, [], "{}: {text}", path.display());
        }
    }
    assert!(lines >= 50);
}
