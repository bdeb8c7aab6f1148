//! What Apache's conditions, `<IfModule>` and its kin, are taken for, and whether that matters.

use super::syntax::Node;

/// The version of httpd that `<IfVersion>` is compared with: Debian 12's.
const HTTPD: [u32; 3] = [2, 4, 71];

/// Whether anything in it decides who may pass, or which app is asked. What is said of files on a disk does not: none
/// are served.
pub(super) fn protects(nodes: &[Node]) -> bool {
    let is_one = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("require")
            || name.starts_with("auth")
            || name.starts_with("location")
            || name.starts_with("sslrequire")
            || name.starts_with("redirect")
            || name.starts_with("include")
            || name.starts_with("oidc")
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
                "virtualhost",
                "use",
            ]
            .contains(&name.as_str())
    };
    nodes.iter().any(|node| match node {
        // What is not proxied is out of reach.
        Node::Directive(directive) => {
            is_one(&directive.name)
                || directive.name.to_ascii_lowercase().starts_with("proxypass")
                    && directive.raw.contains('!')
        }
        Node::Block(block) => {
            !is_for_files(&block.name) && (is_one(&block.name) || protects(&block.children))
        }
    })
}

/// Sections of files on a disk, which httpd does not walk for what is proxied.
fn is_for_files(section: &str) -> bool {
    ["Directory", "DirectoryMatch", "Files", "FilesMatch"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(section))
}

/// Modules whose directives an import knows, or knows to be of no consequence. By any of their names.
pub(super) fn is_module_known(name: &str) -> bool {
    [
        "auth_openidc",
        "proxy",
        "proxy_http",
        "proxy_http2",
        "proxy_wstunnel",
        "ssl",
        "headers",
        "setenvif",
        "env",
        "authz_core",
        "authz_user",
        "authz_host",
        "authn_core",
        "rewrite",
        "alias",
        "dir",
        "mime",
        "deflate",
        "filter",
        "log_config",
        "logio",
        "http2",
        "remoteip",
        "unixd",
        "version",
        "so",
        "core",
        "reqtimeout",
        "mpm_event",
    ]
    .contains(&module(name))
}

/// A module by the one of its names that is in all of them: `mod_alias.c`, `mod_alias` and `alias_module` are `alias`.
pub(super) fn module(name: &str) -> &str {
    let name = name.trim_start_matches("mod_");
    name.trim_end_matches(".c").trim_end_matches("_module")
}

/// `<IfVersion [!][operator] version>`
pub(super) fn version_holds(words: &[String]) -> Option<bool> {
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
    let order = HTTPD.cmp(&wanted);
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
