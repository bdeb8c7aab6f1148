//! Decides who makes room while somebody waits for a place, on whichever core.
//!
//! Whoever waits asks for one place. A connection on which nothing is asked promises its own and goes; when there is none, the
//! next one that has answered does. So nobody waits for a connection's idle time while another core has room to make, and
//! nobody is closed whose place no one waits for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The places of all cores.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    /// Places that somebody waits for and nobody has promised: what every connection looks at.
    wanted: AtomicUsize,
    asks: Mutex<Asks>,
    cores: Vec<Notify>,
}

#[derive(Debug, Default)]
struct Asks {
    waiting: usize,
    /// Of those, how many were promised a place. Never more than wait.
    promised: usize,
}

/// Somebody waits for a place until this is dropped.
pub(super) struct Ask<'r>(&'r Room);

impl Room {
    pub(crate) fn new(places: usize, cores: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            wanted: AtomicUsize::new(0),
            asks: Mutex::default(),
            cores: (0..cores).map(|_| Notify::new()).collect(),
        }
    }

    /// A place, if one is free and nobody waits for it.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    pub(super) fn ask(&self) -> Ask<'_> {
        self.change(|asks| asks.waiting += 1);
        Ask(self)
    }

    /// Whether somebody waits whom no place was promised.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }

    /// As many promise their places, or as many as are wanted. How many those are.
    pub(super) fn promise(&self, most: usize) -> usize {
        self.change(|asks| {
            let count = most.min(asks.waiting - asks.promised);
            asks.promised += count;
            count
        })
    }

    /// A place that was promised is needed after all.
    pub(super) fn take_back(&self) {
        self.change(|asks| asks.promised = asks.promised.saturating_sub(1));
        self.call();
    }

    /// Has every core look whether it can make room.
    pub(super) fn call(&self) {
        self.cores.iter().for_each(Notify::notify_one);
    }

    /// Waits until this core is to look.
    pub(super) async fn called(&self, core: usize) {
        match self.cores.get(core) {
            Some(called) => called.notified().await,
            None => std::future::pending().await,
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Asks) -> T) -> T {
        let mut asks: MutexGuard<'_, Asks> =
            self.asks.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut asks);
        let wanted = asks.waiting - asks.promised;
        self.wanted.store(wanted, Ordering::Relaxed);
        changed
    }
}

impl Ask<'_> {
    /// Waits for the place.
    pub(super) async fn place(self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places).acquire_owned().await.ok()
    }
}

impl Drop for Ask<'_> {
    fn drop(&mut self) {
        self.0.change(|asks| {
            asks.waiting -= 1;
            asks.promised = asks.promised.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn no_more_places_are_promised_than_are_waited_for() {
        let room = Room::new(1, 1);
        assert!(!room.is_wanted() && room.promise(1) == 0);
        let asks = [room.ask(), room.ask()];
        assert!(room.is_wanted());
        assert_eq!(room.promise(1), 1);
        assert!(room.is_wanted());
        assert_eq!(room.promise(5), 1);
        assert!(!room.is_wanted());
        drop(asks);
        assert!(!room.is_wanted() && room.promise(1) == 0);
    }

    #[test]
    fn who_got_a_place_leaves_the_others_wanting_theirs() {
        let room = Room::new(2, 1);
        let taken = [room.place(), room.place()];
        assert!(room.place().is_none());
        let [first, second] = [room.ask(), room.ask()];
        assert_eq!(room.promise(1), 1);
        drop(taken);
        assert!(first.place().now_or_never().unwrap().is_some());
        assert!(room.is_wanted());
        assert!(second.place().now_or_never().unwrap().is_some());
        assert!(!room.is_wanted());
    }

    #[test]
    fn a_promise_that_is_taken_back_has_every_core_asked_again() {
        let room = Room::new(1, 2);
        let _ask = room.ask();
        assert_eq!(room.promise(1), 1);
        assert!(room.called(1).now_or_never().is_none());
        room.take_back();
        assert!(room.is_wanted());
        assert!(room.called(0).now_or_never().is_some());
        assert!(room.called(1).now_or_never().is_some());
    }
}
