//! Decides what becomes of the bytes that nobody wants after an answer: the rest of a body, or of a request that was not
//! understood.
//!
//! A small rest is read, so that the next request follows it. Otherwise the connection closes, and what still comes is
//! read and thrown away for a while: a socket that is closed with unread bytes resets the connection, and the client
//! would lose the answer (RFC 9112 §9.6).
//!
//! Nobody waits for an answer here, so a connection that is to make room, or finds that a stop was ordered, goes at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use super::link::{Input, Link, READ_AHEAD};
use crate::listen::connection::Client;
use crate::listen::transport::Transport;
use crate::scratch::READ_BYTES;

/// The most of a body that is read to keep a connection, and the time for it.
const SMALL_REST: u64 = 64 * 1024;
const REST_TIME: Duration = Duration::from_secs(5);
/// The most that is read before a connection closes, and the time for it.
const LINGER_BYTES: usize = 1024 * 1024;
const LINGER_TIME: Duration = Duration::from_secs(5);
/// The same once a stop was ordered.
const LINGER_AT_STOP: Duration = Duration::from_secs(1);

/// What is left of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    Small,
    TooMuch,
}

impl<S: Transport> Link<S> {
    /// What is left of the request's body; what is there of it already is thrown away.
    pub(super) fn rest(&self) -> Rest {
        let io = &mut *self.io.borrow_mut();
        let Some(body) = &mut io.body else {
            return Rest::Nothing;
        };
        if body.discard(&mut io.input).is_err() {
            Rest::TooMuch
        } else if body.is_complete() {
            Rest::Nothing
        } else if body.left().is_some_and(|left| left <= SMALL_REST) {
            Rest::Small
        } else {
            Rest::TooMuch
        }
    }

    /// Reads the rest of a body that nobody wants. `false` if it does not come in time.
    pub(super) async fn drain(&self, client: &Client) -> bool {
        self.reads.set(Instant::now(), REST_TIME);
        poll_fn(|cx| {
            loop {
                match self.rest() {
                    Rest::Nothing => return Poll::Ready(true),
                    Rest::TooMuch => return Poll::Ready(false),
                    Rest::Small => {}
                }
                match self.poll_input(cx, READ_AHEAD, Input::push) {
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) => return Poll::Ready(false),
                    Poll::Pending if client.stop.is_ordered() => return Poll::Ready(false),
                    Poll::Pending => return client.place.poll_told(cx).map(|()| false),
                }
            }
        })
        .await
    }

    /// Closes. What may still come is read first if that can be.
    pub(super) async fn close(&self, client: &Client, is_clean: bool) {
        let stopped = client.stop.is_ordered();
        let time = if stopped { LINGER_AT_STOP } else { LINGER_TIME };
        self.reads.set(Instant::now(), time);
        let poll_unwanted = |cx: &mut Context<'_>| {
            if client.stop.is_ordered() && !stopped {
                return Poll::Ready(());
            }
            client.place.poll_told(cx)
        };
        let shut = poll_fn(|cx| {
            let polled = Pin::new(&mut self.io.borrow_mut().stream).poll_shutdown(cx);
            match polled {
                Poll::Ready(shut) => Poll::Ready(shut.is_ok()),
                Poll::Pending if self.reads.poll(cx).is_ready() => Poll::Ready(false),
                Poll::Pending => poll_unwanted(cx).map(|()| false),
            }
        });
        if !shut.await || is_clean {
            return;
        }
        self.io.borrow_mut().input = Input::default();
        let mut left = LINGER_BYTES;
        poll_fn(|cx| {
            while left > 0 {
                match self.poll_input(cx, READ_BYTES, |_, came| came.len()) {
                    Poll::Ready(Some(read)) => left = left.saturating_sub(read),
                    Poll::Ready(None) => break,
                    Poll::Pending => return poll_unwanted(cx),
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Reads once; `None` if that is over.
    fn poll_input<T>(
        &self,
        cx: &mut Context<'_>,
        most: usize,
        take: impl FnOnce(&mut Input, &[u8]) -> T,
    ) -> Poll<Option<T>> {
        let io = &mut *self.io.borrow_mut();
        match io.poll_read(cx, self.core.scratch(), most, take) {
            Poll::Ready(read) => Poll::Ready(read.ok()),
            Poll::Pending => self.reads.poll(cx).map(|()| None),
        }
    }
}
