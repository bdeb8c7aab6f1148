//! What was found out about a credential by those who may ask: the store, later the keys.

use std::sync::Arc;

use vestibule_session::store::Stored;

/// What the store said. Exhaustive: "no such session" and "can't be asked" must never meet in a
/// catch-all arm.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// There was nothing to ask about.
    NotAsked,
    /// The store knows no session of that handle.
    NoSession,
    /// The session of that handle.
    Session(Arc<Stored>),
    /// The store can't be asked. Whoever sent the cookie keeps it.
    StoreUnavailable,
}
