//! The query of our own endpoints, read strictly: a parameter we know comes once and decodes.

use url::form_urlencoded;

use super::SignInError;

/// The parameters the sign-in endpoint knows. Whatever else a link brings is not looked at, so that
/// nobody can add scopes or parameters to our request by a link.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SignInQuery {
    /// The provider, by its name in the configuration.
    pub(super) provider: Option<String>,
    /// Where to go afterwards.
    pub(super) return_to: Option<String>,
    /// `select_account` lets the person choose another account.
    pub(super) prompt: Option<String>,
    /// Names a provider by its issuer (OIDC Core §4).
    pub(super) iss: Option<String>,
    /// Where to go afterwards (OIDC Core §4).
    pub(super) target_link_uri: Option<String>,
}

impl SignInQuery {
    pub(super) fn parse(query: Option<&[u8]>) -> Result<Self, SignInError> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default()) {
            let (name, slot) = match name.as_ref() {
                "provider" => ("provider", &mut read.provider),
                "return_to" => ("return_to", &mut read.return_to),
                "prompt" => ("prompt", &mut read.prompt),
                "iss" => ("iss", &mut read.iss),
                "target_link_uri" => ("target_link_uri", &mut read.target_link_uri),
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(SignInError::Parameter { name });
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mod_auth_openidc_2026_08_12_a_repeated_parameter_is_refused() {
        for query in [
            "return_to=/a&return_to=/b",
            "iss=a&iss=a",
            "prompt=&prompt=select_account",
        ] {
            assert!(
                SignInQuery::parse(Some(query.as_bytes())).is_err(),
                "{query}"
            );
        }
    }

    #[test]
    fn mod_auth_openidc_2026_08_11_foreign_parameters_are_not_even_read() {
        let query = "scope=evil&client_id=evil&redirect_uri=evil&login_hint=evil&acr_values=x";
        assert_eq!(
            SignInQuery::parse(Some(query.as_bytes())).unwrap(),
            SignInQuery::default()
        );
    }
}
