//! Holds the buffers that one core lends to whoever reads or writes, for the length of one poll.
//!
//! A connection that waits owns no buffer: what it reads lands here first, and only what is not used at once is copied to
//! a buffer of its own. A buffer that is lent while it is lent is simply another one.

use std::cell::Cell;
use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};

/// The most that one read takes.
pub(crate) const READ_BYTES: usize = 64 * 1024;
/// An output buffer that grew beyond this is not kept.
const KEPT_BYTES: usize = 128 * 1024;

/// One core's buffers.
#[derive(Default)]
pub(crate) struct Scratch {
    input: Cell<Vec<u8>>,
    output: Cell<Vec<u8>>,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes.
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

impl Scratch {
    /// Lends [`READ_BYTES`] of space to read into. What is in it before is old.
    pub(crate) fn input<T>(&self, read: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut space = self.input.take();
        if space.is_empty() {
            space = vec![0; READ_BYTES];
        }
        let result = read(&mut space);
        self.input.set(space);
        result
    }

    /// Lends an empty buffer to write into. It must not be kept across an await.
    pub(crate) fn output(&self) -> Lent<'_> {
        Lent {
            bytes: self.output.take(),
            scratch: self,
        }
    }
}

/// An output buffer that goes back when it is dropped.
pub(crate) struct Lent<'s> {
    bytes: Vec<u8>,
    scratch: &'s Scratch,
}

impl Deref for Lent<'_> {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.bytes.clear();
        if self.bytes.capacity() <= KEPT_BYTES {
            self.scratch.output.set(mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_comes_empty() {
        let scratch = Scratch::default();
        let first = {
            let mut out = scratch.output();
            out.extend_from_slice(b"abc");
            out.as_ptr()
        };
        let out = scratch.output();
        assert!(out.is_empty() && out.as_ptr() == first);
        // Lent twice at once: two buffers.
        assert!(scratch.output().as_ptr() != first);
        let outer = scratch.input(|space| {
            scratch.input(|inner| assert_eq!(inner.len(), READ_BYTES));
            space.len()
        });
        assert_eq!(outer, READ_BYTES);
    }
}
