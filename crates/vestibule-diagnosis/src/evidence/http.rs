//! Holds what was seen of HTTP: the callback, heads, counts, and what was tried.

use std::time::Duration;

use vestibule_oidc::time::UnixTime;

use super::Certificate;

/// What became of the sign-in a callback belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pending {
    /// This browser has no cookie of a sign-in under way.
    NoCookie,
    /// There is a cookie, for another `state`.
    AnotherState,
    /// It is too old.
    Expired,
    /// The cookie can't be opened: another key.
    CannotBeOpened,
    /// It fits.
    Fits,
}

/// One parameter: its name and length, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value's length in bytes.
    pub length: usize,
}

impl Parameter {
    /// A parameter.
    pub fn new(name: impl Into<String>, length: usize) -> Self {
        Self {
            name: name.into(),
            length,
        }
    }
}

/// What the browser brought back from the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callback {
    /// The method.
    pub method: Option<String>,
    /// Scheme, host and path it came to, without query.
    pub url: Option<String>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Whether they stand behind a `#`.
    pub in_fragment: bool,
    /// The names of the cookies that came with it.
    pub cookies: Vec<String>,
    /// What became of the sign-in it belongs to.
    pub pending: Option<Pending>,
    /// How long ago that sign-in began.
    pub age: Option<Duration>,
    /// How long a sign-in may take.
    pub max_age: Option<Duration>,
    /// Whether the ID token's `nonce` is the one sent.
    pub nonce_fits: Option<bool>,
}

impl Callback {
    /// Whether it has this parameter.
    pub fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|found| found.name == name)
    }
}

/// One header field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Its name, as it stands there.
    pub name: String,
    /// Its value's length in bytes.
    pub length: usize,
    /// Its value, where it is no secret and worth knowing: `Origin`, `Sec-Fetch-*`, `Accept`,
    /// `Location` without query, `WWW-Authenticate`, `Content-Type`, `X-Forwarded-*`.
    pub value: Option<String>,
}

impl Header {
    /// A field whose value is not kept.
    pub fn sized(name: impl Into<String>, length: usize) -> Self {
        Self {
            name: name.into(),
            length,
            value: None,
        }
    }

    /// A field whose value may be read.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let value = value.into();
        Self {
            name: name.into(),
            length: value.len(),
            value: Some(value),
        }
    }
}

/// One cookie: its name and size, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Name, value and, of a `Set-Cookie`, attributes, in bytes.
    pub length: usize,
    /// Whether it is one of ours.
    pub own: bool,
}

impl Cookie {
    /// A cookie.
    pub fn new(name: impl Into<String>, length: usize, own: bool) -> Self {
        Self {
            name: name.into(),
            length,
            own,
        }
    }
}

/// The head of a request or of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head {
    /// A request's method.
    pub method: Option<String>,
    /// A request's scheme, host and path, without query.
    pub url: Option<String>,
    /// The peer's address.
    pub peer: Option<String>,
    /// An answer's status.
    pub status: Option<u16>,
    /// The header fields.
    pub headers: Vec<Header>,
    /// The cookies of `Cookie` or of `Set-Cookie`.
    pub cookies: Vec<Cookie>,
    /// All of the head, in bytes.
    pub length: Option<usize>,
    /// Words of an answer's body that name the trouble.
    pub hint: Option<String>,
}

impl Head {
    /// A field by its name, whatever the case.
    pub fn header(&self, name: &str) -> Option<&Header> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
    }

    /// A field's value, where it was kept.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.header(name)?.value.as_deref()
    }

    /// All of the head, in bytes: as said, or the fields' sum.
    pub fn bytes(&self) -> usize {
        self.length.unwrap_or_else(|| {
            self.headers
                .iter()
                .map(|header| header.name.len() + header.length + 4)
                .sum()
        })
    }
}

/// How often things happened lately. Zero is also "not counted".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Sign-ins this browser completed within a minute and was sent to sign in again.
    pub completed_sign_ins: u32,
    /// Unknown `kid`s within a minute.
    pub unknown_keys: u32,
    /// Refreshes of one session within a minute.
    pub refreshes: u32,
    /// Refreshes of one session at the same time.
    pub parallel_refreshes: u32,
    /// Session cookies that could not be opened within a minute.
    pub unopened_cookies: u32,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeTarget {
    /// The metadata document.
    Metadata,
    /// The keys.
    Keys,
    /// The authorization endpoint.
    Authorization,
    /// The token endpoint.
    Token,
    /// The user-info endpoint.
    UserInfo,
    /// Microsoft Graph, for groups.
    Graph,
    /// The store.
    Store,
    /// The upstream.
    Upstream,
    /// Our own public URL.
    PublicUrl,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeOutcome {
    /// The name has no address.
    NoSuchHost,
    /// Nothing listens there, or nothing answers.
    NoConnection,
    /// The connection was taken, and closed without an answer.
    Closed,
    /// No answer in time.
    TimedOut,
    /// TLS failed.
    Tls {
        /// What the library said, shortened.
        detail: String,
        /// The certificate that was shown.
        certificate: Option<Box<Certificate>>,
    },
    /// The HTTP proxy on the way there let the call not through.
    NoTunnel {
        /// The proxy: host and port, without credentials.
        proxy: String,
        /// What it did.
        reason: NoTunnel,
    },
    /// An answer.
    Http {
        /// Its status.
        status: u16,
        /// Its `Content-Type`.
        content_type: Option<String>,
        /// The first character of its body.
        first_char: Option<char>,
    },
    /// It can't be used for another reason.
    Failed {
        /// What was said, in one line.
        detail: String,
    },
}

/// Why an HTTP proxy on the way out let a call not through.
///
/// Not `#[non_exhaustive]`: it only names what happened, and who reads it has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTunnel {
    /// Its name has no address.
    NoSuchHost,
    /// Nothing takes the connection.
    NoConnection,
    /// No connection through it in time: it does not answer, or what is behind it does not.
    TimedOut,
    /// It asks for credentials, or for others: status 407.
    Credentials,
    /// It answers `CONNECT` with anything but 200.
    Refused,
    /// It took the connection, and closed it without an answer.
    Closed,
}

impl NoTunnel {
    /// In half a sentence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchHost => "its host has no address",
            Self::NoConnection => "nothing takes the connection",
            Self::TimedOut => "no connection through it in time",
            Self::Credentials => "it asks for credentials (status 407)",
            Self::Refused => "it refuses `CONNECT`",
            Self::Closed => "it closes the connection without an answer",
        }
    }
}

/// One thing tried.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// What.
    pub target: ProbeTarget,
    /// Where, without query.
    pub url: String,
    /// What came of it.
    pub outcome: ProbeOutcome,
    /// When.
    pub at: Option<UnixTime>,
}

impl Probe {
    /// Something tried.
    pub fn new(target: ProbeTarget, url: impl Into<String>, outcome: ProbeOutcome) -> Self {
        Self {
            target,
            url: url.into(),
            outcome,
            at: None,
        }
    }

    /// The answer's status, if there was one.
    pub const fn status(&self) -> Option<u16> {
        match self.outcome {
            ProbeOutcome::Http { status, .. } => Some(status),
            _ => None,
        }
    }
}

/// A session that was to go into cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Carried {
    /// What its cookies would take.
    pub bytes: usize,
    /// What they may.
    pub most_bytes: usize,
    /// What it is made of, the largest first: names of tokens and claims, and their bytes.
    pub parts: Vec<(String, usize)>,
}
