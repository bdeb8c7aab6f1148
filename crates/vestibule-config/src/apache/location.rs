//! Which paths a section is for, and what holds at one path after all sections are merged.
//!
//! As httpd 2.4 merges: what stands outside of sections, then `<Proxy>`, then `<Location>` and `<LocationMatch>` in the
//! order of the file. Later wins directive by directive; the `Require` lines of a later section replace all earlier ones.

use super::expand::{Item, Line, Section, undefined};
use super::paths_of_pattern::{self, Below};
use super::report::{Ledger, Stop};
use super::site::Site;

/// A section, and a path at which it begins. Its paths are that one and everything below.
#[derive(Debug, Clone)]
pub(crate) struct Location<'t> {
    pub(crate) path: String,
    /// Whether Apache takes it for what is below its path, and not for the path: `<Location /app/>`, `^/app/`.
    pub(crate) below_only: bool,
    /// What it says, where it is taken for whole names and Apache takes it for all that begin so: `^/(admin|api)`.
    pub(crate) shortened: Option<Plain>,
    pub(crate) section: &'t Section,
}

/// All that a section says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// Everybody may pass.
    Opens,
    /// Whoever is signed in may pass.
    Asks,
}

/// What the section says, if it is one of these and no more.
fn plainly(section: &Section) -> Option<Plain> {
    let mut lines = Vec::new();
    for item in &section.children {
        match item {
            Item::Line(line) => lines.push(line),
            Item::Section(_) => return None,
        }
    }
    let says = |name: &str, words: &str| {
        lines
            .iter()
            .filter(|line| line.is(name))
            .all(|line| line.words.join(" ").eq_ignore_ascii_case(words))
    };
    let has = |name: &str| lines.iter().any(|line| line.is(name));
    let known = ["AuthType", "AuthName", "Require", "LogLevel"];
    if !lines
        .iter()
        .all(|line| known.iter().any(|name| line.is(name)))
        || !has("Require")
    {
        return None;
    }
    if says("AuthType", "none") && says("Require", "all granted") {
        return Some(Plain::Opens);
    }
    (has("AuthType") && says("AuthType", "openid-connect") && says("Require", "valid-user"))
        .then_some(Plain::Asks)
}

/// Whether `path` is `prefix` or below it.
pub(crate) fn covers(prefix: &str, path: &str) -> bool {
    match path.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'),
        None => false,
    }
}

/// The path without what means nothing at its end.
pub(crate) fn tidy(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    if out.len() > 1 && out.ends_with('/') {
        out.pop();
    }
    out
}

/// Every `<Location>` of a site that can be told by a prefix, in order. Others stop the import.
pub(crate) fn locations<'t>(site: &Site<'t>, ledger: &mut Ledger) -> Vec<Location<'t>> {
    let mut found = Vec::new();
    for section in &site.sections {
        let name = format!("<{} {}>", section.name, section.words.join(" "));
        let variable = section.words.iter().find_map(|word| variable(word));
        let begins = match section.name.to_ascii_lowercase().as_str() {
            "location" | "locationmatch" if let Some(name) = variable => {
                Err(undefined(&section.at, name))
            }
            "location" => plain(section),
            "locationmatch" => of_pattern(section, section.words.first()),
            _ => continue,
        };
        match begins {
            Ok(begins) => {
                for Below { path, only } in begins {
                    if only {
                        ledger.note(
                            &section.at,
                            &name,
                            super::report::Outcome::Differs,
                            format!("{path} itself is in it too; Apache leaves it out because of the slash at the end"),
                            "",
                        );
                    }
                    found.push(Location {
                        path,
                        below_only: only,
                        shortened: None,
                        section,
                    });
                }
            }
            Err(_) if let Some((paths, plain)) = shortened(section) => {
                for path in paths {
                    ledger.note(
                        &section.at,
                        &name,
                        super::report::Outcome::Differs,
                        format!("{path} and what is below it; Apache takes it for paths like {path}-x too, where the rules around hold here"),
                        "if there are any, give each a <Location> of its own",
                    );
                    found.push(Location {
                        path,
                        below_only: false,
                        shortened: Some(plain),
                        section,
                    });
                }
            }
            Err(stop) => {
                ledger.unmade();
                ledger.stop_at(&stop.at, &name, stop.message, stop.help);
            }
        }
    }
    found
}

/// The variable that is left in a word because nobody defines it.
fn variable(word: &str) -> Option<&str> {
    let (_, rest) = word.split_once("${")?;
    rest.split_once('}').map(|(name, _)| name)
}

fn plain(section: &Section) -> Result<Vec<Below>, Stop> {
    match section.words.as_slice() {
        [tilde, pattern] if tilde == "~" => of_pattern(section, Some(pattern)),
        [path] if path.contains(['*', '?', '[']) => Err(Stop::new(
            section.at.clone(),
            "a route is a prefix, not a pattern: what this protects could not be told exactly",
            "write a <Location> with a plain path, or several",
        )),
        [path] if path.contains("//") => Err(Stop::new(
            section.at.clone(),
            "this section is for no request in Apache, which makes one slash of several in a request's path before it looks for sections",
            format!(
                "write <Location {}> if that is meant, or take it out",
                tidy(path)
            ),
        )),
        [path] if path.starts_with('/') => {
            let tidied = tidy(path);
            Ok(vec![Below {
                only: path.ends_with('/') && tidied != "/",
                path: tidied,
            }])
        }
        _ => Err(Stop::new(
            section.at.clone(),
            "this section is for no path",
            "write one, like <Location /app>",
        )),
    }
}

