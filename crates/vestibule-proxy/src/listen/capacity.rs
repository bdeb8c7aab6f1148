//! Decides how many client connections fit into this process's file descriptors.

/// Descriptors kept for everything that is no client and no upstream: files, the store, provider calls, health checks.
const RESERVE: usize = 64;
/// More is never taken by default: each connection also costs memory.
const MOST: usize = 65_536;

/// How many connections may be open: what was asked for, but no more than descriptors allow.
pub(crate) fn connections(configured: Option<usize>) -> usize {
    let allowed = descriptors().map_or(MOST, within);
    configured.unwrap_or(MOST).min(allowed).max(1)
}

/// A request needs a descriptor towards the client and one towards the upstream.
fn within(descriptors: usize) -> usize {
    (descriptors.saturating_sub(RESERVE) / 2).max(1)
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
        assert_eq!(within(10), 1);
        assert!(connections(Some(3)) == 3 && connections(Some(0)) == 1);
    }
}
