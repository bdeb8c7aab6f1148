//! `vestibule demo`: a local identity provider, a sample API and the proxy, on this machine, with nothing to set up.
//!
//! The proxy runs on the same text a person would write into `vestibule.toml`; `--without-api-scope` changes the one
//! line that people miss, and `--fault` lets something else go wrong, to show its finding.

mod api;
mod fault;
mod page;
mod verdict;
mod websocket;

use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use url::Url;
use vestibule_config::{Environment, FixedSecrets, LogFormat, Settings};
use vestibule_idp::{Bound, ControlPort, Idp, IdpSettings, StartError};
use vestibule_oidc::issuer::IssuerRule;
use vestibule_proxy::listen::BindError;
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::provider::outbound::{OutboundPlan, client_tls};
use vestibule_proxy::server::control_runtime;

use self::api::SampleApi;
use self::fault::Mistake;
use self::verdict::Validator;
use crate::cli::DemoArgs;
use crate::exit::Exit;
use crate::load::Secrets;
use crate::serve::{self, Served};
use crate::{evidence, output};

/// The header in which the API finds its token, as hyper spells it.
const TOKEN_HEADER: &str = "oidc_access_token";
/// The header in which the API finds the person's name.
const USER_HEADER: &str = "x-remote-user";
/// Where the sample API leads whoever opens the bare address on to the page.
const START: &str = "/start";

/// The page, as browsers see it.
const PAGE: &str = "/foo/";

/// The variable the demo's configuration names for its secret. It is not read from the environment.
const SECRET_VARIABLE: &str = "DEMO_CLIENT_SECRET";

/// Runs the command until Ctrl-C.
pub(crate) fn run(arguments: &DemoArgs) -> Exit {
    let mistake = match arguments.fault.as_deref() {
        Some("list") => {
            output::text(&fault::list());
            return Exit::Done;
        }
        Some(name) => match Mistake::of(name) {
            Some(mistake) => mistake,
            None => {
                let help = "`vestibule demo --fault list` prints the names";
                let unknown: Box<dyn Error> = format!("there is no fault \"{name}\"").into();
                output::error("start the demo", &*unknown, Some(help));
                return Exit::Impossible;
            }
        },
        None => Mistake {
            without_api_scope: arguments.without_api_scope,
            ..Mistake::default()
        },
    };
    crate::logging::start_at(LevelFilter::WARN, LogFormat::Text);
    match demo(arguments, mistake) {
        Ok(exit) => exit,
        Err(failure) => {
            output::error(failure.to, &*failure.because, failure.help.as_deref());
            Exit::Impossible
        }
    }
}

/// Why the demo could not start.
struct Failure {
    to: &'static str,
    because: Box<dyn Error + Send + Sync>,
    help: Option<String>,
}

impl Failure {
    fn new(to: &'static str) -> impl Fn(Box<dyn Error + Send + Sync>) -> Self {
        move |because| Self {
            to,
            because,
            help: None,
        }
    }

    fn port(to: &'static str, flag: &'static str) -> impl Fn(Box<dyn Error + Send + Sync>) -> Self {
        move |because| Self {
            to,
            help: is_taken(&*because)
                .then(|| format!("another program uses that port; choose one with {flag} PORT")),
            because,
        }
    }
}

