//! The names by which a provider speaks of sessions and of messages, as a store keeps them.
//!
//! A store sees only hashes: neither its file nor a copy of it says who signed in. Every part is
//! hashed with its length, so that no two lists of parts are the same bytes.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::record::Record;

/// Bytes of a [`Whose`] and of a [`OneTime`].
pub const NAME_BYTES: usize = 32;

/// Whose sessions are meant: those of a person, or those of the provider's own session with them.
/// A store has an index of both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Whose([u8; NAME_BYTES]);

/// The name of a message that counts once, such as the `jti` of a logout token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OneTime([u8; NAME_BYTES]);

impl Whose {
    /// Every session of the person whom `issuer` calls `subject`.
    #[must_use]
    pub fn subject(issuer: &str, subject: &str) -> Self {
        Self(digest("subject", &[issuer, subject]))
    }

    /// Every session that came of the session which `issuer` calls `sid`.
    #[must_use]
    pub fn sid(issuer: &str, sid: &str) -> Self {
        Self(digest("sid", &[issuer, sid]))
    }

    /// For stores: everything a session is to be found by.
    pub fn all_of(record: &Record) -> impl Iterator<Item = Self> {
        let subject = Self::subject(record.issuer(), record.subject());
        let sid = record.sid().map(|sid| Self::sid(record.issuer(), sid));
        std::iter::once(subject).chain(sid)
    }

    /// For stores: whether both are found by the same.
    #[must_use]
    pub fn same(one: &Record, other: &Record) -> bool {
        one.issuer() == other.issuer()
            && one.subject() == other.subject()
            && one.sid() == other.sid()
    }

    /// One read back from where a store wrote it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; NAME_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes a store writes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; NAME_BYTES] {
        &self.0
    }
}

impl OneTime {
    /// A logout token of this issuer (OIDC Back-Channel Logout §2.6, step 8).
    #[must_use]
    pub fn logout_token(issuer: &str, jti: &str) -> Self {
        Self(digest("logout_token", &[issuer, jti]))
    }

    /// The bytes a store writes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; NAME_BYTES] {
        &self.0
    }
}

fn digest(kind: &str, parts: &[&str]) -> [u8; NAME_BYTES] {
    let mut context = Context::new(&SHA256);
    for part in [kind].iter().chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut name = [0; NAME_BYTES];
    name.copy_from_slice(context.finish().as_ref());
    name
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Whose({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

impl fmt::Debug for OneTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "OneTime({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_the_same() {
        let all = [
            Whose::subject("https://a.example", "ann"),
            Whose::subject("https://a.exampl", "eann"),
            Whose::subject("https://a.examplea", "nn"),
            Whose::sid("https://a.example", "ann"),
            Whose::subject("https://b.example", "ann"),
        ];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(one, other);
            }
        }
        assert_ne!(
            OneTime::logout_token("i", "j").as_bytes(),
            Whose::sid("i", "j").as_bytes()
        );
    }
}
