//! What is published as working, works.

use super::{files, read};

#[test]
fn every_example_is_accepted_without_a_word() {
    for (name, text) in files("examples") {
        match read(&text) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{name}: {}", loaded.warnings),
            Err(problems) => panic!("examples/{name}.toml:\n{problems}"),
        }
    }
}

#[test]
fn every_good_file_is_accepted_without_a_word() {
    for (name, text) in files("testdata/config/good") {
        match read(&text) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{name}: {}", loaded.warnings),
            Err(problems) => panic!("good/{name}.toml:\n{problems}"),
        }
    }
}

#[test]
fn the_common_uses_have_an_example_each() {
    let names: Vec<String> = files("examples")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in [
        "entra-one-app",
        "entra-story",
        "two-apps-two-hosts",
        "several-providers",
        "behind-nginx",
        "rules",
    ] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
}
