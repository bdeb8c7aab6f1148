//! Holds the body of an HTTP/2 request: hyper's, with its deadlines and its count.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use vestibule_gate::fields::Fields;

use crate::body::{Body, BodyError, ByteStream};
use crate::listen::patience::Patience;
use crate::listen::plan::Limits;
use crate::server::Core;
use crate::wheel::Deadline;
use crate::wire;

/// The body of a request, with its deadlines in it.
pub(super) fn body(
    incoming: Incoming,
    core: &Core,
    limits: Limits,
    bytes_in: Rc<Cell<u64>>,
) -> Body {
    if incoming.is_end_stream() {
        return Body::empty();
    }
    Body::stream(RequestBody {
        incoming,
        patience: Patience::new(limits),
        deadline: core.wheel().deadline(),
        trailers: None,
        bytes_in,
    })
}

struct RequestBody {
    incoming: Incoming,
    patience: Patience,
    deadline: Deadline,
    trailers: Option<Fields>,
    bytes_in: Rc<Cell<u64>>,
}

impl ByteStream for RequestBody {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        let this = &mut *self;
        loop {
            match Pin::new(&mut this.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let piece = match frame.into_data() {
                        Ok(piece) => piece,
                        Err(frame) => {
                            let Ok(map) = frame.into_trailers() else {
                                continue;
                            };
                            match wire::trailers(&map) {
                                Ok(trailers) => this.trailers = Some(trailers),
                                Err(error) => return Poll::Ready(Some(Err(error))),
                            }
                            continue;
                        }
                    };
                    this.bytes_in.set(this.bytes_in.get() + piece.len() as u64);
                    if this.patience.came(piece.len() as u64).is_err() {
                        return Poll::Ready(Some(Err(BodyError::TooSlow)));
                    }
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(BodyError::Aborted))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    return this
                        .patience
                        .poll_lost(cx, &this.deadline)
                        .map(|()| Some(Err(BodyError::TooSlow)));
                }
            }
        }
    }

    fn remaining(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Fields> {
        self.trailers.take()
    }
}
