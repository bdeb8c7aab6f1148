//! Decides what is told: asks every row, and leaves out the consequences of what is told already.

mod mention;

use crate::catalogue::{self, Case, Row};
use crate::cure;
use crate::shown::redacted;
use crate::{Change, Evidence, Finding};

/// Everything there is to say about the evidence, the root cause first. Nothing, for what works as
/// far as anybody can tell.
///
/// A finding that another one explains, directly or over others, is left out. What is left is
/// ordered: what explained something, then the worse before the better, then as in the catalogue.
///
/// What a text only mentions comes last, as worth knowing.
pub fn diagnose(evidence: &Evidence) -> Vec<Finding> {
    let mut told = judge(catalogue::rows(), evidence);
    let mentioned = mention::of(evidence, &told);
    told.extend(mentioned);
    told
}

/// What there is to say about a token where only its evidence counts: for each token a proxy passes on.
///
/// As [`diagnose`], of the families that judge tokens alone. Cheap enough for every sign-in and refresh.
pub fn diagnose_token(evidence: &Evidence) -> Vec<Finding> {
    let families = catalogue::families().iter();
    let rows = families
        .filter(|family| OF_TOKENS.contains(&family.name))
        .flat_map(|family| family.rows.iter().copied().flatten());
    judge(rows, evidence)
}

/// The families that judge tokens.
const OF_TOKENS: [&str; 4] = ["token", "keys", "time", "product"];

pub(crate) fn judge<'a>(rows: impl Iterator<Item = &'a Row>, evidence: &Evidence) -> Vec<Finding> {
    // What a log names of a token is no token: nothing follows from what it leaves out.
    let partial = evidence
        .token
        .as_ref()
        .is_some_and(|token| token.is_partial);
    let without = partial.then(|| Evidence {
        token: None,
        ..evidence.clone()
    });
    let shown_to = |row: &Row| match &without {
        Some(without) if !OF_CLAIMS.contains(&row.code) => without,
        _ => evidence,
    };
    let mut seen: Vec<(&Row, Case)> = rows
        .filter_map(|row| {
            let case = (row.judge)(shown_to(row)).or_else(|| named(row, evidence))?;
            Some((row, case))
        })
        .collect();
    last_resort(&mut seen, evidence);
    if seen.len() < 2 {
        return seen
            .into_iter()
            .map(|seen| finding(seen, evidence))
            .collect();
    }
    let reached: Vec<Vec<&str>> = seen.iter().map(|(row, _)| consequences(row)).collect();
    // Somebody judged already, and with more at hand than the words they left.
    let is_named = |code: &str| is_named(evidence, code);
    let explained =
        |code: &str| !is_named(code) && reached.iter().any(|codes| codes.contains(&code));
    let explains_something = |codes: &[&str]| seen.iter().any(|(row, _)| codes.contains(&row.code));
    let mut told: Vec<((bool, bool), usize)> = reached
        .iter()
        .zip(&seen)
        .enumerate()
        .filter(|(_, (_, (row, _)))| !explained(row.code))
        .map(|(place, (codes, (row, _)))| ((is_named(row.code), explains_something(codes)), place))
        .collect();
    let severity = |place: usize| {
        seen.get(place)
            .map(|(row, case)| case.severity.unwrap_or(row.severity))
    };
    // The sort is stable: equal ones stay in the catalogue's order.
    told.sort_by_key(|(root, place)| std::cmp::Reverse((*root, severity(*place))));
    let mut seen: Vec<_> = seen.into_iter().map(Some).collect();
    told.into_iter()
        .filter_map(|(_, place)| {
            seen.get_mut(place)?
                .take()
                .map(|seen| finding(seen, evidence))
        })
        .collect()
}

/// The rows that judge by the claims that are there alone.
const OF_CLAIMS: [&str; 19] = [
    "VST-TOKEN-GRAPH",
    "VST-TOKEN-MICROSOFT-API",
    "VST-TOKEN-AUDIENCE",
    "VST-TOKEN-AUDIENCE-NAME",
    "VST-TOKEN-CLOUD",
    "VST-TOKEN-TEMPLATE",
    "VST-TOKEN-ISSUER",
    "VST-TOKEN-TENANT",
    "VST-TOKEN-GROUPS-OLD-URL",
    "VST-TOKEN-GROUPS-OVERAGE",
    "VST-TIME-EXPIRED",
    "VST-TIME-NOT-YET",
    "VST-CLIENT-ISSUER-COMMON",
    "VST-CLIENT-ISSUER-NAME",
    "VST-KEYCLOAK-AUDIENCE",
    "VST-KEYCLOAK-HOST",
    "VST-OKTA-AUDIENCE",
    "VST-OKTA-ORG-SERVER",
    "VST-ADFS-DEFAULT-RESOURCE",
];

/// The name of an error says little: it is told only where nothing says more.
fn last_resort(seen: &mut Vec<(&Row, Case)>, evidence: &Evidence) {
    let is_last = |row: &Row| row.code.starts_with("VST-OAUTH-") && !is_named(evidence, row.code);
    let says_more = seen.iter().any(|(row, case)| {
        let error = case.severity.unwrap_or(row.severity) == crate::Severity::Error;
        !is_last(row) && (error || row.code.starts_with("VST-AA"))
    });
    let mut told = false;
    seen.retain(|(row, _)| !is_last(row) || !says_more && !std::mem::replace(&mut told, true));
}

fn is_named(evidence: &Evidence, code: &str) -> bool {
    let text = evidence.text.as_ref();
    text.is_some_and(|text| text.own.contains(&code))
}

/// A finding whose code stands in pasted text, with nothing beside it that shows it anew.
fn named(row: &Row, evidence: &Evidence) -> Option<Case> {
    is_named(evidence, row.code).then(|| {
        Case::new(format!(
            "The text names the finding {}: {}.",
            row.code, row.title
        ))
        .change(Change::environment("what helps", row.cure))
    })
}

fn finding((row, case): (&Row, Case), evidence: &Evidence) -> Finding {
    let apache = evidence.from_apache();
    let clean = |change: Change| {
        let change = if apache {
            cure::in_apache(change)
        } else {
            change
        };
        Change {
            place: change.place,
            name: redacted(change.name),
            text: redacted(change.text),
            line: change.line.map(redacted),
        }
    };
    Finding {
        code: row.code,
        severity: case.severity.unwrap_or(row.severity),
        seen: redacted(case.seen),
        why: case.why.map_or_else(|| row.cause.to_owned(), redacted),
        change: case.change.into_iter().map(clean).collect(),
        // Documentation of the row does not vouch for a weaker sign of it.
        confidence: case
            .confidence
            .unwrap_or(row.confidence)
            .max(row.confidence),
        source: row.source,
    }
}

/// Every code that follows from a row, over any number of steps.
fn consequences(row: &Row) -> Vec<&'static str> {
    let mut reached = Vec::new();
    let mut open: Vec<&'static str> = row.explains.to_vec();
    while let Some(code) = open.pop() {
        if code != row.code && !reached.contains(&code) {
            reached.push(code);
            open.extend(catalogue::row(code).map_or(&[][..], |row| row.explains));
        }
    }
    reached
}

#[cfg(test)]
mod tests;
