//! The request that all cases get, and the check that a case does with it what it claims to do.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::{Passes, Running};
use crate::load::{Engine, Target};
use crate::problem::{Outcome, Problem};
use crate::stage::{Place, Provider, sign_in};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    Small,
    Large,
    Echo,
}

impl Path {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Small => "/app/1k",
            Self::Large => "/app/100k",
            Self::Echo => "/app/echo",
        }
    }
}

/// A case that is ready to be loaded.
#[derive(Debug)]
pub(crate) struct Prepared {
    address: SocketAddr,
    tls: Option<Arc<rustls::ClientConfig>>,
    authority: String,
    cookie: Option<String>,
}

/// Signs in if the case wants that, and checks that the application sees what it must see.
pub(crate) fn prepare(running: &Running, place: &Place, engine: &mut Engine) -> Outcome<Prepared> {
    let mut prepared = Prepared::new(running, place)?;
    if matches!(running.passes, Passes::Person { .. }) {
        let url = format!("{}{}", running.url, Path::Small.text());
        let trust = prepared.tls.is_some().then_some(&place.certificate);
        prepared.cookie = Some(sign_in(&url, &place.provider.origin(), trust)?);
    }
    let answer = engine.ask(&prepared.target(Path::Echo), Duration::from_secs(10))?;
    let seen = String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status != 200 {
        let what = format!("a request is answered {}", answer.status);
        return Err(Problem::new(what));
    }
    check(running.passes, &seen)?;
    Ok(prepared)
}

impl Prepared {
    /// As a stranger.
    pub(crate) fn new(running: &Running, place: &Place) -> Outcome<Self> {
        let (scheme, authority) = running
            .url
            .split_once("://")
            .ok_or_else(|| Problem::new("an address without a scheme"))?;
        let port = authority
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let port: u16 = port.ok_or_else(|| Problem::new("an address without a port"))?;
        let tls = (scheme == "https").then(|| Arc::new(place.certificate.client()));
        Ok(Self {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            tls,
            authority: authority.to_owned(),
            cookie: None,
        })
    }

    /// What the load sends: what a browser sends for a script's request, about 0.6 KiB in ten fields.
    pub(crate) fn target(&self, path: Path) -> Target {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let (path, authority) = (path.text(), &self.authority);
        let cookie = match &self.cookie {
            Some(cookie) => format!("Cookie: {cookie}\r\n"),
            None => String::new(),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\n\
             Host: {authority}\r\n\
             sec-ch-ua: \"Chromium\";v=\"142\", \"Not=A?Brand\";v=\"24\", \"Browser\";v=\"142\"\r\n\
             sec-ch-ua-platform: \"Linux\"\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/142.0.0.0 Safari/537.36\r\n\
             Accept: application/json, text/plain, */*\r\n\
             Sec-Fetch-Site: same-origin\r\n\
             Sec-Fetch-Mode: cors\r\n\
             Sec-Fetch-Dest: empty\r\n\
             Referer: {scheme}://{authority}/app/orders/overview\r\n\
             Accept-Encoding: gzip, deflate, br, zstd\r\n\
             Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
             {cookie}\r\n"
        );
        Target {
            address: self.address,
            tls: self.tls.clone(),
            request: Rc::from(request.into_bytes()),
        }
    }
}

fn check(passes: Passes, seen: &str) -> Outcome {
    let field = |name: &str| {
        seen.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if field("accept-language").is_none() {
        return Err(Problem::new("the application does not see the request"));
    }
    match passes {
        Passes::Request => Ok(()),
        Passes::Field(name, value) if field(name) == Some(value) => Ok(()),
        Passes::Field(name, _) => {
            let what = format!("the application does not see `{name}`");
            Err(Problem::new(what))
        }
        Passes::Person { user, access_token } => {
            let name = field(user).unwrap_or_default();
            let token = field(access_token).unwrap_or_default();
            if name == Provider::USER && token.matches('.').count() == 2 {
                Ok(())
            } else {
                let length = token.len();
                let what = format!(
                    "the application sees the user `{name}` and an access token of {length} bytes"
                );
                Err(Problem::new(what))
            }
        }
    }
}

/// A line for configurations of servers that give up root for another user by themselves.
pub(super) fn if_root(line: &str) -> &str {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0);
    if is_root { line } else { "" }
}
