//! Tokens: who signs, what is in them, which form they have.

mod access_token;
mod id_token;
mod keys;
mod opaque;
mod signing;

pub(crate) use access_token::{app_only, app_only_for_graph, for_api, for_graph};
pub(crate) use id_token::id_token;
pub(crate) use keys::{Key, Keys};
pub use keys::{KeyFailure, Roll};
pub(crate) use opaque::{personal_ticket, v1_userinfo_token};
pub(crate) use signing::{HeaderShape, sign};

use serde_json::{Map, Value, json};

use crate::{
    directory::{Account, App, Standing},
    entropy,
    grants::Version,
    guid::Guid,
};

/// The claim every token carries, so that nobody takes it for a token of Microsoft's.
pub(crate) const LOCAL_CLAIM: &str = "local_test_token";
const LOCAL_CLAIM_VALUE: &str = "made by vestibule-idp; worthless anywhere else";

/// Entra dates a token five minutes back, so that a client whose clock is slow takes it.
const BACKDATED_SECS: i64 = 300;

/// More groups than this and a JWT names none of them.
const MOST_GROUPS: usize = 200;

/// The issuer of a version's tokens. `tenant` may be the `{tenantid}` of a template.
pub(crate) fn issuer(origin: &str, version: Version, tenant: &str) -> String {
    match version {
        Version::V1 => format!("{origin}/sts/{tenant}/"),
        Version::V2 => format!("{origin}/{tenant}/v2.0"),
    }
}

/// The claims about time that every token has.
fn time_claims(claims: &mut Map<String, Value>, now: i64, lifetime_secs: u32) {
    claims.insert("iat".into(), json!(now - BACKDATED_SECS));
    claims.insert("nbf".into(), json!(now - BACKDATED_SECS));
    claims.insert("exp".into(), json!(now + i64::from(lifetime_secs)));
}

/// Claims of no meaning to anyone else, which are in every token of Entra's.
fn internal_claims(claims: &mut Map<String, Value>) {
    claims.insert("aio".into(), entropy::text(44).into());
    claims.insert("rh".into(), format!("1.{}.", entropy::text(51)).into());
    claims.insert("uti".into(), entropy::text(22).into());
    claims.insert(LOCAL_CLAIM.into(), LOCAL_CLAIM_VALUE.into());
}

/// `roles`: the person's app roles of the app the token is for.
fn role_claims(claims: &mut Map<String, Value>, account: &Account, recipient: &App) {
    let roles: Vec<&String> = account
        .person
        .roles
        .iter()
        .filter(|role| recipient.app_roles.contains(role))
        .collect();
    if !roles.is_empty() {
        claims.insert("roles".into(), json!(roles));
    }
}

/// `groups`, or where to ask for them when there are too many.
fn group_claims(claims: &mut Map<String, Value>, account: &Account, recipient: &App, origin: &str) {
    let groups = &account.person.groups;
    if !recipient.group_claims || groups.is_empty() || account.standing == Standing::Personal {
        return;
    }
    if groups.len() <= MOST_GROUPS {
        claims.insert("groups".into(), json!(groups));
        return;
    }
    let endpoint = format!("{origin}/graph/v1.0/users/{}/getMemberObjects", account.oid);
    claims.insert("_claim_names".into(), json!({"groups": "src1"}));
    claims.insert(
        "_claim_sources".into(),
        json!({"src1": {"endpoint": endpoint}}),
    );
}

/// `idp`: only where the person comes from somewhere else.
fn idp_claim(claims: &mut Map<String, Value>, account: &Account, origin: &str) {
    if account.standing == Standing::Guest {
        let idp = if account.person.is_personal() {
            "live.com".to_owned()
        } else {
            issuer(origin, Version::V1, account.person.home.as_str())
        };
        claims.insert("idp".into(), idp.into());
    }
}

/// The names in version 1.0 tokens.
fn v1_name_claims(claims: &mut Map<String, Value>, account: &Account) {
    let person = &account.person;
    let (given_name, family_name) = names(account);
    claims.insert("family_name".into(), family_name.into());
    claims.insert("given_name".into(), given_name.into());
    claims.insert("ipaddr".into(), "127.0.0.1".into());
    claims.insert("name".into(), person.name.as_str().into());
    let unique_name = if account.standing == Standing::Guest && person.is_personal() {
        format!("live.com#{}", person.username)
    } else {
        person.username.clone()
    };
    claims.insert("unique_name".into(), unique_name.into());
    if let Some(upn) = account.upn() {
        claims.insert("upn".into(), upn.into());
    }
    if account.standing == Standing::Guest
        && let Some(email) = &person.email
    {
        claims.insert("email".into(), email.as_str().into());
    }
}

/// Optional claims by name, for ID tokens and version 2.0 access tokens.
fn optional_claims(
    claims: &mut Map<String, Value>,
    wanted: &[String],
    account: &Account,
    sid: &Guid,
    auth_time: i64,
) {
    let (given_name, family_name) = names(account);
    for name in wanted {
        let value: Option<Value> = match name.as_str() {
            "upn" => account.upn().map(Into::into),
            "email" => account.person.email.as_deref().map(Into::into),
            "sid" => Some(sid.as_str().into()),
            "login_hint" => Some(account.login_hint().into()),
            "auth_time" => Some(auth_time.into()),
            "acct" => Some(i32::from(account.standing == Standing::Guest).into()),
            "given_name" => Some(given_name.into()),
            "family_name" => Some(family_name.into()),
            "ipaddr" => Some("127.0.0.1".into()),
            "idtyp" => Some("user".into()),
            _ => None,
        };
        if let Some(value) = value {
            claims.insert(name.clone(), value);
        }
    }
}

/// Given and family name.
pub(crate) fn names(account: &Account) -> (&str, &str) {
    account
        .person
        .name
        .rsplit_once(' ')
        .unwrap_or((&account.person.name, ""))
}
