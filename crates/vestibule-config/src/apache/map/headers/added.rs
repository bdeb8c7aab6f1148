//! What `RequestHeader` does besides `set` and `unset`: where no client's own header can be there, the same as `set`, or more of
//! the text that was set before.

use super::{Own, constant, is_at_times, is_stripped, name_of};
use crate::apache::expand::Line;

/// What becomes of such a line.
pub(super) enum Taken {
    /// What `set` would.
    AsSet,
    /// It is in what was said before, or changes nothing.
    Became(String),
    /// The upstream would be told something else: why, and what to do.
    Stops(String, &'static str),
}

/// Decides on a line for the header `lower`. `before` is what an earlier line made of it; `by_module`: the module sets it,
/// too.
pub(super) fn taken(
    line: &Line,
    action: &str,
    before: Option<&mut Own<'_>>,
    by_module: bool,
    lower: &str,
) -> Taken {
    let name = name_of(line);
    if by_module {
        let says =
            format!("the module itself sets {name}, and what it sets is not added to or changed");
        return Taken::Stops(says, "have the app put them together");
    }
    // Who sends an Authorization is refused.
    let is_ours = is_stripped(lower) || lower == "authorization" || before.is_some();
    let before = before.filter(|own| own.source.as_deref() != Some("@none"));
    match (action, before) {
        ("setifempty", Some(before)) if is_at_times(before.line) => Taken::Stops(
            format!(
                "it holds where what line {} sends is not there, and here a header has one source",
                before.line.at.line
            ),
            "keep one of the lines; or have the app say what holds where there is none",
        ),
        ("setifempty", Some(before)) => Taken::Became(format!(
            "nothing: line {} sets it already",
            before.line.at.line
        )),
        ("setifempty" | "add" | "append" | "merge", None) if is_ours => Taken::AsSet,
        ("append" | "merge", Some(before)) => more(line, action, before),
        ("add", Some(before)) => Taken::Stops(
            format!(
                "line {} sets {name} too, and an upstream gets one line of each name",
                before.line.at.line
            ),
            "write both values into one RequestHeader set, with a comma between them",
        ),
        ("edit" | "edit*", Some(before)) => Taken::Stops(
            format!(
                "what line {} sets is not changed afterwards",
                before.line.at.line
            ),
            "write what it is to be into that line",
        ),
        ("edit" | "edit*", None) if is_ours => Taken::Became(format!(
            "nothing: no {name} of a client gets here that could be changed"
        )),
        ("edit" | "edit*", None) => Taken::Stops(
            format!(
                "the app would get the client's own {name} as it is: no header of a request is changed on its way"
            ),
            "let the app change it; or write RequestHeader unset, if it does without",
        ),
        ("setifempty", None) => Taken::Stops(
            format!(
                "in Apache a client that sends {name} itself chooses what the app is told, and here what a route sets no client can"
            ),
            "write RequestHeader set if no client is to choose; or take it out, and let the app say what holds where there is none",
        ),
        ("add" | "append" | "merge", None) => Taken::Stops(
            format!(
                "in Apache a client's own {name} reaches the app along with this, and here what a route sets no client can send"
            ),
            "write RequestHeader set if no client's own is to count; or let the app add it",
        ),
        _ => Taken::Stops(
            format!("RequestHeader has no action {action}"),
            "write set or unset",
        ),
    }
}

/// Puts a text behind the one that an earlier line sets.
fn more(line: &Line, action: &str, before: &mut Own<'_>) -> Taken {
    let at = before.line.at.line;
    let both = before.source.as_deref().and_then(|known| {
        let known = known.strip_prefix('=')?;
        Some((known.to_owned(), constant(line)?))
    });
    let Some((known, more)) = both else {
        return Taken::Stops(
            format!(
                "only texts are put behind each other, and this or what line {at} sets is none"
            ),
            "have the app put them together",
        );
    };
    let more = more.trim_start_matches('=');
    let is_said = known.split(',').any(|part| part.trim() == more);
    if action == "merge" && is_said {
        return Taken::Became(format!("nothing: line {at} says it already"));
    }
    before.source = Some(format!("={known}, {more}"));
    Taken::Became(format!("the same: behind the text of line {at}"))
}
