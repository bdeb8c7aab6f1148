//! What mod_auth_openidc does at its redirect URI besides taking answers: the requests of its own that a
//! program or a page sends there, by their query.
//!
//! A parameter counts where `name=` begins the query or follows `&`, to the byte, as there. Values are read
//! where they are acted on; here only those that tell one request from another, so that whatever is none
//! of these goes on to the app.

use crate::callback_path::is_answer;
use crate::method::Method;
use crate::request::Request;

/// One request to the redirect URI that is no answer of the provider. Exhaustive: each has its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectAction {
    /// `logout=URL`: the person signs out and goes to the URL; to the usual place if it is empty.
    Logout,
    /// `logout=get` or `logout=img`: a page of the provider ends sessions, in a frame or as an image.
    FrontChannelLogout {
        /// An image is expected.
        image: bool,
    },
    /// `logout=backchannel`: the provider ends sessions, server to server.
    BackChannelLogout,
    /// `iss=ISSUER`: another site starts a sign-in (OIDC Core §4).
    SignIn,
    /// `jwks=`: our own public keys.
    Keys,
    /// `refresh=URL&access_token=TOKEN`: a new access token now, then back to the URL.
    Refresh,
    /// `info=json` or `info=html`: what is known of the session.
    Info {
        /// As a page instead of JSON.
        html: bool,
    },
    /// One that is not done here.
    NotDone(NotDone),
}

/// A request to the redirect URI that is refused, and only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDone {
    /// `session=`: Session Management in frames.
    Session,
    /// `request_uri=`: request objects by reference.
    RequestUri,
    /// `remove_at_cache=`: forgets what is known of a token.
    RemoveAtCache,
    /// `revoke_session=`: ends the session of an id.
    RevokeSession,
    /// `dpop=`: makes a proof of possession.
    Dpop,
}

impl RedirectAction {
    /// What a request to a redirect URI asks for, if it asks for anything of these and is no answer.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        let query = request.query()?;
        match request.method() {
            Method::Get | Method::Head if !is_answer(query) => Self::of_query(query),
            // Of all of them a form comes to these alone: from the provider, or from our page that asks first.
            Method::Post if !is_answer(query) => Self::of_query(query)
                .filter(|action| matches!(action, Self::Logout | Self::BackChannelLogout)),
            _ => None,
        }
    }

    /// In the order in which the module looks for them.
    fn of_query(query: &[u8]) -> Option<Self> {
        let value = |name: &str| value(query, name.as_bytes());
        if let Some(value) = value("logout") {
            return Some(match value {
                b"get" => Self::FrontChannelLogout { image: false },
                b"img" => Self::FrontChannelLogout { image: true },
                b"backchannel" => Self::BackChannelLogout,
                _ => Self::Logout,
            });
        }
        if value("iss").is_some() {
            return Some(Self::SignIn);
        }
        if value("jwks").is_some() {
            return Some(Self::Keys);
        }
        if let Some(b"logout" | b"iframe_op" | b"iframe_rp" | b"check") = value("session") {
            return Some(Self::NotDone(NotDone::Session));
        }
        if value("refresh").is_some() {
            return Some(Self::Refresh);
        }
        let refused = [
            ("request_uri", NotDone::RequestUri),
            ("remove_at_cache", NotDone::RemoveAtCache),
            ("revoke_session", NotDone::RevokeSession),
            ("dpop", NotDone::Dpop),
        ];
        if let Some((_, refused)) = refused.into_iter().find(|(name, _)| value(name).is_some()) {
            return Some(Self::NotDone(refused));
        }
        match value("info") {
            Some(b"json") => Some(Self::Info { html: false }),
            Some(b"html") => Some(Self::Info { html: true }),
            _ => None,
        }
    }
}

fn value<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    query
        .split(|&byte| byte == b'&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_module_answers_itself_is_taken_from_the_app() {
        use RedirectAction::{FrontChannelLogout, Info, Keys, Logout, Refresh, SignIn};
        for (query, action) in [
            ("logout=https%3A%2F%2Fa.example%2F", Some(Logout)),
            ("logout=", Some(Logout)),
            ("x=1&logout=/bye", Some(Logout)),
            (
                "logout=get&sid=s",
                Some(FrontChannelLogout { image: false }),
            ),
            ("logout=img", Some(FrontChannelLogout { image: true })),
            (
                "logout=backchannel",
                Some(RedirectAction::BackChannelLogout),
            ),
            ("iss=https://idp.example", Some(SignIn)),
            ("jwks=rsa", Some(Keys)),
            ("refresh=/a&access_token=t", Some(Refresh)),
            ("info=json", Some(Info { html: false })),
            ("info=html&extend_session=false", Some(Info { html: true })),
            (
                "session=check",
                Some(RedirectAction::NotDone(NotDone::Session)),
            ),
            ("dpop=t&url=u", Some(RedirectAction::NotDone(NotDone::Dpop))),
            (
                "revoke_session=id",
                Some(RedirectAction::NotDone(NotDone::RevokeSession)),
            ),
            (
                "remove_at_cache=t",
                Some(RedirectAction::NotDone(NotDone::RemoveAtCache)),
            ),
            (
                "request_uri=r",
                Some(RedirectAction::NotDone(NotDone::RequestUri)),
            ),
            ("", None),
            ("x=1", None),
            ("logout", None),
            ("mylogout=1", None),
            ("Logout=1", None),
            ("a=b;logout=1", None),
            ("info=xml", None),
            ("info=", None),
            ("session=42", None),
            ("q=info=json", None),
        ] {
            assert_eq!(
                RedirectAction::of_query(query.as_bytes()),
                action,
                "{query}"
            );
        }
    }
}
