//! The dependency tables of a crate's `Cargo.toml`, read as far as the rules need it.
//!
//! Handles what this workspace writes: one dependency per line, in tables with plain headers.

use crate::repository::File;

/// The names in `[dependencies]`, with their line numbers.
pub(super) fn dependencies(file: &File) -> Vec<(usize, &str)> {
    table(file, |header| header == "[dependencies]")
}

/// The names in every table of dependencies: normal, dev, build, per target.
pub(super) fn all_dependencies(file: &File) -> Vec<(usize, &str)> {
    table(file, |header| header.ends_with("dependencies]"))
}

fn table(file: &File, wanted: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut names = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = wanted(line);
        } else if inside
            && !line.starts_with('#')
            && let Some((key, _)) = line.split_once('=')
        {
            let name = key.split('.').next().unwrap_or(key).trim();
            names.push((index + 1, name));
        }
    }
    names
}
