//! Holds the outcome of a route's rule, part by part, beside what the rule asks for and what the session has.

use serde::Serialize;
use vestibule_gate::claims::Claims;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::request::Request;
use vestibule_gate::route::Route;
use vestibule_gate::rule::{ClaimValue, Requirement, Rule, Subject, Verdict, judge};
use vestibule_session::claims::Claim;

use super::granted::Granted;
use crate::explain::value::{list, shown};
use crate::print::{Ink, Sheet};

/// The reason where it depends on scopes of which nobody knows here whether they were granted.
pub(super) const UNKNOWN_SCOPE: &str = "scope_not_known";

/// One rule and its outcome.
#[derive(Debug, Clone, Serialize)]
pub(in crate::explain) struct Judged {
    /// What it asks for.
    rule: String,
    /// `holds`, `fails`, `unknown`, or `not-judged`: nobody is signed in.
    verdict: &'static str,
    /// The stable code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What the session has instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    /// Why a scope is taken as granted or not, or can't be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Judged>,
}

/// The route's rule, if it has one. The gate stops at the part that settles it; here every part is judged, for each
/// session the person may have. Without anybody signed in, none is.
pub(super) fn rule(
    route: &Route,
    request: &Request,
    found: &[Evidence],
    granted: &Granted,
) -> Option<Judged> {
    let Requirement::Rules(rule) = &route.require else {
        return None;
    };
    let subjects: Vec<Subject<'_>> = found
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Session(session) => Some(Subject {
                claims: Claims::of(session),
                granted_scopes: session.record().granted_scopes().collect(),
                method: request.method(),
                client_ip: request.client_ip(),
            }),
            _ => None,
        })
        .collect();
    Some(judged(rule, &subjects, granted))
}

fn judged(rule: &Rule, subjects: &[Subject<'_>], granted: &Granted) -> Judged {
    let mut judgements = subjects.iter().map(|subject| judge(rule, subject));
    let first = judgements.next();
    let differs =
        judgements.any(|other| Some(other.verdict) != first.as_ref().map(|one| one.verdict));
    let inner: &[Rule] = match rule {
        Rule::All(rules) | Rule::Any(rules) => rules,
        Rule::Not(rule) => std::slice::from_ref(&**rule),
        _ => &[],
    };
    let parts = inner.iter().map(|part| judged(part, subjects, granted));
    let (verdict, reason) = match &first {
        None => ("not-judged", None),
        Some(_) if differs => (Verdict::Unknown.as_str(), Some(UNKNOWN_SCOPE)),
        Some(judgement) => (judgement.verdict.as_str(), Some(judgement.reason.code())),
    };
    Judged {
        rule: asked(rule),
        verdict,
        reason,
        found: first
            .filter(|judgement| judgement.verdict != Verdict::Holds && !differs)
            .and_then(|judgement| {
                let path = judgement.reason.claim()?;
                subjects.first()?.claims.find(path).map(text)
            }),
        note: match rule {
            Rule::Scope { any_of } if !subjects.is_empty() => {
                granted.why(any_of).map(str::to_owned)
            }
            _ => None,
        },
        parts: parts.collect(),
    }
}

/// What a rule asks for.
fn asked(rule: &Rule) -> String {
    let any = |values: Vec<String>| match values.as_slice() {
        [one] => one.clone(),
        several => format!("one of {}", several.join(", ")),
    };
    let words = |values: &[String]| any(list(values.iter().map(String::as_str)));
    match rule {
        Rule::All(_) => "all of".to_owned(),
        Rule::Any(_) => "any of".to_owned(),
        Rule::Not(_) => "not".to_owned(),
        Rule::Claim { path, any_of } => {
            let values = any_of.iter().map(|value| match value {
                ClaimValue::Text(text) => shown(text),
                ClaimValue::Integer(number) => number.to_string(),
                ClaimValue::Boolean(truth) => truth.to_string(),
                _ => String::new(),
            });
            format!("claim {path} is {}", any(values.collect()))
        }
        Rule::Pattern { path, pattern } => {
            format!("claim {path} matches {}", shown(pattern.as_str()))
        }
        Rule::Group { any_of } => format!("group {}", words(any_of)),
        Rule::Role { any_of } => format!("role {}", words(any_of)),
        Rule::Scope { any_of } => format!("scope {}", words(any_of)),
        Rule::Method { any_of } => {
            format!(
                "method {}",
                any(any_of.iter().map(ToString::to_string).collect())
            )
        }
        Rule::Network { any_of } => {
            format!(
                "network {}",
                any(any_of.iter().map(ToString::to_string).collect())
            )
        }
        _ => "a rule".to_owned(),
    }
}

fn text(claim: Claim<'_>) -> String {
    match claim {
        Claim::Text(text) => shown(text),
        Claim::List(items) => list(items.iter().filter_map(Claim::as_str)).join(", "),
        other => shown(&other.to_string()),
    }
}

impl Judged {
    /// Sets it for people.
    pub(super) fn print(&self, sheet: &mut Sheet, indent: usize) {
        let (word, ink) = match self.verdict {
            "holds" => ("holds", Ink::Green),
            "fails" => ("fails", Ink::Red),
            "unknown" => ("unknown", Ink::Yellow),
            _ => ("not judged", Ink::Plain),
        };
        let mut said = self.rule.clone();
        match (&self.found, self.reason) {
            (Some(found), _) => said.push_str(&format!("; the session has {found}")),
            (None, Some("claim_missing")) => said.push_str("; the session has no such claim"),
            (None, Some("groups_overage")) => {
                said.push_str("; the provider left the groups out because there are too many");
            }
            _ => {}
        }
        if let Some(note) = &self.note {
            said.push_str("; ");
            said.push_str(note);
        }
        sheet.hanging(indent, word, ink, indent + 14, &said);
        for part in &self.parts {
            part.print(sheet, indent + 2);
        }
    }
}
