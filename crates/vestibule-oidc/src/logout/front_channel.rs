//! Reads what a provider says when it opens our address in a frame (OIDC Front-Channel Logout §2).
//!
//! Anybody can open that address, in anybody's browser, and browsers send no cookies into foreign
//! frames. So nothing in it is proof but the `sid`: a name that only the provider and the people
//! who hold the ID token know.

use url::form_urlencoded;

use crate::issuer::TokenIssuer;

/// The longest `sid` that is looked for.
const MAX_SID_BYTES: usize = 512;

/// A provider's word that its session has ended.
#[derive(Clone, PartialEq, Eq)]
pub struct FrontChannelLogout {
    sid: String,
    issuers: Vec<String>,
}

/// Why such an address ends nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontChannelError {
    /// A parameter comes more than once.
    #[error("take one `{name}` of several")]
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// No `sid`, or none of a length that one has.
    #[error("find the `sid` of the session that ended")]
    NoSid,
    /// `iss` is not this provider.
    #[error("accept a front-channel logout of another issuer")]
    Issuer,
}

impl FrontChannelError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Repeated { .. } => "front_channel_repeated",
            Self::NoSid => "front_channel_no_sid",
            Self::Issuer => "front_channel_issuer",
        }
    }

    /// What a stranger may read.
    pub const fn public_message(&self) -> &'static str {
        match self {
            Self::Repeated { .. } => "A parameter comes more than once.",
            Self::NoSid => "The address does not say which session has ended.",
            Self::Issuer => "The address names another provider.",
        }
    }
}

impl FrontChannelLogout {
    /// Reads the query of the address. `metadata_issuer` is the issuer as the provider's metadata
    /// state it, `issuer` what it may be in tokens.
    ///
    /// `iss` may be missing: Entra sends none. Then it is any issuer of this provider.
    ///
    /// # Errors
    /// [`FrontChannelError`].
    pub fn parse(
        query: &[u8],
        issuer: &TokenIssuer,
        metadata_issuer: &str,
    ) -> Result<Self, FrontChannelError> {
        let (mut iss, mut sid) = (None, None);
        for (name, value) in form_urlencoded::parse(query) {
            let (name, slot) = match name.as_ref() {
                "iss" => ("iss", &mut iss),
                "sid" => ("sid", &mut sid),
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(FrontChannelError::Repeated { name });
            }
        }
        let sid = sid.filter(|sid| (1..=MAX_SID_BYTES).contains(&sid.len()));
        let sid = sid.ok_or(FrontChannelError::NoSid)?;
        let issuers = match iss {
            None => issuer.issuers(),
            Some(iss) if iss == metadata_issuer => issuer.issuers(),
            Some(iss) if issuer.permits(&iss) => vec![iss],
            Some(_) => return Err(FrontChannelError::Issuer),
        };
        Ok(Self { sid, issuers })
    }

    /// The provider's name for the session.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The issuers in whose ID tokens it may have been.
    pub fn issuers(&self) -> &[String] {
        &self.issuers
    }
}

impl std::fmt::Debug for FrontChannelLogout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrontChannelLogout")
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microsoft::TenantId;

    const ISSUER: &str = "https://idp.example";

    fn parse(query: &str) -> Result<FrontChannelLogout, FrontChannelError> {
        FrontChannelLogout::parse(query.as_bytes(), &TokenIssuer::exact(ISSUER), ISSUER)
    }

    #[test]
    fn sid_is_needed_and_iss_matches_if_it_is_there() {
        for query in ["sid=s1", "iss=https%3A%2F%2Fidp.example&sid=s1&more=x"] {
            let logout = parse(query).unwrap();
            assert_eq!(
                (logout.sid(), logout.issuers()),
                ("s1", &[ISSUER.to_owned()][..])
            );
        }
        for (query, code) in [
            ("", "front_channel_no_sid"),
            ("sid=", "front_channel_no_sid"),
            ("iss=https%3A%2F%2Fidp.example", "front_channel_no_sid"),
            ("SID=s1", "front_channel_no_sid"),
            ("sid=s1&sid=s1", "front_channel_repeated"),
            ("iss=a&iss=a&sid=s1", "front_channel_repeated"),
            (
                "iss=https%3A%2F%2Fevil.example&sid=s1",
                "front_channel_issuer",
            ),
            (
                "iss=https%3A%2F%2Fidp.example%2F&sid=s1",
                "front_channel_issuer",
            ),
            ("iss=&sid=s1", "front_channel_issuer"),
            ("iss=%00&sid=s1", "front_channel_issuer"),
        ] {
            assert_eq!(parse(query).unwrap_err().code(), code, "{query}");
        }
        assert!(parse(&format!("sid={}", "s".repeat(513))).is_err());
    }

    /// Entra sends `sid` alone, and files sessions of several tenants under several issuers.
    #[test]
    fn without_iss_it_is_any_issuer_of_the_provider() {
        let tenants = [
            "11111111-1111-1111-1111-111111111111",
            "22222222-2222-2222-2222-222222222222",
        ];
        let ids = tenants
            .iter()
            .map(|tenant| TenantId::parse(tenant).unwrap());
        let template = "https://login.example/{tenantid}/v2.0";
        let issuer = TokenIssuer::entra_tenants(template, ids.collect());
        let parse = |query: &str| FrontChannelLogout::parse(query.as_bytes(), &issuer, template);
        let all: Vec<String> = tenants
            .iter()
            .map(|tenant| format!("https://login.example/{tenant}/v2.0"))
            .collect();
        assert_eq!(parse("sid=s1").unwrap().issuers(), all);
        let one = format!("iss={}&sid=s1", all[1]);
        assert_eq!(parse(&one).unwrap().issuers(), &all[1..]);
        assert!(
            parse("iss=https://login.example/33333333-3333-3333-3333-333333333333/v2.0&sid=s")
                .is_err()
        );
    }
}
