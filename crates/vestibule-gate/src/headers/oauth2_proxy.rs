//! The headers oauth2-proxy sends: `X-Forwarded-*` to an upstream of its own, `X-Auth-Request-*` by
//! way of another proxy. Both are set, so an upstream from either set-up finds its own.

use super::Identity;
use super::block::Block;
use super::value::{self, Encoding, Writing};
use crate::claims::ClaimPath;
use crate::fields::FoldedNames;

/// What oauth2-proxy would be set to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oauth2Proxy {
    /// Whether the access token is passed. `--pass-access-token`; it is up to the route here, which
    /// may have no token at all, so yes unless changed.
    pub access_token: bool,
}

impl Default for Oauth2Proxy {
    fn default() -> Self {
        Self { access_token: true }
    }
}

/// The last words of the names, behind each prefix.
const NAMES: [&str; 5] = [
    "User",
    "Email",
    "Preferred-Username",
    "Groups",
    "Access-Token",
];
const PREFIXES: [&str; 2] = ["X-Forwarded-", "X-Auth-Request-"];

impl Oauth2Proxy {
    #[expect(clippy::unused_self, reason = "the presets have the same shape")]
    pub(super) fn add_names(&self, names: &mut FoldedNames) {
        for name in NAMES {
            names.insert(&format!("X-Forwarded-{name}"));
        }
        names.insert_prefix("X-Auth-Request-");
    }

    pub(super) fn write(&self, identity: &Identity<'_>, block: &mut Block) {
        let claim = |name: &str| {
            let found = identity.claims.find(&ClaimPath::new(name))?;
            Writing::default().text(found)
        };
        let token = identity.token.filter(|_| self.access_token);
        let values = [
            identity.user.map(str::to_owned).or_else(|| claim("sub")),
            claim("email"),
            claim("preferred_username"),
            claim("groups"),
            token.map(|token| token.value.to_owned()),
        ];
        for prefix in PREFIXES {
            for (name, value) in NAMES.iter().zip(&values) {
                if let Some(value) = value {
                    let value = value::encode(value, Encoding::Utf8);
                    block.set(&format!("{prefix}{name}"), value);
                }
            }
        }
    }
}
