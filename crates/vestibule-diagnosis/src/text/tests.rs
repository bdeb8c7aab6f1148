use proptest::prelude::*;

use super::*;
use crate::evidence::{Evidence, Role};
use crate::testing::{API, CLIENT, TENANT, texts};

const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJhcGk6Ly94In0.c2lnbmF0dXJlY2FuYXJ5";

#[test]
fn an_error_page_of_entras_is_read() {
    let page = format!(
        "Sign in\nSorry, but we're having trouble signing you in.\n\nAADSTS50011: The redirect URI \
         'https://portal.example.com/cb?x=1' specified in the request does not match the redirect URIs \
         configured for the application '{CLIENT}'.\r\nTrace ID: {TENANT}\r\nCorrelation ID: {API}\r\n\
         Timestamp: 2026-03-01 10:11:12Z\r\n"
    );
    let found = read(&page);
    assert_eq!(found.aadsts, [50_011]);
    assert_eq!(found.correlation_id.as_deref(), Some(API));
    assert_eq!(found.trace_id.as_deref(), Some(TENANT));
    assert_eq!(found.timestamp.as_deref(), Some("2026-03-01 10:11:12Z"));
    assert_eq!(found.guids, texts(&[CLIENT, TENANT, API]));
    assert_eq!(found.urls, ["https://portal.example.com/cb"]);
    assert!(found.quoted.contains(&CLIENT.to_owned()));
    assert!(found.says("Does Not Match") && !found.says("does match"));
    assert_eq!(found.word_after("the application"), Some(CLIENT));
}

#[test]
fn a_description_on_one_line_is_read() {
    let line = format!(
        "AADSTS65001: text. Trace ID: {TENANT} Correlation ID: {API} Timestamp: 2026-03-01 10:11:12Z"
    );
    let found = read(&line);
    assert_eq!(found.trace_id.as_deref(), Some(TENANT));
    assert_eq!(found.correlation_id.as_deref(), Some(API));
    assert_eq!(found.timestamp.as_deref(), Some("2026-03-01 10:11:12Z"));
}

#[test]
fn codes_of_everybody_are_found_whole() {
    for (text, aadsts, codes) in [
        ("AADSTS7000218: x AADSTS7000218", vec![7_000_218], vec![]),
        ("aadsts50011", vec![50_011], vec![]),
        (
            "(AADB2C90118) IDX10214: IDW10201 MSIS9921",
            vec![],
            vec!["AADB2C90118", "IDX10214", "IDW10201", "MSIS9921"],
        ),
        ("XAADSTS50011 AADSTS IDX1 AADSTS99999999999", vec![], vec![]),
        ("idx10503:x", vec![], vec!["IDX10503"]),
    ] {
        let found = read(text);
        assert_eq!(found.aadsts, aadsts, "{text}");
        assert_eq!(found.codes, texts(&codes), "{text}");
    }
}

#[test]
fn an_error_of_the_token_endpoint_is_read_from_a_log() {
    let line = r#"2026-03-01 WARN token endpoint: {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret. Trace ID: t-1\r\nCorrelation ID: c-1\r\nTimestamp: 2026-03-01 10:11:12Z","error_codes":[7000215],"suberror":"bad_token"} (status 401)"#;
    let found = read(line);
    let error = found.error.unwrap();
    assert_eq!(error.error.as_deref(), Some("invalid_client"));
    assert_eq!(error.aadsts, [7_000_215]);
    assert_eq!(error.suberror.as_deref(), Some("bad_token"));
    assert_eq!(error.correlation_id.as_deref(), Some("c-1"));
}

#[test]
fn an_answer_of_the_token_endpoint_loses_its_tokens() {
    let evidence = Evidence::of_text(&format!(
        r#"{{"token_type":"Bearer","scope":"openid","expires_in":"3599","access_token":"{JWT}","id_token":"{JWT}","refresh_token":"0.ASgABC.canary"}}"#
    ));
    let answer = evidence.token_response.as_ref().unwrap();
    assert!(answer.has("refresh_token") && answer.has("id_token"));
    assert_eq!(answer.expires_in, Some("3599".into()));
    assert_eq!(evidence.token.as_ref().unwrap().role, Role::Access);
    assert_eq!(evidence.id_token.as_ref().unwrap().role, Role::Id);
    assert!(!format!("{evidence:?}").contains("canary"));
}

