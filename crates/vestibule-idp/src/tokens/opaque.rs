//! Access tokens that are no JWT: the two opaque forms Entra gives when no API was asked for.

use crate::entropy;

/// What a personal account gets for Graph and userinfo: a ticket nobody else can read.
pub(crate) fn personal_ticket() -> String {
    format!("EwB{}", entropy::text(653))
}

/// What the v1.0 endpoints give without `resource`.
pub(crate) fn v1_userinfo_token() -> String {
    format!("AQABAAAA{}", entropy::text(646))
}

#[cfg(test)]
mod tests {
    #[test]
    fn opaque_tokens_have_no_dots_and_their_known_beginning() {
        for (token, start) in [
            (super::personal_ticket(), "EwB"),
            (super::v1_userinfo_token(), "AQABAAAA"),
        ] {
            assert!(token.starts_with(start) && !token.contains('.'), "{token}");
            assert!((600..700).contains(&token.len()));
        }
    }
}
