//! A browser that keeps the cookies it is given, what it asks for and what it gets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;
use vestibule_gate::fields::Fields;
use vestibule_gate::request::{RawHead, Scheme, Version};

use super::Rig;
use crate::body::Body;
use crate::exchange::Incoming;

/// Secrets that must not be in any answer of ours.
const CANARIES: [&str; 3] = ["access-token-", "refresh-token-", "secret-of-the-client"];

/// What a browser asks for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(super) method: &'static str,
    pub(super) host: &'static str,
    pub(super) target: String,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: String,
}

pub(crate) fn get(target: &str) -> Ask {
    Ask {
        method: "GET",
        host: "portal.example.com",
        target: target.to_owned(),
        fields: Vec::new(),
        body: String::new(),
    }
}

pub(crate) fn post(target: &str) -> Ask {
    Ask {
        method: "POST",
        ..get(target)
    }
}

impl Ask {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) fn at(mut self, host: &'static str) -> Self {
        self.host = host;
        self
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    /// The request as it arrives.
    pub(crate) fn arriving(self) -> Incoming {
        let mut fields = Fields::new();
        fields.push("Host", self.host);
        for (name, value) in self.fields {
            fields.push(name, value);
        }
        if !self.body.is_empty() {
            fields.push("Content-Length", self.body.len().to_string());
        }
        let raw = RawHead {
            method: self.method.into(),
            target: self.target.into(),
            version: Version::Http11,
            scheme: Scheme::Https,
            authority: None,
            fields,
            peer: SocketAddr::from(([192, 0, 2, 1], 1234)),
        };
        Incoming {
            raw,
            body: Body::from(self.body),
        }
    }

    /// As a browser navigates.
    pub(crate) fn navigating(self) -> Self {
        self.with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Dest", "document")
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .first(name)
            .map(|value| std::str::from_utf8(value).unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.field("location").unwrap()
    }

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.fields
            .all("set-cookie")
            .map(|value| std::str::from_utf8(value).unwrap())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// What holds for every answer of ours.
    pub(super) fn check(&self) {
        assert_ne!(self.status, 307, "RFC 9700 §4.12");
        for line in self.set_cookies() {
            assert!(line.starts_with("__Host-vestibule"), "{line}");
            for attribute in ["Path=/", "Secure", "HttpOnly"] {
                assert!(
                    line.split("; ").any(|part| part == attribute),
                    "{attribute}: {line}"
                );
            }
            assert!(line.contains("; SameSite="), "{line}");
            assert!(!line.contains("Domain"), "{line}");
        }
        assert_eq!(self.field("cache-control"), Some("no-store"));
        if !self.body.is_empty() {
            assert!(
                self.field("content-security-policy")
                    .unwrap()
                    .contains("frame-ancestors 'none'")
            );
            assert_eq!(self.field("x-content-type-options"), Some("nosniff"));
        }
        let everything = format!("{self:?}");
        for canary in CANARIES {
            assert!(!everything.contains(canary), "{canary} in {everything}");
        }
    }
}

/// A browser: a cookie jar.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) jar: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn send(&mut self, rig: &Rig, ask: Ask) -> Reply {
        let cookies: Vec<String> = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ask = match cookies.is_empty() {
            true => ask,
            false => ask.with("Cookie", &cookies.join("; ")),
        };
        let reply = rig.send(ask).await;
        for line in reply.set_cookies() {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// The provider's page posts the answer: from another site, so that of all cookies only those of
    /// the flows come along.
    pub(crate) async fn posted(&mut self, rig: &Rig, callback: &str) -> Reply {
        let (path, form) = callback.split_once('?').unwrap();
        let (flows, others) = self
            .jar
            .clone()
            .into_iter()
            .partition(|(name, _)| name.contains("-signin-"));
        self.jar = flows;
        let ask = post(path)
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Dest", "document")
            .with("Sec-Fetch-Site", "cross-site")
            .body(form);
        let reply = self.send(rig, ask).await;
        for (name, value) in others {
            self.jar.entry(name).or_insert(value);
        }
        reply
    }

    pub(crate) async fn go(&mut self, rig: &Rig, target: &str) -> Reply {
        self.send(rig, get(target).navigating()).await
    }

    /// The whole sign-in, from the page to the page.
    pub(crate) async fn sign_in(&mut self, rig: &Rig, target: &str) -> Reply {
        let start = self.go(rig, target).await;
        let callback = rig.at_provider(&start);
        self.go(rig, &callback).await
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.jar.get("__Host-vestibule")
    }

    pub(crate) fn pending(&self) -> usize {
        self.jar
            .keys()
            .filter(|name| name.contains("-signin-"))
            .count()
    }
}
