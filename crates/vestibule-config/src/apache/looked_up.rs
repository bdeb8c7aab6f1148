//! Values that are looked up on the way to a `RequestHeader`: a variable that a `RewriteRule` of the same section sets from the
//! user or a claim, and expressions that name one variable. Each is written as if it had been named at once.
//!
//! Within a section such a rule comes after sign-in, and finds both. Outside of sections it comes before, and finds nothing.

use std::collections::HashMap;

use super::expand::{Item, Line, Section};

/// Writes them so, in all sections that are for paths.
pub(super) fn name_at_once(items: &mut [Item]) {
    of_server(items, 0);
}

/// The rules of a section are those of the last that has any, and what one of two sets the other leaves out.
fn of_server(items: &mut [Item], around: usize) {
    let all = items.iter().filter(|item| match item {
        Item::Line(_) => false,
        Item::Section(section) => is_for_paths(section) && rewrites(section),
    });
    let rewriting = around + all.count();
    for item in items {
        match item {
            Item::Line(line) => of_expression(line),
            Item::Section(section) => {
                if is_for_paths(section) && rewriting == 1 {
                    of_section(section);
                }
                of_server(&mut section.children, rewriting);
            }
        }
    }
}

fn is_for_paths(section: &Section) -> bool {
    ["Location", "LocationMatch", "Proxy"]
        .iter()
        .any(|name| section.is(name))
}

fn rewrites(section: &Section) -> bool {
    section.children.iter().any(|item| match item {
        Item::Line(line) => line.name.to_ascii_lowercase().starts_with("rewrite"),
        Item::Section(_) => false,
    })
}

/// `expr=%{reqenv:NAME}` is `%{NAME}e`.
fn of_expression(line: &mut Line) {
    if !sets_a_header(line) {
        return;
    }
    let Some(value) = line.words.get_mut(2) else {
        return;
    };
    let name = ["expr=%{reqenv:", "expr=%{env:"]
        .iter()
        .find_map(|before| value.strip_prefix(before)?.strip_suffix('}'));
    if let Some(name) = name.filter(|name| is_name(name)) {
        *value = format!("%{{{name}}}e");
    }
}

fn of_section(section: &mut Section) {
    let lines = || {
        section.children.iter().filter_map(|item| match item {
            Item::Line(line) => Some(line),
            Item::Section(_) => None,
        })
    };
    let is_on = lines()
        .rfind(|line| line.is("RewriteEngine"))
        .is_some_and(|line| line.word(0).eq_ignore_ascii_case("on"));
    if !is_on {
        return;
    }
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    let mut before: Vec<&Line> = Vec::new();
    for line in lines() {
        if line.is("RewriteCond") {
            before.push(line);
        } else if line.is("RewriteRule") {
            let conditions = std::mem::take(&mut before);
            for (name, value) in variables(line) {
                let meant = meant(&conditions, &value);
                // What is set twice is known where it is the same both times.
                let known = found.entry(name).or_insert_with(|| meant.clone());
                if *known != meant {
                    *known = None;
                }
            }
        }
    }
    let found: Vec<(String, String)> = found
        .into_iter()
        .filter_map(|(name, meant)| Some((name, meant?)))
        .collect();
    for item in &mut section.children {
        if let Item::Line(line) = item
            && sets_a_header(line)
        {
            for (name, meant) in &found {
                named(line, name, meant);
            }
        }
    }
}

fn sets_a_header(line: &Line) -> bool {
    line.is("RequestHeader") && line.word(0).eq_ignore_ascii_case("set")
}

/// Writes what the variable means in its place, and in that of the condition that it is there.
fn named(line: &mut Line, name: &str, meant: &str) {
    if line.word(2) != format!("%{{{name}}}e") {
        return;
    }
    let condition = format!("env={name}");
    if line.words.len() == 4 && line.word(3) == condition {
        match meant
            .strip_prefix("%{")
            .and_then(|rest| rest.strip_suffix("}e"))
        {
            Some(claim) => {
                line.words.truncate(3);
                line.words.push(format!("env={claim}"));
            }
            // There is always a user behind a sign-in.
            None => line.words.truncate(3),
        }
    }
    if let Some(value) = line.words.get_mut(2) {
        meant.clone_into(value);
    }
}

/// Whether a rule rewrites nothing, and only sets variables.
pub(super) fn only_sets_variables(line: &Line) -> bool {
    let flags: Vec<&str> = flags(line).collect();
    line.word(1) == "-"
        && line.words.len() == 3
        && flags.iter().all(|flag| {
            variable(flag).is_some_and(|(name, _)| {
                let name = name.to_ascii_lowercase();
                // With these mod_proxy leaves a path alone, or speaks otherwise; and one is who somebody is.
                !name.starts_with("no-proxy")
                    && !name.starts_with("proxy-")
                    && name != "remote_user"
            }) || ["NS", "NOSUBREQ", "NE"].contains(&flag.to_ascii_uppercase().as_str())
        })
}

fn flags(line: &Line) -> impl Iterator<Item = &str> {
    let given = line.word(2).trim_matches(['[', ']']);
    given.split(',').map(str::trim)
}

fn variable(flag: &str) -> Option<(&str, &str)> {
    let (kind, rest) = flag.split_once('=')?;
    let is_variable = ["e", "env"]
        .iter()
        .any(|name| kind.eq_ignore_ascii_case(name));
    rest.split_once(':').filter(|_| is_variable)
}

/// The variables a rule for every request sets, and to what.
fn variables(line: &Line) -> Vec<(String, String)> {
    let every = [".*", "(.*)", "^", ".", "^.*$", "^(.*)$", ".?", ""].contains(&line.word(0));
    flags(line)
        .filter_map(variable)
        .map(|(name, value)| {
            let value = match every && only_sets_variables(line) {
                true => value.to_owned(),
                false => String::new(),
            };
            (name.to_owned(), value)
        })
        .collect()
}

/// What a variable means, as a `RequestHeader` says it.
fn meant(conditions: &[&Line], value: &str) -> Option<String> {
    let source = match (value, conditions) {
        ("%1", [one]) if one.words.len() == 2 => {
            let whole = ["(.*)", "(.+)", "^(.*)$", "^(.+)$"].contains(&one.word(1));
            whole.then(|| one.word(0))?
        }
        (value, []) => value,
        _ => return None,
    };
    if source == "%{REMOTE_USER}" || source == "%{LA-U:REMOTE_USER}" {
        return Some("expr=%{REMOTE_USER}".to_owned());
    }
    let name = ["%{ENV:", "%{LA-U:ENV:"]
        .iter()
        .find_map(|before| source.strip_prefix(before)?.strip_suffix('}'))?;
    is_name(name).then(|| format!("%{{{name}}}e"))
}

fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !text.is_empty() && text.chars().all(is_plain)
}
