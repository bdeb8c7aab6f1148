//! Who and what the provider knows: tenants, app registrations, people.
//!
//! Settings come in and are checked as a whole; people can be added later, everything else is
//! fixed at start.

mod app;
mod person;
mod tenant;

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};

pub(crate) use app::{App, RedirectKind};
pub(crate) use person::{Account, NewPerson, Person, Standing};
pub(crate) use tenant::{PERSONAL_TENANT, Tenant, TenantPath};

use crate::{guid::Guid, settings::IdpSettings};

/// Tenants, apps and people.
#[derive(Debug)]
pub(crate) struct Directory {
    tenants: Vec<Tenant>,
    apps: Vec<Arc<App>>,
    people: RwLock<Vec<Arc<Person>>>,
}

impl Directory {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    ///
    /// Everything that doesn't fit together, a sentence each.
    pub(crate) fn new(settings: &IdpSettings) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let tenants: Vec<Tenant> = settings.tenants.iter().map(Tenant::new).collect();
        let Some(home) = tenants.first().map(|tenant| tenant.id.clone()) else {
            return Err(vec!["there is no [[tenant]]".to_owned()]);
        };
        let known: HashSet<&Guid> = tenants.iter().map(|tenant| &tenant.id).collect();
        let mut tenant_names = HashSet::new();
        for tenant in &tenants {
            if !tenant_names.insert(tenant.id.as_str()) {
                problems.push(format!("tenant {} is there twice", tenant.id));
            }
            if !tenant_names.insert(tenant.domain.as_str()) {
                problems.push(format!("domain `{}` is there twice", tenant.domain));
            }
            if tenant.id.as_str() == PERSONAL_TENANT {
                problems.push("the tenant of personal accounts is always there".to_owned());
            }
        }

        let mut apps: Vec<Arc<App>> = Vec::new();
        let mut identifiers = HashSet::new();
        for text in &settings.apps {
            match App::new(text, &home) {
                Ok(app) => {
                    if !known.contains(&app.tenant) {
                        problems.push(format!("app `{}` is in an unknown tenant", app.name));
                    }
                    for identifier in app
                        .app_id_uris
                        .iter()
                        .map(String::as_str)
                        .chain([app.client_id.as_str()])
                    {
                        if !identifiers.insert(identifier.to_owned()) {
                            problems.push(format!("`{identifier}` names two apps"));
                        }
                    }
                    apps.push(Arc::new(app));
                }
                Err(more) => problems.extend(more),
            }
        }

        let mut people: Vec<Arc<Person>> = Vec::new();
        let mut accounts = HashSet::new();
        for text in &settings.people {
            match Person::new(text, &home) {
                Ok(person) => {
                    let elsewhere = person.guest_in.iter().chain([&person.home]).find(|tenant| {
                        !known.contains(tenant) && tenant.as_str() != PERSONAL_TENANT
                    });
                    if let Some(tenant) = elsewhere {
                        problems.push(format!(
                            "person `{}` is in the unknown tenant {tenant}",
                            person.account
                        ));
                    }
                    if !accounts.insert(person.account.clone()) {
                        problems.push(format!("account `{}` is there twice", person.account));
                    }
                    people.push(Arc::new(person));
                }
                Err(problem) => problems.push(problem),
            }
        }

        if problems.is_empty() {
            Ok(Self {
                tenants,
                apps,
                people: RwLock::new(people),
            })
        } else {
            Err(problems)
        }
    }

    /// The first tenant.
    pub(crate) fn home(&self) -> Option<&Tenant> {
        self.tenants.first()
    }

    pub(crate) fn tenant(&self, id: &Guid) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == *id)
    }

    /// Reads the tenant segment of a path: an alias, a GUID or a verified domain.
    pub(crate) fn tenant_path(&self, segment: &str) -> Option<TenantPath> {
        TenantPath::read(segment, &self.tenants)
    }

    pub(crate) fn apps(&self) -> &[Arc<App>] {
        &self.apps
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<Arc<App>> {
        self.apps
            .iter()
            .find(|app| app.client_id.as_str().eq_ignore_ascii_case(client_id))
            .cloned()
    }

    pub(crate) fn people(&self) -> Vec<Arc<Person>> {
        self.people
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn person(&self, account: &str) -> Option<Arc<Person>> {
        self.people()
            .into_iter()
            .find(|person| person.account == account)
    }

    /// Adds a person made on the account picker.
    ///
    /// # Errors
    ///
    /// What is wrong with the form, as a sentence for the page.
    pub(crate) fn add(&self, new: NewPerson) -> Result<Arc<Person>, String> {
        /// More than anyone makes by hand; a script that posts the form must not fill the memory.
        const MOST_PEOPLE: usize = 1_000;
        let home = self.home().ok_or("there is no tenant")?;
        let mut people = self.people.write().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST_PEOPLE {
            return Err("there are too many people already".to_owned());
        }
        let person = Arc::new(new.into_person(home, people.len())?);
        people.push(Arc::clone(&person));
        Ok(person)
    }
}
