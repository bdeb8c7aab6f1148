use super::*;

fn refusal(line: &str) -> String {
    Request::parse(line.as_bytes()).unwrap_err().code
}

#[test]
fn a_request_reads_back_as_itself_on_one_line() {
    let named = |text: &str| text.parse().unwrap();
    for which in [
        Which::All,
        Which::Id("0123456789abcdef".parse().unwrap()),
        Which::User(named("Ann\n\u{1b}[2J\"")),
        Which::Subject {
            subject: named("ann"),
            issuer: None,
        },
        Which::Sid {
            sid: named("s1"),
            issuer: Some(named("https://provider.example")),
        },
    ] {
        for ask in [
            Ask::List {
                which: which.clone(),
                after: Some("00000000000000ff".parse().unwrap()),
                most: 7,
            },
            Ask::Revoke { which, after: None },
        ] {
            let request = Request::new(ask);
            let line = request.line().unwrap();
            assert!(line.ends_with(b"\n") && !line[..line.len() - 1].contains(&b'\n'));
            assert_eq!(Request::parse(&line), Ok(request));
        }
    }
}

#[test]
fn what_a_client_writes_by_hand_is_understood() {
    for line in [
        r#"{"version":1,"ask":{"list":{"which":"all","after":null,"most":10}}}"#,
        r#"{"version":1,"ask":{"list":{"which":{"user":"ann"},"most":10}}}"#,
        r#"{"version":1,"ask":{"revoke":{"which":{"id":"0123456789abcdef"}}}}"#,
        r#"{"version":1,"ask":{"revoke":{"which":{"subject":{"subject":"ann"}}}}}"#,
    ] {
        assert!(Request::parse(line.as_bytes()).is_ok(), "{line}");
    }
}

#[test]
fn another_version_is_told_apart_from_nonsense() {
    assert_eq!(refusal(r#"{"version":2,"please":1}"#), "version");
    for line in [
        "",
        "null",
        "[]",
        "{",
        r#"{"ask":{"revoke":{"which":"all"}}}"#,
        r#"{"version":"1","ask":{"revoke":{"which":"all"}}}"#,
        r#"{"version":1}"#,
        r#"{"version":1,"ask":"revoke"}"#,
        r#"{"version":1,"ask":{"list":{"which":"all","most":70000}}}"#,
        r#"{"version":1,"ask":{"list":{"which":"all","most":1,"after":"x"}}}"#,
        r#"{"version":1,"ask":{"revoke":{"which":{"user":""}}}}"#,
    ] {
        assert_eq!(refusal(line), "request", "{line}");
    }
}

/// A member that is not known could be one that narrows what is ended.
#[test]
fn nothing_is_ended_by_a_request_that_says_more_than_is_understood() {
    for line in [
        r#"{"version":1,"ask":{"revoke":{"which":"all","only":"idle"}}}"#,
        r#"{"version":1,"ask":{"revoke":{"which":{"subject":{"subject":"ann","isuer":"x"}}}}}"#,
        r#"{"version":1,"ask":{"revoke":{"which":{"user":"ann","provider":"main"}}}}"#,
        r#"{"version":1,"dry":true,"ask":{"revoke":{"which":"all"}}}"#,
    ] {
        assert_eq!(refusal(line), "request", "{line}");
    }
}

/// Whatever is changed in a request, it is refused or means exactly what it says.
#[test]
fn a_mutated_request_is_refused_or_reads_back_as_itself() {
    let whole = r#"{"version":1,"ask":{"revoke":{"which":{"subject":{"subject":"ann","issuer":"https://a.example"}},"after":"0123456789abcdef"}}}"#;
    for at in 0..whole.len() {
        for replacement in [
            &b""[..],
            b"x",
            b"\"",
            b"{",
            b"\\",
            b"\0",
            b"\xff",
            b"1e400,",
        ] {
            let line = [
                &whole.as_bytes()[..at],
                replacement,
                &whole.as_bytes()[at + 1..],
            ]
            .concat();
            if let Ok(request) = Request::parse(&line) {
                assert_eq!(
                    Request::parse(&request.line().unwrap()),
                    Ok(request.clone())
                );
                let Ask::Revoke { which, .. } = request.ask else {
                    panic!("{request:?}");
                };
                assert_ne!(which, Which::All);
            }
        }
    }
    let deep = format!("{{\"version\":1,\"ask\":{}", "[".repeat(REQUEST_MAX_BYTES));
    assert_eq!(refusal(&deep), "request");
}
