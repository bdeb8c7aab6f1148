//! What an authorization request carries: scopes, extra parameters; and which signatures its ID token may have.

use super::keys::{ALGORITHMS, PARAMETERS};
use super::{ProviderKind, discovery, placeholder};
use crate::describe::Kind;
use crate::read::{Item, Reader, finding};

/// The parameters the protocol itself sets; whoever sets them twice breaks a check.
const RESERVED: &[&str] = &[
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "scope",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "code",
    "request",
    "request_uri",
    "registration",
    "max_age",
    "id_token_hint",
    "grant_type",
    "refresh_token",
    "dpop_jkt",
];

/// Microsoft Graph's names for itself begin so.
const GRAPH: [&str; 2] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.",
];

/// `access_token_audiences`.
pub(super) fn audiences(reader: &Reader<'_>) -> Vec<String> {
    let Some(item) = reader.item("access_token_audiences") else {
        return Vec::new();
    };
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error(
            "`access_token_audiences` is an empty list, and no token is for nobody",
            "name the audience of the access token, or take the key out",
        );
    }
    let mut audiences: Vec<String> = Vec::new();
    for item in items {
        let Some(audience) = item.filled_text() else {
            continue;
        };
        if GRAPH.iter().any(|graph| audience.starts_with(graph)) {
            item.error(
                "this is the audience of Microsoft Graph, whose tokens nobody else can verify",
                "have sign-in ask for a scope of your own API, and write that API's audience here",
            );
        } else if audiences.iter().any(|known| known == audience) {
            item.error(format!("`{audience}` is listed twice"), "keep one");
        } else {
            audiences.push(audience.to_owned());
        }
    }
    audiences
}

pub(super) fn scopes(reader: &Reader<'_>, kind: ProviderKind) -> Vec<String> {
    let Some(item) = reader.item("scopes") else {
        let scopes: &[&str] = match kind {
            ProviderKind::Entra => &["openid", "profile", "offline_access"],
            ProviderKind::Oidc | ProviderKind::Detect => &["openid", "profile"],
        };
        return scopes.iter().map(|scope| (*scope).to_owned()).collect();
    };
    let mut scopes: Vec<String> = Vec::new();
    for item in item.items() {
        let Some(scope) = item.filled_text() else {
            continue;
        };
        if !judge_scope(&item, scope, kind) {
            continue;
        }
        if scopes.iter().any(|known| known == scope) {
            item.error(format!("`{scope}` is listed twice"), "keep one");
        } else {
            scopes.push(scope.to_owned());
        }
    }
    let all_sound = scopes.len() == item.items().len();
    if item.value.get_ref().is_array() && all_sound && !scopes.iter().any(|scope| scope == "openid")
    {
        item.error(
            finding(
                "VST-SCOPE-NO-OPENID",
                "without the scope `openid` there is no ID token, and so no sign-in",
            ),
            "add \"openid\" to the list",
        );
    }
    scopes
}

/// Whether a placeholder is left in a scope, or a list of them. It is reported.
pub(crate) fn scope_placeholder_left(item: &Item<'_>, scopes: &str, kind: ProviderKind) -> bool {
    let cure = match kind {
        ProviderKind::Entra => {
            "put the API's own client id here, as its Application ID URI has it: the portal's App registrations, the API, \
             Expose an API"
        }
        ProviderKind::Oidc | ProviderKind::Detect => {
            "put the scope's own name here, as the provider knows it"
        }
    };
    placeholder::is_left(item, scopes, kind, cure)
}

