//! Judges the settings of a file as the diagnosis sees them, and finds the key each finding is about.

use vestibule_config::{Problem, Problems, ProviderSettings, Settings};
use vestibule_diagnosis::{Change, Evidence, Finding, Place, Severity, catalogue, diagnose};
use vestibule_oidc::time::UnixTime;

use crate::evidence;
use crate::load::Secrets;

/// A finding about settings.
#[derive(Debug)]
pub(crate) struct Judged {
    /// What was found.
    pub(crate) finding: Finding,
    /// The keys it may be about, the likeliest first: `provider.scopes`, `route[1].user`.
    keys: Vec<String>,
}

/// Everything there is to say about the settings alone, and the certificate that they name, each once.
pub(crate) fn settings(all: &Settings, secrets: Secrets, now: UnixTime) -> Vec<Judged> {
    let mut judged: Vec<Judged> = Vec::new();
    let certificate = evidence::certificate(all);
    let providers = all.providers.iter().map(Some);
    let none = all.providers.is_empty().then_some(None);
    for provider in providers.chain(none) {
        let mut base = Evidence::default();
        base.now = Some(now);
        let settings = base
            .settings
            .insert(evidence::settings(all, provider, secrets));
        if let Some((certificate, uncovered)) = certificate.clone() {
            settings.listener.certificate = Some(certificate);
            settings.listener.uncovered_hosts = uncovered;
        }
        for route in routes_of(all, provider) {
            base.route = route.map(|at| name_of(all, at));
            for finding in diagnose(&base) {
                let twin = |known: &Judged| {
                    known.finding.code == finding.code && known.finding.seen == finding.seen
                };
                if !judged.iter().any(twin) {
                    let keys = keys(&finding, provider, route);
                    judged.push(Judged { finding, keys });
                }
            }
        }
    }
    judged
}

/// The routes of a provider by their place in the file, public ones left out; one without a place, if there is none.
fn routes_of(all: &Settings, provider: Option<&ProviderSettings>) -> Vec<Option<usize>> {
    let found: Vec<_> = all
        .routes
        .iter()
        .enumerate()
        .filter(|(_, route)| route.require != vestibule_config::Require::Public)
        .filter(|(_, route)| evidence::is_for(all, route, provider))
        .map(|(at, _)| Some(at))
        .collect();
    match found.is_empty() {
        true => vec![None],
        false => found,
    }
}

fn name_of(all: &Settings, at: usize) -> String {
    all.routes
        .get(at)
        .map(evidence::route_name)
        .unwrap_or_default()
}

/// What reading the file said, as findings, where that is what it is.
pub(crate) fn said(problems: &Problems) -> impl Iterator<Item = (Finding, &Problem)> + '_ {
    problems.iter().filter_map(|problem| {
        let row = catalogue::row(problem.code?)?;
        let severity = match problem.severity {
            vestibule_config::Severity::Error => Severity::Error,
            _ => Severity::Warning,
        };
        let finding = Finding {
            code: row.code,
            severity,
            seen: sentence(&problem.message),
            why: row.cause.to_owned(),
            change: vec![Change::config(
                problem.key.as_str(),
                sentence(&problem.help),
            )],
            confidence: row.confidence,
            source: row.source,
        };
        Some((finding, problem))
    })
}

/// A message of the file's report as findings are written.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|char| char.to_uppercase());
    let end = if message.ends_with(['.', '"', '…']) {
        ""
    } else {
        "."
    };
    first
        .into_iter()
        .flatten()
        .chain(chars)
        .chain(end.chars())
        .collect()
}

/// Keys of `[[route]]` that findings name without their table.
const OF_ROUTES: [&str; 6] = [
    "access_token",
    "user",
    "upstream",
    "upstream_ca",
    "headers",
    "require",
];

/// The keys a finding names as what to change, with their whole way from the top of the file.
fn keys(
    finding: &Finding,
    provider: Option<&ProviderSettings>,
    route: Option<usize>,
) -> Vec<String> {
    let table = match provider.and_then(|set| set.name.as_deref()) {
        Some(name) => format!("provider.{name}"),
        None => "provider".to_owned(),
    };
    let named = finding
        .change
        .iter()
        .filter(|change| change.place == Place::Config);
    let mut keys: Vec<String> = named
        .map(|change| {
            let name = change.name.as_str();
            let of_route = name.strip_prefix("route.").unwrap_or(name);
            match (name.strip_prefix("provider."), route) {
                (Some(key), _) => format!("{table}.{key}"),
                (None, Some(at)) if OF_ROUTES.contains(&of_route) => {
                    format!("route[{at}].{of_route}")
                }
                _ => name.to_owned(),
            }
        })
        .collect();
    if finding.seen.contains("route") {
        keys.extend(route.map(|at| format!("route[{at}].path")));
    }
    let of_provider = keys.iter().any(|key| key.starts_with(&table));
    keys.extend(of_provider.then_some(table));
    keys.push("public_url".to_owned());
    keys
}

impl Judged {
    /// The finding as a problem of the file, at the line it is about. `None` for what is only worth knowing.
    pub(crate) fn problem(&self, text: &str) -> Option<Problem> {
        let severity = match self.finding.severity {
            Severity::Error => vestibule_config::Severity::Error,
            Severity::Warning => vestibule_config::Severity::Warning,
            _ => return None,
        };
        let found = self.keys.iter().find_map(|key| {
            Problem::at_key(text, severity, key, self.finding.seen.as_str(), self.help())
        })?;
        Some(found.because(self.finding.code, self.finding.why.as_str()))
    }

    /// What to change, one line each.
    fn help(&self) -> String {
        let mut help = String::new();
        for change in &self.finding.change {
            if !help.is_empty() {
                help.push('\n');
            }
            if change.place != Place::Config {
                help.push_str(&format!(
                    "{}, {}: ",
                    crate::print::place(change.place),
                    change.name
                ));
            }
            help.push_str(&change.text);
            if let Some(line) = &change.line {
                help.push_str(&format!("\n    {line}"));
            }
        }
        help
    }
}
