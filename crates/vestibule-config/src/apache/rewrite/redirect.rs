//! Redirects that keep nobody out: `RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]`, with which plain http is
//! sent to https, and `RewriteRule ^/$ /app/ [R]`. Conditions and flags that ask for anything else make it a rule that may.

use super::flags;
use crate::apache::expand::{Item, Line};
use crate::apache::report::Ledger;
use crate::apache::site::Site;

const EVERYTHING: [&str; 10] = [
    "^", "(.*)", "^(.*)", "^(.*)$", ".*", "^.*$", "^/(.*)", "^/(.*)$", "^/?(.*)", "^/?(.*)$",
];

/// What says whether a request came over TLS, and whether it is for this site.
const OF_TLS: [&str; 7] = [
    "%{HTTPS}",
    "%{SERVER_PORT}",
    "%{SERVER_NAME}",
    "%{REQUEST_SCHEME}",
    "%{HTTP:X-Forwarded-Proto}",
    "%{HTTP:X-Forwarded-Protocol}",
    "%{HTTP:X-Forwarded-Ssl}",
];

/// Says of each such rule that it is lost, or stops where it keeps somebody out.
pub(super) fn tell(site: &Site<'_>, ledger: &mut Ledger) {
    of_lines(site.lines.iter().copied(), false, ledger);
    for section in &site.sections {
        let lines = section.children.iter().filter_map(|item| match item {
            Item::Line(line) => Some(line),
            Item::Section(_) => None,
        });
        of_lines(lines, true, ledger);
    }
}

fn of_lines<'t>(lines: impl Iterator<Item = &'t Line>, in_section: bool, ledger: &mut Ledger) {
    let mut conditions = Vec::new();
    for line in lines {
        if line.is("RewriteCond") {
            conditions.push(line);
        } else if line.is("RewriteRule") {
            let conditions = std::mem::take(&mut conditions);
            // Within a section, and without a condition, nobody gets there at all.
            let is_of_tls = conditions.iter().copied().all(asks_for_tls)
                && !(in_section && conditions.is_empty());
            if sends_to_https(line) && is_of_tls {
                ledger.lost(line, "plain http is not redirected to https by itself", "");
            } else if sends_from_front_page(line) && conditions.is_empty() && !in_section {
                ledger.lost(line, "redirects are not made; let the app make them", "");
            } else if sends_to_https(line) || sends_from_front_page(line) {
                ledger.stop(
                    line,
                    "in Apache whoever this redirects gets no further, and its conditions are not evaluated here",
                    "write who may pass as Require lines; of conditions only those on TLS, like %{HTTPS} off, are understood",
                );
            }
        }
    }
}

fn asks_for_tls(line: &Line) -> bool {
    let known = OF_TLS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(line.word(0)));
    // Certificates are renewed over plain http.
    let is_renewal = line.word(0).eq_ignore_ascii_case("%{REQUEST_URI}")
        && [
            "!^/.well-known",
            "!^/\\.well-known",
            "!/.well-known",
            "!/\\.well-known",
        ]
        .iter()
        .any(|path| line.word(1).starts_with(path));
    known || is_renewal
}

/// All of the site, to the same address.
fn sends_to_https(line: &Line) -> bool {
    let same_host = ["https://%{HTTP_HOST}", "https://%{SERVER_NAME}"];
    EVERYTHING.contains(&line.word(0))
        && same_host.iter().any(|host| line.word(1).starts_with(host))
        && redirects_alone(line)
}

/// The front page alone, to another page of the site.
fn sends_from_front_page(line: &Line) -> bool {
    let target = line.word(1);
    ["^/$", "^/?$", "^$"].contains(&line.word(0))
        && target.starts_with('/')
        && !target.starts_with("//")
        && redirects_alone(line)
}

/// Whether its flags make it a redirect, and nothing else.
fn redirects_alone(line: &Line) -> bool {
    const STATUS: [&str; 9] = [
        "",
        "301",
        "302",
        "303",
        "307",
        "308",
        "PERMANENT",
        "TEMP",
        "SEEOTHER",
    ];
    const BESIDE: [&str; 9] = [
        "L", "LAST", "END", "NE", "NOESCAPE", "QSA", "QSAPPEND", "NC", "NOCASE",
    ];
    let is_redirect = |flag: &String| {
        let (name, status) = flag.split_once('=').unwrap_or((flag, ""));
        ["R", "REDIRECT"].contains(&name) && STATUS.contains(&status)
    };
    flags(line).any(|flag| is_redirect(&flag))
        && flags(line).all(|flag| is_redirect(&flag) || BESIDE.contains(&flag.as_str()))
}
