//! Fills what a message names into sentences and into lines to copy.

use vestibule_oidc::microsoft::TenantId;

use super::super::client::SOMEWHERE;
use super::Said;
use crate::shown::{is_secret, shown};

/// The longest value that stands in a line to copy.
pub(super) const MAX_VALUE_BYTES: usize = 256;

impl Said {
    /// `text` with each `{name}` filled in as a sentence says it, or as one speaks of what isn't known.
    pub(in crate::family) fn sentence(&self, text: &str) -> String {
        let value = |value: &Option<String>, otherwise: &str| match value {
            Some(value) => shown(value),
            None => otherwise.to_owned(),
        };
        fill(text, |name| match name {
            "app" => Some(value(&self.app, "of the message")),
            "redirect_uri" => Some(value(&self.redirect_uri, "the one of the message")),
            "scope" => Some(value(&self.scope, "the scope of the message")),
            "resource" => Some(value(&self.resource, "the resource of the message")),
            "tenant" => Some(value(&self.tenant, "of the people who sign in")),
            "parameter" => Some(value(&self.parameter, "the parameter of the message")),
            "incident" => Some(self.incident()),
            _ => None,
        })
    }

    /// A line to write, with each `{NAME}` filled in, or left as a word in capitals.
    pub(in crate::family) fn line(&self, text: &str) -> String {
        let value = |value: &Option<String>, otherwise: &str| {
            let plain = value.as_deref().filter(|value| is_plain(value));
            plain.unwrap_or(otherwise).to_owned()
        };
        let host = format!("https://{}/", self.login_host);
        let text = text.replace("https://login.microsoftonline.com/", &host);
        fill(&text, |name| match name {
            "SECRET-FROM" => {
                let from = self.secret_from.as_deref();
                Some(from.unwrap_or(SOMEWHERE).to_owned())
            }
            "CLIENT-ID" => Some(value(&self.app, "CLIENT-ID")),
            "TENANT-ID" => Some(value(&self.tenant, "TENANT-ID")),
            "SCOPE" => Some(value(&self.api_scope(), "api://API-ID/.default")),
            "REDIRECT-URI" => Some(value(
                &self.redirect_uri,
                "https://PUBLIC-HOST/.vestibule/callback",
            )),
            "REDIRECT-ORIGIN" => Some(value(
                &self.redirect_uri.as_deref().and_then(origin),
                "https://PUBLIC-HOST",
            )),
            _ => None,
        })
    }

    /// A documented form of the scope, or of the resource.
    fn api_scope(&self) -> Option<String> {
        let name = once(self.scope.as_ref().or(self.resource.as_ref())?);
        let whole = name
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains('/'));
        match () {
            () if whole => Some(name.to_owned()),
            () if name.contains("://") => Some(format!("{name}/.default")),
            () if TenantId::parse(name).is_some() => Some(format!("api://{name}/.default")),
            () => None,
        }
    }
}

/// An Application ID URI that was written twice over, once: `api://api://x` is `api://x`.
pub(in crate::family) fn once(name: &str) -> &str {
    let start = name.rfind("api://").unwrap_or(0);
    name.get(start..).unwrap_or(name)
}

/// Scheme, host and port.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{host}"))
}

/// What may stand in a line to copy: one plain word.
pub(super) fn is_plain(value: &str) -> bool {
    value.len() <= MAX_VALUE_BYTES
        && value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
        && !value
            .split(|char: char| !is_scope_char(char) && char != '~')
            .any(is_secret)
}

pub(super) const fn is_scope_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | ':')
}

/// Replaces each `{name}` that `value` knows; other braces stay.
fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('{') {
        filled.push_str(before);
        match from
            .split_once('}')
            .and_then(|(name, after)| Some((value(name)?, after)))
        {
            Some((value, after)) => {
                filled.push_str(&value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = from;
            }
        }
    }
    filled.push_str(rest);
    filled
}
