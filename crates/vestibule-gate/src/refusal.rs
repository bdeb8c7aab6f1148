//! Why a request head was refused before any decision: one code and one status each.
//!
//! A refused request never reaches an upstream, a store or a provider. The texts say what the
//! sender did, not what we are, so they may be shown to anyone.

use thiserror::Error;
use vestibule_http1::framing::FramingError;
use vestibule_http1::head::HeadError;
use vestibule_oidc::fault::Fault;

/// Why [`crate::request::read`] refused a request head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A line that does not end in CRLF, or a CR that ends none.
    #[error("read the request: line end that is not CRLF")]
    LineEnd,
    /// The first line has not the form of a request line.
    #[error("read the request: malformed request line")]
    FirstLine,
    /// The head did not come in time.
    #[error("read the request: head not received in time")]
    HeadTimeout,
    /// It came unencrypted to a listener that speaks TLS.
    #[error("read the request: plain HTTP where TLS is spoken")]
    PlainHttp,
    /// The HTTP version is none we speak.
    #[error("read the request: unsupported HTTP version")]
    Version,
    /// The method is no token, or absurdly long.
    #[error("read the request: malformed method")]
    MethodMalformed,
    /// The method has lower-case letters.
    #[error("read the request: method not in upper case")]
    MethodLowerCase,
    /// `CONNECT`, `TRACE` or `TRACK`.
    #[error("read the request: method not allowed here")]
    MethodRefused,
    /// The target is longer than allowed.
    #[error("read the request: target too long")]
    TargetTooLong,
    /// The head is larger than allowed.
    #[error("read the request: header fields too large")]
    HeadTooLarge,
    /// There are more fields than allowed.
    #[error("read the request: too many header fields")]
    TooManyFields,
    /// The target is in no form we serve (`*`, an authority, `//x`, a strange scheme).
    #[error("read the request: request target in an unexpected form")]
    TargetForm,
    /// The target holds a `#`.
    #[error("read the request: fragment in the request target")]
    TargetFragment,
    /// The target holds a control byte, a space or a byte outside ASCII.
    #[error("read the request: byte not allowed in the request target")]
    TargetByte,
    /// A raw backslash in the path.
    #[error("read the request: backslash in the path")]
    PathBackslash,
    /// A `%` without two hexadecimal digits.
    #[error("read the request: malformed percent-encoding in the path")]
    PathPercent,
    /// `%2F %5C %23 %3F`, a control byte, or a double encoding of one of these or of a dot.
    #[error("read the request: ambiguous percent-encoding in the path")]
    PathAmbiguousEncoding,
    /// `;` in a path that also has dot segments.
    #[error("read the request: path parameter beside a dot segment")]
    PathParameter,
    /// The decoded path is not UTF-8.
    #[error("read the request: path is not UTF-8")]
    PathUtf8,
    /// No host was named.
    #[error("read the request: no host")]
    HostMissing,
    /// Several `Host` fields.
    #[error("read the request: more than one host")]
    HostRepeated,
    /// The host is malformed.
    #[error("read the request: malformed host")]
    HostMalformed,
    /// `Host`, the target's authority and `:authority` do not agree.
    #[error("read the request: hosts that disagree")]
    HostMismatch,
    /// A field name is no token.
    #[error("read the request: malformed field name")]
    FieldName,
    /// A field value holds a control byte.
    #[error("read the request: control byte in a field value")]
    FieldValue,
    /// A field that may come once came twice.
    #[error("read the request: repeated field that may come only once")]
    FieldRepeated,
    /// A connection-specific field in HTTP/2 (RFC 9113 §8.2.2).
    #[error("read the request: connection-specific field in HTTP/2")]
    FieldConnectionSpecific,
    /// `Content-Length` is repeated or not a plain number.
    #[error("read the request: malformed content-length")]
    ContentLength,
    /// `Content-Length` beside `Transfer-Encoding`.
    #[error("read the request: content-length beside transfer-encoding")]
    ContentLengthBesideTransferEncoding,
    /// `Transfer-Encoding` is repeated, malformed, or came in HTTP/1.0.
    #[error("read the request: malformed transfer-encoding")]
    TransferEncoding,
    /// A well-formed transfer coding that is not `chunked` alone.
    #[error("read the request: transfer coding not implemented")]
    TransferCodingUnknown,
    /// `Expect` says something other than `100-continue`.
    #[error("read the request: expectation that cannot be met")]
    Expectation,
    /// A WebSocket handshake that is malformed or carries a body.
    #[error("read the request: malformed websocket handshake")]
    Upgrade,
    /// A trusted proxy sent forwarding fields that cannot be read.
    #[error("read the request: unreadable forwarding fields of a trusted proxy")]
    Forwarded,
    /// A route boundary moves depending on how `;` parameters are read.
    #[error("route the request: path parameter that changes the route")]
    RouteAmbiguous,
    /// The host is none of ours.
    #[error("route the request: host not served here")]
    HostUnknown,
}

