//! What Apache's conditions, `<IfModule>` and its kin, are taken for, and whether that matters.

use std::collections::BTreeSet;

use super::core_directives::has_hooks;
use super::syntax::{self, Block, Node};

/// The version of httpd that `<IfVersion>` is compared with: Debian 12's.
const HTTPD: [u32; 3] = [2, 4, 71];

/// What a condition is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) holds: bool,
    /// Whether it can't be otherwise where Apache runs.
    pub(super) certain: bool,
}

impl Truth {
    /// What is found here is there; what is not may be where Apache runs, or be given when it is started.
    pub(super) const fn certain_if(found: bool) -> Self {
        Self {
            holds: found,
            certain: found,
        }
    }
}

/// The module without which no `Require` is read: where a `LoadModule` line for it was met, so were all others.
pub(super) const EVERYBODY_LOADS: &str = "authz_core_module";

/// Whether all of what Apache loads was met.
pub(super) fn is_whole(loaded: &BTreeSet<String>) -> bool {
    loaded.contains(EVERYBODY_LOADS)
}

/// Whether the module that `<IfModule>` asks for by `wanted` is there, where `loaded` are. What no `LoadModule` line
/// loads may still be a part of Apache's program itself.
pub(super) fn module(wanted: &str, loaded: &BTreeSet<String>) -> Truth {
    let certain = loaded.contains(wanted) || bare(wanted).is_some_and(|bare| GIVEN.contains(&bare));
    let usual = bare(wanted).is_some_and(|bare| USUAL.contains(&bare));
    Truth {
        holds: certain || usual && !is_whole(loaded),
        certain,
    }
}

/// The line that says for certain that Apache has the module which `<IfModule>` asks for by `wanted`.
pub(super) fn load_line(wanted: &str) -> String {
    match bare(wanted) {
        Some(bare) => format!("LoadModule {bare}_module mod_{bare}.so"),
        None => format!("LoadModule NAME_module FILE for {wanted}"),
    }
}

/// Whether a section may be in force where its module is missing after all: it changes headers, which are for people who
/// are signed in, or keeps people from the app. What opens something, or chooses an app, may not.
pub(super) fn may_be_in_force(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Directive(line) => {
            let name = line.name.to_ascii_lowercase();
            name == "requestheader"
                || name == "rewriterule" && !may_proxy(&line.raw)
                || name.starts_with("redirect")
                || !protects(std::slice::from_ref(node), true)
        }
        Node::Block(_) => !protects(std::slice::from_ref(node), true),
    })
}

/// Modules without which nobody signs in and nothing is proxied, and those that are no modules of their own.
const GIVEN: [&str; 12] = [
    "auth_openidc",
    "proxy",
    "proxy_http",
    "authz_core",
    "authn_core",
    "core",
    "http",
    "so",
    "log_config",
    "logio",
    "version",
    "unixd",
];

/// Modules that most have, for what neither opens nor closes anything.
const USUAL: [&str; 17] = [
    "ssl",
    "proxy_wstunnel",
    "headers",
    "setenvif",
    "env",
    "authz_user",
    "authz_host",
    "rewrite",
    "alias",
    "dir",
    "mime",
    "deflate",
    "filter",
    "http2",
    "remoteip",
    "reqtimeout",
    "mpm_event",
];

/// A module by the one of its names that is in all of them: `mod_alias.c` and `alias_module` are `alias`. Apache knows a
/// module by no other name.
fn bare(name: &str) -> Option<&str> {
    match name {
        "core.c" => Some("core"),
        "http_core.c" => Some("http"),
        // These two have no other file.
        "mod_core.c" | "mod_http.c" => None,
        _ => name
            .strip_suffix("_module")
            .or_else(|| name.strip_prefix("mod_")?.strip_suffix(".c")),
    }
}

/// The names that a module goes by once `LoadModule` has loaded it.
pub(super) fn names(symbol: &str, file: &str) -> [String; 2] {
    let stem = file.rsplit('/').next().unwrap_or_default();
    let stem = stem.strip_suffix(".so").unwrap_or(stem);
    [
        symbol.to_owned(),
        format!("{}.c", stem.strip_prefix("mod_mpm_").unwrap_or(stem)),
    ]
}

