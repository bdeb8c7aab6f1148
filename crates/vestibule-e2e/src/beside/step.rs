//! What a person does, and the facts that come of it: what the app gets, what the person is answered.

use std::collections::BTreeMap;

use serde_json::Value;

use super::volatile;
use crate::form;
use crate::http::{Address, Reply, Request};
use crate::person::Person;
use crate::upstream::{Received, Upstream};

/// One thing a person or a program does.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Opens a page and signs in where the provider asks; the facts are of the last page.
    SignIn(&'static str),
    /// Sends one request and follows nothing.
    Ask(Ask),
    /// The same as somebody who has never been here.
    Stranger(Ask),
    /// Signs out at the provider itself, as another app of the person's would have them do.
    EndAtProvider,
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// What it is called in the list of differences.
    pub name: &'static str,
    /// The method.
    pub method: &'static str,
    /// Path and query. `{url}` is the server's address, `{access_token}` the token the app got last.
    pub path: &'static str,
    /// Header fields but `Cookie` and `Host`.
    pub fields: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: &'static str,
}

/// What came of a step: the name of a fact, such as `app OIDC_scope` or `answer status`, and its values.
#[derive(Debug, Default)]
pub struct Facts(pub BTreeMap<String, Vec<String>>);

/// Signs in at the provider whose page is shown.
pub type SignIn<'a> = dyn Fn(&mut Person, &Reply) -> Reply + 'a;

impl Step {
    /// How the list of differences calls it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::SignIn(path) => format!("sign-in {path}"),
            Self::Ask(ask) | Self::Stranger(ask) => ask.name.to_owned(),
            Self::EndAtProvider => "end-at-provider".to_owned(),
        }
    }

    /// Takes it at the server at `url`.
    pub fn take(
        &self,
        person: &mut Person,
        url: &str,
        upstream: &Upstream,
        sign_in: &SignIn<'_>,
    ) -> Facts {
        let before = person.history.len();
        let received = upstream.received().len();
        let mut facts = Facts::default();
        let last = match self {
            Self::SignIn(path) => {
                let mut page = person.go(&format!("{url}{path}"));
                let first = &person.history[before];
                facts.location("asks for", first);
                if Address::parse(&page.url).authority != Address::parse(url).authority {
                    page = sign_in(person, &page);
                }
                page
            }
            Self::Ask(ask) => person.send(ask.request(url, upstream)),
            Self::Stranger(ask) => {
                let mut stranger = Person {
                    trust: person.trust.clone(),
                    ..Person::new()
                };
                let reply = stranger.send(ask.request(url, upstream));
                person.history.push(reply.clone());
                reply
            }
            Self::EndAtProvider => end_at_provider(person, url),
        };
        let requests = upstream.received().split_off(received);
        facts.add("app requests", requests.len().to_string());
        for request in &requests {
            facts.request(request);
        }
        facts.answer(&last, !requests.is_empty());
        for reply in &person.history[before..] {
            if reply.url.starts_with(url) {
                facts.cookies(reply);
            }
        }
        facts
    }
}

/// Goes to the provider where the person was last, and says there that they want to sign out.
fn end_at_provider(person: &mut Person, url: &str) -> Reply {
    let here = Address::parse(url).authority;
    let mut visited = person.history.iter().rev();
    let there = visited
        .find(|reply| Address::parse(&reply.url).authority != here)
        .expect("the person has been at the provider");
    let end = Address::parse(&there.url).join("/session/end");
    let asked = person.go(&end);
    let yes = asked.form_that_offers("yes");
    person.submit(&asked, yes)
}

impl Ask {
    fn request(&self, url: &str, upstream: &Upstream) -> Request {
        let received = upstream.received();
        let mut tokens = received
            .iter()
            .rev()
            .filter_map(|one| one.field("OIDC_access_token"));
        let token = tokens.next().unwrap_or_default();
        let path = self
            .path
            .replace("{url}", &form::encode(url))
            .replace("{access_token}", &form::encode(token));
        let mut request = Request::new(self.method, &format!("{url}{path}"));
        for (name, value) in self.fields {
            request = request.with(name, value);
        }
        request.body(self.body)
    }
}

