//! Where a key stands in a file, for what was found out about its settings after it was read.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::position::{excerpt, position};
use crate::problem::{Problem, Severity};

impl Problem {
    /// A problem with `key`, written as `provider.scopes` or, for the second `[[route]]`, as `route[1].user`. It stands
    /// where the key does, or the nearest table around it that is there. `None` where there is not even a table.
    #[must_use]
    pub fn at_key(
        text: &str,
        severity: Severity,
        key: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<Self> {
        let (document, _) = DeTable::parse_recoverable(text);
        let span = span(document.get_ref(), key)?;
        let at = position(text, span.start);
        Some(Self {
            severity,
            line: at.line,
            column: at.column,
            key: key.to_owned(),
            message: message.into(),
            help: help.into(),
            code: None,
            why: None,
            excerpt: excerpt(text, &span, &[]),
        })
    }

    /// The same as a finding of the diagnosis, with its code and its reason.
    #[must_use]
    pub fn because(mut self, code: &'static str, why: impl Into<String>) -> Self {
        self.code = Some(code);
        self.why = Some(why.into());
        self
    }
}

fn span(root: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    let mut found = None;
    let mut table = Some(root);
    for part in key.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        let Some(mut value) = table.and_then(|table| table.get(name)) else {
            break;
        };
        if let (Some(index), DeValue::Array(items)) = (index, value.get_ref()) {
            let Some(item) = items.get(index) else { break };
            value = item;
        }
        found = Some(value.span());
        table = value.get_ref().as_table();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "public_url = \"https://x.example\"\n\n[provider]\nscopes = [\"openid\"]\n\n\
                        [[route]]\npath = \"/\"\n\n[[route]]\npath = \"/foo\"\nuser = \"upn\"\n";

    #[test]
    fn a_key_stands_where_it_is_written_or_in_the_nearest_table() {
        for (key, line) in [
            ("public_url", Some(1)),
            ("provider.scopes", Some(4)),
            ("provider.client_id", Some(3)),
            ("route[0].path", Some(7)),
            ("route[1].user", Some(11)),
            ("route[1].headers", Some(9)),
            ("session.store", None),
            ("route[7].path", None),
        ] {
            let found = Problem::at_key(TEXT, Severity::Warning, key, "m", "h");
            assert_eq!(found.map(|problem| problem.line), line, "{key}");
        }
    }
}
