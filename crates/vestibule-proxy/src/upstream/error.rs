//! Holds the ways in which an upstream call fails.

use std::io;

use vestibule_http1::framing::FramingError;
use vestibule_http1::head::HeadError;
use vestibule_oidc::fault::Fault;

use crate::body::BodyError;

/// Why there is no answer from the upstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// Its name has no address, and none was known before.
    #[error("look up the upstream host {host}")]
    Lookup {
        /// The host.
        host: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// No connection could be made.
    #[error("connect to the upstream {upstream}")]
    Connect {
        /// Where to.
        upstream: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Connecting, the TLS handshake included, took too long.
    #[error("connect to the upstream {upstream} in time")]
    ConnectTimeout {
        /// Where to.
        upstream: String,
    },
    /// The TLS handshake failed: most often a certificate that is not trusted.
    #[error("agree on TLS with the upstream {upstream}")]
    Tls {
        /// Where to.
        upstream: String,
        /// What rustls said.
        #[source]
        cause: io::Error,
    },
    /// The upstream closed the connection before it answered.
    #[error("read the answer of the upstream {upstream}")]
    Broken {
        /// Where to.
        upstream: String,
        /// What the HTTP engine said.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The upstream answered what is not HTTP, or what two readers could take differently.
    #[error("understand the answer of the upstream {upstream}")]
    Malformed {
        /// Where to.
        upstream: String,
        /// The rule that it breaks.
        #[source]
        rule: Malformed,
    },
    /// The head of the upstream's answer is larger than any client takes.
    #[error("read the answer of the upstream {upstream}: its head is too large")]
    AnswerHeadTooLarge {
        /// Where to.
        upstream: String,
    },
    /// The request was sent and no response head came in time.
    #[error("get a response head from the upstream {upstream} in time")]
    HeadTimeout {
        /// Where to.
        upstream: String,
    },
    /// The upstream switched to a protocol nobody asked for.
    #[error("accept the protocol that the upstream {upstream} switched to")]
    WrongSwitch {
        /// Where to.
        upstream: String,
    },
    /// The client's body did not come to its end.
    #[error("send the request body to the upstream")]
    RequestBody(#[source] BodyError),
    /// The head that was to be sent is none.
    #[error("write the request head: {what} is malformed")]
    Unsendable {
        /// Which part.
        what: &'static str,
    },
    /// The head that was to be sent is larger than any upstream takes: a provider says too much about a person.
    #[error("write a request head of {fields} fields: that is too much")]
    HeadTooLarge {
        /// How many fields.
        fields: usize,
    },
}

/// The rule of HTTP/1.1 that an upstream's answer breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The head has not the form of RFC 9112.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// Nobody can say where the body ends (RFC 9112 §6.3).
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// Interim responses without end.
    #[error("read the final response: too many interim ones before it")]
    Interim,
    /// It spoke before it was asked: that would be taken for the answer to whatever is asked first.
    #[error("ask it: it spoke first")]
    Unasked,
}

impl UpstreamError {
    /// Every code that [`Self::code`] has of an upstream.
    pub(crate) const CODES: [&str; 11] = [
        "upstream_lookup",
        "upstream_connect",
        "upstream_connect_timeout",
        "upstream_tls",
        "upstream_broken",
        "upstream_malformed",
        "upstream_answer_head_too_large",
        "upstream_head_timeout",
        "upstream_wrong_switch",
        "upstream_unsendable",
        "upstream_head_too_large",
    ];

    /// Whether it failed for want of a file descriptor, here and not there.
    pub(super) fn is_out_of_descriptors(&self) -> bool {
        // EMFILE and ENFILE, the same number on every Unix.
        matches!(self, Self::Connect { cause, .. } if matches!(cause.raw_os_error(), Some(24 | 23)))
    }

    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lookup { .. } => "upstream_lookup",
            Self::Connect { .. } => "upstream_connect",
            Self::ConnectTimeout { .. } => "upstream_connect_timeout",
            Self::Tls { .. } => "upstream_tls",
            Self::Broken { .. } => "upstream_broken",
            Self::Malformed { .. } => "upstream_malformed",
            Self::AnswerHeadTooLarge { .. } => "upstream_answer_head_too_large",
            Self::HeadTimeout { .. } => "upstream_head_timeout",
            Self::WrongSwitch { .. } => "upstream_wrong_switch",
            Self::RequestBody(error) => error.code(),
            Self::Unsendable { .. } => "upstream_unsendable",
            Self::HeadTooLarge { .. } => "upstream_head_too_large",
        }
    }

    /// Whose fault it is. An upstream is the operator's.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::RequestBody(_) => Fault::Client,
            Self::Unsendable { .. } => Fault::Internal,
            Self::HeadTooLarge { .. } => Fault::Provider,
            _ => Fault::Operator,
        }
    }

    /// The status to answer: 502 and 504 are distinct, so that monitoring can tell a dead upstream from a slow one.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::ConnectTimeout { .. } | Self::HeadTimeout { .. } => 504,
            Self::RequestBody(BodyError::TooSlow) => 408,
            Self::RequestBody(BodyError::TooLarge { .. }) => 413,
            Self::RequestBody(BodyError::Aborted) => 400,
            Self::Unsendable { .. } => 500,
            _ => 502,
        }
    }

    /// A text that is safe for a stranger: no address, no cause.
    #[must_use]
    pub fn public_message(&self) -> &'static str {
        match self {
            Self::ConnectTimeout { .. } | Self::HeadTimeout { .. } => {
                "The application behind this address did not answer in time. Try again in a moment."
            }
            Self::RequestBody(BodyError::TooSlow) => "The request was sent too slowly. Try again.",
            Self::RequestBody(BodyError::TooLarge { .. }) => "The request is too large.",
            Self::RequestBody(BodyError::Aborted) => {
                "The request was not sent completely. Try again."
            }
            Self::HeadTooLarge { .. } => {
                "The sign-in provider says more about you than the application can be told."
            }
            Self::Unsendable { .. } => "Something went wrong on our side. Try again in a moment.",
            _ => {
                "The application behind this address can't be reached at the moment. Try again in a moment."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_an_upstream_is_listed_once() {
        let (name, cause) = (String::new, || io::Error::other("why"));
        let mut codes = [
            UpstreamError::Lookup {
                host: name(),
                cause: cause(),
            },
            UpstreamError::Connect {
                upstream: name(),
                cause: cause(),
            },
            UpstreamError::ConnectTimeout { upstream: name() },
            UpstreamError::Tls {
                upstream: name(),
                cause: cause(),
            },
            UpstreamError::Broken {
                upstream: name(),
                cause: None,
            },
            UpstreamError::Malformed {
                upstream: name(),
                rule: Malformed::Unasked,
            },
            UpstreamError::AnswerHeadTooLarge { upstream: name() },
            UpstreamError::HeadTimeout { upstream: name() },
            UpstreamError::WrongSwitch { upstream: name() },
            UpstreamError::Unsendable { what: "a field" },
            UpstreamError::HeadTooLarge { fields: 1 },
        ]
        .map(|error| error.code());
        let mut listed = UpstreamError::CODES;
        codes.sort_unstable();
        listed.sort_unstable();
        assert_eq!(codes, listed);
    }
}
