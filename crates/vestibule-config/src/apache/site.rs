//! Which virtual host is imported, and what holds for the whole of it: the main server first, then its own lines.

use super::expand::{Item, Line, Section, undefined};
use super::report::{Ledger, Outcome, Stop};

/// One server: the main one alone, or a virtual host with what it inherits.
#[derive(Debug)]
pub(crate) struct Site<'t> {
    /// `<VirtualHost>`, if it is one.
    pub(crate) host: Option<&'t Section>,
    /// Directives outside of sections that choose by path, the main server's first.
    pub(crate) lines: Vec<&'t Line>,
    /// Sections that choose by path, in the order in which Apache merges them.
    pub(crate) sections: Vec<&'t Section>,
}

/// All servers: the virtual hosts, or the main server if there are none.
pub(crate) fn sites(items: &[Item]) -> Vec<Site<'_>> {
    let (lines, sections) = parts(items);
    let hosts: Vec<&Section> = sections
        .iter()
        .copied()
        .filter(|section| section.is("VirtualHost"))
        .collect();
    let shared: Vec<&Section> = sections
        .into_iter()
        .filter(|section| !section.is("VirtualHost"))
        .collect();
    if hosts.is_empty() {
        return vec![Site {
            host: None,
            lines,
            sections: shared,
        }];
    }
    let mut all = Vec::new();
    for host in hosts {
        let (own_lines, own_sections) = parts(&host.children);
        all.push(Site {
            host: Some(host),
            lines: lines.iter().copied().chain(own_lines).collect(),
            sections: shared.iter().copied().chain(own_sections).collect(),
        });
    }
    all
}

fn parts(items: &[Item]) -> (Vec<&Line>, Vec<&Section>) {
    let mut lines = Vec::new();
    let mut sections = Vec::new();
    for item in items {
        match item {
            Item::Line(line) => lines.push(line),
            Item::Section(section) => sections.push(section),
        }
    }
    (lines, sections)
}

impl<'t> Site<'t> {
    /// Whether it has anything for us: a proxied path, or sign-in.
    pub(crate) fn concerns_us(&self) -> bool {
        let own = match self.host {
            Some(host) => parts(&host.children),
            None => (self.lines.clone(), self.sections.clone()),
        };
        own.0.iter().any(|line| is_ours(line)) || own.1.iter().any(|section| has_ours(section))
    }

    /// What it is called in the report.
    pub(crate) fn name(&self) -> String {
        let named = self.lines.iter().rev().find(|line| line.is("ServerName"));
        match (named, self.host) {
            (Some(line), _) => line.word(0).to_owned(),
            (None, Some(host)) => format!("<VirtualHost {}>", host.words.join(" ")),
            (None, None) => "the main server".to_owned(),
        }
    }

    /// The directive `name` that is in force; of those before it is said that they are not. One whose value nobody
    /// defines stops the import.
    pub(crate) fn setting(&self, ledger: &mut Ledger, name: &str) -> Option<&'t Line> {
        let mut all = self.all(name);
        let last = all.pop()?;
        // Another virtual host may go by it.
        let here = match self.host {
            Some(_) => format!(" for {}", self.name()),
            None => String::new(),
        };
        for earlier in all {
            ledger.became(
                earlier,
                format!("nothing{here}: line {} says otherwise", last.at.line),
            );
        }
        if let Some(variable) = last.undefined.first() {
            let Stop { message, help, .. } = undefined(&last.at, variable);
            ledger.stop(last, message, help);
            return None;
        }
        Some(last)
    }

    /// All directives `name`, in the order in which they are read.
    pub(crate) fn all(&self, name: &str) -> Vec<&'t Line> {
        let lines = self.lines.iter().copied();
        lines.filter(|line| line.is(name)).collect()
    }

    /// The same where only the last counts, and nobody is told.
    pub(crate) fn last(&self, name: &str) -> Option<&'t Line> {
        self.all(name).pop()
    }
}

/// Whether anything of ours stands outside of virtual hosts.
pub(crate) fn is_shared(items: &[Item]) -> bool {
    let (lines, sections) = parts(items);
    lines.into_iter().any(is_ours)
        || sections
            .into_iter()
            .any(|section| !section.is("VirtualHost") && has_ours(section))
}

/// Names that make a virtual host worth importing.
fn is_ours(line: &Line) -> bool {
    ["ProxyPass", "ProxyPassMatch", "OIDCRedirectURI", "AuthType"]
        .iter()
        .any(|name| line.is(name))
}

fn has_ours(section: &Section) -> bool {
    section.children.iter().any(|item| match item {
        Item::Line(line) => is_ours(line),
        Item::Section(section) => has_ours(section),
    })
}

/// Says of every line below `items` that its server is not imported.
pub(crate) fn leave_out(items: &[Item], ledger: &mut Ledger, why: &str) {
    for item in items {
        match item {
            Item::Line(line) => ledger.note(&line.at, &line.name, Outcome::Lost, why, ""),
            Item::Section(section) => leave_out(&section.children, ledger, why),
        }
    }
}
