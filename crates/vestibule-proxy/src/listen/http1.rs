//! Serves HTTP/1.1 on one connection: one task that reads a head, runs the handler, writes its answer, and begins anew.
//!
//! | state | what is waited for | file |
//! |---|---|---|
//! | reading | the next head | `reading` |
//! | handling | the handler, which may read the body; the client's end cancels it | here, `receiving` |
//! | sending | the client, or the next piece of the answer's body | `answering`, `sending` |
//! | switched | bytes either way, after a 101 | `switched`, and `tunnel` beside this |
//! | draining, closing | the rest of what the client sends | `lingering` |
//!
//! Bytes and deadlines of all states are in `link`. While a connection is idle it owns no buffer.

mod answering;
mod lingering;
mod link;
mod reading;
mod receiving;
mod sending;
mod switched;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use tokio::time::Instant;
use vestibule_gate::fields::{Fields, Known, KnownSet};
use vestibule_gate::navigation::asks_for_a_page;
use vestibule_gate::refusal::Refusal;
use vestibule_gate::request::RawHead;
use vestibule_http1::framing::{self, BodyFraming};
use vestibule_http1::persistence::keeps_alive;
use vestibule_http1::request::RequestHead;
use vestibule_http1::version::Version;

use super::connection::{Client, Serving};
use super::record::Record;
use super::transport::Transport;
use super::tunnel;
use crate::body::Body;
use crate::exchange::{Incoming, Response, Tunnel};
use crate::server::{Handler, Unread};
use answering::{Asked, Framing, Then, frame, head};
use lingering::Rest;
use link::Link;
use reading::{FirstLine, Next};
use sending::{Broken, Sending};
use switched::Switched;

/// What becomes of the connection after a request.
enum After {
    /// It waits for the next one, from this moment on.
    Next(Instant),
    /// It closes. Clean, there is nothing left to read.
    Close { is_clean: bool },
    /// It is gone, or must look so.
    Gone,
}

/// Serves until the connection ends.
pub(super) async fn serve<H: Handler, S: Transport>(
    serving: Rc<Serving<H>>,
    client: Rc<Client>,
    stream: S,
) {
    let link = Rc::new(Link::new(Rc::clone(&serving.core), client.limits, stream));
    link.reads.set(Instant::now(), client.limits.head);
    let mut first = true;
    loop {
        // Boxed, so that a connection that waits is small.
        let after = match reading::next(&link, &client, first).await {
            Next::Request(head) => Box::pin(exchange(&serving, &client, &link, head)).await,
            Next::Unread(refusal, line) => {
                Box::pin(refuse(&serving, &client, &link, (refusal, false), line)).await
            }
            Next::Ended => After::Close { is_clean: true },
        };
        link.end_turn();
        match after {
            After::Next(now) => link.reads.set(now, client.limits.idle),
            After::Close { is_clean } => return link.close(&client, is_clean).await,
            After::Gone => return,
        }
        first = false;
    }
}

/// Tells a client that speaks plain HTTP where TLS is expected what to do instead, and closes. Its request goes nowhere.
/// `false` if what it says is no request: nothing is said to that.
pub(super) async fn turn_away<H: Handler, S: Transport>(
    serving: &Serving<H>,
    client: &Rc<Client>,
    stream: S,
) -> bool {
    let link = Rc::new(Link::new(Rc::clone(&serving.core), client.limits, stream));
    link.reads.set(Instant::now(), client.limits.head);
    let Next::Request(head) = reading::next(&link, client, true).await else {
        return false;
    };
    let page = asks_for_a_page(&head.fields);
    let line = FirstLine {
        method: head.method,
        target: head.target,
    };
    let after = refuse(serving, client, &link, (Refusal::PlainHttp, page), line).await;
    link.end_turn();
    if let After::Close { is_clean } = after {
        link.close(client, is_clean).await;
    }
    true
}

/// One request and its answer.
async fn exchange<H: Handler, S: Transport>(
    serving: &Serving<H>,
    client: &Rc<Client>,
    link: &Rc<Link<S>>,
    head: RequestHead,
) -> After {
    let framing = match framing::of_request(head.version, &head.fields) {
        Ok(framing) => framing,
        Err(error) => {
            let line = FirstLine {
                method: head.method,
                target: head.target,
            };
            return refuse(serving, client, link, (error.into(), false), line).await;
        }
    };
    let asked = asked(&head, framing);
    let expects = !asked.http10
        && head
            .fields
            .first_known(Known::Expect)
            .is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
    let body = link.begin_body(framing, expects);
    let RequestHead {
        method,
        target,
        version,
        fields,
    } = head;
    let record = record(
        client,
        link,
        FirstLine {
            method: method.clone(),
            target: target.clone(),
        },
    );
    let raw = RawHead {
        method,
        target,
        version,
        scheme: client.scheme,
        authority: None,
        fields,
        peer: client.peer,
    };
    let handled = {
        let incoming = Incoming { raw, body };
        // Pinned where it is made: it is large to be moved.
        let mut handling = pin!(serving.handler.handle(&serving.core, incoming));
        poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(cx)));
            match polled {
                Ok(Poll::Ready(response)) => Poll::Ready(Some(Ok(response))),
                Ok(Poll::Pending) => link.poll_handling(cx).map(|()| None),
                Err(panic) => Poll::Ready(Some(Err(panic))),
            }
        })
        .await
    };
    let response = match handled {
        Some(Ok(response)) => response,
        Some(Err(_)) => {
            client.reporting.telemetry.metrics.panics.inc();
            serving.handler.panicked()
        }
        // Dropping the handler ends what it does for a client that left.
        None => return After::Gone,
    };
    answer(client, link, asked, response, record).await
}

