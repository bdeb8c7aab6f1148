//! Paths between a route and its upstream.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-FRONT-REVERSE-PATH",
        title: "ProxyPass and ProxyPassReverse differ",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Apache httpd: ProxyPassReverse",
        symptom: "Pages work until the app redirects; then the browser is at a path that does not exist.",
        cause: "`ProxyPassReverse` writes the app's addresses back into the site's. Its path is not that of \
                `ProxyPass`.",
        cure: "Write the same path in both.",
        fault: None,
        explains: &[],
        judge: reverse_path,
    },
    Row {
        code: "VST-FRONT-SLASHES",
        title: "a slash too many or too few before the upstream's path",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Apache httpd: ProxyPass",
        symptom: "The app answers 404 behind the proxy, and its log shows `//` or two words run together.",
        cause: "Apache replaces the beginning of the path letter for letter: with a slash at the end of the one \
                address and not of the other, one is doubled or missing.",
        cure: "Let both addresses end in a slash, or neither.",
        fault: None,
        explains: &[],
        judge: slashes,
    },
];

fn reverse_path(evidence: &Evidence) -> Option<Case> {
    let routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let (path, reverse, upstream) = routes.into_iter().find_map(|route| {
        let (path, reverse) = (route.path.as_deref()?, route.reverse_path.as_deref()?);
        // An address may hold a name and a password.
        let upstream = route
            .upstream
            .as_deref()
            .filter(|upstream| !upstream.contains('@'));
        let upstream = upstream.unwrap_or("http://UPSTREAM");
        (path != reverse).then_some((path, reverse, upstream))
    })?;
    Some(
        Case::new(format!(
            "`ProxyPass` is for {}, `ProxyPassReverse` for {}.",
            shown(path),
            shown(reverse)
        ))
        .change(setting(
            evidence,
            Change::config(
                "route.path",
                "Write the path once: Vestibule writes the app's addresses back by itself.",
            )
            .line(format!("path = \"{path}\"")),
            Change::apache("ProxyPassReverse", "Write the path of `ProxyPass`.")
                .line(format!("ProxyPassReverse {path} {upstream}")),
        )),
    )
}

fn slashes(evidence: &Evidence) -> Option<Case> {
    let of_settings = || {
        let routes = &evidence
            .settings
            .as_ref()
            .filter(|_| evidence.from_apache())?
            .routes;
        routes.iter().find_map(|route| {
            let (path, upstream) = (route.path.as_deref()?, route.upstream.as_deref()?);
            // An address may hold a name and a password.
            let differ = path.ends_with('/') != upstream.ends_with('/') && !upstream.contains('@');
            differ.then_some((path, upstream))
        })
    };
    let doubled = || {
        let url = evidence.upstream_request.as_ref()?.url.as_deref()?;
        let (_, rest) = url.split_once("://")?;
        let asked = evidence
            .request
            .as_ref()
            .and_then(|request| request.url.as_deref())
            .unwrap_or_default();
        // What the browser doubled itself stays doubled.
        let own = asked
            .split_once("://")
            .is_some_and(|(_, rest)| rest.contains("//"));
        (rest.contains("//") && !own).then_some(url)
    };
    if let Some((path, upstream)) = of_settings() {
        let bare = upstream.trim_end_matches('/');
        let start = path.trim_end_matches('/');
        return Some(
            Case::new(format!(
                "{} goes to {}: one ends in a slash and the other does not.",
                shown(path),
                shown(upstream)
            ))
            .change(
                Change::apache(
                    "ProxyPass",
                    "Let both end in a slash; in `ProxyPassReverse` too.",
                )
                .line(format!("ProxyPass {start}/ {bare}/")),
            ),
        );
    }
    let url = doubled()?;
    Some(
        Case::new(format!("The upstream was asked for {}.", shown(url))).change(setting(
            evidence,
            Change::config("route.upstream", "Write it without a slash at the end.")
                .line("upstream = \"http://UPSTREAM\""),
            Change::apache("ProxyPass", "Let both addresses end in a slash.")
                .line("ProxyPass /PATH/ http://UPSTREAM/"),
        )),
    )
}
