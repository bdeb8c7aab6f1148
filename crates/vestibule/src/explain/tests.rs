//! What people read and programs get, for one input of each kind; and that no secret is among it.

use std::path::PathBuf;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::cli::{Cli, Command};

mod apache;
mod request;

const NOW: i64 = 1_795_357_743;
const TENANT: &str = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
const API: &str = "9e59d98b-d747-4a9a-96fd-178f04d08b02";
const APP: &str = "59d7f244-6541-464b-9ea4-6cdba60509b1";

const FILE: &str = r#"
public_url = "https://portal.example.com"
listen     = "127.0.0.1:8080"

[provider]
issuer        = "https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0"
client_id     = "59d7f244-6541-464b-9ea4-6cdba60509b1"
client_secret = "env:NOBODY_HAS_THIS_ONE"

[[route]]
path          = "/foo"
upstream      = "http://localhost:1234/base"
access_token  = { scope = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default" }
authorization = "bearer"
headers       = { "X-User" = "oid", "X-Token" = "@access_token" }
user          = "oid"

[[route]]
path     = "/admin"
upstream = "http://localhost:3000"
user     = "oid"

[route.require]
all = [
    { claim = "tid", equals = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41" },
    { any = [{ roles = "Portal.Admin" }, { networks = ["10.0.0.0/8"] }] },
]

[[route]]
path     = "/static"
upstream = "http://localhost:3000"
require  = "public"
"#;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of this header and these claims, with a signature as long as RS256 makes one.
fn token(header: Value, claims: Value) -> String {
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(&header), part(&claims))
}

fn entra(version: &str, audience: &str) -> Value {
    let (iss, party) = match version {
        "1.0" => (format!("https://sts.windows.net/{TENANT}/"), "appid"),
        _ => (
            format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "azp",
        ),
    };
    json!({
        "iss": iss, "aud": audience, party: APP, "ver": version, "tid": TENANT, "sub": "AAAA",
        "oid": "0c0ffee0-0000-4000-8000-000000000001", "name": "Ada Lovelace", "scp": "access_as_user",
        "iat": NOW - 600, "nbf": NOW - 600, "exp": NOW + 3000,
    })
}

fn header() -> Value {
    json!({ "typ": "JWT", "alg": "RS256", "kid": "k1" })
}

/// The command with these arguments, its configuration and further files in a folder.
struct Stage(TempDir);

impl Stage {
    fn new() -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        stage.file("vestibule.toml", FILE);
        stage
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn explain(&self, arguments: &[&str]) -> Result<Report, Failure> {
        let folder = self.0.path().to_str().unwrap();
        let now = NOW.to_string();
        let words = ["vestibule", "explain", "--now", &now].map(str::to_owned);
        let given = arguments.iter().map(|word| word.replace("{}", folder));
        let cli = Cli::try_parse_from(words.into_iter().chain(given)).unwrap();
        let Command::Explain(arguments) = cli.command else {
            panic!("another command");
        };
        explain(&arguments, UnixTime::from_secs(NOW))
    }

    fn report(&self, arguments: &[&str]) -> Report {
        self.explain(arguments).unwrap()
    }

    fn token(&self, token: &str, arguments: &[&str]) -> Report {
        let file = self.file("token", token);
        let mut all = vec!["--file", file.to_str().unwrap()];
        all.extend(arguments);
        let report = self.report(&all);
        let both = format!("{}{}", page(&report), report.to_json());
        for part in token.trim().split('.').filter(|part| part.len() > 12) {
            assert!(
                !both.contains(part),
                "a part of the token is shown:\n{both}"
            );
        }
        report
    }
}

fn page(report: &Report) -> String {
    let mut sheet = Sheet::new(100, false);
    page::report(&mut sheet, report);
    sheet.into_text()
}

fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

const CONFIG: [&str; 2] = ["--config", "{}/vestibule.toml"];

#[test]
fn a_graph_token_says_the_cure_first() {
    let mut claims = entra("1.0", "00000003-0000-0000-c000-000000000000");
    claims["scp"] = "User.Read openid".into();
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": "k1", "nonce": "n" });
    let report = Stage::new().token(&token(header, claims), &CONFIG);
    assert_eq!(
        (codes(&report)[0], report.exit()),
        ("VST-TOKEN-GRAPH", Exit::Wrong)
    );
    insta::assert_snapshot!(page(&report));
}

#[test]
fn a_token_of_the_other_version_names_the_manifest() {
    let stage = Stage::new();
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let flags = ["--audience", API, "--issuer", &issuer];
    let report = stage.token(
        &token(header(), entra("1.0", &format!("api://{API}"))),
        &flags,
    );
    assert_eq!(
        (codes(&report)[0], report.exit()),
        ("VST-TOKEN-VERSION", Exit::Wrong)
    );
    insta::assert_snapshot!(page(&report));
}

#[test]
fn a_good_token_is_accepted_in_either_version() {
    let stage = Stage::new();
    for (version, audience) in [("1.0", format!("api://{API}")), ("2.0", API.to_owned())] {
        let report = stage.token(&token(header(), entra(version, &audience)), &CONFIG);
        assert_eq!(codes(&report), [""; 0], "{version}");
        assert_eq!(report.exit(), Exit::Done, "{}", page(&report));
        assert!(
            report.subject.verdict().contains("accepts it as far as"),
            "{}",
            page(&report)
        );
    }
}

#[test]
fn each_check_that_fails_is_named() {
    let stage = Stage::new();
    let good = entra("2.0", API);
    for (name, change) in [
        ("audience", json!({ "aud": "api://another" })),
        ("issuer", json!({ "iss": "https://id.example" })),
        (
            "issuer",
            json!({ "tid": "00000000-0000-4000-8000-000000000000" }),
        ),
        ("type", json!({ "nonce": "n", "scp": null })),
        ("expiry", json!({ "exp": NOW - 61 })),
        ("expiry", json!({ "exp": null })),
        ("start", json!({ "nbf": NOW + 61 })),
    ] {
        let mut claims = good.clone();
        for (name, value) in change.as_object().unwrap() {
            match value.is_null() {
                true => drop(claims.as_object_mut().unwrap().remove(name)),
                false => claims[name] = value.clone(),
            }
        }
        let report = stage.token(
            &token(header(), claims),
            &[CONFIG[0], CONFIG[1], "--route", "/foo"],
        );
        let Subject::Token(said) = &report.subject else {
            panic!("no token");
        };
        let failing: Vec<_> = said.details.apis[0]
            .failures()
            .map(|check| check.check)
            .collect();
        assert_eq!(failing, [name], "{change}");
        assert_eq!(report.exit(), Exit::Wrong, "{change}: {}", page(&report));
        let has_expired = report.subject.verdict().contains("has expired");
        assert_eq!(has_expired, change["exp"].is_number(), "{change}");
    }
}

#[test]
fn an_id_token_is_judged_by_the_sign_in_unless_an_api_is_named() {
    let stage = Stage::new();
    let mut claims = entra("2.0", APP);
    claims["nonce"] = "n".into();
    claims.as_object_mut().unwrap().remove("scp");
    claims.as_object_mut().unwrap().remove("azp");
    let id_token = token(header(), claims);
    let alone = stage.token(&id_token, &[]);
    assert_eq!(
        (codes(&alone).len(), alone.exit()),
        (0, Exit::Done),
        "{}",
        page(&alone)
    );
    let sign_in = stage.token(&id_token, &CONFIG);
    assert!(
        sign_in.subject.verdict().contains("The sign-in accepts it"),
        "{}",
        page(&sign_in)
    );
    let api = stage.token(&id_token, &[CONFIG[0], CONFIG[1], "--route", "/foo"]);
    assert!(
        codes(&api).contains(&"VST-TOKEN-ID-AS-ACCESS"),
        "{:?}",
        codes(&api)
    );
}

#[test]
fn a_signature_is_verified_with_the_keys_of_a_file() {
    let stage = Stage::new();
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let set = |public: &[u8]| {
        let x = URL_SAFE_NO_PAD.encode(public);
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k", "use": "sig", "x": x }] })
            .to_string()
    };
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    stage.file("good.json", &set(key.public_key().as_ref()));
    stage.file("other.json", &set(other.public_key().as_ref()));
    let claims = json!({ "iss": "https://id.example", "aud": "api", "sub": "u", "scope": "read", "iat": NOW, "exp": NOW + 60 });
    let input = format!(
        "{}.{}",
        part(&json!({ "alg": "EdDSA", "kid": "k" })),
        part(&claims)
    );
    let signed = format!(
        "{input}.{}",
        URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()))
    );
    let flags = |keys| {
        [
            "--audience",
            "api",
            "--issuer",
            "https://id.example",
            "--jwks",
            keys,
        ]
    };
    let good = stage.token(&signed, &flags("{}/good.json"));
    assert!(
        good.subject.verdict().ends_with("every check passes."),
        "{}",
        page(&good)
    );
    assert_eq!(good.exit(), Exit::Done);
    let bad = stage.token(&signed, &flags("{}/other.json"));
    assert_eq!(bad.exit(), Exit::Wrong);
    assert!(
        codes(&bad).contains(&"VST-KEYS-SIGNATURE"),
        "{:?}\n{}",
        codes(&bad),
        page(&bad)
    );
}

