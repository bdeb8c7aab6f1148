//! A person in front of a browser without scripts: keeps cookies, follows redirects when told to,
//! fills in forms.

use crate::form::Form;
use crate::http::{self, Address, Connection, Reply, Request};
use crate::jar::Jar;

/// As many redirects as a browser follows before it gives up.
const REDIRECTS: usize = 20;

/// One person with one cookie jar.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The cookies.
    pub jar: Jar,
    /// Trusted for TLS.
    pub trust: Option<crate::certificate::Certificate>,
    /// The addresses of the last walk, in order.
    pub trail: Vec<String>,
    /// Every answer so far, redirects too.
    pub history: Vec<Reply>,
}

impl Person {
    /// Somebody who has never been here.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a request with this person's cookies and keeps those of the answer.
    pub fn send(&mut self, mut request: Request) -> Reply {
        if let Some(field) = self.jar.field(&request.url) {
            request = request.with("Cookie", &field);
        }
        request.trust = request.trust.or_else(|| self.trust.clone());
        let reply = http::send(&request);
        self.jar.store(&reply);
        self.history.push(reply.clone());
        reply
    }

    /// Posts from a page of another site: cookies that are `SameSite=Lax` stay at home.
    fn send_across_sites(&mut self, request: Request) -> Reply {
        let mut crossing = self.clone();
        crossing
            .jar
            .forget(|cookie| !cookie.attributes.contains("SameSite=None"));
        let reply = crossing.send(request);
        self.jar.store(&reply);
        self.history.push(reply.clone());
        reply
    }

    /// Goes to an address as a browser does, and stays where the first answer comes from.
    pub fn visit(&mut self, url: &str) -> Reply {
        self.send(navigation(Request::get(url)))
    }

    /// Asks as a script on the same site does.
    pub fn fetch(&mut self, url: &str) -> Reply {
        let fetch = Request::get(url)
            .with("Accept", "*/*")
            .with("Sec-Fetch-Mode", "cors")
            .with("Sec-Fetch-Dest", "empty")
            .with("Sec-Fetch-Site", "same-origin");
        self.send(fetch)
    }

    /// Opens a connection that stays: what a page does for a WebSocket, or for events.
    #[must_use]
    pub fn connect(&self, url: &str, more: &[(&str, &str)]) -> Connection {
        let here = Address::parse(url);
        let scheme = if here.tls { "https" } else { "http" };
        let mut request = Request::get(url)
            .with("Origin", &format!("{scheme}://{}", here.authority))
            .with("Sec-Fetch-Site", "same-origin");
        if let Some(field) = self.jar.field(url) {
            request = request.with("Cookie", &field);
        }
        for (name, value) in more {
            request = request.with(name, value);
        }
        let mut connection = Connection::open(url, self.trust.as_ref());
        connection.write(&request.bytes());
        connection
    }

    /// Opens a WebSocket, and sees that it says again what it hears.
    #[must_use]
    pub fn socket(&self, url: &str) -> Connection {
        let mut socket = self.connect(
            url,
            &[
                ("Connection", "Upgrade"),
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ],
        );
        assert_eq!(socket.head().status, 101);
        socket.write(b"hello");
        assert_eq!(socket.exactly(5), b"hello");
        socket
    }

    /// Goes to an address and on, until there is a page.
    pub fn go(&mut self, url: &str) -> Reply {
        self.trail.clear();
        let reply = self.visit(url);
        self.follow(reply)
    }

    /// Fills in a form on `page` and goes on until there is the next one.
    pub fn submit(&mut self, page: &Reply, form: Form) -> Reply {
        self.trail.clear();
        let here = Address::parse(&page.url);
        let target = here.join(&form.action);
        let reply = if form.method == "POST" {
            let scheme = if here.tls { "https" } else { "http" };
            let origin = format!("{scheme}://{}", here.authority);
            let site = if Address::parse(&target).authority == here.authority {
                "same-origin"
            } else {
                "cross-site"
            };
            let request = Request::new("POST", &target)
                .with("Origin", &origin)
                .with("Content-Type", "application/x-www-form-urlencoded")
                .with("Sec-Fetch-Site", site)
                .body(form.encoded());
            match site {
                "cross-site" => self.send_across_sites(navigation(request)),
                _ => self.send(navigation(request)),
            }
        } else {
            let path = target.split('?').next().unwrap_or_default();
            self.visit(&format!("{path}?{}", form.encoded()))
        };
        self.follow(reply)
    }

    /// Goes on from an answer until there is a page.
    pub fn follow(&mut self, mut reply: Reply) -> Reply {
        for _ in 0..REDIRECTS {
            self.trail.push(reply.url.clone());
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return reply;
            }
            let location = reply
                .field("location")
                .expect("a redirect says where")
                .to_owned();
            reply = self.visit(&Address::parse(&reply.url).join(&location));
        }
        panic!("redirected without end: {:?}", self.trail);
    }
}

fn navigation(request: Request) -> Request {
    let has_site = request
        .fields
        .iter()
        .any(|(name, _)| name == "Sec-Fetch-Site");
    let request = request
        .with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .with("Sec-Fetch-Mode", "navigate")
        .with("Sec-Fetch-Dest", "document")
        .with("Sec-Fetch-User", "?1");
    if has_site {
        request
    } else {
        request.with("Sec-Fetch-Site", "none")
    }
}
