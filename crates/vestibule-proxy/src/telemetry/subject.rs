//! What stands for a person in the access log: the same in every line of theirs, and no name.

use aws_lc_rs::digest::{SHA256, digest};
use vestibule_session::record::Record;

/// The beginning of a hash: enough to tell people apart, not to name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject([u8; 8]);

impl Subject {
    /// The one of the person in this record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let name = [record.issuer(), "\n", record.subject()].concat();
        let hash = digest(&SHA256, name.as_bytes());
        Self(hash.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Sixteen hexadecimal digits.
    pub(super) fn text(self) -> [u8; 16] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let number = u64::from_be_bytes(self.0);
        std::array::from_fn(|at| {
            let digit = (number >> (60 - 4 * at)) as usize & 15;
            // The mask keeps it below 16.
            DIGITS.get(digit).copied().unwrap_or(b'0')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_its_bytes_in_hexadecimal() {
        let subject = Subject([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        assert_eq!(&subject.text(), b"0123456789abcdef");
    }
}
