//! Judges an imported configuration twice: as Apache has it written, and as it runs here. What only the first shows was
//! cured by the import; it is told all the same, because Apache still has it.

use vestibule_config::apache::{Import, Place as Line};
use vestibule_config::{Problem, ProviderSettings, Settings, Severity as Weight};
use vestibule_diagnosis::evidence::{Origin, Product};
use vestibule_diagnosis::{Evidence, Finding, Place, Severity, diagnose};

use crate::evidence;
use crate::load::Secrets;

/// A finding about an imported configuration.
#[derive(Debug)]
pub(super) struct Found {
    /// What was found; what to change is said in Apache's words.
    pub(super) finding: Finding,
    /// How bad it is here.
    pub(super) severity: Severity,
    /// The line it is about.
    pub(super) at: Option<Line>,
    /// Whether it is Apache's alone.
    pub(super) is_cured: bool,
}

/// A finding, and the number of the route that it was found on.
#[derive(Debug, Clone)]
struct Judged {
    finding: Finding,
    route: Option<usize>,
}

/// Which of the two is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Written,
    Imported,
    Run,
}

/// Everything that is found, each once.
pub(super) fn of(import: &Import, settings: &Settings, secrets: Secrets) -> Vec<Found> {
    let provider = settings.providers.first();
    let judge = |how| judge(import, settings, provider, secrets, how);
    let (written, imported, run) = (judge(As::Written), judge(As::Imported), judge(As::Run));
    let of_code = |list: &[Judged], code| {
        let mut found = list.iter().map(|judged| &judged.finding);
        let found = found.find(|finding| finding.code == code);
        found.map(|finding| finding.severity)
    };
    let mut all: Vec<Found> = Vec::new();
    for Judged { finding, route } in written.into_iter().chain(imported.clone()) {
        if all.iter().any(|known| known.finding.code == finding.code) {
            continue;
        }
        let here = of_code(&run, finding.code).or_else(|| of_code(&imported, finding.code));
        all.push(Found {
            at: place(import, &finding, route),
            severity: here.unwrap_or(finding.severity),
            is_cured: here.is_none(),
            finding,
        });
    }
    all
}

/// The import has seen to the slashes, and an address without a path is one with a slash once it was parsed.
pub(crate) fn without_slashes(settings: &mut vestibule_diagnosis::evidence::Settings) {
    for route in &mut settings.routes {
        let ends = route
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with('/'));
        if let Some(upstream) = &mut route.upstream {
            let bare = upstream.trim_end_matches('/').to_owned();
            *upstream = if ends { format!("{bare}/") } else { bare };
        }
    }
}

fn judge(
    import: &Import,
    settings: &Settings,
    provider: Option<&ProviderSettings>,
    secrets: Secrets,
    how: As,
) -> Vec<Judged> {
    let mut base = Evidence::default();
    let mut seen = evidence::settings(settings, provider, secrets);
    let written = &import.as_written;
    if how != As::Run {
        seen.origin = Some(Origin::Apache);
    }
    if let Some(provider) = &mut seen.provider {
        if written.is_entra_v2 && provider.product.is_none() {
            provider.product = Some(Product::Entra);
        }
        if how == As::Written {
            provider.scopes.clone_from(&written.scopes);
            provider.own_scopes.clone_from(&written.scopes);
        }
    }
    if how == As::Written
        && let Some((path, reverse)) = &written.reverse
    {
        let mut routes = seen.routes.iter_mut();
        let found = routes.find(|route| route.path.as_ref() == Some(path));
        if let Some(route) = found {
            route.reverse_path = Some(reverse.clone());
        }
    }
    without_slashes(&mut seen);
    base.settings = Some(seen);
    let mut found: Vec<Judged> = Vec::new();
    let routes = settings.routes.iter().enumerate();
    for route in routes.map(Some).chain([None]) {
        base.route = route.map(|(_, route)| evidence::route_name(route));
        for finding in diagnose(&base) {
            let is_new = !found.iter().any(|known| known.finding.code == finding.code);
            if finding.severity >= Severity::Warning && is_new {
                let route = route.map(|(at, _)| at);
                found.push(Judged { finding, route });
            }
        }
    }
    found
}

/// Directives that many places have, and the key of a route that tells which is meant.
const OF_ROUTES: [(&str, &str); 4] = [
    ("Require", "require"),
    ("OIDCRemoteUserClaim", "user"),
    ("OIDCPassAccessToken", "access_token"),
    ("ProxyPass", "upstream"),
];

/// The line of the directive that is to be changed: of the route it was found on, or the first there is.
fn place(import: &Import, finding: &Finding, route: Option<usize>) -> Option<Line> {
    let named = finding
        .change
        .iter()
        .filter(|change| change.place == Place::Apache);
    let of_route = |name: &str| {
        let (_, key) = OF_ROUTES
            .iter()
            .find(|(of, _)| of.eq_ignore_ascii_case(name))?;
        let key = format!("route[{}].{key}", route?);
        let at = Problem::at_key(&import.toml, Weight::Warning, &key, "", "")?;
        // A rule is several lines, and comes from the section they stand in.
        let origin = import.origin(at.line)?;
        let mut entries = import.report.entries.iter();
        let found = entries.find(|entry| {
            entry.at.file == origin.file
                && entry.at.line >= origin.line
                && entry.name.eq_ignore_ascii_case(name)
        });
        found.map(|entry| entry.at.clone())
    };
    named
        .filter_map(|change| {
            let entries = import.report.entries.iter();
            let mut found = entries.filter(|entry| entry.name.eq_ignore_ascii_case(&change.name));
            of_route(&change.name).or_else(|| found.next().map(|entry| entry.at.clone()))
        })
        .next()
}
