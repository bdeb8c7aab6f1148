//! `[session]`: where sessions live, what seals them, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::environment::{SecretError, SecretText};
use crate::read::{Item, Reader, Reference};

pub(crate) static SESSION: Section = Section {
    name: "session",
    heading: "[session]",
    doc: "A session is what is remembered about one signed-in browser. The browser holds only a handle to it, in a cookie; with the cookie store it carries the session as well.",
    open: None,
    keys: &[
        Key {
            name: "store",
            kind: Kind::Either(&[
                Kind::Word("memory"),
                Kind::Text("\"file:PATH\""),
                Kind::Word("cookie"),
            ]),
            fallback: Fallback::Unset(
                "`file:` with the path `sessions` in the state directory; `memory` where there is no provider, so that nobody signs in",
            ),
            change: Change::Restart,
            doc: "`\"memory\"` loses every session when the program ends. `\"file:PATH\"` keeps them through a crash and a restart; \
                  the file is made with mode 0600. `\"cookie\"` has browsers carry them, sealed with `keys`: several replicas with the same keys then need nothing \
                  beside them, and some things can't be had, which [sessions.md](sessions.md) lists. `\"redis://…\"` is not built yet and is refused. \
                  The state directory is `$STATE_DIRECTORY` (systemd sets it), else `$XDG_STATE_HOME/vestibule`, \
                  else `~/.local/state/vestibule`; for root, and without a home folder, `/var/lib/vestibule`.",
        },
        Key {
            name: "keys",
            kind: Kind::List(&Kind::Secret),
            fallback: Fallback::Unset(
                "for the file store the file `key` beside it, made with mode 0600 if it is not there; for `memory` a key that lasts as long as the process; `cookie` needs them",
            ),
            change: Change::Reload,
            doc: "The sealing keys: 32 random bytes each, in base64 or hexadecimal (`openssl rand -base64 32`). The first seals, all open: \
                  to change keys put the new one first, and take the old one out when the absolute timeout has passed.",
        },
        Key {
            name: "idle_timeout",
            kind: Kind::Duration {
                least: "1m",
                most: "30d",
            },
            fallback: Fallback::Value("1h"),
            change: Change::Reload,
            doc: "A session without a request for this long is over. One hour is the longest inactivity that NIST SP 800-63B-4 \
                  advises for its middle level; a page that calls its API keeps a session alive.",
        },
        Key {
            name: "absolute_timeout",
            kind: Kind::Duration {
                least: "5m",
                most: "90d",
            },
            fallback: Fallback::Value("8h"),
            change: Change::Reload,
            doc: "A session this old is over, however busy: one working day. People who are still signed in at the provider come back without typing anything.",
        },
        Key {
            name: "persistent_cookie",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether a browser keeps the session's cookie when it is closed, until `absolute_timeout` is over (`Max-Age`). Without it the cookie ends with the browser. \
                  With it whoever opens that browser next is still signed in, for as long as the session lasts: not for machines that people share.",
        },
        Key {
            name: "cookie_limit",
            kind: Kind::Size {
                least: "4KiB",
                most: "16KiB",
            },
            fallback: Fallback::Value("8KiB"),
            change: Change::Reload,
            doc: "What all cookies of ours may take in one request: those of the session and of sign-ins under way. With the cookie store all but 1 KiB of it is for the session, and a person whose session is larger can't sign in. \
                  nginx and many others take 8 KiB of one header line.",
        },
        Key {
            name: "front_buffer",
            kind: Kind::Size {
                least: "2KiB",
                most: "1MiB",
            },
            fallback: Fallback::Unset(
                "nobody knows: with the cookie store and `trusted_proxies` it is asked for",
            ),
            change: Change::Reload,
            doc: "What the proxy in front takes of an answer's head: nginx's `proxy_buffer_size`, 4 KiB where nobody changed it. Only the cookie store needs more: the answer that ends a sign-in, \
                  or brings refreshed tokens, has all of the session in its head. It is only compared with `cookie_limit`.",
        },
        Key {
            name: "cookie_name",
            kind: Kind::Text("a cookie name"),
            fallback: Fallback::Unset(
                "leave it out: the cookie is `__Host-vestibule`, with the port behind it (`__Host-vestibule-8443`) where that is not 443, and `vestibule-8080` on http localhost",
            ),
            change: Change::NotBuilt,
            doc: "Another name for the session cookie.",
        },
    ],
};

