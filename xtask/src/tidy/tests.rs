use super::{RULES, Rule};
use crate::repository::{self, Repository};

/// Asserts what one rule says about a made-up repository: the lines it prints.
pub(super) fn check(rule: &Rule, files: &[(&str, &str)], expected: &[&str]) {
    let found: Vec<String> = (rule.check)(&Repository::of(files))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, expected, "{}", rule.name);
}

/// Asserts that a rule holds in this checkout.
fn holds(name: &str) {
    let rule = RULES
        .iter()
        .find(|rule| rule.name == name)
        .expect("a rule of this name");
    let repository = Repository::load(&repository::root());
    let broken: Vec<String> = (rule.check)(&repository)
        .iter()
        .filter(|violation| !violation.only_a_warning)
        .map(ToString::to_string)
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

macro_rules! rules_hold {
    ($($name:ident)*) => {
        $(#[test] fn $name() { holds(&stringify!($name).replace('_', "-")); })*

        #[test]
        fn every_rule_is_checked_here() {
            let tested = [$(stringify!($name).replace('_', "-")),*];
            let rules: Vec<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
            assert_eq!(tested.as_slice(), rules);
        }
    };
}

rules_hold! {
    budget
    citations
    edges
    file_length
    file_names
    ignored_tests
    library_maps
    links
    lock_files
    module_docs
    past_vulnerabilities
    places
    purity
    to_dos
    trust
}
