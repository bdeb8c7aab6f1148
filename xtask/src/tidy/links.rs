//! Links between the repository's pages: a relative link leads to a file that is there.

use super::{Rule, Violation};
use crate::repository::Repository;

pub(super) const RULE: Rule = Rule {
    name: "links",
    check,
};

fn check(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository
        .files
        .iter()
        .filter(|file| file.path.ends_with(".md"))
    {
        let mut in_code = false;
        for (index, line) in file.text.lines().enumerate() {
            in_code ^= line.trim_start().starts_with("```");
            if in_code {
                continue;
            }
            for target in targets(line) {
                let path = resolve(&file.path, target);
                let is_there =
                    repository.files.iter().any(|other| {
                        other.path == path || other.path.starts_with(&format!("{path}/"))
                    }) || repository.root.join(&path).exists();
                if !is_there {
                    let what = format!("the link `{target}` leads nowhere");
                    found.push(Violation::new(file, index + 1, what));
                }
            }
        }
    }
    found
}

/// The relative targets of `[text](target)` in one line, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ', '#']).next()?;
        let elsewhere = target.is_empty() || target.contains(':') || target.starts_with('/');
        (!elsewhere).then_some(target)
    })
}

/// The path of `target` as seen from the file at `path`.
fn resolve(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::RULE;

    #[test]
    fn a_relative_link_to_nothing_is_refused() {
        check(
            &RULE,
            &[
                (
                    "docs/a.md",
                    "[b](b.md#x) [up](../README.md) [folder](../docs) [out](https://x/y) [self](#s)\n\
                     ```\n[code](nowhere.md)\n```\n[gone](gone.md)\n",
                ),
                ("docs/b.md", ""),
                ("README.md", ""),
            ],
            &["docs/a.md:5: the link `gone.md` leads nowhere"],
        );
    }
}
