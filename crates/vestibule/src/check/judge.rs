//! Judges the settings of a file as the diagnosis sees them, and finds the key each finding is about.

use vestibule_config::{Problem, Problems, ProviderSettings, Settings};
use vestibule_diagnosis::{Evidence, Finding, Place, Severity, diagnose};

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

/// What reading the file says of the same thing, by the end of its key: a finding is not told beside it.
const SAID: [(&str, &str); 4] = [
    ("VST-CLIENT-SECRET-ID", "client_secret"),
    ("VST-CLIENT-SECRET-SPACE", "client_secret"),
    ("VST-CLIENT-ID", "client_id"),
    ("VST-TOKEN-MIXED-ACCOUNTS", "access_token"),
];

/// Everything there is to say about the settings alone, each once. `said` is what reading the file said already.
pub(crate) fn settings(all: &Settings, secrets: Secrets, said: Option<&Problems>) -> Vec<Judged> {
    let mut judged: Vec<Judged> = Vec::new();
    let providers = all.providers.iter().map(Some);
    let none = all.providers.is_empty().then_some(None);
    for provider in providers.chain(none) {
        let mut base = Evidence::default();
        base.settings = Some(evidence::settings(all, provider, secrets));
        for route in routes_of(all, provider) {
            base.route = route.map(|at| name_of(all, at));
            for finding in diagnose(&base) {
                let twin = |known: &Judged| {
                    known.finding.code == finding.code && known.finding.seen == finding.seen
                };
                if !said.is_some_and(|said| is_said(&finding, said)) && !judged.iter().any(twin) {
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
        .filter(|(_, route)| {
            route.provider.is_none()
                || route.provider.as_ref() == provider.and_then(|set| set.name.as_ref())
        })
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

fn is_said(finding: &Finding, said: &Problems) -> bool {
    said_codes(said).any(|code| code == finding.code)
}

/// The codes of findings that reading the file told of already.
pub(crate) fn said_codes(said: &Problems) -> impl Iterator<Item = &'static str> + '_ {
    let is_said = |key: &str| {
        said.iter()
            .any(|problem| problem.key.rsplit('.').next() == Some(key))
    };
    SAID.iter()
        .filter(move |(_, key)| is_said(key))
        .map(|(code, _)| *code)
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
