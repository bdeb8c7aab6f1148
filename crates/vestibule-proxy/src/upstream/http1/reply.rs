//! Decides what a response head means for its body and its connection.

use bytes::{Bytes, BytesMut};
use vestibule_gate::fields::{Fields, Known, KnownSet};
use vestibule_http1::body::{BodyError, Decoder};
use vestibule_http1::framing::{self, BodyFraming, FramingError};
use vestibule_http1::persistence::keeps_alive;
use vestibule_http1::response::ResponseHead;

use super::gather::gather;

const CODING: KnownSet = KnownSet::of([Known::TransferEncoding]);

/// A response whose head is complete.
pub(in crate::upstream) struct Reply {
    pub(in crate::upstream) head: ResponseHead,
    pub(in crate::upstream) content: Content,
    /// The upstream goes on with the connection after the body, and nothing that came speaks against it.
    pub(in crate::upstream) goes_on: bool,
}

/// What is known of the body when the head was read.
pub(in crate::upstream) enum Content {
    /// There is none.
    None,
    /// All of it. The decoder holds the trailers.
    Whole(Bytes, Decoder),
    /// A part of it.
    Begun(Begun),
    /// Status 101, and what came after it.
    Switched(Bytes),
}

/// A body that is not all there.
pub(in crate::upstream) struct Begun {
    pub(super) decoder: Decoder,
    /// The part that is there.
    pub(super) ready: Bytes,
    /// Bytes after that part that can't be understood before more come.
    pub(super) undecoded: BytesMut,
    /// What is wrong with the bytes after that part.
    pub(super) error: Option<BodyError>,
}

impl Reply {
    /// The response to a request that was a `HEAD` or not. `rest` came after the head.
    pub(super) fn new(
        head: ResponseHead,
        to_head: bool,
        rest: &mut [u8],
    ) -> Result<Self, FramingError> {
        if head.status == 101 {
            return Ok(Self {
                head,
                content: Content::Switched(Bytes::copy_from_slice(rest)),
                goes_on: false,
            });
        }
        let framing = framing::of_response(to_head, head.status, head.version, &head.fields)?;
        let keeps_alive = keeps_alive(head.version, &head.fields);
        if framing == BodyFraming::None {
            return Ok(Self {
                goes_on: keeps_alive && rest.is_empty() && has_no_body(to_head, &head.fields),
                content: Content::None,
                head,
            });
        }
        let mut decoder = Decoder::new(framing);
        let gathered = gather(&mut decoder, rest);
        let ready = Bytes::copy_from_slice(rest.get(gathered.data).unwrap_or_default());
        let after = rest.get(gathered.used..).unwrap_or_default();
        let (content, goes_on) = if decoder.is_ended() {
            (Content::Whole(ready, decoder), after.is_empty())
        } else {
            let begun = Begun {
                decoder,
                ready,
                undecoded: BytesMut::from(after),
                error: gathered.error,
            };
            (Content::Begun(begun), framing != BodyFraming::UntilEnd)
        };
        Ok(Self {
            head,
            content,
            goes_on: goes_on && keeps_alive,
        })
    }
}

/// Whether even a careless upstream sends none. The answer to a `HEAD`, and one that must have no body but speaks of one,
/// may be followed by it a little later, and the next client on the connection would get that as its answer.
fn has_no_body(to_head: bool, fields: &Fields) -> bool {
    !to_head
        && !fields.has(CODING)
        && fields
            .all_known(Known::ContentLength)
            .all(|length| length == b"0")
}
