//! Writes an error with its causes, for the log.

use std::error::Error;
use std::fmt::Write as _;

/// An error with its causes, outermost first. A cause that says the same as what it caused is left
/// out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut last = text.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if said != last {
            // Writing to a string does not fail.
            let _ = write!(text, ": {said}");
            last = said;
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        for (texts, expected) in [
            (&["a"][..], "a"),
            (&["a", "b"], "a: b"),
            (&["a", "a", "b", "b"], "a: b"),
            (&["a", "b", "a"], "a: b: a"),
        ] {
            let error = texts
                .iter()
                .rev()
                .fold(None, |source, text| Some(Box::new(Link { text, source })));
            assert_eq!(chain(&*error.unwrap()), expected);
        }
    }
}
