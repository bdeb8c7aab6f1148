//! Decides how many requests of one connection are decided on at once, and which streams are refused: a few bytes of HPACK
//! name a large field again and again, and become a large head each time (RFC 7541 §7.3).
//!
//! A head counts with its names, its values and something for each field, from its last frame until its request is answered.
//! Up to [`AT_ONCE`] are decided on; the others wait their turn, which costs little where what they say is shared. What would
//! make more than [`MOST`] is refused before it is looked at: a client may repeat it (RFC 9113 §8.7).

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of heads that are decided on at once.
pub(super) const AT_ONCE: usize = 256 * 1024;
/// Bytes of all heads whose requests are not answered.
pub(super) const MOST: usize = 1024 * 1024;
/// What a field counts besides its name and value.
const PER_FIELD: usize = 64;

/// The heads of one connection's requests.
pub(super) struct Heads {
    turns: Arc<Semaphore>,
    held: Cell<usize>,
}

/// A head that was taken. Dropped, its request is answered.
pub(super) struct Held {
    heads: Rc<Heads>,
    bytes: usize,
    turn: Option<OwnedSemaphorePermit>,
}

impl Heads {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            held: Cell::new(0),
        })
    }

    /// Takes a head; `None` if it is to be refused.
    pub(super) fn hold(self: &Rc<Self>, bytes: usize) -> Option<Held> {
        let held = self.held.get() + bytes;
        // One is always taken: its own limit is the setting for heads.
        if held > MOST && held > bytes {
            return None;
        }
        self.held.set(held);
        Some(Held {
            heads: Rc::clone(self),
            bytes,
            turn: None,
        })
    }
}

impl Held {
    /// Waits until its request may be decided on. Who came first is first.
    pub(super) async fn turn(&mut self) {
        let bytes = u32::try_from(self.bytes.min(AT_ONCE)).unwrap_or(u32::MAX);
        let turns = Arc::clone(&self.heads.turns);
        self.turn = turns.acquire_many_owned(bytes).await.ok();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let held = &self.heads.held;
        held.set(held.get() - self.bytes);
    }
}

/// What a head counts.
pub(super) fn bytes(target: &[u8], fields: &HeaderMap) -> usize {
    let fields = fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + PER_FIELD);
    target.len() + fields.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn heads_beyond_what_is_decided_on_at_once_wait_their_turn() {
        let heads = Heads::new();
        let mut first = heads.hold(AT_ONCE - 10).unwrap();
        let mut second = heads.hold(20).unwrap();
        let mut third = heads.hold(5).unwrap();
        assert!(first.turn().now_or_never().is_some());
        {
            let mut second = Box::pin(second.turn());
            assert!(second.as_mut().now_or_never().is_none());
            // There would be room for it, but it came later.
            assert!(third.turn().now_or_never().is_none());
            drop(first);
            assert!(second.now_or_never().is_some());
        }
        assert!(third.turn().now_or_never().is_some());
    }

    #[test]
    fn heads_beyond_the_most_are_refused_until_others_are_answered() {
        let heads = Heads::new();
        let large = MOST / 4;
        let held: Vec<_> = (0..4).map(|_| heads.hold(large).unwrap()).collect();
        assert!(heads.hold(1).is_none());
        drop(held);
        // However large: a head that was read is one that may be.
        let mut alone = heads.hold(MOST + 1).unwrap();
        assert!(alone.turn().now_or_never().is_some());
        assert!(heads.hold(1).is_none());
        drop(alone);
        assert!(heads.hold(1).is_some());
        assert_eq!(heads.held.get(), 0);
    }

    #[test]
    fn a_field_counts_more_than_its_letters() {
        let fields = HeaderMap::from_iter([(http::header::HOST, "h".parse().unwrap())]);
        assert_eq!(bytes(b"/a", &fields), 2 + 5 + PER_FIELD);
    }
}
