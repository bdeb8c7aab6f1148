//! What a `lib.rs` may hold: documentation, modules and exports. It is the map of its crate.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "library-maps",
    check,
};

const DEFINITIONS: [&str; 11] = [
    "fn ",
    "async fn ",
    "const ",
    "static ",
    "struct ",
    "enum ",
    "trait ",
    "impl ",
    "impl<",
    "type ",
    "macro_rules!",
];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository.rust().filter(|file| file.name() == "lib.rs") {
        for (number, line) in file.shipped_lines() {
            let item = without_visibility(line.trim_start());
            if DEFINITIONS
                .iter()
                .any(|definition| item.starts_with(definition))
            {
                let what = "`lib.rs` is a map: move this item into a module and export it";
                found.push(Violation::new(file, number, what));
            }
        }
    }
    found
}

fn without_visibility(item: &str) -> &str {
    match item.strip_prefix("pub") {
        Some(rest) => match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
            Some((_, rest)) => rest.trim_start(),
            None => rest.trim_start(),
        },
        None => item,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn items_other_than_modules_and_exports_are_refused() {
        let what = "`lib.rs` is a map: move this item into a module and export it";
        let text = "//! fn in prose\n#![forbid(unsafe_code)]\nmod a;\npub use a::{\n    A,\n};\n\
                    pub(crate) fn f() {}\npub struct S;\n";
        check(
            &RULE,
            &[("x/src/lib.rs", text), ("x/src/a.rs", text)],
            &[
                &format!("x/src/lib.rs:7: {what}"),
                &format!("x/src/lib.rs:8: {what}"),
            ],
        );
    }
}
