//! The whole of the checked configuration, free of the file format.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use ipnet::IpNet;

use crate::section::admin::AdminSettings;
use crate::section::limits::Limits;
use crate::section::log::LogSettings;
use crate::section::outbound::OutboundSettings;
use crate::section::pages::PagesSettings;
use crate::section::provider::ProviderSettings;
use crate::section::route::RouteSettings;
use crate::section::server::PublicUrl;
use crate::section::session::SessionSettings;
use crate::section::tls::TlsSettings;

/// Everything the file says, checked, with defaults filled in and secrets fetched.
///
/// Only [`parse`](crate::parse) and [`load`](crate::load) make one, and only when no problem of
/// severity error was found, so the sentences below hold for every value.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The public addresses, at least one; no two with the same host and port. Each has its own redirect URI
    /// and its own cookie. Takes effect on reload.
    pub public_urls: Vec<PublicUrl>,
    /// The sockets to listen on, at least one. Takes effect on restart.
    pub listen: Vec<SocketAddr>,
    /// Certificate and key; without them the listener is plain. Their files are read again when they change.
    pub tls: Option<TlsSettings>,
    /// Peers whose `X-Forwarded-*` and `Forwarded` are believed; empty: nobody's; with `danger_any_forwarder` the two
    /// networks that hold every address. Takes effect on reload.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether they are believed about the host; false. Takes effect on reload.
    pub forwarded_host: bool,
    /// Threads that serve requests; unset: one per core. Takes effect on restart.
    pub threads: Option<NonZeroUsize>,
    /// Bounds on what a client may send, and how slowly. Takes effect on reload for new connections.
    pub limits: Limits,
    /// The providers, at least one if any route needs sign-in. One without a name, or several with names.
    /// Takes effect on reload.
    pub providers: Vec<ProviderSettings>,
    /// Where sessions live and how long. See its fields for when changes take effect.
    pub session: SessionSettings,
    /// The routes, at least one, in the order of the file; no two with the same host and path.
    /// Takes effect on reload.
    pub routes: Vec<RouteSettings>,
    /// What is logged and how.
    pub log: LogSettings,
    /// The admin listener; none unless configured. Takes effect on restart.
    pub admin: Option<AdminSettings>,
    /// How calls to providers leave this machine. Takes effect on reload.
    pub outbound: OutboundSettings,
    /// The operator's own page templates. Takes effect on reload.
    pub pages: PagesSettings,
}
