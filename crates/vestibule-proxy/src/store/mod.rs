//! Where sessions live.
//!
//! | store | sessions survive | for |
//! |---|---|---|
//! | [`MemoryStore`] | nothing: they end with the process | trying things out, the demo |
//! | [`FileStore`] | kill -9, a crash, a restart | one machine |
//! | [`CookieStore`] | the same, and another replica: browsers carry them | several replicas and nothing beside them |
//!
//! All keep the contract of [`vestibule_session::store`], and all run its tests.

mod cookie;
mod deadline;
mod file;
mod hashing;
mod index;
mod memory;
mod once;
mod shelf;

pub use cookie::CookieStore;
pub(crate) use cookie::State;
pub(crate) use deadline::in_time;
pub use file::{FileStore, FileStoreSettings, OpenError};
pub(crate) use hashing::KeyHashing;
pub use memory::MemoryStore;
pub use shelf::Bounds;
