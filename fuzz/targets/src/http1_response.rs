//! Target `http1_response`: a response head is the same in whatever pieces it comes, and never what could be two.
//!
//! The input is cut as `pieces.rs` says.

use vestibule_http1::framing::of_response;
use vestibule_http1::head::{End, HeadError};
use vestibule_http1::response::{ResponseHead, parse, read};
use vestibule_http1::write;

use crate::http1_request::{LIMITS, check_fields};
use crate::httparse_oracle;
use crate::pieces::in_pieces;

/// A response head and what follows it.
pub fn http1_response(input: &[u8]) {
    let (bytes, pieces) = in_pieces(input);
    let whole = read(&mut End::default(), bytes, &LIMITS);
    assert_eq!(whole, read_in_pieces(bytes, &pieces));
    if bytes.len() <= LIMITS.bytes {
        let fields = parse(bytes, &LIMITS).ok().map(|head| head.fields);
        assert_eq!(fields, httparse_oracle::response(bytes, &LIMITS));
    }
    let Ok(Some((head, length))) = whole else {
        return;
    };
    assert!(length <= LIMITS.bytes);
    assert_eq!(
        parse(bytes.get(..length).unwrap_or_default(), &LIMITS).as_ref(),
        Ok(&head)
    );
    assert!(matches!(head.status, 100..=999));
    check_fields(&head.fields);
    let of_head_request = of_response(true, head.status, head.version, &head.fields);
    assert!(of_head_request.is_ok(), "a HEAD's answer has no body");
    let _ = of_response(false, head.status, head.version, &head.fields);

    let mut out = Vec::new();
    write::status_line(&mut out, head.status);
    assert_eq!(write::fields(&mut out, &head.fields, |_| true), Ok(()));
    write::end(&mut out);
    let limits = vestibule_http1::head::HeadLimits {
        bytes: out.len(),
        ..LIMITS
    };
    let again = parse(&out, &limits);
    assert_eq!(again.as_ref().map(|again| &again.fields), Ok(&head.fields));
    assert_eq!(again.map(|again| again.status), Ok(head.status));
}

fn read_in_pieces(
    bytes: &[u8],
    pieces: &[&[u8]],
) -> Result<Option<(ResponseHead, usize)>, HeadError> {
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
