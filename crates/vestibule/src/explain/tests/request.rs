//! Requests: what depends on the provider's answer, which host is meant, and what of a head is shown.

use super::*;

const FILE: &str = r#"
public_url = ["https://portal.example.com", "https://two.example.com:8443"]
listen     = "127.0.0.1:8080"

[provider]
issuer        = "https://login.microsoftonline.com/6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41/v2.0"
client_id     = "59d7f244-6541-464b-9ea4-6cdba60509b1"
client_secret = "env:NOBODY_HAS_THIS_ONE"

[[route]]
path          = "/foo"
upstream      = "http://localhost:1234"
access_token  = { scope = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default" }
headers       = "oauth2-proxy"

[[route]]
path     = "/openid"
upstream = "http://localhost:1234"
require  = { scopes = "openid" }

[[route]]
path     = "/read"
upstream = "http://localhost:1234"
require  = { scopes = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/read" }

[[route]]
path     = "/either"
upstream = "http://localhost:1234"
require  = { any = [{ roles = "Reader" }, { scopes = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/read" }] }

[[route]]
path     = "/not"
upstream = "http://localhost:1234"
require  = { not = { scopes = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/read" } }

[[route]]
path     = "/group"
upstream = "http://localhost:1234"
require  = { groups = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101" }

[[route]]
path     = "/own"
upstream = "http://localhost:1234"
headers  = { "X-Auth-User" = "sub", "X-Api-Key" = "=canary-of-a-key" }

[[route]]
path          = "/apache"
upstream      = "http://localhost:1234"
access_token  = { scope = "api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default" }
headers       = "mod_auth_openidc"

[[route]]
path             = "/inside"
upstream         = "http://localhost:1234"
require          = { networks = ["10.0.0.0/8"] }
when_not_allowed = "sign-in"

[[route]]
path             = "/members"
upstream         = "http://localhost:1234"
require          = { groups = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101" }
when_not_allowed = "sign-in"

[[route]]
path            = "/gone"
upstream        = "http://localhost:1234"
when_signed_out = "410"

[[route]]
host     = "two.example.com"
path     = "/"
upstream = "http://localhost:5678"
"#;

fn stage() -> Stage {
    let stage = Stage::new();
    stage.file("vestibule.toml", FILE);
    stage.file(
        "claims.json",
        r#"{ "sub": "Kx8aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678AAAAA", "roles": ["Reader"] }"#,
    );
    stage
}

fn request(stage: &Stage, line: &str, more: &[&str]) -> Report {
    let fixed = [
        CONFIG[0],
        CONFIG[1],
        "--session-claims",
        "{}/claims.json",
        "--request",
        line,
    ];
    stage.report(&fixed.iter().chain(more).copied().collect::<Vec<_>>())
}

#[test]
fn a_claim_that_nobody_sends_comes_with_its_cure() {
    let report = request(&stage(), "GET /group", &[]);
    assert_eq!(decision(&report), ("forbid", "claim_missing"));
    assert_eq!(report.findings[0].code, "VST-TOKEN-NO-GROUPS");
    assert!(
        report.findings[0].change[0]
            .name
            .contains("Add groups claim")
    );
    let report = request(&stage(), "GET /either", &["--granted", ""]);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

fn decision(report: &Report) -> (&'static str, &'static str) {
    let Subject::Request(said) = &report.subject else {
        panic!("no request");
    };
    (said.details.decision, said.details.reason)
}

/// Whatever is wrong with a cookie, the sentence says what.
#[test]
fn why_a_cookie_is_no_session_is_said() {
    let stage = stage();
    let handle = |letter: &str| format!("__Host-vestibule={}", letter.repeat(43));
    let both = format!("Cookie: {}; {}", handle("A"), handle("E"));
    for (cookie, reason, says) in [
        ("X: y", "no_session", "nobody is signed in"),
        (
            "Cookie: __Host-vestibule=x",
            "session_cookie_malformed",
            "the session cookie is none of ours",
        ),
        (
            &both,
            "session_cookie_ambiguous",
            "there are several session cookies, between which nobody can choose",
        ),
    ] {
        let report = stage.report(&[
            CONFIG[0],
            CONFIG[1],
            "--request",
            "GET /own",
            "--header",
            cookie,
        ]);
        assert_eq!(decision(&report), ("sign_in", reason));
        let text = page(&report);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let sentence = format!("takes the route /own; {says}, so the person");
        assert!(text.contains(&sentence), "{text}");
        assert!(text.contains(&format!("authenticate {says}")), "{text}");
    }
}

/// The status is the proxy's, in the first sentence, the details and the stage alike.
#[test]
fn one_status_is_told_of_whoever_is_turned_away() {
    let stage = stage();
    stage.file(
        "many.json",
        r#"{ "sub": "Kx8aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678AAAAA", "hasgroups": true }"#,
    );
    let (nobody, reader, many) = ("", "{}/claims.json", "{}/many.json");
    let network = ["--peer", "10.1.2.3"];
    for (line, claims, more, status) in [
        ("GET /inside", reader, &[][..], 403),
        ("GET /members", reader, &[], 303),
        ("GET /members", many, &[], 403),
        ("GET /gone", nobody, &[], 410),
        ("GET /inside", nobody, &network, 303),
    ] {
        let mut arguments = vec![CONFIG[0], CONFIG[1], "--request", line];
        if !claims.is_empty() {
            arguments.extend(["--session-claims", claims]);
        }
        arguments.extend(more);
        let report = stage.report(&arguments);
        let text = page(&report);
        let decided = format!("{status}: ");
        assert!(
            text.contains(&format!("answered with {status}")),
            "{line}: {text}"
        );
        let step = text
            .lines()
            .find(|line| line.starts_with("  decide "))
            .unwrap();
        assert!(step.contains(&decided), "{line}: {step}");
        for other in ["303", "401", "403", "410"] {
            let told = text.contains(other);
            assert_eq!(told, other == status.to_string(), "{line}: {text}");
        }
    }
}

/// The running proxy answers by the same code: `vestibule_proxy::signin::own`.
#[test]
fn an_address_of_ours_without_an_endpoint_is_answered_as_by_the_proxy() {
    let stage = stage();
    for (line, reason, status, says) in [
        (
            "GET /.vestibule/nope",
            "not_found",
            Some(404),
            "none of its endpoints is there",
        ),
        (
            "POST /.vestibule/events",
            "method_not_allowed",
            Some(405),
            "takes GET and not POST",
        ),
        (
            "GET /.vestibule/callback/x",
            "not_found",
            Some(404),
            "the answer is 404",
        ),
        (
            "GET /.vestibule/me",
            "own",
            None,
            "the proxy answers it itself",
        ),
    ] {
        let report = stage.report(&[CONFIG[0], CONFIG[1], "--request", line]);
        let Subject::Request(said) = &report.subject else {
            panic!("no request");
        };
        assert_eq!(
            (said.details.reason, said.details.status),
            (reason, status),
            "{line}"
        );
        assert!(said.verdict.contains(says), "{line}: {}", said.verdict);
    }
}

#[test]
fn a_rule_on_scopes_is_decided_as_far_as_the_answer_of_the_provider_is_known() {
    let stage = stage();
    let read = format!("api://{API}/read");
    let said = ["--granted", &read];
    for (line, more, expected) in [
        // Entra's answer lists the scopes of the API that the first route asks for.
        ("GET /openid", &[][..], ("forbid", "scope_not_granted")),
        (
            "GET /openid",
            &["--granted", "openid"],
            ("forward", "allowed"),
        ),
        ("GET /read", &[], ("unknown", "scope_not_known")),
        ("GET /read", &said, ("forward", "allowed")),
        (
            "GET /read",
            &["--granted", ""],
            ("forbid", "scope_not_granted"),
        ),
        // What does not matter is no reason not to decide.
        ("GET /either", &[], ("forward", "allowed")),
        ("GET /not", &[], ("unknown", "scope_not_known")),
        ("GET /not", &said, ("forbid", "scope_granted")),
    ] {
        let report = request(&stage, line, more);
        let (kind, reason) = decision(&report);
        assert_eq!(kind, expected.0, "{line} {more:?}");
        if kind != "forward" {
            assert_eq!(reason, expected.1, "{line} {more:?}");
        }
        let schema = schema::schema();
        let value: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(
            crate::schema::violation(&schema, &value, &schema, ""),
            None,
            "{line}"
        );
    }
}

#[test]
fn what_default_grants_is_said_not_to_be_known() {
    let report = request(&stage(), "GET /read/x", &[]);
    assert_eq!(report.exit(), crate::exit::Exit::Done);
    insta::assert_snapshot!(page(&report));
}

#[test]
fn a_whole_address_is_asked_of_its_own_host() {
    let stage = stage();
    for (line, host, path, expected) in [
        (
            "GET https://two.example.com:8443/x?y=1",
            "two.example.com:8443",
            "/x",
            "forward",
        ),
        (
            "https://two.example.com:8443",
            "two.example.com:8443",
            "/",
            "forward",
        ),
        (
            "GET https://portal.example.com/foo/x#part",
            "portal.example.com",
            "/foo/x",
            "forward",
        ),
        (
            "GET https://portal.example.com:443/foo",
            "portal.example.com:443",
            "/foo",
            "forward",
        ),
        (
            "GET https://ada@portal.example.com/foo",
            "portal.example.com",
            "/foo",
            "forward",
        ),
        (
            "GET https://other.example.com/foo",
            "other.example.com",
            "/foo",
            "refuse",
        ),
    ] {
        let report = request(&stage, line, &[]);
        let Subject::Request(said) = &report.subject else {
            panic!("no request");
        };
        let details = &said.details;
        assert_eq!(details.decision, expected, "{line}");
        assert_eq!(
            (details.host.as_str(), details.path.as_str()),
            (host, path),
            "{line}"
        );
    }
}

#[test]
fn queries_and_keys_are_not_shown_and_what_the_file_sets_of_the_person_is() {
    let stage = stage();
    let more = [
        "--header",
        "Referer: https://x.example/?t=canary-r",
        "--header",
        "X-Original-URL: /a?t=canary-o#canary-f",
        "--header",
        "X-Api-Key: canary-of-another",
    ];
    for line in ["GET /foo/x", "GET /own/x"] {
        let report = request(&stage, line, &more);
        let text = page(&report);
        assert!(!text.to_lowercase().contains("canary"), "{text}");
        assert!(
            text.contains("Referer: https://x.example/?(the query)"),
            "{text}"
        );
    }
    let own = page(&request(&stage, "GET /own/x", &[]));
    assert!(
        own.contains("X-Auth-User: Kx8aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678AAAAA"),
        "{own}"
    );
    assert!(own.contains("X-Api-Key: (not shown)"), "{own}");
}

#[test]
fn a_header_of_the_granted_scopes_has_none_that_were_guessed() {
    let stage = stage();
    let header = |more: &[&str]| {
        let text = page(&request(&stage, "GET /apache/x", more));
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with("OIDC_scope:"));
        line.map(str::to_owned)
    };
    let told = |value: &str| Some(format!("OIDC_scope: {value}").trim_end().to_owned());
    assert_eq!(header(&[]), told("(the scopes that were granted)"));
    assert_eq!(header(&["--granted", "a b"]), told("a b"));
    assert_eq!(header(&["--granted", ""]), told(""));
}

/// Two providers have the same redirect path, each at its own host, and the app has it at a third.
#[test]
fn a_redirect_path_is_an_answer_at_the_hosts_of_its_provider_alone() {
    let stage = Stage::new();
    let provider = |name: &str| {
        format!(
            "[provider.{name}]\nissuer = \"https://{name}.example.org\"\nclient_id = \"x\"\nclient_secret = \"env:NO\"\n\
             hosts = \"{name}.example.com\"\nredirect_path = \"/secure/redirect_uri\"\n"
        )
    };
    let file = format!(
        "public_url = [\"https://a.example.com\", \"https://b.example.com\", \"https://c.example.com\"]\n\
         listen = \"127.0.0.1:8080\"\n{}{}[[route]]\npath = \"/\"\nupstream = \"http://localhost:1\"\nrequire = \"public\"\n",
        provider("a"),
        provider("b"),
    );
    stage.file("vestibule.toml", &file);
    for (host, expected) in [("a", "own"), ("b", "own"), ("c", "forward")] {
        let line = format!("GET https://{host}.example.com/secure/redirect_uri?state=x&code=y");
        let report = stage.report(&["--config", "{}/vestibule.toml", "--request", &line]);
        let told: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(told["subject"]["decision"], expected, "{host}: {told}");
    }
}
