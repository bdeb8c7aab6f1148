//! Every code that an answer of ours can have is explained, and `docs/errors.md` is the table of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use vestibule_diagnosis::error_code::{find, kinds};

/// The test writes the page when this is set.
const WRITE: &str = "VESTIBULE_WRITE_DOCS";

/// The crates whose errors become answers.
const CRATES: [&str; 4] = [
    "vestibule-gate",
    "vestibule-oidc",
    "vestibule-proxy",
    "vestibule-session",
];

/// Where a code is written.
const BEFORE: [&str; 2] = ["Failure::new(", "error = Some("];

/// Files whose `code()` names no error of an answer, and why.
const OTHERS: [(&str, &str); 3] = [
    (
        "vestibule-gate/src/evidence.rs",
        "what was found in the store, for the trace",
    ),
    (
        "vestibule-proxy/src/endings/reason.rs",
        "why a session ended, for pages that watch it",
    ),
    (
        "vestibule-proxy/src/store/file/open.rs",
        "why the program does not start",
    ),
];

/// What a step of a decision came to, and refuses nobody.
const NO_ERRORS: [&str; 15] = [
    "absent",
    "allowed",
    "anyone",
    "bearer",
    "fields_dropped",
    "found",
    "not_asked",
    "not_needed",
    "own",
    "preflight_allowed",
    "public",
    "read",
    "session",
    "signed_in",
    "signed_in_suffices",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            true if name != "tests" => sources(&path, found),
            false if name.ends_with(".rs") && name != "tests.rs" => found.push(path),
            _ => {}
        }
    }
}

fn is_code(text: &str) -> bool {
    let lower = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    text.starts_with(|char: char| char.is_ascii_lowercase()) && text.chars().all(lower)
}

/// The codes that a file writes: in its `code()` functions, and where an answer is made.
fn codes_of(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("fn code(") {
        let body = text[at..].split("\n    }\n").next().unwrap();
        let quoted = body.split('"').skip(1).step_by(2);
        found.extend(quoted.filter(|code| is_code(code)).map(str::to_owned));
    }
    for before in BEFORE {
        for (at, _) in text.match_indices(before) {
            let after = text[at + before.len()..].trim_start();
            let code = after
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            found.extend(code.filter(|code| is_code(code)).map(str::to_owned));
        }
    }
    found
}

/// The codes of all files, with a file that has each.
fn written() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for name in CRATES {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        for file in files {
            let shown = file.to_str().unwrap().replace('\\', "/");
            if OTHERS.iter().any(|(other, _)| shown.ends_with(other)) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            all.extend(
                codes_of(&text)
                    .into_iter()
                    .map(|code| (code, shown.clone())),
            );
        }
    }
    all
}

#[test]
fn every_code_of_an_answer_is_explained() {
    let written = written();
    assert!(written.len() > 150, "only {} were found", written.len());
    let missing: Vec<_> = written
        .iter()
        .filter(|(code, _)| !NO_ERRORS.contains(&code.as_str()) && find(code).is_none())
        .collect();
    assert!(
        missing.is_empty(),
        "without an entry in crates/vestibule-diagnosis/src/error_code: {missing:#?}"
    );
    let gone: Vec<_> = kinds()
        .iter()
        .flat_map(|kind| kind.codes)
        .flat_map(|row| row.codes)
        .filter(|code| !written.contains_key(**code))
        .collect();
    assert!(gone.is_empty(), "explained, and written nowhere: {gone:?}");
}

#[test]
fn codes_are_read_where_they_are_written() {
    let text = "pub fn code(self) -> &'static str {\n        match self { Self::A => \"one_a\", Self::B => x(\"No\") }\n    }\n\
                fn other() { Failure::new(\n \"two\", Fault::Client) } entry.error = Some(\"three\"); Some(\"four\")";
    let found: Vec<_> = codes_of(text).into_iter().collect();
    assert_eq!(found, ["one_a", "three", "two"]);
}

fn page() -> String {
    let mut page = "# The codes of our own answers\n\n\
        An error page, the JSON of a refused request and `error` in the access log have one of these codes. It says at which check the request \
        ended, and stays the same. Where more is known, a [finding](diagnosis/README.md) is beside it.\n\n\
        `vestibule explain` knows them too: give it the log line, the page's text or the JSON.\n\n\
        This page is generated by `cargo xtask gen` from `crates/vestibule-diagnosis/src/error_code`.\n"
        .to_owned();
    for kind in kinds() {
        write!(
            page,
            "\n## {}\n\n| code | what it means | what to do |\n|---|---|---|\n",
            kind.title
        )
        .unwrap();
        for row in kind.codes {
            let codes: Vec<_> = row.codes.iter().map(|code| format!("`{code}`")).collect();
            writeln!(
                page,
                "| {} | {} | {} |",
                codes.join(", "),
                row.meaning,
                row.cure
            )
            .unwrap();
        }
    }
    page
}

/// With `VESTIBULE_WRITE_DOCS` set the page is written instead of compared.
#[test]
fn the_page_is_current() {
    let path = root().join("docs/errors.md");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(path, page()).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page(),
        "docs/errors.md is not what the codes make; write it anew with `cargo xtask gen`"
    );
}
