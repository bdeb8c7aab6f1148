//! Holds the outcome of a route's rule, part by part, beside what the rule asks for and what the session has.

use serde::Serialize;
use serde_json::Value;
use vestibule_gate::claims::Claims;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::request::Request;
use vestibule_gate::route::Route;
use vestibule_gate::rule::{ClaimValue, Requirement, Rule, Subject, Verdict, judge};

use crate::explain::value::{list, shown};
use crate::print::{Ink, Sheet};

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
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Judged>,
}

/// The route's rule, if it has one. The gate stops at the part that settles it; here every part is judged. Without
/// anybody signed in, none is.
pub(super) fn rule(route: &Route, request: &Request, evidence: &Evidence) -> Option<Judged> {
    let Requirement::Rules(rule) = &route.require else {
        return None;
    };
    let subject = match evidence {
        Evidence::Session(session) => Some(Subject {
            claims: Claims::of(session),
            granted_scopes: session.record().granted_scopes().collect(),
            method: request.method(),
            client_ip: request.client_ip(),
        }),
        _ => None,
    };
    Some(judged(rule, subject.as_ref()))
}

fn judged(rule: &Rule, subject: Option<&Subject<'_>>) -> Judged {
    let judgement = subject.map(|subject| judge(rule, subject));
    let judgement = judgement.as_ref();
    let inner: &[Rule] = match rule {
        Rule::All(rules) | Rule::Any(rules) => rules,
        Rule::Not(rule) => std::slice::from_ref(&**rule),
        _ => &[],
    };
    let parts = inner.iter().map(|part| judged(part, subject));
    Judged {
        rule: asked(rule),
        verdict: judgement.map_or("not-judged", |judgement| judgement.verdict.as_str()),
        reason: judgement.map(|judgement| judgement.reason.code()),
        found: judgement
            .filter(|judgement| judgement.verdict != Verdict::Holds)
            .and_then(|judgement| {
                let path = judgement.reason.claim()?;
                subject?.claims.find(path).map(text)
            }),
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

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text),
        Value::Array(items) => list(items.iter().filter_map(Value::as_str)).join(", "),
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
        sheet.hanging(indent, word, ink, indent + 14, &said);
        for part in &self.parts {
            part.print(sheet, indent + 2);
        }
    }
}
