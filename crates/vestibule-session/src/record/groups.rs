//! The groups of a person whose token had no room for them, as the directory told them, or why it
//! did not.
//!
//! Groups are object ids: GUIDs, in lower case here. A name of another shape is none the directory
//! was asked about, so nothing is known of it.

use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::time::UnixTime;

use crate::claims::{List, Texts};

/// What a directory said about somebody's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    asked_at: UnixTime,
    pub(super) told: Told,
}

/// Closed on purpose: writing handles each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Every group, sorted.
    All(Texts),
    /// Of those that were asked about, these. Both sorted.
    Of { asked: Texts, member: Texts },
    /// Nothing.
    Unknown(GroupsUnknown),
}

/// Why nothing is known of somebody's groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupsUnknown {
    /// The directory refuses to tell: the permission is missing, or the account is a personal one.
    Forbidden,
    /// The provider gives no token to ask the directory with; Entra says by which number why.
    NoToken {
        /// The `AADSTS` number.
        aadsts: Option<u32>,
    },
    /// There is no refresh token to get such a token with.
    NoRefreshToken,
    /// The directory, or the provider on the way to it, did not answer, or with this status.
    NoAnswer {
        /// The status.
        status: Option<u16>,
    },
    /// The answer can't be used: not of the form, without end, or of another place.
    Unusable,
    /// There are more groups than are kept.
    TooMany,
    /// It is not known where to ask, or about whom.
    NowhereToAsk,
}

impl GroupsUnknown {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Forbidden => "groups_forbidden",
            Self::NoToken { .. } => "groups_no_token",
            Self::NoRefreshToken => "groups_no_refresh_token",
            Self::NoAnswer { .. } => "groups_no_answer",
            Self::Unusable => "groups_unusable",
            Self::TooMany => "groups_too_many",
            Self::NowhereToAsk => "groups_nowhere_to_ask",
        }
    }

    /// Whether asking again soon may end better.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        match self {
            Self::NoAnswer { status } => match status {
                None => true,
                Some(status) => status == 429 || status >= 500,
            },
            _ => false,
        }
    }
}

impl Groups {
    /// The directory told all of them.
    #[must_use]
    pub fn all(groups: impl IntoIterator<Item = String>, asked_at: UnixTime) -> Self {
        Self {
            asked_at,
            told: Told::All(sorted(groups)),
        }
    }

    /// The directory was asked about some, and told of which the person is a member.
    #[must_use]
    pub fn of(
        asked: impl IntoIterator<Item = String>,
        member: impl IntoIterator<Item = String>,
        asked_at: UnixTime,
    ) -> Self {
        Self {
            asked_at,
            told: Told::Of {
                asked: sorted(asked),
                member: sorted(member),
            },
        }
    }

    /// The directory told nothing.
    #[must_use]
    pub const fn unknown(why: GroupsUnknown, asked_at: UnixTime) -> Self {
        Self {
            asked_at,
            told: Told::Unknown(why),
        }
    }

    /// When it was asked.
    #[must_use]
    pub const fn asked_at(&self) -> UnixTime {
        self.asked_at
    }

    /// Whether the person is in this group. `None`: that is not known.
    #[must_use]
    pub fn has(&self, group: &str) -> Option<bool> {
        let group = TenantId::parse(group)?;
        let group = group.as_str();
        match &self.told {
            Told::All(member) => Some(member.contain(group)),
            Told::Of { asked, member } => asked.contain(group).then(|| member.contain(group)),
            Told::Unknown(_) => None,
        }
    }

    /// All groups, a list of texts, if all are known.
    #[must_use]
    pub fn list(&self) -> Option<List<'_>> {
        match &self.told {
            Told::All(groups) => Some(groups.list()),
            _ => None,
        }
    }

    /// Why nothing is known.
    #[must_use]
    pub const fn why_unknown(&self) -> Option<GroupsUnknown> {
        match self.told {
            Told::Unknown(why) => Some(why),
            _ => None,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let texts = match &self.told {
            Told::All(member) => member.len(),
            Told::Of { asked, member } => asked.len() + member.len(),
            Told::Unknown(_) => 0,
        };
        size_of::<Self>() + texts
    }
}

fn sorted(groups: impl IntoIterator<Item = String>) -> Texts {
    let mut groups: Vec<String> = groups
        .into_iter()
        .map(|mut group| {
            group.make_ascii_lowercase();
            group
        })
        .collect();
    groups.sort_unstable();
    groups.dedup();
    Texts::of(groups.iter().map(String::as_str))
}

#[cfg(test)]
mod tests;
