//! Lists the families of the catalogue. To add one: its `mod` line, and its entry below.

mod aadsts;
mod b2c;
mod browser;
mod certificate;
mod client;
mod cookie;
mod front;
mod header;
mod keys;
mod live;
mod oauth;
mod product;
mod redirect;
mod said;
mod scope;
mod settings;
mod step;
mod time;
mod token;

pub(crate) use product::ask as ask_other;
pub(crate) use token::tenant_in;

use crate::catalogue::Family;

/// In the order of the documentation; equals are told in this order.
pub(crate) const FAMILIES: &[Family] = &[
    Family {
        name: "token",
        title: "The token",
        rows: token::ROWS,
        #[cfg(test)]
        cases: token::cases::all,
    },
    Family {
        name: "keys",
        title: "Signatures, keys and the way to the provider",
        rows: keys::ROWS,
        #[cfg(test)]
        cases: keys::cases::all,
    },
    Family {
        name: "time",
        title: "Time",
        rows: time::ROWS,
        #[cfg(test)]
        cases: time::cases::all,
    },
    Family {
        name: "redirect",
        title: "Redirect URIs and the way back",
        rows: redirect::ROWS,
        #[cfg(test)]
        cases: redirect::cases::all,
    },
    Family {
        name: "scope",
        title: "Scopes, consent and policy",
        rows: scope::ROWS,
        #[cfg(test)]
        cases: scope::cases::all,
    },
    Family {
        name: "client",
        title: "The client and its credentials",
        rows: client::ROWS,
        #[cfg(test)]
        cases: client::cases::all,
    },
    Family {
        name: "cookie",
        title: "Cookies and sessions",
        rows: cookie::ROWS,
        #[cfg(test)]
        cases: cookie::cases::all,
    },
    Family {
        name: "header",
        title: "Header fields on the way to the app",
        rows: header::ROWS,
        #[cfg(test)]
        cases: header::cases::all,
    },
    Family {
        name: "browser",
        title: "What browsers do by themselves",
        rows: browser::ROWS,
        #[cfg(test)]
        cases: browser::cases::all,
    },
    Family {
        name: "front",
        title: "Proxies in front",
        rows: front::ROWS,
        #[cfg(test)]
        cases: front::cases::all,
    },
    Family {
        name: "product",
        title: "Other providers",
        rows: product::ROWS,
        #[cfg(test)]
        cases: product::cases::all,
    },
    Family {
        name: "settings",
        title: "Settings that will surprise somebody",
        rows: settings::ROWS,
        #[cfg(test)]
        cases: settings::cases::all,
    },
    Family {
        name: "live",
        title: "What shows when it is tried",
        rows: live::ROWS,
        #[cfg(test)]
        cases: live::cases::all,
    },
    Family {
        name: "oauth",
        title: "Names of errors, where nothing says more",
        rows: oauth::ROWS,
        #[cfg(test)]
        cases: oauth::cases::all,
    },
    Family {
        name: "b2c",
        title: "Azure AD B2C's error numbers",
        rows: b2c::ROWS,
        #[cfg(test)]
        cases: b2c::cases::all,
    },
    Family {
        name: "aadsts",
        title: "Entra's error numbers",
        rows: aadsts::ROWS,
        #[cfg(test)]
        cases: aadsts::cases::all,
    },
];
