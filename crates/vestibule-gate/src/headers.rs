//! What the upstream is told about the person: which names are ours to set, and their values.
//!
//! Every name that any route may set is removed from every request first, in every spelling; see
//! [`crate::upstream`]. A value that is not there leaves its header out.

mod block;
mod json;
pub mod mod_auth_openidc;
mod number;
pub mod oauth2_proxy;
mod selection;
pub mod value;
pub mod version;

use thiserror::Error;
use vestibule_oidc::time::UnixTime;
use vestibule_session::claims::Claim;
use vestibule_session::record::AccessToken;

use crate::claims::{ClaimPath, Claims};
use crate::fields::{Fields, FoldedNames, fold, is_token};

use self::block::Block;
use self::value::Encoding;
pub use mod_auth_openidc::ModAuthOpenidc;
pub use oauth2_proxy::Oauth2Proxy;
pub use selection::Selection;
pub use value::Writing;
pub use version::Version;

/// A set of names that upstreams already know. Exhaustive: each must be scrubbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preset {
    /// What Apache with mod_auth_openidc sends.
    ModAuthOpenidc(ModAuthOpenidc),
    /// What oauth2-proxy sends.
    Oauth2Proxy(Oauth2Proxy),
}

/// The name of a header we set: a token, and none that HTTP or the proxy needs itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderName(Box<str>);

/// Why a name can't be one of our headers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderNameError {
    /// Not a token (RFC 9110 §5.6.2), or without any letter or digit.
    #[error("use {name:?} as a header name: not a token")]
    NotAToken {
        /// The name.
        name: String,
    },
    /// HTTP, or the proxy itself, needs this one.
    #[error("set the header {name:?}, which is not an identity's to have")]
    Reserved {
        /// The name.
        name: String,
    },
}

/// Folded names no identity may use: framing, connection and forwarding, and what the browser sends.
const RESERVED: [&str; 26] = [
    "host",
    "contentlength",
    "contenttype",
    "contentencoding",
    "transferencoding",
    "connection",
    "keepalive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "cookie",
    "setcookie",
    "authorization",
    "proxyauthorization",
    "proxyconnection",
    "proxy",
    "forwarded",
    "xforwardedfor",
    "xforwardedhost",
    "xforwardedport",
    "xforwardedproto",
    "xforwardedprefix",
    "xrealip",
    "origin",
    "referer",
];

fn is_reserved(folded: &[u8]) -> bool {
    RESERVED
        .iter()
        .any(|reserved| reserved.as_bytes() == folded)
}

impl HeaderName {
    /// A name from its text.
    ///
    /// # Errors
    ///
    /// See [`HeaderNameError`].
    pub fn parse(name: &str) -> Result<Self, HeaderNameError> {
        let folded = fold(name.as_bytes());
        if !is_token(name.as_bytes()) || folded.is_empty() {
            return Err(HeaderNameError::NotAToken {
                name: name.to_owned(),
            });
        }
        if is_reserved(&folded) {
            return Err(HeaderNameError::Reserved {
                name: name.to_owned(),
            });
        }
        Ok(Self(name.into()))
    }

    /// The name as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the value of an own header comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The name of the person, from the route's `user` claims.
    User,
    /// The first of these claims that is there.
    Claims(Vec<ClaimPath>),
    /// The access token for the upstream.
    AccessToken,
    /// The compact ID token.
    IdToken,
    /// User info as JSON.
    Userinfo,
    /// The signed token that user info came in.
    UserinfoToken,
    /// The same for everybody who is signed in.
    Constant(String),
    /// Never a value: what clients send under the name is removed, as it is for every other source.
    Nothing,
}

/// Whose word counts when the ID token and user info both have a claim that is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Precedence {
    /// The ID token's, as in rules. mod_auth_openidc before 2.4.14.
    #[default]
    IdToken,
    /// User info's. mod_auth_openidc since then.
    Userinfo,
}

/// A header of the operator's own choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHeader {
    /// Its name.
    pub name: HeaderName,
    /// Where its value comes from.
    pub source: Source,
}

/// Everything one route sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderPlan {
    /// Sets of names the upstream knows. A later one wins over an earlier.
    pub presets: Vec<Preset>,
    /// Names of the operator's own choice. They win over the presets'.
    pub own: Vec<OwnHeader>,
    /// Whether the access token goes as `Authorization: Bearer` (RFC 6750 §2.1).
    pub bearer: bool,
    /// How claims become text, in own headers and in those of [`ModAuthOpenidc`].
    pub writing: Writing,
    /// Whose word counts in them.
    pub precedence: Precedence,
    /// Which claims [`ModAuthOpenidc`] passes, and which are in user info that is passed as JSON.
    pub selection: Selection,
}

/// The access token for the upstream.
#[derive(Clone, Copy)]
pub struct Token<'t> {
    /// The token itself.
    pub value: &'t str,
    /// Its type, `Bearer` as a rule.
    pub token_type: &'t str,
    /// When it expires, if the provider said so.
    pub expires_at: Option<UnixTime>,
    /// The scopes granted with it, separated by spaces.
    pub scope: Option<&'t str>,
}

