//! Decides how many client connections fit into this process's file descriptors.

/// Descriptors kept for everything that is no client and no upstream: files, the store, provider calls, health checks. Where
/// there are few, half of them.
const RESERVE: usize = 64;
/// Fewer connections than this are said at the start: a browser opens six.
const FEW: usize = 64;
/// More is never taken by default: each connection also costs memory.
const MOST: usize = 65_536;

/// How many connections may be open: what was asked for, but no more than descriptors allow.
pub(crate) fn connections(configured: Option<usize>) -> usize {
    let descriptors = descriptors();
    let connections = of(configured, descriptors);
    if let Some(open_files) = descriptors
        && is_too_few(configured, connections)
    {
        tracing::warn!(
            connections,
            asked_for = configured,
            open_files,
            "the limit of open files lets few clients in at once: raise it (ulimit -n, or LimitNOFILE= of a systemd unit)"
        );
    }
    connections
}

fn of(configured: Option<usize>, descriptors: Option<usize>) -> usize {
    let allowed = descriptors.map_or(MOST, within);
    configured.unwrap_or(MOST).min(allowed).max(1)
}

/// Fewer than were asked for, or than anybody wants who asked for nothing.
fn is_too_few(configured: Option<usize>, connections: usize) -> bool {
    connections < configured.unwrap_or(FEW)
}

/// A request needs a descriptor towards the client and one towards the upstream.
fn within(descriptors: usize) -> usize {
    let reserve = RESERVE.min(descriptors / 2);
    ((descriptors - reserve) / 2).max(1)
}

#[cfg(target_os = "linux")]
fn descriptors() -> Option<usize> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

#[cfg(not(target_os = "linux"))]
fn descriptors() -> Option<usize> {
    // macOS starts programs with 256.
    Some(256)
}

#[cfg(any(target_os = "linux", test))]
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             127237               127237               processes \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(
            soft_limit("Max open files            unlimited  unlimited  files"),
            None
        );
        assert_eq!(soft_limit(""), None);
    }

    #[test]
    fn descriptors_are_kept_for_upstreams_and_the_rest() {
        assert_eq!(within(1024), 480);
        assert_eq!(within(64), 16);
        assert_eq!(within(1), 1);
        assert!(of(Some(3), Some(1024)) == 3 && of(Some(0), None) == 1);
        assert_eq!(of(Some(1000), Some(1024)), 480);
    }

    #[test]
    fn fewer_connections_than_were_asked_for_are_said() {
        for (configured, connections, said) in [
            (None, 16, true),
            (None, 480, false),
            (Some(1000), 480, true),
            (Some(480), 480, false),
            (Some(4), 4, false),
        ] {
            assert_eq!(
                is_too_few(configured, connections),
                said,
                "{configured:?} {connections}"
            );
        }
    }
}