/// Where sessions live and how long.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Where they live; the file `sessions` in the state directory. Takes effect on restart.
    pub store: StoreSettings,
    /// The sealing keys: the first seals, all open. Empty only for the memory store, and then means a key that lasts as
    /// long as the process. Takes effect on reload.
    pub keys: Vec<SealingKeySource>,
    /// Without a request for this long a session is over; 1 h; 1 min to 30 d, never more than `absolute_timeout`.
    /// Takes effect on reload, for sessions that are there too.
    pub idle_timeout: Duration,
    /// A session this old is over; 8 h; 5 min to 90 d. Takes effect on reload, for sessions that are there too.
    pub absolute_timeout: Duration,
    /// Whether browsers keep the session's cookie when they are closed, until `absolute_timeout` is over; false. Takes
    /// effect on reload, for cookies that are given from then on.
    pub persistent_cookie: bool,
    /// What all cookies of ours may take in one request, in bytes; 8 KiB; 4 KiB to 16 KiB. Takes effect on reload.
    pub cookie_limit_bytes: usize,
    /// What the proxy in front takes of an answer's head, in bytes; not known. 2 KiB to 1 MiB.
    pub front_buffer_bytes: Option<usize>,
}

/// Where sessions live. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// In this process only.
    Memory,
    /// In this file, through restarts.
    File(PathBuf),
    /// In the browsers' cookies.
    Cookie,
}

/// Where a sealing key is. Matched exhaustively by the program.
#[derive(Debug, Clone)]
pub enum SealingKeySource {
    /// A file. `content` is `None` when it is not there yet: then it is to be made, with mode 0600. That is
    /// allowed for the first key of the file store and refused otherwise.
    File {
        /// The file.
        path: PathBuf,
        /// What it held.
        content: Option<SecretText>,
    },
    /// The value of an environment variable.
    Variable {
        /// Its name.
        name: String,
        /// What it held.
        content: SecretText,
    },
}

pub(crate) fn read(root: &Reader<'_>) -> Option<SessionSettings> {
    let reader = root
        .table("session")
        .unwrap_or_else(|| Reader::absent(root.context, &SESSION));
    let store = match reader.item("store") {
        Some(item) => store(&item),
        // Where nobody signs in there is nothing to keep, and no folder to ask for.
        None if !root.marks().has("provider") => Some(StoreSettings::Memory),
        None => Some(StoreSettings::File(
            root.context.environment.state.join("sessions"),
        )),
    };
    let keys = keys(&reader, store.as_ref());
    let idle_timeout = reader.duration("idle_timeout");
    let absolute_timeout = reader.duration("absolute_timeout");
    let cookie_limit = reader.size("cookie_limit");
    let front_buffer = reader
        .item("front_buffer")
        .and_then(|item| item.size())
        .and_then(|bytes| usize::try_from(bytes).ok());
    if let (Some(idle), Some(absolute)) = (idle_timeout, absolute_timeout)
        && idle > absolute
    {
        let marks = reader.marks();
        let key = if marks.has("idle_timeout") {
            "idle_timeout"
        } else {
            "absolute_timeout"
        };
        root.context.error(
            marks.of(key),
            marks.key(key),
            "`idle_timeout` is longer than `absolute_timeout`, so it would never end a session",
            "make `idle_timeout` the shorter of the two",
        );
    }
    Some(SessionSettings {
        store: store?,
        keys,
        idle_timeout: idle_timeout?,
        absolute_timeout: absolute_timeout?,
        persistent_cookie: reader.flag("persistent_cookie"),
        cookie_limit_bytes: usize::try_from(cookie_limit?).ok()?,
        front_buffer_bytes: front_buffer,
    })
}

fn store(item: &Item<'_>) -> Option<StoreSettings> {
    let text = item.filled_text()?;
    if text == "memory" {
        return Some(StoreSettings::Memory);
    }
    if text == "cookie" {
        return Some(StoreSettings::Cookie);
    }
    if let Some(path) = text
        .strip_prefix("file:")
        .filter(|path| !path.trim().is_empty())
    {
        return Some(StoreSettings::File(
            item.context.environment.base.join(path),
        ));
    }
    let scheme = text.split(':').next().unwrap_or_default();
    match scheme {
        "redis" | "rediss" | "valkey" | "valkeys" => {
            // An address may carry a password.
            item.context.hide(item.span());
            item.error(
                format!("the {scheme} store is not built yet"),
                "write \"file:/var/lib/vestibule/sessions\", or \"memory\"",
            );
        }
        _ if text.starts_with('/') || text.starts_with('.') => {
            item.error(
                "this is a path, not a store",
                format!("write \"file:{text}\""),
            );
        }
        _ => item.error(
            "this is not a store",
            "write \"file:/var/lib/vestibule/sessions\", or \"memory\"",
        ),
    }
    None
}

