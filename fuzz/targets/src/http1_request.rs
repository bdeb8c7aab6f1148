//! Target `http1_request`: a request head is the same in whatever pieces it comes, and as it was read when it was written.
//!
//! The input is cut as `pieces.rs` says.

use vestibule_http1::fields::{Fields, is_field_value, is_token};
use vestibule_http1::head::{End, HeadError, HeadLimits};
use vestibule_http1::request::{RequestHead, parse, read};
use vestibule_http1::write;

use crate::httparse_oracle;
use crate::pieces::in_pieces;

/// Small, so that inputs reach them.
pub(crate) const LIMITS: HeadLimits = HeadLimits {
    bytes: 1024,
    fields: 24,
    target_bytes: 256,
};

/// A request head and what follows it.
pub fn http1_request(input: &[u8]) {
    let (bytes, pieces) = in_pieces(input);
    let whole = read(&mut End::default(), bytes, &LIMITS);
    assert_eq!(whole, read_in_pieces(bytes, &pieces));
    if bytes.len() <= LIMITS.bytes {
        let fields = parse(bytes, &LIMITS).ok().map(|head| head.fields);
        assert_eq!(fields, httparse_oracle::request(bytes, &LIMITS));
    }
    let Ok(Some((head, length))) = whole else {
        return;
    };
    assert!(length <= LIMITS.bytes);
    assert_eq!(
        parse(bytes.get(..length).unwrap_or_default(), &LIMITS).as_ref(),
        Ok(&head)
    );
    assert!(is_token(&head.method));
    assert!(!head.target.is_empty() && head.target.len() <= LIMITS.target_bytes);
    assert!(head.target.iter().all(u8::is_ascii_graphic));
    check_fields(&head.fields);

    let mut out = Vec::new();
    let written = write::request_line(&mut out, &head.method, &head.target)
        .and_then(|()| write::fields(&mut out, &head.fields, |_| true));
    assert_eq!(written, Ok(()), "what was read can be written");
    write::end(&mut out);
    // One space after a colon may be more than there was.
    let limits = HeadLimits {
        bytes: out.len(),
        ..LIMITS
    };
    let again = parse(&out, &limits);
    assert_eq!(again.as_ref().map(|again| &again.fields), Ok(&head.fields));
    assert_eq!(again.as_ref().map(|again| &again.target), Ok(&head.target));
    assert_eq!(again.as_ref().map(|again| &again.method), Ok(&head.method));
}

/// What holds for fields that were read.
pub(crate) fn check_fields(fields: &Fields) {
    assert!(fields.len() <= LIMITS.fields);
    for field in fields {
        assert!(
            is_token(field.name) && is_field_value(field.value),
            "{field:?}"
        );
        assert_eq!(vestibule_http1::fields::trim(field.value), field.value);
    }
}

fn read_in_pieces(
    bytes: &[u8],
    pieces: &[&[u8]],
) -> Result<Option<(RequestHead, usize)>, HeadError> {
    let mut end = End::default();
    let mut came = 0;
    for piece in pieces {
        came += piece.len();
        let said = read(&mut end, bytes.get(..came).unwrap_or_default(), &LIMITS);
        if said != Ok(None) {
            return said;
        }
    }
    Ok(None)
}
