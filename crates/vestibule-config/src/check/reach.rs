//! Routes that no request gets to.

use super::Tables;
use crate::read::{At, Context};
use crate::section::route::RouteSettings;
use crate::section::server::PublicUrl;

/// A route of every host is one of none, where each host has a route of its own that takes its path: an exact host goes
/// before any host, whatever the paths are.
pub(super) fn shadowed(context: &Context<'_>, tables: &Tables<'_>, route: &At<RouteSettings>) {
    if route.value.host.is_some() || tables.public_urls.is_empty() {
        return;
    }
    let path = route.value.path.as_str();
    let takes = |other: &At<RouteSettings>, host: &str| {
        other.value.host.as_deref() == Some(host) && is_below(path, &other.value.path)
    };
    let mut hosts: Vec<&str> = tables.public_urls.iter().map(PublicUrl::host).collect();
    hosts.dedup();
    let is_taken = |host: &&str| tables.routes.iter().any(|other| takes(other, host));
    if !hosts.iter().all(is_taken) {
        return;
    }
    let line = match hosts.as_slice() {
        [host] => format!("host = \"{host}\""),
        [host, ..] => {
            format!("host = \"{host}\", and once more for each other host that is to have it")
        }
        [] => return,
    };
    context.warning(
        route.marks.of("path"),
        route.marks.key("path"),
        format!(
            "no request gets to this route: a route with a `host` goes before one without, and {} {path} already",
            match hosts.len() {
                1 => "the one of this host takes",
                _ => "those of all hosts take",
            }
        ),
        format!("add {line}"),
    );
}

/// Whether a path is this prefix, or below it.
fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_prefix_ends_where_a_segment_ends() {
        for (path, prefix, below) in [
            ("/healthz", "/", true),
            ("/healthz", "/healthz", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/", "/a", false),
            ("/", "/", true),
        ] {
            assert_eq!(is_below(path, prefix), below, "{path} {prefix}");
        }
    }
}
