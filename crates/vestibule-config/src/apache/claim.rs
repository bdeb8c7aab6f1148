//! `Require claim`: one of its words as a condition on a claim.

use super::expand::Line;
use super::report::Ledger;
use super::rule::{Condition, Value};

/// `name:value`, `name~regex`, `name.sub:value`.
pub(crate) fn claim(line: &Line, spec: &str, ledger: &mut Ledger) -> Option<Condition> {
    if is_ambiguous(spec) {
        ledger.stop(
            line,
            "where the name of the claim ends can't be told, as it is an address and there are several colons behind",
            "have the provider send the claim under a name without colons",
        );
        return None;
    }
    let Some((name, operator, value)) = split(spec) else {
        ledger.stop(
            line,
            "this compares no claim",
            "write it like Require claim groups:staff",
        );
        return None;
    };
    if operator == '~' {
        return pattern(line, name, value, ledger);
    }
    if value == "null" {
        ledger.stop(
            line,
            "a claim that is null is none, and can't be asked for",
            "ask for a claim that people have",
        );
        return None;
    }
    Some(Condition::Claim {
        name: name.to_owned(),
        any_of: values(name, value),
    })
}

/// Where an address that is the name of a claim goes on behind `://`; 0 where the name is none.
fn address(spec: &str) -> usize {
    let scheme = spec.split_once("://").map(|(scheme, _)| scheme);
    // `iss:https://id.example.com` is a claim whose value is an address.
    scheme
        .filter(|scheme| !scheme.contains([':', '~']))
        .map_or(0, |scheme| scheme.len() + 3)
}

/// Whether the name is an address, and there is more than one place where it could end.
fn is_ambiguous(spec: &str) -> bool {
    let begin = address(spec);
    begin > 0
        && spec
            .get(begin..)
            .is_some_and(|tail| tail.matches([':', '~']).count() > 1)
}

/// The name, `:` or `~`, the value. A name that is an address holds a colon itself.
fn split(spec: &str) -> Option<(&str, char, &str)> {
    let begin = address(spec);
    let at = spec.get(begin..)?.find([':', '~'])? + begin;
    let name = spec.get(..at)?;
    let operator = spec.get(at..)?.chars().next()?;
    let value = spec.get(at + 1..)?;
    (!name.is_empty() && !value.is_empty()).then_some((name, operator, value))
}

/// Apache compares by the type the claim turns out to have, so each type it could have is a value of its own.
fn values(name: &str, value: &str) -> Vec<Value> {
    let mut values = vec![Value::Text(value.to_owned())];
    if matches!(name, "groups" | "roles") {
        return values;
    }
    if let Ok(number) = value.parse::<i64>() {
        values.push(Value::Integer(number));
    }
    if let Ok(truth) = value.parse::<bool>() {
        values.push(Value::Boolean(truth));
    }
    values
}

fn pattern(line: &Line, name: &str, pattern: &str, ledger: &mut Ledger) -> Option<Condition> {
    let wrong = match super::pcre::means_otherwise(pattern) {
        Some(why) => Some(why.to_owned()),
        None => crate::section::rule::wrong_with(pattern),
    };
    if let Some(why) = wrong {
        ledger.stop(
            line,
            format!("this pattern can't be kept as it is: {why}"),
            "write it without that, or name the values, like Require claim groups:a groups:b",
        );
        return None;
    }
    if name == "scope" {
        ledger.todo(
            "look at the rules on the claim `scope`: as in Apache they read ID token and user info, where many providers have none; what was granted is compared by require = { scopes = [\"NAME\"] }",
        );
    }
    Some(Condition::Matches {
        name: name.to_owned(),
        pattern: pattern.to_owned(),
    })
}

/// The texts of which a claim must be one for `^a$` or `^(a|b)$` to be found in it. One that has a line feed behind it
/// is found by the pattern too, and is none of them.
pub(super) fn whole(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern.strip_prefix('^')?.strip_suffix('$')?;
    alternatives(inner)
}

/// The texts that `a`, `(a|b)` or `(?:a|b)` stands for, if there is nothing else in it.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern
        .strip_prefix("(?:")
        .or_else(|| pattern.strip_prefix('('))
        .and_then(|rest| rest.strip_suffix(')'));
    let parts: Vec<&str> = match inner {
        Some(inner) => inner.split('|').collect(),
        None => vec![pattern],
    };
    parts.into_iter().map(literal).collect()
}

/// The text that a pattern stands for, if it stands for one.
pub(crate) fn literal(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next()?;
                if escaped.is_ascii_alphanumeric() {
                    return None;
                }
                out.push(escaped);
            }
            '.' | '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '|' | '^' | '$' => {
                return None;
            }
            c => out.push(c),
        }
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_an_address_keeps_its_colons() {
        for (spec, expected) in [
            ("groups:staff", Some(("groups", ':', "staff"))),
            ("a.b:c:d", Some(("a.b", ':', "c:d"))),
            ("scope~\\bx\\b", Some(("scope", '~', "\\bx\\b"))),
            (
                "http://schemas.x/role name:weird",
                Some(("http://schemas.x/role name", ':', "weird")),
            ),
            (
                "iss:https://id.example.com:8443/x",
                Some(("iss", ':', "https://id.example.com:8443/x")),
            ),
            ("groups", None),
            (":x", None),
            ("x:", None),
        ] {
            assert_eq!(split(spec), expected, "{spec}");
        }
    }

    #[test]
    fn an_address_with_several_colons_behind_is_no_name_that_can_be_told() {
        for (spec, expected) in [
            ("http://schemas.x/role:a:b", true),
            ("http://schemas.x:8080/role:a", true),
            ("http://schemas.x/role:a", false),
            ("iss:http://127.0.0.1:1/a:b", false),
            ("a:b:c", false),
        ] {
            assert_eq!(is_ambiguous(spec), expected, "{spec}");
        }
    }

    #[test]
    fn only_patterns_that_name_whole_values_are_taken() {
        for (pattern, expected) in [
            ("(a|b\\.c)", Some(vec!["a", "b.c"])),
            ("(?:a|b)", Some(vec!["a", "b"])),
            ("plain text", Some(vec!["plain text"])),
            ("a.c", None),
            ("a|b", None),
            ("(a|)", None),
            ("\\w", None),
        ] {
            let expected: Option<Vec<String>> =
                expected.map(|list| list.into_iter().map(str::to_owned).collect());
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_value_is_compared_with_each_type_it_could_have() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(values("n", "42"), [text("42"), Value::Integer(42)]);
        assert_eq!(values("b", "false"), [text("false"), Value::Boolean(false)]);
        assert_eq!(values("groups", "42"), [text("42")]);
    }
}