fn of_pattern(section: &Section, pattern: Option<&String>) -> Result<Vec<Below>, Stop> {
    let pattern = pattern.map_or("", String::as_str);
    paths_of_pattern::paths(pattern).ok_or_else(|| pattern_stop(section))
}

/// Stops at a section with a regular expression that means more than whole paths.
pub(crate) fn pattern_stop(section: &Section) -> Stop {
    let pattern = section.words.last().map_or("", String::as_str);
    Stop::new(
        section.at.clone(),
        "a route is a prefix, not a regular expression: what this protects could not be told exactly",
        paths_of_pattern::instead(pattern),
    )
}

/// The whole names that a regular expression without an end begins with. To open no more than those opens less than Apache
/// does; to ask there is looked at with the rules around.
fn shortened(section: &Section) -> Option<(Vec<String>, Plain)> {
    let pattern = match section.words.as_slice() {
        [pattern] if section.is("LocationMatch") => pattern,
        [tilde, pattern] if tilde == "~" => pattern,
        _ => return None,
    };
    let plain = plainly(section)?;
    let anchored = pattern.starts_with('^');
    let paths = paths_of_pattern::beginnings(pattern)?;
    (anchored || plain == Plain::Opens).then_some((paths, plain))
}

/// What holds at one path.
#[derive(Debug, Default)]
pub(crate) struct InForce<'t> {
    lines: Vec<&'t Line>,
    /// Where in `lines` those of each section begin, outermost first. Before the first are the server's.
    sections: Vec<usize>,
    /// The section whose `Require` lines count, if any has one.
    pub(crate) requires: Option<Vec<&'t Item>>,
    /// Whether there is a section within one, like `<Limit>`, whose rules are not read.
    pub(crate) has_unread: bool,
}

impl<'t> InForce<'t> {
    /// The directive `name` in force.
    pub(crate) fn last(&self, name: &str) -> Option<&'t Line> {
        self.lines.iter().rev().copied().find(|line| line.is(name))
    }

    /// Every directive `name`, those that add up.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &'t Line> {
        let lines = self.lines.iter().copied();
        lines.filter(move |line| line.is(name))
    }

    /// The directives `name` of the innermost section that has one; none if only the server has.
    pub(crate) fn of_innermost(&self, name: &str) -> Vec<&'t Line> {
        let mut rest = self.lines.as_slice();
        for start in self.sections.iter().rev() {
            let Some((before, section)) = rest.split_at_checked(*start) else {
                break;
            };
            let lines = section.iter().copied();
            let lines: Vec<_> = lines.filter(|line| line.is(name)).collect();
            if !lines.is_empty() {
                return lines;
            }
            rest = before;
        }
        Vec::new()
    }

    fn add(&mut self, items: &'t [Item]) {
        self.sections.push(self.lines.len());
        let mut requires = Vec::new();
        for item in items {
            match item {
                Item::Line(line) if is_require(&line.name) => requires.push(item),
                Item::Line(line) => self.lines.push(line),
                Item::Section(section) if is_require(&section.name) => requires.push(item),
                Item::Section(_) => self.has_unread = true,
            }
        }
        if !requires.is_empty() {
            self.requires = Some(requires);
        }
    }
}

/// Whether it decides who may pass, in the way of mod_authz_core.
pub(crate) fn is_require(name: &str) -> bool {
    ["Require", "RequireAll", "RequireAny", "RequireNone"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// What holds at `path`, whose requests go to `upstream`.
pub(crate) fn in_force<'t>(
    site: &Site<'t>,
    locations: &[Location<'t>],
    path: &str,
    upstream: &str,
) -> InForce<'t> {
    let mut found = InForce {
        lines: site.lines.clone(),
        ..InForce::default()
    };
    for section in &site.sections {
        if section.is("Proxy") && proxy_covers(section, upstream) {
            found.add(&section.children);
        }
    }
    for location in locations {
        if covers(&location.path, path) {
            found.add(&location.section.children);
        }
    }
    found
}

/// Whether `<Proxy …>` is for this upstream.
fn proxy_covers(section: &Section, upstream: &str) -> bool {
    section.words.first().is_some_and(|pattern| {
        let prefix = pattern.trim_end_matches('*');
        format!("{upstream}/").starts_with(prefix)
    })
}

/// Stops at each `<Proxy>` with rules that are not for all of some upstream: what they protect could not be told.
pub(crate) fn proxies<'m>(
    site: &Site<'_>,
    upstreams: impl Iterator<Item = &'m str> + Clone,
    ledger: &mut Ledger,
) {
    let sections = site.sections.iter().copied();
    for section in sections.filter(|section| section.is("Proxy") || section.is("ProxyMatch")) {
        let has_rules = section.children.iter().any(|item| match item {
            Item::Line(line) => is_require(&line.name) || line.is("AuthType"),
            Item::Section(section) => is_require(&section.name),
        });
        let plain = section.words.len() == 1 && section.is("Proxy");
        if has_rules && !(plain && upstreams.clone().any(|one| proxy_covers(section, one))) {
            ledger.stop_at(
                &section.at,
                &format!("<{} {}>", section.name, section.words.join(" ")),
                "this is not for the whole address of a ProxyPass, and what it protects could not be told",
                "write its rules into the <Location> of the path",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_its_path_and_everything_below() {
        for (prefix, path, expected) in [
            ("/foo", "/foo", true),
            ("/foo", "/foo/x", true),
            ("/foo", "/foobar", false),
            ("/", "/x", true),
            ("/foo", "/", false),
        ] {
            assert_eq!(covers(prefix, path), expected, "{prefix} {path}");
        }
        assert_eq!(tidy("//foo//bar/"), "/foo/bar");
        assert_eq!(tidy("/"), "/");
    }
}
