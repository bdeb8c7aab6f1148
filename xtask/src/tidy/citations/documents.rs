//! The documents that may be cited, with their titles and addresses.
//!
//! A new document is one more line here. An RFC whose number is not listed is refused, which catches
//! numbers with two digits swapped.

/// A document of one of the two lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Document {
    /// By its name, as an index into [`NAMED`].
    Named(usize),
    /// By its number.
    Rfc(u32),
}

/// Documents cited by name: name, title, address.
const NAMED: &[(&str, &str, &str)] = &[
    (
        "OIDC Core",
        "OpenID Connect Core 1.0",
        "https://openid.net/specs/openid-connect-core-1_0.html",
    ),
    (
        "OIDC Discovery",
        "OpenID Connect Discovery 1.0",
        "https://openid.net/specs/openid-connect-discovery-1_0.html",
    ),
    (
        "OIDC RP-Initiated Logout",
        "OpenID Connect RP-Initiated Logout 1.0",
        "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
    ),
    (
        "OIDC Back-Channel Logout",
        "OpenID Connect Back-Channel Logout 1.0",
        "https://openid.net/specs/openid-connect-backchannel-1_0.html",
    ),
    (
        "OIDC Front-Channel Logout",
        "OpenID Connect Front-Channel Logout 1.0",
        "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
    ),
    (
        "OIDC Session Management",
        "OpenID Connect Session Management 1.0",
        "https://openid.net/specs/openid-connect-session-1_0.html",
    ),
    (
        "OAuth 2.0 Form Post Response Mode",
        "OAuth 2.0 Form Post Response Mode",
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
    ),
    (
        "OAuth 2.0 Multiple Response Types",
        "OAuth 2.0 Multiple Response Type Encoding Practices",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
    ),
    (
        "RFC 6265bis",
        "Cookies: HTTP State Management Mechanism (draft)",
        "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis",
    ),
    ("WHATWG URL", "URL Standard", "https://url.spec.whatwg.org/"),
    (
        "WHATWG Fetch",
        "Fetch Standard",
        "https://fetch.spec.whatwg.org/",
    ),
    (
        "WHATWG HTML",
        "HTML Standard",
        "https://html.spec.whatwg.org/",
    ),
    (
        "Fetch Metadata",
        "Fetch Metadata Request Headers",
        "https://www.w3.org/TR/fetch-metadata/",
    ),
    (
        "CSP Level 3",
        "Content Security Policy Level 3",
        "https://www.w3.org/TR/CSP3/",
    ),
    (
        "Trace Context",
        "Trace Context",
        "https://www.w3.org/TR/trace-context/",
    ),
    (
        "OpenMetrics",
        "OpenMetrics 1.0",
        "https://prometheus.io/docs/specs/om/open_metrics_spec/",
    ),
    (
        "XAES-256-GCM",
        "XAES-256-GCM",
        "https://c2sp.org/XAES-256-GCM",
    ),
];

