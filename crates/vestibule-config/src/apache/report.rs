//! What an import says: what each directive became, what differs, what stops it, what is left to do.

use std::collections::{BTreeMap, HashMap};

use super::SourceVersion;
use super::expand::Line;
use super::syntax::Place;

/// What became of a directive. Matched exhaustively by the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The same, by our own means or by a setting.
    Became,
    /// Something that is not quite the same.
    Differs,
    /// It is not carried over; nothing opens by that.
    Lost,
    /// The import stops here: without it access could open, or the upstream would be told something else.
    Stops,
}

impl Outcome {
    /// The word in the report, and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Became => "became",
            Self::Differs => "differs",
            Self::Lost => "lost",
            Self::Stops => "stops",
        }
    }
}

/// What is said of one directive or section.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Where it is.
    pub at: Place,
    /// Its name as it is written; a section with its brackets.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// In a sentence without full stop: what it is now, and why that differs.
    pub says: String,
    /// What to write or do; for what differs, is lost or stops.
    pub help: Option<String>,
}

/// All that is said of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The version of mod_auth_openidc whose defaults are taken.
    pub version: SourceVersion,
    /// In the order of the files and their lines.
    pub entries: Vec<Entry>,
    /// What is as it is because of the version, and would be otherwise with another.
    pub by_version: Vec<String>,
    /// What the person must do, in the order to do it.
    pub todo: Vec<String>,
}

impl Report {
    /// Whether the import stopped.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| entry.outcome == Outcome::Stops)
    }
}

/// Something that can't be imported, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    pub(crate) at: Place,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Stop {
    pub(crate) fn new(at: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            help: help.into(),
        }
    }
}

/// The entries as they are found, each directive with one at least in the end.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    /// Where in `entries` those of a place are: there may be tens of thousands.
    by_place: HashMap<Place, Vec<usize>>,
    /// The files in the order they were read, which is the order of the report.
    files: BTreeMap<String, usize>,
    todo: Vec<String>,
    by_version: Vec<String>,
    /// How many sections and proxied paths have no route because of what stops.
    unmade: usize,
}

impl Ledger {
    fn add(
        &mut self,
        at: &Place,
        name: &str,
        outcome: Outcome,
        says: String,
        help: Option<String>,
    ) {
        let entry = Entry {
            at: at.clone(),
            name: name.to_owned(),
            outcome,
            says,
            help,
        };
        // Several routes may say the same of one directive.
        let of_place = self.by_place.entry(at.clone()).or_default();
        let mut told = of_place.iter().filter_map(|at| self.entries.get(*at));
        if !told.any(|known| *known == entry) {
            of_place.push(self.entries.len());
            self.entries.push(entry);
        }
    }

    pub(crate) fn became(&mut self, line: &Line, says: impl Into<String>) {
        self.add(&line.at, &line.name, Outcome::Became, says.into(), None);
    }

    pub(crate) fn differs(&mut self, line: &Line, says: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.add(&line.at, &line.name, Outcome::Differs, says.into(), help);
    }

    pub(crate) fn lost(&mut self, line: &Line, says: impl Into<String>, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.add(&line.at, &line.name, Outcome::Lost, says.into(), help);
    }

    pub(crate) fn stop(&mut self, line: &Line, says: impl Into<String>, help: impl Into<String>) {
        self.stop_at(&line.at, &line.name, says, help);
    }

    pub(crate) fn stop_at(
        &mut self,
        at: &Place,
        name: &str,
        says: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(at, name, Outcome::Stops, says.into(), Some(help.into()));
    }

    /// What is said of a section, or of something that is not there.
    pub(crate) fn note(
        &mut self,
        at: &Place,
        name: &str,
        outcome: Outcome,
        says: impl Into<String>,
        help: &str,
    ) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.add(at, name, outcome, says.into(), help);
    }

    /// Whether anything stops the import so far.
    pub(crate) fn stops(&self) -> bool {
        let mut outcomes = self.entries.iter().map(|entry| entry.outcome);
        outcomes.any(|outcome| outcome == Outcome::Stops)
    }

    /// Says that something stopped before it became a route.
    pub(crate) fn unmade(&mut self) {
        self.unmade += 1;
    }

    /// Whether what looks as if it were for no route may be for one that was not made.
    pub(crate) fn lacks_routes(&self) -> bool {
        self.unmade > 0
    }

    /// How often it was said that something stopped before it became a route.
    pub(crate) fn count_of_unmade(&self) -> usize {
        self.unmade
    }

    /// The directive or section at this place, if anything was said of it.
    pub(crate) fn name_at(&self, at: &Place) -> Option<&str> {
        let first = self.by_place.get(at)?.first()?;
        self.entries.get(*first).map(|entry| entry.name.as_str())
    }

    /// Whether anything was said of this directive.
    pub(crate) fn knows(&self, line: &Line) -> bool {
        let of_place = self.by_place.get(&line.at).into_iter().flatten();
        let mut told = of_place.filter_map(|at| self.entries.get(*at));
        told.any(|entry| entry.name == line.name)
    }

    pub(crate) fn todo(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.todo.contains(&what) {
            self.todo.push(what);
        }
    }

    pub(crate) fn by_version(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.by_version.contains(&what) {
            self.by_version.push(what);
        }
    }

    /// Takes over what was said of another virtual host, shared lines included.
    pub(crate) fn absorb(&mut self, other: Self) {
        for entry in other.entries {
            let Entry {
                at,
                name,
                outcome,
                says,
                help,
            } = entry;
            self.add(&at, &name, outcome, says, help);
        }
        for what in other.todo {
            self.todo(what);
        }
        for what in other.by_version {
            self.by_version(what);
        }
    }

    /// Files are told in the order in which this is called.
    pub(crate) fn met(&mut self, file: &str) {
        let next = self.files.len();
        self.files.entry(file.to_owned()).or_insert(next);
    }

    pub(crate) fn into_report(self, version: SourceVersion) -> Report {
        let Self {
            mut entries,
            by_place: _,
            files,
            todo,
            by_version,
            unmade: _,
        } = self;
        let rank = |place: &Place| files.get(&*place.file).copied().unwrap_or(usize::MAX);
        entries.sort_by_key(|entry| (rank(&entry.at), entry.at.line));
        Report {
            version,
            entries,
            by_version,
            todo,
        }
    }
}
