//! Holds the header blocks this core sent lately, so that a (session, route) costs its claims and token once.
//!
//! A block is good for as long as the session's record and the plan are the very ones it was made from. It is looked up
//! only with an `Authorized` in hand, so a block of a session that has ended is never sent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use vestibule_gate::authorize::Authorized;
use vestibule_gate::fields::Fields;
use vestibule_gate::headers::Token;
use vestibule_session::handle::StoreKey;
use vestibule_session::store::Stored;

use crate::plan::Plan;

/// Blocks kept per core. One of a person with many groups may take 20 KiB.
const MOST: usize = 1024;

/// One core's header blocks.
#[derive(Debug, Default)]
pub(crate) struct Identities(RefCell<Blocks>);

#[derive(Debug, Default)]
struct Blocks {
    /// Held, so that no other plan can take its place in memory.
    plan: Option<Arc<Plan>>,
    blocks: HashMap<(StoreKey, usize), Block>,
}

#[derive(Debug)]
struct Block {
    session: Weak<Stored>,
    fields: Rc<Fields>,
}

impl Identities {
    /// What tells the upstream about the person; made, or as it was made before.
    pub(crate) fn block(
        &self,
        plan: &Arc<Plan>,
        authorized: &Authorized<'_>,
        key: Option<StoreKey>,
        token: Option<Token<'_>>,
    ) -> Rc<Fields> {
        let (Some(session), Some(key)) = (authorized.session(), key) else {
            return Rc::new(authorized.identity_fields(token));
        };
        let Blocks { plan: held, blocks } = &mut *self.0.borrow_mut();
        if !held.as_ref().is_some_and(|held| Arc::ptr_eq(held, plan)) {
            blocks.clear();
            *held = Some(Arc::clone(plan));
        }
        let route = std::ptr::from_ref(authorized.matched().route()).addr();
        if let Some(block) = blocks.get(&(key, route))
            && std::ptr::eq(block.session.as_ptr(), Arc::as_ptr(session))
        {
            return Rc::clone(&block.fields);
        }
        if blocks.len() >= MOST {
            blocks.clear();
        }
        let fields = Rc::new(authorized.identity_fields(token));
        let block = Block {
            session: Arc::downgrade(session),
            fields: Rc::clone(&fields),
        };
        blocks.insert((key, route), block);
        fields
    }
}
