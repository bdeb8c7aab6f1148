//! What a reader of the log can rely on.

use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use vestibule_config::{Environment, LoadError, LogFormat, ProcessSecrets};

use super::{is_quoted, to};
use crate::load;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(format: LogFormat, log: impl FnOnce()) -> String {
    let kept = Kept::default();
    let subscriber = to(kept.clone(), LevelFilter::INFO, format);
    tracing::subscriber::with_default(subscriber, log);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn each_problem_of_a_file_is_one_object_of_its_own() {
    let environment = Environment::new(&ProcessSecrets, ".", "/nowhere");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "public_ulr = 1\n[[route]]\npath = \"foo\"\n").unwrap();
    let Err(LoadError::Invalid(problems)) =
        vestibule_config::load(Path::new(file.path()), &environment)
    else {
        panic!("that is no configuration");
    };
    let text = logged(LogFormat::Json, || load::log(&problems));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), problems.iter().count());
    for (line, problem) in lines.iter().zip(problems.iter()) {
        assert_eq!(line["message"], problem.message.as_str());
        assert_eq!(line["help"], problem.help.as_str());
        assert_eq!(line["line"], problem.line);
        assert_eq!(line["column"], problem.column);
        assert!(
            line["time"].is_string() && line.get("timestamp").is_none(),
            "{line}"
        );
    }
}

#[test]
fn a_value_with_spaces_is_quoted_once() {
    let text = logged(LogFormat::Text, || {
        tracing::info!(
            error = %"take the answer: a=b \"c\"\nerror=forged",
            plain = "two words",
            code = %"no_session",
            count = 3,
            "one\nline"
        );
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in [
        r#"one\nline"#,
        r#" error="take the answer: a=b \"c\"\nerror=forged""#,
        r#" plain="two words""#,
        " code=no_session",
        " count=3",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_only_begins_and_ends_with_a_quote_is_not_quoted() {
    assert!(is_quoted(r#""a \"b\" \\""#));
    for text in [r#""a" b="c""#, r#""a\""#, "\"a\nb\"", "\"", "a"] {
        assert!(!is_quoted(text), "{text}");
    }
}
