//! How the body of a message is delimited, read from its fields without any benefit of the doubt (RFC 9112 §6.3).

use thiserror::Error;

use crate::fields::{Fields, Known, is_token, trim};
use crate::version::Version;

/// How a body ends. What is sent on is framed anew from this, never copied.
/// Exhaustive: a new way to end a body must be looked at everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body.
    None,
    /// As many bytes as this.
    Length(u64),
    /// HTTP/1.1 `chunked`.
    Chunked,
    /// Until the HTTP/2 stream or the connection ends, which may be at once.
    UntilEnd,
}

/// Why nobody can say where a body ends. Exhaustive: each has its own answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FramingError {
    /// `Content-Length` is repeated or not a plain number.
    #[error("delimit a body: malformed content-length")]
    ContentLength,
    /// `Content-Length` beside `Transfer-Encoding`.
    #[error("delimit a body: content-length beside transfer-encoding")]
    ContentLengthBesideTransferEncoding,
    /// `Transfer-Encoding` is repeated, malformed, or came in HTTP/1.0.
    #[error("delimit a body: malformed transfer-encoding")]
    TransferEncoding,
    /// A well-formed transfer coding that is not `chunked` alone.
    #[error("delimit a body: transfer coding not implemented")]
    TransferCodingUnknown,
}

/// How the body of a request is delimited (RFC 9112 §6.3, RFC 9113 §8.1.1).
///
/// # Errors
/// [`FramingError`]
pub fn of_request(version: Version, fields: &Fields) -> Result<BodyFraming, FramingError> {
    Ok(match named(version, fields)? {
        Named::Chunked => BodyFraming::Chunked,
        Named::Length(0) if version != Version::Http2 => BodyFraming::None,
        Named::Length(length) => BodyFraming::Length(length),
        Named::Nothing if version == Version::Http2 => BodyFraming::UntilEnd,
        Named::Nothing => BodyFraming::None,
    })
}

/// How the body of a response is delimited. `head_request` says that the request was a `HEAD`.
///
/// # Errors
/// [`FramingError`]; of a response that has no body in any case, the fields are not looked at.
pub fn of_response(
    head_request: bool,
    status: u16,
    version: Version,
    fields: &Fields,
) -> Result<BodyFraming, FramingError> {
    if head_request || matches!(status, 100..=199 | 204 | 304) {
        return Ok(BodyFraming::None);
    }
    Ok(match named(version, fields)? {
        Named::Chunked => BodyFraming::Chunked,
        Named::Length(0) => BodyFraming::None,
        Named::Length(length) => BodyFraming::Length(length),
        Named::Nothing => BodyFraming::UntilEnd,
    })
}

/// What the fields say of the body's end.
enum Named {
    Nothing,
    Length(u64),
    Chunked,
}

fn named(version: Version, fields: &Fields) -> Result<Named, FramingError> {
    let length = content_length(fields)?;
    let Some(coding) = fields.first_known(Known::TransferEncoding) else {
        return Ok(length.map_or(Named::Nothing, Named::Length));
    };
    if length.is_some() {
        return Err(FramingError::ContentLengthBesideTransferEncoding);
    }
    // RFC 9112 §6.1: one that knows only HTTP/1.0 can't have meant it.
    if fields.is_repeated(Known::TransferEncoding) || version == Version::Http10 {
        return Err(FramingError::TransferEncoding);
    }
    if coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(Named::Chunked);
    }
    let members: Vec<&[u8]> = coding.split(|&byte| byte == b',').map(trim).collect();
    let chunked = members
        .iter()
        .filter(|member| member.eq_ignore_ascii_case(b"chunked"))
        .count();
    let well_formed = members.iter().all(|member| is_token(member)) && chunked <= 1;
    Err(if well_formed {
        FramingError::TransferCodingUnknown
    } else {
        FramingError::TransferEncoding
    })
}

