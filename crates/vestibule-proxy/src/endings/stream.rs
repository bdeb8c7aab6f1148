//! An answer that goes on for as long as a session: cut when that is over.
//!
//! It breaks off and does not end cleanly: the upstream had not finished.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use vestibule_gate::fields::Fields;

use super::Ended;
use crate::body::{Body, BodyError, ByteStream, Length};

/// The body, up to the end of the session.
pub(crate) fn until(ended: Ended, body: Body) -> Body {
    Body::stream(Until { body, ended })
}

struct Until {
    body: Body,
    ended: Ended,
}

impl ByteStream for Until {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ended.as_mut().poll(cx).is_ready() {
            // Dropped at once, and with it the upstream's connection.
            self.body = Body::empty();
            return Poll::Ready(Some(Err(BodyError::Aborted)));
        }
        self.body.poll_piece(cx)
    }

    fn remaining(&self) -> Option<u64> {
        match self.body.length() {
            Length::Known(length) => Some(length),
            Length::None => Some(0),
            Length::Unknown => None,
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.body.trailers()
    }
}
