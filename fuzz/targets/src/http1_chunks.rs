//! Target `http1_chunks`: a chunked body is the same in whatever pieces it comes.
//!
//! The input is cut as `pieces.rs` says.

use vestibule_http1::body::{BodyError, Decoder};
use vestibule_http1::fields::{Fields, is_field_value, is_token};
use vestibule_http1::framing::BodyFraming;

use crate::pieces::in_pieces;

/// A chunked body and what follows it.
pub fn http1_chunks(input: &[u8]) {
    let (bytes, pieces) = in_pieces(input);
    let whole = read(std::iter::once(bytes));
    assert_eq!(whole, read(pieces.into_iter()));
    assert!(whole.data.len() + whole.surplus <= bytes.len());
    if let Some(trailers) = &whole.trailers {
        assert_eq!(whole.end, Ok(true));
        assert!(!trailers.is_empty() && trailers.len() <= 32 && trailers.wire_bytes() <= 9 * 1024);
        for field in trailers {
            assert!(
                is_token(field.name) && is_field_value(field.value),
                "{field:?}"
            );
        }
    }
    if whole.end == Ok(true) {
        assert!(bytes.len() - whole.surplus >= whole.data.len() + b"0\r\n\r\n".len());
    }
}

#[derive(Debug, PartialEq)]
struct Read {
    data: Vec<u8>,
    surplus: usize,
    end: Result<bool, BodyError>,
    trailers: Option<Fields>,
}

fn read<'p>(pieces: impl Iterator<Item = &'p [u8]>) -> Read {
    let mut decoder = Decoder::new(BodyFraming::Chunked);
    let mut read = Read {
        data: Vec::new(),
        surplus: 0,
        end: Ok(false),
        trailers: None,
    };
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            match decoder.decode(rest) {
                Ok(decoded) => {
                    assert!(decoded.consumed > 0 || decoder.is_ended(), "no progress");
                    let data = rest.get(decoded.data).unwrap_or_default();
                    read.data.extend_from_slice(data);
                    if decoded.consumed == 0 {
                        read.surplus += rest.len();
                        break;
                    }
                    rest = rest.get(decoded.consumed..).unwrap_or_default();
                }
                Err(error) => {
                    assert_eq!(decoder.end_of_connection(), Err(error));
                    read.end = Err(error);
                    return read;
                }
            }
        }
    }
    read.end = Ok(decoder.is_ended());
    read.trailers = decoder.trailers();
    read
}