/// Answers a request that could not be read, with a page if its sender is known to want one. Where the next one begins is
/// not certain, so the connection closes.
async fn refuse<H: Handler, S: Transport>(
    serving: &Serving<H>,
    client: &Rc<Client>,
    link: &Rc<Link<S>>,
    (refusal, page): (Refusal, bool),
    line: FirstLine,
) -> After {
    link.bytes_in.set(0);
    let unread = Unread {
        refusal,
        method: line.method.clone(),
        target: line.target.clone(),
        peer: client.peer,
        page,
    };
    let asked = Asked::unread(&line.method);
    let record = record(client, link, line);
    let response = serving.handler.unread(&serving.core, unread);
    match answer(client, link, asked, response, record).await {
        After::Gone => After::Gone,
        After::Next(_) | After::Close { .. } => After::Close { is_clean: false },
    }
}

fn record<S: Transport>(client: &Rc<Client>, link: &Link<S>, line: FirstLine) -> Record {
    let now = Instant::now();
    let time = link.core.clock().wall(now);
    let received = Rc::clone(&link.bytes_in);
    Record::new(
        Rc::clone(client),
        line.method,
        line.target,
        (now, time),
        received,
    )
}

const UPGRADE: KnownSet = KnownSet::of([Known::Upgrade]);

fn asked(head: &RequestHead, framing: BodyFraming) -> Asked {
    let http10 = head.version == Version::Http10;
    Asked {
        head: &*head.method == b"HEAD",
        connect: &*head.method == b"CONNECT",
        http10,
        keeps_alive: keeps_alive(head.version, &head.fields),
        upgrade: !http10 && framing == BodyFraming::None && head.fields.has(UPGRADE),
    }
}

/// Sends an answer, and decides what follows it.
async fn answer<S: Transport>(
    client: &Rc<Client>,
    link: &Rc<Link<S>>,
    asked: Asked,
    response: Response,
    mut record: Record,
) -> After {
    let Answer {
        status,
        fields,
        body,
        tunnel,
        entry,
    } = Answer::of(response, &asked);
    record.answered(status, entry);
    let refuses_body = link.begin_answer();
    let (plan, body) = frame(&asked, status, body);
    let closing = fields
        .first_known(Known::Connection)
        .is_some_and(|value| value == b"close");
    let then = if tunnel.is_some() {
        Then::Switch
    } else if closing
        || asked.connect
        || !asked.keeps_alive
        || plan.framing == Framing::UntilClose
        || client.stop.is_ordered()
        || client.place.is_wanted()
        || refuses_body
        || (link.abandoned.get() && link.rest() == Rest::TooMuch)
    {
        Then::Close
    } else {
        Then::Next
    };
    let mut now = Instant::now();
    let date = link.core.clock().date(now);
    let mut sending = Sending::new(body, plan.framing);
    let mut polls = 0_u32;
    let sent = poll_fn(|cx| {
        polls = polls.saturating_add(1);
        if polls == 1 {
            let head = |out: &mut Vec<u8>| head(out, &plan, &fields, (then, asked.http10), &date);
            sending.begin(cx, link, &mut record, head)
        } else {
            sending.poll(cx, link, &mut record)
        }
    })
    .await;
    // Before anything else: it may hold an upstream's connection, or the rest of the request.
    drop(sending);
    if polls > 1 {
        now = Instant::now();
    }
    match sent {
        Ok(()) => {}
        Err(Broken::Body) if plan.framing == Framing::UntilClose => {
            link.io.borrow().stream.cut();
            return After::Gone;
        }
        Err(Broken::Body | Broken::Client) => return After::Gone,
    }
    if let Some(tunnel) = tunnel {
        Box::pin(tunnel::run(Switched(link), tunnel, &link.bytes_in, record)).await;
        return After::Gone;
    }
    record.complete();
    record.end(now);
    drop(record);
    // Who still reads the body must neither take bytes from those that are thrown away, nor miss them unknowingly.
    link.end_reading();
    let rest = link.rest();
    match then {
        Then::Next if rest == Rest::Nothing => After::Next(now),
        Then::Next if rest == Rest::Small && link.drain(client).await => {
            After::Next(Instant::now())
        }
        Then::Next => After::Close { is_clean: false },
        Then::Close | Then::Switch => After::Close {
            is_clean: rest == Rest::Nothing && !asked.connect && link.io.borrow().input.is_empty(),
        },
    }
}

/// An answer that can be one.
struct Answer {
    status: u16,
    fields: Fields,
    body: Body,
    tunnel: Option<Tunnel>,
    entry: Option<Box<crate::telemetry::access::Entry>>,
}

impl Answer {
    fn of(response: Response, asked: &Asked) -> Self {
        let Response {
            head,
            body,
            tunnel,
            error: _,
            entry,
        } = response;
        match head.status {
            200..=599 => Self {
                status: head.status,
                fields: head.fields,
                body,
                tunnel: None,
                entry,
            },
            101 if tunnel.is_some() && asked.upgrade => Self {
                status: 101,
                fields: head.fields,
                body: Body::empty(),
                tunnel,
                entry,
            },
            status => {
                // The client gets no detail, the log does.
                tracing::error!(status, "the request function gave an impossible answer");
                Self {
                    status: 500,
                    fields: Fields::new(),
                    body: Body::empty(),
                    tunnel: None,
                    entry: None,
                }
            }
        }
    }
}

/// The size of what a connection keeps beside its task: always, and while it has a request.
#[cfg(test)]
pub(super) const fn link_bytes<H: Handler, S: Transport>() -> (usize, usize) {
    const fn output<A, B, C, D, F>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }
    (size_of::<Link<S>>(), output(exchange::<H, S>))
}

#[cfg(test)]
mod tests;
