//! The incident id: what an error page, the answer's JSON and the log line have in common.
//!
//! It looks random, so that it tells a stranger nothing, and is short enough to be read over the
//! telephone: sixteen characters without `i`, `l`, `o` and `u`, in groups of four.

use std::cell::Cell;
use std::fmt;

use crate::entropy::random_bytes;

/// Crockford's base 32 alphabet, lower-cased: no letter that reads as a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Names one thing that went wrong, on the page and in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IncidentId([u8; 10]);

impl IncidentId {
    /// The id these bytes spell.
    #[must_use]
    pub const fn from_entropy(entropy: [u8; 10]) -> Self {
        Self(entropy)
    }

    /// A new id. A failing generator gives the all-zero id: an answer that names no incident is
    /// better than no answer.
    #[must_use]
    pub fn draw() -> Self {
        Self(random_bytes().unwrap_or_default())
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl IncidentId {
    /// The id as people see it.
    pub(crate) fn text(self) -> [u8; 19] {
        let bits = self
            .0
            .into_iter()
            .fold(0_u128, |bits, byte| bits << 8 | u128::from(byte));
        let mut text = [b'-'; 19];
        let places = text
            .chunks_mut(5)
            .flat_map(|group| group.iter_mut().take(4));
        for (at, place) in places.enumerate() {
            let letter = (bits >> (75 - 5 * at)) as usize & 31;
            // The mask keeps it below 32.
            *place = ALPHABET.get(letter).copied().unwrap_or(b'0');
        }
        text
    }
}

/// One core's ids: a number that goes up, scrambled with a key that nobody knows, so that no two are
/// the same and none tells how many there were before. A draw for each request would cost more than
/// deciding on it.
#[derive(Debug)]
pub(crate) struct Incidents {
    key: u64,
    tag: [u8; 2],
    next: Cell<u64>,
}

impl Default for Incidents {
    fn default() -> Self {
        // Without randomness the ids still differ, which is what they are for.
        let [a, b, c, d, e, f, g, h, tag @ ..] = random_bytes::<10>().unwrap_or_default();
        Self {
            key: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            tag,
            next: Cell::new(0),
        }
    }
}

impl Incidents {
    /// The next id.
    pub(crate) fn next(&self) -> IncidentId {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let [a, b, c, d, e, f, g, h] = scramble(number ^ self.key)
            .wrapping_add(self.key)
            .to_be_bytes();
        let [y, z] = self.tag;
        IncidentId([a, b, c, d, e, f, g, h, y, z])
    }
}

/// The last step of SplitMix64: one to one, and each bit depends on every bit.
const fn scramble(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sixteen_letters_in_groups_of_four() {
        let id =
            IncidentId::from_entropy([0, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf]);
        assert_eq!(id.to_string(), "0123-4567-89ab-cdef");
        assert_eq!(
            IncidentId::from_entropy([0xff; 10]).to_string(),
            "zzzz-zzzz-zzzz-zzzz"
        );
    }

    #[test]
    fn the_ids_of_one_core_all_differ() {
        let incidents = Incidents::default();
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| incidents.next()).collect();
        assert_eq!(ids.len(), 10_000);
        assert_ne!(incidents.next(), Incidents::default().next());
    }

    #[test]
    fn two_ids_differ() {
        assert_ne!(IncidentId::draw(), IncidentId::draw());
    }
}
