//! Says of a certificate that was not believed what it is, and what of that is the likely reason.

use vestibule_oidc::time::{UnixTime, Utc};

use crate::evidence::{Certificate, host_of};
use crate::shown::{shown, shown_list};

/// What is wrong with a certificate, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is over.
    Over,
    /// It has not begun.
    ToCome,
    /// It is for other names.
    Names,
    /// Somebody issued it to themselves.
    OwnIssuer,
    /// Nothing of that: its issuer is not trusted.
    Issuer,
}

/// The likely reason why the certificate shown by the host of `url` was not believed.
pub(super) fn reason(certificate: &Certificate, url: &str, now: Option<UnixTime>) -> Reason {
    let passed = |time: Option<UnixTime>| time.zip(now).map(|(time, now)| now > time);
    let host = host_of(url);
    if passed(certificate.until) == Some(true) {
        Reason::Over
    } else if passed(certificate.from) == Some(false) {
        Reason::ToCome
    } else if host.is_some_and(|host| !certificate.names.iter().any(|name| fits(name, host))) {
        Reason::Names
    } else if certificate.issuer == certificate.subject {
        Reason::OwnIssuer
    } else {
        Reason::Issuer
    }
}

impl Reason {
    /// In a sentence.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Over => "The certificate is over; who runs the server has to renew it.",
            Self::ToCome => {
                "The certificate is not valid yet: this machine's clock is behind, or it was set up too early."
            }
            Self::Names => {
                "The certificate is for other names than this one: another server answers here, or something in between."
            }
            Self::OwnIssuer => {
                "The certificate vouches for itself: a server of one's own, or something in between."
            }
            Self::Issuer => {
                "Its issuer is none this machine trusts: an authority of one's own, or a proxy in between that opens TLS."
            }
        }
    }
}

/// `` It is of `…`, for `…`, issued by `…`, valid from … to …. ``
pub(super) fn described(certificate: &Certificate) -> String {
    let names = match certificate.names.as_slice() {
        [] => "no names".to_owned(),
        names => shown_list(names.iter().map(String::as_str), "and"),
    };
    let valid = match (certificate.from, certificate.until) {
        (Some(from), Some(until)) => format!(", valid from {} to {}", day(from), day(until)),
        _ => String::new(),
    };
    format!(
        "The certificate shown is of {}, for {names}, issued by {}{valid}.",
        shown(&certificate.subject),
        shown(&certificate.issuer)
    )
}

pub(super) fn day(time: UnixTime) -> String {
    let utc = Utc::from(time);
    format!("{:04}-{:02}-{:02}", utc.year, utc.month, utc.day)
}

/// Whether a name of a certificate is this host, or stands for it with a `*` (RFC 9525 §6.3).
fn fits(name: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let wild = || {
        let (_, parent) = host.split_once('.')?;
        Some(name.strip_prefix("*.")?.eq_ignore_ascii_case(parent))
    };
    name.eq_ignore_ascii_case(host) || wild() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_of_the_certificate_does_not_fit() {
        let fine = Certificate {
            subject: "CN=a".to_owned(),
            issuer: "CN=b".to_owned(),
            from: Some(UnixTime(100)),
            until: Some(UnixTime(200)),
            names: vec!["id.example".to_owned(), "*.eu.example".to_owned()],
        };
        let own = Certificate {
            issuer: "CN=a".to_owned(),
            ..fine.clone()
        };
        for (certificate, url, now, expected) in [
            (&fine, "https://id.example/x", 150, Reason::Issuer),
            (&fine, "https://ID.example:8443/x", 150, Reason::Issuer),
            (&fine, "https://a.eu.example/", 150, Reason::Issuer),
            (&fine, "https://a.b.eu.example/", 150, Reason::Names),
            (&fine, "https://eu.example/", 150, Reason::Names),
            (&fine, "https://other.example/", 150, Reason::Names),
            (&fine, "https://id.example/", 201, Reason::Over),
            (&fine, "https://id.example/", 99, Reason::ToCome),
            (&own, "https://id.example/", 150, Reason::OwnIssuer),
        ] {
            assert_eq!(
                reason(certificate, url, Some(UnixTime(now))),
                expected,
                "{url} {now}"
            );
        }
        let said = described(&fine);
        assert!(
            said.contains("valid from 1970-01-01 to 1970-01-01"),
            "{said}"
        );
        assert!(said.contains("`id.example` and `*.eu.example`"), "{said}");
    }
}