impl<'t> Token<'t> {
    /// An access token of a session. Sessions hold bearer tokens only.
    #[must_use]
    pub fn of(token: &'t AccessToken) -> Self {
        Self {
            value: token.token().expose(),
            token_type: "Bearer",
            expires_at: token.expires_at(),
            scope: token.scope(),
        }
    }
}

impl std::fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What there is to tell an upstream about one person.
#[derive(Clone, Copy)]
pub struct Identity<'i> {
    /// The claims.
    pub claims: Claims<'i>,
    /// The name of the person.
    pub user: Option<&'i str>,
    /// The access token for this upstream, if the route has one.
    pub token: Option<Token<'i>>,
    /// The compact ID token.
    pub id_token: Option<&'i str>,
    /// The compact token that user info came in, if it was signed.
    pub userinfo_token: Option<&'i str>,
    /// The refresh token, for whoever is set to pass it on.
    pub refresh_token: Option<&'i str>,
}

impl std::fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

impl HeaderPlan {
    /// The names this plan may set, apart from `Authorization`.
    #[must_use]
    pub fn names(&self) -> FoldedNames {
        let mut names = FoldedNames::default();
        for preset in &self.presets {
            match preset {
                Preset::ModAuthOpenidc(preset) => preset.add_names(&self.selection, &mut names),
                Preset::Oauth2Proxy(preset) => preset.add_names(&mut names),
            }
        }
        for header in &self.own {
            names.insert(header.name.as_str());
        }
        names
    }

    /// Whether this plan tells the upstream the person's groups by name, so that it must not be told
    /// none for want of knowing. What mod_auth_openidc passes is whatever claims there are.
    #[must_use]
    pub fn needs_groups(&self) -> bool {
        let preset = |preset: &Preset| matches!(preset, Preset::Oauth2Proxy(_));
        let own = |header: &OwnHeader| match &header.source {
            Source::Claims(paths) => paths.iter().any(ClaimPath::is_groups),
            _ => false,
        };
        self.presets.iter().any(preset) || self.own.iter().any(own)
    }

    /// Whether this plan sets `Authorization` itself, so that the client's does not pass.
    #[must_use]
    pub const fn sets_authorization(&self) -> bool {
        self.bearer
    }

    /// Whether some upstream field is the compact ID token.
    #[must_use]
    pub fn passes_id_token(&self) -> bool {
        let by_preset = self.presets.iter().any(|preset| match preset {
            Preset::ModAuthOpenidc(preset) => preset.id_token_serialized,
            Preset::Oauth2Proxy(_) => false,
        });
        by_preset || self.own.iter().any(|own| own.source == Source::IdToken)
    }

    /// Whether some upstream field is the signed token that user info came in, so that sessions have to keep it.
    #[must_use]
    pub fn passes_userinfo_token(&self) -> bool {
        let by_preset = self.presets.iter().any(|preset| match preset {
            Preset::ModAuthOpenidc(preset) => preset.userinfo_jwt,
            Preset::Oauth2Proxy(_) => false,
        });
        let mut own = self.own.iter();
        by_preset || own.any(|own| own.source == Source::UserinfoToken)
    }

    /// The block of fields for one person. It depends on nothing but its arguments, so it may be
    /// kept for as long as the session and the token stay the same.
    #[must_use]
    pub fn write(&self, identity: &Identity<'_>) -> Fields {
        let mut block = Block::default();
        for preset in &self.presets {
            match preset {
                Preset::ModAuthOpenidc(preset) => preset.write(self, identity, &mut block),
                Preset::Oauth2Proxy(preset) => preset.write(identity, &mut block),
            }
        }
        for header in &self.own {
            let value = match &header.source {
                // Apache has no encoding for the user, whatever the claims have.
                Source::User => identity
                    .user
                    .map(|user| value::encode(user, Encoding::Utf8)),
                Source::Claims(paths) => paths
                    .iter()
                    .filter_map(|path| self.find(&identity.claims, path))
                    .find_map(|claim| self.writing.text(claim))
                    .map(|text| self.encode(&text)),
                Source::AccessToken => identity.token.map(|token| self.encode(token.value)),
                Source::IdToken => identity.id_token.map(|token| self.encode(token)),
                Source::Userinfo => identity.claims.userinfo.map(|userinfo| {
                    self.encode(&mod_auth_openidc::json_of(&self.selection, userinfo))
                }),
                Source::UserinfoToken => identity.userinfo_token.map(|token| self.encode(token)),
                Source::Constant(text) => Some(value::encode(text, Encoding::Utf8)),
                Source::Nothing => None,
            };
            if let Some(value) = value {
                block.set(header.name.as_str(), value);
            }
        }
        if self.bearer
            && let Some(token) = identity.token
        {
            let value = format!("Bearer {}", token.value);
            block.set("Authorization", value::encode(&value, Encoding::Utf8));
        }
        block.into_fields()
    }

    fn find<'c>(&self, claims: &Claims<'c>, path: &ClaimPath) -> Option<Claim<'c>> {
        let userinfo = claims
            .userinfo
            .filter(|_| self.precedence == Precedence::Userinfo);
        userinfo
            .and_then(|userinfo| path.find(userinfo))
            .or_else(|| claims.find(path))
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        value::encode(text, self.writing.encoding)
    }
}

#[cfg(test)]
mod tests;