impl Refusal {
    /// The stable code of this refusal, for logs, traces and documentation.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LineEnd => "line_end",
            Self::FirstLine => "first_line",
            Self::HeadTimeout => "head_timeout",
            Self::PlainHttp => "plain_http",
            Self::Version => "http_version",
            Self::MethodMalformed => "method_malformed",
            Self::MethodLowerCase => "method_lower_case",
            Self::MethodRefused => "method_refused",
            Self::TargetTooLong => "target_too_long",
            Self::HeadTooLarge => "head_too_large",
            Self::TooManyFields => "too_many_fields",
            Self::TargetForm => "target_form",
            Self::TargetFragment => "target_fragment",
            Self::TargetByte => "target_byte",
            Self::PathBackslash => "path_backslash",
            Self::PathPercent => "path_percent",
            Self::PathAmbiguousEncoding => "path_ambiguous_encoding",
            Self::PathParameter => "path_parameter",
            Self::PathUtf8 => "path_utf8",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::HostMalformed => "host_malformed",
            Self::HostMismatch => "host_mismatch",
            Self::FieldName => "field_name",
            Self::FieldValue => "field_value",
            Self::FieldRepeated => "field_repeated",
            Self::FieldConnectionSpecific => "field_connection_specific",
            Self::ContentLength => "content_length",
            Self::ContentLengthBesideTransferEncoding => "content_length_beside_transfer_encoding",
            Self::TransferEncoding => "transfer_encoding",
            Self::TransferCodingUnknown => "transfer_coding_unknown",
            Self::Expectation => "expectation",
            Self::Upgrade => "upgrade",
            Self::Forwarded => "forwarded",
            Self::RouteAmbiguous => "route_ambiguous",
            Self::HostUnknown => "host_unknown",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodRefused => 405,
            Self::HeadTimeout => 408,
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::HostUnknown => 421,
            Self::HeadTooLarge | Self::TooManyFields => 431,
            Self::TransferCodingUnknown => 501,
            Self::Version => 505,
            _ => 400,
        }
    }

    /// Whether the connection must be closed after the answer, because where this request ends is
    /// not certain.
    #[must_use]
    pub const fn closes_connection(self) -> bool {
        !matches!(self, Self::HostUnknown | Self::RouteAmbiguous)
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            // A trusted proxy is part of the operator's own set-up.
            Self::Forwarded => Fault::Operator,
            _ => Fault::Client,
        }
    }

    /// What may be told to anyone.
    #[must_use]
    pub const fn public_message(self) -> &'static str {
        match self {
            Self::HostUnknown => "This server does not serve the host that was asked for.",
            Self::TargetTooLong => "The address of this request is too long.",
            Self::HeadTooLarge | Self::TooManyFields => {
                "The header fields of this request are too large. Deleting this site's cookies may help."
            }
            Self::MethodRefused => "This method is not allowed here.",
            Self::Expectation => "The expectation of this request cannot be met.",
            Self::Version => "This version of HTTP is not supported.",
            Self::HeadTimeout => "The request did not arrive in time.",
            Self::PlainHttp => "This port speaks https: write https:// in front of the address.",
            _ => "This request could not be read without doubt, so it was not passed on.",
        }
    }
}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::LineEnd => Self::LineEnd,
            HeadError::FirstLine => Self::FirstLine,
            HeadError::Version => Self::Version,
            HeadError::FieldName => Self::FieldName,
            HeadError::FieldValue => Self::FieldValue,
            HeadError::TargetTooLong => Self::TargetTooLong,
            HeadError::TooLarge => Self::HeadTooLarge,
            HeadError::TooManyFields => Self::TooManyFields,
        }
    }
}

impl From<FramingError> for Refusal {
    fn from(error: FramingError) -> Self {
        match error {
            FramingError::ContentLength => Self::ContentLength,
            FramingError::ContentLengthBesideTransferEncoding => {
                Self::ContentLengthBesideTransferEncoding
            }
            FramingError::TransferEncoding => Self::TransferEncoding,
            FramingError::TransferCodingUnknown => Self::TransferCodingUnknown,
        }
    }
}

#[cfg(test)]
mod tests;
