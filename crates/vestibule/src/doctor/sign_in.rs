//! One real sign-in: the proxy itself, on this machine, with the file's provider and routes, and the observer in the
//! place of the upstreams. So what is judged is what the upstreams would get.
//!
//! What differs from a run: the address is on localhost, sessions are in memory, everybody who signs in may pass, and
//! every route that passes a token on sends it as a bearer token too, since that is where the observer looks.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tracing::level_filters::LevelFilter;
use vestibule_config::{
    Environment, LogFormat, ProcessSecrets, ProviderSettings, Require, ResponseMode, RouteSettings,
    Settings, StoreSettings, state_directory,
};
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{Failure, Product, Token};
use vestibule_oidc::access_token::{self, AccessTokenError, TokenShape};
use vestibule_oidc::jose::{Algorithm, CompactJws, KeySet};
use vestibule_oidc::secret::Secret;

use super::look::Look;
use super::observer::{self, Observer, Sent};
use super::{Known, now};
use crate::assemble::AssembleError;
use crate::cli::DoctorArgs;
use crate::load::Secrets;
use crate::serve::Served;
use crate::{evidence, logging, output};

/// The port the browser comes back to, where the settings do not name one.
const PORT: u16 = 8400;
/// How long a person has for the sign-in.
const PATIENCE: Duration = Duration::from_secs(600);

/// Asks for a sign-in and judges what comes. Gives whether there was one.
pub(super) fn ask(
    look: &mut Look,
    settings: &Settings,
    known: &[Known],
    arguments: &DoctorArgs,
    runtime: &Runtime,
) -> bool {
    let rehearsed = rehearsed(look, settings);
    let is_with = |route: &&RouteSettings| {
        let mut all = rehearsed.iter();
        route.provider.is_none() || all.any(|set| set.name == route.provider)
    };
    let routes: Vec<&RouteSettings> = settings
        .routes
        .iter()
        .filter(|route| route.require != Require::Public)
        .filter(is_with)
        .collect();
    if routes.is_empty() {
        look.begin("a sign-in");
        look.unknown("every route is public");
        return false;
    }
    logging::start_at(LevelFilter::WARN, LogFormat::Text);
    let port = arguments
        .sign_in_port
        .unwrap_or_else(|| configured_port(settings).unwrap_or(PORT));
    let paths = observer::paths(routes.iter().map(|route| route.path.as_str()));
    let address = format!(
        "http://localhost:{port}{}",
        paths.first().map_or("/", String::as_str)
    );
    let started = runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?.port();
        Ok::<_, AssembleError>((Observer::serve(listener, paths.clone()), at))
    });
    let served = started.and_then(|(observer, at)| {
        let rehearsal = rehearsal(settings, &rehearsed, &routes, &paths, port, at)?;
        Ok((observer, Served::start(&rehearsal, runtime.handle())?))
    });
    let (observer, served) = match served {
        Ok(served) => served,
        Err(error) => {
            let help = format!(
                "if something listens on port {port} already, stop it or choose another with --sign-in-port PORT"
            );
            output::error("start the sign-in on this machine", &*error, Some(&help));
            return false;
        }
    };
    output::notice(invitation(settings, &rehearsed, port, &address));
    if arguments.open {
        open(&address);
    }
    look.begin("a sign-in");
    let came = runtime.block_on(async {
        tokio::select! {
            all = timeout(PATIENCE, observer.all_seen()) => all.is_ok(),
            () = crate::serve::stop_asked_for() => false,
        }
    });
    let sent = observer.sent();
    match came {
        true => look.ok("somebody signed in, and every route was seen"),
        false => look.unknown("it was not completed"),
    }
    for (route, sent) in routes.iter().zip(&sent) {
        if let Some(sent) = sent {
            judge(look, settings, known, route, sent);
        }
    }
    // The last page is on its way to the browser.
    served.stop(runtime.handle());
    came
}

/// The port of a public address that is http on this machine: its redirect URI is registered as it is.
fn configured_port(settings: &Settings) -> Option<u16> {
    let mut local = settings
        .public_urls
        .iter()
        .filter(|url| !url.is_https() && url.host() == "localhost");
    local.next().map(|url| url.port())
}

/// The providers that can be tried on this machine. Those of different hosts may have one `redirect_path`, and here there
/// is one host: an answer must not arrive at an address of two.
fn rehearsed<'s>(look: &mut Look, settings: &'s Settings) -> Vec<&'s ProviderSettings> {
    let mut all: Vec<&ProviderSettings> = Vec::new();
    for set in &settings.providers {
        let path = set.redirect_path.as_ref();
        let mut before = all.iter();
        match before.find(|one| path.is_some() && one.redirect_path.as_ref() == path) {
            Some(twin) => {
                look.begin(format!("a sign-in with {}", set.display_name));
                look.unknown(format!(
                    "its answers arrive at the same path as those of {}, and this machine is one host: try it with a file of its own",
                    twin.display_name
                ));
            }
            None => all.push(set),
        }
    }
    all
}

