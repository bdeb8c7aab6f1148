//! What shows each row of the family, and what comes close.

mod answer;
mod group;
mod hash;
mod issuer;
mod kind;
mod opaque;
mod permission;
mod person;
mod resource;

use crate::testing::RowCase;

pub(in crate::family) fn all() -> Vec<RowCase> {
    [
        opaque::all(),
        kind::all(),
        resource::all(),
        issuer::all(),
        permission::all(),
        person::all(),
        group::all(),
        hash::all(),
        answer::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
