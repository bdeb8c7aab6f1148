//! What a report need not say twice: lines one after the other that are not carried over for one reason.

use vestibule_config::apache::{Entry, Outcome};

/// One file of the report.
#[derive(Debug)]
pub(super) struct File<'e> {
    pub(super) name: &'e str,
    pub(super) runs: Vec<Run<'e>>,
}

/// All that is said of one line, or of several that are lost for one reason.
#[derive(Debug)]
pub(super) struct Run<'e> {
    pub(super) entries: Vec<&'e Entry>,
}

/// The entries by file and line.
pub(super) fn files(entries: &[Entry]) -> Vec<File<'_>> {
    let mut files: Vec<File<'_>> = Vec::new();
    for entry in entries {
        let name: &str = &entry.at.file;
        if files.last().is_none_or(|file| file.name != name) {
            files.push(File {
                name,
                runs: Vec::new(),
            });
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        let last = file.runs.last_mut().and_then(|run| run.entries.last_mut());
        let is_more = last.is_some_and(|last| last.at == entry.at && last.name == entry.name);
        match file.runs.last_mut().filter(|_| is_more) {
            Some(run) => run.entries.push(entry),
            None => file.runs.push(Run {
                entries: vec![entry],
            }),
        }
    }
    for file in &mut files {
        let mut folded: Vec<Run<'_>> = Vec::new();
        for run in file.runs.drain(..) {
            match folded.last_mut() {
                Some(last) if run.lost().is_some() && last.lost() == run.lost() => {
                    last.entries.extend(run.entries);
                }
                _ => folded.push(run),
            }
        }
        file.runs = folded;
    }
    files
}

impl<'e> File<'e> {
    /// Why all of it is not carried over, if it is for one reason.
    pub(super) fn lost_as_a_whole(&self) -> Option<&'e str> {
        match self.runs.as_slice() {
            [only] => only.lost(),
            _ => None,
        }
    }
}

impl<'e> Run<'e> {
    /// Why it is not carried over, if that is all there is to say.
    fn lost(&self) -> Option<&'e str> {
        let first = self.entries.first()?;
        let plain = self.is_folded() || self.entries.len() == 1;
        (plain && first.outcome == Outcome::Lost && first.help.is_none())
            .then_some(first.says.as_str())
    }

    /// Whether it stands for several lines.
    pub(super) fn is_folded(&self) -> bool {
        let at = |entry: Option<&&Entry>| entry.map(|entry| (entry.at.line, entry.name.clone()));
        at(self.entries.first()) != at(self.entries.last())
    }

    /// The lines it is about: `7`, or `7-12`.
    pub(super) fn lines(&self) -> String {
        let line = |entry: Option<&&Entry>| entry.map_or(0, |entry| entry.at.line);
        let (first, last) = (line(self.entries.first()), line(self.entries.last()));
        match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        }
    }

    /// What stands there, each name once.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !names.contains(&entry.name.as_str()) {
                names.push(&entry.name);
            }
        }
        names.join(", ")
    }
}
