//! Holds the translation between hyper's types and ours, for HTTP/2 and nobody else.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};
use vestibule_gate::fields::{Field, Fields, Known, KnownSet};
use vestibule_http1::body::{TRAILER_BYTES, TRAILER_FIELDS};

use crate::body::{Body, BodyError, Length};

/// Fields that belong to one connection or to the framing of one message. We write our own.
///
/// RFC 9110 §7.6.1; `expect` because we answer it, `http2-settings` because it goes with `h2c`.
pub(crate) const CONNECTION_FIELDS: KnownSet = KnownSet::of([
    Known::Connection,
    Known::ContentLength,
    Known::Expect,
    Known::Http2Settings,
    Known::KeepAlive,
    Known::ProxyConnection,
    Known::Te,
    Known::Trailer,
    Known::TransferEncoding,
    Known::Upgrade,
]);

/// hyper's fields as ours, in the order in which each name came first.
///
pub(crate) fn fields(map: &HeaderMap) -> Fields {
    map.iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}

/// The same for trailers, which are no more than HTTP/1.1's may be.
///
/// # Errors
/// [`BodyError::Aborted`] if they are more.
pub(crate) fn trailers(map: &HeaderMap) -> Result<Fields, BodyError> {
    // A colon, a space and the end of the line.
    let lines = map
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    if map.len() > TRAILER_FIELDS || lines.sum::<usize>() > TRAILER_BYTES {
        return Err(BodyError::Aborted);
    }
    Ok(fields(map))
}

/// One of our fields as hyper's; `None` if it can't be one.
pub(crate) fn header(field: Field<'_>) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(field.name).ok()?;
    let value = HeaderValue::from_bytes(field.value).ok()?;
    Some((name, value))
}

/// Our fields as hyper's. Those that can't be any are left out.
fn map(fields: &Fields) -> HeaderMap {
    fields.iter().filter_map(header).collect()
}

/// Watches a body being sent.
pub(crate) trait Observe: Unpin {
    /// A piece was handed to the engine.
    fn piece(&mut self, _bytes: usize) {}
    /// The engine asked for a piece and there is none yet: whoever is slow, it is not the receiver.
    fn waiting(&mut self) {}
    /// The last piece was handed over.
    fn finished(&mut self) {}
    /// The body broke off.
    fn failed(&mut self, _error: BodyError) {}
}

/// One of our bodies, as hyper sends it.
pub(crate) struct Outgoing<O: Observe> {
    body: Body,
    observer: O,
    /// The end was told.
    ended: bool,
}

impl<O: Observe> Outgoing<O> {
    pub(crate) fn new(body: Body, mut observer: O) -> Self {
        if body.is_empty() {
            // hyper does not ask an empty body for anything.
            observer.finished();
        }
        Self {
            body,
            observer,
            ended: false,
        }
    }

    /// The body, when nothing of it was sent.
    pub(crate) fn into_body(self) -> Body {
        self.body
    }
}

impl<O: Observe> http_body::Body for Outgoing<O> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match this.body.poll_piece(cx) {
            Poll::Pending => {
                this.observer.waiting();
                Poll::Pending
            }
            Poll::Ready(Some(Ok(piece))) => {
                this.observer.piece(piece.len());
                if this.body.is_empty() {
                    // A body of known length is not asked again after its last piece.
                    this.observer.finished();
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Poll::Ready(Some(Err(error))) => {
                this.observer.failed(error);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                if !std::mem::replace(&mut this.ended, true) {
                    this.observer.finished();
                }
                let trailers = this.body.passed_trailers();
                Poll::Ready(trailers.map(|fields| Ok(Frame::trailers(map(&fields)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.body.length() {
            _ if self.body.is_omitted() => SizeHint::with_exact(0),
            Length::None => SizeHint::with_exact(0),
            Length::Known(length) => SizeHint::with_exact(length),
            Length::Unknown => SizeHint::default(),
        }
    }
}

/// Runs hyper's HTTP/2 tasks on the core's own thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalExecutor;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for LocalExecutor {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_order_and_repetition() {
        let mut map = HeaderMap::new();
        for (name, value) in [("b", "1"), ("a", "2"), ("b", "3"), ("c", "")] {
            map.append(name, HeaderValue::from_static(value));
        }
        let expected = [("b", "1"), ("b", "3"), ("a", "2"), ("c", "")];
        assert_eq!(fields(&map), expected.into_iter().collect());
    }

    #[test]
    fn what_belongs_to_a_connection_is_known_in_any_case() {
        for name in [
            "Connection",
            "CONTENT-LENGTH",
            "expect",
            "HTTP2-Settings",
            "Keep-Alive",
            "proxy-connection",
            "TE",
            "Trailer",
            "transfer-Encoding",
            "Upgrade",
        ] {
            let field = Field::new(name.as_bytes(), b"");
            assert!(field.is_in(CONNECTION_FIELDS), "{name}");
        }
        for name in ["Host", "cookie", "x-te", "content-type", ""] {
            let field = Field::new(name.as_bytes(), b"");
            assert!(!field.is_in(CONNECTION_FIELDS), "{name}");
        }
    }

    #[test]
    fn a_field_that_could_split_a_head_is_none() {
        for (name, value) in [
            ("a", "b\r\nc: d"),
            ("a", "b\nc"),
            ("a\n", "b"),
            ("", "b"),
            ("a", "\0"),
        ] {
            let field = Field::new(name.as_bytes(), value.as_bytes());
            assert!(header(field).is_none(), "{name:?} {value:?}");
        }
    }
}
