//! Lets the program have as many open files as it may have.
//!
//! The ordinary soft limit of 1,024 is for the sake of programs that use select(2), which this one does not; each request needs
//! two. The hard limit is whoever runs it to decide.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough, where there is no hard limit.
const PLENTY: u64 = 1 << 20;

/// Raises the soft limit to the hard one. What can't be raised stays: the proxy counts with what there is.
pub(crate) fn allow_all() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let all = maximum.unwrap_or(PLENTY);
    if current.is_none_or(|current| current >= all) {
        return;
    }
    let limit = Rlimit {
        current: Some(all),
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}
