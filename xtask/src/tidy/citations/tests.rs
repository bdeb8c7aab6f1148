use super::super::tests::check;
use super::{PAGE, RULE, citations, page};
use crate::repository::Repository;

/// Asserts what is read from one line: `name §section` for each citation, `!` for each malformed one.
fn reads(line: &str, expected: &[&str]) {
    let read: Vec<String> = citations(line)
        .into_iter()
        .map(|(_, result)| match result {
            Ok(citation) => format!("{} §{}", citation.document.name(), citation.section),
            Err(_) => "!".to_owned(),
        })
        .collect();
    assert_eq!(read, expected, "{line}");
}

#[test]
fn well_formed_citations_are_read() {
    reads("// RFC 9207 §2.4.", &["RFC 9207 §2.4"]);
    reads(
        "/// As OIDC Core §3.1.3.7 step 6 says.",
        &["OIDC Core §3.1.3.7 step 6"],
    );
    reads(
        "// RFC 6749 §4.1.3, §5.2 and §6: x",
        &["RFC 6749 §4.1.3", "RFC 6749 §5.2", "RFC 6749 §6"],
    );
    reads("// RFC 7636 §B", &["RFC 7636 §B"]);
    reads(
        "// OIDC RP-Initiated Logout §2 (RFC 3986 §3.3)",
        &["OIDC RP-Initiated Logout §2", "RFC 3986 §3.3"],
    );
    reads("// RFC 9110 forbids it; see rfc9110 in the address", &[]);
}

#[test]
fn malformed_citations_are_refused() {
    for line in [
        "// RFC9207 §2.4",
        "// RFC 9207 § 2.4",
        "// §2.4 of the RFC",
        "// OpenID Connect Core §3",
        "// RFC 9702 §1",
        "// RFC 9110 §x",
    ] {
        assert!(
            citations(line).iter().any(|(_, read)| read.is_err()),
            "{line}"
        );
    }
    for line in [
        "// RFC 9207 section 2.4",
        "// RFC 9207, Section 2",
        "// RFC-9207",
        "// RFC6749",
    ] {
        reads(line, &["!"]);
    }
}

#[test]
fn the_page_has_documents_and_sections_in_order_with_code_and_tests_apart() {
    let repository = Repository::of(&[
        (
            "crates/vestibule-oidc/src/a.rs",
            "// RFC 9110 §3.10\n#[cfg(test)]\n// RFC 9110 §3.9\n",
        ),
        (
            "crates/vestibule-oidc/src/b.rs",
            "// OIDC Core §2\n// RFC 9110 §3.10\n",
        ),
    ]);
    let page = page(&repository);
    let tables: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with(['#', '|']))
        .collect();
    let a = "[oidc/a.rs](../crates/vestibule-oidc/src/a.rs)";
    let b = "[oidc/b.rs](../crates/vestibule-oidc/src/b.rs)";
    assert_eq!(
        tables,
        [
            "# Specifications",
            "## OIDC Core",
            "| section | code | tests |",
            "|---|---|---|",
            &format!("| §2 | {b} |  |"),
            "## RFC 9110",
            "| section | code | tests |",
            "|---|---|---|",
            &format!("| §3.9 |  | {a} |"),
            &format!("| §3.10 | {a}<br>{b} |  |"),
        ]
    );
}

#[test]
fn a_page_that_is_out_of_date_is_refused() {
    check(
        &RULE,
        &[("a.rs", "// RFC 9110 §3\n"), (PAGE, "old")],
        &["docs/specifications.md: out of date: run `cargo xtask gen`"],
    );
}