/// Whether a `RewriteRule` may choose an app.
fn may_proxy(raw: &str) -> bool {
    let words = syntax::words(raw).filter(|_| !raw.contains("${"));
    let Some(words) = words else {
        return true;
    };
    let flags = words.get(2).map_or("", String::as_str);
    flags
        .trim_matches(['[', ']'])
        .split(',')
        .any(|flag| ["p", "proxy"].contains(&flag.trim().to_ascii_lowercase().as_str()))
}

/// Whether it is sites with TLS, as certbot and Debian write them, which without mod_ssl would not be there at all.
pub(super) fn is_tls_sites(wanted: &str, nodes: &[Node]) -> bool {
    let has_tls = |block: &Block| {
        block.children.iter().any(|node| {
            matches!(node, Node::Directive(line)
                if line.name.eq_ignore_ascii_case("SSLEngine") && line.raw.eq_ignore_ascii_case("on"))
        })
    };
    let mut hosts = 0;
    let only_hosts = nodes.iter().all(|node| match node {
        Node::Block(block) if block.name.eq_ignore_ascii_case("VirtualHost") => {
            hosts += 1;
            has_tls(block)
        }
        other => !protects(std::slice::from_ref(other), true),
    });
    bare(wanted) == Some("ssl") && only_hosts && hosts > 0
}

/// Whether anything in it decides who may pass, which app is asked, or what it is told. What is said of files on a disk
/// does not: none are served. `holds` is whether it is taken for in force.
pub(super) fn protects(nodes: &[Node], holds: bool) -> bool {
    nodes.iter().any(|node| match node {
        Node::Directive(directive) => {
            let name = directive.name.to_ascii_lowercase();
            decides(&name)
                || name.contains("${")
                // What is not proxied is out of reach.
                || is_proxied(&name) && (holds || directive.raw.contains('!'))
                || directive.raw.to_ascii_lowercase().contains("no-proxy")
                // Rules on addresses are refused beside these, where they are seen.
                || name.starts_with("remoteip") && !holds
        }
        Node::Block(block) => {
            !is_for_files(&block.name)
                && (decides(&block.name.to_ascii_lowercase()) || protects(&block.children, holds))
        }
    })
}

fn is_proxied(name: &str) -> bool {
    name.starts_with("proxypass") && !name.starts_with("proxypassreverse")
}

fn decides(name: &str) -> bool {
    [
        "require",
        "auth",
        "location",
        "sslrequire",
        "redirect",
        "include",
        "oidc",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
        || [
            "allow",
            "deny",
            "satisfy",
            "order",
            "sslverifyclient",
            "requestheader",
            "rewriterule",
            "proxy",
            "proxymatch",
            "proxyblock",
            "virtualhost",
            "servername",
            "serveralias",
            "sethandler",
            "macro",
            "use",
            "if",
        ]
        .contains(&name)
        || has_hooks(name)
}

/// Sections of files on a disk, which httpd does not walk for what is proxied.
fn is_for_files(section: &str) -> bool {
    ["Directory", "DirectoryMatch", "Files", "FilesMatch"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(section))
}

/// `<IfVersion [!][operator] version>`: certain where it is so of every 2.4.
pub(super) fn version(words: &[String]) -> Option<Truth> {
    let holds = version_holds(words, HTTPD)?;
    let of_others = [[2, 4, 1], [2, 4, 999]]
        .map(|other| version_holds(words, other))
        .into_iter()
        .all(|other| other == Some(holds));
    Some(Truth {
        holds,
        certain: of_others,
    })
}

fn version_holds(words: &[String], httpd: [u32; 3]) -> Option<bool> {
    let (operator, version) = match words {
        [version] => ("=", version.as_str()),
        [operator, version] => (operator.as_str(), version.as_str()),
        _ => return None,
    };
    let (negated, operator) = match operator.strip_prefix('!') {
        Some(operator) => (true, operator),
        None => (false, operator),
    };
    let mut wanted = [0; 3];
    for (slot, part) in wanted.iter_mut().zip(version.split('.')) {
        *slot = part.parse::<u32>().ok()?;
    }
    let order = httpd.cmp(&wanted);
    let holds = match operator {
        "=" | "==" | "" => order.is_eq(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        _ => return None,
    };
    Some(holds != negated)
}
