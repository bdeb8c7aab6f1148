//! One value: its type, its range, and what it is made into.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::{Context, Message, Reader};
use crate::describe::{Kind, Section};
use crate::nearest::nearest;
use crate::units::{UnitError, parse_duration, parse_size};

/// One value being read.
#[derive(Debug, Clone)]
pub(crate) struct Item<'c> {
    pub(crate) context: &'c Context<'c>,
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) kind: &'static Kind,
    pub(crate) value: &'c Spanned<DeValue<'c>>,
}

impl<'c> Item<'c> {
    /// Where the value stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Refuses the file for this value.
    pub(crate) fn error(&self, message: impl Into<Message>, help: impl Into<String>) {
        self.context
            .error(&self.span(), self.key.clone(), message, help);
    }

    /// Says that somebody should look at this value.
    pub(crate) fn warning(&self, message: impl Into<Message>, help: impl Into<String>) {
        self.context
            .warning(&self.span(), self.key.clone(), message, help);
    }

    /// Says that the value is of another type than described.
    pub(crate) fn wrong_type(&self) {
        self.wrong_type_for(self.kind);
    }

    fn wrong_type_for(&self, kind: &Kind) {
        let found = found(self.value.get_ref());
        let name = self.key.rsplit('.').next().unwrap_or_default();
        self.error(
            format!("`{name}` can't be {found}"),
            format!("write {}{}", kind.expected(), self.as_quoted(kind)),
        );
    }

    /// For a value that only lacks its quotes or has too many: the value as it should be.
    fn as_quoted(&self, kind: &Kind) -> String {
        match (kind, self.value.get_ref()) {
            (Kind::Duration { .. }, DeValue::Integer(n)) => format!(", like \"{}s\"", n.as_str()),
            (Kind::Size { .. }, DeValue::Integer(n)) => format!(", like \"{}B\"", n.as_str()),
            (Kind::Flag, DeValue::String(text)) if text == "true" || text == "false" => {
                format!(": {text}")
            }
            _ => String::new(),
        }
    }

