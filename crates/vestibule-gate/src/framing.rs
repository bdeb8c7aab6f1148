//! How the body of a request is delimited, read from its fields without any benefit of the doubt.

use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::request::Version;

/// How the body ends. Towards the upstream the framing is made anew from this, never copied.
/// Exhaustive: a new way to end a body must be looked at everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body.
    None,
    /// As many bytes as this.
    Length(u64),
    /// HTTP/1.1 `chunked`.
    Chunked,
    /// HTTP/2 without `content-length`: until the stream ends, which may be at once.
    UntilEnd,
}

/// Reads `Content-Length` and `Transfer-Encoding` (RFC 9112 §6.3, RFC 9113 §8.1.1).
pub(crate) fn read(version: Version, fields: &Fields) -> Result<BodyFraming, Refusal> {
    let length = content_length(fields)?;
    let mut codings = fields.all("transfer-encoding");
    let Some(coding) = codings.next() else {
        return Ok(match length {
            Some(0) if version != Version::Http2 => BodyFraming::None,
            Some(length) => BodyFraming::Length(length),
            None if version == Version::Http2 => BodyFraming::UntilEnd,
            None => BodyFraming::None,
        });
    };
    if length.is_some() {
        return Err(Refusal::ContentLengthBesideTransferEncoding);
    }
    // RFC 9112 §6.1: a server that knows only HTTP/1.0 can't have meant it.
    if codings.next().is_some() || version == Version::Http10 {
        return Err(Refusal::TransferEncoding);
    }
    if coding.eq_ignore_ascii_case(b"chunked") {
        return Ok(BodyFraming::Chunked);
    }
    let members: Vec<&[u8]> = coding
        .split(|&byte| byte == b',')
        .map(crate::fields::trim)
        .collect();
    let chunked = members
        .iter()
        .filter(|member| member.eq_ignore_ascii_case(b"chunked"))
        .count();
    let well_formed = members.iter().all(|member| crate::fields::is_token(member)) && chunked <= 1;
    Err(if well_formed {
        Refusal::TransferCodingUnknown
    } else {
        Refusal::TransferEncoding
    })
}

fn content_length(fields: &Fields) -> Result<Option<u64>, Refusal> {
    let mut values = fields.all("content-length");
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // RFC 9110 §8.6 lets a recipient take equal repetitions as one; being the only one who does so
    // is how requests are smuggled.
    if values.next().is_some() {
        return Err(Refusal::ContentLength);
    }
    let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
    let canonical = digits && (value.len() == 1 || !value.starts_with(b"0"));
    if !canonical {
        return Err(Refusal::ContentLength);
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
    ) -> Result<BodyFraming, Refusal> {
        let mut all = Fields::new();
        for &(name, value) in fields {
            all.push(name, value);
        }
        read(version, &all)
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
                Err(Refusal::ContentLength),
                "{value:?}"
            );
        }
        let twice = [("content-length", "1"), ("Content-Length", "1")];
        assert_eq!(check(Version::Http11, &twice), Err(Refusal::ContentLength));
    }

    #[test]
    fn rustsec_2021_0020_content_length_beside_transfer_encoding_is_refused() {
        assert_eq!(
            check(
                Version::Http11,
                &[("content-length", "1"), ("transfer-encoding", "chunked")]
            ),
            Err(Refusal::ContentLengthBesideTransferEncoding)
        );
    }

    #[test]
    fn transfer_encoding_that_is_not_exactly_chunked_is_refused() {
        for (value, refusal) in [
            (",chunked", Refusal::TransferEncoding),
            ("chunked,", Refusal::TransferEncoding),
            ("chunked, chunked", Refusal::TransferEncoding),
            ("", Refusal::TransferEncoding),
            ("\u{b}chunked", Refusal::TransferEncoding),
            ("chunked;q=1", Refusal::TransferEncoding),
            ("\"chunked\"", Refusal::TransferEncoding),
            ("gzip, chunked", Refusal::TransferCodingUnknown),
            ("identity", Refusal::TransferCodingUnknown),
            ("xchunked", Refusal::TransferCodingUnknown),
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
            Err(Refusal::TransferEncoding)
        );
    }

    #[test]
    fn rustsec_2026_0034_http_1_0_with_transfer_encoding_is_refused() {
        assert_eq!(
            check(Version::Http10, &[("transfer-encoding", "chunked")]),
            Err(Refusal::TransferEncoding)
        );
    }
}
