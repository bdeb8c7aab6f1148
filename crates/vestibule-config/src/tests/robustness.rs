//! Whatever is in the file, reading it ends with settings or problems.

use proptest::prelude::*;

use super::{files, read};

fn seeds() -> Vec<String> {
    ["examples", "testdata/config/good", "testdata/config/bad"]
        .into_iter()
        .flat_map(files)
        .map(|(_, text)| text)
        .collect()
}

/// Reads a text and prints what comes of it: the report is part of what must not fail.
fn survives(text: &str) {
    if let Err(problems) = read(text) {
        assert!(problems.has_errors());
        let _ = problems.render(true);
    }
}

#[test]
fn every_truncation_of_a_good_file_is_survived() {
    let (_, text) = files("testdata/config/good")
        .into_iter()
        .find(|(name, _)| name == "everything")
        .unwrap();
    for end in (0..text.len()).step_by(7) {
        if let Some(text) = text.get(..end) {
            survives(text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_text_is_survived(text in "\\PC{0,200}") {
        survives(&text);
    }

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn text_made_of_what_toml_is_made_of_is_survived(
        text in "([\\[\\]{}=\"'.,#\\n a-c1]|route|provider|path|\\[\\[route\\]\\]\\n|keys = ){0,60}"
    ) {
        survives(&text);
    }

    #[test]
    fn a_file_with_a_piece_cut_out_or_put_in_is_survived(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in 0usize..40,
        put in "[\\[\\]{}=\"'.,#\\n a-z0-9]{0,8}",
    ) {
        let seeds = seeds();
        let mut bytes = which.get(&seeds).clone().into_bytes();
        if !bytes.is_empty() {
            let start = at.index(bytes.len());
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, put.bytes());
        }
        survives(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn deep_nesting_is_survived() {
    survives(&format!("a = {}", "[".repeat(100_000)));
    survives(&format!(
        "a = {}{}",
        "{ a = ".repeat(5_000),
        "}".repeat(5_000)
    ));
    survives(&format!("{} = 1", vec!["a"; 50_000].join(".")));
}
