//! From what is in force in Apache to the tables of `vestibule.toml`: one file for each of its tables.

pub(super) mod actions;
pub(super) mod answers;
mod cookies;
mod endpoints;
pub(super) mod headers;
mod parameters;
mod passed;
mod path_scope;
pub(super) mod provider;
pub(super) mod public;
pub(super) mod redirect_actions;
pub(super) mod remainder;
pub(super) mod routes;
pub(super) mod session;
mod told;
pub(super) mod upstream;
mod user;
mod weakened;

use std::net::SocketAddr;

use url::Url;

use super::expand::Line;
use super::report::Ledger;
use super::write::{Table, text};
use super::{AsWritten, NewKey, SecretForm, SecretValue, SourceVersion};
use crate::environment::SecretText;

/// What the person chose for the import.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choices {
    pub(super) listen: Option<SocketAddr>,
    pub(super) secrets: SecretForm,
    pub(super) version: SourceVersion,
    pub(super) new_key: Option<NewKey>,
}

/// The file as it grows.
#[derive(Debug)]
pub(super) struct Draft {
    /// The addresses people type.
    pub(super) urls: Vec<Url>,
    pub(super) top: Table,
    pub(super) provider: Table,
    /// In its place, where virtual hosts have several.
    pub(super) named_providers: Vec<Table>,
    pub(super) session: Table,
    pub(super) routes: Vec<Table>,
    pub(super) outbound: Table,
    pub(super) secrets: Vec<SecretValue>,
    pub(super) as_written: AsWritten,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            urls: Vec::new(),
            top: Table::default(),
            provider: Table::new("[provider]", None),
            named_providers: Vec::new(),
            session: Table::new("[session]", None),
            routes: Vec::new(),
            outbound: Table::new("[outbound]", None),
            secrets: Vec::new(),
            as_written: AsWritten::default(),
        }
    }

    /// Keeps a secret, and gives the TOML that names it.
    pub(super) fn secret(
        &mut self,
        form: SecretForm,
        variable: &str,
        file: &str,
        value: &str,
    ) -> String {
        let secret = SecretValue {
            variable: variable.to_owned(),
            file: file.to_owned(),
            value: SecretText::new(value),
        };
        let named = named(&secret, form);
        self.secrets.push(secret);
        named
    }
}

/// How the TOML names a secret.
pub(super) fn named(secret: &SecretValue, form: SecretForm) -> String {
    match form {
        SecretForm::Variables | SecretForm::Held => text(&format!("env:{}", secret.variable)),
        SecretForm::Files => text(&format!("file:{}", secret.file)),
    }
}

/// `On`, `Off` and the words Apache takes for them.
pub(super) fn is_on(line: &Line) -> Option<bool> {
    match line.word(0).to_ascii_lowercase().as_str() {
        "on" | "yes" | "1" | "true" => Some(true),
        "off" | "no" | "0" | "false" => Some(false),
        _ => None,
    }
}

/// A whole number of seconds, or the import stops.
pub(super) fn seconds(line: &Line, ledger: &mut Ledger) -> Option<u64> {
    let found = line.word(0).parse().ok();
    if found.is_none() {
        ledger.stop(
            line,
            "this is no number of seconds",
            "write a whole number, like 300",
        );
    }
    found
}
