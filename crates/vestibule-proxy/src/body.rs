//! Decides how message bytes move: a [`Body`] is nothing, one piece, or a stream that is pulled.
//!
//! A body belongs to the core that made it: it is not `Send`, so that a streamed one may hold that core's
//! upstream connection. What another runtime needs of a request body is collected first ([`Body::collect`]),
//! and is then plain bytes. The types of an HTTP engine never show here.
//!
//! A stream ends in exactly one of two ways: `None`, which is a complete message, or an error, which must reach the
//! other side as an aborted message and never as a clean end.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use vestibule_gate::fields::Fields;

/// A source of message bytes, pulled one piece at a time.
pub trait ByteStream {
    /// The next piece; `None` is the complete end. Not called again after `None` or an error.
    fn poll_piece(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>>;

    /// How many bytes are still to come, if the source said so.
    fn remaining(&self) -> Option<u64> {
        None
    }

    /// The trailers that came after the last piece; asked for once, after the complete end.
    fn trailers(self: Pin<&mut Self>) -> Option<Fields> {
        None
    }
}

/// Empty pieces that are passed over before others get their turn.
const EMPTY_PIECES: usize = 16;

/// Judges trailers: nobody has looked at their names before.
type Judge = Box<dyn FnOnce(Fields) -> Fields>;

/// Why a message body could not be read to its end.
///
/// Matched exhaustively by the code that answers, so that a new cause gets its own answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The sender went away, or broke the rules of its framing.
    #[error("read the body to its end: the sender aborted it")]
    Aborted,
    /// The sender was slower than the deadlines allow.
    #[error("read the body in time: the sender was too slow")]
    TooSlow,
    /// The body is longer than this reader accepts.
    #[error("read a body of more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

impl BodyError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Aborted => "body_aborted",
            Self::TooSlow => "body_too_slow",
            Self::TooLarge { .. } => "body_too_large",
        }
    }
}

/// What [`Body::length`] knows.
///
/// Closed on purpose: framing must handle each of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// There is no body at all.
    None,
    /// Exactly this many bytes.
    Known(u64),
    /// A stream whose end shows when it comes.
    Unknown,
}

/// A message body.
pub struct Body {
    kind: Kind,
    trailers: Option<Box<Fields>>,
    judge: Option<Judge>,
}

enum Kind {
    Empty,
    /// Announced by a response to HEAD or a 304, never sent.
    Omitted(u64),
    Full(Bytes),
    Stream(Pin<Box<dyn ByteStream>>),
    Finished,
}

impl Body {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(Kind::Empty)
    }

    /// No bytes, but the length that a GET would have had: the answer to HEAD.
    #[must_use]
    pub fn omitted(length: u64) -> Self {
        Self::of(Kind::Omitted(length))
    }

    /// A body that is pulled while it is sent.
    #[must_use]
    pub fn stream(stream: impl ByteStream + 'static) -> Self {
        Self::of(Kind::Stream(Box::pin(stream)))
    }

    fn of(kind: Kind) -> Self {
        Self {
            kind,
            trailers: None,
            judge: None,
        }
    }

    /// What is known of the length. Before the first piece this is the length of the message.
    #[must_use]
    pub fn length(&self) -> Length {
        match &self.kind {
            Kind::Empty | Kind::Finished => Length::None,
            Kind::Omitted(length) => Length::Known(*length),
            Kind::Full(bytes) => Length::Known(bytes.len() as u64),
            Kind::Stream(stream) => stream.remaining().map_or(Length::Unknown, Length::Known),
        }
    }

    /// Whether not a single byte is to come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Empty | Kind::Finished | Kind::Omitted(_) => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream(stream) => stream.remaining() == Some(0),
        }
    }

    /// Whether the length is announced and no byte is sent.
    #[must_use]
    pub fn is_omitted(&self) -> bool {
        matches!(self.kind, Kind::Omitted(_))
    }

    /// The next piece, which is not empty; `None` is the complete end, after which it stays `None`.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match &mut self.kind {
            Kind::Empty | Kind::Omitted(_) | Kind::Finished => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.kind = Kind::Finished;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Kind::Stream(stream) => {
                let polled = poll_bytes(stream.as_mut(), cx);
                if matches!(polled, Poll::Ready(None)) {
                    self.trailers = stream.as_mut().trailers().map(Box::new);
                }
                if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
                    // Dropped at once: a stream's end may give an upstream connection back.
                    self.kind = Kind::Finished;
                }
                polled
            }
        }
    }

    /// The same body, whose trailers go on to the client as `judge` leaves them. Without this they are dropped.
    #[must_use]
    pub fn passing_trailers(mut self, judge: impl FnOnce(Fields) -> Fields + 'static) -> Self {
        self.judge = Some(Box::new(judge));
        self
    }

    /// The trailers that came, once, after the complete end; judged if somebody said how.
    pub fn trailers(&mut self) -> Option<Fields> {
        let trailers = *self.trailers.take()?;
        Some(match self.judge.take() {
            Some(judge) => judge(trailers),
            None => trailers,
        })
    }

    /// The trailers that may go on to a client: those that were judged.
    pub(crate) fn passed_trailers(&mut self) -> Option<Fields> {
        self.judge.is_some().then(|| self.trailers()).flatten()
    }

    /// Waits for the next piece.
    pub async fn piece(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] as soon as the limit is passed or announced to be passed; otherwise what the stream reported.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, BodyError> {
        if let Length::Known(length) = self.length()
            && !self.is_omitted()
            && length > limit as u64
        {
            return Err(BodyError::TooLarge { limit });
        }
        let Some(first) = self.piece().await else {
            return Ok(Bytes::new());
        };
        let first = first?;
        if first.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        let mut whole: Option<BytesMut> = None;
        while let Some(piece) = self.piece().await {
            let piece = piece?;
            let whole = whole.get_or_insert_with(|| BytesMut::from(&first[..]));
            if whole.len() + piece.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.map_or(first, BytesMut::freeze))
    }
}

