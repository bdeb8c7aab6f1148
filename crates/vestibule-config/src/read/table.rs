//! One table: its keys against its description.

use std::ops::Range;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::{Context, Item, Marks};
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::SecretText;
use crate::nearest::nearest;
use crate::units::{parse_duration, parse_size};

/// One table being read.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) section: &'static Section,
    pub(crate) path: String,
    table: Option<&'c DeTable<'c>>,
    pub(crate) heading: Range<usize>,
}

impl<'c> Reader<'c> {
    /// A table that is in the file. Keys it should not have are reported here.
    pub(crate) fn open(
        context: &'c Context<'c>,
        section: &'static Section,
        path: String,
        table: &'c DeTable<'c>,
        heading: Range<usize>,
    ) -> Self {
        let reader = Self {
            context,
            section,
            path,
            table: Some(table),
            heading,
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            match section.key(name) {
                Some(known) if known.change == Change::NotBuilt => context.error(
                    &key.span(),
                    reader.key(name),
                    format!("`{name}` is not built yet"),
                    not_built_help(known),
                ),
                Some(_) => {}
                None if section.open.is_some() => {}
                None => reader.unknown(name, &key.span(), value.get_ref()),
            }
        }
        reader
    }

    /// A table that is not in the file: every key has its default.
    pub(crate) fn absent(context: &'c Context<'c>, section: &'static Section) -> Self {
        let path = section.name.to_owned();
        Self {
            context,
            section,
            path,
            table: None,
            heading: 0..0,
        }
    }

    /// Where each key stands.
    pub(crate) fn marks(&self) -> Marks {
        let values = self.table.map(|table| {
            table
                .iter()
                .map(|(key, value)| (key.get_ref().to_string(), value.span()))
                .collect()
        });
        Marks {
            path: self.path.clone(),
            heading: self.heading.clone(),
            values: values.unwrap_or_default(),
        }
    }

    /// The key with its table, as problems name it.
    pub(crate) fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The value of a key that is there.
    pub(crate) fn item(&self, name: &str) -> Option<Item<'c>> {
        let described = self.section.key(name);
        debug_assert!(
            described.is_some(),
            "`{}` is read but not described",
            self.key(name)
        );
        let (key, value) = self.table?.get_key_value(name)?;
        if described.is_some_and(|key| key.change == Change::NotBuilt) {
            return None;
        }
        let kind = described.map_or(&Kind::Flag, |key| &key.kind);
        Some(Item {
            context: self.context,
            key: self.key(name),
            key_span: key.span(),
            kind,
            value,
        })
    }

    /// The value of a key without which the file is wrong.
    pub(crate) fn required(&self, name: &str, help: &str) -> Option<Item<'c>> {
        let item = self.item(name);
        if item.is_none() {
            let table = self.called().unwrap_or_else(|| "the file".to_owned());
            self.context.missing(
                &self.heading,
                self.key(name),
                format!("{table} needs `{name}`"),
                help,
            );
        }
        item
    }

    /// The keys a person named freely, in the order of the file.
    pub(crate) fn own_items(&self) -> Vec<(&'c str, Item<'c>)> {
        let Some((open, table)) = self.section.open.as_ref().zip(self.table) else {
            return Vec::new();
        };
        let mut own: Vec<_> = table
            .iter()
            .filter(|(key, _)| self.section.key(key.get_ref()).is_none())
            .map(|(key, value)| {
                let name: &str = key.get_ref();
                let key_span = key.span();
                let (context, kind) = (self.context, &open.kind);
                (
                    name,
                    Item {
                        context,
                        key: self.key(name),
                        key_span,
                        kind,
                        value,
                    },
                )
            })
            .collect();
        own.sort_by_key(|(_, item)| item.key_span.start);
        own
    }

    /// `true` or `false`; the default is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.item(name).map_or_else(
            || self.default_text(name) == Some("true"),
            |item| item.flag().unwrap_or_default(),
        )
    }

    /// A whole number in its range.
    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        match self.item(name) {
            Some(item) => item.integer(),
            None => self.default_text(name)?.parse().ok(),
        }
    }

    /// A duration in its range.
    pub(crate) fn duration(&self, name: &str) -> Option<Duration> {
        match self.item(name) {
            Some(item) => item.duration(),
            None => parse_duration(self.default_text(name)?).ok(),
        }
    }

    /// A size in bytes in its range.
    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        match self.item(name) {
            Some(item) => item.size(),
            None => parse_size(self.default_text(name)?).ok(),
        }
    }

    /// One word of those allowed.
    pub(crate) fn choice(&self, name: &str) -> Option<&'static str> {
        match self.item(name) {
            Some(item) => item.choice(),
            None => self.default_text(name),
        }
    }

    /// Any text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.item(name) {
            Some(item) => item.filled_text().map(str::to_owned),
            None => self.default_text(name).map(str::to_owned),
        }
    }

    /// The path of a file with certificates.
    pub(crate) fn certificates(&self, name: &str) -> Option<std::path::PathBuf> {
        self.item(name)?.certificates()
    }

    /// The path of a folder.
    pub(crate) fn folder(&self, name: &str) -> Option<std::path::PathBuf> {
        self.item(name)?.folder()
    }

    /// A secret, fetched.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretText> {
        self.item(name)?.secret()
    }

    /// The table under a key.
    pub(crate) fn table(&self, name: &str) -> Option<Reader<'c>> {
        self.item(name)?.table()
    }

    /// The table as a person sees it in the file; the top of the file has no name.
    fn called(&self) -> Option<String> {
        match self.section.heading {
            "" if self.path.is_empty() => None,
            "" => Some(format!("`{}`", self.path)),
            // Several providers have headings of their own.
            heading if heading.starts_with("[[") => Some(heading.to_owned()),
            _ => Some(format!("[{}]", self.path)),
        }
    }

    fn default_text(&self, name: &str) -> Option<&'static str> {
        match self.section.key(name)?.fallback {
            Fallback::Value(text) => Some(text),
            Fallback::Required | Fallback::Unset(_) => None,
        }
    }

    fn unknown(&self, name: &str, span: &Range<usize>, value: &DeValue<'_>) {
        let known = self.section.keys.iter().map(|key| key.name);
        let help = if let Some(near) = nearest(name, known.clone()) {
            format!("did you mean `{near}`?")
        } else if let Some(place) = crate::section::place_of(name) {
            format!("`{name}` belongs to {place}; a key behind a [heading] is part of that table")
        } else {
            let known: Vec<String> = known.map(|key| format!("`{key}`")).collect();
            format!("known here: {}", known.join(", "))
        };
        let table = match self.called() {
            Some(table) => format!("in {table}"),
            None => "at the top of the file".to_owned(),
        };
        let what = if value.is_table() { "table" } else { "key" };
        self.context.error(
            span,
            self.key(name),
            format!("unknown {what} `{name}` {table}"),
            help,
        );
    }
}

fn not_built_help(key: &Key) -> String {
    match key.fallback {
        Fallback::Unset(instead) => instead.to_owned(),
        Fallback::Required | Fallback::Value(_) => "leave it out".to_owned(),
    }
}
