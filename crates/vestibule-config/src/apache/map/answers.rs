//! `answer_headers`: what `Header` changes in the app's answers.

use super::cookies;
use super::headers::plain_text;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::write::{Table, key, list, text};
use crate::section::route::{BesideAnswer, answer_header_is_wrong};

/// What all lines together make of one header.
#[derive(Debug)]
struct Changed {
    name: String,
    beside: BesideAnswer,
    values: Vec<String>,
}

/// One line, in Apache's words.
#[derive(Debug, PartialEq, Eq)]
enum Action {
    Set(String),
    Add(String),
    Append(String),
    Merge(String),
    SetIfEmpty(String),
    Unset,
}

/// Headers by which a browser is kept from what it would do else.
const PROTECTING: [&str; 9] = [
    "content-security-policy",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

pub(super) fn map(here: &InForce<'_>, route: &mut Table, ledger: &mut Ledger) {
    let mut changed: Vec<Changed> = Vec::new();
    let mut cookies = cookies::Added::default();
    let mut at = None;
    for line in here.all("Header") {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let (always, words) = match words.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case("always") => (true, rest),
            Some((first, rest)) if first.eq_ignore_ascii_case("onsuccess") => (false, rest),
            _ => (false, words.as_slice()),
        };
        if cookies.take(line, always, words, ledger) {
            continue;
        }
        let (name, action) = match action(words) {
            Ok(found) => found,
            Err((says, help)) => {
                not_kept(line, words, &says, &help, ledger);
                continue;
            }
        };
        if always && action == Action::Unset {
            ledger.became(line, "nothing: with `always` Apache takes it out of its own error pages, and not out of the app's answers");
            continue;
        }
        let known = changed
            .iter_mut()
            .find(|one| one.name.eq_ignore_ascii_case(name));
        let of_app = known
            .as_ref()
            .is_none_or(|known| known.beside == BesideAnswer::Behind || known.values.is_empty());
        let told = match &action {
            Action::Append(_) if of_app => Told::Appended,
            Action::Merge(_) if of_app => Told::Merged,
            _ => Told::Plainly,
        };
        let one = match known {
            Some(known) => known,
            None => {
                let one = Changed {
                    name: name.to_owned(),
                    beside: BesideAnswer::Behind,
                    values: Vec::new(),
                };
                changed.push(one);
                match changed.last_mut() {
                    Some(one) => one,
                    None => continue,
                }
            }
        };
        if !one.take(action) {
            let says = "the app's own is sent as it is: what stands for a header that it lacks has one line alone";
            not_kept(line, words, says, "write the lines as one", ledger);
            continue;
        }
        at = at.or(Some(&line.at));
        tell(line, one, always, told, ledger);
    }
    let fields: Vec<String> = changed.iter().map(Changed::to_toml).collect();
    if !fields.is_empty() {
        route.put("answer_headers", format!("{{ {} }}", fields.join(", ")), at);
    }
    cookies.write(route);
}

/// What has to be said besides what it became.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Plainly,
    /// A line of its own stands for what Apache puts behind the app's.
    Appended,
    /// The same, where Apache looks first whether the app says it already.
    Merged,
}

/// What can't be kept is lost; unless it protects people in their browsers.
fn not_kept(line: &Line, words: &[&str], says: &str, help: &str, ledger: &mut Ledger) {
    match protects(words) {
        true => ledger.stop(
            line,
            format!("it protects people in their browsers, and {says}"),
            "have the app send it like that, and take this line out",
        ),
        false => ledger.lost(line, says, help),
    }
}

fn protects(words: &[&str]) -> bool {
    let [action, name, rest @ ..] = words else {
        return false;
    };
    let lower = name.trim_end_matches(':').to_ascii_lowercase();
    let hardens = |text: &&str| {
        let text = text.to_ascii_lowercase();
        let attributes = ["secure", "httponly", "samesite"];
        attributes.iter().any(|attribute| text.contains(attribute))
    };
    match action.to_ascii_lowercase().as_str() {
        "unset" => false,
        "edit" | "edit*" if lower == "set-cookie" => rest.iter().any(hardens),
        _ => PROTECTING.contains(&lower.as_str()),
    }
}

