//! The rule of many hardening guides that refuses `TRACE` and `TRACK`, which never get to an app here.

use crate::apache::expand::Line;

const METHODS: &[&str] = &[
    "TRACE",
    "TRACK",
    "TRAC[EK]",
    "TRAC[KE]",
    "TRACE|TRACK",
    "TRACK|TRACE",
];

/// Whether the rule, behind these conditions, refuses those methods and does nothing else.
pub(super) fn refuses_trace(line: &Line, conditions: &[&Line]) -> bool {
    let every = [".*", "(.*)", "^", ".", "^.*$", "^(.*)$", "^(.*)"].contains(&line.word(0));
    let flags = super::flags(line).collect::<Vec<_>>();
    let refuses = ["F", "FORBIDDEN", "R=405", "R=403", "R=501"];
    let is_plain = |flag: &String| {
        refuses.contains(&flag.as_str()) || ["L", "LAST", "END", "NC"].contains(&flag.as_str())
    };
    let [condition] = conditions else {
        return false;
    };
    let pattern = condition.word(1).trim_start_matches(['^', '=']);
    let pattern = pattern.trim_end_matches(".*").trim_end_matches('$');
    let pattern = pattern
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(pattern);
    let is_begun = condition.word(1).starts_with(['^', '=']);
    every
        && line.word(1) == "-"
        && flags.iter().all(is_plain)
        && flags.iter().any(|flag| refuses.contains(&flag.as_str()))
        && condition.word(0).eq_ignore_ascii_case("%{REQUEST_METHOD}")
        && ["", "[NC]", "[nc]"].contains(&condition.word(2))
        && is_begun
        && (METHODS.contains(&pattern)
            && (!pattern.contains('|') || condition.word(1).contains('(')))
}
