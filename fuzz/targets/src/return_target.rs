//! Target `return_target`: where a person is sent after sign-in is on our own site, as browsers see it.

use url::Url;
use vestibule_session::return_to::ReturnTo;

/// A target to return to.
pub fn return_target(input: &[u8]) {
    let Ok(target) = ReturnTo::parse(input) else {
        // A request is always sent back somewhere, and that somewhere is ours too.
        let (path, query) = match input.iter().position(|&byte| byte == b'?') {
            Some(at) => (input.get(..at), input.get(at + 1..)),
            None => (Some(input), None),
        };
        let target = ReturnTo::of_request(path.unwrap_or_default(), query);
        return stays_here(target.as_str());
    };
    assert_eq!(target.as_str().as_bytes(), input, "kept as it is");
    stays_here(target.as_str());
}

/// Resolves as WHATWG URL §4.4 has it, on pages that a browser may be on.
fn stays_here(target: &str) {
    for base in [
        "https://site.example.com/",
        "http://localhost:8080/a/b?c",
        "https://[::1]:1/",
    ] {
        let (Ok(base), Ok(there)) = (
            Url::parse(base),
            Url::parse(base).and_then(|url| url.join(target)),
        ) else {
            unreachable!("not a reference: {target}")
        };
        assert_eq!(base.origin(), there.origin(), "{target}");
        assert!(
            there.username().is_empty() && there.password().is_none(),
            "{target}"
        );
    }
}
