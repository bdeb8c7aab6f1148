//! Tells whoever watches a session that it is over, and is the one way to end one.
//!
//! Most of a session's requests are over long before the session is. Tunnels and event streams are
//! not: each watches its session, and is cut when that ends.
//!
//! | how a watcher hears of it | when |
//! |---|---|
//! | it was ended here: signed out, logged out from the provider, replaced, refused at a refresh | at once |
//! | it ran out, and a sweep here removed it | at the sweep, or at the next look |
//! | anything else: it ran out, another process ended it, its provider no longer speaks for it | at the next look, every 5 seconds |
//!
//! A store that can't be asked ends nothing.

mod logouts;
mod reason;
mod stream;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::sleep;
use vestibule_gate::evidence::Evidence;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::StoreKey;
use vestibule_session::lifetime::Liveness;
use vestibule_session::store::{StoreError, Stored, Whose};

use crate::evidence;
use crate::issuer;
use crate::shared::Shared;
use crate::store::in_time;

pub(crate) use logouts::{Named, Said, UnderWay};
pub use reason::EndReason;
pub(crate) use stream::until;

use logouts::Logouts;

/// How often a watcher looks by itself: the bound within which an end is noticed that nobody told.
pub(crate) const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// Sessions ended together.
const TOGETHER: usize = 100;

/// Done when a session is over.
pub type Ended = Pin<Box<dyn Future<Output = ()>>>;

/// Who watches which session. Only long-lived answers do, so ordinary requests never come here.
#[derive(Debug, Default)]
pub struct Endings {
    /// Why the session was ended, once it was; any change makes its watchers look.
    watched: Mutex<HashMap<StoreKey, watch::Sender<Option<EndReason>>>>,
    /// Whose sessions were ended while a sign-in of theirs may have been under way.
    pub(crate) logouts: Logouts,
}

/// One watcher of a session.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    key: StoreKey,
    news: watch::Receiver<Option<EndReason>>,
}

impl Endings {
    /// Tells the watchers of this session that it was ended.
    fn tell(&self, key: &StoreKey, why: EndReason) {
        if let Some(news) = self.watched().get(key) {
            news.send_replace(Some(why));
        }
    }

    /// Has every watcher look now.
    pub(crate) fn look_now(&self) {
        for news in self.watched().values() {
            news.send_modify(|_| ());
        }
    }

    fn subscribe(&self, key: StoreKey) -> watch::Receiver<Option<EndReason>> {
        let mut watched = self.watched();
        let news = watched
            .entry(key)
            .or_insert_with(|| watch::Sender::new(None));
        news.subscribe()
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<StoreKey, watch::Sender<Option<EndReason>>>> {
        // What a panicking thread left behind is whole: each change is one call on the map.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Ends a session for whoever runs this, and tells whoever watches it. Says whether there was one.
    ///
    /// # Errors
    /// What the store says. It tries again by itself; watchers were told all the same.
    pub async fn end_session(&self, key: &StoreKey) -> Result<bool, StoreError> {
        self.end_session_because(key, EndReason::Revoked).await
    }

    /// The same, for this reason.
    ///
    /// # Errors
    /// The same.
    pub async fn end_session_because(
        &self,
        key: &StoreKey,
        why: EndReason,
    ) -> Result<bool, StoreError> {
        let removed = self.store.remove(key).await;
        self.endings.tell(key, why);
        removed
    }

    /// Ends every session of `whose`, and says how many there were. Sign-ins of theirs that are under way
    /// at `now` come to nothing.
    ///
    /// # Errors
    /// The store can't be asked, or could not end all of them. Some may have ended.
    pub(crate) async fn end_sessions_of(
        &self,
        whose: &Whose,
        said: Said,
        why: EndReason,
        now: UnixTime,
    ) -> Result<usize, StoreError> {
        // Before anything is looked for: a session that is not in the store yet is found by this.
        self.endings.logouts.note(*whose, said, now);
        let (mut count, mut after) = (0, None);
        loop {
            let found = in_time(self.store.find(whose, after.as_ref(), TOGETHER)).await?;
            let ending = found
                .iter()
                .map(|key| in_time(Box::pin(self.end_session_because(key, why))));
            for ended in join_all(ending).await {
                count += usize::from(ended?);
            }
            if found.len() < TOGETHER {
                return Ok(count);
            }
            after = found.last().copied();
        }
    }

    /// Removes the sessions that have ended by themselves, and says how many there were.
    ///
    /// # Errors
    /// What the store says.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let lifetimes = *self.plan.load().gate.lifetimes();
        let now = self.now();
        self.endings.logouts.sweep(now);
        let swept = self.store.sweep(now, lifetimes).await?;
        if swept > 0 {
            self.endings.look_now();
        }
        Ok(swept)
    }

    /// Done when this session is over.
    pub(crate) fn session_end(self: &Arc<Self>, key: StoreKey) -> Ended {
        let mut watch = self.watch_session(key);
        Box::pin(async move { watch.end().await })
    }

    /// Watches this session.
    pub(crate) fn watch_session(self: &Arc<Self>, key: StoreKey) -> Watch {
        Watch {
            shared: Arc::clone(self),
            key,
            news: self.endings.subscribe(key),
        }
    }
}

impl Watch {
    async fn end(&mut self) {
        // It looks before it waits: the session may have ended before anybody watched it.
        while self.look().await.is_ok() {
            self.wait().await;
        }
    }

    /// Waits until it is worth looking again.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.news.changed() => {}
            () = sleep(LOOK_INTERVAL) => {}
        }
    }

    /// The session as it is; nothing, if the store can't be asked.
    ///
    /// # Errors
    /// Why it is over.
    pub(crate) async fn look(&mut self) -> Result<Option<Arc<Stored>>, EndReason> {
        if let Some(why) = *self.news.borrow_and_update() {
            return Err(why);
        }
        let shared = &self.shared;
        let found = evidence::look_up(shared, Some(self.key)).await;
        let plan = shared.plan.load_full();
        match issuer::settled(shared, &plan, found).await {
            Evidence::Session(stored) => match plan.gate.lifetimes().judge(&stored, shared.now()) {
                Liveness::Live => Ok(Some(stored)),
                Liveness::Idle => Err(EndReason::Idle),
                Liveness::Over => Err(EndReason::Expired),
                Liveness::FromTheFuture => Err(EndReason::Gone),
            },
            Evidence::StoreUnavailable => Ok(None),
            Evidence::NoSession | Evidence::NotAsked => Err(EndReason::Gone),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.shared.endings.watched();
        // Its own receiver is still there.
        if watched
            .get(&self.key)
            .is_some_and(|news| news.receiver_count() <= 1)
        {
            watched.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