fn tell(line: &Line, one: &Changed, always: bool, told: Told, ledger: &mut Ledger) {
    let says = format!("answer_headers = {{ {} }}", one.to_toml());
    let lower = one.name.to_ascii_lowercase();
    let shared = |value: &String| value.contains("public") || value.contains("s-maxage");
    if lower == "cache-control" && one.values.iter().any(shared) {
        ledger.differs(line, says, "look whether pages of one person may be kept for others: a cache on the way gives them to anybody");
    } else if always && one.beside == BesideAnswer::Missing {
        ledger.differs(line, format!("{says}, in the app's answers: with `always` Apache does not look at them, and sends this beside the app's own"), "");
    } else if always {
        ledger.differs(line, format!("{says}, in the app's answers: Vestibule's own have their own headers, and what the app says under this name goes, where Apache sends both"), "");
    } else {
        match told {
            Told::Plainly => ledger.became(line, says),
            Told::Appended => ledger.differs(
                line,
                format!("{says}: a line of its own behind the app's, which means the same"),
                "",
            ),
            Told::Merged => ledger.differs(
                line,
                format!("{says}: a line of its own behind the app's, also where the app says it already, which means the same"),
                "",
            ),
        }
    }
}

impl Changed {
    /// Does what the next line says. Whether that can be told with what was before.
    fn take(&mut self, action: Action) -> bool {
        let stands_in = self.beside == BesideAnswer::Missing;
        match action {
            Action::Set(value) => {
                (self.beside, self.values) = (BesideAnswer::Instead, vec![value]);
            }
            Action::Unset => (self.beside, self.values) = (BesideAnswer::Instead, Vec::new()),
            Action::Add(_) | Action::Append(_) | Action::Merge(_) if stands_in => return false,
            Action::Add(value) => self.values.push(value),
            Action::Append(value) | Action::Merge(value) if self.beside == BesideAnswer::Behind => {
                self.values.push(value);
            }
            Action::Merge(value)
                if self
                    .values
                    .last()
                    .is_some_and(|last| last.split(',').any(|part| part.trim() == value)) => {}
            Action::Append(value) | Action::Merge(value) => match self.values.last_mut() {
                Some(last) => *last = format!("{last}, {value}"),
                None => self.values.push(value),
            },
            // It is there already.
            Action::SetIfEmpty(_) if !self.values.is_empty() => {}
            Action::SetIfEmpty(value) => {
                if self.beside == BesideAnswer::Behind {
                    self.beside = BesideAnswer::Missing;
                }
                self.values.push(value);
            }
        }
        true
    }

    fn to_toml(&self) -> String {
        let first = match self.beside {
            BesideAnswer::Instead => '=',
            BesideAnswer::Behind => '+',
            BesideAnswer::Missing => '?',
        };
        let values = self.values.iter().enumerate();
        let values: Vec<String> = values
            .map(|(at, value)| format!("{}{value}", if at == 0 { first } else { '+' }))
            .collect();
        let value = match values.as_slice() {
            [] => text("@none"),
            [one] => text(one),
            many => list(many),
        };
        format!("{} = {value}", key(&self.name))
    }
}

/// What a line does with which header.
fn action<'w>(words: &[&'w str]) -> Result<(&'w str, Action), (String, String)> {
    let lost = |says: &str, help: &str| Err((says.to_owned(), help.to_owned()));
    let (word, name, rest) = match words {
        [word, name, rest @ ..] => (word.to_ascii_lowercase(), name.trim_end_matches(':'), rest),
        _ => return lost("this changes nothing", "take it out"),
    };
    if let Some((message, help)) = answer_header_is_wrong(name) {
        return Err((
            format!("the app's own is sent as it is: {message}"),
            help.to_owned(),
        ));
    }
    let value = match (word.as_str(), rest) {
        ("unset", []) => return Ok((name, Action::Unset)),
        ("set" | "add" | "append" | "merge" | "setifempty", [value]) => plain_text(value),
        // Over plain http no browser listens to it (RFC 6797 §8.1).
        ("set", [value, condition])
            if name.eq_ignore_ascii_case("strict-transport-security") && is_https(condition) =>
        {
            plain_text(value)
        }
        ("unset" | "set" | "add" | "append" | "merge" | "setifempty", [_, ..]) => {
            return lost(
                "the app's own is sent as it is: no header of answers depends on a condition",
                "let the app decide",
            );
        }
        _ => {
            return lost(
                "the app's own is sent as it is: what an app says is not changed inside, only replaced, added to or taken out",
                "let the app send it",
            );
        }
    };
    let Some(value) = value else {
        return lost(
            "the app's own is sent as it is: this is no plain text",
            "write the text itself, or let the app send it",
        );
    };
    Ok((
        name,
        match word.as_str() {
            "set" => Action::Set(value),
            "add" => Action::Add(value),
            "merge" => Action::Merge(value),
            "setifempty" => Action::SetIfEmpty(value),
            _ => Action::Append(value),
        },
    ))
}

/// Whether it asks for nothing but TLS, in the forms that manuals have.
fn is_https(condition: &str) -> bool {
    let plain: String = condition
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .collect();
    [
        "env=https",
        "expr=%{https}==on",
        "expr=%{request_scheme}==https",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(&plain))
}