/// Whether this is one scope that the protocol, and Entra if it is asked, can read. What is not is reported.
pub(crate) fn judge_scope(item: &Item<'_>, scope: &str, kind: ProviderKind) -> bool {
    if scope_placeholder_left(item, scope, kind) {
        return false;
    }
    // RFC 6749 §3.3: printable ASCII without space, quote and backslash. A comma is allowed there, and a mistake.
    let sound = scope
        .bytes()
        .all(|b| b == 0x21 || (0x23..=0x5b).contains(&b) || (0x5d..=0x7e).contains(&b));
    if !sound || scope.contains(',') {
        item.error(
            "this is not one scope",
            "write each scope as a text of its own: [\"openid\", \"profile\"]",
        );
        return false;
    }
    if kind == ProviderKind::Entra {
        if matches!(scope, "groups" | "address" | "phone" | "roles") {
            let code = match scope {
                "groups" => "VST-TOKEN-GROUPS-SCOPE",
                _ => "VST-SCOPE-UNSUPPORTED",
            };
            item.error(
                finding(code, format!("Entra knows no scope `{scope}`")),
                "take it out; groups and optional claims are set under Token configuration of the registration",
            );
            return false;
        }
        if let Some(id) = scope
            .strip_prefix("api://")
            .filter(|id| discovery::is_guid(id))
        {
            item.warning(
                finding(
                    "VST-SCOPE-NO-NAME",
                    "this names an API and no scope of it, a form Microsoft does not document",
                ),
                format!(
                    "write \"api://{id}/.default\" for everything granted, or \"api://{id}/NAME\" for one scope"
                ),
            );
        }
    }
    true
}

pub(super) fn read(reader: &Reader<'_>) -> Vec<(String, String)> {
    let Some(item) = reader.item("authorization_parameters") else {
        return Vec::new();
    };
    let Some(table) = item.table_of(&PARAMETERS) else {
        return Vec::new();
    };
    let mut parameters = Vec::new();
    for (name, item) in table.own_items() {
        let Some(value) = item.filled_text() else {
            continue;
        };
        if let Some(reserved) = RESERVED
            .iter()
            .find(|reserved| reserved.eq_ignore_ascii_case(name))
        {
            let help = match *reserved {
                "scope" => "write the scopes under `scopes`",
                "resource" => "write it on the route: access_token = { resource = \"…\" }",
                "response_mode" => "write response_mode = \"…\" beside it",
                "max_age" => "write max_age = \"…\" beside it, so that the answer is checked",
                _ => "take it out; Vestibule sets it for each sign-in",
            };
            item.context.error(
                &item.key_span,
                item.key.clone(),
                format!("`{reserved}` can't be set here"),
                help,
            );
            continue;
        }
        if name == "prompt" && value.split(' ').any(|word| word == "consent") {
            item.warning(
                finding(
                    "VST-SCOPE-PROMPT-CONSENT",
                    "`prompt=consent` asks everybody for consent at every sign-in",
                ),
                "take it out once an administrator has granted consent",
            );
        }
        if name == "prompt" && value == "none" {
            item.warning(
                "with `prompt=none` nobody sees a sign-in page: whoever is not signed in at the provider gets an error",
                "take it out",
            );
        }
        parameters.push((name.to_owned(), value.to_owned()));
    }
    parameters
}

pub(super) fn algorithms(reader: &Reader<'_>) -> Vec<String> {
    let Some(item) = reader.item("id_token_algorithms") else {
        return ["RS256", "ES256", "PS256", "EdDSA"]
            .map(str::to_owned)
            .to_vec();
    };
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error(
            "`id_token_algorithms` is empty, so no ID token could be accepted",
            "leave it out",
        );
    }
    let mut algorithms = Vec::new();
    for item in items {
        match item.as_str() {
            Some("none") => {
                item.error("an unsigned ID token proves nothing", "take \"none\" out");
            }
            Some(name @ ("HS256" | "HS384" | "HS512")) => item.error(
                format!("{name} signs with the client secret, which is not accepted"),
                "set the registration to RS256 or ES256",
            ),
            _ => algorithms.extend(
                item.read_as(&Kind::Choice(ALGORITHMS))
                    .choice()
                    .map(str::to_owned),
            ),
        }
    }
    algorithms
}
