//! Which paths a regular expression of Apache's means, where it means whole paths and all below each; and of one that
//! does not, what to write instead.

use super::location::{covers, tidy};

/// A path, and all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Below {
    pub(crate) path: String,
    /// Whether the path itself is not in it: `^/app/`.
    pub(crate) only: bool,
}

/// As many as somebody writes.
const MOST: usize = 64;

/// As long as somebody writes one.
const LONGEST: usize = 1000;

/// As deep as somebody nests groups.
const DEEPEST: usize = 8;

/// What stands behind the paths, and whether it leaves out the path itself.
const ENDS: &[(&str, bool)] = &[
    ("(?:/|$)", false),
    ("(?:$|/)", false),
    ("(/|$)", false),
    ("($|/)", false),
    ("(?:/.*)?$", false),
    ("(/.*)?$", false),
    ("/(.*)$", true),
    ("/(.*)", true),
    ("/.*$", true),
    ("/.*", true),
];

/// The paths that the expression means: `^/app(/|$)`, `^/(admin|api)/`, `^/a(/|$)|^/b(/|$)`, `.*`.
pub(crate) fn paths(pattern: &str) -> Option<Vec<Below>> {
    if matches!(
        pattern,
        ".*" | "^.*" | "^.*$" | "^" | "/" | "^/" | "^/.*" | "^/.*$" | "(.*)" | "^(.*)$"
    ) {
        return Some(vec![Below {
            path: "/".to_owned(),
            only: false,
        }]);
    }
    let mut found: Vec<Below> = Vec::new();
    for part in alternatives(pattern)? {
        for one in of_part(part)? {
            // What is below another changes nothing.
            if !found.iter().any(|known| {
                covers(&known.path, &one.path) && !(known.only && known.path == one.path)
            }) {
                found.retain(|known| {
                    known.path == one.path && !known.only || !covers(&one.path, &known.path)
                });
                found.push(one);
            }
        }
    }
    (!found.is_empty() && found.len() <= MOST).then_some(found)
}

fn of_part(part: &str) -> Option<Vec<Below>> {
    let rest = part.strip_prefix('^')?;
    let end = ENDS
        .iter()
        .find_map(|(end, only)| Some((rest.strip_suffix(end)?, *only)));
    let texts = texts(end.map_or(rest, |(stem, _)| stem))?;
    let mut found = Vec::new();
    for text in texts {
        let only = match end {
            Some((_, only)) => only,
            // Without an end only a slash says where a name ends.
            None if text.ends_with('/') => true,
            None => return None,
        };
        let path = match text.as_str() {
            "" => "/".to_owned(),
            text if text.starts_with('/') => tidy(text),
            _ => return None,
        };
        // A second slash that an end asks for behind one never comes.
        if text.ends_with('/') && end.is_some() || text.contains("//") {
            return None;
        }
        found.push(Below {
            only: only && path != "/",
            path,
        });
    }
    Some(found)
}

/// What stands between the `|` outside of groups.
fn alternatives(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let (mut depth, mut from, mut escaped) = (0_usize, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '|' if depth == 0 => {
                found.push(text.get(from..at)?);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(text.get(from..)?);
    (depth == 0 && found.len() <= MOST).then_some(found)
}

/// Every text that an expression of plain characters and groups of alternatives means.
fn texts(expression: &str) -> Option<Vec<String>> {
    match expression.len() <= LONGEST {
        true => texts_within(expression, DEEPEST),
        false => None,
    }
}

fn texts_within(expression: &str, depth: usize) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        let pieces;
        (pieces, rest) = match c {
            '(' => {
                let (inner, behind) = group(after)?;
                let inner = inner.strip_prefix("?:").unwrap_or(inner);
                let mut pieces = Vec::new();
                for part in alternatives(inner)? {
                    pieces.extend(texts_within(part, depth.checked_sub(1)?)?);
                }
                (pieces, behind)
            }
            '\\' => {
                let escaped = after.chars().next().filter(|c| "./-_~".contains(*c))?;
                (vec![escaped.to_string()], after.get(1..)?)
            }
            c if c.is_ascii_alphanumeric() || "/-_~".contains(c) => (vec![c.to_string()], after),
            _ => return None,
        };
        // How often something comes is not told.
        if rest.starts_with(['?', '*', '+', '{']) || found.len() * pieces.len() > MOST {
            return None;
        }
        found = found
            .iter()
            .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
            .collect();
    }
    Some(found)
}

