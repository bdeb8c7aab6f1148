//! The `RewriteRule`s that only proxy, as ProxyPass does: `^/(.*) ws://localhost:3000/$1 [P]` for WebSockets, and the
//! same with `http://`. Every other rule stays unread, and stops the import.
//!
//! Such a rule is asked before every ProxyPass, and `<Location>` goes by the path as it came, for both alike.

mod redirect;
mod trace;

use std::collections::HashSet;

use super::expand::{Item, Line, undefined};
use super::mount::{self, Mount, serving};
use super::report::Ledger;
use super::site::Site;

/// What a rule proxies where.
struct Read<'t> {
    mount: Mount<'t>,
    /// Whether Apache takes what is within another path for it too, as the pattern begins anywhere.
    anywhere: bool,
}

/// Paths whose other requests go to another app.
struct Others<'t> {
    line: &'t Line,
    paths: Vec<String>,
}

/// A rule that proxies, and the conditions before it.
struct Rule<'t> {
    line: &'t Line,
    conditions: Vec<&'t Line>,
}

/// Whether a rule sends requests to an app by itself.
pub(crate) fn is_proxying(line: &Line) -> bool {
    line.is("RewriteRule") && flags(line).any(|flag| flag == "P" || flag == "PROXY")
}

/// Adds what such rules proxy to what ProxyPass does.
pub(crate) fn follow<'t>(site: &Site<'t>, mounts: &mut Vec<Mount<'t>>, ledger: &mut Ledger) {
    redirect::tell(site, ledger);
    let rules = rules(site, ledger);
    let is_on = site
        .last("RewriteEngine")
        .is_some_and(|line| line.word(0).eq_ignore_ascii_case("on"));
    if !is_on {
        for rule in rules {
            ledger.became(rule.line, "nothing: no RewriteEngine On is in force");
        }
        return;
    }
    let mut in_front = 0;
    let (of_websockets, others): (Vec<&Rule<'_>>, Vec<&Rule<'_>>) = rules
        .iter()
        .partition(|rule| rule.is_of_websockets() && !rule.conditions.is_empty());
    for rule in others {
        in_front += usize::from(rule.proxies_all(in_front, mounts, ledger));
    }
    let others: Vec<Others<'_>> = of_websockets
        .iter()
        .filter_map(|rule| rule.proxies_websockets(mounts, ledger))
        .collect();
    for (at, Others { line, paths }) in others.iter().enumerate() {
        for path in paths {
            let is_known = others
                .iter()
                .take(at)
                .any(|earlier| earlier.paths.contains(path));
            let own = mounts.iter().find(|mount| mount.path == *path);
            match own.is_some_and(Mount::has_websockets) {
                _ if is_known => {}
                true => ledger.differs(
                    line,
                    format!("WebSockets of {path} go to the app of its other requests, whichever rule is first"),
                    "",
                ),
                false => ledger.differs(
                    line,
                    format!("WebSockets of {path} don't pass: in Apache they go to another app than its other requests"),
                    "after the import give that route websocket = true, if its app has any",
                ),
            }
        }
    }
}

/// Those that proxy, with what stands before each. A virtual host has its own alone; of the main server's, where it has
/// some, it is said elsewhere that they stop.
fn rules<'t>(site: &Site<'t>, ledger: &mut Ledger) -> Vec<Rule<'t>> {
    let mut found = Vec::new();
    let mut conditions = Vec::new();
    let of_host = site.host.map(|host| {
        let lines = host.children.iter().filter_map(|item| match item {
            Item::Line(line) => Some(std::ptr::from_ref(line)),
            Item::Section(_) => None,
        });
        lines.collect::<HashSet<_>>()
    });
    let is_own = |line: &&Line| {
        of_host
            .as_ref()
            .is_none_or(|own| own.contains(&std::ptr::from_ref(*line)))
    };
    for line in site.lines.iter().copied().filter(is_own) {
        if line.is("RewriteCond") {
            conditions.push(line);
        } else if line.is("RewriteRule") {
            let conditions = std::mem::take(&mut conditions);
            if is_proxying(line) {
                found.push(Rule { line, conditions });
            } else if trace::refuses_trace(line, &conditions) {
                ledger.became(line, "the same: TRACE and TRACK are refused");
                for condition in conditions {
                    ledger.became(condition, "the same: TRACE and TRACK are refused");
                }
            }
        }
    }
    found
}

