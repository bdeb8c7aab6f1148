//! The addresses of our own endpoints, read and written.

use url::form_urlencoded::byte_serialize;
use vestibule_gate::redirect_action::RedirectAction;
use vestibule_session::return_to::ReturnTo;

use crate::provider::ProviderPlan;

/// Where people sign in.
pub const SIGN_IN: &str = "/.vestibule/sign-in";
/// Where the provider's answer arrives; with several providers their names follow.
pub const CALLBACK: &str = "/.vestibule/callback";
/// Where people sign out.
pub const SIGN_OUT: &str = "/.vestibule/sign-out";
/// Where people are after they signed out.
pub const SIGNED_OUT: &str = "/.vestibule/signed-out";
/// Where a provider says, server to server, that sessions have ended; with several providers their
/// names follow.
pub const BACK_CHANNEL_LOGOUT: &str = "/.vestibule/back-channel-logout";
/// What a provider's page opens in a frame when its session has ended; with several providers their
/// names follow.
pub const FRONT_CHANNEL_LOGOUT: &str = "/.vestibule/front-channel-logout";
/// Who am I.
pub const ME: &str = "/.vestibule/me";
/// When the session is about to end, and that it ended.
pub const EVENTS: &str = "/.vestibule/events";

/// One of our own endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnEndpoint {
    SignIn,
    /// With the provider's name if there are several.
    Callback(Option<String>),
    SignOut,
    SignedOut,
    /// The same.
    BackChannelLogout(Option<String>),
    /// The same.
    FrontChannelLogout(Option<String>),
    Me,
    Events,
    /// At the redirect path of the provider of this name.
    RedirectAction(RedirectAction, String),
}

/// Makes the endpoint of the provider of this name.
type OfProvider = fn(Option<String>) -> OwnEndpoint;

impl OwnEndpoint {
    /// Whether a provider ends sessions here.
    pub(super) const fn is_for_providers(&self) -> bool {
        matches!(
            self,
            Self::BackChannelLogout(_)
                | Self::FrontChannelLogout(_)
                | Self::RedirectAction(
                    RedirectAction::BackChannelLogout | RedirectAction::FrontChannelLogout { .. },
                    _
                )
        )
    }

    /// The endpoint at `path`. Exactly these paths, to the byte.
    pub(super) fn parse(path: &str, several_providers: bool) -> Option<Self> {
        Some(match path {
            SIGN_IN => Self::SignIn,
            SIGN_OUT => Self::SignOut,
            SIGNED_OUT => Self::SignedOut,
            ME => Self::Me,
            EVENTS => Self::Events,
            _ => {
                let (endpoint, name) = Self::of_provider(path)?;
                // A name where there are several providers, and only there.
                if name.is_some() != several_providers {
                    return None;
                }
                endpoint(name.map(str::to_owned))
            }
        })
    }

    /// The endpoints that each provider has for itself, and the name behind their path.
    fn of_provider(path: &str) -> Option<(OfProvider, Option<&str>)> {
        let each: [(&str, OfProvider); 3] = [
            (CALLBACK, Self::Callback),
            (BACK_CHANNEL_LOGOUT, Self::BackChannelLogout),
            (FRONT_CHANNEL_LOGOUT, Self::FrontChannelLogout),
        ];
        each.into_iter().find_map(|(prefix, endpoint)| {
            let rest = path.strip_prefix(prefix)?;
            match rest.strip_prefix('/') {
                Some(name) => Some((endpoint, Some(name))),
                None => rest.is_empty().then_some((endpoint, None)),
            }
        })
    }
}

/// The path of this provider's callback. Each provider has its own, so that one provider's answer
/// can't be taken for another's (RFC 9700 §4.4).
#[must_use]
pub fn callback(provider: &str, several_providers: bool) -> String {
    if several_providers {
        format!("{CALLBACK}/{provider}")
    } else {
        CALLBACK.to_owned()
    }
}

/// What to register at the provider as its back-channel and front-channel logout addresses.
#[must_use]
pub fn logouts(provider: &str, several_providers: bool) -> [String; 2] {
    [BACK_CHANNEL_LOGOUT, FRONT_CHANNEL_LOGOUT].map(|path| match several_providers {
        true => format!("{path}/{provider}"),
        false => path.to_owned(),
    })
}

