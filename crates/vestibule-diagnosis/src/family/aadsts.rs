//! Says what Entra's error numbers mean: one row for each `AADSTS` number, from tables.
//!
//! A row of another family that has more evidence explains the number, and then only that row is
//! told. Numbers and texts change without notice, so they serve explaining alone: nothing else of
//! this project decides by them.

mod accounts;
mod client;
mod consent;
mod cure;
mod federation;
mod other;
mod policy;
mod request;
mod service;
mod session;
mod table;
mod tenants;

#[cfg(test)]
pub(super) mod cases;

use crate::catalogue::{Case, Row};
use crate::shown::shown;
use crate::{Confidence, Evidence};

use super::said::Said;
use super::step;
use table::Code;

/// The rows, one part for each table.
pub(super) const ROWS: &[&[Row]] = &[
    client::ROWS,
    federation::ROWS,
    consent::ROWS,
    tenants::ROWS,
    accounts::ROWS,
    policy::ROWS,
    session::ROWS,
    request::ROWS,
    service::ROWS,
    other::ROWS,
];

const CODES: &[&[Code]] = &[
    client::CODES,
    federation::CODES,
    consent::CODES,
    tenants::CODES,
    accounts::CODES,
    policy::CODES,
    session::CODES,
    request::CODES,
    service::CODES,
];

/// Whether a table has this number.
fn is_known(number: u32) -> bool {
    CODES
        .iter()
        .flat_map(|part| part.iter())
        .any(|code| code.number == number)
}

fn judge(evidence: &Evidence, codes: &[Code], number: u32) -> Option<Case> {
    let numbered = evidence.has_aadsts(&[number]);
    if !numbered && !is_on_page(evidence, number) {
        return None;
    }
    let code = codes.iter().find(|code| code.number == number)?;
    let said = Said::of(evidence);
    let name = match code.name {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    let seen = match numbered {
        true => format!("Entra said `AADSTS{number}`{name}{}.", details(&said, code)),
        false => format!(
            "Entra's page says in words what `AADSTS{number}`{name} stands for{}.",
            details(&said, code)
        ),
    };
    let filled = code.cure.filled.and_then(|fill| fill(evidence, &said));
    let changes = filled.unwrap_or_else(|| step::changes(evidence, &said, code.cure.steps));
    let case = Case::new(seen).changes(changes);
    Some(match numbered {
        true => case,
        false => case.confidence(Confidence::Observed),
    })
}

/// What Entra's pages say to people where they show no number, and the number that stands for it.
const PAGES: &[(&str, u32)] = &[
    ("does not exist in tenant", 50_020),
    ("' was not found in the directory '", 700_016),
    ("you can't get there from here", 53_000),
    ("you can’t get there from here", 53_000),
    (
        "sign-in was successful but does not meet the criteria to access this resource",
        53_003,
    ),
    (
        "the provided value for the input parameter 'scope' is not valid",
        70_011,
    ),
    ("couldn't find an account with that username", 50_034),
    ("your account or password is incorrect", 50_126),
];

/// Whether Entra's page says this, without any number.
fn is_on_page(evidence: &Evidence, number: u32) -> bool {
    let mut pages = PAGES.iter().filter(|(_, of)| *of == number);
    evidence.text.is_some()
        && evidence.aadsts().next().is_none()
        && pages.any(|(words, _)| evidence.says(words))
}

/// What the message and the settings name, as far as the number is about it.
fn details(said: &Said, code: &Code) -> String {
    let values = [
        ("app", &said.app),
        ("redirect URI", &said.redirect_uri),
        ("scope", &said.scope),
        ("resource", &said.resource),
        ("tenant", &said.tenant),
        ("parameter", &said.parameter),
    ];
    let told: Vec<String> = values
        .into_iter()
        .filter(|(name, _)| code.cure.about.contains(name))
        .filter_map(|(name, value)| Some(format!("{name} {}", shown(value.as_deref()?))))
        .collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(": {}", told.join(", ")),
    }
}
