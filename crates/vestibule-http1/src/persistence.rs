//! What a message says of its connection: whether it goes on (RFC 9112 §9.3), and which fields are for it alone.

use crate::fields::{Field, Fields, Known, KnownSet, list};
use crate::version::Version;

/// Whether the sender of this head is willing to go on with the connection after the message.
#[must_use]
pub fn keeps_alive(version: Version, fields: &Fields) -> bool {
    let mut asked_for = false;
    for value in fields.all_known(Known::Connection) {
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

/// The names of the fields that `Connection` says are for this connection alone (RFC 9110 §7.6.1).
#[derive(Debug, Clone, Default)]
pub struct ConnectionOptions {
    known: KnownSet,
    others: Vec<Box<[u8]>>,
}

impl ConnectionOptions {
    /// Those of a head.
    #[must_use]
    pub fn of(fields: &Fields) -> Self {
        let mut options = Self::default();
        for value in fields.all_known(Known::Connection) {
            // What is nearly always sent needs no taking apart.
            if let Some(known) = Known::of(value) {
                options.known = options.known.with(known);
                continue;
            }
            for option in list(value) {
                match Known::of(option) {
                    Some(known) => options.known = options.known.with(known),
                    None => options.others.push(option.into()),
                }
            }
        }
        options
    }

    /// The known names among them.
    #[must_use]
    pub const fn known(&self) -> KnownSet {
        self.known
    }

    /// The same without these.
    #[must_use]
    pub fn without(mut self, names: KnownSet) -> Self {
        self.known = self.known.without(names);
        self
    }

    /// Whether the field is one of them.
    #[must_use]
    pub fn contain(&self, field: Field<'_>) -> bool {
        field.is_in(self.known)
            || (field.known.is_none()
                && self
                    .others
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(field.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_options_name_fields_in_any_case() {
        let mut fields = Fields::new();
        fields.push("Connection", "close, TE , x-One");
        fields.push("connection", "Set-Cookie,keep-alive");
        let options = ConnectionOptions::of(&fields).without(KnownSet::of([Known::SetCookie]));
        for (name, named) in [
            ("te", true),
            ("Keep-Alive", true),
            ("X-ONE", true),
            ("x-on", false),
            ("x_one", false),
            ("set-cookie", false),
            ("trailer", false),
        ] {
            assert_eq!(
                options.contain(Field::new(name.as_bytes(), b"")),
                named,
                "{name}"
            );
        }
    }

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
