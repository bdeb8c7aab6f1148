//! Which sessions somebody means. What lists them is what ends them.

use serde::{Deserialize, Serialize};
use vestibule_session::claims::ClaimsSet;
use vestibule_session::handle::StoreKey;
use vestibule_session::record::Record;
use vestibule_session::store::Whose;

use super::{Name, SessionId};
use crate::endings::Named;

/// The claims by which a person is known to people.
const USER_CLAIMS: [&str; 4] = ["preferred_username", "upn", "email", "name"];

/// Which sessions are meant.
///
/// Not `#[non_exhaustive]`: whoever ends sessions must know of every way to mean them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Which {
    /// Every one.
    All,
    /// This one.
    Id(SessionId),
    /// Those of whoever has this name: their `preferred_username`, `upn`, `email` or `name`, whole, in
    /// whatever case. People choose such names, and two may have the same.
    User(Name),
    /// Those of whom an issuer calls so: the `sub`, to the letter.
    Subject {
        /// The `sub`.
        subject: Name,
        /// The issuer; any, if it is not said.
        issuer: Option<Name>,
    },
    /// Those of one session at a provider: the `sid`, to the letter.
    Sid {
        /// The `sid`.
        sid: Name,
        /// The issuer; any, if it is not said.
        issuer: Option<Name>,
    },
}

impl Which {
    /// What a store has an index of.
    pub(super) fn whose(&self) -> Option<Whose> {
        match self {
            Self::Subject {
                subject,
                issuer: Some(issuer),
            } => Some(Whose::subject(issuer.as_str(), subject.as_str())),
            Self::Sid {
                sid,
                issuer: Some(issuer),
            } => Some(Whose::sid(issuer.as_str(), sid.as_str())),
            _ => None,
        }
    }

    /// By what sign-ins that are under way are known to be meant, where no index says so.
    pub(super) fn named(&self) -> Option<Named> {
        match self {
            Self::All => Some(Named::Everybody),
            Self::User(name) => Some(Named::User(lower(name.as_str()))),
            Self::Subject { subject, .. } => Some(Named::Subject(subject.as_str().to_owned())),
            Self::Sid { sid, .. } => Some(Named::Sid(sid.as_str().to_owned())),
            // One that has no session yet has no id.
            Self::Id(_) => None,
        }
        .filter(|_| self.whose().is_none())
    }

    /// Whether the session is one of them, with this record.
    pub(super) fn means(&self, key: &StoreKey, record: &Record) -> bool {
        let of = |issuer: &Option<Name>| {
            let issuer = issuer.as_ref();
            issuer.is_none_or(|issuer| issuer.as_str() == record.issuer())
        };
        match self {
            Self::All => true,
            Self::Id(id) => SessionId::of(key) == *id,
            Self::User(name) => users(record).any(|user| same_user(user, name.as_str())),
            Self::Subject { subject, issuer } => subject.as_str() == record.subject() && of(issuer),
            Self::Sid { sid, issuer } => record.sid() == Some(sid.as_str()) && of(issuer),
        }
    }

    /// Whether a session that a store listed for this is one of them though it can't be read.
    pub(super) fn means_unread(&self, key: &StoreKey) -> bool {
        match self {
            Self::All => true,
            Self::Id(id) => SessionId::of(key) == *id,
            Self::User(_) => false,
            Self::Subject { .. } | Self::Sid { .. } => self.whose().is_some(),
        }
    }
}

/// What a person signs in as.
pub(super) fn user(record: &Record) -> Option<&str> {
    let [own @ .., _name] = USER_CLAIMS;
    let sets = [Some(record.claims()), record.userinfo()];
    let mut values = sets.into_iter().flatten().flat_map(|claims| {
        let values = own.into_iter().filter_map(|name| claims.get(name));
        values.filter_map(|value| value.as_str())
    });
    values.find(|user| !user.is_empty())
}

/// Every name a person is known by.
fn users(record: &Record) -> impl Iterator<Item = &str> {
    let sets = [Some(record.claims()), record.userinfo()];
    sets.into_iter().flatten().flat_map(users_in)
}

fn users_in(claims: &ClaimsSet) -> impl Iterator<Item = &str> {
    let values = USER_CLAIMS.iter().filter_map(|name| claims.get(name));
    values.filter_map(|value| value.as_str())
}

/// Everything that a session with this record can be meant by, as far as no index has it.
pub(crate) fn names_of(record: &Record) -> impl Iterator<Item = Named> {
    let subject = Named::Subject(record.subject().to_owned());
    let sid = record.sid().map(|sid| Named::Sid(sid.to_owned()));
    let users = users(record).map(|user| Named::User(lower(user)));
    [Named::Everybody, subject]
        .into_iter()
        .chain(sid)
        .chain(users)
}

fn same_user(one: &str, other: &str) -> bool {
    one == other || lower(one) == lower(other)
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
