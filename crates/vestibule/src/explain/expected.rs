//! Decides which APIs are to validate the token: those of the flags, or those behind a configuration's routes.

use vestibule_config::apache::{ImportOptions, SecretForm};
use vestibule_config::{LoadError, RouteSettings, Settings};
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence;
use vestibule_diagnosis::evidence::{Api, Product};
use vestibule_oidc::issuer::TokenIssuer;

use super::Failure;
use crate::cli::ExplainArgs;
use crate::evidence as converted;
use crate::import::{Imported, without_slashes};
use crate::load::{self, Secrets};

/// One API, or the sign-in itself, and what it expects.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// What it is called in a sentence.
    pub(super) name: String,
    /// The route before it.
    pub(super) route: Option<String>,
    /// What it expects.
    pub(super) api: Api,
    /// Whether it is the sign-in, which expects an ID token.
    pub(super) is_sign_in: bool,
    settings: Option<evidence::Settings>,
}

/// Everything a command line says about who is to validate the token.
#[derive(Debug, Default)]
pub(super) struct Who {
    /// The APIs; empty if nothing is known of any.
    pub(super) apis: Vec<Expected>,
    /// The sign-ins of the configuration's providers.
    pub(super) sign_ins: Vec<Expected>,
    /// Whether the person named an API or a route, so that a token is taken for what it is to be there.
    pub(super) is_named: bool,
}

impl Who {
    /// The settings were Apache's, so that its directives are what is to be changed.
    fn is_of_apache(&mut self) {
        for expected in self.apis.iter_mut().chain(&mut self.sign_ins) {
            if let Some(settings) = &mut expected.settings {
                settings.origin = Some(evidence::Origin::Apache);
                without_slashes(settings);
            }
        }
    }
}

impl Expected {
    /// An API of which nothing is known.
    pub(super) fn any() -> Self {
        Self {
            name: "any API".to_owned(),
            route: None,
            api: Api::default(),
            is_sign_in: false,
            settings: None,
        }
    }

    /// The app of an ID token, of which nothing is known.
    pub(super) fn any_sign_in() -> Self {
        Self {
            name: "the app it is for".to_owned(),
            is_sign_in: true,
            ..Self::any()
        }
    }

    /// Whether nothing is known of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.api == Api::default()
    }

    /// Which product the configured provider is.
    pub(super) fn product(&self) -> Option<Product> {
        let mut evidence = Evidence::default();
        evidence.settings.clone_from(&self.settings);
        let of_issuer = || {
            self.api
                .issuers
                .iter()
                .find_map(|issuer| Product::of_url(issuer))
        };
        evidence.product().or_else(of_issuer)
    }

    /// Adds what is known to the evidence.
    pub(super) fn tell(&self, evidence: &mut Evidence) {
        self.tell_settings(evidence);
        evidence.route.clone_from(&self.route);
        evidence.api = (!self.is_unknown() && !self.is_sign_in).then(|| self.api.clone());
    }

    /// Adds the settings alone.
    pub(super) fn tell_settings(&self, evidence: &mut Evidence) {
        evidence.settings.clone_from(&self.settings);
    }

    /// The issuers it accepts, to judge by; `None` if they are not known.
    pub(super) fn issuer(&self) -> Option<TokenIssuer> {
        judge_of(self.api.issuers.iter())
    }

    /// The issuers whose keys may sign: Entra files the keys of both versions of a tenant under one issuer.
    pub(super) fn issuer_of_keys(&self) -> Option<TokenIssuer> {
        let own = &self.api.issuers;
        let both: Vec<_> = own
            .iter()
            .flat_map(|issuer| converted::both_versions(issuer))
            .collect();
        judge_of(own.iter().chain(&both))
    }
}

fn judge_of<'i>(issuers: impl Iterator<Item = &'i String>) -> Option<TokenIssuer> {
    let of = |issuer: &String| match Product::of_url(issuer).is_some_and(Product::is_entra) {
        true => TokenIssuer::entra_exact(issuer),
        false => TokenIssuer::exact(issuer),
    };
    let mut issuers = issuers.map(of);
    let first = issuers.next()?;
    Some(issuers.fold(first, TokenIssuer::or))
}

