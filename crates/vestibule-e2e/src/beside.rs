//! The same configuration file under Debian's Apache with mod_auth_openidc and under
//! `vestibule run --apache`, and what differs in what the app gets and the person sees.
//!
//! ```text
//! a case ─► site.conf ─► Apache, then Vestibule, at one address ─► the same steps ─► facts of each
//!                                                                                        │
//!                             the list of known differences ─► a verdict ◄─ differences ─┘
//! ```
//!
//! A difference that is not on the list fails, and so does one on the list that has gone.
//!
//! | what | module |
//! |---|---|
//! | a server at an address, on a configuration file | [`front`] |
//! | what a person does, and the facts that come of it | [`step`] |
//! | what is different in every run and says nothing | [`volatile`] |
//! | comparing, and the list | [`difference`] |

pub mod difference;
pub mod front;
pub mod step;
pub mod volatile;
