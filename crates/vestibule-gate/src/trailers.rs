//! What trailers may say. They come after everything was decided, so nothing that decides, delimits,
//! routes or speaks for a person may be among them (RFC 9110 §6.5.1).

use crate::fields::{Fields, FoldedNames};

/// What only a head may say: framing, routing, authentication, conditions, and how content is
/// processed, kept and shown.
const NEVER: [&str; 30] = [
    "age",
    "allow",
    "authorization",
    "authentication-info",
    "cache-control",
    "clear-site-data",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "date",
    "expires",
    "host",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "vary",
    "warning",
    "www-authenticate",
];
const NEVER_PREFIXES: [&str; 4] = ["access-control-", "if-", "proxy-", "sec-"];

/// The names no trailer may have, in any spelling.
#[derive(Debug, Clone)]
pub(crate) struct TrailerNames(FoldedNames);

impl TrailerNames {
    /// Beside what only a head may say, these are the names that no client may send.
    pub(crate) fn beside(scrubbed: &FoldedNames) -> Self {
        let mut names = scrubbed.clone();
        for name in NEVER {
            names.insert(name);
        }
        for prefix in NEVER_PREFIXES {
            names.insert_prefix(prefix);
        }
        Self(names)
    }

    /// What may go on.
    pub(crate) fn clean(&self, mut trailers: Fields) -> Fields {
        // In a head, names with `_` and `.` go by a setting. What content has after it has no need for them.
        let odd = |name: &[u8]| memchr::memchr2(b'_', b'.', name).is_some();
        trailers.retain(|field| !odd(field.name) && !self.0.contains(field.name));
        trailers
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{gate, public, route};
    use crate::headers::{HeaderName, HeaderPlan, ModAuthOpenidc, OwnHeader, Preset, Source};
    use crate::route::Route;

    use super::*;

    fn cleaned(names: &[&str]) -> [Vec<String>; 2] {
        let own = OwnHeader {
            name: HeaderName::parse("X-Person").unwrap(),
            source: Source::User,
        };
        let gate = gate(vec![
            Route {
                headers: HeaderPlan {
                    presets: vec![Preset::ModAuthOpenidc(ModAuthOpenidc::default())],
                    own: vec![own],
                    ..HeaderPlan::default()
                },
                ..route("/foo")
            },
            public("/public"),
        ]);
        let trailers: Fields = names.iter().map(|name| (*name, "x")).collect();
        [
            gate.request_trailers(trailers.clone()),
            gate.response_trailers(trailers),
        ]
        .map(|left| {
            let name = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
            left.iter().map(|field| name(field.name)).collect()
        })
    }

    #[test]
    fn what_belongs_to_the_content_passes() {
        let names = [
            "grpc-status",
            "Grpc-Message",
            "X-Checksum",
            "Content-Digest",
            "Server-Timing",
        ];
        assert_eq!(
            cleaned(&names),
            [
                names.map(String::from).to_vec(),
                names.map(String::from).to_vec()
            ]
        );
    }

    #[test]
    fn names_that_other_programs_read_as_others_are_dropped() {
        let nothing: [Vec<String>; 2] = Default::default();
        assert_eq!(cleaned(&["X_Checksum", "X.Checksum", "_"]), nothing);
    }

    #[test]
    fn what_decides_delimits_or_routes_is_dropped_in_every_spelling() {
        let none: [Vec<String>; 2] = Default::default();
        for name in [
            "Content-Length",
            "Transfer-Encoding",
            "content_length",
            "Trailer",
            "Host",
            "Connection",
            "Authorization",
            "Proxy-Authorization",
            "Cookie",
            "Set-Cookie",
            "Set_Cookie",
            "WWW-Authenticate",
            "Cache-Control",
            "Content-Type",
            "Content-Encoding",
            "Range",
            "If-Match",
            "Access-Control-Allow-Origin",
            "Sec-Fetch-Site",
            "Location",
            "X-Forwarded-For",
            "Forwarded",
            "X-Real-IP",
            "X-Original-URL",
        ] {
            assert_eq!(cleaned(&[name]), none, "{name}");
        }
    }

    #[test]
    fn no_trailer_speaks_for_a_person() {
        let none: [Vec<String>; 2] = Default::default();
        for name in [
            "OIDC_CLAIM_sub",
            "oidc-claim-sub",
            "X-Person",
            "x_person",
            "XPERSON",
            "Remote-User",
        ] {
            assert_eq!(cleaned(&[name]), none, "{name}");
        }
    }
}
