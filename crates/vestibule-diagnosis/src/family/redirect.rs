//! Redirect URIs: what is registered, what is sent, and what comes back to it.
//!
//! | file | rows |
//! |---|---|
//! | `uri` | how redirect URIs are compared |
//! | `registered` | an address that is not registered, and why |
//! | `form` | addresses that can't be registered |
//! | `platform` | Web or single-page application; the address after signing out |
//! | `site` | the redirect URI beside the site's pages, names and cookies |
//! | `callback` | the way back from the provider |

mod callback;
#[cfg(test)]
pub(super) mod cases;
mod form;
mod platform;
mod registered;
mod site;
mod uri;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    registered::ROWS,
    form::ROWS,
    platform::ROWS,
    site::ROWS,
    callback::ROWS,
];
