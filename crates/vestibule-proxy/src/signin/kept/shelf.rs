//! The forms that wait for a sign-in to be completed: how many, for how long, and in what room.
//!
//! Anybody can send a form without being signed in, so all of it is bounded: what one address may have waiting, what all
//! have together, and what is being read. The oldest makes room, first that of the same address.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_oidc::time::UnixTime;
use vestibule_session::kept_post::KeptPostId;
use vestibule_session::pending;

/// The most bytes that wait, sealed.
const MOST_BYTES: usize = 16 << 20;

/// The most forms that wait.
const MOST: usize = 2048;

/// The most of one address; of IPv6 of one network of 64 bits, which one client has.
const MOST_OF_ADDRESS: usize = 16;

/// The most bytes of forms that are being read.
const MOST_READING_BYTES: usize = 8 << 20;

/// The most of these that come from one address: the largest form that a route may keep.
const MOST_READING_OF_ADDRESS: usize = 1 << 20;

/// The forms that wait. Outlives plans.
#[derive(Default)]
pub struct KeptPosts {
    waiting: Mutex<Waiting>,
    reading: Mutex<InReading>,
}

/// What has arrived of forms that are not whole yet.
#[derive(Default)]
struct InReading {
    bytes: usize,
    /// Only addresses that something arrived from.
    of: HashMap<IpAddr, usize>,
}

#[derive(Default)]
struct Waiting {
    forms: HashMap<KeptPostId, Sealed>,
    /// Oldest first; some may be gone from `forms`.
    by_age: VecDeque<KeptPostId>,
    bytes: usize,
}

struct Sealed {
    bytes: Vec<u8>,
    from: IpAddr,
    until: UnixTime,
}

/// The room in which one form is read. It takes no more than has arrived, so that who only announces a form keeps
/// nobody else's out. Given back when dropped.
pub(super) struct Reading<'k> {
    of: &'k KeptPosts,
    from: IpAddr,
    bytes: usize,
}

impl KeptPosts {
    /// Begins to read a form from this address.
    pub(super) fn reading(&self, from: IpAddr) -> Reading<'_> {
        Reading {
            of: self,
            from: network(from),
            bytes: 0,
        }
    }

    fn in_reading(&self) -> MutexGuard<'_, InReading> {
        // Nothing panics while it is held.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a form for as long as its sign-in may take.
    pub(super) fn keep(&self, id: KeptPostId, bytes: Vec<u8>, from: IpAddr, now: UnixTime) {
        let from = network(from);
        let mut waiting = self.waiting();
        waiting.forget_lapsed(now);
        let of_same = waiting.forms.values().filter(|form| form.from == from);
        if of_same.count() >= MOST_OF_ADDRESS {
            waiting.forget_oldest_of(from);
        }
        while waiting.forms.len() >= MOST || waiting.bytes + bytes.len() > MOST_BYTES {
            let Some(oldest) = waiting.by_age.pop_front() else {
                return;
            };
            waiting.forget(&oldest);
        }
        waiting.bytes += bytes.len();
        waiting.by_age.push_back(id);
        let until = now + pending::LASTS;
        waiting.forms.insert(id, Sealed { bytes, from, until });
    }

    /// The form of this id, once.
    pub(super) fn take(&self, id: &KeptPostId, now: UnixTime) -> Option<Vec<u8>> {
        let mut waiting = self.waiting();
        let form = waiting.forget(id)?;
        waiting.by_age.retain(|known| known != id);
        (now < form.until).then_some(form.bytes)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // What a panicking thread left behind is whole but for the count, which can only be too high.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn forget(&mut self, id: &KeptPostId) -> Option<Sealed> {
        let form = self.forms.remove(id)?;
        self.bytes = self.bytes.saturating_sub(form.bytes.len());
        Some(form)
    }

    fn forget_lapsed(&mut self, now: UnixTime) {
        while let Some(oldest) = self.by_age.front().copied() {
            if self.forms.get(&oldest).is_some_and(|form| now < form.until) {
                break;
            }
            self.by_age.pop_front();
            self.forget(&oldest);
        }
    }

    fn forget_oldest_of(&mut self, from: IpAddr) {
        let is_its = |id: &&KeptPostId| self.forms.get(*id).is_some_and(|form| form.from == from);
        if let Some(oldest) = self.by_age.iter().find(is_its).copied() {
            self.by_age.retain(|id| *id != oldest);
            self.forget(&oldest);
        }
    }
}

/// The address as it is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

