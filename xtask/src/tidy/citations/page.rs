//! The coverage page: for each section that the code cites, where its rules are kept and tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Citation, Document};

const HEAD: &str = "\
# Specifications

Which file keeps which rule of which document, and which file tests it. Made from the citations in
the code by `cargo xtask gen`; the tests fail when it is out of date. A section that is missing here is
one that no line of code cites.
";

/// The files of one section.
#[derive(Default)]
struct Files<'a> {
    code: BTreeSet<&'a str>,
    tests: BTreeSet<&'a str>,
}

/// Renders citations, each with whether it stands in test code and in which file.
pub(super) fn render(found: Vec<(Citation, bool, &str)>) -> String {
    let mut documents: BTreeMap<Document, BTreeMap<Vec<u32>, (String, Files<'_>)>> =
        BTreeMap::new();
    for (citation, in_tests, path) in found {
        let key = order(&citation.section);
        let sections = documents.entry(citation.document).or_default();
        let (_, files) = sections
            .entry(key)
            .or_insert((citation.section, Files::default()));
        if in_tests {
            &mut files.tests
        } else {
            &mut files.code
        }
        .insert(path);
    }
    let mut page = HEAD.to_owned();
    for (document, sections) in &documents {
        let (name, title, address) = (document.name(), document.title(), document.address());
        // Writing to a string cannot fail.
        let _ = writeln!(page, "\n## {name}\n\n[{title}]({address})\n");
        page.push_str("| section | code | tests |\n|---|---|---|\n");
        for (section, files) in sections.values() {
            let (code, tests) = (links(&files.code), links(&files.tests));
            let _ = writeln!(page, "| §{section} | {code} | {tests} |");
        }
    }
    page
}

/// Sorts `3.10` after `3.9`, and letters after numbers.
fn order(section: &str) -> Vec<u32> {
    section
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|part| *part != "step")
        .map(|part| {
            part.parse()
                .unwrap_or_else(|_| 1000 + part.bytes().map(u32::from).sum::<u32>())
        })
        .collect()
}

fn links(paths: &BTreeSet<&str>) -> String {
    let link = |path: &&str| format!("[{}](../{path})", short(path));
    paths.iter().map(link).collect::<Vec<_>>().join("<br>")
}

/// `crates/vestibule-oidc/src/id_token.rs` as `oidc/id_token.rs`.
fn short(path: &str) -> String {
    let path = path.strip_prefix("crates/").unwrap_or(path);
    let path = path.strip_prefix("vestibule-").unwrap_or(path);
    path.replacen("/src/", "/", 1)
}
