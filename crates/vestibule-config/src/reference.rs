//! The reference page of the file, `docs/configuration.md`.

use crate::describe::{Change, Fallback, Key, Kind, Section, one_of};
use crate::section::ALL;

const INTRODUCTION: &str = "\
# Configuration

Vestibule reads one file, `vestibule.toml`, in [TOML](https://toml.io). `vestibule check --config FILE` reads it without
starting anything and tells everything that is wrong with it, with line, column and what to write instead. Unknown keys are
errors. A key that is listed here as not built yet is refused, not ignored.

The files under `examples/` start from common uses.

- **Secrets** are never in the file: they are `\"env:NAME\"` (an environment variable) or `\"file:PATH\"`. A secret file that every
  user of the machine can read is refused (on a read-only mount, where its mode can't be changed, it is warned about), and one its group can
  read is warned about.
- **Durations** are one number and one of `ms`, `s`, `m`, `h`, `d`. **Sizes** are one number and one of `B`, `KiB`, `MiB`, `GiB`, `kB`,
  `MB`, `GB`.
- **Paths** that are not absolute start at the folder of the configuration file.
- **Changes** take effect when the file is read again (`SIGHUP`), unless a key says *restart*. A file that is wrong changes nothing:
  the running configuration stays, and the log says why.
- Keys that begin with `danger_` weaken a protection. Nothing else does.

This page is generated from the program; so is the JSON Schema beside it, `vestibule.schema.json`, which editors use to complete and check.
";

/// The reference page in Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in ALL {
        page.push_str(&chapter(section));
    }
    page
}

fn title(section: &Section) -> String {
    match (section.name, section.heading) {
        ("", _) => "Top of the file".to_owned(),
        (name, "") => format!("`{name} = {{ … }}`"),
        (_, heading) => format!("`{heading}`"),
    }
}

fn chapter(section: &Section) -> String {
    let mut out = format!("\n## {}\n\n{}\n", title(section), section.doc);
    for key in section.keys {
        out.push_str(&entry(key));
    }
    if let Some(open) = &section.open {
        out.push_str(&format!(
            "\n### `{}`\n\n{}.\n\n{}\n",
            open.placeholder,
            capital(&kind(&open.kind)),
            open.doc
        ));
    }
    out
}

fn entry(key: &Key) -> String {
    let mut facts = Vec::new();
    match key.change {
        Change::NotBuilt => {
            let Fallback::Unset(instead) = key.fallback else {
                return String::new();
            };
            return format!(
                "\n### `{}` *(not built yet)*\n\n{} For now: {instead}.\n",
                key.name, key.doc
            );
        }
        Change::Restart | Change::Reload => facts.push(capital(&kind(&key.kind))),
    }
    facts.push(match key.fallback {
        Fallback::Required => "Required".to_owned(),
        Fallback::Value(value) => format!("Default: `{}`", quoted(&key.kind, value)),
        Fallback::Unset(instead) => format!("Without it: {instead}"),
    });
    if key.change == Change::Restart {
        facts.push("Changes need a *restart*".to_owned());
    }
    let mut out = format!(
        "\n### `{}`\n\n{}.\n\n{}\n",
        key.name,
        facts.join(". "),
        key.doc
    );
    if let Some(choices) = explained_choices(&key.kind) {
        out.push('\n');
        out.push_str(&choices);
    }
    out
}

fn explained_choices(kind: &Kind) -> Option<String> {
    let choices = match kind {
        Kind::Choice(choices) => choices,
        Kind::Either(kinds) => return kinds.iter().find_map(explained_choices),
        _ => return None,
    };
    let lines: Vec<String> = choices
        .iter()
        .filter(|choice| !choice.doc.is_empty())
        .map(|choice| {
            let later = if choice.built {
                ""
            } else {
                " *(not built yet)*"
            };
            format!("- `\"{}\"`: {}{later}\n", choice.word, choice.doc)
        })
        .collect();
    (!lines.is_empty()).then(|| lines.concat())
}

fn quoted(kind: &Kind, value: &str) -> String {
    match kind {
        Kind::Flag | Kind::Integer { .. } => value.to_owned(),
        _ => format!("\"{value}\""),
    }
}

/// The type, as a fragment.
fn kind(kind_of: &Kind) -> String {
    match kind_of {
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Integer { least, most } => format!("a whole number, {least} to {most}"),
        Kind::Duration { least, most } => format!("a duration, `\"{least}\"` to `\"{most}\"`"),
        Kind::Size { least, most } => format!("a size, `\"{least}\"` to `\"{most}\"`"),
        Kind::Text(what) => (*what).to_owned(),
        Kind::Choice(choices) => {
            let words: Vec<String> = choices
                .iter()
                .filter(|choice| choice.built)
                .map(|choice| format!("`\"{}\"`", choice.word))
                .collect();
            one_of(&words)
        }
        Kind::Secret => "`\"env:NAME\"` or `\"file:PATH\"`".to_owned(),
        Kind::Path => "a path".to_owned(),
        Kind::Word(word) => format!("`\"{word}\"`"),
        Kind::List(of) => format!("a list, each {}", kind(of)),
        Kind::OneOrMore(of) => format!("{}; or a list of them", kind(of)),
        Kind::Table(section) => format!("the table {}", title(section)),
        Kind::Tables(section) => format!("{}, once for each", title(section)),
        Kind::Either(kinds) => one_of(&kinds.iter().map(kind).collect::<Vec<_>>()),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
