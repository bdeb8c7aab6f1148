//! What every `<Location>` and `ProxyPassReverse` became, said once the routes are known.

use super::Draft;
use crate::apache::expand::Item;
use crate::apache::inventory;
use crate::apache::location::{Location, covers, is_require, tidy};
use crate::apache::mount::{Mount, serving};
use crate::apache::report::{Ledger, Outcome};
use crate::apache::site::Site;
use crate::apache::syntax::Place;

/// Says of every section what paths it became, and of those for nothing that is proxied that they are left out, if
/// `all_read` that is proxied.
pub(super) fn sections(
    locations: &[Location<'_>],
    mounts: &[Mount<'_>],
    left_out: &[(&str, &Place)],
    redirect_path: Option<&str>,
    all_read: bool,
    ledger: &mut Ledger,
) {
    for location in locations {
        let name = format!(
            "<{} {}>",
            location.section.name,
            location.section.words.join(" ")
        );
        let at = &location.section.at;
        let below = mounts
            .iter()
            .any(|mount| covers(&location.path, &mount.path));
        let is_left_out = left_out.iter().any(|(path, _)| *path == location.path);
        match serving(mounts, &location.path) {
            Some(_) if is_left_out => ledger.note(
                at,
                &name,
                Outcome::Became,
                format!("{} is left out of the route around it", location.path),
                "",
            ),
            Some(_) => ledger.note(
                at,
                &name,
                Outcome::Became,
                format!("the route {}", location.path),
                "",
            ),
            None if !below
                && location.path != "/"
                && redirect_path.is_some_and(|path| covers(&location.path, path)) =>
            {
                ledger.note(
                    at,
                    &name,
                    Outcome::Became,
                    "the way back from the provider, which Vestibule answers itself",
                    "",
                );
                for item in &location.section.children {
                    if let Item::Line(line) = item
                        && (line.is("AuthType") || is_require(&line.name))
                    {
                        ledger.became(
                            line,
                            "nothing: who comes back from the provider is signed in by that",
                        );
                    }
                }
            }
            None if !below && !all_read => ledger.note(
                at,
                &name,
                Outcome::Lost,
                "not looked at: the import stops",
                "",
            ),
            None if below => ledger.note(at, &name, Outcome::Became, "the routes below it", ""),
            None => {
                ledger.note(
                    at,
                    &name,
                    Outcome::Lost,
                    "nothing is proxied here: Vestibule answers 404, and serves no files",
                    "add a route for it after the import, if something is to be there",
                );
                unreachable_lines(location, ledger);
            }
        }
    }
    for (at, mount) in mounts.iter().enumerate() {
        let first = mounts
            .iter()
            .take(at)
            .find(|earlier| covers(&earlier.path, &mount.path));
        if let Some(first) = first {
            ledger.differs(
                mount.line,
                format!(
                    "nothing: line {} takes these paths first, as in Apache",
                    first.line.at.line
                ),
                "write the longer path first",
            );
        }
    }
}

/// What Apache itself serves at a path with nothing behind it, like `SetHandler server-status`, opens nothing.
fn unreachable_lines(location: &Location<'_>, ledger: &mut Ledger) {
    for item in &location.section.children {
        if let Item::Line(line) = item
            && inventory::fate(&line.name).is_none()
            && !is_require(&line.name)
        {
            let target = line.words.last().filter(|to| to.contains("logout="));
            match target.filter(|_| line.name.to_ascii_lowercase().starts_with("redirect")) {
                Some(to) => ledger.lost(
                    line,
                    "redirects are not made",
                    &format!("have links to sign out lead to {to}"),
                ),
                None => ledger.lost(line, "nothing is proxied here", ""),
            }
        }
    }
}

/// `Redirect` comes after what proxies, and so never for a path that is proxied.
pub(super) fn redirects(site: &Site<'_>, mounts: &[Mount<'_>], ledger: &mut Ledger) {
    let names = [
        "Redirect",
        "RedirectMatch",
        "RedirectPermanent",
        "RedirectTemp",
    ];
    let lines = site.lines.iter().copied();
    for line in lines.filter(|line| names.iter().any(|name| line.is(name))) {
        let path = match line.is("RedirectMatch") {
            true => "/",
            false => match line.words.iter().find(|word| word.starts_with('/')) {
                Some(path) => path,
                None => continue,
            },
        };
        let path = tidy(path);
        let is_left_out =
            |mount: &&Mount<'_>| mount.upstream.is_none() && covers(&path, &mount.path);
        let first = serving(mounts, &path).filter(|mount| mount.upstream.is_some());
        if let Some(first) = first.filter(|_| !mounts.iter().any(|mount| is_left_out(&mount))) {
            let at = first.line.at.line;
            ledger.became(
                line,
                format!("nothing: line {at} takes these paths first, as in Apache"),
            );
        }
    }
}

/// `ProxyPassReverse` is what every route does by itself; one that fits none is a slip.
pub(super) fn reverses(
    site: &Site<'_>,
    locations: &[Location<'_>],
    mounts: &[Mount<'_>],
    all_read: bool,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let own = site.lines.iter().copied().map(|line| (line, None));
    let inner = locations.iter().flat_map(|location| {
        let lines = location
            .section
            .children
            .iter()
            .filter_map(|item| match item {
                Item::Line(line) => Some(line),
                Item::Section(_) => None,
            });
        lines.map(|line| (line, Some(location.path.as_str())))
    });
    for (line, of_location) in own.chain(inner) {
        let name = line.name.to_ascii_lowercase();
        if name == "proxypassreversecookiepath" || name == "proxypassreversecookiedomain" {
            ledger.became(
                line,
                "cookie paths and domains in answers are written back by themselves",
            );
            continue;
        }
        if name != "proxypassreverse" {
            continue;
        }
        let path = tidy(of_location.unwrap_or_else(|| line.word(0)));
        if mounts.iter().any(|mount| mount.path == path) {
            ledger.became(line, "addresses in answers are written back by themselves");
            continue;
        }
        if mounts.is_empty() && !all_read {
            ledger.lost(line, "not looked at: the import stops", "");
            continue;
        }
        let address = line
            .words
            .last()
            .map(|word| word.trim_end_matches('/'))
            .unwrap_or_default();
        let meant = mounts
            .iter()
            .find(|mount| mount.upstream.as_deref() == Some(address));
        let of = meant
            .or_else(|| mounts.first())
            .map_or("/", |mount| mount.path.as_str());
        ledger.differs(
            line,
            format!("nothing is proxied at {path}, so this matches nothing; addresses in answers are written back from the ProxyPass of {of}"),
            "",
        );
        draft.as_written.reverse = Some((of.to_owned(), path));
    }
}
