//! Refreshes.

use serde_json::Value;

use crate::catalogue::{Case, Row};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TIME-EXPIRES-IN",
        title: "a lifetime that is not understood",
        severity: Severity::Warning,
        confidence: Confidence::Observed,
        source: "RFC 6749 §5.1; answers of Entra's v1.0 endpoint and of B2C",
        symptom: "Tokens are refreshed at every request.",
        cause: "`expires_in` came as text, as zero, or not at all, and was taken for \"already over\". Some \
                endpoints send it as text.",
        cure: "Read numbers and text alike; where it is missing, take the token's `exp`.",
        fault: None,
        explains: &[],
        judge: expires_in,
    },
    Row {
        code: "VST-TIME-REFRESH-RACE",
        title: "two refreshes at the same time",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9700 §4.14.2; Microsoft identity platform: refresh tokens",
        symptom: "Now and then somebody is signed out in the middle of work.",
        cause: "Two requests used one refresh token at once. Many providers take the second use for a \
                theft and end the whole session. Entra lets the old token live.",
        cure: "Let one refresh at a time run for a session, over all replicas.",
        fault: None,
        explains: &[],
        judge: race,
    },
];

/// More refreshes a minute than lifetimes explain.
const MANY_REFRESHES: u32 = 3;

fn expires_in(evidence: &Evidence) -> Option<Case> {
    let answer = evidence.token_response.as_ref()?;
    if evidence.counts.refreshes < MANY_REFRESHES {
        return None;
    }
    let what = match &answer.expires_in {
        None => "is missing".to_owned(),
        Some(Value::String(_)) => "is text, not a number".to_owned(),
        Some(Value::Number(number)) if number.as_i64().is_some_and(|secs| secs <= 0) => {
            format!("is {number}")
        }
        Some(_) => return None,
    };
    Some(
        Case::new(format!(
            "{} refreshes of one session within a minute, and `expires_in` {what}.",
            evidence.counts.refreshes
        ))
        .change(Change::api(
            "expires_in",
            "Who keeps the tokens: take text for a number, and without one the `exp` of the token.",
        )),
    )
}

fn race(evidence: &Evidence) -> Option<Case> {
    let count = evidence.counts.parallel_refreshes;
    (count > 1).then(|| {
        let case = Case::new(format!(
            "{count} refreshes of one session ran at the same time."
        ))
        .change(
            Change::config(
                "session.store",
                "Let replicas share one store: a refresh then runs once for all of them.",
            )
            .line("store = \"redis://…\""),
        );
        match evidence.is_entra() {
            true => case
                .because(
                    "Entra lets the refresh token used before live on, so it does no harm here.",
                )
                .severity(Severity::Info),
            false => case,
        }
    })
}
