//! Ends sessions because an operator says so, and writes down who did.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Liveness;
use vestibule_session::store::{StoreError, Stored};

use super::step::{MOST_LOOKED_AT, step};
use super::{SessionId, SessionView, Which};
use crate::endings::{EndReason, Said};
use crate::error_chain::chain;
use crate::revocation;
use crate::shared::Shared;
use crate::store::in_time;

/// Who asked for it, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A process of this machine.
    Socket {
        /// Its user.
        uid: u32,
        /// Its number, where the system tells.
        pid: Option<i32>,
    },
    /// Somebody who knows the secret of the sessions page.
    AdminPage {
        /// From where.
        peer: IpAddr,
    },
}

/// What a step ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Those that were live.
    pub(crate) sessions: Vec<SessionView>,
    /// Ended though they could not be read.
    pub(crate) unreadable: usize,
    /// Those that the store could not end for good. It tries again by itself.
    pub(crate) failed: usize,
    /// Where the next step goes on; `None`: there is nothing more.
    pub(crate) next: Option<SessionId>,
    /// How many were looked at.
    pub(crate) looked_at: usize,
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket {
                uid,
                pid: Some(pid),
            } => write!(f, "socket uid={uid} pid={pid}"),
            Self::Socket { uid, pid: None } => write!(f, "socket uid={uid}"),
            Self::AdminPage { peer } => write!(f, "sessions page {peer}"),
        }
    }
}

/// Ends these sessions, as far as one step goes, and begins to revoke their tokens where providers
/// offer that. Runs on the control runtime.
///
/// # Errors
/// The store can't be asked which they are; none was ended in this step.
pub(crate) async fn revoke(
    shared: &Arc<Shared>,
    which: &Which,
    after: Option<SessionId>,
    asker: Asker,
) -> Result<Ended, StoreError> {
    // Before any is looked for: a sign-in that is under way is found by this. One that begins between two steps
    // is none of those that were meant.
    if after.is_none() {
        let (logouts, now) = (&shared.endings.logouts, shared.now());
        if let Some(whose) = which.whose() {
            logouts.note(whose, Said::Proven, now);
        }
        if let Some(named) = which.named() {
            logouts.note_named(named, now);
        }
    }
    let step = step(shared, which, after, MOST_LOOKED_AT).await?;
    let plan = shared.plan.load_full();
    let (lifetimes, now) = (*plan.gate.lifetimes(), shared.now());
    let mut ended = Ended {
        next: step.next,
        looked_at: step.looked_at,
        ..Ended::default()
    };
    let ending = step.found.iter();
    let ending = ending.map(|(key, stored)| end(shared, key, stored.as_deref()));
    let results = join_all(ending).await;
    for ((key, stored), result) in step.found.iter().zip(results) {
        let id = SessionId::of(key);
        let record = stored.as_ref().map(|stored| stored.record());
        let provider = record.and_then(|record| plan.provider(record.provider()));
        let failed = result.is_err();
        if let Some(provider) = provider {
            let result = if failed { "failed" } else { "ended" };
            let metrics = &shared.telemetry.metrics;
            metrics.logout(provider.name(), "operator", result);
        }
        // As texts, not as what they display: the log then writes them so that they can't be lines or
        // fields of their own.
        let (by, id) = (asker.to_string(), id.to_string());
        let subject = record.map(|record| record.subject());
        let issuer = record.map(|record| record.issuer());
        match result {
            Ok(true) => {
                tracing::info!(
                    by = by.as_str(),
                    session = id.as_str(),
                    subject,
                    issuer,
                    "an operator ended a session"
                );
            }
            // Somebody else was faster.
            Ok(false) => continue,
            Err(error) => {
                ended.failed += 1;
                shared.telemetry.metrics.store_error("revoke");
                tracing::error!(
                    by = by.as_str(),
                    session = id.as_str(),
                    subject,
                    issuer,
                    code = error.code(),
                    error = %chain(&error),
                    "a session that an operator ended could not be removed yet"
                );
            }
        }
        match stored {
            Some(stored) if !failed && lifetimes.judge(stored, now) == Liveness::Live => {
                let view = SessionView::of(key, stored, &lifetimes);
                ended.sessions.push(view);
            }
            Some(_) => {}
            None => ended.unreadable += usize::from(!failed),
        }
    }
    Ok(ended)
}

/// As when its person signs out, tokens and all. Of one that can't be read they are beyond reach.
async fn end(
    shared: &Arc<Shared>,
    key: &StoreKey,
    stored: Option<&Stored>,
) -> Result<bool, StoreError> {
    match stored {
        Some(stored) => revocation::sign_out(shared, key, stored, EndReason::Revoked).await,
        None => in_time(Box::pin(shared.end_session(key))).await,
    }
}
