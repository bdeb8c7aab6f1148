//! `access_token`: which token the upstream gets.

use url::Url;

use super::{ACCESS_TOKEN, AccessToken};
use crate::read::{Item, finding};
use crate::section::provider::ProviderKind;
use crate::section::provider::parameters::{judge_scope, scope_placeholder_left};

pub(super) fn read(item: &Item<'_>, kind: ProviderKind) -> Option<AccessToken> {
    if let Some(text) = item.as_str() {
        if text == "sign-in" {
            return Some(AccessToken::SignIn);
        }
        let help = if text.contains("://") {
            format!("write {{ scope = \"{}\" }}", crate::read::short(text))
        } else {
            "write { scope = \"api://API-ID/.default\" }, or \"sign-in\" for the sign-in's own token".to_owned()
        };
        item.error("this says neither \"sign-in\" nor which scope", help);
        return None;
    }
    let reader = item.table_of(&ACCESS_TOKEN)?;
    let mut scopes: Vec<String> = Vec::new();
    if let Some(item) = reader.item("scope") {
        let text = item.filled_text()?;
        // A placeholder can have spaces in it.
        if text.contains(' ') && scope_placeholder_left(&item, text, kind) {
            return None;
        }
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if !judge_scope(&item, scope, kind) {
                return None;
            }
            if matches!(scope, "openid" | "profile" | "email" | "offline_access") {
                item.error(
                    finding(
                        "VST-SCOPE-OPENID-IN-ROUTE",
                        format!("`{scope}` is asked for at sign-in, not for an API"),
                    ),
                    "write only the API's own scopes here; `scopes` of the provider has the others",
                );
                return None;
            }
            scopes.push(scope.to_owned());
        }
        let default = scopes.iter().any(|scope| scope.ends_with("/.default"));
        if kind == ProviderKind::Entra && default && scopes.len() > 1 {
            item.error(
                finding(
                    "VST-SCOPE-DEFAULT-MIXED",
                    "Entra refuses `.default` beside other scopes",
                ),
                "write `.default` alone, or the names of the scopes without it",
            );
            return None;
        }
    }
    let resource = reader
        .item("resource")
        .and_then(|item| resource(&item, kind));
    let audience = reader
        .item("audience")
        .and_then(|item| audience(&item, kind));
    let names_api = reader.marks().has("resource") || reader.marks().has("audience");
    if scopes.is_empty() && !names_api {
        item.error(
            "this names no scope",
            "write { scope = \"api://API-ID/.default\" }, the scope of the API behind this route",
        );
        return None;
    }
    Some(AccessToken::Resource {
        scopes,
        resource,
        audience,
    })
}

fn audience(item: &Item<'_>, kind: ProviderKind) -> Option<String> {
    let text = item.filled_text()?;
    if kind == ProviderKind::Entra {
        item.error(
            "Entra has no `audience`: the scope names the API",
            "write scope = \"api://API-ID/.default\" instead, the Application ID URI under Expose an API",
        );
        return None;
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        item.error(
            "this is not one audience",
            "write the API's identifier as the provider knows it",
        );
        return None;
    }
    Some(text.to_owned())
}

fn resource(item: &Item<'_>, kind: ProviderKind) -> Option<String> {
    let text = item.filled_text()?;
    // RFC 8707 §2: an absolute URI without a fragment.
    if Url::parse(text).is_err() || text.contains('#') {
        item.error(
            "a resource is a whole URI without #",
            "write it as the provider knows the API",
        );
        return None;
    }
    if kind == ProviderKind::Entra {
        item.error(
            "Entra's v2.0 endpoint refuses `resource`",
            format!(
                "write scope = \"{}/.default\" instead",
                text.trim_end_matches('/')
            ),
        );
        return None;
    }
    Some(text.to_owned())
}
