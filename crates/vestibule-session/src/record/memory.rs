//! What a record takes in memory: no more than it has to where it is kept, and reckoned for the bounds of stores.

use super::{Groups, Record};
use crate::claims::ClaimsSet;

/// What an allocator has for each block beside what was asked for, roughly.
pub(super) const BLOCK_BYTES: usize = 16;

impl Record {
    /// The same, without the room that its parts have for growing: it is kept for hours, and does not grow.
    #[must_use]
    pub(crate) fn fitted(mut self) -> Self {
        self.tokens.fit();
        self
    }

    /// Roughly what the record takes in memory, beside its own size.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let texts = [&self.provider, &self.site, &self.issuer, &self.subject];
        let more = [self.sid.as_ref(), self.granted_scope.as_ref()];
        let texts = texts.into_iter().chain(more.into_iter().flatten());
        let secrets = [self.refresh_token(), self.userinfo_token()];
        let secrets = secrets.into_iter().flatten();
        let sets = [Some(&self.claims), self.userinfo(), self.access_claims()];
        let lengths = texts
            .map(String::len)
            .chain(secrets.map(|secret| secret.expose().len()))
            .chain(sets.into_iter().flatten().map(ClaimsSet::len))
            .chain([self.id_token.len()]);
        let blocks: usize = lengths.map(|length| length + BLOCK_BYTES).sum();
        let groups = self.groups().map_or(0, Groups::memory_bytes);
        (blocks + groups + self.tokens.memory_bytes()) as u64
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;
    use vestibule_oidc::time::UnixTime;

    use super::super::ResourceKey;
    use super::super::fixture::RecordFixture;
    use crate::store::{Stored, Version};

    const NOW: UnixTime = UnixTime(1_800_000_000);

    /// The design's budget for what stays while nobody asks anything.
    #[test]
    fn a_session_costs_its_tokens_and_a_kibibyte_at_most() {
        let id = |n: u8| format!("{n:08}-1111-4111-8111-111111111111");
        let groups: Vec<String> = (1..9).map(id).collect();
        let issuer = format!("https://login.microsoftonline.com/{}/v2.0", id(0));
        let subject = "s".repeat(43);
        let claims = json!({
            "iss": issuer, "sub": subject, "aud": id(10), "exp": NOW.0, "iat": NOW.0, "nbf": NOW.0,
            "aio": "a".repeat(120), "name": "Ann Lee", "nonce": "n".repeat(43), "oid": id(11),
            "preferred_username": "ann.lee@example.com", "email": "ann.lee@example.com", "rh": "r".repeat(60),
            "sid": id(12), "tid": id(0), "uti": "u".repeat(22), "ver": "2.0",
            "roles": ["Portal.Reader", "Portal.Editor"], "groups": groups,
        });
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        let fixture = RecordFixture {
            site: "https://portal.example.com".to_owned(),
            sid: Some(id(12)),
            issuer,
            id_token: format!("{}.{payload}.{}", "h".repeat(108), "s".repeat(342)),
            access_token: "a".repeat(1700),
            refresh_token: Some("r".repeat(1200)),
            asked_for: ResourceKey::new(
                None,
                &format!("openid profile offline_access api://{}/x", id(13)),
            ),
            claims: claims.as_object().unwrap().clone(),
            ..RecordFixture::new(&subject, NOW)
        };
        let tokens = fixture.id_token.len() + 1700 + 1200;
        let stored = Stored::new(Version::FIRST, fixture.build(), NOW);
        let bytes = stored.memory_bytes();
        assert!(
            bytes <= tokens as u64 + 1024,
            "{bytes} for tokens of {tokens}"
        );
    }

    #[test]
    fn a_record_that_is_kept_says_what_it_said_and_has_no_room_to_spare() {
        let record = RecordFixture::new("ann", NOW).build();
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