fn demo(arguments: &DemoArgs, mistake: Mistake) -> Result<Exit, Failure> {
    let runtime = control_runtime().map_err(|error| Failure::new("start")(error.into()))?;
    let idp = runtime
        .block_on(Idp::bind(provider(&mistake), arguments.idp_port))
        .map_err(|error| {
            Failure::port("start the local identity provider", "--idp-port")(error.into())
        })?;
    let facts = Facts::of(&idp, arguments, mistake);
    let api_address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.api_port));
    let listener = runtime
        .block_on(TcpListener::bind(api_address))
        .map_err(|cause| {
            let error = BindError {
                address: api_address,
                cause,
            };
            Failure::port("start the sample API", "--api-port")(error.into())
        })?;
    let listens_at = listener
        .local_addr()
        .map_err(|error| Failure::new("start the sample API")(error.into()))?;
    let text = facts.configuration(listens_at);
    let settings = facts
        .settings(&text)
        .map_err(Failure::new("read the demo's own configuration"))?;
    let known = evidence::settings(&settings, settings.providers.first(), Secrets::Needed);
    let validator = facts
        .validator()
        .map_err(Failure::new("start the sample API"))?
        .behind(known);
    let api = runtime
        .block_on(async { SampleApi::start(listener, validator) })
        .map_err(|error| Failure::new("start the sample API")(error.into()))?;
    let idp = runtime.block_on(async { idp.serve() });
    let served = Served::start(&settings, runtime.handle())
        .map_err(Failure::port("start the proxy", "--proxy-port"))?;
    let stop = {
        let _entered = runtime.enter();
        serve::stop_asked_for()
    };
    output::line(facts.welcome(&served, api.address, &text));
    runtime.block_on(stop);
    output::notice("stopping");
    let in_time = served.stop(runtime.handle());
    runtime.block_on(idp.shutdown());
    Ok(if in_time { Exit::Done } else { Exit::Wrong })
}

/// What the three parts must agree on.
struct Facts {
    issuer: String,
    authority: String,
    tenant: String,
    client_id: String,
    client_secret: String,
    api: String,
    idp_address: SocketAddr,
    proxy_port: u16,
    mistake: Mistake,
}

impl Facts {
    fn of(idp: &Bound, arguments: &DemoArgs, mistake: Mistake) -> Self {
        let described = idp.describe();
        let said = |name: &str| {
            described
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let tenant = said("tenant_id");
        let authority = format!("http://{}", idp.address());
        Self {
            issuer: format!("{authority}/{tenant}/v2.0"),
            client_id: said("client_id"),
            client_secret: said("client_secret"),
            api: said("api"),
            idp_address: idp.address(),
            proxy_port: match arguments.proxy_port {
                0 => free_port(),
                port => port,
            },
            mistake,
            authority,
            tenant,
        }
    }

    /// The API's scope, as a route names it.
    fn scope(&self) -> String {
        format!("{}/.default", self.api)
    }

    /// The configuration, as a person would write it.
    fn configuration(&self, api: SocketAddr) -> String {
        let sign_in = self.mistake.without_api_scope || self.mistake.userinfo;
        let access_token = match sign_in {
            false => format!("{{ scope = \"{}\" }}", self.scope()),
            true => "\"sign-in\"".to_owned(),
        };
        let userinfo = if self.mistake.userinfo {
            "userinfo      = true\n"
        } else {
            ""
        };
        let port = self.proxy_port;
        // Browsers try both for `localhost`; a machine may have no IPv6.
        let listen = match std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
            Ok(_) => format!("[\"127.0.0.1:{port}\", \"[::1]:{port}\"]"),
            Err(_) => format!("\"127.0.0.1:{port}\""),
        };
        format!(
            r#"public_url = "http://localhost:{port}"
listen     = {listen}

[provider]
kind          = "entra"
display_name  = "the local provider"
issuer        = "{issuer}"
client_id     = "{client_id}"
client_secret = "env:{SECRET_VARIABLE}"
{userinfo}
[session]
store = "memory"

[log]
access = false

[[route]]
path         = "/foo"
upstream     = "http://{api}"
access_token = {access_token}
authorization = "bearer"
user         = ["upn", "preferred_username"]
danger_mutable_user = true
headers      = {{ preset = "mod_auth_openidc", "X-Remote-User" = "@user" }}
websocket    = true

[[route]]                                    # whoever opens the bare address is sent to /foo/
path         = "/"
upstream     = "http://{api}{START}"
require      = "public"
"#,
            issuer = self.issuer,
            client_id = self.client_id,
        )
    }

