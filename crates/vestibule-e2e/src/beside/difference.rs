//! Comparing the facts of both servers, and the list of the differences that are known.
//!
//! The list is text, a difference per line: `cases | steps | facts | values | reason`. The first three are names with
//! commas between them, each of which may end in `*`. The values are what Apache has and what Vestibule has,
//! `Keep-Alive -> -`: each one value that all are, which may end in `*`, `-` for nothing, or `*` for anything. They may
//! be left out where a fact says enough by being different.

use std::collections::BTreeSet;
use std::fmt;

use super::step::Facts;

/// One fact that is not the same.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The case.
    pub case: String,
    /// The step.
    pub step: String,
    /// The name of the fact.
    pub fact: String,
    /// Its values with Apache.
    pub apache: Vec<String>,
    /// Its values with Vestibule.
    pub vestibule: Vec<String>,
}

/// The known differences.
#[derive(Debug)]
pub struct List {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    line: usize,
    cases: Vec<Name>,
    steps: Vec<Name>,
    facts: Vec<Name>,
    values: Option<(Value, Value)>,
    reason: String,
}

/// What a fact is with one of the two: nothing, or a value that all are.
#[derive(Debug)]
struct Value(Option<Name>);

impl Value {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        Self((text != "-").then(|| Name(text.to_owned())))
    }

    fn is(&self, values: &[String]) -> bool {
        match &self.0 {
            None => values.is_empty(),
            Some(Name(any)) if any == "*" => true,
            Some(name) => !values.is_empty() && values.iter().all(|value| name.is(value)),
        }
    }
}

/// A name, or with `*` all that begin like it.
#[derive(Debug, Clone)]
struct Name(String);

impl Name {
    fn all(text: &str) -> Vec<Self> {
        let names = text.split(',').map(|name| Self(name.trim().to_owned()));
        names.collect()
    }

    fn is(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.0,
        }
    }
}

/// What is different in a step. Where only one of them asked the app, or they asked for something else,
/// answered with another status or set another cookie, that alone is told: all else follows from it.
#[must_use]
pub fn between(case: &str, step: &str, apache: &Facts, vestibule: &Facts) -> Vec<Difference> {
    let names: BTreeSet<&String> = apache.0.keys().chain(vestibule.0.keys()).collect();
    let values = |facts: &Facts, name: &str| facts.0.get(name).cloned().unwrap_or_default();
    let is_same = |name: &str| {
        let (one, other) = (values(apache, name), values(vestibule, name));
        one == other || name == STATUS && is_redirect(&one) && is_redirect(&other)
    };
    names
        .into_iter()
        .map(|fact| Difference {
            case: case.to_owned(),
            step: step.to_owned(),
            fact: fact.clone(),
            apache: values(apache, fact),
            vestibule: values(vestibule, fact),
        })
        .filter(|difference| difference.apache != difference.vestibule)
        .filter(|difference| !follows(&difference.fact, &is_same))
        .collect()
}

const STATUS: &str = "answer status";
const KIND: &str = "answer Content-Type";

/// To somewhere, which is worth comparing whatever the number.
fn is_redirect(status: &[String]) -> bool {
    status
        .iter()
        .any(|status| status == "302" || status == "303")
}

/// Whether a difference in this fact follows from another.
fn follows(fact: &str, is_same: &dyn Fn(&str) -> bool) -> bool {
    const ASKED: &str = "app requests";
    const LINE: &str = "app request line";
    let is_of_app = fact.starts_with("app ") && fact != ASKED;
    let is_of_answer = fact.starts_with("answer ") && fact != STATUS;
    let is_of_asking = fact.starts_with("asks for ?");
    // Its attributes stand behind what is done with a cookie.
    let cookie = [
        "cookie of the session",
        "cookie of the state",
        "cookie beside the session",
    ]
    .into_iter()
    .find(|cookie| fact.len() > cookie.len() && fact.starts_with(cookie));
    !is_same(ASKED) && (is_of_app || is_of_answer)
        || !is_same(LINE) && is_of_app && fact != LINE
        || !is_same(STATUS) && is_of_answer
        || !is_same(KIND) && fact.starts_with("answer body")
        || !is_same("asks for") && is_of_asking
        || cookie.is_some_and(|cookie| !is_same(cookie))
}

