//! Writes `vestibule.toml` as a person would: tables in the order of the reference, keys aligned, a word where it differs.

use std::fmt::Write as _;

use super::syntax::Place;

/// One key of a table, its value as TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) remark: Option<String>,
    pub(crate) from: Option<Place>,
}

/// One table with its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// `[provider]`, `[[route]]`; empty for the top.
    pub(crate) heading: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) from: Option<Place>,
}

impl Table {
    pub(crate) fn new(heading: &str, from: Option<Place>) -> Self {
        Self {
            heading: heading.to_owned(),
            keys: Vec::new(),
            from,
        }
    }

    pub(crate) fn put(
        &mut self,
        name: &'static str,
        value: impl Into<String>,
        from: Option<&Place>,
    ) {
        self.put_with(name, value, from, None);
    }

    pub(crate) fn put_with(
        &mut self,
        name: &'static str,
        value: impl Into<String>,
        from: Option<&Place>,
        remark: Option<&str>,
    ) {
        let key = Key {
            name,
            value: value.into(),
            remark: remark.map(str::to_owned),
            from: from.cloned(),
        };
        match self.keys.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = key,
            None => self.keys.push(key),
        }
    }
}

/// The order in which people write the keys; others follow as they came.
const ORDER: &[&str] = &[
    "public_url",
    "listen",
    "tls",
    "issuer",
    "metadata_url",
    "client_id",
    "client_secret",
    "client_authentication",
    "scopes",
    "hosts",
    "redirect_path",
    "host",
    "path",
    "except",
    "upstream",
    "keep_prefix",
    "keep_host",
    "require",
    "access_token",
    "authorization",
    "user",
    "headers",
];

/// The text of the file, and where each of its lines comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) from: Vec<Option<Place>>,
}

impl Written {
    fn line(&mut self, text: &str, from: Option<&Place>) {
        self.text.push_str(text);
        self.text.push('\n');
        self.from.push(from.cloned());
    }
}

/// The file of these tables. `remarks` stand at its top.
pub(crate) fn write(remarks: &[String], tables: &[Table]) -> Written {
    let mut out = Written::default();
    for remark in remarks {
        out.line(&format!("# {remark}"), None);
    }
    for table in tables.iter().filter(|table| !table.keys.is_empty()) {
        if !out.text.is_empty() {
            out.line("", None);
        }
        if !table.heading.is_empty() {
            out.line(&table.heading, table.from.as_ref());
        }
        let widest = table.keys.iter().map(|key| key.name.len()).max();
        let mut keys: Vec<&Key> = table.keys.iter().collect();
        keys.sort_by_key(|key| {
            let known = ORDER.iter().position(|name| *name == key.name);
            known.unwrap_or(ORDER.len())
        });
        for key in keys {
            let mut text = format!(
                "{:width$} = {}",
                key.name,
                key.value,
                width = widest.unwrap_or(0)
            );
            if let Some(remark) = &key.remark {
                let _ = write!(text, "  # {remark}");
            }
            out.line(&text, key.from.as_ref());
        }
    }
    out
}

/// A text as TOML writes it (TOML 1.0, basic string).
pub(crate) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One text, or a list of several.
pub(crate) fn one_or_more<S: AsRef<str>>(values: &[S]) -> String {
    match values {
        [one] => text(one.as_ref()),
        many => list(many),
    }
}

/// A list of texts.
pub(crate) fn list<S: AsRef<str>>(values: &[S]) -> String {
    let values: Vec<String> = values.iter().map(|value| text(value.as_ref())).collect();
    format!("[{}]", values.join(", "))
}

/// A key as TOML writes it in an inline table: bare where it can be.
pub(crate) fn key(name: &str) -> String {
    let bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    match bare {
        true => name.to_owned(),
        false => text(name),
    }
}

/// A duration of whole seconds in the largest unit that holds it.
pub(crate) fn duration(secs: u64) -> String {
    let (count, unit) = match secs {
        0 => (0, "s"),
        _ if secs.is_multiple_of(86_400) => (secs / 86_400, "d"),
        _ if secs.is_multiple_of(3_600) => (secs / 3_600, "h"),
        _ if secs.is_multiple_of(60) => (secs / 60, "m"),
        _ => (secs, "s"),
    };
    format!("\"{count}{unit}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_toml() {
        for value in ["plain", "a \"b\" \\c\t", "\u{7}\u{7f}", "grün"] {
            let read: toml::Table = toml::from_str(&format!("x = {}", text(value))).unwrap();
            assert_eq!(read["x"].as_str(), Some(value));
        }
        for (secs, expected) in [
            (300, "\"5m\""),
            (28_800, "\"8h\""),
            (90, "\"90s\""),
            (86_400, "\"1d\""),
            (0, "\"0s\""),
        ] {
            assert_eq!(duration(secs), expected);
        }
        assert_eq!(key("X-User"), "X-User");
        assert_eq!(key("a.b"), "\"a.b\"");
    }

    #[test]
    fn keys_are_aligned_and_lines_know_where_they_come_from() {
        let at = Place {
            file: "a.conf".into(),
            line: 7,
        };
        let mut table = Table::new("[session]", None);
        table.put("store", "\"memory\"", None);
        table.put_with("idle_timeout", "\"5m\"", Some(&at), Some("why"));
        let written = write(&["top".to_owned()], &[table, Table::new("[empty]", None)]);
        assert_eq!(
            written.text,
            "# top\n\n[session]\nstore        = \"memory\"\nidle_timeout = \"5m\"  # why\n"
        );
        assert_eq!(written.from.iter().flatten().collect::<Vec<_>>(), [&at]);
        assert_eq!(written.from.len(), 5);
    }
}