impl Reading<'_> {
    /// Takes room for so many bytes that arrived. `None` if there is none: nothing is taken then.
    pub(super) fn take(&mut self, bytes: usize) -> Option<()> {
        let mut reading = self.of.in_reading();
        let sum = reading.bytes.checked_add(bytes)?;
        let of_address = reading.of.get(&self.from).copied().unwrap_or_default();
        let of_address = of_address.checked_add(bytes)?;
        if sum > MOST_READING_BYTES || of_address > MOST_READING_OF_ADDRESS {
            return None;
        }
        reading.bytes = sum;
        reading.of.insert(self.from, of_address);
        self.bytes += bytes;
        Some(())
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut reading = self.of.in_reading();
        reading.bytes = reading.bytes.saturating_sub(self.bytes);
        if let Some(of_address) = reading.of.get_mut(&self.from) {
            *of_address = of_address.saturating_sub(self.bytes);
            if *of_address == 0 {
                reading.of.remove(&self.from);
            }
        }
    }
}

impl fmt::Debug for KeptPosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptPosts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixTime = UnixTime(1_700_000_000);

    fn id(number: usize) -> KeptPostId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        KeptPostId::from_entropy(bytes)
    }

    fn address(number: usize) -> IpAddr {
        IpAddr::from((number as u32 + 1).to_be_bytes())
    }

    #[test]
    fn a_form_is_taken_once_and_in_time() {
        let kept = KeptPosts::default();
        kept.keep(id(1), vec![1], address(1), NOW);
        assert_eq!(kept.take(&id(1), NOW), Some(vec![1]));
        assert_eq!(kept.take(&id(1), NOW), None);
        kept.keep(id(2), vec![2], address(1), NOW);
        assert_eq!(kept.take(&id(2), NOW + pending::LASTS), None);
        assert_eq!(kept.waiting().bytes, 0);
    }

    #[test]
    fn strangers_fill_no_memory_and_the_oldest_make_room() {
        let kept = KeptPosts::default();
        let size = 64 << 10;
        for number in 0..1000 {
            kept.keep(id(number), vec![0; size], address(number), NOW);
            let waiting = kept.waiting();
            assert!(waiting.bytes <= MOST_BYTES && waiting.by_age.len() == waiting.forms.len());
        }
        assert_eq!(kept.waiting().bytes, MOST_BYTES);
        assert!(kept.take(&id(0), NOW).is_none());
        assert!(kept.take(&id(999), NOW).is_some());
        let small = KeptPosts::default();
        for number in 0..3 * MOST {
            small.keep(id(number), vec![0], address(number), NOW);
        }
        assert_eq!(small.waiting().forms.len(), MOST);
    }

    #[test]
    fn one_address_pushes_out_its_own_and_nobody_elses() {
        let kept = KeptPosts::default();
        kept.keep(id(0), vec![0], address(0), NOW);
        for number in 1..100 {
            // One client has all addresses of its IPv6 network.
            let one = IpAddr::from([0x2001, 0xdb8, 0, 1, number as u16, 2, 3, 4]);
            kept.keep(id(number), vec![0], one, NOW);
        }
        assert_eq!(kept.waiting().forms.len(), 1 + MOST_OF_ADDRESS);
        assert!(kept.take(&id(0), NOW).is_some());
        assert!(kept.take(&id(99), NOW).is_some());
        assert!(kept.take(&id(1), NOW).is_none());
    }

    #[test]
    fn what_lapsed_makes_room() {
        let kept = KeptPosts::default();
        kept.keep(id(1), vec![0; 100], address(1), NOW);
        kept.keep(
            id(2),
            vec![0; 10],
            address(2),
            NOW + Duration::from_secs(601),
        );
        let waiting = kept.waiting();
        assert_eq!((waiting.bytes, waiting.forms.len()), (10, 1));
    }

    #[test]
    fn what_is_being_read_is_bounded() {
        let kept = KeptPosts::default();
        let mut all = Vec::new();
        for number in 0..MOST_READING_BYTES / MOST_READING_OF_ADDRESS {
            let mut reading = kept.reading(address(number));
            reading.take(MOST_READING_OF_ADDRESS).unwrap();
            all.push(reading);
        }
        let mut late = kept.reading(address(1000));
        assert!(late.take(1).is_none());
        all.pop();
        assert!(late.take(1).is_some());
        drop((all, late));
        let left = kept.in_reading();
        assert!(left.bytes == 0 && left.of.is_empty());
    }

    #[test]
    fn who_sends_many_forms_slowly_keeps_nobody_elses_from_being_read() {
        let kept = KeptPosts::default();
        // One client has all addresses of its IPv6 network.
        let one = |number: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, number, 2, 3, 4]);
        let mut dripping: Vec<_> = (0..1000).map(|number| kept.reading(one(number))).collect();
        assert!(dripping.iter_mut().all(|form| form.take(100).is_some()));
        assert_eq!(kept.in_reading().bytes, 100 * 1000, "only what arrived");
        let mut full = kept.reading(one(1000));
        while full.take(64 << 10).is_some() {}
        assert!(kept.in_reading().bytes <= MOST_READING_OF_ADDRESS);
        assert!(dripping[0].take(64 << 10).is_none());
        let mut honest = kept.reading(address(1));
        assert!(honest.take(MOST_READING_OF_ADDRESS).is_some());
        assert!(honest.take(1).is_none());
    }
}
