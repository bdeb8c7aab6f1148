//! What is left once everything is mapped: each directive gets its outcome, and what nobody knows stops the import where
//! it could open something.

use crate::apache::core_directives::{self, Known};
use crate::apache::expand::{Guessed, Item, Line, Section};
use crate::apache::inventory::{self, Fate, REMOVED};
use crate::apache::location::is_require;
use crate::apache::report::{Ledger, Outcome};
use crate::apache::site::Site;

const NOT_LOOKED_AT: &str = "not looked at: the import stops";

/// Says something of every directive of the site that nothing was said of, and of conditions that were guessed.
pub(in crate::apache) fn map(
    site: &Site<'_>,
    guessed: &[Guessed],
    has_bearer: bool,
    ledger: &mut Ledger,
) {
    for one in guessed {
        let outcome = match one.help.is_empty() {
            true => Outcome::Lost,
            false => Outcome::Differs,
        };
        ledger.note(&one.at, &one.name, outcome, one.says.as_str(), &one.help);
    }
    remote_addresses(site, ledger);
    for line in &site.lines {
        line_left(line, false, has_bearer, ledger);
    }
    for section in &site.sections {
        section_left(section, has_bearer, ledger);
    }
}

/// Whose address a request has, decides mod_remoteip in Apache and `trusted_proxies` here; rules on addresses need it.
fn remote_addresses(site: &Site<'_>, ledger: &mut Ledger) {
    let believes = |line: &&Line| line.name.to_ascii_lowercase().starts_with("remoteip");
    let Some(line) = site.lines.iter().copied().find(believes) else {
        return;
    };
    if site
        .sections
        .iter()
        .any(|section| asks_addresses(&section.children))
    {
        ledger.stop(
            line,
            "rules on addresses go by what this says, and which proxies in front are believed is not imported",
            "take the rules on addresses out, and write them into vestibule.toml with trusted_proxies",
        );
    }
}

fn asks_addresses(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Line(line) => {
            is_require(&line.name)
                && line.words.iter().any(|word| {
                    ["ip", "local", "host", "forward-dns"]
                        .iter()
                        .any(|kind| word.eq_ignore_ascii_case(kind))
                })
        }
        Item::Section(section) => asks_addresses(&section.children),
    })
}

fn section_left(section: &Section, has_bearer: bool, ledger: &mut Ledger) {
    let name = format!("<{} {}>", section.name, section.words.join(" "));
    match section.name.to_ascii_lowercase().as_str() {
        "location" | "locationmatch" => inside(&section.children, has_bearer, ledger),
        "proxy" => {
            let (outcome, says) = match ledger.lacks_routes() {
                true => (Outcome::Lost, NOT_LOOKED_AT),
                false => (
                    Outcome::Became,
                    "what it says holds for the routes it is for",
                ),
            };
            if outcome == Outcome::Became || ledger.name_at(&section.at).is_none() {
                ledger.note(&section.at, &name, outcome, says, "");
            }
            inside(&section.children, has_bearer, ledger);
        }
        "directory" | "directorymatch" | "files" | "filesmatch" => {
            let proxied = section.words.iter().any(|word| word.starts_with("proxy:"));
            match proxied {
                true => ledger.stop_at(
                    &section.at,
                    &name,
                    "this is for proxied addresses in an old form",
                    "write <Proxy> or <Location>",
                ),
                false => ledger.note(
                    &section.at,
                    &name,
                    Outcome::Lost,
                    "it is for files, and Vestibule serves none",
                    "",
                ),
            }
        }
        _ => ledger.stop_at(
            &section.at,
            &name,
            "this section is not understood, and what it says could protect something",
            "write what it says where it is always in force, or take it out",
        ),
    }
}

/// Everything below a section that is for paths. An unknown word there may be what protects them.
fn inside(items: &[Item], has_bearer: bool, ledger: &mut Ledger) {
    for item in items {
        match item {
            Item::Line(line) if is_of_addresses(line) && keeps_nobody_out(items) => {
                ledger.became(line, "the same: this keeps nobody out");
            }
            Item::Line(line) => line_left(line, true, has_bearer, ledger),
            Item::Section(section) if is_require(&section.name) => {
                inside(&section.children, has_bearer, ledger);
            }
            Item::Section(section) => {
                let (says, help) = match section.name.to_ascii_lowercase().as_str() {
                    "limit" | "limitexcept" => (
                        "this is for some methods alone, and a route is for all",
                        "write what it says without it: it is for all methods then. What browsers ask before they send                          something from another site (CORS) is answered with allowed_origins, which is set after the import",
                    ),
                    _ => (
                        "a section within a section is not understood, and what it says could protect something",
                        "write what it says where it is always in force, or take it out",
                    ),
                };
                let name = format!("<{} {}>", section.name, section.words.join(" "));
                ledger.stop_at(&section.at, &name, says, help);
            }
        }
    }
}

