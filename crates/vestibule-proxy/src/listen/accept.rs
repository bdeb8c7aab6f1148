//! Decides when a connection is taken from the queue, and when taking pauses.
//!
//! At the connection limit, and when the system has no descriptor left, connections on which nothing is asked make room, on
//! any core. When none does, accepting waits for the first that has answered; it never spins. At a stop the queue is emptied
//! before the listener closes: those clients were told by the kernel that they are connected, and get their places as
//! others go.

use std::io;
use std::iter;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::{self, Serving};
use super::plan::ListenerPlan;
use crate::server::Handler;

/// How long accepting rests when the system refuses.
const REST: Duration = Duration::from_millis(100);

/// One listener on one core.
pub(crate) struct Acceptor {
    pub(crate) listener: TcpListener,
    /// Which listener of the plan.
    pub(crate) index: usize,
    /// What it was when it was bound: a reload can't make an encrypted listener a plain one.
    pub(crate) planned: ListenerPlan,
}

/// Accepts until the stop.
pub(crate) async fn accept<H: Handler>(serving: Rc<Serving<H>>, acceptor: Acceptor) {
    let mut stop = serving.stop.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.wait() => break,
            accepted = acceptor.listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Also while a stop is on its way: it is connected.
                let permit = place(&serving).await;
                open(
                    &serving,
                    acceptor.index,
                    &acceptor.planned,
                    stream,
                    peer,
                    permit,
                );
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                let _ask = serving.crowd.room().ask();
                make_room(&serving);
                tracing::warn!(%error, "accepting connections pauses");
                serving.core.telemetry().metrics.accept_pause("system");
                tokio::select! {
                    () = stop.wait() => break,
                    () = tokio::time::sleep(REST) => {}
                }
            }
        }
    }
    empty(&serving, acceptor).await;
}

/// Waits for a free place. The connection is accepted before, not after: a place must not wait for a connection on one core while a connection
/// waits for a place on another.
async fn place<H: Handler>(serving: &Serving<H>) -> Option<OwnedSemaphorePermit> {
    let room = serving.crowd.room();
    if let Some(permit) = room.place() {
        return Some(permit);
    }
    let ask = room.ask();
    if make_room(serving) == 0 {
        serving.core.telemetry().metrics.accept_pause("limit");
    }
    ask.place().await
}

/// Has connections of this core closed that ask for nothing, or of the others if there are none.
fn make_room<H: Handler>(serving: &Serving<H>) -> usize {
    let count = serving.make_room();
    if serving.crowd.room().is_wanted() {
        serving.crowd.room().call();
    }
    count
}

/// Makes room on this core for those who wait on others.
pub(crate) async fn answer_calls<H: Handler>(serving: Rc<Serving<H>>) {
    let room = Arc::clone(serving.crowd.room());
    loop {
        room.called(serving.core.index()).await;
        if room.is_wanted() {
            serving.make_room();
        }
    }
}

fn open<H: Handler>(
    serving: &Rc<Serving<H>>,
    index: usize,
    planned: &ListenerPlan,
    stream: TcpStream,
    peer: SocketAddr,
    permit: Option<OwnedSemaphorePermit>,
) {
    let plan = serving.handler.serving();
    let tls = match plan.listeners.get(index) {
        Some(now) if now.tls.is_some() == planned.tls.is_some() => now.tls.clone(),
        _ => planned.tls.clone(),
    };
    connection::spawn(serving, stream, peer, tls, plan.limits, permit);
}

async fn empty<H: Handler>(serving: &Rc<Serving<H>>, acceptor: Acceptor) {
    // tokio would only look at what its last wait reported; the queue itself knows better.
    let Ok(queue) = acceptor.listener.into_std() else {
        return;
    };
    // All of them first: for as long as the listener is open, more come.
    let waiting: Vec<_> = iter::from_fn(|| queue.accept().ok()).collect();
    drop(queue);
    for (stream, peer) in waiting {
        if stream.set_nonblocking(true).is_err() {
            continue;
        }
        let Ok(stream) = TcpStream::from_std(stream) else {
            continue;
        };
        let permit = place(serving).await;
        let (index, planned) = (acceptor.index, &acceptor.planned);
        open(serving, index, planned, stream, peer, permit);
    }
}

/// The connection ended before it was accepted; the next one is fine (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// accept(2): out of descriptors or memory. Trying again at once would spin.
    #[test]
    fn running_out_of_descriptors_pauses() {
        for raw in [24, 23, 105, 12] {
            assert!(!is_of_one_connection(&io::Error::from_raw_os_error(raw)));
        }
        assert!(is_of_one_connection(
            &io::ErrorKind::ConnectionAborted.into()
        ));
    }
}
