//! As much of Microsoft Graph as the overage claim leads to: who am I, and in which groups.

use http::Method;
use serde_json::{Value, json};

use super::userinfo::graph_bearer;
use crate::{
    directory::Standing,
    endpoints::Request,
    grants::Bearer,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
};

const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;

/// `/graph/v1.0/…`
pub(super) fn answer(provider: &Provider, rest: &str, request: &Request) -> Reply {
    let bearer = match graph_bearer(provider, request) {
        Ok(bearer) => bearer,
        Err(refusal) => return *refusal,
    };
    let account = &bearer.sign_in.account;
    let segments: Vec<&str> = rest.split('/').collect();
    let (is_own, what) = match segments.as_slice() {
        ["me", what @ ..] => (true, what),
        ["users", oid, what @ ..] => (*oid == account.oid.as_str(), what),
        _ => return not_found(),
    };
    if !is_own {
        return failure(
            403,
            "Authorization_RequestDenied",
            "User.Read reads one's own data only.",
        );
    }
    match (what, &request.method) {
        ([], &Method::GET) => reply::json(200, &profile(&bearer)),
        // Personal accounts have no directory to be in groups of.
        (["getMemberObjects" | "getMemberGroups" | "memberOf" | "transitiveMemberOf"], _)
            if account.standing == Standing::Personal =>
        {
            failure(
                403,
                "AccessDenied",
                "Personal accounts have no group memberships.",
            )
        }
        (["getMemberObjects" | "getMemberGroups"], &Method::POST) => {
            reply::json(200, &json!({ "value": account.person.groups }))
        }
        (["memberOf" | "transitiveMemberOf"], &Method::GET) => {
            groups(provider, rest, request, &bearer)
        }
        _ => not_found(),
    }
}

fn profile(bearer: &Bearer) -> Value {
    let account = &bearer.sign_in.account;
    json!({
        "id": account.oid,
        "displayName": account.person.name,
        "mail": account.person.email,
        "userPrincipalName": account.person.username,
    })
}

/// One page of groups, with the address of the next.
fn groups(provider: &Provider, rest: &str, request: &Request, bearer: &Bearer) -> Reply {
    let parameters = Parameters::read(&request.query, b"").unwrap_or_default();
    let number = |name: &str| {
        parameters
            .value(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let size = number("$top").unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
    let from = number("$skiptoken").unwrap_or(0);
    let groups = &bearer.sign_in.account.person.groups;
    let page: Vec<Value> = groups
        .iter()
        .skip(from)
        .take(size)
        .map(|id| json!({"@odata.type": "#microsoft.graph.group", "id": id}))
        .collect();
    let mut body = json!({ "value": page });
    let next = from.saturating_add(size);
    if next < groups.len()
        && let Some(members) = body.as_object_mut()
    {
        let address = format!(
            "{}/graph/v1.0/{rest}?$top={size}&$skiptoken={next}",
            provider.origin
        );
        members.insert("@odata.nextLink".into(), address.into());
    }
    reply::json(200, &body)
}

fn not_found() -> Reply {
    failure(
        404,
        "Request_ResourceNotFound",
        "The local Graph has no such resource.",
    )
}

fn failure(status: u16, code: &str, message: &str) -> Reply {
    reply::json(
        status,
        &json!({"error": {"code": code, "message": message}}),
    )
}
