//! Which lines count of `OIDCPassIDTokenAs` and `OIDCPassUserInfoAs`, which changed with the versions.
//!
//! | version | several lines in one place | `claims` in a virtual host |
//! |---|---|---|
//! | before 2.4.14 | the last | counts only where the main server says nothing |
//! | since 2.4.14 | user info: they add up | takes the place of what the main server says |
//! | since 2.4.16 | they add up | the same |

use super::of_its_level;
use crate::apache::SourceVersion;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;

/// Since then they are directives of a place, and merged like all of them.
const OF_A_PLACE_SINCE: SourceVersion = SourceVersion([2, 4, 14, 0]);

/// The lines of the directive `name` that count.
pub(super) fn in_force<'t>(
    site: &Site<'t>,
    here: &InForce<'t>,
    name: &str,
    version: SourceVersion,
    add_up_since: SourceVersion,
    ledger: &mut Ledger,
) -> Vec<&'t Line> {
    let mut lines = here.of_innermost(name);
    if lines.is_empty() {
        lines = of_its_level(site, name);
        let of_main = || -> Vec<&'t Line> {
            let all = site.all(name).into_iter();
            all.filter(|line| !lines.iter().any(|own| std::ptr::eq(*own, *line)))
                .collect()
        };
        if version < OF_A_PLACE_SINCE
            && let Some(line) = lines.last()
            && line.words.iter().all(|word| word == "claims")
            && let of_main = of_main()
            && !of_main.is_empty()
        {
            ledger.became(
                line,
                format!("nothing: with {version} what the main server says counts, not claims"),
            );
            lines = of_main;
        }
    }
    if version < add_up_since {
        lines.drain(..lines.len().saturating_sub(1));
    }
    lines
}

/// Their words, each with its line.
pub(super) fn words<'l, 't>(lines: &'l [&'t Line]) -> impl Iterator<Item = (&'t Line, &'t str)> {
    let of_line = |line: &&'t Line| {
        let line = *line;
        line.words.iter().map(move |word| (line, word.as_str()))
    };
    lines.iter().flat_map(of_line)
}
