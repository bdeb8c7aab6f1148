//! User info as a record keeps it: the claims, and the token they came in where an upstream is to get that.

use vestibule_oidc::secret::Secret;
use vestibule_oidc::userinfo::UserInfo;

use crate::claims::ClaimsSet;

/// One answer of the user info endpoint. The two come and go together.
#[derive(Clone)]
pub(super) struct KeptUserinfo {
    pub(super) claims: ClaimsSet,
    /// The signed token of the answer.
    pub(super) token: Option<Secret>,
}

impl From<&UserInfo> for KeptUserinfo {
    fn from(userinfo: &UserInfo) -> Self {
        Self {
            claims: ClaimsSet::of(userinfo.claims()),
            token: userinfo.token().cloned(),
        }
    }
}
