//! `Require` trees and what they mean.

use super::*;
use crate::apache::expand::expand;
use crate::apache::files::FixedFiles;
use std::path::Path;

/// What lets whom in, in TOML; and whether it was told exactly.
fn told(lines: &str) -> (Option<Access>, bool) {
    let files = FixedFiles::new().file("/a.conf", lines);
    let tree = expand(&files, &|_| None, Path::new("/a.conf")).unwrap();
    let mut ledger = Ledger::default();
    let items: Vec<&Item> = tree.items.iter().collect();
    let found = condition(&items, Some("upn"), &mut ledger).and_then(access);
    (found, !ledger.into_report(Default::default()).stops())
}

fn toml(lines: &str) -> String {
    match told(lines) {
        (Some(Access::Public), true) => "public".to_owned(),
        (Some(Access::Nobody), true) => "nobody".to_owned(),
        (Some(Access::SignedIn), true) => "signed-in".to_owned(),
        (Some(Access::Rule(rule)), true) => rule.to_toml(),
        (None, true) => "not to be told".to_owned(),
        (_, false) => "stops".to_owned(),
    }
}

#[test]
fn a_bare_group_is_any_of_its_lines() {
    for (lines, expected) in [
        ("Require valid-user", "signed-in"),
        ("Require all granted", "public"),
        ("Require all denied", "nobody"),
        ("Require valid-user\nRequire claim groups:x", "signed-in"),
        (
            "Require claim groups:x\nRequire claim groups:y",
            "{ groups = [\"x\", \"y\"] }",
        ),
        (
            "Require claim a:1 b:x",
            "{ any = [{ claim = \"a\", any_of = [\"1\", 1] }, { claim = \"b\", equals = \"x\" }] }",
        ),
        (
            "Require user ada gus",
            "{ claim = \"upn\", any_of = [\"ada\", \"gus\"] }",
        ),
        (
            "Require claim realm_access.roles:admin",
            "{ claim = \"realm_access.roles\", equals = \"admin\" }",
        ),
        (
            "Require claim scope~\\\\bread\\\\b",
            "{ claim = \"scope\", matches = \"\\\\bread\\\\b\" }",
        ),
    ] {
        assert_eq!(toml(lines), expected, "{lines}");
    }
}

#[test]
fn nested_groups_keep_their_meaning() {
    for (lines, expected) in [
        (
            "<RequireAll>\nRequire valid-user\nRequire claim groups:x\n</RequireAll>",
            "{ groups = [\"x\"] }",
        ),
        (
            "<RequireAll>\nRequire valid-user\nRequire ip 10.1\n</RequireAll>",
            "{ networks = [\"10.1.0.0/16\"] }",
        ),
        (
            "<RequireAll>\nRequire claim a:x\n<RequireNone>\nRequire claim b:y\n</RequireNone>\n</RequireAll>",
            "{ all = [{ claim = \"a\", equals = \"x\" }, { not = { claim = \"b\", equals = \"y\" } }] }",
        ),
        (
            "<RequireAll>\nRequire valid-user\nRequire not method DELETE\n</RequireAll>",
            "{ not = { methods = [\"DELETE\"] } }",
        ),
        (
            "<RequireAny>\nRequire claim a:x\n<RequireAll>\nRequire valid-user\nRequire all denied\n</RequireAll>\n</RequireAny>",
            "{ claim = \"a\", equals = \"x\" }",
        ),
    ] {
        assert_eq!(toml(lines), expected, "{lines}");
    }
}

#[test]
fn whoever_passes_without_sign_in_by_a_network_is_not_told_as_something_else() {
    for lines in [
        "Require ip 10.0.0.0/8",
        "Require ip 10.0.0.0/8\nRequire valid-user",
        "Require method GET",
        "<RequireAll>\nRequire not claim a:b\n</RequireAll>",
    ] {
        assert_eq!(toml(lines), "not to be told", "{lines}");
    }
}

#[test]
fn what_is_not_understood_stops() {
    for lines in [
        "Require group staff",
        "Require expr true",
        "Require host example.com",
        "Require",
        "Require valid-user extra",
        "Require claim groups~(?=staff)",
        "Require claim groups",
        "Require claim n:%{env:X}",
        "Require not claim a:b",
        "Require ip 10.1.2.3.4",
        "Require claim a:${NOBODY}",
        "<RequireAll>\n<Limit GET>\nRequire valid-user\n</Limit>\n</RequireAll>",
    ] {
        assert_eq!(toml(lines), "stops", "{lines}");
    }
}

