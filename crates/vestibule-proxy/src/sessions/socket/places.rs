//! Who is connected to the socket, and who gives way when there is no place for one more.
//!
//! A client is worked for, or waited for: it says nothing, or takes nothing of its answer.
//!
//! | client | gives way |
//! |---|---|
//! | is waited for, and has asked nothing yet | at once, the one that was quiet for longest first |
//! | is waited for, and has asked before | if there is no such, and it was quiet for [`PAUSE`] |
//! | is worked for | never |

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Clients at once.
pub(super) const MOST: usize = 32;

/// Longer than a client takes from an answer to its next request.
const PAUSE: Duration = Duration::from_secs(1);

/// The places of one socket.
#[derive(Debug, Default)]
pub(super) struct Places {
    taken: Mutex<Taken>,
    left: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    clients: Vec<Client>,
    last_number: u64,
}

#[derive(Debug)]
struct Client {
    number: u64,
    has_asked: bool,
    /// Since when it is waited for; not, while it is worked for.
    quiet_since: Option<Instant>,
    gives_way: Arc<Notify>,
}

/// The place of one client, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    gives_way: Arc<Notify>,
}

impl Places {
    /// A place, as soon as there is one or somebody gives way.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            // Whoever leaves meanwhile is noticed, and whoever is quiet for long enough.
            let _ = timeout(PAUSE, self.left.notified()).await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.lock();
        if taken.clients.len() >= MOST {
            let at = who_gives_way(&taken.clients)?;
            taken.clients.remove(at).gives_way.notify_one();
        }
        taken.last_number += 1;
        let number = taken.last_number;
        let gives_way = Arc::new(Notify::new());
        taken.clients.push(Client {
            number,
            has_asked: false,
            quiet_since: Some(Instant::now()),
            gives_way: Arc::clone(&gives_way),
        });
        Some(Place {
            places: Arc::clone(self),
            number,
            gives_way,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// It has asked for something, and is worked for.
    pub(super) fn works(&self) {
        self.change(|client| (client.has_asked, client.quiet_since) = (true, None));
    }

    /// It is waited for from now on.
    pub(super) fn waits(&self) {
        self.change(|client| client.quiet_since = Some(Instant::now()));
    }

    /// Done when it is to give way.
    pub(super) async fn given_up(&self) {
        self.gives_way.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut Client)) {
        let mut taken = self.places.lock();
        let mut clients = taken.clients.iter_mut();
        if let Some(client) = clients.find(|client| client.number == self.number) {
            change(client);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.clients.retain(|client| client.number != self.number);
        drop(taken);
        self.places.left.notify_one();
    }
}

fn who_gives_way(clients: &[Client]) -> Option<usize> {
    let quiet = clients.iter().enumerate().filter_map(|(at, client)| {
        let since = client.quiet_since?;
        let may = !client.has_asked || since.elapsed() >= PAUSE;
        may.then_some(((client.has_asked, since, client.number), at))
    });
    quiet.min().map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    async fn full(places: &Arc<Places>) -> Vec<Place> {
        let mut taken = Vec::new();
        for _ in 0..MOST {
            taken.push(places.take().await);
        }
        taken
    }

    fn is_given_up(place: &Place) -> bool {
        place.given_up().now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_asked_nothing_and_was_quiet_for_longest_gives_way_first() {
        let places = Arc::new(Places::default());
        let mut taken = full(&places).await;
        taken[0].works();
        taken[0].waits();
        let next = places.take().now_or_never().expect("at once");
        let given_up: Vec<bool> = taken.iter().map(is_given_up).collect();
        assert!(given_up[1] && given_up.iter().filter(|gone| **gone).count() == 1);
        // Its end frees no second place.
        drop(taken.remove(1));
        assert_eq!(places.lock().clients.len(), MOST);
        drop(next);
        assert_eq!(places.lock().clients.len(), MOST - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_asked_gives_way_after_a_pause_and_who_is_worked_for_never() {
        let places = Arc::new(Places::default());
        let taken = full(&places).await;
        for place in &taken {
            place.works();
        }
        taken[5].waits();
        assert!(places.take().now_or_never().is_none());
        let asked = Instant::now();
        let _next = places.take().await;
        assert!(asked.elapsed() >= PAUSE);
        let given_up: Vec<bool> = taken.iter().map(is_given_up).collect();
        assert!(given_up[5] && given_up.iter().filter(|gone| **gone).count() == 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_left_is_taken_by_whoever_waits_for_it() {
        let places = Arc::new(Places::default());
        let mut taken = full(&places).await;
        for place in &taken {
            place.works();
        }
        let asked = Instant::now();
        let (_next, ()) = tokio::join!(places.take(), async { drop(taken.pop()) });
        assert_eq!(asked.elapsed(), Duration::ZERO);
    }
}
