//! `answer_headers`: what `Header` changes in the app's answers.

use super::headers::plain_text;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::write::{Table, key, list, text};
use crate::section::route::answer_header_is_wrong;

/// What all lines together make of one header.
#[derive(Debug)]
struct Changed {
    name: String,
    replaces: bool,
    values: Vec<String>,
}

/// One line, in Apache's words.
#[derive(Debug, PartialEq, Eq)]
enum Action {
    Set(String),
    Add(String),
    Append(String),
    Unset,
}

pub(super) fn map(here: &InForce<'_>, route: &mut Table, ledger: &mut Ledger) {
    let mut changed: Vec<Changed> = Vec::new();
    let mut at = None;
    for line in here.all("Header") {
        let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
        let (always, words) = match words.split_first() {
            Some((first, rest)) if first.eq_ignore_ascii_case("always") => (true, rest),
            Some((first, rest)) if first.eq_ignore_ascii_case("onsuccess") => (false, rest),
            _ => (false, words.as_slice()),
        };
        let (name, action) = match action(words) {
            Ok(found) => found,
            Err((says, help)) => {
                ledger.lost(line, says, &help);
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
            .is_none_or(|known| !known.replaces || known.values.is_empty());
        let appended = matches!(action, Action::Append(_)) && of_app;
        let one = match known {
            Some(known) => known,
            None => {
                let one = Changed {
                    name: name.to_owned(),
                    replaces: false,
                    values: Vec::new(),
                };
                changed.push(one);
                match changed.last_mut() {
                    Some(one) => one,
                    None => continue,
                }
            }
        };
        one.take(action);
        at = at.or(Some(&line.at));
        tell(line, one, always, appended, ledger);
    }
    let fields: Vec<String> = changed.iter().map(Changed::to_toml).collect();
    if !fields.is_empty() {
        route.put("answer_headers", format!("{{ {} }}", fields.join(", ")), at);
    }
}

fn tell(line: &Line, one: &Changed, always: bool, appended: bool, ledger: &mut Ledger) {
    let says = format!("answer_headers = {{ {} }}", one.to_toml());
    let lower = one.name.to_ascii_lowercase();
    let shared = |value: &String| value.contains("public") || value.contains("s-maxage");
    if lower == "cache-control" && one.values.iter().any(shared) {
        ledger.differs(line, says, "look whether pages of one person may be kept for others: a cache on the way gives them to anybody");
    } else if always {
        ledger.differs(line, format!("{says}, in the app's answers: Vestibule's own have their own headers, and what the app says under this name goes, where Apache sends both"), "");
    } else if appended {
        ledger.differs(
            line,
            format!("{says}: a line of its own behind the app's, which means the same"),
            "",
        );
    } else {
        ledger.became(line, says);
    }
}

impl Changed {
    fn take(&mut self, action: Action) {
        match action {
            Action::Set(value) => (self.replaces, self.values) = (true, vec![value]),
            Action::Unset => (self.replaces, self.values) = (true, Vec::new()),
            Action::Add(value) => self.values.push(value),
            Action::Append(value) => match self.values.last_mut().filter(|_| self.replaces) {
                Some(last) => *last = format!("{last}, {value}"),
                None => self.values.push(value),
            },
        }
    }

    fn to_toml(&self) -> String {
        let sign = |at: usize| if at == 0 && self.replaces { '=' } else { '+' };
        let values = self.values.iter().enumerate();
        let values: Vec<String> = values
            .map(|(at, value)| format!("{}{value}", sign(at)))
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
        ("set" | "add" | "append", [value]) => plain_text(value),
        ("unset", _) | ("set" | "add" | "append", [_, ..]) => {
            return lost(
                "the app's own is sent as it is: no header of answers depends on a condition",
                "let the app decide",
            );
        }
        _ => {
            return lost(
                "the app's own is sent as it is: only set, add, append and unset are kept",
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
            _ => Action::Append(value),
        },
    ))
}
