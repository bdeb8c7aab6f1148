//! Decides what is known of the scopes a sign-in was granted: the provider says so in its answer, and nobody asks it here.

use vestibule_config::{ProviderSettings, Settings};
use vestibule_diagnosis::evidence::Product;
use vestibule_gate::rule::{Requirement, Rule};
use vestibule_oidc::microsoft::{TenantId, is_graph_audience};

use crate::explain::value::shown;
use crate::{assemble, evidence as converted};

/// Of so many scopes every combination is tried; those beyond go together with the last.
const MOST_OPEN: usize = 6;

/// What is known of the scopes of one sign-in.
#[derive(Debug, Default)]
pub(super) struct Granted {
    /// Those that are there.
    known: Vec<String>,
    /// Those that a rule asks for and that may be there or not.
    open: Vec<Scope>,
    /// Those that a rule asks for, of which it is known.
    told: Vec<Scope>,
    /// Whether the person said what the answer had.
    pub(super) is_said: bool,
}

/// A scope that a rule asks for.
#[derive(Debug)]
struct Scope {
    name: String,
    /// Why it is there, is not, or can't be told.
    why: String,
}

/// Whether a scope is in the provider's answer.
enum State {
    Yes(&'static str),
    No(&'static str),
    Open(String),
}

impl Granted {
    /// What is known for this route's rule. `said` is what the person says the provider's answer had.
    pub(super) fn of(
        settings: &Settings,
        provider: &ProviderSettings,
        require: Option<&Requirement>,
        said: Option<&str>,
    ) -> Self {
        if let Some(said) = said {
            let known = said.split_ascii_whitespace().map(str::to_owned).collect();
            return Self {
                known,
                is_said: true,
                ..Self::default()
            };
        }
        let asked = assemble::asked_for(provider, settings).scopes;
        let mut named = Vec::new();
        if let Some(Requirement::Rules(rule)) = require {
            named_by(rule, &mut named);
        }
        let mut found = Self::default();
        for scope in &asked {
            if matches!(state(provider, &asked, scope), State::Yes(_)) {
                found.known.push(scope.clone());
            }
        }
        for name in named {
            let name = name.to_owned();
            match state(provider, &asked, &name) {
                State::Yes(why) | State::No(why) => found.told.push(Scope {
                    name,
                    why: why.to_owned(),
                }),
                State::Open(why) => found.open.push(Scope { name, why }),
            }
        }
        found
    }

    /// Every answer the provider may have given, that with the fewest scopes first and that with the most last.
    pub(super) fn answers(&self) -> Vec<String> {
        let open = self.open.len().min(MOST_OPEN);
        (0..1_u32 << open)
            .map(|chosen| {
                let is_in = |at: usize| chosen >> at.min(MOST_OPEN - 1) & 1 == 1;
                let open = self.open.iter().enumerate();
                let granted = open.filter(|(at, _)| is_in(*at)).map(|(_, one)| &one.name);
                let all: Vec<&str> = self
                    .known
                    .iter()
                    .chain(granted)
                    .map(String::as_str)
                    .collect();
                all.join(" ")
            })
            .collect()
    }

    /// Why one of these scopes is taken as granted or not, or can't be told.
    pub(super) fn why(&self, scopes: &[String]) -> Option<&str> {
        let mut all = self.open.iter().chain(&self.told);
        all.find(|one| scopes.contains(&one.name))
            .map(|one| one.why.as_str())
    }

    /// What can't be told, a sentence each.
    pub(super) fn caveats(&self) -> Vec<String> {
        self.open
            .iter()
            .map(|one| {
                format!(
                    "Whether `{}` was granted can't be told here: {}.",
                    shown(&one.name),
                    one.why
                )
            })
            .collect()
    }
}

/// The scopes a rule, or a part of it, asks for, each once.
fn named_by<'r>(rule: &'r Rule, found: &mut Vec<&'r str>) {
    match rule {
        Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|rule| named_by(rule, found)),
        Rule::Not(rule) => named_by(rule, found),
        Rule::Scope { any_of } => {
            for scope in any_of {
                if !found.contains(&scope.as_str()) {
                    found.push(scope);
                }
            }
        }
        _ => {}
    }
}

