//! What a record takes in memory: no more than it has to where it is kept, and reckoned for the bounds of stores.

use super::{Groups, Record};
use crate::claims::ClaimsSet;

impl Record {
    /// The same, without the room that its parts have for growing: it is kept for hours, and does not grow.
    #[must_use]
    pub(crate) fn fitted(mut self) -> Self {
        self.tokens.fit();
        self
    }

    /// Roughly what the record takes in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let texts = [
            &self.provider,
            &self.site,
            &self.issuer,
            &self.subject,
            self.id_token.expose(),
        ];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        let options = self.sid.as_ref().map_or(0, String::len)
            + self.granted_scope.as_ref().map_or(0, String::len)
            + [self.refresh_token(), self.userinfo_token()]
                .into_iter()
                .flatten()
                .map(|token| token.expose().len())
                .sum::<usize>();
        let claims: usize = [Some(&self.claims), self.userinfo(), self.access_claims()]
            .into_iter()
            .flatten()
            .map(ClaimsSet::len)
            .sum();
        let groups = self.groups().map_or(0, Groups::memory_bytes);
        (texts + options + claims + groups + self.tokens.memory_bytes()) as u64
    }
}

#[cfg(test)]
mod tests {
    use vestibule_oidc::time::UnixTime;

    use super::super::ResourceKey;
    use super::super::fixture::RecordFixture;

    #[test]
    fn a_record_that_is_kept_says_what_it_said_and_has_no_room_to_spare() {
        let record = RecordFixture::new("ann", UnixTime(1_800_000_000)).build();
        let mut spare = record.clone();
        spare.tokens.held.reserve(100);
        // As a record that was read has it.
        spare.tokens.held[0].0 = ResourceKey::new(None, "openid profile");
        let fitted = spare.fitted();
        assert_eq!(*fitted.encode(), *record.encode());
        assert_eq!(fitted.tokens.held.capacity(), 1);
        let own = fitted.tokens.sign_in_key();
        assert!(fitted.tokens.held[0].0.is(own), "one key in memory");
    }
}
