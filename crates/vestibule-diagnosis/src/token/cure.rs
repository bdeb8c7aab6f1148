//! Says how to ask for a token that is for the API: the cure most findings of this family end in.

use super::evidence::TokenEvidence;
use crate::{Change, Place};

/// Ask for the API's own scope; first in our file or Apache's, then where the portal shows the
/// scope's name.
pub(super) fn ask_for_the_api(evidence: &TokenEvidence) -> Vec<Change> {
    let scope = api_scope(evidence);
    let ask = if evidence.from_apache {
        Change {
            place: Place::Apache,
            name: "OIDCScope".to_owned(),
            text: "Ask for a scope of the API, beside `openid`.".to_owned(),
            line: Some(format!(
                "OIDCScope \"openid profile offline_access {scope}\""
            )),
        }
    } else {
        Change {
            place: Place::Config,
            name: "access_token".to_owned(),
            text: match &evidence.route {
                Some(route) => {
                    format!("Ask for a token of the API's own: in the route {route} write")
                }
                None => "Ask for a token of the API's own: in the API's route write".to_owned(),
            },
            line: Some(format!("access_token = {{ scope = \"{scope}\" }}")),
        }
    };
    let field = Change {
        place: Place::Portal,
        name: "App registrations > (the API) > Expose an API > Application ID URI".to_owned(),
        text: match &evidence.api {
            Some(_) => "Check that this is the API's Application ID URI, and that the API offers \
                        at least one scope under \"Scopes defined by this API\"."
                .to_owned(),
            None => "Take the API's Application ID URI from here; if there is none, choose \
                     \"Add\" and keep the proposal, then \"Add a scope\"."
                .to_owned(),
        },
        line: None,
    };
    let permission = Change {
        place: Place::Portal,
        name: "App registrations > (the sign-in app) > API permissions > Add a permission > My APIs"
            .to_owned(),
        text: "Add the API's scope to the app people sign in to, or consent to it at the next sign-in."
            .to_owned(),
        line: None,
    };
    vec![ask, field, permission]
}

/// `<App ID URI>/.default`. An App ID URI that ends in a slash keeps it:
/// `https://contoso.com//.default`.
fn api_scope(evidence: &TokenEvidence) -> String {
    match evidence.api.as_deref() {
        Some(uri) if uri.contains("://") => format!("{uri}/.default"),
        Some(id) => format!("api://{id}/.default"),
        None => "api://<the API's application id>/.default".to_owned(),
    }
}
