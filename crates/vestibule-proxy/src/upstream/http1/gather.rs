//! Decides which bytes of a buffer are one piece of a body.

use std::ops::Range;

use vestibule_http1::body::{BodyError, Decoder};

/// What the bytes at the start of a buffer were.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gathered {
    /// How many of them were used up.
    pub(super) used: usize,
    /// Where the bytes of the body are now.
    pub(super) data: Range<usize>,
    /// What is wrong with the bytes after them.
    pub(super) error: Option<BodyError>,
}

/// Takes all of the body that is in `buffer`. Runs of data are moved together, so that many small chunks are one piece.
pub(super) fn gather(decoder: &mut Decoder, buffer: &mut [u8]) -> Gathered {
    let mut used = 0;
    let mut data = 0..0;
    while !decoder.is_ended() {
        let rest = buffer.get(used..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let decoded = match decoder.decode(rest) {
            Ok(decoded) => decoded,
            Err(error) => {
                return Gathered {
                    used,
                    data,
                    error: Some(error),
                };
            }
        };
        if decoded.consumed == 0 {
            break;
        }
        let run = used + decoded.data.start..used + decoded.data.end;
        if data.is_empty() {
            data = run;
        } else if !run.is_empty() {
            let end = data.end + run.len();
            buffer.copy_within(run, data.end);
            data.end = end;
        }
        used += decoded.consumed;
    }
    Gathered {
        used,
        data,
        error: None,
    }
}
