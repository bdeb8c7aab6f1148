//! The command line: every command, flag and help text.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use vestibule_config::apache::SourceVersion;
use vestibule_proxy::sessions::{Name, SessionId};

/// Sign-in with Microsoft Entra ID, or any OpenID Connect provider, in front of any web app or API.
#[derive(Debug, Parser)]
#[command(
    name = "vestibule",
    version,
    arg_required_else_help = true,
    after_help = "Start here:\n  vestibule demo                           see it work on this machine, nothing to set up\n  vestibule run --config vestibule.toml    run it for real\n\nExit codes: 0 done, 1 something is wrong (an invalid configuration), 2 could not be done."
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the proxy with a configuration file.
    Run(RunArgs),
    /// Show the whole thing on this machine: a local provider, a sample API and the proxy.
    Demo(DemoArgs),
    /// Check a configuration file, without starting or contacting anything.
    Check(CheckArgs),
    /// Ask the provider, the store and the upstreams whether this configuration can work.
    Doctor(DoctorArgs),
    /// Explain a token, a pasted error or log line, or what becomes of a request.
    Explain(Box<ExplainArgs>),
    /// Read another program's configuration, and write vestibule.toml in its place.
    Import(ImportArgs),
    /// Run the local identity provider alone, for laptops and tests.
    Idp(IdpArgs),
    /// See who is signed in at the running proxy, and end sessions.
    Sessions(SessionsArgs),
}

/// `vestibule run`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule run --config /etc/vestibule/vestibule.toml\n  vestibule run --apache /etc/apache2/sites-enabled/portal.conf --listen 127.0.0.1:8080\n\nSignals: SIGHUP reloads the configuration (an invalid one keeps the old); SIGTERM and Ctrl-C finish what is in flight, then stop."
)]
pub(crate) struct RunArgs {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "vestibule.toml",
        conflicts_with = "apache"
    )]
    pub(crate) config: PathBuf,
    /// Run this configuration of Apache with mod_auth_openidc as it stands: a file, or a folder like /etc/apache2.
    #[arg(long, value_name = "FILE")]
    pub(crate) apache: Option<PathBuf>,
    /// Listen here instead of where Apache does.
    #[arg(long, value_name = "ADDRESS", requires = "apache")]
    pub(crate) listen: Option<SocketAddr>,
    /// The version of mod_auth_openidc the configuration was written for.
    #[arg(
        long,
        value_name = "VERSION",
        requires = "apache",
        default_value_t = SourceVersion::DEBIAN_12
    )]
    pub(crate) source_version: SourceVersion,
}

/// `vestibule import`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Whose configuration it is.
    #[command(subcommand)]
    pub(crate) from: ImportFrom,
}

/// The programs whose configuration can be read.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportFrom {
    /// Apache httpd with mod_auth_openidc.
    Apache(ImportApacheArgs),
}

/// `vestibule import apache`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule import apache /etc/apache2/sites-enabled/portal.conf > vestibule.toml\n  vestibule import apache /etc/apache2 --write /etc/vestibule/vestibule.toml\n\nThe file goes to standard output, and what each directive became to standard error. Nothing is run, `exec:` included. docs/apache.md says more.\n\nExit codes: 0 imported, perhaps with differences, 1 something stops it, 2 it could not be written."
)]
pub(crate) struct ImportApacheArgs {
    /// A file, or a folder like /etc/apache2.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write it to this file instead, and secrets into files beside it that only their owner can read.
    #[arg(long, value_name = "PATH")]
    pub(crate) write: Option<PathBuf>,
    /// Print the file and the report as JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
    /// Listen here instead of where Apache does.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The version of mod_auth_openidc the configuration was written for.
    #[arg(long, value_name = "VERSION", default_value_t = SourceVersion::DEBIAN_12)]
    pub(crate) source_version: SourceVersion,
}

