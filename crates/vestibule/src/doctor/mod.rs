//! `vestibule doctor`: asks everything a running proxy would depend on, and says what is wrong with it.
//!
//! | asked | module |
//! |---|---|
//! | the settings against themselves | `check` |
//! | the provider: name, metadata, clock, keys | `documents` |
//! | our registration there: redirect URI, credentials | `registration` |
//! | the session store | `store` |
//! | the upstreams | `upstream` |
//! | the public address, if the program runs | `public` |
//! | a real sign-in, if asked for | `sign_in` |
//!
//! Every answer becomes evidence, and the diagnosis judges it; `look` keeps what was asked and what was found, `report`
//! prints it. The provider is asked by the proxy's own client, over the same way and with the same certificates.

mod documents;
mod look;
mod observer;
mod public;
mod registration;
mod report;
mod sign_in;
mod store;
mod upstream;

use std::time::Duration;

use vestibule_config::{LoadError, ProviderSettings, Settings};
use vestibule_diagnosis::Evidence;
use vestibule_oidc::jose::KeySet;
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::server::control_runtime;

use self::look::Look;
use crate::assemble::{self, AssembleError};
use crate::cli::DoctorArgs;
use crate::clock::now;
use crate::exit::Exit;
use crate::load::Secrets;
use crate::{check, evidence, load, output};

/// Runs the command.
pub(crate) fn run(arguments: &DoctorArgs) -> Exit {
    let (settings, warnings) = match load::file(&arguments.config, Secrets::Needed) {
        Ok(loaded) => loaded,
        Err(LoadError::Invalid(problems)) => {
            match arguments.json {
                true => output::line(report::of_file(&arguments.config, &problems)),
                false => load::print(&problems),
            }
            return Exit::Wrong;
        }
        Err(error) => {
            let help = "name the file with --config FILE";
            output::error("read the settings", &error, Some(help));
            return Exit::Impossible;
        }
    };
    let runtime = match control_runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error("start", &error, None);
            return Exit::Impossible;
        }
    };
    let mut look = Look::new(!arguments.json);
    let judged = check::judge(&settings, Secrets::Needed, now());
    let warnings = check::untold(warnings, &judged);
    if !arguments.json {
        load::print(&warnings);
    }
    look.begin("the settings");
    let said = check::said(&warnings).map(|(finding, _)| finding);
    let found = judged.into_iter().map(|judged| judged.finding);
    let warned = warnings.iter().filter(|warning| warning.code.is_none());
    look.found_in_file(found, said, warned.count(), "they go together");
    let patience = Duration::from_secs(arguments.timeout);
    let asked = runtime.block_on(async {
        let mut known = Vec::new();
        for provider in &settings.providers {
            known.extend(ask(&mut look, &settings, provider, patience).await?);
        }
        store::ask(&mut look, &settings.session.store);
        upstream::ask(&mut look, &settings, patience, arguments.probe_header_limit).await;
        public::ask(&mut look, &settings, patience).await?;
        Ok::<_, AssembleError>(known)
    });
    let known = match asked {
        Ok(known) => known,
        Err(error) => {
            output::error("use the settings", &*error, None);
            return Exit::Wrong;
        }
    };
    let mut possible = true;
    if arguments.sign_in {
        possible = sign_in::ask(&mut look, &settings, &known, arguments, &runtime);
    }
    look.settle();
    report::print(&look, &arguments.config, &warnings, arguments.json);
    match (look.has_errors(), possible) {
        (true, _) => Exit::Wrong,
        (false, false) => Exit::Impossible,
        (false, true) => Exit::Done,
    }
}

/// What a provider publishes.
#[derive(Debug)]
struct Known {
    /// Its name in the configuration.
    name: Option<String>,
    keys: Option<KeySet>,
    /// What the diagnosis is told of it.
    base: Evidence,
}

/// One provider and our registration there.
async fn ask(
    look: &mut Look,
    settings: &Settings,
    set: &ProviderSettings,
    patience: Duration,
) -> Result<Option<Known>, AssembleError> {
    let plan = assemble::provider(set, settings)?;
    let outbound = assemble::outbound_to(set, settings)?;
    let proxied = outbound.proxy.is_some();
    let transport = HttpTransport::new(&outbound, &plan.metadata_url)?;
    let mut base = Evidence::default();
    base.settings = Some(evidence::settings(settings, Some(set), Secrets::Needed));
    base.now = Some(now());
    let client = documents::Client {
        transport: &transport,
        plan: &plan,
        patience,
        proxied,
    };
    let Some((metadata, keys)) = documents::ask(look, &client, &mut base).await else {
        return Ok(None);
    };
    for url in evidence::public_urls(settings, Some(set)) {
        let redirect_uri = redirect_uri(settings, set, &url.origin());
        registration::redirect_uri(look, &client, &metadata, &base, &redirect_uri).await;
    }
    let first = evidence::public_urls(settings, Some(set))
        .next()
        .map(|url| url.origin())
        .unwrap_or_default();
    let redirect_uri = redirect_uri(settings, set, &first);
    registration::credentials(look, &client, &metadata, &base, &redirect_uri).await;
    Ok(Some(Known {
        name: set.name.clone(),
        keys,
        base,
    }))
}

/// Where the provider sends people back to.
fn redirect_uri(settings: &Settings, set: &ProviderSettings, origin: &str) -> String {
    format!("{origin}{}", assemble::redirect_path(set, settings))
}