#[test]
fn tokens_that_are_no_jwts_say_whose_they_are() {
    let stage = Stage::new();
    for (text, what) in [
        (
            format!("EwB4A8l6BAAU{}", "O9chh8cJscQLmU".repeat(9)),
            "personal Microsoft account",
        ),
        (
            "0.AXoAabcdefgh.AgABAAEAAADnfolhJpSnRYB1SVj".to_owned(),
            "code or refresh token",
        ),
        (
            "gho_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
            "GitHub",
        ),
        (format!("ya29.{}", "a0AfH6SMB".repeat(9)), "Google"),
        (
            "5f3b8a4c9d2e1f60718293a4b5c6d7e8f90a1b2c".to_owned(),
            "whose maker does not show",
        ),
    ] {
        let report = stage.token(&text, &[]);
        let verdict = report.subject.verdict();
        assert!(verdict.contains(what), "{verdict}");
    }
}

/// What is no access token at all says so, and nothing of it is shown.
#[test]
fn what_is_no_access_token_says_what_it_is() {
    let stage = Stage::new();
    let typed = |typ: &str, claims: Value| {
        token(json!({ "alg": "RS256", "kid": "k1", "typ": typ }), claims)
    };
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let endpoint = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    let good = token(header(), entra("2.0", API));
    for (text, what, code) in [
        (
            typed(
                "logout+jwt",
                json!({ "iss": issuer, "aud": APP, "sid": "s" }),
            ),
            "a logout token of Microsoft Entra ID",
            "VST-TOKEN-OTHER-KIND",
        ),
        (
            typed(
                "dpop+jwt",
                json!({ "htm": "GET", "htu": "https://x", "iat": NOW }),
            ),
            "a DPoP proof",
            "VST-TOKEN-OTHER-KIND",
        ),
        (
            typed("pop", json!({ "at": good, "nonce": "n" })),
            "a signed request",
            "VST-TOKEN-OTHER-KIND",
        ),
        (
            typed(
                "JWT",
                json!({ "iss": APP, "sub": APP, "aud": endpoint, "exp": NOW + 60 }),
            ),
            "a client assertion",
            "VST-TOKEN-OTHER-KIND",
        ),
        (
            "Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x".to_owned(),
            "a client secret",
            "VST-TOKEN-SECRET",
        ),
        (
            "M.C507_BAY.2.U.12345678-1234-1234-1234-1234567890ab".to_owned(),
            "of a personal Microsoft account, not an access token",
            "VST-TOKEN-CODE-OR-REFRESH",
        ),
        (
            good.to_lowercase(),
            "lost its capitals",
            "VST-TOKEN-DAMAGED",
        ),
    ] {
        for arguments in [&CONFIG[..], &[]] {
            let report = stage.token(&text, arguments);
            let verdict = report.subject.verdict();
            assert!(verdict.contains(what), "{verdict}");
            assert_eq!(codes(&report), [code], "{verdict}");
            assert_eq!(report.exit(), Exit::Wrong, "{verdict}");
            let both = page(&report) + &report.to_json();
            for part in good.split('.') {
                assert!(!both.contains(part), "{both}");
            }
        }
    }
    let mut extended = header();
    extended["crit"] = json!(["b64"]);
    let report = stage.token(&token(extended, entra("2.0", API)), &CONFIG);
    assert_eq!(codes(&report), ["VST-TOKEN-CRITICAL"]);
    assert!(
        report
            .subject
            .verdict()
            .contains("the check of its form fails")
    );
}

