//! As much of Microsoft Graph as the overage claim leads to: who somebody is, and in which groups.
//!
//! | asked by | about | needs |
//! |---|---|---|
//! | a person | themselves | `User.Read`, or more |
//! | a person | others | `User.Read.All`, and for groups `GroupMember.Read.All`; or `Directory.Read.All` |
//! | an app | anybody in its tenant | the same, as application permissions |

use http::Method;
use serde_json::{Value, json};

use super::userinfo::{bearer_token, graph_refusal};
use crate::{
    directory::{Account, Standing, TenantPath},
    endpoints::Request,
    faults::{Fault, NextLink},
    grants::BearerKind,
    guid::Guid,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
};

const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 999;
/// `checkMemberGroups` takes so many at once.
const MOST_CHECKED: usize = 20;

/// Who asks, and what they may.
struct Caller {
    /// The person whose token it is; none for an app's own.
    person: Option<Account>,
    tenant: Guid,
    permissions: Vec<String>,
}

/// `/graph/v1.0/…`
pub(super) fn answer(provider: &Provider, rest: &str, request: &Request) -> Reply {
    let caller = match caller(provider, request) {
        Ok(caller) => caller,
        Err(refusal) => return *refusal,
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let (account, what) = match (segments.as_slice(), &caller.person) {
        (["me", what @ ..], Some(account)) => (Some(account.clone()), what),
        (["me", ..], None) => {
            return failure(
                400,
                "BadRequest",
                "/me is for delegated tokens; an app names the person.",
            );
        }
        (["users", oid, what @ ..], _) => (find(provider, &caller.tenant, oid), what),
        _ => return not_found(),
    };
    let is_own = match (&account, &caller.person) {
        (Some(account), Some(own)) => account.oid == own.oid,
        _ => false,
    };
    if !caller.may(is_own, !what.is_empty()) {
        return failure(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        );
    }
    let Some(account) = account else {
        return not_found();
    };
    let groups = &account.person.groups;
    match (what, &request.method) {
        ([], &Method::GET) => reply::json(200, &profile(&account)),
        // Personal accounts have no directory to be in groups of.
        ([_, ..], _) if account.standing == Standing::Personal => failure(
            403,
            "AccessDenied",
            "Personal accounts have no group memberships.",
        ),
        (["getMemberObjects" | "getMemberGroups"], &Method::POST) => {
            reply::json(200, &json!({ "value": groups }))
        }
        (["checkMemberGroups"], &Method::POST) => checked(groups, request),
        (
            ["memberOf" | "transitiveMemberOf"]
            | ["memberOf" | "transitiveMemberOf", "microsoft.graph.group"],
            &Method::GET,
        ) => page(provider, rest, request, groups),
        _ => not_found(),
    }
}

impl Caller {
    fn may(&self, is_own: bool, groups: bool) -> bool {
        let has = |name: &str| self.permissions.iter().any(|one| one == name);
        let all = ["User.Read.All", "Directory.Read.All"].into_iter().any(has);
        let all_groups = ["GroupMember.Read.All", "Directory.Read.All"]
            .into_iter()
            .any(has);
        match (is_own, groups) {
            (true, false) => has("User.Read") || all,
            (true, true) => has("User.Read") || all || all_groups,
            (false, false) => all,
            (false, true) => all && all_groups,
        }
    }
}

fn caller(provider: &Provider, request: &Request) -> Result<Caller, Box<Reply>> {
    let refuse = |message: &str| graph_refusal(provider, message);
    let token = bearer_token(request).ok_or_else(|| refuse("The request has no access token."))?;
    let (caller, expires_at) = if let Some(bearer) = provider.grants.app_bearer(token) {
        let caller = Caller {
            person: None,
            tenant: bearer.tenant,
            permissions: bearer.client.graph_app_permissions.clone(),
        };
        (caller, bearer.expires_at)
    } else {
        let bearer = provider
            .grants
            .bearer(token)
            .filter(|bearer| bearer.takes == BearerKind::Graph)
            .ok_or_else(|| refuse("The access token is for somebody else, or broken."))?;
        let account = bearer.sign_in.account.clone();
        let caller = Caller {
            tenant: account.tenant.clone(),
            person: Some(account),
            permissions: bearer.permissions,
        };
        (caller, bearer.expires_at)
    };
    match expires_at > provider.now() {
        true => Ok(caller),
        false => Err(refuse("The access token is too old.")),
    }
}

/// The person of this object id, as the tenant sees them.
fn find(provider: &Provider, tenant: &Guid, oid: &str) -> Option<Account> {
    let path = TenantPath::One(tenant.clone());
    let people = provider.directory.people().into_iter();
    people
        .filter_map(|person| Account::through(&path, person))
        .find(|account| account.oid.as_str() == oid)
}

fn profile(account: &Account) -> Value {
    json!({
        "id": account.oid,
        "displayName": account.person.name,
        "mail": account.person.email,
        "userPrincipalName": account.person.username,
    })
}

/// Which of the groups in the request the person is in.
fn checked(groups: &[Guid], request: &Request) -> Reply {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let asked = body.as_ref().and_then(|body| body.get("groupIds"));
    let Some(asked) = asked.and_then(Value::as_array) else {
        return bad_request("The body needs `groupIds`.");
    };
    if asked.is_empty() || asked.len() > MOST_CHECKED {
        return bad_request("`groupIds` holds 1 to 20 ids.");
    }
    let mut member = Vec::new();
    for id in asked {
        let Some(id) = id.as_str().and_then(|text| Guid::parse(text).ok()) else {
            return bad_request("An id in `groupIds` is no GUID.");
        };
        if groups.contains(&id) {
            member.push(id);
        }
    }
    reply::json(200, &json!({ "value": member }))
}

/// One page of groups, with the address of the next.
fn page(provider: &Provider, rest: &str, request: &Request, groups: &[Guid]) -> Reply {
    let parameters = Parameters::read(&request.query, b"").unwrap_or_default();
    let number = |name: &str| {
        parameters
            .value(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let size = number("$top").unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
    let from = number("$skiptoken").unwrap_or(0);
    let page: Vec<Value> = groups
        .iter()
        .skip(from)
        .take(size)
        .map(|id| json!({"@odata.type": "#microsoft.graph.group", "id": id}))
        .collect();
    let mut body = json!({ "value": page });
    let next = from.saturating_add(size);
    let wrong = provider.faults.fire(|fault| match fault {
        Fault::NextLink { to } => Some(*to),
        _ => None,
    });
    let address = |origin: &str, from: usize| {
        format!("{origin}/graph/v1.0/{rest}?$top={size}&$skiptoken={from}")
    };
    let link = match wrong {
        Some(NextLink::SamePage) => Some(address(&provider.origin, from)),
        Some(NextLink::AnotherHost) => Some(address("https://graph.example", next)),
        None => (next < groups.len()).then(|| address(&provider.origin, next)),
    };
    if let (Some(link), Some(members)) = (link, body.as_object_mut()) {
        members.insert("@odata.nextLink".into(), link.into());
    }
    reply::json(200, &body)
}

fn bad_request(message: &str) -> Reply {
    failure(400, "Request_BadRequest", message)
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