/// Whether it is one of mod_access_compat's.
fn is_of_addresses(line: &Line) -> bool {
    line.is("Order") || line.is("Allow")
}

/// Whether the old rules on addresses of one section let everybody through: nobody is denied, and where nobody is let in by
/// default all are by name. Those of other sections don't count beside them.
fn keeps_nobody_out(items: &[Item]) -> bool {
    let mut lines = items.iter().filter_map(|item| match item {
        Item::Line(line) => Some(line),
        Item::Section(_) => None,
    });
    let words = |line: &Line| line.words.join(" ").to_ascii_lowercase();
    let allows_all = lines
        .clone()
        .any(|line| line.is("Allow") && words(line) == "from all");
    !lines.any(|line| {
        line.is("Deny")
            || line.is("Satisfy")
            || line.is("Order") && words(line) != "deny,allow" && !allows_all
    })
}

fn line_left(line: &Line, in_section: bool, has_bearer: bool, ledger: &mut Ledger) {
    if ledger.knows(line) {
        return;
    }
    if is_require(&line.name) && ledger.lacks_routes() {
        ledger.lost(line, NOT_LOOKED_AT, "");
    } else if is_require(&line.name) {
        let says = "nothing: the Require lines of a later section are in their place, or no route is for this one";
        ledger.became(line, says);
    } else if let Some(fate) = inventory::fate(&line.name) {
        of_module(line, fate, in_section, has_bearer, ledger);
    } else if REMOVED.iter().any(|name| line.is(name)) {
        ledger.lost(line, "the module itself no longer has it", "take it out");
    } else if line.name.to_ascii_lowercase().starts_with("oidc") {
        ledger.stop(
            line,
            "mod_auth_openidc has no such directive",
            "look for a slip of the pen",
        );
    } else {
        of_apache(line, in_section, ledger);
    }
}

fn of_module(line: &Line, fate: Fate, in_section: bool, has_bearer: bool, ledger: &mut Ledger) {
    match fate {
        Fate::Became(says) => ledger.became(line, says),
        Fate::Lost { why, help } => ledger.lost(line, why, help),
        Fate::Stops { why, help } => ledger.stop(line, why, help),
        Fate::Bearer if has_bearer => {
            ledger.stop(
                line,
                "callers with a bearer token are not let in yet",
                "take it out, with AuthType oauth20",
            );
        }
        Fate::Bearer => ledger.lost(
            line,
            "it is for AuthType oauth20, which nothing here has",
            "",
        ),
        // What would have mapped it stopped before it got there.
        Fate::Mapped if ledger.stops() => ledger.lost(line, NOT_LOOKED_AT, ""),
        // What maps it looked at another place: it is overridden, or for a path with nothing behind it.
        Fate::Mapped if in_section => ledger.became(
            line,
            "nothing: no route is for this place, or a later line says otherwise",
        ),
        Fate::Mapped => ledger.became(line, "nothing: it has no effect on the routes there are"),
    }
}

/// Apache's own directives that are mapped by their value.
const MAPPED: &[&str] = &[
    "ProxyPass",
    "ProxyPassMatch",
    "ProxyPassReverse",
    "ProxyPreserveHost",
    "ProxyTimeout",
    "AuthType",
    "RequestHeader",
];

fn of_apache(line: &Line, in_section: bool, ledger: &mut Ledger) {
    if in_section && line.name.to_ascii_lowercase().starts_with("redirect") {
        let help = match line.words.last().filter(|to| to.contains("logout=")) {
            Some(to) => format!("take the line out, and have links to sign out lead to {to}"),
            None => "let the app make it, and take the line out".to_owned(),
        };
        ledger.stop(
            line,
            "nobody gets past this to the app in Apache, and redirects are not made here",
            help,
        );
        return;
    }
    let signs_out = line.words.get(1).filter(|to| to.contains("logout="));
    if let Some(to) = signs_out.filter(|_| line.is("RewriteRule")) {
        ledger.stop(
            line,
            "redirects are not made here",
            format!("take the line out, and have links to sign out lead to {to}"),
        );
        return;
    }
    let is_mapped = MAPPED.iter().any(|name| line.is(name));
    if is_mapped && ledger.lacks_routes() {
        ledger.lost(line, NOT_LOOKED_AT, "");
        return;
    }
    match core_directives::known(line) {
        Some(Known::Became(says)) => ledger.became(line, says),
        Some(Known::Lost(says)) => ledger.lost(line, says, ""),
        Some(Known::Stops(says, help)) => ledger.stop(line, says, help),
        None if is_mapped && ledger.stops() => {
            ledger.lost(line, NOT_LOOKED_AT, "");
        }
        None if is_mapped && in_section => ledger.became(
            line,
            "nothing: no route is for this place, or a later line says otherwise",
        ),
        None if in_section => ledger.stop(
            line,
            "this is not understood, and what it says could protect something",
            "take it out if it does not",
        ),
        None => ledger.lost(line, "this is not understood", ""),
    }
}