/// The settings of the sign-in.
fn rehearsal(
    settings: &Settings,
    providers: &[&ProviderSettings],
    routes: &[&RouteSettings],
    paths: &[String],
    port: u16,
    observer: u16,
) -> Result<Settings, AssembleError> {
    let text = format!(
        "public_url = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
         [session]\nstore = \"memory\"\n\
         [[route]]\npath = \"/\"\nupstream = \"http://127.0.0.1:{observer}\"\nrequire = \"public\"\n"
    );
    let environment = Environment::new(&ProcessSecrets, ".", state_directory());
    let plain = vestibule_config::parse(&text, &environment)?.settings;
    let upstream = plain.routes.first().map(|route| route.upstream.clone());
    let upstream = upstream.ok_or("make the settings of the sign-in")?;
    let mut own = settings.clone();
    own.public_urls = plain.public_urls;
    own.listen = plain.listen;
    own.tls = None;
    own.trusted_proxies = Vec::new();
    own.forwarded_host = false;
    own.threads = Some(std::num::NonZeroUsize::MIN);
    own.session.store = StoreSettings::Memory;
    own.session.keys = Vec::new();
    own.admin = None;
    own.log.access = false;
    own.providers = providers.iter().map(|set| (*set).clone()).collect();
    for provider in &mut own.providers {
        provider.response_mode = ResponseMode::Query;
        provider.hosts = Vec::new();
    }
    own.routes = routes
        .iter()
        .zip(paths)
        .map(|(route, path)| {
            let mut route = (*route).clone();
            route.host = None;
            route.path.clone_from(path);
            route.keep_prefix = true;
            route.upstream = upstream.clone();
            route.require = Require::SignedIn;
            route.websocket = false;
            route.bearer = route.access_token.is_some();
            route
        })
        .collect();
    Ok(own)
}

/// What the person has to do.
fn invitation(
    settings: &Settings,
    providers: &[&ProviderSettings],
    port: u16,
    address: &str,
) -> String {
    let mut text = String::new();
    if configured_port(settings) != Some(port) {
        let callbacks: Vec<String> = providers
            .iter()
            .map(|set| super::redirect_uri(settings, set, &format!("http://localhost:{port}")))
            .collect();
        text.push_str(&format!(
            "The sign-in comes back to this machine. For the time of this test the provider must know the redirect URI\n  {}\n",
            callbacks.join("\n  ")
        ));
        let entra = providers
            .iter()
            .any(|set| Product::of_url(set.discovery.configured()).is_some_and(Product::is_entra));
        if entra {
            text.push_str(
                "In Entra: App registrations > your sign-in app > Authentication > Web > Redirect URIs. On localhost Entra \
                 does not look at the port.\nTake it out again afterwards.\n",
            );
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "Open this address in your browser and sign in:\n\n  {address}\n"
    ));
    text
}

fn open(address: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(program)
        .arg(address)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if started.is_err() {
        output::notice(format_args!(
            "there is no {program} here: open the address yourself"
        ));
    }
}

fn judge(
    look: &mut Look,
    settings: &Settings,
    known: &[Known],
    route: &RouteSettings,
    sent: &Sent,
) {
    let name = evidence::route_name(route);
    look.begin(format!("the token for {name}"));
    let provider = evidence::provider_of(settings, route);
    let mut seen = Evidence::default();
    seen.now = Some(now());
    seen.settings = Some(evidence::settings(settings, provider, Secrets::Needed));
    seen.route = Some(name);
    let Some(token) = &sent.token else {
        match route.access_token {
            Some(_) => {
                look.unknown("none came, though the route asks for one: the provider gave none")
            }
            None => look.ok("the route passes none on"),
        }
        return;
    };
    seen.api = Some(evidence::api(route, provider));
    let mut token = token.clone();
    let known = known
        .iter()
        .find(|known| provider.is_some_and(|set| set.name == known.name));
    if let Some(known) = known {
        seen.keys.clone_from(&known.base.keys);
        seen.metadata.clone_from(&known.base.metadata);
        token.verified = signature(&token, sent.raw.as_ref(), known.keys.as_ref());
    }
    let verified = match token.verified {
        Some(Ok(())) => ", signed by one of the keys",
        Some(Err(_)) => ", not signed by one of the keys",
        None => "",
    };
    let fine = format!("{}{verified}", describe(&token));
    seen.token = Some(token);
    seen.upstream_request = Some(sent.head.clone());
    look.judge(&seen, fine);
}

/// Whether one of the provider's keys signed a JWT. Nothing of anything else.
fn signature(
    token: &Token,
    raw: Option<&Secret>,
    keys: Option<&KeySet>,
) -> Option<Result<(), Failure>> {
    let (raw, keys) = (raw?, keys?);
    if !matches!(token.shape, TokenShape::Jwt { .. }) {
        return None;
    }
    let verified = CompactJws::parse(raw.expose(), access_token::MAX_BYTES)
        .map_err(AccessTokenError::from)
        .and_then(|jws| Ok(keys.verify(&jws, &Algorithm::ALL)?));
    Some(match verified {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::from(&error)),
    })
}

/// What a token is, in half a sentence and without a part of it.
fn describe(token: &Token) -> String {
    let kind = match token.shape {
        TokenShape::Jwt { .. } => "a signed JWT",
        TokenShape::Jwe { .. } => "an encrypted JWT",
        _ => "a token only its issuer can read",
    };
    let mut text = format!("{kind} of {} bytes", token.length);
    if let Some(issuer) = token.text("iss") {
        text.push_str(&format!(", issued by {issuer}"));
    }
    let audiences = token.audiences();
    if !audiences.is_empty() {
        text.push_str(&format!(", for {}", audiences.join(" and ")));
    }
    text
}
