//! Holds a request head on its way to an upstream, and decides whether it can be sent at all.

use vestibule_gate::fields::Known;

use super::Forward;
use super::error::UpstreamError;

/// The most fields of a head, and the most bytes of their names and values. What clients send is bounded when it is read;
/// what is told about a person is up to the provider. No upstream takes this much.
const MOST_FIELDS: usize = 4096;
pub(super) const MOST_BYTES: usize = 512 << 10;

impl Forward {
    /// Refuses more fields than any upstream takes.
    pub(super) fn count(&self) -> Result<(), UpstreamError> {
        if self.fields.len() + self.identity.len() > MOST_FIELDS {
            return Err(self.too_large());
        }
        Ok(())
    }

    /// Refuses what is too much for any upstream, before it is written.
    pub(super) fn measure(&self) -> Result<(), UpstreamError> {
        if self.fields.wire_bytes() + self.identity.wire_bytes() > MOST_BYTES {
            return Err(self.too_large());
        }
        self.count()
    }

    pub(super) fn too_large(&self) -> UpstreamError {
        UpstreamError::HeadTooLarge {
            fields: self.fields.len() + self.identity.len(),
        }
    }

    /// Whether the target has a form that goes to an origin server (RFC 9112 §3.2), without a fragment, which nobody sends.
    pub(super) fn has_plain_target(&self) -> bool {
        (self.target.starts_with(b"/") || self.target == "*"[..]) && !self.target.contains(&b'#')
    }

    /// Whether the credentials are bound to the connection: it must not carry anybody else's request afterwards.
    pub(super) fn binds_connection(&self) -> bool {
        let own = self.fields.all_known(Known::Authorization);
        own.chain(self.identity.all_known(Known::Authorization))
            .any(binds_connection)
    }
}

/// Whether a challenge or credential is of a scheme that authenticates the connection instead of the request.
pub(super) fn binds_connection(value: &[u8]) -> bool {
    value.split(|&b| b == b',').any(|part| {
        let part = part.trim_ascii_start();
        let scheme = part
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate")
    })
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use bytes::Bytes;
    use vestibule_gate::fields::Fields;
    use vestibule_gate::method::Method;

    use super::*;
    use crate::body::{Body, Length};
    use crate::upstream::http1::write_head;
    use crate::upstream::http2::{self, Sent};
    use crate::upstream::tests::build;
    use crate::upstream::{Address, UpstreamSettings};

    fn sent_with(fields: Fields) -> Result<(), UpstreamError> {
        let plan = build(UpstreamSettings::new(Address::Tcp {
            host: "app.example".to_owned(),
            port: 80,
        }));
        let head = |fields, identity| Forward {
            method: Method::Get,
            target: Bytes::from_static(b"/"),
            fields,
            identity: Rc::new(identity),
            body: Body::empty(),
            upgrade: None,
            trailers: false,
        };
        let one = head(fields.clone(), Fields::new());
        let written = write_head(&one, &plan, Length::None, &mut Vec::new()).map(|_| ());
        // The same on the other protocol, and wherever the fields come from.
        let other = head(Fields::new(), fields);
        let built = http2::request(&other, &plan, Body::empty(), &Sent::new()).map(|_| ());
        assert_eq!(
            written.as_ref().map_err(UpstreamError::code),
            built.as_ref().map_err(UpstreamError::code)
        );
        written
    }

    #[test]
    fn a_head_that_is_too_large_is_an_error_and_no_panic() {
        let many = |count: usize, value: usize| -> Fields {
            let mut fields = Fields::new();
            for at in 0..count {
                fields.push(format!("x-{at}"), vec![b'v'; value]);
            }
            fields
        };
        assert!(sent_with(many(2200, 100)).is_ok());
        for (count, value) in [(MOST_FIELDS + 1, 1), (40_000, 1), (9, 64 << 10)] {
            let error = sent_with(many(count, value)).unwrap_err();
            assert_eq!(
                error.code(),
                "upstream_head_too_large",
                "{count} of {value}"
            );
        }
    }

    #[test]
    fn connection_bound_schemes_are_seen_in_every_spelling() {
        for value in [
            "NTLM",
            "ntlm TlRM",
            "Negotiate",
            "Basic realm=\"x\", NEGOTIATE abc",
        ] {
            assert!(binds_connection(value.as_bytes()), "{value}");
        }
        for value in ["Bearer ntlm", "Basic x", "", "NTLMv2"] {
            assert!(!binds_connection(value.as_bytes()), "{value}");
        }
    }
}