#[test]
fn networks_are_written_whole() {
    for (text, expected) in [
        ("10", Some("10.0.0.0/8")),
        ("10.1.", Some("10.1.0.0/16")),
        ("10.1.2.3", Some("10.1.2.3")),
        ("10.1.0.0/255.255.0.0", Some("10.1.0.0/16")),
        ("2001:db8::/32", Some("2001:db8::/32")),
        ("10.1.2.3/8", Some("10.0.0.0/8")),
        ("x", None),
        ("10.1.2.3.4", None),
        ("", None),
    ] {
        assert_eq!(full_network(text).as_deref(), expected, "{text}");
    }
}

/// As Apache does: first as an expression, then as words.
#[test]
fn people_and_claims_are_unescaped_twice() {
    for (lines, expected) in [
        (
            r#"Require user "CORP\\\\bob""#,
            r#"{ claim = "upn", equals = "CORP\\bob" }"#,
        ),
        (
            r"Require claim role:us\\\\er x:us\er",
            r#"{ any = [{ claim = "role", equals = "us\\er" }, { claim = "x", equals = "user" }] }"#,
        ),
        (
            r"Require claim a:b\$1",
            r#"{ claim = "a", equals = "b$1" }"#,
        ),
        (
            r"Require claim scope~\\bread\\b",
            r#"{ claim = "scope", matches = "\\bread\\b" }"#,
        ),
        (r"Require claim scope~\\bread\b", "stops"),
        (r"Require claim scope~\bread\b", "stops"),
        (r"Require claim a:b$1", "stops"),
        (r"Require user %{reqenv:X}", "stops"),
        (r"Require ip %{HTTP:X}", "stops"),
        (r"Require method %{HTTP:X}", "stops"),
        (
            r#"Require user "a\"b""#,
            r#"{ claim = "upn", any_of = ["a", "b\""] }"#,
        ),
        (
            "Require claim iss:https://id.example.com/x",
            r#"{ claim = "iss", equals = "https://id.example.com/x" }"#,
        ),
        ("Require claim http://a/b:c:d", "stops"),
    ] {
        assert_eq!(toml(lines), expected, "{lines}");
    }
}

/// `$` is before a line feed at the end too: whom a pattern keeps out is kept out with one.
#[test]
fn a_pattern_of_whole_values_is_kept_where_it_keeps_people_out() {
    for (lines, expected) in [
        (
            "Require claim d~^(a|b)$",
            r#"{ claim = "d", any_of = ["a", "b"] }"#,
        ),
        (
            "Require claim d~^a$ d:b",
            r#"{ claim = "d", any_of = ["a", "b"] }"#,
        ),
        (
            "<RequireAll>\nRequire valid-user\nRequire not claim d~^a$\n</RequireAll>",
            r#"{ not = { claim = "d", matches = "^a(?:\\n?$)" } }"#,
        ),
        (
            "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire claim d~^a$ groups~^(x|y)$\n</RequireNone>\n</RequireAll>",
            r#"{ not = { any = [{ claim = "d", matches = "^a(?:\\n?$)" }, { claim = "groups", matches = "^(x|y)(?:\\n?$)" }] } }"#,
        ),
    ] {
        assert_eq!(toml(lines), expected, "{lines}");
    }
}

/// The claim is compared as Apache compares it, never what was granted.
#[test]
fn a_pattern_on_the_claim_scope_is_no_rule_on_granted_scopes() {
    for pattern in [r"\\bread\\b", r"\\b(read|x)\\b", "^read$", "read|write"] {
        for lines in [
            format!("Require claim scope~{pattern}"),
            format!(
                "<RequireAll>\nRequire valid-user\nRequire not claim scope~{pattern}\n</RequireAll>"
            ),
        ] {
            let found = toml(&lines);
            assert!(found.contains("claim = \"scope\""), "{lines}: {found}");
            assert!(!found.contains("scopes"), "{lines}: {found}");
        }
    }
}

#[test]
fn a_pattern_that_may_mean_something_else_stops() {
    for pattern in [
        "[[:<:]]Sales",
        "[]-z]+",
        "[^]-z]+",
        r"\\u0053",
        "sa**l",
        "^*s",
        r"\\b*s",
    ] {
        for not in ["", "not "] {
            let lines = format!(
                "<RequireAll>\nRequire valid-user\nRequire {not}claim d~{pattern}\n</RequireAll>"
            );
            assert_eq!(toml(&lines), "stops", "{lines}");
        }
    }
}