#[test]
fn a_callbacks_address_is_read_without_its_values() {
    let address = "https://portal.example.com/.vestibule/callback?error=access_denied&error_description=\
                   AADSTS65004%3a+The+user+declined.%0d%0aTrace+ID%3a+t-1&state=canary#";
    let found = read(address);
    let callback = found.callback.as_ref().unwrap();
    assert_eq!(
        callback.url.as_deref(),
        Some("https://portal.example.com/.vestibule/callback")
    );
    assert!(callback.has("state") && !callback.in_fragment);
    assert_eq!(found.aadsts, [65_004]);
    assert_eq!(found.trace_id.as_deref(), Some("t-1"));
    assert_eq!(
        found.error.as_ref().unwrap().error.as_deref(),
        Some("access_denied")
    );

    let code = read("GET /cb#code=0.ASgABCDEFGH.canary&state=x HTTP/1.1");
    assert!(code.callback.as_ref().unwrap().in_fragment);
    assert!(!format!("{code:?}").contains("canary"));
    let start =
        read("https://login.example/authorize?response_type=code&state=x&code=y&redirect_uri=z");
    assert_eq!(start.callback, None, "a request to sign in is no callback");
}

#[test]
fn tokens_are_found_in_text_and_not_kept_in_it() {
    let found = read(&format!("access_token={JWT}; got 401, id_token={JWT}"));
    let roles: Vec<_> = found.tokens.iter().map(|token| token.role).collect();
    assert_eq!(roles, [Role::Access, Role::Id]);
    assert!(!found.says("c2lnbmF0dXJl") && found.says("got 401"));
    assert!(!found.is_empty() && read("hello, world").is_empty());
}

#[test]
fn entities_and_escapes_of_copied_pages_are_undone() {
    let found = read(r"The scope &#39;api://x/read&#39; and https:\/\/portal.example.com\/cb");
    assert_eq!(found.api_uris, ["api://x/read"]);
    assert_eq!(found.urls, ["https://portal.example.com/cb"]);
}

/// Each part is read a bounded number of times, whatever stands in it.
#[test]
fn hostile_text_takes_no_time_and_no_room() {
    // Objects are looked for in four readings, each at 64 places and 64 KiB far; all else is read a few times.
    let most = (MAX_STRINGS + 1) * 64 * (64 << 10) + 16 * MAX_BYTES;
    for piece in [
        "AADSTS50011. ",
        "AADSTS50011; AADSTS700016. ",
        "/cb?error=x&state=y ",
        "error=x&state=y error_description=z ",
        "bearer ",
        "bearer error=",
        "Bearer a=\"",
        "{",
        "{\"",
        "'",
        "AADSTS50011 ",
        "eyJ.",
        "https://",
        "error=&",
        "\\",
        "&#39;",
        "é{",
        "a",
    ] {
        let text = piece.repeat((4 * MAX_BYTES) / piece.len());
        let mut found = Found::default();
        let looked_at = steps::at_most(most, || found = read(&text));
        assert!(looked_at >= MAX_BYTES, "{piece:?} is not counted");
        let kept = [&found.quoted, &found.urls, &found.guids, &found.codes];
        assert!(kept.iter().all(|list| list.len() <= MAX_KEPT));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,300}|[-A-Za-z0-9{}\":=&?#/.' ]{0,300}") {
        let evidence = Evidence::of_text(&text);
        let _ = crate::diagnose(&evidence);
    }

    /// A secret in any place of a text comes out nowhere.
    #[test]
    fn no_finding_shows_a_secret_of_the_text(
        before in "(AADSTS(50011|7000215|65001): )?[a-z '\"]{0,40}",
        name in "(code=|\"access_token\":\"|Bearer |client_secret=|id_token=|'|https://x.example/?state=)",
        after in "['\"&} ]?(state=x&error=y)?[a-z IDX10214]{0,40}",
    ) {
        for secret in [
            JWT,
            "Kx8Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ012345678",
            "Abc8Q~abcdefghijklmnopqrstuvwxyz01234.x",
            "M.C555_BL2.0.U.-CsAbCdEf!GhIjKl*canary-of-it",
            "EwBwA8l6BAAUO9chh8cJscQLmU+xyz/canary-of-it==",
        ] {
            let evidence = Evidence::of_text(&format!("{before}{name}{secret}{after}"));
            for finding in crate::diagnose(&evidence) {
                let text = serde_json::to_string(&finding).unwrap();
                let tail = secret.get(secret.len() - 12..).unwrap();
                prop_assert!(!text.contains(tail), "{text}");
            }
        }
    }
}

