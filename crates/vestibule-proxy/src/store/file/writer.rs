//! The thread that writes: whatever is waiting goes into one transaction.
//!
//! | state | left by |
//! |---|---|
//! | idle | an operation, or a note of last use |
//! | notes waiting | an operation, which takes them along, or [`NOTES_WAIT`] |
//! | something could not be written | an operation, or [`RETRY`] |
//!
//! Nobody is answered, and nothing shows in memory, before the transaction is on the disk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::store::{OneTime, Replacement, StoreError, Stored, Version, Whose};

use super::disk::{Tables, Times};
use super::journal::Journal;
use super::names::Remembered;
use super::{Reply, Shared};
use crate::error_chain::chain;
use crate::store::once::TooManyNames;

/// The most operations in one transaction.
const MOST_TOGETHER: usize = 256;

/// How long notes of last use wait for company.
const NOTES_WAIT: Duration = Duration::from_secs(1);

/// How long after a failure what is left is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Op {
    Insert {
        key: StoreKey,
        record: Record,
        sealed: Vec<u8>,
        reply: Reply<Arc<Stored>>,
    },
    Replace {
        key: StoreKey,
        expected: Version,
        record: Record,
        sealed: Vec<u8>,
        reply: Reply<Replacement>,
    },
    Remove {
        key: StoreKey,
        reply: Reply<bool>,
    },
    RemoveEnded {
        keys: Vec<StoreKey>,
        now: UnixTime,
        lifetimes: Lifetimes,
        reply: Reply<usize>,
    },
    Remember {
        name: OneTime,
        until: UnixTime,
        now: UnixTime,
        reply: Reply<bool>,
    },
    Forget {
        now: UnixTime,
        reply: Reply<()>,
    },
    Flush {
        reply: Reply<()>,
    },
    /// There are notes of last use where there were none.
    Noted,
}

/// What an operation did, to be shown and told once it is on the disk.
enum Effect {
    /// A record was kept, with this version and time of last use.
    Kept(Version, UnixTime),
    Taken,
    Conflict(Arc<Stored>),
    Gone,
    Removed(bool),
    Ended(Vec<StoreKey>),
    Remembered(Remembered),
    Nothing,
}

type Notes = HashMap<StoreKey, UnixTime>;

pub(super) fn work(
    shared: Arc<Shared>,
    waiting: Receiver<Op>,
    mut journal: Option<Journal>,
) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        // What an earlier process left undone is done at once.
        let has_work = !shared.tombstones().is_empty();
        let is_done = !has_work || commit(&shared, Vec::new(), &mut journal);
        let mut wake_at = (!is_done).then(|| Instant::now() + RETRY);
        loop {
            let first = match wake_at {
                None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => waiting.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            let mut ops = match first {
                Ok(Op::Noted) => {
                    wake_at.get_or_insert_with(|| Instant::now() + NOTES_WAIT);
                    continue;
                }
                Ok(op) => vec![op],
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            ops.extend(waiting.try_iter().take(MOST_TOGETHER));
            let is_done = commit(&shared, ops, &mut journal);
            wake_at = (!is_done).then(|| Instant::now() + RETRY);
        }
        commit(&shared, Vec::new(), &mut journal);
    })
}

/// Writes these operations, the notes, and the removals that failed before. Says whether all of it
/// is on the disk.
fn commit(shared: &Shared, ops: Vec<Op>, journal: &mut Option<Journal>) -> bool {
    let notes = std::mem::take(&mut *shared.notes());
    let buried = shared.tombstones().keys();
    if ops.is_empty() && notes.is_empty() && buried.is_empty() && shared.disk.is_open() {
        return true;
    }
    let written = shared.disk.write(|tables| {
        for (key, seen_at) in &notes {
            note(tables, key, *seen_at)?;
        }
        let mut exhumed = 0;
        for key in &buried {
            exhumed += u64::from(tables.remove(key)?);
        }
        let effects: Result<Vec<_>, _> = ops
            .iter()
            .map(|op| apply(shared, tables, &notes, op))
            .collect();
        Ok((effects?, exhumed))
    });
    match written {
        Ok((effects, exhumed)) => {
            shared.sessions.fetch_sub(exhumed, Ordering::Relaxed);
            for key in &buried {
                // Taken before the tombstone goes: without either, memory would hand it out again.
                shared.shelf.take(key);
            }
            if !buried.is_empty() {
                shared.tombstones().release(&buried);
            }
            if let Some(journal) = journal {
                journal.clear();
            }
            for (op, effect) in ops.into_iter().zip(effects) {
                settle(shared, op, effect);
            }
            true
        }
        Err(error) => {
            tracing::error!(
                code = error.code(),
                error = %chain(&error),
                "the session file cannot be written"
            );
            keep(shared, notes);
            bury(shared, &ops);
            if let Some(journal) = journal {
                journal.keep(&shared.tombstones().keys());
            }
            for op in ops {
                fail(op, &error);
            }
            false
        }
    }
}