/// `vestibule demo`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule demo\n  vestibule demo --without-api-scope     the mistake that makes the API's token unreadable, and its cure\n  vestibule demo --fault expired         another mistake, and the finding that shows it\n  vestibule demo --fault list\n  vestibule demo --proxy-port 9090"
)]
pub(crate) struct DemoArgs {
    /// Port of the proxy, on localhost; 0 picks a free one, here and below.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) proxy_port: u16,
    /// Port of the local identity provider, on 127.0.0.1.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) idp_port: u16,
    /// Port of the sample API, on 127.0.0.1.
    #[arg(long, value_name = "PORT", default_value_t = 1234)]
    pub(crate) api_port: u16,
    /// Leave the API's scope out of the sign-in: the API then gets a token it cannot validate.
    #[arg(long)]
    pub(crate) without_api_scope: bool,
    /// Let something go wrong, to see its finding; "list" prints the names.
    #[arg(long, value_name = "NAME", conflicts_with = "without_api_scope")]
    pub(crate) fault: Option<String>,
}

/// `vestibule check`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule check vestibule.toml\n  vestibule check --without-secrets vestibule.toml\n  vestibule check --json vestibule.toml\n  vestibule check --apache /etc/apache2/sites-enabled/portal.conf"
)]
pub(crate) struct CheckArgs {
    /// The configuration file; vestibule.toml if there is none.
    #[arg(value_name = "FILE", conflicts_with_all = ["config", "apache"])]
    pub(crate) file: Option<PathBuf>,
    /// The configuration file, named as `run` names it.
    #[arg(long, value_name = "FILE", conflicts_with = "apache")]
    pub(crate) config: Option<PathBuf>,
    /// Check this configuration of Apache with mod_auth_openidc: what each directive would become, and what is wrong with it.
    #[arg(long, value_name = "FILE")]
    pub(crate) apache: Option<PathBuf>,
    /// The version of mod_auth_openidc it was written for.
    #[arg(
        long,
        value_name = "VERSION",
        requires = "apache",
        default_value_t = SourceVersion::DEBIAN_12
    )]
    pub(crate) source_version: SourceVersion,
    /// Take absent secrets, certificates and folders as warnings: to check a file on another machine than the one that runs it.
    #[arg(long)]
    pub(crate) without_secrets: bool,
    /// Print the problems as JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `vestibule doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule doctor --config /etc/vestibule/vestibule.toml\n  vestibule doctor --probe-header-limit\n  vestibule doctor --sign-in\n\nNobody is signed in without --sign-in, and no credentials go to an upstream. Run it as the user that runs the proxy, where the proxy runs. What it sends: docs/doctor.md."
)]
pub(crate) struct DoctorArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "vestibule.toml")]
    pub(crate) config: PathBuf,
    /// Print the result as JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
    /// How long each question may take, in seconds.
    #[arg(long, value_name = "SECS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub(crate) timeout: u64,
    /// Find out how large a head each upstream takes: five more requests to it, of up to 64 KiB.
    #[arg(long)]
    pub(crate) probe_header_limit: bool,
    /// Sign in once, in your browser, and judge the token of each route.
    #[arg(long)]
    pub(crate) sign_in: bool,
    /// The port on localhost that the sign-in comes back to; that of `public_url`, if it is http on this machine, else 8400.
    #[arg(long, value_name = "PORT", requires = "sign_in")]
    pub(crate) sign_in_port: Option<u16>,
    /// Open the browser too.
    #[arg(long, requires = "sign_in")]
    pub(crate) open: bool,
}