impl List {
    /// Reads it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().enumerate();
        let rows = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let rows = rows.map(|(number, line)| {
            let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let (cases, step, fact, values, reason) = match parts[..] {
                [cases, step, fact, reason] => (cases, step, fact, None, reason),
                [cases, step, fact, values, reason] => (cases, step, fact, Some(values), reason),
                _ => panic!(
                    "line {} is not `cases | step | fact | values | reason`: {line}",
                    number + 1
                ),
            };
            let values = values.map(|values| {
                let (apache, vestibule) = values
                    .split_once(" -> ")
                    .unwrap_or_else(|| panic!("line {} has no ` -> `: {line}", number + 1));
                (Value::parse(apache), Value::parse(vestibule))
            });
            assert!(!reason.is_empty(), "line {} has no reason", number + 1);
            Row {
                line: number + 1,
                cases: Name::all(cases),
                steps: Name::all(step),
                facts: Name::all(fact),
                values,
                reason: reason.to_owned(),
            }
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// The cases it names that are not among these.
    #[must_use]
    pub fn unknown_cases(&self, known: &[&str]) -> Vec<String> {
        let named = self.rows.iter().flat_map(|row| &row.cases);
        let unknown = named.filter(|name| !known.iter().any(|case| name.is(case)));
        unknown.map(|name| name.0.clone()).collect()
    }

    /// What is wrong about these differences, found when these cases were run: those that are not listed,
    /// and the rows that are true no more. Empty if nothing is.
    #[must_use]
    pub fn judge(&self, ran: &[&str], differences: &[Difference]) -> Vec<String> {
        let mut wrong: Vec<String> = differences
            .iter()
            .filter(|difference| !self.rows.iter().any(|row| row.covers(difference)))
            .map(|difference| format!("not listed: {difference}"))
            .collect();
        for row in &self.rows {
            for name in row
                .cases
                .iter()
                .filter(|name| ran.iter().any(|case| name.is(case)))
            {
                let mut of_name = differences.iter().filter(|found| name.is(&found.case));
                if !of_name.any(|found| row.covers(found)) {
                    let Row { line, reason, .. } = row;
                    let name = &name.0;
                    wrong.push(format!(
                        "line {line} of the list is true no more: {name}: {reason}"
                    ));
                }
            }
        }
        wrong
    }
}

impl Row {
    fn covers(&self, found: &Difference) -> bool {
        let any = |names: &[Name], of: &str| names.iter().any(|name| name.is(of));
        let values = self.values.as_ref();
        any(&self.cases, &found.case)
            && any(&self.steps, &found.step)
            && any(&self.facts, &found.fact)
            && values.is_none_or(|(apache, vestibule)| {
                apache.is(&found.apache) && vestibule.is(&found.vestibule)
            })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            case,
            step,
            fact,
            apache,
            vestibule,
        } = self;
        write!(
            f,
            "{case} | {step} | {fact} | Apache {apache:?}, Vestibule {vestibule:?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(case: &str, fact: &str) -> Difference {
        Difference {
            case: case.to_owned(),
            step: "sign-in /app".to_owned(),
            fact: fact.to_owned(),
            apache: vec!["1".to_owned()],
            vestibule: Vec::new(),
        }
    }

    #[test]
    fn a_difference_passes_if_and_only_if_it_is_listed() {
        let list = List::parse("# cases | …\none, two | * | app X-* | because\n");
        let found = [difference("one", "app X-A"), difference("two", "app X-B")];
        assert!(list.judge(&["one", "two"], &found).is_empty());
        let found = [difference("one", "app X-A"), difference("one", "app Y")];
        assert_eq!(list.judge(&["one"], &found).len(), 1);
        let found = [difference("three", "app X-A"), difference("one", "app X-A")];
        assert_eq!(list.judge(&["one", "three"], &found).len(), 1);
    }

    #[test]
    fn a_difference_of_other_values_than_those_listed_does_not_pass() {
        let of = |apache: &[&str], vestibule: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
            [Difference {
                apache: texts(apache),
                vestibule: texts(vestibule),
                ..difference("one", "app X")
            }]
        };
        for (values, apache, vestibule, passes) in [
            ("1 -> -", &["1"][..], &[][..], true),
            ("1 -> -", &["1", "1"], &[], true),
            ("1 -> -", &["1", "2"], &[], false),
            ("1 -> -", &["1"], &["2"], false),
            ("1 -> -", &[], &[], false),
            ("- -> for=*", &[], &["for=127.0.0.1"], true),
            ("- -> for=*", &[], &["by=127.0.0.1"], false),
            ("- -> *", &[], &["anything"], true),
            ("- -> *", &["1"], &["anything"], false),
            ("* -> 2", &[], &["2"], true),
            ("* -> 2", &["1"], &["2", "2"], true),
            ("* -> 2", &["1"], &["3"], false),
        ] {
            let list = List::parse(&format!("one | * | app X | {values} | because\n"));
            let wrong = list.judge(&["one"], &of(apache, vestibule));
            assert_eq!(
                wrong.is_empty(),
                passes,
                "{values} {apache:?} {vestibule:?}"
            );
        }
    }

    #[test]
    fn a_listed_difference_that_has_gone_fails_once_its_case_was_run() {
        let list = List::parse("one, two | * | app X-* | because\n* | * | app Via | always\n");
        let via = difference("three", "app Via");
        assert!(
            list.judge(&["three"], std::slice::from_ref(&via))
                .is_empty()
        );
        assert_eq!(list.judge(&["one", "three"], &[via]).len(), 1);
        assert_eq!(list.judge(&["three"], &[]).len(), 1);
    }
}