/// The APIs the command line names.
pub(super) fn who(arguments: &ExplainArgs) -> Result<Who, Failure> {
    let by_flags = !arguments.audience.is_empty() || !arguments.issuer.is_empty();
    let is_named = by_flags || arguments.route.is_some();
    let mut who = match configuration(arguments)? {
        Some(settings) => of_settings(&settings, arguments)?,
        None => Who::default(),
    };
    if arguments.apache.is_some() {
        who.is_of_apache();
    }
    if who.apis.is_empty() && by_flags {
        let mut api = Expected::any();
        api.name = "the API".to_owned();
        api.settings = who.sign_ins.first().and_then(|one| one.settings.clone());
        who.apis.push(api);
    }
    for expected in &mut who.apis {
        if !arguments.audience.is_empty() {
            expected.api.audiences.clone_from(&arguments.audience);
            expected.api.name = arguments.audience.first().cloned();
        }
        if !arguments.issuer.is_empty() {
            expected.api.issuers.clone_from(&arguments.issuer);
        }
    }
    who.is_named = is_named;
    Ok(who)
}

/// Reads the configuration that the command line names, if it names one. Its secrets need not be there: nothing is
/// decided by them.
pub(super) fn configuration(arguments: &ExplainArgs) -> Result<Option<Settings>, Failure> {
    if let Some(file) = &arguments.apache {
        let options = ImportOptions {
            secrets: SecretForm::Held,
            ..ImportOptions::default()
        };
        let imported = Imported::of(file, &options, Secrets::Absent);
        return match imported.settings() {
            Some(settings) => Ok(Some(settings.clone())),
            None => Err(Failure::Import(Box::new(imported))),
        };
    }
    let Some(path) = &arguments.config else {
        return Ok(None);
    };
    match load::file(path, Secrets::Absent) {
        Ok((settings, _)) => Ok(Some(settings)),
        Err(LoadError::Invalid(problems)) => Err(Failure::Configuration(problems)),
        Err(error) => {
            Err(Failure::new("explain", error).help("name the file: --config vestibule.toml"))
        }
    }
}

fn of_settings(settings: &Settings, arguments: &ExplainArgs) -> Result<Who, Failure> {
    let named = |route: &&RouteSettings| match &arguments.route {
        Some(name) => route.path == *name || converted::route_name(route) == *name,
        None => route.access_token.is_some(),
    };
    let routes: Vec<_> = settings.routes.iter().filter(named).collect();
    if let (Some(name), true) = (&arguments.route, routes.is_empty()) {
        let known: Vec<_> = settings.routes.iter().map(converted::route_name).collect();
        let error = format!(
            "there is no route {name}; the routes are {}",
            known.join(", ")
        );
        return Err(Failure::new("find the route", error));
    }
    let apis = routes.into_iter().map(|route| {
        let provider = converted::provider_of(settings, route);
        let name = converted::route_name(route);
        Expected {
            name: format!("the API behind {name}"),
            route: Some(name),
            api: converted::api(route, provider),
            is_sign_in: false,
            settings: Some(converted::settings(settings, provider, Secrets::Absent)),
        }
    });
    let sign_ins = settings.providers.iter().map(|provider| {
        let mut api = Api::default();
        api.audiences = vec![provider.client_id.clone()];
        let issuers = converted::issuers(provider);
        // Sign-in is by the v2.0 metadata, or whatever was configured.
        api.issuers = issuers
            .into_iter()
            .take(1.max(provider.tenants.len() * 2))
            .collect();
        Expected {
            name: match &provider.name {
                Some(name) => format!("the sign-in with {name}"),
                None => "the sign-in".to_owned(),
            },
            route: None,
            api,
            is_sign_in: true,
            settings: Some(converted::settings(
                settings,
                Some(provider),
                Secrets::Absent,
            )),
        }
    });
    Ok(Who {
        apis: apis.collect(),
        sign_ins: sign_ins.collect(),
        is_named: false,
    })
}
