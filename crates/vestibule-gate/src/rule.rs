//! The rules of a route, judged one by one with the reason for each.
//!
//! A rule holds, fails, or can't be known. What can't be known (a missing claim, one of another kind
//! than the rule compares, groups left out for their number) is never turned into a yes by `not`: only
//! a rule that *holds* lets anyone through.

use std::net::IpAddr;

use ipnet::IpNet;
use vestibule_session::claims::Claim;

use crate::claims::{ClaimPath, Claims};
use crate::method::Method;
use crate::pattern::Pattern;

/// Who may take a route. Exhaustive: no kind of route may be forgotten.
#[derive(Debug, Clone, PartialEq)]
pub enum Requirement {
    /// Anybody, without signing in.
    Public,
    /// Anybody; the upstream is told of those who are signed in.
    Anyone,
    /// Anybody who is signed in.
    SignedIn,
    /// Those signed in for whom the rule holds.
    Rules(Rule),
}

/// One rule, possibly made of others.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// All of these. Nobody, if there are none.
    All(Vec<Rule>),
    /// Any of these. Nobody, if there are none.
    Any(Vec<Rule>),
    /// Not this.
    Not(Box<Rule>),
    /// The claim has any of these values, or is a list that has one.
    Claim {
        /// Which claim.
        path: ClaimPath,
        /// The values, compared exactly and by type.
        any_of: Vec<ClaimValue>,
    },
    /// The claim is text that this pattern is found in, or is a list that has such a text.
    Pattern {
        /// Which claim.
        path: ClaimPath,
        /// The pattern.
        pattern: Pattern,
    },
    /// The claim `groups` has any of these.
    Group {
        /// The groups, by the name or number the provider gives them.
        any_of: Vec<String>,
    },
    /// The claim `roles` has any of these.
    Role {
        /// The roles.
        any_of: Vec<String>,
    },
    /// Any of these scopes was granted at sign-in.
    Scope {
        /// The scopes.
        any_of: Vec<String>,
    },
    /// The method is any of these.
    Method {
        /// The methods.
        any_of: Vec<Method>,
    },
    /// The client's address is in any of these networks.
    Network {
        /// The networks.
        any_of: Vec<IpNet>,
    },
}

/// A value to compare a claim with. Text is never equal to a number or a boolean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A boolean.
    Boolean(bool),
}

impl ClaimValue {
    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::Boolean(_) => None,
        }
    }

    /// `None`: the two are of different kinds, and neither equal nor different.
    fn equals(&self, claim: Claim<'_>) -> Option<bool> {
        match (self, claim) {
            (Self::Text(text), Claim::Text(value)) => Some(text == value),
            (Self::Integer(number), Claim::Number(value)) => Some(value.as_i64() == Some(*number)),
            (Self::Boolean(truth), Claim::Bool(value)) => Some(*truth == value),
            _ => None,
        }
    }
}

impl Rule {
    /// Calls `see` with each group that the rule, or a part of it, names.
    pub fn for_each_group<'r>(&'r self, see: &mut impl FnMut(&'r str)) {
        match self {
            Self::All(rules) | Self::Any(rules) => {
                for rule in rules {
                    rule.for_each_group(see);
                }
            }
            Self::Not(rule) => rule.for_each_group(see),
            Self::Group { any_of } => any_of.iter().for_each(|group| see(group)),
            Self::Claim { path, any_of } if path.is_groups() => {
                any_of.iter().filter_map(ClaimValue::as_text).for_each(see);
            }
            _ => {}
        }
    }

    /// Whether the rule, or a part of it, asks for groups that it does not name: then all of them have to be known.
    #[must_use]
    pub fn looks_at_all_groups(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::looks_at_all_groups),
            Self::Not(rule) => rule.looks_at_all_groups(),
            Self::Pattern { path, .. } => path.is_groups(),
            _ => false,
        }
    }

    /// Whether the rule, or a part of it, looks at the method. Requests on such a route lose the
    /// fields by which some frameworks take another method than the one that was judged.
    #[must_use]
    pub fn looks_at_method(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::looks_at_method),
            Self::Not(rule) => rule.looks_at_method(),
            Self::Method { .. } => true,
            _ => false,
        }
    }
}

/// What a rule looks at.
#[derive(Debug, Clone)]
pub struct Subject<'s> {
    /// What is known about the person.
    pub claims: Claims<'s>,
    /// The scopes granted at sign-in.
    pub granted_scopes: Vec<&'s str>,
    /// The method of the request.
    pub method: &'s Method,
    /// The client's address.
    pub client_ip: IpAddr,
}

