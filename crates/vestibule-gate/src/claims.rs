//! What is known about a signed-in person, and where to look it up.

use vestibule_session::claims::{Claim, ClaimsSet, Object};
use vestibule_session::record::Groups;
use vestibule_session::store::Stored;

/// The name of a claim, or the way to one inside another: `realm_access.roles`.
///
/// A claim whose name holds a dot is found by its whole name first, so `http://schemas.x/role` works
/// as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath(Box<str>);

impl ClaimPath {
    /// A path from its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the claim `groups`, which may not fit into a token.
    #[must_use]
    pub fn is_groups(&self) -> bool {
        &*self.0 == "groups"
    }

    /// What `claims` have at this path. `null` is the same as nothing.
    #[must_use]
    pub fn find<'c>(&self, claims: &'c ClaimsSet) -> Option<Claim<'c>> {
        find(claims.members(), &self.0).filter(|claim| *claim != Claim::Null)
    }
}

impl std::fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn find<'c>(claims: Object<'c>, path: &str) -> Option<Claim<'c>> {
    if let Some(claim) = claims.get(path) {
        return Some(claim);
    }
    path.match_indices('.').find_map(|(at, _)| {
        let (name, rest) = path.split_at(at);
        find(claims.get(name)?.as_object()?, rest.get(1..)?)
    })
}

/// The claims of a signed-in person, by source.
///
/// Rules and the user name take the ID token first, then user info, then the sign-in's own access
/// token, which is here only if its signature, issuer and audience were verified.
#[derive(Debug, Clone, Copy)]
pub struct Claims<'c> {
    /// The claims of the ID token.
    pub id_token: &'c ClaimsSet,
    /// The claims of user info, if it was asked.
    pub userinfo: Option<&'c ClaimsSet>,
    /// The claims of the sign-in's own access token, if it was verified.
    pub access_token: Option<&'c ClaimsSet>,
    /// What the directory said about the groups, if they did not fit into a token.
    pub groups: Option<&'c Groups>,
}

impl<'c> Claims<'c> {
    /// The claims of a session.
    #[must_use]
    pub fn of(session: &'c Stored) -> Self {
        let record = session.record();
        Self {
            id_token: record.claims(),
            userinfo: record.userinfo(),
            access_token: record.access_claims(),
            groups: record.groups(),
        }
    }

    /// What the first source that has it says. Groups that did not fit into a token are what the
    /// directory said, if it told all of them.
    #[must_use]
    pub fn find(&self, path: &ClaimPath) -> Option<Claim<'c>> {
        if let Some(groups) = self.groups.filter(|_| path.is_groups())
            && let Some(list) = groups.list()
        {
            return Some(Claim::List(list));
        }
        self.sources().find_map(|claims| path.find(claims))
    }

    /// Whether the provider left the groups out because there are too many.
    #[must_use]
    pub fn groups_overage(&self) -> bool {
        self.sources().any(ClaimsSet::leaves_groups_out)
    }

    /// Whether there are groups that did not fit into a token, and not all of them are known
    /// otherwise.
    #[must_use]
    pub fn lacks_groups(&self) -> bool {
        self.groups.is_none_or(|groups| groups.list().is_none()) && self.groups_overage()
    }

    /// The scopes a verified access token carries as `scp` or `scope` (RFC 9068 §2.2.3).
    pub fn token_scopes(&self) -> impl Iterator<Item = &'c str> {
        let claimed = self.access_token.into_iter().flat_map(|claims| {
            ["scp", "scope"]
                .into_iter()
                .filter_map(|name| claims.get(name))
        });
        claimed
            .flat_map(Claim::each)
            .filter_map(Claim::as_str)
            .flat_map(|text| text.split(' '))
    }

    /// The name of the person: the first of `choices` that is text.
    #[must_use]
    pub fn user(&self, choices: &[ClaimPath]) -> Option<&'c str> {
        choices
            .iter()
            .filter_map(|path| self.find(path).and_then(Claim::as_str))
            .find(|text| !text.is_empty())
    }

    fn sources(&self) -> impl Iterator<Item = &'c ClaimsSet> + use<'c> {
        [Some(self.id_token), self.userinfo, self.access_token]
            .into_iter()
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::object;
    use serde_json::Value;

    #[test]
    fn whole_names_come_before_ways_into_objects() {
        let claims = object(
            r#"{"a.b":1,"a":{"b":2,"c.d":{"e":3}},"http://schemas.x/role":"r","n":null,"list":[{"x":1}]}"#,
        );
        let find = |path: &str| ClaimPath::new(path).find(&claims).map(Value::from);
        assert_eq!(find("a.b"), Some(1.into()));
        assert_eq!(find("a.c.d.e"), Some(3.into()));
        assert_eq!(find("http://schemas.x/role"), Some("r".into()));
        for missing in ["n", "a.x", "list.x", "", ".", "a.", ".a", "a..b"] {
            assert_eq!(find(missing), None, "{missing}");
        }
    }

    #[test]
    fn the_id_token_wins_over_user_info_and_that_over_the_access_token() {
        let (id, info, access) = (
            object(r#"{"upn":"id"}"#),
            object(r#"{"upn":"info","email":"info"}"#),
            object(r#"{"email":"access","roles":["r"],"scp":"read write"}"#),
        );
        let claims = Claims {
            id_token: &id,
            userinfo: Some(&info),
            access_token: Some(&access),
            groups: None,
        };
        let find = |path: &str| claims.find(&ClaimPath::new(path)).map(Value::from);
        assert_eq!(find("upn"), Some("id".into()));
        assert_eq!(find("email"), Some("info".into()));
        assert!(find("roles").is_some());
        assert_eq!(claims.token_scopes().collect::<Vec<_>>(), ["read", "write"]);
        let user = |names: &[&str]| {
            claims.user(
                &names
                    .iter()
                    .map(|name| ClaimPath::new(name))
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(user(&["absent", "roles", "email"]), Some("info"));
        assert_eq!(user(&["absent"]), None);
    }
}
