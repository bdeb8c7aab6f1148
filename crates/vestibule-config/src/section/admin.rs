//! `[admin]`: the listener for health checks and metrics.

use std::net::SocketAddr;

use super::route::host;
use super::server::socket_address;
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::SecretText;
use crate::read::Reader;

pub(crate) static ADMIN: Section = Section {
    name: "admin",
    heading: "[admin]",
    doc: "A plain-HTTP listener of its own, off unless configured. It answers `/livez`, `/readyz` and `/metrics` (Prometheus), and nothing else.",
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
    /// Host names under which it may be asked, besides `localhost` and IP addresses; lower case, without port.
    pub hosts: Vec<String>,
}

const SHORTEST_SECRET: usize = 16;

pub(crate) fn read(root: &Reader<'_>) -> Option<AdminSettings> {
    let reader = root.table("admin")?;
    let listen = reader
        .required("listen", "write listen = \"127.0.0.1:9090\"")
        .and_then(|item| socket_address(&item));
    let secret = reader.secret("secret");
    let marks = reader.marks();
    if secret
        .as_ref()
        .is_some_and(|secret| secret.expose().chars().count() < SHORTEST_SECRET)
    {
        root.context.error(
            marks.of("secret"),
            marks.key("secret"),
            "the admin secret is too short to resist guessing",
            "make a new one: openssl rand -hex 32",
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
        hosts: hosts.unwrap_or_default(),
    })
}
