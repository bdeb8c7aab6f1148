//! Who is signed in to the provider in which browser, and who has agreed to what.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    directory::{Account, App},
    entropy,
    guid::Guid,
    scope::Wanted,
    shelf::Shelf,
};

/// One account signed in in one browser.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) account: Account,
    pub(crate) sid: Guid,
    pub(crate) auth_time: i64,
}

/// Browser sessions and consent.
#[derive(Debug)]
pub(crate) struct Sessions(Mutex<State>);

#[derive(Debug)]
struct State {
    browsers: Shelf<Vec<SignedIn>>,
    consents: HashSet<Consented>,
}

/// Somebody agreed that a client uses a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Consented {
    /// The person's object ID, or the tenant for which an administrator agreed.
    pub(crate) by: Guid,
    pub(crate) client: Guid,
    pub(crate) resource: String,
}

impl Consented {
    pub(crate) fn new(by: &Guid, client: &App, wanted: &Wanted) -> Self {
        Self {
            by: by.clone(),
            client: client.client_id.clone(),
            resource: wanted.resource.id().to_owned(),
        }
    }
}

impl Sessions {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            browsers: Shelf::new(10_000),
            consents: HashSet::new(),
        }))
    }

    /// The accounts signed in in a browser, latest first.
    pub(crate) fn signed_in(&self, cookie: Option<&str>) -> Vec<SignedIn> {
        cookie
            .and_then(|cookie| self.lock().browsers.find(cookie).cloned())
            .unwrap_or_default()
    }

    /// Signs an account in and returns the value the cookie must have: a new one, always.
    pub(crate) fn sign_in(
        &self,
        cookie: Option<&str>,
        account: Account,
        now: i64,
    ) -> (String, SignedIn) {
        let mut state = self.lock();
        let mut accounts = cookie
            .and_then(|cookie| state.browsers.find_mut(cookie))
            .map(std::mem::take)
            .unwrap_or_default();
        accounts.retain(|known| known.account.oid != account.oid);
        let signed_in = SignedIn {
            account,
            sid: Guid::random(),
            auth_time: now,
        };
        accounts.insert(0, signed_in.clone());
        // More than a browser shows, and a bound on what a script can pile up.
        accounts.truncate(10);
        let name = entropy::text(43);
        state.browsers.put(name.clone(), accounts);
        (name, signed_in)
    }

    /// Signs one account out.
    pub(crate) fn sign_out(&self, cookie: Option<&str>, oid: &Guid) {
        let mut state = self.lock();
        if let Some(accounts) = cookie.and_then(|cookie| state.browsers.find_mut(cookie)) {
            accounts.retain(|known| known.account.oid != *oid);
        }
    }

    /// Forgets every browser.
    pub(crate) fn clear(&self) {
        self.lock().browsers.clear();
    }

    pub(crate) fn consent(&self, consented: Consented) {
        self.lock().consents.insert(consented);
    }

    pub(crate) fn has_consented(&self, consented: &Consented) -> bool {
        self.lock().consents.contains(consented)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