impl Facts {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        let values = self.0.entry(name.to_owned()).or_default();
        values.push(value.into());
    }

    fn request(&mut self, request: &Received) {
        self.add("app request line", &request.line);
        let body = String::from_utf8_lossy(&request.body);
        self.add("app body", body);
        for (name, value) in &request.fields {
            if name.eq_ignore_ascii_case("cookie") {
                self.sent_cookies(name, value);
            } else {
                self.add(&format!("app {name}"), volatile::field(name, value));
            }
        }
    }

    /// The cookies of the app as they are, the servers' own by what they are for.
    fn sent_cookies(&mut self, field: &str, value: &str) {
        let mut others = Vec::new();
        for pair in value.split(';').map(str::trim) {
            let name = pair.split('=').next().unwrap_or_default();
            match kind(name) {
                kind if kind == name => others.push(pair),
                kind => self.add(&format!("app cookie {kind}"), "is passed on"),
            }
        }
        if !others.is_empty() {
            self.add(&format!("app {field}"), others.join("; "));
        }
    }

    fn answer(&mut self, reply: &Reply, is_of_the_app: bool) {
        self.add("answer status", reply.status.to_string());
        if is_of_the_app {
            for (name, value) in &reply.fields {
                let between = [
                    "connection",
                    "content-length",
                    "date",
                    "server",
                    "set-cookie",
                ];
                let lower = name.to_ascii_lowercase();
                if !between.contains(&lower.as_str()) && lower != "transfer-encoding" {
                    self.add(&format!("answer {name}"), volatile::field(name, value));
                }
            }
            return;
        }
        self.location("answer Location", reply);
        self.body(reply);
        for value in reply.all("www-authenticate") {
            let scheme = value.split(' ').next().unwrap_or_default();
            self.add("answer WWW-Authenticate", scheme);
        }
    }

    /// What the servers answer themselves: pages are their own affair, but for what is in them of the app's; all
    /// else is compared.
    fn body(&mut self, reply: &Reply) {
        let kind = reply.field("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_redirect = (300..400).contains(&reply.status);
        if is_redirect || reply.body.is_empty() {
            return;
        }
        self.add("answer Content-Type", kind);
        let text = String::from_utf8_lossy(&reply.body);
        // As the app answers, with the request in it.
        if text.contains("\"fields\":") {
            self.add("answer body of the app", "is told");
        }
        match kind {
            "text/html" => {}
            "application/json" => match serde_json::from_str::<BTreeMap<String, Value>>(&text) {
                Ok(members) => {
                    for (name, value) in members {
                        let value = match value {
                            Value::String(text) => text,
                            other => other.to_string(),
                        };
                        let value = volatile::member(&name, &value);
                        self.add(&format!("answer body {name}"), value);
                    }
                }
                Err(_) => self.add("answer body", text),
            },
            _ if kind.starts_with("image/") => {
                self.add("answer body", format!("{} bytes", reply.body.len()));
            }
            _ => self.add("answer body", text),
        }
    }

    /// Where a redirect leads, its parameters one by one.
    fn location(&mut self, what: &str, reply: &Reply) {
        let Some(location) = reply.field("location") else {
            return;
        };
        let location = Address::parse(&reply.url).join(location);
        let (path, query) = location.split_once('?').unwrap_or((&location, ""));
        self.add(what, path);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = volatile::parameter(name, &form::decode(value));
            self.add(&format!("{what} ?{name}"), value);
        }
    }

    /// The cookies that are set or go, and each of their attributes.
    fn cookies(&mut self, reply: &Reply) {
        for line in reply.all("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let cookie = format!("cookie {}", kind(name));
            let attributes = attributes.to_ascii_lowercase();
            let attributes = attributes.split(';').map(str::trim);
            let attributes: Vec<&str> = attributes.filter(|text| !text.is_empty()).collect();
            let goes = attributes
                .iter()
                .any(|text| *text == "max-age=0" || text.starts_with("expires=thu, 01 jan 1970"));
            match goes {
                true => self.add(&cookie, "goes"),
                false if kind(name) == name => self.add(&cookie, format!("is set to {value}")),
                false => self.add(&cookie, "is set"),
            }
            for attribute in attributes {
                match attribute.split_once('=').unwrap_or((attribute, "")) {
                    ("expires" | "max-age", _) if goes => {}
                    ("expires", _) => self.add(&format!("{cookie} expires"), "in time"),
                    (name, value) => self.add(&format!("{cookie} {name}"), value),
                }
            }
        }
    }
}

/// What a cookie is for, if it is one of the two servers' own.
fn kind(name: &str) -> &str {
    let is_ours = name.starts_with("vestibule") || name.starts_with("__Host-vestibule");
    let is_theirs = name.starts_with("mod_auth_openidc") || name.starts_with("my_");
    match () {
        () if !is_ours && !is_theirs => name,
        () if name.contains("signin") || name.contains("_state_") => "of the state",
        () if is_ours && name.contains('.') => "beside the session",
        () => "of the session",
    }
}
