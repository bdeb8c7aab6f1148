//! Reads the form that a logout token comes in (OIDC Back-Channel Logout §2.5).

use url::form_urlencoded;

use super::MAX_BYTES;
use crate::secret::Secret;

/// The longest form that is read. Members beside `logout_token` are allowed and not looked at.
pub const MAX_FORM_BYTES: usize = MAX_BYTES + (4 << 10);

/// Why a form brings no logout token.
///
/// Not `#[non_exhaustive]`: there is no other way for one name in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutFormError {
    /// There is no `logout_token`.
    #[error("find `logout_token` in the form")]
    Missing,
    /// It is there more than once: two readers might take different ones.
    #[error("take one `logout_token` of several")]
    Repeated,
}

impl LogoutFormError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "logout_token_not_sent",
            Self::Repeated => "logout_token_repeated",
        }
    }
}

/// The logout token in a body of `application/x-www-form-urlencoded`.
///
/// # Errors
/// [`LogoutFormError`].
pub fn in_form(body: &[u8]) -> Result<Secret, LogoutFormError> {
    let mut tokens = form_urlencoded::parse(body).filter(|(name, _)| name == "logout_token");
    let (_, token) = tokens.next().ok_or(LogoutFormError::Missing)?;
    if tokens.next().is_some() {
        return Err(LogoutFormError::Repeated);
    }
    Ok(Secret::new(token.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mod_auth_openidc, 2026-08-12: the last of several silently counted.
    #[test]
    fn mod_auth_openidc_2026_08_12_a_logout_token_comes_once() {
        let found = in_form(b"extra=1&logout_token=a.b.c&more=").unwrap();
        assert_eq!(found.expose(), "a.b.c");
        for (body, error) in [
            ("", LogoutFormError::Missing),
            ("Logout_Token=a.b.c", LogoutFormError::Missing),
            (
                "logout_token=a.b.c&logout_token=a.b.c",
                LogoutFormError::Repeated,
            ),
            (
                "logout_token=&logout_token=a.b.c",
                LogoutFormError::Repeated,
            ),
        ] {
            assert_eq!(in_form(body.as_bytes()).unwrap_err(), error, "{body}");
        }
    }
}
