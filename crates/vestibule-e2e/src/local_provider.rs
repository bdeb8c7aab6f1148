//! `vestibule idp` as a process: the provider that imitates Entra, with faults on request.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::http::{Reply, Request};
use crate::person::Person;
use crate::process::Process;
use crate::{http, place, program};

/// The running provider.
#[derive(Debug)]
pub struct LocalProvider {
    facts: BTreeMap<String, String>,
    port: u16,
    control_port: u16,
    settings: Option<NamedTempFile>,
    process: Process,
}

impl LocalProvider {
    /// Starts it on free ports.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(place::free_port(), place::free_port(), None)
    }

    /// Starts it with the built-in directory, in which the portal has registered exactly this
    /// redirect URI.
    #[must_use]
    pub fn with_redirect_uri(uri: &str) -> Self {
        Self::with_redirect_uris(&[uri])
    }

    /// Starts it with the built-in directory, with these lines more for the portal, and with a
    /// revocation endpoint.
    #[must_use]
    pub fn with_logout(lines: &str) -> Self {
        let built_in = place::checkout().join("crates/vestibule-idp/src/built_in.toml");
        let more = format!("{lines}\nredirect        =");
        let settings = fs::read_to_string(built_in).unwrap();
        let settings = settings.replacen("redirect        =", &more, 1);
        assert!(
            settings.contains(&more),
            "the built-in directory is written differently now"
        );
        let mut file = NamedTempFile::new().unwrap();
        let text = format!("{settings}\n[tokens]\nrevocation = true\n");
        file.write_all(text.as_bytes()).unwrap();
        Self::start_on(place::free_port(), place::free_port(), Some(file))
    }

    /// The same with several.
    #[must_use]
    pub fn with_redirect_uris(uris: &[&str]) -> Self {
        let built_in = place::checkout().join("crates/vestibule-idp/src/built_in.toml");
        let strict = format!("redirect_uris = {uris:?} #");
        let settings =
            fs::read_to_string(built_in)
                .unwrap()
                .replacen("redirect        =", &strict, 1);
        assert!(
            settings.contains(&strict),
            "the built-in directory is written differently now"
        );
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(settings.as_bytes()).unwrap();
        Self::start_on(place::free_port(), place::free_port(), Some(file))
    }

    /// Starts it with the built-in directory, and revoking every token of a sign-in of which a refresh
    /// token comes a second time.
    #[must_use]
    pub fn strict_about_reuse() -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(b"[tokens]\nrefresh_reuse = \"revokes-all\"\n")
            .unwrap();
        Self::start_on(place::free_port(), place::free_port(), Some(file))
    }

    fn start_on(port: u16, control_port: u16, settings: Option<NamedTempFile>) -> Self {
        let (port_text, control_text) = (port.to_string(), control_port.to_string());
        let arguments = ["idp", "--port", &port_text, "--control-port", &control_text];
        let mut command = program::vestibule(&arguments);
        if let Some(file) = &settings {
            command.arg("--config").arg(file.path());
        }
        let process = Process::start("idp", &mut command);
        let mut facts = BTreeMap::new();
        for name in [
            "metadata_url",
            "tenant_id",
            "client_id",
            "client_secret",
            "api",
        ] {
            let prefix = format!("{name}: ");
            let value =
                process.wait_for(name, |line| line.strip_prefix(&prefix).map(str::to_owned));
            facts.insert(name.to_owned(), value);
        }
        Self {
            facts,
            port,
            control_port,
            settings,
            process,
        }
    }

    /// Ends it and gives back what is needed to start it again at the same address.
    #[must_use]
    pub fn stop(mut self) -> Stopped {
        self.process.kill();
        Stopped {
            port: self.port,
            control_port: self.control_port,
            settings: self.settings,
        }
    }

    /// One of the values it prints: `metadata_url`, `tenant_id`, `client_id`, `client_secret`, `api`.
    #[must_use]
    pub fn fact(&self, name: &str) -> &str {
        &self.facts[name]
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of its control endpoint.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.control_port)
    }

    /// The issuer of its home tenant.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/{}/v2.0", self.url(), self.fact("tenant_id"))
    }

    /// Calls its control endpoint.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.control_url());
        let mut request = Request::new(method, &url);
        if !body.is_null() {
            request = request
                .with("content-type", "application/json")
                .body(body.to_string());
        }
        let reply = http::send(&request);
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        reply
    }

    /// Switches one fault on.
    pub fn fault(&self, fault: &Value) {
        self.control("POST", "/faults", fault);
    }

    /// The `[provider]` table for it. Its secret is in the file `secret` beside the configuration.
    #[must_use]
    pub fn toml(&self) -> String {
        let (issuer, client_id) = (self.issuer(), self.fact("client_id"));
        format!(
            "[provider]\nkind = \"entra\"\nissuer = \"{issuer}\"\nclient_id = \"{client_id}\"\n\
             client_secret = \"file:secret\"\n"
        )
    }

    /// One of the counters in its log, such as `token.refresh_token` or `keys`.
    #[must_use]
    pub fn count(&self, counter: &str) -> u64 {
        let log = self.control("GET", "/log", &Value::Null).json();
        log["counters"][counter].as_u64().unwrap_or(0)
    }

    /// Goes from its account picker, which is what `page` shows, back to where the person came from.
    pub fn sign_in(person: &mut Person, page: &Reply, account: &str) -> Reply {
        let form = page.form_that_offers(account);
        person.submit(page, form)
    }
}

/// A provider that is down for the moment.
#[derive(Debug)]
pub struct Stopped {
    port: u16,
    control_port: u16,
    settings: Option<NamedTempFile>,
}

impl Stopped {
    /// Starts it again where it was.
    #[must_use]
    pub fn start(self) -> LocalProvider {
        LocalProvider::start_on(self.port, self.control_port, self.settings)
    }
}