/// Whether a rule holds. Exhaustive: three is all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    Fails,
    /// It can't be known, which lets nobody through.
    Unknown,
}

impl Verdict {
    /// The word in the trace.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Unknown => "unknown",
        }
    }
}

/// A rule's verdict and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The judgements of the parts that were looked at, in order.
    pub parts: Vec<Judgement>,
}

/// Why a rule holds or not. Holds nothing of the person's claims but their names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `all`: see the parts.
    All,
    /// `any`: see the parts.
    Any,
    /// `not`: see the part.
    Not,
    /// A list of rules with nothing in it.
    NoRules,
    /// The claim has one of the values.
    ClaimMatches(ClaimPath),
    /// The claim has other values.
    ClaimDiffers(ClaimPath),
    /// The claim has none of the values, and something of another kind than they are: an object, or a
    /// number where the rule has text. What it means is not known.
    ClaimOfAnotherKind(ClaimPath),
    /// The claim is not there.
    ClaimMissing(ClaimPath),
    /// This claim names the person, and is not there, or not as the route has to have it: nobody knows whom to tell the
    /// upstream of.
    Nameless(ClaimPath),
    /// The provider left the groups out because there are too many; they would have to be asked for.
    GroupsOverage,
    /// One of the scopes was granted.
    ScopeGranted,
    /// None of the scopes was granted.
    ScopeNotGranted,
    /// The method is one of those.
    MethodMatches,
    /// The method is none of those.
    MethodDiffers,
    /// The address is in one of the networks.
    NetworkMatches,
    /// The address is in none of the networks.
    NetworkDiffers,
}

impl Reason {
    /// The stable code, for the trace.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::Not => "not",
            Self::NoRules => "no_rules",
            Self::ClaimMatches(_) => "claim_matches",
            Self::ClaimDiffers(_) => "claim_differs",
            Self::ClaimOfAnotherKind(_) => "claim_of_another_kind",
            Self::ClaimMissing(_) => "claim_missing",
            Self::Nameless(_) => "user_missing",
            Self::GroupsOverage => "groups_overage",
            Self::ScopeGranted => "scope_granted",
            Self::ScopeNotGranted => "scope_not_granted",
            Self::MethodMatches => "method_matches",
            Self::MethodDiffers => "method_differs",
            Self::NetworkMatches => "network_matches",
            Self::NetworkDiffers => "network_differs",
        }
    }

    /// The claim it is about.
    #[must_use]
    pub const fn claim(&self) -> Option<&ClaimPath> {
        match self {
            Self::ClaimMatches(path)
            | Self::ClaimDiffers(path)
            | Self::ClaimOfAnotherKind(path)
            | Self::ClaimMissing(path)
            | Self::Nameless(path) => Some(path),
            _ => None,
        }
    }
}

impl Judgement {
    /// What can't be known for this reason.
    #[must_use]
    pub fn unknown(reason: Reason) -> Self {
        Self::leaf(Verdict::Unknown, reason)
    }

    fn leaf(verdict: Verdict, reason: Reason) -> Self {
        Self {
            verdict,
            reason,
            parts: Vec::new(),
        }
    }

    fn either(holds: bool, yes: Reason, no: Reason) -> Self {
        if holds {
            Self::leaf(Verdict::Holds, yes)
        } else {
            Self::leaf(Verdict::Fails, no)
        }
    }

    /// The judgement that settled this one: what to tell a person who was turned away.
    #[must_use]
    pub fn decisive(&self) -> &Self {
        self.parts
            .iter()
            .rev()
            .find(|part| part.verdict == self.verdict || self.reason == Reason::Not)
            .map_or(self, Self::decisive)
    }
}

