//! What a person is called: a claim as it is, or what Apache makes of one.

use std::borrow::Cow;

/// What is made of the claim that names the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserForm {
    /// Which part of the claim is the name.
    pub part: Part,
    /// Whether `@` and the issuer stand behind it, without `https://`. What mod_auth_openidc does unless changed.
    pub with_issuer: bool,
}

/// A part of a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// What stands before the last place of this text. Who has none, or a line feed, has no name.
    Before(String),
    /// What is left without this end. Who has another, or a line feed, has no name: of several domains one alone counts.
    Without(String),
}

impl UserForm {
    /// The name, if the claim has one to give. It is never empty.
    #[must_use]
    pub fn apply<'c>(&self, claim: &'c str, issuer: &str) -> Option<Cow<'c, str>> {
        let name = self.part_of(claim)?;
        if !self.with_issuer {
            return Some(Cow::Borrowed(name));
        }
        let issuer = issuer.strip_prefix("https://").unwrap_or(issuer);
        Some(Cow::Owned(format!("{name}@{issuer}")))
    }

    /// Whether the claim has a name to give.
    #[must_use]
    pub fn takes(&self, claim: &str) -> bool {
        self.part_of(claim).is_some()
    }

    fn part_of<'c>(&self, claim: &'c str) -> Option<&'c str> {
        let name = match &self.part {
            Part::Whole => claim,
            // Where the name ends is a question of one line: Apache's patterns don't look beyond it.
            _ if claim.contains('\n') => return None,
            Part::Before(text) => claim.rsplit_once(text.as_str())?.0,
            Part::Without(end) => claim.strip_suffix(end.as_str())?,
        };
        (!name.is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_part_that_is_asked_for() {
        let form = |part, with_issuer| UserForm { part, with_issuer };
        let before = || Part::Before("@".to_owned());
        let without = || Part::Without("@example.com".to_owned());
        for (form, claim, expected) in [
            (
                form(Part::Whole, false),
                "ada@example.com",
                Some("ada@example.com"),
            ),
            (form(Part::Whole, true), "ada", Some("ada@id.example.com/x")),
            (form(before(), false), "ada@example.com", Some("ada")),
            (form(before(), false), "a@b@c", Some("a@b")),
            (
                form(before(), true),
                "ada@example.com",
                Some("ada@id.example.com/x"),
            ),
            (form(before(), false), "ada", None),
            (form(before(), false), "@example.com", None),
            (form(without(), false), "ada@example.com", Some("ada")),
            (form(without(), false), "ada@example.com.evil.org", None),
            (form(without(), false), "ada@evil.org", None),
            (form(without(), false), "@example.com", None),
            (form(Part::Whole, true), "", None),
            (form(before(), false), "x\ny@z", None),
            (form(before(), false), "x@y\n", None),
            (form(without(), false), "x\ny@example.com", None),
        ] {
            let name = form.apply(claim, "https://id.example.com/x");
            assert_eq!(name.as_deref(), expected, "{form:?} {claim}");
            assert_eq!(form.takes(claim), expected.is_some(), "{form:?} {claim}");
        }
        let form = form(Part::Whole, true);
        assert_eq!(
            form.apply("a", "http://localhost:1").as_deref(),
            Some("a@http://localhost:1")
        );
    }
}
