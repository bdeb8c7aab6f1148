//! oauth2-proxy with its sessions in the cookie, built from its Go module.

use std::path::PathBuf;
use std::process::Command;

use super::{Case, Passes, Running};
use crate::problem::{Outcome, Problem};
use crate::stage::{Place, Process, Provider};

const MODULE: &str = "github.com/oauth2-proxy/oauth2-proxy/v7@v7.9.0";

pub(super) fn cookie(place: &Place, case: &Case) -> Outcome<Running> {
    let program = build(place)?.display().to_string();
    let (provider, url) = (&place.provider, place.url("http"));
    // The metadata's issuer is what it should be, yet the endpoints are said one by one, so that
    // nothing depends on what the program thinks of the rest of the document.
    let arguments = [
        format!("--http-address=127.0.0.1:{}", place.port),
        format!("--upstream=http://127.0.0.1:{}/", place.upstream.port),
        "--provider=oidc".to_owned(),
        "--skip-oidc-discovery=true".to_owned(),
        format!("--oidc-issuer-url={}", provider.issuer()),
        format!("--login-url={}", provider.endpoint("authorize")),
        format!("--redeem-url={}", provider.endpoint("token")),
        format!("--oidc-jwks-url={}", provider.keys_url()),
        format!("--redirect-url={url}/oauth2/callback"),
        format!("--client-id={}", Provider::CLIENT_ID),
        format!("--client-secret={}", Provider::CLIENT_SECRET),
        format!(
            "--scope=openid profile offline_access {}",
            Provider::api_scope()
        ),
        "--cookie-secret=0123456789abcdef0123456789abcdef".to_owned(),
        "--cookie-secure=false".to_owned(),
        "--email-domain=*".to_owned(),
        "--oidc-email-claim=upn".to_owned(),
        "--user-id-claim=upn".to_owned(),
        "--insecure-oidc-allow-unverified-email=true".to_owned(),
        "--skip-provider-button=true".to_owned(),
        "--pass-user-headers=true".to_owned(),
        "--pass-access-token=true".to_owned(),
        "--request-logging=false".to_owned(),
        "--auth-logging=false".to_owned(),
    ];
    let threads = format!("GOMAXPROCS={}", case.cores);
    let mut line = vec!["env", threads.as_str(), program.as_str()];
    line.extend(arguments.iter().map(String::as_str));
    let cores = place.cores.of_proxy(case.cores);
    let process = Process::start("oauth2-proxy", &place.folder, &cores, &line)?;
    Ok(Running {
        processes: vec![process],
        url,
        passes: Passes::Person {
            user: "X-Forwarded-User",
            access_token: "X-Forwarded-Access-Token",
        },
    })
}

/// The program; it is built once and kept.
fn build(place: &Place) -> Outcome<PathBuf> {
    let folder = place.kept.join("go");
    let program = folder.join("bin/oauth2-proxy");
    if program.is_file() {
        return Ok(program);
    }
    let output = Command::new("go")
        .args(["install", MODULE])
        .env("GOPATH", &folder)
        .env("GOBIN", folder.join("bin"))
        .env("GOFLAGS", "-mod=mod -buildvcs=false")
        .current_dir(&place.kept)
        .output()
        .map_err(|_| Problem::new("Go is not on this machine"))?;
    if output.status.success() {
        return Ok(program);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().last().unwrap_or_default().trim();
    Err(Problem::new(format!("its Go module cannot be had: {last}")))
}