fn content_length(fields: &Fields) -> Result<Option<u64>, FramingError> {
    let Some(value) = fields.first_known(Known::ContentLength) else {
        return Ok(None);
    };
    // RFC 9110 §8.6 lets a recipient take equal repetitions as one; being the only one who does so
    // is how requests are smuggled.
    if fields.is_repeated(Known::ContentLength) {
        return Err(FramingError::ContentLength);
    }
    let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
    let canonical = digits && (value.len() == 1 || !value.starts_with(b"0"));
    if !canonical {
        return Err(FramingError::ContentLength);
    }
    Ok(Some(
        value
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        version: Version,
        fields: &[(&'static str, &'static str)],
    ) -> Result<BodyFraming, FramingError> {
        let mut all = Fields::new();
        for &(name, value) in fields {
            all.push(name, value);
        }
        of_request(version, &all)
    }

    #[test]
    fn one_plain_number_or_exactly_chunked() {
        let v = Version::Http11;
        assert_eq!(check(v, &[]), Ok(BodyFraming::None));
        assert_eq!(check(v, &[("Content-Length", "0")]), Ok(BodyFraming::None));
        assert_eq!(
            check(v, &[("content-length", "10")]),
            Ok(BodyFraming::Length(10))
        );
        assert_eq!(
            check(v, &[("transfer-encoding", "Chunked")]),
            Ok(BodyFraming::Chunked)
        );
        assert_eq!(check(Version::Http2, &[]), Ok(BodyFraming::UntilEnd));
    }

    #[test]
    fn rustsec_2021_0078_content_length_that_is_not_one_plain_number_is_refused() {
        for value in [
            "",
            "+1",
            "-1",
            "010",
            "00",
            "1 ",
            " 1",
            "1,1",
            "1, 1",
            "0x1",
            "1_0",
            "1.0",
            "9999999999999999999",
        ] {
            assert_eq!(
                check(Version::Http11, &[("content-length", value)]),
                Err(FramingError::ContentLength),
                "{value:?}"
            );
        }
        let twice = [("content-length", "1"), ("Content-Length", "1")];
        assert_eq!(
            check(Version::Http11, &twice),
            Err(FramingError::ContentLength)
        );
    }

    #[test]
    fn rustsec_2021_0020_content_length_beside_transfer_encoding_is_refused() {
        assert_eq!(
            check(
                Version::Http11,
                &[("content-length", "1"), ("transfer-encoding", "chunked")]
            ),
            Err(FramingError::ContentLengthBesideTransferEncoding)
        );
    }

    #[test]
    fn transfer_encoding_that_is_not_exactly_chunked_is_refused() {
        for (value, refusal) in [
            (",chunked", FramingError::TransferEncoding),
            ("chunked,", FramingError::TransferEncoding),
            ("chunked, chunked", FramingError::TransferEncoding),
            ("", FramingError::TransferEncoding),
            ("\u{b}chunked", FramingError::TransferEncoding),
            ("chunked;q=1", FramingError::TransferEncoding),
            ("\"chunked\"", FramingError::TransferEncoding),
            ("gzip, chunked", FramingError::TransferCodingUnknown),
            ("identity", FramingError::TransferCodingUnknown),
            ("xchunked", FramingError::TransferCodingUnknown),
        ] {
            assert_eq!(
                check(Version::Http11, &[("transfer-encoding", value)]),
                Err(refusal),
                "{value:?}"
            );
        }
        let twice = [
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "chunked"),
        ];
        assert_eq!(
            check(Version::Http11, &twice),
            Err(FramingError::TransferEncoding)
        );
    }

    #[test]
    fn rustsec_2026_0034_http_1_0_with_transfer_encoding_is_refused() {
        assert_eq!(
            check(Version::Http10, &[("transfer-encoding", "chunked")]),
            Err(FramingError::TransferEncoding)
        );
    }

    fn answered(
        head_request: bool,
        status: u16,
        version: Version,
        pairs: &[(&str, &str)],
    ) -> Result<BodyFraming, FramingError> {
        of_response(
            head_request,
            status,
            version,
            &pairs.iter().copied().collect(),
        )
    }

    #[test]
    fn a_response_that_has_no_body_has_none_whatever_its_fields_say() {
        let length = [("content-length", "10")];
        let chunked = [("transfer-encoding", "chunked")];
        for fields in [&length, &chunked] {
            for status in [100, 103, 199, 204, 304] {
                assert_eq!(
                    answered(false, status, Version::Http11, fields),
                    Ok(BodyFraming::None),
                    "{status}"
                );
            }
            assert_eq!(
                answered(true, 200, Version::Http11, fields),
                Ok(BodyFraming::None)
            );
        }
    }

    #[test]
    fn a_response_is_delimited_by_length_by_chunks_or_by_the_end_of_the_connection() {
        for (fields, expected) in [
            (&[("Content-Length", "10")][..], BodyFraming::Length(10)),
            (&[("content-length", "0")], BodyFraming::None),
            (&[("Transfer-Encoding", "chunked")], BodyFraming::Chunked),
            (&[], BodyFraming::UntilEnd),
        ] {
            assert_eq!(
                answered(false, 200, Version::Http11, fields),
                Ok(expected),
                "{fields:?}"
            );
        }
    }

    #[test]
    fn a_response_whose_end_is_not_certain_is_an_error() {
        for fields in [
            &[("content-length", "1"), ("content-length", "1")][..],
            &[("content-length", "1, 1")],
            &[("content-length", "+1")],
            &[("content-length", "1"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "identity")],
            &[
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
        ] {
            assert!(
                answered(false, 200, Version::Http11, fields).is_err(),
                "{fields:?}"
            );
        }
        let chunked = [("transfer-encoding", "chunked")];
        assert_eq!(
            answered(false, 200, Version::Http10, &chunked),
            Err(FramingError::TransferEncoding)
        );
    }
}
