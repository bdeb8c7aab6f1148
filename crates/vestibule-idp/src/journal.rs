//! What was asked of the provider: the last requests and counters, for tests that count grants and
//! key fetches. No secret, code or token is in it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use crate::faults::Endpoint;

const MOST_ENTRIES: usize = 1_000;

/// One request, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// Counts from 1 for the life of the provider.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The endpoint's name.
    pub endpoint: &'static str,
    /// The status of the answer; 0 when the connection was closed without one.
    pub status: u16,
    /// What more there is to say.
    #[serde(flatten)]
    pub details: Details,
}

/// What an endpoint adds to its entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Details {
    /// `client_id` of a known client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// `grant_type` of a token request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// How the client proved itself: `basic`, `post`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<&'static str>,
    /// `scope` of a token or authorization request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The AADSTS number of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aadsts: Option<u32>,
}

/// The journal as it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Journal {
    /// Requests by endpoint, by `endpoint.grant_type`, and refusals by `aadsts.number`.
    pub counters: BTreeMap<String, u64>,
    /// The last thousand requests, oldest first.
    pub requests: VecDeque<Entry>,
}

/// The journal as it is written.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<(u64, Journal)>);

impl Log {
    pub(crate) fn write(
        &self,
        endpoint: Endpoint,
        method: &str,
        path: &str,
        status: u16,
        details: Details,
    ) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, journal) = &mut *state;
        *number += 1;
        let name = endpoint.name();
        let mut count = |name: String| *journal.counters.entry(name).or_default() += 1;
        count(name.to_owned());
        // Only names we know become counters, so that a client can't make up a million of them.
        if let Some(grant_type) = details.grant_type.as_deref().filter(|grant_type| {
            matches!(
                *grant_type,
                "authorization_code" | "refresh_token" | "client_credentials"
            )
        }) {
            count(format!("{name}.{grant_type}"));
        }
        if let Some(aadsts) = details.aadsts {
            count(format!("aadsts.{aadsts}"));
        }
        if journal.requests.len() == MOST_ENTRIES {
            journal.requests.pop_front();
        }
        journal.requests.push_back(Entry {
            number: *number,
            method: method.to_owned(),
            path: path.chars().take(300).collect(),
            endpoint: name,
            status,
            details,
        });
    }

    pub(crate) fn read(&self) -> Journal {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }

    /// Empties the journal; the numbers go on.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Journal::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_endpoint_grant_and_refusal() {
        let log = Log::default();
        for grant in ["refresh_token", "refresh_token", "made-up"] {
            let details = Details {
                grant_type: Some(grant.to_owned()),
                aadsts: Some(70008),
                ..Details::default()
            };
            log.write(Endpoint::Token, "POST", "/t", 400, details);
        }
        let counters = log.read().counters;
        assert_eq!(counters["token"], 3);
        assert_eq!(counters["token.refresh_token"], 2);
        assert_eq!(counters["aadsts.70008"], 3);
        assert_eq!(counters.len(), 3);
        log.clear();
        assert!(log.read().requests.is_empty());
    }

    #[test]
    fn the_journal_keeps_the_last_thousand() {
        let log = Log::default();
        for _ in 0..1_005 {
            log.write(Endpoint::Keys, "GET", "/k", 200, Details::default());
        }
        let journal = log.read();
        assert_eq!(journal.requests.len(), MOST_ENTRIES);
        assert_eq!(journal.requests.front().unwrap().number, 6);
        assert_eq!(journal.counters["keys"], 1_005);
    }
}
