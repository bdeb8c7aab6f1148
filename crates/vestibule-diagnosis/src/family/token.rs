//! Tokens an API can't use, and sign-ins whose answer lacks one.
//!
//! | file | rows |
//! |---|---|
//! | `opaque` | what is no JWT, or no longer one |
//! | `mangled` | what was passed on in its place, or spoiled on the way |
//! | `kind` | JWTs that are made for something else than an API |
//! | `microsoft` | JWTs for Microsoft Graph and its siblings |
//! | `resource` | JWTs for somebody else: another audience, an ID token |
//! | `version` | the two versions of Entra's tokens |
//! | `issuer` | issuers, algorithms |
//! | `tenant` | tenants |
//! | `product` | issuers of B2C and External ID |
//! | `permission` | scopes and roles |
//! | `person` | names, subjects |
//! | `group` | groups and their overage |
//! | `rule` | other claims that rules read |
//! | `hash` | ID tokens and the access tokens beside them |
//! | `answer` | what the token endpoint's answer lacks |

mod answer;
#[cfg(test)]
pub(super) mod cases;
mod cloud;
mod group;
mod group_lookup;
mod hash;
mod instead;
mod issuer;
mod kind;
mod logged;
mod logged_issuer;
mod lookup;
mod made;
mod mangled;
mod microsoft;
mod opaque;
mod permission;
mod person;
mod product;
mod resource;
mod rule;
mod tenant;
mod version;

pub(crate) use issuer::tenant_in;
pub(super) use product::issuers_differ;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    opaque::ROWS,
    instead::ROWS,
    mangled::ROWS,
    kind::ROWS,
    microsoft::ROWS,
    resource::ROWS,
    cloud::ROWS,
    version::ROWS,
    issuer::ROWS,
    made::ROWS,
    tenant::ROWS,
    product::ROWS,
    permission::ROWS,
    person::ROWS,
    group_lookup::ROWS,
    group::ROWS,
    rule::ROWS,
    hash::ROWS,
    answer::ROWS,
];
