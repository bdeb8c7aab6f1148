//! Decides how long a switched connection lives, and copies its bytes.
//!
//! It starts after the upstream's 101, and ends when both sides have ended, or a little after one has; when nothing passes for
//! too long, when its session is over, or at a stop. Frames are not looked at.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::time::{Instant, sleep_until, timeout};

use super::record::Record;
use crate::endings::Ended;
use crate::exchange::Tunnel;

const BUFFER: usize = 16 * 1024;
/// What one side still has to say after the other said its last word may take no longer than this.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// For the farewell to a side that may not listen any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// Copies bytes until the end of it. The 101 was sent.
pub(super) async fn run(
    client: impl AsyncRead + AsyncWrite,
    tunnel: Tunnel,
    received: &Cell<u64>,
    mut record: Record,
) {
    let metrics = record.client().reporting.telemetry.metrics.clone();
    metrics.tunnels.inc();
    let (sent, bytes_in, complete) = copy(client, tunnel, &record).await;
    metrics.tunnels.dec();
    received.set(bytes_in);
    record.sent(sent);
    if complete {
        record.complete();
    }
}

/// Bytes to the client, bytes from it, and whether it ended by one side closing.
async fn copy(
    client: impl AsyncRead + AsyncWrite,
    tunnel: Tunnel,
    record: &Record,
) -> (u64, u64, bool) {
    let Tunnel {
        upstream,
        idle,
        ended,
    } = tunnel;
    let (mut from_client, mut to_client) = split(client);
    let (mut from_upstream, mut to_upstream) = split(upstream);
    let traffic = Traffic {
        sent: Cell::new(0),
        received: Cell::new(0),
        last: Cell::new(Instant::now()),
    };
    let mut stop = record.client().stop.clone();
    let both = async {
        let down = traffic.pump(&mut from_upstream, &mut to_client, &traffic.sent);
        let up = traffic.pump(&mut from_client, &mut to_upstream, &traffic.received);
        let (mut down, mut up) = (pin!(down), pin!(up));
        // Who has said all may still listen.
        tokio::select! {
            ended = &mut down => ended.is_ok() && matches!(timeout(LAST_WORDS, up).await, Ok(Ok(())) | Err(_)),
            ended = &mut up => ended.is_ok() && matches!(timeout(LAST_WORDS, down).await, Ok(Ok(())) | Err(_)),
        }
    };
    let complete = tokio::select! {
        complete = both => complete,
        () = traffic.silence(idle) => false,
        () = over(ended) => false,
        () = stop.wait() => false,
    };
    let farewell = async {
        let _ = tokio::join!(to_client.shutdown(), to_upstream.shutdown());
    };
    let _ = timeout(FAREWELL, farewell).await;
    (traffic.sent.get(), traffic.received.get(), complete)
}

struct Traffic {
    sent: Cell<u64>,
    received: Cell<u64>,
    last: Cell<Instant>,
}

impl Traffic {
    /// Copies until the source ends, and ends the other side too.
    async fn pump(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        count: &Cell<u64>,
    ) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = from.read(&mut buffer).await?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return to.shutdown().await;
            };
            self.last.set(Instant::now());
            to.write_all(bytes).await?;
            to.flush().await?;
            count.set(count.get() + read as u64);
        }
    }

    /// Waits until nothing passed for `limit`.
    async fn silence(&self, limit: Duration) {
        loop {
            let deadline = self.last.get() + limit;
            if Instant::now() >= deadline {
                return;
            }
            sleep_until(deadline).await;
        }
    }
}

/// Waits until the session is over.
async fn over(ended: Option<Ended>) {
    match ended {
        Some(ended) => ended.await,
        None => std::future::pending().await,
    }
}