fn keys(reader: &Reader<'_>, store: Option<&StoreSettings>) -> Vec<SealingKeySource> {
    let file_store = match store {
        Some(StoreSettings::File(path)) => Some(path),
        Some(StoreSettings::Memory | StoreSettings::Cookie) | None => None,
    };
    let Some(item) = reader.item("keys") else {
        if matches!(store, Some(StoreSettings::Cookie)) {
            reader.context.error(
                reader.marks().of("store"),
                reader.key("keys"),
                "the cookie store needs a key: without one of its own, a restart signs everybody out, and another replica knows nobody",
                "make a key (umask 077; openssl rand -base64 32 > FILE), give it to every replica, and name it: keys = [\"file:/etc/vestibule/key\"]",
            );
        }
        return file_store
            .and_then(|path| default_key(reader, path))
            .into_iter()
            .collect();
    };
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error(
            "`keys` is an empty list",
            "leave it out, or name a key: keys = [\"file:/var/lib/vestibule/key\"]",
        );
    }
    let mut keys = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let may_be_made = index == 0 && file_store.is_some();
        keys.extend(key(item, may_be_made));
    }
    keys
}

/// The key beside the file store, in the folder that holds it.
fn default_key(reader: &Reader<'_>, store: &std::path::Path) -> Option<SealingKeySource> {
    let path = store.parent().unwrap_or(store).join("key");
    let content = match reader.context.environment.secrets.file(&path) {
        Err(SecretError::Missing) => None,
        Ok(file) => {
            let at = reader.marks().of("store").clone();
            if file.others_can_read && !file.read_only {
                reader.context.error(
                    &at,
                    reader.key("keys"),
                    format!(
                        "every user of this machine can read {}, the key that seals the sessions",
                        path.display()
                    ),
                    format!("chmod 600 {}", path.display()),
                );
            }
            match std::str::from_utf8(&file.content) {
                Ok(text) if is_key(text) => Some(SecretText::new(text)),
                _ => {
                    reader.context.error(
                        &at,
                        reader.key("keys"),
                        format!("{} holds no sealing key", path.display()),
                        KEY_HELP,
                    );
                    return None;
                }
            }
        }
        Err(error) => {
            reader.context.error(
                reader.marks().of("store"),
                reader.key("keys"),
                format!("{}: can't {error}", path.display()),
                "make the file readable for the user that runs vestibule, and for nobody else",
            );
            return None;
        }
    };
    Some(SealingKeySource::File { path, content })
}

/// What a key that may be absent is taken for.
const STAND_IN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const KEY_HELP: &str = "make one: umask 077; openssl rand -base64 32 > FILE";

fn key(item: &Item<'_>, may_be_made: bool) -> Option<SealingKeySource> {
    match item.reference()? {
        Reference::Variable(name) => {
            let content = item.secret_or(STAND_IN)?;
            if !is_key(content.expose()) {
                item.error(
                    format!("{name} holds no sealing key"),
                    "set it to 32 random bytes: openssl rand -base64 32",
                );
                return None;
            }
            Some(SealingKeySource::Variable { name, content })
        }
        Reference::File(path) => {
            let missing = matches!(
                item.context.environment.secrets.file(&path),
                Err(SecretError::Missing)
            );
            if missing && may_be_made {
                return Some(SealingKeySource::File {
                    path,
                    content: None,
                });
            }
            let content = item.secret_file(&path, STAND_IN)?;
            if !is_key(content.expose()) {
                item.error(format!("{} holds no sealing key", path.display()), KEY_HELP);
                return None;
            }
            Some(SealingKeySource::File {
                path,
                content: Some(content),
            })
        }
    }
}

/// 32 bytes in hexadecimal, or in base64 of either alphabet, padded or not. A password is not a key.
fn is_key(text: &str) -> bool {
    let text = text.trim();
    let hexadecimal = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = text.strip_suffix('=').unwrap_or(text);
    let base64 = digits.len() == 43
        && digits
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+/-_".contains(&b));
    hexadecimal || base64
}