    fn settings(&self, text: &str) -> Result<Settings, Box<dyn Error + Send + Sync>> {
        let secrets = FixedSecrets::new().variable(SECRET_VARIABLE, &self.client_secret);
        let environment = Environment::new(&secrets, ".", ".");
        Ok(vestibule_config::parse(text, &environment)?.settings)
    }

    /// The API's own rules: what a real one would have in its configuration.
    fn validator(&self) -> Result<Validator, Box<dyn Error + Send + Sync>> {
        let authority = format!("{}/{}", self.authority, self.tenant);
        let v1 = Url::parse(&format!("{authority}/.well-known/openid-configuration"))?;
        let v2 = Url::parse(&format!(
            "{authority}/v2.0/.well-known/openid-configuration"
        ))?;
        let v1_issuer = format!("{}/sts/{}/", self.authority, self.tenant);
        let outbound = OutboundPlan {
            tls: Arc::new(client_tls(None)?),
            proxy: None,
        };
        let transport = HttpTransport::new(&outbound, &v2)?;
        let guid = self.api.trim_start_matches("api://").to_owned();
        Ok(Validator::new(
            transport,
            (v1, IssuerRule::exact(&v1_issuer)),
            (v2, IssuerRule::exact(&self.issuer)),
            vec![self.api.clone(), guid.clone()],
            vec![v1_issuer, self.issuer.clone()],
            guid,
        ))
    }

    /// What a mistake will show.
    fn expected(&self) -> String {
        let mut text = format!(
            "With `{}` something goes wrong. Sign in; the finding will be this, or a closer one that explains it\n",
            self.mistake.name
        );
        for row in self.mistake.shows() {
            text.push_str(&format!(
                "\n    {}: {}\n    {}\n",
                row.code, row.title, row.cure
            ));
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn welcome(&self, served: &Served, api: SocketAddr, text: &str) -> String {
        let port = served
            .addresses()
            .first()
            .map_or(self.proxy_port, SocketAddr::port);
        let note = match (self.mistake.without_api_scope, self.mistake.name.as_str()) {
            (false, "") => "The API gets a token it can validate. To see the mistake that costs people days, start\n`vestibule demo --without-api-scope`; `vestibule demo --fault list` has more.".to_owned(),
            (false, _) => self.expected(),
            (true, _) => format!(
                "The API's scope is left out of the sign-in, so the API gets a token it cannot validate: the page\nsays which, why, and the one line that cures it:\n\n    access_token = {{ scope = \"{}\" }}",
                self.scope()
            ),
        };
        let mut configuration = String::new();
        for line in text.lines() {
            configuration.push_str("    ");
            configuration.push_str(line);
            configuration.push('\n');
        }
        format!(
            "Vestibule demo: everything runs on this machine. Ctrl-C stops it.

  Open      http://localhost:{port}/foo/
            and choose who to sign in as; there are no passwords
  As JSON   http://localhost:{port}/foo/whoami

  local identity provider  http://{idp}
  sample API               http://{api}
  proxy                    http://localhost:{port}, route /foo, prefix removed

{note}

The configuration it runs:

{configuration}",
            idp = self.idp_address,
        )
    }
}

/// The ready-made directory, without the endpoint that switches faults, and with those of the mistake on.
fn provider(mistake: &Mistake) -> IdpSettings {
    IdpSettings {
        control_port: ControlPort::Off,
        faults: mistake.faults.clone(),
        ..IdpSettings::built_in()
    }
}

/// A port nobody uses. It is in the public URL, so it must be known before anybody listens there.
fn free_port() -> u16 {
    let address = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr());
    address.map_or(0, |address| address.port())
}

/// Whether another program has the port.
fn is_taken(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(this) = error {
        let taken = this
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::AddrInUse)
            || matches!(this.downcast_ref(), Some(StartError::PortTaken(_)));
        if taken {
            return true;
        }
        error = this.source();
    }
    false
}
