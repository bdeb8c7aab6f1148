//! Which claims are passed where a preset passes whatever there are.

use vestibule_session::claims::{Claim, ClaimsSet};

/// Which claims the preset passes, and which are in user info or an ID token that is passed as JSON. Headers of the
/// operator's own name their claims, and are not concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these; `None` means all. `OIDCWhiteListedClaims`.
    pub only: Option<Vec<String>>,
    /// And none of these. `OIDCBlackListedClaims`.
    pub without: Vec<String>,
}

impl Selection {
    /// Whether the claim is passed. Letter case makes a difference.
    #[must_use]
    pub fn has(&self, claim: &str) -> bool {
        let is_it = |one: &String| one == claim;
        self.only.as_ref().is_none_or(|only| only.iter().any(is_it))
            && !self.without.iter().any(is_it)
    }

    /// What is left of the claims, in their order.
    pub(super) fn of<'c>(
        &'c self,
        claims: &'c ClaimsSet,
    ) -> impl Iterator<Item = (&'c str, Claim<'c>)> {
        let claims = claims.members().iter();
        claims.filter(|(name, _)| self.has(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_that_is_in_both_lists_is_not_passed() {
        let selection = |only: Option<&[&str]>, without: &[&str]| Selection {
            only: only.map(|list| list.iter().map(|&name| name.to_owned()).collect()),
            without: without.iter().map(|&name| name.to_owned()).collect(),
        };
        for (only, without, passed) in [
            (None, &[][..], &["a", "A", "b"][..]),
            (Some(&["a", "b"][..]), &["b"], &["a"]),
            (Some(&[]), &[], &[]),
            (None, &["a"], &["A", "b"]),
        ] {
            let selection = selection(only, without);
            let left: Vec<&str> = ["a", "A", "b"]
                .into_iter()
                .filter(|name| selection.has(name))
                .collect();
            assert_eq!(left, passed, "{selection:?}");
        }
    }
}
