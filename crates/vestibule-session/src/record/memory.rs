//! What a record takes in memory: no more than it has to where it is kept, and reckoned for the bounds of stores.
//!
//! Claims are kept parsed, because rules and headers read them at every request; most of what a session takes beside
//! its tokens is that.

use std::mem;

use serde_json::Value;

use super::{Claims, Groups, Record};

impl Record {
    /// The same, without the room that its parts have for growing: it is kept for hours, and does not grow.
    #[must_use]
    pub(crate) fn fitted(mut self) -> Self {
        self.claims = fitted_claims(mem::take(&mut self.claims));
        if let Some(userinfo) = &mut self.userinfo {
            userinfo.claims = fitted_claims(mem::take(&mut userinfo.claims));
        }
        if let Some(claims) = &mut self.access_claims {
            **claims = fitted_claims(mem::take(claims));
        }
        self.tokens.fit();
        self
    }

    /// Roughly what the record takes in memory, claims counted as the objects they are.
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
            .map(claims_bytes)
            .sum();
        let groups = self.groups().map_or(0, Groups::memory_bytes);
        (texts + options + claims + groups + self.tokens.memory_bytes()) as u64
    }
}

fn claims_bytes(claims: &Claims) -> usize {
    claims
        .iter()
        .map(|(name, value)| name.len() + 2 * size_of::<Value>() + value_bytes(value))
        .sum()
}

pub(super) fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items
            .iter()
            .map(|item| size_of::<Value>() + value_bytes(item))
            .sum(),
        Value::Object(map) => claims_bytes(map),
    }
}

/// A map that grew, or was cloned, has room for half as much more.
fn fitted_claims(claims: Claims) -> Claims {
    let mut fitted = Claims::with_capacity(claims.len());
    for (mut name, value) in claims {
        name.shrink_to_fit();
        fitted.insert(name, fitted_value(value));
    }
    fitted
}

fn fitted_value(value: Value) -> Value {
    match value {
        Value::String(mut text) => {
            text.shrink_to_fit();
            Value::String(text)
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(fitted_value).collect();
            items.shrink_to_fit();
            Value::Array(items)
        }
        Value::Object(map) => Value::Object(fitted_claims(map)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestibule_oidc::time::UnixTime;

    use super::super::ResourceKey;
    use super::super::fixture::RecordFixture;
    use super::*;

    #[test]
    fn a_record_that_is_kept_says_what_it_said_and_has_no_room_to_spare() {
        let mut fixture = RecordFixture::new("ann", UnixTime(1_800_000_000));
        for number in 0..20 {
            fixture = fixture.claim(&format!("claim-{number}"), format!("value-{number}"));
        }
        let record = fixture
            .claim("groups", json!(["a", "b", ["c", {"d": 1, "e": null}]]))
            .build();
        let mut spare = record.clone();
        let Some(Value::Array(groups)) = spare.claims.get_mut("groups") else {
            panic!("groups");
        };
        groups.reserve(100);
        spare.tokens.held.reserve(100);
        // As a record that was read has it.
        spare.tokens.held[0].0 = ResourceKey::new(None, "openid profile");
        let fitted = spare.fitted();
        assert_eq!(*fitted.encode(), *record.encode());
        let names = |record: &Record| record.claims.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&fitted), names(&record), "in the order they came");
        let Some(Value::Array(groups)) = fitted.claims.get("groups") else {
            panic!("groups");
        };
        assert_eq!(groups.capacity(), groups.len());
        assert_eq!(fitted.tokens.held.capacity(), 1);
        let own = fitted.tokens.sign_in_key();
        assert!(fitted.tokens.held[0].0.is(own), "one key in memory");
    }
}
