//! Holds what to change as data, to be filled in with what a message and the settings name.

use super::said::Said;
use crate::{Change, Evidence, Place};

/// One thing to change. `{app}`, `{redirect_uri}`, `{scope}`, `{resource}`, `{tenant}`,
/// `{parameter}` and `{incident}` in its text, and the same in capitals in its line, are filled in.
#[derive(Debug)]
pub(super) struct Step {
    place: Place,
    name: &'static str,
    text: &'static str,
    line: Option<&'static str>,
}

impl Step {
    const fn at(place: Place, name: &'static str, text: &'static str) -> Self {
        Self {
            place,
            name,
            text,
            line: None,
        }
    }

    /// A change in Entra's portal.
    pub(super) const fn portal(name: &'static str, text: &'static str) -> Self {
        Self::at(Place::Portal, name, text)
    }

    /// A change of our configuration.
    pub(super) const fn config(name: &'static str, text: &'static str) -> Self {
        Self::at(Place::Config, name, text)
    }

    /// A change of Apache's configuration; told only if the configuration came from there.
    pub(super) const fn apache(name: &'static str, text: &'static str) -> Self {
        Self::at(Place::Apache, name, text)
    }

    /// A change of the API, or of a client of it.
    pub(super) const fn api(name: &'static str, text: &'static str) -> Self {
        Self::at(Place::Api, name, text)
    }

    /// A change of the machines around, or something to do in the browser.
    pub(super) const fn environment(name: &'static str, text: &'static str) -> Self {
        Self::at(Place::Environment, name, text)
    }

    /// The line to write.
    pub(super) const fn line(mut self, line: &'static str) -> Self {
        self.line = Some(line);
        self
    }

    fn filled(&self, said: &Said) -> Change {
        // A line with a made-up address would be written out as if it were the one that was sent.
        let unknown = said.redirect_uri.is_none();
        let line = self
            .line
            .filter(|line| !(unknown && line.contains("{REDIRECT-")));
        let text = match (line, self.line) {
            (None, Some(_)) => self
                .text
                .replace("this address", "the redirect URI that was sent"),
            _ => self.text.to_owned(),
        };
        let change = Change::at(self.place, self.name, said.sentence(&text));
        match line {
            Some(line) => change.line(said.line(line)),
            None => change,
        }
    }
}

/// The steps as changes. Our keys and Apache's directives say the same thing: only those of the file
/// at hand are told.
pub(super) fn changes(evidence: &Evidence, said: &Said, steps: &[Step]) -> Vec<Change> {
    let apache = evidence.from_apache() && steps.iter().any(|step| step.place == Place::Apache);
    let other = match apache {
        true => Place::Config,
        false => Place::Apache,
    };
    steps
        .iter()
        .filter(|step| step.place != other)
        .map(|step| step.filled(said))
        .collect()
}
