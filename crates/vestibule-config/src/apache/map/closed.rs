//! Paths that Apache answers with an error of its own, `Redirect 404 /internal`: no request there gets to the app.

use crate::apache::expand::Line;
use crate::apache::location::{covers, tidy};
use crate::apache::mount::{Mount, serving};
use crate::apache::paths_of_pattern;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::syntax::Place;

/// Those paths, each to be left out of the route around it. What can't be left out stops the import.
pub(super) fn paths<'t>(
    site: &Site<'t>,
    routes: &[String],
    mounts: &[Mount<'_>],
    ledger: &mut Ledger,
) -> Vec<(String, &'t Place)> {
    let mut found = Vec::new();
    let lines = site.lines.iter().copied();
    for line in lines.filter(|line| refuses(line)) {
        let Some(paths) = of_line(line) else {
            ledger.stop(
                line,
                "nobody gets past this to the app in Apache, and a route leaves out whole paths and no pattern",
                "write Redirect 404 /PATH for each path that is meant; take it out if the app has nothing there",
            );
            continue;
        };
        for path in paths {
            if routes.iter().any(|route| covers(&path, route)) {
                ledger.stop(
                    line,
                    format!("nobody gets past this to the app in Apache, and there is a route at {path} or below it"),
                    format!("take out the ProxyPass and <Location> of {path}, or this"),
                );
            } else if serving(mounts, &path).is_some() {
                ledger.became(
                    line,
                    format!("{path} is left out of the route around it: it is a 404"),
                );
                found.push((path, &line.at));
            } else {
                ledger.became(line, format!("nothing is proxied at {path}: it is a 404"));
            }
        }
    }
    found
}

/// Whether it answers with an error instead of another address.
fn refuses(line: &Line) -> bool {
    let status = line.word(0);
    (line.is("Redirect") || line.is("RedirectMatch"))
        && (status.eq_ignore_ascii_case("gone")
            || status
                .parse::<u16>()
                .is_ok_and(|status| !(300..400).contains(&status)))
}

fn of_line(line: &Line) -> Option<Vec<String>> {
    let path = line.word(1);
    if line.is("Redirect") {
        let tidied = tidy(path);
        return (path.starts_with('/') && tidied != "/").then(|| vec![tidied]);
    }
    let paths = paths_of_pattern::paths(path)?;
    let paths: Vec<String> = paths.into_iter().map(|one| one.path).collect();
    (!paths.iter().any(|path| path == "/")).then_some(paths)
}
