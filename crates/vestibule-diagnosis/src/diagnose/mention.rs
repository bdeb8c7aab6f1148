//! Says what codes mean that a text only mentions, without a claim that they happened.

use super::judge;
use crate::catalogue;
use crate::text::codes;
use crate::{Evidence, Finding, Severity};

/// What the mentioned codes stand for, where nothing that is told already says so.
pub(super) fn of(evidence: &Evidence, told: &[Finding]) -> Vec<Finding> {
    let Some(text) = evidence.text.as_ref() else {
        return Vec::new();
    };
    if text.mentioned.is_empty() {
        return Vec::new();
    }
    let named = codes(&text.mentioned.join(" "));
    let mut as_if = evidence.clone();
    if let Some(text) = &mut as_if.text {
        text.aadsts.extend(named.aadsts);
        text.codes.extend(named.other);
    }
    let names: Vec<String> = text
        .mentioned
        .iter()
        .map(|code| format!("`{code}`"))
        .collect();
    let mut found = judge(catalogue::rows(), &as_if);
    found.retain(|finding| told.iter().all(|known| known.code != finding.code));
    for finding in &mut found {
        finding.severity = Severity::Info;
        finding.seen = format!(
            "The text mentions {}, and does not show that it happened.",
            names.join(" and ")
        );
    }
    found
}
