//! One file for each case in `testdata/apache`: what Apache has, the report, the TOML.
//!
//! With `VESTIBULE_WRITE_DOCS` set what comes out is written into the files instead of compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::apache::inventory;

const REPORT: &str = "=== report\n";
const TOML: &str = "=== vestibule.toml\n";

fn cases() -> Vec<(std::path::PathBuf, String)> {
    let folder = crate::tests::repository().join("testdata/apache");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".import.txt"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    found.sort();
    found
}

/// The files of a case: each begins with `--- PATH`; one without a name is `/etc/apache2/site.conf`.
fn files(input: &str) -> FixedFiles {
    let mut files = FixedFiles::new();
    let mut name = "/etc/apache2/site.conf".to_owned();
    let mut text = String::new();
    for line in input.lines() {
        match line.strip_prefix("--- ") {
            Some(next) => {
                if !text.is_empty() {
                    files = files.file(&name, std::mem::take(&mut text));
                }
                name = next.to_owned();
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    files.file(&name, text)
}

fn outcome(import: &Import) -> String {
    let mut out = REPORT.to_owned();
    for entry in &import.report.entries {
        let file = entry.at.file.rsplit('/').next().unwrap_or_default();
        let place = match file {
            "site.conf" => entry.at.line.to_string(),
            file => format!("{file}:{}", entry.at.line),
        };
        let _ = writeln!(
            out,
            "{place} {} {}: {}",
            entry.outcome.as_str(),
            entry.name,
            entry.says
        );
    }
    for what in &import.report.by_version {
        let _ = writeln!(out, "by version: {what}");
    }
    for what in &import.report.todo {
        let _ = writeln!(out, "todo: {what}");
    }
    out.push_str(TOML);
    match import.report.stops() {
        true => out.push_str("(nothing)\n"),
        false => out.push_str(&import.toml),
    }
    out
}

#[test]
fn each_case_ends_as_it_is_written() {
    let write = std::env::var_os("VESTIBULE_WRITE_DOCS").is_some();
    let mut wrong = Vec::new();
    for (path, text) in cases() {
        let input = text.split(REPORT).next().unwrap_or_default();
        let of_debian = input.starts_with("--- /etc/apache2/apache2.conf");
        let name = match of_debian {
            true => "/etc/apache2",
            false => "/etc/apache2/site.conf",
        };
        let import = import(
            Path::new(name),
            &files(input),
            &|_| None,
            &ImportOptions::default(),
        );
        if !import.report.stops() {
            let _ = settings(&import);
        }
        let whole = format!("{input}{}", outcome(&import));
        if write {
            std::fs::write(&path, &whole).unwrap();
        } else if whole != text {
            wrong.push(format!("{}:\n{whole}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn together_the_cases_use_every_directive_and_each_has_an_outcome() {
    let mut used = BTreeSet::new();
    for (path, text) in cases() {
        let input = text.split(REPORT).next().unwrap_or_default();
        let report = text.split(REPORT).nth(1).unwrap_or_default();
        for line in input.lines() {
            let name = line.split_whitespace().next().unwrap_or_default();
            if inventory::fate(name).is_some() {
                used.insert(name.to_ascii_lowercase());
                let is_read = !report.contains(" stops syntax:");
                let said = !is_read || report.contains(name);
                assert!(said, "{}: nothing is said of {name}", path.display());
            }
        }
    }
    let missing: Vec<&str> = inventory::names()
        .filter(|name| !used.contains(&name.to_ascii_lowercase()))
        .collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}
