//! Keeps what was asked, what came of it, and what was found; and tells of it on a terminal while it works.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use vestibule_diagnosis::{Evidence, Finding, Severity, catalogue, diagnose};

/// What came of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// In order.
    Ok,
    /// Something was found.
    Finding,
    /// It could not be told.
    Unknown,
}

impl Outcome {
    /// The word in front of a line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Finding => "finding",
            Self::Unknown => "unknown",
        }
    }
}

/// One question.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What was asked after.
    pub(super) what: String,
    /// What came of it.
    pub(super) outcome: Outcome,
    /// In a few words; the codes, if something was found.
    pub(super) detail: String,
}

/// Everything asked so far.
#[derive(Debug)]
pub(super) struct Look {
    asking: Option<String>,
    is_told: bool,
    /// Findings of the file's reader, until a question shows the same with more at hand.
    of_file: Vec<&'static str>,
    /// Warnings that have no finding, told by somebody else.
    warnings: usize,
    /// Refusals that no finding tells of.
    refusals: usize,
    checks: Vec<Check>,
    findings: Vec<Finding>,
}

impl Look {
    /// Nothing asked yet. Lines are shown while it works if somebody watches and `may_tell`.
    pub(super) fn new(may_tell: bool) -> Self {
        Self {
            asking: None,
            is_told: may_tell && io::stderr().is_terminal(),
            of_file: Vec::new(),
            warnings: 0,
            refusals: 0,
            checks: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Begins a question.
    pub(super) fn begin(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.is_told {
            let mut out = io::stderr().lock();
            let _ = write!(out, "checking {what} … ");
            let _ = out.flush();
        }
        self.asking = Some(what);
    }

    /// It is in order.
    pub(super) fn ok(&mut self, detail: impl Into<String>) {
        self.end(Outcome::Ok, detail.into());
    }

    /// It could not be told, for this reason.
    pub(super) fn unknown(&mut self, detail: impl Into<String>) {
        self.end(Outcome::Unknown, detail.into());
    }

    /// The diagnosis says whether it is in order. Gives whether it is.
    pub(super) fn judge(&mut self, evidence: &Evidence, fine: impl Into<String>) -> bool {
        self.found(diagnose(evidence), fine)
    }

    /// The same, and where the diagnosis finds nothing it could not be told.
    pub(super) fn judge_or(&mut self, evidence: &Evidence, unknown: impl Into<String>) {
        match self.keep(diagnose(evidence)) {
            codes if codes.is_empty() => self.unknown(unknown),
            codes => self.end(Outcome::Finding, codes.join(", ")),
        }
    }

    /// These were found; those known before count no more. Gives whether there is none.
    pub(super) fn found(
        &mut self,
        findings: impl IntoIterator<Item = Finding>,
        fine: impl Into<String>,
    ) -> bool {
        let codes = self.keep(findings);
        let is_fine = codes.is_empty();
        match is_fine {
            true => self.ok(fine),
            false => self.end(Outcome::Finding, codes.join(", ")),
        }
        is_fine
    }

    /// This was found in the settings; `said` by reading the file, beside so many warnings that are no findings.
    pub(super) fn found_in_file(
        &mut self,
        findings: impl IntoIterator<Item = Finding>,
        said: impl IntoIterator<Item = Finding>,
        warnings: usize,
        fine: impl Into<String>,
    ) {
        let mut codes = self.keep(findings);
        let said = self.keep(said);
        self.of_file.extend(&said);
        codes.extend(said);
        self.warnings += warnings;
        let mut parts: Vec<String> = codes.into_iter().map(str::to_owned).collect();
        match warnings {
            0 => {}
            1 => parts.push("1 warning without a code".to_owned()),
            many => parts.push(format!("{many} warnings without a code")),
        }
        match parts.is_empty() {
            true => self.ok(fine),
            false => self.end(Outcome::Finding, parts.join(", ")),
        }
    }

    /// It was refused, whatever the diagnosis makes of that: what was found before may be why.
    pub(super) fn refused(&mut self, evidence: &Evidence, by: impl Into<String>) {
        let findings = diagnose(evidence);
        let is_known =
            |finding: &Finding| self.findings.iter().any(|known| known.code == finding.code);
        // What the settings show of something else is in the evidence too.
        let is_why = |finding: &&Finding| {
            finding.severity == Severity::Error
                && (finding.code.starts_with("VST-CLIENT-") || !is_known(finding))
        };
        let why: Vec<&str> = findings
            .iter()
            .filter(is_why)
            .map(|found| found.code)
            .collect();
        let detail = match why.is_empty() {
            true => {
                self.refusals += 1;
                by.into()
            }
            false => why.join(", "),
        };
        self.keep(findings);
        self.end(Outcome::Finding, detail);
    }

    fn keep(&mut self, findings: impl IntoIterator<Item = Finding>) -> Vec<&'static str> {
        let mut codes = Vec::new();
        for finding in findings {
            let twin = |known: &Finding| known.code == finding.code && known.seen == finding.seen;
            if !self.findings.iter().any(twin) {
                if self.of_file.contains(&finding.code) {
                    self.of_file.retain(|code| *code != finding.code);
                    self.findings.retain(|known| known.code != finding.code);
                }
                codes.push(finding.code);
                self.findings.push(finding);
            }
        }
        codes
    }

    fn end(&mut self, outcome: Outcome, detail: String) {
        let Some(what) = self.asking.take() else {
            return;
        };
        if self.is_told {
            let _ = match outcome {
                Outcome::Ok => writeln!(io::stderr().lock(), "ok"),
                _ => writeln!(
                    io::stderr().lock(),
                    "{}: {}",
                    outcome.word(),
                    plain(&detail)
                ),
            };
        }
        self.checks.push(Check {
            what,
            outcome,
            detail: plain(&detail),
        });
    }

    /// Whether the lines were shown while it worked.
    pub(super) const fn is_told(&self) -> bool {
        self.is_told
    }

    /// What was asked, in order.
    pub(super) fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Ends the asking: what another finding explains is left out, as if all had been asked at once.
    pub(super) fn settle(&mut self) {
        let explained: Vec<&str> = self
            .findings
            .iter()
            .flat_map(|found| consequences(found.code))
            .collect();
        self.findings
            .retain(|finding| !explained.contains(&finding.code));
        for check in &mut self.checks {
            let found = check.outcome == Outcome::Finding;
            if found
                && check
                    .detail
                    .split(", ")
                    .all(|code| explained.contains(&code))
            {
                check
                    .detail
                    .push_str(", which follows from another finding");
            }
        }
    }

    /// What was found: the worse first, else in the order of the questions, since later ones depend on earlier ones.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// Warnings beside the findings.
    pub(super) const fn warnings(&self) -> usize {
        self.warnings
    }

    /// Refusals beside the findings.
    pub(super) const fn refusals(&self) -> usize {
        self.refusals
    }

    /// Whether something does not work.
    pub(super) fn has_errors(&self) -> bool {
        let mut findings = self.findings.iter();
        self.refusals > 0 || findings.any(|finding| finding.severity == Severity::Error)
    }
}

/// Every code that follows from this one, over any number of steps.
fn consequences(code: &'static str) -> Vec<&'static str> {
    let explains = |code| catalogue::row(code).map_or(&[][..], |row| row.explains);
    let mut reached = Vec::new();
    let mut open = explains(code).to_vec();
    while let Some(next) = open.pop() {
        if next != code && !reached.contains(&next) {
            reached.push(next);
            open.extend(explains(next));
        }
    }
    reached
}

/// Words from outside, without what a terminal obeys, and bounded.
fn plain(text: &str) -> String {
    let kept = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    kept.take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_answer_explains_is_not_told() {
        let finding = |code| Finding {
            code,
            severity: Severity::Warning,
            seen: String::new(),
            why: String::new(),
            change: Vec::new(),
            confidence: vestibule_diagnosis::Confidence::Documented,
            source: "",
        };
        let mut look = Look::new(false);
        look.begin("the metadata");
        look.found([finding("VST-TOKEN-MIXED-ACCOUNTS")], "fine");
        look.begin("the token");
        look.found([finding("VST-TOKEN-GRAPH")], "fine");
        look.begin("nothing");
        look.found([finding("VST-TOKEN-GRAPH")], "known before");
        look.settle();
        let codes: Vec<_> = look.findings().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["VST-TOKEN-GRAPH"]);
        let outcomes: Vec<_> = look.checks().iter().map(|check| check.outcome).collect();
        assert_eq!(outcomes, [Outcome::Finding, Outcome::Finding, Outcome::Ok]);
    }

    #[test]
    fn a_refusal_that_nothing_explains_is_an_error_all_the_same() {
        let mut look = Look::new(false);
        look.begin("the credentials");
        look.refused(&Evidence::default(), "refused");
        assert!(look.has_errors());
        assert_eq!(look.checks()[0].outcome, Outcome::Finding);
        assert_eq!((look.refusals(), look.findings().len()), (1, 0));
    }

    #[test]
    fn a_warning_of_the_file_counts_and_the_settings_are_not_in_order() {
        let mut look = Look::new(false);
        look.begin("the settings");
        look.found_in_file([], [], 1, "they go together");
        assert_eq!(look.checks()[0].outcome, Outcome::Finding);
        assert_eq!(look.warnings(), 1);
        assert!(!look.has_errors());
    }

    #[test]
    fn words_from_outside_write_no_escapes() {
        let mut look = Look::new(false);
        look.begin("x");
        look.unknown("a\u{1b}[2Jb");
        assert_eq!(look.checks()[0].detail, "a [2Jb");
    }
}
