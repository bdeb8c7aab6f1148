//! What every test here starts from: the program with one public route to an upstream of any size.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_e2e::bulk::Bulk;
use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::http::Address;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::resources;

/// One test at a time.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) struct Stage {
    pub(crate) proxy: Proxy,
    pub(crate) upstream: Bulk,
    _turn: MutexGuard<'static, ()>,
}

const TOML: &str = r#"
public_url = "{url}"
listen = "{listen}"
{tls}

[limits]
{limits}

[[route]]
path = "/"
upstream = "{upstream}"
require = "public"

[log]
access = false
"#;

impl Stage {
    pub(crate) fn plain(limits: &str) -> Self {
        Self::start(limits, None, None)
    }

    pub(crate) fn with_open_files(most: u32) -> Self {
        Self::start("", Some(most), None)
    }

    pub(crate) fn with_tls(certificate: &Certificate) -> Self {
        Self::start("", None, Some(certificate))
    }

    fn start(limits: &str, open_files: Option<u32>, certificate: Option<&Certificate>) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        resources::allow_many_files();
        let upstream = Bulk::start();
        let tls = match certificate {
            Some(_) => "tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }",
            None => "",
        };
        let toml = TOML
            .replace("{tls}", tls)
            .replace("{limits}", limits)
            .replace("{upstream}", &upstream.url);
        let files: Vec<(&str, &str)> = certificate.map_or_else(Vec::new, |certificate| {
            vec![
                ("cert.pem", certificate.pem.as_str()),
                ("key.pem", certificate.key_pem.as_str()),
            ]
        });
        let mut reservation = Proxy::reserve(if tls.is_empty() { "http" } else { "https" });
        if let Some(most) = open_files {
            reservation = reservation.with_open_files(most);
        }
        Self {
            proxy: reservation.start(&toml, &files),
            upstream,
            _turn: turn,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        Address::parse(&self.proxy.url).port
    }

    pub(crate) fn authority(&self) -> String {
        Address::parse(&self.proxy.url).authority
    }

    pub(crate) fn pid(&mut self) -> u32 {
        self.proxy.process().id()
    }
}
