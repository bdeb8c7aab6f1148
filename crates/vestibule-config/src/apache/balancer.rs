//! What is behind a `balancer://` of Apache's: a route has one address, so it is followed where there is one app.

use super::expand::{Item, Line, Section, undefined};
use super::report::Ledger;
use super::site::Site;

const SCHEME: &str = "balancer://";

/// The address of the one app behind `address`, if that is a balancer; `None` where there is not one, which was
/// reported.
pub(crate) fn followed(
    site: &Site<'_>,
    line: &Line,
    address: &str,
    ledger: &mut Ledger,
) -> Option<String> {
    let Some(rest) = without_scheme(address) else {
        return Some(address.to_owned());
    };
    let (name, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let sections: Vec<&Section> = site
        .sections
        .iter()
        .copied()
        .filter(|section| section.is("Proxy") && is_called(section.words.first(), name))
        .collect();
    let inner = sections.iter().flat_map(|section| &section.children);
    let inner = inner.filter_map(|item| match item {
        Item::Line(line) if line.is("BalancerMember") => Some((line, line.word(0))),
        _ => None,
    });
    let outer = site.all("BalancerMember");
    let outer = outer
        .into_iter()
        .filter(|line| is_called(line.words.first(), name))
        .map(|line| (line, line.word(1)));
    let members: Vec<(&Line, &str)> = inner.chain(outer).collect();
    let (at, called) = match sections.first() {
        Some(section) => (
            &section.at,
            format!("<{} {}>", section.name, section.words.join(" ")),
        ),
        None => (&line.at, line.name.clone()),
    };
    match members.as_slice() {
        [(member, app)] => {
            if let Some(variable) = member.undefined.first() {
                let stop = undefined(&member.at, variable);
                ledger.stop(member, stop.message, stop.help);
                return None;
            }
            if member
                .words
                .iter()
                .any(|word| word.to_ascii_lowercase().starts_with("status="))
            {
                ledger.stop(
                    member,
                    "whether this app is asked at all depends on its status",
                    "take status= out, if it is",
                );
                return None;
            }
            ledger.became(
                member,
                format!("what is proxied to {SCHEME}{name} goes there"),
            );
            Some(format!("{}{path}", app.trim_end_matches('/')))
        }
        [] => {
            ledger.stop(
                line,
                format!("no BalancerMember says what is behind {SCHEME}{name}"),
                "write the address of the app, like ProxyPass / http://localhost:3000/",
            );
            None
        }
        several => {
            ledger.stop_at(
                at,
                &called,
                format!(
                    "{} apps are behind {SCHEME}{name}, and a route goes to one address",
                    several.len()
                ),
                "have a load balancer in front of the apps, and write its address in ProxyPass; for one app name that",
            );
            None
        }
    }
}

fn without_scheme(address: &str) -> Option<&str> {
    let scheme = address.get(..SCHEME.len())?;
    scheme
        .eq_ignore_ascii_case(SCHEME)
        .then(|| address.get(SCHEME.len()..))?
}

fn is_called(word: Option<&String>, name: &str) -> bool {
    word.and_then(|word| without_scheme(word))
        .is_some_and(|known| known.trim_end_matches('/').eq_ignore_ascii_case(name))
}
