//! Whether a connection goes on after a message (RFC 9112 §9.3).

use crate::fields::{Fields, list};
use crate::version::Version;

/// Whether the sender of this head is willing to go on with the connection after the message.
#[must_use]
pub fn keeps_alive(version: Version, fields: &Fields) -> bool {
    let mut asked_for = false;
    for value in fields.all("connection") {
        // What is nearly always sent needs no taking apart.
        if value.eq_ignore_ascii_case(b"keep-alive") {
            asked_for = true;
            continue;
        }
        for option in list(value) {
            if option.eq_ignore_ascii_case(b"close") {
                return false;
            }
            asked_for |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }
    match version {
        // HTTP/2 has no such option: the connection goes on until a GOAWAY.
        Version::Http11 | Version::Http2 => true,
        Version::Http10 => asked_for,
        Version::Unsupported => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_ends_and_http_1_0_has_to_ask() {
        use Version::{Http2, Http10, Http11, Unsupported};
        for (version, connection, goes_on) in [
            (Http11, &[][..], true),
            (Http11, &["keep-alive"], true),
            (Http11, &["close"], false),
            (Http11, &["Close"], false),
            (Http11, &["keep-alive, close"], false),
            (Http11, &["keep-alive", "x,\tCLOSE ,y"], false),
            (Http11, &["closed", "\"close\"", "upgrade"], true),
            (Http11, &[""], true),
            (Http10, &[], false),
            (Http10, &["Keep-Alive"], true),
            (Http10, &["x", "y, keep-alive"], true),
            (Http10, &["keep-alive, x", "y"], true),
            (Http10, &["keep-alive, close"], false),
            (Http10, &["keep-alive2"], false),
            (Http2, &[], true),
            (Unsupported, &["keep-alive"], false),
        ] {
            let mut fields: Fields = connection
                .iter()
                .map(|value| ("Connection", value))
                .collect();
            fields.push("Proxy-Connection", "close");
            fields.push("Keep-Alive", "timeout=5");
            assert_eq!(
                keeps_alive(version, &fields),
                goes_on,
                "{version:?} {connection:?}"
            );
        }
    }
}
