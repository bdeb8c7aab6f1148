//! Keeps the values of a text: addresses, ids, what stands in quotation marks.

use vestibule_oidc::microsoft::TenantId;

use super::run::is_run_char;
use super::steps::looked_at;
use super::{Found, MAX_KEPT, MAX_VALUE_BYTES};
use crate::shown::{is_secret, without_user};

/// The number in the address of Microsoft's page for it: `…/error?code=50011`.
pub(super) fn number_of_page(word: &str) -> Option<u32> {
    let (_, digits) = word.split_once("error?code=")?;
    let end = digits
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| digits.len() >= 4)?;
    digits.parse().ok()
}

/// What ends an address or a query in a text.
pub(super) fn is_boundary(char: char) -> bool {
    char.is_whitespace() || matches!(char, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']')
}

pub(super) fn keep_address(word: &str, found: &mut Found) {
    for scheme in ["https://", "http://", "api://"] {
        let Some(start) = word.find(scheme) else {
            continue;
        };
        let list = match scheme {
            "api://" => &mut found.api_uris,
            _ => &mut found.urls,
        };
        let address = word.get(start..).unwrap_or_default();
        let end = |char| matches!(char, '?' | '#' | ',' | ';' | '{' | '}' | '&');
        let address = address.split(end).next().unwrap_or_default();
        let address = without_user(address.trim_end_matches(['.', ':', '\\']));
        keep(list, &address);
    }
}

pub(super) fn keep_guid(run: &str, guids: &mut Vec<String>) {
    for part in run.split(['.', '_', '~']) {
        if let Some(id) = TenantId::parse(part) {
            keep(guids, id.as_str());
        }
    }
}

pub(super) fn keep(list: &mut Vec<String>, value: &str) {
    let new = !value.is_empty() && !list.iter().any(|kept| kept == value);
    if new && list.len() < MAX_KEPT && value.len() <= MAX_VALUE_BYTES {
        list.push(value.to_owned());
    }
}

/// Values between two equal quotation marks on one line, if they are no secrets.
pub(super) fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for mark in ['\'', '"', '`'] {
            looked_at(line.len());
            for value in line.split(mark).skip(1).step_by(2) {
                let is_query = ["code=", "state=", "token=", "secret="]
                    .iter()
                    .any(|name| value.contains(name));
                if value.len() <= MAX_VALUE_BYTES
                    && !is_query
                    && without_user(value) == value
                    && !value.split(|char| !is_run_char(char)).any(is_secret)
                {
                    keep(&mut found, value.trim());
                }
            }
        }
    }
    found
}
