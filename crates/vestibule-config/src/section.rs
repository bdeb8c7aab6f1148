//! One file for each table of `vestibule.toml`: its description, its settings, its reading, its own checks.
//!
//! Checks that need two tables are in `check`.

pub(crate) mod admin;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod outbound;
pub(crate) mod pages;
pub(crate) mod provider;
pub(crate) mod route;
pub(crate) mod rule;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod tls;

use crate::describe::Section;

/// Every table that has a place of its own, in the order of the reference page.
pub(crate) static ALL: &[&Section] = &[
    &server::ROOT,
    &tls::TLS,
    &limits::LIMITS,
    &provider::PROVIDER,
    &session::SESSION,
    &route::ROUTE,
    &provider::REDIRECT_ACTIONS,
    &route::ACCESS_TOKEN,
    &route::HEADERS,
    &route::ANSWER_HEADERS,
    &route::USER,
    &rule::RULE,
    &log::LOG,
    &admin::ADMIN,
    &outbound::OUTBOUND,
    &pages::PAGES,
];

/// Where a key that was written in the wrong table belongs, if only one place knows it.
pub(crate) fn place_of(key: &str) -> Option<&'static str> {
    if server::ROOT.key(key).is_some() {
        return Some("the top of the file, before the first [heading]");
    }
    let mut places = ALL.iter().filter(|section| section.key(key).is_some());
    let place = places.next()?;
    match (places.next(), place.heading) {
        (None, heading) if !heading.is_empty() => Some(heading),
        _ => None,
    }
}
