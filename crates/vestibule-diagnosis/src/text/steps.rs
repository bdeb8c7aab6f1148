//! Counts the bytes that loops over a pasted text look at. Only tests ask: they hold that no text is looked at more than a
//! bounded number of times, which a clock can't tell on a busy machine.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    /// How many more may be looked at; `None` where nobody counts.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// So many bytes were looked at.
#[cfg(not(test))]
#[inline]
pub(super) const fn looked_at(_bytes: usize) {}

/// So many bytes were looked at.
#[cfg(test)]
pub(super) fn looked_at(bytes: usize) {
    LEFT.with(|left| {
        if let Some(some) = left.get() {
            let rest = some.checked_sub(bytes);
            assert!(rest.is_some(), "the text is looked at too often");
            left.set(rest);
        }
    });
}

/// Does some work, which may look at so many bytes. How many those were.
#[cfg(test)]
pub(super) fn at_most(bytes: usize, work: impl FnOnce()) -> usize {
    LEFT.with(|left| left.set(Some(bytes)));
    work();
    bytes - LEFT.with(Cell::take).unwrap_or_default()
}
