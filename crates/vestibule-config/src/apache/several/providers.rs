//! The providers of several virtual hosts: one for all, or `[provider.NAME]` for each that is not the same, with the hosts
//! where people sign in with it.

use super::{One, called, key_of};
use crate::apache::map::{Draft, named, provider::CLIENT_SECRET};
use crate::apache::report::{Ledger, Outcome};
use crate::apache::write::{Table, one_or_more, text};
use crate::apache::{SecretForm, SecretValue};

/// What is registered where.
#[derive(Debug)]
struct Registration {
    name: String,
    table: Table,
    secret: Option<SecretValue>,
    /// Where people sign in with it.
    hosts: Vec<String>,
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
    let mut of_sites = Vec::new();
    for One { site, draft } in hosts.iter_mut() {
        let table = std::mem::take(&mut draft.provider);
        let at = draft
            .secrets
            .iter()
            .position(|secret| secret.variable == CLIENT_SECRET.0);
        let secret = at.map(|at| draft.secrets.remove(at));
        let known = all.iter().position(|one| one.is(&table, secret.as_ref()));
        let number = known.unwrap_or_else(|| {
            let name = name(&site.name(), &all);
            all.push(Registration {
                name,
                table,
                secret,
                hosts: Vec::new(),
            });
            all.len() - 1
        });
        if let Some(one) = all.get_mut(number) {
            one.is_for(draft);
        }
        of_sites.push(number);
    }
    if all.len() > 1 {
        for one in &mut all {
            one.be_named(form);
        }
        let mut told: Vec<usize> = Vec::new();
        for (One { site, draft }, number) in hosts.iter_mut().zip(of_sites) {
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
            if !told.contains(&number) {
                told.push(number);
                ledger.note(
                    &host.at,
                    &called(host),
                    Outcome::Became,
                    format!(
                        "[provider.{}], which its routes name, for people of {} alone",
                        one.name,
                        one.hosts.join(", ")
                    ),
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

    /// Notes where this virtual host has people sign in.
    fn is_for(&mut self, draft: &Draft) {
        for url in &draft.urls {
            let host = url.host_str().unwrap_or_default();
            if !self.hosts.iter().any(|known| known == host) {
                self.hosts.push(host.to_owned());
            }
        }
    }

    fn be_named(&mut self, form: SecretForm) {
        self.table.heading = format!("[provider.{}]", self.name);
        let from = key_of(&self.table, "redirect_path").and_then(|key| key.from.clone());
        if !self.table.keys.is_empty() {
            self.table
                .put("hosts", one_or_more(&self.hosts), from.as_ref());
        }
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
