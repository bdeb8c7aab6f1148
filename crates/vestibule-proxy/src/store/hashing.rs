//! How maps by store key hash: hardly at all.
//!
//! Store keys are SHA-256 of what strangers cannot choose and keep, so eight bytes of them are hash enough. Not the
//! first, which names the shard.

use std::hash::{BuildHasherDefault, Hasher};

/// For maps by a store key, or by a store key and a number.
pub(crate) type KeyHashing = BuildHasherDefault<KeyHasher>;

#[derive(Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 ^= u64::from_ne_bytes(*last);
        }
    }

    // The length of the array, which says nothing, or a number beside the key.
    fn write_usize(&mut self, number: usize) {
        self.0 ^= (number as u64).rotate_left(29);
    }
}