/// `vestibule explain`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("configuration").args(["config", "apache"])),
    after_help = "Examples:\n  vestibule explain --file token.txt\n  vestibule explain --audience api://9e59d98b-d747-4a9a-96fd-178f04d08b02 < token.txt\n  vestibule explain \"AADSTS50011: The redirect URI …\"\n  vestibule explain --config vestibule.toml --request \"GET /foo/x\" --session-claims claims.json\n\nNothing is sent anywhere and nothing is fetched without --online or --jwks URL; no token is ever printed. docs/explain.md says more.\n\nExit codes: 0 nothing is wrong beyond warnings, 1 something is, 2 there was nothing to explain, or it could not be done."
)]
pub(crate) struct ExplainArgs {
    /// A token, or the text of an error page, log line, callback address or JSON answer; `-`, or nothing, reads standard input.
    #[arg(value_name = "TOKEN|TEXT", conflicts_with = "file")]
    pub(crate) what: Vec<String>,
    /// Read it from this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// An audience the API accepts: its application id or App ID URI. Can be given several times.
    #[arg(long, value_name = "AUDIENCE")]
    pub(crate) audience: Vec<String>,
    /// An issuer the API accepts, to the letter. Can be given several times.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Vec<String>,
    /// Judge by this configuration file: the APIs behind its routes, its provider.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Judge by this configuration of Apache with mod_auth_openidc, as `run --apache` would run it.
    #[arg(long, value_name = "FILE")]
    pub(crate) apache: Option<PathBuf>,
    /// Only this route of the configuration.
    #[arg(long, value_name = "PATH", requires = "configuration")]
    pub(crate) route: Option<String>,
    /// Verify the signature with the keys of this file or https address.
    #[arg(long, value_name = "FILE|URL", conflicts_with = "online")]
    pub(crate) jwks: Option<String>,
    /// Verify the signature with the keys its issuer publishes: fetches the issuer's metadata and keys.
    #[arg(long)]
    pub(crate) online: bool,
    /// Explain what becomes of this request: a method and a path, or a whole address.
    #[arg(long, value_name = "METHOD PATH", requires = "configuration", conflicts_with_all = ["what", "file", "jwks", "online", "audience", "issuer", "route"])]
    pub(crate) request: Option<String>,
    /// The request's host; that of a whole address in --request, else the first public URL's, unless given.
    #[arg(long, value_name = "HOST", requires = "request")]
    pub(crate) host: Option<String>,
    /// A header of the request. Can be given several times.
    #[arg(long, value_name = "NAME: VALUE", requires = "request")]
    pub(crate) header: Vec<String>,
    /// The address the request comes from.
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "request",
        default_value = "127.0.0.1"
    )]
    pub(crate) peer: std::net::IpAddr,
    /// The request brings this token as `Authorization: Bearer`; `-` reads it from standard input.
    #[arg(long, value_name = "TOKEN", requires = "request")]
    pub(crate) token: Option<String>,
    /// The request brings a session with these ID token claims: a file with a JSON object.
    #[arg(long, value_name = "FILE", requires = "request")]
    pub(crate) session_claims: Option<PathBuf>,
    /// The scopes that the session's sign-in was granted, as `scope` in the token endpoint's answer has them.
    #[arg(long, value_name = "SCOPES", requires = "session_claims")]
    pub(crate) granted: Option<String>,
    /// Take this for the time, in seconds since 1970: for what happened earlier.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) now: Option<i64>,
    /// Print JSON, for a program to read: docs/explain.schema.json.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `vestibule idp`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vestibule idp --port 8081\n  vestibule idp --port 0 --control-port 0 --config directory.toml\n\nIts file, people, faults and control endpoint: docs/idp.md. It listens on 127.0.0.1 only. Its keys and secrets are worthless anywhere else, and must stay so."
)]
pub(crate) struct IdpArgs {
    /// Port to listen on; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) port: u16,
    /// Port of the control endpoint that switches faults; without it there is none, unless the file says so.
    #[arg(long, value_name = "PORT")]
    pub(crate) control_port: Option<u16>,
    /// People, apps and faults, as TOML; without it a ready-made directory.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `vestibule sessions`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule sessions list --config /etc/vestibule/vestibule.toml\n  vestibule sessions revoke --user ann@example.com\n\nThe proxy that runs is asked over a Unix socket in its state folder, which is for its own user and root. docs/sessions.md says more.\n\nExit codes: 0 done, 1 there is no such session or not all could be ended, 2 nothing could be asked."
)]
pub(crate) struct SessionsArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: SessionsCommand,
}

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List those who are signed in.
    List(SessionsListArgs),
    /// Show all there is to know of one session. No token is ever shown.
    Show(SessionsShowArgs),
    /// End sessions: their cookies are nobody's from then on, and their tokens are revoked where the provider offers that.
    Revoke(SessionsRevokeArgs),
}