fn flags(line: &Line) -> impl Iterator<Item = String> {
    let given = line.word(2).trim_matches(['[', ']']);
    given
        .split(',')
        .map(|flag| flag.trim().to_ascii_uppercase())
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// Whether it is a WebSocket's beginning.
    Upgrade,
    /// Whether it is none.
    NoUpgrade,
    /// Whether the path begins with this.
    Path(String),
    /// Nothing: it takes apart the line of the request, for `%1`.
    WholeLine,
}

fn asked(line: &Line) -> Option<Asked> {
    let of_what = line.word(0).to_ascii_lowercase();
    let (is_not, pattern) = match line.word(1).strip_prefix('!') {
        Some(pattern) => (true, pattern),
        None => (false, line.word(1)),
    };
    let known = flags_of_condition(line)?;
    let word = pattern
        .strip_prefix("(?i)")
        .unwrap_or(pattern)
        .trim_start_matches(['=', '^'])
        .trim_end_matches('$')
        .to_ascii_lowercase();
    let word = word.strip_prefix(".*").unwrap_or(&word);
    let word = word.strip_suffix(".*").unwrap_or(word);
    match of_what.as_str() {
        "%{http:upgrade}" if word == "websocket" => Some(match is_not {
            true => Asked::NoUpgrade,
            false => Asked::Upgrade,
        }),
        _ if is_not => None,
        "%{http:connection}" if word == "upgrade" => Some(Asked::Upgrade),
        "%{query_string}" if word == "transport=websocket" => Some(Asked::Upgrade),
        "%{the_request}" if pattern == r"^[a-zA-Z]+ /(.*) HTTP/\d+(\.\d+)?$" => {
            Some(Asked::WholeLine)
        }
        // With another beside it, it would not be for that path alone.
        "%{request_uri}" if !known.or => {
            let path = pattern.strip_prefix('^')?;
            let path = path.strip_suffix(".*").unwrap_or(path);
            let path = path.replace("\\.", ".");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
            (path.starts_with('/') && path.chars().all(is_plain)).then_some(Asked::Path(path))
        }
        _ => None,
    }
}

struct OfCondition {
    or: bool,
}

fn flags_of_condition(line: &Line) -> Option<OfCondition> {
    let given = line.word(2).trim_matches(['[', ']']).to_ascii_uppercase();
    let mut known = OfCondition { or: false };
    for flag in given.split(',').map(str::trim) {
        match flag {
            "" | "NC" | "NOCASE" => {}
            "OR" | "ORNEXT" => known.or = true,
            _ => return None,
        }
    }
    Some(known)
}

impl<'t> Rule<'t> {
    fn is_of_websockets(&self) -> bool {
        let target = self.line.word(1).to_ascii_lowercase();
        target.starts_with("ws://") || target.starts_with("wss://")
    }

