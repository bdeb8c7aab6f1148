//! `[admin]`: the listener for health checks, metrics and the sessions page.

use std::net::SocketAddr;

use super::route::host;
use super::server::socket_address;
use super::session::{SessionSettings, StoreSettings};
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::SecretText;
use crate::read::Reader;

pub(crate) static ADMIN: Section = Section {
    name: "admin",
    heading: "[admin]",
    doc: "A plain-HTTP listener of its own, off unless configured. It answers `/livez`, `/readyz` and `/metrics` (Prometheus), `/sessions` if it has a secret, and nothing else.",
    open: None,
    keys: &[
        Key {
            name: "listen",
            kind: Kind::Text("an IP address and port like \"127.0.0.1:9090\""),
            fallback: Fallback::Required,
            change: Change::Restart,
            doc: "Where it listens. Any other address than loopback needs `secret`.",
        },
        Key {
            name: "secret",
            kind: Kind::Secret,
            fallback: Fallback::Unset("no secret is asked for, and only loopback is allowed"),
            change: Change::Restart,
            doc: "What callers of `/metrics` send as `Authorization: Bearer …`; 16 characters at least.",
        },
        Key {
            name: "sessions_secret",
            kind: Kind::Secret,
            fallback: Fallback::Unset("there is no sessions page"),
            change: Change::Restart,
            doc: "What the page `/sessions` asks for, which lists who is signed in and ends sessions; 16 characters at least, and another than `secret`. \
                  [sessions.md](sessions.md#the-page) says more. With the cookie store, whose sessions nothing lists, it is refused.",
        },
        Key {
            name: "hosts",
            kind: Kind::List(&Kind::Text("a host name")),
            fallback: Fallback::Unset("`localhost` and IP addresses"),
            change: Change::Restart,
            doc: "More host names under which it may be asked, so that no web page can reach it under a name of its own.",
        },
    ],
};

/// The admin listener. Changes take effect on restart.
#[derive(Debug, Clone)]
pub struct AdminSettings {
    /// Where it listens; loopback unless there is a secret.
    pub listen: SocketAddr,
    /// What callers must send as a bearer; 16 characters at least.
    pub secret: Option<SecretText>,
    /// What the sessions page asks for, 16 characters at least and not `secret`; without it there is no such page.
    pub sessions_secret: Option<SecretText>,
    /// Host names under which it may be asked, besides `localhost` and IP addresses; lower case, without port.
    pub hosts: Vec<String>,
}

const SHORTEST_SECRET: usize = 16;

pub(crate) fn read(root: &Reader<'_>, session: Option<&SessionSettings>) -> Option<AdminSettings> {
    let reader = root.table("admin")?;
    let listen = reader
        .required("listen", "write listen = \"127.0.0.1:9090\"")
        .and_then(|item| socket_address(&item));
    let secret = reader.secret("secret");
    let sessions_secret = reader
        .item("sessions_secret")
        .and_then(|item| item.secret_or("stands-in-for-the-secret-of-the-sessions-page"));
    let marks = reader.marks();
    for (key, secret) in [("secret", &secret), ("sessions_secret", &sessions_secret)] {
        let secret = secret.as_ref();
        if secret.is_some_and(|secret| secret.expose().chars().count() < SHORTEST_SECRET) {
            root.context.error(
                marks.of(key),
                marks.key(key),
                "the admin secret is too short to resist guessing",
                "make a new one: openssl rand -hex 32",
            );
        }
    }
    if let (Some(secret), Some(of_page)) = (&secret, &sessions_secret)
        && secret.expose() == of_page.expose()
    {
        root.context.error(
            marks.of("sessions_secret"),
            marks.key("sessions_secret"),
            "this is the secret of `/metrics` too: whoever may measure could end sessions",
            "make another one: openssl rand -hex 32",
        );
    }
    if marks.has("sessions_secret")
        && session.is_some_and(|session| session.store == StoreSettings::Cookie)
    {
        root.context.error(
            marks.of("sessions_secret"),
            marks.key("sessions_secret"),
            "there is no sessions page with `store = \"cookie\"`: browsers carry the sessions, and nothing lists them",
            "take it out, or choose another store",
        );
    }
    let hosts = reader
        .item("hosts")
        .map(|item| item.items().iter().filter_map(host).collect());
    let listen = listen?;
    if !listen.ip().is_loopback() && !marks.has("secret") {
        root.context.error(
            marks.of("listen"),
            marks.key("listen"),
            format!("{listen} can be reached by others, and nothing asks who they are"),
            "write a loopback address like \"127.0.0.1:9090\", or add secret = \"env:VESTIBULE_ADMIN_SECRET\"",
        );
    }
    Some(AdminSettings {
        listen,
        secret,
        sessions_secret,
        hosts: hosts.unwrap_or_default(),
    })
}