fn state(provider: &ProviderSettings, asked: &[String], scope: &str) -> State {
    let by_answer = match converted::is_entra(provider) {
        true => of_entra(asked, scope),
        false => of_others(provider, asked, scope),
    };
    // Rules read the scopes of a verified access token too, by the names it has for them.
    match by_answer {
        State::No(_) if !provider.access_token_audiences.is_empty() => State::Open(
            "the access token is verified (`access_token_audiences`), and what its `scp` names counts as well".to_owned(),
        ),
        known => known,
    }
}

/// RFC 6749 §3.3: a provider may grant less than was asked for, and more; RFC 6749 §5.1: it says so in its answer.
fn of_others(provider: &ProviderSettings, asked: &[String], scope: &str) -> State {
    let asks = asked.iter().any(|one| one == scope);
    let google = Product::of_url(provider.discovery.configured()) == Some(Product::Google);
    match asks {
        true if google && scope != "openid" => {
            State::Open("Google may name it by its address in its answer".to_owned())
        }
        true => State::Yes("the sign-in asks for it, and it is taken as granted"),
        false => State::Open(
            "the sign-in does not ask for it, and some providers grant more than they are asked for".to_owned(),
        ),
    }
}

/// Entra's answer lists the granted scopes of the one API the token is for.
fn of_entra(asked: &[String], scope: &str) -> State {
    let asks = asked.iter().any(|one| one == scope);
    let api_of = |scope: &str| match is_of_openid(scope) {
        true => None,
        false => Some(resource_of(scope)),
    };
    let apis: Vec<String> = asked.iter().filter_map(|one| api_of(one)).collect();
    let Some(api) = api_of(scope) else {
        return match apis.iter().any(|api| !is_graph_audience(api)) {
            true => {
                State::No("Entra's answer lists the API's scopes, without those of OpenID Connect")
            }
            false if asks && scope != "offline_access" => {
                State::Yes("the sign-in asks for it, and it is taken as granted")
            }
            false => State::Open("Entra's answer does not always list it".to_owned()),
        };
    };
    let of_all = asked
        .iter()
        .find(|one| one.ends_with("/.default") && resource_of(one) == api);
    match (asks, of_all) {
        (true, Some(_)) => State::Open(
            "Entra's answer may list the scopes that `/.default` stands for in its place"
                .to_owned(),
        ),
        (true, None) if !scope.contains('/') => State::Open(
            "Entra's answer may list it with Microsoft Graph's address in front".to_owned(),
        ),
        (true, None) => State::Yes("the sign-in asks for it, and it is taken as granted"),
        (false, Some(all)) => State::Open(format!(
            "what `{}` grants was decided by consent, in the tenant",
            shown(all)
        )),
        (false, None) if apis.contains(&api) => State::Open(
            "Entra's answer may list scopes of this API that were consented to before".to_owned(),
        ),
        (false, None) => State::No("the sign-in asks for no scope of its API"),
    }
}

/// The API of one of Entra's scopes, by one name.
fn resource_of(scope: &str) -> String {
    let resource = match scope.rsplit_once('/') {
        // A name alone is one of Microsoft Graph's.
        None => "https://graph.microsoft.com",
        // `api://GUID` alone.
        Some((resource, _)) if resource.ends_with('/') && !scope.ends_with("/.default") => scope,
        Some((resource, _)) => resource,
    };
    let id = resource.strip_prefix("api://").and_then(TenantId::parse);
    id.map_or_else(|| resource.to_owned(), |id| id.to_string())
}

/// Scopes of OpenID Connect itself (OIDC Core §5.4 and §11).
fn is_of_openid(scope: &str) -> bool {
    matches!(scope, "openid" | "profile" | "email" | "offline_access")
}

#[cfg(test)]
mod tests;