fn note(tables: &mut Tables<'_>, key: &StoreKey, seen_at: UnixTime) -> Result<(), redb::Error> {
    match tables.times(key)? {
        Some(times) if seen_at > times.seen_at => tables.put_times(key, Times { seen_at, ..times }),
        // Already later, or the session was removed meanwhile.
        Some(_) | None => Ok(()),
    }
}

fn apply(
    shared: &Shared,
    tables: &mut Tables<'_>,
    notes: &Notes,
    op: &Op,
) -> Result<Effect, redb::Error> {
    match op {
        Op::Insert {
            key,
            record,
            sealed,
            ..
        } => {
            if tables.version(key)?.is_some() {
                return Ok(Effect::Taken);
            }
            let created_at = record.created_at();
            tables.put_record(key, Version::FIRST, sealed)?;
            tables.index.put(key, Whose::all_of(record))?;
            tables.put_times(
                key,
                Times {
                    created_at,
                    seen_at: created_at,
                },
            )?;
            Ok(Effect::Kept(Version::FIRST, created_at))
        }
        Op::Replace {
            key,
            expected,
            record,
            sealed,
            ..
        } => {
            let Some(version) = tables.version(key)? else {
                return Ok(Effect::Gone);
            };
            if version != *expected {
                // Read from the transaction: what won may be in it, and not in memory yet.
                let row = tables.row(key)?;
                let current = row.and_then(|row| shared.unseal(key, &row));
                return Ok(current.map_or(Effect::Gone, |it| Effect::Conflict(Arc::new(it))));
            }
            let Some(times) = tables.times(key)? else {
                return Ok(Effect::Gone);
            };
            // Whoever has it in hand may have it from before its key was taken away: a newer key must not bring it back.
            if !tables
                .row(key)?
                .is_some_and(|row| shared.has_key_of(&row.sealed))
            {
                return Ok(Effect::Gone);
            }
            tables.put_record(key, version.next(), sealed)?;
            tables.index.put(key, Whose::all_of(record))?;
            Ok(Effect::Kept(
                version.next(),
                last_seen(shared, notes, key, times),
            ))
        }
        Op::Remove { key, .. } => Ok(Effect::Removed(tables.remove(key)?)),
        Op::RemoveEnded {
            keys,
            now,
            lifetimes,
            ..
        } => {
            let mut ended = Vec::new();
            for key in keys {
                let Some(times) = tables.times(key)? else {
                    continue;
                };
                let seen_at = last_seen(shared, notes, key, times);
                if (Times { seen_at, ..times }).have_ended(*now, *lifetimes) {
                    tables.remove(key)?;
                    ended.push(*key);
                }
            }
            Ok(Effect::Ended(ended))
        }
        Op::Remember {
            name, until, now, ..
        } => {
            let remembered = tables.names.remember_once(name, *until, *now)?;
            Ok(Effect::Remembered(remembered))
        }
        Op::Forget { now, .. } => {
            tables.names.forget(*now)?;
            Ok(Effect::Nothing)
        }
        Op::Flush { .. } | Op::Noted => Ok(Effect::Nothing),
    }
}

