//! The providers of several virtual hosts: one for all, or `[provider.NAME]` for each that is not the same.

use super::{One, apart, called, key_of};
use crate::apache::map::{Draft, named, provider::CLIENT_SECRET};
use crate::apache::report::{Ledger, Outcome};
use crate::apache::write::{Table, text};
use crate::apache::{SecretForm, SecretValue};

/// What is registered where.
#[derive(Debug)]
struct Registration {
    name: String,
    table: Table,
    secret: Option<SecretValue>,
}

/// All of them, each once.
#[derive(Debug)]
pub(super) struct Providers {
    all: Vec<Registration>,
}

/// Takes the providers out of the hosts, and has their routes name them where there are several.
pub(super) fn of_each(
    hosts: &mut [One<'_, '_>],
    form: SecretForm,
    ledger: &mut Ledger,
) -> Providers {
    let mut all: Vec<Registration> = Vec::new();
    let mut of_hosts = Vec::new();
    for One { site, draft } in hosts.iter_mut() {
        let table = std::mem::take(&mut draft.provider);
        let at = draft
            .secrets
            .iter()
            .position(|secret| secret.variable == CLIENT_SECRET.0);
        let secret = at.map(|at| draft.secrets.remove(at));
        let known = all.iter().position(|one| one.is(&table, secret.as_ref()));
        of_hosts.push(known.unwrap_or_else(|| {
            let name = name(&site.name(), &all);
            all.push(Registration {
                name,
                table,
                secret,
            });
            all.len() - 1
        }));
    }
    if all.len() > 1 {
        for one in &mut all {
            one.be_named(form);
        }
        let mut told: Vec<usize> = Vec::new();
        for (One { site, draft }, number) in hosts.iter_mut().zip(of_hosts) {
            let Some(one) = all.get(number) else { continue };
            for route in &mut draft.routes {
                // Nobody signs in there.
                let is_public =
                    key_of(route, "require").is_some_and(|key| key.value == "\"public\"");
                if !is_public {
                    let from = route.from.clone();
                    route.put("provider", text(&one.name), from.as_ref());
                }
            }
            let Some(host) = site.host else { continue };
            let path = |one: &Registration| {
                let key = key_of(&one.table, "redirect_path")?;
                Some(key.value.clone())
            };
            let twin = all
                .iter()
                .enumerate()
                .find(|(other, there)| *other < number && path(there) == path(one));
            if let Some((_, twin)) = twin {
                ledger.stop_at(
                    &host.at,
                    &called(host),
                    format!(
                        "its provider differs from that of {}, and both send people back to {}: an answer must belong to one provider, \
                         so each has a path of its own here",
                        twin.name,
                        path(one).unwrap_or_default()
                    ),
                    format!(
                        "register another redirect URI at this one, and write it in its OIDCRedirectURI; or {}",
                        apart().split_once("; or ").map_or("", |(_, rest)| rest)
                    ),
                );
            } else if !told.contains(&number) {
                told.push(number);
                ledger.note(
                    &host.at,
                    &called(host),
                    Outcome::Became,
                    format!("[provider.{}], which its routes name", one.name),
                    "",
                );
            }
        }
    }
    Providers { all }
}

impl Registration {
    /// Whether this is the same, wherever it was written.
    fn is(&self, table: &Table, secret: Option<&SecretValue>) -> bool {
        let value = |secret: &SecretValue| secret.value.expose().to_owned();
        let names = |table: &Table| {
            let mut names: Vec<(&'static str, String)> = table
                .keys
                .iter()
                .map(|key| (key.name, key.value.clone()))
                .collect();
            names.sort_unstable();
            names
        };
        names(&self.table) == names(table) && self.secret.as_ref().map(value) == secret.map(value)
    }

    fn be_named(&mut self, form: SecretForm) {
        self.table.heading = format!("[provider.{}]", self.name);
        let Some(secret) = &mut self.secret else {
            return;
        };
        let upper = self.name.to_ascii_uppercase().replace('-', "_");
        secret.variable = format!("{}_{upper}", CLIENT_SECRET.0);
        secret.file = format!("{}-{}", CLIENT_SECRET.1, self.name);
        let value = named(secret, form);
        let from = key_of(&self.table, "client_secret").and_then(|key| key.from.clone());
        self.table.put("client_secret", value, from.as_ref());
    }
}

impl Providers {
    pub(super) fn into_draft(self, draft: &mut Draft) {
        let several = self.all.len() > 1;
        for Registration { table, secret, .. } in self.all {
            // The first secret is that of people signing in.
            draft.secrets.extend(secret);
            match several {
                true => draft.named_providers.push(table),
                false => draft.provider = table,
            }
        }
    }
}

/// What the provider of this host is called: the first label of the name that no other has, or all of it.
fn name(site: &str, all: &[Registration]) -> String {
    let plain = |text: &str| {
        let text: String = text
            .to_ascii_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(32)
            .collect();
        text.trim_matches('-').to_owned()
    };
    let label = plain(site.split('.').next().unwrap_or_default());
    let number = format!("provider-{}", all.len() + 1);
    [label, plain(site), number.clone()]
        .into_iter()
        .find(|name| !name.is_empty() && all.iter().all(|one| one.name != *name))
        .unwrap_or(number)
}