/// A host that could not be looked up, where no address is written: told only of a provider's.
#[test]
fn a_host_that_has_no_address_is_found() {
    let codes = |text: &str| -> Vec<_> {
        let found = crate::diagnose(&Evidence::of_text(text));
        found.into_iter().map(|finding| finding.code).collect()
    };
    for text in [
        "dial tcp: lookup login.microsoftonline.com on 10.96.0.10:53: no such host",
        "dial tcp: lookup login.microsoftonline.com: no such host",
        "Error: getaddrinfo ENOTFOUND login.microsoftonline.com",
        "curl: (6) Could not resolve host: login.microsoftonline.com",
        "java.net.UnknownHostException: contoso.okta.com",
        "Failed to resolve 'accounts.google.com' ([Errno -2] Name or service not known)",
    ] {
        assert_eq!(codes(text), ["VST-KEYS-UNREACHABLE"], "{text}");
    }
    for text in [
        "dial tcp: lookup db.internal on 10.96.0.10:53: no such host",
        "dial tcp: lookup login.microsoftonline.com.evil.example: no such host",
        "lookup login.microsoftonline.com took 3 ms",
    ] {
        assert_eq!(codes(text), [""; 0], "{text}");
    }
}

#[test]
fn an_address_that_was_encoded_as_a_whole_is_read() {
    let text = "https%3A%2F%2Fportal.example.com%2Fcb%3Ferror%3Dinvalid_request%26error_description%3DAADSTS50011%253A%2BThe\
                %26state%3Dcanary";
    let found = read(text);
    assert_eq!(found.aadsts, [50_011]);
    assert!(found.callback.is_some() && !format!("{found:?}").contains("canary"));
    // A parameter of another address stays in it.
    let inner = read("https://login.example/x?redirect_uri=https%3A%2F%2Fportal.example.com%2Fcb");
    assert_eq!(inner.urls, ["https://login.example/x"]);
}

#[test]
fn a_value_ends_where_a_tag_begins() {
    let page = "<p>AADSTS900144: The request body must contain the following parameter: &#39;client_id&#39;.</p>";
    let finding = crate::diagnose(&Evidence::of_text(page)).remove(0);
    assert!(finding.seen.contains("parameter `client_id`"), "{finding}");
}

#[test]
fn a_log_of_apaches_module_is_known_by_its_functions() {
    assert!(read("oidc_response_match_state: unable to restore state").is_apache());
    assert!(!read("oidc_client_id is not set").is_apache());
}

/// As people write them.
#[test]
fn a_number_apart_from_its_prefix_is_found() {
    for text in [
        "aadsts 50011",
        "AADSTS-50011",
        "AADSTS: 50011",
        "Aadsts_50011.",
    ] {
        assert_eq!(read(text).aadsts, [50011], "{text}");
    }
    for text in [
        "aadsts 5001",
        "AADSTS (see 50011)",
        "XAADSTS 50011",
        "AADSTS\n\n\n50011",
    ] {
        assert_eq!(read(text).aadsts, [0; 0], "{text}");
    }
    assert_eq!(read("idx 10214").codes, ["IDX10214"]);
}

/// Entra's sign-in log writes numbers without their prefix.
#[test]
fn numbers_of_the_sign_in_log_are_found() {
    for text in [
        "Sign-in error code: 50105\nFailure reason: not assigned",
        r#"{"appId":"x","status":{"errorCode":50105,"failureReason":"not assigned"}}"#,
    ] {
        assert_eq!(read(text).aadsts, [50105], "{text}");
    }
    for text in [
        "error code 50105",
        "Sign-in error code: 0",
        r#"{"errorCode":12}"#,
    ] {
        assert_eq!(read(text).aadsts, [0; 0], "{text}");
    }
}

/// The address stands behind a later mention of the words than the first.
#[test]
fn a_value_is_found_behind_any_mention_of_its_name() {
    let text = "Error 400: redirect_uri_mismatch\nRequest details: redirect_uri=https://portal.example.com/cb";
    let finding = crate::diagnose(&Evidence::of_text(text)).remove(0);
    assert!(
        finding.seen.contains("`https://portal.example.com/cb`"),
        "{finding}"
    );
}

