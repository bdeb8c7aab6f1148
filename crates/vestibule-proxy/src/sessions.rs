//! Shows an operator who is signed in, and ends sessions for them.
//!
//! Two doors lead here: the Unix socket that `vestibule sessions` speaks to ([`SessionSocket`], with
//! [`protocol`] as its language), and the page on the admin listener. Both go in steps of bounded
//! work, so that a million sessions hold up nobody; whoever asks goes on from where a step ended.
//!
//! What is shown is a [`SessionView`]: never a token, and never the handle a browser holds. A session
//! is named by its [`SessionId`], from which neither can be computed. Sessions end through
//! [`Shared::end_session`], as every session does, and each end is a line in the log that says who
//! asked.
//!
//! Sessions that browsers carry are listed by nobody: with the cookie store both doors say so.

mod id;
mod name;
pub mod protocol;
mod revoke;
mod socket;
pub mod span;
mod step;
mod view;
mod which;

pub use id::{SessionId, SessionIdError};
pub use name::{Name, NameError};
pub use socket::{SessionSocket, SocketError};
pub use view::{SessionView, TokenView};
pub use which::Which;
pub(crate) use which::names_of;

pub(crate) use revoke::{Asker, revoke};
pub(crate) use step::{list, refusal};

#[cfg(doc)]
use crate::shared::Shared;

#[cfg(test)]
mod tests;
