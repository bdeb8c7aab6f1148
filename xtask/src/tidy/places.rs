//! Places that no file of the repository may name: folders of one machine.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "places",
    check,
};

/// Written in two halves, so that this file does not break its own rule.
const FOLDERS: [(&str, &str); 5] = [
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("C:", "\\Users"),
    ("/tmp/", "target"),
];

fn check(repository: &Repository) -> Vec<Violation> {
    let mut places: Vec<String> = FOLDERS
        .iter()
        .map(|(first, second)| format!("{first}{second}"))
        .collect();
    if repository.root.is_absolute() {
        places.push(repository.root.display().to_string());
    }
    let mut found = Vec::new();
    for file in &repository.files {
        // Tests may make up a person's folder.
        for (number, line) in file.shipped_lines() {
            for place in places.iter().filter(|place| names(line, place)) {
                let what = format!("`{place}` is a folder of one machine");
                found.push(Violation::new(file, number, what));
            }
        }
    }
    found
}

/// Whether `line` has `place` as the beginning of an absolute path, not as a part of a longer one.
fn names(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-}".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn a_folder_of_one_machine_is_refused() {
        let place = ["/ro", "ot/"].concat();
        check(
            &RULE,
            &[(
                "a.md",
                &format!("see {place}x\nand site{place}x\nchroot /srv\n"),
            )],
            &[&format!("a.md:1: `{place}` is a folder of one machine")],
        );
    }
}
