//! Endpoints that are written by hand: in Apache they count, and here the metadata does. Where both are the issuer's own,
//! below its address, it is the same who decides.

use url::Url;

use super::Draft;
use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::site::Site;

const USER_INFO: &str = "OIDCProviderUserInfoEndpoint";

pub(super) fn map(site: &Site<'_>, draft: &mut Draft, ledger: &mut Ledger) {
    for name in [
        "OIDCProviderAuthorizationEndpoint",
        "OIDCProviderTokenEndpoint",
        "OIDCProviderJwksUri",
        USER_INFO,
    ] {
        if let Some(line) = site.setting(ledger, name) {
            one(site, line, draft, ledger);
        }
    }
    let by_hand = site.last("OIDCProviderMetadataURL").is_none() && site.last(USER_INFO).is_none();
    if by_hand && let Some(issuer) = site.last("OIDCProviderIssuer") {
        draft.provider.put("userinfo", "false", Some(&issuer.at));
        ledger.became(
            issuer,
            "provider.userinfo = false: user info is not asked for where no OIDCProviderUserInfoEndpoint says where",
        );
    }
}

fn one(site: &Site<'_>, line: &Line, draft: &mut Draft, ledger: &mut Ledger) {
    let address = line.word(0);
    let is_user_info = line.is(USER_INFO);
    if is_user_info && address.is_empty() {
        draft.provider.put("userinfo", "false", Some(&line.at));
        ledger.became(line, "provider.userinfo = false");
        return;
    }
    let issuer = match site.last("OIDCProviderMetadataURL") {
        None => site.last("OIDCProviderIssuer"),
        Some(_) => None,
    };
    let issuer = issuer.map(|line| line.word(0));
    if issuer.is_some_and(|issuer| is_below(issuer, address)) {
        ledger.differs(
            line,
            "read from the metadata of the issuer, which this address is of: it is on the same server, below the issuer's own address",
            "run `vestibule doctor`, which tells the addresses in the metadata",
        );
        return;
    }
    let says = match is_user_info {
        true => {
            "what this address says of people counts in Apache, and here that of the metadata would"
        }
        false => {
            "in Apache this counts and not the metadata, which would be believed here instead: who signs people in, and with which keys, would be another's choice"
        }
    };
    let help = match issuer {
        Some(issuer) => format!(
            "write OIDCProviderMetadataURL {}/.well-known/openid-configuration in place of the addresses, if the provider has it there",
            issuer.trim_end_matches('/')
        ),
        None => "take it out if the metadata name the same address; `vestibule doctor` asks it"
            .to_owned(),
    };
    ledger.stop(line, says, help);
}

/// Whether the address is on the issuer's server, and below the issuer's path: where tenants share a server, of the same.
fn is_below(issuer: &str, address: &str) -> bool {
    let (Ok(issuer), Ok(address)) = (Url::parse(issuer), Url::parse(address)) else {
        return false;
    };
    let below = address
        .path()
        .strip_prefix(issuer.path().trim_end_matches('/'));
    issuer.scheme() == "https"
        && issuer.origin() == address.origin()
        && address.username().is_empty()
        && address.password().is_none()
        && below.is_some_and(|rest| rest.starts_with('/') && !rest.contains(['%', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_issuers_where_it_is_below_it() {
        for (issuer, address, expected) in [
            ("https://a.example/", "https://a.example/token", true),
            ("https://a.example", "https://a.example/oauth/token", true),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/x/token",
                true,
            ),
            ("https://a.example:443/x", "https://A.example/x/token", true),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/xy/token",
                false,
            ),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/y/token",
                false,
            ),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/x/../y/token",
                false,
            ),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/x/%2e%2e/y",
                false,
            ),
            (
                "https://a.example/realms/x",
                "https://a.example/realms/x/..%2fy",
                false,
            ),
            ("https://a.example", "https://a.example:8443/token", false),
            ("https://a.example", "http://a.example/token", false),
            ("http://a.example", "http://a.example/token", false),
            ("https://a.example", "https://b.a.example/token", false),
            (
                "https://a.example",
                "https://a.example@b.example/token",
                false,
            ),
            ("https://a.example", "https://user@a.example/token", false),
            ("a.example", "a.example/token", false),
        ] {
            assert_eq!(is_below(issuer, address), expected, "{issuer} {address}");
        }
    }
}
