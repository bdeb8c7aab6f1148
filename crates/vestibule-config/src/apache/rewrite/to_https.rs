//! `RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]`, with which plain http is sent to https. Conditions and
//! flags that ask for anything else make it a rule that keeps somebody out.

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

/// Says of each such rule that it is lost. Those that keep somebody out are left to stop the import.
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
    let target = line.word(1);
    let is_redirect = |flag: &String| {
        let (name, status) = flag.split_once('=').unwrap_or((flag, ""));
        let known = [
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
        ["R", "REDIRECT"].contains(&name) && known.contains(&status)
    };
    let changes_nothing = |flag: &String| {
        [
            "L", "LAST", "END", "NE", "NOESCAPE", "QSA", "QSAPPEND", "NC", "NOCASE",
        ]
        .contains(&flag.as_str())
    };
    EVERYTHING.contains(&line.word(0))
        && same_host.iter().any(|host| target.starts_with(host))
        && flags(line).any(|flag| is_redirect(&flag))
        && flags(line).all(|flag| is_redirect(&flag) || changes_nothing(&flag))
}