/// Where the running proxy is found.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct SessionsWhere {
    /// The configuration file of the proxy that runs.
    #[arg(long, value_name = "FILE", default_value = "vestibule.toml", conflicts_with_all = ["apache", "socket"])]
    pub(crate) config: PathBuf,
    /// It runs this configuration of Apache, with `run --apache`.
    #[arg(long, value_name = "FILE", conflicts_with = "socket")]
    pub(crate) apache: Option<PathBuf>,
    /// The version of mod_auth_openidc that was written for.
    #[arg(
        long,
        value_name = "VERSION",
        requires = "apache",
        default_value_t = SourceVersion::DEBIAN_12
    )]
    pub(crate) source_version: SourceVersion,
    /// Its socket, as its log names it at the start.
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// Whose sessions.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct SessionsWhose {
    /// Those of this user: preferred_username, upn, email or name, whole, in whatever case.
    #[arg(long, value_name = "NAME", group = "whose")]
    pub(crate) user: Option<Name>,
    /// Those of this subject: the claim `sub`, to the letter.
    #[arg(long, value_name = "SUB", groups = ["whose", "of_a_provider"])]
    pub(crate) subject: Option<Name>,
    /// Those of this session at the provider: the claim `sid`, to the letter.
    #[arg(long, value_name = "SID", groups = ["whose", "of_a_provider"])]
    pub(crate) sid: Option<Name>,
    /// Only of this issuer: the claim `iss`, to the letter. Among very many sessions they are found faster with it.
    #[arg(long, value_name = "ISSUER", requires = "of_a_provider")]
    pub(crate) issuer: Option<Name>,
}

/// `vestibule sessions list`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vestibule sessions list\n  vestibule sessions list --user ann@example.com\n  vestibule sessions list --limit 1000 --json"
)]
pub(crate) struct SessionsListArgs {
    #[command(flatten)]
    pub(crate) whose: SessionsWhose,
    /// So many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Go on after this id: what a list that is longer says at its end.
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<SessionId>,
    /// Print JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: SessionsWhere,
}

/// `vestibule sessions show`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vestibule sessions show 1f0c9a7be2d45c33")]
pub(crate) struct SessionsShowArgs {
    /// The session, as `list` names it.
    #[arg(value_name = "ID")]
    pub(crate) id: SessionId,
    /// Print JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: SessionsWhere,
}

/// `vestibule sessions revoke`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("which").args(["ids", "user", "subject", "sid", "all"]).required(true)),
    after_help = "Examples:\n  vestibule sessions revoke 1f0c9a7be2d45c33\n  vestibule sessions revoke --user ann@example.com\n  vestibule sessions revoke --subject 2f1f5c0a --issuer https://login.microsoftonline.com/<tenant>/v2.0\n  vestibule sessions revoke --all\n\nIt ends what `list` with the same flags shows. Whoever is still signed in at the provider may come back: it ends sessions, it locks nobody out."
)]
pub(crate) struct SessionsRevokeArgs {
    /// These sessions, as `list` names them.
    #[arg(value_name = "ID", num_args = 1..=100)]
    pub(crate) ids: Vec<SessionId>,
    #[command(flatten)]
    pub(crate) whose: SessionsWhose,
    /// Every session there is.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON, for a program to read.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: SessionsWhere,
}
