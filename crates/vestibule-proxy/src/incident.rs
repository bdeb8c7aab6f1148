//! The incident id: what an error page, the answer's JSON and the log line have in common.
//!
//! It is random, so that it tells a stranger nothing, and short enough to be read over the
//! telephone: sixteen characters without `i`, `l`, `o` and `u`, in groups of four.

use std::fmt;

use crate::entropy::random_bytes;

/// Crockford's base 32 alphabet, lower-cased: no letter that reads as a digit.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j',
    'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'y', 'z',
];

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
        let mut bits = 0_u32;
        let mut held = 0_u32;
        let mut written = 0;
        for byte in self.0 {
            bits = (bits << 8) | u32::from(byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                let index = (bits >> held) & 31;
                if written > 0 && written % 4 == 0 {
                    f.write_str("-")?;
                }
                // The mask above keeps the index below 32.
                let letter = ALPHABET.get(index as usize).copied().unwrap_or('0');
                write!(f, "{letter}")?;
                written += 1;
            }
        }
        Ok(())
    }
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
    fn two_ids_differ() {
        assert_ne!(IncidentId::draw(), IncidentId::draw());
    }
}