/// Judges one rule.
#[must_use]
pub fn judge(rule: &Rule, subject: &Subject<'_>) -> Judgement {
    match rule {
        Rule::All(rules) => judge_list(rules, subject, Verdict::Fails, Reason::All),
        Rule::Any(rules) => judge_list(rules, subject, Verdict::Holds, Reason::Any),
        Rule::Not(rule) => {
            let part = judge(rule, subject);
            let verdict = match part.verdict {
                Verdict::Holds => Verdict::Fails,
                Verdict::Fails => Verdict::Holds,
                Verdict::Unknown => Verdict::Unknown,
            };
            Judgement {
                verdict,
                reason: Reason::Not,
                parts: vec![part],
            }
        }
        Rule::Claim { path, any_of } => {
            let judgement = judge_claim(subject, path, |value| {
                let compared = any_of.iter().filter_map(|one| one.equals(value));
                compared.reduce(|one, other| one || other)
            });
            match path.is_groups() {
                true => {
                    let texts = any_of.iter().filter_map(ClaimValue::as_text);
                    asking_directory(judgement, subject, texts)
                }
                false => judgement,
            }
        }
        Rule::Pattern { path, pattern } => {
            let judgement =
                judge_claim(subject, path, |value| Some(pattern.is_in(value.as_str()?)));
            // The directory tells ids, and the pattern may be about names: not found there is not known.
            let told_elsewhere = path.is_groups() && subject.claims.groups_overage();
            match told_elsewhere && judgement.verdict != Verdict::Holds {
                true => Judgement::unknown(Reason::GroupsOverage),
                false => judgement,
            }
        }
        Rule::Group { any_of } => {
            let judgement = judge_texts(subject, "groups", any_of);
            asking_directory(judgement, subject, any_of.iter().map(String::as_str))
        }
        Rule::Role { any_of } => judge_texts(subject, "roles", any_of),
        Rule::Scope { any_of } => Judgement::either(
            subject
                .claims
                .token_scopes()
                .chain(subject.granted_scopes.iter().copied())
                .any(|scope| any_of.iter().any(|one| one == scope)),
            Reason::ScopeGranted,
            Reason::ScopeNotGranted,
        ),
        Rule::Method { any_of } => Judgement::either(
            any_of.contains(subject.method),
            Reason::MethodMatches,
            Reason::MethodDiffers,
        ),
        Rule::Network { any_of } => Judgement::either(
            any_of
                .iter()
                .any(|network| network.contains(&subject.client_ip)),
            Reason::NetworkMatches,
            Reason::NetworkDiffers,
        ),
    }
}

/// Kleene's three-valued `all` and `any`: stops at the verdict that settles it, else the unknown
/// wins.
fn judge_list(
    rules: &[Rule],
    subject: &Subject<'_>,
    settles: Verdict,
    reason: Reason,
) -> Judgement {
    if rules.is_empty() {
        return Judgement::leaf(Verdict::Unknown, Reason::NoRules);
    }
    let mut parts = Vec::with_capacity(rules.len());
    let mut verdict = if settles == Verdict::Fails {
        Verdict::Holds
    } else {
        Verdict::Fails
    };
    for rule in rules {
        let part = judge(rule, subject);
        let settled = part.verdict == settles;
        if settled || part.verdict == Verdict::Unknown {
            verdict = part.verdict;
        }
        parts.push(part);
        if settled {
            break;
        }
    }
    Judgement {
        verdict,
        reason,
        parts,
    }
}

/// The judgement of a rule on groups where the groups did not fit into a token: by what the
/// directory said, as far as it said it.
fn asking_directory<'r>(
    by_token: Judgement,
    subject: &Subject<'_>,
    any_of: impl Iterator<Item = &'r str>,
) -> Judgement {
    if by_token.verdict == Verdict::Holds || !subject.claims.groups_overage() {
        return by_token;
    }
    let path = ClaimPath::new("groups");
    let mut all_known = true;
    for group in any_of {
        match subject.claims.groups.and_then(|groups| groups.has(group)) {
            Some(true) => return Judgement::leaf(Verdict::Holds, Reason::ClaimMatches(path)),
            Some(false) => {}
            None => all_known = false,
        }
    }
    match all_known {
        true => Judgement::leaf(Verdict::Fails, Reason::ClaimDiffers(path)),
        false => Judgement::leaf(Verdict::Unknown, Reason::GroupsOverage),
    }
}

fn judge_texts(subject: &Subject<'_>, claim: &str, any_of: &[String]) -> Judgement {
    judge_claim(subject, &ClaimPath::new(claim), |value| {
        let text = value.as_str()?;
        Some(any_of.iter().any(|one| one == text))
    })
}

/// `matches` says `None` of what it can't compare.
fn judge_claim(
    subject: &Subject<'_>,
    path: &ClaimPath,
    matches: impl Fn(Claim<'_>) -> Option<bool>,
) -> Judgement {
    let Some(found) = subject.claims.find(path) else {
        return Judgement::leaf(Verdict::Unknown, Reason::ClaimMissing(path.clone()));
    };
    let mut all_compared = true;
    for value in found.each() {
        match matches(value) {
            Some(true) => {
                return Judgement::leaf(Verdict::Holds, Reason::ClaimMatches(path.clone()));
            }
            Some(false) => {}
            None => all_compared = false,
        }
    }
    match all_compared {
        true => Judgement::leaf(Verdict::Fails, Reason::ClaimDiffers(path.clone())),
        false => Judgement::leaf(Verdict::Unknown, Reason::ClaimOfAnotherKind(path.clone())),
    }
}

#[cfg(test)]
mod tests;
