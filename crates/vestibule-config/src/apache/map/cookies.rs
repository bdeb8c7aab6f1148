//! `answer_cookies`: what `Header edit Set-Cookie` puts behind the app's cookies.

use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::write::{Table, list};

/// Patterns that are found in every cookie, and take all of it.
const WHOLE: [&str; 5] = ["^(.*)$", "^(.*)", "(.*)", "^(.+)$", "(.+)"];

/// The attributes that lines have added so far, as `answer_cookies` has them.
#[derive(Debug, Default)]
pub(super) struct Added<'t> {
    attributes: Vec<&'static str>,
    first: Option<&'t Line>,
}

impl<'t> Added<'t> {
    /// Takes a line that adds attributes to every cookie; whether it is one.
    pub(super) fn take(
        &mut self,
        line: &'t Line,
        always: bool,
        words: &[&str],
        ledger: &mut Ledger,
    ) -> bool {
        let Some(attributes) = attributes(words) else {
            return false;
        };
        if always {
            ledger.became(
                line,
                "nothing: with `always` Apache changes cookies of its own, and not the app's",
            );
            return true;
        }
        for attribute in attributes {
            let name = attribute.split('=').next();
            // The last of a name is the one that counts in browsers.
            self.attributes
                .retain(|known| known.split('=').next() != name);
            self.attributes.push(attribute);
        }
        let first = *self.first.get_or_insert(line);
        let says = format!("answer_cookies = {}", list(&self.attributes));
        if first.at == line.at {
            ledger.became(line, says);
        } else {
            ledger.became(line, format!("{says}, with line {}", first.at.line));
        }
        true
    }

    pub(super) fn write(&self, route: &mut Table) {
        if let Some(line) = self.first {
            route.put("answer_cookies", list(&self.attributes), Some(&line.at));
        }
    }
}

/// The attributes that `edit Set-Cookie` adds to every cookie, if it does that and nothing else.
fn attributes(words: &[&str]) -> Option<Vec<&'static str>> {
    let [action, name, pattern, replacement] = words else {
        return None;
    };
    let is_edit = action.eq_ignore_ascii_case("edit")
        && name
            .trim_end_matches(':')
            .eq_ignore_ascii_case("set-cookie");
    let added = match *pattern {
        "$" => Some(*replacement),
        pattern if WHOLE.contains(&pattern) => replacement.strip_prefix("$1"),
        _ => None,
    };
    let mut added = added.filter(|_| is_edit)?.split(';');
    // What stands before the first `;` would be a part of the cookie's value.
    added.next().filter(|before| before.trim().is_empty())?;
    let named: Option<Vec<_>> = added.map(|text| attribute(text.trim())).collect();
    let named: Vec<&str> = named?.into_iter().flatten().collect();
    let is_none = named.contains(&"SameSite=None") && !named.contains(&"Secure");
    (!named.is_empty() && !is_none).then_some(named)
}

/// An attribute as `answer_cookies` has it; of an empty text none.
fn attribute(text: &str) -> Option<Option<&'static str>> {
    let known = [
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "SameSite=Strict",
        "SameSite=None",
    ];
    match text.is_empty() {
        true => Some(None),
        false => {
            let mut known = known.into_iter();
            known
                .find(|known| known.eq_ignore_ascii_case(text))
                .map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_adds_known_attributes_to_every_cookie_is_taken() {
        for (line, expected) in [
            (
                "edit Set-Cookie ^(.*)$ $1;HttpOnly;Secure",
                Some("HttpOnly Secure"),
            ),
            ("edit set-cookie: (.*) $1;\u{20}SameSite=lax;", None),
            ("EDIT Set-Cookie $ ;secure", Some("Secure")),
            ("edit Set-Cookie ^(.*)$ $1;SameSite=None", None),
            (
                "edit Set-Cookie ^(.*)$ $1;SameSite=None;Secure",
                Some("SameSite=None Secure"),
            ),
            ("edit Set-Cookie ^(.*)$ $1x;Secure", None),
            ("edit Set-Cookie ^(.*)$ $1", None),
            ("edit Set-Cookie ^(.*)$ $1;Path=/", None),
            ("edit Set-Cookie ^(JSESSIONID.*)$ $1;Secure", None),
            ("edit* Set-Cookie (.*) $1;Secure", None),
            ("edit Location ^(.*)$ $1;Secure", None),
            ("edit Set-Cookie ^(.*)$ $1;Secure env=x", None),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let found = attributes(&words).map(|found| found.join(" "));
            assert_eq!(found.as_deref(), expected, "{line}");
        }
        let spaced = [
            "edit",
            "Set-Cookie",
            "^(.*)$",
            "$1; HttpOnly; SameSite=lax;",
        ];
        assert_eq!(attributes(&spaced), Some(vec!["HttpOnly", "SameSite=Lax"]));
    }
}