/// A plain text with a secret in it is not taken for a description.
#[test]
fn an_error_in_plain_text_keeps_no_secret() {
    let text = format!("invalid_grant: {JWT}");
    assert_eq!(read(&text).error, None);
    assert_eq!(read("the error invalid_grantx: no").error, None);
}

#[test]
fn a_description_without_escapes_is_read_to_its_end() {
    for (text, description) in [
        (
            "\"/cb?error=x&error_description=needs+a+service+(%22api%3a%2f%2fx%22)+that+is=off.\" HTTP/1.1",
            "needs a service (\"api://x\") that is=off.",
        ),
        ("/cb?error=x&error_description=a+b&state=c", "a b"),
        (
            "/cb?xerror_description=a+b&error=x&error_description=c",
            "c",
        ),
        (
            "https://x.example/cb?error=access_denied&error_description=the user denied",
            "the user denied",
        ),
        (
            "GET /cb?error=access_denied&error_description=the user denied&state=x HTTP/1.1",
            "the user denied",
        ),
        (
            "\"GET /cb?error=access_denied&error_description=denied HTTP/1.1\" 302 0",
            "denied",
        ),
        (
            "error=access_denied, error_description=the user denied, state=abc",
            "the user denied",
        ),
        (
            "https://x.example/cb?error=access_denied&error_description=the+user+denied and more",
            "the user denied",
        ),
        (
            "https://x.example/cb?error=access_denied&error_description=the%20user%20denied",
            "the user denied",
        ),
        (
            "/cb?error=access_denied&error_description=it was eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.AAAA",
            "it was",
        ),
    ] {
        let error = read(text).error.unwrap();
        assert_eq!(error.description.as_deref(), Some(description), "{text}");
    }
}

#[test]
fn a_frame_of_a_trace_of_calls_is_no_code() {
    let found = read(
        "at Microsoft.AspNetCore.Authentication.RemoteAuthenticationHandler`1.HandleRequestAsync()",
    );
    assert_eq!(found.tokens, []);
}

#[test]
fn a_preflight_of_a_request_that_was_redirected_is_a_redirect() {
    let refused = "from origin 'https://a.example' has been blocked by CORS policy: Response to preflight request doesn't pass";
    assert_eq!(read(refused).sayings, [Saying::Preflight]);
    let redirected = format!(
        "Access to fetch at 'https://login.example/' (redirected from 'https://a.example/api') {refused}"
    );
    assert_eq!(read(&redirected).sayings, [Saying::Cors]);
}

#[test]
fn a_code_that_is_only_talked_about_is_in_no_other_list() {
    let found = read("We fixed AADSTS50011 and IDX10214 last week");
    assert_eq!(found.mentioned, ["AADSTS50011", "IDX10214"]);
    assert_eq!((found.aadsts.len(), found.codes.len()), (0, 0));
    assert!(!found.is_empty());
}

#[test]
fn what_our_own_log_line_says_is_the_finding_it_names() {
    let line = "WARN the access token for /foo is not a JWT: it is opaque finding=\"VST-TOKEN-OPAQUE-PERSONAL\"";
    let found = read(line);
    assert_eq!((found.own.len(), found.sayings.len()), (1, 0));
    let findings = crate::diagnose(&Evidence::of_text(line));
    assert_eq!(findings.len(), 1, "{findings:?}");
    // What others write beside it still counts.
    assert_eq!(
        read(&format!("{line}\njwt expired")).sayings,
        [Saying::Expired]
    );
}

#[test]
fn a_number_alone_is_asked_for_where_it_is_known() {
    assert_eq!(read("50011\n").aadsts, [50_011]);
    for text in ["50099999", "50011 requests", "5001", "12345678901234567890"] {
        assert_eq!(read(text).aadsts, [0; 0], "{text}");
    }
}

#[test]
fn an_error_on_googles_page_is_read() {
    for (text, name, description) in [
        (
            "Error 400: invalid_scope Some requested scopes were invalid. {invalid=[x]}",
            "invalid_scope",
            Some("Some requested scopes were invalid."),
        ),
        ("Error 401: invalid_client", "invalid_client", None),
        (
            "Error 403: access_denied The app is being tested",
            "access_denied",
            Some("The app is being tested"),
        ),
    ] {
        let error = read(text).error.unwrap();
        assert_eq!(error.error.as_deref(), Some(name), "{text}");
        assert_eq!(error.description.as_deref(), description, "{text}");
    }
}
