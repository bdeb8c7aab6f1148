//! The same raw bytes to several servers, and what each of them makes of it.
//!
//! ```text
//! a case ─► Vestibule ─► recorder ─► the bytes Vestibule wrote ─► hyper, Python, Node, nginx
//!           judged by the case       kept as they came            must all see the same requests
//! ```
//!
//! What two readers take differently is how a request is smuggled past a gate. So the rule is not
//! that our reading is the right one, but that what we write leaves no choice.
//!
//! | what | module |
//! |---|---|
//! | cases, as files of `testdata/http1` | [`case`], written in the [`notation`] |
//! | their random relatives | [`mutation`] |
//! | the upstream that keeps bytes | [`recorder`] |
//! | a client that sends bytes as they are | [`talk`] |
//! | the servers that say what they read | [`reader`] |
//! | Vestibule, nginx and HAProxy in front of a recorder | [`front`] |
//! | whether all agree | [`judge`] |

pub mod case;
pub mod front;
pub mod judge;
pub mod mutation;
pub mod notation;
pub mod reader;
pub mod recorder;
pub mod talk;