/// The next piece that is not empty.
fn poll_bytes(
    mut stream: Pin<&mut dyn ByteStream>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BodyError>>> {
    for _ in 0..EMPTY_PIECES {
        match stream.as_mut().poll_piece(cx) {
            Poll::Ready(Some(Ok(piece))) if piece.is_empty() => {}
            polled => return polled,
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes: a form may hold a code or a token.
        f.debug_struct("Body")
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of(Kind::Full(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_util::FutureExt;

    use super::*;

    struct Pieces(VecDeque<Result<&'static str, BodyError>>, Option<u64>);

    impl ByteStream for Pieces {
        fn poll_piece(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, BodyError>>> {
            Poll::Ready(
                self.0
                    .pop_front()
                    .map(|piece| piece.map(|p| Bytes::from_static(p.as_bytes()))),
            )
        }

        fn remaining(&self) -> Option<u64> {
            self.1
        }
    }

    fn stream(pieces: &[Result<&'static str, BodyError>], remaining: Option<u64>) -> Body {
        Body::stream(Pieces(pieces.iter().copied().collect(), remaining))
    }

    fn collect(body: Body, limit: usize) -> Result<Bytes, BodyError> {
        body.collect(limit).now_or_never().unwrap()
    }

    #[test]
    fn a_body_within_the_limit_is_collected_whole() {
        assert_eq!(collect(Body::empty(), 0).unwrap(), "");
        assert_eq!(collect(Body::from("abc"), 3).unwrap(), "abc");
        assert_eq!(
            collect(stream(&[Ok("ab"), Ok("c")], None), 3).unwrap(),
            "abc"
        );
    }

    #[test]
    fn a_body_over_the_limit_is_refused() {
        let refused = Err(BodyError::TooLarge { limit: 2 });
        assert_eq!(collect(Body::from("abc"), 2), refused);
        assert_eq!(collect(stream(&[Ok("ab"), Ok("c")], None), 2), refused);
        assert_eq!(collect(stream(&[Ok("abc")], None), 2), refused);
        // An announced length is refused before a byte is read.
        assert_eq!(collect(stream(&[], Some(3)), 2), refused);
    }

    #[test]
    fn an_aborted_body_is_never_a_complete_one() {
        let aborted = stream(&[Ok("ab"), Err(BodyError::Aborted)], None);
        assert_eq!(collect(aborted, 10), Err(BodyError::Aborted));
    }

    #[test]
    fn empty_pieces_are_passed_over_and_never_hold_up_the_core() {
        let few = [Ok(""), Ok("ab"), Ok(""), Ok(""), Ok("c"), Ok("")];
        assert_eq!(collect(stream(&few, None), 3).unwrap(), "abc");

        struct Endless;

        impl ByteStream for Endless {
            fn poll_piece(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Bytes, BodyError>>> {
                Poll::Ready(Some(Ok(Bytes::new())))
            }
        }

        struct Woken(AtomicBool);

        impl std::task::Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Relaxed);
            }
        }

        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Arc::clone(&woken).into();
        let mut body = Body::stream(Endless);
        let polled = body.poll_piece(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        assert!(woken.0.load(Ordering::Relaxed), "it is asked again");
    }

    #[test]
    fn an_omitted_body_announces_a_length_and_sends_nothing() {
        let mut body = Body::omitted(7);
        assert_eq!(body.length(), Length::Known(7));
        assert!(body.is_empty());
        assert!(body.piece().now_or_never().unwrap().is_none());
    }

    struct Trailing(bool);

    impl ByteStream for Trailing {
        fn poll_piece(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, BodyError>>> {
            let piece = std::mem::take(&mut self.0).then(|| Ok(Bytes::from("ab")));
            Poll::Ready(piece)
        }

        fn trailers(self: Pin<&mut Self>) -> Option<Fields> {
            Some(
                [("X-User", "a"), ("Grpc-Status", "0")]
                    .into_iter()
                    .collect(),
            )
        }
    }

    fn read_out(mut body: Body) -> Body {
        while body.piece().now_or_never().unwrap().is_some() {}
        body
    }

    #[test]
    fn trailers_are_there_after_the_end_and_once() {
        let mut body = Body::stream(Trailing(true));
        assert!(body.trailers().is_none());
        let mut body = read_out(body);
        assert!(body.trailers().unwrap().contains("grpc-status"));
        assert!(body.trailers().is_none());
    }

    #[test]
    fn trailers_that_nobody_judged_go_to_no_client() {
        assert!(
            read_out(Body::stream(Trailing(true)))
                .passed_trailers()
                .is_none()
        );
        let judged = Body::stream(Trailing(true)).passing_trailers(|mut fields| {
            fields.remove("x-user");
            fields
        });
        let passed = read_out(judged).passed_trailers().unwrap();
        assert!(passed.contains("grpc-status") && !passed.contains("x-user"));
    }

    #[test]
    fn debug_output_never_shows_the_bytes() {
        assert!(!format!("{:?}", Body::from("code=secret")).contains("secret"));
    }
}
