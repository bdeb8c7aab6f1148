//! `OIDCPathScope`: scopes that Apache asks for at sign-ins that begin at a path.
//!
//! A scope that is an address is an API's, and becomes the route's own access token. Any other is asked for at every sign-in.

use crate::apache::expand::{Item, Line};
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{Table, text};

const NAME: &str = "OIDCPathScope";

fn scopes(line: &Line) -> impl Iterator<Item = &str> {
    line.words
        .iter()
        .flat_map(|word| word.split_ascii_whitespace())
}

fn is_of_api(scope: &str) -> bool {
    scope.contains("://")
}

/// Every such line of the site.
fn lines<'t>(site: &Site<'t>) -> Vec<&'t Line> {
    fn below<'t>(items: &'t [Item], found: &mut Vec<&'t Line>) {
        for item in items {
            match item {
                Item::Line(line) if line.is(NAME) => found.push(line),
                Item::Line(_) => {}
                Item::Section(section) => below(&section.children, found),
            }
        }
    }
    let mut found = site.all(NAME);
    for section in &site.sections {
        below(&section.children, &mut found);
    }
    found
}

/// The scopes that every sign-in asks for by them.
pub(super) fn of_sign_in(site: &Site<'_>, ledger: &mut Ledger) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines(site) {
        if line.words.iter().any(|word| word.contains("%{")) {
            ledger.stop(
                line,
                "expressions in scopes are not evaluated",
                "write the scopes themselves",
            );
            continue;
        }
        let of_all: Vec<&str> = scopes(line).filter(|scope| !is_of_api(scope)).collect();
        if !of_all.is_empty() {
            ledger.differs(
                line,
                format!(
                    "provider.scopes has {} too: every sign-in asks for it, not only those that begin here",
                    of_all.join(" ")
                ),
                "",
            );
        }
        found.extend(of_all.into_iter().map(str::to_owned));
    }
    found
}

/// The access token of a route that has such a line with scopes of an API in it.
pub(super) fn own_token<'t>(
    here: &InForce<'t>,
    wants_token: bool,
    ledger: &mut Ledger,
) -> Option<(String, &'t Line)> {
    let line = here.last(NAME)?;
    let of_api: Vec<&str> = scopes(line).filter(|scope| is_of_api(scope)).collect();
    if of_api.is_empty() {
        return None;
    }
    if !wants_token {
        ledger.lost(line, "the upstream gets no token, so none is asked for", "");
        return None;
    }
    let token = format!("{{ scope = {} }}", text(&of_api.join(" ")));
    ledger.differs(
        line,
        format!("access_token = {token}: it is this route's own, where Apache has one token for all paths"),
        "",
    );
    Some((token, line))
}

/// A route of its own token beside one that gets whatever sign-in brings: which that is, would change.
pub(super) fn beside_others(site: &Site<'_>, routes: &[Table], ledger: &mut Ledger) {
    let tokens = || {
        let keys = routes.iter().flat_map(|route| &route.keys);
        keys.filter(|key| key.name == "access_token")
    };
    let is_own = |value: &str| value.starts_with('{');
    if tokens().all(|key| is_own(&key.value)) || !tokens().any(|key| is_own(&key.value)) {
        return;
    }
    let of_api = lines(site)
        .into_iter()
        .find(|line| scopes(line).any(is_of_api));
    if let Some(line) = of_api {
        ledger.stop(
            line,
            "other paths pass on whatever token sign-in brings, which is this one if people begin here and another if they don't",
            "write OIDCPathScope with the API's scope wherever a token is passed on, and OIDCPassAccessToken Off elsewhere",
        );
    }
}