const RFCS: &[(u32, &str)] = &[
    (1035, "Domain Names: Implementation and Specification"),
    (
        1123,
        "Requirements for Internet Hosts: Application and Support",
    ),
    (2104, "HMAC: Keyed-Hashing for Message Authentication"),
    (
        2617,
        "HTTP Authentication: Basic and Digest Access Authentication",
    ),
    (3339, "Date and Time on the Internet: Timestamps"),
    (3986, "Uniform Resource Identifier (URI): Generic Syntax"),
    (3875, "The Common Gateway Interface (CGI) Version 1.1"),
    (4291, "IP Version 6 Addressing Architecture"),
    (4648, "The Base16, Base32, and Base64 Data Encodings"),
    (5234, "Augmented BNF for Syntax Specifications: ABNF"),
    (
        5246,
        "The Transport Layer Security (TLS) Protocol Version 1.2",
    ),
    (
        5280,
        "Internet X.509 Public Key Infrastructure Certificate and Certificate Revocation List (CRL) Profile",
    ),
    (5646, "Tags for Identifying Languages"),
    (
        5869,
        "HMAC-based Extract-and-Expand Key Derivation Function (HKDF)",
    ),
    (
        5952,
        "A Recommendation for IPv6 Address Text Representation",
    ),
    (6265, "HTTP State Management Mechanism"),
    (6454, "The Web Origin Concept"),
    (6455, "The WebSocket Protocol"),
    (6585, "Additional HTTP Status Codes"),
    (6598, "IANA-Reserved IPv4 Prefix for Shared Address Space"),
    (6749, "The OAuth 2.0 Authorization Framework"),
    (
        6750,
        "The OAuth 2.0 Authorization Framework: Bearer Token Usage",
    ),
    (6761, "Special-Use Domain Names"),
    (6797, "HTTP Strict Transport Security (HSTS)"),
    (6819, "OAuth 2.0 Threat Model and Security Considerations"),
    (7009, "OAuth 2.0 Token Revocation"),
    (7230, "HTTP/1.1: Message Syntax and Routing"),
    (7231, "HTTP/1.1: Semantics and Content"),
    (7239, "Forwarded HTTP Extension"),
    (7468, "Textual Encodings of PKIX, PKCS, and CMS Structures"),
    (7515, "JSON Web Signature (JWS)"),
    (7516, "JSON Web Encryption (JWE)"),
    (7517, "JSON Web Key (JWK)"),
    (7518, "JSON Web Algorithms (JWA)"),
    (7519, "JSON Web Token (JWT)"),
    (
        7521,
        "Assertion Framework for OAuth 2.0 Client Authentication and Authorization Grants",
    ),
    (
        7523,
        "JWT Profile for OAuth 2.0 Client Authentication and Authorization Grants",
    ),
    (7541, "HPACK: Header Compression for HTTP/2"),
    (7617, "The 'Basic' HTTP Authentication Scheme"),
    (7636, "Proof Key for Code Exchange by OAuth Public Clients"),
    (7638, "JSON Web Key (JWK) Thumbprint"),
    (7662, "OAuth 2.0 Token Introspection"),
    (7838, "HTTP Alternative Services"),
    (8017, "PKCS #1: RSA Cryptography Specifications"),
    (8037, "CFRG ECDH and Signatures in JOSE"),
    (8252, "OAuth 2.0 for Native Apps"),
    (
        8259,
        "The JavaScript Object Notation (JSON) Data Interchange Format",
    ),
    (8414, "OAuth 2.0 Authorization Server Metadata"),
    (8417, "Security Event Token (SET)"),
    (8441, "Bootstrapping WebSockets with HTTP/2"),
    (
        8446,
        "The Transport Layer Security (TLS) Protocol Version 1.3",
    ),
    (8615, "Well-Known Uniform Resource Identifiers"),
    (8693, "OAuth 2.0 Token Exchange"),
    (
        8705,
        "OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens",
    ),
    (8707, "Resource Indicators for OAuth 2.0"),
    (8725, "JSON Web Token Best Current Practices"),
    (8949, "Concise Binary Object Representation (CBOR)"),
    (9068, "JWT Profile for OAuth 2.0 Access Tokens"),
    (9101, "JWT-Secured Authorization Request (JAR)"),
    (9110, "HTTP Semantics"),
    (9111, "HTTP Caching"),
    (9112, "HTTP/1.1"),
    (9113, "HTTP/2"),
    (9126, "OAuth 2.0 Pushed Authorization Requests"),
    (9205, "Building Protocols with HTTP"),
    (9207, "OAuth 2.0 Authorization Server Issuer Identification"),
    (9213, "Targeted HTTP Cache Control"),
    (9449, "OAuth 2.0 Demonstrating Proof of Possession (DPoP)"),
    (9457, "Problem Details for HTTP APIs"),
    (9470, "OAuth 2.0 Step Up Authentication Challenge Protocol"),
    (9525, "Service Identity in TLS"),
    (9700, "Best Current Practice for OAuth 2.0 Security"),
    (9701, "JWT Response for OAuth Token Introspection"),
    (9864, "Fully-Specified Algorithms for JOSE and COSE"),
];

/// The document whose name and one space end `text`; `None` if it ends with no name at all.
pub(super) fn at_end_of(text: &str) -> Option<Result<Document, String>> {
    let text = text.strip_suffix(' ')?;
    if let Some(index) = NAMED.iter().position(|(name, _, _)| text.ends_with(name)) {
        return Some(Ok(Document::Named(index)));
    }
    let before = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = text
        .strip_prefix(before)
        .filter(|digits| !digits.is_empty())?;
    before.strip_suffix("RFC ")?;
    let known = digits
        .parse()
        .ok()
        .filter(|number| rfc_title(*number).is_some());
    Some(known.map(Document::Rfc).ok_or_else(|| {
        format!("RFC {digits} is unknown: a typing error, or a new line in documents.rs")
    }))
}

fn rfc_title(number: u32) -> Option<&'static str> {
    RFCS.iter()
        .find(|(known, _)| *known == number)
        .map(|(_, title)| *title)
}

impl Document {
    /// The name in a citation.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Named(index) => NAMED.get(*index).map_or("", |(name, _, _)| name).to_owned(),
            Self::Rfc(number) => format!("RFC {number}"),
        }
    }

    /// The title on its first page.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::Named(index) => NAMED.get(*index).map_or("", |(_, title, _)| title),
            Self::Rfc(number) => rfc_title(*number).unwrap_or_default(),
        }
    }

    /// Where to read it.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Named(index) => NAMED.get(*index).map_or("", |(_, _, url)| url).to_owned(),
            Self::Rfc(number) => format!("https://www.rfc-editor.org/rfc/rfc{number}"),
        }
    }
}
