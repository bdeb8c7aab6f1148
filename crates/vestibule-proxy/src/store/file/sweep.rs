//! Removing what has ended: found in a read of the times, removed in small steps by the writer. Then
//! the names whose time is over.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;
use vestibule_oidc::time::UnixTime;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::store::StoreError;

use super::writer::Op;
use super::{Reply, Shared, Trouble, unavailable};

/// Sessions removed in one transaction, so that nobody waits long behind a sweep.
const STEP: usize = 500;

/// Sweeps on a thread of its own, which ends with the sweep.
pub(super) fn start(
    shared: Arc<Shared>,
    ops: SyncSender<Op>,
    now: UnixTime,
    lifetimes: Lifetimes,
    reply: Reply<usize>,
) {
    let work = move || {
        let _ = reply.send(sweep(&shared, &ops, now, lifetimes));
    };
    // Without a thread the reply is dropped, which the caller reads as a failed sweep.
    if let Err(error) = std::thread::Builder::new()
        .name("session-sweep".to_owned())
        .spawn(work)
    {
        tracing::warn!(%error, "no thread for a sweep of the session file");
    }
}

fn sweep(
    shared: &Shared,
    ops: &SyncSender<Op>,
    now: UnixTime,
    lifetimes: Lifetimes,
) -> Result<usize, StoreError> {
    let mut count = 0;
    for keys in shared.disk.ended(now, lifetimes)?.chunks(STEP) {
        let (reply, answer) = oneshot::channel();
        let op = Op::RemoveEnded {
            keys: keys.to_vec(),
            now,
            lifetimes,
            reply,
        };
        ops.send(op).map_err(|_| unavailable(Trouble::Stopped))?;
        count += answer
            .blocking_recv()
            .map_err(|_| unavailable(Trouble::Stopped))??;
    }
    if shared.disk.has_names()? {
        let (reply, answer) = oneshot::channel();
        ops.send(Op::Forget { now, reply })
            .map_err(|_| unavailable(Trouble::Stopped))?;
        answer
            .blocking_recv()
            .map_err(|_| unavailable(Trouble::Stopped))??;
    }
    Ok(count)
}
