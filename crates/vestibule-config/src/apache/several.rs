//! Several virtual hosts in one `vestibule.toml`: each is read by itself, and what they say is joined where it agrees.
//!
//! Routes are told apart by their host, and name their provider where there are several. All else there is once, so that
//! hosts with other sessions or another listener stop the import.

mod providers;

use super::expand::Section;
use super::include::fits;
use super::map::{Draft, public};
use super::report::Ledger;
use super::site::Site;
use super::syntax::Place;
use super::write::{Key, Table, one_or_more, text};
use super::{SecretForm, SecretValue};

/// What one virtual host came to by itself.
#[derive(Debug)]
pub(super) struct One<'s, 't> {
    pub(super) site: &'s Site<'t>,
    pub(super) draft: Draft,
}

/// Whether requests find the same virtual host here as in Apache: by the name alone. Whatever else stops the import.
pub(super) fn told_apart_by_name(sites: &[Site<'_>], ledger: &mut Ledger) -> bool {
    let mut rest = sites;
    while let Some((site, later)) = rest.split_first() {
        rest = later;
        for other in later {
            let (Some(here), Some(there)) = (site.host, other.host) else {
                continue;
            };
            if addresses(here) != addresses(there) {
                ledger.stop_at(
                    &there.at,
                    &called(there),
                    format!(
                        "{} and {} are at other addresses or ports, and here every listener answers for every host",
                        site.name(),
                        other.name()
                    ),
                    "import each from a file of its own, and run one vestibule for each",
                );
                return false;
            }
            if let Some(name) = shared_name(site, other) {
                ledger.stop_at(
                    &there.at,
                    &called(there),
                    format!("{name} is a name of the virtual host on line {} too, which Apache may ask first", here.at.line),
                    "give every virtual host a ServerName and names that no other has",
                );
                return false;
            }
        }
    }
    true
}

fn called(section: &Section) -> String {
    format!("<{} {}>", section.name, section.words.join(" "))
}

/// `*:443` and `_default_:443` are the same.
fn addresses(section: &Section) -> Vec<String> {
    let words = section.words.iter();
    let mut all: Vec<String> = words
        .map(|word| word.to_ascii_lowercase().replace("_default_", "*"))
        .collect();
    all.sort();
    all
}

/// A name that both have, `*` and `?` included.
fn shared_name(site: &Site<'_>, other: &Site<'_>) -> Option<String> {
    let names = |site: &Site<'_>| -> Vec<String> {
        let names = public::names(site).into_iter();
        names
            .map(|(name, _)| public::host_of(name).to_ascii_lowercase())
            .collect()
    };
    let (here, there) = (names(site), names(other));
    there.into_iter().find(|name| {
        here.iter().any(|known| {
            fits(known.as_bytes(), name.as_bytes()) || fits(name.as_bytes(), known.as_bytes())
        })
    })
}

/// Joins what the hosts came to; where they can't be one file the import stops.
pub(super) fn joined(mut all: Vec<One<'_, '_>>, form: SecretForm, ledger: &mut Ledger) -> Draft {
    let providers = providers::of_each(&mut all, form, ledger);
    let mut whole: Option<(String, Draft)> = None;
    for One { site, mut draft } in all {
        by_host(&mut draft);
        let name = site.name();
        match &mut whole {
            None => whole = Some((name, draft)),
            Some((first, known)) => {
                let Some(host) = site.host else { continue };
                for (key, at) in differences(known, &draft) {
                    let at = at.unwrap_or_else(|| host.at.clone());
                    ledger.stop_at(
                        &host.at,
                        &called(host),
                        format!(
                            "{key} is not the same for {name} and {first} (line {}), and all hosts of one vestibule.toml share it",
                            at.line
                        ),
                        apart(),
                    );
                }
                join(known, draft, host, ledger);
            }
        }
    }
    let mut draft = whole.map_or_else(Draft::new, |(_, draft)| draft);
    providers.into_draft(&mut draft);
    draft
}

/// What to do with virtual hosts that can't be one file.
fn apart() -> &'static str {
    "write the same for all of them; or make a file for each, with the lines outside of virtual hosts and this one alone, \
     and run one vestibule for each file, with addresses of their own (--listen)"
}

/// Writes the host into each route; a route for several hosts is written once for each.
fn by_host(draft: &mut Draft) {
    let routes = std::mem::take(&mut draft.routes);
    let mut hosts: Vec<&str> = Vec::new();
    for url in &draft.urls {
        let host = url.host_str().unwrap_or_default();
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    for host in hosts {
        for route in &routes {
            let mut route = route.clone();
            let from = route.from.clone();
            route.put("host", text(host), from.as_ref());
            draft.routes.push(route);
        }
    }
}

/// The keys that there is one of, and that are not the same.
fn differences(known: &Draft, other: &Draft) -> Vec<(String, Option<Place>)> {
    let mut found = Vec::new();
    for (table, a, b) in [
        ("", &known.top, &other.top),
        ("session.", &known.session, &other.session),
        ("outbound.", &known.outbound, &other.outbound),
    ] {
        let of_both = a.keys.iter().chain(&b.keys);
        let mut names: Vec<&'static str> = of_both.map(|key| key.name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names.into_iter().filter(|name| *name != "public_url") {
            let (a, b) = (key_of(a, name), key_of(b, name));
            if a.map(|key| &key.value) != b.map(|key| &key.value) {
                let at = b.or(a).and_then(|key| key.from.clone());
                found.push((format!("{table}{name}"), at));
            }
        }
    }
    // They are named alike in the TOML, whatever they are.
    let of = |all: &[SecretValue], variable: &str| -> Option<String> {
        let one = all.iter().find(|secret| secret.variable == variable)?;
        Some(one.value.expose().to_owned())
    };
    for secret in &other.secrets {
        let there = of(&known.secrets, &secret.variable);
        if there.is_some_and(|value| value != secret.value.expose()) {
            found.push((format!("the secret {}", secret.variable), None));
        }
    }
    found
}

fn key_of<'k>(table: &'k Table, name: &str) -> Option<&'k Key> {
    table.keys.iter().find(|key| key.name == name)
}

fn join(known: &mut Draft, other: Draft, host: &Section, ledger: &mut Ledger) {
    for url in other.urls {
        if known.urls.iter().any(|one| one.host() == url.host()) {
            ledger.stop_at(
                &host.at,
                &called(host),
                format!(
                    "people come back to {} from sign-in, which another virtual host is for",
                    url.authority()
                ),
                "write OIDCRedirectURI as a path alone, and register it at the provider for each host",
            );
        } else {
            known.urls.push(url);
        }
    }
    let origins: Vec<String> = known
        .urls
        .iter()
        .map(|url| url.origin().ascii_serialization())
        .collect();
    let from = key_of(&known.top, "public_url").and_then(|key| key.from.clone());
    known
        .top
        .put("public_url", one_or_more(&origins), from.as_ref());
    known.routes.extend(other.routes);
    for secret in other.secrets {
        let mut names = known.secrets.iter().map(|secret| &secret.variable);
        if !names.any(|name| *name == secret.variable) {
            known.secrets.push(secret);
        }
    }
    known.as_written.routes.extend(other.as_written.routes);
    if known.as_written.reverse.is_none() {
        known.as_written.reverse = other.as_written.reverse;
    }
}
