//! Which bytes of a connection are a message's body, and where it ends (RFC 9112 §6, §7).

mod chunked;

use std::ops::Range;

use thiserror::Error;

use crate::fields::Fields;
use crate::framing::BodyFraming;
use chunked::Chunks;
pub use chunked::{TRAILER_BYTES, TRAILER_FIELDS};

/// Why a body is none. Its end is not certain then, so the connection must close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// A chunk that is not as RFC 9112 §7.1 says, a bare LF included.
    #[error("read a body: malformed chunk")]
    Chunk,
    /// More chunk extensions than anybody needs.
    #[error("read a body: chunk extensions too long")]
    Extensions,
    /// Trailers that are malformed or too many.
    #[error("read a body: malformed trailers")]
    Trailers,
    /// The connection ended before the body did.
    #[error("read a body: ended early")]
    Early,
}

/// What [`Decoder::decode`] found at the start of a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// How many bytes were used up; they must not be given again.
    pub consumed: usize,
    /// Which of these are bytes of the body; may be empty.
    pub data: Range<usize>,
}

impl Decoded {
    const NOTHING: Self = Self {
        consumed: 0,
        data: 0..0,
    };

    const fn data(length: usize) -> Self {
        Self {
            consumed: length,
            data: 0..length,
        }
    }
}

/// Reads one body as its bytes come.
#[derive(Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Debug)]
enum State {
    /// So many bytes are still to come; not 0.
    Length(u64),
    /// Everything until the connection ends.
    UntilEnd,
    Chunked(Chunks),
    /// The body is complete. Its trailers, until they are taken.
    Ended(Option<Box<Fields>>),
    /// Nobody knows where the body ends.
    Broken(BodyError),
}

impl Decoder {
    /// A decoder of a body that is delimited like this.
    #[must_use]
    pub fn new(framing: BodyFraming) -> Self {
        let state = match framing {
            BodyFraming::None | BodyFraming::Length(0) => State::Ended(None),
            BodyFraming::Length(length) => State::Length(length),
            BodyFraming::Chunked => State::Chunked(Chunks::default()),
            BodyFraming::UntilEnd => State::UntilEnd,
        };
        Self { state }
    }

    /// Reads from the start of `buffer`: framing, at most one run of data, and the framing after it, so that the end is
    /// known together with the last bytes. Nothing of a buffer that is not empty is consumed only when the body has ended;
    /// half a line need not be kept and given again.
    ///
    /// # Errors
    /// [`BodyError`], and the same from then on. Data before the error is handed out first.
    pub fn decode(&mut self, buffer: &[u8]) -> Result<Decoded, BodyError> {
        match &mut self.state {
            State::Length(left) => {
                let (length, rest) = take(buffer, *left);
                *left = rest;
                if rest == 0 {
                    self.state = State::Ended(None);
                }
                Ok(Decoded::data(length))
            }
            State::UntilEnd => Ok(Decoded::data(buffer.len())),
            State::Chunked(chunks) => {
                let decoded = chunks.decode(buffer);
                match &decoded {
                    Ok(_) if chunks.is_ended() => {
                        self.state = State::Ended(chunks.trailers.take());
                    }
                    Ok(_) => {}
                    Err(error) => self.state = State::Broken(*error),
                }
                decoded
            }
            State::Ended(_) => Ok(Decoded::NOTHING),
            State::Broken(error) => Err(*error),
        }
    }

    /// Whether the body is complete: the next byte belongs to the next message.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// The connection ended.
    ///
    /// # Errors
    /// [`BodyError::Early`], unless that is how this body ends or it had ended before.
    pub fn end_of_connection(&mut self) -> Result<(), BodyError> {
        match &self.state {
            State::Ended(_) => Ok(()),
            State::UntilEnd => {
                self.state = State::Ended(None);
                Ok(())
            }
            State::Broken(error) => Err(*error),
            State::Length(_) | State::Chunked(_) => {
                self.state = State::Broken(BodyError::Early);
                Err(BodyError::Early)
            }
        }
    }

    /// The bytes still to come, when the framing says so.
    #[must_use]
    pub const fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::Ended(_) => Some(0),
            State::UntilEnd | State::Chunked(_) | State::Broken(_) => None,
        }
    }

    /// The trailers of a chunked body that ended; taken once. Nobody has judged their names.
    pub fn trailers(&mut self) -> Option<Fields> {
        match &mut self.state {
            State::Ended(trailers) => trailers.take().map(|trailers| *trailers),
            _ => None,
        }
    }
}

/// How many bytes of `buffer` are data when `left` are still to come, and how many come after them.
fn take(buffer: &[u8], left: u64) -> (usize, u64) {
    // A length that `usize` can't hold is longer than any buffer.
    let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
    (length, left.saturating_sub(length as u64))
}

#[cfg(test)]
mod tests;
