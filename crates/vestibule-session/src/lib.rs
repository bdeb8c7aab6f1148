//! Session records, sealing, cookies and the store contract, without I/O.
//!
//! | module | decides or holds |
//! |---|---|
//! | [`site`] | which public host a session and its cookies belong to |
//! | [`handle`] | the secret in the browser, and the store key made from it |
//! | [`claims`] | the claims of a token or of user info, in as little room as their text |
//! | [`record`] | what is remembered about one signed-in browser |
//! | [`lifetime`] | when a session has ended, and when its last use is written down |
//! | [`cookie`] | finding, setting, deleting and withholding our cookies |
//! | [`seal`] | encrypting what leaves the process or outlives it |
//! | [`carried`] | a session that the browser itself carries, sealed and in chunks |
//! | [`pending`] | a sign-in that has started and not yet come back |
//! | [`kept_post`] | a form kept over a sign-in |
//! | [`return_to`] | where the person goes after sign-in |
//! | [`store`] | what every session store must do, and the tests that hold it to that |
//!
//! Nothing here reads a clock or draws randomness: `now` and entropy are arguments.

pub mod carried;
pub mod claims;
pub mod cookie;
pub mod handle;
pub mod kept_post;
pub mod lifetime;
pub mod pending;
pub mod record;
pub mod return_to;
pub mod seal;
pub mod site;
pub mod store;