/// The latest use of a session that the file, the memory, or a note knows of.
fn last_seen(shared: &Shared, notes: &Notes, key: &StoreKey, times: Times) -> UnixTime {
    let in_memory = shared.shelf.get(key).map(|stored| stored.last_seen());
    let noted = [notes.get(key).copied(), shared.noted(key), in_memory];
    noted
        .into_iter()
        .flatten()
        .fold(times.seen_at, UnixTime::max)
}

/// Shows in memory what is on the disk now, then answers. An answer that nobody waits for any more
/// is dropped.
fn settle(shared: &Shared, op: Op, effect: Effect) {
    match (op, effect) {
        (
            Op::Insert {
                key,
                record,
                sealed,
                reply,
            },
            Effect::Kept(version, seen_at),
        ) => {
            let stored = Arc::new(Stored::new(version, record, seen_at));
            shared.show(&key, &stored, &sealed);
            shared.sessions.fetch_add(1, Ordering::Relaxed);
            let _ = reply.send(Ok(stored));
        }
        (Op::Insert { reply, .. }, _) => {
            let _ = reply.send(Err(StoreError::Taken));
        }
        (
            Op::Replace {
                key,
                record,
                sealed,
                reply,
                ..
            },
            Effect::Kept(version, seen_at),
        ) => {
            let stored = Arc::new(Stored::new(version, record, seen_at));
            let replacement = if shared.show(&key, &stored, &sealed) {
                Replacement::Replaced(stored)
            } else {
                Replacement::Gone
            };
            let _ = reply.send(Ok(replacement));
        }
        (Op::Replace { key, reply, .. }, Effect::Conflict(current))
            if !shared.tombstones().contains(&key) =>
        {
            let _ = reply.send(Ok(Replacement::Conflict(current)));
        }
        (Op::Replace { reply, .. }, _) => {
            let _ = reply.send(Ok(Replacement::Gone));
        }
        (Op::Remove { key, reply }, effect) => {
            let removed = matches!(effect, Effect::Removed(true));
            shared.shelf.take(&key);
            shared
                .sessions
                .fetch_sub(u64::from(removed), Ordering::Relaxed);
            let _ = reply.send(Ok(removed));
        }
        (Op::RemoveEnded { reply, .. }, effect) => {
            let ended = if let Effect::Ended(ended) = effect {
                ended
            } else {
                Vec::new()
            };
            for key in &ended {
                shared.shelf.take(key);
            }
            shared
                .sessions
                .fetch_sub(ended.len() as u64, Ordering::Relaxed);
            let _ = reply.send(Ok(ended.len()));
        }
        (Op::Remember { reply, .. }, effect) => {
            let _ = reply.send(match effect {
                Effect::Remembered(Remembered::First) => Ok(true),
                Effect::Remembered(Remembered::NoRoom) => {
                    Err(StoreError::Full(Arc::new(TooManyNames)))
                }
                _ => Ok(false),
            });
        }
        (Op::Flush { reply } | Op::Forget { reply, .. }, _) => {
            let _ = reply.send(Ok(()));
        }
        (Op::Noted, _) => {}
    }
}

/// Hands out no more what was to be removed.
fn bury(shared: &Shared, ops: &[Op]) {
    for op in ops {
        if let Op::Remove { key, .. } = op {
            // Reading may work where writing does not.
            let is_there = matches!(shared.disk.read(key), Ok(Some(_)));
            shared.bury(key, is_there);
        }
    }
}

fn fail(op: Op, error: &StoreError) {
    let error = error.clone();
    match op {
        Op::Insert { reply, .. } => drop(reply.send(Err(error))),
        Op::Replace { reply, .. } => drop(reply.send(Err(error))),
        Op::Remove { reply, .. } => drop(reply.send(Err(error))),
        Op::RemoveEnded { reply, .. } => drop(reply.send(Err(error))),
        Op::Remember { reply, .. } => drop(reply.send(Err(error))),
        Op::Flush { reply } | Op::Forget { reply, .. } => drop(reply.send(Err(error))),
        Op::Noted => {}
    }
}

/// Notes that could not be written wait again, unless newer ones came.
fn keep(shared: &Shared, notes: Notes) {
    let mut waiting = shared.notes();
    for (key, seen_at) in notes {
        let note = waiting.entry(key).or_insert(seen_at);
        *note = seen_at.max(*note);
    }
}
