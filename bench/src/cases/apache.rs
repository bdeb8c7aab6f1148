//! Apache: plain, and with mod_auth_openidc, which keeps its sessions in shared memory, the cookie or
//! Redis.

use super::{Case, Passes, Running};
use crate::problem::Outcome;
use crate::stage::{Place, Process, Provider};

/// Where Debian puts the modules.
const MODULES: &str = "/usr/lib/apache2/modules";

pub(super) fn plain(place: &Place, case: &Case) -> Outcome<Running> {
    start(place, case, "", Vec::new(), Passes::Request)
}

pub(super) fn openidc_shm(place: &Place, case: &Case) -> Outcome<Running> {
    let sessions = "OIDCSessionType server-cache\nOIDCCacheType shm\n";
    openidc(place, case, sessions, Vec::new())
}

pub(super) fn openidc_cookie(place: &Place, case: &Case) -> Outcome<Running> {
    let sessions = "OIDCSessionType client-cookie\nOIDCCacheType shm\n";
    openidc(place, case, sessions, Vec::new())
}

/// The Redis server's work counts too: it is part of what a request costs.
pub(super) fn openidc_redis(place: &Place, case: &Case) -> Outcome<Running> {
    let port = vestibule_e2e::place::free_port().to_string();
    let sessions = format!(
        "OIDCSessionType server-cache\nOIDCCacheType redis\nOIDCRedisCacheServer 127.0.0.1:{port}\n"
    );
    let line = [
        "redis-server",
        "--port",
        port.as_str(),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ];
    let cores = place.cores.of_proxy(case.cores);
    let redis = Process::start("redis", &place.folder, &cores, &line)?;
    openidc(place, case, &sessions, vec![redis])
}

fn openidc(place: &Place, case: &Case, sessions: &str, helpers: Vec<Process>) -> Outcome<Running> {
    let provider = &place.provider;
    // `Location /` protects everything, the module's own address included, which it needs.
    let text = format!(
        "LoadModule auth_openidc_module {MODULES}/mod_auth_openidc.so\n\
         OIDCProviderMetadataURL {metadata}\n\
         OIDCClientID {client}\n\
         OIDCClientSecret {secret}\n\
         OIDCRedirectURI {url}/app/redirect_uri\n\
         OIDCCryptoPassphrase a-passphrase-for-benchmarks-only\n\
         OIDCScope \"openid profile offline_access {scope}\"\n\
         OIDCRemoteUserClaim upn\n\
         OIDCPassClaimsAs headers\n\
         OIDCSessionInactivityTimeout 3600\n\
         {sessions}\
         <Location /app>\n  AuthType openid-connect\n  Require valid-user\n</Location>\n",
        metadata = provider.metadata_url(),
        client = Provider::CLIENT_ID,
        secret = Provider::CLIENT_SECRET,
        url = place.url("http"),
        scope = Provider::api_scope(),
    );
    let passes = Passes::Person {
        user: "OIDC_CLAIM_upn",
        access_token: "OIDC_access_token",
    };
    start(place, case, &text, helpers, passes)
}

fn start(
    place: &Place,
    case: &Case,
    more: &str,
    helpers: Vec<Process>,
    passes: Passes,
) -> Outcome<Running> {
    let (port, app, here) = (place.port, place.upstream.port, place.here());
    let modules: String = [
        "mpm_event",
        "authz_core",
        "authz_user",
        "authn_core",
        "headers",
        "proxy",
        "proxy_http",
    ]
    .iter()
    .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
    .collect();
    // A thread for each connection of the largest load: Apache closes kept connections when it runs
    // out of threads. In one process, so that memory is not that of idle processes.
    let text = format!(
        "ServerRoot {here}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile apache.pid\n\
         DefaultRuntimeDir {here}\nErrorLog error.log\nLogLevel warn\n{modules}{user}\n\
         ListenBacklog 1023\nKeepAlive On\nMaxKeepAliveRequests 0\nKeepAliveTimeout 75\n\
         ServerLimit 1\nStartServers 1\nThreadLimit 1088\nThreadsPerChild 1088\n\
         MaxRequestWorkers 1088\n\
         ProxyPreserveHost On\nRequestHeader set X-Forwarded-Proto http\n\
         ProxyPass / http://127.0.0.1:{app}/ keepalive=On\n{more}",
        user = super::request::if_root("User www-data\nGroup www-data"),
    );
    place.write("apache.conf", &text)?;
    let file = format!("{here}/apache.conf");
    let line = ["apache2", "-DFOREGROUND", "-f", &file];
    let cores = place.cores.of_proxy(case.cores);
    let mut processes = vec![Process::start("apache", &place.folder, &cores, &line)?];
    processes.extend(helpers);
    Ok(Running {
        processes,
        url: place.url("http"),
        passes,
    })
}
