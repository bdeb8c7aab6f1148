//! Ends every session of a person, wherever they signed in: here, at the other browsers too.
//!
//! Whose they are is the issuer's word and the subject's; another provider's account of the same
//! person is somebody else.

use std::sync::Arc;

use futures_util::future::join_all;
use vestibule_oidc::time::UnixTime;
use vestibule_session::record::Record;
use vestibule_session::store::{StoreError, Whose};

use crate::endings::{EndReason, Said};
use crate::revocation;
use crate::shared::Shared;
use crate::store::in_time;

/// Sessions looked at together.
const TOGETHER: usize = 100;

/// The most sessions of one person whose tokens are revoked; all of them end.
const MOST_REVOKED: usize = 500;

/// Ends them, and begins to revoke their tokens. Runs on the control runtime.
pub(super) async fn end(
    shared: Arc<Shared>,
    record: Record,
    now: UnixTime,
) -> Result<usize, StoreError> {
    let whose = Whose::subject(record.issuer(), record.subject());
    let mut sessions = Vec::new();
    let mut after = None;
    loop {
        let found = in_time(shared.store.find(&whose, after.as_ref(), TOGETHER)).await?;
        let loaded = found.iter().map(|key| in_time(shared.store.load(key)));
        let loaded = found.iter().zip(join_all(loaded).await);
        // One that can't be read ends below all the same; its tokens are beyond reach.
        sessions.extend(loaded.filter_map(|(key, loaded)| Some((*key, loaded.ok()??))));
        if found.len() < TOGETHER || sessions.len() >= MOST_REVOKED {
            break;
        }
        after = found.last().copied();
    }
    let mut count = 0;
    for sessions in sessions.chunks(TOGETHER) {
        let ended = sessions
            .iter()
            .map(|(key, stored)| revocation::sign_out(&shared, key, stored, EndReason::SignedOut));
        // What failed is still there, and fails again below.
        let ended = join_all(ended).await.into_iter().flatten();
        count += ended.filter(|was_there| *was_there).count();
    }
    Ok(count
        + shared
            .end_sessions_of(&whose, Said::Proven, EndReason::SignedOut, now)
            .await?)
}