    /// What it proxies where, if it is one that is understood.
    fn read(&self) -> Option<Read<'t>> {
        const PLAIN: &[&str] = &[
            "P",
            "PROXY",
            "L",
            "LAST",
            "END",
            "QSA",
            "QSAPPEND",
            "NE",
            "NOESCAPE",
            "NC",
            "NOCASE",
            "UNSAFEALLOW3F",
        ];
        if flags(self.line).any(|flag| !PLAIN.contains(&flag.as_str()))
            || self.line.words.len() != 3
        {
            return None;
        }
        let conditions: Option<Vec<Asked>> =
            self.conditions.iter().map(|line| asked(line)).collect();
        let conditions = conditions?;
        let pattern = self.line.word(0);
        let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
        let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
        let target = self.line.word(1);
        let by_line = conditions.contains(&Asked::WholeLine);
        let (pattern, target) = match pattern {
            "/?(.*)" if !by_line => ("/(.*)", target.to_owned()),
            "(.*)" if !by_line => ("(/.*)", target.to_owned()),
            "" | "." | ".?" | ".*" | "/" | "/.*" | "/?.*" if by_line => {
                ("/(.*)", format!("{}$1", target.strip_suffix("%1")?))
            }
            "" | "." | ".*" | "/" | "/.*" | "/?.*" => (
                "(/.*)",
                format!("{}$1", target.strip_suffix("%{REQUEST_URI}")?),
            ),
            pattern if !by_line => (pattern, target.to_owned()),
            _ => return None,
        };
        let (path, address) = mount::of_pattern(&format!("^{pattern}$"), &target)?;
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path
        };
        let without_case = flags(self.line).any(|flag| flag == "NC" || flag == "NOCASE");
        if address.contains('%') || without_case && path != "/" {
            return None;
        }
        // Of the address nothing is told but that it is not understood.
        let mut mount = mount::mount(self.line, &path, &address, &[], &mut Ledger::default())?;
        let anywhere = mount.path != "/" && !self.line.word(0).starts_with('^');
        for asked in conditions {
            if let Asked::Path(below) = asked {
                let below = super::location::tidy(&below);
                if super::location::covers(&mount.path, &below) && below != mount.path {
                    let whole = mount.at(&below)?;
                    mount.upstream = Some(whole.clone());
                    mount.said = whole;
                    mount.path = below;
                }
            }
        }
        Some(Read { mount, anywhere })
    }

    /// A rule for all requests, or for all that begin no WebSocket, is a ProxyPass. Whether one was put in front.
    fn proxies_all(&self, at: usize, mounts: &mut Vec<Mount<'t>>, ledger: &mut Ledger) -> bool {
        let only_plain = self
            .conditions
            .iter()
            .all(|line| asked(line) == Some(Asked::NoUpgrade));
        let Some(Read { mount, anywhere }) = self.read().filter(|_| only_plain) else {
            self.stop(ledger);
            return false;
        };
        let same =
            serving(mounts, &mount.path).filter(|known| known.is_same_at(&mount.path, &mount));
        // What an earlier ProxyPass of a path below takes in front of that one, the rule takes in Apache.
        let is_asked_first = |known: &Mount<'_>| {
            let mut earlier = mounts
                .iter()
                .take_while(|other| other.line.at != known.line.at);
            !earlier.any(|other| super::location::covers(&mount.path, &other.path))
        };
        if same.is_some() && self.is_of_websockets() {
            let _ = self.proxies_websockets(mounts, ledger);
            return false;
        }
        self.tell_conditions(ledger);
        self.tell_anywhere(anywhere, &mount, ledger);
        match same {
            Some(known) if known.path == mount.path && is_asked_first(known) => {
                let at = known.line.at.line;
                ledger.became(self.line, format!("what line {at} says already"));
                false
            }
            _ => {
                mounts.insert(at, mount);
                true
            }
        }
    }

    /// A rule for WebSockets is `websocket = true` of the route that goes to the same app.
    fn proxies_websockets(
        &self,
        mounts: &mut Vec<Mount<'t>>,
        ledger: &mut Ledger,
    ) -> Option<Others<'t>> {
        let only_upgrades = self
            .conditions
            .iter()
            .all(|line| asked(line).is_some_and(|asked| asked != Asked::NoUpgrade));
        let Some(Read { mount, anywhere }) = self.read().filter(|_| only_upgrades) else {
            self.stop(ledger);
            return None;
        };
        let Some(at) = mounts
            .iter()
            .position(|known| super::location::covers(&known.path, &mount.path))
        else {
            self.elsewhere(&mount, None, ledger);
            return None;
        };
        let Some(known) = mounts
            .get(at)
            .filter(|known| known.is_same_at(&mount.path, &mount))
        else {
            self.elsewhere(&mount, mounts.get(at), ledger);
            return None;
        };
        let (line, path) = (known.line, mount.path.clone());
        let others: Vec<String> = mounts
            .iter()
            .take(at)
            .filter(|other| {
                super::location::covers(&path, &other.path)
                    && other.upstream.is_some()
                    && !other.is_same_at(&other.path, &mount)
            })
            .map(|other| other.path.clone())
            .collect();
        if known.path != path {
            let mut own = known.clone();
            own.upstream.clone_from(&mount.upstream);
            own.path.clone_from(&path);
            mounts.insert(at, own);
        }
        for other in mounts.iter_mut().take(at + 1) {
            if super::location::covers(&path, &other.path) && !others.contains(&other.path) {
                other
                    .parameters
                    .push(("upgrade".to_owned(), "websocket".to_owned()));
            }
        }
        self.tell_conditions(ledger);
        self.tell_anywhere(anywhere, &mount, ledger);
        ledger.became(
            self.line,
            format!(
                "websocket = true of the route {path}, whose app is the one of line {}",
                line.at.line
            ),
        );
        Some(Others {
            line: self.line,
            paths: others,
        })
    }

    fn tell_conditions(&self, ledger: &mut Ledger) {
        for line in &self.conditions {
            ledger.became(
                line,
                format!(
                    "nothing of its own: the rule on line {} is known with it",
                    self.line.at.line
                ),
            );
        }
    }

    /// A pattern without `^` is for a path within a path too.
    fn tell_anywhere(&self, anywhere: bool, mount: &Mount<'_>, ledger: &mut Ledger) {
        if anywhere {
            ledger.differs(
                self.line,
                format!("only where the path begins with {0}; Apache takes /x{0}/ for it too, around the <Location> of {0}", mount.path),
                "",
            );
        }
    }

    fn stop(&self, ledger: &mut Ledger) {
        if let Some(name) = self.line.undefined.first() {
            let stop = undefined(&self.line.at, name);
            ledger.stop(self.line, stop.message, stop.help);
            return;
        }
        // Who writes a whole address of an app is told the line with it.
        let target = self.line.word(1);
        let authority = target.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '$', '%']).next().unwrap_or_default();
        let app = match authority {
            "" => "HOST:PORT",
            known if target.contains(&format!("{known}$")) => "HOST:PORT",
            known => known,
        };
        let help = match self.is_of_websockets() {
            true => format!(
                "take it out, and write upgrade=websocket behind the ProxyPass of that app: ProxyPass / http://{app}/ upgrade=websocket"
            ),
            false => format!(
                "write a ProxyPass in its place, for a path and all below it: ProxyPass / http://{app}/"
            ),
        };
        ledger.stop(
            self.line,
            "this rule proxies, and which paths it is for, or when, could not be told exactly",
            help,
        );
    }

    /// WebSockets that go where no other request of their path goes.
    fn elsewhere(&self, mount: &Mount<'_>, known: Option<&Mount<'_>>, ledger: &mut Ledger) {
        let path = &mount.path;
        let to = mount.at(path).unwrap_or_default();
        let (says, help) = match known.and_then(|known| known.at(path)) {
            Some(other) => (
                format!(
                    "WebSockets of {path} go to {to} here, and its other requests to {other}: a route goes to one app"
                ),
                format!(
                    "if both are one app write {other} in both; else give WebSockets a path of their own, like ProxyPass /ws {to}"
                ),
            ),
            None => (
                format!("no ProxyPass is for {path}, and WebSockets alone have no route"),
                format!("write ProxyPass {path} {to} for the same app"),
            ),
        };
        ledger.stop(self.line, says, help);
    }
}
