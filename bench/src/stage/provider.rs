//! The provider everybody signs in with: `vestibule idp`, with one app that any localhost may use.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use vestibule_e2e::place::free_port;

use super::Process;
use crate::problem::{Outcome, Problem};

const TENANT: &str = "6c1d0a5e-3f0b-4c52-9b7e-5d2f8a107e41";
const API: &str = "9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002";

/// The running provider.
#[derive(Debug)]
pub(crate) struct Provider {
    port: u16,
    _process: Process,
}

impl Provider {
    /// The registration's id at the provider.
    pub(crate) const CLIENT_ID: &str = "2b7e1f64-90ac-4d3e-8f15-6a0c9be4c11e";
    /// Its secret, worthless anywhere else.
    pub(crate) const CLIENT_SECRET: &str = "local-bench-secret";
    /// The person who signs in.
    pub(crate) const ACCOUNT: &str = "ada";
    /// Her name in the tokens.
    pub(crate) const USER: &str = "ada@contoso.localhost";

    /// Starts it on the load's core. `https_port` is where the proxy with TLS will be.
    pub(crate) fn start(program: &Path, folder: &Path, https_port: u16) -> Outcome<Self> {
        let (client, secret) = (Self::CLIENT_ID, Self::CLIENT_SECRET);
        let directory = format!(
            r#"
[[app]]
name            = "Portal"
client_id       = "{client}"
client_secret   = "{secret}"
redirect        = "any-localhost"
redirect_uris   = ["https://localhost:{https_port}/.vestibule/callback"]
optional_claims = ["upn", "email", "login_hint", "sid"]
group_claims    = true

[[app]]
name                 = "API"
client_id            = "{API}"
app_id_uris          = ["api://{API}"]
access_token_version = 2
scopes               = ["access"]
group_claims         = true

[tokens]
access_token_secs = 7200
id_token_secs     = 7200
"#
        );
        fs::write(folder.join("directory.toml"), directory)?;
        let port = free_port();
        let (program, text) = (program.display().to_string(), port.to_string());
        let line = [
            program.as_str(),
            "idp",
            "--port",
            text.as_str(),
            "--config",
            "directory.toml",
        ];
        let process = Process::start("provider", folder, "0", &line)?;
        let provider = Self {
            port,
            _process: process,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                return Err(Problem::new(
                    "the provider does not start; see provider.log",
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(provider)
    }

    /// The provider's address.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{}/{TENANT}/v2.0", self.origin())
    }

    pub(crate) fn metadata_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer())
    }

    /// The address of one of its endpoints: `authorize`, `token`.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/{TENANT}/oauth2/v2.0/{name}", self.origin())
    }

    /// Where its keys are.
    pub(crate) fn keys_url(&self) -> String {
        format!("{}/{TENANT}/discovery/v2.0/keys", self.origin())
    }

    /// The scope of the API behind the proxies.
    pub(crate) fn api_scope() -> String {
        format!("api://{API}/access")
    }
}