    /// A text, as it is; nothing is reported.
    pub(crate) fn as_str(&self) -> Option<&'c str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// A text that holds more than white space.
    pub(crate) fn filled_text(&self) -> Option<&'c str> {
        let Some(text) = self.as_str() else {
            self.wrong_type();
            return None;
        };
        let name = self.key.rsplit('.').next().unwrap_or_default();
        if text.trim().is_empty() {
            self.error(
                format!("`{name}` is empty"),
                format!("write {}", self.kind.expected()),
            );
            return None;
        }
        if text.chars().any(char::is_control) {
            self.error(
                format!("`{name}` holds a control character"),
                "write it on one line, without tabs",
            );
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&self) -> Option<bool> {
        let flag = self.value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type();
        }
        flag
    }

    pub(crate) fn integer(&self) -> Option<u64> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            self.wrong_type();
            return None;
        };
        let number = number(integer);
        let Kind::Integer { least, most } = self.kind else {
            return number;
        };
        match number {
            Some(number) if (*least..=*most).contains(&number) => Some(number),
            _ => {
                self.out_of_range(&least.to_string(), &most.to_string());
                None
            }
        }
    }

    pub(crate) fn duration(&self) -> Option<Duration> {
        let Kind::Duration { least, most } = self.kind else {
            return None;
        };
        self.scaled(least, most, "10s, 5m, 8h or 30d", parse_duration)
    }

    pub(crate) fn size(&self) -> Option<u64> {
        let Kind::Size { least, most } = self.kind else {
            return None;
        };
        self.scaled(least, most, "512B, 32KiB or 1MiB", parse_size)
    }

    fn scaled<T: PartialOrd + Copy>(
        &self,
        least: &str,
        most: &str,
        examples: &str,
        parse: impl Fn(&str) -> Result<T, UnitError>,
    ) -> Option<T> {
        let Some(text) = self.as_str() else {
            self.wrong_type();
            return None;
        };
        let value = match parse(text) {
            Ok(value) => value,
            Err(error) => {
                self.error(
                    format!("can't {error}: \"{text}\""),
                    format!("write one number and one unit, like {examples}"),
                );
                return None;
            }
        };
        if parse(least).is_ok_and(|least| value < least)
            || parse(most).is_ok_and(|most| value > most)
        {
            self.out_of_range(&format!("\"{least}\""), &format!("\"{most}\""));
            return None;
        }
        Some(value)
    }

    fn out_of_range(&self, least: &str, most: &str) {
        let name = self.key.rsplit('.').next().unwrap_or_default();
        self.error(
            format!("`{name}` is out of range"),
            format!("it may be from {least} to {most}"),
        );
    }

    pub(crate) fn choice(&self) -> Option<&'static str> {
        let Kind::Choice(choices) = self.kind else {
            return None;
        };
        let Some(text) = self.as_str() else {
            self.wrong_type();
            return None;
        };
        match choices.iter().find(|choice| choice.word == text) {
            Some(choice) if choice.built => Some(choice.word),
            Some(choice) => {
                self.error(
                    format!("\"{}\" is not built yet", choice.word),
                    format!("write {}", self.kind.expected()),
                );
                None
            }
            None => {
                let near = nearest(text, choices.iter().filter(|c| c.built).map(|c| c.word));
                let help = match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("write {}", self.kind.expected()),
                };
                let name = self.key.rsplit('.').next().unwrap_or_default();
                self.error(format!("`{name}` can't be \"{}\"", short(text)), help);
                None
            }
        }
    }

    /// The values of a list; a single value where one is allowed stands for a list of one.
    pub(crate) fn items(&self) -> Vec<Item<'c>> {
        let (of, single) = match self.kind {
            Kind::List(of) => (*of, false),
            Kind::OneOrMore(of) => (*of, true),
            _ => return Vec::new(),
        };
        let element = |value: &'c Spanned<DeValue<'c>>| Item {
            kind: of,
            value,
            ..self.clone()
        };
        match self.value.get_ref() {
            DeValue::Array(values) => values.iter().map(element).collect(),
            _ if single => vec![element(self.value)],
            other => {
                let help = match other {
                    // What stands there may be the secret itself.
                    _ if matches!(of, Kind::Secret) => {
                        "write it as a list: [\"file:PATH\"]".to_owned()
                    }
                    DeValue::String(text) => {
                        let words: Vec<String> = text
                            .split([' ', ','])
                            .filter(|word| !word.is_empty())
                            .map(|word| format!("\"{}\"", short(word)))
                            .collect();
                        format!("write it as a list: [{}]", words.join(", "))
                    }
                    _ => format!("write {}", self.kind.expected()),
                };
                let name = self.key.rsplit('.').next().unwrap_or_default();
                self.error(format!("`{name}` must be a list"), help);
                Vec::new()
            }
        }
    }

    /// The same value, to be read as another kind.
    pub(crate) fn read_as(&self, kind: &'static Kind) -> Item<'c> {
        Item {
            kind,
            ..self.clone()
        }
    }

    /// A table, read against the section its kind names.
    pub(crate) fn table(&self) -> Option<Reader<'c>> {
        let Kind::Table(section) = self.kind else {
            return None;
        };
        self.table_of(section)
    }

    /// A table, read against this section.
    pub(crate) fn table_of(&self, section: &'static Section) -> Option<Reader<'c>> {
        let DeValue::Table(table) = self.value.get_ref() else {
            self.wrong_type();
            return None;
        };
        Some(Reader::open(
            self.context,
            section,
            self.key.clone(),
            table,
            self.span(),
        ))
    }

    /// The tables of `[[name]]`, or of a list of tables.
    pub(crate) fn tables(&self) -> Vec<Reader<'c>> {
        let Kind::Tables(section) = self.kind else {
            return Vec::new();
        };
        let DeValue::Array(values) = self.value.get_ref() else {
            let help = format!("write {} with two brackets each side", section.heading);
            let name = self.key.clone();
            self.context.error(
                &self.span(),
                self.key.clone(),
                format!("`{name}` must be a list of tables"),
                help,
            );
            return Vec::new();
        };
        values
            .iter()
            .filter_map(|value| {
                Item {
                    value,
                    ..self.clone()
                }
                .table_of(section)
            })
            .collect()
    }
}

fn number(integer: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A value of the wrong type, as a fragment with its article.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text \"{}\"", short(text)),
        DeValue::Integer(integer) => format!("the number {}", short(integer.as_str())),
        DeValue::Float(float) => format!("the number {}", short(float.as_str())),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A text from the file, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.chars().take(60).map(clean).collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    short
}
