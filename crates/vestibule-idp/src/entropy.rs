//! Random values from the system, and the texts built from them.

use aws_lc_rs::rand;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Random text of exactly `length` base64url characters.
pub(crate) fn text(length: usize) -> String {
    let mut bytes = vec![0; length * 3 / 4 + 1];
    fill(&mut bytes);
    let mut text = URL_SAFE_NO_PAD.encode(bytes);
    text.truncate(length);
    text
}

/// A random number from `low` to `high`, both included.
pub(crate) fn between(low: u32, high: u32) -> u32 {
    let span = u64::from(high.saturating_sub(low)) + 1;
    let offset = u64::from(u32::from_be_bytes(bytes())) % span;
    low.saturating_add(u32::try_from(offset).unwrap_or(0))
}

/// Shuffles in place (Fisher–Yates).
pub(crate) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let other = between(0, u32::try_from(last).unwrap_or(0)) as usize;
        items.swap(last, other);
    }
}

#[expect(
    clippy::expect_used,
    reason = "aws-lc aborts or blocks rather than fail here; a provider \
    without randomness must not hand out codes"
)]
fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the system's random source answers");
}
