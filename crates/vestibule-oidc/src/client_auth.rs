//! Decides how we prove to the token endpoint who we are (OIDC Core §9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::metadata::ProviderMetadata;
use crate::secret::Secret;

/// How the client authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic {
        /// The client secret.
        secret: Secret,
    },
    /// `client_secret_post`: in the form.
    Post {
        /// The client secret.
        secret: Secret,
    },
    /// `none`: a public client; PKCE alone protects the code.
    None,
}

impl ClientAuthentication {
    /// The usual choice for a client secret: what the provider lists, `client_secret_basic` first
    /// because it is the default (OIDC Discovery §3); without a secret, none.
    pub fn choose(secret: Option<Secret>, metadata: &ProviderMetadata) -> Self {
        let Some(secret) = secret else {
            return Self::None;
        };
        let lists = |name: &str| {
            metadata
                .auth_methods()
                .is_some_and(|methods| methods.iter().any(|own| own == name))
        };
        if lists("client_secret_post") && !lists("client_secret_basic") {
            Self::Post { secret }
        } else {
            Self::Basic { secret }
        }
    }

    /// The name in metadata and configuration.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "client_secret_basic",
            Self::Post { .. } => "client_secret_post",
            Self::None => "none",
        }
    }

    /// The `Authorization` header, for `client_secret_basic`. Both halves are form-urlencoded
    /// first, so that a colon or an umlaut in them survives (RFC 6749 §2.3.1).
    pub(crate) fn authorization(&self, client_id: &str) -> Option<Secret> {
        let Self::Basic { secret } = self else {
            return None;
        };
        let encode =
            |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let pair = Secret::new(format!("{}:{}", encode(client_id), encode(secret.expose())));
        Some(Secret::new(format!(
            "Basic {}",
            STANDARD.encode(pair.expose())
        )))
    }

    /// The members of the form: with `client_secret_basic` the client is named in the header alone.
    pub(crate) fn form<'a>(&'a self, client_id: &'a str) -> Vec<(&'static str, &'a str)> {
        match self {
            Self::Basic { .. } => Vec::new(),
            Self::Post { secret } => {
                vec![("client_id", client_id), ("client_secret", secret.expose())]
            }
            Self::None => vec![("client_id", client_id)],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::issuer::IssuerRule;

    #[test]
    fn the_method_is_one_the_provider_lists() {
        for (listed, secret, method) in [
            (json!(null), true, "client_secret_basic"),
            (json!([]), true, "client_secret_basic"),
            (json!(["client_secret_post"]), true, "client_secret_post"),
            (
                json!(["client_secret_post", "client_secret_basic"]),
                true,
                "client_secret_basic",
            ),
            (json!(["private_key_jwt"]), true, "client_secret_basic"),
            (json!(["client_secret_post"]), false, "none"),
        ] {
            let document = json!({
                "issuer": "https://a.example",
                "authorization_endpoint": "https://a.example/a",
                "token_endpoint": "https://a.example/t",
                "jwks_uri": "https://a.example/k",
                "token_endpoint_auth_methods_supported": listed,
            })
            .to_string();
            let rule = IssuerRule::exact("https://a.example");
            let metadata = ProviderMetadata::parse(document.as_bytes(), &rule).unwrap();
            let chosen = ClientAuthentication::choose(secret.then(|| Secret::from("s")), &metadata);
            assert_eq!(chosen.method(), method, "{listed}");
        }
    }
}
