//! What one table of the file may hold: names, types, defaults and meaning, written once per table.
//!
//! The reader checks against it, and the reference page and the JSON Schema are printed from it, so
//! the three cannot disagree. It holds data only.

/// One table of the file.
#[derive(Debug)]
pub(crate) struct Section {
    /// The name a person writes, without brackets: `provider`. Empty for the top of the file.
    pub(crate) name: &'static str,
    /// How its heading looks in a file: `[provider]`, `[[route]]`. Empty for a table written inline.
    pub(crate) heading: &'static str,
    /// What the table is for.
    pub(crate) doc: &'static str,
    /// Its keys, in the order the reference page prints them.
    pub(crate) keys: &'static [Key],
    /// Whether keys that are not in `keys` belong to the person (header names, rule names).
    pub(crate) open: Option<Open>,
}

/// The keys of a table that a person names freely.
#[derive(Debug)]
pub(crate) struct Open {
    /// What such a key is called in the reference: `NAME`.
    pub(crate) placeholder: &'static str,
    /// The type of its value.
    pub(crate) kind: Kind,
    /// What it means.
    pub(crate) doc: &'static str,
}

/// One key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    /// The name as written.
    pub(crate) name: &'static str,
    /// What may stand on the right.
    pub(crate) kind: Kind,
    /// What holds when the key is not there.
    pub(crate) fallback: Fallback,
    /// When a changed value takes effect.
    pub(crate) change: Change,
    /// Meaning and consequences, in sentences.
    pub(crate) doc: &'static str,
}

/// What holds when a key is missing.
#[derive(Debug)]
pub(crate) enum Fallback {
    /// The file is wrong without it.
    Required,
    /// This value, spelled as in a file, without quotes.
    Value(&'static str),
    /// No fixed value; what happens instead, as a fragment.
    Unset(&'static str),
}

/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// When the file is read again (SIGHUP).
    Reload,
    /// When the program starts again.
    Restart,
    /// Never: the key is documented and refused until it is built.
    NotBuilt,
}

/// What may stand to the right of a key.
#[derive(Debug)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number, both ends allowed.
    Integer { least: u64, most: u64 },
    /// `"10s"`, `"5m"`, `"8h"`; the ends are written the same way and are allowed.
    Duration {
        least: &'static str,
        most: &'static str,
    },
    /// `"32KiB"`; the ends are written the same way and are allowed.
    Size {
        least: &'static str,
        most: &'static str,
    },
    /// Any text; what it is, with its article.
    Text(&'static str),
    /// One of these words.
    Choice(&'static [Choice]),
    /// `"env:NAME"` or `"file:PATH"`.
    Secret,
    /// A path on this machine, relative to the folder of the configuration file.
    Path,
    /// Exactly this word, where it is one of several forms.
    Word(&'static str),
    /// A list.
    List(&'static Kind),
    /// One, or a list.
    OneOrMore(&'static Kind),
    /// A table.
    Table(&'static Section),
    /// `[[name]]`, any number of times.
    Tables(&'static Section),
    /// Either form.
    Either(&'static [Kind]),
}

/// One word of a [`Kind::Choice`].
#[derive(Debug)]
pub(crate) struct Choice {
    /// The word as written.
    pub(crate) word: &'static str,
    /// What it means; empty when the word says it.
    pub(crate) doc: &'static str,
    /// Whether this version can do it. A word that is not built is refused, not ignored.
    pub(crate) built: bool,
}

impl Choice {
    pub(crate) const fn new(word: &'static str, doc: &'static str) -> Self {
        Self {
            word,
            doc,
            built: true,
        }
    }

    pub(crate) const fn not_built(word: &'static str, doc: &'static str) -> Self {
        Self {
            word,
            doc,
            built: false,
        }
    }
}

impl Section {
    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Kind {
    /// What was expected, as a fragment that reads after "expected ".
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Flag => "true or false, without quotes".to_owned(),
            Self::Integer { least, most } => format!("a whole number from {least} to {most}"),
            Self::Duration { least, most } => {
                format!("a duration from \"{least}\" to \"{most}\"")
            }
            Self::Size { least, most } => format!("a size from \"{least}\" to \"{most}\""),
            Self::Text(what) => format!("{what}, in quotes"),
            Self::Choice(choices) => {
                let words: Vec<String> = choices
                    .iter()
                    .filter(|choice| choice.built)
                    .map(|choice| format!("\"{}\"", choice.word))
                    .collect();
                one_of(&words)
            }
            Self::Secret => "\"env:NAME\" or \"file:PATH\"".to_owned(),
            Self::Path => "a path, in quotes".to_owned(),
            Self::Word(word) => format!("\"{word}\""),
            Self::List(of) => format!("a list, each {}", of.expected()),
            Self::OneOrMore(of) => format!("{}, or a list of them", of.expected()),
            Self::Table(section) if section.heading.is_empty() => "a table { … }".to_owned(),
            Self::Table(section) => format!("a table {}", section.heading),
            Self::Tables(section) => format!("{}, once for each", section.heading),
            Self::Either(kinds) => {
                let forms: Vec<String> = kinds.iter().map(Self::expected).collect();
                one_of(&forms)
            }
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