/// What is in a group whose bracket was just opened, and what is behind it.
fn group(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some((text.get(..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// The names that the paths begin with which an expression without an end means: `^/(admin|api)`, `^/api.*`.
pub(crate) fn beginnings(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner
        .strip_suffix(".*")
        .or_else(|| inner.strip_suffix(".*$"))
        .unwrap_or(inner);
    let texts = texts(inner)?;
    let is_name = |text: &String| {
        text.starts_with('/')
            && !text.contains("//")
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let mut found: Vec<String> = Vec::new();
    for text in &texts {
        if !found.iter().any(|known| covers(known, text)) {
            found.retain(|known| !covers(text, known));
            found.push(text.clone());
        }
    }
    texts.iter().all(is_name).then_some(found)
}

/// What to write in place of an expression that means other paths too.
pub(crate) fn instead(pattern: &str) -> String {
    const OTHERWISE: &str = "write a <Location> with a plain path, or several; ^/app(/|$) and ^/(app|api)(/|$) are understood";
    if let Some(except) = pattern
        .strip_prefix("^/(?!")
        .or_else(|| pattern.strip_prefix("^(?!/"))
        && let Some((inner, behind)) = group(except)
        && matches!(behind, "" | ".*" | ".*$" | ".+" | "/")
        && let Some(paths) = plain(&format!("/({})", inner.trim_end_matches('/')))
    {
        return format!(
            "write <Location /> with what is said here, and behind it {} with what holds there",
            sections(&paths)
        );
    }
    let is_exact = pattern.ends_with('$') && !pattern.ends_with("\\$");
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let inner = inner
        .strip_suffix("/?")
        .or_else(|| inner.strip_suffix(".*"))
        .unwrap_or(inner);
    let Some(paths) = plain(inner) else {
        return OTHERWISE.to_owned();
    };
    let written = sections(&paths);
    let first = paths.first().map_or("/", String::as_str);
    match (is_exact, pattern.starts_with('^')) {
        (true, true) => format!("write {written}, which is for all below it too"),
        (false, true) => format!(
            "write {written}; this is for paths like {first}-x and {first}.html as well: if there are any, give each a <Location> of its own"
        ),
        (_, false) => format!(
            "write {written}; this is for every path that has it anywhere, like /x{first}: if there are any, give each a <Location> of its own"
        ),
    }
}

/// The paths of an expression without its ends.
fn plain(expression: &str) -> Option<Vec<String>> {
    let paths = texts(expression)?;
    let fit = |path: &String| path.starts_with('/') && path.len() > 1;
    (paths.len() <= 8 && paths.iter().all(fit))
        .then(|| paths.iter().map(|path| tidy(path)).collect())
}

fn sections(paths: &[String]) -> String {
    let written: Vec<String> = paths
        .iter()
        .map(|path| format!("<Location {path}>"))
        .collect();
    match written.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => written.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> Option<String> {
        let paths = paths(pattern)?;
        let shown = paths.iter().map(|one| match one.only {
            true => format!("{}/", one.path),
            false => one.path.clone(),
        });
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn only_expressions_that_mean_whole_paths_are_taken() {
        for (pattern, expected) in [
            ("^/app(/|$)", Some("/app")),
            ("^/app/", Some("/app/")),
            ("^/app/.*", Some("/app/")),
            ("^/app/(.*)$", Some("/app/")),
            ("^/a\\.b(?:/|$)", Some("/a.b")),
            (".*", Some("/")),
            ("^/(admin|api)(/|$)", Some("/admin /api")),
            ("^/(admin|api)/", Some("/admin/ /api/")),
            (
                "^/(?:admin|api/v(1|2))/.*$",
                Some("/admin/ /api/v1/ /api/v2/"),
            ),
            ("^/(en|de)/admin(/|$)", Some("/en/admin /de/admin")),
            ("^(/a|/b)(/.*)?$", Some("/a /b")),
            ("^/(a/|b/)", Some("/a/ /b/")),
            ("^/a(/|$)|^/b/", Some("/a /b/")),
            ("^/(a|a/b)(/|$)", Some("/a")),
            ("^/(a/b|a)(/|$)", Some("/a")),
            ("^/app", None),
            ("/app", None),
            ("/app(/|$)", None),
            ("^/(admin|api)", None),
            ("^/(admin/|api)", None),
            ("^/a(/|$)|/b/", None),
            ("^/(a|b(/|$)", None),
            ("^/a|b(/|$)", None),
            ("^/a.b(/|$)", None),
            ("^/(a|.*)(/|$)", None),
            ("^/(a|b)?(/|$)", None),
            ("^/app+(/|$)", None),
            ("^/app$", None),
            ("^/app/?$", None),
            ("^/app/(/|$)", None),
            ("^/(/|$)", None),
            ("^/app//", None),
            ("^//app(/|$)", None),
            ("^/(a|)(/|$)", None),
            ("^/app(/.*)?", None),
            ("(?i)^/app(/|$)", None),
            ("^/(?!app)(/|$)", None),
            ("^/(?i:app)(/|$)", None),
            ("^/[a]pp(/|$)", None),
            ("^((((((((((/a))))))))))(/|$)", None),
            (
                "^(/a|/b)(/a|/b)(/a|/b)(/a|/b)(/a|/b)(/a|/b)(/a|/b)(/|$)",
                None,
            ),
        ] {
            assert_eq!(shown(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn an_expression_without_an_end_begins_with_names() {
        for (pattern, expected) in [
            ("^/(admin|api)", Some("/admin /api")),
            ("^/api.*", Some("/api")),
            ("^/wp-(admin|login)", Some("/wp-admin /wp-login")),
            ("/health", Some("/health")),
            ("^/(a|a/b)", Some("/a")),
            ("^/wp-", None),
            ("^/(admin|)", None),
            ("^/(a/|b)", None),
            ("^/login$", None),
            ("^/a|^/b", None),
            ("admin", None),
            ("^/(?!a)", None),
            ("^/[ab]", None),
            ("^/a.b", None),
        ] {
            let found = beginnings(pattern).map(|paths| paths.join(" "));
            assert_eq!(found.as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn who_has_another_is_told_the_lines_to_write() {
        for (pattern, expected) in [
            (
                "^/(admin|api)",
                "write <Location /admin> and <Location /api>; this is for paths like /admin-x and /admin.html as well: if there are any, give each a <Location> of its own",
            ),
            (
                "^/login$",
                "write <Location /login>, which is for all below it too",
            ),
            (
                "/v3/websso",
                "write <Location /v3/websso>; this is for every path that has it anywhere, like /x/v3/websso: if there are any, give each a <Location> of its own",
            ),
            (
                "^/(?!health|metrics)",
                "write <Location /> with what is said here, and behind it <Location /health> and <Location /metrics> with what holds there",
            ),
            (
                "^/[a-z]+/admin",
                "write a <Location> with a plain path, or several; ^/app(/|$) and ^/(app|api)(/|$) are understood",
            ),
        ] {
            assert_eq!(instead(pattern), expected, "{pattern}");
        }
    }
}
