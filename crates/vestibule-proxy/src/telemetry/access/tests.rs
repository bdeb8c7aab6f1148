use vestibule_gate::decision::Kind;
use vestibule_gate::trace::{Outcome, Stage};

use super::*;

fn measured() -> Measured {
    Measured {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_357_743_123),
        status: 200,
        bytes_in: 3,
        bytes_out: 1024,
        duration: Duration::from_micros(1500),
        complete: true,
    }
}

fn trace(detail: &str) -> Trace {
    let mut trace = Trace::new();
    trace.note(Stage::Read, Outcome::Read);
    trace.note_about(Stage::Route, Outcome::Found, detail);
    trace
}

fn raw(method: &str, host: &str, target: &str) -> Asked {
    Asked::Raw {
        method: Bytes::copy_from_slice(method.as_bytes()),
        host: Bytes::copy_from_slice(host.as_bytes()),
        target: Bytes::copy_from_slice(target.as_bytes()),
    }
}

fn entry() -> Entry {
    Entry {
        incident: Some(IncidentId::from_entropy([0; 10])),
        asked: raw("GET", "portal.example.com", "/foo/whoami"),
        client: Some([192, 0, 2, 7].into()),
        route: Some("/foo".into()),
        subject: None,
        error: None,
        trace: Some(trace("/foo")),
        upstream_time: Some(Duration::from_micros(900)),
    }
}

#[test]
fn a_json_line_is_one_object_with_everything() {
    let line = entry().line(&measured(), Format::Json);
    assert_eq!(
        line,
        concat!(
            r#"{"time":"2026-11-22T14:29:03.123Z","incident":"0000-0000-0000-0000","client":"192.0.2.7","method":"GET","#,
            r#""host":"portal.example.com","path":"/foo/whoami","status":200,"route":"/foo","#,
            r#""bytes_in":3,"bytes_out":1024,"duration_ms":1.500,"upstream_ms":0.900,"complete":true,"#,
            r#""trace":[{"stage":"read","outcome":"read"},{"stage":"route","outcome":"found","detail":"/foo"}]}"#,
            "\n"
        )
    );
    assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
}

#[test]
fn a_text_line_is_pairs() {
    let line = Entry {
        trace: None,
        ..entry()
    }
    .line(&measured(), Format::Text);
    assert_eq!(
        line,
        "time=2026-11-22T14:29:03.123Z incident=0000-0000-0000-0000 client=192.0.2.7 method=GET host=portal.example.com \
         path=/foo/whoami status=200 route=/foo bytes_in=3 bytes_out=1024 duration_ms=1.500 \
         upstream_ms=0.900 complete=true\n"
    );
}

#[test]
fn a_text_lines_trace_is_stages_and_outcomes() {
    let line = entry().line(&measured(), Format::Text);
    assert!(line.ends_with(" trace=read:read,route:found\n"), "{line}");
}

/// CVE-2024-45808, CVE-2025-25294: what a client sends can't forge a line, a field or a terminal's colours.
#[test]
fn cve_2024_45808_client_values_stay_one_line() {
    for hostile in [
        "/a\nfake=1",
        "/a\r\n{\"status\":200}",
        "/a\u{1b}[31mred",
        "/a\" status=\"200",
        "/a\\",
        "/a\u{85}b\u{2028}c\u{202e}d\u{7f}",
        "/a\u{e000}\u{10ffff}",
        "a b=c",
    ] {
        let entry = Entry {
            asked: raw(hostile, hostile, hostile),
            trace: Some(trace(hostile)),
            ..entry()
        };
        for format in [Format::Json, Format::Text] {
            let line = entry.line(&measured(), format);
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert!(line.ends_with('\n'));
            assert!(!line.trim_end().chars().any(needs_escape), "{line:?}");
        }
        let json: serde_json::Value =
            serde_json::from_str(&entry.line(&measured(), Format::Json)).unwrap();
        assert_eq!(json["path"], hostile);
        assert_eq!(json["status"], 200);
        assert_eq!(json["trace"][1]["detail"], hostile);
        // In text a value with anything special is quoted, so it can't pass for another field.
        let text = entry.line(&measured(), Format::Text);
        assert_eq!(text.matches(" status=200 ").count(), 1, "{text}");
    }
}

/// mod_auth_openidc 2026: codes and tokens in the log. A query is cut even when a caller hands one over.
#[test]
fn a_query_is_never_logged() {
    let entry = Entry {
        asked: raw("GET", "h", "/.vestibule/callback?code=canary&state=canary"),
        ..entry()
    };
    for format in [Format::Json, Format::Text] {
        assert!(!entry.line(&measured(), format).contains("canary"));
    }
}

#[test]
fn a_long_value_is_cut() {
    let entry = Entry {
        asked: raw("GET", "h", &"é".repeat(10_000)),
        ..entry()
    };
    let line = entry.line(&measured(), Format::Json);
    assert!(line.contains('…') && line.len() < 2048, "{}", line.len());
}

#[test]
fn a_client_that_left_has_no_status() {
    let line = entry().line(
        &Measured {
            status: 0,
            complete: false,
            ..measured()
        },
        Format::Json,
    );
    assert!(line.contains(r#""status":null"#) && line.contains(r#""complete":false"#));
}

#[test]
fn a_request_that_was_read_is_shown_as_it_was_decided_on() {
    let asked = |host: &str| {
        Asked::Read(request::Asked {
            method: vestibule_gate::method::Method::Get,
            host: vestibule_gate::host::Host::parse(host.as_bytes()).unwrap(),
            path: vestibule_gate::path::CanonicalPath::parse(&Bytes::from_static(b"/a%7Eb"))
                .unwrap(),
        })
    };
    for host in ["portal.example.com", "localhost:8080", "[::1]:65535"] {
        let entry = Entry {
            asked: asked(host),
            ..entry()
        };
        let line: serde_json::Value =
            serde_json::from_str(&entry.line(&measured(), Format::Json)).unwrap();
        assert_eq!(
            (&line["method"], &line["host"], &line["path"]),
            (&"GET".into(), &host.into(), &"/a~b".into())
        );
    }
}

#[test]
fn a_trace_is_written_as_its_json_says() {
    let mut trace = trace("/foo \" é");
    trace.note(Stage::Decide, Outcome::Decided(Kind::Forward));
    let entry = Entry {
        trace: Some(trace.clone()),
        ..entry()
    };
    let line: serde_json::Value =
        serde_json::from_str(&entry.line(&measured(), Format::Json)).unwrap();
    assert_eq!(line["trace"], trace.to_json());
}

#[test]
fn numbers_are_written_as_the_standard_library_does() {
    for value in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
        let mut text = String::new();
        push_number(&mut text, value);
        assert_eq!(text, value.to_string());
    }
}

#[test]
fn a_text_value_is_quoted_unless_all_its_bytes_are_harmless() {
    for byte in 0..=u8::MAX {
        let harmless = byte.is_ascii_alphanumeric() || b"/-_.~:%@!$&'()*+,;[]".contains(&byte);
        assert_eq!(is_simple(byte), harmless, "{byte:#x}");
    }
}
