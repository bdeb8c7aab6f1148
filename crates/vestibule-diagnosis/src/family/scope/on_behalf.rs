//! Consent for an API that asks for tokens of the API behind it, on behalf of the person.
//!
//! The app of the message is then that API, in the middle, and not the app people sign in to.

use super::super::said::Said;
use crate::cure::portal;
use crate::evidence::Grant;
use crate::shown::shown;
use crate::{Change, Evidence};

/// Why the consent people gave at sign-in does not help.
pub(in crate::family) const WHY: &str = "An API that passes a call on asks for a token of the API behind it in its own name. That needs a consent of its \
     own: what people agreed to at sign-in is for the first API alone, and an API has no page to ask them on.";

/// Whether the token was asked for on behalf of somebody.
pub(in crate::family) fn is_on_behalf(evidence: &Evidence) -> bool {
    let asked = evidence.provider_error.as_ref();
    asked.is_some_and(|error| error.grant == Some(Grant::OnBehalfOf))
        || [
            "onbehalfof",
            "on-behalf-of",
            "on behalf of",
            "on_behalf_of",
            "grant-type:jwt-bearer",
        ]
        .iter()
        .any(|words| evidence.says(words))
}

/// What to change: at the API in the middle.
pub(in crate::family) fn changes(said: &Said) -> Vec<Change> {
    let app = said.app.as_deref();
    let id = app
        .map(|app| format!(" ({})", shown(app)))
        .unwrap_or_default();
    vec![
        Change::portal(
            portal::MIDDLE_API_PERMISSIONS,
            format!(
                "Open the registration of the API that asks{id}, not the sign-in app's. Add the scope of the API behind \
                 it (Add a permission > My APIs), then choose Grant admin consent."
            ),
        ),
        Change::environment(
            "admin consent page",
            "Or let an administrator open this address, which is that API's.",
        )
        .line(said.line(
            "https://login.microsoftonline.com/{TENANT-ID}/adminconsent?client_id={CLIENT-ID}",
        )),
        Change::portal(
            portal::MIDDLE_KNOWN_CLIENTS,
            "Or let people consent to both at once: list the sign-in app's client id here, and have sign-in ask for this \
             API's `/.default`.",
        ),
    ]
}
