//! The addresses of our own endpoints, read and written.

use url::form_urlencoded::byte_serialize;
use vestibule_session::return_to::ReturnTo;

/// Where people sign in.
pub const SIGN_IN: &str = "/.vestibule/sign-in";
/// Where the provider's answer arrives; with several providers their names follow.
pub const CALLBACK: &str = "/.vestibule/callback";
/// Where people sign out.
pub const SIGN_OUT: &str = "/.vestibule/sign-out";
/// Where people are after they signed out.
pub const SIGNED_OUT: &str = "/.vestibule/signed-out";
/// Who am I.
pub const ME: &str = "/.vestibule/me";

/// One of our own endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnEndpoint {
    SignIn,
    /// With the provider's name if there are several.
    Callback(Option<String>),
    SignOut,
    SignedOut,
    Me,
}

impl OwnEndpoint {
    /// The endpoint at `path`. Exactly these paths, to the byte.
    pub(super) fn parse(path: &str, several_providers: bool) -> Option<Self> {
        Some(match path {
            SIGN_IN => Self::SignIn,
            SIGN_OUT => Self::SignOut,
            SIGNED_OUT => Self::SignedOut,
            ME => Self::Me,
            CALLBACK if !several_providers => Self::Callback(None),
            _ if several_providers => {
                let name = path.strip_prefix(CALLBACK)?.strip_prefix('/')?;
                Self::Callback(Some(name.to_owned()))
            }
            _ => return None,
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
            ("/.vestibule/me", true, true),
            ("/.vestibule/me/", false, false),
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