/// The token inside is told of, and shown no more than any other.
#[test]
fn a_token_in_another_base64_is_looked_into() {
    let stage = Stage::new();
    let good = token(header(), entra("2.0", API));
    let report = stage.token(
        &base64::engine::general_purpose::STANDARD.encode(&good),
        &CONFIG,
    );
    assert_eq!(codes(&report), ["VST-TOKEN-WRAPPED"]);
    let both = page(&report) + &report.to_json();
    assert!(both.contains("version 2.0"), "{both}");
    for part in good.split('.') {
        assert!(!both.contains(part), "{both}");
    }
}

/// What a shell or a log made of an answer is an answer still.
#[test]
fn an_answer_in_a_string_is_an_answer() {
    let stage = Stage::new();
    let good = token(
        header(),
        entra("1.0", "00000003-0000-0000-c000-000000000000"),
    );
    for text in [
        format!(r#""{{\"access_token\":\"{good}\",\"token_type\":\"Bearer\"}}""#),
        format!(r#"{{"body":"{{\"access_token\":\"{good}\",\"expires_in\":3599}}"}}"#),
        format!(r#"{{"log":"{{\"body\":\"{{\\\"access_token\\\":\\\"{good}\\\"}}\"}}"}}"#),
    ] {
        let report = stage.token(&text, &[]);
        assert_eq!(codes(&report)[0], "VST-TOKEN-GRAPH", "{}", page(&report));
        let Subject::Text(said) = &report.subject else {
            panic!("no text");
        };
        assert!(said.details.answer.contains(&"access_token".to_owned()));
    }
}

#[test]
fn a_pasted_error_is_decoded_with_its_ids() {
    let text = "Sign in. Sorry, but we're having trouble signing you in. AADSTS50011: The redirect URI \
                'https://portal.example.com/callback' specified in the request does not match the redirect URIs \
                configured for the application '59d7f244-6541-464b-9ea4-6cdba60509b1'.\r\nTrace ID: \
                1d1c0e5e-3f0b-4c52-9b7e-5d2f8a107e41\r\nCorrelation ID: 2d1c0e5e-3f0b-4c52-9b7e-5d2f8a107e41\r\n\
                Timestamp: 2026-11-22 14:00:00Z";
    let report = Stage::new().report(&[text]);
    assert_eq!(report.exit(), Exit::Wrong);
    insta::assert_snapshot!(page(&report));
}

#[test]
fn a_code_that_is_only_mentioned_did_not_happen() {
    let text = "We fixed AADSTS50011 by adding the redirect URI last week";
    let report = Stage::new().report(&[text]);
    assert_eq!(report.exit(), Exit::Done);
    let page = page(&report);
    for said in [
        "The text mentions AADSTS50011, and does not show that it happened. It stands for: the redirect URI",
        "note[VST-AADSTS-50011]",
        "mentioned       AADSTS50011",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Entra said"), "{page}");
}

#[test]
fn a_code_of_our_own_is_explained_wherever_it_stands() {
    for text in [
        "time=2026-11-23T04:00:00Z host=127.0.0.1:8489 path=/ status=421 error=host_unknown trace=\"read ok\"",
        r#"{"error":"host_unknown","message":"This server does not serve the host that was asked for.","incident":"8f"}"#,
        "Not served\nThis server does not serve the host that was asked for.\nhost_unknown\nIncident 8f0a",
    ] {
        let report = Stage::new().report(&[text]);
        assert_eq!(report.exit(), Exit::Done, "{text}");
        let page = page(&report);
        for said in [
            "`host_unknown`: The request asks for a host",
            "proxy_set_header Host $http_host",
        ] {
            assert!(
                page.replace("\n                ", " ").contains(said),
                "{said}: {page}"
            );
        }
        assert!(!page.contains("in no part"), "{page}");
        assert!(report.to_json().contains("\"own_errors\""));
    }
}

#[test]
fn a_callback_shows_the_names_of_its_parameters_alone() {
    let report = Stage::new().report(&[
        "https://portal.example.com/.vestibule/callback?code=canary-of-a-code-1234567890&state=canary-of-a-state",
    ]);
    let text = page(&report) + &report.to_json();
    assert!(
        text.contains("code, state") && !text.contains("canary"),
        "{text}"
    );
}

#[test]
fn an_ordinary_callback_is_no_finding() {
    for code in [
        "0.ASgAabcdefghijk.AgABBAIAAAD",
        "1.AXoAabcdef.AQABAAIAAAA",
        "AQABAAIAAADcanary0123",
    ] {
        let report = Stage::new().report(&[&format!(
            "https://portal.example.com/.vestibule/callback?code={code}&state=canary-state&session_state=x"
        )]);
        assert_eq!(
            (codes(&report).len(), report.exit()),
            (0, Exit::Done),
            "{}",
            page(&report)
        );
    }
    let line = "upstream sent too big header while reading response header from upstream, request: \"GET \
                /oauth2/callback?code=0.ASgCANARYCODEabc.AgABBAIAAAD&state=x HTTP/1.1\"";
    assert_eq!(
        codes(&Stage::new().report(&[line])),
        ["VST-HEADER-FRONT-BUFFER"]
    );
}

#[test]
fn no_verdict_praises_what_a_finding_refuses() {
    let stage = Stage::new();
    let mut okta = json!({ "iss": "https://dev-1.okta.com", "aud": "https://dev-1.okta.com", "scp": ["x"], "exp": NOW + 60 });
    let mut other_tenant = entra("2.0", API);
    other_tenant["tid"] = "00000000-0000-4000-8000-000000000000".into();
    let short = {
        let whole = token(header(), entra("2.0", API));
        whole[..whole.len() - 40].to_owned()
    };
    let secret = json!({ "alg": "HS256", "typ": "JWT", "kid": "k" });
    for text in [
        token(header(), okta.clone()),
        token(header(), other_tenant),
        token(secret.clone(), entra("2.0", API)),
        token(
            header(),
            entra("1.0", "https://management.core.windows.net/"),
        ),
        short.clone(),
    ] {
        let report = stage.token(&text, &[]);
        let verdict = report.subject.verdict();
        assert!(!verdict.contains("Anybody"), "{verdict}");
        assert_eq!(report.exit(), Exit::Wrong, "{verdict}");
    }
    let report = stage.token(&short, &["--audience", API]);
    assert!(
        !report.subject.verdict().contains("accepts it"),
        "{}",
        page(&report)
    );
    let mut bare = entra("2.0", API);
    bare.as_object_mut().unwrap().remove("scp");
    let report = stage.token(&token(header(), bare), &CONFIG);
    assert!(
        !report.subject.verdict().contains("accepts it"),
        "{}",
        page(&report)
    );
    // Whose secret it is signed with nobody else can know.
    okta["iss"] = "https://id.example".into();
    let report = stage.token(&token(secret, okta), &[]);
    assert!(
        !report.subject.verdict().contains("Anybody"),
        "{}",
        page(&report)
    );
}

#[test]
fn a_password_in_an_address_and_a_key_in_a_header_are_not_shown() {
    let stage = Stage::new();
    let report = stage.report(&["https://bob:CANARY@host.example/x AADSTS50011"]);
    let request = stage.report(&[
        CONFIG[0],
        CONFIG[1],
        "--request",
        "GET /static/x",
        "--header",
        "X-Api-Key: CANARY",
        "--header",
        "X-Session-Token: CANARY",
        "--header",
        "Accept: text/html",
    ]);
    for report in [report, request] {
        let text = page(&report) + &report.to_json();
        assert!(!text.contains("CANARY"), "{text}");
    }
}

#[test]
fn a_code_without_a_page_was_not_explained() {
    for text in [
        "AADB2C99999: something new",
        "IDX99999: something new",
        "{\"error\": \"odd_one\"}",
    ] {
        let report = Stage::new().report(&[text]);
        assert_eq!(
            (codes(&report).len(), report.exit()),
            (0, Exit::Impossible),
            "{}",
            page(&report)
        );
    }
}

#[test]
fn what_moves_a_check_is_the_providers_own_setting() {
    let stage = Stage::new();
    let moved = |claims: Value, audience: &str, issuer: &str| {
        let report = stage.token(
            &token(header(), claims),
            &["--audience", audience, "--issuer", issuer],
        );
        let Subject::Token(said) = report.subject else {
            panic!("no token");
        };
        let settings = said.details.apis[0]
            .failures()
            .filter_map(|check| check.setting);
        settings.collect::<Vec<_>>().join("; ")
    };
    let other = |iss: &str| json!({ "iss": iss, "aud": "x", "scope": "a", "exp": NOW + 60 });
    for (iss, words) in [
        ("https://t.eu.auth0.com/", "`audience`"),
        (
            "https://dev-1.okta.com/oauth2/default",
            "authorization server",
        ),
        ("https://id.example/realms/r", "audience mapper"),
        ("https://cognito-idp.eu-west-1.amazonaws.com/p", "Cognito"),
        ("https://accounts.google.com", "ID token"),
    ] {
        let said = moved(other(iss), "https://api.mine", iss);
        assert!(
            said.contains(words) && !said.contains("access_token"),
            "{iss}: {said}"
        );
    }
    let own = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    for (issuer, words) in [
        (
            format!("https://sts.windows.net/{TENANT}/"),
            "requestedAccessTokenVersion",
        ),
        (
            format!("https://login.microsoftonline.us/{TENANT}/v2.0"),
            "the cloud",
        ),
        (
            own.replace(TENANT, "00000000-0000-4000-8000-000000000000"),
            "the tenant people sign in at",
        ),
        ("https://id.example".to_owned(), "of another one"),
    ] {
        let said = moved(entra("2.0", API), API, &issuer);
        assert!(said.contains(words), "{issuer}: {said}");
    }
}

#[test]
fn what_nobody_knows_could_not_be_explained() {
    let report = Stage::new().report(&["hello", "world"]);
    assert_eq!(
        (report.findings.len(), report.exit()),
        (0, Exit::Impossible)
    );
    assert!(Stage::new().explain(&["  "]).is_err());
}

#[test]
fn a_request_is_followed_to_the_headers_of_its_upstream() {
    let stage = Stage::new();
    stage.file(
        "claims.json",
        r#"{ "sub": "ada", "oid": "o1", "tid": "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41" }"#,
    );
    let report = stage.report(&[
        CONFIG[0],
        CONFIG[1],
        "--request",
        "GET /foo/x?key=canary-in-the-query",
        "--session-claims",
        "{}/claims.json",
        "--header",
        "X-User: mallory",
        "--header",
        "Cookie: theme=canary-in-a-cookie",
    ]);
    let text = page(&report);
    assert!(
        !text.contains("canary") && !text.contains("mallory"),
        "{text}"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn every_part_of_a_rule_is_judged() {
    let stage = Stage::new();
    stage.file(
        "claims.json",
        r#"{ "tid": "00000000-0000-4000-8000-000000000000", "roles": ["Reader"] }"#,
    );
    let report = stage.report(&[
        CONFIG[0],
        CONFIG[1],
        "--request",
        "GET /admin/",
        "--session-claims",
        "{}/claims.json",
        "--peer",
        "10.1.2.3",
    ]);
    insta::assert_snapshot!(page(&report));
}

#[test]
fn requests_end_where_the_gate_ends_them() {
    let stage = Stage::new();
    for (more, decision, status) in [
        (&["--request", "GET /foo/"][..], "sign_in", Some(303)),
        (&["--request", "POST /foo/"], "challenge", Some(401)),
        (&["--request", "/static/x"], "forward", None),
        (&["--request", "GET /nowhere"], "not_found", Some(404)),
        (&["--request", "GET /.vestibule/me"], "own", None),
        (
            &["--request", "GET /foo", "--host", "evil.example"],
            "refuse",
            Some(421),
        ),
        (
            &["--request", "GET /foo/%2e%2e%2fadmin"],
            "refuse",
            Some(400),
        ),
        (&["--request", "get /foo"], "refuse", Some(400)),
        (
            &["--request", "GET /foo", "--token", "abc"],
            "challenge",
            Some(401),
        ),
        (
            &["--request", "GET /foo", "--token", "a b,c"],
            "bad_credential",
            Some(400),
        ),
    ] {
        let all: Vec<_> = CONFIG.iter().chain(more).copied().collect();
        let report = stage.report(&all);
        let Subject::Request(said) = &report.subject else {
            panic!("no request");
        };
        assert_eq!(
            (said.details.decision, said.details.status),
            (decision, status),
            "{more:?}"
        );
    }
}

#[test]
fn all_json_keeps_to_the_schema() {
    let stage = Stage::new();
    stage.file(
        "claims.json",
        r#"{ "roles": ["Portal.Admin"], "oid": "o" }"#,
    );
    let schema = schema::schema();
    let good = token(header(), entra("2.0", API));
    let answer = format!(
        "{{\"access_token\": \"{good}\", \"token_type\": \"Bearer\", \"expires_in\": 3599}}"
    );
    let claims = [
        CONFIG[0],
        CONFIG[1],
        "--session-claims",
        "{}/claims.json",
        "--request",
    ];
    let request = |line| claims.iter().copied().chain([line]).collect::<Vec<_>>();
    for report in [
        stage.token(&good, &CONFIG),
        stage.token(&good, &["--audience", "x"]),
        stage.token("gho_16C7e42F292c6912E7710c838347Ae178B4a", &[]),
        stage.report(&[
            "AADSTS65001: consent. Correlation ID: 2d1c0e5e-3f0b-4c52-9b7e-5d2f8a107e41",
        ]),
        stage.report(&[&answer]),
        stage.report(&["nothing"]),
        stage.report(&request("GET /foo/x")),
        stage.report(&request("GET /admin/x")),
        stage.report(&request("GET /a\\b")),
    ] {
        let value: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(crate::schema::violation(&schema, &value, &schema, ""), None);
    }
}

#[test]
fn hostile_text_is_shown_without_escapes_and_without_its_secrets() {
    let stage = Stage::new();
    let mut claims = entra("2.0", "\u{1b}]0;owned\u{7}");
    claims["iss"] = "https://id.example/\u{202e}\u{1b}[31m".into();
    let secret = token(header(), entra("2.0", API));
    claims["azp"] = secret.clone().into();
    claims["scp"] = format!("read {secret}").into();
    let hostile = token(
        json!({ "alg": "RS256\u{1b}[2J", "kid": secret.clone() }),
        claims,
    );
    let report = stage.token(&hostile, &CONFIG);
    let text = page(&report);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text:?}"
    );
    for part in secret.split('.') {
        assert!(!(text.clone() + &report.to_json()).contains(part), "{text}");
    }
    for text in [
        "{",
        "\u{0}",
        &"[".repeat(70_000),
        &"a.".repeat(70_000),
        &"AADSTS".repeat(20_000),
        "%00 ...",
    ] {
        let file = stage.file("text", text);
        let _ = stage.explain(&["--file", file.to_str().unwrap()]);
    }
}
