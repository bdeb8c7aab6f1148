//! Says where to look up a number that no table has.

use crate::catalogue::{Case, Row};
use crate::{Change, Confidence, Evidence, Severity};

use super::super::said::Said;
use super::is_known;

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-AADSTS-OTHER",
    title: "an error number that is not in this catalogue",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "Microsoft Entra authentication and authorization error codes",
    symptom: "Entra's page or answer has an `AADSTS` number that has no page here.",
    cause: "Microsoft adds numbers and changes texts without notice.",
    cure: "Look the number up on Microsoft's page. If that does not settle it, the sign-in log of the \
           tenant has the whole story of this one sign-in.",
    fault: None,
    explains: &[],
    judge: unknown_number,
}];

fn unknown_number(evidence: &Evidence) -> Option<Case> {
    let mut numbers = evidence.aadsts();
    let number = numbers.next()?;
    // Beside a number with a page of its own there is better to read.
    if is_known(number) || numbers.any(is_known) {
        return None;
    }
    let said = Said::of(evidence);
    Some(
        Case::new(format!("Entra said `AADSTS{number}`."))
            .change(
                Change::environment("Microsoft's page for the number", "Look it up.").line(
                    format!("https://login.microsoftonline.com/error?code={number}"),
                ),
            )
            .change(Change::portal(
                "Monitoring & health > Sign-in logs",
                format!(
                    "An administrator finds this sign-in with the {}.",
                    said.incident()
                ),
            )),
    )
}