/// The path to which this provider sends its answers.
#[must_use]
pub fn redirect_path(plan: &ProviderPlan, several_providers: bool) -> String {
    match &plan.redirect_path {
        Some(path) => path.clone(),
        None => callback(&plan.name, several_providers),
    }
}

/// The callback at `path` once more, after a posted form found no sign-in of the browser: as an
/// answer without a code, of which nothing can come but a way on or a page that says why not.
#[must_use]
pub(super) fn posted_in_vain(path: &str, state: &str) -> String {
    let state: String = byte_serialize(state.as_bytes()).collect();
    format!("{path}?error=posted_in_vain&state={state}")
}

/// The sign-in address for this provider and target.
#[must_use]
pub fn sign_in(provider: Option<&str>, return_to: Option<&ReturnTo>) -> String {
    with_query(
        SIGN_IN,
        &[
            ("provider", provider),
            (
                "return_to",
                return_to
                    .map(ReturnTo::as_str)
                    .filter(|target| *target != "/"),
            ),
        ],
    )
}

/// The sign-in address that lets the person choose another account.
#[must_use]
pub fn someone_else(return_to: &ReturnTo) -> String {
    someone_else_at(None, return_to)
}

/// The sign-in address that lets the person choose another account of this provider.
#[must_use]
pub(super) fn someone_else_at(provider: Option<&str>, return_to: &ReturnTo) -> String {
    let target = Some(return_to.as_str()).filter(|target| *target != "/");
    with_query(
        SIGN_IN,
        &[
            ("provider", provider),
            ("prompt", Some("select_account")),
            ("return_to", target),
        ],
    )
}

/// The signed-out page. `provider_session_may_live` says that the provider was not asked to end
/// its session.
#[must_use]
pub(super) fn signed_out(provider_session_may_live: bool) -> String {
    with_query(
        SIGNED_OUT,
        &[("here", provider_session_may_live.then_some("only"))],
    )
}

/// A sign-out at this redirect path, which leads to `next` afterwards.
#[must_use]
pub(super) fn logout_at(redirect_path: &str, next: &str) -> String {
    with_query(redirect_path, &[("logout", Some(next))])
}

fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut address = path.to_owned();
    let mut mark = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            address.push(mark);
            address.push_str(name);
            address.push('=');
            address.extend(byte_serialize(value.as_bytes()));
            mark = '&';
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_paths_are_endpoints() {
        for (path, one, several) in [
            ("/.vestibule/sign-in", true, true),
            ("/.vestibule/callback", true, false),
            ("/.vestibule/callback/main", false, true),
            ("/.vestibule/callback/", false, true),
            ("/.vestibule/callbacks", false, false),
            ("/.vestibule/back-channel-logout", true, false),
            ("/.vestibule/back-channel-logout/main", false, true),
            ("/.vestibule/front-channel-logout", true, false),
            ("/.vestibule/front-channel-logout/main", false, true),
            ("/.vestibule/front-channel-logoutx", false, false),
            ("/.vestibule/me", true, true),
            ("/.vestibule/me/", false, false),
            ("/.vestibule/events", true, true),
            ("/.vestibule/events/x", false, false),
            ("/.vestibule/Sign-In", false, false),
            ("/.vestibule/", false, false),
            ("/.vestibule", false, false),
            ("/.vestibule/metrics", false, false),
            ("/.vestibule/debug/pprof", false, false),
        ] {
            assert_eq!(OwnEndpoint::parse(path, false).is_some(), one, "{path}");
            assert_eq!(OwnEndpoint::parse(path, true).is_some(), several, "{path}");
        }
    }

    #[test]
    fn oauth_security_topics_each_provider_has_its_own_callback() {
        assert_eq!(callback("a", true), "/.vestibule/callback/a");
        assert_ne!(callback("a", true), callback("b", true));
        assert_eq!(callback("a", false), "/.vestibule/callback");
    }

    #[test]
    fn a_target_travels_as_one_parameter() {
        let target = ReturnTo::parse(b"/foo?a=1&provider=x&b=%26").unwrap();
        assert_eq!(
            sign_in(Some("main"), Some(&target)),
            "/.vestibule/sign-in?provider=main&return_to=%2Ffoo%3Fa%3D1%26provider%3Dx%26b%3D%2526"
        );
        assert_eq!(
            sign_in(None, Some(&ReturnTo::root())),
            "/.vestibule/sign-in"
        );
        assert_eq!(signed_out(false), "/.vestibule/signed-out");
    }
}
