//! Holds what a row of the catalogue is, and finds rows.
//!
//! A row is static text, which also makes its page in the documentation, and one small function
//! that looks at the evidence. Rows live in one file or folder per family under `family/`.

use crate::{Change, Confidence, Evidence, Severity};

/// One thing that can be wrong.
#[derive(Debug)]
pub struct Row {
    /// The stable code, `VST-FAMILY-NAME`.
    pub code: &'static str,
    /// What it is called: half a sentence.
    pub title: &'static str,
    /// How bad it usually is; a case can say otherwise.
    pub severity: Severity,
    /// How well known the cause is; a case can only be less sure.
    pub confidence: Confidence,
    /// Who says so: a document or a specification, as people find it.
    pub source: &'static str,
    /// What the person meets.
    pub symptom: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What helps.
    pub cure: &'static str,
    /// The fault of the local provider that shows it: `vestibule demo --fault NAME`.
    pub fault: Option<&'static str>,
    /// The codes of its consequences: they are not told beside it.
    pub explains: &'static [&'static str],
    /// Whether the evidence shows it.
    pub judge: fn(&Evidence) -> Option<Case>,
}

/// What a row saw in the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What was seen, as sentences.
    pub seen: String,
    /// Why, where that can be said closer than by the row's cause.
    pub why: Option<String>,
    /// What to change; the first is the one to try first.
    pub change: Vec<Change>,
    /// How bad it is, where it differs from the row's.
    pub severity: Option<Severity>,
    /// How sure, where it is less than the row's.
    pub confidence: Option<Confidence>,
}

impl Case {
    /// This was seen.
    pub fn new(seen: impl Into<String>) -> Self {
        Self {
            seen: seen.into(),
            why: None,
            change: Vec::new(),
            severity: None,
            confidence: None,
        }
    }

    /// A closer reason than the row's cause.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// One more thing to change.
    #[must_use]
    pub fn change(mut self, change: Change) -> Self {
        self.change.push(change);
        self
    }

    /// More things to change.
    #[must_use]
    pub fn changes(mut self, changes: impl IntoIterator<Item = Change>) -> Self {
        self.change.extend(changes);
        self
    }

    /// Another severity than the row's.
    #[must_use]
    pub const fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Less sure than the row.
    #[must_use]
    pub const fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = Some(confidence);
        self
    }
}

/// Rows that belong together.
#[derive(Debug)]
pub struct Family {
    /// Its name in one word, as in the file's.
    pub name: &'static str,
    /// Its heading in the documentation.
    pub title: &'static str,
    /// Its rows, in parts.
    pub rows: &'static [&'static [Row]],
    /// What shows each row, and what comes close.
    #[cfg(test)]
    pub(crate) cases: fn() -> Vec<crate::testing::RowCase>,
}

/// Every family, in the order of the documentation.
pub const fn families() -> &'static [Family] {
    crate::family::FAMILIES
}

/// Every row, in the catalogue's order.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    families()
        .iter()
        .flat_map(|family| family.rows)
        .flat_map(|part| part.iter())
}

/// The row of this code.
pub fn row(code: &str) -> Option<&'static Row> {
    rows().find(|row| row.code == code)
}

#[cfg(test)]
mod tests;
