//! `provider.authorization_parameters`: what sign-in asks for besides, for the whole site or from one path on.

use url::form_urlencoded::parse;

use super::Draft;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{Table, key, text};

const OF_PATHS: &str = "OIDCPathAuthRequestParams";

pub(super) fn of_site(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCAuthRequestParams") {
        add(line, draft, ledger);
    }
}

/// Those of paths, as the routes on which people sign in have them in force.
#[derive(Debug, Default)]
pub(super) struct OfPaths<'t> {
    found: Vec<Option<&'t Line>>,
}

impl<'t> OfPaths<'t> {
    /// Notes what holds at one such route.
    pub(super) fn meet(&mut self, here: &InForce<'t>) {
        self.found.push(here.last(OF_PATHS));
    }

    /// Where all say the same, every sign-in asks for it. Where they don't, which sign-in would ask for what depends on
    /// where it begins, which is not so here.
    pub(super) fn settle(self, draft: &mut Draft, ledger: &mut Ledger) {
        let Some(line) = self.found.iter().flatten().next() else {
            return;
        };
        let is_same = |other: &Option<&Line>| other.is_some_and(|other| other.words == line.words);
        if self.found.iter().all(is_same) {
            for line in self.found.iter().flatten().skip(1) {
                ledger.became(line, "provider.authorization_parameters, of the same");
            }
            add(line, draft, ledger);
            return;
        }
        for line in self.found.iter().flatten() {
            ledger.stop(
                line,
                "parameters of sign-in can't differ from path to path. Apache sends them with sign-ins that begin here alone: whoever began at another \
                 path passes without",
                "write OIDCAuthRequestParams for the whole site; for a stronger sign-in on this path alone add a rule on what it brings, \
                 like Require claim acr:VALUE",
            );
        }
    }
}

fn add(line: &Line, draft: &mut Draft, ledger: &mut Ledger) {
    let mut kept = Vec::new();
    let query = line.words.join("&");
    for (name, value) in parse(query.as_bytes()) {
        if value == "#" {
            ledger.stop(
                line,
                format!(
                    "the parameter {name} would be copied from whoever asks, which is not done here"
                ),
                "write its value",
            );
        } else if value.contains("%{") {
            ledger.stop(
                line,
                format!("the parameter {name} would be made from the request, and expressions are not evaluated"),
                "write its value",
            );
        } else if name == "max_age" {
            draft
                .provider
                .put("max_age", text(&format!("{value}s")), Some(&line.at));
        } else if name == "scope" || name == "resource" {
            ledger.stop(
                line,
                format!("the parameter {name} can't be set here"),
                match &*name {
                    "scope" => "write the scopes in OIDCScope",
                    _ => "with Entra write the v2.0 metadata URL, and the API's scope in OIDCScope",
                },
            );
        } else if is_set(&draft.provider, &name) {
            ledger.stop(
                line,
                format!("the parameter {name} is set for the whole site too, and can be sent once"),
                "write it in one of the two places",
            );
        } else {
            kept.push(format!("{} = {}", key(&name), text(&value)));
        }
    }
    if !kept.is_empty() {
        let known = known(&draft.provider).map(str::to_owned);
        let all: Vec<String> = known.into_iter().chain(kept).collect();
        draft.provider.put(
            "authorization_parameters",
            format!("{{ {} }}", all.join(", ")),
            Some(&line.at),
        );
    }
    if !ledger.knows(line) {
        ledger.became(line, "provider.authorization_parameters");
    }
}

/// What is between the braces by now.
fn known(provider: &Table) -> Option<&str> {
    let mut keys = provider.keys.iter();
    let key = keys.find(|key| key.name == "authorization_parameters")?;
    key.value.strip_prefix("{ ")?.strip_suffix(" }")
}

fn is_set(provider: &Table, name: &str) -> bool {
    known(provider).is_some_and(|known| {
        let begins = format!("{} = ", key(name));
        known.starts_with(&begins) || known.contains(&format!(", {begins}"))
    })
}
