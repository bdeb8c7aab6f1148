//! Holds what this core told upstreams lately about people, so that a (session, route) costs its claims and token once.
//!
//! It is good for as long as the session's record, the access token and the plan are the very ones it was made from: a
//! request that waited for a refresh has the record of before and the token of after. It is looked up only with an
//! `Authorized` in hand, so nothing of a session that has ended is ever sent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use vestibule_gate::authorize::Authorized;
use vestibule_gate::fields::Fields;
use vestibule_session::handle::StoreKey;
use vestibule_session::store::Stored;

use crate::plan::Plan;
use crate::store::KeyHashing;
use crate::telemetry::Subject;
use crate::tokens::RouteToken;

/// Kept per core. The fields about a person with many groups may take 20 KiB.
const MOST: usize = 1024;

/// What one upstream is told about one person, and the log.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The fields, final: one copy writes them.
    pub(crate) fields: Rc<Fields>,
    /// What stands for the person in the log; `None` on a public route.
    pub(crate) subject: Option<Subject>,
}

/// One core's identities.
#[derive(Debug, Default)]
pub(crate) struct Identities(RefCell<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Held, so that no other plan can take its place in memory.
    plan: Option<Arc<Plan>>,
    known: HashMap<(StoreKey, usize), Known, KeyHashing>,
    /// What a public route's upstream is told.
    nobody: Rc<Fields>,
}

#[derive(Debug)]
struct Known {
    session: Weak<Stored>,
    /// Held, so that no other token can take its place in memory.
    token: Option<RouteToken>,
    identity: Identity,
}

impl Identities {
    /// What tells the upstream about the person; made, or as it was made before.
    pub(crate) fn of(
        &self,
        plan: &Arc<Plan>,
        authorized: &Authorized<'_>,
        key: Option<StoreKey>,
        token: Option<&RouteToken>,
    ) -> Identity {
        let Kept {
            plan: held,
            known,
            nobody,
        } = &mut *self.0.borrow_mut();
        let Some(session) = authorized.session() else {
            return Identity {
                fields: Rc::clone(nobody),
                subject: None,
            };
        };
        let make = || Identity {
            fields: Rc::new(authorized.identity_fields(token.map(RouteToken::view))),
            subject: Some(Subject::of(session.record())),
        };
        let Some(key) = key else {
            return make();
        };
        if !held.as_ref().is_some_and(|held| Arc::ptr_eq(held, plan)) {
            known.clear();
            *held = Some(Arc::clone(plan));
        }
        let route = std::ptr::from_ref(authorized.matched().route()).addr();
        if let Some(known) = known.get(&(key, route))
            && std::ptr::eq(known.session.as_ptr(), Arc::as_ptr(session))
            && is_same(known.token.as_ref(), token)
        {
            return known.identity.clone();
        }
        if known.len() >= MOST {
            known.clear();
        }
        let identity = make();
        let made = Known {
            session: Arc::downgrade(session),
            token: token.cloned(),
            identity: identity.clone(),
        };
        known.insert((key, route), made);
        identity
    }
}

fn is_same(made_with: Option<&RouteToken>, token: Option<&RouteToken>) -> bool {
    match (made_with, token) {
        (Some(made_with), Some(token)) => made_with.is(token),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
